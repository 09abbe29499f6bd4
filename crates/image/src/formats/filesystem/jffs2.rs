//! JFFS2: a log of nodes, each with CRC-32s over its header, its fixed part and its data.
//!
//! Source: Linux 6.6 `include/uapi/linux/jffs2.h`, `fs/jffs2/scan.c`. The CRCs start with 0 and are not complemented at
//! the end. Nodes start at multiples of four bytes; what lies between them is erased flash. Both byte orders occur.

use crate::digest::crc32_from;
use crate::error::ImageError;
use crate::fields::{Fields, Order};
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::{SMALL, Window};

pub(crate) const FORMAT: Format = Format {
    id: "jffs2",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "JFFS2",
        identified_by: "a node at the start whose header has the right CRC, one flipped bit forgiven",
        reveals: "damage in any node, by CRC-32s over headers, fixed parts, names and data",
        blind_to: "nodes that are missing as a whole",
        source: "Linux 6.6 include/uapi/linux/jffs2.h, fs/jffs2/scan.c",
        tested_with: "mkfs.jffs2",
    },
};

const MAGIC: u16 = 0x1985;

/// Bytes of the header that all nodes share: magic, type, length, CRC of these.
const HEADER_SIZE: u64 = 12;

/// Set in the type of a node until the node becomes obsolete.
const ACCURATE: u16 = 0x2000;

const DIRECTORY_ENTRY: u16 = 0xe001;
const INODE: u16 = 0xe002;
const CLEAN_MARKER: u16 = 0x2003;
const PADDING: u16 = 0x2004;
const SUMMARY: u16 = 0x2006;
const ATTRIBUTE: u16 = 0xe008;
const ATTRIBUTE_REFERENCE: u16 = 0xe009;

/// The longest node that is believed: a node never crosses the end of an erase block.
const MAX_NODE: u64 = 4 << 20;

/// What OpenWrt writes where the file system is to be erased on the first start.
const END_MARKER: [u8; 4] = [0xde, 0xad, 0xc0, 0xde];

/// The header of a node whose CRC is right.
struct Node {
    kind: u16,
    size: u64,
    is_obsolete: bool,
}

/// Reads a header in one byte order; `None` where it is none.
fn header(bytes: &[u8], order: Order) -> Option<Node> {
    let fields = Fields::new(bytes, order);
    if bytes.len() < HEADER_SIZE as usize || fields.u16(0) != MAGIC {
        return None;
    }
    let kind = fields.u16(2);
    let size = u64::from(fields.u32(4));
    let mut checked = [0; 8];
    checked.copy_from_slice(&bytes[..8]);
    let whole = kind | ACCURATE;
    checked[2..4].copy_from_slice(&match order {
        Order::Little => whole.to_le_bytes(),
        Order::Big => whole.to_be_bytes(),
    });
    let known = [DIRECTORY_ENTRY, INODE, CLEAN_MARKER, PADDING, SUMMARY, ATTRIBUTE, ATTRIBUTE_REFERENCE];
    let is_sound = raw_crc(&checked) == fields.u32(8)
        && known.contains(&whole)
        && (HEADER_SIZE..=MAX_NODE).contains(&size);
    is_sound.then_some(Node { kind: whole, size, is_obsolete: kind != whole })
}

/// Reads a header after turning each of its bits in turn: the one that was flipped.
fn mended_header(bytes: &[u8], order: Order) -> Option<Node> {
    let mut bytes: [u8; HEADER_SIZE as usize] = bytes.get(..HEADER_SIZE as usize)?.try_into().ok()?;
    for bit in 0..HEADER_SIZE as usize * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Some(node) = header(&bytes, order) {
            return Some(node);
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    None
}

fn raw_crc(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(!0);
    hasher.update(bytes);
    !hasher.finalize()
}

/// The byte order of the file system that starts the window, if one does.
fn order(window: Window<'_>) -> Result<Option<Order>, ImageError> {
    let bytes = window.head(0, HEADER_SIZE)?;
    let orders = [Order::Little, Order::Big];
    let sound = |order: &Order| header(&bytes, *order).is_some();
    let mended = |order: &Order| mended_header(&bytes, *order).is_some();
    Ok(orders.into_iter().find(sound).or_else(|| orders.into_iter().find(mended)))
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(order(window)?.is_some())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(order) = order(window)? else { return Ok(()) };
    let place = {
        reading.container(FORMAT.id, window);
        reading.last_container()
    };
    let mut log = Log { window, order, nodes: 0, at: 0, end: 0, broken: None, cut_off: None };
    log.scan()?;
    let end = log.size()?;
    let container = reading.container_at(place);
    container.size = end;
    let byte_order = if order == Order::Little { "little" } else { "big" };
    container.fields.insert("byte-order".into(), byte_order.into());
    container.fields.insert("nodes".into(), log.nodes.to_string());
    log.record(reading);
    let rest = window.clamped(end, u64::MAX);
    if rest.len() > 0 && !rest.is_padding()? && reading.part("behind", rest)?.is_none() {
        reading.trailing(window, end)?;
    }
    Ok(())
}

/// The walk over the nodes.
struct Log<'a> {
    window: Window<'a>,
    order: Order,
    nodes: u64,
    at: u64,
    /// Behind the last node.
    end: u64,
    /// The first thing that is wrong: where, and what.
    broken: Option<(u64, String)>,
    /// A node that goes on behind the end of the file: where, its size.
    cut_off: Option<(u64, u64)>,
}

impl Log<'_> {
    /// Every step moves on by at least four bytes.
    fn scan(&mut self) -> Result<(), ImageError> {
        while let Some(at) = self.next_used(self.at)? {
            let bytes = self.window.head(at, HEADER_SIZE)?;
            if bytes.starts_with(&END_MARKER) {
                self.end = at + 4;
                return Ok(());
            }
            match header(&bytes, self.order) {
                Some(node) => self.node(at, &node)?,
                None => {
                    let mended = mended_header(&bytes, self.order);
                    if mended.is_none() && !self.goes_on(at)? {
                        // What follows is no part of the log.
                        return Ok(());
                    }
                    self.broken.get_or_insert((at, "a broken header".into()));
                    self.at = at + mended.map_or(4, |node| node.size.next_multiple_of(4));
                    self.end = self.at.min(self.window.len());
                }
            }
        }
        Ok(())
    }

    fn node(&mut self, at: u64, node: &Node) -> Result<(), ImageError> {
        self.nodes += 1;
        self.at = at.saturating_add(node.size).next_multiple_of(4);
        self.end = self.at.min(self.window.len());
        let Some(whole) = self.window.part(at, node.size) else {
            self.cut_off.get_or_insert((at, node.size));
            return Ok(());
        };
        if !node.is_obsolete
            && let Some(what) = self.fault(whole, node)?
        {
            self.broken.get_or_insert((at, what.into()));
        }
        Ok(())
    }

    /// What is wrong with a node that is there as a whole.
    fn fault(&self, node: Window<'_>, header: &Node) -> Result<Option<&'static str>, ImageError> {
        let bytes = node.head(0, 68)?;
        let fields = Fields::new(&bytes, self.order);
        // Where the CRC of the fixed part stands and how much it covers; where that of the rest stands, and the rest.
        let (fixed, variable) = match header.kind {
            DIRECTORY_ENTRY => ((32, 32), Some((36, 40, u64::from(fields.u8(28))))),
            INODE => ((64, 60), Some((60, 68, u64::from(fields.u32(48))))),
            SUMMARY => ((28, 24), Some((24, 32, node.len().saturating_sub(32)))),
            ATTRIBUTE => ((28, 24), None),
            _ => return Ok(None),
        };
        if crc32_from(node.clamped(0, fixed.1), 0)? != fields.u32(fixed.0) {
            return Ok(Some("a broken fixed part"));
        }
        if let Some((crc_at, start, len)) = variable {
            let data = node.clamped(start, len);
            if data.len() < len || crc32_from(data, 0)? != fields.u32(crc_at) {
                return Ok(Some("broken data"));
            }
        }
        Ok(None)
    }

    /// The first place at or after `from` that is not erased.
    fn next_used(&self, from: u64) -> Result<Option<u64>, ImageError> {
        let mut at = from;
        while at < self.window.len() {
            let piece = self.window.head(at, if at == from { 64 } else { SMALL })?;
            let used = piece.chunks(4).position(|word| {
                !word.iter().all(|byte| *byte == 0xff) && !word.iter().all(|byte| *byte == 0)
            });
            if let Some(used) = used {
                return Ok(Some(at + used as u64 * 4));
            }
            at += piece.len().max(1) as u64;
        }
        Ok(None)
    }

    /// Whether a sound node follows within the next 64 KiB, or at the next border of a likely erase block.
    fn goes_on(&self, from: u64) -> Result<bool, ImageError> {
        let piece = self.window.head(from, SMALL)?;
        let is_node = |at: usize| piece.get(at..).is_some_and(|rest| header(rest, self.order).is_some());
        if (4..piece.len()).step_by(4).any(is_node) {
            return Ok(true);
        }
        for block_log in 16..=19 {
            let next = (from + 1).next_multiple_of(1 << block_log);
            if header(&self.window.head(next, HEADER_SIZE)?, self.order).is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Bytes up to the end of the erased flash behind the last node.
    fn size(&self) -> Result<u64, ImageError> {
        Ok(self.next_used(self.end)?.unwrap_or(self.window.len()))
    }

    fn record(&self, reading: &mut Reading<'_>) {
        let start = self.window.start();
        let (at, found) = match &self.broken {
            Some((at, what)) => (*at, format!("{what} at offset {}", start + at)),
            None => (0, "sound".into()),
        };
        reading.digest("crc32 of the nodes", start + at, "sound", found);
        if let Some((at, size)) = self.cut_off {
            reading.declared_size("the last node", start + at, size, self.window.len() - at);
        }
        let is_whole = self.end == self.window.len() || self.window.len().is_multiple_of(4096);
        if self.cut_off.is_none()
            && reading.is_outermost()
            && self.next_used(self.end).is_ok_and(|next| next.is_none())
        {
            let end = if is_whole { "at the end of a block" } else { "within a block" };
            reading.structure("end of the file", start + self.window.len(), "at the end of a block", end);
        }
    }
}
