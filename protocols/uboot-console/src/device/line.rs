//! The line editor.

/// What a byte did to the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// The line goes on.
    More,
    /// The line is complete.
    Line(Vec<u8>),
    /// Ctrl-C.
    Interrupted,
}

/// A line being typed, with the echo that goes with it.
#[derive(Debug, Clone, Default)]
pub(super) struct LineEditor {
    line: Vec<u8>,
    cursor: usize,
    escape: u8,
    history: Vec<Vec<u8>>,
    recalled: Option<usize>,
}

const HISTORY: usize = 20;
const BELL: u8 = 7;
const BACKSPACE: u8 = 8;

impl LineEditor {
    /// Forgets the line; the history stays.
    pub(super) fn clear(&mut self) {
        self.line.clear();
        self.cursor = 0;
        self.escape = 0;
        self.recalled = None;
    }

    /// Takes a byte; the echo goes to `echo` as it is on the line.
    pub(super) fn type_byte(&mut self, byte: u8, limit: usize, echo: &mut Vec<u8>) -> Typed {
        let byte = match (self.escape, byte) {
            (0, 0x1B) => {
                self.escape = 1;
                return Typed::More;
            }
            (0, byte) => byte,
            (1, b'[') => {
                self.escape = 2;
                return Typed::More;
            }
            (2, code) => {
                self.escape = 0;
                match code {
                    b'A' => 0x10,
                    b'B' => 0x0E,
                    b'C' => 0x06,
                    b'D' => 0x02,
                    b'H' => 0x01,
                    _ => return Typed::More,
                }
            }
            (_, byte) => {
                self.escape = 0;
                byte
            }
        };
        match byte {
            b'\r' | b'\n' => {
                echo.extend_from_slice(b"\r\n");
                let line = std::mem::take(&mut self.line);
                self.clear();
                if !line.is_empty() && self.history.last() != Some(&line) {
                    if self.history.len() == HISTORY {
                        self.history.remove(0);
                    }
                    self.history.push(line.clone());
                }
                return Typed::Line(line);
            }
            0x03 => {
                self.clear();
                return Typed::Interrupted;
            }
            0x00 => {}
            0x08 | 0x7F => {
                if self.cursor > 0 {
                    self.cursor -= 1;
                    echo.push(BACKSPACE);
                    self.delete(1, echo);
                }
            }
            0x04 => {
                if self.cursor < self.line.len() {
                    self.delete(1, echo);
                }
            }
            0x01 => {
                echo.extend(std::iter::repeat_n(BACKSPACE, self.cursor));
                self.cursor = 0;
            }
            0x05 => {
                echo.extend_from_slice(&self.line[self.cursor..]);
                self.cursor = self.line.len();
            }
            0x02 => {
                if self.cursor > 0 {
                    self.cursor -= 1;
                    echo.push(BACKSPACE);
                }
            }
            0x06 => {
                if let Some(byte) = self.line.get(self.cursor) {
                    echo.push(*byte);
                    self.cursor += 1;
                }
            }
            0x0B => self.delete(self.line.len() - self.cursor, echo),
            0x15 | 0x18 => self.erase_all(echo),
            0x17 => {
                let kept = self.line[..self.cursor].trim_ascii_end();
                let start = kept.iter().rposition(|byte| *byte == b' ').map_or(0, |space| space + 1);
                let count = self.cursor - start;
                echo.extend(std::iter::repeat_n(BACKSPACE, count));
                self.cursor = start;
                self.delete(count, echo);
            }
            0x10 => self.recall(true, limit, echo),
            0x0E => self.recall(false, limit, echo),
            b'\t' => echo.push(BELL),
            _ if self.line.len() >= limit => echo.push(BELL),
            _ => {
                self.line.insert(self.cursor, byte);
                echo.extend_from_slice(&self.line[self.cursor..]);
                self.cursor += 1;
                echo.extend(std::iter::repeat_n(BACKSPACE, self.line.len() - self.cursor));
            }
        }
        Typed::More
    }

    fn delete(&mut self, count: usize, echo: &mut Vec<u8>) {
        self.line.drain(self.cursor..self.cursor + count);
        let rest = self.line.len() - self.cursor;
        echo.extend_from_slice(&self.line[self.cursor..]);
        echo.extend(std::iter::repeat_n(b' ', count));
        echo.extend(std::iter::repeat_n(BACKSPACE, rest + count));
    }

    fn erase_all(&mut self, echo: &mut Vec<u8>) {
        echo.extend(std::iter::repeat_n(BACKSPACE, self.cursor));
        self.cursor = 0;
        self.delete(self.line.len(), echo);
    }

    fn recall(&mut self, older: bool, limit: usize, echo: &mut Vec<u8>) {
        let next = match (self.recalled, older) {
            (None, true) => self.history.len().checked_sub(1),
            (None, false) => None,
            (Some(at), true) => at.checked_sub(1),
            (Some(at), false) => Some(at + 1).filter(|next| *next < self.history.len()),
        };
        let Some(next) = next else {
            echo.push(BELL);
            return;
        };
        self.erase_all(echo);
        self.recalled = Some(next);
        self.line = self.history[next].clone();
        self.line.truncate(limit);
        self.cursor = self.line.len();
        echo.extend_from_slice(&self.line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_all(editor: &mut LineEditor, bytes: &[u8]) -> (Vec<u8>, Typed) {
        let mut echo = Vec::new();
        let mut last = Typed::More;
        for byte in bytes {
            last = editor.type_byte(*byte, 8, &mut echo);
        }
        (echo, last)
    }

    #[test]
    fn lines_are_edited_as_on_the_real_thing() {
        let mut editor = LineEditor::default();
        let (echo, line) = type_all(&mut editor, b"ab\x08\x7fhi\r");
        assert_eq!(echo, b"ab\x08 \x08\x08 \x08hi\r\n");
        assert_eq!(line, Typed::Line(b"hi".to_vec()));
        let (echo, line) = type_all(&mut editor, b"abc\x15x\n");
        assert_eq!(echo, b"abc\x08\x08\x08   \x08\x08\x08x\r\n");
        assert_eq!(line, Typed::Line(b"x".to_vec()));
        let (echo, line) = type_all(&mut editor, b"0123456789\r");
        assert_eq!(echo, b"01234567\x07\x07\r\n");
        assert_eq!(line, Typed::Line(b"01234567".to_vec()));
        let (_, line) = type_all(&mut editor, b"ac\x1b[Db\r");
        assert_eq!(line, Typed::Line(b"abc".to_vec()));
        let (_, line) = type_all(&mut editor, b"\x1b[A\r");
        assert_eq!(line, Typed::Line(b"abc".to_vec()));
        let (_, line) = type_all(&mut editor, b"a b\x17c\r");
        assert_eq!(line, Typed::Line(b"a c".to_vec()));
        assert_eq!(type_all(&mut editor, b"x\x03").1, Typed::Interrupted);
    }
}
