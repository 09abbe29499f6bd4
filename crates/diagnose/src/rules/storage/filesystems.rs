//! What file systems on disks and cards say.

use debrick_model::{Cause as C, State as S};

use crate::rule::Level::{Kernel, Lasting};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
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
