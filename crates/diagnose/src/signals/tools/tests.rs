use debrick_model::Cause;

use crate::case::Evidence;
use crate::trial::by_rules_alone;

use super::*;

#[track_caller]
fn check(output: &str, cause: Cause) {
    let evidence = [Evidence { kind: EvidenceKind::ToolOutput, name: "output".into(), text: output.into() }];
    let diagnosis = by_rules_alone(&evidence);
    assert_eq!(diagnosis.cause(), cause, "{output}: {diagnosis:?}");
}

#[test]
fn troubles_of_a_tool_that_nobody_knows() {
    for (output, cause) in [
        ("Connecting to target...\nError: timed out waiting for response", C::LinkFault),
        ("ERROR: target not detected, please retry", C::NotInRecoveryMode),
        ("firmware.bin is larger than the region (524288 > 458752)", C::ImageTooLarge),
        ("ERROR: firmware is for model AB-100, but connected is AB-200", C::ImageWrongDevice),
        ("Writing at 0x00010000... (12 %)\nLost connection to device", C::LinkFault),
        ("Update aborted: battery level too low (12%)", C::PowerFault),
        ("read: No such device (errno 19)", C::LinkFault),
        ("usb: error at /dev/bus/usb/001/003, errno=13", C::HostPermission),
        ("Uploading...\nSegmentation fault (core dumped)", C::ToolMismatch),
        ("device replied: ERR unknown command", C::ToolMismatch),
        ("NAK received, aborting after 10 retries", C::LinkFault),
        ("Writing: 43%\n^C\nAborted by user.", C::UpdateInterrupted),
        ("Tool v1\nwaiting for the bootloader of the unit", C::NotInRecoveryMode),
        ("INFO - No script found.\nERROR - A script is mandatory. Closing session", C::ToolMismatch),
        ("Processing loader.bin\nERROR - Not a valid file", C::ImageCorrupt),
        ("Traceback\nValueError: No response received", C::LinkFault),
        ("Loading stage 2 ...\n(hangs)", C::ToolMismatch),
        ("Service does not support SimpleUpdate", C::ToolMismatch),
        ("ERROR: Failed to fetch the target: HTTP error during POST: 400 BAD REQUEST", C::ToolMismatch),
    ] {
        check(output, cause);
    }
}

#[test]
fn a_tool_that_nobody_knows_and_that_is_content() {
    for output in [
        "warning: failed to set DTR, ignoring\nFlashing: 100% (1024/1024 blocks)\nAll done!",
        "sync failed, once more\nsync\nprogramming page 128/128\nimage verified",
        "Found 1 device:\n  0: serial 0001A2B3, firmware 2.1, bootloader",
        "Reading flash: 0x000000-0x400000\nRead 4194304 bytes\nSaved to backup.bin",
        "Erasing 'metadata'  OKAY [  0.007s]\nFile system type raw not supported.\nFinished. Total time: 70.4s",
        " WARN probe: command 242 failed: SwdDpWait\n WARN probe: got SwdDpWait, retrying.\n Finished in 2.55s",
        "Features: Wi-Fi\nMAC: 24:6f:28:00:00:00\nHard resetting via RTS pin...",
        "Features: ✓ Boot counting\n          ✓ Menu timeout control\nESP: /dev/disk/by-partuuid/e7",
        "probe failed\na: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6\ng: 7\nh: 8",
        "New firmware will be installed, continue? [y/N]: N\nAborted!",
        "login: admin\nPassword:\n-sh: id: command not found\n[~] #",
        "upgrade: Commencing upgrade. Closing all shell sessions.\nCommand failed: Connection failed",
        "can't open device \"/dev/ttyACM0\": Input/output error\nConnecting: .\nFound programmer: Id = CAT\n\
             Software Version = 1.0\nbuffersize=128 bytes.\nSupported:\nDevice code: 0x44",
        "target halted, current mode: Handler HardFault\nxPSR: 0x01\nInfo : flash size = 512 kbytes\n\
             flash write_image (a.elf) complete\nInfo : Unable to match requested speed 2000 kHz",
        "No device found on /dev/ttyACM0\nSet binary mode\nErase flash\nWrite 11404 bytes to flash\n\
             Verify successful\nCPU reset.",
        "archive does not contain 'boot.sig'\nwriting 'boot'...\nOKAY [  0.357s]\nfinished. total time: 150.897s",
    ] {
        check(output, C::NoFault);
    }
}

#[test]
fn a_tool_that_got_what_it_waited_for() {
    let waits = "$ fastboot oem random\n< waiting for any device >";
    check(waits, C::NotInRecoveryMode);
    check(
        &format!("{waits}\n(bootloader) Random = 1114ca59\nOKAY [  0.009s]\nFinished. Total time: 0.010s"),
        C::NoFault,
    );
    check(&format!("{waits}\n< waiting for any device >\n^C"), C::NotInRecoveryMode);
}

#[test]
fn a_unit_that_was_written_from_within_or_started_works() {
    for output in [
        "Found chipset \"AMD FCH\".\nErase/write done.\nVerifying flash... VERIFIED.",
        "Verifying Flash: 100%\n  OK\nThe device was rebooted into application mode.",
    ] {
        let evidence =
            [Evidence { kind: EvidenceKind::ToolOutput, name: "tool".into(), text: output.into() }];
        let diagnosis = by_rules_alone(&evidence);
        assert_eq!((diagnosis.cause(), diagnosis.state), (Cause::NoFault, S::Healthy), "{output}");
    }
}

#[test]
fn success_that_is_denied_is_none() {
    assert!(is_sure_ending("update complete"));
    for line in ["update incomplete", "not verified", "verified: failed", "unsuccessful"] {
        assert!(!is_sure_ending(line), "{line}");
    }
}
