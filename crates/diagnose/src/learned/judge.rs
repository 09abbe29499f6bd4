//! How far rules and words are to be trusted, as cases taught that neither of them knew.
//!
//! A linear model over what rules, words and boots say (`signs`), one each for causes, states and first actions. The
//! tables are fitted by `cargo xtask fit-diagnosis judge` to what the program said of cases on the day on which they came,
//! before anybody mended a rule for them. What rules and words put first stays first, and is never surer than they say;
//! the judge orders what stands behind it, says where they were too sure, which state the unit is in, and which of the
//! proposed actions comes first. Where they do not decide, it does, or leaves it undecided.
//! Why, and what it was measured to be worth: `docs/decisions/0020-what-rules-and-words-are-trusted.md`.

use std::sync::LazyLock;

use debrick_model::{Action, Cause, EvidenceLine, Finding, ProposedAction, State};

use super::signs::Signs;
use super::table::{Class, Table};
use super::{IMPLAUSIBLE, MOST_FINDINGS, NAMED_FROM};

/// A table that is compiled in; a test reads it, so that an unreadable one cannot be built in unnoticed.
macro_rules! table {
    ($file:literal) => {
        LazyLock::new(|| Table::parse(include_str!($file)).unwrap_or_default())
    };
}

static CAUSES: LazyLock<Table<Cause>> = table!("judge/causes.txt");
static STATES: LazyLock<Table<State>> = table!("judge/states.txt");
static ACTIONS: LazyLock<Table<Action>> = table!("judge/actions.txt");

/// How many times as likely another state must be.
const STATE_AHEAD: f64 = 2.0;

/// A state that is less likely is not told.
const STATE_FROM: f64 = 0.25;

/// How many times as often another of the proposed actions must be the right one.
const ACTION_AHEAD: f64 = 1.25;

/// What stands first is at least this likely, else it could not.
const LEAST_LIKELY: f64 = 0.3;

/// What rules and words are taken to hold likely at least.
const HEARD_LEAST: f64 = 0.05;

/// How likely what stands behind may be, as a part of what stands before it.
const BEHIND: f64 = 0.95;

/// A cause that neither rules nor words named is named from this likelihood on.
const NAMED_ANEW_FROM: f64 = 0.05;

/// What the judge holds likely.
pub(crate) struct Judge {
    causes: Vec<f64>,
    states: Vec<f64>,
    actions: Vec<f64>,
}

/// How likely a class is.
fn likelihood<C: Class>(table: &Table<C>, shares: &[f64], class: C) -> f64 {
    table.column(class).and_then(|column| shares.get(column)).copied().unwrap_or_default()
}

impl Judge {
    pub(crate) fn of(signs: &Signs) -> Self {
        Self {
            causes: CAUSES.shares_of(signs.iter()),
            states: STATES.shares_of(signs.iter()),
            actions: ACTIONS.shares_of(signs.iter()),
        }
    }

    fn cause(&self, cause: Cause) -> f64 {
        likelihood(&CAUSES, &self.causes, cause)
    }

    /// Orders what stands behind the first finding, and makes none surer. Where nothing was decided, the likeliest cause
    /// comes first, unless it is likelier that nothing can be. `reason` gives the evidence for a cause that was not named
    /// yet.
    pub(crate) fn weigh(
        &self,
        findings: &mut Vec<Finding>,
        implausible: &[Cause],
        reason: impl Fn(Cause) -> Vec<EvidenceLine>,
    ) {
        let heard = |cause: Cause| {
            let known = findings.iter().find(|finding| finding.cause == cause);
            known.map_or(0.0, |finding| finding.likelihood)
        };
        let judged =
            |cause: Cause| self.cause(cause) * if implausible.contains(&cause) { IMPLAUSIBLE } else { 1.0 };
        let mut order: Vec<Cause> =
            Cause::ALL.iter().copied().filter(|cause| *cause != Cause::Unknown).collect();
        order.retain(|cause| heard(*cause) > 0.0 || judged(*cause) >= NAMED_ANEW_FROM);
        order.sort_by(|left, right| judged(*right).total_cmp(&judged(*left)));
        let first = match findings.first().map(|finding| finding.cause) {
            Some(stood) if stood != Cause::Unknown => Some(stood),
            _ => order
                .iter()
                .copied()
                .find(|cause| !implausible.contains(cause))
                .filter(|cause| judged(*cause) > self.cause(Cause::Unknown)),
        };
        let Some(first) = first else { return };
        order.retain(|cause| *cause != first);
        order.insert(0, first);
        order.truncate(MOST_FINDINGS);
        let mut before = 1.0;
        let mut weighed = Vec::new();
        for cause in order {
            let least = if cause == first { LEAST_LIKELY } else { HEARD_LEAST };
            let heard = heard(cause).max(least);
            let likelihood = match cause == first {
                // As much of what it is above the least as the judge holds it likely.
                true => LEAST_LIKELY + (heard - LEAST_LIKELY) * (judged(cause) / heard).min(1.0),
                false => (heard * judged(cause)).sqrt().min(BEHIND * before),
            };
            if likelihood < NAMED_FROM {
                break;
            }
            before = likelihood;
            let known = findings.iter().find(|finding| finding.cause == cause);
            let evidence = known.map_or_else(|| reason(cause), |finding| finding.evidence.clone());
            weighed.push(Finding { cause, likelihood: (likelihood * 1000.0).round() / 1000.0, evidence });
        }
        *findings = weighed;
    }

    /// The state, given the one that was concluded.
    pub(crate) fn state(&self, concluded: State) -> State {
        let of = |state: State| likelihood(&STATES, &self.states, state);
        let best = State::ALL.iter().copied().max_by(|left, right| of(*left).total_cmp(&of(*right)));
        let state = best.filter(|best| of(*best) >= STATE_AHEAD * of(concluded)).unwrap_or(concluded);
        if of(state) >= STATE_FROM { state } else { State::Unknown }
    }

    /// Puts that of the proposed actions first that is the right one far more often. None that could take the last chance
    /// is put first.
    pub(crate) fn prefer(&self, actions: &mut [ProposedAction]) {
        let of = |action: Action| likelihood(&ACTIONS, &self.actions, action);
        let Some(first) = actions.first().map(|proposed| proposed.action) else { return };
        let stood = of(first);
        // A unit that is switched off in the middle of a write is lost: that comes first only before what costs more.
        let may_lead = |action: Action| {
            !takes_the_last_chance(action)
                && (action != Action::PowerCycleAndRetry || takes_the_last_chance(first))
        };
        let best = actions
            .iter()
            .enumerate()
            .filter(|(_, proposed)| may_lead(proposed.action))
            .max_by(|left, right| of(left.1.action).total_cmp(&of(right.1.action)));
        if let Some((index, best)) = best
            && of(best.action) >= ACTION_AHEAD * stood
        {
            actions[..=index].rotate_right(1);
        }
    }
}

/// What a unit may not survive if it was the wrong thing to do, or what is lost with it; or what costs most.
fn takes_the_last_chance(action: Action) -> bool {
    matches!(
        action,
        Action::RestoreBootloader
            | Action::UpdateBootloader
            | Action::RestorePartitionTable
            | Action::FactoryResetSettings
            | Action::UnlockBootloader
            | Action::ReplaceHardware
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A judge that holds some classes likely, and nothing else.
    fn judge(causes: &[(Cause, f64)], states: &[(State, f64)], actions: &[(Action, f64)]) -> Judge {
        fn shares<C: Class>(table: &Table<C>, likely: &[(C, f64)]) -> Vec<f64> {
            let of = |class: &C| {
                likely.iter().find(|(likely, _)| likely == class).map_or(0.0, |(_, share)| *share)
            };
            table.classes().iter().map(of).collect()
        }
        Judge {
            causes: shares(&CAUSES, causes),
            states: shares(&STATES, states),
            actions: shares(&ACTIONS, actions),
        }
    }

    fn weighed(causes: &[(Cause, f64)], stood: &[(Cause, f64)], implausible: &[Cause]) -> Vec<(Cause, f64)> {
        let finding = |(cause, likelihood): &(Cause, f64)| Finding {
            cause: *cause,
            likelihood: *likelihood,
            evidence: Vec::new(),
        };
        let mut findings: Vec<Finding> = stood.iter().map(finding).collect();
        judge(causes, &[], &[]).weigh(&mut findings, implausible, |_| Vec::new());
        findings.into_iter().map(|finding| (finding.cause, finding.likelihood)).collect()
    }

    #[test]
    fn the_tables_that_are_compiled_in_can_be_read_and_know_every_class() {
        fn check<C: Class>(text: &str, least: usize) {
            let table = Table::<C>::parse(text).unwrap();
            assert!(table.classes().len() >= least && table.len() > 100, "{}", table.len());
            assert!(text.len() < 16 * 1024);
        }
        check::<Cause>(include_str!("judge/causes.txt"), Cause::ALL.len() - 1);
        check::<State>(include_str!("judge/states.txt"), State::ALL.len());
        check::<Action>(include_str!("judge/actions.txt"), Action::ALL.len() - 2);
    }

    #[test]
    fn what_stands_first_stays_and_becomes_no_surer() {
        let stood = [(Cause::FirmwareBug, 0.6), (Cause::RamFault, 0.3), (Cause::LinkFault, 0.2)];
        let judged = [(Cause::LinkFault, 0.7), (Cause::FirmwareBug, 0.2), (Cause::PowerFault, 0.1)];
        let findings = weighed(&judged, &stood, &[]);
        let order: Vec<Cause> = findings.iter().map(|(cause, _)| *cause).collect();
        assert_eq!(order[..3], [Cause::FirmwareBug, Cause::LinkFault, Cause::PowerFault]);
        assert!(findings[0].1 < 0.6 && findings[0].1 >= LEAST_LIKELY, "{findings:?}");
        assert!(findings.is_sorted_by(|left, right| left.1 > right.1), "{findings:?}");
        let sure = weighed(&[(Cause::FirmwareBug, 1.0)], &stood, &[]);
        assert_eq!(sure[0], (Cause::FirmwareBug, 0.6));
    }

    #[test]
    fn where_nothing_was_decided_the_likeliest_leads_unless_nothing_can_be() {
        let stood = [(Cause::Unknown, 0.8), (Cause::FirmwareBug, 0.2)];
        let likely = [(Cause::PowerFault, 0.5), (Cause::Unknown, 0.2), (Cause::FirmwareBug, 0.3)];
        let first = |causes: &[(Cause, f64)], implausible: &[Cause]| weighed(causes, &stood, implausible)[0];
        assert_eq!(first(&likely, &[]), (Cause::PowerFault, LEAST_LIKELY));
        assert_eq!(first(&likely, &[Cause::PowerFault]).0, Cause::FirmwareBug);
        assert_eq!(first(&[(Cause::PowerFault, 0.3), (Cause::Unknown, 0.4)], &[]), stood[0]);
    }

    #[test]
    fn a_state_changes_only_for_one_that_is_far_likelier_and_is_told_only_where_it_is_likely() {
        let state = |states: &[(State, f64)]| judge(&[], states, &[]).state(State::BootLoop);
        assert_eq!(state(&[(State::KernelHang, 0.8), (State::BootLoop, 0.1)]), State::KernelHang);
        assert_eq!(state(&[(State::KernelHang, 0.5), (State::BootLoop, 0.4)]), State::BootLoop);
        assert_eq!(state(&[(State::KernelHang, 0.3), (State::BootLoop, 0.2)]), State::Unknown);
    }

    #[test]
    fn no_action_that_could_take_the_last_chance_is_put_first() {
        let proposed = |action| ProposedAction { action, why: String::new(), risk: String::new() };
        let first = |likely: Action| {
            let mut actions = [Action::PowerCycleAndRetry, Action::SwapCableOrPort, likely].map(proposed);
            judge(&[], &[], &[(likely, 0.9), (Action::PowerCycleAndRetry, 0.1)]).prefer(&mut actions);
            actions[0].action
        };
        assert_eq!(first(Action::ReflashCorrectImage), Action::ReflashCorrectImage);
        for action in Action::ALL.iter().copied().filter(|action| takes_the_last_chance(*action)) {
            assert_eq!(first(action), Action::PowerCycleAndRetry, "{action}");
        }
    }

    #[test]
    fn switching_off_comes_first_only_before_what_costs_more() {
        let proposed = |action| ProposedAction { action, why: String::new(), risk: String::new() };
        let first = |stood: Action| {
            let mut actions = [stood, Action::PowerCycleAndRetry].map(proposed);
            judge(&[], &[], &[(Action::PowerCycleAndRetry, 0.9), (stood, 0.1)]).prefer(&mut actions);
            actions[0].action
        };
        assert_eq!(first(Action::FreePortOrStopProcess), Action::FreePortOrStopProcess);
        assert_eq!(first(Action::ReplaceHardware), Action::PowerCycleAndRetry);
    }
}
