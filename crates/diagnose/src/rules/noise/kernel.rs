//! What kernels say: Linux and its drivers, and those of other systems.

/// Families of harmless lines, each with the program and file that print it and what it does next.
pub(super) static KERNEL: &[&[&str]] = &[
    // Linux drivers/firmware/qcom_scm.c; drivers/of/fdt.c: what only debuggers want.
    &["No available mechanism for setting download mode", "not creating '/sys/firmware/fdt'"],
    // BeagleBone's kernels, drivers/misc/cape/beaglebone/capebus.c: of two boards for the same pins one is left out.
    &["bone-capemgr *: Failed verification", "bone-capemgr *: loader: failed to load slot"],
    // Linux drivers/net/ethernet/ti/cpsw.c: the second of its ports, which boards leave open.
    &["libphy: PHY *.mdio:01 not found"],
    // Linux fs/squashfs/super.c, xattr_id.c: a kernel that is built without them, and mounts the rest.
    &["Xattrs in filesystem, these will be ignored", "unable to read xattr id index table"],
    // Linux drivers/leds/led-class.c, fs/proc/proc_devtree.c: two of one name.
    &["due to name collision", "Duplicate name in *, renamed to"],
    // Linux block layer: what protects an eMMC against replay is read by its own commands alone, not by who looks through
    // all disks.
    &["I/O error, dev mmcblk*rpmb"],
    // Linux security/integrity/platform_certs/load_uefi.c: firmware without lists of keys.
    &["Couldn't get size: 0x8000", "Couldn't get UEFI ", "MODSIGN: Couldn't get"],
    // Linux drivers/gpu/drm/i915/display/intel_fifo_underrun.c: a picture that flickers once.
    &["FIFO underrun", "uncleared fifo underrun"],
    // Linux drivers/regulator/core.c: a supply that the device tree does not name is taken as always on.
    &["using dummy regulator", "supply * not found, using"],
    // Linux drivers/dma/imx-sdma.c, drivers/mmc/host/sdhci-esdhc-imx.c, drivers/net/wireless/ath/ath10k/core.c,
    // drivers/net/wireless/broadcom: goes on with what is built in, slower, or with a file of a more general name.
    &[
        "Direct firmware load for imx/sdma/",
        "external firmware not found, using ROM firmware",
        "could not get ultra high speed state, work on normal mode",
        "failed to fetch board data for bus=*board-2.bin",
    ],
    // Linux drivers/ata/libata-core.c: nothing is plugged into the port.
    &["SATA link down (SStatus 0 "],
    // Linux kernel/locking/lockdep.c: a check of the kernel itself, which ends here.
    &["trying to register non-static key", "turning off the locking correctness validator"],
    // Linux drivers/base/dd.c: the driver is asked again when what it needs is there (`EPROBE_DEFER`).
    &[": -517", "error -517", "(-517)", "EPROBE_DEFER"],
    // Linux drivers/mmc/core/block.c: that part of an eMMC is read with its key only, whoever looks for file systems on it.
    &[
        "I/O error on dev* mmcblk*rpmb",
        "mmcblk*rpmb: timed out sending",
        "mmcblk*rpmb: error",
        "mmcblk*rpmb: read failed",
    ],
    // Linux drivers/dma/qcom/bam_dma.c: the values are read from the hardware instead.
    &["num-channels unspecified in dt", "num-ees unspecified in dt"],
    // Linux drivers/base/cacheinfo.c, arch/arm64/kernel/kaslr.c: optional information is missing.
    &["Unable to detect cache hierarchy", "KASLR disabled due to lack of seed", "kaslr disabled"],
    // Linux mm/zswap.c: goes on without.
    &["zswap: default zpool", "zswap: pool creation failed", "zswap: compressor"],
    // Linux drivers/base/platform.c: optional interrupts.
    &["dwc3-qcom *: IRQ * not found", "IRQ *_phy_irq not found", "IRQ hs_phy_irq not found"],
    // Linux drivers/of, drivers/base/core.c: told of the device tree, without effect.
    &["OF: Bad cell count for", "Fixed dependency cycle", "Failed to create device link (0x"],
    // Linux net/wireless/reg.c, drivers/net/wireless/broadcom: optional files.
    &[
        "regulatory.db failed",
        "failed to load regulatory.db",
        "Direct firmware load for regulatory",
        "Falling back to sysfs fallback",
        "Falling back to syfs fallback",
        "clm_blob failed",
        "no clm_blob available",
        "Direct firmware load for brcm/brcmfmac*board",
    ],
    // Linux drivers/base/firmware_loader: files that are optional, or of which older ones are tried next.
    &[
        "Direct firmware load for goodix_",
        "Direct firmware load for rtl_bt/*_config",
        "Direct firmware load for ath10k/pre-cal-",
        "Direct firmware load for ath10k/cal-",
        "Direct firmware load for ath10k/fwcfg-",
        "Direct firmware load for ath10k/*board-2.bin",
        "Direct firmware load for ath10k/*firmware-6.bin",
        "Direct firmware load for iwl",
        "Direct firmware load for brcm/*txt",
        "Direct firmware load for brcm/*clm_blob",
        "Direct firmware load for intel/*ddc",
        "Direct firmware load for ti-connectivity/wl*conf",
    ],
    // Linux drivers/char/random.c: early in every start.
    &["uninitialized urandom read", "urandom warning(s) missed", "Seed file not found"],
    // Linux drivers/watchdog/watchdog_dev.c: the watchdog is handed over running.
    &["watchdog did not stop!", "does not have CARDRESET support"],
    // Linux fs/debugfs, drivers/regulator/axp20x-regulator.c: goes on.
    &[
        "debugfs: Directory '*already present",
        "debugfs: File '*already present",
        "Error setting dcdc frequency",
    ],
    // Linux fs/overlayfs; OpenWrt fstools block.c, mount_root.c: the usual first start.
    &[
        "overlayfs: upper fs does not support",
        "unable to load configuration (fstab",
        "extroot: not configured",
        "block: no usable configuration",
        "filesystem has not been fully initialized yet",
    ],
    // Linux drivers/mtd/nand/raw/nand_base.c, mtdblock.c; ath9k eeprom.c; arch/mips/kernel/setup.c: advice.
    &[
        "the ECC used on your system is too weak",
        "is NAND, please consider using UBI",
        "Ignoring endianness difference in EEPROM",
        "Initrd not found or empty",
        "cannot reserve enough PEBs for bad PEB",
        "hctosys: unable to open rtc device",
    ],
    // Linux fs/jffs2/scan.c: the rest of the flash is free. mtd-utils ubi-utils/ubiformat.c: what stood there before is
    // erased.
    &[
        "End of filesystem marker found at",
        "contain non-UBI data",
        "ubiformat: bad image sequence number",
        "ubiformat: warning!: * eraseblocks",
    ],
    // Linux drivers/net/wireless/broadcom/brcm80211/brcmfmac/cfg80211.c, bcdc.c: asked of a radio that is off.
    &["BRCMF_C_GET_ASSOCLIST unsupported", "brcmf_proto_bcdc_msg failed w/status"],
    // Linux drivers/base/driver.c: a driver that is built in and a module too.
    &["is already registered, aborting"],
    // Linux drivers/acpi/acpica: errors in the tables of the firmware, which are worked around.
    &["ACPI BIOS Error (bug)", "ACPI Error: AE_NOT_FOUND", "ACPI Error: Aborting method", "[Firmware Bug]"],
    // Linux mm/oom_kill.c of appliances; drivers/net/ethernet/ti/cpsw.c: a port without a transceiver.
    &["Disabling the Out Of Memory Killer", "net eth*: phy * not found on slave"],
    // Linux drivers/firmware/arm_scmi: an optional protocol; drivers/pci/setup-res.c: a window that is not used;
    // arch/x86/kernel/cpu/feat_ctl.c: switched off on purpose; drivers/soc, kernel/dma: told, without effect.
    &[
        "SCMI protocol * not active",
        "BAR *: failed to assign [",
        "BAR *: no space for [",
        "SGX disabled by BIOS",
        "Error of this Agent is reported first",
        "SMCCC: SOC_ID: * returned error",
        "DMA mask not set",
    ],
    // Linux drivers/firmware/efi/efi-init.c; drivers/mtd/spi-nor: advice. FreeBSD getty: consoles that are not there.
    &[
        "efi: UEFI not found",
        "enabling reset hack; may not recover",
        "open /dev/ttyv",
        "hub can't support USB",
    ],
    // Linux and U-Boot drivers/pci: nothing is plugged into the slot.
    &["Phy link never came up", "PCIe link down", "PCIe: Link down", "PCIE*: Link down", "PCIe*no link"],
];
