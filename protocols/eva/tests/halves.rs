//! Both halves against each other on a virtual clock: every quirk, every refusal, and faults from seeds.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{bytes, unit, world};
use debrick_eva::device::{EvaConfig, EvaDevice, EvaEvent, EvaQuirks};
use debrick_eva::{EvaError, FindOptions, MemoryPlace, Partition, Session, SessionOptions, Target, find};
use debrick_link::fault::{FaultLog as Log, FaultPlan, FaultyLink, StreamFault, When};
use debrick_link::simulated::{Device, Input, Output, World};
use debrick_link::{Clock, Datagrams, Deadline, Direction, Link, LinkError, Moment, Network, VirtualClock};
use debrick_model::Coded;
use debrick_target::{Opaque, Silent, Watch};

fn quirks(quirks: EvaQuirks) -> EvaConfig {
    EvaConfig { quirks, ..EvaConfig::usual() }
}

fn happened(world: &World<EvaDevice>, event: &EvaEvent) -> bool {
    world.with_device(|device| device.events().contains(event))
}

fn holds(world: &World<EvaDevice>, place: &str) -> Option<Vec<u8>> {
    world.with_device(|device| device.holds(place).map(<[u8]>::to_vec))
}

/// Finds the unit, logs in, reads its variables, and stores an image in `mtd1`.
fn flash(network: &mut dyn Network, image: &[u8], options: SessionOptions) -> Result<(), EvaError> {
    let mut session = Session::open(network, unit(), options, &Silent)?;
    let environment = session.environment()?;
    if environment.identity().hardware.as_deref() != Some("236") {
        return Err(EvaError::Protocol { what: "does not say what it is".into() });
    }
    session.store(Partition::FIRMWARE, &environment, &image, &mut Silent)?;
    session.reboot()
}

fn check_flashed(config: EvaConfig, options: SessionOptions, length: usize) -> World<EvaDevice> {
    let world = world(config);
    let image = bytes(length, 1);
    flash(&mut world.network(), &image, options).unwrap();
    assert!(holds(&world, "mtd1") == Some(image));
    assert_eq!(world.with_device(|device| device.events().last().cloned()), Some(EvaEvent::Started));
    world
}

fn check_fails(config: EvaConfig, length: usize, code: &str) -> World<EvaDevice> {
    let world = world(config);
    let error = flash(&mut world.network(), &bytes(length, 1), SessionOptions::default()).unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    world
}

#[test]
fn firmware_is_stored_and_the_unit_restarts() {
    for length in [1, 65_536, 4 << 20] {
        let world = check_flashed(EvaConfig::usual(), SessionOptions::default(), length);
        let events = world.with_device(|device| device.events().to_vec());
        let stored = EvaEvent::Stored { place: "mtd1".into(), bytes: length as u64 };
        assert_eq!(events, [EvaEvent::LoggedIn, EvaEvent::ReadVariables, stored, EvaEvent::Started]);
    }
}

#[test]
fn units_that_do_it_otherwise_are_understood() {
    for quirk in [
        EvaQuirks { no_p_at_sw: true, ..EvaQuirks::default() },
        EvaQuirks { value_behind: true, ..EvaQuirks::default() },
        EvaQuirks { leaves_files_open: true, ..EvaQuirks::default() },
        EvaQuirks { erases_first: true, ..EvaQuirks::default() },
    ] {
        check_flashed(quirks(quirk), SessionOptions::default(), 1_000_000);
    }
    let two_names = quirks(EvaQuirks { two_names: true, ..EvaQuirks::default() });
    check_flashed(two_names.clone(), SessionOptions { two_names: true, ..SessionOptions::default() }, 1000);
    check_fails(two_names, 1000, "eva-refused");
}

#[test]
fn erasing_may_take_minutes() {
    let slow = EvaConfig { writes_64k_in: Duration::from_secs(5), ..EvaConfig::usual() };
    let world = check_flashed(slow.clone(), SessionOptions::default(), 4 << 20);
    assert!(world.clock().now().since_start() > Duration::from_secs(300));
    let never = EvaConfig { quirks: EvaQuirks { never_confirms: true, ..EvaQuirks::default() }, ..slow };
    let world = check_fails(never, 4 << 20, "eva-no-verdict");
    assert!(world.clock().now().since_start() >= Duration::from_secs(600));
}

#[test]
fn what_may_not_be_written_is_not_even_sent() {
    let world = world(EvaConfig::usual());
    let mut network = world.network();
    let mut session = Session::open(&mut network, unit(), SessionOptions::default(), &Silent).unwrap();
    let environment = session.environment().unwrap();
    let image = bytes(1000, 1);
    for number in [2, 3, 4] {
        let partition = Partition::new(number).unwrap();
        let error = session.store(partition, &environment, &image, &mut Silent).unwrap_err();
        assert_eq!(error.code(), "eva-protected-partition");
    }
    let error = session.store(Partition::new(7).unwrap(), &environment, &image, &mut Silent).unwrap_err();
    assert_eq!(error.code(), "eva-no-partition");
    let large = bytes((4 << 20) + 1, 1);
    let error = session.store(Partition::FIRMWARE, &environment, &large, &mut Silent).unwrap_err();
    assert_eq!(error.code(), "eva-too-large");
    for name in ["HWRevision", "maca", "firmware_version", "mtd1", "my_ipaddress"] {
        assert_eq!(session.set_variable(name, "1").unwrap_err().code(), "eva-protected-variable");
    }
    assert_eq!(
        session.set_variable("linux_fs_start", "0\r\nREBOOT").unwrap_err().code(),
        "eva-bad-parameter"
    );
    session.set_variable("linux_fs_start", "0").unwrap();
    let set = EvaEvent::Set { name: "linux_fs_start".into(), value: Some("0".into()) };
    assert_eq!(
        world.with_device(|device| device.events().to_vec()),
        [EvaEvent::LoggedIn, EvaEvent::ReadVariables, set]
    );
}

#[test]
fn refusals_and_lies() {
    let small = EvaQuirks { takes_at_most: Some(512 * 1024), ..EvaQuirks::default() };
    let world = check_fails(quirks(small), 600_000, "eva-not-stored");
    assert!(happened(&world, &EvaEvent::Refused { place: "mtd1".into() }));
    let hangs_up = EvaQuirks { hangs_up_after: Some(100_000), ..EvaQuirks::default() };
    let world = check_fails(quirks(hangs_up), 600_000, "eva-cut-off");
    assert!(happened(&world, &EvaEvent::HungUp));
    // What a unit says is all that can be known here.
    let world = self::world(quirks(EvaQuirks { lies: true, ..EvaQuirks::default() }));
    flash(&mut world.network(), &bytes(1000, 1), SessionOptions::default()).unwrap();
    assert!(happened(&world, &EvaEvent::Lied) && holds(&world, "mtd1").is_none());
}

#[test]
fn single_variables_are_read_in_both_forms() {
    for value_behind in [false, true] {
        let world = world(quirks(EvaQuirks { value_behind, ..EvaQuirks::default() }));
        let mut network = world.network();
        let mut session = Session::open(&mut network, unit(), SessionOptions::default(), &Silent).unwrap();
        assert!(session.system().unwrap().starts_with("AVM EVA Version"));
        assert_eq!(session.variable("annex").unwrap().as_deref(), Some("A"));
        assert_eq!(session.variable("provider").unwrap(), None);
        assert_eq!(session.variable("mtd1").unwrap().as_deref(), Some("0xB00000,0xF00000"));
    }
}

#[test]
fn an_image_is_started_from_memory() {
    let world = world(EvaConfig::usual());
    let mut network = world.network();
    let mut session = Session::open(&mut network, unit(), SessionOptions::default(), &Silent).unwrap();
    let environment = session.environment().unwrap();
    let image = bytes(0x67_a0f5, 2);
    let place = MemoryPlace::AtItsEnd { memory_at: 0x8000_0000 };
    session.start_from_memory(&environment, place, &image, &mut Silent).unwrap();
    assert!(holds(&world, "0x8f985000 0x90000000").as_ref() == Some(&image));
    let variable = |name: &str| world.with_device(|device| device.variable(name).map(str::to_owned));
    assert_eq!(variable("memsize").as_deref(), Some("0x0f985000"));
    assert_eq!(variable("kernel_args_tmp").as_deref(), Some("mtdram1=0x8f985000,0x90000000"));
    // What is left of an earlier start is noticed.
    let environment = session.environment().unwrap();
    let error = session.start_from_memory(&environment, place, &image, &mut Silent).unwrap_err();
    assert_eq!(error.code(), "eva-protocol");
    let fixed = MemoryPlace::Fixed { start: 0x8500_0000, end: 0x8800_0000 };
    session.start_from_memory(&environment, fixed, &image, &mut Silent).unwrap();
    assert!(holds(&world, "0x85000000 0x88000000").as_ref() == Some(&image));
    assert_eq!(variable("memsize").as_deref(), Some("0x0067a0f5"));
    let small = MemoryPlace::Fixed { start: 0x8500_0000, end: 0x8510_0000 };
    let error = session.start_from_memory(&environment, small, &image, &mut Silent).unwrap_err();
    assert_eq!(error.code(), "eva-too-large");
}

/// A unit that is switched on after a while.
struct SwitchedOnLater {
    eva: EvaDevice,
    at: Moment,
    is_on: bool,
}

impl Device for SwitchedOnLater {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        if !self.is_on && now >= self.at {
            self.is_on = true;
            self.eva.switch_on(self.at);
        }
        self.eva.handle(input, now, out);
    }

    fn next_wake(&self) -> Option<Moment> {
        if self.is_on { self.eva.next_wake() } else { Some(self.at) }
    }
}

fn later(config: EvaConfig, after: Duration) -> World<SwitchedOnLater> {
    let clock = VirtualClock::new();
    let at = clock.now() + after;
    World::new(SwitchedOnLater { eva: EvaDevice::new(config), at, is_on: false }, clock)
}

#[test]
fn the_bootloader_is_caught_within_its_seconds() {
    let wanted = Ipv4Addr::new(192, 168, 178, 77);
    let world = later(EvaConfig::usual(), Duration::from_secs(40));
    let options = FindOptions { wanted, ..FindOptions::default() };
    let mut network = world.network();
    assert_eq!(find(&mut network, &options, &Silent).unwrap(), wanted);
    let unit = SocketAddr::new(wanted.into(), 21);
    let mut session = Session::open(&mut network, unit, SessionOptions::default(), &Silent).unwrap();
    // Who has logged in keeps it from going on.
    world.clock().sleep(Duration::from_secs(60));
    assert!(session.environment().is_ok());
    drop(session);
    let deaf = EvaConfig {
        quirks: EvaQuirks { deaf_to_discovery: true, ..EvaQuirks::default() },
        ..EvaConfig::usual()
    };
    let world = later(deaf, Duration::from_secs(40));
    let error = find(&mut world.network(), &options, &Silent).unwrap_err();
    assert_eq!(error.code(), "eva-not-found");
    assert!(world.with_device(|device| device.eva.events() == [EvaEvent::Started]));
}

#[test]
fn a_unit_that_does_not_answer_the_discovery_is_reached_all_the_same() {
    let quirk = EvaQuirks { deaf_to_discovery: true, ..EvaQuirks::default() };
    let world = later(quirks(quirk), Duration::from_secs(30));
    let mut network = world.network();
    Session::open(&mut network, unit(), SessionOptions::default(), &Silent).unwrap();
    assert!(world.clock().now().since_start() >= Duration::from_secs(30));
    let world = later(EvaConfig::usual(), Duration::from_secs(300));
    let mut network = world.network();
    let error = Session::open(&mut network, unit(), SessionOptions::default(), &Silent).err().unwrap();
    assert_eq!(error.code(), "eva-no-answer");
}

/// Asks to stop after so many bytes.
struct Stop(u64);

impl Watch for Stop {
    fn advance(&mut self, bytes: u64) {
        self.0 = self.0.saturating_sub(bytes);
    }

    fn cancelled(&self) -> bool {
        self.0 == 0
    }
}

#[test]
fn stopping_in_the_middle_is_no_safe_stop() {
    let world = world(EvaConfig::usual());
    let mut network = world.network();
    let mut session = Session::open(&mut network, unit(), SessionOptions::default(), &Silent).unwrap();
    let environment = session.environment().unwrap();
    let image = bytes(100_000, 3);
    let mut target = Target::new(&mut session, &environment, Partition::FIRMWARE);
    assert_eq!(target.offer("fw", &image, &mut Stop(50_000)).unwrap_err().code(), "eva-cancelled-midway");
    // The unit took what came for all of it; that is why a stop is told as what it is.
    target.offer("fw", &image, &mut Silent).unwrap();
    assert_eq!(target.offer("fw", &image, &mut Stop(0)).unwrap_err().code(), "cancelled");
    assert!(holds(&world, "mtd1") == Some(image));
}

/// A network whose connections break.
struct Breaking<N> {
    inner: N,
    seed: u64,
    logs: Arc<Mutex<Vec<Log<StreamFault>>>>,
}

impl<N: Network> Network for Breaking<N> {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        self.inner.bind_datagrams(local)
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        let link = self.inner.connect_stream(to, deadline)?;
        self.seed += 1;
        let plan = FaultPlan::seeded(self.seed)
            .with(Direction::Sent, StreamFault::Cut, When::Chance(4e-6))
            .with(Direction::Received, StreamFault::Cut, When::Chance(2e-4))
            .with(Direction::Received, StreamFault::Delay(Duration::from_secs(2)), When::Chance(2e-3));
        let (link, log) = FaultyLink::new(link, &plan);
        self.logs.lock().unwrap().push(log);
        Ok(Box::new(link))
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }
}

#[test]
fn what_breaks_is_told_and_what_is_told_as_stored_is_there() {
    let image = bytes(150_000, 4);
    let mut counts = [0; 3];
    let (mut stored, mut failed) = (0, 0);
    for seed in 0..200 {
        let world = world(EvaConfig::usual());
        let logs = Arc::new(Mutex::new(Vec::new()));
        let mut network = Breaking { inner: world.network(), seed: seed * 1000, logs: logs.clone() };
        let options = SessionOptions { open_within: Duration::from_secs(20), ..SessionOptions::default() };
        let result = flash(&mut network, &image, options);
        for log in logs.lock().unwrap().iter() {
            for (fault, count) in counts.iter_mut().enumerate() {
                *count += log.count(fault);
            }
        }
        match result {
            Ok(()) => {
                assert!(holds(&world, "mtd1").as_ref() == Some(&image), "seed {seed}");
                stored += 1;
            }
            Err(_) => failed += 1,
        }
        assert!(holds(&world, "mtd2").is_none() && holds(&world, "mtd3").is_none());
    }
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
    assert!(stored > 50 && failed > 20, "{stored} {failed}");
}
