//! The steps of a repair, one module each, as methods of [`crate::repair::Repair`].

mod assess;
mod back_up;
mod clear;
mod identify;
mod obtain;
mod preflight;
mod prove;
mod settings;
mod write;

pub(crate) use back_up::{prove_restores, read_backup};
pub(crate) use clear::record_clearance;
pub(crate) use identify::value_of;
pub(crate) use obtain::{judge_image, provenance_in_words};
pub(crate) use settings::serial_of;
