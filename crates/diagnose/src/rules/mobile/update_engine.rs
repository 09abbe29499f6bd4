//! What Android's update engine and its recovery system say. The engine gives each failure a number (AOSP
//! `system/update_engine/common/error_code.h`).

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Lasting;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "engine-cannot-open",
        Lasting,
        &[
            "kInstallDeviceOpenError",
            "kKernelDeviceOpenError",
            "kFilesystemCopierError",
            "kPostInstallMountError",
            "kPostInstallBootedFromFirmwareB",
            "kUpdatedButNotActive",
            "kError)",
            "Failed to MapAllPartitions",
            "Unable to MapPartitionOnDeviceMapper",
        ],
        "The update engine cannot open or prepare the partitions that it is to write.",
        &[
            (C::ToolMismatch, 0.4),
            (C::FirmwareBug, 0.36),
            (C::StorageFull, 0.3),
            (C::PartitionTableDamaged, 0.3),
        ],
    )
    .states(&[(S::RecoveryMode, 0.6), (S::RefusedUnharmed, 0.3)])
    .actions(&[A::ChangeToolOrOption, A::PowerCycleAndRetry, A::InstallOtherBuild])
    .from(
        "AOSP system/update_engine/common/error_code.h",
        "Error applying update: 7 (ErrorCode::kInstallDeviceOpenError)",
    ),
    rule(
        "engine-damaged",
        Lasting,
        &[
            "kPayloadHashMismatchError",
            "kPayloadSizeMismatchError",
            "kDownloadOperationHashMismatch",
            "kDownloadOperationExecutionError",
            "kDownloadManifestParseError",
            "kDownloadInvalidMetadata",
            "kDownloadStateInitializationError",
            "kDownloadTransferError",
            "kDownloadWriteError",
            "kDownloadIncomplete",
        ],
        "The package, or what came through of it, is damaged.",
        &[(C::ImageCorrupt, 0.55), (C::ImageIncomplete, 0.35), (C::LinkFault, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.5), (S::RefusedUnharmed, 0.4)])
    .actions(&[A::RedownloadImage])
    .from(
        "AOSP system/update_engine/common/error_code.h",
        "Error applying update: 10 (ErrorCode::kPayloadHashMismatchError)",
    ),
    rule(
        "engine-signature",
        Lasting,
        &[
            "kDownloadMetadataSignature",
            "kDownloadSignatureMissing",
            "kDownloadPayloadPubKeyVerificationError",
            "kSignedDeltaPayloadExpectedError",
            "kVerityCalculationError",
        ],
        "The package is not signed with a key that this system trusts.",
        &[(C::VerifiedBootRejected, 0.72), (C::ImageWrongDevice, 0.2), (C::ImageCorrupt, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.5), (S::RefusedUnharmed, 0.4)])
    .actions(&[A::UseSignedOrNewerImage, A::ChangeToolOrOption])
    .from(
        "AOSP system/update_engine/common/error_code.h",
        "Error applying update: 26 (ErrorCode::kDownloadMetadataSignatureMismatch)",
    ),
    rule(
        "engine-wrong-base",
        Lasting,
        &[
            "kNewRootfsVerificationError",
            "kNewKernelVerificationError",
            "kFilesystemVerifierError",
            "kPayloadMismatchedType",
            "kUnsupportedMajorPayloadVersion",
            "kUnsupportedMinorPayloadVersion",
            "source slot * verification failed",
            "source data * mismatch",
            "partition verification failed",
            "doesn't match the source",
            "has unexpected contents",
            "unexpected contents",
            "partition has been remounted R/W",
            "system partition has been",
        ],
        "The update does not fit what is installed, or does not read back as it was written.",
        &[
            (C::ImageWrongDevice, 0.4),
            (C::RootfsCorrupt, 0.36),
            (C::FlashHardwareFault, 0.25),
            (C::ToolMismatch, 0.25),
        ],
    )
    .states(&[(S::RecoveryMode, 0.5), (S::RefusedUnharmed, 0.4)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from(
        "AOSP system/update_engine/payload_consumer; releasetools",
        "[ERROR:filesystem_verifier_action.cc(441)] New 'system' partition verification failed.",
    ),
    rule(
        "engine-last-step",
        Lasting,
        &["kPostinstallRunnerError", "kPostinstallPowerwashError", "Postinstall * failed"],
        "The package was written, and its last step failed: for want of room, or by an error of the package.",
        &[(C::FirmwareBug, 0.5), (C::StorageFull, 0.35), (C::FlashHardwareFault, 0.15)],
    )
    .states(&[(S::RefusedUnharmed, 0.5), (S::RecoveryMode, 0.3)])
    .actions(&[A::InstallOtherBuild])
    .from(
        "AOSP system/update_engine/payload_consumer/postinstall_runner_action.cc",
        "Error applying update: 5 (ErrorCode::kPostinstallRunnerError)",
    ),
    rule(
        "engine-no-room",
        Lasting,
        &[
            "kNotEnoughSpace",
            "kOverlayfsenabledError",
            "not enough free space on /",
            "Not enough free space on",
        ],
        "There is no room for the update.",
        &[(C::StorageFull, 0.75)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .from(
        "AOSP system/update_engine/common/error_code.h",
        "Error applying update: 60 (ErrorCode::kNotEnoughSpace)",
    ),
];
