//! The images: FITs made by U-Boot's `mkimage`, built once per content and kept in the lab's cache.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use super::initramfs::Archive;
use super::layout::{Model, noise};
use super::parts::{Lab, LabError};
use super::unit::{read_file, write_file};
use super::{boot_partition, payload, tool};

const INIT: &str = include_str!("../../router/init");
/// Raised when the way images are built changes, so that none from the cache is taken.
const RECIPE: &str = "1";
/// mkimage stamps this into every image (2024-01-01), so that builds repeat.
const EPOCH: &str = "1704067200";
/// In the order they must be loaded; a kernel that has one built in simply lacks the file.
pub(crate) const MODULES: [&str; 10] = [
    "virtio_ring",
    "virtio",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "virtio_mmio",
    "virtio_blk",
    "failover",
    "net_failover",
    "virtio_net",
];

/// The images the lab can build. `file_name` is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Image {
    /// R1, version 1.0.4.
    R1V1,
    /// R1, version 2.0.1.
    R1V2,
    /// Intact and labelled R1, but for 32-bit Arm: U-Boot starts it, and its first instruction aborts.
    R1ForArm,
    /// Intact and labelled R1, but for MIPS: its load address is outside R1's memory, so U-Boot aborts and resets.
    R1ForMips,
    /// Version 2.0.1 as a download that stopped at 60 %.
    R1V2CutShort,
    /// Version 2.0.1 with one bit of the kernel flipped.
    R1V2Damaged,
    /// Intact, for another model (R2), same architecture.
    R2V2,
    /// R1n, version 1.0.4.
    R1nV1,
    /// R1n, version 2.0.1.
    R1nV2,
    /// R2v, version 1.0.4.
    R2vV1,
    /// R2v, version 2.0.1.
    R2vV2,
}

impl Image {
    /// Every image.
    pub const ALL: [Self; 11] = [
        Self::R1V1,
        Self::R1V2,
        Self::R1ForArm,
        Self::R1ForMips,
        Self::R1V2CutShort,
        Self::R1V2Damaged,
        Self::R2V2,
        Self::R1nV1,
        Self::R1nV2,
        Self::R2vV1,
        Self::R2vV2,
    ];

    /// The name of its file.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::R1V1 => "acme-r1-1.0.4.itb",
            Self::R1V2 => "acme-r1-2.0.1.itb",
            Self::R1ForArm => "acme-r1-arm-2.0.1.itb",
            Self::R1ForMips => "acme-r1-mips-2.0.1.itb",
            Self::R1V2CutShort => "acme-r1-2.0.1-cut-short.itb",
            Self::R1V2Damaged => "acme-r1-2.0.1-damaged.itb",
            Self::R2V2 => "acme-r2-2.0.1.itb",
            Self::R1nV1 => "acme-r1n-1.0.4.itb",
            Self::R1nV2 => "acme-r1n-2.0.1.itb",
            Self::R2vV1 => "acme-r2v-1.0.4.itb",
            Self::R2vV2 => "acme-r2v-2.0.1.itb",
        }
    }

    /// The version it reports.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::R1V1 | Self::R1nV1 | Self::R2vV1 => "1.0.4",
            _ => "2.0.1",
        }
    }

    /// The line a unit running it serves at `/` and prints after `READY `.
    #[must_use]
    pub fn banner(self) -> String {
        format!("ACME {} {}", self.model_name(), self.version())
    }

    /// The model whose parts it is built from.
    fn model(self) -> Model {
        match self {
            Self::R1nV1 | Self::R1nV2 => Model::R1n,
            Self::R2vV1 | Self::R2vV2 => Model::R2v,
            _ => Model::R1,
        }
    }

    fn model_name(self) -> &'static str {
        if self == Self::R2V2 { "R2" } else { self.model().name() }
    }

    fn compatible(self) -> &'static str {
        if self == Self::R2V2 { "acme,r2" } else { self.model().board_id() }
    }

    /// The architecture its parts claim, in mkimage's spelling, and its load address.
    fn target(self) -> (&'static str, &'static str) {
        match self {
            Self::R1ForArm => ("arm", "0x40400000"),
            Self::R1ForMips => ("mips", "0x80001000"),
            Self::R2vV1 | Self::R2vV2 => ("riscv", "0x80200000"),
            _ => ("arm64", "0x40400000"),
        }
    }
}

/// A built image.
#[derive(Debug, Clone)]
pub struct Firmware {
    /// Which one.
    pub image: Image,
    /// Its file in the cache; do not change it.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Firmware {
    /// The folder its file is in, for servers that want one.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// SHA-256 of the whole file, in lower-case hex.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256(&self.bytes)
    }
}

/// Where the boot script reads the firmware to.
#[must_use]
pub fn load_address(model: Model) -> &'static str {
    match model {
        Model::R1 | Model::R1n => "0x48000000",
        Model::R2v => "0x8c000000",
    }
}

/// The content of a model's `boot` region: a U-Boot script image that starts the firmware.
///
/// # Errors
/// [`LabError::Tool`] or [`LabError::File`].
pub fn boot_region(lab: &Lab, model: Model) -> Result<Vec<u8>, LabError> {
    let address = load_address(model);
    let region = model.firmware();
    let console = if model == Model::R2v { "ttyS0" } else { "ttyAMA0" };
    let start = match model {
        Model::R1 | Model::R2v => format!(
            "virtio read {address} {:#x} {:#x}\n\
             setenv bootargs console={console} panic=5\n\
             bootm {address}#conf-1 {address}#conf-1 ${{fdtcontroladdr}}\n",
            region.offset / super::layout::BLOCK_SIZE,
            region.size / super::layout::BLOCK_SIZE,
        ),
        Model::R1n => {
            let address = super::layout::NOR_ADDRESS + region.offset;
            format!("bootm {address:#x}#conf-1 - ${{fdtcontroladdr}}\n")
        }
    };
    let script = format!("echo ACME {} boot, stage 2\n{start}", model.name());
    let architecture = if model == Model::R2v { "riscv" } else { "arm64" };
    let path = cached(lab, "boot.scr", script.as_bytes(), |folder| {
        let source = folder.join("boot.cmd");
        write_file(&source, script.as_bytes())?;
        let mut mkimage = Command::new("mkimage");
        mkimage.env("SOURCE_DATE_EPOCH", EPOCH).args(["-A", architecture, "-T", "script", "-C", "none"]);
        tool::run(mkimage.args(["-n", "ACME boot", "-d"]).arg(source).arg(folder.join("boot.scr")))?;
        Ok(())
    })?;
    let script = read_file(&path)?;
    Ok(if model == Model::R2v { boot_partition::build(model.boot().size, &script) } else { script })
}

/// SHA-256 in lower-case hex.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn build(lab: &Lab, image: Image) -> Result<Firmware, LabError> {
    let path = match image {
        Image::R1V2CutShort => derived(lab, image, |bytes| bytes.truncate(bytes.len() / 10 * 6))?,
        Image::R1V2Damaged => derived(lab, image, |bytes| {
            let middle = bytes.len() / 3;
            bytes[middle] ^= 0x08;
        })?,
        _ => build_fit(lab, image)?,
    };
    let bytes = read_file(&path)?;
    Ok(Firmware { image, path, bytes })
}

/// An image made by changing the bytes of R1's version 2.
fn derived(lab: &Lab, image: Image, change: impl FnOnce(&mut Vec<u8>)) -> Result<PathBuf, LabError> {
    let mut bytes = read_file(&build_fit(lab, Image::R1V2)?)?;
    change(&mut bytes);
    let key = sha256(&bytes);
    cached(lab, image.file_name(), key.as_bytes(), |folder| {
        write_file(&folder.join(image.file_name()), &bytes)
    })
}

fn build_fit(lab: &Lab, image: Image) -> Result<PathBuf, LabError> {
    let (kernel, compression) = kernel(lab, image)?;
    let ramdisk = if image.model() == Model::R1n { None } else { Some(ramdisk(lab, image)?) };
    let source = image_tree_source(image, compression, ramdisk.is_some());
    let mut inputs = source.clone();
    for part in [Some(&kernel), ramdisk.as_ref()].into_iter().flatten() {
        // Inside the cache a path carries the digest of the content.
        inputs.push_str(&part.strip_prefix(lab.cache()).unwrap_or(part).to_string_lossy());
    }
    cached(lab, image.file_name(), inputs.as_bytes(), |folder| {
        write_file(&folder.join("image.its"), source.as_bytes())?;
        link(&kernel, &folder.join("kernel"))?;
        if let Some(ramdisk) = &ramdisk {
            link(ramdisk, &folder.join("ramdisk"))?;
        }
        let mut mkimage = Command::new("mkimage");
        mkimage.env("SOURCE_DATE_EPOCH", EPOCH).current_dir(folder).args([
            "-f",
            "image.its",
            image.file_name(),
        ]);
        tool::run(&mut mkimage)?;
        for input in ["kernel", "ramdisk"] {
            let _ = std::fs::remove_file(folder.join(input));
        }
        Ok(())
    })
}

/// The kernel's file and its compression. Paths in the cache carry the digest of their content.
fn kernel(lab: &Lab, image: Image) -> Result<(PathBuf, &'static str), LabError> {
    let made_up = match image {
        Image::R1nV1 | Image::R1nV2 => {
            let banner = image.banner();
            Some(payload::build(&format!("\r\n{banner}\r\nREADY {banner}\r\n")))
        }
        // What another CPU would run is noise to this one.
        Image::R1ForArm | Image::R1ForMips => Some(noise(image.target().0.len() as u64, 3 << 20)),
        _ => None,
    };
    if let Some(bytes) = made_up {
        let key = sha256(&bytes);
        let path =
            cached(lab, "kernel", key.as_bytes(), |folder| write_file(&folder.join("kernel"), &bytes))?;
        return Ok((path, "none"));
    }
    // Version 1 was packed with less effort, so that the two versions differ in nearly every byte.
    let effort = if image.version() == "1.0.4" { "-6" } else { "-9" };
    Ok((gzip(lab, &lab.kernel(image.model()), effort)?, "gzip"))
}

fn ramdisk(lab: &Lab, image: Image) -> Result<PathBuf, LabError> {
    let mut archive = Archive::new();
    for folder in ["bin", "dev", "etc", "mods", "proc", "sys", "tmp", "www"] {
        archive.folder(folder);
    }
    archive.program("bin/busybox", &read_file(&lab.busybox(image.model()))?);
    archive.program("init", INIT.as_bytes());
    let product = format!("VENDOR=ACME\nMODEL={}\nVERSION={}\n", image.model_name(), image.version());
    archive.data("etc/product", product.as_bytes());
    let mut order = String::new();
    for module in MODULES {
        let path = lab.modules(image.model()).join(format!("{module}.ko"));
        if path.exists() {
            archive.data(&format!("mods/{module}.ko"), &read_file(&path)?);
            let _ = writeln!(order, "{module}.ko");
        }
    }
    archive.data("modorder", order.as_bytes());
    let bytes = archive.finish();
    let key = sha256(&bytes);
    let plain = cached(lab, "ramdisk.cpio", key.as_bytes(), |folder| {
        write_file(&folder.join("ramdisk.cpio"), &bytes)
    })?;
    gzip(lab, &plain, "-9")
}

fn gzip(lab: &Lab, plain: &Path, effort: &str) -> Result<PathBuf, LabError> {
    let key = format!("{}{effort}", sha256(&read_file(plain)?));
    cached(lab, "data.gz", key.as_bytes(), |folder| {
        let packed = tool::run(Command::new("gzip").args([effort, "-n", "-c"]).arg(plain))?;
        write_file(&folder.join("data.gz"), &packed)
    })
}

fn image_tree_source(image: Image, compression: &str, with_ramdisk: bool) -> String {
    let (architecture, address) = image.target();
    let part = |name: &str, kind: &str, compression: &str, addresses: &str| {
        format!(
            "  {name} {{ description = \"{name}\"; data = /incbin/(\"{name}\"); type = \"{kind}\"; \
             arch = \"{architecture}\"; os = \"linux\"; compression = \"{compression}\"; {addresses}\
             hash-1 {{ algo = \"sha256\"; }}; }};\n"
        )
    };
    let kernel = part("kernel", "kernel", compression, &format!("load = <{address}>; entry = <{address}>; "));
    let (ramdisk, use_ramdisk) = if with_ramdisk {
        (part("ramdisk", "ramdisk", "none", ""), "ramdisk = \"ramdisk\"; ")
    } else {
        (String::new(), "")
    };
    format!(
        "/dts-v1/;\n/ {{ description = \"ACME {model} firmware {version}\"; #address-cells = <1>;\n \
         images {{\n{kernel}{ramdisk} }};\n \
         configurations {{ default = \"conf-1\"; conf-1 {{ description = \"{compatible}\"; \
         compatible = \"{compatible}\"; kernel = \"kernel\"; {use_ramdisk}}}; }};\n}};\n",
        model = image.model_name(),
        version = image.version(),
        compatible = image.compatible(),
    )
}

/// The file `name` of the cache folder for `key`, made by `make` when it is not there yet.
fn cached(
    lab: &Lab,
    name: &str,
    key: &[u8],
    make: impl FnOnce(&Path) -> Result<(), LabError>,
) -> Result<PathBuf, LabError> {
    let mut hasher = Sha256::new();
    for input in [RECIPE.as_bytes(), name.as_bytes(), key] {
        hasher.update((input.len() as u64).to_le_bytes());
        hasher.update(input);
    }
    let digest: String = hasher.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let images = lab.cache().join("images");
    let folder = images.join(&digest);
    let file = folder.join(name);
    if file.exists() {
        return Ok(file);
    }
    // Built aside and renamed into place, so that a run that dies leaves nothing half-built behind.
    let thread = format!("{:?}", std::thread::current().id());
    let aside =
        images.join(format!("building-{digest}-{}-{}", std::process::id(), thread.replace(['(', ')'], "")));
    std::fs::create_dir_all(&aside).map_err(|source| LabError::File {
        action: "create",
        path: aside.clone(),
        source,
    })?;
    make(&aside)?;
    if std::fs::rename(&aside, &folder).is_err() {
        // Another run was faster; its result is the same.
        let _ = std::fs::remove_dir_all(&aside);
    }
    Ok(file)
}

fn link(target: &Path, name: &Path) -> Result<(), LabError> {
    std::os::unix::fs::symlink(target, name).map_err(|source| LabError::File {
        action: "link",
        path: name.to_owned(),
        source,
    })
}
