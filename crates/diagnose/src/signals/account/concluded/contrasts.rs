//! What is concluded where an account sets one thing against another: it starts when its power was taken and not when it
//! restarts, with one version and not with the next, one light is on and the others are dark; and where a unit does by
//! itself what nobody wanted.
//!
//! Phrases with gaps: see [`Words`].

use debrick_model::{Action as A, Cause as C, State as S};

use super::super::said::done::WROTE;
use super::super::said::life::DEEPLY_GONE;
use super::super::said::means::RECOVERY_SYSTEM;
use super::super::said::outcome::CARD;
use super::super::said::seen::{GONE, LOOPS};
use super::super::words::Words;
use super::Conclusion;
use super::fates::UNCHANGED;
use super::partly::THEN_IT_WENT;

/// Taking its power, or a reset by hand, makes it start.
pub(crate) static STARTS_FROM_COLD: Words = Words::new(&[
    "after|only|until|once|when ~ powercycl-|power cycl-|hard reset|cold boot|replugg-|unplugg- ~ everything|boots|normal|normally|works|fine|starts",
    "hard reset|power cycle|powercycle|powercycling|replugging|unplugging ~ gets it|makes it|brings it ~ boot|work|start|back|up",
    "needs|must|has|have ~ to be powercycled|to be power cycled|to be unplugged|to be hard reset",
    "必须|需要|只有|得 ~ 插拔|断电|拔插|拔电 ~ 才能|才会|才可以|才行",
    "nur|erst ~ stromlos|stecker ziehen|kaltstart ~ startet|bootet|geht|läuft",
    "только ~ отключени-|передерг-|обесточ- ~ загружа-|запуска-|включа-|работа-",
]);

/// Restarting it does not restart it.
pub(crate) static DOES_NOT_RESTART: Words = Words::new(&[
    "the reboot|a reboot|seems reboot|that reboot|reboot command|soft reboot|software reboot|warm reboot|soft reset|warm reset|soft restart ~ not|doesn t|never|fails|hangs",
    "no reboot|no rebootis|reboot never|reboot is not ~ issued|happens|executed|performed|done|comes",
    "软重启|页面重启|重启命令 ~ 不|没|起不来|红灯|死机",
]);

/// It fails at some of its starts.
pub(crate) static AT_SOME_STARTS: Words = Words::new(&[
    "fails|fail|hangs|not|stuck ~ on|at|in|during ~ some|half|most|many|several ~ boots|attempts|boot|tries|reboots|times|starts",
    "sometimes|occasionally|now and then|once in a while ~ boots|starts|works|comes up ~ but|most|mostly|usually",
    "most of the times|most times|mostly|usually ~ not|hangs|stuck|fails",
    "issue|problem|it|hang ~ occurs|happens|appears ~ intermittent-|random-|occasional-|sporadic-",
    "manchmal|ab und zu|meistens ~ startet|bootet ~ nicht|hängt",
    "через раз|иногда|чаще всего ~ не ~ загружа-|запуска-|включа-|стартует",
    "有时|偶尔|大部分时候 ~ 启动不了|无法启动|起不来|不启动|卡住",
]);

/// An earlier version, or another one, does what this one does not.
pub(crate) static FALLS_BACK_AND_WORKS: Words = Words::new(&[
    "fall-|fell|go|going|went|roll-|revert-|switch-|return-|downgrad- ~ back|to ~ able|works|worked|fine|connect|boots|booted|recogni-|detected",
    "rectify|fix|fixed|solve|solved|recover|recovered ~ by|with ~ back|previous|older|last working|earlier|downgrad-|reverting",
    "last|previous|older|earlier|other|another ~ version|release|build|firmware|kernel ~ works|worked|boots|fine|normal|starts|连接",
    "刷|换 ~ 倒是|反而|却|就 ~ 正常|可以|没问题",
    "со старой|с предыдущей|на старой|на предыдущей ~ работа-|загружа-|всё|все",
    "mit|auf ~ alten|vorherigen|älteren ~ läuft|geht|funktioniert|startet",
]);

/// After the update it still shows the version that it had.
pub(crate) static STILL_THE_VERSION: Words = Words::new(&[
    "afterwards|after that|and then|but|displays|shows ~ it is|it s|is|still|as ~ 0|1|2|3|4|5|6|7|8|9 ~ again|instead",
    "goes|went|gets|returns|returned ~ back to ~ regular|normal ~ operation|mode|use|screen",
    "stops|stopped|not|n t|no ~ reacting|react|reaction|recogni-|seeing|see|find ~ update|updates|update file|firmware file",
    "was|is|were|says|shows|showed|reports|reported|reads|remained|remains|stays ~ still|stuck ~ on|at|version|saying|showing ~ 0|1|2|3|4|5|6|7|8|9|10|11|12|v-",
    "still|stays|remained|remains ~ on|at|shows|showing|says|saying|reports|reporting ~ 0|1|2|3|4|5|6|7|8|9|10|11|12|v0|v1|v2|v3|v4|v5",
    "updat-|upgrad- ~ not|hasn t|wasn t|never|didn t ~ applied|apply|taken|installed|take",
]);

/// The version that it had is there, by that name.
pub(crate) static STILL_THE_OLD: Words = Words::new(&[
    "but|yet|still ~ on|with ~ old|previous|former ~ version|firmware|build|release|bios",
    "aber|noch ~ alte|alten|vorherige|vorherigen ~ version|firmware",
    "но|всё ещё|все еще ~ стар- ~ верси-|прошивк-",
    "还是|仍是|仍然|依旧 ~ 旧版|老版|原来的版本|原版本|旧固件",
]);

/// It goes to the mode of its chip by itself.
pub(crate) static CHIP_MODE_BY_ITSELF: Words = Words::new(&[
    "enter-|went|goes|boots|restarts|rebooted|reboots|stuck|just|only|always|is ~ in|into|to ~ edl|9008|qdl|qhsusb-|maskrom|brom ~ after|mode|by|itself|suddenly|when|now",
    "just|suddenly|by itself|entered|enters ~ edl|9008|qhsusb-|maskrom|brom",
    "自动|突然|莫名|自己 ~ 进|变成|掉 ~ 9008|edl|深刷",
    "сам|сама|внезапно|вдруг ~ edl|9008",
]);

/// Nobody wants it there, and it was used before.
static REBOOTED: Words = Words::new(&[
    " after i reboot",
    " after a reboot",
    " after reboot",
    " just went into a reboot",
    " it rebooted",
    " by itself",
    " suddenly",
    " overnight",
    " froze and",
    " restarted",
    "突然",
    "自己重启",
    "сам ",
    "внезапно",
]);

/// What starts the unit is said to be damaged, by a check of its own or by a light.
pub(crate) static LOADER_IS_BAD: Words = Words::new(&[
    "bios|uefi|bootloader|u boot|uboot|bootblock|boot block|boot rom ~ checksum|crc|corrupt-|damaged|broken|bricked|invalid|kaputt|defekt|beschädigt|corrompu|dañado|повреж-|слетел-|损坏|坏|没了",
    "corrupt-|damaged|broken|bad|повреж- ~ bios|uefi|bootloader|u boot|uboot|загрузчик-",
    "uboot坏|引导坏|引导损坏|bios损坏|слетел биос|слетел загрузчик",
]);

/// What starts the unit was written by mistake, or not as it should be.
pub(crate) static LOADER_BY_MISTAKE: Words = Words::new(&[
    "刷错|刷坏|误刷|擦掉 ~ uboot|boot|引导|bl2|fip",
    "wrong-|mistaken-|accident-|mistake|corrupt-|bad ~ u boot|uboot|bootloader|spl|preloader",
    "u boot|uboot|bootloader|spl|preloader ~ wrong-|mistake-|accident-|incorrect-",
    "не тот|не ту|ошиб-|случайно ~ загрузчик-|uboot|u boot",
    "falschen|versehentlich ~ bootloader|u boot|uboot",
]);

/// Its serial port was connected, and nothing comes from it.
pub(crate) static SERIAL_IS_SILENT: Words = Words::new(&[
    "not|n t|nothing|no|any|cannot ~ see|anything|output|shown|text|response ~ console|serial|uart|putty|terminal|ttl",
    "serial|uart|console|ttl ~ nothing|silent|no output|no response|empty|quiet|blank",
    "console|serial|uart|putty|terminal ~ not|n t|nothing ~ see|anything|output|shown|text",
    "ttl|串口 ~ 没|无 ~ 信息|输出|反应|打印",
    "ttl没信息|串口没反应|串口无输出|ttl也没信息",
    "консол-|uart|терминал- ~ ничего|пусто|тишина|молчит",
    "seriell-|konsole|uart ~ nichts|kein-|stumm",
]);

/// A part of it that is touched or heard is of no use, and it starts all the same.
pub(crate) static PART_IS_OF_NO_USE: Words = Words::new(&[
    "cannot|can t|cant|couldn t|unable ~ use|touch|press|click ~ touchscreen|touch|screen|buttons|keys|anything",
    "touchscreen|touch|buttons|keys|speaker|sound|camera|microphone|bluetooth ~ not|n t|dead|stopped|no longer|frozen ~ work|respond|react|working|responding",
    "тачскрин|сенсор|кнопки|звук|камера ~ не ~ работа-|реагиру-|отвеча-",
    "触摸|触屏|按键|声音 ~ 没反应|失灵|不能用|没用",
    "touchscreen|tasten|ton ~ reagiert|geht|funktioniert ~ nicht",
]);

/// The storage that is built in is not there.
pub(crate) static STORAGE_IS_NOT_THERE: Words = Words::new(&[
    "emmc|nand|ufs|internal storage|internal flash|internal disk|internal drive|flash chip|spi flash|msata|dom|das flash drive|flashspeicher|interner speicher ~ not|nicht|no longer|isn t|never ~ found|detected|gefunden|erkannt|seen|recogni-|visible|listed|there",
    "no|cannot|can t|couldn t|kein|keine ~ find|detect|see|emmc|nand|internal storage|internal flash ~ emmc|nand|internal storage|internal flash|found|detected|flash chip",
    "не ~ видит|определя-|находит ~ emmc|nand|флеш память|внутренн-",
    "识别不到|检测不到|找不到 ~ emmc|nand|闪存|内部存储",
]);

/// What a computer's firmware starts where it finds no system.
static FIRMWARE_SHELL: Words =
    Words::new(&[" efi shell", " uefi shell", " startup nsh", " no bootable device", " no boot device"]);

/// One light is on, and the others are named as dark.
pub(crate) static ONE_LIGHT_LEFT: Words = Words::new(&[
    "只有|仅|只|就 ~ 红灯|蓝灯|绿灯|黄灯|橙灯|电源灯|一个灯|灯在亮|灯亮|灯常亮",
    "only ~ power|red|green|orange|amber|blue|white|one ~ led|light|lamp ~ on|lit|blink-|shin-|stays|glows",
    "only ~ led|light|lamp ~ power|on|red|green|lit",
    "nur ~ power|rote|grüne|eine ~ led|lampe|lampen|licht",
    "только|один ~ светодиод|индикатор|лампочк-|питани-",
]);

/// Its first start is a long one.
pub(crate) static FIRST_IS_LONG: Words = Words::new(&[
    "first boot|first start|first startup|first time|initial boot ~ long|longer|slow|slower|minutes|a while|patien-",
    "long|longer|slow ~ first boot|first start|initial boot",
    "erster start|ersten start|erste start|erster boot ~ lange|dauert|länger|minuten",
    "перв- ~ запуск|загрузк-|включени- ~ долг-|дольше|минут-|медленн-",
    "首次|第一次 ~ 启动|开机 ~ 慢|久|较长|几分钟|耐心",
    "premier démarrage ~ long|minutes|lent",
    "primer arranque|primera vez ~ tard-|lento|minutos",
    "pierwsze uruchomienie ~ długo|dłużej|minut",
]);

/// It does not come to an end of it.
pub(crate) static WITHOUT_END: Words = Words::new(&[
    " stuck",
    " never ",
    " hours",
    " forever",
    " hang",
    " hung",
    " froz",
    " freez",
    " not boot",
    " nicht ",
    "завис",
    "не ",
    "卡",
    "不",
    "无法",
]);

/// All else works, and only the way back to the vendor's firmware does not.
pub(crate) static WAY_BACK_FAILS: Words = Words::new(&[
    "обратно|назад|вернуть|на сток|на стоковую ~ не ~ выходит|получается|прошива-|прошить|удается|удаётся|могу",
    "обратно|назад|на сток|на стоковую ~ прошить|вернуть|откатить ~ не ~ выходит|получается|удается|удаётся|могу",
    "cannot|can t|unable|not|fails ~ go|get|flash|restore|revert|return ~ back|stock|original|official",
    "back to stock|back to original|back to official|return to stock|going back ~ not|n t|fails|failed|impossible",
    "zurück ~ original-|stock|hersteller- ~ nicht|kein-|fehl-",
    "刷回|回到|恢复 ~ 原厂|官方|原版 ~ 不|失败|无法",
]);

/// It works, with what was written.
static WORKS_WITH_IT: Words = Words::new(&[
    "всё|все ~ работа-",
    "everything|it|all|firmware|openwrt|custom ~ works|working|runs|running ~ fine|well|great|perfect-|now|but",
    "works|working|runs ~ fine|well|great|perfect-",
    "alles|läuft ~ läuft|funktioniert|gut|prima",
    "一切|都|能 ~ 正常|好用",
]);

pub(crate) static CONTRASTS: &[Conclusion] = &[
    Conclusion {
        all: &[&STARTS_FROM_COLD],
        near: &[],
        none: &[],
        says: "It starts when its power was taken away, and not otherwise.",
        causes: &[(C::FirmwareBug, 0.44)],
        state: Some((S::BootsDegraded, 0.5)),
        actions: &[A::InstallOtherBuild, A::PowerCycleAndRetry],
    },
    Conclusion {
        all: &[&DOES_NOT_RESTART],
        near: &[],
        none: &[&LOOPS],
        says: "It does not restart when it is told to.",
        causes: &[(C::FirmwareBug, 0.42)],
        state: Some((S::BootsDegraded, 0.45)),
        actions: &[A::InstallOtherBuild, A::PowerCycleAndRetry],
    },
    Conclusion {
        all: &[],
        near: &[&AT_SOME_STARTS],
        none: &[&LOOPS],
        says: "It fails at some of its starts.",
        causes: &[(C::FirmwareBug, 0.3), (C::PowerFault, 0.16), (C::FlashHardwareFault, 0.16)],
        state: Some((S::BootsDegraded, 0.5)),
        actions: &[A::InstallOtherBuild, A::PowerCycleAndRetry],
    },
    Conclusion {
        all: &[&FALLS_BACK_AND_WORKS],
        near: &[],
        none: &[&LOOPS, &RECOVERY_SYSTEM],
        says: "With another version it works.",
        causes: &[(C::FirmwareBug, 0.42)],
        state: Some((S::Healthy, 0.36)),
        actions: &[A::InstallOtherBuild, A::UseSignedOrNewerImage],
    },
    Conclusion {
        all: &[&WROTE, &STILL_THE_VERSION],
        near: &[],
        none: &[&LOOPS, &CARD, &UNCHANGED],
        says: "The version that it had is still there.",
        causes: &[(C::FirmwareBug, 0.4), (C::ToolMismatch, 0.33)],
        state: Some((S::Healthy, 0.55)),
        actions: &[A::ChangeToolOrOption, A::InstallOtherBuild],
    },
    Conclusion {
        all: &[&STILL_THE_OLD],
        near: &[],
        none: &[&LOOPS, &CARD, &UNCHANGED],
        says: "The version that it had is still there.",
        causes: &[(C::FirmwareBug, 0.38), (C::ToolMismatch, 0.3)],
        state: Some((S::Healthy, 0.6)),
        actions: &[A::ChangeToolOrOption, A::InstallOtherBuild],
    },
    Conclusion {
        all: &[&CHIP_MODE_BY_ITSELF, &REBOOTED],
        near: &[],
        none: &[&WROTE],
        says: "Its chip finds nothing to start, and nobody has written to it.",
        causes: &[(C::FlashHardwareFault, 0.38), (C::BootloaderCorrupt, 0.36)],
        state: Some((S::RecoveryMode, 0.45)),
        actions: &[A::SeekProfessional, A::PowerCycleAndRetry],
    },
    Conclusion {
        all: &[&LOADER_IS_BAD],
        near: &[],
        none: &[],
        says: "What starts the unit is said to be damaged.",
        causes: &[(C::BootloaderCorrupt, 0.46)],
        state: Some((S::BootloaderFailing, 0.3)),
        actions: &[A::EnterRecoveryMode, A::SeekProfessional, A::RestoreBootloader],
    },
    Conclusion {
        all: &[&LOADER_BY_MISTAKE],
        near: &[],
        none: &[],
        says: "What starts the unit was written wrongly.",
        causes: &[(C::BootloaderCorrupt, 0.5)],
        state: None,
        actions: &[A::EnterRecoveryMode, A::SeekProfessional, A::RestoreBootloader],
    },
    Conclusion {
        all: &[&SERIAL_IS_SILENT, &GONE],
        near: &[],
        none: &[&LOOPS],
        says: "Nothing comes from its serial port.",
        causes: &[(C::BootloaderCorrupt, 0.2)],
        state: Some((S::NoOutput, 0.52)),
        actions: &[A::EnterRecoveryMode, A::SeekProfessional],
    },
    Conclusion {
        all: &[&PART_IS_OF_NO_USE],
        near: &[],
        none: &[&LOOPS, &DEEPLY_GONE],
        says: "It starts, and a part of it is of no use.",
        causes: &[(C::FirmwareBug, 0.25)],
        state: Some((S::BootsDegraded, 0.42)),
        actions: &[A::InstallOtherBuild],
    },
    Conclusion {
        all: &[&STORAGE_IS_NOT_THERE],
        near: &[],
        none: &[],
        says: "The storage that is built in is not there.",
        causes: &[(C::FlashHardwareFault, 0.5)],
        state: None,
        actions: &[A::ReplaceHardware, A::SeekProfessional],
    },
    Conclusion {
        all: &[&FIRMWARE_SHELL],
        near: &[],
        none: &[],
        says: "Its firmware finds no system to start.",
        causes: &[(C::RootfsMissing, 0.2), (C::FlashHardwareFault, 0.2)],
        state: Some((S::BootloaderOnly, 0.45)),
        actions: &[A::ReplaceHardware, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[&FIRST_IS_LONG],
        near: &[],
        none: &[&WITHOUT_END, &LOOPS, &DEEPLY_GONE],
        says: "A first start takes its time.",
        causes: &[(C::NoFault, 0.46)],
        state: Some((S::Healthy, 0.5)),
        actions: &[A::NothingNeeded],
    },
    Conclusion {
        all: &[],
        near: &[&WORKS_WITH_IT, &WAY_BACK_FAILS],
        none: &[&LOOPS],
        says: "It works, and only the way back to other firmware does not.",
        causes: &[(C::ToolMismatch, 0.46), (C::ImageWrongDevice, 0.36), (C::RollbackRejected, 0.2)],
        state: Some((S::Healthy, 0.5)),
        actions: &[A::ChangeToolOrOption, A::ReflashCorrectImage],
    },
    Conclusion {
        all: &[&WROTE, &THEN_IT_WENT],
        near: &[],
        none: &[&GONE, &LOOPS],
        says: "At another try it went through.",
        causes: &[(C::NoFault, 0.45)],
        state: Some((S::Healthy, 0.45)),
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
    fn one_thing_is_set_against_another() {
        for (account, cause, state) in [
            (
                "It hangs at the dark logo after each restart, a hard reset gets it to boot.",
                C::FirmwareBug,
                S::BootsDegraded,
            ),
            ("每次更新后就黑屏，必须插拔电源才能启动", C::FirmwareBug, S::BootsDegraded),
            (
                "The reboot does not happen, the system stops and the console stays quiet.",
                C::FirmwareBug,
                S::BootsDegraded,
            ),
            ("The console fails to boot on some boots.", C::FirmwareBug, S::BootsDegraded),
            (
                "The board is not recognized with the new build. If I go back to rc2 it is recognized.",
                C::FirmwareBug,
                S::Healthy,
            ),
            (
                "The update went to the end, the pocket computer restarted and was still on 2.4.",
                C::FirmwareBug,
                S::Healthy,
            ),
            (
                "I tried to flash 2.1 with two tools, it ends without an error, but afterwards it is 1.9 again.",
                C::FirmwareBug,
                S::Healthy,
            ),
            ("My phone entered EDL mode after a reboot.", C::FlashHardwareFault, S::RecoveryMode),
            ("The internal storage is no longer found.", C::FlashHardwareFault, S::Unknown),
            ("After flashing, the first boot takes longer, the screen is dark.", C::NoFault, S::Healthy),
            (
                "OpenWrt runs fine here, but I cannot get back to the original firmware.",
                C::ToolMismatch,
                S::Healthy,
            ),
        ] {
            let evidence =
                [Evidence { kind: EvidenceKind::Symptom, name: "answers".into(), text: account.into() }];
            let diagnosis = by_rules_alone(&evidence);
            assert_eq!((diagnosis.cause(), diagnosis.state), (cause, state), "{account}: {diagnosis:?}");
        }
    }
}
