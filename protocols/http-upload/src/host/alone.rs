//! Whether one station alone has the unit's address. Pages are spoken to by address, and a second unit in the same mode, or
//! a router that runs, mostly has the same one.

use std::net::Ipv4Addr;
use std::time::Duration;

use debrick_link::{Arp, Deadline, ETHER_TYPE_ARP, FrameHeader, LONGEST_FRAME};
use debrick_model::MacAddress;

use super::Uploader;
use crate::error::HttpUploadError;

/// How long answers are waited for. Stations on one cable answer within milliseconds, bootloaders when they look again.
const ANSWERS: Duration = Duration::from_millis(400);

/// The most frames that are looked at, and stations that are told.
const MOST_FRAMES: usize = 256;
const MOST_STATIONS: usize = 8;

impl Uploader<'_> {
    /// Makes sure that not more than one station says that it has `unit`. Where raw Ethernet cannot be had, or nobody
    /// answers, nothing is known, and nothing is said.
    ///
    /// # Errors
    /// [`HttpUploadError::AddressShared`].
    pub fn make_sure_of_one(&mut self, unit: Ipv4Addr) -> Result<(), HttpUploadError> {
        let stations = self.who_has(unit);
        match stations.len() {
            0 | 1 => Ok(()),
            _ => Err(HttpUploadError::AddressShared { unit, stations }),
        }
    }

    /// Everybody who says that it has an address; nobody, where that cannot be asked.
    fn who_has(&mut self, unit: Ipv4Addr) -> Vec<MacAddress> {
        let mut stations = Vec::new();
        let Ok(mut frames) = self.network.open_frames(Some(ETHER_TYPE_ARP)) else { return stations };
        let ours = frames.address();
        // A question of somebody who has no address yet leaves no trace in anybody's tables (RFC 5227).
        let question =
            Arp { asks: true, from: (ours, Ipv4Addr::UNSPECIFIED), to: (MacAddress::new([0; 6]), unit) };
        if frames.send(&question.to_frame()).is_err() {
            return stations;
        }
        let deadline = Deadline::after(frames.clock(), ANSWERS);
        let mut buffer = vec![0; LONGEST_FRAME];
        for _ in 0..MOST_FRAMES {
            let Ok(count) = frames.receive(&mut buffer, deadline) else { break };
            let arp = FrameHeader::split(&buffer[..count]).and_then(|(_, payload)| Arp::parse(payload));
            let says = arp.filter(|arp| !arp.asks && arp.from.1 == unit).map(|arp| arp.from.0);
            if let Some(station) = says.filter(|station| !stations.contains(station) && *station != ours)
                && stations.len() < MOST_STATIONS
            {
                stations.push(station);
            }
        }
        stations
    }
}
