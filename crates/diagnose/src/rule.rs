//! What a rule is.

use debrick_model::{Action, Cause, EvidenceKind, State};

/// How far a unit must have got for a line to be said; a fault is survived when a later stage follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Boot ROM, and loaders before the boot loader.
    Rom,
    /// The boot loader.
    Loader,
    /// The kernel.
    Kernel,
    /// The system.
    System,
    /// It stays true however far the unit gets.
    Lasting,
    /// A tool or this computer said it; not looked for in what the unit said.
    Tool,
    /// A tool said it; not looked for elsewhere.
    Output,
    /// A person said it; not looked for elsewhere.
    Said,
}

impl Level {
    /// Whether lines of this kind of evidence are read at this level.
    pub(crate) fn reads(self, kind: EvidenceKind) -> bool {
        match self {
            Self::Tool => kind != EvidenceKind::SerialLog,
            Self::Output => kind == EvidenceKind::ToolOutput,
            Self::Said => kind == EvidenceKind::Symptom,
            _ => true,
        }
    }
}

impl Level {
    /// How far a unit gets that fails here, where nothing else is known.
    pub(crate) fn stops_at(self) -> Option<State> {
        match self {
            Self::Rom => Some(State::BootloaderFailing),
            Self::Loader => Some(State::BootloaderOnly),
            Self::Kernel => Some(State::KernelHang),
            Self::System => Some(State::BootsDegraded),
            Self::Lasting | Self::Tool | Self::Output | Self::Said => None,
        }
    }
}

/// What a line means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Stable, kebab-case, unique.
    pub(crate) id: &'static str,
    pub(crate) level: Level,
    /// Any of these patterns makes the rule speak.
    pub(crate) any: &'static [&'static str],
    /// All of these must be found somewhere too.
    pub(crate) with: &'static [&'static str],
    /// None of these may be found.
    pub(crate) without: &'static [&'static str],
    /// What it says, as a full sentence.
    pub(crate) says: &'static str,
    /// How strongly it speaks for each cause: the likelihood if nothing else were known.
    pub(crate) causes: &'static [(Cause, f64)],
    /// How strongly it speaks for a state.
    pub(crate) states: &'static [(State, f64)],
    /// What to do where this rule led to the cause; before the usual advice.
    pub(crate) actions: &'static [Action],
    /// It speaks only where nothing else tells of a fault: its line shows that something failed, not what.
    pub(crate) is_last_resort: bool,
    /// Program and file that print it, or other source.
    pub(crate) source: &'static str,
    /// A line that must make it speak.
    pub(crate) sample: &'static str,
}

/// A rule without conditions, state or actions of its own.
pub(crate) const fn rule(
    id: &'static str,
    level: Level,
    any: &'static [&'static str],
    says: &'static str,
    causes: &'static [(Cause, f64)],
) -> Rule {
    Rule {
        id,
        level,
        any,
        with: &[],
        without: &[],
        says,
        causes,
        states: &[],
        actions: &[],
        is_last_resort: false,
        source: "",
        sample: "",
    }
}

impl Rule {
    pub(crate) const fn with(self, with: &'static [&'static str]) -> Self {
        Self { with, ..self }
    }

    pub(crate) const fn without(self, without: &'static [&'static str]) -> Self {
        Self { without, ..self }
    }

    pub(crate) const fn states(self, states: &'static [(State, f64)]) -> Self {
        Self { states, ..self }
    }

    pub(crate) const fn actions(self, actions: &'static [Action]) -> Self {
        Self { actions, ..self }
    }

    /// For lines that show that something failed, and hardly what.
    pub(crate) const fn last_resort(self) -> Self {
        Self { is_last_resort: true, ..self }
    }

    /// Where the line comes from, and the line.
    pub(crate) const fn from(self, source: &'static str, sample: &'static str) -> Self {
        Self { source, sample, ..self }
    }

    pub(crate) fn patterns(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.any.iter().chain(self.with).chain(self.without).copied()
    }

    /// Whether it tells that something worked.
    pub(crate) fn is_success(&self) -> bool {
        self.causes.iter().any(|(cause, weight)| *cause == Cause::NoFault && *weight >= 0.5)
    }

    /// Whether it says anything good about the unit.
    pub(crate) fn speaks_well(&self) -> bool {
        self.causes.iter().any(|(cause, _)| *cause == Cause::NoFault)
    }

    /// Whether it tells of something that went wrong.
    pub(crate) fn is_fault(&self) -> bool {
        self.causes.iter().any(|(cause, weight)| *cause != Cause::NoFault && *weight >= 0.3)
    }
}
