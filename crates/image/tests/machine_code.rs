//! Code without a header: told by its first instructions or its vectors, and nothing else taken for it.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use debrick_model::Verdict;
use support::{covers, facts, flipped, noise, told};

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// What must hold for code: nothing is claimed of its integrity, its architecture is known, and each length can be read.
#[track_caller]
fn check(image: &[u8], format: &str, architecture: &str) {
    let found = facts(image);
    assert_eq!(found.format.as_deref(), Some(format));
    assert_eq!(found.architecture.as_deref(), Some(architecture));
    assert_eq!(found.integrity.verdict, Verdict::Unknown, "{:?}", found.integrity);
    for len in (0..600).chain([image.len() / 2, image.len() - 1]) {
        assert_ne!(facts(&image[..len.min(image.len())]).integrity.verdict, Verdict::Pass, "{len} bytes");
    }
}

/// The table of a Cortex-M (ARMv7-M Architecture Reference Manual, B1.5.3): the stack, 15 exceptions of which six are
/// reserved, and interrupts. Handlers have the Thumb bit.
fn cortex_m(flash: u32, stack: u32) -> Vec<u8> {
    let handler = |number: u32| flash + 0x200 + number * 8 + 1;
    let mut table = vec![stack];
    table.extend((1..=6).map(handler));
    table.extend([0, 0, 0, 0]);
    table.extend([handler(11), handler(12), 0, handler(14), handler(15)]);
    table.extend((16..80).map(handler));
    // `b .` in Thumb.
    [words(&table), [0xfe, 0xe7].repeat(100), noise(3000, 1)].concat()
}

#[test]
fn tables_of_cortex_m() {
    // STM32, nRF52 behind a soft device, LPC with its RAM at 0x1000_0000.
    for (flash, stack) in [(0x0800_0000, 0x2000_5000), (0x0002_6000, 0x2001_0000), (0, 0x1000_8000)] {
        let image = cortex_m(flash, stack);
        check(&image, "raw-arm-bin", "arm");
        for at in 0..64 {
            let found = facts(&flipped(&image, at)).format;
            assert_eq!(found.as_deref(), Some("raw-arm-bin"), "byte {at} with flash at {flash:#x}");
        }
    }
}

/// Eight vectors (ARM Architecture Reference Manual, A2.6): branches, or loads of the program counter from a list behind
/// them.
#[test]
fn vectors_of_older_arm() {
    let branch = |from: u32, to: u32| 0xea00_0000 | (to.wrapping_sub(from + 8) >> 2 & 0x00ff_ffff);
    let load = 0xe59f_f018;
    let branches: Vec<u32> = (0..8).map(|vector| branch(vector * 4, 0x400 + vector * 0x20)).collect();
    let mixed = [vec![branch(0, 0x40)], vec![load; 4], vec![0xe1a0_0000], vec![load; 2]].concat();
    for vectors in [branches, mixed] {
        let image = [words(&vectors), words(&[0x40; 8]), noise(3000, 2)].concat();
        check(&image, "raw-arm-bin", "arm");
        // With a name in it the same code is a bootloader.
        let named = [&image, &b"U-Boot 2023.01 (Jan 01 2023 - 00:00:00 +0000)\0"[..]].concat();
        assert_eq!(facts(&named).format.as_deref(), Some("u-boot-raw"));
    }
    // Six vectors are enough, five are not.
    let with = |jumps: usize| [words(&vec![load; jumps]), noise(3000, 3)].concat();
    assert_eq!(facts(&with(6)).format.as_deref(), Some("raw-arm-bin"));
    assert_eq!(facts(&with(5)).format, None);
}

/// `add rd, rs, zero` (The RISC-V Instruction Set Manual, volume I, chapter 2).
fn moved(to: u32, from: u32) -> u32 {
    from << 15 | to << 7 | 0x33
}

/// OpenSBI keeps a0, a1 and a2 in s0, s1 and s2 first (firmware/fw_base.S, `MOV_3R`).
fn opensbi() -> Vec<u8> {
    let mut image = words(&[moved(8, 10), moved(9, 11), moved(18, 12)]);
    image.extend(noise(3000, 4));
    image.extend(b"\nOpenSBI v1.3\n\0");
    image
}

#[test]
fn first_instructions_of_opensbi() {
    let image = opensbi();
    check(&image, "raw-riscv-bin", "riscv");
    for at in 0..12 {
        let found = facts(&flipped(&image, at)).format;
        assert_eq!(found.as_deref(), Some("raw-riscv-bin"), "byte {at}");
    }
    // Without its name all three have to be there.
    let unnamed = &image[..3000];
    assert_eq!(facts(unnamed).format.as_deref(), Some("raw-riscv-bin"));
    assert_eq!(facts(&flipped(unnamed, 1)).format, None);
}

/// Real ones: QEMU's firmware for RISC-V, and Debian's U-Boot for ARM with 32 and 64 bits.
#[test]
fn programs_of_debian() {
    for (path, format, architecture) in [
        ("/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin", "raw-riscv-bin", "riscv"),
        ("/usr/lib/u-boot/qemu_arm/u-boot.bin", "u-boot-raw", "arm"),
        ("/usr/lib/u-boot/qemu_arm64/u-boot.bin", "u-boot-raw", "arm64"),
    ] {
        let Ok(image) = std::fs::read(path) else {
            assert!(option_env!("CI").is_none(), "{path} is not there");
            continue;
        };
        let found = facts(&image);
        assert_eq!(found.format.as_deref(), Some(format));
        assert_eq!(found.architecture.as_deref(), Some(architecture));
        assert_eq!(found.integrity.verdict, Verdict::Unknown, "{:?}", found.integrity);
    }
}

#[test]
fn nothing_else_is_code_of_arm_or_riscv() {
    // MIPS: clear the status and cause registers, then addresses and a jump, in both byte orders.
    let mips = [0x4080_6000, 0x4080_6800, 0x3c08_bfc0, 0x2508_0100, 0x0100_0008, 0, 0x1000_ffff, 0];
    let big: Vec<u8> = mips.iter().flat_map(|word: &u32| word.to_be_bytes()).collect();
    // A boot sector of a PC: interrupts off, segments cleared, a far jump.
    let x86 = b"\xfa\x31\xc0\x8e\xd8\x8e\xc0\x8e\xd0\xbc\x00\x7c\xfb\xea\x1b\x7c\x00\x00\xb8\x00\x10\xcd\x13";
    let programs = [
        [&big[..], &noise(3000, 5)].concat(),
        [words(&mips), noise(3000, 6)].concat(),
        [&x86[..], &noise(3000, 7)].concat(),
        b"All work and no play makes a dull router.\n".repeat(100),
        vec![0; 4096],
        vec![0xff; 4096],
        // Branches of another condition are no vectors; a stack in flash is none.
        [words(&[0x0a00_0010; 8]), noise(3000, 8)].concat(),
        [words(&[0x0800_0201; 16]), vec![0; 3000]].concat(),
    ];
    for bytes in programs.into_iter().chain((100..160).map(|seed| noise(3000, seed))) {
        let found = facts(&bytes).format;
        assert!(
            !matches!(found.as_deref(), Some("raw-arm-bin" | "raw-riscv-bin" | "u-boot-raw")),
            "{found:?}"
        );
    }
}

/// As all releases of `bootcode.bin` start: zeros, then the same instructions, on the Raspberry Pi 4 behind two words.
fn bootcode(is_4: bool) -> Vec<u8> {
    let before = if is_4 { words(&[0x0100_b000, 0xc000_81f0]) } else { Vec::new() };
    let code = b"\xe0\x00\x00\x6d\x82\x18\x0d\x1f\x1d\xc0\x41\x07\x18\xe8\x00\xc0\x00\x80";
    let names = b"config.txt\0start.elf\0fixup.dat\0";
    [&[0; 512][..], &before, code, &noise(5000, 9), names, &noise(1000, 10)].concat()
}

#[test]
fn bootcode_of_the_raspberry_pi() {
    for is_4 in [false, true] {
        let image = bootcode(is_4);
        let found = facts(&image);
        assert_eq!(found.format.as_deref(), Some("raspberrypi-bootcode"));
        assert_eq!(found.vendor.as_deref(), Some("Raspberry Pi"));
        assert_eq!(found.integrity.verdict, Verdict::Unknown, "{:?}", found.integrity);
        assert_eq!(told(&found, "raspberrypi-bootcode", "code-offset"), if is_4 { "520" } else { "512" });
        for at in (0..512).step_by(31).chain(512..530) {
            let found = facts(&flipped(&image, at));
            assert_eq!(found.format.as_deref(), Some("raspberrypi-bootcode"), "byte {at}");
        }
        covers(&image, 100, "not zero");
        covers(&image, if is_4 { 525 } else { 515 }, "magic number");
        for len in (0..600).chain([image.len() / 2, image.len() - 1]) {
            assert_ne!(facts(&image[..len]).integrity.verdict, Verdict::Pass, "{len} bytes");
        }
        // Neither without the name of what it loads nor behind anything but zeros.
        assert_eq!(facts(&image[..5000]).format, None);
        let mut other = image.clone();
        other[..512].copy_from_slice(&noise(512, 11));
        assert_eq!(facts(&other).format, None);
    }
}

#[test]
fn fixup_of_the_raspberry_pi() {
    let mut image = vec![0x0f, 0x13];
    image.extend([0x03, 0x0f].repeat(19));
    image.extend(b"\x03\x01\x70\x01\x00");
    image.extend([0x03, 0x41, 0x15, 0x1f].repeat(500));
    image.extend(b"\x01\xbf\x5f\x03\x01\x9a\xcf\x01");
    let found = facts(&image);
    assert_eq!(found.format.as_deref(), Some("raspberrypi-fixup"));
    assert_eq!(found.vendor.as_deref(), Some("Raspberry Pi"));
    assert_eq!(found.integrity.verdict, Verdict::Unknown, "{:?}", found.integrity);
    let span = 15 + 19 + 19 * 18 + 3 + 0x170 + 500 * 0x78 + 0x35fbf + 0x1cf9a;
    assert_eq!(told(&found, "raspberrypi-fixup", "span"), span.to_string());
    for at in 0..32 {
        let found = facts(&flipped(&image, at));
        assert_eq!(found.format.as_deref(), Some("raspberrypi-fixup"), "byte {at}");
        assert_eq!(found.integrity.verdict, Verdict::Fail, "byte {at}");
    }
    for missing in 1..4 {
        let found = facts(&image[..image.len() - missing]);
        assert_eq!(found.integrity.verdict, Verdict::Fail, "without {missing} bytes");
    }
    for len in 0..image.len() - 4 {
        assert_ne!(facts(&image[..len]).integrity.verdict, Verdict::Pass, "{len} bytes");
    }
    // The same bytes elsewhere are something else.
    assert_eq!(facts(&[&[0x03][..], &image].concat()).format, None);
}
