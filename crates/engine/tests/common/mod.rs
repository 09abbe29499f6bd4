//! A virtual bench with an operator who does what is asked, and the judgement of what came of a repair from outside.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "every test file uses its own part")]

use std::path::Path;
use std::sync::{Arc, LazyLock};

use debrick_catalog::{Catalog, Recogniser, Repairable};
use debrick_coach::{Cue, Seen};
use debrick_engine::{Closed, EngineError, HostCheck, Job, Operator, Ports, Wishes};
use debrick_link::{Clock as _, Moment};
use debrick_model::{Answer, Digest, Event, Progress, Request};
use debrick_vault::Vault;
use debrick_virtual_bench::{Bench, Brick, FirmwareOptions, UnitState, firmware, region};

pub mod door;
mod hands;
pub mod kills;
pub mod passes;
pub mod repair;
pub mod wires;

pub use hands::Hands;

/// The firmware that units ran, and the one that they are given.
pub const INSTALLED: &str = "1.0.4";
pub const NEWER: &str = "2.0.1";

pub fn image(version: &str, size: usize) -> Vec<u8> {
    firmware(version, &FirmwareOptions { size, ..FirmwareOptions::default() })
}

pub fn device() -> Repairable {
    debrick_catalog::find("acme-r1").unwrap().repairable().unwrap()
}

/// Answers in place of the usual ones.
pub type Answering = Box<dyn FnMut(&Request) -> Option<Answer>>;

/// Does what is asked, agrees to everything, and pulls the plug when told to.
pub struct Attendant {
    pub bench: Bench,
    pub events: Vec<Event>,
    /// Called with every event, after it is durable.
    pub on_event: Box<dyn FnMut(&Event)>,
    pub answers: Answering,
    /// Called with every progress.
    pub on_progress: Box<dyn FnMut()>,
    pub cancel_after: Option<u64>,
    /// When Ctrl-C is pressed.
    pub cancel_at: Option<Moment>,
    pub power_cycles: u32,
    /// Who holds the button, where one is to be held.
    pub hands: Option<Hands>,
}

impl Attendant {
    pub fn new(bench: &Bench) -> Self {
        Self {
            bench: bench.clone(),
            events: Vec::new(),
            on_event: Box::new(|_| {}),
            answers: Box::new(|_| None),
            on_progress: Box::new(|| {}),
            cancel_after: None,
            cancel_at: None,
            power_cycles: 0,
            hands: None,
        }
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.events.iter().map(|event| event.body.name()).collect()
    }
}

impl Operator for Attendant {
    fn event(&mut self, event: &Event) {
        self.events.push(event.clone());
        (self.on_event)(event);
    }

    fn progress(&mut self, _progress: &Progress) {
        (self.on_progress)();
    }

    fn ask(&mut self, request: &Request) -> Answer {
        if let Some(answer) = (self.answers)(request) {
            return answer;
        }
        match request.id.as_str() {
            "power-cycle" => {
                self.power_cycles += 1;
                self.bench.power_cycle();
                Answer::DontKnow
            }
            "label-model" => Answer::Text("ACME R1".into()),
            // As its label says.
            "which-unit" => Answer::Text("02-00-00-00-00-2A".into()),
            _ => Answer::Yes,
        }
    }

    fn cue(&mut self, cue: &Cue) {
        if let Some(hands) = &mut self.hands {
            hands.take(cue);
        }
    }

    fn said(&mut self) -> Vec<Seen> {
        self.hands.as_mut().map(Hands::act).unwrap_or_default()
    }

    fn cancelled(&self) -> bool {
        self.cancel_after.is_some_and(|seq| self.events.last().is_some_and(|event| event.seq >= seq))
            || self.cancel_at.is_some_and(|moment| self.bench.clock.now() >= moment)
    }
}

/// The devices of the program's own catalog.
pub static DEVICES: LazyLock<Arc<Recogniser>> =
    LazyLock::new(|| Arc::new(Recogniser::new(&Catalog::builtin()).unwrap()));

pub fn ports(bench: &Bench) -> Ports {
    Ports {
        console: bench.console(),
        network: Some(bench.network()),
        clock: Arc::new(bench.clock.clone()),
        host: vec![HostCheck { ok: true, says: "The virtual computer has power.".into() }],
        devices: DEVICES.clone(),
    }
}

pub fn wishes() -> Wishes {
    Wishes { soak_restarts: 1, ..Wishes::default() }
}

pub fn job(image: Option<Digest>) -> Job {
    Job {
        device: device(),
        image: image.map(|digest| ("acme-r1-2.0.1.itb".to_owned(), digest)),
        evidence: vec![],
        ports: vec!["virtual".into()],
        wishes: wishes(),
        seed: 1,
    }
}

/// Repairs what is on the bench.
pub fn rescue(vault: &Vault, attendant: &mut Attendant, image: &[u8]) -> Result<Closed, EngineError> {
    let digest = vault.put_bytes(image)?;
    let ports = ports(&attendant.bench);
    debrick_engine::rescue(vault, job(Some(digest)), ports, attendant)
}

pub fn resume(vault: &Vault, attendant: &mut Attendant, session: &str) -> Result<Closed, EngineError> {
    let ports = ports(&attendant.bench);
    debrick_engine::resume(vault, session, wishes(), ports, attendant)
}

/// A region of the unit, read behind everybody's back.
pub fn held(state: &UnitState, name: &str) -> Vec<u8> {
    let region = region(name).unwrap();
    state.read(region.offset, region.size as usize)
}

/// What must be the same before and after, whatever was repaired.
pub fn unique_is_unharmed(before: &UnitState, after: &UnitState) -> bool {
    held(before, "factory") == held(after, "factory") && held(before, "boot") == held(after, "boot")
}

/// Whether the firmware region starts with this image.
pub fn holds(state: &UnitState, image: &[u8]) -> bool {
    held(state, "firmware").starts_with(image)
}

/// A unit that is broken like this, as a state.
pub fn broken(brick: Brick, size: usize) -> UnitState {
    brick.apply(&image(INSTALLED, size))
}

pub fn vault(folder: &Path) -> Vault {
    Vault::open(folder).unwrap()
}

/// A folder in memory where there is one, since syncing a disk for every event of thousands of sessions takes its time.
pub fn quick_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let builder = tempfile::Builder::new();
    if memory.is_dir() { builder.tempdir_in(memory).unwrap() } else { builder.tempdir().unwrap() }
}
