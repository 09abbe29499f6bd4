//! Files into a gzipped tar archive, the same bytes for the same files.

use std::io::{self, Write};

use flate2::{Compression, GzBuilder};

/// Packs files under `debrick-<session>/`. All carry the same time, in seconds since 1970, and nobody's name.
pub(super) fn pack<'a>(
    session: &str,
    time_s: u64,
    files: impl Iterator<Item = (&'a str, &'a [u8])>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let compressed = GzBuilder::new().mtime(0).write(out, Compression::new(6));
    let mut archive = tar::Builder::new(compressed);
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(time_s);
        archive.append_data(&mut header, format!("debrick-{session}/{name}"), content)?;
    }
    archive.into_inner()?.finish()?.flush()
}
