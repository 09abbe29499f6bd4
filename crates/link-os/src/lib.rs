//! The only crate that opens serial ports, sockets, terminals and host facts.
//!
//! [`open`] turns a port as the user writes it into a [`Link`](debrick_link::Link) that holds an exclusive lock for as
//! long as it lives; [`OsNetwork`] hands out sockets and raw Ethernet; [`OsClock`] is the one clock of them all. [`host`] gathers plain
//! facts about this computer. Linux only.

#![allow(clippy::disallowed_methods, reason = "this is the one place where the system's clock may be read")]

pub mod host;

mod clock;
mod datagrams;
mod failure;
mod frames;
mod holders;
mod interface;
mod lock;
mod network;
mod open;
mod program;
mod pty;
mod serial;
mod spec;
mod stream;
mod sys;
mod udp_table;

pub use clock::OsClock;
pub use interface::{
    BorrowedInterface, InterfaceError, LeftOver, Loan, carries_default_route, give_back_left_over,
    interface_exists, managers_of, own_addresses,
};
pub use network::OsNetwork;
pub use open::{OpenOptions, open, open_with};
pub use pty::PtyPair;
pub use spec::{LineSettings, Parity, Spec};
