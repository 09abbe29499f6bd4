//! Packets: 30 bytes of header and up to 1024 of the image, by UDP to 225.0.0.0 port 5631.
//!
//! From the description in OpenWrt's firmware-utils d21804a, `src/zycast.c`, which was made from bootloaders' code. All
//! numbers have their most significant byte first.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;

/// Where packets go.
pub const GROUP: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(225, 0, 0, 0)), 5631);

/// Bytes of a header.
pub const HEADER: usize = 30;

/// Bytes of the image in every packet but the last. Some bootloaders damage what comes in smaller ones, and wait for ever
/// where they are larger.
pub const CHUNK: usize = 1024;

/// The first four bytes.
const MARK: [u8; 4] = *b"zyx\0";

mod field {
    use super::Range;

    pub(super) const MARK: Range<usize> = 0..4;
    pub(super) const CHECKSUM: Range<usize> = 4..6;
    pub(super) const NUMBER: Range<usize> = 6..10;
    pub(super) const LENGTH: Range<usize> = 10..14;
    pub(super) const FILE_LENGTH: Range<usize> = 14..18;
    pub(super) const KIND: usize = 20;
    pub(super) const KINDS: usize = 21;
    pub(super) const COUNTRY: Range<usize> = 22..24;
    pub(super) const FLAGS: usize = 24;
}

/// What an image is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The bootloader (`bootbase`).
    Bootloader,
    /// Settings (`rom`).
    Settings,
    /// The firmware (`ras`).
    Firmware,
    /// Default settings (`romd`).
    DefaultSettings,
    /// The second copy of the firmware.
    SecondFirmware,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Bootloader, Self::Settings, Self::Firmware, Self::DefaultSettings, Self::SecondFirmware];

    /// Its bit.
    pub const fn bit(self) -> u8 {
        match self {
            Self::Bootloader => 0x01,
            Self::Settings => 0x02,
            Self::Firmware => 0x04,
            Self::DefaultSettings => 0x08,
            Self::SecondFirmware => 0x10,
        }
    }
}

/// A packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Counts the packets of an image, from 0.
    pub number: u32,
    /// Length of the image, in bytes.
    pub file_length: u32,
    /// What the image is for.
    pub kind: Kind,
    /// The bits of all kinds that are sent together.
    pub kinds: u8,
    /// Two letters; what for is not known.
    pub country: [u8; 2],
    /// What to do at the end: 0x01 sets a flag for debugging, 0x02 and 0x04 erase settings.
    pub flags: u8,
    /// A piece of the image.
    pub payload: &'a [u8],
}

/// Why something is no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It does not begin as one.
    #[error("it is no packet of this kind")]
    NotOne,
    /// It is shorter than it says, or says more than fits.
    #[error("its length is wrong")]
    Length,
    /// It names no kind, or several.
    #[error("it does not say what it is for")]
    Kind,
    /// Its content is damaged.
    #[error("its checksum is wrong")]
    Checksum,
}

impl<'a> Packet<'a> {
    /// Reads a packet.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if bytes.len() < HEADER || bytes[field::MARK] != MARK {
            return Err(Malformed::NotOne);
        }
        let number =
            |range: Range<usize>| bytes[range].iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
        let length = usize::try_from(number(field::LENGTH)).map_err(|_| Malformed::Length)?;
        let payload = bytes[HEADER..].get(..length).ok_or(Malformed::Length)?;
        if payload.is_empty() || payload.len() > CHUNK {
            return Err(Malformed::Length);
        }
        let bit = bytes[field::KIND];
        let kind = Kind::ALL.into_iter().find(|kind| kind.bit() == bit).ok_or(Malformed::Kind)?;
        let kinds = bytes[field::KINDS];
        if kinds & bit == 0 {
            return Err(Malformed::Kind);
        }
        if number(field::CHECKSUM) != u32::from(checksum(payload)) {
            return Err(Malformed::Checksum);
        }
        let country = [bytes[field::COUNTRY.start], bytes[field::COUNTRY.start + 1]];
        Ok(Self {
            number: number(field::NUMBER),
            file_length: number(field::FILE_LENGTH),
            kind,
            kinds,
            country,
            flags: bytes[field::FLAGS],
            payload,
        })
    }

    /// The packet as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        let length = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        bytes[field::MARK].copy_from_slice(&MARK);
        bytes[field::CHECKSUM].copy_from_slice(&checksum(self.payload).to_be_bytes());
        bytes[field::NUMBER].copy_from_slice(&self.number.to_be_bytes());
        bytes[field::LENGTH].copy_from_slice(&length.to_be_bytes());
        bytes[field::FILE_LENGTH].copy_from_slice(&self.file_length.to_be_bytes());
        bytes[field::KIND] = self.kind.bit();
        bytes[field::KINDS] = self.kinds;
        bytes[field::COUNTRY].copy_from_slice(&self.country);
        bytes[field::FLAGS] = self.flags;
        bytes.extend_from_slice(self.payload);
        bytes
    }
}

/// The sum of all bytes, its upper half added to its lower one.
fn checksum(payload: &[u8]) -> u16 {
    let sum: u32 = payload.iter().map(|byte| u32::from(*byte)).sum();
    ((sum >> 16) + sum) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_those_of_zycast() {
        // Headers that zycast sent on the loopback interface, of firmware-utils d21804a, for a file of 2,500 bytes.
        let image: Vec<u8> = (0..2500u32).map(|at| (at * 7 % 251) as u8).collect();
        let seen = [
            "7a797800ef6f0000000000000400000009c4000004044646010000000000",
            "7a797800f6730000000100000400000009c4000004044646010000000000",
            "7a797800db6900000002000001c4000009c4000004044646010000000000",
        ];
        for ((number, payload), expected) in image.chunks(CHUNK).enumerate().zip(seen) {
            let packet = Packet {
                number: number as u32,
                file_length: 2500,
                kind: Kind::Firmware,
                kinds: 0x04,
                country: *b"FF",
                flags: 0x01,
                payload,
            };
            let header: String =
                packet.to_bytes()[..HEADER].iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(header, expected);
        }
    }

    #[test]
    fn a_packet_lies_as_it_is_described() {
        let payload = [0xFF; 1000];
        let packet = Packet {
            number: 7,
            file_length: 0x0012_3456,
            kind: Kind::Firmware,
            kinds: 0x04,
            country: *b"FF",
            flags: 0x01,
            payload: &payload,
        };
        let bytes = packet.to_bytes();
        // 255,000 is 0x3E418: 0x3 and 0xE418 are 0xE41B.
        let header = [
            0x7A, 0x79, 0x78, 0x00, 0xE4, 0x1B, 0, 0, 0, 7, 0, 0, 0x03, 0xE8, 0, 0x12, 0x34, 0x56, 0, 0,
            0x04, 0x04, 0x46, 0x46, 0x01, 0, 0, 0, 0, 0,
        ];
        assert_eq!(bytes[..HEADER], header);
        assert_eq!(Packet::parse(&bytes), Ok(packet));
        let check = |at: usize, value: u8, expected| {
            let mut damaged = bytes.clone();
            damaged[at] = value;
            assert_eq!(Packet::parse(&damaged), Err(expected));
        };
        check(0, b'Z', Malformed::NotOne);
        check(12, 0x04, Malformed::Length);
        check(20, 0x06, Malformed::Kind);
        check(21, 0x02, Malformed::Kind);
        check(500, 0xFE, Malformed::Checksum);
        assert_eq!(Packet::parse(&bytes[..100]), Err(Malformed::Length));
        assert_eq!(Packet::parse(&bytes[..HEADER - 1]), Err(Malformed::NotOne));
    }
}
