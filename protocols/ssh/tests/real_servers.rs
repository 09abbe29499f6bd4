//! Our host half against other people's servers: Debian's dropbear and OpenSSH, on the loopback interface. The commands are
//! BusyBox's, as on a small system.
//!
//! Skipped, and said so, where a server is not installed or this is not root; with `CI=true` that fails.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]
#![allow(clippy::disallowed_methods, reason = "real servers run in real time")]

mod common;

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use common::{BOTH, Kind, PASSWORD, Server, Setup, after, connect, make_key, ready};
use debrick_link::fault::{FaultPlan, FaultyLink, StreamFault, When};
use debrick_link::{Direction, Network};
use debrick_link_os::OsNetwork;
use debrick_model::Coded;
use debrick_ssh::shell::ask;
use debrick_ssh::{
    Door, Ended, Fingerprint, KeyFile, Login, Offer, Secret, Session, Shell, SshError, Streams, files,
};
use debrick_target::{Silent, Source, Watch};

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn answer(session: &mut Session, command: &str) -> (Option<u32>, String, String) {
    let answer = ask(session, command, 1 << 20, after(20)).unwrap();
    let errors = String::from_utf8_lossy(&answer.ended.errors).into_owned();
    (answer.ended.status, answer.text(), errors)
}

#[test]
fn commands_say_what_they_say_and_end_as_they_end() {
    if !ready() {
        return;
    }
    for kind in BOTH {
        let server = Server::start(kind, Setup::default());
        let mut session = server.connect();
        assert!(!session.negotiated().is_old(), "{:?}", session.negotiated());
        assert_eq!(session.host_key().fingerprint, server.fingerprint);
        let text = |text: &str| text.to_owned();
        assert_eq!(
            answer(&mut session, "echo out; echo err >&2; exit 3"),
            (Some(3), text("out\n"), text("err\n"))
        );
        assert_eq!(answer(&mut session, "true"), (Some(0), text(""), text("")));
        let (status, _, errors) = answer(&mut session, "no-such-command-here");
        assert!(status == Some(127) && errors.contains("not found"), "{errors}");
        let killed = ask(&mut session, "kill -9 $$", 100, after(20)).unwrap();
        assert_eq!((killed.ended.status, killed.ended.signal.as_deref()), (None, Some("KILL")), "{kind:?}");
        let often = (0..20).map(|i| answer(&mut session, &format!("echo {i}")).1).collect::<String>();
        assert_eq!(often.lines().count(), 20);
        session.close();
    }
}

#[test]
fn streams_of_any_length_pass_both_ways() {
    if !ready() {
        return;
    }
    for kind in BOTH {
        let server = Server::start(kind, Setup::default());
        let mut session = server.connect();
        let sent = pattern(12_000_000);
        let mut came = Vec::new();
        let mut output = |bytes: &[u8]| {
            came.extend_from_slice(bytes);
            Ok(())
        };
        let mut watch = Counting { bytes: 0, most: u64::MAX };
        let streams = Streams { input: Some(&sent), output: &mut output, watch: &mut watch };
        let ended = session.run("cat", streams, after(60)).unwrap();
        assert!(ended.is_success() && came == sent, "{kind:?}: {} of {}", came.len(), sent.len());
        assert_eq!(watch.bytes, 2 * sent.len() as u64);
        // What is not read does not hold anybody up.
        let mut output = |_: &[u8]| Ok(());
        let streams = Streams { input: Some(&sent), output: &mut output, watch: &mut Silent };
        assert_eq!(session.run("exit 4", streams, after(20)).unwrap().status, Some(4));
        let too_much = ask(&mut session, "cat /dev/zero", 100_000, after(20)).unwrap_err();
        assert_eq!(too_much.code(), "ssh-too-much-output");
        let loud =
            ask(&mut session, "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo END >&2", 100, after(20));
        let loud: Ended = loud.unwrap().ended;
        assert!(loud.errors.len() <= 16 * 1024 && loud.errors.ends_with(b"END\n"));
        assert_eq!(answer(&mut session, "echo still here").1, "still here\n");
    }
}

/// Wants to stop once so many bytes have passed, or at once where that is none.
struct Counting {
    bytes: u64,
    most: u64,
}

impl Watch for Counting {
    fn advance(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    fn cancelled(&self) -> bool {
        self.bytes >= self.most
    }
}

#[test]
fn what_does_not_end_is_ended_and_the_session_lives_on() {
    if !ready() {
        return;
    }
    for kind in BOTH {
        let server = Server::start(kind, Setup::default());
        let mut session = server.connect();
        let begin = Instant::now();
        let late = ask(&mut session, "sleep 100", 100, after(1)).unwrap_err();
        assert_eq!(late.code(), "ssh-timed-out");
        let mut watch = Counting { bytes: 0, most: 10 };
        let mut output = |_: &[u8]| Ok(());
        let streams = Streams { input: None, output: &mut output, watch: &mut watch };
        let stopped = session.run("echo more than ten; sleep 100", streams, after(60)).unwrap_err();
        assert_eq!(stopped.code(), "ssh-cancelled");
        assert_eq!(answer(&mut session, "echo still here").1, "still here\n");
        assert!(begin.elapsed() < Duration::from_secs(10), "{kind:?}");
    }
}

#[test]
fn a_server_that_dies_is_a_loss() {
    if !ready() {
        return;
    }
    let mut server = Server::start(Kind::Dropbear, Setup::default());
    let mut session = server.connect();
    let lost = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| ask(&mut session, "echo a; sleep 100", 100, after(60)).unwrap_err());
        std::thread::sleep(Duration::from_millis(500));
        server.kill();
        waiting.join().unwrap()
    });
    assert!(lost.is_loss(), "{lost:?}");
    let after_that = ask(&mut session, "echo a", 100, after(5)).unwrap_err();
    assert!(after_that.is_loss(), "{after_that:?}");
    let gone = connect(&server.door()).unwrap_err();
    assert_eq!(gone.code(), "ssh-unreachable");
}

#[test]
fn keys_of_the_host_are_pinned() {
    if !ready() {
        return;
    }
    for kind in BOTH {
        let server = Server::start(kind, Setup::default());
        let unpinned = Door { pin: None, ..server.door() };
        let SshError::HostKeyUnknown { key } = connect(&unpinned).unwrap_err() else { panic!("{kind:?}") };
        assert_eq!((&key.fingerprint, key.algorithm.as_str()), (&server.fingerprint, "ssh-ed25519"));
        let other = Fingerprint::parse(&format!("SHA256:{}", "A".repeat(43))).unwrap();
        let changed = connect(&Door { pin: Some(other.clone()), ..server.door() }).unwrap_err();
        let SshError::HostKeyChanged { expected, key } = &changed else { panic!("{changed:?}") };
        assert_eq!((expected, &key.fingerprint), (&other, &server.fingerprint));
        assert!(changed.next_step().starts_with("Stop"));
    }
}

#[test]
fn passwords_are_asked_for_and_checked() {
    if !ready() {
        return;
    }
    for kind in BOTH {
        let server = Server::start(kind, Setup { password: true, ..Setup::default() });
        assert_eq!(connect(&server.door()).unwrap_err().code(), "ssh-password-needed", "{kind:?}");
        let wrong = connect(&server.door_with_password("wrong horse")).unwrap_err();
        assert_eq!(wrong.code(), "ssh-denied", "{kind:?}");
        assert!(!format!("{wrong:?} {wrong}").contains("wrong horse"));
        let mut session = connect(&server.door_with_password(PASSWORD)).unwrap();
        assert_eq!(answer(&mut session, "echo in").1, "in\n");
    }
}

#[test]
fn key_files_open_the_door() {
    if !ready() {
        return;
    }
    for kind in BOTH {
        let server = Server::start(kind, Setup { password: true, keys_only: true, ..Setup::default() });
        let denied = connect(&server.door_with_password(PASSWORD)).unwrap_err();
        assert!(
            matches!(&denied, SshError::Denied { methods, .. } if methods.contains("publickey")),
            "{denied:?}"
        );
        let keys = [
            make_key(server.folder.path(), &["-t", "ed25519", "-N", ""]),
            make_key(server.folder.path(), &["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""]),
            make_key(server.folder.path(), &["-t", "ecdsa", "-N", "open sesame"]),
        ];
        for path in &keys {
            let text = std::fs::read_to_string(path).unwrap();
            let is_locked = path.to_string_lossy().contains("sesame");
            if is_locked {
                assert!(matches!(KeyFile::read(&text, None), Err(SshError::KeyFileLocked)));
                let wrong = KeyFile::read(&text, Some(&Secret::new("abracadabra")));
                assert!(matches!(wrong, Err(SshError::KeyFileLocked)));
            }
            let passphrase = is_locked.then(|| Secret::new("open sesame"));
            let key = KeyFile::read(&text, passphrase.as_ref()).unwrap();
            server.authorize(&path.with_extension("pub"));
            let login = Login { key: Some(key), ..Login::bare("root") };
            let mut session = connect(&Door { login: login.clone(), ..server.door() }).unwrap();
            assert_eq!(answer(&mut session, "echo in").1, "in\n", "{kind:?} {}", path.display());
            server.authorize(&server.path("public"));
            let denied = connect(&Door { login, ..server.door() }).unwrap_err();
            assert_eq!(denied.code(), "ssh-denied");
        }
    }
}

/// Ten-year-old servers, as far as today's OpenSSH can play one; a line of its configuration for each kind of algorithm.
fn check_old(lines: [&'static str; 4], host_key: &'static str, expected: Result<[&str; 4], &str>) {
    let setup = Setup { lines: lines.to_vec(), host_key: Some(host_key), ..Setup::default() };
    let server = Server::start(Kind::OpenSsh, setup);
    match (connect(&server.door()), expected) {
        (Ok(mut session), Ok(names)) => {
            let agreed = session.negotiated().clone();
            assert!(agreed.is_old());
            assert_eq!(
                [&*agreed.key_exchange, &*agreed.host_key, &*agreed.cipher, &*agreed.integrity],
                names
            );
            let sent = pattern(500_000);
            let mut came = Vec::new();
            let mut output = |bytes: &[u8]| {
                came.extend_from_slice(bytes);
                Ok(())
            };
            let streams = Streams { input: Some(&sent), output: &mut output, watch: &mut Silent };
            assert!(session.run("cat", streams, after(20)).unwrap().is_success() && came == sent);
            // Without the second offer there is no way in.
            let link = OsNetwork::new().connect_stream(server.address(), after(5)).unwrap();
            let modern = Session::over(link, &server.door(), Offer::Modern, after(20)).unwrap_err();
            assert_eq!(modern.code(), "ssh-no-common-algorithm");
        }
        (Err(error), Err(text)) => {
            assert_eq!(error.code(), "ssh-no-common-algorithm");
            assert!(error.to_string().contains(text), "{error}");
        }
        (got, expected) => panic!("{got:?} is not {expected:?}"),
    }
}

#[test]
fn old_algorithms_are_spoken_where_nothing_else_is() {
    if !ready() {
        return;
    }
    let names = ["diffie-hellman-group1-sha1", "ssh-rsa", "aes128-cbc", "hmac-sha1"];
    let lines = [
        "KexAlgorithms diffie-hellman-group1-sha1",
        "HostKeyAlgorithms ssh-rsa",
        "Ciphers aes128-cbc",
        "MACs hmac-sha1",
    ];
    check_old(lines, "rsa", Ok(names));
    let mut later = lines;
    later[0] = "KexAlgorithms diffie-hellman-group14-sha1";
    later[2] = "Ciphers aes256-cbc,3des-cbc";
    check_old(later, "rsa", Ok(["diffie-hellman-group14-sha1", "ssh-rsa", "aes256-cbc", "hmac-sha1"]));
    // Mixed: only the integrity check is old.
    let mixed = [
        "KexAlgorithms curve25519-sha256",
        "HostKeyAlgorithms ssh-ed25519",
        "Ciphers aes128-ctr",
        "MACs hmac-sha1",
    ];
    check_old(mixed, "ed25519", Ok(["curve25519-sha256", "ssh-ed25519", "aes128-ctr", "hmac-sha1"]));
    let mut never = lines;
    never[2] = "Ciphers 3des-cbc";
    check_old(never, "rsa", Err("share no cipher algorithm; the unit offers 3des-cbc"));
}

#[test]
fn an_rsa_key_from_a_file_opens_an_old_server() {
    if !ready() {
        return;
    }
    let lines = vec![
        "KexAlgorithms diffie-hellman-group14-sha1",
        "HostKeyAlgorithms ssh-rsa",
        "PubkeyAcceptedAlgorithms ssh-rsa",
    ];
    let setup = Setup { password: true, keys_only: true, lines, host_key: Some("rsa"), ..Setup::default() };
    let server = Server::start(Kind::OpenSsh, setup);
    let path = make_key(server.folder.path(), &["-t", "rsa", "-b", "2048", "-N", ""]);
    server.authorize(&path.with_extension("pub"));
    let key = KeyFile::read(&std::fs::read_to_string(path).unwrap(), None).unwrap();
    let login = Login { key: Some(key), ..Login::bare("root") };
    let mut session = connect(&Door { login, ..server.door() }).unwrap();
    assert_eq!(answer(&mut session, "echo in").1, "in\n");
}

#[test]
fn files_arrive_whole_whatever_they_are_called() {
    if !ready() {
        return;
    }
    for kind in BOTH {
        let server = Server::start(kind, Setup::default());
        let mut session = server.connect();
        for (length, name) in [(0, "empty"), (1, "it's $HOME `here`"), (3_000_001, "-n \"large\" \\file*")] {
            let path = server.path(name).display().to_string();
            let content = pattern(length);
            let sent = files::upload(&mut session, &content, &path, &mut Silent, after(60)).unwrap();
            assert_eq!(sent.compared, Some(files::DigestTool::Sha256));
            assert!(std::fs::read(&path).unwrap() == content, "{kind:?} {path}");
            let mut back = Vec::new();
            let mut keep = |bytes: &[u8]| {
                back.extend_from_slice(bytes);
                Ok(())
            };
            let got =
                files::download(&mut session, &path, 4_000_000, &mut keep, &mut Silent, after(60)).unwrap();
            assert!(back == content && got.digests == sent.digests);
            files::remove(&mut session, &path, after(20)).unwrap();
            assert!(!std::path::Path::new(&path).exists());
        }
        let nowhere = files::upload(&mut session, &pattern(10), "/no/such/folder/a", &mut Silent, after(20))
            .unwrap_err();
        assert_eq!(nowhere.code(), "ssh-command-failed");
        let full =
            files::upload(&mut session, &pattern(10), "/dev/full", &mut Silent, after(20)).unwrap_err();
        assert!(full.to_string().contains("No space left"), "{full}");
        let mut keep = |_: &[u8]| Ok(());
        let none =
            files::download(&mut session, "/no/such", 10, &mut keep, &mut Silent, after(20)).unwrap_err();
        assert_eq!(none.code(), "ssh-command-failed");
    }
}

/// Echoes through a link with one fault; tells the error, and that the fault fired.
fn with_fault(server: &Server, direction: Direction, fault: StreamFault, at: u64) -> SshError {
    let link = OsNetwork::new().connect_stream(server.address(), after(5)).unwrap();
    let plan = FaultPlan::seeded(at).with(direction, fault, When::At(at));
    let (link, log) = FaultyLink::new(link, &plan);
    let mut session = Session::over(Box::new(link), &server.door(), Offer::Modern, after(20)).unwrap();
    let sent = pattern(400_000);
    let mut came = Vec::new();
    let mut output = |bytes: &[u8]| {
        came.extend_from_slice(bytes);
        Ok(())
    };
    let streams = Streams { input: Some(&sent), output: &mut output, watch: &mut Silent };
    let error = session.run("cat", streams, after(3)).unwrap_err();
    assert_eq!(log.count(0), 1, "{fault:?}");
    assert!(sent.starts_with(&came), "damaged bytes were taken for good ones");
    error
}

#[test]
fn damaged_bytes_are_never_taken_for_good_ones() {
    if !ready() {
        return;
    }
    for kind in BOTH {
        let server = Server::start(kind, Setup::default());
        for direction in [Direction::Received, Direction::Sent] {
            let flipped = with_fault(&server, direction, StreamFault::Flip, 100_000);
            assert!(
                matches!(flipped.code(), "ssh-protocol" | "ssh-closed" | "ssh-link" | "ssh-timed-out"),
                "{flipped:?}"
            );
            let lost = with_fault(&server, direction, StreamFault::Drop, 100_001);
            assert!(
                matches!(lost.code(), "ssh-protocol" | "ssh-closed" | "ssh-link" | "ssh-timed-out"),
                "{lost:?}"
            );
            let cut = with_fault(&server, direction, StreamFault::Cut, 100_002);
            assert!(cut.is_loss(), "{cut:?}");
        }
    }
}

/// A source that cannot be read behind its middle.
struct Torn;

impl Source for Torn {
    fn len(&self) -> u64 {
        1_000_000
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), debrick_target::SourceError> {
        if offset > 500_000 {
            return Err(debrick_target::SourceError {
                offset,
                source: std::io::ErrorKind::UnexpectedEof.into(),
            });
        }
        buffer.fill(1);
        Ok(())
    }
}

#[test]
fn a_copy_of_ours_that_fails_ends_the_command_and_not_the_session() {
    if !ready() {
        return;
    }
    for kind in BOTH {
        let server = Server::start(kind, Setup::default());
        let mut session = server.connect();
        let path = server.path("torn").display().to_string();
        for _ in 0..5 {
            let error = files::upload(&mut session, &Torn, &path, &mut Silent, after(20)).unwrap_err();
            assert_eq!(error.code(), "ssh-file-unreadable");
            assert_eq!(answer(&mut session, "echo still here").1, "still here\n");
        }
    }
}

#[test]
fn what_speaks_no_ssh_is_told() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let door = Door { address, pin: None, login: Login::bare("root") };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for text in [&b"SSH-1.5-old\r\n"[..], &[b'x'; 100_000], b""] {
                let (mut client, _) = listener.accept().unwrap();
                let _ = client.write_all(text);
                let _ = client.shutdown(std::net::Shutdown::Write);
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        let codes: Vec<&str> = (0..3).map(|_| connect(&door).unwrap_err().code()).collect();
        assert!(
            codes.iter().all(|code| matches!(*code, "ssh-not-ssh" | "ssh-link" | "ssh-closed")),
            "{codes:?}"
        );
        assert!(codes.contains(&"ssh-not-ssh"), "{codes:?}");
    });
    // Somebody listens and says nothing.
    let mut network = OsNetwork::new();
    let silent = Session::connect(&mut network, &door, after(1)).unwrap_err();
    assert_eq!(silent.code(), "ssh-timed-out");
}
