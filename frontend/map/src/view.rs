//! The visible part of the plan: scale and shift between plan and screen, and the detail that this scale shows.

use super::geometry::{Bounds, within};

/// Maps the plan to the screen: screen position = plan position × scale + shift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// CSS pixels for each plan unit.
    pub scale: f32,
    /// The shift to the right, in CSS pixels.
    pub x: f32,
    /// The shift downwards, in CSS pixels.
    pub y: f32,
}

/// The size of the canvas, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CanvasSize {
    pub width: f32,
    pub height: f32,
}

/// The detail in which the hall is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Sections are drawn as shapes, without seats.
    Sections,
    /// Single seats are drawn, without their numbers.
    Seats,
    /// Single seats are drawn with their numbers.
    Numbers,
}

/// Single seats are drawn from this radius on, in CSS pixels.
const SEAT_RADIUS_PX: f32 = 2.5;
/// Seat numbers are drawn from this radius on, in CSS pixels.
const NUMBER_RADIUS_PX: f32 = 8.0;
/// The radius of a seat at the largest scale, in CSS pixels.
const NEAREST_RADIUS_PX: f32 = 26.0;

impl Detail {
    /// The detail for this radius of a seat on the screen.
    pub fn at(radius_px: f32) -> Self {
        if radius_px < SEAT_RADIUS_PX {
            Self::Sections
        } else if radius_px < NUMBER_RADIUS_PX {
            Self::Seats
        } else {
            Self::Numbers
        }
    }
}

impl View {
    /// The view that shows all of `bounds`, centred, with a margin of `padding` pixels.
    pub fn fitting(bounds: &Bounds, size: CanvasSize, padding: f32) -> Self {
        let room = ((size.width - 2.0 * padding).max(1.0), (size.height - 2.0 * padding).max(1.0));
        let scale = (room.0 / bounds.width().max(1.0)).min(room.1 / bounds.height().max(1.0));
        let (x, y) = bounds.centre();
        Self { scale, x: size.width / 2.0 - x * scale, y: size.height / 2.0 - y * scale }
    }

    /// The same view as `fitting`. If it would put one of `places` beneath the buttons in the lower right corner, the
    /// hall is fitted into the part of the canvas above that corner instead.
    pub fn fitting_beside(
        bounds: &Bounds,
        mut places: impl Iterator<Item = (f32, f32)>,
        size: CanvasSize,
        padding: f32,
        corner: CanvasSize,
    ) -> Self {
        let whole = Self::fitting(bounds, size, padding);
        let (left, top) = (size.width - corner.width, size.height - corner.height);
        let is_beneath = |(x, y): (f32, f32)| {
            let (x, y) = whole.to_screen(x, y);
            x > left && y > top
        };
        if top > corner.height && places.any(is_beneath) {
            Self::fitting(bounds, CanvasSize { height: top, ..size }, padding)
        } else {
            whole
        }
    }

    /// The screen position of a point of the plan.
    pub fn to_screen(self, x: f32, y: f32) -> (f32, f32) {
        (x * self.scale + self.x, y * self.scale + self.y)
    }

    /// The point of the plan at a screen position.
    pub fn to_plan(self, x: f32, y: f32) -> (f32, f32) {
        ((x - self.x) / self.scale, (y - self.y) / self.scale)
    }

    /// The visible part of the plan.
    pub fn visible(self, size: CanvasSize) -> Bounds {
        let (left, top) = self.to_plan(0.0, 0.0);
        let (right, bottom) = self.to_plan(size.width, size.height);
        Bounds { left, top, right, bottom }
    }

    /// The view zoomed by a factor, with the plan point at the screen position (`x`, `y`) staying in place.
    pub fn zoomed(self, factor: f32, x: f32, y: f32, limits: (f32, f32)) -> Self {
        let scale = within(self.scale * factor, limits.0, limits.1);
        let (px, py) = self.to_plan(x, y);
        Self { scale, x: x - px * scale, y: y - py * scale }
    }

    /// The view moved by screen pixels.
    pub fn panned(self, dx: f32, dy: f32) -> Self {
        Self { x: self.x + dx, y: self.y + dy, ..self }
    }

    /// The view with this point of the plan in the middle of the screen.
    pub fn centred_on(self, x: f32, y: f32, size: CanvasSize) -> Self {
        Self { x: size.width / 2.0 - x * self.scale, y: size.height / 2.0 - y * self.scale, ..self }
    }

    /// The view moved back so that the hall stays on the screen: each of its edges stays on its own side of the middle.
    pub fn kept_near(self, bounds: &Bounds, size: CanvasSize) -> Self {
        let (left, top) = self.to_screen(bounds.left, bounds.top);
        let (right, bottom) = self.to_screen(bounds.right, bounds.bottom);
        let (middle_x, middle_y) = (size.width / 2.0, size.height / 2.0);
        let mut kept = self;
        if left > middle_x {
            kept.x -= left - middle_x;
        } else if right < middle_x {
            kept.x += middle_x - right;
        }
        if top > middle_y {
            kept.y -= top - middle_y;
        } else if bottom < middle_y {
            kept.y += middle_y - bottom;
        }
        kept
    }
}

/// The smallest and the largest scale: from slightly smaller than the whole hall to seats that a thumb can hit.
pub fn limits(fit: f32, seat_radius: f32) -> (f32, f32) {
    (fit * 0.9, (NEAREST_RADIUS_PX / seat_radius.max(0.1)).max(fit))
}

/// The scale at which seats are large enough to be chosen with certainty.
pub fn choosing_scale(seat_radius: f32) -> f32 {
    (NUMBER_RADIUS_PX + 1.0) / seat_radius.max(0.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALL: Bounds = Bounds { left: -100.0, top: 0.0, right: 900.0, bottom: 500.0 };
    const SCREEN: CanvasSize = CanvasSize { width: 520.0, height: 400.0 };

    #[track_caller]
    fn check_close(a: f32, b: f32) {
        assert!((a - b).abs() < 0.01, "{a} is not {b}");
    }

    #[test]
    fn fit_shows_everything_in_the_middle() {
        let view = View::fitting(&HALL, SCREEN, 10.0);
        check_close(view.scale, 0.5);
        let (left, top) = view.to_screen(HALL.left, HALL.top);
        let (right, bottom) = view.to_screen(HALL.right, HALL.bottom);
        check_close(left, 10.0);
        check_close(right, 510.0);
        check_close(top, 400.0 - bottom);
    }

    #[test]
    fn nothing_to_choose_lies_beneath_the_corner() {
        let corner = CanvasSize { width: 150.0, height: 60.0 };
        // The hall fills this screen, so its last seat would lie in the corner.
        let screen = CanvasSize { width: 520.0, height: 270.0 };
        let fit = |place| View::fitting_beside(&HALL, [place].into_iter(), screen, 10.0, corner);
        let free = fit((0.0, 400.0));
        assert_eq!(free, View::fitting(&HALL, screen, 10.0));
        let beside = fit((890.0, 490.0));
        assert!(beside.to_screen(890.0, 490.0).1 <= screen.height - corner.height);
        assert!(beside.scale < free.scale);
    }

    #[test]
    fn what_is_under_the_finger_stays_there() {
        let view = View::fitting(&HALL, SCREEN, 10.0);
        let before = view.to_plan(123.0, 77.0);
        let after = view.zoomed(3.0, 123.0, 77.0, (0.1, 10.0)).to_plan(123.0, 77.0);
        check_close(before.0, after.0);
        check_close(before.1, after.1);
        check_close(view.zoomed(1000.0, 0.0, 0.0, (0.1, 10.0)).scale, 10.0);
    }

    #[test]
    fn the_hall_cannot_be_pushed_off_the_screen() {
        let view = View::fitting(&HALL, SCREEN, 10.0).panned(5000.0, -5000.0);
        let kept = view.kept_near(&HALL, SCREEN);
        assert!(kept.visible(SCREEN).meets(&HALL));
        check_close(kept.to_screen(HALL.left, 0.0).0, SCREEN.width / 2.0);
        check_close(kept.to_screen(0.0, HALL.bottom).1, SCREEN.height / 2.0);
    }

    #[test]
    fn detail_grows_with_nearness() {
        assert_eq!(Detail::at(1.0), Detail::Sections);
        assert_eq!(Detail::at(4.0), Detail::Seats);
        assert_eq!(Detail::at(12.0), Detail::Numbers);
        assert_eq!(Detail::at(choosing_scale(10.0) * 10.0), Detail::Numbers);
    }
}
