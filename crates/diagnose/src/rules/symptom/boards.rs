//! What boards tell by their lights, in the words of people.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Said;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "said-four-slow-four-fast",
        Said,
        &["4 slow*4 fast", "4 fast*4 slow", "four slow*four fast", "four long*four short"],
        "By its light the firmware has crashed and waits to be started over.",
        &[(C::FirmwareBug, 0.52), (C::KernelCrash, 0.3)],
    )
    .states(&[(S::KernelHang, 0.6)])
    .actions(&[A::EnterRecoveryMode, A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("Arm Mbed OS platform/source/mbed_board.c, mbed_die", "It flashes red: 4 slow flashes, 4 fast flashes."),
    rule(
        "said-four-blinks",
        Said,
        &[
            "flash*4 times",
            "blink*4 times",
            "blinking 4 times",
            "blinks 4 times",
            "blink 4 times",
            "flashes 4 times",
            "flashing 4 times",
            "4 blinks",
            "4 flashes",
            "4 rapid flashes",
            "4 quick flashes",
            "4 fast flashes",
            "4 short flashes",
            "four rapid flashes",
            "four quick flashes",
            "blinks four times",
            "flashes four times",
            "blinkt 4 mal",
            "blinkt viermal",
        ],
        "By its light the board does not find the first file of its firmware on the medium.",
        &[(C::ImageIncomplete, 0.48), (C::RecoveryMediaWrong, 0.36), (C::FirmwareBug, 0.3)],
    )
    .with(&["led"])
    .without(&[
        "flashing it again",
        "flash tool",
        "SD card is out",
        "SD card removed",
        "without SD card",
        "without an SD card",
        "4 slow flashes",
        "4 slow and",
        "four slow",
    ])
    .states(&[(S::BootloaderFailing, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from("Raspberry Pi documentation, LED warning flash codes", "The green LED blinks 4 times."),
    rule(
        "said-blinks-as-it-should",
        Said,
        &[
            "sd card is out*4 times",
            "sd card removed*4 times",
            "without sd card*4 times",
            "without an sd card*4 times",
            "4 times*sd card is out",
            "4 times*sd card removed",
            "4 times*without sd card",
            "4 times*without an sd card",
        ],
        "Without a medium the first loader of the board says with its light that it finds none: it works.",
        &[(C::NoFault, 0.5), (C::RecoveryMediaWrong, 0.3)],
    )
    .with(&["led"])
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("Raspberry Pi documentation, LED warning flash codes", "The SD card is out; the green LED blinks 4 times."),
    rule(
        "said-red-light-only",
        Said,
        &[
            "pi 4*only the red led",
            "pi 4*only red led",
            "pi 4*only a red led",
            "pi 4*just the red led",
            "pi 4*only the red light",
            "pi 5*only the red led",
            "pi 5*only red led",
            "pi 5*only a red led",
        ],
        "The board has power, and by its lights reads nothing: its first loader is damaged, or it has no medium.",
        &[(C::BootloaderCorrupt, 0.44), (C::RecoveryMediaWrong, 0.4), (C::ImageIncomplete, 0.3), (C::PowerFault, 0.2)],
    )
    .states(&[(S::NoOutput, 0.6)])
    .actions(&[A::RestoreBootloader, A::ReflashCorrectImage])
    .from("Raspberry Pi documentation, boot EEPROM recovery", "Pi 4 with only the red LED."),
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
        &[(C::RamFault, 0.58), (C::BootloaderOutdated, 0.35), (C::ImageWrongDevice, 0.25)],
    )
    .states(&[(S::BootloaderFailing, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::ReplaceHardware])
    .from("Raspberry Pi documentation, LED warning flash codes", "The LED blinks 8 times."),
    rule(
        "said-nas-keeps-blinking",
        Said,
        &["blinking blue", "blinks blue", "blue light", "blue led", "flashing blue", "blinkt blau", "синим"],
        "By its light the unit does not come through the checks of its own board.",
        &[(C::FlashHardwareFault, 0.42), (C::PowerFault, 0.38), (C::BootloaderCorrupt, 0.2)],
    )
    .with(&["synology"])
    .states(&[(S::BootloaderFailing, 0.5)])
    .actions(&[A::FixPower, A::ReplaceHardware, A::SeekProfessional])
    .from(
        "Synology Knowledge Center, LED indicator statuses during bootup",
        "The Synology keeps blinking blue.",
    ),
    rule(
        "said-rainbow",
        Said,
        &["rainbow"],
        "The firmware of the board has started and does not get to the kernel.",
        &[(C::FirmwareBug, 0.4), (C::ImageIncomplete, 0.25), (C::RecoveryMediaWrong, 0.12)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("Raspberry Pi documentation, boot folder", "It gets stuck at the rainbow screen."),
    rule(
        "said-rom-asks",
        Said,
        &["CCCC"],
        "The ROM asks for a loader over the console: it found none.",
        &[(C::BootloaderCorrupt, 0.45), (C::RecoveryMediaWrong, 0.3)],
    )
    .states(&[(S::BootloaderFailing, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from("Texas Instruments AM335x Technical Reference Manual, section 26.1.9", "I am getting CCCC."),
    rule(
        "said-supply-missing",
        Said,
        &[
            "3.3v indicator",
            "3.3v led",
            "3v3 led",
            "5v led is off",
            "no 3.3v",
            "3.3v is missing",
            "3.3v rail is",
            "no voltage at",
            "power led is off",
            "power light is off",
        ],
        "A supply of the board is missing.",
        &[(C::PowerFault, 0.48), (C::FlashHardwareFault, 0.15)],
    )
    .states(&[(S::NoPower, 0.55)])
    .actions(&[A::FixPower, A::ReplaceHardware])
    .from("symptom answers", "The 3.3V indicator is constantly off."),
    rule(
        "said-disk-left",
        Said,
        &["disk not ejected properly", "festplatte wurde nicht ordnungsgemäß ausgeworfen"],
        "The board took the file and started it; the computer complains that its drive is gone, as usual.",
        &[(C::NoFault, 0.55)],
    )
    .states(&[(S::Healthy, 0.5)])
    .from("Raspberry Pi Pico-series documentation", "I get a Disk Not Ejected Properly warning"),
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
