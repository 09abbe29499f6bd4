//! UEFI signature lists (`db`, `dbx`): lists of hashes or certificates, perhaps behind the time and the signature that
//! authorise their use.
//!
//! Source: UEFI Specification 2.10, sections 32.4.1 (`EFI_SIGNATURE_LIST`) and 8.2.2 (`EFI_VARIABLE_AUTHENTICATION_2`);
//! fwupd `libfwupdplugin/fu-efi-signature-list.c`.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::uefi::guid::guid_at;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "uefi-siglist",
    rank: Rank::Magic,
    magic: &[
        Magic::at(0, &SHA256),
        Magic::at(0, &X509),
        Magic::at(0, &RSA2048),
        Magic::at(0, &SHA1),
        Magic::at(0, &X509_SHA256),
        Magic::at(PKCS7_AT as i64, &PKCS7),
    ],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "UEFI signature list",
        identified_by: "the GUID of what it lists, and sizes that agree",
        reveals: "missing bytes, and sizes that contradict each other",
        blind_to: "damaged entries; the signature before them needs the owner's key",
        source: "UEFI Specification 2.10, sections 32.4.1 and 8.2.2",
        tested_with: "fwupdtool, own construction",
    },
};

/// `c1c41626-504c-4092-aca9-41f936934328`
const SHA256: [u8; 16] =
    [0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28];

/// `a5c059a1-94e4-4aa7-87b5-ab155c2bf072`
const X509: [u8; 16] =
    [0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72];

/// `3c5766e8-269c-4e34-aa14-ed776e85b3b6`
const RSA2048: [u8; 16] =
    [0xe8, 0x66, 0x57, 0x3c, 0x9c, 0x26, 0x34, 0x4e, 0xaa, 0x14, 0xed, 0x77, 0x6e, 0x85, 0xb3, 0xb6];

/// `826ca512-cf10-4ac9-b187-be01496631bd`
const SHA1: [u8; 16] =
    [0x12, 0xa5, 0x6c, 0x82, 0x10, 0xcf, 0xc9, 0x4a, 0xb1, 0x87, 0xbe, 0x01, 0x49, 0x66, 0x31, 0xbd];

/// `3bd2a492-96c0-4079-b420-fcf98ef103ed`
const X509_SHA256: [u8; 16] =
    [0x92, 0xa4, 0xd2, 0x3b, 0xc0, 0x96, 0x79, 0x40, 0xb4, 0x20, 0xfc, 0xf9, 0x8e, 0xf1, 0x03, 0xed];

/// `4aafd29d-68df-49ee-8aa9-347d375665a7`: the signature before the lists.
const PKCS7: [u8; 16] =
    [0x9d, 0xd2, 0xaf, 0x4a, 0xdf, 0x68, 0xee, 0x49, 0x8a, 0xa9, 0x34, 0x7d, 0x37, 0x56, 0x65, 0xa7];

/// Behind a time of 16 bytes and the head of a certificate of 8.
const PKCS7_AT: u64 = 24;

const LIST_HEADER: u64 = 28;

/// An owner stands before each hash or certificate.
const OWNER: u64 = 16;

const MAX_LISTS: u32 = 1024;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(window.len() >= LIST_HEADER + OWNER)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let mut at = 0;
    if window.has(PKCS7_AT, &PKCS7)? {
        let size = u64::from(window.le32(16)?.unwrap_or_default());
        reading.declared_size("the signature", window.start() + 16, size, window.len() - 16);
        reading.signature("The list");
        at = 16 + size;
    }
    reading.container(FORMAT.id, window);
    let index = reading.last_container();
    let (mut lists, mut entries, mut kinds) = (0, 0, Vec::new());
    while lists < MAX_LISTS && at + LIST_HEADER <= window.len() {
        let list = window.clamped(at, u64::MAX);
        let word = |offset| Ok::<_, ImageError>(u64::from(list.le32(offset)?.unwrap_or_default()));
        let (size, header, entry) = (word(16)?, word(20)?, word(24)?);
        let body = size.checked_sub(LIST_HEADER + header);
        let Some(body) = body.filter(|body| entry > OWNER && body % entry == 0) else {
            if lists > 0 && !is_known(list)? {
                break;
            }
            let what = format!("{size} bytes, entries of {entry}");
            reading.structure("sizes of a list", list.start() + 16, "a list of whole entries", what);
            at = window.len();
            break;
        };
        if lists > 0 && !is_known(list)? {
            break;
        }
        reading.structure("sizes of a list", list.start() + 16, size, LIST_HEADER + header + body);
        reading.declared_size("a list", list.start() + 16, size, list.len());
        kinds.push(guid_at(list, 0)?);
        entries += body / entry;
        lists += 1;
        at += size;
    }
    let end = at.min(window.len());
    let container = reading.container_at(index);
    container.size = end;
    container.fields.insert("lists".into(), lists.to_string());
    container.fields.insert("entries".into(), entries.to_string());
    kinds.dedup();
    kinds.truncate(8);
    container.fields.insert("kinds".into(), kinds.join(" "));
    reading.trailing(window, end)
}

fn is_known(list: Window<'_>) -> Result<bool, ImageError> {
    for kind in [SHA256, X509, RSA2048, SHA1, X509_SHA256] {
        if list.has(0, &kind)? {
            return Ok(true);
        }
    }
    Ok(false)
}
