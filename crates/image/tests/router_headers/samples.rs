//! What the tests of headers share: a case, sums, and small images that headers are put around.

use debrick_model::Verdict;

use super::support::noise;

/// A format's image, and what can be said of it.
pub(crate) struct Case {
    pub(crate) id: &'static str,
    pub(crate) image: Vec<u8>,
    /// Bytes at the start of which any bit may be damaged.
    pub(crate) header: usize,
    pub(crate) known_by: KnownBy,
    /// Whether something in it checks its contents.
    pub(crate) verdict: Verdict,
    pub(crate) told: Option<Told>,
    /// Bytes, and the check that fails when one of them changes.
    pub(crate) covered: Vec<(usize, &'static str)>,
}

/// What a format is recognised by.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum KnownBy {
    Header,
    /// What stands at its end: a file that was cut off is what its contents are.
    End,
    /// A right checksum: a damaged file is what its contents are.
    Soundness,
}

/// Vendor, model, version and boards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Told(
    pub(crate) Option<&'static str>,
    pub(crate) Option<&'static str>,
    pub(crate) Option<&'static str>,
    pub(crate) &'static [&'static str],
);

impl Case {
    pub(crate) fn new(id: &'static str, header: usize, image: Vec<u8>) -> Self {
        let verdict = Verdict::Pass;
        let (known_by, told, covered) = (KnownBy::Header, None, Vec::new());
        Self { id, image, header, known_by, verdict, told, covered }
    }

    /// Says what must be told of the intact image.
    pub(crate) fn tells(self, told: Told) -> Self {
        Self { told: Some(told), ..self }
    }

    /// Adds a byte, and the check that fails when it changes.
    pub(crate) fn covers(mut self, at: usize, check: &'static str) -> Self {
        self.covered.push((at, check));
        self
    }

    pub(crate) fn known_by(self, known_by: KnownBy) -> Self {
        Self { known_by, ..self }
    }

    /// Says that nothing checks the contents.
    pub(crate) fn unchecked(self) -> Self {
        Self { verdict: Verdict::Unknown, ..self }
    }
}

pub(crate) fn join(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.concat()
}

/// A text filled up with zeros.
pub(crate) fn field(text: &str, len: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(len, 0);
    bytes
}

pub(crate) fn be32(word: usize) -> [u8; 4] {
    (word as u32).to_be_bytes()
}

pub(crate) fn le32(word: usize) -> [u8; 4] {
    (word as u32).to_le_bytes()
}

pub(crate) fn crc(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// Reflected CRC-32 from a start, without a complement.
pub(crate) fn raw_crc(bytes: &[u8], start: u32) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(!start);
    hasher.update(bytes);
    !hasher.finalize()
}

pub(crate) fn byte_sum(bytes: &[u8]) -> u32 {
    bytes.iter().map(|byte| u32::from(*byte)).sum()
}

/// POSIX `cksum`.
pub(crate) fn cksum(bytes: &[u8]) -> u32 {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_CKSUM);
    let mut digest = crc.digest();
    digest.update(bytes);
    let mut length = bytes.len();
    while length > 0 {
        digest.update(&[length as u8]);
        length >>= 8;
    }
    digest.finalize()
}

pub(crate) fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
    image[at..at + bytes.len()].copy_from_slice(bytes);
}

pub(crate) fn xored(bytes: &[u8], key: &[u8]) -> Vec<u8> {
    bytes.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
}

/// A uImage, as most of these headers wrap one.
pub(crate) fn uimage() -> Vec<u8> {
    let data = noise(1500, 7);
    let mut header = join(&[
        &[0x27, 0x05, 0x19, 0x56, 0, 0, 0, 0],
        &be32(0x6553_f100),
        &be32(data.len()),
        &be32(0x8006_0000),
        &be32(0x8006_0000),
        &crc(&data).to_be_bytes(),
        &[5, 5, 2, 3],
        &field("MIPS OpenWrt Linux-5.15.150", 32),
    ]);
    let sum = crc(&header);
    put(&mut header, 4, &sum.to_be_bytes());
    join(&[&header, &data])
}

/// A TRX image with one part.
pub(crate) fn trx() -> Vec<u8> {
    let mut image =
        join(&[b"HDR0", &le32(28 + 1600), &[0; 4], &le32(0x1_0000), &le32(28), &[0; 8], &noise(1600, 9)]);
    let sum = raw_crc(&image[12..], u32::MAX);
    put(&mut image, 8, &sum.to_le_bytes());
    image
}

/// The sum of all 16-bit words, carries added to it again; an odd last byte is filled up with a zero.
pub(crate) fn folded_sum(bytes: &[u8], word: fn([u8; 2]) -> u16) -> u16 {
    let words = bytes.chunks(2).map(|pair| word([pair[0], pair.get(1).copied().unwrap_or(0)]));
    let sum = words.fold(0_u64, |sum, word| sum + u64::from(word));
    (0..4).fold(sum, |sum, _| (sum & 0xffff) + (sum >> 16)) as u16
}

/// A kernel of some compressible words as LZMA alone packs it: properties, dictionary, size, data.
pub(crate) fn lzma() -> Vec<u8> {
    use std::io::Write as _;
    let kernel: Vec<u8> = noise(3000, 11).iter().flat_map(|byte| [*byte, 0, byte / 2]).collect();
    let mut options = lzma_rust2::LzmaOptions::with_preset(6);
    options.dict_size = 1 << 16;
    let mut packer =
        lzma_rust2::LzmaWriter::new_use_header(Vec::new(), &options, Some(kernel.len() as u64)).unwrap();
    packer.write_all(&kernel).unwrap();
    packer.finish().unwrap()
}
