//! What the first programs of a system say, and systems that cannot read their settings.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Loader, System, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "settings-restart",
        System,
        &[
            "^settings: bad",
            "^settings: * rebooting",
            "^settings: corrupt",
            "settings * corrupt",
            "config * is corrupt",
            "configuration is corrupt",
            "config file * corrupt",
            "corrupted config",
            "nvram is corrupt",
            "nvram corrupt",
            "nvram: bad",
            "invalid nvram",
            "bad magic, rebooting",
        ],
        "The system cannot read its stored settings.",
        &[(C::SettingsCorrupt, 0.85)],
    )
    .states(&[(S::BootsDegraded, 0.2), (S::BootLoop, 0.2)])
    .actions(&[A::FactoryResetSettings])
    .from("init scripts of devices", "settings: bad magic, rebooting"),
    rule(
        "missing-library",
        System,
        &[
            "error while loading shared libraries",
            "can't load library",
            "cannot open shared object file",
            "symbol not found",
            "Segmentation fault",
        ],
        "A program of the system does not run: a file is missing or damaged.",
        &[(C::RootfsCorrupt, 0.45), (C::InitFailure, 0.35), (C::FirmwareBug, 0.25)],
    )
    .without(&["(core dumped)"])
    .states(&[(S::BootsDegraded, 0.3)])
    .from("libc dynamic loaders", "/sbin/init: error while loading shared libraries: libc.so.0"),
    rule(
        "program-stumbles",
        System,
        &[
            "stack traceback:",
            "Traceback (most recent call last)",
            "terminate called after throwing",
            "Uncaught exception",
            "Unhandled exception",
            "Fatal Python error",
            "panicked at ",
            "goroutine 1 [running]",
        ],
        "A program of the system stumbles over itself, or over its settings.",
        &[(C::FirmwareBug, 0.48), (C::SettingsCorrupt, 0.3)],
    )
    .states(&[(S::BootsDegraded, 0.6)])
    .actions(&[A::InstallOtherBuild])
    .last_resort()
    .from("Lua lauxlib.c; CPython Python/traceback.c; libsupc++; Rust std; Go runtime", "stack traceback:"),
    rule(
        "console-program-fails",
        Lasting,
        &["Failed to execute /usr/", "Failed to execute /bin/login", "can't run '/bin/", "can't run '/usr/", "Cannot exec '/"],
        "The system starts a program of its console that is not there or cannot run: files of it were changed or are damaged.",
        &[(C::SettingsCorrupt, 0.5), (C::RootfsCorrupt, 0.48), (C::FirmwareBug, 0.25)],
    )
    .states(&[(S::BootsDegraded, 0.75)])
    .actions(&[A::FactoryResetSettings, A::ReflashCorrectImage])
    .from("OpenWrt procd inittab.c; BusyBox init/init.c", "Failed to execute /usr/libexec/login.sh"),
    rule(
        "loader-state-lost",
        Loader,
        &[
            "Failed to find any valid state copy",
            "invalid header crc in raw format",
            "Failed to read state with format",
        ],
        "A stored state is blank or damaged; on a first start that is normal.",
        &[(C::SettingsCorrupt, 0.25), (C::BootEnvironmentCorrupt, 0.25), (C::NoFault, 0.4)],
    )
    .states(&[(S::Healthy, 0.3)])
    .from("barebox common/state/state.c", "ERROR: state: Failed to find any valid state copy in any bucket"),
    rule(
        "init-program-fails",
        System,
        &[
            "init: * respawning too fast",
            "Failed to start Default Target",
            "You are in emergency mode",
            "Give root password for maintenance",
            "Entering emergency mode",
            "emergency mode",
            "procd: * crash loop",
            "instance * in a crash loop",
            "Dependency failed for",
            "Failed to mount /",
            "] Failed to start",
            "]: Failed to start",
            "Failed to start *.service",
            "Failed to start * Service",
            "Freezing execution",
            "System cannot boot: Missing",
            "Failed to load configuration",
            "Cannot open access to console, the root account is locked",
            "entered failed state",
        ],
        "A program that the system needs does not start.",
        &[(C::InitFailure, 0.5), (C::RootfsCorrupt, 0.3), (C::SettingsCorrupt, 0.2)],
    )
    .without(&["Startup finished in"])
    .states(&[(S::BootsDegraded, 0.6)])
    .without(&["Failed to load U-Boot image"])
    .from("systemd, sysvinit, procd", "You are in emergency mode. After logging in, type \"journalctl -xb\""),
    rule(
        "recovery-flag",
        Lasting,
        &[
            "boot-recovery",
            "reboot reason: recovery",
            "bootcount exceeded",
            "Warning: Bootlimit",
            "Booting into recovery because",
            "boot flag * recovery",
            "Boot mode: recovery",
            "bootmode=recovery",
            "always boots into recovery",
            "recovery flag",
            "reset button is stuck",
            "always boots to recovery",
            "always boots into fastboot",
            "force_recovery",
            "boots to recovery every time",
            "keeps booting into recovery",
            "boot failure count",
        ],
        "A stored flag or counter sends the unit into its recovery system.",
        &[(C::RecoveryFlagStuck, 0.6)],
    )
    .without(&["SDPS: boot -f", "SDP: boot -f"])
    .states(&[(S::RecoveryMode, 0.5)])
    .from(
        "U-Boot drivers/bootcount; Android misc partition",
        "Warning: Bootlimit (3) exceeded. Using altbootcmd.",
    ),
    rule(
        "overlay-no-room",
        System,
        &["Too few erase blocks"],
        "The firmware leaves so little of the flash that no settings can be kept: they are lost with each restart.",
        &[(C::ImageTooLarge, 0.6), (C::StorageFull, 0.35), (C::SettingsCorrupt, 0.15)],
    )
    .states(&[(S::BootsDegraded, 0.6)])
    .actions(&[A::InstallOtherBuild])
    .from("Linux fs/jffs2/fs.c, jffs2_do_fill_super", "Too few erase blocks (4)"),
    rule(
        "overlay-missing",
        System,
        &[
            "no usable overlay filesystem",
            "overlay * mount failed",
            "failed to mount -t jffs2",
            "mount_root: failed",
            "failed to mount overlay",
            "could not mount overlay",
            "mounting /overlay failed",
            " on /overlay failed",
            "failed to create overlay",
        ],
        "The system cannot mount the place of its settings, and works from memory.",
        &[
            (C::SettingsCorrupt, 0.45),
            (C::FirmwareBug, 0.35),
            (C::StorageFull, 0.2),
            (C::RootfsCorrupt, 0.15),
        ],
    )
    .without(&["^Upgrade completed", "Too few erase blocks"])
    .states(&[(S::BootsDegraded, 0.6)])
    .actions(&[A::FactoryResetSettings, A::InstallOtherBuild])
    .from(
        "OpenWrt fstools mount_root.c",
        "mount_root: no usable overlay filesystem found, using tmpfs overlay",
    ),
    rule(
        "printer-firmware",
        Tool,
        &[
            "Command format mismatch",
            "MCU Protocol error",
            "Unable to obtain",
            "MCU error during connect",
            "Unable to connect to MCU",
            "mcu 'mcu': Unable",
            "Serial connection closed",
        ],
        "The program of the printer and the firmware of its board do not speak with each other.",
        &[(C::ToolMismatch, 0.42), (C::LinkFault, 0.4), (C::ImageWrongDevice, 0.2)],
    )
    .states(&[(S::Unknown, 0.3)])
    .actions(&[A::ChangeToolOrOption, A::ReflashCorrectImage])
    .from("Klipper klippy/mcu.py", "MCU Protocol error"),
    rule(
        "system-waits-for-device",
        System,
        &["A start job is running for dev-", "A start job is running for /dev/", "Timed out waiting for device"],
        "The system waits for a partition that its settings name and that is not there.",
        &[(C::RootfsMissing, 0.3), (C::InitFailure, 0.3), (C::FirmwareBug, 0.3), (C::SettingsCorrupt, 0.25), (C::PartitionTableDamaged, 0.2)],
    )
    .states(&[(S::BootsDegraded, 0.35), (S::KernelHang, 0.3)])
    .actions(&[A::ReflashCorrectImage, A::FactoryResetSettings])
    .from("systemd src/core/job.c, device.c", "A start job is running for dev-mmcblk0p3.device (1min 30s / no limit)"),
    rule(
        "system-device-never-comes",
        System,
        &["] Timed out waiting for device"],
        "A partition that the settings of the system name did not appear in time: the kernel does not see it, or it is not there.",
        &[(C::FirmwareBug, 0.45), (C::SettingsCorrupt, 0.35), (C::PartitionTableDamaged, 0.3)],
    )
    .states(&[(S::BootsDegraded, 0.35)])
    .from("systemd src/core/job.c", "[ TIME ] Timed out waiting for device /dev/mmcblk0p4."),
    rule(
        "console-device-missing",
        System,
        &["can't open /dev/tty", "can't open /dev/console", "/dev/tty*: No such file or directory", "tcgetattr: Input/output error"],
        "The system starts its console on a port that this kernel does not have.",
        &[(C::FirmwareBug, 0.45), (C::BootEnvironmentCorrupt, 0.36)],
    )
    .states(&[(S::BootsDegraded, 0.5)])
    .actions(&[A::InstallOtherBuild, A::FixBootEnvironment])
    .from("BusyBox init/init.c, loginutils/getty.c", "can't open /dev/ttyS0: No such file or directory"),
    rule(
        "settings-do-not-parse",
        Lasting,
        &["uci: Parse error", "uci: I/O error", "nvram: error parsing", "config.json: unexpected end", "failed to parse config"],
        "A file of the settings cannot be read.",
        &[(C::SettingsCorrupt, 0.72)],
    )
    .states(&[(S::BootsDegraded, 0.6)])
    .actions(&[A::FactoryResetSettings])
    .from("OpenWrt uci cli.c", "uci: Parse error (invalid character in name field) at line 5, byte 8"),
];
