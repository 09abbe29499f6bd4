//! The headers of Cameo, who made devices for D-Link and others: names, a size, and the sum of all bytes that follow.
//!
//! Source: OpenWrt firmware-utils d21804a `src/mkdapimg.c`, `src/mkdapimg2.c`, `src/mkcameofw.c`; OpenWrt
//! `scripts/cameo-imghdr.py`. Four generations that share all but the order of the fields. None has a magic number, so
//! they are told by the shape of all their fields together; one of them may be damaged.

use crate::digest::byte_sum;
use crate::error::ImageError;
use crate::format::{About, Format};
use crate::reading::Reading;
use crate::window::Window;

use super::support::{bit_errors, could_be, dlink_model, field_errors, hand_on, hex32, unless, wrapper};

pub(crate) const DAP: Format = wrapper(
    "dlink-dap",
    &[],
    |window| Ok(dap(window)?.is_some()),
    |window, reading| dap(window)?.map_or(Ok(()), |header| header.read("dlink-dap", window, reading)),
    About {
        name: "D-Link DAP header (Cameo), also Netgear WNCE2001",
        identified_by: "the shape of its fields: model, signature, its own size, size of the payload",
        source: "OpenWrt firmware-utils d21804a src/mkdapimg.c",
        ..ABOUT
    },
);

pub(crate) const DAP2: Format = wrapper(
    "dlink-dap2",
    &[],
    |window| Ok(dap2(window)?.is_some()),
    |window, reading| dap2(window)?.map_or(Ok(()), |header| header.read("dlink-dap2", window, reading)),
    About {
        name: "D-Link DAP header, second form",
        identified_by: "its own size of 0x48, sizes that fit the file, and the shape of its names",
        source: "OpenWrt firmware-utils d21804a src/mkdapimg2.c",
        ..ABOUT
    },
);

pub(crate) const CAMEO: Format = wrapper(
    "cameo",
    &[],
    |window| Ok(cameo(window)?.is_some()),
    |window, reading| cameo(window)?.map_or(Ok(()), |header| header.read("cameo", window, reading)),
    About {
        name: "Cameo router header, D-Link DIR",
        identified_by: "its own size of 0x54, sizes that fit the file, and the shape of its names",
        source: "OpenWrt firmware-utils d21804a src/mkcameofw.c",
        ..ABOUT
    },
);

pub(crate) const IMGHDR: Format = wrapper(
    "cameo-imghdr",
    &[],
    |window| Ok(imghdr(window)?.is_some()),
    read_imghdr,
    About {
        name: "Cameo switch headers, D-Link DGS-1210",
        identified_by: "the signature os or squashfs, its own size of 0x40, and the shape of its names",
        source: "OpenWrt scripts/cameo-imghdr.py",
        ..ABOUT
    },
);

const ABOUT: About = About {
    outermost: &[],
    name: "",
    identified_by: "",
    reveals: "damaged contents, by the 32-bit sum of their bytes; a file that is cut off",
    blind_to: "damage in the names of the header; changes that leave the sum as it is",
    source: "",
    tested_with: "mkdapimg, mkdapimg2, mkcameofw, cameo-imghdr.py; own construction",
};

/// Most headers of parts that follow one another in a switch's image.
const MAX_SECTIONS: usize = 8;

/// What all of these headers say.
struct Header {
    sum_at: u64,
    size_at: u64,
    /// Bytes of the header.
    size: u64,
    /// Bytes that follow it.
    payload: u64,
    /// Size of the kernel, where it is told.
    kernel: Option<u64>,
    model: String,
    signature: String,
    region: String,
    version: String,
}

impl Header {
    fn read(self, id: &str, window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        self.read_section(id, window, reading)?;
        reading.trailing(window, self.size.saturating_add(self.payload))
    }

    fn read_section(
        &self,
        id: &str,
        window: Window<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<(), ImageError> {
        let payload = window.clamped(self.size, self.payload);
        let fields = reading.container(id, window.clamped(0, self.size.saturating_add(self.payload)));
        for (name, value) in [
            ("model", &self.model),
            ("signature", &self.signature),
            ("region", &self.region),
            ("version", &self.version),
        ] {
            if !value.is_empty() {
                fields.insert(name.into(), value.clone());
            }
        }
        fields.insert("size".into(), self.payload.to_string());
        if let Some(kernel) = self.kernel {
            fields.insert("kernel-size".into(), kernel.to_string());
        }
        self.identify(reading);
        let at = window.start();
        reading.declared_size("the payload", at + self.size_at, self.payload, payload.len());
        let expected = window.be32(self.sum_at)?.unwrap_or_default();
        let actual = byte_sum(payload)? as u32;
        reading.digest("sum of the payload's bytes", at + self.sum_at, hex32(expected), hex32(actual));
        reading.uncovered("No checksum covers the names in the header.");
        hand_on(payload, reading)
    }

    fn identify(&self, reading: &mut Reading<'_>) {
        let is_netgear = [&self.model, &self.signature]
            .iter()
            .any(|text| ["WNCE", "WNR", "WNDR", "NETGEAR"].iter().any(|start| text.contains(start)));
        reading.set_vendor(if is_netgear {
            "Netgear"
        } else if self.model.starts_with("APLGS") {
            "APRESIA"
        } else {
            "D-Link"
        });
        let named = dlink_model(&self.model).or_else(|| dlink_model(&self.signature));
        let netgear = self.signature.split('-').find(|word| word.starts_with("WN"));
        let model = match (named, netgear) {
            (Some(_), _) if self.model.contains('-') && dlink_model(&self.model).is_some() => {
                self.model.clone()
            }
            (Some(model), _) => model,
            (None, Some(model)) => model.to_owned(),
            (None, None) => self.model.clone(),
        };
        reading.set_model(model);
        reading.board(self.signature.clone());
        reading.set_region(self.region.clone());
        reading.set_version(self.version.clone());
    }
}

/// `mkdapimg`: 64 bytes, and 16 more where region and version are given.
fn dap(window: Window<'_>) -> Result<Option<Header>, ImageError> {
    let (Some(own), Some(payload)) = (window.u8(55)?, window.be32(60)?) else { return Ok(None) };
    let payload = u64::from(payload);
    let names = field_errors(window, 4, 20, 3)?
        + field_errors(window, 24, 30, 6)?
        + bit_errors(window, 54, &[0])?
        + bit_errors(window, 56, &[0; 4])?;
    let mut nearest = (u32::MAX, false);
    for long in [false, true] {
        let size = if long { 80 } else { 64 };
        let mut errors = names
            + unless(u64::from(own) == size)
            + unless(could_be(window, payload + size) && payload + size >= 0x100);
        if long {
            errors += field_errors(window, 64, 4, 1)? + field_errors(window, 68, 12, 3)?;
        }
        if errors < nearest.0 {
            nearest = (errors, long);
        }
    }
    let (errors, long) = nearest;
    let size = if long { 80 } else { 64 };
    let signature = window.text(24, 30)?;
    if errors > 1 || !signature.contains('-') {
        return Ok(None);
    }
    Ok(Some(Header {
        sum_at: 0,
        size_at: 60,
        size,
        payload,
        kernel: None,
        model: window.text(4, 20)?,
        signature,
        region: if long { window.text(64, 4)? } else { String::new() },
        version: if long { window.text(68, 12)? } else { String::new() },
    }))
}

/// `mkdapimg2`: 72 bytes.
fn dap2(window: Window<'_>) -> Result<Option<Header>, ImageError> {
    const SIZE: u64 = 0x48;
    let (Some(payload), Some(kernel)) = (window.be32(8)?, window.be32(12)?) else { return Ok(None) };
    let (payload, kernel) = (u64::from(payload), u64::from(kernel));
    let little = bit_errors(window, 0, &[0x48, 0, 0, 0])?;
    let errors = little.min(bit_errors(window, 0, &[0, 0, 0, 0x48])?)
        + unless(could_be(window, payload + SIZE))
        + unless(kernel < 1 << 28)
        + field_errors(window, 16, 32, 4)?
        + field_errors(window, 48, 16, 0)?
        + field_errors(window, 64, 8, 0)?;
    if errors > 1 {
        return Ok(None);
    }
    Ok(Some(Header {
        sum_at: 4,
        size_at: 8,
        size: SIZE,
        payload,
        kernel: None,
        model: String::new(),
        signature: window.text(16, 32)?,
        version: window.text(48, 16)?,
        region: window.text(64, 8)?,
    }))
}

/// `mkcameofw`: 84 bytes... of which the last four are reserved.
fn cameo(window: Window<'_>) -> Result<Option<Header>, ImageError> {
    const SIZE: u64 = 12 + 20 + 30 + 4 + 12 + 2 + 4;
    let (Some(payload), Some(kernel)) = (window.be32(4)?, window.be32(8)?) else { return Ok(None) };
    let (payload, kernel) = (u64::from(payload), u64::from(kernel));
    let errors = unless(could_be(window, payload + SIZE))
        + unless(kernel <= payload || kernel < 1 << 24)
        + field_errors(window, 12, 20, 3)?
        + field_errors(window, 32, 30, 3)?
        + field_errors(window, 62, 4, 0)?
        + field_errors(window, 66, 12, 0)?
        + bit_errors(window, 78, &[SIZE as u8])?
        + unless(window.u8(79)?.is_some_and(|flag| flag <= 1))
        + bit_errors(window, 80, &[0; 4])?;
    if errors > 1 {
        return Ok(None);
    }
    Ok(Some(Header {
        sum_at: 0,
        size_at: 4,
        size: SIZE,
        payload,
        kernel: Some(kernel),
        model: window.text(12, 20)?,
        signature: window.text(32, 30)?,
        region: window.text(62, 4)?,
        version: window.text(66, 12)?,
    }))
}

/// Bytes of a header of `cameo-imghdr.py`.
const IMGHDR_SIZE: u64 = 0x40;

/// `cameo-imghdr.py`: 64 bytes before each part.
fn imghdr(window: Window<'_>) -> Result<Option<Header>, ImageError> {
    let Some(payload) = window.be32(48)? else { return Ok(None) };
    let payload = u64::from(payload);
    let kernel = bit_errors(window, 24, b"os\0\0\0\0\0\0\0\0\0\0\0\0\0\0")?;
    let root = bit_errors(window, 24, b"squashfs\0\0\0\0\0\0\0\0")?;
    let errors = field_errors(window, 4, 20, 3)?
        + kernel.min(root)
        + unless(window.u8(40)?.is_some_and(|partition| partition < 10))
        + bit_errors(window, 41, &[0x40])?
        + unless(window.u8(42)?.is_some_and(|encrypted| encrypted <= 1))
        + unless(window.u8(43)?.is_some_and(|customer| customer < 10))
        + unless(payload > 0 && payload < 1 << 28)
        + field_errors(window, 52, 10, 0)?
        + bit_errors(window, 62, &[0; 2])?;
    if errors > 1 {
        return Ok(None);
    }
    Ok(Some(Header {
        sum_at: 0,
        size_at: 48,
        size: IMGHDR_SIZE,
        payload,
        kernel: None,
        model: window.text(4, 20)?,
        signature: window.text(24, 16)?,
        region: String::new(),
        version: String::new(),
    }))
}

/// The parts of a switch's image, each behind a header of its own.
fn read_imghdr(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let mut at = 0;
    for index in 0..MAX_SECTIONS {
        let rest = window.clamped(at, u64::MAX);
        let Some(header) = imghdr(rest)? else {
            // Where the name of the device stands once more, this is the start of a header.
            let name = rest.clamped(4, 16);
            if index > 0 && name.len() >= 4 && name.head(0, 16)? == window.head(4, name.len())? {
                reading.declared_size("the header of the next part", rest.start(), IMGHDR_SIZE, rest.len());
            }
            return if index > 0 { reading.trailing(window, at) } else { Ok(()) };
        };
        let payload = rest.clamped(header.size, header.payload);
        let version = rest.be32(44)?.unwrap_or_default();
        let fields = reading.container(IMGHDR.id, rest.clamped(0, header.size + header.payload));
        fields.insert("model".into(), header.model.clone());
        fields.insert("signature".into(), header.signature.clone());
        fields.insert("board-version".into(), version.to_string());
        fields.insert("size".into(), header.payload.to_string());
        fields.insert("load".into(), rest.text(52, 10)?);
        let is_apresia = header.model.starts_with("APLGS");
        reading.set_vendor(if is_apresia { "APRESIA" } else { "D-Link" });
        reading.set_model(header.model.clone());
        reading.board(header.model.clone());
        let place = rest.start();
        reading.declared_size(
            &format!("the part {}", header.signature),
            place + 48,
            header.payload,
            payload.len(),
        );
        let expected = rest.be32(0)?.unwrap_or_default();
        let name = format!("sum of the bytes of the part {}", header.signature);
        reading.digest(name, place, hex32(expected), hex32(byte_sum(payload)? as u32));
        hand_on(payload, reading)?;
        at = at.saturating_add(header.size + header.payload);
        if at >= window.len() {
            break;
        }
    }
    reading.uncovered("No checksum covers the names in the headers.");
    reading.trailing(window, at)
}
