//! The sender: the image in packets, round after round, until somebody sees that the unit has it.
//!
//! Nothing comes back. A unit that misses a packet waits for the next round; one that has all of them writes, and shows it
//! by its lights or by restarting. Only firmware is sent: where the other kinds go in flash is fixed in the bootloader, and
//! wrong there ends the unit.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use debrick_link::{Datagrams, Moment, Network};
use debrick_target::{Source, Watch};

use crate::alone::AloneOnWire;
use crate::error::ZyxelError;
use crate::wire::{CHUNK, GROUP, Kind, Packet};

/// The longest image, in bytes.
const LONGEST: u64 = 256 << 20;

/// How to send.
#[derive(Debug, Clone)]
pub struct CastOptions {
    /// Time between packets. Bootloaders take about this long for each.
    pub every: Duration,
    /// The most rounds.
    pub rounds: u32,
    /// Two letters; what for is not known.
    pub country: [u8; 2],
    /// Whether the second copy of the firmware is sent instead of the first.
    pub second_copy: bool,
}

impl Default for CastOptions {
    fn default() -> Self {
        Self { every: Duration::from_millis(10), rounds: 20, country: *b"FF", second_copy: false }
    }
}

/// A cast that is over. Whether a unit heard it, only the unit shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cast {
    /// How often the whole image was sent.
    pub rounds: u32,
    /// Packets in all.
    pub packets: u64,
    /// How long it took.
    pub took: Duration,
    /// Whether the sign came that was watched for.
    pub was_seen: bool,
}

/// A sender on one wire, which carries one unit.
pub struct Caster<'p> {
    socket: Box<dyn Datagrams>,
    proof: &'p AloneOnWire,
    options: CastOptions,
}

impl<'p> Caster<'p> {
    /// A sender from `local`, an address of the wire that was listened to. It needs the proof that one unit alone is there.
    pub fn new(
        network: &mut dyn Network,
        local: IpAddr,
        proof: &'p AloneOnWire,
        options: CastOptions,
    ) -> Result<Self, ZyxelError> {
        proof.check(network.clock().now())?;
        let socket = network
            .bind_datagrams(SocketAddr::new(local, 0))
            .map_err(|source| ZyxelError::Link { operation: format!("open a port on {local}"), source })?;
        Ok(Self { socket, proof, options })
    }

    /// Sends the firmware until `is_seen` says that the unit shows its sign, asked after each round, or the rounds are
    /// over. `watch` advances by the bytes of the first round, which is the whole image.
    pub fn cast(
        &mut self,
        image: &dyn Source,
        is_seen: &mut dyn FnMut() -> bool,
        watch: &mut dyn Watch,
    ) -> Result<Cast, ZyxelError> {
        let began = self.now();
        self.proof.check(began)?;
        let length = image.len();
        let file_length = u32::try_from(length).ok().filter(|_| length > 0 && length <= LONGEST);
        let file_length = file_length.ok_or(ZyxelError::BadLength { length })?;
        let mut cast = Cast { rounds: 0, packets: 0, took: Duration::ZERO, was_seen: false };
        let mut next = began;
        while cast.rounds < self.options.rounds && !cast.was_seen {
            let mut offset = 0;
            while offset < length {
                if watch.cancelled() {
                    return Err(ZyxelError::Cancelled { rounds: cast.rounds });
                }
                let mut chunk = [0; CHUNK];
                let count = CHUNK.min(usize::try_from(length - offset).unwrap_or(CHUNK));
                image.read_at(offset, &mut chunk[..count]).map_err(|source| ZyxelError::Source { source })?;
                self.send(offset, file_length, &chunk[..count])?;
                cast.packets += 1;
                offset += count as u64;
                if cast.rounds == 0 {
                    watch.advance(count as u64);
                }
                next = next.max(self.now()) + self.options.every;
                self.socket.clock().sleep(next.since(self.now()));
            }
            cast.rounds += 1;
            cast.was_seen = is_seen();
        }
        cast.took = self.now().since(began);
        Ok(cast)
    }

    fn send(&mut self, offset: u64, file_length: u32, payload: &[u8]) -> Result<(), ZyxelError> {
        let kind = if self.options.second_copy { Kind::SecondFirmware } else { Kind::Firmware };
        let packet = Packet {
            number: u32::try_from(offset / CHUNK as u64).unwrap_or(u32::MAX),
            file_length,
            kind,
            kinds: kind.bit(),
            country: self.options.country,
            // Nothing is to be erased.
            flags: 0,
            payload,
        };
        match self.socket.send(&packet.to_bytes(), GROUP) {
            Ok(()) => Ok(()),
            // The cable has no link while the unit restarts; what is lost comes again with the next round.
            Err(debrick_link::LinkError::Disconnected { .. } | debrick_link::LinkError::Io { .. }) => Ok(()),
            Err(source) => Err(ZyxelError::Link { operation: "send the image".into(), source }),
        }
    }

    fn now(&self) -> Moment {
        self.socket.clock().now()
    }
}
