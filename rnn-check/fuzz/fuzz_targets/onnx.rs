//! Any bytes as ONNX: listed, every recurrent node taken, the whole run as a graph, and as a network where it is one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use recurrent::backend::Naive;
use recurrent::graph::{Dim, InputInfo, Tensor};
use recurrent::interop::onnx::{ExportOptions, Limits, Model, Options};

/// Ones where a length is not told.
fn input(info: &InputInfo) -> Option<Tensor> {
    let len = |dim: &Dim| if let Dim::Fixed(len) = dim { *len } else { 1 };
    let shape: Vec<_> = info.shape.as_ref()?.iter().map(len).collect();
    let elements = shape.iter().try_fold(1_usize, |all, &len| all.checked_mul(len))?;
    if elements > 1 << 12 { None } else { Tensor::zeros(info.kind, &shape).ok() }
}

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default().parts(1 << 12).constants(1 << 20);
    let Ok(model) = Model::read(bytes, &limits) else { return };
    for node in model.nodes().expect("what was read can be listed") {
        let _ = model.take(&node.name, Naive, &Options::default());
    }
    let _ = (model.recurrent_nodes(), model.inputs(), model.outputs());
    let survey = model.survey::<Naive>(Naive, &Options::default());
    let graph = model.into_graph(Naive, &Options::default());
    let fine = survey.is_ok_and(|survey| survey.errors().next().is_none());
    assert_eq!(fine, graph.is_ok(), "a survey finds a fault where there is one");
    let Ok(graph) = graph else { return };
    let inputs: Option<Vec<_>> = graph.inputs().iter().map(input).collect();
    if let Some(inputs) = inputs {
        let mut session = graph.session();
        session.limit(1 << 20);
        let inputs: Vec<_> = inputs.iter().collect();
        // The second run writes where the first one did.
        for _ in 0..2 {
            let _ = graph.run(&mut session, &inputs).map(drop);
        }
    }
    if let Ok(network) = graph.into_network() {
        let again = network.to_onnx(&ExportOptions::default());
        if let Ok(again) = again {
            Model::read(&again, &Limits::default()).expect("what is written is read");
        }
    }
});
