//! What the discoveries have in common: a list of fields, each with its kind and its length.

/// Most fields of one packet.
const MOST_FIELDS: usize = 128;

/// Most bytes of a text that are kept.
const MOST_TEXT: usize = 256;

/// Kind and content of each field; `kind_bytes` is 1 or 2, lengths have 2 bytes, most significant first. A field that is
/// cut off ends the list.
pub(crate) fn fields(bytes: &[u8], kind_bytes: usize) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (kind, after) = rest.split_at_checked(kind_bytes)?;
        let kind = kind.iter().fold(0u16, |kind, byte| kind << 8 | u16::from(*byte));
        let (length, after) = after.split_first_chunk::<2>()?;
        let (content, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        rest = after;
        Some((kind, content))
    })
    .take(MOST_FIELDS)
}

/// Appends a field.
pub(crate) fn put(out: &mut Vec<u8>, kind: u16, kind_bytes: usize, content: &[u8]) {
    let length = content.len().min(usize::from(u16::MAX));
    out.extend_from_slice(&kind.to_be_bytes()[2 - kind_bytes.min(2)..]);
    out.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    out.extend_from_slice(&content[..length]);
}

/// Text that a person can be shown; `None` where there is none.
pub(crate) fn text(content: &[u8]) -> Option<String> {
    let content = &content[..content.len().min(MOST_TEXT)];
    let text: String =
        String::from_utf8_lossy(content).chars().filter(|letter| !letter.is_control()).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_end_where_they_are_cut() {
        let mut bytes = Vec::new();
        put(&mut bytes, 5, 2, b"name");
        put(&mut bytes, 7, 2, b"");
        let all: Vec<_> = fields(&bytes, 2).collect();
        assert_eq!(all, [(5, &b"name"[..]), (7, &b""[..])]);
        assert_eq!(fields(&bytes[..7], 2).count(), 0);
        assert_eq!(text(b" a\0b\x1b[0m "), Some("ab[0m".into()));
        assert_eq!(text(b"\0"), None);
    }
}
