//! What `debrick identify` is given.

use std::path::PathBuf;

use debrick_model::MacAddress;

pub(super) const AFTER: &str = "\
Examples:
  debrick identify --log boot.log
  debrick identify --log boot.log --label \"TP-Link Archer C7 Ver: 5.0\"
  debrick identify --console /dev/ttyUSB0 --label \"TP-Link Archer C7 Ver: 5.0\"
  debrick identify --usb --image firmware.bin
  debrick identify --ssh 192.168.1.1 --label \"TP-Link Archer C7 Ver: 5.0\"
  debrick identify --lan eth1 --seconds 30 --label \"TP-Link Archer C7 Ver: 5.0\"

Exit codes: 0 known, 11 likely or unknown, 12 contradicted.";

/// What is known of the unit.
#[derive(Debug, clap::Args)]
#[group(id = "evidence", required = true, multiple = true)]
#[command(group = clap::ArgGroup::new("listening").args(["console", "lan"]).multiple(true))]
pub(crate) struct Identify {
    /// A log of its console, or what a tool printed; may be given more than once. `-` is standard input.
    #[arg(long, visible_alias = "tool-output", value_name = "FILE", group = "evidence")]
    pub(crate) log: Vec<PathBuf>,

    /// What somebody says about it; may be given more than once. A device that it names is a hint, and no witness.
    #[arg(long, value_name = "TEXT", group = "evidence")]
    pub(crate) symptom: Vec<String>,

    /// What its label says: vendor, model, hardware revision.
    #[arg(long, value_name = "TEXT", group = "evidence")]
    pub(crate) label: Option<String>,

    /// Firmware that is said to be for it; may be given more than once. What a file is for says little about the unit: it
    /// points to a device, and counts as no witness.
    #[arg(long, value_name = "FILE", group = "evidence")]
    pub(crate) image: Vec<PathBuf>,

    /// Look at the devices at this computer's USB ports. Nothing is sent to them.
    #[arg(long, group = "evidence")]
    pub(crate) usb: bool,

    /// Listen to its serial console: /dev/ttyUSB0, /dev/ttyUSB0@57600, tcp:HOST:PORT or unix:PATH. Nothing is sent, unless
    /// --ask is given.
    #[arg(long, value_name = "SPEC", group = "evidence")]
    pub(crate) console: Option<String>,

    /// Listen on the network port of this computer that it is connected to. Nothing is sent, unless --look is given.
    #[arg(long, value_name = "IFACE", group = "evidence")]
    pub(crate) lan: Option<String>,

    /// On the network port, the unit is the station with this Ethernet address.
    #[arg(long, value_name = "MAC", requires = "lan")]
    pub(crate) unit: Option<MacAddress>,

    /// Look at the page of the unit on the network port, too.
    #[arg(long, requires = "lan")]
    pub(crate) look: bool,

    /// Stop its start at the bootloader's prompt, and ask for version and variables. The unit then waits there.
    #[arg(long, requires = "console")]
    pub(crate) ask: bool,

    /// For how many seconds to listen to the console or the network port, or to wait for the bootloader's prompt.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "listening",
        value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) seconds: u32,

    /// Ask the system that runs on it, over SSH: [USER@]HOST[:PORT]; root at port 22 unless said otherwise. Nothing is changed.
    /// A person at the terminal is asked about its host key, and for a password where it wants one.
    #[arg(long, value_name = "HOST", group = "evidence")]
    pub(crate) ssh: Option<String>,

    /// The fingerprint of the system's host key, as `ssh-keygen -l` prints it. Only a system with this key is spoken to.
    #[arg(long, value_name = "SHA256:…", requires = "ssh")]
    pub(crate) host_key: Option<String>,

    /// A private key that lets you in, for example ~/.ssh/id_ed25519.
    #[arg(long, value_name = "FILE", requires = "ssh")]
    pub(crate) ssh_key: Option<PathBuf>,
}
