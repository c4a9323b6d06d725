//! The batches of an epoch: every row once, in an order that the generator alone decides.

use recurrent::data::Order;
use recurrent::rng::Rng;

const ORDERS: [Order; 5] = [
    Order::InSequence,
    Order::Shuffled,
    Order::Buckets { of: 1 },
    Order::Buckets { of: 3 },
    Order::Buckets { of: usize::MAX },
];

#[test]
fn every_row_is_in_one_batch_and_all_batches_but_the_last_are_full() {
    let mut cases = Rng::seed(1);
    for case in 0..300 {
        let lengths: Vec<usize> = (0..cases.below(40)).map(|_| cases.below(9)).collect();
        let size = 1 + cases.below(12);
        for order in ORDERS {
            let mut rng = Rng::seed(case);
            let batches = order.batches(&lengths, size, &mut rng).unwrap();
            assert_eq!(batches, order.batches(&lengths, size, &mut Rng::seed(case)).unwrap(), "{order:?}");
            let mut rows: Vec<usize> = batches.iter().flatten().copied().collect();
            rows.sort_unstable();
            assert_eq!(rows, (0..lengths.len()).collect::<Vec<_>>(), "{order:?}");
            assert_eq!((batches.len(), batches.is_empty()), (lengths.len().div_ceil(size), lengths.is_empty()));
            for (k, batch) in batches.iter().enumerate() {
                let expected = size.min(lengths.len() - k * size);
                assert_eq!((batch.len(), batches.get(k)), (expected, Some(batch)), "{order:?}");
            }
            assert_eq!(batches.get(batches.len()), None);
        }
    }
}

#[test]
fn rows_in_sequence_draw_nothing_and_shuffled_ones_are_in_another_order() {
    let mut rng = Rng::seed(2);
    let in_sequence = Order::InSequence.batches(&[5; 20], 8, &mut rng).unwrap();
    assert_eq!(rng, Rng::seed(2));
    assert!(in_sequence.iter().flatten().copied().eq(0..20));
    let epoch = |rng: &mut Rng| Order::Shuffled.batches(&[5; 20], 8, rng).unwrap();
    let (first, second) = (epoch(&mut rng), epoch(&mut rng));
    assert!(first != in_sequence && second != first);
}

#[test]
fn buckets_put_rows_of_like_length_together_and_still_go_over_lengths_in_any_order() {
    let mut rng = Rng::seed(3);
    let lengths: Vec<usize> = (0..400).map(|_| 1 + rng.below(100)).collect();
    let padding = |order: Order| {
        let batches = order.batches(&lengths, 10, &mut Rng::seed(4)).unwrap();
        let longest = |batch: &[usize]| batch.iter().map(|&n| lengths[n]).max().unwrap();
        let taken: usize = batches.iter().map(|batch| batch.len() * longest(batch)).sum();
        let ascending = batches.iter().map(longest).is_sorted();
        (taken - lengths.iter().sum::<usize>(), ascending)
    };
    let of = |of| padding(Order::Buckets { of });
    assert!(of(40).0 < of(4).0 && of(4).0 < padding(Order::Shuffled).0, "{:?} {:?}", of(40), of(4));
    // Sorted as a whole, each batch spans a fortieth of the lengths: at most 100 steps of padding for each of 10 rows.
    assert!(of(40).0 <= 10 * 100);
    assert!(!of(40).1, "batches come in the order of their lengths");
}

#[test]
fn rows_of_one_length_stay_as_they_were_shuffled() {
    // With one chunk and one batch nothing but the first shuffle is left.
    let buckets = Order::Buckets { of: 1 }.batches(&[7; 30], 30, &mut Rng::seed(6)).unwrap();
    assert_eq!(buckets, Order::Shuffled.batches(&[7; 30], 30, &mut Rng::seed(6)).unwrap());
}

#[test]
fn batches_without_rows_are_errors() {
    let message = |order: Order, size| order.batches(&[1, 2], size, &mut Rng::seed(0)).unwrap_err().to_string();
    assert_eq!(message(Order::Shuffled, 0), "rows of a batch: expected at least 1, found 0");
    assert_eq!(message(Order::Buckets { of: 0 }, 1), "buckets, batches of a chunk: expected at least 1, found 0");
}

#[test]
fn an_order_is_data() {
    let json = serde_json::to_string(&Order::Buckets { of: 8 }).unwrap();
    assert_eq!(json, r#"{"buckets":{"of":8}}"#);
    assert_eq!(serde_json::from_str::<Order>(&json).unwrap(), Order::Buckets { of: 8 });
}
