//! The registry of published defects as a section of a document.

use crate::planted::REGISTRY;
use std::fmt::Write;

/// A table of the defects, each with the laws that catch its class and the planted bugs that prove it.
#[must_use]
pub fn registry_markdown() -> String {
    let mut text =
        String::from("| # | published defect | reported in | caught by | proven by |\n|---:|---|---|---|---|\n");
    for row in REGISTRY {
        let laws: Vec<String> = row.laws.iter().map(|law| format!("`{law}`")).collect();
        let mut proof: Vec<String> = row.bugs.iter().map(|bug| format!("{bug:?}")).collect();
        proof.extend(row.waits_for.map(|feature| format!("waits for {feature}")));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.number,
            row.defect.replace('|', "\\|"),
            row.source,
            laws.join(", "),
            proof.join(", "),
        );
    }
    let waiting = REGISTRY.iter().filter(|row| row.waits_for.is_some()).count();
    let _ = write!(
        text,
        "\n{} defects, {} proven by a planted bug, {waiting} wait for a feature.\n",
        REGISTRY.len(),
        REGISTRY.len() - waiting
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_defect_has_a_line_with_a_proof_or_the_feature_it_waits_for() {
        let text = registry_markdown();
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        assert_eq!(rows.len(), REGISTRY.len());
        for row in rows {
            let proof = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
            assert!(!proof.is_empty() && !proof.contains('|'), "{row}");
        }
    }
}
