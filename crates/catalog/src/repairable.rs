//! What a repair over the console of U-Boot needs to know of a device: everything, checked.
//!
//! [`Device::repairable`] makes it of a record, or names what the catalog does not know yet. As JSON it is the record
//! that a session keeps; its shape is that of a complete `debrick.device/1` record.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use debrick_model::{Property, Region, RegionRole};
use serde::{Deserialize, Serialize};

use crate::device::{Device, StorageFacts};
use crate::error::CatalogError;
use crate::method::Protocol;

/// A device with everything that a repair over the console of U-Boot needs to know about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repairable {
    /// `debrick.device/1`.
    pub schema: String,
    /// Stable id: lower-case letters, digits and hyphens.
    pub id: String,
    /// Maker.
    pub vendor: String,
    /// Model, as on the label.
    pub model: String,
    /// Hardware revisions that the record holds for; empty means any.
    #[serde(default)]
    pub hardware_revisions: Vec<String>,
    /// Sales regions that the record holds for; empty means any.
    #[serde(default)]
    pub sales_regions: Vec<String>,
    /// Names that firmware uses for the board, for example `acme,r1`.
    pub board_ids: Vec<String>,
    /// Processor architecture, as firmware images name it (`arm64`, `riscv`, `mips`).
    pub architecture: String,
    /// Where the facts of the record come from.
    pub source: String,
    /// How far each operation was tried.
    #[serde(default)]
    pub status: OperationStatus,
    /// What it runs on.
    pub power: Power,
    /// Its serial console.
    pub console: Console,
    /// Addresses while it is being repaired.
    pub network: Option<NetworkRecord>,
    /// Its storages.
    pub storage: Vec<Storage>,
    /// Bootloader variables without which it does not start.
    #[serde(default)]
    pub environment: EnvironmentRecord,
    /// What firmware fits.
    pub firmware: Firmware,
    /// Where the owner's settings live.
    pub settings: Option<SettingsRecord>,
    /// Where claims about the unit are found.
    #[serde(default)]
    pub observe: Vec<ObservationRule>,
    /// Ways to recover it, best first.
    pub method: Vec<ConsoleMethod>,
    /// What proves that the system works.
    #[serde(default)]
    pub smoke: Vec<SmokeTest>,
}

/// How far something was tried; what was tried further is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestStatus {
    /// Never.
    #[default]
    Untested,
    /// On a virtual device.
    Simulated,
    /// On a real bootloader in the lab.
    Lab,
    /// On real units.
    Field,
}

/// How far each operation was tried on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OperationStatus {
    /// Establishing identity.
    pub identify: TestStatus,
    /// Backing up.
    pub backup: TestStatus,
    /// Writing.
    pub flash: TestStatus,
    /// Proving the first boot.
    pub first_boot: TestStatus,
}

/// What a unit runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// For a person: voltage, current, plug.
    pub supply: String,
    /// How it is switched off and on, for a person.
    pub cycle: String,
}

/// The serial console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Line rate in bits a second.
    pub baud: u32,
    /// How the pins are found and what level they have, for a person.
    pub wiring: String,
    /// What stops the bootloader from starting the system.
    pub stop: StopKey,
    /// Text that the system prints once it has started; what follows it on the line is its version.
    pub ready: String,
    /// Seconds from power to that text, at most.
    pub boot_seconds: u32,
    /// What restarts the running system when it is typed at its console, where that is known.
    pub restart: Option<String>,
}

/// What stops a bootloader from starting the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StopKey {
    /// What is sent, as text; escapes of TOML may be used for control characters.
    pub keys: String,
    /// The text at which it is sent, where that is not U-Boot's own.
    pub at: Option<String>,
}

/// Addresses while a unit is being repaired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkRecord {
    /// The unit's.
    pub unit: Ipv4Addr,
    /// This computer's, on the port that leads to the unit.
    pub host: Ipv4Addr,
}

/// A unit's storage and what lies where in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// What it is, in the bootloader's eyes.
    pub interface: StorageKind,
    /// Bytes in all.
    pub size: u64,
    /// What is written starts and ends on multiples of this, in bytes.
    pub write_block: u64,
    /// What is erased starts and ends on multiples of this, in bytes; absent where nothing needs erasing.
    pub erase_block: Option<u64>,
    /// What a blank byte holds.
    pub erased: u8,
    /// What lies where.
    pub regions: Vec<Region>,
}

/// The kinds of storage that bootloaders know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum StorageKind {
    /// A virtio block device.
    Virtio {
        /// Its number.
        device: u32,
    },
    /// An eMMC or SD card.
    Mmc {
        /// Its number.
        device: u32,
        /// Its hardware partition: 0 user, 1 and 2 boot.
        #[serde(default)]
        hardware_partition: u32,
    },
    /// SPI NOR flash.
    SpiNor {
        /// Bus.
        bus: u32,
        /// Chip select.
        chip_select: u32,
    },
    /// Raw NAND flash.
    Nand {
        /// Its number.
        device: u32,
    },
    /// An MTD device by name.
    Mtd {
        /// Its name.
        name: String,
    },
    /// CFI NOR flash in the address space.
    CfiNor {
        /// Address of its first byte.
        base: u64,
    },
}

/// Bootloader variables without which a unit does not start.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EnvironmentRecord {
    /// Names and the values that they must have.
    pub required: BTreeMap<String, String>,
}

/// What firmware fits a device, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firmware {
    /// The region that it goes to.
    pub region: String,
    /// Format ids that the bootloader starts.
    pub formats: Vec<String>,
    /// Where its maker publishes it, for a person.
    pub origin: Option<String>,
}

/// Where the owner's settings live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsRecord {
    /// Their region.
    pub region: String,
    /// Whether the system makes new ones when the region is blank.
    pub blank_means_defaults: bool,
}

/// Where a claim about the unit is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservationRule {
    /// What it speaks about.
    pub property: Property,
    /// Where it stands.
    pub at: ObservationSource,
}

/// A place where claims about a unit are found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "from", deny_unknown_fields)]
pub enum ObservationSource {
    /// A bootloader variable.
    Environment {
        /// Its name.
        variable: String,
    },
    /// A `key=value` line in a region of the storage.
    RegionText {
        /// The region.
        region: String,
        /// The key.
        key: String,
    },
}

/// One way to recover a device over the console of U-Boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleMethod {
    /// Name, unique in the record.
    pub name: String,
    /// The protocol that commands are given over.
    pub protocol: Protocol,
    /// How bytes reach the unit's memory.
    pub transfer: Transfer,
    /// Memory that may be used on the way.
    pub ram: RamWindow,
    /// Line rate during transfers over the console, in bits a second, where it may be raised.
    pub transfer_baud: Option<u32>,
}

/// How bytes reach a unit's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transfer {
    /// The unit pulls them by TFTP.
    Tftp,
    /// Over the console, by YMODEM.
    Ymodem,
}

/// Memory of the unit that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RamWindow {
    /// Address of its first byte.
    pub address: u64,
    /// Bytes.
    pub size: u64,
}

/// Something that proves that the system works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmokeTest {
    /// Name.
    pub name: String,
    /// What is done.
    pub test: SmokeTestKind,
}

/// The kinds of smoke test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum SmokeTestKind {
    /// The unit answers a GET over HTTP, with this text in its answer; `{version}` stands for the version of the image.
    Http {
        /// TCP port.
        port: u16,
        /// Path.
        path: String,
        /// Text that the answer must contain.
        expect: String,
    },
}

impl OperationStatus {
    /// Whether nothing was tried yet.
    pub fn is_untested(&self) -> bool {
        *self == Self::default()
    }
}

impl TestStatus {
    /// The word in records and in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Untested => "untested",
            Self::Simulated => "simulated",
            Self::Lab => "lab",
            Self::Field => "field",
        }
    }
}

impl EnvironmentRecord {
    /// Whether nothing is required.
    pub fn is_empty(&self) -> bool {
        self.required.is_empty()
    }
}

impl Repairable {
    /// All regions of all storages.
    pub fn regions(&self) -> impl Iterator<Item = &Region> {
        self.storage.iter().flat_map(|storage| &storage.regions)
    }

    /// The region of this name.
    pub fn region(&self, name: &str) -> Option<&Region> {
        self.regions().find(|region| region.name == name)
    }

    /// The storage that holds the region of this name.
    pub fn storage_of(&self, region: &str) -> Option<&Storage> {
        self.storage.iter().find(|storage| storage.regions.iter().any(|held| held.name == region))
    }
}

impl Device {
    /// The device as a repair over the console of U-Boot needs it.
    ///
    /// # Errors
    /// [`CatalogError::Incomplete`], which names everything that the record does not say.
    pub fn repairable(&self) -> Result<Repairable, CatalogError> {
        let mut missing = Vec::new();
        let mut need = |is_there: bool, what: &str| {
            if !is_there {
                missing.push(what.to_owned());
            }
        };
        need(!self.board_ids.is_empty(), "which board ids its firmware names");
        need(self.architecture.is_some(), "its processor architecture");
        let power = self.power.clone().unwrap_or_default();
        need(power.supply.is_some(), "what it runs on");
        need(power.cycle.is_some(), "how it is switched off and on");
        let console = self.console.clone().unwrap_or_default();
        need(console.baud.is_some(), "the line rate of its console");
        need(console.wiring.is_some(), "how its console is wired");
        need(console.stop.is_some(), "what stops its bootloader");
        need(console.ready.is_some(), "what it prints once it has started");
        need(console.boot_seconds.is_some(), "how long it takes to start");
        let firmware = self.firmware.clone().unwrap_or_default();
        need(firmware.region.is_some(), "which region its firmware goes to");
        need(!firmware.formats.is_empty(), "which formats its bootloader starts");
        if let Some(region) = self.firmware_region() {
            need(region.role == RegionRole::Firmware, "a region that is declared to hold firmware");
        }
        let storage: Option<Vec<Storage>> = self.storage.iter().map(storage_of).collect();
        need(
            storage.as_ref().is_some_and(|all| !all.is_empty()),
            "size, blocks and interface of its storage",
        );
        let methods = self.console_methods();
        need(!methods.is_empty(), "memory for transfers over the console of U-Boot");
        let (
            Some(supply),
            Some(cycle),
            Some(baud),
            Some(wiring),
            Some(stop),
            Some(ready),
            Some(boot_seconds),
        ) = (
            power.supply,
            power.cycle,
            console.baud,
            console.wiring,
            console.stop,
            console.ready,
            console.boot_seconds,
        )
        else {
            return Err(self.incomplete(missing));
        };
        let (Some(architecture), Some(region), Some(storage), true) =
            (self.architecture.clone(), firmware.region, storage, missing.is_empty())
        else {
            return Err(self.incomplete(missing));
        };
        Ok(Repairable {
            schema: crate::SCHEMA.into(),
            id: self.id.clone(),
            vendor: self.vendor.clone(),
            model: self.model.clone(),
            hardware_revisions: self.hardware_revisions.clone(),
            sales_regions: self.sales_regions.clone(),
            board_ids: self.board_ids.clone(),
            architecture,
            source: self.source.in_words(),
            status: self.status,
            power: Power { supply, cycle },
            console: Console { baud, wiring, stop, ready, boot_seconds, restart: console.restart },
            network: self.network.clone(),
            storage,
            environment: self.environment.clone(),
            firmware: Firmware { region, formats: firmware.formats, origin: firmware.origin },
            settings: self.settings.clone(),
            observe: self.observe.clone(),
            method: methods,
            smoke: self.smoke.clone(),
        })
    }

    fn console_methods(&self) -> Vec<ConsoleMethod> {
        let complete = self.method.iter().filter_map(|method| {
            Some(ConsoleMethod {
                name: method.name.clone(),
                protocol: method.protocol.filter(|protocol| *protocol == Protocol::UbootConsole)?,
                transfer: method.transfer?,
                ram: method.ram?,
                transfer_baud: method.transfer_baud,
            })
        });
        complete.collect()
    }

    fn incomplete(&self, missing: Vec<String>) -> CatalogError {
        let others = self.method.iter().filter(|method| method.protocol != Some(Protocol::UbootConsole));
        CatalogError::Incomplete {
            id: self.id.clone(),
            missing,
            other_ways: others.map(|method| method.name.clone()).collect(),
        }
    }
}

/// The storage with everything that writing to it needs.
fn storage_of(facts: &StorageFacts) -> Option<Storage> {
    Some(Storage {
        interface: facts.interface.clone()?,
        size: facts.size?,
        write_block: facts.write_block?,
        erase_block: facts.erase_block,
        erased: facts.erased?,
        regions: facts.regions.clone(),
    })
}
