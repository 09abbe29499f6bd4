//! The commands.

mod boot;
mod environment;
mod info;
mod logic;
pub(super) mod memory;
mod nor;
mod storage;

use std::time::Duration;

use super::board::Board;
use super::config::UbootConfig;
use super::context::{Context, Reply};
use super::help::{ALL, Entry};

/// What every command takes at least: no loop runs without time passing.
pub(super) const LEAST: Duration = Duration::from_micros(50);

/// The most arguments of a command, its name included.
pub(super) const MOST_ARGUMENTS: usize = 64;

/// Finds a command by its name or an unambiguous beginning of it; `.b` and the like do not count.
pub(super) fn find(config: &UbootConfig, name: &str) -> Option<&'static Entry> {
    let name = name.split('.').next().unwrap_or(name);
    if name.is_empty() {
        return None;
    }
    let mut built_in = ALL.iter().filter(|entry| config.commands.contains(entry.name));
    if let Some(exact) = built_in.clone().find(|entry| entry.name == name) {
        return Some(exact);
    }
    let mut alike = built_in.by_ref().filter(|entry| entry.name.starts_with(name));
    let found = alike.next()?;
    alike.next().is_none().then_some(found)
}

/// Runs a command, or begins it.
pub(super) fn run<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    context.spend(LEAST);
    let Some(typed) = arguments.first() else { return Reply::Status(0) };
    let Some(entry) = find(context.config, typed) else {
        context.print(&format!("Unknown command '{typed}' - try 'help'\n"));
        return Reply::Status(1);
    };
    let reply = if arguments.len() > MOST_ARGUMENTS {
        Reply::Usage
    } else {
        dispatch(entry.name, typed, &arguments[1..], context)
    };
    if matches!(reply, Reply::Usage) {
        context.print(&entry.usage_text());
        return Reply::Status(1);
    }
    reply
}

fn dispatch<B: Board>(name: &str, typed: &str, arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    match name {
        "?" | "help" => info::help(arguments, context),
        "version" if arguments.is_empty() => info::version(context),
        "bdinfo" if arguments.is_empty() => info::bdinfo(context),
        "base" => memory::base(arguments, context),
        "coninfo" => info::coninfo(context),
        "echo" => logic::echo(arguments, context),
        "sleep" => logic::sleep(arguments),
        "true" => Reply::Status(0),
        "false" => Reply::Status(1),
        "exit" => logic::exit(arguments),
        "test" => logic::test(arguments),
        "itest" => logic::itest(typed, arguments, context),
        "setexpr" => logic::setexpr(typed, arguments, context),
        "showvar" => environment::showvar(arguments, context),
        "printenv" => environment::printenv(arguments, context),
        "setenv" => environment::setenv(arguments, context),
        "saveenv" => environment::saveenv(context),
        "env" => environment::env(arguments, context),
        "run" => environment::run(arguments, context),
        "boot" | "bootd" => environment::run(&["bootcmd".to_owned()], context),
        "md" => memory::md(typed, arguments, context),
        "mw" => memory::mw(typed, arguments),
        "cp" => memory::cp(typed, arguments, context),
        "cmp" => memory::cmp(typed, arguments),
        "crc32" => memory::crc32(arguments, context),
        "flinfo" => nor::flinfo(arguments, context),
        "erase" => nor::erase(arguments, context),
        "protect" => nor::protect(arguments, context),
        "virtio" => storage::virtio(arguments, context),
        "mmc" => storage::mmc(arguments, context),
        "sf" => storage::sf(arguments, context),
        "nand" => storage::nand(arguments, context),
        "mtd" => storage::mtd(arguments, context),
        "iminfo" => boot::iminfo(arguments, context),
        "source" => boot::source(arguments, context),
        "bootm" | "booti" | "bootz" | "bootelf" | "bootefi" | "bootvx" => {
            boot::boot(name, arguments, context)
        }
        "go" if !arguments.is_empty() => boot::boot(name, arguments, context),
        "reset" => {
            context.print("resetting ...\n");
            Reply::Reset
        }
        "poweroff" => {
            context.print("poweroff ...\n");
            Reply::PowerOff
        }
        "ping" => boot::ping(arguments, context),
        "tftpboot" => boot::tftpboot(arguments, context),
        "loadx" | "loady" => boot::load_serial(name, arguments, context),
        // Built in, but not simulated.
        _ => Reply::Usage,
    }
}
