//! The boot as the evidence tells it: stages, attempts, and how each ended.

mod boot;
mod markers;

use std::sync::LazyLock;

use debrick_model::{EvidenceKind, Stage, StageEnd};

use crate::matcher::{MATCHER, Pattern};
use crate::text::{Line, Place, Reading, Shape, boot_loader_prompt, shell_prompt, typed_command};
use crate::weigh::Weights;
use StageKind::{Linux, Loader, Shell, Spl, Userspace};
pub(crate) use boot::Boot;
use markers::{CHAINED, COUNTDOWNS, FOUND, LOADINGS, MARKERS, MEMORY, MOUNTED, Marker, SETTLED};

/// A stage of a boot, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StageKind {
    Rom,
    Spl,
    Loader,
    Linux,
    Userspace,
    Shell,
}

/// A kernel that has been up for fewer seconds starts; later lines are of a system that may have started long ago.
const STARTS_UNTIL: u64 = 30;

/// A chip that was asleep starts over because it was meant to (Espressif ROM).
static WAKES: &[&str] = &["(DSLEEP)", "DEEPSLEEP_RESET"];

/// A line with which a unit says that it starts over.
static RESTARTS: &[&str] = &[
    "reboot: Restarting system",
    "^resetting ...",
    "Rebooting in ",
    "must RESET board to recover",
    "watchdog reset",
];

/// Every line that is needed here.
pub(crate) fn patterns() -> impl Iterator<Item = &'static str> {
    let others = COUNTDOWNS
        .iter()
        .chain(CHAINED)
        .chain(MOUNTED)
        .chain(SETTLED)
        .chain(FOUND)
        .chain(LOADINGS)
        .chain(RESTARTS)
        .chain(WAKES)
        .copied();
    MARKERS.iter().map(|marker| marker.pattern).chain(others)
}

/// The numbers of all patterns of this module, in the order of its tables.
struct Numbers {
    /// For each pattern, its place among the markers.
    markers: Vec<Option<usize>>,
    countdowns: Vec<Option<Pattern>>,
    settled: Vec<Option<Pattern>>,
    found: Vec<Option<Pattern>>,
    loadings: Vec<Option<Pattern>>,
    chained: Vec<Option<Pattern>>,
    mounted: Vec<Option<Pattern>>,
    restarts: Vec<Option<Pattern>>,
    wakes: Vec<Option<Pattern>>,
}

static NUMBERS: LazyLock<Numbers> = LazyLock::new(|| {
    let of = |patterns: &[&'static str]| patterns.iter().map(|pattern| MATCHER.number(pattern)).collect();
    let mut markers = vec![None; MATCHER.count()];
    for (index, marker) in MARKERS.iter().enumerate().rev() {
        if let Some(place) = MATCHER.number(marker.pattern).and_then(|number| markers.get_mut(number.index()))
        {
            *place = Some(index);
        }
    }
    Numbers {
        markers,
        countdowns: of(COUNTDOWNS),
        settled: of(SETTLED),
        found: of(FOUND),
        loadings: of(LOADINGS),
        chained: of(CHAINED),
        mounted: of(MOUNTED),
        restarts: of(RESTARTS),
        wakes: of(WAKES),
    }
});

/// A stage as it was seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) kind: StageKind,
    pub(crate) first: Place,
    pub(crate) last: Place,
    /// It is a U-Boot, as far as the loader is concerned.
    uboot: bool,
    /// The last thing it showed is a prompt.
    pub(crate) waits: bool,
    /// Nothing but the time stamps of lines shows it.
    pub(crate) is_implied: bool,
}

/// With how many lines a boot loader answers that is asked for its version (U-Boot `cmd/version.c`).
const VERSION_LINES: u64 = 3;

/// How sure it is that a unit starts over again and again that says that it starts over.
const ANNOUNCED: f64 = 0.75;

/// How many lines behind the command a boot loader that is told to start over says that it does (U-Boot
/// `drivers/sysreset`, `do_reset`).
const RESTART_LINES: u64 = 2;

/// Commands with which a boot loader starts the unit over (U-Boot `cmd/boot.c`, `cmd/wdt.c`).
const STARTS_OVER: &[&str] = &["reset", "wdt expire"];

/// How many lines behind such a command the next start begins at the latest.
const STARTS_WITHIN: u64 = 12;

/// All boots of all serial logs.
#[derive(Debug, Default)]
pub(crate) struct Boots {
    pub(crate) boots: Vec<Boot>,
    ends: Vec<(usize, u64)>,
    /// Where somebody asked the boot loader for its version last.
    version_asked: Option<Place>,
    /// Where somebody told the boot loader to start over last.
    restart_asked: Option<Place>,
}

impl Boots {
    pub(crate) fn new(reading: &Reading<'_>) -> Self {
        let mut boots = Self::default();
        let mut evidence = None;
        for line in &reading.lines {
            let is_log = reading.kind(line.place) == Some(EvidenceKind::SerialLog);
            if !is_log {
                continue;
            }
            if evidence != Some(line.place.evidence) {
                evidence = Some(line.place.evidence);
                let is_system_log = reading.shapes.get(line.place.evidence).is_some_and(Shape::is_system_log);
                boots.boots.push(if is_system_log { Boot::of_system(line.place) } else { Boot::default() });
            }
            boots.take(line);
        }
        boots.ends = reading.shapes.iter().map(|shape| shape.lines).enumerate().collect();
        boots
    }

    fn take(&mut self, line: &Line) {
        if boot_loader_prompt(&line.text) {
            let command = typed_command(&line.text);
            self.version_asked = command.starts_with("ver").then_some(line.place);
            let is_restart = STARTS_OVER.iter().any(|start| command.starts_with(start));
            self.restart_asked = is_restart.then_some(line.place);
        }
        let has = |number: &Option<Pattern>| number.is_some_and(|number| line.patterns.contains(&number));
        let marker = |pattern: &Pattern| NUMBERS.markers.get(pattern.index()).copied().flatten();
        if let Some(index) = line.patterns.iter().filter_map(marker).min() {
            self.mark(&MARKERS[index], line);
        }
        let Some(boot) = self.boots.last_mut() else { return };
        if NUMBERS.countdowns.iter().any(has) {
            boot.countdown = Some(line.place);
        }
        if NUMBERS.settled.iter().any(has) {
            boot.settled = Some(line.place);
        }
        if NUMBERS.found.iter().any(has) {
            boot.found = Some(line.place);
        }
        if NUMBERS.chained.iter().any(has) {
            boot.chained = Some(line.place);
        }
        if NUMBERS.loadings.iter().any(has) {
            boot.loading = Some(line.place);
        }
        let is_wished = self.restart_asked.is_some_and(|asked| {
            asked.evidence == line.place.evidence && line.place.line <= asked.line + RESTART_LINES
        });
        boot.announced_restart |= !is_wished && NUMBERS.restarts.iter().any(has);
        boot.woke |= NUMBERS.wakes.iter().any(has);
        if NUMBERS.mounted.iter().any(has) {
            boot.mounted = Some(line.place);
        }
        if line.kernel_seconds.is_some() {
            boot.kernel_spoke = Some(line.place);
        }
        let furthest = boot.furthest();
        if line.kernel_seconds.is_some_and(|seconds| seconds < STARTS_UNTIL) && furthest < Some(Linux) {
            boot.stages.push(Seen { is_implied: true, ..Seen::at(Linux, line.place) });
        }
        // A kernel that has been up for long and speaks after the loaders goes on where it slept, or its start was left out.
        if line.kernel_seconds.is_some_and(|seconds| seconds >= STARTS_UNTIL)
            && furthest.is_some_and(|kind| kind < Linux)
        {
            boot.stages.push(Seen { is_implied: true, ..Seen::at(Userspace, line.place) });
        }
        if line.is_applications && furthest < Some(Userspace) {
            boot.stages.push(Seen::at(Userspace, line.place));
        }
        if boot.stages.is_empty() && boot_loader_prompt(&line.text) {
            boot.stages.push(Seen { waits: true, ..Seen::at(Loader, line.place) });
        }
        let Some(seen) = boot.stages.last_mut() else { return };
        match seen.kind {
            StageKind::Loader if boot_loader_prompt(&line.text) => seen.waits = true,
            StageKind::Linux | StageKind::Userspace if shell_prompt(&line.text) => {
                boot.stages.push(Seen { waits: true, ..Seen::at(Shell, line.place) });
                return;
            }
            StageKind::Shell if shell_prompt(&line.text) => seen.waits = true,
            _ => {}
        }
        // What a kernel shows of where it crashed does not show that it goes on.
        if !markers::OF_TRACES.iter().any(|words| line.text.contains(words)) {
            seen.last = line.place;
        }
    }

    fn mark(&mut self, marker: &'static Marker, line: &Line) {
        let Some(boot) = self.boots.last_mut() else { return };
        let furthest = boot.furthest();
        // What a loader says of itself when it is asked is no start.
        let is_answer = |asked: Place| {
            asked.evidence == line.place.evidence && line.place.line <= asked.line + VERSION_LINES
        };
        if marker.banner && self.version_asked.is_some_and(is_answer) {
            return;
        }
        // A first stage sets up the memory too, and says so in the same words.
        if marker.pattern == MEMORY && furthest == Some(Spl) {
            return;
        }
        let is_started_by_the_last = marker.stage == Loader
            && furthest == Some(Loader)
            && boot.chained.is_some_and(|place| place.evidence == line.place.evidence);
        let again = marker.banner
            && !is_started_by_the_last
            && (furthest.is_some_and(|kind| kind > marker.stage) || boot.banners.contains(&marker.pattern));
        if again {
            let is_asked_for = self.restart_asked.take().is_some_and(|asked| {
                asked.evidence == line.place.evidence && line.place.line <= asked.line + STARTS_WITHIN
            });
            self.boots.push(Boot { is_asked_for, ..Boot::default() });
        } else if furthest.is_some_and(|kind| kind > marker.stage) {
            return;
        }
        let Some(boot) = self.boots.last_mut() else { return };
        if marker.banner {
            boot.banners.push(marker.pattern);
        }
        let uboot = marker.pattern.contains("U-Boot");
        match boot.stages.last_mut() {
            Some(seen) if seen.kind == marker.stage => {
                seen.last = line.place;
                // A boot loader that was handed over to by what counts as one.
                if uboot && !seen.uboot {
                    boot.found = Some(line.place);
                }
                seen.uboot |= uboot;
            }
            _ => {
                boot.stages.push(Seen { uboot, ..Seen::at(marker.stage, line.place) });
            }
        }
    }

    /// The boot that the evidence ends in.
    pub(crate) fn last(&self) -> Option<&Boot> {
        self.boots.iter().rev().find(|boot| !boot.stages.is_empty())
    }

    /// The boot that shows how far the unit gets: where it starts over, the one that got furthest.
    pub(crate) fn telling(&self) -> Option<&Boot> {
        if self.loops() <= 0.0 {
            return self.last();
        }
        let seen = self.boots.iter().filter(|boot| !boot.stages.is_empty());
        seen.max_by_key(|boot| boot.furthest())
    }

    /// The boot that a place lies in.
    pub(crate) fn at(&self, place: Place) -> Option<&Boot> {
        let starts = |boot: &&Boot| {
            boot.stages.first().map(|seen| seen.first).filter(|first| first.evidence == place.evidence)
        };
        let begun = self.boots.iter().rev().find(|boot| starts(boot).is_some_and(|first| first <= place));
        // What stands before the first sign of a stage belongs to the boot that it is a sign of.
        begun.or_else(|| self.boots.iter().find(|boot| starts(boot).is_some()))
    }

    /// Whether a later start in the same log got to the system, where the one that a place lies in did not: what stopped a
    /// loader then does not stop it now.
    pub(crate) fn gets_further_behind(&self, place: Place) -> bool {
        let Some(last) = self.last().filter(|_| self.loops() <= 0.0) else { return false };
        let starts = last.stages.first().map(|seen| seen.first);
        starts.is_some_and(|first| first.evidence == place.evidence && first > place)
            && last.furthest() >= Some(Userspace)
    }

    /// Whether the unit starts over without getting further, or says that it is about to. From 0 to 1.
    pub(crate) fn loops(&self) -> f64 {
        let seen: Vec<&Boot> = self.boots.iter().filter(|boot| !boot.stages.is_empty()).collect();
        let [.., before, last] = seen[..] else {
            let announced =
                seen.last().is_some_and(|boot| boot.announced_restart && boot.furthest() < Some(Shell));
            return if announced { ANNOUNCED } else { 0.0 };
        };
        if last.woke || last.is_asked_for && !last.announced_restart {
            return 0.0;
        }
        let log = |boot: &Boot| boot.stages.first().map(|seen| seen.first.evidence);
        let reached = self.boots.iter().filter(|boot| log(boot) == log(last) && !std::ptr::eq(*boot, last));
        let reached = reached.map(Boot::progress).max().unwrap_or_default();
        if log(before) != log(last) || reached.0 == Some(Shell) || last.progress() > reached {
            return if last.announced_restart && last.furthest() < Some(Shell) { ANNOUNCED } else { 0.0 };
        }
        0.9
    }

    /// The stages of all boots, as the report shows them.
    pub(crate) fn stages(&self, weights: &Weights) -> Vec<Stage> {
        let mut stages: Vec<Stage> = Vec::new();
        for (index, boot) in self.boots.iter().enumerate() {
            let restarted = self.boots.get(index + 1).is_some_and(|next| !next.stages.is_empty());
            for (position, seen) in boot.stages.iter().enumerate() {
                let next = boot.stages.get(position + 1);
                let last_line =
                    next.map_or_else(|| self.end_of(boot, index), |next| next.first.line.saturating_sub(1));
                let end = match next {
                    Some(_) => StageEnd::HandedOver,
                    None if seen.waits => StageEnd::Waiting,
                    None if weights.fault_between(seen.first, last_line) => StageEnd::Failed,
                    None if restarted || boot.announced_restart => StageEnd::Restarted,
                    None => StageEnd::Open,
                };
                let first_line = seen.first.line;
                stages.push(Stage {
                    name: seen.name().into(),
                    first_line,
                    last_line: last_line.max(first_line),
                    end,
                });
            }
        }
        stages.truncate(200);
        stages
    }

    fn end_of(&self, boot: &Boot, index: usize) -> u64 {
        let Some(evidence) = boot.stages.first().map(|seen| seen.first.evidence) else { return 0 };
        let next = self.boots[index + 1..].iter().find_map(|next| next.stages.first());
        match next.filter(|next| next.first.evidence == evidence) {
            Some(next) => next.first.line.saturating_sub(1),
            None => self.ends.get(evidence).map_or(0, |(_, lines)| *lines),
        }
    }
}

impl Seen {
    fn at(kind: StageKind, place: Place) -> Self {
        Self { kind, first: place, last: place, uboot: false, waits: false, is_implied: false }
    }

    pub(crate) fn is_uboot(&self) -> bool {
        self.uboot
    }

    fn name(&self) -> &'static str {
        match self.kind {
            StageKind::Rom => "rom",
            StageKind::Spl => "spl",
            StageKind::Loader if self.uboot => "u-boot",
            StageKind::Loader => "bootloader",
            StageKind::Linux => "linux",
            StageKind::Userspace => "userspace",
            StageKind::Shell => "shell",
        }
    }
}
