//! Repairs of a unit whose bootloader answers no ARP, and listens for some seconds at every start: the upload waits for it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::door::*;
use common::*;
use debrick_model::{Answer, Ending, MacAddress};
use debrick_virtual_bench::{Brick, Door};

const METHOD: &str = "tftp-waiting";
const STATION: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x2b]);
const ELSEWHERE: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x2c]);

/// A unit that is switched off when somebody gives their word, and on when the image is being sent.
fn case(method: &'static str, door: Door) -> Case {
    let mut case = Case::of(method, Brick::KernelBytesDamaged, door);
    case.log = Some("settings: ok\r\nREADY ACME R1 1.0.4\r\n");
    case.bench.power_off();
    let bench = case.bench.clone();
    case.attendant.answers = Box::new(move |request| {
        if request.id == "unit-is-off" {
            bench.power_off();
        }
        None
    });
    let bench = case.bench.clone();
    case.attendant.on_progress = Box::new(move || bench.power_on());
    case
}

#[test]
fn a_loader_that_answers_no_arp_is_given_its_file() {
    let mut case = case(METHOD, Door::at_station(STATION));
    let before = case.bench.state();
    let closed = case.run();
    case.is_repaired(&closed);
    assert!(unique_is_unharmed(&before, &case.bench.state()));
    assert_eq!((case.count("intent"), case.count("coached")), (1, 0));
    let neighbours = case.bench.world.neighbours();
    assert!(neighbours.is_empty(), "its system has another Ethernet address: {neighbours:?}");
}

#[test]
fn one_that_listens_elsewhere_hears_nothing() {
    let mut case = case(METHOD, Door::at_station(ELSEWHERE));
    let before = case.bench.state();
    let closed = case.run();
    assert_eq!(closed.ending, Ending::StoppedSafely, "{closed:?}");
    assert!(case.codes().iter().any(|code| code == "tftp-no-answer"), "{:?}", case.codes());
    assert_eq!(held(&before, "firmware"), held(&case.bench.state(), "firmware"));
    assert!(case.bench.world.neighbours().is_empty());
}

#[test]
fn nothing_is_sent_without_somebodys_word() {
    let mut case = case(METHOD, Door::at_station(STATION));
    case.attendant.answers = Box::new(|request| (request.id == "unit-is-off").then_some(Answer::No));
    let closed = case.run();
    assert_eq!(closed.ending, Ending::NeedsOperator, "{closed:?}");
    assert!(case.codes().contains(&"operator-declined".to_owned()), "{:?}", case.codes());
    assert_eq!(case.count("intent"), 0);
}
