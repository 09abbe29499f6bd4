//! What can go wrong with a borrowed interface.

use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use debrick_model::Coded;
use nix::errno::Errno;

/// Why an interface cannot be borrowed, or given back.
#[derive(Debug, thiserror::Error)]
pub enum InterfaceError {
    /// There is no such interface.
    #[error("there is no network interface {interface:?}")]
    NotFound {
        /// Its name, as it was given.
        interface: String,
    },
    /// It carries this computer's default route.
    #[error("{interface} is the interface over which this computer reaches the rest of the world")]
    DefaultRoute {
        /// Its name.
        interface: String,
    },
    /// Another process has borrowed it.
    #[error("another process has borrowed {interface}")]
    Busy {
        /// Its name.
        interface: String,
    },
    /// Another interface has the address.
    #[error("this computer has the address {address} already, on {interface}")]
    AddressElsewhere {
        /// The address.
        address: Ipv4Addr,
        /// Who has it.
        interface: String,
    },
    /// The program lacks the right to change interfaces.
    #[error("this program may not change {interface}: it lacks the capability CAP_NET_ADMIN")]
    NotPermitted {
        /// The interface.
        interface: String,
        /// What the system says.
        source: io::Error,
    },
    /// The system refused a change.
    #[error("{interface}: {what} failed")]
    Refused {
        /// The interface.
        interface: String,
        /// What was to be done.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// A manager of networks did not take the interface back.
    #[error("{manager} did not take {interface} back: {reason}")]
    Manager {
        /// The manager.
        manager: &'static str,
        /// The interface.
        interface: String,
        /// What it said.
        reason: String,
    },
    /// The journal of changes cannot be kept, so that nothing is changed.
    #[error("the journal of changes {path:?} could not be kept")]
    Journal {
        /// Its file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl InterfaceError {
    pub(super) fn system(interface: &str, source: io::Error) -> Self {
        Self::refused(interface, "looking at it", source)
    }

    pub(super) fn refused(interface: &str, what: &'static str, source: io::Error) -> Self {
        let interface = interface.to_owned();
        match source.raw_os_error().map(Errno::from_raw) {
            Some(Errno::EPERM | Errno::EACCES) => Self::NotPermitted { interface, source },
            Some(Errno::ENODEV) => Self::NotFound { interface },
            _ => Self::Refused { interface, what, source },
        }
    }
}

impl Coded for InterfaceError {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "interface-not-found",
            Self::DefaultRoute { .. } => "interface-default-route",
            Self::Busy { .. } => "interface-busy",
            Self::AddressElsewhere { .. } => "interface-address-elsewhere",
            Self::NotPermitted { .. } => "interface-not-permitted",
            Self::Refused { .. } => "interface-refused",
            Self::Manager { .. } => "interface-manager",
            Self::Journal { .. } => "interface-journal",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::NotFound { .. } => "Look at the names with `debrick doctor`; plug the adapter in.".into(),
            Self::DefaultRoute { .. } => {
                "Connect the unit to another network port, for example a USB adapter; or, if the connection may break for \
                 the time of the repair, allow it with --allow-default-route."
                    .into()
            }
            Self::Busy { .. } => "Wait until the other run of this program is over, or end it.".into(),
            Self::AddressElsewhere { interface, .. } => {
                format!("Take that address away from {interface} for the time of the repair, or unplug {interface}.")
            }
            Self::NotPermitted { .. } => {
                "Give this program its capabilities for networks, `sudo setcap \
                 cap_net_raw,cap_net_admin,cap_net_bind_service+ep \"$(command -v debrick)\"`, or run it as root."
                    .into()
            }
            Self::Refused { .. } => "Look at the interface with `debrick doctor --lan IFACE`, then try again.".into(),
            Self::Manager { manager, interface, .. } => {
                format!("Tell {manager} yourself to manage {interface} again.")
            }
            Self::Journal { .. } => {
                "Check the folder's permissions and the room on the disk; nothing was changed without its entry.".into()
            }
        }
    }
}
