//! Someone who types at the console and waits for what comes.

use std::time::Duration;

use debrick_link::Moment;
use debrick_uboot_console::device::{Standing, TestBoard, UbootConfig, UbootDevice};

pub(crate) struct Typist {
    pub(crate) device: UbootDevice<TestBoard>,
    pub(crate) now: Moment,
}

/// Variables as a unit may have them; no `bootcmd`.
pub(crate) const VARIABLES: &[(&str, &str)] =
    &[("bootdelay", "2"), ("ipaddr", "192.168.1.1"), ("loadaddr", "0x48000000"), ("serverip", "192.168.1.2")];

impl Typist {
    pub(crate) fn new(board: TestBoard, config: UbootConfig) -> Self {
        Self { device: UbootDevice::new(board, config), now: Moment::default() }
    }

    /// At the prompt of a board with [`VARIABLES`].
    pub(crate) fn at_prompt(board: TestBoard, config: UbootConfig) -> Self {
        let mut typist = Self::new(board.with_environment(VARIABLES), config);
        typist.device.power_on(typist.now);
        typist.wait(Duration::from_secs(5));
        assert_eq!(typist.device.standing(), Standing::Prompt);
        typist
    }

    pub(crate) fn usual() -> Self {
        Self::at_prompt(TestBoard::new(), UbootConfig::default())
    }

    /// Types, and lets this much time pass.
    pub(crate) fn type_for(&mut self, bytes: &[u8], span: Duration) -> String {
        let mut out = Vec::new();
        self.device.on_bytes(bytes, self.now, &mut out);
        self.pass(span, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    pub(crate) fn wait(&mut self, span: Duration) -> String {
        self.type_for(b"", span)
    }

    fn pass(&mut self, span: Duration, out: &mut Vec<u8>) {
        let end = self.now + span;
        while let Some(wake) = self.device.next_wake().filter(|wake| *wake <= end) {
            self.now = self.now.max(wake);
            self.device.tick(self.now, out);
        }
        self.now = end;
        self.device.tick(self.now, out);
    }

    /// Runs a line to its end; returns what comes between the echo and the prompt, with plain newlines.
    pub(crate) fn run(&mut self, line: &str) -> String {
        let prompt = self.device.config().prompt.clone();
        let all = self.type_for(format!("{line}\r").as_bytes(), Duration::from_secs(60));
        let echo = format!("{line}\r\n");
        let body = all.strip_prefix(&echo).unwrap_or_else(|| panic!("no echo in {all:?}"));
        let body = body.strip_suffix(&prompt).unwrap_or_else(|| panic!("no prompt behind {all:?}"));
        assert!(!body.replace("\r\n", "").contains('\n'), "a bare newline in {body:?}");
        body.replace("\r\n", "\n")
    }
}
