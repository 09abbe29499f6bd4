//! Tables of weights: a line for each word, a letter for each class.
//!
//! The first line that is no comment names the classes (causes, states or actions), the second the step. Then comes a
//! word, a space, and a letter for each class: `.` is nothing, `a` to `z` are one to 26 steps for it, `A` to `Z` as many
//! against it. `<always>` holds what speaks for a class before a word is read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use debrick_model::{Action, Cause, State};

/// The word of what is true before any word is read.
const ALWAYS: &str = "<always>";

/// A weight has at most so many steps: a letter each.
const MOST_STEPS: i8 = 26;

/// What a table tells apart.
pub trait Class: Copy + Ord + 'static {
    /// Every class.
    const ALL: &'static [Self];

    /// What it is called in a table.
    fn id(self) -> &'static str;
}

macro_rules! classes {
    ($($name:ident),*) => {$(
        impl Class for $name {
            const ALL: &'static [Self] = $name::ALL;

            fn id(self) -> &'static str {
                $name::id(self)
            }
        }
    )*};
}

classes!(Action, Cause, State);

/// The weights of words for classes, as multiples of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Table<C> {
    classes: Vec<C>,
    step: f64,
    rows: BTreeMap<String, Vec<i8>>,
}

/// What words speak for.
pub type WordTable = Table<Cause>;

impl<C> Default for Table<C> {
    fn default() -> Self {
        Self { classes: Vec::new(), step: 0.0, rows: BTreeMap::new() }
    }
}

impl<C: Class> Table<C> {
    /// A table of weights that were fitted. Each row has a weight for each class; `always` is that of no word. Weights of
    /// more than 26 steps are cut, and words that weigh nothing are left out.
    pub fn new(classes: Vec<C>, step: f64, always: &[f64], fitted: &BTreeMap<String, Vec<f64>>) -> Self {
        let steps = |weights: &[f64]| -> Vec<i8> {
            let most = f64::from(MOST_STEPS);
            weights.iter().map(|weight| (weight / step).round().clamp(-most, most) as i8).collect()
        };
        let mut rows: BTreeMap<String, Vec<i8>> =
            fitted.iter().map(|(word, weights)| (word.clone(), steps(weights))).collect();
        rows.retain(|_, steps| steps.iter().any(|step| *step != 0));
        rows.insert(ALWAYS.to_owned(), steps(always));
        Self { classes, step, rows }
    }

    /// Reads a table.
    ///
    /// # Errors
    ///
    /// Says in which line something is not as it must be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut table = Self::default();
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line): &(u32, &str)| !line.starts_with('#'))
        {
            table.read(line).ok_or_else(|| format!("line {number} of the table: {line}"))?;
        }
        if table.rows.contains_key(ALWAYS) { Ok(table) } else { Err(format!("there is no {ALWAYS}")) }
    }

    fn read(&mut self, line: &str) -> Option<()> {
        let (word, rest) = line.split_once(' ')?;
        match word {
            "classes:" => {
                let of = |id: &str| C::ALL.iter().find(|class| class.id() == id).copied();
                self.classes = rest.split(' ').map(of).collect::<Option<_>>()?;
            }
            "step:" => self.step = rest.parse().ok().filter(|step: &f64| step.is_finite() && *step > 0.0)?,
            _ => {
                let row: Vec<i8> = rest.bytes().map(steps).collect::<Option<_>>()?;
                (row.len() == self.classes.len()).then(|| self.rows.insert(word.to_owned(), row))?;
            }
        }
        Some(())
    }

    /// The steps of a word for each class.
    pub(super) fn row(&self, word: &str) -> Option<&[i8]> {
        self.rows.get(word).map(Vec::as_slice)
    }

    /// Where a class stands in each row.
    pub(super) fn column(&self, class: C) -> Option<usize> {
        self.classes.iter().position(|known| *known == class)
    }

    /// The classes, in the order of the shares.
    pub fn classes(&self) -> &[C] {
        &self.classes
    }

    /// The words that it knows.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.rows.keys().map(String::as_str).filter(|word| *word != ALWAYS)
    }

    /// How much a word speaks for a class; without a word, what speaks for the class before one is read.
    pub fn weight(&self, word: Option<&str>, class: C) -> f64 {
        let row = self.rows.get(word.unwrap_or(ALWAYS));
        let steps = row.zip(self.column(class)).and_then(|(row, column)| row.get(column));
        steps.map_or(0.0, |steps| f64::from(*steps) * self.step)
    }

    /// How many words it knows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it knows no word.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How likely each class is by words that are there; together one. Many words count less each, as in the fit.
    pub fn shares(&self, words: &BTreeSet<String>) -> Vec<f64> {
        let known: Vec<&str> =
            words.iter().map(String::as_str).filter(|word| self.rows.contains_key(*word)).collect();
        let each = 1.0 / (known.len().max(1) as f64).sqrt();
        self.shares_of(known.into_iter().map(|word| (word, each)))
    }

    /// How likely each class is by what is there, each thing as often as the number says; together one.
    pub fn shares_of<'a>(&self, numbers: impl IntoIterator<Item = (&'a str, f64)>) -> Vec<f64> {
        let mut sums = vec![0.0; self.classes.len()];
        for (word, number) in [(ALWAYS, 1.0)].into_iter().chain(numbers) {
            let Some(row) = self.rows.get(word) else { continue };
            let times = self.step * number;
            sums.iter_mut().zip(row).for_each(|(sum, steps)| *sum += times * f64::from(*steps));
        }
        let highest = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let parts: Vec<f64> = sums.iter().map(|sum| (sum - highest).exp()).collect();
        let all: f64 = parts.iter().sum();
        parts.iter().map(|part| part / all).collect()
    }
}

impl<C: Class> fmt::Display for Table<C> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let classes: Vec<&str> = self.classes.iter().map(|class| class.id()).collect();
        writeln!(out, "classes: {}", classes.join(" "))?;
        writeln!(out, "step: {}", self.step)?;
        for (word, row) in &self.rows {
            writeln!(out, "{word} {}", row.iter().map(|steps| letter(*steps)).collect::<String>())?;
        }
        Ok(())
    }
}

fn letter(steps: i8) -> char {
    let nth = |first: u8| char::from(first + steps.unsigned_abs().min(MOST_STEPS.unsigned_abs()) - 1);
    match steps {
        0 => '.',
        1.. => nth(b'a'),
        _ => nth(b'A'),
    }
}

fn steps(letter: u8) -> Option<i8> {
    match letter {
        b'.' => Some(0),
        b'a'..=b'z' => i8::try_from(letter - b'a' + 1).ok(),
        b'A'..=b'Z' => i8::try_from(letter - b'A' + 1).ok().map(|steps| -steps),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> WordTable {
        let fitted = BTreeMap::from([
            ("bricked".to_owned(), vec![2.6, -0.3]),
            ("the".to_owned(), vec![0.04, 0.0]),
            ("works".to_owned(), vec![-99.0, 99.0]),
        ]);
        WordTable::new(vec![Cause::FirmwareBug, Cause::NoFault], 0.1, &[0.5, 0.0], &fitted)
    }

    #[test]
    fn a_table_is_written_as_it_is_read() {
        let text = table().to_string();
        assert_eq!(text, "classes: firmware-bug no-fault\nstep: 0.1\n<always> e.\nbricked zC\nworks Zz\n");
        assert_eq!(WordTable::parse(&format!("# a comment\n{text}")), Ok(table()));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        for (text, what) in [
            ("classes: firmware-bug\nstep: 0.1\nword a", "without a beginning"),
            ("classes: firmware-bug\nstep: 0.1\n<always> aa", "too many letters"),
            ("classes: firmware-bug\nstep: 0.1\n<always> ?", "no letter"),
            ("classes: bad-luck\nstep: 0.1\n<always> a", "no cause"),
            ("classes: firmware-bug\nstep: 0\n<always> a", "no step"),
        ] {
            assert!(WordTable::parse(text).is_err(), "{what}");
        }
    }

    #[test]
    fn shares_are_one_together_and_follow_the_words() {
        let of = |words: &[&str]| table().shares(&words.iter().map(|word| (*word).to_owned()).collect());
        let none = of(&["nothing", "known"]);
        assert!((none[0] + none[1] - 1.0).abs() < 1e-9);
        assert!(none[0] > 0.6 && of(&["bricked"])[0] > none[0] && of(&["works"])[1] > 0.9);
    }
}
