//! Broadcom's image tag: 256 bytes of ASCII fields and CRC-32 before kernel and root filesystem, in either order.
//!
//! Source: firmware-utils `src/bcm_tag.h`, `src/imagetag.c`, `src/spw303v.c`, `src/zyxbcm.c`. Numbers are decimal
//! text, CRC-32 are big-endian and stored without the final complement. Addresses are those in flash: what lies lower
//! comes first in the file. T-Com's tag (signature `AAAAAAAA Corporatio`) continues the CRC of the image over 64 fixed
//! bytes; Zyxel's has the end of the image at 182.

use crate::digest::{crc32_from, jamcrc};
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::router::clues::{count, hex32, is_text_field};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "broadcom-imagetag",
    rank: Rank::Wrapper,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Broadcom image tag (CFE of BCM63xx)",
        identified_by: "signature, chip, board and decimal sizes where the tag has them",
        reveals: "a damaged tag, kernel or root filesystem, by CRC-32",
        blind_to: "the last 16 bytes of the tag; bytes behind the image",
        source: "firmware-utils src/bcm_tag.h, src/imagetag.c, src/spw303v.c, src/zyxbcm.c",
        tested_with: "own construction",
    },
};

const SIZE: usize = 256;
const SUMMED: usize = 236;

/// Where the CRC-32 of kernel and root filesystem stands.
const FULL_CRC: usize = 196;

/// Load address, entry and size before the compressed kernel.
const KERNEL_HEADER: u64 = 12;

/// Over what T-Com's CRC of the image goes on.
const T_COM_TAIL: [u8; 64] = [
    0x18, 0x21, 0x21, 0x18, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x18, 0x21, 0x24, 0x21, 0x1b, //
    0x18, 0x18, 0x24, 0x24, 0x18, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x1b, 0x18, 0x18, 0x24, //
    0x24, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x18, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x18, //
    0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21, 0x18, 0x21, 0x21, 0x21, 0x21, 0x21, 0x21,
];

/// Boards whose CRC of the image covers the kernel alone.
const KERNEL_ONLY: [&str; 2] = ["AGPF-S0", "DWV-S0"];

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(bytes) = window.array::<SIZE>(0)? else { return Ok(false) };
    let tag = Tag(bytes);
    let is_number = |at: usize, size: usize| is_number_field(&bytes[at..at + size]);
    let evidence = [
        bytes[0].is_ascii_digit() && bytes[2..4] == [0, 0],
        is_text_field(&bytes[4..24], 4, 0),
        is_number(38, 6) || is_text_field(&bytes[38..44], 3, 0),
        is_text_field(&bytes[44..60], 2, 0),
        matches!(&bytes[60..62], [b'0' | b'1', 0]),
        is_number(62, 10),
        is_number(94, 12),
        is_number(106, 10),
        is_number(116, 12),
        is_number(128, 10),
    ];
    let proved = tag.stored(236) == tag.actual_crc();
    Ok(count(&evidence) >= if proved { 6 } else { 8 })
}

/// Whether a field holds a decimal number and at least one zero behind it, and nothing else, one byte apart.
fn is_number_field(bytes: &[u8]) -> bool {
    let digits = bytes.iter().take_while(|byte| **byte != 0).count();
    let odd = bytes[..digits].iter().filter(|byte| !byte.is_ascii_digit()).count()
        + bytes[digits..].iter().filter(|byte| **byte != 0).count();
    (1..bytes.len()).contains(&digits) && odd <= 1
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(bytes) = window.array::<SIZE>(0)? else { return Ok(()) };
    let tag = Tag(bytes);
    let total = tag.size();
    tag.describe(window.clamped(0, total.saturating_add(SIZE as u64)), reading);
    let at = window.start();
    reading.digest("crc32 of the tag", at + 236, hex32(tag.stored(236)), hex32(tag.actual_crc()));
    let image = window.clamped(SIZE as u64, total);
    reading.declared_size("the image", at + 62, total, window.len() - SIZE as u64);
    tag.check_image(image, at, reading)?;
    tag.read_parts(image, reading)?;
    reading.trailing(window, total.saturating_add(SIZE as u64))
}

struct Tag([u8; SIZE]);

impl Tag {
    fn text(&self, at: usize, size: usize) -> String {
        text(&self.0[at..at + size])
    }

    /// A decimal field; 0 where it holds anything else.
    fn number(&self, at: usize, size: usize) -> u64 {
        self.text(at, size).trim().parse::<u32>().map_or(0, u64::from)
    }

    /// The size of the image. Where the root filesystem comes first, packers forget the 12 bytes before the kernel.
    fn size(&self) -> u64 {
        let [(root_at, _), (kernel_at, kernel_size)] = self.stretches();
        let total = self.number(62, 10);
        let end = kernel_at.saturating_add(kernel_size);
        if root_at < kernel_at && end == total + KERNEL_HEADER { end } else { total }
    }

    fn stored(&self, at: usize) -> u32 {
        u32::from_be_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }

    fn actual_crc(&self) -> u32 {
        !crc32fast::hash(&self.0[..SUMMED])
    }

    fn is_t_com(&self) -> bool {
        self.0[4..].starts_with(b"AAAAAAAA")
    }

    /// Zyxel's tag: the end of the image in flash stands at 182, where others have text or nothing.
    fn is_zyxel(&self) -> bool {
        is_number_field(&self.0[182..194]) && self.text(182, 12).len() >= 8
    }

    fn describe(&self, window: Window<'_>, reading: &mut Reading<'_>) {
        let fields = reading.container(FORMAT.id, window);
        let mut put = |name: &str, value: String| fields.insert(name.into(), value);
        put("tag-version", self.text(0, 4));
        put("signature", format!("{} {}", self.text(4, 20), self.text(24, 14)).trim().into());
        put("chip", self.text(38, 6));
        put("board", self.text(44, 16));
        put("root-address", format!("{:#x}", self.number(94, 12)));
        put("kernel-address", format!("{:#x}", self.number(116, 12)));
        put("information", self.text(162, 20));
        if self.is_t_com() {
            reading.set_vendor("T-Com");
        } else if self.is_zyxel() {
            reading.set_vendor("Zyxel");
        }
        reading.board(self.text(44, 16));
        reading.boards_are_declared = true;
        reading.set_architecture("mips");
    }

    /// Offset in the image and size of the root filesystem, as its CRC covers it, and of the kernel.
    fn stretches(&self) -> [(u64, u64); 2] {
        let (root, kernel) = (self.number(94, 12), self.number(116, 12));
        let loader = self.number(84, 10);
        let first = if root == 0 { kernel } else { root.min(kernel) };
        let offset = |address: u64| loader + address.saturating_sub(first);
        [(offset(root), self.number(106, 10)), (offset(kernel), self.number(128, 10))]
    }

    fn check_image(&self, image: Window<'_>, at: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let [(root_at, root_size), (kernel_at, kernel_size)] = self.stretches();
        let loader = self.number(84, 10);
        let kernel = image.clamped(kernel_at, kernel_size);
        let stored = self.stored(216);
        let mut actual = jamcrc(image)?;
        if KERNEL_ONLY.contains(&self.text(44, 16).as_str()) {
            actual = jamcrc(kernel)?;
            self.check_all(image, at, reading)?;
        } else if loader > 0 && actual != stored {
            actual = jamcrc(image.clamped(loader, u64::MAX))?;
        } else if self.is_t_com() {
            actual = crc32_from(Window::whole(&T_COM_TAIL.to_vec()), actual)?;
        }
        reading.digest("crc32 of the image", at + 216, hex32(stored), hex32(actual));
        if self.is_t_com() {
            return Ok(());
        }
        if self.stored(220) != 0 {
            let root = image.clamped(root_at, root_size);
            let name = "crc32 of the root filesystem";
            reading.digest(name, at + 220, hex32(self.stored(220)), hex32(jamcrc(root)?));
        }
        if self.stored(224) != 0 {
            reading.digest("crc32 of the kernel", at + 224, hex32(self.stored(224)), hex32(jamcrc(kernel)?));
        }
        Ok(())
    }

    /// Compares the CRC of kernel and root filesystem where the CRC of the image is that of the kernel alone. Text of the
    /// vendor may stand there instead.
    fn check_all(&self, image: Window<'_>, at: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let is_text = |byte: &u8| *byte == 0 || (0x20..0x7f).contains(byte);
        if self.0[FULL_CRC..FULL_CRC + 4].iter().all(is_text) {
            reading.uncovered("The CRC-32 of the image covers its kernel alone.");
            return Ok(());
        }
        let (stored, actual) = (self.stored(FULL_CRC), jamcrc(image)?);
        let name = "crc32 of kernel and root filesystem";
        reading.digest(name, at + FULL_CRC as u64, hex32(stored), hex32(actual));
        Ok(())
    }

    fn read_parts(&self, image: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let [(root_at, root_size), (kernel_at, kernel_size)] = self.stretches();
        let loader = self.number(84, 10);
        if loader > 0 {
            reading.part("cfe", image.clamped(0, loader))?;
        }
        let kernel = image.clamped(kernel_at, kernel_size);
        let packed = kernel.clamped(KERNEL_HEADER, u64::MAX);
        if root_at < kernel_at {
            reading.part("rootfs", image.clamped(root_at, root_size))?;
            reading.part("kernel", packed)?;
        } else {
            reading.part("kernel", packed)?;
            let root_at = kernel_at.saturating_add(kernel_size);
            reading.part("rootfs", image.clamped(root_at, u64::MAX))?;
        }
        Ok(())
    }
}
