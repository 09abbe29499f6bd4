//! The environment's commands.

use std::time::Duration;

use crate::device::board::Board;
use crate::device::context::{Context, Reply};
use crate::device::environment::Environment;
use crate::device::number;

/// What storing the environment takes.
const SAVING: Duration = Duration::from_millis(300);

pub(super) fn printenv<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let arguments = match arguments.split_first() {
        Some((first, rest)) if first == "-a" => rest,
        _ => arguments,
    };
    if arguments.is_empty() {
        let entries = context.shell.environment.entries(b'\n');
        let text = String::from_utf8_lossy(&entries).into_owned();
        context.print(&text);
        let used = context.shell.environment.stored_length();
        let head = if context.config.environment_redundant { 5 } else { 4 };
        let room = context.config.environment_size.saturating_sub(head);
        context.print(&format!("\nEnvironment size: {used}/{room} bytes\n"));
        return Reply::Status(0);
    }
    let mut status = 0;
    for name in arguments {
        match context.shell.environment.get(name) {
            Some(value) => context.print(&format!("{name}={value}\n")),
            None => {
                context.print(&format!("## Error: \"{name}\" not defined\n"));
                status = 1;
            }
        }
    }
    Reply::Status(status)
}

pub(super) fn showvar<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let mut text = String::new();
    if arguments.is_empty() {
        for (name, value) in &context.shell.locals {
            text.push_str(&format!("{name}={value}\n"));
        }
    }
    let mut status = 0;
    for name in arguments {
        match context.shell.local(name) {
            Some(value) => text.push_str(&format!("{name}={value}\n")),
            None => {
                text.push_str(&format!("## Error: \"{name}\" not defined\n"));
                status = 1;
            }
        }
    }
    context.print(&text);
    Reply::Status(status)
}

pub(super) fn setenv<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let (forced, arguments) = match arguments.split_first() {
        Some((first, rest)) if first == "-f" => (true, rest),
        _ => (false, arguments),
    };
    let Some((name, values)) = arguments.split_first() else { return Reply::Usage };
    if name.starts_with('-') {
        return Reply::Usage;
    }
    if name.contains('=') {
        context.print(&format!("## Error: illegal character '='in variable name \"{name}\"\n"));
        return Reply::Status(1);
    }
    let value = values.join(" ");
    let old = context.shell.environment.get(name);
    if context.config.write_once.contains(name) && old.as_ref().is_some_and(|old| *old != value) && !forced {
        context.print(&format!(
            "## Error: Can't overwrite \"{name}\"\n## Error inserting \"{name}\" variable, errno=1\n"
        ));
        return Reply::Status(1);
    }
    if name == "baudrate" && !value.is_empty() && old.as_ref() != Some(&value) {
        // The line rate changes with the variable; whoever listens at the old one hears noise.
        let rate = number::decimal(&value) as u32;
        context.print(&format!("## Switch baudrate to {rate} bps and press ENTER ...\n"));
        context.shell.line_rate = rate;
    }
    context.shell.environment.set(name, Some(&value));
    Reply::Status(0)
}

pub(super) fn saveenv<B: Board>(context: &mut Context<'_, B>) -> Reply {
    let home = context.config.environment_home.clone();
    context.print(&format!("Saving Environment to {home}... "));
    context.spend(SAVING);
    let stored = context
        .shell
        .environment
        .to_stored(context.config.environment_size, context.config.environment_redundant);
    let Some(stored) = stored else {
        context.print("Environment export error\nFailed (1)\n");
        return Reply::Status(1);
    };
    let saved = context.board.store_environment(&stored);
    context.print(&saved.text);
    context.print(if saved.succeeded { "OK\n" } else { "Failed (1)\n" });
    Reply::Status(u8::from(!saved.succeeded))
}

pub(super) fn run<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    if arguments.is_empty() {
        return Reply::Usage;
    }
    let mut scripts = Vec::new();
    for name in arguments {
        match context.shell.environment.get(name) {
            Some(script) => scripts.push(script),
            None => {
                context.print(&format!("## Error: \"{name}\" not defined\n"));
                return if scripts.is_empty() { Reply::Status(1) } else { Reply::Scripts(scripts) };
            }
        }
    }
    Reply::Scripts(scripts)
}

pub(super) fn env<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let Some((verb, rest)) = arguments.split_first() else { return Reply::Usage };
    match verb.as_str() {
        "print" => printenv(rest, context),
        "set" => setenv(rest, context),
        "save" => saveenv(context),
        "run" => run(rest, context),
        "default" => default(rest, context),
        "delete" => {
            let mut status = 0;
            for name in rest.iter().filter(|name| *name != "-f") {
                status |= u8::from(context.shell.environment.get(name).is_none());
                context.shell.environment.set(name, None);
            }
            Reply::Status(status)
        }
        "exists" => match rest {
            [name] => Reply::Status(u8::from(context.shell.environment.get(name).is_none())),
            _ => Reply::Usage,
        },
        "export" => export(rest, context),
        "import" => import(rest, context),
        _ => Reply::Usage,
    }
}

fn default<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let defaults = Environment::from_pairs(&context.config.default_environment);
    let names: Vec<_> = arguments.iter().filter(|name| !name.starts_with('-')).collect();
    if arguments.iter().any(|argument| argument == "-a") {
        context.print("## Resetting to default environment\n");
        context.shell.environment = defaults;
        return Reply::Status(0);
    }
    if names.is_empty() {
        return Reply::Usage;
    }
    for name in names {
        if let Some(value) = defaults.get(name) {
            context.shell.environment.set(name, Some(&value));
        }
    }
    Reply::Status(0)
}

fn export<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let text = arguments.iter().any(|argument| argument == "-t");
    let mut plain = arguments.iter().filter(|argument| !argument.starts_with('-'));
    let Some(address) = plain.next() else { return Reply::Usage };
    let wanted: Vec<_> = plain.collect();
    let environment = if wanted.is_empty() {
        context.shell.environment.clone()
    } else {
        let mut chosen = Environment::default();
        for name in wanted {
            chosen.set(name, context.shell.environment.get(name).as_deref());
        }
        chosen
    };
    let mut bytes = environment.entries(if text { b'\n' } else { 0 });
    bytes.push(0);
    if let Err(error) = context.write(number::hex(address), &bytes) {
        return error.into();
    }
    let length = bytes.len();
    context.shell.environment.set("filesize", Some(&format!("{length:X}")));
    Reply::Status(0)
}

fn import<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let text = arguments.iter().any(|argument| argument == "-t");
    let anew = arguments.iter().any(|argument| argument == "-d");
    let mut plain = arguments.iter().filter(|argument| !argument.starts_with('-'));
    let Some(address) = plain.next() else { return Reply::Usage };
    let most = context.config.environment_size as u64;
    let size = plain.next().map_or(most, |size| number::hex(size)).min(most);
    let mut bytes = vec![0; size as usize];
    if let Err(error) = context.read(number::hex(address), &mut bytes) {
        return error.into();
    }
    if text {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        bytes.truncate(end);
        bytes.retain(|byte| *byte != b'\r');
    }
    let read = Environment::from_entries(&bytes, if text { b'\n' } else { 0 });
    if anew {
        context.shell.environment = read;
    } else {
        context.shell.environment.merge(read);
    }
    Reply::Status(0)
}
