//! The operating system's errors in the words of [`LinkError`].

use std::io;

use debrick_link::LinkError;
use nix::errno::Errno;

/// A failure of a link that was open.
pub(crate) fn while_open(link: &str, source: io::Error) -> LinkError {
    if is_gone(&source) { gone(link, Some(source)) } else { LinkError::Io { link: link.to_owned(), source } }
}

/// A failure to open a link. `Busy` has to be told apart by the caller, who knows how to find the holder.
pub(crate) fn while_opening(link: &str, source: io::Error) -> LinkError {
    let name = link.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::AddrNotAvailable | io::ErrorKind::NotADirectory => {
            LinkError::NotFound { link: name, source: Some(source) }
        }
        io::ErrorKind::PermissionDenied => LinkError::NotPermitted { link: name, source },
        io::ErrorKind::TimedOut => LinkError::TimedOut { link: name },
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::NetworkDown => gone(link, Some(source)),
        _ => match errno(&source) {
            // A node without a device behind it, as after an unplug.
            Some(Errno::ENXIO | Errno::ENODEV) => LinkError::NotFound { link: name, source: Some(source) },
            _ => while_open(link, source),
        },
    }
}

/// The other end is gone.
pub(crate) fn gone(link: &str, source: Option<io::Error>) -> LinkError {
    LinkError::Disconnected { link: link.to_owned(), source }
}

/// The deadline passed.
pub(crate) fn timed_out(link: &str) -> LinkError {
    LinkError::TimedOut { link: link.to_owned() }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        errno(error),
        Some(
            Errno::EIO
                | Errno::ENXIO
                | Errno::ENODEV
                | Errno::EPIPE
                | Errno::ECONNRESET
                | Errno::ECONNABORTED
                | Errno::ECONNREFUSED
                | Errno::ENOTCONN
                | Errno::ESHUTDOWN
                | Errno::ETIMEDOUT
                | Errno::EHOSTUNREACH
                | Errno::ENETUNREACH
                | Errno::ENETDOWN
                | Errno::ENETRESET
        )
    )
}

pub(crate) fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw)
}
