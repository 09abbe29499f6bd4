//! Intel HEX: lines of a length, an address, a type, bytes, and a sum that brings all of it to 0.
//!
//! Source: Intel, "Hexadecimal Object File Format Specification", revision A, 1988. The types 0x0a to 0x0e are those
//! of micro:bit universal hex files (<https://tech.microbit.org/software/spec-universal-hex/>).

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::mcu::records::{Bytes, Contents, Fault, Record, are_records, number};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "intel-hex",
    rank: Rank::Text,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Intel HEX",
        identified_by: "lines that start with a colon and whose bytes add up to 0",
        reveals: "a damaged line, by a sum of 8 bits; a missing end",
        blind_to: "damages in one line that cancel each other out; missing lines in the middle",
        source: "Intel Hexadecimal Object File Format Specification, revision A",
        tested_with: "srec_cat, own construction",
    },
};

const SHORTEST: usize = 11;

fn parse(line: &[u8]) -> Result<Record<'_>, Fault> {
    let digits = line.strip_prefix(b":").ok_or(Fault::Malformed)?;
    if line.len() < SHORTEST || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(Fault::Malformed);
    }
    let field = |from: usize, to: usize| digits.get(from..to).and_then(number).ok_or(Fault::Malformed);
    let len = field(0, 2)? as usize;
    if digits.len() != 10 + 2 * len {
        return Err(Fault::Malformed);
    }
    if Bytes(digits).iter().fold(0, u8::wrapping_add) != 0 {
        return Err(Fault::Sum);
    }
    let data = &digits[8..8 + 2 * len];
    Ok(match (field(6, 8)?, len) {
        (0 | 0x0d, _) => Record::Data { address: field(2, 6)?, bytes: Bytes(data), kind: 0 },
        (1, _) => Record::End,
        (2, 2) => Record::Base(number(data).unwrap_or_default() << 4),
        (4, 2) => Record::Base(number(data).unwrap_or_default() << 16),
        (3 | 5, 4) | (0x0a..=0x0c | 0x0e, _) => Record::Other,
        _ => return Err(Fault::Malformed),
    })
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    are_records(window, parse)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let mut microbit = [Sought::new(b"MicroPython"), Sought::new(b"micro:bit")];
    let contents = Contents::read(window, parse, |_, bytes| {
        for byte in bytes.iter() {
            microbit.iter_mut().for_each(|sought| sought.take(byte));
        }
    })?;
    if microbit.iter().all(|sought| sought.found) {
        reading.set_vendor("micro:bit (MicroPython)");
        reading.set_architecture("arm");
    }
    contents.record(FORMAT.id, window, reading);
    contents.record_sums(window, reading);
    contents.record_end(window, reading);
    Ok(())
}

/// A text that is sought in bytes that come one by one. Its first letter must not occur in it again.
struct Sought {
    text: &'static [u8],
    matched: usize,
    found: bool,
}

impl Sought {
    fn new(text: &'static [u8]) -> Self {
        Self { text, matched: 0, found: false }
    }

    fn take(&mut self, byte: u8) {
        if self.text.get(self.matched) == Some(&byte) {
            self.matched += 1;
        } else {
            self.matched = usize::from(self.text.first() == Some(&byte));
        }
        if self.matched == self.text.len() {
            self.found = true;
            self.matched = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::inspect::inspect;
    use debrick_model::Verdict;

    fn record(address: u16, kind: u8, data: &[u8]) -> String {
        let mut bytes = vec![data.len() as u8, (address >> 8) as u8, address as u8, kind];
        bytes.extend(data);
        bytes.push(bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_sub(*byte)));
        format!(":{}\r\n", bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>())
    }

    fn image() -> String {
        let mut text = record(0, 4, &[0x08, 0]);
        for index in 0..32 {
            text += &record(index * 16, 0, &std::array::from_fn::<u8, 16, _>(|i| (i as u8) ^ index as u8));
        }
        text + &record(0, 1, &[])
    }

    #[test]
    fn facts_and_damage() {
        let image = image().into_bytes();
        let facts = inspect(&image).unwrap();
        assert_eq!((facts.format.as_deref(), facts.integrity.verdict), (Some("intel-hex"), Verdict::Pass));
        assert!(facts.warnings.is_empty());
        assert_eq!(facts.containers[0].fields["start"], "0x8000000");
        assert_eq!(facts.containers[0].fields["bytes"], "512");
        for bit in 0..60 * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let facts = inspect(&damaged).unwrap();
            assert_eq!(facts.format.as_deref(), Some("intel-hex"), "bit {bit}");
            let harmless = image[bit / 8].is_ascii_whitespace();
            assert!(
                harmless || facts.integrity.verdict == Verdict::Fail || !facts.warnings.is_empty(),
                "bit {bit}"
            );
        }
        for len in [image.len() * 6 / 10, image.len() - 14] {
            assert_eq!(inspect(&image[..len].to_vec()).unwrap().integrity.verdict, Verdict::Fail);
        }
        let junk = inspect(&[image.as_slice(), &[0xa5; 1337]].concat()).unwrap();
        assert_eq!((junk.format.as_deref(), junk.integrity.verdict), (Some("intel-hex"), Verdict::Fail));
    }
}
