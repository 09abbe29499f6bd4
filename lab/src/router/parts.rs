//! What the lab needs from the host: programs, boot loaders, the unit's own Linux, and the right to make networks.

use std::path::{Path, PathBuf};

use super::firmware::{self, Firmware, Image};
use super::layout::Model;
use super::unit::{Unit, UnitOptions};

/// Where Debian's `u-boot-qemu` puts its builds.
const UBOOT: &str = "/usr/lib/u-boot";

/// Programs every unit needs, with the Debian package that has each.
const PROGRAMS: [(&str, &str); 6] = [
    ("qemu-system-aarch64", "qemu-system-arm"),
    ("qemu-system-riscv64", "qemu-system-misc"),
    ("mkimage", "u-boot-tools"),
    ("mkenvimage", "u-boot-tools"),
    ("ip", "iproute2"),
    ("socat", "socat"),
];

/// Why the lab could not do something. Every variant says what to install, allow, or look at.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// Parts that `lab/setup.sh` fetches are not there.
    #[error("the lab lacks {}; run lab/setup.sh with this cache folder", .what.join(", "))]
    Missing {
        /// Each missing part, by name.
        what: Vec<String>,
    },
    /// The host does not let us make a network namespace or a TAP device.
    #[error("the lab cannot make a network of its own ({what}): {detail}")]
    NoNetwork {
        /// Which step was refused: `network namespace`, `tap device`, …
        what: &'static str,
        /// What the system said.
        detail: String,
    },
    /// A program of the host failed.
    #[error("`{command}` failed: {detail}")]
    Tool {
        /// The command line.
        command: String,
        /// Its standard error, or why it could not start.
        detail: String,
    },
    /// A file or socket could not be read or written.
    #[error("cannot {action} {}", .path.display())]
    File {
        /// What was tried: `read`, `write`, `connect to`, …
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The unit did not show what was waited for.
    #[error("the unit did not print {awaited:?} within {seconds} s; its last line was {last:?}")]
    Silent {
        /// The text waited for.
        awaited: String,
        /// How long.
        seconds: u64,
        /// The last line of the console so far.
        last: String,
    },
    /// QEMU ended on its own, or refused a request.
    #[error("the unit's QEMU failed: {detail}")]
    Machine {
        /// Its last words.
        detail: String,
    },
    /// A brick that this model cannot have.
    #[error("{brick} cannot be laid out on {model}")]
    NotApplicable {
        /// The brick's name.
        brick: &'static str,
        /// The model's id.
        model: &'static str,
    },
}

impl LabError {
    /// Whether this says "this host cannot run the lab" (tests skip), and not "the lab found a fault" (tests fail).
    #[must_use]
    pub fn is_host_limitation(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::NoNetwork { .. })
    }
}

/// Which QEMU a unit runs in. They differ in one thing that matters: what their NOR flash does with a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qemu {
    /// Debian 12's 7.2. Of a buffered write only the first 4 KiB after each sector start land; see the README.
    Distribution,
    /// The 10.0 of bookworm-backports, unpacked by `lab/setup.sh`. NOR writes and `saveenv` work.
    Recent,
}

impl Qemu {
    /// Whether `saveenv`, `cp.b` and `mtd write` into NOR reach the flash.
    #[must_use]
    pub fn keeps_nor_writes(self) -> bool {
        self == Self::Recent
    }
}

/// The lab: a cache folder with everything in it.
#[derive(Debug, Clone)]
pub struct Lab {
    cache: PathBuf,
}

impl Lab {
    /// Opens the lab on the folder `lab/setup.sh` has filled.
    ///
    /// # Errors
    /// [`LabError::Missing`] names everything that is not there.
    pub fn open(cache: &Path) -> Result<Self, LabError> {
        // Commands run in other folders, so the path must not depend on ours.
        let cache = std::path::absolute(cache).unwrap_or_else(|_| cache.to_owned());
        let lab = Self { cache };
        let mut what: Vec<String> = PROGRAMS
            .iter()
            .filter(|(program, _)| !on_path(program))
            .map(|(program, package)| format!("{program} (package {package})"))
            .collect();
        let files = [
            lab.kernel(Model::R1),
            lab.busybox(Model::R1),
            lab.kernel(Model::R2v),
            lab.busybox(Model::R2v),
            lab.recent_qemu(),
            Self::boot_loader(Model::R1),
            Self::boot_loader(Model::R2v),
        ];
        what.extend(files.iter().filter(|file| !file.exists()).map(|file| file.display().to_string()));
        if what.is_empty() { Ok(lab) } else { Err(LabError::Missing { what }) }
    }

    /// The image, built now or taken from the cache.
    ///
    /// # Errors
    /// [`LabError::Tool`] or [`LabError::File`] when it cannot be built.
    pub fn firmware(&self, image: Image) -> Result<Firmware, LabError> {
        firmware::build(self, image)
    }

    /// Prepares a unit, switched off: its storage laid out and broken, its network made.
    ///
    /// # Errors
    /// [`LabError::NoNetwork`] when the host does not allow it; [`LabError::NotApplicable`] when the model cannot
    /// have the brick; others when something cannot be built.
    pub fn unit(&self, options: UnitOptions) -> Result<Unit, LabError> {
        Unit::prepare(self, options)
    }

    /// The folder this lab was opened on.
    #[must_use]
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// The boot loader's binary for `model`.
    #[must_use]
    pub fn boot_loader(model: Model) -> PathBuf {
        let build = match model {
            Model::R1 | Model::R1n => "qemu_arm64",
            Model::R2v => "qemu-riscv64_smode",
        };
        Path::new(UBOOT).join(build).join("u-boot.bin")
    }

    pub(crate) fn kernel(&self, model: Model) -> PathBuf {
        self.architecture(model).join("Image")
    }

    pub(crate) fn busybox(&self, model: Model) -> PathBuf {
        self.architecture(model).join("busybox")
    }

    pub(crate) fn modules(&self, model: Model) -> PathBuf {
        self.architecture(model).join("modules")
    }

    /// The QEMU binary for a unit, with the folder it must take its modules from.
    pub(super) fn qemu(&self, model: Model, qemu: Qemu) -> (PathBuf, Option<PathBuf>) {
        match (model, qemu) {
            (Model::R2v, _) => ("qemu-system-riscv64".into(), None),
            (_, Qemu::Distribution) => ("qemu-system-aarch64".into(), None),
            // Without its own (empty) folder it would load the distribution's modules, which do not fit it.
            (_, Qemu::Recent) => (self.recent_qemu(), Some(self.cache.join("parts/qemu-recent/modules"))),
        }
    }

    fn recent_qemu(&self) -> PathBuf {
        self.cache.join("parts/qemu-recent/qemu-system-aarch64")
    }

    fn architecture(&self, model: Model) -> PathBuf {
        self.cache.join("parts").join(model.architecture())
    }
}

fn on_path(program: &str) -> bool {
    // `ip` lives in /usr/sbin, which not every PATH has; the lab runs as root anyway.
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join(program).is_file())
}
