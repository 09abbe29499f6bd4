//! What tools say that speak to the boot ROMs of Rockchip and Allwinner.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "rockchip-no-flash",
        Lasting,
        &["No Found 1st Flash CS", "FLASH ID:ff ff ff ff", "sfc nor id: ff ff ff"],
        "The loader in the unit's memory finds no flash chip.",
        &[(C::FlashHardwareFault, 0.5), (C::ToolMismatch, 0.25), (C::PowerFault, 0.15)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::ReplaceHardware, A::SeekProfessional])
    .from("Rockchip RKDevTool, usbplug", "ERROR:PrepareIDB-->No Found 1st Flash CS"),
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
        "rockchip-storage-fails",
        Tool,
        &[
            "Write LBA failed",
            "Read LBA failed",
            "Erase LBA failed",
            "Getting flash info from device failed",
            "Reading flash ID failed",
        ],
        "The loader runs on the unit, and cannot get on with its storage, or loses the link.",
        &[(C::FlashHardwareFault, 0.45), (C::LinkFault, 0.42), (C::ToolMismatch, 0.2)],
    )
    .with(&["Downloading bootloader succeeded"])
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::SwapCableOrPort, A::ReplaceHardware])
    .from(
        "rkdeveloptool main.cpp",
        "Downloading bootloader succeeded.\nWrite LBA from file (25%)\nWrite LBA failed!",
    ),
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
        &[
            "usb_bulk_send() ERROR",
            "usb_bulk_recv() ERROR",
            "libusb usb_bulk_send error",
            "usb bulk send error",
            "usb bulk recv error",
        ],
        "The transfer to the boot ROM broke off.",
        &[(C::LinkFault, 0.48), (C::ImageWrongDevice, 0.25), (C::PowerFault, 0.2), (C::ToolMismatch, 0.25)],
    )
    .without(&["Initial ddr controller succeeded"])
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::SwapCableOrPort, A::PowerCycleAndRetry])
    .from("sunxi-tools fel_lib.c", "usb_bulk_send() ERROR -7: Operation timed out"),
    rule(
        "allwinner-memory-set-up",
        Tool,
        &["usb bulk send error", "usb bulk recv error"],
        "The unit answers no more since its memory was set up: with values for another chip, or the memory fails.",
        &[(C::ImageWrongDevice, 0.4), (C::ToolMismatch, 0.38), (C::RamFault, 0.3), (C::LinkFault, 0.25)],
    )
    .with(&["Initial ddr controller succeeded"])
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::ChangeToolOrOption, A::PowerCycleAndRetry])
    .from("xfel main.c, fel.c", "usb bulk send error: Operation timed out"),
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
