//! The bootloader itself.

use std::time::Duration;

use debrick_link::clock::Moment;
use debrick_link::simulated::{Channel, Device, Input, Output};

use super::autoboot::{self, Countdown, Verdict};
use super::board::Board;
use super::config::UbootConfig;
use super::context::{Context, Reply, Shell, put};
use super::environment::Environment;
use super::hush::{self, NoProgram};
use super::jobs::Job;
use super::line::{LineEditor, Typed};
use super::load::{Loading, Stage};
use super::machine::{Machine, Step};
use super::number;

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
const TO_ENVIRONMENT: Duration = Duration::from_millis(60);
const TO_COUNTDOWN: Duration = Duration::from_millis(80);
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

    fn start_part(&mut self, part: u8, out: &mut Vec<u8>) {
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

    fn count_down(&mut self, mut countdown: Countdown, now: Moment, out: &mut Vec<u8>) -> bool {
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

    fn password(&mut self, mut entered: Vec<u8>, out: &mut Vec<u8>) -> bool {
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

    fn show_prompt(&mut self, out: &mut Vec<u8>) {
        self.state = State::Prompt;
        self.editor.clear();
        let prompt = if self.unfinished.is_empty() { self.config.prompt.as_str() } else { "> " };
        put(prompt, self.shell.quiet, out);
    }

    fn prompt(&mut self, out: &mut Vec<u8>) -> bool {
        let mut echo = Vec::new();
        let mut typed = Typed::More;
        while typed == Typed::More {
            let Some(byte) = self.typed.pop_front() else { break };
            typed = self.editor.type_byte(byte, self.config.line_limit, &mut echo);
        }
        if !self.shell.quiet {
            out.append(&mut echo);
        }
        match typed {
            Typed::More => {
                self.state = State::Prompt;
                false
            }
            Typed::Interrupted => {
                self.put("<INTERRUPT>\n", out);
                self.unfinished.clear();
                self.last_line = None;
                self.show_prompt(out);
                true
            }
            Typed::Line(line) => {
                let line = String::from_utf8_lossy(&line).into_owned();
                self.take_line(line, out);
                true
            }
        }
    }

    fn take_line(&mut self, line: String, out: &mut Vec<u8>) {
        if !self.unfinished.is_empty() {
            let script = format!("{}\n{line}", self.unfinished);
            if script.len() > self.config.line_limit {
                self.unfinished.clear();
                self.show_prompt(out);
                return;
            }
            self.run_line(&script, false, out);
        } else if line.trim().is_empty() {
            match self.last_line.clone().filter(|_| line.is_empty()) {
                Some(last) => self.run_line(&last, true, out),
                None => self.show_prompt(out),
            }
        } else {
            self.run_line(&line, false, out);
        }
    }

    fn run_line(&mut self, script: &str, again: bool, out: &mut Vec<u8>) {
        self.unfinished.clear();
        let compiled =
            if self.config.hush { hush::compile(script) } else { Ok(hush::compile_simple(script)) };
        match compiled {
            Ok(ops) => {
                self.machine.start(ops, again);
                self.last_line = Some(script.to_owned());
                self.state = State::Running(None);
                self.busy_until = self.now;
            }
            Err(NoProgram::Incomplete) => {
                self.unfinished = script.to_owned();
                self.show_prompt(out);
            }
            Err(NoProgram::Syntax) => {
                self.put("syntax error\n", out);
                self.last_line = None;
                self.shell.status = 1;
                self.show_prompt(out);
            }
        }
    }

    /// A running command that can be interrupted reads what is typed, and throws away all but Ctrl-C.
    fn poll_interrupt(&mut self, now: Moment) {
        let State::Running(job) = &mut self.state else { return };
        let Some(running) = job else { return };
        if !running.interruptible() {
            return;
        }
        let pressed = self.typed.iter().position(|byte| *byte == 3);
        self.typed.drain(..pressed.map_or(self.typed.len(), |at| at + 1));
        if pressed.is_some() {
            *job = None;
            self.machine.interrupted = true;
            self.shell.status = 1;
            self.last_line = None;
            self.now = now;
            self.busy_until = now;
        }
    }

    fn run_step(&mut self, job: Option<Job>, out: &mut Vec<u8>) {
        self.state = State::Running(job);
        self.poll_interrupt(self.now);
        let State::Running(job) = std::mem::replace(&mut self.state, State::Running(None)) else { return };
        // A loop looks for Ctrl-C once a turn, and throws away what else it finds.
        if job.is_none() && self.machine.at_loop_head() && self.typed.pop_front() == Some(3) {
            self.machine.interrupted = true;
            self.last_line = None;
        }
        let mut machine = std::mem::take(&mut self.machine);
        let mut context = self.context(out);
        let (step, job) = match job {
            None => (machine.step(&mut context), None),
            Some(mut job) => match job.step(&mut context) {
                Some(reply) => (Step::Command(reply), None),
                None => (Step::More, Some(job)),
            },
        };
        let cost = context.cost;
        self.machine = machine;
        self.wait(cost);
        self.state = State::Running(job);
        match step {
            Step::More => {}
            Step::Over => {
                if !self.machine.repeatable {
                    self.last_line = None;
                }
                self.show_prompt(out);
            }
            Step::Command(reply) => self.reply(reply, out),
        }
    }

    fn reply(&mut self, reply: Reply, out: &mut Vec<u8>) {
        match reply {
            Reply::Status(status) => self.shell.status = status,
            Reply::Usage => self.shell.status = 1,
            Reply::Job(job) => self.state = State::Running(Some(job)),
            Reply::Scripts(scripts) => {
                let mut machine = std::mem::take(&mut self.machine);
                self.shell.status = 0;
                let called = machine.call(scripts, &mut self.context(out));
                self.machine = machine;
                if !called {
                    self.abort(out);
                }
            }
            Reply::Load(plan) => {
                let (loading, over) = Loading::begin(plan, &mut self.context(out));
                match over {
                    Some(status) => self.shell.status = status,
                    None => self.state = State::Loading(Box::new(loading)),
                }
            }
            Reply::Abort => self.abort(out),
            Reply::Reset => self.restart(false, self.now),
            Reply::PowerOff => self.power_off(),
            Reply::HandOver => {
                self.machine.stop();
                self.typed.clear();
                self.state = State::HandedOver;
            }
        }
    }

    fn abort(&mut self, out: &mut Vec<u8>) {
        self.put(&self.config.abort_text, out);
        self.restart(false, self.now);
    }

    fn load_step(&mut self, mut loading: Box<Loading>, out: &mut Vec<u8>) -> bool {
        let typed: Vec<u8> = self.typed.drain(..).collect();
        let mut rest = Vec::new();
        let mut context = self.context(out);
        let over = if typed.is_empty() {
            loading.tick(&mut context)
        } else {
            loading.bytes(&typed, &mut context, &mut rest)
        };
        self.typed.extend(rest);
        match over {
            Some(status) => {
                self.shell.status = status;
                self.machine.interrupted |= status != 0 && typed.contains(&3);
                self.busy_until = self.now;
                self.state = State::Running(None);
                true
            }
            None => {
                self.state = State::Loading(loading);
                !typed.is_empty()
            }
        }
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
