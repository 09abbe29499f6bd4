//! `debrick image diff`: what changed between two firmware files.

use std::collections::BTreeMap;
use std::path::Path;

use debrick_image::{ImageError, ImageFacts, PartSink};
use debrick_model::Digest;
use debrick_report::text;
use debrick_target::Source;
use serde::Serialize;
use serde_json::json;

use crate::args::ImageDiff;
use crate::commands::Context;
use crate::failure::Failure;
use crate::file_source::FileSource;
use crate::{json, out};

/// The most parts that are compared.
const MOST_PARTS: usize = 20_000;

pub(super) fn diff(context: &Context, args: &ImageDiff) -> Result<i32, Failure> {
    let (first, second) = (read(&args.first)?, read(&args.second)?);
    let facts = changed_facts(&first.0, &second.0);
    let parts = changed_parts(&first.1, &second.1);
    let same = first.0.sha256 == second.0.sha256;
    if context.json {
        let value = json!({
            "a": args.first.to_string_lossy(),
            "b": args.second.to_string_lossy(),
            "same": same,
            "facts": facts,
            "parts": parts,
        });
        json::line("debrick.image-diff/1", &value);
        return Ok(0);
    }
    let style = context.style;
    let count = parts.iter().filter(|part| part.change != Change::Same).count();
    out::data(&match (same, count) {
        (true, _) => style.good("The files are the same, byte for byte."),
        (false, 0) => style.warn("The files differ, but no part that could be told apart does."),
        (false, 1) => style.strong("One part differs."),
        (false, count) => style.strong(&format!("{count} parts differ.")),
    });
    for fact in &facts {
        let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".into());
        out::data(&out::harmless(&format!("  {:<10} {} -> {}", fact.name, word(&fact.a), word(&fact.b))));
    }
    for part in &parts {
        let mark = match part.change {
            Change::Same => style.faint("same   "),
            Change::Changed => style.warn("changed"),
            Change::Removed => style.bad("removed"),
            Change::Added => style.good("added  "),
        };
        let size = |size: Option<u64>| size.map_or_else(|| "-".into(), text::bytes);
        let name = out::harmless(&part.name);
        out::data(&format!("  {mark}  {:>10} -> {:<10}  {name}", size(part.a), size(part.b)));
    }
    Ok(0)
}

/// A fact that differs.
#[derive(Serialize)]
struct ChangedFact {
    name: &'static str,
    a: Option<String>,
    b: Option<String>,
}

fn changed_facts(a: &ImageFacts, b: &ImageFacts) -> Vec<ChangedFact> {
    let boards = |facts: &ImageFacts| (!facts.board_ids.is_empty()).then(|| facts.board_ids.join(", "));
    let integrity = |facts: &ImageFacts| Some(facts.integrity.verdict.id().to_owned());
    [
        ("format", a.format.clone(), b.format.clone()),
        ("vendor", a.vendor.clone(), b.vendor.clone()),
        ("model", a.model.clone(), b.model.clone()),
        ("revision", a.hardware_revision.clone(), b.hardware_revision.clone()),
        ("region", a.region.clone(), b.region.clone()),
        ("version", a.version.clone(), b.version.clone()),
        ("processor", a.architecture.clone(), b.architecture.clone()),
        ("boards", boards(a), boards(b)),
        ("integrity", integrity(a), integrity(b)),
        ("size", Some(a.size.to_string()), Some(b.size.to_string())),
    ]
    .into_iter()
    .filter(|(_, a, b)| a != b)
    .map(|(name, a, b)| ChangedFact { name, a, b })
    .collect()
}

/// What happened to a part between the first file and the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Change {
    Same,
    Changed,
    Removed,
    Added,
}

/// A part of either file.
#[derive(Serialize)]
struct PartChange {
    name: String,
    change: Change,
    /// Size in the first file, in bytes.
    a: Option<u64>,
    /// Size in the second file, in bytes.
    b: Option<u64>,
}

/// Size and digest of each part, by the names on the way to it.
type Parts = BTreeMap<String, (u64, Digest)>;

fn changed_parts(a: &Parts, b: &Parts) -> Vec<PartChange> {
    let mut names: Vec<&String> = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name))).collect();
    names.sort();
    let compare = |name: &String| {
        let (a, b) = (a.get(name), b.get(name));
        let change = match (a, b) {
            (Some(a), Some(b)) if a == b => Change::Same,
            (Some(_), Some(_)) => Change::Changed,
            (Some(_), None) => Change::Removed,
            _ => Change::Added,
        };
        PartChange { name: name.clone(), change, a: a.map(|(size, _)| *size), b: b.map(|(size, _)| *size) }
    };
    names.into_iter().map(compare).collect()
}

fn read(path: &Path) -> Result<(ImageFacts, Parts), Failure> {
    let mut digests = Digests(Parts::new());
    let facts = debrick_image::unpack_parts(&FileSource::open(path)?, &mut digests)?;
    Ok((facts, digests.0))
}

/// Keeps the digest of every part.
struct Digests(Parts);

impl PartSink for Digests {
    fn part(&mut self, names: &[String], contents: &dyn Source) -> Result<(), ImageError> {
        if self.0.len() == MOST_PARTS {
            return Ok(());
        }
        let path = names.join(" > ");
        let mut name = path.clone();
        let mut number = 1;
        while self.0.contains_key(&name) {
            number += 1;
            name = format!("{path} ({number})");
        }
        self.0.insert(name, (contents.len(), debrick_image::sha256(contents)?));
        Ok(())
    }
}
