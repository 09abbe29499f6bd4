//! The host's half as receiver.

use std::time::Duration;

use debrick_link::{Deadline, Link};
use debrick_target::Watch;

use crate::Variant;
use crate::device::{Outcome, Receiver};
use crate::error::Error;
use crate::wire::ABORT;

/// How much a receiver takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiveOptions {
    /// The most bytes that are taken.
    pub limit: u64,
}

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Bytes. XMODEM fills the last block up; only YMODEM tells the file's own size.
    pub bytes: u64,
}

/// Receives a file from a unit that sends one, and hands its bytes in order to `keep`.
///
/// Advances `watch` by the bytes kept. When it is asked to stop, the unit is told to leave the transfer.
pub fn receive(
    link: &mut dyn Link,
    variant: Variant,
    options: &ReceiveOptions,
    watch: &mut dyn Watch,
    keep: &mut dyn FnMut(&[u8]),
) -> Result<Received, Error> {
    let mut receiver = Receiver::by_the_book(variant, options.limit);
    let mut out = Vec::new();
    let mut buffer = [0; 2048];
    receiver.start(link.clock().now(), &mut out);
    loop {
        if !out.is_empty() {
            let deadline = Deadline::after(link.clock(), Duration::from_secs(10));
            link.write_all(&out, deadline).map_err(Error::link("answer the unit"))?;
            out.clear();
        }
        for chunk in receiver.take_chunks() {
            keep(&chunk.bytes);
            watch.advance(chunk.bytes.len() as u64);
        }
        match receiver.outcome() {
            Some(Outcome::Complete { bytes }) => return Ok(Received { bytes: *bytes }),
            Some(Outcome::Failed(_)) => break,
            None => {}
        }
        if watch.cancelled() {
            let deadline = Deadline::after(link.clock(), Duration::from_secs(10));
            let _ = link.write_all(&ABORT, deadline);
            return Err(Error::Cancelled);
        }
        let wake = receiver.next_wake().unwrap_or(link.clock().now() + Duration::from_secs(1));
        match link.read(&mut buffer, Deadline::at(wake)) {
            Ok(count) => receiver.on_bytes(&buffer[..count], link.clock().now(), &mut out),
            Err(error) if error.is_timeout() => receiver.tick(link.clock().now().max(wake), &mut out),
            Err(error) => return Err(Error::link("hear the unit")(error)),
        }
    }
    match receiver.into_outcome() {
        Some(Outcome::Failed(error)) => Err(error),
        _ => Err(Error::Cancelled),
    }
}
