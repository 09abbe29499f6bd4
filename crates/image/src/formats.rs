//! The formats, in the order in which they are tried.

pub(crate) mod cpio;
pub(crate) mod dtb;
pub(crate) mod elf;
pub(crate) mod fit;
pub(crate) mod gzip;
pub(crate) mod uboot_env;
pub(crate) mod uimage;
mod uimage_names;

use crate::error::ImageError;
use crate::reading::Reading;
use crate::window::Window;

/// A format: its id, how to tell it, and how to read it.
pub(crate) struct Format {
    /// Stable id.
    pub(crate) id: &'static str,
    /// Whether the window starts with this format. Formats that look alike are told apart here, not by order.
    pub(crate) matches: fn(Window<'_>) -> Result<bool, ImageError>,
    /// Adds what it finds; called only where `matches` said so.
    pub(crate) read: fn(Window<'_>, &mut Reading) -> Result<(), ImageError>,
}

/// Every format. Strong magic numbers stand first, guesses last.
pub(crate) static FORMATS: &[Format] =
    &[fit::FORMAT, dtb::FORMAT, uimage::FORMAT, gzip::FORMAT, elf::FORMAT, cpio::FORMAT, uboot_env::FORMAT];

/// Reads the window as the first format that matches, and says which that was.
pub(crate) fn read(window: Window<'_>, reading: &mut Reading) -> Result<Option<&'static str>, ImageError> {
    for format in FORMATS {
        if (format.matches)(window)? {
            (format.read)(window, reading)?;
            return Ok(Some(format.id));
        }
    }
    Ok(None)
}
