//! What `sysupgrade` and vendors' own updaters say.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
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
];
