//! Excerpts of logs as people show them: a few lines, a remark behind the last one, a command that was typed.

use debrick_model::{Action, Cause, EvidenceKind, State};

use crate::{likely, of_text};

use EvidenceKind::{SerialLog, Symptom, ToolOutput};

#[track_caller]
fn check(kind: EvidenceKind, text: &str, cause: Cause, state: State) -> Option<Action> {
    let diagnosis = of_text(kind, text);
    let likely = likely(&diagnosis);
    assert_eq!((diagnosis.cause(), diagnosis.state), (cause, state), "{text}: {likely:?}");
    diagnosis.actions.first().map(|proposed| proposed.action)
}

#[test]
fn a_restart_that_was_asked_for_is_no_loop() {
    check(
        SerialLog,
        "=> reset\nresetting ...\nSystem reset not supported on this platform\n### ERROR ### Please RESET the board ###\n",
        Cause::FirmwareBug,
        State::BootloaderOnly,
    );
    check(
        SerialLog,
        "U-Boot 2013.04 (Jun 04 2013 - 08:17:08)\nDRAM:  512 MiB\nNAND:  BUG: failure at nand_base.c:3214/nand_scan_tail()!\nBUG!\nresetting ...\n",
        Cause::FirmwareBug,
        State::BootLoop,
    );
}

#[test]
fn a_watchdog_that_started_the_board_is_no_fault_where_it_comes_up() {
    check(
        SerialLog,
        "U-Boot 2016.09 (Sep 28 2016 - 23:00:43 +0530)\nReset cause: WDOG\nDRAM:  256 MiB\nNet:   FEC [PRIME]\nHit any key to stop autoboot:  0\nicorem6qdl>\n",
        Cause::NoFault,
        State::Healthy,
    );
}

#[test]
fn a_remark_behind_the_last_line_tells_how_it_ends() {
    check(
        SerialLog,
        "[    3.069650] NET: Registered protocol family 17\n[    3.078157] 8021q: 802.1Q VLAN Support v1.8\n[    3.081149] Registering SWP/SWPB emulation handler\n[\n(stuck)\n",
        Cause::FirmwareBug,
        State::KernelHang,
    );
    check(
        SerialLog,
        "U-Boot SPL 2017.09 (Oct 02 2017 - 15:13:19)\nTrying to boot from MMC1\n<reboot>\n",
        Cause::BootloaderCorrupt,
        State::BootLoop,
    );
}

#[test]
fn a_boot_loader_that_cannot_do_what_it_is_told() {
    let action = check(
        SerialLog,
        "NAND write: device 1 offset 0x2800000, size 0xc00100\nAttempt to write to non page aligned data\nNAND write to offset 2800000 failed -22\n 0 bytes written: ERROR\n",
        Cause::ToolMismatch,
        State::BootloaderOnly,
    );
    assert_eq!(action, Some(Action::ReflashCorrectImage));
    check(
        SerialLog,
        "=> avb verify _a\n## Android Verified Boot 2.0 version 1.1.0\nread_rollback_index not supported yet\navb_util.c:182: ERROR: Failed to allocate memory.\nOOM error occurred during verification\n",
        Cause::FirmwareBug,
        State::BootloaderOnly,
    );
    let action = check(
        SerialLog,
        "unexpected character 'b' at the end of partition\nError initializing mtdparts!\nincorrect device type in ubi\nWrong Image Format for bootm command\n",
        Cause::BootEnvironmentCorrupt,
        State::BootloaderOnly,
    );
    assert_eq!(action, Some(Action::FixBootEnvironment));
    let action = check(
        SerialLog,
        "Moving Image from 0x2080000 to 0x2200000, end=0x60d0000\nERROR: RD image overlaps OS image (OS=2200000..60d0000)\nBoot failed (err=-14)\n",
        Cause::BootEnvironmentCorrupt,
        State::BootloaderOnly,
    );
    assert_eq!(action, Some(Action::FixBootEnvironment));
    check(
        SerialLog,
        "   Uncompressing Kernel Image ... Error: inflate() returned -5\nGUNZIP: uncompress, out-of-mem or overwrite error -\n",
        Cause::ImageTooLarge,
        State::BootloaderOnly,
    );
    check(
        SerialLog,
        "ERROR: reserving fdt memory region failed (addr=4f700000 size=240000 flags=4)\nERROR: Failed to allocate 0xb161 bytes below 0x80000000.\ndevice tree - allocation error\n",
        Cause::FirmwareBug,
        State::BootloaderOnly,
    );
    let action = check(
        SerialLog,
        "DFU alt info setting: done\nERROR: Too many arguments for nor0\nERROR: DFU entities configuration failed!\n",
        Cause::BootEnvironmentCorrupt,
        State::BootloaderOnly,
    );
    assert_eq!(action, Some(Action::FixBootEnvironment));
    check(
        SerialLog,
        "Validating MD5Sum of 'rootfs'...\nFailed!\nData validation failed!\n",
        Cause::ImageCorrupt,
        State::BootloaderOnly,
    );
    check(
        SerialLog,
        "Starting kernel ...\n\"Synchronous Abort\" handler, esr 0x02000000\n",
        Cause::FirmwareBug,
        State::BootloaderOnly,
    );
}

#[test]
fn flash_that_takes_no_writes_of_a_running_system() {
    check(
        SerialLog,
        "[    8.423476] mount_root: switching to jffs2 overlay\n[  270.902671] jffs2: Write of 1989 bytes at 0x005ce6f8 failed. returned -5, retlen 962\n[  270.939631] jffs2: Not marking the space at 0x005ceec0 as dirty because the flash driver returned retlen zero\n",
        Cause::FlashHardwareFault,
        State::BootsDegraded,
    );
    check(
        SerialLog,
        "MTD do_write_buffer_wait(): software timeout, address:0x01f8000a.\njffs2: Write clean marker to block at 0x01a60000 failed: -5\n",
        Cause::FlashHardwareFault,
        State::BootsDegraded,
    );
}

#[test]
fn an_updater_that_stops_before_it_writes() {
    let action = check(
        ToolOutput,
        "upgrade: Sending signal KILL to hostapd (2138)\nupgrade: Failed to kill all processes.\nsysupgrade aborted with return code: 256\n",
        Cause::FirmwareBug,
        State::RefusedUnharmed,
    );
    assert_eq!(action, Some(Action::PowerCycleAndRetry));
    check(
        ToolOutput,
        "Writing from <stdin> to kernel ...\nubiattach: error!: strtoul: unable to parse the number '6 mtd10'\n",
        Cause::FirmwareBug,
        State::RefusedUnharmed,
    );
}

#[test]
fn a_first_stage_whose_medium_or_network_does_not_answer() {
    check(
        SerialLog,
        "U-Boot SPL 2021.07 (Feb 28 2022 - 06:39:32)\nTrying to boot from MMC1\nspl: mmc init failed with error: -110\nSPL: failed to boot from all boot devices\n### ERROR ### Please RESET the board ###\n",
        Cause::RecoveryMediaWrong,
        State::BootloaderFailing,
    );
    let action = check(
        SerialLog,
        "Trying to boot from USB eth\neth_cpsw Waiting for PHY auto negotiation to complete......... TIMEOUT !\nProblem booting with BOOTP\nSPL: failed to boot from all boot devices\n",
        Cause::LinkFault,
        State::BootloaderFailing,
    );
    assert_eq!(action, Some(Action::SwapCableOrPort));
    check(
        SerialLog,
        "ERROR: No valid CBFS header found!\n",
        Cause::BootloaderCorrupt,
        State::BootloaderFailing,
    );
}

#[test]
fn barebox_is_a_boot_loader() {
    check(
        SerialLog,
        "barebox@SAMA5D4:/ saveenv\nERROR: atmel_mci fc000000.mmc@fc000000.of: command/data timeout\n",
        Cause::FirmwareBug,
        State::BootloaderOnly,
    );
    check(
        SerialLog,
        "barebox@TAC:/ dhcp\nunable to handle NULL pointer dereference at address 0x00000130\npc : [<dfc01800>]    lr : [<dfc0f963>]\n",
        Cause::FirmwareBug,
        State::BootloaderOnly,
    );
    check(
        SerialLog,
        "ERROR: FIT: cannot handle filetype ARM aarch64 Linux image\nERROR: FIT: data couldn't be decompressed\n",
        Cause::FirmwareBug,
        State::BootloaderOnly,
    );
}

#[test]
fn an_arrow_is_no_prompt() {
    check(
        SerialLog,
        "U-Boot 2018.11 (Nov 16 2018 - 00:56:34 +0000)\nDRAM:  1 GiB\nMMC:   FSL_SDHC: 0, FSL_SDHC: 1\nOut:   serial\nErr:   serial\n---> hangs\n",
        Cause::BootloaderCorrupt,
        State::BootloaderFailing,
    );
}

#[test]
fn flash_that_is_locked_or_not_reached() {
    check(
        SerialLog,
        "jffs2_build_filesystem(): erasing all blocks after the end marker...\njffs2: Erase at 0x009e0000 failed immediately: -EROFS. Is the sector locked?\n",
        Cause::FirmwareBug,
        State::BootsDegraded,
    );
    let action = check(
        SerialLog,
        "[689200.631152] spi-nor spi0.0: SPI transfer failed: -110\n[689200.631280] spi_master spi0: failed to transfer one message from queue\n[689300.2] SQUASHFS error: Failed to read block 0x2bb912: -5\n",
        Cause::FlashHardwareFault,
        State::BootsDegraded,
    );
    assert_eq!(action, Some(Action::InstallOtherBuild));
    check(
        SerialLog,
        "[   25.600237] mount_root: Could not open mtd device: /dev/mtd4\n[   25.634674] mount_root: reading rootfs_data failed\n",
        Cause::FirmwareBug,
        State::BootsDegraded,
    );
}

#[test]
fn healthy_starts_that_look_like_more() {
    let healthy = |text: &str| {
        check(SerialLog, text, Cause::NoFault, State::Healthy);
    };
    // The first processor's loader starts the second one's, which is the same program.
    healthy(
        "U-Boot SPL 2023.10 (Aug 03 2023 - 00:09:14 +0200)\nTrying to boot from MMC1\nNOTICE:  BL31: v2.9\n\nU-Boot SPL 2023.10 (Aug 03 2023 - 00:09:14 +0200)\nTrying to boot from MMC1\n\nU-Boot 2023.10 (Aug 03 2023 - 00:09:14 +0200)\nDRAM:  2 GiB\nHit any key to stop autoboot:  0\n",
    );
    // It came up after what failed before, and the log is cut there.
    healthy(
        "U-Boot 2021.04 (Mar 16 2021 - 18:03:14 +0800)\nDRAM:  16 GiB\nlibfdt fdt_check_header(): FDT_ERR_BADMAGIC\nStarting kernel ...\n[    0.000000] Linux version 5.10.15 (gcc) #1\n[    0.000000] efi: UEFI not found.\n[    0.000000] Zone ranges:\n[    0.000000] percpu: Embedded 26 pages/cpu s669\n",
    );
}

#[test]
fn somebody_who_works_at_a_prompt() {
    check(
        SerialLog,
        "U-Boot 2024.01 (Dec 28 2023 - 13:15:53 +0800)\nDRAM:  63.3 MiB\nIn:    serial@4140000\nNet:   No ethernet found.\nmilkv_duo# cpu detail\n  0: cpu@0      rv64imafdc\nmilkv_duo#\n",
        Cause::NoFault,
        State::Healthy,
    );
}

#[test]
fn what_is_tried_and_what_is_warned_of_is_no_fault() {
    check(
        SerialLog,
        "VFS: Mounted root (squashfs filesystem) readonly on device 31:3.\nStarting syslogd: OK\nStarting mdev...\nF2FS-fs (mmcblk0p1): Can't find valid F2FS filesystem in 1th superblock\nStarting network: OK\nStarting crond: OK\n",
        Cause::NoFault,
        State::Healthy,
    );
    check(
        SerialLog,
        "Hit any key to stop autoboot:  0\n[04.685]Starting kernel ...\n[    0.000000] Linux version 4.9.170 (gcc) #17 SMP\n[    0.000000] Boot CPU: AArch64 Processor [410fd034]\n[    0.251878] sunxi_i2c_probe()2209 - [i2c3] warning: failed to get regulator id\n",
        Cause::NoFault,
        State::Healthy,
    );
}

#[test]
fn a_flash_that_fails_a_command_at_the_prompt() {
    check(
        SerialLog,
        "Hit any key to stop autoboot:  0\n=> sf update ${loadaddr} 0x400000 0x10\nSF: Detected s28hs512t with page size 256 Bytes\nSPI flash failed in read step\n=>\n",
        Cause::FlashHardwareFault,
        State::BootloaderOnly,
    );
}

#[test]
fn a_file_system_that_the_loader_reads() {
    check(
        SerialLog,
        "Loading file 'kernel/uImage' to addr 0x22000000 with size 2968536 (0x002d4bd8)...\nUBIFS error (pid 0): ubifs_read_node: bad node type (255 but expected 1)\nUBIFS error (pid 0): do_readpage: cannot read page 178 of inode 1244, error -22\nError reading file 'kernel/uImage'\n",
        Cause::RootfsCorrupt,
        State::BootloaderOnly,
    );
}

#[test]
fn files_that_a_boot_loader_does_not_take() {
    check(
        SerialLog,
        "Loader:raw Filesys:memory Dev:eth0 File::0x807ae1b0 Options:(null)\nLoading: PANIC: out of memory!\n",
        Cause::ImageTooLarge,
        State::BootloaderOnly,
    );
    let action = check(
        SerialLog,
        "Reading from 0x807ae1b0: CODE Pattern is incorrect! (E900)\nThe file transferred is not a valid firmware image.\n",
        Cause::ImageWrongDevice,
        State::RefusedUnharmed,
    );
    assert_eq!(action, Some(Action::ReflashCorrectImage));
    check(
        SerialLog,
        "Writing EEPROM\n+EEPROM ERROR sector-erase: 0x0 0x0\n\nUpdate failed\nErasing EEPROM\nEEPROM error chip-erase: 0x0 0\n",
        Cause::FlashHardwareFault,
        State::RecoveryMode,
    );
}

#[test]
fn commands_that_the_loader_cannot_take_as_they_are_written() {
    let action = check(
        SerialLog,
        "tftp 80800000 zImage\nbootz 80800000 – 83000000\nWrong Ramdisk Image Format\nRamdisk image is corrupt or invalid\n",
        Cause::ToolMismatch,
        State::BootloaderOnly,
    );
    assert_eq!(action, Some(Action::ChangeToolOrOption));
    check(
        SerialLog,
        "cam # setenv uk 'mw.b 0x82000000 ff; tftp 0x82000000 uImage'\n** Too many args (max. 16) **\n",
        Cause::ToolMismatch,
        State::BootloaderOnly,
    );
    check(
        SerialLog,
        "USB:   (port 0) scanning bus for devices...\n      USB device not responding, giving up (status=0)\n",
        Cause::LinkFault,
        State::BootloaderOnly,
    );
}

#[test]
fn flash_that_is_empty_and_a_server_without_the_file() {
    check(
        SerialLog,
        "ubi0: attaching mtd1\nubi0: empty MTD device detected\nUBIFS error (pid: 229): cannot open \"ubi:rootfs\", error -19\n",
        Cause::RootfsMissing,
        State::KernelHang,
    );
    let action = check(
        SerialLog,
        "eth0: DHCP client bound to address 192.168.203.31\ncould not open /mnt/tftp/none-linux: No such file or directory\n",
        Cause::ToolMismatch,
        State::BootloaderOnly,
    );
    assert_eq!(action, Some(Action::ChangeToolOrOption));
}

#[test]
fn the_rom_menu_and_slots_of_an_updater() {
    check(
        SerialLog,
        "E\n?\nh/? - print this help screen\nx y - change the boot mode, where y is in hex\na - UART control passed to AP CPU ROM\nc - UART control passed to CM3 CPU ROM\n",
        Cause::BootloaderCorrupt,
        State::BootloaderFailing,
    );
    let action = check(
        ToolOutput,
        "rauc-Message: 17:23:07.807: installing /tmp/a.raucb:  80% Updating slots\nLastError: Installation error: Failed updating slot rootfs.1: opening output device failed: Device or resource busy\n",
        Cause::ToolMismatch,
        State::RefusedUnharmed,
    );
    assert_eq!(action, Some(Action::ChangeToolOrOption));
    check(
        ToolOutput,
        "Update Module output (stderr): ERR: could not identify current boot slot\nUpdate Module output (stderr): Mounted root does not match boot loader environment (/dev/mmcblk0p2)!\n",
        Cause::BootEnvironmentCorrupt,
        State::RefusedUnharmed,
    );
}

#[test]
fn a_checksum_of_the_loaders_settings_is_not_that_of_a_file() {
    let action = check(
        Symptom,
        "fw_setenv changes the value as expected. When uboot loads in the next power cycle it complains about bad CRC and loads default environment instead.",
        Cause::BootEnvironmentCorrupt,
        State::Healthy,
    );
    assert_eq!(action, Some(Action::FixBootEnvironment));
    check(
        Symptom,
        "The variables that I save are gone, after each power cycle U-Boot falls back to the default environment.",
        Cause::BootEnvironmentCorrupt,
        State::BootloaderOnly,
    );
    check(
        Symptom,
        "mender install executes without error. But after the reboot the system still uses the same partition.",
        Cause::BootEnvironmentCorrupt,
        State::Healthy,
    );
    check(
        Symptom,
        "I always see: Warning: bad CRC, using default environment. Then it goes on, Debian comes up, I can log in, everything runs.",
        Cause::NoFault,
        State::Healthy,
    );
}
