//! What the systems of phones and tablets say.

use debrick_model::{Cause as C, State as S};

use crate::rule::Level::{Lasting, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "apple-restore",
        Tool,
        &[
            "Device did not reconnect in recovery mode",
            "Unable to get SHSH blobs",
            "image personalization failed",
            "not being signed",
            "Unable to place device into recovery mode",
        ],
        "The vendor's server does not sign this firmware for the unit.",
        &[(C::VerifiedBootRejected, 0.55), (C::RollbackRejected, 0.35), (C::LinkFault, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .from("idevicerestore", "ERROR: Unable to get SHSH blobs for this device"),
    rule(
        "android-verified-boot",
        Lasting,
        &[
            "Your device is corrupt",
            "dm-verity corruption",
            "AVB verification failed",
            "ERROR_VERIFICATION",
            "Verified boot state: red",
            "androidboot.verifiedbootstate=red",
            "Your device has failed verification",
            "No valid operating system could be found",
        ],
        "Verified boot refuses the system.",
        &[(C::VerifiedBootRejected, 0.75), (C::RootfsCorrupt, 0.3)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("Android Verified Boot", "Your device is corrupt. It can't be trusted and will not boot."),
];
