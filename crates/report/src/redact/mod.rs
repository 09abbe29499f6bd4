//! Takes secrets out of text and JSON that is meant to leave the computer, and keeps everything else as evidence.
//!
//! Removed: values of settings whose names speak of passwords, keys, tokens and the like, in every form that consoles
//! and configuration files use; private keys in PEM blocks; tokens, password hashes and passwords in addresses by
//! their shape. Masked in part, where wished: Ethernet addresses (the maker's half stays) and serial numbers.
//!
//! A secret that was found once is removed wherever else it stands, even where nothing marks it: learn all texts first
//! ([`Redactor::learn_text`], [`Redactor::learn_event`]), then rewrite them. No such program finds everything; somebody
//! should look through the result before it is sent.

mod address;
mod json;
mod keys;
mod lines;
mod shapes;
mod veil;

use std::collections::BTreeSet;
use std::ops::Range;

use debrick_model::{Answer, Event, EventBody, Property};
use serde_json::Value;

pub use self::keys::is_secret_key;
pub(crate) use self::veil::HIDDEN;

/// What stands in the place of a secret.
pub const MARK: &str = "[redacted]";

/// At most so many secrets are looked for everywhere.
const MAX_LITERALS: usize = 256;

/// What is done beyond removing secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redaction {
    /// Hide the second half of Ethernet addresses.
    pub mask_addresses: bool,
    /// Hide the middle of serial numbers.
    pub mask_serials: bool,
}

impl Default for Redaction {
    /// Masks both.
    fn default() -> Self {
        Self { mask_addresses: true, mask_serials: true }
    }
}

/// Rewrites text and JSON without their secrets.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    options: Redaction,
    secrets: BTreeSet<String>,
    serials: BTreeSet<String>,
    /// Ethernet addresses, as twelve lower-case digits.
    addresses: BTreeSet<String>,
}

/// A part of a text that is to be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    range: Range<usize>,
    with: String,
    /// Whether the same text is a secret elsewhere, too.
    learn: bool,
}

impl Span {
    fn secret(range: Range<usize>, learn: bool) -> Self {
        Self { range, with: MARK.into(), learn }
    }
}

impl Redactor {
    /// One that has learnt nothing yet.
    pub fn new(options: Redaction) -> Self {
        Self { options, ..Self::default() }
    }

    /// Remembers the secrets of a text, so that they are removed wherever they stand.
    pub fn learn_text(&mut self, text: &str) {
        for span in self.spans(text) {
            if span.learn {
                self.learn_secret(&text[span.range]);
            }
        }
        for address in text.lines().flat_map(address::addresses) {
            if self.addresses.len() < MAX_LITERALS {
                self.addresses.insert(address);
            }
        }
    }

    /// Remembers the secrets and the serial numbers of an event.
    pub fn learn_event(&mut self, event: &Event) {
        match &event.body {
            EventBody::Observed { observation } if observation.property == Property::Serial => {
                self.learn_serial(&observation.value);
            }
            EventBody::Identified { identity } => {
                identity.serial.iter().for_each(|serial| self.learn_serial(serial));
            }
            EventBody::Answered { request, answer: Answer::Text(text), .. }
                if keys::is_serial_key(request) =>
            {
                self.learn_serial(text);
            }
            _ => {}
        }
        let mut found = Vec::new();
        if let Ok(value) = serde_json::to_value(event) {
            json::redact(self, &value, &mut found);
        }
        found.iter().for_each(|secret| self.learn_secret(secret));
    }

    /// The text without its secrets.
    pub fn text(&self, text: &str) -> String {
        self.without_literals(&self.marked_text(text))
    }

    /// The value without its secrets. Names of members decide, and what strings contain.
    pub fn json(&self, value: &Value) -> Value {
        json::redact(self, value, &mut Vec::new())
    }

    /// The event without its secrets; still an event of the same kind, at the same place.
    pub fn event(&self, event: &Event) -> Event {
        let rewrite = |redactor: &Self| {
            let value = serde_json::to_value(event).ok()?;
            serde_json::from_value(redactor.json(&value)).ok()
        };
        // A learnt secret that is also one of our own words would make the event unreadable.
        let unlearnt = Self::new(self.options);
        rewrite(self).or_else(|| rewrite(&unlearnt)).unwrap_or_else(|| Event {
            seq: event.seq,
            at_ms: event.at_ms,
            body: EventBody::Noted { text: format!("{MARK}: an event of kind {}", event.body.name()) },
        })
    }

    fn marked_text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for span in self.spans(text) {
            out.push_str(&text[at..span.range.start]);
            out.push_str(&span.with);
            at = span.range.end;
        }
        out.push_str(&text[at..]);
        out
    }

    /// Everything to be replaced, in order and without overlap. Where rules overlap, the secret wins over the mask, and
    /// the earlier over the later.
    fn spans(&self, text: &str) -> Vec<Span> {
        let mut spans = shapes::private_keys(text);
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            let mut found = lines::secrets(content);
            found.extend(shapes::secrets(content));
            if self.options.mask_addresses {
                found.extend(address::ethernet(content));
                found.extend(address::in_ipv6(content));
                found.extend(self.written_together(content));
            }
            if self.options.mask_serials {
                found.extend(address::serials(content));
            }
            spans.extend(
                found
                    .into_iter()
                    .map(|span| Span { range: span.range.start + offset..span.range.end + offset, ..span }),
            );
            offset += line.len();
        }
        spans.retain(|span| !span.range.is_empty() && &text[span.range.clone()] != MARK);
        spans.sort_by_key(|span| (span.range.start, span.with != MARK));
        let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match merged.last_mut() {
                Some(last) if span.range.start < last.range.end => {
                    if span.range.end > last.range.end {
                        last.range.end = span.range.end;
                        last.learn = false;
                        last.with = MARK.into();
                    } else if span.with == MARK {
                        last.with = MARK.into();
                    }
                }
                _ => merged.push(span),
            }
        }
        merged
    }

    /// Addresses that are known from elsewhere, written without anything between their digits.
    fn written_together(&self, line: &str) -> Vec<Span> {
        if self.addresses.is_empty() {
            return Vec::new();
        }
        let lower = line.to_ascii_lowercase();
        let places = self.addresses.iter().flat_map(|address| lower.match_indices(address.as_str()));
        places
            .map(|(at, address)| {
                let range = at + address.len() / 2..at + address.len();
                Span { with: "x".repeat(range.len()), range, learn: false }
            })
            .collect()
    }

    fn without_literals(&self, text: &str) -> String {
        let mut out = text.to_owned();
        // From the longest to the shortest, so that no part of one is left over by another.
        let mut secrets: Vec<_> = self.secrets.iter().collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in secrets {
            if out.contains(secret.as_str()) {
                out = out.replace(secret.as_str(), MARK);
            }
        }
        if self.options.mask_serials {
            for serial in &self.serials {
                if out.contains(serial.as_str()) {
                    out = out.replace(serial.as_str(), &address::mask_serial(serial));
                }
            }
        }
        out
    }

    /// Short or everyday words are removed only where a name marks them: removing "password" everywhere would tell more
    /// than it hides.
    fn learn_secret(&mut self, secret: &str) {
        let secret = secret.trim();
        let length = secret.chars().count();
        let everyday = length < 10 && secret.chars().all(|c| c.is_ascii_lowercase());
        if (8..=256).contains(&length)
            && !everyday
            && !secret.contains(MARK)
            && !is_secret_key(secret)
            && self.secrets.len() < MAX_LITERALS
        {
            self.secrets.insert(secret.to_owned());
        }
    }

    fn learn_serial(&mut self, serial: &str) {
        let serial = serial.trim();
        if (6..=64).contains(&serial.chars().count())
            && serial.chars().any(|c| c.is_ascii_digit())
            && self.serials.len() < MAX_LITERALS
        {
            self.serials.insert(serial.to_owned());
        }
    }
}

#[cfg(test)]
mod tests;
