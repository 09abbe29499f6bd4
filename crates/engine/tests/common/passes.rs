//! A repair in two passes, to be made, and its surroundings.

use debrick_catalog::Recoverable;
use debrick_engine::{Closed, DoorJob, DoorPorts, Passes, Reach, Wishes};
use debrick_link::Deadline;
use debrick_model::{Effect, EventBody};
use debrick_ssh::device::Quirks;
use debrick_virtual_bench::{
    Bench, Brick, Door, Faults, FirmwareOptions, RouterConfig, Speech, UnitState, VirtualRouter, firmware,
};

use super::door::*;
use super::*;

pub const NETBOOT: &str = "netboot";

/// A repair to be made, in two passes or in the second alone.
pub struct Two {
    pub case: Case,
    pub first: Option<Vec<u8>>,
    pub alone: bool,
    pub soak: u32,
}

impl Two {
    pub fn with(brick: Brick, door: Door, quirks: Quirks) -> Self {
        Self::with_faults(broken(brick, SIZE), door, quirks, Faults::default(), 1)
    }

    pub fn with_faults(state: UnitState, door: Door, quirks: Quirks, faults: Faults, seed: u64) -> Self {
        let config = RouterConfig { door: Some(door), openwrt: Some(quirks), ..RouterConfig::default() };
        let bench = Bench::new(VirtualRouter::with_config(state, config), faults, seed);
        let mut case = Case::on_bench(NETBOOT, bench);
        case.waivers.clear();
        case.image = upgrade_image(NEWER, NEWER, "acme,r1");
        let first = firmware("24.10.0", &FirmwareOptions { size: SIZE, ..FirmwareOptions::default() });
        Self { case, first: Some(first), alone: false, soak: 0 }
    }

    pub fn of(brick: Brick) -> Self {
        Self::with(brick, in_memory(), Quirks::default())
    }

    /// A unit whose system runs.
    pub fn running(quirks: Quirks) -> Self {
        let two = Self::with(Brick::Healthy, in_memory(), quirks);
        let mut console = two.case.bench.console();
        let soon = Deadline::after(&two.case.bench.clock, std::time::Duration::from_secs(20));
        let mut buffer = [0; 4096];
        while console.read(&mut buffer, soon).is_ok() {}
        assert!(two.case.bench.shell().is_some());
        Self { first: None, alone: true, ..two }
    }

    fn passes(&self, first: Option<(String, debrick_model::Digest)>) -> Passes {
        Passes { first, unit: None, pin: None }
    }

    fn ports(&self) -> DoorPorts {
        let system: Box<dyn Reach> = Box::new(OfBench(self.case.bench.clone()));
        door_ports(&self.case.bench, self.case.wire, Some(system))
    }

    fn wishes(&self) -> Wishes {
        let method = (!self.alone).then(|| NETBOOT.to_owned());
        Wishes { waivers: self.case.waivers.clone(), method, soak_restarts: self.soak, ..Wishes::default() }
    }

    pub fn run(&mut self) -> Closed {
        let vault = vault(self.case.path());
        let digest = vault.put_bytes(&self.case.image).unwrap();
        let first =
            self.first.as_ref().map(|first| ("initramfs.itb".to_owned(), vault.put_bytes(first).unwrap()));
        let mut device: Recoverable = debrick_catalog::find("acme-r1").unwrap().recoverable().unwrap();
        if self.alone {
            device.doors.clear();
        }
        let job = DoorJob {
            device,
            image: Some(("acme-r1-sysupgrade.itb".to_owned(), digest)),
            evidence: vec![],
            logs: vec![],
            ports: vec!["lan:virtual".into()],
            wishes: self.wishes(),
            seed: 1,
        };
        let (passes, ports) = (self.passes(first), self.ports());
        let attendant = &mut self.case.attendant;
        let closed = debrick_engine::rescue_in_passes(&vault, job, passes, ports, attendant).unwrap();
        assert!(vault.verify_session(&closed.session).unwrap().is_intact());
        closed
    }

    pub fn resume(&mut self, session: &str) -> Closed {
        let vault = vault(self.case.path());
        let (wishes, passes, ports) = (self.wishes(), self.passes(None), self.ports());
        let attendant = &mut self.case.attendant;
        debrick_engine::resume_in_passes(&vault, session, wishes, passes, ports, attendant).unwrap()
    }

    /// What was announced, in order.
    pub fn intents(&self) -> Vec<&'static str> {
        let effect = |body: &EventBody| match body {
            EventBody::Intent { effect: Effect::RunImage { .. } } => Some("run"),
            EventBody::Intent { effect: Effect::OfferImage { .. } } => Some("offer"),
            EventBody::Intent { .. } => Some("other"),
            _ => None,
        };
        self.case.attendant.events.iter().filter_map(|event| effect(&event.body)).collect()
    }

    pub fn kept(&self) -> Vec<String> {
        let kept = self.case.attendant.events.iter().filter_map(|event| match &event.body {
            EventBody::BackedUp { region, .. } => Some(region.clone()),
            _ => None,
        });
        kept.collect()
    }
}

pub fn in_memory() -> Door {
    Door { in_memory: true, ..Door::of(Speech::boot(UNIT)) }
}
