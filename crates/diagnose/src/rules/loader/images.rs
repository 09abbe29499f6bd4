//! What boot loaders say about the image that they are to start. They are alive when they say it.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Loader};
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
    .without(&["U-Boot SPL", "Failed to verify required signature"])
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
        &["Bad FIT * image format!", "Bad FIT image format"],
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
        &["Bad Magic Number", "Wrong Image Format for", "can't get kernel image", "no kernel image found", "unsupported image header"],
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
        "Check image error!",
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
    .without(&["^Starting kernel ..."])
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
    // Newer ones say `Wrong Image Type` of what they know no format of.
    .without(&["Protocol wrong type for socket"])
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
    .without(&["inflate() returned -5"])
    .states(&[(S::BootloaderOnly, 0.35)])
    .actions(&[A::ReflashCorrectImage])
    .from("U-Boot boot/bootm.c", "Uncompressing Kernel Image ... LZMA ERROR 1 - must RESET board to recover"),
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
    // Of a Tegra this is said by the first stage, of the slots of the loaders.
    .without(&["E> LOADER: Failed to get ", "doesn't fit in partition length", "Image requires"])
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("vendors' boot loaders", "Invalid boot block on disk"),
    rule(
        "uboot-whole-and-no-kernel",
        Loader,
        &["Bad Linux ARM64 Image magic", "Bad Linux ARM zImage magic", "Bad Linux RISCV Image magic", "Failed to prep arm64 kernel"],
        "The image has its checksum, and holds no kernel of the kind that the boot loader starts: it was built so.",
        &[(C::FirmwareBug, 0.5), (C::ImageWrongDevice, 0.4), (C::BootloaderOutdated, 0.2)],
    )
    .with(&["Verifying Checksum * OK"])
    .states(&[(S::BootloaderOnly, 0.4)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from("U-Boot boot/bootm.c, arch/arm/lib/image.c", "Bad Linux ARM64 Image magic!"),
    rule(
        "fit-whole-and-no-kernel",
        Loader,
        &["Bad Linux ARM64 Image magic", "Bad Linux ARM zImage magic", "Bad Linux RISCV Image magic", "Failed to prep arm64 kernel"],
        "The image has its checksum, and holds no kernel of the kind that the boot loader starts: it was built so.",
        &[(C::FirmwareBug, 0.5), (C::ImageWrongDevice, 0.4), (C::BootloaderOutdated, 0.2)],
    )
    .with(&["Verifying Hash Integrity * OK"])
    .states(&[(S::BootloaderOnly, 0.4)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from("U-Boot boot/image-fit.c, arch/arm/lib/image.c", "Bad Linux ARM64 Image magic!"),
    rule(
        "uboot-kernel-magic",
        Loader,
        &[
            "Bad Linux ARM64 Image magic!",
            "Bad Linux ARM zImage magic!",
            "Bad Linux RISCV Image magic!",
            "zimage: Bad magic!",
            "Bad Linux * magic",
        ],
        "What was loaded is no kernel.",
        &[
            (C::ImageIncomplete, 0.4),
            (C::ImageCorrupt, 0.35),
            (C::RecoveryMediaWrong, 0.3),
            (C::BootEnvironmentCorrupt, 0.25),
        ],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("U-Boot arch/arm/lib/image.c, zimage.c", "Bad Linux ARM64 Image magic!"),
    rule(
        "uboot-ramdisk-format",
        Loader,
        &["Wrong Ramdisk Image Format", "Ramdisk image is corrupt"],
        "The file that was loaded as ramdisk is none, or was not found.",
        &[(C::ImageIncomplete, 0.35), (C::ImageCorrupt, 0.2), (C::RootfsCorrupt, 0.2), (C::FirmwareBug, 0.2)],
    )
    .without(&["boot* – "])
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from("U-Boot boot/image-board.c", "Wrong Ramdisk Image Format"),
    rule(
        "uboot-dash-is-none",
        Loader,
        &["Wrong Ramdisk Image Format"],
        "The dash in the typed command is a printer's dash, which the loader takes for the address of a ramdisk.",
        &[(C::ToolMismatch, 0.7)],
    )
    .with(&["boot* – "])
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ChangeToolOrOption])
    .from("U-Boot boot/image-board.c", "Wrong Ramdisk Image Format"),
    rule(
        "uboot-device-tree",
        Loader,
        &[
            "Did not find a cmdline Flattened Device Tree",
            "image is not a fdt",
            "FDT and ATAGS support not compiled in",
            "Device tree not found or missing FDT support",
            "no ATAGS support: can't continue",
            "libfdt fdt_check_header(): FDT_ERR",
            "ERROR: system-specific fdt fixup failed",
            "fdt node not found",
            "FDT creation failed",
        ],
        "The kernel needs a device tree, and there is none or not one for it.",
        &[
            (C::BootEnvironmentCorrupt, 0.45),
            (C::ImageWrongDevice, 0.3),
            (C::BootloaderOutdated, 0.3),
            (C::ImageIncomplete, 0.25),
        ],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .from("U-Boot boot/image-fdt.c", "Did not find a cmdline Flattened Device Tree"),
    rule(
        "kernel-machine-id",
        Loader,
        &[
            "unrecognized/unsupported machine ID",
            "unrecognized/unsupported device tree compatible list",
            "Error: invalid dtb and unrecognized",
        ],
        "The kernel does not know the board that the boot loader names.",
        &[(C::ImageWrongDevice, 0.45), (C::BootloaderOutdated, 0.4), (C::BootEnvironmentCorrupt, 0.4)],
    )
    .states(&[(S::KernelHang, 0.5)])
    .from("Linux arch/arm/kernel/devtree.c", "unrecognized/unsupported machine ID"),
    rule(
        "vendor-image-checksum",
        Loader,
        &[
            "Image tag verification failed",
            "imagechk fail",
            "check tag failed",
            "image md5 check failed",
            "Kernel image bad CRC",
            "CRC check failed",
            "Checksum of image is not correct",
            "firmware checksum error",
            "Kernel CRC error",
            "rootfs CRC error",
            "Rootfs checksum error",
            "Image 0 CRC",
            "checksum incorrect",
            "bad checksum",
            "CRC error on image",
            "image is corrupted",
            "Firmware is corrupt",
        ],
        "The boot loader finds that the firmware does not have its checksum.",
        &[(C::ImageCorrupt, 0.6), (C::ImageIncomplete, 0.45), (C::UpdateInterrupted, 0.15)],
    )
    .without(&["failed on FWU metadata"])
    .states(&[(S::BootloaderOnly, 0.5)])
    .from("vendors' boot loaders", "Image tag verification failed"),
    rule(
        "cfe-sum-differs",
        Loader,
        &["Calc  chksum: 0x"],
        "The boot loader counts another checksum than the image declares, and does not start it.",
        &[(C::ImageCorrupt, 0.66), (C::FirmwareBug, 0.3)],
    )
    .with(&["Image chksum: 0x", "Could not load "])
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from("Broadcom CFE of NETGEAR", "Image chksum: 0x0DE968E6\nCalc  chksum: 0x8F3666A7\nCould not load flash0.os:: Error"),
    rule(
        "cfe-load",
        Loader,
        &[
            "Could not load :",
            "Could not load flash",
            "*** command status = -",
            "** Error: Can't locate",
            "No FIS",
            "Can not find kernel",
            "RAS image not found",
            "No image found",
            "no kernel found",
            "no firmware found",
            "kernel not found",
            "No valid kernel",
            "No bootable image",
            "Unable to load any",
            "boot image not found",
        ],
        "The boot loader finds nothing that it could start.",
        &[(C::ImageIncomplete, 0.5), (C::ImageCorrupt, 0.4), (C::BootEnvironmentCorrupt, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("Broadcom CFE cfe_bootemu; RedBoot fis.c", "Could not load :"),
    rule(
        "loader-decompressed-too-large",
        Loader,
        &[
            "Too big uncompressed stream",
            "Image too large: increase",
            "new format image overwritten",
            "Attempt to write outside the flash area",
            "beyond the end of flash",
            "kernel is too large",
            "kernel too large",
            "Kernel size is too",
            "firmware is too big",
            "Image is too large",
            "Image too big",
            "exceeds the partition",
            "larger than the partition",
            "ERROR: image larger than",
        ],
        "The firmware is larger than its place.",
        &[(C::ImageTooLarge, 0.75)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .from("U-Boot boot/bootm.c", "Too big uncompressed streamLZMA ERROR 1 - must RESET board to recover"),
    rule(
        "fit-nodes",
        Loader,
        &["find_itb_subimage", "FDT_ERR_NOTFOUND", "FDT_ERR_BADMAGIC", "FDT_ERR_BADSTRUCTURE"],
        "A loader does not find the parts of the image where it expects them.",
        &[(C::FirmwareBug, 0.45), (C::ImageWrongDevice, 0.4), (C::ImageIncomplete, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.45), (S::BootLoop, 0.1)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from(
        "U-Boot common/spl/spl_fit.c; libfdt",
        "find_itb_subimage: error finding kernel@1: FDT_ERR_NOTFOUND",
    ),
    rule(
        "appended-device-tree",
        Lasting,
        &[
            "does not have appended DTB",
            "DTB offset is incorrect",
            "no matching device tree",
            "No matching DTB",
            "Unable to find suitable device tree",
            "Device Tree Blob not found",
            "Best match DTB tags",
        ],
        "The boot loader finds no device tree for this board in the image.",
        &[
            (C::ImageWrongDevice, 0.55),
            (C::FirmwareBug, 0.25),
            (C::ImageCorrupt, 0.25),
            (C::BootloaderOutdated, 0.2),
        ],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from(
        "lk lib; lk2nd platform/msm_shared/dev_tree.c",
        "DTB offset is incorrect, kernel image does not have appended DTB",
    ),
    rule(
        "loader-compression",
        Loader,
        &[
            "Unimplemented compression type",
            "Unsupported compression",
            "uncompress not supported",
            "compression type not supported",
            "compression not supported",
            "Unknown compression",
            "unsupported compression type",
        ],
        "The boot loader does not know the compression of the image.",
        &[(C::BootloaderOutdated, 0.45), (C::FirmwareBug, 0.45), (C::ImageWrongDevice, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::InstallOtherBuild, A::UpdateBootloader])
    .from("U-Boot boot/bootm.c, boot/image.c", "Unimplemented compression type 5"),
    rule(
        "loader-tree-space",
        Loader,
        &[
            "FDT_ERR_NOSPACE",
            "reserving fdt memory region failed",
            "Failed to reserve memory for",
            "/chosen node create failed",
            "Failed to allocate * for",
            "alloc space exhausted",
            "malloc failed",
            "Out of memory in SPL",
            "overlaps",
            "can't allocate",
        ],
        "The boot loader does not find room in memory for what it loads.",
        &[(C::FirmwareBug, 0.5), (C::BootEnvironmentCorrupt, 0.25), (C::ImageTooLarge, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::InstallOtherBuild])
    .from("U-Boot boot/image-fdt.c, lib/lmb.c", "ERROR: reserving fdt memory region failed (addr=0 size=0)"),
    rule(
        "image-too-big-built",
        Lasting,
        &[
            "is too big: ",
            "file * is too big",
            "exceeds the maximum size",
            "over the limit",
            "larger than maximum",
            "image exceeds",
            "kernel size exceeds",
            "bigger than the",
            "exceeded the size",
        ],
        "The image is larger than it may be.",
        &[(C::ImageTooLarge, 0.75)],
    )
    .states(&[(S::RefusedUnharmed, 0.3)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from("build systems and updaters", "WARNING: Image file uImage.bin is too big: 2119245 > 2097152"),
];
