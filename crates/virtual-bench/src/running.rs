//! A system that answers commands as OpenWrt does, on the router: installed, or started in its memory over the network.
//! What it reads of its flash is the router's storage, and what `sysupgrade` writes goes there.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

use debrick_bootp::wire::{CLIENT_PORT, Kind, Message, SERVER_PORT};
use debrick_link::{Clock, Deadline, FrameHeader, Moment, Network, UdpPacket, VirtualClock};
use debrick_ssh::SshError;
use debrick_ssh::device::{Config, Ending, Flash, OpenwrtLike, Quirks, Reply};
use debrick_ssh::shell::{Ended, Shell, Streams};
use debrick_uboot_console::device::Storage as _;

use crate::bench::Bench;
use crate::layout::{BOARD_ID, FIRMWARE, MAC_ADDRESS, REGIONS, Region, UNIT_ADDRESS};
use crate::storage::Disk;

/// How long an upgrade writes.
const WRITES: Duration = Duration::from_secs(75);
/// How much of the firmware's region the system shows, in bytes: so much as images here have, and a little more.
const SHOWN: u64 = 0x8_0000;
/// How long a command takes, and a KiB that it moves.
const COMMAND: Duration = Duration::from_millis(30);
const KIB: Duration = Duration::from_micros(200);
/// The largest input of a command, in bytes.
const LARGEST_INPUT: u64 = 64 << 20;
/// The address that it gives to others.
const OFFERED: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 142);
/// Bytes of a piece of output.
const PIECE: usize = 8 * 1024;

/// The OpenWrt-like systems of a router.
#[derive(Debug)]
pub(crate) struct Openwrt {
    /// The one that is installed, with its owner's settings.
    installed: OpenwrtLike,
    quirks: Quirks,
    /// The one in memory, while it runs.
    memory: Option<OpenwrtLike>,
    /// What is being written, until when, and whether the settings stay.
    upgrade: Option<(Moment, Vec<u8>, bool)>,
    wants_restart: bool,
}

impl Openwrt {
    pub(crate) fn new(quirks: Quirks) -> Self {
        let installed = OpenwrtLike::new(config("squashfs", ""), quirks.clone());
        Self { installed, quirks, memory: None, upgrade: None, wants_restart: false }
    }

    pub(crate) fn start_in_memory(&mut self) {
        let config = config("initramfs", "24.10.0");
        self.memory = Some(OpenwrtLike::new(config, self.quirks.clone()));
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// Ends what runs in memory; whether something did.
    pub(crate) fn leave_memory(&mut self) -> bool {
        self.memory.take().is_some()
    }

    /// What is in memory is gone; of what was being written, half is written.
    pub(crate) fn lose_power(&mut self) -> Option<Vec<u8>> {
        self.memory = None;
        self.wants_restart = false;
        let (_, image, _) = self.upgrade.take()?;
        Some(image[..image.len() / 2].to_vec())
    }

    pub(crate) fn answer(
        &mut self,
        command: &str,
        input: &[u8],
        installed: Option<String>,
        disk: &mut Disk,
        now: Moment,
    ) -> Option<Reply> {
        if self.upgrade.is_some() {
            return None;
        }
        let system = match (&mut self.memory, installed) {
            (Some(system), _) => system,
            (None, Some(version)) => {
                if self.installed.config_mut().version != version {
                    self.installed.config_mut().version = version;
                    self.installed.restart();
                }
                &mut self.installed
            }
            (None, None) => return None,
        };
        system.config_mut().flash = REGIONS.iter().map(|region| flash(region, disk)).collect();
        let reply = system.answer(command, input);
        if let Some((image, keeps)) = system.take_written() {
            system.restart();
            self.upgrade = Some((now + WRITES, image, keeps));
        } else if !system.is_running() {
            system.restart();
            self.wants_restart = true;
        }
        Some(reply)
    }

    /// Whether it has just said that it restarts.
    pub(crate) fn wants_restart(&mut self) -> bool {
        std::mem::take(&mut self.wants_restart)
    }

    pub(crate) fn is_upgrading(&self) -> bool {
        self.upgrade.is_some()
    }

    pub(crate) fn next_wake(&self) -> Option<Moment> {
        self.upgrade.as_ref().map(|(until, ..)| *until)
    }

    /// What an upgrade writes, once it is due.
    pub(crate) fn take_due(&mut self, now: Moment) -> Option<(Vec<u8>, bool)> {
        self.upgrade.take_if(|(until, ..)| *until <= now).map(|(_, image, keeps)| (image, keeps))
    }

    /// An upgrade has written its image.
    pub(crate) fn was_replaced(&mut self, keeps_settings: bool) {
        if !keeps_settings {
            self.installed.forget_settings();
            self.installed.restart();
        }
    }

    pub(crate) fn fired(&self, quirk: &str) -> u32 {
        self.installed.fired(quirk) + self.memory.as_ref().map_or(0, |system| system.fired(quirk))
    }

    pub(crate) fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.installed.file(path).map(<[u8]>::to_vec)
    }

    pub(crate) fn place(&mut self, path: &str, content: &[u8]) {
        self.installed.place(path, content);
    }
}

fn config(rootfs_type: &str, version: &str) -> Config {
    Config {
        board_name: BOARD_ID.into(),
        model: "ACME R1".into(),
        chip: "ARM Cortex-A57".into(),
        version: version.into(),
        target: "armsr/armv8".into(),
        architecture: "aarch64_generic".into(),
        label_mac: MAC_ADDRESS.into(),
        rootfs_type: rootfs_type.into(),
        flash: vec![],
        ..Config::acme_r1()
    }
}

/// The offer of an address, where a frame asks for one: such a system gives them out.
pub(crate) fn offer(frame: &[u8]) -> Option<Vec<u8>> {
    let (header, packet) = FrameHeader::split(frame)?;
    let udp = UdpPacket::split(packet).filter(|udp| udp.to.port() == SERVER_PORT)?;
    let question = Message::parse(udp.payload).ok()?;
    if question.kind != Some(Kind::Discover) {
        return None;
    }
    let offer = Message {
        is_request: false,
        kind: Some(Kind::Offer),
        yours: OFFERED,
        server: Some(UNIT_ADDRESS),
        lease_s: Some(43_200),
        ..Message::request(question.mac, question.transaction)
    };
    let payload = offer.to_bytes();
    let from = SocketAddrV4::new(UNIT_ADDRESS, SERVER_PORT);
    let to = SocketAddrV4::new(Ipv4Addr::BROADCAST, CLIENT_PORT);
    UdpPacket { from, to, payload: &payload }.to_frame(MAC_ADDRESS.parse().ok()?, header.from)
}

fn flash(region: &Region, disk: &mut Disk) -> Flash {
    let size = if region.name == FIRMWARE.name { region.size.min(SHOWN) } else { region.size };
    let mut bytes = vec![0; size as usize];
    // What cannot be read comes as zeros.
    let _ = disk.read(region.offset, &mut bytes);
    Flash { name: region.name.into(), bytes, is_nand: false, is_writable: region.name != "boot" }
}

/// A shell of the system that runs on a bench. Commands take their time on the bench's clock.
pub struct BenchShell {
    bench: Bench,
    /// Lets happen what is due.
    network: Box<dyn Network>,
    clock: VirtualClock,
}

impl std::fmt::Debug for BenchShell {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("BenchShell").finish_non_exhaustive()
    }
}

impl BenchShell {
    pub(crate) fn of(bench: &Bench) -> Option<Self> {
        let mut shell = Self { bench: bench.clone(), network: bench.network(), clock: bench.clock.clone() };
        shell.ask("true", &[]).map(|_| shell)
    }

    fn ask(&mut self, command: &str, input: &[u8]) -> Option<Reply> {
        // What was due until now happens first.
        let _ = self.network.carrier();
        let now = self.clock.now();
        self.bench.world.with_device(|router| router.run_command(command, input, now))
    }
}

impl Shell for BenchShell {
    fn run(&mut self, command: &str, streams: Streams<'_>, deadline: Deadline) -> Result<Ended, SshError> {
        if streams.watch.cancelled() {
            return Err(SshError::Cancelled);
        }
        let operation = format!("run {command:?}");
        let mut input = Vec::new();
        if let Some(source) = streams.input {
            input = vec![0; source.len().min(LARGEST_INPUT) as usize];
            source.read_at(0, &mut input).map_err(|source| SshError::Source { source })?;
            streams.watch.advance(input.len() as u64);
        }
        let Some(reply) = self.ask(command, &input) else {
            return Err(SshError::Closed { operation, reason: None });
        };
        let kib = (input.len() + reply.output.len()) / 1024;
        self.clock.advance(COMMAND + KIB * u32::try_from(kib).unwrap_or(u32::MAX));
        for piece in reply.output.chunks(PIECE) {
            (streams.output)(piece)?;
            streams.watch.advance(piece.len() as u64);
        }
        match reply.ending {
            Ending::Exited(status) => Ok(Ended { status: Some(status), signal: None, errors: reply.errors }),
            Ending::HungUp => Err(SshError::Closed { operation, reason: None }),
            Ending::Silent => {
                self.clock.advance_to(deadline.moment());
                Err(SshError::TimedOut { operation })
            }
        }
    }

    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn name(&self) -> &str {
        "virtual router"
    }
}
