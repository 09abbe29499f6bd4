//! Holds a byte stream to the pace of a serial line: ten bits a byte, each direction on its own wire.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::{Clock, Deadline, Moment};
use crate::error::LinkError;
use crate::stream::Link;

/// A start bit, eight data bits, a stop bit.
const BITS_IN_BYTE: u64 = 10;

/// How much of a long write goes out at once: short enough that the other side sees a steady stream.
const SLICE: Duration = Duration::from_millis(5);

/// How long a read waits to collect bytes, so that it does not wake for each one.
const COLLECT: Duration = Duration::from_millis(1);

/// The most that is made up for: a link below that stalls must not be followed by a burst.
const MOST_OVERSLEPT: Duration = Duration::from_millis(50);

/// How many bytes may be on the wire towards the host; more wait in the link below.
const MOST_ON_WIRE: usize = 64 * 1024;

/// A link whose bytes take the time that they would take on a serial line.
///
/// A write returns when its last byte is over; a byte is read when its last bit has come.
#[derive(Debug)]
pub struct Paced<L> {
    inner: L,
    rate: u64,
    follows: bool,
    to_unit: Wire,
    to_host: Wire,
    /// Bytes on the wire towards the host, in order.
    coming: VecDeque<u8>,
    /// What the link below failed with while bytes were still coming.
    failure: Option<LinkError>,
}

/// One direction of the line.
#[derive(Debug, Default)]
struct Wire {
    /// When its last byte is over.
    free_at: Moment,
    /// By how much the end of the last byte was overslept; the next byte may begin that much earlier.
    overslept: Duration,
}

impl<L: Link> Paced<L> {
    /// Paces `inner` at a line rate in bits a second, at least 1. A change of the line rate goes to `inner` only.
    pub fn new(inner: L, bits_per_second: u32) -> Self {
        Self {
            inner,
            rate: u64::from(bits_per_second.max(1)),
            follows: false,
            to_unit: Wire::default(),
            to_host: Wire::default(),
            coming: VecDeque::new(),
            failure: None,
        }
    }

    /// From now on a change of the line rate changes the pace too; it succeeds even where `inner` has no line rate.
    pub fn following_line_rate(mut self) -> Self {
        self.follows = true;
        self
    }

    fn time_of(&self, bytes: usize) -> Duration {
        let nanos = u128::from(BITS_IN_BYTE) * bytes as u128 * 1_000_000_000 / u128::from(self.rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many bytes pass in `span`.
    fn bytes_in(&self, span: Duration) -> usize {
        let bytes = span.as_nanos() * u128::from(self.rate) / (1_000_000_000 * u128::from(BITS_IN_BYTE));
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// Takes what has come below onto the wire, without waiting.
    fn take_over(&mut self) {
        let mut buffer = [0; 4096];
        while self.failure.is_none() && self.coming.len() < MOST_ON_WIRE {
            let now = Deadline::at(self.inner.clock().now());
            match self.inner.read(&mut buffer, now) {
                Ok(count) => self.put_on_wire(&buffer[..count]),
                Err(error) if error.is_timeout() => return,
                Err(error) => self.failure = Some(error),
            }
        }
    }

    fn put_on_wire(&mut self, bytes: &[u8]) {
        let begin = self.to_host.next_begin(self.inner.clock().now());
        self.to_host.free_at = begin + self.time_of(bytes.len());
        self.coming.extend(bytes);
    }

    /// How many of the coming bytes are over at `now`.
    fn come_by(&self, now: Moment) -> usize {
        let still_on_wire = self.to_host.free_at.since(now);
        // Rounded up: a byte whose last bit is on the wire has not come.
        let bits = still_on_wire.as_nanos() * u128::from(self.rate);
        let bytes = bits.div_ceil(1_000_000_000 * u128::from(BITS_IN_BYTE));
        self.coming.len().saturating_sub(usize::try_from(bytes).unwrap_or(usize::MAX))
    }

    fn timed_out(&self) -> LinkError {
        LinkError::TimedOut { link: self.inner.name().to_owned() }
    }
}

impl Wire {
    /// When the next byte may begin: now, unless the wire is busy; what the clock overslept is made up for.
    fn next_begin(&mut self, now: Moment) -> Moment {
        let idle = now.since(self.free_at);
        let overslept = std::mem::take(&mut self.overslept);
        self.free_at + idle.saturating_sub(overslept)
    }
}

fn sleep_until(clock: &dyn Clock, moment: Moment) {
    let left = moment.since(clock.now());
    if left > Duration::ZERO {
        clock.sleep(left);
    }
}

impl<L: Link> Link for Paced<L> {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            self.take_over();
            let now = self.inner.clock().now();
            let come = self.come_by(now).min(buffer.len());
            if come > 0 {
                for (slot, byte) in buffer.iter_mut().zip(self.coming.drain(..come)) {
                    *slot = byte;
                }
                return Ok(come);
            }
            if self.coming.is_empty() {
                if let Some(error) = self.failure.take() {
                    return Err(error);
                }
                let mut below = [0; 4096];
                let count = self.inner.read(&mut below, deadline)?;
                self.put_on_wire(&below[..count]);
                continue;
            }
            if deadline.has_passed(self.inner.clock()) {
                return Err(self.timed_out());
            }
            let wanted = buffer.len().min(self.coming.len()).min(self.bytes_in(COLLECT).max(1));
            let rest = self.coming.len() - wanted;
            let begins = self.to_host.free_at.since_start().saturating_sub(self.time_of(rest));
            // A nanosecond more than the division left off, so that the byte is over at the end of the sleep.
            let over = Moment::from_start(begins + Duration::from_nanos(1));
            sleep_until(self.inner.clock(), over.min(deadline.moment()));
        }
    }

    fn write_all(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), LinkError> {
        let slice = self.bytes_in(SLICE).max(1);
        self.take_over();
        for part in bytes.chunks(slice) {
            let begin = self.to_unit.next_begin(self.inner.clock().now());
            let over = begin + self.time_of(part.len());
            if over > deadline.moment() {
                sleep_until(self.inner.clock(), deadline.moment());
                return Err(self.timed_out());
            }
            sleep_until(self.inner.clock(), over);
            self.to_unit.free_at = over;
            self.inner.write_all(part, deadline)?;
            // The other wire did not rest meanwhile.
            self.take_over();
            // Neither what the clock overslept nor what the link below took is idle time of the wire.
            self.to_unit.overslept = self.inner.clock().now().since(over).min(MOST_OVERSLEPT);
        }
        Ok(())
    }

    fn set_line_rate(&mut self, bits_per_second: u32) -> Result<(), LinkError> {
        let result = self.inner.set_line_rate(bits_per_second);
        if !self.follows {
            return result;
        }
        match result {
            Ok(()) | Err(LinkError::Unsupported { .. }) => {
                // What is still coming was sent at the old rate; its end stays where it is.
                self.rate = u64::from(bits_per_second.max(1));
                Ok(())
            }
            Err(error) => Err(error),
        }
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
    use crate::testing::{Script, at_ms, read_all, sent_bytes};

    const RATES: [u32; 5] = [9_600, 57_600, 115_200, 921_600, 3_000_000];

    fn check_time(took: Duration, bytes: usize, rate: u32) {
        let expected = bytes as f64 * 10.0 / f64::from(rate);
        let error = (took.as_secs_f64() - expected).abs() / expected;
        assert!(error < 0.01, "{rate}: {took:?} instead of {expected} s");
    }

    #[test]
    fn both_directions_keep_the_rate() {
        let data: Vec<u8> = (0..100 * 1024).map(|i| (i * 7) as u8).collect();
        for rate in RATES {
            let script = Script::new(&[]);
            let (clock, sent) = (script.clock.clone(), script.sent.clone());
            let mut link = Paced::new(script, rate);
            link.write_all(&data, Deadline::after(&clock, Duration::from_secs(3600))).unwrap();
            check_time(clock.now().since_start(), data.len(), rate);
            assert_eq!(sent_bytes(&sent), data);

            let script = Script::new(&[(0, &data)]);
            let clock = script.clock.clone();
            let mut link = Paced::new(script, rate);
            let mut got = Vec::new();
            let mut buffer = [0; 512];
            while got.len() < data.len() {
                let count = link.read(&mut buffer, Deadline::after(&clock, Duration::from_secs(1))).unwrap();
                got.extend_from_slice(&buffer[..count]);
            }
            check_time(clock.now().since_start(), data.len(), rate);
            assert_eq!(got, data);
        }
    }

    #[test]
    fn each_direction_has_its_own_wire() {
        let data = [0x55; 1000];
        let script = Script::new(&[(0, &data)]);
        let clock = script.clock.clone();
        let mut link = Paced::new(script, 10_000);
        link.write_all(&data, Deadline::at(at_ms(1000))).unwrap();
        assert_eq!(clock.now(), at_ms(1000));
        assert_eq!(link.read(&mut [0; 2000], Deadline::at(at_ms(1000))).unwrap(), 1000);
    }

    #[test]
    fn an_idle_line_earns_no_credit() {
        let script = Script::new(&[]);
        let clock = script.clock.clone();
        let mut link = Paced::new(script, 1_000);
        for round in 0..3u64 {
            let begin = clock.now();
            link.write_all(&[0; 10], Deadline::after(&clock, Duration::from_secs(1))).unwrap();
            assert_eq!(clock.now().since(begin), Duration::from_millis(100), "{round}");
            clock.advance(Duration::from_secs(5));
        }
    }

    #[test]
    fn deadlines_hold_on_a_slow_line() {
        let script = Script::new(&[(0, b"ab")]);
        let clock = script.clock.clone();
        let mut link = Paced::new(script, 1_000);
        let mut buffer = [0; 4];
        assert!(link.read(&mut buffer, Deadline::at(at_ms(9))).unwrap_err().is_timeout());
        assert_eq!(clock.now(), at_ms(9));
        assert_eq!(link.read(&mut buffer, Deadline::at(at_ms(15))).unwrap(), 1);
        assert_eq!(clock.now().since_start().as_millis(), 10);
        // It came while nobody looked.
        clock.advance_to(at_ms(30));
        assert_eq!(link.read(&mut buffer, Deadline::at(at_ms(5))).unwrap(), 1);

        assert!(link.write_all(&[0; 100], Deadline::at(at_ms(500))).unwrap_err().is_timeout());
        assert_eq!(clock.now(), at_ms(500));
    }

    #[test]
    fn the_end_comes_after_the_last_byte() {
        let mut link = Paced::new(Script::new(&[(0, b"abc")]).ending(), 1_000);
        assert_eq!(read_all(&mut link, Duration::from_secs(1)), b"abc");
        let error = link.read(&mut [0; 4], Deadline::at(at_ms(10_000))).unwrap_err();
        assert!(matches!(error, LinkError::Disconnected { .. }), "{error:?}");
    }

    #[test]
    fn the_pace_follows_the_line_rate_when_asked() {
        for (follows, expected_ms) in [(false, 100), (true, 10)] {
            let script = Script::new(&[]);
            let clock = script.clock.clone();
            let link = Paced::new(script, 1_000);
            let mut link = if follows { link.following_line_rate() } else { link };
            link.set_line_rate(10_000).unwrap();
            assert_eq!(link.inner.rates, [10_000]);
            link.write_all(&[0; 10], Deadline::at(at_ms(1000))).unwrap();
            assert_eq!(clock.now(), at_ms(expected_ms));
        }
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_early_or_reordered(
            rate in 300u32..2_000_000,
            chunks in prop::collection::vec((0u64..2000, prop::collection::vec(any::<u8>(), 1..50)), 0..20),
            sizes in prop::collection::vec(1usize..40, 1..10),
        ) {
            let mut at = 0;
            let incoming: Vec<_> = chunks.iter().map(|(gap, bytes)| { at += gap; (at, bytes.as_slice()) }).collect();
            let all: Vec<u8> = chunks.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
            let script = Script::new(&incoming);
            let clock = script.clock.clone();
            let mut link = Paced::new(script, rate);
            let mut got = Vec::new();
            for size in sizes.iter().cycle() {
                let mut buffer = vec![0; *size];
                match link.read(&mut buffer, Deadline::after(&clock, Duration::from_secs(5))) {
                    Ok(count) => got.extend_from_slice(&buffer[..count]),
                    Err(_) => break,
                }
                let earliest = got.len() as f64 * 10.0 / f64::from(rate);
                prop_assert!(clock.now().since_start().as_secs_f64() >= earliest - 1e-6);
            }
            prop_assert_eq!(got, all);
        }
    }
}
