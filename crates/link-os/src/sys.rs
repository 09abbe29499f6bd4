//! Waiting for a file descriptor, and the few terminal calls that have no safe wrapper.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use debrick_link::Deadline;
use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;

use crate::clock::OsClock;

/// The longest single wait; longer deadlines take several. Keeps the span inside what the kernel accepts.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// What a wait ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ready {
    /// The wanted event is there.
    Yes,
    /// The other end hung up, or the descriptor is in error; there may still be bytes to read.
    HungUp,
    /// The deadline passed.
    No,
}

/// Sleeps until `events` or the deadline. Even a deadline that has passed looks once.
pub(crate) fn wait(file: &impl AsFd, events: PollFlags, deadline: Deadline) -> io::Result<Ready> {
    loop {
        let left = deadline.left(&OsClock).min(LONGEST_WAIT);
        let mut fds = [PollFd::new(file.as_fd(), events)];
        match ppoll(&mut fds, Some(TimeSpec::from_duration(left)), None) {
            Ok(0) if deadline.has_passed(&OsClock) => return Ok(Ready::No),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => {
                let seen = fds[0].revents().unwrap_or(PollFlags::POLLERR);
                let ended = PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL;
                return Ok(if seen.intersects(ended) { Ready::HungUp } else { Ready::Yes });
            }
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Claims a terminal: further opens fail with `EBUSY` (except root's) until the last descriptor is closed.
#[allow(unsafe_code, reason = "there is no safe wrapper of TIOCEXCL")]
pub(crate) fn claim_terminal(file: &impl AsFd) -> io::Result<()> {
    // SAFETY: TIOCEXCL takes no argument, and the descriptor is open for the whole call.
    Errno::result(unsafe { libc::ioctl(file.as_fd().as_raw_fd(), libc::TIOCEXCL) })?;
    Ok(())
}

/// How many written bytes the kernel and the driver have not sent yet.
#[allow(unsafe_code, reason = "there is no safe wrapper of TIOCOUTQ")]
pub(crate) fn unsent_bytes(file: &impl AsFd) -> io::Result<usize> {
    let mut count: libc::c_int = 0;
    // SAFETY: TIOCOUTQ writes one int through the pointer, which is valid for the whole call.
    Errno::result(unsafe { libc::ioctl(file.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut count) })?;
    Ok(usize::try_from(count).unwrap_or(0))
}
