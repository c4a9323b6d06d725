//! `argmin_k ‖x̄ − m_k‖`: what the mean of a sequence says by itself.

use super::data::classes;
use recurrent::Sequences;
use recurrent::data::Input;

/// The mean step of every sequence.
pub fn means(data: &Sequences<f32>) -> Vec<Vec<f64>> {
    let width = data.width().unwrap_or(1);
    data.iter()
        .map(|(input, _)| if let Input::Features(x) = input { mean(x, width) } else { vec![0.0; width] })
        .collect()
}

#[allow(clippy::cast_precision_loss)]
fn mean(x: &[f32], width: usize) -> Vec<f64> {
    let steps = (x.len() / width) as f64;
    (0..width).map(|c| x.iter().skip(c).step_by(width).map(|x| f64::from(*x)).sum::<f64>() / steps).collect()
}

/// For each sequence the class whose sequences lie nearest, in the mean of their means.
#[allow(clippy::cast_precision_loss)]
pub fn by_class(train: &Sequences<f32>, test: &Sequences<f32>, count: usize) -> Vec<u32> {
    let (points, width) = (means(train), train.width().unwrap_or(1));
    let mut centres = vec![(vec![0.0; width], 0_u32); count];
    for (point, class) in points.iter().zip(classes(train)) {
        let (sum, members) = &mut centres[class as usize];
        sum.iter_mut().zip(point).for_each(|(sum, x)| *sum += x);
        *members += 1;
    }
    let known = (0..).zip(centres).filter(|(_, (_, members))| *members > 0);
    let known: Vec<(u32, Vec<f64>)> = known
        .map(|(class, (sum, members))| (class, sum.into_iter().map(|sum| sum / f64::from(members)).collect()))
        .collect();
    means(test).iter().map(|point| nearest(point, known.iter().map(|(class, centre)| (*class, &centre[..])))).collect()
}

/// For each sequence the class of the one whose mean lies nearest.
pub fn by_sequence(train: &Sequences<f32>, test: &Sequences<f32>) -> Vec<u32> {
    let (points, of_points): (Vec<_>, Vec<_>) = (means(train), classes(train).collect());
    let known = || of_points.iter().copied().zip(points.iter().map(Vec::as_slice));
    means(test).iter().map(|point| nearest(point, known())).collect()
}

fn nearest<'a>(point: &[f64], known: impl Iterator<Item = (u32, &'a [f64])>) -> u32 {
    let distance = |other: &[f64]| point.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let nearest = known.map(|(class, other)| (class, distance(other))).min_by(|a, b| a.1.total_cmp(&b.1));
    nearest.map_or(0, |(class, _)| class)
}

#[cfg(test)]
mod tests {
    use super::*;
    use recurrent::data::{Label, TargetKind};

    fn data(rows: &[(&[f32], u32)]) -> Sequences<f32> {
        let mut data = Sequences::features(2, TargetKind::ClassPerRow).unwrap();
        rows.iter().for_each(|(x, class)| data.push_labelled(Input::Features(x), Label::Class(*class)).unwrap());
        data
    }

    #[test]
    fn a_mean_is_that_of_the_steps_of_a_sequence() {
        assert_eq!(means(&data(&[(&[1.0, 10.0, 3.0, 30.0], 0), (&[5.0, 6.0], 0)])), [[2.0, 20.0], [5.0, 6.0]]);
    }

    #[test]
    fn the_nearest_class_need_not_be_that_of_the_nearest_sequence() {
        // Class 1 has one member at 3, class 2 lies around 0 with one member far out at 4; class 0 is empty.
        let train = data(&[(&[3.0, 0.0], 1), (&[0.0, 0.0], 2), (&[0.0, 0.0], 2), (&[4.0, 0.0], 2)]);
        let test = data(&[(&[3.8, 0.0], 0), (&[0.2, 0.0], 0)]);
        assert_eq!(by_class(&train, &test, 3), [1, 2]);
        assert_eq!(by_sequence(&train, &test), [2, 2]);
    }
}
