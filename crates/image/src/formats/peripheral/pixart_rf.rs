//! Firmware of PixArt's wireless mice and receivers: code, then a trailer of 32 bytes with version, model and tag.
//!
//! Source: fwupd `plugins/pixart-rf/fu-pixart-rf-firmware.c`. In files for the newer "HPAC" chips the trailer stands 821
//! bytes before the end, and the version as 16 bits before it.

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "pixart-rf",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "PixArt wireless device firmware",
        identified_by: "55aa four times in a trailer with version and model",
        reveals: "nothing",
        blind_to: "everything: there is no checksum or length in the file",
        source: "fwupd plugins/pixart-rf/fu-pixart-rf-firmware.c",
        tested_with: "fwupdtool, own construction",
    },
};

const TAG: [u8; 8] = [0x55, 0xaa, 0x55, 0xaa, 0x55, 0xaa, 0x55, 0xaa];

const TAG_OFFSET: usize = 24;

const TRAILER_SIZE: usize = 32;

/// How far the end of an HPAC file is from the start of its trailer.
const HPAC_DISTANCE: u64 = 821;

/// How far from the end the trailer may be: what somebody appended stands behind it.
const TAIL: u64 = 16 * 1024;

/// Where the trailer starts, and its bytes.
fn trailer(window: Window<'_>) -> Result<Option<(u64, Vec<u8>)>, ImageError> {
    let start = window.len().saturating_sub(TAIL);
    let tail = window.head(start, TAIL)?;
    let found = tail.windows(TRAILER_SIZE).rposition(is_trailer);
    Ok(found.map(|at| (start + at as u64, tail[at..at + TRAILER_SIZE].to_vec())))
}

/// Whether these are a version, a model and the tag; one bit may be wrong.
fn is_trailer(bytes: &[u8]) -> bool {
    let distance: u32 =
        bytes[TAG_OFFSET..].iter().zip(TAG).map(|(left, right)| (left ^ right).count_ones()).sum();
    if distance > 1 {
        return false;
    }
    let is_name = |byte: &u8| *byte == 0 || byte.is_ascii_graphic() || *byte == b' ';
    let oddities = bytes[..TAG_OFFSET].iter().filter(|byte| !is_name(byte)).count();
    let dots = [1, 3].into_iter().filter(|at| bytes[*at] == b'.').count();
    let digits = [0, 2, 4].into_iter().filter(|at| bytes[*at].is_ascii_digit()).count();
    oddities <= 1 && (distance == 0 || oddities == 0) && dots + digits >= 4
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(trailer(window)?.is_some())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some((at, bytes)) = trailer(window)? else { return Ok(()) };
    let end = if window.len() - at == HPAC_DISTANCE { window.len() } else { at + TRAILER_SIZE as u64 };
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    fields.insert("trailer".into(), at.to_string());
    reading.set_vendor("PixArt");
    reading.set_model(text(&bytes[5..17]));
    reading.set_version(text(&bytes[..5]));
    let tag = crate::digest::hex(&bytes[TAG_OFFSET..]);
    reading.structure("tag", window.start() + at + TAG_OFFSET as u64, crate::digest::hex(&TAG), tag);
    reading.trailing(window, end)
}
