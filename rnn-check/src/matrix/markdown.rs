//! The matrix as a section of a document: a line for each bug.

use super::{KillMatrix, Row};
use std::fmt::Write;

/// How many laws a line names.
const NAMED: usize = 3;

impl Row {
    /// The bug with the laws that reject it, as a line of the table.
    pub(super) fn line(&self) -> String {
        let killers: Vec<&str> = self.killers().collect();
        let named: Vec<String> = killers.iter().take(NAMED).map(|law| format!("`{law}`")).collect();
        let more = if killers.len() > NAMED { format!(" and {} more", killers.len() - NAMED) } else { String::new() };
        let by = match (&named[..], self.sole_killer()) {
            ([], _) => "**survives**".to_string(),
            ([sole], Some(_)) => format!("**{sole}** alone"),
            _ => named.join(", ") + &more,
        };
        format!("| {}: {} | {} | {by} |", self.bug, self.description.replace('|', "\\|"), killers.len())
    }
}

impl KillMatrix {
    /// A table of bugs with the laws that reject them, then the laws by the part they play.
    ///
    /// The same text on every machine: names and counts, no times, no ratios.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "{} bugs planted, {} killed; {} correct variants, {} rejected; {} laws.\n\n",
            self.planted,
            self.killed,
            self.correct_variants,
            self.rejected_variants.len(),
            self.laws.len(),
        );
        text += "| planted bug | laws | killed by |\n|---|---:|---|\n";
        self.bugs.iter().for_each(|row| text += &format!("{}\n", row.line()));
        let _ = writeln!(text, "\n**Sole killers** ({} laws):\n", self.sole_killers.len());
        for (law, bugs) in &self.sole_killers {
            let _ = writeln!(text, "- `{law}`: {}", bugs.join(", "));
        }
        let list = |laws: &[String]| laws.iter().map(|law| format!("- `{law}`\n")).collect::<String>();
        let _ = write!(text, "\n**Defence in depth** ({} laws):\n\n", self.defence_in_depth.len());
        text += &list(&self.defence_in_depth);
        if !self.idle.is_empty() {
            let _ = write!(text, "\n**Rejects none of these bugs** ({} laws):\n\n", self.idle.len());
            text += &list(&self.idle);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_line_names_the_sole_killer_and_a_survivor_stands_out() {
        let text = super::super::tests::example().markdown();
        for line in [
            "| A: A in words | 1 | **`g::first`** alone |",
            "| B: B in words | 2 | `g::second`, `g::third` |",
            "| C: C in words | 0 | **survives** |",
            "- `g::first`: A",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
