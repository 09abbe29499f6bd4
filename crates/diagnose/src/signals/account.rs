//! A person's account as a whole: what was done to the unit, what it shows since, and what was tried without success.
//!
//! Single phrases are rules of `rules::symptom`. Here words of one meaning, in the languages that people write, count as
//! one, and what is concluded comes from which of them stand together: firmware was written and the unit is silent
//! since; several images fail the same way; it died and nobody had written anything.

mod done;
mod seen;
mod tools;
mod words;

use debrick_model::{Action as A, Cause as C, EvidenceKind, State as S};

use crate::text::{Place, Reading};
use crate::weigh::{Weights, cite};
use done::{
    BACK_TO_STOCK, BIOS_WRITTEN, BROKEN_OFF, CHANGED_DRIVER, LOADER_WRITTEN, MANY_IMAGES, OTHER_SUPPLY,
    OUTSIDE_DAMAGE, STOPPED, UNFINISHED, VIRTUAL_MACHINE, WIRES, WROTE,
};
use seen::{
    BAD_STORAGE, DEEPLY_GONE, DIFFERENT_EACH_TIME, GONE, LOOPS, NO_LOSS, NO_NETWORK, OTHER_MEDIUM_WORKS,
    POWER_CYCLE_HELPS, SETTLES, SILENT, SUDDENLY, WORKS_AGAIN,
};
use tools::{AFTERWARDS, DRIVER, ENTERS_MODE, FAILS, OTHER_TOOL_WORKS, TOOLS};
use words::Words;

/// The longest part of an account that is read, in characters.
const MAX_READ: usize = 20_000;

/// What is left of a conclusion where a log or a tool speaks too: they know better.
const BESIDE_OTHERS: f64 = 0.5;

/// Below this likelihood of every cause an account is read for what is usual.
const NOTHING_FROM: f64 = 0.25;

/// What ends a sentence.
const ENDS: [char; 8] = ['.', '!', '?', ';', '\n', '。', '！', '？'];

/// Words that stand together, and what they say.
struct Conclusion {
    all: &'static [&'static Words],
    /// All of these in one sentence, or in two that follow each other.
    near: &'static [&'static Words],
    none: &'static [&'static Words],
    says: &'static str,
    causes: &'static [(C, f64)],
    state: Option<(S, f64)>,
    actions: &'static [A],
}

/// What usually is behind a unit that does not start, where nothing else is known.
const USUAL_OF_UNITS: &[(C, f64)] =
    &[(C::FirmwareBug, 0.31), (C::ImageCorrupt, 0.22), (C::ImageWrongDevice, 0.2)];

/// What usually is behind a tool that does not get at a unit.
const USUAL_OF_TOOLS: &[(C, f64)] =
    &[(C::LinkFault, 0.31), (C::ToolMismatch, 0.3), (C::NotInRecoveryMode, 0.24), (C::HostPermission, 0.16)];

static CONCLUSIONS: &[Conclusion] = &[
    Conclusion {
        all: &[&WROTE],
        near: &[&BROKEN_OFF, &UNFINISHED],
        none: &[&NO_LOSS],
        says: "The power was taken, or the update stopped by hand, before it was done.",
        causes: &[(C::UpdateInterrupted, 0.58), (C::ImageIncomplete, 0.35)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode, A::ResumeUpdate],
    },
    Conclusion {
        all: &[],
        near: &[&WROTE, &STOPPED],
        none: &[],
        says: "The update stopped before it was done.",
        causes: &[(C::UpdateInterrupted, 0.46), (C::ImageIncomplete, 0.35)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode, A::ResumeUpdate],
    },
    Conclusion {
        all: &[&POWER_CYCLE_HELPS],
        near: &[],
        none: &[],
        says: "It starts when it is switched off and on, and not when it restarts itself.",
        causes: &[(C::FirmwareBug, 0.4)],
        state: None,
        actions: &[A::PowerCycleAndRetry, A::InstallOtherBuild],
    },
    Conclusion {
        all: &[&WIRES],
        near: &[],
        none: &[],
        says: "The wires between computer and unit are under suspicion.",
        causes: &[(C::LinkFault, 0.45)],
        state: None,
        actions: &[A::SwapCableOrPort],
    },
    Conclusion {
        all: &[&VIRTUAL_MACHINE, &TOOLS],
        near: &[],
        none: &[],
        says: "The tool runs in a virtual machine, which often loses a unit that changes its mode.",
        causes: &[(C::LinkFault, 0.4), (C::ToolMismatch, 0.38)],
        state: None,
        actions: &[A::ChangeToolOrOption, A::SwapCableOrPort],
    },
    Conclusion {
        all: &[&OTHER_SUPPLY, &WORKS_AGAIN],
        near: &[],
        none: &[],
        says: "With another supply it works.",
        causes: &[(C::PowerFault, 0.5)],
        state: None,
        actions: &[A::FixPower],
    },
    Conclusion {
        all: &[&OTHER_TOOL_WORKS],
        near: &[],
        none: &[],
        says: "With another tool, or in another way, it works.",
        causes: &[(C::ToolMismatch, 0.46)],
        state: None,
        actions: &[A::ChangeToolOrOption],
    },
    Conclusion {
        all: &[&BAD_STORAGE, &MANY_IMAGES],
        near: &[],
        none: &[],
        says: "Several images fail alike, and the storage itself is complained about.",
        causes: &[(C::FlashHardwareFault, 0.55)],
        state: None,
        actions: &[A::ReplaceHardware, A::SeekProfessional],
    },
    Conclusion {
        all: &[&WROTE, &DIFFERENT_EACH_TIME],
        near: &[],
        none: &[],
        says: "Writing breaks off at another place each time, as with a bad cable or port.",
        causes: &[(C::LinkFault, 0.5), (C::PowerFault, 0.25)],
        state: None,
        actions: &[A::SwapCableOrPort, A::FixPower],
    },
    Conclusion {
        all: &[&LOADER_WRITTEN, &GONE],
        near: &[],
        none: &[&WORKS_AGAIN],
        says: "The boot loader itself was written, and the unit shows no life since.",
        causes: &[(C::BootloaderCorrupt, 0.48), (C::ImageWrongDevice, 0.2)],
        state: Some((S::NoOutput, 0.35)),
        actions: &[A::EnterRecoveryMode, A::ReflashCorrectImage, A::RestoreBootloader],
    },
    Conclusion {
        all: &[&WROTE, &DEEPLY_GONE],
        near: &[],
        none: &[&WORKS_AGAIN, &WIRES],
        says: "Since it was written, not even what starts first shows life.",
        causes: &[(C::BootloaderCorrupt, 0.4), (C::ImageWrongDevice, 0.26), (C::ImageCorrupt, 0.2)],
        state: Some((S::NoOutput, 0.45)),
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[&WROTE, &BIOS_WRITTEN, &GONE],
        near: &[],
        none: &[&WORKS_AGAIN],
        says: "What starts the whole unit was written, and the unit does not start since.",
        causes: &[(C::BootloaderCorrupt, 0.42), (C::ImageWrongDevice, 0.2)],
        state: Some((S::NoOutput, 0.4)),
        actions: &[A::RestoreBootloader, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[&LOADER_WRITTEN, &WORKS_AGAIN],
        near: &[],
        none: &[],
        says: "With another boot loader it works.",
        causes: &[(C::BootloaderOutdated, 0.45), (C::BootloaderCorrupt, 0.35)],
        state: None,
        actions: &[A::UpdateBootloader],
    },
    Conclusion {
        all: &[&WROTE, &BACK_TO_STOCK, &GONE],
        near: &[],
        none: &[&BAD_STORAGE, &WORKS_AGAIN],
        says: "The vendor's firmware was written over another system, which often takes it in another form.",
        causes: &[(C::ImageWrongDevice, 0.32), (C::ImageCorrupt, 0.31), (C::ImageIncomplete, 0.15)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[&OTHER_MEDIUM_WORKS],
        near: &[],
        none: &[],
        says: "With another card or stick it works.",
        causes: &[(C::FlashHardwareFault, 0.4), (C::RecoveryMediaWrong, 0.36)],
        state: None,
        actions: &[A::ReplaceHardware, A::ChangeToolOrOption],
    },
    Conclusion {
        all: &[&CHANGED_DRIVER],
        near: &[],
        none: &[],
        says: "The driver on this computer was changed by hand.",
        causes: &[(C::HostPermission, 0.5)],
        state: None,
        actions: &[A::InstallDriverOrPermission],
    },
    Conclusion {
        all: &[&ENTERS_MODE, &DRIVER],
        near: &[],
        none: &[],
        says: "The unit enters its recovery mode, and the computer does not offer it to the program.",
        causes: &[(C::HostPermission, 0.42), (C::ToolMismatch, 0.2)],
        state: Some((S::RecoveryMode, 0.3)),
        actions: &[A::InstallDriverOrPermission],
    },
    Conclusion {
        all: &[&OUTSIDE_DAMAGE],
        near: &[],
        none: &[],
        says: "Something from outside may have damaged the unit.",
        causes: &[(C::PowerFault, 0.36), (C::FlashHardwareFault, 0.3)],
        state: None,
        actions: &[A::ReplaceHardware, A::SeekProfessional],
    },
    Conclusion {
        all: &[&SUDDENLY, &GONE],
        near: &[],
        none: &[&WROTE],
        says: "It died in service, without anybody having written to it.",
        causes: &[(C::PowerFault, 0.33), (C::FlashHardwareFault, 0.32), (C::BootloaderCorrupt, 0.15)],
        state: None,
        actions: &[A::FixPower, A::ReplaceHardware],
    },
    Conclusion {
        all: &[&SETTLES],
        near: &[],
        none: &[],
        says: "After a while, or on the next start, it works.",
        causes: &[(C::NoFault, 0.42)],
        state: Some((S::Healthy, 0.45)),
        actions: &[A::NothingNeeded],
    },
    Conclusion {
        all: &[&LOOPS],
        near: &[],
        none: &[],
        says: "The unit starts over and over.",
        causes: &[],
        state: Some((S::BootLoop, 0.4)),
        actions: &[],
    },
    Conclusion {
        all: &[&SILENT],
        near: &[],
        none: &[&LOOPS],
        says: "The unit says and shows nothing.",
        causes: &[],
        state: Some((S::NoOutput, 0.3)),
        actions: &[],
    },
    Conclusion {
        all: &[&NO_NETWORK],
        near: &[],
        none: &[&LOOPS, &SILENT],
        says: "The system runs, and its network does not.",
        causes: &[],
        state: Some((S::BootsDegraded, 0.3)),
        actions: &[],
    },
];

/// All accounts of a case, read together.
pub(crate) struct Account {
    /// In lower case, with single spaces between words and around all of them.
    text: String,
    /// The same, in sentences.
    sentences: Vec<String>,
    /// Where it stands.
    place: Place,
    /// Whether a log or a tool speaks too.
    has_others: bool,
    /// A version of which it says that it works.
    names_working_version: bool,
}

impl Account {
    /// What people say in the evidence; `None` where nobody says anything.
    pub(crate) fn read(reading: &Reading<'_>) -> Option<Self> {
        let told = |kind: EvidenceKind| {
            let items = reading.evidence.iter().enumerate();
            items.filter(move |(_, item)| item.kind == kind && !item.text.trim().is_empty())
        };
        let evidence = told(EvidenceKind::Symptom).next()?.0;
        let mut raw = String::new();
        for (_, item) in told(EvidenceKind::Symptom) {
            raw.extend(item.text.chars().take(MAX_READ));
            raw.push('\n');
        }
        let has_others =
            told(EvidenceKind::SerialLog).next().is_some() || told(EvidenceKind::ToolOutput).next().is_some();
        let names_working_version = words::names_working_version(&raw);
        let place = Place { evidence, line: 0 };
        let sentences = raw.split(ENDS).map(words::plain).filter(|sentence| sentence.len() > 1).collect();
        Some(Self { text: words::plain(&raw), sentences, place, has_others, names_working_version })
    }

    /// Whether it tells of a unit that does not work after all.
    pub(crate) fn tells_of_failure(&self) -> bool {
        (GONE.are_in(&self.text) || LOOPS.are_in(&self.text)) && !SETTLES.are_in(&self.text)
    }

    fn holds(&self, conclusion: &Conclusion) -> bool {
        let are_near = |sentences: &[String]| {
            conclusion.near.iter().all(|words| sentences.iter().any(|sentence| words.are_in(sentence)))
        };
        let near = conclusion.near.is_empty()
            || self.sentences.windows(2).any(are_near)
            || self.sentences.iter().any(|sentence| are_near(std::slice::from_ref(sentence)));
        near && conclusion.all.iter().all(|words| words.are_in(&self.text))
            && !conclusion.none.iter().any(|words| words.are_in(&self.text))
    }

    /// Whether it tells of a tool that does not get at the unit, rather than of a unit that does not start.
    fn is_about_tool(&self) -> bool {
        TOOLS.are_in(&self.text) && FAILS.are_in(&self.text) && !AFTERWARDS.are_in(&self.text)
    }

    /// Adds what its words say together.
    pub(super) fn weigh(&self, reading: &Reading<'_>, weights: &mut Weights) {
        let share = if self.has_others { BESIDE_OTHERS } else { 1.0 };
        for conclusion in CONCLUSIONS {
            if !self.holds(conclusion) {
                continue;
            }
            let line = cite(reading, self.place, "", conclusion.says);
            for (cause, weight) in conclusion.causes {
                weights.add(*cause, weight * share, conclusion.actions, Some(line.clone()));
            }
            if let Some((state, weight)) = conclusion.state {
                weights.hint(state, weight * share);
            }
        }
        if self.names_working_version {
            let line = cite(reading, self.place, "", "It names a version that works.");
            weights.add(C::FirmwareBug, 0.42 * share, &[A::InstallOtherBuild], Some(line));
        }
    }

    /// Where no rule knows what is said, what usually is behind it. These weights are about the shares of causes among
    /// reports that threads of users settled; they keep any finding a guess.
    pub(super) fn guess(&self, reading: &Reading<'_>, weights: &mut Weights) {
        let decided = weights.findings().first().is_some_and(|finding| finding.likelihood >= NOTHING_FROM);
        let has_log = reading
            .evidence
            .iter()
            .any(|item| item.kind == EvidenceKind::SerialLog && !item.text.trim().is_empty());
        if decided || has_log {
            return;
        }
        let line = cite(
            reading,
            self.place,
            "",
            "Nothing in what is said names a cause; this one is the most usual.",
        );
        let (causes, actions): (&[(C, f64)], &'static [A]) = match self.is_about_tool() {
            true => (USUAL_OF_TOOLS, &[A::SwapCableOrPort, A::ChangeToolOrOption]),
            false => (USUAL_OF_UNITS, &[A::ReflashCorrectImage]),
        };
        for (cause, weight) in causes {
            weights.add(*cause, *weight, actions, Some(line.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Evidence, diagnose};

    #[track_caller]
    fn check(account: &str, cause: C, action: A) -> S {
        let evidence =
            [Evidence { kind: EvidenceKind::Symptom, name: "answers".into(), text: account.into() }];
        let diagnosis = diagnose(&evidence);
        let first = diagnosis.actions.first().map(|proposed| proposed.action);
        assert_eq!((diagnosis.cause(), first), (cause, Some(action)), "{account}: {diagnosis:?}");
        diagnosis.state
    }

    #[test]
    fn what_was_done_and_what_it_shows() {
        check(
            "I started the upgrade and took it off the mains, maybe it was still going on. Nothing happens now.",
            C::UpdateInterrupted,
            A::ReflashCorrectImage,
        );
        check(
            "It reports bad blocks. I tried different firmware versions over TFTP.",
            C::FlashHardwareFault,
            A::ReplaceHardware,
        );
        check("Flashing fails at the rootfs but gets further each time.", C::LinkFault, A::SwapCableOrPort);
        let state = check(
            "I wrote the image to the bootloader partition and cannot get anything from UART.",
            C::BootloaderCorrupt,
            A::EnterRecoveryMode,
        );
        assert_eq!(state, S::NoOutput);
        check(
            "After I used Zadig and changed the driver it is gone.",
            C::HostPermission,
            A::InstallDriverOrPermission,
        );
        check(
            "The router worked for two years and suddenly died, nothing lights up.",
            C::PowerFault,
            A::FixPower,
        );
        check(
            "During apt upgrade it stopped in the middle, and now it fails to come up.",
            C::UpdateInterrupted,
            A::ReflashCorrectImage,
        );
        check("I had the SOIC clip on the wrong way round.", C::LinkFault, A::SwapCableOrPort);
        check("flashrom does not detect anything, with an error.", C::LinkFault, A::SwapCableOrPort);
        check(
            "doflash.sh gives an error; lsusb in my VirtualBox shows it.",
            C::LinkFault,
            A::ChangeToolOrOption,
        );
        check(
            "Powered from the serial adapter it did not boot. With a separate supply it works now.",
            C::PowerFault,
            A::FixPower,
        );
        check("The command line fails, the GUI tool works.", C::ToolMismatch, A::ChangeToolOrOption);
        check("Release 2.5.6 loops. 2.5.5 works ok.", C::FirmwareBug, A::InstallOtherBuild);
    }

    #[test]
    fn a_tool_that_is_content_does_not_outweigh_its_user() {
        let evidence = |kind, text: &str| Evidence { kind, name: "evidence".into(), text: text.into() };
        let cause = |account| {
            let output = "Waiting for remote to respond.\nReboot your device now.";
            diagnose(&[evidence(EvidenceKind::Symptom, account), evidence(EvidenceKind::ToolOutput, output)])
                .cause()
        };
        assert_ne!(cause("When I reboot it, the light goes out and I get nothing again."), C::NoFault);
        assert_eq!(cause("The tool said this."), C::NoFault);
    }
}
