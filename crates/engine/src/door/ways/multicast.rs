//! Zyxel's bootloader takes what is sent to everybody, while it starts. It says nothing; and every unit that hears it is
//! overwritten.
//!
//! So the wire is listened to first, and a person gives their word that this unit is the only one on it: what is silent cannot
//! be heard.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_coach::Seen;
use debrick_link::{Deadline, FrameHeader, Frames, LONGEST_FRAME, LinkError, Moment, Network};
use debrick_model::{MacAddress, Request, RequestKind};
use debrick_target::{Opaque, Source, TargetError, Watch};
use debrick_zyxel_multicast::alone::LISTEN_AT_LEAST;
use debrick_zyxel_multicast::host::{CastOptions, Caster};
use debrick_zyxel_multicast::{AloneOnWire, Listening, ZyxelError};

use super::{Ear, Kept, Shown, Way};
use crate::tries::Condition;

/// Codes of images that cannot be sent.
pub(super) const REFUSALS: &[&str] = &["zyxel-bad-length"];

/// Who gives their word.
const WHO: &str = "the operator";

/// The most stations that are told apart.
const MOST_STATIONS: usize = 64;

/// How often the image is sent, at least: a unit joins anywhere, and misses packets.
const ROUNDS: u32 = 4;

/// How long it is sent, at least, so that there is time to switch the unit on.
const SENDS_FOR: Duration = Duration::from_secs(60);

/// How long it is sent to a unit that did not get all of it before. What it misses costs it a round each time.
const SENDS_AGAIN_FOR: Duration = Duration::from_secs(300);

/// How much slower it is sent then.
const SLOWER: u32 = 2;

/// Bytes of the image in a packet.
const CHUNK: u64 = 1024;

/// The address that is sent from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Multicast {
    pub(super) host: Ipv4Addr,
}

impl Way for Multicast {
    fn check(&self, network: &mut dyn Network) -> Result<(), LinkError> {
        network.open_frames(None)?;
        network.bind_datagrams(SocketAddr::new(IpAddr::V4(self.host), 0)).map(drop)
    }

    fn watch(&self, network: &mut dyn Network) -> Result<Option<Box<dyn Ear>>, LinkError> {
        let frames = network.open_frames(None)?;
        let began = network.clock().now();
        Ok(Some(Box::new(Wire { way: *self, frames, began, stations: BTreeSet::new() })))
    }

    /// Nothing of it can be seen.
    fn stays_open(&self) -> bool {
        false
    }

    fn word(&self) -> Option<Request> {
        Some(Request {
            id: "alone-on-wire".into(),
            text: "Look at the cable: it goes from this computer to this one unit, and nothing else hangs on it. Take the unit's \
                   power away, and leave a hand at its switch. Is it alone on the cable?"
                .into(),
            kind: RequestKind::Confirmation {
                consequence: "The image goes to everybody: every unit of this maker that hears it while it starts is overwritten. The \
                              cable is listened to for 15 seconds first, and units that are silent are not heard. Switch the unit on \
                              when the image is being sent, and not before."
                    .into(),
            },
        })
    }

    fn is_mute(&self) -> bool {
        true
    }

    fn target<'n>(&'n self, network: &'n mut dyn Network, condition: Condition) -> Box<dyn Opaque + 'n> {
        Box::new(Sending { way: *self, network, heard: None, condition })
    }
}

/// Listens to the wire.
struct Wire {
    way: Multicast,
    frames: Box<dyn Frames>,
    began: Moment,
    stations: BTreeSet<MacAddress>,
}

impl Ear for Wire {
    fn hear(&mut self, network: &mut dyn Network, until: Deadline) -> Result<Vec<Shown>, LinkError> {
        let own = self.frames.address();
        let mut buffer = [0; LONGEST_FRAME];
        while network.clock().now() < until.moment() {
            let count = match self.frames.receive(&mut buffer, until) {
                Ok(count) => count,
                Err(error) if error.is_timeout() => break,
                Err(error) => return Err(error),
            };
            let header = FrameHeader::split(&buffer[..count.min(LONGEST_FRAME)]).map(|(header, _)| header);
            let others = header.filter(|header| header.from != own && !header.from.is_group());
            self.stations
                .extend(others.map(|header| header.from).filter(|_| self.stations.len() < MOST_STATIONS));
        }
        let is_enough = network.clock().now().since(self.began) >= LISTEN_AT_LEAST;
        let shown = Shown { seen: Seen::Done, is_open: true, said: None };
        Ok(is_enough.then_some(shown).into_iter().collect())
    }

    fn keep(self: Box<Self>) -> Option<Box<dyn Kept>> {
        let Self { way, frames, began, stations } = *self;
        let ended = frames.clock().now();
        let heard = Listening { lasted: ended.since(began), ended, stations };
        Some(Box::new(Heard { way, heard }))
    }
}

/// A wire that was listened to.
struct Heard {
    way: Multicast,
    heard: Listening,
}

impl Kept for Heard {
    fn several(&self) -> Vec<String> {
        let all = self.heard.stations.iter().filter(|_| self.heard.stations.len() > 1);
        all.map(ToString::to_string).collect()
    }

    fn target<'n>(
        self: Box<Self>,
        network: &'n mut dyn Network,
        condition: Condition,
    ) -> Box<dyn Opaque + 'n> {
        let Self { way, heard } = *self;
        Box::new(Sending { way, network, heard: Some(heard), condition })
    }
}

/// Whoever listens, as a target.
struct Sending<'n> {
    way: Multicast,
    network: &'n mut dyn Network,
    /// What was heard before; without it nothing is sent.
    heard: Option<Listening>,
    condition: Condition,
}

impl Sending<'_> {
    fn send(&mut self, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), ZyxelError> {
        let heard = self.heard.take().ok_or(ZyxelError::ListenedTooShortly { listened: Duration::ZERO })?;
        let proof = AloneOnWire::prove(&heard, WHO)?;
        let usual = CastOptions::default();
        let (usual, sends_for) = match self.condition {
            Condition::PlainTransfer => {
                (CastOptions { every: usual.every * SLOWER, ..usual }, SENDS_AGAIN_FOR)
            }
            Condition::AsItIs | Condition::FreshStart => (usual, SENDS_FOR),
        };
        let packets = u32::try_from(image.len().div_ceil(CHUNK)).unwrap_or(u32::MAX).max(1);
        let round = usual.every.saturating_mul(packets).max(usual.every);
        let in_time = u32::try_from(sends_for.as_millis() / round.as_millis().max(1)).unwrap_or(u32::MAX);
        let options = CastOptions { rounds: ROUNDS.max(in_time), ..usual };
        let mut caster = Caster::new(self.network, IpAddr::V4(self.way.host), &proof, options)?;
        // A unit that has written it restarts, which takes the link down: then nothing more is to be sent.
        let network = &mut *self.network;
        let mut was_up = false;
        let mut restarted = || {
            let is_up = network.carrier();
            let went_down = was_up && is_up == Some(false);
            was_up |= is_up == Some(true);
            went_down
        };
        caster.cast(image, &mut restarted, watch).map(drop)
    }
}

impl Opaque for Sending<'_> {
    fn offer(&mut self, name: &str, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), TargetError> {
        let sent = self.send(image, watch);
        sent.map_err(|error| error.into_target(format!("send {name} to everybody")))
    }
}
