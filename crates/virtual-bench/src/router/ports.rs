//! What comes on its ports: on the console, to the web page of the system, and from whoever else is on its cable.

use std::net::{IpAddr, SocketAddr};

use debrick_link::simulated::{Channel, Input, Output};

use super::{NETWORK_DELAY, VirtualRouter};
use crate::faults::Fault;
use crate::layout::UNIT_ADDRESS;

/// What a request to the web page may be long at most.
const LONGEST_REQUEST: usize = 8192;

impl VirtualRouter {
    /// Lets the stranger on the cable hear a frame, or ask.
    pub(super) fn tell_stranger(&mut self, input: Input<'_>) {
        if !self.has_link() {
            return;
        }
        let Some(stranger) = &mut self.stranger else { return };
        let mut sent = Vec::new();
        stranger.handle(input, self.now, &mut sent);
        if !sent.is_empty() {
            self.happenings.log.add(Fault::StrangerAsks);
        }
        let due = self.now + NETWORK_DELAY;
        self.delayed.extend(sent.into_iter().map(|output| (due, output)));
    }

    pub(super) fn on_console(&mut self, bytes: &[u8], out: &mut Vec<Output>) {
        let now = self.now;
        if !self.has_power || self.happenings.hangs {
            return;
        }
        let mut console = Vec::new();
        if let Some(system) = &mut self.system {
            let wish = system.on_bytes(bytes, now, &mut console);
            self.grant(wish);
        } else {
            self.note_lines(bytes);
            self.uboot.on_bytes(bytes, now, &mut console);
        }
        self.settle(&mut console, 0);
        flush(&mut console, out);
    }

    pub(super) fn on_connection(&mut self, channel: Channel, to: SocketAddr, out: &mut Vec<Output>) {
        if self.is_ready() && to.ip() == IpAddr::V4(UNIT_ADDRESS) && to.port() == 80 {
            self.connections.insert(channel, Vec::new());
        } else {
            out.push(Output::Closed(channel));
        }
    }

    pub(super) fn on_request(&mut self, channel: Channel, bytes: &[u8], out: &mut Vec<Output>) {
        let (Some(request), Some(system)) = (self.connections.get_mut(&channel), &self.system) else {
            return;
        };
        request.extend_from_slice(bytes);
        let over =
            request.windows(4).any(|end| end == b"\r\n\r\n") || request.windows(2).any(|end| end == b"\n\n");
        if !over && request.len() < LONGEST_REQUEST {
            return;
        }
        let text = String::from_utf8_lossy(request);
        let mut words = text.split_whitespace();
        let page = match (words.next(), words.next()) {
            (Some("GET"), Some(path)) => system.page(path, self.now),
            _ => None,
        };
        let (status, body) =
            page.map_or(("404 Not Found", "not found\n".to_owned()), |page| ("200 OK", page));
        let kind = if body.starts_with('{') { "application/json" } else { "text/html" };
        let answer = format!(
            "HTTP/1.0 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        self.connections.remove(&channel);
        out.push(Output::Bytes(channel, answer.into_bytes()));
        out.push(Output::Closed(channel));
    }
}

/// Hands on what was printed.
pub(super) fn flush(console: &mut Vec<u8>, out: &mut Vec<Output>) {
    if !console.is_empty() {
        out.push(Output::Bytes(Channel::Console, std::mem::take(console)));
    }
}
