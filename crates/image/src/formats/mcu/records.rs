//! What the text formats of programmers share: one record a line, with an address, bytes, and a sum.

use crate::error::ImageError;
use crate::reading::Reading;
use crate::window::Window;

/// The longest line that a record takes: 255 bytes in hex, and what is around them.
const MAX_LINE: usize = 600;

/// Lines that are looked at to tell a format.
const SAMPLE: usize = 8;

/// A line that is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record<'a> {
    /// Bytes for an address. Where there are several kinds of such records, the kind.
    Data { address: u64, bytes: Bytes<'a>, kind: u8 },
    /// What is added to the addresses that follow.
    Base(u64),
    /// A text for people.
    Label(Bytes<'a>),
    /// How many data records there were.
    Count(u64),
    /// The last one.
    End,
    /// Something without meaning for the contents.
    Other,
}

/// A line that is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not have the form of a record.
    Malformed,
    /// Its sum does not agree.
    Sum,
}

/// Bytes as pairs of hex digits, perhaps with spaces between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl Bytes<'_> {
    pub(super) fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        let digits = self.0.iter().filter_map(|digit| nibble(*digit)).collect::<Vec<_>>();
        (0..digits.len() / 2).map(move |index| digits[2 * index] << 4 | digits[2 * index + 1])
    }

    fn len(&self) -> u64 {
        self.0.iter().filter(|digit| digit.is_ascii_hexdigit()).count() as u64 / 2
    }
}

/// The value of a hex digit.
pub(super) fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// The number that hex digits write; `None` where there are none, others, or more than 16.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, digit| Some(value << 4 | u64::from(nibble(*digit)?)))
}

/// How lines are understood.
pub(super) type Parse = fn(&[u8]) -> Result<Record<'_>, Fault>;

/// Hands over the lines that are not empty, with their offsets, until `take` has had enough. Lines that are too long
/// are handed over in pieces.
fn lines(window: Window<'_>, mut take: impl FnMut(u64, &[u8]) -> bool) -> Result<(), ImageError> {
    let mut line = Vec::with_capacity(MAX_LINE);
    let (mut offset, mut start) = (0, 0);
    let mut goes_on = true;
    window.stream_while(|piece| {
        for byte in piece {
            let ends = matches!(byte, b'\n' | b'\r');
            if !ends && line.is_empty() {
                start = offset;
            }
            if !ends {
                line.push(*byte);
            }
            offset += 1;
            if goes_on && (ends || line.len() == MAX_LINE) && !line.is_empty() {
                goes_on = take(start, &line);
                line.clear();
            }
            if !goes_on {
                return false;
            }
        }
        true
    })?;
    if goes_on && !line.is_empty() {
        take(start, &line);
    }
    Ok(())
}

/// Whether the window starts with such lines. One flipped bit spoils two of them at most.
pub(super) fn are_records(window: Window<'_>, parse: Parse) -> Result<bool, ImageError> {
    let (mut seen, mut sound) = (0, 0);
    lines(window.clamped(0, (SAMPLE * MAX_LINE) as u64), |_, line| {
        seen += 1;
        sound += usize::from(parse(line.trim_ascii()).is_ok());
        seen < SAMPLE
    })?;
    Ok(sound >= 2 || (sound == 1 && seen <= 2))
}

/// What all records together say.
#[derive(Debug, Default)]
pub(super) struct Contents {
    records: u64,
    bytes: u64,
    first: Option<u64>,
    end: u64,
    base: u64,
    label: Option<String>,
    malformed: Faults,
    wrong_sums: Faults,
    /// Data records of another kind than both neighbours, which have the same, and a first one unlike the next two.
    alone: Faults,
    kinds: [Option<(u8, u64)>; 2],
    declared_count: Option<(u64, u64)>,
    data_records: u64,
    pub(super) ended: bool,
    upper_case: u64,
    lower_case: u64,
}

#[derive(Debug, Default)]
struct Faults {
    count: u64,
    first: u64,
}

impl Faults {
    fn add(&mut self, offset: u64) {
        if self.count == 0 {
            self.first = offset;
        }
        self.count += 1;
    }
}

impl Contents {
    /// Reads all lines, and hands over the data in the order in which it stands there.
    pub(super) fn read(
        window: Window<'_>,
        parse: Parse,
        mut take: impl FnMut(u64, Bytes<'_>),
    ) -> Result<Self, ImageError> {
        let mut contents = Self::default();
        lines(window, |offset, line| {
            let line = line.trim_ascii();
            let is_padding = line.iter().all(|byte| *byte == 0) || line.iter().all(|byte| *byte == 0xff);
            if is_padding {
                return true;
            }
            for byte in line {
                contents.upper_case += u64::from(matches!(byte, b'A'..=b'F'));
                contents.lower_case += u64::from(matches!(byte, b'a'..=b'f'));
            }
            contents.records += 1;
            match parse(line) {
                Ok(_) if contents.ended => contents.malformed.add(offset),
                Ok(record) => contents.add(record, offset, &mut take),
                Err(Fault::Malformed) => contents.malformed.add(offset),
                Err(Fault::Sum) => contents.wrong_sums.add(offset),
            }
            true
        })?;
        Ok(contents)
    }

    fn add(&mut self, record: Record<'_>, offset: u64, take: &mut impl FnMut(u64, Bytes<'_>)) {
        match record {
            Record::Data { address, bytes, kind } => {
                let address = self.base.wrapping_add(address);
                let len = bytes.len();
                self.first = Some(self.first.map_or(address, |first| first.min(address)));
                self.end = self.end.max(address.saturating_add(len));
                self.bytes += len;
                self.data_records += 1;
                if let [Some((before, first_at)), Some((last, at))] = self.kinds {
                    if before == kind && last != kind {
                        self.alone.add(at);
                    } else if self.data_records == 3 && before != kind && last == kind {
                        self.alone.add(first_at);
                    }
                }
                self.kinds = [self.kinds[1], Some((kind, offset))];
                take(address, bytes);
            }
            Record::Base(base) => self.base = base,
            Record::Label(bytes) => {
                let text: Vec<u8> = bytes.iter().collect();
                self.label.get_or_insert(crate::window::text(&text));
            }
            Record::Count(count) => self.declared_count = Some((offset, count)),
            Record::End => self.ended = true,
            Record::Other => {}
        }
    }

    /// Records the container and everything but the sums and the end.
    pub(super) fn record(&self, id: &str, window: Window<'_>, reading: &mut Reading<'_>) {
        let fields = reading.container(id, window);
        let mut put = |name: &str, value: String| fields.insert(name.into(), value);
        put("records", self.records.to_string());
        put("bytes", self.bytes.to_string());
        if let Some(first) = self.first {
            put("start", format!("{first:#x}"));
            put("end", format!("{:#x}", self.end));
        }
        if let Some(label) = &self.label {
            put("label", label.clone());
        }
        let at = window.start();
        reading.structure("lines that are no records", at + self.malformed.first, 0, self.malformed.count);
        reading.structure("records of a kind of their own", at + self.alone.first, 0, self.alone.count);
        if let Some((offset, count)) = self.declared_count {
            reading.structure("number of data records", at + offset, count, self.data_records);
        }
        if self.upper_case.min(self.lower_case) == 1 {
            reading.warn("One hex digit is in another case than all others.");
        }
    }

    /// Records the sums of the records.
    pub(super) fn record_sums(&self, window: Window<'_>, reading: &mut Reading<'_>) {
        let at = window.start() + self.wrong_sums.first;
        reading.digest("records with a wrong sum", at, 0, self.wrong_sums.count);
    }

    /// Records whether the last record is there, for formats that want one.
    pub(super) fn record_end(&self, window: Window<'_>, reading: &mut Reading<'_>) {
        let end = window.start() + window.len();
        reading.structure("last record", end, "there", if self.ended { "there" } else { "missing" });
    }
}
