//! The unit on the bench, as a repair uses it: its console, and its storage by one method or another.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use debrick_catalog::{ConsoleMethod, Repairable, SmokeTest, StorageKind, Transfer};
use debrick_link::{Clock, Deadline, Network};
use debrick_model::Observation;
use debrick_target::{Addressable, Geometry, TargetError};
use debrick_uboot_console::host::{
    Console, ConsoleConfig, Reached as ConsoleReached, Storage, Synced, UbootTarget, Until, Watched,
    observations,
};
use debrick_uboot_console::wire::is_banner;

use crate::boot::{Boot, Reached};
use crate::error::EngineError;
use crate::methods::{TftpLoader, YmodemLoader};
use crate::ports::Ports;
use crate::session::Session;
use crate::smoke::{self, Shown};

/// How many starts make a loop.
const STARTS_OF_A_LOOP: u32 = 3;

/// The most that is written before it is checked, in bytes.
const BATCH: u64 = 4 << 20;

/// The unit on the bench.
pub(crate) struct Unit {
    console: Console,
    network: Option<Box<dyn Network>>,
    clock: Arc<dyn Clock>,
    device: Repairable,
}

/// Where a unit was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearings {
    /// It says things by itself.
    Talking,
    /// It waits at the bootloader's prompt.
    Prompt,
    /// It says nothing, and does not answer.
    Quiet,
}

impl Unit {
    /// The unit behind these ports.
    pub(crate) fn new(ports: Ports, device: Repairable) -> Self {
        let stop = &device.console.stop;
        let config = ConsoleConfig { stop_keys: stop.keys.clone().into_bytes(), stop_at: stop.at.clone() };
        Self {
            console: Console::new(ports.console, config),
            network: ports.network,
            clock: ports.clock,
            device,
        }
    }

    /// Finds out, without changing anything, whether it talks, waits or is quiet.
    pub(crate) fn take_bearings(&mut self, session: &Session<'_>) -> Result<Bearings, EngineError> {
        let until = Until { any_activity: true, ..Until::default() };
        let heard = self.watch(session, &until, Duration::from_secs(3))?;
        // What came may end in a prompt that nobody had read.
        let ends_in_prompt = self.console.open_line().trim_end().ends_with(['>', '#', '$']);
        if heard.reached == ConsoleReached::Activity && !ends_in_prompt {
            return Ok(Bearings::Talking);
        }
        match self.sync_within(session, Duration::from_secs(6)) {
            Ok(()) => Ok(Bearings::Prompt),
            Err(error) if error.is_cancellation() || error.is_link_lost() => Err(error),
            Err(_) => Ok(Bearings::Quiet),
        }
    }

    /// Begins a new log.
    pub(crate) fn forget_log(&mut self) {
        self.console.take_log();
    }

    /// Waits for it to say anything.
    pub(crate) fn says_something(
        &mut self,
        session: &Session<'_>,
        within: Duration,
    ) -> Result<bool, EngineError> {
        let until = Until { any_activity: true, ..Until::default() };
        Ok(self.watch(session, &until, within)?.reached == ConsoleReached::Activity)
    }

    /// Watches it start, until the system is ready, the bootloader waits, or it starts over and over.
    pub(crate) fn watch_boot(&mut self, session: &Session<'_>) -> Result<Boot, EngineError> {
        let patience = Duration::from_secs(u64::from(self.device.console.boot_seconds));
        let until = Until {
            ready: vec![self.device.console.ready.clone()],
            starts: STARTS_OF_A_LOOP,
            prompt: true,
            ..Until::default()
        };
        let watched = self.watch(session, &until, patience)?;
        Ok(boot(watched, self.console.take_log()))
    }

    /// Stops its next start at the bootloader's prompt.
    pub(crate) fn interrupt(&mut self, session: &Session<'_>, within: Duration) -> Result<(), EngineError> {
        let deadline = self.after(within);
        let watched = self.console.interrupt_unless(deadline, &|| session.is_stop_wanted())?;
        unless_stopped(watched).map(drop)
    }

    /// Reaches the prompt of a bootloader that waits there already, in whatever mess.
    pub(crate) fn sync(&mut self, session: &Session<'_>) -> Result<(), EngineError> {
        self.sync_within(session, Duration::from_secs(10))
    }

    /// Restarts it from the bootloader's prompt.
    pub(crate) fn restart(&mut self) -> Result<(), EngineError> {
        self.console.take_log();
        Ok(self.console.reset()?)
    }

    /// Restarts it from its running system, where its record says how; tells whether it said anything after that.
    pub(crate) fn restart_system(&mut self, session: &Session<'_>) -> Result<bool, EngineError> {
        let until = Until { starts: 1, ..Until::default() };
        if !self.restart_system_quietly() {
            return Ok(false);
        }
        let patience = Duration::from_secs(u64::from(self.device.console.boot_seconds));
        Ok(self.watch(session, &until, patience)?.reached == ConsoleReached::Starts)
    }

    /// Types what restarts the running system, without looking at what it says.
    pub(crate) fn restart_system_quietly(&mut self) -> bool {
        let Some(command) = self.device.console.restart.clone() else { return false };
        self.console.take_log();
        let typing = self.after(Duration::from_secs(5));
        self.console.link_mut().write_all(format!("\n{command}\n").as_bytes(), typing).is_ok()
    }

    /// Whether this computer can serve the unit on this address and port.
    pub(crate) fn can_serve(&mut self, local: SocketAddr) -> Result<(), EngineError> {
        if let Some(network) = &mut self.network {
            drop(network.bind_datagrams(local)?);
        }
        Ok(())
    }

    /// How well its console carries what is typed: answers of a number of harmless commands that came back right.
    pub(crate) fn probe_link(&mut self, session: &Session<'_>, tries: u32) -> Result<u32, EngineError> {
        let mut right = 0;
        for number in 0..tries {
            let deadline = self.after(Duration::from_secs(5));
            let word = format!("debrick{:08x}", number.wrapping_mul(0x9E37_79B9));
            match self.console.command(&format!("echo {word}"), deadline) {
                Ok(reply) => right += u32::from(reply.text.trim() == word),
                Err(error) if gone(&error) => return Err(error.into()),
                Err(_) => self.sync(session)?,
            }
        }
        Ok(right)
    }

    /// What the bootloader says about itself and the unit, and its variables.
    pub(crate) fn ask_bootloader(
        &mut self,
    ) -> Result<(Vec<Observation>, BTreeMap<String, String>), EngineError> {
        let deadline = self.after(Duration::from_secs(30));
        self.console.features(deadline)?;
        let variables = self.console.environment()?;
        let version = self.console.version()?;
        Ok((observations(&variables, &version), variables))
    }

    /// Stores bootloader variables, and reads them back.
    pub(crate) fn store_variables(&mut self, variables: &[(String, String)]) -> Result<(), EngineError> {
        self.console.set_variables(variables)?;
        self.console.save_environment()?;
        Ok(())
    }

    /// Works on the storage that holds a region, by a method.
    pub(crate) fn with_storage<T>(
        &mut self,
        method: &ConsoleMethod,
        region: &str,
        work: impl FnOnce(&mut dyn Addressable) -> Result<T, TargetError>,
    ) -> Result<T, EngineError> {
        let Some(storage) = self.device.storage_of(region) else {
            return Err(TargetError::Unsupported { what: format!("find the region {region:?}") }.into());
        };
        let geometry = geometry_of(storage, BATCH.min(method.ram.size / 2));
        let kind = match &storage.interface {
            StorageKind::Virtio { device } => Storage::Virtio { device: *device },
            StorageKind::Mmc { device, hardware_partition } => {
                Storage::Mmc { device: *device, hardware_partition: *hardware_partition }
            }
            StorageKind::SpiNor { bus, chip_select } => {
                Storage::SpiNor { bus: *bus, chip_select: *chip_select }
            }
            StorageKind::Nand { device } => Storage::Nand { device: *device },
            StorageKind::Mtd { name } => Storage::Mtd { name: name.clone() },
            StorageKind::CfiNor { base } => Storage::CfiNor { base: *base },
        };
        let (address, size) = (method.ram.address, method.ram.size);
        match (method.transfer, &mut self.network, &self.device.network) {
            (Transfer::Tftp, Some(network), Some(record)) => {
                let mut loader = TftpLoader { network: &mut **network, host: record.host, unit: record.unit };
                let mut target =
                    UbootTarget::new(&mut self.console, &mut loader, kind, geometry, address, size);
                Ok(work(&mut target)?)
            }
            _ => {
                let mut loader = YmodemLoader {
                    console_rate: self.device.console.baud,
                    transfer_rate: method.transfer_baud,
                };
                let mut target =
                    UbootTarget::new(&mut self.console, &mut loader, kind, geometry, address, size);
                Ok(work(&mut target)?)
            }
        }
    }

    /// Asks the running system a question.
    pub(crate) fn smoke_test(&mut self, test: &SmokeTest, version: &str) -> Option<Shown> {
        let network = self.network.as_mut()?;
        let unit = self.device.network.as_ref()?.unit;
        Some(smoke::run(
            test,
            IpAddr::V4(unit),
            version,
            &mut **network,
            &*self.clock,
            Duration::from_secs(15),
        ))
    }

    /// Watches the console. The operator may stop meanwhile, here and wherever else the console is waited for: reading
    /// changes nothing, so that every moment of it is a safe point.
    fn watch(
        &mut self,
        session: &Session<'_>,
        until: &Until,
        patience: Duration,
    ) -> Result<Watched, EngineError> {
        let deadline = self.after(patience);
        unless_stopped(self.console.watch_unless(until, deadline, &|| session.is_stop_wanted())?)
    }

    fn sync_within(&mut self, session: &Session<'_>, patience: Duration) -> Result<(), EngineError> {
        let deadline = self.after(patience);
        match self.console.sync_unless(deadline, &|| session.is_stop_wanted())? {
            Synced::AtPrompt => Ok(()),
            Synced::Stopped => Err(EngineError::Cancelled),
        }
    }

    fn after(&self, span: Duration) -> Deadline {
        Deadline::after(&*self.clock, span)
    }
}

/// The shape of a storage, as its record tells it.
pub(crate) fn geometry_of(storage: &debrick_catalog::Storage, batch: u64) -> Geometry {
    Geometry {
        size: storage.size,
        write_block: storage.write_block,
        erase_block: storage.erase_block,
        erased: storage.erased,
        batch,
    }
}

fn unless_stopped(watched: Watched) -> Result<Watched, EngineError> {
    match watched.reached {
        ConsoleReached::Stopped => Err(EngineError::Cancelled),
        _ => Ok(watched),
    }
}

fn gone(error: &debrick_uboot_console::host::ConsoleError) -> bool {
    use debrick_link::LinkError;
    use debrick_uboot_console::host::ConsoleError;
    matches!(error, ConsoleError::Link { source, .. } if matches!(source, LinkError::Disconnected { .. } | LinkError::Io { .. }))
}

/// `log` holds all that was said since the start began, also what was read before it was watched.
fn boot(watched: Watched, log: Vec<u8>) -> Boot {
    let starts = watched.starts;
    let took = watched.took.saturating_sub(watched.first_byte_after.unwrap_or_default());
    let reached = match watched.reached {
        ConsoleReached::Ready { text } => Reached::Ready { version: text },
        ConsoleReached::Prompt if ends_in_a_system(&log) => Reached::Stuck,
        ConsoleReached::Prompt => Reached::Bootloader,
        ConsoleReached::Starts => Reached::Loop { starts: watched.starts },
        _ if watched.first_byte_after.is_none() => Reached::Silent,
        _ if watched.starts >= 2 => Reached::Loop { starts: watched.starts },
        _ => Reached::Stuck,
    };
    let is_whole = String::from_utf8_lossy(&log).lines().any(is_banner);
    Boot { log, reached, starts, is_whole, took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX) }
}

/// Whether a kernel was the last to start: a prompt behind it is a shell's. A device's own system would have said that it is
/// ready.
fn ends_in_a_system(log: &[u8]) -> bool {
    let text = String::from_utf8_lossy(log);
    let last = text.lines().rev().find(|line| is_banner(line) || line.contains("Linux version "));
    last.is_some_and(|line| !is_banner(line))
}
