//! What vendors' own flashing tools say: Xiaomi's, OnePlus's, LG's, HTC's, Sony's, Amlogic's.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "vendor-other-model",
        Tool,
        &[
            "Missmatching image and device",
            "mismatching image and device",
            "Device not match image",
            "Unsupported Target",
            "Wrong cross dl",
            "custom id check fail",
            "customer id error",
            "model id check fail",
            "model ID incorrect",
            "remote: 41 ",
            "remote: 42 ",
            "remote: 130 ",
            "Packed image not exist",
            "KDZ file is invalid",
        ],
        "The package is for another model or region.",
        &[(C::ImageWrongDevice, 0.8)],
    )
    .states(&[(S::RefusedUnharmed, 0.65)])
    .actions(&[A::ReflashCorrectImage])
    .from(
        "Xiaomi MiFlash flash_all; OnePlus MsmDownloadTool; LGUP; HTC hboot",
        "Missmatching image and device",
    ),
    rule(
        "vendor-older",
        Tool,
        &[
            "main version check fail",
            "remote: 43 ",
            "remote: 44 ",
            "hboot version is older",
            "antirollback version is greater",
            "current device antirollback",
            "anti-rollback check",
        ],
        "The package is older than what the phone accepts.",
        &[(C::RollbackRejected, 0.82)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .actions(&[A::UseSignedOrNewerImage])
    .from("HTC hboot; Xiaomi flash_all scripts", "FAILED (remote: 43 main version check fail)"),
    rule(
        "htc-again",
        Tool,
        &["hboot pre-update", "flush image again immediately"],
        "The boot loader updated itself first, and wants the same command once more.",
        &[(C::UpdateInterrupted, 0.5), (C::NoFault, 0.45)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ResumeUpdate, A::ReflashSameImage])
    .from("HTC hboot", "FAILED (remote: 90 hboot pre-update! please flush image again immediately)"),
    rule(
        "vendor-loader-silent",
        Tool,
        &[
            "receive hello packet",
            "recive hello packet",
            "hello packet, MiFlash",
            "trying to reset status",
            "Sahara communication failed",
            "SaharaCommunicationFailed",
            "Firehose communication handshake",
            "Ping target failed",
            "ACK count don't match",
            "Param preload failed",
            "cannot read from port COM",
            "未能在预期时间内",
        ],
        "The phone's emergency loader does not answer the tool any more: it is left over from an earlier try, or the cable \
         is bad.",
        &[(C::LinkFault, 0.5), (C::NotInRecoveryMode, 0.36), (C::HostPermission, 0.25), (C::ToolMismatch, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::PowerCycleAndRetry, A::SwapCableOrPort, A::EnterRecoveryMode])
    .from("Xiaomi MiFlash; OnePlus MsmDownloadTool", "cannot receive hello packet,MiFlash is trying to reset status!"),
    rule(
        "sony-not-allowed",
        Tool,
        &["ERR_DYNAMIC=\"Not allowed", "ERR_DYNAMIC=\"SIN header", "ERR_DYNAMIC=\"Image not", "ERR_CODE=\"0017\""],
        "The phone refuses the file for its signature or lock.",
        &[(C::VerifiedBootRejected, 0.5), (C::BootloaderLocked, 0.45)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::UseSignedOrNewerImage, A::ChangeToolOrOption])
    .from("Sony S1 loader; flashtool", "ERROR - ERR_SEVERITY=\"MINOR\";ERR_CODE=\"0017\";ERR_DYNAMIC=\"Not allowed\";"),
    rule(
        "amlogic-memory",
        Tool,
        &["DiskInitial error", "Initialize DDR", "InitDDR", "Uboot/Get result/Disk", "Romcode/Initialize"],
        "The loader cannot set up the memory or storage of the unit: it is for another board, or the part is faulty.",
        &[(C::ImageWrongDevice, 0.48), (C::FlashHardwareFault, 0.42), (C::RamFault, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::ReflashCorrectImage, A::ReplaceHardware])
    .from("Amlogic USB Burning Tool", "[0x32030201]Uboot/Get result/DiskInitial error"),
    rule(
        "amlogic-link",
        Tool,
        &["Romcode/Switch status", "Romcode/Identify", "Romcode/bulkcmd", "Low_Power/identify", "Uboot/Get result/identify", "Romcode/ReadFile", "Download buffer/Error result", "UBOOT/Identify"],
        "The connection to the boot ROM breaks off.",
        &[(C::LinkFault, 0.52), (C::NotInRecoveryMode, 0.35), (C::PowerFault, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::SwapCableOrPort, A::EnterRecoveryMode])
    .from("Amlogic USB Burning Tool", "[0x10103004]Romcode/Switch status/Identify/Error result"),
    rule(
        "tool-vendor-verify",
        Tool,
        &["Verify partition/Error result", "Partition * verify error", "checksum/Error result", "verify file failed"],
        "What was written does not have the digest of the image.",
        &[(C::ImageCorrupt, 0.45), (C::FlashHardwareFault, 0.42), (C::LinkFault, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::RedownloadImage, A::ReflashSameImage])
    .from("Amlogic USB Burning Tool", "[0x30405004]UBOOT/Partition boot/Verify partition/Error result"),
    rule(
        "sideload-quiet-end",
        Tool,
        &["failed to read command: Success", "failed to read command: No error", "failed to read command: Undefined error"],
        "The recovery system closed the connection when it had read the package, which is a usual end.",
        &[(C::NoFault, 0.6)],
    )
    .with(&["serving:"])
    .states(&[(S::RecoveryMode, 0.55)])
    .from("AOSP adb/client/commandline.cpp", "adb: failed to read command: Success"),
    rule(
        "android-not-up",
        Tool,
        &["Can't find service: package", "Can't find service: activity", "Can't find service: settings", "Error: Could not access the Package Manager"],
        "The debugger of the phone answers, and its system does not come up.",
        &[(C::FirmwareBug, 0.42), (C::SettingsCorrupt, 0.38), (C::RootfsCorrupt, 0.2)],
    )
    .states(&[(S::BootLoop, 0.55)])
    .actions(&[A::InstallOtherBuild, A::FactoryResetSettings])
    .from("AOSP frameworks/native/cmds/cmd", "cmd: Can't find service: package"),
    rule(
        "network-image-refused",
        Tool,
        &["Firmware check failed", "firmware check fail", "Invalid firmware", "illegal image", "Bad image header", "image header is invalid", "wrong image header", "Image verify failed", "Invalid version '"],
        "The recovery of the unit looked at the file and does not take it.",
        &[(C::ImageWrongDevice, 0.6), (C::VerifiedBootRejected, 0.3), (C::ImageCorrupt, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.55), (S::RefusedUnharmed, 0.3)])
    .actions(&[A::ReflashCorrectImage])
    .from("vendors' boot loaders over TFTP", "Error code 2: Firmware check failed"),
    rule(
        "exploit-finds-no-table",
        Tool,
        &["wrong with your GPT"],
        "The tool does not find the partitions that it expects on the unit.",
        &[(C::PartitionTableDamaged, 0.62), (C::ToolMismatch, 0.4)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::RestorePartitionTable, A::ChangeToolOrOption])
    .from("amonet modules/functions.py, switch_user", "RuntimeError: what's wrong with your GPT?"),
    rule(
        "flash-tool-storage",
        Tool,
        &["SDMMC_WRITE_FAIL", "sdmmc write fail", "SDMMC_READ_FAIL", "STOR_LIFE_EXHAUST", "stor life exhaust", "(0xC003001D)"],
        "The storage of the phone does not take what is written.",
        &[(C::FlashHardwareFault, 0.7), (C::ToolMismatch, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ReplaceHardware, A::SeekProfessional])
    .from("MediaTek SP Flash Tool", "BROM ERROR : S_DA_SDMMC_WRITE_FAILED (3149)"),
    rule(
        "flash-tool-room",
        Tool,
        &["S_NOT_ENOUGH_STORAGE_SPACE", "S_NOT_ENOUCH_STORAGE_SPACE"],
        "A part of the firmware is larger than its place.",
        &[(C::ImageTooLarge, 0.6), (C::ImageWrongDevice, 0.35)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .actions(&[A::ReflashCorrectImage])
    .from("MediaTek SP Flash Tool", "BROM ERROR : S_NOT_ENOUGH_STORAGE_SPACE (1011)"),
    rule(
        "console-loader-too-old",
        Lasting,
        &["Unable to identify package1", "unable to identify package1"],
        "The loader of the console is older than its system.",
        &[(C::BootloaderOutdated, 0.62), (C::FirmwareBug, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::UpdateBootloader, A::InstallOtherBuild])
    .from("Atmosphere fusee/program/source", "A fatal error occurred when running Fusee. Unable to identify package1!"),
    rule(
        "console-loader-mixed",
        Lasting,
        &["Incorrect fusee version", "Incorrect fuse version", "failed to stat stage2"],
        "The loader and the files on the card are of different versions.",
        &[(C::ToolMismatch, 0.6), (C::BootloaderOutdated, 0.3)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ChangeToolOrOption, A::UpdateBootloader])
    .from("Atmosphere fusee/program/source", "Incorrect fusee version! (program=0xb46dcf71, mtc=0x4aa02b53)"),
];
