//! What tools say that speak to the ROMs of phones' processors: MediaTek, Qualcomm, Tegra, Rockchip.

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
    .without(&["Successfully uploaded stage", "Successfully bypassed security", "Done sending payload", "Handshake failed"])
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
        ],
        "The loader runs on the unit and works.",
        &[(C::NoFault, 0.7)],
    )
    .states(&[(S::RecoveryMode, 0.75)])
    .from("mtkclient", "DALegacy - Successfully uploaded stage 2"),
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
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::FixPower])
    .from("MediaTek SP Flash Tool", "BROM ERROR : S_FT_ENABLE_DRAM_FAIL (4032)"),
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
        "rockchip-loader-missing",
        Tool,
        &[
            "Test Device failed",
            "Reset Device failed",
            "Read LBA failed",
            "Write LBA failed",
            "Read GPT failed",
            "Getting flash info from device failed",
            "Read Chip Info failed",
            "Reading flash ID failed",
            "Read Flash Info failed",
            "Read capability Fail",
        ],
        "The unit answers, but cannot do this before its loader was sent.",
        &[(C::ToolMismatch, 0.6), (C::LinkFault, 0.3)],
    )
    .without(&["Downloading bootloader succeeded"])
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::ChangeToolOrOption])
    .from("rkdeveloptool main.cpp", "Write LBA failed!"),
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
    rule(
        "rockchip-storage-fails",
        Tool,
        &["Write LBA failed", "Read LBA failed", "Erase LBA failed", "Getting flash info from device failed", "Reading flash ID failed"],
        "The loader runs on the unit, and cannot get on with its storage, or loses the link.",
        &[(C::FlashHardwareFault, 0.45), (C::LinkFault, 0.42), (C::ToolMismatch, 0.2)],
    )
    .with(&["Downloading bootloader succeeded"])
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::SwapCableOrPort, A::ReplaceHardware])
    .from("rkdeveloptool main.cpp", "Downloading bootloader succeeded.\nWrite LBA from file (25%)\nWrite LBA failed!"),
    rule(
        "rockchip-loader-file",
        Tool,
        &["Opening loader failed", "Loader * not valid", "Parsing the loader failed"],
        "The file is not a loader as the tool takes it.",
        &[(C::ToolMismatch, 0.5), (C::ImageWrongDevice, 0.38)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::ChangeToolOrOption, A::ReflashCorrectImage])
    .from("rkdeveloptool main.cpp", "Opening loader failed, exiting download boot!"),
    rule(
        "rockchip-answers-badly",
        Tool,
        &["RKU_ReadChipInfo failed", "Check Chip Fail", "RKU_ReadCapability failed"],
        "The loader of the unit and the tool do not understand each other.",
        &[(C::ToolMismatch, 0.5), (C::LinkFault, 0.42)],
    )
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("Rockchip upgrade_tool", "ERROR:CheckChip-->RKU_ReadChipInfo failed,RetCode(-3)"),
    rule(
        "rockchip-mode",
        Tool,
        &["does not support this operation"],
        "The unit is in another of its modes than the command needs.",
        &[(C::NotInRecoveryMode, 0.5), (C::ToolMismatch, 0.45)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::EnterRecoveryMode, A::ChangeToolOrOption])
    .from("rkdeveloptool main.cpp", "The device does not support this operation!"),
    rule(
        "rockchip-access",
        Tool,
        &["creating comm object failed"],
        "The tool may not use the USB device.",
        &[(C::HostPermission, 0.7), (C::LinkFault, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::InstallDriverOrPermission])
    .from("rkdeveloptool main.cpp", "Read capability quit, creating comm object failed!"),
    rule(
        "rockchip-download",
        Tool,
        &[
            "Downloading bootloader failed",
            "Download Boot Fail",
            "Prepare IDB Fail",
            "Download boot failed",
            "DeviceRequest vendor=0x47* failed",
        ],
        "The unit does not take the loader: it is for another memory or chip, or the link is bad.",
        &[(C::LinkFault, 0.42), (C::ImageWrongDevice, 0.35), (C::ToolMismatch, 0.35)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("rkdeveloptool main.cpp", "Downloading bootloader failed!"),
    rule(
        "rockchip-transfer",
        Tool,
        &["RKU_Read failed", "RKU_Write failed", "RKU_ReadLBA failed", "RKU_WriteLBA failed"],
        "The transfer to the unit broke.",
        &[(C::LinkFault, 0.64), (C::ToolMismatch, 0.33), (C::FlashHardwareFault, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::SwapCableOrPort, A::PowerCycleAndRetry])
    .from("Rockchip upgrade_tool", "Error:RKU_Read failed,err=-99"),
    rule(
        "allwinner-transfer",
        Tool,
        &["usb_bulk_send() ERROR", "usb_bulk_recv() ERROR", "libusb usb_bulk_send error", "usb bulk send error", "usb bulk recv error"],
        "The transfer to the boot ROM broke off.",
        &[(C::LinkFault, 0.6), (C::ImageWrongDevice, 0.25), (C::PowerFault, 0.2), (C::ToolMismatch, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::SwapCableOrPort, A::PowerCycleAndRetry])
    .from("sunxi-tools fel_lib.c", "usb_bulk_send() ERROR -7: Operation timed out"),
    rule(
        "allwinner-first-stage-dies",
        Tool,
        &["usb_bulk_send() ERROR", "usb_bulk_recv() ERROR"],
        "The transfer broke off when the first stage ran: it is for another board or memory.",
        &[(C::ImageWrongDevice, 0.45), (C::RamFault, 0.3), (C::ToolMismatch, 0.25)],
    )
    .with(&["Executing the SPL... done"])
    .states(&[(S::RecoveryMode, 0.4)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("sunxi-tools fel.c, aw_fel_write_and_execute_spl", "usb_bulk_send() ERROR -7: Operation timed out"),
];
