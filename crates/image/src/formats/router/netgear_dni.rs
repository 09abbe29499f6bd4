//! Netgear's images by DNI: 128 bytes of text, the contents, and one byte that makes the sum of all bytes 0xff.
//!
//! Source: firmware-utils `src/mkdniimg.c` (d21804a). The lines are `device:`, `version:`, `region:` and `hd_id:`.

use crate::digest::byte_sum;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::evidence::{count, is_filled};
use crate::formats::router::payload;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "netgear-dni",
    rank: Rank::Wrapper,
    magic: &[Magic::at(0, b"device:")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Netgear DNI image",
        identified_by: "the lines device, version and region in 128 bytes that zeros fill up",
        reveals: "most damages, by a sum of all bytes modulo 256",
        blind_to: "one in 256 damages of more than one byte",
        source: "firmware-utils src/mkdniimg.c",
        tested_with: "mkdniimg",
    },
};

const HEADER_SIZE: u64 = 128;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    if window.len() <= HEADER_SIZE {
        return Ok(false);
    }
    let head = window.head(0, HEADER_SIZE)?;
    let text = String::from_utf8_lossy(&head);
    let signs = [
        text.contains("\nversion:"),
        text.contains("\nregion:"),
        head.get(112..).is_some_and(|end| is_filled(end, 0)),
    ];
    Ok(count(&signs) >= 2)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let text = String::from_utf8_lossy(&window.head(0, HEADER_SIZE)?).into_owned();
    let fields = reading.container(FORMAT.id, window);
    let mut found = Vec::new();
    for line in text.trim_end_matches('\0').lines() {
        if let Some((name, value)) = line.split_once(':') {
            fields.insert(name.into(), value.into());
            found.push((name, value));
        }
    }
    reading.set_vendor("Netgear");
    for (name, value) in found {
        match name {
            "device" => {
                reading.set_model(value);
                reading.board(value);
            }
            "version" => reading.set_version(value),
            "region" => reading.set_region(value),
            "hd_id" => reading.board(value),
            _ => {}
        }
    }
    let sum = byte_sum(window)? & 0xff;
    let last = window.len() - 1;
    reading.digest("sum of all bytes", window.start() + last, "ff", format!("{sum:02x}"));
    payload::read(window.clamped(HEADER_SIZE, last.saturating_sub(HEADER_SIZE)), reading)
}

#[cfg(test)]
mod tests {
    use crate::formats::router::tests::{check, damaged, facts, noise};

    #[test]
    fn every_damage_shows() {
        let mut image =
            b"device:R6100\nversion:V1.0.1.2\nregion:WW\nhd_id:29764434+0+128+128+2x2+2x2\n".to_vec();
        image.resize(128, 0);
        image.extend(noise(0x900));
        let sum = image.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        image.push(0xff - sum);
        check(&image, "netgear-dni");
        damaged(&image, "netgear-dni", &[0, 8, 13, 15, 20, 31, 33, 127, 0x400]);
        let found = facts(&image);
        assert_eq!(found.model.as_deref(), Some("R6100"));
        assert_eq!(found.board_ids, ["R6100", "29764434+0+128+128+2x2+2x2"]);
    }
}
