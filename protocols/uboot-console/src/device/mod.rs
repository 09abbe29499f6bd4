//! The device half: a bootloader as a pure state machine.
