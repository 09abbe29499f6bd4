//! Raspberry Pi: `bootcode.bin`, which the boot ROM starts, and `fixup*.dat`, which adapts `start*.elf` to the memory.
//!
//! Neither is documented beyond its purpose (Raspberry Pi documentation, "Boot folder contents"). What is relied on here
//! holds for the releases from 2017 on that were looked at (9 files of raspberrypi/usbboot and of copies of
//! raspberrypi/firmware, 14 files `fixup*.dat` for all kinds of `start*.elf`): `bootcode.bin` starts with 512 zeros, then the same first instructions of the VideoCore (on the
//! Raspberry Pi 4 behind two words), and names the file that it loads. `fixup*.dat` is a list of distances, each a byte, or
//! the byte 1 and three more with the least significant first; the first of them are always the same.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::{SMALL, Window};

pub(crate) const BOOTCODE: Format = Format {
    id: "raspberrypi-bootcode",
    rank: Rank::Magic,
    magic: &[Magic::at(ROM as i64, CODE), Magic::at(ROM as i64 + 8, CODE)],
    matches: matches_bootcode,
    read: read_bootcode,
    about: About {
        outermost: &[],
        name: "Raspberry Pi bootcode.bin",
        identified_by: "its first instructions behind 512 zeros, and the name start.elf",
        reveals: "other bytes than zeros before the code",
        blind_to: "the code: no checksum and no length is known",
        source: "raspberrypi/firmware boot/bootcode.bin, raspberrypi/usbboot msd/bootcode.bin and firmware/2711/bootcode4.bin",
        tested_with: "own construction",
    },
};

pub(crate) const FIXUP: Format = Format {
    id: "raspberrypi-fixup",
    rank: Rank::Magic,
    magic: &[Magic::at(0, FIRST_DISTANCES)],
    matches: |window| Ok(window.len() <= LARGEST_FIXUP),
    read: read_fixup,
    about: About {
        outermost: &[],
        name: "Raspberry Pi fixup.dat",
        identified_by: "its first 32 bytes",
        reveals: "an end within one of its entries",
        blind_to: "everything else: no checksum is known",
        source: "raspberrypi/firmware boot/fixup*.dat",
        tested_with: "own construction",
    },
};

/// Zeros before the code.
const ROM: u64 = 512;

/// The first instructions.
const CODE: &[u8] = &[0xe0, 0x00, 0x00, 0x6d, 0x82, 0x18, 0x0d, 0x1f, 0x1d, 0xc0, 0x41, 0x07, 0x18, 0xe8];

/// The largest files that are believed; those seen have up to 106 KB and 11 KB.
const LARGEST_BOOTCODE: u64 = 1 << 20;
const LARGEST_FIXUP: u64 = SMALL;

/// How `fixup*.dat` starts.
const FIRST_DISTANCES: &[u8] = &[
    0x0f, 0x13, 0x03, 0x0f, 0x03, 0x0f, 0x03, 0x0f, 0x03, 0x0f, 0x03, 0x0f, 0x03, 0x0f, 0x03, 0x0f, //
    0x03, 0x0f, 0x03, 0x0f, 0x03, 0x0f, 0x03, 0x0f, 0x03, 0x0f, 0x03, 0x0f, 0x03, 0x0f, 0x03, 0x0f,
];

/// The byte before a distance of three bytes.
const LONG: u8 = 1;

fn matches_bootcode(window: Window<'_>) -> Result<bool, ImageError> {
    let odd = window.head(0, ROM)?.iter().filter(|byte| **byte != 0).count();
    let is_named = || window.find(b"start.elf", ROM, LARGEST_BOOTCODE);
    Ok(odd <= 1 && window.len() <= LARGEST_BOOTCODE && is_named()?.is_some())
}

fn read_bootcode(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = if CODE == window.head(ROM, CODE.len() as u64)? { ROM } else { ROM + 8 };
    let fields = reading.container(BOOTCODE.id, window);
    fields.insert("code-offset".into(), at.to_string());
    reading.set_vendor("Raspberry Pi");
    let odd = window.head(0, ROM)?.iter().filter(|byte| **byte != 0).count();
    reading.structure("bytes before the code that are not zero", window.start(), 0, odd);
    reading.uncovered("No checksum of bootcode.bin is known.");
    Ok(())
}

fn read_fixup(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let bytes = window.head(0, LARGEST_FIXUP)?;
    let (mut at, mut entries, mut span) = (0, 0_u32, 0_u64);
    let mut missing = 0;
    while let Some(first) = bytes.get(at) {
        let size = if *first == LONG { 4 } else { 1 };
        match bytes.get(at..at + size) {
            Some([_, low, middle, high]) => span += u64::from(u32::from_le_bytes([*low, *middle, *high, 0])),
            Some(_) => span += u64::from(*first),
            None => missing = at + size - bytes.len(),
        }
        entries += 1;
        at += size;
    }
    let fields = reading.container(FIXUP.id, window);
    fields.insert("entries".into(), entries.to_string());
    fields.insert("span".into(), span.to_string());
    reading.set_vendor("Raspberry Pi");
    reading.structure("missing bytes of the last entry", window.start() + window.len(), 0, missing);
    reading.uncovered("No checksum of fixup.dat is known.");
    Ok(())
}
