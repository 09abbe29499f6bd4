//! Pseudo-terminals, to serve a virtual device to programs that want a serial port.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use debrick_link::{Clock, Deadline, Link, LinkError};
use nix::fcntl::OFlag;
use nix::libc;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

use crate::failure::while_opening;
use crate::stream::OsStream;

/// A pseudo-terminal: this value is the serving side, as a link; [`slave_path`](Self::slave_path) is what a client opens
/// as its serial port.
///
/// It keeps its own descriptor of the client's side, so that clients may come and go; after
/// [`release_slave`](Self::release_slave) the link is disconnected once the last client has closed the port.
pub struct PtyPair {
    master: OsStream<File>,
    slave_path: PathBuf,
    slave: Option<File>,
}

impl PtyPair {
    /// Makes a raw pseudo-terminal: no echo, no translation.
    pub fn open() -> Result<Self, LinkError> {
        let fail = |error: std::io::Error| while_opening("pty:", error);
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let master = posix_openpt(flags).map_err(|errno| fail(errno.into()))?;
        grantpt(&master).and_then(|()| unlockpt(&master)).map_err(|errno| fail(errno.into()))?;
        let slave_path = PathBuf::from(ptsname_r(&master).map_err(|errno| fail(errno.into()))?);
        let slave = File::options()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NOCTTY | libc::O_NONBLOCK)
            .open(&slave_path)
            .map_err(fail)?;
        let mut settings = tcgetattr(&slave).map_err(|errno| fail(errno.into()))?;
        cfmakeraw(&mut settings);
        tcsetattr(&slave, SetArg::TCSANOW, &settings).map_err(|errno| fail(errno.into()))?;
        let name = slave_path.display().to_string();
        let master = OsStream::new(File::from(OwnedFd::from(master)), name, None);
        Ok(Self { master, slave_path, slave: Some(slave) })
    }

    /// What a client opens.
    pub fn slave_path(&self) -> &Path {
        &self.slave_path
    }

    /// Lets go of the client's side: from now on, the link ends when the last client closes it. Call it once a client
    /// has opened the port.
    pub fn release_slave(&mut self) {
        self.slave = None;
    }
}

impl Link for PtyPair {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        self.master.read(buffer, deadline)
    }

    fn write_all(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), LinkError> {
        self.master.write_all(bytes, deadline)
    }

    fn set_line_rate(&mut self, bits_per_second: u32) -> Result<(), LinkError> {
        self.master.set_line_rate(bits_per_second)
    }

    fn clock(&self) -> &dyn Clock {
        self.master.clock()
    }

    /// The path that a client opens.
    fn name(&self) -> &str {
        self.master.name()
    }
}
