//! The page of a station: the only thing here that is asked for, and only where somebody wants it.

use std::net::SocketAddr;

use debrick_link::{Deadline, LinkError, Network};

use crate::heard::Word;
use crate::text::{text, tidy};

/// The port of pages.
pub const HTTP: u16 = 80;

/// How much of an answer is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// Fetches the first page of a station, and returns what it says. `None` where what answers does not speak HTTP.
///
/// # Errors
/// The link's, where nothing answers in time.
pub fn look(
    network: &mut dyn Network,
    at: SocketAddr,
    deadline: Deadline,
) -> Result<Option<Word>, LinkError> {
    let mut link = network.connect_stream(at, deadline)?;
    // HTTP 1.0, so that the answer ends with the connection.
    let request = format!("GET / HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n\r\n", at.ip());
    link.write_all(request.as_bytes(), deadline)?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while answer.len() < LONGEST {
        match link.read(&mut buffer, deadline) {
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            // Servers of bootloaders leave the connection open, or tear it down.
            Err(LinkError::TimedOut { .. } | LinkError::Disconnected { .. }) if !answer.is_empty() => break,
            Err(error) => return Err(error),
        }
        if find(&answer, b"</title>").is_some() {
            break;
        }
    }
    Ok(read(&answer))
}

/// What an answer says; `None` where it is not HTTP. Some bootloaders answer with a page and nothing before it.
pub fn read(answer: &[u8]) -> Option<Word> {
    let answer = &answer[..answer.len().min(LONGEST)];
    let is_http = answer.starts_with(b"HTTP/");
    let is_page = find(&answer[..answer.len().min(512)], b"<html").is_some();
    if !is_http && !is_page {
        return None;
    }
    let head_end = find(answer, b"\r\n\r\n").or_else(|| find(answer, b"\n\n"));
    let head = if is_http { &answer[..head_end.unwrap_or(answer.len())] } else { &[] };
    let mut lines = head.split(|byte| *byte == b'\n');
    let server = lines.find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        line[..colon].eq_ignore_ascii_case(b"server").then(|| text(&line[colon + 1..]))?
    });
    Some(Word::Page { title: title(answer), server })
}

fn title(answer: &[u8]) -> Option<String> {
    let from = find(answer, b"<title")?;
    let from = from + answer[from..].iter().position(|byte| *byte == b'>')? + 1;
    let length = find(&answer[from..], b"</title>")?;
    let plain = text(&answer[from..from + length])?;
    let entities =
        [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " ")];
    let plain = entities.iter().fold(plain, |text, (entity, sign)| text.replace(entity, sign));
    tidy(&plain)
}

/// Where this stands, in letters of either case.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, title: Option<&str>, server: Option<&str>) {
        let page = |text: Option<&str>| text.map(str::to_owned);
        let expected = Word::Page { title: page(title), server: page(server) };
        assert_eq!(read(answer.as_bytes()), Some(expected), "{answer}");
    }

    #[test]
    fn titles_and_servers_are_read() {
        check(
            "HTTP/1.0 200 OK\r\nServer: uIP/0.9 (http)\r\n\r\n<HTML><HEAD><TITLE lang=en>\n Firmware &amp; Recovery </TITLE>",
            Some("Firmware & Recovery"),
            Some("uIP/0.9 (http)"),
        );
        check("HTTP/1.1 302 Found\r\nLocation: /cgi-bin/luci\r\n\r\n", None, None);
        check("<!DOCTYPE html><html><head><title>D-Link</title>", Some("D-Link"), None);
        check("HTTP/1.0 200 OK\nSERVER:\tx\u{1b}[2J\n\n<title>never ends", None, Some("x [2J"));
        assert_eq!(read(b"SSH-2.0-dropbear\r\n"), None);
        assert_eq!(read(b""), None);
    }
}
