//! What makers let their devices announce, each in its own way.

use std::net::Ipv4Addr;

use crate::heard::Word;
use crate::text::{is_readable, text};

/// The most entries of an announcement that are looked at.
const MOST_ENTRIES: usize = 64;

/// OpenWrt's `netmsg` while it starts: text (package/base-files, lib/preinit).
pub(super) fn failsafe(payload: &[u8]) -> Option<Word> {
    is_readable(payload.split(|byte| *byte == 0).next()?).then_some(())?;
    Some(Word::OffersFailsafe { text: text(payload)? })
}

/// Text, as a console prints it.
pub(super) fn console(payload: &[u8]) -> Option<Word> {
    is_readable(payload).then_some(())?;
    Some(Word::Console { text: text(payload)? })
}

/// Two zeros, 0x12, 1; then in the order of little-endian machines 1 for a search. What comes from the bootloader's port and
/// is no search, is its answer.
pub(super) fn eva(payload: &[u8], from: Ipv4Addr, is_from_its_port: bool) -> Option<Word> {
    match payload.first_chunk::<8>()? {
        [0, 0, 0x12, 1, 1, 0, 0, 0] => Some(Word::LooksForEva),
        [0, 0, _, 1, ..] if is_from_its_port => Some(Word::Eva { at: from }),
        _ => None,
    }
}

/// Version, command, length; then type (1 byte), length (2) and value of each entry.
pub(super) fn ubiquiti(payload: &[u8]) -> Option<Word> {
    let ([1 | 2, _, length @ ..], entries) = payload.split_first_chunk::<4>()? else { return None };
    let entries = entries.get(..usize::from(u16::from_be_bytes(*length)).min(entries.len()))?;
    let (mut model, mut platform, mut version, mut name) = (None, None, None, None);
    for (kind, value) in Entries::of(entries, 1).take(MOST_ENTRIES) {
        let field = match kind {
            0x03 => &mut version,
            0x0B => &mut name,
            0x0C => &mut platform,
            0x14 => &mut model,
            _ => continue,
        };
        *field = text(value);
    }
    let says_something = [&model, &platform, &version].iter().any(|field| field.is_some());
    says_something.then_some(Word::Ubiquiti { model, platform, version, name })
}

/// A header of 2 bytes and a number of 2; then type (2), length (2) and value of each entry.
pub(super) fn mikrotik(payload: &[u8]) -> Option<Word> {
    let (_, entries) = payload.split_first_chunk::<4>()?;
    let (mut board, mut version, mut name, mut platform) = (None, None, None, None);
    for (kind, value) in Entries::of(entries, 2).take(MOST_ENTRIES) {
        let field = match kind {
            5 => &mut name,
            7 => &mut version,
            8 => &mut platform,
            12 => &mut board,
            _ => continue,
        };
        *field = text(value);
    }
    let is_one = platform.as_deref() == Some("MikroTik") || (board.is_some() && version.is_some());
    is_one.then_some(Word::Mikrotik { board, version, name })
}

/// Entries of type, length of 2 bytes, and value.
struct Entries<'a> {
    rest: &'a [u8],
    kind_bytes: usize,
}

impl<'a> Entries<'a> {
    fn of(rest: &'a [u8], kind_bytes: usize) -> Self {
        Self { rest, kind_bytes }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, rest) = self.rest.split_at_checked(self.kind_bytes)?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let (value, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        self.rest = rest;
        Some((kind.iter().fold(0, |number, byte| number << 8 | u16::from(*byte)), value))
    }
}
