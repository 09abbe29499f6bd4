//! The program as a person or a script meets it: the real binary, with real files, sockets, terminals and signals.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]
#![allow(clippy::disallowed_methods, reason = "tests of a program in real time")]
#![allow(clippy::print_stderr, reason = "tests say why they skip")]

mod catalogs;
mod coach;
mod consoles;
mod devices;
mod diagnose;
mod explain;
mod help;
mod identify;
mod images;
mod inputs;
mod lan;
mod output;
mod plan;
mod program;
mod readme;
mod repair;
mod replay;
mod ssh;
mod state;
mod trust;
