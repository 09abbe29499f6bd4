//! The unit pulls by TFTP, at a command over its console.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_link::{Deadline, Network};
use debrick_target::{TargetError, Watch};
use debrick_tftp::{Server, ServerEvent, Service};
use debrick_uboot_console::host::{Console, ConsoleError, RamLoader, Reply, classify};

/// The name that the unit is told to ask for.
const FILE_NAME: &str = "debrick.img";

/// How long the unit may go without a sign of the transfer.
const PATIENCE: Duration = Duration::from_secs(45);

/// Serves the unit by TFTP while it is told over the console to pull.
pub(crate) struct TftpLoader<'a> {
    pub(crate) network: &'a mut dyn Network,
    pub(crate) host: Ipv4Addr,
    pub(crate) unit: Ipv4Addr,
}

impl RamLoader for TftpLoader<'_> {
    fn name(&self) -> &str {
        "TFTP"
    }

    fn load(
        &mut self,
        console: &mut Console,
        address: u64,
        bytes: &[u8],
        watch: &mut dyn Watch,
    ) -> Result<(), TargetError> {
        let operation = || format!("load {} bytes over TFTP", bytes.len());
        let device = |error: ConsoleError| error.into_target(operation());
        // Only in the bootloader's memory: nothing is saved.
        let addresses =
            [("ipaddr".to_owned(), self.unit.to_string()), ("serverip".to_owned(), self.host.to_string())];
        console.set_variables(&addresses).map_err(device)?;

        let service =
            Service { allowed_peers: vec![IpAddr::V4(self.unit)], ..Service::of(FILE_NAME, &bytes) };
        let local = SocketAddr::new(IpAddr::V4(self.host), 69);
        let mut server =
            Server::bind(self.network, local, service).map_err(|error| error.into_target(operation()))?;

        let typing = Deadline::after(console.clock(), Duration::from_secs(10));
        console.start(&format!("tftpboot {address:#x} {FILE_NAME}"), typing).map_err(device)?;
        let (mut arrived, mut under_way) = (0, 0);
        let mut sign_of_life = server.clock().now();
        loop {
            let turn = Deadline::after(server.clock(), Duration::from_millis(20));
            match server.poll(turn).map_err(|error| error.into_target(operation()))? {
                ServerEvent::Progress { bytes, .. } => {
                    watch.advance(bytes.saturating_sub(arrived));
                    arrived = arrived.max(bytes);
                    sign_of_life = server.clock().now();
                }
                ServerEvent::Idle => {}
                _ => sign_of_life = server.clock().now(),
            }
            // A slow unit, or a bad cable, takes long for what is worth an event.
            let before = std::mem::replace(&mut under_way, server.arrived());
            if under_way != before {
                sign_of_life = server.clock().now();
            }
            let at_once = Deadline::at(console.clock().now());
            if let Some(reply) = console.poll_reply(at_once).map_err(device)? {
                if reply.text.contains("Bytes transferred") {
                    watch.advance((bytes.len() as u64).saturating_sub(arrived));
                    return Ok(());
                }
                return Err(device(refused(reply)));
            }
            if server.clock().now().since(sign_of_life) > PATIENCE {
                return Err(TargetError::link(operation())(debrick_link::LinkError::TimedOut {
                    link: format!("the unit's TFTP client at {}", self.unit),
                }));
            }
        }
    }
}

fn refused(reply: Reply) -> ConsoleError {
    let command = "tftpboot".to_owned();
    match classify(&reply.text) {
        Some(message) => ConsoleError::Message { command, message, reply: reply.text },
        None => ConsoleError::UnexpectedReply { command, reply: reply.text },
    }
}
