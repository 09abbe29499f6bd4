//! Signatures of FIT images.
//!
//! Source: U-Boot doc/usage/fit/signature.rst, boot/image-fit-sig.c, boot/fdt_region.c. A configuration's signature is
//! over the tags of the root, of the configuration, and of the images that it names with their digests, without the
//! images' data, in the order in which they stand in the tree; then over the strings. So contents are reached through
//! the digests, which have to be strong, and are compared here once more.

use super::judge::{Anonymous, Judge, Tried};
use super::key::Scheme;
use crate::digest::{Algorithm, Piece};
use crate::error::ImageError;
use crate::fdt::{Header, Node, Tree};
use crate::window::Window;

/// Tags of Devicetree Specification v0.4 section 5.4.1.
const BEGIN_NODE: u32 = 1;
const END_NODE: u32 = 2;
const PROPERTY: u32 = 3;
const NOP: u32 = 4;
const END: u32 = 9;

/// Properties that are in no signature.
const LEFT_OUT: &[&str] = &["data", "data-size", "data-position", "data-offset"];

/// The most tags of a tree that are walked.
const MOST_TAGS: u32 = 100_000;

/// The deepest nesting that U-Boot takes.
const DEEPEST: usize = 32;

/// The most configurations, images and signatures that are looked at.
const MOST_NODES: usize = 128;

/// The longest signature, in bytes.
const LONGEST_SIGNATURE: u64 = 1024;

/// Judges the signatures of all configurations.
pub(super) fn verify(window: Window<'_>, judge: &mut Judge<'_>) -> Result<(), ImageError> {
    let Some(header) = Header::read(window)? else { return Ok(()) };
    let Ok(tree) = Tree::read(window, &header)? else { return Ok(()) };
    let fit = Fit { window, tree: &tree, external: header.total_size.next_multiple_of(4) };
    let Some(configurations) = tree.root.child("configurations") else { return Ok(()) };
    let signatures = |node: &Node| node.children.iter().any(is_signature);
    if !configurations.children.iter().any(signatures) {
        let images = tree.root.child("images").into_iter().flat_map(|images| &images.children);
        if images.take(MOST_NODES).any(signatures) {
            judge.unknown(
                "Only single images of the FIT are signed, so they may be combined as the maker did not mean; that proves no origin."
                    .into(),
            );
        }
        return Ok(());
    }
    let mut makers = Vec::new();
    for configuration in configurations.children.iter().take(MOST_NODES) {
        makers.push(fit.verify_configuration(configuration, judge)?);
    }
    // All have to be signed: which one is started is not known here.
    let made: Option<Vec<(String, u64)>> = makers.into_iter().collect();
    if let Some((key, offset)) = made.and_then(|made| made.into_iter().next()) {
        judge.valid("the FIT's configurations", Some(offset), &key);
    }
    Ok(())
}

fn is_signature(node: &Node) -> bool {
    node.name.starts_with("signature") && node.property("value").is_some()
}

struct Fit<'a> {
    window: Window<'a>,
    tree: &'a Tree<'a>,
    /// Where data outside the tree starts.
    external: u64,
}

impl<'a> Fit<'a> {
    /// Who signed a configuration, and where that stands, if it is a trusted key and reaches all contents.
    fn verify_configuration(
        &self,
        node: &Node,
        judge: &mut Judge<'_>,
    ) -> Result<Option<(String, u64)>, ImageError> {
        let what = format!("configuration {}", node.name);
        let images = self.images_of(node)?;
        let mut maker = None;
        for signature in node.children.iter().filter(|child| is_signature(child)).take(8) {
            let Some(value) = signature.property("value") else { continue };
            let bytes = self.tree.blob.head(value.offset, value.len.min(LONGEST_SIGNATURE))?;
            let offset = self.window.start() + value.offset;
            let hint = self.tree.string(signature, "key-name-hint")?;
            let algorithm = self.tree.string(signature, "algo")?.unwrap_or_default();
            let padding = self.tree.string(signature, "padding")?;
            let Some(scheme) = scheme(&algorithm, padding.as_deref()) else {
                judge.unknown(format!(
                    "The signature of {what} is made with \"{algorithm}\", which is too weak or not supported."
                ));
                continue;
            };
            let strings = self.signed_strings(signature)?;
            let Some(message) = self.signed_bytes(node, &images, strings)? else { continue };
            let signed = Anonymous {
                what: &what,
                offset: Some(offset),
                hint: hint.as_deref(),
                scheme,
                message: &message,
                signature: &bytes,
            };
            match judge.attempt(&signed)? {
                Tried::Made(key) => maker = Some((key, offset)),
                Tried::Wrong(key) => {
                    judge.invalid(signed.what, signed.offset, &key, "of other contents, or damaged")
                }
                Tried::Stranger => {
                    let key = hint
                        .as_deref()
                        .map_or("a key without a name".into(), |hint| format!("a key called \"{hint}\""));
                    judge.stranger(&format!("The {what}"), &key);
                }
            }
        }
        let Some((key, offset)) = maker else {
            if !node.children.iter().any(is_signature) {
                judge.unknown(format!(
                    "The {what} is not signed, so that a loader may start what nobody signed."
                ));
            }
            return Ok(None);
        };
        let mut reached = true;
        for image in images {
            reached &= self.verify_image(image, &key, judge)?;
        }
        Ok(reached.then_some((key, offset)))
    }

    /// The images that a configuration names, in any property.
    fn images_of(&self, configuration: &Node) -> Result<Vec<&'a Node>, ImageError> {
        let Some(all) = self.tree.root.child("images") else { return Ok(Vec::new()) };
        let mut images: Vec<&Node> = Vec::new();
        for property in configuration.properties.iter().take(MOST_NODES) {
            if ["description", "compatible"].contains(&property.name.as_str()) {
                continue;
            }
            for name in self.tree.strings(configuration, &property.name)? {
                let Some(image) = all.child(&name) else { continue };
                if !images.iter().any(|there| there.name == image.name) && images.len() < MOST_NODES {
                    images.push(image);
                }
            }
        }
        Ok(images)
    }

    /// How many bytes of the strings are signed.
    fn signed_strings(&self, signature: &Node) -> Result<u64, ImageError> {
        let Some(property) = signature.property("hashed-strings") else { return Ok(0) };
        Ok(self.tree.value(property).be32(4)?.unwrap_or_default().into())
    }

    /// Whether the contents of an image are what its signed digests say.
    fn verify_image(&self, image: &Node, key: &str, judge: &mut Judge<'_>) -> Result<bool, ImageError> {
        let what = format!("image {}", image.name);
        let data = match image.property("data") {
            Some(property) => Some(self.tree.value(property)),
            None => {
                let size = self.tree.number(image, "data-size")?.unwrap_or_default();
                let position = match self.tree.number(image, "data-position")? {
                    Some(position) => Some(position),
                    None => {
                        self.tree.number(image, "data-offset")?.map(|at| self.external.saturating_add(at))
                    }
                };
                position.and_then(|position| self.window.part(position, size))
            }
        };
        let Some(data) = data else {
            judge.invalid(&what, None, key, "of data that is missing");
            return Ok(false);
        };
        let mut reached = false;
        for hash in image.children.iter().filter(|child| child.name.starts_with("hash")).take(8) {
            let name = self.tree.string(hash, "algo")?.unwrap_or_default();
            let strong = matches!(name.as_str(), "sha256" | "sha384" | "sha512");
            let (Some(algorithm), Some(value), true) =
                (Algorithm::from_fit(&name), hash.property("value"), strong)
            else {
                continue;
            };
            let expected = self.tree.blob.head(value.offset, value.len.min(64))?;
            if algorithm.of(data)? != expected {
                let offset = Some(self.window.start() + value.offset);
                judge.invalid(&what, offset, key, "of other contents: the signed digest disagrees");
                return Ok(false);
            }
            reached = true;
        }
        if !reached {
            judge.unknown(format!(
                "The signature does not reach the contents of {what}: no strong digest (SHA-256 or longer) is signed."
            ));
        }
        Ok(reached)
    }

    /// The bytes that a configuration's signature is over; `None` where the tree is not well-formed.
    fn signed_bytes(
        &self,
        configuration: &Node,
        images: &[&Node],
        strings: u64,
    ) -> Result<Option<Vec<Piece<'a>>>, ImageError> {
        let mut paths = vec![String::new(), format!("/configurations/{}", configuration.name)];
        for image in images {
            let path = format!("/images/{}", image.name);
            let inner = |child: &&Node| child.name.starts_with("hash") || child.name == "cipher";
            paths.extend(image.children.iter().filter(inner).map(|child| format!("{path}/{}", child.name)));
            paths.push(path);
        }
        let Some(mut pieces) = self.walk(&paths)? else { return Ok(None) };
        let start = u64::from(self.tree.blob.be32(12)?.unwrap_or_default());
        let size = u64::from(self.tree.blob.be32(32)?.unwrap_or_default());
        if strings > size {
            return Ok(None);
        }
        pieces.extend(self.tree.blob.part(start, strings).map(Piece::Window));
        Ok(Some(pieces))
    }

    /// All tags of the nodes with these paths, begin and end of their direct children, and the end of the tree.
    fn walk(&self, paths: &[String]) -> Result<Option<Vec<Piece<'a>>>, ImageError> {
        let blob = self.tree.blob;
        let start = u64::from(blob.be32(8)?.unwrap_or_default());
        let names = u64::from(blob.be32(12)?.unwrap_or_default());
        let mut at = start;
        // Path of each open node, and whether it is listed.
        let mut open: Vec<(String, bool)> = Vec::new();
        let mut run: Option<(u64, u64)> = None;
        let mut pieces = Vec::new();
        for _ in 0..MOST_TAGS {
            let Some(tag) = blob.be32(at)? else { return Ok(None) };
            let parent_is_listed = |open: &[(String, bool)]| open.last().is_some_and(|(_, listed)| *listed);
            let (len, included) = match tag {
                BEGIN_NODE => {
                    let head = blob.head(at + 4, 256)?;
                    let Some(end) = head.iter().position(|byte| *byte == 0) else { return Ok(None) };
                    let name = String::from_utf8_lossy(&head[..end]).into_owned();
                    let path = match open.last() {
                        Some((path, _)) => format!("{path}/{name}"),
                        None => name,
                    };
                    let listed = paths.contains(&path);
                    let included = listed || parent_is_listed(&open);
                    if open.len() == DEEPEST {
                        return Ok(None);
                    }
                    open.push((path, listed));
                    (4 + (end as u64 + 1).next_multiple_of(4), included)
                }
                END_NODE => {
                    let Some((_, listed)) = open.pop() else { return Ok(None) };
                    (4, listed || parent_is_listed(&open))
                }
                PROPERTY => {
                    let (Some(size), Some(name)) = (blob.be32(at + 4)?, blob.be32(at + 8)?) else {
                        return Ok(None);
                    };
                    let name = blob.head(names + u64::from(name), 32)?;
                    let is = |left_out: &&str| {
                        name.strip_prefix(left_out.as_bytes()).is_some_and(|rest| rest.first() == Some(&0))
                    };
                    let included = parent_is_listed(&open) && !LEFT_OUT.iter().any(is);
                    (12 + u64::from(size).next_multiple_of(4), included)
                }
                NOP => (4, parent_is_listed(&open)),
                END => (4, true),
                _ => return Ok(None),
            };
            run = match (run, included) {
                (Some((from, _)), true) => Some((from, at + len)),
                (None, true) => Some((at, at + len)),
                (Some((from, to)), false) => {
                    let Some(piece) = blob.part(from, to - from) else { return Ok(None) };
                    pieces.push(Piece::Window(piece));
                    None
                }
                (None, false) => None,
            };
            at += len;
            if tag == END {
                let last = run.and_then(|(from, to)| blob.part(from, to - from));
                pieces.extend(last.map(Piece::Window));
                return Ok(open.is_empty().then_some(pieces));
            }
        }
        Ok(None)
    }
}

/// How a signature is made, from `algo` (`sha256,rsa2048`) and `padding`.
fn scheme(algorithm: &str, padding: Option<&str>) -> Option<Scheme> {
    let (digest, crypto) = algorithm.split_once(',')?;
    let digest = match digest {
        "sha256" => Algorithm::Sha256,
        "sha384" => Algorithm::Sha384,
        "sha512" => Algorithm::Sha512,
        _ => return None,
    };
    Some(match crypto {
        "ecdsa256" | "prime256v1" | "ecdsa384" | "secp384r1" => Scheme::Ecdsa(digest),
        _ if !crypto.starts_with("rsa") => return None,
        _ if padding == Some("pss") => Scheme::Pss(digest),
        _ => Scheme::Pkcs1(digest),
    })
}
