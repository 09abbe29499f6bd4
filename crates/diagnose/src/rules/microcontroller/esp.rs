//! What the ROM and loaders of Espressif's chips say, and what their applications do.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Rom, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "esp-invalid-header",
        Rom,
        &["invalid header: 0x", "flash read err, 1000", "flash read err,"],
        "The ROM finds no boot loader at its place in the flash.",
        &[(C::BootloaderCorrupt, 0.5), (C::ImageIncomplete, 0.45), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::BootLoop, 0.55), (S::BootloaderFailing, 0.45)])
    .actions(&[A::ReflashCorrectImage])
    .from("Espressif ROM; esptool documentation, boot mode", "invalid header: 0xffffffff"),
    rule(
        "esp-blank",
        Rom,
        &["invalid header: 0xffffffff"],
        "The flash is blank where the boot loader should be.",
        &[(C::ImageIncomplete, 0.3)],
    )
    .from("Espressif ROM", "invalid header: 0xffffffff"),
    rule(
        "esp-recovery-loader",
        Lasting,
        &["Loading RECOVERY Bootloader", "PRIMARY - FAIL"],
        "The first boot loader is damaged; the spare one took over.",
        &[(C::BootloaderCorrupt, 0.85)],
    )
    .states(&[(S::BootsDegraded, 0.8)])
    .actions(&[A::RestoreBootloader])
    .from("Espressif ROM", "Loading RECOVERY Bootloader..."),
    rule(
        "esp-merged-at-offset",
        Tool,
        &["wrong offset", "wrong flash address", "flashed at the wrong"],
        "The image was written to another place than the chip starts from.",
        &[(C::ToolMismatch, 0.6)],
    )
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from("esptool documentation, troubleshooting", "The merged image was written to the wrong offset."),
    rule(
        "esp-no-app",
        Rom,
        &[
            "No bootable app partitions",
            "Factory app partition is not bootable",
            "OTA app partition slot",
            "image at 0x* has invalid magic byte",
            "Checksum failed. Calculated",
            "Image hash failed",
            "invalid segment length",
            "image corrupted on flash",
        ],
        "The boot loader finds no valid application.",
        &[(C::ImageIncomplete, 0.55), (C::ImageCorrupt, 0.5)],
    )
    .states(&[(S::BootloaderOnly, 0.5), (S::BootLoop, 0.4)])
    .from("ESP-IDF components/bootloader_support", "E (84) boot: Factory app partition is not bootable"),
    rule(
        "esp-partition-table",
        Rom,
        &[
            "partition table * invalid magic",
            "Failed to verify partition table",
            "load partition table error",
            "partition 0 invalid magic number",
        ],
        "The partition table is damaged.",
        &[(C::PartitionTableDamaged, 0.75)],
    )
    .states(&[(S::BootloaderOnly, 0.4), (S::BootLoop, 0.3)])
    .from("ESP-IDF components/bootloader_support", "E (53) boot: Failed to verify partition table"),
    rule(
        "esp-secure-boot",
        Rom,
        &[
            "secure boot check fail",
            "Secure Boot * failed",
            "secure boot verification failed",
            "ets_secure_boot_verify",
            "Secure boot digest",
            "Sig block 0 invalid",
        ],
        "Secure boot refuses the firmware.",
        &[(C::VerifiedBootRejected, 0.85)],
    )
    .states(&[(S::BootloaderFailing, 0.4), (S::BootLoop, 0.3)])
    .from("ESP-IDF secure boot documentation", "secure boot check fail"),
    rule(
        "esp-application-crash",
        Rom,
        &[
            "Guru Meditation Error",
            "abort() was called at PC",
            "assert failed:",
            "Task watchdog got triggered",
            "Stack canary watchpoint",
            "Hard Fault",
            "HardFault",
            "***** Hardware Fault",
            "ZEPHYR FATAL ERROR",
        ],
        "The application crashed.",
        &[(C::FirmwareBug, 0.65), (C::KernelCrash, 0.35)],
    )
    .states(&[(S::BootLoop, 0.5)])
    .actions(&[A::InstallOtherBuild])
    .from("ESP-IDF panic handler; Zephyr", "Guru Meditation Error: Core  0 panic'ed (LoadProhibited)."),
    rule(
        "esp-brownout",
        Lasting,
        &["Brownout detector was triggered", "rst:0xf (BROWNOUT", "(RTCWDT_BROWN_OUT_RESET)"],
        "The supply voltage broke down.",
        &[(C::PowerFault, 0.85)],
    )
    .states(&[(S::BootLoop, 0.5)])
    .from("ESP-IDF components/esp_system", "Brownout detector was triggered"),
];
