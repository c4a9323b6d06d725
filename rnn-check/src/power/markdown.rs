//! Detection floors as a section of a document.

use super::{Sharpness, Site, Size};
use std::fmt::Write;

/// `64 u`, or `2^20 u` where the number is long; `—` where nothing is noticed.
fn units(floor: Option<f64>) -> String {
    match floor {
        None => "—".into(),
        Some(floor) if floor <= 1024.0 => format!("{floor} u"),
        Some(floor) => format!("2^{} u", floor.log2()),
    }
}

/// Groups of laws that compare one run with values known another way, on ordinary numbers.
const AGAINST_THE_ORACLE: [&str; 4] = ["matmul::", "oracle::", "numeric::", "head::"];

fn against_the_oracle(law: &Sharpness) -> bool {
    AGAINST_THE_ORACLE.iter().any(|group| law.law.starts_with(group))
}

/// Of these laws, the one with the smallest floor at a site; of equals the first.
fn sharpest<'s>(floors: impl Iterator<Item = &'s Sharpness>, site: Site) -> Option<(&'s Sharpness, f64)> {
    floors.filter_map(|law| Some((law, law.at(site)?))).min_by(|a, b| a.1.total_cmp(&b.1))
}

/// Two tables: the sharpest law for each wrong number, and the floor of each law.
///
/// The same text on every machine.
#[must_use]
pub fn markdown(floors: &[Sharpness]) -> String {
    let mut text = by_site(floors);
    text.push('\n');
    text += &by_law(floors);
    text
}

fn by_site(floors: &[Sharpness]) -> String {
    let mut text = String::from(
        "| `v (1 + δ)` at | f32 | f64 | against the oracle | f32, large | f64, large | f32 | f64 | other laws |\n\
         |---|---:|---:|---|---:|---:|---:|---:|---|\n",
    );
    for &site in Site::ALL {
        let of = |number: &'static str, size| floors.iter().filter(move |law| law.number == number && law.size == size);
        let small =
            |number, oracle| sharpest(of(number, Size::Small).filter(|law| against_the_oracle(law) == oracle), site);
        let named = |oracle| {
            let law = small("f64", oracle).or(small("f32", oracle));
            law.map_or_else(|| "—".into(), |(law, _)| format!("`{}`", law.law))
        };
        let large = |number| units(sharpest(of(number, Size::Large), site).map(|(_, floor)| floor));
        let small = |number, oracle| units(small(number, oracle).map(|(_, floor)| floor));
        let _ = writeln!(
            text,
            "| {site} | {} | {} | {} | {} | {} | {} | {} | {} |",
            small("f32", true),
            small("f64", true),
            named(true),
            large("f32"),
            large("f64"),
            small("f32", false),
            small("f64", false),
            named(false),
        );
    }
    text
}

fn by_law(floors: &[Sharpness]) -> String {
    let mut text = String::from("| law | compares | f32 | f64 | notices |\n|---|---|---:|---:|---|\n");
    let mut laws: Vec<&str> = vec![];
    for law in floors.iter().filter(|law| law.size == Size::Small).map(|law| law.law.as_str()) {
        if !laws.contains(&law) {
            laws.push(law);
        }
    }
    for id in laws {
        let of = |number: &str| floors.iter().find(|l| l.law == id && l.number == number && l.size == Size::Small);
        let floor = |number| of(number).map_or_else(String::new, |law| units(law.floor().map(|(_, floor)| floor)));
        let Some(either) = of("f64").or(of("f32")) else { continue };
        let compares = if either.bitwise { "bits" } else { "with a bound" };
        let sites: Vec<&str> = either.floors.iter().map(|(site, _)| site.name()).collect();
        let sites = if sites.is_empty() { "none of these".into() } else { sites.join(", ") };
        let _ = writeln!(text, "| `{id}` | {compares} | {} | {} | {sites} |", floor("f32"), floor("f64"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(id: &str, number: &str, size: Size, floors: &[(Site, f64)]) -> Sharpness {
        Sharpness { law: id.into(), number: number.into(), size, bitwise: false, floors: floors.to_vec() }
    }

    #[test]
    fn the_sharpest_law_is_named_and_a_law_without_a_floor_says_so() {
        let floors = [
            law("oracle::dull", "f32", Size::Small, &[(Site::Gate, 64.0)]),
            law("oracle::sharp", "f32", Size::Small, &[(Site::Gate, 8.0), (Site::Loss, 2048.0)]),
            law("oracle::blind", "f32", Size::Small, &[]),
            law("oracle::sharp", "f64", Size::Small, &[(Site::Gate, 16.0)]),
            law("oracle::sharp", "f64", Size::Large, &[(Site::Gate, 512.0)]),
            law("structure::two_runs", "f64", Size::Small, &[(Site::Gate, 1.0)]),
        ];
        let text = markdown(&floors);
        for line in [
            "| a gate of each step | 8 u | 16 u | `oracle::sharp` | — | 512 u | — | 1 u | `structure::two_runs` |",
            "| a loss | 2^11 u | — | `oracle::sharp` | — | — | — | — | — |",
            "| `oracle::dull` | with a bound | 64 u |  | gate |",
            "| `oracle::blind` | with a bound | — |  | none of these |",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
