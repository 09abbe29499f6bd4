//! Asks a running system what it is. Nothing is changed.

use debrick_link::Deadline;

use super::board::System;
use super::error::OpenwrtError;
use super::{LOOKED, LOOKING};
use crate::error::SshError;
use crate::shell::{Shell, ask, within};

/// Asks for everything that a system says of itself. What it does not have is passed over; a system that has none of it
/// is [`OpenwrtError::NotOpenwrt`].
pub fn identify(shell: &mut dyn Shell, deadline: Deadline) -> Result<System, OpenwrtError> {
    let mut system = System::default();
    let mut look = |command: &str| look(shell, command, deadline);
    let mut is_openwrt = false;
    if let Some(answer) = look("ubus call system board")? {
        is_openwrt |= system.add_ubus_board(&answer);
    }
    if let Some(answer) = look("cat /tmp/sysinfo/board_name")? {
        is_openwrt = true;
        system.add_board_name(&answer);
    }
    if let Some(answer) = look("cat /tmp/sysinfo/model")? {
        system.add_model(&answer);
    }
    if let Some(answer) = look("cat /etc/board.json")? {
        is_openwrt |= system.add_board_json(&answer);
    }
    if let Some(answer) = look("cat /etc/openwrt_release")? {
        is_openwrt |= system.add_release(&answer);
    }
    if let Some(answer) = look("cat /proc/cmdline")? {
        system.add_command_line(&answer);
    }
    if let Some(answer) = look("uci -q get system.@system[0].compat_version")? {
        system.add_compat(&answer);
    }
    if is_openwrt { Ok(system) } else { Err(OpenwrtError::NotOpenwrt { name: shell.name().to_owned() }) }
}

/// What a command answers, if it succeeds.
fn look(shell: &mut dyn Shell, command: &str, deadline: Deadline) -> Result<Option<String>, OpenwrtError> {
    let until = within(shell, LOOKING, deadline);
    match ask(shell, command, LOOKED, until) {
        Ok(answer) if answer.ended.is_success() => Ok(Some(answer.text())),
        // What the system does not have, or says without an end, is no answer.
        Ok(_) | Err(SshError::TooMuchOutput { .. }) => Ok(None),
        Err(error) => Err(OpenwrtError::shell("ask the system what it is")(error)),
    }
}
