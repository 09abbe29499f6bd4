//! The lock by which one process at a time drives a session. It ends with the process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const FILE: &str = "lock";

/// Listing sessions takes a lock for an instant; so often it is worth looking again.
const ATTEMPTS: u32 = 200;

/// The exclusive right to append to a session's journal.
#[derive(Debug)]
pub(crate) struct SessionLock {
    file: File,
}

/// Why the lock was not taken.
#[derive(Debug)]
pub(crate) enum LockError {
    Held { pid: Option<u32> },
    Io(io::Error),
}

impl SessionLock {
    /// Takes the lock in a session's directory, or tells who has it.
    pub(crate) fn acquire(dir: &Path) -> Result<Self, LockError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(dir.join(FILE))
            .map_err(LockError::Io)?;
        let mut attempts = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempts < ATTEMPTS => std::thread::yield_now(),
                Err(TryLockError::WouldBlock) => return Err(LockError::Held { pid: written_pid(&mut file) }),
                Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
            }
            attempts += 1;
        }
        let write_pid = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            write!(file, "{}", std::process::id())
        };
        write_pid(&mut file).map_err(LockError::Io)?;
        Ok(Self { file })
    }
}

impl Drop for SessionLock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

/// Whether a living process holds the lock; its id, where it is known.
pub(crate) fn holder(dir: &Path) -> Option<Option<u32>> {
    let mut file = File::open(dir.join(FILE)).ok()?;
    // Whoever gives the lock back properly empties the file, so most sessions need no second look.
    let pid = written_pid(&mut file)?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(Some(pid)),
        _ => None,
    }
}

fn written_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time_and_its_pid_is_told() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(holder(dir.path()), None);
        let lock = SessionLock::acquire(dir.path()).unwrap();
        let own = Some(std::process::id());
        assert!(matches!(SessionLock::acquire(dir.path()), Err(LockError::Held { pid }) if pid == own));
        assert_eq!(holder(dir.path()), Some(own));
        drop(lock);
        assert_eq!(holder(dir.path()), None);
        SessionLock::acquire(dir.path()).unwrap();
    }

    #[test]
    fn a_file_left_by_the_dead_is_no_lock() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "4294967295").unwrap();
        assert_eq!(holder(dir.path()), None);
        SessionLock::acquire(dir.path()).unwrap();
    }
}
