//! What people say of units that are well after all, or since something was done.
//!
//! Phrases with gaps: see [`Words`].

use super::course::DEPENDS;
use super::said::life::SILENT;
use super::said::seen::{GONE, LOOPS};
use super::said::tools::FAILS;
use super::words::Words;

/// In so many sentences at its end an account tells that all is well, where nothing that fails is told behind it.
const TOLD_LATE: usize = 4;

/// How a unit is at the end of an account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Well {
    /// It works, and nobody had to do anything.
    ByItself,
    /// It works since something was done.
    Remedied,
    /// It does not, or that is not told.
    No,
}

/// How the unit is in the end, by the last sentences that say anything of it; where a sentence tells of trouble first, by
/// its last words. A light is believed where nobody says that the unit is gone.
pub(super) fn at_the_end(
    sentences: &[String],
    last_words: &[String],
    is_remedied: bool,
    is_gone: bool,
) -> Well {
    let is_denied = |words: &str| {
        [&GONE, &LOOPS, &SILENT, &FAILS, &SAYS_NO].into_iter().any(|denials| denials.are_in(words))
    };
    let may_be_fine = |words: &str| LIGHT_IS_FINE.are_in(words) || WRITTEN_TO_ITS_END.are_in(words);
    let is_fine = |words: &str| FINE_AFTER_ALL.are_in(words) || (may_be_fine(words) && !is_gone);
    // `I tried another firmware. It works well.`
    let names_another = |number: usize| {
        let before = number.checked_sub(1).and_then(|before| sentences.get(before));
        before.is_some_and(|sentence| OTHER_FIRMWARE.are_in(sentence))
    };
    let ends = sentences.iter().zip(last_words).enumerate().rev().take(TOLD_LATE);
    for (number, (sentence, end)) in ends {
        // What is said of the run of a tool says nothing of the unit.
        if praises_a_run(sentence) {
            continue;
        }
        let is_well = SURELY_FINE.are_in(sentence)
            || [sentence, end].into_iter().any(|words| is_fine(words) && !is_denied(words));
        if is_well {
            let is_remedied = is_remedied || REMEDIED.are_in(sentence) || names_another(number);
            // What works only with something in it is not well.
            if !is_remedied && DEPENDS.are_in(sentence) {
                return Well::No;
            }
            return if is_remedied { Well::Remedied } else { Well::ByItself };
        }
        if is_denied(sentence) && !ASKS_IF_NORMAL.are_in(sentence) {
            return Well::No;
        }
    }
    Well::No
}

/// So many words may stand between a run and its praise.
const NEAR_A_RUN: usize = 3;

/// Whether a sentence praises a run of a tool, as in `flashing works fine`, and no unit.
pub(super) fn praises_a_run(sentence: &str) -> bool {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    let is_run = |at: usize| {
        let before = words.get(at.saturating_sub(2)..at).unwrap_or_default();
        RUNS.contains(&words[at]) && !before.iter().any(|word| THROUGH_RUNS.contains(word))
    };
    (0..words.len()).filter(|at| is_run(*at)).any(|at| {
        let behind = words.iter().skip(at + 1).take(NEAR_A_RUN);
        behind.take_while(|word| !OTHER_THINGS.contains(word)).any(|word| PRAISES_OF_RUNS.contains(word))
    }) && !words.iter().any(|word| STARTS.contains(word))
}

/// What a tool does.
const RUNS: &[&str] = &[
    "flashing",
    "flash",
    "upload",
    "uploading",
    "download",
    "downloading",
    "installation",
    "writing",
    "write",
    "burning",
    "verification",
    "backup",
    "прошивание",
    "flashen",
];

/// Before a run, these speak of what comes of it.
const THROUGH_RUNS: &[&str] =
    &["after", "since", "with", "by", "from", "nach", "mit", "seit", "после", "с", "this", "next"];

/// How a run is praised.
const PRAISES_OF_RUNS: &[&str] = &[
    "works",
    "worked",
    "working",
    "fine",
    "ok",
    "okay",
    "success",
    "successful",
    "successfully",
    "smoothly",
    "well",
    "finished",
    "completed",
    "went",
    "funktioniert",
    "geht",
];

/// Behind these the praise is of something else.
const OTHER_THINGS: &[&str] = &[
    "everything",
    "it",
    "all",
    "phone",
    "router",
    "device",
    "unit",
    "board",
    "system",
    "that",
    "this",
    "i",
    "we",
    "and",
    "to",
    "es",
    "alles",
];

/// These say of a unit that it starts.
const STARTS: &[&str] = &[
    "boots", "booted", "starts", "started", "runs", "online", "startet", "bootet", "again", "now", "finally",
];

/// It is fine after all, or it took its time.
pub(super) static FINE_AFTER_ALL: Words = Words::new(&[
    "then|but|now|after|afterwards|afterward|finally|eventually|suddenly|later|and|still|since|otherwise|everything|all|it|that|which|phone|router ~ works|working|worked|fine|normal-|good|ok|okay|perfect-|running|boots|booted|booting|online|is up|setup screen|home screen|runs",
    "works|working|runs|running|boots|starts|started|booted ~ fine|great|perfect-|ok|okay|normally|well|again|afterwards|as before|as expected|as it should|without|everything",
    "internet|wifi|everything|it|all|phone|router ~ works|is back|is fine|are back|works again",
    "doch|dann|jetzt|danach|wieder|alles|aber ~ läuft|funktioniert|geht|gut|normal|klappt",
    "läuft|funktioniert|geht|startet ~ alles|normal|einwandfrei|wieder|gut|problemlos",
    "потом|теперь|сейчас|всё|все|в итоге|дальше|и ~ работа-|заработа-|нормально|хорошо|загрузил-|включил-|отлично|ок",
    "работает|загружается|работал ~ нормально|хорошо|отлично|всё|все|как надо",
    "后来|现在|然后|之后|但是|都|又|一切|就 ~ 正常|好了|没问题|可以|能用",
    "potem|teraz|już|ale|wszystko|i ~ działa|dobrze|ok|ruszył-|normalnie",
    "ahora|después|luego|pero|todo|y ~ funciona|bien|normal|arrancó|perfecto",
    "maintenant|ensuite|puis|mais|tout|et ~ marche|fonctionne|bien|normal-|démarré|démarre",
    "ora|adesso|poi|ma|tutto|e ~ funziona|bene|normal-|partito|parte",
    "agora|depois|mas|tudo|e ~ funciona|bem|normal|funcionando|ligou",
    "and|then ~ home screen|menu|desktop|login|new menus|welcome",
    "pero|y ~ arrancó|encendió|están todas",
    "есть ~ интернет|сеть",
    "интернет|всё|все ~ есть|работает",
    "picture|image|sound|internet ~ good|fine|works|is there",
    "plays|shows|runs|has ~ new program|new version|new firmware|new menus",
    "starts|boots ~ normal-",
    "ora|adesso|jetzt|ahora|agora|maintenant|teraz ~ navigo|surfe|navega|online",
    "it s|is|and ~ up ~ with ~ new version|version",
    "came|come ~ alive|back to life|on its own|by itself",
    "internet|wifi|calls|camera|sound|picture|phone ~ is there|works|fine|do i get|ok",
    "i|we ~ get internet|can surf|have internet|use it",
    "plays|playing ~ games|videos|music ~ like before|again|fine",
    "lists|shows|sees ~ new device|it online",
    "hums|purrs|runs|works|been using it",
    "alles ~ geht|läuft|da|gut|funktioniert",
    "startet ~ normal",
    "va|funciona|anda ~ fenomenal|perfecto|bien|normal|genial",
    "всё|все ~ открыл-|на месте|работает|есть",
    "działa|dzwoni|chodzi|wszystko ~ jest|działa|dobrze|ok",
    "tornat- ~ tutti|tutto|normale",
    "tutto|tutti ~ tornat-|funziona|ok",
    "tout ~ marche|fonctionne|revenu",
    "voltou ~ normal|funcionar",
    "一切|都 ~ 正常|好|恢复",
]);

/// Its light is the one of a unit that is well, as far as a light can tell.
pub(super) static LIGHT_IS_FINE: Words = Words::new(&[
    "then|but|now|after|afterwards|finally|eventually|suddenly|later|and|led ~ green",
    "ora|adesso|jetzt|ahora|agora|maintenant|teraz ~ verde|grün|vert|zielon-",
    "è verde|es verde|ist grün|is green|went green|turned green|solid green|solid white|solid blue|green light",
]);

/// What was written was written to its end, which is not yet that it starts.
pub(super) static WRITTEN_TO_ITS_END: Words = Words::new(&["дошло|дошёл|дошел ~ до конца"]);

/// Another firmware than the one that is complained of.
pub(super) static OTHER_FIRMWARE: Words = Words::new(&[
    "another|different|other|older|previous|stock|original|earlier ~ firmware|image|build|fw|rom",
    "andere|älter-|original- ~ firmware",
    "другую|другой|старую|прошлую ~ прошивк-|версию",
]);

/// What is said only of a unit that is well.
pub(super) static SURELY_FINE: Words = Words::new(&[
    "nothing ~ broke|broken|bricked|harmed",
    "no ~ harm|damage ~ done",
    "not|doesn t|does not|didn t ~ affect|limit|hurt|impair|influence ~ operation|functionality|function-|use|capabilit-|anything|it",
    "functionality|operation|function-|everything else ~ unaffected|not affected",
    "seem-|appear- ~ run|work|running|working ~ well|fine|ok|normal-",
    "after ~ reboot-|restart-|power cycl-|it ~ everything ~ seems|is|was|looks ~ fine|ok|normal|good",
    "reboot-|restart-|started|resumed ~ and ~ it ~ complet-|finish- ~ success-|succes-|fine|ok|normally",
    "false alarm|all good|all is well|nothing wrong|nothing is wrong|panic over|panicked|for nothing|got scared|scared me|freaked me|freaked out|heart attack|blinks happily",
    "no|any|without ~ problem|problems|issue|issues|trouble ~ since|at all|anymore|now|otherwise|with it",
    "turned out|turns out|apparently|i read|learned|manual says|wiki says ~ normal|how it|by design|supposed|expected|harmless|comes from the factory|meant to",
    "just|only ~ took|needed|slow ~ time|minutes|long|while|patience",
    "took ~ minutes|while|ages|forever|long ~ but|then|and|until ~ works|came|booted|fine|up|finish-|setup",
    "as it should|as expected|as intended|does its job|perfectly happy|zero problems|solid as",
    "fehlalarm|umsonst|alles gut|alles in ordnung",
    "ложная тревога|зря ~ испугал-|паник-|всё в порядке|все в порядке",
    "虚惊一场|吓死|吓了一跳|原来是正常",
    "fałszywy alarm|niepotrzebnie|wszystko w porządku",
    "falsa alarma|fausse alerte|falso allarme|alarme falso|todo en orden|tout va bien|tutto a posto|tudo certo",
    "already|now ~ the new version",
    "typed|typo|comma|wrong address|wrong button|wrong socket ~ mum|it was|that was|my fault|stupid|silly",
    "everything|all|it ~ does what it should|does its job|is there|are there|intact|still there",
    "ha sido un susto|menudo susto|quelle frayeur|che spavento|que susto|nochmal glück|glück gehabt|puh|uff",
    "aged ten years|phew|what a relief|relieved|scare",
    "days|weeks|months|years|hours ~ uptime",
    "uptime ~ days|weeks|hours",
    "never|not ~ an issue|a problem|a single problem",
    "not a problem|just curious|just want ~ explain|understand|to know",
    "first try|first time|at once|straight away ~ booted|works|worked|started",
    "booted|works|worked|started ~ first try|first time|at once|straight away",
    "we|i ~ on youtube|watching|streaming|surfing|browsing|playing over|with it",
    "all ~ data|apps|photos|files|settings ~ there|intact|still",
    "works just as|works exactly|just as advertised",
    "has been ~ red|like that|so since|for years|always",
    "foi só susto|ist normal|so gehört|так и должно|это нормально|本来就|属于正常|tak ma być|es normal|c est normal|è normale",
    "take it all back|take everything back|sorry everyone|solved itself|never mind|nevermind",
    "i unlocked|unlocked it ~ myself|on purpose",
    "selbst ~ entsperrt",
    "on its own|by itself ~ finished|came|booted|works",
    "came alive|came back|booted ~ on its own|by itself",
    "maybe that s why ~ long|slow",
    "the switch|a switch ~ off|on now",
    "on now ~ hums|works|runs",
]);

/// A sentence with one of these says that something is not so, or not always.
pub(super) static SAYS_NO: Words = Words::new(&[
    " each time",
    " every time",
    " again and again",
    " not ",
    "n t ",
    " never ",
    " nothing ",
    " no ",
    " none ",
    " cannot ",
    " cant ",
    " dont ",
    " doesnt ",
    " wont ",
    " didnt ",
    " isnt ",
    " until ",
    " unless ",
    " except ",
    " used to ",
    " only ",
    " but stuck",
    " died",
    " however ",
    " fails again",
    " failed again",
    " stopped again",
    " same symptom",
    " same problem again",
    " dead",
    " brick",
    " kaputt",
    " nicht ",
    " kein",
    " nur ",
    " не ",
    " нет ",
    " только ",
    "没有",
    "不",
    "无法",
    " nie ",
    " tylko ",
    " solo ",
    " sólo ",
    " ne ",
    " pas ",
    " plus ",
    " non ",
    " não ",
    " nada ",
    " aucun",
    "stopped|stops|quit|ceased ~ boot-|work-|start-|respond-|charging|show-|connect-|turning",
    "refuses|refused|refuse|fails|failed|unable ~ boot|start|work|turn|load|come",
    "перестал- ~ работать|загружаться|включаться|грузиться|запускаться",
    "hört|hörte ~ auf",
    " before the ",
    " before that ",
    " worked well for",
    " fine for",
    " was fine",
    " was ok ",
    " worked fine for",
    " worked until",
    " fine before",
    " worked before",
    " was working",
    " was running",
    " were running",
    " had been running",
    " worked for",
    "до этого",
    "раньше",
    "之前",
]);

/// Something was done, and it works since.
pub(super) static REMEDIED: Words = Words::new(&[
    "i|we ~ flashed|reflashed|installed|restored|downgraded|rolled back ~ and|then|now",
    "改回|恢复默认|刷回",
    "works|worked|working ~ from|directly|via|through",
    "chang-|swap-|switch-|replac-|different|another|other|new|borrowed|friend s|wife s|gf s|brother s|previous|older|old|stock ~ works|working|worked|fine|ok|okay|went|goes|boots|booted|did|runs|ran|solved|fixed",
    "after|once|with|by|using|if|since ~ chang-|swap-|switch-|replac-|different|another|other|new|reflash-|flash-|reinstall-|restor-|recover-|downgrad-|reset-|hold|holding|unplug-|set|install-|usb|linux|root|admin|original",
    "fixed|solved|helped|did the trick|cured|repaired|rectif-|managed to|had to|needed to",
    "anderem|anderen|anderes|neuem|neuen|getauscht|gewechselt|nach|mit",
    "друг-|нов-|замен-|помен-|после|перепрош-|откат-|через|с правами",
    "换|重新|降级|另一|改成",
    "inny-|innym|wymian-|po zmianie|zmieni-",
    "otro|otra|nuevo|cambi-|con|autre|nouveau|chang-|avec|altro|nuovo|cambiat-|con|outro|outra|trocar|troquei|com",
    "put|plug-|took ~ back|in|out|another|other",
    "plug-|put|connect- ~ on|into|to ~ another|other|different",
    "with|from|on|through ~ separate|own|its plug|proper|original|powered|usb 2|rear",
    "when|if|as long as ~ powered|plugged|connected|i|you|charging",
    "i|we|he|she ~ reformat-|format-|chang-|swap-|replac-|clean-|remov-|unplug-|solder-|reset|cut|set|updat-|us-|made|bought|let|left|tried|put|charg- ~ and|then|now ~ works|worked|fine|booted|boots|ok|it",
    "works|worked|working|runs|boots|starts ~ with|once|when|using|from",
]);

/// It is asked whether that is as it should be.
pub(super) static ASKS_IF_NORMAL: Words = Words::new(&[
    "is|was ~ that|this|it ~ normal|ok|okay|expected|supposed|bad|fine",
    "is ~ that|this ~ what ~ supposed|expected|should|normal",
    "is it|is this|is that|should i|do i ~ normal|worry|worried|be worried|concerned|ok",
    "normal ~ that|or|behaviour|behavior|thing",
    "ist das normal|это нормально|нормально ли|正常吗|正常么|czy to normalne|es normal|c est normal|è normale|é normal",
]);
