//! Regulatory data of Cypress' and Broadcom's radios ("CLM"): a segmented file with a CRC-32 over its header and one
//! over each segment.
//!
//! Source: Broadcom `wlc_msfblob.h` ("multi-segment format") in the Android drivers; Infineon wifi-host-driver; fields
//! little-endian, CRC-32 as in zlib, that of the header from offset 12 on.

use crate::digest::crc32;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "cypress-clm-blob",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"BLOB")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Cypress/Broadcom radio regulatory data (CLM)",
        identified_by: "BLOB, and a header that is as long as its segments ask for",
        reveals: "damaged header or segments, by a CRC-32 each",
        blind_to: "bytes behind the segments",
        source: "Broadcom wlc_msfblob.h; Infineon wifi-host-driver whd_clm.c",
        tested_with: "files of the vendor, own construction",
    },
};

const HEADER_SIZE: u64 = 20;

const SEGMENT_SIZE: u64 = 20;

const MAX_SEGMENTS: u64 = 64;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let (Some(header), Some(count)) = (window.le32(4)?, window.le32(16)?) else { return Ok(false) };
    let (header, count) = (u64::from(header), u64::from(count));
    let sizes_agree = header == HEADER_SIZE + SEGMENT_SIZE * count && (1..=MAX_SEGMENTS).contains(&count);
    // Either size may be damaged; then the first segment must start with what it always starts with.
    let starts_right = window.find(b"CLM DATA", HEADER_SIZE, SEGMENT_SIZE * MAX_SEGMENTS)?.is_some();
    Ok(sizes_agree || starts_right)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let word = |at: u64| Ok::<_, ImageError>(u64::from(window.le32(at)?.unwrap_or_default()));
    let (header_size, count) = (word(4)?, word(16)?);
    let mut segments = Vec::new();
    for index in 0..count.min(MAX_SEGMENTS) {
        let at = HEADER_SIZE + index * SEGMENT_SIZE;
        segments.push((at, word(at + 4)?, word(at + 8)?, window.le32(at + 12)?.unwrap_or_default()));
    }
    let end = segments.iter().map(|(_, offset, size, _)| offset + size).max().unwrap_or(header_size);
    let container = window.clamped(0, end);
    let fields = reading.container(FORMAT.id, container);
    fields.insert("segments".into(), count.to_string());
    reading.set_vendor("Cypress");
    let expected = format!("{:08x}", word(8)?);
    let covered = window.clamped(12, header_size.saturating_sub(12));
    reading.digest("crc32 of the header", window.start() + 8, expected, format!("{:08x}", crc32(covered)?));
    reading.structure(
        "number of segments",
        window.start() + 16,
        header_size.saturating_sub(HEADER_SIZE) / SEGMENT_SIZE,
        count,
    );
    for (index, (at, offset, size, crc)) in segments.into_iter().enumerate() {
        let segment = window.clamped(offset, size);
        reading.declared_size(&format!("segment {index}"), window.start() + at + 8, size, segment.len());
        let actual = format!("{:08x}", crc32(segment)?);
        let name = format!("crc32 of segment {index}");
        reading.digest(name, window.start() + at + 12, format!("{crc:08x}"), actual);
        if segment.has(0, b"CLM DATA")? {
            describe(segment, reading)?;
        }
    }
    reading.trailing(window, end)
}

/// Texts in the head of the data: whose it is, which version of the interface and of the tool that made it.
fn describe(segment: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let texts = [("data", segment.text(14, 20)?), ("interface", segment.text(34, 20)?)];
    let tool = segment.text(58, 30)?;
    let last = reading.last_container();
    let fields = &mut reading.container_at(last).fields;
    for (name, value) in texts.into_iter().chain([("tool", tool)]) {
        fields.insert(name.into(), value);
    }
    Ok(())
}
