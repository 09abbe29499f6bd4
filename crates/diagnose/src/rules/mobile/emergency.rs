//! What tools say that speak to the ROMs of phones' processors: MediaTek, Qualcomm, Tegra, Rockchip.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Tool;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "mediatek-handshake",
        Tool,
        &[
            "Handshake failed",
            "Handshake error",
            "Status: Handshake failed",
            "Couldn't detect the device",
            "Please disconnect, start mtkclient",
        ],
        "The unit does not answer the handshake of its preloader.",
        &[(C::LinkFault, 0.6), (C::NotInRecoveryMode, 0.4)],
    )
    .states(&[(S::RecoveryMode, 0.45)])
    .actions(&[A::SwapCableOrPort])
    .from("mtkclient", "Port - Handshake failed after retries"),
    rule(
        "mediatek-authentication",
        Tool,
        &["DAA_SIG_VERIFY_FAILED", "0x7024", "DA_HASH_MISMATCH", "0x7015", "0x7017", "SLA_AUTH", "0x1D0D"],
        "The unit wants a signed loader.",
        &[(C::VerifiedBootRejected, 0.6), (C::BootloaderLocked, 0.35)],
    )
    .without(&["Successfully uploaded stage", "Successfully bypassed security"])
    .states(&[(S::RecoveryMode, 0.5)])
    .from("mtkclient Library/error.py", "DAA_SIG_VERIFY_FAILED (0x7024)"),
    rule(
        "mediatek-success",
        Tool,
        &[
            "Successfully uploaded stage 2",
            "DA Extensions successfully added",
            "Dumped sector",
            "Dump * finished",
            "Wrote * to sector",
            "Successfully wrote",
            "Reading emmc info",
            "Got loader sync",
        ],
        "The loader runs on the unit and works.",
        &[(C::NoFault, 0.7)],
    )
    .states(&[(S::RecoveryMode, 0.75)])
    .from("mtkclient", "DALegacy - Successfully uploaded stage 2"),
    rule(
        "qualcomm-sahara",
        Tool,
        &[
            "failed to read sahara request",
            "Sahara * fail",
            "SAHARA_NAK",
            "empty firehose response",
            "ERROR: Only nop and sig",
            "image auth",
            "Could not find the PKHASH",
            "Requested image * rejected",
        ],
        "The emergency loader of the unit refuses, or does not answer.",
        &[(C::VerifiedBootRejected, 0.4), (C::LinkFault, 0.35), (C::ToolMismatch, 0.35)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .from("qdl sahara.c", "failed to read sahara request from device"),
    rule(
        "tegra-loader",
        Tool,
        &[
            "command failure: bootloader download failed",
            "usb read error",
            "usb write error",
            "bootloader failed NvError",
        ],
        "The loader was sent, but does not start or answer.",
        &[(C::LinkFault, 0.45), (C::PowerFault, 0.4), (C::ImageWrongDevice, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::SwapCableOrPort, A::FixPower])
    .from("NVIDIA nvflash", "command failure: bootloader download failed (bad data)"),
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
        "rockchip-loader-missing",
        Tool,
        &[
            "Test Device failed",
            "Reset Device failed",
            "Read LBA failed",
            "Write LBA failed",
            "Read GPT failed",
            "does not support this operation",
        ],
        "The unit answers, but cannot do this before its loader was sent, or in another mode.",
        &[(C::ToolMismatch, 0.6), (C::LinkFault, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .from("rkdeveloptool main.cpp", "Write LBA failed!"),
];
