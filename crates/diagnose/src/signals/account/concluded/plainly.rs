//! What is concluded where people tell plainly what happened, in words of their own.

use debrick_model::{Action as A, Cause as C, State as S};

use super::super::said::accident::{
    BROKE_OFF, LIGHTNING, NO_LIGHTS, NOT_DONE_YET, POWER_LOST, REST_WORKS, SUPPLY, SUPPLY_IS_BAD, UNDER_LOAD,
    WET_OR_DROPPED, WRITING,
};
use super::super::said::circumstances::{POWER_CYCLE_HELPS, RESTART_HANGS};
use super::super::said::computer::{
    A_PORT, A_TOOL, ALL_TRIED, ALWAYS_RECOVERY, BREAKS_OFF_ANYWHERE, CABLE, HOST_ADDRESS, NETWORK_TOOL,
    NO_RIGHT, NOT_FOUND, OLD_TOOL, OTHER_COMPUTER_SEES, PORT_BUSY, STARTS_AS_EVER, STILL_ENTERED,
    TRIES_TO_ENTER,
};
use super::super::said::lights::SOME_LIGHT;
use super::super::said::means::RECOVERY_SYSTEM;
use super::super::said::mishaps::DROPPED_SETTINGS;
use super::super::said::mismatched::{
    COMPARES, DIGEST_DIFFERS, FOR_ANOTHER, NOT_WHOLE, ROOM_FOR_FIRMWARE, TOO_LARGE,
};
use super::super::said::parts::{
    FULL, LOADER_TOUCHED, MEDIUM, MEDIUM_WRONG, MEMORY, MEMORY_CHANGED, NOTHING_AT_ALL, PARTITIONS_CHANGED,
    SAME_PLACE, STORAGE,
};
use super::super::said::seen::NO_LOSS;
use super::super::said::settings::{
    ADDRESS_LOST, CHANGED_SETTING, LOADER_DEFAULTS, LOADER_SETTINGS, RESET_HELPS, SAME_SLOT, TAKES_DEFAULTS,
    UPDATER,
};
use super::super::said::versions::{
    CANNOT_READ, IS_LOCKED, LOADER_TOO_OLD, NOT_BACKWARDS, NOT_TRUSTED, OTHER_VERSION_FINE, OTHERS_TOO,
};
use super::super::well::FINE_AFTER_ALL;
use super::Conclusion;
use super::contrasts::{LOADER_BY_MISTAKE, LOADER_IS_BAD};
use super::fates::UNCHANGED;

pub(crate) static PLAINLY: &[Conclusion] = &[
    Conclusion {
        all: &[],
        near: &[&POWER_LOST, &WRITING, &NOT_DONE_YET],
        none: &[&FINE_AFTER_ALL, &NO_LOSS],
        says: "The power went away while something was being written.",
        causes: &[(C::UpdateInterrupted, 0.5), (C::ImageIncomplete, 0.3)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode, A::ResumeUpdate],
    },
    Conclusion {
        all: &[],
        near: &[&POWER_LOST, &WRITING],
        none: &[&FINE_AFTER_ALL, &SUPPLY_IS_BAD, &NO_LOSS, &RESTART_HANGS, &POWER_CYCLE_HELPS],
        says: "The power went away, and something had been written.",
        causes: &[(C::UpdateInterrupted, 0.46), (C::ImageIncomplete, 0.25)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode, A::ResumeUpdate],
    },
    Conclusion {
        all: &[],
        near: &[&BROKE_OFF, &WRITING, &NOT_DONE_YET],
        none: &[&FINE_AFTER_ALL, &BREAKS_OFF_ANYWHERE],
        says: "What was being written was broken off.",
        causes: &[(C::UpdateInterrupted, 0.48), (C::ImageIncomplete, 0.3)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode, A::ResumeUpdate],
    },
    Conclusion {
        all: &[&REST_WORKS],
        near: &[&BROKE_OFF, &WRITING, &NOT_DONE_YET],
        none: &[&BREAKS_OFF_ANYWHERE],
        says: "What was being written was broken off, and a part of the unit is gone since.",
        causes: &[(C::UpdateInterrupted, 0.44), (C::ImageIncomplete, 0.3)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode, A::ResumeUpdate],
    },
    Conclusion {
        all: &[],
        near: &[&FOR_ANOTHER, &WRITING],
        none: &[&NOT_BACKWARDS, &LOADER_BY_MISTAKE, &COMPARES],
        says: "The file was for another model, revision or region.",
        causes: &[(C::ImageWrongDevice, 0.5)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[],
        near: &[&NOT_WHOLE, &WRITING],
        none: &[&TOO_LARGE],
        says: "The file was not whole.",
        causes: &[(C::ImageIncomplete, 0.5), (C::ImageCorrupt, 0.3)],
        state: None,
        actions: &[A::RedownloadImage, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[&DIGEST_DIFFERS],
        near: &[],
        none: &[&FINE_AFTER_ALL, &LOADER_DEFAULTS, &LOADER_IS_BAD],
        says: "The file is not the one that its maker has published.",
        causes: &[(C::ImageCorrupt, 0.5), (C::ImageIncomplete, 0.3)],
        state: None,
        actions: &[A::RedownloadImage, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[],
        near: &[&TOO_LARGE, &ROOM_FOR_FIRMWARE],
        none: &[&MEDIUM],
        says: "It is too large for its place.",
        causes: &[(C::ImageTooLarge, 0.5)],
        state: None,
        actions: &[A::InstallOtherBuild, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[&LIGHTNING],
        near: &[],
        none: &[],
        says: "Lightning or a surge came before.",
        causes: &[(C::PowerFault, 0.52), (C::FlashHardwareFault, 0.3)],
        state: Some((S::NoPower, 0.3)),
        actions: &[A::FixPower, A::ReplaceHardware, A::SeekProfessional],
    },
    Conclusion {
        all: &[&WET_OR_DROPPED],
        near: &[],
        none: &[&WRITING],
        says: "It got wet, or fell: parts of it may be damaged.",
        causes: &[(C::FlashHardwareFault, 0.33), (C::PowerFault, 0.3), (C::LinkFault, 0.15)],
        state: None,
        actions: &[A::SeekProfessional, A::ReplaceHardware],
    },
    Conclusion {
        all: &[&NO_LIGHTS],
        near: &[],
        none: &[&WRITING, &FINE_AFTER_ALL, &SOME_LIGHT],
        says: "It shows no light and does not turn on, and nothing was written to it.",
        causes: &[(C::PowerFault, 0.4)],
        state: Some((S::NoPower, 0.35)),
        actions: &[A::FixPower, A::ReplaceHardware],
    },
    Conclusion {
        all: &[],
        near: &[&SUPPLY, &SUPPLY_IS_BAD],
        none: &[],
        says: "The supply is under suspicion.",
        causes: &[(C::PowerFault, 0.46)],
        state: None,
        actions: &[A::FixPower],
    },
    Conclusion {
        all: &[&UNDER_LOAD],
        near: &[],
        none: &[&CABLE],
        says: "It goes off when it has to give more power, or runs only on its charger.",
        causes: &[(C::PowerFault, 0.46)],
        state: None,
        actions: &[A::FixPower],
    },
    Conclusion {
        all: &[&NO_RIGHT],
        near: &[],
        none: &[&PORT_BUSY],
        says: "The computer lacks a driver, or a right.",
        causes: &[(C::HostPermission, 0.46)],
        state: None,
        actions: &[A::InstallDriverOrPermission],
    },
    Conclusion {
        all: &[&OTHER_COMPUTER_SEES, &NOT_FOUND],
        near: &[],
        none: &[],
        says: "Another computer sees the unit: it is this one that does not.",
        causes: &[(C::HostPermission, 0.42), (C::LinkFault, 0.25)],
        state: None,
        actions: &[A::InstallDriverOrPermission, A::SwapCableOrPort],
    },
    Conclusion {
        all: &[],
        near: &[&PORT_BUSY, &A_PORT],
        none: &[],
        says: "Another program has the port.",
        causes: &[(C::HostPortConflict, 0.5)],
        state: None,
        actions: &[A::FreePortOrStopProcess],
    },
    Conclusion {
        all: &[&CABLE],
        near: &[],
        none: &[&ALL_TRIED],
        says: "The cable or the port makes a difference.",
        causes: &[(C::LinkFault, 0.4)],
        state: None,
        actions: &[A::SwapCableOrPort],
    },
    Conclusion {
        all: &[&BREAKS_OFF_ANYWHERE],
        near: &[],
        none: &[&SAME_PLACE],
        says: "It breaks off, each time elsewhere.",
        causes: &[(C::LinkFault, 0.4)],
        state: None,
        actions: &[A::SwapCableOrPort],
    },
    Conclusion {
        all: &[],
        near: &[&TRIES_TO_ENTER, &STARTS_AS_EVER],
        none: &[&ALWAYS_RECOVERY],
        says: "The way into its recovery mode was tried, and it starts as ever.",
        causes: &[(C::NotInRecoveryMode, 0.52)],
        state: Some((S::Healthy, 0.2)),
        actions: &[A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[&ALWAYS_RECOVERY],
        near: &[],
        none: &[&STARTS_AS_EVER, &STILL_ENTERED],
        says: "It comes back to its recovery system on every start.",
        causes: &[(C::RecoveryFlagStuck, 0.44), (C::RootfsCorrupt, 0.15)],
        state: Some((S::RecoveryMode, 0.45)),
        actions: &[A::FixBootEnvironment, A::FactoryResetSettings],
    },
    Conclusion {
        all: &[&NETWORK_TOOL, &HOST_ADDRESS],
        near: &[],
        none: &[],
        says: "The computer's own address, or its firewall, may be in the way.",
        causes: &[(C::ToolMismatch, 0.4), (C::LinkFault, 0.3)],
        state: None,
        actions: &[A::FixNetworkSettings, A::ChangeToolOrOption],
    },
    Conclusion {
        all: &[&RESET_HELPS],
        near: &[],
        none: &[],
        says: "Clearing the settings helps.",
        causes: &[(C::SettingsCorrupt, 0.45)],
        state: None,
        actions: &[A::FactoryResetSettings],
    },
    Conclusion {
        all: &[&CHANGED_SETTING],
        near: &[],
        none: &[&LOADER_SETTINGS, &HOST_ADDRESS, &DROPPED_SETTINGS],
        says: "Settings were changed, or kept from another version.",
        causes: &[(C::SettingsCorrupt, 0.4)],
        state: Some((S::BootsDegraded, 0.2)),
        actions: &[A::FactoryResetSettings],
    },
    Conclusion {
        all: &[&CHANGED_SETTING, &ADDRESS_LOST],
        near: &[],
        none: &[&LOADER_SETTINGS, &WRITING],
        says: "Since a setting was changed it is not reached by its address.",
        causes: &[(C::SettingsCorrupt, 0.3)],
        state: Some((S::Healthy, 0.25)),
        actions: &[A::FixNetworkSettings, A::FactoryResetSettings],
    },
    Conclusion {
        all: &[&NOT_TRUSTED],
        near: &[],
        none: &[],
        says: "What was written is not signed as the unit wants it.",
        causes: &[(C::VerifiedBootRejected, 0.48)],
        state: None,
        actions: &[A::UseSignedOrNewerImage, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[&IS_LOCKED],
        near: &[],
        none: &[&NOT_TRUSTED],
        says: "The boot loader is locked.",
        causes: &[(C::BootloaderLocked, 0.48)],
        state: None,
        actions: &[A::UnlockBootloader],
    },
    Conclusion {
        all: &[&NOT_BACKWARDS],
        near: &[],
        none: &[&OTHER_VERSION_FINE],
        says: "An older version is not taken.",
        causes: &[(C::RollbackRejected, 0.46)],
        state: Some((S::RefusedUnharmed, 0.3)),
        actions: &[A::UseSignedOrNewerImage],
    },
    Conclusion {
        all: &[&FULL],
        near: &[],
        none: &[&ROOM_FOR_FIRMWARE],
        says: "There is no room left.",
        causes: &[(C::StorageFull, 0.48)],
        state: Some((S::BootsDegraded, 0.35)),
        actions: &[A::FactoryResetSettings],
    },
    Conclusion {
        all: &[&LOADER_TOUCHED],
        near: &[],
        none: &[&LOADER_SETTINGS, &LOADER_TOO_OLD, &FINE_AFTER_ALL, &UNCHANGED],
        says: "What starts the unit was erased or written.",
        causes: &[(C::BootloaderCorrupt, 0.42)],
        state: None,
        actions: &[A::EnterRecoveryMode, A::SeekProfessional, A::RestoreBootloader],
    },
    Conclusion {
        all: &[&LOADER_TOUCHED, &NOTHING_AT_ALL],
        near: &[],
        none: &[&LOADER_SETTINGS, &LOADER_TOO_OLD, &FINE_AFTER_ALL],
        says: "Since then nothing comes from it at all.",
        causes: &[(C::BootloaderCorrupt, 0.3)],
        state: Some((S::NoOutput, 0.5)),
        actions: &[A::EnterRecoveryMode, A::SeekProfessional],
    },
    Conclusion {
        all: &[&TAKES_DEFAULTS],
        near: &[],
        none: &[],
        says: "The boot loader does not take the settings that were stored.",
        causes: &[(C::BootEnvironmentCorrupt, 0.45), (C::ToolMismatch, 0.3)],
        state: Some((S::Healthy, 0.2)),
        actions: &[A::FixBootEnvironment],
    },
    Conclusion {
        all: &[&SAME_SLOT, &UPDATER],
        near: &[],
        none: &[],
        says: "The part that ran before the update runs again.",
        causes: &[(C::BootEnvironmentCorrupt, 0.42), (C::ToolMismatch, 0.3), (C::FirmwareBug, 0.3)],
        state: Some((S::Healthy, 0.4)),
        actions: &[A::FixBootEnvironment, A::ChangeToolOrOption],
    },
    Conclusion {
        all: &[&LOADER_SETTINGS],
        near: &[],
        none: &[&FINE_AFTER_ALL],
        says: "The settings of the boot loader were changed or lost.",
        causes: &[(C::BootEnvironmentCorrupt, 0.48)],
        state: Some((S::BootloaderOnly, 0.25)),
        actions: &[A::FixBootEnvironment],
    },
    Conclusion {
        all: &[&OTHERS_TOO, &WRITING],
        near: &[],
        none: &[&FOR_ANOTHER],
        says: "Others see the same with this version.",
        causes: &[(C::FirmwareBug, 0.42)],
        state: None,
        actions: &[A::InstallOtherBuild],
    },
    Conclusion {
        all: &[&OTHER_VERSION_FINE],
        near: &[],
        none: &[&FOR_ANOTHER, &A_TOOL, &RECOVERY_SYSTEM],
        says: "Another version works.",
        causes: &[(C::FirmwareBug, 0.42)],
        state: None,
        actions: &[A::InstallOtherBuild],
    },
    Conclusion {
        all: &[],
        near: &[&SAME_PLACE, &STORAGE],
        none: &[],
        says: "The storage fails, again and again in the same way.",
        causes: &[(C::FlashHardwareFault, 0.46)],
        state: None,
        actions: &[A::ReplaceHardware, A::SeekProfessional],
    },
    Conclusion {
        all: &[&PARTITIONS_CHANGED],
        near: &[],
        none: &[],
        says: "Partitions were changed or lost.",
        causes: &[(C::PartitionTableDamaged, 0.44)],
        state: None,
        actions: &[A::RestorePartitionTable, A::SeekProfessional, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[],
        near: &[&MEDIUM, &MEDIUM_WRONG],
        none: &[],
        says: "The medium for the recovery is not as the unit wants it.",
        causes: &[(C::RecoveryMediaWrong, 0.44)],
        state: None,
        actions: &[A::ChangeToolOrOption],
    },
    Conclusion {
        all: &[],
        near: &[&LOADER_TOO_OLD, &CANNOT_READ],
        none: &[],
        says: "The boot loader is too old for the firmware.",
        causes: &[(C::BootloaderOutdated, 0.5)],
        state: Some((S::BootloaderOnly, 0.3)),
        actions: &[A::UpdateBootloader],
    },
    Conclusion {
        all: &[],
        near: &[&MEMORY, &MEMORY_CHANGED],
        none: &[&NOT_WHOLE],
        says: "Its memory was changed, or is complained about.",
        causes: &[(C::RamFault, 0.48)],
        state: None,
        actions: &[A::ReplaceHardware],
    },
    Conclusion {
        all: &[],
        near: &[&A_TOOL, &OLD_TOOL],
        none: &[],
        says: "The tool is old, or not the one for this unit.",
        causes: &[(C::ToolMismatch, 0.44)],
        state: None,
        actions: &[A::ChangeToolOrOption],
    },
];

#[cfg(test)]
mod tests {
    use debrick_model::{Action as A, Cause as C, EvidenceKind};

    use crate::case::Evidence;
    use crate::trial::by_rules_alone;

    #[track_caller]
    fn check(account: &str, cause: C) {
        let kind = EvidenceKind::Symptom;
        let diagnosis = by_rules_alone(&[Evidence { kind, name: "answers".into(), text: account.into() }]);
        assert_eq!(diagnosis.cause(), cause, "{account}: {:?}", diagnosis.findings);
    }

    #[test]
    fn stories_in_plain_words() {
        for (account, cause) in [
            ("There was a blackout while the camera installed its new firmware.", C::UpdateInterrupted),
            ("In der Mitte vom Update ist der Strom ausgefallen.", C::UpdateInterrupted),
            ("升级的时候突然停电了", C::UpdateInterrupted),
            ("Mentre si aggiornava è andata via la corrente.", C::UpdateInterrupted),
            ("My laptop went to sleep while the router was updating.", C::UpdateInterrupted),
            ("I flashed the image of the sister model by accident.", C::ImageWrongDevice),
            ("Залил прошивку не от той ревизии.", C::ImageWrongDevice),
            ("I flashed it although the download was incomplete.", C::ImageIncomplete),
            ("The checksum does not match the one of the site.", C::ImageCorrupt),
            ("The file is too big for the flash chip.", C::ImageTooLarge),
            ("After a thunderstorm the box is dark.", C::PowerFault),
            ("It restarts whenever I connect a hard disk.", C::PowerFault),
            ("打印时不断重启", C::PowerFault),
            ("Packages cannot be installed due to a read-only file system.", C::FlashHardwareFault),
            ("I added iptables rules, and now it reboots over and over.", C::SettingsCorrupt),
            ("Device manager shows a yellow triangle beside the phone.", C::HostPermission),
            ("The serial port is in use, the monitor is still open in another window.", C::HostPortConflict),
            ("I swapped the cable, the old one was loose.", C::LinkFault),
            ("I hold the reset button but it just boots normally.", C::NotInRecoveryMode),
            ("Whatever I do the tablet lands in recovery every time.", C::RecoveryFlagStuck),
            ("After I changed the vlan settings I cannot reach it anymore.", C::SettingsCorrupt),
            ("I relocked the boot loader with my own build on it.", C::VerifiedBootRejected),
            ("OEM unlocking is greyed out.", C::BootloaderLocked),
            ("It refuses to install an older version.", C::RollbackRejected),
            ("The disk is 100% full.", C::StorageFull),
            ("I erased u-boot by mistake and now the serial console is silent.", C::BootloaderCorrupt),
            ("I made a typo in bootcmd.", C::BootEnvironmentCorrupt),
            ("The update broke it, everyone on the forum reports the same bug.", C::FirmwareBug),
            ("The chip fails to verify at the same address every time.", C::FlashHardwareFault),
            ("All partitions are gone since I ran parted.", C::PartitionTableDamaged),
            ("It ignores the stick, which is formatted as exFAT.", C::RecoveryMediaWrong),
            ("The bootloader is too old and can't read the new format.", C::BootloaderOutdated),
            ("With the new RAM module it beeps three times.", C::RamFault),
        ] {
            check(account, cause);
        }
    }

    /// The last chance is not put at risk on hearsay.
    #[test]
    fn a_boot_loader_is_not_restored_because_somebody_says_so() {
        for account in [
            "I erased u-boot by mistake and now the serial console is silent, no LED.",
            "Ten minutes after writing the bios it was completely dark and dead.",
        ] {
            let kind = EvidenceKind::Symptom;
            let evidence = [Evidence { kind, name: "answers".into(), text: account.into() }];
            let first = by_rules_alone(&evidence).actions.first().map(|proposed| proposed.action);
            assert!(
                !matches!(first, None | Some(A::RestoreBootloader | A::RestorePartitionTable)),
                "{account}"
            );
        }
    }

    #[test]
    fn units_that_are_well_after_all() {
        for account in [
            "The first start took ten minutes, but then the setup screen came.",
            "The update page hung and I was scared. Now everything works.",
            "Sie war nach dem Update lange dunkel. Jetzt läuft alles.",
            "It printed a warning about its old settings. False alarm, all good.",
        ] {
            check(account, C::NoFault);
        }
        for account in [
            "With my friend's cable it works now.",
            "After the update it came back with a red light, and I cannot reach it.",
            "It worked fine for two years. Now nothing works.",
            "The card works on the older board, but the newer one refuses to boot from it.",
        ] {
            let kind = EvidenceKind::Symptom;
            let diagnosis =
                by_rules_alone(&[Evidence { kind, name: "answers".into(), text: account.into() }]);
            assert_ne!(diagnosis.cause(), C::NoFault, "{account}");
        }
    }
}
