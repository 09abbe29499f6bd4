//! What people say happened, and what they see.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Said;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "said-interrupted",
        Said,
        &[
            "power went out during",
            "power cut during",
            "lost power during",
            "unplugged * during",
            "unplugged it while",
            "power failure while",
            "interrupted the update",
            "interrupted the flash",
            "update was interrupted",
            "pulled the plug",
        ],
        "The update was broken off.",
        &[(C::UpdateInterrupted, 0.65), (C::ImageIncomplete, 0.4)],
    )
    .from("symptom answers", "The power went out during the firmware update."),
    rule(
        "said-wrong-firmware",
        Said,
        &[
            "wrong firmware",
            "wrong image",
            "firmware for another",
            "different model",
            "wrong version of",
            "wrong hardware revision",
            "firmware for the wrong",
            "image for the v",
        ],
        "Firmware for another device may have been written.",
        &[(C::ImageWrongDevice, 0.6)],
    )
    .from("symptom answers", "I flashed the wrong firmware."),
    rule(
        "said-no-power",
        Said,
        &[
            "no lights",
            "no leds",
            "no led",
            "does not power on",
            "doesn't power on",
            "won't power on",
            "won't turn on",
            "completely dead",
            "no sign of life",
        ],
        "The unit shows no sign of power.",
        &[(C::PowerFault, 0.45), (C::BootloaderCorrupt, 0.25)],
    )
    .states(&[(S::NoPower, 0.65)])
    .actions(&[A::FixPower])
    .from("symptom answers", "There are no lights when I plug it in."),
    rule(
        "said-no-output",
        Said,
        &[
            "no serial output",
            "nothing on serial",
            "no output on",
            "serial console is silent",
            "no output from",
            "blank serial",
        ],
        "The console stays silent.",
        &[(C::BootloaderCorrupt, 0.3), (C::LinkFault, 0.3), (C::PowerFault, 0.2)],
    )
    .states(&[(S::NoOutput, 0.6)])
    .from("symptom answers", "There is no serial output at all."),
    rule(
        "said-loop",
        Said,
        &[
            "boot loop",
            "boot-loop",
            "bootloop",
            "reboots every",
            "keeps rebooting",
            "keeps restarting",
            "restarts over and over",
            "reboot loop",
            "endless reboot",
        ],
        "The unit starts over and over.",
        &[],
    )
    .states(&[(S::BootLoop, 0.7)])
    .from("symptom answers", "The router is in a boot loop."),
    rule(
        "said-io-error",
        Said,
        &["IO Error", "I/O error"],
        "Reading or writing failed.",
        &[(C::FlashHardwareFault, 0.22), (C::LinkFault, 0.15), (C::ImageIncomplete, 0.25)],
    )
    .from("symptom answers", "I saw an \"IO Error\" while flashing."),
    rule(
        "said-does-not-enter-mode",
        Said,
        &[
            "can't enter recovery",
            "cannot enter recovery",
            "does not enter recovery",
            "won't go into",
            "reboots to android",
            "boots straight into",
            "no fastboot mode",
            "does not have fastboot",
            "ignores the reset button",
        ],
        "The unit does not enter the mode that is needed.",
        &[(C::NotInRecoveryMode, 0.55), (C::ToolMismatch, 0.35)],
    )
    .actions(&[A::EnterRecoveryMode])
    .from("symptom answers", "It can't enter recovery mode."),
    rule(
        "said-settings",
        Said,
        &[
            "after restoring a backup of the settings",
            "after restoring settings",
            "after importing config",
            "after changing the settings",
            "after restoring the configuration",
        ],
        "It began with a change of the settings.",
        &[(C::SettingsCorrupt, 0.55)],
    )
    .actions(&[A::FactoryResetSettings])
    .from("symptom answers", "It fails after restoring settings from the old version."),
    rule(
        "said-healthy",
        Said,
        &["works fine now", "boots fine", "works again", "is working fine", "everything works"],
        "The unit is said to work.",
        &[(C::NoFault, 0.5)],
    )
    .states(&[(S::Healthy, 0.5)])
    .from("symptom answers", "It boots fine after that."),
];
