//! What boot ROMs, boot loaders and firmware say before a kernel runs.

/// Families of harmless lines, each with the program and file that print it and what it does next.
pub(super) static LOADERS: &[&[&str]] = &[
    // GNU GRUB: a folder where its fonts and themes may lie; it goes on with its menu.
    &["error: file `*/' not found", "error: file '*/' not found"],
    // U-Boot drivers/mmc/fsl_esdhc_imx.c, sdhci: a supply that is fixed is not switched.
    &["Setting to 1.8V error: -38", "esdhc_set_voltage error -5"],
    // barebox arch/arm/boards/raspberry-pi/rpi-common.c: what the firmware's tree does not say is left as it is.
    &["found in vc fdt", "Won't delete root device node"],
    // Allwinner BOOT0, mmc_bsp.c: what is there is tried as an SD card first, then as an eMMC.
    &[
        "[mmc]: Wrong media type",
        "[mmc]: mmc * cmd * timeout, err",
        "[mmc]: mmc * cmd * err",
        "[mmc]: mmc * send if cond failed",
        "[mmc]: mmc * send app cmd failed",
        "smc * err, cmd *, RTO",
    ],
    // barebox drivers/hab/habv4.c: a chip that would refuse what its verified boot complains of would not have started the
    // loader that tells of it.
    &["ERROR: HABv4: "],
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
    // OP-TEE for Allwinner: optional nodes of the device tree.
    &[
        "no pmu node",
        "tee_read_fdt:",
        "smc_tee_inform_fdt failed",
        "[pmu]: bus read error",
        "POWER SETTING ERROR!",
    ],
    // A display that the boot loader left running (Linux drivers/iommu/rockchip-iommu.c).
    &["rk_iommu * stall request timed out", "rk_iommu * paging request timed out"],
    // Trusted Firmware-A plat/rockchip/common/drivers/parameter/ddr_parameter.c: only one loader passes such a table on.
    &["over or zero region"],
    // U-Boot drivers/usb, lib/efi_loader/efi_var_file.c; coreboot src/drivers/mrc_cache, src/lib: goes on without.
    &[
        "failed to get role switch",
        "Cannot persist EFI variables",
        "Failed to create stack canary breakpoint",
        "Failed to create address zero instruction fetch breakpoint",
    ],
    // Trusted Firmware-A services/spd/opteed: the secure system is optional.
    &["No OPTEE provided by BL2", "Error initializing runtime service opteed", "BL3-1: Initializing runtime"],
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
    // OpenPOWER skiboot hw/, core/pci.c: goes on with defaults.
    &[
        "Base location code not found",
        "BAR invalid, reconfiguring",
        "MMIO invalid, reconfiguring",
        "has no version! Assuming",
        "no compat thing found",
    ],
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
];
