//! What a repair through a door needs to know of a device: a mode of its bootloader in which it takes an image over the
//! network and writes it by itself. Far less than a repair over the console: no regions, no storage, no wires.
//!
//! [`Device::recoverable`] makes it of a record, or names what the catalog does not know yet. As JSON it is the record that
//! a session keeps.

use std::net::Ipv4Addr;

use debrick_model::MacAddress;
use serde::{Deserialize, Serialize};

use crate::device::Device;
use crate::entry::Action;
use crate::error::CatalogError;
use crate::method::{Method, Protocol};
use crate::repairable::TestStatus;

/// What EVA calls the partition of the firmware.
const EVA_FIRMWARE: &str = "mtd1";
/// The port of pages, and of those over TLS.
const HTTP: u16 = 80;
const HTTPS: u16 = 443;

/// What the address of a computer ends with, where a unit does not care.
const USUAL_HOSTS: [u8; 2] = [2, 3];

/// A device with at least one door.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recoverable {
    /// Everything that the catalog knows of it.
    pub device: Device,
    /// Its doors, best first.
    pub doors: Vec<Door>,
}

/// A mode of a bootloader that takes an image over the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Door {
    /// The name of the method, unique in the record.
    pub name: String,
    /// How the image goes over.
    pub kind: DoorKind,
    /// Names that the unit asks for, or wants the file to have; empty where any will do.
    pub files: Vec<String>,
    /// The page with the form, where it is a page and not the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The field of the form that takes the file, as the record has it; what the page itself says comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The Ethernet address that the unit listens at, where it answers no ARP and the image has to be waiting when it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub station: Option<MacAddress>,
    /// Whether the image is only started in memory, so that a second pass has to write firmware from there.
    #[serde(default)]
    pub in_memory: bool,
}

/// How an image goes over at a door, with the addresses that this takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum DoorKind {
    /// This computer sends it by the form of a page that the unit has.
    HttpUpload {
        /// The unit's address.
        unit: Ipv4Addr,
        /// The address that this computer gets: the record's, or one in the unit's network, as any other does.
        host: Ipv4Addr,
        /// The page's TCP port.
        port: u16,
    },
    /// The unit asks this computer for it by TFTP.
    TftpPull {
        /// The address that the unit asks; this computer has to have it.
        host: Ipv4Addr,
        /// The unit's own, where it is known; only it is answered then.
        unit: Option<Ipv4Addr>,
    },
    /// This computer sends it to the unit by TFTP.
    TftpPush {
        /// The unit's address.
        unit: Ipv4Addr,
        /// The address that this computer has to have, where the unit cares.
        host: Option<Ipv4Addr>,
    },
    /// The unit asks for an address by BOOTP or DHCP, and then for it by TFTP.
    BootpTftp {
        /// This computer's address.
        host: Ipv4Addr,
        /// The address that the unit is given.
        unit: Ipv4Addr,
    },
    /// This computer gives the unit an address by Netgear's NMRP, and sends it the image by TFTP.
    Nmrp {
        /// The address that the unit is given, for the transfer only.
        unit: Ipv4Addr,
        /// The address that this computer has to have, in the same network.
        host: Ipv4Addr,
    },
    /// This computer stores it in the firmware's partition over FTP, while AVM's bootloader EVA waits.
    EvaFtp {
        /// The address that the bootloader is asked to take.
        unit: Ipv4Addr,
        /// The address that this computer has to have, in the same network.
        host: Ipv4Addr,
    },
    /// This computer sends it to everybody, and Zyxel's bootloader takes it while it starts.
    ZyxelMulticast {
        /// The address that this computer sends from.
        host: Ipv4Addr,
    },
}

/// Addresses where the unit takes what it is given and no record wants others: of this computer and of the unit. They lie
/// beside the one that most routers' systems have.
const GIVEN: (Ipv4Addr, Ipv4Addr) = (Ipv4Addr::new(192, 168, 1, 10), Ipv4Addr::new(192, 168, 1, 11));

impl DoorKind {
    /// The protocol, as records name it.
    pub fn protocol(self) -> Protocol {
        match self {
            Self::HttpUpload { .. } => Protocol::HttpUpload,
            Self::TftpPull { .. } => Protocol::TftpPull,
            Self::TftpPush { .. } => Protocol::TftpPush,
            Self::BootpTftp { .. } => Protocol::BootpTftp,
            Self::Nmrp { .. } => Protocol::Nmrp,
            Self::EvaFtp { .. } => Protocol::EvaFtp,
            Self::ZyxelMulticast { .. } => Protocol::ZyxelMulticast,
        }
    }

    /// The unit's address while the door is open, where it is known.
    pub fn unit(self) -> Option<Ipv4Addr> {
        match self {
            Self::TftpPull { unit, .. } => unit,
            Self::HttpUpload { unit, .. }
            | Self::TftpPush { unit, .. }
            | Self::BootpTftp { unit, .. }
            | Self::Nmrp { unit, .. }
            | Self::EvaFtp { unit, .. } => Some(unit),
            Self::ZyxelMulticast { .. } => None,
        }
    }

    /// The address at which its system may be found afterwards: that of its bootloader, unless that one has its address for
    /// the transfer only.
    pub fn unit_afterwards(self) -> Option<Ipv4Addr> {
        match self {
            Self::Nmrp { .. } | Self::EvaFtp { .. } | Self::BootpTftp { .. } => None,
            other => other.unit(),
        }
    }

    /// The address that this computer has to have, where that is known.
    pub fn host(self) -> Option<Ipv4Addr> {
        match self {
            Self::HttpUpload { host, .. } | Self::TftpPull { host, .. } | Self::BootpTftp { host, .. } => {
                Some(host)
            }
            Self::TftpPush { host, .. } => host,
            Self::Nmrp { host, .. } | Self::EvaFtp { host, .. } | Self::ZyxelMulticast { host } => Some(host),
        }
    }
}

impl Recoverable {
    /// The record's method of a door.
    pub fn method_of(&self, door: &Door) -> Option<&Method> {
        self.device.method.iter().find(|method| method.name == door.name)
    }

    /// Ids of the formats that a door takes; empty where they are not known.
    pub fn formats_of(&self, door: &Door) -> Vec<String> {
        let own = self.method_of(door).map(|method| method.formats.clone()).unwrap_or_default();
        let firmware = || self.device.firmware.as_ref().map(|firmware| firmware.formats.clone());
        if own.is_empty() { firmware().unwrap_or_default() } else { own }
    }

    /// Where its maker publishes firmware, for a person.
    pub fn origin(&self) -> Option<String> {
        self.device.firmware.as_ref().and_then(|firmware| firmware.origin.clone())
    }
}

impl Device {
    /// The door that one of its methods is; `None` where it is none, where an address is missing, or where a person has to run
    /// a command on the way in: that command is the upload itself then, which this program does where it knows the station.
    pub fn door(&self, method: &Method) -> Option<Door> {
        let entry = self.entry.iter().find(|entry| Some(&entry.name) == method.entry.as_ref());
        let is_by_hand = entry.is_some_and(|entry| entry.steps.iter().any(|step| step.action == Action::Run));
        method.door().filter(|door| !is_by_hand || door.station.is_some())
    }

    /// How far this program was tried on the way of one of its methods, whatever the device: not at all where it does not
    /// drive it.
    pub fn tried(&self, method: &Method) -> TestStatus {
        match method.protocol {
            Some(Protocol::UbootConsole) => TestStatus::Lab,
            _ if self.door(method).is_some() => TestStatus::Simulated,
            _ => TestStatus::Untested,
        }
    }

    /// The device as a repair through a door needs it.
    ///
    /// # Errors
    /// [`CatalogError::Incomplete`], which names everything that the record does not say.
    pub fn recoverable(&self) -> Result<Recoverable, CatalogError> {
        let doors: Vec<Door> = self.method.iter().filter_map(|method| self.door(method)).collect();
        let mut missing = Vec::new();
        if doors.is_empty() {
            missing.push(
                "a method by TFTP, NMRP, EVA or a page, with the addresses of unit and computer".to_owned(),
            );
        }
        let formats = self.firmware.as_ref().is_some_and(|firmware| !firmware.formats.is_empty())
            || self.method.iter().any(|method| !method.formats.is_empty());
        if self.board_ids.is_empty() && self.header_ids.is_empty() && !formats {
            missing.push("which formats or board ids its firmware has".to_owned());
        }
        if !missing.is_empty() {
            let is_other = |method: &&Method| self.door(method).is_none();
            let other_ways = self.method.iter().filter(is_other).map(|method| method.name.clone()).collect();
            return Err(CatalogError::Incomplete { id: self.id.clone(), missing, other_ways });
        }
        Ok(Recoverable { device: self.clone(), doors })
    }
}

impl Method {
    /// The door that it is; `None` where it is none, or where an address is missing.
    fn door(&self) -> Option<Door> {
        let kind = match self.protocol? {
            Protocol::HttpUpload => DoorKind::HttpUpload {
                unit: self.unit?,
                host: self.host.or_else(|| neighbour(self.unit?))?,
                // The program does not speak TLS to units.
                port: self.port.or(Some(HTTP)).filter(|port| *port != HTTPS)?,
            },
            Protocol::TftpPull => DoorKind::TftpPull { host: self.host?, unit: self.unit },
            Protocol::TftpPush => DoorKind::TftpPush { unit: self.unit?, host: self.host },
            Protocol::BootpTftp | Protocol::MikrotikNetboot => {
                let (host, unit) = self.given_addresses();
                DoorKind::BootpTftp { host, unit }
            }
            Protocol::Nmrp => DoorKind::Nmrp { unit: self.unit?, host: self.host? },
            // Where a system is started from memory first, nothing of this is written.
            Protocol::EvaFtp if self.partitions == [EVA_FIRMWARE] => {
                DoorKind::EvaFtp { unit: self.unit?, host: self.host? }
            }
            Protocol::ZyxelMulticast => DoorKind::ZyxelMulticast { host: self.host? },
            _ => return None,
        };
        let files: Vec<String> = self.file.iter().chain(&self.more_files).cloned().collect();
        let (path, field) = (self.path.clone(), self.field.clone());
        // `initramfs` is OpenWrt's word for a system that runs from memory.
        let in_memory = self.protocol == Some(Protocol::MikrotikNetboot)
            || files.first().is_some_and(|file| file.to_ascii_lowercase().contains("initramfs"));
        Some(Door { name: self.name.clone(), kind, files, path, field, station: self.station, in_memory })
    }

    /// The addresses of this computer and of a unit that is given one: those of the record, and where it names only one,
    /// the other lies beside it.
    fn given_addresses(&self) -> (Ipv4Addr, Ipv4Addr) {
        let beside = |address: Ipv4Addr| {
            let [a, b, c, d] = address.octets();
            Ipv4Addr::new(a, b, c, if d < 254 { d + 1 } else { d - 1 })
        };
        match (self.host, self.unit) {
            (Some(host), Some(unit)) => (host, unit),
            (Some(host), None) => (host, beside(host)),
            (None, Some(unit)) => (beside(unit), unit),
            (None, None) => GIVEN,
        }
    }
}

/// Another address in the network of a unit.
fn neighbour(unit: Ipv4Addr) -> Option<Ipv4Addr> {
    let [a, b, c, last] = unit.octets();
    USUAL_HOSTS.into_iter().find(|host| *host != last).map(|host| Ipv4Addr::new(a, b, c, host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn a_router_of_the_catalog_has_its_door() {
        let device = Catalog::builtin().find("tplink-archer-c7-v5").unwrap().recoverable().unwrap();
        let door = &device.doors[0];
        assert!(matches!(door.kind, DoorKind::TftpPull { .. }), "{door:?}");
        assert!(door.files.contains(&"ArcherC7v5_tp_recovery.bin".to_owned()), "{door:?}");
        let json = serde_json::to_vec(&device).unwrap();
        assert_eq!(serde_json::from_slice::<Recoverable>(&json).unwrap(), device);
    }

    #[test]
    fn a_loader_that_answers_no_arp_is_a_door_where_its_station_is_known() {
        let catalog = Catalog::builtin();
        let station = |id: &str| {
            let device = catalog.find(id).unwrap();
            let method = device.method.iter().find(|method| method.name == "tftp-push").unwrap();
            device.door(method).map(|door| door.station.map(|station| station.to_string()))
        };
        assert_eq!(station("buffalo-wzr-hp-ag300h"), Some(Some("02:aa:bb:cc:dd:20".to_owned())));
        assert_eq!(station("buffalo-wzr-hp-g300nh-rb"), Some(Some("02:aa:bb:cc:dd:1a".to_owned())));
        // Nobody has written down which one this has, and without it a person has to do it.
        assert_eq!(station("buffalo-wzr-600dhp"), None);
    }

    #[test]
    fn a_page_needs_the_address_of_the_unit_and_this_computer_gets_another_one() {
        let check = |unit: &str, host: Option<&str>, port, expected: Option<(&str, u16)>| {
            let method = Method {
                protocol: Some(Protocol::HttpUpload),
                unit: unit.parse().ok(),
                host: host.and_then(|host| host.parse().ok()),
                port,
                ..Method::default()
            };
            let kind = expected.map(|(host, port)| DoorKind::HttpUpload {
                unit: unit.parse().unwrap(),
                host: host.parse().unwrap(),
                port,
            });
            assert_eq!(method.door().map(|door| door.kind), kind, "{unit} {host:?}");
        };
        check("192.168.1.1", Some("192.168.1.66"), None, Some(("192.168.1.66", 80)));
        check("192.168.0.1", None, Some(8080), Some(("192.168.0.2", 8080)));
        check("10.10.10.2", None, None, Some(("10.10.10.3", 80)));
        check("", None, None, None);
        check("192.168.0.1", None, Some(443), None);
    }

    #[test]
    fn who_is_given_an_address_takes_any() {
        let addresses = |host: Option<&str>, unit: Option<&str>| {
            let address = |text: Option<&str>| text.map(|text| text.parse().unwrap());
            let (host, unit) = (address(host), address(unit));
            let method = Method { protocol: Some(Protocol::BootpTftp), host, unit, ..Method::default() };
            let door = method.door().unwrap();
            (door.kind.host().unwrap().to_string(), door.kind.unit().unwrap().to_string())
        };
        let check = |host, unit, expected: (&str, &str)| {
            assert_eq!(addresses(host, unit), (expected.0.to_owned(), expected.1.to_owned()));
        };
        check(None, None, ("192.168.1.10", "192.168.1.11"));
        check(Some("10.0.0.2"), None, ("10.0.0.2", "10.0.0.3"));
        check(None, Some("10.0.0.254"), ("10.0.0.253", "10.0.0.254"));
        check(Some("10.0.0.2"), Some("10.0.0.9"), ("10.0.0.2", "10.0.0.9"));
    }

    #[test]
    fn what_is_called_initramfs_is_only_started() {
        let door = |protocol, file: Option<&str>| {
            let (file, host) = (file.map(str::to_owned), Some(Ipv4Addr::new(192, 168, 1, 2)));
            Method { protocol: Some(protocol), file, host, ..Method::default() }.door().unwrap()
        };
        assert!(door(Protocol::TftpPull, Some("openwrt-x-initramfs-recovery.itb")).in_memory);
        assert!(door(Protocol::MikrotikNetboot, None).in_memory);
        assert!(!door(Protocol::TftpPull, Some("recovery.bin")).in_memory);
        assert!(!door(Protocol::BootpTftp, Some("test.bin")).in_memory);
    }

    #[test]
    fn an_upload_that_a_person_starts_is_no_door() {
        let device = Catalog::builtin().find("buffalo-wzr-600dhp").unwrap();
        assert!(device.method.iter().any(|method| method.protocol == Some(Protocol::TftpPush)));
        assert!(device.recoverable().is_err());
    }

    #[test]
    fn what_is_missing_is_named() {
        let device = Device { id: "x-y".into(), ..Device::default() };
        let Err(CatalogError::Incomplete { missing, .. }) = device.recoverable() else { panic!("complete") };
        assert_eq!(missing.len(), 2, "{missing:?}");
    }

    #[test]
    fn the_catalog_has_many_doors() {
        let all = Catalog::builtin().all().unwrap();
        let count = all.iter().filter(|device| device.recoverable().is_ok()).count();
        assert!(count > 400, "{count}");
        let is_started = |device: &&Device| device.recoverable().is_ok_and(|one| one.doors[0].in_memory);
        assert!(all.iter().filter(is_started).count() > 100);
    }
}
