//! Detection floors, law by law.

use maud::{Markup, html};
use rnn_check::power::{Sharpness, Size};

pub fn section(floors: &[Sharpness]) -> Markup {
    html! {
        section {
            h2 { "The smallest error each law notices" }
            p {
                "One number of the reference is made too large by a factor 1 + δ. The floor is the smallest δ = 2" sup { "k" }
                " u at which the law fails; half of it passes. For each law the place it is most sensitive to."
            }
            table {
                tr { th { "law" } th { "numbers" } th { "cases" } th { "compares" } th.n { "floor" } th { "at" } th { "it also notices" } }
                @for law in floors {
                    @let least = law.floor();
                    tr {
                        td { (law.law) } td { (law.number) }
                        td { (match law.size { Size::Small => "small", Size::Large => "large" }) }
                        td { (if law.bitwise { "bits" } else { "with a bound" }) }
                        @match least {
                            Some((site, floor)) => {
                                td.n { (units(floor)) } td { (site) }
                                td { (law.floors.iter().filter(|(other, _)| *other != site)
                                    .map(|(other, floor)| format!("{other} {}", units(*floor))).collect::<Vec<_>>().join(", ")) }
                            }
                            None => { td.n { "—" } td { } td { } }
                        }
                    }
                }
            }
        }
    }
}

fn units(floor: f64) -> String {
    if floor <= 1024.0 { format!("{floor} u") } else { format!("2^{} u", floor.log2()) }
}
