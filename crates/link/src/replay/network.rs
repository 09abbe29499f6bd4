//! Plays the recording of a network back: the same sockets in the same order, each with its own recording.

use std::collections::VecDeque;
use std::io::BufRead;
use std::net::{Ipv4Addr, SocketAddr};

use debrick_model::MacAddress;

use super::{Recording, RecordingError, Replay, ReplayDatagrams, read_line};
use crate::clock::{Clock, Deadline, VirtualClock};
use crate::datagram::{Datagrams, Network};
use crate::error::LinkError;
use crate::frames::Frames;
use crate::record::network::{NetworkEntry, NetworkHeader, SCHEMA};
use crate::stream::Link;

/// The most lines of an index that are read.
const MOST_ENTRIES: usize = 100_000;

/// Gives the recording of a socket, by its name.
pub type FindRecording = Box<dyn FnMut(&str) -> Result<Recording, RecordingError> + Send>;

/// A network that answers as the recorded one did.
pub struct ReplayNetwork {
    entries: VecDeque<NetworkEntry>,
    find: FindRecording,
    clock: VirtualClock,
    carrier: Option<bool>,
}

impl ReplayNetwork {
    /// Plays `index` on `clock`. A last line that was cut off is left out.
    ///
    /// # Errors
    /// [`RecordingError`] where it is not an index, or is damaged.
    pub fn read(
        mut index: impl BufRead,
        find: FindRecording,
        clock: VirtualClock,
    ) -> Result<Self, RecordingError> {
        let mut line = Vec::new();
        read_line(&mut index, &mut line)?;
        let header: Option<NetworkHeader> = serde_json::from_slice(&line).ok();
        let found = header.map(|header| header.schema).unwrap_or_default();
        if found != SCHEMA {
            return Err(RecordingError::OtherSchema { found });
        }
        let mut entries = VecDeque::new();
        for number in 2..MOST_ENTRIES {
            let complete = read_line(&mut index, &mut line)?;
            if line.is_empty() {
                break;
            }
            match serde_json::from_slice(&line) {
                Ok(entry) => entries.push_back(entry),
                Err(_) if !complete => break,
                Err(error) => {
                    return Err(RecordingError::BadLine { line: number, reason: error.to_string() });
                }
            }
        }
        Ok(Self { entries, find, clock, carrier: None })
    }

    /// The next thing that was asked for; what the cable said is taken on the way.
    fn next(&mut self) -> Option<NetworkEntry> {
        while let Some(entry) = self.entries.pop_front() {
            match entry {
                NetworkEntry::Carrier { has_link } => self.carrier = has_link,
                other => return Some(other),
            }
        }
        None
    }

    fn diverged(&self, wanted: &str, found: Option<&NetworkEntry>) -> LinkError {
        let recorded = match found {
            None => "nothing more".to_owned(),
            Some(NetworkEntry::Bound { local, .. }) => format!("a datagram socket at {local}"),
            Some(NetworkEntry::Connected { to, .. }) => format!("a stream to {to}"),
            Some(NetworkEntry::Refused { address, code }) => format!("{code} for {address}"),
            Some(NetworkEntry::Carrier { .. }) => "a look at the cable".to_owned(),
            Some(NetworkEntry::Frames) => "raw Ethernet".to_owned(),
        };
        let detail = format!("the host asked for {wanted}, the recording has {recorded}");
        LinkError::ReplayDiverged { at: self.clock.now().since_start(), detail }
    }

    fn recording(&mut self, file: &str) -> Result<Recording, LinkError> {
        (self.find)(file).map_err(|error| LinkError::ReplayDiverged {
            at: self.clock.now().since_start(),
            detail: format!("the recording {file} cannot be used: {error}"),
        })
    }
}

impl Network for ReplayNetwork {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        match self.next() {
            Some(NetworkEntry::Bound { local: recorded, file }) if recorded == local => {
                let recording = self.recording(&file)?;
                Ok(Box::new(ReplayDatagrams::new(recording, self.clock.clone())))
            }
            Some(NetworkEntry::Refused { address, code }) if address == local => Err(refusal(&code, address)),
            other => Err(self.diverged(&format!("a datagram socket at {local}"), other.as_ref())),
        }
    }

    fn connect_stream(&mut self, to: SocketAddr, deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        match self.next() {
            Some(NetworkEntry::Connected { to: recorded, file }) if recorded == to => {
                let recording = self.recording(&file)?;
                Ok(Box::new(Replay::new(recording, self.clock.clone())))
            }
            Some(NetworkEntry::Refused { address, code }) if address == to => {
                let error = refusal(&code, address);
                if error.is_timeout() {
                    self.clock.advance_to(deadline.moment());
                }
                Err(error)
            }
            other => Err(self.diverged(&format!("a stream to {to}"), other.as_ref())),
        }
    }

    /// What was asked for is taken from the recording; what was heard is not in it.
    fn open_frames(&mut self, _: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
        while let Some(NetworkEntry::Carrier { has_link }) = self.entries.front() {
            self.carrier = *has_link;
            self.entries.pop_front();
        }
        if let Some(NetworkEntry::Frames) = self.entries.front() {
            self.entries.pop_front();
        }
        Err(LinkError::Unsupported {
            link: "this recording".into(),
            what: "repeat raw Ethernet frames".into(),
        })
    }

    fn carrier(&mut self) -> Option<bool> {
        if let Some(NetworkEntry::Carrier { has_link }) = self.entries.front() {
            self.carrier = *has_link;
            self.entries.pop_front();
        }
        self.carrier
    }

    /// What was recorded came through: there is nobody to be told.
    fn set_neighbour(&mut self, _: Ipv4Addr, _: MacAddress) -> Result<(), LinkError> {
        Ok(())
    }

    fn clock(&self) -> &dyn Clock {
        &self.clock
    }
}

/// The error with this code.
fn refusal(code: &str, address: SocketAddr) -> LinkError {
    let link = address.to_string();
    match code {
        "link-timed-out" => LinkError::TimedOut { link },
        "link-disconnected" => LinkError::Disconnected { link, source: None },
        "link-busy" => LinkError::Busy { link, holder: None },
        "link-not-permitted" => {
            LinkError::NotPermitted { link, source: std::io::ErrorKind::PermissionDenied.into() }
        }
        "link-not-found" => LinkError::NotFound { link, source: None },
        _ => LinkError::Io { link, source: std::io::Error::other("as in the recording") },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::record::network::NetworkRecorder;
    use crate::testing::{DatagramScript, PEER, Script, at_ms, read_all};

    /// Files in memory.
    #[derive(Clone, Default)]
    struct Files(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

    struct File(Files, String);

    impl Write for File {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.0.lock().unwrap().entry(self.1.clone()).or_default().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A network of scripts, on which one port is taken.
    struct Scripts(VirtualClock);

    impl Network for Scripts {
        fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
            if local.port() == 69 {
                return Err(LinkError::Busy { link: local.to_string(), holder: None });
            }
            Ok(Box::new(DatagramScript::new(&[(5, b"answer")])))
        }

        fn connect_stream(&mut self, _: SocketAddr, _: Deadline) -> Result<Box<dyn Link>, LinkError> {
            Ok(Box::new(Script::new(&[(7, b"page")]).ending()))
        }

        fn open_frames(&mut self, _: Option<u16>) -> Result<Box<dyn Frames>, LinkError> {
            Err(LinkError::NotFound { link: "virtual ethernet".into(), source: None })
        }

        fn carrier(&mut self) -> Option<bool> {
            Some(true)
        }

        fn clock(&self) -> &dyn Clock {
            &self.0
        }
    }

    fn local(port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 2], port))
    }

    fn use_it(network: &mut dyn Network) -> String {
        let refused = network.bind_datagrams(local(69)).err().map(|error| error.to_string());
        assert!(network.open_frames(None).is_err());
        let mut socket = network.bind_datagrams(local(4000)).unwrap();
        socket.send(&[b'q'; 600], PEER).unwrap();
        let mut buffer = [0; 16];
        let (count, from) = socket.receive(&mut buffer, Deadline::at(at_ms(1000))).unwrap();
        let carrier = network.carrier();
        let mut stream = network.connect_stream(PEER, Deadline::at(at_ms(2000))).unwrap();
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n", Deadline::at(at_ms(2000))).unwrap();
        let page = read_all(&mut &mut *stream, std::time::Duration::from_secs(1));
        format!("{refused:?} {:?} {from} {carrier:?} {page:?}", &buffer[..count])
    }

    #[test]
    fn a_network_comes_back_as_it_was_recorded() {
        let files = Files::default();
        let writes = files.clone();
        let make = move |name: &str| Ok(Box::new(File(writes.clone(), name.into())) as Box<dyn Write + Send>);
        let mut recorder =
            NetworkRecorder::new(Scripts(VirtualClock::new()), "network.jsonl", Box::new(make));
        let first = use_it(&mut recorder);
        drop(recorder);
        assert!(first.contains("held by another") && first.contains("Some(true)"), "{first}");

        let replay = || {
            let reads = files.clone();
            let find = move |name: &str| {
                let bytes = reads.0.lock().unwrap().get(name).cloned().unwrap_or_default();
                Recording::read(&bytes[..])
            };
            let index = files.0.lock().unwrap()["network.jsonl"].clone();
            ReplayNetwork::read(&index[..], Box::new(find), VirtualClock::new()).unwrap()
        };
        assert_eq!(use_it(&mut replay()), first);
        let error = replay().bind_datagrams(local(70)).err().unwrap();
        assert!(matches!(error, LinkError::ReplayDiverged { .. }), "{error}");
        let mut other = replay();
        assert!(other.bind_datagrams(local(69)).is_err());
        assert!(other.open_frames(None).is_err());
        let mut socket = other.bind_datagrams(local(4000)).unwrap();
        let error = socket.send(&[b'q'; 601], PEER).err().unwrap();
        assert!(error.to_string().contains("that were not kept"), "{error}");
        assert!(
            ReplayNetwork::read(&b"{}\n"[..], Box::new(|_| unreachable!()), VirtualClock::new()).is_err()
        );
    }
}
