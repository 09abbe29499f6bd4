//! Zcomax: a kernel and a root file system, each between a header and a tail with hardware id and checksum.
//!
//! Source: OpenWrt firmware-utils d21804a `src/mkzcfw.c`, `src/cyg_crc32.c`. Words of headers are little-endian, those of
//! tails big-endian; the CRC-32 starts at 0 and is not complemented.

use crate::digest::crc32_from;
use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, could_be, hand_on, hex32, unless, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "zcomax",
    &[Magic::at(0, b"firm")],
    |window| {
        let len = u64::from(window.le32(4)?.unwrap_or_default());
        let errors = bit_errors(window, HEADER, b"Kimg")? + unless(could_be(window, HEADER + len));
        Ok(errors <= 1)
    },
    read,
    About {
        outermost: &[],
        name: "Zcomax firmware",
        identified_by: "magic firm and a first block Kimg",
        reveals: "any damage of kernel and root file system, by CRC-32 of each and of all",
        blind_to: "words of the headers that nobody knows",
        source: "OpenWrt firmware-utils d21804a src/mkzcfw.c",
        tested_with: "mkzcfw; own construction",
    },
);

const HEADER: u64 = 16;
const TAIL: u64 = 8;
const MAX_BLOCKS: u32 = 8;
/// Models by hardware id.
const MODELS: &[(u32, &str)] = &[(0x6666_1523, "ZCN-1523H-2-8"), (0x6615_235a, "ZCN-1523H-5-16")];

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let len = u64::from(window.le32(4)?.unwrap_or_default());
    let end = HEADER.saturating_add(len);
    reading.container(FORMAT.id, window.clamped(0, end));
    let container = reading.last_container();
    reading.set_vendor("Zcomax");
    reading.declared_size("the firmware", window.start() + 4, end, window.len());
    let id = check("the firmware", window.clamped(HEADER, len), len, reading)?;
    if let Some(id) = id {
        reading.container_at(container).fields.insert("hardware-id".into(), hex32(id));
        reading.board(hex32(id));
        if let Some((_, model)) = MODELS.iter().find(|(known, _)| *known == id) {
            reading.set_model(*model);
        }
    }
    let body = window.clamped(HEADER, len.saturating_sub(TAIL));
    let mut at = 0;
    for _ in 0..MAX_BLOCKS {
        let Some(size) = body.le32(at + 4)?.map(u64::from) else { break };
        let name = match &body.head(at, 4)?[..] {
            b"Kimg" => "kernel",
            b"Rimg" => "rootfs",
            _ => break,
        };
        let block = body.clamped(at + HEADER, size);
        reading.declared_size(name, body.start() + at + 4, size, block.len());
        check(name, block, size, reading)?;
        hand_on(block.clamped(0, size.saturating_sub(TAIL)), reading)?;
        at += HEADER + size;
    }
    reading.trailing(window, end)
}

/// Compares a block of a declared size with the checksum in its tail; the hardware id, where all of it is there.
fn check(
    what: &str,
    block: Window<'_>,
    size: u64,
    reading: &mut Reading<'_>,
) -> Result<Option<u32>, ImageError> {
    let Some(tail) = size.checked_sub(TAIL).filter(|_| block.len() == size) else { return Ok(None) };
    let stored = block.be32(tail + 4)?.unwrap_or_default();
    let actual = crc32_from(block.clamped(0, size - 4), 0)?;
    reading.digest(format!("crc32 of {what}"), block.start() + tail + 4, hex32(stored), hex32(actual));
    block.be32(tail)
}

#[cfg(test)]
mod tests {
    use debrick_model::Verdict;

    use super::*;
    use crate::inspect;

    fn block(magic: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut inner = content.to_vec();
        inner.extend(0x6666_1523_u32.to_be_bytes());
        let crc = crc32_from(Window::whole(&inner), 0).unwrap();
        let mut bytes = magic.to_vec();
        bytes.extend((inner.len() as u32 + 4).to_le_bytes());
        bytes.extend([0; 8]);
        bytes.extend(inner);
        bytes.extend(crc.to_be_bytes());
        bytes
    }

    #[test]
    fn kernel_and_root_file_system() {
        let content: Vec<u8> = (0..3000_u32).map(|i| ((i * 11) >> 2) as u8).collect();
        let inner = [block(b"Kimg", &content[..1000]), block(b"Rimg", &content)].concat();
        let good = block(b"firm", &inner);
        let facts = inspect(&good).unwrap();
        assert_eq!(facts.format.as_deref(), Some("zcomax"));
        assert_eq!(facts.integrity.verdict, Verdict::Pass, "{:?}", facts.integrity);
        assert_eq!(facts.model.as_deref(), Some("ZCN-1523H-2-8"));
        assert_eq!(facts.integrity.checks.iter().filter(|check| check.name.starts_with("crc32")).count(), 3);
        for at in [1, 5, 17, 22, 500, 1045, 2000, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 2;
            let facts = inspect(&bad).unwrap();
            assert_eq!(facts.format.as_deref(), Some("zcomax"), "{at}");
            assert_eq!(facts.integrity.verdict, Verdict::Fail, "{at}");
        }
        assert_eq!(inspect(&good[..2500].to_vec()).unwrap().integrity.verdict, Verdict::Fail);
        for len in 0..80 {
            inspect(&good[..len].to_vec()).unwrap();
        }
    }
}
