//! Decorators on the system's clock and a real byte stream.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test against the real system")]

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use debrick_link::pace::Paced;
use debrick_link::record::Recorder;
use debrick_link::replay::{Recording, Replay};
use debrick_link::{Deadline, Link, VirtualClock};
use debrick_link_os::{OpenOptions, OsClock, Spec, open_with};

fn connected(folder: &tempfile::TempDir) -> (Box<dyn Link>, UnixStream) {
    let path = folder.path().join("console");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let options = OpenOptions { lock_folder: Some(folder.path().to_owned()), ..OpenOptions::default() };
    let spec = Spec::parse(&format!("unix:{}", path.display())).unwrap();
    (open_with(&spec, &options).unwrap(), listener.accept().unwrap().0)
}

/// A busy computer may be late once; a pace that is wrong is wrong every time.
fn assert_paced(mut run: impl FnMut() -> Duration, expected: Duration) {
    let mut seen = Vec::new();
    for _ in 0..4 {
        let took = run();
        if (took.as_secs_f64() / expected.as_secs_f64() - 1.0).abs() < 0.01 {
            return;
        }
        seen.push(took);
    }
    panic!("{seen:?} instead of {expected:?}");
}

#[test]
fn the_pace_is_kept_on_the_systems_clock() {
    const BYTES: usize = 100 * 1024;
    const RATE: u32 = 1_000_000;
    let expected = Duration::from_secs_f64(BYTES as f64 * 10.0 / f64::from(RATE));
    let folder = tempfile::tempdir().unwrap();
    let deadline = || Deadline::after(&OsClock, Duration::from_secs(10));

    let send = || {
        let (link, mut peer) = connected(&folder);
        let sink = std::thread::spawn(move || peer.read_to_end(&mut Vec::new()).unwrap());
        let mut link = Paced::new(link, RATE);
        let began = Instant::now();
        link.write_all(&[0x55; BYTES], deadline()).unwrap();
        let took = began.elapsed();
        drop(link);
        assert_eq!(sink.join().unwrap(), BYTES);
        took
    };
    let receive = || {
        let (link, mut peer) = connected(&folder);
        let source = std::thread::spawn(move || peer.write_all(&[0x55; BYTES]).unwrap());
        let mut link = Paced::new(link, RATE);
        let mut buffer = [0; 4096];
        let mut left = BYTES;
        let began = Instant::now();
        while left > 0 {
            left -= link.read(&mut buffer, deadline()).unwrap();
        }
        source.join().unwrap();
        began.elapsed()
    };
    assert_paced(send, expected);
    assert_paced(receive, expected);
}

#[test]
fn a_recorded_session_plays_back() {
    let folder = tempfile::tempdir().unwrap();
    let (link, mut peer) = connected(&folder);
    let mut out = Vec::new();
    let run = |link: &mut dyn Link| {
        let deadline = Deadline::after(link.clock(), Duration::from_secs(5));
        let mut buffer = [0; 16];
        link.write_all(b"version\n", deadline).unwrap();
        let count = link.read(&mut buffer, deadline).unwrap();
        buffer[..count].to_vec()
    };
    let answering = std::thread::spawn(move || {
        peer.read_exact(&mut [0; 8]).unwrap();
        peer.write_all(b"U-Boot").unwrap();
        peer
    });
    let mut recorder = Recorder::of_stream(link, &mut out);
    let first = run(&mut recorder);
    answering.join().unwrap();
    drop(recorder);
    let mut replay = Replay::new(Recording::read(out.as_slice()).unwrap(), VirtualClock::new());
    assert_eq!(run(&mut replay), first);
    replay.finish().unwrap();
}
