//! Ubiquiti's discovery: UDP 10001, questions to everybody, answers with fields of kind, length and content.
//!
//! From public descriptions made by watching (nitefood/python-ubnt-discovery, nmap's `ubiquiti-discovery`,
//! colincarter/ubiquiti-parser). A unit in its bootloader does not speak it; one whose system runs does.

use std::net::Ipv4Addr;

use debrick_model::MacAddress;

use crate::fields::{fields, put, text};

/// The port.
pub const PORT: u16 = 10001;

/// The question, in the first version.
pub const QUESTION: [u8; 4] = [0x01, 0x00, 0x00, 0x00];

/// The question, in the second version.
pub const QUESTION_2: [u8; 4] = [0x02, 0x08, 0x00, 0x00];

/// Version, kind and length.
const HEADER: usize = 4;

const HARDWARE_ADDRESS: u16 = 0x01;
const ADDRESSES: u16 = 0x02;
const FIRMWARE: u16 = 0x03;
const UPTIME: u16 = 0x0A;
const HOST_NAME: u16 = 0x0B;
const SHORT_MODEL: u16 = 0x0C;
const NETWORK_NAME: u16 = 0x0D;
const MODEL: u16 = 0x14;
const MODEL_2: u16 = 0x15;
const VERSION_2: u16 = 0x16;
const DEFAULTS_2: u16 = 0x17;

/// What a unit says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unit {
    /// Version of the protocol: 1 or 2.
    pub version: u8,
    /// Its Ethernet address.
    pub hardware_address: Option<MacAddress>,
    /// Its addresses.
    pub addresses: Vec<(MacAddress, Ipv4Addr)>,
    /// Its firmware, whole: `XM.ar7240.v5.6.3.28591.151130.1749`.
    pub firmware: Option<String>,
    /// Seconds since its start.
    pub uptime_seconds: Option<u32>,
    /// Its name.
    pub host_name: Option<String>,
    /// Its model, short: `N5B`.
    pub short_model: Option<String>,
    /// Its model: `NanoBridge M5`.
    pub model: Option<String>,
    /// The name of its radio network.
    pub network_name: Option<String>,
    /// The version of its firmware, short.
    pub short_version: Option<String>,
    /// Whether it has the settings of the factory.
    pub has_defaults: Option<bool>,
}

impl Unit {
    /// Reads an answer. Questions, which have no fields, are none.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let ([version, _, high, low], body) = payload.split_first_chunk::<HEADER>()?;
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if !matches!(version, 1 | 2) || length == 0 || body.len() < length {
            return None;
        }
        let mut unit = Self { version: *version, ..Self::default() };
        let mut known = 0;
        for (kind, content) in fields(&body[..length], 1) {
            known += 1;
            match kind {
                HARDWARE_ADDRESS => unit.hardware_address = content.try_into().ok().map(MacAddress::new),
                ADDRESSES => {
                    if let (Some(hardware), Some(address)) = (content.first_chunk::<6>(), content.get(6..10))
                    {
                        let address: [u8; 4] = address.try_into().unwrap_or_default();
                        unit.addresses.push((MacAddress::new(*hardware), Ipv4Addr::from(address)));
                    }
                }
                FIRMWARE => unit.firmware = text(content),
                UPTIME => unit.uptime_seconds = content.try_into().ok().map(u32::from_be_bytes),
                HOST_NAME => unit.host_name = text(content),
                SHORT_MODEL => unit.short_model = text(content),
                NETWORK_NAME => unit.network_name = text(content),
                MODEL | MODEL_2 => unit.model = text(content),
                VERSION_2 => unit.short_version = text(content),
                DEFAULTS_2 => unit.has_defaults = content.last().map(|byte| *byte != 0),
                _ => known -= 1,
            }
        }
        (known > 0).then_some(unit)
    }

    /// The answer as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        if let Some(address) = &self.hardware_address {
            put(&mut body, HARDWARE_ADDRESS, 1, address.as_bytes());
        }
        for (hardware, address) in &self.addresses {
            put(&mut body, ADDRESSES, 1, &[&hardware.as_bytes()[..], &address.octets()].concat());
        }
        if let Some(seconds) = self.uptime_seconds {
            put(&mut body, UPTIME, 1, &seconds.to_be_bytes());
        }
        let model = if self.version == 2 { MODEL_2 } else { MODEL };
        for (kind, value) in [
            (FIRMWARE, &self.firmware),
            (HOST_NAME, &self.host_name),
            (SHORT_MODEL, &self.short_model),
            (NETWORK_NAME, &self.network_name),
            (model, &self.model),
            (VERSION_2, &self.short_version),
        ] {
            if let Some(value) = value {
                put(&mut body, kind, 1, value.as_bytes());
            }
        }
        if let Some(has_defaults) = self.has_defaults {
            put(&mut body, DEFAULTS_2, 1, &[0, 0, 0, u8::from(has_defaults)]);
        }
        let length = u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes();
        let kind = if self.version == 2 { 0x06 } else { 0x00 };
        [&[self.version, kind, length[0], length[1]][..], &body].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_questions_are_not() {
        // A device as public captures show them, with an address of our own.
        let mut bytes = vec![0x01, 0x00, 0x00, 0x00];
        put(&mut bytes, 0x02, 1, &[2, 0, 0, 0, 0, 9, 192, 168, 1, 20]);
        put(&mut bytes, 0x01, 1, &[2, 0, 0, 0, 0, 9]);
        put(&mut bytes, 0x0A, 1, &[0, 0, 1, 0]);
        put(&mut bytes, 0x0B, 1, b"roof");
        put(&mut bytes, 0x0C, 1, b"N5B");
        put(&mut bytes, 0x03, 1, b"XM.ar7240.v5.6.3.28591.151130.1749");
        put(&mut bytes, 0x77, 1, b"?");
        bytes[3] = (bytes.len() - 4) as u8;
        let unit = Unit::parse(&bytes).unwrap();
        assert_eq!(unit.addresses, [(MacAddress::new([2, 0, 0, 0, 0, 9]), Ipv4Addr::new(192, 168, 1, 20))]);
        assert_eq!((unit.short_model.as_deref(), unit.uptime_seconds), (Some("N5B"), Some(256)));
        assert_eq!(Unit::parse(&QUESTION), None);
        assert_eq!(Unit::parse(&QUESTION_2), None);
        assert_eq!(Unit::parse(&bytes[..20]), None);
        assert_eq!(Unit::parse(b"M-SEARCH"), None);
    }
}
