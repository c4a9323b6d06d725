//! The kill matrix as a coloured grid.

use maud::{Markup, html};
use rnn_check::matrix::{KillMatrix, Row};

pub fn section(matrix: &KillMatrix) -> Markup {
    html! {
        section {
            h2 { "What the suite can see" }
            p {
                "Each row is the reference with one bug, each column a law. A filled cell is a law that fails:"
                span.key style="background:#2166ac" { } "in f32 and f64"
                span.key style="background:#67a9cf" { } "in f32 only"
                span.key style="background:#c994c7" { } "in f64 only"
                span.key style="outline:2px solid #d95f02" { } "no other law does"
            }
            div.whole {
                table.matrix {
                    tr {
                        th.names { }
                        @for law in &matrix.laws { th.law { (law) } }
                        th.count { }
                    }
                    @for row in &matrix.bugs {
                        tr {
                            th.bug title=(row.description) { (row.bug) }
                            @for law in &matrix.laws { td class={ "cell " (class(row, law)) } title={ (row.bug) " · " (law) } { } }
                            @let killers = row.killers().count();
                            td class={ "n " (if killers == 0 { "bad" } else { "" }) } { (killers) }
                        }
                    }
                }
            }
            p {
                (matrix.sole_killers.len()) " laws are the only killers of some bug, " (matrix.defence_in_depth.len())
                " are defence in depth."
                @if !matrix.idle.is_empty() { " Rejected none of these bugs: " (matrix.idle.join(", ")) "." }
            }
        }
    }
}

fn class(row: &Row, law: &String) -> String {
    let color = match (row.f32.contains(law), row.f64.contains(law)) {
        (true, true) => "both",
        (true, false) => "single",
        (false, true) => "double",
        (false, false) => return String::new(),
    };
    let alone = if row.sole_killer() == Some(law) { " alone" } else { "" };
    format!("{color}{alone}")
}
