//! Options: RFC 2347, with the block size of RFC 2348, timeout and transfer size of RFC 2349, and the window size of
//! RFC 7440.

use super::{WireError, put_string};

/// Bytes of a block when no block size was agreed on (RFC 1350, section 2).
pub const DEFAULT_BLOCK_SIZE: u16 = 512;

/// Smallest block size that may be asked for (RFC 2348).
pub const LEAST_BLOCK_SIZE: u16 = 8;

/// Largest block size that may be asked for (RFC 2348).
pub const MOST_BLOCK_SIZE: u16 = 65464;

/// Options of one packet that are looked at; more make a packet malformed. RFC 2347 bounds a request to 512 bytes.
pub const MOST_OPTIONS: usize = 32;

/// What client and server can agree on. An option that is absent, out of its range, or not a number is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// `blksize` (RFC 2348): bytes of a block, 8 to 65464.
    pub block_size: Option<u16>,
    /// `tsize` (RFC 2349): bytes of the file; 0 in a read request asks for it.
    pub transfer_size: Option<u64>,
    /// `timeout` (RFC 2349): seconds before a packet is repeated, 1 to 255.
    pub timeout_s: Option<u8>,
    /// `windowsize` (RFC 7440): blocks that are sent before an ACK is awaited, 1 to 65535.
    pub window_size: Option<u16>,
}

impl Options {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn set(&mut self, name: &[u8], value: &[u8]) {
        let Some(number) = std::str::from_utf8(value).ok().and_then(|text| text.trim().parse::<u64>().ok())
        else {
            return;
        };
        if name.eq_ignore_ascii_case(b"blksize") {
            self.block_size =
                u16::try_from(number).ok().filter(|size| (LEAST_BLOCK_SIZE..=MOST_BLOCK_SIZE).contains(size));
        } else if name.eq_ignore_ascii_case(b"tsize") {
            self.transfer_size = Some(number);
        } else if name.eq_ignore_ascii_case(b"timeout") {
            self.timeout_s = u8::try_from(number).ok().filter(|seconds| *seconds > 0);
        } else if name.eq_ignore_ascii_case(b"windowsize") {
            self.window_size = u16::try_from(number).ok().filter(|blocks| *blocks > 0);
        }
    }

    pub(super) fn emit(&self, out: &mut Vec<u8>) {
        let options = [
            ("timeout", self.timeout_s.map(u64::from)),
            ("tsize", self.transfer_size),
            ("blksize", self.block_size.map(u64::from)),
            ("windowsize", self.window_size.map(u64::from)),
        ];
        for (name, value) in options {
            if let Some(value) = value {
                put_string(out, name);
                put_string(out, &value.to_string());
            }
        }
    }

    pub(super) fn parse<'a>(mut strings: impl Iterator<Item = &'a [u8]>) -> Result<Self, WireError> {
        let mut options = Self::default();
        for _ in 0..=MOST_OPTIONS {
            // An empty name is padding, and a name without a value asks for nothing.
            let (Some(name), Some(value)) = (strings.next().filter(|name| !name.is_empty()), strings.next())
            else {
                return Ok(options);
            };
            options.set(name, value);
        }
        Err(WireError::TooManyOptions)
    }
}
