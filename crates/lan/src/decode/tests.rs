//! Frames by hand, byte by byte as the specifications have them, and any bytes at all.

use etherparse::PacketBuilder;
use proptest::prelude::*;

use super::*;
use crate::heard::{AddressMessage, AddressRequest, Names};

const UNIT: [u8; 6] = [0xA0, 0x63, 0x91, 1, 2, 3];
const HOST: [u8; 6] = [2, 0, 0, 0, 0, 1];

fn udp(from: ([u8; 4], u16), to: ([u8; 4], u16), payload: &[u8]) -> Vec<u8> {
    let builder = PacketBuilder::ethernet2(UNIT, [0xFF; 6]).ipv4(from.0, to.0, 64).udp(from.1, to.1);
    let mut frame = Vec::with_capacity(builder.size(payload.len()));
    builder.write(&mut frame, payload).unwrap();
    frame
}

fn broadcast(port: u16, payload: &[u8]) -> Vec<u8> {
    udp(([192, 168, 1, 1], port), ([255; 4], port), payload)
}

fn arp(operation: u16, sender: [u8; 4], target: [u8; 4]) -> Vec<u8> {
    let mut payload = vec![0, 1, 8, 0, 6, 4];
    payload.extend(operation.to_be_bytes());
    payload.extend(UNIT);
    payload.extend(sender);
    payload.extend([0; 6]);
    payload.extend(target);
    // Short frames come padded.
    payload.resize(46, 0);
    FrameHeader { to: MacAddress::BROADCAST, from: MacAddress::new(UNIT), ether_type: 0x0806 }.with(&payload)
}

fn check(frame: &[u8], word: Word) {
    let heard = decode(frame).unwrap_or_else(|| panic!("{word:?} is not understood"));
    assert_eq!(heard.word, word);
    assert_eq!(heard.station, MacAddress::new(UNIT));
    assert!(!heard.word.in_words().is_empty());
}

fn check_silent(frame: &[u8]) {
    assert_eq!(decode(frame), None);
}

#[test]
fn arp_asks_and_claims() {
    let (unit, host) = ([192, 168, 1, 1], [192, 168, 1, 254]);
    check(&arp(1, unit, host), Word::AsksFor { wanted: host.into() });
    check(&arp(1, [0; 4], unit), Word::AsksFor { wanted: unit.into() });
    check(&arp(1, unit, unit), Word::Claims { claimed: unit.into() });
    check(&arp(2, unit, host), Word::Claims { claimed: unit.into() });
    assert_eq!(decode(&arp(1, unit, host)).unwrap().address, Some(IpAddr::from(unit)));
    assert_eq!(decode(&arp(1, [0; 4], unit)).unwrap().address, None);
    check_silent(&arp(3, unit, host));
}

fn bootp_packet(operation: u8, yours: [u8; 4], file: &[u8], options: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; 236];
    packet[..3].copy_from_slice(&[operation, 1, 6]);
    packet[16..20].copy_from_slice(&yours);
    packet[28..34].copy_from_slice(&UNIT);
    packet[108..108 + file.len()].copy_from_slice(file);
    if !options.is_empty() {
        packet.extend([99, 130, 83, 99]);
        packet.extend(options);
    }
    packet
}

#[test]
fn requests_for_addresses_tell_who_asks() {
    let from_client = |payload: &[u8]| udp(([0; 4], 68), ([255; 4], 67), payload);
    let plain = AddressRequest {
        message: AddressMessage::Bootp,
        vendor_class: None,
        host_name: None,
        file: None,
        wanted: None,
    };
    check(&from_client(&bootp_packet(1, [0; 4], b"", &[])), Word::AsksForAddress(plain.clone()));
    // A loader that leaves out everything after its address.
    check(&from_client(&bootp_packet(1, [0; 4], b"", &[])[..44]), Word::AsksForAddress(plain.clone()));
    let mut options = vec![53, 1, 1, 0, 0, 60, 6];
    options.extend(b"U-Boot");
    options.extend([12, 3]);
    options.extend(b"gw\x1b");
    options.extend([50, 4, 10, 0, 0, 9, 255, 67, 1, b'x']);
    let said = AddressRequest {
        message: AddressMessage::Discover,
        vendor_class: Some("U-Boot".into()),
        host_name: Some("gw".into()),
        file: Some("boot.img".into()),
        wanted: Some(Ipv4Addr::new(10, 0, 0, 9)),
    };
    check(&from_client(&bootp_packet(1, [0; 4], b"boot.img", &options)), Word::AsksForAddress(said));
    // An option that is longer than the packet ends it.
    let cut = bootp_packet(1, [0; 4], b"", &[53, 1, 3, 60, 200, b'x']);
    check(
        &from_client(&cut),
        Word::AsksForAddress(AddressRequest { message: AddressMessage::Request, ..plain }),
    );
    check_silent(&from_client(&bootp_packet(7, [0; 4], b"", &[])));
}

#[test]
fn servers_of_addresses_are_heard() {
    let offer = bootp_packet(2, [10, 0, 0, 9], b"vmlinux", &[53, 1, 2, 255]);
    let word = Word::OffersAddress {
        offered: Ipv4Addr::new(10, 0, 0, 9),
        to: MacAddress::new(UNIT),
        file: Some("vmlinux".into()),
    };
    check(&udp(([10, 0, 0, 1], 67), ([255; 4], 68), &offer), word);
    check_silent(&udp(([10, 0, 0, 1], 67), ([255; 4], 68), &bootp_packet(2, [0; 4], b"", &[53, 1, 6, 255])));
}

#[test]
fn requests_for_files_are_heard() {
    let (unit, host) = (([192, 168, 0, 2], 2000), [192, 168, 0, 66]);
    let asks =
        |sends| Word::AsksForFile { file: "wr841nv9_tp_recovery.bin".into(), server: host.into(), sends };
    check(&udp(unit, (host, 69), b"\0\x01wr841nv9_tp_recovery.bin\0octet\0timeout\x005\0"), asks(false));
    check(&udp(unit, (host, 69), b"\0\x02wr841nv9_tp_recovery.bin\0octet\0"), asks(true));
    check_silent(&udp(unit, (host, 69), b"\0\x01"));
    check_silent(&udp(unit, (host, 70), b"\0\x01a\0octet\0"));
}

#[test]
fn nmrp_tells_units_from_programs() {
    let frame = |payload: &[u8]| {
        FrameHeader { to: MacAddress::new(HOST), from: MacAddress::new(UNIT), ether_type: 0x0912 }
            .with(payload)
    };
    // As nmrpflash 0.9.14 sends it.
    check(
        &frame(&[0, 0, 1, 0, 0, 14, 0, 1, 0, 8, b'N', b'T', b'G', b'R']),
        Word::Nmrp { code: NmrpCode::Advertise },
    );
    check(&frame(&[0, 0, 2, 0, 0, 6]), Word::Nmrp { code: NmrpCode::ConfigureRequest });
    check(&frame(&[0, 0, 16, 0, 0, 6]), Word::Nmrp { code: NmrpCode::UploadRequest });
    check_silent(&frame(&[0, 0, 9, 0, 0, 6]));
    check_silent(&frame(&[0, 0, 2, 0, 0, 5]));
    check_silent(&frame(&[0, 0, 2]));
    assert!(NmrpCode::KeepAliveRequest.is_of_unit() && !NmrpCode::KeepAliveAck.is_of_unit());
}

#[test]
fn eva_answers_and_is_looked_for() {
    let search = [0, 0, 0x12, 1, 1, 0, 0, 0, 192, 168, 178, 1, 0, 0, 0, 0];
    let mut answer = search;
    answer[4] = 2;
    let unit = ([192, 168, 178, 1], 5035);
    check(&udp(([192, 168, 178, 2], 40000), ([255; 4], 5035), &search), Word::LooksForEva);
    check(&udp(unit, ([192, 168, 178, 2], 40000), &answer), Word::Eva { at: unit.0.into() });
    check_silent(&udp(unit, ([192, 168, 178, 2], 40000), &answer[..7]));
}

#[test]
fn announcements_of_makers_are_read() {
    check(
        &broadcast(4919, b"Please press button now to enter failsafe"),
        Word::OffersFailsafe { text: "Please press button now to enter failsafe".into() },
    );
    check(
        &broadcast(6666, b"U-Boot 1.1.4 (Aug 1 2014)\n"),
        Word::Console { text: "U-Boot 1.1.4 (Aug 1 2014)".into() },
    );
    check_silent(&broadcast(6666, &[0x80; 20]));

    let mut entries = vec![1, 0, 0, 0];
    for (kind, value) in
        [(0x03_u8, "XM.ar7240.v6.3.22"), (0x0B, "roof"), (0x0C, "NS2"), (0x14, "NanoStation M2")]
    {
        entries.extend([kind, 0, value.len() as u8]);
        entries.extend(value.bytes());
    }
    entries[3] = (entries.len() - 4) as u8;
    let ubiquiti = Word::Ubiquiti {
        model: Some("NanoStation M2".into()),
        platform: Some("NS2".into()),
        version: Some("XM.ar7240.v6.3.22".into()),
        name: Some("roof".into()),
    };
    check(&broadcast(10001, &entries), ubiquiti);
    // A search: no entries.
    check_silent(&broadcast(10001, &[1, 0, 0, 0]));
    check_silent(&broadcast(10001, &[9, 0, 0, 3, 0x0C, 0, 0]));

    let mut entries = vec![0, 0, 0, 7];
    for (kind, value) in [(5_u8, "MikroTik"), (7, "6.49.2 (stable)"), (8, "MikroTik"), (12, "RB951Ui-2HnD")] {
        entries.extend([0, kind, 0, value.len() as u8]);
        entries.extend(value.bytes());
    }
    let mikrotik = Word::Mikrotik {
        board: Some("RB951Ui-2HnD".into()),
        version: Some("6.49.2 (stable)".into()),
        name: Some("MikroTik".into()),
    };
    check(&broadcast(5678, &entries), mikrotik);
    // A search: four zeros.
    check_silent(&broadcast(5678, &[0; 4]));
}

#[test]
fn names_are_heard() {
    use simple_dns::rdata::{A, PTR, RData, TXT};
    use simple_dns::{CLASS, Name, Packet, ResourceRecord};

    let record =
        |name: &'static str, data| ResourceRecord::new(Name::new(name).unwrap(), CLASS::IN, 120, data);
    let mut packet = Packet::new_reply(0);
    packet.answers.push(record("diskstation.local", RData::A(A { address: 0xC0A8_0105 })));
    packet.answers.push(record(
        "_http._tcp.local",
        RData::PTR(PTR(Name::new("DiskStation._http._tcp.local").unwrap())),
    ));
    let text = TXT::new().with_string("vendor=Synology").unwrap().with_string("model=DS218").unwrap();
    packet.answers.push(record("DiskStation._http._tcp.local", RData::TXT(text)));
    let pretends = TXT::new().with_string("model=MacSamba").unwrap();
    packet.answers.push(record("DiskStation._device-info._tcp.local", RData::TXT(pretends)));
    let names = Names {
        hosts: vec!["diskstation.local".into()],
        services: vec!["_http._tcp".into()],
        models: vec!["DS218".into()],
    };
    let payload = packet.build_bytes_vec_compressed().unwrap();
    check(&udp(([192, 168, 1, 5], 5353), ([224, 0, 0, 251], 5353), &payload), Word::Names(names));
    let question = Packet::new_query(0).build_bytes_vec().unwrap();
    check_silent(&udp(([192, 168, 1, 5], 5353), ([224, 0, 0, 251], 5353), &question));

    let notify = b"NOTIFY * HTTP/1.1\r\nHost: 239.255.255.250:1900\r\nServer: Linux UPnP/1.0 MiniUPnPd/2.1\r\nNT: upnp:rootdevice\r\n\r\n";
    let upnp = Word::Upnp {
        server: Some("Linux UPnP/1.0 MiniUPnPd/2.1".into()),
        kind: Some("upnp:rootdevice".into()),
    };
    check(&udp(([192, 168, 1, 1], 1900), ([239, 255, 255, 250], 1900), notify), upnp);
    check_silent(&udp(
        ([192, 168, 1, 9], 50000),
        ([239, 255, 255, 250], 1900),
        b"M-SEARCH * HTTP/1.1\r\n\r\n",
    ));
}

#[test]
fn senders_that_cannot_be_are_left_out() {
    let mut frame = arp(1, [10, 0, 0, 1], [10, 0, 0, 2]);
    frame[6] |= 1;
    check_silent(&frame);
}

/// A frame of each kind, to be damaged.
fn samples() -> Vec<Vec<u8>> {
    let client = udp(
        ([0; 4], 68),
        ([255; 4], 67),
        &bootp_packet(1, [0; 4], b"f", &[53, 1, 1, 60, 2, b'a', b'b', 255]),
    );
    let ports = [69, 1900, 4919, 5035, 5353, 5678, 6666, 10001];
    let mut all = vec![client, arp(1, [10, 0, 0, 1], [10, 0, 0, 2])];
    all.extend(ports.map(|port| broadcast(port, b"\0\x01name\0octet\0\x84\0\0\x01\xc0\x0c\xc0\x0c")));
    all
}

proptest! {
    #[test]
    fn any_bytes_are_taken(frame in proptest::collection::vec(any::<u8>(), 0..1600)) {
        let _ = decode(&frame);
    }

    #[test]
    fn damaged_frames_are_taken(
        which in 0..10_usize,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..12),
        keep in any::<proptest::sample::Index>(),
    ) {
        let mut frame = samples().swap_remove(which);
        for (place, byte) in changes {
            let place = place.index(frame.len());
            frame[place] = byte;
        }
        frame.truncate(keep.index(frame.len()) + 1);
        if let Some(heard) = decode(&frame) {
            prop_assert!(!heard.word.in_words().chars().any(char::is_control));
        }
    }
}
