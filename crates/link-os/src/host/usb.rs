//! USB devices as `/sys/bus/usb/devices` shows them. Nothing is opened, and nothing is sent to a device: the kernel has read
//! the descriptors when it was plugged in (Documentation/ABI/testing/sysfs-bus-usb).

use std::path::{Path, PathBuf};

use super::files::{names, value};
use super::serial::UsbFacts;

/// The class of hubs, in a device's descriptor (USB 2.0, section 11.23.1).
const HUB: u8 = 0x09;

/// The USB devices of the computer whose files are below `root`, without hubs. Empty where there is no USB.
pub fn usb_devices(root: &Path) -> Vec<UsbFacts> {
    let folder = root.join("sys/bus/usb/devices");
    // `1-4:1.0` is an interface of the device `1-4`.
    let devices = names(&folder).into_iter().filter(|name| !name.contains(':'));
    devices.filter_map(|name| described(&folder.join(&name), name)).collect()
}

fn described(folder: &Path, name: String) -> Option<UsbFacts> {
    let class = value(&folder.join("bDeviceClass")).and_then(|class| u8::from_str_radix(&class, 16).ok());
    if class == Some(HUB) {
        return None;
    }
    let hex = |path: PathBuf| u16::from_str_radix(&value(&path)?, 16).ok();
    Some(UsbFacts {
        vendor_id: hex(folder.join("idVendor"))?,
        product_id: hex(folder.join("idProduct"))?,
        manufacturer: value(&folder.join("manufacturer")),
        product: value(&folder.join("product")),
        serial_number: value(&folder.join("serial")),
        interface: None,
        bus_path: Some(name),
    })
}
