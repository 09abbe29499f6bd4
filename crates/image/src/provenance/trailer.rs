//! What stands in the signature trailer of an OpenWrt image: a chain of ucert, or one signature of usign.
//!
//! Source: OpenWrt include/image-commands.mk (`append-metadata`), fwtool `fwtool.c`. The signature is over all bytes before
//! the trailer's data, the metadata included; the trailer stands last.

use super::Evidence;
use super::detached;
use super::judge::Judge;
use crate::error::ImageError;
use crate::formats::update::fwtool;
use crate::window::Window;

/// The longest signature in a trailer that is read, in bytes; fwtool itself takes 1 KiB.
const LONGEST: u64 = 64 * 1024;

/// Judges the signature in the last trailer.
pub(super) fn verify(window: Window<'_>, judge: &mut Judge<'_>) -> Result<(), ImageError> {
    let Some((start, at, end)) = fwtool::signature(window)? else { return Ok(()) };
    let Some(bytes) = window.bytes(start, (at - start).min(LONGEST))?.filter(|bytes| !bytes.is_empty())
    else {
        return Ok(());
    };
    if end != window.len() {
        judge.unknown(
            "Something was appended behind the signature of the image, which does not reach it.".into(),
        );
        return Ok(());
    }
    let evidence = Evidence { name: "the signature trailer".into(), bytes };
    detached::verify_part(window.clamped(0, start), &evidence, judge)
}
