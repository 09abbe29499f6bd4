//! What the systems of phones and tablets say.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Output, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "adb-listed-unauthorized",
        Output,
        &["unauthorized"],
        "The phone has not agreed to be spoken to by this computer.",
        &[(C::HostPermission, 0.8)],
    )
    .with(&["List of devices"])
    .states(&[(S::Healthy, 0.5)])
    .actions(&[A::InstallDriverOrPermission])
    .from("AOSP adb transport.cpp", "R58M12ABCDE unauthorized"),
    rule(
        "adb-silent",
        Output,
        &["offline"],
        "The phone is there and does not answer.",
        &[(C::LinkFault, 0.5), (C::ToolMismatch, 0.3), (C::HostPermission, 0.25)],
    )
    .with(&["List of devices"])
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::SwapCableOrPort, A::PowerCycleAndRetry])
    .from("AOSP adb transport.cpp", "R58M12ABCDE offline"),
    rule(
        "apple-loader-silent",
        Tool,
        &["Possibly invalid iBSS", "Possibly invalid iBEC", "Unable to send iBEC", "Unable to send iBSS", "Unable to place device into recovery mode"],
        "The phone does not come back with what was sent to start it: the link, the driver, or the tool's age.",
        &[(C::LinkFault, 0.48), (C::ToolMismatch, 0.42), (C::HostPermission, 0.2)],
    )
    .without(&["not being signed", "Unable to get SHSH blobs"])
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("idevicerestore src/dfu.c, src/recovery.c", "ERROR: Device did not disconnect. Possibly invalid iBSS. Reset device and try again."),
    rule(
        "apple-restore",
        Tool,
        &[
            "Device did not reconnect in recovery mode",
            "Unable to get SHSH blobs",
            "image personalization failed",
            "not being signed",
        ],
        "The vendor's server does not sign this firmware for the unit.",
        &[(C::VerifiedBootRejected, 0.55), (C::RollbackRejected, 0.35), (C::LinkFault, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .from("idevicerestore", "ERROR: Unable to get SHSH blobs for this device"),
    rule(
        "android-data",
        Lasting,
        &[
            "Decryption unsuccessful",
            "encryption unsuccessful",
            "Your data may be corrupt",
            "Can't load Android system",
            "Rescue Party",
            "RescueParty",
            "set_policy_failed",
            "init_user0_failed",
            "enablefilecrypto_failed",
            "fs_mgr_mount_all",
        ],
        "Android cannot use its stored data.",
        &[(C::SettingsCorrupt, 0.75)],
    )
    .states(&[(S::RecoveryMode, 0.35), (S::BootLoop, 0.3)])
    .actions(&[A::FactoryResetSettings])
    .from("AOSP system/core/init; bootable/recovery", "Can't load Android system. Your data may be corrupt."),
    rule(
        "android-system-crash",
        Lasting,
        &[
            "FATAL EXCEPTION IN SYSTEM PROCESS",
            "Zygote * has died",
            "zygote * exited",
            "system_server * crash",
            "init: critical process",
            "process with updatable components",
            "exited 4 times",
        ],
        "The system of the phone crashes again and again.",
        &[(C::FirmwareBug, 0.5), (C::SettingsCorrupt, 0.35), (C::InitFailure, 0.3)],
    )
    .states(&[(S::BootLoop, 0.6)])
    .actions(&[A::InstallOtherBuild, A::FactoryResetSettings])
    .from("AOSP system/core/init/service.cpp", "init: critical process 'zygote' exited 4 times in 4 minutes"),
    rule(
        "android-verified-boot",
        Lasting,
        &[
            "Your device is corrupt",
            "dm-verity corruption",
            "dm-verity verification failed",
            "AVB verification failed",
            "ERROR_VERIFICATION",
            "Verified boot state: red",
            "verifiedbootstate=red",
            "failed verification",
            "No valid operating system could be found",
            "No OS was found",
            "^Red State",
            " Red State",
            "has loaded a different operating system",
            "dm-verity device corrupted",
        ],
        "Verified boot refuses the system.",
        &[(C::VerifiedBootRejected, 0.75), (C::RootfsCorrupt, 0.25), (C::RollbackRejected, 0.15)],
    )
    .without(&["New image failed verification"])
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::UseSignedOrNewerImage, A::ReflashCorrectImage])
    .from("Android Verified Boot", "Your device is corrupt. It can't be trusted and will not boot."),
];
