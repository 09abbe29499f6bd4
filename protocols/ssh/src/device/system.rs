//! What the system is, and the files that say so.

use std::collections::BTreeMap;

use super::{Flash, image};

/// What the system is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `acme,r1`.
    pub board_name: String,
    /// `Acme R1`.
    pub model: String,
    /// The main chip, in the kernel's words.
    pub chip: String,
    /// `OpenWrt`.
    pub distribution: String,
    /// `23.05.3`.
    pub version: String,
    /// `ath79/generic`.
    pub target: String,
    /// `mips_24kc`.
    pub architecture: String,
    /// The address on the label.
    pub label_mac: String,
    /// The layout: `1.0`.
    pub compat: String,
    /// `squashfs`, or `initramfs` where it runs from memory.
    pub rootfs_type: String,
    /// Free memory, and free room in `/tmp`, in KiB.
    pub free_kib: u64,
    /// Flash, in order.
    pub flash: Vec<Flash>,
}

impl Config {
    /// A system like many: 16 MiB of flash's beginning and end, OpenWrt 23.05.3.
    pub fn acme_r1() -> Self {
        let pattern = |seed: u32, size: u32| (0..size).map(|i| (i.wrapping_mul(seed) >> 7) as u8).collect();
        let flash = |name: &str, seed, size, is_nand, is_writable| Flash {
            name: name.into(),
            bytes: pattern(seed, size),
            is_nand,
            is_writable,
        };
        Self {
            board_name: "acme,r1".into(),
            model: "Acme R1".into(),
            chip: "Acme A9533 ver 2 rev 0".into(),
            distribution: "OpenWrt".into(),
            version: "23.05.3".into(),
            target: "ath79/generic".into(),
            architecture: "mips_24kc".into(),
            label_mac: "02:00:5e:10:00:01".into(),
            compat: "1.0".into(),
            rootfs_type: "squashfs".into(),
            free_kib: 60_000,
            flash: vec![
                flash("u-boot", 2_654_435_761, 0x4_0000, false, false),
                flash("firmware", 2_246_822_519, 0x10_0000, false, true),
                flash("art", 3_266_489_917, 0x1_0000, false, false),
                flash("nand-factory", 668_265_263, 0x2_0000, true, false),
            ],
        }
    }

    /// The files of a system that was never set up.
    pub(super) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let Self { board_name, model, label_mac, compat, version, .. } = self;
        let release = format!(
            "DISTRIB_ID='{}'\nDISTRIB_RELEASE='{version}'\nDISTRIB_REVISION='r23809-234f1a2efa'\n\
             DISTRIB_TARGET='{}'\nDISTRIB_ARCH='{}'\n",
            self.distribution, self.target, self.architecture
        );
        let board = serde_json::json!({
            "model": { "id": board_name, "name": model },
            "system": { "compat_version": compat, "label_macaddr": label_mac },
        });
        let system =
            format!("config system\n\toption hostname 'OpenWrt'\n\toption compat_version '{compat}'\n");
        let files = [
            ("/tmp/sysinfo/board_name", format!("{board_name}\n")),
            ("/tmp/sysinfo/model", format!("{model}\n")),
            ("/etc/board.json", board.to_string()),
            ("/etc/openwrt_release", release),
            ("/etc/config/system", system),
            ("/etc/config/network", "config interface 'lan'\n\toption ipaddr '192.168.1.1'\n".into()),
        ];
        files.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect()
    }

    /// `ubus call system board`.
    pub(super) fn board(&self) -> String {
        let value = serde_json::json!({
            "kernel": "5.15.150",
            "hostname": "OpenWrt",
            "system": self.chip,
            "model": self.model,
            "board_name": self.board_name,
            "rootfs_type": self.rootfs_type,
            "release": {
                "distribution": self.distribution,
                "version": self.version,
                "revision": "r23809-234f1a2efa",
                "target": self.target,
                "description": format!("{} {}", self.distribution, self.version),
            },
        });
        format!("{value:#}\n")
    }

    /// A file that the kernel makes up.
    pub(super) fn kernel_file(&self, path: &str) -> Option<Vec<u8>> {
        let text = match path {
            "/proc/mtd" => self.mtd(),
            "/proc/cmdline" => format!("console=ttyS0,115200 rootfstype={}\n", self.rootfs_type),
            "/proc/meminfo" => {
                format!("MemTotal:         125000 kB\nMemAvailable:     {} kB\n", self.free_kib)
            }
            _ => {
                let (number, file) = path.strip_prefix("/sys/class/mtd/mtd")?.split_once('/')?;
                let flash = self.flash.get(number.parse::<usize>().ok()?)?;
                match file {
                    "type" => if flash.is_nand { "nand\n" } else { "nor\n" }.to_owned(),
                    "flags" => if flash.is_writable { "0xc00\n" } else { "0x800\n" }.to_owned(),
                    _ => return None,
                }
            }
        };
        Some(text.into_bytes())
    }

    fn mtd(&self) -> String {
        let line = |(number, flash): (usize, &Flash)| {
            format!("mtd{number}: {:08x} 00010000 \"{}\"\n", flash.bytes.len(), flash.name)
        };
        let lines: String = self.flash.iter().enumerate().map(line).collect();
        format!("dev:    size   erasesize  name\n{lines}")
    }

    /// Becomes the system that an image holds.
    pub(super) fn install(&mut self, image: &[u8]) {
        if let Some(metadata) = image::metadata(image) {
            self.compat = metadata.compat;
            self.version = metadata.version.unwrap_or_else(|| self.version.clone());
        }
    }
}
