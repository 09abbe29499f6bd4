//! The command line: one declaration for parsing, help and documentation.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

mod devices;
mod diagnosis;
mod identify;
mod image;
mod lan;
mod repair;
mod sessions;
mod trust;

pub(crate) use devices::{Devices, DevicesUpdate};
pub(crate) use diagnosis::{CoachArgs, Diagnose, Explain, WatchConsole};
pub(crate) use identify::Identify;
pub(crate) use image::{Image, ImageCheck, ImageDiff, ImageInspect, ImageUnwrap};
pub(crate) use lan::Listen;
pub(crate) use repair::{Backup, Rescue, Restore, Resume, SystemArgs, UnitArgs, VerifyBackup, WaiverArgs};
pub(crate) use sessions::{Bundle, Replay, Report, ReportFormat};
pub(crate) use trust::{Trust, TrustAdd, TrustRevoke};

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
    #[command(after_help = repair::AFTER_RESCUE)]
    Rescue(Box<Rescue>),
    /// Go on with a session that was interrupted, stopped, or waits for you.
    #[command(after_help = repair::AFTER_RESUME)]
    Resume(Resume),
    /// List the sessions on this computer.
    Sessions,
    /// Write, show or check the report of a session.
    #[command(after_help = sessions::AFTER_REPORT)]
    Report(Report),
    /// Read everything of a unit that must not be lost, and prove that it restores. Writes nothing to the unit.
    #[command(after_help = repair::AFTER_BACKUP)]
    Backup(Backup),
    /// Write a backup back to the unit that it came from.
    #[command(after_help = repair::AFTER_RESTORE)]
    Restore(Restore),
    /// Check a backup without a unit: every byte, and a restore to a virtual unit.
    VerifyBackup(VerifyBackup),
    /// Check this computer: ports, permissions, other programs, network, disk, power.
    Doctor(Doctor),
    /// Break a virtual router and repair it, unattended, in seconds. Needs no device.
    Demo(Demo),
    /// Look into firmware files: what they are, whether they are whole, who made them, what they are for.
    #[command(subcommand, after_help = image::AFTER_IMAGE)]
    Image(Image),
    /// Say whose signatures count: the public keys of makers.
    #[command(subcommand, after_help = trust::AFTER_TRUST)]
    Trust(Trust),
    /// Look up devices: find one by its label, show what is known of it, check records of your own.
    #[command(subcommand, after_help = devices::AFTER_DEVICES)]
    Devices(Devices),
    /// Find out which device a unit is, from its logs, its console, USB and its label.
    ///
    /// A device is known where two independent witnesses name it and nothing contradicts: the bootloader with its variables,
    /// the running system, the chip, the label. Several lines of one witness count once. Nothing is sent to the unit, unless
    /// --ask is given.
    #[command(after_help = identify::AFTER)]
    Identify(Identify),
    /// Listen on a network port: who is there, how far it has come, which devices it may be, what would work now.
    ///
    /// Nothing is sent, unless --look is given. A port that is down is brought up for the time, and given back as it was.
    #[command(after_help = lan::AFTER)]
    Listen(Listen),
    /// Say in words what a rescue of a device would do, and what has to be on the table before it begins.
    Plan(Plan),
    /// Read logs like an expert: what is wrong, how sure that is, because of which lines, and what to do next.
    #[command(after_help = diagnosis::AFTER_DIAGNOSE)]
    Diagnose(Diagnose),
    /// Watch a console live: each stage of a start as it passes, and at the end what is wrong. Sends nothing.
    #[command(after_help = diagnosis::AFTER_WATCH)]
    WatchConsole(WatchConsole),
    /// Lead you into a device's recovery mode, step by step, with a countdown and what is sensed. Writes nothing.
    #[command(after_help = diagnosis::AFTER_COACH)]
    Coach(CoachArgs),
    /// Explain a cause, a state, an action, a gate or an error code: what it means, why, what to do, what not to do.
    #[command(after_help = diagnosis::AFTER_EXPLAIN)]
    Explain(Explain),
    /// Make the archive of a session that may leave this computer: redacted, for somebody who helps.
    Bundle(Bundle),
    /// Play a session of such an archive again, against what its unit said, and tell whether it comes out the same.
    ///
    /// Nothing is sent to any unit: links and time are those of the recording. Diagnosis, steps, gates, writes and ending are
    /// compared one by one. Use it on a case that you were sent, or to see what a newer version would have done.
    #[command(after_help = sessions::AFTER_REPLAY)]
    Replay(Replay),
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

    /// Look closely at this network port, and listen to it for some seconds. Nothing is sent.
    #[arg(long, value_name = "IFACE")]
    pub(crate) lan: Option<String>,

    /// For how many seconds the network port is listened to.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, requires = "lan",
        value_parser = clap::value_parser!(u32).range(1..=600))]
    pub(crate) seconds: u32,
}

/// How the virtual router takes its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DemoDoor {
    /// It asks for the file by TFTP.
    Pull,
    /// It waits to be given the file by TFTP.
    Push,
    /// It answers NMRP for some seconds after each start.
    Nmrp,
    /// It takes what is sent to everybody, for some seconds after each start.
    Multicast,
    /// Its bootloader is EVA, and takes the file over FTP for some seconds after each start.
    Eva,
    /// It has a web page that takes the file.
    Page,
    /// It asks for an address by DHCP, then for the file.
    Boot,
    /// It only starts what it is given in its memory: from there it is kept and written, in a second pass.
    Passes,
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

    /// Repair it without its console, through the recovery mode of its bootloader: the virtual router asks for the file,
    /// waits to be given it, or has a page for it.
    #[arg(long, value_name = "HOW", value_enum, num_args = 0..=1, default_missing_value = "pull", conflicts_with = "device_file")]
    pub(crate) door: Option<DemoDoor>,

    /// The seed of everything that is left to chance.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Where the report is left [default: debrick-demo-report.html in this folder].
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
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
