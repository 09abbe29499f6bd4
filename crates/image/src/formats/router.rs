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
mod belkin;
mod buffalo;
mod buffalo_enc;
mod cameo;
mod edimax;
mod elecom;
mod elx;
mod iptime;
mod jboot;
mod keystream;
mod nec;
mod poray;
mod support;

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
    &belkin::FORMAT,
    &buffalo::DHP,
    &buffalo::IMG,
    &buffalo::TAG,
    &buffalo::WZR,
    &buffalo_enc::ENC,
    &buffalo_enc::TFTP,
    &cameo::CAMEO,
    &cameo::DAP,
    &cameo::DAP2,
    &cameo::IMGHDR,
    &edimax::ADM5120,
    &edimax::CSYS,
    &edimax::EDIPS,
    &edimax::HEADER,
    &elecom::MSTC,
    &elecom::PRODUCT,
    &elx::FORMAT,
    &iptime::CRC32,
    &iptime::NASPKG,
    &jboot::FORMAT,
    &keystream::NEC,
    &keystream::XOR,
    &nec::USB,
    &poray::FORMAT,
];
