//! UF2: blocks of 512 bytes, each with an address, its number, and a family of chips.
//!
//! Source: microsoft/uf2 README.md (block layout, flags, extension tags). Little-endian. Nothing sums up the data,
//! unless the blocks carry an MD5.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::mcu::uf2_families::{FAMILIES, Family};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "uf2",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "UF2 (USB flashing format)",
        identified_by: "three magic numbers in each block of 512 bytes",
        reveals: "missing blocks, broken block headers; damaged data where blocks carry an MD5",
        blind_to: "changed data, in most files",
        source: "microsoft/uf2 README.md, utils/uf2families.json",
        tested_with: "own construction",
    },
};

const BLOCK: u64 = 512;
const START: [u32; 2] = [0x0a32_4655, 0x9e5d_5157];
const END: u32 = 0x0ab1_6f30;
const END_AT: u64 = 508;

/// The most bytes that a block carries.
const MAX_PAYLOAD: u32 = 476;

const NOT_MAIN_FLASH: u32 = 0x1;
const FILE_CONTAINER: u32 = 0x1000;
const HAS_FAMILY: u32 = 0x2000;
const HAS_MD5: u32 = 0x4000;
const HAS_TAGS: u32 = 0x8000;
const KNOWN_FLAGS: u32 = NOT_MAIN_FLASH | FILE_CONTAINER | HAS_FAMILY | HAS_MD5 | HAS_TAGS;

const TAG_VERSION: u32 = 0x9f_c7bc;
const TAG_DESCRIPTION: u32 = 0x65_0d9d;

/// The words of a block that precede its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    flags: u32,
    address: u32,
    size: u32,
    number: u32,
    count: u32,
    family: u32,
}

impl Header {
    fn parse(block: &[u8; 32]) -> Self {
        let word = |at: usize| u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
        Self {
            flags: word(8),
            address: word(12),
            size: word(16),
            number: word(20),
            count: word(24),
            family: word(28),
        }
    }

    fn family(&self) -> Option<&'static Family> {
        FAMILIES.iter().find(|(id, ..)| self.flags & HAS_FAMILY != 0 && *id == self.family)
    }
}

/// How many bits of the three magic numbers of a block are wrong.
fn magic_distance(window: Window<'_>, at: u64) -> Result<Option<u32>, ImageError> {
    let (Some(first), Some(second)) = (window.le32(at)?, window.le32(at + 4)?) else { return Ok(None) };
    let Some(end) = window.le32(at + END_AT)? else { return Ok(None) };
    Ok(Some((first ^ START[0]).count_ones() + (second ^ START[1]).count_ones() + (end ^ END).count_ones()))
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(magic_distance(window, 0)?.is_some_and(|distance| distance <= 1))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.container(FORMAT.id, window);
    let index = reading.last_container();
    let at = window.start();
    let mut walk = Walk::default();
    let mut offset = 0;
    while let Some(distance) = magic_distance(window, offset)? {
        if distance > 1 {
            break;
        }
        let Some(head) = window.array::<32>(offset)? else { break };
        walk.take(window, offset, Header::parse(&head), distance)?;
        offset += BLOCK;
    }
    let families = walk.families(reading);
    if families.is_empty() {
        reading.uncovered("The UF2 file does not say for which family of chips it is.");
    }
    for (name, fault) in walk.faults.named() {
        reading.structure(name, at + fault.first, 0, fault.count);
    }
    let declared = walk.last.map_or(0, |last| u64::from(last.count));
    let of_last = walk.last.map_or(0, |last| u64::from(last.number) + 1);
    reading.structure("number of the last block", at + offset.saturating_sub(BLOCK), declared, of_last);
    if walk.digests > 0 {
        reading.digest("md5 that the blocks carry", at, 0, walk.faults.digests.count);
    } else {
        reading.uncovered("Nothing sums up the data of a UF2 file.");
    }
    let container = reading.container_at(index);
    container.size = offset;
    container.fields.insert("blocks".into(), (offset / BLOCK).to_string());
    container.fields.insert("families".into(), families.join(" "));
    if let Some(first) = walk.first {
        container.fields.insert("start".into(), format!("{:#x}", first.address));
    }
    let rest = window.len() - offset;
    if rest > 0 && rest < BLOCK && window.clamped(offset, 8).has(0, &START[0].to_le_bytes())? {
        reading.declared_size("the last block", at + offset, BLOCK, rest);
    }
    reading.trailing(window, offset)
}

/// Blocks that contradict what is around them.
#[derive(Debug, Default)]
struct Faults {
    magic: Fault,
    flags: Fault,
    sizes: Fault,
    numbers: Fault,
    counts: Fault,
    families: Fault,
    addresses: Fault,
    digests: Fault,
}

#[derive(Debug, Default, Clone, Copy)]
struct Fault {
    count: u64,
    first: u64,
}

impl Fault {
    fn add(&mut self, offset: u64) {
        if self.count == 0 {
            self.first = offset;
        }
        self.count += 1;
    }
}

impl Faults {
    fn named(&self) -> [(&'static str, Fault); 7] {
        [
            ("blocks with a wrong magic number", self.magic),
            ("blocks with odd flags", self.flags),
            ("blocks of an odd size", self.sizes),
            ("blocks out of order", self.numbers),
            ("blocks that count others", self.counts),
            ("blocks of a family of their own", self.families),
            ("blocks at an odd address", self.addresses),
        ]
    }
}

/// Goes over the blocks and remembers the last three.
#[derive(Debug, Default)]
struct Walk {
    first: Option<Header>,
    before: Option<Header>,
    last: Option<Header>,
    last_offset: u64,
    blocks: u64,
    /// In the order in which they come, and how many blocks of each; at most eight.
    seen: Vec<(u32, u64)>,
    version: Option<String>,
    description: Option<String>,
    digests: u64,
    faults: Faults,
}

impl Walk {
    fn take(
        &mut self,
        window: Window<'_>,
        offset: u64,
        header: Header,
        magic_distance: u32,
    ) -> Result<(), ImageError> {
        if magic_distance > 0 {
            self.faults.magic.add(offset);
        }
        if header.flags & !KNOWN_FLAGS != 0
            || self.last.is_some_and(|last| last.flags != header.flags && last.family == header.family)
        {
            self.faults.flags.add(offset);
        }
        if header.size == 0 || header.size > MAX_PAYLOAD {
            self.faults.sizes.add(offset);
        }
        self.follow(offset, header);
        if header.flags & HAS_FAMILY != 0 {
            let place = self.seen.iter().position(|(family, _)| *family == header.family);
            match place {
                Some(place) => self.seen[place].1 += 1,
                None if self.seen.len() < 8 => self.seen.push((header.family, 1)),
                None => {}
            }
        }
        if header.flags & HAS_MD5 != 0 && header.size <= 452 {
            self.compare_md5(window, offset)?;
        }
        if header.flags & HAS_TAGS != 0 {
            self.read_tags(window, offset, header)?;
        }
        self.first.get_or_insert(header);
        self.before = self.last;
        self.last = Some(header);
        self.last_offset = offset;
        self.blocks += 1;
        Ok(())
    }

    /// Compares a block with those before it. A new series starts where the number is 0 again.
    fn follow(&mut self, offset: u64, header: Header) {
        let Some(last) = self.last else {
            if header.number != 0 {
                self.faults.numbers.add(offset);
            }
            return;
        };
        let is_complete = u64::from(last.number) + 1 == u64::from(last.count);
        // The RP2350's first block, against an erratum, claims to be one of two and stands alone.
        if header.number == 0 && (is_complete || header.family != last.family) {
            return;
        }
        if header.family != last.family {
            self.faults.families.add(offset);
        }
        if header.number != last.number.wrapping_add(1) {
            self.faults.numbers.add(offset);
        }
        if header.count != last.count {
            self.faults.counts.add(offset);
        }
        // Only the last block of a series may be shorter, and only where its maker does not fill it up.
        let is_last = u64::from(header.number) + 1 == u64::from(header.count);
        if header.size != last.size && !is_last {
            self.faults.sizes.add(offset);
        }
        // Gaps are fine; an address that is one bit away from where it should be is not.
        let expected = last.address.wrapping_add(last.size);
        let overlaps = header.address < expected;
        let is_a_bit_off = (header.address ^ expected).count_ones() == 1 && self.is_steady(last);
        // The first block has only the second to be compared with.
        let first_should_be = header.address.wrapping_sub(last.size);
        let first_is_off = self.before.is_none() && (first_should_be ^ last.address).count_ones() == 1;
        if overlaps || is_a_bit_off || first_is_off {
            self.faults.addresses.add(offset);
        }
    }

    /// Whether the two blocks before were neighbours in memory, too, or there was only one.
    fn is_steady(&self, last: Header) -> bool {
        self.before.is_none_or(|before| before.address.wrapping_add(before.size) == last.address)
    }

    /// Records whom the file is for; the names of the families.
    fn families(&self, reading: &mut Reading<'_>) -> Vec<String> {
        let mut names = Vec::new();
        let mut seen = self.seen.clone();
        seen.sort_by_key(|(_, count)| u64::MAX - count);
        for (id, count) in seen {
            let header = Header { flags: HAS_FAMILY, family: id, ..Header::parse(&[0; 32]) };
            let Some((_, name, vendor, architecture)) = header.family() else {
                if count * 4 >= self.blocks {
                    reading.board(format!("{id:#010x}"));
                    names.push(format!("{id:#010x}"));
                }
                continue;
            };
            reading.board(format!("{id:#010x}"));
            reading.board(*name);
            names.push((*name).to_owned());
            reading.set_vendor(*vendor);
            reading.set_model(*name);
            reading.set_architecture(architecture);
        }
        if let Some(version) = &self.version {
            reading.set_version(version.clone());
        }
        names
    }

    /// The MD5 of a stretch of flash that this file fills; compared where the block itself is all of the stretch.
    fn compare_md5(&mut self, window: Window<'_>, offset: u64) -> Result<(), ImageError> {
        let at = offset + 32 + 476 - 24;
        let (Some(start), Some(len)) = (window.le32(at)?, window.le32(at + 4)?) else { return Ok(()) };
        let first = window.le32(offset + 12)?.unwrap_or_default();
        let payload = window.le32(offset + 16)?.unwrap_or_default();
        if len != payload || start != first {
            return Ok(());
        }
        let actual = Algorithm::Md5.of(window.clamped(offset + 32, u64::from(len)))?;
        self.digests += 1;
        if hex(&actual) != hex(&window.head(at + 8, 16)?) {
            self.faults.digests.add(offset);
        }
        Ok(())
    }

    /// Tags behind the data: length of all of it (1 byte), type (3 bytes), value; up to a tag of length 0.
    fn read_tags(&mut self, window: Window<'_>, offset: u64, header: Header) -> Result<(), ImageError> {
        let block = window.clamped(offset + 32, 476);
        let mut at = u64::from(header.size).next_multiple_of(4);
        while let Some(word) = block.le32(at)? {
            let len = u64::from(word & 0xff);
            if len < 4 {
                break;
            }
            let value = || block.text(at + 4, len - 4);
            match word >> 8 {
                TAG_VERSION if self.version.is_none() => self.version = Some(value()?),
                TAG_DESCRIPTION if self.description.is_none() => self.description = Some(value()?),
                _ => {}
            }
            at += len.next_multiple_of(4);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspect::inspect;
    use debrick_model::Verdict;

    fn image(family: u32) -> Vec<u8> {
        let mut image = Vec::new();
        for number in 0..20_u32 {
            let start = image.len();
            let address = 0x1000_0000 + number * 256;
            for word in [START[0], START[1], HAS_FAMILY, address, 256, number, 20, family] {
                image.extend(word.to_le_bytes());
            }
            image.extend((0..256_u32).map(|i| (i * 3 + number) as u8));
            image.resize(start + END_AT as usize, 0);
            image.extend(END.to_le_bytes());
        }
        image
    }

    #[test]
    fn facts_and_damage() {
        let image = image(0xe48b_ff56);
        let facts = inspect(&image).unwrap();
        assert_eq!((facts.format.as_deref(), facts.integrity.verdict), (Some("uf2"), Verdict::Unknown));
        assert!(facts.warnings.is_empty());
        assert_eq!(
            (facts.vendor.as_deref(), facts.architecture.as_deref()),
            (Some("Raspberry Pi"), Some("arm"))
        );
        assert_eq!(facts.board_ids, ["0xe48bff56", "RP2040"]);
        for bit in 0..32 * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let facts = inspect(&damaged).unwrap();
            assert_eq!(facts.format.as_deref(), Some("uf2"), "bit {bit}");
            assert_eq!(facts.integrity.verdict, Verdict::Fail, "bit {bit}");
            assert_eq!(facts.vendor.as_deref(), Some("Raspberry Pi"), "bit {bit}");
        }
        for len in [image.len() * 6 / 10, image.len() - 512, image.len() - 1] {
            assert_eq!(inspect(&image[..len].to_vec()).unwrap().integrity.verdict, Verdict::Fail);
        }
        assert_eq!(inspect(&[image, vec![7; 1337]].concat()).unwrap().warnings.len(), 1);
    }
}
