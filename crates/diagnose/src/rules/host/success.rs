//! What tools say when all went well, each in its own words.

use debrick_model::{Cause as C, State as S};

use crate::rule::Level::{Lasting, Output, System, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "tool-success",
        Output,
        &[
            "Hash of data verified",
            "Verification successful",
            "VERIFIED.",
            "Verified OK",
            "File downloaded successfully",
            "Download done.",
            "flash * bytes verified",
            "Upload complete",
            "successfully programmed",
            "Programming Finished",
            "PASS!",
            "Flashing has completed",
            "formatting eraseblock * 100 % complete",
            "flashing complete",
            "Firmware updated successfully",
            "Installation completed",
            "Installing done",
            "Installing succeeded",
            "successfully flashed",
            "Finished successfully",
            "Successfully installed",
            "succeed 1 / failed 0",
            "Erase/write done",
            "jolly good",
            "Programmed and verified",
            "Finished writing",
            "Write successful",
            "Done, thank you",
            "SWUPDATE successful",
            "Update completed",
            "Successfully updated",
        ],
        "The tool finished and checked its work.",
        &[(C::NoFault, 0.6)],
    )
    .states(&[(S::RecoveryMode, 0.35), (S::Healthy, 0.3)])
    .from("esptool; flashrom; dfu-util", "Hash of data verified."),
    rule(
        "avrdude-ended",
        Output,
        &["avrdude done.  Thank you"],
        "The programmer ended, and told of no trouble.",
        &[(C::NoFault, 0.6)],
    )
    .without(&[
        "avrdude: error",
        "avrdude error",
        "avrdude: fatal",
        "avrdude: verification error",
        "initialization failed",
        "not in sync",
        "not responding",
        "Double check",
        "Yikes!",
        "unable to open",
        "ser_open()",
        "mismatch",
        "timeout",
    ])
    .states(&[(S::RecoveryMode, 0.35), (S::Healthy, 0.3)])
    .from("avrdude src/main.c, which says it in every case", "avrdude done.  Thank you."),
    rule(
        "written-over-usb",
        Output,
        &[
            "Success 1    Failure 0",
            "SDP: done",
            "FB: done",
            "Transitioning to dfuMANIFEST",
            "The device was rebooted into application mode",
            "The device was rebooted to start",
            "Second stage boot server done",
            "Downloading bootloader succeeded",
            "Write LBA from file (100%",
            "Write LBA from file 100%",
            "Download Image OK",
            "Upgrade firmware ok",
            "Download Boot Success",
            "Prepare IDB OK",
            "Download Ok",
            "All command exec done",
            "{All Finished Successfully}",
            "Finish Download",
            "Download Succeed",
            "has been flashed successfully",
            "Reset the board to boot from",
            "upload successful",
            "flashed \"* successfully",
            "is now bootable",
            "RQT_CLOSE",
            "Remote finished. Closing connection",
            "Restore Finished",
        ],
        "The unit took everything that the tool sent.",
        &[(C::NoFault, 0.62)],
    )
    .without(&["activation Successful", "Download Fail"])
    .states(&[(S::RecoveryMode, 0.55)])
    .from(
        "NXP mfgtools uuu/; dfu-util; picotool; rkdeveloptool; SP Flash Tool; QFIL; Linux_for_Tegra; Heimdall; Odin; nmrpflash",
        "Success 1    Failure 0",
    ),
    rule(
        "listed-in-its-mode",
        Output,
        &["Found DFU: ["],
        "The tool sees the unit in the mode in which it is written.",
        &[(C::NoFault, 0.5)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .from("dfu-util src/dfu_util.c", "Found DFU: [0483:df11] ver=2200, devnum=15, cfg=1, intf=0"),
    rule(
        "written-by-probe",
        Output,
        &[
            "verified * bytes in",
            "wrote * bytes from file",
            "Wrote and verified address * (100",
            "Wrote address * (100",
            "programmed * bytes (* page",
            "Flash download: * Verify",
            "File download complete",
            "Download verified successfully",
            "Device programmed",
            "bytes written into * bytes memory",
            "Validating... Success",
            "Verify file hash * OK",
            "Reading flash... done",
            "Verifying flash... VERIFIED",
            "[SUCCESS] Took",
            "^contents match",
            "bytes used (",
            "Target successfully examined",
            "Examined RISC-V core; found",
            "target halted due to debug-request",
            "Target halted, PC=",
        ],
        "The chip holds what was written.",
        &[(C::NoFault, 0.62)],
    )
    .without(&["Programming Failed", "timed out while waiting for target halted", "Failed to write"])
    .states(&[(S::Healthy, 0.4), (S::RecoveryMode, 0.4)])
    .from(
        "OpenOCD src/flash/nor/tcl.c; stm32flash main.c; avrdude; pyOCD; SEGGER J-Link; STM32CubeProgrammer; nrfjprog; flashrom; PlatformIO",
        "verified 36768 bytes in 4.665386s (7.669 KiB/s)",
    ),
    rule(
        "written-from-within",
        Output,
        &["Verifying flash... VERIFIED", "Erase/write done"],
        "The unit that runs the tool holds what was written.",
        &[(C::NoFault, 0.4)],
    )
    .with(&["Found chipset \""])
    .states(&[(S::Healthy, 0.7)])
    .from("flashrom chipset_enable.c, flashrom.c", "Verifying flash... VERIFIED."),
    rule(
        "started-since-written",
        Output,
        &["was rebooted into application mode"],
        "The tool started what it had written.",
        &[(C::NoFault, 0.5)],
    )
    .states(&[(S::Healthy, 0.8)])
    .from("picotool main.cpp", "The device was rebooted into application mode."),
    rule(
        "erased",
        Output,
        &["Mass erase successfully achieved", "Chip erase completed successfully", "Flash erase completed"],
        "The chip is empty, as the tool was told.",
        &[(C::NoFault, 0.45)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .from("esptool; STM32CubeProgrammer; nrfjprog", "Chip erase completed successfully in 8.2s"),
    rule(
        "started-by-probe",
        Output,
        &["** Resetting Target **"],
        "The tool let the chip start what it wrote.",
        &[],
    )
    .without(&["** Verify Failed **", "** Programming Failed **"])
    .states(&[(S::Healthy, 0.4)])
    .from("OpenOCD src/flash/startup.tcl", "** Resetting Target **"),
    rule(
        "written-by-avrdude",
        Output,
        &["bytes of flash verified", "bytes of eeprom verified", "State -> VERIFYING"],
        "The chip holds what was written, and starts it.",
        &[(C::NoFault, 0.62)],
    )
    .states(&[(S::Healthy, 0.6)])
    .from("avrdude src/update.c", "avrdude: 30690 bytes of flash verified"),
    rule(
        "upgraded-itself",
        System,
        &["^Upgrade completed", "^sysupgrade successful", "OTA update finished", "^Rebooting system..."],
        "The system wrote its new firmware to the end and starts anew.",
        &[(C::NoFault, 0.6)],
    )
    .states(&[(S::Healthy, 0.6)])
    .from("OpenWrt lib/upgrade/do_stage2", "Upgrade completed"),
    rule(
        "upgraded-and-restarts",
        Lasting,
        &["reboot: Restarting system"],
        "The system wrote its new firmware and starts anew.",
        &[(C::NoFault, 0.6)],
    )
    .with(&["Performing system upgrade"])
    .without(&["^Upgrade completed", "Update failed", "Upgrade failed", "No space left"])
    .states(&[(S::Healthy, 0.6)])
    .from("OpenWrt package/base-files lib/upgrade/stage2", "reboot: Restarting system"),
    rule(
        "drive-of-a-loader-goes-away",
        Tool,
        &[
            "error code -36",
            "Fehlercode -36",
            "fcopyfile failed: Input/output error",
            "Disk Not Ejected Properly",
            "disk*disconnects",
            "drive*disconnects",
            "drive*disappears",
            "drive*vanishes",
            "drive*unmounts itself",
        ],
        "The loader's drive goes away as soon as it has the whole file, since the board starts what it got.",
        &[(C::NoFault, 0.62)],
    )
    .with(&["uf2"])
    .without(&["doesn't boot", "does not boot", "not run", "won't run", "doesn't start", "reappears", "comes back"])
    .states(&[(S::Healthy, 0.5)])
    .from("Microsoft UF2 specification; ZMK troubleshooting", "Error code -36 when copying firmware.uf2"),
    rule(
        "file-system-recovered",
        System,
        &["UBIFS*recovery completed", "EXT4-fs*recovery complete"],
        "The file system put itself right after it was cut off, and is mounted.",
        &[(C::NoFault, 0.62)],
    )
    .with(&["mounted "])
    .states(&[(S::Healthy, 0.5)])
    .from("Linux fs/ubifs/super.c", "UBIFS (ubi0:0): recovery completed; UBIFS: mounted UBI device 0"),
    rule(
        "nothing-to-update",
        Output,
        &["Nothing to do -- ", "Nothing to update", "No updates available", "No update available", "No update needed"],
        "The updater has nothing newer to write than what is there.",
        &[(C::NoFault, 0.8)],
    )
    .states(&[(S::Healthy, 0.6)])
    .from("Armadillo mkswu scripts/fail_with.sh; fwupd; Mender", "/!\\ Nothing to do -- failing on purpose to save bandwidth"),
    rule(
        "restarts-into-its-update",
        Lasting,
        &["Rebooting into new OS"],
        "The running system restarts into what it wrote.",
        &[],
    )
    .states(&[(S::Healthy, 0.5)])
    .from("balena hostapp-update", "Rebooting into new OS in 5 seconds..."),
    rule(
        "written-by-updater",
        Output,
        &[
            "Installing `* succeeded",
            "Marked slot * as good",
            "Upgrade completed",
            "sysupgrade successful",
            "Rebooting system...",
            "All bytes were successfully written",
            "records out",
            "bmaptool: info: 100% copied",
            "bmaptool: info: copying time",
            "synchronizing '/dev/",
            "Writing from * to firmware ...  [w]",
            "Successfully updated the firmware",
            "Device firmware is up to date",
            "Result: OK",
            "Success committing firmware",
            "Success activating firmware",
            "throttled=0x0",
            "OTA successful",
            "activation Successful",
            "Successfully uploaded program",
        ],
        "The updater finished its work.",
        &[(C::NoFault, 0.55)],
    )
    .without(&["gzip: corrupted data", "0+0 records out", "dd: error", "dd: writing", "No space left", "Input/output error"])
    .states(&[(S::Healthy, 0.5)])
    .from(
        "RAUC src/main.c; OpenWrt lib/upgrade/stage2, mtd.c; GNU coreutils dd; bmaptool BmapCopy.py; fwupdmgr",
        "Installing `/tmp/update.raucb` succeeded",
    ),
];
