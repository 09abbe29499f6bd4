//! What drivers say that do not find or reach their hardware.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Kernel, Lasting, System};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "kernel-flash-map",
        Kernel,
        &[
            "do_map_probe() failed",
            "cfi_probe",
            "no mtd partitions",
            "MTD device * not found",
            "^0 * partitions found on MTD",
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
        "kernel-processors",
        Kernel,
        &["^CPU*: failed to start", "^CPU*: failed to come online", "^CPU*: failed to boot"],
        "A processor beside the first does not start; the system runs with fewer.",
        &[(C::FirmwareBug, 0.42), (C::BootloaderOutdated, 0.15)],
    )
    .states(&[(S::BootsDegraded, 0.5)])
    .actions(&[A::InstallOtherBuild])
    .from("Linux kernel/cpu.c, arch/mips/kernel/smp-cps.c, arch/arm/kernel/smp.c", "CPU2: failed to start"),
    rule(
        "kernel-interface-refused",
        Lasting,
        &["error * registering interface", "error * registering net device", "Cannot register net device"],
        "A network interface could not be registered, as when its name is taken; the unit does without it.",
        &[(C::FirmwareBug, 0.48)],
    )
    .states(&[(S::BootsDegraded, 0.5)])
    .actions(&[A::InstallOtherBuild])
    .from(
        "Linux drivers/net/ethernet, net/dsa/user.c",
        "mtk_soc_eth 1e100000.ethernet eth0: error -17 registering interface eth0",
    ),
    rule(
        "kernel-network-root",
        System,
        &["nfs: server * not responding"],
        "The other computer that holds the root file system does not answer.",
        &[(C::LinkFault, 0.5), (C::FirmwareBug, 0.3), (C::SettingsCorrupt, 0.15)],
    )
    .without(&["nfs: server * OK"])
    .states(&[(S::KernelHang, 0.6)])
    .actions(&[A::FixNetworkSettings, A::SwapCableOrPort])
    .from("Linux net/sunrpc/clnt.c", "nfs: server 192.168.0.1 not responding, still trying"),
    rule(
        "kernel-firmware-silent",
        System,
        &["mt7*: Message * (seq *) timeout", "failed to wait for target init", "firmware crashed! (guid", "Trying to read crash dump over", "in crash-regs-harder", "brcmf_sdio_htclk: HT Avail timeout"],
        "The firmware of a radio does not answer its driver.",
        &[(C::FirmwareBug, 0.48), (C::ImageWrongDevice, 0.15)],
    )
    .states(&[(S::BootsDegraded, 0.55)])
    .actions(&[A::InstallOtherBuild])
    .from("Linux drivers/net/wireless/mediatek/mt76/mcu.c", "mt7915e 0000:02:00.0: Message 00003aed (seq 13) timeout"),
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
        "kernel-jedec-absent",
        Kernel,
        &["JEDEC id bytes: ff, ff, ff", "JEDEC id bytes: ff ff ff", "JEDEC id bytes: 00, 00, 00", "JEDEC id bytes: 00 00 00"],
        "The flash chip does not answer.",
        &[(C::FlashHardwareFault, 0.55), (C::FirmwareBug, 0.4), (C::LinkFault, 0.1)],
    )
    .without(&["Jumping to U-Boot"])
    .states(&[(S::KernelHang, 0.3)])
    .from("Linux drivers/mtd/spi-nor/core.c", "spi-nor spi0.0: unrecognized JEDEC id bytes: ff ff ff ff ff ff"),
    rule(
        "kernel-jedec-unknown",
        Lasting,
        &["unrecognized JEDEC id", "unknown flash chip", "Unsupported flash chip", "no supported flash"],
        "The flash chip is of a kind that this software does not know.",
        &[(C::FirmwareBug, 0.5), (C::BootloaderOutdated, 0.2), (C::FlashHardwareFault, 0.3), (C::ImageWrongDevice, 0.25)],
    )
    .without(&["JEDEC id bytes: ff, ff, ff", "JEDEC id bytes: ff ff ff", "JEDEC id bytes: 00, 00, 00", "JEDEC id bytes: 00 00 00"])
    .states(&[(S::KernelHang, 0.3)])
    .actions(&[A::InstallOtherBuild])
    .from("Linux drivers/mtd/spi-nor/core.c", "spi-nor spi0.0: unrecognized JEDEC id bytes: c8 60 18"),
    rule(
        "kernel-driver-fails",
        Kernel,
        &["probe of * failed with error", "failed to probe", "probe failed", "failed to find PHY", "no PHY found", "error: Failed to get", "failed to get clk", "failed to get clock", "failed to register", "unable to register", "request_irq failed", "failed to map", "failed to init", "Failed to initialize", "initialization failed", "fails to initialize", "could not get", "Couldn't get", "timed out waiting", "poll timeout", "transmit queue * timed out", "command timed out", "timeout waiting for", "reset timeout", "failed with error -", "already requested by", "could not request pin", "Missing dt property", "missing * property", "property * missing", "property missing", "invalid resource", "failed to enable *: -", "error -110", "error -22", "error -19", "error -12", "returned -22", "ret=-", "Link down", "link never came up", "link timeout", "could not initialize"],
        "A driver does not get its hardware to work.",
        &[(C::FirmwareBug, 0.38), (C::FlashHardwareFault, 0.1), (C::KernelCrash, 0.1)],
    )
    .states(&[(S::BootsDegraded, 0.2), (S::KernelHang, 0.2)])
    .actions(&[A::InstallOtherBuild])
    .last_resort()
    .from("Linux drivers/base/dd.c", "mtk_soc_eth: probe of 1e100000.ethernet failed with error -22"),
    rule(
        "kernel-under-voltage",
        Lasting,
        &["Under-voltage detected", "undervoltage", "under voltage", "Brownout detector was", "voltage is too low", "battery low", "Battery is too low", "low battery", "battery is low", "battery level is too low", "not enough power", "insufficient power", "underpowered", "under-powered", "brown-out", "Not enough battery", "exceeds the available", "insufficient available bus power", "throttled=0x5", "low power, need"],
        "The supply voltage is too low.",
        &[(C::PowerFault, 0.85)],
    )
    .states(&[(S::BootsDegraded, 0.45)])
    .from("Linux drivers/hwmon/raspberrypi-hwmon.c", "hwmon hwmon1: Undervoltage detected!"),
    rule(
        "kernel-flash-parse",
        Kernel,
        &["BFPT parsing failed", "spi-nor: probe of", "deferred probe pending", "deferred_probe_pending", "supplier * not ready", "SFDP parsing", "SFDP * fail", "SFDP * invalid", "Failed to parse * SFDP"],
        "A driver that the root file system needs does not get ready.",
        &[(C::FirmwareBug, 0.55), (C::RootfsMissing, 0.25)],
    )
    .states(&[(S::KernelHang, 0.4)])
    .actions(&[A::InstallOtherBuild])
    .from("Linux drivers/mtd/spi-nor/sfdp.c; drivers/base/dd.c", "platform fe2b0000.mmc: deferred probe pending"),
    rule(
        "kernel-network-stuck",
        System,
        &["transmit timed out", "transmit queue * timed out", "NETDEV WATCHDOG", "tx timeout", "Tx Unit Hang", "dma reset timeout", "MDIO bus timeout", "PHY * not found", "cannot attach to PHY", "could not attach PHY", "could not attach to PHY", "could not connect to PHY", "failed to connect to PHY", "phy_check_link_status"],
        "The network driver hangs.",
        &[(C::FirmwareBug, 0.6), (C::LinkFault, 0.12)],
    )
    .states(&[(S::BootsDegraded, 0.65)])
    .actions(&[A::InstallOtherBuild])
    .from("Linux net/sched/sch_generic.c, dev_watchdog", "NETDEV WATCHDOG: eth0 (mtk_soc_eth): transmit queue 3 timed out"),
    rule(
        "kernel-too-hot",
        Lasting,
        &["Critical temperature reached", "critical temperature reached"],
        "The kernel takes the unit for too hot, and switches it off.",
        &[(C::FirmwareBug, 0.45), (C::PowerFault, 0.25)],
    )
    .states(&[(S::BootLoop, 0.4)])
    .actions(&[A::InstallOtherBuild])
    .from("Linux drivers/thermal/thermal_core.c", "thermal thermal_zone0: critical temperature reached (206 C), shutting down"),
    rule(
        "kernel-device-kept",
        System,
        &["unregister_netdevice: waiting for"],
        "The kernel cannot let a network interface go, because something still holds it.",
        &[(C::FirmwareBug, 0.6), (C::KernelCrash, 0.2)],
    )
    .states(&[(S::BootsDegraded, 0.6)])
    .actions(&[A::InstallOtherBuild])
    .from("Linux net/core/dev.c", "unregister_netdevice: waiting for wlan0 to become free. Usage count = 1"),
    rule(
        "kernel-modules-missing",
        System,
        &["kmodloader: * could not be probed", "kmodloader: dependency not loaded"],
        "Modules of the kernel could not be loaded.",
        &[(C::FirmwareBug, 0.55), (C::RootfsCorrupt, 0.2), (C::ImageIncomplete, 0.15)],
    )
    .states(&[(S::BootsDegraded, 0.6)])
    .actions(&[A::InstallOtherBuild])
    .from("OpenWrt ubox kmodloader.c", "kmodloader: 26 modules could not be probed"),
    rule(
        "kernel-radio-firmware",
        System,
        &["Direct firmware load for * failed", "could not fetch firmware", "failed to fetch board", "firmware crashed", "Failed to start firmware", "failed to fetch firmware", "failed to request firmware", "failed to push firmware", "could not load firmware", "failed to read calibration", "failed to load calibration", "invalid EEPROM", "EEPROM checksum", "eeprom is invalid", "Failed to get eeprom", "caldata"],
        "A radio or other part does not get its firmware or its calibration.",
        &[(C::FirmwareBug, 0.5), (C::RootfsCorrupt, 0.2)],
    )
    .states(&[(S::BootsDegraded, 0.6)])
    .actions(&[A::InstallOtherBuild])
    .from("Linux drivers/base/firmware_loader/main.c", "ath10k_pci 0000:01:00.0: Direct firmware load for ath10k/QCA988X/hw2.0/firmware-5.bin failed with error -2"),
];
