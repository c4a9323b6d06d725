//! `lstm`, `gru`, `elman` and the cells of `rnn_kernels::cells`: what every registry has, each with its options.

use super::options::{Options, json};
use super::{CellFault, Cells};
use rnn_kernels::cells::{
    Cfc, Clockwork, DeepTransition, ElmanVariant, GatedDelta, GruVariant, Hgrn, IndRnn, Jordan, Leaky, LiGru, Lru,
    LstmBlocks, LstmLayerNorm, LstmPeephole, LstmVariant, Mamba, Mgu, MinGru, MinLstm, Mlstm, Noise, Nonlinearity,
    RgLru, Skip, Slstm,
};
use rnn_kernels::{Activation, Cell, Equations, GruReset};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Elman {
    pub activation: Activation,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Gru {
    pub reset: GruReset,
}

/// The options of a cell that has none.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoOptions {}

/// A cell of this crate.
struct BuiltIn {
    name: &'static str,
    make: fn(&Options) -> Result<Cell, CellFault>,
    /// Its options, so that equal cells are equal data.
    whole: fn(Options) -> Result<Options, CellFault>,
}

const BUILT_IN: [BuiltIn; 24] = [
    BuiltIn { name: "elman", make: elman, whole: whole_elman },
    BuiltIn { name: "gru", make: gru, whole: whole_gru },
    BuiltIn { name: "lstm", make: lstm, whole: without_defaults::<LstmVariant> },
    BuiltIn { name: "lstm_peephole", make: peephole, whole: without_defaults::<NoOptions> },
    built_in::<Cfc>("cfc"),
    built_in::<Clockwork>("clockwork"),
    built_in::<DeepTransition>("deep_transition"),
    built_in::<GatedDelta>("gated_delta"),
    built_in::<Hgrn>("hgrn"),
    built_in::<IndRnn>("ind_rnn"),
    built_in::<Jordan>("jordan"),
    built_in::<Leaky>("leaky"),
    built_in::<LiGru>("li_gru"),
    built_in::<Lru>("lru"),
    built_in::<LstmBlocks>("lstm_blocks"),
    built_in::<LstmLayerNorm>("lstm_layer_norm"),
    built_in::<Mamba>("mamba"),
    built_in::<Mgu>("mgu"),
    built_in::<MinGru>("min_gru"),
    built_in::<MinLstm>("min_lstm"),
    built_in::<Mlstm>("mlstm"),
    built_in::<RgLru>("rg_lru"),
    built_in::<Skip>("skip"),
    built_in::<Slstm>("slstm"),
];

/// A cell whose options are its equations themselves.
const fn built_in<E: Equations + DeserializeOwned + Serialize + Default>(name: &'static str) -> BuiltIn {
    BuiltIn { name, make: |options| Ok(Cell::new(&options.read::<E>()?)?), whole: without_defaults::<E> }
}

/// The cell that backends have kernels for wherever the options mean it; so in the two below.
fn elman(options: &Options) -> Result<Cell, CellFault> {
    let variant: ElmanVariant = options.read()?;
    let known = match variant.activation {
        Nonlinearity::Tanh => Activation::Tanh,
        Nonlinearity::Relu => Activation::Relu,
        Nonlinearity::Sigmoid => Activation::Sigmoid,
        Nonlinearity::Identity => Activation::Identity,
        _ => return Ok(Cell::new(&variant)?),
    };
    Ok(if variant.noise == Noise::None && variant.clip.is_none() { Cell::elman(known) } else { Cell::new(&variant)? })
}

fn gru(options: &Options) -> Result<Cell, CellFault> {
    let variant: GruVariant = options.read()?;
    let plain = GruVariant { reset: variant.reset, ..GruVariant::default() };
    Ok(if variant == plain { Cell::gru(variant.reset) } else { Cell::new(&variant)? })
}

fn lstm(options: &Options) -> Result<Cell, CellFault> {
    let variant: LstmVariant = options.read()?;
    Ok(if variant == LstmVariant::default() { Cell::lstm() } else { Cell::new(&variant)? })
}

fn peephole(options: &Options) -> Result<Cell, CellFault> {
    let NoOptions {} = options.read()?;
    Ok(Cell::new(&LstmPeephole)?)
}

/// The activation is always told.
fn whole_elman(options: Options) -> Result<Options, CellFault> {
    let activation = json(&options.read::<ElmanVariant>()?).0.remove_entry("activation");
    let mut whole = without_defaults::<ElmanVariant>(options)?;
    whole.0.extend(activation);
    Ok(whole)
}

/// The place of the reset gate is always told.
fn whole_gru(options: Options) -> Result<Options, CellFault> {
    let reset = json(&Gru { reset: options.read::<GruVariant>()?.reset });
    let mut whole = without_defaults::<GruVariant>(options)?;
    whole.0.extend(reset.0);
    Ok(whole)
}

/// What differs from the defaults of the cell; within an option, what is not nothing.
fn without_defaults<O: DeserializeOwned + Serialize + Default>(options: Options) -> Result<Options, CellFault> {
    let (mut given, defaults) = (json(&options.read::<O>()?), json(&O::default()));
    given.0.retain(|name, value| defaults.get(name) != Some(value));
    let parts = given.0.values_mut().filter_map(serde_json::Value::as_object_mut);
    parts.for_each(|part| part.retain(|_, value| !value.is_null()));
    Ok(given)
}

/// The registry of the cells of this crate.
pub(super) fn cells() -> Cells {
    BUILT_IN.into_iter().fold(Cells::empty(), |cells, BuiltIn { name, make, .. }| cells.with(name, make))
}

/// The options of a cell of this crate in the one form that equal cells have; those of any other cell as they are.
pub(super) fn whole(name: &str, mut options: Options) -> Result<Options, CellFault> {
    let Some(built_in) = BUILT_IN.iter().find(|built_in| built_in.name == name) else { return Ok(options) };
    let of_the_layer = options.take_those_of_the_layer();
    let mut whole = (built_in.whole)(options)?;
    whole.0.extend(of_the_layer);
    Ok(whole)
}
