//! Runs programs of the shell, one small step at a time.

use std::collections::VecDeque;

use super::board::Board;
use super::commands;
use super::context::{Context, Reply};
use super::hush;
use super::program::{NoProgram, Op, Word};
use super::simple_shell;

/// Scripts that call each other deeper than this run out of stack.
const DEEPEST: usize = 48;

#[derive(Debug)]
struct Frame {
    ops: Vec<Op>,
    next: usize,
    loops: Vec<(String, VecDeque<String>)>,
    /// Scripts that follow while they succeed.
    later: VecDeque<String>,
}

/// A line being run, and the scripts it called.
#[derive(Debug, Default)]
pub(super) struct Machine {
    frames: Vec<Frame>,
    /// Whether Ctrl-C was pressed since the line began: loops end.
    pub(super) interrupted: bool,
    /// Whether an empty line asked for it.
    pub(super) again: bool,
    /// Whether every command so far may be run again by an empty line.
    pub(super) repeatable: bool,
}

/// What a step came to.
#[derive(Debug)]
pub(super) enum Step {
    /// The line is over.
    Over,
    /// Go on.
    More,
    /// A command came to something that the device has to do.
    Command(Reply),
}

impl Machine {
    /// Starts a line.
    pub(super) fn start(&mut self, ops: Vec<Op>, again: bool) {
        *self = Self { frames: Vec::new(), interrupted: false, again, repeatable: true };
        self.frames.push(Frame { ops, next: 0, loops: Vec::new(), later: VecDeque::new() });
    }

    /// Calls scripts; `false` if that is too deep.
    pub(super) fn call<B: Board>(&mut self, scripts: Vec<String>, context: &mut Context<'_, B>) -> bool {
        if self.frames.len() >= DEEPEST {
            return false;
        }
        let mut later: VecDeque<_> = scripts.into();
        let ops = later.pop_front().map_or_else(Vec::new, |script| translate(&script, context));
        self.frames.push(Frame { ops, next: 0, loops: Vec::new(), later });
        true
    }

    /// Leaves the script.
    fn leave(&mut self) {
        self.frames.pop();
    }

    /// Drops everything.
    pub(super) fn stop(&mut self) {
        self.frames.clear();
    }

    /// Whether the next step is a turn of a loop.
    pub(super) fn at_loop_head(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.ops.get(frame.next) == Some(&Op::LoopHead))
    }

    /// Does the next step.
    pub(super) fn step<B: Board>(&mut self, context: &mut Context<'_, B>) -> Step {
        context.spend(commands::LEAST / 50);
        let Some(frame) = self.frames.last_mut() else { return Step::Over };
        let Some(op) = frame.ops.get(frame.next).cloned() else {
            let next = if context.shell.status == 0 { frame.later.pop_front() } else { None };
            match next {
                Some(script) => {
                    frame.ops = translate(&script, context);
                    frame.next = 0;
                    frame.loops.clear();
                }
                None => self.leave(),
            }
            return Step::More;
        };
        frame.next += 1;
        let failed = context.shell.status != 0;
        match op {
            Op::Jump(target) => frame.next = target,
            Op::JumpIfFailed(target) if failed => frame.next = target,
            Op::JumpIfDone(target) if !failed => frame.next = target,
            Op::JumpIfFailed(_) | Op::JumpIfDone(_) => {}
            Op::LoopHead => {
                if self.interrupted {
                    context.shell.status = 1;
                    self.leave();
                }
            }
            Op::ForStart(name, words) => {
                let shell = &*context.shell;
                let values = hush::expand_list(&words, &|name| shell.value(name));
                frame.loops.push((name, values.into()));
            }
            Op::ForNext(target) => {
                let value = frame
                    .loops
                    .last_mut()
                    .and_then(|(name, values)| Some((name.clone(), values.pop_front()?)));
                match value {
                    Some((name, value)) => {
                        context.shell.set_local(&name, &value);
                    }
                    None => {
                        frame.loops.pop();
                        frame.next = target;
                    }
                }
            }
            Op::Run(words) => {
                let arguments = assign(&words, context);
                return self.run(&arguments, context);
            }
            Op::Simple(command) => {
                let shell = &*context.shell;
                let arguments = simple_shell::split(&command, |name| shell.value(name));
                return self.run(&arguments, context);
            }
        }
        Step::More
    }

    fn run<B: Board>(&mut self, arguments: &[String], context: &mut Context<'_, B>) -> Step {
        let Some(name) = arguments.first() else {
            context.spend(commands::LEAST);
            context.shell.status = 0;
            return Step::More;
        };
        self.repeatable &= commands::find(context.config, name).is_some_and(|entry| entry.repeatable);
        context.again = self.again;
        Step::Command(commands::run(arguments, context))
    }
}

/// Takes the assignments off the front, and expands what is left.
fn assign<B: Board>(words: &[Word], context: &mut Context<'_, B>) -> Vec<String> {
    let mut rest = words;
    loop {
        let shell = &*context.shell;
        let Some((first, behind)) = rest.split_first() else { return Vec::new() };
        let arguments = hush::expand(std::slice::from_ref(first), &|name| shell.value(name));
        let joined = arguments.join(" ");
        match hush::assignment(&joined) {
            Some((name, value)) => context.shell.set_local(name, value),
            None => break,
        }
        rest = behind;
    }
    let shell = &*context.shell;
    hush::expand(rest, &|name| shell.value(name))
}

fn translate<B: Board>(script: &str, context: &mut Context<'_, B>) -> Vec<Op> {
    if !context.config.hush {
        return simple_shell::compile(script);
    }
    match hush::compile(script) {
        Ok(ops) => ops,
        Err(NoProgram::Incomplete | NoProgram::Syntax) => {
            context.print("syntax error\n");
            context.shell.status = 1;
            Vec::new()
        }
    }
}
