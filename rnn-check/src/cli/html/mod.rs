//! The page: what was run, the kill matrix, the ratios, the detection floors, the error curves.

mod curves;
mod floors;
mod grid;
mod ratios;
mod style;

use super::backend::Choice;
use super::error::Error;
use super::matrix::Seen;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use rnn_check::Report;

/// The page as text. Everything is inline: no scripts, no fonts, no links to other places.
pub fn page(seen: &Seen, runs: &[(Choice, Vec<Report>)]) -> Result<String, Error> {
    let curves = curves::charts()?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "rnn-check" }
                style { (PreEscaped(style::SHEET)) }
            }
            body {
                h1 { "rnn-check" }
                (summary(seen, runs))
                (grid::section(&seen.matrix))
                (ratios::section(runs))
                (floors::section(&seen.floors))
                section {
                    h2 { "Errors of the activations" }
                    p { "The largest error in each quarter of a binade, in ulp of the exact value. Instruction sets with the "
                        "same bits are one curve." }
                    @for chart in &curves { figure { (PreEscaped(chart)) } }
                }
            }
        }
    };
    Ok(page.into_string())
}

fn summary(seen: &Seen, runs: &[(Choice, Vec<Report>)]) -> Markup {
    let matrix = &seen.matrix;
    html! {
        section {
            p.figures {
                b { (matrix.killed) " of " (matrix.planted) } " planted bugs killed · "
                b { (matrix.correct_variants - matrix.rejected_variants.len().min(matrix.correct_variants)) " of "
                    (matrix.correct_variants) } " correct variants accepted · "
                b { (matrix.laws.len()) } " laws"
            }
            table {
                tr { th { "backend" } th { "numbers" } th { "laws" } th { "cases" } th { "comparisons" } th { "largest ratio" } th { } }
                @for (choice, report) in runs.iter().flat_map(|(choice, reports)| reports.iter().map(move |r| (choice, r))) {
                    @let [laws, cases, comparisons] = report.counts();
                    tr {
                        td { (choice) } td { (report.number) }
                        td.n { (laws) } td.n { (cases) } td.n { (comparisons) } td.n { (format!("{:.3}", report.ratio())) }
                        @if report.passes() { td.good { "passes" } } @else { td.bad { (report.failures().count()) " broken" } }
                    }
                }
            }
            @for law in runs.iter().flat_map(|(_, reports)| reports).flat_map(Report::failures) {
                p.bad { (law.id) @if let Some(broken) = &law.broken { ": " (broken.place) " · " (broken.case) } }
            }
        }
    }
}
