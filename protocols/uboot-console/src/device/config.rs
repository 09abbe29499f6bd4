//! How a bootloader was built, and what its vendor did to it.

use std::collections::BTreeSet;

use super::help;

/// What ends the countdown at a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopPolicy {
    /// Any byte.
    AnyKey,
    /// Only these bytes in a row; `prompt` is shown instead of the countdown, with `%d` for the seconds.
    Exact {
        /// What has to be typed.
        text: Vec<u8>,
        /// What is shown, with plain newlines; may be empty.
        prompt: String,
    },
    /// A vendor's menu; one key leads to the prompt and every other one boots.
    Menu {
        /// What is shown, with plain newlines.
        text: String,
        /// The key for the prompt.
        key: u8,
    },
}

/// The network device as it shows itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkText {
    /// Its name.
    pub device: String,
    /// Its own address: a warning is printed where `ethaddr` is another.
    pub rom_address: String,
}

/// How a bootloader was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UbootConfig {
    /// The version line.
    pub version: String,
    /// What `version` prints under it, with plain newlines.
    pub toolchain: String,
    /// What is printed between the version line and the environment, with plain newlines.
    pub early_text: String,
    /// What is printed after the environment, with plain newlines.
    pub late_text: String,
    /// The network, if there is one.
    pub network: Option<NetworkText>,
    /// Seconds of countdown where the environment has no `bootdelay`.
    pub bootdelay: i32,
    /// What stops the countdown.
    pub stop: StopPolicy,
    /// The prompt.
    pub prompt: String,
    /// The most bytes in a line of input.
    pub line_limit: usize,
    /// How many bytes wait unread while the bootloader is busy; what comes on top is lost. A real UART holds 16 to 64,
    /// an emulated one as many as are sent.
    pub input_buffer: usize,
    /// Whether nothing is printed until the countdown is stopped.
    pub silent: bool,
    /// Whether the shell is hush. The other one knows `;`, `run`, `${x}` and quotes.
    pub hush: bool,
    /// Whether the countdown is followed by the prompt only after this password.
    pub password: Option<String>,
    /// The names of the commands that were built in.
    pub commands: BTreeSet<String>,
    /// What holds the environment: `Flash`, `MMC`, `SPIFlash`…
    pub environment_home: String,
    /// The size of the stored environment, with its checksum.
    pub environment_size: usize,
    /// Whether the stored environment has a flag byte behind its checksum.
    pub environment_redundant: bool,
    /// The environment when none is stored.
    pub default_environment: Vec<(String, String)>,
    /// Variables that each start sets anew.
    pub runtime_environment: Vec<(String, String)>,
    /// Variables that cannot be changed once they are set.
    pub write_once: BTreeSet<String>,
    /// The line rate at power-on.
    pub baudrate: u32,
    /// What is printed when memory does not answer, with plain newlines; then the bootloader starts over.
    pub abort_text: String,
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Default for UbootConfig {
    /// Debian 12's build for QEMU's 64-bit Arm machine, with an environment in flash.
    fn default() -> Self {
        Self {
            version: "U-Boot 2023.01+dfsg-2+deb12u3 (Jun 22 2026 - 08:38:07 +0000)".into(),
            toolchain:
                "aarch64-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0\nGNU ld (GNU Binutils for Debian) 2.40\n"
                    .into(),
            early_text: "DRAM:  512 MiB\nCore:  47 devices, 13 uclasses, devicetree: board\nFlash: 64 MiB\n"
                .into(),
            late_text: "In:    pl011@9000000\nOut:   pl011@9000000\nErr:   pl011@9000000\n".into(),
            network: Some(NetworkText {
                device: "virtio-net#33".into(),
                rom_address: "02:02:02:02:02:02".into(),
            }),
            bootdelay: 2,
            stop: StopPolicy::AnyKey,
            prompt: "=> ".into(),
            line_limit: 1024,
            input_buffer: 1 << 20,
            silent: false,
            hush: true,
            password: None,
            commands: help::QEMU_ARM64.iter().map(|name| (*name).to_owned()).collect(),
            environment_home: "Flash".into(),
            environment_size: 0x40000,
            environment_redundant: false,
            default_environment: pairs(&[
                ("arch", "arm"),
                ("baudrate", "115200"),
                ("board", "qemu-arm"),
                ("bootdelay", "2"),
                ("loadaddr", "0x40200000"),
            ]),
            runtime_environment: pairs(&[
                ("fdtcontroladdr", "5edb6db0"),
                ("stderr", "pl011@9000000"),
                ("stdin", "pl011@9000000"),
                ("stdout", "pl011@9000000"),
            ]),
            write_once: ["ethaddr", "serial#"].into_iter().map(str::to_owned).collect(),
            baudrate: 115_200,
            abort_text: "\"Synchronous Abort\" handler, esr 0x96000010\n\
                         elr: 000000000008115c lr : 0000000000081054 (reloc)\n\
                         elr: 000000005ff7815c lr : 000000005ff78054\n\
                         \n\
                         Code: 794002c3 92403c63 78397b43 17ffffee (394002c3) \n\
                         Resetting CPU ...\n\
                         \n\
                         resetting ...\n"
                .into(),
        }
    }
}

impl UbootConfig {
    /// Builds these commands in as well.
    #[must_use]
    pub fn with(mut self, commands: &[&str]) -> Self {
        self.commands.extend(commands.iter().map(|name| (*name).to_owned()));
        self
    }

    /// Leaves these commands out.
    #[must_use]
    pub fn without(mut self, commands: &[&str]) -> Self {
        self.commands.retain(|name| !commands.contains(&name.as_str()));
        self
    }

    /// A vendor's poor build: the simple shell, no arithmetic, no comparisons, short lines.
    #[must_use]
    pub fn poor() -> Self {
        let mut config =
            Self::default().without(&["setexpr", "itest", "test", "mtd", "true", "false", "showvar"]);
        config.hush = false;
        config.line_limit = 256;
        config.prompt = "ACME> ".into();
        config
    }
}
