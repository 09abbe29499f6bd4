//! Flight controllers and radio receivers: the uploaders of PX4 and ArduPilot, and of ExpressLRS; the loader of printers' boards.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::*;
use crate::rule::{Rule, rule};

pub(super) const RULES: &[Rule] = &[
    rule(
        "flight-wrong-board",
        Tool,
        &[
            "Firmware not suitable for this board",
            "Wrong target selected",
            "Current target is * trying to flash",
            "Firmware image is too large for this board",
        ],
        "The firmware is made for another board.",
        &[(C::ImageWrongDevice, 0.85)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from(
        "PX4 Tools/px_uploader.py; ExpressLRS src/python/UARTupload.py",
        "Firmware not suitable for this board (Firmware board_type=9 board_id=50)",
    ),
    rule(
        "flight-check",
        Tool,
        &["Program CRC failed", "CRC mismatch: board("],
        "The chip does not hold what was sent to it.",
        &[(C::LinkFault, 0.4), (C::FirmwareBug, 0.3), (C::FlashHardwareFault, 0.3), (C::ImageCorrupt, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.85)])
    .actions(&[A::ReflashSameImage, A::ChangeToolOrOption])
    .from(
        "QGroundControl src/VehicleSetup/Bootloader.cc",
        "CRC mismatch: board(0x47ab3584) file(0xf902b46f)",
    ),
    rule(
        "flight-operation",
        Tool,
        &[
            "bootloader reports INVALID OPERATION",
            "bootloader reports OPERATION FAILED",
            "Invalid sync response",
            "instead of INSYNC",
            "expected INSYNC",
            "Expected INSYNC",
            "Bootloader protocol mismatch",
            "timeout waiting for data (",
        ],
        "The boot loader of the board does not take what the uploader asks for.",
        &[(C::ToolMismatch, 0.5), (C::LinkFault, 0.4), (C::BootloaderOutdated, 0.3)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::PowerCycleAndRetry, A::ChangeToolOrOption])
    .from("PX4 Tools/px_uploader.py", "ERROR: bootloader reports INVALID OPERATION"),
    rule(
        "flight-silicon",
        Tool,
        &["programming not supported for this version of silicon", "Chip has silicon errata"],
        "The chip is of a revision that the boot loader does not write fully.",
        &[(C::ToolMismatch, 0.5), (C::ImageWrongDevice, 0.4)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .actions(&[A::ChangeToolOrOption, A::ReflashCorrectImage])
    .from("PX4 Tools/px_uploader.py", "programming not supported for this version of silicon"),
    rule(
        "receiver-xmodem",
        Tool,
        &["XMODEM:send error", "xmodem * expected ACK", "send error: expected ACK"],
        "The receiver sends, and does not get what is sent to it: a wire or a pin of one direction.",
        &[(C::LinkFault, 0.62), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.75)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("python xmodem", "ERROR:xmodem.XMODEM:send error: expected ACK; got b'C' for block 1"),
    rule(
        "receiver-no-boot-loader",
        Tool,
        &[
            "Unable to communicate with bootloader",
            "Failed to make contact with FC",
            "Failed to make contact with Betaflight",
            "No CLI available. Already in passthrough",
            "Invalid serial RX configuration detected",
            "Serial Receiver Protocol is not set to",
            "Serial Receiver UART is",
            "!!! serialrx_",
        ],
        "The way through the flight controller to its receiver does not open.",
        &[(C::ToolMismatch, 0.5), (C::NotInRecoveryMode, 0.45), (C::LinkFault, 0.35)],
    )
    .states(&[(S::Unknown, 0.4), (S::RefusedUnharmed, 0.3)])
    .actions(&[A::ChangeToolOrOption, A::EnterRecoveryMode])
    .from("ExpressLRS src/python/BFinitPassthrough.py", "[FAILED] Unable to communicate with bootloader..."),
    rule(
        "printer-loader-absent",
        Tool,
        &["Response for command CONNECT timed out"],
        "No loader answers where the uploader looks for one: the board runs its firmware, or it is another port.",
        &[(C::NotInRecoveryMode, 0.5), (C::LinkFault, 0.45), (C::ToolMismatch, 0.4)],
    )
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::EnterRecoveryMode, A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("Katapult scripts/flashtool.py", "INFO:root:Response for command CONNECT timed out, 0 tries remaining"),
    rule(
        "printer-loader-silent",
        Tool,
        &[
            "Error sending command [",
        ],
        "The loader of the board was found, and does not answer as the uploader expects.",
        &[(C::LinkFault, 0.5), (C::ToolMismatch, 0.48), (C::BootloaderOutdated, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("Katapult scripts/flashtool.py", "FlashError: Error sending command [SEND_BLOCK] to Device"),
];
