//! A request as it comes in, packet by packet.

use super::config::{HttpConfig, HttpQuirks};
use crate::verdict::Reason;
use crate::wire::LONGEST_HEAD;

/// u-boot_mod takes nothing shorter than this, in bytes.
const SHORTEST_UPLOAD: u64 = 10 * 1024;

/// What of the parts' heads has to fit beside the image.
const ENVELOPE: u64 = 64 * 1024;

/// A request.
#[derive(Debug, Default)]
pub(super) struct Request {
    head: Vec<u8>,
    parsed: Option<Head>,
    body: Vec<u8>,
    /// Bytes of the body that came, kept or not.
    body_length: u64,
    received: u64,
    packets_of_body: u32,
}

#[derive(Debug)]
struct Head {
    post: bool,
    path: String,
    length: u64,
    boundary: Option<String>,
}

/// What a packet brought.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fed {
    /// More is to come.
    More,
    /// The head of an upload ended with this packet.
    WithoutBody,
    /// It is all there.
    Whole,
    /// It cannot be read.
    Broken,
}

/// The file of an upload.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) field: String,
    pub(super) image: Vec<u8>,
}

impl Request {
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn path(&self) -> &str {
        self.parsed.as_ref().map_or("/", |head| head.path.as_str())
    }

    pub(super) fn is_post(&self) -> bool {
        self.parsed.as_ref().is_some_and(|head| head.post)
    }

    pub(super) fn feed(&mut self, bytes: &[u8], config: &HttpConfig) -> Fed {
        self.received += bytes.len() as u64;
        let mut bytes = bytes;
        let rest;
        let mut head_ends_here = false;
        if self.parsed.is_none() {
            self.head.extend_from_slice(bytes);
            let Some(end) = self.head.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4) else {
                let too_late = config.quirks.first_packets && self.head.starts_with(b"POST");
                return if too_late || self.head.len() > LONGEST_HEAD { Fed::Broken } else { Fed::More };
            };
            rest = self.head.split_off(end);
            let Some(head) = read_head(&self.head) else { return Fed::Broken };
            let too_short = config.quirks.first_packets && head.post && head.length < SHORTEST_UPLOAD;
            if too_short {
                return Fed::Broken;
            }
            self.parsed = Some(head);
            head_ends_here = true;
            bytes = &rest;
        }
        let Some(head) = &self.parsed else { return Fed::Broken };
        if !head.post {
            return Fed::Whole;
        }
        if head_ends_here && bytes.is_empty() && head.length > 0 {
            return Fed::WithoutBody;
        }
        let room = (config.most_bytes + ENVELOPE).saturating_sub(self.body.len() as u64);
        let keep = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
        self.body.extend_from_slice(&bytes[..keep]);
        self.body_length += bytes.len() as u64;
        self.packets_of_body += 1;
        if self.packets_of_body == 1 && !self.begins_with_file(config.quirks, &config.field) {
            return Fed::Broken;
        }
        if self.body_length >= head.length { Fed::Whole } else { Fed::More }
    }

    /// What u-boot_mod wants of the first packet of a body: the field's name, and the empty line before the file.
    fn begins_with_file(&self, quirks: HttpQuirks, field: &str) -> bool {
        let Some(boundary) = self.parsed.as_ref().and_then(|head| head.boundary.as_ref()) else {
            return !quirks.first_packets;
        };
        let has = |what: &str| self.body.windows(what.len()).any(|piece| piece == what.as_bytes());
        !quirks.first_packets
            || has(&format!("--{boundary}")) && has(&format!("name=\"{field}\"")) && has("\r\n\r\n")
    }

    /// The file that came in the field for firmware.
    pub(super) fn into_file(self, config: &HttpConfig) -> Result<Part, Reason> {
        let boundary = self.parsed.and_then(|head| head.boundary).ok_or(Reason::NotTaken)?;
        if self.body_length > config.most_bytes + ENVELOPE {
            return Err(Reason::Size);
        }
        let parts = split_parts(&self.body, &boundary);
        let named = |name: &str| parts.iter().find(|part| part.name == name);
        for (name, value) in &config.hidden {
            named(name).filter(|part| part.content == value.as_bytes()).ok_or(Reason::NotTaken)?;
        }
        let part = named(&config.field).ok_or(Reason::NotTaken)?;
        if part.content.is_empty() {
            return Err(Reason::NotTaken);
        }
        if part.content.len() as u64 > config.most_bytes {
            return Err(Reason::Size);
        }
        Ok(Part { field: part.name.to_owned(), image: part.content.to_vec() })
    }
}

fn read_head(bytes: &[u8]) -> Option<Head> {
    let mut headers = [httparse::EMPTY_HEADER; 48];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(bytes).ok().filter(httparse::Status::is_complete)?;
    let header = |name: &str| {
        let found = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| std::str::from_utf8(header.value).ok())
    };
    let boundary =
        header("content-type").and_then(|kind| kind.split_once("boundary=")).map(|(_, boundary)| {
            let boundary = boundary.split(';').next().unwrap_or_default();
            boundary.trim().trim_matches('"').to_owned()
        });
    let post = match request.method? {
        "GET" => false,
        "POST" => true,
        _ => return None,
    };
    let length = header("content-length").and_then(|length| length.trim().parse().ok());
    if post && length.is_none() {
        return None;
    }
    Some(Head { post, path: request.path?.to_owned(), length: length.unwrap_or(0), boundary })
}

struct Piece<'a> {
    name: &'a str,
    content: &'a [u8],
}

fn split_parts<'a>(body: &'a [u8], boundary: &str) -> Vec<Piece<'a>> {
    let mark = format!("--{boundary}").into_bytes();
    let mut parts = Vec::new();
    let mut at = find(body, &mark, 0);
    while let Some(start) = at {
        let start = start + mark.len();
        let Some(end) = find(body, &[b"\r\n", mark.as_slice()].concat(), start) else { break };
        if let Some(head_end) = find(&body[..end], b"\r\n\r\n", start) {
            let head = String::from_utf8_lossy(&body[start..head_end]);
            if let Some(name_at) = head.find("name=\"") {
                // Positions in a lossy copy may differ; a name is plain text.
                let from = start + name_at + "name=\"".len();
                let to = find(&body[..head_end], b"\"", from).unwrap_or(head_end);
                if let Some(name) = body.get(from..to).and_then(|name| std::str::from_utf8(name).ok()) {
                    parts.push(Piece { name, content: &body[head_end + 4..end] });
                }
            }
        }
        at = Some(end + 2);
    }
    parts
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> Option<usize> {
    let first = *what.first()?;
    let mut from = from;
    while let Some(hop) = bytes.get(from..)?.iter().position(|byte| *byte == first) {
        let at = from + hop;
        if bytes[at..].starts_with(what) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}
