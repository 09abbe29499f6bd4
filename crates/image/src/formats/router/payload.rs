//! What vendors put behind their headers without saying where it starts: a kernel, padding, and a root file system.

use crate::error::ImageError;
use crate::reading::Reading;
use crate::window::Window;

/// Magic number and size of the header of U-Boot images (U-Boot `include/image.h`).
const UIMAGE_MAGIC: [u8; 4] = [0x27, 0x05, 0x19, 0x56];
const UIMAGE_HEADER: u64 = 64;

/// Magic number of little-endian SquashFS.
const SQUASHFS_MAGIC: &[u8] = b"hsqs";

/// Places with that magic number that are looked at.
const MAX_CANDIDATES: u32 = 16;

/// Reads a kernel and the root file system behind it as parts of the container that was added last.
pub(super) fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some((kernel, rootfs)) = split(window)? else { return reading.part("contents", window).map(drop) };
    reading.part("kernel", kernel)?;
    reading.part("rootfs", rootfs)?;
    Ok(())
}

/// Reads a kernel and the root file system behind it that a cipher or a bit-mixing wrapper hid.
pub(super) fn read_hidden(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some((kernel, rootfs)) = split(window)? else {
        return reading.hidden_part("contents", window).map(drop);
    };
    reading.hidden_part("kernel", kernel)?;
    reading.hidden_part("rootfs", rootfs)?;
    Ok(())
}

/// Kernel and root file system, where both are found.
pub(super) fn split(window: Window<'_>) -> Result<Option<(Window<'_>, Window<'_>)>, ImageError> {
    let kernel_end = match window.has(0, &UIMAGE_MAGIC)? {
        true => window.be32(12)?.map(|size| UIMAGE_HEADER + u64::from(size)),
        false => None,
    };
    let from = kernel_end.filter(|end| *end <= window.len()).unwrap_or(4);
    let Some(rootfs) = find_squashfs(window, from)? else { return Ok(None) };
    let kernel = window.clamped(0, kernel_end.filter(|end| *end <= rootfs).unwrap_or(rootfs));
    Ok(Some((kernel, window.clamped(rootfs, u64::MAX))))
}

/// The first place at or after `from` where a SquashFS 4 starts (Linux `fs/squashfs/squashfs_fs.h`).
pub(super) fn find_squashfs(window: Window<'_>, from: u64) -> Result<Option<u64>, ImageError> {
    let mut at = from;
    for _ in 0..MAX_CANDIDATES {
        let Some(place) = window.find(SQUASHFS_MAGIC, at, u64::MAX)? else { return Ok(None) };
        let block_size = window.le32(place + 12)?.unwrap_or(0);
        if block_size.is_power_of_two()
            && (0x1000..=0x10_0000).contains(&block_size)
            && window.le16(place + 28)? == Some(4)
        {
            return Ok(Some(place));
        }
        at = place + 1;
    }
    Ok(None)
}
