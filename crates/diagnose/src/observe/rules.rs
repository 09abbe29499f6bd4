//! Which words begin a claim, whose claim it is, and what it speaks about.
//!
//! A claim is a [`Property::Mention`] where other things than this unit may be meant: names of files, of platforms and of
//! reference designs.

use debrick_model::Property;

use super::take::Take;

/// The running system: its kernel, its device tree and what it says of itself.
pub(super) const FIRMWARE: &str = "firmware";
/// The bootloader's own words.
pub(super) const BOOTLOADER: &str = "bootloader";
/// Variables that are kept beside the bootloader.
pub(super) const ENVIRONMENT: &str = "environment";
/// The boot ROM of a chip that was asked itself.
pub(super) const CHIP: &str = "chip";
/// The descriptors of the unit as a USB device.
pub(super) const USB: &str = "usb";

/// What begins a claim.
#[derive(Debug)]
pub(super) struct Rule {
    /// The word, in any case.
    pub(super) word: &'static str,
    pub(super) take: Take,
    pub(super) property: Property,
    pub(super) witness: &'static str,
    /// Where the claim comes from, in words.
    pub(super) source: &'static str,
}

const fn rule(
    word: &'static str,
    take: Take,
    property: Property,
    witness: &'static str,
    source: &'static str,
) -> Rule {
    Rule { word, take, property, witness, source }
}

/// The words that tell who speaks from here on.
const fn speaker(word: &'static str, take: Take) -> Rule {
    rule(word, take, Property::Version, BOOTLOADER, "")
}

pub(super) const DEVICE_TREE: &str = "the device tree that the kernel was given";
const SYSTEM: &str = "what the system calls its board";
const BANNER: &str = "the bootloader's banner";
const VARIABLE: &str = "a variable of the bootloader";
const ANDROID: &str = "a property of Android";
const COMMAND_LINE: &str = "the bootloader, in the kernel's command line";
const FASTBOOT: &str = "a variable of fastboot";
const ADB: &str = "the list of adb";
const RECOVERY: &str = "the recovery system";
const REQUEST: &str = "a request by TFTP";
const BOOT_ROM: &str = "the boot ROM's banner";
const ESPTOOL: &str = "esptool, from the chip";

pub(super) static RULES: &[Rule] = &[
    speaker("U-Boot 1.", Take::BootloaderBegins),
    speaker("U-Boot 20", Take::BootloaderBegins),
    speaker("barebox 20", Take::BootloaderBegins),
    speaker("UF2 Bootloader", Take::BootloaderBegins),
    speaker("Starting kernel", Take::KernelBegins),
    speaker("Linux version ", Take::KernelBegins),
    // The kernel was given the bootloader's own device tree.
    speaker("by Das U-Boot", Take::OneDeviceTree),
    // Linux: setup_machine_fdt, show_regs, dmi_setup; /proc/cpuinfo.
    rule("Machine model:", Take::Rest, Property::Model, FIRMWARE, DEVICE_TREE),
    rule("MIPS: machine is ", Take::Rest, Property::Model, FIRMWARE, DEVICE_TREE),
    rule("Machine: ", Take::Line, Property::Model, FIRMWARE, "the kernel's name for the board"),
    rule("Hardware name:", Take::Rest, Property::Model, FIRMWARE, DEVICE_TREE),
    rule("DMI: ", Take::Line, Property::Model, FIRMWARE, "the tables of the PC's firmware"),
    rule("machine\t", Take::Key, Property::Model, FIRMWARE, "/proc/cpuinfo"),
    rule("Model\t", Take::Key, Property::Model, FIRMWARE, "/proc/cpuinfo"),
    rule("Hardware\t", Take::Key, Property::Mention, FIRMWARE, "/proc/cpuinfo"),
    rule("system type", Take::Key, Property::Chip, FIRMWARE, "/proc/cpuinfo"),
    rule("SoC Type:", Take::Line, Property::Chip, FIRMWARE, "the kernel"),
    rule(" board=", Take::Token, Property::BoardId, FIRMWARE, "the kernel's command line"),
    rule("syno_hw_version=", Take::Synology, Property::Model, ENVIRONMENT, COMMAND_LINE),
    rule("synology_", Take::Synology, Property::Model, FIRMWARE, "the kernel's version"),
    // U-Boot: show_board_info, dtb_dt_name; barebox; CFE; other bootloaders and their menus.
    rule("Model:", Take::BootloaderLine, Property::Model, BOOTLOADER, BANNER),
    rule("Board:", Take::UnlessKernel, Property::BoardId, BOOTLOADER, BANNER),
    rule("SoC:", Take::Line, Property::Chip, BOOTLOADER, BANNER),
    rule(" stage1 code", Take::Before, Property::Chip, BOOTLOADER, "the bootloader's first stage"),
    rule("Board Id", Take::Key, Property::BoardId, BOOTLOADER, BANNER),
    rule("Board-ID", Take::Key, Property::BoardId, BOOTLOADER, BANNER),
    rule("MARVELL BOARD:", Take::Rest, Property::BoardId, BOOTLOADER, BANNER),
    rule("RouterBoard ", Take::Line, Property::Model, BOOTLOADER, BANNER),
    rule("Synology Model", Take::Key, Property::Model, BOOTLOADER, BANNER),
    rule("ProductID", Take::Column, Property::Model, ENVIRONMENT, VARIABLE),
    rule("Product Model", Take::Key, Property::Model, BOOTLOADER, "the bootloader's table of the product"),
    rule("Product Name", Take::Key, Property::Model, BOOTLOADER, "the bootloader's table of the product"),
    rule("Vendor Name", Take::Key, Property::Vendor, BOOTLOADER, "the bootloader's table of the product"),
    rule("Model Name", Take::Key, Property::Model, FIRMWARE, SYSTEM),
    rule("Filename '", Take::QuotedFile, Property::RequestedFile, BOOTLOADER, REQUEST),
    rule("RRQ from ", Take::RequestOfServer, Property::RequestedFile, BOOTLOADER, REQUEST),
    rule("dnsmasq-tftp", Take::RequestOfServer, Property::RequestedFile, BOOTLOADER, REQUEST),
    rule("fdtfile=", Take::Line, Property::RequestedFile, ENVIRONMENT, VARIABLE),
    rule("fdtfile=", Take::DeviceTreeFile, Property::Mention, ENVIRONMENT, VARIABLE),
    rule("Retrieving file:", Take::DeviceTreeFile, Property::Mention, BOOTLOADER, "a file that is loaded"),
    rule(
        " device tree blob",
        Take::DeviceTreeOfOpenwrt,
        Property::BoardId,
        FIRMWARE,
        "the device tree in the kernel's image",
    ),
    // Variables that makers and U-Boot itself use.
    rule("board_id", Take::Key, Property::BoardId, ENVIRONMENT, VARIABLE),
    rule("boardid", Take::Key, Property::BoardId, ENVIRONMENT, VARIABLE),
    rule("board=", Take::Line, Property::Mention, ENVIRONMENT, VARIABLE),
    rule("model=", Take::Line, Property::Model, ENVIRONMENT, VARIABLE),
    rule("productid", Take::Key, Property::Model, ENVIRONMENT, VARIABLE),
    rule("odmpid", Take::Key, Property::Model, ENVIRONMENT, VARIABLE),
    rule("ethaddr", Take::Mac, Property::MacAddress, ENVIRONMENT, VARIABLE),
    rule("link/ether", Take::Mac, Property::MacAddress, FIRMWARE, "a network interface"),
    rule("HWaddr", Take::Mac, Property::MacAddress, FIRMWARE, "a network interface"),
    // OpenWrt: `ubus call system board`, sysupgrade; RouterOS; airOS.
    rule("board_name", Take::BoardName, Property::BoardId, FIRMWARE, SYSTEM),
    rule("\"board_name\"", Take::Json, Property::BoardId, FIRMWARE, SYSTEM),
    rule("\"model\"", Take::Json, Property::Model, FIRMWARE, SYSTEM),
    rule(" not supported by this image", Take::Before, Property::BoardId, FIRMWARE, SYSTEM),
    rule("board-name", Take::Key, Property::Model, FIRMWARE, SYSTEM),
    rule("board.name", Take::Key, Property::Model, FIRMWARE, SYSTEM),
    rule("<title>", Take::Title, Property::Mention, FIRMWARE, "the title of a web page"),
    // Android: the bootloader's hand-over, fastboot, adb, getprop, recovery systems; Samsung's download mode; Apple.
    rule("androidboot.device=", Take::Token, Property::Codename, BOOTLOADER, COMMAND_LINE),
    rule("androidboot.product=", Take::Token, Property::Mention, BOOTLOADER, COMMAND_LINE),
    rule("androidboot.hardware=", Take::Token, Property::Mention, BOOTLOADER, COMMAND_LINE),
    rule("(bootloader) product:", Take::Rest, Property::Codename, BOOTLOADER, FASTBOOT),
    rule("(bootloader) model:", Take::Rest, Property::Model, BOOTLOADER, FASTBOOT),
    rule("(bootloader) sku:", Take::Rest, Property::Model, BOOTLOADER, FASTBOOT),
    rule("(bootloader) device:", Take::Rest, Property::Mention, BOOTLOADER, FASTBOOT),
    rule("product: ", Take::VariableOfFastboot, Property::Codename, BOOTLOADER, FASTBOOT),
    rule("device product:", Take::Token, Property::Mention, FIRMWARE, ADB),
    rule(" model:", Take::Adb, Property::Model, FIRMWARE, ADB),
    rule(" device:", Take::Adb, Property::Codename, FIRMWARE, ADB),
    rule("ro.product.", Take::AndroidProperty, Property::Model, FIRMWARE, ANDROID),
    rule("ro.build.product", Take::AndroidProperty, Property::Codename, FIRMWARE, ANDROID),
    rule("Build fingerprint: '", Take::Fingerprint, Property::Codename, FIRMWARE, ANDROID),
    rule("this device is ", Take::Token, Property::Codename, FIRMWARE, RECOVERY),
    rule("ProductType", Take::Key, Property::Codename, FIRMWARE, "the device, asked over USB"),
    // Chips that were asked themselves.
    rule("Detecting chip type", Take::Espressif, Property::Chip, CHIP, ESPTOOL),
    rule("Chip is ESP", Take::Espressif, Property::Chip, CHIP, ESPTOOL),
    rule("Chip type:", Take::Espressif, Property::Chip, CHIP, ESPTOOL),
    rule("Connected to ESP", Take::Espressif, Property::Chip, CHIP, ESPTOOL),
    rule("ESP-ROM:", Take::Espressif, Property::Chip, CHIP, BOOT_ROM),
    // The first boot ROMs say their date only (ESP-IDF, "Fatal Errors"; ESP8266 SDK, "boot messages").
    rule("ets Jun  8 2016", Take::Is("ESP32"), Property::Chip, CHIP, BOOT_ROM),
    rule("ets Jul 29 2019", Take::Is("ESP32"), Property::Chip, CHIP, BOOT_ROM),
    rule("ets Jan  8 2013", Take::Is("ESP8266"), Property::Chip, CHIP, BOOT_ROM),
    rule(" boot.esp", Take::Espressif, Property::Chip, CHIP, "the bootloader that was built for the chip"),
    rule("Device signature = ", Take::Hexadecimal, Property::Chip, CHIP, "avrdude, from the chip"),
    rule("AWUSBFEX", Take::InBrackets, Property::Chip, CHIP, "sunxi-fel, from the chip"),
    rule("Preloader - \tCPU:", Take::Rest, Property::Chip, BOOTLOADER, "mtkclient, from the chip"),
    // USB: lsusb, dfu-util, the kernel of the computer.
    rule(": ID ", Take::UsbId, Property::UsbId, USB, "lsusb"),
    rule("Found DFU: [", Take::UsbId, Property::UsbId, USB, "dfu-util"),
    rule("Vid=0x", Take::UsbIdOfTool, Property::UsbId, USB, "rkdeveloptool"),
    rule("idVendor=", Take::UsbIdOfKernel, Property::UsbId, USB, "the host's kernel"),
];
