//! What the kernel says when it stops, or cannot find or read its root file system.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Kernel, Lasting, System};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "kernel-root-missing",
        Kernel,
        &[
            "VFS: Cannot open root device",
            "VFS: Unable to mount root fs",
            "Please append a correct \"root=\"",
            "Waiting for root device",
            "ALERT! * does not exist",
            "Gave up waiting for root",
        ],
        "The kernel does not find its root file system.",
        &[
            (C::RootfsMissing, 0.6),
            (C::BootEnvironmentCorrupt, 0.2),
            (C::FirmwareBug, 0.2),
            (C::ImageIncomplete, 0.15),
        ],
    )
    .states(&[(S::KernelHang, 0.55)])
    .from("Linux init/do_mounts.c", "VFS: Unable to mount root fs on unknown-block(0,0)"),
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
    .states(&[(S::KernelHang, 0.4), (S::BootLoop, 0.3)])
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
        "kernel-decompressor",
        Kernel,
        &[
            "XZ-compressed data is corrupt",
            "uncompression error",
            "-- System halted",
            "crc error -- System halted",
            "invalid compressed format",
            "LZMA data is corrupt","XZ-compressed data", "invalid distance", "Bad LZMA"],
        "The kernel could not decompress itself: it is damaged.",
        &[(C::ImageCorrupt, 0.8), (C::ImageIncomplete, 0.3), (C::RamFault, 0.15)],
    )
    .states(&[(S::KernelHang, 0.5)])
    .from("Linux lib/decompress_unxz.c", "XZ-compressed data is corrupt"),
    rule(
        "kernel-crash",
        Kernel,
        &[
            "Unable to handle kernel * at virtual address",
            "Unable to handle kernel paging request",
            "Unable to handle kernel NULL pointer",
            "Internal error: ",
            "Oops[#",
            "Oops: ",
            "BUG: unable to handle",
            "Unhandled fault: ",
            "bus error, epc ==",
            "Reserved instruction in kernel code",
            "synchronous external abort",
            "Kernel bug detected",
            "kernel BUG at",
            "Fatal exception",
            "Data bus error",
            "not syncing: Asynchronous SError","Attempted to kill the idle task"],
        "The kernel crashed.",
        &[(C::KernelCrash, 0.75), (C::FirmwareBug, 0.5), (C::RamFault, 0.15)],
    )
    .states(&[(S::KernelHang, 0.5)])
    .actions(&[A::InstallOtherBuild])
    .from("Linux arch/*/mm/fault.c", "Unable to handle kernel paging request at virtual address 1000fee1"),
    rule(
        "kernel-panic",
        Kernel,
        &["Kernel panic - not syncing"],
        "The kernel gave up.",
        &[(C::KernelCrash, 0.35)],
    )
    .without(&[
        "VFS: Unable to mount root fs",
        "No working init found",
        "No init found",
        "Attempted to kill init!",
        "Requested init * failed",
    ])
    .states(&[(S::KernelHang, 0.5)])
    .from("Linux kernel/panic.c", "Kernel panic - not syncing: Fatal exception"),
    rule(
        "kernel-panic-restarts",
        Kernel,
        &["Rebooting in * seconds"],
        "The kernel starts the unit over after the crash.",
        &[],
    )
    .states(&[(S::BootLoop, 0.7)])
    .from("Linux kernel/panic.c", "Rebooting in 3 seconds.."),
    rule(
        "kernel-out-of-memory",
        System,
        &[
            "Out of memory: Kill",
            "System is deadlocked on memory",
            "page allocation failure",
            "invoked oom-killer",
        ],
        "The unit runs out of memory.",
        &[(C::FirmwareBug, 0.5), (C::KernelCrash, 0.25)],
    )
    .states(&[(S::BootsDegraded, 0.4)])
    .from("Linux mm/oom_kill.c", "Out of memory: Killed process 1234 (uhttpd)"),
    rule(
        "kernel-flash-map",
        Kernel,
        &[
            "do_map_probe() failed",
            "cfi_probe",
            "no mtd partitions",
            "MTD device * not found",
            "0 * partitions found on MTD",
        ],
        "The kernel's driver does not find the flash, although the boot loader loaded the kernel from it.",
        &[
            (C::FirmwareBug, 0.55),
            (C::RootfsMissing, 0.35),
            (C::FlashHardwareFault, 0.2),
            (C::ImageWrongDevice, 0.2),
        ],
    )
    .actions(&[A::InstallOtherBuild])
    .from("Linux drivers/mtd/maps/physmap-core.c", "physmap-flash: do_map_probe() failed"),
    rule(
        "kernel-stuck",
        Lasting,
        &[
            "blocked for more than * seconds",
            "soft lockup",
            "rcu_sched self-detected stall",
            "hard LOCKUP",
            "watchdog: BUG",
        ],
        "The kernel makes no progress.",
        &[(C::KernelCrash, 0.45), (C::FlashHardwareFault, 0.2), (C::FirmwareBug, 0.35)],
    )
    .states(&[(S::KernelHang, 0.5)])
    .from("Linux kernel/hung_task.c", "INFO: task mount:42 blocked for more than 120 seconds."),
    rule(
        "kernel-under-voltage",
        Lasting,
        &[
            "Under-voltage detected",
            "undervoltage",
            "under voltage",
            "Brownout detector",
            "voltage is too low",
            "battery low",
            "Battery is too low",
            "low battery",
        ],
        "The supply voltage is too low.",
        &[(C::PowerFault, 0.88)],
    )
    .states(&[(S::BootsDegraded, 0.45)])
    .from("Linux drivers/hwmon/raspberrypi-hwmon.c", "hwmon hwmon1: Undervoltage detected!"),
    rule(
        "kernel-usb-enumeration",
        System,
        &[
            "device descriptor read/64, error",
            "device not accepting address",
            "unable to enumerate USB device",
            "Maybe the USB cable is bad",
            "over-current condition",
            "cannot reset (err =",
            "usb * error -71",
        ],
        "A USB device does not answer properly, as with a bad cable, port or supply.",
        &[(C::LinkFault, 0.75), (C::PowerFault, 0.2)],
    )
    .from("Linux drivers/usb/core/hub.c", "usb 1-1: device descriptor read/64, error -71"),
    rule(
        "kernel-verity",
        Kernel,
        &[
            "dm-verity: * corruption",
            "device-mapper: verity: * is corrupted",
            "dm-verity device corrupted",
            "metadata block * is corrupted",
            "verity: * is corrupted","data block * is corrupted", "dm-verity: * corrupted", "block * is corrupted"],
        "The root file system does not match its verified digests.",
        &[(C::RootfsCorrupt, 0.6), (C::VerifiedBootRejected, 0.4)],
    )
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
];
