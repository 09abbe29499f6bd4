//! Two units with one address, on a switch: our server serves the one that it was told of, or that came first, and names
//! the other; our client sends to the one that the address is kept for. The kernel's ARP entries are as before, once the
//! interface is given back.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use debrick_link::{Deadline, Network as _, who_has};
use debrick_link_os::{BorrowedInterface, Loan};
use debrick_model::MacAddress;
use debrick_target::Silent;
use debrick_tftp::{Client, ClientOptions, OneStation, Refusal, Senders, Server, ServerEvent, Service};

use super::wire::{HOST, Lan, Running, UNIT, in_full, run};
use super::{image, must, program, read};
use crate::router::namespace::{Namespace, step};

const HOST_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);
const UNIT_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
const UNIT_MAC: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x31]);
const TWIN_MAC: MacAddress = MacAddress::new([2, 0, 0, 0, 0, 0x32]);

/// How long a client may take until it is seen what becomes of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// The file that clients ask for.
const FILE: &str = "image.bin";

/// A unit's place on the switch: a namespace with an interface of this Ethernet address.
struct Place {
    namespace: Namespace,
    folder: PathBuf,
}

impl Place {
    /// Both units have one IPv4 address: that they also ask for each other's is nothing that they could know.
    fn on(switch: &str, port: &str, mac: MacAddress, folder: &Path) -> Result<Self, String> {
        let make = || {
            let namespace = Namespace::empty()?;
            let name = namespace.name();
            step(
                "pair of interfaces",
                &["link", "add", port, "netns", switch, "type", "veth", "peer", "name", UNIT, "netns", name],
            )?;
            step("bridge", &["-n", switch, "link", "set", port, "master", "br0"])?;
            step("link", &["-n", switch, "link", "set", port, "up"])?;
            step("station", &["-n", name, "link", "set", UNIT, "address", &mac.to_string()])?;
            step("address", &["-n", name, "addr", "add", &format!("{UNIT_IP}/24"), "dev", UNIT])?;
            step("link", &["-n", name, "link", "set", UNIT, "up"])?;
            Ok(namespace)
        };
        let namespace = make().map_err(|error: crate::router::LabError| error.to_string())?;
        let folder = folder.join(port);
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        Ok(Self { namespace, folder })
    }

    /// A real client that asks for the file.
    fn asks(&self) -> Result<Running, String> {
        let mut command = self.namespace.command(program("tftp")?);
        command.args(["-m", "binary", &HOST_IP.to_string(), "-c", "get", FILE]);
        command.current_dir(&self.folder);
        Running::start(&mut command, || true)
    }

    /// A real server of its folder.
    fn listens(&self) -> Result<Running, String> {
        let mut command = self.namespace.command(program("in.tftpd")?);
        command.args(["--listen", "--foreground", "--create", "--user", "root", "--secure", "--address"]);
        command.arg(format!("{UNIT_IP}:69")).arg(&self.folder);
        // Our client asks until it is there.
        Running::start(&mut command, || true)
    }

    fn got(&self) -> Vec<u8> {
        read(&self.folder.join(FILE)).unwrap_or_default()
    }
}

/// A host, and a unit and its twin behind a switch. Who had their address before is still known to the host.
fn on_a_switch(folder: &Path) -> Result<(Lan, Place, Place), String> {
    let lan = Lan::create(None)?;
    let switch = lan.unit_namespace();
    let build = || {
        step("bridge", &["-n", switch, "link", "add", "br0", "type", "bridge"])?;
        step("bridge", &["-n", switch, "link", "set", UNIT, "master", "br0"])?;
        step("bridge", &["-n", switch, "link", "set", "br0", "up"])
    };
    build().map_err(|error| error.to_string())?;
    let unit = Place::on(switch, "unit1", UNIT_MAC, folder)?;
    let twin = Place::on(switch, "twin1", TWIN_MAC, folder)?;
    let mut known = lan.host_command("ip");
    known.args([
        "neigh",
        "add",
        "192.168.1.1",
        "lladdr",
        "02:00:00:00:00:30",
        "dev",
        HOST,
        "nud",
        "permanent",
    ]);
    run(&mut known)?.must_succeed()?;
    Ok((lan, unit, twin))
}

/// The ARP entries of the host.
fn neighbours(lan: &Lan) -> Result<String, String> {
    run(lan.host_command("ip").args(["-j", "neigh", "show", "dev", HOST])).map(|ran| ran.said)
}

/// tftpd-hpa twice, at one address: both are found, and what is sent reaches the one that the address is kept for.
pub fn one_of_two_servers_is_sent_to(folder: &Path) -> Result<String, String> {
    let (lan, unit, twin) = on_a_switch(folder)?;
    let before = neighbours(&lan)?;
    let places = [(UNIT_MAC, &unit, image(200_001, 10)), (TWIN_MAC, &twin, image(200_001, 11))];
    let _servers = (unit.listens()?, twin.listens()?);
    lan.on_host(|| {
        let loan = Loan { addresses: vec![(HOST_IP, 24)], ..Loan::to_listen(HOST) };
        let borrowed =
            BorrowedInterface::borrow(&loan, &folder.join("interfaces")).map_err(|error| in_full(&error))?;
        let mut network = borrowed.network();
        // The switch may not pass anything on yet.
        let end = Deadline::after(network.clock(), PATIENCE);
        let mut found = BTreeSet::new();
        while found.len() < 2 && !end.has_passed(network.clock()) {
            found = who_has(&mut network, UNIT_IP);
        }
        must(found == BTreeSet::from([UNIT_MAC, TWIN_MAC]), || format!("{found:?} have {UNIT_IP}"))?;
        for (station, place, image) in &places {
            network.set_neighbour(UNIT_IP, *station).map_err(|error| in_full(&error))?;
            let server = SocketAddr::from((UNIT_IP, 69));
            let mut client = Client::new(&mut network, HOST_IP.into(), server, ClientOptions::fast());
            client.push(FILE, image, &mut Silent).map_err(|error| in_full(&error))?;
            must(place.got() == *image, || format!("{station} got {} other bytes", place.got().len()))?;
            network.forget_neighbour(UNIT_IP).map_err(|error| in_full(&error))?;
            if *station == UNIT_MAC {
                must(twin.got().is_empty(), || "the twin got something".into())?;
            }
        }
        must(unit.got() == places[0].2, || "the unit got what was for its twin".into())?;
        borrowed.give_back().map_err(|error| in_full(&error))
    })?;
    let after = neighbours(&lan)?;
    must(before == after, || format!("`ip -j neigh` said\n{before}\nbefore, and says now\n{after}"))?;
    Ok(format!("both are found at {UNIT_IP}; each got its own {} bytes", places[0].2.len()))
}

/// Serves until this is seen.
fn serve_until(server: &mut Server<'_, '_>, enough: impl Fn(&ServerEvent) -> bool) -> Result<(), String> {
    let end = Deadline::after(server.clock(), PATIENCE);
    let mut events = Vec::new();
    while !end.has_passed(server.clock()) {
        let turn = Deadline::after(server.clock(), Duration::from_millis(50));
        let event = server.poll(turn).map_err(|error| in_full(&error))?;
        if enough(&event) {
            return Ok(());
        }
        events.push(format!("{event:?}"));
    }
    events.retain(|event| event != "Idle");
    Err(format!("it did not come to that in {} s: {events:?}", PATIENCE.as_secs()))
}

fn is_finished(event: &ServerEvent) -> bool {
    matches!(event, ServerEvent::Finished { acknowledged: true, .. })
}

fn is_twin_refused(event: &ServerEvent) -> bool {
    let expected = Refusal::OtherStation { station: TWIN_MAC, unit: UNIT_MAC };
    matches!(event, ServerEvent::Refused { why, file, .. } if *why == expected && file == FILE)
}

/// tftp-hpa twice, with one address: the twin hears nothing, whether it asks after the unit or before it.
pub fn one_of_two_clients_is_served(folder: &Path) -> Result<String, String> {
    let image = image(1_000_001, 9);
    let (lan, unit, twin) = on_a_switch(folder)?;
    let neighbours = || neighbours(&lan);
    let before = neighbours()?;

    lan.on_host(|| {
        let loan = Loan { addresses: vec![(HOST_IP, 24)], ..Loan::to_listen(HOST) };
        let borrowed =
            BorrowedInterface::borrow(&loan, &folder.join("interfaces")).map_err(|error| in_full(&error))?;
        for is_known in [false, true] {
            let mut network = borrowed.network();
            let senders = Senders::open(&mut network, 69).map_err(|error| in_full(&error))?;
            let senders = senders.ok_or("there is no raw Ethernet")?;
            let station = Some(OneStation::new(senders, is_known.then_some(UNIT_MAC)));
            let allowed_peers = vec![IpAddr::V4(UNIT_IP)];
            let service = Service { allowed_peers, station, ..Service::of(FILE, &image) };
            let local = SocketAddr::from((HOST_IP, 69));
            let mut server = Server::bind(&mut network, local, service).map_err(|error| in_full(&error))?;
            if is_known {
                let _twin = twin.asks()?;
                serve_until(&mut server, is_twin_refused)?;
            }
            let asking = unit.asks()?;
            serve_until(&mut server, is_finished)?;
            asking.wait()?;
            must(unit.got() == image, || format!("the unit got {} other bytes", unit.got().len()))?;
            std::fs::remove_file(unit.folder.join(FILE)).map_err(|error| error.to_string())?;
            let pinned = neighbours()?;
            must(pinned.contains(&UNIT_MAC.to_string()) && pinned.contains("PERMANENT"), || pinned.clone())?;
            if !is_known {
                let _twin = twin.asks()?;
                serve_until(&mut server, is_twin_refused)?;
            }
            must(twin.got().is_empty(), || "the twin got something".into())?;
        }
        borrowed.give_back().map_err(|error| in_full(&error))
    })?;
    let after = neighbours()?;
    must(before == after, || format!("`ip -j neigh` said\n{before}\nbefore, and says now\n{after}"))?;
    Ok(format!("{} bytes to {UNIT_MAC}, twice; {TWIN_MAC} is named and hears nothing", image.len()))
}
