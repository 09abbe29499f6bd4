//! The few structures of DER that keys and certificates need. Source: ITU-T X.690 chapters 8 and 10.

pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OBJECT_ID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// Tag of a certificate's version.
const VERSION: u8 = 0xa0;

/// One value with its tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    tag: u8,
    value: &'a [u8],
    /// The value with its tag and length.
    whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// The first element of some bytes, and what follows it.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (tag, first) = (*bytes.first()?, *bytes.get(1)?);
        let (header, len) = match first {
            0..=0x7f => (2, usize::from(first)),
            0x81..=0x83 => {
                let digits = bytes.get(2..2 + usize::from(first & 0x7f))?;
                (2 + digits.len(), digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit)))
            }
            _ => return None,
        };
        let end = header + len;
        let element = Self { tag, value: bytes.get(header..end)?, whole: bytes.get(..end)? };
        Some((element, bytes.get(end..)?))
    }

    /// The only element of some bytes.
    pub(super) fn of(bytes: &'a [u8]) -> Option<Self> {
        Self::read(bytes).filter(|(_, rest)| rest.is_empty()).map(|(element, _)| element)
    }

    /// The value, if the tag is this one.
    pub(super) fn expect(self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.value)
    }
}

/// An element without the zeros that some formats fill their field up with; the bytes as they are where it is none.
pub(super) fn unpadded(bytes: &[u8]) -> &[u8] {
    match Element::read(bytes) {
        Some((element, rest)) if rest.iter().all(|byte| *byte == 0) => element.whole,
        _ => bytes,
    }
}

/// The SubjectPublicKeyInfo of an X.509 certificate. The certificate's own signature is not looked at: whoever trusts
/// the certificate trusts its key.
pub(super) fn key_of_certificate(bytes: &[u8]) -> Option<&[u8]> {
    let (body, _) = Element::read(Element::of(bytes)?.expect(SEQUENCE)?)?;
    let mut rest = body.expect(SEQUENCE)?;
    let (first, after) = Element::read(rest)?;
    if first.tag == VERSION {
        rest = after;
    }
    // Serial number, algorithm, issuer, validity, subject.
    for _ in 0..5 {
        rest = Element::read(rest)?.1;
    }
    Element::read(rest).map(|(key, _)| key.whole)
}
