//! Records everything that a repair does on a network: an index of what was asked for, and a recording of each socket.
//!
//! The index is JSON lines: a header with [`SCHEMA`], then one [`NetworkEntry`] a line, in order. Raw Ethernet is not
//! recorded; that it was asked for is.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};

use debrick_model::MacAddress;
use serde::{Deserialize, Serialize};

use super::Recorder;
use crate::clock::{Clock, Deadline};
use crate::datagram::{Datagrams, Network};
use crate::error::LinkError;
use crate::frames::Frames;
use crate::stream::Link;

/// The version of the index, as its first line names it.
pub const SCHEMA: &str = "debrick.network-recording/1";

/// The most sockets that are recorded.
const MOST_SOCKETS: u32 = 10_000;

/// The first line of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkHeader {
    /// [`SCHEMA`].
    pub schema: String,
}

/// What was asked of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum NetworkEntry {
    /// A datagram socket.
    Bound {
        /// The address that was asked for.
        local: SocketAddr,
        /// The name of its recording.
        file: String,
    },
    /// A byte stream.
    Connected {
        /// To whom.
        to: SocketAddr,
        /// The name of its recording.
        file: String,
    },
    /// A socket that there was not.
    Refused {
        /// The local address, or whom to.
        address: SocketAddr,
        /// The code of the error.
        code: String,
    },
    /// Whether the cable carried a link.
    Carrier {
        /// What was told.
        has_link: Option<bool>,
    },
    /// Raw Ethernet, which is not recorded.
    Frames,
}

/// Makes the files of a recording, by their names.
pub type MakeFile = Box<dyn FnMut(&str) -> io::Result<Box<dyn Write + Send>> + Send>;

/// A network that records what goes through its sockets, without the content of files that are sent.
///
/// As with [`Recorder`], a recording that cannot be written stops, and disturbs nobody.
pub struct NetworkRecorder<N> {
    inner: N,
    make: MakeFile,
    index: Option<Box<dyn Write + Send>>,
    sockets: u32,
    carrier: Option<Option<bool>>,
}

impl<N: Network> NetworkRecorder<N> {
    /// Begins a recording. `index` is the name of the index among the files that `make` makes.
    pub fn new(inner: N, index: &str, mut make: MakeFile) -> Self {
        let file = make(index).ok();
        let mut recorder = Self { inner, make, index: file, sockets: 0, carrier: None };
        recorder.write(&NetworkHeader { schema: SCHEMA.into() });
        recorder
    }

    fn write(&mut self, line: &impl Serialize) {
        let Some(index) = &mut self.index else { return };
        let written = serde_json::to_vec(line).map_err(io::Error::from).and_then(|mut text| {
            text.push(b'\n');
            index.write_all(&text)?;
            index.flush()
        });
        if written.is_err() {
            self.index = None;
        }
    }

    /// The file for the next socket; none once the recording has stopped.
    fn next_file(&mut self) -> Option<(String, Box<dyn Write + Send>)> {
        self.index.as_ref()?;
        self.sockets += 1;
        let name = format!("socket-{:04}.jsonl", self.sockets);
        let file = (self.sockets <= MOST_SOCKETS).then(|| (self.make)(&name).ok()).flatten();
        if file.is_none() {
            self.index = None;
        }
        file.map(|file| (name, file))
    }

    fn refused(&mut self, address: SocketAddr, error: &LinkError) {
        let code = debrick_model::Coded::code(error).to_owned();
        self.write(&NetworkEntry::Refused { address, code });
    }
}

impl<N: Network> Network for NetworkRecorder<N> {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        let socket = match self.inner.bind_datagrams(local) {
            Ok(socket) => socket,
            Err(error) => {
                self.refused(local, &error);
                return Err(error);
            }
        };
        let Some((file, out)) = self.next_file() else { return Ok(socket) };
        self.write(&NetworkEntry::Bound { local, file });
        Ok(Box::new(Recorder::of_datagrams(socket, out).without_content()))
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        let stream = match self.inner.connect_stream(to, deadline) {
            Ok(stream) => stream,
            Err(error) => {
                self.refused(to, &error);
                return Err(error);
            }
        };
        let Some((file, out)) = self.next_file() else { return Ok(stream) };
        self.write(&NetworkEntry::Connected { to, file });
        Ok(Box::new(Recorder::of_stream(stream, out).without_content()))
    }

    fn open_frames(&mut self, ether_type: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
        self.write(&NetworkEntry::Frames);
        self.inner.open_frames(ether_type)
    }

    fn carrier(&mut self) -> Option<bool> {
        let has_link = self.inner.carrier();
        // A program that waits for a link asks all the time.
        if self.carrier != Some(has_link) {
            self.carrier = Some(has_link);
            self.write(&NetworkEntry::Carrier { has_link });
        }
        has_link
    }

    fn set_neighbour(&mut self, address: Ipv4Addr, station: MacAddress) -> Result<(), LinkError> {
        self.inner.set_neighbour(address, station)
    }

    fn forget_neighbour(&mut self, address: Ipv4Addr) -> Result<(), LinkError> {
        self.inner.forget_neighbour(address)
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }
}
