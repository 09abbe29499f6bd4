//! What programmers and debug probes of microcontrollers say: avrdude, stm32flash, OpenOCD, dfu-util.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Tool;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
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
