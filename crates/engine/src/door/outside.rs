//! What a repaired unit does for those who are plugged into it: it gives out addresses, and has a page. No record promises
//! either: that it is not seen is noted, and is no failure.

use std::net::SocketAddr;

use debrick_bootp::find_server;
use debrick_link::ETHER_TYPE_IPV4;
use debrick_model::EventBody;

use super::DoorRepair;
use crate::error::EngineError;
use crate::smoke;

/// The port of pages.
const HTTP: u16 = 80;

impl DoorRepair<'_> {
    /// Asks for an address and for a page, as a computer does that is plugged in. Not where the unit is somewhere on a
    /// network: somebody else may answer there.
    pub(super) fn look_from_outside(&mut self) -> Result<(), EngineError> {
        let Ok(frames) = self.network.open_frames(Some(ETHER_TYPE_IPV4)) else { return Ok(()) };
        self.session.stop_if_asked()?;
        let meter = self.session.meter("asking for an address", None);
        let offer = find_server(frames, &meter).ok().flatten();
        drop(meter);
        self.session.stop_if_asked()?;
        let gives = offer.as_ref().map(|offer| match offer.address {
            Some(address) => format!("{} offers the address {address}.", offer.server),
            None => format!("{} answers who asks for an address.", offer.server),
        });
        self.seen("addresses for others", gives, "nobody offers an address")?;
        let own = offer.map(|offer| offer.server).filter(|server| !server.is_unspecified());
        let Some(unit) = own.or(self.unit_address()) else { return Ok(()) };
        let clock = self.session.clock.clone();
        let status = smoke::page(&mut *self.network, &*clock, SocketAddr::from((unit, HTTP)));
        let has_page = status.map(|status| format!("http://{unit}/ answers (status {status})."));
        self.seen("web page", has_page, &format!("http://{unit}/ does not answer"))
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
