//! Which processes have a device, a file or a socket open, from `/proc` (see proc(5)).
//!
//! Another user's descriptors can be read by root only, so an empty answer does not prove that a port is free; the
//! locks do.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use debrick_link::{Clock, Deadline};
use nix::libc;
use serde::Serialize;

use crate::clock::OsClock;

/// Where the kernel shows its processes.
pub(crate) const PROC: &str = "/proc";

/// How long a look at all processes may take.
pub(crate) const SCAN_TIME: Duration = Duration::from_millis(400);

/// Major numbers of pseudo-terminals' device side (Linux `Documentation/admin-guide/devices.txt`).
const PTY_MAJORS: std::ops::RangeInclusive<u32> = 136..=143;

/// A running process.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its name, as the kernel has it (at most 15 characters).
    pub name: String,
}

impl Process {
    /// The process with this id; its name is `unknown` where it cannot be read.
    pub(crate) fn of(proc: &Path, pid: u32) -> Self {
        let name = fs::read_to_string(proc.join(pid.to_string()).join("comm")).unwrap_or_default();
        let name = match name.trim() {
            "" => "unknown".to_owned(),
            name => name.chars().take(64).collect(),
        };
        Self { pid, name }
    }
}

impl std::fmt::Display for Process {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}, process {}", self.name, self.pid)
    }
}

/// Several processes, for [`debrick_link::LinkError::Busy`]; nothing when there are none.
pub(crate) fn in_words(processes: &[Process]) -> Option<String> {
    let words: Vec<_> = processes.iter().map(ToString::to_string).collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// All process ids under `proc`.
pub(crate) fn process_ids(proc: &Path) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Shows `visit` every open descriptor that can be read: process, what it points to, and its path under `proc`.
/// Returns how many processes it could not look into: other users', or all that were left at `give_up`.
pub(crate) fn visit_descriptors(
    proc: &Path,
    give_up: Deadline,
    mut visit: impl FnMut(u32, &Path, &Path),
) -> usize {
    let mut unseen = 0;
    for pid in process_ids(proc) {
        let folder = fs::read_dir(proc.join(pid.to_string()).join("fd"));
        let Some(folder) = folder.ok().filter(|_| !give_up.has_passed(&OsClock)) else {
            unseen += 1;
            continue;
        };
        for entry in folder.flatten() {
            let path = entry.path();
            if let Ok(target) = fs::read_link(&path) {
                visit(pid, &target, &path);
            }
        }
    }
    unseen
}

/// Processes other than this one that have the device node at `node` open. For the device side of a pseudo-terminal,
/// whoever serves its other side does not count.
pub(crate) fn others_with_device(proc: &Path, node: &Path, give_up: Deadline) -> Vec<Process> {
    let Ok(wanted) = fs::metadata(node).map(|metadata| metadata.rdev()) else {
        return Vec::new();
    };
    let (mut holders, mut servers) = (Vec::new(), Vec::new());
    visit_descriptors(proc, give_up, |pid, target, descriptor| {
        // Only device nodes are looked at closer: a look at a file on a dead network share could hang.
        if pid == std::process::id() || !target.starts_with("/dev") {
            return;
        }
        if is_pty_master_of(wanted, target, descriptor) {
            servers.push(pid);
        }
        let is_it =
            target == node || fs::metadata(descriptor).is_ok_and(|metadata| metadata.rdev() == wanted);
        if is_it && !holders.contains(&pid) {
            holders.push(pid);
        }
    });
    holders.retain(|pid| !servers.contains(pid));
    holders.into_iter().map(|pid| Process::of(proc, pid)).collect()
}

/// Whether `device` is the device side of a pseudo-terminal.
pub(crate) fn is_pty(device: u64) -> bool {
    PTY_MAJORS.contains(&libc::major(device))
}

fn is_pty_master_of(device: u64, target: &Path, descriptor: &Path) -> bool {
    if !is_pty(device) || !target.ends_with("ptmx") {
        return false;
    }
    let Some((process, number)) = descriptor.parent().and_then(Path::parent).zip(descriptor.file_name())
    else {
        return false;
    };
    let info = fs::read_to_string(process.join("fdinfo").join(number)).unwrap_or_default();
    let index = info.lines().find_map(|line| line.strip_prefix("tty-index:")?.trim().parse::<u32>().ok());
    index == Some(libc::minor(device))
}

/// Who holds the `flock` of the file with this metadata, from `/proc/locks`; works across users.
pub(crate) fn flock_holder(proc: &Path, file: &fs::Metadata) -> Option<Process> {
    let locks = fs::read_to_string(proc.join("locks")).ok()?;
    let device = format!("{:02x}:{:02x}", libc::major(file.dev()), libc::minor(file.dev()));
    let inode = file.ino().to_string();
    let mut same_inode = None;
    for line in locks.lines() {
        // "1: FLOCK  ADVISORY  WRITE 4242 fe:00:10027097 0 EOF"
        let fields: Vec<_> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, place, ..] = fields[..] else { continue };
        let Some((of_device, of_inode)) = place.rsplit_once(':') else { continue };
        let Ok(pid) = pid.parse::<u32>() else { continue };
        if of_inode == inode {
            if of_device == device {
                return Some(Process::of(proc, pid));
            }
            // Some file systems show another device number here than in the metadata.
            same_inode = Some(pid);
        }
    }
    same_inode.map(|pid| Process::of(proc, pid))
}

/// Running processes with this name.
pub(crate) fn named(proc: &Path, name: &str) -> Vec<Process> {
    let kept: String = name.chars().take(15).collect();
    process_ids(proc).map(|pid| Process::of(proc, pid)).filter(|process| process.name == kept).collect()
}

/// Who may hold `node` when the kernel says only that somebody does.
pub(crate) fn guess_holder(proc: &Path, node: &Path) -> Option<String> {
    let flocked = fs::metadata(node).ok().and_then(|metadata| flock_holder(proc, &metadata));
    if let Some(process) = flocked {
        return Some(process.to_string());
    }
    let give_up = Deadline::after(&OsClock, SCAN_TIME);
    in_words(&others_with_device(proc, node, give_up)).or_else(|| {
        let manager = named(proc, "ModemManager").pop()?;
        Some(format!("probably {manager}, which probes serial ports"))
    })
}

/// Deadline of one look at all processes.
pub(crate) fn scan_deadline() -> Deadline {
    Deadline::at(OsClock.now() + SCAN_TIME)
}

/// The device node's path with all links resolved, or as it is.
pub(crate) fn resolved(node: &Path) -> PathBuf {
    fs::canonicalize(node).unwrap_or_else(|_| node.to_owned())
}
