//! A repair through a door, to be made, and its surroundings.
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use debrick_bootp::device::BootpConfig;
use debrick_catalog::Recoverable;
use debrick_engine::{Closed, DoorJob, DoorPorts, HostCheck, Reach};
use debrick_link::{Clock as _, Deadline, Network};
use debrick_model::{Ending, EventBody, Gate, MacAddress, Waiver};
use debrick_ssh::device::{Metadata, with_metadata};
use debrick_ssh::{Fingerprint, Shell, SshError};
use debrick_tftp::device::PullQuirks;
use debrick_virtual_bench::{
    Bench, Brick, Door, Faults, FirmwareOptions, RouterConfig, Speech, UnitState, VirtualRouter, firmware,
};

use super::*;

pub const SIZE: usize = 256 << 10;
pub const PULL: &str = "tftp-recovery";
pub const PUSH: &str = "tftp-receive";
pub const PAGE: &str = "page-recovery";
pub const BOOT: &str = "bootp-recovery";
pub const NMRP: &str = "nmrp-recovery";
pub const EVA: &str = "eva-recovery";
pub const MULTICAST: &str = "multicast-recovery";

/// The doors at which a unit does not say which one it is: somebody has kept a log.
const SILENT: [&str; 4] = [PUSH, BOOT, NMRP, MULTICAST];
const LOG: &str = "settings: ok\r\nREADY ACME R1 1.0.4\r\n";

/// The Ethernet address of the unit, as its bootloader and its factory data have it.
pub const UNIT: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x2a]);

pub fn pull() -> Speech {
    let server = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 168, 1, 2)), 69);
    Speech::pull(server, "acme-r1-recovery.itb")
}

/// Shells of the bench.
pub struct OfBench(pub Bench);

impl Reach for OfBench {
    fn reach(
        &mut self,
        _: &mut dyn Network,
        unit: Ipv4Addr,
        _: Option<&Fingerprint>,
        _: Deadline,
    ) -> Result<Box<dyn Shell>, SshError> {
        self.0.log_in(unit)
    }
}

/// Firmware as `sysupgrade` takes it.
pub fn upgrade_image(content: &str, says: &str, board: &str) -> Vec<u8> {
    let content = firmware(content, &FirmwareOptions { size: SIZE, ..FirmwareOptions::default() });
    let metadata =
        Metadata { supported: vec![board.into()], compat: "1.0".into(), version: Some(says.into()) };
    with_metadata(&content, &metadata)
}

pub fn door_ports(
    bench: &Bench,
    wire: fn(Box<dyn Network>) -> Box<dyn Network>,
    system: Option<Box<dyn Reach>>,
) -> DoorPorts {
    DoorPorts {
        network: wire(bench.network()),
        console: None,
        system,
        clock: Arc::new(bench.clock.clone()),
        host: vec![HostCheck { ok: true, says: "The virtual computer has power.".into() }],
        devices: DEVICES.clone(),
    }
}

pub fn waiver() -> Waiver {
    Waiver { gate: Gate::Backup, because: "the console cannot be reached".into() }
}

/// Makes the way to the system of a bench's unit.
pub type Way = fn(&Bench) -> Box<dyn Reach>;

/// A door that starts from the network and asks by BOOTP, as MikroTik's RouterBOOT does.
pub fn router_boot() -> Speech {
    let asks =
        BootpConfig { bootp: true, vendor_class: Some("ARM__boot".into()), ..BootpConfig::u_boot(UNIT) };
    Speech::Boot { asks, quirks: PullQuirks::default() }
}

/// A repair to be made, and its surroundings.
pub struct Case {
    pub bench: Bench,
    pub image: Vec<u8>,
    pub method: &'static str,
    pub waivers: Vec<Waiver>,
    /// A log from before the unit broke.
    pub log: Option<&'static str>,
    pub attendant: Attendant,
    pub folder: tempfile::TempDir,
    /// Where the vault is, where another process has made it.
    pub vault: Option<PathBuf>,
    /// What the record says otherwise.
    pub adapt: fn(&mut Recoverable),
    /// The way to its system.
    pub system: Option<Way>,
    /// How often it is restarted at the end.
    pub soak: u32,
    /// What becomes of the network on its way to the repair.
    pub wire: fn(Box<dyn Network>) -> Box<dyn Network>,
}

impl Case {
    pub fn of(method: &'static str, brick: Brick, door: Door) -> Self {
        Self::with_state(method, broken(brick, SIZE), door)
    }

    pub fn with_state(method: &'static str, state: UnitState, door: Door) -> Self {
        Self::with_faults(method, state, door, Faults::default(), 1)
    }

    pub fn with_faults(
        method: &'static str,
        state: UnitState,
        door: Door,
        faults: Faults,
        seed: u64,
    ) -> Self {
        let config = RouterConfig { door: Some(door), ..RouterConfig::default() };
        Self::on_bench(method, Bench::new(VirtualRouter::with_config(state, config), faults, seed))
    }

    /// A repair of the unit on this bench.
    pub fn on_bench(method: &'static str, bench: Bench) -> Self {
        let mut attendant = Attendant::new(&bench);
        attendant.hands = Some(Hands::steady(&bench));
        Self {
            bench,
            image: image(NEWER, SIZE),
            method,
            waivers: vec![waiver()],
            log: SILENT.contains(&method).then_some(LOG),
            attendant,
            folder: quick_folder(),
            vault: None,
            adapt: |_| {},
            system: None,
            soak: 0,
            wire: |network| network,
        }
    }

    /// Puts the unit into its recovery mode before anybody looks.
    pub fn enter(&self) {
        let bench = &self.bench;
        bench.power_off();
        bench.world.with_device(|router| router.hold_button(true, bench.clock.now()));
        bench.power_on();
        let mut console = bench.console();
        let soon = Deadline::after(&bench.clock, Duration::from_secs(8));
        while console.read(&mut [0; 256], soon).is_ok() {}
        bench.world.with_device(|router| router.hold_button(false, bench.clock.now()));
        assert!(bench.world.with_device(|router| router.is_in_recovery()));
    }

    /// Has the unit switched off when somebody gives their word that it is alone, and on while the image is being sent.
    pub fn switched_on_while_sent(mut self) -> Self {
        self.bench.power_off();
        let bench = self.bench.clone();
        self.attendant.answers = Box::new(move |request| {
            if request.id == "alone-on-wire" {
                bench.power_off();
            }
            None
        });
        let bench = self.bench.clone();
        self.attendant.on_progress = Box::new(move || bench.power_on());
        self
    }

    pub fn path(&self) -> &Path {
        self.vault.as_deref().unwrap_or(self.folder.path())
    }

    pub fn run(&mut self) -> Closed {
        let vault = vault(self.path());
        let digest = vault.put_bytes(&self.image).unwrap();
        let log = self.log.map(|log| ("before.log".to_owned(), vault.put_bytes(log.as_bytes()).unwrap()));
        let wishes = debrick_engine::Wishes {
            waivers: self.waivers.clone(),
            method: Some(self.method.to_owned()),
            soak_restarts: self.soak,
            ..wishes()
        };
        let mut device = debrick_catalog::find("acme-r1").unwrap().recoverable().unwrap();
        (self.adapt)(&mut device);
        let job = DoorJob {
            device,
            image: Some(("acme-r1-2.0.1.itb".to_owned(), digest)),
            evidence: vec![],
            logs: log.into_iter().collect(),
            ports: vec!["lan:virtual".into()],
            wishes,
            seed: 1,
        };
        let ports = door_ports(&self.bench, self.wire, self.system.map(|system| system(&self.bench)));
        let closed = debrick_engine::rescue_by_door(&vault, job, ports, &mut self.attendant).unwrap();
        assert!(vault.verify_session(&closed.session).unwrap().is_intact());
        closed
    }

    pub fn resume(&mut self, session: &str) -> Closed {
        let vault = vault(self.path());
        let waivers = self.waivers.clone();
        let wishes = debrick_engine::Wishes { waivers, method: Some(self.method.to_owned()), ..wishes() };
        let ports = door_ports(&self.bench, self.wire, self.system.map(|system| system(&self.bench)));
        debrick_engine::resume_by_door(&vault, session, wishes, ports, &mut self.attendant).unwrap()
    }

    pub fn is_repaired(&self, closed: &Closed) {
        assert_eq!(closed.ending, Ending::Repaired, "{closed:?}\n{:?}", self.attendant.names());
        assert!(holds(&self.bench.state(), &self.image));
        self.bench.world.with_device(|router| assert!(router.is_ready()));
    }

    pub fn count(&self, name: &str) -> usize {
        self.attendant.names().iter().filter(|one| **one == name).count()
    }

    /// What was different in each further try.
    pub fn changes(&self) -> Vec<String> {
        let changes = self.attendant.events.iter().filter_map(|event| match &event.body {
            EventBody::Retrying { change, .. } => Some(change.clone()),
            _ => None,
        });
        changes.collect()
    }

    pub fn codes(&self) -> Vec<String> {
        let codes = self.attendant.events.iter().filter_map(|event| match &event.body {
            EventBody::Failed { problem, .. } => Some(problem.code.clone()),
            _ => None,
        });
        codes.collect()
    }
}
