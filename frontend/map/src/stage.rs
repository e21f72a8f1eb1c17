//! The canvas with everything that one frame needs.
//!
//! `handle` requests a frame after each change, `moves` pans and zooms, `frame` draws.

mod frame;
mod handle;
mod moves;

use std::{cell::RefCell, rc::Rc};

use leptos::prelude::window;
use web_sys::{CanvasRenderingContext2d as Context, HtmlCanvasElement};

pub use handle::Handle;
use moves::Glide;

use super::{
    geometry::within,
    live::LiveSeats,
    minimap::Minimap,
    model::Hall,
    overlay::SectionLabel,
    palette::Palette,
    tiles::{Tiles, affordable_ratio, context_of},
    view::{CanvasSize, Detail, View},
};

/// A point this much beyond the edge of a seat still hits it, as a multiple of its radius.
const REACH: f32 = 1.15;
/// The free margin around the hall, in CSS pixels.
const PADDING: f32 = 16.0;
/// The size of the corner with the zoom buttons and a margin, in CSS pixels. See `.map-tools` in the style sheet.
const TOOLS: CanvasSize = CanvasSize { width: 174.0, height: 78.0 };
/// The minimap is shown when the map is larger than the whole hall by this factor.
const MINIMAP_FROM: f32 = 1.15;

pub struct MapStage {
    canvas: HtmlCanvasElement,
    context: Context,
    minimap: Minimap,
    pub hall: Rc<Hall>,
    live: Rc<RefCell<LiveSeats>>,
    palette: Palette,
    tiles: Tiles,
    size: CanvasSize,
    device_ratio: f64,
    view: View,
    fit: View,
    glide: Option<Glide>,
    zoomed_at: f64,
    labels: Vec<SectionLabel>,
    mine: Vec<usize>,
    pointed_at: Option<usize>,
}

impl MapStage {
    fn new(
        canvas: HtmlCanvasElement,
        minimap: HtmlCanvasElement,
        hall: Rc<Hall>,
        live: Rc<RefCell<LiveSeats>>,
    ) -> Option<Self> {
        let context = context_of(&canvas)?;
        let palette = Palette::read(&hall.categories);
        let view = View { scale: 1.0, x: 0.0, y: 0.0 };
        Some(Self {
            canvas,
            context,
            minimap: Minimap::new(minimap)?,
            hall,
            live,
            palette,
            tiles: Tiles::default(),
            size: CanvasSize { width: 0.0, height: 0.0 },
            device_ratio: 1.0,
            view,
            fit: view,
            glide: None,
            zoomed_at: f64::NEG_INFINITY,
            labels: Vec::new(),
            mine: Vec::new(),
            pointed_at: None,
        })
    }

    /// Adapts to the size of the canvas on the page.
    pub fn resize(&mut self, width: f32, height: f32) {
        let size = CanvasSize { width, height };
        let ratio = affordable_ratio(within(window().device_pixel_ratio(), 1.0, 3.0), size);
        if width < 1.0
            || height < 1.0
            || (size == self.size && (ratio - self.device_ratio).abs() < 0.01)
        {
            return;
        }
        let was_fitting = self.size.width == 0.0 || self.is_fitting();
        let middle = self.view.to_plan(self.size.width / 2.0, self.size.height / 2.0);
        self.size = size;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels")]
        let pixels = |length: f32| (f64::from(length) * ratio).round() as u32;
        self.canvas.set_width(pixels(width));
        self.canvas.set_height(pixels(height));
        if (ratio - self.device_ratio).abs() > 0.01 || self.tiles.scale() == 0.0 {
            self.tiles.clear(ratio);
        }
        self.tiles.bound(size);
        self.device_ratio = ratio;
        let seats = self.hall.x.iter().zip(&self.hall.y).zip(&self.hall.radii);
        let seats = seats.map(|((x, y), radius)| (x + radius, y + radius));
        self.fit = View::fitting_beside(&self.hall.bounds, seats, size, PADDING, TOOLS);
        if was_fitting {
            self.view = self.fit;
            self.glide = None;
        } else {
            self.view = self.view.centred_on(middle.0, middle.1, size);
        }
    }

    fn is_fitting(&self) -> bool {
        (self.view.scale / self.fit.scale - 1.0).abs() < 0.02
    }

    /// Whether the map is zoomed in far enough for the minimap to help.
    pub fn is_near(&self) -> bool {
        self.view.scale > self.fit.scale * MINIMAP_FROM
    }

    /// The detail in which seats are drawn now.
    pub fn detail(&self) -> Detail {
        Detail::at(self.radius_px())
    }

    /// The usual radius of a seat on the screen, in CSS pixels.
    pub fn radius_px(&self) -> f32 {
        self.hall.radius * self.view.scale
    }

    /// The radius of this seat on the screen, in CSS pixels.
    pub fn radius_px_of(&self, seat: usize) -> f32 {
        self.hall.radii[seat] * self.view.scale
    }

    /// Draws everything again after the colours changed.
    pub fn repaint(&mut self) {
        self.palette = Palette::read(&self.hall.categories);
        self.tiles.clear(self.device_ratio);
        self.minimap.spoil();
    }

    /// Draws the given seats again after their state changed.
    pub fn spoil(&mut self, seats: &[usize]) {
        const MANY: usize = 400;
        if self.detail() == Detail::Sections || seats.len() > MANY {
            self.tiles.spoil_all();
            return;
        }
        for seat in seats {
            let (x, y) = (self.hall.x[*seat], self.hall.y[*seat]);
            self.tiles.spoil(x, y, self.hall.radii[*seat] * 1.4);
        }
    }

    /// Sets the labels of the sections.
    pub fn set_labels(&mut self, labels: Vec<SectionLabel>) {
        self.labels = labels;
    }

    /// Sets the seats that the visitor has chosen or holds.
    pub fn set_mine(&mut self, seats: Vec<usize>) {
        self.mine = seats;
    }

    /// Sets the seat under the pointer. Returns whether it is another seat than before.
    pub fn point_at(&mut self, seat: Option<usize>) -> bool {
        std::mem::replace(&mut self.pointed_at, seat) != seat
    }

    /// The seat at a point of the canvas.
    pub fn seat_at(&self, x: f32, y: f32) -> Option<usize> {
        if self.detail() == Detail::Sections {
            return None;
        }
        let (x, y) = self.view.to_plan(x, y);
        self.hall.seat_at(x, y, REACH)
    }

    /// The section nearest to a point of the canvas.
    pub fn section_at(&self, x: f32, y: f32) -> Option<usize> {
        let (x, y) = self.view.to_plan(x, y);
        let seat = self.hall.seat_at(x, y, self.hall.row_step * 1.5)?;
        Some(self.hall.row_of(seat).section)
    }

    /// The position of a seat on the canvas, in CSS pixels.
    pub fn on_screen(&self, seat: usize) -> (f32, f32) {
        self.view.to_screen(self.hall.x[seat], self.hall.y[seat])
    }

    /// The size of the canvas, in CSS pixels.
    pub fn size(&self) -> CanvasSize {
        self.size
    }
}
