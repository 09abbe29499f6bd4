//! A network of its own for one test: two ends of a cable in a fresh namespace.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::process::{Command, Stdio};

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
            // Without IPv6, nobody speaks unasked on the cable.
            for setting in ["all", "default"] {
                let file = format!("/proc/thread-self/net/../../sys/net/ipv6/conf/{setting}/disable_ipv6");
                let _ = std::fs::write(file, "1");
            }
            ip("link set lo up");
            ip(&format!("link add {NEAR} address 02:00:00:00:00:0a type veth peer name {FAR} address 02:00:00:00:00:0b"));
            for end in [NEAR, FAR] {
                ip(&format!("link set {end} addrgenmode none"));
                ip(&format!("link set {end} up"));
            }
            test();
        });
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
