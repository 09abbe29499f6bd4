//! `debrick image`: firmware files, without a device.

mod check;
mod diff;
mod inspect;
pub(crate) mod sums;
mod table;
mod unwrap;

use crate::args::Image;
use crate::commands::Context;
use crate::failure::Failure;

pub(super) fn run(context: &Context, args: &Image) -> Result<i32, Failure> {
    match args {
        Image::Inspect(args) => inspect::inspect(context, args),
        Image::Check(args) => check::check(context, args),
        Image::Unwrap(args) => unwrap::unwrap(context, args),
        Image::Diff(args) => diff::diff(context, args),
        Image::Formats => inspect::formats(context),
    }
}
