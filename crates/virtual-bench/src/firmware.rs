//! Firmware images: FITs with a kernel and a ramdisk of noise, each with its digest.

use debrick_link::Rng;
use sha2::{Digest as _, Sha256};

use crate::fdt;
use crate::layout::Identity;
use crate::script::MADE;

/// What an image is made for, and how large.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirmwareOptions {
    /// The maker that its description names.
    pub vendor: String,
    /// The model that its description names.
    pub model: String,
    /// The board that its configuration names.
    pub board_id: String,
    /// The architecture of its parts, in the FIT's spelling: `arm64`, `arm`, `mips`.
    pub architecture: String,
    /// How large it is at most; it is up to 32 KiB smaller, by its version, so that two versions differ in length.
    pub size: usize,
    /// What its noise is drawn from, together with model and version.
    pub seed: u64,
}

impl Default for FirmwareOptions {
    fn default() -> Self {
        Self::of(&Identity::default())
    }
}

impl FirmwareOptions {
    /// Firmware for a unit with this identity, of 1 MiB.
    pub fn of(identity: &Identity) -> Self {
        Self {
            vendor: identity.vendor.clone(),
            model: identity.model.clone(),
            board_id: identity.board_id.clone(),
            architecture: "arm64".into(),
            size: 1 << 20,
            seed: 0,
        }
    }
}

/// Where the kernel is loaded to.
const KERNEL_ADDRESS: u32 = 0x4040_0000;
/// Where another CPU's kernel would be loaded to; the router has no memory there.
const ELSEWHERE: u32 = 0x8000_1000;
/// Room for everything but the contents.
const OVERHEAD: usize = 2048;

/// Makes the image of a version: a valid FIT, the same bytes for the same arguments.
pub fn firmware(version: &str, options: &FirmwareOptions) -> Vec<u8> {
    let FirmwareOptions { vendor, model, board_id, architecture, size, seed } = options;
    let key = Sha256::digest(format!("{model}\0{version}\0{architecture}\0{seed}").as_bytes());
    let key = u64::from_le_bytes([key[0], key[1], key[2], key[3], key[4], key[5], key[6], key[7]]);
    let mut rng = Rng::new(key);
    let shorter = (rng.below(32 << 10) as usize & !3).min(size / 8);
    let content = size.saturating_sub(OVERHEAD + shorter).max(64);
    let ramdisk_size = (content / 8).max(16) & !3;
    let mut part = |length: usize| {
        let mut bytes = vec![0; length & !3];
        rng.fill(&mut bytes);
        bytes
    };
    let (kernel, ramdisk) = (part(content - ramdisk_size), part(ramdisk_size));
    let address = if matches!(architecture.as_str(), "arm64" | "arm") { KERNEL_ADDRESS } else { ELSEWHERE };

    let mut tree = fdt::Writer::default();
    tree.begin("");
    tree.number("timestamp", MADE);
    tree.text("description", &format!("{vendor} {model} firmware {version}"));
    tree.number("#address-cells", 1);
    tree.begin("images");
    for (name, kind, bytes, load) in
        [("kernel", "kernel", &kernel, Some(address)), ("ramdisk", "ramdisk", &ramdisk, None)]
    {
        tree.begin(name);
        tree.text("description", if name == "kernel" { "kernel" } else { "rootfs" });
        tree.property("data", bytes);
        tree.text("type", kind);
        tree.text("arch", architecture);
        tree.text("os", "linux");
        tree.text("compression", "none");
        if let Some(load) = load {
            tree.number("load", load);
            tree.number("entry", load);
        }
        tree.begin("hash-1");
        tree.property("value", &Sha256::digest(bytes));
        tree.text("algo", "sha256");
        tree.end();
        tree.end();
    }
    tree.end();
    tree.begin("configurations");
    tree.text("default", "conf-1");
    tree.begin("conf-1");
    tree.text("description", board_id);
    tree.text("compatible", board_id);
    tree.text("kernel", "kernel");
    tree.text("ramdisk", "ramdisk");
    tree.end();
    tree.end();
    tree.end();
    tree.finish()
}
