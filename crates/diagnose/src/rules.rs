//! What lines mean: a folder for each kind of speaker, with a table for each part of its field.
//!
//! A rule's weight for a cause is the likelihood of that cause if the line were all that is known. Strong weights (0.7
//! and up) are kept for lines that name the cause; a line with several usual causes gives each its share.

mod host;
mod kernel;
mod loader;
mod microcontroller;
mod mobile;
pub(crate) mod noise;
mod storage;
mod symptom;
mod system;

use debrick_model::EvidenceKind;

use crate::matcher::MATCHER;
use crate::rule::{Level, Rule};
use crate::signals;
use crate::text::{Line, Reading, boot_loader_prompt, typed_command};
use crate::timeline::Boots;
use crate::trial::{Spoke, Trial};
use crate::weigh::{SURVIVED, Weights, cite};

static FIELDS: &[&[&[Rule]]] = &[
    loader::TABLES,
    kernel::TABLES,
    storage::TABLES,
    system::TABLES,
    microcontroller::TABLES,
    mobile::TABLES,
    host::TABLES,
    symptom::TABLES,
];

/// Every rule.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> {
    FIELDS.iter().copied().flatten().copied().flatten()
}

/// A rule as documentation shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownRule {
    /// Stable id.
    pub id: &'static str,
    /// What its line means, as a full sentence.
    pub says: &'static str,
    /// The program and file that print the line.
    pub source: &'static str,
    /// A line that makes it speak.
    pub sample: &'static str,
}

/// Every rule that reads lines.
pub fn known_rules() -> impl Iterator<Item = KnownRule> {
    all().map(|rule| KnownRule { id: rule.id, says: rule.says, source: rule.source, sample: rule.sample })
}

/// What is left of a tool's failure when a tool succeeds later, and of a success when one fails later; of a boot loader's
/// failure when it finds a file or loads a kernel later.
const RETRIED: f64 = 0.35;

/// What is left of a unit's success when a person says that it does not work.
const DENIED: f64 = 0.2;

/// Lets every rule speak whose lines are there, and returns them; `is_said_to_fail` where a person's account tells of a
/// unit that does not work.
pub(crate) fn apply(
    reading: &Reading<'_>,
    boots: &Boots,
    is_said_to_fail: bool,
    trial: Option<&Trial>,
    weights: &mut Weights,
) -> Vec<Spoke> {
    let speaking: Vec<(&Rule, Match<'_>)> =
        all().filter_map(|rule| Some((rule, Match::find(rule, reading)?))).collect();
    let is_denied = is_said_to_fail
        || signals::is_complained_of(reading)
        || speaking.iter().any(|(rule, _)| rule.level == Level::Said && !rule.speaks_well());
    if is_denied {
        weights.deny_success();
    }
    // What nobody complains of, and what a log goes on behind, was a part that the start does without.
    let goes_on = |(rule, found): &(&Rule, Match<'_>)| {
        rule.is_last_resort
            && rule.level <= Level::Lasting
            && signals::log_goes_on_behind(reading, found.last.place)
    };
    let speaking: Vec<(&Rule, Match<'_>)> =
        speaking.into_iter().filter(|speaks| is_denied || !goes_on(speaks)).collect();
    if is_said_to_fail {
        weights.note_failure();
    }
    let speaking = without_last_resorts(speaking, boots);
    let success =
        speaking.iter().filter(|(rule, _)| rule.is_success()).map(|(_, found)| found.last.place).max();
    let fails = |(rule, found): &&(&Rule, Match<'_>)| {
        let place = found.last.place;
        let survived = boots.at(place).is_some_and(|boot| boot.survived(rule.level, place));
        rule.is_fault() && !survived && reading.kind(place) == Some(EvidenceKind::SerialLog)
    };
    let last_failure = speaking.iter().filter(fails).map(|(_, found)| found.last.place).max();
    let unit_fails = last_failure.is_some();
    let of_tool = |rule: &Rule| matches!(rule.level, Level::Tool | Level::Output);
    // What the unit's own tools print on it tells of their failure, too.
    let is_of_tool = |rule: &Rule, place| {
        of_tool(rule)
            || (rule.level == Level::Lasting && reading.kind(place) == Some(EvidenceKind::ToolOutput))
    };
    let failure = speaking
        .iter()
        .filter(|(rule, found)| rule.is_fault() && is_of_tool(rule, found.last.place))
        .filter(|(_, found)| success.is_none() || !signals::is_exit_of_make(&found.last.text))
        .filter(|(_, found)| !signals::ends_well_after(reading, found.last.place))
        .map(|(_, found)| found.last.place)
        .max();
    for (rule, found) in &speaking {
        let place = found.last.place;
        let boot = boots.at(place);
        let overcome = (Level::Loader..=Level::System).contains(&rule.level)
            && boot.is_some_and(|boot| boot.loads_after(place));
        // The boot loader says what a kernel says, too.
        let level = if overcome { Level::Loader } else { rule.level };
        let gets_further = rule.level <= Level::Loader && boots.gets_further_behind(place);
        let survived = gets_further || boot.is_some_and(|boot| boot.survived(level, place));
        let found_later = rule.level == Level::Loader && boot.is_some_and(|boot| boot.finds_after(place));
        let probing = rule.level <= Level::Kernel && boot.is_some_and(|boot| boot.settles_after(place));
        let is_tools = of_tool(rule) || reading.kind(place) == Some(EvidenceKind::ToolOutput);
        let retried = is_tools
            && (success.is_some_and(|success| success > place || signals::is_exit_of_make(&found.last.text))
                || signals::ends_well_after(reading, place)
                || signals::has_waited_for(reading, found.last));
        // A failure ends what is good, not the mode that the unit is in.
        let failed_later =
            rule.speaks_well() && is_of_tool(rule, place) && failure.is_some_and(|failure| failure >= place);
        let is_contradicted = match reading.kind(place) {
            Some(EvidenceKind::ToolOutput) => unit_fails || is_denied,
            Some(EvidenceKind::SerialLog) => is_denied || last_failure.is_some_and(|failure| failure > place),
            _ => is_denied,
        };
        // Who says that something works and that the unit does not get on, speaks of something else.
        let is_of_another =
            rule.level == Level::Said && (is_said_to_fail || signals::is_complained_of(reading));
        let denied = rule.is_success() && (is_of_another || (rule.level != Level::Said && is_contradicted));
        // A part of the kernel that has more to say got over it.
        let got_over = !is_denied
            && matches!(rule.level, Level::Kernel | Level::System | Level::Lasting)
            && signals::gets_over(reading, found.last);
        let share = match rule.is_fault() {
            true if survived || probing || got_over || signals::works_later(reading, found.last) => SURVIVED,
            true if retried || overcome || found_later => RETRIED,
            false if denied && is_said_to_fail => SURVIVED,
            false if denied && is_denied => DENIED,
            false if failed_later || denied => RETRIED,
            _ => 1.0,
        };
        let line = cite(reading, found.cited.place, &found.cited.text, rule.says);
        weights.speak(rule, share, trial, place, &line);
    }
    let causes = |rule: &Rule| rule.causes.iter().copied().max_by(|left, right| left.1.total_cmp(&right.1));
    let spoke =
        |(rule, _): &(&Rule, Match<'_>)| Spoke { id: rule.id, cause: causes(rule).map(|(cause, _)| cause) };
    speaking.iter().map(spoke).collect()
}

/// Takes out the rules of last resort where another one tells of a fault that was not survived.
fn without_last_resorts<'a>(
    mut speaking: Vec<(&'a Rule, Match<'a>)>,
    boots: &Boots,
) -> Vec<(&'a Rule, Match<'a>)> {
    let counts = |(rule, found): &(&Rule, Match<'_>)| {
        let place = found.last.place;
        let survived = boots.at(place).is_some_and(|boot| boot.survived(rule.level, place));
        rule.is_fault() && !rule.is_last_resort && !survived
    };
    let is_named = speaking.iter().any(|speaks| counts(speaks) && speaks.0.level != Level::Said);
    if is_named {
        speaking.retain(|(rule, _)| !rule.is_last_resort);
    } else if speaking.iter().any(counts) {
        // What a person says does not explain what the unit says.
        speaking.retain(|(rule, _)| !rule.is_last_resort || rule.level <= Level::Lasting);
    }
    speaking
}

/// Where a rule speaks.
struct Match<'a> {
    /// The last line that makes it speak: what happened last is what the unit is in now.
    last: &'a Line,
    /// The line to cite: of the pattern that says most, which stands first.
    cited: &'a Line,
}

impl<'a> Match<'a> {
    fn find(rule: &Rule, reading: &'a Reading<'_>) -> Option<Self> {
        let found = |pattern: &'static str| MATCHER.number(pattern).is_some_and(|number| reading.has(number));
        if !rule.with.iter().copied().all(found) || rule.without.iter().copied().any(found) {
            return None;
        }
        // What a tool prints about trouble is its own, not the unit's.
        let is_about_unit = rule.is_last_resort && rule.level <= Level::Lasting;
        let reads = |kind| rule.level.reads(kind) && !(is_about_unit && kind == EvidenceKind::ToolOutput);
        // A kernel's line is not a boot loader's, whatever its words.
        let is_others = |line: &Line| {
            rule.level <= Level::Loader
                && (line.kernel_seconds.is_some() || signals::is_of_driver_core(&line.text))
        };
        let is_of_tool = matches!(rule.level, Level::Tool | Level::Output);
        let is_harmless = |line: &Line| {
            line.is_noise
                || (rule.level <= Level::Lasting && signals::says_it_goes_on(&line.text))
                || (rule.is_last_resort && signals::is_information(&line.text))
                || (rule.is_last_resort && is_of_tool && signals::is_harmless(&line.text))
                || (rule.level <= Level::Lasting && is_typed(&line.text))
        };
        // What somebody types at a boot loader's prompt did not happen by itself.
        let is_typed = |line: &Line| {
            rule.level <= Level::Lasting
                && boot_loader_prompt(&line.text)
                && typed_command(&line.text).starts_with(|first: char| first.is_ascii_lowercase())
        };
        let readable = |line: &&Line| {
            reading.kind(line.place).is_some_and(reads)
                && !((is_harmless(line) || is_typed(line)) && rule.is_fault())
                && !is_others(line)
        };
        let last_with = |pattern: &&'static str| {
            MATCHER.number(pattern).and_then(|number| reading.with(number).rev().find(readable))
        };
        let last = rule.any.iter().filter_map(last_with).max_by_key(|line| line.place)?;
        let cited = rule.any.iter().find_map(last_with).unwrap_or(last);
        Some(Self { last, cited })
    }
}

/// Whether somebody typed a line at a boot loader's prompt: the unit does not say it.
fn is_typed(text: &str) -> bool {
    boot_loader_prompt(text) && typed_command(text).starts_with(|symbol: char| symbol.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use debrick_model::{Action, Cause};

    use super::*;
    use crate::case::Evidence;
    use crate::matcher::Scratch;

    #[test]
    fn every_rule_speaks_about_its_sample() {
        let mut ids = HashSet::new();
        let mut silent = Vec::new();
        for rule in all() {
            assert!(ids.insert(rule.id), "{} twice", rule.id);
            assert!(rule.says.ends_with('.') && !rule.source.is_empty(), "{}", rule.id);
            let mut found = Vec::new();
            MATCHER.matches(rule.sample, &mut Scratch::default(), &mut found);
            let speaks = rule.any.iter().any(|pattern| found.contains(&MATCHER.number(pattern).unwrap()));
            if !speaks {
                silent.push(rule.id);
            }
        }
        assert!(silent.is_empty(), "silent about their samples: {silent:?}");
    }

    /// The shortest line that a pattern is for.
    fn shortest(pattern: &str) -> String {
        let text = pattern.trim_start_matches('^').replace('*', "1");
        let front = if text.starts_with(' ') { "1" } else { "" };
        format!("{front}{text}{}", if text.ends_with(' ') { "1" } else { "" })
    }

    #[test]
    fn every_pattern_makes_its_rule_speak() {
        let mut silent = Vec::new();
        for rule in all() {
            let kind = match rule.level {
                Level::Tool | Level::Output => EvidenceKind::ToolOutput,
                Level::Said => EvidenceKind::Symptom,
                _ => EvidenceKind::SerialLog,
            };
            for pattern in rule.any {
                let lines: Vec<String> =
                    rule.with.iter().chain([pattern]).map(|line| shortest(line)).collect();
                let is_contradicted = rule.without.iter().any(|other| {
                    lines.iter().any(|line| line.to_lowercase().contains(&shortest(other).to_lowercase()))
                });
                let evidence = [Evidence { kind, name: "line".into(), text: lines.join("\n") }];
                let reading = Reading::new(&evidence);
                if is_contradicted || Match::find(rule, &reading).is_none() {
                    silent.push(format!("{}: {pattern}", rule.id));
                }
            }
        }
        assert!(silent.is_empty(), "can never speak: {silent:#?}");
    }

    #[test]
    fn a_rule_of_last_resort_gives_way() {
        let check = |text: &str, expected| {
            let evidence =
                [Evidence { kind: EvidenceKind::ToolOutput, name: "tool".into(), text: text.into() }];
            let reading = Reading::new(&evidence);
            let mut weights = Weights::default();
            apply(&reading, &Boots::new(&reading), false, None, &mut weights);
            assert_eq!(weights.findings().first().map(|finding| finding.cause), expected, "{text}");
        };
        check("FAILED (remote: 'never heard of')", Some(Cause::ToolMismatch));
        check("FAILED (remote: 'not supported in locked device')", Some(Cause::BootloaderLocked));
        check("all is well", None);
    }

    #[test]
    fn weights_are_likelihoods_and_never_certain() {
        for rule in all() {
            let weights = rule
                .causes
                .iter()
                .map(|(_, weight)| weight)
                .chain(rule.states.iter().map(|(_, weight)| weight));
            for weight in weights {
                assert!((0.05..=0.95).contains(weight), "{} {weight}", rule.id);
            }
            assert!(!rule.causes.iter().any(|(cause, _)| *cause == Cause::Unknown), "{}", rule.id);
        }
    }

    /// The boot loader is alive wherever its own messages are read: restoring it is never the first advice there.
    #[test]
    fn no_rule_restores_a_living_boot_loader_first() {
        for rule in [loader::TABLES, kernel::TABLES, system::TABLES].into_iter().flatten().copied().flatten()
        {
            if rule.level == Level::Rom {
                continue;
            }
            assert_ne!(rule.actions.first(), Some(&Action::RestoreBootloader), "{}", rule.id);
        }
    }
}
