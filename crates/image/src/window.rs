//! A stretch of a source, with reads that know its end.
//!
//! Lengths come from files and are hostile: nothing here allocates more than was found to be there, and never more
//! than [`SMALL`] at once.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use debrick_target::{Source, SourceError};

use crate::error::ImageError;
use crate::meter::{Meter, UNLIMITED};

/// The most that is ever read into memory as one value.
pub(crate) const SMALL: u64 = 64 * 1024;

/// The size of the pieces in which contents go by.
const CHUNK: usize = 256 * 1024;

/// A stretch of a source that lies inside it.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a> {
    source: &'a dyn Source,
    meter: &'a Meter,
    start: u64,
    len: u64,
}

impl<'a> Window<'a> {
    /// All of a source; nobody counts the work on it.
    pub(crate) fn whole(source: &'a dyn Source) -> Self {
        Self::metered(source, &UNLIMITED)
    }

    /// All of a source.
    pub(crate) fn metered(source: &'a dyn Source, meter: &'a Meter) -> Self {
        Self { source, meter, start: 0, len: source.len() }
    }

    /// What counts the work on the source.
    pub(crate) fn meter(&self) -> &'a Meter {
        self.meter
    }

    /// Offset of the first byte in the file.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The stretch of `len` bytes at `offset`, where all of it is there.
    pub(crate) fn part(&self, offset: u64, len: u64) -> Option<Self> {
        let end = offset.checked_add(len)?;
        (end <= self.len).then(|| Self { start: self.start + offset, len, ..*self })
    }

    /// The stretch of at most `len` bytes at `offset`, as far as it is there.
    pub(crate) fn clamped(&self, offset: u64, len: u64) -> Self {
        let offset = offset.min(self.len);
        Self { start: self.start + offset, len: len.min(self.len - offset), ..*self }
    }

    /// `N` bytes at `offset`, or `None` where the window ends before.
    pub(crate) fn array<const N: usize>(&self, offset: u64) -> Result<Option<[u8; N]>, ImageError> {
        let mut bytes = [0; N];
        Ok(self.fill(offset, &mut bytes)?.then_some(bytes))
    }

    /// The byte at `offset`.
    pub(crate) fn u8(&self, offset: u64) -> Result<Option<u8>, ImageError> {
        Ok(self.array::<1>(offset)?.map(|[byte]| byte))
    }

    /// The big-endian half word at `offset`.
    pub(crate) fn be16(&self, offset: u64) -> Result<Option<u16>, ImageError> {
        Ok(self.array(offset)?.map(u16::from_be_bytes))
    }

    /// The big-endian word at `offset`.
    pub(crate) fn be32(&self, offset: u64) -> Result<Option<u32>, ImageError> {
        Ok(self.array(offset)?.map(u32::from_be_bytes))
    }

    /// The big-endian double word at `offset`.
    pub(crate) fn be64(&self, offset: u64) -> Result<Option<u64>, ImageError> {
        Ok(self.array(offset)?.map(u64::from_be_bytes))
    }

    /// The little-endian half word at `offset`.
    pub(crate) fn le16(&self, offset: u64) -> Result<Option<u16>, ImageError> {
        Ok(self.array(offset)?.map(u16::from_le_bytes))
    }

    /// The little-endian word at `offset`.
    pub(crate) fn le32(&self, offset: u64) -> Result<Option<u32>, ImageError> {
        Ok(self.array(offset)?.map(u32::from_le_bytes))
    }

    /// The little-endian double word at `offset`.
    pub(crate) fn le64(&self, offset: u64) -> Result<Option<u64>, ImageError> {
        Ok(self.array(offset)?.map(u64::from_le_bytes))
    }

    /// Whether these bytes stand at `offset`.
    pub(crate) fn has(&self, offset: u64, bytes: &[u8]) -> Result<bool, ImageError> {
        Ok(self.bytes(offset, bytes.len() as u64)?.is_some_and(|there| there == bytes))
    }

    /// The text of a field of `len` bytes: see [`text`]. Empty where the window ends before.
    pub(crate) fn text(&self, offset: u64, len: u64) -> Result<String, ImageError> {
        Ok(self.bytes(offset, len)?.map(|bytes| text(&bytes)).unwrap_or_default())
    }

    /// Offset of the first place at or after `from` where these bytes stand, looking at no more than `limit` bytes.
    pub(crate) fn find(&self, bytes: &[u8], from: u64, limit: u64) -> Result<Option<u64>, ImageError> {
        let part = self.clamped(from, limit);
        let step = SMALL - bytes.len() as u64;
        let finder = memchr::memmem::Finder::new(bytes);
        let mut at = 0;
        while at < part.len {
            let piece = part.head(at, SMALL)?;
            if let Some(found) = finder.find(&piece) {
                return Ok(Some(from + at + found as u64));
            }
            at += step;
        }
        Ok(None)
    }

    /// Whether all bytes are 0x00, or all are 0xff: padding, or erased flash.
    pub(crate) fn is_padding(&self) -> Result<bool, ImageError> {
        let mut value = None;
        let mut same = true;
        self.stream_while(|piece| {
            let value = *value.get_or_insert(piece[0]);
            same = (value == 0 || value == 0xff) && piece.iter().all(|byte| *byte == value);
            same
        })?;
        Ok(same)
    }

    /// The bytes as a reader, for decoders.
    pub(crate) fn reader(&self) -> io::BufReader<WindowReader<'a>> {
        io::BufReader::with_capacity(SMALL as usize, WindowReader { window: *self, position: 0 })
    }

    /// `len` bytes at `offset`; `None` where the window ends before, or `len` is above [`SMALL`].
    pub(crate) fn bytes(&self, offset: u64, len: u64) -> Result<Option<Vec<u8>>, ImageError> {
        if len > SMALL || self.part(offset, len).is_none() {
            return Ok(None);
        }
        let mut bytes = vec![0; len as usize];
        Ok(self.fill(offset, &mut bytes)?.then_some(bytes))
    }

    /// At most `limit` bytes (never more than [`SMALL`]) from `offset`.
    pub(crate) fn head(&self, offset: u64, limit: u64) -> Result<Vec<u8>, ImageError> {
        let part = self.clamped(offset, limit.min(SMALL));
        Ok(part.bytes(0, part.len)?.unwrap_or_default())
    }

    /// Hands over all bytes in order, in pieces.
    pub(crate) fn stream(&self, mut take: impl FnMut(&[u8])) -> Result<(), ImageError> {
        self.stream_while(|piece| {
            take(piece);
            true
        })
    }

    /// Hands over bytes in order, in pieces, until `take` has had enough.
    pub(crate) fn stream_while(&self, mut take: impl FnMut(&[u8]) -> bool) -> Result<(), ImageError> {
        let mut buffer = vec![0; CHUNK.min(usize::try_from(self.len).unwrap_or(CHUNK))];
        let mut offset = 0;
        while offset < self.len {
            let size = (self.len - offset).min(buffer.len() as u64) as usize;
            self.fill(offset, &mut buffer[..size])?;
            if !take(&buffer[..size]) {
                break;
            }
            offset += size as u64;
        }
        Ok(())
    }

    /// Hands over lines with their offset, without what ends them, until `take` has had enough: at most `count`. A line
    /// that is longer than `longest` bytes comes in pieces.
    pub(crate) fn lines(
        &self,
        longest: u64,
        count: u64,
        mut take: impl FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), ImageError> {
        let mut reader = self.reader();
        let mut at = 0;
        let mut line = Vec::new();
        for _ in 0..count {
            line.clear();
            let read = reader.by_ref().take(longest).read_until(b'\n', &mut line);
            let size = read.map_err(|error| unreadable(error, self.start + at, longest))?;
            if size == 0 || !take(at, line.trim_ascii_end()) {
                break;
            }
            at += size as u64;
        }
        Ok(())
    }

    fn fill(&self, offset: u64, buffer: &mut [u8]) -> Result<bool, ImageError> {
        let wanted = buffer.len() as u64;
        if self.part(offset, wanted).is_none() {
            return Ok(false);
        }
        self.meter.charge(wanted.max(16))?;
        let offset = self.start + offset;
        match self.source.read_at(offset, buffer) {
            Ok(()) => Ok(true),
            Err(source) => Err(ImageError::Unreadable { offset, wanted, source }),
        }
    }
}

/// A window whose start counts as offset 0.
impl Source for Window<'_> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let ends_before = offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.len);
        if ends_before {
            return Err(SourceError { offset, source: io::ErrorKind::UnexpectedEof.into() });
        }
        self.source.read_at(self.start + offset, buffer)
    }
}

/// A window in which some bytes are as they should be, not as they are.
pub(crate) struct Patched<'a> {
    pub(crate) window: Window<'a>,
    /// Where the bytes stand in the window.
    pub(crate) at: u64,
    pub(crate) bytes: &'a [u8],
}

impl Source for Patched<'_> {
    fn len(&self) -> u64 {
        self.window.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        self.window.read_at(offset, buffer)?;
        for (index, byte) in self.bytes.iter().enumerate() {
            let place = self.at.saturating_add(index as u64).checked_sub(offset);
            let place = place.and_then(|place| usize::try_from(place).ok());
            if let Some(slot) = place.and_then(|place| buffer.get_mut(place)) {
                *slot = *byte;
            }
        }
        Ok(())
    }
}

/// Reads a window from front to back, or where it is told to.
pub(crate) struct WindowReader<'a> {
    window: Window<'a>,
    position: u64,
}

impl Read for WindowReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.window.len.saturating_sub(self.position);
        let size = left.min(buffer.len() as u64) as usize;
        let filled = self.window.fill(self.position, &mut buffer[..size]);
        filled.map_err(io::Error::other)?;
        self.position += size as u64;
        Ok(size)
    }
}

impl Seek for WindowReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.window.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// What a [`WindowReader`] met, as it was.
fn unreadable(error: io::Error, offset: u64, wanted: u64) -> ImageError {
    let kind = error.kind();
    match error.into_inner().map(|inner| inner.downcast::<ImageError>()) {
        Some(Ok(ours)) => *ours,
        _ => ImageError::Unreadable { offset, wanted, source: SourceError { offset, source: kind.into() } },
    }
}

/// The text before the first NUL, with everything that is not printable replaced, at most 200 characters.
pub(crate) fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end])
        .chars()
        .map(|symbol| if symbol.is_control() { '\u{fffd}' } else { symbol })
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_end_where_the_window_ends() {
        let bytes: Vec<u8> = (0..100).collect();
        let window = Window::whole(&bytes);
        let part = window.part(90, 10).unwrap();
        assert_eq!(part.array::<2>(8).unwrap(), Some([98, 99]));
        assert_eq!(part.array::<3>(8).unwrap(), None);
        assert_eq!(part.bytes(u64::MAX, 2).unwrap(), None);
        assert!(window.part(90, 11).is_none() && window.part(1, u64::MAX).is_none());
        assert_eq!(window.clamped(95, 50).len(), 5);
        assert_eq!(window.clamped(200, 50).len(), 0);
        assert_eq!(part.head(8, 1000).unwrap(), [98, 99]);
    }

    #[test]
    fn lines_end_at_their_bound() {
        let bytes = b"one\r\ntwo\n\nlonger than that".to_vec();
        let mut seen = Vec::new();
        let take = |at, line: &[u8]| {
            seen.push((at, String::from_utf8_lossy(line).into_owned()));
            true
        };
        Window::whole(&bytes).lines(10, 5, take).unwrap();
        let expected = [(0, "one"), (5, "two"), (9, ""), (10, "longer tha"), (20, "n that")];
        assert_eq!(seen, expected.map(|(at, line)| (at, line.to_owned())));
    }

    #[test]
    fn a_stream_sees_every_byte_once() {
        let bytes: Vec<u8> = (0..1_000_003_u32).map(|i| i as u8).collect();
        let mut seen = Vec::new();
        Window::whole(&bytes).stream(|piece| seen.extend_from_slice(piece)).unwrap();
        assert_eq!(seen, bytes);
    }
}
