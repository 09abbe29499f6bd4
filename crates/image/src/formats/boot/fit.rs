//! FIT images: a device tree whose properties, or the bytes behind it, are kernels, ramdisks and their digests.
//!
//! Source: Flat Image Tree Specification v0.8 (sections 3 to 6) and U-Boot 2023.01 `boot/image-fit.c`. Only contents
//! are hashed: load addresses, `compatible` and descriptions are protected by a signature or not at all.

use crate::boards::{Kind, lookup};
use crate::description::{describe, is_board_id};
use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::fdt::{Header, MAGIC, Malformed, Node, Tree};
use crate::format::{About, Format, Magic, Rank};
use crate::names::architecture;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "fit",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &[0xd0, 0x0d, 0xfe, 0xed])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "U-Boot FIT",
        identified_by: "a device tree with a node `images`",
        reveals: "damaged image data, by the digests of its hash nodes",
        blind_to: "descriptions, load addresses and `compatible`, unless signed",
        source: "Flat Image Tree Specification v0.8; U-Boot 2023.01 boot/image-fit.c",
        tested_with: "mkimage, dumpimage",
    },
};

/// The most images or configurations of one FIT that are read.
const MAX_NODES: usize = 128;

/// Architectures as `mkimage` writes them that no other property of an image is likely to hold.
const ARCHITECTURES: &[&str] = &[
    "arm",
    "arm64",
    "mips",
    "mips64",
    "powerpc",
    "ppc",
    "x86",
    "x86_64",
    "riscv",
    "microblaze",
    "xtensa",
    "arc",
];

/// The most bytes of a stored digest.
const MAX_DIGEST: u64 = 64;

/// A tree with an `images` node; a blob cut off before its strings is told by the node names that are left.
pub(super) fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    if window.be32(0)? != Some(MAGIC) {
        return Ok(false);
    }
    let Some(header) = Header::read(window)? else { return Ok(false) };
    if let Ok(tree) = Tree::read(window, &header)? {
        return Ok(tree.root.child("images").is_some());
    }
    let head = window.head(0, 4096)?;
    Ok([&b"\0\0\0\x01images\0\0"[..], b"\0\0\0\x01images@0"].iter().any(|mark| contains(&head, mark)))
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|part| part == needle)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(header) = Header::read(window)? else { return Ok(()) };
    reading.declared_size("the FIT structure", window.start() + 4, header.total_size, window.len());
    match Tree::read(window, &header)? {
        Ok(tree) => Fit { window, tree, external: header.total_size.next_multiple_of(4) }.read(reading),
        Err(Malformed(how)) => {
            reading.container(FORMAT.id, window.clamped(0, header.total_size));
            reading.structure("structure of the FIT", window.start(), "well-formed", how);
            let tree = Tree::remains(window, &header)?;
            // What images there are cannot be told apart from what is missing: only names are taken.
            let fit = Fit { window, tree, external: header.total_size.next_multiple_of(4) };
            if let Some(configurations) = fit.tree.root.child("configurations") {
                fit.identify(configurations, None, reading)?;
            }
            fit.guess_architecture(reading)
        }
    }
}

/// A FIT whose tree is whole.
struct Fit<'a> {
    window: Window<'a>,
    tree: Tree<'a>,
    /// Where data outside the tree starts.
    external: u64,
}

/// Where the data of an image lies.
enum Data<'a> {
    Present(Window<'a>),
    /// Declared, but the file ends before: offset and size in the window.
    CutOff(u64, u64),
    Absent,
}

impl<'a> Fit<'a> {
    fn read(&self, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let images: Vec<&Node> = self
            .tree
            .root
            .child("images")
            .into_iter()
            .flat_map(|node| &node.children)
            .take(MAX_NODES)
            .collect();
        let end = self.end(&images)?;
        self.describe_whole(end, reading)?;
        self.read_configurations(reading)?;
        for image in &images {
            self.read_image(image, reading)?;
        }
        let left = self.window.len().saturating_sub(end);
        if end == self.tree.blob.len() || left >= 4096 {
            reading.trailing(self.window, end)?;
        }
        Ok(())
    }

    /// Where the last byte that the FIT declares lies.
    fn end(&self, images: &[&Node]) -> Result<u64, ImageError> {
        let mut end = self.tree.blob.len();
        for image in images {
            let last = match self.data(image)? {
                Data::Present(data) => data.start() - self.window.start() + data.len(),
                Data::CutOff(..) => self.window.len(),
                Data::Absent => 0,
            };
            end = end.max(last);
        }
        Ok(end)
    }

    fn describe_whole(&self, end: u64, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let root = &self.tree.root;
        let description = self.tree.string(root, "description")?;
        let timestamp = self.tree.number(root, "timestamp")?;
        let fields = reading.container(FORMAT.id, self.window.clamped(0, end));
        if let Some(timestamp) = timestamp {
            fields.insert("timestamp".into(), timestamp.to_string());
        }
        let Some(description) = description else { return Ok(()) };
        let described = describe(&description);
        fields.insert("description".into(), description);
        reading.vendor = described.vendor.or(reading.vendor.take());
        reading.model = described.model.or(reading.model.take());
        reading.version = described.version.or(reading.version.take());
        Ok(())
    }

    fn read_configurations(&self, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let Some(configurations) = self.tree.root.child("configurations") else {
            reading
                .warn("The FIT has no configurations; U-Boot boots it only when told which images to use.");
            return Ok(());
        };
        let default = self.tree.string(configurations, "default")?;
        if let Some(name) = &default
            && configurations.child(name).is_none()
        {
            reading.structure("default configuration", self.window.start(), name, "missing");
        }
        for node in configurations.children.iter().take(MAX_NODES) {
            self.read_configuration(node, reading)?;
        }
        self.identify(configurations, default.as_deref(), reading)
    }

    /// Boards, maker and model that the configurations name, and the architecture of what the default one starts.
    fn identify(
        &self,
        configurations: &Node,
        default: Option<&str>,
        reading: &mut Reading<'_>,
    ) -> Result<(), ImageError> {
        let mut boards = Vec::new();
        for node in configurations.children.iter().take(MAX_NODES) {
            boards.extend(self.tree.strings(node, "compatible")?);
            boards.extend(self.tree.string(node, "description")?.filter(|text| is_board_id(text)));
            if default.is_none_or(|default| default == node.name) {
                self.take_architecture(node, reading)?;
            }
        }
        reading.boards_are_declared |= !boards.is_empty();
        let known: Vec<_> = boards.iter().filter_map(|board| lookup(Kind::Compatible, board)).collect();
        if let Some((first, others)) = known.split_first()
            && others.iter().all(|other| other.vendor == first.vendor)
        {
            reading.set_vendor(first.vendor);
            if others.iter().all(|other| other.model == first.model) {
                reading.set_model(first.model);
            }
        }
        boards.into_iter().for_each(|board| reading.board(board));
        Ok(())
    }

    fn read_configuration(&self, node: &Node, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        for part in ["kernel", "ramdisk", "fdt", "firmware", "loadables"] {
            for name in self.tree.strings(node, part)? {
                if self.tree.root.child("images").is_some_and(|images| images.child(&name).is_none()) {
                    reading.structure(
                        format!("{part} of configuration {}", node.name),
                        self.window.start(),
                        name,
                        "missing",
                    );
                }
            }
        }
        self.note_signatures(node, &format!("Configuration {}", node.name), reading)
    }

    /// The architecture of the kernel (or firmware) that a configuration starts.
    fn take_architecture(&self, configuration: &Node, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        for part in ["kernel", "firmware", "loadables"] {
            let Some(name) = self.tree.string(configuration, part)? else { continue };
            let image = self.tree.root.child("images").and_then(|images| images.child(&name));
            if let Some(image) = image
                && let Some(arch) = self.tree.string(image, "arch")?
                && reading.architecture.is_none()
            {
                reading.architecture = Some(architecture(&arch));
            }
        }
        Ok(())
    }

    /// The architecture that the images of a blob without its names speak of.
    fn guess_architecture(&self, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        for image in
            self.tree.root.child("images").into_iter().flat_map(|images| &images.children).take(MAX_NODES)
        {
            if let Some(found) = self.tree.nameless_text(image, |text| ARCHITECTURES.contains(&text))? {
                reading.set_architecture(&found);
            }
        }
        Ok(())
    }

    fn read_image(&self, image: &Node, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let data = self.data(image)?;
        let window = match data {
            Data::Present(data) => data,
            Data::CutOff(offset, _) => self.window.clamped(offset, u64::MAX),
            Data::Absent => self.window.clamped(0, 0),
        };
        let mut texts = Vec::new();
        for name in ["description", "type", "arch", "os", "compression"] {
            texts.extend(self.tree.string(image, name)?.map(|value| (name, value)));
        }
        for name in ["load", "entry"] {
            texts.extend(self.tree.number(image, name)?.map(|value| (name, format!("{value:#x}"))));
        }
        let fields = reading.container("fit-image", window);
        fields.insert("name".into(), image.name.clone());
        fields.extend(texts.into_iter().map(|(name, value)| (name.to_owned(), value)));
        match data {
            Data::Present(data) => {
                self.check_hashes(image, data, reading)?;
                reading.contents(data)?;
            }
            Data::CutOff(offset, size) => {
                let present = self.window.len().saturating_sub(offset);
                reading.declared_size(&image.name, self.window.start() + offset, size, present);
            }
            Data::Absent => reading.structure(format!("data of {}", image.name), 0, "present", "missing"),
        }
        self.note_signatures(image, &format!("Image {}", image.name), reading)
    }

    fn data(&self, image: &Node) -> Result<Data<'a>, ImageError> {
        if let Some(property) = image.property("data") {
            return Ok(Data::Present(self.tree.value(property)));
        }
        let Some(size) = self.tree.number(image, "data-size")? else { return Ok(Data::Absent) };
        let offset = match self.tree.number(image, "data-position")? {
            Some(position) => Some(position),
            None => {
                self.tree.number(image, "data-offset")?.map(|offset| self.external.saturating_add(offset))
            }
        };
        let Some(offset) = offset else { return Ok(Data::Absent) };
        Ok(self.window.part(offset, size).map_or(Data::CutOff(offset, size), Data::Present))
    }

    fn check_hashes(
        &self,
        image: &Node,
        data: Window<'a>,
        reading: &mut Reading<'_>,
    ) -> Result<(), ImageError> {
        let mut compared = false;
        for node in hash_nodes(image).take(8) {
            let name = self.tree.string(node, "algo")?.unwrap_or_default();
            let Some(algorithm) = Algorithm::from_fit(&name) else {
                reading.uncovered(format!(
                    "{} of {} uses \"{name}\", which is not supported.",
                    node.name, image.name
                ));
                continue;
            };
            let Some(value) = node.property("value") else { continue };
            let expected = self.tree.blob.head(value.offset, value.len.min(MAX_DIGEST))?;
            let offset = self.window.start() + value.offset;
            let actual = algorithm.of(data)?;
            reading.digest(
                format!("{} of {}", algorithm.id(), image.name),
                offset,
                hex(&expected),
                hex(&actual),
            );
            compared = true;
        }
        if !compared {
            reading.uncovered(format!("No digest covers the image {}.", image.name));
        }
        Ok(())
    }

    fn note_signatures(&self, node: &Node, what: &str, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        for signature in node.children.iter().filter(|child| child.name.starts_with("signature")).take(8) {
            if signature.property("value").is_some() {
                let key = self.tree.string(signature, "key-name-hint")?.unwrap_or_else(|| "unnamed".into());
                reading.signature(format!("{what} (key \"{key}\")"));
            }
        }
        Ok(())
    }
}

/// The nodes that hold a digest: `hash-1`, or `hash@1` as older tools write it.
fn hash_nodes(image: &Node) -> impl Iterator<Item = &Node> {
    image.children.iter().filter(|child| child.name.starts_with("hash"))
}
