//! The device half by itself: exact bytes, as the real bootloader puts them on the line, and properties.
#![allow(clippy::unwrap_used, reason = "a test panics")]

mod boot;
mod commands;
mod properties;
mod shell;
mod storage;
mod typist;
