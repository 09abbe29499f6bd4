//! Images of several makers as their packers lay them out, whole and damaged.

use super::clues::check_damages;

const LZMA: [u8; 14] = [0x5d, 0, 0, 0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];

/// Contents that start like LZMA and hold nothing that is known.
fn contents() -> Vec<u8> {
    let noise = (0..5000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 21) as u8);
    LZMA.into_iter().chain(noise).collect()
}

fn text(text: &str, size: usize, padding: u8) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    bytes.resize(size, padding);
    bytes
}

fn jamcrc(bytes: &[u8]) -> u32 {
    !crc32fast::hash(bytes)
}

#[test]
fn keenetic() {
    let mut image = contents();
    let crc = jamcrc(&image);
    let contents_size = image.len();
    image.extend(b"ZNBG\x11\x37\x80\0");
    image.extend(text("KN-3711", 48, 0));
    image.extend(crc.to_le_bytes());
    check_damages("keenetic-znbg", &image, &["0x803711"], &[100, contents_size - 1, contents_size + 2]);
}

#[test]
fn zyxel_ras() {
    let root = contents();
    let sum = |bytes: &[u8]| {
        let sum: u32 = bytes.iter().map(|byte| u32::from(*byte)).sum();
        let folded = (sum & 0xffff) + (sum >> 16);
        ((folded & 0xffff) + (folded >> 16)).to_be_bytes()
    };
    let mut image = sum(&root).to_vec();
    image.extend((root.len() as u32).to_be_bytes());
    image.extend(text("V1.00(AAUZ.99)C0", 32, 0xff));
    image.extend(sum(&root));
    image.extend(text("NBG6616", 64, 0xff));
    image.extend([0xff; 8]);
    image.resize(2048, 0xff);
    let own = sum(&image);
    image[40..44].copy_from_slice(&own);
    image.resize(0x1_0000, 0xff);
    image.extend(&root);
    check_damages("zyxel-ras", &image, &["NBG6616"], &[3, 6, 10, 43, 46, 90, 1500, 0x1_0100]);
}

#[test]
fn broadcom_whole_flash() {
    let mut image = contents();
    image[..4].copy_from_slice(b"UBI#");
    let crc = jamcrc(&image);
    for word in [crc, 0x5732, 0x6_3268, 3, 0] {
        image.extend(word.to_be_bytes());
    }
    let end = image.len();
    check_damages("broadcom-wfi", &image, &["63268"], &[100, 3000, end - 20]);
}

#[test]
fn billion() {
    let mut image = text("BiPAC-7404", 16, 0);
    image.extend([0; 4]);
    image.extend(contents());
    let crc = crc32fast::hash(&image);
    image[16..20].copy_from_slice(&crc.to_be_bytes());
    check_damages("billion-add-header", &image, &["BiPAC-7404"], &[3, 11, 17, 100, 3000]);
}

#[test]
fn brn() {
    let mut image = contents();
    let (size, crc) = (image.len() as u32, crc32fast::hash(&image));
    image.resize((image.len() + 12).next_multiple_of(1024) - 12, 0xff);
    for word in [size, 0x1234_5678, crc] {
        image.extend(word.to_le_bytes());
    }
    let footer = image.len() - 12;
    image.extend(b"BRNDTW502\0");
    check_damages("brn-brnboot", &image, &["BRNDTW502"], &[100, 3000, footer, footer + 5, footer + 8]);
}

#[test]
fn cable_modem() {
    let data = contents();
    let mut image = [0x21_00_u16, 0, 2, 3].into_iter().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
    for word in [0x6000_0000, data.len() as u32, 0x8001_0000] {
        image.extend(word.to_be_bytes());
    }
    image.extend(text("vxWorks.st", 64, 0));
    let sum = crc::Crc::<u16>::new(&crc::CRC_16_GENIBUS).checksum(&image);
    image.extend(sum.to_be_bytes());
    image.extend([0; 2]);
    image.extend(crc::Crc::<u32>::new(&crc::CRC_32_BZIP2).checksum(&data).to_be_bytes());
    image.extend(&data);
    check_damages("broadcom-hcs-program", &image, &["2100"], &[0, 9, 14, 22, 84, 90, 3000]);
}
