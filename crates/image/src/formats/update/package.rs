//! Which package a zip archive is, by the names of its members, and what each says about the device.
//!
//! Sources: AOSP `build/make/tools/releasetools` (`META-INF/com/android/metadata`: `pre-device`, `post-build`);
//! nRF5 SDK `nrfutil` and adafruit-nrfutil (`manifest.json`, init packet with device type, revision, version,
//! SoftDevices and CRC-16/CCITT of the firmware); pybricks `firmware.metadata.json` (`device-id`, `firmware-version`);
//! names of TP-Link's downloads (`MODELvN_REGION_VERSION_…`).

use serde_json::Value;

use crate::digest::crc16;
use crate::error::ImageError;
use crate::formats::archive::zip::Archive;
use crate::reading::Reading;

/// Endings of files that firmware comes in.
const ENDINGS: &[&str] =
    &[".bin", ".chk", ".dfu", ".fw", ".hex", ".img", ".itb", ".rom", ".stk", ".trx", ".ubi", ".uf2", ".w"];

/// Names of Pybricks' hubs by their device id (pybricks `pybricks_common/hub.py`).
const PYBRICKS_HUBS: &[(u64, &str)] = &[
    (0x40, "Move Hub"),
    (0x41, "City Hub"),
    (0x80, "Technic Hub"),
    (0x81, "SPIKE Prime Hub"),
    (0x83, "SPIKE Essential Hub"),
];

/// Names the file by its members, and takes the facts that stand beside the firmware. `found` are the formats of what
/// it holds.
pub(crate) fn read_zip(
    archive: &Archive<'_>,
    found: &[&'static str],
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let has = |name: &str| archive.find(name).is_some();
    let has_path = |path: &str| archive.members.iter().any(|member| member.name.starts_with(path));
    if has_path("META-INF/com/android/") || (has("payload.bin") && has("payload_properties.txt")) {
        return read_ota(archive, reading);
    }
    if has("firmware.metadata.json") || (has("firmware-base.bin") && has("main.py")) {
        return read_pybricks(archive, reading);
    }
    let manifest =
        archive.text_of("manifest.json")?.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let has_init_packet = archive.members.iter().any(|member| member.name.ends_with(".dat"));
    let is_dfu = manifest.as_ref().is_some_and(|manifest| manifest["manifest"].is_object());
    if is_dfu || (has_init_packet && (has("manifest.json") || archive.members.len() <= 2)) {
        return read_nordic(archive, manifest.as_ref(), reading);
    }
    let is_document = has("[Content_Types].xml") || has("mimetype") || has_path("META-INF/MANIFEST.MF");
    let has_image = archive.members.iter().take(64).any(|member| {
        let name = member.name.to_lowercase();
        ENDINGS.iter().any(|ending| name.ends_with(ending))
    });
    if is_document || (found.is_empty() && !has_image) {
        reading.disclaim();
        return Ok(());
    }
    reading.call_file("zip-wrapped");
    for member in archive.members.iter().take(64) {
        describe_name(&member.name, reading);
    }
    Ok(())
}

/// `Archer_C7V2_EU_3.15.1_up_boot(180101).bin`: region and version stand between underscores. Only what is inside
/// nothing else says is taken.
fn describe_name(path: &str, reading: &mut Reading<'_>) {
    let name = path.rsplit('/').next().unwrap_or(path);
    if !ENDINGS.iter().any(|ending| name.to_lowercase().ends_with(ending)) {
        return;
    }
    for part in name.split(['_', '(', ')', '-']) {
        if ["EU", "US", "UN", "RU", "JP", "KR", "CA", "BR", "TW", "CN", "AU", "DE", "WW", "NA"]
            .contains(&part)
        {
            reading.set_region(part);
        }
        let numbers = part.split('.');
        let is_version = part.contains('.')
            && numbers.clone().count() >= 3
            && numbers
                .into_iter()
                .all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()));
        if is_version {
            reading.set_version(part);
        }
    }
    let first = name.find("_V").or_else(|| name.find('V')).or_else(|| name.find('v'));
    if let Some(at) = first {
        let digits: String =
            name[at..].trim_start_matches(['_', 'V', 'v']).chars().take_while(char::is_ascii_digit).collect();
        let before = name[..at].chars().last();
        if (1..=2).contains(&digits.len()) && before.is_some_and(|symbol| symbol.is_ascii_digit()) {
            reading.set_hardware_revision(format!("v{digits}"));
        }
    }
}

fn read_ota(archive: &Archive<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.call_file("android-ota-zip");
    if archive
        .members
        .iter()
        .any(|member| member.name.ends_with("CERT.RSA") || member.name.ends_with("otacert"))
    {
        reading.signature("The package");
    }
    let Some(text) = archive.text_of("metadata")? else { return Ok(()) };
    let value = |key: &str| {
        text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('=')).map(str::to_owned)
    };
    // `google/oriole/oriole:13/TQ1A.230105.002/9325679:user/release-keys`
    let build = value("post-build").unwrap_or_default();
    let mut parts = build.split(['/', ':']);
    let (brand, _, device) = (parts.next().unwrap_or(""), parts.next(), parts.next());
    if !brand.is_empty() {
        let mut letters = brand.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        reading.set_vendor(format!("{first}{}", letters.as_str()));
    }
    if let Some(device) = value("pre-device").or_else(|| device.map(str::to_owned)) {
        for device in device.split(['|', ',']).take(16) {
            reading.board(device);
        }
    }
    let release = parts.next();
    if let Some(id) = parts.next().filter(|_| release.is_some()) {
        reading.set_version(id);
    } else if let Some(version) = value("post-build-incremental") {
        reading.set_version(version);
    }
    Ok(())
}

fn read_pybricks(archive: &Archive<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.call_file("pybricks-zip");
    reading.set_vendor("Pybricks/LEGO");
    let Some(text) = archive.text_of("firmware.metadata.json")? else { return Ok(()) };
    let Ok(metadata) = serde_json::from_str::<Value>(&text) else { return Ok(()) };
    if let Some(version) = metadata["firmware-version"].as_str() {
        reading.set_version(version);
    }
    if let Some(id) = metadata["device-id"].as_u64() {
        if let Some((_, name)) = PYBRICKS_HUBS.iter().find(|(known, _)| *known == id) {
            reading.set_model(*name);
        }
        reading.board(id.to_string());
        reading.board(format!("{id:#x}"));
        reading.board(format!("device-id {id:#x}"));
    }
    reading.set_architecture("arm");
    Ok(())
}

fn read_nordic(
    archive: &Archive<'_>,
    manifest: Option<&Value>,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    reading.call_file("nordic-dfu-zip");
    reading.set_vendor("Nordic");
    let parts = manifest.and_then(|manifest| manifest["manifest"].as_object());
    let mut seen = false;
    for part in parts.into_iter().flatten().map(|(_, part)| part).filter(|part| part.is_object()).take(8) {
        let (Some(image), Some(packet)) = (part["bin_file"].as_str(), part["dat_file"].as_str()) else {
            continue;
        };
        seen = true;
        read_packet(archive, image, packet, reading)?;
    }
    if !seen {
        let named = |ending: &str| archive.members.iter().find(|member| member.name.ends_with(ending));
        if let (Some(image), Some(packet)) = (named(".bin"), named(".dat")) {
            let (image, packet) = (image.name.clone(), packet.name.clone());
            read_packet(archive, &image, &packet, reading)?;
        }
    }
    Ok(())
}

/// The init packet of an image: of the older kind, where numbers stand at fixed places; newer ones are protobuf.
fn read_packet(
    archive: &Archive<'_>,
    image: &str,
    packet: &str,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let (Some(image), Some(member)) = (archive.find(image), archive.find(packet)) else { return Ok(()) };
    let Some(contents) = archive.open(member)? else { return Ok(()) };
    let packet = contents.window();
    let fields = reading.container("nordic-dfu", packet);
    let bytes = packet.head(0, 512)?;
    let half = |at: usize| Some(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let count = half(8).map_or(0, usize::from);
    if bytes.len() < 12 || bytes.len() != 12 + 2 * count {
        reading.uncovered("The init packet is of the newer kind; its hash and signature were not read.");
        return Ok(());
    }
    let (Some(kind), Some(revision), Some(low), Some(high), Some(crc)) =
        (half(0), half(2), half(4), half(6), half(10 + 2 * count))
    else {
        return Ok(());
    };
    let version = u32::from(high) << 16 | u32::from(low);
    for (name, value) in [("device-type", kind), ("device-revision", revision)] {
        fields.insert(name.into(), format!("{value:#06x}"));
    }
    fields.insert("application-version".into(), version.to_string());
    reading.board(format!("dev-type {kind:#06x} rev 0x{revision:04X}"));
    if version != u32::MAX {
        reading.set_version(version.to_string());
    }
    let at = packet.start();
    let Some(firmware) = archive.open(image)? else { return Ok(()) };
    let actual = crc16(firmware.window(), &crc::CRC_16_IBM_3740)?;
    reading.digest(
        "crc16 of the firmware in the init packet",
        at,
        format!("{crc:04x}"),
        format!("{actual:04x}"),
    );
    Ok(())
}
