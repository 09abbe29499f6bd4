//! Both halves against lrzsz over a socket: on a pseudo-terminal it throws away what has just been sent to it, and its
//! own last answer when it ends. Skips, and says why, where lrzsz is missing; with `CI=true` that is a
//! failure.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests meet real programs in real time"
)]

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use debrick_link::{Link, Rng};
use debrick_link_os::{OpenOptions, Spec, open_with};
use debrick_target::Silent;
use debrick_xymodem::{ReceiveOptions, SendOptions, Variant, receive, send};

fn content(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    Rng::new(7).fill(&mut bytes);
    bytes
}

fn is_there(program: &str) -> bool {
    let there =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{program} is missing (package lrzsz)");
        eprintln!("skipped: {program} is missing (package lrzsz)");
    }
    there
}

/// Starts a program of lrzsz on the far end of a socket.
fn start(program: &str, arguments: &[&str], folder: &Path) -> (Box<dyn Link>, Child) {
    let path = folder.join("line.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let options = OpenOptions { lock_folder: Some(folder.to_owned()), ..OpenOptions::default() };
    let link = open_with(&Spec::parse(&format!("unix:{}", path.display())).unwrap(), &options).unwrap();
    let end = OwnedFd::from(listener.accept().unwrap().0);
    let child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(end.try_clone().unwrap())
        .stdout(end)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (link, child)
}

fn ends_well(child: &mut Child) {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            return;
        }
        assert!(Instant::now() < end, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn to_peer(program: &str, arguments: &[&str], variant: Variant, size: usize, name: &str) {
    if !is_there(program) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = content(size);
    let (mut line, mut child) = start(program, arguments, folder.path());
    let sent = send(&mut line, variant, name, &data, &SendOptions::default(), &mut Silent).unwrap();
    assert_eq!(sent.bytes, size as u64);
    ends_well(&mut child);
    let got = std::fs::read(folder.path().join(name)).unwrap();
    assert!(got.starts_with(&data) && got.len() - data.len() < 1024, "{} of {size} bytes", got.len());
    if variant == Variant::Ymodem {
        assert_eq!(got.len(), size);
    }
}

fn from_peer(program: &str, arguments: &[&str], variant: Variant, size: usize) {
    if !is_there(program) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = content(size);
    std::fs::write(folder.path().join("fw.bin"), &data).unwrap();
    let (mut line, mut child) = start(program, arguments, folder.path());
    let mut got = Vec::new();
    let options = ReceiveOptions { limit: 1 << 20 };
    let received =
        receive(&mut line, variant, &options, &mut Silent, &mut |bytes| got.extend_from_slice(bytes))
            .unwrap();
    ends_well(&mut child);
    assert_eq!(received.bytes, got.len() as u64);
    assert!(got.starts_with(&data) && got.len() - data.len() < 1024);
    if variant == Variant::Ymodem {
        assert_eq!(got, data);
    }
}

#[test]
fn rb_takes_ymodem() {
    to_peer("rb", &["-q", "-b"], Variant::Ymodem, 300_064, "fw.bin");
    to_peer("rb", &["-q", "-b"], Variant::Ymodem, 1, "tiny.bin");
}

#[test]
fn rx_takes_xmodem() {
    to_peer("rx", &["-q", "-b", "a.bin"], Variant::XmodemChecksum, 5000, "a.bin");
    to_peer("rx", &["-q", "-b", "-c", "b.bin"], Variant::XmodemCrc, 5000, "b.bin");
    to_peer("rx", &["-q", "-b", "-c", "c.bin"], Variant::Xmodem1k, 50_000, "c.bin");
}

#[test]
fn sb_and_sx_are_understood() {
    from_peer("sb", &["-q", "-b", "-k", "fw.bin"], Variant::Ymodem, 100_001);
    from_peer("sb", &["-q", "-b", "fw.bin"], Variant::Ymodem, 700);
    from_peer("sx", &["-q", "-b", "fw.bin"], Variant::XmodemCrc, 9000);
    from_peer("sx", &["-q", "-b", "-k", "fw.bin"], Variant::Xmodem1k, 9000);
}
