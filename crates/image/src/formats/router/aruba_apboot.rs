//! Aruba APBoot: a header of 512 bytes with which the sum of all words of the image is zero.
//!
//! Source: OpenWrt `scripts/aruba-header.py`. Big-endian: the size of what follows at 0, the version of the format
//! (2) at 4, the checksum at 8, `ARUBA` at 12, build at 20, version at 276, whether it is valid, kind, compression and
//! machine at 300, the size of the image at 304, the next header at 308, flags at 332, the maker at 384.

use crate::digest::words;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::router::clues::{count, hex32, is_text_field, read_firmware};
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "aruba-apboot",
    rank: Rank::Wrapper,
    magic: &[Magic::at(12, b"ARUBA\0\0\0")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Aruba APBoot",
        identified_by: "ARUBA at offset 12",
        reveals: "damage, by a 32-bit sum over everything",
        blind_to: "words that change places",
        source: "OpenWrt scripts/aruba-header.py",
        tested_with: "own construction",
    },
};

const SIZE: usize = 512;

/// That a signature follows the image.
const SIGNED: u32 = 0x0111_1111;

const KINDS: [&str; 12] = [
    "os",
    "fpga",
    "cpboot",
    "apboot",
    "tpm",
    "apboot-stage1",
    "apboot-stage2",
    "apboot-combined",
    "ancillary",
    "xloader",
    "grub",
    "lsm",
];

/// Code names of the machines, by number.
const MACHINES: [&str; 63] = [
    "MSWITCH",
    "CABERNET",
    "SYRAH",
    "MERLOT",
    "MUSCAT",
    "NEBBIOLO",
    "MALBEC",
    "PALOMINO",
    "GRENACHE",
    "MOSCATO",
    "TALISKER",
    "JURA_R",
    "SCAPA",
    "JURA_O",
    "CORVINA",
    "ARRAN",
    "BLUEBLOOD",
    "MSR2K",
    "PORFIDIO",
    "CAZULO",
    "SCAPA_H",
    "CARDHU",
    "BOWMORE",
    "TAMDHU",
    "ARDBEG",
    "ARDMORE",
    "DALMORE",
    "K2",
    "GRAPPA",
    "SHUMWAY",
    "SPRINGBANK",
    "OUZO",
    "AMARULA",
    "GROZDOVA",
    "PALINKA",
    "HAZELBURN",
    "TOMATIN",
    "HAZELBURN_H",
    "TOMATIN_16",
    "SPRINGBANK_16",
    "OCTOMORE",
    "BALVENIE",
    "OUZO_PLUS",
    "X4",
    "EINAR",
    "GLENFARCLAS",
    "GLENFIDDICH",
    "EIGER",
    "GLENMORANGIE",
    "MILAGRO",
    "OPUSONE",
    "ABERLOUR",
    "MILLSTONE",
    "DEWARS",
    "BUNKER",
    "MASTERSON",
    "SIERRA",
    "KILCHOMAN",
    "SPEYBURN",
    "LAGAVULIN",
    "LAPHROAIG",
    "TOBA",
    "ARRANTA",
];

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(head) = window.array::<SIZE>(0)? else { return Ok(false) };
    let evidence = [
        head[..4] == head[304..308],
        head[4..7] == [0, 0, 0],
        is_text_field(&head[20..276], 0, 0),
        is_text_field(&head[276..300], 0, 0),
        head[300] == 1,
        usize::from(head[301]) < KINDS.len(),
        head[302] < 3,
    ];
    Ok(count(&evidence) >= 5)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(head) = window.array::<SIZE>(0)? else { return Ok(()) };
    let word = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let size = u64::from(word(0));
    let machine = MACHINES.get(usize::from(head[303])).copied().unwrap_or_default();
    let whole = window.clamped(0, size.saturating_add(SIZE as u64));
    let fields = reading.container(FORMAT.id, whole);
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("build", text(&head[20..276]));
    put("version", text(&head[276..300]));
    put("kind", KINDS.get(usize::from(head[301])).copied().unwrap_or("unknown").into());
    put("machine", format!("{} {machine}", head[303]).trim().into());
    put("maker", text(&head[384..416]));
    reading.set_vendor("Aruba");
    reading.set_version(text(&head[276..300]));
    reading.board(machine);
    reading.board(head[303].to_string());
    if word(308) == SIGNED {
        reading.signature("The APBoot image");
    }
    let at = window.start();
    reading.declared_size("the image", at, size, window.len() - SIZE as u64);
    let mut sum = 0_u32;
    words(whole, |bytes: [u8; 4]| sum = sum.wrapping_add(u32::from_be_bytes(bytes)))?;
    reading.digest("sum of all words", at + 8, hex32(0), hex32(sum));
    if word(0) != word(304) && word(308) != SIGNED {
        reading.structure("size of the image", at + 304, word(0), word(304));
    }
    read_firmware(reading, whole.clamped(SIZE as u64, u64::MAX), false)?;
    reading.trailing(window, size.saturating_add(SIZE as u64))
}
