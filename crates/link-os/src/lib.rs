//! The only crate that opens serial ports, sockets, terminals and host facts.
