//! The `debrick` command: reads arguments, hands real ports to the engine, and renders what comes back.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)]

mod answers;
mod args;
mod commands;
mod exit;
mod failure;
mod host;
mod json;
mod operators;
mod stop;
mod style;
mod terminal;

use clap::Parser;

fn main() {
    let args = args::Args::parse();
    let style = style::Style::detect(args.color);
    let code = match commands::run(&args, style) {
        Ok(code) => code,
        Err(failure) => {
            failure.show(args.json, style);
            failure.exit_code()
        }
    };
    std::process::exit(code);
}
