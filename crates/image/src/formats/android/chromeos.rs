//! ChromeOS kernel partitions: a key block, a preamble, and the kernel's body, each signed.
//!
//! Source: vboot_reference `firmware/2lib/include/2struct.h`, `firmware/2lib/2rsa.c`, `2packed_key.c`. Numbers are
//! little-endian. The key in the key block signs preamble and body, so these can be compared without knowing any other
//! key; the key block itself carries a SHA-512, and a signature by a key of the device's maker.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::formats::android::boot::kernel_architecture;
use crate::reading::Reading;
use crate::rsa::{Signed, agrees};
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "chromeos-kernel",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"CHROMEOS")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "ChromeOS kernel partition",
        identified_by: "magic `CHROMEOS` and a key block",
        reveals: "damage in key block, preamble and body, by SHA-512 and by RSA signatures with the key inside",
        blind_to: "padding behind the body",
        source: "vboot_reference firmware/2lib/include/2struct.h, 2rsa.c",
        tested_with: "futility vbutil_kernel",
    },
};

/// Bytes of the fixed parts of key block and preamble.
const KEY_BLOCK_SIZE: u64 = 112;
const PREAMBLE_SIZE: u64 = 96;

/// Offset of the packed key in the key block.
const KEY_AT: u64 = 80;

/// The longest key block or preamble that is believed.
const MAX_SIZE: u64 = 1 << 20;

/// A signature or digest: where it is, and how much it covers.
struct Signature {
    at: u64,
    size: u64,
    covered: u64,
}

impl Signature {
    /// The signature that a structure at `at` describes.
    fn read(window: Window<'_>, at: u64) -> Result<Self, ImageError> {
        let bytes = window.head(at, 24)?;
        let fields = Fields::little(&bytes);
        Ok(Self {
            at: at.saturating_add(fields.u32(0).into()),
            size: fields.u32(8).into(),
            covered: fields.u32(16).into(),
        })
    }
}

/// The key in the key block.
struct Key {
    modulus: Vec<u8>,
    exponent: u32,
    algorithm: Option<(Algorithm, Signed)>,
    version: u32,
    number: u32,
}

impl Key {
    fn read(window: Window<'_>) -> Result<Self, ImageError> {
        let bytes = window.head(KEY_AT, 32)?;
        let fields = Fields::little(&bytes);
        let number = fields.u32(16);
        let key = window.clamped(KEY_AT.saturating_add(fields.u32(0).into()), fields.u32(8).into());
        let words = u64::from(key.le32(0)?.unwrap_or(0)).min(256);
        let mut modulus = key.head(8, words * 4)?;
        modulus.reverse();
        // Three digests for each size of key; then the same with the exponent 3 for 2048 and 3072 bits.
        let digests = [
            (Algorithm::Sha1, Signed::Sha1),
            (Algorithm::Sha256, Signed::Sha256),
            (Algorithm::Sha512, Signed::Sha512),
        ];
        let algorithm = (number < 18).then(|| digests[(number % 3) as usize]);
        let exponent = if number < 12 { 65537 } else { 3 };
        Ok(Self { modulus, exponent, algorithm, version: fields.u32(24), number })
    }

    /// Records whether a signature over the start of a window agrees with the key.
    fn check(
        &self,
        what: &str,
        window: Window<'_>,
        signature: &Signature,
        covered: Window<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<(), ImageError> {
        let Some((algorithm, signed)) = self.algorithm else {
            reading.uncovered(format!("The {what} is signed in a way that is not known."));
            return Ok(());
        };
        let digest = algorithm.of(covered.clamped(0, signature.covered))?;
        let bytes = window.clamped(signature.at, signature.size).head(0, 1024)?;
        let is_whole = covered.len() >= signature.covered && signature.covered > 0;
        let is_right = is_whole && agrees(&self.modulus, self.exponent, &bytes, signed, &digest);
        let found = if is_right { "agrees" } else { "does not agree" };
        let at = window.start().saturating_add(signature.at);
        reading.digest(format!("signature of the {what}"), at, "agrees", found);
        Ok(())
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let bytes = window.head(0, KEY_BLOCK_SIZE)?;
    let fields = Fields::little(&bytes);
    let size = fields.u64(16);
    let signs = [
        fields.u32(8) == 2,
        fields.u32(12) < 16,
        (KEY_BLOCK_SIZE..MAX_SIZE).contains(&size),
        u64::from(fields.u32(48)) < size && fields.u32(56) == 64,
        fields.u32(96) < 18,
    ];
    Ok(bytes.len() as u64 == KEY_BLOCK_SIZE && evidence(&signs) >= 4)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let size = window.le64(16)?.unwrap_or(0).min(MAX_SIZE);
    let block = window.clamped(0, size);
    let key = Key::read(block)?;
    let preamble_size = window.le64(size)?.unwrap_or(0).min(MAX_SIZE);
    let preamble = window.clamped(size, preamble_size);
    let bytes = preamble.head(0, PREAMBLE_SIZE + 20)?;
    let header = Fields::little(&bytes);
    let body_signature = Signature::read(preamble, 72)?;
    let body_at = size + preamble_size;
    let end = body_at.saturating_add(body_signature.covered);
    let at = window.start();
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("key-block-flags", format!("{:#x}", window.le32(72)?.unwrap_or(0)));
    put("key-version", key.version.to_string());
    put("key-algorithm", key.number.to_string());
    put("kernel-version", header.u32(40).to_string());
    put("body-address", format!("{:#x}", header.u64(48)));
    put("bootloader-address", format!("{:#x}", header.u64(56)));
    put("body-size", body_signature.covered.to_string());
    reading.set_vendor("Google");
    reading.declared_size("the key block", at + 16, size, window.len());
    check_block(block, reading)?;
    reading.declared_size(
        "the preamble",
        at.saturating_add(size),
        preamble_size,
        window.len().saturating_sub(size),
    );
    let signature = Signature::read(preamble, 8)?;
    key.check("preamble", preamble, &signature, preamble, reading)?;
    let body = window.clamped(body_at, body_signature.covered);
    reading.declared_size("the body", at.saturating_add(size) + 72, body_signature.covered, body.len());
    key.check("body", preamble, &body_signature, body, reading)?;
    reading.signature("The kernel partition");
    if let Some(architecture) = kernel_architecture(body)? {
        reading.set_architecture(architecture);
    }
    reading.part("body", body)?;
    reading.trailing(window, end)
}

/// Compares the digest of the key block.
fn check_block(block: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let digest = Signature::read(block, 48)?;
    let stored = block.clamped(digest.at, digest.size);
    let actual = Algorithm::Sha512.of(block.clamped(0, digest.covered))?;
    let expected = hex(&stored.head(0, 64)?);
    reading.digest("sha512 of the key block", stored.start(), expected, hex(&actual));
    let signed = Signature::read(block, 24)?;
    reading.declared_size(
        "the signature of the key block",
        block.start() + 24,
        signed.at.saturating_add(signed.size),
        block.len(),
    );
    Ok(())
}
