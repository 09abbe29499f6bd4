//! Secrets that are known by their shape, wherever they stand.

use std::ops::Range;

use super::Span;
use super::keys::is_secret_key;

/// A private key has at most so many lines.
const MAX_KEY_LINES: usize = 400;

/// What is in a Wi-Fi code before the password has at most so many bytes.
const MAX_CODE: usize = 300;

/// Beginnings of tokens of well-known services, and how many characters follow at least.
const TOKENS: [(&str, usize); 8] = [
    ("ghp_", 20),
    ("gho_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxb-", 16),
    ("xoxp-", 16),
    ("AKIA", 16),
    ("eyJ", 20),
];

/// Private keys in PEM form, also where a log begins or ends in the middle of one.
pub(super) fn private_keys(text: &str) -> Vec<Span> {
    let lines: Vec<(usize, &str)> = text
        .split_inclusive('\n')
        .scan(0, |offset, line| {
            let start = *offset;
            *offset += line.len();
            Some((start, line.trim_end_matches(['\n', '\r'])))
        })
        .collect();
    let mut spans = Vec::new();
    let mut index = 0;
    while index < lines.len() {
        let (start, line) = lines[index];
        if let Some(begin) = boundary(line, "-----BEGIN ") {
            let (last, end) = key_end(&lines, index, begin);
            spans.push(Span::secret(start + begin..end, false));
            index = last;
        } else if boundary(line, "-----END ").is_some() {
            spans.extend(beheaded_key(&lines, index));
        }
        index += 1;
    }
    spans
}

/// Secrets in a line, by their shape.
pub(super) fn secrets(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    spans.extend(tokens(line));
    spans.extend(password_hashes(line));
    spans.extend(passwords_in_addresses(line));
    spans.extend(wifi_codes(line));
    spans.extend(passphrase_command(line));
    spans.extend(key_dump(line));
    spans
}

/// Where a PEM boundary of a private key begins in the line.
fn boundary(line: &str, word: &str) -> Option<usize> {
    let at = line.find(word)?;
    line[at..].contains("PRIVATE KEY").then_some(at)
}

/// The line and the offset in the text where the key that begins in line `first` ends.
fn key_end(lines: &[(usize, &str)], first: usize, begin: usize) -> (usize, usize) {
    const MARK: &str = "-----END ";

    for (index, (start, line)) in lines.iter().enumerate().skip(first).take(MAX_KEY_LINES) {
        let from = if index == first { begin + 1 } else { 0 };
        if let Some(at) = line[from..].find(MARK) {
            let name = from + at + MARK.len();
            let end = line[name..].find("-----").map_or(line.len(), |length| name + length + 5);
            return (index, start + end);
        }
    }
    let rest = lines.iter().enumerate().skip(first + 1).take(MAX_KEY_LINES);
    let last = rest.take_while(|(_, (_, line))| is_key_text(line)).last().map_or(first, |(index, _)| index);
    (last, lines[last].0 + lines[last].1.len())
}

/// The key whose end is in line `last` and whose beginning is lost.
fn beheaded_key(lines: &[(usize, &str)], last: usize) -> Option<Span> {
    let before = lines[..last].iter().rev().take(MAX_KEY_LINES);
    let count = before.take_while(|(_, line)| !line.trim().is_empty() && is_key_text(line)).count();
    (count > 0).then(|| Span::secret(lines[last - count].0..lines[last].0 + lines[last].1.len(), false))
}

fn is_key_text(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("Proc-Type:")
        || line.starts_with("DEK-Info:")
        || line.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

fn tokens(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    for (prefix, least) in TOKENS {
        let mut seen = 0;
        for (start, _) in line.match_indices(prefix) {
            if start < seen {
                continue;
            }
            let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
            let inside = start > 0 && line.as_bytes()[start - 1].is_ascii_alphanumeric();
            let length = line.as_bytes()[start..].iter().take_while(|byte| word(**byte)).count();
            let whole = &line[start..start + length];
            seen = start + length;
            // A JSON Web Token has three parts.
            let shaped = prefix != "eyJ" || whole.matches('.').count() == 2;
            if !inside && shaped && length >= prefix.len() + least {
                spans.push(Span::secret(start..start + length, true));
            }
        }
    }
    spans
}

/// `$1$salt$hash` and its relatives, as in a shadow file.
fn password_hashes(line: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (start, _) in line.match_indices('$') {
        if spans.last().is_some_and(|span| start < span.range.end) {
            continue;
        }
        let rest = &line.as_bytes()[start + 1..];
        let id = rest.iter().take(10).take_while(|byte| byte.is_ascii_alphanumeric()).count();
        if id == 0 || rest.get(id) != Some(&b'$') {
            continue;
        }
        let hash = |byte: &&u8| {
            byte.is_ascii_alphanumeric() || matches!(**byte, b'.' | b'/' | b'$' | b'=' | b',' | b'+' | b'-')
        };
        let length = rest[id + 1..].iter().take_while(hash).count();
        if length >= 16 {
            spans.push(Span::secret(start..start + 1 + id + 1 + length, true));
        }
    }
    spans
}

/// `scheme://user:password@host`.
fn passwords_in_addresses(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    for (at, _) in line.match_indices("://") {
        let start = at + 3;
        let end =
            line[start..].find(['/', ' ', '\t', '"', '\'', '<', '>', '?']).map_or(line.len(), |n| start + n);
        let Some(host) = line[start..end].rfind('@') else { continue };
        if let Some(colon) = line[start..start + host].find(':') {
            spans.push(Span::secret(start + colon + 1..start + host, true));
        }
    }
    spans
}

/// `WIFI:T:WPA;S:name;P:password;;`, as in a QR code on a label.
fn wifi_codes(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    for (at, _) in line.match_indices("WIFI:") {
        let bytes = line.as_bytes();
        let mut code = bytes[at + 4..].windows(3).take(MAX_CODE).enumerate();
        let Some(field) = code.position(|(at, part)| part == b";P:" || (at == 0 && part == b":P:")) else {
            continue;
        };
        let start = at + 4 + field + 3;
        let mut end = start;
        while end < bytes.len() && bytes[end] != b';' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let end =
            (end.min(line.len())..=line.len()).find(|end| line.is_char_boundary(*end)).unwrap_or(line.len());
        spans.push(Span::secret(start..end, true));
    }
    spans
}

/// `wpa_passphrase NAME PASSPHRASE`.
fn passphrase_command(line: &str) -> Option<Span> {
    const COMMAND: &str = "wpa_passphrase ";

    let at = line.find(COMMAND)? + COMMAND.len();
    let (name, passphrase) = line[at..].trim_end().split_once(' ')?;
    (!name.contains('='))
        .then(|| Span::secret(line.trim_end().len() - passphrase.len()..line.trim_end().len(), true))
}

/// `PSK - hexdump(len=32): 01 02 …`.
fn key_dump(line: &str) -> Option<Span> {
    let dump = line.find("hexdump")?;
    let names = line[..dump].split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let secret = names.filter(|name| !name.is_empty()).any(is_secret_key);
    let colon = dump + line[dump..].find(':')?;
    let range: Range<usize> = colon + 1..line.len();
    secret.then(|| {
        Span::secret(range.start + usize::from(line[range.start..].starts_with(' '))..range.end, false)
    })
}
