//! The system that answers commands as OpenWrt does, where the unit has one.

use debrick_link::Moment;
use debrick_ssh::device::Reply;

use super::VirtualRouter;
use crate::running::Openwrt;

impl VirtualRouter {
    /// Runs a command on the system that runs, over a connection to its shell; `None` where no system takes it.
    pub fn run_command(&mut self, command: &str, input: &[u8], now: Moment) -> Option<Reply> {
        self.now = self.now.max(now);
        let installed =
            self.system.as_ref().filter(|system| system.is_ready()).map(|system| system.version().to_owned());
        if !self.has_power || self.happenings.hangs {
            return None;
        }
        let disk = &mut self.uboot.board_mut().disk;
        let openwrt = self.openwrt.as_mut()?;
        let reply = openwrt.answer(command, input, installed, disk, self.now)?;
        if openwrt.wants_restart() {
            self.start_again();
        } else if openwrt.is_upgrading() {
            self.stop();
        }
        Some(reply)
    }

    /// Starts from the beginning, whatever ran.
    pub(super) fn start_again(&mut self) {
        let was_in_memory = self.openwrt.as_mut().is_some_and(Openwrt::leave_memory);
        if was_in_memory {
            self.stop();
            self.uboot.power_on(self.now);
        } else {
            self.restart();
        }
    }

    /// How often a quirk of its OpenWrt-like system made a difference.
    pub fn openwrt_fired(&self, quirk: &str) -> u32 {
        self.openwrt.as_ref().map_or(0, |openwrt| openwrt.fired(quirk))
    }

    /// A file of its installed OpenWrt-like system.
    pub fn openwrt_file(&self, path: &str) -> Option<Vec<u8>> {
        self.openwrt.as_ref()?.file(path)
    }

    /// Changes a file of its installed OpenWrt-like system, as its owner does.
    pub fn place_openwrt_file(&mut self, path: &str, content: &[u8]) {
        if let Some(openwrt) = &mut self.openwrt {
            openwrt.place(path, content);
        }
    }

    /// Whether a system runs from its memory.
    pub fn runs_from_memory(&self) -> bool {
        self.has_power && self.openwrt.as_ref().is_some_and(Openwrt::is_in_memory)
    }
}
