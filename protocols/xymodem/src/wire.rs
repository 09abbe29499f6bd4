//! Blocks and control bytes.
//!
//! Facts from Chuck Forsberg, "XMODEM/YMODEM Protocol Reference" (1988-10-14), chapters 4 to 8; the CRC is CRC-16/XMODEM
//! of the CRC catalogue (polynomial 0x1021, initial value 0, not reflected; check value of "123456789": 0x31C3).

/// Starts a block of 128 bytes.
pub const SOH: u8 = 0x01;
/// Starts a block of 1024 bytes.
pub const STX: u8 = 0x02;
/// Ctrl-C. Three of them stop U-Boot's receiver, as three [`CAN`] do.
pub const ETX: u8 = 0x03;
/// Ends the data.
pub const EOT: u8 = 0x04;
/// The block is good.
pub const ACK: u8 = 0x06;
/// Undoes what [`CAN`] typed into a console.
pub const BACKSPACE: u8 = 0x08;
/// The block is bad; or, in the beginning: start, checked by sums.
pub const NAK: u8 = 0x15;
/// Cancels the transfer; counts from two in a row on.
pub const CAN: u8 = 0x18;
/// Fills up the last block.
pub const PAD: u8 = 0x1A;
/// Start, checked by CRC. U-Boot sends it in place of [`NAK`], too.
pub const START_CRC: u8 = b'C';
/// Start YMODEM-G: nothing is acknowledged, nothing is repeated.
pub const START_STREAMING: u8 = b'G';

/// Bytes in a short block.
pub const SHORT: usize = 128;
/// Bytes in a long block.
pub const LONG: usize = 1024;
/// Kind, number, and the number's complement.
pub const PREFIX: usize = 3;

/// What cancels a transfer and leaves no trace in a console: as many backspaces as [`CAN`].
pub const ABORT: [u8; 16] = [
    CAN, CAN, CAN, CAN, CAN, CAN, CAN, CAN, BACKSPACE, BACKSPACE, BACKSPACE, BACKSPACE, BACKSPACE, BACKSPACE,
    BACKSPACE, BACKSPACE,
];

/// How a block is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Check {
    /// The low eight bits of the sum of its bytes.
    Sum,
    /// CRC-16/XMODEM, high byte first.
    Crc,
}

impl Check {
    /// Bytes behind the data.
    pub const fn len(self) -> usize {
        match self {
            Self::Sum => 1,
            Self::Crc => 2,
        }
    }

    /// Never: a check always takes at least one byte.
    pub const fn is_empty(self) -> bool {
        false
    }

    /// With what a receiver asks for it.
    pub const fn request(self) -> u8 {
        match self {
            Self::Sum => NAK,
            Self::Crc => START_CRC,
        }
    }

    /// Whether `check` belongs to `data`.
    pub fn holds(self, data: &[u8], check: &[u8]) -> bool {
        match (self, check) {
            (Self::Sum, [sum]) => checksum(data) == *sum,
            (Self::Crc, [high, low]) => crc16(data) == u16::from_be_bytes([*high, *low]),
            _ => false,
        }
    }
}

/// CRC-16/XMODEM of `data`.
pub fn crc16(data: &[u8]) -> u16 {
    data.iter().fold(0, |crc, byte| (crc << 8) ^ CRC_TABLE[usize::from((crc >> 8) as u8 ^ byte)])
}

/// The sum of `data`, modulo 256.
pub fn checksum(data: &[u8]) -> u8 {
    data.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// Bytes of a block whose data starts with `kind`; `None` if no block starts so.
pub const fn data_len(kind: u8) -> Option<usize> {
    match kind {
        SOH => Some(SHORT),
        STX => Some(LONG),
        _ => None,
    }
}

/// Writes the block `number` into `block`, filled up with `pad` to 128 bytes, or to 1024 where `data` is longer.
/// `data` has at most 1024 bytes; what is behind them is left out.
pub fn encode(number: u8, data: &[u8], pad: u8, check: Check, block: &mut Vec<u8>) {
    let len = if data.len() <= SHORT { SHORT } else { LONG };
    let data = &data[..data.len().min(LONG)];
    block.clear();
    block.extend([if len == SHORT { SOH } else { STX }, number, !number]);
    block.extend(data);
    block.resize(PREFIX + len, pad);
    match check {
        Check::Sum => block.push(checksum(&block[PREFIX..])),
        Check::Crc => block.extend(crc16(&block[PREFIX..]).to_be_bytes()),
    }
}

/// What block 0 of YMODEM says of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileHeader {
    /// Its name; an empty one ends the batch.
    pub name: String,
    /// Its size in bytes, where the sender tells.
    pub size: Option<u64>,
}

/// The longest name that [`FileHeader::encode`] sends: with the size, it fits a short block.
pub const LONGEST_NAME: usize = 96;

impl FileHeader {
    /// The data of block 0. Of the name only the part behind the last slash is sent, in printable ASCII, at most
    /// [`LONGEST_NAME`] bytes of it; never nothing, because that would end the batch.
    pub fn encode(&self) -> Vec<u8> {
        let base = self.name.rsplit('/').next().unwrap_or_default();
        let clean = |c: char| if c.is_ascii_graphic() { c } else { '_' };
        let mut data: Vec<u8> = base.chars().map(clean).take(LONGEST_NAME).map(|c| c as u8).collect();
        if data.is_empty() {
            data.extend(b"image");
        }
        data.push(0);
        if let Some(size) = self.size {
            data.extend(size.to_string().bytes());
        }
        data
    }

    /// Reads the data of block 0. A size that is not a decimal number counts as untold.
    pub fn decode(data: &[u8]) -> Self {
        let mut parts = data.splitn(2, |byte| *byte == 0);
        let name = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
        let rest = parts.next().unwrap_or_default();
        let digits = rest.split(|byte| matches!(byte, 0 | b' ')).next().unwrap_or_default();
        let size = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        Self { name, size }
    }
}

const CRC_TABLE: [u16; 256] = crc_table();

const fn crc_table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = (index as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_match_the_catalogue() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(crc16(b""), 0);
        assert_eq!(checksum(b"\xff\x02"), 1);
    }

    #[test]
    fn blocks_are_as_short_as_their_data_allows() {
        let mut block = Vec::new();
        for (len, check, kind, total) in [
            (0, Check::Crc, SOH, 133),
            (128, Check::Sum, SOH, 132),
            (129, Check::Crc, STX, 1029),
            (1024, Check::Crc, STX, 1029),
        ] {
            encode(7, &vec![0x55; len], PAD, check, &mut block);
            assert_eq!((block[0], block.len()), (kind, total));
            assert_eq!(block[1..3], [7, 0xF8]);
            let end = block.len() - check.len();
            assert!(check.holds(&block[PREFIX..end], &block[end..]));
            assert!(block[PREFIX + len..end].iter().all(|byte| *byte == PAD));
        }
    }

    #[test]
    fn headers_come_back() {
        let header = FileHeader { name: "/tmp/fw 1.bin".into(), size: Some(300_064) };
        let data = header.encode();
        assert_eq!(data, b"fw_1.bin\x00300064");
        assert_eq!(FileHeader::decode(&data), FileHeader { name: "fw_1.bin".into(), size: Some(300_064) });
        assert_eq!(FileHeader::decode(b"a\x0012 14622 0").size, Some(12));
        assert_eq!(FileHeader::decode(b"a\x00x").size, None);
        assert_eq!(FileHeader::decode(&[0; 128]), FileHeader::default());
        assert_eq!(FileHeader::default().encode(), b"image\0");
        let long = FileHeader { name: "n".repeat(500), size: Some(u64::MAX) };
        assert!(long.encode().len() < SHORT);
    }
}
