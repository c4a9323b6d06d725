//! Any bytes as the models of others: NumPy's archives, RTNeural, NAM, and Keras: as a network, as a graph, and its weights alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recurrent::NonFinite;
use recurrent::backend::Naive;
use recurrent::graph::Graph;
use recurrent::interop::keras::{self, KerasOptions};
use recurrent::interop::{Conversion, LoadOptions, Partial, npz};
use recurrent::network::{Config, Network, RecurrentSpec};

type Model = Network<f32, Naive>;

/// The largest file that is read, and the most that its weights may take.
const LIMIT: usize = 1 << 16;
/// What a broken header in HDF5 may claim for a moment.
const CLAIMED: usize = 10 << 20;

// The first byte chooses the format.
fuzz_target!(|input: &[u8]| {
    let Some((&choice, bytes)) = input.split_first() else { return };
    let load = LoadOptions {
        conversion: Conversion::Allow,
        non_finite: NonFinite::Refuse,
        partial: if choice & 8 == 0 { Partial::Refuse } else { Partial::Allow },
        max_bytes: LIMIT as u64,
    };
    let finite = |network: &Model| assert!(network.parameters().iter().all(|value| value.is_finite()));
    match choice % 6 {
        0 => {
            let config = Config::one_hot(2).recurrent(RecurrentSpec::elman(1, Default::default())).softmax(2);
            let mut network = Model::with_backend(&config, 0, Naive).expect("small");
            let before = network.parameters().to_vec();
            match rnn_fuzz::within(bytes.len(), 16, LIMIT, || network.load_npz(bytes, &load)) {
                Ok(()) => finite(&network),
                Err(_) => assert_eq!(network.parameters().to_vec(), before),
            }
            let tensors = rnn_fuzz::within(bytes.len(), 16, 10 * LIMIT, || npz::read_tensors(bytes, &load));
            if tensors.is_ok() {
                let survey = npz::survey(bytes, &load).expect("what is read is listed");
                assert!(survey.iter().all(|array| array.refused.is_none()));
            }
        }
        // A few words describe a network of many parameters, which has to have as many numbers in the file.
        1 => {
            let read = rnn_fuzz::within(bytes.len(), 64, 8 * LIMIT, || Model::from_rtneural(bytes, &load, Naive));
            read.iter().for_each(finite);
        }
        2 => {
            let read = rnn_fuzz::within(bytes.len(), 64, 8 * LIMIT, || Model::from_nam(bytes, &load, Naive));
            read.iter().for_each(|model| finite(&model.network));
        }
        3 => {
            let options = KerasOptions { load, version: Some(3), ..KerasOptions::default() };
            let constant = 8 * LIMIT + CLAIMED;
            let read = rnn_fuzz::within(bytes.len(), 64, constant, || Model::from_keras(bytes, &options, Naive));
            read.iter().for_each(|model| finite(&model.network));
            let survey = rnn_fuzz::within(bytes.len(), 64, constant, || keras::survey::<Naive>(bytes, &options, Naive));
            if let (Ok(_), Ok(survey)) = (&read, survey) {
                assert!(survey.errors().next().is_none(), "what is read has no faults");
            }
        }
        4 => {
            let options = KerasOptions { load, version: Some(3), ..KerasOptions::default() };
            let constant = 8 * LIMIT + CLAIMED;
            let read = rnn_fuzz::within(bytes.len(), 64, constant, || Graph::from_keras(bytes, &options, Naive));
            read.iter().for_each(|model| assert!(model.graph.outputs().len() > 0));
        }
        _ => {
            let config = Config::features(3).recurrent(RecurrentSpec::lstm(2).bidirectional().named("both")).linear(1);
            let mut network = Model::with_backend(&config, 0, Naive).expect("small");
            let names = |name: &str| Some(if name == "bidirectional" { "both".into() } else { name.to_string() });
            let read = || network.load_keras_weights(bytes, &load, names);
            let _ = rnn_fuzz::within(bytes.len(), 64, 8 * LIMIT + CLAIMED, read);
            finite(&network);
        }
    }
});
