//! Motorola S-records: lines of a type, a length, an address, bytes, and the complement of their sum.
//!
//! Source: Motorola M68000 Family Programmer's Reference Manual, appendix C. Nothing sums up the type, so that a
//! flipped bit there shows only where a record differs from its neighbours. A file needs no last record.

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::mcu::records::{Bytes, Contents, Fault, Record, are_records, number};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "motorola-srec",
    rank: Rank::Text,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Motorola S-records",
        identified_by: "lines that start with S and a digit and whose sums agree",
        reveals: "a damaged line, by a sum of 8 bits; missing lines, where a record counts them",
        blind_to: "a missing end, where no record says that there is one",
        source: "Motorola M68000 Family Programmer's Reference Manual, appendix C",
        tested_with: "srec_cat, own construction",
    },
};

fn parse(line: &[u8]) -> Result<Record<'_>, Fault> {
    let &[b'S', kind @ b'0'..=b'9', ref digits @ ..] = line else { return Err(Fault::Malformed) };
    if !digits.iter().all(u8::is_ascii_hexdigit) || kind == b'4' {
        return Err(Fault::Malformed);
    }
    let len = digits.get(..2).and_then(number).ok_or(Fault::Malformed)? as usize;
    let address_len = match kind {
        b'0' | b'1' | b'5' | b'9' => 2,
        b'2' | b'6' | b'8' => 3,
        _ => 4,
    };
    if digits.len() != 2 + 2 * len || len < address_len + 1 {
        return Err(Fault::Malformed);
    }
    if Bytes(digits).iter().fold(0, u8::wrapping_add) != 0xff {
        return Err(Fault::Sum);
    }
    let address_end = 2 + 2 * address_len;
    let address = number(&digits[2..address_end]).ok_or(Fault::Malformed)?;
    let bytes = Bytes(&digits[address_end..2 * len]);
    Ok(match kind {
        b'0' => Record::Label(bytes),
        b'1'..=b'3' => Record::Data { address, bytes, kind },
        b'5' | b'6' => Record::Count(address),
        _ if len == address_len + 1 => Record::End,
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

    fn record(kind: u8, address: &[u8], data: &[u8]) -> String {
        let mut bytes = vec![(address.len() + data.len() + 1) as u8];
        bytes.extend(address);
        bytes.extend(data);
        bytes.push(!bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
        format!("S{kind}{}\n", bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>())
    }

    #[test]
    fn facts_and_damage() {
        let mut text = record(0, &[0, 0], b"lamp");
        for index in 0..32_u8 {
            text += &record(3, &[0x80, 0, index, 0], &[index; 32]);
        }
        text += &record(5, &[0, 32], &[]);
        text += &record(7, &[0x80, 0, 0, 0], &[]);
        let image = text.into_bytes();
        let facts = inspect(&image).unwrap();
        assert_eq!(
            (facts.format.as_deref(), facts.integrity.verdict),
            (Some("motorola-srec"), Verdict::Pass)
        );
        assert_eq!(facts.containers[0].fields["label"], "lamp");
        assert!(facts.warnings.is_empty());
        for bit in 0..60 * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let facts = inspect(&damaged).unwrap();
            assert_eq!(facts.format.as_deref(), Some("motorola-srec"), "bit {bit}");
            let harmless = image[bit / 8].is_ascii_whitespace();
            assert!(
                harmless || facts.integrity.verdict == Verdict::Fail || !facts.warnings.is_empty(),
                "bit {bit}"
            );
        }
        for damaged in [image[..image.len() * 6 / 10].to_vec(), [image.as_slice(), &[0xa5; 1337]].concat()] {
            let facts = inspect(&damaged).unwrap();
            assert_eq!(
                (facts.format.as_deref(), facts.integrity.verdict),
                (Some("motorola-srec"), Verdict::Fail)
            );
        }
    }
}
