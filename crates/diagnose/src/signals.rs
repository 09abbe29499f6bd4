//! What no single line says: silence, garbage, a prompt without a countdown, sizes and widths that do not fit.

mod account;
mod guesses;
mod handover;
mod loaded;
mod progress;
mod recovered;
mod remarks;
mod tools;
mod trouble;
mod typed;

use debrick_model::{Cause, EvidenceKind, EvidenceLine, State};

use crate::case::Case;
use crate::matcher::MATCHER;
use crate::text::{Line, Place, Reading, Shape};
use crate::timeline::{Boot, Boots, Seen, StageKind};
use crate::weigh::{Weights, cite};

pub(crate) use recovered::{gets_over, log_goes_on_behind, works_later};
pub(crate) use tools::{ends_well_after, has_waited_for};
pub(crate) use trouble::{
    is_exit_of_make, is_harmless, is_information, is_of_driver_core, says_it_goes_on, tells_of_trouble,
};

pub(crate) use account::Account;

/// What is left of signs of success where a person says that the unit does not work.
const DENIED: f64 = 0.3;

const COMPARED: &str = "^Total of * were the same";
const TIMED_OUT: &str = "fail*: -110";

/// A kernel that has been up for so many seconds was not stopped by what kept others from starting.
const RUNS_FROM: u64 = 30;

/// How many of the last lines with a word of trouble are looked at.
const MOST_LOOKS: usize = 500;

/// What people say of a unit that does not get on.
const COMPLAINTS: &[&str] = &[
    "hang",
    "halt",
    "stuck",
    "stops",
    "freez",
    "not boot",
    "n't boot",
    "not start",
    "n't start",
    " not run",
    "n't run",
    "unable to boot",
    "unable to start",
    "not come up",
    "n't come up",
    "not respond",
    "n't respond",
    "failed to start",
    " stall",
    " forever",
    " for ever",
    "bricked",
    "no longer",
    "fails to",
    "won't",
    "loop",
    "rebooting",
    "reboots",
    "not printed",
    "no output",
    "nothing happens",
    // As said in other languages.
    "hängt",
    "bleibt stehen",
    "startet nicht",
    "bootet nicht",
    "завис",
    "виснет",
    "не загружа",
    "не запуска",
    "не стартует",
    "zawiesza",
    "nie uruchamia",
    "nie startuje",
    "no arranca",
    "ne démarre",
    "卡在",
    "卡住",
    "卡死",
    "死机",
    "无法启动",
    "不能启动",
    "起不来",
    "停止",
    "起動しない",
    "進まない",
    "固まる",
];

/// The lines that are needed here.
static LINES: &[&str] = &[COMPARED, TIMED_OUT];

/// All patterns of this module.
pub(crate) fn patterns() -> impl Iterator<Item = &'static str> {
    LINES
        .iter()
        .chain(handover::LOADED_WHOLE)
        .chain(loaded::LINES)
        .chain(COMPLAINTS)
        .chain(trouble::WORDS)
        .copied()
        .chain(loaded::CRASHES.iter().map(|(pattern, _)| *pattern))
}

/// Looks for all of them.
pub(crate) fn apply(
    case: &Case<'_>,
    reading: &Reading<'_>,
    boots: &Boots,
    account: Option<&Account>,
    weights: &mut Weights,
) {
    silence_and_garbage(reading, weights);
    wrong_variables(case, weights);
    other_names(case, weights);
    let signals = Signals { reading, boots, is_watched: case.is_watched };
    if boots.last().is_none() && reading.shapes.iter().any(|shape| shape.kernel_seconds >= RUNS_FROM) {
        weights.hint(State::BootsDegraded, 0.45);
    }
    signals.architecture(case.architecture, weights);
    signals.image_larger_than_what_is_read(weights);
    signals.comparisons_that_disagree(weights);
    signals.segments_that_cannot_be(weights);
    if let Some(boot) = boots.last() {
        signals.prompt_without_countdown(boot, weights);
        signals.kernel_without_a_word(boot, weights);
        signals.nothing_wrong(boot, weights);
    }
    signals.success_that_is_denied(weights);
    signals.nothing_but_noise(weights);
    signals.tool_that_ended_well(weights);
    signals.left_in_peace(weights);
    signals.words_of_an_unknown_tool(weights);
    signals.left_half_changed(weights);
    signals.writing_that_stops(weights);
    signals.trouble_where_it_stopped(weights);
    if let Some(account) = account {
        account.weigh(reading, weights);
        account.guess(reading, weights);
        account.place_by_last_words(weights);
    }
    signals.nothing_known(weights);
    signals.remark_behind_the_log(weights);
}

/// A variable that the device cannot start without, and that is not what it must be, explains a unit that does not start.
fn wrong_variables(case: &Case<'_>, weights: &mut Weights) {
    for variable in case.variables {
        let found =
            variable.found.as_ref().map_or_else(|| "is not set".to_owned(), |found| format!("is {found:?}"));
        let evidence = EvidenceLine {
            file: "the bootloader's variables".into(),
            line: 0,
            text: format!("{} {found}", variable.name).chars().take(400).collect(),
            says: format!("This device starts only with {}={}", variable.name, variable.needed),
        };
        weights.add(Cause::BootEnvironmentCorrupt, 0.85, &[], Some(evidence));
    }
}

/// Firmware that takes the unit for another device was made for that one.
fn other_names(case: &Case<'_>, weights: &mut Weights) {
    for name in case.other_names {
        let evidence = EvidenceLine {
            file: name.source.clone(),
            line: 0,
            text: name.value.chars().take(400).collect(),
            says: format!("The installed firmware names another device; this unit is the {}", name.unit),
        };
        weights.add(Cause::ImageWrongDevice, 0.9, &[], Some(evidence));
    }
}

fn silence_and_garbage(reading: &Reading<'_>, weights: &mut Weights) {
    let logs = || {
        let shapes = reading.evidence.iter().zip(&reading.shapes).enumerate();
        shapes.filter(|(_, (item, _))| item.kind == EvidenceKind::SerialLog)
    };
    for (evidence, _) in logs().filter(|(_, (_, shape))| shape.is_garbage()) {
        let says = "Most characters are unreadable, as with a wrong line speed or a loose wire.";
        let line = cite(reading, Place { evidence, line: 0 }, "", says);
        weights.add(Cause::LinkFault, 0.75, &[], Some(line));
    }
    if logs().next().is_some() && logs().all(|(_, (_, shape))| shape.is_silent()) {
        let (evidence, line) = (logs().next().map_or(0, |(evidence, _)| evidence), 0);
        let line = cite(reading, Place { evidence, line }, "", "The unit said nothing on its console.");
        weights.hint(State::NoOutput, 0.9);
        for (cause, weight) in
            [(Cause::LinkFault, 0.25), (Cause::PowerFault, 0.2), (Cause::BootloaderCorrupt, 0.2)]
        {
            weights.add(cause, weight, &[], Some(line.clone()));
        }
    }
}

/// Whether a person says that the unit does not get on.
pub(crate) fn is_complained_of(reading: &Reading<'_>) -> bool {
    let is_said = |line: &Line| reading.kind(line.place) == Some(EvidenceKind::Symptom);
    let lines = |words| MATCHER.number(words).into_iter().flat_map(|number| reading.with(number));
    COMPLAINTS.iter().any(|words| lines(words).any(is_said)) || remarks::remark(reading).is_some()
}

struct Signals<'a> {
    reading: &'a Reading<'a>,
    boots: &'a Boots,
    is_watched: bool,
}

impl Signals<'_> {
    fn lines(&self, pattern: &'static str) -> impl DoubleEndedIterator<Item = &Line> {
        MATCHER.number(pattern).into_iter().flat_map(|number| self.reading.with(number))
    }

    fn cite(&self, line: &Line, says: &str) -> EvidenceLine {
        cite(self.reading, line.place, &line.text, says)
    }

    /// The same comparison, made again, gives another result: the memory does not hold still.
    fn comparisons_that_disagree(&self, weights: &mut Weights) {
        let mut totals: Vec<&str> = self.lines(COMPARED).map(|line| line.text.as_str()).collect();
        totals.sort_unstable();
        totals.dedup();
        if totals.len() >= 2
            && let Some(line) = self.lines(COMPARED).next_back()
        {
            let says = "The same comparison gives different results, so the flash or the memory does not read reliably.";
            weights.add(Cause::FlashHardwareFault, 0.7, &[], Some(self.cite(line, says)));
            weights.add(Cause::RamFault, 0.3, &[], Some(self.cite(line, says)));
        }
    }

    /// U-Boot counts down before it runs `bootcmd`, and does neither where there is none.
    fn prompt_without_countdown(&self, boot: &Boot, weights: &mut Weights) {
        let loader = boot.stages.last().filter(|seen| seen.kind == StageKind::Loader && seen.waits);
        // Of a log that begins in the middle, what U-Boot says on its way to the countdown has to be there.
        let shows_countdown = |seen: &&Seen| seen.is_uboot() || boot.is_settled();
        let Some(loader) = loader.filter(shows_countdown).filter(|_| !boot.counted_down()) else { return };
        if weights.fault_between(loader.first, u64::MAX) {
            return;
        }
        let line = self.at(loader);
        let is_in_trouble = weights.success_is_denied() || self.trouble_after(loader.first).is_some();
        if is_in_trouble || (self.is_watched && !self.is_worked_at(loader)) {
            let says =
                "The boot loader goes to its prompt without a countdown, as when it has no boot command.";
            let line = line.map(|line| self.cite(line, says));
            weights.add(Cause::BootEnvironmentCorrupt, 0.65, &[], line);
            return;
        }
        let says = match self.is_worked_at(loader) {
            true => "Somebody works at the boot loader's prompt, to which it came without a countdown.",
            // A loader that waits without a word for a key, or is told to, stands there too.
            false => {
                "The boot loader waits at its prompt; nothing shows whether it was stopped or has nothing to boot."
            }
        };
        let line = line.map(|line| self.cite(line, says));
        weights.add(Cause::NoFault, 0.45, &[], line.clone());
        weights.add(Cause::BootEnvironmentCorrupt, 0.36, &[], line);
        weights.hint(State::BootloaderOnly, 0.4);
    }

    fn nothing_wrong(&self, boot: &Boot, weights: &mut Weights) {
        let Some(last) = boot.stages.last() else { return };
        let looped = self.boots.loops() > 0.0;
        let (weight, says) = match last.kind {
            StageKind::Shell if weights.fault_between(last.first, u64::MAX) => {
                (0.3, "The system came up before it failed.")
            }
            StageKind::Shell if last.waits && self.ends_in_trouble(last) => {
                (0.34, "The system came up, and the log ends with trouble.")
            }
            StageKind::Shell => (0.8, "The system came up."),
            _ if weights.has_fault() || looped => return,
            // The programs begin where the log does so again.
            StageKind::Userspace if self.begins_again(last.first.evidence) == Some(last.first.line) => return,
            // Where nothing comes behind it, what failed counts for more.
            StageKind::Userspace if self.ends_in_trouble(last) => (
                if self.ends_with_trouble(last) { 0.28 } else { 0.3 },
                "The first programs of the system start, and the log ends with trouble.",
            ),
            StageKind::Userspace => (0.5, "The first programs of the system start, and nothing failed."),
            StageKind::Loader if boot.counted_down() && last.waits && !self.is_worked_at(last) => {
                (0.48, "The boot loader stands at its prompt, and nothing failed.")
            }
            StageKind::Loader if boot.counted_down() => {
                (0.5, "The boot loader is ready to boot, and nothing failed.")
            }
            StageKind::Loader if boot.stopped_before_countdown() && self.times_out_after(last.first) => {
                return;
            }
            StageKind::Loader if self.trouble_after(boot.well_until().unwrap_or(last.first)).is_some() => {
                return;
            }
            StageKind::Loader if last.waits && !last.is_uboot() && self.is_worked_at(last) => {
                (0.4, "Somebody works at the boot loader's prompt, and nothing failed.")
            }
            StageKind::Loader if last.waits || weights.success_is_denied() => return,
            StageKind::Rom | StageKind::Spl if boot.is_asked_for => {
                (0.45, "The unit starts over as somebody told it to, and nothing failed.")
            }
            StageKind::Rom | StageKind::Spl if self.is_cut(last) => {
                (0.4, "The loaders run, and nothing failed as far as the log goes.")
            }
            StageKind::Loader => (0.35, "The boot loader runs, and nothing failed so far."),
            _ => return,
        };
        let weight = if weights.success_is_denied() { DENIED * weight } else { weight };
        let line = self.at(last).map(|line| self.cite(line, says));
        weights.add(Cause::NoFault, weight, &[], line);
        let is_loader = last.kind == StageKind::Loader;
        weights.hint(if is_loader && last.waits { State::BootloaderOnly } else { State::Healthy }, weight);
    }

    /// A log that looks like trouble only by lines that come with healthy starts.
    fn nothing_but_noise(&self, weights: &mut Weights) {
        if weights.has_fault() || weights.success_is_denied() || self.boots.loops() > 0.0 {
            return;
        }
        let Some(noise) = self.noise() else { return };
        if self.trouble_after(Place { evidence: noise.place.evidence, line: 0 }).is_some() {
            return;
        }
        let says = "This looks like trouble and comes with healthy starts too; nothing else failed.";
        weights.add(Cause::NoFault, 0.42, &[], Some(self.cite(noise, says)));
        weights.hint(State::Healthy, 0.45);
    }

    /// The first line that looks like trouble and is none.
    fn noise(&self) -> Option<&Line> {
        self.reading.lines.iter().find(|line| line.is_noise)
    }

    /// The last line with a word of trouble behind a place, in the same evidence.
    fn trouble_after(&self, place: Place) -> Option<&Line> {
        let behind = |line: &&Line| {
            line.place >= place
                && line.place.evidence == place.evidence
                && !line.is_noise
                && tells_of_trouble(&line.text)
                && !works_later(self.reading, line)
                && !gets_over(self.reading, line)
        };
        trouble::WORDS
            .iter()
            .filter_map(|word| self.lines(word).rev().take(MOST_LOOKS).find(behind))
            .max_by_key(|line| line.place)
            .filter(|line| !self.is_worked_past(line))
    }

    /// Whether a part does not answer a boot loader's driver behind a place, by the number of the error (`ETIMEDOUT`).
    fn times_out_after(&self, place: Place) -> bool {
        let behind = |line: &&Line| line.place >= place && line.place.evidence == place.evidence;
        self.lines(TIMED_OUT).any(|line| behind(&line))
    }

    /// A log of which at least half are lines of a kernel.
    fn kernel_log(&self) -> Option<usize> {
        let is_kernel = |shape: &Shape| shape.kernel_lines > 0 && shape.kernel_lines * 2 >= shape.lines;
        self.reading.shapes.iter().position(is_kernel)
    }

    /// Whether the log that a stage stands in says that something was left out behind it.
    fn is_cut(&self, seen: &Seen) -> bool {
        self.reading.shapes.get(seen.first.evidence).is_some_and(|shape| shape.is_cut)
    }

    /// The line with which a stage began.
    fn at(&self, seen: &Seen) -> Option<&Line> {
        self.reading.lines.iter().find(|line| line.place == seen.first)
    }
}
