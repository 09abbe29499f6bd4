//! A door with a web page: what the bootloader thinks of a file, it says on the page that comes back.

use std::net::SocketAddr;

use debrick_http_upload::Reason;
use debrick_http_upload::device::{HttpConfig, HttpDevice, HttpEvent};
use debrick_link::Moment;
use debrick_link::simulated::{Device as _, Input, Output};

use super::ROOM;

/// A page that waits for a file.
#[derive(Debug)]
pub(crate) struct PageSpeaker {
    device: HttpDevice,
    /// How much of what happened was printed.
    printed: usize,
    /// How much of it was told.
    told: usize,
    is_handed_over: bool,
}

impl PageSpeaker {
    /// A page at this address of the unit, on the port of its configuration.
    pub(crate) fn start(config: &HttpConfig, unit: SocketAddr) -> Self {
        let mut config = config.clone();
        config.listen.set_ip(unit.ip());
        config.most_bytes = config.most_bytes.min(ROOM);
        // What it thinks of a file is the bootloader's to say.
        config.judges = false;
        Self { device: HttpDevice::new(config), printed: 0, told: 0, is_handed_over: false }
    }

    pub(crate) fn next_wake(&self) -> Option<Moment> {
        self.device.next_wake()
    }

    pub(crate) fn handle(&mut self, input: Input<'_>, now: Moment, send: &mut Vec<Output>) {
        self.device.handle(input, now, send);
    }

    /// What happened since the last time, as such bootloaders print it.
    pub(crate) fn take_text(&mut self) -> String {
        let new = self.device.events().get(self.printed..).unwrap_or_default();
        self.printed += new.len();
        let lines = new.iter().filter_map(|event| match event {
            HttpEvent::Asked { path } => Some(format!("httpd: request for {path}\n")),
            HttpEvent::Took { bytes, .. } => Some(format!("httpd: upload of {bytes} bytes done\n")),
            _ => None,
        });
        lines.collect()
    }

    /// Puts what has come in into `image`; whether all of it is there and waits for a word.
    pub(crate) fn receive(&mut self, image: &mut Vec<u8>) -> bool {
        match self.device.judged() {
            Some(whole) if !self.is_handed_over => {
                self.is_handed_over = true;
                whole.clone_into(image);
                true
            }
            _ => false,
        }
    }

    pub(crate) fn conclude(&mut self, refusal: Option<&str>, now: Moment, send: &mut Vec<Output>) {
        self.is_handed_over = false;
        self.device.conclude(refusal.map(|words| (Reason::Header, words)), now, send);
    }

    /// What has happened since it was asked the last time.
    pub(crate) fn take_events(&mut self) -> Vec<HttpEvent> {
        let new = self.device.events().get(self.told..).unwrap_or_default().to_vec();
        self.told += new.len();
        new
    }
}
