//! What the device's record says about where things lie. Read loosely: it may be of another version.

use debrick_model::{Event, EventBody};
use debrick_vault::Vault;
use serde_json::Value;

/// The longest record, in bytes.
const LONGEST: u64 = 1 << 20;

/// The size of a block of `virtio` and `mmc`, in bytes.
const BLOCK: u64 = 512;

/// The record that a session was opened with.
pub(super) fn of_session(vault: &Vault, events: &[Event]) -> Option<Value> {
    let EventBody::SessionOpened { record, .. } = &events.first()?.body else { return None };
    let bytes = vault.artifact(*record).and_then(|artifact| artifact.read_all(LONGEST)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Where firmware lies, and what is told of the rest.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Offsets of regions with firmware, and of all others.
    firmware: Vec<(u64, u64)>,
    others: Vec<(u64, u64)>,
    /// Addresses of storages that are read like memory.
    mapped: Vec<u64>,
    /// Keys of lines in regions that say what the unit is.
    pub(super) keys: Vec<String>,
}

impl Layout {
    pub(super) fn of(record: Option<&Value>) -> Self {
        let mut layout = Self::default();
        let list = |name: &str| record.and_then(|record| record[name].as_array()).into_iter().flatten();
        for storage in list("storage") {
            layout.mapped.extend(storage["interface"]["base"].as_u64());
            for region in storage["regions"].as_array().into_iter().flatten() {
                let (Some(offset), Some(size)) = (region["offset"].as_u64(), region["size"].as_u64()) else {
                    continue;
                };
                let regions =
                    if region["role"] == "firmware" { &mut layout.firmware } else { &mut layout.others };
                regions.push((offset, size));
            }
        }
        let keys = list("observe").filter(|rule| rule["at"]["from"] == "region-text");
        layout.keys = keys.filter_map(|rule| Some(rule["at"]["key"].as_str()?.to_owned())).collect();
        layout
    }

    /// Whether there is firmware at this offset, and nothing else on any other storage.
    fn is_firmware(&self, offset: u64) -> bool {
        let inside = |(first, size): &(u64, u64)| offset >= *first && offset - first < *size;
        self.firmware.iter().any(inside) && !self.others.iter().any(inside)
    }
}

/// What was last read into which memory, by the commands that were typed.
#[derive(Debug, Default)]
pub(super) struct Loads(Vec<Load>);

#[derive(Debug)]
struct Load {
    address: u64,
    size: u64,
    offset: u64,
}

/// So many loads are remembered.
const MOST_LOADS: usize = 16;

impl Loads {
    /// Takes a line of the console, with the echo of what was typed.
    pub(super) fn follow(&mut self, line: &str, layout: &Layout) {
        let words: Vec<&str> = line.split_whitespace().collect();
        for at in 0..words.len() {
            let number = |index: usize| {
                let word = words.get(at + index)?.trim_start_matches("0x").trim_end_matches(';');
                u64::from_str_radix(word, 16).ok()
            };
            let load = match (words[at], words.get(at + 1).copied()) {
                ("virtio" | "mmc", Some("read")) => blocks(number(2), number(3), number(4)),
                ("sf" | "nand", Some("read")) => plain(number(2), number(3), number(4)),
                ("mtd", Some("read")) => plain(number(3), number(4), number(5)),
                ("cp.b", _) => {
                    let base = layout.mapped.first().copied().unwrap_or(u64::MAX);
                    plain(number(2), number(1).and_then(|from| from.checked_sub(base)), number(3))
                }
                // What came another way is nobody's region.
                ("tftpboot" | "loady", _) => plain(number(1), Some(u64::MAX / 2), Some(u64::MAX / 4)),
                _ => None,
            };
            if let Some(load) = load {
                self.0.retain(|old| old.address != load.address);
                self.0.push(load);
                let over = self.0.len().saturating_sub(MOST_LOADS);
                self.0.drain(..over);
            }
        }
    }

    /// Whether what is at this address came from firmware.
    pub(super) fn is_firmware(&self, address: u64, layout: &Layout) -> bool {
        let load = self
            .0
            .iter()
            .rev()
            .find(|load| address >= load.address && address - load.address < load.size)
            .map(|load| load.offset.saturating_add(address - load.address));
        let mapped = layout.mapped.iter().find_map(|base| address.checked_sub(*base));
        load.or(mapped).is_some_and(|offset| layout.is_firmware(offset))
    }
}

fn plain(address: Option<u64>, offset: Option<u64>, size: Option<u64>) -> Option<Load> {
    Some(Load { address: address?, offset: offset?, size: size? })
}

fn blocks(address: Option<u64>, block: Option<u64>, count: Option<u64>) -> Option<Load> {
    plain(address, block?.checked_mul(BLOCK), count?.checked_mul(BLOCK))
}
