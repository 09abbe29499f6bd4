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
use crate::loading::{Loading, ModemLoad, Pull};
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
    loading: Option<Loading>,
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
            loading: None,
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
        if let Some(Loading::Pull(pull)) = &mut self.loading {
            pull.on_datagram(from, to, payload, now, &mut self.datagrams);
        }
    }

    pub(crate) fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    /// Looks for faults that were due at this point of a transfer, and for its end.
    fn after_step(&mut self, state: Transfer) -> Transfer {
        let (bytes, is_tftp) = match &self.loading {
            Some(Loading::Pull(pull)) => (pull.bytes, true),
            Some(Loading::Modem(load)) => (load.bytes, false),
            None => (0, false),
        };
        if self.restart_in_transfer.is_some_and(|limit| bytes >= limit) {
            self.restart_in_transfer = None;
            self.restarts = true;
            self.log.add(Fault::RestartInTransfer);
        }
        if state != Transfer::Running {
            if is_tftp && self.tftp_aborts_at.is_some_and(|limit| bytes >= limit) {
                self.tftp_aborts_at = None;
                self.log.add(Fault::TftpAbort);
            }
            self.loading = None;
        }
        state
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
        let pull = Pull::start(request, self.tftp_aborts_at, now, &mut self.datagrams);
        self.loading = pull.map(|pull| Loading::Pull(Box::new(pull)));
        if self.loading.is_some() {
            Transfer::Running
        } else {
            Transfer::Failed("\nARP Retry count exceeded; starting again\n".into())
        }
    }

    fn start_modem(
        &mut self,
        kind: Modem,
        address: u64,
        _baud: u32,
        now: Moment,
        out: &mut Vec<u8>,
    ) -> Transfer {
        self.loading = Some(Loading::Modem(Box::new(ModemLoad::start(kind, address, now, out))));
        Transfer::Running
    }

    fn transfer_bytes(&mut self, bytes: &[u8], now: Moment, out: &mut Vec<u8>) -> Transfer {
        let state = match &mut self.loading {
            Some(Loading::Modem(load)) => load.advance(bytes, &mut self.ram, now, out),
            _ => return Transfer::Failed(String::new()),
        };
        self.after_step(state)
    }

    fn transfer_tick(&mut self, now: Moment, out: &mut Vec<u8>) -> Transfer {
        let state = match &mut self.loading {
            Some(Loading::Modem(load)) => load.advance(&[], &mut self.ram, now, out),
            Some(Loading::Pull(pull)) => pull.tick(&mut self.ram, now, &mut self.datagrams, out),
            None => return Transfer::Failed(String::new()),
        };
        self.after_step(state)
    }

    fn transfer_wake(&self) -> Option<Moment> {
        match &self.loading {
            Some(Loading::Pull(pull)) => pull.next_wake(),
            Some(Loading::Modem(load)) => load.next_wake(),
            None => None,
        }
    }

    fn cancel_transfer(&mut self) {
        self.loading = None;
    }

    fn reset(&mut self, cold: bool, _now: Moment) {
        self.loading = None;
        self.booted = None;
        if cold {
            self.ram = Ram::new();
        }
    }
}
