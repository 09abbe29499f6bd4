//! The text on the line.
