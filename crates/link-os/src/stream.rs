//! A byte stream over any non-blocking descriptor: terminal, TCP, Unix socket.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;

use debrick_link::{Clock, Deadline, Link, LinkError};
use nix::poll::PollFlags;

use crate::clock::OsClock;
use crate::failure::{gone, timed_out, while_open};
use crate::lock::FileLock;
use crate::sys::{Ready, wait};

/// A non-blocking descriptor, as a link. Its lock is released when it is dropped.
#[derive(Debug)]
pub(crate) struct OsStream<F> {
    file: F,
    name: String,
    _lock: Option<FileLock>,
}

impl<F> OsStream<F> {
    /// Takes over `file`, which must not block.
    pub(crate) fn new(file: F, name: String, lock: Option<FileLock>) -> Self {
        Self { file, name, _lock: lock }
    }

    pub(crate) fn file(&self) -> &F {
        &self.file
    }
}

impl<F: AsFd> OsStream<F> {
    /// Waits; `was_hung_up` says that the wait before already saw the end, so that waiting again would spin.
    fn wait(&self, events: PollFlags, deadline: Deadline, was_hung_up: bool) -> Result<bool, LinkError> {
        if was_hung_up {
            return Err(gone(&self.name, None));
        }
        match wait(&self.file, events, deadline).map_err(|error| while_open(&self.name, error))? {
            Ready::Yes => Ok(false),
            Ready::HungUp => Ok(true),
            Ready::No => Err(timed_out(&self.name)),
        }
    }
}

impl<F: Read + Write + AsFd + Send> Link for OsStream<F> {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let mut hung_up = false;
        loop {
            match self.file.read(buffer) {
                Ok(0) => return Err(gone(&self.name, None)),
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    hung_up = self.wait(PollFlags::POLLIN, deadline, hung_up)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(while_open(&self.name, error)),
            }
        }
    }

    fn write_all(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), LinkError> {
        let mut rest = bytes;
        let mut hung_up = false;
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return Err(gone(&self.name, None)),
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    hung_up = self.wait(PollFlags::POLLOUT, deadline, hung_up)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(while_open(&self.name, error)),
            }
        }
        Ok(())
    }

    fn set_line_rate(&mut self, _bits_per_second: u32) -> Result<(), LinkError> {
        Err(LinkError::Unsupported { link: self.name.clone(), what: "change its line rate".to_owned() })
    }

    fn clock(&self) -> &dyn Clock {
        &OsClock
    }

    fn name(&self) -> &str {
        &self.name
    }
}
