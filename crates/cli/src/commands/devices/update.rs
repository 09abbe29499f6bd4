//! `debrick devices update`: a newer catalog, signed by whom the operator trusts for that.

use std::path::{Path, PathBuf};

use debrick_catalog::{Catalog, LONGEST_PACK};
use debrick_image::LONGEST_SIGNATURE;
use serde_json::json;

use crate::args::DevicesUpdate;
use crate::commands::Context;
use crate::failure::Failure;
use crate::{catalog_file, input, json, out, trust_file};

pub(super) fn update(context: &Context, args: &DevicesUpdate) -> Result<i32, Failure> {
    let dir = context.state_dir()?;
    match &args.file {
        Some(file) => install(context, &dir, file, args),
        None => forget(context, &dir),
    }
}

fn install(context: &Context, dir: &Path, file: &Path, args: &DevicesUpdate) -> Result<i32, Failure> {
    let beside = || PathBuf::from(format!("{}.minisig", file.display()));
    let signature = args.signature.clone().unwrap_or_else(beside);
    let pack = input::bytes(file, LONGEST_PACK as u64)?;
    if args.signature.is_none() && !signature.exists() {
        return Err(Failure::new(
            "catalog-unsigned",
            format!("there is no signature {} beside the catalog", signature.display()),
            "Fetch it from where the catalog is from, or name it with --signature. A catalog that nobody signed is not used. \
             Nothing was changed.",
        ));
    }
    let signature = input::bytes(&signature, LONGEST_SIGNATURE as u64)?;
    let name = file.display().to_string();
    let (catalog, signed_by) = catalog_file::verified(&name, &pack, &signature, &trust_file::read(dir)?)?;
    let devices = catalog.check(&name)?;
    let in_use = context.packed_catalog();
    let (serial, before) = (catalog.serial(), in_use.catalog.serial());
    if serial < before && !args.allow_older {
        return Err(Failure::new(
            "catalog-older",
            format!("the catalog in {name} has the number {serial}, and the one in use {before}"),
            "An older catalog lacks what was mended since. If it is meant to be, say so with --allow-older. Nothing was \
             changed.",
        ));
    }
    catalog_file::write(dir, Catalog::builtin().serial(), &signature, &pack)?;
    if context.json {
        let value = json!({
            "serial": serial, "devices": devices, "signed_by": signed_by, "before": in_use.as_json(),
        });
        json::line("debrick.devices-update/1", &value);
    } else {
        out::note(&out::harmless(&format!(
            "The catalog number {serial} with {devices} devices, signed by \"{signed_by}\", is in use from now on; before it \
             was number {before}."
        )));
    }
    Ok(0)
}

fn forget(context: &Context, dir: &Path) -> Result<i32, Failure> {
    let before = context.packed_catalog().as_json();
    let was_there = catalog_file::remove(dir)?;
    let builtin = Catalog::builtin();
    let (serial, devices) = (builtin.serial(), builtin.count()?);
    if context.json {
        let value = json!({ "serial": serial, "devices": devices, "signed_by": null, "before": before });
        json::line("debrick.devices-update/1", &value);
    } else if was_there {
        out::note(&format!("The program's own catalog, number {serial}, is in use from now on."));
    } else {
        out::note(&format!("No catalog was installed; the program's own, number {serial}, stays in use."));
    }
    Ok(0)
}
