//! Logs of units that are well, which go on behind what sounds like trouble, or end early.

use debrick_diagnose::Evidence;
use debrick_model::{Cause, EvidenceKind};

use crate::{COUNTDOWN, UBOOT, by_rules, check_well};

/// Who shows that a start stops there says so, or quotes no more than the last line.
#[test]
fn a_log_that_ends_where_the_kernel_is_started() {
    let loading = "## Booting kernel from Legacy Image at a1000000 ...\n   Verifying Checksum ... OK\n\
                   ## Flattened Device Tree blob at a0000000\n   Loading Device Tree to 00000000fbb19000 ... OK\n\
                   Unable to update property /sysclk:clock-frequency, err=FDT_ERR_NOTFOUND\n";
    check_well(EvidenceKind::SerialLog, &[loading, "\nStarting kernel ...\n"]);
    let hangs = [loading, "\nStarting kernel ...\n--> hangs\n"].concat();
    let log = |text: &str| Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: text.into() };
    assert_ne!(by_rules(&[log(&hangs)]).cause(), Cause::NoFault);
    let said = Evidence {
        kind: EvidenceKind::Symptom,
        name: "account".into(),
        text: "no other output after this".into(),
    };
    let quoted = [loading, "\nStarting kernel ...\n"].concat();
    assert_ne!(by_rules(&[log(&quoted), said]).cause(), Cause::NoFault);
    assert_ne!(
        by_rules(&[log("Uncompressing Linux... done, booting the kernel.\n")]).cause(),
        Cause::NoFault
    );
}

#[test]
fn something_fails_and_the_log_goes_on() {
    // A boot loader whose messages nobody knows.
    check_well(
        EvidenceKind::SerialLog,
        &[
            "CFE version 1.0.38-162.76 for BCM963138 (32bit,SP,LE)\nChip ID: BCM63139_B0\n",
            "ERROR!!! Data pointer greater than total entry size\n",
            "Board IP address : 192.168.1.1\nHost IP address : 192.168.1.100\nRun from flash/host/tftp (f/h/c) : f\n",
        ],
    );
    // A part of the kernel that has more to say.
    check_well(
        EvidenceKind::SerialLog,
        &[
            "[    7.941126] rtl8367 rtl8367: cannot find mdio node phandle\n",
            "[    7.947562] rtl8367 rtl8367: RTL8367R ver. 0 chip found\n",
            "[    9.056830] rtl8367 rtl8367: cpu_port:9, assigned to extif0\n",
        ],
    );
    // What U-Boot does without, in a log that ends before its countdown.
    check_well(
        EvidenceKind::SerialLog,
        &[
            UBOOT,
            "MMC:   rksdmmc@ff500000: 1\nCard did not respond to voltage select!\nmmc_init: -95, time 9\n",
            "*** Warning - No block device, using default environment\n",
        ],
    );
}

#[test]
fn a_loader_that_reaches_the_other_computer_in_the_end() {
    for lines in [
        "ethernet@48484000 Waiting for PHY auto negotiation to complete. done\nlink up on port 0, speed 100, full duplex\n",
        "BOOTP broadcast 4\nBOOTP broadcast 5\nDHCP client bound to address 10.0.4.178 (4899 ms)\n",
        "Loading: T T T T T ####\ndone\nBytes transferred = 13872076 (d3abcc hex)\n",
    ] {
        check_well(EvidenceKind::SerialLog, &[UBOOT, "Net:   eth0: ethernet@1\n", COUNTDOWN, lines]);
    }
}

#[test]
fn applications_and_shells_without_a_form_of_their_own() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "ets Jul 29 2019 12:21:46\n\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n",
            "load:0x40080400,len:3600\nentry 0x400805f0\nFound PSRAM\nStarting SD Card\n",
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            "Press the [f] key and hit [enter] to enter failsafe mode\nf\n- failsafe -\n\n",
            "BusyBox v1.23.2 (2021-05-12 11:31:03 CST) built-in shell (ash)\n\n",
            "ash: can't access tty; job control turned off\n",
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            UBOOT,
            "Net:   eth0: ethernet@e000b000\nAutomatic boot in 3s...\n",
            "Enter 'noautoboot' to enter prompt without timeout\nni-e31x-uboot>\n",
        ],
    );
}

#[test]
fn what_a_program_says_that_it_does_without() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "[    6.288036] squashfs: SQUASHFS error: Xattrs in filesystem, these will be ignored\n",
            "[    6.290710] unable to read xattr id index table\n",
            "[    9.701208] systemd[1]: systemd 250 running in system mode\n",
            "[   12.366801] systemd[163]: /lib/systemd/system-generators/systemd-gpt-auto-generator failed with exit status 1.\n",
            "[   15.187766] systemd[1]: Created slice Slice /system/getty.\n",
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            "entry 0x400806a8\n\n00:00:00.003-223/45 HDW: ESP32-S0WD-OEM\n",
            "./components/esp_littlefs/src/littlefs/lfs.c:1071:error: Corrupted dir pair at {0x0, 0x1}\n",
            "00:00:00.442-226/46 UFS: FlashFS mounted with 312 kB free\n",
            "00:00:00.983 WIF: WifiManager active for 3 minutes\n",
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            "RedBoot(tm) bootstrap and debug environment [ROMRAM]\nRelease, version V1.04 - built 12:24:00, Apr 17 2006\n",
            "== Executing boot script in 2.000 seconds - enter ^C to abort\n^C\nRedBoot>\n",
        ],
    );
}

#[test]
fn a_loader_that_hands_on_to_the_next() {
    let bl2 = "NOTICE:  BL2: v2.2-r1.0(debug):v2.2-dirty\nNOTICE:  BL2: Built : 13:36:23, Oct 22 2019\n";
    check_well(
        EvidenceKind::SerialLog,
        &[
            bl2,
            "INFO:    BL2: Loading image id 5\nINFO:    Image id=5 loaded: 0xc0100000 - 0xc01d4022\n",
            "NOTICE:  ROTPK is not deployed on platform. Skipping ROTPK verification.\nNOTICE:  BL2: Booting BL32\n",
        ],
    );
    // A system that slept is woken by its loaders.
    check_well(
        EvidenceKind::SerialLog,
        &[
            "[  814.141037] PM: suspend entry (deep)\n[  814.182128] OOM killer disabled.\n",
            bl2,
            "INFO:    BL2: Skip loading image id 3\nNOTICE:  BL2: Booting BL31\n",
            "[  815.219726] renesas-gbeth 11c30000.ethernet end0: Link is Down\n",
        ],
    );
    // A boot loader that starts another one is no start over.
    check_well(
        EvidenceKind::SerialLog,
        &[
            "U-Boot 2010.06-dirty (May 12 2014 - 13:39:15)\nDRAM:  1 GiB\nUsing default environment\n",
            "reading u-boot.bin\n186092 bytes read\n## Starting application at 0x80800000 ...\n",
            "U-Boot 2010.06 (Mar 18 2014 - 16:45:35)\nDRAM:  1 GiB\nNo NAND device found!!!\n",
            "*** Warning - bad CRC or MMC, using default environment\n",
        ],
    );
}

#[test]
fn a_driver_that_failed_and_a_log_that_goes_on() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "B -    953430 - SBL1, End\n\nNo matched DTBO\nWARN: RTC initialization failed, err=7\n",
            "WriteProtect not Enabled , wp_enable = 0\nSyspage Validation Succeeded, err:0\n",
            "EL2 save/restore init\nExiting bootstrap executable el2-save-restore\nQNX Host running\n",
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            "[    7.840000] usb 1-1: Direct firmware load for ath9k_htc/htc_9271-1.4.0.fw failed with error -2\n",
            "[    7.890000] usb 1-1: ath9k_htc: Firmware htc_9271.fw requested\n",
            "[    8.200000] usb 1-1: ath9k_htc: Transferred FW: htc_9271.fw, size: 50980\n",
            "[    8.440000] ath9k_htc 1-1:1.0: ath9k_htc: HTC initialized with 33 credits\n",
            "[   10.720000] ath9k_htc 1-1:1.0: ath9k_htc: FW Version: 1.3\n",
            "[   10.760000] ieee80211 phy0: Atheros AR9271 Rev:1\n",
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            "Android Bootloader - UART_DM Initialized!!!\n[0] welcome to lk\n[10] platform_init()\n",
            "[570] Neither 'config' nor 'frp' partition found\n[590] partition misc doesn't exist\n",
            "[600] error in emmc_recovery_init\n[600] Unable to locate /bootselect partition\n",
        ],
    );
}

#[test]
fn commands_that_reach_what_they_ask_for() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "=> dhcp\nBOOTP broadcast 1\nDHCP client bound to address 10.0.0.5 (146 ms)\n",
            "*** ERROR: `serverip' not set\nCannot autoload with TFTPGET\n",
            "=> ping 8.8.8.8\nUsing ethernet@2188000 device\nhost 8.8.8.8 is alive\n",
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &["rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n", "...\nSetup start\nSetup done\n"],
    );
}

#[test]
fn a_restart_that_was_typed() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "=> wdt dev watchdog@1c20ca0\n=> wdt start 3000\n=> wdt reset\n=> wdt stop\n=> wdt expire\n\n",
            "U-Boot SPL 2022.04-rc3 (Mar 25 2022 - 13:48:33 +0000)\nTrying to boot from MMC1\n",
        ],
    );
}

#[test]
fn a_display_that_the_boot_loader_left_running() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "[    0.800288] rk_iommu ff373f00.iommu: Enable stall request timed out, status: 0x00004b\n",
            "[    0.802056] rk_iommu ff373f00.iommu: Disable paging request timed out, status: 0x00004b\n",
            "[    0.808769] rockchip-drm display-subsystem: bound ff3c0000.hdmi (ops dw_hdmi_rockchip_ops)\n",
            "[    0.810869] [drm] Initialized rockchip 1.0.0 20140818 for display-subsystem on minor 0\n",
        ],
    );
}

#[test]
fn slots_that_are_empty_where_all_are_asked() {
    let scan = "=> bootefi hello\nScanning disk mmc@72000.blk...\nCard did not respond to voltage select!\n\
                mmc_init: -95, time 9\n";
    let cause = |end: &str| {
        let text = [scan, end].concat();
        by_rules(&[Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text }]).cause()
    };
    assert_eq!(cause(""), Cause::FlashHardwareFault);
    assert_ne!(
        cause("Found 3 disks\nHello, world!\n## Application terminated, r = 0\n"),
        Cause::FlashHardwareFault
    );
}

/// The lines that show where a kernel was are no going on.
#[test]
fn a_trace_is_the_end_of_what_is_known() {
    let text = "[  201.286070] CPU: 0 PID: 34 Comm: kworker/u8:1 Not tainted 6.12.51 #0\n\
                [  201.315304] pc : switch_netns+0x270/0x2d0 [wifi]\n[  201.401489] Call trace:\n\
                [  201.403926]  switch_netns+0x270/0x2d0 [wifi]\n[  201.409340]  ops_exit_list+0x40/0x80\n\
                [  201.412910]  cleanup_net+0x344/0x558\n[  201.416480]  process_one_work+0x174/0x300\n\
                [  201.420489]  worker_thread+0x278/0x430\n[  201.427283]  ret_from_fork+0x10/0x20\n";
    let log = Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: text.into() };
    assert_eq!(by_rules(&[log]).cause(), Cause::FirmwareBug);
}

/// A kernel that waits for its root file system and mounts it, and parts that it does without.
#[test]
fn a_kernel_that_has_waited() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "[    2.358046] Waiting for root device /dev/mmcblk0p2...\n",
            "[    2.404429] mmc0: new high speed SDHC card at address b368\n",
            "[    2.499426] EXT4-fs (mmcblk0p2): mounted filesystem with ordered data mode. Opts: (null)\n",
        ],
    );
    check_well(
        EvidenceKind::SerialLog,
        &[
            UBOOT,
            COUNTDOWN,
            "Starting kernel ...\n[    0.000000] Linux version 3.4.35 (gcc) #33\n",
            "SQUASHFS error: unable to read xattr id index table\n",
            "VFS: Mounted root (squashfs filesystem) readonly on device 31:2.\nFreeing init memory: 120K\n",
        ],
    );
    check_well(
        EvidenceKind::ToolOutput,
        &[
            "archive does not contain 'boot.sig'\nsending 'boot' (6348 KB)...\nOKAY [ 0.725s]\n",
            "writing 'boot'...\nOKAY [ 0.357s]\nrebooting...\nfinished. total time: 150.897s\n",
        ],
    );
}

/// A first stage that does not find the second on one medium, and does on the next.
#[test]
fn a_first_stage_that_goes_on_to_another_medium() {
    let tried = "U-Boot SPL 2025.07 (Apr 08 2026 - 16:15:41 +0000)\nTrying to boot from MMC1\n\
                 mmc_load_image_raw_sector: mmc block read error\nspl_register_fat_device: fat register err - -1\n\
                 spl_load_image_fat: error reading image u-boot.img, err - -1\nError: -2\n";
    let found =
        "Trying to boot from SPI\n\n\nU-Boot 2025.07 (Apr 08 2026 - 16:15:41 +0000)\n\nSoC:   AM64X SR2.0\n";
    check_well(EvidenceKind::SerialLog, &[tried, found]);
    let log = Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: tried.into() };
    assert_ne!(by_rules(&[log]).cause(), Cause::NoFault);
}

/// A loader of a chip that has no mark of an update, and an application; a tool whose chip has left before it answers.
#[test]
fn a_chip_that_starts_what_it_has() {
    check_well(
        EvidenceKind::SerialLog,
        &[
            "I (103) boot: End of partition table\n",
            "E (107) boot: ota data partition invalid and no factory, will try all partitions\n",
            "I (115) esp_image: segment 0: paddr=0x00020020 vaddr=0x3f400020 size=0x0fda0 ( 64928) map\n",
            "I (147) esp_image: segment 2: paddr=0x00030018 vaddr=0x400d0018 size=0x4db8c (318348) map\n",
            "I (264) esp_image: segment 3: paddr=0x0007dbac vaddr=0x3ffb0248 size=0x021e8 (  8680) load\n",
        ],
    );
    check_well(
        EvidenceKind::ToolOutput,
        &[
            "File downloaded successfully\ndfu-util: Error during download get_status\n\n",
            "Failed to flash to 0483:df11: Error running dfu-util\n",
        ],
    );
}

/// What a loader names as the reason counts before what it says in the end.
#[test]
fn a_reason_that_is_named() {
    let cause = |text: &str| {
        by_rules(&[Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: text.into() }]).cause()
    };
    let end = "E (97) boot: Factory app partition is not bootable\n\
               E (102) boot: No bootable app partitions in the partition table\n";
    let says = |why: &str| cause(&[why, "\n", end].concat());
    let length = "E (91) esp_image: Image length 1318256 doesn't fit in partition length 1310720";
    assert_eq!(says(length), Cause::ImageTooLarge);
    let newer = "E (91) boot_comm: Image requires efuse blk rev >= v186.13, but chip is v1.3";
    assert_eq!(says(newer), Cause::ImageWrongDevice);
    let entry =
        "=> bootefi bootmgr\nLoading Boot0001 'label1' failed\nEFI boot manager: Cannot load any image\n";
    assert_eq!(cause(entry), Cause::BootEnvironmentCorrupt);
}

/// An upgrade that ends in its restart, a device on a bus that is asked again, and a package that was taken.
#[test]
fn an_upgrade_that_restarts() {
    check_well(
        EvidenceKind::ToolOutput,
        &[
            "upgrade: Commencing upgrade. Closing all shell sessions.\nupgrade: Performing system upgrade...\n",
            "cut: standard output: Broken pipe\nflashing kernel to /dev/mmcblk0p3\n",
            "umount: can't unmount /tmp: Resource busy\n[ 1257.693979] reboot: Restarting system\n",
        ],
    );
    let descriptor = "VFS: Mounted root (ubifs filesystem) readonly on device 0:13.\ndevtmpfs: mounted\n\
                      usb 2-1: device descriptor read/64, error -110\n";
    let log = |text: &str| Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: text.into() };
    let asked = [descriptor, "usb 2-1: New USB device found, idVendor=1b20, idProduct=8888\n"].concat();
    assert_ne!(by_rules(&[log(&asked)]).cause(), Cause::LinkFault);
    assert_eq!(by_rules(&[log(descriptor)]).cause(), Cause::LinkFault);
    let sent = "it stops at 47% and reports adb: failed to read command: Success\n";
    check_well(EvidenceKind::ToolOutput, &[sent]);
}
