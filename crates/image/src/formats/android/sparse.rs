//! Android sparse images: a partition's image without its empty blocks.
//!
//! Source: AOSP `system/core/libsparse/sparse_format.h`, `sparse_read.cpp`. The checksum of the whole, in the header or
//! in a chunk, is the CRC-32 of zlib over the image as it comes out; most images have none.

use crate::digest::{Piece, crc32_of};
use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::pieces::Pieces;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "android-sparse",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &[0x3a, 0xff, 0x26, 0xed])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Android sparse image",
        identified_by: "magic ed26ff3a and the sizes of its headers",
        reveals: "chunks that do not add up to what the header declares; damage anywhere, where there is a CRC-32",
        blind_to: "contents, in images without a CRC-32",
        source: "AOSP system/core/libsparse sparse_format.h, sparse_read.cpp",
        tested_with: "img2simg, own construction",
    },
};

const HEADER_SIZE: u64 = 28;
const CHUNK_SIZE: u64 = 12;

/// The most chunks that are looked at.
const MAX_CHUNKS: u32 = 1 << 20;

/// The largest image whose CRC is computed.
const MAX_COMPARED: u64 = 8 << 30;

/// Kinds of chunks.
const RAW: u16 = 0xcac1;
const FILL: u16 = 0xcac2;
const NOTHING: u16 = 0xcac3;
const CRC: u16 = 0xcac4;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let bytes = window.head(0, HEADER_SIZE + CHUNK_SIZE)?;
    let fields = Fields::little(&bytes);
    let signs = [
        fields.u16(4) == 1,
        fields.u16(8) == 28,
        fields.u16(10) == 12,
        fields.u32(12) > 0 && fields.u32(12).is_multiple_of(4),
        (RAW..=CRC).contains(&fields.u16(28)),
    ];
    Ok(evidence(&signs) >= 4)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let bytes = window.head(0, HEADER_SIZE)?;
    let header = Fields::little(&bytes);
    let place = {
        let fields = reading.container(FORMAT.id, window);
        fields.insert("block-size".into(), header.u32(12).to_string());
        fields.insert("blocks".into(), header.u32(16).to_string());
        fields.insert("chunks".into(), header.u32(20).to_string());
        reading.last_container()
    };
    let at = window.start();
    reading.structure(
        "sizes of the headers",
        at + 8,
        "28 12",
        format!("{} {}", header.u16(8), header.u16(10)),
    );
    reading.structure("version", at + 4, "1.0", format!("{}.{}", header.u16(4), header.u16(6)));
    let mut chunks = Chunks {
        contents: Pieces::new(window),
        block: u64::from(header.u32(12)),
        at: HEADER_SIZE,
        blocks: 0,
        seen: 0,
        fault: None,
        crc: None,
    };
    chunks.read(window, header.u32(20))?;
    let end = chunks.at.min(window.len());
    reading.container_at(place).size = end;
    let found = chunks.fault.clone().unwrap_or_else(|| "sound".into());
    reading.structure("chunks", at.saturating_add(end), "sound", found);
    reading.structure("number of chunks", at + 20, header.u32(20), chunks.seen);
    reading.structure("number of blocks", at + 16, header.u32(16), chunks.blocks);
    let contents = chunks.contents.window();
    let declared = (header.u32(24) != 0).then_some(header.u32(24)).or(chunks.crc);
    match declared {
        Some(expected) if contents.len() <= MAX_COMPARED => {
            let actual = crc32_of([Piece::Window(contents)])?;
            reading.digest(
                "crc32 of the contents",
                at + 24,
                format!("{expected:08x}"),
                format!("{actual:08x}"),
            );
        }
        _ => reading.uncovered("The sparse image carries no checksum of its contents."),
    }
    reading.hidden_part("contents", contents)?;
    reading.trailing(window, end)
}

/// The walk over the chunks.
struct Chunks<'a> {
    contents: Pieces<'a>,
    block: u64,
    at: u64,
    blocks: u64,
    seen: u32,
    /// The first thing that is wrong.
    fault: Option<String>,
    crc: Option<u32>,
}

impl Chunks<'_> {
    fn read(&mut self, window: Window<'_>, count: u32) -> Result<(), ImageError> {
        for index in 0..count.min(MAX_CHUNKS) {
            let bytes = window.head(self.at, CHUNK_SIZE + 4)?;
            let chunk = Fields::little(&bytes);
            let (kind, blocks, size) = (chunk.u16(0), u64::from(chunk.u32(4)), u64::from(chunk.u32(8)));
            let output = blocks * self.block;
            let expected = match kind {
                RAW => output.saturating_add(CHUNK_SIZE),
                FILL | CRC => CHUNK_SIZE + 4,
                NOTHING => CHUNK_SIZE,
                _ => {
                    self.fault = Some(format!("chunk {index} is of the unknown kind {kind:04x}"));
                    return Ok(());
                }
            };
            if size != expected || window.part(self.at, expected).is_none() {
                let is_cut = size == expected;
                let what = if is_cut { "cut off" } else { "of another size than its blocks" };
                self.fault.get_or_insert(format!("chunk {index} is {what}"));
            }
            let is_added = match kind {
                RAW => self.contents.push(self.at + CHUNK_SIZE, output),
                FILL => self.contents.fill(chunk.u32(12).to_le_bytes(), output),
                NOTHING => self.contents.fill([0; 4], output),
                _ => {
                    self.crc = Some(chunk.u32(12));
                    true
                }
            };
            self.at = self.at.saturating_add(expected);
            self.seen += 1;
            self.blocks = self.blocks.saturating_add(blocks);
            if !is_added || self.at >= window.len() {
                return Ok(());
            }
        }
        Ok(())
    }
}
