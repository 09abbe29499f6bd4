//! Firmware files.

use std::path::PathBuf;

use clap::Subcommand;

pub(super) const AFTER_IMAGE: &str = "\
Examples:
  What a file is, whether it is whole, and what it is for:
    debrick image inspect firmware.bin

  Whether it belongs on a device, with the checksums that the maker publishes:
    debrick image check firmware.bin --for acme-r1 --sums sha256sums

  What changed between two releases:
    debrick image diff v1.bin v2.bin

A checksum shows that a file is undamaged. Only a signature by a key that you trust shows who made it.";

const AFTER_CHECK: &str = "\
Exit codes: 0 it may go onto the device; 11 that cannot be told, and why; 12 it must not.

Example, for a device that is not in the catalog:
    debrick image check firmware.bin --identity '{\"board_ids\":[\"acme,r1\"],\"arch\":\"arm64\",\"version\":\"1.2\"}'
Its keys are vendor, model, board_ids, hw_rev, region, arch, slot_size, formats, version (the one installed),
compat_version, chip and rollback_index; all may be left out.";

#[derive(Debug, Subcommand)]
pub(crate) enum Image {
    /// Tell what files are: format, contents, maker, model, version, and whether they are whole.
    Inspect(ImageInspect),
    /// Judge a file for a device: undamaged, from whom, and made for it?
    #[command(after_help = AFTER_CHECK)]
    Check(ImageCheck),
    /// Write every part of a file into a folder: kernels, file systems, members of archives. Overwrites nothing.
    Unwrap(ImageUnwrap),
    /// Compare two firmware files part by part.
    Diff(ImageDiff),
    /// List the formats that are recognised.
    Formats,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ImageInspect {
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ImageCheck {
    /// The file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// The device by its catalog id.
    #[arg(long = "for", value_name = "DEVICE", conflicts_with_all = ["identity", "device_file"])]
    pub(crate) device: Option<String>,

    /// The device by a record of your own.
    #[arg(long, value_name = "TOML", conflicts_with = "identity")]
    pub(crate) device_file: Option<PathBuf>,

    /// The device by what is known of it: JSON, or a file that holds it.
    #[arg(long, value_name = "JSON")]
    pub(crate) identity: Option<String>,

    /// Checksums that the maker publishes, as `sha256sum` writes them; may be given more than once.
    #[arg(long, value_name = "FILE")]
    pub(crate) sums: Vec<PathBuf>,

    /// A signature that stands in a file of its own, of the image or of a file of sums; may be given more than once.
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ImageUnwrap {
    /// The file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// The folder, which is made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ImageDiff {
    /// The first file.
    #[arg(value_name = "A")]
    pub(crate) first: PathBuf,

    /// The second file.
    #[arg(value_name = "B")]
    pub(crate) second: PathBuf,
}
