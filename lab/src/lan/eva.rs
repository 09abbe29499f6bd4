//! EVA, the bootloader of FRITZ!Boxes: found by its discovery, filled by its FTP, over the plug's TCP, with the kernel on the
//! other side. Against ftplib, curl, tnftp and pyftpdlib it is proven in the tests of `debrick-eva`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use debrick_eva::device::{EvaConfig, EvaDevice};
use debrick_eva::{FindOptions, Partition, Session, SessionOptions, find};
use debrick_link_os::OsNetwork;
use debrick_target::Silent;

use super::wire::{HOST, Lan, in_full};
use super::{image, must};

const HOST_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 178, 2);
const UNIT_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 178, 1);

/// Our host finds the unit, reads its variables, and stores firmware in it.
pub fn our_host_finds_and_fills_our_device(_folder: &Path) -> Result<String, String> {
    let image = image(2_000_000, 32);
    let lan = Lan::create(Some(HOST_IP))?;
    let config = EvaConfig { writes_64k_in: Duration::from_millis(5), ..EvaConfig::usual() };
    let work = || {
        let mut network = OsNetwork::on_interface(HOST);
        let local = SocketAddr::from((HOST_IP, 0));
        let options = FindOptions { local, wanted: UNIT_IP, ..FindOptions::default() };
        let unit = find(&mut network, &options, &Silent).map_err(|error| in_full(&error))?;
        must(unit == UNIT_IP, || format!("found at {unit}"))?;
        let unit = SocketAddr::from((unit, 21));
        let mut session = Session::open(&mut network, unit, SessionOptions::default(), &Silent)
            .map_err(|error| in_full(&error))?;
        let environment = session.environment().map_err(|error| in_full(&error))?;
        session
            .store(Partition::FIRMWARE, &environment, &image, &mut Silent)
            .map_err(|error| in_full(&error))?;
        session.reboot().map_err(|error| in_full(&error))
    };
    let (_, device) =
        lan.with_device_at(Some(UNIT_IP), EvaDevice::new(config), EvaDevice::switch_on, work)?;
    must(device.holds("mtd1") == Some(&image[..]), || format!("{:?}", device.events()))?;
    Ok(format!("found by broadcast, {} bytes stored", image.len()))
}
