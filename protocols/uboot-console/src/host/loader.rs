//! Bringing bytes into the unit's memory.

use std::time::Duration;

use debrick_target::{TargetError, Watch};

use super::console::{Console, line_time};
use super::error::ConsoleError;

/// Brings bytes into the unit's memory, over whatever protocol its boot loader speaks.
pub trait RamLoader {
    /// Its name, for people: `YMODEM over the console`.
    fn name(&self) -> &str;

    /// Brings `bytes` to `address`. Advances `watch` by the bytes sent. The prompt is back when it returns successfully;
    /// what arrived is checked by the caller.
    fn load(
        &mut self,
        console: &mut Console,
        address: u64,
        bytes: &[u8],
        watch: &mut dyn Watch,
    ) -> Result<(), TargetError>;
}

/// Types the bytes as `mw` commands. Needs no other protocol, and is fit for a few KiB only.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemoryWriter;

impl RamLoader for MemoryWriter {
    fn name(&self) -> &str {
        "memory writes on the console"
    }

    fn load(
        &mut self,
        console: &mut Console,
        address: u64,
        bytes: &[u8],
        watch: &mut dyn Watch,
    ) -> Result<(), TargetError> {
        let operation = || format!("write {} bytes of memory at {address:#x}", bytes.len());
        let deadline = console.within(Duration::from_secs(60));
        let features = console.features(deadline).map_err(|error| error.into_target(operation()))?;
        let (has_write, letters) = (features.mw, features.letters().saturating_sub(24));
        if !has_write {
            return Err(TargetError::Unsupported { what: "write memory on the console".into() });
        }
        let big_endian =
            is_big_endian(console, address, bytes).map_err(|error| error.into_target(operation()))?;
        let mut line = String::new();
        let mut pending = 0;
        for (command, count) in commands(address, bytes, big_endian) {
            if !line.is_empty() && line.len() + 1 + command.len() > letters {
                run(console, &line).map_err(|error| error.into_target(operation()))?;
                watch.advance(std::mem::take(&mut pending));
                line.clear();
                if watch.cancelled() {
                    return Err(TargetError::Cancelled);
                }
            }
            if !line.is_empty() {
                line.push(';');
            }
            line.push_str(&command);
            pending += count;
        }
        if !line.is_empty() {
            run(console, &line).map_err(|error| error.into_target(operation()))?;
            watch.advance(pending);
        }
        Ok(())
    }
}

fn run(console: &mut Console, line: &str) -> Result<(), ConsoleError> {
    let reply = console.repeated(line, Duration::from_secs(10) + line_time(6 * line.len() as u64))?.text;
    if reply.trim().is_empty() {
        return Ok(());
    }
    Err(ConsoleError::UnexpectedReply { command: line.to_owned(), reply })
}

/// In which order the unit stores the bytes of a word. Writes one word at the place that is written anyway.
fn is_big_endian(console: &mut Console, address: u64, bytes: &[u8]) -> Result<bool, ConsoleError> {
    if bytes.len() < 4 || !address.is_multiple_of(4) {
        return Ok(false);
    }
    run(console, &format!("mw.l {address:x} 11223344"))?;
    let mut word = [0; 4];
    console.read_memory(address, &mut word, &mut debrick_target::Silent)?;
    match word {
        [0x11, 0x22, 0x33, 0x44] => Ok(true),
        [0x44, 0x33, 0x22, 0x11] => Ok(false),
        other => Err(ConsoleError::UnexpectedReply {
            command: format!("mw.l {address:x} 11223344"),
            reply: format!("the memory holds {other:02x?}"),
        }),
    }
}

/// The commands that write `bytes`, each with the number of bytes that it writes. Repeated words take one command.
fn commands(address: u64, bytes: &[u8], big_endian: bool) -> Vec<(String, u64)> {
    let mut commands = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let here = address + at as u64;
        let word = bytes.get(at..at + 4).filter(|_| here.is_multiple_of(4));
        let Some(word) = word.and_then(|word| <[u8; 4]>::try_from(word).ok()) else {
            commands.push((format!("mw.b {here:x} {:x}", bytes[at]), 1));
            at += 1;
            continue;
        };
        let count = bytes[at..].chunks_exact(4).take_while(|next| **next == word).count();
        let value = if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) };
        let times = if count > 1 { format!(" {count:x}") } else { String::new() };
        commands.push((format!("mw.l {here:x} {value:x}{times}"), 4 * count as u64));
        at += 4 * count;
    }
    commands
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::hex;

    proptest! {
        #[test]
        fn commands_write_the_bytes(
            address in 0u64..64,
            bytes in proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>()], 0..300),
            big_endian: bool,
        ) {
            let mut memory = vec![0xA5; 512];
            for (command, count) in commands(address, &bytes, big_endian) {
                let words: Vec<&str> = command.split(' ').collect();
                let at = hex(words[1]).unwrap() as usize;
                let value = hex(words[2]).unwrap() as u32;
                let times = words.get(3).map_or(1, |times| hex(times).unwrap()) as usize;
                let word = match (words[0], big_endian) {
                    ("mw.b", _) => vec![value as u8],
                    (_, true) => value.to_be_bytes().to_vec(),
                    (_, false) => value.to_le_bytes().to_vec(),
                };
                prop_assert_eq!((word.len() * times) as u64, count);
                let all = word.repeat(times);
                memory[at..at + all.len()].copy_from_slice(&all);
            }
            prop_assert_eq!(&memory[address as usize..][..bytes.len()], bytes.as_slice());
            prop_assert!(memory[address as usize + bytes.len()..].iter().all(|&byte| byte == 0xA5));
        }
    }
}
