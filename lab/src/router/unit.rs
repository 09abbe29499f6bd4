//! One unit: its storage in files, its QEMU in a network namespace, its power switch in our hands.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::bricks::Brick;
use super::console::{Console, find, silent};
use super::environment::{self, EnvironmentState};
use super::firmware::{self, Firmware, Image};
use super::layout::{EMMC_SIZE, Model, Region, SettingsState, Storage, factory};
use super::namespace::{Namespace, TAP};
use super::parts::{Lab, LabError, Qemu};
use super::{qmp, tool};

/// The unit's address, in U-Boot and in its firmware.
pub const UNIT_ADDRESS: &str = "192.168.1.1";
/// The host's address inside the unit's namespace; U-Boot's `serverip`.
pub const HOST_ADDRESS: &str = "192.168.1.2";

/// Each of the arm64 machine's two banks; U-Boot takes them for half as large.
const NOR_BANK_SIZE: u64 = 64 << 20;
const POLL: Duration = Duration::from_millis(20);
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// What to prepare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitOptions {
    /// The model.
    pub model: Model,
    /// The image it was running before it broke.
    pub installed: Image,
    /// How it is broken.
    pub brick: Brick,
    /// Which QEMU it runs in.
    pub qemu: Qemu,
}

impl UnitOptions {
    /// A unit of the brick's usual model that ran version 1.0.4.
    #[must_use]
    pub fn bricked(brick: Brick) -> Self {
        Self::of(brick.usual_model(), brick)
    }

    /// A unit of `model` that ran version 1.0.4.
    #[must_use]
    pub fn of(model: Model, brick: Brick) -> Self {
        let installed = match model {
            Model::R1 => Image::R1V1,
            Model::R1n => Image::R1nV1,
            Model::R2v => Image::R2vV1,
        };
        Self { model, installed, brick, qemu: brick.qemu() }
    }

    /// The same with another image installed.
    #[must_use]
    pub fn running(self, installed: Image) -> Self {
        Self { installed, ..self }
    }

    /// Version 2 of this model.
    #[must_use]
    pub fn newer(self) -> Image {
        match self.model {
            Model::R1 => Image::R1V2,
            Model::R1n => Image::R1nV2,
            Model::R2v => Image::R2vV2,
        }
    }
}

/// A unit. Dropping it switches it off and removes its namespace and files.
#[derive(Debug)]
pub struct Unit {
    options: UnitOptions,
    qemu: PathBuf,
    qemu_modules: Option<PathBuf>,
    folder: PathBuf,
    machine: Option<Child>,
    // Last, so that it goes after the machine that runs inside it.
    namespace: Namespace,
}

impl Unit {
    pub(super) fn prepare(lab: &Lab, options: UnitOptions) -> Result<Self, LabError> {
        if !options.brick.applies_to(options.model) {
            let (brick, model) = (options.brick.name(), options.model.id());
            return Err(LabError::NotApplicable { brick, model });
        }
        let namespace = Namespace::create(&format!("{HOST_ADDRESS}/24"))?;
        let folder = std::env::temp_dir().join(namespace.name());
        fs::create_dir_all(&folder).map_err(|source| file_error("create", &folder, source))?;
        let (qemu, qemu_modules) = lab.qemu(options.model, options.qemu);
        let unit = Self { options, qemu, qemu_modules, folder, machine: None, namespace };
        unit.lay_out(lab)?;
        Ok(unit)
    }

    /// The unit's model.
    #[must_use]
    pub fn model(&self) -> Model {
        self.options.model
    }

    /// What it was prepared as.
    #[must_use]
    pub fn options(&self) -> UnitOptions {
        self.options
    }

    /// The unix socket of its serial console; it exists while the unit is on. One client at a time; a client may
    /// leave and come back, but misses what is printed meanwhile (see [`Self::console_log`]). A client that stays
    /// but does not read brings the unit to a stop.
    #[must_use]
    pub fn console_socket(&self) -> PathBuf {
        self.folder.join("console.sock")
    }

    /// Connects to the console.
    ///
    /// # Errors
    /// As [`Console::connect`].
    pub fn console(&self) -> Result<Console, LabError> {
        Console::connect(&self.console_socket())
    }

    /// A command that will run on the host's end of the unit's wire: 192.168.1.2, nothing else reachable.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        self.namespace.command(program)
    }

    /// The name of its network namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.namespace.name()
    }

    /// Switches it on. Does nothing when it is on.
    ///
    /// # Errors
    /// [`LabError::Machine`] with QEMU's last words when it does not start.
    pub fn power_on(&mut self) -> Result<(), LabError> {
        if self.machine.is_some() {
            return Ok(());
        }
        for socket in [self.console_socket(), self.qmp_socket()] {
            let _ = fs::remove_file(socket);
        }
        let errors = self.folder.join("qemu.log");
        let log = File::create(&errors).map_err(|source| file_error("create", &errors, source))?;
        let mut command = self.machine_command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let machine = command.spawn().map_err(|error| LabError::Machine { detail: error.to_string() })?;
        self.machine = Some(machine);
        let deadline = Instant::now() + START_TIMEOUT;
        while !(self.console_socket().exists() && self.qmp_socket().exists()) {
            let ended =
                self.machine.as_mut().is_some_and(|child| child.try_wait().is_ok_and(|s| s.is_some()));
            if ended || Instant::now() > deadline {
                self.power_off();
                let words = fs::read_to_string(&errors).unwrap_or_default();
                return Err(LabError::Machine { detail: words.trim().to_owned() });
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    /// Pulls the plug: QEMU is killed between two instructions. What the unit had written stays, memory is gone,
    /// and console clients see their connection close.
    pub fn power_off(&mut self) {
        if let Some(mut machine) = self.machine.take() {
            let _ = machine.kill();
            let _ = machine.wait();
        }
    }

    /// Whether it is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.machine.is_some()
    }

    /// Presses the reset button. The console stays connected; memory keeps its content.
    ///
    /// # Errors
    /// [`LabError::Machine`] when the unit is off.
    pub fn reset(&self) -> Result<(), LabError> {
        qmp::execute(&self.qmp_socket(), "system_reset").map(drop)
    }

    /// Pulls the plug and puts it back.
    ///
    /// # Errors
    /// As [`Self::power_on`].
    pub fn power_cycle(&mut self) -> Result<(), LabError> {
        self.power_off();
        self.power_on()
    }

    /// Everything the console has printed since the unit was prepared, whoever was connected.
    ///
    /// # Errors
    /// [`LabError::File`] before it was first switched on.
    pub fn console_log(&self) -> Result<Vec<u8>, LabError> {
        read_file(&self.folder.join("console.log"))
    }

    /// The length of [`Self::console_log`] now: a mark to wait from.
    #[must_use]
    pub fn mark(&self) -> usize {
        fs::metadata(self.folder.join("console.log")).map_or(0, |metadata| metadata.len() as usize)
    }

    /// Waits until the console has printed `text` after `mark`; returns the mark right after it.
    ///
    /// # Errors
    /// [`LabError::Silent`] after `timeout`.
    pub fn wait_for(&self, text: &str, mark: usize, timeout: Duration) -> Result<usize, LabError> {
        let deadline = Instant::now() + timeout;
        loop {
            let log = self.console_log()?;
            let fresh = log.get(mark..).unwrap_or_default();
            if let Some(start) = find(fresh, text.as_bytes()) {
                return Ok(mark + start + text.len());
            }
            if Instant::now() >= deadline {
                return Err(silent(text, timeout, fresh));
            }
            std::thread::sleep(POLL);
        }
    }

    /// Fetches a page of the running firmware: `/`, `/version`, `/settings`.
    ///
    /// # Errors
    /// [`LabError::Tool`] when nothing answers, or not with 200.
    pub fn http_get(&self, path: &str) -> Result<String, LabError> {
        let address = format!("TCP4:{UNIT_ADDRESS}:80,connect-timeout=5");
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        let mut command = self.command("socat");
        let answer = tool::run_with_input(command.args(["-t5", "-", &address]), request.as_bytes())?;
        let answer = String::from_utf8_lossy(&answer);
        match answer.split_once("\r\n\r\n") {
            Some((head, body)) if head.split(' ').nth(1) == Some("200") => Ok(body.to_owned()),
            _ => Err(LabError::Tool { command: format!("GET {path}"), detail: answer.trim().to_owned() }),
        }
    }

    /// The bytes of a region, from the file behind the storage. QEMU writes through the host's page cache, so what
    /// the unit's driver was told is written is seen here at once, on or off.
    ///
    /// # Errors
    /// [`LabError::File`].
    pub fn read(&self, region: Region) -> Result<Vec<u8>, LabError> {
        let path = self.storage(region.storage);
        let mut bytes = vec![0; region.size as usize];
        File::open(&path)
            .and_then(|mut file| {
                file.seek(SeekFrom::Start(region.offset))?;
                file.read_exact(&mut bytes)
            })
            .map_err(|source| file_error("read", &path, source))?;
        Ok(bytes)
    }

    /// All bytes of a storage, from the file behind it.
    ///
    /// # Errors
    /// [`LabError::File`].
    pub fn content(&self, storage: Storage) -> Result<Vec<u8>, LabError> {
        read_file(&self.storage(storage))
    }

    /// Overwrites the start of a region. Only sensible while the unit is off.
    ///
    /// # Errors
    /// [`LabError::File`].
    pub fn write(&self, region: Region, bytes: &[u8]) -> Result<(), LabError> {
        let path = self.storage(region.storage);
        OpenOptions::new()
            .write(true)
            .open(&path)
            .and_then(|mut file| {
                file.seek(SeekFrom::Start(region.offset))?;
                file.write_all(bytes)
            })
            .map_err(|source| file_error("write", &path, source))
    }

    /// Whether the region starts with exactly the image's bytes.
    ///
    /// # Errors
    /// [`LabError::File`].
    pub fn holds(&self, region: Region, firmware: &Firmware) -> Result<bool, LabError> {
        Ok(self.read(region)?.starts_with(&firmware.bytes))
    }

    /// Whether the factory partition is as it left the factory.
    ///
    /// # Errors
    /// [`LabError::File`].
    pub fn factory_untouched(&self) -> Result<bool, LabError> {
        Ok(self.read(self.model().factory())? == factory(self.model()))
    }

    /// What the settings partition holds.
    ///
    /// # Errors
    /// [`LabError::File`].
    pub fn settings(&self) -> Result<SettingsState, LabError> {
        Ok(SettingsState::decode(&self.read(self.model().settings())?))
    }

    /// What the environment region holds.
    ///
    /// # Errors
    /// [`LabError::File`].
    pub fn environment(&self) -> Result<EnvironmentState, LabError> {
        match self.model().environment() {
            Some(region) => Ok(EnvironmentState::decode(&self.read(region)?)),
            None => Ok(EnvironmentState::Nowhere),
        }
    }

    fn lay_out(&self, lab: &Lab) -> Result<(), LabError> {
        let UnitOptions { model, brick, .. } = self.options;
        make_storage(&self.storage(Storage::Emmc), &[], EMMC_SIZE)?;
        if let Some(region) = model.environment() {
            make_storage(
                &self.folder.join("nor0.bin"),
                &read_file(&Lab::boot_loader(model))?,
                NOR_BANK_SIZE,
            )?;
            make_storage(&self.storage(Storage::Nor), &[], NOR_BANK_SIZE)?;
            let mut environment = environment::encode(&self.folder, region, &brick.variables(model))?;
            brick.damage_environment(&mut environment);
            self.write(region, &environment)?;
        }
        self.write(model.boot(), &firmware::boot_region(lab, model)?)?;
        self.write(model.factory(), &factory(model))?;
        self.write(model.settings(), &brick.settings())?;
        let image = lab.firmware(brick.installs().unwrap_or(self.options.installed))?;
        let newer = lab.firmware(self.options.newer())?;
        let mut region = image.bytes.clone();
        region.resize(model.firmware().size as usize, 0);
        brick.damage_firmware(&mut region, image.bytes.len(), &newer.bytes);
        self.write(model.firmware(), &region)
    }

    fn machine_command(&self) -> Command {
        let file = |name: &str| self.folder.join(name).display().to_string();
        let mut command = self.command(&self.qemu);
        if let Some(modules) = &self.qemu_modules {
            command.env("QEMU_MODULE_DIR", modules);
        }
        command.args([
            "-machine",
            "virt",
            "-m",
            "512",
            "-display",
            "none",
            "-monitor",
            "none",
            "-nodefaults",
        ]);
        let bus = match self.model() {
            Model::R1 | Model::R1n => {
                command.args(["-cpu", "cortex-a57"]);
                for (index, bank) in ["nor0.bin", "nor1.bin"].into_iter().enumerate() {
                    command
                        .arg("-drive")
                        .arg(format!("if=pflash,format=raw,index={index},file={}", file(bank)));
                }
                "pci"
            }
            // Its U-Boot looks at PCI only when told to, at virtio-mmio always.
            Model::R2v => {
                command.args(["-bios", "default", "-kernel"]).arg(Lab::boot_loader(Model::R2v));
                "device"
            }
        };
        // A network card on PCI wants an option ROM unless told that it has none.
        let no_rom = if bus == "pci" { ",romfile=" } else { "" };
        command
            .args(["-drive", &format!("if=none,id=emmc,format=raw,file={}", file("emmc.bin"))])
            .args(["-device", &format!("virtio-blk-{bus},drive=emmc")])
            .args(["-netdev", &format!("tap,id=lan,ifname={TAP},script=no,downscript=no")])
            .args(["-device", &format!("virtio-net-{bus},netdev=lan,mac={}{no_rom}", self.model().mac())])
            .arg("-chardev")
            .arg(format!(
                "socket,id=console,path={},server=on,wait=off,logfile={},logappend=on",
                file("console.sock"),
                file("console.log")
            ))
            .args(["-serial", "chardev:console"])
            .args(["-qmp", &format!("unix:{},server=on,wait=off", file("qmp.sock"))]);
        command
    }

    fn qmp_socket(&self) -> PathBuf {
        self.folder.join("qmp.sock")
    }

    fn storage(&self, storage: Storage) -> PathBuf {
        self.folder.join(match storage {
            Storage::Emmc => "emmc.bin",
            Storage::Nor => "nor1.bin",
        })
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        self.power_off();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A file of `size` bytes that starts with `content`; the rest is a hole that reads as 0x00.
fn make_storage(path: &Path, content: &[u8], size: u64) -> Result<(), LabError> {
    File::create(path)
        .and_then(|mut file| {
            file.write_all(content)?;
            file.set_len(size)
        })
        .map_err(|source| file_error("create", path, source))
}

pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, LabError> {
    fs::read(path).map_err(|source| file_error("read", path, source))
}

pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), LabError> {
    fs::write(path, bytes).map_err(|source| file_error("write", path, source))
}

fn file_error(action: &'static str, path: &Path, source: std::io::Error) -> LabError {
    LabError::File { action, path: path.to_owned(), source }
}
