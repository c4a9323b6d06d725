//! `x[t, k] = row_k[t]` for `t < length_k`, else 0: some rows of a data set as one batch, with their targets.

use super::row::{Input, Label};
use super::{Sequences, TargetKind};
use crate::error::{Error, Result, checked_product};
use crate::loss::Targets;
use crate::memory::room;
use crate::network::Batch;
use rnn_kernels::{IGNORE, Scalar};

/// Room for one batch of ragged rows after another, time-major and padded to the longest of them.
///
/// Padding is 0 and symbol 0, its targets 0 and [`IGNORE`]; the batch says the lengths of its rows, so that none of it is read. A batch
/// whose rows are equally long says none, which backends are fastest at. Loading a batch that is no larger than those before allocates
/// nothing.
///
/// ```
/// # #[cfg(feature = "_backend")]
/// # fn main() -> recurrent::Result<()> {
/// use recurrent::data::{Input, Order, Padded, TargetKind};
/// use recurrent::network::{Config, RecurrentSpec};
/// use recurrent::{Network, Sequences, Workspace, rng::Rng};
///
/// let mut words = Sequences::symbols(TargetKind::NextStep)?;
/// for word in [&[0, 1, 2][..], &[0, 1, 2, 0, 1], &[2, 0]] {
///     words.push(Input::Symbols(word))?;
/// }
/// let config = Config::one_hot(3).recurrent(RecurrentSpec::lstm(8)).softmax(3);
/// let mut network = Network::<f32>::new(&config, 1)?;
/// let (mut workspace, mut gradients) = (Workspace::new(), network.gradients()?);
/// let (mut padded, mut rng) = (Padded::new(), Rng::seed(1));
/// for _epoch in 0..3 {
///     for rows in &Order::Shuffled.batches(words.lengths(), 2, &mut rng)? {
///         padded.load(&words, rows)?;
///         gradients.fill_zero();
///         let mut state = network.state(padded.rows())?;
///         let (batch, targets) = (padded.batch()?, padded.targets()?);
///         network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients)?;
///         network.update(|parameters| parameters.iter_mut().zip(&*gradients).for_each(|(p, g)| *p -= g));
///     }
/// }
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "_backend"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Padded<T> {
    /// What was loaded: `C` if rows are features, and the kind of targets.
    loaded: Option<(Option<usize>, TargetKind)>,
    steps: usize,
    /// `[N]`.
    lengths: Vec<usize>,
    /// `[T, N, C]`.
    features: Vec<T>,
    /// `[T, N]`.
    symbols: Vec<u32>,
    /// `[T, N]` or `[N]`; or the labels of all rows, one row after another.
    classes: Vec<u32>,
    /// `[N]`: how many labels each row has, if it has labels.
    counts: Vec<usize>,
    /// `[T, N, O]` or `[N, O]`.
    values: Vec<T>,
}

impl<T> Default for Padded<T> {
    fn default() -> Self {
        let (lengths, features, symbols, values) = (vec![], vec![], vec![], vec![]);
        let (classes, counts) = (vec![], vec![]);
        Self { loaded: None, steps: 0, lengths, features, symbols, classes, counts, values }
    }
}

impl<T: Scalar> Padded<T> {
    /// Nothing loaded yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in these rows of a data set, in this order, in place of those before; a row may be named twice.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such row, [`Error::Overflow`] or [`Error::Memory`] if the batch does not fit. What was loaded before
    /// stays then.
    pub fn load(&mut self, data: &Sequences<T>, rows: &[usize]) -> Result<()> {
        data.check_rows("batch", rows)?;
        let (width, kind, n) = (data.width(), data.kind(), rows.len());
        let steps = rows.iter().map(|&row| data.lengths()[row]).max().unwrap_or(0);
        let next = |here| kind == TargetKind::NextStep && here;
        let (features, symbols) = match width {
            Some(width) => (checked_product("features [T, N, C]", &[steps, n, width])?, 0),
            None => (0, checked_product("symbols [T, N]", &[steps, n])?),
        };
        let classes = match kind {
            TargetKind::ClassPerRow => n,
            TargetKind::ClassPerStep => checked_product("targets [T, N]", &[steps, n])?,
            TargetKind::Labels => rows.iter().map(|&row| labels(data, row).len()).fold(0, usize::saturating_add),
            _ if next(width.is_none()) => symbols,
            _ => 0,
        };
        let values = match kind {
            TargetKind::ValuesPerRow(o) => checked_product("targets [N, O]", &[n, o])?,
            TargetKind::ValuesPerStep(o) => checked_product("targets [T, N, O]", &[steps, n, o])?,
            _ if next(width.is_some()) => features,
            _ => 0,
        };
        room("batch, lengths", &mut self.lengths, n)?;
        room("batch, features", &mut self.features, features)?;
        room("batch, symbols", &mut self.symbols, symbols)?;
        room("batch, classes", &mut self.classes, classes)?;
        room("batch, counts of labels", &mut self.counts, if kind == TargetKind::Labels { n } else { 0 })?;
        room("batch, values", &mut self.values, values)?;

        // From here on nothing can fail.
        (self.loaded, self.steps) = (Some((width, kind)), steps);
        self.lengths.clear();
        self.lengths.extend(rows.iter().map(|&row| data.lengths()[row]));
        fill(&mut self.features, features, T::ZERO);
        fill(&mut self.symbols, symbols, 0);
        // Labels follow each other and are not padded.
        fill(&mut self.classes, if kind == TargetKind::Labels { 0 } else { classes }, IGNORE);
        self.counts.clear();
        fill(&mut self.values, values, T::ZERO);
        for (k, (input, label)) in rows.iter().filter_map(|&row| data.row(row)).enumerate() {
            self.put(k, input, label);
        }
        Ok(())
    }

    /// Writes row `k` of the batch.
    fn put(&mut self, k: usize, input: Input<'_, T>, label: Label<'_, T>) {
        let (n, length) = (self.lengths.len(), self.lengths[k]);
        let is_next = self.loaded.is_some_and(|(_, kind)| kind == TargetKind::NextStep);
        match input {
            Input::Features(x) => {
                let width = self.loaded.and_then(|(width, _)| width).unwrap_or(1);
                spread(&mut self.features, x, [length, n, width], k);
                if is_next {
                    spread(&mut self.values, x.get(width..).unwrap_or(&[]), [length, n, width], k);
                }
            }
            Input::Symbols(x) => {
                spread(&mut self.symbols, x, [length, n, 1], k);
                if is_next {
                    spread(&mut self.classes, x.get(1..).unwrap_or(&[]), [length, n, 1], k);
                }
            }
        }
        match (label, self.loaded) {
            (Label::Class(class), _) => self.classes[k] = class,
            (Label::Classes(classes), _) => spread(&mut self.classes, classes, [length, n, 1], k),
            (Label::Values(values), Some((_, TargetKind::ValuesPerStep(width)))) => {
                spread(&mut self.values, values, [length, n, width], k);
            }
            (Label::Values(values), _) => self.values[k * values.len()..][..values.len()].copy_from_slice(values),
            (Label::Labels(labels), _) => {
                self.classes.extend_from_slice(labels);
                self.counts.push(labels.len());
            }
            (Label::Nothing, _) => {}
        }
    }

    /// `T`: the inputs of the longest row.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// `N`.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.lengths.len()
    }

    /// The inputs of each row, `[N]`.
    #[must_use]
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// The rows that were loaded, for a network.
    ///
    /// # Errors
    /// [`Error::Order`] if none were.
    pub fn batch(&self) -> Result<Batch<'_, T>> {
        let (n, (width, _)) = (self.rows(), self.loaded("batch")?);
        let batch = match width {
            Some(width) => Batch::features(&self.features, [self.steps, n, width])?,
            None => Batch::symbols(&self.symbols, [self.steps, n])?,
        };
        match self.lengths.iter().all(|&length| length == self.steps) {
            true => Ok(batch),
            false => batch.with_lengths(&self.lengths),
        }
    }

    /// Their targets: `[T, N]` classes or `[T, N, O]` values, or `[N]` and `[N, O]` if rows have targets as a whole; or labels.
    ///
    /// # Errors
    /// [`Error::Order`] if no rows were loaded, [`Error::Kind`] if they have no targets.
    pub fn targets(&self) -> Result<Targets<'_, T>> {
        match self.loaded("targets")? {
            (_, TargetKind::Nothing) => {
                Err(Error::kind("targets of a batch", "sequences with targets", "those without"))
            }
            (_, TargetKind::ClassPerStep | TargetKind::ClassPerRow) | (None, TargetKind::NextStep) => {
                Ok(Targets::Classes(&self.classes))
            }
            (_, TargetKind::Labels) => Ok(Targets::Labels { labels: &self.classes, counts: &self.counts }),
            _ => Ok(Targets::Values(&self.values)),
        }
    }

    fn loaded(&self, call: &'static str) -> Result<(Option<usize>, TargetKind)> {
        let none = || Error::Order { call, expected: "rows that were loaded".into(), found: "none".into() };
        self.loaded.ok_or_else(none)
    }
}

/// The labels of a row, if it has labels.
fn labels<T: Scalar>(data: &Sequences<T>, row: usize) -> &[u32] {
    match data.row(row) {
        Some((_, Label::Labels(labels))) => labels,
        _ => &[],
    }
}

/// `len` times the same, without what was there before.
fn fill<X: Copy>(buffer: &mut Vec<X>, len: usize, value: X) {
    buffer.clear();
    buffer.resize(len, value);
}

/// `to[t, k] = from[t]` for `t < length`, each `width` wide; `to [T, N, width]`.
fn spread<X: Copy>(to: &mut [X], from: &[X], [length, n, width]: [usize; 3], k: usize) {
    for (t, step) in from.chunks_exact(width).take(length).enumerate() {
        to[(t * n + k) * width..][..width].copy_from_slice(step);
    }
}
