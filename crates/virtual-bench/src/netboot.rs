//! A bootloader without an address of its own: it asks for one by BOOTP or DHCP, and loads what it is told from where it is
//! told by TFTP. MikroTik's RouterBOOT and U-Boot's `dhcp` do.

use std::net::{Ipv4Addr, SocketAddr};

use debrick_bootp::device::{BootpConfig, BootpDevice, BootpOutcome, Given};
use debrick_link::Moment;
use debrick_link::simulated::{Device, Input, Output};
use debrick_tftp::device::{PullConfig, PullDevice, PullOutcome, PullQuirks};

/// U-Boot takes a port from 1024 to 4095 by its timer.
const LOCAL_PORT: u16 = 1876;

/// How a boot from the network ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetbootOutcome {
    /// It has this image.
    Loaded(Vec<u8>),
    /// Nobody gave it an address.
    NoAddress,
    /// It was told no file, or no place to load it from.
    NoFile,
    /// It could not load the file.
    NotLoaded(PullOutcome),
}

/// A bootloader that boots from the network.
#[derive(Debug)]
pub struct Netboot {
    bootp: BootpDevice,
    pull: Option<PullDevice>,
    image: Vec<u8>,
    outcome: Option<NetbootOutcome>,
    quirks: PullQuirks,
}

impl Netboot {
    /// A bootloader that has not begun.
    pub fn new(config: BootpConfig) -> Self {
        let quirks = PullQuirks::default();
        Self { bootp: BootpDevice::new(config), pull: None, image: Vec::new(), outcome: None, quirks }
    }

    /// One that loads its file otherwise than U-Boot.
    #[must_use]
    pub fn with_quirks(self, quirks: PullQuirks) -> Self {
        Self { quirks, ..self }
    }

    /// Begins to ask for an address.
    pub fn start(&mut self, now: Moment) {
        self.pull = None;
        self.image.clear();
        self.outcome = None;
        self.bootp.start(now);
    }

    /// What it was given, once it was.
    pub fn given(&self) -> Option<&Given> {
        self.bootp.given()
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<&NetbootOutcome> {
        self.outcome.as_ref()
    }

    /// Goes on to load once there is an address.
    fn follow(&mut self, now: Moment, out: &mut Vec<Output>) {
        match self.bootp.outcome() {
            Some(BootpOutcome::Bound(given)) if self.pull.is_none() => {
                let Some(file) = given.boot_file.clone().filter(|_| !given.next_server.is_unspecified())
                else {
                    self.outcome = Some(NetbootOutcome::NoFile);
                    return;
                };
                let local = SocketAddr::from((given.address, LOCAL_PORT));
                let server = SocketAddr::from((given.next_server, 69));
                let config = PullConfig { quirks: self.quirks, ..PullConfig::u_boot(local, server, file) };
                let mut pull = PullDevice::new(config);
                pull.start(now, out);
                self.pull = Some(pull);
            }
            Some(BootpOutcome::GaveUp) => self.outcome = Some(NetbootOutcome::NoAddress),
            _ => {}
        }
    }

    fn load(&mut self) {
        let Some(pull) = &mut self.pull else { return };
        pull.take_console_text();
        for chunk in pull.take_chunks() {
            // One that starts again begins at 0 again.
            self.image.truncate(usize::try_from(chunk.offset).unwrap_or(0));
            self.image.extend(chunk.bytes);
        }
        self.outcome = match pull.result() {
            None => return,
            Some(PullOutcome::Loaded { .. }) => Some(NetbootOutcome::Loaded(std::mem::take(&mut self.image))),
            Some(other) => Some(NetbootOutcome::NotLoaded(other.clone())),
        };
    }
}

impl Device for Netboot {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        if self.outcome.is_some() {
            return;
        }
        match &mut self.pull {
            Some(pull) => pull.handle(input, now, out),
            None => self.bootp.handle(input, now, out),
        }
        self.follow(now, out);
        self.load();
    }

    fn next_wake(&self) -> Option<Moment> {
        if self.outcome.is_some() {
            return None;
        }
        match &self.pull {
            Some(pull) => pull.next_wake(),
            None => self.bootp.next_wake(),
        }
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        self.bootp.addresses()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::time::Duration;

    use debrick_bootp::{Lease, Server};
    use debrick_link::simulated::World;
    use debrick_link::{Clock, Deadline, ETHER_TYPE_IPV4, Network, VirtualClock};
    use debrick_model::MacAddress;
    use debrick_target::Silent;
    use debrick_tftp::{ServerEvent, Service};

    use super::*;

    const HOST: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 2);
    const UNIT: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 1);

    /// Lets it boot from servers that offer `file`.
    fn boot(file: &str) -> Option<NetbootOutcome> {
        let config = BootpConfig::u_boot(MacAddress::new([2, 0, 0, 0, 0, 9]));
        let world = World::new(Netboot::new(config), VirtualClock::new());
        let mut network = world.network();
        let frames = network.open_frames(Some(ETHER_TYPE_IPV4)).unwrap();
        let mut addresses = Server::open(frames, Lease::new(HOST, UNIT, "a.bin"), &Silent).unwrap();
        world.with_device(|device| device.start(world.clock().now()));
        let image: Vec<u8> = (0..100_000u32).map(|byte| byte as u8).collect();
        let service = Service { allowed_peers: vec![IpAddr::V4(UNIT)], ..Service::of(file, &image) };
        let local = SocketAddr::from((HOST, 69));
        let mut files = debrick_tftp::Server::bind(&mut network, local, service).unwrap();
        let deadline = Deadline::after(world.clock(), Duration::from_secs(5));
        assert!(addresses.serve_until_leased(deadline, &Silent).unwrap().is_some());
        let is_over =
            |event: &ServerEvent| matches!(event, ServerEvent::Finished { .. } | ServerEvent::Refused { .. });
        let deadline = Deadline::after(world.clock(), Duration::from_secs(60));
        files.serve_until(deadline, &mut Silent, is_over).unwrap();
        if let Some(NetbootOutcome::Loaded(loaded)) = world.with_device(|device| device.outcome().cloned()) {
            assert_eq!(loaded, image);
        }
        world.with_device(|device| device.outcome().cloned())
    }

    #[test]
    fn it_asks_for_an_address_and_loads_what_it_is_told() {
        assert!(matches!(boot("a.bin"), Some(NetbootOutcome::Loaded(_))));
    }

    #[test]
    fn a_file_that_is_not_there_is_not_loaded() {
        assert!(matches!(boot("b.bin"), Some(NetbootOutcome::NotLoaded(PullOutcome::Refused { .. }))));
    }
}
