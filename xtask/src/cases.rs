//! Labelled cases as they stand in files.

use std::fs;
use std::path::Path;

use debrick_diagnose::Evidence;
use debrick_model::EvidenceKind;
use serde_json::Value;

use crate::bench::text;

/// A case: evidence, and what is true.
pub(crate) struct Example {
    pub(crate) id: String,
    pub(crate) family: String,
    /// Cases from one source count as one where the mean over threads is taken.
    pub(crate) thread: String,
    pub(crate) evidence: Vec<Evidence>,
    /// The kinds of its evidence, each once.
    pub(crate) kinds: String,
    pub(crate) truth: Truth,
}

/// What is true, as ids of causes, states and actions.
#[derive(Default)]
pub(crate) struct Truth {
    /// Best first.
    pub(crate) causes: Vec<String>,
    /// These and acceptable ones.
    pub(crate) accepted_causes: Vec<String>,
    pub(crate) state: String,
    pub(crate) accepted_states: Vec<String>,
    pub(crate) accepted_actions: Vec<String>,
    pub(crate) harmful_actions: Vec<String>,
    pub(crate) determinable: bool,
    /// What to ask for, in words.
    pub(crate) next_evidence: String,
}

/// Reads every `*.json` of a folder, in the order of their names.
pub(crate) fn read(folder: &Path) -> Result<Vec<Example>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(text)?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths
        .iter()
        .map(|path| read_one(path).map_err(|reason| format!("{}: {reason}", path.display())))
        .collect()
}

fn read_one(path: &Path) -> Result<Example, String> {
    let case: Value = serde_json::from_str(&fs::read_to_string(path).map_err(text)?).map_err(text)?;
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let items = case["evidence"].as_array().ok_or("it has no evidence")?;
    let evidence: Vec<Evidence> =
        items.iter().enumerate().map(|(index, item)| evidence(index, item)).collect();
    let mut kinds: Vec<&str> = items.iter().filter_map(|item| item["kind"].as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let id = word(&case["id"]).ok_or("it has no id")?;
    let truth = &case["truth"];
    let both = |first: &str, second: &str| [ids(truth, first), ids(truth, second)].concat();
    let state = word(&truth["state"]).ok_or("its truth has no state")?;
    Ok(Example {
        family: word(&case["family"]).unwrap_or_else(|| "other".into()),
        thread: word(&case["thread"]).unwrap_or_else(|| id.clone()),
        id,
        kinds: kinds.join(" + "),
        evidence,
        truth: Truth {
            causes: ids(truth, "causes"),
            accepted_causes: both("causes", "acceptable_causes"),
            accepted_states: [vec![state.clone()], ids(truth, "acceptable_states")].concat(),
            state,
            accepted_actions: both("actions", "acceptable_actions"),
            harmful_actions: ids(truth, "harmful_actions"),
            determinable: truth["determinable"].as_bool().unwrap_or(true),
            next_evidence: word(&truth["next_evidence"]).unwrap_or_default(),
        },
    })
}

fn evidence(index: usize, item: &Value) -> Evidence {
    let kind = match item["kind"].as_str() {
        Some("serial-log") => EvidenceKind::SerialLog,
        Some("tool-output") => EvidenceKind::ToolOutput,
        Some("symptom") => EvidenceKind::Symptom,
        _ => EvidenceKind::Sighting,
    };
    let text = item["text"].as_str().unwrap_or_default().to_owned();
    Evidence { kind, name: format!("evidence {}", index + 1), text }
}

fn ids(truth: &Value, name: &str) -> Vec<String> {
    let list = truth[name].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
}
