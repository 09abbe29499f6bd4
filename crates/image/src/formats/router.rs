//! Headers, trailers and ciphers of router and access point vendors.

mod belkin;
mod buffalo;
mod buffalo_enc;
mod cameo;
mod cellvision;
mod compex;
mod dlink_ru;
mod edimax;
mod elecom;
mod elx;
mod asus_uimage;
mod evidence;
mod gemtek;
mod identity;
mod iptime;
mod jboot;
mod jcg;
mod keystream;
mod motorola;
mod nec;
mod linksys;
mod meraki;
mod mikrotik;
mod netgear_chk;
mod netgear_dni;
mod netgear_encrypted;
mod payload;
mod poray;
mod safeloader;
mod seama;
mod shrs;
mod support;
mod senao;
mod sercomm;
#[cfg(test)]
mod tests;
mod tplink;
mod trx;
mod uimage_kin;
mod usrobotics;
mod wiligear;
mod ubiquiti;
mod wrg;
mod xiaomi;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
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
    &cellvision::FORMAT,
    &compex::FORMAT,
    &dlink_ru::FORMAT,
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
    &jcg::FORMAT,
    &keystream::NEC,
    &keystream::XOR,
    &motorola::FORMAT,
    &nec::USB,
    &asus_uimage::ASUS,
    &asus_uimage::RT_N56U,
    &gemtek::GEMTEK,
    &gemtek::WRT400N,
    &linksys::CHDR,
    &linksys::CYBERTAN,
    &linksys::FOOTER,
    &meraki::MIPS,
    &meraki::NAND,
    &mikrotik::FORMAT,
    &netgear_chk::FORMAT,
    &netgear_dni::FORMAT,
    &netgear_encrypted::FORMAT,
    &poray::FORMAT,
    &safeloader::FORM_2022,
    &safeloader::SAFELOADER,
    &seama::FORMAT,
    &shrs::FORMAT,
    &senao::FORMAT,
    &sercomm::KERNEL,
    &sercomm::PAYLOAD,
    &sercomm::PID,
    &tplink::V1,
    &tplink::V2,
    &trx::ASUS,
    &trx::FORMAT,
    &uimage_kin::DNS313,
    &uimage_kin::UMEDIA,
    &usrobotics::FORMAT,
    &wiligear::FORMAT,
    &ubiquiti::FORMAT,
    &wrg::WRG,
    &wrg::WRGG,
    &xiaomi::FORMAT,
];
