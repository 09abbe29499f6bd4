//! What OpenWrt's fwtool appends to an image of any kind: trailers of 16 bytes behind the metadata and the signature.
//!
//! Source: OpenWrt fwtool `fwtool.c`, `fwimage.h` (magic `FWx0`, CRC-32, type, size with the trailer, all
//! big-endian) and `include/image-commands.mk` (`append-metadata`). Trailers are stacked: the signature is appended
//! last. Each CRC covers the file from its first byte and is not complemented at the end.

use serde_json::Value;

use crate::digest::jamcrc;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats;
use crate::formats::update::bundle::identify;
use crate::reading::Reading;
use crate::window::{SMALL, Window};

/// Described here so that it is listed; trailers are peeled before any format is asked.
pub(crate) const FORMAT: Format = Format {
    id: "fwtool",
    rank: Rank::Wrapper,
    magic: &[],
    matches: |_| Ok(false),
    read: |_, _| Ok(()),
    about: About {
        outermost: &["openwrt-sysupgrade", "openwrt-sysupgrade-tar"],
        name: "OpenWrt sysupgrade image with metadata",
        identified_by: "trailers with `FWx0` at the end, or in the last 64 KiB",
        reveals: "any damage before the last trailer, by CRC-32",
        blind_to: "bytes behind the last trailer",
        source: "OpenWrt fwtool fwtool.c, fwimage.h; include/image-commands.mk",
        tested_with: "own construction",
    },
};

const MAGIC: [u8; 4] = *b"FWx0";

const TRAILER: u64 = 16;

const SIGNATURE: u8 = 0;
const INFO: u8 = 1;

/// Version and flags before the JSON text.
const INFO_HEADER: u64 = 8;

/// The most trailers that are peeled.
const MAX_TRAILERS: usize = 8;

/// One trailer with what it describes.
#[derive(Debug, Clone, Copy)]
struct Trailer {
    /// Where its data starts.
    start: u64,
    /// Where the 16 bytes of the trailer start.
    at: u64,
    crc: u32,
    kind: u8,
    magic: [u8; 4],
}

/// The trailers of a file, first one first.
pub(crate) struct Trailers {
    list: Vec<Trailer>,
    end: u64,
}

impl Trailer {
    /// The trailer that ends at an offset. One bit of its magic number may be wrong.
    fn ending_at(window: Window<'_>, end: u64) -> Result<Option<Self>, ImageError> {
        let Some(at) = end.checked_sub(TRAILER) else { return Ok(None) };
        let Some(bytes) = window.array::<16>(at)? else { return Ok(None) };
        let word = |from: usize| {
            u32::from_be_bytes([bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]])
        };
        let magic = [bytes[0], bytes[1], bytes[2], bytes[3]];
        let wrong: u32 = magic.iter().zip(MAGIC).map(|(there, wanted)| (there ^ wanted).count_ones()).sum();
        let size = u64::from(word(12));
        let start = end.checked_sub(size).filter(|_| size >= TRAILER);
        let (Some(start), true) = (start, wrong <= 1 && bytes[8] <= INFO) else { return Ok(None) };
        let trailer = Self { start, at, crc: word(4), kind: bytes[8], magic };
        let is_certain =
            wrong == 0 || (trailer.kind == INFO && window.u8(start + INFO_HEADER)? == Some(b'{'));
        Ok(is_certain.then_some(trailer))
    }
}

/// The trailers at the end of a file, or in the last 64 KiB where something was appended.
pub(crate) fn find(window: Window<'_>) -> Result<Option<Trailers>, ImageError> {
    let mut end = window.len();
    if Trailer::ending_at(window, end)?.is_none() {
        let from = window.len().saturating_sub(SMALL);
        let tail = window.head(from, SMALL)?;
        let places = tail.windows(4).enumerate().rev().filter(|(_, there)| *there == MAGIC).take(16);
        let mut found = None;
        for (at, _) in places {
            let behind = from + at as u64 + TRAILER;
            if found.is_none() && Trailer::ending_at(window, behind)?.is_some() {
                found = Some(behind);
            }
        }
        let Some(behind) = found else { return Ok(None) };
        end = behind;
    }
    let mut trailers = Trailers { list: Vec::new(), end };
    let mut at = end;
    while trailers.list.len() < MAX_TRAILERS
        && let Some(trailer) = Trailer::ending_at(window, at)?
    {
        at = trailer.start;
        trailers.list.insert(0, trailer);
    }
    Ok(Some(trailers).filter(|trailers| !trailers.list.is_empty()))
}

/// Where the data of the last trailer starts and ends, and where the trailer does, if it is one with a signature.
pub(crate) fn signature(window: Window<'_>) -> Result<Option<(u64, u64, u64)>, ImageError> {
    let Some(trailers) = find(window)? else { return Ok(None) };
    let last = trailers.list.last().filter(|last| last.kind == SIGNATURE);
    Ok(last.map(|last| (last.start, last.at, trailers.end)))
}

impl Trailers {
    /// Reads the metadata, then the image before it, and at last records the trailers.
    pub(crate) fn read(&self, window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let body_size = self.list.first().map_or(window.len(), |first| first.start);
        let mut metadata = Vec::new();
        for trailer in self.list.iter().filter(|trailer| trailer.kind == INFO) {
            let from = trailer.start + INFO_HEADER;
            let text = window.head(from, trailer.at.saturating_sub(from))?;
            match serde_json::from_slice::<Value>(&text) {
                Ok(value) => metadata.push(value),
                Err(_) => reading.structure(
                    "metadata of the image",
                    window.start() + from,
                    "JSON",
                    "something else",
                ),
            }
        }
        metadata.iter().for_each(|value| describe(value, reading));
        let body = window.clamped(0, body_size);
        if formats::read_body(body, reading)?.is_none() {
            reading.container("raw", body);
        }
        reading.call_file(match reading.outermost() {
            Some("openwrt-sysupgrade-tar" | "tar") => "openwrt-sysupgrade-tar",
            Some("gzip-wrapped") => "gzip-wrapped",
            _ => "openwrt-sysupgrade",
        });
        let fields = reading.container(FORMAT.id, window.clamped(body_size, self.end - body_size));
        for value in &metadata {
            fields.extend(listed(value));
        }
        self.check(window, reading)?;
        reading.trailing(window, self.end)
    }

    fn check(&self, window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        for trailer in &self.list {
            let at = window.start() + trailer.at;
            let what = if trailer.kind == SIGNATURE { "signature" } else { "metadata" };
            reading.structure(
                format!("magic number of the {what} trailer"),
                at,
                crate::digest::hex(&MAGIC),
                crate::digest::hex(&trailer.magic),
            );
            let actual = jamcrc(window.clamped(0, trailer.at))?;
            let expected = format!("{:08x}", trailer.crc);
            reading.digest(
                format!("crc32 up to the {what} trailer"),
                at + 4,
                expected,
                format!("{actual:08x}"),
            );
            if trailer.kind == SIGNATURE && trailer.at > trailer.start {
                reading.signature("The image with its metadata");
            }
        }
        Ok(())
    }
}

/// Takes boards and version.
fn describe(metadata: &Value, reading: &mut Reading<'_>) {
    let lists = [&metadata["supported_devices"], &metadata["new_supported_devices"]];
    let boards = lists.into_iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str).take(128);
    // From compatibility version 2.0 on, the older list holds a sentence for people.
    for board in boards.filter(|board| !board.contains(' ')) {
        reading.boards_are_declared = true;
        identify(board, reading);
        reading.board(board);
    }
    if let Some(version) = metadata["version"]["version"].as_str() {
        reading.set_version(version);
    }
}

/// What the metadata says, as fields.
fn listed(metadata: &Value) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    for name in ["dist", "version", "revision", "target", "board"] {
        fields.extend(metadata["version"][name].as_str().map(|text| (name.to_owned(), text.to_owned())));
    }
    for name in ["compat_version", "compat_message", "metadata_version"] {
        fields.extend(metadata[name].as_str().map(|text| (name.replace('_', "-"), text.to_owned())));
    }
    fields
}
