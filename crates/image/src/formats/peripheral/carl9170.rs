//! Firmware of AR9170 USB radios: code, then descriptors that end with `LAST`.
//!
//! Source: Linux 6.1 `drivers/net/wireless/ath/carl9170/fwdesc.h` and `fw.c`. A descriptor is a magic of four bytes,
//! its length (16 bits), two version bytes and its value, all little-endian. `CHK` holds two CRC-32 without final
//! complement: one over the code, and that one continued over the descriptors before `CHK`.

use crate::digest::{crc32_from, jamcrc};
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "carl9170-fw",
    rank: Rank::Magic,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "carl9170 AR9170 USB radio firmware",
        identified_by: "its reset code, and descriptors at its end",
        reveals: "damaged code or descriptors, by two CRC-32; a missing end",
        blind_to: "the descriptors from CHK on",
        source: "Linux 6.1 drivers/net/wireless/ath/carl9170/fwdesc.h, fw.c",
        tested_with: "the file of Debian's firmware-linux-free, own construction",
    },
};

/// What the SH-2 core runs first: two no-operations, a load and a jump to what was loaded.
const RESET_CODE: [u8; 12] = [9, 0, 9, 0, 0x00, 0xd0, 0x2b, 0x40, 8, 0, 0, 0];

/// The device's memory for code is smaller.
const MAX_SIZE: u64 = 256 * 1024;

const HEAD_SIZE: u64 = 8;

/// The most descriptors that are walked; files have seven.
const MAX_DESCRIPTORS: usize = 32;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    if window.len() > MAX_SIZE {
        return Ok(false);
    }
    let head = window.head(0, RESET_CODE.len() as u64)?;
    let differ: u32 = head.iter().zip(RESET_CODE).map(|(left, right)| (left ^ right).count_ones()).sum();
    Ok(head.len() == RESET_CODE.len() && differ <= 1)
}

/// A descriptor: where it starts, its name, its whole length.
struct Descriptor {
    at: u64,
    name: [u8; 4],
    len: u64,
}

impl Descriptor {
    fn read(window: Window<'_>, at: u64) -> Result<Option<Self>, ImageError> {
        let (Some(name), Some(len)) = (window.array(at)?, window.le16(at + 4)?) else { return Ok(None) };
        let len = u64::from(len);
        Ok((len >= HEAD_SIZE && len <= window.len() - at).then_some(Self { at, name, len }))
    }
}

/// The descriptors, from the first one on to `LAST`, as far as they hang together.
fn descriptors(window: Window<'_>) -> Result<Vec<Descriptor>, ImageError> {
    let mut found = Vec::new();
    let Some(mut at) = window.find(b"OTAR", 0, MAX_SIZE)? else { return Ok(found) };
    while found.len() < MAX_DESCRIPTORS
        && let Some(descriptor) = Descriptor::read(window, at)?
    {
        at += descriptor.len;
        let is_last = &descriptor.name == b"LAST";
        found.push(descriptor);
        if is_last {
            break;
        }
    }
    Ok(found)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let descriptors = descriptors(window)?;
    let end = descriptors.last().map_or(window.len(), |last| last.at + last.len);
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    let names: Vec<_> = descriptors.iter().map(|descriptor| crate::window::text(&descriptor.name)).collect();
    fields.insert("descriptors".into(), names.join(" "));
    reading.set_vendor("Qualcomm Atheros");
    reading.set_architecture("sh");
    let last = descriptors.last().filter(|last| &last.name == b"LAST");
    let chain = if last.is_some() { "ends with LAST" } else { "has no end" };
    reading.structure("chain of descriptors", window.start(), "ends with LAST", chain);
    let find = |name: &[u8; 4]| descriptors.iter().find(|descriptor| &descriptor.name == name);
    if let Some(motd) = find(b"MOTD") {
        // A date, then 24 bytes of description and 20 of release.
        reading.set_version(window.text(motd.at + 36, 20)?);
    }
    if let (Some(first), Some(check)) = (descriptors.first(), find(b"CHK\0")) {
        let code = jamcrc(window.clamped(0, first.at))?;
        let header = crc32_from(window.clamped(first.at, check.at - first.at), code)?;
        for (name, at, actual) in [("code", check.at + 8, code), ("descriptors", check.at + 12, header)] {
            let expected = window.le32(at)?.unwrap_or_default();
            let name = format!("crc32 of the {name}");
            reading.digest(name, window.start() + at, format!("{expected:08x}"), format!("{actual:08x}"));
        }
    } else if last.is_some() {
        reading.structure("descriptor CHK", window.start(), "present", "missing");
    }
    reading.trailing(window, end)
}
