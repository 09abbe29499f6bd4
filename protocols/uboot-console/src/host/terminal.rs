//! What a person at a terminal would see: lines, after backspaces, carriage returns and escape sequences.

/// A line is taken to be over once it is this long.
const LONGEST_LINE: usize = 16 * 1024;

/// Turns bytes into lines.
#[derive(Debug, Default)]
pub(crate) struct Terminal {
    line: Vec<u8>,
    cursor: usize,
    escape: Escape,
    bells: u32,
}

#[derive(Debug, Default)]
enum Escape {
    #[default]
    None,
    Begun,
    Sequence(Vec<u8>),
}

impl Terminal {
    /// Takes a byte; gives a line once it is over.
    pub(crate) fn feed(&mut self, byte: u8) -> Option<Vec<u8>> {
        match std::mem::take(&mut self.escape) {
            Escape::None => {}
            Escape::Begun if byte == b'[' => {
                self.escape = Escape::Sequence(Vec::new());
                return None;
            }
            Escape::Begun if (0x20..0x7F).contains(&byte) => return None,
            Escape::Begun => {}
            Escape::Sequence(mut parameters) => match byte {
                0x20..=0x3F if parameters.len() < 16 => {
                    parameters.push(byte);
                    self.escape = Escape::Sequence(parameters);
                    return None;
                }
                0x40..=0x7E => {
                    self.control(byte, &parameters);
                    return None;
                }
                _ => {}
            },
        }
        match byte {
            b'\n' => return Some(self.finish()),
            b'\r' => self.cursor = 0,
            0x08 => self.cursor = self.cursor.saturating_sub(1),
            0x1B => self.escape = Escape::Begun,
            crate::wire::BELL => self.bells = self.bells.saturating_add(1),
            b'\t' | 0x20..=0x7E | 0x80.. => {
                if self.cursor < self.line.len() {
                    self.line[self.cursor] = byte;
                } else {
                    self.line.push(byte);
                }
                self.cursor += 1;
                if self.line.len() >= LONGEST_LINE {
                    return Some(self.finish());
                }
            }
            _ => {}
        }
        None
    }

    /// The line that is not over yet.
    pub(crate) fn line(&self) -> &[u8] {
        &self.line
    }

    /// Bells since the start.
    pub(crate) fn bells(&self) -> u32 {
        self.bells
    }

    fn finish(&mut self) -> Vec<u8> {
        self.cursor = 0;
        std::mem::take(&mut self.line)
    }

    fn control(&mut self, command: u8, parameters: &[u8]) {
        let number = std::str::from_utf8(parameters).ok().and_then(|text| text.parse::<usize>().ok());
        match command {
            b'K' if number == Some(2) => self.line.fill(b' '),
            b'K' if number == Some(1) => {
                let end = self.cursor.min(self.line.len());
                self.line[..end].fill(b' ');
            }
            b'K' => self.line.truncate(self.cursor),
            b'D' => self.cursor = self.cursor.saturating_sub(number.unwrap_or(1)),
            b'C' => self.cursor = (self.cursor + number.unwrap_or(1)).min(self.line.len()),
            _ => {}
        }
        // A line that was wiped out as a whole is as good as new.
        if self.cursor == 0 && self.line.iter().all(|&byte| byte == b' ') {
            self.line.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(bytes: &[u8]) -> (Vec<String>, String) {
        let mut terminal = Terminal::default();
        let lines = bytes.iter().filter_map(|&byte| terminal.feed(byte));
        let lines = lines.map(|line| String::from_utf8_lossy(&line).into_owned()).collect();
        (lines, String::from_utf8_lossy(terminal.line()).into_owned())
    }

    #[test]
    fn countdowns_and_corrections() {
        let (lines, line) =
            seen(b"Hit any key to stop autoboot:  2 \x08\x08\x08 1 \x08\x08\x08 0 \r\n=> ab\x08 \x08\x08 \x08version");
        assert_eq!(lines, ["Hit any key to stop autoboot:  0 "]);
        assert_eq!(line, "=> version");
        assert_eq!(seen(b"\x1b[2K\rHit \x1b[1;31mkey\x1b[0m"), (vec![], "Hit key".into()));
        assert_eq!(
            seen(b"Erasing  10%\rErasing 100%\r\n\x00=> \x1b7"),
            (vec!["Erasing 100%".into()], "=> ".into())
        );
    }

    proptest! {
        #[test]
        fn nothing_panics_and_lines_are_bounded(bytes in proptest::collection::vec(any::<u8>(), 0..4000)) {
            let mut terminal = Terminal::default();
            for byte in bytes {
                let _ = terminal.feed(byte);
                prop_assert!(terminal.line().len() < LONGEST_LINE);
            }
        }
    }
}
