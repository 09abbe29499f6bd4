//! What people say of power, lights and cables.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Said;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "said-power-supply",
        Said,
        &[
            "weak power",
            "bad power supply",
            "power supply was",
            "power adapter",
            "underpowered",
            "under-powered",
            "another power supply",
            "different power supply",
            "not enough current",
            "brownout",
            "voltage drop",
            "too little power",
            "battery was",
            "battery is empty",
            "battery is dead",
            "empty battery",
            "low battery",
            "Netzteil",
            "alimentation insuffisante",
            "fuente de alimentación",
            "блок питания",
            "питани",
            "电源",
            "電源",
            "zasilacz",
            "alimentatore",
            "charger",
            "battery left",
            "of battery",
            "battery level",
        ],
        "The supply is under suspicion.",
        &[(C::PowerFault, 0.45)],
    )
    // Who only switches the unit on does not suspect it.
    .without(&["電源オン", "電源を入れ", "電源ON", "接通电源", "打开电源"])
    .actions(&[A::FixPower])
    .from("symptom answers", "It works with another power supply."),
    rule(
        "said-garbage",
        Said,
        &[
            "garbage on",
            "garbled",
            "gibberish",
            "unreadable characters",
            "strange characters",
            "random characters",
            "weird characters",
            "wrong baud",
            "Zeichensalat",
            "乱码",
            "亂碼",
            "кракозябры",
            "krzaki",
            "caractères illisibles",
            "caracteres raros",
        ],
        "What comes over the console is unreadable, as with a wrong line speed.",
        &[(C::LinkFault, 0.55)],
    )
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("symptom answers", "There is only garbage on the serial console."),
    rule(
        "said-short",
        Said,
        &[
            "smoke",
            "burnt",
            "burned smell",
            "wrong polarity",
            "shorted",
            "short circuit",
            "lightning",
            "surge",
            "water damage",
            "dropped it",
            "overheat",
            "gets very hot",
            "heating up",
            "hot to touch",
            "barely hold it",
        ],
        "The hardware was damaged from outside.",
        &[(C::PowerFault, 0.4), (C::FlashHardwareFault, 0.25)],
    )
    .without(&[
        "shorted * mode",
        "tx/rx shorted",
        "rx/tx shorted",
        "rx and tx shorted",
        "tx and rx shorted",
        "shorted rx",
        "shorted tx",
        "shorted * dfu",
        "shorted * boot pin",
        "boot pins shorted",
        "bootpins shorted",
        "boot pads shorted",
        "shorted the boot",
        "shorted the test",
        "shorted test",
    ])
    .states(&[(S::NoPower, 0.3)])
    .actions(&[A::SeekProfessional, A::ReplaceHardware])
    .from("symptom answers", "Lightning struck, and since then it is dead."),
    rule(
        "said-charging-cable",
        Said,
        &[
            "charge-only",
            "only for charging",
            "charging only",
            "only charge",
            "power-only cable",
            "only carry power",
            "charge only",
            "charging cable",
            "data lines",
            "bad cable",
            "defective cable",
            "faulty cable",
            "swapped rx",
            "rx and tx",
            "wires swapped",
            "loose wire",
            "loose connection",
            "cable défectueux",
        ],
        "The cable is named.",
        &[(C::LinkFault, 0.65)],
    )
    .states(&[(S::Unknown, 0.3)])
    .actions(&[A::SwapCableOrPort])
    .from("symptom answers", "It was a charging cable without data lines."),
    rule(
        "said-cable",
        Said,
        &[
            "data cable",
            "different cable",
            "another cable",
            "usb hub",
            "another usb port",
            "different usb port",
            "other usb port",
            "usb ports of",
            "front usb port",
            "each usb port",
            "every usb port",
            "usb 2.0 port",
            "usb 3.0 port",
            "usb2 port",
            "usb3 port",
            "wiring",
            "Kabel",
            "кабель",
            "数据线",
            "傳輸線",
            "kabel",
            "cavo",
            "usb cable",
        ],
        "A cable, port or wire is under suspicion.",
        &[(C::LinkFault, 0.4)],
    )
    // Who only plugs it in or out does not suspect it.
    .without(&[
        // Nor does who has tried others in vain.
        "different PC, different cable",
        "tried different cables",
        "tried multiple cables",
        "tried several cables",
        "plug the usb cable",
        "plug in the usb cable",
        "plug in usb cable",
        "plugged the usb cable",
        "plug * usb cable in",
        "unplug * usb cable and",
        "connect the usb cable",
        "connected the usb cable",
        "connect * usb cable to",
    ])
    .actions(&[A::SwapCableOrPort])
    .from("symptom answers", "It worked with another cable."),
];
