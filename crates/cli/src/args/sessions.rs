//! Arguments of what is done with sessions that are over.

use std::path::PathBuf;

use clap::ValueEnum;

pub(super) const AFTER_REPORT: &str = "\
Examples:
  A page to open in a browser, of the last session:
    debrick report

  Check that nothing of a session was changed or lost:
    debrick report --verify 20261121-031522-7f3a

  For a forum, without secrets:
    debrick report --redact --format markdown --output -";

pub(super) const AFTER_REPLAY: &str = "\
Examples:
  A case that you were sent:
    debrick replay debrick-20261121-031522-7f3a.tar.gz

  With the firmware file that it used, which is never in the archive:
    debrick replay debrick-20261121-031522-7f3a.tar.gz --image firmware.itb

Exit codes: 0 it comes out the same; 1 it goes another way, and where. Only the first run of a session is played.";

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
pub(crate) struct Bundle {
    /// The session; the last one, if it is left out.
    pub(crate) session: Option<String>,

    /// Where it is written [default: debrick-SESSION.tar.gz in this folder].
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// The archive that `debrick bundle` made.
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,

    /// The firmware file of the session; one that was used on this computer before is found without it.
    #[arg(long, value_name = "FILE")]
    pub(crate) image: Option<PathBuf>,
}
