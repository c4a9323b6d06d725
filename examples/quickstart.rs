//! Forecast a column of your own file: `cargo run --release --example quickstart -- FILE.csv COLUMN`.
//!
//! Without arguments it forecasts a noisy sine. Every number needs a row of its own, in the order of time.

use recurrent::data::{CsvOptions, Normaliser, Scaling, Windows, read_csv, windows};
use recurrent::network::{Config, Readout, RecurrentSpec};
use recurrent::rng::Rng;
use recurrent::train::{Fit, Settings, Trainer, quietly};
use recurrent::{Batch, Network, Result, Workspace};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut rng = Rng::seed(1);
    let mut series: Vec<f64> = match &arguments[..] {
        [file, column] => read_csv(file, &CsvOptions::new().columns([column]))?.column(column)?.collect(),
        _ => (0..600).map(|t| (f64::from(t) * 0.3).sin() + 0.1 * rng.normal()).collect(),
    };

    // The last fifth is for the test and is not looked at before; a row is the 24 numbers before the one to forecast.
    let split = series.len() * 4 / 5;
    let scale = Normaliser::fit(Scaling::Standard, &series[..split], 1)?;
    scale.apply(&mut series)?;
    let cut = Windows { length: 24, horizon: 1, stride: 1, readout: Readout::LastStep };
    let [train, validation] = windows(&series[..split], 1, cut)?.split_in_order(&[0.8, 0.2])?;
    let test = windows(&series[split - 24..], 1, cut)?;

    let config = Config::features(1).recurrent(RecurrentSpec::gru(32)).last_step().linear(1);
    let mut trainer = Trainer::new(Network::<f64>::new(&config, 1)?, Settings::adam(0.003).clip_norm(1.0))?;
    trainer.fit(&Fit::epochs(60).batch(32).plateau(0.5, 5).patience(15), &train, Some(&validation), quietly)?;

    let persistence: f64 = series[split - 1..].windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
    let (found, steps) = (trainer.evaluate(&test, 32)?.loss.mean(), (series.len() - split) as f64);
    println!(
        "mean squared error, in units of the variance: {found:.4}; of the number before: {:.4}",
        persistence / steps
    );

    let (network, mut workspace) = (trainer.into_network(), Workspace::new());
    let last = Batch::features(&series[series.len() - 24..], [24, 1, 1])?;
    let mut next = network.infer(&mut workspace, &last, &mut network.state(1)?)?.at(0).row(0).to_vec();
    scale.invert(&mut next)?;
    println!("next: {:.4}", next[0]);
    Ok(())
}
