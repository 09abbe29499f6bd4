//! What became of a unit afterwards: it was mended for a while, its update is said to have failed, its partitions are
//! gone, or what it does is as it should be.

use debrick_model::{Action as A, Cause as C, State as S};

use super::super::said::circumstances::NO_BATTERY;
use super::super::said::done::{MANY_IMAGES, WROTE};
use super::super::said::means::NO_HELP;
use super::super::said::mishaps::RESET_TO_FACTORY;
use super::super::said::outcome::NOT_TAKEN;
use super::super::said::praise::ENDED_WELL;
use super::super::said::seen::{GONE, LOOPS, NO_NETWORK, WORKS_AGAIN};
use super::super::words::Words;
use super::Conclusion;

/// It worked, and failed again.
pub(crate) static RELAPSED: Words = Words::new(&[
    " died again",
    " dead again",
    " failed again after",
    " then the same symptom",
    " same symptom happened again",
    " same thing happened again",
    " same problem came back",
    " problem came back",
    " problem is back after",
    " happened again after",
    " came back after a few",
    " only for a few days",
    " only for a few minutes",
    " worked for a few days",
    " worked for a few minutes",
    " worked for about",
    " worked again for",
    " works again for",
    " for a while then",
    " minutes later it died",
    " minutes later it stopped",
    " days later it stopped",
    " days later it died",
    " nach ein paar tagen wieder",
    " nach wenigen minuten wieder",
    "через несколько дней снова",
    "через пару дней опять",
    "опять умер",
    "过几天又",
    "没多久又",
    "过一会又坏",
]);

/// It was warmed or cooled, and that made a difference.
pub(crate) static TEMPERATURE: Words = Words::new(&[
    " oven",
    " freezer",
    " heat gun",
    " hot air",
    " hair dryer",
    " heating up",
    " heated",
    " reflow",
    " reball",
    " when cold",
    " when it is cold",
    " when warm",
    " when it is warm",
    " cools down",
    " cooled down",
    " im backofen",
    "прогре",
    "热风枪",
    "吹风机",
    "冷却后",
]);

/// None of what was written helped.
pub(crate) static NONE_HELPED: Words = Words::new(&[
    " none would work",
    " none of them work",
    " none worked",
    " none of which work",
    " but none ",
    " still the same",
    " same result",
    " keiner funktioniert",
    "ни одна не",
    "都不行",
    "都没用",
]);

/// An update is said to have failed.
pub(crate) static FAILED_UPDATE: Words = Words::new(&[
    " failed update",
    " failed auto update",
    " failed ota",
    " failed system update",
    " failed firmware update",
    " failed software update",
    " failed upgrade",
    " failed firmware upgrade",
    " failed install",
    " failed sysupgrade",
    " update failed",
    " upgrade failed",
    " installation failed",
    " update went wrong",
    " upgrade went wrong",
    " something went wrong",
    " update gone wrong",
    " fehlgeschlagenes update",
    " fehlgeschlagenen update",
    " update fehlgeschlagen",
    " update ist fehlgeschlagen",
    "неудачного обновлен",
    "неудачной прошивк",
    "неудачно прош",
    "更新失败",
    "升级失败",
    "刷机失败",
    "mise ~ jour ~ échou-|raté-|echou-|rate",
    " actualización fallida",
    " ça s est mal passé",
    " ça s est mal terminé",
]);

/// It did not go well.
pub(crate) static WENT_BADLY: Words = Words::new(&[
    " it didn t work",
    " it did not work",
    " didn t go well",
    " did not go well",
    " went south",
    " went badly",
    " and it crashed",
    " ging schief",
    " schief gelaufen",
    " ging daneben",
    "пошло не так",
    " salió mal",
    " coś poszło nie tak",
]);

/// The partitions are not there.
pub(crate) static TABLE_GONE: Words = Words::new(&[
    " partition table is gone",
    " partition table is missing",
    " partition table is corrupt",
    " partition table is damaged",
    " partition table is broken",
    " partition table is empty",
    " partition table gone",
    " no partition table",
    " lost the partition table",
    " lost partition table",
    " corrupted partition table",
    " corrupt partition table",
    " broken partition table",
    " messed up the partition",
    " messed up my partition",
    " partitions are gone",
    " partitions are missing",
    " all partitions gone",
    " gpt is gone",
    " gpt is corrupt",
    " gpt is damaged",
    " gpt is broken",
    " corrupted gpt",
    " with your gpt",
    "分区表丢",
    "分区表损坏",
    "分区表没了",
    "分区丢失",
    "таблица разделов повреж",
    "нет разделов",
    "слетела разметка",
    " partitionstabelle ist weg",
    " partitionstabelle kaputt",
]);

/// What it does is as it should be, or turned out to be.
pub(crate) static NORMAL: Words = Words::new(&[
    " is totally normal",
    " is completely normal",
    " is perfectly normal",
    " is perfectly fine",
    " is quite normal",
    " this is normal",
    " that is normal",
    " that s normal",
    " it s normal",
    " is expected and",
    " is to be expected",
    " is expected behavio",
    " is the expected",
    " normal behavio",
    " normally blink",
    " normally flash",
    " normal to see",
    " is usual",
    " first boot takes",
    " first boot may take",
    " first boot can take",
    " can take up to",
    " may take up to",
    " don t worry",
    " do not worry",
    " shouldn t worry",
    " should not worry",
    " no need to worry",
    " nothing to worry",
    " no cause for alarm",
    " gave me a scare",
    " by design",
    " don t panic",
    " do not panic",
    " does not mean that it",
    " doesn t mean that it",
    " kein grund zur sorge",
    " keine sorge",
    " das ist normal",
    " völlig normal",
    "это нормально",
    "не пугайтесь",
    "не волнуйтесь",
    "不用担心",
    "不必担心",
    "属于正常",
    "是正常的",
    "正常现象",
    " c est normal",
    " pas de panique",
    " es normal que",
    " no te preocupes",
    " no hay motivo",
    " kein grund zur panik",
    " to normalne",
]);

/// It happens now and then.
pub(crate) static NOW_AND_THEN: Words = Words::new(&[
    " occasionally",
    " from time to time",
    " every now and then",
    " once in a while",
    " intermittent",
    " sporadic",
    " at random times",
    " one in ten",
    " gelegentlich",
    " vereinzelt",
    " manchmal",
    " ab und zu",
    "иногда",
    "время от времени",
    "偶尔",
    "有时候",
    " parfois",
    " a veces",
    " czasami",
]);

/// It starts as before, with the version that it had.
pub(crate) static UNCHANGED: Words = Words::new(&[
    "start|starts|started|boot|boots|booted|power-|turn- ~ again|normally|normal|afterwards|usual ~ not updated|not been updated|not upgraded|old version|old firmware|previous version|same version|still the old|not applied|version it had",
    "start|starts|started|boot|boots|booted ~ on the old|with the old|in the old",
    "starten|gestartet|startet|bootet ~ nicht aktualisiert|alte version|alten version",
    "загру-|запуск-|включ- ~ стар- верси-|не обнови-",
    "启动|开机|重启 ~ 没更新|没有更新|还是旧版|仍是旧版|旧版本",
]);

/// Nobody wrote to it.
pub(crate) static NOTHING_DONE: Words = Words::new(&[
    " no update",
    " not updates",
    " no updates",
    " nothing was updated",
    " nothing was changed",
    " without any update",
    " didn t change anything",
    " did not change anything",
    " didn t install anything",
    " did not install any",
    " not installed any",
    " never flashed",
    " never rooted",
    " completely stock",
    " ohne update",
    " nichts geändert",
    "ничего не меня",
    "ничего не став",
    "没有刷机",
    "没刷过",
    "什么都没动",
]);

pub(crate) static FATES: &[Conclusion] = &[
    Conclusion {
        all: &[&RELAPSED],
        near: &[],
        none: &[],
        says: "It was mended, and failed again after a while.",
        causes: &[(C::FlashHardwareFault, 0.4), (C::PowerFault, 0.3)],
        state: None,
        actions: &[A::ReplaceHardware, A::FixPower],
    },
    Conclusion {
        all: &[&NO_BATTERY, &ENDED_WELL],
        near: &[],
        none: &[],
        says: "It had no battery, and with one it worked.",
        causes: &[(C::PowerFault, 0.5)],
        state: Some((S::Healthy, 0.35)),
        actions: &[A::FixPower],
    },
    Conclusion {
        all: &[&NO_NETWORK, &GONE],
        near: &[],
        none: &[&LOOPS],
        says: "Whether its system runs, nobody can tell from the network.",
        causes: &[],
        state: Some((S::Unknown, 0.36)),
        actions: &[],
    },
    Conclusion {
        all: &[],
        near: &[&UNCHANGED],
        none: &[&LOOPS],
        says: "The update was not carried out; what was there starts as before.",
        causes: &[(C::FirmwareBug, 0.45), (C::ToolMismatch, 0.38)],
        state: Some((S::Healthy, 0.62)),
        actions: &[A::ChangeToolOrOption, A::InstallOtherBuild],
    },
    Conclusion {
        all: &[&NOW_AND_THEN],
        near: &[],
        none: &[&WORKS_AGAIN],
        says: "It fails now and then.",
        causes: &[(C::FirmwareBug, 0.36), (C::FlashHardwareFault, 0.15)],
        state: Some((S::BootsDegraded, 0.4)),
        actions: &[A::InstallOtherBuild, A::PowerCycleAndRetry],
    },
    Conclusion {
        all: &[&NOTHING_DONE, &GONE],
        near: &[],
        none: &[&WORKS_AGAIN],
        says: "It failed in service, and nobody had written to it.",
        causes: &[(C::FlashHardwareFault, 0.38), (C::RootfsCorrupt, 0.28), (C::PowerFault, 0.2)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::FactoryResetSettings, A::ReplaceHardware],
    },
    Conclusion {
        all: &[&NOTHING_DONE, &LOOPS],
        near: &[],
        none: &[&WORKS_AGAIN],
        says: "It starts over and over, and nobody had written to it.",
        causes: &[(C::FlashHardwareFault, 0.38), (C::RootfsCorrupt, 0.28), (C::PowerFault, 0.2)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::FactoryResetSettings, A::ReplaceHardware],
    },
    Conclusion {
        all: &[&RESET_TO_FACTORY, &ENDED_WELL],
        near: &[],
        none: &[&NO_HELP],
        says: "What was set was put back, and it works in the end.",
        causes: &[(C::SettingsCorrupt, 0.4)],
        state: None,
        actions: &[A::FactoryResetSettings],
    },
    Conclusion {
        all: &[&TEMPERATURE],
        near: &[],
        none: &[],
        says: "It depends on its temperature.",
        causes: &[(C::FlashHardwareFault, 0.42), (C::PowerFault, 0.2)],
        state: None,
        actions: &[A::ReplaceHardware, A::SeekProfessional],
    },
    Conclusion {
        all: &[&MANY_IMAGES, &NONE_HELPED],
        near: &[],
        none: &[&WORKS_AGAIN],
        says: "Several images were written, and none helps.",
        causes: &[(C::FlashHardwareFault, 0.34), (C::BootloaderCorrupt, 0.15)],
        state: None,
        actions: &[A::ReplaceHardware],
    },
    Conclusion {
        all: &[&FAILED_UPDATE, &GONE],
        near: &[],
        none: &[&WORKS_AGAIN, &NOT_TAKEN],
        says: "Its update failed, and it does not start since.",
        causes: &[(C::ImageIncomplete, 0.4), (C::UpdateInterrupted, 0.28), (C::ImageCorrupt, 0.24)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[&FAILED_UPDATE, &LOOPS],
        near: &[],
        none: &[&WORKS_AGAIN],
        says: "Its update failed, and it starts over and over since.",
        causes: &[(C::ImageIncomplete, 0.4), (C::UpdateInterrupted, 0.28), (C::ImageCorrupt, 0.24)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[],
        near: &[&WROTE, &WENT_BADLY],
        none: &[&WORKS_AGAIN, &NOT_TAKEN],
        says: "Writing it did not go well.",
        causes: &[(C::ImageCorrupt, 0.4), (C::ImageIncomplete, 0.3), (C::UpdateInterrupted, 0.2)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::EnterRecoveryMode],
    },
    Conclusion {
        all: &[&TABLE_GONE],
        near: &[],
        none: &[],
        says: "Its partitions are not there.",
        causes: &[(C::PartitionTableDamaged, 0.48)],
        state: None,
        actions: &[A::RestorePartitionTable, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[&NORMAL],
        near: &[],
        none: &[&WROTE, &LOOPS, &NO_HELP],
        says: "What it does is said to be as it should be.",
        causes: &[(C::NoFault, 0.46)],
        state: Some((S::Healthy, 0.5)),
        actions: &[A::NothingNeeded],
    },
    Conclusion {
        all: &[&WROTE, &NORMAL],
        near: &[],
        none: &[&LOOPS, &NO_HELP],
        says: "What it does is said to be as it should be.",
        causes: &[(C::NoFault, 0.42)],
        state: Some((S::Healthy, 0.4)),
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
    fn what_became_of_it() {
        for (account, cause, action) in [
            (
                "It starts after each reflash, but a few days on the same problem came back.",
                C::FlashHardwareFault,
                A::ReplaceHardware,
            ),
            (
                "The box was dead until I warmed it with a hair dryer.",
                C::FlashHardwareFault,
                A::ReplaceHardware,
            ),
            ("The tablet is stuck since a failed system update.", C::ImageIncomplete, A::ReflashCorrectImage),
            (
                "The system is missing, I think that the whole partition table is gone.",
                C::PartitionTableDamaged,
                A::RestorePartitionTable,
            ),
            ("The screen stays dark for a minute, this is normal.", C::NoFault, A::NothingNeeded),
            (
                "I did not install any updates or anything, and now the phone loops at the logo.",
                C::FlashHardwareFault,
                A::ReflashCorrectImage,
            ),
            (
                "After the BIOS update I see a black screen. When I start the laptop again, the BIOS is not updated.",
                C::FirmwareBug,
                A::ChangeToolOrOption,
            ),
            (
                "The cable got loose while the flash was in progress. Everything else works, but that half is dead.",
                C::UpdateInterrupted,
                A::ReflashCorrectImage,
            ),
            ("The router drops its network from time to time.", C::FirmwareBug, A::InstallOtherBuild),
            ("第一次启动比较慢，属于正常现象。", C::NoFault, A::NothingNeeded),
        ] {
            let evidence =
                [Evidence { kind: EvidenceKind::Symptom, name: "answers".into(), text: account.into() }];
            let diagnosis = by_rules_alone(&evidence);
            let first = diagnosis.actions.first().map(|proposed| proposed.action);
            assert_eq!((diagnosis.cause(), first), (cause, Some(action)), "{account}: {diagnosis:?}");
        }
    }
}
