//! A session packed for somebody who is to help: redacted, and readable without this program.
//!
//! The archive is a gzipped tar file with one directory, `debrick-<session>/`:
//!
//! | member | content |
//! |---|---|
//! | `summary.txt` | one page for a professional |
//! | `report.html`, `report.md`, `report.json` | the report |
//! | `journal.jsonl` | every event, one a line, with the hash that the owner's unredacted journal has for it |
//! | `evidence/…` | console logs and other evidence |
//! | `device.json` | the record of the device, as the session used it |
//! | `trace-N/…` | what passed between computer and unit in each run, for playing it again: see [`trace`] |
//! | `manifest.json` | size and SHA-256 of each of them, and what was left out |
//!
//! Backups and firmware files never go in. The same session gives the same bytes.

mod archive;
mod pack;
mod summary;
pub mod trace;

use std::io::{self, Write};

use debrick_model::{Coded, Digest, Event, EvidenceKind};
use debrick_vault::{Entry, Vault};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::collect::ReportError;
use crate::model::{Report, StoredEvidence};
use crate::redact::{Redaction, Redactor};
use crate::text::{safe_json, visible_lines};
use trace::Traces;

pub use archive::{Archive, ArchiveError};

/// The member that holds the events.
const JOURNAL: &str = "journal.jsonl";

/// The member that holds the record of the device.
pub const DEVICE: &str = "device.json";

/// The version of the archive's shape, as its manifest names it.
pub const SCHEMA: &str = "debrick.bundle/1";

/// Of a log that is longer, the beginning and the end go in; in bytes.
const MAX_LOG_BYTES: u64 = 4 * 1024 * 1024;

/// Of a longer log, so much of the beginning.
const LOG_HEAD_BYTES: u64 = 1024 * 1024;

/// All logs together, in bytes.
const MAX_LOGS_BYTES: u64 = 48 * 1024 * 1024;

/// A session could not be packed.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The session could not be told.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The archive could not be written.
    #[error("the archive could not be written")]
    Write(#[from] io::Error),
}

impl Coded for BundleError {
    fn code(&self) -> &'static str {
        match self {
            Self::Report(error) => error.code(),
            Self::Write(error) if error.kind() == io::ErrorKind::StorageFull => "bundle-disk-full",
            Self::Write(_) => "bundle-write-failed",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Report(error) => error.next_step(),
            Self::Write(error) if error.kind() == io::ErrorKind::StorageFull => {
                "Make room where the archive is to be written, then try again.".into()
            }
            Self::Write(_) => "Check where the archive is to be written, then try again.".into(),
        }
    }
}

/// What is known of a device whatever becomes of a unit of it: for the page that a professional reads first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guidance {
    /// What must not be done, and why.
    pub must_not: Vec<String>,
    /// Who can help, with what, and where they are found.
    pub helpers: Vec<String>,
}

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BundleSummary {
    /// The files in it, in order; the manifest is not among them.
    pub members: Vec<Member>,
    /// The evidence that is not in it, or not as a whole.
    pub left_out: Vec<LeftOut>,
}

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Its path inside the archive's directory.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Digest of its content, as packed.
    pub sha256: Digest,
    /// The stored file it was made from, which is not redacted.
    pub artifact: Option<Digest>,
}

/// Evidence that is not in an archive, or not as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Where it is in the owner's vault; a trace is none of its artifacts.
    pub artifact: Option<Digest>,
    /// Why, in a sentence.
    pub because: String,
}

/// Packs a session of a vault into `out`. A damaged session is packed as far as it can be read, and the report says so.
///
/// # Errors
/// [`BundleError::Report`] when nothing can be read of the session; [`BundleError::Write`] when `out` fails.
pub fn bundle(
    vault: &Vault,
    session: &str,
    redaction: Redaction,
    guidance: &Guidance,
    out: &mut dyn Write,
) -> Result<BundleSummary, BundleError> {
    let chain = vault.verify_session(session).map_err(ReportError::from)?;
    let entries = vault.read_session_as_found(session).map_err(ReportError::from)?;
    let events: Vec<Event> = entries.iter().map(|entry| entry.event.clone()).collect();
    let found = Report::from_events(session, &events, &chain);
    let (logs, mut left_out) = logs(vault, &found.evidence);
    let traces = Traces::of(vault, session);
    left_out.extend(traces.left_out.iter().map(|(name, because)| LeftOut {
        name: name.clone(),
        artifact: None,
        because: because.clone(),
    }));

    let mut redactor = Redactor::new(redaction);
    events.iter().for_each(|event| redactor.learn_event(event));
    logs.iter().for_each(|log| redactor.learn_text(&log.text));
    traces.teach(&mut redactor);

    let redacted: Vec<Event> = events.iter().map(|event| redactor.event(event)).collect();
    let mut report = Report::from_events(session, &redacted, &chain);
    let mut files = Vec::new();
    let first_boot = report.first_boot_log().cloned();
    for log in &logs {
        let text = redactor.text(&log.text);
        if let Some(evidence) =
            first_boot.as_ref().filter(|evidence| evidence.artifact == log.evidence.artifact)
        {
            report.attach_log(evidence, &text, log.shortened);
        }
        let lines: Vec<_> = visible_lines(&text).collect();
        files.push((log.name.clone(), lines.join("\n") + "\n", Some(log.evidence.artifact)));
    }
    let told = [
        ("summary.txt", summary::render(&report, guidance)),
        ("report.html", crate::html::render(&report)),
        ("report.md", crate::markdown::render(&report)),
        ("report.json", crate::json::render(&report)),
        (JOURNAL, journal_lines(&entries, &redacted)),
    ];
    let told = told.map(|(name, text)| (name.to_owned(), text, None));
    files.splice(0..0, told);
    files.extend(traces.veiled(vault, &events, &redactor).into_iter().map(|(name, text)| (name, text, None)));

    let members = files.iter().map(|(name, text, artifact)| Member {
        name: name.clone(),
        size: text.len() as u64,
        sha256: Digest::new(Sha256::digest(text).into()),
        artifact: *artifact,
    });
    let summary = BundleSummary { members: members.collect(), left_out };
    files.push(("manifest.json".into(), manifest(&report, redaction, &summary), None));
    let files = files.iter().map(|(name, text, _)| (name.as_str(), text.as_bytes()));
    pack::pack(session, report.opened_at_ms.unwrap_or(0) / 1000, files, out)?;
    Ok(summary)
}

/// A piece of evidence as text.
struct Log {
    evidence: StoredEvidence,
    name: String,
    text: String,
    shortened: bool,
}

/// The evidence as text, within bounds, and what had to stay out.
fn logs(vault: &Vault, evidence: &[StoredEvidence]) -> (Vec<Log>, Vec<LeftOut>) {
    let (mut logs, mut left_out) = (Vec::<Log>::new(), Vec::new());
    let mut room = MAX_LOGS_BYTES;
    for one in evidence {
        if logs.iter().any(|log| log.evidence.artifact == one.artifact) {
            continue;
        }
        let mut leave_out = |because: &str| {
            let (name, artifact) = (one.name.clone(), Some(one.artifact));
            left_out.push(LeftOut { name, artifact, because: because.into() });
        };
        if matches!(one.kind, EvidenceKind::SettingsArchive | EvidenceKind::FirstImage) {
            leave_out("Settings and images stay with their owner.");
            continue;
        }
        let Ok((text, shortened)) = read_log(vault, one.artifact) else {
            leave_out("The stored file is missing or damaged.");
            continue;
        };
        if text.len() as u64 > room {
            leave_out("The archive would be too large.");
            continue;
        }
        if shortened {
            leave_out("Only its beginning and its end are in the archive.");
        }
        room -= text.len() as u64;
        let name = format!("evidence/{:05}-{}.txt", one.seq, file_name(&one.name));
        logs.push(Log { evidence: one.clone(), name, text, shortened });
    }
    (logs, left_out)
}

/// A log as text, and whether something in its middle is left out.
fn read_log(vault: &Vault, digest: Digest) -> Result<(String, bool), debrick_vault::VaultError> {
    let artifact = vault.artifact(digest)?;
    if artifact.len() <= MAX_LOG_BYTES {
        return Ok((String::from_utf8_lossy(&artifact.read_all(MAX_LOG_BYTES)?).into_owned(), false));
    }
    artifact.verify()?;
    let mut head = vec![0; LOG_HEAD_BYTES as usize];
    let mut tail = vec![0; (MAX_LOG_BYTES - LOG_HEAD_BYTES) as usize];
    artifact.read_at(0, &mut head)?;
    artifact.read_at(artifact.len() - tail.len() as u64, &mut tail)?;
    let (head, tail) = (String::from_utf8_lossy(&head), String::from_utf8_lossy(&tail));
    // Half a line could hold half a secret that nothing marks any more.
    let head = head.rsplit_once('\n').map_or("", |(lines, _)| lines);
    let tail = tail.split_once('\n').map_or("", |(_, lines)| lines);
    let between = artifact.len() - (head.len() + tail.len()) as u64;
    Ok((format!("{head}\n[about {between} bytes are left out here]\n{tail}"), true))
}

/// A name that is good on every system.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = name.chars().take(60).map(plain).collect();
    let name = name.trim_matches('.').trim_end_matches(".txt").to_owned();
    if name.is_empty() { "evidence".into() } else { name }
}

fn journal_lines(entries: &[Entry], redacted: &[Event]) -> String {
    let lines = entries
        .iter()
        .zip(redacted)
        .map(|(entry, event)| safe_json(&json!({ "event": event, "hash": entry.hash }).to_string()) + "\n");
    lines.collect()
}

fn manifest(report: &Report, redaction: Redaction, summary: &BundleSummary) -> String {
    let manifest = json!({
        "schema": SCHEMA,
        "session": report.session,
        "program": report.program,
        "journal": {
            "intact": report.chain.is_intact(),
            "events": report.chain.events,
            "head": report.chain.head,
        },
        "redaction": {
            "secrets": true,
            "addresses": redaction.mask_addresses,
            "serials": redaction.mask_serials,
        },
        "members": summary.members,
        "left_out": summary.left_out,
    });
    safe_json(&format!("{manifest:#}")) + "\n"
}
