//! What fwupd says, and the firmware of computers about its updates.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "fwupd-no-esp",
        Tool,
        &[
            "ESP partition not detected",
            "No ESP or BDP found",
            "cannot find default ESP",
            "Failed to find ESP",
            "Unable to determine EFI system partition",
            "could not find mountpoint",
        ],
        "The tool does not find the partition that updates of the computer's firmware go through.",
        &[(C::ToolMismatch, 0.5), (C::BootEnvironmentCorrupt, 0.3), (C::PartitionTableDamaged, 0.15)],
    )
    .states(&[(S::Healthy, 0.6)])
    .actions(&[A::ChangeToolOrOption])
    .from("fwupd plugins/uefi-capsule", "WARNING: UEFI ESP partition not detected or configured"),
    rule(
        "fwupd-no-room",
        Tool,
        &[
            "not have sufficient space, required",
            "does not have sufficient space",
            "not enough space on ESP",
            "Not enough free space, required",
            "efivars free space",
            "EFI variables free space",
        ],
        "The partition or memory that the update goes through is full.",
        &[(C::StorageFull, 0.85)],
    )
    .states(&[(S::RefusedUnharmed, 0.5), (S::Healthy, 0.4)])
    .actions(&[A::ChangeToolOrOption])
    .from(
        "fwupd libfwupdplugin/fu-volume.c",
        "/boot/efi does not have sufficient space, required 55.6 MB, got 38.4 MB",
    ),
    rule(
        "fwupd-power",
        Tool,
        &[
            "when not on AC power",
            "needs AC power to be connected",
            "requires AC power",
            "battery percentage is not high enough",
            "battery level is too low",
            "system battery was",
            "not enough battery",
            "Connect AC power",
        ],
        "The update waits for a supply that does not give out.",
        &[(C::PowerFault, 0.8)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::FixPower])
    .from("fwupd src/fu-engine.c", "Cannot install update when not on AC power unless forced"),
    rule(
        "fwupd-no-capsules",
        Tool,
        &["capsule updates not available", "capsules-unsupported"],
        "The firmware of the computer takes no updates from the running system, as it is set up.",
        &[(C::ToolMismatch, 0.6), (C::HostPermission, 0.2)],
    )
    .states(&[(S::RefusedUnharmed, 0.5), (S::Healthy, 0.4)])
    .actions(&[A::ChangeToolOrOption])
    .from(
        "fwupd src/fu-util-common.c",
        "WARNING: UEFI capsule updates not available or enabled in firmware setup",
    ),
    rule(
        "fwupd-capsule",
        Lasting,
        &[
            "Could not apply capsule update",
            "failed to run update on reboot",
            "Capsules not found",
            "capsule update failed",
            "LastAttemptStatus: error",
            "last attempt status: error",
            "failed to update ESP",
            "error-insufficient-resources",
            "error-pwr-evt",
        ],
        "The firmware of the computer did not take the update at its restart, and runs on as before.",
        &[(C::FirmwareBug, 0.42), (C::BootEnvironmentCorrupt, 0.38), (C::ToolMismatch, 0.2)],
    )
    .states(&[(S::Healthy, 0.6)])
    .actions(&[A::InstallOtherBuild, A::FixBootEnvironment])
    .from("fwupd plugins/uefi-capsule/efi/fwup-efi.c", "Could not apply capsule update: Not Found"),
    rule(
        "fwupd-blocked",
        Tool,
        &[
            "Blocked executable in the ESP",
            "shim is too old",
            "shim are up to date",
            "SBAT self-check failed",
        ],
        "The loader on the disk is older than the update allows.",
        &[(C::BootloaderOutdated, 0.65), (C::VerifiedBootRejected, 0.4)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::UpdateBootloader])
    .from("fwupd plugins/uefi-dbx", "Blocked executable in the ESP, ensure grub and shim are up to date"),
    rule(
        "fwupd-version",
        Tool,
        &[
            "Not compatible with fwupd version",
            "requires >= ",
            "Not compatible with bootloader version",
            "is not updatable",
            "no GUIDs matched",
            "No supported devices found",
            "unsupported archive",
        ],
        "The tool, or the version on the device, is not one that the update can start from.",
        &[(C::ToolMismatch, 0.55), (C::BootloaderOutdated, 0.2)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::ChangeToolOrOption])
    .from("fwupd src/fu-engine-requirements.c", "Not compatible with fwupd version 1.2.3, requires >= 1.8.0"),
    rule(
        "fwupd-current",
        Tool,
        &[
            "No updates available",
            "no available firmware updates",
            "have the latest available firmware",
            "is already installed",
            "already the newest",
            "already up to date",
        ],
        "What is installed is the newest there is.",
        &[(C::NoFault, 0.6)],
    )
    .without(&["capsule updates not available", "ESP partition not detected"])
    .states(&[(S::Healthy, 0.7)])
    .from("fwupd src/fu-util.c", "Devices that have the latest available firmware version:"),
    rule(
        "fwupd-write",
        Tool,
        &[
            "failed to write-firmware",
            "failed to write firmware",
            "failed to detach",
            "failed to attach",
            "failed to reload device",
            "failed to update",
        ],
        "The transfer to the device broke off.",
        &[(C::LinkFault, 0.42), (C::UpdateInterrupted, 0.3), (C::ToolMismatch, 0.25)],
    )
    .with(&["fwupd"])
    .states(&[(S::RecoveryMode, 0.35)])
    .actions(&[A::PowerCycleAndRetry, A::SwapCableOrPort])
    .from("fwupd src/fu-engine.c", "fwupd: failed to write-firmware: failed to send packet"),
];
