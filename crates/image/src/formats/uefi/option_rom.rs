//! PCI option ROMs: one or more images, each with a sum over itself and a structure that names the device.
//!
//! Source: PCI Firmware Specification 3.0, section 5.1; UEFI Specification 2.10, section 14.4.2. The first byte that is
//! chosen freely makes the sum of all bytes zero; code types are 0 (PC-AT), 1 (Open Firmware), 2 (PA-RISC) and 3 (EFI).

use crate::digest::byte_sum;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "pci-option-rom",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "PCI option ROM",
        identified_by: "55aa, and a structure PCIR or the mark of a video BIOS",
        reveals: "damaged code for PCs, by a sum over each image; missing bytes",
        blind_to: "images for other machines, and bytes behind the last image",
        source: "PCI Firmware Specification 3.0, section 5.1; UEFI Specification 2.10, section 14.4.2",
        tested_with: "Debian's SeaBIOS and iPXE, fwupdtool, own construction",
    },
};

const BLOCK: u64 = 512;

/// Where the pointer to the structure is.
const POINTER: u64 = 0x18;

/// What video BIOSes carry, and where.
const VIDEO: (u64, &[u8]) = (0x1e, b"IBM");

const MAX_IMAGES: u32 = 32;

const MAX_SIZE: u64 = 16 << 20;

/// Bit 7 of the indicator: no image follows.
const IS_LAST: u8 = 0x80;

/// How far the maker's name is looked for.
const NAME_REACH: u64 = 256 * 1024;

/// What the structure says.
struct Structure {
    at: u64,
    vendor: u16,
    device: u16,
    size: u64,
    code: u8,
    is_last: bool,
}

impl Structure {
    fn read(image: Window<'_>) -> Result<Option<Self>, ImageError> {
        let Some(at) = image.le16(POINTER)?.map(u64::from).filter(|at| *at >= POINTER) else {
            return Ok(None);
        };
        let Some(bytes) = image.array::<22>(at)? else { return Ok(None) };
        let wrong: u32 = bytes.iter().zip(b"PCIR").map(|(left, right)| (left ^ right).count_ones()).sum();
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let size = u64::from(half(16)) * BLOCK;
        let (vendor, device, code) = (half(4), half(6), bytes[20]);
        let is_last = bytes[21] & IS_LAST != 0;
        Ok((wrong <= 1).then_some(Self { at, vendor, device, size, code, is_last }))
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some([first, second, blocks, jump]) = window.array(0)? else { return Ok(false) };
    let wrong = (first ^ 0x55).count_ones() + (second ^ 0xaa).count_ones();
    if wrong > 1 || window.len() > MAX_SIZE || blocks == 0 {
        return Ok(false);
    }
    let size = u64::from(blocks) * BLOCK;
    let structure = Structure::read(window)?;
    let reserve = window.head(6, POINTER - 6)?;
    let votes = [
        wrong == 0,
        structure.is_some(),
        structure.is_some_and(|structure| structure.code <= 3 && structure.size > 0),
        window.has(VIDEO.0, VIDEO.1)?,
        matches!(jump, 0xe9 | 0xeb | 0xe8 | 0xcb),
        size / 4 <= window.len() && window.len() <= size.saturating_mul(64),
        reserve.iter().filter(|byte| **byte == 0).count() >= 8,
        size <= window.len() && byte_sum(window.clamped(0, size))? & 0xff == 0,
    ];
    let count = votes.into_iter().filter(|vote| *vote).count();
    Ok((votes[1] || votes[3]) && count >= 4)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let signature = window.array::<2>(0)?.unwrap_or_default();
    reading.structure("signature", window.start(), "55aa", crate::digest::hex(&signature));
    set_maker(window, reading)?;
    let mut at = 0;
    for number in 0..MAX_IMAGES {
        let rest = window.clamped(at, u64::MAX);
        if number > 0 && !rest.has(0, &[0x55, 0xaa])? {
            break;
        }
        let structure = Structure::read(rest)?;
        let size = read_image(rest, structure.as_ref(), reading)?;
        at += size;
        if size == 0 || structure.is_none_or(|structure| structure.is_last) || at >= window.len() {
            break;
        }
    }
    reading.trailing(window, at)
}

/// Reads one image; its size, as far as it is there.
fn read_image(
    window: Window<'_>,
    structure: Option<&Structure>,
    reading: &mut Reading<'_>,
) -> Result<u64, ImageError> {
    let is_efi = structure.is_some_and(|structure| structure.code == 3);
    let short = u64::from(window.u8(2)?.unwrap_or_default()) * BLOCK;
    // EFI images count their blocks with 16 bits, and the structure counts those of all.
    let size = structure.map_or(short, |structure| structure.size.max(BLOCK));
    let image = window.clamped(0, size);
    let fields = reading.container(FORMAT.id, image);
    fields.insert("blocks".into(), (size / BLOCK).to_string());
    if let Some(structure) = structure {
        let id = format!("{:04x}:{:04x}", structure.vendor, structure.device);
        let code = match structure.code {
            0 => "PC-AT",
            1 => "Open Firmware",
            2 => "PA-RISC",
            3 => "EFI",
            _ => "unknown",
        };
        fields.insert("device".into(), id.clone());
        fields.insert("code".into(), code.into());
        if structure.vendor != 0 {
            reading.board(id);
        }
        if structure.code == 0 {
            reading.set_architecture("x86");
        }
    } else {
        reading.set_architecture("x86");
    }
    let start = window.start();
    let size_at = structure.map_or(start + 2, |structure| start + structure.at + 16);
    reading.declared_size("the image", size_at, size, image.len());
    // Code for PCs starts with a jump, whatever a damaged structure says.
    let jumps = matches!(window.u8(3)?, Some(0xe9 | 0xeb)) && !is_efi;
    if jumps || structure.is_none_or(|structure| structure.code == 0) {
        let summed = image.clamped(0, short);
        let sum = byte_sum(summed)? & 0xff;
        reading.digest("sum of the image", start, "00", format!("{sum:02x}"));
        if summed.len() < image.len() && !image.clamped(short, u64::MAX).is_padding()? {
            reading.uncovered("An image of the ROM is longer than the part that its sum covers.");
        }
    } else {
        reading.uncovered("An image of the ROM is for machines that check no sum.");
    }
    if is_efi {
        let program = u64::from(window.le16(0x16)?.unwrap_or_default());
        let is_plain = window.le16(0x0c)? == Some(0);
        if is_plain && program > 0 {
            reading.part("driver", image.clamped(program, u64::MAX))?;
        } else if !is_plain {
            reading.uncovered("An EFI driver in the ROM is compressed in a way that is not undone here.");
        }
    }
    Ok(image.len())
}

/// Who made it, where that is one of the two that put their names in.
fn set_maker(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    for (name, maker) in [(b"iPXE".as_slice(), "iPXE"), (b"SeaVGABIOS", "SeaBIOS"), (b"SeaBIOS", "SeaBIOS")] {
        if window.find(name, 0, NAME_REACH)?.is_some() {
            reading.set_vendor(maker);
            if maker == "SeaBIOS" {
                super::pc_bios::set_version(window, reading)?;
            }
            break;
        }
    }
    Ok(())
}
