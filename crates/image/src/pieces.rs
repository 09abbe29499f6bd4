//! Contents that lie scattered over a window: logical blocks of flash, pages between their spare bytes, chunks.

use debrick_target::{Source, SourceError};

use crate::window::Window;

/// The most pieces that are put together.
const MAX_PIECES: usize = 1 << 20;

/// Pieces of a window in a row, with stretches between them that hold one repeated byte.
pub(crate) struct Pieces<'a> {
    window: Window<'a>,
    pieces: Vec<Piece>,
    len: u64,
}

struct Piece {
    /// Offset in the whole.
    at: u64,
    len: u64,
    kind: Kind,
}

enum Kind {
    /// Offset in the window.
    From(u64),
    /// Four bytes, again and again.
    Filled([u8; 4]),
}

impl<'a> Pieces<'a> {
    /// Nothing yet.
    pub(crate) fn new(window: Window<'a>) -> Self {
        Self { window, pieces: Vec::new(), len: 0 }
    }

    /// Adds a stretch of the window, as far as it is there; whether there was room for it.
    pub(crate) fn push(&mut self, offset: u64, len: u64) -> bool {
        let len = self.window.clamped(offset, len).len();
        self.add(len, Kind::From(offset))
    }

    /// Adds a stretch that holds the same four bytes again and again; whether there was room for it.
    pub(crate) fn fill(&mut self, bytes: [u8; 4], len: u64) -> bool {
        self.add(len, Kind::Filled(bytes))
    }

    fn add(&mut self, len: u64, kind: Kind) -> bool {
        if len == 0 {
            return true;
        }
        let Some(end) = self.len.checked_add(len).filter(|_| self.pieces.len() < MAX_PIECES) else {
            return false;
        };
        self.pieces.push(Piece { at: self.len, len, kind });
        self.len = end;
        true
    }

    /// All of it, as a window that counts on the same meter.
    pub(crate) fn window(&self) -> Window<'_> {
        Window::metered(self, self.window.meter())
    }
}

impl Source for Pieces<'_> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(SourceError { offset, source: std::io::ErrorKind::UnexpectedEof.into() });
        }
        let mut done = 0;
        let mut index = self.pieces.partition_point(|piece| piece.at.saturating_add(piece.len) <= offset);
        while done < buffer.len() {
            let Some(piece) = self.pieces.get(index) else { break };
            let skipped = (offset + done as u64).saturating_sub(piece.at);
            let size = (buffer.len() - done).min(usize::try_from(piece.len - skipped).unwrap_or(usize::MAX));
            let target = &mut buffer[done..done + size];
            match piece.kind {
                Kind::From(start) => self.window.read_at(start + skipped, target)?,
                Kind::Filled(bytes) => {
                    for (place, byte) in (skipped..).zip(target) {
                        *byte = bytes[(place % 4) as usize];
                    }
                }
            }
            done += size;
            index += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_and_filled_stretches_in_a_row() {
        let bytes: Vec<u8> = (0..20).collect();
        let mut pieces = Pieces::new(Window::whole(&bytes));
        assert!(pieces.push(2, 3) && pieces.fill([7, 8, 9, 10], 6) && pieces.push(18, 5));
        let all = pieces.window().head(0, 100).unwrap();
        assert_eq!(all, [2, 3, 4, 7, 8, 9, 10, 7, 8, 18, 19]);
        assert_eq!(pieces.window().head(4, 3).unwrap(), all[4..7]);
    }
}
