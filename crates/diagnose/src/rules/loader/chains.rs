//! What the chains of loaders of particular chips say that do not get their next part.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Loader, Rom};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "mediatek-preloader",
        Rom,
        &[
            "[PART] load * [FAILED]",
            "bldr_load_images fail",
            "load_image fail",
            "PL fatal error",
            "PL delay for Long Press",
            "[PLFM] emergency download mode",
            "<ASSERT> * preloader",
            "partition hdr fail",
            "[LIB] * img auth fail",
        ],
        "The preloader does not get the boot loader behind it.",
        &[(C::BootloaderCorrupt, 0.6), (C::ImageCorrupt, 0.2)],
    )
    .states(&[(S::BootloaderFailing, 0.6)])
    .from(
        "MediaTek preloader, platform.c, part_common.c",
        "[PART] load \"UBOOT\" from 0x0000000000058000 (dev) to 0x81E00000 (mem) [FAILED]",
    ),
    rule(
        "amlogic-signature",
        Rom,
        &["SIG CHK : ", "R2048 check", "aml log : * fail", "bl2 error", "Sign check fail", "rsa check fail"],
        "A part of the chain of loaders does not pass its check.",
        &[(C::VerifiedBootRejected, 0.45), (C::BootloaderCorrupt, 0.42), (C::ImageCorrupt, 0.4)],
    )
    .states(&[(S::BootloaderFailing, 0.5)])
    .actions(&[A::UseSignedOrNewerImage, A::ReflashCorrectImage])
    .from("Amlogic BL2 and U-Boot", "aml log : SIG CHK : 130 for address 0x01080000"),
    rule(
        "amlogic-next-part",
        Rom,
        &[
            "fip header * error",
            "fip header * fail",
            "Load bl33 * error",
            "FIP HDR CHK: ff",
            "fip chk fail",
            "New fip structure not found",
        ],
        "The loader cannot read the parts that follow it.",
        &[(C::BootloaderCorrupt, 0.6), (C::FlashHardwareFault, 0.2), (C::RecoveryMediaWrong, 0.2)],
    )
    .states(&[(S::BootloaderFailing, 0.6)])
    .from("Amlogic BL2", "Load fip header from eMMC, src: 0x0000c200 error"),
    rule(
        "trusted-firmware-next-part",
        Rom,
        &[
            "Loading of FW_CONFIG failed",
            "Loading of * failed -",
            "Failed to obtain reference to image",
            "BL1: Failed to load BL2",
            "BL2: Failed to load image",
        ],
        "The trusted firmware cannot load its next part.",
        &[(C::BootloaderCorrupt, 0.6), (C::FirmwareBug, 0.2), (C::FlashHardwareFault, 0.15)],
    )
    .states(&[(S::BootloaderFailing, 0.6)])
    .from("Trusted Firmware-A common/bl_common.c", "ERROR:   Loading of FW_CONFIG failed -2"),
    rule(
        "secure-system-crash",
        Rom,
        &[
            "E/TC:* Panic ",
            "E/TC:* PANIC",
            "Panic at core/arch/",
            "E/TC:* Core data-abort",
            "E/TC:* TA panicked",
        ],
        "The secure system crashed.",
        &[(C::FirmwareBug, 0.5), (C::BootloaderCorrupt, 0.4), (C::ImageWrongDevice, 0.15)],
    )
    .states(&[(S::BootloaderFailing, 0.5)])
    .actions(&[A::InstallOtherBuild])
    .from(
        "OP-TEE core/kernel/panic.c",
        "E/TC:0 0 Panic 'unexpected exception' at core/arch/arm/kernel/abort.c:574",
    ),
    rule(
        "coreboot-payload",
        Rom,
        &["CBFS: * not found", "Payload not loaded", "Couldn't load payload", "No payload found"],
        "The firmware of the board does not hold what it should start.",
        &[(C::BootloaderCorrupt, 0.55), (C::ImageIncomplete, 0.35)],
    )
    .states(&[(S::BootloaderFailing, 0.6)])
    .from("coreboot src/lib/cbfs.c, prog_loaders.c", "CBFS: 'fallback/payload' not found."),
    rule(
        "zynq-first-stage",
        Rom,
        &[
            "XFSBL_ERROR",
            "PARTITION_LOAD_FAIL",
            "FSBL Status = 0xA0",
            "Image Header Table Offset 0xFFFFFFFF",
            "Image Header Checksum Failed",
        ],
        "The first stage does not find its parts in the boot image.",
        &[(C::BootloaderCorrupt, 0.55), (C::ImageCorrupt, 0.35)],
    )
    .without(&["XFSBL_ERROR_SD", "SD_INIT_FAIL", "FSBL Status = 0xA009"])
    .states(&[(S::BootloaderFailing, 0.7)])
    .from("Xilinx embeddedsw zynqmp_fsbl, xfsbl_error.h", "XFSBL_ERROR_LOAD_PARTITION"),
    rule(
        "tegra-kernel",
        Loader,
        &[
            "E> Failed to load kernel",
            "E> Failed to boot kernel",
            "E> kernel * load failed",
            "E> Failed to validate kernel",
            "Failed to load kernel from A_kernel",
        ],
        "The boot loader cannot load the kernel.",
        &[(C::ImageCorrupt, 0.5), (C::ImageIncomplete, 0.45), (C::VerifiedBootRejected, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from("NVIDIA Tegra CBoot", "[0008.123] E> Failed to load kernel from A_kernel partition"),
    rule(
        "tegra-chain",
        Rom,
        &[
            "E> Top caller module: ",
            "E> LOADER: Failed to get ",
            "C> LOADER: Could not read binary",
            "C> Fail to load mb1-bct",
            "E> Failed to load *binary",
            "E> Task * failed",
            "E> BL: ",
            "E> MB1 * failed",
            "Tegrabl error",
            "E> Failed to read *partition",
        ],
        "A part of the chain of loaders fails.",
        &[(C::BootloaderCorrupt, 0.5), (C::ImageCorrupt, 0.35), (C::FirmwareBug, 0.2)],
    )
    .states(&[(S::BootloaderFailing, 0.6)])
    .from(
        "NVIDIA Tegra MB1 and MB2",
        "E> Top caller module: LOADER, error module: LOADER, reason: 0x2a, aux_info: 0x08",
    ),
    rule(
        "android-loader-no-boot-image",
        Lasting,
        &[
            "ERROR: Invalid boot image header",
            "Could not do normal boot",
            "Reverting to fastboot mode",
            "boot image authentication failed",
            "ERROR: Cannot read boot image",
        ],
        "The boot loader finds no image that it can start, and waits for one.",
        &[(C::ImageCorrupt, 0.5), (C::ImageIncomplete, 0.45), (C::ImageWrongDevice, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from("Little Kernel app/aboot/aboot.c", "ERROR: Could not do normal boot. Reverting to fastboot mode."),
];
