//! Digests of our own bytes, to be compared with those that a device computes.

use std::ops::Range;

use debrick_model::Digest;
use sha2::{Digest as _, Sha256};

use crate::capability::{BlockDigest, DigestKind};
use crate::source::{Source, SourceError};

/// How much of a source is held in memory at a time, in bytes.
const CHUNK: usize = 64 * 1024;

/// The digest of `bytes`, of the kind that a device computes.
pub fn of_bytes(kind: DigestKind, bytes: &[u8]) -> BlockDigest {
    match kind {
        DigestKind::Crc32 => BlockDigest::Crc32(crc32fast::hash(bytes)),
        DigestKind::Sha256 => BlockDigest::Sha256(Sha256::digest(bytes).into()),
    }
}

/// The digest of a range of `content`, which is continued with `fill` behind its end.
pub fn of_range(
    kind: DigestKind,
    content: &dyn Source,
    range: Range<u64>,
    fill: u8,
) -> Result<BlockDigest, SourceError> {
    let mut crc = crc32fast::Hasher::new();
    let mut sha = Sha256::new();
    for_each_chunk(content, range, fill, |chunk| match kind {
        DigestKind::Crc32 => crc.update(chunk),
        DigestKind::Sha256 => sha.update(chunk),
    })?;
    Ok(match kind {
        DigestKind::Crc32 => BlockDigest::Crc32(crc.finalize()),
        DigestKind::Sha256 => BlockDigest::Sha256(sha.finalize().into()),
    })
}

/// The SHA-256 of all of `content`.
pub fn sha256(content: &dyn Source) -> Result<Digest, SourceError> {
    let mut sha = Sha256::new();
    for_each_chunk(content, 0..content.len(), 0, |chunk| sha.update(chunk))?;
    Ok(Digest::new(sha.finalize().into()))
}

/// Fills `buffer` from `offset` of `content`, which is continued with `fill` behind its end.
pub fn read_filled(
    content: &dyn Source,
    offset: u64,
    buffer: &mut [u8],
    fill: u8,
) -> Result<(), SourceError> {
    let there = content.len().saturating_sub(offset).min(buffer.len() as u64) as usize;
    let (real, padding) = buffer.split_at_mut(there);
    padding.fill(fill);
    if real.is_empty() { Ok(()) } else { content.read_at(offset, real) }
}

fn for_each_chunk(
    content: &dyn Source,
    range: Range<u64>,
    fill: u8,
    mut each: impl FnMut(&[u8]),
) -> Result<(), SourceError> {
    let mut buffer = vec![0; CHUNK.min((range.end - range.start) as usize)];
    let mut at = range.start;
    while at < range.end {
        let count = (range.end - at).min(CHUNK as u64) as usize;
        read_filled(content, at, &mut buffer[..count], fill)?;
        each(&buffer[..count]);
        at += count as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_continue_with_the_fill() {
        let content: Vec<u8> = (0..100_000u32).map(|i| i as u8).collect();
        let mut padded = content[99_000..].to_vec();
        padded.resize(5000, 0xFF);
        for kind in [DigestKind::Crc32, DigestKind::Sha256] {
            let digest = of_range(kind, &content, 99_000..104_000, 0xFF).unwrap();
            assert_eq!(digest, of_bytes(kind, &padded));
        }
        assert_eq!(
            of_range(DigestKind::Crc32, &content, 0..100_000, 0).unwrap(),
            of_bytes(DigestKind::Crc32, &content)
        );
        assert_eq!(sha256(&content).unwrap(), Digest::new(Sha256::digest(&content).into()));
    }
}
