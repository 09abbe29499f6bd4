//! From raw text to clean, numbered lines.
//!
//! Consoles add colours, carriage returns, backspaces of countdowns, time stamps of the recorder; mails add `>`. All of
//! that is taken off, so that rules see what the unit said.

mod speakers;

use std::borrow::Cow;
use std::collections::VecDeque;

use debrick_model::EvidenceKind;

use crate::case::Evidence;
use crate::matcher::{MATCHER, Pattern, Scratch};
use crate::rules::noise;
use speakers::{Rom, is_application_line, is_ellipsis, is_prompt, is_question};

pub(crate) use speakers::{boot_loader_prompt, shell_prompt, typed_command};

/// Longer lines are looked at in pieces of this many bytes.
const MAX_LINE: usize = 4096;

/// How many lines that say something are kept of the beginning of a text, and how many of its end. A text with more of
/// them repeats itself.
const MAX_KEPT: usize = 8192;

/// The longest part of a line that is kept, in bytes.
const MAX_TEXT: usize = 600;

/// So many lines are passed over at most on the way to a place in a text.
const MARKED: usize = 256;

/// A log shorter than this is not called garbage.
const MIN_GARBAGE: usize = 24;

/// The part of unreadable characters from which a log is garbage.
const GARBAGE_PART: f64 = 0.2;

/// Where a line stands: which evidence, which line (from 1). Ordered as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) evidence: usize,
    pub(crate) line: u64,
}

/// A line that some pattern matches, or that looks like a prompt.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) place: Place,
    /// Clean text.
    pub(crate) text: String,
    /// The patterns that match, each once.
    pub(crate) patterns: Vec<Pattern>,
    /// It looks like trouble and is none.
    pub(crate) is_noise: bool,
    /// The seconds of its time stamp, where it has that of a Linux kernel.
    pub(crate) kernel_seconds: Option<u64>,
    /// An application of a microcontroller wrote it.
    pub(crate) is_applications: bool,
}

/// All evidence, read once.
pub(crate) struct Reading<'a> {
    pub(crate) evidence: &'a [Evidence],
    /// The lines that say something.
    pub(crate) lines: Vec<Line>,
    /// What is known of each evidence as a whole.
    pub(crate) shapes: Vec<Shape>,
    /// For each pattern, where in `lines` it is found.
    found: Vec<Vec<u32>>,
    /// For each evidence, the byte at which every [`MARKED`]th line begins.
    marks: Vec<Vec<usize>>,
}

/// A text as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Number of lines.
    pub(crate) lines: u64,
    /// Characters that are not white space.
    pub(crate) visible: usize,
    /// Characters that no console prints.
    pub(crate) unreadable: usize,
    /// Lines with the time stamp of a Linux kernel.
    pub(crate) kernel_lines: u64,
    /// The highest of those time stamps, in seconds.
    pub(crate) kernel_seconds: u64,
    /// The last of those lines.
    pub(crate) last_kernel_line: u64,
    /// Lines of the kernel as the log of a running system keeps them.
    pub(crate) system_lines: u64,
    /// Its last line says that something was left out behind it.
    pub(crate) is_cut: bool,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(evidence: &'a [Evidence]) -> Self {
        let (lines, shapes, found, marks) = Default::default();
        let mut reading = Self { evidence, lines, shapes, found, marks };
        for (index, item) in evidence.iter().enumerate() {
            let shape = reading.read(index, item);
            reading.shapes.push(shape);
        }
        reading.found.resize(MATCHER.count(), Vec::new());
        for (index, line) in reading.lines.iter().enumerate() {
            for pattern in &line.patterns {
                if let Some(places) = reading.found.get_mut(pattern.index()) {
                    places.push(index as u32);
                }
            }
        }
        reading
    }

    fn read(&mut self, evidence: usize, item: &Evidence) -> Shape {
        let mut shape = Shape::default();
        let mut patterns = Vec::new();
        let mut scratch = Scratch::default();
        let first = self.lines.len();
        let mut end: VecDeque<Line> = VecDeque::new();
        let mut is_running = false;
        let mut is_answer = false;
        let mut rom = Rom::default();
        let mut marks = Vec::new();
        let mut begins = 0;
        for (index, raw) in item.text.split('\n').enumerate() {
            let line = index as u64 + 1;
            shape.lines = line;
            if index % MARKED == 0 {
                marks.push(begins);
            }
            begins += raw.len() + 1;
            for piece in pieces(raw) {
                shape.count(piece);
                shape.system_lines += u64::from(is_system_line(piece));
                let stamp = kernel_stamp(piece);
                if let Some(seconds) = stamp {
                    shape.kernel_lines += 1;
                    shape.last_kernel_line = line;
                    shape.kernel_seconds = shape.kernel_seconds.max(seconds);
                }
                let cleaned = clean(piece);
                let text = strip_stamps(&cleaned);
                if !text.is_empty() {
                    shape.is_cut = is_ellipsis(text);
                }
                MATCHER.matches(text, &mut scratch, &mut patterns);
                let is_applications = rom.has_handed_over_to(text) || is_application_line(text);
                // Of an application's lines that mean nothing the first shows that it runs.
                let starts_to_run = is_applications && !is_running;
                if patterns.is_empty() && !starts_to_run && !is_prompt(text) {
                    continue;
                }
                let is_typed = boot_loader_prompt(text);
                if is_typed {
                    is_answer = is_question(text);
                }
                is_running = is_applications;
                let kept = Line {
                    place: Place { evidence, line },
                    text: beginning(text).to_owned(),
                    patterns: patterns.clone(),
                    // A person says several things in one line.
                    is_noise: item.kind != EvidenceKind::Symptom
                        && ((is_answer && !is_typed)
                            || noise::is_noise(&patterns)
                            || (stamp.is_some() && noise::is_of_side_part(text))),
                    kernel_seconds: stamp,
                    is_applications,
                };
                if self.lines.len() - first < MAX_KEPT {
                    self.lines.push(kept);
                } else {
                    if end.len() == MAX_KEPT {
                        end.pop_front();
                    }
                    end.push_back(kept);
                }
            }
        }
        self.lines.extend(end);
        self.marks.push(marks);
        shape
    }

    /// The lines behind a place in its text, as they stand there.
    pub(crate) fn behind(&self, place: Place) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        let text = self.evidence.get(place.evidence).map_or("", |item| item.text.as_str());
        let line = usize::try_from(place.line).unwrap_or(usize::MAX);
        let marks = self.marks.get(place.evidence).map(Vec::as_slice).unwrap_or_default();
        let (mark, begins) = match marks.get(line / MARKED) {
            Some(begins) => (line / MARKED * MARKED, *begins),
            // No text has so many lines.
            None => (0, text.len()),
        };
        text.get(begins..).unwrap_or_default().lines().skip(line - mark)
    }

    /// The kind of the evidence that a place belongs to.
    pub(crate) fn kind(&self, place: Place) -> Option<EvidenceKind> {
        self.evidence.get(place.evidence).map(|item| item.kind)
    }

    /// Whether any line matches the pattern.
    pub(crate) fn has(&self, pattern: Pattern) -> bool {
        self.with(pattern).next().is_some()
    }

    /// The lines that match the pattern.
    pub(crate) fn with(&self, pattern: Pattern) -> impl DoubleEndedIterator<Item = &Line> + use<'_, 'a> {
        let places = self.found.get(pattern.index()).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|index| self.lines.get(*index as usize))
    }
}

impl Shape {
    fn count(&mut self, piece: &str) {
        let number = |is: fn(&u8) -> bool| piece.bytes().filter(is).count();
        // Nearly all lines are plain: letters, spaces, and white space that moves the carriage.
        if piece.is_ascii() && number(|byte| *byte < b' ') == number(|byte| matches!(*byte, b'\t' | b'\r')) {
            self.visible += number(|byte| *byte > b' ');
            self.unreadable += number(|byte| *byte == 0x7f);
            return;
        }
        for symbol in piece.chars().filter(|symbol| !symbol.is_whitespace()) {
            self.visible += 1;
            let escape = matches!(symbol, '\u{1b}' | '\u{8}' | '\u{7}');
            let odd = symbol.is_control() && !escape;
            if odd || symbol == char::REPLACEMENT_CHARACTER || ('\u{80}'..='\u{bf}').contains(&symbol) {
                self.unreadable += 1;
            }
        }
    }

    /// Whether the text is what a wrong line speed or a loose wire makes of words.
    pub(crate) fn is_garbage(&self) -> bool {
        self.visible >= MIN_GARBAGE && self.unreadable as f64 > GARBAGE_PART * self.visible as f64
    }

    /// Whether a running system wrote it, so that the unit got at least that far.
    pub(crate) fn is_system_log(&self) -> bool {
        self.system_lines > 0 && self.system_lines * 2 >= self.lines
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.visible == 0
    }
}

/// As much of a line as is kept.
fn beginning(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A line in pieces that are not too long, cut between characters.
fn pieces(mut line: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        if line.is_empty() {
            return None;
        }
        let mut end = line.len().min(MAX_LINE);
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, rest) = line.split_at(end);
        line = rest;
        Some(piece)
    })
}

/// The line without escape sequences and with its backspaces carried out.
pub(crate) fn clean(line: &str) -> Cow<'_, str> {
    let line = line.trim_end_matches('\r');
    // All bytes are looked at, since that is faster than to stop at the first.
    if !line.bytes().fold(false, |odd, byte| odd | (byte < 0x20 && byte != b'\t')) {
        return Cow::Borrowed(line);
    }
    let mut clean = String::with_capacity(line.len());
    let mut symbols = line.chars().peekable();
    while let Some(symbol) = symbols.next() {
        match symbol {
            '\u{1b}' => {
                if symbols.next_if_eq(&'[').is_some() {
                    // Parameters up to the letter that ends the sequence (ECMA-48, section 5.4).
                    while symbols.next().is_some_and(|symbol| !('@'..='~').contains(&symbol)) {}
                } else {
                    symbols.next();
                }
            }
            '\u{8}' => {
                clean.pop();
            }
            '\t' | '\r' => clean.push(' '),
            symbol if symbol.is_control() => {}
            symbol => clean.push(symbol),
        }
    }
    Cow::Owned(clean)
}

/// The line without quotation marks of mails, log levels and time stamps at its front.
pub(crate) fn strip_stamps(line: &str) -> &str {
    let mut text = line.trim();
    for _ in 0..4 {
        let unquoted = text.trim_start_matches('>').trim_start();
        let rest = strip_recorder(strip_bracketed(unquoted)).trim_start();
        if rest.len() == text.len() {
            break;
        }
        text = rest;
    }
    text
}

/// Takes off `[   12.345678]`, `[12:34:56]`, `<6>` and the like.
fn strip_bracketed(text: &str) -> &str {
    let close = match text.as_bytes().first() {
        Some(b'[') => ']',
        Some(b'<') => '>',
        // The first bracket was left out.
        Some(digit) if digit.is_ascii_digit() && kernel_stamp(text).is_some() => {
            return text.split_once(']').map_or(text, |(_, rest)| rest);
        }
        _ => return text,
    };
    let Some(end) = text.find(close).filter(|end| *end <= 32) else { return text };
    let inside = &text[1..end];
    let is_stamp = inside.contains(|symbol: char| symbol.is_ascii_digit())
        && inside.chars().all(|symbol| symbol.is_ascii_digit() || " .:-/,TZ@".contains(symbol));
    if is_stamp { &text[end + 1..] } else { text }
}

/// The seconds of `[   12.345678]` (Linux `kernel/printk/printk.c`, `print_time`) at the start of a line, or behind the
/// mark of a system log; some vendors put the processor behind it: `[   12.345678@0]`. Mails quote it, consoles show the
/// level before it (`<6>`), and who copies a log from its middle may leave out the first bracket.
fn kernel_stamp(line: &str) -> Option<u64> {
    let line = without_level(line.trim_start_matches(['>', ' ', '\t']));
    let line = match line.starts_with(['[', '1', '2', '3', '4', '5', '6', '7', '8', '9', '0']) {
        true => line,
        false => line.split_once("kernel: ").map_or(line, |(_, rest)| rest.trim_start()),
    };
    let (stamp, _) = line.strip_prefix('[').unwrap_or(line).split_once(']').filter(|_| is_stamped(line))?;
    let (seconds, micros) = stamp.trim_start().split_once('.')?;
    let micros = micros.split_once('@').map_or(micros, |(micros, _)| micros);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(micros) && micros.len() == 6).then(|| seconds.parse().ok()).flatten()
}

/// Whether a line may begin with a time stamp.
fn is_stamped(line: &str) -> bool {
    line.starts_with('[') || line.starts_with(|symbol: char| symbol.is_ascii_digit())
}

/// The line without the level that a console shows before the time: `<6>` (Linux `kernel/printk/printk.c`).
fn without_level(line: &str) -> &str {
    let behind = line.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    let is_level =
        |level: &str| (1..=2).contains(&level.len()) && level.bytes().all(|byte| byte.is_ascii_digit());
    behind.filter(|(level, _)| is_level(level)).map_or(line, |(_, rest)| rest)
}

/// What a kernel says in a line, without its time stamp; `None` where it has none.
pub(crate) fn kernel_message(line: &str) -> Option<&str> {
    kernel_stamp(line).map(|_| strip_stamps(line))
}

/// Takes off what monitors and system logs put in front: `17:03:28.609 -> `, `Jun 05 03:46:05 host kernel: `.
fn strip_recorder(text: &str) -> &str {
    if text.starts_with(|symbol: char| symbol.is_ascii_digit() || symbol == ':' || symbol == '.')
        && let Some((stamp, rest)) = text.split_once(" -> ")
        && (5..=13).contains(&stamp.len())
        && stamp.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte))
    {
        return rest;
    }
    if !is_dated(text) {
        return text;
    }
    match text.split_once(": ").filter(|(stamp, _)| stamp.len() <= 64 && stamp.contains(':')) {
        Some((_, rest)) => rest,
        None => text,
    }
}

/// Whether a line is the kernel's in the log of a system: `Jun 05 03:46:05 host kernel: text` (RFC 3164, section 4.1),
/// `Tue Jan 26 18:07:52 2021 kern.err kernel: text` (OpenWrt ubox `log/logread.c`).
fn is_system_line(line: &str) -> bool {
    let told = |mark: &str| line.find(mark).is_some_and(|at| at <= 64);
    is_dated(line) && (told(" kernel: ") || FACILITIES.iter().any(|facility| told(facility)))
}

/// Whether a line begins with a month or a day of the week.
fn is_dated(line: &str) -> bool {
    line.starts_with(|symbol: char| symbol.is_ascii_uppercase())
        && MONTHS.iter().chain(DAYS).any(|name| line.starts_with(name))
}

/// What `logread` writes of who speaks in a running system.
const FACILITIES: &[&str] = &[" daemon.", " authpriv.", " cron.", " kern."];

/// How `logread` writes days of the week.
const DAYS: &[&str] = &["Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "];

/// How `syslog` and `journalctl` write months (RFC 3164, section 4.1.2).
const MONTHS: &[&str] =
    &["Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ", "Aug ", "Sep ", "Oct ", "Nov ", "Dec "];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consoles_are_cleaned() {
        let check = |raw, expected| assert_eq!(strip_stamps(&clean(raw)), expected, "{raw:?}");
        check("\u{1b}[31mBad\u{1b}[0m Data CRC\r", "Bad Data CRC");
        check("autoboot:  2 \u{8}\u{8}\u{8} 1 \u{8}\u{8}\u{8} 0 ", "autoboot:  0");
        check("[    1.234567] Linux version 6.1", "Linux version 6.1");
        check(">>>>> Net:   MAC0", "Net:   MAC0");
        check("[12:34:56] <6>[  0.1] text", "text");
        check("  21.075149] text", "text");
        check("17:03:28.609 -> rst:0x1 (POWERON_RESET)", "rst:0x1 (POWERON_RESET)");
        check("Jun 05 03:46:05 pikvm kernel: Under-voltage detected!", "Under-voltage detected!");
        check("Tue Jan 26 18:07:52 2021 kern.err kernel: [    2.5] zswap: x", "zswap: x");
        check("May be wrong: text", "May be wrong: text");
        check("[ERR] Image", "[ERR] Image");
        check("=> iminfo", "=> iminfo");
        check("> ", "");
        check("\u{1b}[", "");
        check("", "");
    }

    #[test]
    fn kernels_are_told_by_their_stamps() {
        let check = |line, expected| assert_eq!(kernel_stamp(line), expected, "{line}");
        check("[    1.234567] text", Some(1));
        check("[71.457007] x", Some(71));
        check("[    3.017791] kernel: i8042 i8042: x", Some(3));
        check("[    4.942949@0] x", Some(4));
        check("> > [    4.942949] x", Some(4));
        check("<6>[    4.942949] x", Some(4));
        check("    4.942949] x", Some(4));
        check("Mon Jan 22 02:17:39 2024 kern.info kernel: [  304.096284] NETDEV", Some(304));
        for other in ["[12:34:56] x", "[ERR] x", "[1.23] x", "[    1.234567", "1.234567 x", "text", "[]", ""]
        {
            check(other, None);
        }
    }

    #[test]
    fn logs_of_systems_are_told_from_consoles() {
        for line in [
            "Jun 05 03:46:05 pikvm kernel: Under-voltage detected!",
            "Tue Jan 26 18:07:52 2021 kern.err kernel: [    2.5] zswap",
        ] {
            assert!(is_system_line(line), "{line}");
        }
        for line in ["[    1.2] text", "Sun is up", "Jun 05 03:46:05 host sshd[1]: text", "Monday kernel: x"]
        {
            assert!(!is_system_line(line), "{line}");
        }
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        let line = "é".repeat(5000);
        assert_eq!(pieces(&line).map(str::len).sum::<usize>(), line.len());
        assert!(pieces(&line).all(|piece| piece.len() <= MAX_LINE));
    }

    #[test]
    fn garbage_is_told_from_foreign_words() {
        let shape = |text: &str| {
            let mut shape = Shape::default();
            shape.count(text);
            shape
        };
        assert!(shape(&"\u{fffd}x\u{fffd}~".repeat(20)).is_garbage());
        assert!(!shape(&"ядро стартует 內核 Kernel".repeat(5)).is_garbage());
        assert!(!shape(&"plain text".repeat(5)).is_garbage());
        assert!(shape(" \t").is_silent());
    }
}
