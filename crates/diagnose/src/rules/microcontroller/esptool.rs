//! What esptool and its relatives say.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
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
        "esp-encrypted-flash",
        Lasting,
        &["Flash encryption: Enabled", "FLASH_CRYPT_CNT = 1"],
        "The chip decrypts its flash, and what was written was not encrypted for it.",
        &[(C::VerifiedBootRejected, 0.6), (C::ToolMismatch, 0.5)],
    )
    .with(&["invalid header: 0x"])
    .without(&["invalid header: 0xffffffff"])
    .states(&[(S::BootloaderFailing, 0.4)])
    .actions(&[A::UseSignedOrNewerImage, A::ChangeToolOrOption])
    .from(
        "ESP-IDF docs, flash encryption",
        "Flash encryption: Enabled (FLASH_CRYPT_CNT = 1), invalid header: 0xf82bbea3",
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
    .without(&[
        "signature = 0xffffff",
        "signature = 0x000000",
        "signature = ff ff ff",
        "signature = 00 00 00",
    ])
    .states(&[(S::RefusedUnharmed, 0.6)])
    .from("esptool, avrdude src/main.c", "A fatal error occurred: This chip is ESP32-S2, not ESP32."),
    rule(
        "esp-loader-crashed",
        Tool,
        &["A fatal error occurred: Guru Meditation"],
        "What the tool runs on the chip crashed: it is older than the chip, or not meant for it.",
        &[(C::ToolMismatch, 0.62), (C::FirmwareBug, 0.3), (C::LinkFault, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ChangeToolOrOption])
    .from("esptool esptool/loader.py", "A fatal error occurred: Guru Meditation Error detected"),
    rule(
        "esp-download-mode-closed",
        Tool,
        &[
            "Failed to enter Flash download mode",
            "Download mode is disabled",
            "UART download mode * disabled",
        ],
        "The chip is set up not to take a new program in this way.",
        &[(C::BootloaderLocked, 0.55), (C::ToolMismatch, 0.4), (C::NotInRecoveryMode, 0.25)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::ChangeToolOrOption, A::UseSignedOrNewerImage])
    .from("Espressif Flash Download Tool; esptool", "Failed to enter Flash download mode"),
    rule(
        "esp-flash-chip",
        Tool,
        &[
            "Failed to communicate with the flash chip",
            "Unable to verify flash chip connection",
            "SPI command did not complete in time",
            "flash id: 0xffffff",
            "Manufacturer: ff",
            "Device: ffff",
        ],
        "The flash chip does not answer.",
        &[(C::FlashHardwareFault, 0.58), (C::PowerFault, 0.2), (C::LinkFault, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.4)])
    .from(
        "esptool esptool/cmds.py",
        "Failed to communicate with the flash chip, read/write operations will fail.",
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
            "Failed to write to target RAM",
            "Failed to write compressed data to flash",
            "Failed to write to target flash",
            "Failed to enter * flash",
            "Failed to leave * flash",
            "result was 01",
            "Corrupt data, expected",
            "Write timeout",
            "Failed to change baud",
            "Unexpected status",
            "Timed out waiting for packet content",
            "The port is closed",
        ],
        "Bytes are lost on the line, or the supply gives in.",
        &[(C::LinkFault, 0.65), (C::NotInRecoveryMode, 0.2), (C::PowerFault, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.45)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("esptool esptool/loader.py", "Invalid head of packet (0x08): Possible serial noise or corruption."),
    rule(
        "esp-not-in-download-mode",
        Tool,
        &[
            "Wrong boot mode detected",
            "not in flash boot mode",
            "not in download mode",
            "Failed to connect to ESP",
            "No serial data received",
            "Timed out waiting for packet header",
            "Error while connecting to device",
            "Failed to connect to",
            "Failed to start stub",
            "The bootloader returned an error",
            "Could not connect to an Espressif device",
            "Chip sync error",
            "Couldn't find a board",
            "Unable to connect to the",
            "Failed to initialize. Try resetting",
        ],
        "The chip does not answer: it is not in its download mode, or the line does not carry.",
        &[(C::NotInRecoveryMode, 0.5), (C::LinkFault, 0.45)],
    )
    .without(&["Serial port not found", "Writing at 0x", "Wrote "])
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::EnterRecoveryMode, A::SwapCableOrPort])
    .from(
        "esptool esptool/loader.py",
        "Wrong boot mode detected (0x13)! The chip needs to be in download mode.",
    ),
    rule(
        "esp-lost-while-writing",
        Tool,
        &[
            "Timed out waiting for packet",
            "Invalid head of packet",
            "Packet content transfer stopped",
            "No serial data received",
            "The chip stopped responding",
            "Serial data stream stopped",
            "Failed to write to target",
        ],
        "The chip answered, and stopped while it was written.",
        &[(C::LinkFault, 0.66), (C::PowerFault, 0.35), (C::FlashHardwareFault, 0.15)],
    )
    .with(&["Writing at 0x"])
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::SwapCableOrPort, A::PowerCycleAndRetry, A::ChangeToolOrOption])
    .from("esptool esptool/loader.py", "A fatal error occurred: Timed out waiting for packet header"),
    rule(
        "esp-file-for-another",
        Tool,
        &[
            "is not an ESP32",
            "is not an ESP8266 image",
            "Unexpected chip id in image",
            "image requires chip revision",
            "Use --force to flash anyway",
            "is not a valid * image",
            "Image file * not for this chip",
            "is larger than detected flash",
            "doesn't fit in the available",
            "requires a * flash",
        ],
        "The file is not for this chip.",
        &[(C::ImageWrongDevice, 0.7), (C::ToolMismatch, 0.35)],
    )
    .states(&[(S::RefusedUnharmed, 0.65)])
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from("esptool esptool/cmds.py", "'firmware.bin' is not an ESP32-S3 image. Use --force to flash anyway."),
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
            "flash verification failed",
        ],
        "The flash does not hold what was written.",
        &[
            (C::FlashHardwareFault, 0.42),
            (C::LinkFault, 0.35),
            (C::ToolMismatch, 0.35),
            (C::BootloaderLocked, 0.15),
        ],
    )
    .states(&[(S::RecoveryMode, 0.4)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("esptool esptool/cmds.py", "MD5 of file does not match data in flash!"),
    rule(
        "avrdude-verify",
        Tool,
        &["verification error, first mismatch", "verification error; content mismatch", "content mismatch"],
        "The chip does not hold what was written: bytes were lost on the way, or its memory is worn.",
        &[
            (C::LinkFault, 0.42),
            (C::FlashHardwareFault, 0.4),
            (C::ToolMismatch, 0.33),
            (C::BootloaderOutdated, 0.12),
            (C::BootloaderLocked, 0.1),
        ],
    )
    .states(&[(S::RecoveryMode, 0.35), (S::Unknown, 0.34)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("avrdude src/main.c", "avrdude: verification error, first mismatch at byte 0x4135"),
    rule(
        "ota-space",
        Lasting,
        &[
            "space to store OTA",
            "ERROR[4]: Not Enough Space",
            "Upload buffer miscompare",
            "ERROR: Not Enough Space",
            "OTA * not enough space",
            "Bad Size Given",
            "Sketch too big",
            "text section exceeds available space",
            "will not fit",
        ],
        "The new firmware does not fit beside the running one.",
        &[(C::ImageTooLarge, 0.7), (C::StorageFull, 0.35)],
    )
    .without(&["OTA done"])
    .states(&[(S::RefusedUnharmed, 0.65)])
    .actions(&[A::InstallOtherBuild, A::ChangeToolOrOption])
    .from("Arduino cores Updater.cpp; ESPHome", "ERROR[4]: Not Enough Space"),
    rule(
        "ota-done",
        Lasting,
        &["OTA done", "OTA successful", "Update successful", "Update Success"],
        "The update over the air came through.",
        &[(C::NoFault, 0.75)],
    )
    .states(&[(S::Healthy, 0.6)])
    .from("Arduino cores Updater.cpp", "OTA done, Reboot..."),
];
