//! What stations say on a cable, and what that tells: who is there, in which mode, and how it could be recovered now.
//!
//! [`decode`] makes one [`Heard`] of a frame that says something; [`Stations`] keeps them, within bounds, whatever a
//! network does; [`judge`] compares them with the catalog. Nothing is opened and nothing is sent here, except by
//! [`page::look`], which fetches a page where it is asked to.

mod decode;
#[doc(hidden)]
pub mod fuzzing;
mod heard;
mod judge;
mod makers;
mod observe;
pub mod page;
mod stations;
mod text;

pub use decode::decode;
pub use heard::{AddressMessage, AddressRequest, Heard, Names, NmrpCode, Word};
pub use judge::{Fit, Judged, Judgement, Stage, Strength, WorksNow, judge};
pub use makers::maker;
pub use observe::observe;
pub use stations::{Kept, MOST_STATIONS, MOST_WORDS, Station, Stations};
