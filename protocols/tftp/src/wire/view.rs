//! A datagram whose shape has been checked, and where its fields are (RFC 1350, section 5).

use std::ops::Range;

use super::WireError;

/// Bytes in front of the payload of a DATA packet.
pub const DATA_HEADER: usize = field::PAYLOAD.start;

/// Where the fields are.
mod field {
    use std::ops::{Range, RangeFrom};

    pub(super) const OPCODE: Range<usize> = 0..2;
    /// File name, mode and options of a request; options of an option acknowledgement.
    pub(super) const STRINGS: RangeFrom<usize> = 2..;
    /// Block number of DATA and ACK.
    pub(super) const BLOCK: Range<usize> = 2..4;
    pub(super) const PAYLOAD: RangeFrom<usize> = 4..;
    pub(super) const ERROR_CODE: Range<usize> = 2..4;
    pub(super) const ERROR_TEXT: RangeFrom<usize> = 4..;
}

/// A datagram that is long enough for the fixed fields of its kind.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    opcode: Opcode,
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    /// Checks a datagram.
    pub fn new(bytes: &'a [u8]) -> Result<Self, WireError> {
        let too_short = WireError::TooShort { bytes: bytes.len() };
        let value = be16(bytes, field::OPCODE).ok_or(too_short)?;
        let opcode = Opcode::from_wire(value).ok_or(WireError::UnknownOpcode { opcode: value })?;
        let least = match opcode {
            Opcode::ReadRequest | Opcode::WriteRequest | Opcode::OptionAck => field::STRINGS.start,
            Opcode::Data | Opcode::Ack => field::BLOCK.end,
            Opcode::Error => field::ERROR_CODE.end,
        };
        if bytes.len() < least {
            return Err(too_short);
        }
        Ok(Self { opcode, bytes })
    }

    /// Its kind.
    pub fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// The block number of DATA or ACK; the error number of ERROR; 0 otherwise.
    pub fn number(&self) -> u16 {
        match self.opcode {
            Opcode::Data | Opcode::Ack => be16(self.bytes, field::BLOCK),
            Opcode::Error => be16(self.bytes, field::ERROR_CODE),
            _ => None,
        }
        .unwrap_or(0)
    }

    /// The payload of DATA; empty otherwise.
    pub fn payload(&self) -> &'a [u8] {
        match self.opcode {
            Opcode::Data => self.bytes.get(field::PAYLOAD).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The text of ERROR, up to its terminator; empty otherwise.
    pub(super) fn error_text(&self) -> &'a [u8] {
        let text = match self.opcode {
            Opcode::Error => self.bytes.get(field::ERROR_TEXT).unwrap_or_default(),
            _ => &[],
        };
        text.split(|byte| *byte == 0).next().unwrap_or_default()
    }

    /// The strings of a request or an option acknowledgement, without their terminators; a missing last terminator is
    /// forgiven.
    pub(super) fn strings(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes.get(field::STRINGS).unwrap_or_default();
        let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
        bytes.split(|byte| *byte == 0)
    }
}

/// The kind of a packet (RFC 1350, section 5; RFC 2347).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// RRQ, 1.
    ReadRequest,
    /// WRQ, 2.
    WriteRequest,
    /// DATA, 3.
    Data,
    /// ACK, 4.
    Ack,
    /// ERROR, 5.
    Error,
    /// OACK, 6.
    OptionAck,
}

impl Opcode {
    fn from_wire(value: u16) -> Option<Self> {
        Some(match value {
            1 => Self::ReadRequest,
            2 => Self::WriteRequest,
            3 => Self::Data,
            4 => Self::Ack,
            5 => Self::Error,
            6 => Self::OptionAck,
            _ => return None,
        })
    }

    pub(super) fn to_wire(self) -> u16 {
        match self {
            Self::ReadRequest => 1,
            Self::WriteRequest => 2,
            Self::Data => 3,
            Self::Ack => 4,
            Self::Error => 5,
            Self::OptionAck => 6,
        }
    }
}

fn be16(bytes: &[u8], range: Range<usize>) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(range)?.try_into().ok()?))
}
