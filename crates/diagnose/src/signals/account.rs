//! A person's account as a whole: what was done to the unit, what it shows since, and what was tried without success.
//!
//! Single phrases are rules of `rules::symptom`. Here words of one meaning, in the languages that people write, count as
//! one, and what is concluded comes from which of them stand together: firmware was written and the unit is silent
//! since; several images fail the same way; it died and nobody had written anything.
//!
//! The words are in [`said`], what stands together in [`concluded`]; [`shown`] and [`standing`] tell where the unit stands,
//! [`well`] whether it works in the end.

mod concluded;
mod course;
mod said;
mod shown;
mod standing;
mod well;
mod words;

use std::ops::RangeInclusive;

use debrick_model::{Action as A, Cause as C, EvidenceKind, State as S};

use crate::text::{Place, Reading};
use crate::weigh::{Weights, cite};
use concluded::Conclusion;
use concluded::contrasts::{
    FALLS_BACK_AND_WORKS, FIRST_IS_LONG, LOADER_BY_MISTAKE, STARTS_FROM_COLD, STILL_THE_OLD, WAY_BACK_FAILS,
    WITHOUT_END,
};
use concluded::fates::{NORMAL, UNCHANGED};
use concluded::partly::{A_PART_FAILS, A_PART_WORKS, AT_TIMES, NOT_IN_MODE, STANDS_IN_MODE, WAITED_FOR};
use concluded::turns::{HELPED_BY_HAND, POWER_BY_HAND, WHEN_IT_WAS_SET};
use course::Turn;
use said::accident::NO_LIGHTS;
use said::accident::{LIGHTNING, SUPPLY, SUPPLY_IS_BAD, was_done_first};
use said::circumstances::NO_BATTERY;
use said::computer::{CABLES, IN_VAIN, STARTS_AS_EVER, TRIES_TO_ENTER};
use said::done::{OTHER_SUPPLY, WROTE};
use said::life::{DEEPLY_GONE, IN_USE};
use said::lights::{LIT, SOME_LIGHT};
use said::means::{MODULES, RECOVERY_SYSTEM};
use said::mishaps::{RESET_TO_FACTORY, WENT_BACK};
use said::outcome::OTHER_CABLE;
use said::parts::SAME_PLACE;
use said::praise::{ENDED_WELL, SPOILED, STAYS_OFF};
use said::seen::{GONE, LOOPS, SETTLES};
use said::tools::{AFTERWARDS, FAILS, OTHER_TOOL_WORKS, TOOL_HANGS, TOOLS};
use said::versions::{IS_LOCKED, NOT_BACKWARDS};
use well::{OTHER_FIRMWARE, Well};
use words::Words;

/// How much of all accounts is read, in characters, or bytes where somebody has told much.
const MAX_READ: usize = 20_000;

/// What is left of a conclusion where a log or a tool speaks too: they know better.
const BESIDE_OTHERS: f64 = 0.5;

/// Below this likelihood of every cause an account is read for what is usual.
const NOTHING_FROM: f64 = 0.25;

/// What is left of every fault that is told of where it works in the end, and nobody had to do anything.
const WHERE_ALL_IS_WELL: f64 = 0.4;

/// What is left of all being well where the system starts in place of the recovery mode that is wanted.
const WHERE_IT_STARTS_AS_EVER: f64 = 0.3;

/// What is left of the computer's part where the unit is dead.
const WHERE_IT_IS_DEAD: f64 = 0.55;

/// What is left of what the unit itself may have where a tool on the computer does not get on.
const WHERE_A_TOOL_HANGS: f64 = 0.3;
/// What is left of a broken update where it was done before anything was switched off.
const WHERE_IT_WAS_DONE: f64 = 0.45;

/// What is left of the supply's part where power is named for another reason.
const WHERE_POWER_IS_NO_SUSPECT: f64 = 0.45;

/// What is left of a bad link where other cables and ports changed nothing.
const WHERE_CABLES_DO_NOT_HELP: f64 = 0.55;

/// What is left of the supply's part where lights are on behind a thunderstorm.
const WHERE_POWER_CAME_BACK: f64 = 0.8;

/// What is left of its having no power where lights are on.
const WHERE_IT_SHOWS_LIGHT: f64 = 0.4;

/// What is left of the way to the unit where another version is reached by it.
const WHERE_ANOTHER_VERSION_WORKS: f64 = 0.5;

/// What is left of its hanging where it starts when its power was taken away.
const WHERE_IT_STARTS_FROM_COLD: f64 = 0.5;

/// What is left of firmware for another unit where it was the boot loader that was written wrongly.
const WHERE_THE_LOADER_WAS_MEANT: f64 = 0.55;

/// What is left of its not being in the mode where it is said to stand in it.
const WHERE_IT_STANDS_IN_MODE: f64 = 0.45;

/// In so many sentences at its end an account tells how it went in the end.
const LAST_SENTENCES: usize = 2;

/// What ends a sentence.
const ENDS: [char; 8] = ['.', '!', '?', ';', '\n', '。', '！', '？'];

/// What parts the clauses of a sentence.
const BREAKS: [char; 5] = [',', '，', '–', '—', ':'];

/// What usually is behind a unit that does not start, where nothing else is known.
const USUAL_OF_UNITS: &[(C, f64)] =
    &[(C::FirmwareBug, 0.31), (C::ImageCorrupt, 0.22), (C::ImageWrongDevice, 0.2)];

/// What is said of a unit that works in the end, where nothing else is known.
const USUAL_WHERE_IT_ENDED_WELL: &[(C, f64)] = &[(C::NoFault, 0.33), (C::FirmwareBug, 0.22)];

/// What usually is behind a tool that does not get at a unit.
const USUAL_OF_TOOLS: &[(C, f64)] =
    &[(C::LinkFault, 0.31), (C::ToolMismatch, 0.3), (C::NotInRecoveryMode, 0.24), (C::HostPermission, 0.16)];

/// All accounts of a case, read together.
pub(crate) struct Account {
    /// In lower case, with single spaces between words and around all of them.
    text: String,
    /// The same, in sentences, each as it was said.
    sentences: Vec<String>,
    /// Of each sentence, what comes behind its last comma.
    last_words: Vec<String>,
    /// The sentences, each once more with its denials in one form.
    read: Vec<String>,
    /// Where it stands.
    place: Place,
    /// Whether a log or a tool speaks too.
    has_others: bool,
    /// A version of which it says that it works.
    names_working_version: bool,
    /// How it ends, where that is another thing than what was before.
    turn: Option<Turn>,
}

impl Account {
    /// What people say in the evidence; `None` where nobody says anything.
    pub(crate) fn read(reading: &Reading<'_>) -> Option<Self> {
        let told = |kind: EvidenceKind| {
            let items = reading.evidence.iter().enumerate();
            items.filter(move |(_, item)| item.kind == kind && !item.text.trim().is_empty())
        };
        let evidence = told(EvidenceKind::Symptom).next()?.0;
        let mut raw = String::new();
        for (_, item) in told(EvidenceKind::Symptom) {
            raw.extend(item.text.chars().take(MAX_READ.saturating_sub(raw.len())));
            raw.push('\n');
        }
        let has_others =
            told(EvidenceKind::SerialLog).next().is_some() || told(EvidenceKind::ToolOutput).next().is_some();
        let names_working_version = words::names_working_version(&raw);
        let place = Place { evidence, line: 0 };
        let told: Vec<&str> = sentences_of(&raw).collect();
        let turn = course::turn(&told);
        let last_words = |sentence: &str| words::plain(sentence.rsplit(BREAKS).next().unwrap_or_default());
        let (sentences, last_words): (Vec<String>, Vec<String>) = sentences_of(&raw)
            .map(|sentence| (words::plain(sentence), last_words(sentence)))
            .filter(|(sentence, _)| sentence.len() > 1)
            .unzip();
        let read: Vec<String> = sentences.iter().map(|sentence| with_denials(sentence)).collect();
        let text = with_denials(&words::plain(&raw));
        Some(Self { text, sentences, last_words, read, place, has_others, names_working_version, turn })
    }

    /// Whether it tells of a unit that does not work after all.
    pub(crate) fn tells_of_failure(&self) -> bool {
        (GONE.are_in(&self.text) || LOOPS.are_in(&self.text))
            && !SETTLES.are_in(&self.text)
            && !NORMAL.are_in(&self.text)
            && !self.says(&UNCHANGED)
            && (!self.says(&FIRST_IS_LONG) || WITHOUT_END.are_in(&self.text))
            && !self.ends_well()
            && self.is_well() == Well::No
    }

    /// Whether its last sentences say that it works in the end.
    fn ends_well(&self) -> bool {
        for sentence in self.sentences.iter().rev().take(LAST_SENTENCES) {
            let from = ENDED_WELL.first_in(sentence).and_then(|at| sentence.get(at..));
            if from.is_some_and(|praise| !SPOILED.are_in(praise)) {
                return true;
            }
            // What came last is how it ended.
            if DEEPLY_GONE.are_in(sentence) || LOOPS.are_in(sentence) || STAYS_OFF.are_in(sentence) {
                return false;
            }
        }
        false
    }

    /// Whether any of these words is in it; what has gaps, within a sentence.
    fn says(&self, words: &Words) -> bool {
        words.are_literally_in(&self.text) || self.sentences.iter().any(|sentence| words.are_in(sentence))
    }

    /// Whether any of these words is in a sentence, whatever form its denials have.
    fn sentence_says(&self, number: usize, words: &Words) -> bool {
        self.read.get(number).is_some_and(|sentence| words.are_literally_in(sentence))
            || self.sentences.get(number).is_some_and(|sentence| words.are_in(sentence))
    }

    fn holds(&self, conclusion: &Conclusion) -> bool {
        let are_near = |range: RangeInclusive<usize>| {
            let said = |words: &Words| range.clone().any(|number| self.sentence_says(number, words));
            conclusion.near.iter().all(|words| said(words))
        };
        let near = conclusion.near.is_empty()
            || (1..self.sentences.len()).any(|second| are_near(second - 1..=second))
            || (0..self.sentences.len()).any(|one| are_near(one..=one));
        near && conclusion.all.iter().all(|words| self.says(words))
            && !conclusion.none.iter().any(|words| self.says(words))
    }

    /// Whether it tells of a tool that does not get at the unit, rather than of a unit that does not start.
    fn is_about_tool(&self) -> bool {
        let fails = TOOLS.are_in(&self.text) && FAILS.are_in(&self.text);
        (fails || self.tells_of_tool_that_hangs()) && !AFTERWARDS.are_in(&self.text)
    }

    /// Whether it is a tool on the computer that does not get on, and not the unit with its logo.
    fn tells_of_tool_that_hangs(&self) -> bool {
        let hangs = |(state, _): &(S, f64)| matches!(state, S::KernelHang | S::BootLoop);
        self.says(&TOOL_HANGS) && !shown::states(&self.sentences).iter().any(hangs)
    }

    /// Adds what its words say together.
    pub(super) fn weigh(&self, reading: &Reading<'_>, weights: &mut Weights) {
        let share = if self.has_others { BESIDE_OTHERS } else { 1.0 };
        let well = self.is_well();
        self.conclude(concluded::all(), share, reading, weights);
        if well == Well::ByItself && !self.has_others {
            weights.fade(WHERE_ALL_IS_WELL, |cause| cause != C::NoFault);
        }
        if self.is_dead() && !self.has_others {
            weights.fade(WHERE_IT_IS_DEAD, |cause| {
                matches!(cause, C::NotInRecoveryMode | C::HostPermission | C::LinkFault)
            });
        }
        // Where the computer's tool stands still, nothing is said of how the unit starts.
        if self.is_about_tool() && self.tells_of_tool_that_hangs() && !self.has_others {
            weights.fade(WHERE_A_TOOL_HANGS, |cause| {
                matches!(cause, C::FirmwareBug | C::ImageCorrupt | C::ImageWrongDevice | C::RootfsCorrupt)
            });
            weights.fade_state(WHERE_A_TOOL_HANGS, S::KernelHang);
        }
        // What another version does, neither the cable nor the computer hinders.
        if self.says(&FALLS_BACK_AND_WORKS) && !self.says(&RECOVERY_SYSTEM) {
            weights.fade(WHERE_ANOTHER_VERSION_WORKS, |cause| {
                matches!(cause, C::NotInRecoveryMode | C::HostPermission | C::LinkFault)
            });
        }
        if self.says(&LOADER_BY_MISTAKE) && !self.has_others {
            weights.fade(WHERE_THE_LOADER_WAS_MEANT, |cause| cause == C::ImageWrongDevice);
        }
        if self.starts_as_ever() || (weights.is_said_to_fail() && well == Well::No) {
            weights.fade(WHERE_IT_STARTS_AS_EVER, |cause| cause == C::NoFault);
        }
        for (state, weight) in shown::states(&self.sentences) {
            weights.hint(state, weight * share);
        }
        if self.tried_cables_in_vain() {
            weights.fade(WHERE_CABLES_DO_NOT_HELP, |cause| cause == C::LinkFault);
        }
        if let Some(turn) = self.turn
            && !self.has_others
        {
            let cited = |says: &str| cite(reading, self.place, "", says);
            turn.weigh(WROTE.are_in(&self.text), cited, weights);
        }
        // What shows a light has power.
        if self.says(&LIT) && !self.says(&NO_LIGHTS) {
            weights.fade_state(WHERE_IT_SHOWS_LIGHT, S::NoPower);
            if self.says(&LIGHTNING) {
                weights.fade(WHERE_POWER_CAME_BACK, |cause| cause == C::PowerFault);
            }
        }
        if self.says(&STARTS_FROM_COLD) {
            weights.fade_state(WHERE_IT_STARTS_FROM_COLD, S::KernelHang);
        }
        if self.ends_well() {
            weights.hint(S::Healthy, 0.45 * share);
        }
        if was_done_first(&self.sentences) {
            weights
                .fade(WHERE_IT_WAS_DONE, |cause| matches!(cause, C::UpdateInterrupted | C::ImageIncomplete));
        }
        if self.stands_in_mode() {
            weights.fade(WHERE_IT_STANDS_IN_MODE, |cause| cause == C::NotInRecoveryMode);
            weights.add(C::HostPermission, 0.2 * share, &[A::InstallDriverOrPermission], None);
        }
        if self.takes_power_itself() {
            weights.fade(WHERE_POWER_IS_NO_SUSPECT, |cause| cause == C::PowerFault);
        }
        if self.names_working_version {
            let line = cite(reading, self.place, "", "It names a version that works.");
            let (cause, actions): (C, &'static [A]) = match self.is_about_tool() {
                true => (C::ToolMismatch, &[A::ChangeToolOrOption]),
                false => (C::FirmwareBug, &[A::InstallOtherBuild]),
            };
            weights.add(cause, 0.42 * share, actions, Some(line));
        }
        match well {
            Well::ByItself => {
                let line =
                    cite(reading, self.place, "", "In the end it works, and nobody had to do anything.");
                weights.add(C::NoFault, 0.46 * share, &[A::NothingNeeded], Some(line));
                weights.hint(S::Healthy, 0.45 * share);
            }
            Well::Remedied => {
                weights.hint(S::Healthy, 0.3 * share);
                if self.says(&OTHER_FIRMWARE) {
                    let line = cite(reading, self.place, "", "It works with another firmware.");
                    weights.add(C::FirmwareBug, 0.36 * share, &[A::InstallOtherBuild], Some(line));
                }
            }
            Well::No => {}
        }
    }

    /// Whether other cables or ports were tried, and the same or the next sentence says that it changed nothing.
    fn tried_cables_in_vain(&self) -> bool {
        (0..self.sentences.len()).any(|number| {
            self.sentence_says(number, &CABLES)
                && (self.sentence_says(number, &IN_VAIN) || self.sentence_says(number + 1, &IN_VAIN))
        })
    }

    /// Whether only a part of it works, or all of it only at times.
    fn works_partly(&self) -> bool {
        self.says(&AT_TIMES) || (self.says(&A_PART_WORKS) && self.says(&A_PART_FAILS))
    }

    /// Whether it stands in the mode in which it is written, and a tool on a computer does not see it.
    fn stands_in_mode(&self) -> bool {
        self.says(&STANDS_IN_MODE) && !self.says(&NOT_IN_MODE) && self.says(&WAITED_FOR)
    }

    /// Whether power is named as what somebody took away, or it went when something was set; and no word is about the
    /// supply itself.
    fn takes_power_itself(&self) -> bool {
        [&POWER_BY_HAND, &HELPED_BY_HAND, &WHEN_IT_WAS_SET].into_iter().any(|words| self.says(words))
            && !self.says(&LIGHTNING)
            && !self
                .sentences
                .iter()
                .any(|sentence| SUPPLY.are_in(sentence) && SUPPLY_IS_BAD.are_in(sentence))
    }

    /// Whether the unit itself fails, so that no computer sees it for that reason.
    fn is_dead(&self) -> bool {
        LOOPS.are_in(&self.text)
            || (WROTE.are_in(&self.text) || MODULES.are_in(&self.text))
                && (DEEPLY_GONE.are_in(&self.text)
                    || (SOME_LIGHT.are_in(&self.text) && GONE.are_in(&self.text)))
    }

    /// Whether its recovery mode is wanted, and its system starts instead.
    fn starts_as_ever(&self) -> bool {
        self.says(&TRIES_TO_ENTER) && self.says(&STARTS_AS_EVER)
    }

    /// Whether it tells of something that was done and would explain why it works now.
    fn names_a_remedy(&self) -> bool {
        self.names_working_version
            || [
                &NO_BATTERY,
                &WENT_BACK,
                &RESET_TO_FACTORY,
                &OTHER_SUPPLY,
                &OTHER_CABLE,
                &OTHER_TOOL_WORKS,
                &FALLS_BACK_AND_WORKS,
            ]
            .into_iter()
            .any(|words| self.says(words))
    }

    /// How it is in the end.
    fn is_well(&self) -> Well {
        let is_refused = [&IS_LOCKED, &NOT_BACKWARDS, &SAME_PLACE, &WAY_BACK_FAILS]
            .into_iter()
            .any(|words| self.says(words));
        let is_well_again = matches!(self.turn, Some(Turn::Well { .. }));
        let is_as_before = (self.starts_as_ever() && !is_well_again) || self.says(&STILL_THE_OLD);
        if is_refused || is_as_before || self.works_partly() {
            return Well::No;
        }
        match self.turn {
            Some(Turn::Well { is_remedied }) if is_remedied || self.names_a_remedy() => {
                return Well::Remedied;
            }
            Some(Turn::Well { .. }) => return Well::ByItself,
            // Where it is dark or loops in the end, no earlier word of praise counts.
            Some(_) => return Well::No,
            None => {}
        }
        let is_gone = GONE.are_in(&self.text);
        well::at_the_end(&self.sentences, &self.last_words, self.names_a_remedy(), is_gone)
    }

    fn conclude<'c>(
        &self,
        conclusions: impl Iterator<Item = &'c Conclusion>,
        share: f64,
        reading: &Reading<'_>,
        weights: &mut Weights,
    ) {
        for conclusion in conclusions.filter(|conclusion| self.holds(conclusion)) {
            let line = cite(reading, self.place, "", conclusion.says);
            for (cause, weight) in conclusion.causes {
                weights.add(*cause, weight * share, conclusion.actions, Some(line.clone()));
            }
            if let Some((state, weight)) = conclusion.state {
                weights.hint(state, weight * share);
            }
        }
    }

    /// Where no phrase says where the unit stands, what the last sentence that tells of it says.
    pub(super) fn place_by_last_words(&self, weights: &mut Weights) {
        let mut doubts = weights.doubts();
        let unknown = doubts.remove(&S::Unknown).map_or(0.0, |doubt| 1.0 - doubt);
        if !self.has_others && doubts.values().all(|doubt| 1.0 - doubt < standing::SAYS) {
            let told = standing::last_told(&self.sentences);
            let loops = standing::SAYS.max(unknown + standing::MORE);
            let weight = |state| if state == S::BootLoop { loops } else { standing::SAYS };
            told.into_iter().for_each(|state| weights.hint(state, weight(state)));
        }
    }

    /// Where no rule knows what is said, what usually is behind it. These weights are about the shares of causes among
    /// reports that threads of users settled; they keep any finding a guess.
    pub(super) fn guess(&self, reading: &Reading<'_>, weights: &mut Weights) {
        let top = weights.findings().first().map_or(0.0, |finding| finding.likelihood);
        let has_log = reading
            .evidence
            .iter()
            .any(|item| item.kind == EvidenceKind::SerialLog && !item.text.trim().is_empty());
        let is_fine = !self.is_about_tool() && (self.ends_well() || weights.seems_healthy());
        if has_log || top >= NOTHING_FROM {
            return;
        }
        let line = cite(
            reading,
            self.place,
            "",
            "Nothing in what is said names a cause; this one is the most usual.",
        );
        let (causes, actions): (&[(C, f64)], &'static [A]) = match () {
            () if is_fine => (USUAL_WHERE_IT_ENDED_WELL, &[A::NothingNeeded]),
            () if self.is_about_tool() => (USUAL_OF_TOOLS, &[A::SwapCableOrPort, A::ChangeToolOrOption]),
            () if IN_USE.are_in(&self.text) => (USUAL_OF_UNITS, &[A::InstallOtherBuild]),
            () => (USUAL_OF_UNITS, &[A::ReflashCorrectImage]),
        };
        for (cause, weight) in causes {
            weights.add(*cause, *weight, actions, Some(line.clone()));
        }
    }
}

/// How files end whose names people tell.
const FILES: [&str; 20] = [
    "bin", "img", "zip", "bak", "firm", "frim", "sh", "py", "uf2", "hex", "tar", "gz", "exe", "mbn", "xml",
    "txt", "dtb", "trx", "chk", "cfg",
];

/// The sentences of a text. A dot within a number or the name of a file, as in an address or a version, ends none.
fn sentences_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let ends = |at: usize| {
            let behind = text.get(at + 1..).unwrap_or_default();
            let word = behind.split(|sign: char| !sign.is_ascii_alphanumeric()).next().unwrap_or_default();
            !text[at..].starts_with('.')
                || !(behind.starts_with(|next: char| next.is_ascii_digit()) || FILES.contains(&word))
        };
        let end = text.match_indices(ENDS).find(|(at, _)| ends(*at));
        rest = end.map(|(at, found)| &text[at + found.len()..]);
        Some(end.map_or(text, |(at, _)| &text[..at]))
    })
}

/// A text, and the same with all its denials in one form.
fn with_denials(plain: &str) -> String {
    words::denials_as_one(plain).map_or_else(|| plain.to_owned(), |denials| format!("{plain}|{denials}"))
}

#[cfg(test)]
mod tests;
