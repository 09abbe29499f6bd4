//! What of a line is the claim.

use debrick_model::Property;

use super::rules::{ENVIRONMENT, FIRMWARE, Rule};

/// What of a line is the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    /// Everything after the word; the line begins with the word.
    Line,
    /// As `Line`, where a bootloader is speaking.
    BootloaderLine,
    /// As `Line`, unless a kernel is speaking.
    UnlessKernel,
    /// Everything after the word, wherever it stands.
    Rest,
    /// What follows the word up to white space.
    Token,
    /// The word before it.
    Before,
    /// A key at the start of the line, then `=` or `:`, then the value.
    Key,
    /// As `Key`; beside a bootloader it is a variable.
    BoardName,
    /// A key at the start of the line, then white space, then the value.
    Column,
    /// A string of JSON: `"model": "Acme R1"`.
    Json,
    /// The text of an element of HTML.
    Title,
    /// A property of Android: `[ro.product.model]: [Pixel 2]`, `ro.product.model=Pixel 2`.
    AndroidProperty,
    /// `google/taimen/taimen:8.1.0/…`: the device is the third.
    Fingerprint,
    /// A field of a line of `adb devices -l`.
    Adb,
    /// `product: taimen`, and the next line says how long it took.
    VariableOfFastboot,
    /// `DS213jv10`, `synology_armada370_213j`.
    Synology,
    /// The name of a chip of Espressif.
    Espressif,
    /// The line itself says it, in these words.
    Is(&'static str),
    /// What stands in round brackets: `soc=00001680(H3)`.
    InBrackets,
    /// Bytes of a signature in hexadecimal.
    Hexadecimal,
    /// `05c6:9008`.
    UsbId,
    /// `idVendor=05c6, idProduct=9008`.
    UsbIdOfKernel,
    /// `Vid=0x2207,Pid=0x350b`.
    UsbIdOfTool,
    /// An Ethernet address.
    Mac,
    /// A file in single quotation marks, without its folder.
    QuotedFile,
    /// The file of a request in the log of a TFTP server.
    RequestOfServer,
    /// The board in a device tree's file name: `rockpro64` of `rk3399-rockpro64.dtb`.
    DeviceTreeFile,
    /// The board in the description that OpenWrt gives a device tree.
    DeviceTreeOfOpenwrt,
    /// No claim: from here on, a bootloader speaks.
    BootloaderBegins,
    /// No claim: from here on, it does not.
    KernelBegins,
    /// No claim: bootloader and kernel share a device tree.
    OneDeviceTree,
}

/// Who is speaking where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    /// Neither has begun.
    Nobody,
    Bootloader,
    Kernel,
}

/// A claim: its value, what it speaks about, and who makes it.
pub(super) type Claim = (String, Property, &'static str);

/// The claims of a line. `next` is the line after it.
pub(super) fn claims(rule: &Rule, text: &str, next: &str, speaker: Speaker) -> Vec<Claim> {
    let Some(at) = find(text, rule.word) else { return Vec::new() };
    let rest = &text[at + rule.word.len()..];
    let is_start = at == 0;
    let value: Option<String> = match rule.take {
        Take::Line if is_start => owned(rest),
        Take::BootloaderLine if is_start && speaker == Speaker::Bootloader => owned(rest),
        Take::UnlessKernel if is_start && speaker != Speaker::Kernel => owned(rest),
        Take::Rest => owned(rest),
        Take::Token => rest.split_whitespace().next().and_then(owned),
        Take::Before => text[..at].split_whitespace().next_back().and_then(owned),
        Take::Key | Take::BoardName if is_start => key_value(rest).and_then(owned),
        Take::Column if is_start && rest.starts_with([' ', '\t']) => owned(rest),
        Take::Json => json_string(rest).and_then(owned),
        Take::Title => rest.split('<').next().and_then(owned),
        Take::Fingerprint => rest.split('/').nth(2).and_then(|part| part.split(':').next()).and_then(owned),
        Take::Adb if text.contains(" product:") || text.contains("transport_id:") => {
            rest.split_whitespace().next().map(|name| name.replace('_', " "))
        }
        Take::VariableOfFastboot if is_start && find(next, "total time").is_some() => owned(rest),
        Take::Synology => synology(rule, rest),
        Take::Espressif => espressif(&text[at..]),
        Take::Is(value) if is_start => owned(value),
        Take::InBrackets => rest.split_once('(').and_then(|(_, rest)| rest.split(')').next()).and_then(owned),
        Take::Hexadecimal => signature(rest),
        Take::UsbId => rest.split([' ', ']', '\t']).next().filter(|id| is_usb_id(id)).map(str::to_lowercase),
        Take::UsbIdOfKernel => two_numbers(rest, "idProduct="),
        Take::UsbIdOfTool => two_numbers(rest, "Pid=0x"),
        Take::Mac => mac(rest).and_then(owned),
        Take::QuotedFile => rest.split('\'').next().map(base_name).and_then(owned),
        Take::RequestOfServer => requested(rest).map(base_name).and_then(owned),
        Take::DeviceTreeFile => device_tree_file(rest).and_then(owned),
        Take::DeviceTreeOfOpenwrt => {
            text[..at].rsplit_once("OpenWrt ").map(|(_, board)| board).and_then(owned)
        }
        Take::AndroidProperty => return android_property(&text[at..]),
        _ => None,
    };
    let Some(value) = value.filter(|value| is_name(value)) else { return Vec::new() };
    // Beside a bootloader, a board's name is one of its variables, which U-Boot fills with the name of its design.
    if rule.take == Take::BoardName && speaker == Speaker::Bootloader {
        return vec![(value, Property::Mention, ENVIRONMENT)];
    }
    let value = without_firmware_version(&value);
    let is_platform = rule.property == Property::Model && rule.witness == FIRMWARE && is_platform(value);
    let property = if is_platform { Property::Mention } else { rule.property };
    vec![(value.to_owned(), property, rule.witness)]
}

fn owned(text: &str) -> Option<String> {
    Some(text.trim().to_owned())
}

/// Whether a value can be the name of something: processors and notices of copyright are not.
fn is_name(value: &str) -> bool {
    let lower = value.to_lowercase();
    let others = ["copyright", "(c)", "armv", "intel(r)", "amd ", "cortex-"];
    !others.iter().any(|word| lower.starts_with(word)) && !lower.contains("processor")
}

/// Whether the kernel names the family of its chip where others name the board: 32-bit ARM has a description for each family
/// (`DT_MACHINE_START`), and says so in its name.
fn is_platform(value: &str) -> bool {
    let ends = ["Device Tree)", " Family", " SoC", "DT based system"];
    let is_chip =
        value.strip_prefix("BCM").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    is_chip || ends.iter().any(|end| value.ends_with(end))
}

/// Finds a word in any case; white space is white space.
fn find(text: &str, word: &str) -> Option<usize> {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let is_same = |(one, other): (&u8, &u8)| {
        one.eq_ignore_ascii_case(other) || one.is_ascii_whitespace() && other.is_ascii_whitespace()
    };
    text.windows(word.len()).position(|window| window.iter().zip(word).all(is_same))
}

fn json_string(rest: &str) -> Option<&str> {
    let value = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    value.split('"').next()
}

/// A path without its folders.
fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The file in what a TFTP server says: `192.168.0.66 filename fw.bin` (tftp-hpa), `[1]: file /srv/fw.bin not found for
/// 192.168.0.2`, `: sent /srv/fw.bin to 192.168.0.2` (dnsmasq).
fn requested(rest: &str) -> Option<&str> {
    let behind = |word: &str| rest.split_once(word).map(|(_, behind)| behind);
    if let Some(file) = behind(" filename ") {
        return file.split_whitespace().next();
    }
    let path = behind(": sent ").or_else(|| behind(": file "))?;
    let ends = [" to ", " not found"].iter().filter_map(|end| path.find(end));
    ends.min().map(|end| &path[..end])
}

/// The part of a device tree's file name that names the board: what follows the chip.
fn device_tree_file(rest: &str) -> Option<&str> {
    let path = rest.split_whitespace().next()?;
    let stem = base_name(path).strip_suffix(".dtb")?;
    Some(stem.split_once(['-', '_']).map_or(stem, |(_, board)| board))
}

/// `DS213jv10` is revision 10 of the DS213j; `armada370_213j` is its kernel's name for it.
fn synology(rule: &Rule, rest: &str) -> Option<String> {
    let word = rest.split_whitespace().next()?;
    if rule.word.ends_with('=') {
        let model = match word.rsplit_once('v') {
            Some((model, digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => model,
            _ => word,
        };
        return Some(format!("Synology {model}"));
    }
    let (_, model) = word.split_once('_')?;
    let has_prefix = model.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_model = model.len() >= 3 && model.bytes().any(|byte| byte.is_ascii_digit());
    let model = if has_prefix { model.to_uppercase() } else { format!("DS{model}") };
    is_model.then(|| format!("Synology {model}"))
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

/// Six bytes in hexadecimal, with colons or hyphens.
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

/// Vendor and product, the second behind a word of its own.
fn two_numbers(rest: &str, product: &str) -> Option<String> {
    let vendor = rest.split([',', ' ']).next()?;
    let product = rest.split(product).nth(1)?.split([',', ' ']).next()?;
    (is_hex4(vendor) && is_hex4(product)).then(|| format!("{vendor}:{product}").to_lowercase())
}

/// The properties that name the device; those of a chip's maker do not.
fn android_property(text: &str) -> Vec<Claim> {
    let Some((key, value)) = text.split_once(['=', ':']) else { return Vec::new() };
    let key = key.trim().trim_end_matches(']');
    let value = value.trim().trim_matches(['[', ']']).to_owned();
    let property = match key.rsplit('.').next() {
        // `ro.product.system.device` and its like are of the same build.
        Some("device" | "product") => Property::Codename,
        Some("model") => Property::Model,
        Some("name") => Property::Mention,
        Some("manufacturer" | "brand") => Property::Vendor,
        _ => return Vec::new(),
    };
    vec![(value, property, FIRMWARE)]
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
