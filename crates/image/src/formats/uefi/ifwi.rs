//! Intel's integrated firmware images: code partition directories (`$CPD`) and flash partition tables (`$FPT`). Both are
//! tables of named parts, so they share this module.
//!
//! Source: fwupd `libfwupdplugin/fu-ifwi.rs`, `fu-ifwi-cpd-firmware.c`, `fu-ifwi-fpt-firmware.c`; the checks as in
//! me_cleaner and MEAnalyzer: a sum of bytes in older versions, a CRC-32 in newer ones. Little-endian.

use crate::digest::{Piece, byte_sum, crc32_of};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const CPD: Format = Format {
    id: "intel-ifwi-cpd",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"$CPD")],
    matches: |window| Ok(votes(window, &CPD_LAYOUT)? >= 2),
    read: |window, reading| read(window, &CPD_LAYOUT, reading),
    about: About {
        outermost: &[],
        name: "Intel code partition directory",
        identified_by: "$CPD, and entries that lie inside",
        reveals: "a damaged table, where it carries a sum or CRC-32; missing parts",
        blind_to: "damaged parts: their digests stand in signed manifests",
        source: "fwupd libfwupdplugin/fu-ifwi.rs, fu-ifwi-cpd-firmware.c; me_cleaner",
        tested_with: "fwupdtool, own construction",
    },
};

pub(crate) const FPT: Format = Format {
    id: "intel-ifwi-fpt",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"$FPT"), Magic::at(16, b"$FPT")],
    matches: |window| Ok(votes(fpt_start(window)?, &FPT_LAYOUT)? >= 2),
    read: |window, reading| read(fpt_start(window)?, &FPT_LAYOUT, reading),
    about: About {
        outermost: &[],
        name: "Intel flash partition table",
        identified_by: "$FPT, and entries that lie inside",
        reveals: "a damaged table, where it carries a sum or CRC-32; missing parts",
        blind_to: "damaged parts: their digests stand in signed manifests",
        source: "fwupd libfwupdplugin/fu-ifwi.rs, fu-ifwi-fpt-firmware.c; me_cleaner",
        tested_with: "fwupdtool, own construction",
    },
};

/// Where the two kinds differ.
struct Layout {
    id: &'static str,
    /// The sizes of headers that exist.
    headers: [u64; 2],
    entry: u64,
    name: u64,
    offset: u64,
    /// Version of the header that carries a sum of bytes, and its size.
    summed: (u8, u64),
    /// Where the CRC-32 stands in headers of newer versions.
    crc: u64,
}

const CPD_LAYOUT: Layout = Layout {
    id: "intel-ifwi-cpd",
    headers: [0x10, 0x14],
    entry: 24,
    name: 12,
    offset: 12,
    summed: (1, 0x10),
    crc: 16,
};

const FPT_LAYOUT: Layout = Layout {
    id: "intel-ifwi-fpt",
    headers: [0x20, 0x20],
    entry: 32,
    name: 4,
    offset: 8,
    summed: (0x20, 0x20),
    crc: 20,
};

const MAX_ENTRIES: u64 = 256;

/// The table may stand behind a vector of 16 bytes, which offsets do not count.
fn fpt_start(window: Window<'_>) -> Result<Window<'_>, ImageError> {
    let is_behind = window.has(16, b"$FPT")? && !window.has(0, b"$FPT")?;
    Ok(if is_behind { window.clamped(16, u64::MAX) } else { window })
}

/// Number of entries, version, version of entries, size of the header.
fn head(window: Window<'_>) -> Result<Option<(u64, u8, u8, u64)>, ImageError> {
    let Some(count) = window.le32(4)? else { return Ok(None) };
    let Some([version, entries, size]) = window.array(8)? else { return Ok(None) };
    Ok(Some((count.into(), version, entries, size.into())))
}

fn votes(window: Window<'_>, layout: &Layout) -> Result<u32, ImageError> {
    let Some((count, version, _, size)) = head(window)? else { return Ok(0) };
    let name = window.head(size, layout.name)?;
    let votes = [
        (1..=MAX_ENTRIES).contains(&count) && count * layout.entry / 4 <= window.len(),
        layout.headers.contains(&size),
        (1..=3).contains(&version) || version & 0xf0 == 0x20,
        name.first().is_some_and(u8::is_ascii_alphanumeric),
    ];
    Ok(votes.into_iter().map(u32::from).sum())
}

fn read(window: Window<'_>, layout: &Layout, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some((count, version, entry_version, size)) = head(window)? else { return Ok(()) };
    let first = if layout.headers.contains(&size) { size } else { layout.headers[1] };
    let table = window.clamped(0, first + count.min(MAX_ENTRIES) * layout.entry);
    let mut parts = Vec::new();
    for index in 0..count.min(MAX_ENTRIES) {
        let at = first + index * layout.entry;
        let (Some(offset), Some(length)) =
            (window.le32(at + layout.offset)?, window.le32(at + layout.offset + 4)?)
        else {
            break;
        };
        // Bit 24 and up of a directory's offset are flags.
        let offset = if layout.entry == 24 { offset & 0x00ff_ffff } else { offset };
        parts.push((window.text(at, layout.name)?, at, u64::from(offset), u64::from(length)));
    }
    let end = parts.iter().map(|(_, _, offset, length)| offset + length).max().unwrap_or(0).max(table.len());
    let fields = reading.container(layout.id, window.clamped(0, end));
    fields.insert("entries".into(), count.to_string());
    fields.insert("versions".into(), format!("{version} {entry_version}"));
    if layout.entry == 24 {
        fields.insert("partition".into(), window.text(12, 4)?);
    }
    reading.set_vendor("Intel");
    let at = window.start();
    let shown = if size == first { "known" } else { "unknown" };
    reading.structure("size of the header", at + 10, "known", shown);
    let possible = first + count.saturating_mul(layout.entry);
    reading.declared_size("the table", at + 4, possible, window.len());
    check(window, table, layout, (version, size), reading)?;
    for (name, at, offset, length) in parts {
        if length == 0 || offset == u64::from(u32::MAX) {
            continue;
        }
        let part = window.clamped(offset, length);
        let place = window.start() + at + layout.offset + 4;
        reading.declared_size(&format!("part {name}"), place, length, part.len());
        reading.part(name, part)?;
    }
    reading.trailing(window, end)
}

/// Compares the check of the table, where it has one: writers may leave it at zero.
fn check(
    window: Window<'_>,
    table: Window<'_>,
    layout: &Layout,
    (version, size): (u8, u64),
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let sum = window.u8(11)?.unwrap_or_default();
    let crc = window.le32(layout.crc)?.unwrap_or_default();
    let at = window.start();
    if (version, size) == layout.summed && sum != 0 {
        // The table, or only its header.
        let whole = byte_sum(table)? as u8;
        let header = byte_sum(window.clamped(0, size))? as u8;
        let actual = if header == 0 { 0 } else { whole };
        reading.digest("sum of the table", at + 11, "00", format!("{actual:02x}"));
        reading.uncovered("No checksum covers the parts.");
    } else if version == layout.summed.0 + 1 && crc != 0 {
        let before = window.clamped(0, layout.crc);
        let behind = table.clamped(layout.crc + 4, u64::MAX);
        let pieces = [Piece::Window(before), Piece::Bytes(&[0; 4]), Piece::Window(behind)];
        let actual = crc32_of(pieces)?;
        reading.digest("crc32 of the table", at + layout.crc, format!("{crc:08x}"), format!("{actual:08x}"));
        reading.uncovered("No checksum covers the parts.");
    }
    Ok(())
}
