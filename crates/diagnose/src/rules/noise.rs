//! Lines that look like trouble and are none.
//!
//! They come with most healthy starts of the devices that print them: a part that is optional and absent, a driver that
//! goes on with a default, a probe that is expected to fail. A fault is never concluded from such a line. Where a log
//! frightens by nothing else, they speak for a sound unit.

use std::collections::HashSet;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::matcher::{MATCHER, Pattern};

/// Families of harmless lines, each with the program and file that print it and what it does next.
static NOISE: &[&[&str]] = &[
    // GNU GRUB: a folder where its fonts and themes may lie; it goes on with its menu.
    &["error: file `*/' not found", "error: file '*/' not found"],
    // Linux block layer: what protects an eMMC against replay is read by its own commands alone, not by who looks through
    // all disks.
    &["I/O error, dev mmcblk*rpmb"],
    // Linux security/integrity/platform_certs/load_uefi.c: firmware without lists of keys.
    &["Couldn't get size: 0x8000", "Couldn't get UEFI ", "MODSIGN: Couldn't get"],
    // Linux drivers/gpu/drm/i915/display/intel_fifo_underrun.c: a picture that flickers once.
    &["FIFO underrun", "uncleared fifo underrun"],
    // Mender client, modules.go: what is not installed is not needed for whole images.
    &["Update modules will not be available", "No public key was provided for authenticating"],
    // Allwinner BOOT0, mmc_bsp.c: what is there is tried as an SD card first, then as an eMMC.
    &[
        "[mmc]: Wrong media type",
        "[mmc]: mmc * cmd * timeout, err",
        "[mmc]: mmc * cmd * err",
        "[mmc]: mmc * send if cond failed",
        "[mmc]: mmc * send app cmd failed",
        "smc * err, cmd *, RTO",
    ],
    // AOSP fs_mgr/libfs_avb: keys of generic system images are tried first; what is not verified is said to be so.
    &[
        "public key data shouldn't be empty",
        "Found unknown public key used to sign",
        "Returning avb_handle",
        "Failed to verify vbmeta digest",
        "Error verifying vbmeta image: OK_NOT_SIGNED",
        "[libfs_avb]Invalid hash size",
        "Failed to copy /avb into",
    ],
    // barebox drivers/hab/habv4.c: a chip that would refuse what its verified boot complains of would not have started the
    // loader that tells of it.
    &["ERROR: HABv4: "],
    // avrdude jtagmkII.c: parts without a place for a boot loader are written all the same.
    &["jtagmkII_initialize(): Cannot locate"],
    // avrdude main.c: bits of a fuse that mean nothing are written as they were given.
    &["invalid value for unused bits in fuse", "will result in an error in future version"],
    // OpenWrt ubox kmodloader.c: one module of many is for a part that the unit does not have.
    &["kmodloader: 1 module could not be probed"],
    // avrdude usbasp.c: the programmer keeps the clock that its switch or firmware gives it.
    &["cannot set sck period"],
    // flashrom ichspi.c, writeprotect.c: how the chip is laid out and what the programmer cannot tell, said before anything
    // is read or written.
    &[
        "flash regions are read protected",
        "Not all flash regions are freely accessible",
        "region (0x*) is locked",
        "Failed to get WP status: WP operations",
    ],
    // U-Boot common/fdt_support.c and fixups of boards: what the kernel's tree does not describe is not changed in it.
    &["fixup*unable to find node", "fixup*could not find node", "fixup*can't find node"],
    // U-Boot common/avb_verify.c: said of every unit without secure storage.
    &["read_is_device_unlocked not supported yet", "read_rollback_index not supported yet"],
    // barebox common/fastboot.c, drivers/usb/gadget: what the host asks for and the loader has none of; a gadget that runs.
    &["fastboot: no such variable", "USB multi gadget already registered"],
    // Trusted Firmware-A services/spd/opteed, services/std_svc: goes on without the service; U-Boot common/spl: tells
    // which medium it came from.
    &[
        "Error initializing runtime service",
        "spl_decode_boot_device: could not find",
        "could not map boot_device to ofpath",
        "failed to resolve brom_bootdevice_id",
    ],
    // U-Boot arch/arm/mach-k3/security.c: said of every part on units that take unsigned ones.
    &["Did not detect image signing certificate"],
    // U-Boot env/fat.c, env/ext4.c: nothing was ever saved, as where it is new.
    &["File not found /uboot.env", "Unable to read \"/uboot.env\"", "Unable to read \"uboot.env\""],
    // CPython: a unit that restarts is gone when what spoke to it is cleared away.
    &["__del__*ignored"],
    // OP-TEE for Allwinner: optional nodes of the device tree.
    &[
        "no pmu node",
        "tee_read_fdt:",
        "smc_tee_inform_fdt failed",
        "[pmu]: bus read error",
        "POWER SETTING ERROR!",
    ],
    // dfu-util src/main.c, dfu_load.c: the unit has left its loader before it could be told to, or asked.
    &["error resetting after download", "unable to read DFU status after completion"],
    // Linux drivers/regulator/core.c: a supply that the device tree does not name is taken as always on.
    &["using dummy regulator", "supply * not found, using"],
    // A display that the boot loader left running (Linux drivers/iommu/rockchip-iommu.c).
    &["rk_iommu * stall request timed out", "rk_iommu * paging request timed out"],
    // BusyBox shell/ash.c: said of every shell on a console that is no terminal of its own.
    &["can't access tty; job control turned off"],
    // Tools that count what failed, and count none.
    &[
        "Failure 0",
        "failed 0)",
        " 0 failed",
        "Failed=0",
        "failed=0",
        "failed: 0",
        "errors: 0",
        "flash.mk:* flash] Error",
        "avr.mk:* dfu] Error",
        "Make finished with errors",
    ],
    // AOSP fastboot/fastboot.cpp: the system formats what was erased; units with two slots have no cache.
    &["File system type raw not supported", "wipe task partition not found"],
    // Linux drivers/base/dd.c: the driver is asked again when what it needs is there (`EPROBE_DEFER`).
    &[": -517", "error -517", "(-517)", "EPROBE_DEFER"],
    // Linux drivers/mmc/core/block.c: that part of an eMMC is read with its key only, whoever looks for file systems on it.
    &[
        "I/O error, dev mmcblk*rpmb",
        "I/O error on dev* mmcblk*rpmb",
        "mmcblk*rpmb: timed out sending",
        "mmcblk*rpmb: error",
        "mmcblk*rpmb: read failed",
    ],
    // AOSP fastboot/fastboot.cpp: signatures of images are optional.
    &["archive does not contain '*.sig'"],
    // barebox arch/arm/boards/raspberry-pi/rpi-common.c: what the firmware's tree has none of is not taken over from it.
    &["found in vc fdt", "Won't delete root device node"],
    // AOSP libsparse/sparse_read.cpp: said of every image that is not sparse, which is then sent as it is.
    &["Invalid sparse file format at header"],
    // OpenWrt package/base-files sysupgrade: the upgrade that it asks for ends the service that would answer.
    &["Command failed: ubus call system sysupgrade"],
    // OpenOCD src/jtag/core.c, drivers/ftdi.c: the next speed is taken; a hint.
    &["Unable to match requested speed", "if you experience problems at higher adapter clocks"],
    // dfu-util src/main.c: what an earlier transfer left behind is cleared first.
    &[
        "dfuERROR, clearing status",
        "state = dfuERROR, status = 10",
        "Device's firmware is corrupt. It cannot return",
    ],
    // Linux drivers/dma/qcom/bam_dma.c: the values are read from the hardware instead.
    &["num-channels unspecified in dt", "num-ees unspecified in dt"],
    // Linux drivers/base/cacheinfo.c, arch/arm64/kernel/kaslr.c: optional information is missing.
    &["Unable to detect cache hierarchy", "KASLR disabled due to lack of seed", "kaslr disabled"],
    // OpenWrt drivers/mtd/mtdsplit: a probe of partitions of which most hold none.
    &["mtdsplit: no squashfs found in", "mtdsplit: no rootfs found in"],
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
    // OpenWrt block-mount probes every raw partition, also those whose blocks have another error correction.
    &["Buffer I/O error on dev mtdblock", "I/O error, dev mtdblock"],
    // Linux drivers/mtd/nand/raw/nand_base.c, mtdblock.c; ath9k eeprom.c; arch/mips/kernel/setup.c: advice.
    &[
        "the ECC used on your system is too weak",
        "is NAND, please consider using UBI",
        "Ignoring endianness difference in EEPROM",
        "Initrd not found or empty",
        "cannot reserve enough PEBs for bad PEB",
        "hctosys: unable to open rtc device",
    ],
    // Trusted Firmware-A services/spd/opteed: the secure system is optional.
    &["No OPTEE provided by BL2", "Error initializing runtime service opteed", "BL3-1: Initializing runtime"],
    // AOSP system/core/init: lines of scripts that are for other devices.
    &[
        "init: could not import file",
        "init: invalid uid",
        "invalid service name",
        "cannot open '/initlogo",
        "SDIO interrupt recieved without function driver",
        "does not have a SELinux domain defined",
    ],
    // Linux fs/jffs2/scan.c: the rest of the flash is free. mtd-utils ubi-utils/ubiformat.c: what stood there before is
    // erased.
    &[
        "End of filesystem marker found at",
        "contain non-UBI data",
        "ubiformat: bad image sequence number",
        "ubiformat: warning!: * eraseblocks",
    ],
    // Raspberry Pi boot loader: looks for its recovery first, and then for a screen.
    &[
        "recover4.elf not found",
        "recovery.elf not found",
        "autoboot.txt not found",
        "pieeprom.upd not found",
        "vl805.bin not found",
        "dt-blob.bin not found",
        "pin EMMC_ENABLE not defined",
        "EDID error reading EDID",
        "giving up on reading EDID",
    ],
    // Linux drivers/net/wireless/broadcom/brcm80211/brcmfmac/cfg80211.c, bcdc.c: asked of a radio that is off.
    &["BRCMF_C_GET_ASSOCLIST unsupported", "brcmf_proto_bcdc_msg failed w/status"],
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
    // Linux drivers/base/driver.c: a driver that is built in and a module too.
    &["is already registered, aborting"],
    // OpenPOWER skiboot hw/, core/pci.c: goes on with defaults.
    &[
        "Base location code not found",
        "BAR invalid, reconfiguring",
        "MMIO invalid, reconfiguring",
        "has no version! Assuming",
        "no compat thing found",
    ],
    // Linux drivers/acpi/acpica: errors in the tables of the firmware, which are worked around.
    &["ACPI BIOS Error (bug)", "ACPI Error: AE_NOT_FOUND", "ACPI Error: Aborting method", "[Firmware Bug]"],
    // U-Boot net/eth-uclass.c, common/spl, env: goes on with a default.
    &[
        "using random MAC address",
        "*FTGMAC100#* address not set",
        "^Error: ethernet@* address not set",
        "WARNING: Caches not enabled",
        "No match for driver",
        "Some drivers were not found",
        "<ethaddr> not set. Validating",
        "spl: not an uImage at",
        "No misc partition",
        "Loading Environment from *Card did not respond",
        "Loading Environment from *Unable to use",
        "Loading Environment from *unable to select a mode",
        "Loading Environment from *File not found",
        "Loading Environment from *No device specified",
        "Loading Environment from *error -",
        "pinctrl_select_state_full: uclass_get_device_by_phandle_id",
        "Error: Can't overwrite \"ethaddr\"",
        "Error inserting \"ethaddr\" variable",
        "** File not found *uEnv.txt",
        "In:    No input devices available",
        "No ethernet found",
        "Could not get PHY for",
        "auto negotiation to complete*done",
    ],
    // ESP-IDF components/esp_phy, spiffs, fatfs, nimble: goes on with a calibration, a format or a list of its own.
    &[
        "failed to load RF calibration data",
        "mount failed* formatting",
        "Failed to restore IRKs from store",
        "No core dump partition found",
    ],
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
    // Little Kernel app/aboot, target/msm8916: a board without a screen, and partitions that it does without.
    &[
        "Neither 'config' nor 'frp' partition found",
        "Not able to search the panel",
        "Target panel init not found",
        "partition misc doesn't exist",
        "error in emmc_recovery_init",
        "Unable to locate /bootselect partition",
    ],
    // NVIDIA TegraBoot: boards that carry no EEPROM.
    &["NvTbootI2c"],
    // Linux and U-Boot drivers/pci: nothing is plugged into the slot.
    &["Phy link never came up", "PCIe link down", "PCIe: Link down", "PCIE*: Link down", "PCIe*no link"],
];

/// Words in lines of a kernel about parts that a unit starts without: sound, picture, keys, clocks, sensors. What fails
/// there is missing or not described on this board, and the start goes on. (Linux: names of drivers and subsystems.)
static SIDE_PARTS: &[&str] = &[
    "-codec",
    "asoc",
    "snd_",
    "snd-",
    "sound",
    "audio",
    "i2s",
    "hdmi",
    "drm]",
    "[drm",
    "-drm",
    "gpu",
    "panfrost",
    "lima ",
    "mali",
    "cedrus",
    "vpu",
    "hantro",
    "vdec",
    "camera",
    "dsim",
    "decon",
    "mipi",
    "bluetooth",
    "hci0",
    "hci_uart",
    "cpufreq",
    "devfreq",
    "dmc ",
    "cpuidle",
    "leds",
    "led-",
    "backlight",
    "i8042",
    "tpm",
    "rtc",
    "-wdt",
    "hw-rng",
    "iio",
    "adc",
    "pinctrl",
    "pinselect",
    "cec",
    "edid",
    "goodix",
    "touchscreen",
    "gpio-keys",
    "ir-rx",
    "hw perfevents",
    "edac",
    "optee",
    "scmi",
    "power-supply",
    "hwmon",
    "pwm-fan",
    "thermal-sensor",
    "phy-reset-gpios",
];

/// Words in lines of the kernel that tell of its end, whatever part they speak of.
static ENDS: &[&str] =
    &["panic", "oops", "bug:", "unable to handle", "not syncing", "low battery", "voltage"];

static SIDE_PART: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(SIDE_PARTS).ok());

static END: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(ENDS).ok());

/// Whether a line of the kernel is about a part that the unit starts without.
pub(crate) fn is_of_side_part(line: &str) -> bool {
    let finds = |finder: &Option<AhoCorasick>| finder.as_ref().is_some_and(|finder| finder.is_match(line));
    finds(&SIDE_PART) && !finds(&END)
}

/// Every pattern.
pub(crate) fn patterns() -> impl Iterator<Item = &'static str> {
    NOISE.iter().copied().flatten().copied()
}

static NUMBERS: LazyLock<HashSet<Pattern>> =
    LazyLock::new(|| patterns().filter_map(|pattern| MATCHER.number(pattern)).collect());

/// Whether a line that these patterns match is harmless.
pub(crate) fn is_noise(found: &[Pattern]) -> bool {
    found.iter().any(|pattern| NUMBERS.contains(pattern))
}

#[cfg(test)]
mod tests {
    use debrick_model::{Cause, EvidenceKind, State};

    use crate::Evidence;
    use crate::trial::by_rules_alone;

    fn check(text: &str, expected: Cause) {
        let evidence = Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: text.into() };
        let diagnosis = by_rules_alone(&[evidence]);
        assert_eq!(diagnosis.cause(), expected, "{text}: {:?}", diagnosis.findings);
        assert_eq!(diagnosis.state == State::Healthy, expected == Cause::NoFault, "{text}");
    }

    #[test]
    fn noise_alone_is_no_fault() {
        check("[    0.590577] OF: Bad cell count for /soc/partitions\n", Cause::NoFault);
        check(
            "[    1.1] mtdsplit: no squashfs found in \"rootfs\"\n[    2.5] zswap: pool creation failed\n",
            Cause::NoFault,
        );
        check(
            "[    1.1] supply vcc not found, using dummy regulator\n\
             [    2.0] Kernel panic - not syncing: Fatal exception\n",
            Cause::KernelCrash,
        );
        check("[    1.013225] card card: register() failed: -517\n", Cause::NoFault);
        check(
            "card2 Cannot find the capability\ncard2: probe of 0000:04:00.0 failed with error -5\n",
            Cause::FirmwareBug,
        );
        check("[   13.590149] end_request: I/O error, dev mmcblk2rpmb, sector 0\n", Cause::NoFault);
        check(
            "ERROR: HABv4: -------- HAB Event 0 --------\nERROR: HABv4: Engine: CAAM (0x1d)\n",
            Cause::NoFault,
        );
    }
}
