//! What the rules conclude from the messages of many programs, each in the fewest lines that it prints.

use debrick_diagnose::{Case, Evidence, Trial, diagnose, diagnose_in_trial};
use debrick_model::{Action, Cause, EvidenceKind, State};

use crate::{by_rules, likely, of_text};

use EvidenceKind::{SerialLog, Symptom, ToolOutput};

#[track_caller]
fn check(kind: EvidenceKind, text: &str, cause: Cause, action: Action) -> State {
    let diagnosis = of_text(kind, text);
    let likely = likely(&diagnosis);
    let first = diagnosis.actions.first().map(|proposed| proposed.action);
    assert_eq!((diagnosis.cause(), first), (cause, Some(action)), "{text}: {likely:?}");
    diagnosis.state
}

#[test]
fn boot_loaders() {
    let state = check(
        SerialLog,
        "U-Boot SPL 2021.07 (Feb 28 2022 - 06:39:32)\nmmc_load_image_raw_sector: mmc block read error\nSPL: failed to boot from all boot devices\n",
        Cause::BootloaderCorrupt,
        Action::ReflashCorrectImage,
    );
    assert_eq!(state, State::BootloaderFailing);
    check(
        SerialLog,
        "CFE version 6.37\nboot the image...\nBoot program checksum is invalid\nEnter Rescue Mode\n",
        Cause::ImageCorrupt,
        Action::ReflashCorrectImage,
    );
    check(
        SerialLog,
        "ERROR:   BL2: Failed to load image id 5 (-2)\n",
        Cause::BootloaderCorrupt,
        Action::RestoreBootloader,
    );
    check(
        SerialLog,
        "initcall sequence 00000000b7bd2140 failed at call 000000008201d678 (err=-6)\n### ERROR ### Please RESET the board ###\n",
        Cause::FirmwareBug,
        Action::ReflashCorrectImage,
    );
    check(SerialLog, "DDR training error\n", Cause::RamFault, Action::ReplaceHardware);
    check(
        SerialLog,
        "Failed to verify required signature 'key-dev'\n",
        Cause::VerifiedBootRejected,
        Action::UseSignedOrNewerImage,
    );
}

#[test]
fn kernels() {
    let state = check(
        SerialLog,
        "[   1.2] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(179,2)\n",
        Cause::RootfsCorrupt,
        Action::ReflashCorrectImage,
    );
    assert_eq!(state, State::KernelHang);
    check(
        SerialLog,
        "[   12.000000] something new: it went wrong, error\n[   12.100000] more of it failed\n",
        Cause::FirmwareBug,
        Action::InstallOtherBuild,
    );
    let state = check(
        SerialLog,
        "[  304.096284] NETDEV WATCHDOG: eth0 (mtk_soc_eth): transmit queue 3 timed out\n",
        Cause::FirmwareBug,
        Action::InstallOtherBuild,
    );
    assert_eq!(state, State::BootsDegraded);
    check(
        SerialLog,
        "[   9.1] BTRFS error (device sda3): open_ctree failed\n",
        Cause::RootfsCorrupt,
        Action::ReflashCorrectImage,
    );
    check(
        SerialLog,
        "[  80.0] ata1.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x0\n",
        Cause::FlashHardwareFault,
        Action::SwapCableOrPort,
    );
    check(
        SerialLog,
        "Please press Enter to activate this console.\n[   10.22] Internal error: Oops - BUG: 0 [#1] SMP\n",
        Cause::KernelCrash,
        Action::InstallOtherBuild,
    );
}

#[test]
fn updaters() {
    let refused = |text: &str, cause, action| {
        assert_eq!(check(ToolOutput, text, cause, action), State::RefusedUnharmed, "{text}");
    };
    refused(
        "LastError: Installation error: Compatible mismatch\n",
        Cause::ImageWrongDevice,
        Action::ReflashCorrectImage,
    );
    refused(
        "[ERROR] : SWUPDATE failed [0] ERROR : HASH mismatch\n",
        Cause::ImageCorrupt,
        Action::RedownloadImage,
    );
    refused(
        "No downgrading allowed: new version 1.2.0 is older\n",
        Cause::RollbackRejected,
        Action::UseSignedOrNewerImage,
    );
    refused(
        "LastError: signature verification failed: self-signed certificate\n",
        Cause::VerifiedBootRejected,
        Action::UseSignedOrNewerImage,
    );
    refused(
        "Please upgrade without keeping config (sysupgrade -n).\nImage check failed.\n",
        Cause::ToolMismatch,
        Action::ChangeToolOrOption,
    );
    refused("ERROR[4]: Not Enough Space\n", Cause::ImageTooLarge, Action::InstallOtherBuild);
}

#[test]
fn phones() {
    check(
        ToolOutput,
        "Writing 'boot' FAILED (remote: 'not supported in locked device')\n",
        Cause::BootloaderLocked,
        Action::UnlockBootloader,
    );
    check(
        ToolOutput,
        "FAILED (remote: 'never heard of that')\n",
        Cause::ToolMismatch,
        Action::ChangeToolOrOption,
    );
    check(
        ToolOutput,
        "ERROR: Partition \"file\" does not exist in the specified PIT.\n",
        Cause::ToolMismatch,
        Action::ChangeToolOrOption,
    );
    check(
        ToolOutput,
        "SW REV. CHECK FAIL. DEVICE: 4, BINARY: 2\n",
        Cause::RollbackRejected,
        Action::UseSignedOrNewerImage,
    );
    check(
        ToolOutput,
        "BROM ERROR : S_CHIP_TYPE_NOT_MATCH (3010)\n",
        Cause::ImageWrongDevice,
        Action::ReflashCorrectImage,
    );
    check(
        ToolOutput,
        "Firmware upgrade encountered an issue. Please select recovery mode\n",
        Cause::UpdateInterrupted,
        Action::ReflashCorrectImage,
    );
    check(
        SerialLog,
        "Can't load Android system. Your data may be corrupt.\n",
        Cause::SettingsCorrupt,
        Action::FactoryResetSettings,
    );
}

#[test]
fn microcontrollers() {
    check(
        SerialLog,
        "E (60) boot_comm: mismatch chip ID, expected 0, found 2\n",
        Cause::ImageWrongDevice,
        Action::ReflashCorrectImage,
    );
    check(
        SerialLog,
        "E (300) nvs: nvs_flash_init failed (0x1102)\n",
        Cause::SettingsCorrupt,
        Action::FactoryResetSettings,
    );
    check(
        SerialLog,
        "*** Booting Zephyr OS build v3.6.0 ***\n>>> ZEPHYR FATAL ERROR 0: CPU exception on CPU 0\n",
        Cause::FirmwareBug,
        Action::InstallOtherBuild,
    );
    check(
        ToolOutput,
        "dfu-util: (for raw binary download, use the --dfuse-address option)\n",
        Cause::ToolMismatch,
        Action::ChangeToolOrOption,
    );
    check(
        ToolOutput,
        "Cannot open DFU device 0483:df11\nNo DFU capable USB device available\n",
        Cause::HostPermission,
        Action::InstallDriverOrPermission,
    );
    check(
        ToolOutput,
        "ERROR: your device. Please use --recover to unlock the device.\n",
        Cause::BootloaderLocked,
        Action::UnlockBootloader,
    );
    check(
        ToolOutput,
        "could not open port 'COM6': PermissionError(13, 'Access is denied.', None, 5)\n",
        Cause::HostPortConflict,
        Action::FreePortOrStopProcess,
    );
    check(
        ToolOutput,
        "usb 5-3: usbfs: interface 0 claimed by ch341 while 'brltty' sets config #1\n",
        Cause::HostPortConflict,
        Action::FreePortOrStopProcess,
    );
}

#[test]
fn accounts_in_several_languages() {
    check(
        Symptom,
        "The house power went off during a system upgrade.",
        Cause::UpdateInterrupted,
        Action::ReflashCorrectImage,
    );
    check(
        Symptom,
        "Stromausfall während des Updates.",
        Cause::UpdateInterrupted,
        Action::ReflashCorrectImage,
    );
    check(Symptom, "Я залил чужую прошивку.", Cause::ImageWrongDevice, Action::ReflashCorrectImage);
    check(Symptom, "升级内核后，无法启动。旧版本没有问题。", Cause::FirmwareBug, Action::InstallOtherBuild);
    check(
        Symptom,
        "Sur la console il n'y a que des caractères illisibles.",
        Cause::LinkFault,
        Action::SwapCableOrPort,
    );
    check(
        Symptom,
        "It works with version 23.05; 24.10 does not boot: a regression.",
        Cause::FirmwareBug,
        Action::InstallOtherBuild,
    );
}

/// Where nothing decides, nothing is written, and it is asked for more.
#[test]
fn guesses_are_marked_and_ask() {
    for text in
        ["error: something failed\n", "avrdude: stk500_getsync() attempt 1 of 10: not in sync: resp=0x00\n"]
    {
        let diagnosis = diagnose(&[Evidence { kind: ToolOutput, name: "tool".into(), text: text.into() }]);
        assert!(diagnosis.findings[0].likelihood < 0.5, "{text}");
        assert!(diagnosis.next_evidence.len() >= 3, "{:?}", diagnosis.next_evidence);
    }
}

#[test]
fn programmers_and_probes() {
    check(
        ToolOutput,
        "spi_nand_probe: mfr_id = 0xff, dev_id = 0x98\nSPI NAND Flash Not Detected!\n",
        Cause::LinkFault,
        Action::SwapCableOrPort,
    );
    check(
        ToolOutput,
        "Unable to open FTDI device: -3 (device not found).\nError: Programmer initialization failed.\n",
        Cause::ToolMismatch,
        Action::ChangeToolOrOption,
    );
    check(
        ToolOutput,
        "Info : Target voltage: 0.952756\nError: jtag status contains invalid mode value - communication failure\n",
        Cause::PowerFault,
        Action::FixPower,
    );
}

/// The same first words again and again: the first loader does not get to the next.
#[test]
fn a_loader_that_starts_over() {
    let state = check(
        SerialLog,
        &"System startup\n".repeat(6),
        Cause::BootloaderCorrupt,
        Action::ReflashCorrectImage,
    );
    assert_eq!(state, State::BootLoop);
}

/// A log of a program that is not known, and that begins again.
#[test]
fn an_unknown_log_that_begins_again() {
    let boot = "V:BK7231N_1.0.1\nREG:cpsr spsr r13 r14\n[Flash]init over\ntxd\n";
    let diagnosis =
        diagnose(&[Evidence { kind: SerialLog, name: "log".into(), text: [boot, boot].concat() }]);
    assert_eq!((diagnosis.cause(), diagnosis.state), (Cause::FirmwareBug, State::BootLoop));
    assert!(diagnosis.findings[0].likelihood < 0.5);
}

/// A log that ends at a login does not outweigh the person who says that the unit does not work.
#[test]
fn success_that_is_denied() {
    let evidence = |kind, text: &str| Evidence { kind, name: "evidence".into(), text: text.into() };
    let log = "Linux version 6.1.0 (gcc) #1\nVFS: Mounted root (squashfs filesystem) readonly on device 31:5.\n\
               procd: - init complete -\n";
    let likelihood = |said: &[&str]| {
        let said = said.iter().map(|text| evidence(Symptom, text));
        let evidence: Vec<_> = [evidence(SerialLog, log)].into_iter().chain(said).collect();
        let case = Case { evidence: &evidence, ..Case::default() };
        diagnose_in_trial(&case, &Trial::default())
            .findings
            .iter()
            .find(|finding| finding.cause == Cause::NoFault)
            .map(|found| found.likelihood)
    };
    assert!(likelihood(&[]) > Some(0.7));
    assert!(likelihood(&["It boots normally."]) > Some(0.7));
    assert!(likelihood(&["It is in a boot loop."]) < Some(0.5));
}

/// No power loss is none.
#[test]
fn what_did_not_happen() {
    let text = "The update went through, no power loss during the update. It is in a boot loop now.";
    let diagnosis = diagnose(&[Evidence { kind: Symptom, name: "said".into(), text: text.into() }]);
    assert_ne!(diagnosis.cause(), Cause::UpdateInterrupted, "{:?}", diagnosis.findings);
    assert_eq!(diagnosis.state, State::BootLoop);
}

/// What programmers say of verifying is no signature, and what libraries say of USB no image.
#[test]
fn tools_that_fail_alike() {
    check(
        ToolOutput,
        "Flash Write succeeded for 28564 bytes\nVerify failed at flash region 0x00200000\n",
        Cause::FlashHardwareFault,
        Action::SwapCableOrPort,
    );
    check(
        ToolOutput,
        "writing 'boot'...\nFAILED (remote: invalid partition or device)\n",
        Cause::ToolMismatch,
        Action::ChangeToolOrOption,
    );
    check(
        ToolOutput,
        "Updater process ended with ERROR: 255\nError installing zip file '/sideload/package.zip'\n",
        Cause::ToolMismatch,
        Action::ChangeToolOrOption,
    );
    check(
        ToolOutput,
        "E:Unable to open zip file.\nError flashing zip '/sdcard/update.zip'\n",
        Cause::ImageCorrupt,
        Action::RedownloadImage,
    );
    let diagnosis = by_rules(&[Evidence {
        kind: ToolOutput,
        name: "output".into(),
        text: "=> Executing the SPL... done.\nusb_bulk_send() ERROR -4: No such device\n".into(),
    }]);
    let causes: Vec<Cause> = diagnosis.findings.iter().take(3).map(|finding| finding.cause).collect();
    assert!(causes.contains(&Cause::ImageWrongDevice) && causes.contains(&Cause::LinkFault), "{diagnosis:?}");
}

/// What tools say, or do not say, that do not get at the unit.
#[test]
fn tools_without_their_unit() {
    let output = |text: &str, cause, action| check(ToolOutput, text, cause, action);
    output("List of devices attached\n\n", Cause::NotInRecoveryMode, Action::EnterRecoveryMode);
    output("$ fastboot devices\n$\n", Cause::NotInRecoveryMode, Action::EnterRecoveryMode);
    output("Advertising NMRP server on eth0 ... |\n", Cause::NotInRecoveryMode, Action::EnterRecoveryMode);
    let state = check(
        ToolOutput,
        "List of devices attached\nR58M12ABCDE\tunauthorized\n",
        Cause::HostPermission,
        Action::InstallDriverOrPermission,
    );
    assert_eq!(state, State::Healthy);
    output("List of devices attached\nR58M12ABCDE\toffline\n", Cause::LinkFault, Action::SwapCableOrPort);
    output(
        "ash: /usr/libexec/sftp-server: not found\nscp: Connection closed\n",
        Cause::ToolMismatch,
        Action::ChangeToolOrOption,
    );
    output(
        "Could not open mtd device: firmware\nCan't open device for writing!\n",
        Cause::ToolMismatch,
        Action::ChangeToolOrOption,
    );
    output(
        "dd: error writing '/dev/mmcblk0': Input/output error\n119+0 records out\n",
        Cause::LinkFault,
        Action::SwapCableOrPort,
    );
    output("curl: (52) Empty reply from server\n", Cause::LinkFault, Action::SwapCableOrPort);
}
