//! The FTP server of the bootloader: its commands, in its words.

use debrick_link::Moment;
use debrick_link::simulated::{Channel, Output};

use super::{EvaDevice, EvaEvent, Then};
use crate::environment::Environment;
use crate::wire::{LONGEST_LINE, USER};

/// A control connection.
#[derive(Debug, Default)]
pub(super) struct Ftp {
    line: Vec<u8>,
    pub(super) is_logged_in: bool,
    is_flash: bool,
    pub(super) data_port: Option<u16>,
    pub(super) data: Option<Channel>,
    taking: Option<Taking>,
}

/// A file that comes in.
#[derive(Debug)]
struct Taking {
    place: String,
    room: u64,
    bytes: Vec<u8>,
    /// What came, kept or not.
    length: u64,
}

impl EvaDevice {
    pub(super) fn commands(&mut self, channel: Channel, bytes: &[u8], now: Moment, out: &mut Vec<Output>) {
        let mut lines = Vec::new();
        if let Some(control) = self.controls.get_mut(&channel) {
            for byte in bytes {
                match byte {
                    b'\n' => {
                        let line = std::mem::take(&mut control.line);
                        lines.push(String::from_utf8_lossy(&line).trim().to_owned());
                    }
                    byte if control.line.len() < LONGEST_LINE => control.line.push(*byte),
                    _ => {}
                }
            }
        }
        for line in lines {
            let reply = self.command(channel, &line, now, out);
            if let Some(reply) = reply {
                out.push(Output::Bytes(channel, format!("{reply}\r\n").into_bytes()));
            }
            if !self.controls.contains_key(&channel) {
                out.push(Output::Closed(channel));
                return;
            }
        }
    }

    /// The reply to a command; `None` where it comes later.
    fn command(
        &mut self,
        channel: Channel,
        line: &str,
        now: Moment,
        out: &mut Vec<Output>,
    ) -> Option<String> {
        let (command, rest) = line.split_once(' ').unwrap_or((line, ""));
        let command = command.to_ascii_uppercase();
        let control = self.controls.get_mut(&channel)?;
        if !control.is_logged_in && !matches!(command.as_str(), "USER" | "PASS" | "QUIT" | "BYE") {
            return Some("530 Please login with USER and PASS".into());
        }
        let reply = match command.as_str() {
            "USER" => format!("331 Password required for {rest}"),
            "PASS" if rest == USER => {
                control.is_logged_in = true;
                self.events.push(EvaEvent::LoggedIn);
                format!("230 User {USER} successfully logged in")
            }
            "PASS" => "530 Login incorrect".into(),
            "QUIT" | "BYE" => {
                self.controls.remove(&channel);
                "221 Thank you for using the FTP service on ADAM2\r\n221 Goodbye.".into()
            }
            "SYST" => "215 AVM EVA Version 1.11581 0x0 0x46409".into(),
            "TYPE" if rest.eq_ignore_ascii_case("I") => "200 Type set to BINARY".into(),
            "TYPE" => "200 Type set to ASCII".into(),
            "MEDIA" => match rest {
                "FLSH" | "SDRAM" => {
                    control.is_flash = rest == "FLSH";
                    let medium = if rest == "FLSH" { "FLASH" } else { rest };
                    format!("200 Media set to MEDIA_{medium}")
                }
                _ => "501 unknown media type".into(),
            },
            "P@SW" if self.config.quirks.no_p_at_sw => "502 Command not implemented".into(),
            "PASV" | "P@SW" => self.passive(channel),
            "GETENV" => self.get(rest),
            "SETENV" | "UNSETENV" => self.set(&command, rest),
            "RETR" => return self.send_file(channel, rest, now, out),
            "STOR" => return self.take_file(channel, rest, now),
            "REBOOT" => {
                out.push(Output::Bytes(
                    channel,
                    b"221 Thank you for using the FTP service on ADAM2\r\n".to_vec(),
                ));
                self.start_system(out);
                return None;
            }
            _ => "502 Command not implemented".into(),
        };
        Some(reply)
    }

    fn passive(&mut self, channel: Channel) -> String {
        let ports = &self.config.data_ports;
        let port = ports.get(self.next_data_port % ports.len().max(1)).copied().unwrap_or(0);
        self.next_data_port += 1;
        if let Some(control) = self.controls.get_mut(&channel) {
            control.data_port = Some(port);
            control.data = None;
        }
        let [a, b, c, d] = self.address.octets();
        let [high, low] = port.to_be_bytes();
        format!("227 Entering Passive Mode ({a},{b},{c},{d},{high},{low})")
    }

    fn get(&self, name: &str) -> String {
        let Some(value) = self.environment.get(name) else {
            return "501 environment variable not set".into();
        };
        match self.config.quirks.value_behind {
            true => format!("200 GETENV command successful\r\n{name:<22}{value}"),
            false => format!("{name:<22}{value}\r\n\r\n200 GETENV command successful"),
        }
    }

    fn set(&mut self, command: &str, rest: &str) -> String {
        let (name, value) = rest.split_once([' ', ',']).unwrap_or((rest, ""));
        let takes_away = command == "UNSETENV";
        if takes_away && self.environment.get(name).is_none() {
            return "501 environment variable not set".into();
        }
        let mut text = String::new();
        for (other, value) in self.environment.variables().iter().filter(|(other, _)| other != name) {
            text.push_str(&format!("{other} {value}\n"));
        }
        if !takes_away {
            text.push_str(&format!("{name} {value}\n"));
        }
        self.environment = Environment::parse(&text);
        let value = (!takes_away).then(|| value.to_owned());
        self.events.push(EvaEvent::Set { name: name.to_owned(), value });
        format!("200 {command} command successful")
    }

    fn send_file(
        &mut self,
        channel: Channel,
        name: &str,
        now: Moment,
        out: &mut Vec<Output>,
    ) -> Option<String> {
        let control = self.controls.get_mut(&channel)?;
        let Some(data) = control.data.take() else { return Some("425 Can't build data connection".into()) };
        let content: String = match (name, control.is_flash) {
            ("env", false) => {
                self.events.push(EvaEvent::ReadVariables);
                self.environment
                    .variables()
                    .iter()
                    .map(|(name, value)| format!("{name:<22}{value}\n"))
                    .collect()
            }
            ("count", false) => "reboot_major 1\n".into(),
            _ => {
                self.data.remove(&data);
                out.push(Output::Closed(data));
                return Some("553 Execution failed.".into());
            }
        };
        out.push(Output::Bytes(channel, b"150 Opening BINARY data connection\r\n".to_vec()));
        out.push(Output::Bytes(data, content.into_bytes()));
        if !self.config.quirks.leaves_files_open {
            self.data.remove(&data);
            out.push(Output::Closed(data));
            self.send_later(now, channel, "226 Transfer complete", Then::Nothing);
        }
        None
    }

    fn take_file(&mut self, channel: Channel, names: &str, now: Moment) -> Option<String> {
        let quirks = self.config.quirks;
        let is_flash = self.controls.get(&channel)?.is_flash;
        let place = match is_flash {
            true => names.rsplit(' ').next().unwrap_or_default(),
            false => names,
        };
        let lacks_a_name = quirks.two_names && is_flash && !names.contains(' ');
        let Some(room) = self.room(place, is_flash).filter(|_| !lacks_a_name) else {
            self.events.push(EvaEvent::Refused { place: place.to_owned() });
            return Some("553 Execution failed.".into());
        };
        let erasing =
            if quirks.erases_first && is_flash { self.writing(room) } else { std::time::Duration::ZERO };
        let control = self.controls.get_mut(&channel)?;
        if control.data.is_none() {
            return Some("425 Can't build data connection".into());
        }
        control.taking = Some(Taking { place: place.to_owned(), room, bytes: Vec::new(), length: 0 });
        self.send_later(now + erasing, channel, "150 Opening BINARY data connection", Then::Nothing);
        None
    }

    pub(super) fn data_came(&mut self, channel: Channel, bytes: &[u8], out: &mut Vec<Output>) {
        let Some(control) = self.data.get(&channel).and_then(|owner| self.controls.get_mut(owner)) else {
            return;
        };
        let Some(taking) = &mut control.taking else { return };
        taking.length += bytes.len() as u64;
        if taking.length <= taking.room {
            taking.bytes.extend_from_slice(bytes);
        }
        if self.config.quirks.hangs_up_after.is_some_and(|most| taking.length > most) {
            control.taking = None;
            self.events.push(EvaEvent::HungUp);
            let owner = self.data.remove(&channel);
            out.push(Output::Closed(channel));
            if let Some(owner) = owner {
                self.controls.remove(&owner);
                out.push(Output::Closed(owner));
            }
        }
    }

    /// Somebody hung up: the end of a file, or of a session.
    pub(super) fn hung_up(&mut self, channel: Channel, now: Moment) {
        self.controls.remove(&channel);
        let Some(owner) = self.data.remove(&channel) else { return };
        let Some(control) = self.controls.get_mut(&owner) else { return };
        let is_flash = control.is_flash;
        let Some(Taking { place, room, bytes, length }) = control.taking.take() else { return };
        let quirks = self.config.quirks;
        let too_much = quirks.takes_at_most.is_some_and(|most| length > most);
        if length > room || length == 0 || too_much {
            self.events.push(EvaEvent::Refused { place });
            return self.send_later(now, owner, "553 Execution failed.", Then::Nothing);
        }
        let writing =
            if is_flash && !quirks.erases_first { self.writing(length) } else { std::time::Duration::ZERO };
        let then = if quirks.lies { Then::Lie } else { Then::Keep { place, bytes } };
        let reply = if quirks.never_confirms { "" } else { "226 Transfer complete" };
        self.send_later(now + writing, owner, reply, then);
    }
}
