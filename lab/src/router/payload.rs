//! The smallest firmware that boots: an arm64 "kernel" that prints its version on the PL011 and waits.
//!
//! R1n's NOR has room for one erase sector of 128 KiB, so Linux does not fit. The 64-byte header is that of
//! Linux's `Documentation/arm64/booting.rst`, section 4; U-Boot's `bootm` checks its magic.

use super::layout::noise;

/// Size of the payload; most of it is filler that the image's digest covers like code.
const SIZE: usize = 60 * 1024;
const HEADER_SIZE: usize = 64;

/// What the CPU runs, one instruction a word.
const CODE: [u32; 10] = [
    0xD2A1_2000, //        movz x0, #0x0900, lsl #16   the PL011
    0x1000_0121, //        adr  x1, text
    0x3840_1422, // next:  ldrb w2, [x1], #1
    0x3400_00A2, //        cbz  w2, done
    0xB940_1803, // full:  ldr  w3, [x0, #0x18]        its flag register
    0x372F_FFE3, //        tbnz w3, #5, full           bit 5: transmit FIFO full
    0xB900_0002, //        str  w2, [x0]
    0x17FF_FFFB, //        b    next
    0xD503_207F, // done:  wfi
    0x17FF_FFFF, //        b    done
];

/// A bootable payload that prints `text`.
pub(super) fn build(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(SIZE);
    bytes.extend(0x1400_0010_u32.to_le_bytes()); // b over the header
    bytes.extend([0; 4]);
    bytes.extend(0_u64.to_le_bytes()); // text_offset
    bytes.extend((SIZE as u64).to_le_bytes()); // image_size
    bytes.extend(0x2_u64.to_le_bytes()); // flags: little endian, 4 KiB pages
    bytes.extend([0; 24]);
    bytes.extend(b"ARM\x64");
    bytes.extend([0; 4]);
    debug_assert_eq!(bytes.len(), HEADER_SIZE);
    bytes.extend(CODE.iter().flat_map(|word| word.to_le_bytes()));
    bytes.extend(text.as_bytes());
    bytes.push(0);
    let filler = noise(text.len() as u64, SIZE.saturating_sub(bytes.len()));
    bytes.extend(filler);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_magic_stands_where_uboot_looks() {
        let payload = build("READY");
        assert_eq!(payload.len(), SIZE);
        assert_eq!(&payload[0x38..0x3C], b"ARM\x64");
        assert_eq!(&payload[HEADER_SIZE + CODE.len() * 4..][..6], b"READY\0");
    }
}
