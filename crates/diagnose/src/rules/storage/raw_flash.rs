//! What drivers of raw flash, and the file systems on it, say.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Kernel, Lasting, Loader, System};
use crate::rule::{Rule, rule};

/// With these words it is not the kernel that fails on its way to the root file system, or it names the reason.
const UBI_ELSEWHERE: &[&str] = &[
    "libubi: error!",
    "ubiattach: error!",
    "ubiformat: error!",
    "ubimkvol: error!",
    "ubirmvol: error!",
    "ubiupdatevol: error!",
    "maybe not a NAND or raw device",
    "not enough PEBs",
];

pub(super) static RULES: &[Rule] = &[
    rule(
        "jffs2-damaged",
        System,
        &[
            "jffs2: * CRC failed on node",
            "node CRC failed on dnode",
            "wrong data CRC in data node",
            "Magic bitmask 0x* not found at",
            "no data nodes found for ino",
            "jffs2_scan_eraseblock",
            "jffs2_get_inode_nodes",
            "Cowardly refusing to erase blocks",
            "CRC failed on node at",
            "Further such events for this erase block",
        ],
        "The file system of the settings is damaged.",
        &[(C::SettingsCorrupt, 0.45), (C::RootfsCorrupt, 0.35), (C::FlashHardwareFault, 0.25)],
    )
    .from("Linux fs/jffs2/scan.c", "jffs2: Magic bitmask 0x1985 not found at 0x00000000: 0x0000 instead"),
    rule(
        "ubi-attach",
        Kernel,
        &[
            "cannot attach mtd",
            "the layout volume was not found",
            "both volume tables are corrupted",
            "not UBI-formatted",
            "bad VID header offset",
            "ubi0 error: attach",
            "UBI error: cannot attach",
            "UBI error: ubi_attach",
            "bad image sequence number",
            "this UBI version is",
            "UBI init error",
            "cannot find ubi",
            "failed to attach mtd",
        ],
        "The flash's UBI layer, which holds the root file system, cannot be attached.",
        &[
            (C::RootfsCorrupt, 0.55),
            (C::ImageIncomplete, 0.35),
            (C::FlashHardwareFault, 0.2),
            (C::ImageWrongDevice, 0.15),
        ],
    )
    .without(UBI_ELSEWHERE)
    .states(&[(S::KernelHang, 0.4)])
    .from(
        "Linux drivers/mtd/ubi/attach.c",
        "ubi0 error: ubi_read_volume_table: the layout volume was not found",
    ),
    rule(
        "ubi-tool",
        Lasting,
        &[
            "libubi: error!",
            "libmtd: error!",
            "ubiattach: error!",
            "ubidetach: error!",
            "ubiformat: error!",
            "ubimkvol: error!",
            "ubirmvol: error!",
            "ubirsvol: error!",
            "ubiupdatevol: error!",
        ],
        "A tool of the running system could not do what it was told to do to the flash.",
        &[
            (C::FirmwareBug, 0.42),
            (C::ToolMismatch, 0.41),
            (C::RootfsCorrupt, 0.2),
            (C::FlashHardwareFault, 0.15),
        ],
    )
    .without(&["sysupgrade successful"])
    .states(&[(S::RefusedUnharmed, 0.45), (S::Healthy, 0.4)])
    .actions(&[A::InstallOtherBuild, A::ChangeToolOrOption])
    .from("mtd-utils ubi-utils/, lib/libubi.c", "libubi: error!: cannot read \"/sys/class/ubi/ubi8_0/type\""),
    rule(
        "ubi-not-tried-on",
        Lasting,
        &["maybe not a NAND or raw device"],
        "The updater looks for UBI on every partition, and leaves those alone that have none.",
        &[(C::NoFault, 0.45), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::Healthy, 0.45)])
    .actions(&[A::NothingNeeded])
    .from(
        "SWUpdate handlers/ubivol_handler.c, corelib/mtd-interface.c",
        "cannot attach mtd0 - maybe not a NAND or raw device",
    ),
    rule(
        "ubi-of-the-loader",
        Loader,
        &["UBI init error", "cannot initialize UBI", "UBI part * fail"],
        "It is the boot loader that looks for it.",
        &[],
    )
    .states(&[(S::BootloaderOnly, 0.75)])
    .from("U-Boot cmd/ubi.c", "UBI init error 22"),
    rule(
        "ubi-volume-unreadable",
        Kernel,
        &["I/O error, dev ubiblock"],
        "The read-only volume holds nothing, or a part of what was to be written.",
        &[(C::ImageIncomplete, 0.5), (C::RootfsCorrupt, 0.46), (C::FlashHardwareFault, 0.3)],
    )
    .states(&[(S::BootsDegraded, 0.35), (S::KernelHang, 0.3)])
    .actions(&[A::ReflashCorrectImage])
    .from("Linux drivers/mtd/ubi/block.c", "blk_update_request: I/O error, dev ubiblock4_0, sector 0"),
    rule(
        "ubi-read",
        Lasting,
        &[
            "while reading * bytes from PEB",
            "UBI error: ubi_io_read: error",
            "ubi_io_read: error -74",
            "PEBs are corrupted and preserved",
        ],
        "Blocks of the NAND flash cannot be corrected any more.",
        &[(C::FlashHardwareFault, 0.6), (C::RootfsCorrupt, 0.4)],
    )
    .states(&[(S::KernelHang, 0.4), (S::BootsDegraded, 0.3)])
    .from(
        "Linux drivers/mtd/ubi/io.c",
        "ubi0 error: ubi_io_read: error -74 (ECC error) while reading 64 bytes from PEB 12:0, read 64 bytes",
    ),
    rule(
        "nand-ecc",
        Kernel,
        &["uncorrectable ECC", "uncorrectable error", "ecc unrecoverable", "ECC error"],
        "The error correction of the NAND flash gives up in places.",
        &[(C::FlashHardwareFault, 0.6), (C::RootfsCorrupt, 0.4)],
    )
    .without(&["uncorrectable error: ffffffffffffffff"])
    .from("Linux drivers/mtd/nand/raw", "mt7621-nand 1e003000.nand: Uncorrectable ECC error at page 770.0"),
    rule(
        "flash-section-is-blank",
        Lasting,
        &["uncorrectable error: ffffffffffffffff"],
        "A section of the flash is blank: nothing was written there, which is no wear.",
        &[(C::ImageIncomplete, 0.6), (C::FirmwareBug, 0.35)],
    )
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("OpenPOWER skiboot libflash/ecc.c", "ECC: uncorrectable error: ffffffffffffffff ff"),
    rule(
        "ubi-empty",
        Kernel,
        &["UBIFS error (*): cannot open", "errno=-19", "empty MTD device detected", "cannot open \"ubi*, error -19"],
        "What should hold the file system is empty flash: nothing was written there, or it was erased.",
        &[(C::RootfsMissing, 0.55), (C::ImageIncomplete, 0.45)],
    )
    .with(&["empty MTD device detected"])
    .states(&[(S::KernelHang, 0.3), (S::BootloaderOnly, 0.25)])
    .actions(&[A::ReflashCorrectImage])
    .from("Linux drivers/mtd/ubi/attach.c", "ubi0: empty MTD device detected"),
    rule(
        "ubifs-damaged",
        Kernel,
        &[
            "UBIFS error * bad node",
            "ubifs_check_node: bad",
            "bad master node",
            "failed to recover master node",
            "bad superblock, error",
            "unrecoverable log corruption",
            "LEB size mismatch",
            "corrupt empty space",
            "UBIFS error (*): ubifs_read_node",
            "min. I/O unit mismatch",
            "bad node type (",
            "bad CRC: calculated",
            "bad magic 0x*, expected",
            "failed to read inode",
            "UBIFS error",
        ],
        "The file system on UBI is damaged.",
        &[(C::RootfsCorrupt, 0.65), (C::SettingsCorrupt, 0.2), (C::FlashHardwareFault, 0.2)],
    )
    .without(&["empty MTD device detected"])
    .states(&[(S::KernelHang, 0.3)])
    .from(
        "Linux fs/ubifs/io.c",
        "UBIFS error (ubi0:1 pid 1): ubifs_check_node: bad node type (255 but expected 6)",
    ),
    rule(
        "ubifs-in-the-loader",
        Loader,
        &["UBIFS error (pid 0): ", "UBIFS error (ubi* pid 0): "],
        "It is the boot loader that reads the file system: no program of a kernel has the number 0.",
        &[],
    )
    .states(&[(S::BootloaderOnly, 0.7)])
    .from(
        "U-Boot fs/ubifs/, include/linux/sched.h",
        "UBIFS error (pid 0): ubifs_read_node: bad node at LEB 215:0",
    ),
    rule(
        "nand-bad-blocks",
        System,
        &[
            "No space left to write bad block table",
            "too many bad blocks",
            "no enough physical eraseblocks",
            "no free eraseblocks",
            "All blocks are bad",
        ],
        "The flash has too few good blocks left.",
        &[(C::FlashHardwareFault, 0.55), (C::ImageTooLarge, 0.3), (C::StorageFull, 0.2)],
    )
    // By how many they are too few says more.
    .without(&["not enough PEBs"])
    .from(
        "Linux drivers/mtd/ubi/vtbl.c",
        "ubi0 error: no enough physical eraseblocks, volume may be resized",
    ),
    rule(
        "ubi-volumes-larger",
        System,
        &["not enough PEBs"],
        "The volumes want more blocks than the flash has: they are made for a larger one, or too many blocks are bad.",
        &[(C::ImageTooLarge, 0.5), (C::FlashHardwareFault, 0.4), (C::ImageWrongDevice, 0.3), (C::StorageFull, 0.15)],
    )
    .states(&[(S::KernelHang, 0.4)])
    .actions(&[A::ReflashCorrectImage])
    .from(
        "Linux drivers/mtd/ubi/vtbl.c",
        "ubi0 error: init_volumes: not enough PEBs, required 7478, available 4024",
    ),
    rule(
        "nand-bit-flips",
        Lasting,
        &[
            "fixable bit-flip detected",
            "correctable error",
            "Skipping bad block",
            "Bad block table not found",
            "Attach by fastmap failed",
            "recovery completed",
            "recovery needed",
        ],
        "The flash corrected itself, as it is made to.",
        &[(C::FlashHardwareFault, 0.08)],
    )
    .from("Linux drivers/mtd/ubi/io.c", "ubi0: fixable bit-flip detected at PEB 42"),
    rule(
        "ubi-other-image",
        Kernel,
        &[
            "bad image sequence number",
            "bad VID header offset",
            "UBI: * bad version",
            "validate_vid_hdr: inconsistent",
            "validate_vid_hdr: bad",
            "validate_ec_hdr: bad",
            "image sequence number",
        ],
        "The UBI blocks come from different images, or were made for another flash.",
        &[
            (C::RootfsCorrupt, 0.5),
            (C::FirmwareBug, 0.35),
            (C::ImageWrongDevice, 0.3),
            (C::UpdateInterrupted, 0.15),
        ],
    )
    .without(&["attached mtd"])
    .states(&[(S::KernelHang, 0.4)])
    .actions(&[A::ReflashCorrectImage])
    .from(
        "Linux drivers/mtd/ubi/attach.c",
        "ubi0 error: scan_peb: bad image sequence number 651866360 in PEB 32, expected 1152541750",
    ),
    rule(
        "ubi-geometry",
        Kernel,
        &["bad VID header offset"],
        "The UBI blocks were written for another page size than the kernel works with.",
        &[(C::FirmwareBug, 0.45), (C::ImageWrongDevice, 0.4)],
    )
    .states(&[(S::KernelHang, 0.3)])
    .actions(&[A::InstallOtherBuild])
    .from(
        "Linux drivers/mtd/ubi/io.c",
        "ubi0 error: validate_ec_hdr: bad VID header offset 2048, expected 512",
    ),
    rule(
        "nand-driver",
        Kernel,
        &[
            "attempt to erase a bad block",
            "nand_bbt: error",
            "nand: timeout",
            "nand * timeout",
            "NAND: controller",
            "could not read bad block table",
            "Too many unusable",
            "nand_wait timeout",
        ],
        "The driver of the NAND flash does not get along with it.",
        &[(C::FirmwareBug, 0.42), (C::FlashHardwareFault, 0.42)],
    )
    .states(&[(S::KernelHang, 0.3)])
    .actions(&[A::InstallOtherBuild])
    .from(
        "Linux drivers/mtd/nand/raw/nand_base.c",
        "nand: nand_erase_nand: attempt to erase a bad block at page 0x00000940",
    ),
    rule(
        "jffs2-foreign",
        System,
        &[
            "Magic bitmask 0x1985 not found",
            "jffs2: * Old JFFS2 bitmask",
            "jffs2: notice: * check",
            "jffs2: No clean",
            "Cowardly refusing to erase blocks",
            "jffs2: Incompatible feature node",
        ],
        "The file system of the settings holds what does not belong there.",
        &[(C::SettingsCorrupt, 0.4), (C::FlashHardwareFault, 0.2), (C::ImageTooLarge, 0.2)],
    )
    .without(&["jffs2_build_filesystem(): erasing all blocks", "procd: - init complete"])
    .states(&[(S::BootsDegraded, 0.25)])
    .actions(&[A::FactoryResetSettings])
    .from(
        "Linux fs/jffs2/scan.c",
        "jffs2: jffs2_scan_eraseblock(): Magic bitmask 0x1985 not found at 0x00010000: 0x2c2c instead",
    ),
    rule(
        "nand-reads-fail",
        Lasting,
        &[
            "read oob failed",
            "read_page failed",
            "read page failed",
            "nand read error",
            "NAND read from offset * failed",
            "nand_read_oob",
            "ECC failed",
            "read failed on block",
            "mtd read error",
            "error while reading",
            "oob read failed",
            "data read failed",
        ],
        "The NAND flash cannot be read in places.",
        &[(C::FlashHardwareFault, 0.55), (C::FirmwareBug, 0.3), (C::RootfsCorrupt, 0.2)],
    )
    .without(&["JFFS2"])
    .states(&[(S::KernelHang, 0.3), (S::BootsDegraded, 0.2)])
    .actions(&[A::SeekProfessional, A::ReplaceHardware])
    .from("drivers of raw NAND", "aml_nand_read_oob 3583 read oob failed here at at page:23040"),
    rule(
        "flash-file-system-trace",
        Lasting,
        &[
            " ubifs_*+0x*/0x",
            "(ubifs_*+0x*/0x",
            "(ubifs_*) from",
            " jffs2_*+0x*/0x",
            "(jffs2_*+0x*/0x",
            "UBIFS failed!",
            "mounting ubi* failed",
        ],
        "The file system in the flash stumbled over what it read.",
        &[(C::RootfsCorrupt, 0.35), (C::SettingsCorrupt, 0.4), (C::FlashHardwareFault, 0.2)],
    )
    .states(&[(S::BootsDegraded, 0.35)])
    .actions(&[A::FactoryResetSettings])
    .from("Linux fs/ubifs/, fs/jffs2/", "[<8014f308>] ubifs_read_nnode+0x218/0x254"),
    rule(
        "flash-is-locked",
        System,
        &["failed immediately: -EROFS", "Is the sector locked?"],
        "The kernel holds the part of the flash for write-protected that the settings go to.",
        &[(C::FirmwareBug, 0.62), (C::FlashHardwareFault, 0.15)],
    )
    .states(&[(S::BootsDegraded, 0.5)])
    .actions(&[A::InstallOtherBuild])
    .from(
        "Linux fs/jffs2/erase.c",
        "jffs2: Erase at 0x009e0000 failed immediately: -EROFS. Is the sector locked?",
    ),
    rule(
        "flash-bus-fails",
        Lasting,
        &["SPI transfer failed: -", "failed to transfer one message from queue", "SPI transfer timed out"],
        "The transfers from and to the flash fail on their way: what it holds may be well.",
        &[(C::FlashHardwareFault, 0.7), (C::FirmwareBug, 0.5), (C::PowerFault, 0.15)],
    )
    .states(&[(S::BootsDegraded, 0.4)])
    .actions(&[A::InstallOtherBuild, A::PowerCycleAndRetry])
    .from("Linux drivers/spi/spi.c", "spi_master spi0: failed to transfer one message from queue"),
    rule(
        "flash-takes-no-writes",
        System,
        &[
            "MTD do_*: software timeout",
            "jffs2: Write of * bytes at * failed",
            "jffs2: Write clean marker * failed",
            "jffs2: Not marking the space at",
            "jffs2: Erase at 0x* failed",
            "flash driver returned retlen zero",
        ],
        "The kernel's driver does not get the flash to take what is written.",
        &[(C::FlashHardwareFault, 0.5), (C::FirmwareBug, 0.45), (C::RootfsCorrupt, 0.2)],
    )
    .states(&[(S::BootsDegraded, 0.5)])
    .actions(&[A::InstallOtherBuild])
    .from(
        "Linux drivers/mtd/chips/cfi_cmdset_0002.c; fs/jffs2/wbuf.c, write.c",
        "jffs2: Write of 68 bytes at 0x00ffccf4 failed. returned -110, retlen 0",
    ),
    rule(
        "jffs2-erase",
        System,
        &[
            "Newly-erased block contained word",
            "jffs2_flash_erase",
            "Erase at 0x* failed",
            "Erase * failed immediately",
            "Node totlen on flash",
        ],
        "What was erased in the flash does not read as erased.",
        &[(C::FlashHardwareFault, 0.5), (C::FirmwareBug, 0.42), (C::SettingsCorrupt, 0.2)],
    )
    .states(&[(S::BootsDegraded, 0.4)])
    .actions(&[A::InstallOtherBuild])
    .from(
        "Linux fs/jffs2/erase.c",
        "jffs2: Newly-erased block contained word 0xdb9ea56e at offset 0x00160000",
    ),
];
