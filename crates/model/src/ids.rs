//! Stable ids of states, causes and actions. Renaming one breaks journals and scripts: add, never change.

use serde::{Deserialize, Serialize};

macro_rules! stable_ids {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $id:literal, $meaning:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $(#[doc = $meaning] #[serde(rename = $id)] $variant,)*
        }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable id, as it stands in journals and JSON.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// One sentence for a person.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// The value with this id, if there is one.
            pub fn from_id(id: &str) -> Option<Self> {
                match id { $($id => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.id())
            }
        }
    };
}

stable_ids! {
    /// How far a unit gets.
    State {
        NoPower = "no-power", "The unit draws no power or shows no light.";
        NoOutput = "no-output", "The unit has power but says nothing on any port.";
        BootloaderFailing = "bootloader-failing", "The bootloader starts and fails before its prompt.";
        BootloaderOnly = "bootloader-only", "The bootloader runs; the system does not start.";
        BootLoop = "boot-loop", "The unit starts over and over.";
        KernelHang = "kernel-hang", "The kernel starts and then stops making progress.";
        BootsDegraded = "boots-degraded", "The system starts, but something in it fails.";
        RecoveryMode = "recovery-mode", "The unit waits in its recovery mode.";
        RefusedUnharmed = "refused-unharmed", "The unit refused a change and is as it was.";
        Healthy = "healthy", "The unit starts and works.";
        Unknown = "unknown", "The evidence does not tell.";
    }
}

stable_ids! {
    /// Why a unit is in its state.
    Cause {
        ImageCorrupt = "image-corrupt", "The firmware on the unit is damaged.";
        ImageIncomplete = "image-incomplete", "The firmware on the unit is cut short.";
        ImageWrongDevice = "image-wrong-device", "The firmware on the unit was made for another device.";
        ImageTooLarge = "image-too-large", "The firmware does not fit its place.";
        BootloaderCorrupt = "bootloader-corrupt", "The bootloader is damaged.";
        BootEnvironmentCorrupt = "boot-environment-corrupt", "The bootloader's settings are lost or wrong.";
        RootfsCorrupt = "rootfs-corrupt", "The root file system is damaged.";
        RootfsMissing = "rootfs-missing", "The root file system is not where it is looked for.";
        KernelCrash = "kernel-crash", "The kernel crashes.";
        InitFailure = "init-failure", "The first program of the system fails.";
        SettingsCorrupt = "settings-corrupt", "The stored settings are damaged, and the system cannot start with them.";
        StorageFull = "storage-full", "There is no room left in the unit's storage.";
        PartitionTableDamaged = "partition-table-damaged", "The partition table is damaged.";
        FlashHardwareFault = "flash-hardware-fault", "The flash memory does not keep what is written to it.";
        RamFault = "ram-fault", "The memory of the unit is faulty.";
        PowerFault = "power-fault", "The power supply is too weak or unstable.";
        LinkFault = "link-fault", "The cable or port between host and unit is unreliable.";
        VerifiedBootRejected = "verified-boot-rejected", "Verified boot refuses the firmware's signature.";
        RollbackRejected = "rollback-rejected", "The firmware is older than the unit accepts.";
        BootloaderLocked = "bootloader-locked", "The bootloader is locked.";
        HostPermission = "host-permission", "This computer does not let the program use the port.";
        HostPortConflict = "host-port-conflict", "Another program holds the port.";
        NotInRecoveryMode = "not-in-recovery-mode", "The unit did not enter its recovery mode.";
        ToolMismatch = "tool-mismatch", "The tool or an option of it does not fit the unit.";
        FirmwareBug = "firmware-bug", "The firmware itself is at fault.";
        BootloaderOutdated = "bootloader-outdated", "The bootloader is too old for the firmware.";
        UpdateInterrupted = "update-interrupted", "An update was interrupted half way.";
        RecoveryFlagStuck = "recovery-flag-stuck", "A stored flag keeps sending the unit into recovery.";
        RecoveryMediaWrong = "recovery-media-wrong", "The recovery medium is not what the unit expects.";
        NoFault = "no-fault", "Nothing is wrong.";
        Unknown = "unknown", "The evidence does not decide.";
    }
}

stable_ids! {
    /// What to do next.
    Action {
        ReflashSameImage = "reflash-same-image", "Write the same firmware again.";
        ReflashCorrectImage = "reflash-correct-image", "Write the firmware made for this unit.";
        RedownloadImage = "redownload-image", "Fetch the firmware file again.";
        FixBootEnvironment = "fix-boot-environment", "Repair the bootloader's settings.";
        RestoreBootloader = "restore-bootloader", "Restore the bootloader.";
        RestorePartitionTable = "restore-partition-table", "Restore the partition table.";
        FactoryResetSettings = "factory-reset-settings", "Clear the settings.";
        SwapCableOrPort = "swap-cable-or-port", "Try another cable or port.";
        FixPower = "fix-power", "Use a sound power supply.";
        InstallDriverOrPermission = "install-driver-or-permission", "Give this computer the driver or permission it lacks.";
        FreePortOrStopProcess = "free-port-or-stop-process", "Stop the program that holds the port.";
        EnterRecoveryMode = "enter-recovery-mode", "Bring the unit into its recovery mode.";
        UnlockBootloader = "unlock-bootloader", "Unlock the bootloader by the vendor's own way.";
        UseSignedOrNewerImage = "use-signed-or-newer-image", "Use a firmware that is signed, or newer.";
        ChangeToolOrOption = "change-tool-or-option", "Use another tool or option.";
        ReplaceHardware = "replace-hardware", "Replace the faulty part.";
        InstallOtherBuild = "install-other-build", "Install another build of the firmware.";
        PowerCycleAndRetry = "power-cycle-and-retry", "Switch the unit off and on, and try again.";
        ResumeUpdate = "resume-update", "Finish the interrupted update.";
        UpdateBootloader = "update-bootloader", "Update the bootloader by the vendor's own way.";
        FixNetworkSettings = "fix-network-settings", "Mend the network settings.";
        NothingNeeded = "nothing-needed", "Leave the unit as it is.";
        SeekProfessional = "seek-professional", "Hand the unit to somebody with the tools for it.";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_id(cause.id()), Some(*cause));
            assert_eq!(serde_json::to_string(cause).unwrap(), format!("\"{}\"", cause.id()));
        }
        for state in State::ALL {
            assert_eq!(State::from_id(state.id()), Some(*state));
        }
        for action in Action::ALL {
            assert_eq!(Action::from_id(action.id()), Some(*action));
        }
        assert_eq!(Cause::from_id("no-such-cause"), None);
    }
}
