//! An Ethernet address as a value.

use serde::{Deserialize, Serialize};

/// An Ethernet (MAC) address; written as six pairs of lower-case hex digits with colons everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MacAddress([u8; 6]);

/// The text is not six pairs of hex digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MacAddressError;

impl MacAddress {
    /// The address of everybody.
    pub const BROADCAST: Self = Self([0xFF; 6]);

    /// The address with these bytes, in the order of the wire.
    pub const fn new(bytes: [u8; 6]) -> Self {
        Self(bytes)
    }

    /// The bytes, in the order of the wire.
    pub const fn as_bytes(&self) -> &[u8; 6] {
        &self.0
    }

    /// Whether a frame to it is for more than one station: multicast, or broadcast.
    pub const fn is_group(&self) -> bool {
        self.0[0] & 1 != 0
    }

    /// Whether somebody made it up, instead of a maker who has registered its first half.
    pub const fn is_local(&self) -> bool {
        self.0[0] & 2 != 0
    }

    /// Reads six pairs of hex digits of either case, with colons or hyphens between them, or with nothing.
    pub fn parse(text: &str) -> Result<Self, MacAddressError> {
        let digits: Vec<u8> = match text.len() {
            12 => text.bytes().collect(),
            17 => {
                let separator = text.as_bytes()[2];
                if !matches!(separator, b':' | b'-')
                    || (2..17).step_by(3).any(|at| text.as_bytes()[at] != separator)
                {
                    return Err(MacAddressError);
                }
                text.bytes().enumerate().filter(|(at, _)| at % 3 != 2).map(|(_, byte)| byte).collect()
            }
            _ => return Err(MacAddressError),
        };
        let mut bytes = [0; 6];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let high = (pair[0] as char).to_digit(16).ok_or(MacAddressError)?;
            let low = (pair[1] as char).to_digit(16).ok_or(MacAddressError)?;
            *byte = (high << 4 | low) as u8;
        }
        Ok(Self(bytes))
    }
}

impl std::fmt::Display for MacAddress {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

impl std::fmt::Debug for MacAddress {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "MacAddress({self})")
    }
}

impl std::fmt::Display for MacAddressError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("an Ethernet address is six pairs of hex digits, such as 00:11:22:aa:bb:cc")
    }
}

impl std::error::Error for MacAddressError {}

impl TryFrom<String> for MacAddress {
    type Error = MacAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<MacAddress> for String {
    fn from(address: MacAddress) -> Self {
        address.to_string()
    }
}

impl std::str::FromStr for MacAddress {
    type Err = MacAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_each_way_of_writing() {
        let address = MacAddress::new([0x00, 0x11, 0x22, 0xAA, 0xBB, 0xCC]);
        for text in ["00:11:22:aa:bb:cc", "00-11-22-AA-BB-CC", "001122aabbcc"] {
            assert_eq!(MacAddress::parse(text), Ok(address), "{text}");
        }
        assert_eq!(address.to_string(), "00:11:22:aa:bb:cc");
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in
            ["", "00:11:22:aa:bb", "00:11-22:aa:bb:cc", "00:11:22:aa:bb:cg", "0:011:22:aa:bb:cc", "äöüäöü"]
        {
            assert_eq!(MacAddress::parse(text), Err(MacAddressError), "{text}");
        }
    }

    #[test]
    fn the_first_byte_tells_groups_and_made_up_addresses() {
        assert!(MacAddress::BROADCAST.is_group());
        assert!(!MacAddress::new([0x00, 0x11, 0x22, 0, 0, 0]).is_local());
        assert!(MacAddress::new([0x02, 0, 0, 0, 0, 1]).is_local());
    }
}
