//! Files that are wrong, cut, empty, huge or hostile. Every one is refused before a port is opened.

use std::path::Path;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::program::Place;

const CONSOLE: [&str; 2] = ["--console", "unix:/nowhere/console"];

#[track_caller]
fn check_image(place: &Place, image: &str, code: &str) {
    place.refuses(&[&["rescue", "--device", "acme-r1", "--image", image][..], &CONSOLE].concat(), 1, code);
}

#[track_caller]
fn check_device(place: &Place, file: &str, code: &str) {
    place.refuses(&[&["rescue", "--device-file", file][..], &CONSOLE].concat(), 1, code);
}

#[track_caller]
fn check_answers(place: &Place, file: &str, code: &str) {
    place.refuses(&[&["backup", "--device", "acme-r1", "--answers", file][..], &CONSOLE].concat(), 1, code);
}

fn pipe(place: &Place) -> String {
    let path = place.path("pipe");
    mkfifo(&path, Mode::S_IRWXU).unwrap();
    path.display().to_string()
}

fn sparse(place: &Place, name: &str, size: u64) -> String {
    let path = place.file(name, "");
    std::fs::File::options().write(true).open(&path).unwrap().set_len(size).unwrap();
    path
}

/// A file that even the superuser cannot read.
fn unreadable(place: &Place) -> String {
    let path = place.path("loop");
    std::os::unix::fs::symlink(&path, &path).unwrap();
    path.display().to_string()
}

#[test]
fn images() {
    let place = Place::new();
    check_image(&place, "missing.itb", "file-unusable");
    check_image(&place, "/", "file-unusable");
    check_image(&place, "/dev/zero", "file-unusable");
    check_image(&place, &pipe(&place), "file-unusable");
    check_image(&place, &unreadable(&place), "file-unusable");
    check_image(&place, &place.file("empty.itb", ""), "image-empty");
    check_image(&place, &sparse(&place, "huge.itb", 1 << 40), "image-too-large");
    assert!(!place.path("state").exists(), "nothing was begun");
    // What may be an image is not looked at before there is a unit.
    check_image(&place, &place.file("text.itb", "hello"), "link-not-found");
}

#[test]
fn device_files() {
    let place = Place::new();
    let good = include_str!("../../../../catalog/devices/acme-r1.toml");
    check_device(&place, "missing.toml", "file-unusable");
    check_device(&place, "/", "file-unusable");
    check_device(&place, &pipe(&place), "file-unusable");
    check_device(&place, &unreadable(&place), "file-unusable");
    check_device(&place, &place.file("a.toml", ""), "device-file-malformed");
    check_device(&place, &place.file("b.toml", "this is not TOML"), "device-file-malformed");
    check_device(&place, &place.file("c.toml", &good[..good.len() / 2]), "device-file-malformed");
    check_device(&place, &place.file("d.toml", [0xff; 100]), "file-not-text");
    let other = good.replace("debrick.device/1", "debrick.device/9");
    check_device(&place, &place.file("e.toml", other), "device-file-schema");
    let invalid = good.replace("size = 0x1800000", "size = 0x1800001");
    check_device(&place, &place.file("f.toml", invalid), "device-file-invalid");
    let incomplete = good.replace("id = \"acme-r1\"", "id = \"acme-r0\"").replace("baud = 115200", "");
    check_device(&place, &place.file("f2.toml", incomplete), "device-incomplete");
    check_device(&place, &place.file("g.toml", "x".repeat(2 << 20)), "file-too-large");
    let deep = format!("schema = \"debrick.device/1\"\nx = {}", "[".repeat(200_000));
    check_device(&place, &place.file("h.toml", deep), "device-file-malformed");
    check_device(&place, &place.file("i.toml", good), "link-not-found");
}

#[test]
fn answers() {
    let place = Place::new();
    check_answers(&place, "missing.toml", "file-unusable");
    check_answers(&place, "/", "file-unusable");
    check_answers(&place, &pipe(&place), "file-unusable");
    check_answers(&place, &place.file("a.toml", "write-firmware"), "answers-malformed");
    check_answers(&place, &place.file("b.toml", "write-firmware = 7"), "answers-malformed");
    check_answers(&place, &place.file("c.toml", [0, 159, 146, 150]), "file-not-text");
    check_answers(&place, &place.file("d.toml", "x".repeat(2 << 20)), "file-too-large");
    check_answers(&place, &place.file("e.toml", ""), "link-not-found");
}

#[test]
fn a_hostile_name_cannot_drive_the_terminal() {
    let place = Place::new();
    let run = place.run(&["rescue", "--device-file", "\x1b[2J\u{9b}31m.toml"]);
    assert!(!run.stderr.contains(['\x1b', '\u{9b}']), "{:?}", run.stderr);
}

#[test]
fn a_recording_never_replaces_a_file() {
    let place = Place::new();
    let precious = place.file("precious", "precious");
    let socket = place.path("console");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let console = format!("unix:{}", socket.display());
    place.refuses(
        &["rescue", "--device", "acme-r1", "--console", &console, "--record", &precious],
        1,
        "file-unusable",
    );
    assert_eq!(std::fs::read_to_string(Path::new(&precious)).unwrap(), "precious");
}
