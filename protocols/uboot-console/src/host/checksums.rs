//! Checksums over many parts of the unit's memory, with as few letters on the line as possible.

use std::collections::BTreeMap;
use std::time::Duration;

use debrick_target::Watch;

use super::console::{Console, line_time};
use super::error::ConsoleError;
use super::memory::checksum_time;
use crate::wire;

/// A part of memory: address and size.
pub(super) type Part = (u64, u64);

/// The longest line that `crc32` prints, and what a loop adds to it.
const LINE: u64 = 64;
/// How many parts one command may go over, so that its reply stays far below the limit.
const MOST_PARTS: usize = 16 * 1024;
/// How often what was damaged on the way is asked for again.
const ROUNDS: u32 = 4;
/// The variable that a loop counts with. It is removed at the end, and was never saved.
const VARIABLE: &str = "dbk_a";

impl Console {
    /// The CRC-32 of each part. Features have to be known. Advances `watch` by the sizes.
    pub(super) fn checksums(
        &mut self,
        parts: &[Part],
        watch: &mut dyn Watch,
    ) -> Result<Vec<u32>, ConsoleError> {
        let (can_loop, letters) = self.features.as_ref().map_or((false, 200), |features| {
            (features.hush && features.setexpr && features.itest, features.letters())
        });
        // The checksum of nothing is known.
        let mut known: BTreeMap<Part, u32> =
            parts.iter().filter(|(_, size)| *size == 0).map(|part| (*part, 0)).collect();
        let mut wanted: Vec<Part> = parts.iter().filter(|(_, size)| *size > 0).copied().collect();
        let mut last = None;
        for round in 0..ROUNDS {
            // What was damaged in a loop is asked for one by one.
            for (line, parts) in lines(&wanted, can_loop && round == 0, letters) {
                let reply = self.run_checksums(&line, &parts, round > 0, watch)?;
                for (first, end, crc) in reply.lines().filter_map(wire::parse_crc32_line) {
                    let size = end.wrapping_sub(first).wrapping_add(1);
                    if parts.contains(&(first, size)) {
                        known.insert((first, size), crc);
                    }
                }
                last = Some((line, reply));
            }
            wanted.retain(|part| !known.contains_key(part));
            if wanted.is_empty() {
                break;
            }
        }
        let found: Option<Vec<u32>> = parts.iter().map(|part| known.get(part).copied()).collect();
        found.ok_or_else(|| {
            let (command, reply) = last.unwrap_or_default();
            ConsoleError::UnexpectedReply { command, reply }
        })
    }

    fn run_checksums(
        &mut self,
        line: &str,
        parts: &Parts,
        again: bool,
        watch: &mut dyn Watch,
    ) -> Result<String, ConsoleError> {
        let bytes = parts.bytes();
        let span =
            Duration::from_secs(10) + checksum_time(bytes) + line_time(parts.count() as u64 * LINE + 2048);
        let deadline = self.within(span);
        self.start(line, deadline)?;
        let (mut seen, mut lines) = (0, 0);
        let mut advanced = 0;
        let reply = loop {
            let step = self.within(Duration::from_millis(500)).or_earlier(deadline);
            if let Some(reply) = self.poll_reply(step)? {
                break reply;
            }
            let printed = self.printed().as_bytes();
            lines += printed.get(seen..).unwrap_or_default().iter().filter(|&&byte| byte == b'\n').count();
            seen = printed.len();
            let done = parts.bytes_of_first(lines.saturating_sub(1));
            if done > advanced && !again {
                watch.advance(done - advanced);
                advanced = done;
            }
            if deadline.has_passed(self.clock()) {
                let error = ConsoleError::NoEnd { command: line.to_owned(), tail: self.tail() };
                // A loop whose end was damaged would run for ever.
                let soon = self.within(Duration::from_secs(20));
                let _ = self.sync(soon);
                return Err(error);
            }
        };
        if !again {
            watch.advance(bytes.saturating_sub(advanced));
        }
        Ok(reply.text)
    }
}

/// The parts that one line goes over.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Parts {
    /// Parts of one size, one behind the other.
    Run {
        first: u64,
        size: u64,
        count: usize,
    },
    List(Vec<Part>),
}

impl Parts {
    fn iter(&self) -> Box<dyn Iterator<Item = Part> + '_> {
        match self {
            Self::Run { first, size, count } => {
                Box::new((0..*count as u64).map(move |index| (first + index * size, *size)))
            }
            Self::List(parts) => Box::new(parts.iter().copied()),
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Run { count, .. } => *count,
            Self::List(parts) => parts.len(),
        }
    }

    fn bytes(&self) -> u64 {
        self.bytes_of_first(self.count())
    }

    fn bytes_of_first(&self, lines: usize) -> u64 {
        self.iter().take(lines).map(|(_, size)| size).sum()
    }

    fn contains(&self, part: &Part) -> bool {
        match self {
            Self::Run { first, size, count } => {
                let inside = part.0 >= *first && part.0 < first + size * *count as u64;
                inside && part.1 == *size && (part.0 - first).is_multiple_of(*size)
            }
            Self::List(parts) => parts.contains(part),
        }
    }
}

/// The lines that go over all parts, in order.
fn lines(parts: &[Part], can_loop: bool, letters: usize) -> Vec<(String, Parts)> {
    let mut lines: Vec<(String, Parts)> = Vec::new();
    let mut at = 0;
    while at < parts.len() {
        let (first, size) = parts[at];
        let follows = |(index, part): (usize, &Part)| *part == (first + index as u64 * size, size);
        let run = parts[at..].iter().enumerate().take(MOST_PARTS).take_while(|&next| follows(next)).count();
        // A loop takes about as many letters as six commands.
        if can_loop && size > 0 && run > 6 {
            lines.push((loop_line(first, size, run), Parts::Run { first, size, count: run }));
            at += run;
            continue;
        }
        let command = format!("crc32 {first:x} {size:x}");
        match lines.last_mut() {
            Some((line, Parts::List(list))) if line.len() + 1 + command.len() <= letters => {
                line.push(';');
                line.push_str(&command);
                list.push((first, size));
            }
            _ => lines.push((command, Parts::List(vec![(first, size)]))),
        }
        at += 1;
    }
    lines
}

fn loop_line(first: u64, size: u64, count: usize) -> String {
    let end = first + size * count as u64;
    let v = VARIABLE;
    format!(
        "setenv {v} {first:x}; while itest ${v} != {end:x}; do crc32 ${v} {size:x}; setexpr {v} ${v} + {size:x}; done; setenv {v}"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn runs_become_loops() {
        let parts: Vec<Part> = (0..2560).map(|index| (0x4200_0000 + index * 4096, 4096)).collect();
        let lines = lines(&parts, true, 200);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].0.len() < 160, "{}", lines[0].0.len());
        assert_eq!(lines[0].1.bytes(), 2560 * 4096);
        let alone = super::lines(&parts, false, 200);
        assert!(alone.iter().all(|(line, _)| line.len() <= 200));
        assert_eq!(alone.iter().map(|(_, parts)| parts.count()).sum::<usize>(), 2560);
        assert_eq!(alone[0].1.count(), 10);
    }

    proptest! {
        #[test]
        fn every_part_is_asked_for_once_and_in_order(
            sizes in proptest::collection::vec((0u64..3, prop_oneof![Just(4096u64), 1u64..10_000]), 0..60),
            can_loop: bool,
        ) {
            let mut at = 0x8000_0000;
            let mut parts = Vec::new();
            for (gap, size) in sizes {
                at += gap * 512;
                parts.push((at, size));
                at += size;
            }
            let lines = lines(&parts, can_loop, 120);
            let asked: Vec<Part> = lines.iter().flat_map(|(_, parts)| parts.iter().collect::<Vec<_>>()).collect();
            prop_assert_eq!(&asked, &parts);
            for (line, list) in &lines {
                prop_assert!(line.len() <= 160);
                prop_assert!(list.iter().all(|part| list.contains(&part)));
            }
        }
    }
}
