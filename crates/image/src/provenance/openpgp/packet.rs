//! Packets of OpenPGP and the values in them. Source: RFC 9580 chapters 3 and 4.

/// Tags of packets.
pub(super) const SIGNATURE: u8 = 2;
pub(super) const SECRET_KEY: u8 = 5;
pub(super) const PUBLIC_KEY: u8 = 6;
pub(super) const USER_ID: u8 = 13;
pub(super) const PUBLIC_SUBKEY: u8 = 14;

/// The most packets that are read; a key that many people signed has some thousands.
const MOST: usize = 20_000;

/// A packet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    pub(super) tag: u8,
    pub(super) body: &'a [u8],
    /// With its header.
    pub(super) whole: &'a [u8],
}

impl<'a> Packet<'a> {
    /// All packets in a row; `None` where the bytes are anything else, or use lengths that neither keys nor signatures do.
    pub(super) fn all(mut bytes: &'a [u8]) -> Option<Vec<Self>> {
        let mut packets = Vec::new();
        while !bytes.is_empty() {
            if packets.len() == MOST {
                return None;
            }
            let (packet, rest) = Self::read(bytes)?;
            packets.push(packet);
            bytes = rest;
        }
        (!packets.is_empty()).then_some(packets)
    }

    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut cursor = Cursor(bytes);
        let first = cursor.u8()?;
        let (tag, len) = match first >> 6 {
            // The newer form.
            0b11 => (first & 0x3f, cursor.len()?),
            0b10 => {
                let len = match first & 3 {
                    0 => u32::from(cursor.u8()?),
                    1 => u32::from(cursor.u16()?),
                    2 => cursor.u32()?,
                    _ => return None,
                };
                (first >> 2 & 0x0f, len)
            }
            _ => return None,
        };
        let body = cursor.take(usize::try_from(len).ok()?)?;
        let whole = &bytes[..bytes.len() - cursor.0.len()];
        Some((Self { tag, body, whole }, cursor.0))
    }
}

/// Reads values one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(*self.take(2)?.first_chunk()?))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(*self.take(4)?.first_chunk()?))
    }

    /// A length of a newer packet. Lengths of parts are for streams of data only.
    fn len(&mut self) -> Option<u32> {
        match self.u8()? {
            first @ 0..=191 => Some(first.into()),
            first @ 192..=223 => Some(((u32::from(first) - 192) << 8) + u32::from(self.u8()?) + 192),
            224..=254 => None,
            255 => self.u32(),
        }
    }

    /// The data of a subpacket, with its type.
    pub(super) fn subpacket(&mut self) -> Option<&'a [u8]> {
        let len = match self.u8()? {
            first @ 0..=191 => u32::from(first),
            first @ 192..=254 => ((u32::from(first) - 192) << 8) + u32::from(self.u8()?) + 192,
            255 => self.u32()?,
        };
        self.take(usize::try_from(len).ok()?)
    }

    /// A number: its length in bits, then its bytes, the most significant one first.
    pub(super) fn number(&mut self) -> Option<&'a [u8]> {
        let bits = usize::from(self.u16()?);
        self.take(bits.div_ceil(8))
    }
}
