//! Headers, trailers and ciphers of router and access point vendors.

mod evidence;
mod identity;
mod netgear_chk;
mod netgear_dni;
mod netgear_encrypted;
mod payload;
mod safeloader;
mod seama;
#[cfg(test)]
mod tests;
mod tplink;
mod trx;
mod wrg;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &netgear_chk::FORMAT,
    &netgear_dni::FORMAT,
    &netgear_encrypted::FORMAT,
    &safeloader::FORM_2022,
    &safeloader::SAFELOADER,
    &seama::FORMAT,
    &tplink::V1,
    &tplink::V2,
    &trx::ASUS,
    &trx::FORMAT,
    &wrg::WRG,
    &wrg::WRGG,
];
