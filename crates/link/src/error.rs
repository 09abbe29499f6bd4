//! What can go wrong between a protocol and its peer.

use std::time::Duration;

use debrick_model::Coded;

/// A failure of a link. Carries which link and, where there is one, the operating system's error.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Nothing came (or could be sent) before the deadline.
    #[error("nothing came from {link} in time")]
    TimedOut {
        /// The link, as its user named it.
        link: String,
    },
    /// The other end is gone: unplugged, closed, refused.
    #[error("{link} is gone")]
    Disconnected {
        /// The link.
        link: String,
        /// What the operating system says, where it does.
        source: Option<std::io::Error>,
    },
    /// Another program holds the port.
    #[error("{link} is held by another program{}", holder.as_ref().map(|who| format!(" ({who})")).unwrap_or_default())]
    Busy {
        /// The link.
        link: String,
        /// Who, where it is known: name and process id.
        holder: Option<String>,
    },
    /// This user may not open it.
    #[error("this user may not open {link}")]
    NotPermitted {
        /// The link.
        link: String,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// This program lacks one right of the system's.
    #[error("this program may not open {link}: it lacks the capability {capability}")]
    MissingCapability {
        /// The link.
        link: String,
        /// The capability's name (capabilities(7)).
        capability: &'static str,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// There is no such port or host.
    #[error("there is no {link}")]
    NotFound {
        /// The link.
        link: String,
        /// What the operating system says.
        source: Option<std::io::Error>,
    },
    /// The text does not name a link.
    #[error("{spec:?} does not name a port: {reason}")]
    BadSpec {
        /// The text.
        spec: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The link cannot do this, for example change its line rate.
    #[error("{link} cannot {what}")]
    Unsupported {
        /// The link.
        link: String,
        /// What was wanted.
        what: String,
    },
    /// What was replayed does not fit the recording.
    #[error("the session went another way than its recording after {at:?}: {detail}")]
    ReplayDiverged {
        /// Time of the recording.
        at: Duration,
        /// What was expected and what came.
        detail: String,
    },
    /// Any other failure of the operating system.
    #[error("{link} failed")]
    Io {
        /// The link.
        link: String,
        /// What the operating system says.
        source: std::io::Error,
    },
}

impl LinkError {
    /// Whether waiting longer, or trying again, can help.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }
}

impl Coded for LinkError {
    fn code(&self) -> &'static str {
        match self {
            Self::TimedOut { .. } => "link-timed-out",
            Self::Disconnected { .. } => "link-disconnected",
            Self::Busy { .. } => "link-busy",
            Self::NotPermitted { .. } => "link-not-permitted",
            Self::MissingCapability { .. } => "link-missing-capability",
            Self::NotFound { .. } => "link-not-found",
            Self::BadSpec { .. } => "link-bad-spec",
            Self::Unsupported { .. } => "link-unsupported",
            Self::ReplayDiverged { .. } => "link-replay-diverged",
            Self::Io { .. } => "link-io",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::TimedOut { .. } => "Check that the unit has power and that the cable sits firmly, then try again.",
            Self::Disconnected { .. } => "Plug the adapter in again and continue with `debrick resume`.",
            Self::Busy { .. } => "Close the other program, then try again. Two programs must never drive one unit.",
            Self::NotPermitted { .. } => {
                "Add yourself to the group that owns the port (often `dialout`), log in again, and run `debrick doctor`."
            }
            Self::MissingCapability { .. } => {
                "Give this program its capabilities for networks, `sudo setcap cap_net_raw,cap_net_admin,cap_net_bind_service+ep \"$(command -v debrick)\"`, or run it as root."
            }
            Self::NotFound { .. } => "Run `debrick doctor` to see which ports there are.",
            Self::BadSpec { .. } => {
                "Name a serial port such as /dev/ttyUSB0 or /dev/ttyUSB0@57600, or tcp:HOST:PORT, or unix:PATH."
            }
            Self::Unsupported { .. } => "Use a serial port that can do this, or another method.",
            Self::ReplayDiverged { .. } => "The recording was made with another version or input; record it again.",
            Self::Io { .. } => "Check the cable and the port, then try again.",
        }
        .to_owned()
    }
}
