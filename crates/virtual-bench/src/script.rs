//! The boot region: a U-Boot script in a legacy image.

use crate::layout::{BLOCK, FIRMWARE};

/// When every image here was made: 2024-01-01.
pub(crate) const MADE: u32 = 1_704_067_200;

/// Where the script reads the firmware to.
const LOAD: &str = "0x48000000";

/// The script image of a healthy unit.
pub(crate) fn boot_region() -> Vec<u8> {
    let script = format!(
        "echo ACME R1 boot loader stage 2\n\
         virtio read {LOAD} {:#x} {:#x}\n\
         setenv bootargs console=ttyAMA0 panic=5\n\
         bootm {LOAD}#conf-1 {LOAD}#conf-1 ${{fdtcontroladdr}}\n",
        FIRMWARE.offset / BLOCK,
        FIRMWARE.size / BLOCK,
    );
    script_image("ACME R1 boot", &script)
}

/// A legacy image that holds a script.
fn script_image(name: &str, script: &str) -> Vec<u8> {
    // A list of lengths that ends in zero, then the script.
    let mut body = (script.len() as u32).to_be_bytes().to_vec();
    body.extend([0; 4]);
    body.extend_from_slice(script.as_bytes());

    let mut header = vec![0x27, 0x05, 0x19, 0x56];
    header.extend([0; 4]);
    for number in [MADE, body.len() as u32, 0, 0, crc32fast::hash(&body)] {
        header.extend(number.to_be_bytes());
    }
    // Linux, 64-bit Arm, script, not compressed.
    header.extend([5, 22, 6, 0]);
    header.extend(name.bytes().take(32));
    header.resize(64, 0);
    let checksum = crc32fast::hash(&header);
    header[4..8].copy_from_slice(&checksum.to_be_bytes());
    header.extend(body);
    header
}
