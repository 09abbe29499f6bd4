//! What people say of power that they take away themselves, of restarts that hang, of a unit that starts only now and
//! then, that does not join its network any more, or that went at the moment in which something was set or wiped.
//!
//! Phrases with gaps: see [`Words`].

use debrick_model::{Action as A, Cause as C, State as S};

use super::super::said::done::WROTE;
use super::super::said::life::DEEPLY_GONE;
use super::super::said::seen::{GONE, LOOPS};
use super::super::words::Words;
use super::Conclusion;

/// Power is named because somebody takes it away and gives it again, or as the name of a light or a button: no word about
/// the supply.
pub(crate) static POWER_BY_HAND: Words = Words::new(&[
    "pull-|unplug-|replug-|plug- ~ power|plug|cord|adapter ~ back|again|and|each time",
    "передерг-|передёрг-|переткн-|дерну-|выдерг-|отключ-|выключ-|включ- ~ питани-",
    "питани- ~ передерг-|передёрг-|переткн-",
    "индикатор-|лампочк-|светодиод-|кнопк-|диод- ~ питани-",
    "拔|断|关|插|切断 ~ 电源",
    "电源灯|电源指示灯|电源键|电源按钮|電源燈|電源鍵",
    "strom|stecker ~ gezogen|ziehen|trennen|weg und",
    "odłącz-|wyłącz- ~ zasilani-",
]);

/// It hangs when it is started anew, not when it is switched on.
pub(crate) static HANGS_AT_RESTART: Words = Words::new(&[
    "hang-|hung|stuck|freez-|froze|stops|dies ~ on|during|at|when|after|while ~ reboot|rebooting|restart|restarting|reset|warm",
    "reboot|restart|reset ~ hangs|freezes|never comes|does nothing|doesn t come|gets stuck",
    "зависа-|висн-|виснет|висит|завис-|зависани- ~ при ~ перезагрузк-|перезапуск-|ребут-",
    "hängt|bleibt hängen|friert ~ beim ~ neustart|reboot|neustarten",
    "重启|重新启动 ~ 卡死|死机|起不来|挂起",
    "zawiesza|wiesza ~ przy|podczas ~ restar-|reboo-",
    "se cuelga|se queda ~ al reiniciar",
    "se bloque|bloque-|fige ~ au redémarrage",
]);

/// Only after the power was taken away it starts.
pub(crate) static HELPED_BY_HAND: Words = Words::new(&[
    "have to|need to|needs|must|only|forced to|until i ~ unplug-|pull|pulling|power cycle|power cycling|cold boot|replug|disconnect",
    "приходится ~ передерг-|передёрг-|отключ-|выключ-|дергать|дёргать",
    "muss|müssen|nur ~ stecker|strom|stromlos|vom netz",
    "只能|必须|需要|手动 ~ 拔|断电",
    "trzeba|muszę ~ odłącz-|wyłącz-",
    "hay que|tengo que ~ desenchuf-|desconect-",
    "il faut|je dois ~ débranch-",
]);

/// It starts at times, and at times it does not.
pub(crate) static NOW_IT_STARTS: Words = Words::new(&[
    "usually|mostly|sometimes|occasional-|often|some times|half the time|every other time|1 out of|rarely ~ boots|starts|comes up|works|boot correctly|boot normally",
    "then|after that ~ usually|mostly|sometimes ~ boot-|start-|works",
    "i can log in|i could log in|i can login|logged in ~ reboot-|restart-|again",
    "mal ~ startet|bootet ~ mal",
    "manchmal|meistens ~ startet|bootet|geht",
    "иногда|через раз|чаще всего ~ загружа-|запуска-|включа-",
    "有时|偶尔|时好时坏 ~ 启动|开机|进系统",
    "czasami|czasem ~ uruchamia|startuje",
    "a veces ~ arranca|enciende",
    "parfois ~ démarre",
]);

/// It runs, and does not join its network any more.
pub(crate) static NOT_JOINING: Words = Words::new(&[
    "not|wont|won t|no longer|never|refuses to ~ connect|join|reconnect|associate ~ my|our|home|to|the ~ wifi|wlan|wi fi|wireless|ssid",
    "opened|opens|created|creates|shows|broadcast-|comes up|back ~ own|fallback|setup|captive|default ~ ap|hotspot|access point|ssid|network",
    "with the name|named|called ~ esp|tasmota|sonoff|ap|setup",
    "подключа-|цепля- ~ не ~ wifi|вайфай|сети",
    "verbindet ~ nicht ~ wlan|wifi",
    "连不上|连不了|不连 ~ wifi|无线|家里",
]);

/// What the system keeps its data on was being wiped or formatted, and that failed.
pub(crate) static WIPE_FAILED: Words = Words::new(&[
    "format-|wip-|repartition-|resiz- ~ abort-|fail-|crash-|stopped|froze|hung|error|interrupt-|killed",
    "abort-|failed|stopped|crash-|froze|error ~ while|during|when ~ format-|wip-|repartition-|resiz-",
    "formatier-|löschen ~ abgebrochen|fehlgeschlagen",
    "формат-|стира-|вайп- ~ прерва-|ошибк-|завис-|слетел-",
    "格式化|清除|双清|三清 ~ 失败|中断|卡住|报错",
]);

/// It went at the moment in which something was set.
pub(crate) static WHEN_IT_WAS_SET: Words = Words::new(&[
    "moment|second|as soon as|right after|immediately after|when|once|after ~ touched|changed|applied|saved|set|enabled|disabled|edited ~ settings|setting|config|configuration|vlan|vlans|switch|channel|country|lan|ip",
    "took|restored|imported|loaded ~ my|the|old ~ config|configuration|settings|backup ~ then|and|now|but",
    "nachdem|sobald ~ einstellung-|konfiguration|vlan ~ geändert|gespeichert",
    "после ~ изменени-|смены|настройк- ~ настроек|конфиг-|vlan",
    "改了|修改|保存 ~ 设置|配置|vlan ~ 就|之后|然后",
]);

pub(crate) static TURNS: &[Conclusion] = &[
    Conclusion {
        all: &[&HANGS_AT_RESTART, &HELPED_BY_HAND],
        near: &[],
        none: &[],
        says: "It hangs when it restarts, and starts when its power was taken away.",
        causes: &[(C::FirmwareBug, 0.45)],
        state: Some((S::BootsDegraded, 0.45)),
        actions: &[A::InstallOtherBuild, A::PowerCycleAndRetry],
    },
    Conclusion {
        all: &[&NOW_IT_STARTS, &GONE],
        near: &[],
        none: &[&DEEPLY_GONE],
        says: "It starts at times, and at times it does not.",
        causes: &[(C::FirmwareBug, 0.25)],
        state: Some((S::BootsDegraded, 0.45)),
        actions: &[A::InstallOtherBuild, A::PowerCycleAndRetry],
    },
    Conclusion {
        all: &[&NOT_JOINING, &WROTE],
        near: &[],
        none: &[&DEEPLY_GONE, &LOOPS],
        says: "It runs since it was written, and does not join its network.",
        causes: &[(C::SettingsCorrupt, 0.4), (C::FirmwareBug, 0.33)],
        state: Some((S::BootsDegraded, 0.42)),
        actions: &[A::FactoryResetSettings, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[&WIPE_FAILED],
        near: &[],
        none: &[],
        says: "What its data is kept on was being made anew, and that failed.",
        causes: &[(C::RootfsCorrupt, 0.4), (C::FlashHardwareFault, 0.25), (C::UpdateInterrupted, 0.22)],
        state: None,
        actions: &[A::ReflashCorrectImage, A::FactoryResetSettings],
    },
    Conclusion {
        all: &[],
        near: &[&WHEN_IT_WAS_SET, &GONE],
        none: &[],
        says: "It went at the moment in which something was set.",
        causes: &[(C::SettingsCorrupt, 0.45)],
        state: None,
        actions: &[A::FactoryResetSettings, A::EnterRecoveryMode],
    },
];

#[cfg(test)]
mod tests {
    use debrick_model::EvidenceKind;

    use crate::case::Evidence;
    use crate::trial::by_rules_alone;

    use super::*;

    #[test]
    fn turns_name_cause_and_action() {
        for (account, cause, action) in [
            (
                "На новой прошивке роутер виснет при перезагрузке. Приходится передергивать питание.",
                C::FirmwareBug,
                A::InstallOtherBuild,
            ),
            (
                "I updated the plug over the air. It won't connect to my wifi, but it shows its own AP.",
                C::SettingsCorrupt,
                A::FactoryResetSettings,
            ),
            (
                "TWRP crashed while formatting data, now the phone does not get to the system.",
                C::RootfsCorrupt,
                A::ReflashCorrectImage,
            ),
            (
                "It was up, then the moment I saved the VLAN settings it was dead, no ping.",
                C::SettingsCorrupt,
                A::FactoryResetSettings,
            ),
        ] {
            let evidence =
                [Evidence { kind: EvidenceKind::Symptom, name: "answers".into(), text: account.into() }];
            let diagnosis = by_rules_alone(&evidence);
            let first = diagnosis.actions.first().map(|proposed| proposed.action);
            assert_eq!((diagnosis.cause(), first), (cause, Some(action)), "{account}: {diagnosis:?}");
        }
    }
}
