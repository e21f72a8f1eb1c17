//! Pans and zooms: immediate moves, and animated moves to a target.

use leptos::prelude::window;

use super::{MapStage, PADDING};
use crate::{
    geometry::{Bounds, within},
    view::{Detail, View, choosing_scale, limits},
};
use ui::{browser::monotonic_ms, js::pow};

/// How long an animated move takes.
const GLIDE_MS: f64 = 180.0;

/// An animated move under way.
pub(super) struct Glide {
    from: View,
    to: View,
    since: f64,
}

impl MapStage {
    /// Moves the map by these pixels.
    pub fn pan(&mut self, dx: f32, dy: f32) {
        self.glide = None;
        self.view = self.view.panned(dx, dy).kept_near(&self.hall.bounds, self.size);
    }

    /// Zooms at once by a factor about a point of the canvas.
    pub fn zoom(&mut self, factor: f32, x: f32, y: f32) {
        self.glide = None;
        self.zoomed_at = monotonic_ms();
        self.view = self.zoomed_view(factor, x, y);
    }

    /// Zooms with an animation by a factor about the seat nearest to the middle, so that the visitor does not zoom into
    /// the pitch.
    pub fn zoom_step(&mut self, factor: f32) {
        let from = self.glide.as_ref().map_or(self.view, |glide| glide.to);
        let view = std::mem::replace(&mut self.view, from);
        let (x, y) = self.nearest_to_middle();
        let to = self.zoomed_view(factor, x, y);
        self.view = view;
        self.glide_to(to);
    }

    fn nearest_to_middle(&self) -> (f32, f32) {
        let middle = (self.size.width / 2.0, self.size.height / 2.0);
        let (x, y) = self.view.to_plan(middle.0, middle.1);
        let away = |seat: usize| (self.hall.x[seat] - x).hypot(self.hall.y[seat] - y);
        let nearest = (0..self.hall.len()).min_by(|a, b| away(*a).total_cmp(&away(*b)));
        nearest.map_or(middle, |seat| self.on_screen(seat))
    }

    fn zoomed_view(&self, factor: f32, x: f32, y: f32) -> View {
        self.view
            .zoomed(factor, x, y, limits(self.fit.scale, self.hall.radius))
            .kept_near(&self.hall.bounds, self.size)
    }

    /// Moves to the view that shows the whole hall.
    pub fn fit(&mut self) {
        self.glide_to(self.fit);
    }

    /// Shows a section as large as possible.
    pub fn show_section(&mut self, section: usize) {
        let Some(shape) = self.hall.sections.get(section) else { return };
        let bounds = shape.bounds.grown(self.hall.radius * 4.0);
        let whole = View::fitting(&bounds, self.size, PADDING);
        let to = if Detail::at(whole.scale * self.hall.radius) == Detail::Sections {
            self.near_view(shape.anchor.0, shape.anchor.1)
        } else {
            View { scale: whole.scale.min(choosing_scale(self.hall.radius) * 1.6), ..whole }
        };
        let (x, y) = bounds.centre();
        self.glide_to(to.centred_on(x, y, self.size));
    }

    /// Zooms in far enough for choosing seats, with this point of the canvas in the middle.
    pub fn approach(&mut self, x: f32, y: f32) {
        let (x, y) = self.view.to_plan(x, y);
        self.glide_to(self.near_view(x, y));
    }

    /// Moves the map so that a seat is visible, without changing the scale unless single seats are not drawn.
    pub fn reveal(&mut self, seat: usize) {
        let (x, y) = (self.hall.x[seat], self.hall.y[seat]);
        let inside = self.view.visible(self.size).grown(-self.hall.radius * 3.0);
        let place = Bounds { left: x, top: y, right: x, bottom: y };
        if self.detail() == Detail::Sections {
            self.glide_to(self.near_view(x, y));
        } else if !inside.meets(&place) {
            self.glide_to(self.view.centred_on(x, y, self.size));
        }
    }

    fn near_view(&self, x: f32, y: f32) -> View {
        let scale = choosing_scale(self.hall.radius).max(self.view.scale);
        View { scale, ..self.view }.centred_on(x, y, self.size)
    }

    /// Moves to a point of the minimap, given as parts (0 to 1) of its width and height.
    pub fn jump(&mut self, part_x: f32, part_y: f32) {
        let bounds = self.hall.bounds;
        let x = bounds.left + bounds.width() * part_x;
        let y = bounds.top + bounds.height() * part_y;
        self.glide = None;
        self.view = self.view.centred_on(x, y, self.size);
    }

    fn glide_to(&mut self, to: View) {
        let to = to.kept_near(&self.hall.bounds, self.size);
        let still = window()
            .match_media("(prefers-reduced-motion: reduce)")
            .ok()
            .flatten()
            .is_some_and(|query| query.matches());
        if still {
            self.view = to;
        } else {
            self.glide = Some(Glide { from: self.view, to, since: monotonic_ms() });
        }
    }

    /// Continues the animation. Returns whether it goes on.
    pub(super) fn glide_on(&mut self, now: f64) -> bool {
        let Some(glide) = &self.glide else { return false };
        #[allow(clippy::cast_possible_truncation, reason = "a part of one")]
        let part = within((now - glide.since) / GLIDE_MS, 0.0, 1.0) as f32;
        // Ease out: fast at first, slow at the end.
        let eased = 1.0 - (1.0 - part).powi(3);
        let along = |from: f32, to: f32| from + (to - from) * eased;
        let (from, to) = (glide.from, glide.to);
        // The scale changes geometrically and the middle linearly; otherwise the path would look bent.
        #[allow(clippy::cast_possible_truncation, reason = "a scale")]
        let scale = from.scale * pow((to.scale / from.scale).into(), eased.into()) as f32;
        let middle = |view: View| view.to_plan(self.size.width / 2.0, self.size.height / 2.0);
        let (a, b) = (middle(from), middle(to));
        self.view = View { scale, ..to }.centred_on(along(a.0, b.0), along(a.1, b.1), self.size);
        if part >= 1.0 {
            self.view = to;
            self.glide = None;
        }
        self.glide.is_some()
    }
}
