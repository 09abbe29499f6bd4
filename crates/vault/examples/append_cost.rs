//! Measures what an append costs on a disk: `cargo run --release --example append_cost -- DIR`.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement, not a part of the library"
)]

use std::time::Instant;

use debrick_model::EventBody;
use debrick_vault::Vault;

const EVENTS: usize = 2000;

fn main() {
    let dir = std::env::args().nth(1).unwrap_or_else(|| "append-cost".into());
    let vault = Vault::open(dir).unwrap();
    let begun = Instant::now();
    let mut journal = vault.create_session(0, 0).unwrap();
    let created = begun.elapsed();
    let mut costs: Vec<_> = (0..EVENTS)
        .map(|index| {
            let text = format!("event {index}: {}", "x".repeat(200));
            let begun = Instant::now();
            journal.append(index as u64, EventBody::Noted { text }).unwrap();
            begun.elapsed()
        })
        .collect();
    costs.sort_unstable();
    let id = journal.id().to_owned();
    drop(journal);
    let begun = Instant::now();
    assert!(vault.verify_session(&id).unwrap().is_intact());
    let verified = begun.elapsed();
    let (median, most, worst) = (costs[EVENTS / 2], costs[EVENTS * 99 / 100], costs[EVENTS - 1]);
    println!("create {created:?}; append median {median:?}, 99 % {most:?}, worst {worst:?}");
    println!("verify {EVENTS} events {verified:?}");
}
