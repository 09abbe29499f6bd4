//! Proof that the system of a unit works: questions that only a running system answers.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use debrick_catalog::{SmokeTest, SmokeTestKind};
use debrick_http_upload::Page;
use debrick_link::{Clock, Deadline, Link, Network};

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What a test showed.
pub(crate) struct Shown {
    /// Whether it passed.
    pub(crate) ok: bool,
    /// What was seen, in a sentence.
    pub(crate) detail: String,
}

/// Runs a test, again and again until it passes or `patience` is over: services come up after the console says so.
pub(crate) fn run(
    test: &SmokeTest,
    unit: IpAddr,
    version: &str,
    network: &mut dyn Network,
    clock: &dyn Clock,
    patience: Duration,
) -> Shown {
    let end = Deadline::after(clock, patience);
    loop {
        let shown = once(test, unit, version, network, clock);
        if shown.ok || end.has_passed(clock) {
            return shown;
        }
        clock.sleep(Duration::from_millis(500));
    }
}

fn once(
    test: &SmokeTest,
    unit: IpAddr,
    version: &str,
    network: &mut dyn Network,
    clock: &dyn Clock,
) -> Shown {
    match &test.test {
        SmokeTestKind::Http { port, path, expect } => {
            let expect = expect.replace("{version}", version);
            match get(network, clock, SocketAddr::new(unit, *port), path) {
                Ok(body) if is_of_a_bootloader(&body) => Shown {
                    ok: false,
                    detail: format!("http://{unit}:{port}{path} answers with a bootloader's page."),
                },
                Ok(body) if body.contains(&expect) => {
                    Shown { ok: true, detail: format!("http://{unit}:{port}{path} answers {expect:?}.") }
                }
                Ok(body) => {
                    let start: String = body.trim().chars().take(80).collect();
                    Shown {
                        ok: false,
                        detail: format!("http://{unit}:{port}{path} answers {start:?}, not {expect:?}."),
                    }
                }
                Err(reason) => Shown {
                    ok: false,
                    detail: format!("http://{unit}:{port}{path} gives no answer: {reason}."),
                },
            }
        }
    }
}

/// Whether this is the page of a recovery mode, which may name the unit as its system does: it takes a file from anybody.
fn is_of_a_bootloader(body: &str) -> bool {
    let page = Page::read(body);
    page.takes_files() && !page.asks_for_password()
}

/// Whether a system has a page at an address, whatever is on it: the status of its answer.
pub(crate) fn page(network: &mut dyn Network, clock: &dyn Clock, to: SocketAddr) -> Option<u16> {
    ask(network, clock, to, "/").ok().filter(|(_, body)| !is_of_a_bootloader(body)).map(|(status, _)| status)
}

/// The body of a GET, as text.
fn get(network: &mut dyn Network, clock: &dyn Clock, to: SocketAddr, path: &str) -> Result<String, String> {
    match ask(network, clock, to, path)? {
        (200, body) => Ok(body),
        (status, _) => Err(format!("status {status}")),
    }
}

/// The status and the body of the answer to a GET.
fn ask(
    network: &mut dyn Network,
    clock: &dyn Clock,
    to: SocketAddr,
    path: &str,
) -> Result<(u16, String), String> {
    let deadline = Deadline::after(clock, Duration::from_secs(5));
    let mut stream = network.connect_stream(to, deadline).map_err(|error| error.to_string())?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {to}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes(), deadline).map_err(|error| error.to_string())?;
    let answer = read_to_end(&mut *stream, deadline)?;

    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(&answer) {
        Ok(httparse::Status::Complete(start)) => {
            let body = String::from_utf8_lossy(&answer[start..]).into_owned();
            Ok((response.code.unwrap_or_default(), body))
        }
        Ok(httparse::Status::Partial) => Err("the answer is cut short".into()),
        Err(error) => Err(format!("the answer is not HTTP ({error})")),
    }
}

fn read_to_end(stream: &mut dyn Link, deadline: Deadline) -> Result<Vec<u8>, String> {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while answer.len() < LONGEST_ANSWER {
        match stream.read(&mut buffer, deadline) {
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            Err(debrick_link::LinkError::Disconnected { .. }) => return Ok(answer),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(answer)
}
