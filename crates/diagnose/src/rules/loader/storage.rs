//! What boot loaders say about flash memory and cards.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Loader;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "loader-flash-probe",
        Loader,
        &[
            "unrecognized JEDEC id bytes",
            "Failed to initialize SPI flash",
            "No SPI flash",
            "No NAND device found",
            "unknown raw ID",
            "NAND: 0 MiB",
            "## Unknown FLASH",
            "unknown flash",
            "SF: Unsupported flash",
            "^Flash: * failed ",
            "second ID read did not match",
            "invalid NAND device",
        ],
        "The flash memory does not answer, or is of a kind that the boot loader does not know.",
        &[(C::FlashHardwareFault, 0.6), (C::BootloaderOutdated, 0.2)],
    )
    .without(&["Jumping to U-Boot"])
    .states(&[(S::BootloaderOnly, 0.4)])
    .from("U-Boot drivers/mtd/spi/spi-nor-core.c", "unrecognized JEDEC id bytes: ff, ff, ff"),
    rule(
        "loader-flash-protected",
        Loader,
        &[
            "Can't Erase protected Flash sectors",
            "Can't write to protected Flash sectors",
            "Attempted to modify a protected sector",
            "card is write protected",
            "Hardware protection is active",
        ],
        "The flash memory is protected against writing.",
        &[(C::ToolMismatch, 0.6), (C::BootloaderLocked, 0.25)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .from("U-Boot drivers/mtd/cfi_flash.c", "Can't write to protected Flash sectors"),
    rule(
        "loader-flash-compare",
        Loader,
        &["byte at 0x* != byte at 0x*", "word at 0x* != word at 0x*"],
        "The flash does not hold what the memory holds.",
        &[(C::FlashHardwareFault, 0.45), (C::ImageCorrupt, 0.4)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("U-Boot cmd/mem.c", "byte at 0x833e4e14 (0x00) != byte at 0x9f534e14 (0x40)"),
    rule(
        "loader-card",
        Loader,
        &[
            "Card did not respond to voltage select",
            "MMC: no card present",
            "unable to select a mode",
            "mmc block read error",
            "Error reading from mmc",
            "mmc read failed",
            "Timeout waiting for DAT0",
            "invalid mmc device",
            "MMC partition switch failed",
        ],
        "The memory card or eMMC does not answer.",
        &[(C::FlashHardwareFault, 0.5), (C::RecoveryMediaWrong, 0.3), (C::PowerFault, 0.15)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    // `lib/efi_loader/efi_disk.c` asks every slot, also empty ones.
    .without(&["Bad hash value for * hash node in * image node", "^Found * disk"])
    .from("U-Boot drivers/mmc/mmc.c", "Card did not respond to voltage select! : -110"),
    rule(
        "loader-card-startup",
        Loader,
        &["Card's startup fails with"],
        "The card does not start up for this loader: its driver, the card or the contacts.",
        &[(C::FirmwareBug, 0.4), (C::FlashHardwareFault, 0.36), (C::LinkFault, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::PowerCycleAndRetry, A::SwapCableOrPort, A::UpdateBootloader])
    .from("barebox drivers/mci/mci-core.c", "mmc0: Card's startup fails with -74"),
    rule(
        "loader-usb-stick",
        Loader,
        &["USB device not responding, giving up"],
        "What is plugged in does not answer the boot loader on USB.",
        &[
            (C::LinkFault, 0.4),
            (C::RecoveryMediaWrong, 0.34),
            (C::BootloaderOutdated, 0.2),
            (C::FlashHardwareFault, 0.2),
        ],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::PowerCycleAndRetry, A::SwapCableOrPort])
    .from("U-Boot common/usb.c", "USB device not responding, giving up (status=0)"),
    rule(
        "loader-settings-not-saved",
        Loader,
        &[
            "Writing to MMC(*)... failed",
            "Writing to redundant MMC(*)... failed",
            "Saving Environment to *... Failed (",
            "Saving Environment to *No MMC card found",
            "Saving Environment to *... Card did not respond",
        ],
        "The boot loader cannot save its settings to its storage.",
        &[
            (C::FirmwareBug, 0.42),
            (C::FlashHardwareFault, 0.38),
            (C::RecoveryMediaWrong, 0.25),
            (C::BootEnvironmentCorrupt, 0.2),
        ],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::PowerCycleAndRetry, A::SwapCableOrPort, A::UpdateBootloader])
    .from("U-Boot env/mmc.c", "Writing to MMC(0)... failed"),
    rule(
        "loader-flash-write",
        Loader,
        &[
            "Erase operation failed",
            "Program operation failed",
            "MTD Erase failure",
            "Flash buffer write timeout",
            "Timeout writing to Flash",
            "mmc write failed",
            "Flash erase error",
            "flash write failed",
            "flash write failure",
            "Erase at 0x* failed",
            "failed erasing from SPI flash",
            "flash operation timed out",
            "software timeout",
            "block * bad, erase failed",
            "nand erase failed",
            "sf write failed",
            "Flash not Erased",
            "write error on",
        ],
        "The flash memory does not take what is written or erased.",
        &[(C::FlashHardwareFault, 0.7), (C::ToolMismatch, 0.15)],
    )
    .without(&["Your flash chip is in an unknown state", "^MTD do_", "jffs2: "])
    .states(&[(S::BootloaderOnly, 0.4)])
    .from("U-Boot drivers/mtd/spi/spi-nor-core.c", "Program operation failed."),
    rule(
        "loader-card-transfer",
        Loader,
        &[
            "sdhci_transfer_data: ",
            "sdhci_send_command: Timeout",
            "mmc fail to send stop cmd",
            "mmc_init: -110",
            "tuning failed",
            "mmc: data error",
            "SF: * ERROR",
            "Read: ERROR",
            "Write: ERROR",
            "Erased: ERROR",
            "ERROR -5",
            "mmc erase failed",
            "SPI flash failed in",
            "MMC read: * ERROR",
            "NAND read: * failed",
        ],
        "Transfers from or to the storage fail in the boot loader.",
        &[(C::FlashHardwareFault, 0.45), (C::FirmwareBug, 0.38), (C::PowerFault, 0.1)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .from("U-Boot drivers/mmc/sdhci.c, cmd/sf.c", "SF: 65536 bytes @ 0x0 Read: ERROR -5"),
    rule(
        "loader-usb",
        Loader,
        &[
            "USB device not accepting new address",
            "unable to get device descriptor",
            "usb_new_device: ",
            "EHCI timed out",
            "XHCI timeout",
            "USB error: ",
            "Device NOT ready",
            "cannot reset port",
        ],
        "A device on USB does not answer the boot loader.",
        &[(C::LinkFault, 0.42), (C::FirmwareBug, 0.32), (C::RecoveryMediaWrong, 0.25)],
    )
    .without(&["I2C device not ready"])
    .states(&[(S::BootloaderOnly, 0.35)])
    .actions(&[A::SwapCableOrPort])
    .from("U-Boot common/usb_hub.c", "USB device not accepting new address (error=80000000)"),
    rule(
        "loader-erased-itself",
        Loader,
        &[
            "sf erase 0x0 ",
            "sf erase 0 ",
            "sf write * 0x0 ",
            "nand erase.chip",
            "erase 0x9f000000",
            "cp.b * 0x9f000000",
            "erase bf000000",
            "mtd erase u-boot",
            "mmc write * 0x0 ",
        ],
        "Somebody wrote to where the boot loader lies, and the unit does not start any more.",
        &[(C::BootloaderCorrupt, 0.62), (C::UpdateInterrupted, 0.25)],
    )
    .with(&["bricked"])
    .states(&[(S::BootloaderFailing, 0.5), (S::NoOutput, 0.5)])
    .from("U-Boot cmd/sf.c", "hisilicon # sf erase 0x0 0x50000"),
    rule(
        "loader-flash-write-fails",
        Loader,
        &["MtdRewrite: rewrite failed", "ERROR: Write failed at block"],
        "The flash has a block that takes no data.",
        &[(C::FlashHardwareFault, 0.7)],
    )
    .states(&[(S::BootloaderOnly, 0.65)])
    .actions(&[A::ChangeToolOrOption, A::ReflashSameImage, A::ReplaceHardware])
    .from("U-Boot of Digi modules", "*** ERROR: Write failed at block @ 0x00540000"),
];
