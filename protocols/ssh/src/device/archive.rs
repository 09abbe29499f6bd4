//! The archive that `sysupgrade -b` makes and `sysupgrade -r` takes: tar in gzip.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// The files of a system that are settings.
pub(super) fn pack(files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<Vec<u8>> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let is_setting = |name: &str| {
        let folders = ["/etc/config/", "/etc/dropbear/"];
        folders.iter().any(|folder| name.starts_with(folder))
            || ["/etc/passwd", "/etc/shadow"].contains(&name)
    };
    for (name, content) in files.iter().filter(|(name, _)| is_setting(name)) {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        builder.append_data(&mut header, name.trim_start_matches('/'), content.as_slice())?;
    }
    builder.into_inner()?.finish()
}

/// The files of an archive.
pub(super) fn unpack(archive: &[u8]) -> std::io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(GzDecoder::new(archive)).entries()? {
        let mut entry = entry?;
        let name = format!("/{}", entry.path()?.display());
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        files.insert(name, content);
    }
    Ok(files)
}
