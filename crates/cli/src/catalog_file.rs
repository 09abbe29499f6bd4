//! The catalog that `debrick devices update` has brought, in a file of the state folder: `catalog.installed`.
//!
//! It holds the signature beside what was signed, so that both are replaced at once, and is verified whenever it is read:
//! a key that is revoked since, or a byte that has changed, puts the program's own catalog back into use.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `DBRKINS` and a one, the version of this form |
//! | 8 | serial number of the catalog within the program that installed it |
//! | 4 | bytes of the signature |
//! | | the signature, then the packed catalog, to the end |
//!
//! All numbers are little-endian.

use std::path::Path;

use debrick_catalog::{Catalog, LONGEST_PACK};
use debrick_image::{LONGEST_SIGNATURE, TrustStore, signer};

use crate::failure::Failure;
use crate::{input, state_file, trust_file};

const NAME: &str = "catalog.installed";
const MAGIC: &[u8; 8] = b"DBRKINS\x01";

/// Bytes before the signature.
const FIXED: usize = 20;

/// What a key has to be trusted for by name, so that a catalog signed by it is used. Other keys are for firmware.
pub(crate) const PURPOSE: &str = "debrick-catalog";

/// A catalog that was installed.
pub(crate) struct Installed {
    pub(crate) catalog: Catalog,
    /// What the operator calls the key that signed it.
    pub(crate) signed_by: String,
    /// Serial number of the catalog within the program that installed it.
    over: u64,
}

impl Installed {
    /// Whether it is used in place of the program's own: it is newer, or the operator chose it over that very one.
    pub(crate) fn counts_over(&self, builtin: u64) -> bool {
        self.catalog.serial() > builtin || self.over == builtin
    }
}

/// The catalog that was installed, verified; `None` where none was. Only its beginning is decoded.
pub(crate) fn read(state_dir: &Path) -> Result<Option<Installed>, Failure> {
    let path = state_dir.join(NAME);
    if !path.exists() {
        return Ok(None);
    }
    let bytes = input::bytes(&path, (FIXED + LONGEST_SIGNATURE + LONGEST_PACK) as u64)?;
    let name = path.display().to_string();
    let damaged = || {
        Failure::new(
            "catalog-installed-damaged",
            format!("{name} is no catalog that this program installed"),
            "Install it again with `debrick devices update FILE`, or take it away with `debrick devices update --forget`.",
        )
    };
    let (over, signature, pack) = parts(&bytes).ok_or_else(damaged)?;
    let (catalog, signed_by) = verified(&name, pack, signature, &trust_file::read(state_dir)?)?;
    Ok(Some(Installed { catalog, signed_by, over }))
}

/// A catalog as its maker hands it out, if one of the trusted keys for catalogs signed it, and what the key is called.
/// Nothing of it is decoded before that is known.
pub(crate) fn verified(
    name: &str,
    pack: &[u8],
    signature: &[u8],
    trusted: &TrustStore,
) -> Result<(Catalog, String), Failure> {
    let key = signer(pack, signature, trusted, PURPOSE)?;
    Ok((Catalog::of_pack(name, pack.to_vec())?, key.name.clone()))
}

/// Puts a catalog in place as a whole, over the program's own with the serial number `over`.
pub(crate) fn write(state_dir: &Path, over: u64, signature: &[u8], pack: &[u8]) -> Result<(), Failure> {
    let len = u32::try_from(signature.len()).unwrap_or(u32::MAX);
    let content = [MAGIC, over.to_le_bytes().as_slice(), &len.to_le_bytes(), signature, pack].concat();
    state_file::replace(state_dir, NAME, &content)
        .map_err(|error| Failure::file("writing", &state_dir.join(NAME), &error))
}

/// Takes the installed catalog away. Returns whether there was one.
pub(crate) fn remove(state_dir: &Path) -> Result<bool, Failure> {
    let path = state_dir.join(NAME);
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::file("removing", &path, &error)),
    }
}

/// Serial number, signature and packed catalog.
fn parts(bytes: &[u8]) -> Option<(u64, &[u8], &[u8])> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (over, rest) = rest.split_first_chunk::<8>()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let len = u32::from_le_bytes(*len) as usize;
    (len <= rest.len()).then(|| (u64::from_le_bytes(*over), &rest[..len], &rest[len..]))
}
