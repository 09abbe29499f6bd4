//! Firmware images: bytes in, facts and verdicts out.
