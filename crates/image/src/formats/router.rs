//! Headers, trailers and ciphers of router and access point vendors.

mod amit_bin;
mod aruba_apboot;
mod asus_uimage;
mod avm_eva;
mod avm_wasp;
mod belkin;
mod billion_add_header;
mod brn_brnboot;
mod broadcom_hcs;
mod broadcom_imagetag;
mod broadcom_kernel;
mod broadcom_wfi;
mod buffalo;
mod buffalo_enc;
mod cameo;
mod cellvision;
mod clues;
mod compex;
mod dlink_ru;
mod edimax;
mod elecom;
mod elx;
mod evidence;
mod freecom_fsg;
mod gemtek;
mod h3c;
mod hilink;
mod identity;
mod iptime;
mod jboot;
mod jcg;
mod keenetic_znbg;
mod keystream;
mod linksys;
mod luxul;
#[cfg(test)]
mod maker_tests;
mod meraki;
mod mikrotik;
mod motorola;
mod nec;
mod netgear_chk;
mod netgear_dni;
mod netgear_encrypted;
mod nosimg;
mod payload;
mod pc1crypt;
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
mod zyxel_ras;
mod zyxel_zld;
mod zyxel_zynos;
mod zyxel_zytrx;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &amit_bin::FORMAT,
    &aruba_apboot::FORMAT,
    &asus_uimage::ASUS,
    &asus_uimage::RT_N56U,
    &avm_eva::FORMAT,
    &avm_wasp::FORMAT,
    &belkin::FORMAT,
    &billion_add_header::FORMAT,
    &brn_brnboot::FORMAT,
    &broadcom_hcs::FORMAT,
    &broadcom_imagetag::FORMAT,
    &broadcom_kernel::BCM4908,
    &broadcom_kernel::CFE,
    &broadcom_wfi::BCM4908,
    &broadcom_wfi::WFI,
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
    &freecom_fsg::FORMAT,
    &gemtek::GEMTEK,
    &gemtek::WRT400N,
    &h3c::COMWARE,
    &h3c::VFS,
    &hilink::FORMAT,
    &iptime::CRC32,
    &iptime::NASPKG,
    &jboot::FORMAT,
    &jcg::FORMAT,
    &keenetic_znbg::FORMAT,
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
    &nosimg::FORMAT,
    &pc1crypt::FORMAT,
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
    &zyxel_ras::FORMAT,
    &zyxel_zld::FORMAT,
    &zyxel_zynos::FORMAT,
    &zyxel_zytrx::FORMAT,
];
