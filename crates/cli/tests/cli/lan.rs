//! A network port, against real programs of a unit in a network of its own: BusyBox' clients and servers. Needs root.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::program::{Place, Run};

/// This computer's end of the cable, and the unit's.
const NEAR: &str = "near0";
const FAR: &str = "far0";

/// One that TP-Link registered.
const UNIT: &str = "14:cc:20:00:00:01";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A cable to a unit, which lies in a network of its own.
struct Bench {
    place: Place,
    unit: Child,
}

/// A program that runs until this is dropped.
struct Until(Child);

impl Drop for Until {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.unit.kill();
        let _ = self.unit.wait();
    }
}

/// Runs a test on a thread with a network of its own. Skips, and says so, where it cannot be had; with `CI=true` that is a
/// failure.
fn with_bench(test: impl FnOnce(&Bench) + Send) {
    let missing = ["ip", "busybox", "unshare", "nsenter"].into_iter().find(|program| !is_installed(program));
    if let Some(why) = missing.or((!nix::unistd::geteuid().is_root()).then_some("root")) {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{why} is missing");
        eprintln!("skipped: {why} is missing");
        return;
    }
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).unwrap();
            test(&Bench::new());
        });
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':').any(|folder| std::path::Path::new(folder).join(program).is_file())
}

impl Bench {
    fn new() -> Self {
        let mut unit = Command::new("unshare");
        let unit = unit.args(["--net", "sleep", "120"]).stdin(Stdio::null()).spawn().unwrap();
        let namespace = |process: &str| std::fs::read_link(format!("/proc/{process}/ns/net")).unwrap();
        wait_until("the unit's network", || namespace(&unit.id().to_string()) != namespace("thread-self"));
        let bench = Self { place: Place::new(), unit };
        bench.here("ip link set lo up");
        bench.here(&format!("ip link add {NEAR} type veth peer name {FAR} address {UNIT}"));
        bench.here(&format!("ip link set {FAR} netns {}", bench.unit.id()));
        // Nobody speaks unasked.
        bench.here(&format!("ip link set {NEAR} addrgenmode none up"));
        bench.there("ip link set lo up");
        bench.there(&format!("ip link set {FAR} addrgenmode none up"));
        let has_ipv6 = std::path::Path::new("/proc/sys/net/ipv6").exists();
        wait_until("the link", || !has_ipv6 || bench.here("ip -6 route show table all").contains(NEAR));
        bench
    }

    /// Runs a command in this computer's network.
    fn here(&self, words: &str) -> String {
        finish(Command::new("sh").args(["-c", words]))
    }

    fn in_unit(&self, words: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--net", "--target", &self.unit.id().to_string(), "sh", "-c", words]);
        command.current_dir(self.place.path("."));
        command
    }

    /// Runs a command in the unit's network.
    fn there(&self, words: &str) -> String {
        finish(&mut self.in_unit(words))
    }

    /// Runs a command in the unit's network, over and over.
    fn over_and_over(&self, words: &str) -> Until {
        let mut command = self.in_unit(&format!("while :; do {words}; sleep 0.2; done"));
        Until(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Everything that a repair might change.
    fn state(&self) -> String {
        ["ip -j addr", "ip -j route show table all", "ip -j neigh"].map(|words| self.here(words)).concat()
    }

    /// Listens until a line of JSON is as wanted, then has it end; all lines, and the exit code.
    fn listen_until(&self, arguments: &[&str], wanted: impl Fn(&Value) -> bool) -> (Vec<Value>, Option<i32>) {
        let mut command = self.place.command(&[&["--json", "listen", "--lan", NEAR], arguments].concat());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = Vec::new();
        let mut is_ended = false;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if !is_ended && wanted(&line) {
                is_ended = true;
                kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
            }
            lines.push(line);
        }
        (lines, child.wait().unwrap().code())
    }

    fn doctor(&self, arguments: &[&str]) -> Value {
        let run = self.place.run(&[&["--json", "doctor", "--lan", NEAR], arguments].concat());
        serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}{}", run.stdout, run.stderr))
    }
}

fn finish(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what} takes too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn heard<'a>(lines: &'a [Value], what: &str) -> Option<&'a Value> {
    lines.iter().find(|line| line["schema"] == "debrick.heard/1" && line["heard"] == what)
}

/// The finding of this name.
fn finding<'a>(doctor: &'a Value, check: &str) -> &'a Value {
    let findings = doctor["findings"].as_array().unwrap();
    findings.iter().find(|one| one["check"] == check).unwrap_or_else(|| panic!("no {check} in {doctor:#}"))
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}{}", run.stdout, run.stderr))
}

#[test]
fn a_bootloader_that_asks_for_its_file_is_heard_and_known() {
    with_bench(|bench| {
        bench.there(&format!("ip addr add 192.168.0.2/24 dev {FAR}"));
        let before = bench.state();
        let _unit = bench
            .over_and_over("busybox timeout 1 busybox tftp -g -r ArcherC7v5_tp_recovery.bin 192.168.0.66");
        let (lines, code) = bench
            .listen_until(&["--address", "192.168.0.66/24", "--seconds", "30"], |line| {
                line["heard"] == "asks-for-file"
            });
        assert_eq!(code, Some(0), "{lines:#?}");
        // The real stack of the unit looked for this computer before it asked.
        assert_eq!(heard(&lines, "asks-for").unwrap()["wanted"], "192.168.0.66");
        let asks = heard(&lines, "asks-for-file").unwrap();
        assert_eq!((&asks["station"], &asks["maker"]), (&UNIT.into(), &"TP-Link".into()));
        assert_eq!(asks["file"], "ArcherC7v5_tp_recovery.bin");

        let told = lines.last().unwrap();
        assert_eq!((&told["schema"], &told["probably"]), (&"debrick.listen/1".into(), &UNIT.into()));
        let unit = &told["stations"][0];
        assert_eq!(unit["stage"], "waits-for-firmware");
        let fits = unit["fits"].as_array().unwrap();
        let c7 = fits.iter().find(|fit| fit["device"] == "tplink-archer-c7-v5").unwrap();
        let works = &c7["works_now"][0];
        assert_eq!((&works["protocol"], &works["host"]), (&"tftp-pull".into(), &"192.168.0.66".into()));
        let because = works["because"][0].as_u64().unwrap() as usize;
        assert_eq!(unit["words"][because]["heard"], "asks-for-file");
        // The port is as it was.
        assert_eq!(bench.state(), before);
    });
}

#[test]
fn a_system_that_asks_for_an_address_runs() {
    with_bench(|bench| {
        let _unit = bench.over_and_over(&format!(
            "busybox udhcpc -i {FAR} -n -q -t 1 -T 1 -s /bin/true -x hostname:OpenWrt"
        ));
        let (lines, code) =
            bench.listen_until(&["--seconds", "30"], |line| line["heard"] == "asks-for-address");
        assert_eq!(code, Some(11), "{lines:#?}");
        let asks = heard(&lines, "asks-for-address").unwrap();
        assert!(asks["vendor_class"].as_str().unwrap().starts_with("udhcp"), "{asks}");
        assert_eq!((&asks["message"], &asks["host_name"]), (&"discover".into(), &"OpenWrt".into()));
        let told = lines.last().unwrap();
        assert_eq!((&told["stations"][0]["stage"], &told["probably"]), (&"runs".into(), &Value::Null));
    });
}

#[test]
fn what_people_read_says_what_would_work_now() {
    with_bench(|bench| {
        bench.there(&format!("ip addr add 192.168.0.2/24 dev {FAR}"));
        let _unit = bench
            .over_and_over("busybox timeout 1 busybox tftp -g -r ArcherC7v5_tp_recovery.bin 192.168.0.66");
        let run =
            bench.place.run(&["listen", "--lan", NEAR, "--address", "192.168.0.66/24", "--seconds", "3"]);
        assert_eq!(run.code, Some(0), "{}{}", run.stdout, run.stderr);
        for said in [
            "14:cc:20:00:00:01 (TP-Link) asks 192.168.0.66 by TFTP for the file ArcherC7v5_tp_recovery.bin",
            "The unit is probably 14:cc:20:00:00:01 (TP-Link).",
            "it waits for firmware",
            "tftp-pull would work now, with 192.168.0.66 for this computer",
        ] {
            assert!(run.stdout.contains(said), "{said:?} is not in\n{}", run.stdout);
        }
    });
}

#[test]
fn a_page_is_looked_at_only_where_that_is_wanted() {
    with_bench(|bench| {
        std::fs::create_dir(bench.place.path("www")).unwrap();
        bench.place.file("www/index.html", "<html><head><title>D-Link Recovery</title></head></html>");
        bench.there(&format!("ip addr add 192.168.0.1/24 dev {FAR}"));
        let www = bench.place.path("www");
        let _server = Until(
            bench.in_unit(&format!("exec busybox httpd -f -p 80 -h {}", www.display())).spawn().unwrap(),
        );
        let _unit = bench.over_and_over("busybox arping -c 1 -w 1 -I far0 192.168.0.10");
        let arguments = ["--address", "192.168.0.10/24", "--seconds", "30"];
        let (lines, _) =
            bench.listen_until(&[&arguments[..], &["--look"]].concat(), |line| line["heard"] == "page");
        assert_eq!(heard(&lines, "page").unwrap()["title"], "D-Link Recovery", "{lines:#?}");
        assert_eq!(lines.last().unwrap()["stations"][0]["stage"], "waits-for-firmware");
        let (lines, _) = bench.listen_until(&["--address", "192.168.0.10/24", "--seconds", "2"], |_| false);
        assert!(heard(&lines, "page").is_none() && heard(&lines, "asks-for").is_some(), "{lines:#?}");
    });
}

#[test]
fn identify_takes_what_the_unit_asks_for_as_its_bootloaders_word() {
    with_bench(|bench| {
        bench.there(&format!("ip addr add 192.168.0.2/24 dev {FAR}"));
        bench.here(&format!("ip addr add 192.168.0.66/24 dev {NEAR}"));
        let _unit = bench
            .over_and_over("busybox timeout 1 busybox tftp -g -r ArcherC7v5_tp_recovery.bin 192.168.0.66");
        let run = bench.place.run(&[
            "--json",
            "identify",
            "--lan",
            NEAR,
            "--seconds",
            "3",
            "--label",
            "TP-Link Archer C7 Ver: 5.0",
        ]);
        let recognition = json(&run)["recognition"].clone();
        let seen = recognition["observations"].as_array().unwrap();
        let of = |property: &str| {
            seen.iter().find(|one| one["property"] == property).unwrap_or_else(|| panic!("{seen:#?}"))
        };
        let file = of("requested-file");
        assert_eq!(
            (&file["value"], &file["witness"]),
            (&"ArcherC7v5_tp_recovery.bin".into(), &"bootloader".into())
        );
        let maker = of("vendor");
        assert_eq!((&maker["value"], &maker["witness"]), (&"TP-Link".into(), &"mac-prefix".into()));
        assert_eq!(recognition["device"], "tplink-archer-c7-v5", "{recognition:#}");
    });
}

#[test]
fn doctor_says_what_stands_in_the_way() {
    with_bench(|bench| {
        let good = bench.doctor(&["--seconds", "1"]);
        for check in ["lan-listening", "lan-link", "lan-dhcp-server", "lan-tftp-port", "lan-bootp-port"] {
            assert_eq!(finding(&good, check)["level"], "good", "{good:#}");
        }
        assert!(!good["findings"].to_string().contains("lan-flaps"));

        bench.there(&format!("ip link set {FAR} down"));
        let out = bench.doctor(&["--seconds", "1"]);
        assert_eq!((&finding(&out, "lan-link")["level"], &out["ready"]), (&"bad".into(), &false.into()));

        let _flaps = bench.over_and_over(&format!("ip link set {FAR} up; sleep 0.3; ip link set {FAR} down"));
        assert_eq!(finding(&bench.doctor(&["--seconds", "2"]), "lan-flaps")["level"], "notice");
        drop(_flaps);

        bench.here(&format!("ip addr add 10.7.0.2/24 dev {NEAR}"));
        bench.there(&format!("ip link set {FAR} up"));
        bench.here(&format!("ip route add default via 10.7.0.1 dev {NEAR}"));
        assert_eq!(finding(&bench.doctor(&["--seconds", "1"]), "lan-default-route")["level"], "bad");

        let none = bench.place.run(&["--json", "doctor", "--lan", "nowhere0"]);
        let none = json(&none);
        let finding = finding(&none, "lan-listening");
        assert!(finding["level"] == "bad" && finding["says"].to_string().contains("nowhere0"), "{finding}");
    });
}

#[test]
fn doctor_hears_servers_finds_busy_ports_and_names_missing_rights() {
    with_bench(|bench| {
        bench.there(&format!("ip addr add 10.7.0.1/24 dev {FAR}"));
        let leases = bench.place.file("leases", "");
        let configuration = format!(
            "start 10.7.0.20\nend 10.7.0.30\ninterface {FAR}\nlease_file {leases}\npidfile {}\noption subnet 255.255.255.0\n",
            bench.place.path("pid").display()
        );
        let configuration = bench.place.file("udhcpd.conf", configuration);
        let mut server = bench.in_unit(&format!("exec busybox udhcpd -f {configuration}"));
        let _server = Until(server.stderr(Stdio::null()).spawn().unwrap());
        let mut client = Command::new("busybox");
        client.args(["udhcpc", "-f", "-i", NEAR, "-s", "/bin/true", "-t", "20", "-T", "1", "-A", "1"]);
        let _client =
            Until(client.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let _holder = std::net::UdpSocket::bind("0.0.0.0:69").unwrap();
        let found = bench.doctor(&["--seconds", "5"]);
        let offers = finding(&found, "lan-dhcp-server");
        assert!(offers["level"] == "notice" && offers["says"].to_string().contains(UNIT), "{offers}");
        assert_eq!(finding(&found, "lan-tftp-port")["level"], "bad");

        let mut without = Command::new("setpriv");
        without.args(["--bounding-set=-net_raw", "--inh-caps=-net_raw", env!("CARGO_BIN_EXE_debrick")]);
        without.arg("--state-dir").arg(bench.place.path("state")).args(["--json", "doctor", "--lan", NEAR]);
        let output = without.stdin(Stdio::null()).output().unwrap();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let rights = finding(&found, "lan-rights");
        let says = rights["says"].as_str().unwrap();
        assert!(says.contains("CAP_NET_RAW") && !says.contains("CAP_NET_ADMIN"), "{rights}");
        assert!(rights["mend"].as_str().unwrap().contains(env!("CARGO_BIN_EXE_debrick")), "{rights}");
        let lacks = finding(&found, "lan-listening");
        assert!(lacks["level"] == "bad" && lacks["says"].to_string().contains("CAP_NET_RAW"), "{lacks}");
        assert!(lacks["mend"].to_string().contains("setcap cap_net_raw"), "{lacks}");
    });
}

#[test]
fn a_port_that_a_killed_run_had_borrowed_is_given_back_by_the_next() {
    with_bench(|bench| {
        bench.here(&format!("ip link set {NEAR} down"));
        let before = bench.state();
        let mut command = bench.place.command(&["listen", "--lan", NEAR, "--address", "192.168.0.66/24"]);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        assert!(stderr.lines().any(|line| line.unwrap().contains("Listening")));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(bench.here("ip -j addr").contains("192.168.0.66"), "the kill left nothing behind");
        let next = bench.place.run(&["sessions"]);
        assert!(next.stderr.contains("near0 was given back"), "{}", next.stderr);
        assert_eq!(bench.state(), before);
        assert!(!bench.place.run(&["sessions"]).stderr.contains("given back"));
    });
}

/// A router that is brought into its recovery by a button, and then asks for its file.
const ROUTER: &str = r#"
schema = "debrick.device/1"
id = "acme-x1"
vendor = "ACME"
model = "X1"
source = "own construction"

[[entry]]
name = "button"
reaches = "it asks for its file"
steps = [
    { do = "power-off" },
    { do = "hold" },
    { do = "power-on" },
    { do = "release" },
    { do = "wait", sign = { see = "tftp-request" } },
]

[[method]]
name = "tftp-pull"
protocol = "tftp-pull"
host = "192.168.0.66"
file = "x1.bin"
entry = "button"
buttons = ["reset"]
hold_seconds = 1
source = "own construction"
"#;

#[test]
fn the_coach_senses_what_the_unit_asks_for() {
    with_bench(|bench| {
        std::fs::create_dir_all(bench.place.path("state/devices")).unwrap();
        bench.place.file("state/devices/acme-x1.toml", ROUTER);
        bench.there(&format!("ip addr add 192.168.0.2/24 dev {FAR}"));
        bench.here(&format!("ip addr add 192.168.0.66/24 dev {NEAR}"));
        let mut command = bench.place.command(&["--json", "coach", "acme-x1", "--lan", NEAR]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut cues: Vec<Value> = Vec::new();
        let mut unit = None;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let cue: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if cue["say_done"] == true {
                std::io::Write::write_all(&mut stdin, b"\n").unwrap();
            }
            if cue["cue"] == "now" {
                unit = Some(bench.over_and_over("busybox timeout 1 busybox tftp -g -r x1.bin 192.168.0.66"));
            }
            cues.push(cue);
        }
        assert_eq!(child.wait().unwrap().code(), Some(0), "{cues:#?}");
        assert!(unit.is_some());
        assert_eq!(cues[0]["senses"]["network"], true);
        let saw: Vec<&str> = cues.iter().filter_map(|cue| cue["text"].as_str()).collect();
        assert!(saw.contains(&"the device looked for this computer"), "{saw:?}");
        assert_eq!(cues.last().unwrap()["by"], "the device asked for the file x1.bin");
    });
}
