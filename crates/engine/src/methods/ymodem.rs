//! Bytes over the console itself, by YMODEM.

use std::time::Duration;

use debrick_link::Deadline;
use debrick_target::{TargetError, Watch};
use debrick_uboot_console::host::{Console, ConsoleError, RamLoader};
use debrick_xymodem::{Error, SendOptions, Variant, rate_switch, send};

/// Sends bytes over the console while the unit's `loady` receives them.
pub(crate) struct YmodemLoader {
    /// The console's usual line rate, in bits a second.
    pub(crate) console_rate: u32,
    /// The rate to switch to for a transfer, in bits a second, where unit and adapter can do more.
    pub(crate) transfer_rate: Option<u32>,
}

impl RamLoader for YmodemLoader {
    fn name(&self) -> &str {
        "YMODEM"
    }

    fn load(
        &mut self,
        console: &mut Console,
        address: u64,
        bytes: &[u8],
        watch: &mut dyn Watch,
    ) -> Result<(), TargetError> {
        let operation = || format!("load {} bytes over YMODEM", bytes.len());
        let console_error = |error: ConsoleError| error.into_target(operation());
        let transfer_error = |error: Error| error.into_target(operation());
        let rate = self.transfer_rate.filter(|rate| *rate != self.console_rate);

        let command = match rate {
            Some(rate) => format!("loady {address:#x} {rate}"),
            None => format!("loady {address:#x}"),
        };
        console.start(&command, after(console, 10)).map_err(console_error)?;
        if let Some(rate) = rate {
            rate_switch::to_transfer_rate(console.stream_of_command(), rate).map_err(transfer_error)?;
        }
        console.wait_for(" bps...", after(console, 10)).map_err(console_error)?;
        // The request may have come in one piece with the announcement.
        let options =
            SendOptions { is_requested: console.open_line().ends_with('C'), ..SendOptions::default() };
        let sent = send(console.stream_of_command(), Variant::Ymodem, "debrick.img", &bytes, &options, watch);

        let mut said = String::new();
        if rate.is_some() {
            let back = rate_switch::back_to_console_rate(console.stream_of_command(), self.console_rate);
            sent.map_err(transfer_error)?;
            said = back.map_err(transfer_error)?;
        } else {
            sent.map_err(transfer_error)?;
        }
        match console.poll_reply(after(console, 10)).map_err(console_error)? {
            Some(reply) if said.contains("Total Size") || reply.text.contains("Total Size") => Ok(()),
            Some(reply) => Err(console_error(ConsoleError::UnexpectedReply { command, reply: reply.text })),
            None => Err(console_error(ConsoleError::NoEnd { command, tail: said })),
        }
    }
}

fn after(console: &Console, seconds: u64) -> Deadline {
    Deadline::after(console.clock(), Duration::from_secs(seconds))
}
