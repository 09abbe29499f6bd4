//! Flattened device trees, walked in place.
//!
//! Source: Devicetree Specification v0.4, chapter 5. A FIT image is such a tree with whole kernels as property values,
//! so the walk never loads a value: it says where each one lies.

use crate::error::ImageError;
use crate::window::{Window, text};

/// First word of every blob.
pub(crate) const MAGIC: u32 = 0xd00d_feed;

/// Bytes of the header of version 17.
pub(crate) const HEADER_SIZE: u64 = 40;

const BEGIN_NODE: u32 = 1;
const END_NODE: u32 = 2;
const PROPERTY: u32 = 3;
const NOP: u32 = 4;
const END: u32 = 9;

/// Nodes deeper than this come from hostile files only.
const MAX_DEPTH: usize = 16;

/// The most nodes and properties of one tree that are looked at.
const MAX_TOKENS: usize = 100_000;

/// The longest node or property name.
const MAX_NAME: u64 = 256;

/// The most bytes of reserved memory ranges that stand before the structure.
const MAX_RESERVED: u64 = 1024;

/// The most bytes of a value that are loaded as text.
const MAX_TEXT: u64 = 4096;

/// The header, with offsets as it declares them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) total_size: u64,
    structure: u64,
    structure_size: u64,
    strings: u64,
    strings_size: u64,
    pub(crate) version: u32,
}

/// A property: its name, and where its value lies in the blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) offset: u64,
    pub(crate) len: u64,
}

/// A node with everything below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) properties: Vec<Property>,
    pub(crate) children: Vec<Node>,
}

/// A blob whose tree could be walked.
pub(crate) struct Tree<'a> {
    pub(crate) blob: Window<'a>,
    pub(crate) root: Node,
}

/// Why a blob is no tree. The text completes "the structure ...".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

impl Header {
    /// The header of the blob that starts the window, where all of it is there and the magic is right.
    pub(crate) fn read(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let Some(bytes) = window.array::<{ HEADER_SIZE as usize }>(0)? else { return Ok(None) };
        let word = |index: usize| {
            let at = index * 4;
            u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        Ok((word(0) == MAGIC).then(|| Self {
            total_size: word(1).into(),
            structure: word(2).into(),
            strings: word(3).into(),
            version: word(5),
            strings_size: word(8).into(),
            structure_size: word(9).into(),
        }))
    }
}

impl<'a> Tree<'a> {
    /// Walks the tree of the blob that starts the window. Values are not read.
    pub(crate) fn read(window: Window<'a>, header: &Header) -> Result<Result<Self, Malformed>, ImageError> {
        let blob = window.clamped(0, header.total_size);
        let part =
            |offset, len| blob.part(offset, len).ok_or(Malformed("reaches behind the end of the blob"));
        let (structure, strings) = match (
            part(header.structure, header.structure_size),
            part(header.strings, header.strings_size),
        ) {
            (Ok(structure), Ok(strings)) => (structure, strings),
            (Err(malformed), _) | (_, Err(malformed)) => return Ok(Err(malformed)),
        };
        let mut walk = Walk {
            structure,
            strings,
            base: header.structure,
            names_may_be_lost: false,
            tokens: 0,
            open: Vec::new(),
        };
        Ok(walk.run()?.map(|root| Self { blob, root }))
    }

    /// What can still be walked of a blob that [`Tree::read`] refuses: the nodes and properties before the fault. Where
    /// the block of names is cut off, properties have empty names.
    pub(crate) fn remains(window: Window<'a>, header: &Header) -> Result<Self, ImageError> {
        let head = window.head(HEADER_SIZE, MAX_RESERVED)?;
        // The header may be what is damaged: the first node has no name, and what it begins with cannot be mistaken.
        let root = [BEGIN_NODE.to_be_bytes(), [0; 4], PROPERTY.to_be_bytes()].concat();
        let first = (0..head.len()).step_by(4).find(|at| head[*at..].starts_with(&root));
        let start = first.map_or(header.structure, |at| HEADER_SIZE + at as u64);
        let structure = window.clamped(start, u64::MAX);
        let strings = window.clamped(header.strings, u64::MAX);
        let mut walk =
            Walk { structure, strings, base: start, names_may_be_lost: true, tokens: 0, open: Vec::new() };
        let root = match walk.run()? {
            Ok(root) => root,
            Err(Malformed(_)) => walk.close(),
        };
        Ok(Self { blob: window, root })
    }

    /// The first text among the properties of a node whose names are lost that looks as wanted.
    pub(crate) fn nameless_text(
        &self,
        node: &Node,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Option<String>, ImageError> {
        for property in node.properties.iter().filter(|property| property.name.is_empty()) {
            let bytes = self.blob.head(property.offset, property.len.min(MAX_TEXT))?;
            let Some(end) = bytes.iter().position(|byte| *byte == 0).filter(|end| *end >= 3) else {
                continue;
            };
            let is_text = bytes[..end].iter().all(|byte| matches!(byte, b' '..=b'~'));
            if is_text && is_wanted(&text(&bytes)) {
                return Ok(Some(text(&bytes)));
            }
        }
        Ok(None)
    }

    /// The bytes of a value.
    pub(crate) fn value(&self, property: &Property) -> Window<'a> {
        self.blob.clamped(property.offset, property.len)
    }

    /// The strings of a value (one, or a list with NUL between).
    pub(crate) fn strings(&self, node: &Node, name: &str) -> Result<Vec<String>, ImageError> {
        let Some(property) = node.property(name) else { return Ok(Vec::new()) };
        let bytes = self.blob.head(property.offset, property.len.min(MAX_TEXT))?;
        Ok(bytes.split(|byte| *byte == 0).filter(|part| !part.is_empty()).map(text).take(64).collect())
    }

    /// The first string of a value.
    pub(crate) fn string(&self, node: &Node, name: &str) -> Result<Option<String>, ImageError> {
        Ok(self.strings(node, name)?.into_iter().next())
    }

    /// A value of one or two cells as a number.
    pub(crate) fn number(&self, node: &Node, name: &str) -> Result<Option<u64>, ImageError> {
        let Some(property) = node.property(name) else { return Ok(None) };
        Ok(match property.len {
            4 => self.blob.array(property.offset)?.map(u32::from_be_bytes).map(u64::from),
            8 => self.blob.array(property.offset)?.map(u64::from_be_bytes),
            _ => None,
        })
    }
}

impl Node {
    pub(crate) fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// The state of one walk.
struct Walk<'a> {
    structure: Window<'a>,
    strings: Window<'a>,
    /// Offset of the structure in the blob.
    base: u64,
    /// Whether a property whose name lies behind the end is taken without it.
    names_may_be_lost: bool,
    tokens: usize,
    /// The nodes that have begun and not ended, outermost first.
    open: Vec<Node>,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<Result<Node, Malformed>, ImageError> {
        let mut offset = 0;
        loop {
            self.tokens += 1;
            if self.tokens > MAX_TOKENS {
                return Ok(Err(Malformed("has more entries than any image needs")));
            }
            let Some(token) = self.structure.be32(offset)? else {
                return Ok(Err(Malformed("ends in the middle")));
            };
            offset += 4;
            match token {
                NOP => {}
                BEGIN_NODE => {
                    let Some((name, size)) = name_at(self.structure, offset)? else {
                        return Ok(Err(Malformed("holds a node without a proper name")));
                    };
                    if self.open.len() == MAX_DEPTH {
                        return Ok(Err(Malformed("is nested deeper than any image needs")));
                    }
                    self.open.push(Node { name, ..Node::default() });
                    offset = align(offset + size);
                }
                PROPERTY => match (self.property(offset)?, self.open.last_mut()) {
                    (Some(property), Some(node)) => {
                        offset = align(property.offset - self.base + property.len);
                        node.properties.push(property);
                    }
                    _ => return Ok(Err(Malformed("holds a property that reaches behind its end"))),
                },
                END_NODE => match (self.open.pop(), self.open.last_mut()) {
                    (Some(node), Some(parent)) => parent.children.push(node),
                    (Some(root), None) => return self.end(offset, root),
                    (None, _) => return Ok(Err(Malformed("ends a node that never began"))),
                },
                _ => return Ok(Err(Malformed("holds an unknown token"))),
            }
        }
    }

    fn property(&self, offset: u64) -> Result<Option<Property>, ImageError> {
        let (Some(len), Some(name)) = (self.structure.be32(offset)?, self.structure.be32(offset + 4)?) else {
            return Ok(None);
        };
        let (value, len) = (offset + 8, u64::from(len));
        if self.structure.part(value, len).is_none() {
            return Ok(None);
        }
        let name = u64::from(name);
        if self.names_may_be_lost && name >= self.strings.len() {
            return Ok(Some(Property { name: String::new(), offset: self.base + value, len }));
        }
        let name = name_at(self.strings, name)?;
        Ok(name.map(|(name, _)| Property { name, offset: self.base + value, len }))
    }

    /// The root, with every open node closed where the walk stopped.
    fn close(&mut self) -> Node {
        while self.open.len() > 1 {
            if let (Some(node), Some(parent)) = (self.open.pop(), self.open.last_mut()) {
                parent.children.push(node);
            }
        }
        self.open.pop().unwrap_or_default()
    }

    /// What must follow the root: the end token, perhaps after some that say nothing.
    fn end(&mut self, mut offset: u64, root: Node) -> Result<Result<Node, Malformed>, ImageError> {
        for _ in 0..MAX_TOKENS {
            match self.structure.be32(offset)? {
                Some(NOP) => offset += 4,
                Some(END) => return Ok(Ok(root)),
                _ => break,
            }
        }
        self.open.push(root);
        Ok(Err(Malformed("has no end mark")))
    }
}

/// A NUL-terminated name and its size with the NUL.
fn name_at(window: Window<'_>, offset: u64) -> Result<Option<(String, u64)>, ImageError> {
    let bytes = window.head(offset, MAX_NAME)?;
    let end = bytes.iter().position(|byte| *byte == 0);
    Ok(end
        .filter(|end| bytes[..*end].iter().all(u8::is_ascii_graphic))
        .map(|end| (text(&bytes), end as u64 + 1)))
}

fn align(offset: u64) -> u64 {
    offset.next_multiple_of(4)
}

#[cfg(test)]
mod tests {
    use dtoolkit::fdt::Fdt;
    use dtoolkit::model::{DeviceTree, DeviceTreeNode, DeviceTreeProperty};
    use dtoolkit::{Node as _, Property as _};
    use proptest::prelude::*;

    use super::*;

    fn walk(bytes: &[u8]) -> Option<Result<Node, Malformed>> {
        let bytes = bytes.to_vec();
        let window = Window::whole(&bytes);
        let header = Header::read(window).unwrap()?;
        Some(Tree::read(window, &header).unwrap().map(|tree| tree.root))
    }

    /// Nodes and properties with values, in a form that both readers can be brought to.
    fn ours(tree: &Node, blob: &[u8]) -> String {
        let values = tree.properties.iter().map(|property| {
            let value = &blob[property.offset as usize..][..property.len as usize];
            format!("{}={value:?};", property.name)
        });
        let children = tree.children.iter().map(|child| ours(child, blob));
        format!("{}{{{}{}}}", tree.name, values.collect::<String>(), children.collect::<String>())
    }

    fn theirs<'a>(node: dtoolkit::fdt::FdtNode<'a>) -> String {
        let values = node.properties().map(|property| format!("{}={:?};", property.name(), property.value()));
        let values: String = values.collect();
        let children: String = node.children().map(theirs).collect();
        format!("{}{{{values}{children}}}", node.name())
    }

    fn node() -> impl Strategy<Value = DeviceTreeNode> {
        let value = prop::collection::vec(any::<u8>(), 0..40);
        let properties = prop::collection::btree_map("[a-z][a-z0-9,-]{0,12}", value, 0..5);
        let leaf = ("[a-z][a-z0-9-]{0,12}", properties).prop_map(|(name, properties)| {
            let mut node = DeviceTreeNode::new(name).unwrap();
            for (name, value) in properties {
                node.add_property(DeviceTreeProperty::new(name, value.as_slice()).unwrap());
            }
            node
        });
        leaf.prop_recursive(3, 12, 4, |inner| {
            (inner.clone(), prop::collection::vec(inner, 0..4)).prop_map(|(mut node, children)| {
                children.into_iter().for_each(|child| node.add_child(child));
                node
            })
        })
    }

    proptest! {
        #[test]
        fn agrees_with_another_reader(child in node()) {
            let mut tree = DeviceTree::new();
            tree.root.add_child(child);
            let blob = tree.to_dtb();
            let root = walk(&blob).unwrap().unwrap();
            prop_assert_eq!(ours(&root, &blob), theirs(Fdt::new(&blob).unwrap().root()));
        }

        #[test]
        fn never_panics(mut blob in Just(sample()), flips in prop::collection::vec((0_usize..4000, any::<u8>()), 1..8)) {
            for (at, value) in flips {
                let at = at % blob.len();
                blob[at] = value;
            }
            let _ = walk(&blob);
        }
    }

    fn sample() -> Vec<u8> {
        let mut tree = DeviceTree::new();
        for name in ["images", "configurations"] {
            let mut node = DeviceTreeNode::new(name).unwrap();
            node.add_property(DeviceTreeProperty::new("description", b"some text\0".as_slice()).unwrap());
            tree.root.add_child(node);
        }
        tree.to_dtb()
    }

    #[test]
    fn remains_of_a_damaged_tree_are_walked() {
        let mut tree = DeviceTree::new();
        tree.root.add_property(DeviceTreeProperty::new("model", b"Acme R1\0".as_slice()).unwrap());
        tree.root.add_property(DeviceTreeProperty::new("compatible", b"acme,r1\0soc\0".as_slice()).unwrap());
        tree.root.add_child(DeviceTreeNode::new("memory").unwrap());
        let blob = tree.to_dtb();
        let remains = |bytes: &[u8]| {
            let bytes = bytes.to_vec();
            let window = Window::whole(&bytes);
            let header = Header::read(window).unwrap().unwrap();
            assert!(Tree::read(window, &header).unwrap().is_err());
            let tree = Tree::remains(window, &header).unwrap();
            let named = tree.string(&tree.root, "compatible").unwrap();
            let nameless = tree.nameless_text(&tree.root, |text| text.contains(',')).unwrap();
            (named, nameless)
        };
        let board = Some("acme,r1".to_owned());
        // The offset of the structure is wrong; then the size of the names.
        let mut moved = blob.clone();
        moved[11] ^= 4;
        assert_eq!(remains(&moved), (board.clone(), None));
        let mut grown = blob.clone();
        grown[32] = 1;
        assert_eq!(remains(&grown), (board.clone(), None));
        let strings = u32::from_be_bytes(blob[12..16].try_into().unwrap()) as usize;
        assert_eq!(remains(&blob[..strings]), (None, board.clone()));
        assert_eq!(remains(&blob[..strings - 8]), (None, board));
        for len in HEADER_SIZE as usize..strings {
            remains(&blob[..len]);
        }
    }

    #[test]
    fn every_truncation_is_noticed() {
        let blob = sample();
        assert!(walk(&blob).unwrap().is_ok());
        for len in 0..blob.len() {
            let cut = walk(&blob[..len]);
            assert!(cut.is_none_or(|tree| tree.is_err()), "{len} of {}", blob.len());
        }
    }
}
