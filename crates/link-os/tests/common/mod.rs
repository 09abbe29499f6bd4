//! A network of its own for one test: two ends of a cable in a fresh namespace.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};

/// One end of the cable, and the other.
pub(crate) const NEAR: &str = "near0";
pub(crate) const FAR: &str = "far0";

/// Runs `test` on a thread with a network of its own, in which [`NEAR`] and [`FAR`] are the ends of a cable, both up.
/// The network goes away with the thread. Skips, and says so, without root; with `CI=true` that is a failure.
pub(crate) fn with_cable(test: impl FnOnce() + Send) {
    if !nix::unistd::geteuid().is_root() {
        skip("network namespaces need root");
        return;
    }
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            ip("link set lo up");
            ip(&format!("link add {NEAR} address 02:00:00:00:00:0a type veth peer name {FAR} address 02:00:00:00:00:0b"));
            for end in [NEAR, FAR] {
                ip(&format!("link set {end} addrgenmode none"));
                ip(&format!("link set {end} up"));
            }
            wait_until_settled();
            test();
        });
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// The kernel gives links that came up their routes of IPv6 a moment later.
fn wait_until_settled() {
    let deadline = Instant::now() + Duration::from_secs(3);
    let has_routes = || {
        let routes = ip("-6 route show table all");
        routes.contains(NEAR) && routes.contains(FAR)
    };
    while std::path::Path::new("/proc/sys/net/ipv6").exists() && !has_routes() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Takes an interface out of the network of this thread, and runs `test` in the new one that it is in.
pub(crate) fn with_outside(interface: &str, test: impl FnOnce() + Send) {
    let (ready, is_ready) = std::sync::mpsc::channel();
    let (moved, is_moved) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            ready.send(nix::unistd::gettid()).unwrap();
            is_moved.recv().unwrap();
            test();
        });
        let outside = is_ready.recv().unwrap();
        ip(&format!("link set {interface} netns {outside}"));
        moved.send(()).unwrap();
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Runs `ip` with these arguments and returns what it says.
pub(crate) fn ip(arguments: &str) -> String {
    let mut command = Command::new("ip");
    let output = command.args(arguments.split_whitespace()).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[allow(clippy::print_stderr, reason = "tests tell what they skip")]
pub(crate) fn skip(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
    eprintln!("skipped: {why}");
}
