//! MikroTik's neighbour discovery (MNDP): UDP 5678, fields of kind, length and content, once a minute and when asked.
//!
//! From MikroTik's page on neighbour discovery and public dissectors (Wireshark's, kevinschweikert/mndp). RouterOS speaks
//! it; RouterBOOT does not.

use std::net::Ipv4Addr;

use debrick_model::MacAddress;

use crate::fields::{fields, put, text};

/// The port.
pub const PORT: u16 = 5678;

/// The question.
pub const QUESTION: [u8; 4] = [0; 4];

/// Two bytes of unknown use, and a counter.
const HEADER: usize = 4;

const HARDWARE_ADDRESS: u16 = 1;
const IDENTITY: u16 = 5;
const VERSION: u16 = 7;
const PLATFORM: u16 = 8;
const UPTIME: u16 = 10;
const SOFTWARE_ID: u16 = 11;
const BOARD: u16 = 12;
const INTERFACE: u16 = 16;
const ADDRESS: u16 = 17;

/// What a unit says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Neighbour {
    /// Counts its announcements.
    pub sequence: u16,
    /// The Ethernet address of the interface that it speaks on.
    pub hardware_address: Option<MacAddress>,
    /// Its name.
    pub identity: Option<String>,
    /// Its version: `7.15.3 (stable)`.
    pub version: Option<String>,
    /// `MikroTik`.
    pub platform: Option<String>,
    /// Seconds since its start.
    pub uptime_seconds: Option<u32>,
    /// The id of its licence.
    pub software_id: Option<String>,
    /// Its board: `RBD52G-5HacD2HnD`.
    pub board: Option<String>,
    /// The interface that it speaks on.
    pub interface: Option<String>,
    /// Its address.
    pub address: Option<Ipv4Addr>,
}

impl Neighbour {
    /// Reads an announcement. A question, which has no fields, is none.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let ([_, _, high, low], body) = payload.split_first_chunk::<HEADER>()?;
        let mut unit = Self { sequence: u16::from_be_bytes([*high, *low]), ..Self::default() };
        let mut known = 0;
        for (kind, content) in fields(body, 2) {
            known += 1;
            match kind {
                HARDWARE_ADDRESS => unit.hardware_address = content.try_into().ok().map(MacAddress::new),
                IDENTITY => unit.identity = text(content),
                VERSION => unit.version = text(content),
                PLATFORM => unit.platform = text(content),
                // The only number that has its least significant byte first.
                UPTIME => unit.uptime_seconds = content.try_into().ok().map(u32::from_le_bytes),
                SOFTWARE_ID => unit.software_id = text(content),
                BOARD => unit.board = text(content),
                INTERFACE => unit.interface = text(content),
                ADDRESS => {
                    unit.address = <[u8; 4]>::try_from(content).ok().map(Ipv4Addr::from);
                }
                _ => known -= 1,
            }
        }
        (known > 0).then_some(unit)
    }

    /// The announcement as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0, 0];
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        if let Some(address) = &self.hardware_address {
            put(&mut bytes, HARDWARE_ADDRESS, 2, address.as_bytes());
        }
        if let Some(seconds) = self.uptime_seconds {
            put(&mut bytes, UPTIME, 2, &seconds.to_le_bytes());
        }
        for (kind, value) in [
            (IDENTITY, &self.identity),
            (VERSION, &self.version),
            (PLATFORM, &self.platform),
            (SOFTWARE_ID, &self.software_id),
            (BOARD, &self.board),
            (INTERFACE, &self.interface),
        ] {
            if let Some(value) = value {
                put(&mut bytes, kind, 2, value.as_bytes());
            }
        }
        if let Some(address) = self.address {
            put(&mut bytes, ADDRESS, 2, &address.octets());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announcement_is_read() {
        let mut bytes = vec![0x61, 0, 0, 3];
        put(&mut bytes, 1, 2, &[2, 0, 0, 0, 0, 7]);
        put(&mut bytes, 5, 2, b"MikroTik");
        put(&mut bytes, 7, 2, b"7.15.3 (stable) 2024-07-24 10:39:01");
        put(&mut bytes, 10, 2, &[0xDC, 0x15, 0, 0]);
        put(&mut bytes, 12, 2, b"RBD52G-5HacD2HnD");
        put(&mut bytes, 14, 2, &[0]);
        put(&mut bytes, 17, 2, &[192, 168, 88, 1]);
        let unit = Neighbour::parse(&bytes).unwrap();
        assert_eq!((unit.sequence, unit.uptime_seconds), (3, Some(5596)));
        assert_eq!(unit.board.as_deref(), Some("RBD52G-5HacD2HnD"));
        assert_eq!(unit.address, Some(Ipv4Addr::new(192, 168, 88, 1)));
        assert_eq!(Neighbour::parse(&QUESTION), None);
        assert_eq!(Neighbour::parse(&[0; 40]), None);
    }
}
