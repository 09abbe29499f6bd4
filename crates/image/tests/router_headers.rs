//! Headers of router vendors, each around a small image that the test builds: recognised whatever bit of the header is
//! damaged, and damage of the contents shown where the format has a check for it.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use debrick_model::Verdict;
use md5::Digest as _;
use support::{facts, failures, noise};

/// A format's image, and what can be said of it.
struct Case {
    id: &'static str,
    image: Vec<u8>,
    /// Bytes at the start of which any bit may be damaged.
    header: usize,
}

impl Case {
    fn new(id: &'static str, header: usize, image: Vec<u8>) -> Self {
        Self { id, image, header }
    }
}

fn join(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.concat()
}

/// A text filled up with zeros.
fn field(text: &str, len: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(len, 0);
    bytes
}

fn be32(word: usize) -> [u8; 4] {
    (word as u32).to_be_bytes()
}

fn le32(word: usize) -> [u8; 4] {
    (word as u32).to_le_bytes()
}

fn crc(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// Reflected CRC-32 from a start, without a complement.
fn raw_crc(bytes: &[u8], start: u32) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(!start);
    hasher.update(bytes);
    !hasher.finalize()
}

fn byte_sum(bytes: &[u8]) -> u32 {
    bytes.iter().map(|byte| u32::from(*byte)).sum()
}

/// POSIX `cksum`.
fn cksum(bytes: &[u8]) -> u32 {
    let crc = crc::Crc::<u32>::new(&crc::CRC_32_CKSUM);
    let mut digest = crc.digest();
    digest.update(bytes);
    let mut length = bytes.len();
    while length > 0 {
        digest.update(&[length as u8]);
        length >>= 8;
    }
    digest.finalize()
}

fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
    image[at..at + bytes.len()].copy_from_slice(bytes);
}

fn xored(bytes: &[u8], key: &[u8]) -> Vec<u8> {
    bytes.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()
}

/// A uImage, as most of these headers wrap one.
fn uimage() -> Vec<u8> {
    let data = noise(1500, 7);
    let mut header = join(&[
        &[0x27, 0x05, 0x19, 0x56, 0, 0, 0, 0],
        &be32(0x6553_f100),
        &be32(data.len()),
        &be32(0x8006_0000),
        &be32(0x8006_0000),
        &crc(&data).to_be_bytes(),
        &[5, 5, 2, 3],
        &field("MIPS OpenWrt Linux-5.15.150", 32),
    ]);
    let sum = crc(&header);
    put(&mut header, 4, &sum.to_be_bytes());
    join(&[&header, &data])
}

/// A TRX image with one part.
fn trx() -> Vec<u8> {
    let mut image =
        join(&[b"HDR0", &le32(28 + 1600), &[0; 4], &le32(0x1_0000), &le32(28), &[0; 8], &noise(1600, 9)]);
    let sum = raw_crc(&image[12..], u32::MAX);
    put(&mut image, 8, &sum.to_le_bytes());
    image
}

fn cameo() -> Vec<Case> {
    let body = uimage();
    let sum = byte_sum(&body).to_be_bytes();
    let size = be32(body.len());
    let dap = join(&[
        &sum,
        &field("RT3052", 20),
        &field("RT3052-AP-DAP1350-3", 30),
        &[0, 64, 0, 0, 0, 0],
        &size,
        &body,
    ]);
    let dap2 = join(&[
        &[0x48, 0, 0, 0],
        &sum,
        &size,
        &be32(0xe0000),
        &field("HONEYBEE-FIRMWARE-DAP-1330", 32),
        &field("OpenWrt-r23809", 16),
        &field("Default", 8),
        &body,
    ]);
    let cameo = join(&[
        &sum,
        &size,
        &be32(1000),
        &field("DIR-615", 20),
        &field("RT3052-AP-DIR615-03", 30),
        &field("DEF", 4),
        &field("1.0", 12),
        &[84, 0, 0, 0, 0, 0],
        &body,
    ]);
    let part = |kind: &str, number: u8, load: &str| {
        join(&[
            &sum,
            &field("DGS-1210-16", 20),
            &field(kind, 16),
            &[number, 0x40, 0, 2],
            &be32(32),
            &size,
            &field(load, 12),
            &body,
        ])
    };
    let switch = join(&[&part("os", 2, "0x80000000"), &part("squashfs", 3, "")]);
    vec![
        Case::new("dlink-dap", 64, dap),
        Case::new("dlink-dap2", 72, dap2),
        Case::new("cameo", 84, cameo),
        Case::new("cameo-imghdr", 64, switch),
    ]
}

fn jboot_sum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes.chunks(2).map(|pair| u32::from(u16::from_le_bytes([pair[0], pair[1]]))).sum();
    while sum >> 16 > 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

fn jboot() -> Case {
    let (kernel, root) = (noise(1000, 3), noise(800, 4));
    let mut sch2 = join(&[
        &[0x24, 0x21, 3, 2],
        &le32(0x8000_0000),
        &le32(kernel.len()),
        &crc(&kernel).to_le_bytes(),
        &le32(0x8000_0000),
        &le32(0x1_0000 + 56 + kernel.len()),
        &le32(root.len()),
        &crc(&root).to_le_bytes(),
        &[0; 4],
        &[0x28, 0, 0, 0],
    ]);
    let sum = crc(&sch2);
    put(&mut sch2, 32, &sum.to_le_bytes());
    let tagged = join(&[&sch2, &kernel]);
    let mut tag = join(&[
        &[4, 4, 0x24, 0x2b],
        &le32(0x0c14_a080),
        &le32(tagged.len()),
        &jboot_sum(&tagged).to_le_bytes(),
    ]);
    tag.extend((!jboot_sum(&tag)).to_le_bytes());
    let data = join(&[&tag, &tagged, &root]);
    let mut header = join(&[
        b"DLK6E3803001\0\0",
        &jboot_sum(&data).to_le_bytes(),
        &[0; 10],
        &[1, 0],
        &le32(0x0c14_a080),
        &le32(0x1_0000),
        &le32(0x7f_0000),
        &le32(0x1_0000),
        &le32(data.len()),
        &[0; 16],
        b"BH\x02\0\0\0\x04\x04\0\0\0\0\x38\x6e",
    ]);
    header.extend((!jboot_sum(&header)).to_le_bytes());
    Case::new("dlink-jboot", 136, join(&[&header, &data]))
}

fn buffalo() -> Vec<Case> {
    let body = uimage();
    let mut tag = join(&[
        &field("WZR-HP-AG300H", 32),
        &field("WZR-HP-AG300H", 32),
        &field("1.99", 8),
        &field("1.01", 8),
        b"M_\xff\xff\xff\xff\0\0",
        b"mlang8\0\0",
        &field("ath", 8),
        b"hwv\x003\0\0\0",
        &[0; 24],
        &be32(160 + body.len()),
        &[0; 4],
        &be32(0x8004_1000),
        &be32(0x801e_8000),
        &be32(body.len()),
        &[1, 0, 0, 0],
        &body,
    ]);
    let sum = cksum(&tag);
    put(&mut tag, 140, &sum.to_be_bytes());
    let mut dhp = join(&[b"bgn\0\0\0\0\0\0\0\0\xb1", &be32(20 + body.len()), &[0; 4], &body]);
    let sum = cksum(&dhp);
    put(&mut dhp, 16, &sum.to_be_bytes());
    let line = format!("WZR-900DHP_9.99_9.99_EU_bcm\nfilelen={}\n", trx().len());
    let wzr = join(&[line.as_bytes(), &trx()]);
    let text =
        "device:WXR-1750DHP\nversion:9.99_9.99\nregion:JP\nRootfsSize:1\nKernelSize:2\nInfoHeadSize:128\n";
    let mut img = join(&[&field(text, 126), &[0x12, 0x32], &body]);
    img.push(!(byte_sum(&img) as u8));
    let tftp = join(&[&field("# Airstation Public Fmt1", 32), &body]);
    let table = "XYZ0123hijklmnopqABCDEFGHrstuvabcdefgwxyzIJKLMSTUVW456789NOPQR";
    let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let mut hidden = body.clone();
    for byte in &mut hidden[..512] {
        *byte = plain.bytes().position(|there| there == *byte).map_or(*byte, |at| table.as_bytes()[at]);
    }
    vec![
        Case::new("buffalo-tag", 160, tag),
        Case::new("buffalo-dhp", 20, dhp),
        Case::new("buffalo-wzr-header", 40, wzr),
        Case::new("buffalo-img", 128, img),
        Case::new("buffalo-enc", 30, buffalo_enc(&body)),
        Case::new("buffalo-tftp", 32, tftp),
        Case::new("buffalo-tftp", 64, hidden),
    ]
}

/// The cipher of Buffalo: RC4 with a byte and a word as its key.
fn rc4(first: u8, bytes: &[u8]) -> Vec<u8> {
    let key = join(&[&[first], b"Buffalo"]);
    let mut state: Vec<u8> = (0..=255).collect();
    let mut k = 0_u8;
    for i in 0..256 {
        k = k.wrapping_add(key[i % key.len()]).wrapping_add(state[i]);
        state.swap(i, k.into());
    }
    let (mut i, mut j) = (0_u8, 0_u8);
    let mut next = |byte: &u8| {
        i = i.wrapping_add(1);
        j = j.wrapping_add(state[usize::from(i)]);
        state.swap(i.into(), j.into());
        byte ^ state[usize::from(state[usize::from(i)].wrapping_add(state[usize::from(j)]))]
    };
    bytes.iter().map(&mut next).collect()
}

fn buffalo_enc(body: &[u8]) -> Vec<u8> {
    let product = rc4(b'O', b"WZR-HP-AG300H\0");
    let version = rc4(product[0], b"1.99\0");
    let mut sum = body.len() as u32;
    for byte in body {
        sum ^= i32::from(*byte as i8) as u32;
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    let mut image = join(&[
        b"start\0O",
        &be32(product.len()),
        &product,
        &be32(version.len()),
        &version,
        &be32(body.len()),
        &rc4(version[0], body),
        &sum.to_be_bytes(),
    ]);
    image.resize(image.len() + 4 - image.len() % 4, 0);
    image
}

fn negated_sum(bytes: &[u8]) -> u16 {
    bytes.chunks(2).fold(0_u16, |sum, pair| sum.wrapping_sub(u16::from_le_bytes([pair[0], pair[1]])))
}

fn edimax() -> Vec<Case> {
    let body = uimage();
    let csys = join(&[
        b"CSYS",
        &le32(0x0110_0000),
        &le32(0x7_0000),
        b"RN68",
        &le32(body.len() + 2),
        &body,
        &negated_sum(&body).to_le_bytes(),
    ]);
    let mut code = body.clone();
    code.resize(0x1000 - 14, 0xff);
    let adm =
        join(&[b"CSYS", &le32(0x8050_0000), &le32(code.len()), &code, &negated_sum(&code).to_le_bytes()]);
    let edips = join(&[b"PS16", &le32(trx().len()), &le32(0x8050_0000), &trx()]);
    let mut header = join(&[
        &field("eDiMaX", 16),
        &field("F9K1115V2", 32),
        &[0, 0, byte_sum(&body) as u8 ^ 0xb9],
        &be32(body.len()),
        &[0; 8],
        &field("OpenWrtr23809", 14),
        &[0],
        &field("uImage", 16),
    ]);
    header[49] = byte_sum(&header) as u8 ^ 0xb9;
    vec![
        Case::new("edimax-csys", 20, csys),
        Case::new("adm5120-csys", 12, adm),
        Case::new("edimax-edips", 12, edips),
        Case::new("edimax-header", 94, join(&[&header, &body])),
    ]
}

fn belkin_and_elecom() -> Vec<Case> {
    let body = uimage();
    let mut switch = join(&[
        &be32(0x0780_0001),
        &[0; 4],
        &be32(0x6553_f100),
        &be32(body.len()),
        b"belkin\0\0",
        &raw_crc(&body, 0).to_be_bytes(),
        &[1, 1, 2, 2],
        &field("IMG-1.01.02.02", 15),
        &[0x0c, 0x55, 0xd0, 0x1d, 0x79, 0x62, 0x44, 0xeb, 0xb0, 0x00],
    ]);
    switch.resize(64, 0);
    let sum = raw_crc(&switch, 0);
    put(&mut switch, 4, &sum.to_be_bytes());
    let twice = join(&[&crc(&body).to_be_bytes(), &be32(body.len())]);
    let router = join(&[b"RT18", &[1, 25, 3, 14, 1, 9, 9, 9], &twice, &twice, &[0x5c, 0x78, 0, 0], &body]);
    let mstc = join(&[
        b"CMOC",
        &le32(body.len()),
        &crc(&body).to_le_bytes(),
        &field("ARM64 OpenWrt Linux-5.15.150", 64),
        &field("4.04(XZF.0)b90", 64 + 0x400 - 0x8c),
        &body,
    ]);
    let elecom = join(&[b"ELECOM\0\0", &field("WRC-X3000GS2", 32), &field("0.00", 16), &mstc]);
    let elx = join(&[
        &[0, 0, 0, 0, 0, 0, 0, 3],
        &[0; 34],
        &[1, 4, 0, 0x16],
        &[0; 16],
        &be32(body.len()),
        &[0; 4],
        &md5::Md5::digest(&body),
        &[0; 42],
        &xored(&body, &[0x88, 0x44, 0xa2, 0xd1, 0x68, 0xb4, 0x5a, 0x2d]),
    ]);
    vec![
        Case::new("belkin-header", 64, join(&[&switch, &body])),
        Case::new("belkin-header", 32, router),
        Case::new("elecom-product", 56, elecom),
        Case::new("elx-header", 128, elx),
    ]
}

fn dlink() -> Vec<Case> {
    let body = uimage();
    let mut dns = join(&[
        &[0x27, 0x05, 0x19, 0x56, 0, 0, 0, 0],
        &be32(0x4c06_738c),
        &be32(body.len()),
        &be32(0x8000),
        &be32(0x8000),
        &crc(&body).to_be_bytes(),
        &[5, 2, 2, 1],
        &field("kernel.img", 32),
        &field("dns-313v3", 16),
        &field("2.01b04", 16),
        &[0, 0x80, 0xc8, 0x16, 0x81, 0x68, 0, 0],
    ]);
    let sum = crc(&dns);
    put(&mut dns, 4, &sum.to_be_bytes());
    let mut umedia = body.clone();
    put(&mut umedia, 51, b"\0UR_F\0\x02\x69\x20\x46\x01\0\0");
    put(&mut umedia, 4, &[0; 4]);
    let sum = crc(&umedia[..64]);
    put(&mut umedia, 4, &sum.to_be_bytes());
    vec![Case::new("dlink-dns313", 104, join(&[&dns, &body])), Case::new("umedia-uimage", 64, umedia)]
}

fn nec_and_iptime() -> Vec<Case> {
    let body = uimage();
    let block = |flags: u32, load: usize, data: &[u8]| {
        let mut header = join(&[
            &(flags << 16 | !flags & 0xffff).to_be_bytes(),
            &be32(24 + data.len()),
            &be32(24),
            &[0; 4],
            &be32(load),
            &be32(load),
        ]);
        let half = |pair: &[u8]| u32::from(u16::from_le_bytes([pair[0], pair[1]]));
        let sum: u32 = header[4..].chunks(2).chain(data.chunks(2)).map(half).sum();
        put(&mut header, 12, &(0xffff ^ (sum % 0xffff)).to_le_bytes());
        let padding = vec![0; data.len().next_multiple_of(4) - data.len()];
        join(&[&header, data, &padding])
    };
    let usb = join(&[
        b"USB ATERMWL3050\0",
        &[0xff; 16],
        &block(0, 0, b"VERSION: 9.99.99\nOEM1 VERSION: 9.9.99\n"),
        &block(2, 0x8004_0000, &body),
        &block(1, 0, b""),
        b"\xffBinary TypeWG2600HP File END \r\n",
    ]);
    let counter: Vec<u8> = (0..body.len()).map(|at| (1 + at % 251) as u8).collect();
    let nec = xored(&xored(&body, &counter), b"ryztfyutcrqqo69d");
    let mut router =
        join(&[&field("ax2004m", 8), &field("00_000", 8), &[0; 32], &le32(body.len()), &[0; 4], &body]);
    let sum = !crc(&router);
    put(&mut router, 52, &sum.to_le_bytes());
    let sum = byte_sum(&body);
    let sum = (4_u32.wrapping_mul(0x1928_3745).wrapping_add(!sum) ^ sum).to_le_bytes();
    let mut drive = join(&[
        &field("nas1", 32),
        &field("0.0.00", 32),
        &field("Tue Nov 14 22:13:20 2023\n", 32),
        &le32(body.len()),
        &sum,
        &le32(0x4_0000),
        &le32(0x5_0000),
        &le32(0x5_0000),
        &sum,
        &field("EFM_NAS_PKG", 16),
    ]);
    drive.resize(0x400, 0);
    vec![
        Case::new("nec-usb-aterm", 56, usb),
        Case::new("nec-enc", 64, nec),
        Case::new("iptime-crc32", 56, router),
        Case::new("iptime-naspkg", 136, join(&[&drive, &body])),
    ]
}

fn small_makers() -> Vec<Case> {
    let body = uimage();
    let half = |pair: &[u8]| i32::from(u16::from_le_bytes([pair[0], pair[1]]));
    let sum: i32 = body.chunks(2).map(half).sum();
    let sum = sum + (sum >> 16) + 0xffff;
    let sum = (!(sum + (sum >> 16)) as u16).to_le_bytes();
    let key = [0x39, 0x1c, 0x4a, 0x93, 0x96, 0x95, 0xc3, 0x63, 0xd0, 0xa3, 0x9c, 0x92, 0x2e, 0x16, 0xc6];
    let poray = join(&[
        &le32(0x3032_3033),
        &le32(body.len()),
        &le32(0x020e_0000),
        &[0; 16],
        &xored(&join(&[&body, &sum]), &key),
    ]);
    let mut jcg = join(&[b"YSZJ", &[0; 32], &be32(1), &[0; 64], &be32(0x6553_f100), &[0, 89, 0, 1]]);
    jcg.resize(504, 0);
    jcg.extend(crc(&body).to_be_bytes());
    let sum = crc(&join(&[&jcg, &[0; 4]]));
    jcg.extend(sum.to_be_bytes());
    let moto = join(&[&be32(0x1057_7050), &trx()]);
    let moto = join(&[&raw_crc(&moto, u32::MAX).to_be_bytes(), &moto]);
    let usr = join(&[
        b"USR0",
        &le32(trx().len()),
        &raw_crc(&trx(), u32::MAX).to_le_bytes(),
        &le32(0x0623_5d03),
        &[1, 0, 1, 0],
        &[0; 8],
        &trx(),
    ]);
    let mut mylo = join(&[
        &[0, b'M', b'Y', b'L', 0, 0, 0, 0],
        &[0; 8],
        &[0xf6, 0x11, 0x90, 0x06, 0xf6, 0x11, 0x90, 0x06],
        &le32(3),
        &[0; 12],
        &le32(1),
        &le32(0x3_0000),
        &le32(body.len()),
        &le32(0x66_0000),
        &[0; 16],
        &body,
    ]);
    let sum = crc(&mylo);
    put(&mut mylo, 4, &sum.to_le_bytes());
    let words = |bytes: &[u8]| {
        bytes
            .chunks_exact(4)
            .fold(0, |sum, word| sum ^ u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
    };
    let camera = join(&[
        &le32(1),
        &le32(32),
        &le32(body.len()),
        &le32(0x0100_0000),
        &words(&body).to_le_bytes(),
        &le32(0x5241_aa55),
        &le32(0x524f_4741),
        &le32(0xd3f2_2d4e),
        &body,
    ]);
    let mut geos = join(&[b"GEOS", &field("WILI-S.WBD222.v5.00.SL3512.OpenWrt.00000.000000.000000", 256)]);
    geos.extend(join(&[&crc(&geos).to_be_bytes(), &[0; 4]]));
    let part = join(&[
        b"PART",
        &field("Kernel", 28),
        &[0; 8],
        &be32(0x3002_0000),
        &[0; 4],
        &be32(body.len()),
        &be32(0x10_0000),
        &body,
    ]);
    geos.extend(join(&[&part, &crc(&part).to_be_bytes(), &[0; 4]]));
    geos.extend(join(&[b"END.", &crc(&geos).to_be_bytes(), &[0; 4]]));
    vec![
        Case::new("poray", 28, poray),
        Case::new("xor-image", 64, xored(&body, b"12345678")),
        Case::new("jcg", 112, jcg.into_iter().chain(body.clone()).collect()),
        Case::new("motorola-bin", 8, moto),
        Case::new("usrobotics", 28, usr),
        Case::new("compex-mylo", 56, mylo),
        Case::new("cellvision-cas", 32, camera),
        Case::new("wiligear-geos", 272, geos),
    ]
}

fn cases() -> Vec<Case> {
    let mut cases = cameo();
    cases.push(jboot());
    cases.extend(buffalo());
    cases.extend(edimax());
    cases.extend(belkin_and_elecom());
    cases.extend(dlink());
    cases.extend(nec_and_iptime());
    cases.extend(small_makers());
    cases
}

fn format(bytes: &[u8]) -> Option<String> {
    facts(bytes).format
}

#[test]
fn intact_images_are_recognised_and_pass() {
    for case in cases() {
        let found = facts(&case.image);
        assert_eq!(found.format.as_deref(), Some(case.id), "{:?}", found.containers);
        assert_eq!(failures(&case.image), [""; 0], "{}", case.id);
        assert_eq!(found.warnings, [""; 0], "{}", case.id);
        assert_eq!(found.integrity.verdict, Verdict::Pass, "{}", case.id);
    }
}

#[test]
fn one_damaged_bit_of_the_header_hides_nothing() {
    let mut hidden = Vec::new();
    for case in cases() {
        for at in 0..case.header {
            let bit = at * 5 % 8;
            let mut damaged = case.image.clone();
            damaged[at] ^= 1 << bit;
            let found = format(&damaged);
            if found.as_deref() != Some(case.id) {
                hidden.push(format!("{}: byte {at} bit {bit}: {found:?}", case.id));
            }
        }
    }
    assert_eq!(hidden, [""; 0]);
}

#[test]
fn damage_behind_the_header_shows() {
    for case in cases() {
        let mut damaged = case.image.clone();
        damaged[case.image.len() * 5 / 8] ^= 0x20;
        assert_eq!(format(&damaged).as_deref(), Some(case.id));
        assert!(!failures(&damaged).is_empty(), "{}", case.id);
        let cut = &case.image[..case.image.len() * 6 / 10];
        assert_eq!(format(cut).as_deref(), Some(case.id));
        assert!(!failures(cut).is_empty(), "{} cut off", case.id);
        let longer = join(&[&case.image, &noise(1337, 5)]);
        let found = facts(&longer);
        assert_eq!(found.format.as_deref(), Some(case.id));
        let told = !found.warnings.is_empty() || found.integrity.verdict == Verdict::Fail;
        assert!(told, "{} with bytes behind it", case.id);
    }
}

#[test]
fn no_length_of_the_header_is_too_short() {
    for case in cases() {
        (0..=case.header).for_each(|len| drop(facts(&case.image[..len])));
    }
}

#[test]
fn nothing_else_is_taken_for_one_of_these() {
    let ours: Vec<&str> = cases().iter().map(|case| case.id).collect();
    let others = [
        vec![0; 5000],
        vec![0xff; 5000],
        b"The quick brown fox jumps over the lazy dog.\n".repeat(100),
        uimage(),
        trx(),
    ];
    for bytes in others.into_iter().chain((1..40).map(|seed| noise(3000, seed))) {
        let found = format(&bytes);
        assert!(!found.as_deref().is_some_and(|id| ours.contains(&id)), "{found:?}");
    }
}
