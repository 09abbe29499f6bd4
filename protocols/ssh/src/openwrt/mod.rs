//! OpenWrt, and systems that are built from it, while they run.
//!
//! - [`board`] — what the system says of itself: `ubus call system board`, `/etc/board.json`, `/etc/openwrt_release`.
//! - [`mod@identify`] — all of that, gathered, and what it says about the unit.
//! - [`partitions`] — `/proc/mtd`, and backups of partitions.
//! - [`settings`] — the settings as an archive, and which of them fit which system.
//! - [`upgrade`] — an image checked by the system itself, and the upgrade begun.
//! - [`messages`] — what `sysupgrade` says, explained.
//!
//! Facts are from OpenWrt's own documentation and scripts (`sysupgrade`, `fwtool.sh`, `board.json`); no text of them is
//! here but the messages that have to be recognised. Whatever changes the unit takes a [`debrick_target::Clearance`].

pub mod board;
pub mod error;
pub mod identify;
pub mod messages;
pub mod partitions;
pub mod settings;
pub mod upgrade;

pub use board::{Compat, System};
pub use error::OpenwrtError;
pub use identify::identify;
pub use messages::Complaint;
pub use partitions::{Partition, PartitionBackup};
pub use settings::{Archive, Fit, Origin, Settings};
pub use upgrade::{Begun, Prepared};

use std::time::Duration;

/// The region that a clearance for an upgrade names, as records of devices do.
pub const FIRMWARE: &str = "firmware";

/// The region that a clearance for the return of settings names.
pub const SETTINGS: &str = "settings";

/// How long a command that only looks may take, on a slow and busy system.
const LOOKING: Duration = Duration::from_secs(30);

/// How much such a command may say, in bytes.
const LOOKED: u64 = 256 * 1024;
