//! Images, scripts, and files that come in.

use std::time::Duration;

use crate::device::board::{Board, BootOutcome, BootRequest, Modem};
use crate::device::context::{Context, Reply};
use crate::device::load::Plan;
use crate::device::number::{decimal, hex};

/// What looking at an image takes.
const LOOK: Duration = Duration::from_millis(80);
const LEGACY_MAGIC: [u8; 4] = [0x27, 0x05, 0x19, 0x56];
const LEGACY_HEADER: u64 = 64;
const SCRIPT: u8 = 6;
const MOST_SCRIPT: u32 = 1 << 20;

pub(super) fn iminfo<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let mut addresses: Vec<u64> = arguments.iter().map(|argument| hex(argument)).collect();
    if addresses.is_empty() {
        addresses.push(context.load_address());
    }
    let mut status = 0;
    for address in addresses {
        context.print(&format!("\n## Checking Image at {address:08x} ...\n"));
        context.spend(LOOK);
        if context.read(address, &mut [0; 4]).is_err() {
            return Reply::Abort;
        }
        let (text, good) = context.board.image_info(address);
        context.print(&text);
        status |= u8::from(!good);
    }
    Reply::Status(status)
}

pub(super) fn boot<B: Board>(command: &str, arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    // `addr#configuration` and `addr:subimage` name a part of a FIT.
    let first = arguments.first().map(|argument| argument.split(['#', ':']).next().unwrap_or_default());
    let address = first.map_or_else(|| context.load_address(), hex);
    context.spend(LOOK);
    if command == "go" {
        context.print(&format!("## Starting application at 0x{address:08X} ...\n"));
    }
    if context.read(address, &mut [0; 4]).is_err() {
        return Reply::Abort;
    }
    let bootargs = context.shell.environment.get("bootargs");
    let request = BootRequest { command, address, arguments, bootargs: bootargs.as_deref() };
    match context.board.boot(request, context.now) {
        BootOutcome::Stay(text) => {
            context.print(&text);
            Reply::Status(1)
        }
        BootOutcome::Reset(text) => {
            context.print(&text);
            Reply::Reset
        }
        BootOutcome::HandOver(text) => {
            context.print(&text);
            Reply::HandOver
        }
    }
}

pub(super) fn source<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let named = arguments.first().map(|argument| argument.split([':', '#']).next().unwrap_or_default());
    let address = named.map_or_else(|| context.load_address(), hex);
    context.print(&format!("## Executing script at {address:08x}\n"));
    let mut header = [0; LEGACY_HEADER as usize];
    if let Err(error) = context.read(address, &mut header) {
        return error.into();
    }
    let mut fail = |text: &str| {
        context.print(text);
        Reply::Status(1)
    };
    if header[..4] != LEGACY_MAGIC {
        return fail("Wrong image format for \"source\" command\n");
    }
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let mut checked = header;
    checked[4..8].fill(0);
    if crc32fast::hash(&checked) != number(4) {
        return fail("Bad header crc\n");
    }
    let size = number(12);
    if header[30] != SCRIPT || !(8..=MOST_SCRIPT).contains(&size) {
        return fail("Bad image type\n");
    }
    let mut body = vec![0; size as usize];
    if let Err(error) = context.read(address + LEGACY_HEADER, &mut body) {
        return error.into();
    }
    if crc32fast::hash(&body) != number(24) {
        context.print("Bad data crc\n");
        return Reply::Status(1);
    }
    // The script is the first of a list of lengths that ends in zero.
    let length = u32::from_be_bytes([body[0], body[1], body[2], body[3]]) as usize;
    if length == 0 {
        context.print("Empty Script\n");
        return Reply::Status(1);
    }
    let start = body.chunks(4).position(|word| word == [0; 4]).map_or(body.len(), |words| words * 4 + 4);
    let script = &body[start.min(body.len())..(start + length).min(body.len())];
    Reply::Scripts(vec![String::from_utf8_lossy(script).into_owned()])
}

pub(super) fn tftpboot<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let is_address =
        |text: &String| text.starts_with(|letter: char| letter.is_ascii_digit()) && !text.contains(':');
    let (address, name) = match arguments {
        [] => (context.load_address(), None),
        [one] if is_address(one) => (hex(one), None),
        [one] => (context.load_address(), Some(one.clone())),
        [address, name] => (hex(address), Some(name.clone())),
        _ => return Reply::Usage,
    };
    if context.config.network.is_none() {
        context.print("No ethernet found.\n");
        return Reply::Status(1);
    }
    let Some(client) = context.shell.environment.get("ipaddr") else {
        context.print("*** ERROR: `ipaddr' not set\n");
        return Reply::Status(1);
    };
    let name = name.or_else(|| context.shell.environment.get("bootfile"));
    let name = name.unwrap_or_else(|| {
        let octets = client.split('.').map(|octet| format!("{:02X}", decimal(octet)));
        let name = format!("{}.img", octets.collect::<String>());
        context.print(&format!("*** Warning: no boot file name; using '{name}'\n"));
        name
    });
    let (server, file) = match name.split_once(':') {
        Some((server, file)) => (Some(server.to_owned()), file.to_owned()),
        None => (context.shell.environment.get("serverip"), name),
    };
    let Some(server) = server else {
        context.print("*** ERROR: `serverip' not set\n");
        return Reply::Status(1);
    };
    Reply::Load(Plan::Tftp { address, file, server, client })
}

pub(super) fn ping<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let [address] = arguments else { return Reply::Usage };
    let device = context.config.network.as_ref().map_or("eth0", |network| network.device.as_str());
    context.print(&format!("Using {device} device\n"));
    if context.board.answers_ping(address) {
        context.print(&format!("host {address} is alive\n"));
        return Reply::Status(0);
    }
    context.print(&format!(
        "\nARP Retry count exceeded; starting again\nping failed; host {address} is not alive\n"
    ));
    Reply::Status(1)
}

pub(super) fn load_serial<B: Board>(
    command: &str,
    arguments: &[String],
    context: &mut Context<'_, B>,
) -> Reply {
    let (address, baud) = match arguments {
        [] => (context.load_address(), context.shell.line_rate),
        [address] => (hex(address), context.shell.line_rate),
        [address, baud] => (hex(address), decimal(baud) as u32),
        _ => return Reply::Usage,
    };
    let kind = if command == "loadx" { Modem::Xmodem } else { Modem::Ymodem };
    Reply::Load(Plan::Modem { kind, address, baud })
}
