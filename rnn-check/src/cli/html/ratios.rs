//! error/bound of every law, backend by backend.

use crate::cli::backend::Choice;
use maud::{Markup, html};
use rnn_check::{LawReport, Report};

/// Below it a bar is empty.
const LEAST: f64 = 1e-4;

pub fn section(runs: &[(Choice, Vec<Report>)]) -> Markup {
    html! {
        section {
            h2 { "How much of each bound is used" }
            p { "The largest error/bound of each law, on a logarithmic scale from 10" sup { "−4" } " to 1. Beyond 1 a law is "
                "broken. Comparisons with the oracle by the number n of terms in the longest sum behind an element: tiny n ≤ 8, "
                "small n ≤ 64, wide beyond. Laws that compare bits have no ratio and are left out." }
            @for (choice, reports) in runs {
                details open[*choice == Choice::Naive] {
                    summary { b { (choice) } }
                    (table(reports))
                }
            }
        }
    }
}

fn table(reports: &[Report]) -> Markup {
    let mut laws: Vec<&str> = vec![];
    for law in reports.iter().flat_map(|report| &report.laws).filter(|law| law.ratio.is_some()) {
        if !laws.contains(&law.id.as_str()) {
            laws.push(&law.id);
        }
    }
    html! {
        table {
            tr { th { "law" } @for report in reports { th { (report.number) } } }
            @for id in laws {
                tr {
                    td { (id) }
                    @for report in reports {
                        td { @if let Some(law) = report.laws.iter().find(|law| law.id == id) { (bars(law)) } }
                    }
                }
            }
        }
    }
}

fn bars(law: &LawReport) -> Markup {
    html! {
        @if law.sizes.is_empty() { @if let Some(ratio) = law.ratio { (bar("", ratio)) } }
        @for (size, tally) in &law.sizes { (bar(&size.to_string(), tally.ratio)) }
    }
}

fn bar(size: &str, ratio: f64) -> Markup {
    let length = (1.0 - ratio.max(LEAST).log10() / LEAST.log10()).clamp(0.0, 1.0);
    html! {
        span.bar { i style={ "width:" (format!("{:.1}", 100.0 * length)) "%" } { } span { (format!("{ratio:.4}")) " " (size) } }
    }
}
