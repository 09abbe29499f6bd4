//! `debrick identify --ssh` with a real dropbear, before a system that a script plays.
//!
//! Skipped, and said so, where dropbear is not installed or this is not root; with `CI=true` that fails.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::program::Place;

/// What the system answers.
const SYSTEM: &str = r#"#!/bin/sh
case "$SSH_ORIGINAL_COMMAND" in
"ubus call system board") echo '{"model":"D-Link DIR-645","board_name":"dlink,dir-645","release":{"distribution":"OpenWrt","version":"23.05.3"}}' ;;
*) exit 127 ;;
esac
"#;

/// A server that lets root in without a password, in namespaces of its own.
struct Dropbear {
    child: Child,
    port: u16,
    fingerprint: String,
    _folder: tempfile::TempDir,
}

impl Dropbear {
    /// `None` where there can be none; that is told.
    fn start() -> Option<Self> {
        let has = |name: &str| {
            ["/usr/sbin", "/usr/bin"].iter().any(|folder| Path::new(folder).join(name).is_file())
        };
        let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        if !is_root || !["dropbear", "dropbearkey", "ssh-keygen"].iter().all(|name| has(name)) {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "dropbear, ssh-keygen and root are needed");
            eprintln!("skipped: dropbear, ssh-keygen and root are needed");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(at("system"), SYSTEM).unwrap();
        std::fs::set_permissions(at("system"), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(at("passwd"), format!("root::0:0:root:{}:/bin/sh\n", folder.path().display()))
            .unwrap();
        std::fs::write(at("shadow"), "root::19000:0:99999:7:::\n").unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let told = run("dropbearkey", &["-t", "ed25519", "-f", &at("key")]);
        std::fs::write(at("public"), told.lines().find(|line| line.starts_with("ssh-")).unwrap()).unwrap();
        let told = run("ssh-keygen", &["-l", "-E", "sha256", "-f", &at("public")]);
        let fingerprint = told.split_ascii_whitespace().nth(1).unwrap().to_owned();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let line = format!(
            "mount --bind {} /etc/passwd && mount --bind {} /etc/shadow && \
             exec dropbear -F -E -m -B -p 127.0.0.1:{port} -P {} -r {} -c {}",
            at("passwd"),
            at("shadow"),
            at("pid"),
            at("key"),
            at("system")
        );
        let child = Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", &line])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < end, "dropbear does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { child, port, fingerprint, _folder: folder })
    }
}

impl Drop for Dropbear {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The error of a run that cannot know the host key.
fn error(place: &Place, arguments: &[&str]) -> Value {
    let run = place.run(&[&["--json", "identify"], arguments].concat());
    assert_eq!(run.code, Some(1), "{}", run.stdout);
    serde_json::from_str(run.stdout.trim()).unwrap()
}

#[test]
fn a_running_system_says_what_it_is() {
    let Some(server) = Dropbear::start() else { return };
    let place = Place::new();
    let host = format!("root@127.0.0.1:{}", server.port);
    let unknown = error(&place, &["--ssh", &host]);
    assert_eq!(unknown["code"], "ssh-host-key-unknown");
    assert!(unknown["what"].as_str().unwrap().contains(&server.fingerprint), "{unknown}");
    let other = format!("SHA256:{}", "A".repeat(43));
    assert_eq!(error(&place, &["--ssh", &host, "--host-key", &other])["code"], "ssh-host-key-changed");

    let arguments = ["--json", "identify", "--ssh", &host, "--host-key", &server.fingerprint];
    let alone = place.run(&arguments);
    let alone: Value = serde_json::from_str(alone.stdout.trim()).unwrap();
    assert_eq!(alone["recognition"]["device"], "dlink-dir-645", "{alone}");
    assert_eq!((&alone["recognition"]["certainty"], &alone["exit_code"]), (&"likely".into(), &11.into()));
    let label = ["--label", "D-Link DIR-645"];
    let known = place.run(&[&arguments[..], &label].concat());
    assert_eq!(known.code, Some(0), "{}{}", known.stdout, known.stderr);
}

#[test]
fn what_is_not_there_or_makes_no_sense_is_told() {
    let place = Place::new();
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let nobody = error(&place, &["--ssh", &format!("127.0.0.1:{port}")]);
    assert_eq!(nobody["code"], "ssh-unreachable");
    let missing = place.path("no-key").display().to_string();
    let key = error(&place, &["--ssh", "127.0.0.1", "--ssh-key", &missing]);
    assert_eq!(key["code"], "file-unusable");
    assert_eq!(place.run(&["identify", "--ssh", "root@"]).code, Some(2));
    assert_eq!(place.run(&["identify", "--ssh", "127.0.0.1", "--host-key", "MD5:aa"]).code, Some(2));
    assert_eq!(place.run(&["identify", "--label", "x", "--host-key", "SHA256:aa"]).code, Some(2));
}
