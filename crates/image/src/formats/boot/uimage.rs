//! Legacy U-Boot images: a header of 64 bytes with one CRC-32 over itself and one over the data.
//!
//! Source: U-Boot 2023.01 `include/image.h`, `boot/image.c` (`image_multi_getimg`). The header CRC is computed with
//! its own field at zero. Scripts and multi-part images start with a table of sizes that a zero ends.

use crate::description::describe;
use crate::digest::crc32;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::boot::uimage_names::{ARCHITECTURES, COMPRESSIONS, OPERATING_SYSTEMS, TYPES, name};
use crate::names::architecture;
use crate::reading::Reading;
use crate::window::{SMALL, Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "uimage",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &[0x27, 0x05, 0x19, 0x56])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "U-Boot legacy image",
        identified_by: "magic 27051956",
        reveals: "damaged header or data, by two CRC-32",
        blind_to: "bytes behind the data",
        source: "U-Boot 2023.01 include/image.h, boot/image.c",
        tested_with: "mkimage, dumpimage",
    },
};

pub(super) const MAGIC: u32 = 0x2705_1956;

pub(super) const HEADER_SIZE: u64 = 64;

const TYPE_MULTI: u8 = 4;
const TYPE_SCRIPT: u8 = 6;

/// The most parts of a multi-part image that are read.
const MAX_PARTS: u64 = 64;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(window.be32(0)? == Some(MAGIC))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(bytes) = window.array::<{ HEADER_SIZE as usize }>(0)? else {
        reading.container(FORMAT.id, window);
        reading.declared_size("the uImage header", window.start(), HEADER_SIZE, window.len());
        return Ok(());
    };
    let header = Header(bytes);
    let data = window.clamped(HEADER_SIZE, header.size());
    header.describe(window.clamped(0, HEADER_SIZE + data.len()), reading);
    let at = window.start();
    reading.digest("crc32 of the header", at + 4, hex(header.header_crc()), hex(header.actual_crc()));
    reading.declared_size("the data", at + 12, header.size(), window.len() - HEADER_SIZE);
    reading.digest("crc32 of the data", at + 24, hex(header.data_crc()), hex(crc32(data)?));
    header.read_data(data, reading)?;
    read_behind(window, HEADER_SIZE + data.len(), reading)
}

/// Reads what stands behind the data: often a root file system, which the checksums do not cover.
fn read_behind(window: Window<'_>, end: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let rest = window.clamped(end, u64::MAX);
    if rest.len() == 0 || rest.is_padding()? {
        return Ok(());
    }
    let start = rest.head(0, SMALL)?;
    let padding = start.iter().take_while(|byte| **byte == start[0] && matches!(byte, 0 | 0xff)).count();
    match reading.part("behind the image", rest.clamped(padding as u64, u64::MAX))? {
        Some(_) => {
            reading.uncovered("What follows the uImage is not covered by its checksums.");
            Ok(())
        }
        None => reading.trailing(window, end),
    }
}

fn hex(crc: u32) -> String {
    format!("{crc:08x}")
}

/// The header, every field big-endian.
struct Header([u8; HEADER_SIZE as usize]);

impl Header {
    fn word(&self, at: usize) -> u32 {
        u32::from_be_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }

    fn header_crc(&self) -> u32 {
        self.word(4)
    }

    fn size(&self) -> u64 {
        self.word(12).into()
    }

    fn data_crc(&self) -> u32 {
        self.word(24)
    }

    fn actual_crc(&self) -> u32 {
        let mut bytes = self.0;
        bytes[4..8].fill(0);
        crc32fast::hash(&bytes)
    }

    fn kind(&self) -> u8 {
        self.0[30]
    }

    fn compression(&self) -> u8 {
        self.0[31]
    }

    fn describe(&self, window: Window<'_>, reading: &mut Reading<'_>) {
        let label = text(&self.0[32..]);
        let arch = self.0[29];
        let fields = reading.container(FORMAT.id, window);
        let mut put = |name: &str, value: String| fields.insert(name.into(), value);
        put("name", label.clone());
        put("timestamp", self.word(8).to_string());
        put("load", format!("{:#x}", self.word(16)));
        put("entry", format!("{:#x}", self.word(20)));
        put("os", name(OPERATING_SYSTEMS, self.0[28]));
        put("arch", name(ARCHITECTURES, arch));
        put("type", name(TYPES, self.kind()));
        put("compression", name(COMPRESSIONS, self.compression()));
        if let Some(known) = ARCHITECTURES.get(usize::from(arch)).filter(|_| arch != 0)
            && self.kind() != TYPE_SCRIPT
        {
            reading.architecture.get_or_insert(architecture(known));
        }
        let described = describe(&label);
        if described.model.is_some() {
            reading.vendor = reading.vendor.take().or(described.vendor);
            reading.model = reading.model.take().or(described.model);
            reading.version = reading.version.take().or(described.version);
        }
    }

    fn read_data(&self, data: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        match self.kind() {
            TYPE_MULTI | TYPE_SCRIPT => self.read_parts(data, reading),
            // What the header calls uncompressed is often compressed: a kernel that unpacks itself.
            _ => reading.contents(data).map(drop),
        }
    }

    fn read_parts(&self, data: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let mut sizes = Vec::new();
        for index in 0..=MAX_PARTS {
            match data.be32(index * 4)? {
                Some(0) => break,
                Some(size) if index < MAX_PARTS => sizes.push(u64::from(size)),
                _ => {
                    reading.structure("table of parts", data.start(), "well-formed", "without an end");
                    return Ok(());
                }
            }
        }
        let mut offset = (sizes.len() as u64 + 1) * 4;
        for (index, size) in sizes.into_iter().enumerate() {
            let what = if self.kind() == TYPE_SCRIPT { "uboot-script" } else { "uimage-part" };
            let part = data.clamped(offset, size);
            reading.container(what, part);
            reading.declared_size(
                &format!("part {index}"),
                data.start() + index as u64 * 4,
                size,
                part.len(),
            );
            if self.kind() == TYPE_MULTI {
                reading.contents(part)?;
            }
            offset = offset.saturating_add(size).next_multiple_of(4);
        }
        Ok(())
    }
}
