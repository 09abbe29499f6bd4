//! What fastboot says, on both sides.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Tool;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "fastboot-locked",
        Tool,
        &[
            "not allowed on locked devices",
            "not allowed in locked state",
            "not allowed in Lock State",
            "device is locked",
            "Critical partition flashing is not allowed",
            "not allowed for Critical Partitions",
            "Partition flashing is not allowed",
            "unlock device to",
            "oem unlock is not allowed",
            "Flashing Unlock is not allowed",
            "Command not available on locked devices",
            "bootloader is locked",
            "Check device critical partition",
            "Locked Device!",
            "download for partition * is not allowed",
            "is not allowed to be flashed",
        ],
        "The boot loader is locked, or its critical partitions are.",
        &[(C::BootloaderLocked, 0.92)],
    )
    .states(&[(S::RefusedUnharmed, 0.8)])
    .actions(&[A::UnlockBootloader])
    .from(
        "AOSP fastboot/device/commands.cpp; lk app/aboot/aboot.c",
        "FAILED (remote: 'Flashing is not allowed on locked devices')",
    ),
    rule(
        "fastboot-transfer",
        Tool,
        &[
            "Status read failed",
            "Write to device failed",
            "Couldn't download data",
            "data transfer failure",
            "remote: 'unknown command'",
            "Invalid sparse file format at header",
            "remote: 'data invalid size'",
            "usb_write failed",
            "Sending * FAILED (remote",
            "command write failed",
            "RKU_Read failed",
            "Sending * FAILED (Write",
        ],
        "The transfer to the unit broke.",
        &[(C::LinkFault, 0.65), (C::ToolMismatch, 0.35)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .without(&["not allowed on locked devices", "not allowed for Critical Partitions"])
    .from("AOSP fastboot/fastboot_driver.cpp", "FAILED (Status read failed (No such device))"),
    rule(
        "fastboot-unknown",
        Tool,
        &[
            "fastboot: usage: unknown command",
            "Unrecognized command",
            "unrecognized command",
            "unknown cmd",
            "unsupported command",
            "unknown option",
            "unrecognized option",
            "invalid option",
            "Unknown variable",
            "fastboot: error: Cannot generate image",
            "Slot out of range",
            "Bad slot suffix",
            "Invalid partition size",
            "Partition already exists",
        ],
        "The tool or the unit does not know the command.",
        &[(C::ToolMismatch, 0.7)],
    )
    .states(&[(S::RefusedUnharmed, 0.65)])
    .from("AOSP fastboot/fastboot.cpp", "fastboot: usage: unknown command wipe-super"),
    rule(
        "fastboot-requirements",
        Tool,
        &[
            "requirements not met",
            "product doesn't match",
            "doesn't have required partition",
            "Device version-bootloader is",
            "update package is for",
            "This package is for",
            "This package is for device",
            "E3004",
            "is not compatible with",
        ],
        "The package is for another model, or wants another boot loader version.",
        &[(C::ImageWrongDevice, 0.6), (C::BootloaderOutdated, 0.4)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .from("AOSP fastboot/fastboot.cpp", "fastboot: error: requirements not met!"),
    rule(
        "fastboot-partition",
        Tool,
        &[
            "partition table doesn't exist",
            "Partition doesn't exist",
            "partition does not exist",
            "No such partition",
            "partition not found",
            "Could not open super partition",
            "invalid partition name",
            "Partition not found",
            "does not exist in the specified PIT",
            "There is no PIT partition",
            "failed to get partition info",
        ],
        "The unit has no partition of that name.",
        &[(C::ToolMismatch, 0.5), (C::PartitionTableDamaged, 0.4), (C::ImageWrongDevice, 0.2)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .from("lk app/aboot/aboot.c", "FAILED (remote: partition table doesn't exist)"),
    rule(
        "fastboot-boot-image",
        Tool,
        &[
            "image is not a boot image",
            "bootimage header fields are invalid",
            "dtb not found",
            "remote: 'Error verifying the received boot.img",
            "Failed to load/authenticate boot image",
        ],
        "The boot image is not one that this unit starts.",
        &[(C::ImageWrongDevice, 0.55), (C::VerifiedBootRejected, 0.3), (C::ImageCorrupt, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.4)])
    .from("lk app/aboot/aboot.c", "FAILED (remote: dtb not found)"),
    rule(
        "fastboot-snapshot",
        Tool,
        &[
            "while a snapshot update is in progress",
            "snapshot update is being merged",
            "merge is in progress",
        ],
        "An update is not finished yet: the unit is still merging it.",
        &[(C::UpdateInterrupted, 0.7)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .actions(&[A::ResumeUpdate])
    .from("AOSP fastboot/device/commands.cpp", "Cannot change slots while a snapshot update is in progress"),
    rule(
        "fastboot-no-device",
        Tool,
        &[
            "waiting for any device",
            "Found 0 devices",
            "no devices/emulators found",
            "No device found",
            "device not found",
            "Failed to detect compatible download-mode device",
            "No upload request received",
            "Waiting for device",
            "no device detected",
            "device '(null)' not found",
            "Waiting for EDL device",
            "Did not find any device",
            "waiting for device",
        ],
        "The tool sees no unit in the mode that it needs.",
        &[(C::NotInRecoveryMode, 0.6), (C::LinkFault, 0.35), (C::HostPermission, 0.3)],
    )
    .without(&["no permissions", "Device detected"])
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::EnterRecoveryMode])
    .from("AOSP fastboot/fastboot.cpp", "< waiting for any device >"),
    rule(
        "fastboot-success",
        Tool,
        &["Finished. Total time:", "OKAY [ ", "OKAY ["],
        "The unit took what the tool sent.",
        &[(C::NoFault, 0.4)],
    )
    .states(&[(S::RecoveryMode, 0.4)])
    .from("AOSP fastboot/util.cpp", "Writing 'boot_a' OKAY [  0.566s]"),
];
