//! The matrix as text: a row for each bug, a column for each law.

use super::KillMatrix;
use std::fmt;

impl fmt::Display for KillMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.bugs.iter().map(|row| row.bug.chars().count()).max().unwrap_or(0);
        for (number, law) in self.laws.iter().enumerate() {
            writeln!(f, "{:4} {law}", number + 1)?;
        }
        writeln!(f)?;
        for digit in [10, 1] {
            let column = |n: usize| if digit == 10 && n < 10 { ' '.to_string() } else { (n / digit % 10).to_string() };
            writeln!(f, "{:width$} {}", "", (1..=self.laws.len()).map(column).collect::<String>())?;
        }
        for row in &self.bugs {
            let cell = |law: &String| match (row.f32.contains(law), row.f64.contains(law)) {
                (true, true) => '#',
                (true, false) => 's',
                (false, true) => 'd',
                (false, false) => '·',
            };
            let cells: String = self.laws.iter().map(cell).collect();
            writeln!(f, "{:width$} {cells} {}", row.bug, row.killers().count())?;
        }
        writeln!(f, "# fails in f32 and f64 · s in f32 only · d in f64 only")?;
        write!(
            f,
            "planted {}, killed {}, survivors {:?} · correct variants {}, rejected {} · sole killers {}, defence in depth {}, \
             idle {:?}",
            self.planted,
            self.killed,
            self.survivors,
            self.correct_variants,
            self.rejected_variants.len(),
            self.sole_killers.len(),
            self.defence_in_depth.len(),
            self.idle,
        )?;
        for alarm in &self.rejected_variants {
            write!(f, "\nrejected though right: {} {}: {}", alarm.variant, alarm.number, alarm.laws.join(" "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_cell_says_in_which_number_type_the_law_fails() {
        let text = super::super::tests::example().to_string();
        for line in ["A #··· 1", "B ·#d· 2", "C ···· 0", "planted 3, killed 2, survivors [\"C\"]"] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
