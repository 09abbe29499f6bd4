//! Decompression, in one pass, with bounds on work and memory.

use std::io::{self, BufRead, Read};

use debrick_target::{Source, SourceError};

use crate::error::ImageError;
use crate::meter::Meter;
use crate::window::{Window, WindowReader};

/// Bytes by which kept contents grow.
const SEGMENT: usize = 256 * 1024;

/// Bytes after which decompression stops: real firmware stays below, bombs do not.
const MAX_OUTPUT: u64 = 2 << 30;

/// The most memory that a decoder may take for its dictionary and its tables, in KiB: a dictionary of 16 MiB, as EDK II
/// writes it, and what comes with it.
const MAX_DICTIONARY_KIB: u32 = 16 * 1024 + 512;

/// Streams in a row after which decompression stops.
const MAX_STREAMS: usize = 256;

/// The most memory that an xz decoder may take, in KiB: `xz -9` needs 65 MiB.
const MAX_XZ_KIB: u32 = 66 * 1024;

/// How contents are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// Nothing but the compressed blocks.
    Deflate,
    /// RFC 1950, with an Adler-32.
    Zlib,
    /// LZMA with a header of 13 bytes: properties, dictionary, size.
    Lzma,
    /// Chunks of LZMA2 without a header, as in `.7z`; with a dictionary of 16 MiB, whatever was declared.
    Lzma2,
    /// One stream of `.xz`, with check values.
    Xz,
    /// One stream of `.bz2`, with a CRC-32.
    Bzip2,
    /// `.zst`, perhaps with an XXH64.
    Zstd,
    /// LZ4 frames, perhaps with an XXH32, and the older frames of `lz4 -l`.
    Lz4,
}

/// How compressed data ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// Where it should, with check values that agree.
    Complete,
    /// The file ends before the data does.
    CutOff,
    /// The data contradicts itself, or its check value.
    Broken(String),
    /// It grows beyond what is looked at.
    TooLarge,
}

/// What came out.
pub(crate) struct Unpacked<'a> {
    segments: Vec<Vec<u8>>,
    kept: u64,
    meter: &'a Meter,
    /// Bytes that came out, kept or not.
    pub(crate) output: u64,
    /// Compressed bytes that were read, for codecs that read no further than their end.
    pub(crate) input: u64,
    /// CRC-32 (as in zlib) of what came out.
    pub(crate) crc32: u32,
    /// How it ended.
    pub(crate) end: End,
}

impl Unpacked<'_> {
    /// Whether everything that came out was kept, and it came to its end.
    pub(crate) fn is_whole(&self) -> bool {
        self.end == End::Complete && self.kept == self.output
    }

    /// What was kept, as a window that counts on the same meter.
    pub(crate) fn window(&self) -> Window<'_> {
        Window::metered(self, self.meter)
    }
}

impl Drop for Unpacked<'_> {
    fn drop(&mut self) {
        self.meter.release((self.segments.len() * SEGMENT) as u64);
    }
}

impl Source for Unpacked<'_> {
    fn len(&self) -> u64 {
        self.kept
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.kept) {
            return Err(SourceError { offset, source: io::ErrorKind::UnexpectedEof.into() });
        }
        let mut done = 0;
        while done < buffer.len() {
            let at = offset as usize + done;
            let piece = &self.segments[at / SEGMENT][at % SEGMENT..];
            let size = piece.len().min(buffer.len() - done);
            buffer[done..done + size].copy_from_slice(&piece[..size]);
            done += size;
        }
        Ok(())
    }
}

/// Decompresses a window from its start. Damage is in the answer; only an unreadable source is an error.
pub(crate) fn unpack(window: Window<'_>, codec: Codec) -> Result<Unpacked<'_>, ImageError> {
    unpack_head(window, codec, MAX_OUTPUT)
}

/// Decompresses a window from its start until more than `limit` bytes came out, which then counts as too large.
pub(crate) fn unpack_head(window: Window<'_>, codec: Codec, limit: u64) -> Result<Unpacked<'_>, ImageError> {
    let mut input = Counted { reader: window.reader(), taken: 0 };
    let mut unpacked = drain(window.meter(), codec, &mut input, limit.min(MAX_OUTPUT))?;
    unpacked.input = input.taken;
    Ok(unpacked)
}

fn drain<'a>(
    meter: &'a Meter,
    codec: Codec,
    input: &mut Counted<'_>,
    limit: u64,
) -> Result<Unpacked<'a>, ImageError> {
    let mut unpacked =
        Unpacked { segments: vec![], kept: 0, meter, output: 0, input: 0, crc32: 0, end: End::Complete };
    let mut crc = crc32fast::Hasher::new();
    for _ in 0..MAX_STREAMS {
        drain_stream(meter, codec, input, limit, &mut unpacked, &mut crc)?;
        let start = codec.start_of_stream();
        let next = input.reader.fill_buf().map(|next| next.starts_with(start));
        if unpacked.end != End::Complete || start.is_empty() || !next.unwrap_or(false) {
            break;
        }
    }
    unpacked.crc32 = crc.finalize();
    Ok(unpacked)
}

fn drain_stream(
    meter: &Meter,
    codec: Codec,
    input: &mut Counted<'_>,
    limit: u64,
    unpacked: &mut Unpacked<'_>,
    crc: &mut crc32fast::Hasher,
) -> Result<(), ImageError> {
    match decoder(codec, input) {
        Ok(mut decoder) => pump(meter, decoder.as_mut(), limit, unpacked, crc),
        Err(error) => {
            unpacked.end = end_of(error)?;
            Ok(())
        }
    }
}

/// What comes out of a decoder that another library made. Damage is in the answer.
pub(crate) fn unpack_reader<'a>(
    meter: &'a Meter,
    decoder: &mut dyn Read,
) -> Result<Unpacked<'a>, ImageError> {
    let mut unpacked =
        Unpacked { segments: vec![], kept: 0, meter, output: 0, input: 0, crc32: 0, end: End::Complete };
    let mut crc = crc32fast::Hasher::new();
    pump(meter, decoder, MAX_OUTPUT, &mut unpacked, &mut crc)?;
    unpacked.crc32 = crc.finalize();
    Ok(unpacked)
}

fn pump(
    meter: &Meter,
    decoder: &mut dyn Read,
    limit: u64,
    unpacked: &mut Unpacked<'_>,
    crc: &mut crc32fast::Hasher,
) -> Result<(), ImageError> {
    let mut keeping = unpacked.kept == unpacked.output;
    // Decoders that fail do not hand over what they have done of a piece: it must not be large.
    let mut buffer = vec![0; limit.saturating_add(1).min(8 * 1024) as usize];
    loop {
        let size = match decoder.read(&mut buffer) {
            Ok(0) => break,
            Ok(size) => size,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                unpacked.end = end_of(error)?;
                break;
            }
        };
        meter.charge(size as u64)?;
        crc.update(&buffer[..size]);
        unpacked.output += size as u64;
        keeping = keeping && unpacked.append(&buffer[..size]);
        if unpacked.output > limit {
            unpacked.end = End::TooLarge;
            break;
        }
    }
    Ok(())
}

impl Codec {
    /// What starts a further stream behind the first, for codecs whose tools read one after the other.
    fn start_of_stream(self) -> &'static [u8] {
        match self {
            Self::Xz => b"\xfd7zXZ\0",
            Self::Bzip2 => b"BZh",
            _ => &[],
        }
    }
}

impl Unpacked<'_> {
    fn append(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let has_room = self.segments.last().is_some_and(|last| last.len() < SEGMENT);
            if !has_room {
                if !self.meter.keep(SEGMENT as u64) {
                    return false;
                }
                self.segments.push(Vec::with_capacity(SEGMENT));
            }
            let Some(last) = self.segments.last_mut() else { return false };
            let size = bytes.len().min(SEGMENT - last.len());
            last.extend_from_slice(&bytes[..size]);
            self.kept += size as u64;
            bytes = &bytes[size..];
        }
        true
    }
}

fn decoder<'r>(codec: Codec, input: &'r mut Counted<'_>) -> io::Result<Box<dyn Read + 'r>> {
    Ok(match codec {
        Codec::Deflate => Box::new(Inflate { input, state: flate2::Decompress::new(false), is_done: false }),
        Codec::Zlib => Box::new(Inflate { input, state: flate2::Decompress::new(true), is_done: false }),
        Codec::Lzma => Box::new(lzma(input)?),
        Codec::Lzma2 => Box::new(lzma_rust2::Lzma2Reader::new(
            // A chunk that is cut off comes out as far as it goes.
            input.chain(io::repeat(0).take(64 * 1024)),
            16 << 20,
            None,
        )),
        Codec::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(input, false, MAX_XZ_KIB)),
        Codec::Bzip2 => Box::new(bzip2::bufread::BzDecoder::new(input)),
        Codec::Zstd => Box::new(Zstd { input, frame: None, any: false }),
        Codec::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(input)),
    })
}

/// DEFLATE that tells a cut from an end, which flate2's own readers do not.
struct Inflate<'r, 'w> {
    input: &'r mut Counted<'w>,
    state: flate2::Decompress,
    is_done: bool,
}

impl Read for Inflate<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use flate2::{FlushDecompress, Status};
        while !self.is_done && !buffer.is_empty() {
            let piece = self.input.fill_buf()?;
            let is_last = piece.is_empty();
            let (taken, given) = (self.state.total_in(), self.state.total_out());
            let status = self.state.decompress(piece, buffer, FlushDecompress::None);
            let (taken, given) = (self.state.total_in() - taken, self.state.total_out() - given);
            self.input.consume(taken as usize);
            self.is_done = matches!(status, Ok(Status::StreamEnd));
            status.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
            if given > 0 {
                return Ok(given as usize);
            }
            if is_last && !self.is_done {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if taken == 0 && !self.is_done {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "no progress"));
            }
        }
        Ok(0)
    }
}

/// LZMA with its header of 13 bytes. Encoders declare dictionaries of up to 64 MiB also for small contents: no more is
/// taken than the contents can use.
fn lzma<'r, 'w>(input: &'r mut Counted<'w>) -> io::Result<lzma_rust2::LzmaReader<&'r mut Counted<'w>>> {
    let mut header = [0; 13];
    input.read_exact(&mut header)?;
    let [properties, a, b, c, d, size @ ..] = header;
    let size = u64::from_le_bytes(size);
    let largest = u64::from(MAX_DICTIONARY_KIB) << 10;
    let dictionary = u64::from(u32::from_le_bytes([a, b, c, d])).min(size.max(4096)).min(largest);
    lzma_rust2::LzmaReader::new_with_props(input, size, properties, dictionary as u32, None)
}

/// One Zstandard frame after the other, as the command line tool reads them.
struct Zstd<'r, 'w> {
    input: &'r mut Counted<'w>,
    frame: Option<ruzstd::decoding::FrameDecoder>,
    any: bool,
}

impl Read for Zstd<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
        loop {
            let frame = match &mut self.frame {
                Some(frame) => frame,
                None => {
                    let start = self.input.fill_buf()?;
                    if start.is_empty() || (self.any && start[0] != 0x28) {
                        return Ok(0);
                    }
                    let mut frame = FrameDecoder::new();
                    frame.init(&mut self.input).map_err(zstd_error)?;
                    self.frame.insert(frame)
                }
            };
            let size = frame.read(buffer)?;
            if size > 0 {
                return Ok(size);
            }
            if frame.is_finished() {
                let expected = frame.get_checksum_from_data();
                let actual = frame.get_calculated_checksum();
                if let (Some(expected), Some(actual)) = (expected, actual)
                    && expected != actual
                {
                    let text = format!("check value {expected:08x}, contents {actual:08x}");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, text));
                }
                self.any = true;
                self.frame = None;
                continue;
            }
            let strategy = BlockDecodingStrategy::UptoBytes(buffer.len());
            frame.decode_blocks(&mut self.input, strategy).map_err(zstd_error)?;
        }
    }
}

/// What the decoder says, with its causes: the last one tells whether the input ended.
fn zstd_error(error: impl std::error::Error) -> io::Error {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    io::Error::new(io::ErrorKind::InvalidData, text)
}

/// How decompression ended, from the decoder's error; an unreadable source stays an error.
fn end_of(error: io::Error) -> Result<End, ImageError> {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Ok(End::CutOff);
    }
    let text = error.to_string();
    match error.into_inner().map(|inner| inner.downcast::<ImageError>()) {
        Some(Ok(ours)) => Err(*ours),
        _ if text.contains("unexpected end") || text.contains("failed to fill") => Ok(End::CutOff),
        _ => Ok(End::Broken(text)),
    }
}

/// Counts what a decoder takes.
struct Counted<'w> {
    reader: io::BufReader<WindowReader<'w>>,
    taken: u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.reader.read(buffer)?;
        self.taken += size as u64;
        Ok(size)
    }
}

impl BufRead for Counted<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.taken += amount as u64;
        self.reader.consume(amount);
    }
}
