//! Files of records: TOML in, records and the lines they stand on out.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use crate::device::Device;
use crate::lint::Fault;

/// The longest file that is read, in bytes.
pub(crate) const LONGEST_FILE: usize = 8 << 20;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// One device: `debrick.device/1`.
    Device,
    /// Devices: `debrick.device-list/1`.
    Devices,
    /// One family: `debrick.family/1`.
    Family,
    /// Families: `debrick.family-list/1`.
    Families,
}

/// A file of records.
#[derive(Debug)]
pub(crate) struct RecordFile {
    pub(crate) name: String,
    /// What it says it holds; `None` where that is nothing known.
    pub(crate) content: Option<Content>,
    /// What it says, word for word.
    pub(crate) schema: String,
    pub(crate) records: Vec<Located>,
    pub(crate) faults: Vec<Fault>,
}

/// A record, and where in its file it stands.
#[derive(Debug)]
pub(crate) struct Located {
    pub(crate) device: Device,
    /// The line that it begins on, counted from 1.
    pub(crate) line: usize,
    /// The line of each field, by its path: `method[0].file`. Empty where nobody asked for it.
    fields: BTreeMap<String, usize>,
}

impl Content {
    fn of(schema: &str) -> Option<Self> {
        match schema {
            crate::SCHEMA => Some(Self::Device),
            "debrick.device-list/1" => Some(Self::Devices),
            "debrick.family/1" => Some(Self::Family),
            "debrick.family-list/1" => Some(Self::Families),
            _ => None,
        }
    }

    pub(crate) fn is_of_families(self) -> bool {
        matches!(self, Self::Family | Self::Families)
    }

    pub(crate) fn is_of_one(self) -> bool {
        matches!(self, Self::Device | Self::Family)
    }
}

impl Located {
    /// The line of a field, or of the closest thing around it that the file has.
    pub(crate) fn line_of(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(line) = self.fields.get(path) {
                return *line;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return self.line,
            }
        }
    }
}

impl RecordFile {
    /// Reads a file. What cannot be read is a fault; everything else is there all the same. `locate`: whether the lines
    /// of fields are wanted.
    pub(crate) fn parse(name: &str, text: &str, locate: bool) -> Self {
        let mut file = Self {
            name: name.to_owned(),
            content: None,
            schema: String::new(),
            records: Vec::new(),
            faults: Vec::new(),
        };
        let lines = Lines::of(text);
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let line = error.span().map_or(1, |span| lines.at(span.start));
                file.fault(line, "", error.message().to_owned(), "the file is not TOML".into());
                return file;
            }
        };
        let schema = table.get_ref().get("schema").and_then(|value| value.get_ref().as_str());
        file.schema = schema.unwrap_or_default().to_owned();
        file.content = Content::of(&file.schema);
        match file.content {
            Some(Content::Device | Content::Family) => {
                file.take(&lines, Spanned::new(table.span(), DeValue::Table(table.into_inner())), locate);
            }
            Some(Content::Devices) => file.take_list(&lines, table, "device", locate),
            Some(Content::Families) => file.take_list(&lines, table, "family", locate),
            None => file.faults.push(Fault {
                file: name.into(),
                line: 1,
                record: String::new(),
                what: match file.schema.as_str() {
                    "" => "there is no schema".into(),
                    other => format!("the schema is {other:?}"),
                },
                why: format!("a file of records says {:?} or one of its lists", crate::SCHEMA),
            }),
        }
        file
    }

    fn take_list(&mut self, lines: &Lines, table: Spanned<DeTable<'_>>, key: &str, locate: bool) {
        for (name, value) in table.into_inner() {
            if name.get_ref() != key && name.get_ref() != "schema" {
                self.fault(
                    lines.at(name.span().start),
                    "",
                    format!("there is a field {:?} outside of the records", name.get_ref()),
                    format!("this file holds a list of [[{key}]] and nothing else"),
                );
            }
            if name.get_ref() != key {
                continue;
            }
            let line = lines.at(value.span().start);
            match value.into_inner() {
                DeValue::Array(records) => {
                    for record in records {
                        self.take(lines, record, locate);
                    }
                }
                _ => self.fault(
                    line,
                    "",
                    format!("{key} is no list"),
                    format!("each record begins with [[{key}]]"),
                ),
            }
        }
    }

    fn take(&mut self, lines: &Lines, value: Spanned<DeValue<'_>>, locate: bool) {
        let line = lines.at(value.span().start);
        let id =
            value.get_ref().get("id").and_then(|id| id.get_ref().as_str()).unwrap_or_default().to_owned();
        let mut fields = BTreeMap::new();
        if locate {
            locate_fields(lines, value.get_ref(), "", &mut fields);
        }
        match Device::deserialize(ValueDeserializer::from(value)) {
            Ok(device) => self.records.push(Located { device, line, fields }),
            Err(error) => {
                let line = error.span().map_or(line, |span| lines.at(span.start));
                self.fault(line, &id, error.message().to_owned(), "the record has no such shape".into());
            }
        }
    }

    fn fault(&mut self, line: usize, record: &str, what: String, why: String) {
        self.faults.push(Fault { file: self.name.clone(), line, record: record.into(), what, why });
    }
}

fn locate_fields(lines: &Lines, value: &DeValue<'_>, path: &str, fields: &mut BTreeMap<String, usize>) {
    match value {
        DeValue::Table(table) => {
            for (name, value) in table {
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{}", name.get_ref());
                fields.insert(path.clone(), lines.at(name.span().start));
                locate_fields(lines, value.get_ref(), &path, fields);
            }
        }
        DeValue::Array(array) => {
            for (index, value) in array.iter().enumerate() {
                let path = format!("{path}[{index}]");
                fields.insert(path.clone(), lines.at(value.span().start));
                locate_fields(lines, value.get_ref(), &path, fields);
            }
        }
        _ => {}
    }
}

/// Where lines end, for many questions about one text.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(offset, _)| offset).collect())
    }

    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}
