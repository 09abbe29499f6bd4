//! From power to prompt: the banner, the environment, the countdown, and the password that may stand before the prompt.

use std::time::Duration;

use debrick_link::clock::Moment;

use super::{State, UbootDevice};
use crate::device::autoboot::{self, Countdown, Verdict};
use crate::device::board::Board;
use crate::device::environment::Environment;
use crate::device::number;

const TO_ENVIRONMENT: Duration = Duration::from_millis(60);
const TO_COUNTDOWN: Duration = Duration::from_millis(80);

impl<B: Board> UbootDevice<B> {
    /// Does one part of the start.
    pub(super) fn start_part(&mut self, part: u8, out: &mut Vec<u8>) {
        self.state = State::Starting(part + 1);
        match part {
            0 => {
                // What was typed before the console worked is lost.
                self.typed.clear();
                self.put(&format!("\n\n{}\n\n{}", self.config.version, self.config.early_text), out);
                self.wait(TO_ENVIRONMENT);
            }
            1 => {
                let stored = self.board.load_environment();
                let good = Environment::from_stored(&stored, self.config.environment_redundant);
                let home = &self.config.environment_home;
                let verdict = match good {
                    Some(_) => "OK\n",
                    None => "*** Warning - bad CRC, using default environment\n\n",
                };
                self.put(
                    &format!("Loading Environment from {home}... {verdict}{}", self.config.late_text),
                    out,
                );
                self.shell.environment =
                    good.unwrap_or_else(|| Environment::from_pairs(&self.config.default_environment));
                for (name, value) in &self.config.runtime_environment {
                    self.shell.environment.set(name, Some(value));
                }
                self.put(&self.network_text(), out);
                self.wait(TO_COUNTDOWN);
            }
            _ => {
                let delay = self.shell.environment.get("bootdelay");
                let delay = delay.map_or(self.config.bootdelay, |text| number::any_base(&text) as i32);
                match self.shell.environment.get("bootcmd") {
                    Some(_) if delay != -1 => {
                        let (countdown, text) = Countdown::new(&self.config.stop, delay, self.now);
                        self.put(&text, out);
                        self.state = State::Autoboot(countdown);
                    }
                    _ => self.show_prompt(out),
                }
            }
        }
    }

    fn network_text(&self) -> String {
        let Some(network) = &self.config.network else { return String::new() };
        let warning = match self.shell.environment.get("ethaddr") {
            Some(address) if !address.eq_ignore_ascii_case(&network.rom_address) => format!(
                "\nWarning: {} MAC addresses don't match:\nAddress in ROM is\t\t{}\nAddress in environment is\t{address}\n",
                network.device, network.rom_address
            ),
            _ => String::new(),
        };
        format!("Net:   {warning}eth0: {}\n", network.device)
    }

    /// Counts down; `false` if nothing is due yet.
    pub(super) fn count_down(&mut self, mut countdown: Countdown, now: Moment, out: &mut Vec<u8>) -> bool {
        let mut text = String::new();
        let verdict = countdown.poll(&self.config.stop, &mut self.typed, now, &mut text);
        self.put(&text, out);
        match verdict {
            Verdict::Wait => {
                self.state = State::Autoboot(countdown);
                false
            }
            Verdict::Boot => {
                self.now = now;
                self.run_line("run bootcmd", false, out);
                true
            }
            Verdict::Stop => {
                self.now = now;
                self.shell.quiet = false;
                if self.config.password.is_some() {
                    self.put("Password: ", out);
                    self.state = State::Password(Vec::new());
                } else {
                    self.show_prompt(out);
                }
                true
            }
        }
    }

    /// Takes what was typed of the password; `false` if its line has not ended.
    pub(super) fn password(&mut self, mut entered: Vec<u8>, out: &mut Vec<u8>) -> bool {
        while let Some(byte) = self.typed.pop_front() {
            if !matches!(byte, b'\r' | b'\n') {
                if entered.len() < autoboot::MOST_TYPED {
                    entered.push(byte);
                    self.put("*", out);
                }
                continue;
            }
            self.put("\n", out);
            if self.config.password.as_ref().is_some_and(|password| password.as_bytes() == entered) {
                self.show_prompt(out);
            } else {
                self.put("Wrong password\nPassword: ", out);
                self.state = State::Password(Vec::new());
            }
            return true;
        }
        self.state = State::Password(entered);
        false
    }
}
