//! One boot, from a start to the next: its stages, and what each of them came to.

use super::{Loader, Seen, Spl, StageKind, Userspace};
use crate::rule::Level;
use crate::text::Place;

/// From a start to the next.
#[derive(Debug, Clone, Default)]
pub(crate) struct Boot {
    pub(crate) stages: Vec<Seen>,
    pub(super) banners: Vec<&'static str>,
    /// Where a countdown ran, so that there is a command to boot with.
    pub(super) countdown: Option<Place>,
    /// Where the boot loader's own drivers were set up.
    pub(super) settled: Option<Place>,
    /// Where the boot loader last found a file.
    pub(super) found: Option<Place>,
    /// Where it last had a kernel to start.
    pub(super) loading: Option<Place>,
    /// Where a boot loader last started another program, which may be a boot loader too.
    pub(super) chained: Option<Place>,
    /// Where its kernel last had a file system.
    pub(super) mounted: Option<Place>,
    /// Where its kernel spoke last.
    pub(super) kernel_spoke: Option<Place>,
    /// It announced its own restart.
    pub(crate) announced_restart: bool,
    /// It began because the unit woke up.
    pub(super) woke: bool,
    /// It began because somebody told the boot loader before it to start over.
    pub(crate) is_asked_for: bool,
}

impl Boot {
    /// A boot of which only the log of the system that came up is there.
    pub(super) fn of_system(first: Place) -> Self {
        Self { stages: vec![Seen::at(Userspace, first)], ..Self::default() }
    }

    pub(crate) fn furthest(&self) -> Option<StageKind> {
        self.stages.last().map(|seen| seen.kind)
    }

    /// How far it got: by its stages, and within the boot loader by what it came to.
    pub(super) fn progress(&self) -> (Option<StageKind>, u8) {
        let steps = [self.settled, self.countdown, self.loading];
        let step = steps.iter().rposition(Option::is_some).map_or(0, |step| step + 1);
        (self.furthest(), u8::try_from(step).unwrap_or_default())
    }

    /// Whether a countdown ran.
    pub(crate) fn counted_down(&self) -> bool {
        self.countdown.is_some()
    }

    /// Whether a U-Boot began, and came neither to its countdown or prompt nor to anything to start.
    pub(crate) fn stopped_before_countdown(&self) -> bool {
        let last = self.stages.last();
        last.is_some_and(|seen| seen.kind == Loader && seen.uboot && !seen.waits)
            && self.countdown.is_none()
            && self.loading.is_none()
    }

    /// Whether the boot loader had its drivers set up, or got to its countdown, after the place: what failed before was
    /// looking for parts that many boards do not have, not booting.
    pub(crate) fn settles_after(&self, place: Place) -> bool {
        let is_after = |other: Place| other.evidence == place.evidence && other > place;
        self.countdown.is_some_and(is_after) || self.settled.is_some_and(is_after)
    }

    /// Whether the boot loader's own drivers were set up, as U-Boot says it.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled.is_some()
    }

    /// Whether the boot loader's own drivers were set up, and it does not wait at its prompt.
    pub(crate) fn is_settled_and_goes_on(&self) -> bool {
        self.is_settled() && self.stages.last().is_some_and(|seen| !seen.waits)
    }

    /// Whether the boot loader found a file after the place.
    pub(crate) fn finds_after(&self, place: Place) -> bool {
        self.found.is_some_and(|found| found.evidence == place.evidence && found > place)
    }

    /// The place up to which all is well in its last stage: what failed before did not keep it from going on.
    pub(crate) fn well_until(&self) -> Option<Place> {
        let seen = self.stages.last()?;
        let steps = [self.settled, self.countdown, self.found, self.loading];
        let steps = steps.into_iter().flatten().filter(|step| step.evidence == seen.first.evidence);
        steps.chain([seen.first]).max()
    }

    /// Whether the boot loader had a kernel to start after the place.
    pub(crate) fn loads_after(&self, place: Place) -> bool {
        self.loading.is_some_and(|loading| loading.evidence == place.evidence && loading > place)
    }

    /// Whether a first stage of the boot loader speaks there, before the loader proper.
    pub(crate) fn is_of_first_stage(&self, place: Place) -> bool {
        let begun = |kind| self.stages.iter().any(|seen| seen.kind == kind && seen.first <= place);
        begun(Spl) && !begun(StageKind::Loader)
    }

    /// Whether the boot loader speaks there, before anything that it starts.
    fn is_of_loader(&self, place: Place) -> bool {
        let begun = |seen: &Seen| seen.first.evidence == place.evidence && seen.first <= place;
        self.stages.iter().any(|seen| seen.kind == Loader && begun(seen))
            && !self.stages.iter().any(|seen| seen.kind > Loader && begun(seen))
    }

    /// Whether a stage after this level began behind the place: the fault there was survived.
    pub(crate) fn survived(&self, level: Level, place: Place) -> bool {
        // What a boot loader says of flash and file systems, it says of its own.
        let level = match level {
            Level::Kernel | Level::System if self.is_of_loader(place) => Level::Loader,
            level => level,
        };
        let needed = match level {
            Level::Rom => StageKind::Loader,
            Level::Loader => StageKind::Linux,
            Level::Kernel => StageKind::Userspace,
            Level::System => StageKind::Shell,
            Level::Lasting | Level::Tool | Level::Output | Level::Said => return false,
        };
        let here = |other: Place| other > place && other.evidence == place.evidence;
        let is_behind = |seen: &Seen| {
            (seen.kind >= needed && here(seen.first)) || (seen.kind > needed && here(seen.last))
        };
        // What failed before the first loader began did not keep it from beginning.
        let is_first_loader = |seen: &Seen| level == Level::Rom && seen.kind == Spl && here(seen.first);
        // What starts a kernel may complain behind the line that tells of the start.
        let is_started = level <= Level::Loader && self.kernel_spoke.is_some_and(here);
        // What a kernel waited for is there when it has a file system.
        let has_files = level == Level::Kernel && self.mounted.is_some_and(here);
        is_started || has_files || self.stages.iter().any(|seen| is_behind(seen) || is_first_loader(seen))
    }
}

#[cfg(test)]
mod tests {
    use debrick_model::{Cause, EvidenceKind};

    use crate::case::Evidence;
    use crate::trial::by_rules_alone;

    #[test]
    fn what_a_loader_says_of_the_flash_is_survived_when_it_starts_a_kernel() {
        let fails = "ubi0 error: ubi_early_get_peb: no free eraseblocks\n";
        let loader = format!(
            "U-Boot 2025.10 (Dec 11 2025 - 10:49:42 +0000)\nLoading Environment from UBI... {fails}\
             Hit any key to stop autoboot:  0\n"
        );
        let starts = "12198587 bytes read in 529 ms\n## Loading kernel from FIT Image at 82000000 ...\n\
                      Verifying Hash Integrity ... OK\nUncompressing Kernel Image to 86000000\nStarting kernel ...\n";
        let likelihood = |log: String| {
            let log = [Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: log }];
            let findings = by_rules_alone(&log).findings;
            findings
                .iter()
                .find(|one| one.cause == Cause::FlashHardwareFault)
                .map_or(0.0, |one| one.likelihood)
        };
        assert!(likelihood(loader.clone()) > 0.3);
        assert!(likelihood(format!("{loader}{starts}")) < 0.2);
        // The kernel itself says it.
        let later = format!("{loader}{starts}[    1.0] Linux version 6.6\n[    2.0] {fails}");
        assert!(likelihood(later) > 0.3);
    }
}
