//! Headers, trailers and ciphers of router and access point vendors.

mod evidence;
mod identity;
mod payload;
mod safeloader;
#[cfg(test)]
mod tests;
mod tplink;
mod trx;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &safeloader::FORM_2022,
    &safeloader::SAFELOADER,
    &tplink::V1,
    &tplink::V2,
    &trx::ASUS,
    &trx::FORMAT,
];
