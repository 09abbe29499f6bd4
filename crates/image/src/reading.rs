//! What a format's reader adds to as it goes, and the two verdicts that come out at the end.

use std::collections::BTreeMap;
use std::fmt::Display;

use debrick_model::{Check, Digest, Verdict, VerdictReport};

use crate::error::ImageError;
use crate::facts::{Container, ImageFacts};
use crate::formats;
use crate::window::Window;

/// How deep containers are followed.
const MAX_DEPTH: u32 = 6;

/// How many containers, checks and warnings are kept of one image: more come only from hostile files.
const MAX_ENTRIES: usize = 512;

/// The facts as they are found.
#[derive(Default)]
pub(crate) struct Reading {
    pub(crate) vendor: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) architecture: Option<String>,
    /// Whether the boards stand in a header that is there to name them, so that what is found deeper inside does not
    /// add to them.
    pub(crate) boards_are_declared: bool,
    board_ids: Vec<String>,
    containers: Vec<Container>,
    checks: Vec<Check>,
    gaps: Vec<String>,
    signatures: Vec<String>,
    warnings: Vec<String>,
    /// Whether a checksum or digest was compared, not only sizes and structure.
    contents_compared: bool,
    depth: u32,
}

impl Reading {
    /// Adds a container and returns its fields to fill in.
    pub(crate) fn container(&mut self, format: &str, window: Window<'_>) -> &mut BTreeMap<String, String> {
        let depth = self.depth;
        if self.containers.len() == MAX_ENTRIES {
            self.containers.pop();
        }
        let (offset, size) = (window.start(), window.len());
        self.containers.push(Container {
            format: format.into(),
            offset,
            size,
            depth,
            fields: BTreeMap::new(),
        });
        let last = self.containers.len() - 1;
        &mut self.containers[last].fields
    }

    /// The index of the container that was added last.
    pub(crate) fn last_container(&self) -> usize {
        self.containers.len().saturating_sub(1)
    }

    /// A container, to be completed. The index comes from [`Reading::last_container`].
    pub(crate) fn container_at(&mut self, index: usize) -> &mut Container {
        &mut self.containers[index]
    }

    /// Reads what the window holds as contents of the container that was added last, and returns its format.
    pub(crate) fn contents(&mut self, window: Window<'_>) -> Result<Option<&'static str>, ImageError> {
        if self.depth == MAX_DEPTH || window.len() == 0 {
            return Ok(None);
        }
        self.depth += 1;
        let format = formats::read(window, self);
        self.depth -= 1;
        format
    }

    /// Records a comparison of contents with a checksum or digest.
    pub(crate) fn digest(
        &mut self,
        name: impl Into<String>,
        offset: u64,
        expected: impl Display,
        actual: impl Display,
    ) {
        self.contents_compared = true;
        self.structure(name, offset, expected, actual);
    }

    /// Records a comparison of a size or a structure with what is there; passing it proves nothing about contents.
    pub(crate) fn structure(
        &mut self,
        name: impl Into<String>,
        offset: u64,
        expected: impl Display,
        actual: impl Display,
    ) {
        if self.checks.len() >= MAX_ENTRIES {
            return;
        }
        let (expected, actual) = (expected.to_string(), actual.to_string());
        let ok = expected == actual;
        self.checks.push(Check { name: name.into(), offset: Some(offset), expected, actual, ok });
    }

    /// Records that a size which a header declares is there or not. Bytes that follow are no fault.
    pub(crate) fn declared_size(&mut self, what: &str, offset: u64, declared: u64, present: u64) {
        let name = format!("size of {what}");
        if declared <= present {
            self.structure(name, offset, declared, declared);
        } else {
            self.structure(name, offset, format!("{declared} bytes"), format!("{present} bytes"));
        }
    }

    /// Records that some contents are covered by no check: a sentence.
    pub(crate) fn uncovered(&mut self, reason: impl Into<String>) {
        push_bounded(&mut self.gaps, reason.into());
    }

    /// Records a signature that was seen: what is signed, by which key.
    pub(crate) fn signature(&mut self, what: impl Into<String>) {
        push_bounded(&mut self.signatures, what.into());
    }

    /// Records an oddity: a sentence.
    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        push_bounded(&mut self.warnings, warning.into());
    }

    /// Records a board that the image says it is for.
    pub(crate) fn board(&mut self, id: impl Into<String>) {
        let id = id.into();
        if !id.is_empty() && !self.board_ids.contains(&id) {
            push_bounded(&mut self.board_ids, id);
        }
    }

    /// Records a board that something inside the image names; whether it may be believed.
    pub(crate) fn inner_board(&mut self, id: String) -> bool {
        if self.boards_are_declared && !self.board_ids.contains(&id) {
            self.warn(format!(
                "A device tree inside names the board {id}, which the image itself does not list."
            ));
            return false;
        }
        self.board(id);
        true
    }

    /// The facts, once everything was read.
    pub(crate) fn finish(self, format: Option<&str>, size: u64, sha256: Digest) -> ImageFacts {
        let provenance = self.provenance();
        ImageFacts {
            format: format.map(str::to_owned),
            size,
            sha256,
            vendor: self.vendor,
            model: self.model,
            hardware_revision: None,
            region: None,
            version: self.version,
            board_ids: self.board_ids,
            architecture: self.architecture,
            integrity: integrity(format, self.checks, self.gaps, self.contents_compared),
            provenance,
            containers: self.containers,
            warnings: self.warnings,
        }
    }

    fn provenance(&self) -> VerdictReport {
        let none = "The image carries no signature; its checksums tell accidents apart, not authors.";
        let mut signatures = self.signatures.iter();
        let Some(first) = signatures.next() else { return VerdictReport::unknown(none) };
        let unknown = |what: &str| {
            format!("{what} is signed, but there is no trusted key to check the signature with.")
        };
        signatures.fold(VerdictReport::unknown(unknown(first)), |report, what| report.because(unknown(what)))
    }
}

fn push_bounded(list: &mut Vec<String>, entry: String) {
    if list.len() < MAX_ENTRIES {
        list.push(entry);
    }
}

fn integrity(
    format: Option<&str>,
    checks: Vec<Check>,
    gaps: Vec<String>,
    contents_compared: bool,
) -> VerdictReport {
    let mut report = VerdictReport::from_checks(checks);
    report.reasons = gaps;
    if report.verdict == Verdict::Fail {
        return report;
    }
    if !contents_compared {
        report.verdict = Verdict::Unknown;
        report.reasons.push(match format {
            Some(format) => format!("Nothing in this {format} file lets its contents be checked."),
            None => "The format is not known, so its contents cannot be checked.".into(),
        });
    } else if !report.reasons.is_empty() {
        report.verdict = Verdict::Unknown;
    }
    report
}
