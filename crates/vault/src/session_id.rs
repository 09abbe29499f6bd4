//! Session ids: `20261121-031522-7f3a`, the second (UTC) in which the session began and four hex digits.

use crate::calendar::Utc;

/// Whether `text` is a well-formed session id. Nothing else is ever used as a file name.
pub fn is_session_id(text: &str) -> bool {
    const SHAPE: &[u8] = b"dddddddd-dddddd-xxxx";

    text.len() == SHAPE.len()
        && text.bytes().zip(SHAPE).all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            _ => byte == *shape,
        })
}

/// The id for a session that began at `at_ms` (milliseconds since 1970, at most the year 9999).
pub(crate) fn session_id(at_ms: u64, random: u16) -> String {
    let Utc { year, month, day, hour, minute, second } = Utc::at(at_ms);
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}-{random:04x}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_tell_the_second() {
        for (at_ms, expected) in [
            (0, "19700101-000000-0000"),
            (951_782_399_999, "20000228-235959-0000"),
            (951_782_400_000, "20000229-000000-0000"),
            (951_868_800_000, "20000301-000000-0000"),
            (1_795_230_922_123, "20261121-031522-0000"),
            (u64::MAX, "99991231-235959-0000"),
        ] {
            assert_eq!(session_id(at_ms, 0), expected);
        }
        assert_eq!(session_id(0, 0x7f3a), "19700101-000000-7f3a");
    }

    #[test]
    fn nothing_else_is_an_id() {
        for text in [
            "",
            "..",
            "../../../etc/passwd",
            "20261121-031522-7f3A",
            "20261121-031522-7f3",
            "20261121-031522-7f3a/",
            "20261121_031522_7f3a",
            "2026112/-031522-7f3a",
            "20261121-031522-7f3a\0",
        ] {
            assert!(!is_session_id(text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn later_sessions_sort_later(one in 0..1u64 << 48, other in 0..1u64 << 48, random: u16) {
            let (earlier, later) = (one.min(other), one.max(other));
            prop_assert!(session_id(earlier, random) <= session_id(later, random));
            prop_assert!(is_session_id(&session_id(one, random)));
        }
    }
}
