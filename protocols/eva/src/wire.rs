//! The discovery packet, and replies of the FTP server.
//!
//! Discovery: 16 bytes on UDP 5035. A request carries the address that the unit is to take, in network order; an answer
//! the address that it has, in reverse (seen in public tools: fritz-tools 2fe22f5 `fritzflash.py`, YourFritz 0fdba3e
//! `eva_tools`). Replies: RFC 959, section 4.2, and lines without a number, which carry a variable's value.

use std::net::Ipv4Addr;

/// UDP port of the discovery.
pub const DISCOVERY_PORT: u16 = 5035;

/// TCP port of the FTP server.
pub const FTP_PORT: u16 = 21;

/// User and password.
pub const USER: &str = "adam2";

/// The longest line of a reply that is read, in bytes.
pub const LONGEST_LINE: usize = 1024;

/// The address where a unit is found that was not told another one.
pub const USUAL_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 178, 1);

/// The discovery packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discovery {
    /// A computer looks for a unit, and asks it to take this address.
    Request {
        /// The address; 0.0.0.0 leaves it to the unit.
        wanted: Ipv4Addr,
    },
    /// A unit is there.
    Answer {
        /// Its address.
        address: Ipv4Addr,
    },
}

impl Discovery {
    /// Its length in bytes.
    pub const LENGTH: usize = 16;

    /// Bytes 0 to 4 of each.
    const MARK: [u8; 4] = [0x00, 0x00, 0x12, 0x01];

    /// Reads a packet.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::LENGTH] = bytes.first_chunk()?;
        let [m0, m1, m2, m3, kind, 0, 0, 0, a, b, c, d, ..] = *bytes else { return None };
        match ([m0, m1, m2, m3] == Self::MARK, kind) {
            (true, 1) => Some(Self::Request { wanted: Ipv4Addr::new(a, b, c, d) }),
            (true, 2) => Some(Self::Answer { address: Ipv4Addr::new(d, c, b, a) }),
            _ => None,
        }
    }

    /// The packet as bytes.
    pub fn to_bytes(self) -> [u8; Self::LENGTH] {
        let (kind, address) = match self {
            Self::Request { wanted } => (1, wanted.octets()),
            Self::Answer { address } => {
                let [a, b, c, d] = address.octets();
                (2, [d, c, b, a])
            }
        };
        let mut bytes = [0; Self::LENGTH];
        bytes[..4].copy_from_slice(&Self::MARK);
        bytes[4] = kind;
        bytes[8..12].copy_from_slice(&address);
        bytes
    }
}

/// A reply of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its number.
    pub code: u16,
    /// Its words.
    pub text: String,
    /// Lines without a number that came before it.
    pub said: Vec<String>,
}

impl Reply {
    /// Whether the command went well.
    pub fn is_fine(&self) -> bool {
        (100..400).contains(&self.code)
    }
}

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// The last line of a reply, or its only one.
    End {
        /// Number.
        code: u16,
        /// Words.
        text: String,
    },
    /// A line of a reply that goes on, without its number.
    More(String),
}

/// Reads a line, without its end.
pub fn read_line(line: &str) -> Line {
    let code = line.get(..3).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    match (code.and_then(|digits| digits.parse().ok()), line.as_bytes().get(3)) {
        (Some(code), None | Some(b' ')) => {
            Line::End { code, text: line.get(4..).unwrap_or_default().trim().to_owned() }
        }
        (Some(_), Some(b'-')) => Line::More(line.get(4..).unwrap_or_default().to_owned()),
        _ => Line::More(line.to_owned()),
    }
}

/// The port of `227 Entering Passive Mode (192,168,178,1,12,10)`. The address is not looked at: it is the unit's.
pub fn passive_port(text: &str) -> Option<u16> {
    let inside = text.rsplit_once('(')?.1.split(')').next()?;
    let mut numbers = inside.split(',').map(|number| number.trim().parse::<u8>().ok());
    let numbers: [Option<u8>; 6] = std::array::from_fn(|_| numbers.next().flatten());
    let [Some(_), Some(_), Some(_), Some(_), Some(high), Some(low)] = numbers else { return None };
    Some(u16::from_be_bytes([high, low])).filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discovery_packets_are_those_of_other_tools() {
        let request = Discovery::Request { wanted: USUAL_ADDRESS };
        let bytes = [0, 0, 0x12, 1, 1, 0, 0, 0, 0xc0, 0xa8, 0xb2, 1, 0, 0, 0, 0];
        assert_eq!(request.to_bytes(), bytes);
        assert_eq!(Discovery::parse(&bytes), Some(request));
        let answer = Discovery::Answer { address: USUAL_ADDRESS };
        assert_eq!(answer.to_bytes(), [0, 0, 0x12, 1, 2, 0, 0, 0, 1, 0xb2, 0xa8, 0xc0, 0, 0, 0, 0]);
        assert_eq!(Discovery::parse(&answer.to_bytes()), Some(answer));
        assert_eq!(Discovery::parse(&bytes[..15]), None);
        assert_eq!(Discovery::parse(&[0; 16]), None);
    }

    #[test]
    fn lines_are_told_apart() {
        let end = |code, text: &str| Line::End { code, text: text.into() };
        assert_eq!(read_line("220 ADAM2 FTP Server ready"), end(220, "ADAM2 FTP Server ready"));
        assert_eq!(read_line("221"), end(221, ""));
        assert_eq!(read_line("220-hello"), Line::More("hello".into()));
        assert_eq!(read_line("memsize   0x1"), Line::More("memsize   0x1".into()));
        assert_eq!(read_line("2205 x"), Line::More("2205 x".into()));
        assert_eq!(passive_port("Entering Passive Mode (192,168,178,1,252,99)"), Some(64611));
        assert_eq!(passive_port("Entering Passive Mode (192,168,178,1,0,0)"), None);
        assert_eq!(passive_port("(1,2,3,4,5,256)"), None);
        assert_eq!(passive_port("(1,2,3)"), None);
    }
}
