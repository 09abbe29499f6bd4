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
    .without(&["Failed to load U-Boot image"])
    .from("Linux lib/decompress_unxz.c", "XZ-compressed data is corrupt"),
    rule(
        "kernel-memory-bad",
        Kernel,
        &[
            "BUG: Bad page",
            "Bad page state in process",
            "BUG: Bad rss-counter",
            "Bad page map in process",
            "list_add corruption",
            "list_del corruption",
            "slab error in",
            "Poison overwritten",
            "Redzone overwritten",
            "Object already free",
            "BUG: KASAN",
            "BUG: spinlock",
            "BUG: workqueue lockup",
            "refcount_t: underflow",
            "Bad pagetable",
        ],
        "The kernel finds its own memory in a state that it cannot be in.",
        &[(C::FirmwareBug, 0.55), (C::KernelCrash, 0.48), (C::RamFault, 0.35)],
    )
    .states(&[(S::KernelHang, 0.5)])
    .actions(&[A::InstallOtherBuild])
    .from(
        "Linux mm/page_alloc.c, lib/list_debug.c, mm/slub.c",
        "BUG: Bad page state in process swapper  pfn:087a3",
    ),
    rule(
        "kernel-trace",
        Lasting,
        &[
            "^Call trace:",
            "^Call Trace:",
            "---[ end trace",
            ") from [<",
            "Function entered at [<",
            "(unwind_backtrace",
            "^pstate: ",
            "^Workqueue: ",
            "CPU: * Comm: * tainted ",
            "^pc : ",
            "PC is at ",
            "^epc   : ",
            "stack limit = 0x",
            "FIQs on  Mode ",
        ],
        "The kernel shows where it was when something went wrong in it.",
        &[(C::FirmwareBug, 0.45), (C::KernelCrash, 0.4)],
    )
    .states(&[(S::BootsDegraded, 0.3), (S::KernelHang, 0.26)])
    .actions(&[A::InstallOtherBuild])
    .last_resort()
    .from("Linux kernel/panic.c, lib/dump_stack.c", "---[ end trace 0000000000000000 ]---"),
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
        "kernel-warning",
        System,
        &[
            "WARNING: CPU:",
            "WARNING: at ",
            "------------[ cut here ]",
            "possible circular locking",
            "irq * nobody cared",
            "irq *: nobody cared",
            "sysfs: cannot create duplicate",
            "NETDEV WATCHDOG",
            "Unbalanced enable for IRQ",
            "BUG: sleeping function",
            "warn_slowpath",
            "(__warn)",
        ],
        "The kernel found an error in itself and goes on.",
        &[(C::FirmwareBug, 0.4), (C::KernelCrash, 0.25)],
    )
    .states(&[(S::BootsDegraded, 0.35)])
    .actions(&[A::InstallOtherBuild])
    .from("Linux kernel/panic.c, __warn", "WARNING: CPU: 0 PID: 1 at kernel/irq/manage.c:1234"),
    rule(
        "kernel-stuck",
        Lasting,
        &[
            "blocked for more than * seconds",
            "soft lockup",
            "self-detected stall",
            "rcu_sched detected stalls",
            "rcu_preempt detected stalls",
            "hard LOCKUP",
            "watchdog: BUG",
            "detected stalls on CPUs",
            "rcu: INFO:",
        ],
        "The kernel makes no progress.",
        &[(C::KernelCrash, 0.45), (C::FlashHardwareFault, 0.15), (C::FirmwareBug, 0.4)],
    )
    .states(&[(S::KernelHang, 0.5)])
    .from("Linux kernel/hung_task.c", "INFO: task mount:42 blocked for more than 120 seconds."),
    rule(
        "kernel-out-of-memory",
        System,
        &[
            "Out of memory: Kill",
            "System is deadlocked on memory",
            "page allocation failure",
            "invoked oom-killer",
            "Out of memory and no killable",
            "out of memory",
        ],
        "The unit runs out of memory.",
        &[(C::FirmwareBug, 0.5), (C::KernelCrash, 0.25), (C::ImageTooLarge, 0.2)],
    )
    .without(&["^ERROR: out of memory", "PANIC: out of memory!"])
    .states(&[(S::BootsDegraded, 0.4)])
    .from("Linux mm/oom_kill.c", "Out of memory: Killed process 1234 (uhttpd)"),
    rule(
        "kernel-wrong-kernel",
        Kernel,
        &[
            "invalid module format",
            "version magic *should be",
            "disagrees about version of symbol",
            "Unknown symbol",
            "no symbol version for",
            "modprobe: FATAL: Module * not found",
            "failed to find a module named",
            "kernel is not compatible",
        ],
        "Kernel and modules do not belong together.",
        &[(C::FirmwareBug, 0.45), (C::UpdateInterrupted, 0.3), (C::RootfsCorrupt, 0.3)],
    )
    .states(&[(S::BootsDegraded, 0.5)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("Linux kernel/module/version.c", "nf_conntrack: version magic '5.4.1' should be '5.4.2'"),
    rule(
        "kernel-crash",
        Kernel,
        &[
            "Unable to handle kernel * at virtual address",
            "Unable to handle kernel paging request",
            "Unable to handle kernel NULL pointer",
            "Unable to handle kernel",
            "Internal error: ",
            "Oops[#",
            "^Oops: ",
            "Oops: 0",
            "Oops [#",
            "BUG: unable to handle",
            "Unhandled fault: ",
            "Unhandled exception: IPSR",
            "bus error, epc ==",
            "Reserved instruction in kernel code",
            "synchronous external abort",
            "Kernel bug detected",
            "kernel BUG at",
            "Fatal exception",
            "Data bus error, epc",
            "Instruction bus error, epc",
            "not syncing: Asynchronous SError",
            "Attempted to kill the idle task",
            "Kernel access of bad area",
            "BUG: scheduling while atomic",
            "Unhandled kernel unaligned access",
            "Kernel unaligned instruction access",
            "Machine check in kernel mode",
            "PANIC: double fault",
            "general protection fault",
            "Kernel stack is corrupted",
            "Division by zero in kernel",
            "Unhandled prefetch abort",
            "Bad mode in",
            "SError Interrupt on CPU",
            "Unhandled exception in kernel",
            "Insufficient stack space to handle exception",
            "kernel stack overflow",
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
        &[(C::KernelCrash, 0.42), (C::FirmwareBug, 0.38)],
    )
    .without(&[
        "VFS: Unable to mount root fs",
        "No working init found",
        "No init found",
        "Attempted to kill init!",
        "Requested init * failed",
    ])
    .states(&[(S::KernelHang, 0.5)])
    .actions(&[A::InstallOtherBuild])
    .from("Linux kernel/panic.c", "Kernel panic - not syncing: Fatal exception"),
    rule(
        "watchdog-restarts",
        Lasting,
        &[
            "reset by watchdog",
            "Reset reason: watchdog",
            "WDT reset",
            "watchdog bite",
            "Watchdog timeout reset",
            "rebooted by watchdog",
            "Last reset was watchdog",
        ],
        "A watchdog started the unit over, because it hung.",
        &[(C::FirmwareBug, 0.45), (C::PowerFault, 0.1)],
    )
    .without(&["rst cause:"])
    .states(&[(S::BootLoop, 0.35)])
    .actions(&[A::InstallOtherBuild])
    .from("boot loaders and watchdog drivers", "Last reset was watchdog"),
    rule(
        "watchdog-was-last",
        Lasting,
        &["Reset cause: WDOG", "Reset cause: WDT", "reset reason: WDT"],
        "The last start was one by the watchdog, with which many loaders start over on purpose too.",
        &[(C::FirmwareBug, 0.22), (C::PowerFault, 0.1)],
    )
    .states(&[(S::BootLoop, 0.2)])
    .from("U-Boot arch/arm/mach-imx/cpu.c, get_reset_cause", "Reset cause: WDOG"),
    rule(
        "kernel-set-up-fails",
        Kernel,
        &[
            "not syncing: No interrupt controller found",
            "not syncing: Unable to find GIC",
            "not syncing: * timer",
            "not syncing: * clk",
            "not syncing: * clock",
            "not syncing: * device tree",
            "not syncing: * devicetree",
            "not syncing: * compatible",
            "not syncing: Failed to allocate",
            "not syncing: Can't allocate",
            "not syncing: Failed to get",
            "not syncing: Failed to find",
            "not syncing: unable to",
        ],
        "The kernel does not find what it needs of this board in its device tree or configuration.",
        &[
            (C::FirmwareBug, 0.55),
            (C::KernelCrash, 0.2),
            (C::ImageWrongDevice, 0.25),
            (C::BootloaderOutdated, 0.2),
        ],
    )
    .states(&[(S::KernelHang, 0.4)])
    .actions(&[A::InstallOtherBuild])
    .from(
        "Linux arch/arm64/kernel/irq.c, smp.c",
        "Kernel panic - not syncing: No interrupt controller found.",
    ),
    rule(
        "kernel-memory-errors",
        Lasting,
        &[
            "EDAC * UE ",
            "EDAC * uncorrected error",
            "Uncorrected hardware memory error",
            "Memory failure: 0x",
        ],
        "The memory gives back other bits than it got.",
        &[(C::RamFault, 0.8)],
    )
    .states(&[(S::BootsDegraded, 0.4)])
    .from("Linux drivers/edac/edac_mc.c", "EDAC MC0: 1 UE memory read error on DIMM0"),
    rule(
        "small-system-panic",
        Lasting,
        &[
            "RIOT kernel panic",
            "*** RIOT KERNEL PANIC",
            "NuttX: panic",
            "up_assert: Assertion failed",
            "_assert: Assertion failed",
            "MbedOS Error Info",
            "++ MbedOS Fault Handler ++",
            "Assert @ 0x",
            "Unhandled interrupt (",
        ],
        "The operating system of a microcontroller stopped at an error.",
        &[(C::FirmwareBug, 0.6), (C::KernelCrash, 0.4)],
    )
    .states(&[(S::KernelHang, 0.8)])
    .actions(&[A::InstallOtherBuild])
    .from(
        "RIOT core/lib/panic.c; NuttX sched/misc/assert.c; Mbed OS platform/mbed_error.c; Mynewt kernel/os",
        "*** RIOT kernel panic:",
    ),
];
