//! Faults on datagrams.

use std::net::SocketAddr;
use std::time::Duration;

use super::{DatagramFault, FaultLog, FaultPlan, Injector};
use crate::clock::{Clock, Deadline, Moment};
use crate::datagram::Datagrams;
use crate::direction::Direction;
use crate::error::LinkError;

/// How long a reordered datagram waits for one that could overtake it.
const REORDER_TIME: Duration = Duration::from_millis(200);

/// How many datagrams are held back in one direction; more are let go early.
const MOST_HELD: usize = 256;

/// Largest datagram there is (RFC 768: a length of 16 bits).
const MOST_DATAGRAM_BYTES: usize = 65_535;

/// A datagram socket with faults.
///
/// What is held back on its way out leaves during later calls, since nothing here runs on its own.
#[derive(Debug)]
pub struct FaultyDatagrams<D> {
    inner: D,
    received: Way,
    sent: Way,
    cut: bool,
}

/// One direction.
#[derive(Debug)]
struct Way {
    injector: Injector<DatagramFault>,
    /// In the order in which they are let go when due at the same time.
    held: Vec<Held>,
}

#[derive(Debug)]
struct Held {
    payload: Vec<u8>,
    peer: SocketAddr,
    due: Moment,
    /// Also goes right after the next datagram.
    until_next: bool,
}

impl<D: Datagrams> FaultyDatagrams<D> {
    /// Wraps `inner`; the log counts what fires.
    pub fn new(inner: D, plan: &FaultPlan<DatagramFault>) -> (Self, FaultLog<DatagramFault>) {
        let log = FaultLog::new(plan.faults.len());
        let way = |direction| Way { injector: Injector::new(plan, direction, &log), held: Vec::new() };
        let (received, sent) = (way(Direction::Received), way(Direction::Sent));
        (Self { inner, received, sent, cut: false }, log)
    }

    /// Sends what is due.
    fn send_due(&mut self) -> Result<(), LinkError> {
        while let Some(datagram) = self.sent.pop_due(self.inner.clock().now()) {
            self.inner.send(&datagram.payload, datagram.peer)?;
        }
        Ok(())
    }

    fn gone(&self) -> LinkError {
        LinkError::Disconnected { link: self.inner.name().to_owned(), source: None }
    }
}

impl Way {
    /// Takes a datagram with its faults; true when the socket is cut.
    fn take(&mut self, payload: &[u8], peer: SocketAddr, now: Moment) -> bool {
        let mut payload = payload.to_vec();
        let mut copies = 1;
        let mut due = now;
        let mut until_next = false;
        for hit in self.injector.hits(now) {
            match hit.fired.kind {
                DatagramFault::Corrupt | DatagramFault::Truncate if payload.is_empty() => continue,
                DatagramFault::Corrupt => {
                    let index = (hit.number >> 3) % payload.len() as u64;
                    payload[index as usize] ^= 1 << (hit.number % 8);
                }
                DatagramFault::Truncate => payload.truncate((hit.number % payload.len() as u64) as usize),
                DatagramFault::Drop => copies = 0,
                DatagramFault::Duplicate => copies *= 2,
                DatagramFault::Reorder => until_next = true,
                DatagramFault::Delay(span) => due = due + span,
                DatagramFault::Cut => {
                    self.injector.record(&hit);
                    return true;
                }
            }
            self.injector.record(&hit);
        }
        // Whoever waited for the next datagram goes right after this one, unless this one waits too.
        let overtaken = if until_next || copies == 0 || due > now { Vec::new() } else { self.overtaken(now) };
        let due = if until_next { due.max(now + REORDER_TIME) } else { due };
        let copy = || Held { payload: payload.clone(), peer, due, until_next };
        self.held.extend(std::iter::repeat_with(copy).take(copies));
        self.held.extend(overtaken);
        if self.held.len() > MOST_HELD {
            self.held[0].due = now;
        }
        false
    }

    /// Takes out what waited for the next datagram.
    fn overtaken(&mut self, now: Moment) -> Vec<Held> {
        let mut overtaken: Vec<Held> = self.held.extract_if(.., |held| held.until_next).collect();
        for held in &mut overtaken {
            held.due = now;
            held.until_next = false;
        }
        overtaken
    }

    fn pop_due(&mut self, now: Moment) -> Option<Held> {
        let (index, due) = self
            .held
            .iter()
            .enumerate()
            .map(|(index, held)| (index, held.due))
            .min_by_key(|(_, due)| *due)?;
        (due <= now).then(|| self.held.remove(index))
    }

    fn next_due(&self) -> Option<Moment> {
        self.held.iter().map(|held| held.due).min()
    }
}

impl<D: Datagrams> Datagrams for FaultyDatagrams<D> {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError> {
        let mut below = vec![0; MOST_DATAGRAM_BYTES];
        loop {
            self.send_due()?;
            let now = self.inner.clock().now();
            if let Some(datagram) = self.received.pop_due(now) {
                let count = buffer.len().min(datagram.payload.len());
                buffer[..count].copy_from_slice(&datagram.payload[..count]);
                return Ok((count, datagram.peer));
            }
            if self.cut {
                return Err(self.gone());
            }
            let wake = [self.received.next_due(), self.sent.next_due()].into_iter().flatten().min();
            let until = wake.map_or(deadline, |wake| Deadline::at(wake).or_earlier(deadline));
            match self.inner.receive(&mut below, until) {
                Ok((count, from)) => {
                    let now = self.inner.clock().now();
                    self.cut |= self.received.take(&below[..count], from, now);
                    let nothing_due = self.received.next_due().is_none_or(|due| due > now);
                    if nothing_due && !self.cut && deadline.moment() <= now {
                        return Err(LinkError::TimedOut { link: self.inner.name().to_owned() });
                    }
                }
                Err(error) if error.is_timeout() && until < deadline => {}
                Err(error) if error.is_timeout() => {
                    // The deadline; something may be due at that very moment.
                    let now = self.inner.clock().now();
                    if self.received.next_due().is_none_or(|due| due > now) {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), LinkError> {
        if self.cut {
            return Err(self.gone());
        }
        self.send_due()?;
        let now = self.inner.clock().now();
        if self.sent.take(datagram, to, now) {
            self.cut = true;
            return Err(self.gone());
        }
        self.send_due()
    }

    fn local_address(&self) -> SocketAddr {
        self.inner.local_address()
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
    use proptest::prelude::*;

    use super::*;
    use crate::fault::When;
    use crate::testing::{DatagramScript, PEER, at_ms};

    /// What arrives of five datagrams, one a millisecond, with their times.
    fn received(plan: &FaultPlan<DatagramFault>) -> (Vec<(u64, Vec<u8>)>, FaultLog<DatagramFault>) {
        let script = DatagramScript::new(&[(0, b"aa"), (1, b"bb"), (2, b"cc"), (3, b"dd"), (4, b"ee")]);
        let (mut socket, log) = FaultyDatagrams::new(script, plan);
        let mut got = Vec::new();
        let mut buffer = [0; 16];
        while let Ok((count, from)) = socket.receive(&mut buffer, Deadline::at(at_ms(5000))) {
            assert_eq!(from, PEER);
            let ms = socket.clock().now().since_start().as_millis() as u64;
            got.push((ms, buffer[..count].to_vec()));
        }
        (got, log)
    }

    fn check(kind: DatagramFault, at: u64, expected: &[(u64, &[u8])]) {
        let (got, log) = received(&FaultPlan::seeded(1).with(Direction::Received, kind, When::At(at)));
        let expected: Vec<_> = expected.iter().map(|(ms, payload)| (*ms, payload.to_vec())).collect();
        assert_eq!(got, expected, "{kind:?}");
        assert_eq!(log.total(), 1);
    }

    #[test]
    fn each_fault_does_what_it_says() {
        let [a, b, c, d, e]: [&[u8]; 5] = [b"aa", b"bb", b"cc", b"dd", b"ee"];
        check(DatagramFault::Drop, 1, &[(0, a), (2, c), (3, d), (4, e)]);
        check(DatagramFault::Duplicate, 1, &[(0, a), (1, b), (1, b), (2, c), (3, d), (4, e)]);
        check(DatagramFault::Reorder, 1, &[(0, a), (2, c), (2, b), (3, d), (4, e)]);
        check(DatagramFault::Reorder, 4, &[(0, a), (1, b), (2, c), (3, d), (204, e)]);
        let delay = DatagramFault::Delay(Duration::from_millis(2));
        check(delay, 1, &[(0, a), (2, c), (3, b), (3, d), (4, e)]);
        check(DatagramFault::Cut, 1, &[(0, a)]);
    }

    #[test]
    fn damage_is_one_bit_or_a_lost_end() {
        for seed in 0..50 {
            let plan = |kind| FaultPlan::seeded(seed).with(Direction::Received, kind, When::At(0));
            let (got, _) = received(&plan(DatagramFault::Corrupt));
            let wrong: u32 = got[0].1.iter().zip(b"aa").map(|(one, other)| (one ^ other).count_ones()).sum();
            assert_eq!((got[0].1.len(), wrong), (2, 1));
            let (got, _) = received(&plan(DatagramFault::Truncate));
            assert!(got[0].1.len() < 2 && b"aa".starts_with(&got[0].1));
        }
    }

    #[test]
    fn what_is_sent_is_hit_too() {
        let script = DatagramScript::new(&[]);
        let (clock, sent) = (script.clock.clone(), script.sent.clone());
        let plan = FaultPlan::seeded(1)
            .with(Direction::Sent, DatagramFault::Reorder, When::At(0))
            .with(Direction::Sent, DatagramFault::Delay(Duration::from_millis(50)), When::At(2))
            .with(Direction::Sent, DatagramFault::Cut, When::At(3));
        let (mut socket, log) = FaultyDatagrams::new(script, &plan);
        for payload in [b"a", b"b", b"c"] {
            socket.send(payload, PEER).unwrap();
        }
        assert!(socket.receive(&mut [0; 4], Deadline::at(at_ms(80))).unwrap_err().is_timeout());
        assert_eq!(clock.now(), at_ms(80));
        let expected = [(at_ms(0), b"b".to_vec()), (at_ms(0), b"a".to_vec()), (at_ms(50), b"c".to_vec())];
        assert_eq!(*sent.lock().unwrap(), expected);
        for _ in 0..2 {
            let error = socket.send(b"d", PEER).unwrap_err();
            assert!(matches!(error, LinkError::Disconnected { .. }), "{error:?}");
        }
        assert!(log.all_fired());
    }

    proptest! {
        #[test]
        fn nothing_is_invented_and_the_same_seed_does_the_same(seed in any::<u64>()) {
            let plan = FaultPlan::seeded(seed)
                .with(Direction::Received, DatagramFault::Drop, When::Chance(0.2))
                .with(Direction::Received, DatagramFault::Duplicate, When::Chance(0.2))
                .with(Direction::Received, DatagramFault::Reorder, When::Chance(0.3))
                .with(Direction::Received, DatagramFault::Delay(Duration::from_millis(3)), When::Chance(0.2));
            let (got, log) = received(&plan);
            prop_assert_eq!(&received(&plan).0, &got);
            let lost = log.fired().iter().filter(|fired| fired.kind == DatagramFault::Drop).count();
            let doubled = log.fired().iter().filter(|fired| fired.kind == DatagramFault::Duplicate).count();
            prop_assert!(got.len() >= 5 - lost && got.len() <= 5 - lost + doubled);
        }
    }
}
