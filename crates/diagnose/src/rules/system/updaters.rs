//! What updaters of whole systems say: RAUC, SWUpdate, Mender, fwupd, and those of Android.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Output, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "update-for-another",
        Lasting,
        &[
            "Compatible mismatch",
            "incompatible manifest for this system",
            "Compatible SW not found",
            "HW compatibility not found",
            "not compatible with device",
            "is not compatible with device type",
            "not compatible with this hardware",
            "Image not compatible",
            "artifact is not compatible",
            "Failed to find matching variant",
            "No target slot for class",
            "image is not compatible",
            "Invalid compatible: * does not match",
        ],
        "The update is for another device.",
        &[(C::ImageWrongDevice, 0.7), (C::ToolMismatch, 0.15)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .actions(&[A::ReflashCorrectImage])
    .from(
        "RAUC src/install.c; SWUpdate core/parser.c; Mender",
        "LastError: Installation error: Compatible mismatch",
    ),
    rule(
        "update-signature",
        Lasting,
        &[
            "Failed to verify signature",
            "Invalid bundle signature",
            "certificate verify error",
            "self signed certificate",
            "self-signed certificate",
            "unable to get local issuer certificate",
            "Signature verification failed",
            "Error verifying signature",
            "expecting signed artifact",
            "missing signature",
            "signature verification error",
            "signature could not be verified",
            "failed to verify whole-file signature",
            "E:Could not find signature DER block",
            "footer is wrong",
            "certificate has expired",
            "no valid signature",
            "Verify signature failed",
            "invalid signature",
            "EVP_DigestVerifyFinal failed",
            "security verify failed",
        ],
        "The updater does not accept the signature of the update.",
        &[(C::VerifiedBootRejected, 0.85)],
    )
    .states(&[(S::RefusedUnharmed, 0.75)])
    .actions(&[A::UseSignedOrNewerImage])
    .from(
        "RAUC src/signature.c; SWUpdate corelib/; Android recovery verifier.cpp",
        "LastError: signature verification failed: self-signed certificate",
    ),
    rule(
        "card-reads-back-differently",
        Lasting,
        &[
            "Checksum does not match for range [",
            "Source and Destination checksums do not match",
            "EVALIDATION",
        ],
        "What was written to the card reads back differently: the card, its reader or the image is faulty.",
        &[
            (C::FlashHardwareFault, 0.62),
            (C::ImageCorrupt, 0.35),
            (C::ImageIncomplete, 0.3),
            (C::LinkFault, 0.25),
        ],
    )
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::ReflashSameImage, A::ReplaceHardware])
    .from("balena-io/etcher-sdk lib/source-destination", "Checksum does not match for range [0, 4095]"),
    rule(
        "update-damaged",
        Lasting,
        &[
            "HASH mismatch",
            "CPIO checksum",
            "Image invalid or corrupted",
            "payload verification",
            "kDownloadPayloadVerificationError",
            "checksum does not match",
            "checksum invalid",
            "digest mismatch",
            "Invalid checksum of",
            "computed hash differs",
            "data block * is corrupted",
            "Failed splicing data",
            "hash does not match",
            "hash mismatch",
            "MD5 hash value is invalid",
            "md5 mismatch",
        ],
        "The update does not have its declared digest.",
        &[(C::ImageCorrupt, 0.7), (C::ImageIncomplete, 0.25)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::RedownloadImage])
    .without(&["Checksum does not match for range [", "DA hash mismatch", "Nothing to do -- "])
    .from(
        "SWUpdate core/installer.c; RAUC; Samsung Odin",
        "[ERROR] : SWUPDATE failed [0] ERROR : HASH mismatch",
    ),
    rule(
        "update-slot-state",
        Lasting,
        &[
            "Did not find booted slot",
            "Failed to determine slot states",
            "Failed to determine booted slot",
            "Could not determine booted slot",
            "Failed marking slot",
            "Bootname not found",
            "Cannot determine active partition",
            "Failed to get primary",
            "Unable to obtain primary entry",
            "mender_boot_part",
            "Cannot parse config file",
            "fw_env.config",
            "Mounted root does not match boot loader environment",
            "could not identify current boot slot",
        ],
        "The updater cannot tell from the boot loader's settings which system runs.",
        &[(C::BootEnvironmentCorrupt, 0.5), (C::ToolMismatch, 0.25)],
    )
    .states(&[(S::RefusedUnharmed, 0.4)])
    .actions(&[A::FixBootEnvironment])
    .from("RAUC src/bootchooser.c; Mender", "LastError: Failed marking slot rootfs.1 non bootable"),
    rule(
        "update-slot-in-use",
        Lasting,
        &["opening output device", "Failed to open output file/device"],
        "The part that the update is for does not let itself be opened: something on the device still uses it, or the \
         updater's settings name another.",
        &[(C::ToolMismatch, 0.6), (C::FirmwareBug, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .actions(&[A::ChangeToolOrOption])
    .from(
        "RAUC src/update_handler.c",
        "Failed updating slot rootfs.1: opening output device failed: Device or resource busy",
    ),
    rule(
        "update-rolled-back",
        Lasting,
        &[
            "Rolling back",
            "rolled back",
            "performing rollback",
            "Rollback complete",
            "Reboot to the new update failed",
            "Marking slot * bad",
            "boot status: bad",
            "get-state *: bad",
            "returning bad",
            "Swap type: revert",
            "Update failed after reboot",
            "reverting to previous",
            "fell back to",
            "booted from the old slot",
        ],
        "The new system did not prove itself, and the old one runs again.",
        &[(C::FirmwareBug, 0.45), (C::UpdateInterrupted, 0.2), (C::BootloaderOutdated, 0.1)],
    )
    .states(&[(S::Healthy, 0.4), (S::BootsDegraded, 0.4)])
    .actions(&[A::InstallOtherBuild])
    .from("Mender; RAUC", "Rolling back Artifact..."),
    rule(
        "slot-not-written",
        Lasting,
        &["Failed updating slot", "failed to run casync", "failed to mount bundle"],
        "The updater could not write one of its slots, and the system that runs stays as it was.",
        &[(C::ToolMismatch, 0.42), (C::FirmwareBug, 0.38), (C::StorageFull, 0.25), (C::ImageCorrupt, 0.2)],
    )
    .states(&[(S::RefusedUnharmed, 0.5), (S::Healthy, 0.4)])
    .actions(&[A::ChangeToolOrOption, A::InstallOtherBuild])
    .from(
        "RAUC src/install.c",
        "LastError: Installation error: Failed updating slot boot.0: failed to run casync extract",
    ),
    rule(
        "upload-not-accepted",
        Lasting,
        &["Image upload inspect failed"],
        "The running system does not accept the upload, and goes on as it was.",
        &[(C::ToolMismatch, 0.5), (C::FirmwareBug, 0.4)],
    )
    .states(&[(S::Healthy, 0.6)])
    .actions(&[A::ChangeToolOrOption, A::PowerCycleAndRetry])
    .from("Zephyr subsys/mgmt/mcumgr/grp/img_mgmt", "<err> mcumgr_img_grp: Image upload inspect failed: 5"),
    rule(
        "boot-choice-not-written",
        Lasting,
        &["Did not find booted slot", "Failed to find booted slot"],
        "The updater does not know which of its slots the system runs from.",
        &[(C::ToolMismatch, 0.42), (C::BootEnvironmentCorrupt, 0.38), (C::FirmwareBug, 0.36)],
    )
    .states(&[(S::RefusedUnharmed, 0.5), (S::Healthy, 0.4)])
    .actions(&[A::ChangeToolOrOption, A::InstallOtherBuild])
    .from("RAUC src/install.c", "Did not find booted slot (matching 'ubi0:system0')"),
    rule(
        "part-not-written",
        Lasting,
        &["Something has gone wrong flashing", "flashing display failed"],
        "The unit could not write the firmware of one of its parts.",
        &[(C::LinkFault, 0.42), (C::ToolMismatch, 0.4), (C::UpdateInterrupted, 0.35)],
    )
    .states(&[(S::BootsDegraded, 0.4)])
    .actions(&[A::PowerCycleAndRetry, A::ChangeToolOrOption])
    .from("Tasmota nspanel.be", "FLH: Something has gone wrong flashing display firmware"),
    rule(
        "update-shorter-than-declared",
        Lasting,
        &["Signature size * exceeds bundle size", "bundle is too small", "Bundle seems truncated"],
        "The update is shorter than it declares, or not one at all.",
        &[(C::ImageIncomplete, 0.6), (C::ImageCorrupt, 0.45)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .actions(&[A::RedownloadImage])
    .from("RAUC src/bundle.c", "Signature size (7957085066972967886) exceeds bundle size"),
    rule(
        "update-service-died",
        Lasting,
        &["RAUC service disappeared", "D-Bus error while installing"],
        "The updater itself ended while it wrote to the slot that is not in use.",
        &[(C::FirmwareBug, 0.5), (C::ToolMismatch, 0.25), (C::UpdateInterrupted, 0.2)],
    )
    .states(&[(S::Healthy, 0.45), (S::RefusedUnharmed, 0.35)])
    .actions(&[A::InstallOtherBuild, A::ChangeToolOrOption])
    .from("RAUC src/main.c", "RAUC service disappeared"),
    rule(
        "update-mount",
        Lasting,
        &["Failed mounting bundle", "failed to mount bundle"],
        "The running system cannot open the update: its kernel lacks what it takes.",
        &[(C::FirmwareBug, 0.5), (C::ToolMismatch, 0.3), (C::ImageCorrupt, 0.15)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::InstallOtherBuild])
    .from("RAUC src/mount.c", "LastError: Failed mounting bundle: failed to mount bundle: No such device"),
    rule(
        "update-fails",
        Tool,
        &[
            "Installing failed",
            "SWUPDATE failed",
            "Installation error",
            "Update failed",
            "upgrade failed",
            "Installation failed",
            "failed to install",
            "Failed updating slot",
            "update unsuccessful",
            "Installation aborted",
            "Firmware update failed",
            "error applying update",
            "Failed to update",
            "flash failed",
            "flashing failed",
            "Upgrade error",
            "E:Error",
        ],
        "An update failed.",
        &[
            (C::ToolMismatch, 0.3),
            (C::ImageCorrupt, 0.28),
            (C::ImageWrongDevice, 0.28),
            (C::FirmwareBug, 0.25),
        ],
    )
    .without(&["erification of flash"])
    .states(&[(S::RefusedUnharmed, 0.55)])
    .last_resort()
    .from("updaters of all kinds", "[ERROR] : SWUPDATE failed"),
    rule(
        "recovery-package-fails",
        Tool,
        &[
            "Updater process ended with ERROR",
            "Updater process ended with signal",
            "Updater ended with ERROR",
            "Error installing zip",
            "Error flashing zip",
            "Error executing updater binary",
        ],
        "The recovery system cannot run the package: it is damaged, or made for another recovery system.",
        &[(C::ToolMismatch, 0.44), (C::ImageCorrupt, 0.36), (C::ImageWrongDevice, 0.32)],
    )
    .without(&["ERROR: 7", "Error 7", "Unable to open zip", "Invalid zip"])
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::ChangeToolOrOption, A::RedownloadImage])
    .from("TeamWin recovery twinstall.cpp", "Updater process ended with ERROR: 255"),
    rule(
        "recovery-package-unreadable",
        Tool,
        &["Unable to open zip file", "Invalid zip file format", "Can't open /sdcard", "failed to open zip"],
        "The recovery system cannot read the package.",
        &[(C::ImageCorrupt, 0.52), (C::ImageIncomplete, 0.35), (C::ToolMismatch, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::RedownloadImage])
    .from("TeamWin recovery twinstall.cpp", "E:Unable to open zip file."),
    rule(
        "recovery-assert",
        Lasting,
        &[
            "assert failed: getprop",
            "assert failed: * == ",
            "assert failed: *verify",
            "Error 7",
            "ERROR: 7",
            "E1001:",
            "This package is for",
            "E3004:",
            "This package supports",
            "(Status 7)",
            "^Status 7",
        ],
        "The recovery system finds that the package is for another model, or wants another boot loader.",
        &[(C::ImageWrongDevice, 0.55), (C::BootloaderOutdated, 0.4)],
    )
    // The number with which `make` ends is its own.
    .without(&["make: ***", "sequencing failed", "target flash area"])
    .states(&[(S::RefusedUnharmed, 0.6)])
    .from("AOSP updater/install.cpp; LineageOS releasetools", "Updater process ended with ERROR: 7"),
    rule(
        "recovery-mount",
        Lasting,
        &[
            "Failed to mount '/",
            "E:failed to mount",
            "E:Can't mount",
            "E: failed to mount",
            "Unable to mount storage",
            "could not find crypto footer",
            "Invalid argument * /data",
            "E:Unable to find partition",
            "unable to mount /data",
            "Failed to mount /data",
            "unable to mount /cache",
        ],
        "The recovery system cannot open the storage of the phone.",
        &[
            (C::PartitionTableDamaged, 0.33),
            (C::FlashHardwareFault, 0.35),
            (C::SettingsCorrupt, 0.42),
            (C::RootfsCorrupt, 0.2),
        ],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .from("AOSP recovery; TWRP partition.cpp", "Failed to mount '/data' (Invalid argument)"),
    rule(
        "fwupd-not-ready",
        Output,
        &[
            "device cannot be used during",
            "failed to wait for device",
            "device did not come back",
            "did not reappear",
            "Failed to prepare",
            "no longer exists",
            "device disappeared",
        ],
        "The device did not come back after its firmware was written.",
        &[(C::LinkFault, 0.5), (C::UpdateInterrupted, 0.35)],
    )
    .states(&[(S::RecoveryMode, 0.4)])
    .actions(&[A::PowerCycleAndRetry, A::SwapCableOrPort])
    .from("fwupd libfwupdplugin/fu-device-locker", "failed to wait for device: device did not come back"),
    rule(
        "update-older",
        Lasting,
        &[
            "Downgrading not allowed",
            "No downgrading allowed",
            "over newer build",
            "kPayloadTimestampError",
            "Update package is older",
            "is older than the current",
            "flash_full_capsule: version error",
            "older than current build",
            "version is older",
            "insufficient version in secondary slot",
            "cannot install an older",
            "prevented downgrade",
            "security counter",
            "Firmware version failure",
            "fw_version_failure",
        ],
        "The update is older than what is installed, and the updater does not go back.",
        &[(C::RollbackRejected, 0.82)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .actions(&[A::UseSignedOrNewerImage])
    .from(
        "SWUpdate core/swupdate.c; Android recovery install.cpp; MCUboot loader.c",
        "No downgrading allowed: new version 1.2.0 is older",
    ),
];
