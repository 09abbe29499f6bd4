//! From bytes to facts.

use debrick_target::Source;

use crate::digest;
use crate::error::ImageError;
use crate::facts::ImageFacts;
use crate::format::About;
use crate::formats;
use crate::meter::{Meter, UNLIMITED};
use crate::reading::{PartSink, Reading};
use crate::window::Window;

/// From this size on, the digest of the file is computed beside the rest.
const WORTH_A_THREAD: u64 = 256 * 1024;

/// Reads an image and tells what it is. Damage and nonsense are findings; only an unreadable source is an error.
pub fn inspect(source: &dyn Source) -> Result<ImageFacts, ImageError> {
    read(source, Reading::default())
}

/// Reads an image, hands over every part that it holds, and tells what it is.
pub fn unpack_parts(source: &dyn Source, sink: &mut dyn PartSink) -> Result<ImageFacts, ImageError> {
    read(source, Reading::into_sink(sink))
}

fn read(source: &dyn Source, mut reading: Reading<'_>) -> Result<ImageFacts, ImageError> {
    let meter = Meter::for_size(source.len());
    let window = Window::metered(source, &meter);
    let sha256 = if source.len() < WORTH_A_THREAD {
        read_formats(window, &mut reading)?;
        digest::sha256(Window::whole(source))?
    } else {
        std::thread::scope(|scope| {
            let sha256 = scope.spawn(|| digest::sha256(Window::metered(source, &UNLIMITED)));
            read_formats(window, &mut reading)?;
            sha256.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })?
    };
    Ok(reading.finish(source.len(), sha256))
}

fn read_formats(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    match formats::read(window, reading) {
        Ok(_) => Ok(()),
        Err(ImageError::TooMuchWork) => {
            reading.given_up();
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// SHA-256 of everything that a source holds.
pub fn sha256(source: &dyn Source) -> Result<debrick_model::Digest, ImageError> {
    digest::sha256(Window::whole(source))
}

/// The ids of all formats that [`inspect`] recognises, with what people should know about each, in the order in which
/// they are tried.
pub fn known_formats() -> impl Iterator<Item = (&'static str, About)> {
    formats::FORMATS.iter().map(|format| (format.id, format.about))
}
