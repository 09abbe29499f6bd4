//! What boot loaders say when they cannot do what they were told, and why.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Loader};
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
        "loader-no-place-for-the-tree",
        Loader,
        &[
            "ERROR: reserving fdt memory region failed",
            "device tree - allocation error",
            "ramdisk - allocation error",
            "ERROR: Failed to allocate 0x* bytes below",
            "FDT creation failed! hanging",
            "ERROR: fdt fixup event failed",
        ],
        "The boot loader finds no room for the kernel's device tree or start disk.",
        &[(C::FirmwareBug, 0.5), (C::BootEnvironmentCorrupt, 0.35), (C::BootloaderOutdated, 0.3)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::InstallOtherBuild, A::FixBootEnvironment, A::UpdateBootloader])
    .from("U-Boot boot/image-fdt.c", "ERROR: Failed to allocate 0xb161 bytes below 0x80000000."),
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
        &[(C::ImageCorrupt, 0.42), (C::FirmwareBug, 0.42), (C::ImageWrongDevice, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("barebox common/image-fit.c, common/uimage.c", "ERROR: FIT: data couldn't be decompressed"),
];
