//! What Samsung's download mode says, and Odin and Heimdall, which speak to it.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Tool;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "samsung-authentication",
        Tool,
        &[
            "SECURE CHECK FAIL",
            "FAIL! (Auth)",
            "Custom binary blocked",
            "Custom Binary Blocked",
            "Reactivation Lock",
            "FRP lock",
            "KG STATE",
            "Unsupport dev_type",
        ],
        "The unit refuses a firmware that is not signed for it.",
        &[(C::VerifiedBootRejected, 0.65), (C::ImageWrongDevice, 0.35), (C::BootloaderLocked, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.6), (S::RecoveryMode, 0.3)])
    .actions(&[A::UseSignedOrNewerImage, A::ReflashCorrectImage])
    .from("Samsung download mode", "SECURE CHECK FAIL : (BOOTLOADER)"),
    rule(
        "samsung-rollback",
        Tool,
        &[
            "SW REV CHECK FAIL",
            "SW REV. CHECK FAIL",
            "Fused * > Binary",
            "anti rollback",
            "Anti-rollback",
            "Device image downgrade",
            "downgrade not allowed",
            "version downgrade",
        ],
        "The firmware is older than the unit accepts.",
        &[(C::RollbackRejected, 0.88)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .from("Samsung download mode", "SW REV. CHECK FAIL. DEVICE: 4, BINARY: 2"),
    rule(
        "heimdall-usb",
        Tool,
        &[
            "libusb error -7",
            "Failed to send handshake",
            "Failed to receive handshake",
            "Protocol initialisation failed",
            "Failed to send file part packet",
            "Failed to confirm end of",
            "libusb error -9",
            "Unexpected handshake response",
            "whilst sending bulk transfer",
        ],
        "The unit does not answer on USB.",
        &[(C::LinkFault, 0.75), (C::ToolMismatch, 0.35)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .from("Heimdall source/BridgeManager.cpp", "ERROR: Protocol initialisation failed!"),
    rule(
        "odin-write",
        Tool,
        &["Complete(Write) operation failed", "Can't open the serial(COM) port", "NAND Write Start!!"],
        "Writing from the computer broke off.",
        &[(C::LinkFault, 0.5), (C::FlashHardwareFault, 0.25), (C::HostPermission, 0.2)],
    )
    .with(&["Complete(Write) operation failed"])
    .states(&[(S::RecoveryMode, 0.5)])
    .from("Samsung Odin", "Complete(Write) operation failed."),
];
