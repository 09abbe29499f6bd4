//! Calling units for who watches something else meanwhile, and decides afterwards with which of them to go on.

use std::collections::BTreeSet;

use debrick_link::{Frames, Moment};
use debrick_model::MacAddress;
use debrick_tftp::ClientOptions;

use super::{Host, HostOptions, MOST_OTHERS};
use crate::error::NmrpError;
use crate::wire::{Code, Message};

/// Calls units on one interface.
pub struct Caller {
    host: Host,
    advertise_at: Option<Moment>,
}

impl Caller {
    /// A caller on an interface that was opened for frames of [`crate::ETHER_TYPE`].
    pub fn new(frames: Box<dyn Frames>, options: HostOptions) -> Self {
        Self { host: Host::new(frames, options), advertise_at: None }
    }

    /// Advertises when it is time to, and tells who asks to be configured, or for the image, until `until`.
    ///
    /// # Errors
    /// [`NmrpError::Link`], and nothing else.
    pub fn call(&mut self, until: Moment) -> Result<BTreeSet<MacAddress>, NmrpError> {
        let mut found = BTreeSet::new();
        loop {
            let now = self.host.now();
            if self.advertise_at.is_none_or(|at| at <= now) {
                self.host.send(MacAddress::BROADCAST, &Message::advertise())?;
                self.advertise_at = Some(now + self.host.options.advertise_every);
            }
            // A unit that was configured before this program began asks for the image at once.
            if let Some((from, message)) = self.host.receive(until)?
                && matches!(message.code, Code::ConfigureRequest | Code::UploadRequest)
                && found.len() < MOST_OTHERS
            {
                found.insert(from);
            }
            if self.host.now() >= until {
                return Ok(found);
            }
        }
    }

    /// A host that deals with this unit only.
    pub fn choose(self, unit: MacAddress) -> Host {
        let mut host = self.host;
        host.options.unit = Some(unit);
        host.unit = Some(unit);
        host
    }
}

impl Host {
    /// Sends the image otherwise from now on.
    pub fn transfer_by(&mut self, transfer: ClientOptions) {
        self.options.transfer = transfer;
    }
}
