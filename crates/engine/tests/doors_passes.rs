//! Whole repairs in two passes: a system is started in the virtual router's memory, reads and keeps what the unit holds, and
//! writes the firmware; and repairs of a unit whose installed system still runs.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use std::sync::Arc;

use common::door::*;
use common::*;
use debrick_catalog::Recoverable;
use debrick_engine::{Closed, DoorJob, DoorPorts, HostCheck, Passes, Wishes};
use debrick_link::Deadline;
use debrick_model::{Effect, Ending, EventBody, Gate, GateOutcome, MacAddress, Waiver};
use debrick_ssh::device::{Quirks, UpgradeQuirk};
use debrick_virtual_bench::{
    Bench, Brick, Door, Faults, FirmwareOptions, RouterConfig, Speech, VirtualRouter, firmware,
};

const METHOD: &str = "netboot";
const UNIT: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x2a]);

/// A repair to be made, in two passes or in the second alone.
struct Two {
    case: Case,
    first: Option<Vec<u8>>,
    alone: bool,
    soak: u32,
}

impl Two {
    fn with(brick: Brick, door: Door, quirks: Quirks) -> Self {
        let config = RouterConfig { door: Some(door), openwrt: Some(quirks), ..RouterConfig::default() };
        let router = VirtualRouter::with_config(broken(brick, SIZE), config);
        let bench = Bench::new(router, Faults::default(), 1);
        let mut case = Case::of(METHOD, Brick::Healthy, Door::of(Speech::push()));
        case.attendant = Attendant::new(&bench);
        case.attendant.hands = Some(Hands::steady(&bench));
        case.bench = bench;
        case.waivers.clear();
        case.image = upgrade_image(NEWER, NEWER, "acme,r1");
        let first = firmware("24.10.0", &FirmwareOptions { size: SIZE, ..FirmwareOptions::default() });
        Self { case, first: Some(first), alone: false, soak: 0 }
    }

    fn of(brick: Brick) -> Self {
        Self::with(brick, in_memory(), Quirks::default())
    }

    /// A unit whose system runs.
    fn running(quirks: Quirks) -> Self {
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
        DoorPorts {
            network: self.case.bench.network(),
            console: None,
            system: Some(Box::new(OfBench(self.case.bench.clone()))),
            clock: Arc::new(self.case.bench.clock.clone()),
            host: vec![HostCheck { ok: true, says: "The virtual computer has power.".into() }],
            devices: DEVICES.clone(),
        }
    }

    fn wishes(&self) -> Wishes {
        let method = (!self.alone).then(|| METHOD.to_owned());
        Wishes { waivers: self.case.waivers.clone(), method, soak_restarts: self.soak, ..Wishes::default() }
    }

    fn run(&mut self) -> Closed {
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

    fn resume(&mut self, session: &str) -> Closed {
        let vault = vault(self.case.path());
        let (wishes, passes, ports) = (self.wishes(), self.passes(None), self.ports());
        let attendant = &mut self.case.attendant;
        debrick_engine::resume_in_passes(&vault, session, wishes, passes, ports, attendant).unwrap()
    }

    /// What was announced, in order.
    fn intents(&self) -> Vec<&'static str> {
        let effect = |body: &EventBody| match body {
            EventBody::Intent { effect: Effect::RunImage { .. } } => Some("run"),
            EventBody::Intent { effect: Effect::OfferImage { .. } } => Some("offer"),
            EventBody::Intent { .. } => Some("other"),
            _ => None,
        };
        self.case.attendant.events.iter().filter_map(|event| effect(&event.body)).collect()
    }

    fn kept(&self) -> Vec<String> {
        let kept = self.case.attendant.events.iter().filter_map(|event| match &event.body {
            EventBody::BackedUp { region, .. } => Some(region.clone()),
            _ => None,
        });
        kept.collect()
    }
}

fn in_memory() -> Door {
    Door { in_memory: true, ..Door::of(Speech::boot(UNIT)) }
}

#[test]
fn a_unit_is_read_and_kept_from_its_memory_before_it_is_written() {
    let mut two = Two::of(Brick::KernelBytesDamaged);
    let before = two.case.bench.state();
    let closed = two.run();
    two.case.is_repaired(&closed);
    assert!(unique_is_unharmed(&before, &two.case.bench.state()));
    assert_eq!(two.intents(), ["run", "offer"]);
    assert_eq!(two.kept(), ["boot", "factory", "settings", "firmware"]);
    assert_eq!(two.case.count("gate-waived"), 0, "the backup gate stands open by itself");
    let names = two.case.attendant.names();
    let last = |wanted: &str| names.iter().rposition(|name| *name == wanted).unwrap();
    assert!(last("backed-up") < last("cleared") && last("cleared") < last("intent"));
    assert!(last("intent") < last("booted"));
    let vault = vault(two.case.path());
    let factory = two.case.attendant.events.iter().find_map(|event| match &event.body {
        EventBody::BackedUp { region, artifact, .. } if region == "factory" => Some(*artifact),
        _ => None,
    });
    let kept = vault.artifact(factory.unwrap()).unwrap().read_all(1 << 20).unwrap();
    assert_eq!(kept, held(&before, "factory"));
    let plan = two.case.attendant.events.iter().find_map(|event| match &event.body {
        EventBody::PlanMade { summary, .. } => Some(summary.join(" ")),
        _ => None,
    });
    let plan = plan.unwrap();
    assert!(
        plan.contains("First pass") && plan.contains("Second pass") && plan.contains("Nothing is written")
    );
}

#[test]
fn without_the_first_file_nobody_is_sent_to_the_button() {
    let mut two = Two::of(Brick::KernelBytesDamaged);
    two.first = None;
    let closed = two.run();
    assert_eq!(closed.ending, Ending::NeedsOperator, "{closed:?}");
    assert_eq!(two.case.codes(), ["no-first-image"]);
    assert_eq!(two.case.count("coached"), 0);
}

#[test]
fn a_first_file_for_another_model_is_not_started() {
    let mut two = Two::of(Brick::KernelBytesDamaged);
    two.first = Some(firmware(
        "24.10.0",
        &FirmwareOptions { model: "R9".into(), board_id: "acme,r9".into(), size: SIZE, ..Default::default() },
    ));
    let closed = two.run();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}");
    assert_eq!((two.case.count("coached"), two.intents().len()), (0, 0));
}

#[test]
fn what_the_system_itself_refuses_is_not_written() {
    let mut two = Two::of(Brick::KernelBytesDamaged);
    two.case.image = upgrade_image(NEWER, NEWER, "acme,r9");
    two.case.waivers.push(Waiver { gate: Gate::Fitness, because: "the maker says that it fits".into() });
    let before = two.case.bench.state();
    let closed = two.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert_eq!(two.intents(), ["run"], "{closed:?}");
    assert_eq!(two.case.codes(), ["openwrt-image-refused"]);
    assert_eq!(held(&before, "firmware"), held(&two.case.bench.state(), "firmware"));
    assert!(closed.summary.join(" ").contains("Nothing was written"), "{closed:?}");
}

#[test]
fn an_upgrade_counts_by_what_runs_and_not_by_how_it_ends() {
    let quirks = [UpgradeQuirk::AnnouncedAndFailed, UpgradeQuirk::AnnouncedAndSilent, UpgradeQuirk::HungUp];
    for upgrade in quirks {
        let quirks = Quirks { upgrade, ..Quirks::default() };
        let mut two = Two::with(Brick::FirmwareErased, in_memory(), quirks);
        let closed = two.run();
        two.case.is_repaired(&closed);
    }
}

#[test]
fn power_that_is_lost_while_it_writes_is_found_out_and_mended_by_going_on() {
    let mut two = Two::of(Brick::KernelBytesDamaged);
    let bench = two.case.bench.clone();
    let mut offered = false;
    two.case.attendant.on_event = Box::new(move |event| match &event.body {
        EventBody::Intent { effect: Effect::OfferImage { .. } } => offered = true,
        EventBody::EffectDone { .. } if offered => bench.power_cycle(),
        _ => {}
    });
    let closed = two.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert_eq!(two.case.codes(), ["first-boot-unproven"]);
    assert!(!holds(&two.case.bench.state(), &two.case.image), "half of it was written");
    two.case.attendant.on_event = Box::new(|_| {});
    two.case.attendant.hands = Some(Hands::steady(&two.case.bench));
    two.case.attendant.events.clear();
    let closed = two.resume(&closed.session);
    two.case.is_repaired(&closed);
    assert_eq!(two.intents(), ["run", "offer"]);
}

#[test]
fn what_cannot_be_kept_keeps_the_gate_shut() {
    let quirks = Quirks { wrong_readings: 100, no_sha256sum: true, no_md5sum: true, ..Quirks::default() };
    let mut two = Two::with(Brick::KernelBytesDamaged, in_memory(), quirks);
    let before = two.case.bench.state();
    let closed = two.run();
    assert_eq!(closed.ending, Ending::RefusedByGate, "{closed:?}\n{:?}", two.case.codes());
    assert!(two.case.bench.world.with_device(|router| router.openwrt_fired("wrong_readings")) > 0);
    assert_eq!(held(&before, "firmware"), held(&two.case.bench.state(), "firmware"));
    let shut = two.case.attendant.events.iter().any(|event| {
        matches!(&event.body, EventBody::GateChecked { result }
            if result.gate == Gate::Backup && result.outcome == GateOutcome::Unknown)
    });
    assert!(shut);
}

#[test]
fn it_is_gone_on_with_from_wherever_it_was_stopped() {
    let mut with_power_cut = 0;
    for seq in (3..120).step_by(9) {
        let mut two = Two::of(Brick::KernelBytesDamaged);
        two.case.attendant.cancel_after = Some(seq);
        let closed = two.run();
        if closed.ending == Ending::Repaired {
            assert!(seq > 50, "at {seq}: over already");
            break;
        }
        assert_eq!(closed.ending, Ending::Cancelled, "at {seq}: {closed:?}");
        let ran = two.case.bench.world.with_device(|router| router.runs_from_memory());
        let offered = two.intents().contains(&"offer");
        two.case.attendant.cancel_after = None;
        two.case.attendant.events.clear();
        two.case.attendant.hands = Some(Hands::steady(&two.case.bench));
        // What ran in memory is gone with the power.
        if ran && !offered && seq % 2 == 0 {
            two.case.bench.power_cycle();
            with_power_cut += 1;
        }
        let closed = two.resume(&closed.session);
        assert_eq!(closed.ending, Ending::Repaired, "at {seq}: {closed:?}");
        assert!(holds(&two.case.bench.state(), &two.case.image), "at {seq}");
        if ran && !offered && seq % 2 == 1 {
            assert_eq!(two.case.count("coached"), 0, "at {seq}: the system in memory was still there");
        }
    }
    assert!(with_power_cut > 0);
}

#[test]
fn a_system_that_runs_is_replaced_and_keeps_what_fits_every_release() {
    let mut two = Two::running(Quirks::default());
    two.soak = 2;
    let place = |path: &str, content: &[u8]| {
        two.case.bench.world.with_device(|router| router.place_openwrt_file(path, content));
    };
    place("/etc/shadow", b"root:hash");
    place("/etc/config/network", b"config interface 'lan'\n\toption ifname 'eth0'\n");
    two.case.image = upgrade_image(NEWER, NEWER, "acme,r1");
    let closed = two.run();
    two.case.is_repaired(&closed);
    assert_eq!(two.intents(), ["offer"]);
    assert_eq!(two.kept(), ["boot", "factory", "settings"]);
    assert_eq!((two.case.count("coached"), two.case.attendant.power_cycles), (0, 0));
    let file = |path: &str| two.case.bench.world.with_device(|router| router.openwrt_file(path));
    assert_eq!(file("/etc/shadow").unwrap(), b"root:hash");
    assert!(!String::from_utf8(file("/etc/config/network").unwrap()).unwrap().contains("eth0"));
    let booted = two.case.attendant.events.iter().filter(|event| event.body.name() == "booted").count();
    assert!(booted >= 2, "it was seen to start again with its settings");
}

#[test]
fn within_a_release_line_the_settings_stay() {
    let mut two = Two::running(Quirks::default());
    let network = b"config interface 'lan'\n\toption ipaddr '192.168.1.1'\n\toption proto 'static'\n";
    two.case.bench.world.with_device(|router| router.place_openwrt_file("/etc/config/network", network));
    two.case.image = upgrade_image("1.0.9", "1.0.9", "acme,r1");
    let closed = two.run();
    two.case.is_repaired(&closed);
    let file = two.case.bench.world.with_device(|router| router.openwrt_file("/etc/config/network"));
    assert_eq!(file.unwrap(), network);
}

#[test]
fn a_unit_that_works_is_left_alone_by_two_passes() {
    let mut two = Two::running(Quirks::default());
    two.alone = false;
    let closed = two.run();
    assert_eq!(closed.ending, Ending::NothingNeeded, "{closed:?}");
    assert!(two.intents().is_empty());
}
