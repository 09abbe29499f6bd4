//! What the formats of this folder share: weighing evidence where bits may be flipped, trailers behind which junk was
//! appended, and contents that stand in pieces.

use debrick_target::{Source, SourceError};

pub(super) use super::evidence::count;

use crate::error::ImageError;
use crate::reading::Reading;
use crate::window::{SMALL, Window};

/// How many bits differ; all of them where the lengths do.
pub(super) fn bits_between(left: &[u8], right: &[u8]) -> u32 {
    if left.len() != right.len() {
        return u32::MAX;
    }
    left.iter().zip(right).map(|(left, right)| (left ^ right).count_ones()).sum()
}

/// Whether a field holds text of at least `least` characters, and behind it a NUL (unless it is full) and nothing but
/// `padding`. One byte may be otherwise: a flipped bit must not hide a name.
pub(super) fn is_text_field(bytes: &[u8], least: usize, padding: u8) -> bool {
    let end = bytes.iter().position(|byte| *byte == 0 || *byte == padding).unwrap_or(bytes.len());
    let (text, rest) = bytes.split_at(end);
    let odd = text.iter().filter(|byte| !(0x20..0x7f).contains(*byte)).count();
    let unpadded = rest.iter().skip(1).filter(|byte| **byte != padding).count();
    end >= least && odd + unpadded <= 1
}

/// What firmware is often made of: bytes at the start of uImage, LZMA, gzip, bzip2, xz, squashfs, JFFS2, UBI, ELF, zip,
/// TRX, flattened device trees, Zstandard, cpio and others.
const STARTS: &[&[u8]] = &[
    &[0x27, 0x05, 0x19, 0x56],
    &[0x5d, 0, 0],
    &[0x6d, 0, 0],
    &[0x6c, 0, 0],
    &[0x1f, 0x8b, 8],
    b"BZh",
    b"\xfd7zXZ",
    b"hsqs",
    b"sqsh",
    &[0x85, 0x19, 0x01, 0xe0],
    &[0x85, 0x19, 0x03, 0x20],
    &[0x19, 0x85, 0xe0, 0x01],
    &[0x19, 0x85, 0x20, 0x03],
    b"UBI#",
    b"\x7fELF",
    b"PK\x03\x04",
    b"HDR0",
    &[0xd0, 0x0d, 0xfe, 0xed],
    &[0x28, 0xb5, 0x2f, 0xfd],
    b"07070",
    &[0x45, 0x3d, 0xcd, 0x28],
];

/// Whether bytes start like something that firmware is made of. Of the short ones, the properties and the size of LZMA
/// are looked at as well.
pub(super) fn starts_like_firmware(head: &[u8]) -> bool {
    STARTS.iter().any(|start| head.starts_with(start) && (start.len() > 3 || start[1] != 0 || is_lzma(head)))
        || head.get(257..262) == Some(b"ustar")
}

/// Whether bytes start with a header of LZMA alone: properties, a dictionary as encoders choose it, a size that is
/// unknown or below 1 GiB, and the zero with which the range coder starts.
pub(super) fn is_lzma(head: &[u8]) -> bool {
    let Some(header) = head.get(..14) else { return false };
    let dictionary = u32::from_le_bytes([header[1], header[2], header[3], header[4]]);
    let size_is_unknown = header[5..13].iter().all(|byte| *byte == 0xff);
    let size = u64::from_le_bytes([
        header[5], header[6], header[7], header[8], header[9], header[10], header[11], header[12],
    ]);
    header[0] < 225
        && dictionary >= 4096
        && (dictionary.is_power_of_two() || (dictionary / 3).is_power_of_two())
        && (size_is_unknown || (1..1 << 30).contains(&size))
        && header[13] == 0
}

/// How many of these are so of 64 bytes that may be a header of U-Boot: magic number, addresses in the kernel's segment
/// of MIPS, Linux on MIPS as a kernel, a name. Two tell more than chance does.
pub(super) fn uimage_evidence(head: &[u8]) -> usize {
    if head.len() < 64 {
        return 0;
    }
    count(&[
        head[..4] == *STARTS[0],
        head[16] & 0xe0 == 0x80 && head[20] & 0xe0 == 0x80 && head[18..20] == [0, 0],
        head[28] == 5 && head[29] == 5 && head[30] == 2 && head[31] < 8,
        is_text_field(&head[32..64], 3, 0),
    ])
}

/// The offset of a trailer of `size` bytes: at the end, or, in a file of its own, before at most [`SMALL`] bytes that
/// were appended. The last place that passes the test counts.
pub(super) fn find_trailer(
    window: Window<'_>,
    size: u64,
    is_trailer: impl Fn(&[u8]) -> bool,
) -> Result<Option<u64>, ImageError> {
    let Some(last) = window.len().checked_sub(size) else { return Ok(None) };
    if is_trailer(&window.head(last, size)?) {
        return Ok(Some(last));
    }
    if window.start() > 0 {
        return Ok(None);
    }
    let from = window.len().saturating_sub(SMALL);
    let tail = window.head(from, SMALL)?;
    let found = tail.windows(size as usize).rposition(is_trailer);
    Ok(found.map(|at| from + at as u64))
}

/// Bytes that do not stand in the file, followed by a stretch of it.
pub(super) struct Joined<'a> {
    pub(super) head: Vec<u8>,
    pub(super) rest: Window<'a>,
}

impl Source for Joined<'_> {
    fn len(&self) -> u64 {
        self.head.len() as u64 + self.rest.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let head = usize::try_from(offset).ok().and_then(|at| self.head.get(at..)).unwrap_or_default();
        let size = head.len().min(buffer.len());
        buffer[..size].copy_from_slice(&head[..size]);
        if size == buffer.len() {
            return Ok(());
        }
        let at = (offset + size as u64).saturating_sub(self.head.len() as u64);
        self.rest.read_at(at, &mut buffer[size..])
    }
}

/// How far behind a kernel its root filesystem is looked for.
const GAP: u64 = 4 << 20;

/// Hands on what firmware holds where nothing says how long its parts are: a uImage ends where its header says, and
/// what follows it starts at the next filesystem.
pub(super) fn read_firmware(
    reading: &mut Reading<'_>,
    window: Window<'_>,
    is_hidden: bool,
) -> Result<(), ImageError> {
    let mut hand_on = |name: &str, part: Window<'_>| {
        if is_hidden { reading.hidden_part(name, part) } else { reading.part(name, part) }
    };
    let is_kernel = bits_between(&window.head(0, 4)?, STARTS[0]) <= 1;
    let size = u64::from(window.be32(12)?.unwrap_or(u32::MAX)) + 64;
    if !is_kernel || size >= window.len() {
        return hand_on("contents", window).map(drop);
    }
    hand_on("kernel", window.clamped(0, size))?;
    let (mut start, mut is_known) = (size, false);
    for magic in [b"hsqs", b"sqsh", b"UBI#"] {
        if let Some(found) = window.find(magic, size, GAP)?
            && window.clamped(size, found - size).is_padding()?
        {
            (start, is_known) = (found, true);
        }
    }
    let rest = window.clamped(start, u64::MAX);
    let format = hand_on("rootfs", rest)?;
    if format.is_none() && !is_known && reading.is_outermost() && !rest.is_padding()? {
        reading.warn(format!("{} bytes follow the kernel; they are of no known kind.", rest.len()));
    }
    Ok(())
}

/// The sum of 16-bit words with the carry added at the end, as in the Internet checksum, not complemented.
pub(super) fn folded_sum(window: Window<'_>, word: impl Fn([u8; 2]) -> u16) -> Result<u16, ImageError> {
    let mut sum = 0_u64;
    crate::digest::words(window, |bytes: [u8; 2]| sum += u64::from(word(bytes)))?;
    Ok(fold(sum))
}

/// Adds the carries of a sum of 16-bit words until none is left.
pub(super) fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// Eight hex digits, as check values are printed.
pub(super) fn hex32(value: u32) -> String {
    format!("{value:08x}")
}

/// Four hex digits, as check values are printed.
pub(super) fn hex16(value: u16) -> String {
    format!("{value:04x}")
}

/// What a format of this folder must do: an intact file passes and names its boards; a flipped bit at each of the
/// places is revealed and does not hide the format; a file cut to 60 % fails; cuts anywhere do not panic.
#[cfg(test)]
#[track_caller]
pub(super) fn check_damages(id: &str, good: &[u8], boards: &[&str], places: &[usize]) {
    use debrick_model::Verdict;
    let facts = |bytes: &[u8]| crate::inspect(&bytes.to_vec()).unwrap();
    let intact = facts(good);
    assert_eq!(intact.format.as_deref(), Some(id));
    assert_eq!(intact.integrity.verdict, Verdict::Pass, "{:?}", intact.integrity);
    assert!(intact.warnings.is_empty(), "{:?}", intact.warnings);
    for board in boards {
        assert!(intact.board_ids.iter().any(|id| id == board), "{:?}", intact.board_ids);
    }
    for place in places {
        let mut damaged = good.to_vec();
        damaged[*place] ^= 4;
        let found = facts(&damaged);
        assert_eq!(found.format.as_deref(), Some(id), "bit at {place}");
        assert_eq!(found.integrity.verdict, Verdict::Fail, "bit at {place}");
    }
    let cut = facts(&good[..good.len() * 6 / 10]);
    if cut.format.as_deref() == Some(id) {
        assert_eq!(cut.integrity.verdict, Verdict::Fail, "cut to 60 %");
    }
    let mut longer = good.to_vec();
    longer.extend((0..1337_u32).map(|index| ((index * 7919) >> 3) as u8));
    let longer = facts(&longer);
    assert_eq!(longer.format.as_deref(), Some(id), "with bytes behind it");
    assert!(longer.integrity.verdict == Verdict::Fail || !longer.warnings.is_empty());
    for end in (0..good.len().min(600)).chain((600..good.len()).step_by(997)) {
        facts(&good[..end]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_may_have_one_odd_byte() {
        assert!(is_text_field(b"NBG6616\0\xff\xff\xff", 3, 0xff));
        assert!(is_text_field(b"NBG\x016616\0\xff\xff", 3, 0xff));
        assert!(is_text_field(b"NBG6616\0\xff\xdf\xff", 3, 0xff));
        assert!(!is_text_field(b"NB\x01\x026616\0\xff", 3, 0xff));
        assert!(!is_text_field(&[0xff; 16], 3, 0xff) && !is_text_field(&[0; 16], 3, 0));
    }

    #[test]
    fn a_trailer_is_found_before_junk() {
        let mut bytes = vec![1_u8; 1000];
        bytes.extend_from_slice(b"TAIL");
        let find = |bytes: &Vec<u8>| find_trailer(Window::whole(bytes), 4, |there| there == b"TAIL").unwrap();
        assert_eq!(find(&bytes), Some(1000));
        bytes.extend_from_slice(&[7; 1337]);
        assert_eq!(find(&bytes), Some(1000));
        assert_eq!(find(&vec![1, 2]), None);
    }

    #[test]
    fn joined_pieces_read_as_one() {
        let bytes = b"56789".to_vec();
        let joined = Joined { head: b"01234".to_vec(), rest: Window::whole(&bytes) };
        let whole = Window::whole(&joined);
        assert_eq!(whole.bytes(0, 10).unwrap().unwrap(), b"0123456789");
        assert_eq!(whole.bytes(3, 4).unwrap().unwrap(), b"3456");
        assert_eq!(whole.bytes(7, 3).unwrap().unwrap(), b"789");
        assert_eq!(whole.bytes(7, 4).unwrap(), None);
    }
}
