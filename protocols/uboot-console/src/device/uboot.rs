//! The bootloader itself.

mod command_line;
mod startup;

use std::time::Duration;

use debrick_link::clock::Moment;
use debrick_link::simulated::{Channel, Device, Input, Output};

use super::autoboot::Countdown;
use super::board::Board;
use super::config::UbootConfig;
use super::context::{Context, Shell, put};
use super::jobs::Job;
use super::line::LineEditor;
use super::load::{Loading, Stage};
use super::machine::Machine;

/// Where a bootloader stands, for whoever watches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// No power.
    Off,
    /// On its way to the countdown.
    Starting,
    /// Counting down, or waiting for a password.
    Autoboot,
    /// Waiting for a line.
    Prompt,
    /// Running a line.
    Busy,
    /// Receiving a file.
    Loading,
    /// Something else runs; the console is not the bootloader's.
    HandedOver,
}

#[derive(Debug)]
enum State {
    Off,
    /// Which part of the start is next.
    Starting(u8),
    Autoboot(Countdown),
    Password(Vec<u8>),
    Prompt,
    Running(Option<Job>),
    Loading(Box<Loading>),
    HandedOver,
}

/// The console of a U-Boot, on virtual time. Composable: its owner feeds it bytes and ticks; alone it is a
/// [`Device`] with a console.
pub struct UbootDevice<B> {
    board: B,
    config: UbootConfig,
    shell: Shell,
    state: State,
    machine: Machine,
    editor: LineEditor,
    /// Lines of an unfinished script.
    unfinished: String,
    /// The last line, if an empty one may run it again.
    last_line: Option<String>,
    typed: std::collections::VecDeque<u8>,
    /// It does nothing before this moment.
    busy_until: Moment,
    now: Moment,
}

const TO_BANNER: Duration = Duration::from_millis(120);
/// How many steps are done at one moment before others get their turn; time passes in each, so this is never reached.
const MOST_STEPS: u32 = 1_000_000;

impl<B: Board> UbootDevice<B> {
    /// A bootloader without power.
    pub fn new(board: B, config: UbootConfig) -> Self {
        Self {
            board,
            config,
            shell: Shell::default(),
            state: State::Off,
            machine: Machine::default(),
            editor: LineEditor::default(),
            unfinished: String::new(),
            last_line: None,
            typed: std::collections::VecDeque::new(),
            busy_until: Moment::default(),
            now: Moment::default(),
        }
    }

    /// The world outside.
    pub fn board(&self) -> &B {
        &self.board
    }

    /// The world outside: to feed it datagrams, to inject failures.
    pub fn board_mut(&mut self) -> &mut B {
        &mut self.board
    }

    /// How it was built.
    pub fn config(&self) -> &UbootConfig {
        &self.config
    }

    /// Where it stands.
    pub fn standing(&self) -> Standing {
        match self.state {
            State::Off => Standing::Off,
            State::Starting(_) => Standing::Starting,
            State::Autoboot(_) | State::Password(_) => Standing::Autoboot,
            State::Prompt => Standing::Prompt,
            State::Running(_) => Standing::Busy,
            State::Loading(_) => Standing::Loading,
            State::HandedOver => Standing::HandedOver,
        }
    }

    /// The rate at which it talks now, in bits a second; `loady` with a rate changes it.
    pub fn line_rate(&self) -> u32 {
        self.shell.line_rate
    }

    /// A variable of the environment in memory, or of the shell.
    pub fn variable(&self, name: &str) -> Option<String> {
        self.shell.environment.get(name).or_else(|| self.shell.local(name))
    }

    /// Turns the power on; nothing happens if it is on.
    pub fn power_on(&mut self, now: Moment) {
        if matches!(self.state, State::Off) {
            self.restart(true, now);
        }
    }

    /// Turns the power off at once, whatever is under way.
    pub fn power_off(&mut self) {
        if matches!(self.state, State::Loading(_)) {
            self.board.cancel_transfer();
        }
        self.machine.stop();
        self.typed.clear();
        self.state = State::Off;
    }

    /// Starts over without a power cut: a reset button, a watchdog, or the booted system's reboot.
    pub fn reset(&mut self, now: Moment) {
        if !matches!(self.state, State::Off) {
            self.restart(false, now);
        }
    }

    fn restart(&mut self, cold: bool, now: Moment) {
        if matches!(self.state, State::Loading(_)) {
            self.board.cancel_transfer();
        }
        self.board.reset(cold, now);
        let storages = (0..self.board.storage_count())
            .filter_map(|index| self.board.storage(index).map(|storage| storage.info()))
            .collect();
        self.shell = Shell {
            storages,
            quiet: self.config.silent,
            line_rate: self.config.baudrate,
            locals: if self.config.hush { vec![("HUSH_VERSION".into(), "0.01".into())] } else { Vec::new() },
            ..Shell::default()
        };
        self.machine.stop();
        self.editor = LineEditor::default();
        self.unfinished.clear();
        self.last_line = None;
        self.state = State::Starting(0);
        self.busy_until = now + TO_BANNER;
        self.now = now;
    }

    /// Takes bytes from the console.
    pub fn on_bytes(&mut self, bytes: &[u8], now: Moment, out: &mut Vec<u8>) {
        self.tick(now, out);
        if matches!(self.state, State::Off | State::HandedOver) {
            return;
        }
        let room = self.config.input_buffer.saturating_sub(self.typed.len());
        self.typed.extend(bytes.iter().take(room));
        self.poll_interrupt(now);
        self.tick(now, out);
    }

    /// Lets time come to `now`.
    pub fn tick(&mut self, now: Moment, out: &mut Vec<u8>) {
        for _ in 0..MOST_STEPS {
            if self.busy_until > now {
                return;
            }
            // What was due earlier happened then; what waited for input happens now.
            self.now = self.now.max(self.busy_until);
            if !self.step(now, out) {
                self.now = now;
                return;
            }
        }
    }

    /// When it wants to be ticked next.
    pub fn next_wake(&self) -> Option<Moment> {
        match &self.state {
            State::Off | State::HandedOver => None,
            _ if self.busy_until > self.now => Some(self.busy_until),
            State::Loading(loading) if matches!(loading.stage, Stage::Running { .. }) => {
                self.board.transfer_wake()
            }
            State::Loading(_) | State::Prompt | State::Password(_) => None,
            State::Autoboot(countdown) => countdown.wake(),
            State::Starting(_) | State::Running(_) => Some(self.now),
        }
    }

    /// Does what is due; `false` if nothing is.
    fn step(&mut self, now: Moment, out: &mut Vec<u8>) -> bool {
        match std::mem::replace(&mut self.state, State::Prompt) {
            state @ (State::Off | State::HandedOver) => {
                self.state = state;
                false
            }
            State::Starting(part) => {
                self.start_part(part, out);
                true
            }
            State::Autoboot(countdown) => self.count_down(countdown, now, out),
            State::Password(entered) => self.password(entered, out),
            State::Prompt => {
                self.now = self.now.max(now);
                self.prompt(out)
            }
            State::Running(job) => {
                self.run_step(job, out);
                true
            }
            State::Loading(loading) => {
                self.now = self.now.max(now);
                self.load_step(loading, out)
            }
        }
    }

    fn context<'a>(&'a mut self, out: &'a mut Vec<u8>) -> Context<'a, B> {
        Context {
            board: &mut self.board,
            config: &self.config,
            shell: &mut self.shell,
            out,
            cost: Duration::ZERO,
            now: self.now,
            again: false,
        }
    }

    fn put(&self, text: &str, out: &mut Vec<u8>) {
        put(text, self.shell.quiet, out);
    }

    fn wait(&mut self, span: Duration) {
        self.busy_until = self.now + span;
    }
}

impl<B: Board> Device for UbootDevice<B> {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        let mut bytes = Vec::new();
        match input {
            Input::Bytes(Channel::Console, typed) => self.on_bytes(typed, now, &mut bytes),
            Input::Connected(channel, _) => out.push(Output::Closed(channel)),
            _ => self.tick(now, &mut bytes),
        }
        if !bytes.is_empty() {
            out.push(Output::Bytes(Channel::Console, bytes));
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        self.next_wake()
    }
}
