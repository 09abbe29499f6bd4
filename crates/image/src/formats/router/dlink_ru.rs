//! Signatures of D-Link Russia: an MD5 over a secret and the file so far, and a word, once or more behind the image.
//!
//! Source: OpenWrt firmware-utils d21804a `src/sign_dlink_ru.c`; the secrets are those of OpenWrt's recipes
//! (`target/linux/ramips/image/mt7620.mk`, `mt7621.mk`). A file of another model cannot be checked without its secret.

use sha2::Digest as _;

use crate::digest::hex;
use crate::error::ImageError;
use crate::format::{About, Format};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{hand_on, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "dlink-ru-signed",
    &[],
    |window| Ok(Trailer::of(window)?.is_some()),
    read,
    About {
        outermost: &[],
        name: "D-Link Russia signed image",
        identified_by: "00c0ffee at the end, sixteen bytes behind a version text or another signature",
        reveals: "any damage of the file, by an MD5 with a secret, for models whose secret is known",
        blind_to: "for all other models everything that the image inside does not check",
        source: "OpenWrt firmware-utils d21804a src/sign_dlink_ru.c",
        tested_with: "own construction",
    },
);

/// The word behind each signature.
const WORD: [u8; 4] = [0x00, 0xc0, 0xff, 0xee];

/// What OpenWrt's tool appends before the first signature.
const SUFFIX: &[u8] = b"c0ffeef0rge";

const SIGNATURE_SIZE: u64 = 20;

/// Signatures that one file may have.
const MAX_SIGNATURES: u64 = 8;

/// Bytes at the end of a file in which a signature is looked for.
const SEARCHED: u64 = 64 * 1024;

/// Secrets, and the models that share them.
const SECRETS: &[([u8; 16], &str)] = &[
    (*b"\xce\xf2\x85\xa2\xe2\x9e\x40\xb2\xba\xab\x31\x27\x7d\x44\x29\x8b", "DIR-806A"),
    (*b"\xe6\x58\x7b\x35\xa6\xb3\x4e\x07\xbe\xde\xca\x23\xe1\x40\x32\x2f", "DIR-2150"),
    (*b"\x57\xc5\x37\x57\x41\xc3\x0c\xa9\xeb\xcb\x36\x71\x3d\xb4\xba\x51", "DIR-878, DIR-882"),
    (*b"\xab\x0d\xff\x19\xaf\x88\x42\xcd\xb7\x0a\x86\xb4\xb6\x8d\x23\xf7", "DIR-878, DIR-882"),
];

/// Where signatures stand.
struct Trailer {
    /// Where the first one starts.
    first: u64,
    /// Behind the last one.
    end: u64,
    /// Whether the text of OpenWrt's tool stands before the first, perhaps with one damaged byte.
    has_suffix: bool,
}

impl Trailer {
    fn of(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let start = window.len().saturating_sub(SEARCHED);
        let tail = window.head(start, SEARCHED)?;
        let near = |there: &[u8], expected: &[u8]| {
            let bits = |(left, right): (&u8, &u8)| (left ^ right).count_ones();
            there.iter().zip(expected).map(bits).sum::<u32>() <= 1
        };
        for end in (SIGNATURE_SIZE as usize..=tail.len()).rev() {
            let Some(word) = tail.get(end - 4..end) else { continue };
            if !near(word, &WORD) {
                continue;
            }
            let mut first = end - SIGNATURE_SIZE as usize;
            for _ in 1..MAX_SIGNATURES {
                let Some(before) = first.checked_sub(SIGNATURE_SIZE as usize) else { break };
                if tail.get(first - 4..first) != Some(&WORD) {
                    break;
                }
                first = before;
            }
            let suffix = first.checked_sub(SUFFIX.len()).and_then(|at| tail.get(at..first));
            let has_suffix = suffix.is_some_and(|suffix| near(suffix, SUFFIX));
            let at_the_end = end == tail.len() && word == WORD;
            let several = end - first > SIGNATURE_SIZE as usize;
            let exact = word == WORD;
            if (has_suffix && (exact || suffix == Some(SUFFIX))) || (exact && (at_the_end || several)) {
                return Ok(Some(Self { first: start + first as u64, end: start + end as u64, has_suffix }));
            }
        }
        Ok(None)
    }
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(trailer) = Trailer::of(window)? else { return Ok(()) };
    reading.set_vendor("D-Link");
    let suffix = if trailer.has_suffix { SUFFIX.len() as u64 } else { 0 };
    hand_on(window.clamped(0, trailer.first - suffix), reading)?;
    reading.container(FORMAT.id, window.clamped(trailer.first, trailer.end - trailer.first));
    if trailer.has_suffix {
        let at = trailer.first - suffix;
        let expected = String::from_utf8_lossy(SUFFIX).into_owned();
        reading.structure(
            "text before the signature",
            window.start() + at,
            expected,
            window.text(at, suffix)?,
        );
    }
    let mut at = trailer.first;
    let mut unknown = 0;
    for index in 0..MAX_SIGNATURES {
        if at >= trailer.end {
            break;
        }
        let place = window.start() + at;
        let word = hex(&window.head(at + 16, 4)?);
        reading.structure(format!("word behind signature {index}"), place + 16, hex(&WORD), word);
        let stored = window.head(at, 16)?;
        match signer(window.clamped(0, at), &stored)? {
            Some(model) => {
                reading.digest(
                    format!("md5 of the file and a secret ({index})"),
                    place,
                    hex(&stored),
                    hex(&stored),
                );
                if !model.contains(',') {
                    reading.set_model(model);
                }
            }
            None => unknown += 1,
        }
        at += SIGNATURE_SIZE;
    }
    if unknown > 0 {
        reading.uncovered(format!(
            "{unknown} signatures are made with a secret that is not known here, or the file is damaged."
        ));
        reading.signature("The file");
    }
    reading.trailing(window, trailer.end)
}

/// The models whose secret makes this MD5 of a file, all tried in one pass.
fn signer(file: Window<'_>, stored: &[u8]) -> Result<Option<&'static str>, ImageError> {
    let mut hashers: Vec<(md5::Md5, &'static str)> = SECRETS
        .iter()
        .map(|(secret, model)| {
            let mut hasher = md5::Md5::new();
            hasher.update(secret);
            (hasher, *model)
        })
        .collect();
    file.stream(|piece| hashers.iter_mut().for_each(|(hasher, _)| hasher.update(piece)))?;
    Ok(hashers
        .into_iter()
        .find(|(hasher, _)| hasher.clone().finalize().as_slice() == stored)
        .map(|(_, model)| model))
}
