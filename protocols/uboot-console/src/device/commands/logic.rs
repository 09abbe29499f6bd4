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
    context.print(&format!("{text}{newline}"));
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

/// Ends nothing in this version: the commands behind it run all the same.
pub(super) fn exit(arguments: &[String]) -> Reply {
    Reply::Status(u8::from(arguments.first().is_some_and(|text| number::decimal(text) != 0)))
}

/// `test`, with its operators joined from left to right. What it cannot read counts as true.
pub(super) fn test(arguments: &[String]) -> Reply {
    if arguments.len() < 2 {
        return Reply::Status(1);
    }
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut rest = words.as_slice();
    let mut result = false;
    let mut joined = "-o";
    loop {
        let mut negated = false;
        while let ["!", behind @ ..] = rest {
            negated = !negated;
            rest = behind;
        }
        let (value, behind): (bool, &[&str]) = match rest {
            ["-z", word, behind @ ..] => (word.is_empty(), behind),
            ["-n", word, behind @ ..] => (!word.is_empty(), behind),
            [left, operator, right, behind @ ..] => match compare_words(left, operator, right) {
                Some(value) => (value, behind),
                None => return Reply::Status(0),
            },
            _ => return Reply::Status(0),
        };
        let value = value != negated;
        result = if joined == "-a" { result && value } else { result || value };
        match behind {
            [] => return Reply::Status(u8::from(!result)),
            [word @ ("-a" | "-o"), behind @ ..] => {
                joined = word;
                rest = behind;
            }
            _ => return Reply::Status(0),
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
        _ => {
            context.print(&format!("Unknown operator '{operator}'\n"));
            return Reply::Status(1);
        }
    };
    Reply::Status(u8::from(!holds))
}

pub(super) fn setexpr<B: Board>(typed: &str, arguments: &[String], context: &mut Context<'_, B>) -> Reply {
    // On texts (`.s`) it is not imitated.
    let Some(width) = width(typed, 8) else { return Reply::Status(1) };
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
