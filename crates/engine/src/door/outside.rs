//! What a repaired unit does for those who are plugged into it: it gives out addresses, and has a page. No record promises
//! either: that it is not seen is noted, and is no failure. Others on the cable give out addresses, too: whose an offer is,
//! the Ethernet addresses tell that the unit was seen to have.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use debrick_bootp::{Offer, find_servers};
use debrick_link::{ETHER_TYPE_IPV4, who_has};
use debrick_model::{EventBody, MacAddress, Property};

use super::{DoorRepair, prove};
use crate::error::EngineError;
use crate::smoke;

/// The port of pages.
const HTTP: u16 = 80;

/// Whose an offer of an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The unit's.
    Units,
    /// Somebody else's.
    Strangers,
    /// Nothing tells.
    NotKnown,
}

/// What is known of who the unit is on the cable.
#[derive(Debug, Default)]
struct Known {
    /// Ethernet addresses that it was seen to have in this session.
    own: BTreeSet<MacAddress>,
    /// Who has the address now at which its new system was seen.
    at_address: BTreeSet<MacAddress>,
    /// Those that somebody has said are others.
    strangers: BTreeSet<MacAddress>,
}

impl Known {
    fn whose(&self, offer: &Offer) -> Whose {
        // A unit that is not alone at its address is not known by it.
        let alone = self.at_address.first().filter(|_| self.at_address.len() == 1);
        if self.strangers.contains(&offer.mac) {
            Whose::Strangers
        } else if self.own.contains(&offer.mac) || alone == Some(&offer.mac) {
            Whose::Units
        } else if alone.is_some() {
            Whose::Strangers
        } else {
            Whose::NotKnown
        }
    }
}

impl DoorRepair<'_> {
    /// Asks for an address and for a page, as a computer does that is plugged in. Not where the unit is somewhere on a
    /// network: somebody else may answer there.
    pub(super) fn look_from_outside(&mut self) -> Result<(), EngineError> {
        let Ok(frames) = self.network.open_frames(Some(ETHER_TYPE_IPV4)) else { return Ok(()) };
        self.session.stop_if_asked()?;
        let known = self.known_on_the_cable();
        let meter = self.session.meter("asking for an address", None);
        let is_units = |offer: &Offer| known.whose(offer) == Whose::Units;
        let offers = find_servers(frames, &mut { is_units }, &meter).unwrap_or_default();
        drop(meter);
        self.session.stop_if_asked()?;
        for offer in &offers {
            let who = in_words(offer);
            match known.whose(offer) {
                Whose::Units => {}
                Whose::Strangers => self.session.note(format!(
                    "{who} is not the unit: somebody else gives out addresses on this cable, too. Take it off the cable, or it may \
                     answer in the unit's place."
                ))?,
                Whose::NotKnown => self.session.note(format!("Whether {who} is the unit is not known."))?,
            }
        }
        let own = offers.iter().find(|offer| is_units(offer));
        let gives = own.map(|offer| match offer.address {
            Some(address) => format!("{} offers the address {address}.", offer.server),
            None => format!("{} answers who asks for an address.", offer.server),
        });
        let otherwise = if offers.is_empty() {
            "nobody offers an address"
        } else {
            "nobody who is known to be the unit offers an address"
        };
        self.seen("addresses for others", gives, otherwise)?;
        let own = own.map(|offer| offer.server).filter(|server| !server.is_unspecified());
        let Some(unit) = own.or(self.unit_address()) else { return Ok(()) };
        let clock = self.session.clock.clone();
        let status = smoke::page(&mut *self.network, &*clock, SocketAddr::from((unit, HTTP)));
        let has_page = status.map(|status| format!("http://{unit}/ answers (status {status})."));
        self.seen("web page", has_page, &format!("http://{unit}/ does not answer"))
    }

    fn known_on_the_cable(&mut self) -> Known {
        let addresses = self.testimony.iter().filter(|said| said.property == Property::MacAddress);
        let mut own: BTreeSet<MacAddress> =
            addresses.filter_map(|said| MacAddress::parse(&said.value).ok()).collect();
        own.extend(self.stations.chosen);
        own.extend(self.stations.at_door);
        let seen_at = self.unit_address().filter(|_| self.was_seen_at_its_address());
        let at_address = seen_at.map(|address| who_has(&mut *self.network, address)).unwrap_or_default();
        Known { own, at_address, strangers: self.stations.strangers.clone() }
    }

    /// Whether its new system itself said at its address which one it is; a person may have read that anywhere.
    fn was_seen_at_its_address(&self) -> bool {
        let pages = || prove::proofs(&self.record.device);
        self.asks_over_ssh() || self.console.is_none() && !self.read_by_operator && !pages().is_empty()
    }

    fn seen(&mut self, name: &str, detail: Option<String>, otherwise: &str) -> Result<(), EngineError> {
        match detail {
            Some(detail) => {
                self.session.record(EventBody::SmokeTested { name: name.to_owned(), ok: true, detail })
            }
            None => self.session.note(format!("Not seen to work, which may be as it is: {otherwise}.")),
        }
    }
}

/// Who offers what.
fn in_words(offer: &Offer) -> String {
    let does = match offer.address {
        Some(address) => format!("offers the address {address}"),
        None => "answers who asks for an address".to_owned(),
    };
    format!("{} ({}), which {does},", offer.server, offer.mac)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn an_offer_is_the_units_only_where_something_says_so() {
        let station = |last| MacAddress::new([2, 0, 0, 0, 0, last]);
        let (unit, other) = (station(0x2a), station(0x77));
        let check =
            |own: &[MacAddress], at: &[MacAddress], strangers: &[MacAddress], expected: [Whose; 2]| {
                let set = |stations: &[MacAddress]| stations.iter().copied().collect();
                let known = Known { own: set(own), at_address: set(at), strangers: set(strangers) };
                let whose = [unit, other].map(|mac| {
                    known.whose(&Offer { server: Ipv4Addr::new(192, 168, 1, 1), mac, address: None })
                });
                assert_eq!(whose, expected, "{known:?}");
            };
        use Whose::{NotKnown, Strangers, Units};
        check(&[], &[], &[], [NotKnown, NotKnown]);
        check(&[unit], &[], &[], [Units, NotKnown]);
        check(&[], &[unit], &[], [Units, Strangers]);
        // Its bootloader may have another Ethernet address than its system.
        check(&[station(0x29)], &[unit], &[], [Units, Strangers]);
        check(&[], &[unit, other], &[], [NotKnown, NotKnown]);
        check(&[unit], &[unit, other], &[], [Units, NotKnown]);
        check(&[], &[], &[other], [NotKnown, Strangers]);
        check(&[other], &[], &[other], [NotKnown, Strangers]);
    }
}
