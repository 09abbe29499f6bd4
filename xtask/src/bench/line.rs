//! A serial line in real time: a virtual router at one end, a socket for whoever wants to talk to it at the other, and
//! between them two wires of ten bits a byte.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use debrick_link::Link;
use debrick_link_os::{OpenOptions, Spec, open_with};
use debrick_virtual_bench::{VirtualRouter, serve};

use super::text;

/// Bits a second.
pub(super) const RATE: u32 = 115_200;
const BITS_IN_BYTE: u32 = 10;
/// So many bytes go out at once: half a millisecond's worth would do, but wakes too often.
const SLICE: usize = 32;

/// When bytes passed towards the unit: the first and the last since [`Line::forget`].
#[derive(Debug, Clone, Copy, Default)]
struct Traffic {
    first: Option<Instant>,
    last: Option<Instant>,
    bytes: u64,
}

/// The line, with its router.
pub(super) struct Line {
    folder: PathBuf,
    to_unit: Arc<Mutex<Traffic>>,
    over: Arc<AtomicBool>,
    router: Option<JoinHandle<()>>,
}

impl Line {
    /// Connects a router, which is switched on.
    pub(super) fn to(mut router: VirtualRouter, folder: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(text)?;
        let clients = UnixListener::bind(folder.join("client.sock")).map_err(text)?;
        let units = UnixListener::bind(folder.join("unit.sock")).map_err(text)?;
        let over = Arc::new(AtomicBool::new(false));
        let stop = over.clone();
        let mut link = connect(folder, "unit.sock")?;
        let router = std::thread::spawn(move || {
            // Ends with an error when the line is taken away, which is no matter.
            let _ = serve(&mut router, &mut *link, || stop.load(Ordering::Relaxed));
        });
        let (unit, _) = units.accept().map_err(text)?;
        let client: Arc<Mutex<Option<UnixStream>>> = Arc::default();
        let to_unit: Arc<Mutex<Traffic>> = Arc::default();

        let (from, to) = (unit.try_clone().map_err(text)?, client.clone());
        std::thread::spawn(move || {
            carry(from, |bytes| {
                if let Some(client) = lock(&to).as_mut() {
                    // A client that has left misses it.
                    let _ = client.write_all(bytes);
                }
                true
            });
        });
        let traffic = to_unit.clone();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = clients.accept() {
                let (Ok(reading), Ok(mut unit)) = (stream.try_clone(), unit.try_clone()) else { break };
                *lock(&client) = Some(stream);
                let traffic = traffic.clone();
                // One client after the other: the next is heard once this one has left.
                carry(reading, |bytes| {
                    let done = unit.write_all(bytes).is_ok();
                    lock(&traffic).note(bytes.len());
                    done
                });
                *lock(&client) = None;
            }
        });
        Ok(Self { folder: folder.to_owned(), to_unit, over, router: Some(router) })
    }

    /// Our end of it, for our own code. The one before must have been dropped.
    pub(super) fn connect(&self) -> Result<Box<dyn Link>, String> {
        connect(&self.folder, "client.sock")
    }

    /// Our end of it, for another program.
    pub(super) fn connect_stream(&self) -> Result<UnixStream, String> {
        UnixStream::connect(self.folder.join("client.sock")).map_err(text)
    }

    /// Forgets what passed so far.
    pub(super) fn forget(&self) {
        *lock(&self.to_unit) = Traffic::default();
    }

    /// How long the client was sending, from its first byte to its last, and how many bytes.
    pub(super) fn sending(&self) -> (Duration, u64) {
        let traffic = *lock(&self.to_unit);
        match (traffic.first, traffic.last) {
            (Some(first), Some(last)) => (last - first, traffic.bytes),
            _ => (Duration::ZERO, 0),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(router) = self.router.take() {
            let _ = router.join();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Traffic {
    fn note(&mut self, bytes: usize) {
        let now = Instant::now();
        // The first byte set out when its bits began to pass.
        self.first.get_or_insert(now - time_of(bytes));
        self.last = Some(now);
        self.bytes += bytes as u64;
    }
}

/// Carries bytes at the pace of the line until one end is gone.
fn carry(mut from: UnixStream, mut deliver: impl FnMut(&[u8]) -> bool) {
    let mut free_at = Instant::now();
    let mut buffer = [0; SLICE];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        free_at = free_at.max(Instant::now() - Duration::from_millis(5)) + time_of(count);
        std::thread::sleep(free_at.saturating_duration_since(Instant::now()));
        if !deliver(&buffer[..count]) {
            break;
        }
    }
}

/// How long so many bytes take.
pub(super) fn time_of(bytes: usize) -> Duration {
    Duration::from_secs_f64(bytes as f64 * f64::from(BITS_IN_BYTE) / f64::from(RATE))
}

fn connect(folder: &Path, name: &str) -> Result<Box<dyn Link>, String> {
    let options = OpenOptions { lock_folder: Some(folder.to_owned()), ..OpenOptions::default() };
    let spec = Spec::parse(&format!("unix:{}", folder.join(name).display())).map_err(text)?;
    open_with(&spec, &options).map_err(text)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
