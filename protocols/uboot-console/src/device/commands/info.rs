//! What the bootloader tells about itself.

use crate::device::board::Board;
use crate::device::commands::find;
use crate::device::context::{Context, Reply};
use crate::device::help::ALL;

pub(super) fn help<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    if arguments.is_empty() {
        for entry in ALL.iter().filter(|entry| context.config.commands.contains(entry.name)) {
            context.print(&format!("{:<10}- {}\n", entry.name, entry.summary));
        }
        return Reply::Status(0);
    }
    let mut status = 0;
    for name in arguments {
        match find(context.config, name) {
            Some(entry) => context.print(&entry.usage_text()),
            None => {
                context.print(&format!(
                    "Unknown command '{name}' - try 'help' without arguments for list of all known commands\n\n"
                ));
                status = 1;
            }
        }
    }
    Reply::Status(status)
}

pub(super) fn version<B: Board>(context: &mut Context<'_, B>) -> Reply {
    let text = format!("{}\n\n{}", context.config.version, context.config.toolchain);
    context.print(&text);
    Reply::Status(0)
}

pub(super) fn coninfo<B: Board>(context: &mut Context<'_, B>) -> Reply {
    let name = context.shell.environment.get("stdout").unwrap_or_else(|| "serial".into());
    context.print(&format!(
        "List of available devices:\n{name} 00000007 IO stdin stdout stderr \nserial   00000003 IO \n"
    ));
    Reply::Status(0)
}

pub(super) fn bdinfo<B: Board>(context: &mut Context<'_, B>) -> Reply {
    let memory = context.board.memory_range();
    let flash: u64 = context.shell.flashes().map(|(_, _, size)| size).sum();
    let first = context.shell.flashes().map(|(_, base, _)| base).min();
    let mut text = String::new();
    let mut line = |name: &str, value: &str| text.push_str(&format!("{name:<12}= {value}\n"));
    line("boot_params", &format!("{:#018x}", 0));
    line("DRAM bank", &format!("{:#018x}", 0));
    line("-> start", &format!("{:#018x}", memory.start));
    line("-> size", &format!("{:#018x}", memory.end - memory.start));
    if let Some(first) = first {
        line("flashstart", &format!("{first:#018x}"));
        line("flashsize", &format!("{flash:#018x}"));
        line("flashoffset", &format!("{:#018x}", 0));
    }
    line("baudrate", &format!("{} bps", context.shell.line_rate));
    let top = memory.end.saturating_sub(0x10_9000);
    line("relocaddr", &format!("{top:#018x}"));
    line("reloc off", &format!("{top:#018x}"));
    line("Build", "64-bit");
    if let Some(network) = &context.config.network {
        line("current eth", &network.device);
        line(
            "ethaddr",
            &context.shell.environment.get("ethaddr").unwrap_or_else(|| network.rom_address.clone()),
        );
        line("IP addr", &context.shell.environment.get("ipaddr").unwrap_or_else(|| "<NULL>".into()));
    }
    context.print(&text);
    Reply::Status(0)
}
