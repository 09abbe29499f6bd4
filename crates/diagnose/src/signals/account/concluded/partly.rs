//! What people say of units of which a part works: what still runs, what does not, and that it is so only at times. And
//! what is said of a unit that stands in the mode in which it is written.
//!
//! Phrases with gaps: see [`Words`].

use debrick_model::{Action as A, Cause as C, State as S};

use super::super::said::done::WROTE;
use super::super::said::life::DEEPLY_GONE;
use super::super::said::praise::ENDED_WELL;
use super::super::said::seen::{GONE, LOOPS};
use super::super::said::tools::FAILS;
use super::super::well::ASKS_IF_NORMAL;
use super::super::words::Words;
use super::Conclusion;

/// A part of the unit works as before.
pub(crate) static A_PART_WORKS: Words = Words::new(&[
    "tx|rx|transmission|reception|sound|audio|wifi|wlan|internet|ssh|ping|routing|dialing|calls|touch|keyboard|usb|lan|ethernet|telnet|signal ~ still|both|all|continues ~ works|work|working|normal|fine|ok",
    "transmission|reception|sound|audio|wifi|wlan|ssh|ping|touch|telnet ~ is|are|works|work ~ normal|fine|ok",
    "continue-|keeps|still ~ work|works|working ~ in|but|only|except|blind",
    "信号|上网|拨号|无线|网络|灯 ~ 正常|没问题",
    "can|could ~ control|see|switch|change ~ it|them|colors|colours|from there|lights",
    "可以正常上网|能正常上网|能上网|路由正常|拨号正常|联网正常",
    "интернет|вайфай|wifi|звук|сеть|роутер|устройство|аппарат ~ работа-|есть",
    "зайти|захожу|заходит|доступ ~ ssh|telnet",
    "internet|wlan|ton|ssh ~ läuft|geht|funktioniert",
]);

/// A part of it cannot be reached or used.
pub(crate) static A_PART_FAILS: Words = Words::new(&[
    "no|not|nothing|without|blank|black ~ screen|display|picture|image|page|web|luci|gui|interface",
    "not|n t|cannot ~ access|open|load|reach ~ web|webinterface|page|config|gui|luci",
    "screen|display|page|web|luci|gui|interface ~ not|n t|blank|black|nothing|empty|gone|error",
    "无法|没法|进不|打不开|不能|完全进不去 ~ 后台|管理|页面|界面|网页|web|显示",
    "后台|管理页面|管理界面|网页 ~ 无法|进不去|打不开|没法",
    "не ~ открыва-|заходит|работает ~ веб|страниц-|экран|админк-",
    "weboberfläche|display|bildschirm|oberfläche ~ nicht|schwarz|leer",
]);

/// It is so at times only.
pub(crate) static AT_TIMES: Words = Words::new(&[
    "sometimes|occasional-|now and then|from time to time|every few|intermittent-|randomly ~ no|not|black|blank|freez-|hang-|crash-|lost|lose|loses|drops|stuck|fail-|gone",
    "иногда|временами ~ не|зависа-|пропада-|черн-",
    "manchmal|gelegentlich|ab und zu ~ kein|keine|nicht|schwarz|hängt",
    "有时|偶尔|时不时 ~ 没|不|黑屏|死机|掉",
    "没一会|没多久|过一会 ~ 没法|无法|不能|进不",
]);

/// It stands in the mode in which it is written, or got there.
pub(crate) static STANDS_IN_MODE: Words = Words::new(&[
    "success-|is|are|already|now|am|properly ~ booted|boot|in|into|entered ~ fastboot|fastbootd|bootloader|download|edl|dfu",
    "phone|device|tablet|it|screen ~ shows|says|sits|in|on ~ fastboot|bootloader|download ~ mode|screen|logo",
    "recognized|recognised|detected|seen|found ~ in ~ fastboot|bootloader|download|edl|dfu",
    "已经|已|手机 ~ 进入|在 ~ bootloader|fastboot|下载模式",
    "进入bootloader了|进入fastboot了|手机已经在fastboot",
    "в режиме ~ fastboot|фастбут|загрузчик-",
]);

/// The mode is not reached.
pub(crate) static NOT_IN_MODE: Words = Words::new(&[
    "not|n t|cannot|cant|unable|never|no|without|instead|back|how ~ enter|get|getting|boot|reach|into|go|put ~ fastboot|bootloader|download|edl|dfu",
    "不能|无法|进不 ~ fastboot|bootloader|下载模式",
]);

/// At another try it went through.
pub(crate) static THEN_IT_WENT: Words = Words::new(&[
    "this time|second time|next time|again|retry|finally ~ success-|worked|went through|completed",
    "second time|third time|second try|next try ~ succeed-|success-|ended with ~ succeed-|success-|firmware|update|done|ok",
    "второй раз|потом ~ прошил-|успешно",
    "再|第二次 ~ 成功",
]);

/// A tool waits for it, or does not see it.
pub(crate) static WAITED_FOR: Words = Words::new(&[
    "waiting for ~ device|devices|fastboot",
    "not|n t|isn t|no longer ~ recognized|recognised|detected|seen|found|listed|shown",
    "fastboot devices ~ nothing|empty|没有",
]);

/// The write is told to have stopped at some share of it.
pub(crate) static STOPPED_AT_A_SHARE: Words = Words::new(&[
    "percent ~ stopp-|stops|froze|fail-|abort-|error|hung|crash-|died",
    "percent ~ then ~ error|fail-|stopp-",
    "percent ~ process ~ normally|fine|well",
    "percent ~ normally|fine|well ~ error|fail-|but|then",
    "percent ~ зависл-|остановил-|ошибк-|прервал-",
    "percent ~ 卡住|失败|报错|停",
    "percent ~ abgebrochen|stehen geblieben|hängen geblieben|fehler",
]);

/// A tool reports an error of something that was done all the same.
pub(crate) static DONE_IN_SPITE_OF: Words = Words::new(&[
    "version|firmware|update|flashing|flash ~ correctly|properly|success-|fine ~ but|although|though|despite|yet ~ error|message|warning|fail-",
    "version|firmware|update|flashing|flash ~ correctly|properly|success-|fine ~ but|although|though ~ still|shows|reports|says|app|tool ~ error|message|warning",
    "error|message|warning|fail- ~ but|although|though|however|still ~ version|firmware|update|flash ~ updated|correct-|new|latest|works|done",
    "despite|in spite of|even though|although ~ error|warning|message ~ works|worked|updated|flashed|boots|fine",
    "trotz|obwohl ~ fehler-|warnung|meldung ~ läuft|funktioniert|geklappt|aktualisiert",
    "несмотря на|хотя ~ ошибк- ~ работа-|обновил-|прошил-",
]);

pub(crate) static PARTLY: &[Conclusion] = &[
    Conclusion {
        all: &[&A_PART_WORKS, &A_PART_FAILS],
        near: &[],
        none: &[&DEEPLY_GONE, &LOOPS],
        says: "The unit runs, and a part of it does not work.",
        causes: &[(C::FirmwareBug, 0.36), (C::SettingsCorrupt, 0.3)],
        state: Some((S::BootsDegraded, 0.6)),
        actions: &[A::InstallOtherBuild, A::FactoryResetSettings],
    },
    Conclusion {
        all: &[&AT_TIMES],
        near: &[],
        none: &[&DEEPLY_GONE, &LOOPS],
        says: "It fails at times only.",
        causes: &[(C::FirmwareBug, 0.3)],
        state: Some((S::BootsDegraded, 0.42)),
        actions: &[A::InstallOtherBuild],
    },
    Conclusion {
        all: &[&WROTE],
        near: &[&STOPPED_AT_A_SHARE],
        none: &[&ENDED_WELL, &THEN_IT_WENT],
        says: "Writing stopped before its end.",
        causes: &[(C::UpdateInterrupted, 0.42), (C::ImageIncomplete, 0.35)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[&DONE_IN_SPITE_OF],
        near: &[],
        none: &[&GONE, &LOOPS, &DEEPLY_GONE],
        says: "It was done although a program reports an error.",
        causes: &[(C::NoFault, 0.44)],
        state: Some((S::Healthy, 0.5)),
        actions: &[A::NothingNeeded],
    },
    Conclusion {
        all: &[&ASKS_IF_NORMAL],
        near: &[],
        none: &[&GONE, &LOOPS, &DEEPLY_GONE, &FAILS, &A_PART_FAILS],
        says: "It is asked whether that is as it should be, and nothing is said to fail.",
        causes: &[(C::NoFault, 0.36)],
        state: Some((S::Healthy, 0.35)),
        actions: &[A::NothingNeeded],
    },
];

#[cfg(test)]
mod tests {
    use debrick_model::EvidenceKind;

    use crate::case::Evidence;
    use crate::trial::by_rules_alone;

    use super::*;

    #[test]
    fn parts_and_shares_are_read() {
        for (account, cause, action, state) in [
            (
                "The display is blank after the start, sound and transmission still work.",
                C::FirmwareBug,
                A::InstallOtherBuild,
                Some(S::BootsDegraded),
            ),
            (
                "Flashing went to 73% and stopped, now the radio does nothing.",
                C::UpdateInterrupted,
                A::ReflashCorrectImage,
                None,
            ),
            (
                "The firmware version is updated correctly, but the app shows an error at the end.",
                C::NoFault,
                A::NothingNeeded,
                Some(S::Healthy),
            ),
            (
                "fastboot prints waiting for any device on Windows, the phone is already in fastboot mode.",
                C::HostPermission,
                A::InstallDriverOrPermission,
                None,
            ),
        ] {
            let evidence =
                [Evidence { kind: EvidenceKind::Symptom, name: "answers".into(), text: account.into() }];
            let diagnosis = by_rules_alone(&evidence);
            let first = diagnosis.actions.first().map(|proposed| proposed.action);
            assert_eq!((diagnosis.cause(), first), (cause, Some(action)), "{account}: {diagnosis:?}");
            assert!(state.is_none_or(|state| diagnosis.state == state), "{account}: {:?}", diagnosis.state);
        }
    }
}
