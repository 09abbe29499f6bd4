//! What is concluded where a unit starts only with something in it or at it, where only a light of a part is not as it was,
//! and where writing it anew changes nothing.
//!
//! Phrases with gaps: see [`Words`].

use debrick_model::{Action as A, Cause as C, State as S};

use super::super::said::seen::LOOPS;
use super::super::words::Words;
use super::Conclusion;

/// It starts only while something is plugged in.
static ONLY_WITH_IT: Words = Words::new(&[
    "only ~ when|with|if|while|once ~ hdmi|monitor|display|keyboard|cable|usb|ethernet|ttl|serial",
    "hdmi|monitor|display|keyboard|ethernet|ttl|serial|cable ~ removed|unplugged|disconnected|not connected|pulled ~ not|n t|hangs|stuck",
    "只有|必须 ~ 插|接 ~ hdmi|显示器|键盘|网线|ttl ~ 才",
    "nur ~ mit|wenn ~ hdmi|monitor|tastatur|netzwerkkabel",
    "только ~ с|если ~ hdmi|монитор-|клавиатур-",
]);

/// It starts from the card or stick, and not from what is built in.
static ONLY_FROM_THE_MEDIUM: Words = Words::new(&[
    "remove|removed|removing|without|unplug|unplugged|take out|took out ~ sdcard|sd|card|pendrive|stick|usb ~ not|n t|hang-|hung-|stuck|nothing|black",
    "sdcard|sd card|card|pendrive|usb stick|usb drive ~ removed|out|unplugged ~ not|n t|hang-|hung-|stuck|nothing|black",
    "拔|去掉|不插 ~ 卡|u盘 ~ 不|卡|黑",
    "boot|start|boots|starts ~ from ~ emmc|nand|internal ~ not|n t|hang-|stuck|nothing|fails",
    "not|n t|fails|cannot ~ boot|start ~ from ~ emmc|nand|internal",
]);

/// With it, it starts.
static STARTS_FROM_THE_MEDIUM: Words = Words::new(&[
    "insert-|reinsert-|with|from|via|reattach-|plug- ~ sdcard|sd|card|pendrive|stick|usb ~ boots|boot|starts|works|again|fine|without problems|there isn t any problem",
    "booting|boots|boot|starts ~ from|via|off ~ sdcard|sd|usb|card|pendrive|stick",
    "插 ~ 卡|u盘 ~ 启动|正常|能进",
]);

/// A light that belongs to a part is not as it was.
static LIGHT_OF_A_PART: Words = Words::new(&[
    "wan|lan|wifi|wi fi|wlan|wps|usb|5g|wireless|internet|activity|port|ports ~ led|leds|light|lights ~ blink-|flash-|dosnt|doesn t|don t|not|off|on|always|solid",
    "led|leds|light|lights ~ for|of ~ wan|lan|wifi|wireless|wlan|wps|usb|internet",
    "wan|lan|wifi|无线|网口|usb ~ 指示灯|灯 ~ 不亮|常亮|不闪|一直",
    "wan灯不亮|wifi灯不亮|wan指示灯不亮",
]);

/// All else is said to work.
static ALL_ELSE_WORKS: Words = Words::new(&[
    "all|everything|it|router|else ~ works|working|runs ~ fine|perfect-|well|normal-|ok",
    "all|everything ~ working|works|fine|perfect-",
    "路由正常|上网正常|拨号正常|正常ppoe|正常拨号|其他都正常|功能正常",
    "works|working ~ fine|perfectly",
]);

/// It was written anew, and that changed nothing.
static REWRITING_IS_OF_NO_USE: Words = Words::new(&[
    "reflash-|reinstall-|flashed|flashing|restored|restoring ~ stock|factory|official|original|firmware|rom|image ~ same|still|again|no change|nothing",
    "重刷|刷回|重新刷 ~ 还是|依旧|依然|仍|也一样",
    "перепрош- ~ не помог-|то же|так же|всё равно|все равно",
    "neu ~ geflasht|aufgespielt ~ hilft nicht|gleich-|trotzdem",
]);

/// It did its service for a while.
static WAS_IN_SERVICE: Words = Words::new(&[
    "suddenly|out of nowhere|out of the blue|one day|yesterday ~ crash-|freez-|froze|reboot-|died|stopped|stuck|loop",
    "worked|used|running|fine ~ for ~ days|weeks|months|years|year|month",
    "使用了|用了|跑了 ~ 月|年|天|周",
    "最近突然|突然就|突然 ~ 重启|死机|黑屏",
    "работал- ~ год-|месяц-|лет|недел-",
    "lief ~ jahre|monate|wochen|tage",
]);

pub(crate) static DEPENDENCE: &[Conclusion] = &[
    Conclusion {
        all: &[&ONLY_WITH_IT],
        near: &[],
        none: &[&LOOPS],
        says: "It starts only while something is plugged in.",
        causes: &[(C::FirmwareBug, 0.42), (C::BootEnvironmentCorrupt, 0.2)],
        state: Some((S::BootsDegraded, 0.5)),
        actions: &[A::InstallOtherBuild],
    },
    Conclusion {
        all: &[&ONLY_FROM_THE_MEDIUM, &STARTS_FROM_THE_MEDIUM],
        near: &[],
        none: &[],
        says: "It starts from the card or stick, and not from what is built in.",
        causes: &[
            (C::BootEnvironmentCorrupt, 0.44),
            (C::ImageIncomplete, 0.38),
            (C::BootloaderOutdated, 0.2),
        ],
        state: Some((S::BootloaderOnly, 0.42)),
        actions: &[A::FixBootEnvironment, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[&LIGHT_OF_A_PART, &ALL_ELSE_WORKS],
        near: &[],
        none: &[&LOOPS],
        says: "It works, and a light of a part is not as it was.",
        causes: &[(C::NoFault, 0.44), (C::FirmwareBug, 0.38)],
        state: Some((S::Healthy, 0.55)),
        actions: &[A::NothingNeeded],
    },
    Conclusion {
        all: &[&REWRITING_IS_OF_NO_USE, &WAS_IN_SERVICE],
        near: &[],
        none: &[],
        says: "It failed in service, and writing it anew changes nothing.",
        causes: &[(C::FlashHardwareFault, 0.44), (C::RootfsCorrupt, 0.33)],
        state: None,
        actions: &[A::FactoryResetSettings, A::ReplaceHardware, A::ReflashCorrectImage],
    },
];

#[cfg(test)]
mod tests {
    use debrick_model::EvidenceKind;

    use crate::case::Evidence;
    use crate::trial::by_rules_alone;

    use super::*;

    #[test]
    fn with_and_without() {
        for (account, cause, state) in [
            (
                "The box starts only when the monitor is connected, else the screen of the tv stays off.",
                C::FirmwareBug,
                S::BootsDegraded,
            ),
            (
                "When I remove the sd card it hangs, when I insert the sd card again it boots.",
                C::BootEnvironmentCorrupt,
                S::BootloaderOnly,
            ),
            ("Everything works fine, only the wan led does not light up.", C::NoFault, S::Healthy),
            (
                "It worked for two years. Suddenly it loops at the logo, I reflashed the stock rom and it still does.",
                C::FlashHardwareFault,
                S::BootLoop,
            ),
        ] {
            let evidence =
                [Evidence { kind: EvidenceKind::Symptom, name: "answers".into(), text: account.into() }];
            let diagnosis = by_rules_alone(&evidence);
            assert_eq!((diagnosis.cause(), diagnosis.state), (cause, state), "{account}: {diagnosis:?}");
        }
    }
}
