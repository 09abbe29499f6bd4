//! The host's sender against the device's receiver, on a virtual clock, over clean, paced and faulty lines.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::time::Duration;

use debrick_link::fault::{FaultPlan, FaultyLink, StreamFault, When};
use debrick_link::pace::Paced;
use debrick_link::simulated::{Channel, Device, Input, Output, World};
use debrick_link::{Clock, Link, Moment, Rng, VirtualClock};
use debrick_target::{Silent, Watch};
use debrick_xymodem::device::{Outcome, Receiver};
use debrick_xymodem::{Error, SendOptions, Variant, send};

/// A unit that does nothing but receive.
struct Unit {
    receiver: Receiver,
    data: Vec<u8>,
}

impl Unit {
    fn new(variant: Variant) -> Self {
        Self { receiver: Receiver::new(variant, 64 << 20), data: Vec::new() }
    }
}

impl Device for Unit {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        let mut bytes = Vec::new();
        match input {
            Input::Bytes(Channel::Console, sent) => self.receiver.on_bytes(sent, now, &mut bytes),
            Input::Tick if self.receiver.next_wake().is_none() => self.receiver.start(now, &mut bytes),
            Input::Tick => self.receiver.tick(now, &mut bytes),
            _ => {}
        }
        for chunk in self.receiver.take_chunks() {
            assert_eq!(chunk.offset, self.data.len() as u64);
            self.data.extend(chunk.bytes);
        }
        if !bytes.is_empty() {
            out.push(Output::Bytes(Channel::Console, bytes));
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        match self.receiver.outcome() {
            Some(_) => None,
            None => Some(self.receiver.next_wake().unwrap_or_default()),
        }
    }
}

fn content(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    Rng::new(size as u64).fill(&mut bytes);
    bytes
}

/// Whether `got` is `sent`, but for the padding that XMODEM cannot tell from data.
fn is_same(variant: Variant, sent: &[u8], got: &[u8]) -> bool {
    match variant {
        Variant::Ymodem => got == sent,
        _ => {
            got.starts_with(sent)
                && got[sent.len()..].iter().all(|byte| *byte == 0x1A)
                && got.len() - sent.len() < 1024
        }
    }
}

#[test]
fn every_variant_carries_every_size() {
    for variant in [Variant::XmodemChecksum, Variant::XmodemCrc, Variant::Xmodem1k, Variant::Ymodem] {
        for size in [1, 127, 128, 129, 384, 385, 1023, 1024, 1025, 5000, 300_064] {
            let world = World::new(Unit::new(variant), VirtualClock::new());
            let data = content(size);
            let sent =
                send(&mut world.console(), variant, "fw.bin", &data, &SendOptions::default(), &mut Silent)
                    .unwrap();
            assert_eq!((sent.bytes, sent.repeated), (size as u64, 0));
            world.with_device(|unit| {
                assert!(is_same(variant, &data, &unit.data), "{variant:?} {size}");
                assert!(matches!(unit.receiver.outcome(), Some(Outcome::Complete { .. })));
            });
        }
    }
}

#[test]
fn the_line_is_used_to_96_percent() {
    let world = World::new(Unit::new(Variant::Ymodem), VirtualClock::new());
    let mut line = Paced::new(world.console(), 115_200);
    let data = content(1 << 20);
    send(&mut line, Variant::Ymodem, "fw.bin", &data, &SendOptions::default(), &mut Silent).unwrap();
    let took = world.clock().now().since_start().as_secs_f64();
    let ideal = data.len() as f64 * 10.0 / 115_200.0;
    assert!(ideal / took >= 0.96, "{:.1} % of the line rate", 100.0 * ideal / took);
}

#[test]
fn a_line_that_damages_loses_and_doubles_bytes_delivers_all_or_says_so() {
    let mut fired = [0; 3];
    let (mut delivered, mut refused) = (0, 0);
    for seed in 0..60 {
        let world = World::new(Unit::new(Variant::Ymodem), VirtualClock::new());
        let chance = When::Chance(if seed % 3 == 0 { 0.002 } else { 0.0002 });
        let plan = FaultPlan::seeded(seed)
            .with(debrick_link::Direction::Sent, StreamFault::Flip, chance)
            .with(debrick_link::Direction::Sent, StreamFault::Drop, chance)
            .with(debrick_link::Direction::Sent, StreamFault::Duplicate, chance);
        let (mut line, log) = FaultyLink::new(world.console(), &plan);
        let data = content(20_000);
        let result = send(&mut line, Variant::Ymodem, "fw.bin", &data, &SendOptions::default(), &mut Silent);
        for (count, index) in fired.iter_mut().zip(0..) {
            *count += log.count(index);
        }
        match result {
            Ok(_) => {
                delivered += 1;
                world.with_device(|unit| assert_eq!(unit.data, data, "seed {seed}"));
            }
            Err(error) => {
                refused += 1;
                let known = matches!(
                    error,
                    Error::BlockFailed { .. }
                        | Error::Silent { .. }
                        | Error::PeerCancelled { .. }
                        | Error::EndNotConfirmed { .. }
                );
                assert!(known, "seed {seed}: {error}");
            }
        }
    }
    assert!(fired.iter().all(|count| *count > 0), "{fired:?}");
    assert!(delivered >= 30, "{delivered} delivered, {refused} refused");
}

#[test]
fn lost_answers_do_not_double_or_drop_a_block() {
    let mut fired = 0;
    for seed in 0..40 {
        let world = World::new(Unit::new(Variant::Ymodem), VirtualClock::new());
        let plan = FaultPlan::seeded(seed).with(
            debrick_link::Direction::Received,
            StreamFault::Drop,
            When::Chance(0.05),
        );
        let (mut line, log) = FaultyLink::new(world.console(), &plan);
        let data = content(30_000);
        let result = send(&mut line, Variant::Ymodem, "fw.bin", &data, &SendOptions::default(), &mut Silent);
        fired += log.total();
        if result.is_ok() {
            world.with_device(|unit| assert_eq!(unit.data, data, "seed {seed}"));
        }
    }
    assert!(fired > 0);
}

#[test]
fn nobody_asks() {
    struct Mute;
    impl Device for Mute {
        fn handle(&mut self, _: Input<'_>, _: Moment, _: &mut Vec<Output>) {}
        fn next_wake(&self) -> Option<Moment> {
            None
        }
    }
    let world = World::new(Mute, VirtualClock::new());
    let error =
        send(&mut world.console(), Variant::Ymodem, "x", &content(10), &SendOptions::default(), &mut Silent);
    assert!(matches!(error, Err(Error::NoStart { .. })));
    assert_eq!(world.clock().now().since_start(), Duration::from_secs(30));
}

#[test]
fn stopping_tells_the_unit() {
    struct After(u64);
    impl Watch for After {
        fn advance(&mut self, bytes: u64) {
            self.0 = self.0.saturating_sub(bytes);
        }
        fn cancelled(&self) -> bool {
            self.0 == 0
        }
    }
    let world = World::new(Unit::new(Variant::Ymodem), VirtualClock::new());
    let data = content(100_000);
    let stopped =
        send(&mut world.console(), Variant::Ymodem, "x", &data, &SendOptions::default(), &mut After(10_000));
    assert!(matches!(stopped, Err(Error::Cancelled)));
    world.with_device(|unit| {
        assert!(matches!(unit.receiver.outcome(), Some(Outcome::Failed(Error::PeerCancelled { .. }))));
    });
}

#[test]
fn the_unit_follows_the_line_rate_and_back() {
    use debrick_xymodem::rate_switch::{back_to_console_rate, to_transfer_rate};
    /// Understands, and is understood, only at its own rate.
    struct Rates {
        world: World<Scripted>,
        inner: debrick_link::simulated::SimulatedStream<Scripted>,
        rate: u32,
    }
    struct Scripted {
        rate: u32,
        keys: Vec<u8>,
        said: u32,
    }
    impl Device for Scripted {
        fn handle(&mut self, input: Input<'_>, _: Moment, out: &mut Vec<Output>) {
            let mut say = |text: &str| out.push(Output::Bytes(Channel::Console, text.into()));
            match input {
                Input::Tick => {
                    self.said += 1;
                    say("## Switch baudrate to 921600 bps and press ENTER ...\r\n");
                    self.rate = 921_600;
                }
                Input::Bytes(_, bytes) => {
                    self.keys.extend(bytes);
                    if bytes.contains(&b'\r') {
                        say("\r\n## Switch baudrate to 115200 bps and press ESC ...\r\n");
                        self.rate = 115_200;
                    }
                }
                _ => {}
            }
        }
        fn next_wake(&self) -> Option<Moment> {
            (self.said == 0).then(Moment::default)
        }
    }
    impl Link for Rates {
        fn read(
            &mut self,
            buffer: &mut [u8],
            deadline: debrick_link::Deadline,
        ) -> Result<usize, debrick_link::LinkError> {
            self.inner.read(buffer, deadline)
        }
        fn write_all(
            &mut self,
            bytes: &[u8],
            deadline: debrick_link::Deadline,
        ) -> Result<(), debrick_link::LinkError> {
            if self.world.with_device(|unit| unit.rate) == self.rate {
                return self.inner.write_all(bytes, deadline);
            }
            Ok(())
        }
        fn set_line_rate(&mut self, rate: u32) -> Result<(), debrick_link::LinkError> {
            self.rate = rate;
            Ok(())
        }
        fn clock(&self) -> &dyn Clock {
            self.inner.clock()
        }
        fn name(&self) -> &str {
            "rates"
        }
    }
    let world = World::new(Scripted { rate: 115_200, keys: vec![], said: 0 }, VirtualClock::new());
    let mut line = Rates { inner: world.console(), world: world.clone(), rate: 115_200 };
    to_transfer_rate(&mut line, 921_600).unwrap();
    back_to_console_rate(&mut line, 115_200).unwrap();
    assert_eq!(world.with_device(|unit| unit.keys.clone()), b"\r\x1b");
    assert!(matches!(to_transfer_rate(&mut line, 57_600), Err(Error::NoRateOffer { .. })));
}
