//! TFTP packets on the wire: RFC 1350 (packets), RFC 2347 (options), RFC 2348 (block size), RFC 2349 (timeout and
//! transfer size), RFC 7440 (window size).
//!
//! Two layers: [`View`] is a datagram whose shape has been checked, [`Packet`] is a value that can only be valid. Text is
//! taken leniently, because bootloaders pad their requests and forget terminators.

mod options;
mod view;

use std::borrow::Cow;

pub use options::{DEFAULT_BLOCK_SIZE, LEAST_BLOCK_SIZE, MOST_BLOCK_SIZE, MOST_OPTIONS, Options};
pub use view::{DATA_HEADER, Opcode, View};

/// The well-known port of a TFTP server (RFC 1350, section 4).
pub const PORT: u16 = 69;

/// The number of an ERROR packet (RFC 1350, appendix; RFC 2347).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub u16);

impl ErrorCode {
    /// Not defined; see the text.
    pub const UNDEFINED: Self = Self(0);
    /// File not found.
    pub const NOT_FOUND: Self = Self(1);
    /// Access violation.
    pub const ACCESS: Self = Self(2);
    /// Disk full, or the file is too large.
    pub const FULL: Self = Self(3);
    /// Illegal operation.
    pub const ILLEGAL: Self = Self(4);
    /// Unknown transfer port.
    pub const UNKNOWN_PORT: Self = Self(5);
    /// The file exists already.
    pub const EXISTS: Self = Self(6);
    /// No such user.
    pub const NO_USER: Self = Self(7);
    /// The options were not agreed on.
    pub const OPTIONS: Self = Self(8);
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.0)
    }
}

/// Why a datagram is not a TFTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Shorter than the fields of its kind.
    #[error("the datagram of {bytes} bytes is too short")]
    TooShort {
        /// Bytes that came.
        bytes: usize,
    },
    /// The first two bytes are no opcode.
    #[error("there is no opcode {opcode:#06x}")]
    UnknownOpcode {
        /// What stands there.
        opcode: u16,
    },
    /// A request without a file name or mode.
    #[error("the request has no {missing}")]
    BadRequest {
        /// What is not there.
        missing: &'static str,
    },
    /// More options than [`MOST_OPTIONS`].
    #[error("the packet has too many options")]
    TooManyOptions,
}

/// Which way a file is asked to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// RRQ: the client pulls it.
    Read,
    /// WRQ: the client pushes it.
    Write,
}

/// How the bytes of a file are to be sent (RFC 1350, section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// As they are.
    Octet,
    /// With line ends translated; damages any image.
    Netascii,
    /// Anything else, `mail` included.
    Other,
}

impl Mode {
    fn from_wire(text: &[u8]) -> Self {
        if text.eq_ignore_ascii_case(b"octet") {
            Self::Octet
        } else if text.eq_ignore_ascii_case(b"netascii") {
            Self::Netascii
        } else {
            Self::Other
        }
    }

    fn to_wire(self) -> &'static str {
        match self {
            Self::Octet => "octet",
            Self::Netascii => "netascii",
            Self::Other => "mail",
        }
    }
}

/// A packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet<'a> {
    /// RRQ or WRQ.
    Request {
        /// Which of the two.
        direction: Direction,
        /// The file; never empty. Bytes that are not UTF-8 are replaced.
        name: Cow<'a, str>,
        /// The mode.
        mode: Mode,
        /// What is asked for.
        options: Options,
    },
    /// DATA.
    Data {
        /// Block number, from 1, modulo the roll-over.
        block: u16,
        /// Bytes of the file.
        payload: &'a [u8],
    },
    /// ACK.
    Ack {
        /// The block that is acknowledged.
        block: u16,
    },
    /// ERROR.
    Error {
        /// Number.
        code: ErrorCode,
        /// What the other side says.
        text: Cow<'a, str>,
    },
    /// OACK.
    OptionAck {
        /// What is agreed on.
        options: Options,
    },
}

impl<'a> Packet<'a> {
    /// Reads a datagram.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, WireError> {
        let view = View::new(datagram)?;
        Ok(match view.opcode() {
            Opcode::ReadRequest => Self::parse_request(Direction::Read, view)?,
            Opcode::WriteRequest => Self::parse_request(Direction::Write, view)?,
            Opcode::Data => Self::Data { block: view.number(), payload: view.payload() },
            Opcode::Ack => Self::Ack { block: view.number() },
            Opcode::Error => {
                let text = String::from_utf8_lossy(view.error_text());
                Self::Error { code: ErrorCode(view.number()), text }
            }
            Opcode::OptionAck => Self::OptionAck { options: Options::parse(view.strings())? },
        })
    }

    fn parse_request(direction: Direction, view: View<'a>) -> Result<Self, WireError> {
        let mut strings = view.strings();
        let name = strings.next().filter(|name| !name.is_empty());
        let name = name.ok_or(WireError::BadRequest { missing: "file name" })?;
        let mode = strings.next().ok_or(WireError::BadRequest { missing: "mode" })?;
        Ok(Self::Request {
            direction,
            name: String::from_utf8_lossy(name),
            mode: Mode::from_wire(mode),
            options: Options::parse(strings)?,
        })
    }

    /// Appends the packet to `out`. Zero bytes inside a text, which would end it, are left out.
    pub fn emit(&self, out: &mut Vec<u8>) {
        match self {
            Self::Request { direction, name, mode, options } => {
                let opcode = match direction {
                    Direction::Read => Opcode::ReadRequest,
                    Direction::Write => Opcode::WriteRequest,
                };
                put_u16(out, opcode.to_wire());
                put_string(out, name);
                put_string(out, mode.to_wire());
                options.emit(out);
            }
            Self::Data { block, payload } => {
                put_data_header(out, *block);
                out.extend_from_slice(payload);
            }
            Self::Ack { block } => {
                put_u16(out, Opcode::Ack.to_wire());
                put_u16(out, *block);
            }
            Self::Error { code, text } => {
                put_u16(out, Opcode::Error.to_wire());
                put_u16(out, code.0);
                put_string(out, text);
            }
            Self::OptionAck { options } => {
                put_u16(out, Opcode::OptionAck.to_wire());
                options.emit(out);
            }
        }
    }

    /// The packet as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.emit(&mut out);
        out
    }
}

/// The text of a datagram that is no TFTP packet but printable: Netgear's EX2700 says so what it dislikes about an image
/// (after nmrpflash's notes). `None` for anything else.
pub fn rejection_text(datagram: &[u8]) -> Option<String> {
    const MOST_CHARS: usize = 512;
    if !matches!(View::new(datagram), Err(WireError::UnknownOpcode { .. })) {
        return None;
    }
    let end = datagram.iter().rposition(|byte| *byte != 0)? + 1;
    let text = std::str::from_utf8(&datagram[..end]).ok()?;
    let printable = text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace());
    let text = text.trim();
    (printable && !text.is_empty()).then(|| text.chars().take(MOST_CHARS).collect())
}

/// Appends the header of a DATA packet; the payload follows it.
pub(crate) fn put_data_header(out: &mut Vec<u8>, block: u16) {
    put_u16(out, Opcode::Data.to_wire());
    put_u16(out, block);
}

fn put_u16(out: &mut Vec<u8>, value: u16) {
    out.extend_from_slice(&value.to_be_bytes());
}

fn put_string(out: &mut Vec<u8>, text: &str) {
    out.extend(text.bytes().filter(|byte| *byte != 0));
    out.push(0);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::octal_escapes, reason = "a zero byte ends a string, and digits follow")]

    use super::*;

    fn check(datagram: &[u8], expected: Result<Packet<'_>, WireError>) {
        assert_eq!(Packet::parse(datagram), expected);
    }

    fn read(name: &str, mode: Mode, options: Options) -> Packet<'_> {
        Packet::Request { direction: Direction::Read, name: name.into(), mode, options }
    }

    #[test]
    fn requests_are_read() {
        let none = Options::default();
        check(b"\0\x01a.bin\0octet\0", Ok(read("a.bin", Mode::Octet, none)));
        check(b"\0\x01a.bin\0OCTET", Ok(read("a.bin", Mode::Octet, none)));
        check(b"\0\x01a.bin\0NetASCII\0", Ok(read("a.bin", Mode::Netascii, none)));
        check(b"\0\x01a.bin\0mail\0", Ok(read("a.bin", Mode::Other, none)));
        let options = Options {
            block_size: Some(1468),
            transfer_size: Some(0),
            timeout_s: Some(5),
            window_size: Some(16),
        };
        check(
            b"\0\x01a\0octet\0timeout\05\0tsize\00\0BLKSIZE\01468\0windowsize\016\0",
            Ok(read("a", Mode::Octet, options)),
        );
    }

    #[test]
    fn requests_of_careless_loaders_are_read() {
        let blocks = |size| Options { block_size: size, ..Options::default() };
        // Padded with zeros, an unknown option, a value that is missing, is no number, or out of range.
        check(b"\0\x01a\0octet\0\0\0\0\0\0", Ok(read("a", Mode::Octet, blocks(None))));
        check(b"\0\x01a\0octet\0x\0y\0blksize\0512\0", Ok(read("a", Mode::Octet, blocks(Some(512)))));
        check(b"\0\x01a\0octet\0blksize\0", Ok(read("a", Mode::Octet, blocks(None))));
        for value in ["7", "65465", "-1", "x", "99999999999999999999999"] {
            let datagram = format!("\0\x01a\0octet\0blksize\0{value}\0timeout\00\0windowsize\00\0");
            check(datagram.as_bytes(), Ok(read("a", Mode::Octet, blocks(None))));
        }
    }

    #[test]
    fn what_is_no_packet_is_refused() {
        check(b"", Err(WireError::TooShort { bytes: 0 }));
        check(b"\0", Err(WireError::TooShort { bytes: 1 }));
        check(b"\0\x03\0", Err(WireError::TooShort { bytes: 3 }));
        check(b"\0\x04\0", Err(WireError::TooShort { bytes: 3 }));
        check(b"\0\0\0\0", Err(WireError::UnknownOpcode { opcode: 0 }));
        check(b"\0\x07\0\0", Err(WireError::UnknownOpcode { opcode: 7 }));
        check(b"\0\x01", Err(WireError::BadRequest { missing: "file name" }));
        check(b"\0\x01\0octet\0", Err(WireError::BadRequest { missing: "file name" }));
        check(b"\0\x01abc\0", Err(WireError::BadRequest { missing: "mode" }));
        let mut many = b"\0\x01a\0octet\0".to_vec();
        many.extend(b"o\0v\0".repeat(MOST_OPTIONS + 1));
        check(&many, Err(WireError::TooManyOptions));
    }

    #[test]
    fn the_rest_is_read() {
        check(b"\0\x03\x01\x02abc", Ok(Packet::Data { block: 0x0102, payload: b"abc" }));
        check(b"\0\x03\0\x01", Ok(Packet::Data { block: 1, payload: b"" }));
        check(b"\0\x04\xff\xff\0\0", Ok(Packet::Ack { block: 0xffff }));
        let error = |text: &'static str| Packet::Error { code: ErrorCode::NOT_FOUND, text: text.into() };
        check(b"\0\x05\0\x01File not found\0", Ok(error("File not found")));
        check(b"\0\x05\0\x01File", Ok(error("File")));
        check(b"\0\x05\0\x01", Ok(error("")));
        let options = Options { transfer_size: Some(7), ..Options::default() };
        check(b"\0\x06tsize\07\0", Ok(Packet::OptionAck { options }));
        check(b"\0\x06", Ok(Packet::OptionAck { options: Options::default() }));
    }

    #[test]
    fn printable_datagrams_are_rejections() {
        assert_eq!(rejection_text(b"Error: bad checksum\r\n\0").as_deref(), Some("Error: bad checksum"));
        assert_eq!(rejection_text(b"\0\x05\0\0no\0"), None);
        assert_eq!(rejection_text(b"\xff\xfe\x01"), None);
        assert_eq!(rejection_text(b"\0\0\0\0"), None);
        assert_eq!(rejection_text(b"  \r\n"), None);
        assert_eq!(rejection_text(b""), None);
    }
}
