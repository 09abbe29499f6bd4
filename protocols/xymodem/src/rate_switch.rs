//! How U-Boot changes the line rate for one transfer: `loady ADDRESS RATE`.
//!
//! It says `## Switch baudrate to RATE bps and press ENTER ...`, changes its rate, and waits for a carriage return at the
//! new one. Afterwards it says `## Switch baudrate to RATE bps and press ESC ...` and waits for an escape at the old one
//! (U-Boot, `cmd/load.c`).

use std::time::Duration;

use debrick_link::{Deadline, Link};

use crate::error::Error;

/// How long it may take to offer the change.
const OFFER_WITHIN: Duration = Duration::from_secs(5);
/// U-Boot waits 50 ms before it changes its own rate, and 50 ms after.
const SETTLE: Duration = Duration::from_millis(120);

/// Follows the unit to `rate`, in bits a second, once it offers that.
pub fn to_transfer_rate(link: &mut dyn Link, rate: u32) -> Result<(), Error> {
    await_offer(link, rate, "ENTER")?;
    follow(link, rate, b"\r")
}

/// Follows the unit back to `rate` after the transfer. Returns what the unit said about the transfer before.
pub fn back_to_console_rate(link: &mut dyn Link, rate: u32) -> Result<String, Error> {
    let heard = await_offer(link, rate, "ESC")?;
    follow(link, rate, b"\x1b")?;
    Ok(heard)
}

fn follow(link: &mut dyn Link, rate: u32, key: &[u8]) -> Result<(), Error> {
    link.set_line_rate(rate).map_err(Error::link("change the line rate"))?;
    link.clock().sleep(SETTLE);
    let deadline = Deadline::after(link.clock(), Duration::from_secs(5));
    link.write_all(key, deadline).map_err(Error::link("confirm the line rate"))
}

fn await_offer(link: &mut dyn Link, rate: u32, key: &str) -> Result<String, Error> {
    let offer = format!("## Switch baudrate to {rate} bps and press {key} ...");
    let deadline = Deadline::after(link.clock(), OFFER_WITHIN);
    let mut heard = String::new();
    let mut buffer = [0; 256];
    while heard.len() < 4096 {
        match link.read(&mut buffer, deadline) {
            Ok(count) => heard.push_str(&String::from_utf8_lossy(&buffer[..count])),
            Err(error) if error.is_timeout() => break,
            Err(error) => return Err(Error::link("wait for the offer of a line rate")(error)),
        }
        if heard.contains(&offer) {
            return Ok(heard);
        }
    }
    let tail: String = heard.chars().rev().take(80).collect::<Vec<_>>().into_iter().rev().collect();
    Err(Error::NoRateOffer { rate, heard: tail.trim().to_owned() })
}
