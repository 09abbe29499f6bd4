//! The lines that show a stage of a boot, and those that show how far a stage got.

use super::StageKind::{self, Linux, Loader, Rom, Shell, Spl, Userspace};

/// A line that shows a stage.
pub(super) struct Marker {
    pub(super) pattern: &'static str,
    pub(super) stage: StageKind,
    /// It is said once per boot, when the stage starts: said again, the unit has started over.
    pub(super) banner: bool,
}

const fn banner(stage: StageKind, pattern: &'static str) -> Marker {
    Marker { pattern, stage, banner: true }
}

const fn sign(stage: StageKind, pattern: &'static str) -> Marker {
    Marker { pattern, stage, banner: false }
}

pub(super) const MEMORY: &str = "^DRAM: ";

/// The lines that show a stage; of several that match one line, the first counts. Sources: the programs' own banners.
pub(super) static MARKERS: &[Marker] = &[
    banner(Rom, "ESP-ROM:"),
    banner(Rom, "^ets * 20"),
    banner(Rom, "PBL, Start"),
    banner(Rom, "stage1 code"),
    banner(Rom, "BootROM - "),
    banner(Spl, "U-Boot SPL "),
    banner(Spl, "U-Boot TPL "),
    sign(Spl, "Trying to boot from"),
    sign(Spl, "SBL1, Start"),
    sign(Spl, "I> MB1 ("),
    sign(Spl, "I> Task: "),
    sign(Spl, "NOTICE: BL2"),
    sign(Loader, "NOTICE: BL31:"),
    sign(Loader, "NOTICE:  BL31:"),
    sign(Loader, "NOTICE: BL3-1:"),
    sign(Loader, "NOTICE:  BL3-1:"),
    sign(Spl, "^BL2 Built :"),
    sign(Loader, "SBL1, End"),
    banner(Loader, "^U-Boot * 20* - *:*:*"),
    banner(Loader, "^Ingenic U-Boot "),
    banner(Loader, "^barebox 2"),
    banner(Loader, "CFE version"),
    banner(Loader, "RedBoot(tm)"),
    banner(Loader, "Booting MCUboot"),
    sign(Loader, "Image index: 0, Swap type"),
    sign(Shell, "Jumping to the first image slot"),
    sign(Shell, "Calling app_main()"),
    sign(Shell, "Booting Zephyr OS"),
    sign(Shell, "MicroPython v"),
    sign(Shell, "CircuitPython "),
    sign(Shell, "^IP address: "),
    sign(Userspace, "^rf cal sector: "),
    sign(Shell, "powered by Lua"),
    sign(Shell, "NuttShell (NSH)"),
    sign(Shell, "^nsh> "),
    sign(Shell, "uart:~$"),
    sign(Shell, "^msh >"),
    sign(Shell, "This is RIOT!"),
    sign(Loader, "mcuboot: Starting bootloader"),
    banner(Rom, "^RPi: BOOTLOADER"),
    sign(Rom, "^Raspberry Pi Bootcode"),
    sign(Rom, " Boot_ROM V"),
    sign(Rom, "[L4T TegraBoot]"),
    sign(Rom, "^Power-up reason:"),
    sign(Loader, "Jetson UEFI firmware"),
    sign(Loader, "^Read config.txt bytes"),
    banner(Rom, "GXM:BL1:"),
    banner(Rom, "^ROM VER: "),
    banner(Rom, "^System startup"),
    sign(Rom, "Bootrom start"),
    banner(Rom, "^RomBOOT"),
    banner(Spl, "^AT91Bootstrap "),
    sign(Spl, "NOTICE:  Booting Trusted Firmware"),
    sign(Spl, "NOTICE:  BL1: "),
    sign(Spl, "NOTICE:  BL2: "),
    sign(Spl, "^I/TC: "),
    sign(Spl, "^D/TC:"),
    banner(Spl, "BOOT0 is starting"),
    sign(Loader, "---RealTek(RTL"),
    sign(Userspace, "mount_root: switching to"),
    sign(Userspace, "kmodloader: done loading"),
    banner(Rom, "GXBB:BL1:"),
    banner(Rom, "G12A:BL:"),
    banner(Rom, "GXL:BL1:"),
    banner(Rom, "^DDR Version "),
    banner(Rom, "U-Boot 1.1.3 (Ralink"),
    sign(Rom, "Preloader Start"),
    sign(Loader, "Ralink UBoot Version"),
    sign(Loader, "U-BOOT Ver "),
    sign(Loader, "boot: Partition Table:"),
    banner(Loader, "Starting bootloader"),
    sign(Loader, "2nd stage bootloader"),
    sign(Loader, "Hit any key to stop autoboot"),
    sign(Loader, "Autobooting in "),
    sign(Loader, MEMORY),
    sign(Loader, "^Scanning mmc "),
    sign(Loader, "^switch to partitions #"),
    sign(Loader, "Top of RAM usable for U-Boot"),
    sign(Loader, "Now running in RAM - U-Boot"),
    sign(Loader, "^In:    serial"),
    sign(Loader, "^Net:   "),
    sign(Loader, "Loading Environment from"),
    sign(Loader, "## Booting "),
    sign(Loader, "## Loading kernel"),
    sign(Linux, "^Starting kernel .."),
    sign(Linux, "^Starting kernel at "),
    sign(Linux, "Transferring control to Linux"),
    sign(Linux, "Jumping to kernel"),
    sign(Linux, "[LK]jump to K"),
    sign(Linux, "Launching kernel"),
    sign(Linux, "Starting the kernel"),
    sign(Linux, "^Starting program at 0x"),
    sign(Linux, "^Uncompressing Linux"),
    sign(Linux, "^EFI stub: Booting Linux"),
    sign(Linux, "booting the kernel."),
    sign(Linux, "^Loading * initial ramdisk"),
    sign(Linux, "^Loading initial ramdisk"),
    sign(Linux, "Booting Linux on physical CPU"),
    banner(Linux, "^Linux version "),
    sign(Linux, "Kernel command line:"),
    sign(Linux, "console [tty"),
    sign(Linux, "bootconsole ["),
    sign(Spl, "^OpenSBI v"),
    sign(Spl, "^SiFive FSBL"),
    sign(Loader, "2nd boot version :"),
    sign(Linux, "VFS: Cannot open root device"),
    sign(Userspace, "VFS: Mounted root"),
    sign(Userspace, "as init process"),
    sign(Userspace, "Freeing unused kernel"),
    sign(Userspace, "init: Console is alive"),
    sign(Userspace, "^systemd[1]: "),
    sign(Shell, "procd: - init complete"),
    sign(Userspace, "^procd: "),
    sign(Userspace, "init started: BusyBox"),
    sign(Userspace, "Please wait: booting"),
    sign(Userspace, "^init: - preinit -"),
    sign(Userspace, "[  OK  ] Started"),
    sign(Userspace, "[  OK  ] Reached target"),
    sign(Shell, "press Enter to activate this console"),
    sign(Shell, "built-in shell (ash)"),
    sign(Shell, "^READY "),
    sign(Shell, " login:"),
    sign(Shell, "^login:"),
    sign(Shell, "GNU/Linux * tty"),
    sign(Shell, "Startup finished in"),
    sign(Shell, "entered forwarding state"),
    sign(Shell, "Reached target Multi-User"),
    sign(Shell, "Started Getty on"),
    sign(Shell, "Welcome to OpenWrt"),
];

/// A countdown before the boot command is run.
pub(super) static COUNTDOWNS: &[&str] = &[
    "Hit any key to stop autoboot",
    " to stop auto",
    "Autobooting in ",
    "Autoboot in ",
    "stop auto run",
    " to stop boot",
    " to abort autoboot",
    " to abort boot",
    " to interrupt boot",
    "Please choose the operation",
];

/// What boot loaders say that found a file to load, or look in another place: where they looked before may be empty.
pub(super) static FOUND: &[&str] = &[
    "bytes read in ",
    "^Read * bytes ",
    "File read: ",
    "^Loaded '",
    "Loaded environment from",
    "## Executing script at",
    "Found U-Boot script",
    "Found /",
    "Found EFI removable media binary",
    "^starting USB",
    "^Scanning mmc",
    "^Scanning usb",
    "^switch to partitions",
];

/// What U-Boot says once its own drivers are set up (`common/console.c`, `net/eth-uclass.c`): what failed before was
/// looking for parts that it can do without.
pub(super) static SETTLED: &[&str] = &["^In:    ", "^Net:   "];

/// What a boot loader says once it has a kernel: what it did not find before was looked for elsewhere, and it went on.
pub(super) static LOADINGS: &[&str] =
    &["## Booting kernel from", "## Booting image at", "## Loading kernel from", "Kernel image @ 0x"];
