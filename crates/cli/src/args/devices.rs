//! The catalog.

use std::path::PathBuf;

use clap::Subcommand;

pub(super) const AFTER_DEVICES: &str = "\
Examples:
  What a label means:
    debrick devices search \"Archer C7 V5.0 EU\"

  How a device is recovered, and what must not be lost:
    debrick devices show tplink-archer-c7-v5

  Whether a record of your own is right:
    debrick devices lint my-router.toml

Records of your own in the folder devices of the state folder are found like the program's; one with the id of another
lies on top of it.";

const AFTER_UPDATE: &str = "\
Example, with the key of whoever makes the catalog; it counts for catalogs only if it is trusted for debrick-catalog by
name:
    debrick trust add catalog.pub --name catalog --for debrick-catalog
    debrick devices update catalog.bin

The signature is verified before anything of the file is read, and again by every command that uses it. Records of your
own lie on top of it as before.";

#[derive(Debug, Subcommand)]
pub(crate) enum Devices {
    /// Find devices by what is on the label, best first. Typing errors do no harm.
    Search {
        /// The text, for example: Archer C7 V5.0 EU
        #[arg(required = true)]
        text: Vec<String>,

        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show everything that is known of a device.
    Show {
        /// Its id in the catalog.
        id: String,
    },
    /// Check records: of a file or folder, or your own and the program's.
    Lint {
        /// A TOML file, or a folder of them.
        path: Option<PathBuf>,
    },
    /// Count what is known of how many devices, and say which catalog that is.
    Coverage,
    /// Use a newer catalog from a file, if it is signed by a key that you trust for that; or the program's own again.
    #[command(after_help = AFTER_UPDATE)]
    Update(DevicesUpdate),
}

#[derive(Debug, clap::Args)]
pub(crate) struct DevicesUpdate {
    /// The packed catalog.
    #[arg(value_name = "FILE", required_unless_present = "forget")]
    pub(crate) file: Option<PathBuf>,

    /// Its signature by minisign [default: FILE.minisig].
    #[arg(long, value_name = "FILE", requires = "file")]
    pub(crate) signature: Option<PathBuf>,

    /// Take it although the one in use is newer.
    #[arg(long, requires = "file")]
    pub(crate) allow_older: bool,

    /// Take the installed catalog away, and use the program's own again.
    #[arg(long, conflicts_with = "file")]
    pub(crate) forget: bool,
}
