//! Serial ports as `/sys/class/tty` shows them, and who holds them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, access};
use serde::Serialize;

use super::Place;
use super::files::{link_name, names, parsed, value};
use super::machine::{group_table, name_of_group, user, user_name};
use crate::holders::{Process, visit_descriptors};
use crate::lock::uucp_holder;

/// How far above its terminal a USB device stands in sysfs, at most.
const MOST_LEVELS: usize = 8;

/// All serial ports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SerialFacts {
    /// The ports that have hardware behind them.
    pub ports: Vec<SerialPortFacts>,
    /// How many processes this user may not look into: any of them may hold a port.
    pub unseen_processes: usize,
}

/// One serial port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SerialPortFacts {
    /// Its device node, for example `/dev/ttyUSB0`.
    pub node: String,
    /// Links to it in `/dev/serial/by-id`, which stay the same when it is plugged in elsewhere.
    pub stable_names: Vec<String>,
    /// The kernel's driver, for example `ftdi_sio`.
    pub driver: Option<String>,
    /// The USB device behind it.
    pub usb: Option<UsbFacts>,
    /// Who may open the node; `None` where there is no node.
    pub access: Option<NodeAccess>,
    /// Processes that have it open.
    pub held_by: Vec<Process>,
    /// The living process that locked it with a file in the style of UUCP.
    pub locked_by: Option<Process>,
}

/// A USB device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsbFacts {
    /// Vendor id.
    pub vendor_id: u16,
    /// Product id.
    pub product_id: u16,
    /// Name of the manufacturer.
    pub manufacturer: Option<String>,
    /// Name of the product.
    pub product: Option<String>,
    /// Serial number.
    pub serial_number: Option<String>,
    /// Number of the interface, for adapters with several ports.
    pub interface: Option<u8>,
    /// Where it is plugged in, for example `1-4.2`.
    pub bus_path: Option<String>,
}

/// Who may open a device node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeAccess {
    /// Its owner's name, or id where there is no name.
    pub owner: String,
    /// Its group's name, or id.
    pub group: String,
    /// Its permissions, for example `0660`.
    pub mode: String,
    /// Whether this process has that group.
    pub user_is_in_group: bool,
    /// Whether the system lets this user read and write it, access lists included.
    pub user_may_open: bool,
}

pub(super) fn serial_ports(place: &Place) -> SerialFacts {
    let folder = place.at("sys/class/tty");
    let mut ports: Vec<_> =
        names(&folder).iter().filter_map(|name| port(place, &folder.join(name), name)).collect();
    let proc = place.proc();
    let unseen_processes = visit_descriptors(&proc, place.deadline, |pid, target, _| {
        let held = ports.iter_mut().filter(|port| target == Path::new(&port.node));
        for port in held {
            if port.held_by.iter().all(|process| process.pid != pid) {
                port.held_by.push(Process::of(&proc, pid));
            }
        }
    });
    SerialFacts { ports, unseen_processes }
}

fn port(place: &Place, entry: &Path, name: &str) -> Option<SerialPortFacts> {
    let device = fs::canonicalize(entry.join("device")).ok()?;
    // Old computers' four ports are always listed; type 0 is one that is not there.
    if parsed::<u32>(&entry.join("type")) == Some(0) {
        return None;
    }
    let node = format!("/dev/{name}");
    let below_root = place.at(&format!("dev/{name}"));
    let lock_folders = ["var/lock", "run/lock"].map(|folder| place.at(folder).to_string_lossy().into_owned());
    let lock_folders: Vec<&str> = lock_folders.iter().map(String::as_str).collect();
    Some(SerialPortFacts {
        stable_names: stable_names(place, name),
        driver: link_name(&device.join("driver")),
        usb: usb(&device),
        access: node_access(place, &below_root),
        held_by: Vec::new(),
        locked_by: uucp_holder(&lock_folders, &[Path::new(&node)]),
        node,
    })
}

fn stable_names(place: &Place, name: &str) -> Vec<String> {
    let folder = place.at("dev/serial/by-id");
    let links =
        names(&folder).into_iter().filter(|link| link_name(&folder.join(link)).as_deref() == Some(name));
    links.map(|link| format!("/dev/serial/by-id/{link}")).collect()
}

/// The USB device that `device` belongs to: the nearest folder above it with a vendor id.
fn usb(device: &Path) -> Option<UsbFacts> {
    let hex = |path: PathBuf| u16::from_str_radix(&value(&path)?, 16).ok();
    let mut levels = device.ancestors().take(MOST_LEVELS);
    let found = levels.find(|folder| folder.join("idVendor").exists())?;
    let interface = device.ancestors().take(MOST_LEVELS).take_while(|folder| *folder != found);
    let interface = interface.filter_map(|folder| value(&folder.join("bInterfaceNumber"))).next();
    Some(UsbFacts {
        vendor_id: hex(found.join("idVendor"))?,
        product_id: hex(found.join("idProduct"))?,
        manufacturer: value(&found.join("manufacturer")),
        product: value(&found.join("product")),
        serial_number: value(&found.join("serial")),
        interface: interface.and_then(|number| u8::from_str_radix(&number, 16).ok()),
        bus_path: found.file_name().map(|name| name.to_string_lossy().into_owned()),
    })
}

fn node_access(place: &Place, node: &Path) -> Option<NodeAccess> {
    let metadata = fs::metadata(node).ok()?;
    let groups = user(place).map(|user| user.groups).unwrap_or_default();
    let group_name = name_of_group(&group_table(place), metadata.gid());
    Some(NodeAccess {
        owner: user_name(place, metadata.uid()).unwrap_or_else(|| metadata.uid().to_string()),
        group: group_name.unwrap_or_else(|| metadata.gid().to_string()),
        mode: format!("{:04o}", metadata.mode() & 0o7777),
        user_is_in_group: groups.iter().any(|group| group.gid == metadata.gid()),
        user_may_open: access(node, AccessFlags::R_OK | AccessFlags::W_OK).is_ok(),
    })
}
