//! Surveys: everything that is not implemented of a model, and not the first of it alone.

#![allow(clippy::cast_possible_truncation)] // of small numbers

#[cfg(feature = "onnx")]
mod of_onnx {
    use crate::onnx_refused::bytes;
    use recurrent::Error;
    use recurrent::graph::Tensor;
    use recurrent::interop::onnx::{Limits, Model, Options, Survey, write_tensor};
    use rnn_backend_naive::Naive;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Named {
        name: String,
        model: String,
    }

    fn models(text: &str) -> Vec<(String, Vec<u8>)> {
        let all: Vec<Named> = serde_json::from_str(text).unwrap();
        all.into_iter().map(|one| (one.name, bytes(&one.model))).collect()
    }

    fn survey(bytes: &[u8]) -> recurrent::Result<Survey> {
        Model::read(bytes, &Limits::default())?.survey::<Naive>(Naive, &Options::default())
    }

    #[test]
    fn the_error_of_reading_a_model_is_among_those_of_its_survey() {
        let mut surveyed = 0;
        for (name, bytes) in models(include_str!("../data/onnx/refused.json")) {
            let Ok(model) = Model::read(&bytes, &Limits::default()) else { continue };
            let error = model.into_graph(Naive, &Options::default()).map(drop).unwrap_err().to_string();
            let found: Vec<_> = match survey(&bytes) {
                Ok(survey) => survey.errors().map(ToString::to_string).collect(),
                Err(error) => vec![error.to_string()],
            };
            assert!(found.contains(&error), "{name}: {found:?} without {error}");
            surveyed += 1;
        }
        assert!(surveyed >= 95, "{surveyed}");
    }

    #[test]
    fn a_model_that_is_a_graph_has_a_survey_without_errors() {
        for (name, bytes) in models(include_str!("../data/onnx/models.json")) {
            let survey = survey(&bytes).unwrap();
            assert!(survey.errors().next().is_none(), "{name}: {:?}", survey.errors().next());
            let nodes = Model::read(&bytes, &Limits::default()).unwrap().nodes().unwrap();
            assert!(survey.nodes.iter().map(|node| &node.summary).eq(&nodes), "{name}");
        }
    }

    /// A field of a message that has a length: the messages here are shorter than 128 bytes, but for that of the graph.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let len = u16::try_from(content.len()).unwrap();
        let [low, high] = [(len & 0x7f) as u8, (len >> 7) as u8];
        let len = if high == 0 { vec![low] } else { vec![low | 0x80, high] };
        [vec![number << 3 | 2], len, content.to_vec()].concat()
    }

    /// `x → y`, nodes of an operator, a name, inputs and an output.
    fn model(nodes: &[(&str, &str, &[&str], &str)]) -> Vec<u8> {
        model_of(nodes, &[])
    }

    fn model_of(nodes: &[(&str, &str, &[&str], &str)], initializers: &[(&str, Tensor)]) -> Vec<u8> {
        let node = |(operator, name, inputs, output): &(&str, &str, &[&str], &str)| {
            let inputs: Vec<u8> = inputs.iter().flat_map(|input| field(1, input.as_bytes())).collect();
            let rest = [field(2, output.as_bytes()), field(3, name.as_bytes()), field(4, operator.as_bytes())].concat();
            field(1, &[inputs, rest].concat())
        };
        let of_floats = field(2, &field(1, &[1 << 3, 1]));
        let value = |number, name: &str| field(number, &[field(1, name.as_bytes()), of_floats.clone()].concat());
        let initializers = initializers.iter().flat_map(|(name, x)| field(5, &write_tensor(name, x).unwrap()));
        let graph =
            [nodes.iter().flat_map(node).collect(), initializers.collect(), value(11, "x"), value(12, "y")].concat();
        [vec![1 << 3, 8], field(7, &graph), field(8, &[2 << 3, 17])].concat()
    }

    #[test]
    fn nodes_behind_a_refused_one_are_examined_and_not_blamed_for_it() {
        let nodes = |operator| {
            let relus: [(&str, &str, &[&str], &str); 4] = [
                (operator, "first", &["x"], "a"),
                ("Tanh", "second", &["a"], "b"),
                (operator, "third", &["b"], "c"),
                ("Squeeze", "fourth", &["c", "b"], "y"),
            ];
            survey(&model(&relus)).unwrap()
        };
        let unknown = nodes("Rrlu");
        let refused = unknown.nodes.iter().filter(|node| node.refused.is_some());
        assert_eq!(refused.map(|node| &*node.summary.name).collect::<Vec<_>>(), ["first", "third"]);
        assert!(unknown.errors().all(|error| matches!(error, Error::Model { part, .. } if part == "operator")));
        // The same where everything is known: the axes are computed, and must not be.
        let says =
            "node `fourth` (Squeeze), input `axes`: expected constant whole numbers, found a value that is computed";
        assert_eq!(nodes("Relu").errors().map(ToString::to_string).collect::<Vec<_>>(), [says]);
    }

    #[test]
    fn a_node_far_behind_a_refused_one_is_not_blamed_for_it() {
        let bytes = model(&[
            ("Rrlu", "first", &["x"], "a"),
            ("Tanh", "second", &["a"], "b"),
            ("Relu", "third", &["b"], "c"),
            ("Squeeze", "fourth", &["x", "c"], "y"),
        ]);
        let survey = survey(&bytes).unwrap();
        let refused = survey.nodes.iter().filter(|node| node.refused.is_some());
        assert_eq!(refused.map(|node| &*node.summary.name).collect::<Vec<_>>(), ["first"]);
    }

    #[test]
    fn parameters_are_the_real_numbers_and_not_the_sizes_and_indices() {
        let initializers =
            [("w", Tensor::f32(&[2, 3], [0.5; 6]).unwrap()), ("shape", Tensor::i64(&[2], [6, 1]).unwrap())];
        let bytes = model_of(
            &[("Reshape", "turn", &["w", "shape"], "v"), ("MatMul", "product", &["x", "v"], "y")],
            &initializers,
        );
        let survey = survey(&bytes).unwrap();
        assert!(survey.errors().next().is_none(), "{:?}", survey.errors().next());
        assert_eq!(survey.parameters, 6);
    }

    #[test]
    fn attributes_and_shapes_of_weights_are_told() {
        let all = models(include_str!("../data/onnx/models.json"));
        let (_, bytes) = all.iter().find(|(name, _)| name == "GRU with its state, sigmoid").unwrap();
        let survey = survey(bytes).unwrap();
        let gru = survey.nodes.iter().find(|node| node.summary.operator == "GRU").unwrap();
        assert!(gru.attributes.contains(&("hidden_size".into(), "3".into())), "{:?}", gru.attributes);
        let shapes: Vec<_> = gru.initializers.iter().map(|(_, shape)| &shape[..]).collect();
        assert_eq!(shapes[..2], [&[1, 9, 4][..], &[1, 9, 3]]);
        assert!(survey.parameters >= 9 * 7, "{}", survey.parameters);
    }
}

#[cfg(feature = "keras")]
mod of_keras {
    use crate::foreign::{data, rewritten};
    use recurrent::Network;
    use recurrent::interop::keras::{KerasOptions, Survey, survey};
    use recurrent::interop::{Conversion, LoadOptions, Source};
    use rnn_backend_naive::Naive;

    fn options() -> KerasOptions {
        let load = LoadOptions { conversion: Conversion::Allow, ..LoadOptions::default() };
        KerasOptions { load, version: Some(3), ..KerasOptions::default() }
    }

    fn of<'s>(source: impl Into<Source<'s>>) -> Survey {
        survey::<Naive>(source, &options(), Naive).unwrap()
    }

    fn changed(name: &str, changes: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = std::fs::read(data(name)).unwrap();
        for (from, to) in changes {
            assert_eq!(from.len(), to.len());
            let at = bytes.windows(from.len()).position(|bytes| bytes == from.as_bytes()).expect("it is there");
            bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
        }
        bytes
    }

    #[test]
    fn every_model_of_the_fixtures_is_surveyed_without_errors() {
        for folder in ["keras", "keras_graphs"] {
            let mut seen = 0;
            for entry in std::fs::read_dir(data(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|ending| ending == "json") {
                    continue;
                }
                let survey = of(&path);
                assert!(survey.errors().next().is_none(), "{}: {:?}", path.display(), survey.errors().next());
                assert!(survey.layers.iter().any(|layer| !layer.weights.is_empty()), "{}", path.display());
                seen += 1;
            }
            assert!(seen >= 4);
        }
    }

    #[test]
    fn several_faults_are_told_layer_by_layer() {
        let changes = [
            ("\"activation\": \"silu\"", "\"activation\": \"gelu\""),
            ("\"class_name\": \"Permute\"", "\"class_name\": \"Lambdas\""),
            ("\"merge_mode\": \"ave\"", "\"merge_mode\": \"max\""),
        ];
        let survey = of(changed("keras_graphs/3_branches.h5", &changes));
        let mut says: Vec<_> = survey.errors().map(ToString::to_string).collect();
        says.sort();
        assert_eq!(says.len(), 3, "{says:?}");
        assert!(
            says[0].contains("class_name: expected InputLayer") && says[0].ends_with("found Lambdas"),
            "{}",
            says[0]
        );
        assert!(
            says[1].starts_with("layer swish (Dense), activation: ") && says[1].ends_with("found gelu"),
            "{}",
            says[1]
        );
        assert!(says[2].starts_with("layer there (Bidirectional), merge_mode: "), "{}", says[2]);
        let whole = of(data("keras_graphs/3_branches.h5"));
        assert_eq!(whole.layers.len(), survey.layers.len());
        assert!(whole.layers.iter().zip(&survey.layers).all(|(a, b)| (&a.name, &a.weights) == (&b.name, &b.weights)));
    }

    #[test]
    fn a_chain_with_a_fault_is_told_as_the_chain_that_a_network_is_read_from() {
        let bytes = rewritten(&data("keras/3_functional.keras"), |text| {
            text.replacen("\"activation\": \"relu\"", "\"activation\": \"gelu\"", 1)
        });
        let survey = of(&bytes);
        let says: Vec<_> = survey.errors().map(ToString::to_string).collect();
        let error = Network::<f32, _>::from_keras(&bytes, &options(), Naive).unwrap_err().to_string();
        assert_eq!(says, [error]);
        // Each layer reads the one before it.
        assert!(survey.layers.iter().all(|layer| layer.inputs.is_empty()), "{:?}", survey.layers);
    }

    #[test]
    fn a_model_of_no_known_class_is_its_weights() {
        let bytes =
            changed("keras/3_symbols.h5", &[("\"class_name\": \"Sequential\"", "\"class_name\": \"Sequentiax\"")]);
        let survey = of(&bytes);
        assert_eq!(survey.class.as_deref(), Some("Sequentiax"));
        assert!(survey.refused[0].to_string().contains("expected Sequential or Functional"), "{:?}", survey.refused);
        assert!(!survey.layers.is_empty() && survey.layers.iter().all(|layer| layer.class.is_empty()));
    }

    #[test]
    fn weights_alone_are_listed_by_layer() {
        let (whole, weights) = (of(data("keras/3_stack.keras")), of(data("keras/3_stack.weights.h5")));
        assert_eq!((weights.class.as_deref(), weights.errors().count()), (None, 0));
        let shapes = |survey: &Survey| {
            let layers = survey.layers.iter().filter(|layer| !layer.weights.is_empty());
            let mut shapes: Vec<_> = layers.map(|layer| (layer.name.clone(), layer.weights.clone())).collect();
            shapes.sort();
            shapes
        };
        assert_eq!(shapes(&weights), shapes(&whole));
    }
}
