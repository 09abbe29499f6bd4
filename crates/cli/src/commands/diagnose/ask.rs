//! The interview at a terminal, or with a file of answers.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Read};
use std::path::Path;

use debrick_diagnose::{Answer, Interview, MOST_QUESTIONS, Question};

use crate::commands::Context;
use crate::failure::Failure;
use crate::{input, out};

/// The longest file of answers that is read, and the longest line, in bytes.
const LONGEST_FILE: u64 = 1 << 20;
const LONGEST_LINE: u64 = 4096;

/// The answer that is always possible.
const DONT_KNOW: &str = "dont-know";

/// Leads a person through the interview.
pub(super) fn at_terminal(context: &Context) -> Result<Interview, Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::usage(
            "there is nothing to diagnose from, and no terminal to ask at",
            "Name a log with --log, the output of a tool with --tool-output, say with --symptom what there is to see, or \
             answer the questions ahead with --answers.",
        ));
    }
    out::note(&format!(
        "There is no log, so a few questions will do: {MOST_QUESTIONS} at most. Nothing is sent to the device, and\n\
         \"don't know\" is a good answer. Type the number and Enter."
    ));
    let mut interview = Interview::new();
    while let Some(question) = interview.next() {
        let Some(answer) = ask(context, &interview, question, &mut stdin.lock()) else { break };
        interview.give(question, answer);
    }
    out::note("");
    Ok(interview)
}

/// Asks until there is an answer; `None` where nobody is there any more.
fn ask(
    context: &Context,
    interview: &Interview,
    question: &Question,
    from: &mut impl BufRead,
) -> Option<Option<&'static Answer>> {
    let head = format!("{}. {}", interview.asked() + 1, question.text);
    out::note(&format!("\n{}", context.notes.strong(&head)));
    for (index, answer) in question.answers.iter().enumerate() {
        out::note(&format!("   {}  {}", index + 1, answer.text));
    }
    out::note("   0  I don't know");
    loop {
        out::prompt("Number: ");
        let mut line = String::new();
        if from.by_ref().take(LONGEST_LINE).read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().parse::<usize>() {
            Ok(0) => return Some(None),
            Ok(number) if number <= question.answers.len() => {
                return Some(Some(&question.answers[number - 1]));
            }
            _ if line.trim().is_empty() => return Some(None),
            _ => out::note(&format!("Please type a number from 0 to {}.", question.answers.len())),
        }
    }
}

/// Answers the interview's questions from a file; what it does not hold is not known.
pub(super) fn from_file(path: &Path) -> Result<Interview, Failure> {
    let text = input::text(path, LONGEST_FILE)?;
    let malformed = |cause: String| {
        Failure::new(
            "answers-malformed",
            format!("{} is not a file of answers to the interview", path.display()),
            "Write lines such as `lights = \"none\"`. Nothing was done to the unit.",
        )
        .because(cause)
    };
    let table: BTreeMap<String, String> =
        toml::from_str(&text).map_err(|error| malformed(error.to_string().trim_end().to_owned()))?;
    let mut given = BTreeMap::new();
    for (id, answer) in &table {
        let question = Interview::questions().iter().find(|question| question.id == id).ok_or_else(|| {
            let ids: Vec<&str> = Interview::questions().iter().map(|question| question.id).collect();
            malformed(format!("there is no question {id:?}; the questions are {}", ids.join(", ")))
        })?;
        if answer == DONT_KNOW {
            continue;
        }
        let answer = question.answer(answer).ok_or_else(|| {
            let ids: Vec<&str> = question.answers.iter().map(|answer| answer.id).collect();
            malformed(format!(
                "{id:?} cannot be answered by {answer:?}; it can by {}, {DONT_KNOW}",
                ids.join(", ")
            ))
        })?;
        given.insert(question.id, answer);
    }
    let mut interview = Interview::new();
    while let Some(question) = interview.next() {
        interview.give(question, given.get(question.id).copied());
    }
    Ok(interview)
}
