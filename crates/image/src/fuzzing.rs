//! What the fuzz targets call. Not for programs: it changes as the formats do.

use crate::error::ImageError;
use crate::format::Format;
use crate::formats;
use crate::inspect::inspect;
use crate::meter::Meter;
use crate::provenance::{Evidence, TrustStore, TrustedKey, verify};
use crate::reading::Reading;
use crate::window::Window;

/// Stands between the key, the signature and the image in what [`provenance`] is given.
const FENCE: &[u8] = b"\n====\n";

/// Reads bytes as any image, and once more as a format of this folder of `formats/`, whose magic number is put where it
/// belongs: so its reader is reached at once, also where another format would come first.
///
/// # Panics
///
/// When bytes in memory are called unreadable, and when there is no such folder.
pub fn image(folder: &str, bytes: &[u8]) {
    let whole = bytes.to_vec();
    readable(inspect(&whole).map(drop));
    let of_folder: &[&Format] = match folder {
        "android" => formats::android::FORMATS,
        "archive" => formats::archive::FORMATS,
        "boot" => formats::boot::FORMATS,
        "disk" => formats::disk::FORMATS,
        "filesystem" => formats::filesystem::FORMATS,
        "mcu" => formats::mcu::FORMATS,
        "peripheral" => formats::peripheral::FORMATS,
        "router" => formats::router::FORMATS,
        "soc" => formats::soc::FORMATS,
        "uefi" => formats::uefi::FORMATS,
        "update" => formats::update::FORMATS,
        other => panic!("there is no folder {other}"),
    };
    // The last two bytes choose, so that seeds are images as they are.
    let Some((chosen, _)) =
        bytes.split_last_chunk::<2>().map(|(rest, last)| (u16::from_le_bytes(*last), rest))
    else {
        return;
    };
    let format = of_folder[usize::from(chosen) % of_folder.len()];
    let mut given = whole;
    if let Some(magic) = format.magic.get(usize::from(chosen) / of_folder.len() % format.magic.len().max(1))
        && let Some(at) = magic.position(Window::whole(&given))
    {
        let at = at as usize;
        given[at..at + magic.bytes.len()].copy_from_slice(magic.bytes);
    }
    let meter = Meter::for_size(given.len() as u64);
    let window = Window::metered(&given, &meter);
    readable(
        format
            .holds(window)
            .and_then(|holds| if holds { (format.read)(window, &mut Reading::default()) } else { Ok(()) }),
    );
}

/// Judges an image with a key and a signature: the three with `\n====\n` between them, the key first.
///
/// # Panics
///
/// When bytes in memory are called unreadable.
pub fn provenance(bytes: &[u8]) {
    let (key, rest) = cut(bytes);
    let (signature, image) = cut(rest);
    let mut trusted = TrustStore::default();
    trusted.keys.extend(TrustedKey::parse("fuzzed", key));
    let _ = trusted.revoke_by_file(signature, 1 << 40);
    let image = image.to_vec();
    let facts = match inspect(&image) {
        Ok(facts) => facts,
        Err(error) => return readable(Err(error)),
    };
    for name in ["image.asc", "image.sig", "image.minisig", "image.ucert", "sha256sums"] {
        let evidence = Evidence { name: name.into(), bytes: signature.to_vec() };
        readable(verify(&image, &facts, &[evidence], &trusted, 1 << 40).map(drop));
    }
}

/// What stands before the fence, and behind it.
fn cut(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.windows(FENCE.len()).position(|window| window == FENCE) {
        Some(at) => (&bytes[..at], &bytes[at + FENCE.len()..]),
        None => (bytes, &[]),
    }
}

fn readable(result: Result<(), ImageError>) {
    match result {
        Ok(()) | Err(ImageError::TooMuchWork) => {}
        Err(error) => panic!("bytes in memory are always readable: {error}"),
    }
}
