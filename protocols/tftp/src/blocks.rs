//! The sliding window of RFC 7440 as two pure counters, one for each end. A window of 1 is plain RFC 1350.
//!
//! Blocks are counted in 64 bits here; only [`Rollover`] knows that the wire has 16.

/// What follows block 65535 on the wire. No RFC says; 0 is what almost everybody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Rollover {
    /// 65535 is followed by 0.
    #[default]
    ToZero,
    /// 65535 is followed by 1.
    ToOne,
}

impl Rollover {
    /// The number of a block on the wire.
    pub(crate) fn number(self, block: u64) -> u16 {
        match self {
            Self::ToZero => (block & 0xffff) as u16,
            Self::ToOne if block == 0 => 0,
            Self::ToOne => ((block - 1) % 0xffff + 1) as u16,
        }
    }

    /// The first block from `base` on that has `number` on the wire.
    fn at_or_after(self, base: u64, number: u16) -> Option<u64> {
        match self {
            Self::ToZero => Some(base + u64::from(number.wrapping_sub(self.number(base)))),
            Self::ToOne if base == 0 => Some(u64::from(number)),
            Self::ToOne if number == 0 => None,
            Self::ToOne => Some(base + (u64::from(number) + 0xffff - u64::from(self.number(base))) % 0xffff),
        }
    }
}

/// What an ACK means to a sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnAck {
    /// The last block has arrived.
    Finished,
    /// New blocks have arrived, and more may be sent.
    Progress,
    /// The receiver misses a block; the window is sent again.
    Again,
    /// Nothing: a duplicate (answering those would double every packet from there on, the "Sorcerer's Apprentice"), or
    /// a number that was never sent.
    Nothing,
}

/// The sending end: which blocks to send.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    length: u64,
    block_size: u16,
    window: u16,
    rollover: Rollover,
    /// Blocks up to this one have arrived.
    acked: u64,
    /// Blocks up to this one have been sent.
    sent: u64,
    /// The block behind which a window was sent again without waiting for the clock.
    again_from: Option<u64>,
}

impl Sender {
    pub(crate) fn new(length: u64, block_size: u16, window: u16, rollover: Rollover) -> Self {
        Self {
            length,
            block_size: block_size.max(1),
            window: window.max(1),
            rollover,
            acked: 0,
            sent: 0,
            again_from: None,
        }
    }

    /// The last block; it is always shorter than the others, and may be empty.
    fn last(&self) -> u64 {
        self.length / u64::from(self.block_size) + 1
    }

    /// The next block to send, if the window has room: its number on the wire, its offset and length in the file.
    pub(crate) fn next(&mut self) -> Option<(u16, u64, usize)> {
        if self.sent >= self.last() || self.sent >= self.acked + u64::from(self.window) {
            return None;
        }
        let offset = self.sent * u64::from(self.block_size);
        self.sent += 1;
        let count = (self.length - offset).min(u64::from(self.block_size));
        Some((self.rollover.number(self.sent), offset, count as usize))
    }

    /// Takes an ACK.
    pub(crate) fn on_ack(&mut self, number: u16) -> OnAck {
        match self.rollover.at_or_after(self.acked, number) {
            Some(block) if block > self.acked && block <= self.sent => {
                self.acked = block;
                // An ACK inside the window says that what follows it was lost (RFC 7440, section 4).
                self.sent = block;
                if block == self.last() { OnAck::Finished } else { OnAck::Progress }
            }
            Some(block)
                if block == self.acked
                    && self.window > 1
                    && self.sent > block
                    && self.again_from != Some(block) =>
            {
                self.again_from = Some(block);
                self.sent = block;
                OnAck::Again
            }
            _ => OnAck::Nothing,
        }
    }

    /// Time is up: what was not acknowledged is sent again.
    pub(crate) fn rewind(&mut self) {
        self.sent = self.acked;
    }

    /// Bytes that have arrived for certain.
    pub(crate) fn bytes_acked(&self) -> u64 {
        (self.acked * u64::from(self.block_size)).min(self.length)
    }

    /// Whether every block has been sent at least once.
    pub(crate) fn all_sent(&self) -> bool {
        self.sent >= self.last()
    }

    /// Whether any ACK of a block has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.acked > 0
    }
}

/// What a DATA packet means to a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnData {
    /// The next bytes of the file, which belong at `offset`.
    Next {
        /// Where.
        offset: u64,
        /// Whether an ACK is due.
        ack: bool,
        /// Whether the file is complete.
        last: bool,
    },
    /// Not needed, but the sender must be told where we are.
    Ack,
    /// Nothing to do.
    Nothing,
    /// Longer than the agreed block.
    TooLong,
}

/// The receiving end: which blocks are next.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    block_size: u16,
    window: u16,
    /// `None` until the sender has shown it.
    rollover: Option<Rollover>,
    received: u64,
    bytes: u64,
    unacked: u16,
    gap_told: bool,
    finished: bool,
    /// Whether a repeated last block is acknowledged again, as RFC 1350 wants it and U-Boot does not.
    acks_duplicates: bool,
}

impl Receiver {
    pub(crate) fn new(block_size: u16, window: u16, acks_duplicates: bool) -> Self {
        Self {
            block_size,
            window: window.max(1),
            rollover: None,
            received: 0,
            bytes: 0,
            unacked: 0,
            gap_told: false,
            finished: false,
            acks_duplicates,
        }
    }

    /// Takes a DATA packet of `count` bytes.
    pub(crate) fn on_data(&mut self, number: u16, count: usize) -> OnData {
        let rollover = self.rollover.unwrap_or_default();
        if self.finished {
            let repeated = number == self.ack_number() && self.acks_duplicates;
            return if repeated { OnData::Ack } else { OnData::Nothing };
        }
        if self.is_next(number) {
            return self.take(count);
        }
        match rollover.at_or_after(self.received, number) {
            Some(block) if block == self.received && block > 0 && self.acks_duplicates => OnData::Ack,
            Some(block) if block > self.received && block <= self.received + u64::from(self.window) => {
                // One ACK tells of the gap; one for each block behind it would flood the sender.
                self.unacked = 0;
                if std::mem::replace(&mut self.gap_told, true) { OnData::Nothing } else { OnData::Ack }
            }
            _ => OnData::Nothing,
        }
    }

    fn is_next(&mut self, number: u16) -> bool {
        let next = self.received + 1;
        // In lock-step nothing can have been lost between 65535 and what follows it, so the sender's way shows.
        if next == 0x1_0000 && self.rollover.is_none() && self.window == 1 {
            self.rollover = match number {
                0 => Some(Rollover::ToZero),
                1 => Some(Rollover::ToOne),
                _ => None,
            };
        }
        number == self.rollover.unwrap_or_default().number(next)
    }

    fn take(&mut self, count: usize) -> OnData {
        if count > usize::from(self.block_size) {
            return OnData::TooLong;
        }
        let offset = self.bytes;
        self.received += 1;
        self.bytes += count as u64;
        self.gap_told = false;
        self.unacked += 1;
        self.finished = count < usize::from(self.block_size);
        let ack = self.finished || self.unacked >= self.window;
        if ack {
            self.unacked = 0;
        }
        OnData::Next { offset, ack, last: self.finished }
    }

    /// What an ACK says now: the last block that came in order.
    pub(crate) fn ack_number(&self) -> u16 {
        self.rollover.unwrap_or_default().number(self.received)
    }

    /// Bytes that came in order.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Blocks that came in order.
    pub(crate) fn blocks(&self) -> u64 {
        self.received
    }

    /// Whether the file is complete.
    pub(crate) fn finished(&self) -> bool {
        self.finished
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send_all(sender: &mut Sender) -> Vec<u16> {
        std::iter::from_fn(|| sender.next()).map(|(number, ..)| number).collect()
    }

    #[test]
    fn numbers_roll_over() {
        for (rollover, expected) in
            [(Rollover::ToZero, [0, 1, 65535, 0, 1]), (Rollover::ToOne, [0, 1, 65535, 1, 2])]
        {
            assert_eq!([0, 1, 65535, 65536, 65537].map(|block| rollover.number(block)), expected);
            for block in [0, 1, 2, 65534, 65535, 65536, 65537, 131_069, 131_070, 131_071, 131_072, 1 << 33] {
                for ahead in [0, 1, 15, 1024] {
                    let number = rollover.number(block + ahead);
                    assert_eq!(
                        rollover.at_or_after(block, number),
                        Some(block + ahead),
                        "{rollover:?} {block}"
                    );
                }
            }
        }
    }

    #[test]
    fn lock_step_ignores_duplicates() {
        let mut sender = Sender::new(1024, 512, 1, Rollover::ToZero);
        assert_eq!(sender.next(), Some((1, 0, 512)));
        assert_eq!(sender.next(), None);
        assert_eq!(sender.on_ack(0), OnAck::Nothing);
        assert_eq!(sender.on_ack(2), OnAck::Nothing, "never sent");
        assert_eq!(sender.on_ack(1), OnAck::Progress);
        assert_eq!(sender.next(), Some((2, 512, 512)));
        assert_eq!(sender.on_ack(1), OnAck::Nothing);
        assert_eq!(sender.on_ack(2), OnAck::Progress);
        assert_eq!(sender.next(), Some((3, 1024, 0)), "a whole number of blocks ends with an empty one");
        assert!(sender.all_sent());
        assert_eq!(sender.bytes_acked(), 1024);
        assert_eq!(sender.on_ack(3), OnAck::Finished);
    }

    #[test]
    fn a_window_goes_on_from_the_last_ack() {
        let mut sender = Sender::new(80, 8, 4, Rollover::ToZero);
        assert_eq!(send_all(&mut sender), [1, 2, 3, 4]);
        assert_eq!(sender.on_ack(2), OnAck::Progress);
        assert_eq!(send_all(&mut sender), [3, 4, 5, 6]);
        assert_eq!(sender.on_ack(2), OnAck::Again);
        assert_eq!(send_all(&mut sender), [3, 4, 5, 6]);
        assert_eq!(sender.on_ack(2), OnAck::Nothing, "once only; then it is the clock's turn");
        sender.rewind();
        assert_eq!(send_all(&mut sender), [3, 4, 5, 6]);
        assert_eq!(sender.on_ack(6), OnAck::Progress);
        assert_eq!(send_all(&mut sender), [7, 8, 9, 10]);
        assert_eq!(sender.on_ack(10), OnAck::Progress);
        assert_eq!(send_all(&mut sender), [11]);
        assert_eq!(sender.on_ack(11), OnAck::Finished);
    }

    #[test]
    fn a_receiver_asks_once_for_what_is_missing() {
        let mut receiver = Receiver::new(8, 4, true);
        assert_eq!(receiver.on_data(1, 8), OnData::Next { offset: 0, ack: false, last: false });
        assert_eq!(receiver.on_data(3, 8), OnData::Ack);
        assert_eq!(receiver.ack_number(), 1);
        assert_eq!(receiver.on_data(4, 8), OnData::Nothing);
        assert_eq!(receiver.on_data(2, 8), OnData::Next { offset: 8, ack: false, last: false });
        assert_eq!(receiver.on_data(1, 8), OnData::Nothing);
        assert_eq!(receiver.on_data(2, 8), OnData::Ack);
        assert_eq!(receiver.on_data(3, 9), OnData::TooLong);
        assert_eq!(receiver.on_data(3, 3), OnData::Next { offset: 16, ack: true, last: true });
        assert_eq!(receiver.on_data(3, 3), OnData::Ack);
        assert_eq!((receiver.bytes(), receiver.finished()), (19, true));
    }

    #[test]
    fn a_receiver_finds_out_how_numbers_roll_over() {
        for (rollover, seen) in [(Rollover::ToZero, Rollover::ToZero), (Rollover::ToOne, Rollover::ToOne)] {
            let mut receiver = Receiver::new(8, 1, true);
            for block in 1..200_000 {
                let taken = receiver.on_data(rollover.number(block), 8);
                assert_eq!(taken, OnData::Next { offset: (block - 1) * 8, ack: true, last: false });
            }
            assert_eq!(receiver.rollover, Some(seen));
        }
    }
}
