//! Dumps of raw NAND flash in which each page is followed by its spare bytes, with Hamming codes among them.
//!
//! Source: Linux 6.6 `drivers/mtd/nand/ecc-sw-hamming.c` for the codes, `drivers/mtd/nand/raw/nand_base.c` for where
//! they stand. Nothing marks such a dump: it is known by codes that agree with the pages before them.

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::pieces::Pieces;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "nand-dump-oob",
    rank: Rank::Wrapper,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Dump of NAND flash with spare bytes",
        identified_by: "Hamming codes in the spare bytes that agree with the pages",
        reveals: "damaged pages, by a Hamming code for every 256 or 512 bytes",
        blind_to: "the other spare bytes",
        source: "Linux 6.6 drivers/mtd/nand/ecc-sw-hamming.c, drivers/mtd/nand/raw/nand_base.c",
        tested_with: "own construction",
    },
};

/// Bytes of a page, and of what is spare behind it.
const GEOMETRIES: [(usize, usize); 8] =
    [(512, 16), (2048, 64), (2048, 112), (2048, 128), (4096, 128), (4096, 224), (4096, 256), (8192, 256)];

/// Where the codes of small pages stand: not in a row.
const SMALL_PAGE: [usize; 6] = [0, 1, 2, 3, 6, 7];

/// Pages that are looked at to recognise a dump; those of them that hold something and are searched for codes; bytes of
/// codes that must agree.
const TRIED: u64 = 64;
const SEARCHED: usize = 4;
const WANTED: usize = 8;

/// Pages of an erase block, at least: dumps hold whole blocks.
const PAGES_PER_BLOCK: u64 = 32;

/// A page size, and where its codes are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Layout {
    page: usize,
    spare: usize,
    /// Bytes that a code covers.
    step: usize,
    /// Whether the first two bytes of a code are swapped.
    is_swapped: bool,
    positions: Vec<usize>,
}

impl Layout {
    fn whole(&self) -> u64 {
        (self.page + self.spare) as u64
    }

    fn codes(&self, page: &[u8]) -> Vec<u8> {
        codes(&page[..self.page], self.step, self.is_swapped)
    }

    fn stored(&self, page: &[u8]) -> Vec<u8> {
        self.positions.iter().map(|position| page[self.page + position]).collect()
    }
}

/// The Hamming codes of a page.
fn codes(page: &[u8], step: usize, is_swapped: bool) -> Vec<u8> {
    page.chunks(step).flat_map(|chunk| code(chunk, step, is_swapped)).collect()
}

/// The Hamming code of 256 or 512 bytes: parities of halves of lines and of columns, complemented.
fn code(bytes: &[u8], step: usize, is_swapped: bool) -> [u8; 3] {
    // Eight bytes at a time: which of them belong to a half is told by the number of the eight, or by a mask.
    let (mut all, mut halves) = (0_u64, [0_u64; 6]);
    for (number, eight) in bytes.chunks_exact(8).enumerate() {
        let eight = eight.iter().rev().fold(0, |eight, byte| eight << 8 | u64::from(*byte));
        all ^= eight;
        for (bit, half) in halves.iter_mut().enumerate() {
            *half ^= eight & 0_u64.wrapping_sub((number >> bit & 1) as u64);
        }
    }
    let parity = |bits: u64| bits.count_ones() & 1;
    let whole = parity(all);
    let mut lines = 0;
    for bit in 0..9 {
        let odd = match bit {
            0 => parity(all & 0xff00_ff00_ff00_ff00),
            1 => parity(all & 0xffff_0000_ffff_0000),
            2 => parity(all & 0xffff_ffff_0000_0000),
            _ => parity(halves[bit - 3]),
        };
        lines |= (odd ^ whole) << (bit * 2) | odd << (bit * 2 + 1);
    }
    let columns = all ^ all >> 32;
    let columns = columns ^ columns >> 16;
    let columns = columns ^ columns >> 8;
    let masks = [0x55, 0xaa, 0x33, 0xcc, 0x0f, 0xf0];
    let third = masks
        .iter()
        .enumerate()
        .fold(0, |third, (index, mask)| third | parity(columns & mask) << (index + 2));
    let third = if step == 512 { third | lines >> 16 & 3 } else { third };
    let [low, high] = [!(lines as u8), !((lines >> 8) as u8)];
    if is_swapped { [high, low, !(third as u8)] } else { [low, high, !(third as u8)] }
}

/// The layout in which codes agree with pages.
fn layout(window: Window<'_>) -> Result<Option<Layout>, ImageError> {
    for (page, spare) in GEOMETRIES {
        if let Some(layout) = guess(window, page, spare)?
            && agrees(window, &layout)?
        {
            return Ok(Some(layout));
        }
    }
    Ok(None)
}

/// Looks for the codes of one of the first pages among its spare bytes.
fn guess(window: Window<'_>, page: usize, spare: usize) -> Result<Option<Layout>, ImageError> {
    let mut searched = 0;
    for index in 0..TRIED {
        let Some(bytes) = window.bytes(index * (page + spare) as u64, (page + spare) as u64)? else { break };
        let (data, behind) = bytes.split_at(page);
        // A page that is empty, or an area that is, has codes that are found everywhere.
        if data.iter().all(|byte| *byte == data[0]) || behind.iter().all(|byte| *byte == behind[0]) {
            continue;
        }
        searched += 1;
        if searched > SEARCHED {
            break;
        }
        let plain = [256, 512].map(|step| codes(data, step, false));
        for (step, is_swapped) in [(256, false), (256, true), (512, false), (512, true)] {
            let mut wanted = plain[usize::from(step == 512)].clone();
            if is_swapped {
                wanted.chunks_exact_mut(3).for_each(|code| code.swap(0, 1));
            }
            if wanted.iter().filter(|byte| **byte != 0xff).count() < 4 {
                continue;
            }
            let in_a_row = behind.windows(wanted.len()).position(|there| there == wanted);
            let positions = match in_a_row {
                Some(start) => (start..start + wanted.len()).collect(),
                None if page == 512
                    && SMALL_PAGE[..wanted.len()]
                        .iter()
                        .zip(&wanted)
                        .all(|(at, byte)| behind[*at] == *byte) =>
                {
                    SMALL_PAGE[..wanted.len()].to_vec()
                }
                None => continue,
            };
            return Ok(Some(Layout { page, spare, step, is_swapped, positions }));
        }
    }
    Ok(None)
}

/// Whether most of the first pages that hold something agree with their codes.
fn agrees(window: Window<'_>, layout: &Layout) -> Result<bool, ImageError> {
    let (mut right, mut wrong) = (0, 0);
    for index in 0..TRIED {
        let Some(bytes) = window.bytes(index * layout.whole(), layout.whole())? else { break };
        let wanted = layout.codes(&bytes);
        if wanted.iter().all(|byte| *byte == 0xff) {
            continue;
        }
        if layout.stored(&bytes) == wanted { right += wanted.len() } else { wrong += wanted.len() }
    }
    Ok(right >= WANTED && right > wrong)
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    // Only whole images are tried: nothing is known that holds such a dump.
    Ok(window.start() == 0 && layout(window)?.is_some())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(layout) = layout(window)? else { return Ok(()) };
    let pages = window.len() / layout.whole();
    let fields = reading.container(FORMAT.id, window);
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("page-size", layout.page.to_string());
    put("spare-size", layout.spare.to_string());
    put("code-step", layout.step.to_string());
    put("code-offset", layout.positions.first().copied().unwrap_or(0).to_string());
    put("pages", pages.to_string());
    let mut contents = Pieces::new(window);
    let (mut broken, mut compared, mut without) = (None, 0_u64, 0_u64);
    for index in 0..pages {
        let at = index * layout.whole();
        let Some(bytes) = window.bytes(at, layout.whole())? else { break };
        if !contents.push(at, layout.page as u64) {
            break;
        }
        let (wanted, stored) = (layout.codes(&bytes), layout.stored(&bytes));
        if stored.iter().all(|byte| *byte == 0xff) && wanted != stored {
            without += 1;
        } else {
            compared += 1;
            if wanted != stored {
                broken.get_or_insert(window.start().saturating_add(at));
            }
        }
    }
    if compared > 0 {
        let found = broken.map_or("sound".into(), |at| format!("broken at offset {at}"));
        reading.digest("Hamming codes of the pages", broken.unwrap_or(window.start()), "sound", found);
    }
    if without > 0 {
        reading.uncovered(format!("{without} pages of the dump were written without a Hamming code."));
    }
    let end = pages * layout.whole();
    let left = window.len() - end;
    if left > 0 && !pages.is_multiple_of(PAGES_PER_BLOCK) {
        reading.declared_size("the last page", window.start().saturating_add(end), layout.whole(), left);
    }
    reading.hidden_part("contents", contents.window())?;
    reading.trailing(window, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every single bit of a page gives another code, and the code of an erased page is erased.
    #[test]
    fn codes_tell_bits_apart() {
        for step in [256, 512] {
            let mut page = vec![0xff; step];
            assert_eq!(code(&page, step, false), [0xff; 3]);
            let mut seen = std::collections::BTreeSet::new();
            for bit in 0..step * 8 {
                page[bit / 8] ^= 1 << (bit % 8);
                assert!(seen.insert(code(&page, step, true)));
                page[bit / 8] ^= 1 << (bit % 8);
            }
        }
    }
}
