//! The host's half as sender.

use std::time::Duration;

use debrick_link::{Deadline, Link};
use debrick_target::{Source, Watch};

use crate::Variant;
use crate::error::Error;
use crate::wire::{
    ABORT, ACK, CAN, Check, EOT, FileHeader, LONG, NAK, PAD, SHORT, START_CRC, START_STREAMING, encode,
};

/// How patient a sender is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendOptions {
    /// How long the unit may take to ask for the first block.
    pub start_within: Duration,
    /// How long the unit may take to answer a block, once it has been sent.
    pub answer_within: Duration,
    /// How long it may take to answer the end of the data: some write their flash before they do.
    pub end_within: Duration,
    /// How often a block is sent before it is given up.
    pub attempts: u32,
    /// How long after the header of YMODEM a request for the data is waited for. U-Boot makes none; lrzsz does, within a
    /// millisecond.
    pub data_request_within: Duration,
    /// Whether the unit's request for the first block, a `C`, was read already.
    pub is_requested: bool,
}

impl Default for SendOptions {
    fn default() -> Self {
        Self {
            start_within: Duration::from_secs(30),
            answer_within: Duration::from_secs(10),
            end_within: Duration::from_secs(60),
            attempts: 10,
            data_request_within: Duration::from_millis(25),
            is_requested: false,
        }
    }
}

/// What a transfer took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// Bytes of the file.
    pub bytes: u64,
    /// Blocks that had to be sent again.
    pub repeated: u32,
    /// Bytes on the line, with everything that the protocol adds.
    pub on_the_line: u64,
}

/// As many short blocks instead of a long one; more would cost more turns than bytes.
const MOST_SHORT_AT_END: usize = 3;

/// Sends `source` to a unit that asks for it, or is about to.
///
/// What stands on the line before the unit's request should have been read: a `C` in a text counts as one. Advances
/// `watch` by the bytes of the file. When it is asked to stop, or fails, the unit is told to leave the transfer.
pub fn send(
    link: &mut dyn Link,
    variant: Variant,
    name: &str,
    source: &dyn Source,
    options: &SendOptions,
    watch: &mut dyn Watch,
) -> Result<Sent, Error> {
    let mut sender = Sender {
        link,
        options: *options,
        check: Check::Crc,
        sent: Sent::default(),
        frame: Vec::new(),
        is_data_requested: !variant.has_header(),
    };
    let result = sender.run(variant, name, source, watch);
    if let Err(error) = &result
        && !matches!(error, Error::Link { .. } | Error::PeerCancelled { .. })
    {
        // Whether the unit hears it is not known; nothing better can be done.
        let _ = sender.write(&ABORT);
    }
    result
}

/// What the unit answers to a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Good,
    Again,
    Start(u8),
    Nothing,
}

struct Sender<'a> {
    link: &'a mut dyn Link,
    options: SendOptions,
    check: Check,
    sent: Sent,
    frame: Vec<u8>,
    is_data_requested: bool,
}

impl Sender<'_> {
    fn run(
        &mut self,
        variant: Variant,
        name: &str,
        source: &dyn Source,
        watch: &mut dyn Watch,
    ) -> Result<Sent, Error> {
        if !self.options.is_requested {
            self.wait_for_start(variant)?;
        }
        if variant.has_header() {
            let header = FileHeader { name: name.to_owned(), size: Some(source.len()) };
            self.send_block(0, &header.encode(), 0)?;
            let within = self.options.data_request_within;
            self.is_data_requested = self.await_request(within)?;
        }
        let size = source.len();
        let mut data = vec![0; LONG];
        let mut number = 1;
        while self.sent.bytes < size {
            if watch.cancelled() {
                return Err(Error::Cancelled);
            }
            let count = block_len(variant, size - self.sent.bytes);
            source
                .read_at(self.sent.bytes, &mut data[..count])
                .map_err(|source| Error::Source { block: number, source })?;
            self.send_block(number, &data[..count], PAD)?;
            self.sent.bytes += count as u64;
            watch.advance(count as u64);
            number += 1;
        }
        self.end(variant)?;
        Ok(self.sent)
    }

    /// Waits until the unit asks for the first block, and learns how it wants blocks checked.
    fn wait_for_start(&mut self, variant: Variant) -> Result<(), Error> {
        let deadline = self.after(self.options.start_within);
        let mut heard = Vec::new();
        let mut cancels = 0;
        loop {
            let Some(byte) = self.read_byte(deadline)? else {
                let tail = String::from_utf8_lossy(&heard).trim().to_owned();
                return Err(Error::NoStart {
                    variant: variant.name(),
                    waited: self.options.start_within,
                    heard: tail,
                });
            };
            cancels = if byte == CAN { cancels + 1 } else { 0 };
            match byte {
                START_CRC if variant != Variant::XmodemChecksum => self.check = Check::Crc,
                NAK if !variant.has_header() && variant != Variant::Xmodem1k => self.check = Check::Sum,
                START_STREAMING if variant.has_header() => return Err(Error::StreamingOnly),
                CAN if cancels >= 2 => return Err(Error::PeerCancelled { bytes: 0 }),
                other => {
                    heard.push(other);
                    let surplus = heard.len().saturating_sub(80);
                    heard.drain(..surplus);
                    continue;
                }
            }
            // The request may have been repeated while nobody listened.
            return self.drain();
        }
    }

    /// Whether the unit asks for what comes next in a message of its own, as many do after a header, and before the end
    /// of a batch.
    fn await_request(&mut self, within: Duration) -> Result<bool, Error> {
        let deadline = self.after(within);
        loop {
            match self.answer(deadline, 0)? {
                Answer::Start(_) | Answer::Again => return Ok(true),
                // U-Boot acknowledges an end twice, and anybody a second copy.
                Answer::Good => {}
                Answer::Nothing => return Ok(false),
            }
        }
    }

    fn send_block(&mut self, number: u64, data: &[u8], pad: u8) -> Result<(), Error> {
        let mut frame = std::mem::take(&mut self.frame);
        encode(number as u8, data, pad, self.check, &mut frame);
        let sent = self.send_frame(number, &frame);
        self.frame = frame;
        sent
    }

    fn send_frame(&mut self, number: u64, frame: &[u8]) -> Result<(), Error> {
        let mut silent = Duration::ZERO;
        for attempt in 0..self.options.attempts {
            if attempt > 0 {
                self.sent.repeated += 1;
            } else {
                // An answer that came twice must not count for this block.
                self.drain()?;
            }
            self.write(frame)?;
            let deadline = self.after(self.options.answer_within);
            loop {
                match self.answer(deadline, number)? {
                    Answer::Good => {
                        if attempt > 0 {
                            // A copy may have been taken, too, and its answer must not count for the next block.
                            self.settle()?;
                        }
                        return Ok(());
                    }
                    Answer::Again => break,
                    // The request for the data, later than we waited for it.
                    Answer::Start(START_CRC) if attempt == 0 && number == 1 && !self.is_data_requested => {
                        self.is_data_requested = true;
                    }
                    // U-Boot says `C` where others say NAK.
                    Answer::Start(START_CRC) if self.check == Check::Crc => break,
                    Answer::Start(_) => {}
                    Answer::Nothing => {
                        silent += self.options.answer_within;
                        break;
                    }
                }
            }
        }
        if silent >= self.options.answer_within * self.options.attempts {
            return Err(Error::Silent { block: number, waited: silent });
        }
        Err(Error::BlockFailed { block: number, attempts: self.options.attempts, bytes: self.sent.bytes })
    }

    /// Ends the file, and for YMODEM the batch.
    fn end(&mut self, variant: Variant) -> Result<(), Error> {
        let end = self.after(self.options.end_within);
        loop {
            self.write(&[EOT])?;
            let deadline = self.after(self.options.answer_within).or_earlier(end);
            // Classic receivers refuse the first end, to be sure that it is one; and an answer may get lost.
            if self.answer(deadline, u64::MAX)? == Answer::Good {
                break;
            }
            if end.has_passed(self.link.clock()) {
                return Err(Error::EndNotConfirmed { bytes: self.sent.bytes });
            }
        }
        if variant.has_header() {
            self.end_batch()?;
        }
        Ok(())
    }

    /// The unit has said that it has the file. That no other follows is only a courtesy: many are gone before they
    /// answer it.
    fn end_batch(&mut self) -> Result<(), Error> {
        if !self.await_request(Duration::from_secs(5))? {
            // It may have left after the end already; its shell must not be typed at.
            return Ok(());
        }
        let mut frame = std::mem::take(&mut self.frame);
        encode(0, &[], 0, self.check, &mut frame);
        for _ in 0..3 {
            self.write(&frame)?;
            let deadline = self.after(Duration::from_secs(2));
            match self.answer(deadline, 0) {
                Ok(Answer::Good | Answer::Nothing) => break,
                Ok(Answer::Again | Answer::Start(_)) => {}
                Err(Error::Link { .. } | Error::PeerCancelled { .. }) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The next thing that the unit says which means something.
    fn answer(&mut self, deadline: Deadline, block: u64) -> Result<Answer, Error> {
        let mut cancels = 0;
        let mut noise = 0;
        while let Some(byte) = self.read_byte(deadline)? {
            cancels = if byte == CAN { cancels + 1 } else { 0 };
            match byte {
                ACK => return Ok(Answer::Good),
                NAK => return Ok(Answer::Again),
                START_CRC | START_STREAMING => return Ok(Answer::Start(byte)),
                _ if cancels >= 2 => return Err(Error::PeerCancelled { bytes: self.sent.bytes }),
                _ => {
                    noise += 1;
                    if noise > 64 * 1024 {
                        return Err(Error::Silent { block, waited: self.options.answer_within });
                    }
                }
            }
        }
        Ok(Answer::Nothing)
    }

    /// Reads away what has come already.
    fn drain(&mut self) -> Result<(), Error> {
        let now = Deadline::at(self.link.clock().now());
        for _ in 0..4096 {
            if self.read_byte(now)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Waits a moment for answers that are still on their way, and reads them away.
    fn settle(&mut self) -> Result<(), Error> {
        let deadline = self.after(Duration::from_millis(200));
        for _ in 0..4096 {
            if self.read_byte(deadline)?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn read_byte(&mut self, deadline: Deadline) -> Result<Option<u8>, Error> {
        let mut byte = [0];
        match self.link.read(&mut byte, deadline) {
            Ok(_) => Ok(Some(byte[0])),
            Err(error) if error.is_timeout() => Ok(None),
            Err(error) => Err(Error::link("hear the unit's answer")(error)),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.sent.on_the_line += bytes.len() as u64;
        let deadline = self.after(Duration::from_secs(30));
        self.link.write_all(bytes, deadline).map_err(Error::link("send a block"))
    }

    fn after(&self, span: Duration) -> Deadline {
        Deadline::after(self.link.clock(), span)
    }
}

/// How much of the rest goes into the next block.
fn block_len(variant: Variant, rest: u64) -> usize {
    let long_blocks = matches!(variant, Variant::Xmodem1k | Variant::Ymodem);
    let short_is_better = rest <= (SHORT * MOST_SHORT_AT_END) as u64;
    let most = if long_blocks && !short_is_better { LONG } else { SHORT };
    rest.min(most as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_ends_go_into_short_blocks() {
        assert_eq!(block_len(Variant::Ymodem, 5000), 1024);
        assert_eq!(block_len(Variant::Ymodem, 1000), 1000);
        assert_eq!(block_len(Variant::Ymodem, 384), 128);
        assert_eq!(block_len(Variant::Ymodem, 5), 5);
        assert_eq!(block_len(Variant::XmodemCrc, 5000), 128);
    }
}
