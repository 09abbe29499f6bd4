use super::*;
use crate::case::Evidence;
use crate::trial::by_rules_alone;

#[track_caller]
fn check(account: &str, cause: C, action: A) -> S {
    let evidence = [Evidence { kind: EvidenceKind::Symptom, name: "answers".into(), text: account.into() }];
    let diagnosis = by_rules_alone(&evidence);
    let first = diagnosis.actions.first().map(|proposed| proposed.action);
    assert_eq!((diagnosis.cause(), first), (cause, Some(action)), "{account}: {diagnosis:?}");
    diagnosis.state
}

#[test]
fn no_more_is_read_than_a_person_tells() {
    let told = |number: usize| Evidence {
        kind: EvidenceKind::Symptom,
        name: format!("answer {number}"),
        text: "The power went out. ".repeat(500),
    };
    let evidence: Vec<Evidence> = (0..100).map(told).collect();
    let account = Account::read(&Reading::new(&evidence)).unwrap();
    assert!((10_000..2 * MAX_READ).contains(&account.text.len()), "{}", account.text.len());
}

#[test]
fn what_was_done_and_what_it_shows() {
    check(
        "I started the upgrade and took it off the mains, maybe it was still going on. Nothing happens now.",
        C::UpdateInterrupted,
        A::ReflashCorrectImage,
    );
    check(
        "It reports bad blocks. I tried different firmware versions over TFTP.",
        C::FlashHardwareFault,
        A::ReplaceHardware,
    );
    check("Flashing fails at the rootfs but gets further each time.", C::LinkFault, A::SwapCableOrPort);
    let state = check(
        "I wrote the image to the bootloader partition and cannot get anything from UART.",
        C::BootloaderCorrupt,
        A::EnterRecoveryMode,
    );
    assert_eq!(state, S::NoOutput);
    check(
        "After I used Zadig and changed the driver it is gone.",
        C::HostPermission,
        A::InstallDriverOrPermission,
    );
    check(
        "The router worked for two years and suddenly died, nothing lights up.",
        C::PowerFault,
        A::FixPower,
    );
    check(
        "During apt upgrade it stopped in the middle, and now it fails to come up.",
        C::UpdateInterrupted,
        A::ReflashCorrectImage,
    );
    check("I had the SOIC clip on the wrong way round.", C::LinkFault, A::SwapCableOrPort);
    check("flashrom does not detect anything, with an error.", C::LinkFault, A::SwapCableOrPort);
    check("doflash.sh gives an error; lsusb in my VirtualBox shows it.", C::LinkFault, A::ChangeToolOrOption);
    check(
        "Powered from the serial adapter it did not boot. With a separate supply it works now.",
        C::PowerFault,
        A::FixPower,
    );
    check("The command line fails, the GUI tool works.", C::ToolMismatch, A::ChangeToolOrOption);
    check("Release 2.5.6 loops. 2.5.5 works ok.", C::FirmwareBug, A::InstallOtherBuild);
}

#[test]
fn a_unit_that_is_well_in_the_end_has_no_fault() {
    for account in [
        "Eine halbe Stunde stand nur das Logo da, jetzt läuft alles.",
        "El router estuvo media hora parpadeando después de actualizar; lo creía perdido, pero arrancó.",
    ] {
        assert_eq!(check(account, C::NoFault, A::NothingNeeded), S::Healthy, "{account}");
    }
}

#[test]
fn what_was_done_first_was_not_interrupted() {
    let likelihood = |account: &str| {
        let evidence =
            [Evidence { kind: EvidenceKind::Symptom, name: "answers".into(), text: account.into() }];
        let findings = by_rules_alone(&evidence).findings;
        let found = findings.iter().find(|finding| finding.cause == C::UpdateInterrupted);
        found.map_or(0.0, |finding| finding.likelihood)
    };
    let broken = likelihood("The upload was running when I pulled the plug, now it does not start.");
    let done = likelihood("固件上传完，拔掉电源再插上，起不来了");
    assert!(done < 0.4 && broken > 0.45, "{done} {broken}");
}

#[test]
fn a_dot_within_a_number_ends_no_sentence() {
    let text = "It has 192.168.1.1 and a lamp. Version v2.5 runs! So.end";
    let sentences: Vec<&str> = sentences_of(text).collect();
    assert_eq!(sentences, ["It has 192.168.1.1 and a lamp", " Version v2.5 runs", " So", "end"]);
}

#[test]
fn what_came_last_is_how_it_ended() {
    let state = check(
        "I cancelled the update of the watch and reset it by force. Nothing broke.",
        C::NoFault,
        A::NothingNeeded,
    );
    assert_eq!(state, S::Healthy);
    let evidence = [Evidence {
        kind: EvidenceKind::Symptom,
        name: "answers".into(),
        text: "I flashed the first one and it works fine now. The second one does not turn on.".into(),
    }];
    assert_ne!(by_rules_alone(&evidence).cause(), C::NoFault);
}

#[test]
fn denials_of_any_form_are_read() {
    for tool in [
        "The ubports installer couldn't find my phone.",
        "The installer was never able to connect to the board.",
        "QFIL refuses to open the port.",
    ] {
        check(tool, C::LinkFault, A::SwapCableOrPort);
    }
    let state = check(
        "I had no battery in it and it failed to start. That worked as expected with one.",
        C::PowerFault,
        A::FixPower,
    );
    assert_eq!(state, S::Healthy);
}

#[test]
fn what_is_said_of_something_else_names_no_cause() {
    let cause = |account: &str| {
        let evidence =
            [Evidence { kind: EvidenceKind::Symptom, name: "answers".into(), text: account.into() }];
        by_rules_alone(&evidence).cause()
    };
    for (account, cause_of_others) in [
        ("I could still enter fastboot, but it hangs with the logo.", C::RecoveryFlagStuck),
        (
            "I flashed boot; the screen is black and the tablet was running Android before.",
            C::HostPortConflict,
        ),
        ("It booted and worked. However, after an hour it died again.", C::NoFault),
        (
            "It never came online again. The status led is constant blue and the power led is green.",
            C::NoFault,
        ),
    ] {
        assert_ne!(cause(account), cause_of_others, "{account}");
    }
}

#[test]
fn what_is_done_in_use_and_with_settings() {
    let state = check("The reader freezes when I open a large book.", C::FirmwareBug, A::InstallOtherBuild);
    assert_eq!(state, S::BootsDegraded);
    check("I removed the bridge of the LAN and cannot log in.", C::SettingsCorrupt, A::FactoryResetSettings);
    let state = check(
        "I put the update on a micro SD and switched it on, but it boots as usual.",
        C::RecoveryMediaWrong,
        A::ChangeToolOrOption,
    );
    assert_eq!(state, S::Healthy);
    check("升级后一直橙灯，不保留配置也一样。", C::FirmwareBug, A::ReflashCorrectImage);
}

#[test]
fn a_tool_that_is_content_does_not_outweigh_its_user() {
    let evidence = |kind, text: &str| Evidence { kind, name: "evidence".into(), text: text.into() };
    let cause = |account| {
        let output = "Waiting for remote to respond.\nReboot your device now.";
        by_rules_alone(&[
            evidence(EvidenceKind::Symptom, account),
            evidence(EvidenceKind::ToolOutput, output),
        ])
        .cause()
    };
    assert_ne!(cause("When I reboot it, the light goes out and I get nothing again."), C::NoFault);
    assert_eq!(cause("The tool said this."), C::NoFault);
}
