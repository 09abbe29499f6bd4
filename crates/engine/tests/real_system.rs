//! A repair through a system that runs, over a real dropbear: the commands that come in are answered by the device half, and
//! the server really dies when the upgrade begins.
//!
//! Skipped, and said so, where a server is not installed or this is not root; with `CI=true` that fails.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;
#[path = "../../../protocols/ssh/tests/common/mod.rs"]
mod servers;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use common::*;
use debrick_catalog::Recoverable;
use debrick_engine::{DoorJob, DoorPorts, HostCheck, Operator, OverSsh, Passes, Reach, Wishes};
use debrick_link::{Deadline, Network};
use debrick_link_os::{OsClock, OsNetwork};
use debrick_model::{Answer, Ending, Event, EventBody, Progress, Request};
use debrick_ssh::device::{Config, Metadata, OpenwrtLike, Quirks, with_metadata};
use debrick_ssh::{Fingerprint, Login, Shell, SshError};
use servers::relay::Unit;
use servers::{Kind, Setup, ready};

/// The way to a unit that starts again when its server has died.
struct ToUnit {
    unit: Arc<Mutex<Unit>>,
    restarts: Arc<Mutex<u32>>,
}

impl Reach for ToUnit {
    fn reach(
        &mut self,
        network: &mut dyn Network,
        address: Ipv4Addr,
        pin: Option<&Fingerprint>,
        deadline: Deadline,
    ) -> Result<Box<dyn Shell>, SshError> {
        let mut unit = self.unit.lock().unwrap();
        let is_running = unit.system.lock().unwrap().is_running();
        if !is_running {
            unit.system.lock().unwrap().restart();
            unit.server.restart();
            *self.restarts.lock().unwrap() += 1;
        }
        OverSsh { login: Login::bare("root"), port: unit.server.port() }
            .reach(network, address, pin, deadline)
    }
}

/// Agrees to everything, and reads the label.
#[derive(Default)]
struct Agreeing {
    events: Vec<Event>,
    asked: Vec<String>,
}

impl Operator for Agreeing {
    fn event(&mut self, event: &Event) {
        self.events.push(event.clone());
    }

    fn progress(&mut self, _: &Progress) {}

    fn ask(&mut self, request: &Request) -> Answer {
        self.asked.push(request.id.clone());
        if request.id == "label-model" { Answer::Text("ACME R1".into()) } else { Answer::Yes }
    }

    fn cue(&mut self, _: &debrick_coach::Cue) {}

    fn said(&mut self) -> Vec<debrick_coach::Seen> {
        Vec::new()
    }

    fn cancelled(&self) -> bool {
        false
    }
}

#[test]
fn a_system_behind_a_real_server_is_kept_and_replaced() {
    if !ready() {
        return;
    }
    let system = OpenwrtLike::new(Config::acme_r1(), Quirks::default());
    let unit = Arc::new(Mutex::new(Unit::start(Kind::Dropbear, Setup::default(), system)));
    let restarts = Arc::new(Mutex::new(0));
    let content = image("23.05.5", 256 << 10);
    let version = Some("23.05.5".to_owned());
    let image = with_metadata(
        &content,
        &Metadata { supported: vec!["acme,r1".into()], compat: "1.0".into(), version },
    );
    let folder = quick_folder();
    let vault = vault(folder.path());
    let digest = vault.put_bytes(&image).unwrap();
    let device = debrick_catalog::find("acme-r1").unwrap();
    // This system has no page.
    let device = debrick_catalog::Device { smoke: vec![], ..device };
    let job = DoorJob {
        device: Recoverable { device, doors: vec![] },
        image: Some(("acme-r1-sysupgrade.itb".into(), digest)),
        evidence: vec![],
        logs: vec![],
        ports: vec!["ssh:127.0.0.1".into()],
        wishes: Wishes::default(),
        seed: 1,
    };
    let reach = Box::new(ToUnit { unit: unit.clone(), restarts: restarts.clone() });
    let passes = Passes { first: None, unit: Some(Ipv4Addr::LOCALHOST), pin: None };
    let ports = DoorPorts {
        network: Box::new(OsNetwork::new()),
        console: None,
        system: Some(reach),
        clock: Arc::new(OsClock),
        host: vec![HostCheck { ok: true, says: "The computer of the tests has power.".into() }],
        devices: DEVICES.clone(),
    };
    let mut operator = Agreeing::default();
    let closed = debrick_engine::rescue_in_passes(&vault, job, passes, ports, &mut operator).unwrap();
    assert_eq!(closed.ending, Ending::Repaired, "{closed:?}");
    assert_eq!(*restarts.lock().unwrap(), 1);
    assert_eq!(operator.asked, ["host-key", "label-model", "write-firmware"]);
    let kept: Vec<_> = operator
        .events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::BackedUp { region, artifact, .. } => Some((region.as_str(), *artifact)),
            _ => None,
        })
        .collect();
    assert_eq!(kept.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["u-boot", "art", "nand-factory"]);
    for (flash, (_, artifact)) in
        Config::acme_r1().flash.iter().filter(|flash| flash.name != "firmware").zip(&kept)
    {
        assert_eq!(vault.artifact(*artifact).unwrap().read_all(1 << 20).unwrap(), flash.bytes);
    }
    assert_eq!(unit.lock().unwrap().system.lock().unwrap().upgrades(), 1);
}
