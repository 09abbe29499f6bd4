//! What debug probes' tools say beyond that they reach nothing: OpenOCD, pyOCD, probe-rs, stlink, STM32CubeProgrammer,
//! SEGGER J-Link; and updaters of radio chips.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Tool;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "probe-core-closed",
        Tool,
        &["Target not examined yet", "examination failed", "Examination failed", "core is locked", "--allow-erase-all", "secure state of the", "is in secured state", "Debug Authentication", "eraseAll error: 104", "CTRL-AP", "Debug access is denied"],
        "The probe reaches the chip and not its core: debugging is closed, or held by what runs on it.",
        &[(C::BootloaderLocked, 0.55), (C::ToolMismatch, 0.38), (C::LinkFault, 0.25)],
    )
    .states(&[(S::Unknown, 0.4), (S::RefusedUnharmed, 0.35)])
    .actions(&[A::ChangeToolOrOption, A::UnlockBootloader])
    .from("OpenOCD src/target/target.c; probe-rs; Kinetis flash driver", "Error: Target not examined yet"),
    rule(
        "probe-chip-unclear",
        Tool,
        &["Invalid flash type, please check device declaration", "Unknown memory region", "unknown chip id", "UNEXPECTED idcode", "core status: unknown", "Could not find supported CPU core", "auto_probe failed", "flash size probed value not valid", "Unknown chip ID"],
        "The probe cannot tell which chip it speaks to: the chip does not hold still, or is another than the tool was told of.",
        &[(C::LinkFault, 0.42), (C::ToolMismatch, 0.4), (C::NotInRecoveryMode, 0.36)],
    )
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::EnterRecoveryMode, A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("stlink src/stlink-lib/common.c; OpenOCD src/jtag/core.c", "WARN common.c: Invalid flash type, please check device declaration"),
    rule(
        "probe-configuration",
        Tool,
        &["Can't find interface/", "Can't find target/", "Can't find board/", "couldn't open file", "invalid command name", "was not found in the database", "not recognized. Use 'pyocd", "Debug adapter doesn't support", "no transport selected", "No transport", "Unsupported transport", "transport is not selected", "mode (transport) not supported", "Target type * not recognized"],
        "The tool has no description of the chip or the probe, or was given another one.",
        &[(C::ToolMismatch, 0.78)],
    )
    .states(&[(S::Unknown, 0.35), (S::RefusedUnharmed, 0.3)])
    .actions(&[A::ChangeToolOrOption])
    .from("OpenOCD src/helper/configuration.c; probe-rs; pyOCD", "Error: Can't find target/stm32g0x.cfg"),
    rule(
        "probe-silent",
        Tool,
        &["No probe was found", "Probe was not found", "No available debug probes", "Failed to attach to probe", "Target device did not respond", "Connecting to the chip was unsuccessful", "An ARM specific error", "DEV_TARGET_CMD_ERR", "DEV_CONNECT_ERR", "DEV_USB_COMM_ERR", "ST-LINK error", "SWD/JTAG communication failure", "Transfer fault", "Could not connect to the target", "Cannot connect to target", "Could not establish connection to J-Link", "unable to find a matching CMSIS-DAP", "No ST-LINK", "timed out while waiting for target halted"],
        "The probe, or the chip behind it, does not answer.",
        &[(C::LinkFault, 0.49), (C::NotInRecoveryMode, 0.3), (C::PowerFault, 0.22), (C::HostPermission, 0.2)],
    )
    .states(&[(S::Unknown, 0.45)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("probe-rs; pyOCD; STM32CubeProgrammer; SEGGER J-Link", "Error: ST-LINK error (DEV_TARGET_CMD_ERR)"),
    rule(
        "probe-erase",
        Tool,
        &["failed to erase memory", "failed to download Segment", "erase sector failure", "flash program page failure", "Failed to erase sectors", "Programming failed @ address", "Erase failed because", "error erasing flash with", "flash erase failed"],
        "The chip does not let its flash be erased or written: it is protected, or worn out.",
        &[(C::BootloaderLocked, 0.5), (C::FlashHardwareFault, 0.35), (C::ToolMismatch, 0.32)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .actions(&[A::UnlockBootloader, A::ChangeToolOrOption])
    .from("STM32CubeProgrammer; pyOCD; SEGGER J-Link; OpenOCD", "Error: failed to erase memory"),
    rule(
        "cube-boot-mode",
        Tool,
        &["Activating device: KO", "Timeout error occured while waiting for acknowledgement",  "Failed to upgrade target. Error is: No data received", "No data received on serial port. Not able to proceed"],
        "The boot ROM or loader of the chip does not answer on the port.",
        &[(C::NotInRecoveryMode, 0.52), (C::LinkFault, 0.42), (C::HostPortConflict, 0.15)],
    )
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::EnterRecoveryMode, A::SwapCableOrPort])
    .from("STM32CubeProgrammer; adafruit-nrfutil nordicsemi/dfu", "Error: Activating device: KO. Please, verify the boot mode configuration"),
    rule(
        "radio-loader-lost",
        Tool,
        &["No response from target on status request", "Target replied with a NACK", "Erase * NACK"],
        "The loader of the chip stopped answering in between: another program speaks on the port, or bytes are lost.",
        &[(C::LinkFault, 0.44), (C::HostPortConflict, 0.42), (C::ImageIncomplete, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::FreePortOrStopProcess, A::SwapCableOrPort])
    .from("cc2538-bsl.py", "ERROR: No response from target on status request. (Did you disable the bootloader?)"),
    rule(
        "nordic-dfu-other",
        Tool,
        &["HW_VERSION_FAILURE", "SD_VERSION_FAILURE", "WRONG_FW_TYPE", "hw version", "SoftDevice version", "sd_req"],
        "The package is for another chip, or for another radio stack than is installed.",
        &[(C::ImageWrongDevice, 0.65), (C::ToolMismatch, 0.35)],
    )
    .with(&["DFU"])
    .states(&[(S::RefusedUnharmed, 0.55), (S::RecoveryMode, 0.35)])
    .actions(&[A::ReflashCorrectImage])
    .from("nRF5 SDK nrf_dfu_req_handler.h, extended errors", "DFU error: SD_VERSION_FAILURE"),
    rule(
        "management-timeout",
        Tool,
        &["NMP timeout", "ETIMEDOUT: no response", "SMP request timed out", "smpclient * timeout", "Failed to get response"],
        "The management service of the unit does not answer.",
        &[(C::LinkFault, 0.45), (C::NotInRecoveryMode, 0.4), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::SwapCableOrPort, A::EnterRecoveryMode, A::ChangeToolOrOption])
    .from("mynewt-mcumgr-cli nmxact/", "Error: NMP timeout"),
];
