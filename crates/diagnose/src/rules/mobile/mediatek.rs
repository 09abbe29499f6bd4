//! What mtkclient and SP Flash Tool say, which speak to MediaTek's boot ROM and preloader.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Tool;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
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
        "mediatek-secured",
        Tool,
        &["DAA enabled:*True", "trying to crash da", "specify a loader file"],
        "The phone takes only signed loaders, and the tool is still looking for a way in.",
        &[(C::VerifiedBootRejected, 0.46), (C::ToolMismatch, 0.42)],
    )
    .without(&[
        "Successfully uploaded stage",
        "Successfully bypassed security",
        "Done sending payload",
        "Handshake failed",
    ])
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::ChangeToolOrOption, A::UseSignedOrNewerImage])
    .from("mtkclient Library/mtk_preloader.py", "Preloader - DAA enabled:            True"),
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
            "^GPT Table:",
        ],
        "The loader runs on the unit and works.",
        &[(C::NoFault, 0.7)],
    )
    .states(&[(S::RecoveryMode, 0.75)])
    .from("mtkclient", "DALegacy - Successfully uploaded stage 2"),
    rule(
        "mediatek-waits",
        Tool,
        &["Waiting for PreLoader VCOM", "please reconnect mobile", "Power off the phone before connecting"],
        "The tool waits for a phone in its boot ROM.",
        &[(C::NotInRecoveryMode, 0.6), (C::HostPermission, 0.3), (C::LinkFault, 0.3)],
    )
    .without(&["Device detected", "Handshake failed", "HW code", "Handshake attempt"])
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::EnterRecoveryMode, A::InstallDriverOrPermission])
    .from(
        "mtkclient",
        "Preloader - Status: Waiting for PreLoader VCOM, please reconnect mobile/iot device to brom mode",
    ),
    rule(
        "mediatek-handshake",
        Tool,
        &[
            "Handshake failed",
            "Handshake error",
            "Status: Handshake failed",
            "Couldn't detect the device",
            "Please disconnect, start mtkclient",
            "Handshake attempt",
            "Echo mismatch",
            "Received wrong SetReg",
            "Get_Target_Config not supported",
        ],
        "The unit does not answer the handshake of its preloader.",
        &[(C::LinkFault, 0.6), (C::NotInRecoveryMode, 0.35), (C::HostPermission, 0.25)],
    )
    // It was tried again, and answered.
    .without(&["Successfully uploaded stage 2"])
    .states(&[(S::RecoveryMode, 0.45)])
    .actions(&[A::SwapCableOrPort])
    .from("mtkclient", "Port - Handshake failed after retries"),
    rule(
        "flash-tool-memory",
        Tool,
        &[
            "S_FT_ENABLE_DRAM_FAIL",
            "S_DL_GET_DRAM_SETTING_FAIL",
            "STATUS_EXT_RAM_EXCEPTION",
            "(4032)",
            "(5054)",
            "(0xC0050005)",
            "DRAM setup failed",
            "EMI info",
            "Error on sending emi",
        ],
        "The loader cannot set up the memory of the phone: it is for another one, or the supply is weak.",
        &[(C::ImageWrongDevice, 0.5), (C::PowerFault, 0.35), (C::RamFault, 0.2)],
    )
    .without(&["mtk.py with --preloader", "Please use --preloader", "Use --preloader"])
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::FixPower])
    .from("MediaTek SP Flash Tool", "BROM ERROR : S_FT_ENABLE_DRAM_FAIL (4032)"),
    rule(
        "mediatek-memory-setup-wanted",
        Tool,
        &["mtk.py with --preloader", "Please use --preloader", "Use --preloader"],
        "The tool says with which option it knows how to set up the memory of the phone.",
        &[(C::ToolMismatch, 0.66), (C::RamFault, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ChangeToolOrOption])
    .from("mtkclient Library/DA", "DRAM setup failed. Use mtk.py with --preloader preloader.bin !"),
    rule(
        "mediatek-agent-refused",
        Tool,
        &["DA hash mismatch"],
        "The loader that runs on the phone does not take what the tool adds to it.",
        &[(C::VerifiedBootRejected, 0.5), (C::ToolMismatch, 0.4)],
    )
    .without(&["^GPT Table:"])
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::ChangeToolOrOption])
    .from("mtkclient Library/error.py", "Error on sending data: DA hash mismatch (0xc0070004)"),
    rule(
        "flash-tool-mismatch",
        Tool,
        &[
            "PMT changed",
            "S_CHIP_TYPE_NOT_MATCH",
            "HW_CHIP_ID_MISMATCH",
            "S_INVALID_BBCHIP_TYPE",
            "SCATTER_HW_CHIP",
            "S_FTHND_FILE",
            "scatter file * invalid",
            "(3182)",
            "UNSUPPORT_CTRL_CODE",
            "S_DA_HANDLER",
            "S_UNSUPPORTED_OPERATION",
        ],
        "The files are for another phone or another partition layout.",
        &[(C::ImageWrongDevice, 0.6), (C::ToolMismatch, 0.35)],
    )
    .states(&[(S::RefusedUnharmed, 0.5), (S::RecoveryMode, 0.35)])
    .actions(&[A::ReflashCorrectImage])
    .from("MediaTek SP Flash Tool", "BROM ERROR : S_CHIP_TYPE_NOT_MATCH (3010)"),
    rule(
        "flash-tool-authentication",
        Tool,
        &[
            "S_AUTH_HANDLE_IS_NOT_READY",
            "S_SECURITY",
            "STATUS_SEC_",
            "0xC0020004",
            "0xC0020006",
            "S_SEC",
            "(5000)",
            "image sign",
        ],
        "The phone wants signed files.",
        &[(C::VerifiedBootRejected, 0.65), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.5), (S::RefusedUnharmed, 0.3)])
    .actions(&[A::UseSignedOrNewerImage])
    .from("MediaTek SP Flash Tool", "BROM ERROR : S_AUTH_HANDLE_IS_NOT_READY (5000)"),
    rule(
        "flash-tool-link",
        Tool,
        &[
            "S_BROM_CMD_STARTCMD_FAIL",
            "S_COM_PORT_OPEN_FAIL",
            "S_BROM_DOWNLOAD_DA_FAIL",
            "S_FT_DOWNLOAD_FAIL",
            "S_TIMEOUT",
            "S_FT_READBACK_FAIL",
            "S_FT_DA_NO_RESPONSE",
            "S_BROM_CMD_JUMP_DA_FAIL",
            "(4008)",
            "(2005)",
            "(1013)",
            "DATA_CKSUM_ERROR",
            "S_DONE_READ",
        ],
        "The transfer to the phone did not begin or broke off.",
        &[(C::LinkFault, 0.55), (C::NotInRecoveryMode, 0.3), (C::HostPermission, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.45)])
    .actions(&[A::SwapCableOrPort, A::EnterRecoveryMode])
    .from("MediaTek SP Flash Tool", "BROM ERROR : S_BROM_CMD_STARTCMD_FAIL (2005)"),
    rule(
        "flash-tool-status",
        Tool,
        &[
            "STATUS_PROTOCOL_ERR",
            "STATUS_ERR",
            "STATUS_BROM_CMD",
            "STATUS_USB_",
            "STATUS_TIMEOUT",
            "STATUS_DEVICE_CTRL_EXCEPTION",
            "STATUS_DA_EXCEED",
            "(0xC0010001)",
            "(0xC0060001)",
            "(0xC0060002)",
            "(0xC0060003)",
        ],
        "The phone and the tool do not come to terms about the loader.",
        &[
            (C::LinkFault, 0.44),
            (C::NotInRecoveryMode, 0.4),
            (C::ToolMismatch, 0.38),
            (C::VerifiedBootRejected, 0.2),
        ],
    )
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::EnterRecoveryMode, A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("MediaTek SP Flash Tool 5 and 6", "ERROR: STATUS_PROTOCOL_ERR (0xC0060003)"),
    rule(
        "flash-tool-files",
        Tool,
        &[
            "STATUS_SCATTER_",
            "STATUS_LOAD_",
            "STATUS_FILE_",
            "STATUS_UNSUPPORT",
            "STATUS_INVALID_",
            "DA do not match",
            "S_UNSUPPORTED_VER_OF_DA",
            "S_INVALID_ARGUMENTS",
            "S_FT_NEED_DOWNLOAD_ALL_FAIL",
            "DA not match",
            "DA version is not",
            "lib DA not match",
        ],
        "Version and files of the tool do not belong together.",
        &[(C::ToolMismatch, 0.6), (C::ImageWrongDevice, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .actions(&[A::ChangeToolOrOption])
    .from("MediaTek SP Flash Tool 5 and 6", "STATUS_SCATTER_FILE_INVALID (0xC0030001)"),
];
