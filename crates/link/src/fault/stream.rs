//! Faults on a byte stream.

use std::collections::VecDeque;

use super::{FaultLog, FaultPlan, Injector, StreamFault};
use crate::clock::{Clock, Deadline, Moment};
use crate::direction::Direction;
use crate::error::LinkError;
use crate::stream::Link;

/// A byte stream with faults.
#[derive(Debug)]
pub struct FaultyLink<L> {
    inner: L,
    received: Injector<StreamFault>,
    sent: Injector<StreamFault>,
    /// Bytes that came, in order, each piece with when it may be read.
    coming: VecDeque<(Moment, Vec<u8>)>,
    /// The link ends once everything in `coming` is read.
    cut: bool,
}

impl<L: Link> FaultyLink<L> {
    /// Wraps `inner`; the log counts what fires.
    pub fn new(inner: L, plan: &FaultPlan<StreamFault>) -> (Self, FaultLog<StreamFault>) {
        let log = FaultLog::new(plan.faults.len());
        let received = Injector::new(plan, Direction::Received, &log);
        let sent = Injector::new(plan, Direction::Sent, &log);
        (Self { inner, received, sent, coming: VecDeque::new(), cut: false }, log)
    }

    /// Takes bytes that came from below, with their faults, into `coming`.
    fn take_in(&mut self, bytes: &[u8]) {
        let now = self.inner.clock().now();
        let mut due = self.coming.back().map_or(now, |(due, _)| now.max(*due));
        let mut piece = Vec::with_capacity(bytes.len());
        for byte in bytes {
            match damage(&mut self.received, *byte, now, &mut piece) {
                Next::Go => {}
                Next::Wait(span) => {
                    let before = std::mem::take(&mut piece);
                    // The byte itself is the first of the late ones.
                    let keep = before.len() - span.late_bytes;
                    piece.extend_from_slice(&before[keep..]);
                    self.come(due, before[..keep].to_vec());
                    due = due + span.span;
                }
                Next::LoseRest => break,
                Next::End => {
                    self.cut = true;
                    break;
                }
            }
        }
        self.come(due, piece);
    }

    fn come(&mut self, due: Moment, piece: Vec<u8>) {
        if !piece.is_empty() {
            self.coming.push_back((due, piece));
        }
    }

    fn gone(&self) -> LinkError {
        LinkError::Disconnected { link: self.inner.name().to_owned(), source: None }
    }

    fn timed_out(&self) -> LinkError {
        LinkError::TimedOut { link: self.inner.name().to_owned() }
    }
}

/// How to go on after a byte.
enum Next {
    Go,
    /// The bytes that this byte left come late.
    Wait(Late),
    LoseRest,
    End,
}

struct Late {
    span: std::time::Duration,
    late_bytes: usize,
}

/// Puts what is left of `byte` into `out`.
fn damage(injector: &mut Injector<StreamFault>, byte: u8, now: Moment, out: &mut Vec<u8>) -> Next {
    let mut byte = byte;
    let mut copies = 1;
    let mut delay = None;
    for hit in injector.hits(now) {
        injector.record(&hit);
        match hit.fired.kind {
            StreamFault::Flip => byte ^= 1 << (hit.number % 8),
            StreamFault::Drop => copies = 0,
            StreamFault::Duplicate => copies *= 2,
            StreamFault::Delay(span) => delay = Some(delay.unwrap_or_default() + span),
            StreamFault::Truncate => return Next::LoseRest,
            StreamFault::Cut => return Next::End,
        }
    }
    out.extend(std::iter::repeat_n(byte, copies));
    delay.map_or(Next::Go, |span| Next::Wait(Late { span, late_bytes: copies }))
}

impl<L: Link> Link for FaultyLink<L> {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let now = self.inner.clock().now();
            match self.coming.front_mut() {
                Some((due, piece)) if *due <= now => {
                    let count = buffer.len().min(piece.len());
                    buffer[..count].copy_from_slice(&piece[..count]);
                    piece.drain(..count);
                    if piece.is_empty() {
                        self.coming.pop_front();
                    }
                    return Ok(count);
                }
                Some((due, _)) => {
                    let wake = (*due).min(deadline.moment());
                    if wake <= now {
                        return Err(self.timed_out());
                    }
                    self.inner.clock().sleep(wake.since(now));
                }
                None if self.cut => return Err(self.gone()),
                None => {
                    let mut below = vec![0; buffer.len().min(4096)];
                    let count = self.inner.read(&mut below, deadline)?;
                    self.take_in(&below[..count]);
                    let nothing_left = self.coming.is_empty() && !self.cut;
                    if nothing_left && deadline.has_passed(self.inner.clock()) {
                        return Err(self.timed_out());
                    }
                }
            }
        }
    }

    fn write_all(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), LinkError> {
        if self.cut {
            return Err(self.gone());
        }
        let mut out = Vec::with_capacity(bytes.len());
        for byte in bytes {
            let now = self.inner.clock().now();
            match damage(&mut self.sent, *byte, now, &mut out) {
                Next::Go => {}
                Next::Wait(late) => {
                    let rest = out.split_off(out.len() - late.late_bytes);
                    self.inner.write_all(&out, deadline)?;
                    out = rest;
                    let left = deadline.left(self.inner.clock());
                    self.inner.clock().sleep(late.span.min(left));
                    if late.span > left {
                        return Err(self.timed_out());
                    }
                }
                Next::LoseRest => break,
                Next::End => {
                    self.cut = true;
                    break;
                }
            }
        }
        if !out.is_empty() {
            self.inner.write_all(&out, deadline)?;
        }
        if self.cut { Err(self.gone()) } else { Ok(()) }
    }

    fn set_line_rate(&mut self, bits_per_second: u32) -> Result<(), LinkError> {
        if self.cut {
            return Err(self.gone());
        }
        self.inner.set_line_rate(bits_per_second)
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }

    fn name(&self) -> &str {
        self.inner.name()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::fault::When;
    use crate::testing::{Script, at_ms, read_all, sent_bytes};

    const TEXT: &[u8] = b"0123456789";

    fn plan(direction: Direction, kind: StreamFault, when: When) -> FaultPlan<StreamFault> {
        FaultPlan::seeded(7).with(direction, kind, when)
    }

    /// What comes, and what is sent, of ten digits with a fault on the fifth.
    fn check(kind: StreamFault, expected: &[u8], cuts: bool) {
        let (mut link, log) =
            FaultyLink::new(Script::new(&[(0, TEXT)]), &plan(Direction::Received, kind, When::At(4)));
        assert_eq!(read_all(&mut link, Duration::from_secs(5)), expected, "{kind:?}");
        assert_eq!((log.count(0), log.fired()[0].position), (1, 4));
        let written = link.write_all(TEXT, Deadline::at(at_ms(60_000)));
        assert_eq!(matches!(written, Err(LinkError::Disconnected { .. })), cuts, "{written:?}");

        let script = Script::new(&[]);
        let sent = script.sent.clone();
        let (mut link, log) = FaultyLink::new(script, &plan(Direction::Sent, kind, When::At(4)));
        let (first, second) = TEXT.split_at(2);
        link.write_all(first, Deadline::at(at_ms(60_000))).unwrap();
        let written = link.write_all(second, Deadline::at(at_ms(60_000)));
        assert_eq!(matches!(written, Err(LinkError::Disconnected { .. })), cuts, "{written:?}");
        assert_eq!(sent_bytes(&sent), expected, "{kind:?}");
        assert!(log.all_fired());
        let read = link.read(&mut [0; 4], Deadline::at(at_ms(60_000)));
        assert_eq!(matches!(read, Err(LinkError::Disconnected { .. })), cuts, "{read:?}");
    }

    #[test]
    fn each_fault_does_what_it_says() {
        check(StreamFault::Drop, b"012356789", false);
        check(StreamFault::Duplicate, b"01234456789", false);
        check(StreamFault::Truncate, b"0123", false);
        check(StreamFault::Delay(Duration::from_secs(3)), TEXT, false);
        check(StreamFault::Cut, b"0123", true);
    }

    #[test]
    fn a_flip_is_one_bit() {
        let script = Script::new(&[(0, TEXT)]);
        let (mut link, log) =
            FaultyLink::new(script, &plan(Direction::Received, StreamFault::Flip, When::At(4)));
        let got = read_all(&mut link, Duration::from_secs(1));
        let wrong: u32 = got.iter().zip(TEXT).map(|(one, other)| (one ^ other).count_ones()).sum();
        assert_eq!((wrong, log.total()), (1, 1));
        assert_ne!(got[4], TEXT[4]);
    }

    #[test]
    fn a_delay_holds_back_what_follows_and_keeps_deadlines() {
        let kind = StreamFault::Delay(Duration::from_millis(300));
        let script = Script::new(&[(0, TEXT)]);
        let clock = script.clock.clone();
        let (mut link, _) = FaultyLink::new(script, &plan(Direction::Received, kind, When::At(4)));
        let mut buffer = [0; 16];
        assert_eq!(link.read(&mut buffer, Deadline::at(at_ms(100))).unwrap(), 4);
        assert!(link.read(&mut buffer, Deadline::at(at_ms(100))).unwrap_err().is_timeout());
        assert_eq!(clock.now(), at_ms(100));
        assert_eq!(link.read(&mut buffer, Deadline::at(at_ms(1000))).unwrap(), 6);
        assert_eq!(clock.now(), at_ms(300));

        let script = Script::new(&[]);
        let sent = script.sent.clone();
        let (mut link, _) = FaultyLink::new(script, &plan(Direction::Sent, kind, When::At(4)));
        link.write_all(TEXT, Deadline::at(at_ms(1000))).unwrap();
        assert_eq!(*sent.lock().unwrap(), [(at_ms(0), b"0123".to_vec()), (at_ms(300), b"456789".to_vec())]);
        let (mut link, _) = FaultyLink::new(Script::new(&[]), &plan(Direction::Sent, kind, When::At(4)));
        assert!(link.write_all(TEXT, Deadline::at(at_ms(100))).unwrap_err().is_timeout());
        assert_eq!(link.clock().now(), at_ms(100));
    }

    #[test]
    fn chances_are_met_and_a_babbling_peer_does_not_hold_a_read() {
        let data = vec![0; 100_000];
        let (mut link, log) = FaultyLink::new(
            Script::new(&[(0, &data)]),
            &plan(Direction::Received, StreamFault::Flip, When::Chance(0.01)),
        );
        let got = read_all(&mut link, Duration::from_secs(1));
        let wrong = got.iter().filter(|byte| **byte != 0).count() as u64;
        assert_eq!(wrong, log.total());
        assert!((900..1100).contains(&wrong), "{wrong}");
        assert_eq!(log.fired().len() as u64, wrong.min(1000));

        let all_lost = plan(Direction::Received, StreamFault::Drop, When::Chance(1.0));
        let (mut link, _) = FaultyLink::new(Script::new(&[(0, &data)]), &all_lost);
        assert!(link.read(&mut [0; 16], Deadline::at(at_ms(0))).unwrap_err().is_timeout());
    }

    proptest! {
        #[test]
        fn faults_depend_on_the_seed_and_not_on_the_chunks(
            seed in any::<u64>(),
            data in prop::collection::vec(any::<u8>(), 1..600),
            size in 1usize..50,
        ) {
            let plan = FaultPlan::seeded(seed)
                .with(Direction::Sent, StreamFault::Flip, When::Chance(0.05))
                .with(Direction::Sent, StreamFault::Drop, When::Chance(0.05))
                .with(Direction::Sent, StreamFault::Duplicate, When::Chance(0.05))
                .with(Direction::Sent, StreamFault::Cut, When::Chance(0.001));
            let run = |size: usize| {
                let script = Script::new(&[]);
                let sent = script.sent.clone();
                let (mut link, log) = FaultyLink::new(script, &plan);
                for chunk in data.chunks(size) {
                    if link.write_all(chunk, Deadline::at(at_ms(0))).is_err() {
                        break;
                    }
                }
                (sent_bytes(&sent), log.fired())
            };
            prop_assert_eq!(run(size), run(data.len()));
        }
    }
}
