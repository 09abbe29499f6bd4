//! Where a unit stands, told with a verb and with what it stands at: `hangs` and `logo`, `only` and `fastboot`.
//!
//! Both have to stand near each other in one sentence; the thing that is nearest to the verb counts.

use debrick_model::State as S;

use super::words::Words;

/// How far a verb may stand from what it speaks of, in bytes.
const NEAR: usize = 56;

/// What a thing at which a unit stands says of its state, and how strongly.
struct Thing {
    words: &'static Words,
    state: S,
    weight: f64,
}

/// It does not get on, or gets no further than to the thing that is named.
pub(super) static STAYS: Words = Words::new(&[
    " stuck",
    " hang",
    " hung",
    " freez",
    " froze",
    " stay",
    " stops at",
    " stops on",
    " stopped at",
    " stopped on",
    " halts",
    " sits at",
    " sits on",
    " sitting at",
    " sitting on",
    " remains",
    " stall",
    " trapped",
    " only ",
    " just get",
    " just see",
    " just show",
    " just goes",
    " just boots",
    " always ",
    " is in ",
    " is now in ",
    " straight ",
    " directly ",
    " keeps going",
    " keeps boot",
    " ends up",
    " ended up",
    " past the",
    " gets past",
    " get past",
    " go past",
    " beyond the",
    " further than",
    " leads to",
    " leading to",
    " returned to",
    " returns to",
    " falls back to",
    " fell back to",
    " bounces",
    " drops to",
    " drops me",
    " drops into",
    " dumps me",
    " cannot exit",
    " can t exit",
    " can t leave",
    " can t get out",
    " showing the",
    " showing only",
    "卡",
    "停在",
    "停留",
    "一直",
    "只能",
    "直接进",
    "总是进",
    "завис",
    "висит",
    "застр",
    "останавлива",
    "только",
    "постоянно",
    " bleibt",
    " hängt",
    " hängen",
    " steckt",
    " nur noch",
    " kommt nur",
    " reste ",
    " bloqué",
    " figé",
    " se queda",
    " atascad",
    " pegado",
    " trabado",
    " travado",
    " preso ",
    " utkn",
    " zatrzym",
    " zawies",
    " bloccat",
]);

/// It gets to the thing that is named, perhaps by itself.
pub(super) static GETS_TO: Words = Words::new(&[
    " reboots to",
    " reboots into",
    " it rebooted to",
    " it rebooted into",
    " device rebooted to",
    " phone rebooted to",
    " tablet rebooted to",
    " boots to",
    " boots into",
    " boots in ",
    " goes to",
    " goes into",
    " returns to",
    " falls back",
    " lands in",
    " opens in",
    " startet in",
    " bootet in",
    " bootet ins",
    " démarre en",
    " arranca en",
    " entra en",
    "грузится в",
    "загружается в",
    "重启到",
    "重启进",
    "自动进",
]);

/// What is left of a thing's weight where the unit only gets to it.
const ONLY_GETS_TO: f64 = 0.65;

/// What a unit shows while its system starts.
static LOGO: Words = Words::new(&[
    " logo",
    "logo",
    " splash",
    " animation",
    " boot screen",
    " bootscreen",
    " loading screen",
    " start screen",
    " startup screen",
    " starting screen",
    " google screen",
    " samsung screen",
    " mi screen",
    " oneplus screen",
    " welcome screen",
    " boot up screen",
    " night screen",
    " starting ",
    " black screen with",
    " spinning",
    " loading dots",
    "开机画面",
    "开机界面",
    "启动画面",
    "启动界面",
    "開機畫面",
    "第一屏",
    "第二屏",
    "动画",
    "動畫",
    "лого",
    "заставк",
    "анимаци",
    " startbild",
    " startlogo",
    " écran de démarrage",
    " pantalla de inicio",
    " ekranie startow",
]);

/// The ways in which a unit is written to or repaired.
static MENDING: Words = Words::new(&[
    " recovery",
    "recovery",
    " twrp",
    "twrp",
    " download mode",
    " downloading mode",
    " odin mode",
    " edl",
    "9008",
    " bootrom",
    " boot rom",
    " brom",
    " maskrom",
    " fel mode",
    " rcm mode",
    " dfu",
    " rescue mode",
    " update mode",
    " failsafe",
    "рекавери",
    "рекавері",
    "режиме восстановления",
    " modo de recuperaci",
    " trybie recovery",
]);

/// The boot loader.
static LOADER: Words = Words::new(&[
    " fastboot",
    "fastboot",
    " bootloader",
    "bootloader",
    " uboot",
    " u boot",
    " cfe ",
    "breed",
    " grub",
    " boot menu",
    "фастбут",
    "загрузчик",
    " start up failed",
]);

static THINGS: &[Thing] = &[
    Thing { words: &LOGO, state: S::KernelHang, weight: 0.45 },
    Thing { words: &MENDING, state: S::RecoveryMode, weight: 0.45 },
    Thing { words: &LOADER, state: S::BootloaderOnly, weight: 0.45 },
];

/// What denies that the unit gets to what is named next.
pub(super) static NOT_THERE: Words = Words::new(&[
    " not ", "n t ", " t get", " t enter", " t boot", " t go", " t reach", " never", " cannot", " unable",
    " without", " nor ", " no way", " weder", " nicht", " kein", "не ", "ни ", "无法", "不能", "进不",
    "没法",
]);

/// How far before a thing it is denied, in bytes.
const DENIED_WITHIN: usize = 32;

/// It starts anew.
static ANEW: Words = Words::new(&[
    " reboot",
    " restart",
    " shuts down",
    " shuts off",
    " turns off",
    " vibrate",
    " again and again",
    "重启",
    "重啟",
    "关机",
    "перезагру",
    "перезапус",
    "выключается",
    " startet neu",
    " neustart",
    " redémarre",
    " reinicia",
    " restartuje",
]);

/// What comes behind something else.
static THEN: Words = Words::new(&[
    " then ",
    " and it ",
    " again",
    " and reboot",
    " and restart",
    " and shuts",
    " worauf",
    " dann ",
    " puis ",
    " luego ",
    "然后",
    "就",
    "потом",
    " и перезагру",
    " po czym",
]);

/// Where each sentence says that the unit stands.
pub(super) fn states(sentences: &[String]) -> Vec<(S, f64)> {
    let mut states: Vec<(S, f64)> = Vec::new();
    let mut note = |state: S, weight: f64| match states.iter_mut().find(|(known, _)| *known == state) {
        Some((_, highest)) => *highest = highest.max(weight),
        None => states.push((state, weight)),
    };
    for sentence in sentences {
        if let Some(thing) = nearest(sentence, &STAYS) {
            note(thing.state, thing.weight);
        } else if let Some(thing) = nearest(sentence, &GETS_TO) {
            note(thing.state, thing.weight * ONLY_GETS_TO);
        }
        let comes_to = LOGO.first_in(sentence).and_then(|at| sentence.get(at..));
        if comes_to.is_some_and(|rest| ANEW.are_in(rest) && THEN.are_in(rest)) {
            note(S::BootLoop, 0.5);
        }
    }
    states
}

/// The thing that stands nearest to one of these verbs in this sentence.
fn nearest(sentence: &str, verbs: &Words) -> Option<&'static Thing> {
    let mut best: Option<(usize, &Thing)> = None;
    for verb in verbs.all_in(sentence) {
        for thing in THINGS {
            for at in thing.words.all_in(sentence).filter(|at| !is_denied(sentence, *at)) {
                // What stands behind the verb is what it speaks of; in some languages it stands before.
                let distance = if at >= verb { at - verb } else { 2 * (verb - at) };
                if distance <= NEAR && best.is_none_or(|(nearest, _)| distance < nearest) {
                    best = Some((distance, thing));
                }
            }
        }
    }
    best.map(|(_, thing)| thing)
}

/// Whether a denial stands shortly before a place in a sentence, with no verb of staying in between.
fn is_denied(sentence: &str, at: usize) -> bool {
    let from = (at.saturating_sub(DENIED_WITHIN)..=at).find(|from| sentence.is_char_boundary(*from));
    let before = from.and_then(|from| sentence.get(from..at)).unwrap_or_default();
    let denied = NOT_THERE.all_in(before).max();
    denied.is_some_and(|denied| STAYS.all_in(before).all(|verb| verb < denied))
}

#[cfg(test)]
mod tests {
    use super::super::words::plain;
    use super::*;

    #[track_caller]
    fn check(sentence: &str, state: S) {
        let found = states(&[plain(sentence)]);
        let best = found.iter().max_by(|one, other| one.1.total_cmp(&other.1));
        assert_eq!(best.map(|(state, _)| *state), Some(state), "{sentence}");
    }

    #[test]
    fn a_verb_and_what_stands_near_it() {
        for sentence in [
            "The phone never gets past the spinning Google logo",
            "It froze on the loading screen of the vendor",
            "手机卡在了红色的开机画面",
            "Телефон завис на заставке",
            "Das Tablet bleibt seit gestern beim Startbild",
        ] {
            check(sentence, S::KernelHang);
        }
        for sentence in [
            "It only goes to TWRP",
            "The tablet is trapped in bootrom mode",
            "Теперь постоянно грузится в рекавери",
        ] {
            check(sentence, S::RecoveryMode);
        }
        for sentence in
            ["It just boots into the fastboot screen", "只能进fastboot", "Es kommt nur der Bootloader"]
        {
            check(sentence, S::BootloaderOnly);
        }
        check("I cannot get into recovery, it is stuck with the logo", S::KernelHang);
        check("无法进入recovery，卡在开机画面", S::KernelHang);
        check("It shows the logo, vibrates, and then it reboots", S::BootLoop);
        check("显示logo然后就重启", S::BootLoop);
        check("After some days it rebooted to fastboot", S::BootloaderOnly);
        check("Every image that was written returned to fastboot", S::BootloaderOnly);
    }

    #[test]
    fn things_that_stand_alone_say_nothing() {
        for sentence in ["I flashed the recovery with fastboot", "It hangs", "The logo is blue"] {
            assert!(states(&[plain(sentence)]).is_empty(), "{sentence}");
        }
    }
}
