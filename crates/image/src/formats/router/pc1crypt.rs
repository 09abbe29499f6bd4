//! Siemens and Astoria: an image enciphered with PC1 under a fixed key.
//!
//! Source: firmware-utils `src/pc1crypt.c` (Pukall Cipher 1, 1991, key of 128 bits). The key stream depends on the
//! plain bytes before, so one flipped bit spoils all that follows.

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::router::clues::{is_lzma, read_firmware, starts_like_firmware, uimage_evidence};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "pc1crypt",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Siemens and Astoria, enciphered with PC1",
        identified_by: "the start of a uImage, LZMA or the like, once it is deciphered",
        reveals: "what the checks of the image inside reveal",
        blind_to: "what the image inside does not cover",
        source: "firmware-utils src/pc1crypt.c",
        tested_with: "own construction",
    },
};

const KEY: &[u8; 16] = b"Remsaalps!123456";

/// The most bytes that are deciphered: the flash of these devices is smaller.
const LARGEST: u64 = 16 << 20;

/// In how many bytes at the start one flipped bit is looked for.
const MENDABLE: usize = 16;

/// The cipher between two bytes.
#[derive(Clone)]
struct Pc1 {
    key: [u8; 16],
    state: [u16; 2],
}

impl Pc1 {
    fn new() -> Self {
        Self { key: *KEY, state: [0, 0] }
    }

    /// One byte of plain text.
    fn decipher(&mut self, byte: u8) -> u8 {
        let [mut chain, mut seed] = self.state;
        let (mut word, mut mixed) = (0_u16, 0_u16);
        for (round, pair) in (0_u16..).zip(self.key.chunks_exact(2)) {
            word ^= u16::from_be_bytes([pair[0], pair[1]]);
            let product = word.wrapping_mul(0x015a);
            chain = chain.wrapping_add(round).wrapping_mul(0x4e35).wrapping_add(product).wrapping_add(seed);
            seed = product;
            word = word.wrapping_mul(0x4e35).wrapping_add(1);
            mixed ^= word ^ chain;
        }
        self.state = [chain, seed];
        let plain = byte ^ (mixed >> 8) as u8 ^ mixed as u8;
        self.key.iter_mut().for_each(|key| *key ^= plain);
        plain
    }
}

fn decipher(bytes: &[u8]) -> Vec<u8> {
    let mut cipher = Pc1::new();
    bytes.iter().map(|byte| cipher.decipher(*byte)).collect()
}

/// Whether the start of something deciphered proves that the key was right.
fn is_proof(head: &[u8]) -> bool {
    starts_like_firmware(head) || is_lzma(head) || uimage_evidence(head) >= 2
}

/// The bit, counted from the start, without which the image cannot be deciphered: `None` where no bit helps, and
/// `Some(None)` where all is well.
fn flipped_bit(window: Window<'_>) -> Result<Option<Option<usize>>, ImageError> {
    let mut head = window.head(0, 300)?;
    if window.len() < 64 {
        return Ok(None);
    }
    if is_proof(&decipher(&head)) {
        return Ok(Some(None));
    }
    head.truncate(64);
    if window.start() > 0 {
        return Ok(None);
    }
    for bit in 0..MENDABLE * 8 {
        head[bit / 8] ^= 1 << (bit % 8);
        let plain = decipher(&head);
        if plain.starts_with(&[0x5d, 0, 0]) && is_lzma(&plain) || uimage_evidence(&plain) >= 3 {
            return Ok(Some(Some(bit)));
        }
        head[bit / 8] ^= 1 << (bit % 8);
    }
    Ok(None)
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(flipped_bit(window)?.is_some())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.container(FORMAT.id, window);
    reading.set_vendor("Siemens/Astoria (PC1)");
    if let Some(Some(bit)) = flipped_bit(window)? {
        let at = window.start() + bit as u64 / 8;
        reading.structure("start of the hidden image", at, "known", format!("known but for bit {}", bit % 8));
        return Ok(());
    }
    if window.len() > LARGEST || !window.meter().keep(window.len()) {
        reading.uncovered("The image is larger than any that is known, and was not deciphered.");
        return Ok(());
    }
    let mut cipher = Pc1::new();
    let mut plain = Vec::new();
    let read = window.stream(|piece| plain.extend(piece.iter().map(|byte| cipher.decipher(*byte))));
    let handed = read.and_then(|()| read_firmware(reading, Window::metered(&plain, window.meter()), true));
    window.meter().release(window.len());
    handed
}
