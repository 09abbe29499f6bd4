//! Commands that receive a file while the board does the receiving.

use debrick_link::clock::Moment;

use super::board::{Board, Modem, TftpRequest, Transfer};
use super::context::{Context, put};
use super::number;

/// A file to receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plan {
    Tftp { address: u64, file: String, server: String, client: String },
    Modem { kind: Modem, address: u64, baud: u32 },
}

/// Where receiving stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The line rate was changed; Enter says that the other side has followed.
    AwaitEnter,
    /// The board receives.
    Running { since: Moment },
    /// The line rate was changed back; Escape says that the other side has followed.
    AwaitEscape { status: u8 },
}

/// A file being received.
#[derive(Debug)]
pub(super) struct Loading {
    pub(super) plan: Plan,
    pub(super) stage: Stage,
    /// The line rate to go back to.
    pub(super) rate: u32,
}

impl Plan {
    fn kind_name(&self) -> &'static str {
        match self {
            Self::Modem { kind: Modem::Xmodem, .. } => "xmodem",
            Self::Modem { kind: Modem::Ymodem, .. } => "ymodem",
            Self::Tftp { .. } => "tftp",
        }
    }

    fn address(&self) -> u64 {
        match self {
            Self::Tftp { address, .. } | Self::Modem { address, .. } => *address,
        }
    }
}

impl Loading {
    /// Begins; `Some` is the status if it is over already.
    pub(super) fn begin<B: Board>(plan: Plan, context: &mut Context<'_, B>) -> (Self, Option<u8>) {
        let rate = context.shell.line_rate;
        let mut loading = Self { plan, stage: Stage::AwaitEnter, rate };
        if let Plan::Modem { baud, .. } = loading.plan
            && baud != rate
        {
            context.print(&format!("## Switch baudrate to {baud} bps and press ENTER ...\n"));
            context.shell.line_rate = baud;
            return (loading, None);
        }
        let over = loading.start(context);
        (loading, over)
    }

    fn start<B: Board>(&mut self, context: &mut Context<'_, B>) -> Option<u8> {
        let now = context.now;
        self.stage = Stage::Running { since: now };
        let mut sent = Vec::new();
        let (text, state) = match &self.plan {
            Plan::Tftp { address, file, server, client } => {
                let device =
                    context.config.network.as_ref().map_or("eth0", |network| network.device.as_str());
                let text = format!(
                    "Using {device} device\nTFTP from server {server}; our IP address is {client}\n\
                     Filename '{file}'.\nLoad address: {address:#x}\nLoading: *\u{8}"
                );
                let number_of = |name: &str, default: u16| {
                    let value = context.shell.environment.get(name);
                    value.and_then(|text| u16::try_from(number::decimal(&text)).ok()).unwrap_or(default)
                };
                let request = TftpRequest {
                    address: *address,
                    file,
                    server,
                    client,
                    block_size: number_of("tftpblocksize", 1468),
                    window_size: number_of("tftpwindowsize", 1).max(1),
                };
                (text, context.board.start_tftp(request, now, &mut sent))
            }
            Plan::Modem { kind, address, baud } => {
                let text = format!(
                    "## Ready for binary ({}) download to 0x{address:08X} at {baud} bps...\n",
                    self.plan.kind_name()
                );
                (text, context.board.start_modem(*kind, *address, *baud, now, &mut sent))
            }
        };
        context.print(&text);
        context.out.append(&mut sent);
        self.take(&state, context)
    }

    /// Takes typed bytes; returns the status when all is over. Bytes behind the end go back to `rest`.
    pub(super) fn bytes<B: Board>(
        &mut self,
        bytes: &[u8],
        context: &mut Context<'_, B>,
        rest: &mut Vec<u8>,
    ) -> Option<u8> {
        let awaited = |wanted: &[u8]| bytes.iter().position(|byte| wanted.contains(byte));
        match self.stage {
            Stage::AwaitEnter => {
                let at = awaited(b"\r\n")?;
                rest.extend_from_slice(&bytes[at + 1..]);
                self.start(context)
            }
            Stage::AwaitEscape { status } => {
                let at = awaited(&[0x1B])?;
                rest.extend_from_slice(&bytes[at + 1..]);
                Some(status)
            }
            Stage::Running { .. } if matches!(self.plan, Plan::Tftp { .. }) => {
                let at = awaited(&[3])?;
                rest.extend_from_slice(&bytes[at + 1..]);
                context.board.cancel_transfer();
                context.print("\nAbort\n");
                Some(1)
            }
            Stage::Running { .. } => {
                let mut sent = Vec::new();
                let state = context.board.transfer_bytes(bytes, context.now, &mut sent);
                context.out.append(&mut sent);
                self.take(&state, context)
            }
        }
    }

    /// Lets time pass; returns the status when all is over.
    pub(super) fn tick<B: Board>(&mut self, context: &mut Context<'_, B>) -> Option<u8> {
        if !matches!(self.stage, Stage::Running { .. }) {
            return None;
        }
        let mut sent = Vec::new();
        let state = context.board.transfer_tick(context.now, &mut sent);
        context.out.append(&mut sent);
        self.take(&state, context)
    }

    fn take<B: Board>(&mut self, state: &Transfer, context: &mut Context<'_, B>) -> Option<u8> {
        let Stage::Running { since } = self.stage else { return None };
        let (address, kind) = (self.plan.address(), self.plan.kind_name());
        let status = match (state, &self.plan) {
            (Transfer::Running, _) => return None,
            (Transfer::Finished { loaded }, Plan::Tftp { file, .. }) => {
                let seconds = context.now.since(since).as_secs_f64().max(0.001);
                let rate = number::size((*loaded as f64 / seconds) as u64);
                let name = file.clone();
                context
                    .print(&format!("\n\t {rate}/s\ndone\nBytes transferred = {loaded} ({loaded:x} hex)\n"));
                self.loaded(*loaded, context);
                if context.shell.environment.get("bootfile").is_some() {
                    context.shell.environment.set("bootfile", Some(&name));
                }
                0
            }
            (Transfer::Finished { loaded }, Plan::Modem { .. }) => {
                context.print(&format!("## Total Size      = {loaded:#010x} = {loaded} Bytes\n"));
                self.loaded(*loaded, context);
                context.print(&format!("## Start Addr      = 0x{address:08X}\n"));
                0
            }
            (Transfer::Failed(text), Plan::Tftp { .. }) => {
                context.print(text);
                1
            }
            (Transfer::Failed(text), Plan::Modem { .. }) => {
                context.print(text);
                context.print(&format!("## Binary ({kind}) download aborted\n"));
                1
            }
        };
        if context.shell.line_rate != self.rate {
            context.print(&format!("## Switch baudrate to {} bps and press ESC ...\n", self.rate));
            context.shell.line_rate = self.rate;
            self.stage = Stage::AwaitEscape { status };
            return None;
        }
        Some(status)
    }

    fn loaded<B: Board>(&self, loaded: u64, context: &mut Context<'_, B>) {
        context.shell.environment.set("filesize", Some(&format!("{loaded:x}")));
        if matches!(self.plan, Plan::Tftp { .. }) {
            context.shell.environment.set("fileaddr", Some(&format!("{:x}", self.plan.address())));
        }
    }
}

/// Draws the `#` of a TFTP download, for boards.
#[derive(Debug, Clone, Default)]
pub struct Hashes {
    blocks: u64,
    drawn: u64,
}

/// One `#` stands for this many blocks.
const BLOCKS_PER_HASH: u64 = 10;
const HASHES_PER_LINE: u64 = 65;

impl Hashes {
    /// `count` more blocks came.
    pub fn blocks(&mut self, count: u64, out: &mut Vec<u8>) {
        self.blocks += count;
        while self.drawn < self.blocks.div_ceil(BLOCKS_PER_HASH) {
            if self.drawn > 0 && self.drawn.is_multiple_of(HASHES_PER_LINE) {
                put("\n\t ", false, out);
            }
            out.push(b'#');
            self.drawn += 1;
        }
    }
}
