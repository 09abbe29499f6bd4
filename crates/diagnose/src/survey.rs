//! What a comparison of the storage with an image says.

use debrick_model::{Action, Cause, EvidenceLine};

use crate::case::StorageSurvey;
use crate::weigh::Weights;

/// Adds what a survey speaks for.
pub(crate) fn apply(survey: &StorageSurvey, weights: &mut Weights) {
    if survey.blocks == 0 {
        return;
    }
    let (says, causes) = conclude(survey);
    let evidence = EvidenceLine { file: survey.name.clone(), line: 0, text: summary(survey), says };
    for (cause, weight, actions) in causes {
        weights.add(cause, weight, actions, Some(evidence.clone()));
    }
}

type Causes = Vec<(Cause, f64, &'static [Action])>;

/// What it shows, and the causes that it speaks for.
fn conclude(survey: &StorageSurvey) -> (String, Causes) {
    let StorageSurvey { blocks, equal, different, blank, .. } = *survey;
    let tail = survey.blank_tail_from.map_or(0, |first| blocks.saturating_sub(first));
    let ends_blank = tail > 0 && blank <= tail;
    let percent = |part: u64| part.saturating_mul(100) / blocks.max(1);
    if survey.image_known && equal == blocks {
        let says = format!("All {blocks} blocks hold what the image holds.");
        return (says, vec![(Cause::NoFault, 0.6, &[])]);
    }
    if let Some(previous) = survey.equal_to_previous.filter(|previous| is_half_updated(survey, *previous)) {
        let says = format!(
            "The first {} of {blocks} blocks hold the new image, and {previous} still hold the old one.",
            survey.equal_prefix
        );
        return (says, vec![(Cause::UpdateInterrupted, 0.93, &[]), (Cause::ImageIncomplete, 0.3, &[])]);
    }
    if tail == blocks {
        let says = "The place of the firmware is blank.".to_owned();
        return (says, vec![(Cause::ImageIncomplete, 0.9, &[]), (Cause::UpdateInterrupted, 0.3, &[])]);
    }
    if ends_blank && different == 0 {
        let says =
            format!("From block {} on ({} %) the storage is blank.", blocks - tail, percent(blocks - tail));
        return (says, vec![(Cause::ImageIncomplete, 0.93, &[]), (Cause::UpdateInterrupted, 0.4, &[])]);
    }
    if !survey.image_known {
        return ("Without the image nothing can be said about the rest.".into(), Vec::new());
    }
    if survey.equal_prefix == equal
        && equal > 0
        && equal.saturating_add(different) == blocks
        && percent(different) >= 5
    {
        let says =
            format!("After {equal} of {blocks} blocks of the image something else follows, up to the end.");
        return (says, vec![(Cause::UpdateInterrupted, 0.6, &[]), (Cause::ImageCorrupt, 0.5, &[])]);
    }
    if percent(equal) < 5 {
        let says = format!(
            "Only {equal} of {blocks} blocks hold what the image holds: another version, or another firmware."
        );
        // Another version is the rule before an update, and speaks for nothing.
        return (says, Vec::new());
    }
    let says = format!(
        "{} of {blocks} blocks, not all in a row, differ from the image.",
        blocks.saturating_sub(equal)
    );
    (says, vec![(Cause::ImageCorrupt, 0.9, &[]), (Cause::FlashHardwareFault, 0.25, &[])])
}

/// New up to a point, old behind it, save for a few blocks in between.
fn is_half_updated(survey: &StorageSurvey, previous: u64) -> bool {
    let rest = survey.blocks.saturating_sub(survey.equal_prefix);
    survey.image_known && survey.equal_prefix > 0 && previous > 0 && rest > 0 && previous >= rest - rest / 10
}

fn summary(survey: &StorageSurvey) -> String {
    let StorageSurvey { blocks, block_size, equal, different, blank, .. } = survey;
    let equal = if survey.image_known { format!("{equal} equal, ") } else { String::new() };
    format!("{blocks} blocks of {block_size} bytes: {equal}{different} different, {blank} blank")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut StorageSurvey), expected: Option<Cause>) {
        let mut survey =
            StorageSurvey { block_size: 4096, blocks: 1000, image_known: true, ..StorageSurvey::default() };
        change(&mut survey);
        let mut weights = Weights::default();
        apply(&survey, &mut weights);
        assert_eq!(weights.findings().first().map(|finding| finding.cause), expected, "{survey:?}");
    }

    #[test]
    fn pictures_of_a_storage() {
        check(|survey| survey.equal = 1000, Some(Cause::NoFault));
        let cut_short = |survey: &mut StorageSurvey| {
            (survey.equal, survey.equal_prefix, survey.blank, survey.blank_tail_from) =
                (600, 600, 400, Some(600));
        };
        check(cut_short, Some(Cause::ImageIncomplete));
        check(
            |survey| (survey.blank, survey.blank_tail_from) = (1000, Some(0)),
            Some(Cause::ImageIncomplete),
        );
        check(
            |survey| (survey.equal, survey.equal_prefix, survey.different) = (990, 17, 10),
            Some(Cause::ImageCorrupt),
        );
        let half = |survey: &mut StorageSurvey| {
            (survey.equal, survey.equal_prefix, survey.different) = (410, 400, 590);
            survey.equal_to_previous = Some(590);
        };
        check(half, Some(Cause::UpdateInterrupted));
        check(
            |survey| (survey.equal, survey.equal_prefix, survey.different) = (400, 400, 600),
            Some(Cause::UpdateInterrupted),
        );
        check(|survey| survey.different = 1000, None);
        let unknown_image = |survey: &mut StorageSurvey| {
            survey.image_known = false;
            (survey.blank, survey.blank_tail_from) = (300, Some(700));
        };
        check(unknown_image, Some(Cause::ImageIncomplete));
        check(|survey| survey.image_known = false, None);
        check(|survey| survey.blocks = 0, None);
        let absurd = |survey: &mut StorageSurvey| {
            survey.blank_tail_from = Some(u64::MAX);
            (survey.blocks, survey.equal, survey.different) = (u64::MAX, 1, u64::MAX - 1);
        };
        check(absurd, None);
    }
}
