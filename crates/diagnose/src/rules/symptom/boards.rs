//! What boards tell by their lights, in the words of people.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Said;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "said-four-blinks",
        Said,
        &[
            "blinking 4 times",
            "blinks 4 times",
            "blink 4 times",
            "flashes 4 times",
            "flashing 4 times",
            "4 blinks",
            "4 flashes",
            "blinks four times",
            "flashes four times",
            "blinkt 4 mal",
            "blinkt viermal",
        ],
        "By its light the board does not find the first file of its firmware on the medium.",
        &[(C::ImageIncomplete, 0.48), (C::RecoveryMediaWrong, 0.36), (C::FirmwareBug, 0.3)],
    )
    .with(&["led"])
    .states(&[(S::BootloaderFailing, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from("Raspberry Pi documentation, LED warning flash codes", "The green LED blinks 4 times."),
    rule(
        "said-seven-blinks",
        Said,
        &[
            "blinking 7 times",
            "blinks 7 times",
            "blink 7 times",
            "flashes 7 times",
            "flashing 7 times",
            "7 blinks",
            "7 flashes",
            "seven blinks",
            "blinks seven times",
        ],
        "By its light the board does not find a kernel on the medium.",
        &[(C::FirmwareBug, 0.42), (C::ImageIncomplete, 0.42), (C::RecoveryMediaWrong, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.55)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("Raspberry Pi documentation, LED warning flash codes", "It gives seven blinks on green."),
    rule(
        "said-memory-blinks",
        Said,
        &["blinks 8 times", "8 blinks", "flashes 8 times", "blinks 9 times", "9 blinks", "flashes 9 times"],
        "By its light the board cannot use its memory, or its firmware is older than the board.",
        &[(C::RamFault, 0.42), (C::BootloaderOutdated, 0.3), (C::ImageWrongDevice, 0.25)],
    )
    .states(&[(S::BootloaderFailing, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::ReplaceHardware])
    .from("Raspberry Pi documentation, LED warning flash codes", "The LED blinks 8 times."),
    rule(
        "said-line-speed",
        Said,
        &["baud", "baudrate", "line speed"],
        "The speed of the line is under suspicion.",
        &[(C::LinkFault, 0.42)],
    )
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("symptom answers", "It works with a lower baud rate."),
];
