//! HiLink HLK-RM04: a uImage that was enciphered twice with DES.
//!
//! Source: firmware-utils `src/mkhilinkfw.c`. DES in ECB mode with one fixed key, first over the blocks that start at
//! offset 0, then over those that start at offset 3; what is left over at the end stays as it was.

use des::Des;
use des::cipher::{Array, BlockCipherDecrypt, KeyInit};

use debrick_target::{Source, SourceError};

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::router::clues::{hex32, read_firmware, uimage_evidence};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "hilink",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "HiLink HLK-RM04",
        identified_by: "a header of a uImage, once it is deciphered",
        reveals: "what the checks of the uImage inside reveal",
        blind_to: "what the uImage inside does not cover",
        source: "firmware-utils src/mkhilinkfw.c",
        tested_with: "own construction",
    },
};

const KEY: &[u8; 8] = b"H@L9K*(3";

/// Where the blocks of the second pass start.
const SHIFT: u64 = 3;
const BLOCK: u64 = 8;

/// How many bytes are deciphered at once.
const PIECE: u64 = 4096;

/// A header of U-Boot.
const HEADER: u64 = 64;

/// The image as it was before it was enciphered.
struct Plain<'a> {
    window: Window<'a>,
    cipher: Des,
}

impl<'a> Plain<'a> {
    fn of(window: Window<'a>) -> Option<Self> {
        Some(Self { window, cipher: Des::new_from_slice(KEY).ok()? })
    }

    fn decipher(&self, block: &mut [u8]) {
        let Ok(mut bytes) = Array::try_from(&*block) else { return };
        self.cipher.decrypt_block(&mut bytes);
        block.copy_from_slice(&bytes);
    }

    /// The bytes from `from`, a multiple of 8, to at most `to`, which is one too or the end.
    fn piece(&self, from: u64, to: u64) -> Result<Vec<u8>, SourceError> {
        let len = self.window.len();
        let start = if from == 0 { 0 } else { from - (BLOCK - SHIFT) };
        let end = (to + SHIFT).min(len);
        let mut bytes = vec![0; (end - start) as usize];
        self.window.read_at(start, &mut bytes)?;
        let mut pass = |first: u64, last: u64| {
            for at in (first..last).step_by(BLOCK as usize) {
                if at >= start && at + BLOCK <= end {
                    self.decipher(&mut bytes[(at - start) as usize..(at - start + BLOCK) as usize]);
                }
            }
        };
        let shifted_end = SHIFT + len.saturating_sub(SHIFT) / BLOCK * BLOCK;
        pass(if from == 0 { SHIFT } else { start }, end.min(shifted_end));
        pass(from, to.min(len / BLOCK * BLOCK));
        bytes.truncate((to.min(len) - start) as usize);
        bytes.drain(..(from - start) as usize);
        Ok(bytes)
    }
}

impl Source for Plain<'_> {
    fn len(&self) -> u64 {
        self.window.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let ends_before = offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.len());
        if ends_before {
            return Err(SourceError { offset, source: std::io::ErrorKind::UnexpectedEof.into() });
        }
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done as u64;
            let from = at / BLOCK * BLOCK;
            let to =
                (from + PIECE).min((offset + buffer.len() as u64).next_multiple_of(BLOCK)).min(self.len());
            let piece = self.piece(from, to)?;
            let piece = &piece[(at - from) as usize..];
            let size = piece.len().min(buffer.len() - done);
            buffer[done..done + size].copy_from_slice(&piece[..size]);
            done += size;
        }
        Ok(())
    }
}

fn header(window: Window<'_>) -> Result<Vec<u8>, ImageError> {
    match Plain::of(window) {
        Some(plain) if window.len() > HEADER + BLOCK => {
            Window::metered(&plain, window.meter()).head(0, HEADER)
        }
        _ => Ok(Vec::new()),
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(uimage_evidence(&header(window)?) >= 2)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let header = header(window)?;
    let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let end = u64::from(word(12)) + HEADER;
    let whole = window.clamped(0, end);
    reading.container(FORMAT.id, whole);
    reading.set_vendor("HiLink");
    reading.set_model("HLK-RM04");
    reading.structure("hidden magic number", window.start(), hex32(0x2705_1956), hex32(word(0)));
    let Some(plain) = Plain::of(whole) else { return Ok(()) };
    read_firmware(reading, Window::metered(&plain, window.meter()), true)?;
    reading.trailing(window, end)
}
