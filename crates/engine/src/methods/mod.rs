//! How bytes reach a unit's memory, composed from the protocols.

mod tftp;
mod ymodem;

pub(crate) use tftp::TftpLoader;
pub(crate) use ymodem::YmodemLoader;
