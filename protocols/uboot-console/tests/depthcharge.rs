//! The device half against a client that others wrote: depthcharge, a toolkit for U-Boot consoles, over a
//! pseudo-terminal. Skipped where `depthcharge-inspect` is not on the path.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test panics, prints its figures and why it was skipped"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use debrick_link::Link;
use debrick_link::simulated::{Channel, serve_stream};
use debrick_link_os::PtyPair;
use debrick_uboot_console::device::{TestBoard, UbootConfig, UbootDevice};

const RAM: u64 = 0x4800_0000;

/// A unit behind a pseudo-terminal.
struct Served {
    port: String,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<UbootDevice<TestBoard>>,
}

impl Served {
    fn start(config: UbootConfig, memory: &[u8]) -> Self {
        let board = TestBoard::new().with_environment(&[
            ("bootcmd", "bootm"),
            ("bootdelay", "1"),
            ("loadaddr", "0x48000000"),
            ("kernel", "${loadaddr}"),
        ]);
        let mut pair = PtyPair::open().unwrap();
        let port = pair.slave_path().display().to_string();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let memory = memory.to_vec();
        let thread = std::thread::spawn(move || {
            let mut device = UbootDevice::new(board, config);
            device.power_on(pair.clock().now());
            device.board_mut().memory.write(RAM, &memory).unwrap();
            serve_stream(&mut device, Channel::Console, &mut pair, || stopped.load(Ordering::Relaxed))
                .unwrap();
            device
        });
        Self { port, stop, thread }
    }

    fn finish(self) -> UbootDevice<TestBoard> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }

    fn run(&self, directory: &Path, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new("timeout");
        command.args(["120", program, "-i", &format!("{}:115200", self.port), "-c", "unit.cfg"]);
        let output = command.args(arguments).current_dir(directory).stdin(Stdio::null()).output().unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{program} {arguments:?}: {text}");
        text
    }
}

fn is_absent() -> bool {
    let found = Command::new("depthcharge-inspect")
        .arg("--help")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        eprintln!("skipped: depthcharge-inspect is not on the path");
    }
    !found
}

#[test]
fn a_client_of_others_learns_reads_and_writes() {
    if is_absent() {
        return;
    }
    let mut memory = vec![0; 300];
    debrick_link::Rng::new(3).fill(&mut memory);
    let directory = tempfile::tempdir().unwrap();
    let served = Served::start(UbootConfig::default(), &memory);
    let directory = directory.path();
    served.run(directory, "depthcharge-inspect", &["--arch", "aarch64"]);
    let learned = std::fs::read_to_string(directory.join("unit.cfg")).unwrap();
    for expected in
        ["=> ", "crc32", "checksum calculation", "U-Boot 2023.01+dfsg-2+deb12u3", "loadaddr", "0x48000000"]
    {
        assert!(learned.contains(expected), "{expected:?} not in {learned}");
    }
    for (operation, length) in [("md", 300), ("crc32", 8), ("setexpr", 16), ("itest", 4)] {
        let file = format!("{operation}.bin");
        let length_text = length.to_string();
        let arguments = ["-a", "0x48000000", "-l", &length_text, "-f", &file, "--op", operation];
        served.run(directory, "depthcharge-read-mem", &arguments);
        assert_eq!(std::fs::read(directory.join(&file)).unwrap(), memory[..length], "{operation}");
        println!("read {length} bytes by {operation}");
    }
    served.run(
        directory,
        "depthcharge-write-mem",
        &["-a", "0x48000400", "-d", "0100a0e3c0ffee", "--op", "mw"],
    );
    let device = served.finish();
    let mut held = [0; 7];
    device.board().memory.read(RAM + 0x400, &mut held).unwrap();
    assert_eq!(held, [0x01, 0x00, 0xA0, 0xE3, 0xC0, 0xFF, 0xEE]);
}
