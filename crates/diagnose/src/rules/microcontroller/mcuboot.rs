//! What MCUboot says.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Rom, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "mcuboot-rejected",
        Rom,
        &[
            "Image in the primary slot is not valid",
            "Unable to find bootable image",
            "Image in slot * is not valid",
        ],
        "The boot loader finds no image with a valid signature and digest.",
        &[(C::VerifiedBootRejected, 0.65), (C::ImageIncomplete, 0.4), (C::ImageCorrupt, 0.35)],
    )
    .states(&[(S::BootloaderOnly, 0.85)])
    .actions(&[A::UseSignedOrNewerImage, A::ReflashCorrectImage])
    .from("MCUboot boot/bootutil/src/loader.c", "E: Image in the primary slot is not valid!"),
    rule(
        "mcuboot-update-refused",
        Lasting,
        &["Image in the secondary slot is not valid"],
        "The boot loader refuses the update that waits in the second slot; the firmware in the first stays.",
        &[(C::VerifiedBootRejected, 0.62), (C::ImageIncomplete, 0.36), (C::ImageCorrupt, 0.35)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::UseSignedOrNewerImage, A::ReflashCorrectImage])
    .from("MCUboot boot/bootutil/src/loader.c", "E: Image in the secondary slot is not valid!"),
    rule(
        "mcuboot-unreadable",
        Rom,
        &["Failed reading image header"],
        "The boot loader cannot read the slot of the firmware.",
        &[(C::FlashHardwareFault, 0.45), (C::ImageIncomplete, 0.4)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .from("MCUboot boot/bootutil/src/loader.c", "Failed reading image headers; Image=0"),
    rule(
        "mcuboot-built-too-small",
        Lasting,
        &[
            "BOOT_MAX_IMG_SECTORS",
            "Failed reading sectors",
            "No bootable area",
            "Not enough free space to run swap",
            "not divisible by sector size",
        ],
        "The boot loader was built for fewer or smaller sectors than the slots of this board have.",
        &[(C::FirmwareBug, 0.8), (C::ImageTooLarge, 0.5), (C::BootloaderOutdated, 0.3)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::UpdateBootloader, A::InstallOtherBuild])
    .from(
        "MCUboot boot/bootutil/src/loader.c",
        "W: Failed reading sectors; BOOT_MAX_IMG_SECTORS=128 - too small?",
    ),
    rule(
        "mcuboot-started",
        Rom,
        &["Jumping to the first image slot", "Booting firmware image at"],
        "The boot loader found its image valid and started it.",
        &[(C::NoFault, 0.6)],
    )
    .states(&[(S::Healthy, 0.5)])
    .from("MCUboot boot/zephyr/main.c", "Jumping to the first image slot"),
    rule(
        "mcuboot-slots",
        Rom,
        &[
            "Cannot upgrade: slots",
            "Cannot upgrade: more sectors",
            "Cannot upgrade: not a compatible",
            "slots have non-compatible sectors",
            "Not enough sectors",
            "sector sizes differ",
        ],
        "Boot loader and image were built with different layouts.",
        &[(C::FirmwareBug, 0.45), (C::ToolMismatch, 0.4)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .actions(&[A::InstallOtherBuild])
    .from("MCUboot boot/bootutil/src/swap_misc.c", "Cannot upgrade: slots have non-compatible sectors"),
    rule(
        "mcuboot-bad-magic",
        Rom,
        &["bad image magic", "Bad image magic", "Image has an invalid magic", "magic=bad"],
        "The slot holds no image, or only a part of one.",
        &[(C::ImageIncomplete, 0.5), (C::UpdateInterrupted, 0.25), (C::ImageCorrupt, 0.25)],
    )
    .without(&["Jumping to the first image slot", "Booting firmware image at"])
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::ReflashCorrectImage])
    .from(
        "MCUboot boot/bootutil/src/loader.c",
        "W: Failed reading image headers; bad image magic 0xffffffff",
    ),
    rule(
        "mcuboot-serial-recovery",
        Lasting,
        &["Enter the serial recovery mode", "Starting serial recovery", "Entering serial recovery"],
        "The boot loader waits for an image over its serial recovery.",
        &[],
    )
    .states(&[(S::RecoveryMode, 0.85)])
    .from("MCUboot boot/zephyr/main.c", "I: Enter the serial recovery mode"),
    rule(
        "mcuboot-crash",
        Lasting,
        &["BUS FAULT", "MPU FAULT", "USAGE FAULT", "Hard Fault", "HardFault", "ZEPHYR FATAL ERROR"],
        "The boot loader crashed: it had not started an image yet.",
        &[(C::BootloaderCorrupt, 0.7), (C::FirmwareBug, 0.6), (C::BootloaderOutdated, 0.2)],
    )
    .with(&["Starting bootloader"])
    .without(&["Jumping to the first image slot", "Booting firmware image at", "Booting Zephyr OS"])
    .states(&[(S::BootloaderFailing, 0.75)])
    .actions(&[A::UpdateBootloader, A::RestoreBootloader])
    .from(
        "MCUboot boot/zephyr/main.c; Zephyr kernel/fatal.c",
        "<inf> mcuboot: Starting bootloader; >>> ZEPHYR FATAL ERROR 0: CPU exception on CPU 0",
    ),
    rule(
        "rtos-crash",
        Lasting,
        &[
            "ZEPHYR FATAL ERROR",
            "BUS FAULT",
            "MPU FAULT",
            "USAGE FAULT",
            "Hard Fault",
            "HardFault",
            "***** Hardware Fault",
            "ASSERTION FAIL",
            "Fatal error in task",
            "Stack overflow in task",
            "mbed assertion",
            "++ MbedOS Error",
        ],
        "The application crashed.",
        &[(C::FirmwareBug, 0.65), (C::KernelCrash, 0.35)],
    )
    .without(&["openocd: ", "Assertion failed: (", "Assertion `* failed"])
    .states(&[(S::BootLoop, 0.45), (S::KernelHang, 0.45)])
    .actions(&[A::InstallOtherBuild])
    .from("Zephyr kernel/fatal.c; Mbed OS", ">>> ZEPHYR FATAL ERROR 4: Kernel panic on CPU 0"),
    rule(
        "nrf-dfu",
        Tool,
        &[
            "Failed to upgrade target",
            "Timed out waiting for acknowledgement",
            "No data received on serial port",
            "Serial port could not be opened",
            "Hardware version failure",
            "SD version failure",
            "Target did not respond",
        ],
        "The boot loader of the chip does not take part in the update.",
        &[(C::LinkFault, 0.45), (C::NotInRecoveryMode, 0.45), (C::ImageWrongDevice, 0.2)],
    )
    .states(&[(S::Unknown, 0.3)])
    .actions(&[A::EnterRecoveryMode, A::SwapCableOrPort])
    .from(
        "adafruit-nrfutil nordicsemi/dfu",
        "Failed to upgrade target. Error is: No data received on serial port. Not able to proceed.",
    ),
];
