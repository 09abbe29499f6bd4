//! What boot loaders say when they cannot do what they were told, and why.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Loader, Rom};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "loader-write-not-aligned",
        Loader,
        &[
            "write to non page aligned data",
            "write non page aligned",
            "end address not on sector boundary",
            "start address not on sector boundary",
            "not a multiple of erase size",
            "not multiple of erase size",
            "must be aligned to erase",
            "size is not page aligned",
            "offset is not page aligned",
            "size not page aligned",
            "not block aligned",
            "not page-aligned",
        ],
        "The size of the file, or the place that it goes to, does not fit the blocks of the flash.",
        &[(C::ToolMismatch, 0.45), (C::ImageIncomplete, 0.42), (C::FirmwareBug, 0.4)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from(
        "U-Boot drivers/mtd/nand/raw/nand_util.c; cmd/flash.c",
        "Attempt to write to non page aligned data",
    ),
    rule(
        "loader-image-not-aligned",
        Loader,
        &["is not a multiple of block size"],
        "The loader refuses the image before it writes: a part of it does not end where a block of the flash does.",
        &[(C::FirmwareBug, 0.45), (C::ImageWrongDevice, 0.36), (C::ImageCorrupt, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from("Ubiquiti RedBoot", "'kernel' size, 0x00226e22 is not a multiple of block size, 0x00010000! Abort."),
    rule(
        "loader-cannot-unpack",
        Loader,
        &["lzma_decode failed"],
        "What the loader reads from its flash cannot be unpacked.",
        &[(C::ImageCorrupt, 0.55), (C::ImageIncomplete, 0.36), (C::ImageWrongDevice, 0.3)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .actions(&[A::ReflashCorrectImage])
    .from("RedBoot of Atheros boards, fis load -l", "lzma_decode failed. res=1"),
    rule(
        "loader-command-too-long",
        Loader,
        &["** Too many args (max"],
        "The typed command has more words than this loader takes.",
        &[(C::ToolMismatch, 0.6), (C::BootloaderOutdated, 0.3)],
    )
    .states(&[(S::BootloaderOnly, 0.7)])
    .actions(&[A::ChangeToolOrOption])
    .from("U-Boot common/cli_simple.c", "** Too many args (max. 16) **"),
    rule(
        "loader-update-not-written",
        Lasting,
        &["ERROR: writing to /dev/*", "ERROR: fastboot: update "],
        "The loader could not write the update to its place: it is too large for it, protected, or the loader is at fault.",
        &[(C::ImageTooLarge, 0.34), (C::FirmwareBug, 0.3), (C::BootloaderLocked, 0.28)],
    )
    .states(&[(S::RecoveryMode, 0.4), (S::BootloaderOnly, 0.3)])
    .actions(&[A::ChangeToolOrOption, A::ReflashCorrectImage])
    .from("barebox common/bbu.c, common/fastboot.c", "ERROR: fastboot: update barebox: Operation not permitted"),
    rule(
        "loader-cannot-restart",
        Lasting,
        &["System reset not supported on this platform", "System reset not supported"],
        "This build of the boot loader cannot start the board over by itself.",
        &[(C::FirmwareBug, 0.6), (C::BootloaderOutdated, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.75)])
    .actions(&[A::InstallOtherBuild, A::UpdateBootloader, A::PowerCycleAndRetry])
    .from("U-Boot drivers/sysreset/sysreset-uclass.c", "System reset not supported on this platform"),
    rule(
        "loader-out-of-memory",
        Loader,
        &[
            "^ERROR: out of memory",
            "OOM error occurred during verification",
            "ERROR: Failed to allocate memory",
            "ERROR: Can't allocate 0X* bytes",
            "alloc space exhausted",
            "calloc failed",
            "malloc failed",
        ],
        "The boot loader runs out of the memory that it was built to use.",
        &[(C::FirmwareBug, 0.58), (C::BootloaderOutdated, 0.25), (C::ImageTooLarge, 0.2)],
    )
    .without(&["^Linux version "])
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::InstallOtherBuild, A::UpdateBootloader])
    .from(
        "U-Boot common/avb_verify.c, disk/part_efi.c; barebox lib/xfuncs.c",
        "OOM error occurred during verification",
    ),
    rule(
        "loader-dfu-settings",
        Loader,
        &[
            "DFU entities configuration failed",
            "partition table does not match dfu_alt_info",
            "Too many arguments for ",
        ],
        "The list of what may be written over USB does not suit the partitions.",
        &[(C::BootEnvironmentCorrupt, 0.45), (C::ToolMismatch, 0.38), (C::FirmwareBug, 0.35)],
    )
    .with(&["DFU"])
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::FixBootEnvironment, A::ChangeToolOrOption])
    .from("U-Boot cmd/dfu.c, drivers/dfu/dfu.c", "ERROR: DFU entities configuration failed!"),
    rule(
        "loader-md5-of-parts",
        Loader,
        &["Data validation failed!", "Validating MD5Sum of * Failed"],
        "A part of the firmware does not have the digest that was noted for it.",
        &[
            (C::ImageCorrupt, 0.52),
            (C::RootfsCorrupt, 0.4),
            (C::ImageIncomplete, 0.35),
            (C::BootEnvironmentCorrupt, 0.2),
        ],
    )
    .states(&[(S::BootloaderOnly, 0.55)])
    .actions(&[A::ReflashCorrectImage])
    .from("OpenMesh U-Boot, datachk", "Data validation failed!"),
    rule(
        "loader-finds-its-own-bug",
        Loader,
        &["BUG: failure at ", "^BUG!"],
        "The boot loader found an error in itself.",
        &[(C::FirmwareBug, 0.58), (C::BootloaderCorrupt, 0.25), (C::FlashHardwareFault, 0.15)],
    )
    .without(&["^Linux version "])
    .states(&[(S::BootLoop, 0.4), (S::BootloaderFailing, 0.35)])
    .actions(&[A::InstallOtherBuild, A::UpdateBootloader])
    .from("U-Boot include/linux/bug.h", "BUG: failure at nand_base.c:3214/nand_scan_tail()!"),
    rule(
        "loader-list-of-partitions",
        Loader,
        &[
            "Error initializing mtdparts",
            "incorrect device type in ubi",
            "no UBI device/partition selected",
            "at the end of partition",
            "mtdparts variable not set",
            "mtdids not defined",
            "mtdids variable not defined",
        ],
        "The boot loader's list of the flash's partitions is wrong or missing, so that it does not find what it should start.",
        &[(C::BootEnvironmentCorrupt, 0.6), (C::PartitionTableDamaged, 0.2), (C::FirmwareBug, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::FixBootEnvironment])
    .from("U-Boot cmd/mtdparts.c, cmd/ubi.c", "Error initializing mtdparts!"),
    rule(
        "barebox-image",
        Loader,
        &["^ERROR: FIT: ", "^ERROR: Loading dtb image failed", "^ERROR: Loading FIT image failed"],
        "barebox cannot use a part of the image.",
        &[(C::ImageCorrupt, 0.42), (C::FirmwareBug, 0.46), (C::ImageWrongDevice, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("barebox common/image-fit.c, common/uimage.c", "ERROR: FIT: data couldn't be decompressed"),
    rule(
        "loader-usb-gadget",
        Loader,
        &["g_dnl_register: failed!", "g_dnl_register failed", "No USB device found", "USB init failed: "],
        "The boot loader's own USB port, over which it would be written to, does not start.",
        &[(C::FirmwareBug, 0.45), (C::LinkFault, 0.3), (C::ToolMismatch, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ChangeToolOrOption, A::InstallOtherBuild])
    .last_resort()
    .from("U-Boot drivers/usb/gadget/g_dnl.c", "g_dnl_register: failed!, error: -22"),
    rule(
        "loader-no-efi-program",
        Loader,
        &["Not a PE-COFF file", "Invalid Opcode (Undefined Opcode)", "## Application failed, r ="],
        "What should be started is no EFI program, or one that is broken.",
        &[(C::ImageCorrupt, 0.4), (C::ImageWrongDevice, 0.32), (C::FirmwareBug, 0.34)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("U-Boot lib/efi_loader/efi_image_loader.c", "Not a PE-COFF file"),
    rule(
        "loader-assertion",
        Loader,
        &["UBIFS assert failed in", "Assertion failed: ", "cache_inval_range - * not aligned", "CACHE: Misaligned operation"],
        "The boot loader finds that it does not keep to its own rules.",
        &[(C::FirmwareBug, 0.48), (C::RootfsCorrupt, 0.15)],
    )
    .states(&[(S::BootloaderOnly, 0.45)])
    .actions(&[A::InstallOtherBuild, A::UpdateBootloader])
    .last_resort()
    .from("U-Boot fs/ubifs/debug.h, arch/arm/cpu/armv7/cache_v7.c", "UBIFS assert failed in ubifs_finddir at 436"),
    rule(
        "coreboot-no-file-system",
        Rom,
        &["No valid CBFS header found", "CBFS: * Could not find file", "CBFS ERROR: ", "ERROR: CBFS: "],
        "coreboot does not find its own next stage in the flash.",
        &[(C::BootloaderCorrupt, 0.6), (C::ImageIncomplete, 0.3), (C::FirmwareBug, 0.3)],
    )
    .states(&[(S::BootloaderFailing, 0.75)])
    .actions(&[A::RestoreBootloader, A::ReflashCorrectImage])
    .from("coreboot src/lib/cbfs.c", "ERROR: No valid CBFS header found!"),
    rule(
        "trusted-firmware-error",
        Rom,
        &["^ERROR:   "],
        "The secure firmware before the boot loader reports an error.",
        &[(C::FirmwareBug, 0.4), (C::BootloaderCorrupt, 0.38), (C::ImageWrongDevice, 0.15)],
    )
    .without(&["^INFO:    "])
    .states(&[(S::BootloaderFailing, 0.5)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .last_resort()
    .from("Trusted Firmware-A common/tf_log.c, ERROR with its padding", "ERROR:   MSS DMA failed (timeout)"),
    rule(
        "barebox-driver",
        Loader,
        &["ERROR: *.of: ", "ERROR: gpiolib: ", "probe permanently deferred"],
        "A driver of barebox does not get its part of the board to work.",
        &[(C::FirmwareBug, 0.42), (C::FlashHardwareFault, 0.15)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .actions(&[A::InstallOtherBuild, A::UpdateBootloader])
    .last_resort()
    .from("barebox include/printk.h, drivers/of/platform.c", "ERROR: atmel_mci fc000000.mmc@fc000000.of: command/data timeout"),
    rule(
        "loader-unpacks-too-much",
        Loader,
        &["inflate() returned -5", "kernel out of range"],
        "What is unpacked or loaded is larger than the room that the boot loader has for it.",
        &[(C::ImageTooLarge, 0.62), (C::ImageCorrupt, 0.42), (C::FirmwareBug, 0.35)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .actions(&[A::InstallOtherBuild])
    .from("zlib.h, Z_BUF_ERROR; U-Boot lib/gunzip.c; MikroTik RouterBOOT", "Error: inflate() returned -5"),
    rule(
        "loader-loads-over-itself",
        Loader,
        &["image overlaps OS image", "RD image overlaps", "new format image overwritten"],
        "The addresses that the images are loaded to lie too close together for images of this size.",
        &[(C::BootEnvironmentCorrupt, 0.5), (C::ImageTooLarge, 0.46), (C::FirmwareBug, 0.3)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::FixBootEnvironment, A::InstallOtherBuild])
    .from("U-Boot boot/bootm.c, boot/image-board.c", "ERROR: RD image overlaps OS image (OS=2200000..60d0000)"),
    rule(
        "cfe-out-of-memory",
        Loader,
        &["PANIC: out of memory!"],
        "What CFE was given to load or unpack is larger than the memory that it has for it.",
        &[(C::ImageTooLarge, 0.55), (C::FirmwareBug, 0.3), (C::ImageWrongDevice, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.7)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from("OpenWrt documentation, CFE", "Loading: PANIC: out of memory!"),
    rule(
        "cfe-other-device",
        Loader,
        &["CODE Pattern is incorrect", "The file transferred is not a valid firmware image"],
        "CFE refuses the file, because it does not have the mark of this device.",
        &[(C::ImageWrongDevice, 0.7), (C::ImageCorrupt, 0.25)],
    )
    .states(&[(S::RefusedUnharmed, 0.6), (S::BootloaderOnly, 0.3)])
    .actions(&[A::ReflashCorrectImage])
    .from("OpenWrt documentation, CFE", "Reading from 0x807ae1b0: CODE Pattern is incorrect! (E900)"),
    rule(
        "raspberry-flash-of-the-loader",
        Lasting,
        &["EEPROM ERROR sector-erase", "EEPROM error chip-erase", "EEPROM ERROR write", "EEPROM error write"],
        "The flash that holds the board's loader does not let itself be erased or written.",
        &[(C::FlashHardwareFault, 0.62), (C::BootloaderCorrupt, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ReplaceHardware, A::SeekProfessional])
    .from("Raspberry Pi rpi-eeprom, recovery.bin", "+EEPROM ERROR sector-erase: 0x0 0x0"),
    rule(
        "rom-asks-on-console",
        Rom,
        &["UART control passed to AP CPU ROM", "UART control passed to CM3 CPU ROM", "change the boot mode, where y is in hex"],
        "The chip's ROM stays at its own menu on the console: it finds no loader to start.",
        &[(C::BootloaderCorrupt, 0.65), (C::FlashHardwareFault, 0.3)],
    )
    .states(&[(S::BootloaderFailing, 0.75)])
    .actions(&[A::RestoreBootloader, A::SeekProfessional])
    .from("Marvell Armada 3700 boot ROM, command menu", "a - UART control passed to AP CPU ROM"),
];
