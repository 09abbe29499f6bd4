//! What fastboot says, on both sides.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Output, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
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
            "invalid partition or device",
            "remote: 'No such file or directory'",
            "Partition not found",
            "does not exist in the specified PIT",
            "There is no PIT partition",
            "failed to get partition info",
        ],
        "The unit has no partition of that name.",
        &[(C::ToolMismatch, 0.52), (C::PartitionTableDamaged, 0.4), (C::ImageWrongDevice, 0.2)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .from("lk app/aboot/aboot.c", "FAILED (remote: partition table doesn't exist)"),
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
        "fastboot-merging",
        Tool,
        &["snapshot-update-status:merging", "snapshot-update-status: merging"],
        "The unit was merging an update, and did not get to its end.",
        &[(C::UpdateInterrupted, 0.86)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .actions(&[A::ResumeUpdate])
    .from("AOSP fastboot/device/variables.cpp", "(bootloader) snapshot-update-status:merging"),
    rule(
        "fastboot-stays-after-failure",
        Tool,
        &["Fastboot Reason*Flash Failure", "Flash Mode*(Flash Failure)"],
        "The phone goes to its boot loader on each start because an earlier write failed, until one succeeds or the mark is cleared.",
        &[(C::RecoveryFlagStuck, 0.56), (C::ImageIncomplete, 0.34), (C::UpdateInterrupted, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.4), (S::RecoveryMode, 0.38)])
    .actions(&[A::ReflashCorrectImage, A::FixBootEnvironment])
    .from("Motorola boot loader, first screen", "Fastboot Reason: Flash Failure"),
    rule(
        "fastboot-sticky-bit",
        Tool,
        &["Fastboot Reason*Sticky bit"],
        "A mark tells the boot loader of the phone to stay on each start; `fastboot oem fb_mode_clear` clears it.",
        &[(C::RecoveryFlagStuck, 0.6)],
    )
    .states(&[(S::RecoveryMode, 0.4), (S::BootloaderOnly, 0.38)])
    .actions(&[A::FixBootEnvironment])
    .from("Motorola boot loader, first screen", "Fastboot Reason: Sticky bit factory_fastboot"),
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
        "fastboot-locked",
        Tool,
        &["not allowed on locked devices", "not allowed in locked state", "not allowed in Lock State", "not supported in locked device", "device is locked", "Critical partition flashing is not allowed", "not allowed for Critical Partitions", "Partition flashing is not allowed", "unlock device to", "oem unlock is not allowed", "Flashing Unlock is not allowed", "Command not available on locked devices", "bootloader is locked", "Check device critical partition", "Locked Device!", "download for partition * is not allowed", "is not allowed to be flashed", "Command not allowed", "not support by lock", "No support by lock control", "support by lock control", "Device not unlocked", "device is not unlocked", "unlock first", "Unlock the device", "flash permission denied", "unlocked to use this", "need to unlock", "Please unlock", "unlock ability is 0", "get_unlock_ability: 0", "Token verif", "Token Verify Failed", "(remote: not allowed)", "(remote: 'not allowed')", "Lock state: LOCKED", "oem_locked", "Bootloader lock", "Unlock failed", "Wrong unlock code", "unlock code is not correct", "Invalid unlock code", "OEM locked", "Permission denied!", "locked bootloader", "Not allowed to lock", "restricted partition", "check password failed", "unlock not allowed", "Please tick \"Allow OEM Unlock\"", "oem unlock disabled", "Need wipe userdata", "(remote: * locked", "(remote: *unlock token"],
        "The boot loader is locked, or its critical partitions are.",
        &[(C::BootloaderLocked, 0.92)],
    )
    .without(&["Option Byte Unlock Failed", "unlock failed*Status read failed"])
    .states(&[(S::RefusedUnharmed, 0.8)])
    .actions(&[A::UnlockBootloader])
    .from("AOSP fastboot/device/commands.cpp; lk app/aboot/aboot.c", "FAILED (remote: 'Flashing is not allowed on locked devices')"),
    rule(
        "fastboot-image-not-signed",
        Tool,
        &["bootimage: incomplete or not signed"],
        "The boot loader of the phone does not start an image that is not whole, or not signed for it.",
        &[(C::VerifiedBootRejected, 0.56), (C::ImageIncomplete, 0.5), (C::BootloaderLocked, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::UseSignedOrNewerImage, A::RedownloadImage])
    .from("Little Kernel app/aboot/aboot.c", "FAILED (remote: bootimage: incomplete or not signed)"),
    rule(
        "fastboot-refused",
        Tool,
        &["FAILED (remote", "FAILED (", "remote failure", "(remote:", "Command failed", "fastboot: error"],
        "The boot loader of the phone answered a command with a failure.",
        &[(C::ToolMismatch, 0.4), (C::BootloaderLocked, 0.35), (C::ImageWrongDevice, 0.12)],
    )
    .without(&["Flash command failed", "Closing all shell sessions"])
    .states(&[(S::RefusedUnharmed, 0.6)])
    .last_resort()
    .from("AOSP fastboot/fastboot_driver.cpp", "FAILED (remote: 'unknown reason')"),
    rule(
        "fastboot-size",
        Tool,
        &["size too large", "data too large", "exceeds max download", "max-download-size", "partition size is not enough", "Write exceeds partition", "cannot be larger than", "Volume Full", "exceeds partition", "Not enough space to", "larger than the partition", "partition is too small", "too large for partition", "sparse image is bigger"],
        "The image is larger than its partition, or than the phone takes at once.",
        &[(C::ImageTooLarge, 0.7), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .from("lk app/aboot/aboot.c", "FAILED (remote: 'size too large')"),
    rule(
        "fastboot-sparse",
        Tool,
        &["bogus size sparse", "unknown chunk type", "sparse header", "crc failed in", "Bogus chunk", "reading sparse file", "sparse file write", "Unsupported sparse"],
        "The image is no valid sparse image, or of another kind than the phone takes.",
        &[(C::ImageCorrupt, 0.45), (C::ToolMismatch, 0.45)],
    )
    .without(&["data invalid size"])
    .states(&[(S::RefusedUnharmed, 0.5)])
    .actions(&[A::RedownloadImage, A::ChangeToolOrOption])
    .from("lk app/aboot/aboot.c, cmd_flash_sparse_img", "FAILED (remote: 'bogus size sparse and chunk header')"),
    rule(
        "fastboot-trust",
        Tool,
        &["Preflash validation failed", "image verification failed", "invalid vbmeta", "Signature verify", "signature verify fail", "Image not signed", "image not signed", "Image signed with key bad key", "sig fail", "hash mismatch vbmeta", "secure verify", "security_check", "remote*Failed to verify", "remote*verification failure", "remote*verified fail", "remote*Verify fail", "(bootloader)*verif* fail", "(bootloader)*fail* verif", "bootloader: *verif* fail", "verification failure"],
        "The boot loader of the phone refuses the image for its signature.",
        &[(C::VerifiedBootRejected, 0.7), (C::RollbackRejected, 0.25), (C::BootloaderLocked, 0.25)],
    )
    .without(&["Flash verify failed", "flash verify failed", "Verify failed at"])
    .states(&[(S::RefusedUnharmed, 0.7)])
    .actions(&[A::UseSignedOrNewerImage])
    .from("Motorola and other boot loaders", "FAILED (remote: 'Preflash validation failed')"),
    rule(
        "fastboot-rollback",
        Output,
        &["security version downgrade", "Update gpt_main version failed", "Version downgraded", "version downgraded", "downgraded", "anti-rollback", "anti rollback", "anti_rollback", "downgrade"],
        "The firmware is older than the phone accepts.",
        &[(C::RollbackRejected, 0.8)],
    )
    .with(&["fail"])
    .states(&[(S::RefusedUnharmed, 0.65)])
    .actions(&[A::UseSignedOrNewerImage])
    .from("Motorola and Xiaomi boot loaders", "(bootloader) security version downgrade"),
    rule(
        "fastboot-userspace",
        Tool,
        &["Failed to boot into userspace fastboot", "one or more components might be unbootable"],
        "The phone does not reach the fastboot of its recovery system.",
        &[(C::ImageCorrupt, 0.4), (C::ImageWrongDevice, 0.3), (C::FirmwareBug, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from("AOSP fastboot/fastboot.cpp", "fastboot: error: Failed to boot into userspace fastboot; one or more components might be unbootable."),
    rule(
        "fastboot-unknown",
        Tool,
        &["fastboot: usage: unknown command", "Unrecognized command", "unrecognized command", "unknown cmd", "unsupported command", "unknown option", "unrecognized option", "invalid option", "Unknown variable", "Cannot generate image", "Slot out of range", "Bad slot suffix", "Invalid partition size", "Partition already exists", "Command not supported", "not supported in default implementation", "invalid command", "command is not support", "GetVar Variable Not found", "the requst is invalid", "Unknown reason", "Not implemented", "unknown command '", "no such command", "check download item failed", "Invalid argument:", "Error reading sparse"],
        "The tool or the unit does not know the command.",
        &[(C::ToolMismatch, 0.7)],
    )
    .without(&["Not in sahara mode", "remote: 'unknown command'", "WP operations are not implemented"])
    .states(&[(S::RefusedUnharmed, 0.65)])
    .from("AOSP fastboot/fastboot.cpp", "fastboot: usage: unknown command wipe-super"),
    rule(
        "fastboot-boot-lost",
        Tool,
        &["^Booting * FAILED (Status read failed"],
        "The unit took the image and was not heard of again when it was told to start it.",
        &[(C::ToolMismatch, 0.42), (C::ImageWrongDevice, 0.36), (C::LinkFault, 0.34)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("AOSP fastboot/fastboot_driver.cpp", "Booting                 FAILED (Status read failed (Too many links))"),
    rule(
        "fastboot-transfer",
        Tool,
        &["Status read failed", "bulk OUT failed", "bulk IN failed", "Write to device failed", "Couldn't download data", "data transfer failure", "Sending * FAILED (remote: 'unknown command'", "remote: 'data invalid size'", "usb_write failed", "command write failed", "Sending * FAILED (Write", "Sending * FAILED (Status", "Too many links", "no link", "Protocol error", "data transfer", "Error reading data", "Transfer aborted", "device disconnected"],
        "The transfer to the unit broke.",
        &[(C::LinkFault, 0.65), (C::ToolMismatch, 0.33)],
    )
    .without(&[
        "not allowed on locked devices",
        "not allowed for Critical Partitions",
        "^Booting * FAILED (Status read failed",
        "xmodem: Protocol error",
        "bootloader failed NvError",
    ])
    .states(&[(S::RecoveryMode, 0.6)])
    .from("AOSP fastboot/fastboot_driver.cpp", "FAILED (Status read failed (No such device))"),
    rule(
        "fastboot-unknown-command",
        Tool,
        &["remote: 'unknown command'", "remote: unknown command", "remote: 'Command not supported"],
        "The unit's fastboot does not know the command; another one, as of its boot loader or its recovery, may.",
        &[(C::ToolMismatch, 0.5), (C::NotInRecoveryMode, 0.32), (C::BootloaderLocked, 0.16)],
    )
    .without(&["Sending * FAILED (remote: 'unknown command'"])
    .states(&[(S::RefusedUnharmed, 0.5)])
    .actions(&[A::ChangeToolOrOption, A::EnterRecoveryMode])
    .from("boot loaders with fastboot, such as U-Boot drivers/fastboot/fb_command.c", "FAILED (remote: 'unknown command')"),
    rule(
        "recovery-without-list-of-partitions",
        Tool,
        &["no fstab loaded", "failed to set up expected mounts for install"],
        "The recovery has no list of the unit's partitions: it does not fit the unit, or what it reads it from is lost.",
        &[(C::FirmwareBug, 0.5), (C::ImageWrongDevice, 0.36), (C::PartitionTableDamaged, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.5), (S::RecoveryMode, 0.45)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from("AOSP bootable/recovery install/install.cpp", "E:can't set up install mounts: no fstab loaded"),
    rule(
        "phone-storage-does-not-read",
        Tool,
        &["[SD_HW_ERR]", "sd_read_sector error", "sdcc_poll_status error", "sdcc_command: "],
        "The loader of the phone cannot read the phone's storage.",
        &[(C::FlashHardwareFault, 0.72), (C::PartitionTableDamaged, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::ReplaceHardware, A::SeekProfessional])
    .from("HTC hboot, sdcc", "(bootloader) [SD_HW_ERR] read data fail in CMD18"),
    rule(
        "sideload-unanswered",
        Tool,
        &["failed to read command: Success", "failed to read command: No error", "failed to read command: Undefined error: 0"],
        "The recovery system ended the transfer without an answer, as it usually does when it has all of the package.",
        &[(C::NoFault, 0.5), (C::LinkFault, 0.28)],
    )
    .states(&[(S::RecoveryMode, 0.45)])
    .from("AOSP adb/client/commandline.cpp, adb_sideload_host", "adb: failed to read command: Success"),
    rule(
        "sideload-refused",
        Tool,
        &["Total xfer: 0.00x", "Error in /sideload/package.zip", "not in fstab"],
        "The recovery system does not take the package: it is for another unit, or needs another recovery.",
        &[(C::ImageWrongDevice, 0.42), (C::ToolMismatch, 0.4)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from("AOSP adb/client/commandline.cpp; TWRP", "Total xfer: 0.00x"),
    rule(
        "adb-unauthorized",
        Tool,
        &["device unauthorized", "unauthorized.", "This adb server's", "confirmation dialog"],
        "The phone has not allowed this computer to debug it.",
        &[(C::HostPermission, 0.7)],
    )
    .states(&[(S::Healthy, 0.5), (S::RefusedUnharmed, 0.3)])
    .actions(&[A::InstallDriverOrPermission])
    .from("AOSP adb/transport.cpp", "error: device unauthorized. This adb server's $ADB_VENDOR_KEYS is not set"),
    rule(
        "adb-server",
        Tool,
        &["doesn't match this client", "cannot connect to daemon", "could not install *smartsocket* listener", "failed to start daemon", "cannot bind"],
        "Another server of the same tool is in the way.",
        &[(C::HostPortConflict, 0.5), (C::ToolMismatch, 0.5)],
    )
    .states(&[(S::Unknown, 0.3), (S::Healthy, 0.2)])
    .actions(&[A::FreePortOrStopProcess, A::ChangeToolOrOption])
    .from("AOSP adb/client/adb_client.cpp", "adb server version (36) doesn't match this client (41); killing..."),
    rule(
        "adb-sideload",
        Tool,
        &["sideload connection failed", "adb: sideload requires", "error: closed", "device offline", "adb: error: connect failed"],
        "The phone does not take part in the transfer.",
        &[(C::NotInRecoveryMode, 0.45), (C::LinkFault, 0.38), (C::ToolMismatch, 0.25)],
    )
    .without(&["Total xfer: 1.00x"])
    .states(&[(S::RecoveryMode, 0.4)])
    .actions(&[A::EnterRecoveryMode, A::SwapCableOrPort])
    .from("AOSP adb/client/adb_install.cpp", "adb: sideload connection failed: closed"),
    rule(
        "adb-sideloaded",
        Tool,
        &["Total xfer: 1.00x", "Total xfer: 1.0", "Performing Streamed Install", "completed with status 0"],
        "The phone took the whole package.",
        &[(C::NoFault, 0.65)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .from("AOSP adb/client/commandline.cpp", "Total xfer: 1.00x"),
    rule(
        "fastboot-boot-image",
        Tool,
        &["image is not a boot image", "bootimage header fields are invalid", "dtb not found", "Error verifying the received boot.img", "Failed to load/authenticate boot image", "invalid boot image header", "Invalid Boot Image", "kernel too small", "unknown header version", "Failed to load image from partition", "Load Error", "boot image is corrupt", "Cannot load boot image"],
        "The boot image is not one that this unit starts.",
        &[(C::ImageWrongDevice, 0.5), (C::VerifiedBootRejected, 0.25), (C::ImageCorrupt, 0.35)],
    )
    .states(&[(S::RefusedUnharmed, 0.4), (S::BootloaderOnly, 0.35)])
    .actions(&[A::ReflashCorrectImage])
    .from("lk app/aboot/aboot.c", "FAILED (remote: dtb not found)"),
    rule(
        "fastboot-no-device",
        Tool,
        &["waiting for any device", "Found 0 devices", "no devices/emulators found", "no devices found", "Failed to detect compatible download-mode device", "No upload request received", "Waiting for device", "device '(null)' not found", "Waiting for EDL device", "Did not find any device", "List of devices attached$", "No devices detected", "Device not detected", "no phone detected", "device not connected", "There is no device"],
        "The tool sees no unit in the mode that it needs.",
        &[(C::NotInRecoveryMode, 0.6), (C::LinkFault, 0.35), (C::HostPermission, 0.3)],
    )
    .without(&["waiting for any device*Finished", "no permissions", "Device detected", "FAILED (", "Sending invitation"])
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::EnterRecoveryMode])
    .from("AOSP fastboot/fastboot.cpp", "< waiting for any device >"),
    rule(
        "fastboot-package",
        Tool,
        &["does not contain 'android-info.txt'", "archive does not contain", "could not load android-info", "missing file", "failed to open zip", "bad zip", "Failed to open archive", "is not a valid zip", "end of central directory", "fastboot is too old", "requires fastboot", "update your fastboot"],
        "The package is not whole, or the tool is too old for it.",
        &[(C::ToolMismatch, 0.5), (C::ImageCorrupt, 0.42)],
    )
    .states(&[(S::RefusedUnharmed, 0.65)])
    .actions(&[A::RedownloadImage, A::ChangeToolOrOption])
    .from("AOSP fastboot/fastboot.cpp", "fastboot: error: archive does not contain 'android-info.txt'"),
    rule(
        "fastboot-write",
        Tool,
        &["flash write failure", "Error flashing partition", "Failed to write partition", "failed to flash partition", "write failure", "EMMC write", "remote: *failed to write", "remote: *failed to erase", "remote: *unable to write", "remote: *failed to flash"],
        "The phone could not write to its storage.",
        &[(C::FlashHardwareFault, 0.5), (C::ImageWrongDevice, 0.15), (C::ToolMismatch, 0.2)],
    )
    .without(&["Failed to write partition table"])
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort, A::ReplaceHardware])
    .from("lk app/aboot/aboot.c", "FAILED (remote: 'flash write failure')"),
    rule(
        "fastboot-logical",
        Tool,
        &["Failed to write partition table", "Failed to create partition", "Could not delete partition", "Not enough space to resize partition", "Failed to resize partition", "Cannot resize partition", "super_empty", "logical partition"],
        "The list of logical partitions on the phone does not take the change.",
        &[(C::ToolMismatch, 0.45), (C::PartitionTableDamaged, 0.4), (C::StorageFull, 0.25), (C::ImageIncomplete, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.55)])
    .actions(&[A::ChangeToolOrOption, A::ReflashCorrectImage])
    .from("AOSP fastboot/device/flashing.cpp, commands.cpp", "FAILED (remote: 'Failed to write partition table')"),
];
