//! How much speaks for a format, where no single sign may be relied on: any bit of a header may be flipped.

use crate::error::ImageError;
use crate::window::{SMALL, Window};

/// How many of the signs are there.
pub(super) fn count(signs: &[bool]) -> usize {
    signs.iter().filter(|sign| **sign).count()
}

/// Whether these bytes stand at `offset`, but for at most one bit.
pub(super) fn nearly(window: Window<'_>, offset: u64, bytes: &[u8]) -> Result<bool, ImageError> {
    let Some(there) = window.bytes(offset, bytes.len() as u64)? else { return Ok(false) };
    Ok(there.iter().zip(bytes).map(|(left, right)| (left ^ right).count_ones()).sum::<u32>() <= 1)
}

/// Whether a field holds text that is filled up with NUL, or with 0xff behind one NUL: at least `least` printable
/// characters, and at most one byte that does not fit.
pub(super) fn is_text_field(bytes: &[u8], least: usize) -> bool {
    let end = bytes.iter().position(|byte| matches!(byte, 0 | 0xff)).unwrap_or(bytes.len());
    let (text, rest) = bytes.split_at(end);
    let odd = text.iter().filter(|byte| !matches!(byte, 0x20..=0x7e)).count()
        + rest.iter().filter(|byte| !matches!(byte, 0 | 0xff)).count();
    end >= least && odd <= 1
}

/// Whether nearly all of these bytes are `value`: one may differ.
pub(super) fn is_filled(bytes: &[u8], value: u8) -> bool {
    !bytes.is_empty() && bytes.iter().filter(|byte| **byte != value).count() <= 1
}

/// Whether a text is printable ASCII and not empty.
pub(super) fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
}

/// The last place of these bytes in the last 64 KiB.
pub(super) fn find_last(window: Window<'_>, bytes: &[u8]) -> Result<Option<u64>, ImageError> {
    let from = window.len().saturating_sub(SMALL);
    let tail = window.head(from, SMALL)?;
    let place = tail.windows(bytes.len().max(1)).rposition(|there| there == bytes);
    Ok(place.map(|place| from + place as u64))
}
