//! Headers, trailers and ciphers of router and access point vendors.

mod asus_uimage;
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
mod evidence;
mod gemtek;
mod h3c;
mod identity;
mod iptime;
mod jboot;
mod jcg;
mod keystream;
mod linksys;
mod luxul;
mod meraki;
mod mikrotik;
mod motorola;
mod nec;
mod netgear_chk;
mod netgear_dni;
mod netgear_encrypted;
mod payload;
mod poray;
mod qding;
mod safeloader;
mod seama;
mod senao;
mod sercomm;
mod shrs;
mod support;
#[cfg(test)]
mod tests;
mod tplink;
mod trx;
mod ubiquiti;
mod uimage_kin;
mod usrobotics;
mod wiligear;
mod wrg;
mod xiaomi;
mod xikestor;
mod zcomax;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &asus_uimage::ASUS,
    &asus_uimage::RT_N56U,
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
    &gemtek::GEMTEK,
    &gemtek::WRT400N,
    &h3c::COMWARE,
    &h3c::VFS,
    &iptime::CRC32,
    &iptime::NASPKG,
    &jboot::FORMAT,
    &jcg::FORMAT,
    &keystream::NEC,
    &keystream::XOR,
    &linksys::CHDR,
    &linksys::CYBERTAN,
    &linksys::FOOTER,
    &luxul::FORMAT,
    &meraki::MIPS,
    &meraki::NAND,
    &mikrotik::FORMAT,
    &motorola::FORMAT,
    &nec::USB,
    &netgear_chk::FORMAT,
    &netgear_dni::FORMAT,
    &netgear_encrypted::FORMAT,
    &poray::FORMAT,
    &qding::FORMAT,
    &safeloader::FORM_2022,
    &safeloader::SAFELOADER,
    &seama::FORMAT,
    &senao::FORMAT,
    &sercomm::KERNEL,
    &sercomm::PAYLOAD,
    &sercomm::PID,
    &shrs::FORMAT,
    &tplink::V1,
    &tplink::V2,
    &trx::ASUS,
    &trx::FORMAT,
    &ubiquiti::FORMAT,
    &uimage_kin::DNS313,
    &uimage_kin::UMEDIA,
    &usrobotics::FORMAT,
    &wiligear::FORMAT,
    &wrg::WRG,
    &wrg::WRGG,
    &xiaomi::FORMAT,
    &xikestor::FORMAT,
    &zcomax::FORMAT,
];
