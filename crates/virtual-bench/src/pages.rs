//! Bytes that take room only where they differ from their neighbours, and whose copies share what they have in common.

use std::sync::Arc;

/// Bytes in one page.
pub(crate) const PAGE: usize = 64 << 10;

#[derive(Debug, Clone)]
enum Page {
    Fill(u8),
    Data(Arc<Vec<u8>>),
}

/// A stretch of bytes. Cloning costs one pointer a page.
#[derive(Debug, Clone)]
pub(crate) struct Pages {
    size: u64,
    pages: Vec<Page>,
}

impl Pages {
    /// `size` bytes, all `fill`.
    pub(crate) fn new(size: u64, fill: u8) -> Self {
        Self { size, pages: vec![Page::Fill(fill); size.div_ceil(PAGE as u64) as usize] }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Whether that many bytes lie inside.
    pub(crate) fn contains(&self, offset: u64, length: usize) -> bool {
        offset.checked_add(length as u64).is_some_and(|end| end <= self.size)
    }

    /// Fills `buffer`; what lies outside stays as it was.
    pub(crate) fn read(&self, offset: u64, buffer: &mut [u8]) {
        for (page, within, part) in parts(offset, buffer.len()) {
            match self.pages.get(page) {
                Some(Page::Fill(byte)) => buffer[part].fill(*byte),
                Some(Page::Data(data)) => {
                    let end = within + part.len();
                    buffer[part].copy_from_slice(&data[within..end]);
                }
                None => return,
            }
        }
    }

    /// Writes; what lies outside is lost.
    pub(crate) fn write(&mut self, offset: u64, bytes: &[u8]) {
        for (page, within, part) in parts(offset, bytes.len()) {
            let Some(page) = self.pages.get_mut(page) else { return };
            let bytes = &bytes[part];
            let first = bytes[0];
            let uniform = bytes.iter().all(|byte| *byte == first);
            match page {
                Page::Fill(old) if uniform && *old == first => {}
                _ if uniform && bytes.len() == PAGE => *page = Page::Fill(first),
                _ if bytes.len() == PAGE => *page = Page::Data(Arc::new(bytes.to_vec())),
                Page::Fill(old) => {
                    let mut data = vec![*old; PAGE];
                    data[within..within + bytes.len()].copy_from_slice(bytes);
                    *page = Page::Data(Arc::new(data));
                }
                Page::Data(data) => {
                    Arc::make_mut(data)[within..within + bytes.len()].copy_from_slice(bytes);
                }
            }
        }
    }
}

/// A stretch cut at page ends: the page, where in it, and which part of the stretch.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (usize, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == length {
            return None;
        }
        let at = offset + done as u64;
        let within = (at % PAGE as u64) as usize;
        let count = (length - done).min(PAGE - within);
        let part = done..done + count;
        done += count;
        Some(((at / PAGE as u64) as usize, within, part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_copies_are_apart() {
        let mut pages = Pages::new(1 << 20, 0);
        let noise: Vec<u8> = (0..200_000u32).map(|i| ((i * 31) >> 3) as u8).collect();
        pages.write(12_345, &noise);
        let copy = pages.clone();
        pages.write(12_345, &[0xFF; 300_000]);
        let mut buffer = vec![0; noise.len()];
        copy.read(12_345, &mut buffer);
        assert_eq!(buffer, noise);
        pages.read(12_345, &mut buffer);
        assert!(buffer.iter().all(|byte| *byte == 0xFF));
        pages.read(12_344, &mut buffer[..2]);
        assert_eq!(buffer[..2], [0, 0xFF]);
        assert!(pages.contains(0, 1 << 20) && !pages.contains(1, 1 << 20));
    }
}
