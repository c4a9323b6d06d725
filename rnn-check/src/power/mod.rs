//! How sharp each law is: the smallest wrong digit it still notices.
//!
//! The reference is run with one number too large by a factor `1 + δ` ([`Perturbed`]), for each law, number type and
//! [`Site`], with `δ = 2ᵏ u`. The **detection floor** is the smallest such `δ` at which the law fails; at half of it, it
//! holds. A bound that says nothing would show here as a floor of half the number; a law that compares bits has a floor of
//! one or two `u`, which is one ulp.

mod ladder;
mod markdown;
mod perturbed;
mod site;

pub use markdown::markdown;
pub use perturbed::Perturbed;
pub use site::Site;

use crate::case::{Case, Fill, Lengths, Upstream};
use crate::law::Law;
use crate::matrix::SLOW;
use crate::oracle::{Activation, Cell, Dims, Reset};
use crate::parallel::on_two_threads;
use crate::promise::CONCURRENCY;
use crate::run::Checked;
use rnn_kernels::{Accum, Direction};
use serde::{Deserialize, Serialize};

/// How large the cases are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Size {
    /// `T N C H = 3 2 5 4` and `4 3 2 5`, every cell.
    Small,
    /// An LSTM whose sums are as long as they get, one after another in what a law judges: `T N C H = 2 3 40 130`, sums of
    /// 170 terms forward and 520 backward; for weight gradients `33 17 5 8`, sums of 561 terms.
    Large,
}

/// What one law notices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sharpness {
    /// The law.
    pub law: String,
    /// `f32` or `f64`.
    pub number: String,
    /// Of the cases.
    pub size: Size,
    /// Whether it compares bits only.
    pub bitwise: bool,
    /// Detection floors in units of `u`, for each site it sees at all.
    pub floors: Vec<(Site, f64)>,
}

impl Sharpness {
    /// The smallest floor of all sites.
    #[must_use]
    pub fn floor(&self) -> Option<(Site, f64)> {
        self.floors.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The floor at one site.
    #[must_use]
    pub fn at(&self, site: Site) -> Option<f64> {
        self.floors.iter().find(|(of, _)| *of == site).map(|(_, floor)| *floor)
    }
}

/// Laws that are asked about large cases, each with what it judges there and the sizes that make its sums long.
const LARGE: [(&str, Site, Dims); 8] = [
    ("oracle::each_step_is_one_oracle_step", Site::Gate, WIDE),
    ("oracle::each_adjoint_step_is_one_oracle_step", Site::GateCotangent, WIDE),
    ("oracle::input_gradients_are_within_their_bounds", Site::InputGradient, WIDE),
    ("oracle::state_gradients_are_within_their_bounds", Site::StateGradient, WIDE),
    ("oracle::parameter_gradients_accumulate_within_their_bounds", Site::GateCotangent, WIDE),
    ("oracle::parameter_gradients_accumulate_within_their_bounds", Site::WeightGradient, LONG),
    ("exact::integer_networks_are_exact_forward_and_backward", Site::Product, WIDE),
    ("exact::integer_networks_are_exact_forward_and_backward", Site::WeightGradient, LONG),
];
const WIDE: Dims = Dims { steps: 2, batch: 3, input: 40, hidden: 130 };
const LONG: Dims = Dims { steps: 33, batch: 17, input: 5, hidden: 8 };

/// Every option that changes which equations are run: cells, ragged rows, both directions, `d_x` replaced and added to.
fn small() -> Vec<Case> {
    let plain = |cell| Case { cell, upstream: Upstream::ALL, fill: Fill::Uniform, ..Case::plain() };
    let ragged = |cell| Case {
        lengths: Lengths::Ragged,
        direction: Direction::Reverse,
        d_x: Accum::Add,
        dims: Dims { steps: 4, batch: 3, input: 2, hidden: 5 },
        seed: 2,
        ..plain(cell)
    };
    // The rich cells first: a law that notices anything stops there.
    vec![
        plain(Cell::Lstm),
        ragged(Cell::Lstm),
        plain(Cell::Gru(Reset::After)),
        ragged(Cell::Gru(Reset::Before)),
        ragged(Cell::Elman(Activation::Tanh)),
        plain(Cell::Elman(Activation::Identity)),
    ]
}

/// One [`Sharpness`]; a perturbation whose place depends on the scheduler has no floor.
fn sharpness<T: Checked>(law: &Law<T>, size: Size, sites: &[Site], cases: &[Case]) -> Sharpness {
    let evidence = ladder::reference(law, cases);
    // A law that the reference itself breaks or that compares nothing here has no floor.
    let sites = if evidence.is_some_and(|evidence| evidence.comparisons > 0) { sites } else { &[] };
    let sites = sites.iter().filter(|site| !(law.id == CONCURRENCY && **site == Site::EveryOtherProduct));
    let floors = sites.filter_map(|&site| Some((site, ladder::floor(law, site, cases)?))).collect();
    let bitwise = evidence.is_some_and(|evidence| evidence.ratio.is_none());
    Sharpness { law: law.id.into(), number: T::NAME.into(), size, bitwise, floors }
}

fn small_of<T: Checked>(only: &str) -> Vec<Sharpness> {
    let wanted = |law: &Law<T>| law.id.contains(only) && !SLOW.contains(&law.id);
    let laws: Vec<Law<T>> = T::all_laws().into_iter().filter(wanted).collect();
    let cases = small();
    on_two_threads(&laws, |law| sharpness(law, Size::Small, Site::ALL, &cases))
}

fn large_of<T: Checked>(only: &str) -> Vec<Sharpness> {
    let laws = T::all_laws();
    let asked = LARGE.iter().filter(|(id, ..)| id.contains(only));
    let asked: Vec<_> =
        asked.filter_map(|&(id, site, dims)| Some((laws.iter().find(|law| law.id == id)?, site, dims))).collect();
    on_two_threads(&asked, |&(law, site, dims)| sharpness(law, Size::Large, &[site], &[Case { dims, ..Case::plain() }]))
}

/// The detection floors of every law whose id contains `only`, in f32 and in f64, on small cases and on a large one.
///
/// The law of a hundred thousand steps is left out: it compares bits, and takes longer than all others.
#[must_use]
pub fn floors(only: &str) -> Vec<Sharpness> {
    let small = [small_of::<f32>(only), small_of::<f64>(only)].concat();
    [small, large_of::<f32>(only), large_of::<f64>(only)].concat()
}
