//! What the ROMs and loaders of microcontrollers say, and the tools that program them.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Rom, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "mcuboot-rejected",
        Rom,
        &[
            "Image in the primary slot is not valid",
            "Unable to find bootable image",
            "Image in the secondary slot is not valid",
            "Image in slot * is not valid",
            "Image in the * slot is not valid",
        ],
        "The boot loader finds no image with a valid signature and digest.",
        &[(C::VerifiedBootRejected, 0.65), (C::ImageIncomplete, 0.4), (C::ImageCorrupt, 0.35)],
    )
    .states(&[(S::BootloaderOnly, 0.85)])
    .actions(&[A::UseSignedOrNewerImage, A::ReflashCorrectImage])
    .from("MCUboot boot/bootutil/src/loader.c", "E: Image in the primary slot is not valid!"),
    rule(
        "mcuboot-unreadable",
        Rom,
        &["Failed reading image header", "Failed reading sectors"],
        "The boot loader cannot read the slot of the firmware.",
        &[(C::FlashHardwareFault, 0.45), (C::ImageIncomplete, 0.4)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .from("MCUboot boot/bootutil/src/loader.c", "Failed reading image headers; Image=0"),
    rule(
        "esp-invalid-header",
        Rom,
        &["invalid header: 0x", "flash read err, 1000", "flash read err,"],
        "The ROM finds no boot loader at its place in the flash.",
        &[(C::BootloaderCorrupt, 0.5), (C::ImageIncomplete, 0.45), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::BootLoop, 0.55), (S::BootloaderFailing, 0.45)])
    .actions(&[A::ReflashCorrectImage])
    .from("Espressif ROM; esptool documentation, boot mode", "invalid header: 0xffffffff"),
    rule(
        "esp-blank",
        Rom,
        &["invalid header: 0xffffffff"],
        "The flash is blank where the boot loader should be.",
        &[(C::ImageIncomplete, 0.3)],
    )
    .from("Espressif ROM", "invalid header: 0xffffffff"),
    rule(
        "esp-recovery-loader",
        Lasting,
        &["Loading RECOVERY Bootloader", "PRIMARY - FAIL"],
        "The first boot loader is damaged; the spare one took over.",
        &[(C::BootloaderCorrupt, 0.85)],
    )
    .states(&[(S::BootsDegraded, 0.8)])
    .actions(&[A::RestoreBootloader])
    .from("Espressif ROM", "Loading RECOVERY Bootloader..."),
    rule(
        "esp-merged-at-offset",
        Tool,
        &["wrong offset", "wrong flash address", "flashed at the wrong"],
        "The image was written to another place than the chip starts from.",
        &[(C::ToolMismatch, 0.6)],
    )
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from("esptool documentation, troubleshooting", "The merged image was written to the wrong offset."),
    rule(
        "esp-no-app",
        Rom,
        &[
            "No bootable app partitions",
            "Factory app partition is not bootable",
            "OTA app partition slot",
            "image at 0x* has invalid magic byte",
            "Checksum failed. Calculated",
            "Image hash failed",
            "invalid segment length",
            "image corrupted on flash",
        ],
        "The boot loader finds no valid application.",
        &[(C::ImageIncomplete, 0.55), (C::ImageCorrupt, 0.5)],
    )
    .states(&[(S::BootloaderOnly, 0.5), (S::BootLoop, 0.4)])
    .from("ESP-IDF components/bootloader_support", "E (84) boot: Factory app partition is not bootable"),
    rule(
        "esp-partition-table",
        Rom,
        &[
            "partition table * invalid magic",
            "Failed to verify partition table",
            "load partition table error",
            "partition 0 invalid magic number",
        ],
        "The partition table is damaged.",
        &[(C::PartitionTableDamaged, 0.75)],
    )
    .states(&[(S::BootloaderOnly, 0.4), (S::BootLoop, 0.3)])
    .from("ESP-IDF components/bootloader_support", "E (53) boot: Failed to verify partition table"),
    rule(
        "esp-secure-boot",
        Rom,
        &[
            "secure boot check fail",
            "Secure Boot * failed",
            "secure boot verification failed",
            "ets_secure_boot_verify",
            "Secure boot digest",
            "Sig block 0 invalid",
        ],
        "Secure boot refuses the firmware.",
        &[(C::VerifiedBootRejected, 0.85)],
    )
    .states(&[(S::BootloaderFailing, 0.4), (S::BootLoop, 0.3)])
    .from("ESP-IDF secure boot documentation", "secure boot check fail"),
    rule(
        "esp-application-crash",
        Rom,
        &[
            "Guru Meditation Error",
            "abort() was called at PC",
            "assert failed:",
            "Task watchdog got triggered",
            "Stack canary watchpoint",
            "Hard Fault",
            "HardFault",
            "***** Hardware Fault",
            "ZEPHYR FATAL ERROR",
        ],
        "The application crashed.",
        &[(C::FirmwareBug, 0.65), (C::KernelCrash, 0.35)],
    )
    .states(&[(S::BootLoop, 0.5)])
    .actions(&[A::InstallOtherBuild])
    .from("ESP-IDF panic handler; Zephyr", "Guru Meditation Error: Core  0 panic'ed (LoadProhibited)."),
    rule(
        "esp-brownout",
        Lasting,
        &["Brownout detector was triggered", "rst:0xf (BROWNOUT", "(RTCWDT_BROWN_OUT_RESET)"],
        "The supply voltage broke down.",
        &[(C::PowerFault, 0.85)],
    )
    .states(&[(S::BootLoop, 0.5)])
    .from("ESP-IDF components/esp_system", "Brownout detector was triggered"),
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
    rule(
        "avr-not-in-sync",
        Tool,
        &[
            "not in sync",
            "programmer is not responding",
            "programmer did not respond",
            "stk500_recv()",
            "stk500_getsync()",
            "initialization failed, rc=",
            "ser_open(): can't set",
            "initialization failed",
        ],
        "The boot loader of the chip does not answer the programmer.",
        &[
            (C::ToolMismatch, 0.45),
            (C::LinkFault, 0.35),
            (C::BootloaderCorrupt, 0.2),
            (C::NotInRecoveryMode, 0.25),
        ],
    )
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("avrdude src/stk500.c", "avrdude: stk500_getsync() attempt 10 of 10: not in sync: resp=0x00"),
    rule(
        "avr-wrong-programmer",
        Tool,
        &[
            "Maybe it isn't",
            "buffered memory access not supported",
            "butterfly_recv()",
            "use -F to override",
            "invalid device signature",
            "unknown programmer",
            "Can't find programmer",
        ],
        "The programmer type that the tool was given does not fit.",
        &[(C::ToolMismatch, 0.6)],
    )
    .states(&[(S::Unknown, 0.4)])
    .from("avrdude src/butterfly.c", "avrdude: error: buffered memory access not supported. Maybe it isn't"),
    rule(
        "debug-probe",
        Tool,
        &[
            "cannot read IDR",
            "JTAG scan chain interrogation failed",
            "target voltage may be too low",
            "Failed to read memory at",
            "No STM32 target found",
            "Unable to get core ID",
            "Error connecting DP",
            "swd: no response",
            "no device found on the JTAG",
        ],
        "The debug probe does not reach the chip.",
        &[(C::LinkFault, 0.55), (C::PowerFault, 0.35), (C::BootloaderLocked, 0.15)],
    )
    .from("OpenOCD src/target/arm_adi_v5.c", "Error: Error connecting DP: cannot read IDR"),
    rule(
        "stm32-protected",
        Tool,
        &[
            "Got NACK from device on command",
            "read protection",
            "readout protection",
            "RDP level",
            "flash is write protected",
            "Page at 0x* can not be erased",
            "is not writeable",
            "device is locked or read protected",
            "Read protected",
            "failed erasing sectors",
            "command not implemented in bootloader",
        ],
        "The chip is protected against reading or writing.",
        &[(C::BootloaderLocked, 0.65), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .from("stm32flash stm32.c", "Got NACK from device on command 0x31"),
    rule(
        "dfu-none",
        Tool,
        &[
            "No DFU capable USB device available",
            "Did not find any rockusb device",
            "USB device not found!",
            "FEL device not found",
            "No device in DFU mode",
            "No RP2040 device",
            "No accessible RP",
            "no device found in recovery",
            "Unable to discover device mode",
            "No device in maskrom",
            "no supported device found",
        ],
        "No unit in its recovery mode is seen on USB.",
        &[(C::NotInRecoveryMode, 0.65), (C::LinkFault, 0.3), (C::HostPermission, 0.2)],
    )
    .actions(&[A::EnterRecoveryMode])
    .from("dfu-util", "No DFU capable USB device available"),
    rule(
        "dfu-file",
        Tool,
        &[
            "DFU suffix CRC does not match",
            "Invalid DFU suffix",
            "File is not targeted",
            "errTARGET",
            "errFILE",
            "Invalid dfuse",
            "does not appear to be a valid",
            "Error: file * not * DFU",
        ],
        "The file is not one for this device and tool.",
        &[(C::ImageWrongDevice, 0.5), (C::ImageCorrupt, 0.35), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .from("dfu-util", "DFU suffix CRC does not match"),
];
