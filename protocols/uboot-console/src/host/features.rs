//! What a boot loader can do.

use std::collections::BTreeSet;
use std::time::Duration;

use debrick_link::Deadline;

use super::console::{Console, line_time};
use super::error::ConsoleError;
use crate::wire;

/// What a boot loader can do, as far as its `help` and a few harmless tries tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Features {
    /// Its shell has loops, conditions and an exit status.
    pub hush: bool,
    /// Arithmetic on variables.
    pub setexpr: bool,
    /// Comparison of numbers.
    pub itest: bool,
    /// CRC-32 over memory.
    pub crc32: bool,
    /// Digests over memory by name.
    pub hash: bool,
    /// SHA-256 over memory.
    pub sha256: bool,
    /// Memory display.
    pub md: bool,
    /// Memory write.
    pub mw: bool,
    /// Memory copy; writes NOR flash as well.
    pub cp: bool,
    /// Memory comparison.
    pub cmp: bool,
    /// Lifts the protection of NOR flash.
    pub protect: bool,
    /// Transfer by TFTP.
    pub tftpboot: bool,
    /// Transfer by YMODEM.
    pub loady: bool,
    /// Transfer by XMODEM.
    pub loadx: bool,
    /// virtio block devices.
    pub virtio: bool,
    /// eMMC and SD cards.
    pub mmc: bool,
    /// SPI NOR flash.
    pub sf: bool,
    /// Raw NAND flash.
    pub nand: bool,
    /// MTD devices by name.
    pub mtd: bool,
    /// Letters that a typed line may have, if that could be found out.
    pub line_limit: Option<usize>,
    /// All commands that `help` lists.
    pub commands: BTreeSet<String>,
}

impl Features {
    /// Whether a command exists.
    pub fn has(&self, command: &str) -> bool {
        self.commands.contains(command)
    }

    /// Letters that a line may have, with a cautious value where it is not known.
    pub fn letters(&self) -> usize {
        self.line_limit.unwrap_or(200)
    }

    pub(super) fn from_help(text: &str) -> Self {
        let commands: BTreeSet<String> = text.lines().filter_map(command_of).map(str::to_owned).collect();
        let has = |name: &str| commands.contains(name);
        Self {
            hush: false,
            setexpr: has("setexpr"),
            itest: has("itest"),
            crc32: has("crc32"),
            hash: has("hash"),
            sha256: has("sha256sum") || has("hash"),
            md: has("md"),
            mw: has("mw"),
            cp: has("cp"),
            cmp: has("cmp"),
            protect: has("protect"),
            tftpboot: has("tftpboot") || has("tftp"),
            loady: has("loady"),
            loadx: has("loadx"),
            virtio: has("virtio"),
            mmc: has("mmc"),
            sf: has("sf"),
            nand: has("nand"),
            mtd: has("mtd"),
            line_limit: None,
            commands,
        }
    }
}

/// The command that a line of `help` describes: `name - what it does`.
fn command_of(line: &str) -> Option<&str> {
    let (name, _) = line.split_once("- ")?;
    let name = name.trim_end();
    let proper = !name.is_empty() && name.len() <= 24 && !name.contains(char::is_whitespace);
    proper.then_some(name)
}

/// Longest line that is tried.
const LONGEST_TRIED: usize = 1000;

impl Console {
    /// What the boot loader can do; found out once.
    pub fn features(&mut self, deadline: Deadline) -> Result<&Features, ConsoleError> {
        let features = match self.features.take() {
            Some(features) => features,
            None => self.learn(deadline)?,
        };
        Ok(self.features.insert(features))
    }

    fn learn(&mut self, deadline: Deadline) -> Result<Features, ConsoleError> {
        let mut features = Features::default();
        // A line of the help that was damaged costs a command: what two readings list is there.
        for _ in 0..4 {
            let text = self.command("help", deadline)?.text;
            let read = Features::from_help(&text);
            if read == features {
                break;
            }
            let both: String = if features.commands.is_empty() {
                text
            } else {
                read.commands.union(&features.commands).map(|name| format!("{name} - \n")).collect()
            };
            features = Features::from_help(&both);
        }
        // So would a damaged answer cost all loops.
        for _ in 0..3 {
            let marker = self.marker();
            let reply = self.command(&format!("for i in {marker}; do echo $i; done"), deadline)?;
            features.hush |= reply.text.lines().any(|line| line == marker);
            if features.hush {
                break;
            }
        }
        features.line_limit = self.learn_line_limit(deadline)?;
        Ok(features)
    }

    /// Types letters until the unit takes no more, and gives the line up.
    fn learn_line_limit(&mut self, deadline: Deadline) -> Result<Option<usize>, ConsoleError> {
        self.reach_prompt(deadline)?;
        let prompt = self.prompt.as_ref().map_or(0, String::len);
        let bells = self.terminal.bells();
        let mut typed = 0;
        while typed < LONGEST_TRIED {
            let piece = [b'x'; 50];
            self.send(&piece)?;
            typed += piece.len();
            let end = self.within(Duration::from_millis(500) + line_time(100)).or_earlier(deadline);
            while self.terminal.line().len() < prompt + typed && self.terminal.bells() == bells {
                if self.pump(end)? == 0 {
                    break;
                }
            }
            if self.terminal.line().len() < prompt + typed {
                break;
            }
        }
        let end = self.within(Duration::from_millis(500));
        self.settle(Duration::from_millis(60), end)?;
        let shown = self.terminal.line().len().saturating_sub(prompt).min(typed);
        let whole =
            self.terminal.line().get(prompt..).is_some_and(|line| line.iter().all(|&byte| byte == b'x'));
        self.send(&[wire::CTRL_C])?;
        let end = self.within(Duration::from_secs(1));
        while !self.at_prompt() && self.pump(end)? > 0 {}
        self.reach_prompt(deadline)?;
        // A few letters of margin: some lose the last one.
        Ok((whole && shown >= 60).then(|| shown - 4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_read() {
        let text = "?         - alias for 'help'\ncrc32     - checksum calculation\nloady - load binary file over serial line (ymodem mode)\nsetexpr   - set environment variable\nnothing here\n";
        let features = Features::from_help(text);
        assert!(features.crc32 && features.loady && features.setexpr && features.has("?"));
        assert!(!features.itest && !features.hush && features.commands.len() == 4);
        assert_eq!(features.letters(), 200);
    }
}
