//! Which rows of which matrix go into which columns of which pre-activations: the tables of a layer, made once.

use super::blocks::Blocks;
use super::maps::{self, Map};
use super::{ParamBlock, Size, SizeError};
use crate::accum::Accum;
use crate::equations::Cell;
use crate::form::{Factor, Form, Slot};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Where pre-activations lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// In the gates of the reserve, from this column on.
    Gates(usize),
    /// In the slot that the stage writes, since it keeps what it writes, from this column on.
    Written(Slot, usize),
}

/// A block of rows of a matrix: `pre[cols] += W[rows] · slot + b[rows]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What is multiplied.
    pub of: Slot,
    /// From which column of that on: beyond 0 for heads alone.
    pub from: usize,
    /// How many columns of it, `K`.
    pub depth: usize,
    /// Where the rows lie in the flat parameters.
    pub weights: Range<usize>,
    /// Where their biases lie in the flat parameters.
    pub bias: Option<Range<usize>>,
    /// Where the first of its pre-activations lies.
    pub home: Home,
    /// Which columns of the cotangents of all pre-activations of a step it has.
    pub cols: Range<usize>,
    /// Whether its part of the cotangent of a slot is the first of a step.
    pub accum: Accum,
}

/// Neighbouring pre-activations that have the same products: `pre = Σ b + Σ W · slot`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The stage they belong to.
    pub stage: usize,
    /// Where the first of them lies.
    pub home: Home,
    /// Their columns among all pre-activations of a step.
    pub cols: Range<usize>,
    /// What is summed up in them: products with the input, with old states, with what earlier stages wrote.
    pub terms: Vec<Term>,
}

/// One product of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What is multiplied.
    pub of: Slot,
    /// The width of that, `K`.
    pub depth: usize,
    /// Where the rows lie in the flat parameters.
    pub weights: Range<usize>,
    /// Where their biases lie in the flat parameters.
    pub bias: Option<Range<usize>>,
}

/// What a pass must know of a stage.
#[derive(Clone, Debug)]
pub struct StagePlan {
    /// How many units it has.
    pub width: usize,
    /// How many pre-activations a unit has.
    pub gates: usize,
    /// Where they lie.
    pub home: Home,
    /// The columns of their cotangents among those of all pre-activations of a step.
    pub cols: Range<usize>,
    /// Its products with what earlier stages of the step wrote.
    pub inner: Vec<Segment>,
    /// Its fixed maps, of old states as well.
    pub maps: Vec<Map>,
    /// Gates that start at 0, since nothing but a map is added to them, and that to other gates as well.
    pub cleared: Vec<Home>,
    /// What is read unit by unit.
    pub reads: Vec<Slot>,
    /// For each of them, whether its part of the cotangent is the first of a step.
    pub d_reads: Vec<Accum>,
    /// Where the vectors read unit by unit lie in the flat parameters.
    pub vectors: Vec<Range<usize>>,
    /// What is written.
    pub writes: Vec<Slot>,
}

/// The tables of a layer. They hold nothing of a backend.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The stages in order.
    pub stages: Vec<StagePlan>,
    /// The products with the input, rows that follow each other taken together, whatever their stages.
    pub input: Vec<Segment>,
    /// The products with old states, likewise: they need no stage of their step. In the order of backward.
    pub old: Vec<Segment>,
    /// Pre-activations with the same products, stage after stage: a tile of them is summed in registers and written once.
    pub groups: Vec<Group>,
    /// The widths of the states.
    pub states: Vec<usize>,
    /// The widths of the values.
    pub values: Vec<usize>,
    /// The widths of the masks.
    pub masks: Vec<usize>,
    /// Pre-activations of a step in the reserve.
    pub gates: usize,
    /// Pre-activations of a step.
    pub pre: usize,
    /// Where all vectors lie in the flat parameters.
    pub vectors: Vec<Range<usize>>,
    /// The blocks of the parameters.
    pub blocks: Vec<ParamBlock>,
    /// The number of parameters.
    pub params: usize,
    /// Whether a stage reads the input unit by unit.
    pub reads_input: bool,
    /// Old states and values whose cotangents start at 0 in every step: nothing reads them, or only products of heads do.
    pub unread: Vec<Slot>,
    /// Whether every product is with a whole matrix: there are no heads and no fixed maps.
    pub whole: bool,
}

impl Plan {
    pub(super) fn new(cell: &Cell, size: Size) -> Result<Self, SizeError> {
        let form = cell.form();
        let overflow = || SizeError::Overflow { cell: form.name.clone(), size };
        for (s, stage) in form.stages.iter().enumerate().filter(|(_, stage)| stage.reads.contains(&Slot::X)) {
            let units = size.width(stage.width);
            if units != size.input {
                return Err(SizeError::Input { cell: form.name.clone(), stage: s, input: size.input, units });
            }
        }
        size.check(form)?;
        let blocks = Blocks::new(cell, size).ok_or_else(overflow)?;
        let mut plan = Self::empty(form, size, &blocks).ok_or_else(overflow)?;
        for stage in &form.stages {
            let pre = stage.gates.len().checked_mul(size.width(stage.width)).and_then(|pre| pre.checked_add(plan.pre));
            plan.pre = pre.ok_or_else(overflow)?;
        }
        plan.pre = 0;
        let mut rows_before = vec![0; form.matrices.len()];
        let (mut input, mut old) = (vec![], vec![]);
        for (s, stage) in form.stages.iter().enumerate() {
            let (width, gates) = (size.width(stage.width), stage.gates.len());
            let home =
                if cell.keeps_what_it_writes(s) { Home::Written(stage.writes[0], 0) } else { Home::Gates(plan.gates) };
            let cols = plan.pre..plan.pre + gates * width;
            let (mut inner, mut maps, mut cleared) = (vec![], vec![], vec![]);
            for (p, product) in stage.products.iter().enumerate() {
                if let Some(axes) = maps::axes(form, size, s, product, stage.gates_of(p)) {
                    let (way, axes, before) = axes?;
                    let gate = stage.gate_of(p, 0);
                    // Matrices come first, whatever their place: their biases start a pre-activation.
                    let added = |&other: &usize| stage.products[other].factor.matrix().is_some() || other < p;
                    let all = gate..gate + stage.gates_of(p);
                    let fresh: Vec<_> = all.clone().filter(|&g| !stage.adds_to(g).any(|other| added(&other))).collect();
                    // A part of a gate leaves the rest of it to others, which may be none.
                    let is_part = matches!(product.factor, Factor::Part { .. });
                    let forward = if fresh.len() == all.len() && !is_part { Accum::Replace } else { Accum::Add };
                    if forward == Accum::Add {
                        cleared.extend(fresh.into_iter().map(|g| home.column(g * width)));
                    }
                    let first = gate * width + before;
                    let len = if is_part { axes.wide() } else { all.len() * width };
                    let (home, cols) = (home.column(first), cols.start + first..cols.start + first + len);
                    maps.push(Map { of: product.of, way, axes, home, cols, forward, backward: Accum::Add });
                    continue;
                }
                for at in 0..stage.gates_of(p) {
                    let gate = stage.gate_of(p, at);
                    let first = cols.start + gate * width;
                    let (home, cols) = (home.column(gate * width), first..first + width);
                    let Some(m) = product.factor.matrix() else { unreachable!("all but matrices are maps") };
                    let row = rows_before[m];
                    rows_before[m] += width;
                    let (matrix, depth) = (blocks.matrix(m), blocks.matrix(m).cols);
                    let heads = size.heads(form, stage, product)?;
                    let units = width / heads;
                    for head in 0..heads {
                        let weights = matrix.range.start + (row + head * units) * depth;
                        let bias = blocks.bias(m).map(|bias| bias.range.start + row + head * units);
                        let first = cols.start + head * units;
                        let segment = Segment {
                            of: product.of,
                            from: head * depth,
                            depth,
                            weights: weights..weights + units * depth,
                            bias: bias.map(|bias| bias..bias + units),
                            home: home.column(head * units),
                            cols: first..first + units,
                            accum: Accum::Add,
                        };
                        let list = match product.of {
                            Slot::X => &mut input,
                            Slot::Old(_) => &mut old,
                            _ => &mut inner,
                        };
                        join(list, segment);
                    }
                }
            }
            if home == Home::Gates(plan.gates) {
                plan.gates += gates * width;
            }
            plan.pre = cols.end;
            plan.stages.push(StagePlan {
                width,
                gates,
                home,
                cols,
                inner,
                maps,
                cleared,
                reads: stage.reads.clone(),
                d_reads: vec![Accum::Add; stage.reads.len()],
                vectors: stage.vectors.iter().map(|&v| blocks.vector(v)).collect(),
                writes: stage.writes.clone(),
            });
        }
        // What a state gets through the last rows of a matrix comes first.
        old.reverse();
        let inner = plan.stages.iter().flat_map(|stage| &stage.inner);
        plan.groups = groups(&plan.stages, input.iter().chain(old.iter().rev()).chain(inner));
        (plan.input, plan.old) = (input, old);
        plan.who_comes_first();
        Ok(plan)
    }

    fn empty(form: &Form, size: Size, blocks: &Blocks) -> Option<Self> {
        let widths = |widths: &mut dyn Iterator<Item = usize>| {
            let widths: Vec<_> = widths.collect();
            widths.iter().try_fold(0_usize, |sum, &width| sum.checked_add(width))?;
            Some(widths)
        };
        Some(Self {
            stages: vec![],
            input: vec![],
            old: vec![],
            groups: vec![],
            states: widths(&mut form.states.iter().map(|state| size.width(state.1)))?,
            values: widths(&mut form.values.iter().map(|&value| size.width(value)))?,
            masks: widths(&mut form.masks.iter().map(|mask| size.width(mask.1)))?,
            gates: 0,
            pre: 0,
            vectors: (0..form.vectors.len()).map(|v| blocks.vector(v)).collect(),
            blocks: blocks.all.clone(),
            params: blocks.len(),
            reads_input: form.stages.iter().any(|stage| stage.reads.contains(&Slot::X)),
            unread: vec![],
            whole: form.stages.iter().flat_map(|stage| &stage.products).all(|p| matches!(p.factor, Factor::Matrix(_))),
        })
    }

    /// In the order of backward, who gives the first part of the cotangent of an old state or a value overwrites it.
    fn who_comes_first(&mut self) {
        let segments = || self.old.iter().chain(self.stages.iter().flat_map(|stage| &stage.inner));
        let in_heads = |slot: Slot| segments().any(|s| s.of == slot && s.depth < self.slot(slot));
        let slots: Vec<_> =
            (0..self.states.len()).map(Slot::Old).chain((0..self.values.len()).map(Slot::Value)).collect();
        // Products of heads give a part of the columns each, so that none of them overwrites all.
        let mut given: Vec<Slot> = slots.iter().copied().filter(|&slot| in_heads(slot)).collect();
        let in_heads = given.clone();
        let mut first = |slot: Slot| match slot {
            Slot::Old(_) | Slot::Value(_) if !given.contains(&slot) => {
                given.push(slot);
                Accum::Replace
            }
            _ => Accum::Add,
        };
        for stage in self.stages.iter_mut().rev() {
            for (slot, accum) in stage.reads.iter().zip(&mut stage.d_reads) {
                *accum = first(*slot);
            }
            for segment in &mut stage.inner {
                segment.accum = first(segment.of);
            }
            for map in &mut stage.maps {
                map.backward = first(map.of);
            }
        }
        for segment in &mut self.old {
            segment.accum = first(segment.of);
        }
        self.unread = slots.into_iter().filter(|slot| in_heads.contains(slot) || !given.contains(slot)).collect();
    }

    /// The width of a state or a value.
    fn slot(&self, slot: Slot) -> usize {
        match slot {
            Slot::Old(k) | Slot::New(k) => self.states[k],
            Slot::Value(v) => self.values[v],
            Slot::X | Slot::Mask(_) => unreachable!("the plan asks for states and values"),
        }
    }

    pub(crate) fn states_width(&self) -> usize {
        self.states.iter().sum()
    }

    pub(crate) fn values_width(&self) -> usize {
        self.values.iter().sum()
    }

    /// The width of all vectors together.
    pub(crate) fn vectors_width(&self) -> usize {
        self.vectors.iter().map(Range::len).sum()
    }
}

impl Home {
    /// `columns` further on.
    fn column(self, columns: usize) -> Self {
        match self {
            Home::Gates(first) => Home::Gates(first + columns),
            Home::Written(slot, first) => Home::Written(slot, first + columns),
        }
    }
}

/// One product instead of two, where rows and columns follow each other.
fn join(list: &mut Vec<Segment>, next: Segment) {
    if let Some(last) = list.last_mut() {
        let follows = |last: &Option<Range<usize>>, next: &Option<Range<usize>>| match (last, next) {
            (Some(last), Some(next)) => last.end == next.start,
            (None, None) => true,
            _ => false,
        };
        if last.of == next.of
            && last.from == next.from
            && last.weights.end == next.weights.start
            && last.depth == next.depth
            && last.cols.end == next.cols.start
            && follows(&last.bias, &next.bias)
            && last.home.column(last.cols.len()) == next.home
        {
            last.weights.end = next.weights.end;
            last.cols.end = next.cols.end;
            if let (Some(last), Some(next)) = (&mut last.bias, next.bias) {
                last.end = next.end;
            }
            return;
        }
    }
    list.push(next);
}

/// Cuts the columns wherever a segment begins or ends.
fn groups<'s>(stages: &[StagePlan], segments: impl Iterator<Item = &'s Segment>) -> Vec<Group> {
    let segments: Vec<_> = segments.collect();
    let mut cuts: Vec<usize> = segments.iter().flat_map(|segment| [segment.cols.start, segment.cols.end]).collect();
    cuts.extend(stages.iter().map(|stage| stage.cols.start));
    cuts.sort_unstable();
    cuts.dedup();
    let mut groups = vec![];
    for cut in cuts.windows(2) {
        let cols = cut[0]..cut[1];
        let mut inside = segments.iter().filter(|s| s.cols.start <= cols.start && cols.end <= s.cols.end).peekable();
        let (Some(first), Some(stage)) = (inside.peek(), stages.iter().position(|s| s.cols.contains(&cols.start)))
        else {
            continue;
        };
        let home = first.home.column(cols.start - first.cols.start);
        let term = |segment: &&Segment| {
            let before = cols.start - segment.cols.start;
            let weights = segment.weights.start + before * segment.depth;
            let bias = segment.bias.as_ref().map(|bias| bias.start + before);
            Term {
                of: segment.of,
                depth: segment.depth,
                weights: weights..weights + cols.len() * segment.depth,
                bias: bias.map(|bias| bias..bias + cols.len()),
            }
        };
        groups.push(Group { stage, home, cols: cols.clone(), terms: inside.map(term).collect() });
    }
    groups
}
