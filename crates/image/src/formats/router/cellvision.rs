//! Firmware of Cellvision cameras and network drives, sold under many names.
//!
//! Source: OpenWrt firmware-utils d21804a `src/mkcasfw.c`. Words are little-endian; the checksums combine all whole
//! words with exclusive or.

use crate::digest::words;
use crate::error::ImageError;
use crate::format::{About, Format};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, could_be, hand_on, hand_on_rest, hex32, unless, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "cellvision-cas",
    &[],
    |window| Ok(kind(window)?.is_some()),
    read,
    About {
        outermost: &[],
        name: "Cellvision camera and network drive image",
        identified_by: "three magic words in the header of cameras; offsets that add up in the one of drives",
        reveals: "damaged kernel and file system, by a 32-bit exclusive or each; a file that is cut off",
        blind_to: "damage in the board id; an even number of damages in the same bit of words",
        source: "OpenWrt firmware-utils d21804a src/mkcasfw.c",
        tested_with: "mkcasfw; own construction",
    },
);

const SIZE: u64 = 32;

const MAGICS: [u32; 3] = [0x5241_aa55, 0x524f_4741, 0xd3f2_2d4e];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Camera,
    Drive,
}

/// Boards by kind and id: maker and model. Some ids stand for several models; the first is here.
const BOARDS: &[(Kind, u32, &str, &str)] = &[
    (Kind::Camera, 0x0100_0000, "Cellvision", "CAS-630"),
    (Kind::Camera, 0x0101_0102, "D-Link", "DCS-950"),
    (Kind::Camera, 0x0102_0102, "D-Link", "DCS-950G"),
    (Kind::Camera, 0x020b_0101, "Ovislink", "WL-5420CAM"),
    (Kind::Camera, 0x020b_0001, "Ovislink", "WL-5460CAM"),
    (Kind::Camera, 0x0102_0402, "Sitecom", "LN-403"),
    (Kind::Camera, 0x0101_0402, "Sitecom", "WL-401"),
    (Kind::Camera, 0x0103_0a02, "Surecom", "EP-4001-MM"),
    (Kind::Camera, 0x0102_0a02, "Surecom", "EP-4002-MM"),
    (Kind::Camera, 0x0101_0a02, "Surecom", "EP-4011-MM"),
    (Kind::Camera, 0x0100_0a02, "Surecom", "EP-4012-MM"),
    (Kind::Drive, 0x0100_0000, "Cellvision", "NFS-101U"),
    (Kind::Drive, 0x0100_0001, "Cellvision", "NFS-202U"),
    (Kind::Drive, 0x0100_0002, "Cellvision", "NFS-202WU"),
    (Kind::Drive, 0x0100_0003, "Cellvision", "NFS-101WU"),
    (Kind::Drive, 0x0100_0020, "Corega", "CG-NSADP"),
    (Kind::Drive, 0x0100_0021, "Corega", "CG-NSADPCR"),
    (Kind::Drive, 0x0100_0030, "D-Link", "DNS-120"),
    (Kind::Drive, 0x0100_0032, "D-Link", "DNS-G120"),
    (Kind::Drive, 0x0100_0040, "Ovislink", "MU-5000FS"),
    (Kind::Drive, 0x0100_0081, "TRENDnet", "TN-U100"),
    (Kind::Drive, 0x0100_0082, "TRENDnet", "TN-U200"),
    (Kind::Drive, 0x0000_0000, "Lobos", "LB-SS01TXU"),
];

fn kind(window: Window<'_>) -> Result<Option<Kind>, ImageError> {
    let (Some(size), Some(root_at), Some(root)) = (window.le32(8)?, window.le32(12)?, window.le32(16)?)
    else {
        return Ok(None);
    };
    let size = u64::from(size);
    let offset = bit_errors(window, 4, &[SIZE as u8, 0, 0, 0])?;
    let fits = |total: u64| unless(could_be(window, total));
    let mut magic = [0; 12];
    for (place, word) in magic.chunks_exact_mut(4).zip(MAGICS) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    let camera =
        bit_errors(window, 0, &[1, 0, 0, 0])? + offset + bit_errors(window, 20, &magic)? + fits(SIZE + size);
    if camera <= 1 {
        return Ok(Some(Kind::Camera));
    }
    let adds_up = u64::from(root_at) == SIZE + size;
    let id = window.le32(28)?.unwrap_or_default();
    // A damaged size or offset of the root file system alone is forgiven; the rest then has to be right.
    let near = unless(adds_up) + unless((u64::from(root_at) ^ (SIZE + size)).count_ones() <= 1);
    let drive = bit_errors(window, 0, &[0; 4])?
        + offset
        + near
        + unless(size > 0 && (could_be(window, SIZE + size + u64::from(root)) || near == 1))
        + unless(id & 0xfe00_ff00 == 0);
    Ok((drive <= 1 && window.len() > SIZE && size > 0).then_some(Kind::Drive))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(kind) = kind(window)? else { return Ok(()) };
    let at = window.start();
    let word = |place: u64| -> Result<u32, ImageError> { Ok(window.le32(place)?.unwrap_or_default()) };
    let size = u64::from(word(8)?);
    let kernel = window.clamped(SIZE, size);
    let (id, sum_at, id_at) = match kind {
        Kind::Camera => (word(12)?, 16, 12),
        Kind::Drive => (word(28)?, 20, 28),
    };
    let root = if kind == Kind::Drive { u64::from(word(16)?) } else { 0 };
    let end = SIZE + size + root;
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    fields.insert("kind".into(), if kind == Kind::Camera { "camera" } else { "drive" }.into());
    fields.insert("board".into(), hex32(id));
    fields.insert("kernel-size".into(), size.to_string());
    match BOARDS.iter().find(|(of, board, ..)| *of == kind && *board == id) {
        Some((_, _, maker, model)) => {
            reading.set_vendor(*maker);
            reading.set_model(*model);
        }
        None => reading.set_vendor("Cellvision"),
    }
    reading.board(hex32(id));
    let expected_type = u32::from(kind == Kind::Camera);
    reading.structure("type of the header", at, expected_type, word(0)?);
    reading.structure("offset of the kernel", at + 4, SIZE, word(4)?);
    if kind == Kind::Camera {
        for (index, magic) in (0_u64..).zip(MAGICS) {
            let place = 20 + index * 4;
            reading.structure(format!("magic word {index}"), at + place, hex32(magic), hex32(word(place)?));
        }
    } else {
        reading.structure("offset of the file system", at + 12, SIZE + size, u64::from(word(12)?));
    }
    reading.declared_size("the kernel", at + 8, size, kernel.len());
    reading.digest("exclusive or of the kernel", at + sum_at, hex32(word(sum_at)?), hex32(xor(kernel)?));
    hand_on(kernel, reading)?;
    if root > 0 {
        let part = window.clamped(SIZE + size, root);
        reading.declared_size("the file system", at + 16, root, part.len());
        reading.digest("exclusive or of the file system", at + 24, hex32(word(24)?), hex32(xor(part)?));
        hand_on(part, reading)?;
    }
    reading.uncovered(format!("No checksum covers the board id at offset {}.", at + id_at));
    hand_on_rest(window, end, reading)
}

fn xor(window: Window<'_>) -> Result<u32, ImageError> {
    let mut sum = 0;
    words::<4>(window.clamped(0, window.len() & !3), |word| sum ^= u32::from_le_bytes(word))?;
    Ok(sum)
}
