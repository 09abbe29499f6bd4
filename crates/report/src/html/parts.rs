//! Small pieces of the page.

use std::borrow::Cow;

use debrick_model::{Digest, GateOutcome, Outcome, Verdict};
use maud::{Markup, html};

use crate::model::{Mark, Tone};
use crate::text::visible;

/// Text from anywhere. The template escapes markup; this takes care of the rest.
pub(super) fn show(text: &str) -> Cow<'_, str> {
    visible(text)
}

pub(super) fn paragraphs(lines: &[String]) -> Markup {
    html! { @for line in lines { p { (show(line)) } } }
}

pub(super) fn digest(digest: &Digest) -> Markup {
    html! { code class="digest" { (digest.to_hex()) } }
}

/// A table that may be wider than the page; it can be scrolled with the keyboard.
pub(super) fn table(label: &str, heads: &[&str], rows: Markup) -> Markup {
    html! {
        div class="wide" role="region" aria-label=(label) tabindex="0" {
            table {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody { (rows) }
            }
        }
    }
}

pub(super) fn sheet(title: &str, content: Markup) -> Markup {
    html! { section class="sheet" { h2 { (title) } (content) } }
}

/// A section that is closed at first.
pub(super) fn folded(title: &str, content: Markup) -> Markup {
    html! { details class="sheet" { summary { h2 { (title) } } (content) } }
}

pub(super) fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Attention => "attention",
        Tone::Bad => "bad",
    }
}

pub(super) fn tone_symbol(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "\u{2713}",
        Tone::Attention => "!",
        Tone::Bad => "\u{2717}",
    }
}

/// A word that carries its meaning in symbol, text and colour.
pub(super) fn word(mark: Mark, text: &str) -> Markup {
    html! {
        span class=(mark_class(mark)) { span aria-hidden="true" { (mark_symbol(mark)) " " } (text) }
    }
}

pub(super) fn mark_class(mark: Mark) -> &'static str {
    match mark {
        Mark::Note => "soft",
        Mark::Good => "good-word",
        Mark::Bad => "bad-word",
        Mark::Attention => "attention-word",
        Mark::Change => "change-word",
    }
}

pub(super) fn mark_symbol(mark: Mark) -> &'static str {
    match mark {
        Mark::Note => "\u{b7}",
        Mark::Good => "\u{2713}",
        Mark::Bad => "\u{2717}",
        Mark::Attention => "!",
        Mark::Change => "\u{270e}",
    }
}

/// What a screen reader says for the symbol.
pub(super) fn mark_word(mark: Mark) -> &'static str {
    match mark {
        Mark::Note => "note",
        Mark::Good => "good",
        Mark::Bad => "failed",
        Mark::Attention => "attention",
        Mark::Change => "change",
    }
}

pub(super) fn yes(ok: bool, yes: &str, no: &str) -> Markup {
    if ok { word(Mark::Good, yes) } else { word(Mark::Bad, no) }
}

pub(super) fn verdict(verdict: Verdict) -> Markup {
    match verdict {
        Verdict::Pass => word(Mark::Good, "pass"),
        Verdict::Fail => word(Mark::Bad, "fail"),
        Verdict::Unknown => word(Mark::Attention, "unknown"),
    }
}

pub(super) fn gate_outcome(outcome: Option<GateOutcome>) -> Markup {
    match outcome {
        Some(GateOutcome::Pass) => word(Mark::Good, "open"),
        Some(GateOutcome::Fail) => word(Mark::Bad, "shut"),
        Some(GateOutcome::Unknown) => word(Mark::Bad, "shut: not known"),
        None => word(Mark::Note, "not looked at"),
    }
}

pub(super) fn outcome(outcome: Option<Outcome>) -> Markup {
    match outcome {
        Some(Outcome::Done) => word(Mark::Good, "done"),
        Some(Outcome::Skipped) => word(Mark::Note, "skipped"),
        Some(Outcome::Failed) => word(Mark::Bad, "failed"),
        Some(Outcome::Cancelled) => word(Mark::Attention, "stopped"),
        None => word(Mark::Attention, "not finished"),
    }
}
