//! The device half: a receiver as a pure state machine, with the manners of U-Boot 2023.01's `loadx` and `loady`.
//!
//! It asks with `C` and repeats that every 4.8 seconds, says `C` instead of NAK, takes repeated blocks without keeping
//! them, and takes the end of the data at once. It leaves only at the end, at two CANs in a row, or when nobody sends.
//! Observed on Debian's build for QEMU.

use std::time::Duration;

use debrick_link::Moment;

use crate::Variant;
use crate::error::Error;
use crate::wire::{ACK, CAN, Check, EOT, FileHeader, NAK, PREFIX, data_len};

/// How often it asks for the first block.
const ASK_EVERY: Duration = Duration::from_millis(4800);
/// How often it asks before it gives up: about 90 s.
const MOST_ASKED: u32 = 19;
/// How long a block may pause before it counts as broken.
const BROKEN_AFTER: Duration = Duration::from_secs(2);
/// How often it asks again for a block before it gives up.
const MOST_REFUSED: u32 = 20;

/// What a receiver has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Where in the file it begins, in bytes.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// How a reception ended.
#[derive(Debug)]
pub enum Outcome {
    /// The whole file came.
    Complete {
        /// Bytes of the file.
        bytes: u64,
    },
    /// It did not.
    Failed(Error),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waits for block 0 of YMODEM.
    Header,
    /// Waits for blocks of data.
    Data,
    /// Waits for the block 0 that ends the batch.
    EndOfBatch,
}

/// Whose habits a receiver has where the protocol leaves a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manners {
    /// U-Boot: the header is answered by ACK alone, the end of the data by two ACKs, and a block that is not due by a
    /// request for the right one.
    Uboot,
    /// The protocol's reference.
    Reference,
}

/// A receiver.
#[derive(Debug)]
pub struct Receiver {
    variant: Variant,
    manners: Manners,
    check: Check,
    stage: Stage,
    /// The number of the block that is due.
    due: u64,
    announced: Option<u64>,
    received: u64,
    limit: u64,
    frame: Vec<u8>,
    cancels: u32,
    asked: u32,
    refused: u32,
    wake: Option<Moment>,
    chunks: Vec<Chunk>,
    outcome: Option<Outcome>,
}

impl Receiver {
    /// A receiver like U-Boot's, that takes at most `limit` bytes.
    pub fn new(variant: Variant, limit: u64) -> Self {
        Self::with_manners(variant, limit, Manners::Uboot)
    }

    /// A receiver by the book, that takes at most `limit` bytes.
    pub fn by_the_book(variant: Variant, limit: u64) -> Self {
        Self::with_manners(variant, limit, Manners::Reference)
    }

    fn with_manners(variant: Variant, limit: u64, manners: Manners) -> Self {
        Self {
            variant,
            manners,
            check: if variant == Variant::XmodemChecksum { Check::Sum } else { Check::Crc },
            stage: if variant.has_header() { Stage::Header } else { Stage::Data },
            due: if variant.has_header() { 0 } else { 1 },
            announced: None,
            received: 0,
            limit,
            frame: Vec::new(),
            cancels: 0,
            asked: 0,
            refused: 0,
            wake: None,
            chunks: Vec::new(),
            outcome: None,
        }
    }

    /// Asks for the first block.
    pub fn start(&mut self, now: Moment, out: &mut Vec<u8>) {
        self.ask(now, out);
    }

    /// Takes bytes from the line.
    pub fn on_bytes(&mut self, bytes: &[u8], now: Moment, out: &mut Vec<u8>) {
        for byte in bytes {
            if self.outcome.is_some() {
                return;
            }
            self.on_byte(*byte, now, out);
        }
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Moment, out: &mut Vec<u8>) {
        if self.outcome.is_some() || self.wake.is_none_or(|wake| now < wake) {
            return;
        }
        if self.frame.is_empty() {
            self.ask(now, out);
        } else {
            self.frame.clear();
            self.refuse(now, out);
        }
    }

    /// When it wants to be ticked.
    pub fn next_wake(&self) -> Option<Moment> {
        self.wake.filter(|_| self.outcome.is_none())
    }

    /// The file's bytes that came since the last call, in order.
    pub fn take_chunks(&mut self) -> Vec<Chunk> {
        std::mem::take(&mut self.chunks)
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// The same, for good.
    pub fn into_outcome(self) -> Option<Outcome> {
        self.outcome
    }

    fn on_byte(&mut self, byte: u8, now: Moment, out: &mut Vec<u8>) {
        if self.frame.is_empty() {
            self.cancels = if byte == CAN { self.cancels + 1 } else { 0 };
            match byte {
                _ if data_len(byte).is_some() => {
                    self.frame.push(byte);
                    self.wake = Some(now + BROKEN_AFTER);
                }
                EOT => self.on_end(now, out),
                CAN if self.cancels >= 2 => {
                    self.outcome = Some(Outcome::Failed(Error::PeerCancelled { bytes: self.received }));
                }
                _ => {}
            }
            return;
        }
        self.frame.push(byte);
        self.wake = Some(now + BROKEN_AFTER);
        let len = self.frame.first().and_then(|kind| data_len(*kind)).unwrap_or(0);
        if self.frame.len() == PREFIX + len + self.check.len() {
            let frame = std::mem::take(&mut self.frame);
            let (block, check) = frame.split_at(PREFIX + len);
            let intact = block[1] == !block[2] && self.check.holds(&block[PREFIX..], check);
            if intact {
                self.on_block(block[1], &block[PREFIX..], now, out);
            } else {
                self.refuse(now, out);
            }
        }
    }

    fn on_block(&mut self, number: u8, data: &[u8], now: Moment, out: &mut Vec<u8>) {
        if number == (self.due as u8).wrapping_sub(1) && self.stage == Stage::Data {
            // A copy of the last block: its answer was lost.
            out.push(ACK);
            if self.due == 1 && self.variant.has_header() && self.manners == Manners::Reference {
                out.push(self.check.request());
            }
            self.wait(now);
            return;
        }
        if number != self.due as u8 && self.manners == Manners::Uboot {
            self.refuse(now, out);
            return;
        }
        if number != self.due as u8 {
            out.extend([CAN, CAN]);
            let error = Error::OutOfStep { expected: self.due as u8, got: number };
            self.outcome = Some(Outcome::Failed(error));
            return;
        }
        self.refused = 0;
        self.asked = 0;
        self.wait(now);
        match self.stage {
            Stage::Header => {
                let header = FileHeader::decode(data);
                out.push(ACK);
                if header.name.is_empty() {
                    self.outcome = Some(Outcome::Complete { bytes: 0 });
                    return;
                }
                if header.size.is_some_and(|size| size > self.limit) {
                    self.too_large(out);
                    return;
                }
                self.announced = header.size;
                self.stage = Stage::Data;
                self.due = 1;
                if self.manners == Manners::Reference {
                    out.push(self.check.request());
                }
            }
            Stage::Data => self.keep(data, out),
            Stage::EndOfBatch => {
                out.push(ACK);
                self.outcome = Some(self.complete());
            }
        }
    }

    fn keep(&mut self, data: &[u8], out: &mut Vec<u8>) {
        let wanted = self.announced.map_or(data.len() as u64, |size| size.saturating_sub(self.received));
        let bytes = data[..data.len().min(wanted as usize)].to_vec();
        if self.received + bytes.len() as u64 > self.limit {
            self.too_large(out);
            return;
        }
        let chunk = Chunk { offset: self.received, bytes };
        self.received += chunk.bytes.len() as u64;
        if !chunk.bytes.is_empty() {
            self.chunks.push(chunk);
        }
        self.due += 1;
        out.push(ACK);
    }

    fn on_end(&mut self, now: Moment, out: &mut Vec<u8>) {
        if self.stage == Stage::Header {
            return;
        }
        out.push(ACK);
        if self.manners == Manners::Uboot && self.variant.has_header() {
            out.push(ACK);
        }
        if self.variant.has_header() && self.stage == Stage::Data {
            self.stage = Stage::EndOfBatch;
            self.due = 0;
            out.push(self.check.request());
            self.wait(now);
        } else if !self.variant.has_header() {
            self.outcome = Some(self.complete());
        }
    }

    fn complete(&self) -> Outcome {
        match self.announced {
            Some(announced) if self.received < announced => {
                Outcome::Failed(Error::Incomplete { got: self.received, announced })
            }
            _ => Outcome::Complete { bytes: self.received },
        }
    }

    fn too_large(&mut self, out: &mut Vec<u8>) {
        out.extend([CAN, CAN]);
        self.outcome = Some(Outcome::Failed(Error::TooLarge { limit: self.limit }));
    }

    fn ask(&mut self, now: Moment, out: &mut Vec<u8>) {
        if self.asked == MOST_ASKED {
            out.extend([CAN, CAN]);
            let waited = ASK_EVERY * MOST_ASKED;
            self.outcome = Some(Outcome::Failed(match self.stage {
                Stage::EndOfBatch => Error::EndNotConfirmed { bytes: self.received },
                _ => Error::Silent { block: self.due, waited },
            }));
            return;
        }
        self.asked += 1;
        out.push(self.check.request());
        self.wait(now);
    }

    fn refuse(&mut self, now: Moment, out: &mut Vec<u8>) {
        self.refused += 1;
        if self.refused > MOST_REFUSED {
            out.extend([CAN, CAN]);
            let (block, bytes) = (self.due, self.received);
            self.outcome = Some(Outcome::Failed(Error::BlockFailed { block, attempts: MOST_REFUSED, bytes }));
            return;
        }
        out.push(if self.check == Check::Sum { NAK } else { self.check.request() });
        self.wait(now);
    }

    fn wait(&mut self, now: Moment) {
        self.wake = Some(now + ASK_EVERY);
    }
}
