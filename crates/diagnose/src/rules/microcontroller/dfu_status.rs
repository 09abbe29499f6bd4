//! The states in which a device reports why it gave a firmware transfer up (USB Device Class Specification for Device
//! Firmware Upgrade 1.1, section 6.1.2), as dfu-util and its relatives print them.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Tool;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "dfu-status-target",
        Tool,
        &[
            "File is not targeted for use by this device",
            "fails some vendor-specific",
            "received address that is out of range",
            "errADDRESS",
            "status(8)",
            "status(1) ",
            "status(2) ",
        ],
        "The device says that the file is not for it, or reaches beyond its memory.",
        &[(C::ImageWrongDevice, 0.6), (C::ToolMismatch, 0.5), (C::ImageTooLarge, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from(
        "USB DFU 1.1, errTARGET, errFILE, errADDRESS; dfu-util src/dfu.c",
        "state(10) = dfuERROR, status(8) = Cannot program memory due to received address that is out of range",
    ),
    rule(
        "dfu-status-memory",
        Tool,
        &[
            "Device is unable to write memory",
            "Memory erase function failed",
            "Memory erase check failed",
            "Program memory function failed",
            "errWRITE",
            "errERASE",
            "errCHECK_ERASED",
            "errPROG",
            "status(3) ",
            "status(4) ",
            "status(5) ",
            "status(6) ",
        ],
        "The device cannot erase or write its memory: it is protected or worn out.",
        &[(C::BootloaderLocked, 0.52), (C::FlashHardwareFault, 0.45), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::UnlockBootloader, A::ChangeToolOrOption])
    .from(
        "USB DFU 1.1, errWRITE to errPROG; dfu-util src/dfu.c",
        "state(10) = dfuERROR, status(3) = Device is unable to write memory",
    ),
    rule(
        "dfu-status-firmware",
        Tool,
        &[
            "firmware is corrupt. It cannot return",
            "device does not think that it has all data yet",
            "errFIRMWARE",
            "errNOTDONE",
            "status(9) ",
            "status(10) ",
        ],
        "The device says that its firmware is not whole.",
        &[(C::ImageCorrupt, 0.58), (C::ImageIncomplete, 0.55)],
    )
    .without(&["clearing status"])
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::ReflashCorrectImage, A::RedownloadImage])
    .from(
        "USB DFU 1.1, errNOTDONE, errFIRMWARE; dfu-util src/dfu.c",
        "DFU state(10) = dfuERROR, status(10) = Device's firmware is corrupt. It cannot return to run-time operations",
    ),
];
