//! A guess from the words of a case, where the rules do not decide.
//!
//! A linear model over single words, fitted by `cargo xtask fit-diagnosis words` and kept as a table of small whole
//! numbers (`words.txt`). It speaks about short texts only, for it was fitted to excerpts. It puts another cause first
//! only where the rules are not sure, and what it puts first is never more than a guess. Where they are sure, it names
//! what else such texts often are. It finds no fault where the rules find that all is well. Where they found one, however
//! unsure, it calls nothing healthy but logs of which nobody says a word, and which do not end with it: those are shown
//! for many reasons.
//! Why, and what it was measured to be worth: `docs/decisions/0017-words-that-were-learned.md` and `0019`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use debrick_model::{Cause, EvidenceKind, EvidenceLine, Finding};

use super::table::WordTable;
use super::words::{self, words};
use super::{IMPLAUSIBLE, MOST_FINDINGS, NAMED_FROM};
use crate::case::Evidence;
use crate::text::{Place, Reading};
use crate::weigh::cite;

/// The table that is compiled in. A test reads it, so that an unreadable one cannot be built in unnoticed.
static TABLE: LazyLock<WordTable> =
    LazyLock::new(|| WordTable::parse(include_str!("words.txt")).unwrap_or_default());

/// Longer evidence is no excerpt; in bytes, of all texts together.
const LONGEST: usize = 8 * 1024;

/// Fewer words that the table knows say nothing.
const FEWEST_WORDS: usize = 4;

/// With fewer known words they put nothing before what the rules name, however unsure those are.
const ENOUGH_WORDS: usize = 16;

/// From this likelihood on, what the rules say stands.
const RULES_DECIDE_FROM: f64 = 0.5;

/// How much higher another cause must score than the one that the rules name first; as a logarithm.
const CLEARLY_AHEAD: f64 = 0.4;

/// What the words put first is at most this likely: a guess.
const MOST_LIKELY: f64 = 0.47;

/// What the words put first is at least this likely, else it could not stand first.
const LEAST_LIKELY: f64 = 0.3;

/// How much the words' share adds to that.
const SHARE_ADDS: f64 = 0.2;

/// How often a rule's opinion counts for one of the words, and what each is taken to hold possible at least. Fitted to
/// cases that neither the rules nor the words knew.
const RULES_COUNT: f64 = 1.5;
const RULES_LEAST: f64 = 0.2;
const WORDS_LEAST: f64 = 0.05;

/// What is left of the words' share for causes behind one that the rules are sure of, and of that one's likelihood.
const OTHERS_COUNT: f64 = 0.4;
const BEHIND: f64 = 0.9;

/// The words speak for a cause from this share on.
const SPEAKS_FROM: f64 = 0.05;

/// The most lines that a finding cites.
const MOST_LINES: usize = 6;

/// The most words that are cited.
const MOST_CITED: usize = 4;

/// What the words of a case speak for.
pub(super) struct Opinion<'a> {
    table: &'a WordTable,
    /// How many words of the texts the table knows.
    known: usize,
    /// For each cause of the table how likely it is by the words alone.
    shares: Vec<f64>,
}

impl<'a> Opinion<'a> {
    fn of(table: &'a WordTable, evidence: &[Evidence]) -> Option<Self> {
        let words = words(evidence);
        let known = words.iter().filter(|word| !words::is_made_up(word) && table.row(word).is_some()).count();
        (known >= FEWEST_WORDS).then(|| Self { table, known, shares: table.shares(&words) })
    }

    /// What the table that is compiled in makes of a case; `None` where the words say nothing.
    pub(super) fn of_case(evidence: &[Evidence]) -> Option<Opinion<'static>> {
        // The table is not even read for what it says nothing about.
        if is_excerpt(evidence) { Opinion::of(&TABLE, evidence) } else { None }
    }

    /// How likely a cause is by the words alone.
    pub(super) fn share(&self, cause: Cause) -> f64 {
        self.table.column(cause).and_then(|column| self.shares.get(column)).copied().unwrap_or_default()
    }

    /// How much more a word speaks for a cause than for what the words together hold likely.
    fn adds(&self, word: &str, column: usize) -> f64 {
        let Some(row) = self.table.row(word) else { return 0.0 };
        let usual: f64 = row.iter().zip(&self.shares).map(|(weight, share)| f64::from(*weight) * share).sum();
        row.get(column).map_or(0.0, |weight| f64::from(*weight) - usual)
    }

    /// The line whose words speak most for a cause, and those words.
    pub(super) fn reason(&self, reading: &Reading<'_>, cause: Cause) -> Option<EvidenceLine> {
        let column = self.table.column(cause)?;
        let mut best: Option<(f64, Place, &str, Vec<String>)> = None;
        for (evidence, item) in reading.evidence.iter().enumerate() {
            for (line, text) in (1..).zip(item.text.lines()) {
                let mut telling: Vec<(f64, String)> = words::words_of_line(text)
                    .into_iter()
                    .map(|word| (self.adds(&word, column), word))
                    .filter(|(adds, word)| *adds > 0.0 && !words::is_made_up(word))
                    .collect();
                telling.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.1.cmp(&right.1)));
                telling.truncate(MOST_CITED);
                let sum: f64 = telling.iter().map(|(adds, _)| adds).sum();
                if sum > best.as_ref().map_or(0.0, |best| best.0) {
                    let cited = telling.into_iter().map(|(_, word)| word).collect();
                    best = Some((sum, Place { evidence, line }, text, cited));
                }
            }
        }
        let (_, place, text, cited) = best?;
        let cited: Vec<String> = cited.iter().map(|word| format!("`{word}`")).collect();
        let says =
            format!("A guess from experience: texts with words like {} were often this.", cited.join(", "));
        Some(cite(reading, place, text.trim(), &says))
    }
}

/// Whether a case is as short as those that the words were learned from.
fn is_excerpt(evidence: &[Evidence]) -> bool {
    evidence.iter().map(|item| item.text.len()).sum::<usize>() <= LONGEST
}

/// Puts the findings in the order that rules and words together give them. What the rules decide stays as
/// it is, and `unknown` stays first where the words know no better. `ends_with_fault` says whether a fault that
/// a rule found is what a text ends with, `is_denied` whether somebody says that the unit does not get on.
pub(super) fn pool(
    reading: &Reading<'_>,
    opinion: &Opinion<'_>,
    ends_with_fault: bool,
    is_denied: bool,
    implausible: &[Cause],
    findings: &mut Vec<Finding>,
) {
    let is_undecided = findings.first().is_none_or(|finding| finding.cause == Cause::Unknown);
    let by_rules: BTreeMap<Cause, f64> =
        findings.iter().map(|finding| (finding.cause, finding.likelihood)).collect();
    let by_rules = |cause: Cause| by_rules.get(&cause).copied().unwrap_or_default();
    let plausible = |cause: Cause| if implausible.contains(&cause) { IMPLAUSIBLE } else { 1.0 };
    let by_words = |cause: Cause| opinion.share(cause) * plausible(cause);
    let score = |cause: Cause| {
        RULES_COUNT * (by_rules(cause) + RULES_LEAST).ln() + (by_words(cause) + WORDS_LEAST).ln()
    };
    let named = || Cause::ALL.iter().copied().filter(|cause| *cause != Cause::Unknown);
    let rules_first = findings.iter().map(|finding| finding.cause).find(|cause| *cause != Cause::Unknown);
    // Words call nothing healthy in which the rules found a fault, however unsure that is; but a log that comes without a
    // word about the unit, and goes on behind what the rules found, may as well be one of a unit that works.
    let are_logs = reading.evidence.iter().all(|item| item.kind == EvidenceKind::SerialLog);
    let may_be_well =
        (is_undecided && !is_denied) || (are_logs && !ends_with_fault) || rules_first == Some(Cause::NoFault);
    let may_lead = |cause: &Cause| !implausible.contains(cause) && (*cause != Cause::NoFault || may_be_well);
    let best = named().filter(may_lead).max_by(|left, right| score(*left).total_cmp(&score(*right)));
    let stands_from = if opinion.known < ENOUGH_WORDS { LEAST_LIKELY } else { RULES_DECIDE_FROM };
    let stands = |cause: Cause| {
        let likelihood = by_rules(cause);
        let is_close = || best.is_some_and(|best| score(best) - score(cause) < CLEARLY_AHEAD);
        match cause {
            Cause::NoFault => !is_undecided,
            _ => likelihood >= stands_from || likelihood >= LEAST_LIKELY && is_close(),
        }
    };
    let Some(first) = best.filter(|_| !rules_first.is_some_and(stands)) else {
        if !is_undecided && rules_first != Some(Cause::NoFault) {
            name_others(reading, opinion, implausible, findings);
        }
        return;
    };
    if is_undecided && opinion.share(Cause::Unknown) >= by_words(first) {
        return;
    }
    let (is_new, highest) = (rules_first != Some(first), by_rules(first));
    let highest = match is_new {
        true => (LEAST_LIKELY + SHARE_ADDS * by_words(first)).max(highest).min(MOST_LIKELY),
        false => highest.max(LEAST_LIKELY),
    };
    let likelihood = |cause: Cause| {
        highest * ((score(cause) - score(first)) / RULES_COUNT).exp().min(1.0) * plausible(cause)
    };
    let mut order: Vec<(Cause, f64)> = named().map(|cause| (cause, likelihood(cause))).collect();
    order.sort_by(|left, right| right.1.total_cmp(&left.1));
    if let Some(leader) = order.iter().position(|(cause, _)| *cause == first) {
        order[..=leader].rotate_right(1);
    }
    order.retain(|(cause, likelihood)| {
        let is_spoken_for = by_rules(*cause) > 0.0 || by_words(*cause) >= SPEAKS_FROM;
        *likelihood >= NAMED_FROM && (is_spoken_for || *cause == first)
    });
    let finding = |(cause, likelihood): (Cause, f64)| {
        let known = findings.iter().position(|finding| finding.cause == cause);
        let mut evidence = known.map_or_else(Vec::new, |index| findings.swap_remove(index).evidence);
        let is_by_words = known.is_none() || (is_new && cause == first);
        if is_by_words && by_words(cause) >= SPEAKS_FROM {
            evidence.truncate(MOST_LINES - 1);
            evidence.extend(opinion.reason(reading, cause));
        }
        Finding { cause, likelihood: (likelihood * 1000.0).round() / 1000.0, evidence }
    };
    let pooled = order.into_iter().take(MOST_FINDINGS).map(finding).collect();
    *findings = pooled;
}

/// Adds what words speak for behind what the rules are sure of: next to it, never before it.
fn name_others(
    reading: &Reading<'_>,
    opinion: &Opinion<'_>,
    implausible: &[Cause],
    findings: &mut Vec<Finding>,
) {
    let Some(first) = findings.first().map(|finding| finding.likelihood) else { return };
    for cause in Cause::ALL.iter().copied().filter(|cause| !matches!(cause, Cause::Unknown | Cause::NoFault))
    {
        let share = opinion.share(cause) * if implausible.contains(&cause) { IMPLAUSIBLE } else { 1.0 };
        if share < SPEAKS_FROM {
            continue;
        }
        let likelihood = ((OTHERS_COUNT * share).min(BEHIND * first) * 1000.0).round() / 1000.0;
        match findings.iter().position(|finding| finding.cause == cause) {
            Some(0) => {}
            Some(known) => findings[known].likelihood = findings[known].likelihood.max(likelihood),
            None if likelihood >= NAMED_FROM => {
                let evidence = opinion.reason(reading, cause).into_iter().collect();
                findings.push(Finding { cause, likelihood, evidence });
            }
            None => {}
        }
    }
    if let Some(others) = findings.get_mut(1..) {
        others.sort_by(|left, right| right.likelihood.total_cmp(&left.likelihood));
    }
    findings.truncate(MOST_FINDINGS);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use debrick_model::Action;

    use super::*;
    use crate::case::{Case, diagnose, diagnose_case};
    use crate::trial::{Trial, diagnose_in_trial};

    /// The most that the table may be long, in bytes.
    const MOST_BYTES: usize = 168 * 1024;

    fn said(text: &str) -> [Evidence; 1] {
        [Evidence { kind: EvidenceKind::Symptom, name: "account".into(), text: text.into() }]
    }

    fn table(telling: Cause) -> WordTable {
        let fitted = BTreeMap::from(
            [("smell", 30.0), ("smoke", 30.0), ("plug", 10.0), ("fuse", 10.0)]
                .map(|(word, weight)| (word.to_owned(), vec![weight, -weight, 0.0])),
        );
        let causes = vec![telling, Cause::FirmwareBug, Cause::Unknown];
        WordTable::new(causes, 1.0, &[0.0, 0.0, 1.0], &fitted)
    }

    fn pooled(text: &str, by_rules: &[(Cause, f64)], implausible: &[Cause]) -> Vec<Finding> {
        pooled_by(&table(Cause::PowerFault), text, by_rules, implausible)
    }

    fn pooled_by(
        table: &WordTable,
        text: &str,
        by_rules: &[(Cause, f64)],
        implausible: &[Cause],
    ) -> Vec<Finding> {
        pooled_of(&said(text), table, by_rules, false, implausible)
    }

    fn pooled_of(
        evidence: &[Evidence],
        table: &WordTable,
        by_rules: &[(Cause, f64)],
        ends_with_fault: bool,
        implausible: &[Cause],
    ) -> Vec<Finding> {
        let finding = |(cause, likelihood): &(Cause, f64)| Finding {
            cause: *cause,
            likelihood: *likelihood,
            evidence: Vec::new(),
        };
        let mut findings: Vec<Finding> = by_rules.iter().map(finding).collect();
        if let Some(opinion) = Opinion::of(table, evidence) {
            pool(&Reading::new(evidence), &opinion, ends_with_fault, false, implausible, &mut findings);
        }
        findings
    }

    const TELLING: &str = "First the lamp went out.\nThen smoke and a smell from plug and fuse.";

    #[test]
    fn the_table_that_is_compiled_in_can_be_read_and_is_small() {
        let text = include_str!("words.txt");
        assert!(text.len() <= MOST_BYTES, "{}", text.len());
        let table = WordTable::parse(text).unwrap();
        assert!(table.len() > 1000 && table.classes().len() > 25);
        for line in text.lines().filter(|line| !line.starts_with(['#', '<'])).skip(2) {
            let word = line.split(' ').next().unwrap_or_default();
            assert!(
                word.chars().count() <= 10
                    && !word.contains(|sign: char| sign.is_ascii_digit() && sign != '0')
            );
        }
    }

    #[test]
    fn words_decide_where_the_rules_do_not_and_say_why() {
        let findings = pooled(TELLING, &[(Cause::Unknown, 0.8), (Cause::FirmwareBug, 0.2)], &[]);
        assert_eq!(findings[0].cause, Cause::PowerFault);
        assert!((LEAST_LIKELY..=MOST_LIKELY).contains(&findings[0].likelihood));
        let line = &findings[0].evidence[0];
        assert_eq!((line.line, line.text.as_str()), (2, "Then smoke and a smell from plug and fuse."));
        assert!(line.says.contains("`smoke`") && line.says.contains("`smell`"), "{}", line.says);
    }

    #[test]
    fn what_the_rules_decide_stays_first() {
        let findings = pooled(TELLING, &[(Cause::NoFault, 0.31)], &[]);
        assert_eq!((findings.len(), findings[0].cause, findings[0].likelihood), (1, Cause::NoFault, 0.31));
        let by_rules = [(Cause::FirmwareBug, 0.6), (Cause::RamFault, 0.2), (Cause::LinkFault, 0.1)];
        let findings = pooled(TELLING, &by_rules, &[]);
        let order: Vec<Cause> = findings.iter().map(|finding| finding.cause).collect();
        assert_eq!(order, [Cause::FirmwareBug, Cause::PowerFault, Cause::RamFault, Cause::LinkFault]);
        assert_eq!(findings[0].likelihood, 0.6);
        assert!(findings[1].likelihood <= OTHERS_COUNT, "a guess: {findings:?}");
        assert!(findings[1].evidence[0].says.contains("experience"));
    }

    #[test]
    fn words_call_nothing_healthy_in_which_the_rules_found_a_fault() {
        let table = table(Cause::NoFault);
        let findings = pooled_by(&table, TELLING, &[(Cause::FirmwareBug, 0.1)], &[]);
        assert_eq!(findings.first().map(|one| one.cause), Some(Cause::FirmwareBug));
        let undecided = [(Cause::Unknown, 0.9), (Cause::FirmwareBug, 0.1)];
        let findings = pooled_by(&table, TELLING, &undecided, &[]);
        assert_eq!(findings.first().map(|one| one.cause), Some(Cause::NoFault));
    }

    #[test]
    fn a_log_without_a_word_about_the_unit_may_be_one_of_a_healthy_unit() {
        let log = |kind| [Evidence { kind, name: "log".into(), text: TELLING.into() }];
        let table = table(Cause::NoFault);
        let first = |evidence: &[Evidence], ends_with_fault| {
            pooled_of(evidence, &table, &[(Cause::FirmwareBug, 0.2)], ends_with_fault, &[]).remove(0)
        };
        let shown = first(&log(EvidenceKind::SerialLog), false);
        assert_eq!(shown.cause, Cause::NoFault);
        assert!(shown.likelihood <= MOST_LIKELY);
        assert_eq!(first(&log(EvidenceKind::SerialLog), true).cause, Cause::FirmwareBug, "a rule knows more");
        let told = [log(EvidenceKind::SerialLog), said("It does not start.")].concat();
        assert_eq!(first(&told, false).cause, Cause::FirmwareBug);
        assert_eq!(first(&log(EvidenceKind::ToolOutput), false).cause, Cause::FirmwareBug);
    }

    #[test]
    fn what_cannot_be_told_stays_so() {
        let unknown = [(Cause::Unknown, 0.9), (Cause::FirmwareBug, 0.1)];
        for text in ["smoke", "The lamp is green.", "plug fuse works well and is green and looks fine"] {
            let findings = pooled(text, &unknown, &[]);
            assert_eq!(findings[0].cause, Cause::Unknown, "{text}: {findings:?}");
        }
        // A long log is no excerpt, whatever words it has.
        let long = [TELLING, &"\nand so on".repeat(LONGEST / 8)].concat();
        assert!(is_excerpt(&said(TELLING)) && !is_excerpt(&said(&long)));
        let weak = pooled(TELLING, &unknown, &[Cause::PowerFault]);
        assert_ne!(weak[0].cause, Cause::PowerFault, "{weak:?}");
        let named = weak.iter().find(|finding| finding.cause == Cause::PowerFault);
        let strong = pooled(TELLING, &unknown, &[])[0].likelihood;
        assert!(named.is_none_or(|named| named.likelihood < 0.5 * strong), "{weak:?}");
    }

    #[test]
    fn logs_that_were_recorded_are_judged_by_the_rules_alone() {
        let text = "U-Boot 2023.01 (Jun 22 2026 - 08:38:07 +0000)\n\nDRAM:  512 MiB\n\
                    Core:  47 devices, 13 uclasses, devicetree: board\nFlash: 64 MiB\n\
                    Loading Environment from Flash... OK\nIn:    pl011@9000000\nOut:   pl011@9000000\n\
                    Err:   pl011@9000000\nNet:   \nWarning: virtio-net#33 MAC addresses don't match:\n\
                    Address in ROM is\t\t02:02:02:02:02:02\nAddress in environment is\t02:00:00:00:00:2a\n\
                    eth0: virtio-net#33\nHit any key to stop autoboot:  0 \n\n\
                    virtio read: device 0 block # 0, count 128 ... 128 blocks read: OK\n\
                    ## Executing script at 47f00000\nACME R1 boot, stage 2\n\n\
                    virtio read: device 0 block # 2048, count 49152 ... 49152 blocks read: OK\n\
                    Wrong Image Format for bootm command\nERROR: can't get kernel image!\n=> ";
        let evidence =
            [Evidence { kind: EvidenceKind::SerialLog, name: "first look".into(), text: text.into() }];
        let watched = Case { evidence: &evidence, is_watched: true, ..Case::default() };
        let by_rules = diagnose_in_trial(&watched, &Trial::default());
        assert_eq!(diagnose_case(&watched).findings, by_rules.findings);
        assert_ne!(diagnose(&evidence).findings, by_rules.findings, "the words have no say in an excerpt");
    }

    /// Whatever words come together, they are a guess that asks on, and never a reason to write a boot loader.
    #[test]
    fn words_alone_are_never_more_than_a_guess() {
        let telling: Vec<&str> = TABLE.words().filter(|word| !words::is_made_up(word)).collect();
        let mut causes = BTreeSet::new();
        for (start, chunk) in telling.chunks(12).enumerate() {
            let text = chunk.join(" ");
            let evidence = said(&text);
            let case = Case { evidence: &evidence, ..Case::default() };
            let by_rules = diagnose_in_trial(&case, &Trial::default());
            let together = diagnose(&evidence);
            let (rules_first, first) = (by_rules.findings.first(), together.findings.first());
            let Some(first) = first.filter(|first| Some(first.cause) != rules_first.map(|rules| rules.cause))
            else {
                continue;
            };
            causes.insert(first.cause);
            assert!(first.likelihood <= MOST_LIKELY && !together.next_evidence.is_empty(), "{start}: {text}");
            let action = together.actions.first().map(|proposed| proposed.action);
            assert_ne!(action, Some(Action::RestoreBootloader), "{text}");
        }
        assert!(causes.len() > 1, "{causes:?}");
    }
}
