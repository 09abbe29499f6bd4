use debrick_model::{Digest, Effect, Observation};
use proptest::prelude::*;
use serde_json::json;

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    let redactor = Redactor::new(Redaction::default());
    assert_eq!(redactor.text(text), expected);
    assert_eq!(redactor.text(expected), expected, "a second time changes nothing");
}

#[test]
fn settings_in_all_their_forms() {
    // Name, equals sign, value: shells, nvram, U-Boot's printenv, wpa_supplicant.
    check("wl0_wpa_psk=correct horse battery", "wl0_wpa_psk=[redacted]");
    check("\tpsk=\"correct horse\"", "\tpsk=\"[redacted]\"");
    check("wifi_key=abc def ssid=home", "wifi_key=[redacted] ssid=home");
    check(
        "bootargs=console=ttyS0 key=abc rootfstype=squashfs",
        "bootargs=console=ttyS0 key=[redacted] rootfstype=squashfs",
    );
    check("GET /?token=abc123&page=2 HTTP/1.1", "GET /?token=[redacted]&page=2 HTTP/1.1");
    check("PASSWORD = hunter2", "PASSWORD = [redacted]");
    check("\"wifi_psk=hunter22\", \"x=1\"", "\"wifi_psk=[redacted]\", \"x=1\"");
    check("psk=64hex0123456789abcdef, ssid=x", "psk=[redacted], ssid=x");
    // U-Boot and nvram commands.
    check("=> setenv wifi_psk my pass", "=> setenv wifi_psk [redacted]");
    check("# nvram set wl_key1=secret1", "# nvram set wl_key1=[redacted]");
    check("env set password 'a b'; saveenv", "env set password '[redacted]'; saveenv");
    // UCI.
    check("\toption key 'correct horse'", "\toption key '[redacted]'");
    check("\toption key hunter2", "\toption key [redacted]");
    check("wireless.@wifi-iface[0].key='hunter2'", "wireless.@wifi-iface[0].key='[redacted]'");
    check("uci set wireless.x.sae_password=hunter2", "uci set wireless.x.sae_password=[redacted]");
    // JSON, also inside a string, and neighbours.
    check(r#"{"psk":"a\"b","ssid":"home"}"#, r#"{"psk":"[redacted]","ssid":"home"}"#);
    check(r#"{ "wps_pin" : 12345670, "x": 1}"#, r#"{ "wps_pin" : [redacted], "x": 1}"#);
    check(r#""{\"psk\":\"a b\",\"ssid\":\"home\"}""#, r#""{\"psk\":\"[redacted]\",\"ssid\":\"home\"}""#);
    check(r#""tokens": ["a", "b"], "c": 1"#, r#""tokens": [redacted], "c": 1"#);
    check("{'password': 'x y'}", "{'password': '[redacted]'}");
    check("<wpaPsk>hunter2</wpaPsk><ssid>home</ssid>", "<wpaPsk>[redacted]</wpaPsk><ssid>home</ssid>");
    // Prose and programs.
    check("Wi-Fi password: hunter2", "Wi-Fi password: [redacted]");
    check("Password for admin: hunter2", "Password for admin: [redacted]");
    check("The key is hunter2", "The key is [redacted]");
    check("The password is hunter2", "The password is [redacted]");
    check("Network key (hex): 0011", "Network key (hex): [redacted]");
    check("curl --token abc https\u{3a}//x", "curl --token [redacted] https\u{3a}//x");
    check("Authorization: Bearer abc.def", "Authorization: [redacted]");
    check(
        "PSK (from passphrase) - hexdump(len=4): 01 02 03 04",
        "PSK (from passphrase) - hexdump(len=4): [redacted]",
    );
    check("# wpa_passphrase home correct horse", "# wpa_passphrase home [redacted]");
    check("password=\u{e9}\u{1f511} x", "password=[redacted]");
}

#[test]
fn evidence_stays() {
    for text in [
        "Hit any key to stop autoboot:  3",
        "Bad CRC, using default environment",
        "## Checking hash(es) for Image kernel ... sha256+ OK",
        "VFS: Cannot open root device \"mtdblock5\" or unknown-block(0,0): error -6",
        "encryption=psk2",
        "key_mgmt=WPA-PSK",
        "Password:",
        "password=",
        "\"psk\": \"\", \"x\": null",
        "\"password\": null",
        "cat: /etc/passwd: No such file or directory",
        "root:x:0:0:root:/root:/bin/ash",
        "Serial: 8250/16550 driver, 2 ports, IRQ sharing disabled",
        "serial8250: ttyS0 at MMIO 0x1e000c00 (irq = 18, base_baud = 2777777) is a 16550A",
        "serial=unknown",
        "gpio pin: 12",
        "12:34:56 up 3 days",
        "The password is required.",
        "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "costs $5 and $10$",
        "http\u{3a}//192.168.1.1:8080/a@b:c",
    ] {
        check(text, text);
    }
}

#[test]
fn shapes_are_known_without_a_name() {
    check("root:$1$abcdefgh$1234567890123456789012:0:0", "root:[redacted]:0:0");
    check("fetch https\u{3a}//me:hunter2@host/x", "fetch https\u{3a}//me:[redacted]@host/x");
    check("scan WIFI:T:WPA;S:home;P:hun\\;ter;H:false;;", "scan WIFI:T:WPA;S:home;P:[redacted];H:false;;");
    check("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghij ok", "got [redacted] ok");
    check("got ghp_0123456789abcdefghijABCDEFGHIJ012345.", "got [redacted]");
}

#[test]
fn private_keys_go_whole_or_broken() {
    let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabcd+/==\n-----END RSA PRIVATE KEY-----";
    check(&format!("before\n{key}\nafter"), "before\n[redacted]\nafter");
    check(&format!("{{\"k\":\"{}\"}}", key.replace('\n', "\\n")), "{\"k\":\"[redacted]\"}");
    check(
        "x\n-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabcd\n[ 1.0] boot",
        "x\n[redacted]\n[ 1.0] boot",
    );
    check("[ 1.0] boot\nMIIEpAIBAAKCAQEA\nabcd\n-----END PRIVATE KEY-----\ny", "[ 1.0] boot\n[redacted]\ny");
    check(
        "a\r\n-----BEGIN EC PRIVATE KEY-----\r\nMIIE\r\n-----END EC PRIVATE KEY-----\r\nb",
        "a\r\n[redacted]\r\nb",
    );
}

#[test]
fn addresses_and_serials_are_masked_when_wished() {
    let text =
        "ethaddr=00:11:22:AA:bb:cc\nlan_mac=001122aabbcc\nclient 01-00-11-22-aa-bb-cc\nserial#=AB1234567";
    check(
        text,
        "ethaddr=00:11:22:xx:xx:xx\nlan_mac=001122xxxxxx\nclient 01-00-11-22-xx-xx-xx\nserial#=AB*****67",
    );
    check("serialno: 123456", "serialno: *****6");
    let open = Redactor::new(Redaction { mask_addresses: false, mask_serials: false });
    assert_eq!(open.text(text), text);
}

#[test]
fn a_secret_found_once_is_removed_everywhere() {
    let mut redactor = Redactor::new(Redaction::default());
    redactor.learn_text("psk=Correct-Horse\npassword=firmware\npin: incorrect");
    assert_eq!(
        redactor.text("typed Correct-Horse twice: Correct-Horse"),
        "typed [redacted] twice: [redacted]"
    );
    assert_eq!(redactor.text("the firmware is incorrect"), "the firmware is incorrect");
}

fn event(body: EventBody) -> Event {
    Event { seq: 7, at_ms: 9, body }
}

#[test]
fn long_lines_take_no_longer_than_they_should() {
    let redactor = Redactor::new(Redaction::default());
    for part in [
        "psk,",
        "ghp_",
        "WIFI:",
        "$a$",
        "eyJ",
        "aa:",
        "key=",
        "\"psk\":[",
        "://",
        "set psk",
        "key (",
        "serial ",
    ] {
        redactor.text(&part.repeat(60_000));
    }
}

#[test]
fn json_by_name() {
    let redactor = Redactor::new(Redaction::default());
    let digest = Digest::new([0xab; 32]).to_hex();
    let value = json!({
        "wifi": {"psk": "a", "ssid": "home", "keys": 3, "wep_keys": ["x"], "token": {"a": 1}, "password": ""},
        "variables": [["wifi_psk", "b"], ["serial#", "AB1234567"], ["bootdelay", "3"]],
        "list": [{"name": "admin_password", "value": "c"}, {"key": "hostname", "value": "box"}],
        "digest": digest,
        "text": "psk=d",
        "serial": "AB1234567",
    });
    assert_eq!(
        redactor.json(&value),
        json!({
            "wifi": {"psk": MARK, "ssid": "home", "keys": 3, "wep_keys": MARK, "token": MARK, "password": ""},
            "variables": [["wifi_psk", MARK], ["serial#", "AB*****67"], ["bootdelay", "3"]],
            "list": [{"name": "admin_password", "value": MARK}, {"key": "hostname", "value": "box"}],
            "digest": digest,
            "text": "psk=[redacted]",
            "serial": "AB*****67",
        })
    );
}

#[test]
fn events_stay_events() {
    let mut redactor = Redactor::new(Redaction::default());
    let answer = |request: &str, text: &str| {
        event(EventBody::Answered {
            request: request.into(),
            answer: Answer::Text(text.into()),
            sensed: false,
        })
    };
    let variables = vec![("wifi_psk".to_owned(), "Hunter2hunter2".to_owned()), ("x".into(), "y".into())];
    let environment = event(EventBody::Intent { effect: Effect::SetEnvironment { variables } });
    let observed = |property, value: &str| {
        let (source, witness) = ("label".into(), "operator".into());
        event(EventBody::Observed {
            observation: Observation { property, value: value.into(), source, witness },
        })
    };
    let serial = observed(Property::Serial, "AB1234567");
    // A word of our own as a passphrase must not break the events that use it.
    let own_word = answer("wifi-password", "session-opened");
    let opened = event(EventBody::SessionOpened {
        session: "s".into(),
        program: "p".into(),
        device: "d".into(),
        ports: vec!["ssh://u:Hunter2hunter2@h".into()],
        record: Digest::new([1; 32]),
        image_name: None,
        image: None,
    });
    for one in [&environment, &serial, &own_word, &opened] {
        redactor.learn_event(one);
    }

    let shown = |one: &Event| serde_json::to_string(&redactor.event(one)).unwrap();
    assert!(!shown(&environment).contains("Hunter2"));
    assert!(shown(&environment).contains(r#"["x","y"]"#));
    assert!(shown(&own_word).contains(r#"{"answer":"text","text":"[redacted]"}"#));
    assert!(shown(&serial).contains("AB*****67"));
    assert!(shown(&observed(Property::MacAddress, "001122334455")).contains("001122xxxxxx"));
    assert_eq!(redactor.event(&opened).body.name(), "session-opened");
    assert!(!shown(&opened).contains("Hunter2"));
    let noted = event(EventBody::Noted { text: "unit AB1234567 said Hunter2hunter2".into() });
    assert!(shown(&noted).contains("unit AB*****67 said [redacted]"));
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "(psk|key|=|:|\"|'|\\\\| |;|\\[|\\]|\\{|é|a1|\n|\\$|-----BEGIN PRIVATE KEY-----|00:|setenv |//|@|WIFI:|P:){0,24}") {
        let redactor = Redactor::new(Redaction::default());
        redactor.text(&redactor.text(&text));
    }

    #[test]
    fn a_passphrase_never_survives(secret in "[A-Za-z0-9]{12,20}", form in 0..12usize) {
        let text = [
            format!("wpa_psk={secret}"), format!("option key '{secret}'"), format!("\"psk\": \"{secret}\""),
            format!("setenv password {secret}"), format!("--token {secret}"), format!("<key>{secret}</key>"),
            format!("a=1 secret={secret} b=2"), format!("Password: {secret}"), format!("x://u:{secret}@h/"),
            format!("wl0_wpa_psk=a b {secret} c"), format!("WIFI:S:x;P:{secret};;"), format!("api_key := {secret}"),
        ][form].clone();
        let redacted = Redactor::new(Redaction::default()).text(&text);
        prop_assert!(!redacted.contains(&secret), "{} -> {}", text, redacted);
    }
}

#[test]
fn an_address_is_masked_however_it_is_written() {
    let mut redactor = Redactor::new(Redaction::default());
    redactor.learn_text("ethaddr=52:54:00:12:34:56\n");
    for (text, expected) in [
        ("DHCP client id 01525400123456 asks", "DHCP client id 01525400xxxxxx asks"),
        ("SSID Attic_5254001234 56", "SSID Attic_5254001234 56"),
        ("name router-525400123456.lan", "name router-525400xxxxxx.lan"),
        ("inet6 fe80::5054:ff:fe12:3456/64", "inet6 fe80::5054:ff:fexx:xxxx/64"),
        ("inet6 fe80::ff:fe00:2a%eth0", "inet6 fe80::ff:fexx:xx%eth0"),
        ("version ff:fe1 and ff:feed", "version ff:fe1 and ff:feed"),
    ] {
        assert_eq!(redactor.text(text), expected);
        assert_eq!(redactor.veil(text.as_bytes()), expected.as_bytes());
    }
    let unmasked = Redactor::new(Redaction { mask_addresses: false, mask_serials: true });
    assert_eq!(unmasked.text("fe80::5054:ff:fe12:3456"), "fe80::5054:ff:fe12:3456");
}
