//! The host half that serves: images to units that pull them, and a place for backups that units push.
//!
//! [`Server::poll`] does a little and returns, so that one thread can also watch a serial console. Images are read in
//! pieces; memory is bounded by transfers × (window + 128 KiB).

mod service;
mod station;
mod transfer;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_link::{Clock, Datagrams, Deadline, Network};
use debrick_model::MacAddress;
use debrick_target::Watch;

use crate::error::TftpError;
use crate::wire::{Direction, ErrorCode, Mode, Options, Packet};

pub use service::{Intake, NamePolicy, OpenPlace, Place, Service};
use service::{base_name, is_file_name};
pub use station::{OneStation, Senders};
use transfer::{Step, Transfer};

/// Bytes of the largest datagram.
const LARGEST_DATAGRAM: usize = 65_535;

/// Datagrams that are taken from one socket before the others have their turn.
const BURST: usize = 64;

/// How long one transfer's socket is waited on before the other sockets are looked at.
const TURN_ALONE: Duration = Duration::from_millis(10);
const TURN_AMONG_OTHERS: Duration = Duration::from_millis(1);

/// How long [`Server::serve_until`] waits before it asks whether to stop.
const LOOK_AROUND: Duration = Duration::from_millis(100);

/// Why a request is not served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No image has that name.
    NoSuchFile,
    /// Not octet mode: translating line ends would damage the image.
    NotOctet,
    /// Its sender is not among those who are answered; it got no answer.
    PeerNotAllowed,
    /// It came from another Ethernet station than the unit, whatever its address; it got no answer.
    OtherStation {
        /// Who sent it.
        station: MacAddress,
        /// Who is served.
        unit: MacAddress,
    },
    /// Which station sent it is not known; it got no answer, and whoever asks again may get one.
    UnknownStation,
    /// As many transfers as are allowed are going on.
    TooManyTransfers,
    /// It wants to push, and nothing is taken, or not under that name.
    PushNotAccepted,
    /// It announces more bytes than are taken.
    TooLarge,
    /// It cannot be read.
    Malformed,
}

/// What happened since the last look.
#[derive(Debug)]
pub enum ServerEvent {
    /// A request came, and is being served.
    Requested {
        /// From whom.
        peer: SocketAddr,
        /// The name, as it was sent.
        file: String,
        /// Read: it pulls. Write: it pushes.
        direction: Direction,
        /// What it asked for.
        options: Options,
    },
    /// Some more bytes (at least 256 KiB) have arrived.
    Progress {
        /// Whose transfer.
        peer: SocketAddr,
        /// Bytes that have arrived in all.
        bytes: u64,
        /// Bytes of the whole file, where they are known.
        total: Option<u64>,
    },
    /// A transfer is over.
    Finished {
        /// Whose.
        peer: SocketAddr,
        /// The name, as it was sent.
        file: String,
        /// Read: it has pulled. Write: it has pushed.
        direction: Direction,
        /// Length of the file.
        bytes: u64,
        /// From request to last ACK.
        took: Duration,
        /// Whether the last ACK came. Loaders that start an image at once may never send it; but it may also be that
        /// the last block did not arrive.
        acknowledged: bool,
    },
    /// A request is not served.
    Refused {
        /// From whom.
        peer: SocketAddr,
        /// The name, as it was sent; empty when it could not be read.
        file: String,
        /// Why.
        why: Refusal,
    },
    /// A transfer failed.
    Aborted {
        /// Whose.
        peer: SocketAddr,
        /// The name, as it was sent.
        file: String,
        /// Bytes that had arrived.
        bytes: u64,
        /// Why.
        error: TftpError,
    },
    /// Nothing, until the deadline.
    Idle,
}

/// A TFTP server.
pub struct Server<'n, 'a> {
    network: &'n mut dyn Network,
    listener: Box<dyn Datagrams>,
    service: Service<'a>,
    transfers: Vec<Transfer<'a>>,
    events: VecDeque<ServerEvent>,
    buffer: Vec<u8>,
    /// The address that is said to be the unit's station's, for as long as it is served.
    pinned: Option<Ipv4Addr>,
}

impl<'n, 'a> Server<'n, 'a> {
    /// Listens on `local`, mostly port 69. Transfers get ports of their own on the same address.
    pub fn bind(
        network: &'n mut dyn Network,
        local: SocketAddr,
        service: Service<'a>,
    ) -> Result<Self, TftpError> {
        let listener = network.bind_datagrams(local).map_err(|source| TftpError::Listen { local, source })?;
        Ok(Self {
            network,
            listener,
            service,
            transfers: Vec::new(),
            events: VecDeque::new(),
            buffer: vec![0; LARGEST_DATAGRAM],
            pinned: None,
        })
    }

    /// Where it listens.
    pub fn local_address(&self) -> SocketAddr {
        self.listener.local_address()
    }

    /// The clock that deadlines are read on.
    pub fn clock(&self) -> &dyn Clock {
        self.listener.clock()
    }

    /// Transfers that are going on.
    pub fn transfers(&self) -> usize {
        self.transfers.iter().filter(|transfer| !transfer.lingers).count()
    }

    /// Serves until something is worth telling, or the deadline has passed.
    pub fn poll(&mut self, deadline: Deadline) -> Result<ServerEvent, TftpError> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            self.turn(deadline)?;
            if self.events.is_empty() && deadline.has_passed(self.clock()) {
                return Ok(ServerEvent::Idle);
            }
        }
    }

    /// Serves until `enough` says so of an event, which is returned; or until the deadline ([`ServerEvent::Idle`]).
    pub fn serve_until(
        &mut self,
        deadline: Deadline,
        watch: &mut dyn Watch,
        mut enough: impl FnMut(&ServerEvent) -> bool,
    ) -> Result<ServerEvent, TftpError> {
        let mut told = 0;
        loop {
            if watch.cancelled() {
                return Err(TftpError::Cancelled);
            }
            let look_around = Deadline::after(self.clock(), LOOK_AROUND);
            let event = self.poll(deadline.or_earlier(look_around))?;
            match &event {
                ServerEvent::Requested { .. } => told = 0,
                ServerEvent::Progress { bytes, .. } | ServerEvent::Finished { bytes, .. } => {
                    watch.advance(bytes.saturating_sub(told));
                    told = told.max(*bytes);
                }
                ServerEvent::Idle if deadline.has_passed(self.clock()) => return Ok(event),
                _ => {}
            }
            if enough(&event) {
                return Ok(event);
            }
        }
    }

    /// Bytes that have arrived in the transfers under way. [`ServerEvent::Progress`] comes in large steps, and a slow unit takes
    /// its time for one of them: whether it goes on can be seen here.
    pub fn arrived(&self) -> u64 {
        self.transfers.iter().map(Transfer::bytes).sum()
    }

    /// Gives every socket its turn, and waits on one.
    fn turn(&mut self, deadline: Deadline) -> Result<(), TftpError> {
        let now = self.clock().now();
        for index in (0..self.transfers.len()).rev() {
            if self.transfers[index].next_wake() <= now {
                let step = self.transfers[index].on_time(now);
                self.settle(index, step);
            }
        }
        let idle = self.transfers.is_empty() && self.events.is_empty();
        let listen_until = if idle { deadline } else { Deadline::at(now) };
        self.listen(listen_until)?;

        let turn = if self.transfers.len() == 1 { TURN_ALONE } else { TURN_AMONG_OTHERS };
        for index in (0..self.transfers.len()).rev() {
            // A transfer before this one may have ended others.
            if index < self.transfers.len() {
                let wait = if self.events.is_empty() { turn } else { Duration::ZERO };
                let wake = Deadline::at(self.transfers[index].next_wake());
                let turn = Deadline::after(self.clock(), wait);
                self.serve(index, turn.or_earlier(deadline).or_earlier(wake));
            }
        }
        Ok(())
    }

    /// Takes requests; waits for the first until the deadline.
    fn listen(&mut self, deadline: Deadline) -> Result<(), TftpError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut result = Ok(());
        let mut deadline = deadline;
        for _ in 0..BURST {
            match self.listener.receive(&mut buffer, deadline) {
                Ok((count, peer)) => {
                    result = self.on_knock(peer, &buffer[..count]);
                    if result.is_err() {
                        break;
                    }
                }
                Err(error) if error.is_timeout() => break,
                Err(source) => {
                    result = Err(TftpError::Link { operation: "receive TFTP requests".into(), source });
                    break;
                }
            }
            deadline = Deadline::at(self.clock().now());
        }
        self.buffer = buffer;
        result
    }

    /// Takes what comes on one transfer's port, until its turn is over.
    fn serve(&mut self, index: usize, turn: Deadline) {
        let mut buffer = std::mem::take(&mut self.buffer);
        for _ in 0..BURST {
            let transfer = &mut self.transfers[index];
            let (count, from) = match transfer.socket().receive(&mut buffer, turn) {
                Ok(received) => received,
                Err(error) if error.is_timeout() => break,
                Err(_) => {
                    // The system reports, say, that the peer's port is shut: its silence will tell.
                    self.clock().sleep(TURN_AMONG_OTHERS);
                    break;
                }
            };
            if from != transfer.peer {
                // RFC 1350, section 4: a stranger is told off, and the transfer goes on.
                let text = "this port serves another transfer".into();
                let packet = Packet::Error { code: ErrorCode::UNKNOWN_PORT, text }.to_bytes();
                let _ = transfer.socket().send(&packet, from);
                continue;
            }
            let step = transfer.on_datagram(&buffer[..count]);
            if !matches!(step, Step::Going) {
                self.settle(index, step);
                break;
            }
        }
        self.buffer = buffer;
    }

    /// Turns what became of a transfer into events, and drops it when it is over.
    fn settle(&mut self, index: usize, step: Step) {
        let (peer, bytes) = (self.transfers[index].peer, self.transfers[index].bytes());
        match step {
            Step::Going => {}
            Step::Progress => {
                let total = self.transfers[index].total();
                self.events.push_back(ServerEvent::Progress { peer, bytes, total });
                self.drop_rivals(index);
            }
            Step::Finished { acknowledged } => {
                let index = self.drop_rivals(index);
                let ended = &self.transfers[index];
                self.events.push_back(ServerEvent::Finished {
                    peer,
                    file: ended.name.clone(),
                    direction: ended.direction,
                    bytes: ended.total().unwrap_or(bytes),
                    took: self.clock().now().since(ended.started),
                    acknowledged,
                });
                if !ended.lingers {
                    self.transfers.remove(index);
                }
            }
            Step::Gone => {
                self.transfers.remove(index);
            }
            Step::Failed(error) => {
                let ended = self.transfers.remove(index);
                self.events.push_back(ServerEvent::Aborted { peer, file: ended.name, bytes, error });
            }
        }
    }

    /// A peer that asked twice goes on with one transfer, and shows which; the others end. Returns where the one that
    /// goes on stands now.
    fn drop_rivals(&mut self, index: usize) -> usize {
        let (peer, mut kept) = (self.transfers[index].peer, index);
        for other in (0..self.transfers.len()).rev() {
            if other != kept && self.transfers[other].peer == peer {
                let ended = self.transfers.remove(other);
                if other < kept {
                    kept -= 1;
                }
                if ended.has_begun() && !ended.lingers {
                    let bytes = ended.bytes();
                    let error = TftpError::Restarted { peer, name: ended.name.clone(), bytes };
                    self.events.push_back(ServerEvent::Aborted { peer, file: ended.name, bytes, error });
                }
            }
        }
        kept
    }

    /// Takes a datagram that came on the well-known port.
    fn on_knock(&mut self, peer: SocketAddr, datagram: &[u8]) -> Result<(), TftpError> {
        if let Err((file, why)) = self.lets_in(peer, datagram) {
            self.events.push_back(ServerEvent::Refused { peer, file, why });
            return Ok(());
        }
        match Packet::parse(datagram) {
            Ok(Packet::Request { direction, name, mode, options }) => {
                self.pin(peer)?;
                if let Err(why) = self.on_request(peer, direction, &name, mode, &options) {
                    self.refuse(peer, name.into_owned(), why);
                }
            }
            // Loaders that do not follow the new port answer to the old one.
            Ok(_) => {
                if let Some(index) = self.transfers.iter().rposition(|transfer| transfer.peer == peer) {
                    let step = self.transfers[index].on_datagram(datagram);
                    self.settle(index, step);
                }
            }
            Err(_) => self.refuse(peer, String::new(), Refusal::Malformed),
        }
        Ok(())
    }

    fn on_request(
        &mut self,
        peer: SocketAddr,
        direction: Direction,
        name: &str,
        mode: Mode,
        options: &Options,
    ) -> Result<(), Refusal> {
        if mode != Mode::Octet {
            return Err(Refusal::NotOctet);
        }
        if self.is_repeated(peer, direction, name) {
            return Ok(());
        }
        if self.transfers() >= self.service.most_transfers {
            return Err(Refusal::TooManyTransfers);
        }
        let transfer = match direction {
            Direction::Read => {
                let place = self.service.find(name).ok_or(Refusal::NoSuchFile)?;
                let image = self.service.images[place].1;
                let socket = self.transfer_socket()?;
                let agreed = self.service.agree(options, direction, image.len());
                Transfer::send(socket, peer, name.to_owned(), image, &agreed, &self.service)
            }
            Direction::Write => {
                let intake = self.service.intake.as_mut().ok_or(Refusal::PushNotAccepted)?;
                let limit = intake.limit;
                let announced = options.transfer_size.unwrap_or(0);
                if announced > limit {
                    return Err(Refusal::TooLarge);
                }
                let file = Some(base_name(name)).filter(|file| is_file_name(file));
                let place = file.and_then(|file| (intake.open)(peer, file));
                let sink = place.ok_or(Refusal::PushNotAccepted)?;
                let socket = self.transfer_socket()?;
                let agreed = self.service.agree(options, direction, announced);
                Transfer::receive(socket, peer, name.to_owned(), sink, limit, &agreed, &self.service)
            }
        };
        self.transfers.push(transfer);
        let file = name.to_owned();
        self.events.push_back(ServerEvent::Requested { peer, file, direction, options: *options });
        let index = self.transfers.len() - 1;
        let step = self.transfers[index].begin();
        self.settle(index, step);
        Ok(())
    }

    /// Deals with a peer that asks again from the same port. Before its first block has arrived this is the request
    /// repeated, and so is the answer; afterwards the unit has probably begun anew, and the old transfer falls silent,
    /// so that its packets are not taken for answers to the new one.
    fn is_repeated(&mut self, peer: SocketAddr, direction: Direction, name: &str) -> bool {
        for index in (0..self.transfers.len()).rev() {
            let transfer = &mut self.transfers[index];
            if transfer.peer != peer {
                continue;
            }
            if transfer.lingers {
                self.transfers.remove(index);
            } else if transfer.has_begun() {
                transfer.quiet = true;
            } else if transfer.name == name && transfer.direction == direction {
                let step = transfer.resend();
                self.settle(index, step);
                return true;
            } else {
                self.transfers.remove(index);
            }
        }
        false
    }

    fn transfer_socket(&mut self) -> Result<Box<dyn Datagrams>, Refusal> {
        let mut local = self.listener.local_address();
        local.set_port(0);
        // Out of ports or handles: as with too many transfers, asking again later can help.
        self.network.bind_datagrams(local).map_err(|_| Refusal::TooManyTransfers)
    }

    fn refuse(&mut self, peer: SocketAddr, file: String, why: Refusal) {
        let (code, text) = match why {
            Refusal::NoSuchFile => (ErrorCode::NOT_FOUND, "File not found"),
            Refusal::NotOctet => (ErrorCode::ILLEGAL, "Only octet (binary) mode is served"),
            Refusal::TooManyTransfers => (ErrorCode::UNDEFINED, "Too many transfers; ask again later"),
            Refusal::PushNotAccepted
            | Refusal::PeerNotAllowed
            | Refusal::OtherStation { .. }
            | Refusal::UnknownStation => (ErrorCode::ACCESS, "Nothing is taken here under that name"),
            Refusal::TooLarge => (ErrorCode::FULL, "The file is too large"),
            Refusal::Malformed => (ErrorCode::ILLEGAL, "That is no TFTP request"),
        };
        let packet = Packet::Error { code, text: text.into() }.to_bytes();
        let _ = self.listener.send(&packet, peer);
        self.events.push_back(ServerEvent::Refused { peer, file, why });
    }
}
