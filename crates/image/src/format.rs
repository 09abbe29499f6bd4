//! What a format is: how it is told from others, how it is read, and what people should know about it.

use crate::error::ImageError;
use crate::reading::Reading;
use crate::window::Window;

/// A format. Each is one module under `formats/`, and one line in the table of its folder.
pub(crate) struct Format {
    /// Stable id of the container.
    pub(crate) id: &'static str,
    /// When it is tried.
    pub(crate) rank: Rank,
    /// Fixed bytes, any one of which must be there; empty where the format has none. A magic number that differs in
    /// one bit is tried too, once nothing else matched, so that a file with one flipped bit is still recognised.
    pub(crate) magic: &'static [Magic],
    /// Whether the window holds this format; called only where a magic number is there.
    pub(crate) matches: fn(Window<'_>) -> Result<bool, ImageError>,
    /// Adds what it finds; called only where `matches` said so.
    pub(crate) read: fn(Window<'_>, &mut Reading<'_>) -> Result<(), ImageError>,
    /// For people.
    pub(crate) about: About,
}

/// The order in which formats are tried: what proves more comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// A vendor's structure around, before or behind a common format, which would match as well.
    Wrapper,
    /// A magic number of four bytes or more.
    Magic,
    /// A short magic number, or none, with a structure that proves the format.
    Structure,
    /// Text.
    Text,
    /// What is left: likely, not proven.
    Guess,
}

/// Bytes at a fixed place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Magic {
    /// Offset from the start; negative: from the end.
    pub(crate) at: i64,
    /// What stands there.
    pub(crate) bytes: &'static [u8],
}

/// What a person should know about a format; the source of `docs/formats.md`.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Ids that a file of this format can get as the outermost, where they differ from the container's id.
    pub outermost: &'static [&'static str],
    /// Name, and who uses it: `Netgear CHK`.
    pub name: &'static str,
    /// What identifies it.
    pub identified_by: &'static str,
    /// What its own checks can reveal: algorithm and coverage; `nothing` where it has none.
    pub reveals: &'static str,
    /// What they cannot reveal.
    pub blind_to: &'static str,
    /// Where the facts are from: project, file, revision or document.
    pub source: &'static str,
    /// Against what the module was tested: `mkimage`, `own construction`, `files of the vendor`.
    pub tested_with: &'static str,
}

impl Magic {
    /// Fixed bytes at an offset from the start.
    pub(crate) const fn at(at: i64, bytes: &'static [u8]) -> Self {
        Self { at, bytes }
    }

    /// Where it stands in a window, if the window is long enough.
    pub(crate) fn position(&self, window: Window<'_>) -> Option<u64> {
        let start =
            if self.at < 0 { window.len().checked_sub(self.at.unsigned_abs())? } else { self.at as u64 };
        (start.checked_add(self.bytes.len() as u64)? <= window.len()).then_some(start)
    }

    /// How many bits differ from what stands there; `None` where the window is too short.
    pub(crate) fn distance(&self, window: Window<'_>) -> Result<Option<u32>, ImageError> {
        let Some(at) = self.position(window) else { return Ok(None) };
        let there = window.head(at, self.bytes.len() as u64)?;
        Ok(Some(there.iter().zip(self.bytes).map(|(left, right)| (left ^ right).count_ones()).sum()))
    }
}

impl Format {
    /// Whether the window holds this format.
    pub(crate) fn holds(&self, window: Window<'_>) -> Result<bool, ImageError> {
        let mut has_magic = self.magic.is_empty();
        for magic in self.magic {
            has_magic = has_magic || magic.distance(window)? == Some(0);
        }
        Ok(has_magic && (self.matches)(window)?)
    }
}
