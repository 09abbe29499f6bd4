//! The shape of a device record, version 1: what a file under `catalog/`, or a user's own, may say.
//!
//! A record holds what is known, and leaves out what is not: nearly every field may be absent. A family is a record
//! without a device of its own, which others build on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::entry::{Entry, LightPattern};
use crate::method::Method;
use crate::repairable::{
    EnvironmentRecord, NetworkRecord, ObservationRule, OperationStatus, SettingsRecord, SmokeTest, StopKey,
    StorageKind,
};
use crate::sources::Sources;
use debrick_model::Region;

/// A device, or a family of devices: everything the catalog knows of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Device {
    /// `debrick.device/1` or `debrick.family/1`, where a file holds one record only.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub schema: String,
    /// Stable id: lower-case letters, digits and hyphens.
    pub id: String,
    /// What sort of thing it is; absent in records of the first days, which are all routers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Families that it builds on, the closest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<String>,
    /// What is worth knowing about it, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Maker.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub vendor: String,
    /// Model, as on the label.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// What tells it from others of its model: a revision, a storage, a layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Other names that it is sold or known under.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Codes on the label or in the system's settings that mean this device: `SM-G980F`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model_numbers: Vec<String>,
    /// Hardware revisions that the record holds for; empty means any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hardware_revisions: Vec<String>,
    /// Sales regions that the record holds for; empty means any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sales_regions: Vec<String>,
    /// Names that firmware uses for the board, for example `acme,r1`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub board_ids: Vec<String>,
    /// Ids in headers of firmware that fits, by the kind of id as the image crate names it: `netgear-board`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub header_ids: BTreeMap<String, Vec<String>>,
    /// The main chip, as its maker writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub soc: Option<String>,
    /// Processor architecture, as firmware images name it (`arm64`, `riscv`, `mips`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Where the facts of the record come from.
    pub source: Sources,
    /// The day on which its facts were compared by hand with the sources that it names: `2026-11-21`. What lies on top
    /// of a checked record is not checked by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<String>,
    /// How far each operation was tried.
    #[serde(skip_serializing_if = "OperationStatus::is_untested")]
    pub status: OperationStatus,
    /// What it runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power: Option<PowerFacts>,
    /// Its serial console.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub console: Option<ConsoleFacts>,
    /// Addresses while it is being repaired over its console.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkRecord>,
    /// Its storages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub storage: Vec<StorageFacts>,
    /// Bootloader variables without which it does not start.
    #[serde(skip_serializing_if = "EnvironmentRecord::is_empty")]
    pub environment: EnvironmentRecord,
    /// What firmware fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<FirmwareFacts>,
    /// Where the owner's settings live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<SettingsRecord>,
    /// Where claims about the unit are found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observe: Vec<ObservationRule>,
    /// Where the version of what is installed can be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub version: Vec<VersionRule>,
    /// Its buttons, as they are labelled.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<String>,
    /// What its lights mean.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub light: Vec<LightPattern>,
    /// How it is brought into a recovery mode.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entry: Vec<Entry>,
    /// Ways to recover it, best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub method: Vec<Method>,
    /// Methods that the records below give it, and that it does not have: what an import got wrong, or what a family
    /// has and this device has not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// USB identities in its modes of recovery.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub usb: Vec<UsbMode>,
    /// Constants of a chip: its ids, offsets and sizes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chip: Option<ChipFacts>,
    /// What the maker's bootloader lets the owner do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockFacts>,
    /// What proves that the system works.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub smoke: Vec<SmokeTest>,
    /// When to stop, and what to do then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<StopRule>,
    /// Who can help where its owner cannot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub help: Vec<Helper>,
}

/// What sort of thing a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A router, access point, switch or modem.
    Router,
    /// A telephone.
    Phone,
    /// A tablet, or another device that runs Android: a games console, a box for the television.
    Tablet,
    /// A network storage.
    Nas,
    /// A single board.
    Board,
    /// A chip, or chips that are recovered in the same way, on whatever board.
    ChipFamily,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Router, Self::Phone, Self::Tablet, Self::Nas, Self::Board, Self::ChipFamily];

    /// The word in records and in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Phone => "phone",
            Self::Tablet => "tablet",
            Self::Nas => "nas",
            Self::Board => "board",
            Self::ChipFamily => "chip-family",
        }
    }

    /// The kind of this word.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }
}

/// What a unit runs on, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PowerFacts {
    /// For a person: voltage, current, plug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supply: Option<String>,
    /// How it is switched off and on, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycle: Option<String>,
}

/// The serial console, as far as it is known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleFacts {
    /// Line rate in bits a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baud: Option<u32>,
    /// How the pins are found and what level they have, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wiring: Option<String>,
    /// The pins in their order on the board: `VCC`, `RX`, `TX`, `GND`; in which direction is to be found out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<String>,
    /// Level of the pins in volts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volts: Option<f64>,
    /// What the pins are called on the board: `J3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// What stops the bootloader from starting the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<StopKey>,
    /// Text that the system prints once it has started; what follows it on the line is its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<String>,
    /// Seconds from power to that text, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_seconds: Option<u32>,
    /// What restarts the running system when it is typed at its console.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart: Option<String>,
}

/// A storage, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StorageFacts {
    /// What it is, in the bootloader's eyes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<StorageKind>,
    /// What sort of part it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<StoragePart>,
    /// Bytes in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// What is written starts and ends on multiples of this, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_block: Option<u64>,
    /// What is erased starts and ends on multiples of this, in bytes; absent where nothing needs erasing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erase_block: Option<u64>,
    /// What a blank byte holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased: Option<u8>,
    /// What lies where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
}

/// Sorts of storage parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoragePart {
    /// Flash on a serial bus that is read byte by byte.
    SpiNor,
    /// NAND flash on a serial bus.
    SpiNand,
    /// NAND flash.
    Nand,
    /// Flash in the address space.
    ParallelNor,
    /// eMMC.
    Emmc,
    /// An SD card.
    Sd,
    /// UFS.
    Ufs,
    /// Flash within the main chip.
    Internal,
    /// A SATA disk, or several.
    Disk,
}

/// What firmware fits a device, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FirmwareFacts {
    /// The region that it goes to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Ids of formats that fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<String>,
    /// The largest image that fits, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest: Option<u64>,
    /// The largest kernel that fits, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_kernel: Option<u64>,
    /// Where its maker publishes it, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// What shows that it is its maker's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<Signing>,
}

/// What shows that firmware is its maker's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signing {
    /// Nothing: a checksum at most.
    Unsigned,
    /// The running system or the updater checks a signature; the bootloader starts anything.
    CheckedByUpdater,
    /// The bootloader checks a signature, and starts nothing else.
    CheckedByBootloader,
    /// Only the maker's own server hands it out, for one unit.
    MadePerUnit,
}

/// Where the version of what is installed can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "from", deny_unknown_fields)]
pub enum VersionRule {
    /// After this text on the console.
    Console {
        /// The text.
        after: String,
    },
    /// On a page of the unit.
    Web {
        /// Path of the page.
        path: String,
    },
    /// What this command prints, on a computer that is connected.
    Command {
        /// The command.
        run: String,
    },
    /// On its screen.
    Screen {
        /// Where a person finds it.
        place: String,
    },
}

/// A USB identity in a mode of recovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsbMode {
    /// The mode: `fastboot`, `edl`, `dfu`.
    pub mode: String,
    /// Vendor and product, in hexadecimal: `05c6:9008`.
    pub id: String,
}

/// Constants of a chip that its recovery depends on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChipFacts {
    /// Ids by which it tells what it is, by what the id is called: `chip-id`, `signature`, `hwcode`, `uf2-family`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ids: BTreeMap<String, String>,
    /// Address of the first byte of its flash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flash_base: Option<u64>,
    /// Bytes of flash; of the largest, where there are several sizes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flash_size: Option<u64>,
    /// Bytes of a page that is written at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flash_page: Option<u64>,
    /// Bytes of EEPROM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eeprom_size: Option<u64>,
    /// Where in flash things have to lie, by name, in bytes: `bootloader`, `partition-table`, `app`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub offsets: BTreeMap<String, u64>,
    /// Pins that have to be low when it starts, for its boot ROM to wait: `GPIO0`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub strap_low: Vec<String>,
    /// Interfaces that it is programmed over: `ISP`, `UPDI`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<String>,
}

/// What the maker's bootloader lets the owner do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LockFacts {
    /// Whether the owner can unlock it in a way that the maker provides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_be_unlocked: Option<bool>,
    /// What is needed for that: `vendor-app`, `vendor-code`, `fastboot-cmd`, `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// The command, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Whether a switch in the system's settings has to be on before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_switch: Option<bool>,
    /// Whether there are two sets of partitions, of which one runs and one can be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub two_slots: Option<bool>,
}

/// When to stop, and what to do then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopRule {
    /// When: what is seen, or what is about to be done.
    pub when: String,
    /// Why going on would do harm.
    pub because: String,
    /// What to do instead.
    pub instead: String,
    /// Where this is from.
    #[serde(default, skip_serializing_if = "Sources::is_empty")]
    pub source: Sources,
}

/// Somebody who can help where an owner cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Helper {
    /// What sort of help it is.
    pub who: Who,
    /// Their name, or what to look for.
    pub name: String,
    /// What they do, and what they need for it.
    pub does: String,
    /// Where they are found: an address on the web.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Where this is from.
    #[serde(default, skip_serializing_if = "Sources::is_empty")]
    pub source: Sources,
}

/// Sorts of help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// Its maker.
    Vendor,
    /// People who know it, on a forum.
    Community,
    /// A shop with tools for chips: programmers, hot air, debug probes.
    RepairShop,
    /// Somebody who brings data back, and not the device.
    DataRecovery,
}

impl Who {
    /// The word in records and in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Community => "community",
            Self::RepairShop => "repair-shop",
            Self::DataRecovery => "data-recovery",
        }
    }
}

impl Device {
    /// What sort of thing it is.
    pub fn kind(&self) -> Kind {
        self.kind.unwrap_or(Kind::Router)
    }

    /// Vendor, model and variant, as a person would say it.
    pub fn title(&self) -> String {
        let parts = [self.vendor.as_str(), self.model.as_str(), self.variant.as_deref().unwrap_or_default()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    }

    /// All regions of all storages.
    pub fn regions(&self) -> impl Iterator<Item = &Region> {
        self.storage.iter().flat_map(|storage| &storage.regions)
    }

    /// The region of this name.
    pub fn region(&self, name: &str) -> Option<&Region> {
        self.regions().find(|region| region.name == name)
    }

    /// The region that firmware goes to.
    pub fn firmware_region(&self) -> Option<&Region> {
        self.region(self.firmware.as_ref()?.region.as_deref()?)
    }
}
