//! Text from strangers: short, and without what moves a terminal's cursor.

/// The most characters of any text that is kept.
const LONGEST: usize = 200;

/// The text of bytes, up to the first zero; `None` where nothing is left of it.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    // Four bytes make a character at most.
    let bytes = &bytes[..end.min(LONGEST * 4)];
    tidy(&String::from_utf8_lossy(bytes))
}

/// The text on one line and cut to size; `None` where nothing is left of it.
pub(crate) fn tidy(text: &str) -> Option<String> {
    let plain = text.chars().take(LONGEST).map(|one| if one.is_control() { ' ' } else { one });
    let plain: String = plain.collect();
    let plain = plain.trim();
    (!plain.is_empty()).then(|| plain.to_owned())
}

/// Whether most of it is meant to be read.
pub(crate) fn is_readable(bytes: &[u8]) -> bool {
    let readable = bytes.iter().filter(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t')).count();
    !bytes.is_empty() && readable * 10 >= bytes.len() * 9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_at_a_zero_and_moves_no_cursor() {
        assert_eq!(text(b"router\0garbage").as_deref(), Some("router"));
        assert_eq!(text(b" a\x1b[2Jb\r\n").as_deref(), Some("a [2Jb"));
        assert_eq!(text(b"\0after"), None);
        assert_eq!(text(&[b'x'; 5000]).map(|text| text.len()), Some(LONGEST));
        assert!(is_readable(b"U-Boot 1.1.4\r\n") && !is_readable(&[0, 1, 2, b'x']) && !is_readable(b""));
    }
}
