//! The `debrick` command: reads arguments, hands real ports to the engine, and renders what comes back.

#![allow(clippy::exit, clippy::disallowed_methods)]

mod answers;
mod args;
mod catalog_file;
mod commands;
mod ear;
mod evidence;
mod exit;
mod failure;
mod file_source;
mod host;
mod input;
mod json;
mod operators;
mod out;
mod person;
mod secret;
mod senses;
mod state_file;
mod stop;
mod style;
mod terminal;
mod trace;
mod trust_file;

use std::io::IsTerminal;

use args::{Args, Color};
use clap::{ColorChoice, CommandFactory, FromArgMatches};
use failure::Failure;
use style::Style;

fn main() {
    std::process::exit(run());
}

fn run() -> i32 {
    let args = match parse() {
        Ok(args) => args,
        Err(error) => return refuse(&error),
    };
    let style = Style::detect(args.color, std::io::stdout().is_terminal());
    let notes = Style::detect(args.color, std::io::stderr().is_terminal());
    match commands::run(&args, style, notes) {
        Ok(code) => code,
        Err(failure) => {
            failure.show(args.json, notes);
            failure.exit_code()
        }
    }
}

fn parse() -> Result<Args, clap::Error> {
    let color = match args::wished_color(std::env::args_os()) {
        Some(Color::Always) => ColorChoice::Always,
        Some(Color::Never) => ColorChoice::Never,
        _ => ColorChoice::Auto,
    };
    Args::from_arg_matches(&Args::command().color(color).try_get_matches()?)
}

/// Shows help, or what is wrong with the command line: as JSON where that was wished for.
fn refuse(error: &clap::Error) -> i32 {
    let wants_json = std::env::args_os().take_while(|word| word != "--").any(|word| word == "--json");
    if !wants_json || !error.use_stderr() {
        let _ = error.print();
        return error.exit_code();
    }
    let text = error.render().to_string();
    let what = match error.kind() {
        clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "no command was given",
        _ => text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: "),
    };
    let failure = Failure::usage(
        what,
        "`debrick --help` lists the commands, and `debrick COMMAND --help` their options.",
    );
    failure.show(true, Style::detect(Color::Never, false));
    failure.exit_code()
}
