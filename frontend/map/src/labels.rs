//! The placement of section names on the map, so that no name covers another.

use super::{
    geometry::{Bounds, within},
    view::CanvasSize,
};

/// A label that is to be placed.
#[derive(Debug, Clone, Copy)]
pub struct UnplacedLabel {
    /// The horizontal centre of the label on the screen, in CSS pixels.
    pub x: f32,
    /// The vertical centre of the label on the screen, in CSS pixels.
    pub y: f32,
    /// Width and height with the second line.
    pub full: (f32, f32),
    /// Width and height of the name alone.
    pub short: (f32, f32),
}

impl UnplacedLabel {
    /// Moves the label so that the edge of the screen cuts off no part of it. A label whose place is not visible is
    /// not moved.
    pub fn inside(self, size: CanvasSize) -> Self {
        let moved = |at: f32, needed: f32, room: f32| {
            let half = needed / 2.0 + GAP;
            let in_sight = (0.0..=room).contains(&at);
            if in_sight { within(at, half, (room - half).max(half)) } else { at }
        };
        let (width, height) = self.full;
        let (x, y) = (moved(self.x, width, size.width), moved(self.y, height, size.height));
        Self { x, y, ..self }
    }
}

/// The part of a label that is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    /// The name and the second line.
    Full,
    /// Only the name, without the second line.
    Short,
    /// Nothing, because the label would cover another.
    Nothing,
}

/// The minimum gap between two labels, in CSS pixels.
const GAP: f32 = 3.0;

/// Places the labels: first all names, then the second lines of the labels that have room.
pub fn granted(wishes: &[UnplacedLabel]) -> Vec<Granted> {
    let area = |wish: &UnplacedLabel, (width, height): (f32, f32)| Bounds {
        left: wish.x - width / 2.0 - GAP,
        right: wish.x + width / 2.0 + GAP,
        top: wish.y - height / 2.0 - GAP,
        bottom: wish.y + height / 2.0 + GAP,
    };
    let mut taken: Vec<Option<Bounds>> = Vec::with_capacity(wishes.len());
    for wish in wishes {
        let wanted = area(wish, wish.short);
        let free = !taken.iter().flatten().any(|other| other.meets(&wanted));
        taken.push(free.then_some(wanted));
    }
    let mut result: Vec<_> = taken
        .iter()
        .map(|place| if place.is_some() { Granted::Short } else { Granted::Nothing })
        .collect();
    for (at, wish) in wishes.iter().enumerate() {
        if taken[at].is_none() {
            continue;
        }
        let wanted = area(wish, wish.full);
        let clash = taken
            .iter()
            .enumerate()
            .any(|(other, place)| other != at && place.is_some_and(|place| place.meets(&wanted)));
        if !clash {
            taken[at] = Some(wanted);
            result[at] = Granted::Full;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32) -> UnplacedLabel {
        UnplacedLabel { x, y: 0.0, full: (100.0, 30.0), short: (40.0, 15.0) }
    }

    #[test]
    fn a_label_at_the_edge_moves_inside_and_one_out_of_sight_stays_there() {
        let size = CanvasSize { width: 390.0, height: 400.0 };
        let place = |x| {
            let wish = at(x).inside(size);
            (wish.x, wish.y)
        };
        assert_eq!(place(44.0), (53.0, 18.0));
        assert_eq!(place(200.0), (200.0, 18.0));
        assert_eq!(place(389.0), (337.0, 18.0));
        assert_eq!(place(-10.0).0, -10.0);
        let narrow = at(30.0).inside(CanvasSize { width: 60.0, height: 400.0 });
        assert_eq!(narrow.x, 53.0, "its beginning is what stays in sight");
    }

    #[test]
    fn names_come_before_second_lines_and_nothing_is_covered() {
        assert_eq!(granted(&[at(0.0), at(300.0)]), [Granted::Full, Granted::Full]);
        assert_eq!(granted(&[at(0.0), at(60.0)]), [Granted::Short, Granted::Short]);
        assert_eq!(granted(&[at(0.0), at(80.0)]), [Granted::Full, Granted::Short]);
        assert_eq!(granted(&[at(0.0), at(10.0)]), [Granted::Full, Granted::Nothing]);
        assert!(granted(&[]).is_empty());
    }
}
