//! From text to tokens: words with their quotes read, and what stands between them.

use std::iter::Peekable;
use std::str::Chars;

use crate::device::program::{NoProgram, Part, Word};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word { word: Word, bare: Option<String> },
    End,
    Separator,
    And,
    Or,
}

/// Reads a script up to its end.
pub(super) fn tokenize(text: &str) -> Result<Vec<Token>, NoProgram> {
    let mut tokens = Vec::new();
    let mut reader = Reader { bare: true, ..Reader::default() };
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            ' ' | '\t' | '\r' => reader.finish(&mut tokens),
            ';' | '\n' => {
                reader.finish(&mut tokens);
                tokens.push(Token::Separator);
            }
            '#' if reader.text.is_none() && reader.word.parts.is_empty() => {
                while rest.peek().is_some_and(|letter| *letter != '\n') {
                    rest.next();
                }
            }
            '&' | '|' => {
                reader.finish(&mut tokens);
                if rest.next_if_eq(&letter).is_none() {
                    return Err(NoProgram::Syntax);
                }
                tokens.push(if letter == '&' { Token::And } else { Token::Or });
            }
            '\\' => match rest.next() {
                Some('\n') => {}
                Some(letter) => {
                    reader.push(letter);
                    reader.bare = false;
                }
                None => return Err(NoProgram::Incomplete),
            },
            '$' => match variable(&mut rest)? {
                Some(name) => reader.part(name, false),
                None => reader.push('$'),
            },
            '\'' => {
                reader.quoted();
                single_quoted(&mut rest, &mut reader)?;
            }
            '"' => {
                reader.quoted();
                loop {
                    match rest.next().ok_or(NoProgram::Incomplete)? {
                        '"' => break,
                        // Single quotes quote inside double ones as well; a backslash protects, and stays.
                        '\'' => single_quoted(&mut rest, &mut reader)?,
                        '\\' => {
                            reader.push('\\');
                            reader.push(rest.next().ok_or(NoProgram::Incomplete)?);
                        }
                        '$' => match variable(&mut rest)? {
                            Some(name) => reader.part(name, true),
                            None => reader.push('$'),
                        },
                        letter => reader.push(letter),
                    }
                }
            }
            letter => reader.push(letter),
        }
    }
    reader.finish(&mut tokens);
    Ok(tokens)
}

/// Reads a variable's name behind `$`; `None` if that `$` is only a letter.
fn variable(rest: &mut Peekable<Chars<'_>>) -> Result<Option<String>, NoProgram> {
    match rest.peek() {
        Some('{') => {
            rest.next();
            let mut name = String::new();
            loop {
                match rest.next().ok_or(NoProgram::Incomplete)? {
                    '}' => return Ok(Some(name)),
                    letter => name.push(letter),
                }
            }
        }
        Some('?') => {
            rest.next();
            Ok(Some("?".into()))
        }
        Some(letter) if letter.is_ascii_alphabetic() || *letter == '_' => {
            let mut name = String::new();
            while let Some(letter) = rest.next_if(|letter| letter.is_ascii_alphanumeric() || *letter == '_') {
                name.push(letter);
            }
            Ok(Some(name))
        }
        _ => Ok(None),
    }
}

/// Reads up to the closing quote. Backslashes go, but do not keep the quote from closing.
fn single_quoted(rest: &mut Peekable<Chars<'_>>, reader: &mut Reader) -> Result<(), NoProgram> {
    let mut text = String::new();
    loop {
        match rest.next().ok_or(NoProgram::Incomplete)? {
            '\'' => break,
            letter => text.push(letter),
        }
    }
    unescaped(&text).chars().for_each(|letter| reader.push(letter));
    Ok(())
}

/// Takes each backslash away, and keeps what follows it.
pub(super) fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        plain.extend(if letter == '\\' { rest.next() } else { Some(letter) });
    }
    plain
}

#[derive(Default)]
struct Reader {
    word: Word,
    text: Option<String>,
    bare: bool,
}

impl Reader {
    fn push(&mut self, letter: char) {
        self.text.get_or_insert_default().push(letter);
    }

    fn part(&mut self, name: String, quoted: bool) {
        self.flush();
        self.bare = false;
        self.word.parts.push(Part::Variable { name, quoted });
    }

    fn quoted(&mut self) {
        self.text.get_or_insert_default();
        self.bare = false;
    }

    fn flush(&mut self) {
        self.word.parts.extend(self.text.take().map(Part::Text));
    }

    fn finish(&mut self, tokens: &mut Vec<Token>) {
        self.flush();
        let word = std::mem::take(&mut self.word);
        let bare = match word.parts.as_slice() {
            [Part::Text(text)] if self.bare => Some(text.clone()),
            _ => None,
        };
        if !word.parts.is_empty() {
            tokens.push(Token::Word { word, bare });
        }
        self.bare = true;
    }
}
