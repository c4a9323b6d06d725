//! The sweep of `rnn_check::activation` accepts right functions and reports every kind of wrong one.

use rnn_check::activation::{Extent, Format, Function, Row, Table, sweep};
use rnn_check::planted::Plain;
use rnn_check::{Backend, Claims};
use rnn_kernels::{Accum, Activation, MatMut, MatRef, Scalar};

/// `Plain` with a patch of what `activation_forward` gives: `(function, x, right result) → result`.
#[derive(Clone, Copy, Debug)]
struct Patched<T>(fn(Activation, T, T) -> T);

impl<T: Scalar> Backend<T> for Patched<T>
where
    Plain: Backend<T>,
{
    fn matmul(&self, c: MatMut<'_, T>, accum: Accum, a: MatRef<'_, T>, b: MatRef<'_, T>) {
        Plain.matmul(c, accum, a, b);
    }
    fn activation_forward(&self, activation: Activation, mut y: MatMut<'_, T>) {
        y.row_mut(0).iter_mut().for_each(|y| *y = (self.0)(activation, *y, activation.apply(*y)));
    }
}

fn swept<T: Format>(patch: fn(Activation, T, T) -> T) -> Table
where
    Plain: Backend<T>,
{
    sweep::<T>(&[("patched", &Patched(patch))], Extent::Sampled, &|_| ())
}

/// What the sweep says about tanh, and whether it contradicts the claims of the provided kernels.
fn tanh_of<T: Format>(patch: fn(Activation, T, T) -> T) -> (Row, bool)
where
    Plain: Backend<T>,
{
    let table = swept(patch);
    let broken = !table.broken(&Claims::new()).is_empty();
    let row = table.rows.into_iter().find(|row| row.function == Function::Tanh);
    (row.expect("there is a row for tanh"), broken)
}

#[test]
fn the_provided_kernels_keep_their_claims_and_every_property() {
    for table in [swept::<f32>(|_, _, y| y), swept::<f64>(|_, _, y| y)] {
        assert_eq!(table.broken(&Claims::new()), Vec::<String>::new(), "{table}");
        for row in &table.rows {
            assert!(row.worst.ulp > 0.49 && row.inputs > 100_000 && row.curve.len() > 100, "{table}");
            assert_eq!((row.outside.count, row.nan_lost, row.undecided, row.odd.count), (0, 0, 0, 0), "{table}");
            assert_eq!(row.curve.iter().map(|cell| cell.ulp).fold(0.0, f64::max), row.worst.ulp, "{table}");
            if table.number == "f32" {
                assert_eq!(row.misrounded, row.double_roundings, "{table}");
                assert_eq!(row.decreasing.count, 0, "{table}");
            }
        }
    }
}

#[test]
fn one_wrong_bit_at_one_input_is_found_and_measured() {
    let (row, broken) = tanh_of::<f32>(|_, x, y| if x == 0.25 { y.next_up() } else { y });
    assert!((row.worst.x, row.misrounded, broken) == (0.25, 1, true) && row.worst.ulp < 1.5, "{row:?}");
    let (row, broken) = tanh_of::<f64>(|_, x, y| if x == 0.25 { y + 8.0 * (y.next_up() - y) } else { y });
    assert!(row.worst.x == 0.25 && row.worst.ulp > 7.0 && broken, "{row:?}");
}

#[test]
fn neighbours_in_the_wrong_order_are_found() {
    let (row, _) = tanh_of::<f32>(|_, x, y| if x == -1.0 { y.next_up().next_up() } else { y });
    // Of the two neighbours the one of smaller magnitude is named.
    assert_eq!((row.decreasing.count, row.decreasing.first), (1, Some(f64::from((-1f32).next_up()))), "{row:?}");
    // By two, or by one if the neighbour's own result is a number higher.
    assert!((1..=2).contains(&row.step_back), "{row:?}");
    // libm's own f64 tanh decreases here and there.
    let (unpatched, _) = tanh_of::<f64>(|_, _, y| y);
    let (row, _) = tanh_of::<f64>(|_, x, y| if x == 1.0 { y.next_up().next_up().next_up() } else { y });
    assert_eq!(row.decreasing.count, unpatched.decreasing.count + 1, "{row:?}");
}

#[test]
fn a_tanh_that_is_not_odd_is_found_and_so_is_a_sigmoid_without_symmetry() {
    let (row, _) = tanh_of::<f32>(|_, x, y| if x == -0.5 { y.next_up() } else { y });
    assert_eq!((row.odd.count, row.odd.first), (1, Some(0.5)), "{row:?}");
    let table =
        swept::<f32>(|activation, x, y| if activation == Activation::Sigmoid && x == -0.5 { y + 1e-5 } else { y });
    let complement = table.rows[0].complement;
    assert!(complement.x == 0.5 && complement.ulp > 100.0, "{table}");
}

#[test]
fn results_out_of_range_and_lost_nan_are_found() {
    let (row, broken) = tanh_of::<f32>(|_, x, y| if x == 8.0 { 1.0f32.next_up() } else { y });
    assert!((row.outside.count, row.outside.first, broken) == (1, Some(8.0), true), "{row:?}");
    let (row, broken) = tanh_of::<f64>(|_, x, y| if x == 8.0 { f64::NAN } else { y });
    assert!((row.outside.count, row.worst.ulp, broken) == (1, f64::MAX, true), "{row:?}");
    let (row, broken) = tanh_of::<f32>(|_, x, y| if x.is_nan() { 0.0 } else { y });
    assert!(row.nan_lost > 100 && row.broken_specials.len() == 2 && broken, "{row:?}");
}

#[test]
fn wrong_special_values_are_found() {
    let (row, broken) = tanh_of::<f32>(|_, x, y| if x.is_infinite() { y.next_down() } else { y });
    let wrong: Vec<_> = row.broken_specials.iter().map(|special| special.x.as_str()).collect();
    assert!(wrong == ["∞", "−∞"] && broken, "{row:?}");
    let (row, broken) = tanh_of::<f64>(|_, x, y| if x.is_subnormal() { 0.0 } else { y });
    assert!(row.broken_specials.len() == 4 && row.worst.ulp > 100.0 && broken, "{row:?}");
}

#[test]
fn subnormal_results_count_in_steps_of_the_smallest_number() {
    // σ(−744) is 2.7 of the smallest subnormal, σ(−744.44) is one.
    let flush = |_, x: f64, y| if x < -744.0 { 0.0 } else { y };
    let sigmoid = |table: Table| table.rows.into_iter().find(|row| row.function == Function::Sigmoid);
    let row = sigmoid(swept::<f64>(flush)).expect("there is a row for sigmoid");
    assert!((0.99..2.8).contains(&row.worst.ulp), "{row:?}");
    // σ(−709) is 2⁵¹ of them.
    let flush = |_, x: f64, y| if x < -709.0 { 0.0 } else { y };
    let row = sigmoid(swept::<f64>(flush)).expect("there is a row for sigmoid");
    assert!(row.worst.ulp > 1e15, "{row:?}");
}

#[test]
fn a_table_can_be_written_read_and_printed() {
    let table = swept::<f32>(|_, x, y| if x == 8.0 { f32::NAN } else { y });
    let json = serde_json::to_string(&table).expect("a table is data");
    assert_eq!(serde_json::from_str::<Table>(&json).expect("what was written can be read"), table);
    let markdown = table.markdown();
    let columns = |line: &str| line.matches(" | ").count();
    let rows: Vec<_> = markdown.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 2 + table.rows.len());
    assert!(rows.iter().all(|row| columns(row) == columns(rows[0])), "{markdown}");
    assert!(table.to_string().contains("not correctly rounded"));
}

#[test]
fn a_table_without_rows_contradicts_every_claim() {
    assert!(!sweep::<f32>(&[], Extent::Sampled, &|_| ()).broken(&Claims::new()).is_empty());
}
