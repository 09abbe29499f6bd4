//! gzip: one or more members, each with a CRC-32 and the size of what it holds.
//!
//! Source: RFC 1952. Members are decompressed to nowhere: only their check values are wanted.

use flate2::{Decompress, FlushDecompress, Status};

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "gzip",
    rank: Rank::Structure,
    magic: &[Magic::at(0, &[0x1f, 0x8b, 8])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "gzip",
        identified_by: "1f 8b 08",
        reveals: "damaged contents, by CRC-32 and size",
        blind_to: "the file name in its header",
        source: "RFC 1952",
        tested_with: "gzip",
    },
};

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// Decompressed bytes after which checking stops: real firmware stays below, bombs do not.
const MAX_OUTPUT: u64 = 2 << 30;

/// Members after which checking stops.
const MAX_MEMBERS: usize = 256;

/// The most bytes that the variable part of a header takes.
const MAX_HEADER: u64 = 4096;

const HAS_HEADER_CRC: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0xe0;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(window.array::<4>(0)?.is_some_and(|head| head[..3] == MAGIC && head[3] & RESERVED == 0))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let mut end = 0;
    let mut output = 0;
    let mut first = None;
    let slot = Slot::reserve(window, reading);
    for _ in 0..MAX_MEMBERS {
        let rest = window.clamped(end, u64::MAX);
        if (end > 0 && !matches(rest)?) || rest.len() == 0 {
            break;
        }
        let member = Member::read(rest, MAX_OUTPUT - output)?;
        let size = member.record(rest, reading);
        output += member.output;
        first.get_or_insert(member);
        match size {
            Some(size) => end += size,
            None => {
                end = window.len();
                break;
            }
        }
    }
    slot.fill(window.clamped(0, end), first, output, reading);
    let left = window.len() - end;
    if left > 0 {
        reading.warn(format!("{left} bytes follow the gzip data that starts at offset {}.", window.start()));
    }
    Ok(())
}

/// The place of the container among the others, kept until its size is known.
struct Slot(usize);

impl Slot {
    fn reserve(window: Window<'_>, reading: &mut Reading<'_>) -> Self {
        reading.container(FORMAT.id, window);
        Self(reading.last_container())
    }

    fn fill(self, window: Window<'_>, first: Option<Member>, output: u64, reading: &mut Reading<'_>) {
        let container = reading.container_at(self.0);
        container.size = window.len();
        container.fields.insert("uncompressed-size".into(), output.to_string());
        if let Some(name) = first.and_then(|member| member.name) {
            container.fields.insert("name".into(), name);
        }
    }
}

/// How the compressed data of a member ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Complete,
    CutOff,
    Broken,
    TooLarge,
}

/// A member as far as it could be decompressed.
#[derive(Debug)]
struct Member {
    name: Option<String>,
    end: End,
    /// Bytes of header and compressed data.
    size: u64,
    output: u64,
    crc: u32,
}

impl Member {
    fn read(window: Window<'_>, limit: u64) -> Result<Self, ImageError> {
        let mut member = Self { name: None, end: End::CutOff, size: 0, output: 0, crc: 0 };
        let head = window.head(0, MAX_HEADER)?;
        if let Some((size, name)) = header(&head) {
            member.name = name;
            member.size = size as u64;
            member.inflate(window.clamped(member.size, u64::MAX), limit)?;
        }
        Ok(member)
    }

    fn inflate(&mut self, data: Window<'_>, limit: u64) -> Result<(), ImageError> {
        let mut inflater = Decompress::new(false);
        let mut crc = crc32fast::Hasher::new();
        let mut output = vec![0; 64 * 1024];
        let mut end = End::CutOff;
        data.stream_while(|mut piece| {
            while !piece.is_empty() {
                let (before_in, before_out) = (inflater.total_in(), inflater.total_out());
                let status = inflater.decompress(piece, &mut output, FlushDecompress::None);
                let consumed = (inflater.total_in() - before_in) as usize;
                let produced = (inflater.total_out() - before_out) as usize;
                crc.update(&output[..produced]);
                piece = &piece[consumed..];
                match status {
                    Ok(Status::StreamEnd) => end = End::Complete,
                    Ok(_) if inflater.total_out() > limit => end = End::TooLarge,
                    Ok(_) if consumed > 0 || produced > 0 => continue,
                    _ => end = End::Broken,
                }
                return false;
            }
            true
        })?;
        self.end = end;
        self.size += inflater.total_in();
        self.output = inflater.total_out();
        self.crc = crc.finalize();
        Ok(())
    }

    /// Compares with the trailer; the size of the whole member, where it has an end.
    fn record(&self, window: Window<'_>, reading: &mut Reading<'_>) -> Option<u64> {
        let at = window.start() + self.size;
        let trailer = window.array::<8>(self.size).ok().flatten();
        match (self.end, trailer) {
            (End::Complete, Some([a, b, c, d, e, f, g, h])) => {
                let crc = u32::from_le_bytes([a, b, c, d]);
                let size = u32::from_le_bytes([e, f, g, h]);
                reading.digest("crc32 of gzip data", at, format!("{crc:08x}"), format!("{:08x}", self.crc));
                reading.digest("size of gzip data", at + 4, size, self.output as u32);
                Some(self.size + 8)
            }
            (End::TooLarge, _) => {
                reading
                    .uncovered(format!("The gzip data grows beyond {MAX_OUTPUT} bytes and was not checked."));
                None
            }
            (End::Broken, _) => {
                reading.structure("gzip data", at, "well-formed", "broken");
                None
            }
            _ => {
                reading.structure("gzip data", at, "complete", "cut off");
                None
            }
        }
    }
}

/// The size of a header and the file name in it, where all of it is there.
fn header(head: &[u8]) -> Option<(usize, Option<String>)> {
    let flags = *head.get(3)?;
    let mut at = 10;
    let mut name = None;
    if flags & HAS_EXTRA != 0 {
        at += 2 + usize::from(u16::from_le_bytes([*head.get(at)?, *head.get(at + 1)?]));
    }
    if flags & HAS_NAME != 0 {
        let bytes = terminated(head.get(at..)?)?;
        at += bytes.len() + 1;
        name = Some(text(bytes));
    }
    if flags & HAS_COMMENT != 0 {
        at += terminated(head.get(at..)?)?.len() + 1;
    }
    if flags & HAS_HEADER_CRC != 0 {
        at += 2;
    }
    (at <= head.len()).then_some((at, name))
}

fn terminated(bytes: &[u8]) -> Option<&[u8]> {
    Some(&bytes[..bytes.iter().position(|byte| *byte == 0)?])
}
