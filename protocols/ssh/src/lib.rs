//! SSH to systems that still run: RFC 4251 to 4254, as the small systems in routers and boards speak it.
//!
//! - [`mod@session`] — a blocking connection over a link, with deadlines: host key, login, commands.
//! - [`mod@access`] — host keys, passwords and key files, as values that the caller decides about.
//! - [`mod@algorithms`] — what is offered, and what only ten-year-old systems need.
//! - [`mod@shell`] — what can be asked of a system, whoever carries the question.
//! - [`mod@files`] — files to and from systems without SFTP, compared by the system's own digest.
//! - [`mod@openwrt`] — OpenWrt: identity, settings, partitions, upgrade.
//! - [`mod@device`] — device half: an OpenWrt-like system that answers commands, as a pure state machine.
//!
//! The SSH itself is `russh`'s; the crate's README says why, and what systems do differently.

pub mod access;
pub mod algorithms;
pub mod device;
pub mod error;
pub mod files;
pub mod openwrt;
pub mod session;
pub mod shell;

mod bridge;
mod caller;
mod login;

pub use access::{Fingerprint, HostKey, KeyFile, Login, Secret};
pub use algorithms::{Negotiated, Offer};
pub use error::SshError;
pub use session::{Door, Session};
pub use shell::{Answer, Ended, Shell, Streams};
