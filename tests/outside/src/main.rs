//! A backend of one method, a few laws on it, and a network that learns on it: all from the packages.

use recurrent::backend::Naive;
use recurrent::interop::{LoadOptions, Metadata};
use recurrent::network::{Config, RecurrentSpec};
use recurrent::optim::{Adam, Optimiser, Rule};
use recurrent::{Batch, Network, Targets, Workspace};
use rnn_check::{Claims, Plan};
use rnn_kernels::{Accum, Backend, MatMut, MatRef, Scalar, check_matmul};
use std::error::Error;

/// Products by rows of `B`, everything else as provided.
#[derive(Debug)]
struct Mine;

impl<T: Scalar> Backend<T> for Mine {
    fn matmul(&self, mut c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        let [m_count, k_count, n_count] = check_matmul(&c, &a, &b);
        for m in 0..m_count {
            let row = c.row_mut(m);
            if accum == Accum::Replace {
                row.fill(T::ZERO);
            }
            for k in 0..k_count {
                let a = a.at(m, k);
                (0..n_count).for_each(|n| row[n] += a * b.at(k, n));
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    for laws in ["matmul::", "oracle::each_step", "structure::windows"] {
        let report = rnn_check::run::<f32>(&Mine, &Claims::new(), &Plan::quick().only(laws));
        assert!(!report.laws.is_empty() && report.passes(), "{report}");
        println!("{laws} holds in {} laws", report.laws.len());
    }
    let config = Config::one_hot(3).recurrent(RecurrentSpec::gru(8)).softmax(3);
    let learnt = learn(Network::<f32, _>::with_backend(&config, 1, Mine)?)?;
    let file = std::env::temp_dir().join(format!("outside-{}.safetensors", std::process::id()));
    learnt.save_safetensors(&file, Metadata::Config)?;
    let mut loaded = Network::<f32, _>::with_backend(&config, 2, Naive)?;
    let read = loaded.load_safetensors(&file, &LoadOptions::default());
    std::fs::remove_file(&file)?;
    read?;
    assert_eq!(loaded.parameters()[..], learnt.parameters()[..], "written and read");
    Ok(())
}

/// Which of three symbols comes next in 0 1 2 0 1 2 …?
fn learn<B: Backend<f32>>(mut network: Network<f32, B>) -> recurrent::Result<Network<f32, B>> {
    let text: Vec<u32> = (0..31).map(|t| t % 3).collect();
    let (batch, targets) = (Batch::symbols(&text[..30], [30, 1])?, Targets::Classes(&text[1..]));
    let (mut workspace, mut gradients) = (Workspace::new(), network.gradients()?);
    let mut optimiser = Optimiser::new(Rule::Adam(Adam::default()), network.parameters().len())?;
    let mut bits = Vec::new();
    for _ in 0..100 {
        gradients.fill_zero();
        let mut state = network.state(1)?;
        bits.push(network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients)?.bits());
        network.update(|parameters| optimiser.step(parameters, &gradients, 0.05))?;
    }
    println!("from {:.3} to {:.3} bits per symbol", bits[0], bits[99]);
    assert!(bits[0] > 1.0 && bits[99] < 0.1, "{bits:?}");
    Ok(network)
}
