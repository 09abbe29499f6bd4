//! A door that is EVA: it stores whatever fits its partition, and starts it when it is told to, or when nobody is logged in.

use std::net::SocketAddr;

use debrick_eva::device::{EvaConfig, EvaDevice, EvaEvent};
use debrick_eva::wire::DISCOVERY_PORT;
use debrick_link::simulated::{Device as _, HOST_ADDRESS, Input, Output};
use debrick_link::{Moment, UdpPacket};
use debrick_model::MacAddress;

use super::{OWN, Over};
use crate::layout::{FIRMWARE, SERIAL, UNIT_ADDRESS};

/// The partition of the firmware.
const PARTITION: &str = "mtd1";

/// A unit that waits for five seconds, and says of itself what this router is. Its second system is chosen, which is none.
pub(super) fn usual() -> EvaConfig {
    let (start, end) = (FIRMWARE.offset, FIRMWARE.offset + FIRMWARE.size);
    let environment = format!(
        "HWRevision            990\nProductID             ACME_HW990\nSerialNumber          {SERIAL}\n\
         bootloaderVersion     1.11581\nlinux_fs_start        1\nmaca                  02:00:00:00:00:2a\n\
         memsize               0x10000000\nmtd1                  {start:#x},{end:#x}\nmtd2                  0x0,0x10000\n\
         my_ipaddress          {UNIT_ADDRESS}\n"
    );
    EvaConfig { address: UNIT_ADDRESS, environment, ..EvaConfig::usual() }
}

/// The bootloader, and the Ethernet address of another one on its wire.
#[derive(Debug)]
pub(crate) struct EvaSpeaker {
    unit: EvaDevice,
    other: Option<MacAddress>,
}

impl EvaSpeaker {
    pub(super) fn start(config: &EvaConfig, other: Option<MacAddress>, now: Moment) -> Self {
        let mut unit = EvaDevice::new(config.clone());
        unit.switch_on(now);
        Self { unit, other }
    }

    pub(super) fn next_wake(&self) -> Option<Moment> {
        self.unit.next_wake()
    }

    pub(super) fn on_input(&mut self, input: Input<'_>, now: Moment, send: &mut Vec<Output>) {
        let began = send.len();
        self.unit.handle(input, now, send);
        // Who listens to the wire itself hears an answer from each unit.
        let frames = send[began..].iter().filter_map(as_answer).flat_map(|packet| {
            let stations = self.other.into_iter().chain([OWN]);
            stations.filter_map(move |station| packet.to_frame(station, HOST_ADDRESS))
        });
        let frames: Vec<Output> = frames.map(Output::Frame).collect();
        send.extend(frames);
    }

    pub(super) fn over(&mut self) -> Option<Over> {
        if !self.unit.events().contains(&EvaEvent::Started) {
            return None;
        }
        // What was stored for the first system is not started while the second is chosen.
        let is_chosen = self.unit.variable("linux_fs_start").is_none_or(|slot| slot == "0");
        let stored = self.unit.holds(PARTITION).filter(|_| is_chosen);
        Some(stored.map_or(Over::LeftAlone, |image| Over::Wrote(image.to_vec())))
    }
}

/// An answer to the discovery, as it lies on the wire.
fn as_answer(output: &Output) -> Option<UdpPacket<'_>> {
    let Output::Datagram { from: SocketAddr::V4(from), to: SocketAddr::V4(to), payload } = output else {
        return None;
    };
    (from.port() == DISCOVERY_PORT).then_some(UdpPacket { from: *from, to: *to, payload })
}
