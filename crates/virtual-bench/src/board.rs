//! What the bootloader stands on.

use std::net::SocketAddr;
use std::ops::Range;

use debrick_link::Moment;
use debrick_link::simulated::Output;
use debrick_uboot_console::device::{
    Board, BootOutcome, BootRequest, BusError, Modem, Saved, Storage, TftpRequest, Transfer,
};

use crate::boot::{self, BootRules, Booted, RAM_BASE, RAM_SIZE, Ram};
use crate::faults::{Fault, FaultLog, Faults};
use crate::layout::ENVIRONMENT_SIZE;
use crate::loading::Pull;
use crate::state::{Hardware, Store, UnitState};
use crate::storage::Disk;

/// The router's board.
pub(crate) struct RouterBoard {
    pub(crate) ram: Ram,
    pub(crate) disk: Disk,
    environment: Store,
    hardware: Hardware,
    checks_architecture: bool,
    abort_text: String,
    /// What `bootm` has started.
    pub(crate) booted: Option<Booted>,
    /// Datagrams to send.
    pub(crate) datagrams: Vec<Output>,
    pull: Option<Pull>,
    tftp_aborts_at: Option<u64>,
    restart_in_transfer: Option<u64>,
    save_fails: bool,
    /// Set when the unit has to restart by itself.
    pub(crate) restarts: bool,
    log: FaultLog,
}

impl RouterBoard {
    pub(crate) fn new(state: UnitState, checks_architecture: bool, abort_text: String) -> Self {
        Self {
            ram: Ram::new(),
            disk: Disk::new(state.flash, state.hardware.flash_lies),
            environment: state.environment,
            hardware: state.hardware,
            checks_architecture,
            abort_text,
            booted: None,
            datagrams: Vec::new(),
            pull: None,
            tftp_aborts_at: None,
            restart_in_transfer: None,
            save_fails: false,
            restarts: false,
            log: FaultLog::default(),
        }
    }

    pub(crate) fn hardware(&self) -> Hardware {
        self.hardware
    }

    pub(crate) fn inject(&mut self, faults: &Faults, seed: u64, log: &FaultLog) {
        self.disk.inject(faults, seed, log.clone());
        self.tftp_aborts_at = faults.tftp_aborts_at;
        self.restart_in_transfer = faults.restart_in_transfer;
        self.save_fails = faults.environment_save_fails_once;
        self.log = log.clone();
    }

    /// Exchanges what the unit keeps, and gives out what it kept.
    pub(crate) fn swap_state(&mut self, state: UnitState) -> UnitState {
        let UnitState { flash, environment, hardware } = state;
        UnitState {
            flash: std::mem::replace(&mut self.disk.store, flash),
            environment: std::mem::replace(&mut self.environment, environment),
            hardware: std::mem::replace(&mut self.hardware, hardware),
        }
    }

    pub(crate) fn on_datagram(&mut self, from: SocketAddr, to: SocketAddr, payload: &[u8], now: Moment) {
        if let Some(pull) = &mut self.pull {
            pull.on_datagram(from, to, payload, now, &mut self.datagrams);
        }
    }

    pub(crate) fn is_loading(&self) -> bool {
        self.pull.is_some()
    }
}

impl Board for RouterBoard {
    fn read_memory(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), BusError> {
        self.ram.read(address, buffer)
    }

    fn write_memory(&mut self, address: u64, bytes: &[u8]) -> Result<(), BusError> {
        self.ram.write(address, bytes)
    }

    fn memory_range(&self) -> Range<u64> {
        RAM_BASE..RAM_BASE + RAM_SIZE
    }

    fn storage_count(&self) -> usize {
        1
    }

    fn storage(&mut self, index: usize) -> Option<&mut dyn Storage> {
        if index == 0 { Some(&mut self.disk) } else { None }
    }

    fn load_environment(&mut self) -> Vec<u8> {
        let mut stored = vec![0; ENVIRONMENT_SIZE];
        // What cannot be read has no good checksum either.
        if self.environment.read(0, &mut stored).is_err() {
            stored.fill(0xFF);
        }
        stored
    }

    fn store_environment(&mut self, bytes: &[u8]) -> Saved {
        let fails = std::mem::take(&mut self.save_fails);
        if fails {
            self.log.add(Fault::EnvironmentSave);
        }
        if fails || self.environment.write(0, bytes).is_err() {
            let text =
                "Un-Protected 2 sectors\nErasing Flash...\nFlash erase error\nProtected 2 sectors\n".into();
            return Saved { text, succeeded: false };
        }
        let text = "Un-Protected 2 sectors\nErasing Flash...\n.. done\nErased 2 sectors\n\
                    Writing to Flash... done\nProtected 2 sectors\n";
        Saved { text: text.into(), succeeded: true }
    }

    fn boot(&mut self, request: BootRequest<'_>, _now: Moment) -> BootOutcome {
        let rules = BootRules { checks_architecture: self.checks_architecture, abort_text: &self.abort_text };
        let (outcome, booted) = boot::boot(&self.ram, request, rules);
        self.booted = booted;
        outcome
    }

    fn image_info(&mut self, address: u64) -> (String, bool) {
        boot::info(&self.ram, address)
    }

    fn start_tftp(&mut self, request: TftpRequest<'_>, now: Moment, _out: &mut Vec<u8>) -> Transfer {
        self.pull = Pull::start(request, self.tftp_aborts_at, now, &mut self.datagrams);
        if self.pull.is_some() {
            Transfer::Running
        } else {
            Transfer::Failed("\nARP Retry count exceeded; starting again\n".into())
        }
    }

    fn start_modem(
        &mut self,
        _kind: Modem,
        _address: u64,
        _baud: u32,
        _now: Moment,
        _out: &mut Vec<u8>,
    ) -> Transfer {
        Transfer::Failed("\nTimed out\n".into())
    }

    fn transfer_bytes(&mut self, _bytes: &[u8], _now: Moment, _out: &mut Vec<u8>) -> Transfer {
        Transfer::Failed(String::new())
    }

    fn transfer_tick(&mut self, now: Moment, out: &mut Vec<u8>) -> Transfer {
        let Some(pull) = &mut self.pull else { return Transfer::Failed(String::new()) };
        let state = pull.tick(&mut self.ram, now, &mut self.datagrams, out);
        if self.restart_in_transfer.is_some_and(|limit| pull.bytes >= limit) {
            self.restart_in_transfer = None;
            self.restarts = true;
            self.log.add(Fault::RestartInTransfer);
        }
        if state != Transfer::Running {
            if self.tftp_aborts_at.is_some_and(|limit| pull.bytes >= limit) {
                self.tftp_aborts_at = None;
                self.log.add(Fault::TftpAbort);
            }
            self.pull = None;
        }
        state
    }

    fn transfer_wake(&self) -> Option<Moment> {
        self.pull.as_ref().and_then(Pull::next_wake)
    }

    fn cancel_transfer(&mut self) {
        self.pull = None;
    }

    fn reset(&mut self, cold: bool, _now: Moment) {
        self.pull = None;
        self.booted = None;
        if cold {
            self.ram = Ram::new();
        }
    }
}
