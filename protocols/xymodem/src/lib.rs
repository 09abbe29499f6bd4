//! XMODEM and YMODEM sender and receiver.
