//! Logs and tool output, of whatever size: of what is huge, the beginning and the end are kept, where a start is told
//! and where a failure is.

use std::io::{Read, Seek, SeekFrom};
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

/// Of larger files not even the lines in the middle are counted, in bytes.
const COUNTED: u64 = 1 << 30;

/// The middle of a file that was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Skipped {
    pub(crate) bytes: u64,
    /// The last line, counted from 1, before it.
    after_line: u64,
    /// How many lines it has; none where they were not counted.
    lines: Option<u64>,
}

impl Reading {
    /// What a person has to know about it: that only its ends were read.
    pub(crate) fn remark(&self) -> Option<String> {
        let skipped = self.skipped?;
        let uncounted = if skipped.lines.is_none() { " Lines behind them are not numbered." } else { "" };
        Some(format!(
            "{} is large: its first {} and its last {} MiB were read, and the {} MiB between them were not looked at.{uncounted}",
            self.evidence.name,
            HEAD >> 20,
            TAIL >> 20,
            skipped.bytes.div_ceil(1 << 20)
        ))
    }
}

/// Reads a file; `-` is standard input.
pub(crate) fn read(path: &Path, kind: EvidenceKind) -> Result<Reading, Failure> {
    let failed = |error: std::io::Error| Failure::file("reading", path, &error);
    let (bytes, skipped) = if path == Path::new("-") {
        ends(std::io::stdin().lock()).map_err(failed)?
    } else {
        let (mut file, size) = input::open(path)?;
        if size > COUNTED { far_ends(&mut file, size) } else { ends(file) }.map_err(failed)?
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
    let (mut skipped, mut lines) = (0, 0);
    let mut next = Vec::with_capacity(TAIL);
    loop {
        next.clear();
        from.by_ref().take(TAIL as u64).read_to_end(&mut next)?;
        let dropped = next.len().min(rest.len());
        skipped += dropped as u64;
        lines += newlines(&rest[..dropped]);
        if dropped < rest.len() {
            // What comes last is shorter, and takes the place of as much.
            rest.drain(..dropped);
            rest.append(&mut next);
            break;
        }
        std::mem::swap(&mut rest, &mut next);
    }
    Ok(joined(bytes, rest, skipped, Some(lines)))
}

/// The same of a file that is too large to read.
fn far_ends(file: &mut (impl Read + Seek), size: u64) -> std::io::Result<(Vec<u8>, Option<Skipped>)> {
    let (mut bytes, mut rest) = (Vec::new(), Vec::new());
    file.by_ref().take(HEAD as u64).read_to_end(&mut bytes)?;
    let tail = TAIL as u64;
    file.seek(SeekFrom::Start(size.saturating_sub(tail).max(HEAD as u64)))?;
    file.by_ref().take(tail).read_to_end(&mut rest)?;
    Ok(joined(bytes, rest, size.saturating_sub(HEAD as u64 + tail), None))
}

/// Both ends in one. A line that is cut in two would be read as another: the ends are at ends of lines, where there are
/// any.
fn joined(
    mut bytes: Vec<u8>,
    mut rest: Vec<u8>,
    mut skipped: u64,
    mut lines: Option<u64>,
) -> (Vec<u8>, Option<Skipped>) {
    if skipped == 0 {
        bytes.append(&mut rest);
        return (bytes, None);
    }
    if let Some(end) = rest.iter().position(|byte| *byte == b'\n').filter(|end| *end + 1 < rest.len()) {
        skipped += end as u64 + 1;
        lines = lines.map(|lines| lines + 1);
        rest.drain(..=end);
    }
    if let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') {
        skipped += (bytes.len() - end - 1) as u64;
        bytes.truncate(end + 1);
    } else {
        bytes.push(b'\n');
    }
    let after_line = newlines(&bytes);
    bytes.append(&mut rest);
    (bytes, Some(Skipped { bytes: skipped, after_line, lines }))
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// Gives the lines behind what was skipped the numbers that they have in the file; none where they were not counted.
pub(crate) fn renumber(diagnosis: &mut Diagnosis, read: &[Reading]) {
    for line in diagnosis.findings.iter_mut().flat_map(|finding| &mut finding.evidence) {
        let skipped = read.iter().find(|read| read.evidence.name == line.file).and_then(|read| read.skipped);
        if let Some(skipped) = skipped
            && line.line > skipped.after_line
        {
            line.line = skipped.lines.map_or(0, |lines| line.line + lines);
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
            let lines = skipped.lines.unwrap();
            let number = if at > skipped.after_line { at + lines } else { at };
            assert_eq!(line, format!("line {number}"));
        }
    }

    #[test]
    fn of_what_is_too_large_to_read_the_ends_are_read_alone() {
        let text: String = (1..=2_000_000).map(|number| format!("line {number}\n")).collect();
        let (counted, _) = ends(text.as_bytes()).unwrap();
        let size = text.len() as u64;
        let (kept, skipped) = far_ends(&mut std::io::Cursor::new(text), size).unwrap();
        assert!(kept == counted, "both keep the same");
        assert_eq!(skipped.unwrap().lines, None);
        assert_eq!(kept.len() as u64 + skipped.unwrap().bytes, size);
    }

    #[test]
    fn one_endless_line_is_bounded() {
        let (kept, skipped) = ends(std::io::repeat(b'x').take(40 << 20)).unwrap();
        assert!(kept.len() <= HEAD + TAIL + 1 && skipped.is_some());
    }
}
