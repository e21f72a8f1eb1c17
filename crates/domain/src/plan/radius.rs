//! The radius with which each seat is drawn: the plan's radius, reduced where seats would overlap.

use std::collections::HashSet;

use super::Plan;

/// The radius of a seat for which the plan gives none, in the plan's unit: the default of the format.
pub const DEFAULT_RADIUS: f64 = 10.0;

impl Plan {
    /// The radius of every seat in the plan's unit, in the order of [`Plan::numbered`]: at most half the distance to
    /// the nearest seat at another point. A seat whose radius in the plan is 0 gets the default.
    pub fn radii(&self) -> Vec<f64> {
        let points: Vec<[f64; 2]> = self.numbered().map(|seat| [seat.x, seat.y]).collect();
        let mut distinct: Vec<[f64; 2]> = points.clone();
        distinct.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        distinct.dedup();
        let mut tree = distinct;
        arrange(&mut tree, 0);
        let given = self.zones.iter().flat_map(|zone| &zone.rows).flat_map(|row| &row.seats);
        given
            .zip(&points)
            .map(|(seat, point)| {
                let given = seat.radius.as_ref().map(super::Number::value);
                let wanted = given.filter(|radius| *radius > 0.0).unwrap_or(DEFAULT_RADIUS);
                let mut nearest = (2.0 * wanted).powi(2);
                search(&tree, 0, *point, &mut nearest);
                nearest.sqrt() / 2.0
            })
            .collect()
    }

    /// The number of seats that stand at the point of an earlier seat.
    pub(super) fn seats_at_one_point(&self) -> usize {
        let mut points = HashSet::new();
        self.numbered().filter(|seat| !points.insert([seat.x.to_bits(), seat.y.to_bits()])).count()
    }
}

/// Arranges points as a balanced two-dimensional tree: the point with the median of one coordinate is in the middle,
/// and the halves beside it are trees by the other coordinate.
fn arrange(points: &mut [[f64; 2]], axis: usize) {
    if points.len() > 1 {
        let middle = points.len() / 2;
        points.select_nth_unstable_by(middle, |a, b| a[axis].total_cmp(&b[axis]));
        let (left, right) = points.split_at_mut(middle);
        arrange(left, 1 - axis);
        arrange(&mut right[1..], 1 - axis);
    }
}

/// Lowers `nearest`, the square of a distance, to the square of the distance to the nearest other point in the tree.
fn search(points: &[[f64; 2]], axis: usize, from: [f64; 2], nearest: &mut f64) {
    let middle = points.len() / 2;
    let Some(point) = points.get(middle) else { return };
    let distance = (point[0] - from[0]).powi(2) + (point[1] - from[1]).powi(2);
    if distance > 0.0 {
        *nearest = nearest.min(distance);
    }
    let (left, right) = (&points[..middle], &points[middle + 1..]);
    let beside = from[axis] - point[axis];
    let (near, far) = if beside < 0.0 { (left, right) } else { (right, left) };
    search(near, 1 - axis, from, nearest);
    if beside.powi(2) <= *nearest {
        search(far, 1 - axis, from, nearest);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::{Number, Position, Row, Seat, Zone};

    fn plan(seats: &[(i32, i32, Option<i32>)]) -> Plan {
        let seats = seats.iter().map(|(x, y, radius)| Seat {
            position: Position { x: Number::from(*x), y: Number::from(*y) },
            radius: radius.map(Number::from),
            ..Seat::default()
        });
        let row = Row { seats: seats.collect(), ..Row::default() };
        let zone = Zone { rows: vec![row], ..Zone::default() };
        Plan { zones: vec![zone], ..Plan::default() }
    }

    #[test]
    fn seats_have_the_radius_of_the_plan_and_never_overlap() {
        for (seats, radii) in [
            (vec![(0, 0, None), (100, 0, None)], vec![10.0, 10.0]),
            (vec![(0, 0, Some(30)), (100, 0, Some(5))], vec![30.0, 5.0]),
            (vec![(0, 0, Some(30)), (0, 12, None)], vec![6.0, 6.0]),
            // Several seats at one point do not make each other vanish.
            (vec![(0, 0, None), (0, 0, None), (8, 0, Some(3))], vec![4.0, 4.0, 3.0]),
            (vec![(0, 0, None), (0, 0, Some(0))], vec![10.0, 10.0]),
            (vec![(5, 5, Some(1_000_000))], vec![1_000_000.0]),
            (vec![], vec![]),
        ] {
            assert_eq!(plan(&seats).radii(), radii, "{seats:?}");
        }
        assert_eq!(plan(&[(0, 0, None), (0, 0, None), (8, 0, None)]).seats_at_one_point(), 1);
    }

    proptest! {
        #[test]
        fn the_nearest_seat_is_found(
            seats in prop::collection::vec((-20..20i32, -20..20i32, prop::option::of(0..40i32)), 1..60)
        ) {
            let plan = plan(&seats);
            for (at, radius) in plan.radii().into_iter().enumerate() {
                let (x, y, given) = seats[at];
                let wanted = given.filter(|radius| *radius > 0).map_or(DEFAULT_RADIUS, f64::from);
                let distance = |(a, b): (i32, i32)| f64::from((a - x).pow(2) + (b - y).pow(2)).sqrt();
                let others = seats.iter().map(|(x, y, _)| distance((*x, *y)));
                let nearest = others.filter(|distance| *distance > 0.0).fold(f64::MAX, f64::min);
                let expected = wanted.min(nearest / 2.0);
                prop_assert!((radius - expected).abs() < 1e-9, "{radius} {expected}");
            }
        }
    }
}
