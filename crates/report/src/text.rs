//! Text from anywhere, made safe to show: nothing in it can move the cursor, hide, turn the reading direction, or become
//! markup.

use std::borrow::Cow;
use std::fmt::Write as _;

/// One line of text with everything that does not show made visible: control characters as their pictures (`␛`), others
/// as `⟨U+202E⟩`. Line ends and tabs become spaces.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c => push_visible(c, &mut out),
        }
    }
    Cow::Owned(out)
}

/// The lines of a log, each made visible; tabs stay. `\r\n` is a line end, a lone `\r` shows as `␍`.
pub fn visible_lines(text: &str) -> impl Iterator<Item = String> + '_ {
    text.lines().map(|line| {
        let mut out = String::with_capacity(line.len());
        for c in line.trim_end_matches('\r').chars() {
            match c {
                '\t' => out.push('\t'),
                c => push_visible(c, &mut out),
            }
        }
        out
    })
}

/// Text inside a paragraph, list item or table cell of Markdown (CommonMark with tables and automatic links), without
/// any effect of its own.
pub fn markdown(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        let starts = out.trim().is_empty();
        let special = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '@' | '$' => true,
            '#' | '-' | '+' | '=' => starts,
            // An ordered list; a link by its scheme or its `www.`.
            '.' | ')' => {
                let (before, behind) = (&text[..at], &text[at + 1..]);
                let list = before.trim().chars().all(|c| c.is_ascii_digit());
                (list && (behind.is_empty() || behind.starts_with(' ')))
                    || before.to_ascii_lowercase().ends_with("www")
            }
            ':' => text[at..].starts_with("://"),
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Lines as a Markdown code block whose fence is longer than any inside.
pub fn markdown_block(lines: &[String]) -> String {
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`').map(str::len)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", lines.join("\n"))
}

/// JSON text with every character escaped that a terminal or an editor would act upon. The values stay the same.
pub fn safe_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // Outside of strings, JSON has none of these but line ends and spaces.
        if c != '\n' && is_unsafe(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// A number of bytes for people: `64 B`, `448 KiB`, `7.6 MiB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    if count < 1024 {
        return format!("{count} B");
    }
    let mut unit = 0;
    let mut tenths = u128::from(count) * 10 / 1024;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    match tenths % 10 {
        0 => format!("{} {}", tenths / 10, UNITS[unit]),
        rest => format!("{}.{rest} {}", tenths / 10, UNITS[unit]),
    }
}

/// A stretch of time for people, from milliseconds: `0.4 s`, `43 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..10 => format!("{seconds}.{} s", ms % 1000 / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// The time since the session began, from milliseconds: `0:00:07.250`.
pub fn clock(ms: u64) -> String {
    let seconds = ms / 1000;
    format!("{}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, ms % 1000)
}

/// The first `limit` characters, with a mark when there were more.
pub fn shortened(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

fn push_visible(c: char, out: &mut String) {
    match c {
        '\0'..='\u{1f}' => out.push(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}')),
        '\u{7f}' => out.push('\u{2421}'),
        c if is_unsafe(c) => {
            let _ = write!(out, "\u{27e8}U+{:04X}\u{27e9}", c as u32);
        }
        c => out.push(c),
    }
}

/// Controls, and format characters that hide or turn the text around them (Unicode general category Cf, without the
/// joiners that scripts and emoji need; line and paragraph separators; non-characters).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
        || c as u32 & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_hides_is_shown() {
        assert_eq!(visible("plain é 漢字 👩\u{200d}🔧"), "plain é 漢字 👩\u{200d}🔧");
        assert_eq!(visible("\x1b[31mred\x07\x7f\u{9b}"), "␛[31mred␇␡⟨U+009B⟩");
        assert_eq!(visible("a\u{202e}b\u{2066}c\u{feff}"), "a⟨U+202E⟩b⟨U+2066⟩c⟨U+FEFF⟩");
        assert_eq!(visible("a\r\nb\tc"), "a  b c");
        let lines: Vec<_> = visible_lines("a\r\n\tb\rc\x1b\n").collect();
        assert_eq!(lines, ["a", "\tb␍c␛"]);
    }

    #[test]
    fn markdown_has_no_effect() {
        for (text, expected) in [
            ("plain text, 3.5 (ok)", "plain text, 3.5 (ok)"),
            ("**bold** _it_ `code`", "\\*\\*bold\\*\\* \\_it\\_ \\`code\\`"),
            ("<script>|&lt;", "\\<script\\>\\|\\&lt;"),
            ("![x](javascript:1)", "!\\[x\\](javascript:1)"),
            ("# head", "\\# head"),
            ("- item", "\\- item"),
            (" 1. item", " 1\\. item"),
            ("2.4.1", "2.4.1"),
            ("a - b # c", "a - b # c"),
            ("see https://example.org", "see https\\://example.org"),
            ("www.example.org me@example.org", "www\\.example.org me\\@example.org"),
            ("line\n# two", "line # two"),
        ] {
            assert_eq!(markdown(text), expected);
        }
    }

    #[test]
    fn a_fence_cannot_be_closed_from_inside() {
        let block = markdown_block(&["````".into(), "x".into()]);
        assert_eq!(block, "`````text\n````\nx\n`````\n");
        assert!(markdown_block(&[]).starts_with("```text\n"));
    }

    #[test]
    fn sizes_and_times_read_well() {
        for (count, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (8 << 20, "8 MiB"),
            ((1 << 20) - 1, "1023.9 KiB"),
            (u64::MAX, "15.9 EiB"),
        ] {
            assert_eq!(bytes(count), expected);
        }
        for (ms, expected) in [
            (0, "0.0 s"),
            (9_999, "9.9 s"),
            (43_000, "43 s"),
            (200_000, "3 min 20 s"),
            (7_500_000, "2 h 5 min"),
        ] {
            assert_eq!(duration(ms), expected);
        }
        assert_eq!(clock(3_607_250), "1:00:07.250");
        assert_eq!(shortened("äöü", 2), "äö…");
        assert_eq!(shortened("äöü", 3), "äöü");
    }

    proptest! {
        #[test]
        fn safe_json_is_the_same_json(text: String) {
            let json = serde_json::to_string_pretty(&serde_json::json!([text, {"k": text}])).unwrap();
            let safe = safe_json(&json);
            prop_assert!(!safe.chars().any(|c| c != '\n' && is_unsafe(c)));
            let (one, other): (serde_json::Value, serde_json::Value) =
                (serde_json::from_str(&json).unwrap(), serde_json::from_str(&safe).unwrap());
            prop_assert_eq!(one, other);
        }

        #[test]
        fn visible_text_is_safe(text: String) {
            prop_assert!(!visible(&text).chars().any(is_unsafe));
            prop_assert!(!markdown(&text).contains('\n'));
            for line in visible_lines(&text) {
                prop_assert!(!line.chars().any(|c| c != '\t' && is_unsafe(c)));
            }
        }
    }
}
