//! Takes the owner's secrets out of what a unit said, so that it still makes sense to whoever plays it again.
//!
//! Text loses its secrets where it stands. Memory that the bootloader showed (`md.b`) shows everything that the unit
//! holds, in numbers: of all that is not firmware only blank bytes stay, ends of lines, and the lines by which the unit
//! was identified. The checksums (`crc32`) that the unit told of such memory are those of what stays. So a program that
//! plays it again finds a unit that agrees with itself, and holds nothing of its owner's.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use debrick_uboot_console::wire;

use super::record::{Layout, Loads};
use crate::redact::{HIDDEN, Redactor};

/// Pieces that contents are compared in, in bytes: a line of memory.
const LINE: usize = 16;

/// The most that is spent on checksums, in bytes that go through them.
const MOST_SUMMED: usize = 2 << 30;

/// What a unit held, and what is told of it.
struct Content {
    held: Vec<u8>,
    told: Vec<u8>,
}

/// Everything that a trace may show.
pub(super) struct Contents<'a> {
    redactor: &'a Redactor,
    layout: &'a Layout,
    backups: Vec<Content>,
    /// For each size, which checksum becomes which.
    sums: RefCell<BTreeMap<usize, HashMap<u32, u32>>>,
}

/// Lines of memory one behind the other: where they stand in the text, and what they show.
struct Dump {
    first: u64,
    bytes: Vec<u8>,
    lines: Vec<(Range<usize>, usize)>,
    is_firmware: bool,
}

impl<'a> Contents<'a> {
    pub(super) fn new(redactor: &'a Redactor, layout: &'a Layout, backups: Vec<Vec<u8>>) -> Self {
        let told = |held: Vec<u8>| Content { told: tell(redactor, &layout.keys, &held), held };
        let backups = backups.into_iter().map(told).collect();
        Self { redactor, layout, backups, sums: RefCell::default() }
    }

    /// Bytes that are no console.
    pub(super) fn veil(&self, bytes: &[u8]) -> Vec<u8> {
        self.redactor.veil(bytes)
    }

    /// What a console said, from beginning to end.
    pub(super) fn veil_console(&self, said: &[u8]) -> Vec<u8> {
        let mut told = self.redactor.veil(said);
        let mut dumps: Vec<Dump> = Vec::new();
        let mut sums: Vec<(Range<usize>, usize, u32)> = Vec::new();
        let mut loads = Loads::default();
        let mut start = 0;
        for line in said.split_inclusive(|byte| *byte == b'\n') {
            let place = start..start + line.len();
            start = place.end;
            let text = String::from_utf8_lossy(line);
            let text = text.trim_end_matches(['\r', '\n']);
            if let Some((address, bytes)) = wire::parse_memory_line(text) {
                let is_firmware = loads.is_firmware(address, self.layout);
                let place = place.start..place.start + text.len();
                take(&mut dumps, address, &bytes, place, is_firmware);
            } else if is_like_memory(line) {
                // Damaged on the way: nobody believed it, and nobody shall read it.
                hide_numbers(&mut told[place]);
            } else if let Some((first, last, sum)) = wire::parse_crc32_line(text) {
                let end = place.start + text.trim_end().len();
                let size = usize::try_from(last.wrapping_sub(first).wrapping_add(1)).unwrap_or(usize::MAX);
                sums.push((end.saturating_sub(8)..end, size, sum));
            } else {
                loads.follow(text, self.layout);
            }
        }
        let mut contents = Vec::new();
        for dump in dumps {
            let shown = if dump.is_firmware { dump.bytes.clone() } else { self.told_of(&dump.bytes) };
            let mut at = 0;
            for (place, count) in &dump.lines {
                let was = &dump.bytes[at..at + count];
                // The text's own veil may have taken the letters apart already.
                told[place.clone()].copy_from_slice(&said[place.clone()]);
                show(&mut told[place.clone()], was, &shown[at..at + count]);
                at += count;
            }
            if dump.bytes != shown {
                contents.push(Content { held: dump.bytes, told: shown });
            }
        }
        let mut budget = MOST_SUMMED;
        for (place, size, sum) in sums {
            if let Some(other) = self.sum_of(&contents, size, sum, &mut budget) {
                told[place].copy_from_slice(format!("{other:08x}").as_bytes());
            }
        }
        told
    }

    /// What is told of some bytes of the unit.
    fn told_of(&self, bytes: &[u8]) -> Vec<u8> {
        self.backed_up(bytes).map_or_else(|| tell(self.redactor, &self.layout.keys, bytes), <[u8]>::to_vec)
    }

    /// The same bytes in a backup, as they are told there.
    fn backed_up(&self, bytes: &[u8]) -> Option<&[u8]> {
        self.backups.iter().find_map(|backup| {
            let places = (0..=backup.held.len().checked_sub(bytes.len())?).step_by(LINE);
            let at = places.into_iter().find(|at| backup.held[*at..].starts_with(bytes))?;
            backup.told.get(at..at + bytes.len())
        })
    }

    /// The checksum of what is told, for one of what was held.
    fn sum_of(&self, shown: &[Content], size: usize, sum: u32, budget: &mut usize) -> Option<u32> {
        let mut sums = self.sums.borrow_mut();
        let known = sums.entry(size).or_insert_with(|| {
            let mut known = HashMap::new();
            for content in self.backups.iter().chain(shown) {
                let pieces = content.held.len().checked_sub(size).map(|last| last / LINE.max(1) + 1);
                let step = size.clamp(LINE, 4096);
                let cost = pieces.unwrap_or(0).saturating_mul(size) / (step / LINE);
                if size == 0 || pieces.is_none() || cost > *budget {
                    continue;
                }
                *budget -= cost;
                for at in (0..=content.held.len() - size).step_by(step) {
                    let of = |bytes: &[u8]| crc32fast::hash(&bytes[at..at + size]);
                    known.entry(of(&content.held)).or_insert_with(|| of(&content.told));
                }
            }
            known
        });
        known.get(&sum).copied().filter(|other| *other != sum)
    }
}

/// What is told of bytes that are the owner's or the unit's own.
fn tell(redactor: &Redactor, keys: &[String], held: &[u8]) -> Vec<u8> {
    let stays = |byte: &u8| matches!(byte, 0 | 0xFF | b'\n');
    let mut told: Vec<u8> = held.iter().map(|byte| if stays(byte) { *byte } else { HIDDEN }).collect();
    let mut start = 0;
    for line in held.split_inclusive(stays) {
        let place = start..start + line.len();
        start = place.end;
        let says =
            |key: &String| line.strip_prefix(key.as_bytes()).is_some_and(|rest| rest.starts_with(b"="));
        if keys.iter().any(says) {
            told[place].copy_from_slice(&redactor.veil(line));
        }
    }
    told
}

/// Adds a line of memory to the one before it, where it goes on there.
fn take(dumps: &mut Vec<Dump>, address: u64, bytes: &[u8], place: Range<usize>, is_firmware: bool) {
    let goes_on = |dump: &Dump| {
        dump.is_firmware == is_firmware && dump.first.wrapping_add(dump.bytes.len() as u64) == address
    };
    match dumps.last_mut().filter(|dump| goes_on(dump)) {
        Some(dump) => {
            dump.bytes.extend_from_slice(bytes);
            dump.lines.push((place, bytes.len()));
        }
        None => {
            let (bytes, count) = (bytes.to_vec(), bytes.len());
            dumps.push(Dump { first: address, bytes, lines: vec![(place, count)], is_firmware });
        }
    }
}

/// Writes other bytes into a line of memory: as numbers, and as the letters behind them.
fn show(line: &mut [u8], was: &[u8], bytes: &[u8]) {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return };
    let letter = |byte: u8| if (0x20..0x7F).contains(&byte) { byte } else { b'.' };
    for (index, byte) in bytes.iter().enumerate() {
        let at = colon + 2 + 3 * index;
        if let Some(digits) = line.get_mut(at..at + 2) {
            digits.copy_from_slice(format!("{byte:02x}").as_bytes());
        }
    }
    // Blanks at the end may be missing.
    let letters: Vec<u8> = was.iter().map(|byte| letter(*byte)).collect();
    let shown = letters.trim_ascii_end();
    let numbers_end = colon + 1 + 3 * bytes.len();
    let tail = line.get(numbers_end..).unwrap_or_default();
    let Some(at) = tail.windows(shown.len().max(1)).rposition(|window| window == shown) else { return };
    for (slot, byte) in line[numbers_end + at..].iter_mut().zip(bytes) {
        *slot = letter(*byte);
    }
}

/// Whether a line looks like memory: several numbers of two digits.
fn is_like_memory(line: &[u8]) -> bool {
    let words = line.split(|byte| *byte == b' ');
    words.filter(|word| word.len() == 2 && word.iter().all(u8::is_ascii_hexdigit)).count() >= 3
}

/// Makes a damaged line unreadable, and keeps it damaged.
fn hide_numbers(line: &mut [u8]) {
    let after = line.iter().position(|byte| *byte == b':').map_or(0, |colon| colon + 1);
    for byte in &mut line[after..] {
        if !matches!(byte, b' ' | b'\r' | b'\n') {
            *byte = b'?';
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::redact::Redaction;

    const SETTINGS: &[u8] = b"wpa_psk=Correct-Horse-99\nssid=Attic\n\0\0\0\0\xFF\xFF\x01\x02\x03 and more";
    const FACTORY: &[u8] = b"vendor=ACME\nmodel=R1\nserial=AB1234567\nmac=02:00:00:11:22:33\n\x9A\x9B\x9C\0";

    fn layout() -> Layout {
        let rule = |key: &str| json!({ "at": { "from": "region-text", "region": "factory", "key": key } });
        Layout::of(Some(&json!({
            "storage": [{ "interface": { "kind": "virtio", "device": 0 }, "regions": [
                { "name": "factory", "offset": 0, "size": 0x1000, "role": "unique" },
                { "name": "firmware", "offset": 0x1000, "size": 0x1000, "role": "firmware" },
            ]}],
            "observe": [rule("vendor"), rule("model"), rule("serial"), rule("mac")],
        })))
    }

    fn dump(address: u64, bytes: &[u8]) -> String {
        let lines = bytes.chunks(16).enumerate();
        lines.map(|(at, bytes)| wire::memory_line(address + 16 * at as u64, bytes) + "\r\n").collect()
    }

    fn sum(address: u64, bytes: &[u8]) -> String {
        wire::crc32_line(address, bytes.len() as u64, crc32fast::hash(bytes)) + "\r\n"
    }

    fn veil(said: &str, backups: Vec<Vec<u8>>) -> String {
        let mut redactor = Redactor::new(Redaction::default());
        redactor.learn_text("serial=AB1234567\n");
        let layout = layout();
        let contents = Contents::new(&redactor, &layout, backups);
        let veiled = contents.veil_console(said.as_bytes());
        assert_eq!(veiled.len(), said.len(), "nothing moves");
        String::from_utf8(veiled).unwrap()
    }

    /// The bytes that a console shows, and the checksums that it tells.
    fn shown(said: &str) -> (Vec<u8>, Vec<u32>) {
        let bytes = said.lines().filter_map(wire::parse_memory_line).flat_map(|(_, bytes)| bytes);
        let sums = said.lines().filter_map(wire::parse_crc32_line).map(|(.., sum)| sum);
        (bytes.collect(), sums.collect())
    }

    #[test]
    fn memory_is_hidden_and_its_checksum_agrees() {
        for backups in [vec![], vec![SETTINGS.to_vec()]] {
            let said = format!(
                "=> md.b 50000000 40\r\n{}{}=> ",
                dump(0x5000_0000, SETTINGS),
                sum(0x5000_0000, SETTINGS)
            );
            let veiled = veil(&said, backups);
            let (bytes, sums) = shown(&veiled);
            assert_eq!(bytes.len(), SETTINGS.len());
            assert_eq!(sums, [crc32fast::hash(&bytes)]);
            let stays = |byte: &u8| matches!(byte, 0 | 0xFF | b'\n' | b'x');
            assert!(bytes.iter().all(stays), "{veiled}");
        }
    }

    #[test]
    fn what_identifies_a_unit_stays_without_its_secrets() {
        let veiled = veil(&dump(0x5000_0000, FACTORY), vec![]);
        let (bytes, _) = shown(&veiled);
        assert_eq!(bytes, b"vendor=ACME\nmodel=R1\nserial=AB*****67\nmac=02:00:00:xx:xx:xx\nxxx\0");
    }

    #[test]
    fn firmware_is_everybodys() {
        let kernel = b"\xD0\x0D\xFE\xEDkernel 5.15 of ACME";
        let said =
            format!("=> virtio read 50000000 8 8\r\n=> md.b 50000000 20\r\n{}", dump(0x5000_0000, kernel));
        assert_eq!(shown(&veil(&said, vec![])).0, kernel);
        let other = said.replace("read 50000000 8 8", "read 50000000 0 8");
        assert_ne!(shown(&veil(&other, vec![])).0, kernel);
    }

    #[test]
    fn damaged_lines_stay_damaged_and_tell_nothing() {
        let good = dump(0x5000_0000, SETTINGS);
        for damaged in
            [good.replace(" 77 70", " 7 70"), good.replace("50000000: ", "5000"), good.replace("wpa_", "wp")]
        {
            assert_ne!(damaged, good);
            let veiled = veil(&damaged, vec![]);
            let first = veiled.lines().next().unwrap();
            assert_eq!(wire::parse_memory_line(first), None, "{first}");
            assert!(!first.contains("77 70 61") && !first.contains("psk"), "{first}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_shown_no_run_of_it_survives(
            content in proptest::collection::vec(any::<u8>(), 32..600),
            backed_up: bool,
        ) {
            let said = format!("{}{}", dump(0x5000_0000, &content), sum(0x5000_0000, &content));
            let backups = if backed_up { vec![content.clone()] } else { vec![] };
            let (bytes, sums) = shown(&veil(&said, backups));
            prop_assert_eq!(bytes.len(), content.len());
            prop_assert_eq!(sums, vec![crc32fast::hash(&bytes)]);
            let told = content.iter().zip(&bytes).filter(|(held, _)| !matches!(held, 0 | 0xFF | b'\n' | b'x'));
            for (held, shown) in told {
                prop_assert_ne!(held, shown);
            }
        }
    }
}
