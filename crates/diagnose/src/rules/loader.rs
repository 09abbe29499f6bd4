//! What boot loaders say: U-Boot and its relatives.
//!
//! U-Boot is alive when it says any of this, so nothing here speaks for restoring it, save its first stage.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Loader, Rom};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "uboot-fit-hash",
        Loader,
        &[
            "Bad hash value for * hash node in * image node",
            "Bad Data Hash",
            "Bad hash in FIT image",
            "^Verifying Hash Integrity * error!",
        ],
        "A part of the firmware does not have the digest that the firmware declares for it.",
        &[(C::ImageCorrupt, 0.85), (C::ImageIncomplete, 0.25), (C::FlashHardwareFault, 0.15)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashSameImage, A::ReflashCorrectImage])
    .without(&["U-Boot SPL"])
    .from("U-Boot boot/image-fit.c", "Bad hash value for 'hash-1' hash node in 'kernel' image node"),
    rule(
        "uboot-ramdisk-damaged",
        Loader,
        &["Ramdisk image is corrupt or invalid"],
        "The boot loader refuses the ramdisk, which holds the root file system.",
        &[(C::ImageCorrupt, 0.5), (C::RootfsCorrupt, 0.5)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("U-Boot boot/bootm.c", "Ramdisk image is corrupt or invalid"),
    rule(
        "uboot-fit-format",
        Loader,
        &["Bad FIT * image format!", "Bad FIT image format!"],
        "The firmware starts like a FIT image, but its structure does not hold together.",
        &[(C::ImageIncomplete, 0.65), (C::ImageCorrupt, 0.55)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("U-Boot boot/image-fit.c", "Bad FIT kernel image format! (err=-22)"),
    rule(
        "uboot-fit-configuration",
        Loader,
        &[
            "Could not find configuration node",
            "Could not find subimage node",
            "Could not find a valid device tree",
            "Could not find kernel entry point",
        ],
        "The firmware has no part for this board, or not the one that is asked for.",
        &[(C::ImageWrongDevice, 0.5), (C::BootEnvironmentCorrupt, 0.35), (C::ImageIncomplete, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("U-Boot boot/image-fit.c", "Could not find configuration node"),
    rule(
        "uboot-data-crc",
        Loader,
        &["Bad Data CRC", "Verifying Checksum * Bad"],
        "The data of the image does not have the checksum that its header declares.",
        &[(C::ImageCorrupt, 0.6), (C::ImageIncomplete, 0.55), (C::FlashHardwareFault, 0.15)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("U-Boot boot/image-board.c", "   Verifying Checksum ... Bad Data CRC"),
    rule(
        "uboot-header-crc",
        Loader,
        &["Bad Header Checksum"],
        "The header of the image is damaged.",
        &[(C::ImageCorrupt, 0.7), (C::FlashHardwareFault, 0.15), (C::ImageIncomplete, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("U-Boot boot/image-board.c", "Bad Header Checksum"),
    rule(
        "uboot-no-image",
        Loader,
        &["Bad Magic Number", "Wrong Image Format for", "can't get kernel image", "no kernel image found"],
        "There is no image where the boot loader looks for one.",
        &[
            (C::ImageCorrupt, 0.35),
            (C::ImageIncomplete, 0.45),
            (C::BootEnvironmentCorrupt, 0.35),
            (C::ImageWrongDevice, 0.2),
        ],
    )
    .without(&[
        "Bad Data CRC",
        "Bad hash value for * hash node in * image node",
        "Bad FIT * image format!",
        "Bad Header Checksum",
    ])
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("U-Boot boot/bootm.c", "Wrong Image Format for bootm command"),
    rule(
        "uboot-unknown-format",
        Loader,
        &["Unknown image format!"],
        "What stands at that address is no image.",
        &[(C::ImageIncomplete, 0.2), (C::ImageCorrupt, 0.2)],
    )
    .from("U-Boot cmd/bootm.c", "Unknown image format!"),
    rule(
        "uboot-architecture",
        Loader,
        &[
            "Unsupported Architecture",
            "Wrong Image Type for",
            "Image is not for this",
            "No * Image * Type Image",
            "^No * * Image!",
        ],
        "The firmware is of another kind, or for another processor, than the boot loader starts.",
        &[(C::ImageWrongDevice, 0.85)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("U-Boot boot/bootm.c", "Unsupported Architecture 0x16"),
    rule(
        "loader-decompression",
        Loader,
        &[
            "LZMA ERROR",
            "LzmaDecode",
            "uncompress error",
            "Decoding error",
            "GUNZIP: uncompress",
            "out-of-mem or overwrite error",
        ],
        "The kernel could not be decompressed: it is damaged, or not what this boot loader can decompress.",
        &[
            (C::ImageCorrupt, 0.6),
            (C::FirmwareBug, 0.3),
            (C::ImageTooLarge, 0.25),
            (C::ImageIncomplete, 0.25),
            (C::ImageWrongDevice, 0.25),
        ],
    )
    .states(&[(S::BootloaderOnly, 0.35)])
    .actions(&[A::ReflashCorrectImage])
    .from("U-Boot boot/bootm.c", "Uncompressing Kernel Image ... LZMA ERROR 1 - must RESET board to recover"),
    rule(
        "loader-decompressed-too-large",
        Loader,
        &[
            "Too big uncompressed stream",
            "Image too large: increase",
            "new format image overwritten",
            "image is too large",
            "image too big",
            "too large for",
            "Attempt to write outside the flash area",
            "beyond the end of flash",
        ],
        "The firmware is larger than its place.",
        &[(C::ImageTooLarge, 0.8)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .from("U-Boot boot/bootm.c", "Too big uncompressed streamLZMA ERROR 1 - must RESET board to recover"),
    rule(
        "loader-must-reset",
        Loader,
        &["must RESET board to recover", "^Resetting..."],
        "The boot loader starts the unit over after the failure.",
        &[],
    )
    .states(&[(S::BootLoop, 0.4)])
    .from("U-Boot boot/bootm.c", "LZMA ERROR 1 - must RESET board to recover"),
    rule(
        "uboot-default-environment",
        Loader,
        &[
            "bad CRC, using default environment",
            "!bad CRC, using default",
            "Unable to read env from",
            "Cannot load environment",
        ],
        "The stored settings of the boot loader were not usable; it went on with its own.",
        &[(C::BootEnvironmentCorrupt, 0.28)],
    )
    .from("U-Boot env/common.c", "*** Warning - bad CRC, using default environment"),
    rule(
        "uboot-default-environment-does-not-boot",
        Loader,
        &[
            "Wrong Image Format for",
            "Bad Magic Number",
            "can't get kernel image",
            "Retry time exceeded",
            "Retry count exceeded",
            "Boot failed (err",
            "SCRIPT FAILED",
            "' not set",
            "\" not defined",
            "Bad device",
            "No more bootdevs",
            "No EFI system partition",
        ],
        "With its default settings the boot loader does not find the system.",
        &[(C::BootEnvironmentCorrupt, 0.6)],
    )
    .with(&["bad CRC, using default environment"])
    .states(&[(S::BootloaderOnly, 0.5)])
    .from("U-Boot env/common.c, boot/bootm.c", "Wrong Image Format for bootm command"),
    rule(
        "uboot-variable-missing",
        Loader,
        &["## Error: \"*\" not defined", "## Error: \"bootcmd\"",],
        "The boot command needs a variable or a command that the boot loader does not have.",
        &[(C::BootEnvironmentCorrupt, 0.6), (C::BootloaderOutdated, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .from("U-Boot common/cli.c", "## Error: \"bootcmd\" not defined"),
    rule(
        "uboot-unknown-command",
        Loader,
        &["Unknown command '*' - try 'help'"],
        "The boot loader does not know a command; somebody mistyped it, or the boot command needs a newer one.",
        &[(C::BootEnvironmentCorrupt, 0.2), (C::BootloaderOutdated, 0.2), (C::ToolMismatch, 0.15)],
    )
    .from("U-Boot common/command.c", "Unknown command 'bootflow' - try 'help'"),
    rule(
        "uboot-file-not-found",
        Loader,
        &[
            "Unable to read \"",
            "Unable to read file",
            "File not found *uImage",
            "Failed to load '",
            "** File not found",
            "Can't read partition table",
            "Bad device specification",
            "** Bad device",
            "** No partition table",
        ],
        "The boot loader does not find the file, partition or medium that its boot command names.",
        &[
            (C::BootEnvironmentCorrupt, 0.45),
            (C::RecoveryMediaWrong, 0.4),
            (C::ImageIncomplete, 0.2),
            (C::PartitionTableDamaged, 0.15),
        ],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("U-Boot fs/fs.c", "Unable to read \"/uImage\" from usb 0:1"),
    rule(
        "uboot-partition-table",
        Loader,
        &[
            "GPT: last_usable_lba incorrect",
            "GUID Partition Table Header signature is wrong",
            "GUID Partition Table Header",
            "invalid GPT",
            "Invalid GPT",
            "part_init failed",
            "partition table doesn't exist",
            "writing GPT partitions failed",
        ],
        "The partition table is damaged or missing.",
        &[(C::PartitionTableDamaged, 0.6)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .from(
        "U-Boot disk/part_efi.c",
        "GUID Partition Table Header signature is wrong: 0x0 != 0x5452415020494645",
    ),
    rule(
        "uboot-verified-boot",
        Loader,
        &[
            "Failed to verify required signature",
            "Unable to verify required signature",
            "HAB Event 1",
            "Authenticate image * failed",
            "Signature check * failed",
            "signature verification failed",
            "avb: * verification failed",
            "image authentication failed",
            "Verification failed with",
        ],
        "The boot loader refuses the firmware, because its signature does not check out.",
        &[(C::VerifiedBootRejected, 0.85)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .from("U-Boot boot/image-fit-sig.c", "Failed to verify required signature 'key-dev'"),
    rule(
        "uboot-rollback",
        Loader,
        &[
            "is less than the stored rollback index",
            "anti-rollback check", "rollback index mismatch", "rollback detected",
            "older than the minimum",
        ],
        "The firmware is older than the unit accepts.",
        &[(C::RollbackRejected, 0.8)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .from(
        "Android Verified Boot, README.md",
        "avb_slot_verify.c: Rollback index 1 is less than the stored rollback index",
    ),
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
            "Flash: *** failed ***",
            "second ID read did not match",
            "invalid NAND device",
        ],
        "The flash memory does not answer, or is of a kind that the boot loader does not know.",
        &[(C::FlashHardwareFault, 0.6), (C::BootloaderOutdated, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .from("U-Boot drivers/mtd/spi/spi-nor-core.c", "unrecognized JEDEC id bytes: ff, ff, ff"),
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
            "Erase failed",
            "Erase at 0x* failed",
            "failed erasing from SPI flash",
            "flash operation timed out",
            "software timeout",
        ],
        "The flash memory does not take what is written or erased.",
        &[(C::FlashHardwareFault, 0.7), (C::ToolMismatch, 0.15)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .from("U-Boot drivers/mtd/spi/spi-nor-core.c", "Program operation failed."),
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
    .without(&["Bad hash value for * hash node in * image node"])
    .from("U-Boot drivers/mmc/mmc.c", "Card did not respond to voltage select! : -110"),
    rule(
        "loader-network",
        Loader,
        &[
            "ARP Retry count exceeded",
            "Retry count exceeded; starting again",
            "No ethernet found",
            "is not alive",
            "`serverip' not set",
            "`ipaddr' not set",
            "TIMEOUT !",
            "Retry count exceeded",
            "Retry time exceeded",
        ],
        "The boot loader does not reach the other computer over the network.",
        &[(C::LinkFault, 0.55), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .without(&["bad CRC, using default environment"])
    .actions(&[A::FixNetworkSettings, A::SwapCableOrPort])
    .from("U-Boot net/arp.c", "ARP Retry count exceeded; starting again"),
    rule(
        "loader-tftp-refused",
        Loader,
        &["TFTP error:", "TFTP error trying", "File not found' (1)", "Access violation' (2)"],
        "The TFTP server refuses the file.",
        &[(C::ToolMismatch, 0.65)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .from("U-Boot net/tftp.c", "TFTP error: 'File not found' (1)"),
    rule(
        "loader-firmware-missing",
        Loader,
        &[
            "no valid firmware",
            "Firmware not found",
            "no bootable * found",
            "No bootable",
            "Invalid firmware",
            "firmware is corrupt",
            "no valid image",
            "Boot Image corrupted",
            "No valid trx",
            "Invalid boot block on disk",
            "Loading: Failed",
            "checksum error in flash",
            "image checksum error",
            "Boot program checksum is invalid",
        ],
        "The boot loader finds no valid firmware.",
        &[(C::ImageIncomplete, 0.5), (C::ImageCorrupt, 0.5)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("vendors' boot loaders", "Invalid boot block on disk"),
    rule(
        "loader-recovery-server",
        Loader,
        &[
            "httpd recovery",
            "recovery mode",
            "Starting TFTP server",
            "tftp server ready",
            "NetUSBee",
            "HTTP server is ready",
            "- failsafe -",
            "entering rescue",
        ],
        "The unit waits in its recovery mode.",
        &[],
    )
    .states(&[(S::RecoveryMode, 0.35)])
    .from("vendors' boot loaders", "HTTP server is ready!"),
];
