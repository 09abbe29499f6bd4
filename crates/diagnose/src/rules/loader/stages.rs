//! What ROMs and the first stages of boot loaders say, and boot loaders that crash.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Kernel, Lasting, Loader, Rom};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "spl-no-boot-device",
        Rom,
        &[
            "failed to boot from all boot devices",
            "SPL: failed to boot",
            "SPL: Unsupported Boot Device",
            "SPI probe failed",
            "spl: * error reading image",
            "Unsupported Boot Device",
            "error reading image",
        ],
        "The first stage of the boot loader does not find the second.",
        &[(C::BootloaderCorrupt, 0.6), (C::FlashHardwareFault, 0.2), (C::RecoveryMediaWrong, 0.25)],
    )
    .without(&["spl: mmc init failed", "Problem booting with BOOTP"])
    .states(&[(S::BootloaderFailing, 0.85)])
    .from("U-Boot common/spl/spl.c", "SPL: failed to boot from all boot devices"),
    rule(
        "spl-hash",
        Rom,
        &["Bad hash value for * hash node in * image node", "hash(es) for Image * error!"],
        "The second stage of the boot loader does not have its declared digest.",
        &[(C::BootloaderCorrupt, 0.7), (C::ImageCorrupt, 0.35)],
    )
    .with(&["U-Boot SPL", "Trying to boot from"])
    .states(&[(S::BootloaderFailing, 0.7)])
    .from("U-Boot boot/image-fit.c in SPL", "Bad hash value for 'hash' hash node in 'atf-1' image node"),
    rule(
        "loader-exception-at-the-kernel",
        Loader,
        &["\"Synchronous Abort\" handler", "^data abort", "^undefined instruction", "^prefetch abort"],
        "It crashed when it loaded or started the kernel, as with a kernel that is for another board or damaged.",
        &[(C::ImageWrongDevice, 0.45), (C::ImageCorrupt, 0.2)],
    )
    .with(&["## Loading kernel from"])
    .from("U-Boot arch/arm/lib/interrupts_64.c", "\"Synchronous Abort\" handler, esr 0x02000000"),
    rule(
        "rom-image-invalid",
        Rom,
        &["BootROM: Image checksum verification FAILED", "BootROM: Bad header", "BootROM: Invalid header checksum", "Bad header at offset", "Firmware Image Package header check failed", "hdr parse fail", "[PL_FATAL]", "<ASSERT>", "BL33 load fail", "Image authentication Failed", "Load * failed, ret", "FIP header check"],
        "A boot ROM or an early stage finds the next stage damaged.",
        &[(C::BootloaderCorrupt, 0.7), (C::FlashHardwareFault, 0.2), (C::ImageCorrupt, 0.15)],
    )
    .states(&[(S::BootloaderFailing, 0.8)])
    .actions(&[A::RestoreBootloader])
    .from("Marvell BootROM; Trusted Firmware-A plat/", "BootROM: Image checksum verification FAILED"),
    rule(
        "trusted-firmware-panic",
        Rom,
        &["Unhandled Exception in EL3", "ASSERT: ", "PANIC at PC", "Unhandled Exception from EL"],
        "The secure firmware crashed.",
        &[(C::FirmwareBug, 0.4), (C::BootloaderCorrupt, 0.4), (C::RamFault, 0.15)],
    )
    // Of these the firmware itself says why it gives up.
    .without(&["of Bkup-FWU-Metadata failed", "I2C device not ready", "Boot interface not found"])
    .states(&[(S::BootloaderFailing, 0.7)])
    .from("Trusted Firmware-A bl31/aarch64/crash_reporting.S", "Unhandled Exception in EL3"),
    rule(
        "trusted-firmware-other-board",
        Rom,
        &["ERROR: *I2C device not ready", "ERROR: *Boot interface not found", "ERROR: *node board_id not found"],
        "The secure firmware does not find what it was built to find on its board.",
        &[(C::FirmwareBug, 0.42), (C::ImageWrongDevice, 0.42)],
    )
    .states(&[(S::BootloaderFailing, 0.7)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("Trusted Firmware-A plat/st/stm32mp1", "ERROR:   I2C device not ready"),
    rule(
        "trusted-firmware-no-metadata",
        Rom,
        &["of Bkup-FWU-Metadata failed", "failed on FWU metadata", "Failed to read partition *fip"],
        "The secure firmware does not find on the medium what says which copy of the firmware to start: the image was written without it.",
        &[(C::ImageIncomplete, 0.55), (C::BootloaderCorrupt, 0.4), (C::PartitionTableDamaged, 0.2)],
    )
    .states(&[(S::BootloaderFailing, 0.75)])
    .actions(&[A::ReflashCorrectImage])
    .from("Trusted Firmware-A drivers/fwu/fwu.c", "ERROR:   loading of Bkup-FWU-Metadata failed"),
    rule(
        "loader-stage-damaged",
        Rom,
        &["Error code * at boot_", "sbl1 * error", "BL2: Failed to load image", "BL1: Failed to load image", "Failed to load * BL3", "No valid BL2", "boot_auth fail", "No bootloader found"],
        "A stage of the boot loader is damaged, or the flash that holds it cannot be read.",
        &[(C::BootloaderCorrupt, 0.65), (C::FlashHardwareFault, 0.3), (C::PartitionTableDamaged, 0.15)],
    )
    .states(&[(S::BootloaderFailing, 0.8)])
    .actions(&[A::RestoreBootloader])
    .from("Trusted Firmware-A bl1/bl1_main.c; Qualcomm SBL", "ERROR:   BL2: Failed to load image id 5 (-2)"),
    rule(
        "uboot-ram",
        Rom,
        &["Board mem test fail", "Memory test FAILED", "DRAM init failed", "DRAM: * failed", "dram init fail", "ddr training failed", "DDR init failed", "Memory error at", "memtest * FAIL", "ddr test fail", "DDR training error", "RAM test failed", "memory test error", "DDR calibration failed", "DDR calibration error", "DataBus test fail", "AddrBus test fail", "DDR Training Fail", "training failed!", "DRAM initialization failed", "DRAM test failed", "calibration failed", "Memory initialization has failed", "Memory initialization failed", "NO EYE found", "Training Sequence - FAILED", "GATE TRAINING FAILED", "LEVELING FAILED", "DLL TUNING FAILED", "SELF-REFRESH TEST FAIL", "tap tune failed", "MRC * FAILED", "Memtest failed"],
        "The memory could not be set up, or does not hold what is written to it.",
        &[(C::RamFault, 0.7), (C::PowerFault, 0.15), (C::BootloaderCorrupt, 0.2), (C::FirmwareBug, 0.15)],
    )
    .without(&["Cannot read rockchip,sdram-params"])
    .states(&[(S::BootloaderFailing, 0.7)])
    .from("U-Boot common/board_f.c and vendors' loaders", "Board mem test fail"),
    rule(
        "rockchip-ram-settings",
        Rom,
        &["Cannot read rockchip,sdram-params"],
        "The first loader was built without the settings of this board's memory.",
        &[(C::BootloaderCorrupt, 0.5), (C::FirmwareBug, 0.45), (C::ImageWrongDevice, 0.3)],
    )
    .states(&[(S::BootloaderFailing, 0.8)])
    .from("U-Boot drivers/ram/rockchip", "rk3399_dmc_of_to_plat: Cannot read rockchip,sdram-params -1"),
    rule(
        "fsp-stays-away",
        Rom,
        &["^Call FspMemoryInit ...", "Calling FspMemoryInit"],
        "The vendor's program that sets up the memory is called, and does not come back: its settings are of another board or other memory, or the memory is faulty.",
        &[(C::FirmwareBug, 0.5), (C::RamFault, 0.4), (C::ImageWrongDevice, 0.3)],
    )
    .without(&["FspMemoryInit ... Success", "FspMemoryInit returned", "FspMemoryInit finished", "CBMEM:", "Slim Bootloader STAGE2"])
    .states(&[(S::BootloaderFailing, 0.7)])
    .actions(&[A::InstallOtherBuild, A::RestoreBootloader])
    .from("Slim Bootloader BootloaderCorePkg/Library/FspApiLib", "Call FspMemoryInit ..."),
    rule(
        "spl-finds-no-memory",
        Rom,
        &["^DRAM: 0 MiB", "^DRAM:  0 MiB", "DRAM size: 0", "DRAM: 0 Bytes"],
        "The first loader finds no memory: it was built for memory of another kind, or the memory is faulty.",
        &[(C::FirmwareBug, 0.5), (C::RamFault, 0.5), (C::ImageWrongDevice, 0.48)],
    )
    .states(&[(S::BootloaderFailing, 0.8)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from("U-Boot arch/arm/mach-sunxi/dram_*.c, board.c", "DRAM: 0 MiB"),
    rule(
        "rom-loader-signature",
        Rom,
        &["img sig err", "ECC_DECODE_FAIL", "ecc decode fail", "check_image_header"],
        "The ROM reads the flash where its loader should be, and finds none that is whole.",
        &[(C::BootloaderCorrupt, 0.55), (C::FlashHardwareFault, 0.3), (C::ImageCorrupt, 0.15)],
    )
    .states(&[(S::BootloaderFailing, 0.7)])
    .actions(&[A::ReflashCorrectImage, A::EnterRecoveryMode])
    .from("Realtek ROM, SPI NAND", "check_image_header(72): h(ff,ff,ff,ff), s(69,72,61,6d)"),
    rule(
        "rom-waits-on-console",
        Rom,
        &["CCCCCCCCCC"],
        "The ROM sends the letter with which it asks for a loader over the console: it found none.",
        &[(C::BootloaderCorrupt, 0.5), (C::RecoveryMediaWrong, 0.4), (C::ImageIncomplete, 0.2)],
    )
    .states(&[(S::NoOutput, 0.3), (S::BootloaderFailing, 0.5)])
    .actions(&[A::ReflashCorrectImage])
    .from("Texas Instruments AM335x Technical Reference Manual, section 26.1.9", "CCCCCCCCCC"),
    rule(
        "raspberry-medium",
        Rom,
        &["Read start4.elf failed", "Read start.elf failed", "Read config.txt failed", "FAT read failed", "start4.elf not found", "start.elf not found", "Failed to open device", "Unable to read partition as FAT", "Unable to read MBR", "No SD card found, try USB", "USB MSD timed out", "Insert SD-CARD", "No bootable partition", "Firmware not found", "Failed to read device"],
        "The loader of the board does not find or cannot read its files on the card.",
        &[(C::RecoveryMediaWrong, 0.52), (C::FlashHardwareFault, 0.33), (C::LinkFault, 0.2), (C::ImageIncomplete, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.7)])
    .actions(&[A::SwapCableOrPort, A::ReflashCorrectImage])
    .from("Raspberry Pi documentation, bootloader diagnostics", "Read start4.elf failed"),
    rule(
        "raspberry-too-old",
        Rom,
        &["This board requires newer software", "start.elf is not compatible", "start4.elf is not compatible", "unsupported board revision"],
        "The software on the medium is older than the board.",
        &[(C::ImageWrongDevice, 0.45), (C::BootloaderOutdated, 0.35), (C::FirmwareBug, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::UseSignedOrNewerImage, A::ReflashCorrectImage])
    .from("Raspberry Pi documentation, bootloader diagnostics", "This board requires newer software"),
    rule(
        "loader-fuses-blown",
        Loader,
        &["Blowing fuses", "Secure boot NOT enabled"],
        "The loader burned the fuses of the chip, which from now on starts only what its maker signed.",
        &[(C::VerifiedBootRejected, 0.6), (C::BootloaderCorrupt, 0.25)],
    )
    .states(&[(S::BootloaderFailing, 0.5)])
    .actions(&[A::SeekProfessional])
    .from("Cisco Meraki U-Boot", "Blowing fuses..."),
    rule(
        "routerboot-upgrade-file",
        Loader,
        &["invalid upgrade file id"],
        "The file that came is not one for the boot loader itself.",
        &[(C::ToolMismatch, 0.45), (C::ImageWrongDevice, 0.4)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ChangeToolOrOption, A::ReflashCorrectImage])
    .from("MikroTik RouterBOOT", "invalid upgrade file id"),
    rule(
        "routeros-halted",
        Kernel,
        &["^System halted."],
        "The kernel was loaded, and its system stopped at once: its files are damaged or not all there.",
        &[(C::RootfsCorrupt, 0.5), (C::ImageIncomplete, 0.3), (C::KernelCrash, 0.2)],
    )
    .with(&["jumping to kernel code"])
    .states(&[(S::KernelHang, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from("MikroTik RouterOS", "System halted."),
    rule(
        "spl-gives-up",
        Rom,
        &["### ERROR ### Please RESET the board"],
        "The first stage of the boot loader gave up.",
        &[(C::BootloaderCorrupt, 0.5), (C::RecoveryMediaWrong, 0.3), (C::FlashHardwareFault, 0.25), (C::FirmwareBug, 0.2)],
    )
    .with(&["U-Boot SPL"])
    .without(&["spl: mmc init failed", "Problem booting with BOOTP"])
    .states(&[(S::BootloaderFailing, 0.75)])
    .actions(&[A::ReflashCorrectImage, A::ReflashSameImage, A::RestoreBootloader])
    .from("U-Boot lib/hang.c", "### ERROR ### Please RESET the board ###"),
    rule(
        "loader-gives-up",
        Loader,
        &["initcall sequence * failed", "initcall failed at call", "initcall * failed"],
        "The boot loader cannot set up the board: it was built for another one, or has a bug.",
        &[(C::FirmwareBug, 0.5), (C::ImageWrongDevice, 0.35), (C::BootloaderCorrupt, 0.2)],
    )
    .states(&[(S::BootloaderFailing, 0.75)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("U-Boot lib/initcall.c", "initcall sequence 00000000b7bd2140 failed at call 000000008201d678 (err=-6)"),
    rule(
        "loader-gave-up",
        Loader,
        &["### ERROR ### Please RESET the board"],
        "The boot loader stopped, because it cannot go on.",
        &[(C::BootloaderCorrupt, 0.3), (C::FirmwareBug, 0.4), (C::RamFault, 0.2)],
    )
    .without(&["U-Boot SPL"])
    .states(&[(S::BootloaderFailing, 0.5)])
    .from("U-Boot lib/hang.c", "### ERROR ### Please RESET the board ###"),
    rule(
        "spl-exception",
        Rom,
        &["\"Synchronous Abort\" handler", "\"Error\" handler, esr", "^data abort", "^undefined instruction", "^prefetch abort"],
        "The first stage crashed on what it loaded from the medium.",
        &[(C::BootloaderCorrupt, 0.62), (C::ImageCorrupt, 0.25), (C::FirmwareBug, 0.3)],
    )
    .with(&["Trying to boot from"])
    .without(&["Hit any key", "Hit key to stop", "^Net:   ", "^In:    serial"])
    .states(&[(S::BootloaderFailing, 0.6)])
    .actions(&[A::RestoreBootloader, A::EnterRecoveryMode])
    .from("U-Boot common/spl/spl.c, arch/arm/lib/interrupts_64.c", "Trying to boot from SPI; \"Synchronous Abort\" handler, esr 0x02000000"),
    rule(
        "loader-exception",
        Loader,
        &["\"Synchronous Abort\" handler", "\"Error\" handler, esr", "^UNHANDLED EXCEPTION: ", "^data abort", "^undefined instruction", "^prefetch abort", "Resetting CPU", "unable to handle NULL pointer dereference at address", "unable to handle paging request at address", "^Ooops, "],
        "The boot loader itself crashed.",
        &[(C::BootloaderCorrupt, 0.3), (C::BootEnvironmentCorrupt, 0.16), (C::FirmwareBug, 0.42), (C::RamFault, 0.2)],
    )
    .states(&[(S::BootloaderFailing, 0.3)])
    .from("U-Boot arch/arm/lib/interrupts_64.c", "\"Synchronous Abort\" handler, esr 0x96000010"),
    rule(
        "loader-exception-behind-the-start",
        Loader,
        &["\"Synchronous Abort\" handler", "^data abort", "^undefined instruction", "^prefetch abort"],
        "What was started as the kernel is no program for this processor, or still packed: the boot loader caught its crash.",
        &[(C::ImageCorrupt, 0.34), (C::ImageWrongDevice, 0.34), (C::FirmwareBug, 0.2)],
    )
    .with(&["Starting kernel ..."])
    .without(&["## Loading kernel from"])
    .states(&[(S::BootloaderOnly, 0.5)])
    .from("U-Boot arch/arm/lib/interrupts_64.c", "\"Synchronous Abort\" handler, esr 0x02000000"),
    rule(
        "spl-medium-does-not-answer",
        Rom,
        &["spl: mmc init failed"],
        "The card or eMMC that the first stage would read the second from does not answer it.",
        &[(C::FlashHardwareFault, 0.4), (C::RecoveryMediaWrong, 0.5), (C::FirmwareBug, 0.4), (C::BootloaderCorrupt, 0.34)],
    )
    .states(&[(S::BootloaderFailing, 0.85)])
    .actions(&[A::ReflashCorrectImage, A::SwapCableOrPort, A::ReplaceHardware])
    .from("U-Boot common/spl/spl_mmc.c", "spl: mmc init failed with error: -110"),
    rule(
        "spl-network",
        Rom,
        &["Problem booting with BOOTP"],
        "The first stage would get the second over the network, and gets no answer.",
        &[(C::LinkFault, 0.5), (C::RecoveryMediaWrong, 0.35), (C::FirmwareBug, 0.34), (C::ToolMismatch, 0.2)],
    )
    .states(&[(S::BootloaderFailing, 0.85)])
    .actions(&[A::SwapCableOrPort, A::FixNetworkSettings])
    .from("U-Boot common/spl/spl_net.c", "Problem booting with BOOTP"),
    rule(
        "spl-medium",
        Rom,
        &["spl: could not initialize mmc", "spl_load_image_fat: error", "spl_register_fat_device: fat register err", "spl: no partition table found", "Partition * invalid on device", "spl_load_image_fat_os: error", "SPL: Error loading", "spl: error", "spl: mmc device not found", "spl: mmc partition switch failed", "spl_load_image_ext: ext4fs", "spl: ext4fs", "spl: ext2"],
        "The first stage of the boot loader cannot read the second from its medium.",
        &[(C::BootloaderCorrupt, 0.45), (C::RecoveryMediaWrong, 0.4), (C::FlashHardwareFault, 0.25), (C::FirmwareBug, 0.15)],
    )
    .states(&[(S::BootloaderFailing, 0.8)])
    .actions(&[A::ReflashCorrectImage, A::ReflashSameImage, A::RestoreBootloader])
    .from("U-Boot common/spl/", "spl: could not initialize mmc"),
    rule(
        "memory-unknown",
        Rom,
        &["^unknown device"],
        "The loader of the memory does not know what it finds: it is older than the memory, damaged, or the memory fails.",
        &[(C::RamFault, 0.44), (C::BootloaderOutdated, 0.3), (C::BootloaderCorrupt, 0.25)],
    )
    .with(&["soldering abnormality"])
    .states(&[(S::BootloaderFailing, 0.7)])
    .actions(&[A::SeekProfessional, A::UpdateBootloader])
    .from("Rockchip rkbin", "unknown device"),
    rule(
        "memory-soldering",
        Rom,
        &["soldering abnormality", "ddr error", "DDR ERR", "dram error", "sdram error", "no dram", "DRAM * not found"],
        "The loader of the memory found it faulty.",
        &[(C::RamFault, 0.65), (C::BootloaderCorrupt, 0.2), (C::FirmwareBug, 0.2)],
    )
    .without(&["^unknown device"])
    .states(&[(S::BootloaderFailing, 0.7)])
    .actions(&[A::SeekProfessional, A::ReplaceHardware])
    .from("Rockchip rkbin", "If no 'may be ch* soldering abnormality' is printed, it may be ch0 soldering abnormality"),
    rule(
        "loader-blob",
        Rom,
        &["mcb load failed", "blob not found for magic", "digest sha256 mismatch"],
        "A part of the boot loader is damaged in the flash.",
        &[(C::BootloaderCorrupt, 0.6), (C::FlashHardwareFault, 0.4)],
    )
    .states(&[(S::BootloaderFailing, 0.75)])
    .actions(&[A::RestoreBootloader])
    .from("Broadcom BCA U-Boot SPL", "mcb load failed"),
    rule(
        "uefi-assert",
        Lasting,
        &["ASSERT_EFI_ERROR", "ASSERT [", "ASSERT AutoGen", "Synchronous Exception at 0x", "!!!! X64 Exception", "PEI Exception", "Image: UEFI * Exception"],
        "The UEFI firmware stopped at an error of its own.",
        &[(C::FirmwareBug, 0.5), (C::ImageWrongDevice, 0.35)],
    )
    .states(&[(S::BootloaderFailing, 0.65), (S::BootLoop, 0.2)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from("EDK II MdePkg/Library/BaseDebugLib*", "ASSERT_EFI_ERROR (Status = Not Found)"),
    rule(
        "loader-driver",
        Loader,
        &["probe failed", "uclass_get_device", "pinctrl_select_state_full", "Failed to get * clock", "failed to bind", "device_probe failed", "err=-", "ret=-", "error -", "error code -", "failed: -", "init failed", "initialization failed", "failed to initialize", "not probed", "communications failure", "^Cannot init ", "cannot init "],
        "A driver of the boot loader does not get its hardware to work.",
        &[(C::FirmwareBug, 0.36), (C::FlashHardwareFault, 0.12), (C::BootloaderOutdated, 0.12)],
    )
    .states(&[(S::BootloaderOnly, 0.2)])
    .actions(&[A::InstallOtherBuild])
    .last_resort()
    .from("U-Boot drivers/core/device.c", "mmc_init: -95, err=-95 probe failed"),
];
