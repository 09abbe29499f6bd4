//! A stretch of a source, with reads that know its end.
//!
//! Lengths come from files and are hostile: nothing here allocates more than was found to be there, and never more
//! than [`SMALL`] at once.

use debrick_target::Source;

use crate::error::ImageError;

/// The most that is ever read into memory as one value.
pub(crate) const SMALL: u64 = 64 * 1024;

/// The size of the pieces in which contents go by.
const CHUNK: usize = 256 * 1024;

/// A stretch of a source that lies inside it.
#[derive(Clone, Copy)]
pub(crate) struct Window<'a> {
    source: &'a dyn Source,
    start: u64,
    len: u64,
}

impl<'a> Window<'a> {
    pub(crate) fn whole(source: &'a dyn Source) -> Self {
        Self { source, start: 0, len: source.len() }
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
        (end <= self.len).then(|| Self { source: self.source, start: self.start + offset, len })
    }

    /// The stretch of at most `len` bytes at `offset`, as far as it is there.
    pub(crate) fn clamped(&self, offset: u64, len: u64) -> Self {
        let offset = offset.min(self.len);
        Self { source: self.source, start: self.start + offset, len: len.min(self.len - offset) }
    }

    /// `N` bytes at `offset`, or `None` where the window ends before.
    pub(crate) fn array<const N: usize>(&self, offset: u64) -> Result<Option<[u8; N]>, ImageError> {
        let mut bytes = [0; N];
        Ok(self.fill(offset, &mut bytes)?.then_some(bytes))
    }

    /// The big-endian word at `offset`.
    pub(crate) fn be32(&self, offset: u64) -> Result<Option<u32>, ImageError> {
        Ok(self.array(offset)?.map(u32::from_be_bytes))
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

    fn fill(&self, offset: u64, buffer: &mut [u8]) -> Result<bool, ImageError> {
        let wanted = buffer.len() as u64;
        if self.part(offset, wanted).is_none() {
            return Ok(false);
        }
        let offset = self.start + offset;
        match self.source.read_at(offset, buffer) {
            Ok(()) => Ok(true),
            Err(source) => Err(ImageError::Unreadable { offset, wanted, source }),
        }
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
    fn a_stream_sees_every_byte_once() {
        let bytes: Vec<u8> = (0..1_000_003_u32).map(|i| i as u8).collect();
        let mut seen = Vec::new();
        Window::whole(&bytes).stream(|piece| seen.extend_from_slice(piece)).unwrap();
        assert_eq!(seen, bytes);
    }
}
