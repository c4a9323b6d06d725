//! When callers go without help.

use std::time::{Duration, Instant};

use crate::threads::pace::{End, Pace};

const MS: Duration = Duration::from_millis(1);

/// For how many milliseconds a pace rests that takes note of `end` at `now`.
fn rest_after(pace: &mut Pace, end: End, now: Instant) -> usize {
    pace.note(end, || now);
    (0..10_000).take_while(|&ms| pace.rests(now + MS * ms)).count()
}

#[test]
fn a_wait_far_longer_than_the_work_is_followed_by_a_rest_of_eight_waits() {
    let (mut pace, now) = (Pace::new(), Instant::now());
    assert_eq!(rest_after(&mut pace, End::Slept { worked: 2 * MS, slept: 6 * MS }, now), 0);
    assert_eq!(rest_after(&mut pace, End::Helped, now), 0);
    assert_eq!(rest_after(&mut pace, End::Slept { worked: MS, slept: 5 * MS }, now), 40);
}

#[test]
fn rests_that_help_nothing_grow_to_two_seconds_and_are_forgotten_after_four_of_them() {
    let (mut pace, mut now) = (Pace::new(), Instant::now());
    let late = End::Slept { worked: MS, slept: 5 * MS };
    for want in [40, 80, 160, 320, 640, 1280, 2000, 2000] {
        assert_eq!(rest_after(&mut pace, late, now), want);
        now += Duration::from_millis(u64::try_from(want).unwrap() + 1);
    }
    now += MS * 8000;
    assert_eq!(rest_after(&mut pace, late, now), 40);
}

#[test]
fn threads_that_come_in_vain_are_left_alone_after_the_eighth_time_in_a_row() {
    let (mut pace, now) = (Pace::new(), Instant::now());
    for _ in 0..8 {
        assert_eq!(rest_after(&mut pace, End::InVain, now), 0);
    }
    assert_eq!(rest_after(&mut pace, End::InVain, now), 2);
    let mut pace = Pace::new();
    for run in 0..100 {
        let end = if run % 8 == 0 { End::Helped } else { End::InVain };
        assert_eq!(rest_after(&mut pace, end, now), 0);
    }
}
