//! Messages with several usual causes: none of them is sure, and what would tell them apart is asked for.

use debrick_diagnose::{Case, Evidence, Trial, diagnose_in_trial};
use debrick_model::{Cause, Diagnosis, EvidenceKind, State};

use EvidenceKind::{SerialLog, Symptom, ToolOutput};

fn of(texts: &[(EvidenceKind, &str)]) -> Diagnosis {
    let item = |(kind, text): &(EvidenceKind, &str)| Evidence {
        kind: *kind,
        name: "text".into(),
        text: (*text).into(),
    };
    let evidence: Vec<Evidence> = texts.iter().map(item).collect();
    diagnose_in_trial(&Case { evidence: &evidence, ..Case::default() }, &Trial::default())
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
