//! What a free-text description tells about maker, model and version.
//!
//! Descriptions are written by people. Only the shape `MAKER MODEL firmware VERSION` is believed; of everything else
//! no more than a single version number is taken.

use crate::version::is_version;

/// What a description tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) vendor: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) version: Option<String>,
}

/// Words that part the model from the version.
const SEPARATORS: &[&str] = &["firmware", "fw", "image", "release", "software"];

/// Reads a description.
pub(crate) fn describe(text: &str) -> Described {
    let words: Vec<&str> =
        text.split_whitespace().map(|word| word.trim_matches([',', ';', '(', ')'])).collect();
    let versions: Vec<usize> =
        (0..words.len()).filter(|index| words.get(*index).is_some_and(|word| is_version(word))).collect();
    let [at] = versions[..] else { return Described::default() };
    let version = Some(words[at].to_owned());
    let is_separator = |word: &&&str| SEPARATORS.contains(&word.to_lowercase().as_str());
    let before: Vec<&str> = words[..at].iter().take_while(|word| !is_separator(word)).copied().collect();
    let separated = before.len() < at
        && words[before.len()..at].iter().all(|word| {
            is_separator(&word) || ["version", "ver", "v"].contains(&word.to_lowercase().as_str())
        });
    match before.split_first() {
        Some((vendor, model)) if separated && !model.is_empty() && model.len() <= 4 => {
            Described { vendor: Some((*vendor).into()), model: Some(model.join(" ")), version }
        }
        _ => Described { version, ..Described::default() },
    }
}

/// Whether a text is a board id of the form `maker,board`, as device trees write it.
pub(crate) fn is_board_id(text: &str) -> bool {
    let valid = |part: &str| {
        !part.is_empty()
            && part.chars().all(|symbol| symbol.is_ascii_alphanumeric() || "-_.+".contains(symbol))
    };
    text.split_once(',').is_some_and(|(maker, board)| valid(maker) && valid(board))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, vendor: Option<&str>, model: Option<&str>, version: Option<&str>) {
        let owned = |part: Option<&str>| part.map(str::to_owned);
        let expected = Described { vendor: owned(vendor), model: owned(model), version: owned(version) };
        assert_eq!(describe(text), expected, "{text}");
    }

    #[test]
    fn descriptions() {
        check("ACME R1 firmware 2.0.1", Some("ACME"), Some("R1"), Some("2.0.1"));
        check("ACME Home Hub firmware version v3.1", Some("ACME"), Some("Home Hub"), Some("v3.1"));
        check("ARM64 OpenWrt FIT (Flattened Image Tree)", None, None, None);
        check("U-Boot fitImage for Poky/5.10/board", None, None, None);
        check("Linux 6.1.55", None, None, Some("6.1.55"));
        check("kernel 6.1 for board 2.0", None, None, None);
        check("firmware 2.0", None, None, Some("2.0"));
        check("", None, None, None);
    }

    #[test]
    fn board_ids() {
        assert!(is_board_id("acme,r1") && is_board_id("linksys,e8450-ubi"));
        assert!(
            !is_board_id("conf, one") && !is_board_id("acme") && !is_board_id(",r1") && !is_board_id("a,b,c")
        );
    }
}
