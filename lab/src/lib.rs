//! Real peers without hardware: a router made of U-Boot and Linux in QEMU.
