//! Where a boot loader starts a kernel and the log ends, or the kernel gets no further.

use debrick_model::{Cause, EvidenceKind, State};

use super::Signals;
use super::loaded::KERNEL_BANNER;
use crate::text::Place;
use crate::timeline::{Boot, Seen, StageKind};
use crate::weigh::Weights;

/// What loaders say when the kernel has its checksum and could be unpacked (U-Boot `boot/bootm.c`; Linux
/// `arch/arm/boot/compressed/misc.c`).
pub(super) const LOADED_WHOLE: &[&str] = &[
    "Verifying Checksum * OK",
    "Verifying Hash Integrity * OK",
    "Uncompressing Kernel Image * OK",
    "Uncompressing Linux* done",
    "Loading Kernel Image * OK",
];

/// So many lines before a kernel is started show more than the place where a start stops.
const FEWEST_BEFORE_START: u64 = 4;

impl Signals<'_> {
    /// The last stage is a kernel that may have said something, and did not come to its file system.
    pub(super) fn kernel_without_a_word(&self, boot: &Boot, weights: &mut Weights) {
        let Some(seen) = boot.stages.last().filter(|seen| seen.kind == StageKind::Linux) else { return };
        if weights.has_fault() {
            return;
        }
        let shape = self.reading.shapes.get(seen.first.evidence);
        let has_stamps = shape.is_some_and(|shape| shape.last_kernel_line >= seen.first.line);
        let spoke = has_stamps || self.lines(KERNEL_BANNER).any(|line| line.place >= seen.first);
        if !spoke && self.shows_what_led_to(seen, weights) {
            let says = "The kernel is started, the log ends there, and nobody says that nothing more comes.";
            let line = self.at(seen).map(|line| self.cite(line, says));
            weights.add(Cause::NoFault, 0.42, &[], line.clone());
            weights.add(Cause::FirmwareBug, 0.3, &[], line);
            weights.hint(State::Healthy, 0.4);
            return;
        }
        // A log that was cut, or of which nobody says that it stops there, may go on.
        if self.is_cut(seen) || (spoke && !weights.success_is_denied() && !self.is_in_trouble(seen.first)) {
            let says = "The kernel starts, and nothing failed as far as the log goes.";
            let line = self.at(seen).map(|line| self.cite(line, says));
            // Where all that looks like trouble is none, that speaks for itself.
            let start = Place { evidence: seen.first.evidence, line: 0 };
            if self.noise().is_none() || self.is_in_trouble(start) {
                weights.add(Cause::NoFault, 0.38, &[], line.clone());
            }
            weights.add(Cause::FirmwareBug, 0.28, &[], line);
            weights.hint(State::Healthy, 0.4);
            return;
        }
        // Lines of a kernel alone are more often shown by somebody who can read its log on the unit.
        let is_shown_from_within = seen.is_implied && !weights.success_is_denied();
        weights.hint(
            if is_shown_from_within { State::BootsDegraded } else { State::KernelHang },
            if spoke { 0.4 } else { 0.7 },
        );
        let says = match spoke {
            true => "The kernel started, and the log ends before it came to its file system.",
            false => "The kernel was started and said nothing.",
        };
        let line = self.at(seen).map(|line| self.cite(line, says));
        // A kernel that was loaded whole and says nothing is more often one that does not suit the loader or the board
        // than a damaged one.
        let was_whole =
            LOADED_WHOLE.iter().any(|pattern| self.lines(pattern).any(|line| line.place < seen.last));
        for (cause, weight) in [
            (Cause::FirmwareBug, if was_whole || spoke { 0.38 } else { 0.28 }),
            (Cause::KernelCrash, 0.25),
            (Cause::ImageWrongDevice, 0.18),
            (Cause::BootEnvironmentCorrupt, 0.2),
            (Cause::BootloaderOutdated, 0.2),
        ] {
            weights.add(cause, weight, &[], line.clone());
        }
    }

    /// Whether a log that somebody shows has a loader at work before it starts a kernel, once, and nobody complains of
    /// what follows. Who shows where a start stops quotes the last line, or says so.
    fn shows_what_led_to(&self, seen: &Seen, weights: &Weights) -> bool {
        let is_told_of = self.reading.evidence.iter().any(|item| item.kind == EvidenceKind::Symptom);
        let is_doubted =
            self.is_watched || is_told_of || weights.success_is_denied() || self.boots.loops() > 0.0;
        seen.first.line > FEWEST_BEFORE_START && !is_doubted
    }
}

#[cfg(test)]
mod tests {
    use debrick_model::{Cause, EvidenceKind, State};

    use crate::case::Evidence;
    use crate::trial::by_rules_alone;

    fn of_log(log: &str) -> (Cause, State) {
        let diagnosis = by_rules_alone(&[Evidence {
            kind: EvidenceKind::SerialLog,
            name: "log".into(),
            text: log.into(),
        }]);
        (diagnosis.cause(), diagnosis.state)
    }

    #[test]
    fn a_first_loader_that_came_after_trouble_and_hands_over_is_well() {
        let log = "try sd...\nERROR:   CMD8\nERROR:   sd f! l:90\nnor m:0xc8 d:0x6017\n\n\
                   U-Boot SPL 2022.10 (Apr 28 2026 - 15:32:04 +0000)\nDDR quick boot consume 9ms\n";
        let handed_over = format!("{log}Jumping to U-Boot via RISC-V OpenSBI\n");
        assert_eq!(of_log(&handed_over), (Cause::NoFault, State::Healthy));
        let failed = format!("{log}ERROR:   BL31 not found\n");
        assert_ne!(of_log(&failed).0, Cause::NoFault);
    }

    #[test]
    fn a_kernel_that_speaks_was_started_whatever_its_loader_said() {
        let log = "EFI stub: Booting Linux Kernel...\nEFI stub: ERROR: Failed to relocate kernel\n\
                   EFI stub: Exiting boot services...\n";
        let spoke = format!("{log}[    0.000000] Booting Linux on physical CPU 0x0\n");
        assert_eq!(of_log(&spoke), (Cause::NoFault, State::Healthy));
        assert_ne!(of_log(log).0, Cause::NoFault);
    }

    #[test]
    fn a_loader_that_goes_on_did_not_need_what_it_missed() {
        let settings = "Loading Environment from FAT... MMC: no card present\n** Bad device mmc 0 **\n";
        assert_eq!(of_log(&format!("{settings}Failed (-5)\n")).0, Cause::NoFault);
        let network = "Booting entry 'net'\nT T T T T T T T T T T T\n";
        assert_eq!(
            of_log(&format!("{network}Loading ARM Linux zImage '/mnt/tftp/linux'\n")).0,
            Cause::NoFault
        );
        assert_ne!(of_log(network).0, Cause::NoFault);
    }

    #[test]
    fn a_root_that_was_waited_for_and_is_there_has_no_fault() {
        let waits = "[    2.358046] Waiting for root device /dev/mmcblk0p2...\n";
        let mounted = "[    2.499426] EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode.\n";
        assert_eq!(of_log(&format!("{waits}{mounted}")).0, Cause::NoFault);
        assert_ne!(of_log(&format!("{mounted}{waits}")).0, Cause::NoFault);
    }

    #[test]
    fn what_somebody_tries_at_a_prompt_and_types_on_is_no_fault() {
        let log = "=> checks\nChecksum 6100 error: calculated 7100\n=> repairs\nChecksum 7100 written\n=>\n";
        assert_eq!(of_log(log).0, Cause::NoFault);
        assert_ne!(of_log("=> checks\nChecksum 6100 error: calculated 7100\n=>\n").0, Cause::NoFault);
        assert_eq!(of_log("=> dm uclass\nCannot find uclass for id 1: add it\n").0, Cause::NoFault);
    }

    #[test]
    fn programs_that_start_and_end_in_trouble_are_not_well() {
        let log = "[    1.919816] Run /init as init process\n[    8.219396] /dev/disk/root: Can't open blockdev\n\
                   mount: mounting /dev/disk/root on /mnt failed: No such file or directory\n";
        assert_ne!(of_log(log).0, Cause::NoFault);
    }

    #[test]
    fn a_restart_that_somebody_typed_is_none_of_the_units() {
        let log = "=> wdt dev watchdog@1c20ca0\n=> wdt reset\n=> COMMAND\n\n\
                   U-Boot SPL 2022.04-rc3 (Mar 25 2022 - 13:48:33 +0000)\n";
        assert_eq!(of_log(&log.replace("COMMAND", "wdt expire")), (Cause::NoFault, State::Healthy));
        assert_ne!(of_log(&log.replace("COMMAND", "bootm 42000000")).0, Cause::NoFault);
        assert_ne!(of_log("WDT reset\nU-Boot SPL 2022.04 (Mar 25 2022)\n").0, Cause::NoFault);
    }
}
