//! RSA signatures that images carry together with the key: whether they agree with it.
//!
//! Source: RFC 8017, sections 5.2.2 and 9.2. Only public operations, so nothing here has to hide anything. That a
//! signature agrees with a key says nothing about whose key it is.

/// Bits of the longest modulus.
const MAX_BITS: usize = 8192;

/// A digest, as the start of a signed message names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    Sha1,
    Sha256,
    Sha512,
}

impl Signed {
    /// The DER structure before the digest: RFC 8017, section 9.2, note 1.
    fn prefix(self) -> &'static [u8] {
        match self {
            Self::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
            Self::Sha256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
            Self::Sha512 => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
        }
    }
}

/// Whether a PKCS #1 v1.5 signature over a digest agrees with a key. Modulus and signature are big-endian.
pub(crate) fn agrees(modulus: &[u8], exponent: u32, signature: &[u8], kind: Signed, digest: &[u8]) -> bool {
    let tail = [kind.prefix(), digest].concat();
    let Some(message) = power(modulus, signature, exponent) else { return false };
    let Some(padding) = modulus.len().checked_sub(tail.len() + 3) else { return false };
    let expected = [&[0, 1], vec![0xff; padding].as_slice(), &[0], &tail].concat();
    message == expected
}

/// `base` to the power of `exponent`, modulo an odd modulus, in as many bytes as that has.
fn power(modulus: &[u8], base: &[u8], exponent: u32) -> Option<Vec<u8>> {
    let is_odd = modulus.last().is_some_and(|byte| byte % 2 == 1);
    if !is_odd
        || modulus.len() * 8 > MAX_BITS
        || modulus.len() != base.len()
        || !modulus.len().is_multiple_of(4)
    {
        return None;
    }
    let field = Montgomery::new(limbs(modulus));
    let base = limbs(base);
    if !is_less(&base, &field.modulus) {
        return None;
    }
    let base = field.product(&base, &field.square_of_radix);
    let mut result = field.one();
    for bit in (0..32).rev() {
        result = field.product(&result, &result);
        if exponent >> bit & 1 == 1 {
            result = field.product(&result, &base);
        }
    }
    let mut one = vec![0; field.modulus.len()];
    *one.first_mut()? = 1;
    let result = field.product(&result, &one);
    Some(result.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect())
}

/// Numbers modulo an odd one, each multiplied by a power of two, the radix, that makes division easy.
struct Montgomery {
    modulus: Vec<u32>,
    /// The negative inverse of the lowest limb.
    inverse: u32,
    square_of_radix: Vec<u32>,
}

impl Montgomery {
    fn new(modulus: Vec<u32>) -> Self {
        let lowest = modulus.first().copied().unwrap_or(1);
        // Each step of Newton's method doubles the number of right bits; an odd number is its own inverse modulo 8.
        let inverse = (0..4).fold(lowest, |inverse, _| {
            inverse.wrapping_mul(2_u32.wrapping_sub(lowest.wrapping_mul(inverse)))
        });
        let mut square = vec![0; modulus.len()];
        if let Some(first) = square.first_mut() {
            *first = 1;
        }
        for _ in 0..modulus.len() * 64 {
            double(&mut square, &modulus);
        }
        Self { modulus, inverse: inverse.wrapping_neg(), square_of_radix: square }
    }

    /// The radix itself, which stands for 1.
    fn one(&self) -> Vec<u32> {
        let mut one = vec![0; self.modulus.len()];
        if let Some(first) = one.first_mut() {
            *first = 1;
        }
        self.product(&one, &self.square_of_radix)
    }

    /// The product of two numbers, divided by the radix.
    fn product(&self, left: &[u32], right: &[u32]) -> Vec<u32> {
        let len = self.modulus.len();
        let mut sum = vec![0_u32; len + 2];
        for limb in left {
            add_multiple(&mut sum, right, *limb);
            let factor = sum[0].wrapping_mul(self.inverse);
            add_multiple(&mut sum, &self.modulus, factor);
            sum.rotate_left(1);
            sum[len + 1] = 0;
        }
        let has_carry = sum[len] != 0;
        sum.truncate(len);
        if has_carry || !is_less(&sum, &self.modulus) {
            subtract(&mut sum, &self.modulus);
        }
        sum
    }
}

/// Limbs of 32 bits, the lowest first.
fn limbs(bytes: &[u8]) -> Vec<u32> {
    bytes.rchunks(4).map(|chunk| chunk.iter().fold(0, |limb, byte| limb << 8 | u32::from(*byte))).collect()
}

fn is_less(left: &[u32], right: &[u32]) -> bool {
    left.iter().rev().lt(right.iter().rev())
}

/// Adds a multiple of a number to a sum that is at least two limbs longer.
fn add_multiple(sum: &mut [u32], number: &[u32], factor: u32) {
    let mut carry = 0_u64;
    for (index, slot) in sum.iter_mut().enumerate() {
        let limb = u64::from(number.get(index).copied().unwrap_or(0));
        let total = u64::from(*slot) + limb * u64::from(factor) + carry;
        *slot = total as u32;
        carry = total >> 32;
    }
}

fn subtract(from: &mut [u32], number: &[u32]) {
    let mut borrow = false;
    for (slot, limb) in from.iter_mut().zip(number) {
        let (difference, first) = slot.overflowing_sub(*limb);
        let (difference, second) = difference.overflowing_sub(borrow.into());
        *slot = difference;
        borrow = first || second;
    }
}

/// Doubles a number below the modulus.
fn double(number: &mut [u32], modulus: &[u32]) {
    let mut carry = 0;
    for limb in number.iter_mut() {
        let next = *limb >> 31;
        *limb = *limb << 1 | carry;
        carry = next;
    }
    if carry == 1 || !is_less(number, modulus) {
        subtract(number, modulus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Modulo 2^64 - 59, a prime: Fermat says that every number to the power of one less is 1, so with small powers
    /// plain arithmetic is the judge.
    #[test]
    fn powers_as_plain_arithmetic_has_them() {
        let modulus = u64::MAX - 58;
        for base in [0, 1, 2, 3, 0xdead_beef, modulus - 1] {
            for exponent in [1, 2, 3, 17, 65537] {
                let expected = (0..exponent)
                    .fold(1_u128, |product, _| product * u128::from(base) % u128::from(modulus))
                    as u64;
                let found = power(&modulus.to_be_bytes(), &base.to_be_bytes(), exponent).unwrap();
                assert_eq!(found, expected.to_be_bytes(), "{base} {exponent}");
            }
        }
        assert_eq!(power(&[0; 8], &[1; 8], 3), None);
        assert_eq!(power(&[], &[], 3), None);
        assert_eq!(power(&modulus.to_be_bytes(), &[0xff; 8], 3), None);
        assert!(!agrees(&[1; 4], 3, &[0; 4], Signed::Sha256, &[0; 32]));
    }
}
