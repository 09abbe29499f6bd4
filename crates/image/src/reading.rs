//! What a format's reader adds to as it goes, and the two verdicts that come out at the end.

use std::collections::BTreeMap;
use std::fmt::Display;

use debrick_model::{Check, Digest, Verdict, VerdictReport};
use debrick_target::Source;

use crate::error::ImageError;
use crate::facts::{Container, Coverage, ImageFacts};
use crate::format::Format;
use crate::formats;
use crate::names;
use crate::unpack::{End, Unpacked};
use crate::window::Window;

/// How deep containers are followed.
const MAX_DEPTH: u32 = 8;

/// How many containers, checks and warnings are kept of one image: more come only from hostile files.
const MAX_ENTRIES: usize = 512;

/// How many parts of one image are looked into.
const MAX_PARTS: u32 = 20_000;

/// The facts as they are found.
#[derive(Default)]
pub(crate) struct Reading<'s> {
    pub(crate) vendor: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) hardware_revision: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) architecture: Option<String>,
    /// Whether the boards stand in a header that is there to name them, so that what is found deeper inside does not
    /// add to them.
    pub(crate) boards_are_declared: bool,
    outermost: Option<&'static str>,
    board_ids: Vec<String>,
    containers: Vec<Container>,
    checks: Vec<Check>,
    /// What no check covers, each with how deep it is nested.
    gaps: Vec<(u32, String)>,
    signatures: Vec<String>,
    warnings: Vec<String>,
    /// How deep the outermost format is nested whose checksum or digest was compared; sizes and structure do not count.
    compared_at: Option<u32>,
    depth: u32,
    /// Greater than 0 inside decompressed or deciphered contents.
    unpacked: u32,
    /// Greater than 0 where contents are not whole, so that what is missing is no fault of theirs.
    muted: u32,
    parts: u32,
    path: Vec<String>,
    sink: Option<&'s mut dyn PartSink>,
}

/// Takes the parts of an image as they are found.
pub trait PartSink {
    /// One part: the names on the way to it, outermost first, and its bytes. Names come from the file: they may be
    /// empty, equal to others, or hostile.
    fn part(&mut self, names: &[String], contents: &dyn Source) -> Result<(), ImageError>;
}

impl<'s> Reading<'s> {
    /// A reading that hands over every part that it finds.
    pub(crate) fn into_sink(sink: &'s mut dyn PartSink) -> Self {
        Self { sink: Some(sink), ..Self::default() }
    }

    /// The format that is about to be read, if it is the outermost.
    pub(crate) fn begin(&mut self, id: &'static str) {
        if self.depth == 0 {
            self.outermost = Some(id);
        }
    }

    /// Gives the file, if this is its outermost format, an id of its own: `esp-image-gz` for what is a `gzip`.
    pub(crate) fn call_file(&mut self, id: &'static str) {
        self.begin(id);
    }

    /// Takes back that the file is firmware: an archive in which nothing was found that is.
    pub(crate) fn disclaim(&mut self) {
        if self.depth == 0 {
            self.outermost = None;
        }
    }

    /// The id of the outermost format.
    pub(crate) fn outermost(&self) -> Option<&'static str> {
        self.outermost
    }

    /// Whether what is read now is the file itself, not something inside it.
    pub(crate) fn is_outermost(&self) -> bool {
        self.depth == 0
    }

    /// The maker. What was said first, further outside, stays; so it does for the other facts.
    pub(crate) fn set_vendor(&mut self, vendor: impl Into<String>) {
        set(&mut self.vendor, vendor.into());
    }

    /// The model.
    pub(crate) fn set_model(&mut self, model: impl Into<String>) {
        set(&mut self.model, model.into());
    }

    /// The hardware revision.
    pub(crate) fn set_hardware_revision(&mut self, revision: impl Into<String>) {
        set(&mut self.hardware_revision, revision.into());
    }

    /// The sales region.
    pub(crate) fn set_region(&mut self, region: impl Into<String>) {
        set(&mut self.region, region.into());
    }

    /// The version of the firmware.
    pub(crate) fn set_version(&mut self, version: impl Into<String>) {
        set(&mut self.version, version.into());
    }

    /// The processor architecture, in any spelling.
    pub(crate) fn set_architecture(&mut self, name: &str) {
        set(&mut self.architecture, names::architecture(name));
    }

    /// Adds a container and returns its fields to fill in.
    pub(crate) fn container(&mut self, format: &str, window: Window<'_>) -> &mut BTreeMap<String, String> {
        let (depth, unpacked) = (self.depth, self.unpacked > 0);
        if self.containers.len() == MAX_ENTRIES {
            self.containers.pop();
        }
        let (offset, size) = (window.start(), window.len());
        self.containers.push(Container {
            format: format.into(),
            offset,
            size,
            depth,
            unpacked,
            fields: BTreeMap::new(),
        });
        let last = self.containers.len() - 1;
        &mut self.containers[last].fields
    }

    /// The index of the container that was added last.
    pub(crate) fn last_container(&self) -> usize {
        self.containers.len().saturating_sub(1)
    }

    /// The index that the next container gets.
    pub(crate) fn next_container(&self) -> usize {
        self.containers.len().min(MAX_ENTRIES - 1)
    }

    /// A container, to be completed. The index comes from [`Reading::last_container`].
    pub(crate) fn container_at(&mut self, index: usize) -> &mut Container {
        &mut self.containers[index]
    }

    /// Reads what the window holds as contents of the container that was added last, and returns its format.
    pub(crate) fn contents(&mut self, window: Window<'_>) -> Result<Option<&'static str>, ImageError> {
        self.part("contents", window)
    }

    /// Reads a named part of the container that was added last, and returns its format.
    pub(crate) fn part(
        &mut self,
        name: impl Into<String>,
        window: Window<'_>,
    ) -> Result<Option<&'static str>, ImageError> {
        self.part_with(name.into(), window, formats::read)
    }

    /// Reads a named part that can only be of one format: with hundreds of parts, trying all formats on each would cost
    /// too much.
    pub(crate) fn part_as(
        &mut self,
        name: impl Into<String>,
        window: Window<'_>,
        format: &'static Format,
    ) -> Result<Option<&'static str>, ImageError> {
        self.part_with(name.into(), window, |window, reading| {
            let holds = format.holds(window)?;
            if holds {
                (format.read)(window, reading)?;
            }
            Ok(holds.then_some(format.id))
        })
    }

    fn part_with(
        &mut self,
        name: String,
        window: Window<'_>,
        read: impl FnOnce(Window<'_>, &mut Self) -> Result<Option<&'static str>, ImageError>,
    ) -> Result<Option<&'static str>, ImageError> {
        if self.depth == MAX_DEPTH || window.len() == 0 || self.parts == MAX_PARTS {
            return Ok(None);
        }
        self.parts += 1;
        self.path.push(name);
        if let Some(sink) = &mut self.sink {
            sink.part(&self.path, &window)?;
        }
        self.depth += 1;
        let format = read(window, self);
        self.depth -= 1;
        self.path.pop();
        format
    }

    /// Hands over a named part without looking into it: raw machine code, which has no format.
    pub(crate) fn opaque_part(
        &mut self,
        name: impl Into<String>,
        window: Window<'_>,
    ) -> Result<(), ImageError> {
        let Some(sink) = &mut self.sink else { return Ok(()) };
        if window.len() == 0 || self.parts == MAX_PARTS {
            return Ok(());
        }
        self.parts += 1;
        self.path.push(name.into());
        let taken = sink.part(&self.path, &window);
        self.path.pop();
        taken
    }

    /// Reads what came out of a decoder, and returns its format. Where it did not come out whole, nothing that is
    /// missing counts as damage of the contents: that the container is damaged, its reader has recorded.
    pub(crate) fn unpacked_part(
        &mut self,
        name: impl Into<String>,
        unpacked: &Unpacked<'_>,
    ) -> Result<Option<&'static str>, ImageError> {
        let muted = u32::from(!unpacked.is_whole());
        self.deciphered_part(name, unpacked.window(), muted)
    }

    /// Reads what a cipher or a bit-mixing wrapper hid, and returns its format.
    pub(crate) fn hidden_part(
        &mut self,
        name: impl Into<String>,
        window: Window<'_>,
    ) -> Result<Option<&'static str>, ImageError> {
        self.deciphered_part(name, window, 0)
    }

    /// Reads the beginning of contents whose rest could not be had, and returns its format: nothing that is missing
    /// counts as damage of theirs.
    pub(crate) fn beginning_part(
        &mut self,
        name: impl Into<String>,
        window: Window<'_>,
    ) -> Result<Option<&'static str>, ImageError> {
        self.deciphered_part(name, window, 1)
    }

    fn deciphered_part(
        &mut self,
        name: impl Into<String>,
        window: Window<'_>,
        muted: u32,
    ) -> Result<Option<&'static str>, ImageError> {
        self.unpacked += 1;
        self.muted += muted;
        let format = self.part(name, window);
        self.unpacked -= 1;
        self.muted -= muted;
        format
    }

    /// Records how compressed data at an offset ended: a check of contents if the codec has one.
    pub(crate) fn decoded(
        &mut self,
        what: &str,
        offset: u64,
        unpacked: &Unpacked<'_>,
        has_check_value: bool,
    ) {
        match &unpacked.end {
            End::Complete if has_check_value => self.digest(what, offset, "sound", "sound"),
            End::Complete => self.structure(what, offset, "sound", "sound"),
            End::CutOff => self.structure(what, offset, "complete", "cut off"),
            End::Broken(how) => self.structure(what, offset, "sound", format!("broken: {how}")),
            End::TooLarge => {
                let output = unpacked.output;
                self.uncovered(format!(
                    "The {what} grow beyond {output} bytes and were not followed further."
                ));
            }
        }
    }

    /// Records bytes behind the end of what the outermost format declares, from `offset` in the window to its end.
    /// Padding is no matter; anything else is worth a warning. Inside other containers nothing is said.
    pub(crate) fn trailing(&mut self, window: Window<'_>, offset: u64) -> Result<(), ImageError> {
        let rest = window.clamped(offset, u64::MAX);
        if self.depth == 0 && rest.len() > 0 && !rest.is_padding()? {
            self.warn(format!(
                "{} bytes follow the end of the image at offset {}; they are not part of it.",
                rest.len(),
                rest.start()
            ));
        }
        Ok(())
    }

    /// Records a comparison of contents with a checksum or digest.
    pub(crate) fn digest(
        &mut self,
        name: impl Into<String>,
        offset: u64,
        expected: impl Display,
        actual: impl Display,
    ) {
        if self.muted == 0 {
            self.compared_at = Some(self.compared_at.map_or(self.depth, |depth| depth.min(self.depth)));
        }
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
        if self.muted > 0 {
            return;
        }
        let (expected, actual) = (expected.to_string(), actual.to_string());
        let ok = expected == actual;
        if self.checks.len() >= MAX_ENTRIES {
            self.overflow(ok);
            return;
        }
        self.checks.push(Check { name: name.into(), offset: Some(offset), expected, actual, ok });
    }

    /// Too many checks to keep all: a failure takes the place of a success.
    fn overflow(&mut self, ok: bool) {
        if !ok && let Some(last) = self.checks.iter_mut().rev().find(|check| check.ok) {
            last.ok = false;
            last.name = format!("{} and further checks", last.name);
            last.actual = "a failure among checks that are too many to list".into();
        }
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

    /// Whether a check has failed so far.
    pub(crate) fn has_failure(&self) -> bool {
        self.checks.iter().any(|check| !check.ok)
    }

    /// Records that some contents are covered by no check of this format: a sentence. What a format further outside
    /// has a checksum for is covered by that, unless it says otherwise itself.
    pub(crate) fn uncovered(&mut self, reason: impl Into<String>) {
        push_bounded(&mut self.gaps, (self.depth, reason.into()));
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

    /// Records that reading was given up because of the work that it would cost.
    pub(crate) fn given_up(&mut self) {
        self.uncovered("Checking all of it would cost many times the size of the file, so it was given up.");
        self.warn("The file makes its reader go over it again and again; it was not read to its end.");
    }

    /// The facts, once everything was read.
    pub(crate) fn finish(self, size: u64, sha256: Digest) -> ImageFacts {
        let provenance = self.provenance();
        let format = self.outermost;
        let (integrity, coverage) = integrity(format, self.checks, self.gaps, self.compared_at);
        ImageFacts {
            format: format.map(str::to_owned),
            size,
            sha256,
            vendor: self.vendor,
            model: self.model,
            hardware_revision: self.hardware_revision,
            region: self.region,
            version: self.version,
            board_ids: self.board_ids,
            architecture: self.architecture,
            integrity,
            coverage,
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

fn push_bounded<T>(list: &mut Vec<T>, entry: T) {
    if list.len() < MAX_ENTRIES {
        list.push(entry);
    }
}

fn set(slot: &mut Option<String>, value: String) {
    let value = value.trim();
    if slot.is_none() && !value.is_empty() {
        *slot = Some(value.to_owned());
    }
}

fn integrity(
    format: Option<&str>,
    checks: Vec<Check>,
    gaps: Vec<(u32, String)>,
    compared_at: Option<u32>,
) -> (VerdictReport, Coverage) {
    let mut report = VerdictReport::from_checks(checks);
    let counts = |depth: u32| compared_at.is_none_or(|compared| depth <= compared);
    report.reasons = gaps.into_iter().filter(|(depth, _)| counts(*depth)).map(|(_, gap)| gap).collect();
    let coverage = match (compared_at.is_some(), report.reasons.is_empty()) {
        (false, _) => Coverage::Nothing,
        (true, true) => Coverage::Contents,
        (true, false) => Coverage::Part,
    };
    if report.verdict != Verdict::Fail && coverage == Coverage::Nothing {
        report.verdict = Verdict::Unknown;
        report.reasons.push(match format {
            Some(format) => format!("Nothing in this {format} file lets its contents be checked."),
            None => "The format is not known, so its contents cannot be checked.".into(),
        });
    }
    (report, coverage)
}
