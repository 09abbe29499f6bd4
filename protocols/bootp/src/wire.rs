//! Messages: the fixed fields of BOOTP (RFC 951), and the options of DHCP (RFC 2131, 2132) that matter to a bootloader.

use std::net::Ipv4Addr;
use std::ops::Range;

use debrick_model::MacAddress;

/// UDP port of servers.
pub const SERVER_PORT: u16 = 67;

/// UDP port of clients.
pub const CLIENT_PORT: u16 = 68;

/// Shortest message that is sent: clients of BOOTP expect the 64 bytes of its vendor area (RFC 951, section 3).
const SHORTEST: usize = 300;

/// Bytes before the options.
const FIXED: usize = 236;

/// What opens the options (RFC 1497).
const COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];

/// Most options of a message that are read.
const MOST_OPTIONS: usize = 128;

/// Longest name of a boot file, in bytes: its field holds a zero byte, too.
pub const LONGEST_BOOT_FILE: usize = 127;

/// Ethernet, and the length of its addresses (RFC 1700).
const ETHERNET: [u8; 2] = [1, 6];

mod field {
    use super::Range;

    pub(super) const OPERATION: usize = 0;
    pub(super) const HARDWARE: Range<usize> = 1..3;
    pub(super) const TRANSACTION: Range<usize> = 4..8;
    pub(super) const SECONDS: Range<usize> = 8..10;
    pub(super) const FLAGS: Range<usize> = 10..12;
    pub(super) const CLIENT: Range<usize> = 12..16;
    pub(super) const YOURS: Range<usize> = 16..20;
    pub(super) const NEXT_SERVER: Range<usize> = 20..24;
    pub(super) const RELAY: Range<usize> = 24..28;
    pub(super) const MAC: Range<usize> = 28..34;
    pub(super) const BOOT_FILE: Range<usize> = 108..236;
}

mod option {
    pub(super) const PAD: u8 = 0;
    pub(super) const MASK: u8 = 1;
    pub(super) const REQUESTED: u8 = 50;
    pub(super) const LEASE: u8 = 51;
    pub(super) const OVERLOAD: u8 = 52;
    pub(super) const KIND: u8 = 53;
    pub(super) const SERVER: u8 = 54;
    pub(super) const WANTED: u8 = 55;
    pub(super) const VENDOR_CLASS: u8 = 60;
    pub(super) const SERVER_NAME: u8 = 66;
    pub(super) const BOOT_FILE: u8 = 67;
    pub(super) const END: u8 = 255;
}

/// Options that a bootloader asks for: mask, name of the TFTP server, boot file.
pub const BOOT_OPTIONS: [u8; 3] = [option::MASK, option::SERVER_NAME, option::BOOT_FILE];

/// What a DHCP message is (option 53). One without is BOOTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A client looks for servers.
    Discover,
    /// A server offers an address.
    Offer,
    /// A client takes an offer, or asks for what it had.
    Request,
    /// A client says that its address is in use.
    Decline,
    /// A server gives the address.
    Ack,
    /// A server refuses it.
    Nak,
    /// A client gives its address back.
    Release,
    /// A client has an address and asks for the rest.
    Inform,
}

const KINDS: [Kind; 8] = [
    Kind::Discover,
    Kind::Offer,
    Kind::Request,
    Kind::Decline,
    Kind::Ack,
    Kind::Nak,
    Kind::Release,
    Kind::Inform,
];

impl Kind {
    fn from_wire(value: u8) -> Option<Self> {
        KINDS.get(usize::from(value).checked_sub(1)?).copied()
    }

    fn to_wire(self) -> u8 {
        KINDS.iter().zip(1..).find(|(kind, _)| **kind == self).map_or(0, |(_, number)| number)
    }
}

/// Why a datagram is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// It ends inside the fixed fields.
    #[error("the message has only {bytes} bytes")]
    TooShort {
        /// Bytes that came.
        bytes: usize,
    },
    /// Neither a request nor a reply.
    #[error("the message is neither a request nor a reply ({value})")]
    BadOperation {
        /// What stands there.
        value: u8,
    },
    /// Not about an Ethernet address.
    #[error("the message is not about an Ethernet address")]
    NotEthernet,
    /// An option ends outside the message, or has not the length of its kind.
    #[error("option {option} does not fit")]
    BadOption {
        /// Its number.
        option: u8,
    },
    /// More options than anybody sends.
    #[error("the message has too many options")]
    TooManyOptions,
}

/// A message. Fields and options that no bootloader uses are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// A client's, or a server's.
    pub is_request: bool,
    /// A number of the client's choice, which the answer repeats.
    pub transaction: u32,
    /// Seconds since the client began.
    pub seconds: u16,
    /// Whether the client can only hear broadcasts.
    pub broadcast: bool,
    /// The address that the client has; else 0.0.0.0.
    pub client: Ipv4Addr,
    /// The address that it is given.
    pub yours: Ipv4Addr,
    /// Where to load from.
    pub next_server: Ipv4Addr,
    /// Who has passed the message on.
    pub relay: Ipv4Addr,
    /// The client's Ethernet address.
    pub mac: MacAddress,
    /// What to load.
    pub boot_file: Option<String>,
    /// What kind of DHCP message it is; BOOTP has none.
    pub kind: Option<Kind>,
    /// The mask of the client's network.
    pub mask: Option<Ipv4Addr>,
    /// The address that a client asks for.
    pub requested: Option<Ipv4Addr>,
    /// How long the address is given for, in seconds.
    pub lease_s: Option<u32>,
    /// The server that speaks, or is spoken to.
    pub server: Option<Ipv4Addr>,
    /// What kind of client it is, in its own words.
    pub vendor_class: Option<String>,
    /// Numbers of options that the client asks for.
    pub wanted: Vec<u8>,
}

impl Message {
    /// A client's message without options.
    pub fn request(mac: MacAddress, transaction: u32) -> Self {
        Self {
            is_request: true,
            transaction,
            seconds: 0,
            broadcast: false,
            client: Ipv4Addr::UNSPECIFIED,
            yours: Ipv4Addr::UNSPECIFIED,
            next_server: Ipv4Addr::UNSPECIFIED,
            relay: Ipv4Addr::UNSPECIFIED,
            mac,
            boot_file: None,
            kind: None,
            mask: None,
            requested: None,
            lease_s: None,
            server: None,
            vendor_class: None,
            wanted: Vec::new(),
        }
    }

    /// Reads a datagram. Options that are not used here are passed over.
    pub fn parse(datagram: &[u8]) -> Result<Self, WireError> {
        let fixed = datagram.first_chunk::<FIXED>().ok_or(WireError::TooShort { bytes: datagram.len() })?;
        let is_request = match fixed[field::OPERATION] {
            1 => true,
            2 => false,
            value => return Err(WireError::BadOperation { value }),
        };
        if fixed[field::HARDWARE] != ETHERNET {
            return Err(WireError::NotEthernet);
        }
        let mut mac = [0; 6];
        mac.copy_from_slice(&fixed[field::MAC]);
        let mut message = Self {
            is_request,
            transaction: number(&fixed[field::TRANSACTION]),
            seconds: number(&fixed[field::SECONDS]) as u16,
            broadcast: fixed[field::FLAGS.start] & 0x80 != 0,
            client: address(&fixed[field::CLIENT]),
            yours: address(&fixed[field::YOURS]),
            next_server: address(&fixed[field::NEXT_SERVER]),
            relay: address(&fixed[field::RELAY]),
            ..Self::request(MacAddress::new(mac), 0)
        };
        let is_overloaded = match datagram[FIXED..].strip_prefix(&COOKIE) {
            Some(options) => message.take_options(options)?,
            None => false,
        };
        if !is_overloaded && let Some(name) = text(&fixed[field::BOOT_FILE]) {
            message.boot_file = Some(name);
        }
        Ok(message)
    }

    /// Takes the options; returns whether the fixed fields for names hold options instead.
    fn take_options(&mut self, mut rest: &[u8]) -> Result<bool, WireError> {
        let mut is_overloaded = false;
        for _ in 0..MOST_OPTIONS {
            while let Some((&option::PAD, behind)) = rest.split_first() {
                rest = behind;
            }
            let Some((&kind, behind)) = rest.split_first().filter(|(kind, _)| **kind != option::END) else {
                return Ok(is_overloaded);
            };
            let bad = WireError::BadOption { option: kind };
            let (&length, behind) = behind.split_first().ok_or(bad)?;
            let (value, behind) = behind.split_at_checked(usize::from(length)).ok_or(bad)?;
            is_overloaded |= kind == option::OVERLOAD && value.first().is_some_and(|which| which & 1 != 0);
            self.take(kind, value).ok_or(bad)?;
            rest = behind;
        }
        Err(WireError::TooManyOptions)
    }

    /// Takes an option; `None` where its value cannot be one of its kind.
    fn take(&mut self, kind: u8, value: &[u8]) -> Option<()> {
        let one_address = || <[u8; 4]>::try_from(value).ok().map(Ipv4Addr::from);
        match kind {
            option::KIND => self.kind = Some(Kind::from_wire(*value.first()?)?),
            option::MASK => self.mask = Some(one_address()?),
            option::REQUESTED => self.requested = Some(one_address()?),
            option::SERVER => self.server = Some(one_address()?),
            option::LEASE => self.lease_s = Some(u32::from_be_bytes(value.try_into().ok()?)),
            option::WANTED => self.wanted = value.to_vec(),
            option::VENDOR_CLASS => self.vendor_class = text(value),
            option::BOOT_FILE => self.boot_file = text(value),
            _ => {}
        }
        Some(())
    }

    /// The datagram. A boot file of more than [`LONGEST_BOOT_FILE`] bytes is cut.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; FIXED];
        bytes[field::OPERATION] = if self.is_request { 1 } else { 2 };
        bytes[field::HARDWARE].copy_from_slice(&ETHERNET);
        bytes[field::TRANSACTION].copy_from_slice(&self.transaction.to_be_bytes());
        bytes[field::SECONDS].copy_from_slice(&self.seconds.to_be_bytes());
        bytes[field::FLAGS.start] = if self.broadcast { 0x80 } else { 0 };
        for (range, address) in [
            (field::CLIENT, self.client),
            (field::YOURS, self.yours),
            (field::NEXT_SERVER, self.next_server),
            (field::RELAY, self.relay),
        ] {
            bytes[range].copy_from_slice(&address.octets());
        }
        bytes[field::MAC].copy_from_slice(self.mac.as_bytes());
        let name = self.boot_file.as_deref().unwrap_or_default().as_bytes();
        let name = &name[..name.len().min(LONGEST_BOOT_FILE)];
        bytes[field::BOOT_FILE.start..][..name.len()].copy_from_slice(name);

        bytes.extend_from_slice(&COOKIE);
        let mut put = |kind: u8, value: &[u8]| {
            let value = &value[..value.len().min(255)];
            bytes.extend_from_slice(&[kind, value.len() as u8]);
            bytes.extend_from_slice(value);
        };
        if let Some(kind) = self.kind {
            put(option::KIND, &[kind.to_wire()]);
        }
        for (kind, address) in
            [(option::SERVER, self.server), (option::MASK, self.mask), (option::REQUESTED, self.requested)]
        {
            if let Some(address) = address {
                put(kind, &address.octets());
            }
        }
        if let Some(seconds) = self.lease_s {
            put(option::LEASE, &seconds.to_be_bytes());
        }
        if let Some(class) = &self.vendor_class {
            put(option::VENDOR_CLASS, class.as_bytes());
        }
        if !self.wanted.is_empty() {
            put(option::WANTED, &self.wanted);
        }
        // Clients that ask for it by its number look nowhere else.
        if self.kind.is_some() && !self.is_request && !name.is_empty() {
            put(option::BOOT_FILE, name);
        }
        bytes.push(option::END);
        bytes.resize(bytes.len().max(SHORTEST), 0);
        bytes
    }
}

/// Text up to its first zero byte; `None` where nothing printable stands there.
fn text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn address(bytes: &[u8]) -> Ipv4Addr {
    Ipv4Addr::from(number(bytes))
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddress = MacAddress::new([0x52, 0x54, 0, 0x12, 0x34, 0x56]);

    fn fixed() -> Vec<u8> {
        let mut bytes = vec![0; FIXED];
        bytes[..8].copy_from_slice(&[1, 1, 6, 0, 0xDE, 0xAD, 0xBE, 0xEF]);
        bytes[28..34].copy_from_slice(MAC.as_bytes());
        bytes
    }

    fn with_options(options: &[u8]) -> Vec<u8> {
        [&fixed()[..], &COOKIE, options].concat()
    }

    #[test]
    fn bootp_without_a_vendor_area_is_read() {
        let message = Message::parse(&fixed()).unwrap();
        assert_eq!(message, Message::request(MAC, 0xDEAD_BEEF));
    }

    #[test]
    fn a_client_s_question_is_read() {
        let options = b"\x35\x01\x01\x37\x03\x01\x42\x43\x3c\x06U-Boot\x39\x02\x02\x40\xff";
        let message = Message::parse(&with_options(options)).unwrap();
        let expected = Message {
            kind: Some(Kind::Discover),
            wanted: vec![1, 66, 67],
            vendor_class: Some("U-Boot".into()),
            ..Message::request(MAC, 0xDEAD_BEEF)
        };
        assert_eq!(message, expected);
    }

    #[test]
    fn a_reply_has_its_fields_where_they_belong() {
        let message = Message {
            is_request: false,
            broadcast: true,
            yours: Ipv4Addr::new(192, 168, 1, 1),
            next_server: Ipv4Addr::new(192, 168, 1, 2),
            boot_file: Some("vmlinux".into()),
            kind: Some(Kind::Offer),
            mask: Some(Ipv4Addr::new(255, 255, 255, 0)),
            server: Some(Ipv4Addr::new(192, 168, 1, 2)),
            lease_s: Some(600),
            ..Message::request(MAC, 7)
        };
        let bytes = message.to_bytes();
        assert_eq!(bytes.len(), 300);
        assert_eq!((bytes[0], bytes[10]), (2, 0x80));
        assert_eq!(bytes[16..24], [192, 168, 1, 1, 192, 168, 1, 2]);
        assert_eq!(&bytes[108..116], b"vmlinux\0");
        assert_eq!(
            &bytes[240..],
            [
                &b"\x35\x01\x02\x36\x04\xc0\xa8\x01\x02\x01\x04\xff\xff\xff\0\x33\x04\0\0\x02\x58\x43\x07vmlinux\xff"[..],
                &[0; 29],
            ]
            .concat()
        );
        assert_eq!(Message::parse(&bytes), Ok(message));
    }

    #[test]
    fn a_field_that_holds_options_is_no_file_name() {
        let mut bytes = with_options(b"\x34\x01\x01\x43\x01a\xff");
        bytes[108..111].copy_from_slice(b"\x0c\x01x");
        assert_eq!(Message::parse(&bytes).unwrap().boot_file.as_deref(), Some("a"));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let check = |bytes: &[u8], expected| assert_eq!(Message::parse(bytes), Err(expected));
        check(&[], WireError::TooShort { bytes: 0 });
        check(&fixed()[..235], WireError::TooShort { bytes: 235 });
        let changed = |at: usize, value| {
            let mut bytes = fixed();
            bytes[at] = value;
            bytes
        };
        check(&changed(0, 3), WireError::BadOperation { value: 3 });
        check(&changed(1, 6), WireError::NotEthernet);
        check(&changed(2, 8), WireError::NotEthernet);
        check(&with_options(b"\x35"), WireError::BadOption { option: 53 });
        check(&with_options(b"\x35\x02\x01"), WireError::BadOption { option: 53 });
        check(&with_options(b"\x35\x01\x09"), WireError::BadOption { option: 53 });
        check(&with_options(b"\x35\x00"), WireError::BadOption { option: 53 });
        check(&with_options(b"\x32\x03\x01\x02\x03"), WireError::BadOption { option: 50 });
        check(&with_options(&b"\x80\0".repeat(129)), WireError::TooManyOptions);
    }
}
