//! From evidence to what is wrong, and into a recovery mode.

use std::path::PathBuf;

pub(super) const AFTER_DIAGNOSE: &str = "\
Examples:
  What the console said, from power-on:
    debrick diagnose --log boot.log

  What a tool said, and what there is to see:
    debrick diagnose --tool-output esptool.txt --symptom 'red light, never blinks'

  Of a device that the catalog knows, with the way into its recovery mode and who can help:
    debrick diagnose --device netgear-r7800 --symptom 'power light blinks white'

  Without any evidence, by a few questions:
    debrick diagnose

  From a file that is being written:
    picocom -b 115200 /dev/ttyUSB0 | tee boot.log; debrick diagnose --log - < boot.log

Exit codes: 0 a cause stands out; 11 the evidence does not decide, and what to look at is named.
`debrick explain CAUSE` says more about a cause or an action. Nothing is sent to the device.";

pub(super) const AFTER_WATCH: &str = "\
Example, keeping what the device says for later:
    debrick watch-console /dev/ttyUSB0@115200 --save boot.log

Exit codes: 0 a cause stands out; 11 the evidence does not decide, and what to look at is named.";

pub(super) const AFTER_COACH: &str = "\
Examples:
  A router on this computer's second network port:
    debrick coach tplink-archer-c7-v5 --lan eth1

  With its console, too:
    debrick coach tplink-archer-c7-v5 --lan eth1 --console /dev/ttyUSB0

Enter says that a step is done; scripts write lines: empty, yes or no.
Exit codes: 0 the device is in its recovery mode; 11 it is not, and why; 14 stopped with Ctrl-C.";

pub(super) const AFTER_EXPLAIN: &str = "\
Examples:
  What it means that an image is incomplete, and what not to do now:
    debrick explain image-incomplete

  What an error code is about:
    debrick explain link-busy

Without an id all ids are listed.";

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

    /// The device by its catalog id: its lights are understood, and what to do is said for it.
    #[arg(long, value_name = "ID", conflicts_with = "family")]
    pub(crate) device: Option<String>,

    /// The device's family in the catalog, where the device itself is not listed: `netgear-nmrp`, `android`, `nas`.
    #[arg(long, value_name = "ID")]
    pub(crate) family: Option<String>,

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
