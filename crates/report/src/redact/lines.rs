//! Settings inside a line of text: `name=value`, `name: value`, `"name": "value"`, `option name 'value'`,
//! `setenv name value`, `<name>value</name>`, `--name value`.

use std::ops::Range;

use super::Span;
use super::keys::{in_name, is_secret_key};

/// A name is at most this long, in bytes.
const MAX_NAME: usize = 128;

/// What may stand between a name and its colon, as in `password for admin:`, at most so long.
const MAX_REMARK: usize = 48;

/// A setting found in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
    /// Whether the form leaves no doubt that this is a setting and not prose.
    pub(super) formal: bool,
}

/// The values of secret settings.
pub(super) fn secrets(line: &str) -> Vec<Span> {
    settings(line, is_secret_key)
        .into_iter()
        .filter(|setting| !is_nothing(&line[setting.value.clone()]))
        .map(|setting| Span::secret(setting.value, setting.formal))
        .collect()
}

/// The settings whose names are `wanted`.
pub(super) fn settings(line: &str, wanted: impl Fn(&str) -> bool) -> Vec<Setting> {
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(name) = next_name(bytes, at) {
        at = name.end;
        if name.len() <= MAX_NAME
            && !preceded_by(bytes, name.start, b'/')
            && wanted(&line[name.clone()])
            && let Some((value, formal)) = value_of(line, &name)
        {
            at = value.end.max(at);
            found.push(Setting { name, value, formal });
        }
    }
    found
}

fn next_name(bytes: &[u8], from: usize) -> Option<Range<usize>> {
    let first = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let start = from + bytes[from..].iter().position(first)?;
    let end =
        bytes[start..].iter().position(|byte| !in_name(*byte)).map_or(bytes.len(), |length| start + length);
    // A full stop or a dash at the end belongs to the sentence.
    let trimmed = bytes[start..end].iter().rposition(|byte| !matches!(byte, b'.' | b'-'))?;
    Some(start..start + trimmed + 1)
}

/// The value that belongs to the name, and whether the form is a formal one.
fn value_of(line: &str, name: &Range<usize>) -> Option<(Range<usize>, bool)> {
    let bytes = line.as_bytes();
    let opened = quote_before(bytes, name.start);
    let mut at = name.end;
    let closed = opened.is_some_and(|quote| bytes[at..].starts_with(quote));
    if let (true, Some(quote)) = (closed, opened) {
        at += quote.len();
    }
    if bytes.get(at) == Some(&b'>') && preceded_by(bytes, name.start, b'<') {
        let end = line[at..].find('<').map_or(line.len(), |length| at + length);
        return Some((trim(line, at + 1..end.max(at + 1)), true));
    }
    let spaced = skip_spaces(bytes, at);
    let separator = separator(line, spaced, closed);
    if let Some((start, sign)) = separator {
        let start = skip_spaces(bytes, start);
        let stop = if closed { Stop::Member } else { Stop::Setting(opened) };
        let (range, quoted) = value_at(line, start, stop);
        return Some((range, sign == b'=' || quoted));
    }
    let word_before = word_before(bytes, name.start);
    if spaced > at && preceded_by(bytes, name.start, b'-') {
        return Some((value_at(line, spaced, Stop::Space).0, true));
    }
    match word_before {
        b"option" | b"list" if spaced > at => Some((value_at(line, spaced, Stop::Space).0, true)),
        b"setenv" | b"set" | b"env" if spaced > at => {
            Some((value_at(line, spaced, Stop::Setting(opened)).0, true))
        }
        _ => None,
    }
}

/// Where the value begins behind `=` or `:`, and which of them it is. Before a colon, a remark may stand.
fn separator(line: &str, at: usize, closed: bool) -> Option<(usize, u8)> {
    let bytes = line.as_bytes();
    match bytes.get(at)? {
        b'=' => {
            let more = bytes[at + 1..].iter().take_while(|byte| matches!(byte, b'=' | b'>')).count();
            Some((at + 1 + more, b'='))
        }
        b':' if bytes.get(at + 1) == Some(&b'=') => Some((at + 2, b'=')),
        b':' if matches!(bytes.get(at + 1), Some(b':' | b'/')) => None,
        b':' => Some((at + 1, b':')),
        b'(' if !closed => {
            let end = bytes[at..].iter().take(MAX_REMARK).position(|byte| *byte == b')')?;
            let next = skip_spaces(bytes, at + end + 1);
            matches!(bytes.get(next), Some(b':' | b'=')).then(|| (next + 1, bytes[next]))
        }
        b'f' | b'i' if !closed => {
            let rest = &line[at..];
            if let Some(said) = rest.strip_prefix("is ") {
                return Some((line.len() - said.len(), b':'));
            }
            rest.strip_prefix("for ")?;
            let end = bytes[at..].iter().take(MAX_REMARK).position(|byte| *byte == b':')?;
            Some((at + end + 1, b':'))
        }
        _ => None,
    }
}

/// Where a value without quotes ends.
#[derive(Debug, Clone, Copy)]
enum Stop<'a> {
    /// At white space.
    Space,
    /// At the end of a JSON member.
    Member,
    /// Where another `name=` begins, or at this quote; else at the end of the line. Passphrases may hold spaces.
    Setting(Option<&'a [u8]>),
}

/// The value that begins at `start`, and whether it is in quotes.
fn value_at(line: &str, start: usize, stop: Stop<'_>) -> (Range<usize>, bool) {
    let bytes = line.as_bytes();
    let rest = &bytes[start..];
    for quote in [&b"\\\""[..], b"\\'", b"\"", b"'"] {
        if rest.starts_with(quote) {
            let inside = start + quote.len();
            return (inside..closing_quote(bytes, inside, quote), true);
        }
    }
    if let Some(open @ (b'[' | b'{')) = rest.first()
        && !line[start..].starts_with(super::MARK)
    {
        return (start..closing_bracket(bytes, start, *open), true);
    }
    let end = match stop {
        Stop::Space => rest.iter().position(u8::is_ascii_whitespace),
        Stop::Member => {
            let mark = if line[start..].starts_with(super::MARK) { super::MARK.len() } else { 0 };
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t');
            rest[mark..].iter().position(ends).map(|length| mark + length)
        }
        Stop::Setting(quote) => (0..rest.len()).find(|at| {
            quote.is_some_and(|quote| rest[*at..].starts_with(quote)) || another_setting(rest, *at)
        }),
    };
    (trim(line, start..end.map_or(line.len(), |length| start + length)), false)
}

/// Whether a separator stands here and `name=` behind it.
fn another_setting(bytes: &[u8], at: usize) -> bool {
    let separates = |byte: &u8| matches!(byte, b' ' | b'\t' | b',' | b';' | b'&');
    if !separates(&bytes[at]) || (at > 0 && separates(&bytes[at - 1])) {
        return false;
    }
    let rest = &bytes[at..];
    let start = rest.iter().position(|byte| !separates(byte)).unwrap_or(rest.len());
    let name = rest[start..].iter().take(MAX_NAME).take_while(|byte| in_name(**byte)).count();
    name > 0 && rest.get(start + name) == Some(&b'=')
}

fn closing_quote(bytes: &[u8], from: usize, quote: &[u8]) -> usize {
    let mut at = from;
    while at < bytes.len() {
        if bytes[at..].starts_with(quote) {
            return at;
        }
        // Inside plain quotes, a backslash protects the next character.
        at += if quote.len() == 1 && bytes[at] == b'\\' { 2 } else { 1 };
    }
    bytes.len()
}

fn closing_bracket(bytes: &[u8], start: usize, open: u8) -> usize {
    let close = if open == b'[' { b']' } else { b'}' };
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        if *byte == open {
            depth += 1;
        } else if *byte == close {
            depth -= 1;
            if depth == 0 {
                return at + 1;
            }
        }
    }
    bytes.len()
}

/// The word before a name; only short ones are told apart.
fn word_before(bytes: &[u8], at: usize) -> &[u8] {
    let near = bytes[at.saturating_sub(12)..at].trim_ascii_end();
    near.rsplit(|byte| matches!(byte, b' ' | b'\t')).next().unwrap_or(near)
}

fn quote_before(bytes: &[u8], at: usize) -> Option<&'static [u8]> {
    let before = &bytes[..at];
    [&b"\\\""[..], b"\\'", b"\"", b"'"].into_iter().find(|quote| before.ends_with(quote))
}

fn preceded_by(bytes: &[u8], at: usize, byte: u8) -> bool {
    at > 0 && bytes[at - 1] == byte
}

fn skip_spaces(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

fn trim(line: &str, range: Range<usize>) -> Range<usize> {
    let text = &line[range.clone()];
    let start = range.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}

/// Values that say that there is none, or what is the matter with it.
fn is_nothing(value: &str) -> bool {
    matches!(
        value.trim_end_matches('.'),
        "" | "null"
            | "(null)"
            | "none"
            | "true"
            | "false"
            | "x"
            | "*"
            | "!"
            | "required"
            | "incorrect"
            | "wrong"
            | "invalid"
    )
}
