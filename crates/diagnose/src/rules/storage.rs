//! What drivers of flash, disks and file systems say.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Kernel, Lasting, System};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "mmc-init",
        Kernel,
        &[
            "whilst initialising MMC card",
            "whilst initialising SD card",
            "unable to read EXT_CSD",
            "Timeout waiting for hardware interrupt",
            "Card stuck being busy",
            "card never left busy state",
            "tuning execution failed",
            "mmc0: recovery failed",
            "Internal clock never stabilised",
            "Reset 0x* never completed",
            "recovery failed!",
            "unrecognised EXT_CSD",
        ],
        "The eMMC or card does not answer the kernel.",
        &[(C::FlashHardwareFault, 0.5), (C::FirmwareBug, 0.4), (C::PowerFault, 0.1)],
    )
    .states(&[(S::KernelHang, 0.4)])
    .actions(&[A::PowerCycleAndRetry, A::InstallOtherBuild])
    .from("Linux drivers/mmc/core/mmc.c", "mmc0: error -110 whilst initialising MMC card"),
    rule(
        "block-io",
        System,
        &[
            "Buffer I/O error on dev",
            "I/O error, dev",
            "critical medium error",
            "Unrecovered read error",
            "blk_update_request: I/O error",
            "print_req_error: I/O error",
            "Medium Error",
            " error, dev *, sector",
        ],
        "The storage cannot be read or written.",
        &[(C::FlashHardwareFault, 0.7)],
    )
    .states(&[(S::BootsDegraded, 0.35)])
    .from("Linux block/blk-core.c", "blk_update_request: I/O error, dev mmcblk0, sector 1234"),
    rule(
        "block-beyond-end",
        Kernel,
        &[
            "attempt to access beyond end of device",
            "exceeds size of device",
            "is out of reach -- disabled",
            "extends beyond the end of device",
            "access beyond end",
        ],
        "A file system or partition is larger than the place that it stands in.",
        &[(C::ImageTooLarge, 0.45), (C::PartitionTableDamaged, 0.35), (C::ImageIncomplete, 0.25)],
    )
    .states(&[(S::KernelHang, 0.3)])
    .from("Linux block/blk-core.c", "attempt to access beyond end of device"),
    rule(
        "partition-table",
        Kernel,
        &[
            "unable to read partition table",
            "Primary GPT is invalid",
            "unknown partition table",
            "Invalid partition table",
            "corrupt GPT",
            "Partition table entries are not in disk order",
            "Missing operating system",
        ],
        "The partition table is damaged.",
        &[(C::PartitionTableDamaged, 0.6), (C::FlashHardwareFault, 0.15)],
    )
    .from("Linux block/partitions/efi.c", "GPT: Primary GPT is invalid, using alternate GPT."),
    rule(
        "partition-table-grown",
        Kernel,
        &[
            "Alternate GPT header not at the end of the disk",
            "Use GNU Parted to correct GPT errors",
            "thinks Alt. header is not at the end",
        ],
        "The disk is larger than the image that was written to it, which is harmless.",
        &[(C::PartitionTableDamaged, 0.12)],
    )
    .from("Linux block/partitions/efi.c", "GPT:Alternate GPT header not at the end of the disk."),
    rule(
        "ext4-damaged",
        Kernel,
        &[
            "Can't find ext4 filesystem",
            "EXT4-fs error",
            "group descriptors corrupted",
            "bad geometry: block count",
            "no journal found",
            "ext4_lookup: deleted inode",
            "EXT4-fs (*): failed to",
            "UNEXPECTED INCONSISTENCY",
            "Structure needs cleaning",
            "Superblock has an invalid journal",
        ],
        "The file system is damaged.",
        &[(C::RootfsCorrupt, 0.7), (C::FlashHardwareFault, 0.2), (C::PowerFault, 0.1)],
    )
    .states(&[(S::KernelHang, 0.3), (S::BootsDegraded, 0.3)])
    .from("Linux fs/ext4/super.c", "EXT4-fs error (device mmcblk0p2): ext4_lookup: deleted inode referenced"),
    rule(
        "read-only-remount",
        Lasting,
        &["Remounting filesystem read-only", "switched to read-only mode", "switch to read-only mode"],
        "A file system went read-only after errors.",
        &[(C::RootfsCorrupt, 0.35), (C::FlashHardwareFault, 0.45)],
    )
    .states(&[(S::BootsDegraded, 0.5)])
    .from("Linux fs/ext4/super.c", "EXT4-fs (mmcblk0p2): Remounting filesystem read-only"),
    rule(
        "f2fs-damaged",
        Kernel,
        &[
            "Failed to get valid F2FS checkpoint",
            "F2FS-fs: Magic Mismatch",
            "Can't find valid F2FS filesystem",
            "Magic Mismatch, valid(",
        ],
        "The file system is damaged, or there is none.",
        &[(C::RootfsCorrupt, 0.6), (C::SettingsCorrupt, 0.3)],
    )
    .from("Linux fs/f2fs/super.c", "F2FS-fs (mmcblk0p3): Failed to get valid F2FS checkpoint"),
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
            "cannot open mtd",
            "cannot find ubi",
        ],
        "The flash's UBI layer, which holds the root file system, cannot be attached.",
        &[
            (C::RootfsCorrupt, 0.55),
            (C::ImageIncomplete, 0.35),
            (C::FlashHardwareFault, 0.2),
            (C::ImageWrongDevice, 0.15),
        ],
    )
    .states(&[(S::KernelHang, 0.4)])
    .from(
        "Linux drivers/mtd/ubi/attach.c",
        "ubi0 error: ubi_read_volume_table: the layout volume was not found",
    ),
    rule(
        "ubi-read",
        Lasting,
        &[
            "while reading * bytes from PEB",
            "UBI error: ubi_io_read: error",
            "ubi_io_read: error -74",
            "PEBs are corrupted and preserved",
            "uncorrectable ECC",
            "uncorrectable error",
            "ecc unrecoverable",
            "ECC error",
        ],
        "Blocks of the NAND flash cannot be corrected any more.",
        &[(C::FlashHardwareFault, 0.6), (C::RootfsCorrupt, 0.4)],
    )
    .from(
        "Linux drivers/mtd/ubi/io.c",
        "ubi0 error: ubi_io_read: error -74 (ECC error) while reading 64 bytes from PEB 12:0, read 64 bytes",
    ),
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
    .states(&[(S::KernelHang, 0.3)])
    .from(
        "Linux fs/ubifs/io.c",
        "UBIFS error (ubi0:1 pid 1): ubifs_check_node: bad node type (255 but expected 6)",
    ),
    rule(
        "nand-bad-blocks",
        System,
        &[
            "No space left to write bad block table",
            "too many bad blocks",
            "no enough physical eraseblocks",
            "not enough PEBs",
            "no free eraseblocks",
            "All blocks are bad",
        ],
        "The flash has too few good blocks left.",
        &[(C::FlashHardwareFault, 0.55), (C::ImageTooLarge, 0.3), (C::StorageFull, 0.2)],
    )
    .from(
        "Linux drivers/mtd/ubi/vtbl.c",
        "ubi0 error: no enough physical eraseblocks, volume may be resized",
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
        "storage-full",
        Lasting,
        &[
            "No space left on device",
            "insufficient free space to mount",
            "Disk full",
            "not enough space",
            "Insufficient space",
            "Not enough space to resize partition",
            "There is not enough space",
            "Filesystem is full",
        ],
        "There is no room left in the storage.",
        &[(C::StorageFull, 0.75), (C::ImageTooLarge, 0.35)],
    )
    .states(&[(S::BootsDegraded, 0.3)])
    .from("libc, errno ENOSPC", "cp: write error: No space left on device"),
];
