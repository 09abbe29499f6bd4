//! Arguments of what changes a unit, or keeps what is on it.

use std::path::PathBuf;

pub(super) const AFTER_RESCUE: &str = "\
Examples:
  Repair a router of the catalog, with the firmware from its maker:
    debrick rescue --console /dev/ttyUSB0 --device acme-r1 --image firmware.itb

  A device that the catalog lacks, over a serial server, without a network cable:
    debrick rescue --console tcp:serial.lan:2000 --device-file my-router.toml --image firmware.itb --no-network

  With a signed list of checksums, by a key that `debrick trust` knows:
    debrick rescue --console /dev/ttyUSB0 --device acme-r1 --image firmware.itb --sums sha256sums --signature sha256sums.asc

  Without opening the case: its bootloader takes firmware over the network, and you are led to its button:
    debrick rescue --lan eth0 --device tplink-archer-c7-v5 --image firmware.bin --waive backup --because \"no console\"

  Unattended, with every event as a line of JSON:
    debrick rescue --json --console /dev/ttyUSB0 --device acme-r1 --image firmware.itb --answers yes.toml
  where yes.toml holds:
    write-firmware = \"yes\"

Ctrl-C stops at the next safe point. The exit code tells how it ended; see `debrick --help`.";

pub(super) const AFTER_RESUME: &str = "\
Examples:
  Go on with the last session that did not end well:
    debrick resume

  A certain session, with the adapter in another port now:
    debrick resume 20261121-031522-7f3a --console /dev/ttyUSB1

The unit is looked at afresh: only what is not yet right is done.";

pub(super) const AFTER_BACKUP: &str = "\
Example:
    debrick backup --console /dev/ttyUSB0 --device acme-r1

The unit is restarted once before and once after. `debrick verify-backup SESSION` checks the copy later, without the
unit; `debrick restore` writes it back.";

pub(super) const AFTER_RESTORE: &str = "\
Examples:
  Everything that the session backed up:
    debrick restore --console /dev/ttyUSB0 --device acme-r1 --session 20261121-031522-7f3a

  Only the settings:
    debrick restore --console /dev/ttyUSB0 --device acme-r1 --session 20261121-031522-7f3a --region settings

What the regions hold now is backed up before. A backup goes only to the unit that it came from.";

/// The unit, and how it is reached.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct UnitArgs {
    /// The unit's serial console: /dev/ttyUSB0, /dev/ttyUSB0@57600, tcp:HOST:PORT or unix:PATH.
    #[arg(long, value_name = "SPEC")]
    pub(crate) console: Option<String>,

    /// The device by its catalog id, or by its whole name.
    #[arg(long, value_name = "ID", conflicts_with = "device_file")]
    pub(crate) device: Option<String>,

    /// The device by a record of your own, for one that the catalog lacks.
    #[arg(long, value_name = "TOML")]
    pub(crate) device_file: Option<PathBuf>,

    /// Do without a network cable to the unit: everything goes over the console.
    #[arg(long)]
    pub(crate) no_network: bool,

    /// Answers for unattended work, as TOML: `write-firmware = "yes"`.
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,

    /// Record everything that passes over the console in this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
}

/// A system that runs on the unit, and how it lets one in.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SystemArgs {
    /// The fingerprint of the system's host key, as `ssh-keygen -l` prints it. Without it you are asked.
    #[arg(long, value_name = "SHA256:…")]
    pub(crate) host_key: Option<String>,

    /// A private key that lets you in, for example ~/.ssh/id_ed25519.
    #[arg(long, value_name = "FILE")]
    pub(crate) ssh_key: Option<PathBuf>,
}

/// Gates that the operator passes against advice.
#[derive(Debug, clap::Args)]
pub(crate) struct WaiverArgs {
    /// Pass this gate although it is shut: provenance, fitness, preflight or backup. Goes into the journal and the report.
    #[arg(long, value_name = "GATE", requires = "because")]
    pub(crate) waive: Vec<String>,

    /// Why the gates are waived, in your words.
    #[arg(long, value_name = "TEXT")]
    pub(crate) because: Option<String>,
}

/// How a repair goes about it.
#[derive(Debug, clap::Args)]
pub(crate) struct WayArgs {
    /// Use only this method of the device's record.
    #[arg(long, value_name = "NAME")]
    pub(crate) method: Option<String>,

    /// How often the repaired unit is restarted and watched.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub(crate) soak: u32,

    #[command(flatten)]
    pub(crate) waivers: WaiverArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Rescue {
    /// The device, by its catalog id or its whole name: "Archer C7 v5". The same as --device.
    #[arg(value_name = "DEVICE", conflicts_with_all = ["device", "device_file"])]
    pub(crate) named: Option<String>,

    #[command(flatten)]
    pub(crate) unit: UnitArgs,

    /// Repair the unit without its console, through the mode of its bootloader that takes firmware over the network: the
    /// interface of this computer that its cable is in. It is borrowed, and given back as it was. With --console, the
    /// console is only listened to.
    #[arg(long, value_name = "INTERFACE", conflicts_with = "no_network")]
    pub(crate) lan: Option<String>,

    /// The system that is started in the unit's memory first (an initramfs), where its bootloader only starts what it is given:
    /// from there the unit is kept and written.
    #[arg(long, value_name = "FILE", requires = "lan")]
    pub(crate) first: Option<PathBuf>,

    /// Repair the unit through the OpenWrt that still runs on it: [USER@]ADDRESS[:PORT]; root at port 22 unless said otherwise.
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["lan", "console", "no_network", "method"])]
    pub(crate) ssh: Option<String>,

    #[command(flatten)]
    pub(crate) system: SystemArgs,

    /// A log of this unit's console from before, as a witness of what it is; may be given more than once.
    #[arg(long, value_name = "FILE", requires = "lan")]
    pub(crate) log: Vec<PathBuf>,

    /// The firmware file for exactly this device.
    #[arg(long, value_name = "FILE")]
    pub(crate) image: Option<PathBuf>,

    /// Checksums that the maker publishes, as `sha256sum` writes them; may be given more than once.
    #[arg(long, value_name = "FILE", requires = "image")]
    pub(crate) sums: Vec<PathBuf>,

    /// A signature of the image or of a file of sums; may be given more than once. `debrick trust` says whose count.
    #[arg(long, value_name = "FILE", requires = "image")]
    pub(crate) signature: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) way: WayArgs,
}

impl Rescue {
    /// The unit, whichever way it was named.
    pub(crate) fn unit(&self) -> UnitArgs {
        UnitArgs { device: self.named.clone().or_else(|| self.unit.device.clone()), ..self.unit.clone() }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Resume {
    /// The session; the last one that did not end, if it is left out.
    pub(crate) session: Option<String>,

    /// The unit's console, if it is another port now.
    #[arg(long, value_name = "SPEC")]
    pub(crate) console: Option<String>,

    /// The network interface, if the repair goes over one and it is another now.
    #[arg(long, value_name = "INTERFACE")]
    pub(crate) lan: Option<String>,

    #[command(flatten)]
    pub(crate) system: SystemArgs,

    /// Do without a network cable to the unit.
    #[arg(long)]
    pub(crate) no_network: bool,

    /// Answers for unattended work, as TOML.
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) way: WayArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub(crate) unit: UnitArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    pub(crate) unit: UnitArgs,

    /// The session that holds the backup.
    #[arg(long, value_name = "ID")]
    pub(crate) session: String,

    /// Only this region; may be given more than once.
    #[arg(long, value_name = "NAME")]
    pub(crate) region: Vec<String>,

    #[command(flatten)]
    pub(crate) waivers: WaiverArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct VerifyBackup {
    /// The session that holds the backup.
    pub(crate) session: String,
}
