//! A byte stream to a unit.

use crate::clock::{Clock, Deadline};
use crate::error::LinkError;

/// A byte stream: a serial port, a TCP connection, a pseudo-terminal, or a virtual device.
pub trait Link: Send {
    /// Waits until at least one byte has come, and reads what is there, up to `buffer.len()`.
    ///
    /// Never returns 0 for a non-empty buffer: [`LinkError::TimedOut`] once the deadline has passed with nothing read
    /// (bytes that have already come are returned even after the deadline), [`LinkError::Disconnected`] at the end.
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError>;

    /// Sends all of `bytes`, or fails; then it is not known how many were sent.
    fn write_all(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), LinkError>;

    /// Changes the line rate of a serial line, in bits a second, once everything written before has been sent.
    /// [`LinkError::Unsupported`] where there is no line rate.
    fn set_line_rate(&mut self, bits_per_second: u32) -> Result<(), LinkError>;

    /// The clock that its deadlines are read on.
    fn clock(&self) -> &dyn Clock;

    /// Its name, as a user would write it: `/dev/ttyUSB0`, `tcp:10.0.0.1:2000`.
    fn name(&self) -> &str;
}

impl<L: Link + ?Sized> Link for Box<L> {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        (**self).read(buffer, deadline)
    }

    fn write_all(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), LinkError> {
        (**self).write_all(bytes, deadline)
    }

    fn set_line_rate(&mut self, bits_per_second: u32) -> Result<(), LinkError> {
        (**self).set_line_rate(bits_per_second)
    }

    fn clock(&self) -> &dyn Clock {
        (**self).clock()
    }

    fn name(&self) -> &str {
        (**self).name()
    }
}

impl<L: Link + ?Sized> Link for &mut L {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        (**self).read(buffer, deadline)
    }

    fn write_all(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), LinkError> {
        (**self).write_all(bytes, deadline)
    }

    fn set_line_rate(&mut self, bits_per_second: u32) -> Result<(), LinkError> {
        (**self).set_line_rate(bits_per_second)
    }

    fn clock(&self) -> &dyn Clock {
        (**self).clock()
    }

    fn name(&self) -> &str {
        (**self).name()
    }
}
