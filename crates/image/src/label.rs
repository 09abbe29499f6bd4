//! What firmware that lies in flash says of itself, from the few bytes that say it: reading all of it over a serial line
//! would take minutes.

use crate::description::describe;
use crate::fdt::{HEADER_SIZE, MAGIC};
use crate::inspect::inspect;
use crate::window::text;

/// The most bytes that are read at once.
const MOST: usize = 4096;

/// The most properties that are looked at.
const MOST_PROPERTIES: usize = 32;

/// Fills a buffer from an offset.
pub type ReadAt<'r, E> = dyn FnMut(u64, &mut [u8]) -> Result<(), E> + 'r;

/// What firmware says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    /// Maker.
    pub vendor: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Version.
    pub version: Option<String>,
}

/// Reads the label of firmware through `read`, which gives the bytes at an offset, from the start of the place where it
/// is stored. `size` is the size of that place in bytes.
///
/// `None` where nothing is understood. A FIT keeps the names of its properties at its end, so that one that was only
/// partly written has no label.
pub fn label<E>(size: u64, read: &mut ReadAt<'_, E>) -> Result<Option<Label>, E> {
    let mut head = vec![0; MOST.min(usize::try_from(size).unwrap_or(MOST))];
    read(0, &mut head)?;
    if word(&head, 0) != Some(MAGIC) {
        return Ok(inspect(&head).ok().filter(|facts| facts.format.is_some()).map(|facts| Label {
            vendor: facts.vendor,
            model: facts.model,
            version: facts.version,
        }));
    }
    let Some(names) = names(&head, size) else { return Ok(None) };
    let mut strings = vec![0; names.1];
    read(names.0, &mut strings)?;
    Ok(of_root(&head, &strings))
}

/// Offset and size of the names of properties.
fn names(head: &[u8], size: u64) -> Option<(u64, usize)> {
    let (offset, len) = (u64::from(word(head, 12)?), u64::from(word(head, 32)?));
    let fits = len > 0 && offset >= HEADER_SIZE && offset.checked_add(len)? <= size;
    fits.then(|| (offset, len.min(MOST as u64) as usize))
}

/// The description among the properties of the root, which stand before its first child.
fn of_root(head: &[u8], strings: &[u8]) -> Option<Label> {
    const BEGIN_NODE: u32 = 1;
    const PROPERTY: u32 = 3;
    let mut at = usize::try_from(word(head, 8)?).ok()?;
    if word(head, at)? != BEGIN_NODE {
        return None;
    }
    // The root's name is empty, and padded.
    at = at.checked_add(8)?;
    for _ in 0..MOST_PROPERTIES {
        if word(head, at)? != PROPERTY {
            return None;
        }
        let (len, name) = (word(head, at + 4)? as usize, word(head, at + 8)? as usize);
        let value = head.get(at + 12..(at + 12).checked_add(len)?)?;
        if text(strings.get(name..)?) == "description" {
            let described = describe(&text(value));
            return Some(Label {
                vendor: described.vendor,
                model: described.model,
                version: described.version,
            });
        }
        at = (at + 12 + len).next_multiple_of(4);
    }
    None
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree as `mkimage` lays it out: header, structure, names.
    fn fit(description: &str) -> Vec<u8> {
        let mut structure = vec![0, 0, 0, 1, 0, 0, 0, 0];
        let mut property = |name: u32, value: &[u8]| {
            structure.extend([0, 0, 0, 3]);
            structure.extend((value.len() as u32).to_be_bytes());
            structure.extend(name.to_be_bytes());
            structure.extend(value);
            structure.resize(structure.len().next_multiple_of(4), 0);
        };
        property(12, &[1, 2, 3, 4]);
        property(0, format!("{description}\0").as_bytes());
        structure.extend([0, 0, 0, 1]);
        structure.resize(2000, 7);
        let strings = b"description\0timestamp\0";
        let mut bytes = Vec::new();
        let at = 40 + structure.len() as u32;
        for word in [MAGIC, at + 22, 40, at, 0, 17, 16, 0, strings.len() as u32, structure.len() as u32] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend(structure);
        bytes.extend(strings);
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Label> {
        let mut reads = 0;
        let found = label(bytes.len() as u64, &mut |offset, buffer: &mut [u8]| {
            reads += buffer.len();
            buffer.copy_from_slice(&bytes[offset as usize..][..buffer.len()]);
            Ok::<(), ()>(())
        });
        assert!(reads <= 2 * MOST);
        found.unwrap()
    }

    #[test]
    fn a_fit_is_read_by_its_ends() {
        let bytes = fit("ACME R1 firmware 2.0.1");
        let expected = ["ACME", "R1", "2.0.1"].map(|word| Some(word.to_owned()));
        let found = read(&bytes).unwrap();
        assert_eq!([found.vendor, found.model, found.version], expected);
        let mut partly_written = bytes.clone();
        partly_written[1500..].fill(0xff);
        assert_eq!(read(&partly_written), None);
        for len in 0..200 {
            read(&bytes[..len]);
        }
        for at in 0..100 {
            for value in [0, 0x7f, 0xff] {
                let mut hostile = bytes.clone();
                hostile[at] = value;
                read(&hostile);
            }
        }
        assert_eq!(read(&[0xff; 5000]), None);
    }
}
