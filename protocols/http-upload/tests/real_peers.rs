//! Our halves against other people's: curl uploads to our device, and our host uploads to Python's HTTP server, whose
//! multipart parser is that of its mail package.
//!
//! A peer that is not installed skips its test and says so; with `CI=true` it fails it.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]
#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests tell what they skip, and meet real programs"
)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::bytes;
use debrick_http_upload::device::{Confirmation, HttpConfig, HttpDevice, HttpEvent, HttpQuirks};
use debrick_http_upload::{UploadOptions, Uploaded, Uploader, Verdict};
use debrick_link::Network;
use debrick_link::simulated::{Channel, Device, Input, Output};
use debrick_link_os::OsNetwork;
use debrick_model::Coded;
use debrick_target::Silent;

fn is_there(program: &str, package: &str) -> bool {
    let there =
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{program} is missing (package {package})");
        eprintln!("skipped: {program} is missing (package {package})");
    }
    there
}

/// One connection to the device.
struct Connection {
    channel: Channel,
    stream: TcpStream,
    open: bool,
}

/// Serves the device on real TCP until `done`.
fn serve(device: &mut HttpDevice, listener: &TcpListener, done: &AtomicBool) {
    let network = OsNetwork::new();
    let clock = network.clock();
    listener.set_nonblocking(true).unwrap();
    let (mut connections, mut next, mut out) = (Vec::<Connection>::new(), 1, Vec::new());
    let mut buffer = vec![0; 16 * 1024];
    while !done.load(Ordering::SeqCst) {
        let mut idle = true;
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(true).unwrap();
            let channel = Channel::Tcp(next);
            next += 1;
            device.handle(Input::Connected(channel, listener.local_addr().unwrap()), clock.now(), &mut out);
            connections.push(Connection { channel, stream, open: true });
            idle = false;
        }
        for connection in &mut connections {
            match connection.stream.read(&mut buffer) {
                Ok(0) => {
                    device.handle(Input::Closed(connection.channel), clock.now(), &mut out);
                    connection.open = false;
                }
                Ok(count) => {
                    device.handle(Input::Bytes(connection.channel, &buffer[..count]), clock.now(), &mut out);
                    idle = false;
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => connection.open = false,
            }
        }
        if device.next_wake().is_some_and(|wake| wake <= clock.now()) {
            device.handle(Input::Tick, clock.now(), &mut out);
        }
        for output in out.drain(..) {
            let of = match &output {
                Output::Bytes(of, _) | Output::Closed(of) => *of,
                _ => continue,
            };
            let Some(connection) = connections.iter_mut().find(|connection| connection.channel == of) else {
                continue;
            };
            match output {
                Output::Bytes(_, bytes) => {
                    connection.stream.set_nonblocking(false).unwrap();
                    let _ = connection.stream.write_all(&bytes);
                    connection.stream.set_nonblocking(true).unwrap();
                }
                _ => connection.open = false,
            }
        }
        connections.retain(|connection| connection.open);
        if idle {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// What curl got back, and the device after it.
fn curl(
    config: impl FnOnce(SocketAddr) -> HttpConfig,
    length: usize,
    arguments: &[&str],
) -> (String, bool, HttpDevice) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fw.bin");
    std::fs::write(&file, bytes(length, 1)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut device = HttpDevice::new(config(address));
    let done = AtomicBool::new(false);
    let output = std::thread::scope(|scope| {
        let curl = scope.spawn(|| {
            let mut command = Command::new("curl");
            command.args(["--silent", "--show-error", "--max-time", "20"]);
            for argument in arguments {
                command.arg(
                    argument.replace("FILE", file.to_str().unwrap()).replace("UNIT", &address.to_string()),
                );
            }
            let output = command.output().unwrap();
            done.store(true, Ordering::SeqCst);
            output
        });
        serve(&mut device, &listener, &done);
        curl.join().unwrap()
    });
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (text, output.status.success(), device)
}

#[test]
fn curl_uploads_to_our_device() {
    if !is_there("curl", "curl") {
        return;
    }
    let upload = ["-F", "firmware=@FILE", "http://UNIT/"];
    for length in [1, 20_000, 3_000_001] {
        let (text, fine, device) = curl(HttpConfig::new, length, &upload);
        assert!(fine && text.contains("UPDATE IN PROGRESS"), "{text}");
        assert!(device.written() == Some(bytes(length, 1).as_slice()), "{length} bytes");
    }
    // As u-boot_mod takes it, which curl's waiting for 100 Continue does not disturb.
    let strict = |listen| HttpConfig {
        quirks: HttpQuirks { first_packets: true, ..HttpQuirks::default() },
        ..HttpConfig::new(listen)
    };
    let (text, fine, device) = curl(strict, 2_000_000, &upload);
    assert!(fine && device.written().is_some(), "{text}");
}

#[test]
fn curl_is_answered_too_early_where_it_waits_for_leave() {
    if !is_there("curl", "curl") {
        return;
    }
    // As D-Link's DAP-1620 does: the head of the request comes alone, because curl waits for "100 Continue".
    let early = |listen| HttpConfig {
        quirks: HttpQuirks { answers_early: true, ..HttpQuirks::default() },
        ..HttpConfig::new(listen)
    };
    let upload = ["-F", "firmware=@FILE", "http://UNIT/"];
    let (text, _, device) = curl(early, 2_000_000, &upload);
    assert!(text.contains("<form") && device.written().is_none(), "{text}");
    assert!(device.events().contains(&HttpEvent::AnsweredEarly));
}

#[test]
fn curl_sees_the_pages_of_our_device() {
    if !is_there("curl", "curl") {
        return;
    }
    let (text, fine, device) = curl(HttpConfig::new, 1, &["http://UNIT/"]);
    assert!(fine && text.contains("type=\"file\" name=\"firmware\""), "{text}");
    assert_eq!(device.events(), [HttpEvent::Asked { path: "/".into() }]);
    let (text, fine, _) = curl(HttpConfig::new, 1, &["--fail", "http://UNIT/other"]);
    assert!(!fine && text.contains("404"), "{text}");
    let fields = ["-F", "token=7", "-F", "firmware=@FILE;filename=a b.bin", "http://UNIT/up"];
    let hidden =
        |listen| HttpConfig { hidden: vec![("token".into(), "7".into())], ..HttpConfig::new(listen) };
    let (text, fine, device) = curl(hidden, 30_000, &fields);
    assert!(fine && device.written().is_some(), "{text}");
    let bare = |listen| HttpConfig {
        quirks: HttpQuirks { bare_pages: true, ..HttpQuirks::default() },
        ..HttpConfig::new(listen)
    };
    let (text, fine, _) = curl(bare, 1, &["--http0.9", "http://UNIT/"]);
    assert!(fine && text.contains("<form"), "{text}");
}

#[test]
fn curl_goes_through_the_steps_of_mediateks_page() {
    if !is_there("curl", "curl") {
        return;
    }
    let upload = ["-F", "firmware=@FILE", "http://UNIT/upload", "--next", "--silent", "http://UNIT/result"];
    let (text, fine, device) = curl(HttpConfig::mediatek, 300_000, &upload);
    assert!(fine && text.starts_with("300000 ") && text.ends_with("success"), "{text}");
    assert!(device.written() == Some(bytes(300_000, 1).as_slice()));
    let (text, _, device) = curl(HttpConfig::mediatek, 300_000, &["http://UNIT/result"]);
    assert!(text == "failed" && device.written().is_none(), "{text}");
}

/// An HTTP server of Python's standard library that keeps what a form sends. Its mail parser takes the parts apart.
const SERVER: &str = r#"
import email.parser, email.policy, hashlib, http.server, sys, urllib.parse

kind, folder = sys.argv[1], sys.argv[2]
FORM = '<html><title>Recovery</title><form method="POST" action="/do/upload" enctype="multipart/form-data">' \
    '<input type="hidden" name="token" value="a&quot;b"><input type="file" name="datafile">' \
    '<input type="file" name="bootloader"><input type="submit" value="Go"></form></html>'

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1" if kind == "modern" else "HTTP/1.0"

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        if kind == "modern":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in (body[:5], body[5:]):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.end_headers()
            self.wfile.write(body)

    def do_GET(self):
        if self.path == "/":
            self.answer(200, FORM)
        else:
            self.answer(404, "nothing here")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/sure":
            fields = urllib.parse.parse_qs(body.decode())
            ok = fields == {"digest": [open(folder + "/digest").read()]}
            return self.answer(200, "Upgrade successful" if ok else "error")
        head = b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n"
        mail = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        parts = {part.get_param("name", header="content-disposition"): part for part in mail.iter_parts()}
        if sorted(parts) != ["datafile", "token"] or parts["token"].get_payload(decode=True) != b'a"b':
            return self.answer(200, "error: " + repr(sorted(parts)))
        content = parts["datafile"].get_payload(decode=True)
        if kind == "picky":
            return self.answer(400, "The image has a wrong header")
        digest = hashlib.md5(content).hexdigest()
        open(folder + "/" + parts["datafile"].get_filename(), "wb").write(content)
        open(folder + "/digest", "w").write(digest)
        if kind == "asking":
            return self.answer(200, '<p>MD5 %s</p><form method=post action=/sure><input type=hidden name=digest value=%s>'
                '<input type=submit value=Continue></form>' % (digest, digest))
        self.answer(200, "<h1>Upload complete</h1>The unit will reboot.")

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"#;

/// A server that ends with the test.
struct Server {
    child: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Server {
    fn start(kind: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new("python3")
            .args(["-c", SERVER, kind])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = format!("127.0.0.1:{}", line.trim()).parse().unwrap();
        Self { child, address, folder }
    }

    fn upload(&self, image: &[u8]) -> Result<Uploaded, debrick_http_upload::HttpUploadError> {
        let mut network = OsNetwork::new();
        let options = UploadOptions { rate: None, ..UploadOptions::default() };
        Uploader::new(&mut network, self.address, options).upload("new fw.bin", &image, &mut Silent)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn pythons_server_takes_what_our_host_sends() {
    if !is_there("python3", "python3") {
        return;
    }
    for (kind, length) in [("old", 1), ("old", 3_000_001), ("modern", 100_000), ("asking", 500_000)] {
        let server = Server::start(kind);
        let image = bytes(length, 2);
        let uploaded = server.upload(&image).unwrap();
        assert_eq!((uploaded.path.as_str(), uploaded.field.as_str()), ("/do/upload", "datafile"), "{kind}");
        assert!(matches!(uploaded.verdict, Verdict::Accepted { .. }), "{kind}: {uploaded:?}");
        assert_eq!(uploaded.digest_agrees, kind == "asking");
        assert!(uploaded.server.as_deref().unwrap_or_default().contains("Python"));
        assert!(
            std::fs::read(server.folder.path().join("new_fw.bin")).unwrap() == image,
            "{kind}, {length} bytes"
        );
    }
    let server = Server::start("picky");
    assert_eq!(server.upload(&bytes(100_000, 2)).unwrap_err().code(), "http-rejected-header");
}

#[test]
fn our_halves_meet_on_a_real_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let config = HttpConfig { confirms: Confirmation::Form, ..HttpConfig::new(address) };
    let mut device = HttpDevice::new(config);
    let done = AtomicBool::new(false);
    let image = bytes(2_000_000, 3);
    let uploaded = std::thread::scope(|scope| {
        let host = scope.spawn(|| {
            let mut network = OsNetwork::new();
            let options = UploadOptions { rate: None, ..UploadOptions::default() };
            let uploaded = Uploader::new(&mut network, address, options).upload("fw", &image, &mut Silent);
            done.store(true, Ordering::SeqCst);
            uploaded
        });
        serve(&mut device, &listener, &done);
        host.join().unwrap()
    });
    assert!(uploaded.unwrap().digest_agrees && device.written() == Some(image.as_slice()));
}
