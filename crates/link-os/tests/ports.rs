//! Real pseudo-terminals, sockets and processes: deadlines, ends, babble, and two programs that want one port.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test against the real system")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use debrick_link::{Clock, Deadline, Link, LinkError, Network};
use debrick_link_os::{OpenOptions, OsClock, OsNetwork, PtyPair, Spec, open, open_with};

const SOON: Duration = Duration::from_millis(100);
/// How late a deadline may be noticed.
const LATE: Duration = Duration::from_millis(50);

fn soon() -> Deadline {
    Deadline::after(&OsClock, SOON)
}

fn long() -> Deadline {
    Deadline::after(&OsClock, Duration::from_secs(5))
}

fn past() -> Deadline {
    Deadline::at(OsClock.now())
}

/// A link and whatever keeps its other end alive.
struct Ends {
    link: Box<dyn Link>,
    peer: Box<dyn Peer>,
    _folder: tempfile::TempDir,
}

trait Peer: Read + Write + Send {}
impl<P: Read + Write + Send> Peer for P {}

/// The serving side of a pseudo-terminal as a plain stream.
struct PtyPeer(PtyPair);

impl Read for PtyPeer {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer, long()).map_err(std::io::Error::other)
    }
}

impl Write for PtyPeer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write_all(bytes, long()).map_err(std::io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Opens a port with its lock in `folder`, so that a test leaves nothing behind.
fn open_in(spec: &str, folder: &Path) -> Result<Box<dyn Link>, LinkError> {
    let options = OpenOptions { lock_folder: Some(folder.to_owned()), ..OpenOptions::default() };
    open_with(&Spec::parse(spec).unwrap(), &options)
}

/// One of each kind of byte stream.
fn all_kinds() -> Vec<Ends> {
    let folder = || tempfile::tempdir().unwrap();

    let mut pty = PtyPair::open().unwrap();
    let link = open(pty.name()).unwrap();
    pty.release_slave();
    let pty = Ends { link, peer: Box::new(PtyPeer(pty)), _folder: folder() };

    let listener = TcpListener::bind("[::1]:0").or_else(|_| TcpListener::bind("127.0.0.1:0")).unwrap();
    let here = folder();
    let link = open_in(&format!("tcp:{}", listener.local_addr().unwrap()), here.path()).unwrap();
    let tcp = Ends { link, peer: Box::new(listener.accept().unwrap().0), _folder: here };

    let here = folder();
    let path = here.path().join("console");
    let listener = UnixListener::bind(&path).unwrap();
    let link = open_in(&format!("unix:{}", path.display()), here.path()).unwrap();
    let unix = Ends { link, peer: Box::new(listener.accept().unwrap().0), _folder: here };

    vec![pty, tcp, unix]
}

/// The call runs out of time, never early and within 50 ms. A busy computer may be late once; a call that does not keep
/// its deadline is late every time.
fn assert_on_time<T>(what: &str, mut call: impl FnMut() -> Result<T, LinkError>) {
    let mut seen = Vec::new();
    for _ in 0..3 {
        let began = Instant::now();
        assert!(call().is_err_and(|error| error.is_timeout()), "{what}");
        let passed = began.elapsed();
        assert!(passed >= SOON, "{what}: {passed:?}");
        if passed < SOON + LATE {
            return;
        }
        seen.push(passed);
    }
    panic!("{what}: {seen:?}");
}

#[test]
fn bytes_go_both_ways_and_deadlines_are_kept() {
    for mut ends in all_kinds() {
        let name = ends.link.name().to_owned();
        let mut buffer = [0; 64];

        assert_on_time(&name, || ends.link.read(&mut buffer, soon()));

        let all: Vec<u8> = (0..=255).collect();
        ends.link.write_all(&all, soon()).unwrap();
        let mut got = vec![0; all.len()];
        ends.peer.read_exact(&mut got).unwrap();
        assert_eq!(got, all, "{name}");

        ends.peer.write_all(&all).unwrap();
        let mut got = Vec::new();
        while got.len() < all.len() {
            let count = ends.link.read(&mut buffer, soon()).unwrap();
            got.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(got, all, "{name}");

        // What has come is read even after the deadline.
        ends.peer.write_all(b"late").unwrap();
        OsClock.sleep(Duration::from_millis(20));
        assert_eq!(ends.link.read(&mut buffer, past()).unwrap(), 4, "{name}");
        assert!(ends.link.read(&mut buffer, past()).unwrap_err().is_timeout(), "{name}");
        assert_eq!(ends.link.read(&mut [], past()).unwrap(), 0, "{name}");
    }
}

#[test]
fn a_peer_that_does_not_read_stalls_no_write_beyond_its_deadline() {
    let much = vec![0x55; 16 << 20];
    for mut ends in all_kinds() {
        let name = ends.link.name().to_owned();
        assert_on_time(&name, || ends.link.write_all(&much, soon()));
    }
}

#[test]
fn a_cut_peer_is_disconnected_at_once_and_for_good() {
    for mut ends in all_kinds() {
        let name = ends.link.name().to_owned();
        let peer = ends.peer;
        let cutter = std::thread::spawn(move || {
            OsClock.sleep(Duration::from_millis(30));
            drop(peer);
        });
        let mut buffer = [0; 16];
        let began = Instant::now();
        for _ in 0..2 {
            let error = ends.link.read(&mut buffer, long()).unwrap_err();
            assert!(matches!(error, LinkError::Disconnected { .. }), "{name}: {error:?}");
        }
        assert!(began.elapsed() < Duration::from_secs(2), "{name}");
        cutter.join().unwrap();
        // A write may fail later than a read does, since the kernel has to learn of it first.
        let error = (0..10).find_map(|_| ends.link.write_all(&[0; 1024], soon()).err());
        assert!(matches!(error, Some(LinkError::Disconnected { .. })), "{name}: {error:?}");
    }
}

#[test]
fn a_served_terminal_outlives_its_clients_until_it_is_released() {
    let mut served = open("pty:").unwrap();
    let mut buffer = [0; 16];
    for text in [b"one", b"two"] {
        let mut client = open(served.name()).unwrap();
        client.write_all(text, soon()).unwrap();
        assert_eq!(served.read(&mut buffer, soon()).unwrap(), 3);
        drop(client);
        assert!(served.read(&mut buffer, past()).unwrap_err().is_timeout());
    }
    let mut served = PtyPair::open().unwrap();
    let client = open(served.slave_path().to_str().unwrap()).unwrap();
    served.release_slave();
    assert!(served.read(&mut buffer, past()).unwrap_err().is_timeout());
    drop(client);
    let error = served.read(&mut buffer, long()).unwrap_err();
    assert!(matches!(error, LinkError::Disconnected { .. }), "{error:?}");
}

#[test]
fn line_settings_are_applied_and_changed() {
    let served = open("pty:").unwrap();
    let speed = || {
        let port = serial2::SerialPort::open(served.name(), serial2::KeepSettings).unwrap();
        port.get_configuration().unwrap().get_baud_rate().unwrap()
    };
    let mut client = open(&format!("{}@57600", served.name())).unwrap();
    assert_eq!(client.name(), served.name());
    assert_eq!(speed(), 57600);
    client.write_all(b"x", soon()).unwrap();
    client.set_line_rate(9600).unwrap();
    assert_eq!(speed(), 9600);
    drop(client);
    // A pseudo-terminal knows eight bits without parity only, and says so.
    let error = open(&format!("{}@9600,7E1", served.name())).map(drop).unwrap_err();
    assert!(matches!(error, LinkError::Unsupported { .. }), "{error:?}");
}

#[test]
fn what_cannot_be_opened_is_told_apart() {
    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = |spec: &str| open_in(spec, folder.path()).map(drop).unwrap_err();
    assert!(matches!(error("/dev/null"), LinkError::BadSpec { .. }));
    assert!(matches!(error("/proc/self/stat"), LinkError::BadSpec { .. }));
    assert!(matches!(error("/dev/ttyNONE9"), LinkError::NotFound { .. }));
    assert!(matches!(error("unix:/nonexistent/socket"), LinkError::NotFound { .. }));
    let gone = error(&format!("tcp:{refused}"));
    assert!(matches!(gone, LinkError::Disconnected { source: Some(_), .. }), "{gone:?}");
}

#[test]
fn babble_takes_no_memory() {
    const BABBLE: usize = 32 << 20;
    for ends in all_kinds() {
        let Ends { mut link, mut peer, _folder } = ends;
        let name = link.name().to_owned();
        let babbler = std::thread::spawn(move || {
            let chunk = vec![b'#'; 1 << 16];
            for _ in 0..BABBLE / chunk.len() {
                peer.write_all(&chunk).unwrap();
            }
            peer
        });
        OsClock.sleep(Duration::from_millis(50));
        let mut buffer = [0; 4096];
        let mut left = BABBLE;
        while left > 0 {
            left -= link.read(&mut buffer, long()).unwrap();
        }
        drop(babbler.join().unwrap());
        assert!(resident_bytes() < 64 << 20, "{name}: {}", resident_bytes());
    }
}

/// What the tests of this process take altogether.
fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn datagrams_go_round_with_deadlines() {
    let local: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let mut one = OsNetwork::new().bind_datagrams(local).unwrap();
    let mut other = OsNetwork::on_interface("lo").bind_datagrams(local).unwrap();
    let mut buffer = [0; 16];

    let name = one.name().to_owned();
    assert_on_time(&name, || one.receive(&mut buffer, soon()));

    one.send(b"ping", other.local_address()).unwrap();
    assert_eq!(other.receive(&mut buffer, soon()).unwrap(), (4, one.local_address()));
    assert_ne!(one.local_address().port(), 0);

    // A peer without a listener does not end the socket.
    let nobody = other.local_address();
    drop(other);
    for _ in 0..3 {
        one.send(b"ping", nobody).unwrap();
        assert!(one.receive(&mut buffer, past()).unwrap_err().is_timeout());
    }

    let taken = OsNetwork::new().bind_datagrams(one.local_address()).map(drop).unwrap_err();
    assert!(
        matches!(&taken, LinkError::Busy { holder: Some(holder), .. }
            if holder.contains(&format!("process {}", std::process::id()))),
        "{taken:?}"
    );
    let elsewhere = OsNetwork::new().bind_datagrams("192.0.2.1:0".parse().unwrap()).map(drop).unwrap_err();
    assert!(matches!(elsewhere, LinkError::NotFound { .. }), "{elsewhere:?}");
    let no_interface = OsNetwork::on_interface("nosuch0").bind_datagrams(local).map(drop).unwrap_err();
    assert!(matches!(no_interface, LinkError::NotFound { .. }), "{no_interface:?}");
}

#[test]
fn a_network_connects_streams() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut link = OsNetwork::new().connect_stream(listener.local_addr().unwrap(), soon()).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    link.write_all(b"hello", soon()).unwrap();
    let mut got = [0; 5];
    peer.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"hello");
    let folder = tempfile::tempdir().unwrap();
    let by_name = format!("tcp:localhost:{}", listener.local_addr().unwrap().port());
    let by_name = open_in(&by_name, folder.path()).unwrap();
    assert!(by_name.name().starts_with("tcp:localhost:"));
}

/// Not a test of its own: the other program of the tests below. Opens the ports that come on its input, one a line, and
/// answers with their names, until the input ends.
#[test]
#[ignore = "the child process of other tests"]
fn child_that_holds_ports() {
    let mut held = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let (folder, spec) = line.split_once(' ').unwrap();
        let link = open_in(spec, Path::new(folder)).unwrap();
        writeln!(std::io::stdout(), "\nheld {}", link.name()).unwrap();
        held.push(link);
    }
}

/// Another process, ended when it is dropped.
struct Other {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Other {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_holds_ports", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers }
    }

    /// Lets it open `spec`; returns the link's name.
    fn hold(&mut self, folder: &Path, spec: &str) -> String {
        writeln!(self.child.stdin.as_mut().unwrap(), "{} {spec}", folder.display()).unwrap();
        let mut lines = self.answers.by_ref().lines();
        lines.find_map(|line| Some(line.unwrap().strip_prefix("held ")?.to_owned())).unwrap()
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn assert_busy_by(result: Result<Box<dyn Link>, LinkError>, pid: u32) {
    match result.map(drop) {
        Err(LinkError::Busy { holder: Some(holder), .. }) => {
            assert!(holder.ends_with(&format!("process {pid}")), "{holder}");
            assert!(!holder.starts_with("unknown"), "{holder}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_programs_never_share_a_port_and_a_killed_one_leaves_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let served = open("pty:").unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let unix_path = folder.path().join("console");
    let _unix = UnixListener::bind(&unix_path).unwrap();
    let specs = [
        served.name().to_owned(),
        format!("tcp:{}", tcp.local_addr().unwrap()),
        format!("unix:{}", unix_path.display()),
    ];
    let open_here = |spec: &str| open_in(spec, folder.path());

    let mut other = Other::start();
    for spec in &specs {
        other.hold(folder.path(), spec);
    }
    for spec in &specs {
        assert_busy_by(open_here(spec), other.child.id());
    }
    other.kill();
    for spec in &specs {
        let held = open_here(spec).unwrap();
        assert_busy_by(open_here(spec), std::process::id());
        drop(held);
        open_here(spec).unwrap();
    }
}

#[test]
fn a_program_that_takes_no_lock_is_seen_too() {
    let served = open("pty:").unwrap();
    let stdin = File::open(served.name()).unwrap();
    let mut child = Command::new("sleep").arg("60").stdin(stdin).spawn().unwrap();
    let refused = open(served.name());
    let named = matches!(&refused, Err(LinkError::Busy { holder: Some(holder), .. }) if holder.starts_with("sleep, "));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(named);
    assert_busy_by(refused, child.id());
    open(served.name()).unwrap();
}

#[test]
fn the_process_that_serves_a_terminal_does_not_count_as_its_holder() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = Other::start();
    let node = other.hold(folder.path(), "pty:");
    let mut link = open(&node).unwrap();
    link.write_all(b"x", soon()).unwrap();
    other.kill();
    let error = link.read(&mut [0; 4], long()).unwrap_err();
    assert!(matches!(error, LinkError::Disconnected { .. }), "{error:?}");
}
