//! What is concluded from short logs of units that fail in known ways, recorded as they started.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use debrick_diagnose::{Case, Evidence, StorageSurvey, diagnose, diagnose_case};
use debrick_model::{Action, Cause, Diagnosis, EvidenceKind, StageEnd, State};

const BANNER: &str = "\r\nU-Boot 2023.01 (Jun 22 2026 - 08:38:07 +0000)\r\n\r\nDRAM:  512 MiB\r\n";
const ENVIRONMENT: &str = "Loading Environment from Flash... OK\r\nIn:    serial\r\n";
const COUNTDOWN: &str = "Hit any key to stop autoboot:  2 \u{8}\u{8}\u{8} 1 \u{8}\u{8}\u{8} 0 \r\n";
const HASHES: &str = "   Verifying Hash Integrity ... sha256+ OK\r\n";
const LINUX: &str = "Starting kernel ...\r\n\r\n[    0.000000] Linux version 6.1.0 (gcc) #1\r\n";
const INIT: &str = "[    0.855785] Run /init as init process\r\n";
const READY: &str = "settings: ok\r\nREADY ACME R1 2.0.1\r\n\r\n/ # ";

fn log(parts: &[&str]) -> Evidence {
    Evidence { kind: EvidenceKind::SerialLog, name: "console.log".into(), text: parts.concat() }
}

#[track_caller]
fn check(parts: &[&str], cause: Cause, state: State, action: Option<Action>) -> Diagnosis {
    let evidence = [log(parts)];
    let diagnosis = diagnose_case(&Case { evidence: &evidence, is_watched: true, ..Case::default() });
    let first = diagnosis.actions.first().map(|proposed| proposed.action);
    let short: Vec<_> =
        diagnosis.findings.iter().map(|finding| (finding.cause, finding.likelihood)).collect();
    assert_eq!((diagnosis.cause(), diagnosis.state, first), (cause, state, action), "{short:?}");
    diagnosis
}

#[test]
fn a_healthy_boot() {
    let boot = [BANNER, ENVIRONMENT, COUNTDOWN, HASHES, LINUX, INIT, READY];
    let diagnosis = check(&boot, Cause::NoFault, State::Healthy, Some(Action::NothingNeeded));
    let names: Vec<&str> = diagnosis.timeline.iter().map(|stage| stage.name.as_str()).collect();
    assert_eq!(names, ["u-boot", "linux", "userspace", "shell"]);
    assert_eq!(diagnosis.timeline[0].end, StageEnd::HandedOver);
    assert_eq!(diagnosis.timeline[3].end, StageEnd::Waiting);
}

#[test]
fn a_healthy_boot_and_a_restart_that_was_asked_for() {
    let boot = [BANNER, COUNTDOWN, LINUX, INIT, READY].concat();
    let restart = "reboot -f\r\n[   20.1] reboot: Restarting system\r\n";
    check(&[&boot, restart, &boot], Cause::NoFault, State::Healthy, Some(Action::NothingNeeded));
}

#[test]
fn a_lost_environment_matters_only_when_the_unit_does_not_boot() {
    let lost = "Loading Environment from Flash... *** Warning - bad CRC, using default environment\r\n\r\n";
    check(
        &[BANNER, lost, COUNTDOWN, LINUX, INIT, READY],
        Cause::NoFault,
        State::Healthy,
        Some(Action::NothingNeeded),
    );
    let fails = "virtio read: device 0 ...\r\nRetry time exceeded; starting again\r\n=> ";
    check(
        &[BANNER, lost, COUNTDOWN, fails],
        Cause::BootEnvironmentCorrupt,
        State::BootloaderOnly,
        Some(Action::FixBootEnvironment),
    );
}

#[test]
fn no_boot_command() {
    let commands =
        "=> iminfo 0x48000000\r\n\r\n## Checking Image at 48000000 ...\r\nUnknown image format!\r\n=> ";
    check(
        &[BANNER, ENVIRONMENT, commands],
        Cause::BootEnvironmentCorrupt,
        State::BootloaderOnly,
        Some(Action::FixBootEnvironment),
    );
}

#[test]
fn damaged_parts_of_a_fit() {
    let damage = |part: &str, end: &str| {
        format!(
            "   Verifying Hash Integrity ... sha256 error!\r\nBad hash value for 'hash-1' hash node in '{part}' image \
             node\r\nBad Data Hash\r\n{end}\r\n=> "
        )
    };
    for (part, end) in
        [("kernel", "ERROR: can't get kernel image!"), ("ramdisk", "Ramdisk image is corrupt or invalid")]
    {
        let diagnosis = check(
            &[BANNER, ENVIRONMENT, COUNTDOWN, &damage(part, end)],
            Cause::ImageCorrupt,
            State::BootloaderOnly,
            Some(Action::ReflashSameImage),
        );
        let names_part = |line: &debrick_model::EvidenceLine| line.text.contains(part) && line.line > 0;
        assert!(diagnosis.findings[0].evidence.iter().any(names_part), "{part}");
    }
}

#[test]
fn a_fit_cut_short_and_a_blank_place() {
    let cut = "## Loading kernel from FIT Image at 48000000 ...\r\nBad FIT kernel image format! (err=-22)\r\nERROR: can't \
               get kernel image!\r\n=> ";
    check(
        &[BANNER, ENVIRONMENT, COUNTDOWN, cut],
        Cause::ImageIncomplete,
        State::BootloaderOnly,
        Some(Action::ReflashCorrectImage),
    );
    let blank = "Wrong Image Format for bootm command\r\nERROR: can't get kernel image!\r\n=> ";
    check(
        &[BANNER, ENVIRONMENT, COUNTDOWN, blank],
        Cause::ImageIncomplete,
        State::BootloaderOnly,
        Some(Action::ReflashCorrectImage),
    );
}

#[test]
fn firmware_for_another_processor() {
    let other = "     Architecture: ARM\r\n   Loading Device Tree to 000000005dba1000, end 000000005dca3fff ... OK\r\n\r\n\
                 Starting kernel ...\r\n\r\n";
    let wrong = Some(Action::ReflashCorrectImage);
    check(&[BANNER, ENVIRONMENT, COUNTDOWN, other], Cause::ImageWrongDevice, State::KernelHang, wrong);
    let refused = "Unsupported Architecture 0x5\r\nERROR: can't get kernel image!\r\n=> ";
    check(&[BANNER, COUNTDOWN, refused], Cause::ImageWrongDevice, State::BootloaderOnly, wrong);
    let crash = "## Loading kernel from FIT Image at 48000000 ...\r\n     Architecture: MIPS\r\n   Loading Kernel Image\r\n\
                 \"Synchronous Abort\" handler, esr 0x96000050\r\nresetting ...\r\n";
    let attempt = [BANNER, ENVIRONMENT, COUNTDOWN, crash].concat();
    check(&[&attempt, &attempt], Cause::ImageWrongDevice, State::BootLoop, wrong);
    // Without a sign of the unit's own width, it has to be known.
    let silent = [log(&[BANNER, COUNTDOWN, "     Architecture: MIPS\r\nStarting kernel ...\r\n\r\n"])];
    assert_ne!(diagnose(&silent).cause(), Cause::ImageWrongDevice);
    let case = Case { evidence: &silent, architecture: Some("arm64"), ..Case::default() };
    assert_eq!(diagnose_case(&case).cause(), Cause::ImageWrongDevice);
}

#[test]
fn settings_that_restart_the_unit() {
    let attempt = [
        BANNER,
        ENVIRONMENT,
        COUNTDOWN,
        LINUX,
        INIT,
        "settings: bad magic, rebooting\r\n",
        "[ 2.1] reboot: Restarting system\r\n",
    ]
    .concat();
    let reset = Some(Action::FactoryResetSettings);
    check(&[&attempt, &attempt, &attempt], Cause::SettingsCorrupt, State::BootLoop, reset);
    check(&[&attempt], Cause::SettingsCorrupt, State::BootLoop, reset);
    let blank = "settings: blank, writing defaults\r\nREADY ACME R1 2.0.1\r\n";
    check(&[BANNER, LINUX, INIT, blank], Cause::NoFault, State::Healthy, Some(Action::NothingNeeded));
}

#[test]
fn silence_and_garbage() {
    let silent = diagnose(&[log(&["\r\n\r\n"])]);
    assert_eq!((silent.cause(), silent.state), (Cause::Unknown, State::NoOutput));
    assert!(!silent.next_evidence.is_empty());
    let garbage = "\u{fffd}x\u{fffd}\u{fffd}~\u{0}\u{fffd}p\u{fffd}".repeat(40);
    let garbage = diagnose(&[log(&[&garbage])]);
    assert_eq!(garbage.cause(), Cause::LinkFault);
    assert_eq!(garbage.actions[0].action, Action::SwapCableOrPort);
    let nothing = diagnose(&[]);
    assert_eq!((nothing.cause(), nothing.state), (Cause::Unknown, State::Unknown));
    assert!(!nothing.next_evidence.is_empty() && nothing.actions.is_empty());
}

#[test]
fn kernels_that_stop() {
    let root = "[    2.6] VFS: Cannot open root device \"(null)\" or unknown-block(0,0): error -6\r\n[    2.7] Kernel panic - \
                not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n";
    check(
        &[BANNER, COUNTDOWN, LINUX, root],
        Cause::RootfsMissing,
        State::KernelHang,
        Some(Action::ReflashCorrectImage),
    );
    let restarts = "[    2.7] Rebooting in 3 seconds..\r\n";
    check(
        &[BANNER, COUNTDOWN, LINUX, root, restarts],
        Cause::RootfsMissing,
        State::BootLoop,
        Some(Action::ReflashCorrectImage),
    );
    let crash = "[    1.0] Unable to handle kernel paging request at virtual address 00000004\r\n[    1.1] Kernel panic - not \
                 syncing: Fatal exception\r\n";
    check(
        &[BANNER, COUNTDOWN, LINUX, crash],
        Cause::KernelCrash,
        State::KernelHang,
        Some(Action::InstallOtherBuild),
    );
}

#[test]
fn an_image_larger_than_what_is_read() {
    let text = "NAND read: device 0 offset 0x60000, size 0x100000\r\n 1048576 bytes read: OK\r\n## Booting kernel from Legacy \
                Image at 80800000 ...\r\n   Data Size:    1048577 Bytes = 1 MiB\r\n   Verifying Checksum ... Bad Data CRC\r\n";
    check(
        &[BANNER, COUNTDOWN, text],
        Cause::ImageTooLarge,
        State::BootloaderOnly,
        Some(Action::ReflashCorrectImage),
    );
}

#[test]
fn early_probing_is_no_failure() {
    let probing = "NAND:  No NAND device found!!!\r\nMMC: no card present\r\nNet:   No ethernet found.\r\n";
    check(&[BANNER, probing, COUNTDOWN], Cause::NoFault, State::Healthy, Some(Action::NothingNeeded));
}

#[test]
fn a_tool_that_succeeds_at_last() {
    let tool =
        |text: &str| Evidence { kind: EvidenceKind::ToolOutput, name: "tool".into(), text: text.into() };
    let failed = "Invalid head of packet (0x08): Possible serial noise or corruption.\n";
    assert_eq!(diagnose(&[tool(failed)]).cause(), Cause::LinkFault);
    let both = format!("{failed}Hash of data verified.\n");
    assert_eq!(diagnose(&[tool(&both)]).cause(), Cause::NoFault);
}

#[test]
fn a_survey_tells_a_cut_from_damage() {
    let log = [log(&[BANNER, COUNTDOWN, "Bad FIT kernel image format! (err=-22)\r\n=> "])];
    let survey = StorageSurvey {
        name: "survey".into(),
        block_size: 4096,
        blocks: 1000,
        image_known: true,
        equal: 600,
        equal_prefix: 600,
        blank: 400,
        blank_tail_from: Some(600),
        ..StorageSurvey::default()
    };
    let with = |survey: StorageSurvey| {
        let surveys = [survey];
        diagnose_case(&Case { evidence: &log, surveys: &surveys, ..Case::default() }).findings[0].clone()
    };
    let cut = with(survey.clone());
    assert_eq!(cut.cause, Cause::ImageIncomplete);
    assert!(cut.likelihood > 0.95 && cut.evidence.iter().any(|line| line.file == "survey"));
    let damaged = StorageSurvey {
        equal: 995,
        equal_prefix: 20,
        different: 5,
        blank: 0,
        blank_tail_from: None,
        ..survey
    };
    assert_eq!(with(damaged).cause, Cause::ImageCorrupt);
}
