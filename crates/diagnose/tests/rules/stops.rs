//! Where a unit stops, and what usually keeps it there.

use debrick_diagnose::{Case, Evidence, diagnose_case};
use debrick_model::{Action, Cause, EvidenceKind, State};

use crate::{LINUX, UBOOT, by_rules, likely};

const NO_ROOT: &str = "[    1.20] VFS: Cannot open root device \"(null)\" or unknown-block(0,0): error -6\n";

#[track_caller]
fn check(text: &str, cause: Cause, state: State, action: Action) {
    let diagnosis =
        by_rules(&[Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: text.into() }]);
    let likely = likely(&diagnosis);
    assert_eq!(diagnosis.cause(), cause, "{likely:?}");
    assert_eq!(diagnosis.state, state, "{likely:?}");
    assert_eq!(diagnosis.actions.first().map(|proposed| proposed.action), Some(action), "{likely:?}");
}

#[test]
fn a_driver_of_the_storage_that_does_not_start() {
    check(
        &format!(
            "{LINUX}[    0.91] qcom-nandc: probe of 79b0000.nand-controller failed with error -28\n[    1.10] UBI error: cannot open mtd rootfs, error -2\n{NO_ROOT}"
        ),
        Cause::FirmwareBug,
        State::KernelHang,
        Action::InstallOtherBuild,
    );
    check(
        &format!(
            "{LINUX}[    0.80] mtd: partition \"ubi\" extends beyond the end of device \"os1\" -- size truncated to 0x1100000\n[    1.00] ubi0 error: ubi_attach: the layout volume was not found\n"
        ),
        Cause::FirmwareBug,
        State::KernelHang,
        Action::InstallOtherBuild,
    );
}

#[test]
fn a_boot_loader_that_crashes_before_its_countdown() {
    check(
        &format!("{UBOOT}MMC:   \"Synchronous Abort\" handler, esr 0x96000045, far 0xfe1def50\n"),
        Cause::FirmwareBug,
        State::BootloaderFailing,
        Action::InstallOtherBuild,
    );
}

#[test]
fn a_system_that_cannot_run_its_own_programs() {
    check(
        &format!(
            "{LINUX}[   11.97] mount_root: switching to jffs2 overlay\n[   13.86] procd: - init -\nPlease press Enter to activate this console.\n\nFailed to execute /usr/libexec/login.sh\n"
        ),
        Cause::SettingsCorrupt,
        State::BootsDegraded,
        Action::FactoryResetSettings,
    );
}

#[test]
fn an_application_where_the_boot_loader_belongs() {
    check(
        "rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\nmode:DIO, clock div:2\nload:0x3f400020,len:188412\nets Jun  8 2016 00:22:57\nrst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\nload:0x3f400020,len:188412\n",
        Cause::ToolMismatch,
        State::BootLoop,
        Action::ReflashCorrectImage,
    );
}

#[track_caller]
fn state(text: &str) -> State {
    by_rules(&[Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: text.into() }]).state
}

#[test]
fn a_first_stage_that_sets_up_the_memory_is_no_boot_loader() {
    let text = "U-Boot SPL 2020.01-rc4 (Dec 13 2019 - 15:37:10 -0600)\nDRAM: 2048 MiB\nTrying to boot from MMC1\nERROR: cannot read\n";
    assert_eq!(state(text), State::BootloaderFailing);
}

#[test]
fn a_kernel_that_says_nothing_behind_its_ramdisk() {
    let text = "Booting 'OS'\nLoading Linux 6.12.41 ...\nLoading initial ramdisk ...\n";
    assert_eq!(state(text), State::KernelHang);
}

#[test]
fn a_boot_loader_of_a_microcontroller_that_crashes() {
    let text = "<inf> mcuboot: Starting bootloader\n<inf> mcuboot: Swap type: test\n***** BUS FAULT *****\n  Imprecise data bus error\n";
    assert_eq!(state(text), State::BootloaderFailing);
}

#[test]
fn a_file_system_in_the_flash_that_stumbles() {
    check(
        "[   19.87] Call Trace:\n[   19.89] [<8014f308>] ubifs_read_nnode+0x218/0x254\n[   20.02] UBIFS: background thread \"ubifs_bgt3_0\" stops\n",
        Cause::SettingsCorrupt,
        State::BootsDegraded,
        Action::FactoryResetSettings,
    );
}

#[test]
fn a_chip_that_starts_over_into_its_update() {
    let text = "OTA 1.0.0\nUpdate Success: 10755\nRebooting...\n\n ets Jan  8 2013,rst cause:4, boot mode:(3,7)\n\nwdt reset\nload 0x4010f000, len 1264, room 16 \n@cp:0\nld\n\nOTA 1.0.1\nIP address: 192.168.1.62\n";
    check(text, Cause::NoFault, State::Healthy, Action::NothingNeeded);
}

#[test]
fn a_kernel_that_was_handed_over_to_and_says_nothing() {
    for handover in [
        "Decompressing kernel... done!\nStarting kernel at 80060000...\n",
        "## Transferring control to Linux (at address 80000000) ...\n",
        "Entry at 0x80001000\nStarting program at 0x80001000\n",
    ] {
        check(
            &format!("jumping to the loader\n{handover}"),
            Cause::FirmwareBug,
            State::KernelHang,
            Action::InstallOtherBuild,
        );
    }
}

#[test]
fn a_kernel_that_starts_over_without_a_word() {
    check(
        &format!(
            "U-Boot SPL 2013.10 (Oct 13 2013 - 18:39:55)\n{UBOOT}Hit any key to stop autoboot:  0\nStarting kernel ...\n\nresetting ...\nU-Boot SPL 2013.10 (Oct 13 2013 - 18:39:55)\n"
        ),
        Cause::FirmwareBug,
        State::BootLoop,
        Action::InstallOtherBuild,
    );
}

#[test]
fn a_firmware_that_begins_again_save_for_its_counters() {
    let start = |number: u32| {
        format!(
            "INIT : version 1.2 ({number})\n{number} : INIT : Warm boot #{number}\n{number} : FS : Mounting\n"
        )
    };
    check(
        &format!("{}~ld\n{}", start(7), start(8)),
        Cause::FirmwareBug,
        State::BootLoop,
        Action::InstallOtherBuild,
    );
}

/// A boot that started a kernel came before the last two, which are shorter.
#[test]
fn a_unit_that_starts_over_ever_earlier() {
    check(
        &format!(
            "{UBOOT}Hit any key to stop autoboot:  0\n## Booting kernel from Legacy Image at 82000000 ...\n   Data Size:    2048515 Byt\n\nSystem startup\n\nUncompress.........Ok\n\nSystem startup\n\n{UBOOT}"
        ),
        Cause::FirmwareBug,
        State::BootLoop,
        Action::InstallOtherBuild,
    );
}

#[test]
fn a_small_system_that_panics_at_its_prompt() {
    check(
        "kernel_init(): This is RIOT! (Version: 2014.12)\nWelcome to RIOT!\n> *** RIOT kernel panic\n",
        Cause::FirmwareBug,
        State::KernelHang,
        Action::InstallOtherBuild,
    );
}

#[test]
fn a_boot_loader_that_wants_a_signature() {
    check(
        "Verification failed for '<NULL>' hash node in 'conf-1' config node\nFailed to verify required signature 'key-'\nBad Data Hash\nERROR: can't get kernel image!\n",
        Cause::VerifiedBootRejected,
        State::BootloaderOnly,
        Action::UseSignedOrNewerImage,
    );
}

#[test]
fn a_boot_loader_that_nobody_answers() {
    check(
        "CFE version 1.0.38 for BCM963268\nDHCP request failed on device eth0: CFE error -21\n",
        Cause::LinkFault,
        State::BootloaderOnly,
        Action::SwapCableOrPort,
    );
}

#[test]
fn a_first_stage_that_cannot_unpack_the_second() {
    check(
        "U-Boot SPL 2018.09 (Jun 23 2023 - 11:14:20 +0800)\nTrying to boot from NOR\nError: LZMA uncompression error: 1\nFailed to load U-Boot image!\nEntering emergency mode.\n",
        Cause::BootloaderCorrupt,
        State::BootloaderFailing,
        Action::RestoreBootloader,
    );
}

/// Drivers that fail in lines of a kernel alone do not show that it stopped.
#[test]
fn a_driver_in_lines_of_a_kernel() {
    check(
        "[    3.007239] rockchip-combphy fe830000.phy: probe with driver rockchip-combphy failed with error -2\n",
        Cause::FirmwareBug,
        State::BootsDegraded,
        Action::InstallOtherBuild,
    );
}

#[test]
fn a_first_stage_that_cannot_read_its_card() {
    check(
        "Xilinx First Stage Boot Loader\nBoot mode is SD\nSD: rc= 0\nSD: Unable to open file BOOT.BIN: 3\nSD_INIT_FAIL\nFSBL Status = 0xA009\n",
        Cause::RecoveryMediaWrong,
        State::BootloaderFailing,
        Action::ReflashCorrectImage,
    );
}

#[test]
fn a_program_that_fell_back_to_a_safe_mode() {
    check(
        "[C][safe_mode:079]: There have been 10 suspected unsuccessful boot attempts\n[E][safe_mode:086]: Boot loop detected. Proceeding to safe mode\n[I][app:029]: Running through setup()...\n[C][wifi:048]: Setting up WiFi...\n[D][wifi:482]: Starting scan...\n",
        Cause::FirmwareBug,
        State::RecoveryMode,
        Action::InstallOtherBuild,
    );
}

#[test]
fn secure_firmware_without_its_metadata() {
    check(
        "NOTICE:  BL2: Built : 13:14:26, Nov 23 2021\nWARNING: CRC check failed on FWU metadata\nERROR:   loading of Bkup-FWU-Metadata failed\nPANIC at PC : 0x2ffea213\n",
        Cause::ImageIncomplete,
        State::BootloaderFailing,
        Action::ReflashCorrectImage,
    );
}

/// Somebody who connects while it starts misses the banner. Where the program itself listened, a loader that does not
/// count down has nothing to boot; of a log that somebody shows, it is not known why it stands at its prompt.
#[test]
fn a_prompt_without_a_countdown_in_a_log_that_begins_in_the_middle() {
    let middle = "Core:  47 devices, 13 uclasses, devicetree: board\nFlash: 64 MiB\nLoading Environment from Flash... OK\n\
                  In:    pl011@9000000\nOut:   pl011@9000000\nNet:   eth0: virtio-net#33\n=> ";
    let evidence = [Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: middle.into() }];
    let heard = diagnose_case(&Case { evidence: &evidence, is_watched: true, ..Case::default() });
    assert_eq!((heard.cause(), heard.state), (Cause::BootEnvironmentCorrupt, State::BootloaderOnly));
    assert_eq!(heard.actions.first().unwrap().action, Action::FixBootEnvironment);
    let shown = by_rules(&evidence);
    assert_eq!(shown.cause(), Cause::NoFault);
    assert!(shown.findings[0].likelihood < 0.4, "a guess: {:?}", shown.findings);
    assert_eq!(shown.findings[1].cause, Cause::BootEnvironmentCorrupt);
    assert!(shown.next_evidence.iter().any(|ask| ask.contains("printenv")), "{:?}", shown.next_evidence);
    let end = "Net:   eth0: virtio-net#33\nHit any key to stop autoboot:  0 \n=> ";
    let diagnosis =
        by_rules(&[Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: end.into() }]);
    assert_ne!(diagnosis.cause(), Cause::BootEnvironmentCorrupt, "it was interrupted");
}

/// Writing that is counted and stops before its end, as of a loader that overwrites itself.
#[test]
fn writing_that_stops_before_its_end() {
    check(
        "hisilicon # sf erase 0x0 0x50000\nErasing at 0x50000 -- 100% complete.\nhisilicon # sf write 0x82000000 0x0 0x50000\nWriting at 0x20000 --  41% complete.\n",
        Cause::UpdateInterrupted,
        State::BootloaderOnly,
        Action::ReflashSameImage,
    );
}

/// The same flash, read at several starts, is found empty, whole and damaged.
#[test]
fn flash_that_reads_differently_at_each_start() {
    let start = "rst:0x10 (RTCWDT_RTC_RESET),boot:0x33 (SPI_FAST_FLASH_BOOT)\n";
    let text = format!(
        "{start}load:0x3fff0018,len:4\nload:0x40078000,len:10124\ncsum err:0x9f!=0x00\nets_main.c 384\n{start}invalid header: 0xffffffff\ninvalid header: 0xffffffff\n"
    );
    let diagnosis = by_rules(&[Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text }]);
    let causes: Vec<Cause> = diagnosis.findings.iter().take(3).map(|finding| finding.cause).collect();
    assert!(causes.contains(&Cause::FlashHardwareFault) && causes.contains(&Cause::PowerFault), "{causes:?}");
    assert_eq!(diagnosis.state, State::BootLoop);
}

/// A loader that was built for another board finds its image too large or no memory at all.
#[test]
fn loaders_that_were_built_for_another_board() {
    check(
        "I: Starting bootloader\nW: Failed reading sectors; BOOT_MAX_IMG_SECTORS=128 - too small?\nE: Image in the primary slot is not valid!\n",
        Cause::FirmwareBug,
        State::BootloaderOnly,
        Action::UpdateBootloader,
    );
    check(
        "U-Boot SPL 2023.01 (Jun 22 2026 - 08:38:07 +0000)\nDRAM: 0 MiB\n### ERROR ### Please RESET the board ###\n",
        Cause::FirmwareBug,
        State::BootloaderFailing,
        Action::InstallOtherBuild,
    );
}

/// File systems of cards and sticks, and errors that were found earlier.
#[test]
fn file_systems_that_were_damaged_while_the_system_ran() {
    for line in [
        "[38495.3] FAT-fs (sdb1): error, fat_get_cluster: invalid cluster chain (i_pos 1297)\n",
        "[86405.1] EXT4-fs (mmcblk0p3): error count: 2\n[86405.1] EXT4-fs (mmcblk0p3): last error at 31: ext4_mb_generate_buddy:755\n",
    ] {
        check(line, Cause::RootfsCorrupt, State::BootsDegraded, Action::ReflashCorrectImage);
    }
}

/// A program of the system stumbles.
#[test]
fn a_program_that_stumbles() {
    check(
        "/usr/lib/lua/luci/dispatcher.lua:1203: bad argument #1 to 'pairs' (table expected, got nil)\nstack traceback:\n\t[C]: in function 'pairs'\n",
        Cause::FirmwareBug,
        State::BootsDegraded,
        Action::InstallOtherBuild,
    );
}

#[test]
fn a_vendors_program_that_does_not_come_back() {
    let stage = "====== Intel Slim Bootloader STAGE1B ======\nSBID: SB_APLI\nMemory Init\nLoading Mrc parameters ...\n";
    check(
        &format!("{stage}Call FspMemoryInit ...\n"),
        Cause::FirmwareBug,
        State::BootloaderFailing,
        Action::InstallOtherBuild,
    );
}

#[test]
fn a_root_that_cannot_be_entered() {
    check(
        &format!(
            "{LINUX}[    4.24] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100\n[    4.25] CPU: 4 UID: 0 PID: 1 Comm: run-init Not tainted 6.12.0 #1\n"
        ),
        Cause::RootfsCorrupt,
        State::KernelHang,
        Action::ReflashCorrectImage,
    );
}

#[test]
fn a_driver_that_gives_up() {
    check(
        "[   13.651182] mwifiex_sdio mmc0:0001:1: Direct firmware load for mrvl/sd8997_uapsta.bin failed with error -2\n\
         [   13.695910] mwifiex_sdio mmc0:0001:1: Failed to get firmware mrvl/sd8997_uapsta.bin\n\
         [   13.703774] mwifiex_sdio mmc0:0001:1: info: _mwifiex_fw_dpc: unregister device\n",
        Cause::FirmwareBug,
        State::BootsDegraded,
        Action::InstallOtherBuild,
    );
}

#[test]
fn a_system_that_lacks_a_processor_or_its_server() {
    check(
        "[    0.191952] Synchronize counters for CPU 1: done.\n[    1.232191] CPU2: failed to start\n[    2.277589] smp: Brought up 1 node, 2 CPUs\n",
        Cause::FirmwareBug,
        State::BootsDegraded,
        Action::InstallOtherBuild,
    );
    check(
        "[   14.121815] VFS: Mounted root (nfs filesystem) on device 0:21.\n[   14.150126] Run /sbin/init as init process\n[  195.694278] nfs: server 192.168.0.110 not responding, still trying\n",
        Cause::LinkFault,
        State::KernelHang,
        Action::FixNetworkSettings,
    );
}

#[test]
fn an_application_that_crashed_before_its_restart() {
    check(
        "3fffffb0:  feefeffe feefeffe 3fffef30 401016d5\n<<<stack<<<\n\n ets Jan  8 2013,rst cause:2, boot mode:(3,6)\n\nload 0x4010f000, len 3460, room 16\ntail 4\nchksum 0xcc\n~ld\nHello World!\n",
        Cause::FirmwareBug,
        State::BootLoop,
        Action::InstallOtherBuild,
    );
}

#[test]
fn what_is_missing_where_it_was_built() {
    check(
        "rk3399_dmc_of_to_plat: Cannot read rockchip,sdram-params -1\nDRAM init failed: -1\n",
        Cause::BootloaderCorrupt,
        State::BootloaderFailing,
        Action::ReflashCorrectImage,
    );
    check(
        "[    8.56] systemd[1]: systemd 244.3+ running in system mode.\n[    8.62] systemd[1]: System cannot boot: Missing /etc/machine-id and /etc is mounted read-only.\n",
        Cause::InitFailure,
        State::BootsDegraded,
        Action::ReflashCorrectImage,
    );
    check(
        "== Executing boot script in 2.000 seconds - enter ^C to abort\n^C\nRedBoot> load art_mini.elf\nUsing default protocol (TFTP)\n__udp_sendto: Can't find address of server\nCan't load 'art_mini.elf': some sort of network error\n",
        Cause::LinkFault,
        State::BootloaderOnly,
        Action::SwapCableOrPort,
    );
}

#[test]
fn kernels_that_crash_without_memory_management_and_ones_that_run_for_long() {
    let text = "[    1.737622] VFS: Mounted root (ext4 filesystem) readonly on device 179:2.\n[    1.744070] Run /sbin/init as init process\n[    1.906850] Unhandled exception: IPSR = 00000004 LR = fffffffd\n[    1.914282] CPU: 0 PID: 1 Comm: init Not tainted 5.1.0\n[    1.986024] [<0000b24f>] (show_stack) from [<0000b947>] (__invalid_entry+0x4b/0x4c)";
    let evidence =
        |text: &str| [Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: text.into() }];
    assert_ne!(by_rules(&evidence(text)).cause(), Cause::NoFault);
    let text = "[   54.308861] gswip 1e108000.switch: port 5 failed to set up its table: -22\n[   54.325633] gswip 1e108000.switch: port 6 failed to set up its table: -22";
    assert_eq!(by_rules(&evidence(text)).state, State::BootsDegraded);
    let text = "E (659) boot: Factory app partition is not bootable\nE (659) boot: No bootable app partitions in the partition table\nets Jul 29 2019 12:21:46\nrst:0x3 (SW_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)";
    assert_eq!(by_rules(&evidence(text)).state, State::BootLoop);
}

#[test]
fn a_boot_loader_that_stops_or_refuses_a_file() {
    check(
        "U-Boot 1.1.4 (Apr 19 2014 - 00:17:22)\n\nap135 - Scorpion 1.0DRAM:\nsri\n 4 MB\nTop of RAM usable for U-Boot at: 80400000\nReserving 128k for boot params() at: 8037bfb0\nStack Pointer at: 8037bf98\n",
        Cause::RamFault,
        State::BootloaderFailing,
        Action::ReplaceHardware,
    );
    check(
        "reading gnubee.bin\n\n17039524 bytes read\n## Checking image at 8e000000 ...\nBad Magic Number,0DF6F587\nCheck image error!\n",
        Cause::ImageWrongDevice,
        State::BootloaderOnly,
        Action::ReflashCorrectImage,
    );
}

#[test]
fn a_running_system_whose_kernel_crashes() {
    check(
        "Welcome to Buildroot\nbuildroot login: root\n# echo function > /sys/kernel/debug/tracing/current_tracer\n[   45.234334] Unable to handle kernel paging request at virtual address ffffffd38ae80900\n[   45.242313] Oops [#1]\n[   45.244600] Modules linked in:\n[   45.247678] CPU: 0 PID: 11 Comm: migration/0 Not tainted 5.9.0 #215\n",
        Cause::KernelCrash,
        State::BootsDegraded,
        Action::InstallOtherBuild,
    );
}

#[test]
fn what_a_kernel_cannot_register_or_attach() {
    check(
        "[    1.846204] mtk_soc_eth 1e100000.ethernet eth0: mediatek frame engine at 0xbe100000, irq 19\n[    1.987149] mtk_soc_eth 1e100000.ethernet eth0: error -17 registering interface eth0\n[    2.024849] DSA: tree 0 setup\n",
        Cause::FirmwareBug,
        State::BootsDegraded,
        Action::InstallOtherBuild,
    );
    check(
        "ubi0 error: init_volumes: not enough PEBs, required 1738, available 1020\nubi0 error: ubi_wl_init: no enough physical eraseblocks (-718, need 1)\nubi0 error: ubi_attach_mtd_dev: failed to attach mtd1, error -12\n",
        Cause::ImageTooLarge,
        State::KernelHang,
        Action::ReflashCorrectImage,
    );
}

#[test]
fn loaders_of_microcontrollers_that_start_nothing() {
    check(
        "[MCUBOOT] [INF] main: Starting bootloader\n[MCUBOOT] [ERR] flash_area_get_sectors: area 1 size 0x32000 not divisible by sector size 0xd000\n[MCUBOOT] [ERR] main: Unable to find bootable image\n",
        Cause::FirmwareBug,
        State::BootloaderOnly,
        Action::UpdateBootloader,
    );
    check(
        "entry 0x40080334\nI (44) boot: SPI Flash Size : 4MB\nE (48) flash_parts: partition 0 invalid magic number 0x0\nE (59) boot: load partition table error!\nuser code done\n",
        Cause::PartitionTableDamaged,
        State::BootloaderOnly,
        Action::RestorePartitionTable,
    );
}

#[test]
fn firmware_that_leaves_no_room_for_settings() {
    check(
        "kernel: Too few erase blocks (4)\nmount_root: failed - mount -t jffs2 /dev/mtdblock4 /rom/overlay\nmount_root: jffs2 not ready yet, using temporary tmpfs overlay\n",
        Cause::ImageTooLarge,
        State::BootsDegraded,
        Action::InstallOtherBuild,
    );
}
