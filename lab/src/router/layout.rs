//! The units' models and what lies where on their storage.
//!
//! | region | storage | offset | size | content |
//! |---|---|---|---|---|
//! | boot | eMMC | 0x0 | 0x10000 | boot-critical: a U-Boot script that starts the firmware |
//! | factory | eMMC | 0x10000 | 0x10000 | unique to the unit: identity as text, calibration at +0x1000 |
//! | settings | eMMC | 0x20000 | 0x20000 | the owner's settings, blank (0x00 or 0xFF) when never set |
//! | firmware | eMMC | 0x100000 | 0x1800000 | a FIT: kernel and ramdisk |
//! | environment | NOR | 0x0 | 0x40000 | U-Boot's environment, at 0x4000000 of the console's addresses |
//!
//! R1n keeps its firmware in NOR instead, right after the environment. R2v has no NOR: its boot region is a
//! partition table and a FAT file system with the script, and its environment is built in.

/// Size of the eMMC (a virtio block device with 512-byte blocks).
pub const EMMC_SIZE: u64 = 32 << 20;
/// Block size of the eMMC.
pub const BLOCK_SIZE: u64 = 512;
/// Where U-Boot sees the second NOR bank on the arm64 machine.
pub const NOR_ADDRESS: u64 = 0x0400_0000;

const BOOT: Region = Region { name: "boot", storage: Storage::Emmc, offset: 0, size: 0x1_0000 };
const FACTORY: Region = Region { name: "factory", storage: Storage::Emmc, offset: 0x1_0000, size: 0x1_0000 };
const SETTINGS: Region =
    Region { name: "settings", storage: Storage::Emmc, offset: 0x2_0000, size: 0x2_0000 };
const FIRMWARE: Region =
    Region { name: "firmware", storage: Storage::Emmc, offset: 0x10_0000, size: 0x180_0000 };
const FIRMWARE_IN_NOR: Region =
    Region { name: "firmware", storage: Storage::Nor, offset: 0x4_0000, size: 0x4_0000 };
const ENVIRONMENT: Region = Region { name: "environment", storage: Storage::Nor, offset: 0, size: 0x4_0000 };

const SETTINGS_MAGIC: &str = "ACMESET1";
const CALIBRATION_OFFSET: usize = 0x1000;
const CALIBRATION_SIZE: usize = 0x1000;

/// Which of the unit's two storages a region lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Storage {
    /// The virtio block device.
    Emmc,
    /// The second NOR bank.
    Nor,
}

/// A named stretch of storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region {
    /// Its stable name.
    pub name: &'static str,
    /// The storage it lies on.
    pub storage: Storage,
    /// Its first byte.
    pub offset: u64,
    /// Its length in bytes.
    pub size: u64,
}

/// A model of router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Model {
    /// The arm64 router with its firmware on eMMC.
    R1,
    /// The arm64 router with a small firmware in NOR.
    R1n,
    /// The riscv64 router, otherwise like R1.
    R2v,
}

impl Model {
    /// The device id, as a catalog spells it.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::R1 => "acme-r1",
            Self::R1n => "acme-r1n",
            Self::R2v => "acme-r2v",
        }
    }

    /// The name on its label.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::R1 => "R1",
            Self::R1n => "R1n",
            Self::R2v => "R2v",
        }
    }

    /// `board_id` of its environment and compatible of its firmware.
    #[must_use]
    pub fn board_id(self) -> &'static str {
        match self {
            Self::R1 => "acme,r1",
            Self::R1n => "acme,r1n",
            Self::R2v => "acme,r2v",
        }
    }

    /// The serial number of the one unit we have.
    #[must_use]
    pub fn serial(self) -> &'static str {
        match self {
            Self::R1 => "R1-000042",
            Self::R1n => "R1N-000043",
            Self::R2v => "R2V-000044",
        }
    }

    /// Its MAC address.
    #[must_use]
    pub fn mac(self) -> &'static str {
        match self {
            Self::R1 => "02:00:00:00:00:2a",
            Self::R1n => "02:00:00:00:00:2b",
            Self::R2v => "02:00:00:00:00:2c",
        }
    }

    /// Its architecture, as Debian and mkimage spell it (the latter drops the `64` of riscv).
    #[must_use]
    pub fn architecture(self) -> &'static str {
        match self {
            Self::R1 | Self::R1n => "arm64",
            Self::R2v => "riscv64",
        }
    }

    /// The boot-critical region.
    #[must_use]
    pub fn boot(self) -> Region {
        BOOT
    }

    /// The region with data unique to the unit.
    #[must_use]
    pub fn factory(self) -> Region {
        FACTORY
    }

    /// The owner's settings.
    #[must_use]
    pub fn settings(self) -> Region {
        SETTINGS
    }

    /// The region that holds the firmware image.
    #[must_use]
    pub fn firmware(self) -> Region {
        match self {
            Self::R1 | Self::R2v => FIRMWARE,
            Self::R1n => FIRMWARE_IN_NOR,
        }
    }

    /// The boot loader's environment; the riscv64 build keeps none.
    #[must_use]
    pub fn environment(self) -> Option<Region> {
        (self != Self::R2v).then_some(ENVIRONMENT)
    }

    /// All regions.
    #[must_use]
    pub fn regions(self) -> Vec<Region> {
        let mut regions = vec![self.boot(), self.factory(), self.settings(), self.firmware()];
        regions.extend(self.environment());
        regions
    }
}

/// The factory partition of the unit, as it left the factory.
#[must_use]
pub fn factory(model: Model) -> Vec<u8> {
    let text = format!(
        "vendor=ACME\nmodel={}\nhw_rev=A1\nserial={}\nmac={}\nregion=EU\n",
        model.name(),
        model.serial(),
        model.mac()
    );
    let mut bytes = vec![0; FACTORY.size as usize];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    bytes[CALIBRATION_OFFSET..][..CALIBRATION_SIZE].copy_from_slice(&noise(0x0042, CALIBRATION_SIZE));
    bytes
}

/// `length` bytes that look random and are the same every time (SplitMix64).
#[must_use]
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let words = std::iter::repeat_with(|| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (word ^ (word >> 31)).to_le_bytes()
    });
    words.flatten().take(length).collect()
}

/// What the settings partition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingsState {
    /// All 0x00 or all 0xFF: the firmware will write defaults.
    Blank,
    /// Sealed with the right digest; the body of `key=value` lines.
    Valid(String),
    /// Anything else: the firmware prints a reason and reboots.
    Garbage,
}

impl SettingsState {
    /// Reads the partition's bytes.
    #[must_use]
    pub fn decode(partition: &[u8]) -> Self {
        if [0x00, 0xFF].iter().any(|blank| partition.iter().all(|byte| byte == blank)) {
            return Self::Blank;
        }
        let end = partition.iter().position(|&byte| byte == 0).unwrap_or(partition.len());
        Self::unseal(&partition[..end]).map_or(Self::Garbage, Self::Valid)
    }

    /// The partition's bytes for a body of `key=value` lines.
    #[must_use]
    pub fn seal(body: &str) -> Vec<u8> {
        let text = format!("{SETTINGS_MAGIC}\nsha256={}\n{body}", super::firmware::sha256(body.as_bytes()));
        let mut bytes = text.into_bytes();
        bytes.resize(SETTINGS.size as usize, 0);
        bytes
    }

    fn unseal(sealed: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(sealed).ok()?;
        let (digest, body) =
            text.strip_prefix(SETTINGS_MAGIC)?.strip_prefix("\nsha256=")?.split_once('\n')?;
        (digest == super::firmware::sha256(body.as_bytes())).then(|| body.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_sealing_and_nothing_else_passes() {
        let sealed = SettingsState::seal("hostname=attic\n");
        assert_eq!(SettingsState::decode(&sealed), SettingsState::Valid("hostname=attic\n".into()));
        assert_eq!(SettingsState::decode(&[0xFF; 64]), SettingsState::Blank);
        assert_eq!(SettingsState::decode(&[0x00; 64]), SettingsState::Blank);
        assert_eq!(SettingsState::decode(&noise(1, 64)), SettingsState::Garbage);
        let mut damaged = sealed;
        damaged[90] ^= 1;
        assert_eq!(SettingsState::decode(&damaged), SettingsState::Garbage);
    }

    #[test]
    fn regions_of_a_model_do_not_overlap() {
        for model in [Model::R1, Model::R1n, Model::R2v] {
            let mut regions = model.regions();
            regions.sort_by_key(|region| (region.storage == Storage::Nor, region.offset));
            for pair in regions.windows(2) {
                let apart =
                    pair[0].storage != pair[1].storage || pair[0].offset + pair[0].size <= pair[1].offset;
                assert!(apart, "{pair:?}");
            }
        }
    }

    #[test]
    fn noise_repeats_from_its_seed() {
        assert_eq!(noise(7, 100), noise(7, 100));
        assert_ne!(noise(7, 100), noise(8, 100));
        assert_eq!(noise(7, 13).len(), 13);
    }
}
