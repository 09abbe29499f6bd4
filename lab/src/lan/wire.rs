//! The namespaces, the wire, and what runs on its ends.

use std::ffi::OsStr;
use std::fs::File;
use std::net::Ipv4Addr;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use debrick_link::simulated::Device;
use debrick_link::{Frames, LinkError, Moment, Network};
use debrick_link_os::OsNetwork;
use debrick_model::MacAddress;
use debrick_virtual_bench::Plug;
use nix::sched::{CloneFlags, setns};

use crate::router::LabError;
use crate::router::namespace::{Namespace, step};

/// The host's interface.
pub const HOST: &str = "host0";
/// The unit's interface.
pub const UNIT: &str = "unit0";
/// The Ethernet address of virtual units.
pub const UNIT_MAC: MacAddress = MacAddress::new([0x2C, 0xB0, 0x5D, 0xDE, 0xB1, 0x0C]);

/// How long a program may run.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long a device goes on after its host is done, so that it hears the last word.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// A wire between a host and a unit, each in a namespace of its own; all of it goes away with this value.
#[derive(Debug)]
pub struct Lan {
    host: Namespace,
    unit: Namespace,
}

impl Lan {
    /// Makes the wire. The host has this address, in a network of 24 bits; the unit's interface has none, so that its
    /// kernel is silent.
    pub fn create(host_address: Option<Ipv4Addr>) -> Result<Self, String> {
        Self::make(host_address).map_err(|error| error.to_string())
    }

    fn make(host_address: Option<Ipv4Addr>) -> Result<Self, LabError> {
        let lan = Self { host: Namespace::empty()?, unit: Namespace::empty()? };
        let (host, unit) = (lan.host.name(), lan.unit.name());
        step(
            "pair of interfaces",
            &["link", "add", HOST, "netns", host, "type", "veth", "peer", "name", UNIT, "netns", unit],
        )?;
        for (namespace, interface) in [(host, HOST), (unit, UNIT)] {
            // One packet a frame, as on a wire.
            step("plain frames", &["-n", namespace, "link", "set", interface, "gso_max_segs", "1"])?;
            step("link", &["-n", namespace, "link", "set", interface, "up"])?;
        }
        if let Some(address) = host_address {
            let address = format!("{address}/24");
            step("address", &["-n", host, "addr", "add", &address, "dev", HOST])?;
        }
        Ok(lan)
    }

    /// Gives the unit's interface an address, for a real program on it.
    pub fn give_unit(&self, address: Ipv4Addr) -> Result<(), String> {
        let address = format!("{address}/24");
        let arguments = ["-n", self.unit.name(), "addr", "add", &address, "dev", UNIT];
        step("address", &arguments).map_err(|error| error.to_string())
    }

    /// Takes the link away, or gives it back, as the unit's port does.
    pub fn set_unit_link(&self, up: bool) -> Result<(), String> {
        let arguments = ["-n", self.unit.name(), "link", "set", UNIT, if up { "up" } else { "down" }];
        step("link", &arguments).map_err(|error| error.to_string())
    }

    /// The name of the unit's namespace.
    pub fn unit_namespace(&self) -> &str {
        self.unit.name()
    }

    /// Tells the host's kernel where an address is, without asking for it.
    pub fn note_neighbour(&self, address: Ipv4Addr, mac: MacAddress) -> Result<(), String> {
        let (address, mac) = (address.to_string(), mac.to_string());
        let arguments = ["-n", self.host.name(), "neigh", "replace", &address, "lladdr", &mac, "dev", HOST];
        step("neighbour", &arguments).map_err(|error| error.to_string())
    }

    /// A command that will run on the host's end.
    pub fn host_command(&self, program: impl AsRef<OsStr>) -> Command {
        self.host.command(program)
    }

    /// A command that will run on the unit's end.
    pub fn unit_command(&self, program: impl AsRef<OsStr>) -> Command {
        self.unit.command(program)
    }

    /// Runs work on the host's end.
    pub fn on_host<T: Send>(&self, work: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
        inside(&self.host, work)
    }

    /// Runs work on the unit's end.
    pub fn on_unit<T: Send>(&self, work: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
        inside(&self.unit, work)
    }

    /// Plugs a device in, starts it, and runs work on the host's end until it returns; returns what it did and the device.
    pub fn with_device<D: Device, T: Send>(
        &self,
        device: D,
        start: impl FnOnce(&mut D, Moment) + Send,
        work: impl FnOnce() -> Result<T, String> + Send,
    ) -> Result<(T, D), String> {
        self.with_device_at(None, device, start, work)
    }

    /// The same with a device that says nothing of its address, and always has this one.
    pub fn with_device_at<D: Device, T: Send>(
        &self,
        address: Option<Ipv4Addr>,
        device: D,
        start: impl FnOnce(&mut D, Moment) + Send,
        work: impl FnOnce() -> Result<T, String> + Send,
    ) -> Result<(T, D), String> {
        let done = AtomicBool::new(false);
        let ready = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let (done, ready) = (&done, &ready);
            let unit = scope.spawn(move || {
                self.on_unit(|| {
                    let frames = open_frames(UNIT, None)?;
                    let mut plug = Plug::new(device, frames, UNIT_MAC);
                    if let Some(address) = address {
                        plug = plug.with_address(address);
                    }
                    let now = plug.now();
                    start(plug.device(), now);
                    ready.store(true, Ordering::SeqCst);
                    let mut ended: Option<Instant> = None;
                    plug.run(|_| {
                        if done.load(Ordering::SeqCst) {
                            ended.get_or_insert_with(Instant::now);
                        }
                        ended.is_some_and(|at| at.elapsed() >= LAST_WORDS)
                    })
                    .map_err(|error| in_full(&error))?;
                    Ok(plug.into_device())
                })
            });
            while !ready.load(Ordering::SeqCst) && !unit.is_finished() {
                std::thread::sleep(Duration::from_millis(2));
            }
            let worked = self.on_host(work);
            done.store(true, Ordering::SeqCst);
            let device = unit.join().map_err(|_| "the device's thread panicked".to_owned())?;
            // What went wrong on the device's side explains the rest.
            let device = device?;
            Ok((worked?, device))
        })
    }
}

/// Opens raw Ethernet in the namespace of this thread.
pub fn open_frames(interface: &str, ether_type: Option<u16>) -> Result<Box<dyn Frames>, String> {
    OsNetwork::on_interface(interface).open_frames(ether_type).map_err(|error| in_full(&error))
}

/// Runs work on a thread of its own, inside a namespace.
pub fn inside<T: Send>(
    namespace: &Namespace,
    work: impl FnOnce() -> Result<T, String> + Send,
) -> Result<T, String> {
    let path = format!("/run/netns/{}", namespace.name());
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            let file = File::open(&path).map_err(|error| format!("cannot open {path}: {error}"))?;
            setns(file, CloneFlags::CLONE_NEWNET).map_err(|error| format!("cannot enter {path}: {error}"))?;
            work()
        });
        thread.join().map_err(|_| "a thread of the lab panicked".to_owned())?
    })
}

/// An error with its sources.
pub fn in_full(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        words.push_str(&format!(": {error}"));
        source = error.source();
    }
    words
}

/// What a closure of ours that works on links answers to an error of the lab.
pub fn as_link_error(link: &str, words: String) -> LinkError {
    LinkError::Io { link: link.to_owned(), source: std::io::Error::other(words) }
}

/// A program that ran to its end.
#[derive(Debug)]
pub struct Ran {
    /// Whether it was content.
    pub success: bool,
    /// Its exit code.
    pub code: Option<i32>,
    /// What it said, on both its outputs.
    pub said: String,
}

/// Runs a program to its end, or ends it after 40 s.
pub fn run(command: &mut Command) -> Result<Ran, String> {
    let name = format!("{command:?}");
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{name} cannot start: {error}"))?;
    let mut running = Running { child, name };
    let began = Instant::now();
    while running.is_running() {
        if began.elapsed() > PATIENCE {
            return Err(format!("{} did not end in {} s", running.name, PATIENCE.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    running.end()
}

/// A program that goes on until this value is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: String,
}

impl Running {
    /// Starts a server, and waits until `ready` says that it is there.
    pub fn start(command: &mut Command, mut ready: impl FnMut() -> bool) -> Result<Self, String> {
        let name = format!("{command:?}");
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{name} cannot start: {error}"))?;
        let mut running = Self { child, name };
        let began = Instant::now();
        while !ready() {
            if !running.is_running() {
                let ran = running.end()?;
                return Err(format!("a server ended with {:?}: {}", ran.code, ran.said));
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("{} is not there after {} s", running.name, PATIENCE.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(running)
    }

    /// Waits until it has ended.
    pub fn wait(mut self) -> Result<(), String> {
        let began = Instant::now();
        while self.is_running() {
            if began.elapsed() > PATIENCE {
                return Err(format!("{} did not end in {} s", self.name, PATIENCE.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it said. It has ended already, so that its outputs hold what fits a pipe, which is plenty here.
    fn end(mut self) -> Result<Ran, String> {
        use std::io::Read as _;
        let status = self.child.wait().map_err(|error| format!("{}: {error}", self.name))?;
        let mut output = Output { status, stdout: Vec::new(), stderr: Vec::new() };
        if let Some(pipe) = &mut self.child.stdout {
            let _ = pipe.read_to_end(&mut output.stdout);
        }
        if let Some(pipe) = &mut self.child.stderr {
            let _ = pipe.read_to_end(&mut output.stderr);
        }
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        Ok(Ran { success: status.success(), code: status.code(), said })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // `ip netns exec` becomes the program, so that this is the program itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ran {
    /// Fails unless the program was content.
    pub fn must_succeed(self) -> Result<Self, String> {
        if self.success { Ok(self) } else { Err(format!("it ended with {:?}: {}", self.code, self.said)) }
    }
}
