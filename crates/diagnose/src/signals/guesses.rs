//! Where no rule knows what a line means: what is usual where a log stops, begins again, or is a person's word alone.
//! None of these weights lets a finding become more than a guess.

use debrick_model::{Cause, EvidenceKind, State};

use super::Signals;
use super::recovered::gets_over;
use crate::case::Evidence;
use crate::text::{Line, Place, Shape};
use crate::timeline::{Boot, Seen, StageKind};
use crate::weigh::{Weights, cite};

/// With what a tool that is content ends.
const ENDINGS: [&str; 16] = [
    "done",
    "100%",
    "100 %",
    "okay",
    " ok",
    "complete",
    "success",
    "finished",
    "verified",
    "rebooting",
    "succeed",
    "完成",
    "成功",
    "успешно",
    "готово",
    "fertig",
];

/// How many lines at its end are looked at for that.
const LAST_LINES: usize = 3;

/// A text of fewer lines than this is no log that could tell of trouble.
const FEWEST_LINES: u64 = 3;

/// So many lines behind the last word of trouble show that it was not the end.
pub(super) const FEW_LINES: usize = 3;

/// How lines end that say that something worked.
const SUCCESS: &[&str] =
    &[" ok", ":ok", " pass", " done", " succeed", " success", " successfully", " complete", " completed"];

/// What early loaders say that have loaded the next one and start it (Trusted Firmware-A `common/bl_common.c`,
/// `bl1/bl1_main.c`, `bl2/bl2_main.c`; Qualcomm SBL).
const HANDS_ON: &[&str] = &[": Booting BL", " loaded: 0x", "Image Loaded, Delta"];

/// How MCUboot introduces itself (`boot/zephyr/main.c`).
const MCUBOOT: &[&str] = &["MCUboot", "Starting bootloader"];

/// So many seconds after its start a kernel has long begun the programs of the system.
const RUNS_FROM: u64 = 30;

/// What a loader says before the firmware that it starts may speak (MCUboot `boot/zephyr/main.c`).
const HANDS_OVER: &[&str] = &["Jumping to the first image slot", "Booting firmware image at"];

impl Signals<'_> {
    /// Whether nothing comes behind a line of its text.
    fn is_last(&self, line: &Line) -> bool {
        let text = self.reading.evidence.get(line.place.evidence).map_or("", |item| item.text.as_str());
        let last = (1..).zip(text.lines()).filter(|(_, words): &(u64, &str)| !words.trim().is_empty()).last();
        last.is_some_and(|(number, _)| number <= line.place.line)
    }

    /// The log tells of a system that was started, and a person says that it does not work: no line names a cause.
    pub(super) fn success_that_is_denied(&self, weights: &mut Weights) {
        if weights.has_fault() || !weights.success_is_denied() {
            return;
        }
        let Some(seen) = self.boots.last().and_then(|boot| boot.stages.last()) else { return };
        if seen.kind < StageKind::Userspace || weights.likelihood(Cause::NoFault) >= 0.5 {
            return;
        }
        let start = self.at(seen);
        if start.is_some_and(|line| {
            self.is_last(line) && HANDS_OVER.iter().any(|words| line.text.contains(words))
        }) {
            weights.hint(State::KernelHang, 0.75);
        }
        let line = start.map(|line| self.cite(line, "It is said not to work although it was started."));
        for (cause, weight) in
            [(Cause::FirmwareBug, 0.38), (Cause::ImageWrongDevice, 0.2), (Cause::SettingsCorrupt, 0.2)]
        {
            weights.add(cause, weight, &[], line.clone());
        }
    }

    /// A tool printed no word of trouble, and ends as tools end that are done.
    pub(super) fn tool_that_ended_well(&self, weights: &mut Weights) {
        let is_decided = weights.findings().first().is_some_and(|finding| finding.likelihood >= 0.3);
        if is_decided || weights.has_fault() || weights.success_is_denied() {
            return;
        }
        for (evidence, item) in self.reading.evidence.iter().enumerate() {
            let start = Place { evidence, line: 0 };
            if item.kind != EvidenceKind::ToolOutput || self.trouble_after(start).is_some() {
                continue;
            }
            let last = item.text.lines().rev().filter(|line| !line.trim().is_empty()).take(LAST_LINES);
            let ends_well =
                last.map(str::to_lowercase).any(|line| ENDINGS.iter().any(|end| line.contains(end)));
            if ends_well {
                let line = cite(self.reading, start, "", "The tool ends without a word of trouble.");
                weights.add(Cause::NoFault, 0.42, &[], Some(line));
                weights.hint(State::Healthy, 0.35);
            }
        }
    }

    /// Whether a text has so many lines that it can be a log.
    fn has_lines(&self, evidence: usize) -> bool {
        self.reading.shapes.get(evidence).is_some_and(|shape| shape.lines >= FEWEST_LINES)
    }

    /// A log of which no line is known: a guess, by whether it has words of trouble.
    pub(super) fn nothing_known(&self, weights: &mut Weights) {
        let is_log = |item: &Evidence| item.kind == EvidenceKind::SerialLog && !item.text.trim().is_empty();
        let Some(evidence) = self.reading.evidence.iter().position(is_log) else { return };
        if weights.findings().first().is_some_and(|finding| finding.likelihood >= 0.3)
            || self.reading.shapes.get(evidence).is_some_and(Shape::is_garbage)
        {
            return;
        }
        let start = Place { evidence, line: 0 };
        let well_until = self.boots.telling().and_then(Boot::well_until);
        let Some(line) =
            self.trouble_after(well_until.filter(|place| place.evidence == evidence).unwrap_or(start))
        else {
            if let Some(again) = self.begins_again(evidence) {
                let place = Place { evidence, line: again };
                let line = cite(self.reading, place, "", "The log begins again here.");
                for (cause, weight) in
                    [(Cause::FirmwareBug, 0.36), (Cause::ImageCorrupt, 0.3), (Cause::ImageWrongDevice, 0.26)]
                {
                    weights.add(cause, weight, &[], Some(line.clone()));
                }
                weights.hint(State::BootLoop, 0.6);
            } else if !weights.success_is_denied() && self.boots.last().is_none() && self.has_lines(evidence)
            {
                let line = cite(self.reading, start, "", "No line of the log tells of trouble.");
                weights.add(Cause::NoFault, 0.31, &[], Some(line));
                let is_kernels = self.kernel_log() == Some(evidence);
                if is_kernels || self.reading.shapes.get(evidence).is_some_and(Shape::is_system_log) {
                    weights.hint(State::Healthy, 0.6);
                }
            } else if self.boots.last().is_none() && weights.success_is_denied() {
                let line = cite(self.reading, start, "", "No line of the log tells of trouble.");
                let is_kernels = self.kernel_log() == Some(evidence);
                if is_kernels {
                    weights.hint(State::KernelHang, 0.4);
                }
                let second = if is_kernels { Cause::KernelCrash } else { Cause::BootloaderCorrupt };
                for (cause, weight) in
                    [(Cause::FirmwareBug, 0.36), (second, 0.26), (Cause::ImageCorrupt, 0.24)]
                {
                    weights.add(cause, weight, &[], Some(line.clone()));
                }
            } else {
                self.stopped_without_a_word(weights);
            }
            return;
        };
        if self.reading.shapes.get(evidence).is_some_and(Shape::is_system_log) && !weights.success_is_denied()
        {
            let line = self.cite(line, "A program of the running system complains; the system runs.");
            weights.add(Cause::NoFault, 0.4, &[], Some(line.clone()));
            weights.add(Cause::FirmwareBug, 0.3, &[], Some(line));
            weights.hint(State::Healthy, 0.6);
            return;
        }
        if !weights.success_is_denied() && self.goes_on_behind(line) {
            let line = self.cite(line, "Something failed, and the log goes on without trouble.");
            weights.add(Cause::NoFault, 0.34, &[], Some(line.clone()));
            weights.add(Cause::FirmwareBug, 0.31, &[], Some(line));
            weights.hint(State::Healthy, 0.35);
            return;
        }
        let line = self.cite(line, "Something failed in a program that is not known here.");
        for (cause, weight) in [
            (Cause::FirmwareBug, 0.31),
            (Cause::BootloaderCorrupt, 0.28),
            (Cause::ImageCorrupt, 0.25),
            (Cause::FlashHardwareFault, 0.2),
        ] {
            weights.add(cause, weight, &[], Some(line.clone()));
        }
    }

    /// The line, counted from one, at which a log begins again: its first two lines come once more, save for numbers.
    pub(super) fn begins_again(&self, evidence: usize) -> Option<u64> {
        let text = &self.reading.evidence.get(evidence)?.text;
        let mut lines =
            (1..).zip(text.lines().map(str::trim)).filter(|(_, line): &(u64, &str)| !line.is_empty());
        let (first, second) = (lines.next()?.1, lines.next()?.1);
        if first.starts_with('[') {
            return None;
        }
        let mut before = (0, "");
        lines.find_map(|(number, line)| {
            let start = before.0;
            let again = !is_same(first, second) && is_same(before.1, first) && is_same(line, second);
            before = (number, line);
            again.then_some(start)
        })
    }

    /// The log ends in a stage before the system, and tells of no trouble.
    fn stopped_without_a_word(&self, weights: &mut Weights) {
        let Some(boot) = self.boots.telling() else { return };
        let Some(seen) = boot.stages.last() else { return };
        // What Trusted Firmware-A says last stands before the boot loader.
        let line = self.at(seen);
        let is_before_loader = !seen.is_uboot() && line.is_some_and(|line| line.text.starts_with("NOTICE:"));
        let kind = if is_before_loader { StageKind::Spl } else { seen.kind };
        let is_mcuboot = line.is_some_and(|line| MCUBOOT.iter().any(|words| line.text.contains(words)));
        let is_entered = self.enters_a_loader(seen.first.evidence);
        let causes: &[(Cause, f64)] = match kind {
            StageKind::Rom if is_entered => {
                &[(Cause::FirmwareBug, 0.4), (Cause::ImageCorrupt, 0.28), (Cause::BootloaderCorrupt, 0.26)]
            }
            _ if is_mcuboot => {
                &[(Cause::FirmwareBug, 0.38), (Cause::BootloaderCorrupt, 0.3), (Cause::ImageCorrupt, 0.25)]
            }
            StageKind::Rom | StageKind::Spl => {
                &[(Cause::BootloaderCorrupt, 0.4), (Cause::FirmwareBug, 0.33), (Cause::RamFault, 0.2)]
            }
            StageKind::Loader if boot.stopped_before_countdown() => {
                &[(Cause::BootloaderCorrupt, 0.34), (Cause::FirmwareBug, 0.32), (Cause::RamFault, 0.28)]
            }
            StageKind::Loader => &[
                (Cause::ImageCorrupt, 0.32),
                (Cause::BootEnvironmentCorrupt, 0.28),
                (Cause::FirmwareBug, 0.26),
            ],
            _ if !weights.success_is_denied() && self.kernel_speaks(seen) => &[(Cause::FirmwareBug, 0.15)],
            _ => &[(Cause::FirmwareBug, 0.34), (Cause::KernelCrash, 0.2)],
        };
        if kind == StageKind::Rom && is_entered {
            weights.hint(State::KernelHang, 0.6);
        } else if is_before_loader || boot.stopped_before_countdown() {
            weights.hint(State::BootloaderFailing, 0.6);
        }
        let line = line.map(|line| self.cite(line, "The log ends in this stage."));
        // Who shows a start that gets on, and does not say that it stops there, shows a part of it.
        let gets_on = boot.stages.len() >= 2
            || self.tells_of_success(seen.first.evidence)
            || self.hands_on(seen.first.evidence);
        if gets_on && !weights.success_is_denied() && self.boots.loops() <= 0.0 {
            weights.add(Cause::NoFault, 0.42, &[], line.clone());
            weights.hint(State::Healthy, 0.5);
        }
        for (cause, weight) in causes {
            weights.add(*cause, *weight, &[], line.clone());
        }
    }

    /// Whether the kernel of a stage said anything.
    fn kernel_speaks(&self, seen: &Seen) -> bool {
        let shape = self.reading.shapes.get(seen.first.evidence);
        shape.is_some_and(|shape| shape.last_kernel_line > seen.first.line)
    }

    /// Whether a loader says that it has what it starts next.
    fn hands_on(&self, evidence: usize) -> bool {
        let text = self.reading.evidence.get(evidence).map_or("", |item| item.text.as_str());
        text.lines().any(|line| HANDS_ON.iter().any(|words| line.contains(words)))
    }

    /// Whether a log ends where the ROM of an Espressif chip starts what it loaded; nothing has to follow.
    fn enters_a_loader(&self, evidence: usize) -> bool {
        let text = self.reading.evidence.get(evidence).map_or("", |item| item.text.as_str());
        text.lines()
            .rev()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .is_some_and(|line| line.starts_with("entry 0x"))
    }

    /// Whether several lines of a log say that something worked.
    fn tells_of_success(&self, evidence: usize) -> bool {
        let text = self.reading.evidence.get(evidence).map_or("", |item| item.text.as_str());
        text.lines().filter(|line| tells_that_it_worked(line)).take(FEW_LINES).count() == FEW_LINES
    }

    /// Where no rule knows what failed, the stage in which it failed still says something. These weights keep any
    /// finding unsure.
    pub(super) fn trouble_where_it_stopped(&self, weights: &mut Weights) {
        if weights.has_fault() || weights.findings().first().is_some_and(|finding| finding.likelihood >= 0.3)
        {
            return;
        }
        let boot = self.boots.telling();
        let stage = boot.and_then(|boot| boot.stages.last().zip(boot.well_until()));
        let goes_on = !weights.success_is_denied() && boot.is_some_and(Boot::is_settled_and_goes_on);
        let (line, kind) = match stage {
            Some((stage, place)) => (self.trouble_after(place), stage.kind),
            None => match self.kernel_log() {
                Some(evidence) => (self.trouble_after(Place { evidence, line: 0 }), StageKind::Linux),
                None => return,
            },
        };
        let Some(line) = line else { return };
        let goes_on = goes_on
            || !weights.success_is_denied()
                && stage.is_none_or(|(stage, _)| !stage.waits)
                && (self.goes_on_behind(line) || gets_over(self.reading, line));
        let (says, causes): (_, &[(Cause, f64)]) = match kind {
            StageKind::Rom | StageKind::Spl => (
                "Something failed before the boot loader ran.",
                &[
                    (Cause::BootloaderCorrupt, 0.42),
                    (Cause::FirmwareBug, 0.28),
                    (Cause::FlashHardwareFault, 0.25),
                    (Cause::RamFault, 0.15),
                ],
            ),
            StageKind::Loader if goes_on => (
                "Something failed in the boot loader, and it went on, as without a part that is not there.",
                &[(Cause::NoFault, 0.34), (Cause::FirmwareBug, 0.3)],
            ),
            StageKind::Loader => (
                "Something failed in the boot loader.",
                &[
                    (Cause::ImageCorrupt, 0.3),
                    (Cause::FirmwareBug, 0.32),
                    (Cause::BootEnvironmentCorrupt, 0.25),
                    (Cause::ImageIncomplete, 0.2),
                ],
            ),
            StageKind::Linux | StageKind::Userspace | StageKind::Shell if goes_on => (
                "Something failed in the kernel or its drivers, and it went on, as without a part that is not there.",
                &[(Cause::NoFault, 0.36), (Cause::FirmwareBug, 0.33)],
            ),
            StageKind::Linux | StageKind::Userspace | StageKind::Shell => (
                "Something failed in the kernel or its drivers.",
                &[(Cause::FirmwareBug, 0.4), (Cause::KernelCrash, 0.2), (Cause::RootfsMissing, 0.15)],
            ),
        };
        let shape = self.reading.shapes.get(line.place.evidence);
        let runs = shape.is_some_and(|shape| shape.kernel_seconds >= RUNS_FROM);
        let line = self.cite(line, says);
        for (cause, weight) in causes {
            weights.add(*cause, *weight, &[], Some(line.clone()));
        }
        weights.hint(
            match kind {
                StageKind::Linux | StageKind::Userspace if runs && !weights.success_is_denied() => {
                    State::BootsDegraded
                }
                StageKind::Rom | StageKind::Spl => State::BootloaderFailing,
                StageKind::Loader => State::BootloaderOnly,
                _ => State::KernelHang,
            },
            0.3,
        );
    }
}

/// Whether two lines are the same save for their numbers.
fn is_same(one: &str, other: &str) -> bool {
    let is_letter = |byte: &u8| !byte.is_ascii_digit();
    one.bytes().filter(is_letter).eq(other.bytes().filter(is_letter))
}

/// Whether a line says that something worked.
pub(super) fn tells_that_it_worked(line: &str) -> bool {
    let line = line.trim_end().trim_end_matches(['.', '!']).to_ascii_lowercase();
    line.starts_with("succe") || SUCCESS.iter().any(|word| line.ends_with(word))
}
