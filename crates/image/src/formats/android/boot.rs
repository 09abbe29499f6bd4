//! Android boot images, header versions 0 to 4: kernel, RAM disk and what goes with them, each on pages of its own.
//!
//! Source: AOSP `system/tools/mkbootimg`, `include/bootimg/bootimg.h`, `mkbootimg.py`. Up to version 2 the header holds
//! a SHA-1 over contents and sizes; LineageOS's mkbootimg adds the size 0 of a device tree that is not there. From
//! version 3 on there is no digest.

use sha2::Digest as _;

use crate::digest::hex;
use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "android-boot",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"ANDROID!")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Android boot image, header versions 0 to 4",
        identified_by: "magic `ANDROID!`",
        reveals: "up to version 2, damage in kernel, RAM disk and device trees, by a SHA-1; missing bytes",
        blind_to: "the header; from version 3 on, everything",
        source: "AOSP system/tools/mkbootimg include/bootimg/bootimg.h, mkbootimg.py; LineageOS mkbootimg",
        tested_with: "mkbootimg, own construction",
    },
};

/// Bytes of the longest header.
const HEADER_SIZE: u64 = 1660;

/// Page size from version 3 on.
const PAGE: u64 = 4096;

/// Sizes of headers of versions 3 and 4: some releases of mkbootimg write a wrong one for version 3.
const SIZES_3_AND_4: [u32; 3] = [1580, 1596, 1584];

/// Offset and length of the SHA-1 up to version 2.
const ID_AT: usize = 576;
const ID_SIZE: usize = 20;

/// One of the contents.
struct Section {
    name: &'static str,
    size_at: u64,
    offset: u64,
    size: u64,
}

struct Header {
    bytes: Vec<u8>,
    version: u32,
}

impl Header {
    fn read(window: Window<'_>) -> Result<Self, ImageError> {
        let bytes = window.head(0, HEADER_SIZE)?;
        let version = Self::version(Fields::little(&bytes));
        Ok(Self { bytes, version })
    }

    /// The version as layout and field agree on it: the field holds the size of a device tree in older images, and may
    /// have a flipped bit.
    fn version(fields: Fields<'_>) -> u32 {
        let page = fields.u32(36);
        // In versions 3 and 4 zeros stand here; before them, addresses and the page size.
        let reserved = fields.slice(24, 16).iter().filter(|byte| **byte != 0).count();
        let is_late = !is_page(page) && (reserved <= 1 || SIZES_3_AND_4.contains(&fields.u32(20)));
        match fields.u32(40) {
            version @ 0..=2 if !is_late => version,
            version @ 3..=4 if is_late => version,
            _ if is_late => {
                if fields.u32(20) == 1584 {
                    4
                } else {
                    3
                }
            }
            _ => match fields.u32(1644) {
                1648 => 1,
                1660 => 2,
                _ => 0,
            },
        }
    }

    fn fields(&self) -> Fields<'_> {
        Fields::little(&self.bytes)
    }

    fn page(&self) -> u64 {
        match self.version {
            0..=2 if is_page(self.fields().u32(36)) => self.fields().u32(36).into(),
            0..=2 => 2048,
            _ => PAGE,
        }
    }

    fn size(&self) -> u64 {
        match self.version {
            0 => 608 + 1024,
            1 => 1648,
            2 => 1660,
            3 => 1580,
            _ => 1584,
        }
    }

    /// What the image holds, in order.
    fn sections(&self) -> Vec<Section> {
        let fields = self.fields();
        let list: &[(&'static str, usize)] = match self.version {
            0 if self.has_old_tree() => &[("kernel", 8), ("ramdisk", 16), ("second", 24), ("dt", 40)],
            0 => &[("kernel", 8), ("ramdisk", 16), ("second", 24)],
            1 => &[("kernel", 8), ("ramdisk", 16), ("second", 24), ("recovery-dtbo", 1632)],
            2 => &[("kernel", 8), ("ramdisk", 16), ("second", 24), ("recovery-dtbo", 1632), ("dtb", 1648)],
            3 => &[("kernel", 8), ("ramdisk", 12)],
            _ => &[("kernel", 8), ("ramdisk", 12), ("signature", 1580)],
        };
        let page = self.page();
        let mut offset = self.size().next_multiple_of(page);
        let mut sections = Vec::new();
        for (name, size_at) in list {
            let size = u64::from(fields.u32(*size_at));
            sections.push(Section { name, size_at: *size_at as u64, offset, size });
            offset = (offset + size).next_multiple_of(page);
        }
        sections
    }

    /// Qualcomm's bootloaders took a table of device trees from here before there were versions.
    fn has_old_tree(&self) -> bool {
        self.version == 0 && self.fields().u32(40) > 16
    }

    fn os_version(&self) -> u32 {
        self.fields().u32(if self.version < 3 { 44 } else { 16 })
    }
}

fn is_page(size: u32) -> bool {
    size.is_power_of_two() && (512..=1 << 17).contains(&size)
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let header = Header::read(window)?;
    let fields = header.fields();
    let signs = [
        header.version >= 3 || is_page(fields.u32(36)),
        header.version >= 3 || fields.u32(8) > 0,
        header.sections().iter().all(|section| section.size < 1 << 30),
        header.version < 3 || SIZES_3_AND_4.contains(&fields.u32(20)),
    ];
    Ok(window.len() >= 608 && evidence(&signs) >= 3)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let header = Header::read(window)?;
    let sections = header.sections();
    let page = header.page();
    let end = sections.last().map_or(0, |last| (last.offset + last.size).next_multiple_of(page));
    describe(window.clamped(0, end), &header, reading);
    let at = window.start();
    let declared = header.fields().u32(match header.version {
        0..=2 => 1644,
        _ => 20,
    });
    let is_known = header.version == 3 && SIZES_3_AND_4[..2].contains(&declared);
    if header.version > 0 && !is_known {
        reading.structure("size of the header", at + 20, header.size(), declared);
    }
    let field = header.fields().u32(40);
    if !header.has_old_tree() {
        reading.structure("version of the header", at + 40, header.version, field);
    }
    for section in sections.iter().filter(|section| section.size > 0) {
        let there = window.clamped(section.offset, section.size).len();
        reading.declared_size(&format!("the {}", section.name), at + section.size_at, section.size, there);
    }
    check_id(window, &header, &sections, reading)?;
    for section in &sections {
        let part = window.clamped(section.offset, section.size);
        if section.name == "kernel"
            && let Some(architecture) = kernel_architecture(part)?
        {
            reading.set_architecture(architecture);
        }
        reading.part(section.name, part)?;
    }
    reading.set_vendor("Google");
    reading.trailing(window, end)
}

fn describe(window: Window<'_>, header: &Header, reading: &mut Reading<'_>) {
    let fields = header.fields();
    let (version, patch) = versions(header.os_version());
    let container = reading.container(FORMAT.id, window);
    let mut put = |name: &str, value: String| container.insert(name.into(), value);
    put("header-version", header.version.to_string());
    put("page-size", header.page().to_string());
    put("os-version", version.clone().unwrap_or_default());
    put("patch-level", patch.unwrap_or_default());
    let (command_at, command_len) = if header.version < 3 { (64, 512) } else { (44, 1536) };
    put("command-line", fields.text(command_at, command_len));
    if header.version < 3 {
        let name = fields.text(48, 16);
        put("name", name.clone());
        put("kernel-address", format!("{:#x}", fields.u32(12)));
        put("ramdisk-address", format!("{:#x}", fields.u32(20)));
        if !name.trim().is_empty() {
            reading.board(name.trim());
            reading.set_model(name);
        }
    }
    if let Some(version) = version {
        reading.set_version(version);
    }
}

/// Android's version, and the month of its security patches.
fn versions(word: u32) -> (Option<String>, Option<String>) {
    let (version, patch) = (word >> 11, word & 0x7ff);
    let number = format!("{}.{}.{}", version >> 14, version >> 7 & 0x7f, version & 0x7f);
    let month = format!("{}-{:02}", 2000 + (patch >> 4), patch & 0xf);
    ((version > 0).then_some(number), (patch > 0).then_some(month))
}

/// Compares the SHA-1 over contents, each followed by its size.
fn check_id(
    window: Window<'_>,
    header: &Header,
    sections: &[Section],
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    if header.version >= 3 {
        reading.uncovered("A boot image of header version 3 or 4 has no checksum.");
        return Ok(());
    }
    let fields = header.fields();
    let id = fields.slice(ID_AT, ID_SIZE);
    let at = window.start() + ID_AT as u64;
    if id.iter().all(|byte| *byte == 0) {
        reading.uncovered("The boot image was made without a digest.");
        return Ok(());
    }
    let mut hasher = sha1::Sha1::new();
    for section in sections {
        window.clamped(section.offset, section.size).stream(|piece| hasher.update(piece))?;
        hasher.update((section.size as u32).to_le_bytes());
    }
    let plain = hex(&hasher.clone().finalize());
    hasher.update([0; 4]);
    let with_empty_tree = hex(&hasher.finalize());
    let expected = hex(id);
    let actual = if with_empty_tree == expected { with_empty_tree } else { plain };
    reading.digest("sha1 of contents", at, expected, actual);
    reading.uncovered("The header of the boot image, its command line included, is covered by no checksum.");
    Ok(())
}

/// The architecture of a Linux kernel, where its start tells.
pub(super) fn kernel_architecture(kernel: Window<'_>) -> Result<Option<&'static str>, ImageError> {
    if kernel.has(0x38, b"ARM\x64")? {
        return Ok(Some("arm64"));
    }
    if kernel.has(0x24, &[0x18, 0x28, 0x6f, 0x01])? {
        return Ok(Some("arm"));
    }
    if kernel.has(0x38, b"RSC\x05")? {
        return Ok(Some("riscv"));
    }
    if kernel.has(0x202, b"HdrS")? {
        let is_wide = kernel.u8(0x236)?.is_some_and(|flags| flags & 1 != 0);
        return Ok(Some(if is_wide { "x86_64" } else { "x86" }));
    }
    Ok(None)
}
