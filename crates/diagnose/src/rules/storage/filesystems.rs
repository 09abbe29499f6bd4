//! What file systems on disks and cards say.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Kernel, Lasting, System};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "ext4-disk-does-not-read",
        Kernel,
        &["EXT4-fs error * reading directory lblock", "EXT4-fs error * reading directory iblock"],
        "The disk under the file system no longer reads: its link or the disk itself fails.",
        &[(C::FlashHardwareFault, 0.66), (C::LinkFault, 0.4), (C::PowerFault, 0.2)],
    )
    .states(&[(S::BootsDegraded, 0.4)])
    .actions(&[A::SwapCableOrPort, A::ReplaceHardware])
    .from(
        "Linux fs/ext4/namei.c, __ext4_find_entry",
        "EXT4-fs error (device sda2): __ext4_find_entry:1614: inode #2: comm sh: reading directory lblock 0",
    ),
    rule(
        "ext4-damaged",
        Kernel,
        &[
            "Can't find ext4 filesystem",
            "EXT4-fs error",
            "ext4_check_descriptors: Checksum for group",
            "ext4_check_descriptors: Block bitmap for group",
            "group descriptors corrupted",
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
    .without(&["reading directory lblock", "reading directory iblock"])
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
        "root-needs-cleaning",
        Kernel,
        &[
            "Cannot open root device * error -117",
            "Cannot open root device * error -74",
            "Failed to initialize F2FS segment manager",
            "Failed to initialize F2FS node manager",
            "F2FS-fs * Mismatch valid blocks",
        ],
        "The root file system is there, and does not hold together (`EUCLEAN`, `EBADMSG`).",
        &[(C::RootfsCorrupt, 0.72), (C::FlashHardwareFault, 0.25)],
    )
    .states(&[(S::KernelHang, 0.3)])
    .actions(&[A::ReflashCorrectImage])
    .from(
        "Linux fs/f2fs/super.c, init/do_mounts.c",
        "VFS: Cannot open root device \"mmcblk1p2\" or unknown-block(179,2): error -117",
    ),
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
    // Programs that try every file system on a card are answered so too, by a system that comes up.
    .without(&["Starting network: OK", "Starting syslogd: OK", "procd: - init complete"])
    .from("Linux fs/f2fs/super.c", "F2FS-fs (mmcblk0p3): Failed to get valid F2FS checkpoint"),
    rule(
        "btrfs-xfs-damaged",
        Kernel,
        &[
            "BTRFS error",
            "BTRFS critical",
            "BTRFS: error",
            "open_ctree failed",
            "parent transid verify failed",
            "XFS * Corruption",
            "XFS * metadata I/O error",
            "XFS * log mount/recovery failed",
            "bad superblock on",
            "wrong fs type, bad option",
            "bad magic number in super-block",
            "unable to read superblock",
            "failed to read superblock",
        ],
        "The file system is damaged.",
        &[(C::RootfsCorrupt, 0.62), (C::FlashHardwareFault, 0.25)],
    )
    .states(&[(S::KernelHang, 0.25), (S::BootsDegraded, 0.35)])
    .from("Linux fs/btrfs/disk-io.c, fs/xfs", "BTRFS error (device sda3): open_ctree failed"),
    rule(
        "fat-damaged",
        System,
        &[
            "FAT-fs (*): error,",
            "FAT: Filesystem error",
            "exFAT-fs (*): error,",
            "Filesystem has been set read-only",
            "invalid cluster chain",
            "NTFS-fs error",
            "ntfs3: * Mark volume as dirty",
        ],
        "A file system that other computers write too is damaged.",
        &[(C::RootfsCorrupt, 0.55), (C::FlashHardwareFault, 0.4), (C::SettingsCorrupt, 0.15)],
    )
    .states(&[(S::BootsDegraded, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::ReplaceHardware])
    .from(
        "Linux fs/fat/misc.c, fs/exfat/misc.c, fs/ntfs",
        "FAT-fs (sdb1): error, fat_get_cluster: invalid cluster chain (i_pos 1297)",
    ),
    rule(
        "errors-on-record",
        Lasting,
        &[
            "-fs (*): error count:",
            "-fs (*): error count since last fsck",
            "-fs (*): initial error at",
            "-fs (*): last error at",
        ],
        "The file system keeps a record of errors that were found in it earlier, and was not checked since.",
        &[(C::RootfsCorrupt, 0.55), (C::FlashHardwareFault, 0.4)],
    )
    .states(&[(S::BootsDegraded, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from("Linux fs/ext4/super.c, print_daily_error_info", "EXT4-fs (mmcblk0p3): error count: 2"),
    rule(
        "fsck-needed",
        System,
        &[
            "UNEXPECTED INCONSISTENCY",
            "fsck failed",
            "File system check failed",
            "run fsck manually",
            "RUN fsck MANUALLY",
            "fsck.ext4 died",
            "e2fsck: Bad magic",
            "fsck exited with status code 4",
        ],
        "A check of the file system found damage that it does not mend by itself.",
        &[(C::RootfsCorrupt, 0.6), (C::FlashHardwareFault, 0.2)],
    )
    .states(&[(S::BootsDegraded, 0.4)])
    .from("e2fsprogs e2fsck/unix.c", "/dev/sda1: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY."),
    rule(
        "fsck-mended",
        Lasting,
        &[
            "recovering journal",
            "orphan cleanup",
            "was not properly unmounted",
            "FILE SYSTEM WAS MODIFIED",
            "recovery required on readonly filesystem",
        ],
        "The file system was not closed properly, and was mended.",
        &[(C::RootfsCorrupt, 0.1), (C::PowerFault, 0.08)],
    )
    .from("e2fsprogs e2fsck/unix.c", "/dev/sda1: recovering journal"),
    rule(
        "settings-store-full",
        Lasting,
        &[
            "can't create directory *: No space left",
            "cannot create directory *: No space left",
            "overlay*: No space left",
            "can't create *: No space left",
            "failed to create *: No space left",
        ],
        "The part of the storage that the system writes to is full, so that it cannot start its programs.",
        &[(C::StorageFull, 0.72)],
    )
    .states(&[(S::BootsDegraded, 0.3), (S::KernelHang, 0.3)])
    .actions(&[A::FactoryResetSettings])
    .from("BusyBox coreutils/mkdir.c", "mkdir: can't create directory 'rw/work': No space left on device"),
    rule(
        "firmware-variables-full",
        Lasting,
        &[
            "efivarfs*No space left",
            "efi_set_variable*No space left",
            "EFI boot entry*No space left",
            "EFI Boot variable*No space left",
            "prepare Boot variable*No space left",
        ],
        "The store in which the firmware of the computer keeps its variables is full.",
        &[(C::StorageFull, 0.7), (C::SettingsCorrupt, 0.15)],
    )
    .states(&[(S::Healthy, 0.5)])
    .actions(&[A::FactoryResetSettings, A::ChangeToolOrOption])
    .from(
        "efivar src/efivarfs.c; GRUB util/grub-install; fwupd",
        "failed to write data to efivarfs: Error writing to file descriptor: No space left on device",
    ),
    rule(
        "storage-full",
        Lasting,
        &[
            "No space left on device",
            "insufficient free space to mount",
            "Disk full",
            "not enough space",
            "Insufficient space",
            "Only have * available on filesystem",
            "not enough free space",
            "Not enough free memory",
            "not enough memory to perform",
            "out of space",
            "There is not enough space",
            "Filesystem is full",
            "storage is full",
            "overlay is full",
            "partition is full",
            "only has 0MB available",
            "no free space",
            "ENOSPC",
        ],
        "There is no room left in the storage.",
        &[(C::StorageFull, 0.75), (C::ImageTooLarge, 0.25)],
    )
    .without(&[
        "Not enough space for initrd",
        "Not enough space for kernel",
        "[4]: Not Enough Space",
        "ERROR: Not Enough Space",
        "space to store OTA",
        "Upload buffer miscompare",
        "flash have not enough space",
        "not enough space in flash",
    ])
    .states(&[(S::BootsDegraded, 0.3)])
    .from("libc, errno ENOSPC", "cp: write error: No space left on device"),
];
