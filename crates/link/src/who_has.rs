//! Who has an address. Two units in the same recovery mode, or a unit and a router that runs, mostly have the same one.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use debrick_model::MacAddress;

use crate::clock::Deadline;
use crate::datagram::Network;
use crate::frames::{FrameHeader, LONGEST_FRAME};
use crate::packets::{Arp, ETHER_TYPE_ARP};

/// How often it is asked, and how long answers are waited for each time. Stations on one cable answer within milliseconds,
/// bootloaders when they look again.
const QUESTIONS: u32 = 2;
const ANSWERS: Duration = Duration::from_millis(250);

/// The most frames that are looked at after a question, and stations that are told.
const MOST_FRAMES: usize = 256;
const MOST_STATIONS: usize = 8;

/// Everybody who says that it has an address, this computer left out; nobody, where that cannot be asked. It takes half a
/// second.
pub fn who_has(network: &mut dyn Network, address: Ipv4Addr) -> BTreeSet<MacAddress> {
    let mut stations = BTreeSet::new();
    let Ok(mut frames) = network.open_frames(Some(ETHER_TYPE_ARP)) else { return stations };
    let ours = frames.address();
    // A question of somebody who has no address yet leaves no trace in anybody's tables (RFC 5227, section 2.1.1).
    let question =
        Arp { asks: true, from: (ours, Ipv4Addr::UNSPECIFIED), to: (MacAddress::new([0; 6]), address) };
    let mut buffer = [0; LONGEST_FRAME];
    for _ in 0..QUESTIONS {
        if frames.send(&question.to_frame()).is_err() {
            return stations;
        }
        let deadline = Deadline::after(frames.clock(), ANSWERS);
        for _ in 0..MOST_FRAMES {
            let Ok(count) = frames.receive(&mut buffer, deadline) else { break };
            let split = FrameHeader::split(&buffer[..count.min(LONGEST_FRAME)]);
            let arp = split.and_then(|(_, payload)| Arp::parse(payload));
            let says = arp.filter(|arp| !arp.asks && arp.from.1 == address).map(|arp| arp.from.0);
            if let Some(station) = says.filter(|station| *station != ours && !station.is_group())
                && stations.len() < MOST_STATIONS
            {
                stations.insert(station);
            }
        }
    }
    stations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock as _, Moment, VirtualClock};
    use crate::simulated::{DEVICE_ADDRESS, Device, Input, Output, World};

    const UNIT: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);

    /// Has an address, a link or none, and a second station behind it that says it, too.
    #[derive(Default)]
    struct Unit {
        is_deaf: bool,
        has_no_link: bool,
        twin: Option<MacAddress>,
        asked: u32,
    }

    impl Device for Unit {
        fn handle(&mut self, input: Input<'_>, _: Moment, out: &mut Vec<Output>) {
            let Input::Frame(frame) = input else { return };
            let arp = FrameHeader::split(frame).and_then(|(_, payload)| Arp::parse(payload)).unwrap();
            self.asked += 1;
            out.extend(self.twin.map(|twin| {
                Output::Frame(Arp { asks: false, from: (twin, arp.to.1), to: arp.from }.to_frame())
            }));
        }

        fn next_wake(&self) -> Option<Moment> {
            None
        }

        fn carrier(&self, _: Moment) -> bool {
            !self.has_no_link
        }

        fn addresses(&self) -> Vec<Ipv4Addr> {
            vec![UNIT]
        }

        fn answers_arp(&self) -> bool {
            !self.is_deaf
        }
    }

    #[test]
    fn everybody_who_has_an_address_is_told_once() {
        let check = |unit: Unit, address: Ipv4Addr, expected: &[MacAddress]| {
            let world = World::new(unit, VirtualClock::new());
            let stations = who_has(&mut world.network(), address);
            assert_eq!(stations.into_iter().collect::<Vec<_>>(), expected);
            assert_eq!(world.with_device(|unit| unit.asked), QUESTIONS);
            assert_eq!(world.clock().now().since_start(), ANSWERS * QUESTIONS);
        };
        let twin = MacAddress::new([2, 0, 0, 0, 0, 0x77]);
        check(Unit::default(), UNIT, &[DEVICE_ADDRESS]);
        check(Unit::default(), Ipv4Addr::new(192, 168, 1, 3), &[]);
        check(Unit { is_deaf: true, ..Unit::default() }, UNIT, &[]);
        check(Unit { has_no_link: true, ..Unit::default() }, UNIT, &[]);
        check(Unit { twin: Some(twin), ..Unit::default() }, UNIT, &[DEVICE_ADDRESS, twin]);
    }
}
