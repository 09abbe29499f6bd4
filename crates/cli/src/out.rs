//! What people read. A closed pipe is no reason to stop a repair, so that errors of writing are ignored.

use std::io::Write;

/// Prints a line of what was asked for, on standard output.
pub(crate) fn data(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Prints a line about the work, on standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints the beginning of a line that a person ends.
pub(crate) fn prompt(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}

/// The text without characters that a terminal would act upon: units, files and journals may hold any.
pub(crate) fn harmless(text: &str) -> String {
    let acts = |c: char| c.is_control() && c != '\n';
    if !text.contains(acts) {
        return text.to_owned();
    }
    text.chars().flat_map(|c| if acts(c) { c.escape_default().collect() } else { vec![c] }).collect()
}

/// The text as a sentence: with a capital letter and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut rest = text.chars();
    let capital: String = rest.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let is_word = text.split_whitespace().next().is_some_and(|word| word.chars().all(char::is_alphabetic));
    let begun = if is_word { capital + rest.as_str() } else { text.to_owned() };
    if begun.ends_with(['.', '!', '?']) { begun } else { begun + "." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_not_driven_by_texts() {
        assert_eq!(harmless("a\x1b[2J\u{9b}b\nc"), "a\\u{1b}[2J\\u{9b}b\nc");
    }

    #[test]
    fn sentences_begin_and_end() {
        assert_eq!(sentence("there is none"), "There is none.");
        assert_eq!(sentence("/dev/x is gone."), "/dev/x is gone.");
        assert_eq!(sentence(""), ".");
    }
}
