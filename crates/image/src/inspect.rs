//! From bytes to facts.

use debrick_target::Source;

use crate::digest;
use crate::error::ImageError;
use crate::facts::ImageFacts;
use crate::formats;
use crate::reading::Reading;
use crate::window::Window;

/// Reads an image and tells what it is. Damage and nonsense are findings; only an unreadable source is an error.
pub fn inspect(source: &dyn Source) -> Result<ImageFacts, ImageError> {
    let window = Window::whole(source);
    let sha256 = digest::sha256(window)?;
    let mut reading = Reading::default();
    let format = formats::read(window, &mut reading)?;
    if format.is_none() {
        reading.container("raw", window);
    }
    Ok(reading.finish(format, window.len(), sha256))
}

/// The ids of all formats that [`inspect`] recognises.
pub fn known_formats() -> impl Iterator<Item = &'static str> {
    formats::FORMATS.iter().map(|format| format.id)
}
