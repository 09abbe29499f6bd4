//! Between plain blocking code and a library of futures.
//!
//! The library's tasks live on a runtime of the calling thread, which runs only inside [`Bridge::drive`]: tasks run until
//! none of them can go on, what they wrote is sent over the link, and then the link is read, with a deadline. So the only
//! place where anything waits is a call of the link, as in every other protocol; there is no second thread.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use debrick_link::{Clock, Deadline, Link, LinkError};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::runtime::{Builder, Runtime};

/// Bytes that may be on their way between library and link, in each direction.
const PIPE: usize = 256 * 1024;

/// The longest single wait for the link, after which somebody may have asked to stop.
const LOOK_AROUND: Duration = Duration::from_millis(50);

/// How often tasks get a turn without moving anything before nothing more is expected of them. A runtime lets everything
/// that can run do so between two turns; the rest is margin, and costs microseconds.
const QUIET_TURNS: u32 = 4;

/// How long to rest where the library does not take what came.
const REST: Duration = Duration::from_millis(2);

/// The link, and the runtime that the library's tasks run on.
pub(crate) struct Bridge {
    runtime: Runtime,
    near: DuplexStream,
    link: Box<dyn Link>,
    /// What the link brought, and the library did not take yet.
    incoming: Vec<u8>,
    /// Why the link is gone, once it is.
    gone: Option<LinkError>,
}

/// Why a future was left before its end.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The deadline passed.
    TimedOut,
    /// Somebody asked to stop.
    Cancelled,
    /// The link is gone, and the future does not end by itself.
    Gone(LinkError),
}

impl Bridge {
    /// A bridge over `link`, and the stream that the library is to be given.
    pub(crate) fn over(link: Box<dyn Link>) -> io::Result<(Self, DuplexStream)> {
        // The timer is for the library's renewal of keys after an hour; deadlines are the link's.
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let (near, far) = tokio::io::duplex(PIPE);
        Ok((Self { runtime, near, link, incoming: Vec::new(), gone: None }, far))
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.link.clock()
    }

    /// Why the link is gone, if it is.
    pub(crate) fn take_gone(&mut self) -> Option<LinkError> {
        self.gone.take()
    }

    /// Runs `future` to its end, and everything that it waits for.
    pub(crate) fn drive<T>(
        &mut self,
        future: impl Future<Output = T>,
        deadline: Deadline,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<T, Stopped> {
        let Self { runtime, near, link, incoming, gone } = self;
        runtime.block_on(async {
            let mut future = pin!(future);
            let mut quiet = 0;
            loop {
                if let Poll::Ready(result) = look(|context| future.as_mut().poll(context)).await {
                    // What the last turn wrote is sent, too: a request to close, for example.
                    tokio::task::yield_now().await;
                    if gone.is_none()
                        && let Err(error) = send(near, &mut **link, deadline).await
                    {
                        *gone = Some(error);
                    }
                    return Ok(result);
                }
                tokio::task::yield_now().await;
                let mut moved = false;
                if gone.is_none() {
                    match send(near, &mut **link, deadline).await {
                        Ok(sent) => moved |= sent,
                        Err(error) if error.is_timeout() => return Err(Stopped::TimedOut),
                        Err(error) => *gone = Some(error),
                    }
                }
                moved |= deliver(near, incoming).await;
                quiet = if moved { 0 } else { quiet + 1 };
                if quiet < QUIET_TURNS {
                    continue;
                }
                if cancelled() {
                    return Err(Stopped::Cancelled);
                }
                if deadline.has_passed(link.clock()) {
                    return Err(Stopped::TimedOut);
                }
                if !incoming.is_empty() {
                    link.clock().sleep(REST);
                    continue;
                }
                if let Some(error) = gone.take() {
                    return Err(Stopped::Gone(error));
                }
                match receive(&mut **link, incoming, deadline) {
                    Ok(()) => quiet = 0,
                    Err(error) if error.is_timeout() => {}
                    Err(error) => {
                        // The library sees an end of its stream, and tells what it thinks of that.
                        *gone = Some(error);
                        let _ = look(|context| Pin::new(&mut *near).poll_shutdown(context)).await;
                        quiet = 0;
                    }
                }
            }
        })
    }
}

/// One look at something that may not be ready; never waits.
async fn look<T>(mut at: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
    std::future::poll_fn(|context| Poll::Ready(at(context))).await
}

/// Sends what the library wrote. Says whether there was anything.
async fn send(near: &mut DuplexStream, link: &mut dyn Link, deadline: Deadline) -> Result<bool, LinkError> {
    let mut buffer = vec![0; PIPE];
    let mut sent = false;
    loop {
        let mut part = ReadBuf::new(&mut buffer);
        match look(|context| Pin::new(&mut *near).poll_read(context, &mut part)).await {
            Poll::Ready(Ok(())) if !part.filled().is_empty() => link.write_all(part.filled(), deadline)?,
            _ => return Ok(sent),
        }
        sent = true;
    }
}

/// Hands on what came, as far as the library takes it. Says whether it took anything.
async fn deliver(near: &mut DuplexStream, incoming: &mut Vec<u8>) -> bool {
    if incoming.is_empty() {
        return false;
    }
    match look(|context| Pin::new(&mut *near).poll_write(context, incoming)).await {
        Poll::Ready(Ok(count)) if count > 0 => {
            incoming.drain(..count);
            true
        }
        // The library has hung up; nobody will take the rest.
        Poll::Ready(_) => {
            incoming.clear();
            true
        }
        Poll::Pending => false,
    }
}

fn receive(link: &mut dyn Link, incoming: &mut Vec<u8>, deadline: Deadline) -> Result<(), LinkError> {
    let mut buffer = [0; 64 * 1024];
    let until = Deadline::after(link.clock(), LOOK_AROUND).or_earlier(deadline);
    let count = link.read(&mut buffer, until)?;
    incoming.extend_from_slice(&buffer[..count]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use debrick_link::simulated::{Device, Input, Output, World};
    use debrick_link::{Moment, Network, VirtualClock};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Sends back what it gets, and hangs up behind so many bytes.
    struct Echo {
        left: usize,
    }

    impl Device for Echo {
        fn handle(&mut self, input: Input<'_>, _now: Moment, out: &mut Vec<Output>) {
            if let Input::Bytes(channel, bytes) = input {
                let count = bytes.len().min(self.left);
                self.left -= count;
                out.push(Output::Bytes(channel, bytes[..count].to_vec()));
                if self.left == 0 {
                    out.push(Output::Closed(channel));
                }
            }
        }

        fn next_wake(&self) -> Option<Moment> {
            None
        }
    }

    const SOON: Duration = Duration::from_secs(5);

    fn echo(left: usize) -> (Bridge, DuplexStream, World<Echo>) {
        let world = World::new(Echo { left }, VirtualClock::new());
        let mut network = world.network();
        let deadline = Deadline::after(network.clock(), SOON);
        let link = network.connect_stream(SocketAddr::from(([10, 0, 0, 1], 22)), deadline).unwrap();
        let (bridge, far) = Bridge::over(link).unwrap();
        (bridge, far, world)
    }

    fn drive<T>(bridge: &mut Bridge, future: impl Future<Output = T>) -> Result<T, Stopped> {
        let deadline = Deadline::after(bridge.clock(), SOON);
        bridge.drive(future, deadline, &|| false)
    }

    #[test]
    fn more_than_the_pipe_holds_goes_both_ways_at_once() {
        let (mut bridge, far, _world) = echo(usize::MAX);
        let sent: Vec<u8> = (0..3_000_000u32).map(|i| (i / 7) as u8).collect();
        let (mut reader, mut writer) = tokio::io::split(far);
        let mut back = vec![0; sent.len()];
        let both = async {
            let write = writer.write_all(&sent);
            let read = reader.read_exact(&mut back);
            let (written, read) = tokio::join!(write, read);
            written.and(read.map(|_| ()))
        };
        drive(&mut bridge, both).unwrap().unwrap();
        assert_eq!(back, sent);
    }

    #[test]
    fn silence_ends_with_the_deadline() {
        let (mut bridge, mut far, _world) = echo(usize::MAX);
        let before = bridge.clock().now();
        let mut buffer = [0; 4];
        assert!(matches!(drive(&mut bridge, far.read(&mut buffer)), Err(Stopped::TimedOut)));
        assert_eq!(bridge.clock().now().since(before), SOON);
        // What was left is not lost for the next one.
        let answer = async {
            far.write_all(b"ping").await?;
            far.read_exact(&mut buffer).await
        };
        drive(&mut bridge, answer).unwrap().unwrap();
        assert_eq!(&buffer, b"ping");
    }

    #[test]
    fn somebody_may_ask_to_stop() {
        let (mut bridge, mut far, _world) = echo(usize::MAX);
        let deadline = Deadline::after(bridge.clock(), SOON);
        let looks = std::cell::Cell::new(0);
        let cancelled = || {
            looks.set(looks.get() + 1);
            looks.get() > 3
        };
        let result = bridge.drive(far.read_u8(), deadline, &cancelled);
        assert!(matches!(result, Err(Stopped::Cancelled)), "{result:?}");
        assert!(!deadline.has_passed(bridge.clock()));
    }

    #[test]
    fn a_peer_that_hangs_up_is_an_end_of_the_stream_and_then_told() {
        let (mut bridge, mut far, _world) = echo(6);
        let mut back = Vec::new();
        let both = async {
            far.write_all(b"more than six").await?;
            far.read_to_end(&mut back).await
        };
        drive(&mut bridge, both).unwrap().unwrap();
        assert_eq!(back, b"more t");
        assert!(matches!(bridge.take_gone(), Some(LinkError::Disconnected { .. })));
        // Where the library does not end by itself, the loss ends the call.
        let (mut bridge, mut far, _world) = echo(1);
        drive(&mut bridge, far.write_all(b"x")).unwrap().unwrap();
        let result = drive(&mut bridge, std::future::pending::<()>());
        assert!(matches!(result, Err(Stopped::Gone(_))), "{result:?}");
    }
}
