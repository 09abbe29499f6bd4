//! From evidence to findings.
