//! Which words begin a claim, and what of the line is the claim.

use debrick_model::Property;

/// The device tree that the running system was given, and what it makes of it.
const FIRMWARE: &str = "firmware";
/// The bootloader's own words.
const BOOTLOADER: &str = "bootloader";
/// Variables that are kept beside the bootloader.
const ENVIRONMENT: &str = "environment";
/// The boot ROM of the chip.
const CHIP: &str = "chip";
/// The descriptors of the unit as a USB device.
const USB: &str = "usb";

/// What of a line is the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    /// Everything after the word; the line begins with the word.
    Line,
    /// As `Line`, where a bootloader is speaking.
    BootloaderLine,
    /// Everything after the word, wherever it stands.
    Rest,
    /// What follows the word up to white space.
    Token,
    /// A key at the start of the line, then `=` or `:`, then the value.
    Key,
    /// A property of Android: `[ro.product.model]: [Pixel 2]`, `ro.product.model=Pixel 2`.
    AndroidProperty,
    /// The name of a chip of Espressif.
    Espressif,
    /// Bytes of a signature in hexadecimal.
    Hexadecimal,
    /// `05c6:9008`.
    UsbId,
    /// `idVendor=05c6, idProduct=9008`.
    UsbIdOfKernel,
    /// An Ethernet address.
    Mac,
    /// A file in single quotation marks, without its folder.
    QuotedFile,
    /// No claim: from here on, a bootloader speaks.
    BootloaderBegins,
    /// No claim: from here on, it does not.
    KernelBegins,
}

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

const DEVICE_TREE: &str = "the device tree that the kernel was given";
const SYSTEM: &str = "what the system calls its board";
const VARIABLE: &str = "a variable of the bootloader";
const ANDROID: &str = "a property of Android";
const LINE_OF_KERNEL: &str = "the bootloader, in the kernel's command line";

pub(super) static RULES: &[Rule] = &[
    rule("U-Boot 1.", Take::BootloaderBegins, Property::Version, BOOTLOADER, ""),
    rule("U-Boot 20", Take::BootloaderBegins, Property::Version, BOOTLOADER, ""),
    rule("Starting kernel", Take::KernelBegins, Property::Version, BOOTLOADER, ""),
    rule("Linux version ", Take::KernelBegins, Property::Version, BOOTLOADER, ""),
    rule("Machine model:", Take::Rest, Property::Model, FIRMWARE, DEVICE_TREE),
    rule("MIPS: machine is ", Take::Rest, Property::Model, FIRMWARE, DEVICE_TREE),
    rule("Machine: ", Take::Line, Property::Model, FIRMWARE, "the kernel's name for the board"),
    rule("Hardware name:", Take::Rest, Property::Model, FIRMWARE, DEVICE_TREE),
    rule("machine\t", Take::Key, Property::Model, FIRMWARE, "/proc/cpuinfo"),
    rule("Model\t", Take::Key, Property::Model, FIRMWARE, "/proc/cpuinfo"),
    rule("system type", Take::Key, Property::Chip, FIRMWARE, "/proc/cpuinfo"),
    rule("Model:", Take::BootloaderLine, Property::Model, BOOTLOADER, "the bootloader's banner"),
    rule("Board:", Take::BootloaderLine, Property::BoardId, BOOTLOADER, "the bootloader's banner"),
    rule("SoC:", Take::BootloaderLine, Property::Chip, BOOTLOADER, "the bootloader's banner"),
    rule("board_name", Take::Key, Property::BoardId, FIRMWARE, SYSTEM),
    rule("\"board_name\"", Take::Key, Property::BoardId, FIRMWARE, SYSTEM),
    rule("\"model\"", Take::Key, Property::Model, FIRMWARE, SYSTEM),
    rule("board_id", Take::Key, Property::BoardId, ENVIRONMENT, VARIABLE),
    rule("boardid", Take::Key, Property::BoardId, ENVIRONMENT, VARIABLE),
    rule("productid", Take::Key, Property::Model, ENVIRONMENT, VARIABLE),
    rule("fdtfile=", Take::Line, Property::RequestedFile, ENVIRONMENT, VARIABLE),
    rule("ethaddr", Take::Mac, Property::MacAddress, ENVIRONMENT, VARIABLE),
    rule("link/ether", Take::Mac, Property::MacAddress, FIRMWARE, "a network interface"),
    rule("HWaddr", Take::Mac, Property::MacAddress, FIRMWARE, "a network interface"),
    rule("androidboot.device=", Take::Token, Property::Codename, BOOTLOADER, LINE_OF_KERNEL),
    rule("androidboot.product=", Take::Token, Property::Codename, BOOTLOADER, LINE_OF_KERNEL),
    rule("androidboot.hardware=", Take::Token, Property::Codename, BOOTLOADER, LINE_OF_KERNEL),
    rule(
        "(bootloader) product:",
        Take::Rest,
        Property::Codename,
        BOOTLOADER,
        "the variable `product` of fastboot",
    ),
    rule("product: ", Take::Line, Property::Codename, BOOTLOADER, "the variable `product` of fastboot"),
    rule("device product:", Take::Token, Property::Codename, FIRMWARE, "the list of adb"),
    rule("ro.product.", Take::AndroidProperty, Property::Model, FIRMWARE, ANDROID),
    rule("ro.build.product", Take::AndroidProperty, Property::Codename, FIRMWARE, ANDROID),
    rule("Detecting chip type", Take::Espressif, Property::Chip, CHIP, "esptool, from the chip"),
    rule("Chip is ESP", Take::Espressif, Property::Chip, CHIP, "esptool, from the chip"),
    rule("Chip type:", Take::Espressif, Property::Chip, CHIP, "esptool, from the chip"),
    rule("Connected to ESP", Take::Espressif, Property::Chip, CHIP, "esptool, from the chip"),
    rule("ESP-ROM:", Take::Espressif, Property::Chip, CHIP, "the boot ROM's banner"),
    rule("Device signature = ", Take::Hexadecimal, Property::Chip, CHIP, "avrdude, from the chip"),
    rule(": ID ", Take::UsbId, Property::UsbId, USB, "lsusb"),
    rule("idVendor=", Take::UsbIdOfKernel, Property::UsbId, USB, "the host's kernel"),
    rule("Filename '", Take::QuotedFile, Property::RequestedFile, BOOTLOADER, "a request by TFTP"),
];

/// The claims of a line, with their witness.
pub(super) fn values(rule: &Rule, text: &str, in_bootloader: bool) -> Vec<(String, &'static str)> {
    let Some(at) = find(text, rule.word) else { return Vec::new() };
    let rest = &text[at + rule.word.len()..];
    let is_start = at == 0;
    let value = match rule.take {
        Take::Line if is_start => Some(rest.trim()),
        Take::BootloaderLine if is_start && in_bootloader => Some(rest.trim()),
        Take::Rest => Some(rest.trim()),
        Take::Token => rest.split_whitespace().next(),
        Take::Key if is_start => key_value(rest),
        Take::Mac => mac(rest),
        Take::UsbId => rest.split_whitespace().next().filter(|id| is_usb_id(id)),
        Take::QuotedFile => {
            rest.split('\'').next().map(|path| path.rsplit(['/', '\\']).next().unwrap_or(path))
        }
        Take::AndroidProperty => return android_property(&text[at..]),
        Take::Espressif => return espressif(&text[at..]).map(|chip| (chip, CHIP)).into_iter().collect(),
        Take::Hexadecimal => return signature(rest).map(|id| (id, CHIP)).into_iter().collect(),
        Take::UsbIdOfKernel => return kernel_usb_id(rest).map(|id| (id, USB)).into_iter().collect(),
        _ => None,
    };
    let Some(value) = value else { return Vec::new() };
    // A board's name beside the bootloader is a variable; in a running system it comes from the device tree.
    let witness = if rule.word == "board_name" && in_bootloader { ENVIRONMENT } else { rule.witness };
    vec![(without_firmware_version(value).to_owned(), witness)]
}

/// Finds a word in any case.
fn find(text: &str, word: &str) -> Option<usize> {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let at = text.windows(word.len()).position(|window| window.eq_ignore_ascii_case(word))?;
    Some(at)
}

/// Takes off what Linux adds to a board's name: `(DT)`, and the firmware of PCs.
fn without_firmware_version(value: &str) -> &str {
    let value = value.split(", BIOS").next().unwrap_or(value).trim();
    value.strip_suffix("(DT)").unwrap_or(value).trim()
}

fn key_value(rest: &str) -> Option<&str> {
    let value = rest.trim_start().strip_prefix(['=', ':'])?.trim();
    // An object or a list is no name.
    (!value.starts_with(['{', '['])).then_some(value)
}

fn mac(rest: &str) -> Option<&str> {
    let token = rest.trim_start_matches(['=', ':', ' ', '\t']).split_whitespace().next()?;
    let mut parts = 0;
    for part in token.split([':', '-']) {
        parts += 1;
        if part.len() != 2 || !part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
    }
    (parts == 6).then_some(token)
}

fn is_usb_id(id: &str) -> bool {
    id.split_once(':').is_some_and(|(vendor, product)| is_hex4(vendor) && is_hex4(product))
}

fn is_hex4(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn kernel_usb_id(rest: &str) -> Option<String> {
    let vendor = rest.split([',', ' ']).next()?;
    let product = rest.split("idProduct=").nth(1)?.split([',', ' ']).next()?;
    (is_hex4(vendor) && is_hex4(product)).then(|| format!("{vendor}:{product}").to_lowercase())
}

fn android_property(text: &str) -> Vec<(String, &'static str)> {
    let Some((key, value)) = text.split_once(['=', ':']) else { return Vec::new() };
    let key = key.trim().trim_end_matches(']');
    // `ro.product.system.device` and its like are of the same build.
    let names_device = ["device", "model", "product"].iter().any(|last| key.rsplit('.').next() == Some(last));
    let value = value.trim().trim_matches(['[', ']']);
    if names_device { vec![(value.to_owned(), FIRMWARE)] } else { Vec::new() }
}

/// The name of a chip in any of the ways in which esptool and the boot ROM write it.
fn espressif(text: &str) -> Option<String> {
    let at = find(text, "esp32").or_else(|| find(text, "esp8266"))?;
    let name = |symbol: &char| symbol.is_ascii_alphanumeric() || *symbol == '-';
    let word: String = text[at..].chars().take_while(name).collect();
    // `ESP-ROM:esp32s3-20210327`: what follows the hyphen is a date.
    if text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("ESP-ROM:")) {
        return word.split('-').next().map(str::to_owned);
    }
    Some(word.trim_end_matches('-').to_owned())
}

/// `0x1e950f`, `1E 95 0F`: three bytes.
fn signature(rest: &str) -> Option<String> {
    let rest = rest.trim_start().trim_start_matches("0x");
    let digits: String = rest
        .chars()
        .take_while(|c| c.is_ascii_hexdigit() || *c == ' ')
        .filter(|c| *c != ' ')
        .take(6)
        .collect();
    (digits.len() == 6).then(|| format!("0x{}", digits.to_lowercase()))
}
