//! The host half against the device half, on virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::single_range_in_vec_init,
    reason = "a test panics, and asks for single ranges"
)]

mod bench;
mod flashing;
mod talking;
mod trouble;
