//! When to let the button go: first as the catalog says, then as misses have taught.

use std::time::Duration;

/// Where the catalog says nothing, most loaders look for the button within this time.
const USUAL: Duration = Duration::from_secs(8);

/// How much longer than the least a button is held, where no most is known.
const MARGIN: Duration = Duration::from_secs(1);

/// How many seconds before the link came, or the system started, a loader has decided; as they are tried.
const BEFORE_LINK: [u64; 6] = [3, 5, 2, 7, 9, 11];

/// No button is asked to be held shorter or longer.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// How an attempt that missed went. Times are since the power came on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Miss {
    /// When the button was asked to be let go.
    pub(crate) let_go: Duration,
    /// When the network link came.
    pub(crate) link: Option<Duration>,
    /// When the unit was seen to start its own system.
    pub(crate) started: Option<Duration>,
}

/// When to let go, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) at: Duration,
    /// What changed, for the person; `None` for the first attempt.
    pub(crate) why: Option<String>,
}

/// The plan for the next attempt.
pub(crate) fn plan(least: Option<Duration>, most: Option<Duration>, misses: &[Miss]) -> Plan {
    let first = match (least, most) {
        (Some(least), Some(most)) => least + most.saturating_sub(least) / 2,
        (Some(least), None) => least + MARGIN,
        (None, Some(most)) => most / 2,
        (None, None) => USUAL,
    };
    let Some(last) = misses.last() else { return Plan { at: bounded(first), why: None } };
    let tried = |at: Duration| misses.iter().any(|miss| miss.let_go.abs_diff(at) < Duration::from_secs(1));
    let decided = last.decided_while_held();
    // It went on long before the button could have counted: the button was not held when the loader looked.
    let is_early = |decided: &Duration| least.is_some_and(|least| *decided < least / 2);
    let was_early = |miss: &Miss| miss.decided_while_held().is_some_and(|decided| is_early(&decided));
    // Said twice, it was not that.
    let said = misses.iter().filter(|miss| was_early(miss)).count() > 2;
    if let Some(decided) = decided.filter(is_early).filter(|_| !said) {
        let why = format!(
            "It went on {} after power already: press the button before you switch it on, and keep it pressed.",
            seconds(decided)
        );
        return Plan { at: last.let_go.max(bounded(first)), why: Some(why) };
    }
    // The system was starting, or the link up, while the button was still held: the loader was long past.
    let late = misses.iter().filter_map(Miss::decided_while_held);
    if let Some(late) = late.filter(|late| !is_early(late)).min() {
        let mut shorter =
            BEFORE_LINK.iter().map(|before| bounded(late.saturating_sub(Duration::from_secs(*before))));
        let at = shorter.find(|at| !tried(*at)).unwrap_or(bounded(first));
        let what = if last.link == Some(late) { "The link came up" } else { "It went on" };
        let why = format!(
            "{what} {} after power, while the button was still held: let go at {}.",
            seconds(late),
            seconds(at)
        );
        return Plan { at, why: Some(why) };
    }
    // Otherwise the times around the first are tried, longer ones before: letting go early is the usual mistake.
    let offsets: [i64; 8] = [3, -2, 6, -4, 10, 15, -6, 22];
    let mut next = offsets.iter().map(|offset| bounded(shifted(first, *offset))).filter(|at| !tried(*at));
    let at = next.next().unwrap_or(first);
    let word = if at > last.let_go { "Hold it longer" } else { "Hold it shorter" };
    Plan { at, why: Some(format!("{word} this time: {}.", seconds(at))) }
}

impl Miss {
    /// When it was past deciding, where the button was still held then.
    fn decided_while_held(&self) -> Option<Duration> {
        [self.link, self.started].into_iter().flatten().min().filter(|decided| *decided <= self.let_go)
    }
}

fn shifted(at: Duration, offset: i64) -> Duration {
    let by = Duration::from_secs(offset.unsigned_abs());
    if offset < 0 { at.saturating_sub(by) } else { at + by }
}

fn bounded(at: Duration) -> Duration {
    at.clamp(SHORTEST, LONGEST)
}

/// `9 s`, `2.5 s`
pub(crate) fn seconds(span: Duration) -> String {
    let tenths = (span.as_secs_f64() * 10.0).round() / 10.0;
    format!("{tenths} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_catalog_is_believed_first() {
        assert_eq!(plan(Some(s(5)), Some(s(9)), &[]).at, s(7));
        assert_eq!(plan(Some(s(5)), None, &[]).at, s(6));
        assert_eq!(plan(None, None, &[]), Plan { at: USUAL, why: None });
    }

    #[test]
    fn a_link_that_came_while_holding_means_shorter() {
        let miss = Miss { let_go: s(12), link: Some(s(9)), started: None };
        let next = plan(Some(s(11)), None, &[miss]);
        assert_eq!(next.at, s(6));
        assert!(next.why.unwrap().contains("The link came up 9 s after power"));
        let second = Miss { let_go: s(6), link: Some(s(9)), started: None };
        assert_eq!(plan(Some(s(11)), None, &[miss, second]).at, s(4));
    }

    #[test]
    fn going_on_at_once_means_that_the_button_was_late() {
        let miss = Miss { let_go: s(16), link: None, started: Some(s(4)) };
        let next = plan(Some(s(15)), None, &[miss]);
        assert_eq!(next.at, s(16));
        assert!(next.why.unwrap().contains("before you switch it on"));
    }

    #[test]
    fn without_a_hint_both_sides_are_tried_and_nothing_twice() {
        let mut misses = Vec::new();
        for _ in 0..6 {
            let next = plan(Some(s(5)), None, &misses);
            let is_new = misses.iter().all(|miss: &Miss| miss.let_go.abs_diff(next.at) >= s(1));
            assert!(is_new, "{next:?} after {misses:?}");
            misses.push(Miss { let_go: next.at, ..Miss::default() });
        }
        assert!(misses.iter().any(|miss| miss.let_go < misses[0].let_go));
        assert!(misses.iter().any(|miss| miss.let_go > misses[0].let_go));
    }
}
