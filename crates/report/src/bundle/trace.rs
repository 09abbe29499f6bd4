//! The traces of a session: what passed between this computer and the unit, for playing it again.
//!
//! A trace is a folder in the folder of its session, `trace-1` for its first run. What is in it names secrets in more ways
//! than a log does: see the module `hide`.

mod hide;
mod record;

use std::fs::{self, File};
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};

use debrick_link::record::{Entry, Header, Recorded};
use debrick_link::replay::Recording;
use debrick_model::{Event, EventBody};
use debrick_vault::Vault;
use serde::{Deserialize, Serialize};

use crate::redact::Redactor;
use hide::Contents;
use record::Layout;

/// The member of a trace that says what was run.
pub const RUN: &str = "run.json";

/// The member that holds the console.
pub const CONSOLE: &str = "console.jsonl";

/// The member that says which sockets there were.
pub const NETWORK: &str = "network.jsonl";

/// The version of [`Run`].
pub const RUN_SCHEMA: &str = "debrick.run/1";

/// The largest recording that is packed, in bytes, and all together.
const LARGEST: u64 = 32 << 20;
const LARGEST_TOGETHER: u64 = 96 << 20;

/// The most members of all traces.
const MOST_MEMBERS: usize = 4096;

/// The largest backup whose content is looked for in a trace, in bytes.
const LARGEST_BACKUP: u64 = 8 << 20;

/// A run of a session, as far as its journal does not say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// `rescue`, `resume`, `backup`, `restore`.
    pub command: String,
    /// When it began, in milliseconds since 1970-01-01 UTC.
    pub began_ms: u64,
    /// The only method that was to be used.
    pub method: Option<String>,
    /// How often the repaired unit was to be restarted.
    pub soak_restarts: u32,
    /// Whether there was a network to the unit.
    pub network: bool,
    /// What was found out about the computer.
    pub host: Vec<HostFact>,
}

/// Something about the computer that bore on a repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFact {
    /// Whether the repair could go on with it.
    pub ok: bool,
    /// In a sentence.
    pub says: String,
}

impl Run {
    /// As the member [`RUN`].
    pub fn to_json(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        value["schema"] = RUN_SCHEMA.into();
        format!("{value:#}\n")
    }

    /// From the member [`RUN`]; none where it is something else.
    pub fn from_json(text: &str) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        if value["schema"] != RUN_SCHEMA { None } else { serde_json::from_value(value).ok() }
    }
}

/// The traces of a session as they lie on the disk.
#[derive(Debug, Default)]
pub(super) struct Traces {
    members: Vec<Found>,
    /// Names of what is not among them, and why.
    pub(super) left_out: Vec<(String, String)>,
}

#[derive(Debug)]
struct Found {
    name: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Text(String),
    Recording(Recording),
}

impl Traces {
    /// Reads all traces of a session, within bounds.
    pub(super) fn of(vault: &Vault, session: &str) -> Self {
        let mut traces = Self::default();
        let folder = vault.path().join("sessions").join(session);
        let mut room = LARGEST_TOGETHER;
        for number in 1.. {
            let run = folder.join(format!("trace-{number}"));
            if !run.is_dir() {
                break;
            }
            for path in files(&run) {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                let name = format!("trace-{number}/{}", name.unwrap_or_default());
                let size = path.metadata().map_or(0, |metadata| metadata.len());
                if size > LARGEST || size > room || traces.members.len() >= MOST_MEMBERS {
                    traces.left_out.push((name, "The archive would be too large.".into()));
                    continue;
                }
                room -= size;
                match read(&path) {
                    Some(content) => traces.members.push(Found { name, content }),
                    None => traces.left_out.push((name, "It cannot be read.".into())),
                }
            }
        }
        traces
    }

    /// Lets the redactor learn from everything that was said.
    pub(super) fn teach(&self, redactor: &mut Redactor) {
        for found in &self.members {
            match &found.content {
                Content::Text(text) => redactor.learn_text(text),
                Content::Recording(recording) => {
                    redactor.learn_text(&String::from_utf8_lossy(&said(&recording.entries)));
                }
            }
        }
    }

    /// The members of the archive: the record of the device, and the traces without secrets.
    pub(super) fn veiled(
        self,
        vault: &Vault,
        events: &[Event],
        redactor: &Redactor,
    ) -> Vec<(String, String)> {
        let record = record::of_session(vault, events);
        let layout = Layout::of(record.as_ref());
        let contents = Contents::new(redactor, &layout, backups(vault, events));
        let mut members = Vec::new();
        if let (Some(record), false) = (&record, self.members.is_empty()) {
            members.push((super::DEVICE.to_owned(), format!("{:#}\n", texts(redactor, record))));
        }
        for found in self.members {
            let text = match found.content {
                // The index names addresses of a cable between two computers, and files; the run's facts are sentences.
                Content::Text(text) if found.name.ends_with(NETWORK) => text,
                Content::Text(text) => redacted_json(redactor, &text),
                Content::Recording(recording) => to_text(&veiled(recording, &contents)),
            };
            members.push((found.name, text));
        }
        members
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.path()).filter(|path| path.is_file()).take(MOST_MEMBERS).collect();
    files.sort();
    files
}

fn read(path: &Path) -> Option<Content> {
    let file = File::open(path).ok()?;
    let is_text = path.ends_with(RUN) || path.ends_with(NETWORK);
    if is_text {
        let mut text = String::new();
        file.take(LARGEST).read_to_string(&mut text).ok()?;
        return Some(Content::Text(text));
    }
    Recording::read(BufReader::new(file)).ok().map(Content::Recording)
}

/// The regions that were backed up, as they are in the vault.
fn backups(vault: &Vault, events: &[Event]) -> Vec<Vec<u8>> {
    let mut digests: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::BackedUp { artifact, .. } => Some(*artifact),
            _ => None,
        })
        .collect();
    digests.sort();
    digests.dedup();
    let read = |digest| vault.artifact(digest).and_then(|artifact| artifact.read_all(LARGEST_BACKUP)).ok();
    digests.into_iter().filter_map(read).collect()
}

/// A record is public, and names of its members such as `key` hide nothing; what an owner wrote into one may.
fn texts(redactor: &Redactor, value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;

    match value {
        Value::String(text) => redactor.text(text).into(),
        Value::Array(values) => values.iter().map(|value| texts(redactor, value)).collect(),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(name, value)| (name.clone(), texts(redactor, value))).collect())
        }
        other => other.clone(),
    }
}

fn redacted_json(redactor: &Redactor, text: &str) -> String {
    match serde_json::from_str(text) {
        Ok(value) => format!("{:#}\n", redactor.json(&value)),
        Err(_) => redactor.text(text),
    }
}

/// Everything that the unit said, in one piece.
fn said(entries: &[Entry]) -> Vec<u8> {
    let bytes = entries.iter().filter_map(|entry| match &entry.what {
        Recorded::Received { data } => Some(data.as_slice()),
        _ => None,
    });
    bytes.flatten().copied().collect()
}

fn veiled(recording: Recording, contents: &Contents<'_>) -> Recording {
    let Recording { header, mut entries } = recording;
    let heard = contents.veil_console(&said(&entries));
    let mut heard = heard.as_slice();
    for entry in &mut entries {
        match &mut entry.what {
            Recorded::Received { data } => {
                let (own, rest) = heard.split_at(data.len().min(heard.len()));
                data.copy_from_slice(own);
                heard = rest;
            }
            Recorded::Sent { data, .. }
            | Recorded::DatagramReceived { data, .. }
            | Recorded::DatagramSent { data, .. } => *data = contents.veil(data),
            Recorded::LineRate { .. } | Recorded::Disconnected => {}
        }
    }
    Recording { header: Header { link: "the recorded link".into(), ..header }, entries }
}

fn to_text(recording: &Recording) -> String {
    let line = |value: serde_json::Result<String>| value.map(|text| text + "\n").unwrap_or_default();
    let mut text = line(serde_json::to_string(&recording.header));
    text.extend(recording.entries.iter().map(|entry| line(serde_json::to_string(entry))));
    text
}
