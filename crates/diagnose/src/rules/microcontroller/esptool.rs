//! What esptool and its relatives say.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Tool;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "esp-flash-chip",
        Tool,
        &[
            "Failed to communicate with the flash chip",
            "Unable to verify flash chip connection",
            "SPI command did not complete in time",
            "Detected size(*) smaller than the size in the binary image header",
            "flash id: 0xffffff",
        ],
        "The flash chip does not answer, or is smaller than the firmware expects.",
        &[(C::FlashHardwareFault, 0.6), (C::PowerFault, 0.2), (C::ToolMismatch, 0.25)],
    )
    .from(
        "esptool esptool/cmds.py",
        "Failed to communicate with the flash chip, read/write operations will fail.",
    ),
    rule(
        "esp-not-in-download-mode",
        Tool,
        &[
            "Wrong boot mode detected",
            "Failed to connect to ESP",
            "No serial data received",
            "Timed out waiting for packet header",
            "Error while connecting to device",
            "Timed out waiting for packet content",
            "Failed to connect to",
            "Failed to start stub",
            "The bootloader returned an error",
        ],
        "The chip does not answer: it is not in its download mode, or the line does not carry.",
        &[(C::NotInRecoveryMode, 0.6), (C::LinkFault, 0.45)],
    )
    .states(&[(S::Unknown, 0.3)])
    .actions(&[A::EnterRecoveryMode])
    .from(
        "esptool esptool/loader.py",
        "Wrong boot mode detected (0x13)! The chip needs to be in download mode.",
    ),
    rule(
        "esp-line-noise",
        Tool,
        &[
            "Invalid head of packet",
            "Packet content transfer stopped",
            "Response doesn't match request",
            "getting no sync reply",
            "Serial data stream stopped",
            "chip stopped responding",
            "Communication error while flashing",
        ],
        "Bytes are lost on the line.",
        &[(C::LinkFault, 0.7), (C::NotInRecoveryMode, 0.25), (C::PowerFault, 0.1)],
    )
    .from("esptool esptool/loader.py", "Invalid head of packet (0x08): Possible serial noise or corruption."),
    rule(
        "esp-verify",
        Tool,
        &[
            "MD5 of file does not match data in flash",
            "verification mismatch",
            "Failed to verify at address",
            "verify failed",
            "Verification failed",
            "VERIFY FAILED",
            "Programmed memory failed verification",
            "verification error, first mismatch",
            "flash verification failed",
        ],
        "The flash does not hold what was written.",
        &[(C::FlashHardwareFault, 0.5), (C::LinkFault, 0.3), (C::ToolMismatch, 0.2)],
    )
    .from("esptool esptool/cmds.py", "MD5 of file does not match data in flash!"),
    rule(
        "esp-security-active",
        Tool,
        &[
            "Active security features detected",
            "Secure Download Mode",
            "Secure Boot detected",
            "flash encryption enabled",
            "Flash encryption * detected",
        ],
        "The chip is secured, and the tool refuses to overwrite it.",
        &[(C::BootloaderLocked, 0.75), (C::VerifiedBootRejected, 0.4)],
    )
    .states(&[(S::RefusedUnharmed, 0.85)])
    .actions(&[A::UseSignedOrNewerImage, A::NothingNeeded])
    .from(
        "esptool esptool/cmds.py",
        "Active security features detected, erasing flash is disabled as a safety measure.",
    ),
    rule(
        "chip-is-another",
        Tool,
        &[
            "This chip is * not *",
            "expected signature for * is",
            "Device signature = * (retyping)",
            "chip ID * does not match",
            "Unexpected chip",
            "wrong chip",
            "does not match device",
            "DEVICE_NOT_SUPPORTED",
            "Unsupported chip",
            "Supplied ELF image of",
        ],
        "The tool was told of another chip than is there.",
        &[(C::ToolMismatch, 0.7), (C::ImageWrongDevice, 0.35)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .from("esptool, avrdude src/main.c", "A fatal error occurred: This chip is ESP32-S2, not ESP32."),
];
