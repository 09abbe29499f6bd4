//! `cargo xtask import-facts`: turns collected facts into the small tables that are compiled into the program.
//!
//! The output is sorted and depends on nothing but the input, so that a second run changes nothing.

mod boards;
mod catalog;

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    table: Table,
}

#[derive(Debug, Subcommand)]
enum Table {
    /// Write crates/image/data/boards.tsv: which device an id in a firmware header means.
    Boards {
        /// Device definitions of OpenWrt as JSON: a list of objects with id, vendor, model, variant, supported,
        /// compatible and header_ids.
        path: PathBuf,
    },
    /// Write catalog/imported/: device records of what is known about routers, phones, boards and chips.
    Catalog {
        /// The folder with the tables of facts: openwrt-devices.json, openwrt-recovery.json, lineage-phones.json and others.
        folder: PathBuf,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    match &arguments.table {
        Table::Boards { path } => boards::import(path),
        Table::Catalog { folder } => catalog::import(folder),
    }
}

/// A file of this repository.
fn in_repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
