//! `debrick demo`.

use crate::args::Demo;
use crate::commands::Context;
use crate::failure::Failure;

pub(super) fn demo(_context: &Context, _args: &Demo) -> Result<i32, Failure> {
    Err(Failure::new("demo", "the demo is not there yet", ""))
}
