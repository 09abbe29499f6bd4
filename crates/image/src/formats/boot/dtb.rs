//! Device tree blobs on their own.
//!
//! Source: Devicetree Specification v0.4, chapters 2 (`compatible`, `model`) and 5. There is no checksum.

use crate::description::is_board_id;
use crate::error::ImageError;
use crate::fdt::{Header, MAGIC, Tree};
use crate::format::{About, Format, Magic, Rank};
use crate::formats::boot::fit;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "dtb",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &[0xd0, 0x0d, 0xfe, 0xed])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Device tree blob",
        identified_by: "magic d00dfeed and a tree without `images`",
        reveals: "sizes and structure of the tree",
        blind_to: "damaged property values: it has no checksum",
        source: "Devicetree Specification v0.4",
        tested_with: "dtc",
    },
};

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(window.be32(0)? == Some(MAGIC) && !fit::matches(window)?)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let blob = match Header::read(window)? {
        Some(header) => window.clamped(0, header.total_size),
        None => window,
    };
    let fields = reading.container(FORMAT.id, blob);
    let Some(header) = Header::read(window)? else {
        reading.declared_size("the device tree header", 0, crate::fdt::HEADER_SIZE, window.len());
        return Ok(());
    };
    fields.insert("version".into(), header.version.to_string());
    fields.insert("total-size".into(), header.total_size.to_string());
    reading.declared_size("the device tree", window.start() + 4, header.total_size, window.len());
    match Tree::read(window, &header)? {
        Ok(tree) => identify(&tree, reading),
        Err(malformed) => {
            reading.structure("structure of the device tree", window.start(), "well-formed", malformed.0);
            identify(&Tree::remains(window, &header)?, reading)
        }
    }
}

/// Takes board, maker and model from the root; the later entries of `compatible` name families, not boards.
fn identify(tree: &Tree<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let board = match tree.string(&tree.root, "compatible")? {
        None => tree.nameless_text(&tree.root, is_board_id)?,
        board => board,
    };
    if let Some(board) = &board
        && !reading.inner_board(board.clone())
    {
        return Ok(());
    }
    let name = match tree.string(&tree.root, "model")? {
        None => tree.nameless_text(&tree.root, |text| !is_board_id(text))?,
        name => name,
    };
    let Some(name) = name.filter(|_| reading.model.is_none()) else { return Ok(()) };
    let maker = board.as_deref().and_then(|board| board.split_once(',')).map(|(maker, _)| maker);
    match name.split_once(' ') {
        Some((first, rest)) if maker.is_some_and(|maker| maker.eq_ignore_ascii_case(first)) => {
            reading.vendor.get_or_insert(first.to_owned());
            reading.model = Some(rest.to_owned());
        }
        _ => reading.model = Some(name),
    }
    Ok(())
}
