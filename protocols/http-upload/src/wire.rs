//! Requests as bytes, and responses from bytes: RFC 9112 as far as bootloaders speak it, multipart/form-data of RFC 7578.
//!
//! A request never asks for more than the oldest stacks can do: one for each connection, its length said exactly, nothing
//! in chunks, "100 Continue" never waited for. What u-boot_mod reads of a request (the spelling of `Content-Length:`, one
//! blank behind it, a boundary without quotes that ends the line, everything up to the file in the first packet; from
//! its source, u-boot/httpd/httpd.c) is kept to. Responses are taken as they come: without a status line, with heads
//! that are wrong, with a body that is shorter than announced.

/// The port of web pages.
pub const PORT: u16 = 80;

/// The longest head of a response that is read, in bytes.
pub const LONGEST_HEAD: usize = 16 * 1024;

/// The longest body of a response that is read, in bytes; what is behind it is not looked at.
pub const LONGEST_BODY: usize = 256 * 1024;

/// The longest path that is asked for, in bytes. u-boot_mod gives up beyond 25.
pub const LONGEST_PATH: usize = 256;

/// The longest name or value of a form's field that is sent, in bytes.
pub const LONGEST_FIELD: usize = 256;

/// Most header lines that are read.
const MOST_HEADERS: usize = 48;

/// Whether this can stand in a request line: begins with a slash, and has neither blanks nor control characters.
pub fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.len() <= LONGEST_PATH && path.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A request for a page. `host` is what the unit is called in it: its address.
pub fn get(path: &str, host: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\n{}\r\n", common_headers(host)).into_bytes()
}

/// A request that submits a form without a file.
pub fn post_fields(path: &str, host: &str, fields: &[(String, String)]) -> Vec<u8> {
    let pairs: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", form_encoded(name), form_encoded(value)))
        .collect();
    let body = pairs.join("&");
    format!(
        "POST {path} HTTP/1.1\r\n{}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        common_headers(host),
        body.len(),
    )
    .into_bytes()
}

fn common_headers(host: &str) -> String {
    format!("Host: {host}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nConnection: close\r\n")
}

/// `application/x-www-form-urlencoded`, as the URL standard has it.
fn form_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(byte as char),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A file that is sent by a form.
#[derive(Debug, Clone, Copy)]
pub struct FormUpload<'a> {
    /// Where the form goes.
    pub path: &'a str,
    /// What the unit is called: its address.
    pub host: &'a str,
    /// Field of the form that takes the file.
    pub field: &'a str,
    /// Name of the file.
    pub file_name: &'a str,
    /// What else the form sends: names and values. They go before the file, because loaders take everything behind its
    /// head for the file.
    pub hidden: &'a [(String, String)],
    /// Length of the file, in bytes.
    pub length: u64,
}

/// What goes before and behind the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Request line, headers, fields and the head of the file's part; to be sent in one piece.
    pub opening: Vec<u8>,
    /// The end of the last part.
    pub closing: Vec<u8>,
}

impl Envelope {
    /// The envelope of an upload; `boundary` must not occur in the file.
    pub fn new(upload: &FormUpload<'_>, boundary: &str) -> Self {
        let mut parts = String::new();
        for (name, value) in upload.hidden {
            parts.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{value}\r\n",
                quoted(name)
            ));
        }
        // Stacks have been seen that take no other type than this.
        parts.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: \
             application/octet-stream\r\n\r\n",
            quoted(upload.field),
            quoted(upload.file_name)
        ));
        let closing = format!("\r\n--{boundary}--\r\n");
        let length = parts.len() as u64 + upload.length + closing.len() as u64;
        let opening = format!(
            "POST {} HTTP/1.1\r\n{}Content-Type: multipart/form-data; boundary={boundary}\r\nContent-Length: \
             {length}\r\n\r\n{parts}",
            upload.path,
            common_headers(upload.host),
        );
        Self { opening: opening.into_bytes(), closing: closing.into_bytes() }
    }
}

/// As the HTML standard writes names into a part's head.
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// Its number; none where there is no status line (HTTP/0.9).
    pub status: Option<u16>,
    /// Header lines; names in lower case.
    pub headers: Vec<(String, String)>,
    /// What came of the body.
    pub body: Vec<u8>,
    /// Whether the body is as long as it was said to be, or nothing was said.
    pub whole: bool,
}

impl Response {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Reads a response from what has come so far; `ended` says that nothing more will. `None` while more is needed.
/// "100 Continue" and its like are passed over.
pub fn read_response(bytes: &[u8], ended: bool) -> Option<Response> {
    let mut rest = bytes;
    // Each turn takes at least a status line away.
    loop {
        let full = rest.len() > LONGEST_HEAD + LONGEST_BODY;
        if !looks_like_status_line(rest) {
            let could_become_one = rest.len() < 5 && b"HTTP/".starts_with(rest);
            return (ended || full)
                .then(|| Response { body: limited(rest), whole: true, ..Response::default() })
                .filter(|response| ended || !could_become_one && !response.body.is_empty());
        }
        let (mut response, head) = match read_head(rest) {
            Some(head) => head,
            None if ended || rest.len() > LONGEST_HEAD => read_wrong_head(rest),
            None => return None,
        };
        let body = rest.get(head..).unwrap_or_default();
        if response.status.is_some_and(|status| (100..200).contains(&status)) {
            if body.is_empty() {
                return ended.then_some(response);
            }
            rest = body;
            continue;
        }
        return read_body(&mut response, body, ended || full).then_some(response);
    }
}

fn looks_like_status_line(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/")
}

fn limited(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len().min(LONGEST_BODY)].to_vec()
}

/// A head by the book, and its length.
fn read_head(bytes: &[u8]) -> Option<(Response, usize)> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Response::new(&mut headers);
    let length = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return None,
        Err(_) => {
            // Wrong, but is it all there?
            head_end(bytes)?;
            return Some(read_wrong_head(bytes));
        }
    };
    let headers = parsed
        .headers
        .iter()
        .map(|header| {
            (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).trim().to_owned())
        })
        .collect();
    Some((Response { status: parsed.code, headers, ..Response::default() }, length))
}

/// Where the head ends: behind the first empty line.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let crlf = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
    let lf = bytes.windows(2).position(|two| two == b"\n\n").map(|at| at + 2);
    match (crlf, lf) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Takes from a head that breaks the rules what can be taken.
fn read_wrong_head(bytes: &[u8]) -> (Response, usize) {
    let end = head_end(bytes).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(&bytes[..end.min(LONGEST_HEAD)]).into_owned();
    let mut lines = text.lines();
    let status = lines.next().and_then(|line| line.split_ascii_whitespace().nth(1)?.parse().ok());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .take(MOST_HEADERS)
        .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    (Response { status, headers, ..Response::default() }, end)
}

/// Takes the body, and says whether that is all that is to come.
fn read_body(response: &mut Response, bytes: &[u8], ended: bool) -> bool {
    if matches!(response.status, Some(204 | 304)) {
        response.whole = true;
        return true;
    }
    let chunked = response
        .header("transfer-encoding")
        .is_some_and(|value| value.to_ascii_lowercase().contains("chunked"));
    if chunked {
        let (body, done) = unchunked(bytes);
        response.body = body;
        response.whole = done;
        return done || ended;
    }
    let announced = response.header("content-length").and_then(|value| value.parse::<usize>().ok());
    let wanted = announced.map_or(LONGEST_BODY, |length| length.min(LONGEST_BODY));
    response.body = bytes[..bytes.len().min(wanted)].to_vec();
    response.whole = announced.is_none_or(|length| bytes.len() >= length);
    ended || announced.is_some() && bytes.len() >= wanted || bytes.len() >= LONGEST_BODY
}

/// The content of chunks, and whether the last of them is there.
fn unchunked(bytes: &[u8]) -> (Vec<u8>, bool) {
    let (mut body, mut rest) = (Vec::new(), bytes);
    while let Ok(httparse::Status::Complete((head, size))) = httparse::parse_chunk_size(rest) {
        rest = rest.get(head..).unwrap_or_default();
        if size == 0 {
            return (body, true);
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let take = size.min(rest.len()).min(LONGEST_BODY - body.len());
        body.extend_from_slice(&rest[..take]);
        match rest.get(size.saturating_add(2)..) {
            Some(after) if body.len() < LONGEST_BODY => rest = after,
            _ => break,
        }
    }
    let full = body.len() >= LONGEST_BODY;
    (body, full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_what_old_stacks_read() {
        let hidden = [("part".to_owned(), "1".to_owned())];
        let upload = FormUpload {
            path: "/upload.cgi",
            host: "192.168.0.1",
            field: "firm\"ware",
            file_name: "fw.bin",
            hidden: &hidden,
            length: 10,
        };
        let envelope = Envelope::new(&upload, "XYZ");
        let text = String::from_utf8(envelope.opening).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /upload.cgi HTTP/1.1\r\nHost: 192.168.0.1\r\n"));
        assert!(head.contains("boundary=XYZ\r\n") && !head.contains("Expect") && !head.contains("chunked"));
        let length: usize = head.rsplit_once("Content-Length: ").unwrap().1.parse().unwrap();
        assert_eq!(length, body.len() + 10 + envelope.closing.len());
        assert!(
            body.starts_with("--XYZ\r\nContent-Disposition: form-data; name=\"part\"\r\n\r\n1\r\n--XYZ\r\n")
        );
        assert!(body.contains("name=\"firm%22ware\"; filename=\"fw.bin\"\r\n"));
        assert_eq!(envelope.closing, b"\r\n--XYZ--\r\n");
        let fields = post_fields("/go", "h", &[("a b".into(), "1&2".into()), ("c".into(), "ü".into())]);
        assert!(fields.ends_with(b"Content-Length: 18\r\n\r\na+b=1%262&c=%C3%BC"));
    }

    fn check(bytes: &[u8], ended: bool, expected: Option<(Option<u16>, &[u8], bool)>) {
        let response = read_response(bytes, ended);
        let seen = response.as_ref().map(|it| (it.status, it.body.as_slice(), it.whole));
        assert_eq!(seen, expected, "{}", String::from_utf8_lossy(bytes));
    }

    #[test]
    fn responses_are_taken_as_they_come() {
        check(b"", false, None);
        check(b"", true, Some((None, b"", true)));
        check(b"HTT", false, None);
        check(b"HTTP/1.0 200 OK\r\n\r\nhi", false, None);
        check(b"HTTP/1.0 200 OK\r\n\r\nhi", true, Some((Some(200), b"hi", true)));
        check(b"HTTP/1.0 200 OK\nServer: uIP/0.9\n\nhi", true, Some((Some(200), b"hi", true)));
        check(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, Some((Some(200), b"hi", true)));
        check(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", false, None);
        check(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh", true, Some((Some(200), b"h", false)));
        check(b"HTTP/1.1 100 Continue\r\n\r\n", false, None);
        check(
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 \r\nContent-Length: 0\r\n\r\n",
            false,
            Some((Some(413), b"", true)),
        );
        // HTTP/0.9, and a head that breaks the rules.
        check(b"<html>hello", false, None);
        check(b"<html>hello", true, Some((None, b"<html>hello", true)));
        check(b"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\nhi", true, Some((Some(200), b"hi", true)));
        check(b"HTTP/1.1 200", true, Some((Some(200), b"", true)));
        let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        check(chunks, false, Some((Some(200), b"abcde", true)));
        check(&chunks[..chunks.len() - 8], true, Some((Some(200), b"abcd", false)));
    }
}
