//! The device halves: a unit that announces itself, and a console that goes over the network.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_link::Moment;
use debrick_link::simulated::{Channel, Device, Input, Output};

/// A unit that says something by itself, or when it is asked.
#[derive(Debug, Clone)]
pub struct Announcer {
    /// Where it speaks from; questions come to this port.
    pub from: SocketAddr,
    /// Whom it speaks to.
    pub to: SocketAddr,
    /// What it says.
    pub payload: Vec<u8>,
    /// When it speaks by itself for the first time; `None` where it waits to be asked.
    pub next: Option<Moment>,
    /// Time between its words.
    pub every: Duration,
    /// How often it still speaks by itself.
    pub times: u32,
    /// The question that it answers.
    pub question: Option<Vec<u8>>,
}

impl Announcer {
    /// OpenWrt's words, once a second for as long as the window for failsafe is open.
    pub fn failsafe(from: SocketAddr, to: SocketAddr, first: Moment, seconds: u32) -> Self {
        Self {
            from,
            to,
            payload: crate::failsafe::WORDS.into(),
            next: Some(first),
            every: Duration::from_secs(1),
            times: seconds,
            question: None,
        }
    }

    /// A unit that answers a question, to whoever asks.
    pub fn answering(from: SocketAddr, question: &[u8], payload: Vec<u8>) -> Self {
        Self {
            from,
            to: from,
            payload,
            next: None,
            every: Duration::from_secs(60),
            times: 0,
            question: Some(question.to_vec()),
        }
    }
}

impl Device for Announcer {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        if let Input::Datagram { from, to, payload } = input
            && to.port() == self.from.port()
            && self.question.as_deref() == Some(payload)
        {
            out.push(Output::Datagram { from: self.from, to: from, payload: self.payload.clone() });
        }
        while self.times > 0
            && let Some(at) = self.next
            && at <= now
        {
            self.times -= 1;
            self.next = Some(at + self.every);
            out.push(Output::Datagram { from: self.from, to: self.to, payload: self.payload.clone() });
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        self.next.filter(|_| self.times > 0)
    }
}

/// Most bytes of a packet of the console. U-Boot sends what it has at hand.
const PIECE: usize = 128;

/// A device whose console goes over the network: as U-Boot's does once `stdin` and `stdout` are `nc`.
#[derive(Debug)]
pub struct OverNetwork<D> {
    /// The device.
    pub device: D,
    unit: SocketAddr,
    host: SocketAddr,
    /// Packets that are lost on their way out, by their numbers from 0.
    losses: VecDeque<u64>,
    sent: u64,
    lost: u64,
}

impl<D: Device> OverNetwork<D> {
    /// The console of `device` speaks from `unit` to `host`, and takes what comes to `unit`.
    pub fn new(device: D, unit: SocketAddr, host: SocketAddr) -> Self {
        Self { device, unit, host, losses: VecDeque::new(), sent: 0, lost: 0 }
    }

    /// Loses the packets with these numbers, in rising order.
    pub fn losing(mut self, numbers: &[u64]) -> Self {
        self.losses = numbers.iter().copied().collect();
        self
    }

    /// How many packets were lost.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    fn carry(&mut self, outputs: Vec<Output>, out: &mut Vec<Output>) {
        for output in outputs {
            let Output::Bytes(Channel::Console, bytes) = output else {
                out.push(output);
                continue;
            };
            for piece in bytes.chunks(PIECE) {
                let number = self.sent;
                self.sent += 1;
                if self.losses.front() == Some(&number) {
                    self.losses.pop_front();
                    self.lost += 1;
                    continue;
                }
                out.push(Output::Datagram { from: self.unit, to: self.host, payload: piece.to_vec() });
            }
        }
    }
}

impl<D: Device> Device for OverNetwork<D> {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        let mut outputs = Vec::new();
        match input {
            Input::Datagram { to, payload, .. } if to == self.unit => {
                self.device.handle(Input::Bytes(Channel::Console, payload), now, &mut outputs);
            }
            other => self.device.handle(other, now, &mut outputs),
        }
        self.carry(outputs, out);
    }

    fn next_wake(&self) -> Option<Moment> {
        self.device.next_wake()
    }

    fn carrier(&self, now: Moment) -> bool {
        self.device.carrier(now)
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        let mut addresses = self.device.addresses();
        if let IpAddr::V4(unit) = self.unit.ip()
            && !addresses.contains(&unit)
        {
            addresses.push(unit);
        }
        addresses
    }
}
