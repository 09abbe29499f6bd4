//! Android Verified Boot: `vbmeta` images, and footers that attach one to the image of a partition.
//!
//! Source: AOSP `external/avb`, `libavb/avb_vbmeta_image.h`, `avb_footer.h`, `avb_crypto.h`, and the descriptors next to
//! them. Numbers are big-endian. The digest covers the header and the auxiliary block; the signature covers the same
//! bytes. What fills the image up to its partition's size is covered by nothing.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::formats;
use crate::formats::android::fingerprint::read_fingerprint;
use crate::pieces::Pieces;
use crate::reading::Reading;
use crate::rsa::{Signed, agrees};
use crate::window::{SMALL, Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "avb-vbmeta",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"AVB0")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Android Verified Boot metadata (vbmeta)",
        identified_by: "magic `AVB0` and a header whose offsets agree",
        reveals: "damage in header, key and descriptors, by SHA-256 or SHA-512 and by the RSA signature with the embedded key",
        blind_to: "padding behind the blocks",
        source: "AOSP external/avb libavb/avb_vbmeta_image.h, avb_crypto.h",
        tested_with: "own construction, signed by openssl",
    },
};

/// A partition's image with a footer of 64 bytes at its end, which tells where its `vbmeta` is.
pub(crate) const FOOTER: Format = Format {
    id: "avb-footer",
    rank: Rank::Wrapper,
    magic: &[Magic::at(-(FOOTER_SIZE as i64), b"AVBf")],
    matches: matches_footer,
    read: read_footer,
    about: About {
        outermost: &[],
        name: "Android Verified Boot footer",
        identified_by: "magic `AVBf` 64 bytes before the end",
        reveals: "damage in the image before it, by the digest in its vbmeta",
        blind_to: "padding between image and footer",
        source: "AOSP external/avb libavb/avb_footer.h, avb_hash_descriptor.h",
        tested_with: "own construction",
    },
};

const HEADER_SIZE: u64 = 256;
const FOOTER_SIZE: u64 = 64;

/// The most descriptors that are looked at.
const MAX_DESCRIPTORS: usize = 256;

/// Kinds of descriptors.
const PROPERTY: u64 = 0;
const HASH_TREE: u64 = 1;
const HASH: u64 = 2;
const CHAIN: u64 = 4;

/// The exponent of all keys.
const EXPONENT: u32 = 65537;

struct Header {
    bytes: Vec<u8>,
}

impl Header {
    fn read(window: Window<'_>) -> Result<Self, ImageError> {
        Ok(Self { bytes: window.head(0, HEADER_SIZE)? })
    }

    fn fields(&self) -> Fields<'_> {
        Fields::big(&self.bytes)
    }

    fn authentication(&self) -> u64 {
        self.fields().u64(12)
    }

    fn auxiliary(&self) -> u64 {
        self.fields().u64(20)
    }

    fn auxiliary_at(&self) -> u64 {
        HEADER_SIZE.saturating_add(self.authentication())
    }

    fn size(&self) -> u64 {
        self.auxiliary_at().saturating_add(self.auxiliary())
    }

    /// What is signed how: digest, and bits of the key.
    fn algorithm(&self) -> Option<(Algorithm, Signed, u64)> {
        let bits = |index: u32| 2048_u64 << index;
        match self.fields().u32(28) {
            index @ 1..=3 => Some((Algorithm::Sha256, Signed::Sha256, bits(index - 1))),
            index @ 4..=6 => Some((Algorithm::Sha512, Signed::Sha512, bits(index - 4))),
            _ => None,
        }
    }

    fn is_plausible(&self) -> bool {
        let fields = self.fields();
        let inside = |offset: usize, size: usize, block: u64| {
            fields.u64(offset).checked_add(fields.u64(size)).is_some_and(|end| end <= block)
        };
        let signs = [
            fields.u32(4) == 1,
            fields.u32(8) < 16,
            self.authentication() < SMALL && self.authentication().is_multiple_of(64),
            self.auxiliary() < 1 << 24 && self.auxiliary().is_multiple_of(64),
            fields.u32(28) <= 8,
            inside(32, 40, self.authentication()),
            inside(48, 56, self.authentication()),
            inside(64, 72, self.auxiliary()),
            inside(96, 104, self.auxiliary()),
        ];
        self.bytes.len() as u64 == HEADER_SIZE && evidence(&signs) >= 6
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(Header::read(window)?.is_plausible())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    read_metadata(window, reading)?;
    Ok(())
}

/// Digests of partitions, as descriptors give them.
struct Described {
    algorithm: String,
    size: u64,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

fn read_metadata(window: Window<'_>, reading: &mut Reading<'_>) -> Result<Vec<Described>, ImageError> {
    let header = Header::read(window)?;
    let whole = window.clamped(0, header.size());
    let fields = reading.container(FORMAT.id, whole);
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("made-by", header.fields().text(128, 48));
    put("algorithm", header.fields().u32(28).to_string());
    put("rollback-index", header.fields().u64(112).to_string());
    put("flags", format!("{:#x}", header.fields().u32(120)));
    let place = reading.last_container();
    let at = window.start();
    reading.declared_size("the metadata", at.saturating_add(12), header.size(), window.len());
    check(window, &header, reading)?;
    let described = read_descriptors(window, &header, place, reading)?;
    reading.trailing(window, header.size())?;
    Ok(described)
}

/// Compares digest and signature.
fn check(window: Window<'_>, header: &Header, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some((algorithm, signed, bits)) = header.algorithm() else {
        if header.fields().u32(28) == 0 {
            reading.uncovered("The vbmeta is neither signed nor hashed.");
        } else {
            reading.uncovered("The vbmeta names an algorithm that is not known.");
        }
        return Ok(());
    };
    let fields = header.fields();
    let authentication = window.clamped(HEADER_SIZE, header.authentication());
    let auxiliary = window.clamped(header.auxiliary_at(), header.auxiliary());
    let mut covered = Pieces::new(window);
    covered.push(0, HEADER_SIZE);
    covered.push(header.auxiliary_at(), header.auxiliary());
    let actual = algorithm.of(covered.window())?;
    let stored = authentication.clamped(fields.u64(32), fields.u64(40));
    let expected = stored.head(0, 64)?;
    let name = format!("{} of header and descriptors", algorithm.id());
    reading.digest(name, stored.start(), hex(&expected), hex(&actual));
    let signature = authentication.clamped(fields.u64(48), fields.u64(56));
    let key = auxiliary.clamped(fields.u64(64), fields.u64(72));
    let bytes = key.head(0, 8)?;
    let modulus = key.head(8, bits / 8)?;
    let is_right = u64::from(Fields::big(&bytes).u32(0)) == bits
        && agrees(&modulus, EXPONENT, &signature.head(0, bits / 8)?, signed, &actual);
    let found = if is_right { "agrees" } else { "does not agree" };
    reading.digest("signature with the embedded key", signature.start(), "agrees", found);
    let key_id = Algorithm::Sha256.of(key)?;
    reading.signature(format!("The vbmeta (key with the SHA-256 {})", hex(&key_id)));
    Ok(())
}

fn read_descriptors(
    window: Window<'_>,
    header: &Header,
    place: usize,
    reading: &mut Reading<'_>,
) -> Result<Vec<Described>, ImageError> {
    let fields = header.fields();
    let auxiliary = window.clamped(header.auxiliary_at(), header.auxiliary());
    let list = auxiliary.clamped(fields.u64(96), fields.u64(104));
    let mut described = Vec::new();
    let mut at = 0;
    for _ in 0..MAX_DESCRIPTORS {
        let (Some(kind), Some(size)) = (list.be64(at)?, list.be64(at.saturating_add(8))?) else { break };
        let bytes = list.head(at, size.saturating_add(16))?;
        let fields = Fields::big(&bytes);
        let name = |len_at: usize, start: usize| fields.text(start, fields.u32(len_at) as usize);
        match kind {
            PROPERTY => property(fields, place, reading),
            HASH => {
                let partition = name(56, 132);
                let (name, salt, digest) =
                    (fields.u32(56) as usize, fields.u32(60) as usize, fields.u32(64) as usize);
                let salt_at = name.saturating_add(132);
                let value = Described {
                    algorithm: fields.text(24, 32),
                    size: fields.u64(16),
                    salt: fields.slice(salt_at, salt).to_vec(),
                    digest: fields.slice(salt_at.saturating_add(salt), digest).to_vec(),
                };
                let text = format!("{} {}", value.algorithm, hex(&value.digest));
                reading.container_at(place).fields.insert(format!("hash-of-{partition}"), text);
                described.push(value);
            }
            HASH_TREE => {
                let partition = name(104, 180);
                let text = format!("{} over {} bytes", fields.text(72, 32), fields.u64(20));
                reading.container_at(place).fields.insert(format!("hash-tree-of-{partition}"), text);
            }
            CHAIN => {
                let partition = name(20, 92);
                let text = format!("rollback location {}", fields.u32(16));
                reading.container_at(place).fields.insert(format!("chain-to-{partition}"), text);
            }
            _ => {}
        }
        at = at.saturating_add(16).saturating_add(size);
    }
    Ok(described)
}

/// A property tells from which build the image is.
fn property(fields: Fields<'_>, place: usize, reading: &mut Reading<'_>) {
    let (name_len, value_len) = (fields.u64(16), fields.u64(24));
    let (Ok(name_len), Ok(value_len)) = (usize::try_from(name_len), usize::try_from(value_len)) else {
        return;
    };
    let name = text(fields.slice(32, name_len));
    let value = text(fields.slice(name_len.saturating_add(33), value_len));
    if name.starts_with("com.android.build.") {
        if name.ends_with(".fingerprint") {
            read_fingerprint(&value, reading);
        }
        reading.container_at(place).fields.insert(name, value);
    }
}

/// Version, size of the image, and where its metadata is.
struct Footer {
    version: u32,
    image: u64,
    metadata_at: u64,
    metadata_size: u64,
}

impl Footer {
    fn read(window: Window<'_>) -> Result<Self, ImageError> {
        let bytes = window.head(window.len().saturating_sub(FOOTER_SIZE), FOOTER_SIZE)?;
        let fields = Fields::big(&bytes);
        Ok(Self {
            version: fields.u32(4),
            image: fields.u64(12),
            metadata_at: fields.u64(20),
            metadata_size: fields.u64(28),
        })
    }

    /// The image: it ends before its metadata, and before the footer.
    fn contents<'a>(&self, window: Window<'a>) -> Window<'a> {
        let end = window.len().saturating_sub(FOOTER_SIZE);
        let end = if self.metadata_at > 0 { end.min(self.metadata_at) } else { end };
        window.clamped(0, self.image.min(end))
    }
}

fn matches_footer(window: Window<'_>) -> Result<bool, ImageError> {
    let footer = Footer::read(window)?;
    let metadata = window.clamped(footer.metadata_at, footer.metadata_size);
    let inside = 1..window.len();
    let signs = [
        footer.version == 1,
        inside.contains(&footer.image),
        inside.contains(&footer.metadata_at),
        footer.metadata_size >= HEADER_SIZE && inside.contains(&footer.metadata_size),
        metadata.has(0, b"AVB0")?,
    ];
    let is_nested = FOOTER.magic[0].distance(footer.contents(window))? == Some(0);
    Ok(evidence(&signs) >= 3 && !is_nested)
}

fn read_footer(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let footer = Footer::read(window)?;
    let at = window.len().saturating_sub(FOOTER_SIZE);
    let image = footer.contents(window);
    // The image is what the file is; the footer only adds to it. `matches_footer` sees to it that there is only one.
    formats::read(image, reading)?;
    if footer.image != image.len() {
        let place = window.start().saturating_add(at) + 12;
        reading.structure("size of the image", place, image.len(), footer.image);
    }
    let metadata = window.clamped(footer.metadata_at, footer.metadata_size);
    let there = if metadata.has(0, b"AVB0")? { "there" } else { "missing" };
    reading.structure("vbmeta of the footer", metadata.start(), "there", there);
    if matches(metadata)? {
        for described in read_metadata(metadata, reading)? {
            compare(window, &described, reading)?;
        }
    }
    let fields = reading.container(FOOTER.id, window.clamped(at, FOOTER_SIZE));
    fields.insert("image-size".into(), footer.image.to_string());
    fields.insert("vbmeta-offset".into(), footer.metadata_at.to_string());
    fields.insert("vbmeta-size".into(), footer.metadata_size.to_string());
    Ok(())
}

/// Compares the digest of the image with the one that its metadata gives.
fn compare(window: Window<'_>, described: &Described, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    use sha2::Digest as _;
    let image = window.clamped(0, described.size);
    let mut sha256 = sha2::Sha256::new_with_prefix(&described.salt);
    let mut sha512 = sha2::Sha512::new_with_prefix(&described.salt);
    let actual = match described.algorithm.as_str() {
        "sha256" => {
            image.stream(|piece| sha256.update(piece))?;
            hex(&sha256.finalize())
        }
        "sha512" => {
            image.stream(|piece| sha512.update(piece))?;
            hex(&sha512.finalize())
        }
        other => {
            reading.uncovered(format!("The vbmeta gives a digest of a kind that is not known: {other}."));
            return Ok(());
        }
    };
    let name = format!("{} of the image", described.algorithm);
    reading.digest(name, image.start(), hex(&described.digest), actual);
    Ok(())
}
