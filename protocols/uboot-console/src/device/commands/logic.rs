//! Words, numbers and decisions.

use std::time::Duration;

use crate::device::board::{Board, BusError};
use crate::device::context::{Context, Reply, width};
use crate::device::jobs::Job;
use crate::device::number;

pub(super) fn echo<B: Board>(arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let (words, newline) = match arguments.split_first() {
        Some((first, rest)) if first == "-n" => (rest, ""),
        _ => (arguments, "\n"),
    };
    let text = words.join(" ");
    match text.find("\\c") {
        Some(at) => context.print(&format!("{}{}", &text[..at], &text[at + 2..])),
        None => context.print(&format!("{text}{newline}")),
    }
    Reply::Status(0)
}

pub(super) fn sleep(arguments: &[String]) -> Reply {
    let [span] = arguments else { return Reply::Usage };
    let (whole, fraction) = span.split_once('.').unwrap_or((span, ""));
    let mut millis = number::decimal(whole).saturating_mul(1000);
    for (digit, scale) in fraction.chars().map_while(|digit| digit.to_digit(10)).zip([100, 10, 1]) {
        millis = millis.saturating_add(u64::from(digit) * scale);
    }
    Reply::Job(Job::Sleep(Duration::from_millis(millis)))
}

pub(super) fn exit(arguments: &[String]) -> Reply {
    Reply::Exit(arguments.first().map_or(0, |text| number::decimal(text) as u8))
}

/// `test`, with its operators joined from left to right.
pub(super) fn test(arguments: &[String]) -> Reply {
    if arguments.is_empty() {
        return Reply::Status(1);
    }
    let mut words = arguments.iter().map(String::as_str).peekable();
    let mut result = false;
    let mut joined = "-o";
    loop {
        let mut negated = false;
        while words.next_if_eq(&"!").is_some() {
            negated = !negated;
        }
        let Some(first) = words.next() else { return Reply::Status(1) };
        let value = match first {
            "-z" => words.next().is_none_or(str::is_empty),
            "-n" => words.next().is_some_and(|word| !word.is_empty()),
            _ => match words.next_if(|word| !matches!(*word, "-a" | "-o")) {
                None => !first.is_empty(),
                Some(operator) => {
                    match words.next().and_then(|second| compare_words(first, operator, second)) {
                        Some(value) => value,
                        None => return Reply::Status(1),
                    }
                }
            },
        };
        let value = value != negated;
        result = if joined == "-a" { result && value } else { result || value };
        match words.next() {
            None => return Reply::Status(u8::from(!result)),
            Some(word @ ("-a" | "-o")) => joined = word,
            Some(_) => return Reply::Status(1),
        }
    }
}

fn compare_words(left: &str, operator: &str, right: &str) -> Option<bool> {
    let (a, b) = (number::any_base(left), number::any_base(right));
    Some(match operator {
        "=" | "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        ">" => left > right,
        "-eq" => a == b,
        "-ne" => a != b,
        "-lt" => a < b,
        "-le" => a <= b,
        "-gt" => a > b,
        "-ge" => a >= b,
        _ => return None,
    })
}

/// A number, or what lies in memory behind `*`.
fn value<B: Board>(text: &str, width: usize, context: &mut Context<'_, B>) -> Result<u64, BusError> {
    let Some(address) = text.strip_prefix('*') else { return Ok(number::hex(text)) };
    let mut bytes = [0; 8];
    context.read(number::hex(address), &mut bytes[..width])?;
    Ok(u64::from_le_bytes(bytes))
}

pub(super) fn itest<B: Board>(typed: &str, arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let [left, operator, right] = arguments else { return Reply::Usage };
    let texts = typed.ends_with(".s");
    let width = if texts { 4 } else { width(typed, 4).unwrap_or(4) };
    let order = if texts {
        left.cmp(right)
    } else {
        let mask = u64::MAX >> (64 - width * 8);
        let (Ok(left), Ok(right)) = (value(left, width, context), value(right, width, context)) else {
            return Reply::Abort;
        };
        ((left & mask) as i64).cmp(&((right & mask) as i64))
    };
    let holds = match operator.as_str() {
        "-lt" | "<" => order.is_lt(),
        "-gt" | ">" => order.is_gt(),
        "-eq" | "==" => order.is_eq(),
        "-ne" | "!=" | "<>" => order.is_ne(),
        "-ge" | ">=" => order.is_ge(),
        "-le" | "<=" => order.is_le(),
        _ => return Reply::Usage,
    };
    Reply::Status(u8::from(!holds))
}

pub(super) fn setexpr<B: Board>(typed: &str, arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    let Some(width) = width(typed, 8) else { return Reply::Usage };
    let (name, left, operation) = match arguments {
        [name, left] => (name, left, None),
        [name, left, operator, right] => (name, left, Some((operator.as_str(), right))),
        _ => return Reply::Usage,
    };
    let Ok(left) = value(left, width, context) else { return Reply::Abort };
    let result = match operation {
        None => left,
        Some((operator, right)) => {
            let Ok(right) = value(right, width, context) else { return Reply::Abort };
            match operator {
                "|" => left | right,
                "&" => left & right,
                "^" => left ^ right,
                "+" => left.wrapping_add(right),
                "-" => left.wrapping_sub(right),
                "*" => left.wrapping_mul(right),
                "/" => left.checked_div(right).unwrap_or(0),
                "%" => left.checked_rem(right).unwrap_or(0),
                _ => {
                    context.print("invalid op\n");
                    return Reply::Status(1);
                }
            }
        }
    };
    context.shell.environment.set(name, Some(&format!("{result:x}")));
    Reply::Status(0)
}
