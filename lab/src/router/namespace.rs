//! A network of one unit and one host: a network namespace with a TAP device, named after the process that made it.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::parts::LabError;
use super::tool::run_args;

/// The unit's end of the wire inside the namespace.
pub const TAP: &str = "tap0";
/// Every namespace of the lab is called this, then `PID-N`.
const PREFIX: &str = "debrick-lab-";

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A network namespace; it goes away with this value.
#[derive(Debug)]
pub struct Namespace {
    name: String,
}

impl Namespace {
    /// Makes a namespace whose TAP device has `address`, such as `192.168.1.2/24`. Those of dead runs are removed
    /// first.
    ///
    /// # Errors
    /// [`LabError::NoNetwork`] names the step the system refused.
    pub fn create(address: &str) -> Result<Self, LabError> {
        let namespace = Self::empty()?;
        let n = namespace.name.as_str();
        step("tap device", &["-n", n, "tuntap", "add", "dev", TAP, "mode", "tap"])?;
        step("address", &["-n", n, "addr", "add", address, "dev", TAP])?;
        step("link", &["-n", n, "link", "set", TAP, "up"])?;
        Ok(namespace)
    }

    /// Makes a namespace with nothing but a loopback interface. Those of dead runs are removed first.
    ///
    /// # Errors
    /// [`LabError::NoNetwork`] names the step the system refused.
    pub fn empty() -> Result<Self, LabError> {
        reap();
        let name = format!("{PREFIX}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        step("network namespace", &["netns", "add", &name])?;
        // From here on the value's Drop cleans up.
        let namespace = Self { name };
        step("loopback", &["-n", &namespace.name, "link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// Its name, as `ip netns` knows it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A command that will run inside.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).arg(program);
        command
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

pub(crate) fn step(what: &'static str, arguments: &[&str]) -> Result<(), LabError> {
    match run_args("ip", arguments) {
        Ok(_) => Ok(()),
        Err(LabError::Tool { detail, .. }) => Err(LabError::NoNetwork { what, detail }),
        Err(other) => Err(other),
    }
}

/// Removes namespaces whose maker is gone, and ends what still runs in them.
fn reap() {
    let Ok(list) = run_args("ip", &["netns", "list"]) else { return };
    for line in String::from_utf8_lossy(&list).lines() {
        let name = line.split_whitespace().next().unwrap_or_default();
        let Some(maker) = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()) else { continue };
        // A name without a number was not made here; leave it alone.
        let dead =
            maker.parse::<u32>().is_ok_and(|pid| !std::path::Path::new(&format!("/proc/{pid}")).exists());
        if dead {
            remove(name);
            let _ = std::fs::remove_dir_all(std::env::temp_dir().join(name));
        }
    }
}

/// Ends every process inside, then deletes the namespace. Errors are of no use to anyone here.
fn remove(name: &str) {
    if let Ok(list) = run_args("ip", &["netns", "pids", name]) {
        for pid in String::from_utf8_lossy(&list).split_whitespace() {
            let _ = run_args("kill", &["-KILL", pid]);
        }
    }
    let _ = run_args("ip", &["netns", "delete", name]);
}
