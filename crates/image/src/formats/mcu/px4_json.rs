//! Firmware for flight controllers: a JSON object with the zlib-compressed image in base64. ArduPilot calls its files
//! `.apj`, PX4 `.px4`.
//!
//! Source: PX4-Autopilot `Tools/px_mkfw.py`; ArduPilot `Tools/ardupilotwaf/chibios.py` (`generate_apj`). The object is
//! searched for its keys, so that a cut or damaged file is still understood.

use std::io;

use debrick_target::{Source, SourceError};

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::unpack::{Codec, unpack};
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "px4-json",
    rank: Rank::Text,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &["ardupilot-apj"],
        name: "PX4 and ArduPilot firmware",
        identified_by: "a JSON object with board_id, magic, image and others of their keys",
        reveals: "a damaged image, by Adler-32 and size",
        blind_to: "changed keys and values beside the image",
        source: "PX4-Autopilot Tools/px_mkfw.py; ArduPilot Tools/ardupilotwaf/chibios.py",
        tested_with: "own construction",
    },
};

/// Bytes at the start and at the end in which keys are looked for.
const MARGIN: u64 = 8 * 1024;

/// Keys that make the format likely.
const KEYS: &[&str] = &[
    "board_id",
    "magic",
    "description",
    "image",
    "summary",
    "image_size",
    "image_maxsize",
    "git_identity",
    "git_hash",
    "board_revision",
    "build_time",
];

/// What stands at the start and at the end of the file.
fn margins(window: Window<'_>) -> Result<String, ImageError> {
    let head = window.head(0, MARGIN)?;
    let tail = if window.len() > MARGIN {
        window.head((window.len() - MARGIN).max(MARGIN), MARGIN)?
    } else {
        Vec::new()
    };
    // An object that something was appended to ends further inside.
    Ok(format!("{}\n{}", String::from_utf8_lossy(&head), String::from_utf8_lossy(&tail)))
}

/// The string or number that a key has.
fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let after = text.split_once(&format!("\"{key}\""))?.1.trim_start().strip_prefix(':')?.trim_start();
    match after.strip_prefix('"') {
        Some(string) => Some(string.split('"').next().unwrap_or(string)),
        None => after.split([',', '}', '\n', ' ', '\r']).next(),
    }
    .map(|value| value.get(..value.len().min(200)).unwrap_or_default())
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let head = window.head(0, 64)?;
    let starts = head.first().is_some_and(|first| (first ^ b'{').count_ones() <= 1);
    if !starts || !head.contains(&b'"') {
        return Ok(false);
    }
    let text = margins(window)?;
    let found = KEYS.iter().filter(|key| text.contains(&format!("\"{key}\""))).count();
    let has_magic = text.contains("APJFWv") || text.contains("PX4FWv") || text.contains("\"board_id\"");
    Ok(found >= 3 && has_magic)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let text = margins(window)?;
    let is_ardupilot = value(&text, "magic").is_some_and(|magic| magic.starts_with("APJ"))
        || value(&text, "git_identity").is_some_and(|identity| identity.starts_with("Ardu"));
    if is_ardupilot {
        reading.call_file("ardupilot-apj");
    }
    reading.set_vendor(if is_ardupilot { "ArduPilot" } else { "PX4" });
    let fields = reading.container(FORMAT.id, window);
    for key in KEYS.iter().filter(|key| **key != "image") {
        if let Some(value) = value(&text, key) {
            fields.insert((*key).into(), value.into());
        }
    }
    if let Some(board) = value(&text, "board_id") {
        reading.board(board);
    }
    if let Some(model) = value(&text, "summary") {
        reading.set_model(model);
    }
    if let Some(version) = value(&text, "git_identity").or_else(|| value(&text, "version")) {
        reading.set_version(version);
    }
    let at = window.start();
    let end = window.head(window.len().saturating_sub(64), 64)?;
    let last = if end.trim_ascii_end().ends_with(b"}") { "there" } else { "missing" };
    reading.structure("end of the object", at + window.len(), "there", last);
    let first = if window.has(0, b"{")? { "there" } else { "missing" };
    reading.structure("start of the object", at, "there", first);
    let declared = value(&text, "image_size").and_then(|size| size.parse::<u64>().ok());
    match image(window)? {
        Some(encoded) => read_image(encoded, declared, reading),
        None => {
            reading.structure("image", at, "there", "missing");
            Ok(())
        }
    }
}

/// The base64 text of the image, as far as it is there.
fn image(window: Window<'_>) -> Result<Option<Window<'_>>, ImageError> {
    let Some(key) = window.find(b"\"image\"", 0, u64::MAX)? else { return Ok(None) };
    let Some(quote) = window.find(b"\"", key + 7, 16)? else { return Ok(None) };
    let end = window.find(b"\"", quote + 1, u64::MAX)?.unwrap_or(window.len());
    Ok(Some(window.clamped(quote + 1, end - quote - 1)))
}

fn read_image(
    encoded: Window<'_>,
    declared: Option<u64>,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let mut odd = 0_u64;
    encoded.stream(|piece| odd += piece.iter().filter(|byte| sextet(**byte).is_none()).count() as u64)?;
    let padding =
        encoded.head(encoded.len().saturating_sub(2), 2)?.iter().filter(|byte| **byte == b'=').count();
    reading.structure("characters that are not base64", encoded.start(), padding, odd);
    let decoded =
        Base64 { encoded, len: encoded.len() / 4 * 3 - (padding as u64).min(encoded.len() / 4 * 3) };
    let compressed = Window::metered(&decoded, encoded.meter());
    let unpacked = unpack(compressed, Codec::Zlib)?;
    let fields = reading.container("zlib", encoded);
    fields.insert("uncompressed-size".into(), unpacked.output.to_string());
    reading.decoded("compressed image", encoded.start(), &unpacked, true);
    if let Some(declared) = declared {
        reading.structure("size of the image", encoded.start(), declared, unpacked.output);
    }
    reading.opaque_part("image", unpacked.window())
}

/// The value of a base64 digit.
fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// Base64 text, decoded where it is read. What is no digit counts as 0; its reader has recorded that.
struct Base64<'a> {
    encoded: Window<'a>,
    len: u64,
}

impl Source for Base64<'_> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        if offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.len) {
            return Err(SourceError { offset, source: io::ErrorKind::UnexpectedEof.into() });
        }
        let mut skip = (offset % 3) as usize;
        let mut at = offset / 3 * 4;
        let mut done = 0;
        while done < buffer.len() {
            let mut quantum = [0; 4];
            Source::read_at(&self.encoded, at, &mut quantum)?;
            let bits =
                quantum.iter().fold(0_u32, |bits, byte| bits << 6 | u32::from(sextet(*byte).unwrap_or(0)));
            for byte in &bits.to_be_bytes()[1 + skip..] {
                if let Some(slot) = buffer.get_mut(done) {
                    *slot = *byte;
                    done += 1;
                }
            }
            skip = 0;
            at += 4;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::inspect::inspect;
    use debrick_model::Verdict;

    fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for piece in bytes.chunks(3) {
            let bits = (0..3).fold(0, |bits, index| bits << 8 | u32::from(*piece.get(index).unwrap_or(&0)));
            for index in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * index) & 63) as usize];
                text.push(if index <= piece.len() { char::from(digit) } else { '=' });
            }
        }
        text
    }

    #[test]
    fn facts_and_damage() {
        use std::io::Write;
        let contents: Vec<u8> = (0..20_000_u32).map(|i| ((i * i) >> 3) as u8).collect();
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&contents).unwrap();
        let text = base64(&encoder.finish().unwrap());
        let image = format!(
            "{{\n \"board_id\": 9,\n \"magic\": \"APJFWv1\",\n \"description\": \"a board\",\n \"image\": \"{text}\",\n \
             \"summary\": \"fmuv3\",\n \"image_size\": 20000,\n \"git_identity\": \"ArduCopter V4.4.4\"\n}}"
        )
        .into_bytes();
        let facts = inspect(&image).unwrap();
        assert_eq!(
            (facts.format.as_deref(), facts.integrity.verdict),
            (Some("ardupilot-apj"), Verdict::Pass),
            "{facts:?}"
        );
        assert_eq!(
            (facts.model.as_deref(), facts.version.as_deref()),
            (Some("fmuv3"), Some("ArduCopter V4.4.4"))
        );
        assert_eq!(facts.board_ids, ["9"]);
        for bit in 0..64 * 8 {
            let mut damaged = image.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(inspect(&damaged).unwrap().format.as_deref(), Some("ardupilot-apj"), "bit {bit}");
        }
        let mut damaged = image.clone();
        damaged[image.len() / 2] ^= 1;
        let cut = image[..image.len() * 6 / 10].to_vec();
        let grown = [image.as_slice(), &[0xa5; 1337]].concat();
        for damaged in [damaged, cut, grown] {
            let facts = inspect(&damaged).unwrap();
            assert_eq!(
                (facts.format.as_deref(), facts.integrity.verdict),
                (Some("ardupilot-apj"), Verdict::Fail)
            );
        }
        for len in 0..200 {
            inspect(&image[..len].to_vec()).unwrap();
        }
    }
}
