//! A repair through a door, to be made, and its surroundings.
#![allow(clippy::disallowed_methods, reason = "a test that starts itself again tells its child what to do")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use debrick_catalog::Recoverable;
use debrick_engine::{Closed, DoorJob, DoorPorts, HostCheck, Reach};
use debrick_link::{Deadline, LinkError, Network};
use debrick_model::{Ending, EventBody, Gate, Waiver};
use debrick_ssh::device::{Metadata, with_metadata};
use debrick_ssh::{Fingerprint, Shell, SshError};
use debrick_virtual_bench::{
    Bench, Brick, Door, Faults, FirmwareOptions, RouterConfig, Speech, UNIT_ADDRESS, UnitState,
    VirtualRouter, firmware,
};

use super::*;

pub const SIZE: usize = 256 << 10;
pub const PULL: &str = "tftp-recovery";
pub const PUSH: &str = "tftp-receive";
pub const PAGE: &str = "page-recovery";
pub const BOOT: &str = "bootp-recovery";

pub fn pull() -> Speech {
    let server = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 168, 1, 2)), 69);
    Speech::pull(server, "acme-r1-recovery.itb")
}

fn bench_with(state: UnitState, door: Door) -> Bench {
    let config = RouterConfig { door: Some(door), ..RouterConfig::default() };
    Bench::new(VirtualRouter::with_config(state, config), Faults::default(), 1)
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
        let shell = (unit == UNIT_ADDRESS).then(|| self.0.shell()).flatten();
        shell.map(|shell| Box::new(shell) as Box<dyn Shell>).ok_or_else(|| {
            let source = LinkError::TimedOut { link: format!("tcp:{unit}:22") };
            SshError::Unreachable { address: unit.to_string(), source }
        })
    }
}

/// Firmware as `sysupgrade` takes it.
pub fn upgrade_image(content: &str, says: &str, board: &str) -> Vec<u8> {
    let content = firmware(content, &FirmwareOptions { size: SIZE, ..FirmwareOptions::default() });
    let metadata =
        Metadata { supported: vec![board.into()], compat: "1.0".into(), version: Some(says.into()) };
    with_metadata(&content, &metadata)
}

fn door_ports(
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
        let bench = bench_with(state, door);
        let mut attendant = Attendant::new(&bench);
        attendant.hands = Some(Hands::steady(&bench));
        Self {
            bench,
            image: image(NEWER, SIZE),
            method,
            waivers: vec![waiver()],
            log: [PUSH, BOOT].contains(&method).then_some("settings: ok\r\nREADY ACME R1 1.0.4\r\n"),
            attendant,
            folder: quick_folder(),
            vault: None,
            adapt: |_| {},
            system: None,
            soak: 0,
            wire: |network| network,
        }
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

const PLACE: &str = "DEBRICK_TEST_DOOR_PLACE";
const METHOD: &str = "DEBRICK_TEST_DOOR_METHOD";
const KILL_AT: &str = "DEBRICK_TEST_DOOR_KILL_AT";

/// Makes the repair by a method, of the unit whose state this is.
pub type Repairs = fn(&str, UnitState) -> Case;

fn case_in(place: &Path, method: &str, repairs: Repairs) -> Case {
    let mut case = repairs(method, UnitState::open(&place.join("unit")).unwrap());
    case.vault = Some(place.join("vault"));
    case
}

/// What a test named `child` does: where [`killed_and_finished`] has started it, it repairs the unit that it is told, and
/// kills itself.
pub fn be_killed(repairs: Repairs) {
    let Some(place) = std::env::var_os(PLACE) else { return };
    let at: u64 = std::env::var(KILL_AT).unwrap().parse().unwrap();
    let mut case = case_in(Path::new(&place), &std::env::var(METHOD).unwrap(), repairs);
    case.attendant.on_event = Box::new(move |event| {
        if event.seq == at {
            nix::sys::signal::kill(nix::unistd::Pid::this(), nix::sys::signal::Signal::SIGKILL).unwrap();
            // The signal may take a moment; nothing may happen in it.
            loop {
                std::thread::park();
            }
        }
    });
    case.run();
}

/// Has the test `child` of the same program killed at these events, one after the other, and goes on with what it left; there
/// are at least so many kills before a repair is over.
pub fn killed_and_finished(
    method: &str,
    moments: impl Iterator<Item = u64>,
    at_least: u32,
    repairs: Repairs,
) {
    let mut killed = 0;
    for at in moments {
        let folder = quick_folder();
        let place = folder.path();
        std::fs::create_dir(place.join("unit")).unwrap();
        let before = broken(Brick::KernelBytesDamaged, SIZE);
        drop(before.clone().keep_in(&place.join("unit")).unwrap());
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["child", "--exact", "--quiet"])
            .envs([(PLACE, place.as_os_str()), (METHOD, method.as_ref())])
            .env(KILL_AT, at.to_string())
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        if status.signal() != Some(9) {
            assert!(status.success(), "{status}");
            break;
        }
        killed += 1;
        let mut case = case_in(place, method, repairs);
        let session = vault(case.path()).sessions().unwrap()[0].id.clone();
        let events = vault(case.path()).read_session(&session).unwrap();
        if !matches!(events.last().map(|event| &event.body), Some(EventBody::SessionClosed { .. })) {
            let closed = case.resume(&session);
            assert_eq!(closed.ending, Ending::Repaired, "{method} killed at {at}: {closed:?}");
        }
        assert!(vault(case.path()).verify_session(&session).unwrap().is_intact(), "{method} killed at {at}");
        assert!(holds(&case.bench.state(), &case.image), "{method} killed at {at}");
        assert!(unique_is_unharmed(&before, &case.bench.state()), "{method} killed at {at}");
        assert!(at < 400, "a repair has no end");
    }
    assert!(killed >= at_least, "{method}: killed only {killed} times");
}
