//! Where a unit stops, and what usually keeps it there.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use debrick_diagnose::{Evidence, diagnose};
use debrick_model::{Action, Cause, EvidenceKind, State};

const UBOOT: &str = "U-Boot 2023.01 (Jun 22 2026 - 08:38:07 +0000)\nDRAM:  512 MiB\n";
const LINUX: &str = "Starting kernel ...\n[    0.000000] Linux version 6.1.0 (gcc) #1\n";
const NO_ROOT: &str = "[    1.20] VFS: Cannot open root device \"(null)\" or unknown-block(0,0): error -6\n";

#[track_caller]
fn check(text: &str, cause: Cause, state: State, action: Action) {
    let diagnosis =
        diagnose(&[Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: text.into() }]);
    let likely: Vec<_> =
        diagnosis.findings.iter().map(|finding| (finding.cause, finding.likelihood)).collect();
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
