//! Numbers as the bootloader reads them: as far as they go, never an error.

/// A hexadecimal number, with or without `0x`.
pub(super) fn hex(text: &str) -> u64 {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    digits
        .chars()
        .map_while(|digit| digit.to_digit(16))
        .fold(0_u64, |value, digit| value.wrapping_shl(4) | u64::from(digit))
}

/// A decimal number, a hexadecimal one behind `0x`, or an octal one behind `0`.
pub(super) fn any_base(text: &str) -> i64 {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let value = if text.starts_with("0x") || text.starts_with("0X") {
        hex(text) as i64
    } else if let Some(octal) = text.strip_prefix('0') {
        let digits = octal.chars().map_while(|digit| digit.to_digit(8));
        digits.fold(0_i64, |value, digit| value.wrapping_shl(3) | i64::from(digit))
    } else {
        decimal(text) as i64
    };
    if negative { value.wrapping_neg() } else { value }
}

/// A decimal number.
pub(super) fn decimal(text: &str) -> u64 {
    text.chars()
        .map_while(|digit| digit.to_digit(10))
        .fold(0_u64, |value, digit| value.wrapping_mul(10).wrapping_add(u64::from(digit)))
}

/// A size for people: `9.4 MiB`, `1 MiB`, `512 KiB`.
pub(super) fn size(bytes: u64) -> String {
    for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes >> shift != 0 {
            let whole = bytes >> shift;
            let rest = bytes & ((1 << shift) - 1);
            let tenths = (rest * 10 + (1 << (shift - 1))) >> shift;
            let (whole, tenths) = if tenths >= 10 { (whole + 1, 0) } else { (whole, tenths) };
            return if tenths == 0 { format!("{whole} {unit}") } else { format!("{whole}.{tenths} {unit}") };
        }
    }
    format!("{bytes} Bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_far_as_they_go() {
        assert_eq!(hex("0x10"), 16);
        assert_eq!(hex("10zz"), 16);
        assert_eq!(hex("zz"), 0);
        assert_eq!(any_base("10"), 10);
        assert_eq!(any_base("010"), 8);
        assert_eq!(any_base("-0x10"), -16);
        assert_eq!(size(9_887_400), "9.4 MiB");
        assert_eq!(size(1_097_437), "1 MiB");
        assert_eq!(size(100), "100 Bytes");
    }
}
