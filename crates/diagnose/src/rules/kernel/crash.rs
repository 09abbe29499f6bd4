//! What the kernel says when it crashes, hangs or gives up.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Kernel, Lasting, System};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "kernel-decompressor",
        Kernel,
        &[
            "XZ-compressed data is corrupt",
            "uncompression error",
            "-- System halted",
            "crc error -- System halted",
            "invalid compressed format",
            "LZMA data is corrupt",
            "XZ-compressed data",
            "invalid distance",
            "Bad LZMA",
        ],
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
            "not syncing: Asynchronous SError",
            "Attempted to kill the idle task",
        ],
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
];
