//! littlefs, version 2: pairs of blocks that hold logs of metadata, each commit with a CRC-32.
//!
//! Source: littlefs `SPEC.md` (disk version 2.1). Tags are big-endian and each is combined with the one before by
//! exclusive or; everything else is little-endian. The CRC is not complemented at the end. Contents of files that do
//! not fit into the log carry no checksum.

use std::collections::BTreeSet;

use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::{SMALL, Window};

pub(crate) const FORMAT: Format = Format {
    id: "littlefs",
    rank: Rank::Magic,
    magic: &[Magic::at(8, NAME), Magic::at(12, NAME)],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "littlefs 2",
        identified_by: "`littlefs` at offset 8 and a superblock that is plausible",
        reveals: "damaged metadata and small files, by a CRC-32 for each commit; missing blocks",
        blind_to: "contents of files that fill blocks of their own",
        source: "littlefs SPEC.md, disk version 2.1",
        tested_with: "own construction",
    },
};

const NAME: &[u8] = b"littlefs";

/// The most pairs of blocks that are followed.
const MAX_PAIRS: usize = 4096;

/// The most entries of a log that are read.
const MAX_TAGS: usize = 1 << 16;

/// The upper bits of a tag's type: the CRC that ends a commit; a pair of blocks that holds a folder; the next pair.
const CRC: u32 = 0x500;
const CRC_MASK: u32 = 0x780;
const FOLDER: u32 = 0x200;
const TAIL: u32 = 0x600;
const TAIL_MASK: u32 = 0x7fe;

/// Size of a tag that deletes something.
const DELETED: u32 = 0x3ff;

/// Version, size of blocks, their number: behind the tag of the superblock's name.
struct Superblock {
    version: u32,
    block_size: u64,
    blocks: u64,
    name_max: u32,
}

impl Superblock {
    fn read(window: Window<'_>) -> Result<Self, ImageError> {
        let name_at = if window.has(8, NAME)? { 8 } else { 12 };
        let bytes = window.head(name_at + 12, 24)?;
        let fields = Fields::little(&bytes);
        Ok(Self {
            version: fields.u32(0),
            block_size: fields.u32(4).into(),
            blocks: fields.u32(8).into(),
            name_max: fields.u32(12),
        })
    }

    fn is_plausible(&self) -> bool {
        let signs = [
            matches!(self.version >> 16, 1 | 2) && self.version & 0xffff <= 16,
            (104..=1 << 22).contains(&self.block_size),
            self.blocks > 0 && self.blocks < 1 << 24,
            self.name_max > 0 && self.name_max <= 1022,
        ];
        evidence(&signs) >= 3
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(Superblock::read(window)?.is_plausible())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let superblock = Superblock::read(window)?;
    let size = superblock.block_size.saturating_mul(superblock.blocks);
    let fields = reading.container(FORMAT.id, window.clamped(0, size));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("version", format!("{}.{}", superblock.version >> 16, superblock.version & 0xffff));
    put("block-size", superblock.block_size.to_string());
    put("blocks", superblock.blocks.to_string());
    let at = window.start();
    reading.declared_size("the file system", at + 24, size, window.len());
    let mut walk = Walk { window, block_size: superblock.block_size, broken: None };
    walk.run()?;
    let found = walk.broken.map_or("sound".into(), |at| format!("broken at offset {at}"));
    reading.digest("crc32 of the metadata", walk.broken.unwrap_or(at), "sound", found);
    reading.uncovered("Contents of larger files of the littlefs are covered by no checksum.");
    reading.trailing(window, size)
}

struct Walk<'a> {
    window: Window<'a>,
    block_size: u64,
    broken: Option<u64>,
}

/// What the commits of a block hold.
#[derive(Default)]
struct Log {
    revision: u32,
    commits: usize,
    /// Whether something stands behind the last sound commit that is neither erased nor a later revision's rest.
    is_broken: bool,
    pairs: Vec<(u32, u32)>,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<(), ImageError> {
        let mut waiting = vec![(0, 1)];
        let mut seen = BTreeSet::new();
        while let Some(pair) = waiting.pop() {
            if seen.len() == MAX_PAIRS || !seen.insert(pair) {
                continue;
            }
            let (first, second) = (self.log(pair.0)?, self.log(pair.1)?);
            for (number, log) in [(pair.0, &first), (pair.1, &second)] {
                if log.is_broken || (first.commits == 0 && second.commits == 0) {
                    let at = u64::from(number).saturating_mul(self.block_size);
                    self.broken.get_or_insert(self.window.start().saturating_add(at));
                }
            }
            let is_newer = first.commits > 0
                && (second.commits == 0 || first.revision.wrapping_sub(second.revision) as i32 >= 0);
            waiting.extend(if is_newer { first.pairs } else { second.pairs });
        }
        Ok(())
    }

    /// Reads the commits of a block up to the first whose CRC is wrong.
    fn log(&self, number: u32) -> Result<Log, ImageError> {
        let at = u64::from(number).saturating_mul(self.block_size);
        let block = self.window.clamped(at, self.block_size.min(SMALL));
        let bytes = block.head(0, SMALL)?;
        let mut log = Log { revision: Fields::little(&bytes).u32(0), ..Log::default() };
        let mut crc = crc32fast::Hasher::new();
        crc.update(bytes.get(..4).unwrap_or_default());
        let (mut at, mut previous) = (4, u32::MAX);
        let mut pairs = Vec::new();
        for _ in 0..MAX_TAGS {
            let Some(word) = bytes.get(at..at + 4) else { break };
            let tag = Fields::big(word).u32(0) ^ previous;
            let kind = (tag >> 20) & 0x7ff;
            let size = if tag & 0x3ff == DELETED { 0 } else { (tag & 0x3ff) as usize };
            if tag >> 31 != 0 {
                break;
            }
            crc.update(word);
            let Some(data) = bytes.get(at + 4..at + 4 + size) else {
                log.is_broken |= log.commits == 0;
                break;
            };
            let fields = Fields::little(data);
            at += 4 + size;
            if kind & CRC_MASK == CRC {
                if size < 4 || fields.u32(0) != !crc.clone().finalize() {
                    log.is_broken = true;
                    break;
                }
                log.commits += 1;
                log.pairs.append(&mut pairs);
                // The lowest bit of the CRC's type tells how an unwritten tag would start.
                previous = tag ^ ((kind & 1) << 31);
                crc = crc32fast::Hasher::new();
                continue;
            }
            if (kind == FOLDER || kind & TAIL_MASK == TAIL) && size == 8 {
                pairs.push((fields.u32(0), fields.u32(4)));
            }
            crc.update(data);
            previous = tag;
        }
        let is_erased = bytes.iter().all(|byte| *byte == 0xff) || bytes.iter().all(|byte| *byte == 0);
        log.is_broken |= log.commits == 0 && !is_erased;
        Ok(log)
    }
}
