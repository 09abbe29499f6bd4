//! What this computer is like, as it bears on a repair: facts of `link-os`, judged.
