//! What a log says about which device it comes from.
//!
//! One pass finds the words that such lines begin with; only their lines are looked at, so that a log of any size costs
//! little more than reading it. Every observation says which witness it is from: lines that the same part of the unit
//! wrote are one witness, however many they are. The words are those that Linux (`setup_machine_fdt`, `show_regs`),
//! U-Boot (`show_board_info`), Android (`getprop`, `fastboot getvar`), OpenWrt (`ubus call system board`), esptool,
//! avrdude, mtkclient and `lsusb` print.

mod rules;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};
use debrick_model::{Observation, Property, Sighting};

use crate::text::{clean, strip_stamps};
use rules::{RULES, Rule, Take};

/// The longest part of a line that is looked at, in bytes.
const LONGEST_LINE: usize = 1024;

/// The longest value that is believed, in characters.
const LONGEST_VALUE: usize = 100;

/// The most observations of one log.
const MOST: usize = 200;

/// How many lines a bootloader's own words go on after its banner.
const BOOTLOADER_LINES: u64 = 400;

static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasickBuilder::new().ascii_case_insensitive(true).build(RULES.iter().map(|rule| rule.word)).ok()
});

/// What a log says about the device, each claim once, with the first line that makes it.
///
/// `input` names the log. `ready_texts` are the texts that systems of known devices print once they run; a line that
/// begins with one is an observation, too. The log may hold any bytes.
pub fn observe(input: &str, log: &[u8], ready_texts: &[String]) -> Vec<Sighting> {
    let mut log = Log { input, bytes: log, line: 1, counted: 0, bootloader_since: None };
    let mut found = Found::default();
    let Some(words) = WORDS.as_ref() else { return Vec::new() };
    let mut last: Option<(usize, usize)> = None;
    for hit in words.find_overlapping_iter(log.bytes) {
        let rule_number = hit.pattern().as_usize();
        let Some(rule) = RULES.get(rule_number) else { continue };
        let start = log.start_of_line(hit.start());
        // A word that stands twice in a line is looked at once: its rule takes the first.
        if last == Some((start, rule_number)) {
            continue;
        }
        last = Some((start, rule_number));
        let line = log.line_at(hit.start());
        let raw = String::from_utf8_lossy(log.rest_of_line(start));
        let cleaned = clean(&raw);
        let text = strip_stamps(&cleaned);
        match rule.take {
            Take::BootloaderBegins => log.bootloader_since = Some(line),
            Take::KernelBegins => log.bootloader_since = None,
            _ => {
                let in_bootloader =
                    log.bootloader_since.is_some_and(|since| line.saturating_sub(since) < BOOTLOADER_LINES);
                for (value, witness) in rules::values(rule, text, in_bootloader) {
                    found.add(rule, input, line, &value, witness);
                }
            }
        }
        if found.all.len() >= MOST {
            break;
        }
    }
    found.add_ready_texts(&mut log, ready_texts);
    found.all
}

/// A log, and how far its lines are counted.
struct Log<'a> {
    input: &'a str,
    bytes: &'a [u8],
    line: u64,
    counted: usize,
    /// The line of the last banner of a bootloader, unless a kernel has started since.
    bootloader_since: Option<u64>,
}

impl Log<'_> {
    /// The number of the line that this byte stands in. Hits come in order, so that each byte is counted once.
    fn line_at(&mut self, at: usize) -> u64 {
        if at > self.counted {
            let more = self.bytes[self.counted..at].iter().filter(|byte| **byte == b'\n').count();
            self.line += more as u64;
            self.counted = at;
        }
        self.line
    }

    fn start_of_line(&self, at: usize) -> usize {
        let least = at.saturating_sub(LONGEST_LINE);
        self.bytes[least..at].iter().rposition(|byte| *byte == b'\n').map_or(least, |index| least + index + 1)
    }

    fn rest_of_line(&self, start: usize) -> &[u8] {
        let rest = &self.bytes[start..self.bytes.len().min(start + 2 * LONGEST_LINE)];
        &rest[..rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())]
    }
}

#[derive(Default)]
struct Found {
    all: Vec<Sighting>,
    seen: BTreeSet<(Property, String, &'static str)>,
}

impl Found {
    fn add(&mut self, rule: &Rule, input: &str, line: u64, value: &str, witness: &'static str) {
        let value = value.trim().trim_end_matches(['.', ',', ';']).trim_matches(['"', '\'', '[', ']']).trim();
        if self.all.len() >= MOST || !is_plausible(value) {
            return;
        }
        if self.seen.insert((rule.property, value.to_lowercase(), witness)) {
            self.push(rule.property, value, rule.source, witness, input, line);
        }
    }

    fn push(&mut self, property: Property, value: &str, source: &str, witness: &str, input: &str, line: u64) {
        let observation = Observation {
            property,
            value: value.to_owned(),
            source: source.to_owned(),
            witness: witness.to_owned(),
        };
        self.all.push(Sighting { observation, input: input.to_owned(), line: Some(line) });
    }

    /// Looks for the lines that begin with what a system prints once it runs.
    fn add_ready_texts(&mut self, log: &mut Log<'_>, ready_texts: &[String]) {
        let texts: Vec<&String> = ready_texts.iter().filter(|text| text.trim().len() >= 8).collect();
        let Ok(finder) = AhoCorasick::new(texts.iter().map(|text| text.as_bytes())) else { return };
        (log.line, log.counted) = (1, 0);
        for hit in finder.find_iter(log.bytes).take(MOST) {
            let text = texts[hit.pattern().as_usize()];
            let line = log.line_at(hit.start());
            let before = &log.bytes[log.start_of_line(hit.start())..hit.start()];
            let is_start = before.iter().all(|byte| byte.is_ascii_whitespace());
            if is_start && self.seen.insert((Property::ReadyText, text.to_lowercase(), "firmware")) {
                let input = log.input.to_owned();
                self.push(
                    Property::ReadyText,
                    text,
                    "what the system prints once it runs",
                    "firmware",
                    &input,
                    line,
                );
            }
        }
    }
}

/// Whether a value says anything: letters that can be read, and not blotted out.
fn is_plausible(value: &str) -> bool {
    let letters = value.chars().filter(|symbol| symbol.is_alphanumeric()).count();
    let is_blotted = value.chars().all(|symbol| matches!(symbol, 'x' | 'X' | '*' | ':' | '-' | '0' | ' '));
    let is_readable =
        !value.chars().any(|symbol| symbol.is_control() || symbol == char::REPLACEMENT_CHARACTER);
    letters >= 2 && !is_blotted && is_readable && value.chars().count() <= LONGEST_VALUE
}

#[cfg(test)]
mod tests;
