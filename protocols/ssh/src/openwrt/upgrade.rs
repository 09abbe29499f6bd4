//! A new image, through the running system: room for it, the image itself, the system's own check, and the beginning.
//!
//! [`prepare`] changes nothing but the unit's memory. [`begin`] writes, takes a clearance, and returns when the system
//! says that it begins: that the connection is lost then is how it should be. What was written is proven by the next start,
//! where the version is read again.

use debrick_link::Deadline;
use debrick_model::Digest;
use debrick_target::{Clearance, Silent, Source, Watch};

use super::error::OpenwrtError;
use super::messages::{Complaint, complaints, has_begun};
use super::{FIRMWARE, LOOKED, LOOKING};
use crate::error::SshError;
use crate::files::{self, DigestTool, Digests};
use crate::shell::{Shell, Streams, ask, within};

/// Where the image lies on the unit: in memory, which stays until the system is replaced.
pub const PLACE: &str = "/tmp/debrick-firmware.bin";

/// Memory that has to stay free beside the image, in bytes: `sysupgrade` copies a small system into memory and runs it from
/// there. Our judgement; systems with 32 MiB have about twice that to spare.
const SPARE_MEMORY: u64 = 4 << 20;

/// How much of what `sysupgrade` says is kept, in bytes.
const SAID: usize = 64 * 1024;

/// An image that lies on the unit, and that its system would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The image's digests, computed here.
    pub digests: Digests,
    /// What the copy on the unit was compared with; `None` where the unit has no tool, and only its length was.
    pub compared: Option<DigestTool>,
    /// Whether the settings are to stay.
    pub keeps_settings: bool,
    /// What the system has to say about the image, although it takes it.
    pub remarks: Vec<Complaint>,
}

/// An upgrade that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// What the system said.
    pub said: String,
    /// Whether it said that it begins, or only ended the command without a complaint.
    pub is_announced: bool,
    /// Whether the connection was lost, as it should be.
    pub is_connection_lost: bool,
}

impl Prepared {
    /// The SHA-256 of the image: what a clearance has to name.
    pub fn digest(&self) -> Digest {
        self.digests.sha256
    }
}

/// Brings the image into the unit's memory, compares it, and lets the system check it. Nothing is written to storage; an
/// image that the system does not take is removed again.
///
/// Advances `watch` by the bytes sent.
pub fn prepare(
    shell: &mut dyn Shell,
    image: &dyn Source,
    keeps_settings: bool,
    watch: &mut dyn Watch,
    deadline: Deadline,
) -> Result<Prepared, OpenwrtError> {
    let failed = || OpenwrtError::shell("bring the image to the unit");
    // What an earlier run left there takes the room that is counted.
    files::remove(shell, PLACE, deadline).map_err(failed())?;
    check_room(shell, image.len(), deadline)?;
    let sent = files::upload(shell, image, PLACE, watch, deadline);
    let sent = match sent {
        Ok(sent) => sent,
        Err(error) => {
            if !error.is_loss() {
                // The first failure is the one to be told.
                let _ = files::remove(shell, PLACE, deadline);
            }
            return Err(failed()(error));
        }
    };
    let command = format!("sysupgrade -T{} {PLACE}", option(keeps_settings));
    let answer = ask(shell, &command, LOOKED, deadline)
        .map_err(OpenwrtError::shell("let the system check the image"))?;
    let said = answer.said();
    let complaints = complaints(&said);
    if answer.ended.is_success() {
        let (digests, compared) = (sent.digests, sent.compared);
        return Ok(Prepared { digests, compared, keeps_settings, remarks: complaints });
    }
    files::remove(shell, PLACE, deadline).map_err(failed())?;
    if answer.ended.is_missing() {
        let source = SshError::CommandMissing { command: "sysupgrade".into() };
        return Err(OpenwrtError::Shell { operation: "let the system check the image".into(), source });
    }
    let complaints = if complaints.is_empty() { vec![Complaint::Other(said.clone())] } else { complaints };
    Err(OpenwrtError::ImageRefused { complaints, said })
}

/// Begins the upgrade. From here on nobody stops it, and the unit must keep its power until it has started again.
///
/// `clearance` has to cover the image's digest in the region [`FIRMWARE`].
pub fn begin(
    shell: &mut dyn Shell,
    prepared: &Prepared,
    clearance: &Clearance,
    deadline: Deadline,
) -> Result<Begun, OpenwrtError> {
    if !clearance.covers_content(FIRMWARE, prepared.digest()) {
        return Err(OpenwrtError::NotCleared { what: FIRMWARE });
    }
    // Between the check and now the unit may have been restarted, or somebody else may have written there.
    match files::compare(shell, PLACE, &prepared.digests, deadline) {
        Ok(_) => {}
        Err(SshError::Differs { .. } | SshError::CommandFailed { .. }) => {
            return Err(OpenwrtError::ImageChanged);
        }
        Err(error) => return Err(OpenwrtError::shell("look at the image on the unit")(error)),
    }
    let mut said = Vec::new();
    let mut output = |bytes: &[u8]| {
        said.extend_from_slice(&bytes[..bytes.len().min(SAID - said.len())]);
        Ok(())
    };
    let command = format!("sysupgrade{} {PLACE} 2>&1", option(prepared.keeps_settings));
    let streams = Streams { input: None, output: &mut output, watch: &mut Silent };
    let result = shell.run(&command, streams, deadline);
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    let is_announced = has_begun(&said);
    match result {
        // After the announcement the status tells nothing: the system kills what runs the command.
        Ok(_) if is_announced => Ok(Begun { said, is_announced, is_connection_lost: false }),
        Ok(ended) if ended.is_success() => Ok(Begun { said, is_announced, is_connection_lost: false }),
        Ok(ended) if ended.status.is_none() => {
            let reason = Some(ended.in_words());
            let source = SshError::Closed { operation: "begin the upgrade".into(), reason };
            Err(OpenwrtError::UpgradeUnclear { source })
        }
        Ok(_) => {
            let complaints = complaints(&said);
            if complaints.is_empty() {
                Err(OpenwrtError::UpgradeNotBegun { said })
            } else {
                Err(OpenwrtError::ImageRefused { complaints, said })
            }
        }
        Err(error) if error.is_loss() && is_announced => {
            Ok(Begun { said, is_announced, is_connection_lost: true })
        }
        Err(error) if error.is_loss() => Err(OpenwrtError::UpgradeUnclear { source: error }),
        Err(error) => Err(OpenwrtError::shell("begin the upgrade")(error)),
    }
}

fn option(keeps_settings: bool) -> &'static str {
    if keeps_settings { "" } else { " -n" }
}

/// Whether memory, and the file system in it, have room for the image.
fn check_room(shell: &mut dyn Shell, length: u64, deadline: Deadline) -> Result<(), OpenwrtError> {
    let mut look = |command: &str| {
        let until = within(shell, LOOKING, deadline);
        let answer =
            ask(shell, command, LOOKED, until).map_err(OpenwrtError::shell("look for room on the unit"))?;
        Ok(answer.ended.is_success().then(|| answer.text()))
    };
    if let Some(free) = look("df -kP /tmp")?.as_deref().and_then(free_in_df)
        && free < length
    {
        return Err(OpenwrtError::NoRoom { needed: length, free, place: "/tmp" });
    }
    let needed = length.saturating_add(SPARE_MEMORY);
    if let Some(free) = look("cat /proc/meminfo")?.as_deref().and_then(free_memory)
        && free < needed
    {
        return Err(OpenwrtError::NoRoom { needed, free, place: "memory" });
    }
    Ok(())
}

/// Bytes free, by the last line of `df -kP` (POSIX): the fourth column.
pub fn free_in_df(text: &str) -> Option<u64> {
    let line = text.lines().rfind(|line| !line.trim().is_empty())?;
    let kib: u64 = line.split_ascii_whitespace().nth(3)?.parse().ok()?;
    kib.checked_mul(1024)
}

/// Bytes of memory that can be had, by `/proc/meminfo`: `MemAvailable`, or what older kernels offer instead.
pub fn free_memory(text: &str) -> Option<u64> {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kib.checked_mul(1024)
    };
    value("MemAvailable").or_else(|| {
        let parts = [value("MemFree"), value("Buffers"), value("Cached")];
        parts[0]?;
        Some(parts.into_iter().flatten().fold(0, u64::saturating_add))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_read_as_systems_tell_it() {
        let df = "Filesystem           1024-blocks    Used Available Capacity Mounted on\n\
                  tmpfs                    61440       784     60656   1% /tmp\n";
        assert_eq!(free_in_df(df), Some(60656 * 1024));
        assert_eq!(free_in_df("df: /tmp: can't find mount point"), None);
        let new = "MemTotal:         123456 kB\nMemFree:           50000 kB\nMemAvailable:      70000 kB\n";
        assert_eq!(free_memory(new), Some(70000 * 1024));
        let old =
            "MemTotal: 30000 kB\nMemFree: 9000 kB\nBuffers: 1000 kB\nCached: 5000 kB\nSwapCached: 7 kB\n";
        assert_eq!(free_memory(old), Some(15000 * 1024));
        assert_eq!(free_memory("MemTotal: 30000 kB\n"), None);
    }
}
