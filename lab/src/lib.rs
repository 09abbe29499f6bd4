//! Real peers without hardware: a router made of U-Boot and Linux in QEMU.
//!
//! A simulator that only our own code has met proves nothing, so this crate builds a unit out of parts nobody
//! here wrote: Debian's U-Boot, Debian's Linux, QEMU's NOR and virtio storage, a TAP device in a network
//! namespace of its own. [`router`] lays its storage out, breaks it in named ways, switches it on, and looks at
//! the result from outside, without trusting what the program under test says.
//!
//! [`lan`] is the other half: two network namespaces and a wire between them, on which the virtual devices of this project meet
//! real clients, and its host halves meet real servers.
//!
//! `lab/setup.sh CACHE` fetches everything; `lab/router/README.md` holds what was measured.
#![allow(
    clippy::disallowed_methods,
    reason = "the lab drives real machines in real time; it is tooling, never linked into debrick"
)]

pub mod attend;
pub mod judge;
pub mod lan;
pub mod live;
pub mod router;
pub mod scenarios;
pub mod trials;
