//! UEFI capsules: a header that names what is to be updated, and for the standard kind the images and their signatures.
//!
//! Source: UEFI Specification 2.10, sections 8.5.3 (`EFI_CAPSULE_HEADER`), 23.2 and 23.3 (firmware management capsules);
//! EDK II `BaseTools/Source/Python/Common/Uefi/Capsule`, `FmpDevicePkg` (the header `MSS1` of a payload). A signature
//! names the SHA-256 of payload and monotonic count: that comparison needs no key.

use crate::digest::hex;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::uefi::guid::guid_at;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "uefi-capsule",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "UEFI capsule",
        identified_by: "a known GUID, or the size of the file in a header that makes sense",
        reveals: "damaged images, by the SHA-256 that their signature names; missing bytes",
        blind_to: "images without a signature, and who signed the others",
        source: "UEFI Specification 2.10, sections 8.5.3, 23.2, 23.3; EDK II FmpDevicePkg",
        tested_with: "openssl, own construction",
    },
};

/// `6dcbd5ed-e82d-4c44-bda1-7194199ad92a`: firmware management.
const MANAGEMENT: [u8; 16] =
    [0xed, 0xd5, 0xcb, 0x6d, 0x2d, 0xe8, 0x44, 0x4c, 0xbd, 0xa1, 0x71, 0x94, 0x19, 0x9a, 0xd9, 0x2a];

/// Kinds that vendors use: `3b6686bd-0d76-4030-b70e-b5519e2fc5a0` (EFI), `4a3ca68b-7723-48fb-803d-578cc1fec44d` and
/// `14eebb90-890a-43db-aed1-5d3c4588a418` (AMI), `539182b9-abb5-4391-b69a-e3a943f72fcc` (Intel).
const VENDORS: [[u8; 16]; 4] = [
    [0xbd, 0x86, 0x66, 0x3b, 0x76, 0x0d, 0x30, 0x40, 0xb7, 0x0e, 0xb5, 0x51, 0x9e, 0x2f, 0xc5, 0xa0],
    [0x8b, 0xa6, 0x3c, 0x4a, 0x23, 0x77, 0xfb, 0x48, 0x80, 0x3d, 0x57, 0x8c, 0xc1, 0xfe, 0xc4, 0x4d],
    [0x90, 0xbb, 0xee, 0x14, 0x0a, 0x89, 0xdb, 0x43, 0xae, 0xd1, 0x5d, 0x3c, 0x45, 0x88, 0xa4, 0x18],
    [0xb9, 0x82, 0x91, 0x53, 0xb5, 0xab, 0x91, 0x43, 0xb6, 0x9a, 0xe3, 0xa9, 0x43, 0xf7, 0x2f, 0xcc],
];

const HEADER_SIZE: u64 = 28;

/// The longest header that is believed.
const MAX_HEADER: u64 = 0x2000;

/// Survive a reset, be told to the system, cause a reset; and 16 bits of the vendor's.
const KNOWN_FLAGS: u32 = 0x0007_ffff;

const MAX_ITEMS: u64 = 64;

/// `messageDigest` with a SHA-256 in a PKCS #7 signature: RFC 5652, section 11.2.
const MESSAGE_DIGEST: [u8; 15] =
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04, 0x31, 0x22, 0x04, 0x20];

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let (Some(kind), Some(header), Some(flags), Some(size)) =
        (window.array::<16>(0)?, window.le32(16)?, window.le32(20)?, window.le32(24)?)
    else {
        return Ok(false);
    };
    let (header, size) = (u64::from(header), u64::from(size));
    let known = VENDORS.iter().chain([&MANAGEMENT]);
    let distance = known.map(|known| distance(known, &kind)).min().unwrap_or(128);
    let votes = [
        (HEADER_SIZE..=MAX_HEADER).contains(&header) && header % 4 == 0,
        flags & !KNOWN_FLAGS == 0 && flags >> 16 != 0,
        size == window.len() && size > header,
    ];
    let count = votes.into_iter().filter(|vote| *vote).count();
    // Any device may have a kind of its own; then everything else must fit, to the byte or nearly so.
    let is_random_guid =
        kind[7] >> 4 <= 5 && kind[8] >> 6 == 2 && kind.iter().filter(|byte| **byte == 0).count() < 4;
    let is_nearly_whole =
        size > header && size / 2 <= window.len() && window.len() <= size.saturating_add(4096);
    Ok(match distance {
        0 => count >= 1,
        1 => count >= 2,
        _ => {
            count == 3 && kind != [0; 16]
                || votes[2] && count == 2 && is_random_guid
                || votes[0] && votes[1] && header <= 0x1000 && is_random_guid && is_nearly_whole
        }
    })
}

fn distance(left: &[u8; 16], right: &[u8; 16]) -> u32 {
    left.iter().zip(right).map(|(left, right)| (left ^ right).count_ones()).sum()
}

fn word(window: Window<'_>, at: u64) -> Result<u64, ImageError> {
    Ok(window.le32(at)?.unwrap_or_default().into())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let (header, flags, size) = (word(window, 16)?, word(window, 20)?, word(window, 24)?);
    let kind = guid_at(window, 0)?;
    let capsule = window.clamped(0, size.max(HEADER_SIZE));
    let fields = reading.container(FORMAT.id, capsule);
    fields.insert("type".into(), kind.clone());
    fields.insert("flags".into(), format!("{flags:#x}"));
    fields.insert("header-size".into(), header.to_string());
    reading.declared_size("the capsule", window.start() + 24, size, window.len());
    let bytes = window.array::<16>(0)?.unwrap_or_default();
    let is_managed = distance(&bytes, &MANAGEMENT) <= 1;
    if is_managed {
        reading.structure("type of capsule", window.start(), "6dcbd5ed-e82d-4c44-bda1-7194199ad92a", &kind);
    }
    let is_header = (HEADER_SIZE..=MAX_HEADER).contains(&header);
    let shown = if is_header { "possible" } else { "impossible" };
    reading.structure("size of the header", window.start() + 16, "possible", shown);
    let body = capsule.clamped(if is_header { header } else { HEADER_SIZE }, u64::MAX);
    if is_managed {
        read_items(body, reading)?;
    } else {
        if !VENDORS.contains(&bytes) {
            reading.board(kind);
        }
        reading.contents(body)?;
    }
    reading.trailing(window, capsule.len())
}

/// Drivers, then images: a table of their offsets stands first.
fn read_items(body: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let version = word(body, 0)?;
    reading.structure("version of the table", body.start(), 1, version);
    let drivers = u64::from(body.le16(4)?.unwrap_or_default());
    let images = u64::from(body.le16(6)?.unwrap_or_default());
    let is_possible = drivers + images <= MAX_ITEMS && images > 0;
    let shown = if is_possible { "possible" } else { "impossible" };
    reading.structure("number of items", body.start() + 4, "possible", shown);
    for index in 0..(drivers + images).min(MAX_ITEMS) {
        let Some(offset) = body.le64(8 + index * 8)? else { break };
        if offset >= body.len() {
            reading.structure("offset of an item", body.start() + 8 + index * 8, "inside", "behind the end");
        } else if index >= drivers {
            read_image(body.clamped(offset, u64::MAX), reading)?;
        }
    }
    Ok(())
}

/// An image: which device it is for, its size, and perhaps a signature.
fn read_image(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    // Version 2 has the instance of the device, version 3 what the image supports.
    let version = word(window, 0)?;
    let header = match version {
        0 | 1 => 32,
        2 => 40,
        _ => 48,
    };
    let device = guid_at(window, 4)?;
    let size = word(window, 24)?;
    let image = window.clamped(header, size);
    let at = window.start();
    let shown = if (1..=3).contains(&version) { "known" } else { "unknown" };
    reading.structure("version of an image header", at, "known", shown);
    reading.declared_size(&format!("the image for {device}"), at + 24, size, image.len());
    reading.board(device);
    let certificate = word(image, 8)?;
    let is_signed = image.le16(12)? == Some(0x0200) && image.le16(14)? == Some(0x0ef1);
    if !is_signed || certificate < 24 {
        reading.uncovered("An image in the capsule carries no signature, so nothing covers its contents.");
        return read_payload(image, reading);
    }
    let signature = image.clamped(32, certificate - 24);
    let payload = image.clamped(8 + certificate, u64::MAX);
    reading.signature("An image in the capsule");
    if let Some(found) = signature.find(&MESSAGE_DIGEST, 0, signature.len())? {
        let place = found + MESSAGE_DIGEST.len() as u64;
        let expected = signature.bytes(place, 32)?.unwrap_or_default();
        let count = image.array::<8>(0)?.unwrap_or_default();
        let actual = sha256_of(payload, &count)?;
        let name = "sha256 that the signature names";
        reading.digest(name, signature.start() + place, hex(&expected), hex(&actual));
    }
    read_payload(payload, reading)
}

fn sha256_of(payload: Window<'_>, count: &[u8; 8]) -> Result<Vec<u8>, ImageError> {
    use sha2::Digest as _;
    let mut hasher = sha2::Sha256::new();
    payload.stream(|piece| hasher.update(piece))?;
    hasher.update(count);
    Ok(hasher.finalize().to_vec())
}

/// The payload, behind the header that EDK II's driver for devices expects.
fn read_payload(payload: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let header = word(payload, 4)?;
    if payload.has(0, b"MSS1")? && (16..=64).contains(&header) {
        reading.set_version(word(payload, 8)?.to_string());
        return reading.part("payload", payload.clamped(header, u64::MAX)).map(drop);
    }
    reading.part("payload", payload).map(drop)
}
