//! Plain facts about this computer, for `debrick doctor`: what is there, not what it means.
//!
//! Everything that the kernel or the system shows as files is read below a root folder, so that a test can put a whole
//! computer into a folder. What only a system call tells (addresses, whether a port can be bound, the firewall's rules)
//! is asked when the root is `/`.

mod files;
mod firewall;
mod interfaces;
mod machine;
mod serial;
mod udp_port;
mod usb;

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use debrick_link::Deadline;
use serde::Serialize;

use crate::clock::OsClock;
use crate::holders::named;

pub use crate::holders::Process;
pub use firewall::{FirewallFacts, NftRules};
pub use interfaces::{InterfaceFacts, has_carrier};
pub use machine::{Battery, DiskFacts, Group, PowerFacts, SystemFacts, UserFacts};
pub use serial::{NodeAccess, SerialFacts, SerialPortFacts, UsbFacts};
pub use udp_port::{BindOutcome, UdpPortFacts, UdpSocketFacts};
pub use usb::usb_devices;

/// The port of TFTP servers.
const TFTP_PORT: u16 = 69;

/// The port of BOOTP and DHCP servers.
const BOOTP_PORT: u16 = 67;

/// Everything that was found out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HostFacts {
    /// Kernel and distribution.
    pub system: Fact<SystemFacts>,
    /// Who runs this program.
    pub user: Fact<UserFacts>,
    /// Serial ports and who holds them.
    pub serial: Fact<SerialFacts>,
    /// Running ModemManagers, which probe serial ports.
    pub modem_managers: Fact<Vec<Process>>,
    /// UDP port 69.
    pub tftp_port: Fact<UdpPortFacts>,
    /// UDP port 67.
    pub bootp_port: Fact<UdpPortFacts>,
    /// What could drop a unit's packets.
    pub firewall: Fact<FirewallFacts>,
    /// Network interfaces.
    pub interfaces: Fact<Vec<InterfaceFacts>>,
    /// Space where debrick keeps its files.
    pub disk: Fact<DiskFacts>,
    /// Mains and batteries.
    pub power: Fact<PowerFacts>,
}

/// A fact, or why it is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact<T> {
    /// The fact.
    Known(T),
    /// Why it could not be found out.
    Unknown(String),
}

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostQuery {
    /// The folder whose free space counts; it need not exist yet.
    pub data_folder: PathBuf,
    /// The most time that all probes together take.
    pub time_limit: Duration,
}

impl HostFacts {
    /// Finds out everything about the computer whose files are below `root`. Never fails: what takes too long or cannot
    /// be read is unknown.
    pub fn collect(root: &Path, query: &HostQuery) -> Self {
        let deadline = Deadline::after(&OsClock, query.time_limit);
        let place = Place { root: root.to_owned(), is_live: root == Path::new("/"), deadline };
        let data_folder = query.data_folder.clone();

        let system = Probe::start(&place, |place| Ok(machine::system(place)));
        let user = Probe::start(&place, machine::user);
        let serial = Probe::start(&place, |place| Ok(serial::serial_ports(place)));
        let modem_managers = Probe::start(&place, |place| Ok(named(&place.proc(), "ModemManager")));
        let tftp_port = Probe::start(&place, |place| Ok(udp_port::udp_port(place, TFTP_PORT)));
        let bootp_port = Probe::start(&place, |place| Ok(udp_port::udp_port(place, BOOTP_PORT)));
        let firewall = Probe::start(&place, |place| Ok(firewall::firewall(place)));
        let interfaces = Probe::start(&place, interfaces::interfaces);
        let disk = Probe::start(&place, move |_| machine::disk(&data_folder));
        let power = Probe::start(&place, |place| Ok(machine::power(place)));
        Self {
            system: system.result(deadline),
            user: user.result(deadline),
            serial: serial.result(deadline),
            modem_managers: modem_managers.result(deadline),
            tftp_port: tftp_port.result(deadline),
            bootp_port: bootp_port.result(deadline),
            firewall: firewall.result(deadline),
            interfaces: interfaces.result(deadline),
            disk: disk.result(deadline),
            power: power.result(deadline),
        }
    }
}

impl<T> Fact<T> {
    /// The fact, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(fact) => Some(fact),
            Self::Unknown(_) => None,
        }
    }
}

impl HostQuery {
    /// Looks at the space for `data_folder`, and takes at most two seconds.
    pub fn new(data_folder: impl Into<PathBuf>) -> Self {
        Self { data_folder: data_folder.into(), time_limit: Duration::from_secs(2) }
    }
}

/// Where a probe looks.
#[derive(Debug, Clone)]
struct Place {
    root: PathBuf,
    /// The root is this computer's, so that system calls tell about the same computer as the files do.
    is_live: bool,
    deadline: Deadline,
}

impl Place {
    /// The path below the root; `path` is written without its first slash.
    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn proc(&self) -> PathBuf {
        self.at("proc")
    }
}

/// A probe on a thread of its own, since a file of the kernel may hang with its hardware.
struct Probe<T>(mpsc::Receiver<Result<T, String>>);

impl<T: Send + 'static> Probe<T> {
    fn start(place: &Place, find_out: impl FnOnce(&Place) -> Result<T, String> + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel();
        let place = place.clone();
        // Without a thread the sender is dropped, which the receiver notices.
        let _ = std::thread::Builder::new().spawn(move || {
            let _ = sender.send(find_out(&place));
        });
        Self(receiver)
    }

    fn result(self, deadline: Deadline) -> Fact<T> {
        match self.0.recv_timeout(deadline.left(&OsClock)) {
            Ok(Ok(fact)) => Fact::Known(fact),
            Ok(Err(reason)) => Fact::Unknown(reason),
            Err(mpsc::RecvTimeoutError::Timeout) => Fact::Unknown("it took too long".to_owned()),
            Err(mpsc::RecvTimeoutError::Disconnected) => Fact::Unknown("the probe failed".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
