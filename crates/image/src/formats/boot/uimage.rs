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
        outermost: &["uimage-padded", "uimage-sge"],
        name: "U-Boot legacy image",
        identified_by: "magic 27051956",
        reveals: "damaged header or data, by two CRC-32",
        blind_to: "bytes behind the data",
        source: "U-Boot 2023.01 include/image.h, boot/image.c",
        tested_with: "mkimage, dumpimage",
    },
};

/// Images whose magic number is another one: boot loaders of some makers look for their own.
pub(crate) const VENDOR_MAGIC: Format = Format {
    id: "uimage-vendor-magic",
    rank: Rank::Structure,
    magic: &[],
    matches: has_vendor_magic,
    read: read_vendor_magic,
    about: About {
        outermost: &[],
        name: "U-Boot legacy image with a magic number of the vendor",
        identified_by: "a header whose CRC-32 agrees, or a known magic number and sensible fields",
        reveals: "damaged header or data, by two CRC-32",
        blind_to: "bytes behind the data",
        source: "OpenWrt UIMAGE_MAGIC of its device definitions, mkimage -M",
        tested_with: "own construction",
    },
};

/// Magic numbers of makers, and who uses them.
const VENDOR_MAGICS: &[(u32, &str)] = &[
    (0x3337_3031, "Netgear"),
    (0x3337_3030, "Netgear"),
    (0x3337_3033, "Netgear"),
    (0x3231_3030, "Netgear"),
    (0x3233_3030, "Netgear"),
    (0x3031_3030, "Netgear"),
    (0x434f_4d42, "I-O DATA"),
    (0x4f4b_4c49, "OpenWrt okli"),
];

/// Sizes of a header: the usual one, padded ones (OpenWrt `uimage_padhdr.c`), and the one of SGE for D-Link
/// (`uimage_sgehdr.c`). Their CRC-32 covers all of it.
const HEADER_SIZES: &[u64] = &[HEADER_SIZE, 96, SGE_HEADER_SIZE, 72, 80, 128, 192, 256, 320, 512];
const SGE_HEADER_SIZE: u64 = 160;

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
    let size = header_size(window)?;
    let id = match size {
        HEADER_SIZE => FORMAT.id,
        SGE_HEADER_SIZE => "uimage-sge",
        _ => "uimage-padded",
    };
    if size != HEADER_SIZE {
        reading.begin(id);
    }
    if id == "uimage-sge" {
        reading.set_vendor("D-Link");
    }
    read_as(window, id, size, reading)
}

/// How long the header is: as its CRC says, else as the CRC of the data says, else as the size of the file says.
fn header_size(window: Window<'_>) -> Result<u64, ImageError> {
    let Some(bytes) = window.array::<{ HEADER_SIZE as usize }>(0)? else { return Ok(HEADER_SIZE) };
    let header = Header(bytes);
    for size in HEADER_SIZES {
        if header_crc(window, *size)? == Some(header.header_crc()) {
            return Ok(*size);
        }
    }
    for size in &HEADER_SIZES[..3] {
        if let Some(data) = window.part(*size, header.size())
            && crc32(data)? == header.data_crc()
        {
            return Ok(*size);
        }
    }
    let is_padded = window.part(HEADER_SIZE, 32).map(|rest| rest.is_padding()).transpose()?.unwrap_or(false);
    let fits = |size: u64| header.size().checked_add(size) == Some(window.len());
    Ok(if fits(SGE_HEADER_SIZE) {
        SGE_HEADER_SIZE
    } else if fits(96) || (is_padded && !fits(HEADER_SIZE)) {
        96
    } else {
        HEADER_SIZE
    })
}

/// The CRC-32 of a header of this size, its own field counted as zeros.
fn header_crc(window: Window<'_>, size: u64) -> Result<Option<u32>, ImageError> {
    let Some(mut bytes) = window.bytes(0, size)? else { return Ok(None) };
    bytes[4..8].fill(0);
    Ok(Some(crc32fast::hash(&bytes)))
}

fn has_vendor_magic(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(bytes) = window.array::<{ HEADER_SIZE as usize }>(0)? else { return Ok(false) };
    let header = Header(bytes);
    let is_sensible = [
        (1..=30).contains(&bytes[28]),
        (1..=28).contains(&bytes[29]),
        (1..=40).contains(&header.kind()),
        header.compression() <= 6,
        header.size() > 0 && header.size() < 1 << 30,
        bytes[32..].iter().filter(|byte| !matches!(byte, 0 | 32..=126)).count() <= 1,
    ];
    let sensible = is_sensible.iter().filter(|sensible| **sensible).count();
    if header.actual_crc() == header.header_crc() {
        return Ok(sensible >= 5);
    }
    let is_known = vendor_of(header.word(0)).is_some();
    Ok(is_known && sensible >= 5)
}

/// The maker whose magic number it is; one bit may be wrong.
fn vendor_of(magic: u32) -> Option<(u32, &'static str)> {
    let nearest = VENDOR_MAGICS.iter().min_by_key(|(known, _)| (known ^ magic).count_ones());
    nearest.filter(|(known, _)| (known ^ magic).count_ones() <= 1).copied()
}

fn read_vendor_magic(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let magic = window.be32(0)?.unwrap_or(0);
    reading.begin("uimage-vendor-magic");
    match vendor_of(magic) {
        Some((known, vendor)) => {
            reading.set_vendor(vendor);
            reading.board(hex(known));
        }
        None => reading.board(hex(magic)),
    }
    read_as(window, FORMAT.id, HEADER_SIZE, reading)
}

fn read_as(window: Window<'_>, id: &str, size: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(bytes) = window.array::<{ HEADER_SIZE as usize }>(0)? else {
        reading.container(id, window);
        reading.declared_size("the uImage header", window.start(), HEADER_SIZE, window.len());
        return Ok(());
    };
    let header = Header(bytes);
    let data = window.clamped(size, header.size());
    header.describe(id, window.clamped(0, size.saturating_add(data.len())), reading);
    let at = window.start();
    let actual = header_crc(window, size)?.unwrap_or_else(|| header.actual_crc());
    reading.digest("crc32 of the header", at + 4, hex(header.header_crc()), hex(actual));
    reading.declared_size("the data", at + 12, header.size(), window.len().saturating_sub(size));
    reading.digest("crc32 of the data", at + 24, hex(header.data_crc()), hex(crc32(data)?));
    header.read_data(data, reading)?;
    read_behind(window, size + data.len(), reading)
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

    fn describe(&self, id: &str, window: Window<'_>, reading: &mut Reading<'_>) {
        let label = text(&self.0[32..]);
        let arch = self.0[29];
        let fields = reading.container(id, window);
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
