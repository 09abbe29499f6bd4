//! TP-Link's SafeLoader images, and the form of 2022 that replaces their table by a binary one. Both share this module.
//!
//! Source: firmware-utils `src/tplink-safeloader.c` (d21804a), OpenWrt `scripts/tplink-mkimage-2022.py`. A size
//! (big-endian) and an MD5 stand first, then 0x1000 bytes of the vendor, then the table. The MD5 covers a salt and all
//! from 0x14 to the declared end. Images of type `?NEW` have MD5 and size in the other order, the size without the
//! preamble, and 0x3c more bytes; how their MD5 is made is not known.

use crate::digest::{Piece, hex, md5_of};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::{count, is_text_field, nearly};
use crate::formats::router::identity;
use crate::reading::Reading;
use crate::window::{SMALL, Window, text};

pub(crate) const SAFELOADER: Format = Format {
    id: "tplink-safeloader",
    rank: Rank::Wrapper,
    magic: &[Magic::at(TABLE as i64, b"fwup-ptn "), Magic::at(NEW_TABLE as i64, b"fwup-ptn ")],
    matches: matches_safeloader,
    read: read_safeloader,
    about: About {
        outermost: &[],
        name: "TP-Link SafeLoader",
        identified_by: "fwup-ptn at 0x1014 (0x1050 in images of type ?NEW)",
        reveals: "any damage, by a salted MD5 over all but size and MD5",
        blind_to: "what is appended; everything in images of type ?NEW",
        source: "firmware-utils src/tplink-safeloader.c",
        tested_with: "tplink-safeloader",
    },
};

pub(crate) const FORM_2022: Format = Format {
    id: "tplink-2022",
    rank: Rank::Wrapper,
    magic: &[],
    matches: matches_2022,
    read: read_2022,
    about: About {
        outermost: &[],
        name: "TP-Link firmware of 2022",
        identified_by: "table at 0x1014 with the entries support-list and soft-version",
        reveals: "any damage, by a salted MD5 over all but size and MD5",
        blind_to: "what is appended",
        source: "OpenWrt scripts/tplink-mkimage-2022.py",
        tested_with: "tplink-mkimage-2022.py",
    },
};

/// Size and MD5.
const PREAMBLE: u64 = 0x14;

/// The table, and its size: what it lists starts behind it.
const TABLE: u64 = 0x1014;
const TABLE_SIZE: u64 = 0x800;

/// The table in images of type `?NEW`.
const NEW_TABLE: u64 = 0x1050;

const SALT: [u8; 16] = 0x7a2b_15ed_9b98_596d_e504_ab44_ac2a_9f4e_u128.to_be_bytes();

/// The most entries of a table that are read.
const MAX_ENTRIES: usize = 64;

/// An entry of the table of 2022: type, name, offset, size.
const ENTRY: u64 = 0x2c;

/// A named stretch of the file.
struct Entry {
    name: String,
    /// From the start of the file.
    offset: u64,
    size: u64,
}

fn matches_safeloader(window: Window<'_>) -> Result<bool, ImageError> {
    for table in [TABLE, NEW_TABLE] {
        if window.has(table, b"fwup-ptn ")? {
            let line = window.text(table, 160)?;
            return Ok(line.contains(" base 0x") || line.contains(" size 0x"));
        }
    }
    Ok(false)
}

fn read_safeloader(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let is_new = !window.has(TABLE, b"fwup-ptn ")?;
    let table = if is_new { NEW_TABLE } else { TABLE };
    let entries = text_table(window, table)?;
    let size = match is_new {
        true => u64::from(window.be32(16)?.unwrap_or(0)) + PREAMBLE,
        false => window.be32(0)?.unwrap_or(0).into(),
    };
    let image = window.clamped(0, size);
    reading.container(SAFELOADER.id, image);
    read(window, size, if is_new { 16 } else { 0 }, reading)?;
    if is_new {
        reading.uncovered("How the digest of SafeLoader images of type ?NEW is made is not known.");
    } else {
        check(image, reading)?;
    }
    read_entries(window, &entries, reading)?;
    reading.trailing(window, size.max(PREAMBLE))
}

fn matches_2022(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(head) = window.array::<{ (8 + ENTRY * 2) as usize }>(TABLE)? else { return Ok(false) };
    let names = [8 + 4, 8 + ENTRY + 4].map(|at| TABLE + at);
    let mut known = false;
    for at in names {
        known |= nearly(window, at, b"support-list\0")? || nearly(window, at, b"soft-version\0")?;
    }
    let root = window.be32(TABLE)?.unwrap_or(0);
    let signs = [
        (1..=MAX_ENTRIES as u32).contains(&window.be32(TABLE + 4)?.unwrap_or(0)),
        root != 0 && window.be32(TABLE + 8 + 36)? == Some(root),
        is_text_field(&head[12..44], 4),
        window.be32(0)?.is_some_and(|size| size > 0x1814),
    ];
    Ok(known && count(&signs) >= 3)
}

fn read_2022(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let base = TABLE + TABLE_SIZE;
    let root = window.be32(TABLE)?.unwrap_or(0).into();
    let count = (window.be32(TABLE + 4)?.unwrap_or(0) as usize).min(MAX_ENTRIES);
    let mut entries = vec![Entry { name: "rootfs.ubi".into(), offset: base, size: root }];
    for index in 0..count as u64 {
        let at = TABLE + 8 + index * ENTRY;
        let (Some(offset), Some(size)) = (window.be32(at + 36)?, window.be32(at + 40)?) else { break };
        let name = window.text(at + 4, 32)?;
        if name.is_empty() {
            break;
        }
        entries.push(Entry { name, offset: base + u64::from(offset), size: size.into() });
    }
    let size = window.be32(0)?.unwrap_or(0).into();
    let image = window.clamped(0, size);
    reading.container(FORM_2022.id, image);
    read(window, size, 0, reading)?;
    check(image, reading)?;
    read_entries(window, &entries, reading)?;
    reading.trailing(window, size.max(PREAMBLE))
}

/// What the lines `fwup-ptn os-image base 0x01000 size 0x113b45` say.
fn text_table(window: Window<'_>, table: u64) -> Result<Vec<Entry>, ImageError> {
    let bytes = window.head(table, TABLE_SIZE)?;
    let end = bytes.iter().position(|byte| matches!(byte, 0 | 0xff)).unwrap_or(bytes.len());
    let mut entries = Vec::new();
    for line in String::from_utf8_lossy(&bytes[..end]).lines().take(MAX_ENTRIES) {
        let mut words = line.split_whitespace().skip(1);
        let (Some(name), _, Some(base), _, Some(size)) =
            (words.next(), words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        let number = |word: &str| u32::from_str_radix(word.trim_start_matches("0x"), 16).ok();
        let (Some(base), Some(size)) = (number(base), number(size)) else { continue };
        entries.push(Entry { name: name.into(), offset: table + u64::from(base), size: size.into() });
    }
    Ok(entries)
}

fn read(window: Window<'_>, size: u64, at: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.set_vendor("TP-Link");
    reading.declared_size("the image", window.start() + at, size, window.len());
    Ok(())
}

fn check(image: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let stored = image.array::<16>(4)?.unwrap_or_default();
    let covered = image.clamped(PREAMBLE, u64::MAX);
    let actual = md5_of([Piece::Bytes(&SALT), Piece::Window(covered)])?;
    reading.digest("md5 of the image", image.start() + 4, hex(&stored), hex(&actual));
    Ok(())
}

fn read_entries(window: Window<'_>, entries: &[Entry], reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let container = reading.last_container();
    for entry in entries {
        let listed = format!("{:#x}, {} bytes", entry.offset, entry.size);
        reading.container_at(container).fields.insert(format!("part {}", entry.name), listed);
        let end = entry.offset.saturating_add(entry.size);
        reading.declared_size(&format!("part {}", entry.name), window.start(), end, window.len());
    }
    for entry in entries {
        let part = window.clamped(entry.offset, entry.size);
        match entry.name.as_str() {
            "support-list" | "SupportList" => {
                for unit in value(part)?.lines() {
                    identity::record_supported(unit, reading);
                }
            }
            "soft-version" => record_version(part, reading)?,
            _ => {}
        }
        reading.part(entry.name.as_str(), part)?;
    }
    Ok(())
}

/// The text of a part that may start with its length and a zero.
fn value(part: Window<'_>) -> Result<String, ImageError> {
    let skip = if part.be32(4)? == Some(0) { 8 } else { 0 };
    let bytes = part.head(skip, SMALL)?;
    let end = bytes.iter().position(|byte| matches!(byte, 0 | 0xff)).unwrap_or(bytes.len());
    Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
}

/// The version: text, or 0xff and three numbers.
fn record_version(part: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let skip = if part.be32(4)? == Some(0) { 8 } else { 0 };
    let Some([first, major, minor, patch]) = part.array(skip)? else { return Ok(()) };
    if first == 0xff {
        reading.set_version(format!("{major}.{minor}.{patch}"));
    } else {
        let line = text(&part.head(skip, 200)?);
        let line = line.lines().next().unwrap_or_default().replace('\u{fffd}', "");
        reading.set_version(line.trim_start_matches("soft_ver:").trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::router::tests::{check, damaged, facts};

    fn seal(image: &mut [u8]) {
        let size = image.len() as u32;
        image[..4].copy_from_slice(&size.to_be_bytes());
        let digest = md5_of([Piece::Bytes(&SALT), Piece::Bytes(&image[0x14..])]).unwrap();
        image[4..20].copy_from_slice(&digest);
    }

    fn safeloader() -> Vec<u8> {
        let mut image = vec![0xff; 0x1814];
        let table = b"fwup-ptn soft-version base 0x00800 size 0x00015\t\r\n\
            fwup-ptn support-list base 0x00815 size 0x00060\t\r\n\
            fwup-ptn os-image base 0x00875 size 0x00800\t\r\n\0";
        image[0x1014..0x1014 + table.len()].copy_from_slice(table);
        image.extend(b"\0\0\0\x0c\0\0\0\0\xff\x01\x02\x03\x20\x20\x01\x01\0\0\0\x07\xff");
        let mut list = b"\0\0\0\x57\0\0\0\0SupportList:\n\
            {product_name:Archer C7,product_ver:5.0.0,special_id:45550000}\n"
            .to_vec();
        list.resize(0x60, 0xff);
        image.extend(list);
        image.extend((0..0x800_u32).map(|index| (index * 31 / 7) as u8));
        seal(&mut image);
        image
    }

    fn form_2022() -> Vec<u8> {
        let mut image = vec![0xff; 0x1014];
        let support = b"SupportList: \r\nEAP610-Outdoor(TP-Link|UN|AX1800-D):1.0\r\n";
        image.extend(0x800_u32.to_be_bytes());
        image.extend(2_u32.to_be_bytes());
        for (kind, name, offset, size) in
            [(0_u32, "support-list", 0x800, support.len()), (1, "soft-version", 0x800 + support.len(), 16)]
        {
            image.extend(kind.to_be_bytes());
            let mut field = name.as_bytes().to_vec();
            field.resize(32, 0);
            image.extend(field);
            image.extend((offset as u32).to_be_bytes());
            image.extend((size as u32).to_be_bytes());
        }
        image.resize(0x1814, 0);
        image.extend((0..0x800_u32).map(|index| (index * 31 / 7) as u8));
        image.extend(support);
        image.extend(b"\xff\x01\0\0\x02\x02\x02\x02\0\0\x75\x30\0\0\0\x01");
        seal(&mut image);
        image
    }

    #[test]
    fn every_damage_shows() {
        check(&safeloader(), "tplink-safeloader");
        damaged(&safeloader(), "tplink-safeloader", &[0, 5, 0x20, 0x1014, 0x1019, 0x1028, 0x1900]);
        check(&form_2022(), "tplink-2022");
        damaged(&form_2022(), "tplink-2022", &[0, 5, 0x20, 0x1015, 0x101b, 0x1021, 0x1900]);
    }

    #[test]
    fn the_support_list_names_the_units() {
        let found = facts(&safeloader());
        assert_eq!(found.model.as_deref(), Some("Archer C7"));
        assert_eq!(found.hardware_revision.as_deref(), Some("v5"));
        assert_eq!(found.region.as_deref(), Some("EU"));
        assert_eq!(found.version.as_deref(), Some("1.2.3"));
        let found = facts(&form_2022());
        assert_eq!(found.model.as_deref(), Some("EAP610-Outdoor"));
        assert_eq!(found.version.as_deref(), Some("1.0.0"));
    }
}
