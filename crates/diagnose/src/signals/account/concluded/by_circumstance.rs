//! Under which circumstances a unit works or does not: what it is run from, how it restarts, what locks it.

use debrick_model::{Action as A, Cause as C, State as S};

use super::super::said::circumstances::{
    AFTER_WRITING, BAD_FILE, JUST_WORKS, MARKED_CORRUPT, NOT_ENUMERATED, NOT_NEWER, NOT_UNLOCKED,
    NOTHING_WORKS, RESTART_HANGS, RUN_FROM, UPDATES_AGAIN, WRONG_BUILD,
};
use super::super::said::done::{STOPPED, WROTE};
use super::super::said::life::{DEEPLY_GONE, SILENT};
use super::super::said::lights::SHOWS_ROM;
use super::super::said::means::{
    BAD_LOADER, CARD_MADE_ANEW, CHARGED, ENDLESSLY, ENTERING, FAILED_WRITE, FORCED, GOES_BLACK, KIND_OF_PORT,
    LOADER_AGAIN, MODULES, NO_CONSOLE, NO_HELP, NO_ROOM, OTHER_RELEASE, PART_FAILS, PART_ONLY,
    RECOVERY_SYSTEM, SLOTS, STRAPPED, STRAPS,
};
use super::super::said::mishaps::{HELPED, RESET_TO_FACTORY, WORKED};
use super::super::said::mismatched::OTHER_PLACE;
use super::super::said::outcome::{CARD, NOT_TAKEN};
use super::super::said::praise::ENDED_WELL;
use super::super::said::seen::{GONE, LOOPS, WORKS_AGAIN};
use super::super::said::tools::{ENTERS_MODE, FAILS, NOT_ENTERED};
use super::Conclusion;

pub(crate) static BY_CIRCUMSTANCE: &[Conclusion] = &[
    Conclusion {
        all: &[],
        near: &[&NO_ROOM, &WROTE],
        none: &[&GONE, &LOOPS],
        says: "An update was not taken because there was no room for it.",
        causes: &[(C::ImageTooLarge, 0.25)],
        state: Some((S::RefusedUnharmed, 0.6)),
        actions: &[A::InstallOtherBuild, A::ChangeToolOrOption],
    },
    Conclusion {
        all: &[],
        near: &[&STRAPS, &STRAPPED],
        none: &[],
        says: "A pin that chooses how the chip starts was not as it has to be.",
        causes: &[(C::NotInRecoveryMode, 0.47)],
        state: Some((S::RecoveryMode, 0.25)),
        actions: &[A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[&NO_CONSOLE, &WROTE],
        near: &[],
        none: &[&WORKS_AGAIN],
        says: "Not even its boot loader speaks on the console.",
        causes: &[(C::BootloaderCorrupt, 0.36)],
        state: Some((S::NoOutput, 0.5)),
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[&NO_CONSOLE],
        near: &[],
        none: &[&WORKS_AGAIN, &WROTE],
        says: "Not even its boot loader speaks on the console, and nothing is said to have been written.",
        causes: &[(C::BootloaderCorrupt, 0.38), (C::PowerFault, 0.15), (C::RamFault, 0.15)],
        state: Some((S::NoOutput, 0.5)),
        actions: &[A::FixPower, A::SeekProfessional, A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[&FAILED_WRITE],
        near: &[],
        none: &[&WORKS_AGAIN],
        says: "The write itself failed.",
        causes: &[(C::ImageIncomplete, 0.36), (C::UpdateInterrupted, 0.34), (C::ImageCorrupt, 0.32)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[&FAILED_WRITE, &SHOWS_ROM],
        near: &[],
        none: &[],
        says: "Since a write failed only the ROM of the unit speaks.",
        causes: &[(C::BootloaderCorrupt, 0.3)],
        state: Some((S::RecoveryMode, 0.5)),
        actions: &[A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[&KIND_OF_PORT],
        near: &[],
        none: &[],
        says: "It depends on the kind of the port.",
        causes: &[(C::LinkFault, 0.44)],
        state: None,
        actions: &[A::SwapCableOrPort],
    },
    Conclusion {
        all: &[],
        near: &[&ENTERING, &ENDLESSLY],
        none: &[],
        says: "The tool waits for the unit to enter its mode, or for the computer to offer it.",
        causes: &[(C::NotInRecoveryMode, 0.42), (C::HostPermission, 0.36), (C::LinkFault, 0.25)],
        state: Some((S::RecoveryMode, 0.25)),
        actions: &[A::EnterRecoveryMode, A::InstallDriverOrPermission],
    },
    Conclusion {
        all: &[],
        near: &[&SLOTS, &HELPED],
        none: &[],
        says: "It has two slots, and the other one is to be started.",
        causes: &[(C::BootEnvironmentCorrupt, 0.4), (C::RecoveryFlagStuck, 0.2)],
        state: None,
        actions: &[A::FixBootEnvironment],
    },
    Conclusion {
        all: &[&CHARGED, &HELPED],
        near: &[],
        none: &[],
        says: "When it was charged, it worked.",
        causes: &[(C::PowerFault, 0.48)],
        state: Some((S::Healthy, 0.35)),
        actions: &[A::FixPower],
    },
    Conclusion {
        all: &[&PART_FAILS],
        near: &[],
        none: &[&LOOPS, &SILENT],
        says: "The system runs, and a part of it does not work.",
        causes: &[],
        state: Some((S::BootsDegraded, 0.4)),
        actions: &[],
    },
    Conclusion {
        all: &[&ENTERS_MODE],
        near: &[],
        none: &[&LOOPS, &WORKS_AGAIN, &NOT_ENTERED],
        says: "It enters the mode in which it is written.",
        causes: &[],
        state: Some((S::RecoveryMode, 0.26)),
        actions: &[],
    },
    Conclusion {
        all: &[&CARD],
        near: &[&CARD_MADE_ANEW, &WORKED],
        none: &[&NOTHING_WORKS],
        says: "With another card, or the card made anew, it works.",
        causes: &[(C::RecoveryMediaWrong, 0.5)],
        state: Some((S::Healthy, 0.35)),
        actions: &[A::ChangeToolOrOption],
    },
    Conclusion {
        all: &[&RECOVERY_SYSTEM],
        near: &[&OTHER_RELEASE, &WORKED],
        none: &[],
        says: "With another version of the recovery system it works.",
        causes: &[(C::ToolMismatch, 0.52)],
        state: Some((S::Healthy, 0.3)),
        actions: &[A::ChangeToolOrOption],
    },
    Conclusion {
        all: &[&FAILED_WRITE],
        near: &[&AFTER_WRITING, &NOT_ENUMERATED],
        none: &[&WORKS_AGAIN],
        says: "Since a write failed, it does not enter the mode in which it is written.",
        causes: &[(C::BootloaderCorrupt, 0.36)],
        state: None,
        actions: &[],
    },
    Conclusion {
        all: &[&FORCED, &GONE],
        near: &[],
        none: &[],
        says: "It was written against a warning, and the unit does not start since.",
        causes: &[(C::ImageWrongDevice, 0.46)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[&PART_ONLY],
        near: &[],
        none: &[],
        says: "What was written is a part only.",
        causes: &[(C::ImageIncomplete, 0.48)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::RedownloadImage],
    },
    Conclusion {
        all: &[&LOADER_AGAIN, &HELPED],
        near: &[],
        none: &[&NO_HELP],
        says: "When its boot loader was written again, it worked.",
        causes: &[(C::BootloaderCorrupt, 0.5)],
        state: Some((S::Healthy, 0.3)),
        actions: &[A::RestoreBootloader, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[],
        near: &[&RESET_TO_FACTORY, &HELPED],
        none: &[&NO_HELP],
        says: "When what was set was put back, it started.",
        causes: &[(C::SettingsCorrupt, 0.4)],
        state: None,
        actions: &[A::FactoryResetSettings],
    },
    Conclusion {
        all: &[&MODULES, &LOOPS],
        near: &[],
        none: &[],
        says: "A module that changes the system keeps it from starting.",
        causes: &[(C::FirmwareBug, 0.46), (C::SettingsCorrupt, 0.34)],
        state: None,
        actions: &[A::InstallOtherBuild, A::FactoryResetSettings],
    },
    Conclusion {
        all: &[&BAD_LOADER],
        near: &[],
        none: &[],
        says: "The boot loader itself was bad.",
        causes: &[(C::BootloaderCorrupt, 0.48)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode, A::RestoreBootloader],
    },
    Conclusion {
        all: &[&GOES_BLACK],
        near: &[],
        none: &[&LOOPS],
        says: "It shows something at first, and does not get on.",
        causes: &[],
        state: Some((S::KernelHang, 0.45)),
        actions: &[],
    },
    Conclusion {
        all: &[&DEEPLY_GONE],
        near: &[&RUN_FROM, &JUST_WORKS],
        none: &[],
        says: "It shows no life on one supply, and works on another.",
        causes: &[(C::PowerFault, 0.5)],
        state: None,
        actions: &[A::FixPower],
    },
    Conclusion {
        all: &[&BAD_FILE],
        near: &[],
        none: &[],
        says: "The file itself was bad.",
        causes: &[(C::ImageCorrupt, 0.46), (C::ImageIncomplete, 0.3)],
        state: None,
        actions: &[A::RedownloadImage, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[],
        near: &[&OTHER_PLACE, &WROTE],
        none: &[],
        says: "It was written to another place than the chip starts from.",
        causes: &[(C::ToolMismatch, 0.46), (C::BootloaderCorrupt, 0.36)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::ChangeToolOrOption],
    },
    Conclusion {
        all: &[&WRONG_BUILD],
        near: &[],
        none: &[],
        says: "What was written is not for this unit.",
        causes: &[(C::ImageWrongDevice, 0.5)],
        state: None,
        actions: &[A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[&GONE],
        near: &[&RUN_FROM, &JUST_WORKS],
        none: &[],
        says: "It starts from one supply and not from another.",
        causes: &[(C::PowerFault, 0.46)],
        state: None,
        actions: &[A::FixPower],
    },
    Conclusion {
        all: &[&LOOPS],
        near: &[&RUN_FROM, &JUST_WORKS],
        none: &[],
        says: "It starts over and over from one supply and not from another.",
        causes: &[(C::PowerFault, 0.46)],
        state: None,
        actions: &[A::FixPower],
    },
    Conclusion {
        all: &[&RESTART_HANGS],
        near: &[],
        none: &[&ENDED_WELL],
        says: "It does not come back from a restart.",
        causes: &[(C::FirmwareBug, 0.45)],
        state: Some((S::BootsDegraded, 0.35)),
        actions: &[A::InstallOtherBuild, A::PowerCycleAndRetry],
    },
    Conclusion {
        all: &[&NOT_UNLOCKED, &WROTE],
        near: &[],
        none: &[],
        says: "Something was written to a unit whose boot loader is locked.",
        causes: &[(C::BootloaderLocked, 0.48), (C::VerifiedBootRejected, 0.42)],
        state: Some((S::BootloaderOnly, 0.3)),
        actions: &[A::UnlockBootloader, A::UseSignedOrNewerImage],
    },
    Conclusion {
        all: &[&MARKED_CORRUPT],
        near: &[],
        none: &[],
        says: "The boot loader does not trust the system that it finds.",
        causes: &[(C::VerifiedBootRejected, 0.46)],
        state: Some((S::BootloaderOnly, 0.33)),
        actions: &[A::UseSignedOrNewerImage, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[&UPDATES_AGAIN],
        near: &[],
        none: &[],
        says: "It begins its update again at each start.",
        causes: &[(C::RecoveryFlagStuck, 0.42), (C::ImageCorrupt, 0.3)],
        state: Some((S::RecoveryMode, 0.42)),
        actions: &[A::ReflashCorrectImage, A::PowerCycleAndRetry],
    },
    Conclusion {
        all: &[&NOT_NEWER],
        near: &[&WROTE, &FAILS],
        none: &[&SILENT, &LOOPS],
        says: "What was offered is not newer than what is there, and was not taken.",
        causes: &[(C::RollbackRejected, 0.5), (C::ToolMismatch, 0.2)],
        state: Some((S::RefusedUnharmed, 0.5)),
        actions: &[A::UseSignedOrNewerImage, A::InstallOtherBuild],
    },
    Conclusion {
        all: &[&NOT_TAKEN, &FAILS],
        near: &[],
        none: &[&SILENT, &LOOPS],
        says: "The update failed, and nothing has changed.",
        causes: &[],
        state: Some((S::RefusedUnharmed, 0.46)),
        actions: &[],
    },
    Conclusion {
        all: &[],
        near: &[&AFTER_WRITING, &NOT_ENUMERATED],
        none: &[&WORKS_AGAIN],
        says: "It is not seen on USB any more since it was written.",
        causes: &[(C::FirmwareBug, 0.35), (C::ImageWrongDevice, 0.28), (C::BootloaderCorrupt, 0.2)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[&GONE],
        near: &[&WROTE, &STOPPED],
        none: &[&WORKS_AGAIN],
        says: "It shows no life since an update stopped.",
        causes: &[(C::UpdateInterrupted, 0.35), (C::ImageIncomplete, 0.25)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::ResumeUpdate],
    },
];

#[cfg(test)]
mod tests {
    use debrick_model::EvidenceKind;

    use crate::case::Evidence;
    use crate::trial::by_rules_alone;

    use super::*;

    #[test]
    fn circumstances_name_the_cause() {
        for (account, cause, action) in [
            (
                "The camera won't boot when I power it from the hub. With its plug it just boots when powered.",
                C::PowerFault,
                A::FixPower,
            ),
            (
                "The upgrade went through, but the box fails to reboot; it has to be unplugged each time.",
                C::FirmwareBug,
                A::InstallOtherBuild,
            ),
            (
                "I flashed a new system and the bootloader is still locked. It shows the logo only.",
                C::BootloaderLocked,
                A::UnlockBootloader,
            ),
            (
                "The phone won't power on from its battery while working fine on USB power.",
                C::PowerFault,
                A::FixPower,
            ),
            (
                "esptool fails with errors. GPIO0 was pulled high, it has to be low.",
                C::NotInRecoveryMode,
                A::EnterRecoveryMode,
            ),
            ("Since I enabled this module it is in a bootloop.", C::FirmwareBug, A::InstallOtherBuild),
            ("It sits at rebooting to bootloader indefinitely.", C::NotInRecoveryMode, A::EnterRecoveryMode),
            (
                "It was on slot b and hung. After I switched slot it boots to the system.",
                C::BootEnvironmentCorrupt,
                A::FixBootEnvironment,
            ),
            (
                "Es startet nicht. Der Akku war leer, nach einer Nacht am Ladegerät geht es wieder.",
                C::PowerFault,
                A::FixPower,
            ),
            (
                "The printer ignores the file on the sd card. I reformatted the card and it worked.",
                C::RecoveryMediaWrong,
                A::ChangeToolOrOption,
            ),
            (
                "Flashing the package fails. With an older version of TWRP it worked.",
                C::ToolMismatch,
                A::ChangeToolOrOption,
            ),
            (
                "I forced the upgrade although it warned, now it does not start.",
                C::ImageWrongDevice,
                A::ReflashCorrectImage,
            ),
            (
                "Плата не запускается, программа записала образ по адресу 0x1000 вместо 0x0.",
                C::ToolMismatch,
                A::ReflashCorrectImage,
            ),
            ("我刷的只是升级包而非完整包，无法启动。", C::ImageIncomplete, A::ReflashCorrectImage),
            (
                "It was bricked. Reflashing the bootloader with a programmer brought it back to life.",
                C::BootloaderCorrupt,
                A::ReflashCorrectImage,
            ),
            (
                "It says failed to update and nothing changed. I already have the latest version.",
                C::RollbackRejected,
                A::UseSignedOrNewerImage,
            ),
        ] {
            let evidence =
                [Evidence { kind: EvidenceKind::Symptom, name: "answers".into(), text: account.into() }];
            let diagnosis = by_rules_alone(&evidence);
            let first = diagnosis.actions.first().map(|proposed| proposed.action);
            assert_eq!((diagnosis.cause(), first), (cause, Some(action)), "{account}: {diagnosis:?}");
        }
    }
}
