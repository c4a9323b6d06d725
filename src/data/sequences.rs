//! `x[n] = flat[offsets[n]..offsets[n + 1]]`: rows of any lengths, one after another, with what they are to predict.

use super::row::{Input, Label};
use super::target_kind::TargetKind;
use crate::error::{Error, Result, check_len, checked_product};
use crate::loss::ctc;
use crate::memory::{reserve, reserve_part};
use rnn_kernels::{IGNORE, Scalar};

/// Rows of any lengths, of features `[L, C]` or of symbols `[L]`, each with targets of one [kind](TargetKind).
///
/// Numbers are taken as they are: those that are not finite, and classes that a network does not have, are errors of the pass that reads
/// them. `T` is the number type of features and values.
///
/// ```
/// use recurrent::Sequences;
/// use recurrent::data::{Input, Label, TargetKind};
///
/// let mut sentences = Sequences::<f32>::symbols(TargetKind::NextStep)?;
/// sentences.push(Input::Symbols(&[3, 1, 4, 1, 5]))?;
/// sentences.push(Input::Symbols(&[9, 2]))?;
/// assert_eq!(sentences.lengths(), [4, 1]);
///
/// let mut gestures = Sequences::<f32>::features(2, TargetKind::ClassPerRow)?;
/// gestures.push_labelled(Input::Features(&[0.0, 0.5, 1.0, 0.25]), Label::Class(7))?;
/// assert!(gestures.push(Input::Features(&[0.0, 0.5])).is_err()); // the class is missing
/// # Ok::<(), recurrent::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sequences<T> {
    kind: TargetKind,
    /// `C`; `None` if rows are symbols.
    width: Option<usize>,
    features: Vec<T>,
    symbols: Vec<u32>,
    /// For each step or each row, as the kind says; or labels.
    classes: Vec<u32>,
    /// `[N + 1]`: the labels of row `n` are `ends[n]..ends[n + 1]`; without labels it stays `[0]`.
    ends: Vec<usize>,
    values: Vec<T>,
    /// `[N + 1]`: the steps of row `n`, as they were given, are `offsets[n]..offsets[n + 1]`.
    offsets: Vec<usize>,
    /// `[N]`: the steps that are inputs.
    lengths: Vec<usize>,
}

impl<T: Scalar> Sequences<T> {
    /// No rows yet, of symbols.
    ///
    /// # Errors
    /// [`Error::Range`] if targets are values and there are none.
    pub fn symbols(kind: TargetKind) -> Result<Self> {
        Self::new(None, kind)
    }

    /// No rows yet, of `width` features at each step.
    ///
    /// # Errors
    /// [`Error::Range`] if there are no features, or targets are values and there are none.
    pub fn features(width: usize, kind: TargetKind) -> Result<Self> {
        match width {
            0 => Err(Error::range("sequences, features at each step", "at least 1", 0)),
            _ => Self::new(Some(width), kind),
        }
    }

    fn new(width: Option<usize>, kind: TargetKind) -> Result<Self> {
        if matches!(kind, TargetKind::ValuesPerStep(0) | TargetKind::ValuesPerRow(0)) {
            return Err(Error::range("sequences, values to predict", "at least 1", 0));
        }
        let (features, symbols, classes, values, lengths) = (vec![], vec![], vec![], vec![], vec![]);
        let (ends, offsets) = (vec![0], vec![0]);
        Ok(Self { kind, width, features, symbols, classes, ends, values, offsets, lengths })
    }

    /// Appends a row without targets, or whose targets are its own next steps.
    ///
    /// # Errors
    /// Those of [`push_labelled`](Self::push_labelled).
    pub fn push(&mut self, input: Input<'_, T>) -> Result<()> {
        self.push_labelled(input, Label::Nothing)
    }

    /// Appends a row with its targets. It may be empty, unless it has targets as a whole: those would be predicted from nothing. Labels
    /// need a step each, and one more between two that are equal.
    ///
    /// ```
    /// use recurrent::Sequences;
    /// use recurrent::data::{Input, Label, TargetKind};
    ///
    /// let mut words = Sequences::<f32>::symbols(TargetKind::Labels)?;
    /// words.push_labelled(Input::Symbols(&[0, 4, 4, 0, 4, 7, 7]), Label::Labels(&[1, 1, 2]))?;
    /// words.push_labelled(Input::Symbols(&[0, 0]), Label::Labels(&[]))?;
    /// assert!(words.push_labelled(Input::Symbols(&[4, 4]), Label::Labels(&[1, 1])).is_err()); // three steps at least
    /// # Ok::<(), recurrent::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Kind`] if these sequences have rows or targets of another kind, [`Error::Len`] if the number of elements is another,
    /// [`Error::Range`] if a symbol is [`IGNORE`], a row with targets as a whole is empty, a label is 0 or [`IGNORE`], or a row has not the
    /// steps that its labels need; [`Error::Memory`]. Nothing changes then.
    pub fn push_labelled(&mut self, input: Input<'_, T>, label: Label<'_, T>) -> Result<()> {
        let row = format!("row {}", self.len());
        let steps = self.steps_of(&row, input)?;
        self.check_label(&row, steps, label)?;
        let (features, symbols) = match input {
            Input::Features(x) => (x, &[][..]),
            Input::Symbols(x) => (&[][..], x),
        };
        let (class, classes, values) = match label {
            Label::Nothing => (None, &[][..], &[][..]),
            Label::Class(class) => (Some(class), &[][..], &[][..]),
            Label::Classes(classes) => (None, classes, &[][..]),
            Label::Values(values) => (None, &[][..], values),
            Label::Labels(labels) => (None, labels, &[][..]),
        };
        reserve_part("sequences, features", &mut self.features, features.len())?;
        reserve_part("sequences, symbols", &mut self.symbols, symbols.len())?;
        reserve_part("sequences, classes", &mut self.classes, classes.len() + usize::from(class.is_some()))?;
        reserve_part("sequences, values", &mut self.values, values.len())?;
        reserve_part("sequences, offsets", &mut self.offsets, 1)?;
        reserve_part("sequences, lengths", &mut self.lengths, 1)?;
        reserve_part("sequences, ends of labels", &mut self.ends, 1)?;
        self.features.extend_from_slice(features);
        self.symbols.extend_from_slice(symbols);
        self.classes.extend(class.iter().chain(classes));
        self.values.extend_from_slice(values);
        if self.kind == TargetKind::Labels {
            self.ends.push(self.classes.len());
        }
        self.offsets.push(self.total_steps() + steps);
        self.lengths.push(if self.kind == TargetKind::NextStep { steps.saturating_sub(1) } else { steps });
        Ok(())
    }

    /// The steps of a row that fits.
    fn steps_of(&self, row: &str, input: Input<'_, T>) -> Result<usize> {
        match (input, self.width) {
            (Input::Features(x), Some(width)) => match x.len().is_multiple_of(width) {
                true => Ok(x.len() / width),
                false => {
                    Err(Error::len(format!("{row}, features [L, {width}]"), x.len().next_multiple_of(width), x.len()))
                }
            },
            (Input::Symbols(x), None) => match x.iter().position(|&symbol| symbol == IGNORE) {
                Some(t) => Err(Error::range(format!("{row}, symbols[{t}]"), format!("below {IGNORE}"), IGNORE)),
                None => Ok(x.len()),
            },
            (_, Some(_)) => Err(Error::kind(row, "features", input.name())),
            (_, None) => Err(Error::kind(row, "symbols", input.name())),
        }
    }

    fn check_label(&self, row: &str, steps: usize, label: Label<'_, T>) -> Result<()> {
        let what = || format!("{row}, targets");
        match (self.kind, label) {
            (TargetKind::Nothing | TargetKind::NextStep, Label::Nothing) => Ok(()),
            (TargetKind::ClassPerStep, Label::Classes(classes)) => check_len(&what(), steps, classes.len()),
            (TargetKind::ValuesPerStep(width), Label::Values(values)) => {
                check_len(&what(), checked_product(&what(), &[steps, width])?, values.len())
            }
            (TargetKind::ClassPerRow, Label::Class(_)) | (TargetKind::ValuesPerRow(_), Label::Values(_))
                if steps == 0 =>
            {
                Err(Error::range(format!("{row}, steps"), "at least 1, to predict from", 0))
            }
            (TargetKind::ClassPerRow, Label::Class(_)) => Ok(()),
            (TargetKind::ValuesPerRow(width), Label::Values(values)) => check_len(&what(), width, values.len()),
            (TargetKind::Labels, Label::Labels(labels)) => check_labels(row, steps, labels),
            (kind, label) => Err(Error::kind(what(), kind.label(), label.name())),
        }
    }

    /// `N`.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// The inputs of each row, `[N]`: its steps, or one less if targets are next steps.
    #[must_use]
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// The inputs of row `n`, if there is such a row.
    #[must_use]
    pub fn length(&self, n: usize) -> Option<usize> {
        self.lengths.get(n).copied()
    }

    /// `C`, the features of each step; `None` if rows are symbols.
    #[must_use]
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// What rows have as targets.
    #[must_use]
    pub fn kind(&self) -> TargetKind {
        self.kind
    }

    /// `Σ L_n`: the steps of all rows as they were given.
    #[must_use]
    pub fn total_steps(&self) -> usize {
        self.offsets[self.len()]
    }

    /// The features of all rows, one after another, `[Σ L_n, C]`; empty if rows are symbols.
    #[must_use]
    pub fn flat_features(&self) -> &[T] {
        &self.features
    }

    /// As [`flat_features`](Self::flat_features), to write.
    #[must_use]
    pub fn flat_features_mut(&mut self) -> &mut [T] {
        &mut self.features
    }

    /// All steps of row `n` and its targets, as they were given.
    #[must_use]
    pub fn row(&self, n: usize) -> Option<(Input<'_, T>, Label<'_, T>)> {
        (n < self.len()).then(|| {
            let (from, to) = (self.offsets[n], self.offsets[n + 1]);
            let input = match self.width {
                Some(width) => Input::Features(&self.features[from * width..to * width]),
                None => Input::Symbols(&self.symbols[from..to]),
            };
            let label = match self.kind {
                TargetKind::Nothing | TargetKind::NextStep => Label::Nothing,
                TargetKind::ClassPerStep => Label::Classes(&self.classes[from..to]),
                TargetKind::ValuesPerStep(width) => Label::Values(&self.values[from * width..to * width]),
                TargetKind::ClassPerRow => Label::Class(self.classes[n]),
                TargetKind::ValuesPerRow(width) => Label::Values(&self.values[n * width..][..width]),
                TargetKind::Labels => Label::Labels(&self.classes[self.ends[n]..self.ends[n + 1]]),
            };
            (input, label)
        })
    }

    /// [`row`](Self::row) after row.
    pub fn iter(&self) -> impl Iterator<Item = (Input<'_, T>, Label<'_, T>)> {
        (0..self.len()).filter_map(|n| self.row(n))
    }

    /// A copy of these rows in this order, also of some twice.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such row, [`Error::Memory`].
    pub fn subset(&self, rows: &[usize]) -> Result<Self> {
        self.check_rows("subset", rows)?;
        let mut subset = Self::new(self.width, self.kind)?;
        let steps = rows.iter().map(|&n| self.offsets[n + 1] - self.offsets[n]).fold(0_usize, usize::saturating_add);
        match self.width {
            Some(width) => reserve("subset, features", &mut subset.features, steps.saturating_mul(width))?,
            None => reserve("subset, symbols", &mut subset.symbols, steps)?,
        }
        for (input, label) in rows.iter().filter_map(|&n| self.row(n)) {
            subset.push_labelled(input, label)?;
        }
        Ok(subset)
    }

    /// `Ok` if every one of these rows is there.
    pub(super) fn check_rows(&self, what: &str, rows: &[usize]) -> Result<()> {
        match rows.iter().position(|&n| n >= self.len()) {
            Some(k) => Err(Error::range(format!("{what}, rows[{k}]"), format!("below {}", self.len()), rows[k])),
            None => Ok(()),
        }
    }
}

/// `Ok` if a path of so many steps can read these labels.
fn check_labels(row: &str, steps: usize, labels: &[u32]) -> Result<()> {
    if let Some(k) = labels.iter().position(|&label| label == ctc::BLANK || label == IGNORE) {
        return Err(Error::range(format!("{row}, labels[{k}]"), format!("a class in 1..{IGNORE}"), labels[k]));
    }
    let needed = ctc::fewest_steps(labels);
    if steps >= needed {
        return Ok(());
    }
    let expected = format!("at least {needed}, for {} labels and a blank between equal ones", labels.len());
    Err(Error::range(format!("{row}, steps"), expected, steps))
}
