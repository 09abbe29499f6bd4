//! A connection to an SSH server: key exchange, login, commands. Plain calls with deadlines; the futures of the library
//! that speaks SSH run inside them (see `bridge`).
//!
//! A session belongs to one thread of plain code. It must not be used from inside an asynchronous runtime.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use debrick_link::{Clock, Deadline, Link, LinkError, Network};
use debrick_target::Source;
use russh::client::{self, Handle, Msg};
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Disconnect, Sig};

use crate::access::{Fingerprint, HostKey, Login};
use crate::algorithms::{Negotiated, Offer, kind_in_words};
use crate::bridge::{Bridge, Stopped};
use crate::caller::{Caller, Notes};
use crate::error::SshError;
use crate::login::{Admission, admit};
use crate::shell::{Ended, Shell, Streams};

/// The port of SSH (RFC 4253, 4).
pub const PORT: u16 = 22;

/// How much is sent at a time, in bytes.
const PIECE: usize = 32 * 1024;

/// How long a command that is given up has to end, and the server to hear a goodbye.
const FAREWELL: Duration = Duration::from_secs(1);

/// How often a channel is opened for a command that the server does not take before it closes the channel.
const MOST_OPENINGS: u32 = 3;

/// Whom to expect at an address, and who wants in.
#[derive(Debug, Clone)]
pub struct Door {
    /// The unit's host key; `None` until somebody said which it is.
    pub pin: Option<Fingerprint>,
    /// Who wants in.
    pub login: Login,
}

/// A connection on which somebody is logged in.
pub struct Session {
    handle: Handle<Caller>,
    bridge: Bridge,
    notes: Notes,
    host_key: HostKey,
    negotiated: Negotiated,
    name: String,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, host_key, negotiated, .. } = self;
        out.debug_struct("Session")
            .field("name", name)
            .field("host_key", host_key)
            .field("negotiated", negotiated)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Connects and logs in. Modern algorithms are offered first; old ones on a second connection, where the server
    /// shares none of the modern ones.
    ///
    /// Where no key is pinned, [`SshError::HostKeyUnknown`] tells the key that the server showed: nothing else was sent,
    /// and it is the caller's decision whether to call again with it pinned. Where a password is wanted and none is given,
    /// [`SshError::PasswordNeeded`].
    pub fn connect(
        network: &mut dyn Network,
        address: SocketAddr,
        door: &Door,
        deadline: Deadline,
    ) -> Result<Self, SshError> {
        Self::reach(&mut || network.connect_stream(address, deadline), &address.to_string(), door, deadline)
    }

    /// As [`Session::connect`], over links that `open` makes; `address` is for messages.
    pub fn reach(
        open: &mut dyn FnMut() -> Result<Box<dyn Link>, LinkError>,
        address: &str,
        door: &Door,
        deadline: Deadline,
    ) -> Result<Self, SshError> {
        let mut attempt = |offer| {
            let link =
                open().map_err(|source| SshError::Unreachable { address: address.to_owned(), source })?;
            Self::over(link, door, offer, deadline)
        };
        match attempt(Offer::Modern) {
            Err(SshError::NoCommonAlgorithm { .. }) => attempt(Offer::Old),
            other => other,
        }
    }

    /// As [`Session::connect`], over a link that is already there, with one offer.
    pub fn over(
        link: Box<dyn Link>,
        door: &Door,
        offer: Offer,
        deadline: Deadline,
    ) -> Result<Self, SshError> {
        let name = link.name().to_owned();
        let (mut bridge, far) = Bridge::over(link).map_err(|source| SshError::Runtime { source })?;
        let notes = Notes::default();
        let caller = Caller { notes: notes.clone(), pin: door.pin.clone(), offer };
        let config = Arc::new(client::Config {
            client_id: russh::SshId::Standard("SSH-2.0-debrick".into()),
            preferred: offer.preferred(),
            ..client::Config::default()
        });
        let connecting = client::connect_stream(config, far, caller);
        let operation = "agree on keys";
        let handle = match bridge.drive(connecting, deadline, &|| false) {
            Ok(Ok(handle)) => handle,
            Ok(Err(error)) => return Err(refused_keys(error, &mut bridge, &notes, door, &name)),
            Err(stopped) => return Err(stopped.into_error(operation)),
        };
        let (host_key, negotiated) =
            notes.with(|seen| seen.host_key.clone().zip(seen.negotiated.clone())).ok_or_else(|| {
                SshError::Protocol { operation: operation.into(), source: "no host key was shown".into() }
            })?;
        let mut session = Self { handle, bridge, notes, host_key, negotiated, name };
        session.log_in(&door.login, deadline)?;
        Ok(session)
    }

    /// The unit's host key; it is the one that was pinned.
    pub fn host_key(&self) -> &HostKey {
        &self.host_key
    }

    /// What both sides agreed on; whether old algorithms had to be used.
    pub fn negotiated(&self) -> &Negotiated {
        &self.negotiated
    }

    /// What the server showed before the login; often nothing.
    pub fn banner(&self) -> String {
        self.notes.with(|seen| seen.banner.clone())
    }

    /// Says goodbye. A session that is dropped hangs up without a word.
    pub fn close(mut self) {
        let deadline = Deadline::after(self.bridge.clock(), FAREWELL);
        let farewell = self.handle.disconnect(Disconnect::ByApplication, "", "en");
        // The session is over, whether the unit heard it or not.
        let _ = self.bridge.drive(farewell, deadline, &|| false);
    }

    fn log_in(&mut self, login: &Login, deadline: Deadline) -> Result<(), SshError> {
        let Self { handle, bridge, negotiated, .. } = self;
        let offer = negotiated.offer;
        let result = bridge.drive(admit(handle, login, offer), deadline, &|| false);
        let is_closed = self.handle.is_closed();
        match result {
            Ok(Ok(Admission::Granted)) => Ok(()),
            Ok(Ok(_)) if is_closed => Err(self.failure("log in", russh::Error::Disconnect)),
            Ok(Ok(Admission::PasswordNeeded)) => Err(SshError::PasswordNeeded { user: login.user.clone() }),
            Ok(Ok(Admission::Denied(methods))) => Err(SshError::Denied { user: login.user.clone(), methods }),
            Ok(Err(error)) => Err(self.failure("log in", error)),
            Err(stopped) => Err(stopped.into_error("log in")),
        }
    }

    /// What the library's error means here.
    fn failure(&mut self, operation: &str, error: russh::Error) -> SshError {
        let operation = operation.to_owned();
        if let Some(source) = self.bridge.take_gone() {
            return SshError::Link { operation, source };
        }
        let farewell = self.notes.with(|seen| seen.farewell.clone());
        let is_closed = self.handle.is_closed();
        match error {
            russh::Error::Disconnect
            | russh::Error::HUP
            | russh::Error::SendError
            | russh::Error::RecvError => SshError::Closed { operation, reason: farewell },
            _ if is_closed && farewell.is_some() => SshError::Closed { operation, reason: farewell },
            error => SshError::Protocol { operation, source: Box::new(error) },
        }
    }

    fn stopped(&mut self, operation: &str, stopped: Stopped) -> SshError {
        match (stopped, self.bridge.take_gone()) {
            (Stopped::TimedOut | Stopped::Cancelled, Some(source)) => {
                SshError::Link { operation: operation.to_owned(), source }
            }
            (stopped, _) => stopped.into_error(operation),
        }
    }

    /// Ends a command that nobody waits for any more: its input ends, it is asked to end, and what it still says is thrown
    /// away until it does. dropbear (seen in 2022.83) closes a channel that is opened while another one ends, so that
    /// closing at once would cost the next command.
    fn give_up(&mut self, mut reading: ChannelReadHalf, writing: &ChannelWriteHalf<Msg>) {
        let asking = async {
            writing.eof().await?;
            writing.signal(Sig::TERM).await?;
            while !matches!(reading.wait().await, None | Some(ChannelMsg::Close)) {}
            Ok::<_, russh::Error>(())
        };
        let deadline = Deadline::after(self.bridge.clock(), FAREWELL);
        if matches!(self.bridge.drive(asking, deadline, &|| false), Ok(Ok(()))) {
            return;
        }
        let closing = async {
            writing.close().await?;
            self.handle.send_ping().await
        };
        let deadline = Deadline::after(self.bridge.clock(), FAREWELL);
        // Where even that is not heard, the connection is of no use any more, and the next call says so.
        let _ = self.bridge.drive(closing, deadline, &|| false);
    }

    /// Runs a command once. `None` where the server closed the channel before it took the command.
    fn attempt_run(
        &mut self,
        command: &str,
        streams: &mut Streams<'_>,
        deadline: Deadline,
    ) -> Result<Option<Ended>, SshError> {
        let operation = format!("run {command:?}");
        let opening = async {
            let channel: Channel<Msg> = self.handle.channel_open_session().await?;
            channel.exec(true, command).await?;
            Ok::<_, russh::Error>(channel.split())
        };
        let (mut reading, writing) = match self.bridge.drive(opening, deadline, &|| false) {
            Ok(Ok(halves)) => halves,
            Ok(Err(russh::Error::ChannelOpenFailure(_))) => {
                return Err(SshError::NoCommands { command: command.to_owned() });
            }
            Ok(Err(error)) => return Err(self.failure(&operation, error)),
            Err(stopped) => return Err(self.stopped(&operation, stopped)),
        };
        let Streams { input, output, watch } = streams;
        let watch = RefCell::new(watch);
        let cancelled = || watch.try_borrow().is_ok_and(|watch| watch.cancelled());
        let talk = async {
            let advance = |bytes: usize| watch.borrow_mut().advance(bytes as u64);
            converse(&mut reading, &writing, *input, *output, &advance).await
        };
        let result = self.bridge.drive(talk, deadline, &cancelled);
        match result {
            Ok(Ok(Talk::Ended(ended))) => Ok(Some(ended)),
            Ok(Ok(Talk::NeverBegun)) => Ok(None),
            // The channel ended without a word about the command: the connection did.
            Ok(Ok(Talk::Lost)) => Err(self.failure(&operation, russh::Error::Disconnect)),
            Ok(Err(Trouble::Ours(error))) => {
                self.give_up(reading, &writing);
                Err(error)
            }
            Ok(Err(Trouble::Refused)) => Err(SshError::NoCommands { command: command.to_owned() }),
            Ok(Err(Trouble::Library(error))) => Err(self.failure(&operation, error)),
            Err(stopped) => {
                self.give_up(reading, &writing);
                Err(self.stopped(&operation, stopped))
            }
        }
    }
}

impl Shell for Session {
    fn run(
        &mut self,
        command: &str,
        mut streams: Streams<'_>,
        deadline: Deadline,
    ) -> Result<Ended, SshError> {
        for _ in 0..MOST_OPENINGS {
            if streams.watch.cancelled() {
                return Err(SshError::Cancelled);
            }
            if let Some(ended) = self.attempt_run(command, &mut streams, deadline)? {
                return Ok(ended);
            }
        }
        Err(SshError::NoCommands { command: command.to_owned() })
    }

    fn clock(&self) -> &dyn Clock {
        self.bridge.clock()
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl Stopped {
    fn into_error(self, operation: &str) -> SshError {
        let operation = operation.to_owned();
        match self {
            Self::TimedOut => SshError::TimedOut { operation },
            Self::Cancelled => SshError::Cancelled,
            Self::Gone(source) => SshError::Link { operation, source },
        }
    }
}

/// Why there is no connection, although the link is there.
fn refused_keys(
    error: russh::Error,
    bridge: &mut Bridge,
    notes: &Notes,
    door: &Door,
    name: &str,
) -> SshError {
    let operation = "agree on keys".to_owned();
    let shown = notes.with(|seen| seen.host_key.clone());
    match (error, shown) {
        (russh::Error::UnknownKey, Some(key)) => match door.pin.clone() {
            None => SshError::HostKeyUnknown { key },
            Some(expected) => SshError::HostKeyChanged { expected, key },
        },
        (russh::Error::NoCommonAlgo { kind, theirs, .. }, _) => {
            let theirs = theirs.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
            SshError::NoCommonAlgorithm { kind: kind_in_words(&kind), theirs }
        }
        (russh::Error::Version, _) => SshError::NotSsh { address: name.to_owned() },
        (russh::Error::Disconnect | russh::Error::HUP, _) => match bridge.take_gone() {
            Some(source) => SshError::Link { operation, source },
            None => SshError::Closed { operation, reason: notes.with(|seen| seen.farewell.clone()) },
        },
        (error, _) => SshError::Protocol { operation, source: Box::new(error) },
    }
}

enum Trouble {
    Ours(SshError),
    Refused,
    Library(russh::Error),
}

/// How a conversation with a command went.
enum Talk {
    Ended(Ended),
    /// The channel was closed before the server took the command.
    NeverBegun,
    /// The connection ended before the command did.
    Lost,
}

/// Feeds a command and takes what it says, both at once, until its channel is closed.
async fn converse(
    reading: &mut ChannelReadHalf,
    writing: &ChannelWriteHalf<Msg>,
    input: Option<&dyn Source>,
    output: &mut dyn FnMut(&[u8]) -> Result<(), SshError>,
    advance: &dyn Fn(usize),
) -> Result<Talk, Trouble> {
    let mut feeding = std::pin::pin!(feed(writing, input, advance));
    let mut is_fed = false;
    let mut ended = Ended { status: None, signal: None, errors: Vec::new() };
    let (mut has_begun, mut has_ended) = (false, false);
    loop {
        let message = tokio::select! {
            biased;
            message = reading.wait() => message,
            fed = &mut feeding, if !is_fed => {
                is_fed = true;
                match fed {
                    // A command need not read all of its input: what it ends with is told by its channel.
                    Ok(()) | Err(Trouble::Library(_)) => continue,
                    Err(trouble) => return Err(trouble),
                }
            }
        };
        match message {
            Some(ChannelMsg::Success) => has_begun = true,
            Some(ChannelMsg::Data { data }) => {
                has_begun = true;
                output(&data).map_err(Trouble::Ours)?;
                advance(data.len());
            }
            Some(ChannelMsg::ExtendedData { data, .. }) => Ended::keep_errors(&mut ended.errors, &data),
            Some(ChannelMsg::ExitStatus { exit_status }) => {
                ended.status = Some(exit_status);
                has_ended = true;
            }
            Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                let name = format!("{signal_name:?}");
                ended.signal = Some(name);
                has_ended = true;
            }
            Some(ChannelMsg::Failure) if !has_ended => return Err(Trouble::Refused),
            Some(ChannelMsg::Close) if !has_begun && !has_ended => return Ok(Talk::NeverBegun),
            Some(ChannelMsg::Close) => return Ok(Talk::Ended(ended)),
            None => return Ok(if has_ended { Talk::Ended(ended) } else { Talk::Lost }),
            Some(_) => {}
        }
    }
}

async fn feed(
    writing: &ChannelWriteHalf<Msg>,
    input: Option<&dyn Source>,
    advance: &dyn Fn(usize),
) -> Result<(), Trouble> {
    if let Some(source) = input {
        let mut offset = 0;
        while offset < source.len() {
            let count = (source.len() - offset).min(PIECE as u64) as usize;
            let mut piece = vec![0; count];
            source
                .read_at(offset, &mut piece)
                .map_err(|source| Trouble::Ours(SshError::Source { source }))?;
            writing.data_bytes(piece).await.map_err(Trouble::Library)?;
            advance(count);
            offset += count as u64;
        }
    }
    writing.eof().await.map_err(Trouble::Library)
}
