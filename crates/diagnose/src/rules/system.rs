//! What the running system and its updater say.

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
            "nvram * corrupt",
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
        "init-program-fails",
        System,
        &[
            "init: * respawning too fast",
            "Failed to start Default Target",
            "You are in emergency mode",
            "Give root password for maintenance",
            "Entering emergency mode",
            "procd: * crash loop",
            "instance * in a crash loop",
        ],
        "A program that the system needs does not start.",
        &[(C::InitFailure, 0.55), (C::SettingsCorrupt, 0.3), (C::RootfsCorrupt, 0.25)],
    )
    .states(&[(S::BootsDegraded, 0.6)])
    .from("systemd, sysvinit, procd", "You are in emergency mode. After logging in, type \"journalctl -xb\""),
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
    .states(&[(S::BootsDegraded, 0.3)])
    .from("libc dynamic loaders", "/sbin/init: error while loading shared libraries: libc.so.0"),
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
        "sysupgrade-wrong-device",
        Lasting,
        &[
            "not supported by this image",
            "Invalid image type",
            "Use sysupgrade -F",
            "Compatible mismatch",
            "is not compatible with this device",
            "Device * is not supported",
            "wrong model",
            "not a valid firmware for this",
            "model mismatch",
            "is not for this device",
            "incompatible with this",
            "Unsupported image",
            "wrong board",
            "board mismatch",
            "Wrong firmware",
            "unknown Firmware",
        ],
        "The updater says that the firmware is for another device.",
        &[(C::ImageWrongDevice, 0.8), (C::ToolMismatch, 0.1)],
    )
    .states(&[(S::RefusedUnharmed, 0.75)])
    .actions(&[A::ReflashCorrectImage])
    .from("OpenWrt package/base-files fwtool.sh; RAUC", "Device acme,r1 not supported by this image"),
    rule(
        "sysupgrade-broken",
        Lasting,
        &[
            "Firmware image is broken",
            "Image metadata not found",
            "Invalid image metadata",
            "firmware file is corrupt",
        ],
        "The updater says that the file is damaged or of another kind.",
        &[(C::ImageCorrupt, 0.55), (C::ImageWrongDevice, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::RedownloadImage, A::ReflashCorrectImage])
    .from("OpenWrt base-files lib/upgrade", "Firmware image is broken and cannot be installed"),
    rule(
        "tool-checksum",
        Tool,
        &[
            "checksum mismatch",
            "CRC mismatch",
            "md5sum mismatch",
            "sha256 mismatch",
            "checksum failed",
            "invalid checksum",
            "Invalid CRC",
            "signature does not match",
            "checksum did NOT match",
        ],
        "The tool says that the file is damaged.",
        &[(C::ImageCorrupt, 0.6), (C::ImageIncomplete, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .actions(&[A::RedownloadImage])
    .from("updaters and checksum tools", "sha256sum: WARNING: 1 computed checksum did NOT match"),
    rule(
        "sysupgrade-refused",
        Lasting,
        &[
            "Image check failed",
            "upgrade refused",
            "Update failed: verification",
            "image rejected",
            "firmware rejected",
        ],
        "The updater refuses the image; nothing was written.",
        &[(C::ImageWrongDevice, 0.3), (C::ImageCorrupt, 0.25), (C::ToolMismatch, 0.2)],
    )
    .states(&[(S::RefusedUnharmed, 0.8)])
    .from("OpenWrt sbin/sysupgrade", "Image check failed."),
    rule(
        "sysupgrade-environment",
        Lasting,
        &["Update U-Boot environment", "update the bootloader environment", "fw_setenv"],
        "The new firmware needs other settings of the boot loader first.",
        &[(C::BootEnvironmentCorrupt, 0.55), (C::ToolMismatch, 0.3)],
    )
    .with(&["Image check failed"])
    .states(&[(S::RefusedUnharmed, 0.4)])
    .actions(&[A::FixBootEnvironment])
    .from(
        "OpenWrt target/linux platform.sh",
        "upgrade: Kernel switched to FIT uImage. Update U-Boot environment.",
    ),
    rule(
        "sysupgrade-incompatible-settings",
        Lasting,
        &[
            "config is incompatible to the new image",
            "Please upgrade without keeping config",
            "image is incompatible for sysupgrade",
        ],
        "The updater wants to leave the settings behind.",
        &[(C::ToolMismatch, 0.4)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .from("OpenWrt base-files fwtool.sh", "Please upgrade without keeping config (sysupgrade -n)."),
    rule(
        "update-broken-off",
        Lasting,
        &[
            "sysupgrade failed",
            "update was interrupted",
            "Upgrade interrupted",
            "flashing was interrupted",
            "power loss during",
            "Installation aborted",
            "install interrupted",
            "power failure during",
        ],
        "An update did not finish.",
        &[(C::UpdateInterrupted, 0.65), (C::ImageIncomplete, 0.4)],
    )
    .from("OpenWrt lib/upgrade/stage2", "sysupgrade failed"),
    rule(
        "recovery-flag",
        Lasting,
        &[
            "boot-recovery",
            "reboot reason: recovery",
            "bootcount exceeded",
            "Warning: Bootlimit",
            "Booting into recovery because",
        ],
        "A stored flag or counter sends the unit into its recovery system.",
        &[(C::RecoveryFlagStuck, 0.6)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .from(
        "U-Boot drivers/bootcount; Android misc partition",
        "Warning: Bootlimit (3) exceeded. Using altbootcmd.",
    ),
];
