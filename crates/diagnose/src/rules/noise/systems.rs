//! What the programs of a started system, and the firmware of small chips, say.

/// Families of harmless lines, each with the program and file that print it and what it does next.
pub(super) static SYSTEMS: &[&[&str]] = &[
    // OpenWrt lib/upgrade/: what it closes and cuts off before it starts over.
    &["cut: standard output: Broken pipe", "umount: can't unmount /"],
    // Mender client, modules.go: what is not installed is not needed for whole images.
    &["Update modules will not be available", "No public key was provided for authenticating"],
    // OpenWrt ubox kmodloader.c: one module of many is for a part that the unit does not have.
    &["kmodloader: 1 module could not be probed"],
    // BusyBox shell/ash.c: said of every shell on a console that is no terminal of its own.
    &["can't access tty; job control turned off"],
    // OpenWrt package/base-files sysupgrade: the upgrade that it asks for ends the service that would answer.
    &["Command failed: ubus call system sysupgrade"],
    // OpenWrt drivers/mtd/mtdsplit: a probe of partitions of which most hold none.
    &["mtdsplit: no squashfs found in", "mtdsplit: no rootfs found in"],
    // OpenWrt block-mount probes every raw partition, also those whose blocks have another error correction.
    &["Buffer I/O error on dev mtdblock", "I/O error, dev mtdblock"],
    // mdadm Detail.c: counts none.
    &["Failed Devices : 0", "Failed Devices: 0"],
    // eudev src/udev/udev-rules.c: the rule is skipped.
    &[
        "udevd*: specified group",
        "because it breaks kernel supplied names",
        "udevd*: invalid rule",
        "udevd*: unknown key",
        "udevd*: IMPORT",
    ],
    // ESP-IDF components/esp_phy, spiffs, fatfs, nimble: goes on with a calibration, a format or a list of its own.
    &[
        "failed to load RF calibration data",
        "mount failed* formatting",
        "Failed to restore IRKs from store",
        "No core dump partition found",
    ],
];
