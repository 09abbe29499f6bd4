//! A script as a program of small steps, so that every loop can be stopped between two.

/// A piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text as it is.
    Text(String),
    /// A variable's value, split into words unless quoted.
    Variable { name: String, quoted: bool },
}

/// A word before expansion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
}

/// A step of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Op {
    /// Runs a command.
    Run(Vec<Word>),
    /// Runs a command of the simple shell, not expanded yet.
    Simple(String),
    Jump(usize),
    JumpIfFailed(usize),
    JumpIfDone(usize),
    /// Where a loop looks for Ctrl-C.
    LoopHead,
    ForStart(String, Vec<Word>),
    /// Takes the next value, or leaves the loop.
    ForNext(usize),
}

/// Why there is no program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoProgram {
    /// More lines have to come.
    Incomplete,
    /// It makes no sense.
    Syntax,
}
