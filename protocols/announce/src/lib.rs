#![doc = include_str!("../README.md")]

pub mod device;
pub mod failsafe;
pub mod mikrotik;
pub mod netconsole;
pub mod ubiquiti;

mod fields;

/// What a unit says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announcement {
    /// OpenWrt starts, and says so to everybody.
    Preinit(failsafe::Preinit),
    /// A line, or a piece of one, of a console that goes over the network.
    Console(netconsole::Message),
    /// Ubiquiti's discovery.
    Ubiquiti(ubiquiti::Unit),
    /// MikroTik's discovery.
    Mikrotik(mikrotik::Neighbour),
}

impl Announcement {
    /// The ports that [`Announcement::parse`] knows.
    pub const PORTS: [u16; 4] = [failsafe::PORT, netconsole::PORT, ubiquiti::PORT, mikrotik::PORT];

    /// Reads what came to a port; `None` where it is something else, or a question.
    pub fn parse(port: u16, payload: &[u8]) -> Option<Self> {
        match port {
            failsafe::PORT => failsafe::Preinit::parse(payload).map(Self::Preinit),
            netconsole::PORT => netconsole::Message::parse(payload).map(Self::Console),
            ubiquiti::PORT => ubiquiti::Unit::parse(payload).map(Self::Ubiquiti),
            mikrotik::PORT => mikrotik::Neighbour::parse(payload).map(Self::Mikrotik),
            _ => None,
        }
    }
}
