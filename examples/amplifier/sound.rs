//! Mono sound: WAV files, and a string through an overdrive for who has none.

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use recurrent::Scalar;
use recurrent::rng::Rng;
use std::error::Error;
use std::path::Path;

/// Samples in `[−1, 1]`, so many a second.
#[derive(Clone, Debug)]
pub struct Sound {
    pub samples: Vec<f32>,
    pub rate: u32,
}

impl Sound {
    /// A mono file of integers or floats.
    pub fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let fault = |what: String| format!("{}: {what}", path.display());
        let mut reader = WavReader::open(path).map_err(|error| fault(error.to_string()))?;
        let spec = reader.spec();
        if spec.channels != 1 {
            return Err(fault(format!("expected one channel, found {}", spec.channels)).into());
        }
        let samples = match spec.sample_format {
            SampleFormat::Float => reader.samples::<f32>().collect::<Result<_, _>>(),
            SampleFormat::Int => {
                let scale = 0.5_f32.powi(i32::from(spec.bits_per_sample) - 1);
                reader.samples::<i32>().map(|sample| sample.map(|sample| sample as f32 * scale)).collect()
            }
        };
        Ok(Self { samples: samples.map_err(|error| fault(error.to_string()))?, rate: spec.sample_rate })
    }

    /// A file of 32-bit floats.
    pub fn write(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let spec =
            WavSpec { channels: 1, sample_rate: self.rate, bits_per_sample: 32, sample_format: SampleFormat::Float };
        let mut writer = WavWriter::create(path, spec)?;
        self.samples.iter().try_for_each(|&sample| writer.write_sample(sample))?;
        Ok(writer.finalize()?)
    }

    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate)
    }

    /// A string plucked every half second, a tone higher or lower each time: noise in a loop that loses its heights
    /// (Karplus & Strong 1983).
    pub fn plucked(seconds: usize) -> Self {
        let (rate, mut rng) = (48_000, Rng::seed(3));
        let len = seconds * rate;
        let mut samples = Vec::with_capacity(len);
        while samples.len() < len {
            let mut string: Vec<f32> =
                (0..120 + 60 * rng.below(8)).map(|_| f32::from_f64(rng.uniform() - 0.5)).collect();
            for k in 0..rate / 2 {
                let (at, next) = (k % string.len(), (k + 1) % string.len());
                samples.push(string[at]);
                string[at] = 0.498 * (string[at] + string[next]);
            }
        }
        samples.truncate(len);
        Self { samples, rate: 48_000 }
    }

    /// Lows taken out, the rest driven into saturation, heights softened.
    pub fn overdriven(&self) -> Self {
        let (mut low, mut soft) = (0.0, 0.0);
        let amplify = |&sample: &f32| {
            low += 0.02 * (sample - low);
            let driven = (6.0 * (sample - low) + 0.3).tanh() - 0.3_f32.tanh();
            soft += 0.4 * (driven - soft);
            0.5 * soft
        };
        Self { samples: self.samples.iter().map(amplify).collect(), rate: self.rate }
    }
}
