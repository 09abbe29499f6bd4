//! Android vendor boot images, header versions 3 and 4: the vendor's part of the RAM disk, and device trees.
//!
//! Source: AOSP `system/tools/mkbootimg`, `include/bootimg/bootimg.h`. There is no digest.

use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "android-vendor-boot",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"VNDRBOOT")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Android vendor boot image, header versions 3 and 4",
        identified_by: "magic `VNDRBOOT`",
        reveals: "missing bytes",
        blind_to: "everything else: there is no checksum",
        source: "AOSP system/tools/mkbootimg include/bootimg/bootimg.h",
        tested_with: "mkbootimg, own construction",
    },
};

/// Bytes of the headers of versions 3 and 4.
const SIZE_3: u64 = 2112;
const SIZE_4: u64 = 2128;

/// What some releases of mkbootimg write for the size of the header of version 3.
const WRONG_SIZE_3: u64 = 2108;

/// Bytes of an entry of the table of RAM disks, and the most entries.
const ENTRY_SIZE: u64 = 108;
const MAX_ENTRIES: u32 = 64;

struct Header {
    bytes: Vec<u8>,
    version: u32,
}

impl Header {
    fn read(window: Window<'_>) -> Result<Self, ImageError> {
        let bytes = window.head(0, SIZE_4)?;
        let fields = Fields::little(&bytes);
        let is_4 = fields.u32(8) == 4 || (fields.u32(8) != 3 && u64::from(fields.u32(2096)) == SIZE_4);
        let version = if is_4 { 4 } else { 3 };
        Ok(Self { bytes, version })
    }

    fn fields(&self) -> Fields<'_> {
        Fields::little(&self.bytes)
    }

    fn size(&self) -> u64 {
        if self.version == 4 { SIZE_4 } else { SIZE_3 }
    }

    fn page(&self) -> u64 {
        let page = self.fields().u32(12);
        if page.is_power_of_two() && page >= 2048 { page.into() } else { 4096 }
    }

    /// Name, offset of the size's field, offset, size: of RAM disk, device trees, table, configuration.
    fn sections(&self) -> Vec<(&'static str, u64, u64, u64)> {
        let list: &[(&'static str, usize)] = match self.version {
            4 => &[("ramdisk", 24), ("dtb", 2100), ("ramdisk-table", 2112), ("bootconfig", 2124)],
            _ => &[("ramdisk", 24), ("dtb", 2100)],
        };
        let mut offset = self.size().next_multiple_of(self.page());
        let mut sections = Vec::new();
        for (name, size_at) in list {
            let size = u64::from(self.fields().u32(*size_at));
            sections.push((*name, *size_at as u64, offset, size));
            offset = (offset + size).next_multiple_of(self.page());
        }
        sections
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let header = Header::read(window)?;
    let fields = header.fields();
    let page = fields.u32(12);
    let signs = [
        matches!(fields.u32(8), 3 | 4),
        page.is_power_of_two() && (2048..=1 << 17).contains(&page),
        matches!(u64::from(fields.u32(2096)), SIZE_3 | WRONG_SIZE_3 | SIZE_4),
        fields.u32(24) < 1 << 30,
    ];
    Ok(evidence(&signs) >= 3)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let header = Header::read(window)?;
    let sections = header.sections();
    let end = sections.last().map_or(0, |(_, _, at, size)| (at + size).next_multiple_of(header.page()));
    let fields = header.fields();
    let name = fields.text(2080, 16);
    let container = reading.container(FORMAT.id, window.clamped(0, end));
    let mut put = |name: &str, value: String| container.insert(name.into(), value);
    put("header-version", header.version.to_string());
    put("page-size", header.page().to_string());
    put("name", name.clone());
    put("command-line", fields.text(28, 2048));
    put("kernel-address", format!("{:#x}", fields.u32(16)));
    put("ramdisk-address", format!("{:#x}", fields.u32(20)));
    if !name.trim().is_empty() {
        reading.board(name.trim());
        reading.set_model(name);
    }
    let at = window.start();
    reading.structure("version of the header", at + 8, header.version, fields.u32(8));
    if header.version == 4 || u64::from(fields.u32(2096)) != WRONG_SIZE_3 {
        reading.structure("size of the header", at + 2096, header.size(), fields.u32(2096));
    }
    reading.structure("page size", at + 12, header.page(), fields.u32(12));
    for (name, size_at, offset, size) in &sections {
        let there = window.clamped(*offset, *size).len();
        reading.declared_size(&format!("the {name}"), at + size_at, *size, there);
    }
    reading.uncovered("A vendor boot image has no checksum.");
    read_sections(window, &header, &sections, reading)?;
    reading.trailing(window, end)
}

fn read_sections(
    window: Window<'_>,
    header: &Header,
    sections: &[(&'static str, u64, u64, u64)],
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    for (name, _, offset, size) in sections {
        let part = window.clamped(*offset, *size);
        match *name {
            "ramdisk" if header.version == 4 => {
                let table = sections.iter().find(|(name, ..)| *name == "ramdisk-table");
                let table = table.map_or(window.clamped(0, 0), |(_, _, at, size)| window.clamped(*at, *size));
                read_ramdisks(part, table, header.fields().u32(2116), reading)?;
            }
            "ramdisk-table" => {}
            name => drop(reading.part(name, part)?),
        }
    }
    Ok(())
}

/// Reads the fragments that make up the RAM disk.
fn read_ramdisks(
    ramdisk: Window<'_>,
    table: Window<'_>,
    count: u32,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    for index in 0..count.min(MAX_ENTRIES) {
        let Some(bytes) = table.bytes(u64::from(index) * ENTRY_SIZE, ENTRY_SIZE)? else { break };
        let fields = Fields::little(&bytes);
        let (size, offset) = (fields.u32(0).into(), fields.u32(4).into());
        let name = match fields.text(12, 32) {
            name if name.is_empty() => format!("ramdisk-{index}"),
            name => name,
        };
        reading.part(name, ramdisk.clamped(offset, size))?;
    }
    Ok(())
}
