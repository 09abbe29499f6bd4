//! The simple shell, of bootloaders without hush: commands in a row, variables in braces or parentheses.

use super::program::Op;

/// Reads a script of the simple shell: commands between semicolons and newlines.
pub(super) fn compile(text: &str) -> Vec<Op> {
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
pub(super) fn split(command: &str, lookup: impl Fn(&str) -> String) -> Vec<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simple_shell_knows_semicolons_braces_and_quotes() {
        let ops = compile("setenv a 'x;${b}'; echo ${one} $one");
        let lookup = |_: &str| "v".to_owned();
        let commands: Vec<_> = ops
            .iter()
            .filter_map(|op| match op {
                Op::Simple(command) => Some(split(command, lookup)),
                _ => None,
            })
            .collect();
        assert_eq!(commands, [vec!["setenv", "a", "x;${b}"], vec!["echo", "v", "$one"]]);
    }
}
