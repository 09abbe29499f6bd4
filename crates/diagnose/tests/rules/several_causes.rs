//! Messages with several usual causes: none of them is sure, and what would tell them apart is asked for.

use debrick_diagnose::Evidence;
use debrick_model::{Cause, Diagnosis, EvidenceKind, State};

use crate::by_rules;

use EvidenceKind::{SerialLog, Symptom, ToolOutput};

fn of(texts: &[(EvidenceKind, &str)]) -> Diagnosis {
    let item = |(kind, text): &(EvidenceKind, &str)| Evidence {
        kind: *kind,
        name: "text".into(),
        text: (*text).into(),
    };
    let evidence: Vec<Evidence> = texts.iter().map(item).collect();
    by_rules(&evidence)
}

/// Nothing stands first that is sure; what is asked has these words; and these causes are named.
fn check(kind: EvidenceKind, text: &str, asks: &str, named: &[Cause]) {
    let diagnosis = of(&[(kind, text)]);
    let first = &diagnosis.findings[0];
    assert!(first.cause == Cause::Unknown || first.likelihood < 0.5, "{text}: {:?}", diagnosis.findings);
    assert!(diagnosis.next_evidence.join("\n").contains(asks), "{text}: {:?}", diagnosis.next_evidence);
    for cause in named {
        assert!(diagnosis.findings.iter().any(|finding| finding.cause == *cause), "{text}: {cause}");
    }
}

#[test]
fn transfers_that_end_when_the_unit_is_to_go_on_by_itself() {
    check(
        ToolOutput,
        "Sending 'boot.img' (131072 KB)     OKAY [  3.087s]\n\
         Booting                            FAILED (Status read failed (Too many links))\n\
         fastboot: error: Command failed\n",
        "`fastboot getvar all`",
        &[Cause::ToolMismatch, Cause::ImageWrongDevice, Cause::LinkFault],
    );
    check(
        ToolOutput,
        "Uploading RECOVERY\n100%\nERROR: Failed to confirm end of file transfer sequence!\nERROR: RECOVERY upload failed!\n",
        "the phone's download screen",
        &[Cause::LinkFault, Cause::ToolMismatch],
    );
    check(
        ToolOutput,
        "Sending boot image...\n0 % [+xmodem: Protocol error\n",
        "The exact command",
        &[Cause::ToolMismatch, Cause::LinkFault],
    );
    check(
        ToolOutput,
        "> xfel ddr r528-s3\nInitial ddr controller succeeded\n> xfel write 0x80000000 blink.bin\n\
         usb bulk send error: Operation timed out\n",
        "The exact command",
        &[Cause::ImageWrongDevice, Cause::RamFault, Cause::ToolMismatch],
    );
}

#[test]
fn storage_and_memory_that_do_not_answer() {
    check(
        SerialLog,
        "[73039.454537] mmcblk1: timed out sending r/w cmd command, card status 0xe00\n\
         [73039.461571] blk_update_request: I/O error, dev mmcblk1, sector 3426864\n",
        "`mmc info`",
        &[Cause::FlashHardwareFault, Cause::FirmwareBug, Cause::PowerFault],
    );
    check(
        SerialLog,
        "DDR V1.11 f1474cf52f\nunknown device\n\
         If no 'may be ch* soldering abnormality' is printed, it may be ch0 soldering abnormality\nerror\n",
        "memory test",
        &[Cause::RamFault, Cause::BootloaderOutdated, Cause::BootloaderCorrupt],
    );
    check(
        SerialLog,
        "Hit any key to stop autoboot:  0\n=> saveenv\nSaving Environment to MMC...\nWriting to MMC(0)... failed\n",
        "`mmc info`",
        &[Cause::FirmwareBug, Cause::FlashHardwareFault],
    );
}

/// That it was flashed does not make a unit well of which somebody says that it does not get on.
#[test]
fn success_is_denied_in_other_languages() {
    let flashed = "*** The target t186ref has been flashed successfully. ***\n";
    assert_eq!(of(&[(ToolOutput, flashed)]).cause(), Cause::NoFault);
    let denied = of(&[(ToolOutput, flashed), (Symptom, "ロゴの画面から進まない")]);
    assert_ne!(denied.cause(), Cause::NoFault, "{:?}", denied.findings);
}

#[test]
fn a_unit_that_shows_a_light_has_power() {
    let state = |text| of(&[(Symptom, text)]).state;
    assert_eq!(state("Lightning struck, and since then it is dead."), State::NoPower);
    assert_ne!(
        state("Lightning struck, and since then the leds are all solid and there is no internet."),
        State::NoPower
    );
}

#[test]
fn wires_that_were_put_together_to_test_the_console_did_no_harm() {
    let diagnosis = of(&[(
        Symptom,
        "After an upgrade the router gives no response. I tested the adapter with rx and tx shorted and it worked, \
         but there is nothing from the router.",
    )]);
    assert!(
        !matches!(diagnosis.cause(), Cause::PowerFault | Cause::FlashHardwareFault),
        "{:?}",
        diagnosis.findings
    );
}

#[test]
fn what_works_with_another_firmware_is_no_unit_without_a_fault() {
    let diagnosis = of(&[(
        Symptom,
        "Since the update the console prints nothing after the start of the kernel. I also tried another firmware. \
         It works well.",
    )]);
    assert_eq!(diagnosis.cause(), Cause::FirmwareBug);
}

/// A tool that starts the unit as it ends leaves it running, and one that reads leaves it where it was.
#[test]
fn a_tool_that_starts_the_unit_left_its_mode() {
    let written = "Wrote 1087456 bytes (687409 compressed) at 0x00001000 in 15.7 seconds...\nHash of data verified.\n\
                   \nLeaving...\n";
    let started = format!("{written}Hard resetting via RTS pin...\n");
    assert_eq!(of(&[(ToolOutput, &started)]).state, State::Healthy);
    assert_eq!(of(&[(ToolOutput, &started)]).cause(), Cause::NoFault);
}

#[test]
fn parts_that_nobody_may_read_are_no_fault() {
    let log = "[  OK  ] Started Kernel Logging Service.\n[   13.590149] end_request: I/O error, dev mmcblk2rpmb, sector 0\n\
               [   14.514212] BTRFS: new size for /dev/mmcblk2p6 is 3414163456\n";
    assert_eq!(of(&[(SerialLog, log)]).cause(), Cause::NoFault);
    assert_ne!(of(&[(SerialLog, &log.replace("rpmb", ""))]).cause(), Cause::NoFault);
}

#[test]
fn a_driver_that_has_another_file_is_well() {
    let log = "[    2.924467] radio 0000:21:00.0: Direct firmware load for rtlwifi/rtl8812aefw.bin failed with error -2\n\
               [    2.924648] rtlwifi: Loading alternative firmware rtlwifi/rtl8821aefw.bin\n\
               [    2.926082] ieee80211 phy0: Selected rate control algorithm 'rtl_rc'\n";
    assert_eq!(of(&[(SerialLog, log)]).cause(), Cause::NoFault);
}

#[test]
fn tools_that_do_not_reach_the_chip() {
    check(
        ToolOutput,
        "Info : Target voltage: 3.247800\nError: init mode failed (unable to connect to the target)\n** OpenOCD init failed **\n",
        "connecting under reset",
        &[Cause::LinkFault, Cause::NotInRecoveryMode],
    );
    check(
        ToolOutput,
        "Using clock_gettime for delay loops (clk_id: 1, resolution: 1ns).\nNo EEPROM/flash device found.\n",
        "everything that it printed",
        &[Cause::LinkFault, Cause::ToolMismatch],
    );
}

/// Whoever changed cables and ports in vain need not be told to do so as if that were the cause.
#[test]
fn cables_that_were_changed_in_vain_are_less_suspected() {
    let tool = "dfu-util: Error during special command \"SET_ADDRESS\" get_status\n";
    let link = |told| {
        let findings = of(&[(ToolOutput, tool), (Symptom, told)]).findings;
        findings
            .iter()
            .find(|finding| finding.cause == Cause::LinkFault)
            .map_or(0.0, |finding| finding.likelihood)
    };
    let in_vain = link("I already tried different USB cables and USB ports, but all with the same behavior.");
    assert!(in_vain < 0.5 && in_vain < link("With another cable it sometimes works."), "{in_vain}");
}

#[test]
fn a_log_that_ends_where_the_next_one_was_started_hangs_there() {
    let unpacked = "## Booting image at bc260000 ...\n   Verifying Checksum ... OK\n   Uncompressing Kernel Image ... OK\n";
    assert_eq!(of(&[(SerialLog, unpacked), (Symptom, "It is bricked.")]).state, State::KernelHang);
    let entered = "ets Jun  8 2016 00:22:57\n\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n\
                   mode:DIO, clock div:1\nload:0x40080400,len:6352\nentry 0x400806b8\n";
    let silent = of(&[(SerialLog, entered), (Symptom, "Nothing else comes.")]);
    assert_eq!(silent.cause(), Cause::FirmwareBug, "{:?}", silent.findings);
    let other = "Mounting from ufs:/dev/ufs/rootfs failed with error 19.\n";
    assert_eq!(of(&[(SerialLog, other)]).state, State::KernelHang);
}

#[test]
fn one_event_in_several_words_counts_once() {
    check(
        ToolOutput,
        "waiting for bootloader to initialize\nusb read error (71): Protocol error\nbootloader failed NvError 0x0\n\
         command failure: bootloader download failed\n",
        "power supply",
        &[Cause::LinkFault, Cause::PowerFault],
    );
    check(
        Symptom,
        "Lightning struck nearby. Since then all lights blink, go red, and start over.",
        "power supply",
        &[Cause::PowerFault, Cause::FlashHardwareFault],
    );
}

#[test]
fn nobody_knows_who_stopped_a_countdown() {
    check(
        SerialLog,
        "U-Boot 2010.06 (Aug 30 2017 - 16:48:06)\n\nIn:    serial\nOut:   serial\nErr:   serial\n\
         Hit any key to stop autoboot:  0\nhisilicon # \n",
        "Whether a key was pressed",
        &[Cause::NoFault],
    );
}

#[test]
fn a_tool_that_crashes_or_does_not_know_a_form_is_no_firmware_that_does() {
    let crash = of(&[(
        ToolOutput,
        "Assertion failed: (strcmp(buf, \"AWUS\") == 0), function read, file fel_lib.c, line 158.\n",
    )]);
    assert_eq!(crash.cause(), Cause::ToolMismatch, "{:?}", crash.findings);
    let form =
        of(&[(ToolOutput, "=> Executing the SPL... done.\nInvalid U-Boot image: bad size or signature\n")]);
    assert_eq!((form.cause(), form.state), (Cause::ToolMismatch, State::RecoveryMode), "{:?}", form.findings);
    check(
        ToolOutput,
        "Received configuration request from 2c:b0:5d:2b:48:e1.\nTimeout while waiting for TFTP_UL_REQ.\n",
        "The exact command",
        &[Cause::LinkFault, Cause::ToolMismatch],
    );
}

#[test]
fn a_unit_that_shows_nothing_is_asked_about_its_power() {
    check(
        Symptom,
        "My laptop fails to boot. There is no display and nothing on the screen.",
        "the voltages on the board",
        &[],
    );
}
