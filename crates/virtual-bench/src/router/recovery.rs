//! The recovery door of the unit, and what it leads to.

use std::net::{IpAddr, SocketAddr};

use debrick_link::simulated::{Channel, Input, Output};
use debrick_uboot_console::device::Storage as _;

use super::{NETWORK_DELAY, VirtualRouter};
use crate::door::{DoorState, Turn};
use crate::layout::{BLOCK, FIRMWARE, UNIT_ADDRESS};

/// How much of a file that came in through the door is written at once, in bytes.
const INSTALLS_AT_ONCE: usize = 0x1_0000;

impl VirtualRouter {
    /// Lets the recovery door do something, and does what that leads to.
    pub(super) fn at_door(
        &mut self,
        work: impl FnOnce(&mut DoorState, SocketAddr, &str, &mut Vec<Output>) -> Turn,
    ) {
        let model = self.model();
        let mut sent = Vec::new();
        let unit = SocketAddr::new(IpAddr::V4(UNIT_ADDRESS), 0);
        let Some(door) = &mut self.door else { return };
        let turn = work(door, unit, &model, &mut sent);
        let due = self.now + NETWORK_DELAY;
        self.delayed.extend(sent.into_iter().map(|output| (due, output)));
        self.turn(turn);
    }

    /// Does what the recovery door leads to.
    pub(super) fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::Stay => {}
            Turn::Start => self.uboot.power_on(self.now),
            Turn::Say(text) => {
                self.delayed.push_back((self.now, Output::Bytes(Channel::Console, text.into_bytes())));
            }
            Turn::Install(image) => self.install(&image),
            Turn::Run => {
                if let Some(openwrt) = &mut self.openwrt {
                    openwrt.start_in_memory();
                }
            }
        }
    }

    /// Writes what came in through the recovery door, and starts as always. What the storage does not take is not there
    /// afterwards; the bootloader says nothing of it.
    fn install(&mut self, image: &[u8]) {
        if self.write_firmware(image) {
            self.power_off();
        } else {
            self.uboot.power_on(self.now);
        }
    }

    /// Writes firmware; whether the power was lost meanwhile.
    pub(super) fn write_firmware(&mut self, image: &[u8]) -> bool {
        let disk = &mut self.uboot.board_mut().disk;
        let places = image.chunks(INSTALLS_AT_ONCE).zip((FIRMWARE.offset..).step_by(INSTALLS_AT_ONCE));
        for (piece, at) in places {
            let mut block = piece.to_vec();
            block.resize(piece.len().next_multiple_of(BLOCK as usize), 0);
            let _ = disk.write(at, &block);
        }
        std::mem::take(&mut disk.power_is_lost)
    }

    /// Whether its bootloader has not come further than its door.
    pub(super) fn stands_at_its_door(&self) -> bool {
        self.has_power && self.door.as_ref().is_some_and(DoorState::holds_back)
    }

    /// Hands a frame, or what happens on a TCP connection, to the recovery door.
    pub(super) fn hand_to_door(&mut self, input: Input<'_>, out: &mut Vec<Output>) {
        if self.happenings.hangs {
            return;
        }
        match input {
            Input::Connected(channel, _) => {
                self.connections.insert(channel, Vec::new());
            }
            Input::Closed(channel) => {
                self.connections.remove(&channel);
            }
            _ => {}
        }
        let now = self.now;
        self.at_door(|door, _, model, sent| door.on_input(input, now, model, sent));
        // Who is turned away learns it at once.
        if let Input::Connected(channel, _) = input
            && let Some(place) = self.delayed.iter().position(|(_, sent)| *sent == Output::Closed(channel))
        {
            self.connections.remove(&channel);
            out.extend(self.delayed.remove(place).map(|(_, output)| output));
        }
    }
}
