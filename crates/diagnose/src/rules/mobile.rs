//! What phones and tablets and their tools say: fastboot, adb, Odin and Heimdall, MediaTek, Qualcomm, Tegra.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Tool};
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
    rule(
        "samsung-authentication",
        Tool,
        &[
            "SECURE CHECK FAIL",
            "FAIL! (Auth)",
            "Custom binary blocked",
            "Custom Binary Blocked",
            "Reactivation Lock",
            "FRP lock",
            "KG STATE",
            "Unsupport dev_type",
        ],
        "The unit refuses a firmware that is not signed for it.",
        &[(C::VerifiedBootRejected, 0.65), (C::ImageWrongDevice, 0.35), (C::BootloaderLocked, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.6), (S::RecoveryMode, 0.3)])
    .actions(&[A::UseSignedOrNewerImage, A::ReflashCorrectImage])
    .from("Samsung download mode", "SECURE CHECK FAIL : (BOOTLOADER)"),
    rule(
        "samsung-rollback",
        Tool,
        &[
            "SW REV CHECK FAIL",
            "SW REV. CHECK FAIL",
            "Fused * > Binary",
            "anti rollback",
            "Anti-rollback",
            "Device image downgrade",
            "downgrade not allowed",
            "version downgrade",
        ],
        "The firmware is older than the unit accepts.",
        &[(C::RollbackRejected, 0.88)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .from("Samsung download mode", "SW REV. CHECK FAIL. DEVICE: 4, BINARY: 2"),
    rule(
        "heimdall-usb",
        Tool,
        &[
            "libusb error -7",
            "Failed to send handshake",
            "Failed to receive handshake",
            "Protocol initialisation failed",
            "Failed to send file part packet",
            "Failed to confirm end of",
            "libusb error -9",
            "Unexpected handshake response",
            "whilst sending bulk transfer",
        ],
        "The unit does not answer on USB.",
        &[(C::LinkFault, 0.75), (C::ToolMismatch, 0.35)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .from("Heimdall source/BridgeManager.cpp", "ERROR: Protocol initialisation failed!"),
    rule(
        "odin-write",
        Tool,
        &["Complete(Write) operation failed", "Can't open the serial(COM) port", "NAND Write Start!!"],
        "Writing from the computer broke off.",
        &[(C::LinkFault, 0.5), (C::FlashHardwareFault, 0.25), (C::HostPermission, 0.2)],
    )
    .with(&["Complete(Write) operation failed"])
    .states(&[(S::RecoveryMode, 0.5)])
    .from("Samsung Odin", "Complete(Write) operation failed."),
    rule(
        "mediatek-handshake",
        Tool,
        &[
            "Handshake failed",
            "Handshake error",
            "Status: Handshake failed",
            "Couldn't detect the device",
            "Please disconnect, start mtkclient",
        ],
        "The unit does not answer the handshake of its preloader.",
        &[(C::LinkFault, 0.6), (C::NotInRecoveryMode, 0.4)],
    )
    .states(&[(S::RecoveryMode, 0.45)])
    .actions(&[A::SwapCableOrPort])
    .from("mtkclient", "Port - Handshake failed after retries"),
    rule(
        "mediatek-authentication",
        Tool,
        &["DAA_SIG_VERIFY_FAILED", "0x7024", "DA_HASH_MISMATCH", "0x7015", "0x7017", "SLA_AUTH", "0x1D0D"],
        "The unit wants a signed loader.",
        &[(C::VerifiedBootRejected, 0.6), (C::BootloaderLocked, 0.35)],
    )
    .without(&["Successfully uploaded stage", "Successfully bypassed security"])
    .states(&[(S::RecoveryMode, 0.5)])
    .from("mtkclient Library/error.py", "DAA_SIG_VERIFY_FAILED (0x7024)"),
    rule(
        "mediatek-success",
        Tool,
        &[
            "Successfully uploaded stage 2",
            "DA Extensions successfully added",
            "Dumped sector",
            "Dump * finished",
            "Wrote * to sector",
            "Successfully wrote",
            "Reading emmc info",
            "Got loader sync",
        ],
        "The loader runs on the unit and works.",
        &[(C::NoFault, 0.7)],
    )
    .states(&[(S::RecoveryMode, 0.75)])
    .from("mtkclient", "DALegacy - Successfully uploaded stage 2"),
    rule(
        "qualcomm-sahara",
        Tool,
        &[
            "failed to read sahara request",
            "Sahara * fail",
            "SAHARA_NAK",
            "empty firehose response",
            "ERROR: Only nop and sig",
            "image auth",
            "Could not find the PKHASH",
            "Requested image * rejected",
        ],
        "The emergency loader of the unit refuses, or does not answer.",
        &[(C::VerifiedBootRejected, 0.4), (C::LinkFault, 0.35), (C::ToolMismatch, 0.35)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .from("qdl sahara.c", "failed to read sahara request from device"),
    rule(
        "tegra-loader",
        Tool,
        &[
            "command failure: bootloader download failed",
            "usb read error",
            "usb write error",
            "bootloader failed NvError",
        ],
        "The loader was sent, but does not start or answer.",
        &[(C::LinkFault, 0.45), (C::PowerFault, 0.4), (C::ImageWrongDevice, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::SwapCableOrPort, A::FixPower])
    .from("NVIDIA nvflash", "command failure: bootloader download failed (bad data)"),
    rule(
        "tegra-bct",
        Tool,
        &["Bct file not found", "getbct failed", "bct not found", "Failed sending command"],
        "The unit's boot configuration cannot be read.",
        &[(C::BootloaderCorrupt, 0.45), (C::ToolMismatch, 0.4)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .from("NVIDIA nvflash", "bootloader status: Bct file not found (code: 21)"),
    rule(
        "rockchip-loader-missing",
        Tool,
        &[
            "Test Device failed",
            "Reset Device failed",
            "Read LBA failed",
            "Write LBA failed",
            "Read GPT failed",
            "does not support this operation",
        ],
        "The unit answers, but cannot do this before its loader was sent, or in another mode.",
        &[(C::ToolMismatch, 0.6), (C::LinkFault, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .from("rkdeveloptool main.cpp", "Write LBA failed!"),
    rule(
        "apple-restore",
        Tool,
        &[
            "Device did not reconnect in recovery mode",
            "Unable to get SHSH blobs",
            "image personalization failed",
            "not being signed",
            "Unable to place device into recovery mode",
        ],
        "The vendor's server does not sign this firmware for the unit.",
        &[(C::VerifiedBootRejected, 0.55), (C::RollbackRejected, 0.35), (C::LinkFault, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .from("idevicerestore", "ERROR: Unable to get SHSH blobs for this device"),
    rule(
        "android-verified-boot",
        Lasting,
        &[
            "Your device is corrupt",
            "dm-verity corruption",
            "AVB verification failed",
            "ERROR_VERIFICATION",
            "Verified boot state: red",
            "androidboot.verifiedbootstate=red",
            "Your device has failed verification",
            "No valid operating system could be found",
        ],
        "Verified boot refuses the system.",
        &[(C::VerifiedBootRejected, 0.75), (C::RootfsCorrupt, 0.3)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("Android Verified Boot", "Your device is corrupt. It can't be trusted and will not boot."),
];
