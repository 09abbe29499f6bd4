//! Where a unit stands, for accounts whose phrases name no state: by what it does again and again, how often it fails,
//! what it is waited for in, and what still runs. The last sentence that says any of it counts.
//!
//! Phrases with gaps: see [`Words`].

use debrick_model::State as S;

use super::words::Words;

/// How much such a sentence says; a little more than what lets a state be named at all.
pub(super) const SAYS: f64 = 0.27;

/// How much more than what leaves the state open.
pub(super) const MORE: f64 = 0.02;

/// It starts anew, again and again.
pub(super) static AGAIN_AND_AGAIN: Words = Words::new(&[
    "reboot-|restart-|reset-|resets|power cycl-|turns off|shuts down|startet neu|bootet neu|rebootet|перезагруж-|перезапуск-|riavvi-|reinici-|redémarr-|restartuje ~ every|whenever|constantly|endless-|forever|itself|by itself|each|continuous-|nonstop|ständig|dauernd|immer|andauernd|постоянно|бесконечно|каждые|solo|sola|constantemente|sans cesse|w kółko|cały czas",
    "constant-|endless-|infinit-|continu-|repeated-|ständig|dauernd|immer wieder|бесконечно|постоянно|w kółko|ciągle|sempre|continuamente ~ reboot-|restart-|reset-|loop-|logo|neustart-|neu|перезагруж-|riavvi-|reinici-|redémarr-",
    "from time to time|now and then|every few ~ reset-|restart-|reboot-",
    "logo ~ restart-|reboot-|off|dark|black ~ logo",
    "lights|leds|lamps ~ on ~ off ~ on|again|endlessly",
    "blinks|flashes|logo ~ and ~ restarts|reboots",
    "an und aus|geht an ~ aus|apagam ~ acendem|acendem ~ apagam",
    "无限循环|必定重启|秒重启|分钟重启|循环往复",
    "reboot-|restart- ~ instead of ~ boot-|start-",
]);

/// It runs, and fails now and then.
pub(super) static NOW_AND_THEN: Words = Words::new(&[
    "freez-|froze|crash-|hang-|hung|drops|dropp-|loses|dies|stops|stuck|friert|hängt|abstürz-|зависа-|вылета-|死机|卡死 ~ times a day|a day|an hour|every hour|hourly|once|at night|random-|sometimes|occasional-|after a while|after some time|now and then|daily|from time to time|stündlich|manchmal|иногда|每天|经常",
    "random-|sometimes|occasional-|sporad-|intermitt-|manchmal|иногда|偶尔 ~ freez-|crash-|hang-|stuck|reboot-|reset-|segfault-|зависа-|перезагруж-|死机",
    "usually|mostly|often ~ boot-|start-|works ~ but",
    "something ~ went wrong",
    "keys|keybinds|buttons|touch|colors|colours|picture|screen|display ~ wrong|misplaced|swapped|mirrored|inverted|garbled|flipped|upside",
    "wizard|setup|assistant|menu|settings|app ~ fail-|error|stuck|crash-|nothing",
    "работает ~ потом|но|затем ~ перестаёт|перестает|зависает|отваливается|пропадает",
    "becomes|gets|goes ~ unreachable|unresponsive|offline ~ and|until ~ i|have|need",
    "works|runs|boots|starts|up ~ but|except|only|without ~ slow|wifi|wlan|bluetooth|sound|touch|camera|network|internet|display",
    "not|wont|never ~ connect|join|register ~ my|the|our|to ~ wifi|wlan|network|ap",
]);

/// It is written to, or was meant to be.
pub(super) static IN_ITS_MODE: Words = Words::new(&[
    "waiting for|waits for ~ device|adb",
    "in|on|into|enter-|entered ~ fastboot|fastbootd|download|dfu|edl|rescue|bootloader|recovery|brom|maskrom ~ mode|screen|menu",
    "fastboot devices|fastboot screen|fastboot界面|rescue mode|download mode|qhsusb bulk|qdloader|9008",
    "device manager|gerätemanager|диспетчер- ~ yellow|triangle|exclamation|unknown|gelb-|жёлт-|желт-",
    "设备管理器",
    "appears|shows up|comes up|mounts ~ usb drive|mass storage|removable drive|little usb drive",
]);

/// What was offered was refused.
pub(super) static REFUSED: Words = Words::new(&[
    "file|image|firmware|update|package|datei|файл|прошивк-|plik|archivo|fichier ~ invalid|not valid|isn t valid|not supported|rejected|refused|not accepted|ungültig|неверн-|не подходит|nieprawidłow-|inválid-|invalide",
    "refuses|rejects|refused|rejected|won t accept|not accept ~ file|image|firmware|it|update|package",
    "not allowed|nicht erlaubt|не разреш-|no permitido|non autorisé|不允许",
    "please select|select a|choose a ~ correct|valid ~ file|image",
]);

/// It starts as it always did.
pub(super) static AS_ALWAYS: Words = Words::new(&[
    "starts|boots|boot|start|loads|goes|startet|bootet|démarre|запуска-|загружа-|arranca|uruchamia|parte|liga ~ android|normal-|as usual|as always|like always|wie immer|ganz normal|как обычно|comme d habitude|como siempre|normalnie|photos",
    "always|just|only|still|immer|toujours ~ normal|usual|same|old ~ login|page|screen|cam|router|system|android",
    "used|enter|works|runs|boots|operates|working ~ normally",
    "still ~ up|runs|running|online|alive|usable",
    "works|working|functions ~ with the app|otherwise|apart from|aside from|besides",
    "nothing|not anything ~ broke|broken|lost|damaged|changed",
    "certinho|tutto bene|alles gut|всё цело|没坏",
]);

/// That mode is wanted, and not reached.
pub(super) static MODE_NOT_REACHED: Words = Words::new(&[
    "not|n t|cannot|cant|unable|no|without|instead of|never ~ boot|into|enter|entering|reach|get|go|going|put|back ~ fastboot|download|dfu|edl|rescue|bootloader|recovery",
    "nicht|kein|не|нет|nie|no|pas ~ fastboot|download|recovery|bootloader",
]);

/// It is somebody who restarts it, each time.
static SOMEBODY_RESTARTS_IT: Words = Words::new(&[
    "have to|need to|must|i|we|needs to be ~ reset|reboot|restart|rebooted|restarted|power cycle|unplug",
    "приходится|надо|нужно ~ перезагруж-|ребут-|перезапуск-",
    "muss|müssen ~ neu starten|neustarten|rebooten",
]);

static STANDINGS: &[(&Words, S)] = &[
    (&AGAIN_AND_AGAIN, S::BootLoop),
    (&AS_ALWAYS, S::Healthy),
    (&REFUSED, S::RefusedUnharmed),
    (&IN_ITS_MODE, S::RecoveryMode),
    (&NOW_AND_THEN, S::BootsDegraded),
];

/// Where the last sentence that says anything of it says that the unit stands.
pub(super) fn last_told(sentences: &[String]) -> Option<S> {
    let said = |sentence: &String| {
        let fits = |words: &Words, state: S| {
            words.are_in(sentence)
                && !(state == S::RecoveryMode && MODE_NOT_REACHED.are_in(sentence))
                && !(state == S::BootLoop && SOMEBODY_RESTARTS_IT.are_in(sentence))
        };
        STANDINGS.iter().find(|(words, state)| fits(words, *state)).map(|(_, state)| *state)
    };
    sentences.iter().rev().find_map(said)
}

#[cfg(test)]
mod tests {
    use super::super::words::plain;
    use super::*;

    #[test]
    fn the_last_sentence_with_a_state_counts() {
        let told = |account: &str| {
            let sentences: Vec<String> = account.split('.').map(plain).collect();
            last_told(&sentences)
        };
        for (account, state) in [
            ("It was fine. From time to time the box resets.", S::BootLoop),
            ("Da quando l'ho aggiornato si riavvia da solo.", S::BootLoop),
            ("The page says the file is not valid.", S::RefusedUnharmed),
            ("I press the keys, it always starts Android as usual. Why", S::Healthy),
            ("Since then it freezes two times a day.", S::BootsDegraded),
            ("The script prints waiting for any device.", S::RecoveryMode),
        ] {
            assert_eq!(told(account), Some(state), "{account}");
        }
        assert_eq!(told("My router is bricked."), None);
        assert_ne!(told("After each change I have to reset it every time."), Some(S::BootLoop));
    }
}
