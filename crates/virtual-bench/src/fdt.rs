//! Flattened device trees: a writer, and a reader for trees in a unit's memory that may be damaged in any way.
//!
//! Source: Devicetree Specification v0.4, chapter 5.

const MAGIC: u32 = 0xd00d_feed;
const HEADER: u32 = 40;
const RESERVATIONS: u32 = 16;
const BEGIN: u32 = 1;
const END: u32 = 2;
const PROPERTY: u32 = 3;
const NOTHING: u32 = 4;
const FINISH: u32 = 9;
/// Bounds on what a damaged tree can make us do.
const MOST_DEPTH: usize = 16;
const MOST_PARTS: usize = 4096;
const LONGEST_NAME: usize = 256;

/// Writes a tree.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    structure: Vec<u8>,
    strings: Vec<u8>,
}

impl Writer {
    fn word(&mut self, word: u32) {
        self.structure.extend(word.to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.structure.extend_from_slice(bytes);
        self.structure.resize(self.structure.len().next_multiple_of(4), 0);
    }

    pub(crate) fn begin(&mut self, name: &str) {
        self.word(BEGIN);
        self.bytes(&[name.as_bytes(), &[0]].concat());
    }

    pub(crate) fn end(&mut self) {
        self.word(END);
    }

    pub(crate) fn property(&mut self, name: &str, value: &[u8]) {
        let wanted = [name.as_bytes(), &[0]].concat();
        let starts = std::iter::once(0)
            .chain(self.strings.iter().enumerate().filter(|(_, b)| **b == 0).map(|(i, _)| i + 1));
        let found = starts.into_iter().find(|at| self.strings[*at..].starts_with(&wanted));
        let at = found.unwrap_or(self.strings.len());
        if found.is_none() {
            self.strings.extend(wanted);
        }
        self.word(PROPERTY);
        self.word(value.len() as u32);
        self.word(at as u32);
        self.bytes(value);
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.property(name, &[value.as_bytes(), &[0]].concat());
    }

    pub(crate) fn number(&mut self, name: &str, value: u32) {
        self.property(name, &value.to_be_bytes());
    }

    /// The tree's bytes, as version 17.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.word(FINISH);
        let structure = HEADER + RESERVATIONS;
        let strings = structure + self.structure.len() as u32;
        let total = strings + self.strings.len() as u32;
        let header = [
            MAGIC,
            total,
            structure,
            strings,
            HEADER,
            17,
            16,
            0,
            self.strings.len() as u32,
            self.structure.len() as u32,
        ];
        let mut tree: Vec<u8> = header.iter().flat_map(|word| word.to_be_bytes()).collect();
        tree.resize(structure as usize, 0);
        tree.extend(self.structure);
        tree.extend(self.strings);
        tree
    }
}

/// What a tree is read from: fills the buffer from an offset, `false` if there is nothing.
pub(crate) trait Bytes {
    fn fill(&self, offset: u64, buffer: &mut [u8]) -> bool;

    fn word(&self, offset: u64) -> Option<u32> {
        let mut word = [0; 4];
        self.fill(offset, &mut word).then(|| u32::from_be_bytes(word))
    }

    /// The text at an offset, up to its NUL.
    fn name(&self, offset: u64, most: usize) -> Option<String> {
        let mut name = Vec::new();
        let mut piece = [0; 32];
        while name.len() < most {
            let at = offset + name.len() as u64;
            let filled = (1..=piece.len()).rev().find(|count| self.fill(at, &mut piece[..*count]))?;
            if let Some(end) = piece[..filled].iter().position(|byte| *byte == 0) {
                name.extend_from_slice(&piece[..end]);
                return Some(String::from_utf8_lossy(&name).into_owned());
            }
            name.extend_from_slice(&piece[..filled]);
        }
        None
    }
}

/// A property: its name, and where its value lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) offset: u64,
    pub(crate) length: u32,
}

/// A node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) properties: Vec<Property>,
    pub(crate) children: Vec<Node>,
}

impl Node {
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(crate) fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    pub(crate) fn text(&self, name: &str, bytes: &impl Bytes) -> Option<String> {
        let property = self.property(name)?;
        bytes.name(property.offset, (property.length as usize).min(LONGEST_NAME))
    }

    pub(crate) fn number(&self, name: &str, bytes: &impl Bytes) -> Option<u32> {
        bytes.word(self.property(name).filter(|property| property.length == 4)?.offset)
    }
}

/// Whether a tree begins here.
pub(crate) fn is_tree(bytes: &impl Bytes) -> bool {
    bytes.word(0) == Some(MAGIC)
}

/// Reads a tree; `None` if it is malformed.
pub(crate) fn read(bytes: &impl Bytes) -> Option<Node> {
    let (total, structure, strings) = (bytes.word(4)?, bytes.word(8)?, bytes.word(12)?);
    let (version, compatible) = (bytes.word(20)?, bytes.word(24)?);
    if !is_tree(bytes) || version < 16 || compatible > 17 || structure >= total || strings > total {
        return None;
    }
    let mut at = u64::from(structure);
    let end = u64::from(total);
    let mut open: Vec<Node> = Vec::new();
    for _ in 0..MOST_PARTS {
        if at + 4 > end {
            return None;
        }
        let token = bytes.word(at)?;
        at += 4;
        match token {
            BEGIN if open.len() < MOST_DEPTH => {
                let name = bytes.name(at, LONGEST_NAME)?;
                at = (at + name.len() as u64 + 1).next_multiple_of(4);
                open.push(Node { name, ..Node::default() });
            }
            END => {
                let node = open.pop()?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None => return (bytes.word(at)? == FINISH).then_some(node),
                }
            }
            PROPERTY => {
                let (length, name) = (bytes.word(at)?, bytes.word(at + 4)?);
                let offset = at + 8;
                if offset + u64::from(length) > end || name >= total.saturating_sub(strings) {
                    return None;
                }
                let name = bytes.name(u64::from(strings) + u64::from(name), LONGEST_NAME)?;
                open.last_mut()?.properties.push(Property { name, offset, length });
                at = (offset + u64::from(length)).next_multiple_of(4);
            }
            NOTHING => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
impl Bytes for Vec<u8> {
    fn fill(&self, offset: u64, buffer: &mut [u8]) -> bool {
        let from = offset as usize;
        self.get(from..from + buffer.len()).map(|bytes| buffer.copy_from_slice(bytes)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tree() -> Vec<u8> {
        let mut tree = Writer::default();
        tree.begin("");
        tree.text("description", "a tree");
        tree.begin("images");
        tree.number("load", 7);
        tree.property("data", &[9; 5]);
        tree.end();
        tree.end();
        tree.finish()
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = tree();
        let root = read(&bytes).unwrap();
        assert_eq!(root.text("description", &bytes).as_deref(), Some("a tree"));
        let images = root.child("images").unwrap();
        assert_eq!(images.number("load", &bytes), Some(7));
        assert_eq!(images.property("data").unwrap().length, 5);
        assert_eq!(bytes.word(4).unwrap() as usize, bytes.len());
    }

    proptest! {
        #[test]
        fn damaged_trees_are_read_or_refused(at in 0usize..150, byte: u8, cut in 0usize..150) {
            let mut bytes = tree();
            let at = at % bytes.len();
            bytes[at] = byte;
            bytes.truncate(bytes.len() - cut.min(bytes.len()));
            let _ = read(&bytes);
        }
    }
}
