//! Firmware of devices behind a host: radios, pads, controllers.

pub(crate) mod ath9k_htc;
pub(crate) mod bcm57xx;
pub(crate) mod carl9170;
pub(crate) mod ccgx;
pub(crate) mod clm_blob;
pub(crate) mod elan_touchpad;
pub(crate) mod pixart_rf;
pub(crate) mod prometheus;
pub(crate) mod synaptics_rmi;
pub(crate) mod titan;
pub(crate) mod wacom_usb;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &ath9k_htc::FORMAT,
    &bcm57xx::FORMAT,
    &carl9170::FORMAT,
    &ccgx::FORMAT,
    &clm_blob::FORMAT,
    &elan_touchpad::FORMAT,
    &pixart_rf::FORMAT,
    &prometheus::FORMAT,
    &synaptics_rmi::FORMAT,
    &titan::FORMAT,
    &wacom_usb::FORMAT,
];
