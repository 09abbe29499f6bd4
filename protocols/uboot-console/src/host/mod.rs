//! The host half: plain blocking code over a link.
