//! The U-Boot console: interrupt, learn, command, read, write and digest; and a device half.
