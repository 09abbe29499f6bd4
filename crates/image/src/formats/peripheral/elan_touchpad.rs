//! Firmware of Elan touchpads: an image of the controller's flash that ends with a signature.
//!
//! Source: fwupd `plugins/elantp/fu-elantp.rs`, `fu-elantp-firmware.c`. At 0x100 stand, as 16-bit little-endian words,
//! the chip, an unknown, the version of the in-application programmer and where the application starts (in words).

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "elan-touchpad",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Elan touchpad firmware",
        identified_by: "aa55cc33ffff at the end, and addresses in its head that lie inside",
        reveals: "a missing end",
        blind_to: "everything else: there is no checksum in the file",
        source: "fwupd plugins/elantp/fu-elantp.rs, fu-elantp-firmware.c",
        tested_with: "fwupdtool, own construction",
    },
};

const SIGNATURE: [u8; 6] = [0xaa, 0x55, 0xcc, 0x33, 0xff, 0xff];

const HEAD: u64 = 0x100;

const HEAD_SIZE: u64 = 12;

/// Addresses are words of 16 bits.
const MAX_SIZE: u64 = 0x2_0000;

/// How far from the end the signature may be: what somebody appended stands behind it.
const TAIL: u64 = 64 * 1024;

/// Offset of the last signature.
fn signature(window: Window<'_>) -> Result<Option<u64>, ImageError> {
    let start = window.len().saturating_sub(TAIL);
    let tail = window.head(start, TAIL)?;
    let mut places = tail.windows(SIGNATURE.len());
    Ok(places.rposition(|there| there == SIGNATURE).map(|at| start + at as u64))
}

/// Where the application starts, in bytes, and the module that it is for: both only where they make sense.
fn addresses(window: Window<'_>) -> Result<Option<(u64, u16)>, ImageError> {
    let Some(start) = window.le16(HEAD + 6)? else { return Ok(None) };
    let start = u64::from(start) * 2;
    if !(HEAD + HEAD_SIZE..0xffff).contains(&start) {
        return Ok(None);
    }
    let Some(place) = window.le16(start)? else { return Ok(None) };
    let place = u64::from(place) * 2;
    let lies_inside = (HEAD + HEAD_SIZE..=MAX_SIZE).contains(&place);
    Ok(window.le16(place)?.filter(|_| lies_inside).map(|module| (start, module)))
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    if window.len() < HEAD + HEAD_SIZE || window.len() > MAX_SIZE + TAIL {
        return Ok(false);
    }
    let chip = window.le16(HEAD)?.unwrap_or_default();
    let version = window.le16(HEAD + 4)?.unwrap_or_default();
    let has_addresses = addresses(window)?.is_some();
    let at = signature(window)?;
    let is_plausible = chip < 0x20 && version < 0x20 && has_addresses;
    Ok(match at {
        Some(at) => is_plausible || at + SIGNATURE.len() as u64 == window.len(),
        // A flipped bit in the signature, or none at all because the end is missing.
        None => is_plausible && (signature_distance(window)? == 1 || (0x05..0x20).contains(&chip)),
    })
}

fn signature_distance(window: Window<'_>) -> Result<u32, ImageError> {
    let at = window.len().saturating_sub(SIGNATURE.len() as u64);
    let tail = window.head(at, SIGNATURE.len() as u64)?;
    Ok(tail.iter().zip(SIGNATURE).map(|(left, right)| (left ^ right).count_ones()).sum())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let end = signature(window)?.map(|at| at + SIGNATURE.len() as u64);
    let fields = reading.container(FORMAT.id, window.clamped(0, end.unwrap_or(window.len())));
    let mut put = |name: &str, value: Option<u16>| {
        fields.insert(name.into(), value.map(|value| format!("{value:#06x}")).unwrap_or_default());
    };
    put("chip", window.le16(HEAD)?);
    put("programmer-version", window.le16(HEAD + 4)?);
    put("module", addresses(window)?.map(|(_, module)| module));
    reading.set_vendor("Elan");
    let found = if end.is_some() { "aa55cc33ffff" } else { "something else" };
    reading.structure("signature at the end", window.start() + window.len(), "aa55cc33ffff", found);
    reading.trailing(window, end.unwrap_or(window.len()))
}
