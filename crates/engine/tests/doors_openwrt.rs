//! Repairs by the bootloader, of units whose new system says over SSH what it is, because nothing else of it is known.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use std::net::Ipv4Addr;

use common::door::*;
use common::*;
use debrick_engine::{Closed, Reach};
use debrick_link::{Deadline, Network};
use debrick_model::{Answer, Ending, EventBody};
use debrick_ssh::device::{Metadata, Quirks, with_metadata};
use debrick_ssh::{Fingerprint, Shell, SshError};
use debrick_virtual_bench::{
    Bench, Brick, Door, Faults, FirmwareOptions, RouterConfig, Speech, VirtualRouter, firmware,
};

/// A system whose owner has set a password.
struct Shut(Bench);

impl Reach for Shut {
    fn reach(
        &mut self,
        network: &mut dyn Network,
        unit: Ipv4Addr,
        pin: Option<&Fingerprint>,
        deadline: Deadline,
    ) -> Result<Box<dyn Shell>, SshError> {
        OfBench(self.0.clone()).reach(network, unit, pin, deadline)?;
        Err(SshError::Denied { user: "root".into(), methods: "publickey, password".into() })
    }
}

fn case(image: Vec<u8>) -> Case {
    with(image, Brick::FirmwareErased, Door::of(Speech::push()))
}

fn with(image: Vec<u8>, brick: Brick, door: Door) -> Case {
    let door = Some(door);
    let config = RouterConfig { door, openwrt: Some(Quirks::default()), ..RouterConfig::default() };
    let router = VirtualRouter::with_config(broken(brick, SIZE), config);
    let bench = Bench::new(router, Faults::default(), 1);
    let mut case = Case::on_bench(PUSH, bench);
    case.image = image;
    case.system = Some(|bench| Box::new(OfBench(bench.clone())));
    // As most records are: where the version can be read is not known.
    case.adapt = |device| {
        device.device.method.iter_mut().for_each(|method| method.formats.push("openwrt-sysupgrade".into()));
        device.device.smoke.clear();
        device.device.version.clear();
    };
    case
}

fn questions(case: &Case) -> Vec<String> {
    let asked = case.attendant.events.iter().filter_map(|event| match &event.body {
        EventBody::Asked { request } => Some(request.id.clone()),
        _ => None,
    });
    asked.filter(|id| id == "running-version").collect()
}

fn version_of(closed: &Closed, case: &Case) -> Option<String> {
    let events = vault(case.path()).read_session(&closed.session).unwrap();
    events.iter().find_map(|event| match &event.body {
        EventBody::SessionClosed { version, .. } => version.clone(),
        _ => None,
    })
}

#[test]
fn a_fresh_system_says_itself_what_it_is() {
    let mut case = case(upgrade_image(NEWER, NEWER, "acme,r1"));
    case.soak = 2;
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!(questions(&case), [""; 0], "nobody had to read it");
    assert_eq!(version_of(&closed, &case).as_deref(), Some(NEWER));
    assert_eq!(case.attendant.power_cycles, 0, "it was restarted over SSH");
    let tested = case.attendant.events.iter().filter_map(|event| match &event.body {
        EventBody::SmokeTested { name, ok: true, .. } => Some(name.as_str()),
        _ => None,
    });
    let tested: Vec<&str> = tested.collect();
    for name in ["version", "network inside", "addresses for others", "web page"] {
        assert!(tested.contains(&name), "{name}: {tested:?}");
    }
}

#[test]
fn where_the_image_does_not_say_its_version_the_system_does() {
    let content = firmware(NEWER, &FirmwareOptions { size: SIZE, ..FirmwareOptions::default() });
    let metadata = Metadata { supported: vec!["acme,r1".into()], compat: "1.0".into(), version: None };
    let mut case = case(with_metadata(&content, &metadata));
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!(questions(&case), [""; 0]);
    assert_eq!(version_of(&closed, &case).as_deref(), Some(NEWER));
}

#[test]
fn a_system_that_lets_nobody_in_is_read_by_its_owner() {
    let mut case = case(upgrade_image(NEWER, NEWER, "acme,r1"));
    case.system = Some(|bench| Box::new(Shut(bench.clone())));
    case.attendant.answers =
        Box::new(|request| (request.id == "running-version").then(|| Answer::Text(NEWER.into())));
    let closed = case.run();
    case.is_repaired(&closed);
    assert_eq!(questions(&case), ["running-version"]);
}

#[test]
fn another_version_is_no_success() {
    let lying = Door { lies: true, ..Door::of(Speech::push()) };
    let mut case = with(upgrade_image(NEWER, NEWER, "acme,r1"), Brick::Healthy, lying);
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert!(case.codes().iter().all(|code| code == "smoke-test-failed"), "{:?}", case.codes());
    assert_eq!(questions(&case), [""; 0]);
}
