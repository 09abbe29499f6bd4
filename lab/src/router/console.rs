//! A client of the unit's serial console, for the harness itself; the program under test brings its own.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::parts::LabError;

/// How U-Boot asks for a command.
const PROMPT: &str = "\n=> ";

/// One connection to a console. QEMU serves one client at a time; drop this before another connects.
///
/// A thread reads all the time: QEMU stops the whole unit when a connected client does not take its bytes.
#[derive(Debug)]
pub struct Console {
    stream: UnixStream,
    arriving: Receiver<Vec<u8>>,
    unread: Vec<u8>,
}

impl Console {
    /// Connects to the console's socket.
    ///
    /// # Errors
    /// [`LabError::File`] when nobody listens there: the unit is off.
    pub fn connect(socket: &Path) -> Result<Self, LabError> {
        let failed = |source| LabError::File { action: "connect to", path: socket.to_owned(), source };
        let stream = UnixStream::connect(socket).map_err(failed)?;
        let mut reader = stream.try_clone().map_err(failed)?;
        let (sender, arriving) = channel();
        // Ends when the unit or this value goes.
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        Ok(Self { stream, arriving, unread: Vec::new() })
    }

    /// Types bytes.
    ///
    /// # Errors
    /// [`LabError::Machine`] when the unit is gone.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), LabError> {
        self.stream.write_all(bytes).map_err(|error| LabError::Machine { detail: error.to_string() })
    }

    /// Reads up to and including `text`; returns what came before it.
    ///
    /// # Errors
    /// [`LabError::Silent`] after `timeout`; [`LabError::Machine`] when the unit is gone.
    pub fn wait_for(&mut self, text: &str, timeout: Duration) -> Result<String, LabError> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(start) = find(&self.unread, text.as_bytes()) {
                let rest = self.unread.split_off(start + text.len());
                self.unread.truncate(start);
                let before = std::mem::replace(&mut self.unread, rest);
                return Ok(String::from_utf8_lossy(&before).into_owned());
            }
            let remaining = deadline.saturating_duration_since(Instant::now());
            match self.arriving.recv_timeout(remaining) {
                Ok(bytes) => self.unread.extend(bytes),
                Err(RecvTimeoutError::Timeout) => return Err(silent(text, timeout, &self.unread)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(LabError::Machine { detail: "the console closed".into() });
                }
            }
        }
    }

    /// Stops autoboot and waits for the prompt.
    ///
    /// # Errors
    /// As [`Self::wait_for`].
    pub fn stop_autoboot(&mut self, timeout: Duration) -> Result<(), LabError> {
        self.wait_for("Hit any key to stop autoboot", timeout)?;
        self.send(b" ")?;
        self.wait_for(PROMPT, timeout).map(drop)
    }

    /// Types a command at U-Boot's prompt and returns what it printed, without its echo and the next prompt.
    ///
    /// # Errors
    /// As [`Self::wait_for`].
    pub fn command(&mut self, line: &str, timeout: Duration) -> Result<String, LabError> {
        self.send(format!("{line}\r").as_bytes())?;
        let printed = self.wait_for(PROMPT, timeout)?;
        Ok(printed.strip_prefix(line).unwrap_or(&printed).trim().to_owned())
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

pub(super) fn silent(awaited: &str, timeout: Duration, seen: &[u8]) -> LabError {
    let text = String::from_utf8_lossy(seen);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
    LabError::Silent { awaited: awaited.to_owned(), seconds: timeout.as_secs(), last }
}
