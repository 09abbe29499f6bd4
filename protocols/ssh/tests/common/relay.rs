//! Hands the commands of a real server's clients to the device half: the server runs a small script for each, which talks
//! over Unix sockets to a thread of the test.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use debrick_ssh::device::{Ending, OpenwrtLike};

use super::{Kind, Server, Setup, script, tool};

/// How long what was said has to reach the client before the server dies.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// How long a script may take to ask for the rest of an answer, in milliseconds.
const ASKS_WITHIN_MS: u16 = 8_000;

/// A server before a virtual system.
pub(crate) struct Unit {
    pub server: Server,
    pub system: Arc<Mutex<OpenwrtLike>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _sockets: tempfile::TempDir,
}

impl Unit {
    pub(crate) fn start(kind: Kind, setup: Setup, system: OpenwrtLike) -> Self {
        let sockets = tempfile::tempdir().unwrap();
        let at = |name: &str| sockets.path().join(name);
        let listen = |name: &str| UnixListener::bind(at(name)).unwrap();
        let listeners = [listen("talk"), listen("errors"), listen("status")];
        let forced = at("relay");
        script(&forced, &relay_script(sockets.path()));
        let server = Server::start(kind, Setup { forced: Some(forced), ..setup });
        let system = Arc::new(Mutex::new(system));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let (system, stop) = (system.clone(), stop.clone());
            let process = server.process();
            std::thread::spawn(move || serve(&listeners, &system, &stop, process))
        };
        Self { server, system, stop, thread: Some(thread), _sockets: sockets }
    }

    /// Starts the unit again: its system, then its server.
    pub(crate) fn restart(mut self, kind: Kind, setup: Setup) -> Self {
        self.server.kill();
        let mut system = self.system.lock().unwrap().clone();
        system.restart();
        drop(self);
        Self::start(kind, setup, system)
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = UnixStream::connect(self._sockets.path().join("talk"));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The command and all of its input go one way; output, errors and status come back.
fn relay_script(sockets: &Path) -> String {
    let socat = tool("socat").unwrap();
    let (socat, folder) = (socat.display(), sockets.display());
    format!(
        "#!/bin/sh\n\
         {{ printf '%s\\n' \"$SSH_ORIGINAL_COMMAND\"; cat; }} | {socat} -t 600 - UNIX-CONNECT:{folder}/talk\n\
         {socat} -u UNIX-CONNECT:{folder}/errors - >&2\n\
         exit \"$({socat} -u UNIX-CONNECT:{folder}/status -)\"\n"
    )
}

fn serve(listeners: &[UnixListener; 3], system: &Mutex<OpenwrtLike>, stop: &AtomicBool, process: u32) {
    let [talk, errors, status] = listeners;
    while let Ok((mut client, _)) = talk.accept() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let mut said = Vec::new();
        if client.read_to_end(&mut said).is_err() {
            continue;
        }
        let end = said.iter().position(|byte| *byte == b'\n').unwrap_or(said.len());
        let input = said.split_off((end + 1).min(said.len()));
        let command = String::from_utf8_lossy(&said[..end.min(said.len())]).into_owned();
        let reply = system.lock().unwrap().answer(&command, &input);
        let written = client.write_all(&reply.output);
        match reply.ending {
            Ending::Exited(code) => {
                drop(client);
                if written.is_ok() {
                    tell(errors, &reply.errors);
                    tell(status, code.to_string().as_bytes());
                }
            }
            Ending::HungUp => {
                std::thread::sleep(LAST_WORDS);
                let pid = nix::unistd::Pid::from_raw(process.cast_signed());
                nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
            }
            Ending::Silent => {
                // Nothing is heard until the test ends.
                while !stop.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }
}

/// Tells a script the rest. One that its server has ended, as dropbear does with a command that it did not take, never asks.
fn tell(listener: &UnixListener, bytes: &[u8]) {
    let waiting = nix::poll::PollFd::new(listener.as_fd(), nix::poll::PollFlags::POLLIN);
    if !matches!(nix::poll::poll(&mut [waiting], ASKS_WITHIN_MS), Ok(1)) {
        return;
    }
    if let Ok((mut client, _)) = listener.accept() {
        let _ = client.write_all(bytes);
    }
}
