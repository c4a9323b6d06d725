//! `values [M, C]` with a name for each column: what a file of numbers becomes.

use super::{Input, Label, Sequences, TargetKind};
use crate::error::{Error, Result, checked_product};
use crate::memory::{reserve, reserve_part};
use rnn_kernels::{IGNORE, Scalar};
use std::ops::Range;

/// Numbers in rows, one for each line, and columns with names, as [`read_csv`](super::read_csv) gives them.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    names: Vec<String>,
    /// `[M, C]`.
    pub(super) values: Vec<f64>,
    /// Each key with the rows in a row that have it; none if there is no column of keys.
    keys: Vec<(String, usize)>,
}

impl Table {
    /// No rows yet, of columns of these names, at least one.
    pub(super) fn new(names: Vec<String>) -> Self {
        Self { names, values: vec![], keys: vec![] }
    }

    /// The key of the row that was pushed last.
    pub(super) fn push_key(&mut self, key: &str) -> Result<()> {
        match self.keys.last_mut() {
            Some((last, rows)) if last == key => *rows += 1,
            _ => {
                reserve_part("table, keys", &mut self.keys, 1)?;
                self.keys.push((key.into(), 1));
            }
        }
        Ok(())
    }

    /// The names of the columns.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// `M`.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len() / self.names.len()
    }

    /// All numbers, `[M, C]`.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The numbers of the column of this name.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such column, or two.
    pub fn column(&self, name: &str) -> Result<impl ExactSizeIterator<Item = f64>> {
        Ok(self.values[self.find(name)?..].iter().step_by(self.names.len()).copied())
    }

    /// The numbers of these columns in this order, `[M, names]`, in the type of a network.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such column, or two, or a number does not fit into `T`; [`Error::Overflow`], [`Error::Memory`].
    pub fn select<T: Scalar>(&self, names: &[&str]) -> Result<Vec<T>> {
        let columns = names.iter().map(|name| self.find(name)).collect::<Result<Vec<_>>>()?;
        let mut selected = Vec::new();
        reserve("table, columns", &mut selected, checked_product("table, columns", &[self.rows(), columns.len()])?)?;
        for (m, row) in self.values.chunks_exact(self.names.len()).enumerate() {
            for &c in &columns {
                let number = T::from_f64(row[c]);
                if !number.to_f64().is_finite() {
                    let what = format!("table, row {m}, column `{}`", self.names[c]);
                    let expected = format!("a number of {} bits", 8 * size_of::<T>());
                    return Err(Error::range(what, expected, row[c]));
                }
                selected.push(number);
            }
        }
        Ok(selected)
    }

    /// Rows one after another with the same key are the steps of one sequence; without a column of keys, all rows are.
    ///
    /// `features` are the columns of the inputs, `targets` those to predict, as many as `kind` says and none for next steps. What a sequence
    /// has as a whole is what its last row says. A class is a whole number.
    ///
    /// ```no_run
    /// use recurrent::data::{CsvOptions, TargetKind, read_csv};
    /// let table = read_csv("strides.csv", &CsvOptions::new().key("person"))?;
    /// let data = table.sequences::<f32>(&["x", "y", "z"], TargetKind::ClassPerRow, &["gait"])?;
    /// # Ok::<(), recurrent::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such column, or two, a class is not a whole number of 32 bits or a number does not fit into `T`;
    /// [`Error::Len`] if there are not as many targets, [`Error::Kind`] if they are labels, which have no row for each step; [`Error::Memory`].
    pub fn sequences<T: Scalar>(&self, features: &[&str], kind: TargetKind, targets: &[&str]) -> Result<Sequences<T>> {
        let mut sequences = Sequences::features(features.len(), kind)?;
        let expected = match kind {
            TargetKind::Nothing | TargetKind::NextStep => 0,
            TargetKind::ClassPerStep | TargetKind::ClassPerRow => 1,
            TargetKind::ValuesPerStep(width) | TargetKind::ValuesPerRow(width) => width,
            TargetKind::Labels => {
                let expected = "targets with a row of the table for each step";
                return Err(Error::kind("table, targets", expected, "labels, which `Sequences::push_labelled` takes"));
            }
        };
        if targets.len() != expected {
            return Err(Error::len("table, columns of targets", expected, targets.len()));
        }
        let (x, width) = (self.select::<T>(features)?, features.len());
        let (values, classes) = match kind {
            TargetKind::ClassPerStep | TargetKind::ClassPerRow => (vec![], self.classes(targets[0])?),
            _ => (self.select::<T>(targets)?, vec![]),
        };
        for rows in self.groups() {
            let last = rows.end - 1;
            let label = match kind {
                TargetKind::Nothing | TargetKind::NextStep => Label::Nothing,
                TargetKind::ClassPerStep => Label::Classes(&classes[rows.clone()]),
                TargetKind::ClassPerRow => Label::Class(classes[last]),
                TargetKind::ValuesPerStep(o) => Label::Values(&values[rows.start * o..rows.end * o]),
                TargetKind::ValuesPerRow(o) => Label::Values(&values[last * o..][..o]),
                TargetKind::Labels => unreachable!("refused above"),
            };
            sequences.push_labelled(Input::Features(&x[rows.start * width..rows.end * width]), label)?;
        }
        Ok(sequences)
    }

    /// The rows of each sequence, none of them empty.
    fn groups(&self) -> Vec<Range<usize>> {
        let mut from = 0;
        let all = [(String::new(), self.rows())];
        let keys = if self.keys.is_empty() { &all[..] } else { &self.keys[..] };
        let ranges = keys.iter().map(|(_, rows)| {
            from += rows;
            from - rows..from
        });
        ranges.collect()
    }

    fn classes(&self, name: &str) -> Result<Vec<u32>> {
        let mut classes = Vec::new();
        reserve("table, classes", &mut classes, self.rows())?;
        for (m, number) in self.column(name)?.enumerate() {
            if number.fract() != 0.0 || !(0.0..f64::from(IGNORE)).contains(&number) {
                let expected = format!("a whole number below {IGNORE}");
                return Err(Error::range(format!("table, row {m}, column `{name}`"), expected, number));
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // whole, and in the range
            classes.push(number as u32);
        }
        Ok(classes)
    }

    fn find(&self, name: &str) -> Result<usize> {
        find("table, column", &self.names, name)
    }
}

/// The column of a name that occurs once.
pub(super) fn find(what: &str, names: &[String], name: &str) -> Result<usize> {
    let mut found = (0..names.len()).filter(|&k| names[k] == name);
    match (found.next(), found.next()) {
        (Some(k), None) => Ok(k),
        (first, _) => {
            let found = if first.is_some() { format!("`{name}` twice") } else { format!("`{name}`") };
            Err(Error::range(what, format!("one of {}, once", names.join(", ")), found))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use crate::data::{Input, Label, TargetKind};

    /// Columns `a`, `b` and `class`; two rows of key `x`, one of `y`, one of `x`.
    fn table() -> Table {
        let mut table = Table::new(["a", "b", "class"].map(String::from).to_vec());
        table.values = vec![1.0, 2.0, 0.0, 3.0, 4.0, 1.0, 5.0, 6.0, 2.0, 7.0, 8.0, 3.0];
        ["x", "x", "y", "x"].iter().for_each(|key| table.push_key(key).unwrap());
        table
    }

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let table = table();
        assert_eq!(table.column("b").unwrap().collect::<Vec<_>>(), [2.0, 4.0, 6.0, 8.0]);
        assert_eq!(table.select::<f32>(&["b", "a"]).unwrap(), [2.0, 1.0, 4.0, 3.0, 6.0, 5.0, 8.0, 7.0]);
        let error = table.select::<f32>(&["c"]).unwrap_err().to_string();
        assert_eq!(error, "table, column: expected one of a, b, class, once, found `c`");
    }

    #[test]
    fn a_number_that_the_type_does_not_have_is_an_error() {
        let mut table = table();
        table.values[4] = 1e39;
        assert!(table.select::<f64>(&["b"]).is_ok());
        let error = table.select::<f32>(&["b"]).unwrap_err().to_string();
        assert!(error.starts_with("table, row 1, column `b`: expected a number of 32 bits, found 1"), "{error}");
    }

    #[test]
    fn rows_of_one_key_in_a_row_are_a_sequence() {
        let data = table().sequences::<f64>(&["a", "b"], TargetKind::ClassPerRow, &["class"]).unwrap();
        let rows: Vec<_> = data.iter().collect();
        let expected = [
            (Input::Features(&[1.0, 2.0, 3.0, 4.0][..]), Label::Class(1)),
            (Input::Features(&[5.0, 6.0]), Label::Class(2)),
            (Input::Features(&[7.0, 8.0]), Label::Class(3)),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn every_kind_of_targets_comes_from_columns() {
        let mut table = table();
        table.keys.clear();
        let last = |kind, targets: &[&str]| {
            let data = table.sequences::<f64>(&["a"], kind, targets).unwrap();
            assert_eq!(data.len(), 1);
            format!("{:?}", data.row(0).unwrap().1)
        };
        assert_eq!(last(TargetKind::NextStep, &[]), "Nothing");
        assert_eq!(last(TargetKind::ClassPerStep, &["class"]), "Classes([0, 1, 2, 3])");
        assert_eq!(last(TargetKind::ValuesPerStep(1), &["b"]), "Values([2.0, 4.0, 6.0, 8.0])");
        assert_eq!(last(TargetKind::ValuesPerRow(2), &["b", "a"]), "Values([8.0, 7.0])");
        let message = |kind, targets: &[&str]| table.sequences::<f64>(&["a"], kind, targets).unwrap_err().to_string();
        assert_eq!(message(TargetKind::NextStep, &["b"]), "table, columns of targets: expected 0 elements, found 1");
        assert_eq!(message(TargetKind::ClassPerRow, &[]), "table, columns of targets: expected 1 elements, found 0");
    }

    #[test]
    fn a_class_is_a_whole_number() {
        for wrong in [0.5, -1.0, 4_294_967_295.0] {
            let mut table = table();
            table.values[5] = wrong;
            let error = table.sequences::<f64>(&["a"], TargetKind::ClassPerRow, &["class"]).unwrap_err().to_string();
            let expected =
                format!("table, row 1, column `class`: expected a whole number below 4294967295, found {wrong}");
            assert_eq!(error, expected);
        }
    }
}
