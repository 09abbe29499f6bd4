//! What loaders say of what they unpack and of the media that they read it from.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Loader, Rom};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "payload-does-not-unpack",
        Loader,
        &[
            "uncompress or overwrite error",
            "inflate() returned -",
            "Error: Bad gzipped data",
            "ZSTD: uncompress",
            "BUNZIP2: uncompress",
            "decompress failed",
            "Failed on decompression",
            "Decompression error",
            "uncompress failed",
            "unlzma failed",
            "lzma decode error",
        ],
        "The image cannot be unpacked: it is damaged, or larger than the loader has room for.",
        &[
            (C::ImageCorrupt, 0.6),
            (C::FirmwareBug, 0.35),
            (C::ImageTooLarge, 0.35),
            (C::ImageIncomplete, 0.25),
        ],
    )
    .without(&["inflate() returned -5"])
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from(
        "U-Boot boot/image.c, handle_decomp_error; lib/gunzip.c",
        "LZMA: uncompress or overwrite error 1 - must RESET board to recover",
    ),
    rule(
        "payload-fails-its-check",
        Rom,
        &[
            "DTB verification failed",
            "FDT verification failed",
            "kernel verification failed",
            "zImage verification failed",
            "image verification failed",
            "SPI-NAND: loading failed",
            "SPI-NOR: loading failed",
            "SMHC: loading failed",
        ],
        "The loader reads its next stage or the kernel, and what it reads is none: it is damaged, or was never written.",
        &[(C::ImageCorrupt, 0.62), (C::ImageIncomplete, 0.5), (C::FlashHardwareFault, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::ReflashCorrectImage])
    .from("awboot main.c", "[E] SPI-NAND: DTB verification failed"),
    rule(
        "loader-file-system",
        Loader,
        &[
            "Error reading cluster",
            "ext4fs_devread read error",
            "Failed to mount ext2 filesystem",
            "Invalid FAT entry",
            "Error: reading boot sector",
            "** Can't read from device",
            "** Can't read partition table",
            "fs_devread read error",
        ],
        "The loader cannot read the file system of the medium that it should start from.",
        &[(C::RootfsCorrupt, 0.4), (C::FlashHardwareFault, 0.38), (C::RecoveryMediaWrong, 0.36)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::ReflashCorrectImage, A::SwapCableOrPort])
    .from("U-Boot fs/fat/fat.c, fs/ext4/dev.c", "Error reading cluster"),
    rule(
        "volumes-larger-than-the-flash",
        Lasting,
        &["too large reserved_pebs * good PEBs"],
        "The table of volumes is one for a larger flash than the unit has, or than its partition is.",
        &[(C::ImageTooLarge, 0.66), (C::FirmwareBug, 0.3), (C::ImageWrongDevice, 0.3), (C::PartitionTableDamaged, 0.25)],
    )
    .states(&[(S::KernelHang, 0.3)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from(
        "Linux drivers/mtd/ubi/vtbl.c, vtbl_check",
        "ubi0 error: vtbl_check: too large reserved_pebs 824, good PEBs 767",
    ),
    rule(
        "loader-volumes",
        Loader,
        &[
            "volume table check failed",
            "no UBI device selected",
            "ubi_read_volume: * not found",
            "Volume * not found!",
            "ubifsmount - mount",
        ],
        "The loader does not find the volumes of the flash that it should start from.",
        &[
            (C::RootfsCorrupt, 0.5),
            (C::ImageIncomplete, 0.35),
            (C::FlashHardwareFault, 0.25),
            (C::BootEnvironmentCorrupt, 0.25),
        ],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::ReflashCorrectImage])
    .from(
        "U-Boot drivers/mtd/ubi/vtbl.c, cmd/ubi.c",
        "ubi0 error: vtbl_check: volume table check failed: record 1, error 9",
    ),
    rule(
        "loader-beyond-medium",
        Loader,
        &[
            "exceeds max(0x",
            "exceeds the device size",
            "Attempt to read outside the flash area",
            "Offset exceeds device limit",
        ],
        "The loader is told to read behind the end of the medium.",
        &[
            (C::PartitionTableDamaged, 0.4),
            (C::BootEnvironmentCorrupt, 0.38),
            (C::ImageIncomplete, 0.3),
            (C::RecoveryMediaWrong, 0.25),
        ],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .from("U-Boot drivers/mmc/mmc.c, cmd/nand.c", "MMC: block number 0x1000001 exceeds max(0x800000)"),
    rule(
        "loader-no-environment-area",
        Loader,
        &["No Valid Environment Area found", "Can't find Redboot config", "Cannot find environment"],
        "The loader finds no place that holds its settings.",
        &[(C::BootEnvironmentCorrupt, 0.5)],
    )
    .actions(&[A::FixBootEnvironment])
    .from("U-Boot env/fat.c; RedBoot flconfig.c", "*** Error - No Valid Environment Area found"),
    rule(
        "loader-without-tree",
        Rom,
        &["No valid device tree binary found", "Missing DTB", "no device tree blob found!"],
        "The boot loader was built or written without the device tree that it needs itself.",
        &[(C::FirmwareBug, 0.5), (C::BootloaderCorrupt, 0.48), (C::ImageIncomplete, 0.25)],
    )
    .states(&[(S::BootloaderFailing, 0.6)])
    .from("U-Boot lib/fdtdec.c", "No valid device tree binary found - please append one to U-Boot binary"),
    rule(
        "vendor-kernel-checksum",
        Loader,
        &[
            "Tag CRC failed",
            "image CRC failed",
            "Illegal image !",
            "Illegal whole flash",
            "Kernel CRC checking error",
            "Kernel CRC check fail",
            "kernel crc error",
            "rootfs crc error",
            "kernel loading failed",
            "Kernel image not found",
            "firmware checksum error",
            "image check error",
            "Image CRC mismatch",
            "kernel checksum error",
        ],
        "The loader finds the firmware damaged, or finds none that it knows.",
        &[(C::ImageCorrupt, 0.6), (C::ImageIncomplete, 0.4), (C::ImageWrongDevice, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from("Broadcom CFE; boot loaders of vendors", "Illegal image ! Tag CRC failed."),
    rule(
        "redboot-no-image",
        Loader,
        &["No such image: ", "No image named", "No image '* found", "No image found!"],
        "The boot loader's list of images does not hold the one that it should start.",
        &[(C::ImageIncomplete, 0.45), (C::BootEnvironmentCorrupt, 0.42)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::FixBootEnvironment])
    .from("RedBoot flash.c", "** Error: No such image: linux"),
    rule(
        "loader-no-room",
        Loader,
        &[
            "fdt move failed",
            "Failed to allocate 0x* bytes below",
            "device tree - allocation error",
            "ramdisk - allocation error",
            "Overlay * failed",
            "FDT overlap",
        ],
        "The loader has no room at the addresses that it puts the kernel, its tree and its ramdisk at.",
        &[(C::FirmwareBug, 0.42), (C::BootEnvironmentCorrupt, 0.4), (C::ImageTooLarge, 0.3)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::InstallOtherBuild, A::FixBootEnvironment])
    .from("U-Boot boot/image-fdt.c, lib/lmb.c", "ERROR: Failed to allocate 0x5a00 bytes below 0x80000000."),
    rule(
        "loader-boot-limit",
        Lasting,
        &[
            "Bootlimit (*) exceeded",
            "bootlimit exceeded",
            "boot limit exceeded",
            "maximum boot attempts",
            "too many failed boots",
        ],
        "The system did not come up several times, and the loader turns to its other way to start.",
        &[(C::FirmwareBug, 0.36), (C::UpdateInterrupted, 0.33), (C::RecoveryFlagStuck, 0.25)],
    )
    .states(&[(S::BootLoop, 0.3), (S::RecoveryMode, 0.25)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("U-Boot common/autoboot.c", "Warning: Bootlimit (3) exceeded. Using altbootcmd."),
    rule(
        "loader-board-unknown",
        Loader,
        &[
            "Config not availabale",
            "Config not available",
            "Could not find configuration node",
            "no matching config",
            "No matching configuration",
            "No configuration for this board",
        ],
        "The image holds no part that is for this board.",
        &[(C::ImageWrongDevice, 0.5), (C::FirmwareBug, 0.4), (C::BootEnvironmentCorrupt, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("U-Boot boot/image-fit.c; Qualcomm cmd_bootqca.c", "Could not find configuration node"),
    rule(
        "efi-stub-fails",
        Loader,
        &[
            "EFI stub: ERROR: Failed to load",
            "EFI stub: ERROR: Failed",
            "EFI stub: ERROR: Could not",
            "Unable to load image: ",
            "Unable to boot via extlinux",
        ],
        "A file that the boot entry names is not there, or cannot be loaded.",
        &[(C::BootEnvironmentCorrupt, 0.45), (C::ImageIncomplete, 0.35), (C::FirmwareBug, 0.3)],
    )
    // Then it has all that it needs, and hands over to the kernel.
    .without(&["EFI stub: Exiting boot services"])
    .actions(&[A::FixBootEnvironment, A::ReflashCorrectImage])
    .from(
        "Linux drivers/firmware/efi/libstub/efi-stub-helper.c; NVIDIA L4TLauncher",
        "EFI stub: ERROR: Failed to load initrd!",
    ),
    rule(
        "cfe-image-check",
        Loader,
        &["trx result: -", "(Check error)"],
        "The boot loader checks the image in the flash before it starts it, and cannot read it or finds it damaged.",
        &[(C::ImageCorrupt, 0.5), (C::FlashHardwareFault, 0.42), (C::ImageIncomplete, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::ReflashCorrectImage])
    .from("Broadcom CFE of ASUS", "Check 2 trx result: -4, -4"),
];
