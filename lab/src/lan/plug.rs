//! The plug that virtual devices are on: its TCP, against curl.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use debrick_link::Moment;
use debrick_link::simulated::{Channel, Device, Input, Output};

use super::wire::{Lan, run};
use super::{image, must, program, read, write};

const HOST_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);
const UNIT_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);

/// Sends every body back that is put to it on port 80, and refuses every other port.
#[derive(Default)]
struct Mirror {
    connections: BTreeMap<Channel, Vec<u8>>,
    refused: u32,
    closed: u32,
}

impl Mirror {
    /// The answer, once the request is whole.
    fn answer(request: &[u8]) -> Option<Vec<u8>> {
        let head = request.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok())?;
        let body = request.get(head..head + length)?;
        let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n");
        Some([head.as_bytes(), body].concat())
    }
}

impl Device for Mirror {
    fn handle(&mut self, input: Input<'_>, _now: Moment, out: &mut Vec<Output>) {
        match input {
            Input::Connected(channel, to) if to.port() == 80 => {
                self.connections.insert(channel, Vec::new());
            }
            Input::Connected(channel, _) => {
                self.refused += 1;
                out.push(Output::Closed(channel));
            }
            Input::Bytes(channel, bytes) => {
                let Some(request) = self.connections.get_mut(&channel) else { return };
                request.extend_from_slice(bytes);
                if let Some(answer) = Self::answer(request) {
                    self.connections.remove(&channel);
                    out.extend([Output::Bytes(channel, answer), Output::Closed(channel)]);
                }
            }
            Input::Closed(_) => self.closed += 1,
            _ => {}
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        None
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        vec![UNIT_IP]
    }
}

/// curl puts megabytes to a device and gets them back, several times, and is refused at a port that is shut.
pub fn curl_speaks_tcp_with_a_device(folder: &Path) -> Result<String, String> {
    let curl = program("curl")?;
    let lan = Lan::create(Some(HOST_IP))?;
    let (there, back) = (folder.join("there"), folder.join("back"));
    let lengths = [1, 1460, 65_536, 3_000_001];
    let request = |port: u16| {
        let mut command = lan.host_command(&curl);
        command.args(["--silent", "--show-error", "--max-time", "20", "--header", "Expect:", "--output"]);
        command.arg(&back).arg("--upload-file").arg(&there);
        command.arg(format!("http://{}/", SocketAddr::from((UNIT_IP, port))));
        command
    };
    let work = || {
        for (seed, length) in (10..).zip(lengths) {
            let image = image(length, seed);
            write(&there, &image)?;
            run(&mut request(80))?.must_succeed()?;
            must(read(&back)? == image, || format!("of {length} bytes others came back"))?;
        }
        run(&mut request(81))
    };
    let (refused, device) = lan.with_device(Mirror::default(), |_, _| {}, work)?;
    // curl's number for a connection that is refused.
    must(refused.code == Some(7) && device.refused == 1, || format!("{refused:?}, {}", device.refused))?;
    must(device.connections.is_empty(), || "a connection was left open".into())?;
    Ok(format!("up to {} bytes there and back; a shut port refuses", lengths[3]))
}
