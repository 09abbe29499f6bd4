//! What tools say that speak to the ROMs of phones' processors: Qualcomm, Tegra, Unisoc.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Tool;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "sahara-part-missing",
        Tool,
        &["Could not find Image ID"],
        "The unit asks for a part of its loader that the tool was not given.",
        &[(C::ToolMismatch, 0.6), (C::ImageWrongDevice, 0.36), (C::ImageIncomplete, 0.33)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ChangeToolOrOption])
    .from("edl-ng Qualcomm.EmergencyDownload", "[ERROR] Could not find Image ID: 59"),
    rule(
        "tegra-loader",
        Tool,
        &[
            "command failure: bootloader download failed",
            "usb read error",
            "usb write error",
            "bootloader failed NvError",
            "timeout in USB write",
            "timeout in USB read",
            "failed to read rcm_state",
        ],
        "The loader was sent, but does not start or answer.",
        &[(C::LinkFault, 0.45), (C::PowerFault, 0.4), (C::ImageWrongDevice, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::SwapCableOrPort, A::FixPower])
    .from("NVIDIA nvflash", "command failure: bootloader download failed (bad data)"),
    rule(
        "tegra-not-in-recovery",
        Tool,
        &["chip does not identify as tegra", "Reading board information failed", "No Jetson device found", "Jetson device in recovery mode * not found", "probing the target board failed"],
        "No Tegra answers in its recovery mode.",
        &[(C::NotInRecoveryMode, 0.55), (C::LinkFault, 0.42), (C::ToolMismatch, 0.2)],
    )
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::EnterRecoveryMode, A::SwapCableOrPort])
    .from("NVIDIA Linux_for_Tegra flash.sh; OE4T tegra-helper-scripts", "ERR: chip does not identify as tegra210 ()"),
    rule(
        "tegra-applet-silent",
        Tool,
        &["CPU Bootloader is not running on device", "Applet is not running on device"],
        "The loader was sent and does not run: it is made for another variant of the board, or the link lost it.",
        &[(C::ImageWrongDevice, 0.45), (C::ToolMismatch, 0.38), (C::LinkFault, 0.35)],
    )
    .without(&["Saved platform info"])
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from("NVIDIA tegradevflash_v2", "CPU Bootloader is not running on device."),
    rule(
        "tegra-bct",
        Tool,
        &["Bct file not found", "getbct failed", "bct not found", "Failed sending command"],
        "The unit's boot configuration cannot be read.",
        &[(C::BootloaderCorrupt, 0.45), (C::ToolMismatch, 0.4)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .from("NVIDIA nvflash", "bootloader status: Bct file not found (code: 21)"),
    rule(
        "qualcomm-no-loader",
        Tool,
        &[
            "Couldn't find a loader",
            "Couldn't find a suitable enprg",
            "Device is in an unknown sahara state",
            "Device is in an unknown state",
            "Unknown sahara state",
        ],
        "The tool has no loader for this phone.",
        &[(C::ToolMismatch, 0.62), (C::VerifiedBootRejected, 0.25), (C::LinkFault, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.75)])
    .actions(&[A::ChangeToolOrOption, A::SeekProfessional])
    .from(
        "edl edlclient/Library/sahara.py",
        "sahara - [LIB]: Couldn't find a loader for given hwid and pkhash",
    ),
    rule(
        "qualcomm-vendor-login",
        Tool,
        &[
            "EDL Auth detected",
            "EDL auth",
            "edlauth",
            "Only nop and sig tag can be recevied before authentication",
            "need authorized account",
            "not authorized account",
        ],
        "The phone's emergency loader wants a login that only the vendor gives.",
        &[(C::BootloaderLocked, 0.52), (C::VerifiedBootRejected, 0.5), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::SeekProfessional])
    .from("edl edlclient/Library/Modules/xiaomi.py", "firehose - Xiaomi EDL Auth detected."),
    rule(
        "unit-in-recovery-mode",
        Tool,
        &[
            "Mode detected: sahara",
            "Device is in EDL mode",
            "BROM mode detected",
            "Preloader -     CPU:",
            "Mode=Maskrom",
            "Mode=Loader",
            "Device detected :)",
            "Opening DFU capable USB device",
            "Protocol initialisation successful",
            "Session begun",
            "Stub running",
            "Chip is ESP",
            "Received configuration request",
            "Received upload request",
            "Successfully uploaded programmer",
            "Detected regular mode",
            "BSL_REP_VER",
            "waiting for programmer",
            "CMD_CONNECT bootrom",
        ],
        "The unit answers in its recovery mode.",
        &[],
    )
    .states(&[(S::RecoveryMode, 0.55)])
    .from(
        "edl; mtkclient; rkdeveloptool; dfu-util; Heimdall; esptool; nmrpflash; spd_dump",
        "main - Mode detected: sahara",
    ),
    rule(
        "qualcomm-loader-refused",
        Tool,
        &[
            "Failed to verify hash for a given segment",
            "Failed to authenticate",
            "Failed to verify",
            "ERROR: Only nop and sig",
            "image auth",
            "Requested image * rejected",
            "Image authentication",
            "NAK_INVALID_IMAGE",
            "SAHARA_NAK_IMAGE_AUTH",
        ],
        "The phone refuses the loader: it is signed for another one.",
        &[(C::VerifiedBootRejected, 0.6), (C::ToolMismatch, 0.42), (C::ImageWrongDevice, 0.2)],
    )
    .with(&["sahara"])
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::UseSignedOrNewerImage, A::ChangeToolOrOption])
    .from(
        "edl edlclient/Library/sahara_defs.py",
        "sahara - [LIB]: Error: Failed to verify hash for a given segment of ELF image",
    ),
    rule(
        "qualcomm-sahara",
        Tool,
        &[
            "failed to read sahara request",
            "Sahara * fail",
            "SAHARA_NAK",
            "empty firehose response",
            "Could not find the PKHASH",
            "QSaharaServer Fail",
            "FireHose Fail",
            "Sahara Fail",
            "Process fail",
            "USB Overflow",
            "Operation timed out",
        ],
        "The emergency loader of the unit refuses, or does not answer.",
        &[(C::LinkFault, 0.42), (C::ToolMismatch, 0.38), (C::VerifiedBootRejected, 0.35)],
    )
    .with(&["sahara"])
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::PowerCycleAndRetry, A::SwapCableOrPort])
    .from("qdl sahara.c; Qualcomm QFIL", "failed to read sahara request from device"),
    rule(
        "sahara-session-over",
        Tool,
        &["Not in sahara mode"],
        "The boot ROM of the phone is in the middle of another session, and wants to be started anew.",
        &[(C::ToolMismatch, 0.45), (C::LinkFault, 0.36), (C::NotInRecoveryMode, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::PowerCycleAndRetry, A::ChangeToolOrOption])
    .from("openpst sahara", "No data waiting. Not in sahara mode, already in a session, or device requires a restart."),
    rule(
        "unisoc-loader-silent",
        Tool,
        &["usb_send failed (", "usb_recv failed : LIBUSB", "usb_send failed : LIBUSB", "unexpected response (0x0096)"],
        "The loader that was sent to the phone does not answer any longer, or does not know the command.",
        &[(C::ToolMismatch, 0.44), (C::LinkFault, 0.42), (C::ImageWrongDevice, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("spreadtrum_flash spd_dump.c", "usb_send failed (0 / 8)"),
    rule(
        "unisoc-loader-unsigned",
        Tool,
        &["unexpected response (0x00a6)", "BSL_REP_VERIFY_ERROR"],
        "The boot ROM of the phone takes only loaders with its vendor's signature.",
        &[(C::VerifiedBootRejected, 0.5), (C::ToolMismatch, 0.38), (C::BootloaderLocked, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::ChangeToolOrOption, A::UseSignedOrNewerImage])
    .from("spreadtrum_flash spd_cmd.h", "unexpected response (0x00a6)"),
];
