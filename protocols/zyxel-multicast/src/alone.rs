//! Proof that one unit alone is on the wire.
//!
//! What is sent goes to everybody, has no address, and is written by every bootloader that listens. So the sender takes a
//! value that can only be had by listening, and by somebody's word: units that are silent cannot be heard.

use std::collections::BTreeSet;
use std::time::Duration;

use debrick_link::{Deadline, FrameHeader, Frames, LONGEST_FRAME, Moment};
use debrick_model::MacAddress;
use debrick_target::Watch;

use crate::error::ZyxelError;

/// How long has to be listened, at least.
pub const LISTEN_AT_LEAST: Duration = Duration::from_secs(15);

/// How long a proof holds.
pub const HOLDS_FOR: Duration = Duration::from_secs(300);

/// Most stations that are remembered; two are too many.
const MOST_STATIONS: usize = 64;

/// What was heard on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listening {
    /// For how long.
    pub lasted: Duration,
    /// When it ended.
    pub ended: Moment,
    /// The stations that spoke, this computer left out.
    pub stations: BTreeSet<MacAddress>,
}

/// Listens to all frames for `span`.
pub fn listen(frames: &mut dyn Frames, span: Duration, watch: &dyn Watch) -> Result<Listening, ZyxelError> {
    let began = frames.clock().now();
    let until = began + span;
    let own = frames.address();
    let mut stations = BTreeSet::new();
    let mut buffer = [0; LONGEST_FRAME];
    while frames.clock().now() < until {
        if watch.cancelled() {
            return Err(ZyxelError::Cancelled { rounds: 0 });
        }
        let turn = until.min(frames.clock().now() + Duration::from_millis(500));
        match frames.receive(&mut buffer, Deadline::at(turn)) {
            Ok(count) => {
                if let Some((header, _)) = FrameHeader::split(&buffer[..count.min(LONGEST_FRAME)])
                    && header.from != own
                    && !header.from.is_group()
                    && stations.len() < MOST_STATIONS
                {
                    stations.insert(header.from);
                }
            }
            Err(error) if error.is_timeout() => {}
            Err(source) => return Err(ZyxelError::Link { operation: "listen to the wire".into(), source }),
        }
    }
    let ended = frames.clock().now();
    Ok(Listening { lasted: ended.since(began), ended, stations })
}

/// Proof that one unit, at most, is on the wire. It holds for five minutes.
#[derive(Debug)]
pub struct AloneOnWire {
    since: Moment,
    stated_by: String,
}

impl AloneOnWire {
    /// The proof, from what was heard and the word of `stated_by`, who has looked at the cables.
    pub fn prove(heard: &Listening, stated_by: &str) -> Result<Self, ZyxelError> {
        if heard.lasted < LISTEN_AT_LEAST {
            return Err(ZyxelError::ListenedTooShortly { listened: heard.lasted });
        }
        if heard.stations.len() > 1 {
            return Err(ZyxelError::NotAlone { stations: heard.stations.iter().copied().collect() });
        }
        if stated_by.trim().is_empty() {
            return Err(ZyxelError::NotStated);
        }
        Ok(Self { since: heard.ended, stated_by: stated_by.trim().to_owned() })
    }

    /// Whose word it rests on.
    pub fn stated_by(&self) -> &str {
        &self.stated_by
    }

    pub(crate) fn check(&self, now: Moment) -> Result<(), ZyxelError> {
        let ago = now.since(self.since);
        if ago > HOLDS_FOR { Err(ZyxelError::ProofIsOld { ago }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use debrick_model::Coded;

    use super::*;

    #[test]
    fn a_proof_needs_silence_time_and_a_word() {
        let station = |last| MacAddress::new([2, 0, 0, 0, 0, last]);
        let heard = |seconds, stations: &[u8]| Listening {
            lasted: Duration::from_secs(seconds),
            ended: Moment::from_start(Duration::from_secs(100)),
            stations: stations.iter().map(|last| station(*last)).collect(),
        };
        let code = |heard, who| AloneOnWire::prove(&heard, who).map_err(|error| error.code());
        assert!(code(heard(15, &[]), "Ann").is_ok());
        assert!(code(heard(15, &[1, 1]), "Ann").is_ok());
        assert_eq!(code(heard(15, &[1, 2]), "Ann").err(), Some("zyxel-not-alone"));
        assert_eq!(code(heard(14, &[]), "Ann").err(), Some("zyxel-listened-too-shortly"));
        assert_eq!(code(heard(60, &[]), " ").err(), Some("zyxel-not-stated"));
        let proof = AloneOnWire::prove(&heard(15, &[]), " Ann ").unwrap();
        assert_eq!(proof.stated_by(), "Ann");
        assert!(proof.check(Moment::from_start(Duration::from_secs(400))).is_ok());
        let late = proof.check(Moment::from_start(Duration::from_secs(401))).unwrap_err();
        assert_eq!(late.code(), "zyxel-proof-is-old");
    }
}
