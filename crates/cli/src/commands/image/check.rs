//! `debrick image check`: the three verdicts on a file, for a device.

use std::path::Path;

use debrick_catalog::Device;
use debrick_image::{Evidence, FitnessTarget, ImageFacts, LONGEST_EVIDENCE, fitness};
use debrick_link::Clock;
use debrick_link_os::OsClock;
use debrick_model::{Ending, Verdict, VerdictReport};
use serde::Deserialize;
use serde_json::json;

use crate::args::ImageCheck;
use crate::commands::image::inspect::{facts, with_file};
use crate::commands::image::{sums, table};
use crate::commands::{Context, devices};
use crate::failure::Failure;
use crate::file_source::FileSource;
use crate::{exit, input, json, out, trust_file};

/// The longest description of an identity that is read, in bytes.
const LONGEST_IDENTITY: u64 = 64 * 1024;

pub(super) fn check(context: &Context, args: &ImageCheck) -> Result<i32, Failure> {
    let target = target(context, args)?;
    let mut facts = facts(&args.file)?;
    for path in &args.sums {
        let name = args.file.file_name().unwrap_or_default().to_string_lossy();
        sums::listed(path, &name, facts.sha256)?.compare(&path.display().to_string(), &mut facts);
    }
    facts.provenance = provenance(context, args, &facts)?;
    let fit = match &target {
        Some(target) => fitness(&facts, target),
        None => VerdictReport::unknown(
            "No device was named to judge it for (--for, --device-file or --identity).",
        ),
    };
    let verdict = overall(&facts, &fit);
    let code = match verdict {
        Verdict::Pass => 0,
        Verdict::Fail => exit::of(Ending::RefusedByGate),
        Verdict::Unknown => exit::of(Ending::NeedsOperator),
    };
    if context.json {
        let mut value = with_file(&args.file, json!(facts));
        value["fitness"] = json!(fit);
        value["verdict"] = json!(verdict);
        value["exit_code"] = json!(code);
        json::line("debrick.image-check/1", &value);
        return Ok(code);
    }
    let style = context.style;
    out::data(&match verdict {
        Verdict::Pass => style.good("It may go onto this device."),
        Verdict::Fail => style.bad("It must NOT go onto this device."),
        Verdict::Unknown => style.warn("Whether it may go onto this device cannot be told."),
    });
    out::data(&table::headline(&args.file.to_string_lossy(), &facts, style));
    for (question, report) in
        [("integrity", &facts.undamaged()), ("provenance", &facts.provenance), ("fitness", &fit)]
    {
        table::verdict(question, report, style).iter().for_each(|line| out::data(line));
    }
    for warning in &facts.warnings {
        out::data(&format!("  {} {}", style.warn("warning:"), out::harmless(warning)));
    }
    Ok(code)
}

/// Who made it, by the keys that are trusted, and the signatures and sums that were given.
fn provenance(context: &Context, args: &ImageCheck, facts: &ImageFacts) -> Result<VerdictReport, Failure> {
    let trusted = trust_file::read(&context.state_dir()?)?;
    let mut evidence = Vec::new();
    for path in args.sums.iter().chain(&args.signature) {
        let bytes = input::bytes(path, LONGEST_EVIDENCE as u64)?;
        evidence.push(Evidence { name: path.to_string_lossy().into_owned(), bytes });
    }
    Ok(debrick_image::verify(&FileSource::open(&args.file)?, facts, &evidence, &trusted, OsClock.wall_ms())?)
}

/// One answer of three: a failure of any decides; provenance alone may stay unknown, as most firmware is not signed.
fn overall(facts: &ImageFacts, fit: &VerdictReport) -> Verdict {
    let integrity = facts.undamaged().verdict;
    let verdicts = [integrity, facts.provenance.verdict, fit.verdict];
    if verdicts.contains(&Verdict::Fail) {
        Verdict::Fail
    } else if integrity == Verdict::Pass && fit.verdict == Verdict::Pass {
        Verdict::Pass
    } else {
        Verdict::Unknown
    }
}

fn target(context: &Context, args: &ImageCheck) -> Result<Option<FitnessTarget>, Failure> {
    if let Some(id) = &args.device {
        return Ok(Some(of_device(&devices::find(&context.catalog()?, id)?)));
    }
    if let Some(path) = &args.device_file {
        let text = input::text(path, debrick_catalog::LONGEST_RECORD as u64)?;
        return Ok(Some(of_device(&context.catalog()?.parse(&path.to_string_lossy(), &text)?)));
    }
    args.identity.as_deref().map(of_identity).transpose()
}

fn of_device(device: &Device) -> FitnessTarget {
    FitnessTarget {
        board_ids: device.board_ids.clone(),
        architecture: device.architecture.clone(),
        slot_size: device.firmware_region().map(|region| region.size),
        formats: device.firmware.as_ref().map(|firmware| firmware.formats.clone()).unwrap_or_default(),
        ..FitnessTarget::default()
    }
}

/// What is known of a device, as a person or a script writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct IdentityInput {
    #[serde(alias = "board_id", deserialize_with = "one_or_more")]
    board_ids: Vec<String>,
    vendor: Option<String>,
    model: Option<String>,
    #[serde(alias = "hardware_revision")]
    hw_rev: Option<String>,
    region: Option<String>,
    #[serde(alias = "architecture")]
    arch: Option<String>,
    #[serde(alias = "current_version")]
    version: Option<String>,
    slot_size: Option<u64>,
    formats: Vec<String>,
    compat_version: Option<String>,
    chip: Option<String>,
    rollback_index: Option<u64>,
}

/// Nothing, a text, or a list of texts.
fn one_or_more<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Texts {
        One(String),
        More(Vec<String>),
    }
    Ok(match Option::<Texts>::deserialize(input)? {
        None => vec![],
        Some(Texts::One(text)) => vec![text],
        Some(Texts::More(texts)) => texts,
    })
}

fn of_identity(text: &str) -> Result<FitnessTarget, Failure> {
    let text = match text.trim_start().starts_with('{') {
        true => text.to_owned(),
        false => input::text(Path::new(text), LONGEST_IDENTITY)?,
    };
    let given: IdentityInput = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(
            "the identity is not understood",
            "It is a JSON object such as {\"board_ids\":[\"acme,r1\"]}; `debrick image check --help` lists its keys.",
        )
        .because(error.to_string())
    })?;
    Ok(FitnessTarget {
        board_ids: given.board_ids,
        vendor: given.vendor,
        model: given.model,
        architecture: given.arch,
        hardware_revision: given.hw_rev,
        region: given.region,
        slot_size: given.slot_size,
        formats: given.formats,
        current_version: given.version,
        compat_version: given.compat_version,
        chip: given.chip,
        rollback_index: given.rollback_index,
    })
}
