//! The report as one HTML page that needs nothing else: no script, no font, no picture from anywhere.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::html::parts::{digest, paragraphs, show, tone_class, tone_symbol};
use crate::model::Report;
use crate::text::duration;

mod parts;
mod sections;

const STYLE: &str = include_str!("style.css");

/// Writes a report as an HTML page.
pub fn render(report: &Report) -> String {
    let title = format!("{} \u{2013} {}", report.headline.title, report.session);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                // Whatever slips in: nothing is loaded and nothing is run.
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (show(&title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (top(report))
                main {
                    (result(report))
                    (four(report))
                    (sections::all(report))
                }
                footer {
                    p { "Written by Debrick " (show(report.program.as_deref().unwrap_or(""))) ". Last hash of the journal: "
                        (digest(&report.chain.head)) " after " (report.chain.events) " events." }
                }
            }
        }
    }
    .into_string()
        + "\n"
}

fn top(report: &Report) -> Markup {
    html! {
        header class="top" {
            strong { "Repair report" }
            span { "Session " code { (show(&report.session)) } }
            @if let Some(at_ms) = report.opened_at_ms { span { (debrick_vault::utc_text(at_ms)) } }
            span { "Took " (duration(report.took_ms)) }
        }
    }
}

fn result(report: &Report) -> Markup {
    let headline = &report.headline;
    let archive = &report.archive;
    html! {
        section class={ "result " (tone_class(headline.tone)) } aria-label="Result" {
            h1 { span aria-hidden="true" { (tone_symbol(headline.tone)) } span { (show(&headline.title)) } }
            @if let Some(model) = &archive.model {
                p class="unit" {
                    bdi { (show(model)) }
                    @if let Some(serial) = &archive.serial { ", serial number " bdi { (show(serial)) } }
                }
            }
            (paragraphs(&report.summary))
        }
    }
}

fn four(report: &Report) -> Markup {
    let headline = &report.headline;
    html! {
        div class="four" {
            section { h2 { "What was wrong" } (paragraphs(&headline.wrong)) }
            section { h2 { "What was done" } (paragraphs(&headline.done)) }
            section { h2 { "How it is now" } (paragraphs(&headline.now)) }
            section class="next" { h2 { "What to do next" } (paragraphs(&headline.next)) }
        }
    }
}
