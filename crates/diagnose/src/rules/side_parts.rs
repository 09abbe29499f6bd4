//! Parts that a unit starts without: sound, picture, keys, clocks, sensors. What a kernel's driver says of one is no fault
//! of the unit.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Words in lines of a kernel about parts that a unit starts without: sound, picture, keys, clocks, sensors. What fails
/// there is missing or not described on this board, and the start goes on. (Linux: names of drivers and subsystems.)
static SIDE_PARTS: &[&str] = &[
    "-codec",
    "asoc",
    "snd_",
    "snd-",
    "sound",
    "audio",
    "i2s",
    "hdmi",
    "drm]",
    "[drm",
    "-drm",
    "gpu",
    "panfrost",
    "lima ",
    "mali",
    "cedrus",
    "vpu",
    "hantro",
    "vdec",
    "camera",
    "dsim",
    "decon",
    "mipi",
    "bluetooth",
    "hci0",
    "hci_uart",
    "cpufreq",
    "devfreq",
    "dmc ",
    "cpuidle",
    "leds",
    "led-",
    "backlight",
    "i8042",
    "tpm",
    "rtc",
    "-wdt",
    "hw-rng",
    "iio",
    "adc",
    "pinctrl",
    "pinselect",
    "cec",
    "edid",
    "goodix",
    "touchscreen",
    "gpio-keys",
    "ir-rx",
    "hw perfevents",
    "edac",
    "optee",
    "scmi",
    "power-supply",
    "hwmon",
    "pwm-fan",
    "thermal-sensor",
    "phy-reset-gpios",
    "thermal",
    "cooling",
    "caam",
    "lm75",
    "ds1307",
    "pcf8563",
    "ina2",
    "pca953",
    "efivars",
    "opp_set_rate",
];

/// Words in lines of the kernel that tell of its end, whatever part they speak of.
static ENDS: &[&str] = &[
    "panic",
    "oops",
    "bug:",
    "unable to handle",
    "not syncing",
    "low battery",
    "voltage",
    "critical",
    "uncorrect",
    " ue ",
    "shutting down",
];

static SIDE_PART: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(SIDE_PARTS).ok());

static END: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(ENDS).ok());

/// Whether a line of the kernel is about a part that the unit starts without.
pub(crate) fn is_of_side_part(line: &str) -> bool {
    let finds = |finder: &Option<AhoCorasick>| finder.as_ref().is_some_and(|finder| finder.is_match(line));
    finds(&SIDE_PART) && !finds(&END)
}

/// The longest name of a driver and its device.
const LONGEST_SPEAKER: usize = 48;

/// Whether a line has the form in which drivers speak, `device: text` or `driver device: text` (Linux
/// `drivers/base/core.c`, `dev_printk`), as where a kernel's log is shown without its time.
pub(crate) fn is_of_device(line: &str) -> bool {
    let Some((speaker, _)) = line.split_once(": ").filter(|(speaker, _)| speaker.len() <= LONGEST_SPEAKER)
    else {
        return false;
    };
    let is_name = |symbol: char| symbol.is_ascii_alphanumeric() || "_.@:-".contains(symbol);
    speaker.contains(|symbol: char| symbol.is_ascii_digit())
        && speaker.split(' ').count() <= 2
        && speaker.split(' ').all(|word| !word.is_empty() && word.chars().all(is_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_are_told_from_other_speakers() {
        for line in ["panfrost 11800000.gpu: [drm:init] x", "cpufreq_cpu0: failed to get cpu0 regulator: -19"]
        {
            assert!(is_of_device(line) && is_of_side_part(line), "{line}");
        }
        for line in [
            "E (123) camera: probe failed",
            "Error: camera 1 failed",
            "a camera: failed",
            "thermal1 zone1: critical",
        ] {
            assert!(!(is_of_device(line) && is_of_side_part(line)), "{line}");
        }
    }
}
