//! The hush shell: from text to a program.

mod expansion;
mod lexer;

use super::program::{NoProgram, Op, Word};
use lexer::{Token, tokenize};

pub(super) use expansion::{assignment, expand, expand_list};

/// How deep `if` and loops may stand in each other.
const DEEPEST: u32 = 32;

/// Reads a script of the hush shell.
pub(super) fn compile(text: &str) -> Result<Vec<Op>, NoProgram> {
    let tokens = tokenize(text)?;
    let mut compiler = Compiler { tokens, at: 0, ops: Vec::new(), depth: 0 };
    compiler.list(&[])?;
    Ok(compiler.ops)
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
}
