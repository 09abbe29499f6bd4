//! Lines that sound like trouble in logs of units that are well.

use debrick_diagnose::Evidence;
use debrick_model::{Cause, EvidenceKind};

use crate::{COUNTDOWN, LINUX, UBOOT, by_rules, check_well};

const MOUNTED: &str = "[    2.100000] VFS: Mounted root (squashfs filesystem) readonly on device 31:5.\n";
const LOGIN: &str = "[   12.000000] procd: - init complete -\nPlease press Enter to activate this console.\n";

#[track_caller]
fn check_boot(before_linux: &str, in_linux: &str, after_mount: &str) {
    check_well(
        EvidenceKind::SerialLog,
        &[UBOOT, before_linux, COUNTDOWN, LINUX, in_linux, MOUNTED, after_mount, LOGIN],
    );
}

#[test]
fn a_boot_loader_that_looks_for_parts_that_are_not_there() {
    check_boot(
        "Loading Environment from SPIFlash... *** Warning - bad CRC, using default environment\n",
        "",
        "",
    );
    check_boot("Card did not respond to voltage select! : -110\nNet:   No ethernet found.\n", "", "");
    check_boot(
        "MMC: no card present\n** Bad device specification mmc 1 **\n** File not found /boot/overlay.dtbo **\n",
        "",
        "",
    );
    check_boot("NAND:  No NAND device found!!!\nSF: Unsupported flash IDs: manuf 00, jedec 0000\n", "", "");
}

#[test]
fn a_kernel_that_complains_and_goes_on() {
    check_boot(
        "",
        "[    0.70] nand: Bad eraseblock 12 at 0x000000180000\n[    0.80] ubi0: good PEBs: 1006, bad PEBs: 2, corrupted PEBs: 0\n",
        "",
    );
    check_boot(
        "",
        "[    0.70] mtk-pcie 1e140000.pcie: probe of 1e140000.pcie failed with error -22\n[    0.80] i2c: error -110\n",
        "",
    );
    check_boot("", "[    0.90] platform fe2b0000.mmc: deferred probe pending\n", "");
    check_boot(
        "",
        "[    0.90] GPT:Alternate GPT header not at the end of the disk.\n[    0.91] GPT: Use GNU Parted to correct GPT errors.\n",
        "",
    );
    check_boot(
        "",
        "",
        "[    3.00] UBIFS (ubi0:5): recovery needed\n[    3.10] UBIFS (ubi0:5): recovery completed\n",
    );
    check_boot("", "", "[    3.00] EXT4-fs (mmcblk0p2): recovery complete\n/dev/sda1: recovering journal\n");
    check_boot("", "", "[    5.00] WARNING: CPU: 0 PID: 1 at kernel/irq/manage.c:1234\n");
    check_boot("", "", "Press the [f] key and hit [enter] to enter failsafe mode\n");
    check_boot(
        "",
        "",
        "[    6.00] jffs2_build_filesystem(): erasing all blocks after the end marker... done.\n[    6.10] jffs2: jffs2_scan_eraseblock(): Magic bitmask 0x1985 not found at 0x00010000: 0x2c2c instead\n",
    );
}

#[test]
fn microcontrollers_that_start() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "*** Booting MCUboot v2.1.0 ***\n",
            "I: Primary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3\n",
            "I: Jumping to the first image slot\n",
            "*** Booting Zephyr OS build v3.6.0 ***\n",
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            "ets Jul 29 2019 12:21:46\n",
            "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n",
            "I (29) boot: ESP-IDF v5.1 2nd stage bootloader\n",
            "W (300) spi_flash: Detected boya flash chip but using generic driver.\n",
            "I (320) main_task: Calling app_main()\n",
        ],
    );
}

#[test]
fn tools_that_succeed() {
    let tool = |text: &str| check_well(EvidenceKind::ToolOutput, &[text]);
    tool(
        "dfu-util: Warning: Invalid DFU suffix signature\nFile downloaded successfully\ndfu-util: Error during download get_status\n",
    );
    tool(
        "Sending 'boot_a' (65536 KB)  OKAY [  1.5s]\nWriting 'boot_a'  OKAY [  0.5s]\nFinished. Total time: 2.1s\n",
    );
    tool("serving: 'lineage.zip'  (~47%)\nadb: failed to read command: Success\nTotal xfer: 1.00x\n");
    tool("Reading old flash chip contents... done.\nErase/write done.\nVerifying flash... VERIFIED.\n");
    tool("Uploading firmware.img ... OK\nWaiting for remote to respond.\nTimeout while waiting for 0000.\n");
}

#[test]
fn the_log_of_a_running_system() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "Mon Apr 27 12:33:20 2020 daemon.warn miniupnpd[1503]: HTTP Connection from 0.0.0.0 closed unexpectedly\n",
            "Mon Apr 27 12:33:30 2020 daemon.err miniupnpd[1503]: Failed to convert hostname '::1' to ip address\n",
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            "Tue Jan 26 18:07:52 2021 kern.err kernel: [    0.776539] bam-dma-engine 8e04000.dma: num-channels unspecified in dt\n",
            "Tue Jan 26 18:07:52 2021 kern.err kernel: [    2.513499] zswap: pool creation failed\n",
            "Tue Jan 26 18:07:52 2021 kern.err kernel: [    5.256349] dwc3-qcom 8af8800.usb3: IRQ hs_phy_irq not found\n",
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &[LINUX, MOUNTED, "jffs2_scan_eraseblock(): End of filesystem marker found at 0x0\n"],
    );
}

/// What kept the loader from one medium is over once it has loaded a kernel from another.
#[test]
fn a_loader_that_found_another_way() {
    check_boot("Card did not respond to voltage select!\nBad Linux ARM64 Image magic!\n", "", "");
}

/// Settings, counts and information use words of trouble; programs that run write them all the time.
#[test]
fn an_application_that_runs() {
    let log = |text: &str| check_well(EvidenceKind::SerialLog, &[text]);
    log(
        "I (362) link: scan start success\nI (622) link: connected, latency = 0, supervision_timeout=500\nI (640) link: errors: 0\n",
    );
    log(
        "I (563) wifi:mode : sta\nW (723) phy_init: failed to load RF calibration data (0xffffffff), falling back to full calibration\nI (1533) main: up\n",
    );
    log("sensor> join --timeout 10000 ap\nI (1234) cmd: connected\n");
    log(
        "rst:0x5 (DSLEEP),boot:0xc (SPI_FAST_FLASH_BOOT)\nESP-ROM:esp32c3-api1-20210207\nrst:0x5 (DSLEEP),boot:0xc (SPI_FAST_FLASH_BOOT)\nESP-ROM:esp32c3-api1-20210207\nI (20) main: awake\n",
    );
}

/// Somebody works at the prompt of a boot loader; nobody says that it does not start by itself.
#[test]
fn a_boot_loader_that_is_worked_at() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "RedBoot> fconfig\nRun script at boot: true\nBoot script timeout (1000ms resolution): 10\n",
            "RedBoot> fis list\nName              FLASH addr  Mem addr    Length      Entry point\n",
            "FIS directory     0xA87E0000  0xA87E0000  0x0000F000  0x00000000\n",
        ],
    );
}

/// A log of which the end was left out says nothing of how it ended.
#[test]
fn a_log_that_was_cut() {
    check_well(EvidenceKind::SerialLog, &[UBOOT, "Starting kernel ...\n", "...\n"]);
    check_well(
        EvidenceKind::SerialLog,
        &[UBOOT, COUNTDOWN, LINUX, "[    0.000000] Machine model: board\n[    0.100000] CPU: ready\n"],
    );
}

/// What failed before a stage got further did not keep it from getting there.
#[test]
fn a_stage_that_got_further() {
    let log = |parts: &[&str]| check_well(EvidenceKind::SerialLog, parts);
    log(&[
        UBOOT,
        "Loading Environment from FAT... Card did not respond to voltage select!\n** Bad device mmc 1 **\nFailed (-5)\n",
        "In:    serial\nNet:   eth0: ethernet@1c30000\n",
    ]);
    log(&[
        "Trying partition: 0\n[MSD 2.00] autoboot.txt not found\nRead config.txt bytes     1926 hnd 0x109\n",
        "[MSD 2.00] other.bin not found\nRead start4.elf bytes  2250848 hnd 0x1b0\n",
    ]);
    log(&[
        UBOOT,
        COUNTDOWN,
        "UBIFS error (pid 0): ubifs_get_sb: cannot open \"ubi:data\", error -19\n** File not found /uInitrd\n",
        "## Booting kernel from Legacy Image at 00680000 ...\n",
        LINUX,
        "[    3.518515] sd 2:0:0:0: [sda] Attached SCSI disk\n",
    ]);
}

/// Sound, picture and clocks are not what a unit needs to start.
#[test]
fn a_kernel_whose_side_parts_fail() {
    let log = |text: &str| check_well(EvidenceKind::SerialLog, &[text]);
    log(
        "[    1.512264] cedrus 1c0e000.video-codec: Error: no memory\n[    1.530011] mmc0: new high speed SDHC card at address aaaa\n",
    );
    log("[    3.017791] kernel: i8042 i8042: probe with driver i8042 failed with error -5\n");
    log("[   21.103089] intel-pinctrl 1.pinctrl: Error applying setting, reverse things back\n");
}

/// An interpreter at its prompt runs, whatever it did not find.
#[test]
fn an_interpreter_that_runs() {
    check_well(
        EvidenceKind::SerialLog,
        &["NodeMCU ESP32 build powered by Lua 5.3.5\ncannot open init.lua: No such file or directory\n> \n"],
    );
}

/// A count of none is no trouble, and a complaint that is followed by ordinary lines was not the end.
#[test]
fn a_complaint_that_was_not_the_end() {
    let log = |text: &str| check_well(EvidenceKind::SerialLog, &[text]);
    log(
        "[    2.187867] ubi0 warning: ubi_eba_init: cannot reserve enough PEBs for bad PEB handling, reserved 6, need 19\n[    2.224098] ubi0: good PEBs: 512, bad PEBs: 0, corrupted PEBs: 0\n",
    );
    log(
        "spi_nor_probe: chip: W25Q64\nnand_probe(157): Error: driver probe, result: -19\nphy: ready\nbus: probed\neth0: up\n",
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            UBOOT,
            "In:    serial\nNet:   No ethernet found.\n",
            COUNTDOWN,
            "Card did not respond to voltage select!\nstarting USB...\n",
        ],
    );
}

/// A part of a start in which every stage hands over to the next, and of which nobody says that it stops there.
#[test]
fn a_start_of_which_a_part_is_shown() {
    let log = |text: &str| check_well(EvidenceKind::SerialLog, &[text]);
    log(
        "GXL:BL1:9ac50e:a1974b;FEAT:ADFC318C;CHK:0;\nBL2 Built : 14:02:06\nDataBus test pass!\nNew fip structure!\n",
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            "NOTICE:  BL31: v2.9\nERROR:   RSB: set run-time address: 0x10003\nINFO:    BL31: Platform setup done\n",
            UBOOT,
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            UBOOT,
            "Loading Environment from FAT... Card did not respond to voltage select!\nmmc_init: -95, time 22\n",
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            UBOOT,
            "In:    serial\nNet:   No ethernet found.\nstarting USB...\nUSB0:   error: gpio PA0 not reserved\n",
        ],
    );
    log(
        "fsck: error 2 (No such file or directory) while executing fsck.ext4\nfsck exited with status code 8\n[  OK  ] Started Serial Getty on ttyS0.\n",
    );
}

/// Lines that say that something worked, and none that something did not.
#[test]
fn a_first_stage_that_succeeds() {
    let log = |text: &str| check_well(EvidenceKind::SerialLog, &[text]);
    log(
        "HELLO! BOOT0 is starting!\nread dram para.\nSucceed in opening nand flash.\nSucceed in loading Boot1.\nscript installed early ok\n",
    );
    log(
        "Trying to boot from USB SDP\nSDP: initialize...\nDownloading file of size 1083276 to 0x40400000... done\nJumping to header at 0x40400000\n",
    );
}

#[test]
fn tools_that_warn_and_succeed() {
    let tool = |text: &str| check_well(EvidenceKind::ToolOutput, &[text]);
    tool(
        "Invalid sparse file format at header magic\nSending sparse 'system_a' 1/1 (4096 KB) OKAY [  0.848s]\n\
         Writing 'system_a' OKAY [  0.341s]\nFinished. Total time: 1.187s\n",
    );
    tool(
        "auto erase enabled\nwrote 16384 bytes from file slot0.bin in 3.767596s (4.247 KiB/s)\n\
         Info : Unable to match requested speed 300 kHz, using 240 kHz\nshutdown command invoked\n",
    );
    tool(
        "Warn : device needs paging or 4-byte addresses - not implemented\nauto erase enabled\n\
         read 2192012 bytes from file fpga.bin and flash bank 0 at offset 0x00000000 in 6.4s\ncontents match\n",
    );
    tool(
        "Image metadata not found\nSaving config files...\nSending KILL to remaining processes ...\n\
         Switching to ramdisk...\nPerforming system upgrade...\n",
    );
    tool(
        "Commencing upgrade. Closing all shell sessions.\n\
         Command failed: ubus call system sysupgrade { \"prefix\": \"/tmp/root\" } (Connection failed)\n",
    );
    tool(
        "DaHandler - Device is protected.\nDaHandler - Device is in BROM-Mode. Bypassing security.\n\
         Exploitation - Done sending payload...\nPLTools - Successfully sent payload\nPort - Device detected :)\n",
    );
    tool("Part Type: 00-33-05-10\nRead protection: disabled\nWriting image\nImage written.\n");
    tool("Waiting for EDL device\nflashed \"boot\" successfully at 14563kB/s\npartition 0 is now bootable\n");
    tool(
        "dfu-util: Cannot open DFU device 05ac:8290 (LIBUSB_ERROR_ACCESS)\n\
         Found DFU: [0483:df11] ver=2200, devnum=15, cfg=1, intf=0\n",
    );
    tool("Connection opened.\nWrote 16384 bytes at address 0x00004000 (100.00%)\nConnection closed.\n");
    tool("Waiting for Teensy device...\nFound HalfKay Bootloader\nProgramming........\nBooting\n");
    tool("tftp> put firmware.bin\nSent 8126464 bytes in 12.3 seconds\n");
}

/// An update whose last words are of what is busy still, and loaders that try one kind of card after the other.
#[test]
fn work_that_ends_well_whatever_was_said_before() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "mount: mounting /dev/mtdblock6 on /overlay failed: Resource busy\n",
            "[  102.23] VFS: Busy inodes after unmount of jffs2. Self-destruct in 5 seconds.  Have a nice day...\n",
            "Wed May 24 02:33:25 UTC 2023 upgrade: Upgrade completed\n",
            "umount: can't unmount /dev: Resource busy\n[  136.21] reboot: Restarting system\n",
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            "[     0.70]DRAM init OK\n[     0.105][mmc]: ***Try SD card 2***\n",
            "[     0.109][mmc]: mmc 2 cmd 8 timeout, err 00000100\n[     0.118][mmc]: mmc 2 send if cond failed\n",
            "[     0.182][mmc]: ***SD/MMC 2 init OK!!!***\n",
        ],
    );
}

/// A tool that does not reach the unit at first, and that has what it wanted in the end.
#[test]
fn a_tool_that_tries_again() {
    check_well(
        EvidenceKind::ToolOutput,
        &[
            "tool --is-there\nUSB communication failed. Check if the unit is in recovery\n",
            "tool --is-there\nLoader version 01.00\ntool --storage\nSaved its layout in storage.bin\n",
        ],
    );
    check_well(
        EvidenceKind::ToolOutput,
        &[
            "Download\t[=========================] 100%        21192 bytes\nDownload done.\n",
            "error resetting after download (LIBUSB_ERROR_TIMEOUT)\nDone!\n",
        ],
    );
}

/// A boot loader that is asked for its version answers with the line that it starts with.
#[test]
fn a_boot_loader_that_is_asked_for_its_version() {
    let banner = "U-Boot 2012.04.01 (Jun 04 2012 - 21:48:06) Allwinner Technology\n";
    check_well(
        EvidenceKind::SerialLog,
        &[banner, "DRAM:  512 MiB\n", COUNTDOWN, "sun4i#version\n\n", banner, "gcc 4.5.1\nsun4i#\n"],
    );
}

/// Counts of none, what a program says of units that have gone already, and trouble that was long ago.
#[test]
fn tools_that_frighten_without_cause() {
    check_well(
        EvidenceKind::ToolOutput,
        &["## Flash tries 1 ##\n## Flash failure 0 ##\n## Fail Modem 0 ##\n"],
    );
    check_well(
        EvidenceKind::ToolOutput,
        &[
            "flashing 2139942 bytes @ 0x100000\nreboot radio now\n",
            "Exception USBError(19, u'No such device (it may have been disconnected)') in <method Device.__del__> ignored\n",
        ],
    );
    check_well(
        EvidenceKind::ToolOutput,
        &[
            "[COM31]:start flash.\n[COM31]:cannot receive hello packet,MiFlash is trying to reset status!\n",
            "[COM31]:received hello packet\n[COM31]:Send done packet\n[COM31]:loader.elf transferred successfully\n",
            "[COM31]:send nop command\n[COM31]:get response from target\n",
        ],
    );
}

/// Ten partitions that are found are not none, and a machine that restarts closes the connection that asked for it.
#[test]
fn ten_are_not_none_and_a_restart_closes_connections() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "[    1.744217] en75_bmt: BBT & BMT found\n",
            "[    1.759282] 10 fixed-partitions partitions found on MTD device spi0.0\n",
            "[    2.478149] NET: Registered PF_INET6 protocol family\n",
        ],
    );
    check_well(
        EvidenceKind::ToolOutput,
        &[
            "Processing... Done.\n\nCommand completed successfully.\n",
            "# Connection to rpi.lan closed by remote host.\n",
        ],
    );
}

/// A first stage that looks on one card and finds what it wants on the other.
#[test]
fn a_card_that_is_not_needed() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "U-Boot SPL 2017.09 (Apr 26 2024 - 11:00:00)\nTrying to boot from MMC2\n",
            "mmc_init: -110, time 42210\nspl: mmc init failed with error: -110\nTrying to boot from MMC1\n",
            "Trying fit image at 0x4000 sector\n## Checking uboot 0x00a00000 ... sha256(144c73b862...) + OK\n",
            "Jumping to U-Boot(0x00a00000) via ARM Trusted Firmware(0x00040000)\n",
        ],
    );
}

/// What a boot loader answers to somebody who only looks did not happen by itself.
#[test]
fn a_boot_loader_that_is_asked_what_it_knows() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "=> dm uclass\nuclass 0: root\n- * root_driver @ bfb54028, seq 0, (req -1)\n",
            "Cannot find uclass for id 6: please add the UCLASS_DRIVER() ...\n",
        ],
    );
    let image = "\n## Checking Image at c1000000 ...\nUnknown image format!\n";
    check_well(EvidenceKind::SerialLog, &[UBOOT, COUNTDOWN, "cam7102 # iminfo\n", image]);
    let refused = "Wrong Image Format for bootm command\nERROR: can't get kernel image!\n";
    let started = [UBOOT, COUNTDOWN, "cam7102 # bootm c1000000\n", refused].concat();
    let evidence = [Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: started }];
    assert_ne!(by_rules(&evidence).cause(), Cause::NoFault);
}

/// What stopped a loader once does not stop it when it comes up the next time.
#[test]
fn a_start_that_fails_and_another_that_does_not() {
    let fails = "ets Jun 8 2016 00:22:57\nrst:0x1 (POWERON_RESET),boot:0x1b (SPI_FAST_FLASH_BOOT)\nflash read err, 1000\n";
    let again = "ets Jun 8 2016 00:22:57\nrst:0x10 (RTCWDT_RTC_RESET),boot:0x1b (SPI_FAST_FLASH_BOOT)\n";
    let runs =
        "mode:DIO, clock div:1\nload:0x3fff0018,len:4\nentry 0x400806ac\nGauge: 82 percent\nNetwork joined\n";
    check_well(EvidenceKind::SerialLog, &[fails, again, runs]);
    let evidence = [Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: fails.repeat(2) }];
    assert_ne!(by_rules(&evidence).cause(), Cause::NoFault);
    check_well(
        EvidenceKind::SerialLog,
        &[
            "Booting entry 'net'\neth0: 100Mbps full duplex link detected\nT T T T T T T T T T T\n",
            "Loading ARM Linux zImage '/mnt/tftp/none-linux'\n",
        ],
    );
}
