//! Numbers in a header that was read into memory, in the byte order that the header turned out to have.

/// The byte order of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

/// A header as bytes. What lies behind its end reads as zeros, so a header that was cut off needs no special care
/// until its size is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    order: Order,
}

impl<'a> Fields<'a> {
    /// A header whose numbers have their low byte first.
    pub(crate) fn little(bytes: &'a [u8]) -> Self {
        Self { bytes, order: Order::Little }
    }

    /// A header whose numbers have their high byte first.
    pub(crate) fn big(bytes: &'a [u8]) -> Self {
        Self { bytes, order: Order::Big }
    }

    /// A header in a byte order that was found out.
    pub(crate) fn new(bytes: &'a [u8], order: Order) -> Self {
        Self { bytes, order }
    }

    /// The bytes of a field, as far as they are there.
    pub(crate) fn slice(&self, at: usize, len: usize) -> &'a [u8] {
        let start = at.min(self.bytes.len());
        let end = at.saturating_add(len).min(self.bytes.len());
        &self.bytes[start..end]
    }

    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut array = [0; N];
        let there = self.slice(at, N);
        array[..there.len()].copy_from_slice(there);
        if self.order == Order::Little {
            array.reverse();
        }
        array
    }

    /// The byte at an offset.
    pub(crate) fn u8(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// The 16 bits at an offset.
    pub(crate) fn u16(&self, at: usize) -> u16 {
        u16::from_be_bytes(self.array(at))
    }

    /// The 32 bits at an offset.
    pub(crate) fn u32(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.array(at))
    }

    /// The 64 bits at an offset.
    pub(crate) fn u64(&self, at: usize) -> u64 {
        u64::from_be_bytes(self.array(at))
    }

    /// The text at an offset: see [`text`](crate::window::text).
    pub(crate) fn text(&self, at: usize, len: usize) -> String {
        crate::window::text(self.slice(at, len))
    }
}

/// How many of several independent signs of a format are there: a file with one flipped bit misses one.
pub(crate) fn evidence(signs: &[bool]) -> usize {
    signs.iter().filter(|sign| **sign).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_both_orders_and_behind_the_end() {
        let bytes = [1, 2, 3, 4, 5];
        let (little, big) = (Fields::little(&bytes), Fields::big(&bytes));
        assert_eq!((little.u16(1), big.u16(1)), (0x0302, 0x0203));
        assert_eq!((little.u32(0), big.u32(0)), (0x0403_0201, 0x0102_0304));
        assert_eq!((little.u32(3), big.u32(3)), (0x0504, 0x0405_0000));
        assert_eq!((little.u64(9), big.u8(9), little.slice(9, 9)), (0, 0, [].as_slice()));
        assert_eq!(evidence(&[true, false, true]), 2);
    }
}
