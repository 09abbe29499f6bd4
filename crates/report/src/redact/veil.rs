//! Secrets taken out of bytes without moving anything: every byte that stays keeps its place.

use super::address::mask_serial;
use super::{MARK, Redactor};

/// What stands for a letter of a secret.
pub(crate) const HIDDEN: u8 = b'x';

/// What a byte that is no text is read as.
const NO_TEXT: u8 = 0x1A;

impl Redactor {
    /// The bytes without their secrets, each letter of which becomes `x`. Zeros end lines here.
    pub(crate) fn veil(&self, bytes: &[u8]) -> Vec<u8> {
        let text: Vec<u8> = bytes.iter().map(|byte| plain(*byte)).collect();
        let text = String::from_utf8_lossy(&text);
        let mut veiled = bytes.to_vec();
        for span in self.spans(&text) {
            let Some(place) = veiled.get_mut(span.range) else { continue };
            if span.with != MARK && span.with.len() == place.len() {
                place.copy_from_slice(span.with.as_bytes());
            } else {
                place.fill(HIDDEN);
            }
        }
        let mut secrets: Vec<&String> = self.secrets.iter().collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in secrets {
            replace(&mut veiled, secret.as_bytes(), &vec![HIDDEN; secret.len()]);
        }
        if self.options.mask_serials {
            for serial in self.serials.iter().filter(|serial| serial.is_ascii()) {
                replace(&mut veiled, serial.as_bytes(), mask_serial(serial).as_bytes());
            }
        }
        veiled
    }
}

fn plain(byte: u8) -> u8 {
    match byte {
        0 => b'\n',
        b'\n' | b'\r' | b'\t' | 0x20..0x7F => byte,
        _ => NO_TEXT,
    }
}

/// Replaces every occurrence; both have the same length.
fn replace(bytes: &mut [u8], what: &[u8], with: &[u8]) {
    if what.is_empty() || what.len() != with.len() {
        return;
    }
    let mut at = 0;
    while at + what.len() <= bytes.len() {
        match bytes[at..].iter().position(|byte| *byte == what[0]) {
            None => return,
            Some(skip) => at += skip,
        }
        if bytes[at..].starts_with(what) {
            bytes[at..at + what.len()].copy_from_slice(with);
            at += what.len();
        } else {
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Redaction;

    #[test]
    fn nothing_moves() {
        let mut redactor = Redactor::new(Redaction::default());
        redactor.learn_text("wpa_psk=Correct-Horse-99\n");
        let bytes = b"ethaddr=00:11:22:33:44:55\0serial#=AB1234567\0\xFFpsk=Correct-Horse-99\r\nsaid Correct-Horse-99\x80";
        let veiled = redactor.veil(bytes);
        assert_eq!(
            veiled,
            b"ethaddr=00:11:22:xx:xx:xx\0serial#=AB*****67\0\xFFpsk=xxxxxxxxxxxxxxxx\r\nsaid xxxxxxxxxxxxxxxx\x80"
        );
        assert_eq!(redactor.veil(&veiled), veiled);
    }
}
