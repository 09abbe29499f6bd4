//! What is due, one after the other: the door, the bootloader, the system, and what happens by itself.

use std::time::Duration;

use debrick_link::Moment;
use debrick_link::simulated::{Device as _, Input, Output};
use debrick_uboot_console::device::Standing;

use super::happenings::babble;
use super::ports::flush;
use super::stranger::Beside;
use super::{NETWORK_DELAY, VirtualRouter};
use crate::door::DoorState;
use crate::faults::Fault;
use crate::system::{System, Wish};

/// How long after its line a bootloader hangs at most.
const HANGS_WITHIN_MICROS: u64 = 50_000;
/// More steps at one moment than anything here takes.
const MOST_STEPS: u32 = 100_000;

impl VirtualRouter {
    /// Everything that runs stops; connections are closed.
    pub(super) fn stop(&mut self) {
        self.system = None;
        self.happenings.hangs = false;
        self.happenings.hang_at = None;
        // Datagrams that are on the line arrive; the others were never sent.
        let closed = std::mem::take(&mut self.connections);
        for (channel, _) in closed {
            self.delayed.push_back((self.now, Output::Closed(channel)));
        }
    }

    pub(super) fn restart(&mut self) {
        self.stop();
        match &mut self.door {
            _ if self.uboot.board().hardware().bootloader_is_dead => {}
            // The bootloader has not come further than its door.
            Some(door) if door.holds_back() => door.power_on(self.now),
            _ => self.uboot.reset(self.now),
        }
    }

    /// Lets everything happen that is due at `now`, one after the other.
    pub(super) fn advance(&mut self, now: Moment, out: &mut Vec<Output>) {
        let mut console = Vec::new();
        for _ in 0..MOST_STEPS {
            let due = self.next_wake().filter(|wake| *wake <= now);
            self.now = self.now.max(due.unwrap_or(now));
            if due.is_none() {
                break;
            }
            self.step(&mut console, out);
        }
        flush(&mut console, out);
    }

    /// What is due at `self.now`.
    fn step(&mut self, console: &mut Vec<u8>, out: &mut Vec<Output>) {
        let now = self.now;
        if self.delayed.front().is_some_and(|(due, _)| *due <= now) {
            flush(console, out);
            out.extend(self.delayed.pop_front().map(|(_, output)| output));
            return;
        }
        if !self.has_power {
            return;
        }
        if self.has_link()
            && self.stranger.as_ref().and_then(Beside::next_wake).is_some_and(|wake| wake <= now)
        {
            return self.tell_stranger(Input::Tick);
        }
        let happenings = &mut self.happenings;
        if happenings.hang_at.is_some_and(|at| at <= now) {
            happenings.hang_at = None;
            happenings.hangs = true;
            happenings.log.add(Fault::Hang);
        }
        if happenings.restart_at.is_some_and(|at| at <= now) {
            happenings.restart_at = None;
            happenings.log.add(Fault::SpontaneousRestart);
            return self.restart();
        }
        if happenings.babble_at.is_some_and(|at| at <= now) {
            if !happenings.hangs {
                happenings.log.add(Fault::Babble);
                console.extend(babble(&mut happenings.rng, now).bytes());
            }
            happenings.next_babble(now);
        }
        if happenings.hangs {
            return;
        }
        if let Some(door) = &self.door
            && door.next_wake().is_some_and(|wake| wake <= now)
        {
            return self.at_door(|door, unit, model, sent| door.step(now, unit, model, sent));
        }
        if self.door.as_ref().is_some_and(DoorState::holds_back) {
            return;
        }
        if let Some((image, keeps)) = self.openwrt.as_mut().and_then(|openwrt| openwrt.take_due(now)) {
            if self.write_firmware(&image) {
                return self.power_off();
            }
            if let Some(openwrt) = &mut self.openwrt {
                openwrt.was_replaced(keeps);
            }
            return self.start_again();
        }
        let said = console.len();
        if let Some(system) = &mut self.system {
            if system.next_wake().is_some_and(|wake| wake <= now) {
                let wish = system.tick(now, &mut self.uboot.board_mut().disk, console);
                self.grant(wish);
            }
        } else if self.uboot.next_wake().is_some_and(|wake| wake <= now) {
            self.uboot.tick(now, console);
        }
        self.settle(console, said);
    }

    /// Looks at what bootloader or system have done to the unit. Before that, `said` bytes stood in `console`.
    pub(super) fn settle(&mut self, console: &mut Vec<u8>, said: usize) {
        let now = self.now;
        let board = self.uboot.board_mut();
        for datagram in board.datagrams.drain(..) {
            self.delayed.push_back((now + NETWORK_DELAY, datagram));
        }
        let lost_power = std::mem::take(&mut board.disk.power_is_lost);
        let restarts = std::mem::take(&mut board.restarts);
        if lost_power {
            // What it would have said about the write nobody hears.
            console.truncate(said);
            self.power_off();
        } else if restarts {
            self.restart();
        } else if self.system.is_none()
            && let Some(booted) = self.uboot.board_mut().booted.take()
        {
            self.system = Some(System::new(booted, now));
        }
    }

    pub(super) fn grant(&mut self, wish: Wish) {
        match wish {
            Wish::None => {}
            Wish::Restart => self.restart(),
            Wish::PowerOff => self.power_off(),
        }
    }

    /// Counts command lines, for the one in which the bootloader hangs.
    pub(super) fn note_lines(&mut self, bytes: &[u8]) {
        let happenings = &mut self.happenings;
        let Some(number) = happenings.hang_in_command else { return };
        if self.uboot.standing() != Standing::Prompt {
            return;
        }
        happenings.lines += bytes.iter().filter(|byte| **byte == b'\r').count() as u32;
        if happenings.lines > number {
            happenings.hang_in_command = None;
            let micros = happenings.rng.below(HANGS_WITHIN_MICROS);
            happenings.hang_at = Some(self.now + Duration::from_micros(micros));
        }
    }
}
