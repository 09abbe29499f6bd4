//! Files that the bootloader receives.

use std::net::{IpAddr, SocketAddr};

use debrick_link::Moment;
use debrick_link::simulated::Output;
use debrick_model::Coded as _;
use debrick_tftp::device::{PullConfig, PullDevice, PullOutcome};
use debrick_uboot_console::device::{Modem, TftpRequest, Transfer};
use debrick_xymodem::Variant;
use debrick_xymodem::device::{Outcome, Receiver};

use crate::boot::{RAM_BASE, RAM_SIZE, Ram};

const OVERWRITES: &str = "\nTFTP error: trying to overwrite reserved memory...\n";

/// A file that comes in.
#[derive(Debug)]
pub(crate) enum Loading {
    /// Over the network.
    Pull(Box<Pull>),
    /// Over the console.
    Modem(Box<ModemLoad>),
}

/// A file that comes over the console.
#[derive(Debug)]
pub(crate) struct ModemLoad {
    receiver: Receiver,
    address: u64,
    /// Bytes that have come in.
    pub(crate) bytes: u64,
}

impl ModemLoad {
    /// Begins.
    pub(crate) fn start(kind: Modem, address: u64, now: Moment, out: &mut Vec<u8>) -> Self {
        let variant = match kind {
            // U-Boot takes blocks of either size.
            Modem::Xmodem => Variant::Xmodem1k,
            Modem::Ymodem => Variant::Ymodem,
        };
        let mut receiver = Receiver::new(variant, (RAM_BASE + RAM_SIZE).saturating_sub(address));
        receiver.start(now, out);
        Self { receiver, address, bytes: 0 }
    }

    pub(crate) fn next_wake(&self) -> Option<Moment> {
        self.receiver.next_wake()
    }

    /// Takes what came, lets time come to `now`, and tells how it stands.
    pub(crate) fn advance(
        &mut self,
        bytes: &[u8],
        ram: &mut Ram,
        now: Moment,
        out: &mut Vec<u8>,
    ) -> Transfer {
        self.receiver.on_bytes(bytes, now, out);
        self.receiver.tick(now, out);
        for chunk in self.receiver.take_chunks() {
            let at = self.address.saturating_add(chunk.offset);
            self.bytes = chunk.offset + chunk.bytes.len() as u64;
            if ram.write(at, &chunk.bytes).is_err() {
                return Transfer::Failed("\nCan't access file\n".into());
            }
        }
        let why = match self.receiver.outcome() {
            None => return Transfer::Running,
            Some(Outcome::Complete { bytes }) => return Transfer::Finished { loaded: *bytes },
            Some(Outcome::Failed(error)) => match error.code() {
                "xymodem-peer-cancelled" => "Cancelled",
                "xymodem-block-failed" => "CRC/checksum error",
                "xymodem-out-of-step" => "Block sequence error",
                _ => "Timed out",
            },
        };
        Transfer::Failed(format!("\n{why}\n"))
    }
}

/// A file that comes over the network.
#[derive(Debug)]
pub(crate) struct Pull {
    device: PullDevice,
    address: u64,
    /// Bytes that have come in.
    pub(crate) bytes: u64,
}

impl Pull {
    /// Begins; `None` if the addresses are none.
    pub(crate) fn start(
        request: TftpRequest<'_>,
        aborts_at: Option<u64>,
        now: Moment,
        datagrams: &mut Vec<Output>,
    ) -> Option<Self> {
        let client: IpAddr = request.client.parse().ok()?;
        let server: IpAddr = request.server.parse().ok()?;
        let port = 1024 + (now.since_start().as_micros() % 3072) as u16;
        let mut config =
            PullConfig::u_boot(SocketAddr::new(client, port), SocketAddr::new(server, 69), request.file);
        config.load_address = request.address;
        config.interface = "virtio-net#33".into();
        config.options.block_size = Some(request.block_size);
        config.options.window_size = (request.window_size > 1).then_some(request.window_size);
        config.quirks.aborts_after_bytes = aborts_at;
        let mut device = PullDevice::new(config);
        device.start(now, datagrams);
        // The bootloader has said that already.
        device.take_console_text();
        Some(Self { device, address: request.address, bytes: 0 })
    }

    pub(crate) fn on_datagram(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        payload: &[u8],
        now: Moment,
        out: &mut Vec<Output>,
    ) {
        if to == self.device.config().local {
            self.device.on_datagram(from, payload, now, out);
        }
    }

    pub(crate) fn next_wake(&self) -> Option<Moment> {
        self.device.next_wake()
    }

    /// Lets time come to `now`, takes what has come in, and tells how it stands.
    pub(crate) fn tick(
        &mut self,
        ram: &mut Ram,
        now: Moment,
        datagrams: &mut Vec<Output>,
        console: &mut Vec<u8>,
    ) -> Transfer {
        self.device.tick(now, datagrams);
        for chunk in self.device.take_chunks() {
            let at = self.address.saturating_add(chunk.offset);
            self.bytes = chunk.offset + chunk.bytes.len() as u64;
            if ram.write(at, &chunk.bytes).is_err() {
                return Transfer::Failed(OVERWRITES.into());
            }
        }
        let mut text = self.device.take_console_text();
        let state = match self.device.result() {
            None => Transfer::Running,
            Some(PullOutcome::Loaded { bytes }) => {
                // The bootloader tells the rate and the size itself.
                if let Some(end) = text.rfind("\ndone\n") {
                    text.truncate(end);
                    if text.ends_with("/s")
                        && let Some(rate) = text.rfind("\n\t ")
                    {
                        text.truncate(rate);
                    }
                }
                Transfer::Finished { loaded: *bytes }
            }
            Some(PullOutcome::Refused { .. } | PullOutcome::GaveUp) if text.is_empty() => {
                Transfer::Failed("\nAbort\n".into())
            }
            Some(PullOutcome::Refused { .. } | PullOutcome::GaveUp) => Transfer::Failed(String::new()),
        };
        for byte in text.bytes() {
            if byte == b'\n' {
                console.push(b'\r');
            }
            console.push(byte);
        }
        state
    }
}
