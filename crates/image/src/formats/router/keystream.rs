//! Whole files combined with a key that repeats: plainly, or with a counter on top as NEC does.
//!
//! Source: OpenWrt firmware-utils d21804a `src/xorimage.c`, `src/nec-enc.c`; keys from OpenWrt
//! `target/linux/*/image/*.mk`. Such a file has no header at all. It is recognised where one of the known keys, or one
//! that shows through where the contents are all zeros or all ones, makes firmware of it.

use debrick_target::{Source, SourceError};

use crate::digest::hex;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{Xored, bit_errors, combine, hand_on_hidden, starts_firmware};

pub(crate) const XOR: Format = Format {
    id: "xor",
    rank: Rank::Structure,
    magic: &[],
    matches: |window| Ok(plain_key(window)?.is_some()),
    read: read_xor,
    about: About {
        outermost: &["xor-image"],
        name: "Image combined with a repeating key",
        identified_by: "a key, known or showing through, that makes the start of firmware appear",
        reveals: "nothing of its own; what the image inside reveals",
        blind_to: "everything that the image inside does not check",
        source: "OpenWrt firmware-utils d21804a src/xorimage.c",
        tested_with: "xorimage; own construction",
    },
};

pub(crate) const NEC: Format = Format {
    id: "nec-enc",
    rank: Rank::Structure,
    magic: &[],
    matches: |window| Ok(nec_key(window)?.is_some()),
    read: read_nec,
    about: About {
        outermost: &[],
        name: "NEC enciphered image",
        identified_by: "a key, known or showing through, that together with a counter makes firmware appear",
        reveals: "nothing of its own; what the image inside reveals",
        blind_to: "everything that the image inside does not check",
        source: "OpenWrt firmware-utils d21804a src/nec-enc.c",
        tested_with: "nec-enc; own construction",
    },
};

/// Keys of `xor-image` in OpenWrt's recipes, and the tool's own.
const KEYS: &[&[u8]] = &[
    &[0x88, 0x44, 0xa2, 0xd1, 0x68, 0xb4, 0x5a, 0x2d],
    &[0x29, 0x94, 0x4a, 0x25, 0x12, 0x09, 0x84, 0xc2],
    &[0x29, 0x94, 0x4a, 0x25],
    &[0x6a, 0x57, 0x19, 0x06, 0x01, 0x12, 0x1e, 0x4c, 0, 0x4c, 0x1e, 0x12, 0x01, 0x06, 0x19, 0x57],
    b"12345678",
];

/// Keys of `nec-enc` in OpenWrt's recipes, with the models they belong to.
const NEC_KEYS: &[(&[u8], &str)] =
    &[(b"ryztfyutcrqqo69d", "Aterm WF1200CR"), (b"9gsiy9nzep452pad", "Aterm WG1200CR")];

/// The counter on top of NEC's keys: from 1 to 251, over and over.
const COUNTS: [u8; 251] = {
    let mut counts = [0; 251];
    let mut at = 0;
    while at < counts.len() {
        counts[at] = at as u8 + 1;
        at += 1;
    }
    counts
};

/// Bytes at the start and at the end of a file in which a key may show through.
const SEARCHED: u64 = 64 << 10;

/// Bytes that must repeat with a key's length before it is believed.
const REPEATED: usize = 96;

/// Magic numbers long enough to prove a key, where one bit of them is damaged too.
const PROOFS: &[&[u8]] = &[
    &[0x27, 0x05, 0x19, 0x56],
    &[0xd0, 0x0d, 0xfe, 0xed],
    &[0x5e, 0xa3, 0xa4, 0x17],
    &[0xfd, b'7', b'z', b'X', b'Z'],
    b"hsqs",
    b"HDR0",
    b"UBI#",
];

fn is_proven(plain: Window<'_>) -> Result<bool, ImageError> {
    for proof in PROOFS {
        if bit_errors(plain, 0, proof)? <= 1 {
            return Ok(true);
        }
    }
    // LZMA: properties, a dictionary that is a power of two, and a size whose upper half is 0 or unknown.
    let head = plain.head(0, 13)?;
    let is_lzma =
        matches!(head[..], [0x5d | 0x6d, 0, 0, _, _, _, _, _, _, a, b, c, d] if [a, b, c, d] == [0; 4]);
    Ok(is_lzma || plain.has(257, b"ustar")?)
}

/// The key, where the window is combined with one.
fn plain_key(window: Window<'_>) -> Result<Option<Vec<u8>>, ImageError> {
    if starts_firmware(window, 0)? {
        return Ok(None);
    }
    for key in KEYS {
        let xored = Xored { window, key };
        if is_proven(Window::metered(&xored, window.meter()))? {
            return Ok(Some(key.to_vec()));
        }
    }
    let proves = |key: &[u8]| -> Result<bool, ImageError> {
        let xored = Xored { window, key };
        is_proven(Window::metered(&xored, window.meter()))
    };
    shown_key(window, proves)
}

/// The key, where the window is combined with one of NEC's kind.
fn nec_key(window: Window<'_>) -> Result<Option<Vec<u8>>, ImageError> {
    if starts_firmware(window, 0)? {
        return Ok(None);
    }
    for (key, _) in NEC_KEYS {
        let counted = Counted { window, key };
        if is_proven(Window::metered(&counted, window.meter()))? {
            return Ok(Some(key.to_vec()));
        }
    }
    let uncounted = Counted { window, key: &[0] };
    let proves = |key: &[u8]| -> Result<bool, ImageError> {
        let counted = Counted { window, key };
        let is_text = key.iter().all(u8::is_ascii_graphic);
        Ok(is_text && is_proven(Window::metered(&counted, window.meter()))?)
    };
    shown_key(Window::metered(&uncounted, window.meter()), proves)
}

/// A key that shows through where the same bytes stand over and over again.
fn shown_key(
    window: Window<'_>,
    proves: impl Fn(&[u8]) -> Result<bool, ImageError>,
) -> Result<Option<Vec<u8>>, ImageError> {
    for part in [window.clamped(window.len().saturating_sub(SEARCHED), SEARCHED), window.clamped(0, SEARCHED)]
    {
        let bytes = part.head(0, SEARCHED)?;
        let before = (part.start() - window.start()) as usize;
        for length in [4, 8, 16, 15, 7, 32, 5, 6, 10, 12] {
            let Some(at) = repeated(&bytes, length) else { continue };
            for value in [0, 0xff] {
                let mut key = vec![0; length];
                for (index, byte) in bytes[at..at + length].iter().enumerate() {
                    key[(before + at + index) % length] = byte ^ value;
                }
                if proves(&key)? {
                    return Ok(Some(key));
                }
            }
            // What repeats with one length does so with its multiples: nothing new will come.
            if length == 4 {
                break;
            }
        }
    }
    Ok(None)
}

/// The first place from which bytes repeat with a length for long enough and are not all the same.
///
/// Of every [`REPEATED`] bytes one is looked at: what repeats for that long holds one of them.
fn repeated(bytes: &[u8], length: usize) -> Option<usize> {
    let repeats = |at: usize| bytes[at] == bytes[at - length];
    let mut at = length;
    while at < bytes.len() {
        if !repeats(at) {
            at += REPEATED;
            continue;
        }
        let first = (length..at).rev().find(|before| !repeats(*before)).map_or(length, |before| before + 1);
        let end = (at..bytes.len()).find(|after| !repeats(*after)).unwrap_or(bytes.len());
        let period = &bytes[first - length..first];
        if end - first >= REPEATED && period.iter().any(|byte| *byte != period[0]) {
            return Some(first - length);
        }
        at = end + REPEATED;
    }
    None
}

/// A window without NEC's counter and key.
struct Counted<'a> {
    window: Window<'a>,
    key: &'a [u8],
}

impl Source for Counted<'_> {
    fn len(&self) -> u64 {
        self.window.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        self.window.read_at(offset, buffer)?;
        combine(buffer, &COUNTS, offset);
        combine(buffer, self.key, offset);
        Ok(())
    }
}

fn read_xor(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(key) = plain_key(window)? else { return Ok(()) };
    reading.call_file("xor-image");
    reading.container(XOR.id, window).insert("key".into(), hex(&key));
    let xored = Xored { window, key: &key };
    let known = hand_on_hidden(Window::metered(&xored, window.meter()), reading)?;
    reading.trailing(window, known)
}

fn read_nec(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(key) = nec_key(window)? else { return Ok(()) };
    let fields = reading.container(NEC.id, window);
    fields.insert("key".into(), String::from_utf8_lossy(&key).into_owned());
    reading.set_vendor("NEC");
    if let Some((_, model)) = NEC_KEYS.iter().find(|(known, _)| *known == key) {
        reading.set_model(*model);
    }
    let counted = Counted { window, key: &key };
    let known = hand_on_hidden(Window::metered(&counted, window.meter()), reading)?;
    reading.trailing(window, known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_show_through() {
        let noise = |count: usize, seed: u32| -> Vec<u8> {
            let mut state = seed;
            let next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            };
            std::iter::repeat_with(next).take(count).collect()
        };
        for length in [4, 7, 16, 32] {
            for (before, times) in [(0, 40), (1, 40), (95, 40), (1000, 40), (777, 200)] {
                let key = noise(length, 7);
                let run = key.iter().copied().cycle().take(length * times);
                let bytes: Vec<u8> = noise(before, 3).into_iter().chain(run).chain(noise(500, 9)).collect();
                let found = repeated(&bytes, length);
                // Noise may agree with the key by chance just before.
                let expected = length * times >= REPEATED + length;
                assert_eq!(found.is_some(), expected, "{length} {before} {times}");
                if let Some(at) = found {
                    assert!(at <= before && before - at < 3, "{at} {before}");
                }
            }
            assert_eq!(repeated(&vec![0; 5000], length), None);
            assert_eq!(repeated(&noise(60_000, 5), length), None);
            assert_eq!(repeated(&noise(length, 5), length), None);
        }
    }
}
