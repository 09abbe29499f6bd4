//! The messages, as they stand in frames of type 0x0912.
//!
//! There is no public specification; the format is what units and Netgear's own tool are seen to send. A message is a
//! header of six bytes (two reserved, code, id, length with header) and options (type, length with both, value), all
//! big-endian. What follows behind its length is padding of the shortest frame.

use std::net::Ipv4Addr;

/// The type of its frames.
pub const ETHER_TYPE: u16 = 0x0912;

/// What an ADVERTISE carries, so that nothing else is taken for one.
const MAGIC: &[u8] = b"NTGR";

/// Bytes before the options.
const HEADER: usize = 6;

/// Bytes of an option's type and length.
const OPTION_HEADER: usize = 4;

/// Most options of a message; the largest that was seen has three.
const MOST_OPTIONS: usize = 32;

/// Longest file name, in bytes: what a TFTP request can carry.
const LONGEST_NAME: usize = 255;

mod field {
    use std::ops::Range;

    pub(super) const CODE: usize = 2;
    pub(super) const LENGTH: Range<usize> = 4..6;
}

mod option {
    pub(super) const MAGIC: u16 = 0x0001;
    pub(super) const ADDRESS: u16 = 0x0002;
    pub(super) const REGION: u16 = 0x0004;
    pub(super) const FIRMWARE: u16 = 0x0101;
    pub(super) const STRING_TABLE: u16 = 0x0102;
    pub(super) const FILE_NAME: u16 = 0x0181;
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The host offers itself, to everybody.
    Advertise,
    /// The unit asks to be configured.
    ConfigureRequest,
    /// The host says what the unit's address is, and what it is to do.
    ConfigureAck,
    /// One side is done.
    CloseRequest,
    /// The other side knows.
    CloseAck,
    /// The unit is busy, and alive.
    KeepAliveRequest,
    /// So is the host.
    KeepAliveAck,
    /// The unit has its TFTP server up, and asks for the image.
    UploadRequest,
}

const CODES: [(u8, Code); 8] = [
    (0x01, Code::Advertise),
    (0x02, Code::ConfigureRequest),
    (0x03, Code::ConfigureAck),
    (0x04, Code::CloseRequest),
    (0x05, Code::CloseAck),
    (0x06, Code::KeepAliveRequest),
    (0x07, Code::KeepAliveAck),
    (0x10, Code::UploadRequest),
];

/// The region that a unit is to be set to. Only units that were sold for another one need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Region {
    /// North America.
    NorthAmerica,
    /// Everywhere else.
    WorldWide,
    /// Germany.
    Germany,
    /// People's Republic of China.
    China,
    /// Russia.
    Russia,
    /// Brazil.
    Brazil,
    /// India.
    India,
    /// Korea.
    Korea,
    /// Japan.
    Japan,
    /// Australia.
    Australia,
}

const REGIONS: [(u16, &str, Region); 10] = [
    (1, "NA", Region::NorthAmerica),
    (2, "WW", Region::WorldWide),
    (3, "GR", Region::Germany),
    (4, "PR", Region::China),
    (5, "RU", Region::Russia),
    (6, "BZ", Region::Brazil),
    (7, "IN", Region::India),
    (8, "KO", Region::Korea),
    (9, "JP", Region::Japan),
    (10, "AU", Region::Australia),
];

impl Region {
    /// The region that Netgear names by these two letters.
    pub fn from_letters(letters: &str) -> Option<Self> {
        REGIONS.iter().find(|(_, name, _)| name.eq_ignore_ascii_case(letters)).map(|entry| entry.2)
    }

    /// Netgear's two letters for it.
    pub fn letters(self) -> &'static str {
        REGIONS.iter().find(|entry| entry.2 == self).map_or("", |entry| entry.1)
    }

    fn number(self) -> u16 {
        REGIONS.iter().find(|entry| entry.2 == self).map_or(0, |entry| entry.0)
    }
}

/// Why a payload is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// It ends inside its header.
    #[error("the message has only {bytes} bytes")]
    TooShort {
        /// Bytes that came.
        bytes: usize,
    },
    /// A code that nobody uses.
    #[error("the message has the unknown code {code:#04x}")]
    UnknownCode {
        /// What stands there.
        code: u8,
    },
    /// Its length is shorter than its header, or longer than the frame.
    #[error("the message says that it has {length} bytes")]
    BadLength {
        /// What stands there.
        length: u16,
    },
    /// An option ends outside the message, or has not the length of its kind.
    #[error("option {kind:#06x} does not fit")]
    BadOption {
        /// Its type.
        kind: u16,
    },
    /// More options than any unit sends.
    #[error("the message has too many options")]
    TooManyOptions,
}

/// A payload whose header and length are sound.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    code: Code,
    options: &'a [u8],
}

impl<'a> View<'a> {
    /// Checks the payload of a frame.
    pub fn new(payload: &'a [u8]) -> Result<Self, WireError> {
        let too_short = WireError::TooShort { bytes: payload.len() };
        let value = *payload.get(field::CODE).ok_or(too_short)?;
        let length = be16(payload, field::LENGTH).ok_or(too_short)?;
        let code = CODES.iter().find(|(number, _)| *number == value).map(|entry| entry.1);
        let code = code.ok_or(WireError::UnknownCode { code: value })?;
        let options = payload.get(HEADER..usize::from(length)).ok_or(WireError::BadLength { length })?;
        Ok(Self { code, options })
    }

    /// What it is.
    pub fn code(&self) -> Code {
        self.code
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is.
    pub code: Code,
    /// Whether it carries the mark of an ADVERTISE.
    pub magic: bool,
    /// The address and network mask that the unit is to take.
    pub address: Option<(Ipv4Addr, Ipv4Addr)>,
    /// Whether the unit is to ask for firmware.
    pub firmware: bool,
    /// The number of the string table (the texts of a language) that the unit is to ask for, or asks for; 0 where the
    /// option is empty.
    pub string_table: Option<u16>,
    /// The region that the unit is to be set to; regions that nobody knows are left out.
    pub region: Option<Region>,
    /// The name of the file that the unit asks for.
    pub file_name: Option<String>,
}

impl Message {
    /// A message without options.
    pub fn bare(code: Code) -> Self {
        Self {
            code,
            magic: false,
            address: None,
            firmware: false,
            string_table: None,
            region: None,
            file_name: None,
        }
    }

    /// What a host sends to everybody.
    pub fn advertise() -> Self {
        Self { magic: true, ..Self::bare(Code::Advertise) }
    }

    /// What a host answers to a unit that asks to be configured: its address, and that firmware will be sent.
    pub fn configuration(address: Ipv4Addr, mask: Ipv4Addr, region: Option<Region>) -> Self {
        Self { address: Some((address, mask)), firmware: true, region, ..Self::bare(Code::ConfigureAck) }
    }

    /// Reads the payload of a frame. Options that nobody knows are passed over.
    pub fn parse(payload: &[u8]) -> Result<Self, WireError> {
        let view = View::new(payload)?;
        let mut message = Self::bare(view.code);
        let mut rest = view.options;
        for _ in 0..MOST_OPTIONS {
            let Some(kind) = be16(rest, 0..2) else {
                // A single byte at the end cannot be an option; some senders pad.
                return Ok(message);
            };
            let bad = WireError::BadOption { kind };
            let length = usize::from(be16(rest, 2..4).ok_or(bad)?);
            let value = rest.get(OPTION_HEADER..length).ok_or(bad)?;
            message.take(kind, value).ok_or(bad)?;
            rest = &rest[length..];
        }
        Err(WireError::TooManyOptions)
    }

    /// Takes an option; `None` where its value cannot be one of its kind.
    fn take(&mut self, kind: u16, value: &[u8]) -> Option<()> {
        match kind {
            option::MAGIC => self.magic = value == MAGIC,
            option::ADDRESS => {
                let (address, mask) = value.split_first_chunk::<4>()?;
                let mask: [u8; 4] = mask.try_into().ok()?;
                self.address = Some((Ipv4Addr::from(*address), Ipv4Addr::from(mask)));
            }
            option::REGION => {
                let number = be16(value, 0..2).filter(|_| value.len() == 2)?;
                self.region = REGIONS.iter().find(|entry| entry.0 == number).map(|entry| entry.2);
            }
            option::FIRMWARE => self.firmware = true,
            option::STRING_TABLE => self.string_table = Some(be16(value, 0..2).unwrap_or(0)),
            option::FILE_NAME => {
                let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
                let name = std::str::from_utf8(&value[..end]).ok()?;
                if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
                    return None;
                }
                self.file_name = Some(name.to_owned());
            }
            _ => {}
        }
        Some(())
    }

    /// The payload of a frame.
    pub fn to_bytes(&self) -> Vec<u8> {
        let code = CODES.iter().find(|entry| entry.1 == self.code).map_or(0, |entry| entry.0);
        let mut bytes = vec![0, 0, code, 0, 0, 0];
        let mut put = |kind: u16, value: &[u8]| {
            // Values are at most 255 bytes long, see `take` and the types.
            let length = (OPTION_HEADER + value.len()) as u16;
            bytes.extend_from_slice(&kind.to_be_bytes());
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(value);
        };
        if self.magic {
            put(option::MAGIC, MAGIC);
        }
        if let Some((address, mask)) = self.address {
            put(option::ADDRESS, &[address.octets(), mask.octets()].concat());
        }
        if self.firmware {
            put(option::FIRMWARE, &[]);
        }
        if let Some(number) = self.string_table {
            put(option::STRING_TABLE, &number.to_be_bytes());
        }
        if let Some(region) = self.region {
            put(option::REGION, &region.number().to_be_bytes());
        }
        if let Some(name) = &self.file_name {
            let name = name.as_bytes();
            put(option::FILE_NAME, &name[..name.len().min(LONGEST_NAME)]);
        }
        let length = (bytes.len() as u16).to_be_bytes();
        bytes[field::LENGTH].copy_from_slice(&length);
        bytes
    }
}

fn be16(bytes: &[u8], range: std::ops::Range<usize>) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(range)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes on the wire that stand for a message, and the other way round.
    fn check(bytes: &[u8], message: &Message) {
        assert_eq!(Message::parse(bytes).as_ref(), Ok(message));
        assert_eq!(message.to_bytes(), bytes);
    }

    #[test]
    fn messages_are_those_that_were_seen() {
        check(b"\0\0\x01\0\0\x0e\0\x01\0\x08NTGR", &Message::advertise());
        let (address, mask) = (Ipv4Addr::new(10, 164, 183, 252), Ipv4Addr::new(255, 255, 255, 0));
        check(
            b"\0\0\x03\0\0\x16\0\x02\0\x0c\x0a\xa4\xb7\xfc\xff\xff\xff\0\x01\x01\0\x04",
            &Message::configuration(address, mask, None),
        );
        check(
            b"\0\0\x03\0\0\x1c\0\x02\0\x0c\x0a\xa4\xb7\xfc\xff\xff\xff\0\x01\x01\0\x04\0\x04\0\x06\0\x03",
            &Message::configuration(address, mask, Some(Region::Germany)),
        );
        check(b"\0\0\x02\0\0\x06", &Message::bare(Code::ConfigureRequest));
        let named = Message { file_name: Some("fw".into()), ..Message::bare(Code::UploadRequest) };
        check(b"\0\0\x10\0\0\x0c\x01\x81\0\x06fw", &named);
    }

    #[test]
    fn padding_and_what_nobody_knows_are_passed_over() {
        let padded = b"\0\0\x04\0\0\x06\0\0\0\0\0\0\0\0";
        assert_eq!(Message::parse(padded), Ok(Message::bare(Code::CloseRequest)));
        let strange = b"\0\0\x07\0\0\x0d\x7f\x7f\0\x06\x01\x02\0";
        assert_eq!(Message::parse(strange), Ok(Message::bare(Code::KeepAliveAck)));
        let region = b"\0\0\x03\0\0\x0c\0\x04\0\x06\0\x63";
        assert_eq!(Message::parse(region), Ok(Message::bare(Code::ConfigureAck)));
        let name = b"\0\0\x10\0\0\x0e\x01\x81\0\x08a\0zz";
        assert_eq!(Message::parse(name).map(|message| message.file_name), Ok(Some("a".into())));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let check = |bytes: &[u8], expected| assert_eq!(Message::parse(bytes), Err(expected), "{bytes:?}");
        check(b"", WireError::TooShort { bytes: 0 });
        check(b"\0\0\x01\0\0", WireError::TooShort { bytes: 5 });
        check(b"\0\0\x08\0\0\x06", WireError::UnknownCode { code: 8 });
        check(b"\0\0\x01\0\0\x05", WireError::BadLength { length: 5 });
        check(b"\0\0\x01\0\0\x07", WireError::BadLength { length: 7 });
        check(b"\0\0\x01\0\0\x09\0\x01\0", WireError::BadOption { kind: 1 });
        check(b"\0\0\x01\0\0\x0a\0\x01\0\x03", WireError::BadOption { kind: 1 });
        check(b"\0\0\x01\0\0\x0a\0\x01\0\x05", WireError::BadOption { kind: 1 });
        check(b"\0\0\x03\0\0\x0e\0\x02\0\x08abcd", WireError::BadOption { kind: 2 });
        check(b"\0\0\x10\0\0\x0b\x01\x81\0\x05\n", WireError::BadOption { kind: 0x181 });
        let many = [b"\0\0\x01\0\0\x8a".to_vec(), b"\x7f\0\0\x04".repeat(33)].concat();
        check(&many, WireError::TooManyOptions);
    }

    #[test]
    fn an_advertisement_without_its_mark_is_told_apart() {
        let other = b"\0\0\x01\0\0\x0e\0\x01\0\x08NTGX";
        assert_eq!(Message::parse(other).map(|message| message.magic), Ok(false));
    }

    #[test]
    fn regions_have_letters() {
        assert_eq!(Region::from_letters("gr"), Some(Region::Germany));
        assert_eq!(Region::from_letters("XX"), None);
        for (_, letters, region) in REGIONS {
            assert_eq!(region.letters(), letters);
        }
    }
}
