//! `cargo xtask fit-diagnosis`: what the diagnosis learns from labelled cases.
//!
//! `words` fits the weights of words. `observe` writes down what the program says of cases on the day on which they come,
//! before a rule is mended for them; `judge` fits to such observations how far rules and words are trusted. Cases that
//! rules were mended for say nothing about that: observe first.

mod fit;
mod judge;
mod observe;
mod words;

use std::path::Path;

use clap::{Args, Subcommand};
use debrick_diagnose::{Class, Table};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Fits the weights of words to labelled cases.
    Words(words::Arguments),
    /// Writes down what the program says of labelled cases.
    Observe(observe::Arguments),
    /// Fits how far rules and words are trusted to what was observed.
    Judge(judge::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    match &arguments.what {
        What::Words(arguments) => words::run(arguments),
        What::Observe(arguments) => observe::run(arguments),
        What::Judge(arguments) => judge::run(arguments),
    }
}

/// A table that was fitted before.
fn known_table<C: Class>(file: &Path) -> Result<Table<C>, String> {
    let name = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    Table::parse(&text).map_err(|error| format!("{name}: {error}"))
}

/// Writes a table, and says what it is worth.
fn write_table(file: &Path, comment: &str, table: &dyn std::fmt::Display, what: &str) -> Result<(), String> {
    let name = file.display();
    let text = format!("{comment}{table}");
    std::fs::write(file, &text).map_err(|error| format!("{name}: {error}"))?;
    println!("{name}: {what}, {} bytes", text.len());
    Ok(())
}
