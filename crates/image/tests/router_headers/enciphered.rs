//! Images that were enciphered or mixed with a fixed key, so that no byte of them looks like what it is.

use des::cipher::{Array, BlockCipherEncrypt, KeyInit};

use super::samples::{Case, Told, join, uimage};

/// As `mkhilinkfw.c` enciphers it: DES over all blocks of 8 bytes, then over those that start at offset 3.
fn hilink() -> Case {
    let cipher = des::Des::new_from_slice(b"H@L9K*(3").unwrap();
    let mut image = uimage();
    for start in [0, 3] {
        for block in image[start..].chunks_exact_mut(8) {
            let mut bytes = Array::try_from(&*block).unwrap();
            cipher.encrypt_block(&mut bytes);
            block.copy_from_slice(&bytes);
        }
    }
    let told = Told(Some("HiLink"), Some("HLK-RM04"), None, &[]);
    Case::new("hilink", 64, image).tells(told).covers(1000, "crc32 of the data")
}

/// What `nosimg-enc.c` subtracts from each of the first 512 bytes.
const NOS_KEY: &str = "eeddcc215355eeccdd55807e00000000 cdbddfaebb9b890170e5ccddf6fc8364 \
    ecddcef1e354fed0bdabdde1e4b4d583 edfed0cdb655cca3edd5c67eddcc2153 ec4ddc005355cdc32201807eefbc7566 \
    a6c0cc2ffed0eeccdd5501010101c564 9945ab3255807eef55807eefbc756689 e31d83ddfe558eab7d55807eff01ac66 \
    0ec992d973e50101bde510ce0101bae8 3edd81a1533301019ac510aa01ce8ae1 b1fb00805377000070dc00010000cbb1 \
    a030000055a60000cabd01010000c9b2 819001005a21000179bc010078007bb3 d49701005355a9fcdda501beafc175c5 \
    8ed7770055d00dac0155807eefbc7ee6 f16c5200331698cc0101010100007988";

/// With 256 zeros before the kernel, as OpenWrt's recipe for XikeStor's switches has it, and without.
fn nosimg() -> Vec<Case> {
    let digits: String = NOS_KEY.split_whitespace().collect();
    let key: Vec<u8> =
        (0..256).map(|at| u8::from_str_radix(&digits[at * 2..at * 2 + 2], 16).unwrap()).collect();
    let told = Told(Some("XikeStor/Seiko (NOS)"), None, None, &[]);
    let case = |zeros: usize, header: usize| {
        let mut image = join(&[&vec![0; zeros], &uimage()]);
        for (byte, key) in image[..512].iter_mut().zip(key.iter().cycle()) {
            *byte = byte.wrapping_sub(*key);
        }
        Case::new("nosimg-enc", header, image).tells(told).covers(zeros + 600, "crc32 of the data")
    };
    vec![case(256, 512), case(0, 64)]
}

/// The Pukall cipher of 1991 with a key of 128 bits, as `pc1crypt.c` has it.
fn pc1crypt() -> Case {
    let mut key = *b"Remsaalps!123456";
    let (mut si, mut x1a2) = (0_u16, 0_u16);
    let mut image = uimage();
    for byte in &mut image {
        let mut inter = 0;
        let mut word = 0_u16;
        for index in 0..8_u16 {
            let at = usize::from(index) * 2;
            word ^= u16::from_be_bytes([key[at], key[at + 1]]);
            let ax = word;
            let dx = x1a2.wrapping_add(index).wrapping_mul(0x4e35);
            let cx = ax.wrapping_mul(0x015a);
            let sum = cx.wrapping_add(si);
            si = cx;
            let dx = dx.wrapping_add(sum);
            word = ax.wrapping_mul(0x4e35).wrapping_add(1);
            x1a2 = dx;
            inter ^= word ^ dx;
        }
        let plain = *byte;
        *byte ^= (inter >> 8) as u8 ^ inter as u8;
        key.iter_mut().for_each(|key| *key ^= plain);
    }
    let told = Told(Some("Siemens/Astoria (PC1)"), None, None, &[]);
    Case::new("pc1crypt", 64, image).tells(told).covers(700, "crc32 of the data")
}

/// As `encode_crc.c` mixes it for the FSG-3.
fn freecom() -> Case {
    let plain = uimage();
    let mut crc = 0xffff_u16;
    for byte in &plain {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 != 0 { crc << 1 ^ 0x1021 } else { crc << 1 };
        }
    }
    let mut image = crc.to_be_bytes().to_vec();
    for byte in plain {
        image.push(byte ^ image[image.len() - 1]);
    }
    let told = Told(Some("Freecom"), None, None, &[]);
    Case::new("freecom-fsg", 66, image)
        .tells(told)
        .covers(1, "crc16 of the contents")
        .covers(900, "crc16 of the contents")
}

pub(crate) fn enciphered() -> Vec<Case> {
    let mut cases = nosimg();
    cases.extend([hilink(), pc1crypt(), freecom()]);
    cases
}
