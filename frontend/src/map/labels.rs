//! Where the names of sections stand without covering each other.

use super::geometry::Bounds;

/// A label that wants a place.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    /// Its middle on the screen.
    pub x: f32,
    /// Its middle on the screen.
    pub y: f32,
    /// Width with the second line.
    pub full: (f32, f32),
    /// Width of the name alone.
    pub short: (f32, f32),
}

/// What it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granted {
    /// Name and second line.
    Full,
    /// The name alone.
    Short,
    /// Nothing: it would cover another.
    Nothing,
}

/// Space kept between two labels.
const GAP: f32 = 3.0;

/// Grants places: all get their name first, then those with room get their second line.
pub fn granted(wishes: &[Wish]) -> Vec<Granted> {
    let area = |wish: &Wish, (width, height): (f32, f32)| Bounds {
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

    fn at(x: f32) -> Wish {
        Wish { x, y: 0.0, full: (100.0, 30.0), short: (40.0, 15.0) }
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
