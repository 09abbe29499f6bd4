//! The command line: one declaration for parsing, help and documentation.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

mod identify;

pub(crate) use identify::Identify;

const AFTER_HELP: &str = "\
Exit codes:
   0  repaired and proven, or nothing was wrong, or what was asked for is done
   1  the program itself failed before anything was begun (see its message)
   2  the command line was not understood
  10  stopped where it is safe; the report says what is known
  11  the operator is needed: an answer, an action or a file
  12  refused by a gate; nothing was written
  13  failed after something was written; a proven backup can be restored
  14  stopped by the operator at a safe point; `debrick resume` goes on
 130  ended at once by a third Ctrl-C; `debrick resume` goes on

Data goes to standard output, everything else to standard error. NO_COLOR is respected.";

const AFTER_RESCUE: &str = "\
Examples:
  Repair a router of the catalog, with the firmware from its maker:
    debrick rescue --console /dev/ttyUSB0 --device acme-r1 --image firmware.itb

  A device that the catalog lacks, over a serial server, without a network cable:
    debrick rescue --console tcp:serial.lan:2000 --device-file my-router.toml --image firmware.itb --no-network

  With a signed list of checksums, by a key that `debrick trust` knows:
    debrick rescue --console /dev/ttyUSB0 --device acme-r1 --image firmware.itb --sums sha256sums --signature sha256sums.asc

  Unattended, with every event as a line of JSON:
    debrick rescue --json --console /dev/ttyUSB0 --device acme-r1 --image firmware.itb --answers yes.toml
  where yes.toml holds:
    write-firmware = \"yes\"

Ctrl-C stops at the next safe point. The exit code tells how it ended; see `debrick --help`.";

const AFTER_RESUME: &str = "\
Examples:
  Go on with the last session that did not end well:
    debrick resume

  A certain session, with the adapter in another port now:
    debrick resume 20261121-031522-7f3a --console /dev/ttyUSB1

The unit is looked at afresh: only what is not yet right is done.";

const AFTER_BACKUP: &str = "\
Example:
    debrick backup --console /dev/ttyUSB0 --device acme-r1

The unit is restarted once before and once after. `debrick verify-backup SESSION` checks the copy later, without the
unit; `debrick restore` writes it back.";

const AFTER_RESTORE: &str = "\
Examples:
  Everything that the session backed up:
    debrick restore --console /dev/ttyUSB0 --device acme-r1 --session 20261121-031522-7f3a

  Only the settings:
    debrick restore --console /dev/ttyUSB0 --device acme-r1 --session 20261121-031522-7f3a --region settings

What the regions hold now is backed up before. A backup goes only to the unit that it came from.";

const AFTER_REPORT: &str = "\
Examples:
  A page to open in a browser, of the last session:
    debrick report

  Check that nothing of a session was changed or lost:
    debrick report --verify 20261121-031522-7f3a

  For a forum, without secrets:
    debrick report --redact --format markdown --output -";

const AFTER_IMAGE: &str = "\
Examples:
  What a file is, whether it is whole, and what it is for:
    debrick image inspect firmware.bin

  Whether it belongs on a device, with the checksums that the maker publishes:
    debrick image check firmware.bin --for acme-r1 --sums sha256sums

  What changed between two releases:
    debrick image diff v1.bin v2.bin

A checksum shows that a file is undamaged. Only a signature by a key that you trust shows who made it.";

const AFTER_TRUST: &str = "\
Examples:
  OpenWrt's key, for whatever device:
    debrick trust add openwrt.pub --name openwrt

  A maker's key, which then counts for nobody else's firmware:
    debrick trust add acme.pem --name acme --for Acme

  A key that leaked, and what a maker takes back:
    debrick trust revoke acme --because 'it leaked in 2026'
    debrick trust revoke --file revokers.ucert

Keys of signify, usign, minisign, OpenPGP and avbtool are taken, and public keys and certificates (PEM or DER) with RSA,
P-256, P-384 or Ed25519. A key is worth what the way is worth on which it came to you.";

const AFTER_DEVICES: &str = "\
Examples:
  What a label means:
    debrick devices search \"Archer C7 V5.0 EU\"

  How a device is recovered, and what must not be lost:
    debrick devices show tplink-archer-c7-v5

  Whether a record of your own is right:
    debrick devices lint my-router.toml

Records of your own in the folder devices of the state folder are found like the program's; one with the id of another
lies on top of it.";

const AFTER_DIAGNOSE: &str = "\
Examples:
  What the console said, from power-on:
    debrick diagnose --log boot.log

  What a tool said, and what there is to see:
    debrick diagnose --tool-output esptool.txt --symptom 'red light, never blinks'

  Without any evidence, by a few questions:
    debrick diagnose

  From a file that is being written:
    picocom -b 115200 /dev/ttyUSB0 | tee boot.log; debrick diagnose --log - < boot.log

Exit codes: 0 a cause stands out; 11 the evidence does not decide, and what to look at is named.
`debrick explain CAUSE` says more about a cause or an action. Nothing is sent to the device.";

const AFTER_WATCH: &str = "\
Example, keeping what the device says for later:
    debrick watch-console /dev/ttyUSB0@115200 --save boot.log

Exit codes: 0 a cause stands out; 11 the evidence does not decide, and what to look at is named.";

const AFTER_COACH: &str = "\
Examples:
  A router on this computer's second network port:
    debrick coach tplink-archer-c7-v5 --lan eth1

  With its console, too:
    debrick coach tplink-archer-c7-v5 --lan eth1 --console /dev/ttyUSB0

Enter says that a step is done; scripts write lines: empty, yes or no.
Exit codes: 0 the device is in its recovery mode; 11 it is not, and why; 14 stopped with Ctrl-C.";

const AFTER_EXPLAIN: &str = "\
Examples:
  What it means that an image is incomplete, and what not to do now:
    debrick explain image-incomplete

  What an error code is about:
    debrick explain link-busy

Without an id all ids are listed.";

const AFTER_UPDATE: &str = "\
Example, with the key of whoever makes the catalog; it counts for catalogs only if it is trusted for debrick-catalog by
name:
    debrick trust add catalog.pub --name catalog --for debrick-catalog
    debrick devices update catalog.bin

The signature is verified before anything of the file is read, and again by every command that uses it. Records of your
own lie on top of it as before.";

const AFTER_CHECK: &str = "\
Exit codes: 0 it may go onto the device; 11 that cannot be told, and why; 12 it must not.

Example, for a device that is not in the catalog:
    debrick image check firmware.bin --identity '{\"board_ids\":[\"acme,r1\"],\"arch\":\"arm64\",\"version\":\"1.2\"}'
Its keys are vendor, model, board_ids, hw_rev, region, arch, slot_size, formats, version (the one installed),
compat_version, chip and rollback_index; all may be left out.";

/// Brings broken devices back: routers, phones, NAS boxes, boards.
#[derive(Debug, Parser)]
#[command(name = "debrick", version, about, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Args {
    /// Print one JSON object a line instead of text.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Where sessions, backups and images are kept [default: $XDG_STATE_HOME/debrick or ~/.local/state/debrick].
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,

    /// Whether to use colour. Nothing is told by colour alone.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Repair a device: find out what is wrong, keep what must not be lost, mend it, and prove it.
    ///
    /// Nothing is written before the unit is identified, its unique data is backed up and proven to restore, the firmware
    /// is judged, and you have agreed. Every step is recorded; stop it at any time and go on with `debrick resume`.
    #[command(after_help = AFTER_RESCUE)]
    Rescue(Rescue),
    /// Go on with a session that was interrupted, stopped, or waits for you.
    #[command(after_help = AFTER_RESUME)]
    Resume(Resume),
    /// List the sessions on this computer.
    Sessions,
    /// Write, show or check the report of a session.
    #[command(after_help = AFTER_REPORT)]
    Report(Report),
    /// Read everything of a unit that must not be lost, and prove that it restores. Writes nothing to the unit.
    #[command(after_help = AFTER_BACKUP)]
    Backup(Backup),
    /// Write a backup back to the unit that it came from.
    #[command(after_help = AFTER_RESTORE)]
    Restore(Restore),
    /// Check a backup without a unit: every byte, and a restore to a virtual unit.
    VerifyBackup(VerifyBackup),
    /// Check this computer: ports, permissions, other programs, network, disk, power.
    Doctor(Doctor),
    /// Break a virtual router and repair it, unattended, in seconds. Needs no device.
    Demo(Demo),
    /// Look into firmware files: what they are, whether they are whole, who made them, what they are for.
    #[command(subcommand, after_help = AFTER_IMAGE)]
    Image(Image),
    /// Say whose signatures count: the public keys of makers.
    #[command(subcommand, after_help = AFTER_TRUST)]
    Trust(Trust),
    /// Look up devices: find one by its label, show what is known of it, check records of your own.
    #[command(subcommand, after_help = AFTER_DEVICES)]
    Devices(Devices),
    /// Find out which device a unit is, from its logs, its console, USB and its label.
    ///
    /// A device is known where two independent witnesses name it and nothing contradicts: the bootloader with its variables,
    /// the running system, the chip, the label. Several lines of one witness count once. Nothing is sent to the unit, unless
    /// --ask is given.
    #[command(after_help = identify::AFTER)]
    Identify(Identify),
    /// Say in words what a rescue of a device would do, and what has to be on the table before it begins.
    Plan(Plan),
    /// Read logs like an expert: what is wrong, how sure that is, because of which lines, and what to do next.
    #[command(after_help = AFTER_DIAGNOSE)]
    Diagnose(Diagnose),
    /// Watch a console live: each stage of a start as it passes, and at the end what is wrong. Sends nothing.
    #[command(after_help = AFTER_WATCH)]
    WatchConsole(WatchConsole),
    /// Lead you into a device's recovery mode, step by step, with a countdown and what is sensed. Writes nothing.
    #[command(after_help = AFTER_COACH)]
    Coach(CoachArgs),
    /// Explain a cause, a state, an action, a gate or an error code: what it means, why, what to do, what not to do.
    #[command(after_help = AFTER_EXPLAIN)]
    Explain(Explain),
    /// Make the archive of a session that may leave this computer: redacted, for somebody who helps.
    Bundle(Bundle),
}

/// The unit, and how it is reached.
#[derive(Debug, clap::Args)]
pub(crate) struct UnitArgs {
    /// The unit's serial console: /dev/ttyUSB0, /dev/ttyUSB0@57600, tcp:HOST:PORT or unix:PATH.
    #[arg(long, value_name = "SPEC")]
    pub(crate) console: Option<String>,

    /// The device by its catalog id.
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

#[derive(Debug, clap::Args)]
pub(crate) struct Rescue {
    #[command(flatten)]
    pub(crate) unit: UnitArgs,

    /// The firmware file for exactly this device.
    #[arg(long, value_name = "FILE")]
    pub(crate) image: Option<PathBuf>,

    /// Checksums that the maker publishes, as `sha256sum` writes them; may be given more than once.
    #[arg(long, value_name = "FILE", requires = "image")]
    pub(crate) sums: Vec<PathBuf>,

    /// A signature of the image or of a file of sums; may be given more than once. `debrick trust` says whose count.
    #[arg(long, value_name = "FILE", requires = "image")]
    pub(crate) signature: Vec<PathBuf>,

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
pub(crate) struct Resume {
    /// The session; the last one that did not end, if it is left out.
    pub(crate) session: Option<String>,

    /// The unit's console, if it is another port now.
    #[arg(long, value_name = "SPEC")]
    pub(crate) console: Option<String>,

    /// Do without a network cable to the unit.
    #[arg(long)]
    pub(crate) no_network: bool,

    /// Answers for unattended work, as TOML.
    #[arg(long, value_name = "FILE")]
    pub(crate) answers: Option<PathBuf>,

    /// Use only this method of the device's record.
    #[arg(long, value_name = "NAME")]
    pub(crate) method: Option<String>,

    /// How often the repaired unit is restarted and watched.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub(crate) soak: u32,

    #[command(flatten)]
    pub(crate) waivers: WaiverArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Html,
    Markdown,
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// The session; the last one, if it is left out.
    pub(crate) session: Option<String>,

    /// Check the journal's hash chain and every artifact that it names.
    #[arg(long)]
    pub(crate) verify: bool,

    /// The form of the report.
    #[arg(long, value_enum, default_value_t = ReportFormat::Html)]
    pub(crate) format: ReportFormat,

    /// Where it is written; standard output where this is `-`.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Take out secrets (keys, passphrases, addresses), so that it may leave this computer.
    #[arg(long)]
    pub(crate) redact: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Diagnose {
    /// What the device said on its serial console; may be given more than once, `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Vec<PathBuf>,

    /// What a tool printed (esptool, fastboot, Odin, dfu-util …); may be given more than once, `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) tool_output: Vec<PathBuf>,

    /// What there is to see or hear, or what was done before, in your words; may be given more than once.
    #[arg(long, value_name = "TEXT")]
    pub(crate) symptom: Vec<String>,

    /// Answers to the questions that are asked where there is no evidence, as TOML: `lights = "none"`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["log", "tool_output", "symptom"])]
    pub(crate) answers: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WatchConsole {
    /// The console: /dev/ttyUSB0, /dev/ttyUSB0@57600, tcp:HOST:PORT or unix:PATH.
    #[arg(value_name = "SPEC")]
    pub(crate) console: String,

    /// Keep everything that the device says in this new file.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,

    /// End after so many seconds; without it, Ctrl-C ends it.
    #[arg(long, value_name = "N")]
    pub(crate) seconds: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CoachArgs {
    /// The device by its catalog id.
    #[arg(value_name = "ID")]
    pub(crate) device: String,

    /// The way in, by its name in `debrick devices show`; the first whose steps are known, if it is left out.
    #[arg(long, value_name = "NAME")]
    pub(crate) method: Option<String>,

    /// The network port of this computer that the device is connected to: its link and requests are watched.
    #[arg(long, value_name = "IFACE")]
    pub(crate) lan: Option<String>,

    /// The device's serial console, if it is wired; nothing is sent there.
    #[arg(long, value_name = "SPEC")]
    pub(crate) console: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Explain {
    /// The id: `image-corrupt`, `boot-loop`, `fix-power`, `backup`, `link-busy`. All are listed if it is left out.
    pub(crate) id: Option<String>,
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

#[derive(Debug, clap::Args)]
pub(crate) struct Plan {
    /// The device: its id in the catalog.
    #[arg(value_name = "DEVICE")]
    pub(crate) id: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Doctor {
    /// Look at what this device of the catalog needs: what its methods are done with and over.
    #[arg(long = "for", value_name = "DEVICE")]
    pub(crate) device: Option<String>,

    /// Look closely at this port.
    #[arg(long, value_name = "SPEC")]
    pub(crate) console: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Give the virtual router the name of the device that this record of yours describes, and repair it by the record. Its
    /// hardware stays that of the catalog's acme-r1.
    #[arg(long, value_name = "TOML")]
    pub(crate) device_file: Option<PathBuf>,

    /// How the virtual router is broken; `list` names the ways.
    #[arg(long, value_name = "NAME", default_value = "kernel-bytes-damaged")]
    pub(crate) brick: String,

    /// The seed of everything that is left to chance.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Where the report is left [default: debrick-demo-report.html in this folder].
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Bundle {
    /// The session; the last one, if it is left out.
    pub(crate) session: Option<String>,

    /// Where it is written [default: debrick-SESSION.tar.gz in this folder].
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

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

#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    /// List the trusted keys.
    List,
    /// Trust a public key from now on.
    Add(TrustAdd),
    /// Forget a key: what it signs is from somebody unknown again. Takes a revocation back, too.
    Remove {
        /// The name that it was given, or the number of a key that is revoked.
        name: String,
    },
    /// Take trust away from a key, so that what it signs is refused: one of your keys, or those that a maker takes back.
    Revoke(TrustRevoke),
    /// Show a key with everything that is known of it.
    Show {
        /// The name that it was given.
        name: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct TrustAdd {
    /// The file with the public key.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// What it is called from now on.
    #[arg(long)]
    pub(crate) name: String,

    /// Trust it only for this maker's firmware; may be given more than once.
    #[arg(long = "for", value_name = "VENDOR")]
    pub(crate) vendors: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TrustRevoke {
    /// The name that the key was given.
    #[arg(required_unless_present = "file")]
    pub(crate) name: Option<String>,

    /// Why it is not to be believed any more, in your words.
    #[arg(long, value_name = "TEXT", requires = "name")]
    pub(crate) because: Option<String>,

    /// A file of revokers, as OpenWrt's ucert writes them, signed by a key of usign that is trusted.
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub(crate) file: Option<PathBuf>,
}

/// What `--color` says on a command line that may not be understood otherwise.
pub(crate) fn wished_color(words: impl Iterator<Item = OsString>) -> Option<Color> {
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let value = words.iter().enumerate().find_map(|(index, word)| match word.strip_prefix("--color") {
        Some("") => words.get(index + 1).map(String::as_str),
        Some(rest) => rest.strip_prefix('='),
        None => None,
    });
    Color::from_str(value?, true).ok()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Args::command().debug_assert();
    }
}

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
