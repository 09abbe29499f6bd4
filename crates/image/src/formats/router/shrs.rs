//! Enciphered images of D-Link's COVR and DIR families: SHRS, three SHA-512, two signatures, AES-128-CBC.
//!
//! Source: OpenWrt firmware-utils d21804a `src/dlink-sge-image.[ch]`. The keys are fixed; the older one serves most
//! models. Lengths are big-endian; the initialisation vector stands in the header.

use aes::Aes128;
use aes::cipher::{Array, BlockCipherDecrypt, KeyInit};
use debrick_target::{Source, SourceError};
use sha2::Digest as _;

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{could_be, hand_on_hidden, starts_firmware, unless, wrapper};

pub(crate) const FORMAT: Format = wrapper(
    "dlink-shrs",
    &[Magic::at(0, b"SHRS")],
    |window| {
        let (Some(before), Some(after)) = (window.be32(4)?, window.be32(8)?) else { return Ok(false) };
        let padding = after.wrapping_sub(before);
        let errors = unless((1..=16).contains(&padding))
            + unless(after % 16 == 0)
            + unless(could_be(window, u64::from(after) + HEADER_SIZE + FOOTER.len() as u64));
        // One damaged bit of a length breaks two of these at most.
        Ok(errors <= 2)
    },
    read,
    About {
        outermost: &[],
        name: "D-Link SHRS enciphered image",
        identified_by: "magic SHRS and two lengths that differ by the padding",
        reveals: "damaged contents, by a SHA-512 as they stand there and, where a known key fits, two of them deciphered",
        blind_to: "damage in the signatures, whose keys are not public",
        source: "OpenWrt firmware-utils d21804a src/dlink-sge-image.c, src/dlink-sge-image.h",
        tested_with: "own construction",
    },
);

const HEADER_SIZE: u64 = 1756;
const FOOTER: [u8; 5] = [0, 0, 0, 0, 0x30];

/// The vendor's keys, and the models that alone use them.
const KEYS: &[([u8; 16], &str)] = &[
    ([0xc0, 0x5f, 0xbf, 0x19, 0x36, 0xc9, 0x94, 0x29, 0xce, 0x2a, 0x07, 0x81, 0xf0, 0x8d, 0x6a, 0xd8], ""),
    (*b"he9-4+M!)d6=m~#$", "COVR-X1860"),
    (*b"he9-4+M8-80!)d6=", "DIR-X1860"),
    (*b"rt9-4%^+M!)d6=m~", "DIR-X3260"),
];

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let at = window.start();
    let before = u64::from(window.be32(4)?.unwrap_or_default());
    let after = u64::from(window.be32(8)?.unwrap_or_default());
    let data = window.clamped(HEADER_SIZE, after);
    let end = HEADER_SIZE + after + FOOTER.len() as u64;
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    fields.insert("length".into(), before.to_string());
    fields.insert("padded-length".into(), after.to_string());
    reading.set_vendor("D-Link");
    reading.structure("length with padding", at + 8, (before / 16 + 1) * 16, after);
    reading.declared_size("the enciphered contents", at + 8, after, data.len());
    let footer = window.head(HEADER_SIZE + after, FOOTER.len() as u64)?;
    reading.structure("footer", at + HEADER_SIZE + after, hex(&FOOTER), hex(&footer));
    let stored = hex(&window.head(156, 64)?);
    reading.digest("sha512 of the enciphered contents", at + 156, stored, hex(&Algorithm::Sha512.of(data)?));
    reading.signature("The contents");
    let iv = window.array(12)?.unwrap_or_default();
    let whole = data.clamped(0, data.len() & !15);
    for (key, model) in KEYS {
        let plain = Deciphered { window: whole, cipher: Aes128::new(&Array::from(*key)), iv };
        let plain = Window::metered(&plain, window.meter()).clamped(0, before);
        if !starts_firmware(plain, 0)? {
            continue;
        }
        reading.set_model(*model);
        let stored = hex(&window.head(92, 64)?);
        reading.digest("sha512 of the contents", at + 92, stored, hex(&Algorithm::Sha512.of(plain)?));
        let mut hasher = sha2::Sha512::new();
        plain.stream(|piece| hasher.update(piece))?;
        hasher.update(key);
        let stored = hex(&window.head(28, 64)?);
        reading.digest("sha512 of contents and key", at + 28, stored, hex(&hasher.finalize()));
        hand_on_hidden(plain, reading)?;
        return reading.trailing(window, end);
    }
    reading.uncovered("None of the known keys deciphers the contents.");
    reading.trailing(window, end)
}

/// Contents as they were before AES-128 in CBC mode.
struct Deciphered<'a> {
    window: Window<'a>,
    cipher: Aes128,
    iv: [u8; 16],
}

impl Source for Deciphered<'_> {
    fn len(&self) -> u64 {
        self.window.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        const PIECE: usize = 4096;
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done as u64;
            let first = at & !15;
            let skip = (at - first) as usize;
            let wanted = (buffer.len() - done).min(PIECE - skip);
            let size = (skip + wanted).next_multiple_of(16);
            let mut piece = [0; PIECE + 16];
            // The block before is what each block was combined with.
            if first == 0 {
                piece[..16].copy_from_slice(&self.iv);
            } else {
                self.window.read_at(first - 16, &mut piece[..16])?;
            }
            self.window.read_at(first, &mut piece[16..16 + size])?;
            for block in (0..size).step_by(16) {
                let mut bytes = Array::from([0; 16]);
                bytes.copy_from_slice(&piece[block + 16..block + 32]);
                self.cipher.decrypt_block(&mut bytes);
                for (index, byte) in bytes.iter().enumerate() {
                    let place = block + index;
                    if place >= skip && place - skip < wanted {
                        buffer[done + place - skip] = byte ^ piece[place];
                    }
                }
            }
            done += wanted;
        }
        Ok(())
    }
}
