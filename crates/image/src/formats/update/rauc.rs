//! RAUC bundles: a squashfs, a CMS signature, and the size of the signature in the last eight bytes.
//!
//! Source: RAUC `docs/reference.rst`, section "Bundle Formats"; RFC 5652 (SignedData, attribute messageDigest); cryptsetup
//! "DMVerity", section "Hash tree", for bundles of the format `verity`. There the signature holds the manifest, which
//! gives the root of a tree of SHA-256s that stands behind the squashfs. The signature is found by its ASN.1 type, also
//! where something was appended.

use sha2::Digest as _;

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
        reveals: "a damaged file system, by the SHA-256 that is signed, or by the tree of SHA-256s of the format `verity`",
        blind_to: "who signed it, without a trusted key",
        source: "RAUC docs/reference.rst; RFC 5652",
        tested_with: "rauc bundle",
    },
};

/// ASN.1 of `signedData` (1.2.840.113549.1.7.2) and of the attribute `messageDigest` with 32 bytes
/// (1.2.840.113549.1.9.4).
const SIGNED_DATA: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const MESSAGE_DIGEST: [u8; 15] =
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04, 0x31, 0x22, 0x04, 0x20];

/// Bytes of a block of a tree of digests, and of a digest.
const BLOCK: usize = 4096;
const DIGEST: usize = 32;

/// The largest file system whose tree of digests is made anew: the tree is kept in memory.
const MAX_HASHED: u64 = 1 << 30;

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
    let manifest = manifest(&signature).map(<[u8]>::to_vec);
    let attribute = signature.windows(MESSAGE_DIGEST.len()).position(|there| there == MESSAGE_DIGEST);
    let at = attribute.map(|at| at + MESSAGE_DIGEST.len());
    match at.and_then(|at| signature.get(at..at + 32)) {
        Some(expected) => {
            let signed = manifest.as_ref().map_or(body, |manifest| Window::whole(manifest));
            let actual = hex(&Algorithm::Sha256.of(signed)?);
            reading.digest("sha256 that is signed", window.start() + start, hex(expected), actual);
        }
        None => reading.uncovered("The signature holds no SHA-256 of what it signs."),
    }
    let body = match &manifest {
        Some(manifest) => read_manifest(manifest, body, reading)?,
        None => body,
    };
    reading.signature("The bundle");
    reading.contents(body)?;
    reading.trailing(window, end + 8)
}

/// What the signature itself holds: nothing, or the manifest.
fn manifest(signature: &[u8]) -> Option<&[u8]> {
    const DATA: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
    let at = signature.windows(DATA.len()).position(|there| there == DATA)? + DATA.len();
    let wrapped = contents(signature.get(at..)?, 0xa0)?;
    contents(wrapped, 0x04)
}

/// The contents of the ASN.1 value at the start of some bytes, where it has a tag.
fn contents(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let (size, start): (usize, usize) = match *bytes {
        [first, ..] if first != tag => return None,
        [_, size, ..] if size < 0x80 => (usize::from(size), 2),
        [_, 0x81, size, ..] => (usize::from(size), 3),
        [_, 0x82, high, low, ..] => (usize::from(u16::from_be_bytes([high, low])), 4),
        _ => return None,
    };
    bytes.get(start..start.checked_add(size)?)
}

/// Takes what the manifest of a bundle with a hash tree says, compares the tree, and returns the file system.
fn read_manifest<'a>(
    manifest: &[u8],
    body: Window<'a>,
    reading: &mut Reading<'_>,
) -> Result<Window<'a>, ImageError> {
    let lines = String::from_utf8_lossy(manifest).into_owned();
    let value = |name: &str| {
        lines.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
    };
    reading.set_version(value("version"));
    reading.board(value("compatible"));
    let tree_size = value("verity-size").parse::<u64>().unwrap_or(0);
    let data = body.clamped(0, body.len().saturating_sub(tree_size));
    if tree_size == 0 || value("format") != "verity" {
        reading.uncovered("The manifest gives no tree of digests of the file system.");
        return Ok(data);
    }
    if data.len() > MAX_HASHED {
        reading.uncovered("The file system is too large for its tree of digests to be compared.");
        return Ok(data);
    }
    let salt = bytes_of(value("verity-salt"));
    let (tree, root) = hash_tree(data, &salt)?;
    let place = data.start();
    reading.digest("root of the tree of sha256", place, value("verity-hash"), hex(&root));
    let stored = hex(&Algorithm::Sha256.of(body.clamped(data.len(), tree_size))?);
    let actual = hex(&Algorithm::Sha256.of(Window::whole(&tree))?);
    reading.digest("tree of sha256", place.saturating_add(data.len()), stored, actual);
    Ok(data)
}

/// The tree of salted SHA-256s of all blocks, its uppermost level first, each level filled up with zeros; and its root.
fn hash_tree(data: Window<'_>, salt: &[u8]) -> Result<(Vec<u8>, Vec<u8>), ImageError> {
    let mut level = Vec::new();
    for at in (0..data.len()).step_by(BLOCK) {
        let mut block = data.head(at, BLOCK as u64)?;
        block.resize(BLOCK, 0);
        level.extend(salted(salt, &block));
    }
    let mut levels = Vec::new();
    while level.len() > DIGEST {
        level.resize(level.len().next_multiple_of(BLOCK), 0);
        let above = level.chunks(BLOCK).flat_map(|block| salted(salt, block)).collect();
        levels.push(std::mem::replace(&mut level, above));
    }
    Ok((levels.into_iter().rev().flatten().collect(), level))
}

fn salted(salt: &[u8], block: &[u8]) -> [u8; DIGEST] {
    let mut hasher = sha2::Sha256::new_with_prefix(salt);
    hasher.update(block);
    hasher.finalize().into()
}

/// The bytes that hexadecimal digits stand for, as far as they are digits.
fn bytes_of(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        digits.chars().map_while(|digit| digit.to_digit(16).map(|value| value as u8)).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
