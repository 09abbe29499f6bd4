//! Logistic regression over several classes, where a sample may belong to several in part.
//!
//! It minimises the sum of the samples' cross entropies, each as often as it counts, plus half the sum of the squares of
//! what the weights are away from those that were known before (none: from nothing). The problem is convex, so that plain
//! steps of accelerated descent (Nesterov's, begun anew where they overshoot) come to the one minimum.

/// Steps are small enough by then.
const MOST_STEPS: usize = 800;

/// The largest change of a weight at which it ends.
const SMALL: f64 = 1e-3;

/// Rounds in which the steepest direction is found.
const ROUNDS: usize = 20;

/// A case as numbers.
pub(super) struct Sample {
    /// Its words, each once, with how much of each there is.
    pub(super) words: Vec<(usize, f64)>,
    /// How much of it belongs to each class; together one.
    pub(super) shares: Vec<f64>,
    /// How much it counts against small weights.
    pub(super) counts: f64,
}

/// Weights of words for classes.
pub(super) struct Weights {
    classes: usize,
    /// Row by row; the last row is that of what is always there.
    rows: Vec<f64>,
}

impl Weights {
    /// What speaks for each class before a word is read.
    pub(super) fn always(&self) -> &[f64] {
        &self.rows[self.rows.len() - self.classes..]
    }

    /// What a word says for each class.
    pub(super) fn word(&self, index: usize) -> &[f64] {
        &self.rows[index * self.classes..(index + 1) * self.classes]
    }
}

/// Fits weights to samples, near to weights that were known before: row by row, the last row that of what is always
/// there.
pub(super) fn fit(samples: &[Sample], known: &[f64], classes: usize) -> Weights {
    let words = known.len() / classes - 1;
    let step = 1.0 / (0.5 * steepest(samples, words) + 1.0);
    let mut weights = known.to_vec();
    let mut ahead = weights.clone();
    let mut momentum = 1.0_f64;
    for _ in 0..MOST_STEPS {
        let gradient = gradient(samples, &ahead, known, classes);
        let next: Vec<f64> = ahead.iter().zip(&gradient).map(|(at, slope)| at - step * slope).collect();
        let uphill: f64 = gradient
            .iter()
            .zip(next.iter().zip(&weights))
            .map(|(slope, (new, old))| slope * (new - old))
            .sum();
        let change = next.iter().zip(&weights).map(|(new, old)| (new - old).abs()).fold(0.0, f64::max);
        let before = if uphill > 0.0 { 1.0 } else { momentum };
        momentum = (1.0 + (1.0 + 4.0 * before * before).sqrt()) / 2.0;
        let carry = (before - 1.0) / momentum;
        ahead = next.iter().zip(&weights).map(|(new, old)| new + carry * (new - old)).collect();
        weights = next;
        if change < SMALL {
            break;
        }
    }
    Weights { classes, rows: weights }
}

/// An upper bound of how steep the samples are in any direction (the greatest eigenvalue of their products, and a bit).
fn steepest(samples: &[Sample], words: usize) -> f64 {
    let mut direction = vec![1.0; words + 1];
    let mut length = 1.0;
    for _ in 0..ROUNDS {
        let mut turned = vec![0.0; words + 1];
        for sample in samples {
            let of_words = sample.words.iter().map(|(word, number)| direction[*word] * number).sum::<f64>();
            let along = sample.counts * (direction[words] + of_words);
            turned[words] += along;
            sample.words.iter().for_each(|(word, number)| turned[*word] += along * number);
        }
        length = turned.iter().map(|part| part * part).sum::<f64>().sqrt().max(1.0);
        direction = turned.into_iter().map(|part| part / length).collect();
    }
    1.1 * length
}

fn gradient(samples: &[Sample], weights: &[f64], known: &[f64], classes: usize) -> Vec<f64> {
    let always = weights.len() - classes;
    let mut gradient: Vec<f64> = weights.iter().zip(known).map(|(weight, known)| weight - known).collect();
    // What is always there may weigh what it will.
    gradient[always..].fill(0.0);
    let mut sums = vec![0.0; classes];
    for sample in samples {
        sums.copy_from_slice(&weights[always..]);
        for (word, number) in &sample.words {
            add(&mut sums, &weights[word * classes..(word + 1) * classes], *number);
        }
        let highest = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        sums.iter_mut().for_each(|sum| *sum = (*sum - highest).exp());
        let all: f64 = sums.iter().sum();
        for (sum, share) in sums.iter_mut().zip(&sample.shares) {
            *sum = sample.counts * (*sum / all - share);
        }
        add(&mut gradient[always..], &sums, 1.0);
        for (word, number) in &sample.words {
            add(&mut gradient[word * classes..(word + 1) * classes], &sums, *number);
        }
    }
    gradient
}

fn add(to: &mut [f64], what: &[f64], times: f64) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += times * what);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_to_the_minimum() {
        let sample = |words: &[usize], shares: &[f64]| Sample {
            words: words.iter().map(|word| (*word, 1.0)).collect(),
            shares: shares.to_vec(),
            counts: 8.0,
        };
        let samples = [
            sample(&[0, 1], &[1.0, 0.0, 0.0]),
            sample(&[1, 2], &[0.0, 1.0, 0.0]),
            sample(&[3], &[0.0, 0.5, 0.5]),
        ];
        let known = [0.0; 15];
        let fitted = fit(&samples, &known, 3);
        let left = gradient(&samples, &fitted.rows, &known, 3).into_iter().map(f64::abs).fold(0.0, f64::max);
        assert!(left < 0.1, "{left}");
        assert!(fitted.word(0)[0] > 0.5 && fitted.word(2)[1] > 0.5 && fitted.always().len() == 3);
        assert!(fitted.word(3)[0] < 0.0 && fitted.word(3)[2] > 0.0);
    }

    #[test]
    fn what_was_known_stays_where_no_sample_speaks() {
        let known = [0.0, 4.0, 0.0, 0.0, 0.0, 0.0];
        let samples = [
            Sample { words: vec![(1, 1.0)], shares: vec![1.0, 0.0], counts: 8.0 },
            Sample { words: vec![], shares: vec![0.0, 1.0], counts: 8.0 },
        ];
        let fitted = fit(&samples, &known, 2);
        assert!((fitted.word(0)[1] - 4.0).abs() < 0.1, "{:?}", fitted.rows);
        assert!(fitted.word(1)[0] > 0.5, "{:?}", fitted.rows);
    }
}
