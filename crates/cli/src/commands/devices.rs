//! `debrick devices`: the catalog, for people and programs.

mod coverage;
mod show;
mod update;

use std::path::Path;

use debrick_catalog::{Catalog, CatalogError, Device, Fault, Hit, LintReport};
use serde_json::json;

use crate::args::Devices;
use crate::commands::Context;
use crate::failure::Failure;
use crate::{exit, json, out};

/// How many devices are offered in place of one that is not known.
const OFFERED: usize = 5;

pub(super) fn run(context: &Context, args: &Devices) -> Result<i32, Failure> {
    match args {
        Devices::Search { text, limit } => search(context, &text.join(" "), *limit as usize),
        Devices::Show { id } => show::show(context, &find(&context.catalog()?, id)?),
        Devices::Lint { path } => lint(context, path.as_deref()),
        Devices::Coverage => coverage::coverage(context),
        Devices::Update(args) => update::update(context, args),
    }
}

/// The device with this id; where there is none, those that may be meant are offered.
pub(super) fn find(catalog: &Catalog, id: &str) -> Result<Device, Failure> {
    match catalog.find(id) {
        Err(error @ CatalogError::UnknownDevice { .. }) => {
            let like = catalog.search(id, OFFERED)?;
            if let Some(hit) = named_whole(id, &like) {
                return Ok(catalog.find(&hit.id)?);
            }
            let choices = like.iter().map(|hit| format!("  {}  {}", hit.id, title(hit)));
            let choices = match like.len() {
                0 => vec![],
                _ => std::iter::once("Perhaps one of these is meant:".to_owned()).chain(choices).collect(),
            };
            Err(Failure::from(error).with_choices(choices))
        }
        found => Ok(found?),
    }
}

/// The one device that a text names word for word, with or without its maker: `Archer C7 v5`. A text that names two, or
/// leaves a word out, names none.
fn named_whole<'h>(text: &str, hits: &'h [Hit]) -> Option<&'h Hit> {
    let wanted = words(text);
    let is_meant = |hit: &&Hit| {
        let own = words(&format!("{} {}", hit.model, hit.variant.as_deref().unwrap_or_default()));
        wanted == own || wanted == [words(&hit.vendor), own].concat()
    };
    let mut meant = hits.iter().filter(is_meant);
    let first = meant.next()?;
    meant.next().is_none().then_some(first)
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn title(hit: &Hit) -> String {
    format!("{} {} {}", hit.vendor, hit.model, hit.variant.as_deref().unwrap_or_default()).trim().to_owned()
}

fn search(context: &Context, text: &str, limit: usize) -> Result<i32, Failure> {
    let hits = context.catalog()?.search(text, limit)?;
    if context.json {
        let result = |hit: &Hit| {
            json!({
                "id": hit.id,
                "kind": hit.kind,
                "vendor": hit.vendor,
                "model": hit.model,
                "variant": hit.variant,
                "score": hit.score,
            })
        };
        let results: Vec<_> = hits.iter().map(result).collect();
        json::line("debrick.devices/1", &json!({ "results": results }));
        return Ok(0);
    }
    if hits.is_empty() {
        out::note(
            "No device in the catalog is like that. Try the model number on the label, without the region; a device that \
             is not listed can be described in a file of its own (docs/add-a-device.md).",
        );
        return Ok(0);
    }
    let width = hits.iter().map(|hit| hit.id.len()).max().unwrap_or_default();
    for hit in &hits {
        let line = format!(
            "{:<width$}  {:<11}  {:>3.0} %  {}",
            hit.id,
            hit.kind.id(),
            hit.score * 100.0,
            title(hit)
        );
        out::data(&out::harmless(&line));
    }
    Ok(0)
}

fn lint(context: &Context, path: Option<&Path>) -> Result<i32, Failure> {
    let report = match path {
        Some(path) => {
            let catalog = context.packed_catalog().catalog;
            debrick_catalog::lint_folder(path, &|id| catalog.family(id))?
        }
        None => lint_own(context)?,
    };
    let code = if report.faults.is_empty() { 0 } else { exit::FAILED };
    if context.json {
        let fault = |fault: &Fault| json!({ "file": fault.file, "line": fault.line, "id": fault.record, "what": fault.what, "why": fault.why });
        let faults: Vec<_> = report.faults.iter().map(fault).collect();
        let value = json!({
            "files": report.files, "records": report.records, "faults": faults, "exit_code": code,
        });
        json::line("debrick.devices-lint/1", &value);
        return Ok(code);
    }
    for fault in &report.faults {
        out::data(&out::harmless(&fault.to_string()));
    }
    let summary =
        format!("{} files, {} records, {} faults", report.files, report.records, report.faults.len());
    let style = context.notes;
    out::note(&if code == 0 { style.good(&summary) } else { style.bad(&summary) });
    Ok(code)
}

/// Checks the operator's own folder, and every record of the catalog in use.
fn lint_own(context: &Context) -> Result<LintReport, Failure> {
    let catalog = context.packed_catalog().catalog;
    let own = context.state_dir().map(|dir| dir.join("devices")).ok().filter(|folder| folder.exists());
    let mut report = match own {
        Some(folder) => debrick_catalog::lint_folder(&folder, &|id| catalog.family(id))?,
        None => LintReport::default(),
    };
    report.records += catalog.check("the catalog in use")?;
    Ok(report)
}
