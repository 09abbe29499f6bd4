//! Logs and tool output, of whatever size: of what is huge, the beginning and the end are kept, where a start is told
//! and where a failure is.

use std::io::Read;
use std::path::Path;

use debrick_diagnose::Evidence;
use debrick_model::{Diagnosis, EvidenceKind};

use crate::failure::Failure;
use crate::input;

/// Bytes that are kept of the beginning, and of the end.
const HEAD: usize = 4 << 20;
const TAIL: usize = 8 << 20;

/// Evidence, and what was left out of it.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) evidence: Evidence,
    pub(crate) skipped: Option<Skipped>,
}

/// The middle of a file that was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Skipped {
    pub(crate) bytes: u64,
    /// The last line, counted from 1, before it.
    after_line: u64,
    lines: u64,
}

/// Reads a file; `-` is standard input.
pub(crate) fn read(path: &Path, kind: EvidenceKind) -> Result<Reading, Failure> {
    let failed = |error: std::io::Error| Failure::file("reading", path, &error);
    let (bytes, skipped) = if path == Path::new("-") {
        ends(std::io::stdin().lock()).map_err(failed)?
    } else {
        ends(input::open(path)?.0).map_err(failed)?
    };
    // What is UTF-8 already is not copied.
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Ok(Reading { evidence: Evidence { kind, name: path.display().to_string(), text }, skipped })
}

/// The beginning and the end of what there is to read, at the ends of lines.
fn ends(mut from: impl Read) -> std::io::Result<(Vec<u8>, Option<Skipped>)> {
    let mut bytes = Vec::new();
    from.by_ref().take((HEAD + TAIL) as u64).read_to_end(&mut bytes)?;
    if bytes.len() < HEAD + TAIL {
        return Ok((bytes, None));
    }
    let mut rest = bytes.split_off(HEAD);
    let mut skipped = Skipped { bytes: 0, after_line: 0, lines: 0 };
    let mut drop_from = |rest: &mut Vec<u8>, end: usize| {
        skipped.bytes += end as u64;
        skipped.lines += newlines(&rest[..end]);
        rest.drain(..end);
    };
    while from.by_ref().take(TAIL as u64).read_to_end(&mut rest)? > 0 {
        let end = rest.len().saturating_sub(TAIL);
        drop_from(&mut rest, end);
    }
    if skipped.bytes > 0 {
        // A line that is cut in two would be read as another: the ends are at ends of lines, where there are any.
        if let Some(end) = rest.iter().position(|byte| *byte == b'\n').filter(|end| *end + 1 < rest.len()) {
            skipped.bytes += end as u64 + 1;
            skipped.lines += 1;
            rest.drain(..=end);
        }
        if let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') {
            skipped.bytes += (bytes.len() - end - 1) as u64;
            bytes.truncate(end + 1);
        } else {
            bytes.push(b'\n');
        }
        skipped.after_line = newlines(&bytes);
    }
    bytes.append(&mut rest);
    Ok((bytes, (skipped.bytes > 0).then_some(skipped)))
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// Gives the lines behind what was skipped the numbers that they have in the file.
pub(crate) fn renumber(diagnosis: &mut Diagnosis, read: &[Reading]) {
    for line in diagnosis.findings.iter_mut().flat_map(|finding| &mut finding.evidence) {
        let skipped = read.iter().find(|read| read.evidence.name == line.file).and_then(|read| read.skipped);
        if let Some(skipped) = skipped
            && line.line > skipped.after_line
        {
            line.line += skipped.lines;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_texts_are_read_whole() {
        assert_eq!(ends(&b"one\ntwo"[..]).unwrap(), (b"one\ntwo".to_vec(), None));
        assert_eq!(ends(&b""[..]).unwrap(), (vec![], None));
    }

    #[test]
    fn of_large_texts_both_ends_are_kept_with_their_numbers() {
        let lines: Vec<String> = (1..=2_000_000).map(|number| format!("line {number}\n")).collect();
        let text = lines.concat();
        let (kept, skipped) = ends(text.as_bytes()).unwrap();
        let skipped = skipped.unwrap();
        assert!(kept.len() <= HEAD + TAIL);
        assert_eq!(kept.len() as u64 + skipped.bytes, text.len() as u64);
        for (index, line) in std::str::from_utf8(&kept).unwrap().lines().enumerate() {
            let at = index as u64 + 1;
            let number = if at > skipped.after_line { at + skipped.lines } else { at };
            assert_eq!(line, format!("line {number}"));
        }
    }

    #[test]
    fn one_endless_line_is_bounded() {
        let (kept, skipped) = ends(std::io::repeat(b'x').take(40 << 20)).unwrap();
        assert!(kept.len() <= HEAD + TAIL + 1 && skipped.is_some());
    }
}
