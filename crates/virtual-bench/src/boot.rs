//! Starting a firmware image, with the words of U-Boot 2023.01.

use std::fmt::Write as _;

use debrick_uboot_console::device::{BootOutcome, BootRequest, BusError};
use sha2::{Digest as _, Sha256};

use crate::fdt::{self, Bytes, Node};
use crate::layout::hex;
use crate::pages::{PAGE, Pages};

/// Where the memory lies.
pub(crate) const RAM_BASE: u64 = 0x4000_0000;
/// Its size.
pub(crate) const RAM_SIZE: u64 = 512 << 20;
/// The end of the memory that images are moved to.
const MOVED_BELOW: u64 = 0x5ddb_0000;
const NO_KERNEL: &str = "ERROR: can't get kernel image!\n";

/// The memory.
#[derive(Debug, Clone)]
pub(crate) struct Ram(Pages);

impl Ram {
    pub(crate) fn new() -> Self {
        Self(Pages::new(RAM_SIZE, 0))
    }

    fn offset(&self, address: u64, length: usize) -> Result<u64, BusError> {
        let offset = address.checked_sub(RAM_BASE).ok_or(BusError { address })?;
        if length > 0 && !self.0.contains(offset, length) {
            return Err(BusError { address: address.max(RAM_BASE + RAM_SIZE) });
        }
        Ok(offset)
    }

    pub(crate) fn read(&self, address: u64, buffer: &mut [u8]) -> Result<(), BusError> {
        self.0.read(self.offset(address, buffer.len())?, buffer);
        Ok(())
    }

    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), BusError> {
        let offset = self.offset(address, bytes.len())?;
        self.0.write(offset, bytes);
        Ok(())
    }
}

/// Memory from an address on.
struct View<'a> {
    ram: &'a Ram,
    address: u64,
}

impl Bytes for View<'_> {
    fn fill(&self, offset: u64, buffer: &mut [u8]) -> bool {
        self.address.checked_add(offset).is_some_and(|at| self.ram.read(at, buffer).is_ok())
    }
}

impl View<'_> {
    /// The SHA-256 of a stretch.
    fn sha256(&self, offset: u64, length: u64) -> Option<[u8; 32]> {
        let mut hasher = Sha256::new();
        self.pieces(offset, length, |piece| hasher.update(piece))?;
        Some(hasher.finalize().into())
    }

    fn crc32(&self, offset: u64, length: u64) -> Option<[u8; 4]> {
        let mut hasher = crc32fast::Hasher::new();
        self.pieces(offset, length, |piece| hasher.update(piece))?;
        Some(hasher.finalize().to_be_bytes())
    }

    fn pieces(&self, offset: u64, length: u64, mut take: impl FnMut(&[u8])) -> Option<()> {
        let mut buffer = vec![0; PAGE];
        let mut done = 0;
        while done < length {
            let count = (length - done).min(PAGE as u64) as usize;
            self.fill(offset + done, &mut buffer[..count]).then_some(())?;
            take(&buffer[..count]);
            done += count as u64;
        }
        Some(())
    }
}

/// What was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Booted {
    /// A system.
    System {
        /// Vendor and model.
        product: String,
        /// Version.
        version: String,
        /// Whether it has anything to run.
        has_ramdisk: bool,
        /// The kernel's command line.
        command_line: String,
    },
    /// Nothing that ever says anything.
    Hang,
}

/// How the bootloader was built.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BootRules<'a> {
    pub(crate) checks_architecture: bool,
    pub(crate) abort_text: &'a str,
}

/// Starts what lies in memory, or tells why not.
pub(crate) fn boot(
    ram: &Ram,
    request: BootRequest<'_>,
    rules: BootRules<'_>,
) -> (BootOutcome, Option<Booted>) {
    let view = View { ram, address: request.address };
    let stay = |text: String| (BootOutcome::Stay(text), None);
    if request.command != "bootm" || !fdt::is_tree(&view) {
        return stay(format!("Wrong Image Format for {} command\n{NO_KERNEL}", request.command));
    }
    let mut text = format!("## Loading kernel from FIT Image at {:08x} ...\n", request.address);
    let Some(fit) = Fit::read(&view) else {
        text.push_str("Bad FIT kernel image format! (err=-22)\n");
        text.push_str(NO_KERNEL);
        return stay(text);
    };
    let wanted =
        request.arguments.first().and_then(|argument| argument.split_once('#')).map(|(_, name)| name);
    let kernel = match fit.load("kernel", wanted, rules, &mut text) {
        Ok(kernel) => kernel,
        Err(()) => {
            text.push_str(NO_KERNEL);
            return stay(text);
        }
    };
    let mut ramdisk = None;
    let named = request.arguments.get(1).map(String::as_str);
    let has_ramdisk = fit.configuration(wanted).is_some_and(|(_, node)| node.property("ramdisk").is_some());
    if named != Some("-") && (has_ramdisk || named.is_some()) {
        let _ = writeln!(text, "## Loading ramdisk from FIT Image at {:08x} ...", request.address);
        match fit.load("ramdisk", wanted, rules, &mut text) {
            Ok(part) => ramdisk = Some(part),
            Err(()) => {
                text.push_str("Ramdisk image is corrupt or invalid\n");
                return stay(text);
            }
        }
    }
    let Some(tree) = request.arguments.get(2) else {
        text.push_str("FDT and ATAGS support not compiled in\n### ERROR ### Please RESET the board ###\n");
        return (BootOutcome::HandOver(text), Some(Booted::Hang));
    };
    let tree = tree.trim_start_matches("0x");
    let _ = write!(
        text,
        "## Flattened Device Tree blob at {tree}\n   Booting using the fdt blob at 0x{tree}\n\
         Working FDT set to {tree}\n   {}\n",
        if kernel.compression == "none" { "Loading Kernel Image" } else { "Uncompressing Kernel Image" }
    );
    let load = u64::from(kernel.load.unwrap_or(0));
    if ram.offset(load, kernel.length as usize).is_err() {
        return (BootOutcome::Reset(format!("{text}{}", rules.abort_text)), None);
    }
    let mut below = MOVED_BELOW;
    if let Some(ramdisk) = &ramdisk {
        below = (MOVED_BELOW - u64::from(ramdisk.length)) & !0xFFF;
        let end = below + u64::from(ramdisk.length);
        let _ = writeln!(text, "   Loading Ramdisk to {below:08x}, end {end:08x} ... OK");
    }
    let tree = below - 0x10_3000;
    let _ = write!(
        text,
        "   Loading Device Tree to {tree:016x}, end {:016x} ... OK\nWorking FDT set to {tree:x}\n\nStarting kernel ...\n\n",
        below - 1
    );
    if kernel.architecture != "arm64" {
        // Another CPU's instructions: the first one aborts.
        return (BootOutcome::Reset(format!("{text}{}", rules.abort_text)), None);
    }
    let description = fit.root.text("description", &view).unwrap_or_default();
    let (product, version) = description.split_once(" firmware ").unwrap_or((&description, "unknown"));
    let booted = Booted::System {
        product: product.to_owned(),
        version: version.to_owned(),
        has_ramdisk: ramdisk.is_some(),
        command_line: request.bootargs.unwrap_or_default().to_owned(),
    };
    (BootOutcome::HandOver(text), Some(booted))
}

/// What `iminfo` prints, and whether the image is good.
pub(crate) fn info(ram: &Ram, address: u64) -> (String, bool) {
    let view = View { ram, address };
    if !fdt::is_tree(&view) {
        return ("Unknown image format!\n".into(), false);
    }
    let mut text = "   FIT image found\n".to_owned();
    let Some(fit) = Fit::read(&view) else {
        text.push_str("Bad FIT image format!\n");
        return (text, false);
    };
    let description = fit.root.text("description", &view).unwrap_or_default();
    let _ = writeln!(text, "   FIT description: {description}\n   Created:         {}", fit.created());
    let images = fit.root.child("images").map(|node| node.children.as_slice()).unwrap_or_default();
    for (index, image) in images.iter().enumerate() {
        let _ = writeln!(text, "    Image {index} ({})", image.name);
        fit.describe(image, &mut text);
    }
    if let Some(configurations) = fit.root.child("configurations") {
        if let Some(default) = configurations.text("default", &view) {
            let _ = writeln!(text, "    Default Configuration: '{default}'");
        }
        for (index, node) in configurations.children.iter().enumerate() {
            let _ = writeln!(text, "    Configuration {index} ({})", node.name);
            for (title, name) in [
                ("Description:  ", "description"),
                ("Kernel:       ", "kernel"),
                ("Init Ramdisk: ", "ramdisk"),
            ] {
                if let Some(value) = node.text(name, &view) {
                    let _ = writeln!(text, "     {title}{value}");
                }
            }
        }
    }
    let _ = writeln!(text, "## Checking hash(es) for FIT Image at {address:08x} ...");
    for (index, image) in images.iter().enumerate() {
        let _ = write!(text, "   Hash(es) for Image {index} ({}): ", image.name);
        if fit.check_hashes(image, &mut text).is_err() {
            text.push_str("Bad hash in FIT image!\n");
            return (text, false);
        }
        text.push('\n');
    }
    (text, true)
}

struct Fit<'a> {
    view: &'a View<'a>,
    root: Node,
}

/// A part of an image that was found good.
struct Part {
    architecture: String,
    compression: String,
    load: Option<u32>,
    length: u32,
}

impl<'a> Fit<'a> {
    /// A well-formed tree that says what it is, and has images.
    fn read(view: &'a View<'a>) -> Option<Self> {
        let root = fdt::read(view)?;
        let good = root.property("description").is_some() && root.child("images").is_some();
        good.then_some(Self { view, root })
    }

    fn configuration(&self, wanted: Option<&str>) -> Option<(String, &Node)> {
        let configurations = self.root.child("configurations")?;
        let name = match wanted {
            Some(name) => name.to_owned(),
            None => configurations.text("default", self.view)?,
        };
        Some((name.clone(), configurations.child(&name)?))
    }

    /// Finds and checks the image that a configuration names.
    fn load(
        &self,
        kind: &str,
        wanted: Option<&str>,
        rules: BootRules<'_>,
        text: &mut String,
    ) -> Result<Part, ()> {
        let Some((name, configuration)) = self.configuration(wanted) else {
            text.push_str("Could not find configuration node\n");
            return Err(());
        };
        let _ = writeln!(text, "   Using '{name}' configuration\n   Verifying Hash Integrity ... OK");
        let image =
            configuration.text(kind, self.view).and_then(|name| self.root.child("images")?.child(&name));
        let Some(image) = image else {
            let _ = writeln!(text, "Could not find subimage node type '{kind}'");
            return Err(());
        };
        let _ = writeln!(text, "   Trying '{}' {kind} subimage", image.name);
        self.describe(image, text);
        text.push_str("   Verifying Hash Integrity ... ");
        if self.check_hashes(image, text).is_err() {
            text.push_str("Bad Data Hash\n");
            return Err(());
        }
        text.push_str("OK\n");
        let architecture = image.text("arch", self.view).unwrap_or_default();
        if rules.checks_architecture && architecture != "arm64" {
            text.push_str("Unsupported Architecture\n");
            return Err(());
        }
        let Some(data) = image.property("data") else {
            let _ = writeln!(text, "Could not find {kind} subimage data!");
            return Err(());
        };
        Ok(Part {
            architecture,
            compression: image.text("compression", self.view).unwrap_or_default(),
            load: image.number("load", self.view),
            length: data.length,
        })
    }

    fn describe(&self, image: &Node, text: &mut String) {
        let value = |name: &str| image.text(name, self.view);
        let kind = value("type").unwrap_or_default();
        let architecture = value("arch").unwrap_or_default();
        let os = value("os").unwrap_or_default();
        let compression = value("compression").unwrap_or_default();
        let mut line = |title: &str, value: &str| {
            let _ = writeln!(text, "     {title:<14}{value}");
        };
        line("Description:", value("description").as_deref().unwrap_or("unavailable"));
        line("Created:", &self.created());
        line("Type:", named(&kind, &[("kernel", "Kernel Image"), ("ramdisk", "RAMDisk Image")]));
        line(
            "Compression:",
            named(
                &compression,
                &[("none", "uncompressed"), ("gzip", "gzip compressed"), ("lzma", "lzma compressed")],
            ),
        );
        match image.property("data") {
            Some(data) => {
                line("Data Start:", &format!("{:#010x}", self.view.address + data.offset));
                line("Data Size:", &format!("{} Bytes = {}", data.length, size_text(u64::from(data.length))));
            }
            None => line("Data Start:", "unavailable"),
        }
        line(
            "Architecture:",
            named(&architecture, &[("arm64", "AArch64"), ("arm", "ARM"), ("mips", "MIPS")]),
        );
        line("OS:", named(&os, &[("linux", "Linux")]));
        for (title, name) in [("Load Address:", "load"), ("Entry Point:", "entry")] {
            let address = image.number(name, self.view);
            line(title, &address.map_or("unavailable".into(), |address| format!("{address:#010x}")));
        }
        for hash in hashes(image) {
            let algorithm = hash.text("algo", self.view);
            line("Hash algo:", algorithm.as_deref().unwrap_or("invalid/unsupported"));
            line("Hash value:", &self.stored(hash).map_or("unavailable".into(), |value| hex(&value)));
        }
    }

    fn stored(&self, hash: &Node) -> Option<Vec<u8>> {
        let property = hash.property("value").filter(|property| property.length <= 64)?;
        let mut value = vec![0; property.length as usize];
        self.view.fill(property.offset, &mut value).then_some(value)
    }

    fn check_hashes(&self, image: &Node, text: &mut String) -> Result<(), ()> {
        let data = image.property("data").map(|data| (data.offset, u64::from(data.length)));
        for hash in hashes(image) {
            let algorithm = hash.text("algo", self.view).unwrap_or_default();
            text.push_str(&algorithm);
            let actual = data.and_then(|(offset, length)| match algorithm.as_str() {
                "sha256" => Some(self.view.sha256(offset, length)?.to_vec()),
                "crc32" => Some(self.view.crc32(offset, length)?.to_vec()),
                _ => None,
            });
            let trouble = match (actual, self.stored(hash)) {
                (None, _) => "Unsupported hash algorithm",
                (_, None) => "Can't get hash value property",
                (Some(actual), Some(stored)) if actual == stored => {
                    text.push_str("+ ");
                    continue;
                }
                _ => "Bad hash value",
            };
            let _ = writeln!(
                text,
                " error!\n{trouble} for '{}' hash node in '{}' image node",
                hash.name, image.name
            );
            return Err(());
        }
        Ok(())
    }

    /// The tree's time stamp, as U-Boot prints it.
    fn created(&self) -> String {
        let Some(seconds) = self.root.number("timestamp", self.view) else { return "unavailable".into() };
        let (days, rest) = (i64::from(seconds / 86_400), seconds % 86_400);
        // Civil date from days since 1970, after Howard Hinnant's `civil_from_days`.
        let shifted = days + 719_468;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        format!("{year}-{month:02}-{day:02}  {:2}:{:02}:{:02} UTC", rest / 3600, rest / 60 % 60, rest % 60)
    }
}

fn hashes(image: &Node) -> impl Iterator<Item = &Node> {
    image.children.iter().filter(|child| child.name.starts_with("hash"))
}

fn named<'a>(value: &'a str, names: &[(&str, &'a str)]) -> &'a str {
    names.iter().find(|(name, _)| *name == value).map_or("Unknown", |(_, title)| title)
}

/// A size in its largest binary unit, with one decimal where it is not zero.
fn size_text(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..1024 => return format!("{bytes} Bytes"),
        1024..0x10_0000 => (1u64 << 10, "KiB"),
        _ => (1 << 20, "MiB"),
    };
    let tenths = (bytes * 10 + unit / 2) / unit;
    if tenths.is_multiple_of(10) {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}
