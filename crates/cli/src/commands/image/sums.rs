//! Files of checksums that makers publish beside their firmware.

use std::path::Path;

use debrick_image::ListedSum;
use debrick_model::Digest;

use crate::failure::Failure;
use crate::input;

/// The longest file of checksums that is read, in bytes.
const LONGEST: u64 = 4 << 20;

/// What a file of SHA-256 sums says of a file with this name and digest.
///
/// # Errors
/// Where it says nothing of it: then it belongs to something else.
pub(crate) fn listed(sums: &Path, name: &str, sha256: Digest) -> Result<ListedSum, Failure> {
    let text = input::text(sums, LONGEST)?;
    ListedSum::find(&text, name, sha256).ok_or_else(|| {
        Failure::new(
            "sums-without-file",
            format!("{} lists neither {name} nor a file with its sum", sums.display()),
            "Fetch the sums and the firmware from the same place, and keep the firmware's name. Nothing was done.",
        )
    })
}
