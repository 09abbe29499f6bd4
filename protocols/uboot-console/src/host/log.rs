//! A log that keeps its beginning and its end.

use std::collections::VecDeque;

const HEAD: usize = 256 * 1024;
const TAIL: usize = 768 * 1024;

/// Everything that was read, except for the middle of what is too long.
#[derive(Debug, Default)]
pub(crate) struct Log {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    dropped: u64,
}

impl Log {
    /// Adds bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let room = (HEAD - self.head.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        let excess = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..excess);
        self.dropped += excess as u64;
    }

    /// Takes it out, and begins anew.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let taken = std::mem::take(self);
        let mut bytes = taken.head;
        if taken.dropped > 0 {
            bytes
                .extend_from_slice(format!("\r\n[{} bytes were dropped here]\r\n", taken.dropped).as_bytes());
        }
        bytes.extend(taken.tail);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_kept() {
        let mut log = Log::default();
        log.push(b"first ");
        assert_eq!(log.take(), b"first ");
        for _ in 0..300 {
            log.push(&[b'x'; 8192]);
        }
        log.push(b"last");
        let bytes = log.take();
        assert!(bytes.len() < HEAD + TAIL + 100);
        assert!(bytes.ends_with(b"xlast"));
        let marker = b"bytes were dropped here";
        assert!(bytes[HEAD..HEAD + 100].windows(marker.len()).any(|part| part == marker));
        assert!(log.take().is_empty());
    }
}
