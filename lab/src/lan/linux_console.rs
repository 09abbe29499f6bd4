//! The netconsole of a real Linux, in QEMU: our listener hears its lines, with and without heads, and its panic.

use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use debrick_announce::netconsole::{Console, Head, Message, PORT};
use debrick_link::{Datagrams, Deadline, Link as _, Network as _};
use debrick_link_os::{OsClock, OsNetwork};

use super::wire::{in_full, inside};
use super::{must, program, read, write};
use crate::router::firmware::MODULES;
use crate::router::initramfs::Archive;
use crate::router::namespace::{Namespace, TAP};
use crate::router::{Lab, Model};

const HOST_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 2);
const UNIT_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);

/// Where lines with heads go.
const WITH_HEADS: u16 = PORT + 1;

/// What the kernel is made to say.
const SAID: &str = "debrick-lab: said over the network";
const PANIC: &str = "Kernel panic - not syncing: sysrq triggered crash";

/// An emulated computer on a loaded host takes its time to start.
const PATIENCE: Duration = Duration::from_secs(120);

/// What netconsole needs, in the order in which it is loaded.
const NETCONSOLE: [&str; 2] = ["configfs", "netconsole"];

/// The first program. It speaks until somebody types a line: what was said before the network was ready is sent all at once,
/// and only part of that arrives.
fn init() -> String {
    let from = format!("6665@{UNIT_IP}/eth0");
    let targets = format!("{from},{PORT}@{HOST_IP}/;+{from},{WITH_HEADS}@{HOST_IP}/");
    format!(
        "#!/bin/busybox sh\nset -x\n\
         busybox mount -t proc proc /proc\nbusybox mount -t sysfs sys /sys\nbusybox mount -t devtmpfs dev /dev\n\
         for module in $(busybox cat /order); do busybox insmod /mods/$module.ko; done\n\
         busybox ip addr add {UNIT_IP}/24 dev eth0\nbusybox ip link set eth0 up\n\
         busybox insmod /mods/configfs.ko\nbusybox insmod /mods/netconsole.ko 'netconsole={targets}'\n\
         until read -t 1 go; do echo '<4>{SAID}' >/dev/kmsg; done\necho c >/proc/sysrq-trigger\n"
    )
}

/// An initramfs with what the kernel needs to reach the network.
fn initramfs(lab: &Lab) -> Result<Vec<u8>, String> {
    let mut archive = Archive::new();
    for folder in ["bin", "dev", "mods", "proc", "sys"] {
        archive.folder(folder);
    }
    archive.program("bin/busybox", &read(&lab.busybox(Model::R1))?);
    archive.program("init", init().as_bytes());
    let file = |module: &str| lab.modules(Model::R1).join(format!("{module}.ko"));
    let present: Vec<&str> = MODULES.into_iter().filter(|module| file(module).exists()).collect();
    archive.data("order", present.join(" ").as_bytes());
    for module in present.into_iter().chain(NETCONSOLE) {
        let bytes = read(&file(module)).map_err(|error| format!("{error}; run lab/setup.sh"))?;
        archive.data(&format!("mods/{module}.ko"), &bytes);
    }
    Ok(archive.finish())
}

/// A computer that is ended with this value.
struct Machine(Child);

impl Machine {
    /// Lets its first program go on, to the panic.
    fn go_on(&mut self) -> Result<(), String> {
        let keys = self.0.stdin.as_mut().ok_or("QEMU has no input")?;
        keys.write_all(b"go\n").map_err(|error| format!("cannot type: {error}"))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(lab: &Lab, namespace: &Namespace, folder: &Path) -> Result<Machine, String> {
    let ramdisk = folder.join("ramdisk.cpio");
    write(&ramdisk, &initramfs(lab)?)?;
    let log = File::create(folder.join("serial.log")).map_err(|error| error.to_string())?;
    let mut command: Command = namespace.command(program("qemu-system-aarch64")?);
    command.args([
        "-machine",
        "virt",
        "-cpu",
        "cortex-a57",
        "-m",
        "256",
        "-display",
        "none",
        "-monitor",
        "none",
    ]);
    command.args(["-serial", "stdio", "-no-reboot", "-append", "console=ttyAMA0 loglevel=8", "-kernel"]);
    command.arg(lab.kernel(Model::R1)).arg("-initrd").arg(ramdisk);
    command.args(["-device", "virtio-net-pci,netdev=n0,romfile=", "-netdev"]);
    command.arg(format!("tap,id=n0,ifname={TAP},script=no,downscript=no"));
    let child = command.stdin(Stdio::piped()).stdout(log).stderr(Stdio::null()).spawn();
    child.map(Machine).map_err(|error| format!("qemu-system-aarch64 cannot start: {error}"))
}

/// What was heard: text, and lines with heads.
struct Heard {
    console: Console,
    lines: Box<dyn Datagrams>,
    said: String,
    heads: Vec<Message>,
}

impl Heard {
    fn open() -> Result<Self, String> {
        let mut network = OsNetwork::on_interface(TAP);
        let at = |port: u16| SocketAddr::from((HOST_IP, port));
        let unit = SocketAddr::from((UNIT_IP, PORT));
        let console = Console::open(&mut network, at(PORT), unit).map_err(|error| in_full(&error))?;
        let lines = network.bind_datagrams(at(WITH_HEADS)).map_err(|error| in_full(&error))?;
        Ok(Self { console, lines, said: String::new(), heads: Vec::new() })
    }

    /// Listens until both have heard this; the head that it came with.
    fn until(&mut self, text: &str, folder: &Path) -> Result<Head, String> {
        let began = Instant::now();
        let mut buffer = [0; 2048];
        loop {
            let head =
                self.heads.iter().find(|message| message.text.contains(text)).and_then(|line| line.head);
            if let Some(head) = head.filter(|_| self.said.contains(text)) {
                return Ok(head);
            }
            must(began.elapsed() < PATIENCE, || {
                let serial = read(&folder.join("serial.log")).unwrap_or_default();
                let serial = String::from_utf8_lossy(&serial).into_owned();
                format!("no {text:?} in {:?}; the kernel said {serial}", self.said)
            })?;
            let soon = || Deadline::after(&OsClock, Duration::from_millis(20));
            match self.console.read(&mut buffer, soon()) {
                Ok(count) => self.said.push_str(&String::from_utf8_lossy(&buffer[..count])),
                Err(error) if error.is_timeout() => {}
                Err(error) => return Err(in_full(&error)),
            }
            match self.lines.receive(&mut buffer, soon()) {
                Ok((count, _)) => self.heads.extend(Message::parse(&buffer[..count])),
                Err(error) if error.is_timeout() => {}
                Err(error) => return Err(in_full(&error)),
            }
        }
    }
}

/// Our console, and a plain socket for lines with heads, hear a line and then the panic.
pub fn our_listener_hears_a_kernel_panic(folder: &Path, lab: &Lab) -> Result<String, String> {
    let namespace = Namespace::create(&format!("{HOST_IP}/24")).map_err(|error| error.to_string())?;
    let bytes = inside(&namespace, || {
        let mut heard = Heard::open()?;
        let mut machine = start(lab, &namespace, folder)?;
        let line = heard.until(SAID, folder)?;
        machine.go_on()?;
        let panic = heard.until(PANIC, folder)?;
        must((line.level, panic.level) == (4, 0), || format!("{line:?} {panic:?}"))?;
        must(line.sequence < panic.sequence && line.at_us <= panic.at_us, || format!("{line:?} {panic:?}"))?;
        Ok(heard.said.len())
    })?;
    Ok(format!("{bytes} bytes of Linux, with and without heads, up to its panic"))
}
