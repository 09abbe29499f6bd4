//! Many repairs at once, in one process, each of a virtual router on a wire of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use debrick_catalog::{Catalog, Recogniser, Recoverable};
use debrick_coach::{Cue, Seen};
use debrick_engine::{Closed, DoorJob, DoorPorts, HostCheck, Operator, Wishes};
use debrick_link_os::{BorrowedInterface, Loan, OsClock};
use debrick_model::{Answer, Digest, Ending, Event, Gate, Progress, Request, Waiver};
use debrick_vault::Vault;
use debrick_virtual_bench::{
    Brick, FirmwareOptions, HOST_ADDRESS, RouterConfig, UnitState, VirtualRouter, firmware,
};

use super::unit::with_router;
use super::{INSTALLED, NEWER, SIZE, door, is_repaired, pull};
use crate::lan::must;
use crate::lan::wire::{HOST, Lan, in_full};

/// What every repair has in common.
struct Shared {
    vault: Vault,
    device: Recoverable,
    devices: Arc<Recogniser>,
    image: Vec<u8>,
    digest: Digest,
    bricked: UnitState,
}

/// Repairs so many units at once, units and all in this process; how long it took. State goes to `folder`.
///
/// # Errors
/// What went wrong with the first that was not repaired.
pub fn repair_many(count: usize, folder: &Path) -> Result<Duration, String> {
    let options = FirmwareOptions { size: SIZE, ..FirmwareOptions::default() };
    let image = firmware(NEWER, &options);
    let vault = Vault::open(folder.join("state")).map_err(|error| in_full(&error))?;
    let catalog = Catalog::builtin();
    let device = catalog.find("acme-r1").and_then(|device| device.recoverable());
    let shared = Shared {
        digest: vault.put_bytes(&image).map_err(|error| in_full(&error))?,
        vault,
        device: device.map_err(|error| in_full(&error))?,
        devices: Arc::new(Recogniser::new(&catalog).map_err(|error| in_full(&error))?),
        image,
        bricked: Brick::KernelBytesDamaged.apply(&firmware(INSTALLED, &options)),
    };
    let wires = (0..count).map(|_| Lan::create(None)).collect::<Result<Vec<_>, _>>()?;
    let began = Instant::now();
    std::thread::scope(|scope| {
        let repairs: Vec<_> = wires
            .iter()
            .enumerate()
            .map(|(number, lan)| {
                let shared = &shared;
                scope.spawn(move || {
                    shared.repair(lan, number as u64, folder).map_err(|why| format!("unit {number}: {why}"))
                })
            })
            .collect();
        repairs.into_iter().try_for_each(|one| one.join().map_err(|_| "a thread panicked".to_owned())?)
    })?;
    Ok(began.elapsed())
}

impl Shared {
    fn repair(&self, lan: &Lan, number: u64, folder: &Path) -> Result<(), String> {
        let config = RouterConfig { door: Some(door(pull())), ..RouterConfig::default() };
        let router = VirtualRouter::with_config(self.bricked.clone(), config);
        let ((), mut router) = with_router(lan, router, |hands| {
            hands.enter_recovery()?;
            let closed = lan.on_host(|| self.rescue(number, folder))?;
            must(closed.ending == Ending::Repaired, || format!("{closed:?}"))?;
            hands.wait_until("it runs", VirtualRouter::is_ready)
        })?;
        is_repaired(&mut router, &self.image)
    }

    fn rescue(&self, number: u64, folder: &Path) -> Result<Closed, String> {
        let loan = Loan { addresses: vec![(HOST_ADDRESS, 24)], ..Loan::to_listen(HOST) };
        let borrowed =
            BorrowedInterface::borrow(&loan, &folder.join("interfaces")).map_err(|error| in_full(&error))?;
        let waivers = vec![Waiver { gate: Gate::Backup, because: "its console is not wired".to_owned() }];
        let job = DoorJob {
            device: self.device.clone(),
            image: Some(("acme-r1-2.0.1.itb".to_owned(), self.digest)),
            evidence: Vec::new(),
            logs: Vec::new(),
            ports: vec![format!("lan:{HOST}")],
            wishes: Wishes {
                waivers,
                method: Some("tftp-recovery".to_owned()),
                soak_restarts: 0,
                ..Wishes::default()
            },
            seed: number,
        };
        let ports = DoorPorts {
            network: Box::new(borrowed.network()),
            console: None,
            system: None,
            clock: Arc::new(OsClock),
            host: vec![HostCheck { ok: true, says: "The lab has power.".into() }],
            devices: self.devices.clone(),
        };
        let closed = debrick_engine::rescue_by_door(&self.vault, job, ports, &mut Agreeing)
            .map_err(|error| in_full(&error));
        borrowed.give_back().map_err(|error| in_full(&error))?;
        closed
    }
}

/// Somebody who agrees, and reads the label.
struct Agreeing;

impl Operator for Agreeing {
    fn event(&mut self, _event: &Event) {}

    fn progress(&mut self, _progress: &Progress) {}

    fn ask(&mut self, request: &Request) -> Answer {
        match request.id.as_str() {
            "label-model" => Answer::Text("ACME R1".to_owned()),
            _ => Answer::Yes,
        }
    }

    fn cue(&mut self, _cue: &Cue) {}

    fn said(&mut self) -> Vec<Seen> {
        Vec::new()
    }

    fn cancelled(&self) -> bool {
        false
    }
}
