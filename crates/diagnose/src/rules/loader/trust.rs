//! What boot loaders say when they refuse an image for its signature or its age.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Loader};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "uboot-verified-boot",
        Loader,
        &[
            "Failed to verify required signature",
            "Unable to verify required signature",
            "HAB Event 1",
            "Authenticate image * failed",
            "Signature check * failed",
            "signature verification failed",
            "avb: * verification failed",
            "image authentication failed",
            "Verification failed with",
            "Verifying * signature * error",
            "Secure boot: * fail",
            "invalid signature",
            "Signature is invalid",
            "signature is not valid",
            "authentication failure",
            "sig verify fail",
            "Image not signed",
            "unsigned image",
            "Failed to authenticate",
            "RSA: Can't find",
            "bad signature",
            "SignCheck Fail",
            "hab check failed",
            "Failed to hab check for",
            "STB: * verification FAILED",
            "): Security Violation",
            "sign check fail",
            "signature verify fail",
            "verify signature fail",
            "image verify fail",
        ],
        "The boot loader refuses the firmware, because its signature does not check out.",
        &[(C::VerifiedBootRejected, 0.85)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .from("U-Boot boot/image-fit-sig.c", "Failed to verify required signature 'key-dev'"),
    rule(
        "uboot-rollback",
        Loader,
        &[
            "is less than the stored rollback index",
            "anti-rollback check",
            "rollback index mismatch",
            "rollback detected",
            "older than the minimum",
            "ROLLBACK_INDEX",
            "ERROR_ROLLBACK",
            "Rollback index *",
            "rollback protection",
            "version rollback",
            "anti-rollback version",
            "anti rollback version",
            "lower than the stored",
            "firmware downgrade",
            "downgrade is not allowed",
            "can not downgrade",
            "cannot downgrade",
            "downgrade rejected",
            "older version is not allowed",
        ],
        "The firmware is older than the unit accepts.",
        &[(C::RollbackRejected, 0.8)],
    )
    .without(&["Check rollback index.", "OTA rollback detected"])
    .states(&[(S::BootloaderOnly, 0.4)])
    .from(
        "Android Verified Boot, README.md",
        "avb_slot_verify.c: Rollback index 1 is less than the stored rollback index",
    ),
    rule(
        "uefi-secure-boot",
        Loader,
        &[
            "Security Violation",
            "bad shim signature",
            "you need to load the kernel first",
            "Secure Boot violation",
            "Invalid signature detected",
            "Verification failed: (0x1A)",
            "EFI stub: * Secure Boot",
            "prohibited by secure boot",
        ],
        "Secure Boot of the computer refuses the system.",
        &[(C::VerifiedBootRejected, 0.85)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::UseSignedOrNewerImage])
    .from("shim; EDK II SecurityPkg", "Verification failed: (0x1A) Security Violation"),
    rule(
        "android-verification",
        Lasting,
        &[
            "Error verifying vbmeta image",
            "does not match digest in descriptor",
            "avb_slot_verify.c:* ERROR",
            "ERROR_VERIFICATION",
            "PUBLIC_KEY_REJECTED",
        ],
        "The boot loader refuses images of which the verified list does not know.",
        &[(C::VerifiedBootRejected, 0.75), (C::ImageCorrupt, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .from(
        "AOSP external/avb/libavb/avb_slot_verify.c",
        "avb_slot_verify.c:443: ERROR: vbmeta_a: Error verifying vbmeta image: PUBLIC_KEY_REJECTED",
    ),
];
