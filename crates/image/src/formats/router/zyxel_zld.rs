//! Zyxel ZLD: an archive of several files with a table, as business gateways and access points take it.
//!
//! Source: firmware-utils `src/mkzyxelzldfw.c`. In the byte order of the magic number 0xdeadbeaf at 4: a checksum, the
//! version, numbers of files and models, five models, the size of the archive at 24, where the files start, sizes of
//! the header and of an entry, the CAPWAP version at 40, the model at 72. An entry of 272 bytes: kind, flags, size,
//! checksum, flash offset, name, target, revision, date. A checksum is the sum of the four big-endian words of an MD5.
//! The archive's covers all but itself, with the 512 bytes before the kernel taken as zeros; a file's covers the file
//! (of the kernel: without those bytes).

use crate::digest::{Piece, md5_of};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::clues::{count, hex32, is_text_field};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "zyxel-zld",
    rank: Rank::Wrapper,
    magic: &[Magic::at(4, &[0xde, 0xad, 0xbe, 0xaf]), Magic::at(4, &[0xaf, 0xbe, 0xad, 0xde])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Zyxel ZLD archive",
        identified_by: "magic deadbeaf at offset 4",
        reveals: "damage to the table or the files, by sums of MD5",
        blind_to: "the texts in the 512 bytes before the kernel",
        source: "firmware-utils src/mkzyxelzldfw.c",
        tested_with: "own construction",
    },
};

const SIZE: u64 = 104;
const ENTRY: u64 = 272;
const KERNEL_HEADER: u64 = 512;
const KERNEL: u16 = 2;
const MAX_FILES: u16 = 32;
const MODELS: u64 = 5;
const NO_MODEL: u16 = 0xffff;

/// A window whose numbers are in the byte order of its magic number.
#[derive(Clone, Copy)]
struct Numbers<'a> {
    window: Window<'a>,
    is_big: bool,
}

impl<'a> Numbers<'a> {
    fn of(window: Window<'a>) -> Result<Self, ImageError> {
        Ok(Self { window, is_big: window.u8(4)? == Some(0xde) })
    }

    fn half(&self, at: u64) -> Result<u16, ImageError> {
        let half = if self.is_big { self.window.be16(at)? } else { self.window.le16(at)? };
        Ok(half.unwrap_or_default())
    }

    fn word(&self, at: u64) -> Result<u32, ImageError> {
        let word = if self.is_big { self.window.be32(at)? } else { self.window.le32(at)? };
        Ok(word.unwrap_or_default())
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let numbers = Numbers::of(window)?;
    let files = numbers.half(10)?;
    let evidence = [
        (1..=MAX_FILES).contains(&files),
        u64::from(numbers.half(12)?) == MODELS,
        u64::from(numbers.half(28)?) == SIZE + ENTRY * u64::from(files),
        (104..=128).contains(&numbers.half(30)?),
        u64::from(numbers.half(32)?) == ENTRY,
        is_text_field(&window.head(72, 32)?, 2, 0),
    ];
    Ok(count(&evidence) >= 4)
}

/// A file as its entry describes it.
struct File {
    entry: u64,
    kind: u16,
    start: u64,
    size: u64,
    sum: u32,
    name: String,
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let numbers = Numbers::of(window)?;
    let (at, total) = (window.start(), u64::from(numbers.word(24)?));
    let model = text(&window.head(72, 32)?);
    let version = text(&window.head(40, 32)?);
    let whole = window.clamped(0, total);
    let fields = reading.container(FORMAT.id, whole);
    fields.insert("model".into(), model.clone());
    fields.insert("capwap-version".into(), version.clone());
    fields.insert("version".into(), format!("{:#06x}", numbers.half(8)?));
    reading.set_vendor("Zyxel");
    reading.set_model(model);
    reading.set_version(version);
    for index in 0..MODELS {
        let id = numbers.half(14 + index * 2)?;
        if id != NO_MODEL {
            reading.board(format!("{id:04x}"));
        }
    }
    reading.boards_are_declared = true;
    reading.declared_size("the archive", at + 24, total, window.len());
    let files = files(numbers)?;
    let table_end = SIZE + ENTRY * files.len() as u64;
    reading.structure("start of the files", at + 28, table_end, numbers.half(28)?);
    reading.structure("size of an entry", at + 32, ENTRY, numbers.half(32)?);
    let kernel = files.iter().find(|file| file.kind == KERNEL);
    let zeros = [0; KERNEL_HEADER as usize];
    let kernel_at = kernel.map_or(total, |kernel| kernel.start);
    let sum = md5_sum([
        Piece::Window(whole.clamped(4, kernel_at.saturating_sub(4))),
        Piece::Bytes(if kernel.is_some() { &zeros } else { &[] }),
        Piece::Window(whole.clamped(kernel_at.saturating_add(KERNEL_HEADER), u64::MAX)),
    ])?;
    reading.digest("checksum of the archive", at, hex32(numbers.word(0)?), hex32(sum));
    for file in &files {
        read_file(numbers, whole, file, reading)?;
    }
    reading.trailing(window, total)
}

fn files(numbers: Numbers<'_>) -> Result<Vec<File>, ImageError> {
    let count = u64::from(numbers.half(10)?.min(MAX_FILES));
    let mut start = SIZE + ENTRY * count;
    let mut files = Vec::new();
    for index in 0..count {
        let entry = SIZE + index * ENTRY;
        let size = u64::from(numbers.word(entry + 4)?);
        files.push(File {
            entry,
            kind: numbers.half(entry)?,
            start,
            size,
            sum: numbers.word(entry + 8)?,
            name: text(&numbers.window.head(entry + 16, 64)?),
        });
        start = start.saturating_add(size);
    }
    Ok(files)
}

fn read_file(
    numbers: Numbers<'_>,
    whole: Window<'_>,
    file: &File,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let at = whole.start() + file.entry;
    let mut contents = whole.clamped(file.start, file.size);
    reading.declared_size(&file.name, at + 4, file.size, contents.len());
    if file.kind == KERNEL {
        let header = Numbers { window: contents, ..numbers };
        for (offset, name, expected) in [(260, "kernel", file.sum), (264, "archive", numbers.word(0)?)] {
            let name = format!("checksum of the {name} in the kernel's header");
            let there = header.word(offset)?;
            reading.structure(name, contents.start() + offset, hex32(expected), hex32(there));
        }
        contents = contents.clamped(KERNEL_HEADER, u64::MAX);
    }
    let sum = md5_sum([Piece::Window(contents)])?;
    reading.digest(format!("checksum of {}", file.name), at + 8, hex32(file.sum), hex32(sum));
    reading.part(file.name.clone(), contents).map(drop)
}

/// The sum of the words of an MD5; never zero.
fn md5_sum<'a>(pieces: impl IntoIterator<Item = Piece<'a>>) -> Result<u32, ImageError> {
    let digest = md5_of(pieces)?;
    let sum = digest
        .chunks_exact(4)
        .fold(0_u32, |sum, word| sum.wrapping_add(u32::from_be_bytes([word[0], word[1], word[2], word[3]])));
    Ok(sum.max(1))
}
