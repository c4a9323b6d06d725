//! `η_i = factor_i · η`: which parameters change, and how fast beside the others.

use super::settings::Settings;
use crate::error::{Error, Result};
use crate::network::Parameters;
use rnn_kernels::Scalar;
use std::ops::Range;

/// The ranges of parameters that change, each with the factor of its rate, in their order.
pub(super) fn groups<T: Scalar>(settings: &Settings, parameters: &Parameters<T>) -> Result<Vec<(Range<usize>, f64)>> {
    for group in &settings.groups {
        if !parameters.blocks().iter().any(|block| block.name.starts_with(&group.prefix)) {
            let names: Vec<_> = parameters.blocks().iter().map(|block| &block.name[..]).collect();
            let expected = format!("the beginning of one of {}", names.join(", "));
            return Err(Error::config("training: groups", expected, format!("`{}`", group.prefix)));
        }
    }
    let factor = |name: &str| {
        let own = settings.groups.iter().rev().find(|group| name.starts_with(&group.prefix));
        own.map_or(1.0, |group| group.factor)
    };
    let mut ranges: Vec<(Range<usize>, f64)> = Vec::new();
    for block in parameters.blocks() {
        match (ranges.last_mut(), factor(&block.name)) {
            (_, 0.0) => {}
            (Some((range, last)), factor) if *last == factor && range.end == block.offset => {
                range.end = block.range().end
            }
            (_, factor) => ranges.push((block.range(), factor)),
        }
    }
    if ranges.is_empty() {
        return Err(Error::config("training: groups", "a parameter that is not frozen", "none"));
    }
    Ok(ranges)
}

#[cfg(test)]
mod tests {
    use super::groups;
    use crate::network::{Config, Network, RecurrentSpec};
    use crate::train::Settings;
    use rnn_backend_naive::Naive;

    #[test]
    fn neighbours_of_one_rate_are_one_range_and_a_frozen_block_is_in_none() {
        let config = Config::features(2).recurrent(RecurrentSpec::lstm(3)).linear(1);
        let network = Network::<f64, Naive>::with_backend(&config, 1, Naive).unwrap();
        let parameters = network.parameters();
        let of = |settings: Settings| groups(&settings, parameters).unwrap();
        assert_eq!(of(Settings::sgd(0.1)), [(0..parameters.len(), 1.0)]);
        let frozen = parameters.block("rnn.weight_hh_l0").unwrap().range();
        let around = [(0..frozen.start, 1.0), (frozen.end..parameters.len(), 1.0)];
        assert_eq!(of(Settings::sgd(0.1).freeze("rnn.weight_hh_l0")), around);
        let head = parameters.block("head.weight").unwrap().offset;
        assert_eq!(of(Settings::sgd(0.1).group("head.", 0.5)), [(0..head, 1.0), (head..parameters.len(), 0.5)]);
    }
}
