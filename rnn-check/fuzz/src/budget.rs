//! How large a network of a configuration is, before it is built.

use recurrent::network::{Config, Directions, InputSpec, LayerSpec};
use std::sync::atomic::{AtomicU64, Ordering};

/// What a target does with a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// It is built and run.
    Small,
    /// It fits into some machine's memory and is too slow to build here: left out and counted.
    Large,
    /// No machine has that much memory: building it must be an error.
    Impossible,
}

/// Numbers of a network that is built.
const SMALL: u128 = 1 << 14;
/// More numbers than an address space has bytes.
const IMPOSSIBLE: u128 = 1 << 64;

static LARGE: AtomicU64 = AtomicU64::new(0);

/// By an upper bound of the number of parameters, and by the number of layers.
pub fn size(config: &Config) -> Size {
    let (mut width, mut numbers, mut layers) = match &config.input {
        InputSpec::Features { width } | InputSpec::OneHot { symbols: width } => (*width as u128, 0, 0_u128),
        InputSpec::Embedding { symbols, width, .. } => (*width as u128, product(*symbols as u128, *width as u128), 0),
    };
    for layer in &config.layers {
        match layer {
            LayerSpec::Recurrent(spec) => {
                // An upper bound: a name that is no cell is refused whatever its size.
                let gates = match spec.cell.name() {
                    "elman" => 1,
                    "gru" => 3,
                    _ => 4,
                };
                let hidden = spec.hidden as u128;
                let ways = if spec.directions == Directions::Both { 2 } else { 1 };
                let of_layer = |width: u128| product(ways * gates * hidden, width.saturating_add(hidden + 3));
                let deeper = product((spec.layers as u128).saturating_sub(1), of_layer(ways * hidden));
                numbers = sum(numbers, sum(of_layer(width), deeper));
                layers += spec.layers as u128;
                width = ways * hidden;
            }
            LayerSpec::Dense(spec) => {
                numbers = sum(numbers, product(spec.units as u128, width + 1));
                layers += 1;
                width = spec.units as u128;
            }
            LayerSpec::Dropout(_) => layers += 1,
        }
    }
    if let Some(head) = &config.head {
        numbers = sum(numbers, product(head.units as u128, width + 1));
        width = head.units as u128;
    }
    match () {
        () if numbers.max(width) <= SMALL && layers <= 64 => Size::Small,
        () if numbers >= IMPOSSIBLE => Size::Impossible,
        () => {
            let large = LARGE.fetch_add(1, Ordering::Relaxed) + 1;
            if large.is_power_of_two() {
                eprintln!("{large} configurations were too large to run and were left out");
            }
            Size::Large
        }
    }
}

fn sum(a: u128, b: u128) -> u128 {
    a.saturating_add(b)
}

fn product(a: u128, b: u128) -> u128 {
    a.saturating_mul(b)
}
