//! TFTP: real clients against our devices, and our client and server against real programs, each with a kernel and a wire
//! between them. More of it, on the loopback interface, is in the tests of `debrick-tftp`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use debrick_link::{Deadline, Network};
use debrick_link_os::OsNetwork;
use debrick_target::Silent;
use debrick_tftp::device::{PullConfig, PullDevice, PullOutcome, PushConfig, PushDevice, PushOutcome};
use debrick_tftp::{Client, ClientOptions, Refusal, Server, ServerEvent, Service};

use super::wire::{HOST, Lan, Running, UNIT, in_full, run};
use super::{image, must, program, read, write};

const HOST_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);
const UNIT_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);

fn unit(port: u16) -> SocketAddr {
    SocketAddr::from((UNIT_IP, port))
}

/// A client puts an image to a unit that waits for one.
fn put(
    folder: &Path,
    config: PushConfig,
    client: impl FnOnce(&Lan, &Path) -> Result<Command, String>,
) -> Result<String, String> {
    let image = image(2_000_001, 5);
    let file = folder.join("firmware.bin");
    write(&file, &image)?;
    let lan = Lan::create(Some(HOST_IP))?;
    let mut command = client(&lan, &file)?;
    let (ran, mut device) =
        lan.with_device(PushDevice::new(config), PushDevice::start, || run(&mut command))?;
    must(ran.success, || format!("it ended with {:?}: {}", ran.code, ran.said))?;
    let taken = PushOutcome::Taken { name: "firmware.bin".into(), bytes: image.len() as u64 };
    must(device.result() == Some(&taken), || format!("{:?}: {}", device.result(), ran.said))?;
    let data: Vec<u8> = device.take_chunks().into_iter().flat_map(|chunk| chunk.bytes).collect();
    must(data == image, || "other bytes arrived".into())?;
    Ok(format!("{} bytes", image.len()))
}

/// tftp-hpa puts to a recovery mode without options that answers from port 69.
pub fn tftp_hpa_puts_to_our_device(folder: &Path) -> Result<String, String> {
    put(folder, PushConfig::recovery(unit(69)), |lan, file| {
        let mut command = lan.host_command(program("tftp")?);
        command.args(["-m", "binary", &UNIT_IP.to_string(), "-c", "put"]).arg(file).arg("firmware.bin");
        Ok(command)
    })
}

/// atftp puts to U-Boot's `tftpsrv` as we play it, from another port, with options.
pub fn atftp_puts_to_our_device(folder: &Path) -> Result<String, String> {
    let config = PushConfig { options: Some((1468, 8)), ..PushConfig::u_boot(unit(69), 2345) };
    put(folder, config, |lan, file| {
        let mut command = lan.host_command(program("atftp")?);
        command.args([
            "--option",
            "blksize 1428",
            "--option",
            "windowsize 16",
            "-p",
            "-r",
            "firmware.bin",
            "-l",
        ]);
        command.arg(file).arg(UNIT_IP.to_string());
        Ok(command)
    })
}

fn client(network: &mut dyn Network) -> Client<'_> {
    let options = ClientOptions { request_every: Duration::from_millis(100), ..ClientOptions::fast() };
    Client::new(network, IpAddr::V4(HOST_IP), unit(69), options)
}

/// Our client pushes to tftpd-hpa at the unit's place, and pulls it back.
pub fn our_client_pushes_to_tftpd_hpa(folder: &Path) -> Result<String, String> {
    let image = image(2_000_001, 6);
    let lan = Lan::create(Some(HOST_IP))?;
    lan.give_unit(UNIT_IP)?;
    let mut command = lan.unit_command(program("in.tftpd")?);
    command.args(["--listen", "--foreground", "--create", "--user", "root", "--address"]);
    command.arg(format!("{UNIT_IP}:69")).arg(folder);
    // Our client asks until it is there.
    let _server = Running::start(&mut command, || true)?;
    let name = folder.join("firmware.bin").display().to_string();
    let back = lan.on_host(|| {
        let mut network = OsNetwork::on_interface(HOST);
        let mut client = client(&mut network);
        client.push(&name, &image, &mut Silent).map_err(|error| in_full(&error))?;
        let mut back = Vec::new();
        client.pull(&name, &mut back, &mut Silent).map_err(|error| in_full(&error))?;
        Ok(back)
    })?;
    must(read(&folder.join("firmware.bin"))? == image && back == image, || "other bytes arrived".into())?;
    Ok(format!("{} bytes there and back", image.len()))
}

/// Our client pulls from dnsmasq, whose TFTP server takes nothing.
pub fn our_client_pulls_from_dnsmasq(folder: &Path) -> Result<String, String> {
    let image = image(2_000_001, 7);
    write(&folder.join("backup.bin"), &image)?;
    let lan = Lan::create(Some(HOST_IP))?;
    lan.give_unit(UNIT_IP)?;
    let mut command = lan.unit_command(program("dnsmasq")?);
    command.args([
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--port=0",
        "--user=root",
        "--enable-tftp",
    ]);
    command.arg(format!("--interface={UNIT}")).arg(format!("--tftp-root={}", folder.display()));
    command.arg(format!("--pid-file={}", folder.join("pid").display()));
    let _server = Running::start(&mut command, || true)?;
    let (back, refused) = lan.on_host(|| {
        let mut network = OsNetwork::on_interface(HOST);
        let mut client = client(&mut network);
        let mut back = Vec::new();
        client.pull("backup.bin", &mut back, &mut Silent).map_err(|error| in_full(&error))?;
        let refused = client.push("new.bin", &image, &mut Silent);
        Ok((back, refused))
    })?;
    must(back == image, || "other bytes arrived".into())?;
    let error = refused.err().ok_or("dnsmasq took a file")?;
    Ok(format!("{} bytes; a push is refused: {error}", image.len()))
}

/// Our server gives the image to the unit, nothing to a stranger, and no other file to anybody.
pub fn our_server_serves_one_unit_only(_folder: &Path) -> Result<String, String> {
    let image = image(1_000_001, 8);
    let stranger = Ipv4Addr::new(192, 168, 1, 66);
    let lan = Lan::create(Some(HOST_IP))?;
    let pull = |from: Ipv4Addr, file: &str| -> Result<(Vec<ServerEvent>, PullDevice), String> {
        let server = SocketAddr::from((HOST_IP, 69));
        let config = PullConfig {
            timeout: Duration::from_millis(200),
            most_timeouts: 2,
            most_restarts: 1,
            ..PullConfig::u_boot(SocketAddr::from((from, 1234)), server, file)
        };
        let work = || {
            let mut network = OsNetwork::on_interface(HOST);
            let service =
                Service { allowed_peers: vec![IpAddr::V4(UNIT_IP)], ..Service::of("image.bin", &image) };
            let mut server = Server::bind(&mut network, server, service).map_err(|error| in_full(&error))?;
            let end = Deadline::after(server.clock(), Duration::from_secs(2));
            let mut events = Vec::new();
            while !end.has_passed(server.clock()) {
                let turn = Deadline::after(server.clock(), Duration::from_millis(50));
                match server.poll(turn).map_err(|error| in_full(&error))? {
                    ServerEvent::Idle | ServerEvent::Progress { .. } => {}
                    event @ ServerEvent::Finished { .. } => {
                        events.push(event);
                        break;
                    }
                    event => events.push(event),
                }
            }
            Ok(events)
        };
        lan.with_device(Pulling::new(config), |_, _| {}, work)
            .map(|(events, pulling)| (events, pulling.device))
    };
    let (_, mut unit) = pull(UNIT_IP, "image.bin")?;
    let data: Vec<u8> = unit.take_chunks().into_iter().flat_map(|chunk| chunk.bytes).collect();
    must(unit.result() == Some(&PullOutcome::Loaded { bytes: image.len() as u64 }), || {
        format!("{:?}", unit.result())
    })?;
    must(data == image, || "other bytes arrived".into())?;
    let (events, unit) = pull(stranger, "image.bin")?;
    let ignored =
        |event: &ServerEvent| matches!(event, ServerEvent::Refused { why: Refusal::PeerNotAllowed, .. });
    must(!events.is_empty() && events.iter().all(ignored), || format!("{events:?}"))?;
    must(unit.result() == Some(&PullOutcome::GaveUp), || format!("the stranger got {:?}", unit.result()))?;
    let (events, unit) = pull(UNIT_IP, "../../../../etc/passwd")?;
    let missing =
        |event: &ServerEvent| matches!(event, ServerEvent::Refused { why: Refusal::NoSuchFile, .. });
    must(events.iter().any(missing), || format!("{events:?}"))?;
    must(matches!(unit.result(), Some(PullOutcome::Refused { .. })), || format!("{:?}", unit.result()))?;
    Ok(format!("{} bytes to the unit; a stranger hears nothing; no other file", image.len()))
}

/// A bootloader that begins to pull when it is first woken: its first request needs an output to go to.
struct Pulling {
    device: PullDevice,
    has_begun: bool,
}

impl Pulling {
    fn new(config: PullConfig) -> Self {
        Self { device: PullDevice::new(config), has_begun: false }
    }
}

impl debrick_link::simulated::Device for Pulling {
    fn handle(
        &mut self,
        input: debrick_link::simulated::Input<'_>,
        now: debrick_link::Moment,
        out: &mut Vec<debrick_link::simulated::Output>,
    ) {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.device.start(now, out);
        }
        self.device.handle(input, now, out);
    }

    fn next_wake(&self) -> Option<debrick_link::Moment> {
        if self.has_begun { self.device.next_wake() } else { Some(debrick_link::Moment::default()) }
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        self.device.addresses()
    }
}
