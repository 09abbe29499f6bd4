//! Files that are no firmware: nothing may be claimed of them.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use std::io::Write;
use std::path::Path;

use support::{facts, has, make, noise};

#[track_caller]
fn is_of_no_format(name: &str, bytes: &[u8]) {
    let found = facts(bytes).format;
    assert_eq!(found, None, "{name} is of no format");
}

/// A picture's chunk: length, kind, contents and CRC-32.
fn png_chunk(kind: &[u8], contents: &[u8]) -> Vec<u8> {
    let body = [kind, contents].concat();
    let length = (contents.len() as u32).to_be_bytes();
    [&length[..], &body, &crc32fast::hash(&body).to_be_bytes()].concat()
}

fn png() -> Vec<u8> {
    let mut deflated = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    deflated.write_all(&noise(5000, 3)).unwrap();
    let header = png_chunk(b"IHDR", b"\0\0\0\x20\0\0\0\x20\x08\x02\0\0\0");
    let data = png_chunk(b"IDAT", &deflated.finish().unwrap());
    [b"\x89PNG\r\n\x1a\n".to_vec(), header, data, png_chunk(b"IEND", b"")].concat()
}

fn wav() -> Vec<u8> {
    let samples: Vec<u8> =
        (0..20_000_u32).flat_map(|at| (((at * at / 50) % 20_000) as i16 - 10_000).to_le_bytes()).collect();
    let size = (samples.len() as u32).to_le_bytes();
    let riff = (samples.len() as u32 + 36).to_le_bytes();
    let format = b"\x10\0\0\0\x01\0\x01\0\x44\xac\0\0\x88\x58\x01\0\x02\0\x10\0";
    [b"RIFF", &riff[..], b"WAVEfmt ", format, b"data", &size, &samples].concat()
}

fn jpeg() -> Vec<u8> {
    let head = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x48\0\x48\0\0\xff\xdb\0\x43\0";
    [head, noise(20_000, 5).as_slice(), b"\xff\xd9"].concat()
}

fn mp3() -> Vec<u8> {
    let frame = |seed| [b"\xff\xfb\x90\x64".to_vec(), noise(413, seed)].concat();
    let frames: Vec<u8> = (1..60).flat_map(frame).collect();
    [b"ID3\x03\0\0\0\0\0\x21TIT2\0\0\0\x17\0\0\0some song or other.....".to_vec(), frames].concat()
}

fn pdf() -> Vec<u8> {
    let head = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n";
    let stream = b"4 0 obj\n<< /Length 9000 >>\nstream\n";
    let end = b"\nendstream\nendobj\nxref\n0 5\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9100\n%%EOF\n";
    [&head[..], stream, &noise(9000, 4), end].concat()
}

fn sqlite() -> Vec<u8> {
    let mut pages = vec![0; 4096 * 3];
    pages[..24].copy_from_slice(b"SQLite format 3\0\x10\0\x01\x01\0\x40\x20\x20");
    pages[28..32].copy_from_slice(&3_u32.to_be_bytes());
    pages[100..108].copy_from_slice(b"\x0d\0\0\0\x01\x0f\x80\0");
    pages[4000..4060].copy_from_slice(b"CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)......");
    pages[8200..9000].copy_from_slice(&noise(800, 21));
    pages
}

#[test]
fn media_and_documents() {
    let files = [
        ("png", png()),
        ("wav", wav()),
        ("jpeg", jpeg()),
        ("mp3", mp3()),
        ("pdf", pdf()),
        ("sqlite", sqlite()),
        ("gif", [b"GIF89a\x20\0\x20\0\xf7\0\0".to_vec(), noise(3000, 8)].concat()),
        ("bmp", [b"BM\x36\x0c\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec(), noise(3000, 9)].concat()),
        ("ogg", [b"OggS\0\x02\0\0\0\0\0\0\0\0".to_vec(), noise(3000, 10)].concat()),
        ("mp4", [b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".to_vec(), noise(9000, 12)].concat()),
        ("class", [b"\xca\xfe\xba\xbe\0\0\0\x34\0\x1d".to_vec(), noise(900, 13)].concat()),
        (
            "pcap",
            [b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\xff\xff\0\0\x01\0\0\0".to_vec(), noise(900, 14)]
                .concat(),
        ),
    ];
    for (name, bytes) in files {
        is_of_no_format(name, &bytes);
    }
}

#[test]
fn text() {
    let prose = "It was a quiet day, and nobody had thought of the router for months. ".repeat(300);
    let html = format!(
        "<!DOCTYPE html>\n<html><head><title>Update</title></head><body><p>{prose}</p></body></html>"
    );
    let json = r#"{"name": "notes", "version": "1.2.3", "list": [1, 2, 3], "nested": {"a": null}}"#;
    let manifest = r#"{"image": "photo.png", "size": 1234, "description": "a picture", "data": "aGVsbG8="}"#;
    let files = [
        ("prose", prose.as_str()),
        ("html", &html),
        ("json", json),
        ("another json", manifest),
        ("xml", "<?xml version=\"1.0\"?>\n<notes><note id=\"1\">milk</note></notes>\n"),
        ("csv", "name,count,price\nmilk,1,1.20\nbread,2,3.40\n"),
        ("source code", include_str!("negatives.rs")),
        ("shell script", "#!/bin/sh\nset -e\nfor file in *.bin; do\n  sha256sum \"$file\"\ndone\n"),
        ("ini", "[section]\nkey=value\nboard=none\nversion=1\n"),
        ("assignments", "PATH=/usr/bin\nHOME=/root\nLANG=C\n"),
        (
            "hex dump",
            "00000000  27 05 19 56 aa bb cc dd  |'..V....|\n00000010  00 00 00 00 00 00 00 00  |........|\n",
        ),
        ("checksums", "d41d8cd98f00b204e9800998ecf8427e  empty.bin\n"),
        ("base64", "J05WVgAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAA\n"),
        ("one letter", "a"),
        ("digits", "0123456789012345678901234567890123456789\n"),
        ("colons", ":::::\n:abc\n:00\n"),
        ("empty", ""),
    ];
    for (name, text) in files {
        is_of_no_format(name, text.as_bytes());
    }
}

#[test]
fn padding_and_patterns() {
    for size in [1, 15, 16, 64, 511, 512, 4096, 65_536, 131_072, 1 << 20, 16_777_216] {
        for value in [0x00, 0xff, 0x55, 0xaa, 0x20, 0x90, 0xe5] {
            is_of_no_format(&format!("{size} bytes of {value:#04x}"), &vec![value; size]);
        }
    }
    let counting: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    is_of_no_format("counting bytes", &counting);
    let words: Vec<u8> = (0..20_000_u32).flat_map(u32::to_le_bytes).collect();
    is_of_no_format("counting words", &words);
    let words: Vec<u8> = (0..20_000_u32).flat_map(u32::to_be_bytes).collect();
    is_of_no_format("counting words, big-endian", &words);
}

#[test]
fn noise_of_many_lengths() {
    for seed in 1..400 {
        let len = (seed as usize * 7919) % 70_000;
        is_of_no_format(&format!("noise {seed} of {len} bytes"), &noise(len, seed * 2_654_435));
    }
    for seed in 1..6 {
        let len = 65_536 << seed;
        is_of_no_format(&format!("noise of {len} bytes"), &noise(len, seed));
    }
}

/// Magic numbers happen: a format must show more.
#[test]
fn planted_magic_numbers() {
    let magics: &[&[u8]] = &[
        b"hsqs",
        b"sqsh",
        b"\x27\x05\x19\x56",
        b"\x1f\x8b\x08\0\0\0\0\0",
        b"\x7fELF\x01\x01\x01",
        b"\xd0\x0d\xfe\xed",
        b"PK\x03\x04",
        b"HDR0",
        b"UBI#",
        b"_FVH",
        b"\x5d\0\0\x80\0",
        b"\xfd7zXZ\0",
        b"ANDROID!",
        b"\x55\xaa",
        b"MZ",
        b"CrAU",
        b"\x85\x19\x03\x20",
        b"BLOB",
        b"$FPT",
    ];
    for seed in 1..40_u32 {
        let mut bytes = noise(120_000, seed * 77_777);
        for (index, magic) in magics.iter().enumerate() {
            let at = 3000 + (seed as usize * 104_729 + index * 7_919) % 110_000;
            bytes[at..at + magic.len()].copy_from_slice(magic);
        }
        is_of_no_format(&format!("noise {seed} with magic numbers"), &bytes);
    }
}

/// Archives of documents, as the usual tools make them.
#[test]
fn archives_of_documents() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("notes.txt", "milk, bread, butter\n".repeat(400).as_bytes());
    write("picture.png", &png());
    write("[Content_Types].xml", b"<?xml version=\"1.0\"?><Types/>");
    write("mimetype", b"application/vnd.oasis.opendocument.text");
    let made: &[(&str, &[&str])] = &[
        ("tar", &["-cf", "documents.tar", "notes.txt", "picture.png"]),
        ("zip", &["-q", "-X", "documents.docx", "[Content_Types].xml", "notes.txt", "picture.png"]),
        ("zip", &["-q", "-0", "-X", "documents.odt", "mimetype", "notes.txt"]),
    ];
    for (tool, arguments) in made {
        if has(tool) {
            make(folder.path(), tool, arguments);
        }
    }
    let results = ["documents.tar", "documents.docx", "documents.odt"];
    for name in results {
        let path: &Path = &folder.path().join(name);
        if let Ok(bytes) = std::fs::read(path) {
            is_of_no_format(name, &bytes);
        }
    }
}
