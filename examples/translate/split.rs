//! Numbers to learn from, to watch, and to be tested on: none is in two of them.

use recurrent::rng::Rng;

#[derive(Clone, Debug)]
pub struct Split {
    pub train: Vec<u32>,
    /// What says when to stop.
    pub watched: Vec<u32>,
    pub test: Vec<u32>,
}

/// All numbers below `below` in a random order: a tenth of them, but no more than 1000, for the test, as many to watch, the rest to learn from.
pub fn split(below: u32, seed: u64) -> Split {
    let mut numbers: Vec<u32> = (0..below).collect();
    Rng::seed(seed).shuffle(&mut numbers);
    let few = (numbers.len() / 10).min(1000);
    let train = numbers.split_off(2 * few);
    let watched = numbers.split_off(few);
    Split { train, watched, test: numbers }
}

#[cfg(test)]
mod tests {
    use super::split;
    use std::collections::BTreeSet;

    #[test]
    fn every_number_is_in_one_part_alone() {
        for (below, few) in [(500, 50), (30_000, 1000)] {
            let parts = split(below, 1);
            assert_eq!([parts.test.len(), parts.watched.len()], [few; 2]);
            let all: Vec<u32> = [&parts.train, &parts.watched, &parts.test].into_iter().flatten().copied().collect();
            assert_eq!(all.len(), below as usize);
            assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), (0..below).collect());
        }
    }
}
