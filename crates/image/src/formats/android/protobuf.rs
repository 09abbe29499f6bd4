//! Protocol buffers, as far as walking over their fields goes.
//!
//! Source: protobuf.dev, "Encoding". Messages are walked where they stand: nothing is held in memory.

use crate::error::ImageError;
use crate::window::Window;

/// A field: its number, and its value.
pub(super) struct Field<'a> {
    pub(super) number: u64,
    pub(super) value: Value<'a>,
}

/// What a field holds.
pub(super) enum Value<'a> {
    Number(u64),
    /// Bytes, text, or a message.
    Bytes(Window<'a>),
}

impl<'a> Value<'a> {
    /// The number, or 0.
    pub(super) fn number(&self) -> u64 {
        match self {
            Self::Number(number) => *number,
            Self::Bytes(_) => 0,
        }
    }

    /// The bytes, where it holds some.
    pub(super) fn bytes(&self) -> Option<Window<'a>> {
        match self {
            Self::Number(_) => None,
            Self::Bytes(bytes) => Some(*bytes),
        }
    }
}

/// Hands over the fields of a message in order; whether all of it could be read. Every step moves on.
pub(super) fn fields<'a>(
    message: Window<'a>,
    mut take: impl FnMut(Field<'a>) -> Result<(), ImageError>,
) -> Result<bool, ImageError> {
    let mut at = 0;
    while at < message.len() {
        let bytes = message.head(at, 20)?;
        let Some((key, key_size)) = varint(&bytes) else { return Ok(false) };
        let number = key >> 3;
        at += key_size as u64;
        let rest = &bytes[key_size..];
        let value = match key & 7 {
            0 => {
                let Some((value, size)) = varint(rest) else { return Ok(false) };
                at += size as u64;
                Value::Number(value)
            }
            kind @ (1 | 5) => {
                let size = if kind == 1 { 8 } else { 4 };
                let Some(value) = rest.get(..size) else { return Ok(false) };
                at += size as u64;
                Value::Number(value.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
            }
            2 => {
                let Some((len, size)) = varint(rest) else { return Ok(false) };
                at += size as u64;
                let Some(value) = message.part(at, len) else { return Ok(false) };
                at += len;
                Value::Bytes(value)
            }
            _ => return Ok(false),
        };
        if number == 0 {
            return Ok(false);
        }
        take(Field { number, value })?;
    }
    Ok(true)
}

/// A number of up to ten bytes with seven bits each, the low ones first, and how many bytes it takes.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(index as u32 * 7).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the encoding's documentation: 150 in field 1, and `testing` in field 2.
    #[test]
    fn numbers_and_texts() {
        let bytes = b"\x08\x96\x01\x12\x07testing".to_vec();
        let mut seen = Vec::new();
        let walked = fields(Window::whole(&bytes), |field| {
            let text = field.value.bytes().map(|bytes| bytes.head(0, 10).unwrap());
            seen.push((field.number, field.value.number(), text));
            Ok(())
        });
        assert!(walked.unwrap());
        assert_eq!(seen, [(1, 150, None), (2, 0, Some(b"testing".to_vec()))]);
        for len in 1..bytes.len() {
            let cut = bytes[..len].to_vec();
            let is_whole = fields(Window::whole(&cut), |_| Ok(())).unwrap();
            assert_eq!(is_whole, len == 3, "{len}");
        }
    }
}
