//! An OpenWrt-like system that answers commands: what its files, partitions and `sysupgrade` say. A pure state machine;
//! the SSH before it is somebody else's.
//!
//! It behaves like OpenWrt 23.05 (BusyBox 1.36, `sysupgrade` of base-files), as far as the host half asks: the messages
//! are those of its scripts. What single systems do differently is in [`Quirks`]. In tests, real `dropbear` and `sshd` hand
//! the commands of their clients to it; [`Shell`] is implemented for it, so that it serves without any network, too.

mod archive;
mod command;
mod image;
mod system;

use std::collections::BTreeMap;
use std::time::Duration;

use debrick_link::{Clock, Deadline, VirtualClock};

pub use image::{Metadata, with_metadata};
pub use system::Config;

use crate::error::SshError;
use crate::shell::{Ended, Shell, Streams};

/// How long a command takes, and a KiB that it moves.
const COMMAND: Duration = Duration::from_millis(30);
const KIB: Duration = Duration::from_micros(200);

/// The largest input of a command, in bytes.
const LARGEST_INPUT: u64 = 64 << 20;

/// Bytes of a piece of output.
const PIECE: usize = 8 * 1024;

/// A stretch of the system's flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Whether it lies on NAND.
    pub is_nand: bool,
    /// Whether it may be written to.
    pub is_writable: bool,
}

/// What single systems do differently, and what goes wrong with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quirks {
    /// `ubus` is not there: a fork, or a system that is not up yet.
    pub no_ubus: bool,
    /// BusyBox was built without `sha256sum`.
    pub no_sha256sum: bool,
    /// BusyBox was built without `md5sum`.
    pub no_md5sum: bool,
    /// mtd-utils are not installed, as on most systems.
    pub no_nanddump: bool,
    /// The overlay takes no writes.
    pub read_only_overlay: bool,
    /// A byte of the next so many uploads arrives damaged.
    pub damaged_uploads: u32,
    /// A byte of the next so many readings of partitions is wrong.
    pub wrong_readings: u32,
    /// How an upgrade shows.
    pub upgrade: UpgradeQuirk,
}

/// How an upgrade shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UpgradeQuirk {
    /// It is announced, and the connection is lost.
    #[default]
    AnnouncedAndHungUp,
    /// It is announced, `ubus` complains that its connection is lost, and the command ends with a failure.
    AnnouncedAndFailed,
    /// It is announced, and then nothing is heard any more: the unit restarts without a word to its peers.
    AnnouncedAndSilent,
    /// The connection is lost before anything is said.
    HungUp,
    /// The command fails before it begins.
    Refused,
}

/// What a command answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// On its output.
    pub output: Vec<u8>,
    /// On its error stream.
    pub errors: Vec<u8>,
    /// How it ends.
    pub ending: Ending,
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With a status.
    Exited(u32),
    /// With its connection.
    HungUp,
    /// Not at all: nothing is heard any more.
    Silent,
}

/// The system.
#[derive(Debug, Clone)]
pub struct OpenwrtLike {
    config: Config,
    quirks: Quirks,
    /// All files but those of `/proc`, `/sys` and `/dev`.
    files: BTreeMap<String, Vec<u8>>,
    is_running: bool,
    /// The image that was written, and whether the settings stay.
    written: Option<(Vec<u8>, bool)>,
    upgrades: u32,
    fired: BTreeMap<&'static str, u32>,
    clock: VirtualClock,
}

impl OpenwrtLike {
    /// A system that runs.
    pub fn new(config: Config, quirks: Quirks) -> Self {
        let files = config.files();
        Self {
            config,
            quirks,
            files,
            is_running: true,
            written: None,
            upgrades: 0,
            fired: BTreeMap::new(),
            clock: VirtualClock::new(),
        }
    }

    /// The system on somebody else's clock.
    #[must_use]
    pub fn on_clock(self, clock: VirtualClock) -> Self {
        Self { clock, ..self }
    }

    /// What an upgrade that has begun is to write, and whether the settings stay. Whoever takes it writes it; the system
    /// itself then starts again as it was.
    pub fn take_written(&mut self) -> Option<(Vec<u8>, bool)> {
        self.written.take()
    }

    /// What the system is, to be changed.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }

    /// Forgets everything that was set, as an upgrade without settings does.
    pub fn forget_settings(&mut self) {
        self.files.clear();
    }

    /// Answers a command that read all of `input`.
    pub fn answer(&mut self, command: &str, input: &[u8]) -> Reply {
        if !self.is_running {
            return Reply { output: vec![], errors: vec![], ending: Ending::HungUp };
        }
        command::answer(self, command, input)
    }

    /// Starts again, with the system that was written, if one was. What lay in memory is gone.
    pub fn restart(&mut self) {
        if let Some((image, keeps_settings)) = self.written.take() {
            self.upgrades += 1;
            self.config.install(&image);
            if !keeps_settings {
                self.files.clear();
            }
        }
        self.files.retain(|name, _| !name.starts_with("/tmp/"));
        for (name, content) in self.config.files() {
            let is_made_at_start = name.starts_with("/tmp/") || name == "/etc/openwrt_release";
            if is_made_at_start || !self.files.contains_key(&name) {
                self.files.insert(name, content);
            }
        }
        self.is_running = true;
    }

    /// What a file holds.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// Changes a file, as somebody who works on the system.
    pub fn place(&mut self, path: &str, content: &[u8]) {
        self.files.insert(path.to_owned(), content.to_vec());
    }

    /// How many images were installed.
    pub fn upgrades(&self) -> u32 {
        self.upgrades
    }

    /// Whether it answers.
    pub fn is_running(&self) -> bool {
        self.is_running
    }

    /// How often a quirk made a difference, by its field's name.
    pub fn fired(&self, quirk: &str) -> u32 {
        self.fired.get(quirk).copied().unwrap_or(0)
    }

    fn fire(&mut self, quirk: &'static str) {
        *self.fired.entry(quirk).or_default() += 1;
    }
}

impl Shell for OpenwrtLike {
    fn run(&mut self, command: &str, streams: Streams<'_>, deadline: Deadline) -> Result<Ended, SshError> {
        if streams.watch.cancelled() {
            return Err(SshError::Cancelled);
        }
        let mut input = Vec::new();
        if let Some(source) = streams.input {
            input = vec![0; source.len().min(LARGEST_INPUT) as usize];
            source.read_at(0, &mut input).map_err(|source| SshError::Source { source })?;
            streams.watch.advance(input.len() as u64);
        }
        let reply = self.answer(command, &input);
        let kib = (input.len() + reply.output.len()) / 1024;
        self.clock.advance(COMMAND + KIB * u32::try_from(kib).unwrap_or(u32::MAX));
        let operation = format!("run {command:?}");
        if deadline.has_passed(&self.clock) {
            return Err(SshError::TimedOut { operation });
        }
        for piece in reply.output.chunks(PIECE) {
            (streams.output)(piece)?;
            streams.watch.advance(piece.len() as u64);
        }
        match reply.ending {
            Ending::Exited(status) => {
                let mut errors = Vec::new();
                Ended::keep_errors(&mut errors, &reply.errors);
                Ok(Ended { status: Some(status), signal: None, errors })
            }
            Ending::HungUp => Err(SshError::Closed { operation, reason: None }),
            Ending::Silent => {
                self.clock.advance_to(deadline.moment());
                Err(SshError::TimedOut { operation })
            }
        }
    }

    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn name(&self) -> &str {
        "virtual-openwrt"
    }
}
