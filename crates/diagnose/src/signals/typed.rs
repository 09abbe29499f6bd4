//! What somebody typed at a boot loader's prompt, and what that says of the lines around it.

use debrick_model::EvidenceKind;

use super::Signals;
use crate::text::{Line, boot_loader_prompt, clean, strip_stamps, typed_command};
use crate::timeline::Seen;

/// Commands that start what was loaded (U-Boot `boot/bootm.c`, RedBoot `exec`).
const STARTS: &[&str] = &["boot", "go ", "run ", "exec"];

/// Commands that ask the boot loader for what it knows (U-Boot `cmd/`).
const QUESTIONS: &[&str] =
    &["bdinfo", "bind", "clk", "coninfo", "dm", "efidebug", "env", "fdt", "help", "printenv", "version"];

impl Signals<'_> {
    /// Whether somebody typed on at a boot loader's prompt behind the last line that tells of trouble, and what was typed
    /// last did not start anything: then it answered something that was tried on the way.
    pub(super) fn is_worked_past(&self, line: &Line) -> bool {
        if self.reading.kind(line.place) != Some(EvidenceKind::SerialLog) {
            return false;
        }
        if self.is_asked_for(line) {
            return true;
        }
        let typed = |raw: &str| {
            let cleaned = clean(raw);
            let text = strip_stamps(&cleaned);
            boot_loader_prompt(text).then(|| typed_command(text).to_owned())
        };
        let commands: Vec<String> = self.reading.behind(line.place).filter_map(typed).collect();
        let Some(last) = commands.iter().rfind(|command| !command.is_empty()) else { return false };
        let stands_there = commands.last().is_some_and(String::is_empty);
        stands_there && !STARTS.iter().any(|start| last.starts_with(start))
    }

    /// Whether a line answers a question that somebody typed at a boot loader's prompt.
    fn is_asked_for(&self, line: &Line) -> bool {
        let before =
            |other: &&Line| other.place.evidence == line.place.evidence && boot_loader_prompt(&other.text);
        let until = self.reading.lines.partition_point(|other| other.place < line.place);
        let typed = self.reading.lines[..until].iter().rev().find(before);
        let command = typed.map(|typed| typed_command(&typed.text)).unwrap_or_default();
        QUESTIONS.iter().any(|question| command.starts_with(question))
    }

    /// Whether somebody typed commands at the boot loader's prompt, the last of which did not start anything: then it
    /// would be that which says nothing.
    pub(super) fn is_worked_at(&self, seen: &Seen) -> bool {
        let here = |line: &&Line| {
            line.place >= seen.first
                && line.place.evidence == seen.first.evidence
                && boot_loader_prompt(&line.text)
        };
        let command = |line: &Line| typed_command(&line.text).to_owned();
        let mut typed = self.reading.lines.iter().filter(here).map(command);
        let last = typed.rfind(|command| !command.is_empty());
        last.is_some_and(|command| !STARTS.iter().any(|start| command.starts_with(start)))
    }
}
