//! Ethernet addresses and serial numbers, hidden in part: who made a unit is evidence, which one it is may be private.

use std::ops::Range;

use super::Span;
use super::keys::{is_address_key, is_serial_key};
use super::lines::settings;

/// Ethernet addresses: six groups of two hex digits, or seven or eight where a type stands before.
pub(super) fn ethernet(line: &str) -> Vec<Span> {
    let bytes = line.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let run = run_of_groups(bytes, at);
        if (17..=23).contains(&run.len()) {
            let half = run.end - 8..run.end;
            spans.push(Span { with: hide_hex(&line[half.clone()]), range: half, learn: false });
        }
        at = run.end.max(at + 1);
    }
    for setting in settings(line, is_address_key) {
        let value = &line[setting.value.clone()];
        if value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let half = setting.value.start + 6..setting.value.end;
            spans.push(Span { with: hide_hex(&line[half.clone()]), range: half, learn: false });
        }
    }
    spans
}

/// The addresses that stand in a line, as twelve lower-case digits each.
pub(super) fn addresses(line: &str) -> impl Iterator<Item = String> {
    ethernet(line).into_iter().filter_map(|span| {
        // The first half stands before the one that is masked: as much again, and a separator.
        let start = span.range.start.checked_sub(span.range.len() + usize::from(span.range.len() > 6))?;
        let digits = line.get(start..span.range.end)?.chars().filter(char::is_ascii_hexdigit);
        let digits: String = digits.flat_map(char::to_lowercase).collect();
        (digits.len() == 12).then_some(digits)
    })
}

/// The host's half of IPv6 addresses that are made from an Ethernet address (RFC 4291, appendix A): what follows `ff:fe`.
pub(super) fn in_ipv6(line: &str) -> Vec<Span> {
    const MIDDLE: &str = "ff:fe";

    let bytes = line.as_bytes();
    let digits = |from: usize, most: usize| {
        bytes[from..].iter().take(most).take_while(|byte| byte.is_ascii_hexdigit()).count()
    };
    let lower = line.to_ascii_lowercase();
    let found = lower.match_indices(MIDDLE).filter_map(|(at, _)| {
        let start = at + MIDDLE.len();
        let first = digits(start, 3);
        let colon = start + first;
        let last = if bytes.get(colon) == Some(&b':') { digits(colon + 1, 5) } else { 0 };
        if first != 2 || !(1..=4).contains(&last) {
            return None;
        }
        let range = start..colon + 1 + last;
        Some(Span { with: hide_hex(&line[range.clone()]), range, learn: false })
    });
    found.collect()
}

/// Serial numbers that are named as such.
pub(super) fn serials(line: &str) -> Vec<Span> {
    settings(line, is_serial_key)
        .into_iter()
        .filter(|setting| looks_like_serial(&line[setting.value.clone()]))
        .map(|setting| {
            let with = mask_serial(&line[setting.value.clone()]);
            Span { range: setting.value, with, learn: false }
        })
        .collect()
}

/// An Ethernet address without its second half, however it is written.
pub(super) fn mask_address(text: &str) -> String {
    let digits = text.chars().filter(char::is_ascii_hexdigit).count();
    let mut seen = 0;
    let hide = |c: char| {
        if !c.is_ascii_hexdigit() {
            return c;
        }
        seen += 1;
        if seen > digits / 2 { 'x' } else { c }
    };
    text.chars().map(hide).collect()
}

/// A serial number without its middle.
pub(super) fn mask_serial(serial: &str) -> String {
    let count = serial.chars().count();
    let (head, tail) = if count >= 8 { (2, 2) } else { (0, 1) };
    let hide = |(at, c)| if at < head || at + tail >= count { c } else { '*' };
    serial.chars().enumerate().map(hide).collect()
}

/// Words such as "unknown" are evidence; numbers of a few digits are too common.
fn looks_like_serial(value: &str) -> bool {
    (6..=64).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && value.bytes().any(|byte| byte.is_ascii_digit())
}

/// The longest run of two-digit groups with one separator from here on; empty when there is none or it is a part of
/// a longer word.
fn run_of_groups(bytes: &[u8], start: usize) -> Range<usize> {
    let group = |at: usize| bytes.len() >= at + 2 && bytes[at..at + 2].iter().all(u8::is_ascii_hexdigit);
    let inside =
        start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || matches!(bytes[start - 1], b':' | b'-'));
    if inside || !group(start) {
        return start..start;
    }
    let mut end = start + 2;
    let separator = bytes.get(end).copied().filter(|byte| matches!(byte, b':' | b'-'));
    while separator.is_some() && bytes.get(end).copied() == separator && group(end + 1) {
        end += 3;
    }
    let goes_on = bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric());
    if goes_on { start..start } else { start..end }
}

fn hide_hex(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect()
}
