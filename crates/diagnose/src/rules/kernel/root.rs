//! What the kernel says when it cannot find, read or start its root file system.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Kernel, Lasting, System};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "kernel-root-argument",
        Kernel,
        &["Please append a correct \"root=\"", "correct \"root=\" boot option"],
        "The kernel asks for another root= argument.",
        &[(C::BootEnvironmentCorrupt, 0.5)],
    )
    .from(
        "Linux init/do_mounts.c",
        "Please append a correct \"root=\" boot option; here are the available partitions:",
    ),
    rule(
        "kernel-squashfs-superblock",
        Kernel,
        &[
            "Can't find a SQUASHFS superblock",
            "SQUASHFS error: unable to read * index table",
            "SQUASHFS error: unable to read squashfs_super_block",
            "unable to read id index table",
            "unable to read fragment index table",
        ],
        "The root file system has no valid head or its end is missing.",
        &[(C::RootfsCorrupt, 0.65), (C::ImageIncomplete, 0.4), (C::FlashHardwareFault, 0.1)],
    )
    .states(&[(S::KernelHang, 0.5)])
    .from("Linux fs/squashfs/super.c", "SQUASHFS error: unable to read id index table"),
    rule(
        "kernel-squashfs-data",
        Lasting,
        &[
            "SQUASHFS error: *",
            "squashfs_read_data failed",
            "data probably corrupt",
            "SQUASHFS error: Unable to read page","Unable to read * cache entry [", "Unable to read directory block [", "Unable to read inode 0x", "Unable to read page, block", "Failed to read block 0x"],
        "Parts of the root file system cannot be decompressed.",
        &[(C::RootfsCorrupt, 0.75), (C::FlashHardwareFault, 0.25), (C::ImageCorrupt, 0.3)],
    )
    .without(&["verity: 7:", "Failed splicing data", "I/O error, dev nbd"])
    .states(&[(S::BootsDegraded, 0.4)])
    .actions(&[A::ReflashCorrectImage, A::ReflashSameImage])
    .from("Linux fs/squashfs/block.c", "SQUASHFS error: xz decompression failed, data probably corrupt"),
    rule(
        "kernel-file-system-unsupported",
        Kernel,
        &[
            "compression. This is not supported",
            "Major/Minor mismatch",
            "unsupported optional features",
            "but software only supports",
            "upper fs does not support",
            "unknown filesystem type",
        ],
        "The kernel does not know this kind of file system: kernel and root file system do not belong together.",
        &[(C::FirmwareBug, 0.5), (C::ImageWrongDevice, 0.4), (C::RootfsCorrupt, 0.2)],
    )
    .states(&[(S::KernelHang, 0.3)])
    .actions(&[A::InstallOtherBuild])
    .from("Linux fs/squashfs/super.c", "Filesystem uses \"zstd\" compression. This is not supported"),
    rule(
        "kernel-init-missing",
        Kernel,
        &[
            "No working init found",
            "No init found",
            "Requested init * failed",
            "Failed to execute /init",
            "Failed to execute /sbin/init",
            "can't execute '/sbin/init'",
            "error: /sbin/init not found","Failed to execute * (error"],
        "The root file system is there, but its first program is not, or does not run on this processor.",
        &[(C::InitFailure, 0.55), (C::RootfsCorrupt, 0.45), (C::ImageWrongDevice, 0.2)],
    )
    .states(&[(S::KernelHang, 0.6)])
    .from("Linux init/main.c", "Kernel panic - not syncing: No working init found."),
    rule(
        "kernel-init-died",
        System,
        &["Attempted to kill init!"],
        "The first program of the system ended.",
        &[(C::InitFailure, 0.6), (C::RootfsCorrupt, 0.35), (C::FirmwareBug, 0.2)],
    )
    .states(&[(S::KernelHang, 0.6), (S::BootLoop, 0.3)])
    .from("Linux kernel/exit.c", "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100"),
    rule(
        "kernel-initramfs",
        Kernel,
        &[
            "Initramfs unpacking failed",
            "invalid magic at start of compressed archive",
            "junk at the end of compressed archive",
            "junk in compressed archive",
            "broken padding",
        ],
        "The ramdisk that came with the kernel is damaged.",
        &[(C::ImageCorrupt, 0.5), (C::RootfsCorrupt, 0.45), (C::ImageIncomplete, 0.35)],
    )
    .states(&[(S::KernelHang, 0.4)])
    .from(
        "Linux init/initramfs.c",
        "Initramfs unpacking failed: invalid magic at start of compressed archive",
    ),
    rule(
        "kernel-verity",
        Kernel,
        &[
            "dm-verity: * corruption",
            "device-mapper: verity: * is corrupted",
            "dm-verity device corrupted",
            "dm-verity device is corrupted",
            "dmv corrupt",
            "metadata block * is corrupted",
            "verity: * is corrupted","data block * is corrupted", "dm-verity: * corrupted", "block * is corrupted"],
        "The root file system does not match its verified digests.",
        &[(C::RootfsCorrupt, 0.6), (C::VerifiedBootRejected, 0.4)],
    )
    // The seventh block driver is the loop device: this is an update that is being read, not the system.
    .without(&["verity: 7:", "Failed splicing data"])
    .states(&[(S::KernelHang, 0.3)])
    .from("Linux drivers/md/dm-verity-target.c", "device-mapper: verity: 179:2: data block 1 is corrupted"),
    rule(
        "kernel-exec-format",
        System,
        &["Exec format error", "ENOEXEC", "exec format error", "couldn't execute it (error -8)"],
        "A program was made for another processor.",
        &[(C::ImageWrongDevice, 0.5), (C::RootfsCorrupt, 0.3)],
    )
    .from("Linux fs/exec.c", "Starting init: /sbin/init exists but couldn't execute it (error -8)"),
    rule(
        "kernel-root-device-is-there",
        Kernel,
        &["on unknown-block(31,", "on unknown-block(179,", "on unknown-block(8,", "on unknown-block(254,", "on unknown-block(259,", "on unknown-block(1,0)", "on unknown-block(7,"],
        "The device of the root file system is there, but holds none that the kernel knows.",
        &[(C::RootfsCorrupt, 0.6), (C::ImageIncomplete, 0.2), (C::FirmwareBug, 0.15)],
    )
    .from("Linux init/do_mounts.c", "VFS: Unable to mount root fs on unknown-block(179,2)"),
    rule(
        "bsd-root-missing",
        Kernel,
        &["Mounting from * failed with error", "mountroot>"],
        "The kernel cannot mount its root file system and asks for another.",
        &[(C::RootfsMissing, 0.44), (C::FirmwareBug, 0.36), (C::FlashHardwareFault, 0.2)],
    )
    .states(&[(S::KernelHang, 0.6)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from("FreeBSD sys/kern/vfs_mountroot.c", "Mounting from ufs:/dev/ufs/rootfs failed with error 19."),
    rule(
        "kernel-arguments-not-filled-in",
        Kernel,
        &["^Kernel command line: *$"],
        "The kernel is given the name of a variable where its value should stand.",
        &[(C::BootEnvironmentCorrupt, 0.66), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::KernelHang, 0.3)])
    .actions(&[A::FixBootEnvironment])
    .from("U-Boot common/cli_simple.c; Linux init/main.c", "Kernel command line: $bootargs init=/bin/sh"),
    rule(
        "kernel-init-cannot-be-run",
        Kernel,
        &["Starting init: * exists but couldn't execute"],
        "The kernel finds the first program and cannot run it.",
        &[(C::RootfsCorrupt, 0.4), (C::ImageWrongDevice, 0.2)],
    )
    .states(&[(S::KernelHang, 0.6)])
    .from("Linux init/main.c", "Starting init: /sbin/init exists but couldn't execute it (error -5)"),
    rule(
        "initramfs-root-unreadable",
        Kernel,
        &["mount: mounting /dev/mtdblock* on run/initramfs/ro failed"],
        "The first file system cannot read the one that it should hand over to.",
        &[(C::RootfsCorrupt, 0.62), (C::ImageCorrupt, 0.4)],
    )
    .states(&[(S::KernelHang, 0.5)])
    .actions(&[A::ReflashCorrectImage])
    .from(
        "OpenBMC obmc-phosphor-initfs, obmc-init.sh",
        "mount: mounting /dev/mtdblock4 on run/initramfs/ro failed: Invalid argument",
    ),
    rule(
        "kernel-root-missing",
        Kernel,
        &["VFS: Cannot open root device", "Unable to mount root fs", "Please append a correct \"root=\"", "Waiting for root device", "Warning: /dev/* does not exist", "Waiting for root file system", "Dependency failed for Initrd Root Device", "Dependency failed for /sysroot", "can't find root device", "No root device", "Failed to mount /sysroot", "mount: mounting * on /root failed", "mount: can't find /root"],
        "The kernel does not find its root file system.",
        &[(C::RootfsMissing, 0.6), (C::BootEnvironmentCorrupt, 0.2), (C::FirmwareBug, 0.2), (C::ImageIncomplete, 0.15)],
    )
    .without(&["Cannot open root device * error -117", "Cannot open root device * error -74", "^Kernel command line: *$"])
    .states(&[(S::KernelHang, 0.55)])
    .from("Linux init/do_mounts.c", "VFS: Unable to mount root fs on unknown-block(0,0)"),
    rule(
        "initramfs-without-root",
        Lasting,
        &["ALERT! * does not exist", "Gave up waiting for root", "dracut-initqueue timeout"],
        "The first file system waited for the real one, which did not appear.",
        &[(C::RootfsMissing, 0.66), (C::BootEnvironmentCorrupt, 0.25), (C::FirmwareBug, 0.25), (C::FlashHardwareFault, 0.1)],
    )
    .without(&["Please press Enter to activate"])
    .states(&[(S::KernelHang, 0.85)])
    .from("Debian initramfs-tools scripts/local; dracut modules.d/98dracut-systemd", "ALERT!  /dev/mmcblk1p1 does not exist.  Dropping to a shell!"),
    rule(
        "initramfs-shell",
        System,
        &["^(initramfs)", "Dropping to a shell", "emergency shell", "dracut:/#"],
        "The first file system stayed in charge, because the real one could not be mounted.",
        &[(C::RootfsMissing, 0.4), (C::RootfsCorrupt, 0.35)],
    )
    .without(&["Please press Enter to activate"])
    .states(&[(S::BootsDegraded, 0.3), (S::KernelHang, 0.4)])
    .from("Debian initramfs-tools scripts/functions", "(initramfs)"),
    rule(
        "kernel-flash-split",
        Kernel,
        &["no squashfs found in", "no rootfs found after", "Could not open mtd device: rootfs", "Could not open mtd device: firmware", "no valid UBI magic found", "no rootfs partition", "failed to find rootfs", "no uImage found in", "no valid FIT", "mtdsplit: no", "no TRX header", "no SEAMA header"],
        "In the flash there is no file system where the kernel looks for the root.",
        &[(C::RootfsMissing, 0.45), (C::ImageIncomplete, 0.3), (C::FirmwareBug, 0.35), (C::RootfsCorrupt, 0.25)],
    )
    .states(&[(S::KernelHang, 0.4)])
    .from("OpenWrt drivers/mtd/mtdsplit", "no squashfs found in"),
    rule(
        "kernel-console-missing",
        System,
        &["unable to open an initial console", "/dev/console: No such file"],
        "The root file system lacks its first device files.",
        &[(C::RootfsCorrupt, 0.4), (C::FirmwareBug, 0.3), (C::InitFailure, 0.3)],
    )
    .without(&["procd: - init complete"])
    .states(&[(S::KernelHang, 0.3)])
    .from("Linux init/main.c", "unable to open an initial console"),
    rule(
        "kernel-init-crashed",
        System,
        &["exitcode=0x0000000b", "exitcode=0x00000004", "exitcode=0x0000008b", "exitcode=0x00000007", "runaway loop modprobe binfmt"],
        "The first program of the system crashed: it does not fit the processor or the kernel, or is damaged.",
        &[(C::ImageWrongDevice, 0.3), (C::FirmwareBug, 0.4), (C::RootfsCorrupt, 0.3), (C::RamFault, 0.1)],
    )
    .states(&[(S::KernelHang, 0.3)])
    .from("Linux kernel/exit.c", "exitcode=0x0000000b"),
    rule(
        "root-cannot-be-entered",
        System,
        &["Comm: run-init", "Comm: switch_root", "^run-init: "],
        "The first file system cannot hand over to the real one: what it should start there is absent or damaged.",
        &[(C::RootfsCorrupt, 0.5), (C::RootfsMissing, 0.2)],
    )
    .states(&[(S::KernelHang, 0.4)])
    .actions(&[A::ReflashCorrectImage])
    .from("klibc usr/kinit/run-init/run-init.c", "run-init: /sbin/init: No such file or directory"),
    rule(
        "init-program-missing-file",
        System,
        &["exitcode=0x00007f00", "exitcode=0x00000200", "exitcode=0x00000100"],
        "The first program of the system ended at once, as where a file that it needs is missing.",
        &[(C::RootfsCorrupt, 0.35), (C::InitFailure, 0.4)],
    )
    .states(&[(S::KernelHang, 0.3)])
    .from("Linux kernel/exit.c", "exitcode=0x00007f00"),
    rule(
        "initramfs-mount",
        Lasting,
        &["mount_common", "Could not mount LABEL", "Could not mount UUID", "Could not mount PARTUUID", "Error in mount_", "Error in prepare_sysroot", "Could not find system", "Starting debugging shell for boot step", "can't mount sysroot", "Failed to mount root", "cannot mount root", "unable to mount root", "mount: can't find", "Could not find the root", "Could not boot", "root file system not found", "Unable to find a medium", "Unable to find root"],
        "The first file system does not find, or cannot mount, the one that it should hand over to.",
        &[(C::RootfsMissing, 0.5), (C::RootfsCorrupt, 0.28), (C::FirmwareBug, 0.22), (C::BootEnvironmentCorrupt, 0.15), (C::RecoveryMediaWrong, 0.15)],
    )
    .states(&[(S::KernelHang, 0.5)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("initramfs scripts of distributions", "*** Error in mount_flash: mount_common: Could not mount LABEL=COREELEC ***"),
    rule(
        "kernel-ramdisk-too-large",
        Kernel,
        &["RAMDISK: incomplete write", "RAMDISK: image too big", "write error", "rootfs image is not initramfs"],
        "The ramdisk does not fit where the kernel keeps it.",
        &[(C::ImageTooLarge, 0.5), (C::RootfsCorrupt, 0.35), (C::BootEnvironmentCorrupt, 0.25)],
    )
    .with(&["RAMDISK: "])
    .states(&[(S::KernelHang, 0.4)])
    .actions(&[A::FixBootEnvironment, A::ReflashCorrectImage])
    .from("Linux init/do_mounts_rd.c", "RAMDISK: incomplete write (-28 != 32768)"),
    rule(
        "kernel-ramdisk-missing",
        Kernel,
        &["RAMDISK: Couldn't find valid RAM disk image"],
        "The kernel finds no ramdisk where it is told to look.",
        &[(C::RootfsMissing, 0.5), (C::BootEnvironmentCorrupt, 0.4), (C::ImageIncomplete, 0.3)],
    )
    .states(&[(S::KernelHang, 0.4)])
    .from("Linux init/do_mounts_rd.c", "RAMDISK: Couldn't find valid RAM disk image starting at 0."),
    rule(
        "kernel-no-root-given",
        Kernel,
        &["no root= given", "No root= argument", "no root device specified", "root= is not set"],
        "Nothing tells the kernel where its root file system is.",
        &[(C::BootEnvironmentCorrupt, 0.65)],
    )
    .states(&[(S::KernelHang, 0.5)])
    .from("dracut modules.d/99base; initramfs-tools", "Unknown boot device: no root= given, panic"),
    rule(
        "kernel-array-incomplete",
        System,
        &["failed to RUN_ARRAY", "not enough operational", "cannot start dirty degraded array", "No arrays found in config"],
        "An array of disks cannot be started: disks of it are missing or failed.",
        &[(C::FlashHardwareFault, 0.5), (C::RootfsMissing, 0.35), (C::RootfsCorrupt, 0.2)],
    )
    .states(&[(S::BootsDegraded, 0.4)])
    .actions(&[A::SeekProfessional, A::ReplaceHardware])
    .from("Linux drivers/md/md.c, raid5.c; mdadm Assemble.c", "mdadm: failed to RUN_ARRAY /dev/md0: Input/output error"),
    rule(
        "root-not-verity",
        Kernel,
        &["is not a valid VERITY device"],
        "None of the devices that were looked at holds the root file system with its digests.",
        &[(C::RootfsMissing, 0.4), (C::VerifiedBootRejected, 0.3), (C::RootfsCorrupt, 0.25)],
    )
    .states(&[(S::KernelHang, 0.5)])
    .actions(&[A::ReflashCorrectImage])
    .from("cryptsetup lib/verity/verity.c", "Device /dev/sda4 is not a valid VERITY device."),
];
