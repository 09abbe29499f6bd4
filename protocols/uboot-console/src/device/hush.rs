//! The shell's language: from text to a program of small steps, so that every loop can be stopped between two.

/// A piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text as it is.
    Text(String),
    /// A variable's value, split into words unless quoted.
    Variable { name: String, quoted: bool },
}

/// A word before expansion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
}

/// A step of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Op {
    /// Runs a command.
    Run(Vec<Word>),
    /// Runs a command of the simple shell, not expanded yet.
    Simple(String),
    Jump(usize),
    JumpIfFailed(usize),
    JumpIfDone(usize),
    /// Where a loop looks for Ctrl-C.
    LoopHead,
    ForStart(String, Vec<Word>),
    /// Takes the next value, or leaves the loop.
    ForNext(usize),
}

/// Why there is no program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoProgram {
    /// More lines have to come.
    Incomplete,
    /// It makes no sense.
    Syntax,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word { word: Word, bare: Option<String> },
    End,
    Separator,
    And,
    Or,
}

/// How deep `if` and loops may stand in each other.
const DEEPEST: u32 = 32;

/// Reads a script of the hush shell.
pub(super) fn compile(text: &str) -> Result<Vec<Op>, NoProgram> {
    let tokens = tokenize(text)?;
    let mut compiler = Compiler { tokens, at: 0, ops: Vec::new(), depth: 0 };
    compiler.list(&[])?;
    Ok(compiler.ops)
}

/// Reads a script of the simple shell: commands between semicolons and newlines.
pub(super) fn compile_simple(text: &str) -> Vec<Op> {
    let mut ops = Vec::new();
    let mut command = String::new();
    let mut quoted = false;
    let mut previous = ' ';
    for letter in text.chars() {
        if letter == '\'' && previous != '\\' {
            quoted = !quoted;
        }
        if (letter == ';' && !quoted && previous != '\\') || letter == '\n' {
            ops.push(Op::Simple(std::mem::take(&mut command)));
            quoted &= letter != '\n';
        } else {
            command.push(letter);
        }
        previous = letter;
    }
    ops.push(Op::Simple(command));
    ops.retain(|op| !matches!(op, Op::Simple(command) if command.trim().is_empty()));
    ops
}

/// Expands and splits a command of the simple shell.
pub(super) fn split_simple(command: &str, lookup: impl Fn(&str) -> String) -> Vec<String> {
    let mut expanded = String::new();
    let mut rest = command.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = rest.next() {
        match letter {
            '\'' => quoted = !quoted,
            '\\' if !quoted && matches!(rest.peek(), Some(';' | '$' | '\\' | '\'')) => {
                expanded.extend(rest.next());
            }
            '$' if !quoted && matches!(rest.peek(), Some('{' | '(')) => {
                let close = if rest.next() == Some('{') { '}' } else { ')' };
                let name: String = rest.by_ref().take_while(|letter| *letter != close).collect();
                expanded.push_str(&lookup(&name));
            }
            _ => expanded.push(letter),
        }
    }
    expanded.split_whitespace().map(str::to_owned).collect()
}

/// Expands words into arguments. An unquoted variable's value is read like text that was typed: its quotes and
/// backslashes go, blanks part it, and `#` ends it; but it holds no further variables and no further commands.
pub(super) fn expand(words: &[Word], lookup: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut arguments = Vec::new();
    for word in words {
        let mut current: Option<String> = None;
        for part in &word.parts {
            match part {
                Part::Text(text) => current.get_or_insert_default().push_str(text),
                Part::Variable { name, quoted: true } => {
                    current.get_or_insert_default().push_str(&unescaped(&lookup(name)));
                }
                Part::Variable { name, quoted: false } => {
                    read_again(&lookup(name), &mut current, &mut arguments)
                }
            }
        }
        arguments.extend(current);
    }
    arguments
}

/// Expands the words of a `for`: quotes do not hold there.
pub(super) fn expand_list(words: &[Word], lookup: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut bare = words.to_vec();
    for part in bare.iter_mut().flat_map(|word| &mut word.parts) {
        if let Part::Variable { quoted, .. } = part {
            *quoted = false;
        }
    }
    expand(&bare, lookup).iter().flat_map(|value| value.split_whitespace()).map(str::to_owned).collect()
}

/// Takes each backslash away, and keeps what follows it.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(letter) = rest.next() {
        plain.extend(if letter == '\\' { rest.next() } else { Some(letter) });
    }
    plain
}

fn read_again(value: &str, current: &mut Option<String>, arguments: &mut Vec<String>) {
    let mut rest = value.chars();
    while let Some(letter) = rest.next() {
        match letter {
            ' ' | '\t' | '\n' => arguments.extend(current.take()),
            '#' if current.is_none() => return,
            '\\' => current.get_or_insert_default().extend(rest.next()),
            '"' | '\'' => {
                let text = current.get_or_insert_default();
                let mut ended = false;
                for inner in rest.by_ref() {
                    if inner == letter {
                        ended = true;
                        break;
                    }
                    text.push(inner);
                }
                if !ended {
                    text.push('\n');
                }
            }
            letter => current.get_or_insert_default().push(letter),
        }
    }
}

/// The name and the value behind it, if text begins like an assignment.
pub(super) fn assignment(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_');
    let goes_on = letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    (begins && goes_on).then_some((name, value))
}

/// Reads a variable's name behind `$`; `None` if that `$` is only a letter.
fn variable(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Option<String>, NoProgram> {
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
fn single_quoted(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    reader: &mut Reader,
) -> Result<(), NoProgram> {
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

fn tokenize(text: &str) -> Result<Vec<Token>, NoProgram> {
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

struct Compiler {
    tokens: Vec<Token>,
    at: usize,
    ops: Vec<Op>,
    depth: u32,
}

impl Compiler {
    fn peek(&self) -> Token {
        self.tokens.get(self.at).cloned().unwrap_or(Token::End)
    }

    fn bare(&self) -> Option<String> {
        match self.tokens.get(self.at) {
            Some(Token::Word { bare, .. }) => bare.clone(),
            _ => None,
        }
    }

    fn skip_separators(&mut self) {
        while self.tokens.get(self.at) == Some(&Token::Separator) {
            self.at += 1;
        }
    }

    /// Reserves a jump; [`Compiler::land`] says where to.
    fn reserve(&mut self, op: Op) -> usize {
        self.ops.push(op);
        self.ops.len() - 1
    }

    fn land(&mut self, reserved: usize) {
        let here = self.ops.len();
        if let Some(
            Op::Jump(target) | Op::JumpIfFailed(target) | Op::JumpIfDone(target) | Op::ForNext(target),
        ) = self.ops.get_mut(reserved)
        {
            *target = here;
        }
    }

    /// Reads commands up to one of these keywords, and past it.
    fn list(&mut self, stops: &[&str]) -> Result<String, NoProgram> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(NoProgram::Syntax);
        }
        loop {
            self.skip_separators();
            if self.peek() == Token::End {
                self.depth -= 1;
                return if stops.is_empty() { Ok(String::new()) } else { Err(NoProgram::Incomplete) };
            }
            if let Some(keyword) = self.bare().filter(|keyword| stops.contains(&keyword.as_str())) {
                self.at += 1;
                self.depth -= 1;
                return Ok(keyword);
            }
            self.chain()?;
        }
    }

    /// Reads commands joined by `&&` and `||`. What is skipped is skipped to the end of the chain, whatever joins it.
    fn chain(&mut self) -> Result<(), NoProgram> {
        let mut skips = Vec::new();
        while matches!(self.peek(), Token::And | Token::Or) {
            self.at += 1;
        }
        if !self.ends_here() {
            self.command()?;
        }
        loop {
            let skip = match self.peek() {
                Token::And => Op::JumpIfFailed(0),
                Token::Or => Op::JumpIfDone(0),
                _ => break,
            };
            self.at += 1;
            if self.ends_here() {
                break;
            }
            skips.push(self.reserve(skip));
            self.command()?;
        }
        for skip in skips {
            self.land(skip);
        }
        Ok(())
    }

    fn ends_here(&self) -> bool {
        matches!(self.peek(), Token::End | Token::Separator)
    }

    fn command(&mut self) -> Result<(), NoProgram> {
        match self.bare().as_deref() {
            Some("if") => self.conditional(),
            Some("while") => self.repeated(false),
            Some("until") => self.repeated(true),
            Some("for") => self.counted(),
            Some("then" | "elif" | "else" | "fi" | "do" | "done" | "in") => Err(NoProgram::Syntax),
            _ => {
                let words = self.words();
                match (words.is_empty(), self.peek()) {
                    (false, _) => {
                        self.ops.push(Op::Run(words));
                        Ok(())
                    }
                    (true, Token::End) => Err(NoProgram::Incomplete),
                    (true, _) => Err(NoProgram::Syntax),
                }
            }
        }
    }

    fn words(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        while let Some(Token::Word { word, .. }) = self.tokens.get(self.at) {
            words.push(word.clone());
            self.at += 1;
        }
        words
    }

    fn conditional(&mut self) -> Result<(), NoProgram> {
        self.at += 1;
        let mut ends = Vec::new();
        loop {
            self.list(&["then"])?;
            let skip = self.reserve(Op::JumpIfFailed(0));
            let keyword = self.list(&["elif", "else", "fi"])?;
            if keyword == "fi" {
                self.land(skip);
                break;
            }
            ends.push(self.reserve(Op::Jump(0)));
            self.land(skip);
            if keyword == "else" {
                self.list(&["fi"])?;
                break;
            }
        }
        for end in ends {
            self.land(end);
        }
        Ok(())
    }

    fn repeated(&mut self, until: bool) -> Result<(), NoProgram> {
        self.at += 1;
        let head = self.reserve(Op::LoopHead);
        self.list(&["do"])?;
        let leave = self.reserve(if until { Op::JumpIfDone(0) } else { Op::JumpIfFailed(0) });
        self.list(&["done"])?;
        self.ops.push(Op::Jump(head));
        self.land(leave);
        Ok(())
    }

    fn counted(&mut self) -> Result<(), NoProgram> {
        self.at += 1;
        let name = match self.peek() {
            Token::Word { bare: Some(name), .. } => name,
            Token::End => return Err(NoProgram::Incomplete),
            _ => return Err(NoProgram::Syntax),
        };
        self.at += 1;
        self.skip_separators();
        let mut values = Vec::new();
        if self.bare().as_deref() == Some("in") {
            self.at += 1;
            values = self.words();
        }
        self.skip_separators();
        match self.peek() {
            Token::Word { bare: Some(keyword), .. } if keyword == "do" => self.at += 1,
            Token::End => return Err(NoProgram::Incomplete),
            _ => return Err(NoProgram::Syntax),
        }
        self.ops.push(Op::ForStart(name, values));
        let head = self.reserve(Op::LoopHead);
        let leave = self.reserve(Op::ForNext(0));
        self.list(&["done"])?;
        self.ops.push(Op::Jump(head));
        self.land(leave);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Vec<Vec<String>> {
        let lookup = |name: &str| match name {
            "two" => "a  b".to_owned(),
            "odd" => "p \"q  r\" s\\t;u && v # w".to_owned(),
            "one" => "x".to_owned(),
            _ => String::new(),
        };
        let ops = compile(text).unwrap();
        ops.iter()
            .filter_map(|op| match op {
                Op::Run(words) => Some(expand(words, &lookup)),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn words_are_quoted_expanded_and_split() {
        assert_eq!(arguments(r#"echo $two "$two" '$two'"#), [["echo", "a", "b", "a  b", "$two"]]);
        assert_eq!(arguments(r#"echo p${one}q$none """#), [["echo", "pxq", ""]]);
        assert_eq!(arguments(r"echo a\;b # rest; no"), [["echo", "a;b"]]);
        assert_eq!(arguments("a; b&&c"), [["a"], ["b"], ["c"]]);
        assert_eq!(arguments("x $odd"), [["x", "p", "q  r", "st;u", "&&", "v"]]);
        assert_eq!(
            arguments("x \"a 'b  c' d\" 'x\\ny' \"x\\\"y\" $1"),
            [["x", "a b  c d", "xny", "x\\\"y", "$1"]]
        );
    }

    #[test]
    fn incomplete_and_senseless_scripts_are_told_apart() {
        for text in
            ["if true", "while true; do", "echo 'a", "for i", "echo ${a", "echo \"x", "a \\", "echo \"it's\""]
        {
            assert_eq!(compile(text), Err(NoProgram::Incomplete), "{text}");
        }
        for text in ["fi", "a & b", "done; x", "for 'x' in a; do b; done"] {
            assert_eq!(compile(text), Err(NoProgram::Syntax), "{text}");
        }
        assert!(compile(&"if ".repeat(1000)).is_err());
    }

    #[test]
    fn the_simple_shell_knows_semicolons_braces_and_quotes() {
        let ops = compile_simple("setenv a 'x;${b}'; echo ${one} $one");
        let lookup = |_: &str| "v".to_owned();
        let commands: Vec<_> = ops
            .iter()
            .filter_map(|op| match op {
                Op::Simple(command) => Some(split_simple(command, lookup)),
                _ => None,
            })
            .collect();
        assert_eq!(commands, [vec!["setenv", "a", "x;${b}"], vec!["echo", "v", "$one"]]);
    }
}
