//! Exit codes: part of the program's interface, documented in `debrick --help`.

use debrick_model::Ending;

/// The program itself failed before anything was begun.
pub(crate) const FAILED: i32 = 1;
/// The command line was not understood. The same as clap's own.
pub(crate) const USAGE: i32 = 2;
/// The operator insisted on ending without a safe point. What shells report for SIGINT.
pub(crate) const ENDED_AT_ONCE: i32 = 130;

/// The exit code of a session that ended like this.
pub(crate) fn of(ending: Ending) -> i32 {
    match ending {
        Ending::Repaired | Ending::NothingNeeded | Ending::Done => 0,
        Ending::StoppedSafely => 10,
        Ending::NeedsOperator => 11,
        Ending::RefusedByGate => 12,
        Ending::FailedRestoreOffered => 13,
        Ending::Cancelled => 14,
    }
}
