//! The course of an account: what each of its clauses says of the unit, in the order in which it is told. What came last
//! counts where it differs from what was before: it looped and is dark now, it was dark and starts again.
//!
//! Phrases with gaps: see [`Words`].

use debrick_model::{Action as A, Cause as C, EvidenceLine, State as S};

use crate::weigh::Weights;

use super::said::computer::STARTS_AS_EVER;
use super::said::seen::{GONE, LOOPS};
use super::shown;
use super::well::{OTHER_FIRMWARE, REMEDIED, SAYS_NO, praises_a_run};
use super::words::{self, Words};

/// What is left of how it was before, where it ended otherwise.
const BEFORE: f64 = 0.5;

/// What is left of the way to the unit where it shows no life any more.
const WHERE_IT_WENT_DARK: f64 = 0.4;

/// What a clause says of the unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stand {
    Well,
    Dark,
    Loops,
    /// It does not work; how, is not told.
    Fails,
    /// It hangs at something that it shows.
    Hangs,
    /// It stands in a loader, or in a mode in which it is written.
    Waits,
}

/// How it ends, where that is another thing than what was before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    /// It works again; with what was done, where something was.
    Well { is_remedied: bool },
    /// It shows nothing any more.
    Dark,
    /// It got on to something, and starts anew there.
    Loops,
}

impl Turn {
    /// The state in which the unit is then.
    pub(super) const fn state(self) -> S {
        match self {
            Self::Well { .. } => S::Healthy,
            Self::Dark => S::NoOutput,
            Self::Loops => S::BootLoop,
        }
    }

    /// Adds what it says; `is_written` where firmware was written, `cite` makes a line that says so.
    pub(super) fn weigh(self, is_written: bool, cite: impl Fn(&str) -> EvidenceLine, weights: &mut Weights) {
        for earlier in [S::NoOutput, S::BootLoop, S::KernelHang, S::BootloaderFailing] {
            if earlier != self.state() {
                weights.fade_state(BEFORE, earlier);
            }
        }
        weights.hint(self.state(), 0.5);
        match self {
            Self::Dark => {
                // What shows no life is not seen by any computer.
                weights.fade(WHERE_IT_WENT_DARK, |cause| {
                    matches!(cause, C::NotInRecoveryMode | C::HostPermission | C::LinkFault)
                });
                let line = cite("It still did something at first, and shows no life since.");
                let actions = &[A::EnterRecoveryMode, A::SeekProfessional];
                weights.add(C::BootloaderCorrupt, 0.26, actions, Some(line));
            }
            Self::Well { is_remedied: true } if is_written => {
                let line = cite("It works since it was written anew.");
                let actions = &[A::InstallOtherBuild, A::ReflashCorrectImage];
                weights.add(C::FirmwareBug, 0.26, actions, Some(line.clone()));
                weights.add(C::ImageCorrupt, 0.16, &[A::ReflashCorrectImage], Some(line));
            }
            Self::Well { .. } | Self::Loops => {}
        }
    }
}

/// What parts clauses beside commas, once a text is plain.
const JOINTS: [&str; 26] = [
    " but ",
    " then ",
    " now ",
    " however ",
    " afterwards ",
    " although ",
    " so ",
    " aber ",
    " dann ",
    " jetzt ",
    " но ",
    " потом ",
    " теперь ",
    " mais ",
    " puis ",
    " maintenant ",
    " pero ",
    " luego ",
    " ahora ",
    " ma ",
    " ora ",
    "然后",
    "但是",
    "现在",
    "结果",
    "后来",
];

/// What people say who do not know why; it denies nothing.
const IDLE: [&str; 8] = [
    " don t know ",
    " do not know ",
    " not sure ",
    " no idea ",
    " dunno ",
    "不知道",
    "не знаю",
    " weiß nicht ",
];

/// The clauses of a sentence as it was written, each of them plain.
fn clauses_of(sentence: &str) -> Vec<String> {
    let mut clauses = Vec::new();
    for part in sentence.split(super::BREAKS) {
        let mut rest = words::plain(part);
        for idle in IDLE {
            rest = rest.replace(idle, " ");
        }
        for joint in JOINTS {
            rest = rest.replace(joint, "\n ");
        }
        clauses.extend(rest.split('\n').filter(|clause| clause.len() > 2).map(|clause| format!("{clause} ")));
    }
    clauses
}

/// What a clause says, if it says anything of how the unit is.
fn stand_of(clause: &str, depends: bool, before: Option<Stand>) -> Option<Stand> {
    if NOT_TOLD.are_in(clause) {
        return None;
    }
    if WELL_AGAIN.are_in(clause)
        && !SAYS_NO.are_in(clause)
        && !PARTS.are_in(clause)
        && !praises_a_run(clause)
        && !depends
        && !STARTS_AS_EVER.are_in(clause)
    {
        return Some(Stand::Well);
    }
    if LOOPS.are_in(clause)
        || (before == Some(Stand::Hangs) && ANEW.are_in(clause) && !BY_HAND.are_in(clause))
    {
        return Some(Stand::Loops);
    }
    if DARK.are_in(clause) {
        return Some(Stand::Dark);
    }
    let states = shown::states(&[clause.to_owned()]);
    match states.iter().max_by(|one, other| one.1.total_cmp(&other.1)) {
        Some((S::BootLoop, _)) => Some(Stand::Loops),
        Some((S::KernelHang, _)) => Some(Stand::Hangs),
        Some(_) => Some(Stand::Waits),
        None if FREEZES.are_in(clause) => Some(Stand::Hangs),
        None => GONE.are_in(clause).then_some(Stand::Fails),
    }
}

/// How an account ends, where it ends otherwise than it began.
pub(super) fn turn(sentences: &[&str]) -> Option<Turn> {
    let mut stands: Vec<Stand> = Vec::new();
    let mut is_remedied = false;
    for sentence in sentences {
        let plain = words::plain(sentence);
        // A light, or a question, that stands for a whole sentence.
        if ASKS.are_in(&plain) {
            continue;
        }
        let depends = DEPENDS.are_in(&plain);
        for clause in &clauses_of(sentence) {
            let stand = stand_of(clause, depends, stands.last().copied());
            if stand == Some(Stand::Well) {
                is_remedied |= DONE.are_in(&plain) || REMEDIED.are_in(&plain);
            }
            // That it does not work says less than how it does not.
            let is_vague =
                stand == Some(Stand::Fails) && stands.last().is_some_and(|last| *last != Stand::Well);
            stands.extend(stand.filter(|_| !is_vague));
        }
        is_remedied |= MUST_BE_DONE.are_in(&plain) || OTHER_FIRMWARE.are_in(&plain);
    }
    let (last, before) = stands.split_last()?;
    match last {
        Stand::Well if before.iter().any(|stand| *stand != Stand::Well) => Some(Turn::Well { is_remedied }),
        Stand::Dark if before.iter().any(|stand| matches!(stand, Stand::Loops | Stand::Hangs)) => {
            Some(Turn::Dark)
        }
        Stand::Loops if before.contains(&Stand::Hangs) => Some(Turn::Loops),
        _ => None,
    }
}

/// It works, after it had not.
static WELL_AGAIN: Words = Words::new(&[
    "works|working|worked|runs|running|boots|booted|starts|started|functional ~ fine|normal|normally|perfect-|well|ok|okay|again|great|successfully|as before|correctly|without",
    "back ~ to|in ~ life|normal|working|business",
    "i|we ~ can|could ~ access|log in|login|connect ~ again|now|via|through|thru|normally",
    "right as rain|back normal|back to normal|back to life|back alive|back online|up and running|all is good|all good",
    "brings|brought|gives|gave|restores|restored|got ~ back|me|a ~ working|system|life",
    "and|i|we|it|screen ~ see|sees|shows|showed|got|get|reached ~ lock screen|home screen|desktop|setup|menu|login",
    "problem|issue|everything|it s|it is|it was|that ~ solved|fixed|resolved",
    "is|it|phone|router|device|board|radio|camera|watch|tablet ~ alive|working|works now|recovered",
    "正常开机|正常启动|恢复正常|可以正常|能正常|又可以|好了|救活|正常进去|正常了|重新就可以",
    "заработал-|ожил-|загрузил-|запустил-",
    "всё|все ~ работает|нормально|хорошо",
    "läuft|funktioniert|startet|geht|bootet ~ wieder|einwandfrei|normal|problemlos",
    "fonctionne|marche|démarre ~ nouveau|normalement|bien|parfaitement",
    "funciona|arranca|enciende ~ bien|normal|otra vez|de nuevo|perfecto",
    "działa|uruchamia ~ znowu|normalnie|dobrze",
]);

/// It shows no life.
static DARK: Words = Words::new(&[
    "no|without|not any ~ led|leds|light|lights|display|sound|output|sign of life|signs of life|life|reaction",
    "nothing ~ works|work|happens|comes|at all|on the screen|shows",
    "not|n t|cannot|never|no longer ~ turn on|turns on|power on|powers on|switch on|light up|lights up|power up",
    "completely|totally|fully|stone ~ dead|dark",
    "not|n t|cannot ~ even ~ enter|get|reach ~ dfu|bootloader|flash|recovery|mode",
    "not|n t|cannot ~ even ~ dfu|bootloader|recovery",
    "没反应|无反应|没信号|灯不亮|不亮了|没有反应|完全没反应",
    "не ~ включается|подает|подаёт|реагирует",
    "мертв-|мёртв-|ничего не происходит",
    "tut sich nichts|geht nichts mehr|bleibt dunkel|komplett tot|bleibt tot",
    "ne s allume plus|plus rien|ne ~ allume",
    "no ~ enciende|prende",
]);

/// It starts anew.
static ANEW: Words = Words::new(&[
    " reboot",
    " restart",
    " shuts off",
    " turns off",
    " powers off",
    "重启",
    "重啟",
    "关机",
    "перезагру",
    " startet neu",
    " redémarre",
    " reinicia",
]);

/// Somebody restarts it.
static BY_HAND: Words = Words::new(&[
    "i|we|to|you|must|have to|need to|can ~ reboot|restart|restarted|rebooted",
    "reboot-|restart-|重启 ~ it|the|manually|by hand|之后|后",
]);

/// It does not get on.
static FREEZES: Words = Words::new(&[
    " freezes ",
    " froze ",
    " hangs ",
    " hung ",
    " gets stuck",
    " got stuck",
    "卡住",
    "卡死",
    "卡第一屏",
    "无限第一屏",
    "зависает",
    " bleibt hängen",
]);

/// What was before, what is wanted, or what is asked.
static NOT_TOLD: Words = Words::new(&[
    " used to ",
    " worked fine until",
    " worked until",
    " was working",
    " was running",
    " had been",
    " before the ",
    " before that",
    " previously",
    " until ",
    " should ",
    " supposed to",
    " expected",
    " how can i",
    " how do i",
    " how to ",
    " is there a",
    " want to",
    " wanted to",
    " hope ",
    " twin",
    " the other one",
    " other one",
    " the first one",
    " friend",
    "раньше",
    "до этого",
    "хочу",
    "как ",
    "之前",
    "怎么",
    "本来",
    " vorher",
    " früher",
    " bisher",
    " avant ",
    " antes ",
]);

/// It is so only as long as something is in it, or at it.
pub(super) static DEPENDS: Words = Words::new(&[
    "if|when|inserted|inserting|with|only|once|while|as long as|wenn|если|si ~ sd|card|sdcard|usb|hdmi|cable|stick|charger|battery|plugged|inserted|insert|connected|monitor|kabel|karte",
    "插|连着|接着 ~ 才|就 ~ 正常|启动",
]);

/// It is a part of the unit that works, or a tool.
static PARTS: Words = Words::new(&[
    "ping|ssh|wifi|wlan|lan|ethernet|usb|charging|button|buttons|recovery|fastboot|bootloader|app|tool ~ works|working|worked|fine|ok|runs|well",
    "пинг|вайфай|кнопк-|рекавери ~ работа-|идёт|идет",
]);

/// A question.
static ASKS: Words = Words::new(&[
    " can someone ",
    " can anyone ",
    " could someone ",
    " please help",
    " any idea",
    " what can i do",
    " what should i",
    " expected behavio",
]);

/// Something was done that made it work.
static DONE: Words = Words::new(&[
    "flash-|reflash-|restor-|reinstall-|install-|revert-|downgrad-|roll-|replac-|chang-|swap-|format-|wip-|clean-|solder-|updat-|upgrad-|eras-",
    "going back|went back|fall back|fell back|factory reset",
    "换回|刷回|回滚|回刷|重刷|降级|刷了|刷入|短接|更新",
    "прош-|перепрош-|восстанов-|откат-|вернул-|замен-|помен-",
    "geflasht|zurück|getauscht|neu installiert|aufgespielt",
]);

/// Something has to be done each time, or had to be.
static MUST_BE_DONE: Words = Words::new(&[
    "have to|need to|needed to|had to|must|managed to|only way ~ flash|reflash|restore|reinstall|install|recover|rectify|replace|change",
    "必须|只能|需要 ~ 刷|重装",
    "пришлось|приходится ~ прош-|перепрош-|восстанов-",
    "muss|musste ~ flashen|neu",
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(account: &str, expected: Option<Turn>) {
        let sentences: Vec<&str> = account.split(['.', '。']).collect();
        assert_eq!(turn(&sentences), expected, "{account}");
    }

    #[test]
    fn what_came_last_counts() {
        for account in [
            "It rebooted in a loop after the upgrade. I wrote it again, now nothing works, no led.",
            "Hung at the logo for an hour. Now it won't even turn on.",
            "开始一直重启，然后就完全没反应",
        ] {
            check(account, Some(Turn::Dark));
        }
        for account in [
            "The screen stays dark, nothing happens. Ok, it is back to life, don't know what happened.",
            "Nothing on the display, it won't turn on. I pressed the button again, and now I see the lock screen.",
            "Первый час не включается. Потом заработал.",
            "The router is unreachable, nothing happens. Later I could access it again.",
        ] {
            check(account, Some(Turn::Well { is_remedied: false }));
        }
        check(
            "It loops at the logo. Flashing the old build brings back a working system.",
            Some(Turn::Well { is_remedied: true }),
        );
        check("手机卡在开机动画，然后重启", Some(Turn::Loops));
    }

    #[test]
    fn what_was_before_or_depends_is_no_end() {
        check("It hangs at the logo. If I insert the card it boots without problems.", None);
        check("It won't turn on. It was working fine before the update.", None);
        check("It hangs at the logo. How do I get it working again?", None);
        check("It works fine.", None);
        check("I inserted the card and it boots. It hangs at the logo.", None);
        check("It won't enter that mode, nothing happens. It just boots normally.", None);
    }
}
