//! From words to arguments: variables become their values.

use super::lexer::unescaped;
use crate::device::program::{Part, Word};

/// Expands words into arguments. An unquoted variable's value is read like text that was typed: its quotes and
/// backslashes go, blanks part it, and `#` ends it; but it holds no further variables and no further commands.
pub(in crate::device) fn expand(words: &[Word], lookup: &dyn Fn(&str) -> String) -> Vec<String> {
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
pub(in crate::device) fn expand_list(words: &[Word], lookup: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut bare = words.to_vec();
    for part in bare.iter_mut().flat_map(|word| &mut word.parts) {
        if let Part::Variable { quoted, .. } = part {
            *quoted = false;
        }
    }
    expand(&bare, lookup).iter().flat_map(|value| value.split_whitespace()).map(str::to_owned).collect()
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
pub(in crate::device) fn assignment(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_');
    let goes_on = letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    (begins && goes_on).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::hush::compile;
    use crate::device::program::Op;

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
}
