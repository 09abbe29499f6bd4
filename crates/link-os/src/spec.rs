//! Ports as the user writes them.

use std::fmt;
use std::path::PathBuf;

use debrick_link::LinkError;

/// The rate where the user gives none: what most bootloaders speak.
const DEFAULT_RATE: u32 = 115_200;

/// Parity of a serial line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Parity {
    /// No parity bit.
    #[default]
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}

/// How a serial line is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineSettings {
    /// Bits a second.
    pub rate: u32,
    /// Data bits, 5 to 8.
    pub data_bits: u8,
    /// Parity.
    pub parity: Parity,
    /// Stop bits, 1 or 2.
    pub stop_bits: u8,
}

/// A port, as the user names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spec {
    /// A serial port: `/dev/ttyUSB0`, `/dev/ttyUSB0@57600`, `/dev/ttyUSB0@9600,8E1`.
    Serial {
        /// The device node.
        path: PathBuf,
        /// Rate and framing.
        line: LineSettings,
    },
    /// A TCP connection: `tcp:HOST:PORT`, IPv6 addresses in brackets.
    Tcp {
        /// Name or address, without brackets.
        host: String,
        /// Port, not 0.
        port: u16,
    },
    /// A Unix socket: `unix:PATH`.
    Unix {
        /// Its path.
        path: PathBuf,
    },
    /// A new pseudo-terminal, for serving: `pty:`.
    Pty,
}

impl Default for LineSettings {
    fn default() -> Self {
        Self { rate: DEFAULT_RATE, data_bits: 8, parity: Parity::None, stop_bits: 1 }
    }
}

impl Spec {
    /// Reads a port. [`LinkError::BadSpec`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        parse(text).map_err(|reason| LinkError::BadSpec { spec: text.to_owned(), reason })
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Serial { path, line } => {
                let path = path.display().to_string();
                // A path that ends like settings needs its own spelled out.
                let may_end_here = !path.rsplit_once('@').is_some_and(|(_, end)| looks_like_settings(end));
                if may_end_here && *line == LineSettings::default() {
                    return out.write_str(&path);
                }
                write!(out, "{path}@{line}")
            }
            Self::Tcp { host, port } if host.contains(':') => write!(out, "tcp:[{host}]:{port}"),
            Self::Tcp { host, port } => write!(out, "tcp:{host}:{port}"),
            Self::Unix { path } => write!(out, "unix:{}", path.display()),
            Self::Pty => out.write_str("pty:"),
        }
    }
}

impl fmt::Display for LineSettings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.rate)?;
        if (self.data_bits, self.parity, self.stop_bits) == (8, Parity::None, 1) {
            return Ok(());
        }
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        };
        write!(out, ",{}{parity}{}", self.data_bits, self.stop_bits)
    }
}

fn parse(text: &str) -> Result<Spec, String> {
    if text.contains('\0') {
        return Err("it holds a zero character".to_owned());
    }
    if let Some(rest) = text.strip_prefix("tcp:") {
        return parse_tcp(rest);
    }
    if let Some(path) = text.strip_prefix("unix:") {
        return match path {
            "" => Err("the path is missing".to_owned()),
            path => Ok(Spec::Unix { path: path.into() }),
        };
    }
    if text == "pty:" {
        return Ok(Spec::Pty);
    }
    if text.starts_with('/') {
        return parse_serial(text);
    }
    Err("it is neither a path from / on, nor tcp:HOST:PORT, nor unix:PATH, nor pty:".to_owned())
}

fn parse_tcp(rest: &str) -> Result<Spec, String> {
    let (host, port) = rest.rsplit_once(':').ok_or("the port number is missing")?;
    let host = match host.strip_prefix('[') {
        Some(inner) => {
            let inner = inner.strip_suffix(']').ok_or("the closing bracket is missing")?;
            // A scope such as %eth0 may follow the address.
            let address = inner.split('%').next().unwrap_or(inner);
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(format!("{inner:?} is not an IPv6 address"));
            }
            inner
        }
        None if host.contains(':') => return Err("an IPv6 address needs brackets: tcp:[::1]:2000".to_owned()),
        None => host,
    };
    if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c.is_control() || "/[]@".contains(c)) {
        return Err("the host is missing or not a name".to_owned());
    }
    let port = parse_number(port).and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0);
    let port = port.ok_or("the port is not a number from 1 to 65535")?;
    Ok(Spec::Tcp { host: host.to_owned(), port })
}

fn parse_serial(text: &str) -> Result<Spec, String> {
    // Links under /dev/serial/by-id may hold an @ of their own; settings begin with a digit.
    match text.rsplit_once('@') {
        Some((path, settings)) if looks_like_settings(settings) => {
            Ok(Spec::Serial { path: path.into(), line: parse_line(settings)? })
        }
        _ => Ok(Spec::Serial { path: text.into(), line: LineSettings::default() }),
    }
}

fn looks_like_settings(text: &str) -> bool {
    text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit())
}

fn parse_line(text: &str) -> Result<LineSettings, String> {
    let (rate, framing) = text.split_once(',').unwrap_or((text, "8N1"));
    let rate = parse_number(rate).filter(|rate| (50..=20_000_000).contains(rate));
    let rate = rate.ok_or("the rate is not a number from 50 to 20000000")?;
    let [data, parity, stop] = framing.as_bytes() else {
        return Err(format!("{framing:?} is not a framing such as 8N1 or 7E2"));
    };
    let parity = match parity.to_ascii_uppercase() {
        b'N' => Parity::None,
        b'E' => Parity::Even,
        b'O' => Parity::Odd,
        _ => return Err("the parity is not N, E or O".to_owned()),
    };
    if !(b'5'..=b'8').contains(data) || !(b'1'..=b'2').contains(stop) {
        return Err("there are 5 to 8 data bits and 1 or 2 stop bits".to_owned());
    }
    Ok(LineSettings { rate, data_bits: data - b'0', parity, stop_bits: stop - b'0' })
}

/// Digits only: no sign, no blanks.
fn parse_number(text: &str) -> Option<u32> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use debrick_link::LinkError;
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Spec) {
        assert_eq!(Spec::parse(text).unwrap(), expected, "{text}");
    }

    fn check_bad(text: &str, reason: &str) {
        match Spec::parse(text) {
            Err(LinkError::BadSpec { spec, reason: said }) => {
                assert_eq!(spec, text);
                assert!(said.contains(reason), "{text}: {said}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    fn line(rate: u32, data_bits: u8, parity: Parity, stop_bits: u8) -> LineSettings {
        LineSettings { rate, data_bits, parity, stop_bits }
    }

    #[test]
    fn every_kind_is_read() {
        check("/dev/ttyUSB0", Spec::Serial { path: "/dev/ttyUSB0".into(), line: LineSettings::default() });
        let path: PathBuf = "/dev/ttyS1".into();
        check("/dev/ttyS1@57600", Spec::Serial { path: path.clone(), line: line(57600, 8, Parity::None, 1) });
        check("/dev/ttyS1@9600,7e2", Spec::Serial { path, line: line(9600, 7, Parity::Even, 2) });
        let path = "/dev/serial/by-id/a@b-if00";
        check(path, Spec::Serial { path: path.into(), line: LineSettings::default() });
        check("tcp:host.lan:2000", Spec::Tcp { host: "host.lan".into(), port: 2000 });
        check("tcp:[fe80::1%eth0]:23", Spec::Tcp { host: "fe80::1%eth0".into(), port: 23 });
        check("unix:/run/x y", Spec::Unix { path: "/run/x y".into() });
        check("pty:", Spec::Pty);
    }

    #[test]
    fn what_is_wrong_is_said() {
        check_bad("", "neither");
        check_bad("ttyUSB0", "neither");
        check_bad("unix:", "path");
        check_bad("tcp:host", "port");
        check_bad("tcp::80", "host");
        check_bad("tcp:host:0", "65535");
        check_bad("tcp:host:+8", "65535");
        check_bad("tcp:::1:80", "brackets");
        check_bad("tcp:[::1:80", "bracket");
        check_bad("tcp:[host]:80", "IPv6");
        check_bad("/dev/ttyS1@", "rate");
        check_bad("/dev/ttyS1@1e9", "rate");
        check_bad("/dev/ttyS1@9600,8X1", "parity");
        check_bad("/dev/ttyS1@9600,9N1", "data bits");
        check_bad("/dev/ttyS1@9600,8N", "framing");
        check_bad("/dev/tty\0", "zero");
    }

    proptest! {
        #[test]
        fn never_panics_and_round_trips(text in "(tcp:|unix:|pty:|/dev/)?[\\[\\]:@,0-9a-zA-Z/%.é]{0,20}") {
            if let Ok(spec) = Spec::parse(&text) {
                prop_assert_eq!(Spec::parse(&spec.to_string()).unwrap(), spec);
            }
        }
    }
}
