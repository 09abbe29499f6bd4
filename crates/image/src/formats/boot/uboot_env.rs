//! U-Boot's stored environment: a CRC-32, perhaps a flag that tells the newer of two copies, then `name=value` texts.
//!
//! Source: U-Boot 2023.01 `include/env_internal.h` (`env_t`), `env/common.c`. The CRC covers everything behind CRC
//! and flag and is in the byte order of the processor. There is no magic number: the checksum is the only sure sign.

use std::collections::BTreeMap;

use debrick_target::Source;
use serde::{Deserialize, Serialize};

use crate::digest::crc32;
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::{SMALL, Window};

pub(crate) const FORMAT: Format = Format {
    id: "uboot-env",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "U-Boot environment",
        identified_by: "a CRC-32 over `name=value` texts that agrees",
        reveals: "any damage, by CRC-32",
        blind_to: "nothing",
        source: "U-Boot 2023.01 env/common.c",
        tested_with: "mkenvimage",
    },
};

/// Environments are never larger (`CONFIG_ENV_SIZE` is 512 KiB at most in U-Boot's own configurations).
const MAX_SIZE: u64 = 1 << 20;

/// How a stored environment is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentLayout {
    /// Whether a flag byte follows the CRC, as in one of two copies.
    pub redundant: bool,
    /// Whether the CRC is stored most significant byte first.
    pub big_endian: bool,
}

/// A stored environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// How it is laid out.
    pub layout: EnvironmentLayout,
    /// The flag byte of a redundant copy: the larger one (modulo 256) is the newer.
    pub flag: Option<u8>,
    /// The CRC that is stored.
    pub stored_crc: u32,
    /// The CRC of what is there.
    pub actual_crc: u32,
    /// The variables, as far as the first 64 KiB hold them. Bytes that are no UTF-8 are replaced.
    pub variables: BTreeMap<String, String>,
}

impl EnvironmentLayout {
    /// The layouts in use, the most frequent first.
    pub const ALL: [Self; 4] = [
        Self { redundant: false, big_endian: false },
        Self { redundant: true, big_endian: false },
        Self { redundant: false, big_endian: true },
        Self { redundant: true, big_endian: true },
    ];

    /// Bytes before the first variable.
    pub fn header_size(self) -> u64 {
        if self.redundant { 5 } else { 4 }
    }
}

impl Environment {
    /// Reads all of the source as one environment: in the layout whose CRC agrees, else, where the texts look like
    /// variables, in the layout that fits them. `None` where it is no environment at all.
    ///
    /// Errors: only where the source cannot be read.
    pub fn read(source: &dyn Source) -> Result<Option<Self>, ImageError> {
        Self::read_window(Window::whole(source))
    }

    /// Whether stored and actual CRC agree.
    pub fn is_intact(&self) -> bool {
        self.stored_crc == self.actual_crc
    }

    fn read_window(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        if window.len() < 8 || window.len() > MAX_SIZE {
            return Ok(None);
        }
        let mut looks_alike = None;
        for layout in EnvironmentLayout::ALL {
            let head = window.head(layout.header_size(), SMALL)?;
            if !starts_with_text(&head) {
                continue;
            }
            let environment = Self::read_layout(window, layout, &head)?;
            if environment.is_intact() {
                return Ok(Some(environment));
            }
            if environment.variables.len() >= 3 {
                looks_alike.get_or_insert(environment);
            }
        }
        Ok(looks_alike)
    }

    fn read_layout(window: Window<'_>, layout: EnvironmentLayout, head: &[u8]) -> Result<Self, ImageError> {
        let crc = window.array(0)?.unwrap_or_default();
        let flag = window.array(4)?.map(|[flag]| flag);
        Ok(Self {
            layout,
            flag: flag.filter(|_| layout.redundant),
            stored_crc: if layout.big_endian { u32::from_be_bytes(crc) } else { u32::from_le_bytes(crc) },
            actual_crc: crc32(window.clamped(layout.header_size(), u64::MAX))?,
            variables: variables(head),
        })
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(Environment::read_window(window)?.is_some())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(environment) = Environment::read_window(window)? else { return Ok(()) };
    let fields = reading.container(FORMAT.id, window);
    fields.insert("redundant".into(), environment.layout.redundant.to_string());
    fields.insert("variables".into(), environment.variables.len().to_string());
    if let Some(flag) = environment.flag {
        fields.insert("flag".into(), flag.to_string());
    }
    for name in ["board", "board_name", "bootcmd", "ver", "vendor"] {
        if let Some(value) = environment.variables.get(name) {
            fields.insert(format!("variable {name}"), value.chars().take(200).collect());
        }
    }
    let (stored, actual) = (environment.stored_crc, environment.actual_crc);
    reading.digest(
        "crc32 of the environment",
        window.start(),
        format!("{stored:08x}"),
        format!("{actual:08x}"),
    );
    Ok(())
}

/// Whether a `name=` stands at the front, as of a variable; an environment without any starts with two NUL.
fn starts_with_text(head: &[u8]) -> bool {
    let name = head.iter().take(128).take_while(|byte| byte.is_ascii_graphic() && **byte != b'=').count();
    (name > 0 && head.get(name) == Some(&b'=')) || head.starts_with(&[0, 0])
}

fn variables(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for entry in bytes.split(|byte| *byte == 0) {
        let Some(at) = entry.iter().position(|byte| *byte == b'=').filter(|at| *at > 0) else { break };
        let (name, value) = (&entry[..at], &entry[at + 1..]);
        if !name.iter().all(u8::is_ascii_graphic) {
            break;
        }
        let lossy = |bytes| String::from_utf8_lossy(bytes).into_owned();
        variables.insert(lossy(name), lossy(value));
    }
    variables
}
