//! Faults that happen while a unit is being repaired: which, when, and how often they did.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use debrick_link::Rng;
use debrick_link::fault::{DatagramFault, FaultLog as LinkLog, StreamFault};

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The power went away in the middle of a write.
    PowerCut,
    /// The unit restarted by itself.
    SpontaneousRestart,
    /// The unit restarted by itself while it received a file.
    RestartInTransfer,
    /// A write said done, but only its first 4 KiB landed.
    LyingWrite,
    /// A read gave one wrong bit; the storage is right.
    ReadFlip,
    /// A read failed.
    ReadError,
    /// A write failed.
    WriteError,
    /// Saving the environment failed.
    EnvironmentSave,
    /// The unit printed noise.
    Babble,
    /// The bootloader hung in a command.
    Hang,
    /// The unit broke off a TFTP transfer.
    TftpAbort,
    /// A byte from the unit was lost.
    ByteToHostLost,
    /// A byte from the unit came with a wrong bit.
    ByteToHostFlipped,
    /// A byte to the unit was lost.
    ByteToUnitLost,
    /// A byte to the unit came with a wrong bit.
    ByteToUnitFlipped,
    /// A datagram was lost, in whichever direction.
    DatagramLost,
    /// A datagram came twice, in whichever direction.
    DatagramDuplicated,
    /// A datagram came after the next one, in whichever direction.
    DatagramLate,
    /// A raw Ethernet frame was lost, in whichever direction.
    FrameLost,
    /// A raw Ethernet frame came twice, in whichever direction.
    FrameDuplicated,
    /// A TCP connection was lost in the middle of what was sent to the unit.
    ConnectionLost,
    /// What the unit said on a TCP connection came seconds late.
    AnswerLate,
    /// Somebody else on the cable asked for an address.
    StrangerAsks,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 23] = [
        Self::PowerCut,
        Self::SpontaneousRestart,
        Self::RestartInTransfer,
        Self::LyingWrite,
        Self::ReadFlip,
        Self::ReadError,
        Self::WriteError,
        Self::EnvironmentSave,
        Self::Babble,
        Self::Hang,
        Self::TftpAbort,
        Self::ByteToHostLost,
        Self::ByteToHostFlipped,
        Self::ByteToUnitLost,
        Self::ByteToUnitFlipped,
        Self::DatagramLost,
        Self::DatagramDuplicated,
        Self::DatagramLate,
        Self::FrameLost,
        Self::FrameDuplicated,
        Self::ConnectionLost,
        Self::AnswerLate,
        Self::StrangerAsks,
    ];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::PowerCut => "power-cut",
            Self::SpontaneousRestart => "spontaneous-restart",
            Self::RestartInTransfer => "restart-in-transfer",
            Self::LyingWrite => "lying-write",
            Self::ReadFlip => "read-flip",
            Self::ReadError => "read-error",
            Self::WriteError => "write-error",
            Self::EnvironmentSave => "environment-save",
            Self::Babble => "babble",
            Self::Hang => "hang",
            Self::TftpAbort => "tftp-abort",
            Self::ByteToHostLost => "byte-to-host-lost",
            Self::ByteToHostFlipped => "byte-to-host-flipped",
            Self::ByteToUnitLost => "byte-to-unit-lost",
            Self::ByteToUnitFlipped => "byte-to-unit-flipped",
            Self::DatagramLost => "datagram-lost",
            Self::DatagramDuplicated => "datagram-duplicated",
            Self::DatagramLate => "datagram-late",
            Self::FrameLost => "frame-lost",
            Self::FrameDuplicated => "frame-duplicated",
            Self::ConnectionLost => "connection-lost",
            Self::AnswerLate => "answer-late",
            Self::StrangerAsks => "stranger-asks",
        }
    }
}

/// Which writes lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// The write with this number, counted from 0. The bootloader writes in pieces of 64 KiB.
    Once(u64),
    /// Every write.
    Always,
}

/// Somebody who is on the unit's cable, too, and asks for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// A computer whose system asks: it is none of ours.
    System,
    /// Another unit whose bootloader asks: nobody can say which of the two is to be repaired.
    Bootloader,
    /// The same, of another maker, as its Ethernet address says.
    BootloaderOfNetgear,
}

/// Probabilities, for each byte on the console.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ConsoleFaults {
    /// It is lost on its way to the host.
    pub lost_to_host: f64,
    /// It comes to the host with a wrong bit.
    pub flipped_to_host: f64,
    /// It is lost on its way to the unit.
    pub lost_to_unit: f64,
    /// It comes to the unit with a wrong bit.
    pub flipped_to_unit: f64,
}

/// Faults to inject. The default has none; what is left to chance is drawn from the bench's seed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Faults {
    /// The power goes away once so many bytes were written to the storage since the beginning, and stays away until
    /// somebody switches the unit off and on. Exactly that many bytes land.
    pub power_cut_at_byte: Option<u64>,
    /// The unit restarts by itself once, at a random moment within this span from the beginning.
    pub restart_within: Option<Duration>,
    /// The unit restarts by itself once, when so many bytes of a file have come in.
    pub restart_in_transfer: Option<u64>,
    /// Writes that say done, although only their first 4 KiB landed.
    pub lying_write: Option<Lie>,
    /// The probability that a read (of up to 64 KiB) gives one wrong bit.
    pub read_flip: f64,
    /// The read with this number, counted from 0, gives one wrong bit.
    pub read_flip_once: Option<u64>,
    /// The read with this number, counted from 0, fails.
    pub read_error_once: Option<u64>,
    /// The write with this number, counted from 0, fails, and nothing of it lands.
    pub write_error_once: Option<u64>,
    /// The first attempt to save the environment fails, and leaves the old one in place.
    pub environment_save_fails_once: bool,
    /// The unit prints noise about this often.
    pub babble: Option<Duration>,
    /// The bootloader hangs in the command line with this number, counted from 0 since the beginning, until the unit is
    /// switched off and on, or reset.
    pub hang_in_command: Option<u32>,
    /// The first TFTP transfer is broken off by the unit after so many bytes.
    pub tftp_aborts_at: Option<u64>,
    /// The console loses and flips.
    pub console: ConsoleFaults,
    /// The probability that a datagram is lost, in each direction.
    pub datagrams_lost: f64,
    /// The probability that a datagram comes twice, in each direction.
    pub datagrams_duplicated: f64,
    /// The probability that a datagram comes after the next one, or 200 ms late, in each direction.
    pub datagrams_late: f64,
    /// The probability that a raw Ethernet frame is lost, in each direction.
    pub frames_lost: f64,
    /// The probability that a raw Ethernet frame comes twice, in each direction.
    pub frames_duplicated: f64,
    /// The first TCP connection on which so many bytes are sent to the unit is lost then.
    pub connection_lost_at: Option<u64>,
    /// The probability that what the unit says on a TCP connection comes five seconds late.
    pub answers_late: f64,
    /// Who else is on the cable, for as long as the unit has a link, and asks for an address.
    pub stranger: Option<Stranger>,
}

impl Faults {
    /// One or two faults of a repair over the console, drawn from a seed: for sweeps over an image of about `image_size` bytes.
    pub fn random(seed: u64, image_size: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0xFA17);
        let mut faults = Self::default();
        for _ in 0..=rng.below(2) {
            let pieces = (image_size / (64 << 10)).max(1);
            match rng.below(15) {
                0 => faults.power_cut_at_byte = Some(rng.below(image_size)),
                1 => faults.restart_within = Some(Duration::from_secs(30)),
                2 => faults.restart_in_transfer = Some(rng.below(image_size)),
                3 => faults.lying_write = Some(Lie::Once(rng.below(pieces))),
                4 => faults.read_flip = 0.01,
                5 => faults.read_flip_once = Some(rng.below(pieces * 4)),
                6 => faults.read_error_once = Some(rng.below(pieces * 4)),
                7 => faults.write_error_once = Some(rng.below(pieces)),
                8 => faults.environment_save_fails_once = true,
                9 => faults.babble = Some(Duration::from_millis(500 + rng.below(5000))),
                10 => faults.hang_in_command = Some(rng.below(30) as u32),
                11 => faults.tftp_aborts_at = Some(rng.below(image_size)),
                12 => faults.console.lost_to_host = 0.0005,
                13 => faults.console.flipped_to_unit = 0.0005,
                _ => {
                    faults.datagrams_lost = 0.02;
                    faults.datagrams_duplicated = 0.02;
                    faults.datagrams_late = 0.02;
                }
            }
        }
        faults
    }

    /// The kinds that this asks for.
    pub fn kinds(&self) -> Vec<Fault> {
        let asked = |fault: Fault| match fault {
            Fault::PowerCut => self.power_cut_at_byte.is_some(),
            Fault::SpontaneousRestart => self.restart_within.is_some(),
            Fault::RestartInTransfer => self.restart_in_transfer.is_some(),
            Fault::LyingWrite => self.lying_write.is_some(),
            Fault::ReadFlip => self.read_flip > 0.0 || self.read_flip_once.is_some(),
            Fault::ReadError => self.read_error_once.is_some(),
            Fault::WriteError => self.write_error_once.is_some(),
            Fault::EnvironmentSave => self.environment_save_fails_once,
            Fault::Babble => self.babble.is_some(),
            Fault::Hang => self.hang_in_command.is_some(),
            Fault::TftpAbort => self.tftp_aborts_at.is_some(),
            Fault::ByteToHostLost => self.console.lost_to_host > 0.0,
            Fault::ByteToHostFlipped => self.console.flipped_to_host > 0.0,
            Fault::ByteToUnitLost => self.console.lost_to_unit > 0.0,
            Fault::ByteToUnitFlipped => self.console.flipped_to_unit > 0.0,
            Fault::DatagramLost => self.datagrams_lost > 0.0,
            Fault::DatagramDuplicated => self.datagrams_duplicated > 0.0,
            Fault::DatagramLate => self.datagrams_late > 0.0,
            Fault::FrameLost => self.frames_lost > 0.0,
            Fault::FrameDuplicated => self.frames_duplicated > 0.0,
            Fault::ConnectionLost => self.connection_lost_at.is_some(),
            Fault::AnswerLate => self.answers_late > 0.0,
            Fault::StrangerAsks => self.stranger.is_some(),
        };
        Fault::ALL.into_iter().filter(|fault| asked(*fault)).collect()
    }
}

/// Counts the faults that fired. Clones look at the same log.
#[derive(Debug, Clone, Default)]
pub struct FaultLog(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    counts: BTreeMap<Fault, u64>,
    /// Logs of links, and what the faults of their plans are.
    streams: Vec<(LinkLog<StreamFault>, &'static [Fault])>,
    datagrams: Vec<(LinkLog<DatagramFault>, &'static [Fault])>,
}

impl FaultLog {
    /// How often faults of this kind fired.
    pub fn count(&self, fault: Fault) -> u64 {
        let log = self.lock();
        let mut count = log.counts.get(&fault).copied().unwrap_or(0);
        let of = |kinds: &[Fault]| {
            kinds.iter().enumerate().filter(|(_, kind)| **kind == fault).map(|(at, _)| at).collect::<Vec<_>>()
        };
        for (link, kinds) in &log.streams {
            count += of(kinds).into_iter().map(|at| link.count(at)).sum::<u64>();
        }
        for (link, kinds) in &log.datagrams {
            count += of(kinds).into_iter().map(|at| link.count(at)).sum::<u64>();
        }
        count
    }

    /// How often any fault fired.
    pub fn total(&self) -> u64 {
        Fault::ALL.into_iter().map(|fault| self.count(fault)).sum()
    }

    /// The kinds that fired.
    pub fn fired(&self) -> Vec<Fault> {
        Fault::ALL.into_iter().filter(|fault| self.count(*fault) > 0).collect()
    }

    pub(crate) fn add(&self, fault: Fault) {
        *self.lock().counts.entry(fault).or_default() += 1;
    }

    pub(crate) fn add_stream(&self, log: LinkLog<StreamFault>, kinds: &'static [Fault]) {
        self.lock().streams.push((log, kinds));
    }

    pub(crate) fn add_datagrams(&self, log: LinkLog<DatagramFault>, kinds: &'static [Fault]) {
        self.lock().datagrams.push((log, kinds));
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
