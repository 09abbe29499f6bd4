use super::*;

/// Property, value, witness and line of everything that is observed.
fn check(log: &[u8], expected: &[(Property, &str, &str, u64)]) {
    let seen = observe("log", log, &["READY ACME R1 ".to_owned()]);
    let seen: Vec<_> = seen
        .iter()
        .map(|sighting| {
            let Observation { property, value, witness, .. } = &sighting.observation;
            (*property, value.as_str(), witness.as_str(), sighting.line.unwrap_or_default())
        })
        .collect();
    assert_eq!(seen, expected, "{}", String::from_utf8_lossy(log));
}

#[test]
fn the_kernel_names_its_board() {
    for line in [
        "[    0.000000] Machine model: Acme R1 v2\n",
        "[    0.000000] OF: fdt: Machine model: Acme R1 v2\r\n",
        "[    0.000000] MIPS: machine is Acme R1 v2\n",
        "\u{1b}[32m[    7.1] Hardware name: Acme R1 v2 (DT)\u{1b}[0m",
        "machine\t\t\t: Acme R1 v2",
    ] {
        check(format!("first\n{line}").as_bytes(), &[(Property::Model, "Acme R1 v2", "firmware", 2)]);
    }
}

#[test]
fn what_is_said_twice_is_seen_once() {
    check(b"Machine model: A1\nMachine model: A1\n", &[(Property::Model, "A1", "firmware", 1)]);
}

#[test]
fn a_model_is_the_bootloaders_only_where_a_bootloader_speaks() {
    check(b"Model: ATA Disk 500 (scsi)\n", &[]);
    let log = b"U-Boot 2020.07 (Jun 03 2020)\nModel: Acme R1\nBoard: acme,r1\nStarting kernel ...\nModel: SD (sd/mmc)\n";
    check(
        log,
        &[(Property::Model, "Acme R1", "bootloader", 2), (Property::BoardId, "acme,r1", "bootloader", 3)],
    );
}

#[test]
fn systems_and_phones_say_their_codes() {
    check(b"\t\"board_name\": \"acme,r1\",\n", &[(Property::BoardId, "acme,r1", "firmware", 1)]);
    check(b"board_id=acme,r1\n", &[(Property::BoardId, "acme,r1", "environment", 1)]);
    check(b"model=A1\r\nethaddr=x\r\n", &[(Property::Model, "A1", "environment", 1)]);
    check(
        b"product: taimen\nFinished. Total time: 0.000s\n",
        &[(Property::Codename, "taimen", "bootloader", 1)],
    );
    check(b"usb 1-1: Product: taimen\nproduct: keyboard\nend\n", &[]);
    check(b"(bootloader) product:taimen\n", &[(Property::Codename, "taimen", "bootloader", 1)]);
    check(b"[ro.product.model]: [Pixel 2 XL]\n", &[(Property::Model, "Pixel 2 XL", "firmware", 1)]);
    check(b"[ro.product.cpu.abi]: [arm64-v8a]\n", &[]);
    check(
        b"console=ttyMSM0 androidboot.device=taimen quiet",
        &[(Property::Codename, "taimen", "bootloader", 1)],
    );
}

#[test]
fn other_makers_have_other_words() {
    check(
        b"Product Model : P-2812HNU-F1\nVendor Name\t: ZyXEL\n",
        &[(Property::Model, "P-2812HNU-F1", "bootloader", 1), (Property::Vendor, "ZyXEL", "bootloader", 2)],
    );
    check(b"ProductID\tFritz_Box_7360\n", &[(Property::Model, "Fritz_Box_7360", "environment", 1)]);
    check(b"RouterBoard 750G r3\n", &[(Property::Model, "750G r3", "bootloader", 1)]);
    check(
        b"Linux nas 3.10.105 #1 synology_armada370_213j\n",
        &[(Property::Model, "Synology DS213j", "firmware", 1)],
    );
    check(
        b"Description:  ARM64 OpenWrt acme_r1 device tree blob\n",
        &[(Property::BoardId, "acme_r1", "firmware", 1)],
    );
    check(b"Device acme,r1 not supported by this image\n", &[(Property::BoardId, "acme,r1", "firmware", 1)]);
    check(b"{\"kernel\":\"5.4\",\"model\":\"Acme R1\"}\n", &[(Property::Model, "Acme R1", "firmware", 1)]);
    check(b"model name\t: ARMv7 Processor rev 4\n", &[]);
    check(
        b"in.tftpd[7]: RRQ from 192.168.0.2 filename r1.bin\n",
        &[(Property::RequestedFile, "r1.bin", "bootloader", 1)],
    );
    check(
        b"dnsmasq-tftp: sent /srv/r1.bin to 192.168.0.2\n",
        &[(Property::RequestedFile, "r1.bin", "bootloader", 1)],
    );
}

#[test]
fn names_in_passing_are_only_mentioned() {
    check(b"androidboot.hardware=qcom2 quiet\n", &[(Property::Mention, "qcom2", "bootloader", 1)]);
    check(b"U-Boot 2020.07\nboard_name=evb1\n", &[(Property::Mention, "evb1", "environment", 2)]);
    check(
        b"Retrieving file: /dtbs/rk3399-rockpro64.dtb\n",
        &[(Property::Mention, "rockpro64", "bootloader", 1)],
    );
    for family in ["Marvell Armada 380/385 (Device Tree)", "BCM2835", "Allwinner sun8i Family"] {
        check(format!("Hardware name: {family}\n").as_bytes(), &[(Property::Mention, family, "firmware", 1)]);
    }
    check(b"<title>Acme R1</title>\n", &[(Property::Mention, "Acme R1", "firmware", 1)]);
}

#[test]
fn a_kernel_with_the_bootloaders_device_tree_repeats_the_bootloader() {
    let log = b"Machine model: Acme R1\nefi: EFI v2.80 by Das U-Boot\n";
    check(log, &[(Property::Model, "Acme R1", "bootloader", 1)]);
}

#[test]
fn a_log_full_of_one_word_is_read_to_its_end() {
    let mut log = b"Model: ".repeat(1 << 20);
    log.extend_from_slice(b"\nMachine model: Acme R1\n");
    let seen = observe("log", &log, &[]);
    assert!(seen.iter().any(|one| one.observation.value == "Acme R1"));
}

#[test]
fn chips_say_what_they_are() {
    check(b"Detecting chip type... ESP32-S3\n", &[(Property::Chip, "ESP32-S3", "chip", 1)]);
    check(b"Detecting chip type... Unsupported detection protocol\n", &[]);
    check(b"Chip is ESP32-D0WD-V3 (revision v3.0)\n", &[(Property::Chip, "ESP32-D0WD-V3", "chip", 1)]);
    check(b"ESP-ROM:esp32c5-20240101\n", &[(Property::Chip, "esp32c5", "chip", 1)]);
    check(
        b"avrdude: Device signature = 0x1e950f (probably m328p)\n",
        &[(Property::Chip, "0x1e950f", "chip", 1)],
    );
    check(b"ets Jun  8 2016 00:22:57\n", &[(Property::Chip, "ESP32", "chip", 1)]);
    check(b"I (52) boot.esp32c5: SPI Speed : 80MHz\n", &[(Property::Chip, "esp32c5", "chip", 1)]);
    check(b"AWUSBFEX soc=00001680(H3) 00000001\n", &[(Property::Chip, "H3", "chip", 1)]);
    check(b"avrdude: Device signature = 1E 95 0F\n", &[(Property::Chip, "0x1e950f", "chip", 1)]);
}

#[test]
fn ports_and_addresses_are_seen() {
    check(b"Bus 001 Device 004: ID 05c6:9008 Qualcomm\n", &[(Property::UsbId, "05c6:9008", "usb", 1)]);
    check(
        b"usb 1-1: New USB device found, idVendor=18d1, idProduct=4ee0, bcdDevice= 1.00\n",
        &[(Property::UsbId, "18d1:4ee0", "usb", 1)],
    );
    check(
        b"DevNo=1\tVid=0x2207,Pid=0x350b,LocationID=101\tMaskrom\n",
        &[(Property::UsbId, "2207:350b", "usb", 1)],
    );
    check(
        b"ethaddr=00:11:22:33:44:5g\nethaddr=00:11:22:33:44:55\n",
        &[(Property::MacAddress, "00:11:22:33:44:55", "environment", 2)],
    );
    check(b"Filename 'dir/fw.bin'.\n", &[(Property::RequestedFile, "fw.bin", "bootloader", 1)]);
}

#[test]
fn a_running_system_is_known_by_its_own_text() {
    check(b"\nREADY ACME R1 1.0\n", &[(Property::ReadyText, "READY ACME R1 ", "firmware", 2)]);
    check(b"grep READY ACME R1 \n", &[]);
    let texts = ["READY ACME R1 ".to_owned(), "READY ACME R1 X ".to_owned()];
    assert_eq!(observe("log", b"READY ACME R1 X 1.0\n", &texts)[0].observation.value, texts[1]);
}

#[test]
fn any_bytes_can_be_read() {
    check(b"Machine model: \xff\xfe\x00\n", &[]);
    check(b"Machine model: XXXX-XX\n", &[]);
    let mut long = vec![b'a'; 3 << 20];
    long.extend_from_slice(b"Machine model: Acme R1\n");
    check(&long, &[(Property::Model, "Acme R1", "firmware", 1)]);
    let many: String = (0..10_000).map(|number| format!("Machine model: A{number}\n")).collect();
    assert_eq!(observe("log", many.as_bytes(), &[]).len(), MOST);
}
