//! Netgear's encrypted images (`encrpted_img`): a header in plain text, AES-256-CBC in blocks, and a CRC-32.
//!
//! Source: OpenWrt `scripts/netgear-encrypted-factory.py`, and `target/linux/qualcommax/image/ipq807x.mk` for key and
//! initialisation vector, which are the same for all units. Every block is ciphered on its own. The CRC-32 starts with 0,
//! is not complemented, covers everything before it, and is big-endian.

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, KeyInit};
use debrick_target::{Source, SourceError};

use crate::digest::crc32_from;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::{count, is_text_field};
use crate::formats::router::payload;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "netgear-encrypted",
    rank: Rank::Wrapper,
    magic: &[Magic::at(MAGIC_AT as i64, b"encrpted_img")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Netgear encrypted image",
        identified_by: "encrpted_img at 512",
        reveals: "any damage, by a CRC-32 over header and ciphertext",
        blind_to: "what is appended",
        source: "OpenWrt scripts/netgear-encrypted-factory.py",
        tested_with: "netgear-encrypted-factory.py",
    },
};

const MAGIC_AT: u64 = 512;
const AT_SIZE: u64 = 524;
const AT_BLOCK_SIZE: u64 = 528;
const HEADER_SIZE: u64 = 532;

/// The list of hardware ids, then of models.
const LIST: (u64, u64) = (212, 200);

const KEY: [u8; 32] = *b"he9-4+M!)d6=m~we1,q2a3d1n&2*Z^%8";
const VECTOR: [u8; 16] = *b"J%1iQl8$=lm-;8AE";

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    if window.len() < HEADER_SIZE {
        return Ok(false);
    }
    let signs = [
        is_text_field(&window.head(0, 32)?, 2),
        is_text_field(&window.head(64, 64)?, 2),
        window.be32(AT_BLOCK_SIZE)?.is_some_and(|size| size != 0 && size.is_multiple_of(16)),
    ];
    Ok(count(&signs) >= 2)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let size = u64::from(window.be32(AT_SIZE)?.unwrap_or(0));
    let block = u64::from(window.be32(AT_BLOCK_SIZE)?.unwrap_or(0));
    let end = HEADER_SIZE + size;
    let [ids, models] = window.array::<2>(197)?.unwrap_or_default().map(usize::from);
    let list = window.text(LIST.0, LIST.1)?;
    let (model, region) = (window.text(0, 32)?, window.text(32, 32)?);
    let version = window.text(64, 64)?;
    let fields = reading.container(FORMAT.id, window.clamped(0, end + 4));
    fields.insert("model".into(), model.clone());
    fields.insert("region".into(), region.clone());
    fields.insert("version".into(), version.clone());
    fields.insert("date".into(), window.text(128, 64)?);
    fields.insert("hardware".into(), list.clone());
    fields.insert("block-size".into(), block.to_string());
    reading.set_vendor("Netgear");
    reading.board(model.clone());
    reading.set_model(model);
    reading.set_region(region);
    reading.set_version(version);
    for id in list.split(';').take(ids + models) {
        reading.board(id);
    }
    let at = window.start();
    reading.declared_size("the image", at + AT_SIZE, end + 4, window.len());
    if let Some(expected) = window.be32(end)? {
        let actual = crc32_from(window.clamped(0, end), 0)?;
        reading.digest("crc32 of the image", at + end, format!("{expected:08x}"), format!("{actual:08x}"));
    }
    let whole_blocks = window.clamped(HEADER_SIZE, size).len() / 16 * 16;
    let plain = Deciphered {
        ciphertext: window.clamped(HEADER_SIZE, whole_blocks),
        cipher: Aes256::new(&KEY.into()),
        block: block.max(16),
    };
    payload::read_hidden(Window::metered(&plain, window.meter()), reading)?;
    reading.trailing(window, end + 4)
}

/// The plaintext; any part of it can be read on its own, since a block needs only the one before it.
struct Deciphered<'a> {
    ciphertext: Window<'a>,
    cipher: Aes256,
    /// Bytes after which the chain starts again.
    block: u64,
}

impl Deciphered<'_> {
    fn decipher(&self, at: u64) -> Result<[u8; 16], SourceError> {
        let mut before = VECTOR;
        if !at.is_multiple_of(self.block) {
            self.ciphertext.read_at(at - 16, &mut before)?;
        }
        let mut bytes = [0; 16];
        self.ciphertext.read_at(at, &mut bytes)?;
        let mut value = bytes.into();
        self.cipher.decrypt_block(&mut value);
        for (slot, (left, right)) in bytes.iter_mut().zip(value.iter().zip(before)) {
            *slot = left ^ right;
        }
        Ok(bytes)
    }
}

impl Source for Deciphered<'_> {
    fn len(&self) -> u64 {
        self.ciphertext.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let mut done = 0;
        while done < buffer.len() {
            let at = offset + done as u64;
            let block = self.decipher(at / 16 * 16)?;
            let skip = (at % 16) as usize;
            let size = (16 - skip).min(buffer.len() - done);
            buffer[done..done + size].copy_from_slice(&block[skip..skip + size]);
            done += size;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::router::tests::{check, damaged, facts};
    use aes::cipher::BlockCipherEncrypt;

    fn encrypted() -> Vec<u8> {
        let mut image = vec![0; 512];
        for (at, value) in [
            (0, "RAX120v2"),
            (32, "WW"),
            (64, "V1.2.2.3"),
            (128, "Thu Jan 1"),
            (212, "29765589p0+0;RAX120v2"),
        ] {
            image[at..at + value.len()].copy_from_slice(value.as_bytes());
        }
        image[197] = 1;
        image[198] = 1;
        image.extend(b"encrpted_img\0\0\x04\0\0\0\x02\0");
        // A TRX shows that the contents come out right.
        let mut plain = b"HDR0\0\x04\0\0\0\0\0\0\0\0\x01\0\x1c\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        plain.resize(0x400, 0);
        let crc = !crc32fast::hash(&plain[12..]);
        plain[8..12].copy_from_slice(&crc.to_le_bytes());
        let cipher = Aes256::new(&KEY.into());
        for chunk in plain.chunks(0x200) {
            let mut before = VECTOR;
            for piece in chunk.chunks(16) {
                let mut block = [0; 16];
                block.iter_mut().zip(piece.iter().zip(before)).for_each(|(slot, (a, b))| *slot = a ^ b);
                let mut value = block.into();
                cipher.encrypt_block(&mut value);
                before = value.into();
                image.extend(before);
            }
        }
        let crc = crc32_from(Window::whole(&image), 0).unwrap();
        image.extend(crc.to_be_bytes());
        image
    }

    #[test]
    fn every_damage_shows_and_the_cipher_is_undone() {
        let image = encrypted();
        let found = facts(&image);
        assert_eq!(found.containers.last().unwrap().format, "trx", "{found:#?}");
        assert_eq!(found.board_ids, ["RAX120v2", "29765589p0+0"]);
        damaged(&image, "netgear-encrypted", &[0, 33, 65, 130, 198, 213, 512, 526, 529, 600]);
        check(&image, "netgear-encrypted");
    }
}
