//! What a log says about which device it comes from.
//!
//! One pass finds the words that such lines begin with; only their lines are looked at, so that a log of any size costs
//! little more than reading it. Every observation says which witness it is from: lines that the same part of the unit
//! wrote are one witness, however many they are. The words are those that Linux (`setup_machine_fdt`, `show_regs`),
//! U-Boot (`show_board_info`), Android (`getprop`, `fastboot getvar`), OpenWrt (`ubus call system board`), esptool,
//! avrdude, mtkclient and `lsusb` print.

mod rules;
mod take;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use debrick_model::{Observation, Property, Sighting};

use crate::text::{clean, strip_stamps};
use rules::{RULES, Rule};
use take::{Speaker, Take};

/// The longest part of a line that is looked at, in bytes.
const LONGEST_LINE: usize = 1024;

/// The longest value that is believed, in characters.
const LONGEST_VALUE: usize = 100;

/// The most observations of one log.
const MOST: usize = 200;

/// The most lines that are looked at for one word.
const MOST_LOOKS: usize = 5_000;

/// How many lines a bootloader's own words go on after its banner.
const BOOTLOADER_LINES: u64 = 400;

static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasickBuilder::new().ascii_case_insensitive(true).build(RULES.iter().map(|rule| rule.word)).ok()
});

/// What a log says about the device, each claim once, with the first line that makes it.
///
/// `input` names the log. `ready_texts` are the texts that systems of known devices print once they run; a line that
/// begins with one is an observation, too. The log may hold any bytes. Of a word that fills a log, the first few thousand
/// lines are looked at.
pub fn observe(input: &str, log: &[u8], ready_texts: &[String]) -> Vec<Sighting> {
    let mut log = Log { input, bytes: log, line: 1, counted: 0 };
    let mut found = Found::default();
    let Some(words) = WORDS.as_ref() else { return Vec::new() };
    let mut speaking = Speaking::default();
    let mut looked = vec![0_usize; RULES.len()];
    let mut last: Option<(usize, usize)> = None;
    for hit in words.find_overlapping_iter(log.bytes) {
        let number = hit.pattern().as_usize();
        let Some(rule) = RULES.get(number) else { continue };
        if looked[number] >= MOST_LOOKS {
            continue;
        }
        let start = log.start_of_line(hit.start());
        // A word that stands twice in a line is looked at once: its rule takes the first.
        if last == Some((start, number)) {
            continue;
        }
        last = Some((start, number));
        looked[number] += 1;
        let line = log.line_at(hit.start());
        match rule.take {
            Take::BootloaderBegins => speaking.begins(Speaker::Bootloader, line),
            Take::KernelBegins => speaking.begins(Speaker::Kernel, line),
            Take::OneDeviceTree => found.has_one_device_tree = true,
            _ => {
                let raw = log.line_from(start);
                let (text, next) = (readable(raw), readable(log.line_after(start + raw.len())));
                for (value, property, witness) in take::claims(rule, &text, &next, speaking.at(line)) {
                    found.add(rule, (property, witness), input, line, &value);
                }
            }
        }
        if found.all.len() >= MOST {
            break;
        }
    }
    found.add_ready_texts(&mut log, ready_texts);
    found.finish()
}

/// A line as a person reads it.
fn readable(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let cleaned = clean(&text);
    strip_stamps(&cleaned).to_owned()
}

/// Who speaks, as far as the log has been read.
#[derive(Debug, Default)]
struct Speaking(Option<(Speaker, u64)>);

impl Speaking {
    fn begins(&mut self, speaker: Speaker, line: u64) {
        self.0 = Some((speaker, line));
    }

    fn at(&self, line: u64) -> Speaker {
        match self.0 {
            Some((Speaker::Bootloader, since)) if line.saturating_sub(since) >= BOOTLOADER_LINES => {
                Speaker::Nobody
            }
            Some((speaker, _)) => speaker,
            None => Speaker::Nobody,
        }
    }
}

/// A log, and how far its lines are counted.
struct Log<'a> {
    input: &'a str,
    bytes: &'a [u8],
    line: u64,
    counted: usize,
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

    /// Where the line begins that this byte stands in. A carriage return begins a line, too: progress is printed so.
    fn start_of_line(&self, at: usize) -> usize {
        let least = at.saturating_sub(LONGEST_LINE);
        self.bytes[least..at].iter().rposition(is_end).map_or(least, |index| least + index + 1)
    }

    /// The line after the one that ends here.
    fn line_after(&self, end: usize) -> &[u8] {
        let is_crlf = self.bytes.get(end..end.saturating_add(2)) == Some(b"\r\n");
        self.line_from(end.saturating_add(if is_crlf { 2 } else { 1 }))
    }

    /// The line that begins here, without its end.
    fn line_from(&self, start: usize) -> &[u8] {
        let end = self.bytes.len().min(start.saturating_add(2 * LONGEST_LINE));
        let rest = self.bytes.get(start..end).unwrap_or_default();
        &rest[..rest.iter().position(is_end).unwrap_or(rest.len())]
    }
}

fn is_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[derive(Default)]
struct Found {
    all: Vec<Sighting>,
    seen: BTreeSet<(Property, String, &'static str)>,
    has_one_device_tree: bool,
}

impl Found {
    /// Who speaks of what is [`take::claims`]'s to say.
    fn add(
        &mut self,
        rule: &Rule,
        (property, witness): (Property, &'static str),
        input: &str,
        line: u64,
        value: &str,
    ) {
        let value = value.trim().trim_end_matches(['.', ',', ';']).trim_matches(['"', '\'', '[', ']']).trim();
        if self.all.len() >= MOST || !is_plausible(value) {
            return;
        }
        if self.seen.insert((property, value.to_lowercase(), witness)) {
            self.push(property, value, rule.source, witness, input, line);
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

    /// What was found. A kernel that was given the bootloader's own device tree repeats the bootloader.
    fn finish(mut self) -> Vec<Sighting> {
        if self.has_one_device_tree {
            for seen in &mut self.all {
                if seen.observation.source == rules::DEVICE_TREE {
                    seen.observation.witness = rules::BOOTLOADER.to_owned();
                }
            }
        }
        self.all
    }

    /// Looks for the lines that begin with what a system prints once it runs.
    fn add_ready_texts(&mut self, log: &mut Log<'_>, ready_texts: &[String]) {
        let texts: Vec<&String> = ready_texts.iter().filter(|text| text.trim().len() >= 8).collect();
        // `READY R1 ` begins like `READY R1 X `: the longest counts.
        let kind = MatchKind::LeftmostLongest;
        let finder =
            AhoCorasickBuilder::new().match_kind(kind).build(texts.iter().map(|text| text.as_bytes()));
        let Ok(finder) = finder else { return };
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
