//! What passes between this computer and a unit, kept beside the journal of a session, so that a session can be played
//! again. Files that are sent to the unit are kept as lengths only.
//!
//! A trace is a folder `trace-N` in the folder of its session, one for each run of it: [`RUN`], [`CONSOLE`], [`NETWORK`]
//! and the sockets that the last names. A trace that cannot be written ends there; the repair goes on.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use debrick_engine::{HostCheck, Operator, Ports, Wishes};
use debrick_link::record::Recorder;
use debrick_link::record::network::NetworkRecorder;
use debrick_link::{Clock, Deadline, Link, LinkError, Moment};
use debrick_model::{Answer, Event, EventBody, Progress, Request};
use debrick_report::bundle::trace::{CONSOLE, HostFact, NETWORK, RUN, Run};
use debrick_vault::Vault;

/// The most that one trace takes on the disk, in bytes.
const LARGEST: u64 = 256 << 20;

/// What must stay free on the disk, in bytes: a trace is worth less than a backup.
const ROOM: u64 = 64 << 20;

/// The most runs of a session that are kept.
const MOST_RUNS: u32 = 1000;

/// The trace of one run. Clones write to the same one.
#[derive(Clone)]
pub(crate) struct Trace(Arc<Folder>);

struct Folder {
    /// Where it is; it moves once the session has a name.
    path: Mutex<PathBuf>,
    settled: Mutex<bool>,
    left: Arc<AtomicU64>,
    began_ms: u64,
}

impl Trace {
    /// Begins a trace; none where there is no room for one.
    pub(crate) fn begin(vault: &Vault, command: &str, wishes: &Wishes, ports: &Ports) -> Option<Self> {
        vault.require_free(ROOM).ok()?;
        let path =
            vault.path().join("traces").join(format!("{}-{:x}", std::process::id(), crate::commands::seed()));
        fs::create_dir_all(&path).ok()?;
        let began_ms = ports.clock.wall_ms();
        let trace = Self(Arc::new(Folder {
            began_ms,
            path: Mutex::new(path),
            settled: Mutex::new(false),
            left: Arc::new(AtomicU64::new(LARGEST)),
        }));
        let run = Run {
            command: command.to_owned(),
            began_ms,
            method: wishes.method.clone(),
            soak_restarts: wishes.soak_restarts,
            network: ports.network.is_some(),
            host: ports.host.iter().map(fact).collect(),
        };
        let written = trace.file(RUN).and_then(|mut file| file.write_all(run.to_json().as_bytes()));
        written.is_ok().then_some(trace)
    }

    /// The same ports, recorded.
    pub(crate) fn of_ports(&self, ports: Ports) -> Ports {
        let console = match self.file(CONSOLE) {
            Ok(file) => {
                let recorded = Recorder::of_stream(ports.console, file).without_content();
                of_date(recorded, ports.clock.clone(), self.0.began_ms)
            }
            Err(_) => ports.console,
        };
        let network = ports.network.map(|network| {
            let trace = self.clone();
            let make = Box::new(move |name: &str| trace.file(name));
            Box::new(NetworkRecorder::new(network, NETWORK, make)) as Box<dyn debrick_link::Network>
        });
        Ports { console, network, ..ports }
    }

    /// An operator who has the trace moved to its session as soon as that has a name. `resumed` is the session that is
    /// gone on with.
    pub(crate) fn following<'a>(
        &self,
        vault: &Vault,
        operator: &'a mut dyn Operator,
        resumed: Option<&str>,
    ) -> Following<'a> {
        let sessions = vault.path().join("sessions");
        Following { operator, trace: self.clone(), sessions, resumed: resumed.map(str::to_owned) }
    }

    fn settle(&self, session: &Path) {
        let mut path = self.0.path.lock().unwrap_or_else(PoisonError::into_inner);
        let mut settled = self.0.settled.lock().unwrap_or_else(PoisonError::into_inner);
        if *settled {
            return;
        }
        let free = (1..=MOST_RUNS).map(|run| session.join(format!("trace-{run}"))).find(|one| !one.exists());
        if let Some(home) = free
            && fs::rename(&*path, &home).is_ok()
        {
            *path = home;
            *settled = true;
        }
    }

    fn file(&self, name: &str) -> io::Result<Box<dyn Write + Send>> {
        let path = self.0.path.lock().unwrap_or_else(PoisonError::into_inner).join(name);
        let file = BufWriter::new(File::create_new(path)?);
        Ok(Box::new(Bounded { file, left: self.0.left.clone() }))
    }
}

/// A link whose calendar stands still. What is drawn by lot on a link is drawn from its date (the marks behind commands
/// on a console): whoever plays the recording again has to draw the same.
pub(crate) fn of_date(link: impl Link + 'static, clock: Arc<dyn Clock>, wall_ms: u64) -> Box<dyn Link> {
    Box::new(OfDate { link, calendar: Still { clock, wall_ms } })
}

struct OfDate<L> {
    link: L,
    calendar: Still,
}

struct Still {
    clock: Arc<dyn Clock>,
    wall_ms: u64,
}

impl Clock for Still {
    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn sleep(&self, span: Duration) {
        self.clock.sleep(span);
    }

    fn wall_ms(&self) -> u64 {
        self.wall_ms
    }
}

impl<L: Link> Link for OfDate<L> {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        self.link.read(buffer, deadline)
    }

    fn write_all(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), LinkError> {
        self.link.write_all(bytes, deadline)
    }

    fn set_line_rate(&mut self, bits_per_second: u32) -> Result<(), LinkError> {
        self.link.set_line_rate(bits_per_second)
    }

    fn clock(&self) -> &dyn Clock {
        &self.calendar
    }

    fn name(&self) -> &str {
        self.link.name()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let path = self.path.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !*self.settled.get_mut().unwrap_or_else(PoisonError::into_inner) {
            let _ = fs::remove_dir_all(path);
        }
    }
}

fn fact(check: &HostCheck) -> HostFact {
    HostFact { ok: check.ok, says: check.says.clone() }
}

/// A file that takes no more than is left for its trace.
struct Bounded {
    file: BufWriter<File>,
    left: Arc<AtomicU64>,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let take = |left: u64| left.checked_sub(bytes.len() as u64);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// An operator, and the trace that follows what happens.
pub(crate) struct Following<'a> {
    operator: &'a mut dyn Operator,
    trace: Trace,
    sessions: PathBuf,
    resumed: Option<String>,
}

impl Operator for Following<'_> {
    fn event(&mut self, event: &Event) {
        match &event.body {
            EventBody::SessionOpened { session, .. } => self.trace.settle(&self.sessions.join(session)),
            EventBody::SessionResumed { .. } => {
                if let Some(session) = &self.resumed {
                    self.trace.settle(&self.sessions.join(session));
                }
            }
            _ => {}
        }
        self.operator.event(event);
    }

    fn progress(&mut self, progress: &Progress) {
        self.operator.progress(progress);
    }

    fn ask(&mut self, request: &Request) -> Answer {
        self.operator.ask(request)
    }

    fn cue(&mut self, cue: &debrick_coach::Cue) {
        self.operator.cue(cue);
    }

    fn said(&mut self) -> Vec<debrick_coach::Seen> {
        self.operator.said()
    }

    fn cancelled(&self) -> bool {
        self.operator.cancelled()
    }
}
