//! Repairs of units that are spoken to by their address, on a cable on which others may have it, or give out addresses.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::door::*;
use common::*;
use debrick_link::Deadline;
use debrick_link::simulated::DEVICE_ADDRESS;
use debrick_model::{Answer, Ending, EventBody, MacAddress};
use debrick_ssh::device::Quirks;
use debrick_virtual_bench::{Bench, Brick, Door, Faults, RouterConfig, Speech, UNIT_ADDRESS, VirtualRouter};

/// Who gives out addresses beside the unit.
const OTHER: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x77]);
const OTHER_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 254);

fn page() -> Speech {
    Speech::page("ACME R1 recovery: choose the firmware")
}

#[test]
fn what_is_sent_to_an_address_is_kept_for_the_one_station_that_has_it() {
    for (method, speech) in [(PAGE, page()), (PUSH, Speech::push())] {
        let mut case = Case::of(method, Brick::KernelBytesDamaged, Door::of(speech));
        let kept: Arc<Mutex<BTreeSet<Option<MacAddress>>>> = Arc::default();
        let (bench, seen) = (case.bench.clone(), kept.clone());
        // What is told while an image is sent, and at other times.
        case.attendant.on_progress = Box::new(move || {
            seen.lock().unwrap().insert(bench.world.neighbours().get(&UNIT_ADDRESS).copied());
        });
        let closed = case.run();
        case.is_repaired(&closed);
        assert!(kept.lock().unwrap().contains(&Some(DEVICE_ADDRESS)), "{method}: {kept:?}");
        assert!(case.bench.world.neighbours().is_empty(), "{method}: it is given back");
    }
}

#[test]
fn of_two_units_that_wait_at_one_address_neither_is_sent_anything() {
    let mut case = Case::of(PUSH, Brick::KernelBytesDamaged, Door::of(Speech::push()));
    case.wire = wires::with_two_of_an_address;
    let before = case.bench.state();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::NeedsOperator, "{closed:?}");
    assert_eq!(case.count("intent"), 0);
    assert!(case.codes().iter().all(|code| code == "several-units"), "{:?}", case.codes());
    let told = closed.summary.join(" ");
    for station in ["02:00:00:00:00:aa", "02:00:00:00:00:bb"] {
        assert!(told.contains(station), "{told}");
    }
    assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
    assert!(case.bench.world.neighbours().is_empty());
    case.wire = |network| network;
    case.attendant.hands = Some(Hands::steady(&case.bench));
    let closed = case.resume(&closed.session);
    case.is_repaired(&closed);
}

/// A repair beside a router that gives out addresses.
fn beside_a_router(method: &'static str, speech: Speech, openwrt: Option<Quirks>) -> Case {
    let config = RouterConfig { door: Some(Door::of(speech)), openwrt, ..RouterConfig::default() };
    let router = VirtualRouter::with_config(broken(Brick::FirmwareErased, SIZE), config);
    let mut case = Case::on_bench(method, Bench::new(router, Faults::default(), 1));
    case.wire = wires::with_address_server;
    case
}

/// What was seen to be given out, and what was noted of the router.
fn told(case: &Case) -> (Option<String>, Vec<String>) {
    let events = || case.attendant.events.iter().map(|event| &event.body);
    let gives = events().find_map(|body| match body {
        EventBody::SmokeTested { name, ok: true, detail } if name == "addresses for others" => {
            Some(detail.clone())
        }
        _ => None,
    });
    let noted = events().filter_map(|body| match body {
        EventBody::Noted { text } if text.contains(&OTHER.to_string()) => Some(text.clone()),
        _ => None,
    });
    (gives, noted.collect())
}

#[test]
fn the_addresses_that_another_router_gives_out_are_not_the_units() {
    let mut case = beside_a_router(PUSH, Speech::push(), Some(Quirks::default()));
    case.image = upgrade_image(NEWER, NEWER, "acme,r1");
    case.system = Some(|bench| Box::new(OfBench(bench.clone())));
    case.adapt = |device| {
        device.device.method.iter_mut().for_each(|method| method.formats.push("openwrt-sysupgrade".into()));
        device.device.smoke.clear();
        device.device.version.clear();
    };
    let closed = case.run();
    case.is_repaired(&closed);
    let (gives, noted) = told(&case);
    assert!(gives.as_ref().is_some_and(|gives| gives.starts_with(&UNIT_ADDRESS.to_string())), "{gives:?}");
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert!(
        noted[0].contains("is not the unit") && noted[0].contains(&OTHER_ADDRESS.to_string()),
        "{noted:?}"
    );
}

#[test]
fn where_the_unit_gives_out_none_another_router_is_not_taken_for_it() {
    // Its new system was seen at its address.
    let mut case = beside_a_router(PAGE, page(), None);
    let closed = case.run();
    case.is_repaired(&closed);
    let (gives, noted) = told(&case);
    assert_eq!((gives, noted.len()), (None, 1), "{noted:?}");
    assert!(noted[0].contains("is not the unit"), "{noted:?}");
}

#[test]
fn where_nothing_tells_whose_an_address_is_it_is_said_not_to_be_known() {
    // A person has read the version somewhere.
    let mut case = beside_a_router(PAGE, page(), None);
    case.adapt = |device| {
        device.device.smoke.clear();
        device.device.version.clear();
    };
    let bench = case.bench.clone();
    case.attendant.answers = Box::new(move |request| {
        (request.id == "running-version").then(|| {
            // Its lights have settled.
            let (mut console, soon) =
                (bench.console(), Deadline::after(&bench.clock, Duration::from_secs(300)));
            while console.read(&mut [0; 4096], soon).is_ok() {}
            Answer::Text(NEWER.into())
        })
    });
    let closed = case.run();
    case.is_repaired(&closed);
    let (gives, noted) = told(&case);
    assert_eq!((gives, noted.len()), (None, 1), "{noted:?}");
    assert!(noted[0].ends_with("is the unit is not known."), "{noted:?}");
    let looked_at = case.attendant.events.iter().any(|event| {
        matches!(&event.body, EventBody::SmokeTested { detail, .. } if detail.contains(&OTHER_ADDRESS.to_string()))
    });
    assert!(!looked_at);
}
