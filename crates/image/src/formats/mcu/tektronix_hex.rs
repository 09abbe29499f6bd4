//! Tektronix hexadecimal: the standard form (`/`, sums of digits) and the extended one (`%`, sums of characters).
//!
//! Source: SRecord's srec_tektronix(5) and srec_tektronix_extended(5), which describe the forms of the Tektronix 8560
//! and of later tools.

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::mcu::records::{Bytes, Contents, Fault, Record, are_records, nibble, number};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "tektronix-hex",
    rank: Rank::Text,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Tektronix hex, standard and extended",
        identified_by: "lines that start with / or % and whose sums agree",
        reveals: "a damaged line, by sums of its digits",
        blind_to: "swapped digits; missing lines",
        source: "srec_tektronix(5), srec_tektronix_extended(5)",
        tested_with: "srec_cat, own construction",
    },
};

fn parse(line: &[u8]) -> Result<Record<'_>, Fault> {
    match line {
        [b'/', rest @ ..] => standard(rest),
        [b'%', rest @ ..] => extended(rest),
        _ => Err(Fault::Malformed),
    }
}

/// Address (4 digits), length (2), sum of these six digits (2), data, sum of its digits (2). The last record has the
/// length 0, and ends after the first sum.
fn standard(digits: &[u8]) -> Result<Record<'_>, Fault> {
    if !digits.iter().all(u8::is_ascii_hexdigit) || digits.len() < 8 {
        return Err(Fault::Malformed);
    }
    let sum = |part: &[u8]| part.iter().filter_map(|digit| nibble(*digit)).fold(0, u8::wrapping_add);
    let field = |part: &[u8]| number(part).ok_or(Fault::Malformed);
    let (address, len) = (field(&digits[..4])?, field(&digits[4..6])? as usize);
    let expected_len = if len == 0 { 8 } else { 10 + 2 * len };
    if digits.len() != expected_len {
        return Err(Fault::Malformed);
    }
    if u64::from(sum(&digits[..6])) != field(&digits[6..8])? {
        return Err(Fault::Sum);
    }
    if len == 0 {
        return Ok(Record::End);
    }
    let data = &digits[8..8 + 2 * len];
    if u64::from(sum(data)) != field(&digits[8 + 2 * len..])? {
        return Err(Fault::Sum);
    }
    Ok(Record::Data { address, bytes: Bytes(data), kind: 0 })
}

/// Length in characters (2 digits), type (1), sum of all characters but its own (2), length of the address (1), the
/// address, data.
fn extended(line: &[u8]) -> Result<Record<'_>, Fault> {
    let value = |symbol: u8| -> Option<u32> {
        Some(match symbol {
            b'0'..=b'9' => u32::from(symbol - b'0'),
            b'A'..=b'Z' => u32::from(symbol - b'A') + 10,
            b'$' => 36,
            b'%' => 37,
            b'.' => 38,
            b'_' => 39,
            b'a'..=b'z' => u32::from(symbol - b'a') + 40,
            _ => return None,
        })
    };
    let field = |from: usize, to: usize| line.get(from..to).and_then(number).ok_or(Fault::Malformed);
    if field(0, 2)? as usize != line.len() {
        return Err(Fault::Malformed);
    }
    let expected = field(3, 5)?;
    let mut sum = 0;
    for (index, symbol) in line.iter().enumerate() {
        let value = value(*symbol).ok_or(Fault::Malformed)?;
        sum += if index == 3 || index == 4 { 0 } else { value };
    }
    if u64::from(sum & 0xff) != expected {
        return Err(Fault::Sum);
    }
    Ok(match line[2] {
        kind @ (b'6' | b'8') => {
            let address_len = match field(5, 6)? {
                0 => 16,
                len => len as usize,
            };
            let address = field(6, 6 + address_len)?;
            let data = &line[6 + address_len..];
            if !data.iter().all(u8::is_ascii_hexdigit) || !data.len().is_multiple_of(2) {
                return Err(Fault::Malformed);
            }
            if kind == b'8' { Record::End } else { Record::Data { address, bytes: Bytes(data), kind: 0 } }
        }
        b'3' => Record::Other,
        _ => return Err(Fault::Malformed),
    })
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    are_records(window, parse)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let contents = Contents::read(window, parse, |_, _| {})?;
    contents.record(FORMAT.id, window, reading);
    contents.record_sums(window, reading);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::inspect::inspect;
    use debrick_model::Verdict;

    /// Records as srec_cat writes them.
    #[test]
    fn facts_and_damage() {
        let standard = "/00001001000102030405060708090A0B0C0D0E0F78\n\
                        /00101002000102030405060708090A0B0C0D0E0F78\n\
                        /00201003000102030405060708090A0B0C0D0E0F78\n/00000000\n";
        let extended = b"%4E678800000020400000000000000028D504000000000000000000400038000D00400020001F00";
        let parsed = super::parse(extended);
        assert!(matches!(parsed, Ok(super::Record::Data { address: 0x20, .. })), "{parsed:?}");
        let image = standard.as_bytes().to_vec();
        let facts = inspect(&image).unwrap();
        assert_eq!(
            (facts.format.as_deref(), facts.integrity.verdict),
            (Some("tektronix-hex"), Verdict::Pass)
        );
        assert_eq!(facts.containers[0].fields["end"], "0x30");
        for bit in 0..44 * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let facts = inspect(&damaged).unwrap();
            assert_eq!(facts.format.as_deref(), Some("tektronix-hex"), "bit {bit}");
            let harmless = image[bit / 8].is_ascii_whitespace();
            assert!(
                harmless || facts.integrity.verdict == Verdict::Fail || !facts.warnings.is_empty(),
                "bit {bit}"
            );
        }
        for len in 0..image.len() {
            inspect(&image[..len].to_vec()).unwrap();
        }
    }
}
