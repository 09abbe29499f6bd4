//! TI-TXT, for MSP430: `@` and an address, lines of up to 16 bytes, and a `q` at the end.
//!
//! Source: Texas Instruments SLAU131 (MSP430 Assembly Language Tools), "TI-TXT Hex Format".

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::mcu::records::{Bytes, Contents, Fault, Record, are_records, number};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "ti-txt",
    rank: Rank::Text,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "TI-TXT (MSP430)",
        identified_by: "a line with @ and an address, lines of 16 bytes, a q at the end",
        reveals: "digits that are none, a missing end",
        blind_to: "changed digits: it has no sums",
        source: "Texas Instruments SLAU131, TI-TXT Hex Format",
        tested_with: "srec_cat, own construction",
    },
};

const BYTES_PER_LINE: usize = 16;

fn parse(line: &[u8]) -> Result<Record<'_>, Fault> {
    if matches!(line, b"q" | b"Q") {
        return Ok(Record::End);
    }
    if let Some(address) = line.strip_prefix(b"@") {
        let is_address = (2..=8).contains(&address.len());
        return number(address).filter(|_| is_address).map(Record::Base).ok_or(Fault::Malformed);
    }
    let mut count = 0;
    for byte in line.split(|symbol| *symbol == b' ') {
        count += 1;
        if byte.len() != 2 || number(byte).is_none() || count > BYTES_PER_LINE {
            return Err(Fault::Malformed);
        }
    }
    Ok(Record::Data { address: 0, bytes: Bytes(line), kind: 0 })
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    // Lines of bytes alone are any dump: an address at the start or a `q` at the end must be there, too.
    let starts_with_address = {
        let head = window.head(0, 32)?;
        let line = head.split(|symbol| matches!(symbol, b'\n' | b'\r')).next().unwrap_or_default();
        line.starts_with(b"@") && parse(line.trim_ascii()).is_ok()
    };
    let end = window.head(window.len().saturating_sub(8), 8)?;
    let ends = end.trim_ascii_end().ends_with(b"\nq") || end.trim_ascii_end().ends_with(b"\rq");
    Ok((starts_with_address || ends) && are_records(window, parse)?)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    // Data has no addresses of its own: they go on from the last `@`.
    let contents = Contents::read(window, parse, |_, _| {})?;
    reading.set_vendor("Texas Instruments");
    contents.record(FORMAT.id, window, reading);
    let fields = &mut reading.container_at(reading.last_container()).fields;
    fields.remove("end");
    contents.record_end(window, reading);
    let lines = short_lines(window)?;
    reading.structure("short lines within a section", window.start(), 0, lines);
    Ok(())
}

/// Lines with fewer than 16 bytes that are followed by more bytes of the same section.
fn short_lines(window: Window<'_>) -> Result<u64, ImageError> {
    let (mut column, mut short, mut pending) = (0_u64, 0, false);
    let mut starts_line = true;
    let mut is_data = false;
    window.stream(|piece| {
        for byte in piece {
            if matches!(byte, b'\n' | b'\r') {
                pending = pending || (is_data && column > 0 && column < 2 * BYTES_PER_LINE as u64);
                (column, starts_line) = (0, true);
                continue;
            }
            if starts_line {
                starts_line = false;
                is_data = byte.is_ascii_hexdigit();
                short += u64::from(pending && is_data);
                pending = false;
            }
            column += u64::from(byte.is_ascii_hexdigit());
        }
    })?;
    Ok(short)
}

#[cfg(test)]
mod tests {
    use crate::inspect::inspect;
    use debrick_model::Verdict;

    #[test]
    fn facts_and_damage() {
        let mut text = String::from("@F000\n");
        for index in 0..20_u8 {
            let bytes: Vec<_> = (0..16).map(|i| format!("{:02X}", i ^ index)).collect();
            text += &format!("{}\n", bytes.join(" "));
        }
        let image = format!("{text}01 02\n@FFFE\n00 F0\nq\n").into_bytes();
        let facts = inspect(&image).unwrap();
        assert_eq!((facts.format.as_deref(), facts.integrity.verdict), (Some("ti-txt"), Verdict::Unknown));
        assert!(facts.warnings.is_empty());
        assert_eq!(facts.containers[0].fields["start"], "0xf000");
        for bit in 0..32 * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(inspect(&damaged).unwrap().format.as_deref(), Some("ti-txt"), "bit {bit}");
        }
        for damaged in [image[..image.len() * 6 / 10].to_vec(), [image.as_slice(), &[0xa5; 1337]].concat()] {
            let facts = inspect(&damaged).unwrap();
            assert_eq!((facts.format.as_deref(), facts.integrity.verdict), (Some("ti-txt"), Verdict::Fail));
        }
    }
}
