//! Virtual devices on a virtual clock.
