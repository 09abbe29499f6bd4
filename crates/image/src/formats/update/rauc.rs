//! RAUC bundles: a squashfs, a CMS signature, and the size of the signature in the last eight bytes.
//!
//! Source: RAUC `docs/reference.rst`, section "Bundle Formats"; RFC 5652 (SignedData, attribute messageDigest). The
//! signature is found by its ASN.1 type, also where something was appended.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::{SMALL, Window};

pub(crate) const FORMAT: Format = Format {
    id: "rauc-bundle",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, b"hsqs")],
    matches: |window| Ok(find(window)?.is_some()),
    read,
    about: About {
        outermost: &[],
        name: "RAUC bundle",
        identified_by: "a squashfs with a CMS signature in the last 64 KiB",
        reveals: "a damaged file system, by the SHA-256 that is signed, where the signature has one",
        blind_to: "who signed it, without a trusted key",
        source: "RAUC docs/reference.rst; RFC 5652",
        tested_with: "not yet",
    },
};

/// ASN.1 of `signedData` (1.2.840.113549.1.7.2) and of the attribute `messageDigest` with 32 bytes
/// (1.2.840.113549.1.9.4).
const SIGNED_DATA: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const MESSAGE_DIGEST: [u8; 15] =
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04, 0x31, 0x22, 0x04, 0x20];

/// Start and end of the signature.
fn find(window: Window<'_>) -> Result<Option<(u64, u64)>, ImageError> {
    let from = window.len().saturating_sub(SMALL);
    let tail = window.head(from, SMALL)?;
    let place = tail.windows(SIGNED_DATA.len()).position(|there| there == SIGNED_DATA);
    let Some(start) = place.and_then(|place| place.checked_sub(4)) else { return Ok(None) };
    if tail[start..start + 2] != [0x30, 0x82] {
        return Ok(None);
    }
    let size = u64::from(u16::from_be_bytes([tail[start + 2], tail[start + 3]])) + 4;
    let start = from + start as u64;
    Ok(Some((start, start + size)))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some((start, end)) = find(window)? else { return Ok(()) };
    reading.container(FORMAT.id, window.clamped(0, end + 8));
    let declared = window.be64(end)?.map_or("nothing".into(), |size| size.to_string());
    reading.structure("size of the signature", window.start() + end, end - start, declared);
    let body = window.clamped(0, start);
    let signature = window.head(start, end - start)?;
    let attribute = signature.windows(MESSAGE_DIGEST.len()).position(|there| there == MESSAGE_DIGEST);
    let at = attribute.map(|at| at + MESSAGE_DIGEST.len());
    match at.and_then(|at| signature.get(at..at + 32)) {
        Some(expected) => {
            let actual = hex(&Algorithm::Sha256.of(body)?);
            reading.digest("sha256 that is signed", window.start() + start, hex(expected), actual);
        }
        None => reading.uncovered("The signature holds no SHA-256 of the file system."),
    }
    reading.signature("The bundle");
    reading.contents(body)?;
    reading.trailing(window, end + 8)
}
