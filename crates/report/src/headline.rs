//! The first screen: what was wrong, what was done, how it is now, what to do next.

use debrick_model::{Cause, Diagnosis, Effect, Ending, State};

use crate::model::{Headline, Report, Tone, Write};
use crate::text::{bytes, duration};
use crate::timeline::effect_text;

/// Composes the headline from everything else in the report.
pub(crate) fn headline(report: &Report) -> Headline {
    let (tone, title) = title(report.ending);
    // A repair that was not recorded soundly is not announced as one.
    let tone = if tone == Tone::Good && !report.chain.is_intact() { Tone::Attention } else { tone };
    Headline {
        tone,
        title: title.into(),
        wrong: wrong(report),
        done: done(report),
        now: now(report),
        next: next(report),
    }
}

fn title(ending: Option<Ending>) -> (Tone, &'static str) {
    match ending {
        Some(Ending::Repaired) => (Tone::Good, "Repaired"),
        Some(Ending::NothingNeeded) => (Tone::Good, "Nothing needed to be repaired"),
        Some(Ending::Done) => (Tone::Good, "Done as you asked"),
        Some(Ending::StoppedSafely) => (Tone::Attention, "Stopped where it is safe"),
        Some(Ending::NeedsOperator) => (Tone::Attention, "Waiting for you"),
        Some(Ending::RefusedByGate) => (Tone::Attention, "Not started: a safety check said no"),
        Some(Ending::FailedRestoreOffered) => (Tone::Bad, "Not repaired"),
        Some(Ending::Cancelled) => (Tone::Attention, "Stopped as you asked"),
        None => (Tone::Attention, "Not finished"),
    }
}

fn wrong(report: &Report) -> Vec<String> {
    let Some(diagnosis) = deciding_diagnosis(report) else {
        let text = match report.ending {
            Some(Ending::Done) => "Nothing was looked for: this session was only to copy or to restore.",
            _ => "It was not found out what is wrong.",
        };
        return vec![text.into()];
    };
    if diagnosis.state == State::Healthy && matches!(diagnosis.cause(), Cause::NoFault | Cause::Unknown) {
        return vec![diagnosis.state.meaning().into()];
    }
    let cause = match diagnosis.cause() {
        Cause::Unknown => "Why is not known for certain.",
        cause => cause.meaning(),
    };
    vec![diagnosis.state.meaning().into(), cause.into()]
}

/// The last diagnosis before anything was changed; after that, the unit tells of the repair and not of the fault.
fn deciding_diagnosis(report: &Report) -> Option<&Diagnosis> {
    let changed_at = report.writes.iter().find(|write| changes(write)).map_or(u64::MAX, |write| write.seq);
    let before = report.judgements.iter().rfind(|judgement| judgement.seq < changed_at);
    before.or(report.judgements.first()).map(|judgement| &judgement.diagnosis)
}

fn done(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    let proven = report.backups.iter().filter(|backup| backup.proven).count();
    match (report.backups.len(), proven) {
        (0, _) => {}
        (1, 1) => {
            lines.push("What cannot be replaced was copied first, and the copy was proven to restore.".into())
        }
        (all, proven) if all == proven => {
            lines.push(format!("{all} parts were copied first, and the copies were proven to restore."));
        }
        (all, proven) => {
            lines.push(format!("{} copied first; {proven} of them proven to restore.", parts(all)));
        }
    }
    let changes: Vec<_> = report.writes.iter().filter(|write| changes(write)).collect();
    if changes.is_empty() {
        lines.push("Nothing was written to the unit.".into());
    }
    for write in &changes {
        if let Some(line) = change_line(write, &changes) {
            lines.push(line);
        }
    }
    if !report.retries.is_empty() {
        lines.push(match report.retries.len() {
            1 => "One thing failed at first and was tried again.".into(),
            count => format!("{count} things failed at first and were tried again."),
        });
    }
    for gate in &report.gates {
        if let Some(because) = &gate.waived_because {
            lines.push(format!("The safety check \u{201c}{}\u{201d} was waived by a person, who said: \u{201c}{because}\u{201d}.", gate.gate));
        }
    }
    lines
}

/// A change in a sentence; nothing for one that failed and was repeated later.
fn change_line(write: &Write, all: &[&Write]) -> Option<String> {
    let Some(done) = write.done else {
        let how = if write.failed { "it failed" } else { "it is not recorded that it was finished" };
        return (!is_repeated(write, all))
            .then(|| format!("A {} was begun, and {how}.", effect_text(&write.effect)));
    };
    Some(match &write.effect {
        Effect::WriteRegion { region, .. } if done.sent == 0 => {
            format!("The part \u{201c}{region}\u{201d} held the right content already.")
        }
        Effect::WriteRegion { region, .. } if done.unchanged == 0 => {
            format!("The part \u{201c}{region}\u{201d} was written ({}).", bytes(done.sent))
        }
        Effect::WriteRegion { region, .. } => format!(
            "The part \u{201c}{region}\u{201d} was written: {} had to be changed, {} were right already.",
            bytes(done.sent),
            bytes(done.unchanged)
        ),
        Effect::EraseRegion { region, .. } => format!("The part \u{201c}{region}\u{201d} was erased."),
        Effect::SetEnvironment { .. } => "The bootloader's settings were corrected.".into(),
        Effect::OfferImage { .. } => {
            format!(
                "Firmware was handed over ({}); what the unit wrote of it is the unit's to say.",
                bytes(done.sent)
            )
        }
        Effect::RunImage { .. } => "A system was started in its memory, which changes nothing.".into(),
        Effect::Restart => return None,
    })
}

fn now(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    match report.ending {
        Some(Ending::Repaired) => lines.push("It works again.".into()),
        Some(Ending::NothingNeeded) => lines.push("It works, and it is as it was.".into()),
        Some(Ending::Done) if report.writes.iter().any(changes) => {
            lines.push("It holds what it was asked to hold.".into());
        }
        _ if !report.writes.iter().any(changes) => lines.push("The unit is as it was.".into()),
        Some(Ending::FailedRestoreOffered) => {
            lines.push("Something was written, and the unit does not work yet.".into());
        }
        _ if half_done(report) => lines.push(
            "A change was begun and may be half done. The unit may not start until it is finished; nothing more \
             is lost meanwhile."
                .into(),
        ),
        _ => lines.push("Something was written, and the repair is not finished.".into()),
    }
    let checked = last_per_region(report);
    let (right, all) = (checked.iter().filter(|(_, ok)| *ok).count(), checked.len());
    match (all, all - right) {
        (0, _) => {}
        (_, 0) => lines.push("What was written was compared afterwards, and it is right.".into()),
        (_, wrong) => lines.push(format!("{wrong} of {all} parts compared do not hold what they should.")),
    }
    if let Some(boot) = report.boots.last() {
        let version = boot
            .version
            .as_deref()
            .map(|version| format!(" and says it is version {version}"))
            .unwrap_or_default();
        lines.push(format!("It starts by itself in {}{version}.", duration(boot.took_ms)));
    }
    let passed = report.tests.iter().filter(|test| test.ok).count();
    match (report.tests.len(), passed) {
        (0, _) => {}
        (all, passed) if all == passed => lines.push(format!("It passed {}.", tests(all))),
        (all, passed) => lines.push(format!("It passed {passed} of {}.", tests(all))),
    }
    if !report.chain.is_intact() {
        lines.push("The record of this session is damaged: do not rely on this report alone.".into());
    }
    lines
}

fn next(report: &Report) -> Vec<String> {
    if let Some(next_step) = &report.next_step {
        return vec![next_step.clone()];
    }
    let text = match report.ending {
        Some(Ending::Repaired | Ending::NothingNeeded) => "Use it as before. Keep this report.".into(),
        Some(Ending::Done) => "Nothing. Keep this report, and the copies that were made.".into(),
        Some(Ending::RefusedByGate) => "See below which safety check said no, and why.".into(),
        Some(Ending::FailedRestoreOffered) => {
            "Leave it switched on if you can, and restore the copy that was made first.".into()
        }
        Some(Ending::StoppedSafely) => {
            "Hand it to somebody with the tools for it, together with this report.".into()
        }
        Some(Ending::NeedsOperator | Ending::Cancelled) | None => {
            format!("Go on with: debrick resume {}", report.session)
        }
    };
    vec![text]
}

/// The last comparison of each region.
fn last_per_region(report: &Report) -> Vec<(&str, bool)> {
    let mut last: Vec<(&str, bool)> = Vec::new();
    for check in &report.verifications {
        match last.iter_mut().find(|(region, _)| *region == check.region) {
            Some(entry) => entry.1 = check.ok,
            None => last.push((&check.region, check.ok)),
        }
    }
    last
}

fn changes(write: &Write) -> bool {
    !matches!(write.effect, Effect::Restart)
}

/// Whether the last change is not known to be finished.
fn half_done(report: &Report) -> bool {
    let changes: Vec<_> = report.writes.iter().filter(|write| changes(write)).collect();
    changes.iter().any(|write| write.done.is_none() && !is_repeated(write, &changes))
}

fn is_repeated(write: &Write, all: &[&Write]) -> bool {
    all.iter().any(|other| other.seq > write.seq && same_place(&other.effect, &write.effect))
}

fn same_place(one: &Effect, other: &Effect) -> bool {
    match (one, other) {
        (Effect::WriteRegion { region: one, .. }, Effect::WriteRegion { region: other, .. })
        | (Effect::EraseRegion { region: one, .. }, Effect::EraseRegion { region: other, .. }) => {
            one == other
        }
        (Effect::SetEnvironment { .. }, Effect::SetEnvironment { .. })
        | (Effect::OfferImage { .. }, Effect::OfferImage { .. }) => true,
        _ => false,
    }
}

fn parts(count: usize) -> String {
    if count == 1 { "1 part was".into() } else { format!("{count} parts were") }
}

fn tests(count: usize) -> String {
    if count == 1 { "1 test".into() } else { format!("{count} tests") }
}
