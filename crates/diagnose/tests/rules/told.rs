//! What is concluded from what tools print when all went well or ill, and from what people tell.

use debrick_diagnose::Evidence;
use debrick_model::{Action as A, Cause as C, EvidenceKind, State as S};

use crate::{by_rules, likely, of_text};

use EvidenceKind::{Symptom, ToolOutput};

#[track_caller]
fn check(kind: EvidenceKind, text: &str, cause: C, action: A, state: S) {
    let diagnosis = of_text(kind, text);
    let likely = likely(&diagnosis);
    let first = diagnosis.actions.first().map(|proposed| proposed.action);
    let found = (diagnosis.cause(), first, diagnosis.state);
    assert_eq!(found, (cause, Some(action), state), "{text}: {likely:?}");
}

/// A tool that is done is no reason to write again.
#[test]
fn tools_that_are_content() {
    let written = [
        "uuu (Universal Update Utility)\nSuccess 1    Failure 0\n1:1      6/ 6 [Done                                  ] FB: Done",
        "Loading: mass-storage-gadget/boot.img\nFile read: boot.img\nSecond stage boot server done\n",
    ];
    for text in written {
        check(ToolOutput, text, C::NoFault, A::NothingNeeded, S::RecoveryMode);
    }
    let running = [
        "avrdude: stk500_getsync() attempt 1 of 1: not in sync: resp=0x31\navrdude: 30690 bytes of flash written\navrdude: 30690 bytes of flash verified\n\navrdude done.  Thank you.\n",
        "Firmware download success\nSuccess committing firmware action:0 slot:2\n",
        "Uploading: [=====] 100% Done...\n\n14:21:10 [INFO]: Waiting for result...\n14:21:10 [INFO]: Result: OK\n",
        "Firmware Update Complete: Total=1 Success=1 Failed=0\n",
    ];
    for text in running {
        let diagnosis = by_rules(&[Evidence { kind: ToolOutput, name: "tool".into(), text: text.into() }]);
        assert_eq!(diagnosis.cause(), C::NoFault, "{text}: {:?}", diagnosis.findings);
    }
}

#[test]
fn tools_that_fail() {
    let cases = [
        (
            "Firmware not suitable for this board (Firmware board_type=9 board_id=50)\n",
            C::ImageWrongDevice,
            A::ReflashCorrectImage,
            S::RefusedUnharmed,
        ),
        (
            "uploading 44476 bytes...\nERROR:xmodem.XMODEM:send error: expected ACK; got b'C' for block 1\n",
            C::LinkFault,
            A::SwapCableOrPort,
            S::RecoveryMode,
        ),
        (
            "Authenticating...FAIL\n09:17:40 [ERROR]: Authentication Failed\n",
            C::ToolMismatch,
            A::ChangeToolOrOption,
            S::RefusedUnharmed,
        ),
        (
            "Error 26: The host CPU does not have read access to the target flash area.\n",
            C::BootloaderLocked,
            A::UnlockBootloader,
            S::RefusedUnharmed,
        ),
        (
            "Waiting for BCM2835/6/7/2711/2712...\nSending bootcode.bin\nSuccessful read 4 bytes\nWaiting for BCM2835/6/7/2711/2712...\n",
            C::LinkFault,
            A::SwapCableOrPort,
            S::RecoveryMode,
        ),
        (
            "NVMe status: CMD_SEQ_ERROR: The command was aborted due to a protocol violation\n",
            C::ToolMismatch,
            A::ChangeToolOrOption,
            S::RefusedUnharmed,
        ),
    ];
    for (text, cause, action, state) in cases {
        check(ToolOutput, text, cause, action, state);
    }
}

#[test]
fn people_tell_what_helped() {
    let cases = [
        ("The flasher lost it. Tried another cable and it worked.", C::LinkFault, A::SwapCableOrPort),
        (
            "With Odin 3.10 it fails. I took the most recent version of Odin and was able to flash.",
            C::ToolMismatch,
            A::ChangeToolOrOption,
        ),
        (
            "2.19 is dead after the update. I flashed back to 2.18 and it worked.",
            C::FirmwareBug,
            A::InstallOtherBuild,
        ),
        (
            "It rebooted every few minutes. I did a factory reset, that worked, and it still runs.",
            C::SettingsCorrupt,
            A::FactoryResetSettings,
        ),
    ];
    for (text, cause, action) in cases {
        check(Symptom, text, cause, action, S::Healthy);
    }
}

#[test]
fn people_tell_what_went_wrong() {
    let cases = [
        (
            "I uploaded the H4 firmware by mistake, the device is bricked.",
            C::ImageWrongDevice,
            A::ReflashCorrectImage,
        ),
        (
            "Each time it reboots it goes back into AP mode and I have to set it up again.",
            C::SettingsCorrupt,
            A::FactoryResetSettings,
        ),
        (
            "I deleted some partitions, and since the reboot it does not start.",
            C::PartitionTableDamaged,
            A::RestorePartitionTable,
        ),
        (
            "I cancelled the flashing, so I aborted it too early. It is dead now.",
            C::UpdateInterrupted,
            A::ReflashCorrectImage,
        ),
        ("firmware.bin was 0 bytes in size.", C::ImageIncomplete, A::RedownloadImage),
    ];
    for (text, cause, action) in cases {
        let diagnosis = by_rules(&[Evidence { kind: Symptom, name: "account".into(), text: text.into() }]);
        let first = diagnosis.actions.first().map(|proposed| proposed.action);
        assert_eq!((diagnosis.cause(), first), (cause, Some(action)), "{text}: {:?}", diagnosis.findings);
    }
}

/// Who tells of a unit that is dead does not say that it is sound where something else works.
#[test]
fn another_unit_that_works() {
    let text =
        "I have two. On the first the update works fine. I then updated the second and it does not turn on.";
    let diagnosis = by_rules(&[Evidence { kind: Symptom, name: "account".into(), text: text.into() }]);
    assert_ne!(diagnosis.cause(), C::NoFault, "{:?}", diagnosis.findings);
    assert_ne!(diagnosis.state, S::Healthy);
}

/// What was there runs as before: nothing is broken, and what was offered was not taken.
#[test]
fn an_update_that_is_not_taken() {
    for text in [
        "The printer booted up without upgrading the firmware from the SD card.",
        "The update says it was successful, but it still shows the old version, same version as before.",
        "After the reboot I always find the old BIOS in place.",
    ] {
        let diagnosis = by_rules(&[Evidence { kind: Symptom, name: "account".into(), text: text.into() }]);
        assert_eq!(diagnosis.state, S::Healthy, "{text}: {:?}", diagnosis.findings);
    }
}

#[test]
fn a_tool_that_stands_still_is_no_unit_that_hangs() {
    for account in [
        "esptool hangs at Connecting.",
        "heimdall gets stuck at the initialising of the protocol.",
        "My mtkclient keeps hanging at the stage of the preloader.",
        "avrdude hängt bei reading.",
    ] {
        let evidence = [Evidence { kind: Symptom, name: "account".into(), text: account.into() }];
        let diagnosis = by_rules(&evidence);
        assert!(matches!(diagnosis.cause(), C::LinkFault | C::ToolMismatch), "{account}: {diagnosis:?}");
        assert_ne!(diagnosis.state, S::KernelHang, "{account}");
    }
    let account = "I wrote it with odin and now it is stuck at the logo.";
    let evidence = [Evidence { kind: Symptom, name: "account".into(), text: account.into() }];
    assert_eq!(by_rules(&evidence).state, S::KernelHang);
}
