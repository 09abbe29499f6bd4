//! The system that the bootloader starts: a kernel's log, an init that reads the settings, a web page, and a shell.

use std::time::Duration;

use debrick_link::Moment;
use debrick_uboot_console::device::Storage as _;

use crate::boot::Booted;
use crate::layout::{FACTORY, SERIAL, SETTINGS, Settings, seal_settings};
use crate::storage::Disk;

const KERNEL_LOG: &str = include_str!("kernel.log");
/// The model in the device tree that the bootloader hands over.
const GIVEN_TREE: &str = "linux,dummy-virt";
const PROMPT: &str = "~ # ";
/// When init has read the settings, when the web page is there, and when the shell.
const SETTINGS_READ: Duration = Duration::from_millis(1300);
const READY: Duration = Duration::from_millis(1650);
const BEFORE_RESTART: Duration = Duration::from_secs(1);
const MOST_TYPED: usize = 1024;

/// What a system asks of the unit that it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    None,
    Restart,
    PowerOff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The kernel starts; the bytes of its log that are printed.
    Kernel(usize),
    /// Init reads the settings.
    Init,
    /// The settings are applied, the rest of the services start.
    Services,
    Shell,
    /// It restarts at this moment.
    Restarting(Moment),
    /// It does nothing any more.
    Hung,
}

/// A running system.
#[derive(Debug)]
pub(crate) struct System {
    started: Moment,
    stage: Stage,
    product: String,
    version: String,
    has_ramdisk: bool,
    command_line: String,
    serial: String,
    settings: String,
    typed: Vec<u8>,
    was_return: bool,
}

/// Appends text with the line ends of a serial line.
fn put(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        if byte == b'\n' {
            out.push(b'\r');
        }
        out.push(byte);
    }
}

/// When a line of the kernel's log is printed.
fn moment_of(line: &str) -> Option<Duration> {
    let (seconds, micros) = line.get(1..13)?.trim().split_once('.')?;
    Some(Duration::from_secs(seconds.parse().ok()?) + Duration::from_micros(micros.parse().ok()?))
}

impl System {
    pub(crate) fn new(booted: Booted, now: Moment) -> Self {
        let (stage, (product, version, has_ramdisk, command_line)) = match booted {
            Booted::System { product, version, has_ramdisk, command_line } => {
                (Stage::Kernel(0), (product, version, has_ramdisk, command_line))
            }
            Booted::Hang => (Stage::Hung, Default::default()),
        };
        Self {
            started: now,
            stage,
            product,
            version,
            has_ramdisk,
            command_line,
            serial: SERIAL.into(),
            settings: String::new(),
            typed: Vec::new(),
            was_return: false,
        }
    }

    /// Whether it has started.
    pub(crate) fn is_ready(&self) -> bool {
        self.stage == Stage::Shell
    }

    /// Its version.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Whether it does anything at all.
    pub(crate) fn is_alive(&self) -> bool {
        self.stage != Stage::Hung
    }

    pub(crate) fn next_wake(&self) -> Option<Moment> {
        match self.stage {
            Stage::Kernel(at) => {
                let line = KERNEL_LOG[at..].lines().next().and_then(moment_of);
                Some(self.started + line.unwrap_or(SETTINGS_READ))
            }
            Stage::Init => Some(self.started + SETTINGS_READ),
            Stage::Services => Some(self.started + READY),
            Stage::Restarting(at) => Some(at),
            Stage::Shell | Stage::Hung => None,
        }
    }

    /// Lets time come to `now`.
    pub(crate) fn tick(&mut self, now: Moment, disk: &mut Disk, out: &mut Vec<u8>) -> Wish {
        while self.next_wake().is_some_and(|wake| wake <= now) {
            match self.stage {
                Stage::Kernel(at) => self.kernel(at, disk, out),
                Stage::Init => self.init(disk, out),
                Stage::Services => {
                    let Self { product, version, .. } = self;
                    put(
                        &format!(
                            "READY {product} {version}\n\n\n\
                             BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) built-in shell (ash)\n\
                             Enter 'help' for a list of built-in commands.\n\n{PROMPT}"
                        ),
                        out,
                    );
                    self.stage = Stage::Shell;
                }
                Stage::Restarting(at) => {
                    self.restarting(at, out);
                    return Wish::Restart;
                }
                Stage::Shell | Stage::Hung => return Wish::None,
            }
        }
        Wish::None
    }

    fn restarting(&self, at: Moment, out: &mut Vec<u8>) {
        let up = at.since(self.started).as_secs_f64();
        put(&format!("[{up:12.6}] reboot: Restarting system\n"), out);
    }

    fn kernel(&mut self, at: usize, disk: &mut Disk, out: &mut Vec<u8>) {
        let Some(line) = KERNEL_LOG[at..].split_inclusive('\n').next() else {
            self.stage = Stage::Init;
            return;
        };
        if line.contains("Trying to unpack rootfs") && !self.has_ramdisk {
            put(
                "[    0.357183] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n",
                out,
            );
            let panics =
                self.command_line.split(' ').find_map(|word| word.strip_prefix("panic=")?.parse().ok());
            self.stage = match panics {
                Some(seconds) => Stage::Restarting(self.started + Duration::from_secs(seconds)),
                None => Stage::Hung,
            };
            return;
        }
        if line.contains(GIVEN_TREE) && self.is_of_another_model(disk) {
            put(&line.replace(GIVEN_TREE, &self.product), out);
        } else {
            put(&line.replace("{command_line}", &self.command_line), out);
        }
        self.stage = Stage::Kernel(at + line.len());
    }

    /// Firmware of another model brings a device tree of its own.
    fn is_of_another_model(&self, disk: &mut Disk) -> bool {
        let mut factory = [0; 512];
        if disk.read(FACTORY.offset, &mut factory).is_err() {
            return false;
        }
        let text = String::from_utf8_lossy(&factory);
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key));
        match (value("vendor="), value("model=")) {
            (Some(vendor), Some(model)) => self.product != format!("{vendor} {model}"),
            _ => false,
        }
    }

    fn init(&mut self, disk: &mut Disk, out: &mut Vec<u8>) {
        let mut factory = [0; 512];
        // What cannot be read is as good as blank to this init.
        let _ = disk.read(FACTORY.offset, &mut factory);
        let text = String::from_utf8_lossy(&factory);
        self.serial =
            text.lines().find_map(|line| line.strip_prefix("serial=")).unwrap_or_default().to_owned();
        let mut region = vec![0; SETTINGS.size as usize];
        let pieces = region.chunks_mut(0x1_0000).zip((SETTINGS.offset..).step_by(0x1_0000));
        let mut whole = true;
        for (piece, at) in pieces {
            whole &= disk.read(at, piece).is_ok();
        }
        let settings = if whole { Settings::decode(&region) } else { Settings::Garbage("unreadable") };
        match settings {
            Settings::Valid(body) => {
                put("settings: ok\n", out);
                self.settings = body;
                self.stage = Stage::Services;
            }
            Settings::Blank => {
                put("settings: blank, writing defaults\n", out);
                self.settings =
                    format!("hostname=acme-{}\nlan_address=192.168.1.1\nssid=ACME\n", self.serial);
                for (index, piece) in seal_settings(&self.settings).chunks(0x1_0000).enumerate() {
                    let _ = disk.write(SETTINGS.offset + index as u64 * 0x1_0000, piece);
                }
                self.stage = Stage::Services;
            }
            Settings::Garbage(why) => {
                put(&format!("settings: {why}, rebooting\n"), out);
                self.stage = Stage::Restarting(self.started + SETTINGS_READ + BEFORE_RESTART);
            }
        }
    }

    /// Takes bytes from the console.
    pub(crate) fn on_bytes(&mut self, bytes: &[u8], now: Moment, out: &mut Vec<u8>) -> Wish {
        if self.stage != Stage::Shell {
            return Wish::None;
        }
        for &byte in bytes {
            let follows_return = std::mem::replace(&mut self.was_return, byte == b'\r');
            match byte {
                b'\n' if follows_return => {}
                b'\r' | b'\n' => {
                    put("\n", out);
                    let line = String::from_utf8_lossy(&std::mem::take(&mut self.typed)).trim().to_owned();
                    let wish = self.run(&line, now, out);
                    if wish != Wish::None {
                        return wish;
                    }
                    put(PROMPT, out);
                }
                3 => {
                    self.typed.clear();
                    put(&format!("^C\n{PROMPT}"), out);
                }
                8 | 0x7F if self.typed.pop().is_some() => put("\u{8} \u{8}", out),
                0x15 => {
                    put(&"\u{8} \u{8}".repeat(self.typed.len()), out);
                    self.typed.clear();
                }
                b' '..=b'~' if self.typed.len() < MOST_TYPED => {
                    self.typed.push(byte);
                    out.push(byte);
                }
                _ => {}
            }
        }
        Wish::None
    }

    fn run(&mut self, line: &str, now: Moment, out: &mut Vec<u8>) -> Wish {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            ["reboot" | "/bin/reboot", ..] => {
                self.restarting(now, out);
                return Wish::Restart;
            }
            ["poweroff" | "halt", ..] => {
                let up = now.since(self.started).as_secs_f64();
                put(&format!("[{up:12.6}] reboot: Power down\n"), out);
                return Wish::PowerOff;
            }
            ["echo", words @ ..] => put(&format!("{}\n", words.join(" ")), out),
            ["hostname"] => {
                let name = self.settings.lines().find_map(|line| line.strip_prefix("hostname="));
                put(&format!("{}\n", name.unwrap_or("(none)")), out);
            }
            ["cat", "/etc/product"] => {
                let (vendor, model) = self.product.split_once(' ').unwrap_or((&self.product, ""));
                put(&format!("VENDOR={vendor}\nMODEL={model}\nVERSION={}\n", self.version), out);
            }
            ["cat", "/proc/cmdline"] => put(&format!("{}\n", self.command_line), out),
            ["uname", ..] => put("Linux\n", out),
            [command, ..] => put(&format!("sh: {command}: not found\n"), out),
        }
        Wish::None
    }

    /// The content of a web page, if there is one.
    pub(crate) fn page(&self, path: &str, now: Moment) -> Option<String> {
        let Self { product, version, serial, .. } = self;
        match path {
            "/" | "/index.html" => Some(format!("{product} {version}\n")),
            "/version" => {
                let (vendor, model) = product.split_once(' ').unwrap_or((product, ""));
                let up = now.since(self.started).as_secs_f64();
                Some(format!(
                    "{{\"vendor\":\"{vendor}\",\"model\":\"{model}\",\"version\":\"{version}\",\"serial\":\"{serial}\",\"uptime\":{up:.2}}}\n"
                ))
            }
            "/settings" => Some(self.settings.clone()),
            _ => None,
        }
    }
}
