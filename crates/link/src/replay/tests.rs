use proptest::prelude::*;

use super::*;
use crate::record::Recorder;
use crate::testing::{DatagramScript, PEER, Script as ScriptedLink, at_ms, read_all};

const HEADER: &str = r#"{"schema":"debrick.recording/1","link":"/dev/ttyUSB0","began_ms":0}"#;

fn recording(lines: &[&str]) -> Recording {
    let text = format!("{HEADER}\n{}\n", lines.join("\n"));
    Recording::read(text.as_bytes()).unwrap()
}

/// A banner at 1 s, the prompt's answer 30 ms after the host's word at 5 s, the end at 6 s.
fn session() -> Recording {
    recording(&[
        r#"{"at_us":1000000,"event":"received","data":"424f4f54"}"#,
        r#"{"at_us":5000000,"event":"sent","data":"676f0a"}"#,
        r#"{"at_us":5030000,"event":"received","data":"6f6b"}"#,
        r#"{"at_us":6000000,"event":"disconnected"}"#,
    ])
}

fn detail(error: LinkError) -> String {
    match error {
        LinkError::ReplayDiverged { detail, .. } => detail,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_unit_answers_as_it_did() {
    let clock = VirtualClock::new();
    let mut link = Replay::new(session(), clock.clone());
    let mut buffer = [0; 16];
    assert!(link.read(&mut buffer, Deadline::at(at_ms(999))).unwrap_err().is_timeout());
    assert_eq!(link.read(&mut buffer, Deadline::at(at_ms(2000))).unwrap(), 4);
    assert_eq!(clock.now(), at_ms(1000));
    assert!(link.read(&mut buffer, Deadline::at(at_ms(8000))).unwrap_err().is_timeout());
    link.write_all(b"g", Deadline::at(at_ms(9000))).unwrap();
    link.write_all(b"o\n", Deadline::at(at_ms(9000))).unwrap();
    assert_eq!(link.read(&mut buffer, Deadline::at(at_ms(9000))).unwrap(), 2);
    assert_eq!(clock.now(), at_ms(8030));
    assert!(link.read(&mut buffer, Deadline::at(at_ms(8999))).unwrap_err().is_timeout());
    let error = link.read(&mut buffer, Deadline::at(at_ms(9001))).unwrap_err();
    assert!(matches!(error, LinkError::Disconnected { .. }), "{error:?}");
    let error = link.write_all(b"x", Deadline::at(at_ms(9001))).unwrap_err();
    assert!(matches!(error, LinkError::Disconnected { .. }), "{error:?}");
    link.finish().unwrap();
}

#[test]
fn a_host_that_speaks_early_finds_everything_that_came_before() {
    let mut link = Replay::new(session(), VirtualClock::new());
    link.write_all(b"go\n", Deadline::at(at_ms(1))).unwrap();
    let mut buffer = [0; 16];
    assert_eq!(link.read(&mut buffer, Deadline::at(at_ms(0))).unwrap(), 4);
    assert_eq!(link.read(&mut buffer, Deadline::at(at_ms(30))).unwrap(), 2);
}

#[test]
fn another_word_of_the_host_diverges_for_good() {
    let mut link = Replay::new(session(), VirtualClock::new());
    let said = detail(link.write_all(b"gO\n", Deadline::at(at_ms(1))).unwrap_err());
    assert_eq!(said, r#"the host sent "O\n" (2 bytes), the recording has "o\n" (2 bytes)"#);
    assert_eq!(detail(link.read(&mut [0; 4], Deadline::at(at_ms(1))).unwrap_err()), said);
    assert_eq!(detail(link.finish().unwrap_err()), said);

    let mut link = Replay::new(session(), VirtualClock::new());
    let said = detail(link.set_line_rate(9600).unwrap_err());
    assert!(said.contains("line rate to 9600, the recording has \"go\\n\""), "{said}");

    let said = detail(Replay::new(session(), VirtualClock::new()).finish().unwrap_err());
    assert!(said.contains("the host stopped"), "{said}");

    let mut link = Replay::new(recording(&[]), VirtualClock::new());
    let said = detail(link.write_all(&[0; 100], Deadline::at(at_ms(1))).unwrap_err());
    assert!(said.contains("… (100 bytes), the recording has nothing more"), "{said}");
}

#[test]
fn datagrams_are_played_back() {
    let mut out = Vec::new();
    let mut socket = Recorder::of_datagrams(DatagramScript::new(&[(3, b"data"), (9, b"last")]), &mut out);
    let run = |socket: &mut dyn Datagrams| {
        let mut buffer = [0; 8];
        socket.send(b"read", PEER).unwrap();
        assert_eq!(socket.receive(&mut buffer, Deadline::at(at_ms(5))).unwrap(), (4, PEER));
        assert!(socket.receive(&mut buffer, Deadline::at(at_ms(5))).unwrap_err().is_timeout());
        socket.send(b"ack", PEER).unwrap();
        assert_eq!(socket.receive(&mut buffer, Deadline::at(at_ms(9))).unwrap(), (4, PEER));
        assert_eq!(socket.clock().now(), at_ms(9));
        socket.local_address()
    };
    let local = run(&mut socket);
    drop(socket);
    let recording = Recording::read(out.as_slice()).unwrap();
    let mut socket = ReplayDatagrams::new(recording.clone(), VirtualClock::new());
    assert_eq!(run(&mut socket), local);
    socket.finish().unwrap();

    let mut socket = ReplayDatagrams::new(recording, VirtualClock::new());
    let said = detail(socket.send(b"write", PEER).unwrap_err());
    assert!(
        said.contains("\"write\"") && said.contains("\"read\"") && said.contains("10.0.0.1:69"),
        "{said}"
    );
}

#[test]
fn what_is_no_recording_is_told() {
    let check = |text: &str, expected: &str| {
        let error = Recording::read(text.as_bytes()).unwrap_err();
        assert_eq!(error.code(), expected, "{error}");
    };
    check("", "recording-other-schema");
    check("U-Boot 2021.01\n", "recording-other-schema");
    check(r#"{"schema":"debrick.recording/2"}"#, "recording-other-schema");
    check(r#"{"schema":"debrick.recording/1"}"#, "recording-bad-line");
    check(&format!("{HEADER}\n{{}}\n"), "recording-bad-line");
    let entry = |at: u64, data: &str| format!(r#"{{"at_us":{at},"event":"sent","data":"{data}"}}"#);
    check(&format!("{HEADER}\n{}\n", entry(1, "0")), "recording-bad-line");
    check(&format!("{HEADER}\n{}\n", entry(1, "zz")), "recording-bad-line");
    check(&format!("{HEADER}\n{}\n{}\n", entry(2, "00"), entry(1, "00")), "recording-bad-line");
    check(&"x".repeat(MOST_LINE_BYTES + 1), "recording-too-large");
}

#[test]
fn a_recording_that_was_cut_off_is_played_up_to_there() {
    let text =
        format!("{HEADER}\n{}\n{}", r#"{"at_us":1,"event":"received","data":"41"}"#, r#"{"at_us":2,"ev"#);
    assert_eq!(Recording::read(text.as_bytes()).unwrap().entries.len(), 1);
}

proptest! {
    #[test]
    fn what_was_recorded_plays_whatever_the_chunks(
        turns in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 1..20), prop::collection::vec(any::<u8>(), 0..20)), 0..12),
        size in 1usize..7,
    ) {
        // Each turn, the unit says something, then the host.
        let incoming: Vec<_> = turns.iter().enumerate().map(|(turn, (unit, _))| (turn as u64 * 10 + 5, unit.as_slice())).collect();
        let mut out = Vec::new();
        let mut link = Recorder::of_stream(ScriptedLink::new(&incoming), &mut out);
        for (turn, (unit, host)) in turns.iter().enumerate() {
            let mut buffer = [0; 64];
            let count = link.read(&mut buffer, Deadline::at(at_ms(turn as u64 * 10 + 9))).unwrap();
            prop_assert_eq!(&buffer[..count], unit.as_slice());
            link.write_all(host, Deadline::at(at_ms(0))).unwrap();
        }
        drop(link);
        let mut link = Replay::new(Recording::read(out.as_slice()).unwrap(), VirtualClock::new());
        for chunk in turns.iter().flat_map(|(_, host)| host.clone()).collect::<Vec<_>>().chunks(size) {
            link.write_all(chunk, Deadline::at(at_ms(0))).unwrap();
        }
        let said: Vec<u8> = turns.iter().flat_map(|(unit, _)| unit.clone()).collect();
        prop_assert_eq!(read_all(&mut link, Duration::from_secs(60)), said);
        link.finish().unwrap();
    }

    #[test]
    fn nothing_read_panics(text in "[ -~\n]{0,200}", cut in 0usize..400) {
        let _ = Recording::read(text.as_bytes());
        let whole = format!("{HEADER}\n{}\n", r#"{"at_us":1,"event":"line-rate","bits_per_second":9600}"#);
        let _ = Recording::read(&whole.as_bytes()[..cut.min(whole.len())]);
    }
}
