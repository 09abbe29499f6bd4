//! What boot ROMs of larger chips start.

pub(crate) mod allwinner_egon;
pub(crate) mod altera_socfpga;
pub(crate) mod imx_ivt;
pub(crate) mod lpc32xx;
pub(crate) mod marvell_kwbimage;
pub(crate) mod mediatek_bootrom;
pub(crate) mod qualcomm_mbn;
pub(crate) mod raspberrypi;
pub(crate) mod rockchip_idblock;
pub(crate) mod stm32;
pub(crate) mod ti_omap;
pub(crate) mod vybrid;
pub(crate) mod xilinx_bootbin;

use crate::format::Format;

#[rustfmt::skip]
pub(crate) const FORMATS: &[&Format] = &[
    &allwinner_egon::FORMAT,
    &altera_socfpga::FORMAT,
    &imx_ivt::FORMAT,
    &lpc32xx::FORMAT,
    &marvell_kwbimage::FORMAT,
    &mediatek_bootrom::FORMAT,
    &qualcomm_mbn::FORMAT,
    &raspberrypi::BOOTCODE,
    &raspberrypi::FIXUP,
    &rockchip_idblock::FORMAT,
    &stm32::FORMAT,
    &ti_omap::FORMAT,
    &vybrid::FORMAT,
    &xilinx_bootbin::FORMAT,
];

#[cfg(test)]
mod tests {
    use debrick_model::Verdict;

    use crate::facts::ImageFacts;
    use crate::inspect::inspect;

    /// Checks what all of these formats have in common: an intact image is as expected and without warnings; one
    /// flipped bit in the first 64 bytes never hides the format, and in the first `noticed` bytes is noticed; a cut or
    /// grown file is noticed; and no length makes the reader panic.
    pub(super) fn check(image: &[u8], format: &str, expected: Verdict, noticed: usize) -> ImageFacts {
        let facts = inspect(&image.to_vec()).unwrap();
        assert_eq!((facts.format.as_deref(), facts.integrity.verdict), (Some(format), expected), "{facts:?}");
        assert!(facts.warnings.is_empty(), "{:?}", facts.warnings);
        for bit in 0..64 * 8 {
            let mut damaged = image.to_vec();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let facts = inspect(&damaged).unwrap();
            assert_eq!(facts.format.as_deref(), Some(format), "bit {bit}");
            if bit / 8 < noticed {
                assert_eq!(facts.integrity.verdict, Verdict::Fail, "bit {bit}");
            }
        }
        let cut = inspect(&image[..image.len() * 6 / 10].to_vec()).unwrap();
        assert_eq!((cut.format.as_deref(), cut.integrity.verdict), (Some(format), Verdict::Fail), "cut");
        let grown = inspect(&[image, &[0x5a; 1337]].concat()).unwrap();
        assert_eq!(grown.format.as_deref(), Some(format), "grown");
        assert!(grown.integrity.verdict == Verdict::Fail || grown.warnings.len() == 1, "grown");
        for len in 0..image.len().min(700) {
            assert_ne!(inspect(&image[..len].to_vec()).unwrap().integrity.verdict, Verdict::Pass, "{len}");
        }
        facts
    }
}
