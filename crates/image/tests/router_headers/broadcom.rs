//! Broadcom: the tag of the BCM63xx, and the headers of compressed kernels.

use super::samples::{Case, Told, be32, field, join, le32, lzma, put, raw_crc};
use super::support::noise;

/// What a tag says, and what follows it.
struct Tag {
    board: &'static str,
    root_first: bool,
}

const KERNEL_AT: usize = 0xbfc1_0100;

/// CRC-32 without the final complement.
fn sum(bytes: &[u8]) -> [u8; 4] {
    raw_crc(bytes, u32::MAX).to_be_bytes()
}

fn seal(image: &mut [u8]) {
    let crc = sum(&image[..236]);
    put(image, 236, &crc);
}

impl Tag {
    /// As `imagetag.c` writes it, with blocks of 4 KiB.
    fn build(&self) -> Vec<u8> {
        let lzma = lzma();
        let kernel = join(&[&be32(0x8001_0000), &be32(0x8001_0000), &be32(lzma.len()), &lzma]);
        let root = noise(3000, 41);
        let (image, root_at, kernel_at, root_size, kernel_size, total);
        if self.root_first {
            let mut bytes = root.clone();
            bytes.resize(4096, 0);
            (root_at, kernel_at) = (KERNEL_AT, KERNEL_AT + bytes.len());
            // The packer forgets the 12 bytes before the kernel.
            (root_size, kernel_size, total) = (bytes.len(), kernel.len(), bytes.len() + lzma.len());
            image = join(&[&bytes, &kernel]);
        } else {
            let mut bytes = kernel.clone();
            bytes.resize(kernel.len().next_multiple_of(4), 0);
            kernel_size = bytes.len();
            bytes.extend(&root);
            let end = (KERNEL_AT + bytes.len()).next_multiple_of(4096) - KERNEL_AT;
            bytes.resize(end, 0);
            bytes.extend(0xdead_c0de_u32.to_be_bytes());
            root_size = bytes.len() - kernel_size;
            (root_at, kernel_at, total) = (KERNEL_AT, KERNEL_AT, bytes.len());
            image = bytes;
        }
        let root_start = root_at - KERNEL_AT;
        let kernel_start = kernel_at - KERNEL_AT;
        let kernel_crc = sum(&image[kernel_start..kernel_start + kernel_size]);
        let is_pirelli = ["AGPF-S0", "DWV-S0"].contains(&self.board);
        let decimal = |number: usize, len: usize| field(&number.to_string(), len);
        let mut tag = join(&[
            &field("6", 4),
            &field("Broadcom Corporatio", 20),
            &field("ver. 2.0", 14),
            &field("6358", 6),
            &field(self.board, 16),
            b"1\0",
            &decimal(total, 10),
            &decimal(0, 12),
            &decimal(0, 10),
            &decimal(root_at, 12),
            &decimal(root_size, 10),
            &decimal(kernel_at, 12),
            &decimal(kernel_size, 10),
            &[0; 4 + 20 + 30 + 4],
            &sum(&image),
            &[0; 16],
            &if is_pirelli { kernel_crc } else { sum(&image) },
            &sum(&image[root_start..root_start + root_size]),
            &kernel_crc,
            &[0; 4],
            &be32(root_size),
            &[0; 4 + 16],
        ]);
        assert_eq!(tag.len(), 256);
        seal(&mut tag);
        join(&[&tag, &image])
    }
}

/// What `spw303v.c` makes of such an image.
fn t_com(mut image: Vec<u8>) -> Vec<u8> {
    const MORE: &str = "18212118 21212121 21212118 2124211b 18182424 18212121 21212121 1b181824 \
                        24212121 21212121 18212121 21212118 21212121 21212121 21182121 21212121";
    let more: Vec<u8> =
        MORE.split(' ').flat_map(|word| u32::from_str_radix(word, 16).unwrap().to_be_bytes()).collect();
    put(&mut image, 4, &field("AAAAAAAA Corporatio", 20));
    put(&mut image, 138, &[0; 74]);
    let crc = u32::from_be_bytes([image[216], image[217], image[218], image[219]]);
    put(&mut image, 216, &raw_crc(&more, crc).to_be_bytes());
    seal(&mut image);
    image
}

/// What `zyxbcm.c` makes of such an image.
fn zyxel(mut image: Vec<u8>) -> Vec<u8> {
    let number = |at: usize, len: usize| -> usize {
        let text = std::str::from_utf8(&image[at..at + len]).unwrap();
        text.trim_end_matches('\0').parse().unwrap()
    };
    let end = number(94, 12) + number(106, 10) + number(128, 10);
    let crc = image[196..200].to_vec();
    put(&mut image, 181, &[0; 19]);
    put(&mut image, 182, end.to_string().as_bytes());
    put(&mut image, 194, &crc);
    seal(&mut image);
    image
}

fn tags() -> Vec<Case> {
    let kernel_first = Tag { board: "96358VW", root_first: false }.build();
    let root_first = Tag { board: "96348GW-11", root_first: true }.build();
    let pirelli = Tag { board: "AGPF-S0", root_first: false }.build();
    let case = |image: &Vec<u8>| Case::new("broadcom-imagetag", 256, image.clone());
    let behind = kernel_first.len() - 600;
    vec![
        case(&kernel_first)
            .tells(Told(None, None, None, &["96358VW"]))
            .covers(50, "crc32 of the tag")
            .covers(300, "crc32 of the kernel")
            .covers(300, "crc32 of the image")
            .covers(behind, "crc32 of the image"),
        case(&root_first)
            .tells(Told(None, None, None, &["96348GW-11"]))
            .covers(300, "crc32 of the root filesystem")
            .covers(256 + 4096 + 300, "crc32 of the kernel")
            .covers(256 + 4096 + 300, "crc32 of the image"),
        case(&pirelli)
            .tells(Told(None, None, None, &["AGPF-S0"]))
            .covers(300, "crc32 of the image")
            .covers(300, "crc32 of the kernel")
            .covers(pirelli.len() - 600, "crc32 of kernel and root filesystem"),
        case(&t_com(kernel_first.clone()))
            .tells(Told(Some("T-Com"), None, None, &["96358VW"]))
            .covers(300, "crc32 of the image")
            .covers(behind, "crc32 of the image"),
        case(&zyxel(kernel_first))
            .tells(Told(Some("Zyxel"), None, None, &["96358VW"]))
            .covers(185, "crc32 of the tag")
            .covers(behind, "crc32 of the image"),
    ]
}

/// As `cfe-bin-header.py` and `bcm4908kernel.c` write them.
fn kernels() -> Vec<Case> {
    let lzma = lzma();
    let address = be32(0x8001_0000);
    let cfe = join(&[&address, &address, &be32(lzma.len()), &lzma]);
    let address = le32(0x0008_0000);
    let arm = join(&[&address, &address, &le32(lzma.len()), b"BRCM", &[0; 4], &lzma]);
    let told = Told(None, None, None, &[]);
    vec![
        Case::new("cfe-bin-header", 12, cfe).tells(told).unchecked().covers(9, "the kernel"),
        Case::new("bcm4908kernel", 20, arm).tells(told).unchecked().covers(10, "the kernel"),
    ]
}

pub(crate) fn broadcom() -> Vec<Case> {
    let mut cases = tags();
    cases.extend(kernels());
    cases
}
