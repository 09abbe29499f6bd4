//! Files of one compressor: bzip2, xz, Zstandard, LZ4, LZMA and zlib. They share one reader, since all it does is to
//! unpack, record how that ended, and hand on what came out.
//!
//! Sources: tukaani.org `xz-file-format.txt` 1.2.1 (stream header and its CRC-32), RFC 8878 (Zstandard frames),
//! lz4 `doc/lz4_Frame_format.md` (v1.6.4, legacy frames included), bzip2 1.0.8 `decompress.c`, LZMA SDK
//! `lzma.txt` (13 bytes: properties below 225, dictionary, size or all ones), RFC 1950. A flipped bit in the first bytes
//! is found by trying: with it turned back the contents come out.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::unpack::{Codec, End, unpack, unpack_head};
use crate::window::{Patched, Window};

/// Bytes at the start in which a flipped bit is looked for.
const MENDED_BYTES: u64 = 24;

/// Bytes of a file that a decoder gets for that.
const PROOF_INPUT: u64 = 128 * 1024;

/// What the first block of bzip2 starts with: the digits of pi.
const BZIP2_BLOCK: [u8; 6] = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];

/// Bytes that come out of a decoder before it is believed.
const PROOF: u64 = 512;

/// The largest contents that an LZMA header of real firmware declares.
const MAX_LZMA_SIZE: u64 = 1 << 30;

const SOURCE: &str = "xz-file-format.txt 1.2.1; RFC 8878; lz4 doc/lz4_Frame_format.md; bzip2 1.0.8; LZMA SDK lzma.txt; RFC 1950";

pub(crate) const BZIP2: Format = Format {
    id: "bzip2",
    rank: Rank::Magic,
    magic: &[],
    matches: |window| Kind::Bzip2.matches(window),
    read: |window, reading| Kind::Bzip2.read(window, reading),
    about: About {
        outermost: &["bzip2-wrapped"],
        name: "bzip2",
        identified_by: "BZh, a level and 31 41 59 26 53 59",
        reveals: "damaged contents, by a CRC-32 of each block and of all",
        blind_to: "bytes behind the end",
        source: SOURCE,
        tested_with: "bzip2",
    },
};

pub(crate) const XZ: Format = Format {
    id: "xz",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"\xfd7zXZ\0")],
    matches: |window| Kind::Xz.matches(window),
    read: |window, reading| Kind::Xz.read(window, reading),
    about: About {
        outermost: &["xz-wrapped", "initramfs-xz"],
        name: "xz",
        identified_by: "fd 37 7a 58 5a 00 and a CRC-32 of the stream flags",
        reveals: "damaged contents, by CRC-32, CRC-64 or SHA-256",
        blind_to: "contents, where the check is switched off",
        source: SOURCE,
        tested_with: "xz",
    },
};

pub(crate) const ZSTD: Format = Format {
    id: "zstd",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &[0x28, 0xb5, 0x2f, 0xfd])],
    matches: |window| Kind::Zstd.matches(window),
    read: |window, reading| Kind::Zstd.read(window, reading),
    about: About {
        outermost: &["zst-wrapped", "initramfs-zst"],
        name: "Zstandard",
        identified_by: "magic 28b52ffd and a frame header without reserved bits",
        reveals: "damaged contents, by an XXH64 where the frame has one",
        blind_to: "contents of frames without a checksum",
        source: SOURCE,
        tested_with: "zstd",
    },
};

pub(crate) const LZ4: Format = Format {
    id: "lz4",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &[0x04, 0x22, 0x4d, 0x18])],
    matches: |window| Kind::Lz4.matches(window),
    read: |window, reading| Kind::Lz4.read(window, reading),
    about: About {
        outermost: &["lz4-wrapped", "initramfs-lz4"],
        name: "LZ4 frame",
        identified_by: "magic 184d2204 and a frame descriptor of version 1",
        reveals: "damaged contents, by XXH32 where the frame has one",
        blind_to: "contents of frames without a checksum",
        source: SOURCE,
        tested_with: "lz4",
    },
};

pub(crate) const LZ4_LEGACY: Format = Format {
    id: "lz4-legacy",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &[0x02, 0x21, 0x4c, 0x18])],
    matches: |window| Kind::Lz4Legacy.matches(window),
    read: |window, reading| Kind::Lz4Legacy.read(window, reading),
    about: About {
        outermost: &["lz4-wrapped", "initramfs-lz4"],
        name: "LZ4 legacy frame, as the Linux kernel reads it",
        identified_by: "magic 184c2102 and a block that can be unpacked",
        reveals: "only that the blocks can be unpacked",
        blind_to: "most damage: it has no checksum",
        source: SOURCE,
        tested_with: "lz4 -l",
    },
};

pub(crate) const LZMA: Format = Format {
    id: "lzma",
    rank: Rank::Structure,
    magic: &[],
    matches: |window| Kind::Lzma.matches(window),
    read: |window, reading| Kind::Lzma.read(window, reading),
    about: About {
        outermost: &[],
        name: "LZMA with a header of 13 bytes",
        identified_by: "properties, dictionary and size in range, and contents that come out",
        reveals: "contents that do not end where their size says",
        blind_to: "much of other damage: it has no checksum",
        source: SOURCE,
        tested_with: "xz --format=lzma",
    },
};

pub(crate) const ZLIB: Format = Format {
    id: "zlib",
    rank: Rank::Structure,
    magic: &[],
    matches: |window| Kind::Zlib.matches(window),
    read: |window, reading| Kind::Zlib.read(window, reading),
    about: About {
        outermost: &[],
        name: "zlib stream",
        identified_by: "78 with a header check of 31, and contents that come out",
        reveals: "damaged contents, by an Adler-32",
        blind_to: "bytes behind the end",
        source: SOURCE,
        tested_with: "own construction with flate2",
    },
};

/// Which compressor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bzip2,
    Xz,
    Zstd,
    Lz4,
    Lz4Legacy,
    Lzma,
    Zlib,
}

impl Kind {
    fn codec(self) -> Codec {
        match self {
            Self::Bzip2 => Codec::Bzip2,
            Self::Xz => Codec::Xz,
            Self::Zstd => Codec::Zstd,
            Self::Lz4 | Self::Lz4Legacy => Codec::Lz4,
            Self::Lzma => Codec::Lzma,
            Self::Zlib => Codec::Zlib,
        }
    }

    fn id(self) -> &'static str {
        match self {
            Self::Bzip2 => BZIP2.id,
            Self::Xz => XZ.id,
            Self::Zstd => ZSTD.id,
            Self::Lz4 => LZ4.id,
            Self::Lz4Legacy => LZ4_LEGACY.id,
            Self::Lzma => LZMA.id,
            Self::Zlib => ZLIB.id,
        }
    }

    /// What a file is called, by what is inside.
    fn file_id(self, inside: Option<&str>) -> &'static str {
        let has_cpio = inside.is_some_and(|inside| inside == "cpio" || inside == "cpio-newc");
        match self {
            Self::Bzip2 => "bzip2-wrapped",
            Self::Xz if has_cpio => "initramfs-xz",
            Self::Xz => "xz-wrapped",
            Self::Zstd if has_cpio => "initramfs-zst",
            Self::Zstd => "zst-wrapped",
            Self::Lz4 | Self::Lz4Legacy if has_cpio => "initramfs-lz4",
            Self::Lz4 | Self::Lz4Legacy => "lz4-wrapped",
            Self::Lzma => LZMA.id,
            Self::Zlib => ZLIB.id,
        }
    }

    fn matches(self, window: Window<'_>) -> Result<bool, ImageError> {
        let head = window.head(0, MENDED_BYTES)?;
        match self {
            Self::Bzip2 => {
                const START: [u8; 10] = [b'B', b'Z', b'h', b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
                let Some(head) = head.first_chunk::<10>() else { return Ok(false) };
                let distance = head.iter().zip(START).enumerate().map(|(index, (there, wanted))| {
                    let is_level = index == 3 && (b'1'..=b'9').contains(there);
                    if is_level { 0 } else { (there ^ wanted).count_ones() }
                });
                let distance: u32 = distance.sum();
                // A level with a flipped bit may be further from the usual one.
                Ok(distance <= 1 || (head[..3] == START[..3] && head[4..] == START[4..]))
            }
            // What starts with six bytes of magic, or with four and a sensible descriptor, is believed; an LZMA stream
            // has to come out.
            Self::Xz => Ok(head.len() >= 12 && (head[6] == 0 || head[7] & 0xf0 == 0)),
            Self::Zstd => Ok(zstd_is_plausible(&head, window.len()) || self.comes_out(window)?),
            Self::Lz4 => Ok(lz4_is_plausible(&head) || self.mend(window)?.is_some()),
            Self::Lz4Legacy => self.comes_out(window),
            Self::Lzma => Ok(lzma_is_plausible(&head) && self.comes_out(window)?),
            Self::Zlib => Ok(zlib_is_plausible(&head) && self.comes_out(window)?),
        }
    }

    /// Whether what comes out first is sound.
    fn comes_out(self, window: Window<'_>) -> Result<bool, ImageError> {
        let unpacked = unpack_head(window.clamped(0, PROOF_INPUT), self.codec(), PROOF)?;
        Ok(match unpacked.end {
            End::Complete => unpacked.output > 0,
            End::TooLarge => true,
            End::CutOff | End::Broken(_) => unpacked.output > PROOF / 2,
        })
    }

    /// Whether the header of the stream agrees with its own check, where it has one that is known here.
    fn header_is_sound(self, head: &[u8]) -> bool {
        match self {
            Self::Bzip2 => head.starts_with(b"BZh") && head.get(4..10) == Some(&BZIP2_BLOCK[..]),
            Self::Xz => head
                .first_chunk::<12>()
                .is_some_and(|head| crc32fast::hash(&head[6..8]).to_le_bytes() == head[8..]),
            Self::Lz4 => lz4_is_plausible(head) && lz4_header_check(head).is_some_and(|agrees| agrees),
            _ => true,
        }
    }

    /// Whether nothing at the start needs mending.
    fn starts_well(self, window: Window<'_>) -> Result<bool, ImageError> {
        let is_sound = self.header_is_sound(&window.head(0, MENDED_BYTES)?);
        Ok(is_sound && (matches!(self, Self::Bzip2 | Self::Lz4) || self.comes_out(window)?))
    }

    /// The place and the right value of a byte near the start with one flipped bit. At most 192 are tried, and where
    /// the header has a check of its own, only those that it agrees with are tried further.
    fn mend(self, window: Window<'_>) -> Result<Option<(u64, u8)>, ImageError> {
        let mut head = window.head(0, MENDED_BYTES)?;
        for at in 0..head.len() {
            for bit in 0..8 {
                head[at] ^= 1 << bit;
                let value = [head[at]];
                let patched = Patched { window, at: at as u64, bytes: &value };
                let is_sound = self.header_is_sound(&head)
                    && self.starts_well(Window::metered(&patched, window.meter()))?;
                head[at] ^= 1 << bit;
                if is_sound {
                    return Ok(Some((at as u64, value[0])));
                }
            }
        }
        Ok(None)
    }

    fn read(self, window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        if reading.is_outermost()
            && self.can_be_mended()
            && !self.starts_well(window)?
            && let Some((at, value)) = self.mend(window)?
        {
            let there = window.u8(at)?.unwrap_or_default();
            let bytes = [value];
            let patched = Patched { window, at, bytes: &bytes };
            reading.structure(
                format!("byte {at} of the {} header", self.id()),
                window.start() + at,
                format!("{value:02x}"),
                format!("{there:02x}"),
            );
            return self.read_sound(Window::metered(&patched, window.meter()), reading);
        }
        self.read_sound(window, reading)
    }

    fn can_be_mended(self) -> bool {
        !matches!(self, Self::Lzma | Self::Zlib | Self::Lz4Legacy)
    }

    fn read_sound(self, window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let unpacked = unpack(window, self.codec())?;
        let is_outermost = reading.is_outermost();
        let end = match unpacked.end {
            End::Complete => unpacked.input.min(window.len()),
            _ => window.len(),
        };
        let fields = reading.container(self.id(), window.clamped(0, end));
        fields.insert("uncompressed-size".into(), unpacked.output.to_string());
        if self == Self::Lzma {
            let declared = window.le64(5)?.filter(|size| *size != u64::MAX);
            let text = declared.map_or("unknown".into(), |size| size.to_string());
            fields.insert("declared-size".into(), text);
        }
        let what = format!("{} contents", self.id());
        let has_check = self.has_check_value(window)?;
        reading.decoded(&what, window.start(), &unpacked, has_check);
        if !has_check {
            reading.uncovered(format!("No check value covers the {} data.", self.id()));
        }
        let inside = reading.unpacked_part("contents", &unpacked)?;
        if is_outermost {
            reading.call_file(self.file_id(inside));
        }
        reading.trailing(window, end)
    }

    /// Whether the stream carries a check value of its contents.
    fn has_check_value(self, window: Window<'_>) -> Result<bool, ImageError> {
        Ok(match self {
            Self::Bzip2 | Self::Zlib => true,
            Self::Xz => window.u8(7)?.is_some_and(|check| check & 0x0f != 0),
            Self::Zstd => window.u8(4)?.is_some_and(|descriptor| descriptor & 0x04 != 0),
            // Of the contents, or of each block.
            Self::Lz4 => window.u8(4)?.is_some_and(|flags| flags & 0x14 != 0),
            Self::Lz4Legacy | Self::Lzma => false,
        })
    }
}

/// RFC 8878, section 3.1.1: the reserved bit of the descriptor, and a first block that is not of the reserved type and
/// no longer than a block may be.
fn zstd_is_plausible(head: &[u8], len: u64) -> bool {
    let Some(descriptor) = head.get(4).filter(|descriptor| *descriptor & 0x08 == 0) else { return false };
    let is_single = descriptor & 0x20 != 0;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let size = match descriptor >> 6 {
        0 => usize::from(is_single),
        shift => 1 << shift,
    };
    let at = 5 + usize::from(!is_single) + dictionary + size;
    let Some([a, b, c]) = head.get(at..).and_then(|rest| rest.first_chunk::<3>()) else { return false };
    let block = u32::from_le_bytes([*a, *b, *c, 0]);
    (block >> 1) & 3 != 3 && block >> 3 <= 128 * 1024 && len > at as u64 + 3
}

/// Version 1, no reserved bits, a block size of 64 KiB to 4 MiB.
fn lz4_is_plausible(head: &[u8]) -> bool {
    let (Some(flags), Some(block)) = (head.get(4), head.get(5)) else { return false };
    flags & 0xc2 == 0x40 && block & 0x8f == 0 && (4..=7).contains(&(block >> 4))
}

/// Properties in range, a dictionary of 2^n or 2^n + 2^(n-1) bytes, a size that is unknown or sensible, and the zero
/// with which the range coder starts.
fn lzma_is_plausible(head: &[u8]) -> bool {
    let Some([properties, a, b, c, d, size @ .., zero]) = head.first_chunk::<14>() else { return false };
    let dictionary = u32::from_le_bytes([*a, *b, *c, *d]);
    let lowest = dictionary & dictionary.wrapping_neg();
    let size = u64::from_le_bytes(*size);
    *properties < 225
        && *zero == 0
        && (4096..=1 << 28).contains(&dictionary)
        && (dictionary == lowest || dictionary == lowest.saturating_mul(3))
        && (size == u64::MAX || (1..=MAX_LZMA_SIZE).contains(&size))
}

/// Whether the check byte of an LZ4 frame descriptor agrees: the second byte of its XXH32.
fn lz4_header_check(head: &[u8]) -> Option<bool> {
    let flags = head.get(4)?;
    let has_size = flags & 0x08 != 0;
    let has_dictionary = flags & 0x01 != 0;
    let end = 6 + 8 * usize::from(has_size) + 4 * usize::from(has_dictionary);
    Some(*head.get(end)? == (xxh32_short(head.get(4..end)?) >> 8) as u8)
}

/// XXH32 with seed 0 of fewer than 16 bytes (lz4 `doc/lz4_Frame_format.md`; the xxHash specification, version 0.1.1).
fn xxh32_short(bytes: &[u8]) -> u32 {
    const PRIMES: [u32; 5] = [0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d, 0x27d4_eb2f, 0x1656_67b1];
    let mut hash = PRIMES[4].wrapping_add(bytes.len() as u32);
    let mut words = bytes.chunks_exact(4);
    for word in &mut words {
        let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        hash = hash.wrapping_add(word.wrapping_mul(PRIMES[2])).rotate_left(17).wrapping_mul(PRIMES[3]);
    }
    for byte in words.remainder() {
        hash = hash.wrapping_add(u32::from(*byte).wrapping_mul(PRIMES[4]));
        hash = hash.rotate_left(11).wrapping_mul(PRIMES[0]);
    }
    hash = (hash ^ hash >> 15).wrapping_mul(PRIMES[1]);
    hash = (hash ^ hash >> 13).wrapping_mul(PRIMES[2]);
    hash ^ hash >> 16
}

fn zlib_is_plausible(head: &[u8]) -> bool {
    let Some([first, second]) = head.first_chunk::<2>() else { return false };
    *first == 0x78 && second & 0x20 == 0 && u16::from_be_bytes([*first, *second]) % 31 == 0
}
