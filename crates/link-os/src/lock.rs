//! Locks that end with the process that holds them.
//!
//! Ports without a device node are locked by `flock` on a file named after the port; the file stays when the lock goes,
//! because removing it would race. Device nodes are locked by `flock` on the node itself. Lock files of other programs
//! in the style of UUCP (Filesystem Hierarchy Standard 3.0, section 5.9) are respected while their writer lives.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use debrick_link::{Clock, Deadline, LinkError};
use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::clock::OsClock;
use crate::failure::while_open;
use crate::holders::{PROC, Process, flock_holder};

/// Where lock files go when nobody says where: the system's folder for them, or the one for short-lived files.
const DEFAULT_FOLDERS: [&str; 2] = ["/run/lock", "/tmp"];

/// Where programs leave UUCP locks.
pub(crate) const UUCP_FOLDERS: [&str; 2] = ["/var/lock", "/run/lock"];

/// How long a program that is just being started may seem to hold what this process has open.
pub(crate) const A_MOMENT: Duration = Duration::from_millis(50);

/// Longest lock file that is read.
const MOST_LOCK_BYTES: u64 = 64;

/// A lock on a port without a device node, held until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct FileLock {
    file: File,
}

impl Drop for FileLock {
    /// Unlocks it for a program that is just being started, too, which still shares the open file.
    fn drop(&mut self) {
        // What cannot be unlocked is so when the file is closed.
        let _ = self.file.unlock();
    }
}

impl FileLock {
    /// Locks the port `name`. [`LinkError::Busy`] names who holds it.
    pub(crate) fn take(folder: Option<&Path>, name: &str) -> Result<Self, LinkError> {
        let (mut file, may_write) = open_lock_file(folder, name).map_err(|error| while_open(name, error))?;
        match try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = holder_of(&mut file).map(|process| process.to_string());
                return Err(LinkError::Busy { link: name.to_owned(), holder });
            }
            Err(TryLockError::Error(error)) => return Err(while_open(name, error)),
        }
        if may_write {
            // For people, and for hosts that hide other processes; the lock holds without it.
            let _ = file.set_len(0).and_then(|()| writeln!(file, "{:10}", std::process::id()));
        }
        Ok(Self { file })
    }
}

/// Locks the file, unless somebody keeps it locked for longer than a moment.
///
/// A program that this process starts shares its open files, and so its locks, until it has replaced its own image.
pub(crate) fn try_lock(file: &File) -> Result<(), TryLockError> {
    let deadline = Deadline::after(&OsClock, A_MOMENT);
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if !deadline.has_passed(&OsClock) => OsClock.sleep(A_MOMENT / 5),
            result => return result,
        }
    }
}

fn open_lock_file(folder: Option<&Path>, name: &str) -> std::io::Result<(File, bool)> {
    let file_name = lock_file_name(name);
    if let Some(folder) = folder {
        fs::create_dir_all(folder)?;
        return open_or_create(&folder.join(&file_name));
    }
    let mut failure = None;
    for folder in DEFAULT_FOLDERS {
        match open_or_create(&Path::new(folder).join(&file_name)) {
            Ok(file) => return Ok(file),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| std::io::ErrorKind::NotFound.into()))
}

/// Opens the lock file, with write access where this user has it. An existing file is never opened for creation: in a
/// shared folder the kernel refuses that for other users' files.
fn open_or_create(path: &Path) -> std::io::Result<(File, bool)> {
    let options = || {
        let mut options = File::options();
        options.read(true).custom_flags(libc::O_NOFOLLOW).mode(0o666);
        options
    };
    if let Ok(file) = options().write(true).open(path) {
        return Ok((file, true));
    }
    match options().open(path) {
        Ok(file) => Ok((file, false)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok((options().write(true).create(true).truncate(false).open(path)?, true))
        }
        Err(error) => Err(error),
    }
}

fn holder_of(file: &mut File) -> Option<Process> {
    let proc = Path::new(PROC);
    if let Some(process) = file.metadata().ok().and_then(|metadata| flock_holder(proc, &metadata)) {
        return Some(process);
    }
    file.rewind().ok()?;
    let pid = read_pid(file)?;
    is_alive(pid).then(|| Process::of(proc, pid))
}

/// `debrick-tcp_10.0.0.1_2000-0123456789abcdef.lock`: readable, and distinct by its hash.
fn lock_file_name(name: &str) -> String {
    let readable: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' }).take(60).collect();
    format!("debrick-{readable}-{:016x}.lock", fnv1a(name.as_bytes()))
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo): the same in every version of this program.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// The living process, other than this one, that has locked `node` in the style of UUCP. `names` are the node's names,
/// since the lock file carries the one that its writer used.
pub(crate) fn uucp_holder(folders: &[&str], names: &[&Path]) -> Option<Process> {
    let lock_files = folders.iter().flat_map(|folder| {
        names.iter().filter_map(move |node| {
            let name = node.file_name()?.to_str()?;
            Some(PathBuf::from(folder).join(format!("LCK..{name}")))
        })
    });
    for path in lock_files {
        let options = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path);
        let Some(pid) = options.ok().and_then(|mut file| read_pid(&mut file)) else { continue };
        if pid != std::process::id() && is_alive(pid) {
            return Some(Process::of(Path::new(PROC), pid));
        }
    }
    None
}

/// The process id in a lock file: digits, or four bytes in the machine's order.
fn read_pid(file: &mut File) -> Option<u32> {
    let mut content = Vec::new();
    file.take(MOST_LOCK_BYTES).read_to_end(&mut content).ok()?;
    let text =
        std::str::from_utf8(&content).ok().and_then(|text| text.split_whitespace().next()?.parse().ok());
    let pid = match (text, <[u8; 4]>::try_from(content.as_slice())) {
        (Some(pid), _) => pid,
        (None, Ok(bytes)) => u32::from_ne_bytes(bytes),
        (None, Err(_)) => return None,
    };
    (1..=0x7FFF_FFFF).contains(&pid).then_some(pid)
}

fn is_alive(pid: u32) -> bool {
    i32::try_from(pid).is_ok_and(|pid| kill(Pid::from_raw(pid), None) != Err(Errno::ESRCH))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_lock_excludes_the_next_and_ends_with_its_value() {
        let folder = tempfile::tempdir().unwrap();
        let name = "tcp:10.0.0.1:2000";
        let lock = FileLock::take(Some(folder.path()), name).unwrap();
        match FileLock::take(Some(folder.path()), name) {
            Err(LinkError::Busy { holder: Some(holder), .. }) => {
                assert!(holder.ends_with(&format!("process {}", std::process::id())), "{holder}");
            }
            other => panic!("{other:?}"),
        }
        FileLock::take(Some(folder.path()), "tcp:10.0.0.1:2001").unwrap();
        // As a program that is being started shares it.
        let shared = lock.file.try_clone().unwrap();
        drop(lock);
        FileLock::take(Some(folder.path()), name).unwrap();
        drop(shared);
    }

    #[test]
    fn names_of_lock_files_are_safe_and_distinct() {
        let name = lock_file_name("unix:/a/../b c");
        assert!(!name.contains('/') && !name.contains(' '), "{name}");
        assert_ne!(name, lock_file_name("unix:/a/../b_c"));
        assert_eq!(fnv1a(b"a"), 0xAF63_DC4C_8601_EC8C);
    }

    #[test]
    fn uucp_locks_count_while_their_writer_lives() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_str().unwrap()];
        let node = Path::new("/dev/ttyUSB7");
        let lock_file = folder.path().join("LCK..ttyUSB7");
        let mut child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
        let find = || uucp_holder(&folders, &[Path::new("/dev/serial/by-id/x"), node]);

        assert_eq!(find(), None);
        fs::write(&lock_file, format!("{:10}\n", child.id())).unwrap();
        assert_eq!(find().map(|process| process.pid), Some(child.id()));
        fs::write(&lock_file, child.id().to_ne_bytes()).unwrap();
        assert_eq!(find().map(|process| process.pid), Some(child.id()));
        fs::write(&lock_file, format!("{}\n", std::process::id())).unwrap();
        assert_eq!(find(), None);
        for useless in ["", "nonsense", "0\n", "-1\n", "99999999999\n"] {
            fs::write(&lock_file, useless).unwrap();
            assert_eq!(find(), None, "{useless:?}");
        }
        fs::write(&lock_file, format!("{:10}\n", child.id())).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(find(), None);
    }
}
