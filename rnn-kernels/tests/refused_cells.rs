//! Form and equation that make no cell are refused, and the message names the gate, the slot or the matrix.

use rnn_kernels::{Cell, Equations, Factor, Form, Number, Product, Size, Slot, Spec, Stage, Unit, Width};
use std::fmt;

/// A gated cell with one mistake: `f` is what is wrong with the form, `unit` what is wrong with the equation.
struct Gated {
    form: fn(Form) -> Form,
    mistake: Mistake,
}

#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    None,
    /// Goes on with the gate it gave to `keep`.
    GivenGate,
    /// Goes on with the state it gave to `write`.
    GivenState,
    /// Takes one gate too few.
    FewGates,
    /// Writes one state too few.
    FewWrites,
    /// Takes gate `o` and makes no use of it.
    Ignores,
    /// Keeps something else in the place of a pre-activation that backward needs.
    Loses,
}

impl fmt::Debug for Gated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gated")
    }
}

impl Equations for Gated {
    fn form(&self) -> Form {
        let gates = Stage::new(["f", "g", "o"]).reads([Slot::Old(1)]).writes([Slot::New(0), Slot::New(1)]);
        (self.form)(Form::new("gated").states(["h", "c"]).stage(gates))
    }

    fn unit<S: Number>(&self, _stage: usize, u: &mut Unit<'_, S>) {
        if self.mistake == Mistake::FewGates {
            let [f, g] = u.pre();
            u.write([f, g]);
            return;
        }
        let ([f, g, o], [c]) = (u.pre(), u.reads());
        let given = f.sigmoid();
        let f = u.keep_at(0, given);
        let f = if self.mistake == Mistake::GivenGate { given } else { f };
        let g = u.keep_at(1, g.tanh());
        let o = match self.mistake {
            Mistake::Ignores => S::one(),
            Mistake::Loses => {
                u.keep_at(2, S::one());
                o * o
            }
            _ => u.keep_at(2, o.sigmoid()),
        };
        let given = f * c + (S::one() - f) * g;
        let c = u.write_at(1, given);
        let c = if self.mistake == Mistake::GivenState { given } else { c };
        if self.mistake != Mistake::FewWrites {
            u.write_at(0, o * c.tanh());
        }
    }
}

fn says(form: fn(Form) -> Form, mistake: Mistake) -> String {
    match Cell::new(&Gated { form, mistake }) {
        Ok(cell) => panic!("taken for a cell: {:?}", cell.form()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_cell_without_mistakes_is_one() {
    let cell = Cell::new(&Gated { form: |form| form, mistake: Mistake::None }).expect("nothing is wrong with it");
    assert_eq!((cell.form().name.as_ref(), cell.known()), ("gated", None));
}

#[test]
fn an_equation_that_does_not_fit_its_form_is_refused() {
    let says = |mistake| says(|form| form, mistake);
    assert!(
        says(Mistake::GivenGate).contains("goes on with the value it gave for gate `f`"),
        "{}",
        says(Mistake::GivenGate)
    );
    assert!(says(Mistake::GivenState).contains("for c after the step"), "{}", says(Mistake::GivenState));
    assert_eq!(
        says(Mistake::FewGates),
        "cell `gated`, stage 0: the form gives 3 pre-activations, the equation takes 2"
    );
    assert!(says(Mistake::FewWrites).contains("does not write h after the step"), "{}", says(Mistake::FewWrites));
    assert!(says(Mistake::Ignores).contains("depends on gate `o`"), "{}", says(Mistake::Ignores));
    assert!(says(Mistake::Loses).contains("the pre-activation of gate `o`"), "{}", says(Mistake::Loses));
}

#[test]
fn a_form_that_refers_to_what_is_not_there_is_refused() {
    let says = |form| says(form, Mistake::None);
    let missing_matrix = says(|mut form| {
        form.stages[0].products[1].factor = Factor::Matrix(2);
        form
    });
    assert_eq!(missing_matrix, "cell `gated`, stage 0: there is no matrix 2; there are 2");
    let missing_state = says(|mut form| {
        form.stages[0].reads = vec![Slot::Old(2)];
        form
    });
    assert!(missing_state.contains("no state 2"), "{missing_state}");
    let missing_gate = says(|mut form| {
        form.stages[0].products[1].into = Some(vec![0, 1, 3]);
        form
    });
    assert!(missing_gate.contains("no gate 3"), "{missing_gate}");
    let unused = says(|form| form.matrix("weight_hr", None));
    assert!(unused.contains("`weight_hr`"), "{unused}");
}

#[test]
fn a_gate_that_no_product_reaches_or_one_reaches_twice_is_named() {
    let says = |form| says(form, Mistake::None);
    let alone = says(|mut form| {
        form.stages[0].products =
            vec![Product::new(0, Slot::X).into_gates([0, 1]), Product::new(1, Slot::Old(0)).into_gates([0])];
        form
    });
    assert!(alone.contains("no product is added to gate `o`"), "{alone}");
    let twice = says(|mut form| {
        form.stages[0].products[0].into = Some(vec![0, 1, 1]);
        form
    });
    assert!(twice.contains("`weight_ih` is added to gate `g` twice"), "{twice}");
}

#[test]
fn slots_are_written_once_and_before_they_are_read() {
    let says = |form| says(form, Mistake::None);
    let early = says(|mut form| {
        form.stages[0].reads = vec![Slot::New(1)];
        form
    });
    assert!(early.contains("c after the step is read, but no earlier stage writes it"), "{early}");
    let never = says(|form| form.values([Width::Hidden]));
    assert!(never.contains("no stage writes value 0"), "{never}");
    let twice = says(|mut form| {
        form.stages[0].writes = vec![Slot::New(0), Slot::New(0)];
        form
    });
    assert!(twice.contains("h after the step stands there twice"), "{twice}");
    let input = says(|mut form| {
        form.stages[0].writes = vec![Slot::New(0), Slot::X];
        form
    });
    assert!(input.contains("x is written"), "{input}");
}

#[test]
fn names_and_widths_must_fit() {
    let says = |form| says(form, Mistake::None);
    let name = says(|form| form.vector("weight_ih"));
    assert!(name.contains("two things are called `weight_ih`"), "{name}");
    let width = says(|mut form| {
        form.states[1].1 = Width::Output;
        form
    });
    assert!(width.contains("c before the step does not have the width of the stage"), "{width}");
    let columns = says(|mut form| {
        form.stages[0].products[0].factor = Factor::Matrix(1);
        form.matrices.remove(0);
        form.stages[0].products.iter_mut().for_each(|product| product.factor = Factor::Matrix(0));
        form
    });
    assert!(columns.contains("`weight_hh` is multiplied by slots of different widths"), "{columns}");
    let none = says(|form| Form { stages: vec![], ..form });
    assert!(none.contains("there is no stage"), "{none}");
}

#[test]
fn programs_are_not_put_into_a_form_they_were_not_made_for() {
    let cell = Cell::gru(rnn_kernels::GruReset::Before);
    let same = cell.with_form(cell.form().clone()).expect("its own form");
    assert!(same.form() == cell.form() && same.backward(1) == cell.backward(1));
    assert!(same.known().is_none() && same.statement() != cell.statement());

    let mut form = cell.form().clone();
    form.stages[1].reads.clear();
    let told = cell.with_form(form).map(|_| ()).expect_err("the equation reads h").to_string();
    assert_eq!(told, "cell `gru`, stage 1: the form gives 0 reads, the equation takes 1");

    let mut form = cell.form().clone();
    form.stages[0].products[1].into = Some(vec![1]);
    let told = cell.with_form(form).map(|_| ()).expect_err("stage 0 has one gate").to_string();
    assert_eq!(told, "cell `gru`, stage 0: there is no gate 1; there are 1");
}

#[test]
fn fixed_maps_are_taken_of_what_a_step_makes_and_go_into_neighbouring_gates() {
    let says = |form| says(form, Mistake::None);
    let of_input = says(|mut form| {
        form.stages[0].products.push(Product::spread(Slot::X, Width::ONE));
        form
    });
    assert!(of_input.contains("the spread is taken of the input"), "{of_input}");
    let of_mask = says(|mut form| {
        form = form.mask("m");
        form.stages[0].products.push(Product::mean(Slot::Mask(0), Width::ONE));
        form
    });
    assert!(of_mask.contains("the mean is multiplied by a mask"), "{of_mask}");
    let apart = says(|mut form| {
        form.stages[0].products.push(Product::spread(Slot::Old(1), Width::ONE).into_gates([0, 2]));
        form
    });
    assert!(apart.contains("the spread goes into gates that do not follow each other"), "{apart}");
    let both = says(|mut form| {
        form.stages[0].products.push(Product::heads(0, Slot::X, 2));
        form
    });
    assert!(both.contains("in heads and whole"), "{both}");
    let beyond = says(|mut form| {
        form.stages[0].products.push(Product::part(Slot::Old(1), 2, 2).into_gates([0]));
        form
    });
    assert!(beyond.contains("there is no part 2; there are 2"), "{beyond}");
}

#[test]
fn sizes_that_heads_and_maps_do_not_divide_are_refused() {
    let cell = |form: fn(Form) -> Form| {
        Cell::new(&Gated { form, mistake: Mistake::None }).expect("the widths are not known yet")
    };
    let says = |cell: &Cell, size: Size| Spec::<f32>::new(cell, size).map(|_| ()).expect_err("refused").to_string();
    let heads = cell(|mut form| {
        form.stages[0].products[1].factor = Factor::Heads { matrix: 1, columns: 2 };
        form
    });
    assert!(says(&heads, Size::new(3, 5)).contains("heads of `weight_hh` have 2 columns; they must divide 5 elements"));
    assert_eq!(Spec::<f32>::new(&heads, Size::new(3, 6)).expect("three heads").params_len(), 18 * 3 + 18 * 2 + 36);
    let mean = cell(|mut form| {
        form.stages[0].products.push(Product::mean(Slot::Old(1), Width::Fixed(2)).into_gates([0]));
        form
    });
    assert!(
        says(&mean, Size::new(3, 5)).contains("stage 0: 5 elements must be a positive multiple of 5, and those of 2")
    );
    let parts = cell(|mut form| {
        form.stages[0].products.push(Product::part(Slot::Old(1), 1, 2).into_gates([0]));
        form
    });
    assert_eq!(says(&parts, Size::new(3, 6)), "cell `gated`, stage 0: 2 parts of 6 elements must be 6 units");
    let halves = cell(|form| form.vector_of("halves", Width::over(2)));
    assert_eq!(says(&halves, Size::new(3, 5)), "cell `gated`: H must be a positive multiple of 2; it is 5");
    assert!(says(&halves, Size::new(3, 0)).contains("it is 0"));
    let neighbours = cell(|mut form| {
        form.stages[0].products.push(Product::spread(Slot::Old(1), Width::over(5)).into_gates([0]));
        form
    });
    assert_eq!(says(&neighbours, Size::new(3, 6)), "cell `gated`: H must be a positive multiple of 5; it is 6");
}
