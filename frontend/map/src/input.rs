//! Turns the input of fingers, mouse, wheel and keys into moves of the stage.
//!
//! One finger or the mouse drags, two fingers pinch, a short touch picks.

use std::f64::consts::E;

use ui::js::pow;

use super::{
    geometry::within,
    stage::{Handle, MapStage},
    view::Detail,
};

/// A pointer that moves farther than this from its start drags and no longer picks, in CSS pixels.
const SLOP_PX: f32 = 7.0;
/// How far an arrow key moves the map, in CSS pixels.
const KEY_PX: f32 = 80.0;
/// The zoom factor of the buttons + and −.
pub const ZOOM_STEP: f32 = 1.6;
/// The smallest radius of a seat that a thumb can hit, in CSS pixels. On smaller seats, a touch zooms in instead of
/// picking.
const THUMB_RADIUS_PX: f32 = 9.0;
/// The smallest radius of a seat that a mouse can hit, in CSS pixels.
const MOUSE_RADIUS_PX: f32 = 3.2;

/// A pointer that is pressed.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Contact {
    id: i32,
    x: f32,
    y: f32,
}

/// The pressed pointers, and whether they have moved.
#[derive(Debug, Default)]
pub struct Gesture {
    contacts: Vec<Contact>,
    from: (f32, f32),
    moved: bool,
}

/// The meaning of a pointer's movement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Move {
    /// The movement has no effect on the map.
    Nothing,
    /// Shift the map by these pixels.
    Pan(f32, f32),
    /// Zoom by a factor about a point, and shift the map with the fingers.
    Pinch { factor: f32, x: f32, y: f32, dx: f32, dy: f32 },
}

impl Gesture {
    pub fn down(&mut self, id: i32, x: f32, y: f32) {
        self.contacts.retain(|contact| contact.id != id);
        if self.contacts.is_empty() {
            self.from = (x, y);
            self.moved = false;
        } else {
            self.moved = true;
        }
        self.contacts.push(Contact { id, x, y });
    }

    /// Whether a pointer is pressed.
    pub fn is_active(&self) -> bool {
        !self.contacts.is_empty()
    }

    pub fn moved(&mut self, id: i32, x: f32, y: f32) -> Move {
        let Some(at) = self.contacts.iter().position(|contact| contact.id == id) else {
            return Move::Nothing;
        };
        let before = self.contacts.clone();
        self.contacts[at] = Contact { id, x, y };
        if (x - self.from.0).hypot(y - self.from.1) > SLOP_PX {
            self.moved = true;
        }
        match (before.as_slice(), self.contacts.as_slice()) {
            ([old], [new]) if self.moved => Move::Pan(new.x - old.x, new.y - old.y),
            ([a, b, ..], [c, d, ..]) => {
                let middle =
                    |p: &Contact, q: &Contact| (f32::midpoint(p.x, q.x), f32::midpoint(p.y, q.y));
                let apart = |p: &Contact, q: &Contact| (p.x - q.x).hypot(p.y - q.y).max(1.0);
                let (from, to) = (middle(a, b), middle(c, d));
                Move::Pinch {
                    factor: apart(c, d) / apart(a, b),
                    x: from.0,
                    y: from.1,
                    dx: to.0 - from.0,
                    dy: to.1 - from.1,
                }
            }
            _ => Move::Nothing,
        }
    }

    /// A pointer was released. Returns its position if the gesture was a pick.
    pub fn up(&mut self, id: i32) -> Option<(f32, f32)> {
        let was_down = self.contacts.iter().any(|contact| contact.id == id);
        self.contacts.retain(|contact| contact.id != id);
        (was_down && self.contacts.is_empty() && !self.moved).then_some(self.from)
    }

    /// The browser cancelled the pointer, for example to scroll.
    pub fn cancel(&mut self, id: i32) {
        self.contacts.retain(|contact| contact.id != id);
        self.moved = true;
    }
}

pub fn apply(stage: &mut MapStage, step: Move) {
    match step {
        Move::Nothing => {}
        Move::Pan(dx, dy) => stage.pan(dx, dy),
        Move::Pinch { factor, x, y, dx, dy } => {
            stage.zoom(factor, x, y);
            stage.pan(dx, dy);
        }
    }
}

/// The zoom factor of a turn of the wheel, whatever unit (`deltaMode`) the browser reports.
pub fn wheel_factor(delta: f64, mode: u32, pinching: bool) -> f32 {
    let pixels = match mode {
        1 => delta * 16.0,
        2 => delta * 400.0,
        _ => delta,
    };
    let strength = if pinching { 0.01 } else { 0.0018 };
    #[allow(clippy::cast_possible_truncation, reason = "near one")]
    let factor = pow(E, -within(pixels, -400.0, 400.0) * strength) as f32;
    factor
}

/// A pick at a point of the canvas. Returns the seat if it is large enough to be hit on purpose; otherwise zooms in.
pub fn pick(handle: &Handle, x: f32, y: f32, is_touch: bool) -> Option<usize> {
    handle.update(|stage| {
        if stage.detail() == Detail::Sections {
            if let Some(section) = stage.section_at(x, y) {
                stage.show_section(section);
            }
            return None;
        }
        let needed = if is_touch { THUMB_RADIUS_PX } else { MOUSE_RADIUS_PX };
        if stage.radius_px() < needed {
            if stage.section_at(x, y).is_some() {
                stage.approach(x, y);
            }
            return None;
        }
        stage.seat_at(x, y)
    })
}

/// Handles a key. Returns whether the map uses this key.
pub fn key(handle: &Handle, key: &str) -> bool {
    let act: fn(&mut MapStage) = match key {
        "ArrowLeft" => |stage| stage.pan(KEY_PX, 0.0),
        "ArrowRight" => |stage| stage.pan(-KEY_PX, 0.0),
        "ArrowUp" => |stage| stage.pan(0.0, KEY_PX),
        "ArrowDown" => |stage| stage.pan(0.0, -KEY_PX),
        "+" | "=" => |stage| stage.zoom_step(ZOOM_STEP),
        "-" | "_" => |stage| stage.zoom_step(1.0 / ZOOM_STEP),
        "0" | "Home" => MapStage::fit,
        _ => return false,
    };
    handle.update(act);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_touch_picks_and_a_drag_does_not() {
        let mut gesture = Gesture::default();
        gesture.down(1, 50.0, 50.0);
        assert_eq!(gesture.moved(1, 53.0, 50.0), Move::Nothing);
        assert_eq!(gesture.up(1), Some((50.0, 50.0)));
        gesture.down(1, 50.0, 50.0);
        assert_eq!(gesture.moved(1, 70.0, 45.0), Move::Pan(20.0, -5.0));
        assert_eq!(gesture.up(1), None);
        assert_eq!(gesture.up(1), None);
    }

    #[test]
    fn two_fingers_pinch_about_their_middle_and_never_pick() {
        let mut gesture = Gesture::default();
        gesture.down(1, 0.0, 0.0);
        gesture.down(2, 100.0, 0.0);
        let step = gesture.moved(2, 200.0, 0.0);
        assert_eq!(step, Move::Pinch { factor: 2.0, x: 50.0, y: 0.0, dx: 50.0, dy: 0.0 });
        assert_eq!(gesture.up(2), None);
        assert_eq!(gesture.up(1), None);
    }

    #[test]
    fn the_wheel_zooms_in_upwards() {
        assert!(wheel_factor(-100.0, 0, false) > 1.0);
        assert!(wheel_factor(3.0, 1, false) < 1.0);
        assert!(wheel_factor(1e9, 2, false) > 0.4);
    }
}
