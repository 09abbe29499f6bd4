//! What is concluded from what flashing tools, probes and updaters print, each in the fewest lines that it prints.

use debrick_diagnose::Evidence;
use debrick_model::{Cause as C, EvidenceKind, State as S};

use crate::{by_rules, likely, of_text};

use EvidenceKind::{SerialLog, Symptom, ToolOutput};

#[track_caller]
fn check(kind: EvidenceKind, text: &str, cause: C, state: S) {
    let diagnosis = of_text(kind, text);
    let likely = likely(&diagnosis);
    assert_eq!((diagnosis.cause(), diagnosis.state), (cause, state), "{text}: {likely:?}");
}

/// avrdude takes its leave in the same words whatever happened.
#[test]
fn a_farewell_is_no_success() {
    let failed = "avrdude: device signature = 0xffffff (probably .avr8x)\navrdude error: Yikes!  Invalid device signature.\navrdude error: expected signature for AVR16EB28 is 1E 94 3F\n\navrdude done.  Thank you.";
    check(ToolOutput, failed, C::LinkFault, S::Unknown);
    let read = "avrdude: reading signature memory ...\n0x1e,0x95,0x41\n\navrdude done.  Thank you.";
    check(ToolOutput, read, C::NoFault, S::RecoveryMode);
}

#[test]
fn probes_that_lose_their_chip() {
    for text in [
        "Successfully loaded flash loader in sram\nERROR src/flash_loader.c: flash loader run error",
        "pyocd.core.exceptions.FlashFailure: flash init failure (result code 0xffff3210)",
        "Loading image into RAM\nError: Failed to write memory at 0x24100000",
        "Parsing hex file.\nERROR: The area to write is not erased.",
        "Error: The flashing procedure failed for 'target/app'.\nCaused by:\n    1: Something during the interaction with the core went wrong\n    2: A timeout occurred.",
    ] {
        check(ToolOutput, text, C::ToolMismatch, S::RecoveryMode);
    }
}

#[test]
fn programmers_that_read_no_chip() {
    check(ToolOutput, "init..\nflash ID: 0x00 0x00 0x00\nBye.", C::LinkFault, S::Unknown);
    let text = "Detail: \nJedec ID          : ff\nmemory type       : ff";
    check(ToolOutput, text, C::LinkFault, S::Unknown);
}

#[test]
fn what_a_user_may_not_do() {
    let text = "Description = IPMI execution failed\nHTTP code: 403 (Forbidden)\nNot licensed to perform this request.";
    check(ToolOutput, text, C::ToolMismatch, S::RefusedUnharmed);
}

#[test]
fn parts_without_the_mark_that_an_old_loader_looks_for() {
    let text = "DDR Version 1.04 20140217\nstart_linux=====259477\nE:Invaid tag(0x4D524150)!\nLoad failed!\nUsbBoot 265826";
    check(SerialLog, text, C::ImageCorrupt, S::RecoveryMode);
}

/// A version of a tool is not one of the unit's firmware.
#[test]
fn a_version_of_a_tool_that_works() {
    let text = "With bossac 1.9.1 it fails with an error. 1.7.0 works.";
    assert_eq!(of_text(Symptom, text).cause(), C::ToolMismatch);
}

#[test]
fn a_device_that_was_opened_after_all() {
    let text = "Cannot open DFU device 0483:df11\nOpening DFU capable USB device...\nDetermining device status: state = dfuIDLE, status = 0\nDownloading to address = 0x08000000, size = 48244\nError during special command \"ERASE_PAGE\" get_status";
    check(ToolOutput, text, C::LinkFault, S::RecoveryMode);
}

#[test]
fn a_script_that_names_no_file_of_this_computer() {
    let text = "Wait for Known USB Device Appear...\nError: fail open file: /tmp/uuu.lst";
    assert_eq!(of_text(ToolOutput, text).cause(), C::ToolMismatch);
}

/// What tools of a running system say of the flash is not what stops a kernel.
#[test]
fn flash_that_a_running_system_works_on() {
    let text = "ubirmvol: error!: cannot find UBI volume \"pnor-rw\"\n          error 19 (No such device)";
    check(ToolOutput, text, C::FirmwareBug, S::RefusedUnharmed);
    let text = "[ERROR] : SWUPDATE failed [0] ERROR : cannot attach mtd0 - maybe not a NAND or raw device";
    check(ToolOutput, text, C::NoFault, S::Healthy);
    let text = "upgrade: Performing system upgrade...\nubi0: MTD device 6 is write-protected, attach in read-only mode\nubiattach: error!: cannot attach mtd6\nubiformat: error!: cannot open \"/dev/mtd6\"\n       error 13 (Permission denied)";
    assert_eq!(of_text(ToolOutput, text).cause(), C::FirmwareBug);
    let text = "kernel: blk_update_request: I/O error, dev ubiblock4_0, sector 0";
    assert_eq!(of_text(SerialLog, text).cause(), C::ImageIncomplete);
    let text =
        "UBI error: cannot attach mtd2\nUBI error: cannot initialize UBI, error -22\nUBI init error 22";
    check(SerialLog, text, C::RootfsCorrupt, S::BootloaderOnly);
}

#[test]
fn loaders_that_do_not_find_the_next_one() {
    let text = "U-Boot SPL 2017.09 (Feb 19 2018 - 18:43:53)\nTrying to boot from SPI\n\"Synchronous Abort\" handler, esr 0x02000000\nResetting CPU ...";
    check(SerialLog, text, C::BootloaderCorrupt, S::BootloaderFailing);
    let text = "Failed to open \\EFI\\BOOT\\grubx64.efi - Not Found\nFailed to load image \\EFI\\BOOT\\grubx64.efi: Not Found";
    check(SerialLog, text, C::BootloaderCorrupt, S::BootloaderFailing);
    let text = "Raspberry Pi Bootcode\n\nNo SD card found, try USB\nTrying USB";
    assert_eq!(of_text(SerialLog, text).cause(), C::RecoveryMediaWrong);
    let text =
        "U-Boot SPL 2020.04 (May 28 2021 - 06:32:44 +0000)\nDDRINFO: ddrmix config done\nBack to ROM, SDP";
    check(SerialLog, text, C::ToolMismatch, S::RecoveryMode);
}

/// Who says that an application does not run, denies that the unit is well.
#[test]
fn what_was_started_and_does_not_run() {
    let log =
        "*** Booting Zephyr OS build v3.2.99 ***\nI: Starting bootloader\nI: Jumping to the first image slot";
    let evidence = [
        Evidence { kind: Symptom, name: "said".into(), text: "The application does not run.".into() },
        Evidence { kind: SerialLog, name: "log".into(), text: log.into() },
    ];
    let diagnosis = by_rules(&evidence);
    assert_eq!(diagnosis.cause(), C::FirmwareBug, "{:?}", diagnosis.findings);
    check(
        Symptom,
        "I ran flash erase dev mtd0, thinking it was the eMMC, and now it does not boot at all.",
        C::BootloaderCorrupt,
        S::NoOutput,
    );
}

#[test]
fn what_grub_and_shim_do_not_find() {
    for text in [
        "error: no such device: windows10.\nPress any key to continue...",
        "error: file '/boot/initrd.img' not found.\nPress any key to continue...",
        "error: unknown filesystem.\nEntering rescue mode...\ngrub rescue>",
    ] {
        check(SerialLog, text, C::BootEnvironmentCorrupt, S::BootloaderOnly);
    }
    check(SerialLog, "error: premature end of file /boot/vmlinuz.", C::ImageIncomplete, S::BootloaderOnly);
    check(
        SerialLog,
        "error: failure reading sector 0x0 from `hd0'.",
        C::FlashHardwareFault,
        S::BootloaderOnly,
    );
    let text = "Verifying shim SBAT data failed: Security Policy Violation";
    check(SerialLog, text, C::VerifiedBootRejected, S::BootloaderFailing);
}

#[test]
fn espressif_chips_and_their_tools() {
    let text = "E (512) nvs: Failed to read NVS security cfg: [0x1117] (ESP_ERR_NVS_CORRUPT_KEY_PART)";
    assert_eq!(of_text(SerialLog, text).cause(), C::SettingsCorrupt);
    let text = "ets Jan  8 2013,rst cause:1, boot mode:(7,7)\nwaiting for host";
    check(SerialLog, text, C::LinkFault, S::BootloaderFailing);
    let text = "ets Jan  8 2013,rst cause:1, boot mode:(3,7)\nets_main.c";
    check(SerialLog, text, C::ImageIncomplete, S::BootloaderFailing);
    let text = "Stub running...\nA fatal error occurred: Guru Meditation Error detected";
    check(ToolOutput, text, C::ToolMismatch, S::RecoveryMode);
    check(ToolOutput, "Failed to enter Flash download mode", C::BootloaderLocked, S::RefusedUnharmed);
}

#[test]
fn measures_of_a_board() {
    check(ToolOutput, "$ vcgencmd get_throttled\nthrottled=0x0", C::NoFault, S::Healthy);
    let text = "Not enough space for initrd in MTD 'RootFS1' (need 9670100 but is actually 9437184).";
    check(ToolOutput, text, C::ImageTooLarge, S::RefusedUnharmed);
}

#[test]
fn slots_of_a_system() {
    let text = "Jul 22 20:01:27 unit rauc[335]: installing `/mnt/data/os.raucb` succeeded\nJul 22 20:06:09 unit rauc[360]: rauc mark: marked slot kernel.1 as good";
    check(SerialLog, text, C::NoFault, S::Healthy);
    let text =
        "boot_slots:\n  A:\n    state: booted\n    status: good\n  B:\n    state: inactive\n    status: bad";
    check(ToolOutput, text, C::FirmwareBug, S::Healthy);
}

#[test]
fn boot_roms_that_answer() {
    let text = "Starting recovery of imx6ull board\nJumping to SPL...\nTraceback\nhid.HIDException: Success";
    assert_eq!(of_text(ToolOutput, text).state, S::RecoveryMode);
    let text = "[INFO] Starting recovery of imx95 board\n[WARNING] Failed to get configuration descriptor for device at 1-3.3!";
    check(ToolOutput, text, C::HostPermission, S::RecoveryMode);
    let text = ">Reading file: C:/coordinator.hex.\n>Unknown record type: 3.\n>Reset target ...\n>Reset of target successful.";
    assert_eq!(of_text(ToolOutput, text).cause(), C::ImageWrongDevice);
    let text =
        "dfu-util: No DFU capable USB device available\nFailed to flash to 0483:df11: Error running dfu-util";
    check(ToolOutput, text, C::NotInRecoveryMode, S::Unknown);
}

#[test]
fn a_program_that_starts_for_the_first_time() {
    let text = "Hash of data verified.\nShowing logs:\n[11:16:25][C][ota:452]: There have been 0 suspected unsuccessful boot attempts.";
    assert_eq!(of_text(ToolOutput, text).cause(), C::NoFault);
}

#[test]
fn loaders_that_stop_between_two_stages() {
    let text = "Second stage boot server\nFile read: start4.elf\nCannot open file fixup4.dat";
    check(ToolOutput, text, C::ToolMismatch, S::RecoveryMode);
    let text = "Getting bus success!\nReading 0x00... failed with serial.BytesToRead 4056";
    check(ToolOutput, text, C::LinkFault, S::RecoveryMode);
    let text = "Atmel SMART device 0x10010005 found\nSAM-BA operation failed";
    check(ToolOutput, text, C::ToolMismatch, S::RecoveryMode);
    check(ToolOutput, "SAM-BA operation failed", C::NotInRecoveryMode, S::Unknown);
    let text = "Xilinx First Stage Boot Loader\nQSPI Init Done\nPartition Header Offset:0x88888888";
    assert_eq!(of_text(SerialLog, text).state, S::BootloaderFailing);
}

#[test]
fn updates_that_fall_back_or_are_not_taken() {
    let text = "[W][safe_mode:094]: OTA rollback detected! Rolled back from partition 'app1'";
    check(SerialLog, text, C::FirmwareBug, S::Healthy);
    let text = "WARNING: UEFI capsule updates not available or enabled in firmware setup\nDevices with no available firmware updates:";
    check(ToolOutput, text, C::ToolMismatch, S::RefusedUnharmed);
    let text = "Firmware upload successful. Attempting to activate firmware\nFirmware activation Successful";
    check(ToolOutput, text, C::NoFault, S::Healthy);
}

#[test]
fn chips_that_refuse_what_a_tool_writes() {
    let text = "Fault writing memory (DMABSTRACTS = 08000402) (Processor not halted.) DMSTATUS: 004c0c82\nError: Option Byte Unlock Failed";
    check(ToolOutput, text, C::LinkFault, S::Unknown);
    let text = "Error: Flash is not unlocked (CTLR = 00008080)\nWRPTRERR is set. Write failed";
    assert_eq!(of_text(ToolOutput, text).cause(), C::BootloaderLocked);
    let text = "Downloading bootloader succeeded.\nDid not find any rockusb device, please plug device in!";
    check(ToolOutput, text, C::ToolMismatch, S::RecoveryMode);
    let text = "Writing segments\nError: Unexpected reply 0x00fe (expected ACK)\nError writing block 0 of 1";
    check(ToolOutput, text, C::ToolMismatch, S::RecoveryMode);
    let text =
        "Uh oh. Erase/write failed.\nYour flash chip is in an unknown state.\nDO NOT REBOOT OR POWEROFF!";
    check(ToolOutput, text, C::ToolMismatch, S::Healthy);
    let text = "<err> mcumgr_img_grp: Image upload inspect failed: 5";
    check(SerialLog, text, C::ToolMismatch, S::Healthy);
}

#[test]
fn boot_loaders_that_take_no_applet_and_boards_that_blink() {
    let text = "Connection opened.\nError: Could not initialize applet (status: undefined)";
    check(ToolOutput, text, C::ToolMismatch, S::RecoveryMode);
    check(ToolOutput, "Found device but unable to open", C::HostPermission, S::RecoveryMode);
    let text = "output size: 172032, start address: 0x2000\nNo drive to deploy.";
    check(ToolOutput, text, C::NotInRecoveryMode, S::Unknown);
    let text = "MtdRewrite: rewrite failed. Maybe this is a bad block.\n*** ERROR: Write failed at block @ 0x00540000";
    check(SerialLog, text, C::FlashHardwareFault, S::BootloaderOnly);
    let text = "The SD card is out, and the green LED blinks 4 times.";
    assert_eq!(of_text(Symptom, text).cause(), C::NoFault);
}

#[test]
fn words_within_words_and_names_of_files() {
    let uuu = "Success 1    Failure 0\n3:7-120D2800 1/ 1 [=100%=] SDPS: boot -f ../imx-boot-recoverytezi";
    check(ToolOutput, uuu, C::NoFault, S::RecoveryMode);
    let secured = "Error: Failed to read memory at 0xe000ed00\nWarn : **** Your Kinetis MCU is in secured state, which means that,  ****";
    check(ToolOutput, secured, C::BootloaderLocked, S::RefusedUnharmed);
    let edl = "main - Trying with no loader given ...\nmain - Device detected :)\nmain - Mode detected: firehose\nfirehose - TargetName=MSM8916\nTotal disk size:0x1d2000000, sectors:0xe90000";
    check(ToolOutput, edl, C::NoFault, S::RecoveryMode);
    let lost =
        "Writing 'boot_a'  OKAY [  0.071s]\nSending 'dtbo_a'  FAILED (Status read failed (No such device))";
    check(ToolOutput, lost, C::LinkFault, S::RecoveryMode);
    let update = "E (136196) esp_image: Checksum failed. Calculated 0xe0 read 0x2\nE (136196) esp_ota_ops: New image failed verification\nE (136206) ota: Firmware upgrade failed";
    check(SerialLog, update, C::ImageCorrupt, S::RefusedUnharmed);
}

#[test]
fn flash_that_is_locked_full_or_does_not_get_on() {
    let locked = "Trying to erase the same block (iteration: 3)\nError 7: Hardware sequencing failed. Make sure that you have access to target flash area!";
    check(ToolOutput, locked, C::BootloaderLocked, S::RefusedUnharmed);
    let full = "Installation error: Error while writing status file: Failed to write file /opt/slot.raucs: write() failed: No space left on device";
    assert_eq!(of_text(ToolOutput, full).cause(), C::StorageFull);
    let storage = "Downloading bootloader succeeded.\nWrite LBA from file (25%)\nWrite LBA failed!";
    check(ToolOutput, storage, C::FlashHardwareFault, S::RecoveryMode);
    let begun = "Erasing sector 0000 @: 0x08000000 done\nError: failed to erase memory";
    check(ToolOutput, begun, C::BootloaderLocked, S::RecoveryMode);
    let layout = "FREG5: Device Expansion region (0x00f7f000-0x00ffffff) is locked.\nAt least some flash regions are read protected. You have to use a flash layout.\nOK.\nFound Programmer flash chip on internal.\nFailed to get WP status: WP operations are not implemented for this chip";
    assert_eq!(of_text(ToolOutput, layout).cause(), C::NoFault);
    let anew = "[ 138.064394] ubi0 error: ubi_attach_mtd_dev: failed to attach mtd6, error -22\nubiattach: error!: cannot attach mtd6\nubiformat: formatting eraseblock 896 -- 100 % complete\nsysupgrade successful\n[ 147.413134] reboot: Restarting system";
    check(SerialLog, anew, C::NoFault, S::Healthy);
}

#[test]
fn tools_that_return_to_the_shell_and_builds_that_end_with_a_number() {
    let back = "[user@host tmp]$ rp2040-flash firmware.uf2 --wait\nfailed to detect any devices, waiting...\n#1  sdc\nFlashing......\nDone.\n[user@host tmp]$";
    check(ToolOutput, back, C::NoFault, S::Healthy);
    let make = "Programming 0x4E00 bytes...\nValidating...  Success\n0x4E00 bytes written into 0x7000 bytes memory (69.64%).\ngmake[1]: *** [platforms/avr/flash.mk:173: flash] Error 254";
    assert_eq!(of_text(ToolOutput, make).cause(), C::NoFault);
    let script = "Info : clock speed 2000 kHz\nin procedure 'sflash_write_file' \nin procedure 'ocd_bouncer'";
    assert_eq!(of_text(ToolOutput, script).cause(), C::LinkFault);
    let rom = "Verifying flash... FAILED at 0x00000010! Expected=0x5a, Found=0xff\nAn error occurred flashing the Full ROM firmware. DO NOT REBOOT!";
    check(ToolOutput, rom, C::ToolMismatch, S::Healthy);
}

#[test]
fn stores_servers_and_loaders_that_stop_in_between() {
    let full = "Scheduling…  [****]\nfailed to write data to efivarfs: Error writing to file descriptor: No space left on device";
    check(ToolOutput, full, C::StorageFull, S::Healthy);
    let server = "ERROR: Failed to connect\nERROR: Response status (null) while downloading\n  https://sysupgrade.openwrt.org/json/v1/overview.json";
    check(ToolOutput, server, C::LinkFault, S::Healthy);
    let lost = "Connecting to target...\n    Erase done\nWriting 360448 bytes starting at address 0x00000000\nERROR: Timeout waiting for ACK/NACK after 'Send data (0x24)'";
    check(ToolOutput, lost, C::LinkFault, S::RecoveryMode);
    let freed = "[WARN] Flash is protected, unprotecting...\n[INFO] Flashing 3124 bytes to 0x08000000\n[INFO] Read protected: false\n[INFO] Flash done\n[INFO] Now reset...";
    assert_eq!(of_text(ToolOutput, freed).cause(), C::NoFault);
}

#[test]
fn a_chip_behind_its_programmer_that_does_not_answer() {
    let text = "avrdude: warning: cannot set sck period. please check for usbasp firmware update.\navrdude: error: program enable: target doesn't answer. 1\navrdude: initialization failed, rc=-1\n         Double check connections and try again, or use -F to override\n         this check.\navrdude done.  Thank you.";
    check(ToolOutput, text, C::LinkFault, S::Unknown);
}

/// A command that the unit does not know, and one that it misunderstood.
#[test]
fn commands_that_fastboot_does_not_know() {
    check(
        ToolOutput,
        "Writing 'boot_a' FAILED (remote: 'unknown command')",
        C::ToolMismatch,
        S::RefusedUnharmed,
    );
    let text = "Sending 'boot_a' (17772 KB) FAILED (remote: 'unknown command')";
    check(ToolOutput, text, C::LinkFault, S::RecoveryMode);
}

#[test]
fn complaints_after_the_work_is_done_and_of_what_may_come() {
    let text = "DFU mode device DFU version 0110\nCopying data from PC to DFU device\nDownload\t[=========================] 100%        36780 bytes\nDownload done.\nstate(7) = dfuMANIFEST, status(0) = No error condition is present\ndfu-util: unable to read DFU status after completion";
    assert_eq!(of_text(ToolOutput, text).cause(), C::NoFault);
    let text = "avrdude: WARNING: invalid value for unused bits in fuse \"fuse5\", should be set to 1 according to datasheet\nThis behaviour is deprecated and will result in an error in future version";
    assert_eq!(of_text(ToolOutput, text).cause(), C::NoFault);
}

#[test]
fn a_kernel_that_tells_of_no_trouble_and_one_with_fewer_processors() {
    let text = "[    1.173776] ipqess-edma c080000.ethernet: of_get_ethdev_address: -517\n[    1.614607] ipqess-edma c080000.ethernet eth0: entered promiscuous mode\n[    5.246105] ipqess-edma c080000.ethernet eth0: configuring for fixed/internal link mode\n[    5.260754] ipqess-edma c080000.ethernet eth0: Link is Up - 1Gbps/Full - flow control rx/tx";
    check(SerialLog, text, C::NoFault, S::Healthy);
    let text = "[    5.095816] CPU1: failed to come online\n[    5.095892] smp: Brought up 1 node, 1 CPU\n[    5.095898] SMP: Total of 1 processors activated.";
    check(SerialLog, text, C::FirmwareBug, S::BootsDegraded);
}

#[test]
fn units_whose_people_see_one_light_or_no_way_to_unlock() {
    let text = "I uploaded the file, it rebooted and nothing. No leds blinking, only the power led is on.";
    assert_ne!(of_text(Symptom, text).cause(), C::PowerFault);
    let text = "The \"OEM unlocking\" switch in the developer options is greyed out.";
    assert_eq!(of_text(Symptom, text).cause(), C::BootloaderLocked);
}

#[test]
fn tools_that_close_what_failed() {
    let closed = "############ ---- 60%\nFailed to send data frame, check that the serial port is normal.\nFailed to download File!\n\nUSB channels were closed successfully.";
    let diagnosis = of_text(ToolOutput, closed);
    assert_ne!(diagnosis.cause(), C::NoFault);
    assert_ne!(diagnosis.state, S::Healthy);
    let held = "Start Download\nDownload Fail:QPST Is running\nFinish Download";
    assert_eq!(of_text(ToolOutput, held).cause(), C::HostPortConflict);
    let refused = "Found devices:\n 1: [SC64] at port [serial://COM8]\nIO error: Acesso negado. (os error 5)";
    assert_eq!(of_text(ToolOutput, refused).cause(), C::HostPortConflict);
    let packed =
        "installer: checksum is OK\n0+0 records in\n0+0 records out\ngzip: corrupted data\nSetting up /dev";
    check(ToolOutput, packed, C::ImageCorrupt, S::RecoveryMode);
    let unsigned = "recv (8):\n7e 00 a6 00 00 0f 3c 7e\nunexpected response (0x00a6)";
    check(ToolOutput, unsigned, C::VerifiedBootRejected, S::RecoveryMode);
    let outside =
        "error: In application programming aborted due to an out of bounds address.\ntype: interface";
    assert_eq!(of_text(ToolOutput, outside).cause(), C::ImageWrongDevice);
    let apple = "Found device in DFU mode\nSending iBSS (80410 bytes)...\nERROR: Device did not disconnect. Possibly invalid iBSS. Reset device and try again.";
    check(ToolOutput, apple, C::LinkFault, S::RecoveryMode);
}

#[test]
fn units_that_update_themselves() {
    let found = "MQT: stat/tasmota/UPGRADE = {\"Upgrade\":\"Failed File Not Found (404)\"}";
    check(SerialLog, found, C::ToolMismatch, S::Healthy);
    let done = "[D][ota:353]: OTA in progress: 99.7%\n[I][ota:377]: OTA update finished!\n[I][helpers:266]: Rebooting safely... Reason: 'ota'\nrst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)";
    check(SerialLog, done, C::NoFault, S::Healthy);
}

#[test]
fn tools_that_are_done_and_wait_for_the_next_unit() {
    for done in [
        "[INFO ] -> Waiting for devices...\n[INFO ] -> Device found! model=RB450\n[INFO ] -> Rebooting unit\n[INFO ] -> Flashing done\n[INFO ] -> Waiting for devices...",
        "Kernel updated to 2023-05-01\nVerifying data: 4820k/4820k (100%)\nRootFS updated to 2023-05-01\nlosetup: /dev/loop0: No such device or address\nUnconditional reboot",
        "If the board does not respond, unplug and re-plug the USB connector.\nErase  : 100.0%\nProgram: 100.0%\nVerify : 100.0%\nRebooting. Elapsed Time 34.281",
        "Erasing SPI flash.\nWriting 35444 bytes at 0x000000.\nResetting HackRF.\nFirmware Version: 2021.03.1",
    ] {
        assert_eq!(of_text(ToolOutput, done).cause(), C::NoFault, "{done}");
    }
    let again = "Loaded firmware, size: 994256 bytes\nattempting reboot on /dev/unit...\nattempting reboot on /dev/unit...\nattempting reboot on /dev/unit...\nattempting reboot on /dev/unit...";
    assert_eq!(of_text(ToolOutput, again).cause(), C::NotInRecoveryMode);
}

#[test]
fn flash_that_does_not_hold_what_is_written() {
    let part = "  file loaded (15497 lines read).\nwriting page  65/128.verification error... Have you erased before write ?";
    assert_eq!(of_text(ToolOutput, part).state, S::RecoveryMode);
    let blocks = "spi_nand_erase_block : erase block fail, block = 0x0, status = 0x4\nStatus: BAD(-1)";
    check(ToolOutput, blocks, C::FlashHardwareFault, S::RecoveryMode);
    let sums =
        "[spinand_ecc_fail_check] : ECC cannot recover detected !, page = 0x0\nRead 0%\nStatus: BAD(-1)";
    assert_eq!(of_text(ToolOutput, sums).cause(), C::ToolMismatch);
}

#[test]
fn adapters_that_are_not_there_and_ports_of_the_unit() {
    let text = "Info : esp_usb_jtag: VID set to 0x303a and PID to 0x1001\nError: esp_usb_jtag: could not find or open device!\n\nError: Unsupported xlen: -1\nError: Unknown target arch!";
    assert_eq!(of_text(ToolOutput, text).cause(), C::LinkFault);
    assert_ne!(of_text(Symptom, "The USB port of the router doesn't work.").cause(), C::LinkFault);
}

#[test]
fn partitions_that_are_not_found_and_adapters_that_are_taken_away() {
    let text = "Couldn't detect existing seccfg partition. Aborting unlock.";
    assert_eq!(of_text(ToolOutput, text).cause(), C::ToolMismatch);
    let text = "[1182096.803145] usb 1-9: usbfs: interface 0 claimed by ch341 while 'brltty' sets config #1\n[1182096.803731] ch341-uart ttyUSB0: ch341-uart converter now disconnected from ttyUSB0";
    assert_eq!(of_text(SerialLog, text).cause(), C::HostPortConflict);
    let text = "[    8.531720] kmodloader: 1 module could not be probed\n[    8.532613] kmodloader: - leds-mlxcpld - 0";
    assert_eq!(of_text(SerialLog, text).cause(), C::NoFault);
}

/// What goes wrong lies elsewhere than in the part that the last line names.
#[test]
fn what_is_behind_the_last_line() {
    check(
        ToolOutput,
        "rauc-Message: installing /bundle.raucb: 100% Installing failed.\nLastError: Failed verifying manifest: Invalid compatible: 'A' (mf) does not match 'B' (sys)\n",
        C::ImageWrongDevice,
        S::RefusedUnharmed,
    );
    check(
        ToolOutput,
        "[ERROR] : SWUPDATE failed [0] ERROR swupdate_rsa_verify.c : verify_final : 99 : EVP_DigestVerifyFinal failed, error 0x2000077 0\n",
        C::VerifiedBootRejected,
        S::RefusedUnharmed,
    );
    let streamed = "rauc-nbd[1440]: request failed (no more retries)\nkernel: I/O error, dev nbd0, sector 98816 op 0x0:(READ)\n";
    assert_eq!(of_text(ToolOutput, streamed).cause(), C::LinkFault);
    check(
        ToolOutput,
        "WARNING: No chipset found. Flash detection will most likely fail.\nNo EEPROM/flash device found.\n",
        C::ToolMismatch,
        S::RefusedUnharmed,
    );
    let warned = "Enabling flash write... Warning: Setting BIOS Control at 0xdc from 0x8b to 0x89 failed.\nSPI Configuration is locked down\n";
    assert_eq!(of_text(ToolOutput, warned).cause(), C::NoFault);
    let unread = "SPI Configuration is locked down.\nReading flash... Transaction error between offset 0x00005000 and 0x0000503f!\nRead operation failed!\n";
    assert_eq!(of_text(ToolOutput, unread).cause(), C::BootloaderLocked);
    let blinks = "The onboard LED flashes red in a repeated pattern (4 slow flashes, 4 fast flashes).";
    assert_eq!(of_text(Symptom, blinks).cause(), C::FirmwareBug);
    let refused = "ERROR: writing to /dev/flash.loader failed with Operation not permitted\n";
    assert_ne!(of_text(ToolOutput, refused).cause(), C::HostPermission);
    assert_ne!(of_text(Symptom, "電源オン。").cause(), C::PowerFault);
    let tried = "Flashing ends with failed. Different PC, different cable, different software.";
    assert_ne!(of_text(Symptom, tried).cause(), C::LinkFault);
}
