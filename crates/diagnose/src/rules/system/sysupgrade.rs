//! What `sysupgrade` and vendors' own updaters say.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Output, System, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
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
    .without(&["mismatch: board(", "attempting binary compare"])
    .states(&[(S::RefusedUnharmed, 0.5)])
    .actions(&[A::RedownloadImage])
    .from("updaters and checksum tools", "sha256sum: WARNING: 1 computed checksum did NOT match"),
    rule(
        "sysupgrade-refused",
        Lasting,
        &[
            "Image check failed",
            "Image check 'platform_check_image' failed",
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
        "sysupgrade-script-broken",
        Lasting,
        &["/lib/upgrade/*: syntax error", "/lib/upgrade/*: not found"],
        "The updater of the running firmware has an error of its own.",
        &[(C::FirmwareBug, 0.66), (C::RootfsCorrupt, 0.2)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .actions(&[A::InstallOtherBuild, A::UseSignedOrNewerImage])
    .from(
        "OpenWrt lib/upgrade; BusyBox ash",
        "/lib/upgrade/platform.sh: line 101: syntax error: missing '))'",
    ),
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
        "update-broken-off",
        Lasting,
        &[
            "sysupgrade failed",
            "update was interrupted",
            "Upgrade interrupted",
            "flashing was interrupted",
            "power loss during",
            "install interrupted",
            "power failure during",
        ],
        "An update did not finish.",
        &[(C::UpdateInterrupted, 0.65), (C::ImageIncomplete, 0.4)],
    )
    .without(&["no power loss", "no powerloss", "without power loss"])
    .from("OpenWrt lib/upgrade/stage2", "sysupgrade failed"),
    rule(
        "sysupgrade-wrong-device",
        Lasting,
        &[
            "not supported by this image",
            "Invalid image type",
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
            "not for this board",
            "hardware version mismatch",
            "product id mismatch",
            "region mismatch",
            "does not contain a supported format",
            "firmware file does not match",
            "invalid hardware",
            "unsupported hardware",
            "Invalid firmware file",
            "wrong image type",
            "Board name * does not match",
            "not match the device",
        ],
        "The updater says that the firmware is for another device.",
        &[(C::ImageWrongDevice, 0.75), (C::ToolMismatch, 0.1)],
    )
    .without(&["Wrong Image Type for ", "unsupported image header"])
    .states(&[(S::RefusedUnharmed, 0.75)])
    .actions(&[A::ReflashCorrectImage])
    .from("OpenWrt package/base-files fwtool.sh; RAUC", "Device acme,r1 not supported by this image"),
    rule(
        "sysupgrade-no-metadata",
        Lasting,
        &["Image metadata not found", "Image metadata not present"],
        "The file has no metadata: it is no firmware for this updater, or was unpacked or cut short.",
        &[(C::ImageWrongDevice, 0.5), (C::ImageCorrupt, 0.3), (C::ToolMismatch, 0.35)],
    )
    .with(&["Image check failed"])
    .states(&[(S::RefusedUnharmed, 0.5)])
    .actions(&[A::ReflashCorrectImage, A::RedownloadImage])
    .from("OpenWrt package/base-files fwtool.sh", "Image metadata not found"),
    rule(
        "sysupgrade-without-metadata",
        Lasting,
        &["Image metadata not found", "Image metadata not present"],
        "The file has no metadata, and the updater says nothing else of it.",
        &[(C::ImageCorrupt, 0.5), (C::ImageWrongDevice, 0.25), (C::ImageIncomplete, 0.35)],
    )
    .without(&[
        "Sending TERM to remaining",
        "Sending KILL to remaining",
        "Performing system upgrade",
        "Commencing upgrade",
        "Saving config files",
    ])
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::RedownloadImage, A::ReflashCorrectImage])
    .from("OpenWrt package/base-files fwtool.sh", "Image metadata not found"),
    rule(
        "sysupgrade-begins",
        Output,
        &[
            "Commencing upgrade",
            "Performing system upgrade",
            "Switching to ramdisk",
            "Sending KILL to remaining",
        ],
        "The updater took the file and begins; its own output ends here.",
        &[(C::NoFault, 0.5)],
    )
    .states(&[(S::Healthy, 0.4)])
    .from(
        "OpenWrt package/base-files sysupgrade, lib/upgrade/stage2",
        "Commencing upgrade. Closing all shell sessions.",
    ),
    rule(
        "sysupgrade-broken",
        Lasting,
        &[
            "Firmware image is broken",
            "Invalid image metadata",
            "firmware file is corrupt",
            "tar: corrupted data",
            "tar: short read",
            "tar: invalid magic",
            "unexpected end of file",
            "invalid gzip",
            "gzip: crc error",
            "not in gzip format",
            "unexpected EOF",
            "Archive is corrupt",
            "Zip file is corrupt",
            "Invalid zip file",
            "is truncated",
        ],
        "The updater says that the file is damaged or of another kind.",
        &[(C::ImageCorrupt, 0.5), (C::ImageWrongDevice, 0.25), (C::ImageIncomplete, 0.35)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::RedownloadImage, A::ReflashCorrectImage])
    .from("OpenWrt base-files lib/upgrade", "Firmware image is broken and cannot be installed"),
    rule(
        "update-too-large",
        Lasting,
        &[
            "does not fit into the flash",
            "does not fit in the flash",
            "too large for the flash",
            "too big for",
            "image is too big",
            "firmware is too large",
            "does not fit into",
            "larger than the available",
            "exceeds available",
            "image larger than",
            "exceeds maximum size",
            "file is too large",
            "file too big",
        ],
        "The firmware does not fit into its place.",
        &[(C::ImageTooLarge, 0.75)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .from(
        "OpenWrt luci-mod-system; vendors' updaters",
        "It appears that you are trying to flash an image that does not fit into the flash memory",
    ),
    rule(
        "sysupgrade-incompatible-settings",
        Lasting,
        &[
            "config is incompatible to the new image",
            "Please upgrade without keeping config",
            "image is incompatible for sysupgrade",
            "config cannot be migrated",
            "based on the image version",
        ],
        "The updater wants to leave the settings behind, or a step to be made first.",
        &[(C::ToolMismatch, 0.5)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .actions(&[A::ChangeToolOrOption])
    .from("OpenWrt base-files fwtool.sh", "Please upgrade without keeping config (sysupgrade -n)."),
    rule(
        "mtd-refused",
        Lasting,
        &[
            "Could not open mtd device",
            "Can't open device for writing",
            "Could not open mtd",
            "Could not get MTD device info",
        ],
        "The partition has another name, or this system does not let anybody write to it.",
        &[
            (C::ToolMismatch, 0.45),
            (C::BootloaderLocked, 0.34),
            (C::PartitionTableDamaged, 0.25),
            (C::ImageWrongDevice, 0.2),
        ],
    )
    .without(&["mount_root: Could not open mtd device"])
    .states(&[(S::RefusedUnharmed, 0.55)])
    .actions(&[A::ChangeToolOrOption])
    .from("OpenWrt package/system/mtd mtd.c", "Could not open mtd device: u-boot"),
    rule(
        "mount-root-cannot-open",
        System,
        &[
            "mount_root: Could not open mtd device",
            "mount_root: reading rootfs_data failed",
            "mount_root: reading rootfs failed",
        ],
        "The system does not get at the partition that is to hold its settings, and runs without.",
        &[(C::FirmwareBug, 0.48), (C::SettingsCorrupt, 0.3), (C::PartitionTableDamaged, 0.15)],
    )
    .states(&[(S::BootsDegraded, 0.6)])
    .actions(&[A::InstallOtherBuild, A::FactoryResetSettings])
    .from("OpenWrt fstools libfstools/mtd.c", "mount_root: Could not open mtd device: /dev/mtd4"),
    rule(
        "sysupgrade-cannot-stop-programs",
        Output,
        &["Failed to kill all processes", "sysupgrade aborted with return code"],
        "The updater could not stop a program of the running system, and broke off before it wrote anything.",
        &[(C::FirmwareBug, 0.5), (C::UpdateInterrupted, 0.3), (C::ToolMismatch, 0.2)],
    )
    .states(&[(S::RefusedUnharmed, 0.8)])
    .actions(&[A::PowerCycleAndRetry, A::ChangeToolOrOption])
    .from("OpenWrt package/base-files/files/lib/upgrade/stage2", "upgrade: Failed to kill all processes."),
    rule(
        "update-flash-tools",
        Output,
        &[
            "^ubiattach: error!",
            "^ubiformat: error!",
            "^ubimkvol: error!",
            "^ubirmvol: error!",
            "^ubiupdatevol: error!",
            "^ubirename: error!",
            "^flash_erase: error!",
            "^nandwrite: error!",
        ],
        "A tool of the updater cannot work on the flash as it was told to.",
        &[
            (C::FirmwareBug, 0.42),
            (C::ToolMismatch, 0.38),
            (C::PartitionTableDamaged, 0.2),
            (C::FlashHardwareFault, 0.2),
        ],
    )
    .without(&["sysupgrade successful", "error 2 (No such file"])
    .states(&[(S::BootsDegraded, 0.35), (S::RefusedUnharmed, 0.35)])
    .actions(&[A::InstallOtherBuild, A::ChangeToolOrOption])
    .from(
        "mtd-utils ubi-utils/, lib/upgrade/nand.sh of OpenWrt",
        "ubiattach: error!: bad MTD device number: \"6 mtd10\"",
    ),
    rule(
        "sysupgrade-no-partition",
        Lasting,
        &["cannot find ubi mtd partition", "is not a character device"],
        "The updater does not find the partition that it is to write.",
        &[
            (C::PartitionTableDamaged, 0.35),
            (C::ImageWrongDevice, 0.3),
            (C::RootfsMissing, 0.25),
            (C::FirmwareBug, 0.25),
        ],
    )
    .states(&[(S::BootsDegraded, 0.5)])
    .from("OpenWrt lib/upgrade/nand.sh", "cannot find ubi mtd partition rootfs2"),
];
