//! What ROMs and the first stages of boot loaders say, and boot loaders that crash.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Loader, Rom};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "uboot-ram",
        Rom,
        &[
            "Board mem test fail",
            "Memory test FAILED",
            "DRAM init failed",
            "DRAM: * failed",
            "dram init fail",
            "ddr training failed",
            "DDR init failed",
            "Memory error at",
            "memtest * FAIL",
            "ddr test fail",
        ],
        "The memory could not be set up, or does not hold what is written to it.",
        &[(C::RamFault, 0.75), (C::PowerFault, 0.15), (C::BootloaderCorrupt, 0.15)],
    )
    .states(&[(S::BootloaderFailing, 0.7)])
    .from("U-Boot common/board_f.c and vendors' loaders", "Board mem test fail"),
    rule(
        "spl-no-boot-device",
        Rom,
        &[
            "failed to boot from all boot devices",
            "SPL: failed to boot",
            "SPL: Unsupported Boot Device",
            "spl: mmc init failed",
            "SPI probe failed",
            "spl: * error reading image",
            "Unsupported Boot Device",
            "error reading image",
        ],
        "The first stage of the boot loader does not find the second.",
        &[(C::BootloaderCorrupt, 0.6), (C::FlashHardwareFault, 0.2), (C::RecoveryMediaWrong, 0.25)],
    )
    .states(&[(S::BootloaderFailing, 0.85)])
    .from("U-Boot common/spl/spl.c", "SPL: failed to boot from all boot devices"),
    rule(
        "spl-hash",
        Rom,
        &["Bad hash value for * hash node in * image node", "hash(es) for Image * error!"],
        "The second stage of the boot loader does not have its declared digest.",
        &[(C::BootloaderCorrupt, 0.7), (C::ImageCorrupt, 0.35)],
    )
    .with(&["U-Boot SPL", "Trying to boot from"])
    .states(&[(S::BootloaderFailing, 0.7)])
    .from("U-Boot boot/image-fit.c in SPL", "Bad hash value for 'hash' hash node in 'atf-1' image node"),
    rule(
        "loader-stage-damaged",
        Rom,
        &[
            "Error code * at boot_",
            "sbl1 * error",
            "BL2: Failed to load image",
            "BL1: Failed to load image",
            "Failed to load * BL3",
            "No valid BL2",
            "PANIC at PC",
            "boot_auth fail",
            "No bootloader found",
        ],
        "A stage of the boot loader is damaged, or the flash that holds it cannot be read.",
        &[(C::BootloaderCorrupt, 0.65), (C::FlashHardwareFault, 0.3), (C::PartitionTableDamaged, 0.15)],
    )
    .states(&[(S::BootloaderFailing, 0.8)])
    .actions(&[A::RestoreBootloader])
    .from("Trusted Firmware-A bl1/bl1_main.c; Qualcomm SBL", "ERROR:   BL2: Failed to load image id 5 (-2)"),
    rule(
        "loader-exception",
        Loader,
        &[
            "\"Synchronous Abort\" handler",
            "\"Error\" handler, esr",
            "^data abort",
            "^undefined instruction",
            "^prefetch abort",
            "### ERROR ### Please RESET the board ###",
        ],
        "The boot loader itself crashed.",
        &[
            (C::BootloaderCorrupt, 0.3),
            (C::BootEnvironmentCorrupt, 0.25),
            (C::FirmwareBug, 0.3),
            (C::RamFault, 0.2),
        ],
    )
    .states(&[(S::BootloaderFailing, 0.5)])
    .from("U-Boot arch/arm/lib/interrupts_64.c", "\"Synchronous Abort\" handler, esr 0x96000010"),
    rule(
        "loader-exception-at-the-kernel",
        Loader,
        &["\"Synchronous Abort\" handler", "^data abort", "^undefined instruction", "^prefetch abort"],
        "It crashed when it loaded or started the kernel, as with a kernel that is for another board or damaged.",
        &[(C::ImageWrongDevice, 0.45), (C::ImageCorrupt, 0.2)],
    )
    .with(&["## Loading kernel from"])
    .from("U-Boot arch/arm/lib/interrupts_64.c", "\"Synchronous Abort\" handler, esr 0x02000000"),
];
