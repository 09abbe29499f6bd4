//! What Buffalo enciphers: whole images with a stream cipher, and the first 512 bytes of TFTP images letter by letter.
//!
//! Source: OpenWrt firmware-utils d21804a `src/buffalo-enc.c`, `src/buffalo-lib.c`, `src/buffalo-tftp.c`; OpenWrt
//! `target/linux/ath79/image/common-buffalo.mk`. The cipher is RC4 with a state of 256 bytes or, in the long form, of
//! as many as the text has; its key is one byte and the word `Buffalo`. That byte stands in the file for the product,
//! is the first enciphered byte of the product for the version, and the one of the version for the data.

use debrick_target::{Source, SourceError};

use crate::error::ImageError;
use crate::format::{About, Format, Magic};
use crate::reading::Reading;
use crate::window::{Window, text};

use super::support::{could_be, hand_on_hidden, hand_on_known, hex32, name_errors, wrapper};

pub(crate) const ENC: Format = wrapper(
    "buffalo-enc",
    &[Magic::at(0, b"start\0"), Magic::at(0, b"asar1\0")],
    |window| Ok(Header::of(window)?.is_some()),
    read_enc,
    About {
        outermost: &[],
        name: "Buffalo enciphered image",
        identified_by: "start or asar1, lengths of product and version, and the deciphered names",
        reveals: "damaged contents, by a CRC over the deciphered bytes; a file that is cut off",
        blind_to: "damage in product and version; bytes behind the declared end",
        source: "OpenWrt firmware-utils d21804a src/buffalo-enc.c, src/buffalo-lib.c",
        tested_with: "buffalo-enc; own construction",
    },
);

pub(crate) const TFTP: Format = wrapper(
    "buffalo-tftp",
    &[],
    |window| Ok(Disguise::of(window)?.is_some()),
    read_tftp,
    About {
        outermost: &[],
        name: "Buffalo TFTP image",
        identified_by: "# Airstation at the start, plain or with letters exchanged, or an exchanged uImage header",
        reveals: "nothing of its own; what the image inside reveals",
        blind_to: "everything that the image inside does not check",
        source: "OpenWrt firmware-utils d21804a src/buffalo-tftp.c; OpenWrt target/linux/ath79/image/common-buffalo.mk",
        tested_with: "buffalo-tftp; own construction",
    },
);

const KEY: &[u8] = b"Buffalo";

/// Longest names, with the zero at their end.
const MAX_PRODUCT: u32 = 32;
const MAX_VERSION: u32 = 8;

/// Bytes between places from which deciphering can go on.
const STEP: u64 = 4 * 1024;

/// Bytes of the state that the cipher can reach, however long it is: both indices have 8 bits.
const REACHED: usize = 511;

/// The longest data whose state, in the long form, is built.
const MAX_LONG_STATE: u64 = 20 << 20;

/// What stands before the data.
struct Header {
    product: String,
    version: String,
    long: bool,
    /// The first byte of the key of the data.
    seed: u8,
    /// Where the data starts.
    data: u64,
    declared: u64,
    /// The lengths of both names in one: as they stand there, and as they must be.
    lengths: (String, String),
}

impl Header {
    fn of(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let head = window.head(0, 6 + 1 + 4 + 32 + 4 + 8 + 4)?;
        let fits =
            |header: &Self| could_be(window, header.declared + header.data + 4) || header.product.len() >= 4;
        Ok(Self::parse(&head).filter(fits))
    }

    /// The header, where one bit of its lengths or of the key may be damaged.
    fn parse(head: &[u8]) -> Option<Self> {
        if !head.starts_with(b"start\0") && !head.starts_with(b"asar1\0") {
            return None;
        }
        let stated = word(head, 7)?;
        for product_len in near(stated).filter(|len| (1..=MAX_PRODUCT).contains(len)) {
            let at = 11 + product_len as usize;
            let Some(stated_version) = word(head, at) else { continue };
            for version_len in near(stated_version).filter(|len| (1..=MAX_VERSION).contains(len)) {
                let as_stated = stated == product_len && stated_version == version_len;
                if let Some(mut header) =
                    Self::with_lengths(head, product_len as usize, version_len as usize, as_stated)
                {
                    header.lengths =
                        (format!("{stated}, {stated_version}"), format!("{product_len}, {version_len}"));
                    return Some(header);
                }
            }
        }
        None
    }

    fn with_lengths(head: &[u8], product_len: usize, version_len: usize, tolerant: bool) -> Option<Self> {
        let first = *head.get(6)?;
        let product = head.get(11..11 + product_len)?;
        let at = 11 + product_len;
        let version = head.get(at + 4..at + 4 + version_len)?;
        let data = at + 4 + version_len + 4;
        let declared = word(head, data - 4)?.into();
        let decipher = |long: bool| {
            let product_text = deciphered(first, product, long);
            let version_text = deciphered(*product.first()?, version, long);
            let errors = name_errors(&product_text, 0) + name_errors(&version_text, 0);
            // The first byte of the product is the version's key: where it is damaged, the version is garbled.
            if tolerant
                && product_len > 3
                && name_errors(&product_text, 3) <= 1
                && product_text.ends_with(&[0])
            {
                let version = if errors <= 1 { text(&version_text) } else { String::new() };
                return Some((text(&product_text), version));
            }
            let ended = [&product_text, &version_text].iter().all(|text| text.last() == Some(&0));
            (errors <= u32::from(tolerant) && (ended || tolerant && errors == 0))
                .then(|| (text(&product_text), text(&version_text)))
        };
        let (long, names) = match (decipher(false), decipher(true)) {
            (Some(names), _) => (false, names),
            (None, Some(names)) => (true, names),
            // The first byte of the key may be damaged: the names stay hidden then, not the data.
            (None, None) if tolerant => (seed_is_damaged(product, version)?, (String::new(), String::new())),
            (None, None) => return None,
        };
        let seed = *version.first()?;
        let lengths = <(String, String)>::default();
        Some(Self { product: names.0, version: names.1, long, seed, data: data as u64, declared, lengths })
    }
}

/// A word, and all that differ from it in one bit.
fn near(word: u32) -> impl Iterator<Item = u32> {
    std::iter::once(word).chain((0..32).map(move |bit| word ^ (1 << bit)))
}

/// Whether the version comes out readable although the product does not; in which form of the cipher.
fn seed_is_damaged(product: &[u8], version: &[u8]) -> Option<bool> {
    let first = *product.first()?;
    [false, true].into_iter().find(|long| {
        let name = deciphered(first, version, *long);
        name_errors(&name, 1) == 0 && name.last() == Some(&0)
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// The bytes that the whole of it occupies, where an enciphered image starts at once.
pub(super) fn size(window: Window<'_>) -> Result<Option<u64>, ImageError> {
    let head = window.head(0, 64)?;
    let Some(header) = Header::parse(&head) else { return Ok(None) };
    let end = header.data + header.declared + 4;
    Ok(Some(end + 4 - end % 4).filter(|size| *size <= window.len()))
}

fn read_enc(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(header) = Header::of(window)? else { return Ok(()) };
    let end = header.data + header.declared + 4;
    let padded = end + 4 - end % 4;
    let fields = reading.container(ENC.id, window.clamped(0, padded));
    fields.insert("product".into(), header.product.clone());
    fields.insert("version".into(), header.version.clone());
    fields.insert("length".into(), header.declared.to_string());
    fields.insert("long-state".into(), header.long.to_string());
    reading.set_vendor("Buffalo");
    reading.set_model(header.product.clone());
    reading.board(header.product.clone());
    reading.set_version(header.version.clone());
    let at = window.start();
    reading.structure("lengths of the names", at + 7, header.lengths.1, header.lengths.0);
    let data = window.clamped(header.data, header.declared);
    reading.declared_size("the enciphered data", at + header.data - 4, header.declared, data.len());
    if header.product.is_empty() && header.version.is_empty() && header.data > 11 + 2 + 8 {
        reading.structure("product and version", at + 6, "readable", "garbled");
    }
    let Some(plain) = Deciphered::of(data, header.seed, header.long)? else {
        reading.uncovered(
            "The enciphered data is too long to be deciphered here, so its checksum was not compared.",
        );
        return reading.trailing(window, padded);
    };
    let plain = Window::metered(&plain, window.meter());
    let expected = window.be32(header.data + header.declared)?;
    if let Some(expected) = expected {
        let actual = checksum(plain)?;
        let at = at + header.data + header.declared;
        reading.digest("checksum of the deciphered data", at, hex32(expected), hex32(actual));
    }
    hand_on_hidden(plain, reading)?;
    reading.trailing(window, padded)
}

/// The zlib polynomial over signed bytes, from the length on, without a complement.
fn checksum(window: Window<'_>) -> Result<u32, ImageError> {
    let table: Vec<u32> = (0..256_u32)
        .map(|index| {
            (0..8).fold(index, |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
        })
        .collect();
    let mut crc = window.len() as u32;
    window.stream(|piece| {
        for byte in piece {
            crc ^= i32::from(*byte as i8) as u32;
            crc = (crc >> 8) ^ table[(crc & 0xff) as usize];
        }
    })?;
    Ok(crc)
}

/// The state of the cipher at some place of a text.
#[derive(Clone)]
struct State {
    bytes: Vec<u8>,
    modulus: u32,
    i: u8,
    j: u8,
}

impl State {
    /// The state before the first byte.
    fn new(first: u8, modulus: usize) -> Self {
        let mut bytes: Vec<u8> = (0..modulus).map(|index| index as u8).collect();
        let mut k = 0;
        for i in 0..modulus {
            let place = i % (KEY.len() + 1);
            let key = if place == 0 { first } else { KEY[place - 1] };
            k = (k + usize::from(key) + usize::from(bytes[i])) % modulus;
            bytes.swap(i, k);
        }
        bytes.truncate(REACHED);
        bytes.shrink_to_fit();
        Self { bytes, modulus: modulus as u32, i: 0, j: 0 }
    }

    /// The next byte of the key stream.
    fn next(&mut self) -> u8 {
        self.i = self.wrapped(u32::from(self.i) + 1) as u8;
        let (i, at_i) = (usize::from(self.i), self.bytes[usize::from(self.i)]);
        self.j = self.wrapped(u32::from(self.j) + u32::from(at_i)) as u8;
        self.bytes.swap(i, usize::from(self.j));
        let sum = u32::from(self.bytes[i]) + u32::from(self.bytes[usize::from(self.j)]);
        self.bytes[self.wrapped(sum) as usize]
    }

    /// A place within the state. Nearly always known without a division, of which each byte would take three.
    fn wrapped(&self, place: u32) -> u32 {
        match self.modulus {
            256 => place & 0xff,
            modulus if place < modulus => place,
            modulus => place % modulus,
        }
    }
}

/// A short text.
fn deciphered(first: u8, bytes: &[u8], long: bool) -> Vec<u8> {
    if bytes.is_empty() {
        return vec![];
    }
    let mut state = State::new(first, if long { bytes.len() } else { 256 });
    bytes.iter().map(|byte| byte ^ state.next()).collect()
}

/// Data as it was before it was enciphered, which can be read from any place: every so often the state is kept.
struct Deciphered<'a> {
    window: Window<'a>,
    states: Vec<State>,
}

impl<'a> Deciphered<'a> {
    fn of(window: Window<'a>, first: u8, long: bool) -> Result<Option<Self>, ImageError> {
        window.meter().charge(window.len())?;
        if window.len() == 0 {
            return Ok(Some(Self { window, states: vec![] }));
        }
        let modulus = if long { window.len() } else { 256 };
        if modulus > MAX_LONG_STATE || !window.meter().keep(modulus) {
            return Ok(None);
        }
        let mut state = State::new(first, modulus as usize);
        window.meter().release(modulus);
        let mut states = Vec::new();
        for at in 0..window.len() {
            if at % STEP == 0 {
                states.push(state.clone());
            }
            state.next();
        }
        Ok(Some(Self { window, states }))
    }
}

impl Source for Deciphered<'_> {
    fn len(&self) -> u64 {
        self.window.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        self.window.read_at(offset, buffer)?;
        let step = offset / STEP;
        let Some(mut state) = self.states.get(step as usize).cloned() else { return Ok(()) };
        for _ in 0..offset - step * STEP {
            state.next();
        }
        buffer.iter_mut().for_each(|byte| *byte ^= state.next());
        Ok(())
    }
}

const PLAIN: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const EXCHANGED: &[u8; 62] = b"XYZ0123hijklmnopqABCDEFGHrstuvabcdefgwxyzIJKLMSTUVW456789NOPQR";

/// Bytes whose letters and digits are exchanged.
const EXCHANGED_BYTES: u64 = 512;

/// The text that some images start with.
const GREETING: &[u8] = b"# Airstation ";

/// What a TFTP image starts with.
enum Disguise {
    /// The greeting as it is, padded to 32 bytes.
    Plain,
    /// The greeting with letters exchanged, padded to 512 bytes.
    Greeting,
    /// Nothing but the image, whose first bytes are exchanged.
    Bare,
}

impl Disguise {
    fn of(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let head = window.head(0, EXCHANGED_BYTES)?;
        if head.len() < 64 {
            return Ok(None);
        }
        let differing =
            |bytes: &[u8]| bytes.iter().zip(GREETING).filter(|(left, right)| left != right).count();
        let original: Vec<u8> = head.iter().map(|byte| original(*byte)).collect();
        if differing(&head) <= 1 && name_errors(&head[..32], GREETING.len()) <= 1 {
            return Ok(Some(Self::Plain));
        }
        if differing(&original) <= 1 {
            return Ok(Some(Self::Greeting));
        }
        Ok(is_hidden_uimage(&head, &original).then_some(Self::Bare))
    }
}

/// Whether a uImage header appears once the letters are exchanged back, and only then.
fn is_hidden_uimage(head: &[u8], original: &[u8]) -> bool {
    const MAGIC: [u8; 4] = [0x27, 0x05, 0x19, 0x56];
    let differing = original.iter().zip(MAGIC).filter(|(left, right)| **left != *right).count();
    if differing > 1 {
        return false;
    }
    let crc_agrees = |bytes: &[u8]| {
        let mut header: Vec<u8> = MAGIC.iter().chain(&bytes[4..64]).copied().collect();
        let stored = word(&header, 4);
        header[4..8].fill(0);
        stored == Some(crc32fast::hash(&header))
    };
    if crc_agrees(original) || crc_agrees(head) {
        return !crc_agrees(head);
    }
    let tells = |bytes: &[u8]| {
        let name = String::from_utf8_lossy(&bytes[32..64]).to_lowercase();
        ["linux", "openwrt", "kernel"].iter().any(|word| name.contains(word))
    };
    tells(original) && !tells(head)
}

fn original(byte: u8) -> u8 {
    let place = EXCHANGED.iter().position(|there| *there == byte);
    place.and_then(|place| PLAIN.get(place)).copied().unwrap_or(byte)
}

/// A window whose first bytes have their letters exchanged back.
struct Exchanged<'a>(Window<'a>);

impl Source for Exchanged<'_> {
    fn len(&self) -> u64 {
        self.0.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        self.0.read_at(offset, buffer)?;
        let left = EXCHANGED_BYTES.saturating_sub(offset) as usize;
        buffer.iter_mut().take(left).for_each(|byte| *byte = original(*byte));
        Ok(())
    }
}

fn read_tftp(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(disguise) = Disguise::of(window)? else { return Ok(()) };
    let exchanged = Exchanged(window);
    let plain = Window::metered(&exchanged, window.meter());
    let fields = reading.container(TFTP.id, window);
    reading_of(&disguise, window, plain, fields)?;
    reading.set_vendor("Buffalo");
    let (start, known) = match disguise {
        Disguise::Plain => (32, hand_on_known(window.clamped(32, u64::MAX), reading)?),
        Disguise::Greeting => {
            (EXCHANGED_BYTES, hand_on_known(window.clamped(EXCHANGED_BYTES, u64::MAX), reading)?)
        }
        Disguise::Bare => (0, hand_on_hidden(plain, reading)?),
    };
    reading.trailing(window, start + known)
}

fn reading_of(
    disguise: &Disguise,
    window: Window<'_>,
    plain: Window<'_>,
    fields: &mut std::collections::BTreeMap<String, String>,
) -> Result<(), ImageError> {
    let greeting = match disguise {
        Disguise::Plain => window.text(0, 32)?,
        Disguise::Greeting => {
            plain.head(0, 64)?.iter().take_while(|byte| **byte != b'\n').map(|byte| *byte as char).collect()
        }
        Disguise::Bare => return Ok(()),
    };
    fields.insert("greeting".into(), greeting);
    Ok(())
}
