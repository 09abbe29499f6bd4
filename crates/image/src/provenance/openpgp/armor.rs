//! OpenPGP as text: base64 between lines of dashes, and signed texts that stay readable.
//!
//! Source: RFC 9580 chapter 6 (armor; its checksum is not to be relied on, and is left out here) and chapter 7 (cleartext
//! signatures).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// A text with its signature.
pub(in crate::provenance) struct Cleartext {
    /// What is signed: without escapes and without blanks at the ends of lines, which end with CR and LF.
    pub(in crate::provenance) text: Vec<u8>,
    /// The packets of the signature.
    pub(super) packets: Vec<u8>,
}

const SIGNED: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "PGP SIGNATURE";

/// The bytes of the first block of a kind, such as `PGP SIGNATURE`.
pub(super) fn block(text: &str, kind: &str) -> Option<Vec<u8>> {
    let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
    let mut lines = text.lines().map(str::trim_end).skip_while(|line| *line != begin).skip(1);
    // Headers end with an empty line.
    lines.by_ref().take(32).take_while(|line| !line.is_empty()).last();
    let mut coded = String::new();
    for line in lines {
        if line == end {
            return BASE64.decode(coded).ok();
        }
        if !line.starts_with('=') {
            coded.push_str(line);
        }
    }
    None
}

impl Cleartext {
    /// Reads a signed text. `None` where the bytes are anything else.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines().skip_while(|line| line.trim_end() != SIGNED).skip(1);
        lines.by_ref().take(32).take_while(|line| !line.trim_end().is_empty()).last();
        let begin = format!("-----BEGIN {SIGNATURE}-----");
        let mut signed = Vec::new();
        let mut is_whole = false;
        for line in lines {
            if line.trim_end() == begin {
                is_whole = true;
                break;
            }
            let line = line.strip_prefix("- ").unwrap_or(line);
            signed.push(line.trim_end_matches([' ', '\t', '\r']));
        }
        let packets = block(text, SIGNATURE).filter(|_| is_whole)?;
        Some(Self { text: signed.join("\r\n").into_bytes(), packets })
    }
}

/// A text as signatures of texts are over it: every line ends with CR and LF.
pub(super) fn canonical(text: &[u8]) -> Vec<u8> {
    let mut canonical = Vec::with_capacity(text.len() + text.len() / 32);
    let mut before = 0;
    for byte in text {
        if *byte == b'\n' && before != b'\r' {
            canonical.push(b'\r');
        }
        canonical.push(*byte);
        before = *byte;
    }
    canonical
}
