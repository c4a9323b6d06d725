//! Cells by name: what a configuration may say, what a registry makes of it, and what a checkpoint remembers of it.

use crate::cells::{MOMENTUM, Momentum, cells, registry};
use crate::common::{naive, values};
use recurrent::cells::{CellFault, CellRecord};
use recurrent::checkpoint::{Checkpoint, Digest, Limits};
use recurrent::kernels::cells::LstmPeephole;
use recurrent::kernels::{Activation, Cell, Direction, Equations, Form, GruReset, Number, Slot, Stage, Unit};
use recurrent::network::{CellSpec, Config, RecurrentSpec};
use recurrent::optim::{Adam, Optimiser, Rule, Schedule};
use recurrent::rng::Rng;
use recurrent::{Batch, Cells, Error, Network, Targets, Workspace};
use rnn_backend_faer::Faer;
use rnn_backend_naive::Naive;

fn digest(cell: &Cell) -> String {
    CellRecord::new("", "", cell).digest.to_string()
}

/// The equations of this crate are these for ever: a checkpoint of any version tells them by their digests.
#[test]
fn the_equations_of_the_built_in_cells_have_the_digests_they_always_had() {
    let found = [
        ("elman tanh", Cell::elman(Activation::Tanh)),
        ("elman relu", Cell::elman(Activation::Relu)),
        ("elman sigmoid", Cell::elman(Activation::Sigmoid)),
        ("elman identity", Cell::elman(Activation::Identity)),
        ("lstm", Cell::lstm()),
        ("gru reset-after", Cell::gru(GruReset::After)),
        ("gru reset-before", Cell::gru(GruReset::Before)),
        ("lstm_peephole", Cell::new(&LstmPeephole).unwrap()),
    ]
    .map(|(name, cell)| (name, digest(&cell)));
    let expected = [
        ("elman tanh", "17695f6fe5fab8f83ae88ebabf9bff31ae99feb4a0162f93f1cadf11eeb29d45"),
        ("elman relu", "1ef96cc4970d7f3924704ffd5d9255154deb55e8fee84dbaa206db6d3cb2e505"),
        ("elman sigmoid", "11cc7b8fe9d26a549a32a7f6384dabc30916bb37d307be6e631b72fbb0ae13f0"),
        ("elman identity", "007f67717c024ab7248015f6d7f8bde13fc48ca7929904a38e3d00f9b043b271"),
        ("lstm", "64c6b141ecc66c30f5891d9d0a3fcdb4596f24e5ff5dcb5c6ef12c98bd9bce68"),
        ("gru reset-after", "73b5af747ecdcb7731c782966ebb19059f4f3f3601cda0fb8008fbe898e311ac"),
        ("gru reset-before", "e4c5fb540cfe7d4d6a948c701466005f42cb9ea9ccdadbfe889ffaa510863b8a"),
        ("lstm_peephole", "eed2e4eb2138b51f757e50206e0a6956758c5e776858e6c5a56271742e3427a9"),
    ]
    .map(|(name, digest)| (name, String::from(digest)));
    assert_eq!(found, expected);
}

#[test]
fn no_two_cells_of_the_list_have_one_equation() {
    let made = cells().iter().map(|listed| digest(&registry().make(&listed.spec).unwrap()));
    let different: std::collections::BTreeSet<_> = made.collect();
    assert_eq!(different.len(), cells().len());
}

fn build(cell: CellSpec, cells: &Cells) -> Result<Network<f64, Naive>, Error> {
    let config = Config::features(3).recurrent(RecurrentSpec::lstm(2)).recurrent(RecurrentSpec::new(cell, 4));
    Network::with_backend_and_cells(&config, 1, Naive, cells)
}

fn refused(cell: CellSpec, cells: &Cells) -> (String, CellFault) {
    match build(cell, cells).map(|_| ()) {
        Err(Error::Cell { at, cell, fault }) => (format!("{at}: {cell}"), fault),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_name_that_is_not_in_the_registry_is_refused_with_the_names_that_are() {
    let (at, fault) = refused("lstn".into(), &registry());
    assert_eq!(at, "layers[1]: lstn");
    let known: Vec<String> = registry().names().map(String::from).collect();
    assert!(
        known.len() == 25 && ["elman", "lstm", "momentum", "slstm"].iter().all(|name| known.contains(&(*name).into()))
    );
    assert_eq!(fault, CellFault::Unknown { known });
    let said = build("lstn".into(), &Cells::new()).unwrap_err().to_string();
    let (start, end) = (
        "configuration, layers[1]: cell `lstn`: expected one of cfc, clockwork, deep_transition, elman, gated_delta, gru,",
        "slstm, found \
        another name: `Cells::with_cell` adds a cell, `with_cells` takes them",
    );
    assert!(said.starts_with(start) && said.ends_with(end), "{said}");
}

#[test]
fn options_that_a_cell_does_not_take_are_refused_by_name() {
    let says = |cell: CellSpec, why: &str| {
        let (_, fault) = refused(cell, &registry());
        assert!(matches!(fault, CellFault::Options { .. }) && fault.to_string().contains(why), "{fault}");
    };
    says(CellSpec::gru(GruReset::After).with("rest", "before"), "unknown field `rest`, expected one of `reset`");
    says(CellSpec::gru(GruReset::After).with("reset", "sideways"), "unknown variant `sideways`");
    says(CellSpec::lstm().with("peephole", true), "unknown field `peephole`");
    says(CellSpec::new("slstm").with("heads", 2), "unknown field `heads`");
    says(CellSpec::new("jordan").with("output", 0), "expected an `output` of at least 1, found 0");
    says(CellSpec::new("momentum"), "missing field `decay`");
    says(CellSpec::new("momentum").with("decay", "slow"), "invalid type: string \"slow\", expected f64");
    says(CellSpec::new("momentum").with("decay", f64::NAN), "invalid type: null, expected f64");
}

/// Stages that no layer can run, or equations that are none.
#[derive(Clone, Copy, Debug)]
enum Odd {
    TooManyMasks,
    UnitByUnit,
    KeepsNothing,
}

impl Equations for Odd {
    fn form(&self) -> Form {
        let stage = Stage::new(["n"]);
        match self {
            Odd::TooManyMasks => {
                (0..17).fold(Form::new("odd"), |form, k| form.mask(format!("m{k}"))).stage(stage.reads([Slot::Mask(0)]))
            }
            Odd::UnitByUnit => Form::new("odd").stage(stage.reads([Slot::X])),
            Odd::KeepsNothing => Form::new("odd").stage(stage.reads([Slot::Old(0)])),
        }
    }

    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        let ([n], [read]) = (u.pre(), u.reads());
        let n = n.tanh();
        // Going on with `n`, not with what `keep` returns, is what the last one does wrong.
        let [kept] = u.keep([n]);
        u.write([if matches!(self, Odd::KeepsNothing) { n } else { kept } * read]);
    }
}

#[test]
fn cells_that_no_layer_can_run_are_refused_before_anything_is_made() {
    let cells = |odd: Odd| Cells::new().with("odd", move |_| Ok(Cell::new(&odd)?));
    let (_, fault) = refused("odd".into(), &cells(Odd::TooManyMasks));
    assert!(fault.to_string().starts_with("expected at most 16 masks, found 17: m0, m1, "), "{fault}");
    let (_, fault) = refused("odd".into(), &cells(Odd::KeepsNothing));
    assert!(matches!(&fault, CellFault::Equation(error) if error.to_string().contains("gate `n`")), "{fault}");
    // Below there are 2 units, here there are 4.
    let (at, fault) = refused("odd".into(), &cells(Odd::UnitByUnit));
    assert!(at == "layers[1]: odd" && matches!(fault, CellFault::Size(_)), "{fault}");
    assert!(fault.to_string().contains("C must be its 4 units; it is 2"), "{fault}");
    let width = |config: Config| {
        let config = config.recurrent(RecurrentSpec::new("odd", 4));
        Network::<f64, Naive>::with_backend_and_cells(&config, 1, Naive, &cells(Odd::UnitByUnit)).map(|_| ())
    };
    width(Config::features(4)).unwrap();
    assert!(matches!(width(Config::one_hot(4)), Err(Error::Cell { fault: CellFault::OneHot, .. })));
}

#[test]
fn a_cell_without_options_is_registered_as_it_is() {
    let cells = Cells::new().with_cell(Cell::new(&Odd::UnitByUnit).unwrap());
    let joined: Vec<_> = cells.names().filter(|name| Cells::new().names().all(|known| known != *name)).collect();
    assert_eq!(joined, ["odd"]);
    assert_eq!(digest(&cells.make(&"odd".into()).unwrap()), digest(&Cell::new(&Odd::UnitByUnit).unwrap()));
    assert!(matches!(refused(CellSpec::new("odd").with("size", 1), &cells).1, CellFault::Options { .. }));
}

#[test]
fn cells_are_written_as_they_always_were_and_read_back() {
    let texts = [
        (CellSpec::lstm(), r#""lstm""#),
        (CellSpec::elman(Activation::Tanh), r#"{"elman":{"activation":"tanh"}}"#),
        (CellSpec::gru(GruReset::Before), r#"{"gru":{"reset":"before"}}"#),
        (CellSpec::new("momentum").with("decay", 0.5), r#"{"momentum":{"decay":0.5}}"#),
        (CellSpec::new("lstm_peephole"), r#""lstm_peephole""#),
        (CellSpec::new("odd"), r#""odd""#),
    ];
    for (cell, text) in texts {
        assert_eq!(serde_json::to_string(&cell).unwrap(), text);
        assert_eq!(serde_json::from_str::<CellSpec>(text).unwrap(), cell);
        let standard = bincode::config::standard();
        let bytes = bincode::serde::encode_to_vec(&cell, standard).unwrap();
        assert_eq!(bincode::serde::decode_from_slice::<CellSpec, _>(&bytes, standard).unwrap().0, cell);
    }
    // What may be left out is filled in.
    for (short, whole) in
        [(r#"{"elman":{}}"#, CellSpec::elman(Activation::Tanh)), (r#""gru""#, RecurrentSpec::gru(1).cell)]
    {
        assert_eq!(serde_json::from_str::<CellSpec>(short).unwrap(), whole);
    }
}

/// A network of a user's cell, what it reads, and how it is trained.
fn config() -> Config {
    let momentum = CellSpec::new("momentum").with("decay", MOMENTUM.decay);
    Config::features(2).recurrent(RecurrentSpec::new(momentum, 5).layers(2)).linear(1)
}

const STEPS: usize = 6;

/// `y_t = x_{t−1}`: to be remembered for one step.
fn step<B: recurrent::backend::Backend<f64>>(
    network: &mut Network<f64, B>,
    optimiser: &mut Optimiser<f64>,
    rng: &mut Rng,
) -> f64 {
    let x: Vec<f64> = (0..STEPS * 4 * 2).map(|_| rng.normal()).collect();
    let targets: Vec<f64> = (0..STEPS * 4).map(|k| if k < 4 { 0.0 } else { x[(k - 4) * 2] }).collect();
    let (mut workspace, mut gradients) = (Workspace::new(), network.gradients().unwrap());
    let (batch, mut state) = (Batch::features(&x, [STEPS, 4, 2]).unwrap(), network.state(4).unwrap());
    let targets = Targets::Values(&targets);
    let loss = network.loss_and_gradients(&mut workspace, &batch, targets, &mut state, &mut gradients).unwrap();
    network.update(|p| optimiser.step(p, &gradients, 0.02)).unwrap();
    loss.mean()
}

fn saved(network: &Network<f64, Naive>, optimiser: &Optimiser<f64>, rng: &Rng) -> Checkpoint<f64> {
    Checkpoint {
        config: network.config().clone(),
        cells: network.cells(),
        parameters: network.parameters().to_vec(),
        optimiser: optimiser.clone(),
        schedule: Schedule::Constant { rate: 0.02 },
        step: optimiser.steps(),
        rng: rng.clone(),
        cursor: 0,
        rows: 0,
        state: Vec::new(),
        text_digest: Digest::of(b""),
        training: None,
        application: (),
    }
}

#[test]
fn a_cell_of_ones_own_is_trained_saved_and_continued_bit_for_bit() {
    let mut network = naive(&config(), 1);
    let mut optimiser = Optimiser::new(Rule::Adam(Adam::default()), network.parameters().len()).unwrap();
    let mut rng = Rng::seed(3);
    let losses: Vec<_> = (0..300).map(|_| step(&mut network, &mut optimiser, &mut rng)).collect();
    assert!(losses[299] < losses[0] / 4.0, "{} → {}", losses[0], losses[299]);

    let bytes = saved(&network, &optimiser, &rng).encode(Limits::default()).unwrap();
    let found = Checkpoint::<f64>::decode(&bytes, Limits::default()).unwrap();
    assert_eq!(found.cells, network.cells());
    let mut again = found.network(Naive, &registry()).unwrap();
    assert_eq!((again.cells(), &**again.parameters()), (network.cells(), &**network.parameters()));
    let (mut optimiser_again, mut rng_again) = (found.optimiser, found.rng);
    for _ in 0..3 {
        let loss = step(&mut network, &mut optimiser, &mut rng);
        assert_eq!(step(&mut again, &mut optimiser_again, &mut rng_again), loss);
    }
    assert_eq!(again.parameters(), network.parameters());
    // In another number type and on another backend it is the same cell, without a registry.
    let single: Network<f32, Faer> = network.cast(Faer::sequential()).unwrap();
    assert_eq!(single.cells(), network.cells());
}

#[test]
fn a_cell_of_ones_own_is_streamed_with_states_by_its_names() {
    let network = naive(&config(), 1);
    let (x, mut workspace) = (values(2, STEPS * 2), Workspace::new());
    let (mut state, mut streamed) = (network.state(1).unwrap(), network.state(1).unwrap());
    let batch = Batch::features(&x, [STEPS, 1, 2]).unwrap();
    let whole = network.forward(&mut workspace, &batch, &mut state).unwrap();
    let whole: Vec<_> = (0..STEPS).map(|t| whole.at(t).row(0)[0]).collect();
    for t in 0..STEPS {
        let y = network.step_features(&mut workspace, &x[t * 2..][..2], &mut streamed).unwrap();
        assert_eq!(y.row(0)[0], whole[t], "step {t}");
    }
    assert_eq!(streamed, state);
    let m = state.get(1, Direction::Forward, "m").unwrap();
    assert!(m.shape() == [1, 5] && m.row(0).iter().all(|&m| m != 0.0));
    assert_eq!(state.h(1, Direction::Forward).unwrap().row(0), state.get(1, Direction::Forward, "h").unwrap().row(0));
    assert_eq!(state.c(1, Direction::Forward).unwrap().shape(), [1, 0]);
    let error = state.get(1, Direction::Forward, "c").unwrap_err().to_string();
    assert_eq!(error, "state of recurrent layer 1: expected one of h, m, found c");
    state.get_mut(1, Direction::Forward, "m").unwrap().row_mut(0).fill(7.0);
    assert_eq!(state.as_slice()[15..], [7.0; 5]);
}

#[test]
fn a_checkpoint_refuses_a_registry_that_makes_another_equation_under_the_name() {
    let network = naive(&config(), 1);
    let optimiser = Optimiser::new(Rule::Adam(Adam::default()), network.parameters().len()).unwrap();
    let saved = saved(&network, &optimiser, &Rng::seed(3));
    let other = Cells::new().with("momentum", |options| {
        let Momentum { decay } = options.read()?;
        Ok(Cell::new(&Momentum { decay: decay * 2.0 })?)
    });
    let refused = saved.network(Naive, &other).map(|_| ());
    let Err(Error::Equation { layer, cell, expected, found }) = refused else { panic!("{refused:?}") };
    assert_eq!((&layer[..], &cell[..]), ("rnn.l0", "momentum"));
    assert_eq!(expected.to_string(), digest(&Cell::new(&MOMENTUM).unwrap()));
    assert_eq!(found.to_string(), digest(&Cell::new(&Momentum { decay: 2.0 * MOMENTUM.decay }).unwrap()));

    // A file from before files had digests says nothing of equations, and none is refused.
    let early = Checkpoint { cells: Vec::new(), ..saved.clone() };
    early.network(Naive, &other).unwrap();
    let refused = saved.network(Naive, &Cells::new()).map(|_| ());
    assert!(matches!(refused, Err(Error::Cell { fault: CellFault::Unknown { .. }, .. })), "{refused:?}");
}

#[test]
fn records_that_contradict_the_configuration_are_neither_written_nor_read() {
    let network = naive(&config(), 1);
    let optimiser = Optimiser::new(Rule::Adam(Adam::default()), network.parameters().len()).unwrap();
    let saved = saved(&network, &optimiser, &Rng::seed(3));
    saved.check().unwrap();
    let fewer = Checkpoint { cells: saved.cells[..1].to_vec(), ..saved.clone() };
    let more = Checkpoint { cells: [&saved.cells[..], &saved.cells[..1]].concat(), ..saved.clone() };
    let renamed =
        Checkpoint { config: Config::features(2).recurrent(RecurrentSpec::gru(5).layers(2)), ..saved.clone() };
    for wrong in [fewer, more, renamed] {
        let error = wrong.encode(Limits::default()).unwrap_err().to_string();
        assert!(error.starts_with("cells: expected those of the configuration, layer by layer, found"), "{error}");
    }
}
