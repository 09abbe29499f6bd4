//! OpenWrt's words to everybody while it starts: UDP 4919 (0x1337), text, once a second.
//!
//! From OpenWrt's `preinit/30_failsafe_wait` and `10_indicate_preinit` (`netmsg`), where they say that a button may be
//! pressed now.

use crate::fields::text;

/// The port.
pub const PORT: u16 = 4919;

/// What OpenWrt says while the window for failsafe is open.
pub const WORDS: &str = "Please press button now to enter failsafe";

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preinit {
    /// The words.
    pub text: String,
    /// Whether a button pressed now leads to failsafe: the window is open for some seconds.
    pub offers_failsafe: bool,
}

impl Preinit {
    /// Reads a packet's content.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let words = text(payload).filter(|_| is_plain(payload))?;
        let lower = words.to_ascii_lowercase();
        Some(Self { offers_failsafe: lower.contains("press") && lower.contains("failsafe"), text: words })
    }
}

/// Whether it is text at all.
pub(crate) fn is_plain(payload: &[u8]) -> bool {
    let end = payload.iter().position(|byte| *byte == 0).unwrap_or(payload.len());
    let is_text =
        |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n' | 0x07 | 0x08 | 0x1B | 0x80..);
    payload[..end].iter().all(is_text) && payload[end..].iter().all(|byte| *byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_window_is_noticed() {
        let said = Preinit::parse(WORDS.as_bytes()).unwrap();
        assert!(said.offers_failsafe && said.text == WORDS);
        assert!(Preinit::parse(b"Please press button now to enter failsafe\n\0\0").unwrap().offers_failsafe);
        assert!(!Preinit::parse(b"- preinit -").unwrap().offers_failsafe);
        assert_eq!(Preinit::parse(b"\x01\x02failsafe press"), None);
        assert_eq!(Preinit::parse(b""), None);
    }
}
