//! `cargo xtask pack-catalog`: the catalog as a file of its own, for `debrick devices update`.

use std::path::PathBuf;

use clap::Args;
use debrick_catalog::{Catalog, embedded};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where it is written.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let checked = crate::check_catalog::faults()?;
    if let Some(fault) = checked.faults.first() {
        return Err(format!("{fault}\n{} faults; nothing was written", checked.faults.len()));
    }
    let name = arguments.out.display().to_string();
    let catalog = Catalog::of_pack(&name, embedded().to_vec()).map_err(|error| error.to_string())?;
    let devices = catalog.check(&name).map_err(|error| error.to_string())?;
    std::fs::write(&arguments.out, embedded()).map_err(|error| format!("{name}: {error}"))?;
    println!("{name}: number {}, {devices} devices, {} bytes", catalog.serial(), embedded().len());
    println!("To sign it: minisign -S -s SECRET-KEY -m {name}");
    Ok(())
}
