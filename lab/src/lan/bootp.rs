//! BOOTP and DHCP: our bootloader against dnsmasq, and our server against udhcpc and a real U-Boot.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use debrick_bootp::device::BootpConfig;
use debrick_bootp::{BootpError, Lease, Server, ServerEvent};
use debrick_link::{Deadline, ETHER_TYPE_IPV4};
use debrick_link_os::OsNetwork;
use debrick_target::Silent;
use debrick_tftp::Service;
use debrick_virtual_bench::{Netboot, NetbootOutcome};

use super::wire::{HOST, Lan, Running, UNIT, UNIT_MAC, in_full, inside, open_frames, run};
use super::{image, must, program, read, write};
use crate::router::namespace::{Namespace, TAP};

const HOST_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 2);
const UNIT_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 1);

/// Debian's U-Boot for QEMU's ARM machine.
const U_BOOT: &str = "/usr/lib/u-boot/qemu_arm/u-boot.bin";

fn dnsmasq(lan: &Lan, on_host: bool, folder: &Path) -> Result<Running, String> {
    let tool = program("dnsmasq")?;
    let (mut command, interface) =
        if on_host { (lan.host_command(tool), HOST) } else { (lan.unit_command(tool), UNIT) };
    command.args(["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--no-ping"]);
    command.args([
        "--bootp-dynamic",
        "--dhcp-range=192.168.88.1,192.168.88.1,255.255.255.0,1h",
        "--enable-tftp",
    ]);
    command.args(["--dhcp-authoritative", "--dhcp-boot=recovery.bin"]);
    command.arg(format!("--interface={interface}"));
    command.arg(format!("--tftp-root={}", folder.display()));
    command.arg(format!("--dhcp-leasefile={}", folder.join("leases").display()));
    command.arg(format!("--pid-file={}", folder.join("pid").display()));
    let pid = folder.join("pid");
    Running::start(&mut command, move || pid.is_file())
}

/// Our bootloader gets its address from dnsmasq, and its image, by DHCP and by BOOTP.
pub fn our_device_boots_from_dnsmasq(folder: &Path) -> Result<String, String> {
    let image = image(500_001, 20);
    write(&folder.join("recovery.bin"), &image)?;
    for bootp in [false, true] {
        // A lease that is still given out would leave none for the second.
        let lan = Lan::create(Some(HOST_IP))?;
        let folder = &folder.join(if bootp { "bootp" } else { "dhcp" });
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        write(&folder.join("recovery.bin"), &image)?;
        let _server = dnsmasq(&lan, true, folder)?;
        let config = BootpConfig { bootp, ..BootpConfig::u_boot(UNIT_MAC) };
        let began = Instant::now();
        let outcome = Arc::new(Mutex::new(None));
        let seen = outcome.clone();
        let unit = Watched { device: Netboot::new(config), seen };
        let wait = || {
            let is_over = || outcome.lock().unwrap_or_else(PoisonError::into_inner).is_some();
            while !is_over() && began.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(10));
            }
            Ok(())
        };
        let ((), unit) = lan.with_device(unit, |unit, now| unit.device.start(now), wait)?;
        let given = unit.device.given().ok_or("dnsmasq gave no address")?;
        must(given.address == UNIT_IP && given.next_server == HOST_IP, || format!("{given:?}"))?;
        must(given.boot_file.as_deref() == Some("recovery.bin"), || format!("{given:?}"))?;
        let loaded = NetbootOutcome::Loaded(image.clone());
        must(unit.device.outcome() == Some(&loaded), || "the image was not loaded".into())?;
    }
    Ok(format!("an address and {} bytes, by DHCP and by BOOTP", image.len()))
}

/// A device whose end can be seen from outside.
struct Watched {
    device: Netboot,
    seen: Arc<Mutex<Option<()>>>,
}

impl debrick_link::simulated::Device for Watched {
    fn handle(
        &mut self,
        input: debrick_link::simulated::Input<'_>,
        now: debrick_link::Moment,
        out: &mut Vec<debrick_link::simulated::Output>,
    ) {
        self.device.handle(input, now, out);
        if self.device.outcome().is_some() {
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(());
        }
    }

    fn next_wake(&self) -> Option<debrick_link::Moment> {
        self.device.next_wake()
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        self.device.addresses()
    }
}

fn lease() -> Lease {
    Lease::new(HOST_IP, UNIT_IP, "recovery.bin")
}

/// udhcpc, at the unit's place, takes address, server and file from ours.
pub fn udhcpc_gets_its_address_from_our_server(folder: &Path) -> Result<String, String> {
    let tool = program("udhcpc")?;
    let lan = Lan::create(Some(HOST_IP))?;
    let (script, told) = (folder.join("script"), folder.join("told"));
    let words = format!(
        "#!/bin/sh\necho \"$1 $ip $mask $siaddr $boot_file $serverid $lease\" >>{}\n",
        told.display()
    );
    write(&script, words.as_bytes())?;
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&script, executable).map_err(|error| error.to_string())?;
    let (leased, ran) = std::thread::scope(|scope| {
        let client = scope.spawn(|| {
            let mut command = lan.unit_command(tool);
            command
                .args(["-i", UNIT, "-f", "-n", "-q", "-t", "20", "-T", "1", "-O", "bootfile", "-s"])
                .arg(&script);
            run(&mut command)
        });
        let leased = lan.on_host(|| {
            let frames = open_frames(HOST, Some(ETHER_TYPE_IPV4))?;
            let mut server = Server::open(frames, lease(), &Silent).map_err(|error| in_full(&error))?;
            let deadline = Deadline::after(server.clock(), Duration::from_secs(20));
            server.serve_until_leased(deadline, &Silent).map_err(|error| in_full(&error))
        });
        let ran = client.join().map_err(|_| "a thread panicked".to_owned())?;
        Ok::<_, String>((leased?, ran?))
    })?;
    must(ran.success && leased.is_some(), || format!("{leased:?}, {:?}: {}", ran.code, ran.said))?;
    let told = String::from_utf8_lossy(&read(&told)?).into_owned();
    let expected = "bound 192.168.88.1 24 192.168.88.2 recovery.bin 192.168.88.2 3600";
    must(told.lines().any(|line| line == expected), || format!("udhcpc was told {told:?}"))?;
    Ok(expected.into())
}

/// With dnsmasq on the wire, our server does not begin.
pub fn our_server_refuses_beside_dnsmasq(folder: &Path) -> Result<String, String> {
    let lan = Lan::create(Some(HOST_IP))?;
    let other = Ipv4Addr::new(192, 168, 88, 254);
    lan.give_unit(other)?;
    let _other = dnsmasq(&lan, false, folder)?;
    let opened = lan.on_host(|| {
        let frames = open_frames(HOST, Some(ETHER_TYPE_IPV4))?;
        Ok(Server::open(frames, lease(), &Silent).map(drop))
    })?;
    match opened {
        Err(BootpError::OtherServer { server, .. }) if server == other => Ok(format!("{other} is named")),
        other => Err(format!("{other:?}")),
    }
}

/// A real U-Boot gets its address from our BOOTP server by `dhcp`, and its image from our TFTP server.
pub fn u_boot_boots_from_our_servers(_folder: &Path) -> Result<String, String> {
    must(Path::new(U_BOOT).is_file(), || format!("{U_BOOT} is not there; run lab/setup.sh"))?;
    let image = image(2_000_000, 21);
    let namespace = Namespace::create(&format!("{HOST_IP}/24")).map_err(|error| error.to_string())?;
    let mut unit = UBoot::start(&namespace)?;
    inside(&namespace, || {
        let frames = open_frames(TAP, Some(ETHER_TYPE_IPV4))?;
        let mut addresses = Server::open(frames, lease(), &Silent).map_err(|error| in_full(&error))?;
        let mut network = OsNetwork::on_interface(TAP);
        let service =
            Service { allowed_peers: vec![IpAddr::V4(UNIT_IP)], ..Service::of("recovery.bin", &image) };
        let local = SocketAddr::from((HOST_IP, 69));
        let mut files =
            debrick_tftp::Server::bind(&mut network, local, service).map_err(|error| in_full(&error))?;
        let mut leased = None;
        let mut serve = |_: &str| {
            let turn = Deadline::after(addresses.clock(), Duration::from_millis(2));
            if let ServerEvent::Leased { unit, bootp } =
                addresses.poll(turn).map_err(|error| in_full(&error))?
            {
                leased = Some((unit, bootp));
            }
            let turn = Deadline::after(files.clock(), Duration::from_millis(2));
            files.poll(turn).map_err(|error| in_full(&error)).map(drop)
        };
        unit.until("Hit any key", &mut serve)?;
        unit.type_in(" ")?;
        unit.until("=> ", &mut serve)?;
        unit.type_in("setenv autoload yes; dhcp 40400000\n")?;
        unit.until(&format!("Bytes transferred = {} ", image.len()), &mut serve)?;
        unit.until("=> ", &mut serve)?;
        unit.type_in("crc32 40400000 ${filesize}\n")?;
        unit.until(&format!("==> {:08x}", crc32fast::hash(&image)), &mut serve)?;
        let (mac, bootp) = leased.ok_or("U-Boot has no address of ours")?;
        must(!bootp, || "it asked by BOOTP".into())?;
        Ok(format!(
            "{mac} got its address by DHCP, and {} bytes by TFTP (there is no tftpsrv in it)",
            image.len()
        ))
    })
}

/// A U-Boot on a TAP device, with its console.
struct UBoot {
    child: Child,
    keys: ChildStdin,
    said: Arc<Mutex<String>>,
}

impl UBoot {
    fn start(namespace: &Namespace) -> Result<Self, String> {
        let mut child = namespace
            .command(program("qemu-system-arm")?)
            .args(["-machine", "virt", "-cpu", "cortex-a15", "-m", "128", "-nographic", "-bios", U_BOOT])
            .args(["-device", "virtio-net-device,netdev=n0", "-netdev"])
            .arg(format!("tap,id=n0,ifname={TAP},script=no,downscript=no"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("qemu-system-arm cannot start: {error}"))?;
        let said = Arc::new(Mutex::new(String::new()));
        let keys = child.stdin.take().ok_or("QEMU has no input")?;
        let mut output = child.stdout.take().ok_or("QEMU has no output")?;
        let hears = said.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
                hears.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
            }
        });
        Ok(Self { child, keys, said })
    }

    fn type_in(&mut self, keys: &str) -> Result<(), String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.keys.write_all(keys.as_bytes()).map_err(|error| format!("cannot type: {error}"))
    }

    /// Does this again and again until the console says that.
    fn until(&self, sign: &str, work: &mut dyn FnMut(&str) -> Result<(), String>) -> Result<(), String> {
        let began = Instant::now();
        loop {
            let said = self.said.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if said.contains(sign) {
                return Ok(());
            }
            must(began.elapsed() < Duration::from_secs(30), || format!("no {sign:?} in {said:?}"))?;
            work(&said)?;
        }
    }
}

impl Drop for UBoot {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
