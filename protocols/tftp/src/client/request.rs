//! The request, repeated until the bootloader's window opens.

use debrick_link::Moment;
use debrick_target::Watch;

use super::ClientOptions;
use super::exchange::{Exchange, Heard};
use crate::error::TftpError;
use crate::wire::{Direction, ErrorCode, MOST_BLOCK_SIZE, Mode, Options, Packet};

/// Requests with options that may go unanswered before every other one is sent without: some loaders answer those only.
const REQUESTS_BEFORE_PLAIN: u32 = 5;

/// What the answer to a request brought.
pub(super) enum First {
    /// DATA 1, as a whole datagram: the server took no options.
    Data(Vec<u8>),
    /// An ACK or OACK.
    Nothing,
}

/// Asks until the server answers; then the exchange knows its port and what was agreed on.
pub(super) fn request(
    exchange: &mut Exchange,
    direction: Direction,
    ask: Options,
    options: &ClientOptions,
    watch: &mut dyn Watch,
) -> Result<First, TftpError> {
    let mut buffer = vec![0; 4 + usize::from(MOST_BLOCK_SIZE)];
    let began = exchange.now();
    let mut asking = Asking { direction, ask, plain_only: ask.is_empty(), requests: 0, next: began };
    loop {
        let now = exchange.now();
        if watch.cancelled() {
            return Err(TftpError::Cancelled);
        }
        let waited = now.since(began);
        if waited >= options.answer_within {
            return Err(TftpError::NoAnswer { peer: exchange.server, requests: asking.requests, waited });
        }
        if now >= asking.next {
            asking.send(exchange);
            asking.next = now + options.request_every;
        }
        let until = asking.next.min(began + options.answer_within);
        // Until the first answer the exchange takes packets from every port of the server.
        let count = match exchange.receive(&mut buffer, until) {
            Ok(Heard::Packet(count)) => count,
            Ok(Heard::Nothing) => continue,
            Err(TftpError::Refused { code, .. }) if asking.may_be_about_options(code) => {
                asking.plain_only = true;
                asking.next = exchange.now();
                continue;
            }
            Err(error) => return Err(error),
        };
        if let Some(first) = asking.on_answer(exchange, &buffer[..count])? {
            exchange.began = exchange.now();
            return Ok(first);
        }
    }
}

struct Asking {
    direction: Direction,
    ask: Options,
    plain_only: bool,
    requests: u32,
    next: Moment,
}

impl Asking {
    fn send(&mut self, exchange: &mut Exchange) {
        self.requests += 1;
        let plain =
            self.plain_only || self.requests > REQUESTS_BEFORE_PLAIN && self.requests.is_multiple_of(2);
        let request = Packet::Request {
            direction: self.direction,
            name: exchange.name.as_str().into(),
            mode: Mode::Octet,
            options: if plain { Options::default() } else { self.ask },
        };
        exchange.send(&request.to_bytes());
    }

    /// Loaders that know no options say so with these numbers, if they say anything.
    fn may_be_about_options(&self, code: ErrorCode) -> bool {
        !self.plain_only && [ErrorCode::UNDEFINED, ErrorCode::ILLEGAL, ErrorCode::OPTIONS].contains(&code)
    }

    fn on_answer(&self, exchange: &mut Exchange, datagram: &[u8]) -> Result<Option<First>, TftpError> {
        let first = match (self.direction, Packet::parse(datagram)) {
            (_, Ok(Packet::OptionAck { options })) => {
                self.check(exchange, &options)?;
                exchange.agreed = options;
                First::Nothing
            }
            (Direction::Write, Ok(Packet::Ack { block: 0 })) => First::Nothing,
            (Direction::Read, Ok(Packet::Data { block: 1, .. })) => First::Data(datagram.to_vec()),
            // Left over from a transfer before this one.
            _ => return Ok(None),
        };
        exchange.peer = exchange.last_from;
        Ok(Some(first))
    }

    /// What was agreed on must not exceed what was asked for (RFC 2347).
    fn check(&self, exchange: &mut Exchange, agreed: &Options) -> Result<(), TftpError> {
        let too_large = agreed.block_size > self.ask.block_size || agreed.window_size > self.ask.window_size;
        let other_time = agreed.timeout_s.is_some() && agreed.timeout_s != self.ask.timeout_s;
        if !too_large && !other_time {
            return Ok(());
        }
        exchange.peer = exchange.last_from;
        exchange.send_error(ErrorCode::OPTIONS, "that was not asked for");
        let what = format!("agreed to options that were not asked for: {agreed:?}");
        Err(TftpError::Protocol { peer: exchange.peer, what })
    }
}
