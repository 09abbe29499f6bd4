//! What Samsung's download mode says, and Odin and Heimdall, which speak to it.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "heimdall-name",
        Tool,
        &["does not exist in the specified PIT", "No partition with identifier", "Unknown argument", "Partition name"],
        "The phone has no partition of the name that the tool was given.",
        &[(C::ToolMismatch, 0.85)],
    )
    .with(&["PIT"])
    .states(&[(S::RefusedUnharmed, 0.65)])
    .actions(&[A::ChangeToolOrOption])
    .from("Heimdall source/FlashAction.cpp", "ERROR: Partition \"file\" does not exist in the specified PIT."),
    rule(
        "heimdall-driver",
        Tool,
        &["libusb error: -12", "libusb error -12", "Failed to access device"],
        "The driver of the phone on this computer is not the one that the tool needs.",
        &[(C::HostPermission, 0.85)],
    )
    .states(&[(S::RefusedUnharmed, 0.4)])
    .actions(&[A::InstallDriverOrPermission])
    .from("Heimdall source/BridgeManager.cpp", "ERROR: Failed to access device. libusb error: -12"),
    rule(
        "odin-partition-table",
        Tool,
        &["There is no PIT partition", "Re-Partition operation failed", "Get PIT for mapping*FAIL", "Can't open the specified file"],
        "The phone has no valid partition table, or another than the firmware wants.",
        &[(C::PartitionTableDamaged, 0.6), (C::ImageWrongDevice, 0.25), (C::FlashHardwareFault, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::SeekProfessional, A::ReflashCorrectImage])
    .from("Samsung Odin", "<ID:0/006> There is no PIT partition."),
    rule(
        "odin-region",
        Tool,
        &["ID:*> hidden.img", "ID:*> cache.img", "ID:*> HIDDEN", "ID:*> omr.img"],
        "Writing stopped at the part that differs between regions and memory sizes: the firmware is for another variant.",
        &[(C::ImageWrongDevice, 0.5), (C::FlashHardwareFault, 0.15), (C::ToolMismatch, 0.2)],
    )
    .with(&["FAIL!"])
    .states(&[(S::RecoveryMode, 0.3)])
    .actions(&[A::ReflashCorrectImage])
    .from("Samsung Odin", "<ID:0/004> hidden.img"),
    rule(
        "odin-write",
        Tool,
        &["Complete(Write) operation failed", "ID:*> FAIL!", "failed 1)"],
        "Writing from the computer broke off.",
        &[(C::LinkFault, 0.45), (C::FlashHardwareFault, 0.3), (C::ImageWrongDevice, 0.3), (C::HostPermission, 0.15)],
    )
    .with(&["Odin"])
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption, A::ReflashCorrectImage])
    .from("Samsung Odin", "<ID:0/003> Complete(Write) operation failed."),
    rule(
        "odin-linux-silent",
        Tool,
        &["ioctl bulk read Fail", "ioctl bulk write Fail", "Fail Initialize Connection", "Fail initializeConnection", "Fail Setup Connection"],
        "The phone is seen on USB, and does not answer the tool.",
        &[(C::LinkFault, 0.55), (C::ToolMismatch, 0.3), (C::HostPermission, 0.15)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::SwapCableOrPort, A::PowerCycleAndRetry])
    .from("Samsung odin4", "ioctl bulk read Fail : Connection timed out  110"),
    rule(
        "odin-linux-refused",
        Tool,
        &["Fail uploadBinaries", "Fail request receive"],
        "The phone took the connection and broke off at one of the files: it does not accept it, or the connection failed.",
        &[(C::ImageWrongDevice, 0.42), (C::RollbackRejected, 0.4), (C::VerifiedBootRejected, 0.35), (C::LinkFault, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::UseSignedOrNewerImage])
    .from("Samsung odin4", "Fail uploadBinaries"),
    rule(
        "odin-port",
        Tool,
        &["Can't open the serial(COM) port"],
        "Another program, or a missing driver, keeps the port from the tool.",
        &[(C::HostPortConflict, 0.5), (C::HostPermission, 0.4), (C::LinkFault, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.4)])
    .actions(&[A::FreePortOrStopProcess, A::InstallDriverOrPermission])
    .from("Samsung Odin", "<ID:0/003> Can't open the serial(COM) port."),
    rule(
        "samsung-other-model",
        Tool,
        &["Unsupport dev_type", "Unsupported dev_type", "Sent binary is larger", "Volume size is too big", "UNSUPPORT DEV_TYPE", "Invalid model"],
        "The firmware is for another model.",
        &[(C::ImageWrongDevice, 0.8)],
    )
    .states(&[(S::RefusedUnharmed, 0.6), (S::RecoveryMode, 0.3)])
    .actions(&[A::ReflashCorrectImage])
    .from("Samsung download mode", "Unsupport dev_type"),
    rule(
        "samsung-authentication",
        Tool,
        &["SECURE CHECK FAIL", "security check fail", "Security Check : ", "FAIL! (Auth)", "Custom binary blocked", "Custom Binary Blocked", "Reactivation Lock", "FRP lock", "KG STATE", "Only official released binaries", "is not allowed to be flashed", "MDM does not allow", "vbmeta: Error verifying"],
        "The unit refuses a firmware that is not signed for it.",
        &[(C::VerifiedBootRejected, 0.65), (C::BootloaderLocked, 0.4), (C::ImageWrongDevice, 0.25)],
    )
    .states(&[(S::RefusedUnharmed, 0.6), (S::RecoveryMode, 0.3)])
    .actions(&[A::UseSignedOrNewerImage, A::ReflashCorrectImage])
    .from("Samsung download mode", "SECURE CHECK FAIL : (BOOTLOADER)"),
    rule(
        "samsung-rollback",
        Tool,
        &["SW REV CHECK FAIL", "SW REV. CHECK FAIL", "SW REV CHECK", "Fused * > Binary", "anti rollback", "Anti-rollback", "Device image downgrade", "downgrade not allowed", "version downgrade", "REV. CHECK FAIL", "rollback is not", "RP SWREV"],
        "The firmware is older than the unit accepts.",
        &[(C::RollbackRejected, 0.88)],
    )
    .without(&["Check rollback index"])
    .states(&[(S::RefusedUnharmed, 0.7)])
    .from("Samsung download mode", "SW REV. CHECK FAIL. DEVICE: 4, BINARY: 2"),
    rule(
        "samsung-update-broken",
        Lasting,
        &["An error has occurred while updating", "firmware upgrade encountered an issue", "Firmware upgrade encountered", "Emergency recovery function"],
        "An update of the phone stopped half way.",
        &[(C::UpdateInterrupted, 0.7), (C::ImageIncomplete, 0.35)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::ResumeUpdate])
    .from("Samsung download mode", "Firmware upgrade encountered an issue. Please select recovery mode in Kies & try again."),
    rule(
        "samsung-storage-dead",
        Tool,
        &["failed to mount /cache", "failed to mount /efs", "failed to mount /data", "Can't mount /cache", "Cant mount /cache"],
        "Neither the download mode nor the recovery system gets at the storage.",
        &[(C::FlashHardwareFault, 0.6), (C::PartitionTableDamaged, 0.4)],
    )
    .with(&["NAND Write Start"])
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ReplaceHardware, A::RestorePartitionTable])
    .from("Samsung recovery; Odin", "E:failed to mount /cache (Invalid argument)"),
    rule(
        "heimdall-end-of-file",
        Tool,
        &["Failed to confirm end of file transfer sequence", "Failed to confirm end of PIT"],
        "The phone got all of the file and does not confirm it: it does not take it, or is not heard.",
        &[
            (C::LinkFault, 0.43),
            (C::ToolMismatch, 0.36),
            (C::ImageWrongDevice, 0.22),
            (C::BootloaderLocked, 0.2),
            (C::ImageTooLarge, 0.15),
        ],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("Heimdall source/BridgeManager.cpp", "ERROR: Failed to confirm end of file transfer sequence!"),
    rule(
        "heimdall-usb",
        Tool,
        &["libusb error -7", "Failed to send handshake", "Failed to receive handshake", "Protocol initialisation failed", "Failed to send file part packet", "libusb error -9", "Unexpected handshake response", "whilst sending bulk transfer", "Setting up interface failed", "Failed to receive PIT", "Failed to download PIT", "PIT upload failed", "Failed to unpack received packet", "Failed to begin session", "Failed to receive session", "Failed to receive file part", "Failed to send request", "Failed to request", "upload failed!"],
        "The unit does not answer on USB as expected.",
        &[(C::LinkFault, 0.58), (C::ToolMismatch, 0.35), (C::HostPermission, 0.15)],
    )
    .without(&["Failed to confirm end of file transfer sequence"])
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::SwapCableOrPort])
    .from("Heimdall source/BridgeManager.cpp", "ERROR: Protocol initialisation failed!"),
];
