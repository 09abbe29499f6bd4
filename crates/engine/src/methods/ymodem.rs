//! Bytes over the console itself, by YMODEM.
