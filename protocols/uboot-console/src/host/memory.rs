//! The unit's memory: reading it, and its checksums.

use std::collections::BTreeMap;
use std::time::Duration;

use debrick_target::Watch;

use super::console::{Console, line_time};
use super::error::ConsoleError;
use crate::wire;

/// Bytes that one `md` shows.
const CHUNK: u64 = 4096;
/// How often damaged lines are read again.
const READINGS: u32 = 4;
/// The slowest checksum that is taken into account, in bytes a second.
const SLOWEST_CHECKSUM: u64 = 2 * 1024 * 1024;

/// How long a checksum over so many bytes may take.
pub(super) fn checksum_time(bytes: u64) -> Duration {
    Duration::from_secs(3 + bytes / SLOWEST_CHECKSUM)
}

impl Console {
    /// Fills `buffer` from an address of the unit's memory. Lines that were damaged on the way are read again; where the
    /// boot loader can compute checksums, they have to agree.
    pub fn read_memory(
        &mut self,
        address: u64,
        buffer: &mut [u8],
        watch: &mut dyn Watch,
    ) -> Result<(), ConsoleError> {
        let deadline = self.within(Duration::from_secs(60));
        let has_crc = self.features(deadline)?.crc32;
        let mut at = address;
        for chunk in buffer.chunks_mut(CHUNK as usize) {
            let size = chunk.len() as u64;
            let mut agreed = false;
            for _ in 0..READINGS {
                self.read_chunk(at, chunk)?;
                if !has_crc || self.crc32(at, size)? == crc32fast::hash(chunk) {
                    agreed = true;
                    break;
                }
            }
            if !agreed {
                return Err(ConsoleError::UnexpectedReply {
                    command: format!("md.b {at:x} {size:x}"),
                    reply: "what it shows never fits its checksum".into(),
                });
            }
            watch.advance(size);
            at += size;
        }
        Ok(())
    }

    /// Reads up to 4 KiB, and damaged parts of it again.
    fn read_chunk(&mut self, address: u64, chunk: &mut [u8]) -> Result<(), ConsoleError> {
        let mut missing = vec![(0, chunk.len())];
        let mut last = String::new();
        for _ in 0..READINGS {
            for (start, end) in std::mem::take(&mut missing) {
                let size = end - start;
                let first = address + start as u64;
                let command = format!("md.b {first:x} {size:x}");
                let deadline = self.within(Duration::from_secs(5) + line_time(90 * (size as u64 / 16 + 3)));
                let reply = self.command(&command, deadline)?.text;
                let lines: BTreeMap<u64, Vec<u8>> =
                    reply.lines().filter_map(wire::parse_memory_line).collect();
                let mut at = start;
                while at < end {
                    let count = (end - at).min(16);
                    match lines.get(&(address + at as u64)) {
                        Some(bytes) if bytes.len() == count => chunk[at..at + count].copy_from_slice(bytes),
                        _ => match missing.last_mut() {
                            Some((_, previous)) if *previous == at => *previous = at + count,
                            _ => missing.push((at, at + count)),
                        },
                    }
                    at += count;
                }
                last = reply;
            }
            if missing.is_empty() {
                return Ok(());
            }
        }
        Err(ConsoleError::UnexpectedReply { command: format!("md.b {address:x}"), reply: last })
    }

    /// The CRC-32 of a part of the unit's memory.
    pub fn crc32(&mut self, address: u64, size: u64) -> Result<u32, ConsoleError> {
        let command = format!("crc32 {address:x} {size:x}");
        let mut reply = String::new();
        for _ in 0..READINGS {
            reply = self.repeated(&command, checksum_time(size) + line_time(400))?.text;
            let found = reply.lines().filter_map(wire::parse_crc32_line).find(|&(first, last, _)| {
                first == address && last == address.wrapping_add(size).wrapping_sub(1)
            });
            if let Some((.., crc)) = found {
                return Ok(crc);
            }
        }
        Err(ConsoleError::UnexpectedReply { command, reply })
    }
}
