//! Netgear CHK: a header with the board id, three checksums over kernel and root file system, and one over itself.
//!
//! Source: firmware-utils `src/mkchkimg.c` (d21804a), which also explains the eight bytes at 8: region (1 for the world, 2
//! for North America), then the seven numbers of the version. All fields are big-endian. The checksum is two running
//! sums of 32 bits, each folded to 16.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::{count, is_printable};
use crate::formats::router::{identity, payload};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "netgear-chk",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, &[0x2a, 0x23, 0x24, 0x5e])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Netgear CHK",
        identified_by: "*#$^, header size, board id",
        reveals: "damaged header, kernel or root file system, by Netgear's checksum",
        blind_to: "what is appended",
        source: "firmware-utils src/mkchkimg.c",
        tested_with: "mkchkimg",
    },
};

/// The header without the board id.
const FIXED: u64 = 0x28;

/// The longest board id.
const MAX_BOARD: u64 = 64;

const AT_HEADER_SIZE: u64 = 4;
const AT_REGION: u64 = 8;
const AT_KERNEL_SUM: u64 = 0x10;
const AT_ROOTFS_SUM: u64 = 0x14;
const AT_KERNEL_SIZE: u64 = 0x18;
const AT_ROOTFS_SIZE: u64 = 0x1c;
const AT_IMAGE_SUM: u64 = 0x20;
const AT_HEADER_SUM: u64 = 0x24;

/// How board ids end.
const ENDING: &str = "_NETGEAR";

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let size = window.be32(AT_HEADER_SIZE)?.unwrap_or(0).into();
    let start = text(&window.head(FIXED, 6)?);
    let kernel = u64::from(window.be32(AT_KERNEL_SIZE)?.unwrap_or(0));
    let signs = [
        (FIXED + 1..=FIXED + MAX_BOARD).contains(&size),
        is_printable(&start) && start.len() == 6,
        kernel != 0 && kernel <= 256 << 20,
    ];
    Ok(count(&signs) >= 2)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let declared = window.be32(AT_HEADER_SIZE)?.unwrap_or(0).into();
    let kernel_size = u64::from(window.be32(AT_KERNEL_SIZE)?.unwrap_or(0));
    let rootfs_size = u64::from(window.be32(AT_ROOTFS_SIZE)?.unwrap_or(0));
    let (board, size) = board(window, declared)?;
    let end = size + kernel_size + rootfs_size;
    let at = window.start();
    reading.container(FORMAT.id, window.clamped(0, end));
    let index = reading.last_container();
    identity::record_netgear(&board, reading);
    let [region, version @ ..] = window.array::<8>(AT_REGION)?.unwrap_or_default();
    let [a, b, c, d, e, f, g] = version;
    let version = format!("V{a}.{b}.{c}.{d}_{e}.{f}.{g}");
    let region = match region {
        1 => "WW".to_owned(),
        2 => "NA".to_owned(),
        other => other.to_string(),
    };
    let fields = &mut reading.container_at(index).fields;
    fields.insert("board".into(), board);
    fields.insert("region".into(), region.clone());
    fields.insert("version".into(), version.clone());
    fields.insert("kernel-size".into(), kernel_size.to_string());
    fields.insert("rootfs-size".into(), rootfs_size.to_string());
    reading.set_region(region);
    reading.set_version(version);
    reading.structure("size of the header", at + AT_HEADER_SIZE, size, declared);
    reading.declared_size("the image", at + AT_KERNEL_SIZE, end, window.len());
    let kernel = window.clamped(size, kernel_size);
    let rootfs = window.clamped(size + kernel_size, rootfs_size);
    let header = window.head(0, size)?;
    let mut sums = vec![
        ("header", AT_HEADER_SUM, header_sum(&header)),
        ("kernel", AT_KERNEL_SUM, sum([kernel])?),
        ("image", AT_IMAGE_SUM, sum([kernel, rootfs])?),
    ];
    if rootfs_size != 0 {
        sums.push(("root file system", AT_ROOTFS_SUM, sum([rootfs])?));
    }
    for (what, place, actual) in sums {
        let expected = window.be32(place)?.unwrap_or(0);
        let name = format!("checksum of the {what}");
        reading.digest(name, at + place, format!("{expected:08x}"), format!("{actual:08x}"));
    }
    if rootfs_size == 0 {
        payload::read(kernel, reading)?;
    } else {
        reading.part("kernel", kernel)?;
        reading.part("rootfs", rootfs)?;
    }
    reading.trailing(window, end)
}

/// The board id, and where it ends: as declared, or where a board id with the usual ending does.
fn board(window: Window<'_>, declared: u64) -> Result<(String, u64), ImageError> {
    let room = String::from_utf8_lossy(&window.head(FIXED, MAX_BOARD)?).into_owned();
    let ending = room.find(ENDING).map(|place| place + ENDING.len());
    let declared_length = declared.checked_sub(FIXED).filter(|length| (1..=MAX_BOARD).contains(length));
    let length = match (declared_length, ending) {
        (Some(length), _) if length as usize <= room.len() => length,
        (_, Some(length)) => length as u64,
        _ => 0,
    };
    let usual = ending.filter(|usual| *usual as u64 != length && room.is_char_boundary(*usual));
    let length = usual.map_or(length, |usual| usual as u64);
    let name = text(&window.head(FIXED, length)?);
    Ok((name, FIXED + length))
}

/// Two running sums.
#[derive(Default)]
struct Sums(u32, u32);

impl Sums {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(u32::from(*byte));
            self.1 = self.1.wrapping_add(self.0);
        }
    }

    fn finish(&self) -> u32 {
        let fold = |sum: u32| {
            let once = (sum & 0xffff) + (sum >> 16);
            (once + (once >> 16)) & 0xffff
        };
        fold(self.1) << 16 | fold(self.0)
    }
}

fn sum<const N: usize>(windows: [Window<'_>; N]) -> Result<u32, ImageError> {
    let mut sums = Sums::default();
    for window in windows {
        window.stream(|piece| sums.add(piece))?;
    }
    Ok(sums.finish())
}

/// The checksum of a header, with its own field at zero.
fn header_sum(header: &[u8]) -> u32 {
    let mut sums = Sums::default();
    let field = AT_HEADER_SUM as usize;
    sums.add(&header[..header.len().min(field)]);
    sums.add(&[0; 4]);
    sums.add(header.get(field + 4..).unwrap_or_default());
    sums.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::router::tests::{check, damaged, facts, noise};

    fn chk(rootfs: &[u8]) -> Vec<u8> {
        let kernel = noise(0x900);
        let mut image = vec![0x2a, 0x23, 0x24, 0x5e, 0, 0, 0, 0x3a, 1, 1, 0, 0, 68, 1, 2, 3];
        let part = |bytes: &[u8]| {
            let mut sums = Sums::default();
            sums.add(bytes);
            sums.finish()
        };
        let whole = [&kernel[..], rootfs].concat();
        let rootfs_sum = if rootfs.is_empty() { 0 } else { part(rootfs) };
        for word in [part(&kernel), rootfs_sum, kernel.len() as u32, rootfs.len() as u32, part(&whole), 0] {
            image.extend(word.to_be_bytes());
        }
        image.extend(b"U12H315T30_NETGEAR");
        let sum = header_sum(&image);
        image[0x24..0x28].copy_from_slice(&sum.to_be_bytes());
        image.extend(whole);
        image
    }

    #[test]
    fn every_damage_shows() {
        for image in [chk(&[]), chk(&noise(0x300))] {
            check(&image, "netgear-chk");
            damaged(&image, "netgear-chk", &[0, 5, 7, 8, 0x11, 0x1b, 0x22, 0x25, 0x29, 0x400]);
        }
    }

    #[test]
    fn the_header_names_board_region_and_version() {
        let found = facts(&chk(&[]));
        assert_eq!(found.board_ids, ["U12H315T30_NETGEAR"]);
        assert_eq!(found.region.as_deref(), Some("WW"));
        assert_eq!(found.version.as_deref(), Some("V1.0.0.68_1.2.3"));
    }
}
