//! The headers of Buffalo: the tag, the DHP header, the text before WZR images, and the text header with a sum.
//!
//! Source: OpenWrt firmware-utils d21804a `src/buffalo-tag.c`, `src/buffalo-lib.[ch]`, `src/mkdhpimg.c`,
//! `src/mkbuffaloimg.c`; OpenWrt `target/linux/bcm53xx/image/Makefile` (`buffalo-wzr-header`). The checksum is the one
//! of POSIX `cksum`, with its own field at zero.

use crate::digest::byte_sum;
use crate::error::ImageError;
use crate::format::{About, Format};
use crate::reading::Reading;
use crate::window::Window;

use super::buffalo_enc;
use super::support::{
    bit_errors, could_be, field_errors, hand_on, hex8, hex32, starts_firmware, unless, wrapper,
};

pub(crate) const TAG: Format = wrapper(
    "buffalo-tag",
    &[],
    |window| Ok(tag(window)?.is_some()),
    read_tag,
    About {
        outermost: &[],
        name: "Buffalo tag",
        identified_by: "the shape of its names, the word hwv, and lengths that add up to the file's",
        reveals: "any damage of the file, by a POSIX cksum over all of it; a file that is cut off",
        blind_to: "nothing but bytes behind the declared end; everything where the packer left the checksum out",
        source: "OpenWrt firmware-utils d21804a src/buffalo-tag.c, src/buffalo-lib.h",
        tested_with: "buffalo-tag; own construction",
    },
);

pub(crate) const DHP: Format = wrapper(
    "buffalo-dhp",
    &[],
    |window| {
        let errors = bit_errors(window, 0, b"bgn\0\0\0\0\0\0\0\0\xb1")?;
        let size = window.be32(12)?.unwrap_or_default();
        Ok(errors + unless(could_be(window, size.into())) <= 1)
    },
    read_dhp,
    About {
        outermost: &[],
        name: "Buffalo DHP header",
        identified_by: "bgn, eight zeros and b1",
        reveals: "any damage of the file, by a POSIX cksum over all of it; a file that is cut off",
        blind_to: "bytes behind the declared end",
        source: "OpenWrt firmware-utils d21804a src/mkdhpimg.c",
        tested_with: "mkdhpimg; own construction",
    },
);

pub(crate) const WZR: Format = wrapper(
    "buffalo-wzr-header",
    &[],
    |window| Ok(Lines::of(window)?.is_some()),
    read_wzr,
    About {
        outermost: &[],
        name: "Buffalo WZR header",
        identified_by: "a line of product, versions, region and platform, and a line filelen=",
        reveals: "a file that is cut off; damage that the TRX image inside reveals",
        blind_to: "damage in the header's names",
        source: "OpenWrt target/linux/bcm53xx/image/Makefile",
        tested_with: "own construction",
    },
);

pub(crate) const IMG: Format = wrapper(
    "buffalo-img",
    &[],
    is_img,
    read_img,
    About {
        outermost: &[],
        name: "Buffalo image with a text header",
        identified_by: "device: at the start, InfoHeadSize:, and 12 32 at the end of 128 bytes",
        reveals: "nearly all damage, by an 8-bit sum over the whole file: one damage in 256 goes unseen",
        blind_to: "changes that leave the sum as it is",
        source: "OpenWrt firmware-utils d21804a src/mkbuffaloimg.c",
        tested_with: "mkbuffaloimg; own construction",
    },
);

/// Bytes of the tag's part that all of its forms share.
const NAMES: u64 = 136;

/// Bytes of the header with text.
const TEXT_SIZE: u64 = 128;

/// Where the numbers of a tag stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// One image: 160 bytes.
    Single,
    /// Two images: 156 bytes.
    Double,
    /// As it stands enciphered in DHP images: 152 bytes, and lengths of what lies elsewhere.
    Separate,
}

fn tag(window: Window<'_>) -> Result<Option<Form>, ImageError> {
    let (Some(length), Some(first), Some(second)) =
        (window.be32(NAMES)?, window.be32(NAMES + 8)?, window.be32(NAMES + 12)?)
    else {
        return Ok(None);
    };
    let mut errors = field_errors(window, 0, 32, 3)?
        + field_errors(window, 32, 32, 1)?
        + field_errors(window, 64, 8, 1)?
        + field_errors(window, 72, 8, 1)?
        + field_errors(window, 80, 2, 2)?
        + bit_errors(window, 86, &[0, 0])?
        + field_errors(window, 88, 8, 0)?
        + field_errors(window, 96, 8, 1)?
        + bit_errors(window, 112, &[0; 24])?;
    let hardware = bit_errors(window, 104, b"hwv\0")?;
    errors += hardware.min(bit_errors(window, 104, &[0; 8])?);
    let sums_to = |size: u64| u64::from(length) == size;
    let single = window.be32(NAMES + 16)?.map_or(0, u64::from);
    let form = if window.len() <= 152 || u64::from(first) + 200 == u64::from(length) {
        Form::Separate
    } else if sums_to(156 + u64::from(first) + u64::from(second)) {
        Form::Double
    } else if sums_to(160 + single) || could_be(window, length.into()) {
        Form::Single
    } else {
        errors += 1;
        Form::Single
    };
    if form == Form::Double {
        errors += unless(could_be(window, length.into()));
    }
    Ok((errors <= 1).then_some(form))
}

fn read_tag(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(form) = tag(window)? else { return Ok(()) };
    let at = window.start();
    let product = window.text(0, 32)?;
    let version = format!("{}/{}", window.text(64, 8)?, window.text(72, 8)?);
    let declared = u64::from(window.be32(NAMES)?.unwrap_or_default());
    let end = if form == Form::Separate { 152 } else { declared };
    let fields = reading.container(TAG.id, window.clamped(0, end));
    for (name, offset, len) in [
        ("product", 0, 32),
        ("brand", 32, 32),
        ("version", 64, 8),
        ("minor-version", 72, 8),
        ("region", 80, 2),
        ("language", 88, 8),
        ("platform", 96, 8),
        ("hardware-version", 108, 4),
    ] {
        fields.insert(name.into(), window.text(offset, len)?);
    }
    fields.insert("length".into(), declared.to_string());
    reading.set_vendor("Buffalo");
    reading.set_model(product.clone());
    reading.board(product);
    reading.set_version(version);
    reading.set_region(window.text(80, 2)?);
    reading.set_hardware_revision(window.text(108, 4)?);
    if form == Form::Separate {
        return Ok(());
    }
    let image = window.clamped(0, declared);
    reading.declared_size("the tagged file", at + NAMES, declared, image.len());
    let header = if form == Form::Double { 156 } else { 160 };
    let data =
        u64::from(window.be32(if form == Form::Double { NAMES + 8 } else { NAMES + 16 })?.unwrap_or(0));
    let second = if form == Form::Double { u64::from(window.be32(NAMES + 12)?.unwrap_or(0)) } else { 0 };
    reading.structure("lengths in the tag", at + NAMES, declared, header + data + second);
    let expected = window.be32(NAMES + 4)?.unwrap_or_default();
    if expected == 0 {
        reading.uncovered("The packer of this file left its checksum out.");
    } else {
        let actual = cksum(image, NAMES + 4)?;
        reading.digest("cksum of the file", at + NAMES + 4, hex32(expected), hex32(actual));
    }
    hand_on(image.clamped(header, data), reading)?;
    if second > 0 {
        hand_on(image.clamped(header + data, second), reading)?;
    }
    reading.trailing(window, declared)
}

fn read_dhp(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    const SIZE: u64 = 20;
    let at = window.start();
    let declared = u64::from(window.be32(12)?.unwrap_or_default());
    let image = window.clamped(0, declared);
    reading.container(DHP.id, image).insert("length".into(), declared.to_string());
    reading.set_vendor("Buffalo");
    reading.declared_size("the file", at + 12, declared, image.len());
    let expected = window.be32(16)?.unwrap_or_default();
    reading.digest("cksum of the file", at + 16, hex32(expected), hex32(cksum(image, 16)?));
    let mut contents = image.clamped(SIZE, u64::MAX);
    // Mostly the tag, enciphered, and then the image, enciphered with another key.
    if let Some(size) = buffalo_enc::size(contents)? {
        reading.contents(contents.clamped(0, size))?;
        contents = contents.clamped(size, u64::MAX);
    }
    hand_on(contents, reading)?;
    reading.trailing(window, declared)
}

/// CRC-32/CKSUM over a window in which the checksum at `field` counts as zero.
fn cksum(window: Window<'_>, field: u64) -> Result<u32, ImageError> {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_CKSUM);
    let mut digest = crc.digest();
    let before = window.clamped(0, field);
    before.stream(|piece| digest.update(piece))?;
    digest.update(&[0; 4]);
    window.clamped(field + 4, u64::MAX).stream(|piece| digest.update(piece))?;
    let mut length = window.len();
    while length > 0 {
        digest.update(&[length as u8]);
        length >>= 8;
    }
    Ok(digest.finalize())
}

/// The two lines of a WZR header.
struct Lines {
    /// Product, version, minor version, region and platform, parted by underscores.
    name: String,
    declared: Option<u64>,
    /// Where the number stands.
    number_at: u64,
    /// Where the image starts.
    payload: u64,
}

impl Lines {
    fn of(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        const KEY: &[u8] = b"filelen=";
        const LONGEST: u64 = 160;
        let head = window.head(0, LONGEST)?;
        let found = (8..head.len()).find_map(|at| {
            let there = head.get(at..at + KEY.len())?;
            let errors: u32 = there.iter().zip(KEY).map(|(left, right)| (left ^ right).count_ones()).sum();
            (errors <= 1).then_some((at, errors))
        });
        let Some((at, mut errors)) = found else { return Ok(None) };
        let (line, newline) = head.split_at(at - 1);
        errors += unless(newline.first() == Some(&b'\n'));
        let odd = line.iter().filter(|byte| !(0x20..0x7f).contains(*byte)).count() as u32;
        errors += odd.max(unless(line.iter().filter(|byte| **byte == b'_').count() >= 4));
        let number: Vec<u8> =
            head[at + KEY.len()..].iter().take_while(|byte| **byte != b'\n').take(11).copied().collect();
        let declared = std::str::from_utf8(&number).ok().and_then(|number| number.parse().ok());
        let number_at = (at + KEY.len()) as u64;
        let payload = number_at + number.len() as u64 + 1;
        errors += unless(declared.is_some_and(|size| could_be(window, payload.saturating_add(size))));
        let name = String::from_utf8_lossy(line).into_owned();
        Ok((errors <= 1 && number.len() <= 10).then_some(Self { name, declared, number_at, payload }))
    }
}

fn read_wzr(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(lines) = Lines::of(window)? else { return Ok(()) };
    let left = window.len().saturating_sub(lines.payload);
    let payload = window.clamped(lines.payload, lines.declared.unwrap_or(left));
    let words: Vec<&str> = lines.name.rsplitn(5, '_').collect();
    let fields = reading.container(WZR.id, window.clamped(0, lines.payload + payload.len()));
    fields.insert("name".into(), lines.name.clone());
    reading.set_vendor("Buffalo");
    if let [platform, region, minor, major, product] = words[..] {
        fields_of(reading, platform, minor);
        reading.set_model(product);
        reading.set_region(region);
        reading.set_version(major);
    }
    let at = window.start() + lines.number_at;
    match lines.declared {
        Some(declared) => reading.declared_size("the image", at, declared, payload.len()),
        None => reading.structure("size of the image", at, "a number", "something else"),
    }
    hand_on(payload, reading)?;
    reading.trailing(window, lines.payload + payload.len())
}

fn fields_of(reading: &mut Reading<'_>, platform: &str, minor: &str) {
    let index = reading.last_container();
    let fields = &mut reading.container_at(index).fields;
    fields.insert("platform".into(), platform.into());
    fields.insert("minor-version".into(), minor.into());
}

fn is_img(window: Window<'_>) -> Result<bool, ImageError> {
    let errors = bit_errors(window, 0, b"device:")?
        + bit_errors(window, TEXT_SIZE - 2, &[0x12, 0x32])?
        + unless(window.find(b"InfoHeadSize:128\n", 7, TEXT_SIZE)?.is_some())
        + unless(window.find(b"\nRootfsSize:", 7, TEXT_SIZE)?.is_some());
    Ok(errors <= 1)
}

fn read_img(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let head = window.text(0, TEXT_SIZE - 2)?;
    let lines = window.head(0, TEXT_SIZE - 2)?;
    let lines = String::from_utf8_lossy(&lines).into_owned();
    let value = |key: &str| lines.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().trim();
    let fields = reading.container(IMG.id, window);
    if !head.is_empty() {
        for (name, key) in [
            ("device", "device:"),
            ("version", "version:"),
            ("region", "region:"),
            ("rootfs-size", "RootfsSize:"),
            ("kernel-size", "KernelSize:"),
        ] {
            fields.insert(name.into(), value(key).into());
        }
    }
    reading.set_vendor("Buffalo");
    reading.set_model(value("device:"));
    reading.board(value("device:"));
    reading.set_version(value("version:"));
    reading.set_region(value("region:"));
    let at = window.start();
    let last = window.len().saturating_sub(1);
    let stored = window.u8(last)?.unwrap_or_default();
    let sum = !(byte_sum(window.clamped(0, last))? as u8);
    reading.digest("sum of the file's bytes", at + last, hex8(stored), hex8(sum));
    let contents = window.clamped(TEXT_SIZE, last.saturating_sub(TEXT_SIZE));
    if starts_firmware(contents, 0)? {
        hand_on(contents, reading)
    } else {
        reading.contents(contents).map(drop)
    }
}
