//! The host half: finds the bootloader, keeps it from starting the system, reads its variables, stores an image.

mod control;
mod find;
mod store;

use std::net::SocketAddr;
use std::time::Duration;

use debrick_link::{Deadline, Link, LinkError, Network};
use debrick_target::{Opaque, Source, TargetError, Watch};

use crate::environment::Environment;
use crate::error::EvaError;
use crate::partition::Partition;
use crate::wire::{Reply, USER, passive_port};

use control::Control;
pub use find::{FindOptions, find, find_all};

/// Most bytes of a file that is fetched from the unit.
const MOST_FETCHED: usize = 256 * 1024;

/// Variables that may be set: which system starts, and what only holds for the next start. The rest tells what the unit
/// is, and was written in the factory.
const MAY_BE_SET: &[&str] = &["linux_fs_start", "memsize", "kernel_args_tmp"];

/// How patient a session is.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    /// How long the bootloader is tried to be reached: as long as it takes a person to switch the unit on.
    pub open_within: Duration,
    /// How long a single attempt may take.
    pub attempt_within: Duration,
    /// How long it may take to answer a command.
    pub answer_within: Duration,
    /// How long it may take to erase and write: half a minute is usual, five are possible.
    pub write_within: Duration,
    /// Bytes that are sent at once.
    pub piece: usize,
    /// Whether a file has two names, ours and the partition's, as ADAM2 of older units wants it.
    pub two_names: bool,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            open_within: Duration::from_secs(120),
            attempt_within: Duration::from_secs(1),
            answer_within: Duration::from_secs(10),
            write_within: Duration::from_secs(600),
            piece: 8 * 1024,
            two_names: false,
        }
    }
}

/// Where in memory an image is put to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryPlace {
    /// At the end of memory, which is taken away from the system. Lantiq's, whose memory begins at 0x80000000 for the
    /// processor.
    AtItsEnd {
        /// Where memory begins for the processor.
        memory_at: u64,
    },
    /// At fixed addresses: 0x85000000 to 0x88000000 for IPQ40xx (OpenWrt's `eva_ramboot.py`, `--offset`).
    Fixed {
        /// First address.
        start: u64,
        /// The address behind the last.
        end: u64,
    },
}

impl MemoryPlace {
    /// First address, the one behind the last, and the memory that the system is told of.
    fn layout(self, environment: &Environment, length: u64) -> Result<(u64, u64, u64), EvaError> {
        const PAGE: u64 = 0x1000;
        const MODULE: u64 = 32 << 20;
        let too_large = |room| EvaError::TooLarge { partition: "memory".into(), length, room };
        match self {
            Self::Fixed { start, end } => {
                let room = end.saturating_sub(start);
                if length > room { Err(too_large(room)) } else { Ok((start, end, length)) }
            }
            Self::AtItsEnd { memory_at } => {
                let memory = environment.memory();
                let memory =
                    memory.ok_or_else(|| EvaError::Protocol { what: "does not say its memory".into() })?;
                if !memory.is_multiple_of(MODULE) {
                    let what = format!(
                        "has {memory:#x} bytes of memory left from an earlier start; switch it off and on"
                    );
                    return Err(EvaError::Protocol { what });
                }
                // Half of the memory is the system's.
                if length > memory / 2 {
                    return Err(too_large(memory / 2));
                }
                let left = (memory - length) / PAGE * PAGE;
                Ok((memory_at + left, memory_at + memory, left))
            }
        }
    }
}

/// A session with a bootloader that was logged in to. As long as it lasts, the system is not started.
pub struct Session<'n> {
    network: &'n mut dyn Network,
    unit: SocketAddr,
    control: Control,
    options: SessionOptions,
}

/// A session whose network is used for something else meanwhile. As long as it is kept, the system is not started.
pub struct Paused {
    unit: SocketAddr,
    control: Control,
    options: SessionOptions,
}

impl Paused {
    /// Goes on with it.
    pub fn resume(self, network: &mut dyn Network) -> Session<'_> {
        let Self { unit, control, options } = self;
        Session { network, unit, control, options }
    }
}

impl<'n> Session<'n> {
    /// Keeps it, without its network.
    pub fn pause(self) -> Paused {
        let Self { unit, control, options, .. } = self;
        Paused { unit, control, options }
    }

    /// Connects to the bootloader at `unit`, mostly port 21, as soon as it listens, and logs in.
    pub fn open(
        network: &'n mut dyn Network,
        unit: SocketAddr,
        options: SessionOptions,
        watch: &dyn Watch,
    ) -> Result<Self, EvaError> {
        let until = network.clock().now() + options.open_within;
        loop {
            if watch.cancelled() {
                return Err(EvaError::Cancelled { begun: false });
            }
            let attempt =
                Deadline::after(network.clock(), options.attempt_within).or_earlier(Deadline::at(until));
            let source = match network.connect_stream(unit, attempt) {
                Ok(link) => match Control::greet(link, options.answer_within) {
                    Ok(control) => {
                        let mut session = Self { network, unit, control, options };
                        session.log_in()?;
                        return Ok(session);
                    }
                    // The system may just have been started.
                    Err(EvaError::Link { source, .. }) => source,
                    Err(error) => return Err(error),
                },
                Err(source) => source,
            };
            if network.clock().now() + Duration::from_millis(200) >= until {
                return Err(EvaError::Unreachable { unit, waited: options.open_within, source });
            }
            network.clock().sleep(Duration::from_millis(200));
        }
    }

    fn log_in(&mut self) -> Result<(), EvaError> {
        if self.command(&format!("USER {USER}"))?.code == 331 {
            self.command(&format!("PASS {USER}"))?;
        }
        Ok(())
    }

    /// What the bootloader calls itself: `AVM EVA Version 1.11581 0x0 0x46409`.
    pub fn system(&mut self) -> Result<String, EvaError> {
        Ok(self.command("SYST")?.text)
    }

    /// All variables. To be read before anything else: they say which unit it is.
    pub fn environment(&mut self) -> Result<Environment, EvaError> {
        self.command("TYPE I")?;
        self.command("MEDIA SDRAM")?;
        let bytes = self.fetch("env")?;
        let environment = Environment::parse(&String::from_utf8_lossy(&bytes));
        if environment.variables().is_empty() {
            return Err(EvaError::Protocol { what: "sends no variables".into() });
        }
        Ok(environment)
    }

    /// One variable; `None` where it is not set.
    pub fn variable(&mut self, name: &str) -> Result<Option<String>, EvaError> {
        let command = format!("GETENV {}", checked(name, "a variable")?);
        let reply = self.control.exchange(&command, self.options.answer_within)?;
        // "501 environment variable not set" (7490).
        if reply.code == 501 {
            return Ok(None);
        }
        let reply = fine(&command, reply)?;
        let value = |lines: &[String]| {
            let mut found = lines.iter().filter_map(|line| crate::environment::read_variable(line));
            found.find(|(other, _)| other == name).map(|(_, value)| value)
        };
        match value(&reply.said) {
            Some(value) => Ok(Some(value)),
            // Some send the value behind their answer.
            None => Ok(value(&self.control.lines_behind(Duration::from_secs(1))?)),
        }
    }

    /// Sets a variable: one of those that choose what is started, and no other.
    pub fn set_variable(&mut self, name: &str, value: &str) -> Result<(), EvaError> {
        if !MAY_BE_SET.contains(&name) {
            return Err(EvaError::ProtectedVariable { name: name.to_owned() });
        }
        self.command(&format!("SETENV {name} {}", checked(value, "a value")?)).map(|_| ())
    }

    /// Writes an image to a partition, and returns once the unit says that it has. `environment` is the unit's own; it
    /// says how large the partition is.
    ///
    /// It can be cancelled before the partition is begun, and while the image is sent; the partition is lost then.
    pub fn store(
        &mut self,
        partition: Partition,
        environment: &Environment,
        image: &dyn Source,
        watch: &mut dyn Watch,
    ) -> Result<(), EvaError> {
        if let Some(content) = partition.protects() {
            return Err(EvaError::Protected { partition, content });
        }
        let range = environment.range(partition).ok_or(EvaError::NoPartition { partition })?;
        let room = range.end - range.start;
        if image.len() > room {
            return Err(EvaError::TooLarge { partition: partition.to_string(), length: image.len(), room });
        }
        self.command("TYPE I")?;
        self.command("MEDIA FLSH")?;
        self.send_file(&partition.to_string(), image, watch)
    }

    /// Starts an image in memory, without writing anything. The unit forgets all of it when it is switched off.
    pub fn start_from_memory(
        &mut self,
        environment: &Environment,
        place: MemoryPlace,
        image: &dyn Source,
        watch: &mut dyn Watch,
    ) -> Result<(), EvaError> {
        let (start, end, left) = place.layout(environment, image.len())?;
        self.set_variable("memsize", &format!("{left:#010x}"))?;
        self.set_variable("kernel_args_tmp", &format!("mtdram1={start:#010x},{end:#010x}"))?;
        self.command("TYPE I")?;
        self.command("MEDIA SDRAM")?;
        self.send_file(&format!("{start:#010x} {end:#010x}"), image, watch)
    }

    /// Lets the unit start anew. It hangs up; that it does so without a word is no failure.
    pub fn reboot(mut self) -> Result<(), EvaError> {
        match self.command("REBOOT") {
            Ok(_) => Ok(()),
            Err(EvaError::Link {
                source: LinkError::Disconnected { .. } | LinkError::TimedOut { .. },
                ..
            }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn command(&mut self, command: &str) -> Result<Reply, EvaError> {
        let reply = self.control.exchange(command, self.options.answer_within)?;
        fine(command, reply)
    }

    /// Opens a connection for data. `P@SW` is AVM's other name for `PASV`, which some firewalls spoil.
    fn open_data(&mut self) -> Result<Box<dyn Link>, EvaError> {
        let mut reply = self.control.exchange("P@SW", self.options.answer_within)?;
        if reply.code >= 500 {
            reply = self.command("PASV")?;
        }
        let reply = fine("P@SW", reply)?;
        let port = passive_port(&reply.text)
            .ok_or_else(|| EvaError::Protocol { what: format!("opens no port: {:?}", reply.text) })?;
        let deadline = Deadline::after(self.network.clock(), self.options.answer_within);
        let to = SocketAddr::new(self.unit.ip(), port);
        self.network.connect_stream(to, deadline).map_err(failed("open a connection for data"))
    }
}

/// A session as a target: what is offered goes to one partition.
pub struct Target<'s, 'n> {
    session: &'s mut Session<'n>,
    environment: &'s Environment,
    partition: Partition,
}

impl<'s, 'n> Target<'s, 'n> {
    /// Offers go to `partition`.
    pub fn new(session: &'s mut Session<'n>, environment: &'s Environment, partition: Partition) -> Self {
        Self { session, environment, partition }
    }
}

impl Opaque for Target<'_, '_> {
    fn offer(&mut self, name: &str, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), TargetError> {
        let operation = format!("store {name} in {}", self.partition);
        let stored = self.session.store(self.partition, self.environment, image, watch);
        stored.map_err(|error| error.into_target(operation))
    }
}

fn fine(command: &str, reply: Reply) -> Result<Reply, EvaError> {
    if reply.is_fine() {
        return Ok(reply);
    }
    let command = if command.starts_with("PASS") { "PASS" } else { command };
    Err(EvaError::Refused { command: command.to_owned(), code: reply.code, text: reply.text })
}

fn failed(operation: &str) -> impl FnOnce(LinkError) -> EvaError {
    let operation = operation.to_owned();
    move |source| EvaError::Link { operation, source }
}

/// Text that can stand in a command.
fn checked<'a>(text: &'a str, what: &'static str) -> Result<&'a str, EvaError> {
    let fits = !text.is_empty() && text.len() <= 256 && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(text) } else { Err(EvaError::BadParameter { what, value: text.to_owned() }) }
}
