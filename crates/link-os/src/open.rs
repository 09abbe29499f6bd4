//! From a port as the user writes it to an open, locked link.

use std::path::{Path, PathBuf};
use std::time::Duration;

use debrick_link::{Deadline, Link, LinkError};

use crate::clock::OsClock;
use crate::holders::resolved;
use crate::lock::FileLock;
use crate::network::{open_tcp, open_unix};
use crate::pty::PtyPair;
use crate::serial::open_serial;
use crate::spec::Spec;

/// How a port is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOptions {
    /// Folder for the lock files of ports without a device node (TCP, Unix sockets); made if it is missing. All
    /// programs that share ports have to use the same one. `None`: `/run/lock`, or `/tmp` where that is not writable.
    pub lock_folder: Option<PathBuf>,
    /// How long a connection, with the look-up of its name, may take.
    pub connect_time: Duration,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { lock_folder: None, connect_time: Duration::from_secs(10) }
    }
}

/// Opens the port that `spec` names (see [`Spec`]) with the default options.
///
/// The port is locked for as long as the link lives: [`LinkError::Busy`] names who holds it. The link of `pty:` has the
/// path that a client opens as its name.
pub fn open(spec: &str) -> Result<Box<dyn Link>, LinkError> {
    open_with(&Spec::parse(spec)?, &OpenOptions::default())
}

/// Opens the port; see [`open`].
pub fn open_with(spec: &Spec, options: &OpenOptions) -> Result<Box<dyn Link>, LinkError> {
    let deadline = Deadline::after(&OsClock, options.connect_time);
    let lock = |name: &str| FileLock::take(options.lock_folder.as_deref(), name);
    match spec {
        Spec::Serial { path, line } => Ok(Box::new(open_serial(path, *line)?)),
        Spec::Tcp { host, port } => {
            let lock = lock(&spec.to_string().to_lowercase())?;
            open_tcp(host, *port, spec.to_string(), lock, deadline)
        }
        Spec::Unix { path } => {
            let lock = lock(&unix_lock_name(path))?;
            open_unix(path, spec.to_string(), lock, deadline)
        }
        Spec::Pty => Ok(Box::new(PtyPair::open()?)),
    }
}

/// One name for all paths of one socket.
fn unix_lock_name(path: &Path) -> String {
    format!("unix:{}", resolved(path).display())
}
