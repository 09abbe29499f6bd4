//! Files of the state folder that are replaced as a whole.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Puts a file in place: whatever happens, either the old one or the new one is there.
pub(crate) fn replace(dir: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    DirBuilder::new().mode(0o700).recursive(true).create(dir)?;
    let temporary = dir.join(format!("{name}.{}", std::process::id()));
    let put = || {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&temporary, dir.join(name))
    };
    let done = put();
    if done.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    done?;
    File::open(dir)?.sync_all()
}
