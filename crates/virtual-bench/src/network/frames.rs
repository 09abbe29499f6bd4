//! Frames that are lost, or come twice.

use debrick_link::{Clock, Deadline, Frames, LinkError, Rng};
use debrick_model::MacAddress;

use crate::faults::{Fault, FaultLog};

/// Raw Ethernet with faults.
pub(super) struct FaultyFrames {
    inner: Box<dyn Frames>,
    /// The probability that a frame is lost, in each direction.
    lost: f64,
    /// The probability that a frame comes twice, in each direction.
    duplicated: f64,
    rng: Rng,
    log: FaultLog,
    /// What came, and comes again.
    again: Option<Vec<u8>>,
}

/// What becomes of a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrives,
    Lost,
    Twice,
}

impl FaultyFrames {
    pub(super) fn new(
        inner: Box<dyn Frames>,
        (lost, duplicated): (f64, f64),
        rng: Rng,
        log: FaultLog,
    ) -> Self {
        Self { inner, lost, duplicated, rng, log, again: None }
    }

    fn fate(&mut self) -> Fate {
        if self.rng.chance(self.lost) {
            self.log.add(Fault::FrameLost);
            Fate::Lost
        } else if self.rng.chance(self.duplicated) {
            self.log.add(Fault::FrameDuplicated);
            Fate::Twice
        } else {
            Fate::Arrives
        }
    }
}

impl Frames for FaultyFrames {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        if let Some(frame) = self.again.take() {
            let count = frame.len().min(buffer.len());
            buffer[..count].copy_from_slice(&frame[..count]);
            return Ok(count);
        }
        loop {
            // What is waited for in vain ends with the deadline.
            let count = self.inner.receive(buffer, deadline)?;
            match self.fate() {
                Fate::Lost => {}
                Fate::Twice => {
                    self.again = Some(buffer[..count].to_vec());
                    return Ok(count);
                }
                Fate::Arrives => return Ok(count),
            }
        }
    }

    fn send(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        match self.fate() {
            Fate::Lost => return Ok(()),
            Fate::Twice => self.inner.send(frame)?,
            Fate::Arrives => {}
        }
        self.inner.send(frame)
    }

    fn address(&self) -> MacAddress {
        self.inner.address()
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }

    fn name(&self) -> &str {
        self.inner.name()
    }
}
