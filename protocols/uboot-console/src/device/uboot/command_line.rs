//! The command line: a line is read, run step by step, and its commands do what they came to.

use debrick_link::clock::Moment;

use super::{State, UbootDevice};
use crate::device::board::Board;
use crate::device::context::{Reply, put};
use crate::device::hush;
use crate::device::jobs::Job;
use crate::device::line::Typed;
use crate::device::load::Loading;
use crate::device::machine::Step;
use crate::device::program::NoProgram;
use crate::device::simple_shell;

impl<B: Board> UbootDevice<B> {
    /// Waits for a line, or for the rest of one.
    pub(super) fn show_prompt(&mut self, out: &mut Vec<u8>) {
        self.state = State::Prompt;
        self.editor.clear();
        let prompt = if self.unfinished.is_empty() { self.config.prompt.as_str() } else { "> " };
        put(prompt, self.shell.quiet, out);
    }

    /// Takes what was typed; `false` if the line has not ended.
    pub(super) fn prompt(&mut self, out: &mut Vec<u8>) -> bool {
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

    /// Begins to run a script, unless more of it has to come.
    pub(super) fn run_line(&mut self, script: &str, again: bool, out: &mut Vec<u8>) {
        self.unfinished.clear();
        let compiled =
            if self.config.hush { hush::compile(script) } else { Ok(simple_shell::compile(script)) };
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
    pub(super) fn poll_interrupt(&mut self, now: Moment) {
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

    /// Does the next step of the line that runs.
    pub(super) fn run_step(&mut self, job: Option<Job>, out: &mut Vec<u8>) {
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

    /// Goes on receiving a file; `false` if nothing more is due.
    pub(super) fn load_step(&mut self, mut loading: Box<Loading>, out: &mut Vec<u8>) -> bool {
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
