//! The gates of other libraries: each cell computed from a library's own weights by the equations of its documentation, and by the network
//! after they were put in our order.

use crate::common::values;
use crate::foreign::{F64, roundings};
use recurrent::interop::orders::{Gates, Library, Order, Units};
use recurrent::kernels::{Activation, GruReset};
use recurrent::network::{CellSpec, Config, RecurrentSpec};
use recurrent::{Batch, Network, Workspace};
use rnn_backend_naive::Naive;

const C: usize = 3;
const H: usize = 2;
const T: usize = 4;

/// Weights as a library keeps them: of the input, of `h₋₁`, and one bias for each gate of both.
struct Theirs {
    input: Vec<f64>,
    hidden: Vec<f64>,
    bias: [Vec<f64>; 2],
    /// The axis of units and the gates, as the documentation has them; written here once more, so that the table has a witness.
    columns: bool,
    gates: &'static str,
}

impl Theirs {
    /// `W x + U h + b` of unit `k` of the gate with this letter; `parts` are what is added up.
    fn pre(&self, gate: char, k: usize, of: Of<'_>) -> f64 {
        let unit = self.gates.find(gate).unwrap() * H + k;
        let wide = self.gates.len() * H;
        let (matrix, vector, bias) = match of {
            Of::Input(x) => (&self.input, x, &self.bias[0]),
            Of::Hidden(h) => (&self.hidden, h, &self.bias[1]),
        };
        let weight = |c: usize| if self.columns { matrix[c * wide + unit] } else { matrix[unit * vector.len() + c] };
        bias[unit] + vector.iter().enumerate().map(|(c, v)| weight(c) * v).sum::<f64>()
    }
}

enum Of<'a> {
    Input(&'a [f64]),
    Hidden(&'a [f64]),
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// All steps from a state of 0, `step` giving the next `h` and `c`.
fn run(x: &[f64], step: impl Fn(&[f64], &[f64], &[f64], usize) -> (f64, f64)) -> Vec<f64> {
    let (mut h, mut c, mut y) = (vec![0.0; H], vec![0.0; H], Vec::new());
    for x in x.chunks_exact(C) {
        (h, c) = (0..H).map(|k| step(x, &h, &c, k)).unzip();
        y.extend_from_slice(&h);
    }
    y
}

/// The same by the network, its weights taken over by the table.
fn ours(theirs: &Theirs, library: Library, gates: Gates, cell: CellSpec, x: &[f64]) -> Vec<f64> {
    let config = Config::features(C).recurrent(RecurrentSpec::new(cell, H).named(""));
    let mut network = Network::<f64, Naive>::with_backend(&config, 1, Naive).unwrap();
    let order = library.order(gates);
    network.update(|p| {
        order.matrix(&theirs.input, p.get_mut("weight_ih_l0").unwrap(), H).unwrap();
        order.matrix(&theirs.hidden, p.get_mut("weight_hh_l0").unwrap(), H).unwrap();
        order.bias(&theirs.bias[0], p.get_mut("bias_ih_l0").unwrap(), H).unwrap();
        order.bias(&theirs.bias[1], p.get_mut("bias_hh_l0").unwrap(), H).unwrap();
    });
    let (mut workspace, mut state) = (Workspace::new(), network.state(1).unwrap());
    let batch = Batch::features(x, [T, 1, C]).unwrap();
    let y = network.infer(&mut workspace, &batch, &mut state).unwrap();
    (0..T).flat_map(|t| y.at(t).row(0).to_vec()).collect()
}

fn expect(what: &str, expected: &[f64], found: &[f64]) {
    for (a, b) in expected.iter().zip(found) {
        // Each step is one layer more.
        assert!((a - b).abs() <= roundings(F64, C + H, T), "{what}: {found:?}, not {expected:?}");
    }
}

/// As each library documents it: the order of its LSTM's gates and of its GRU's, and whether units are columns.
const DOCUMENTED: [(Library, &str, &str, bool); 6] = [
    (Library::PyTorch, "ifgo", "rzn", false),
    (Library::Keras, "ifgo", "zrn", true),
    (Library::Onnx, "iofg", "zrn", false),
    (Library::OneDnn, "ifgo", "zrn", true),
    (Library::Flax, "ifgo", "rzn", true),
    (Library::CuDnn, "ifgo", "rzn", false),
];

fn theirs(gates: &'static str, columns: bool) -> Theirs {
    let wide = gates.len() * H;
    let (input, hidden) = (values(3, wide * C), values(4, wide * H));
    Theirs { input, hidden, bias: [values(5, wide), values(6, wide)], columns, gates }
}

#[test]
fn an_lstm_of_every_library_gives_the_same_numbers_here() {
    let x = values(7, T * C);
    for (library, gates, _, columns) in DOCUMENTED {
        let theirs = theirs(gates, columns);
        let expected = run(&x, |x, h, c, k| {
            let pre = |gate| theirs.pre(gate, k, Of::Input(x)) + theirs.pre(gate, k, Of::Hidden(h));
            let c = sigmoid(pre('f')) * c[k] + sigmoid(pre('i')) * pre('g').tanh();
            (sigmoid(pre('o')) * c.tanh(), c)
        });
        expect(&format!("{library:?}"), &expected, &ours(&theirs, library, Gates::Lstm, CellSpec::lstm(), &x));
    }
}

#[test]
fn a_gru_of_every_library_gives_the_same_numbers_here_wherever_its_reset_gate_acts() {
    let x = values(8, T * C);
    for (library, _, gates, columns) in DOCUMENTED {
        for reset in [GruReset::Before, GruReset::After] {
            let theirs = theirs(gates, columns);
            let expected = run(&x, |x, h, _, k| {
                let gate = |gate, k| sigmoid(theirs.pre(gate, k, Of::Input(x)) + theirs.pre(gate, k, Of::Hidden(h)));
                let (r, z) = (gate('r', k), gate('z', k));
                let of_h = match reset {
                    GruReset::After => r * theirs.pre('n', k, Of::Hidden(h)),
                    GruReset::Before => {
                        let reset: Vec<_> = (0..H).map(|j| gate('r', j) * h[j]).collect();
                        theirs.pre('n', k, Of::Hidden(&reset))
                    }
                };
                let n = (theirs.pre('n', k, Of::Input(x)) + of_h).tanh();
                ((1.0 - z) * n + z * h[k], 0.0)
            });
            let found = ours(&theirs, library, Gates::Gru, CellSpec::gru(reset), &x);
            expect(&format!("{library:?}, {reset:?}"), &expected, &found);
        }
    }
}

#[test]
fn an_elman_network_of_every_library_differs_in_its_axes_alone() {
    let x = values(9, T * C);
    for (library, _, _, columns) in DOCUMENTED {
        let theirs = theirs("h", columns);
        let expected =
            run(&x, |x, h, _, k| ((theirs.pre('h', k, Of::Input(x)) + theirs.pre('h', k, Of::Hidden(h))).tanh(), 0.0));
        let cell = CellSpec::elman(Activation::Tanh);
        expect(&format!("{library:?}"), &expected, &ours(&theirs, library, Gates::Elman, cell, &x));
    }
}

#[test]
fn weights_of_another_size_are_errors() {
    let order = Library::Keras.order(Gates::Gru);
    assert_eq!(order.units, Units::Columns);
    assert!(order.matrix(&[0.0; 6], &mut [0.0; 5], 1).is_err());
    assert!(order.matrix(&[0.0; 5], &mut [0.0; 5], 1).is_err());
    assert!(order.matrix(&[0.0; 6], &mut [0.0; 6], 0).is_err());
    assert!(order.bias(&[0.0; 4], &mut [0.0; 4], 1).is_err());
    assert!(order.matrix::<f64>(&[], &mut [], 1).is_ok());
    // More units than there are numbers, and letters that are no gates.
    assert!(order.matrix(&[0.0; 6], &mut [0.0; 6], usize::MAX).is_err());
    assert!(order.bias(&[0.0; 3], &mut [0.0; 3], usize::MAX).is_err());
    for gates in ["", "ab", "ifgg", "rzh", "zrnn", "i", "ä"] {
        let order = Order { gates, units: Units::Rows };
        let error = order.matrix(&[0.0; 12], &mut [0.0; 12], 1).unwrap_err().to_string();
        assert!(error.contains("expected"), "{gates}: {error}");
    }
}
