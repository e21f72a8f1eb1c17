//! The canvas and everything it needs for one frame.
//!
//! `handle` wakes it when something changed, `moves` is how the looker gets about, `frame` draws.

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
    live::Live,
    minimap::Minimap,
    model::Hall,
    overlay::SectionLabel,
    palette::Palette,
    tiles::{Tiles, context_of},
    view::{Detail, Size, View},
};

/// Free space around the hall.
const PADDING: f32 = 16.0;
/// The corner in which the zoom buttons stand, with some air: see `.map-tools` in the style sheet.
const TOOLS: Size = Size { width: 174.0, height: 78.0 };
/// Nearer than the whole hall by this factor, the minimap is shown.
const MINIMAP_FROM: f32 = 1.15;

/// What is on the canvas.
pub struct Stage {
    canvas: HtmlCanvasElement,
    context: Context,
    minimap: Minimap,
    /// The seats.
    pub hall: Rc<Hall>,
    live: Rc<RefCell<Live>>,
    palette: Palette,
    tiles: Tiles,
    size: Size,
    device_ratio: f64,
    view: View,
    fit: View,
    glide: Option<Glide>,
    zoomed_at: f64,
    labels: Vec<SectionLabel>,
    mine: Vec<usize>,
    pointed_at: Option<usize>,
}

impl Stage {
    fn new(
        canvas: HtmlCanvasElement,
        minimap: HtmlCanvasElement,
        hall: Rc<Hall>,
        live: Rc<RefCell<Live>>,
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
            size: Size { width: 0.0, height: 0.0 },
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

    /// Follows the size of the page. Answers whether this is the first size.
    pub fn resize(&mut self, width: f32, height: f32) {
        let ratio = within(window().device_pixel_ratio(), 1.0, 3.0);
        let size = Size { width, height };
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
        self.device_ratio = ratio;
        let reach = self.hall.radius;
        let seats = self.hall.x.iter().zip(&self.hall.y).map(|(x, y)| (x + reach, y + reach));
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

    /// Whether one is nearer than the whole hall.
    pub fn is_near(&self) -> bool {
        self.view.scale > self.fit.scale * MINIMAP_FROM
    }

    /// What a seat looks like now.
    pub fn detail(&self) -> Detail {
        Detail::at(self.radius_px())
    }

    /// A seat's radius on the screen.
    pub fn radius_px(&self) -> f32 {
        self.hall.radius * self.view.scale
    }

    /// Colours changed.
    pub fn repaint(&mut self) {
        self.palette = Palette::read(&self.hall.categories);
        self.tiles.clear(self.device_ratio);
        self.minimap.spoil();
    }

    /// Seats changed.
    pub fn spoil(&mut self, seats: &[usize]) {
        const MANY: usize = 400;
        if self.detail() == Detail::Sections || seats.len() > MANY {
            self.tiles.spoil_all();
            return;
        }
        for seat in seats {
            let (x, y) = (self.hall.x[*seat], self.hall.y[*seat]);
            self.tiles.spoil(x, y, self.hall.radius * 1.4);
        }
    }

    /// What sections are called from afar.
    pub fn set_labels(&mut self, labels: Vec<SectionLabel>) {
        self.labels = labels;
    }

    /// Seats that are chosen or held here.
    pub fn set_mine(&mut self, seats: Vec<usize>) {
        self.mine = seats;
    }

    /// The seat under the pointer. Answers whether it is another than before.
    pub fn point_at(&mut self, seat: Option<usize>) -> bool {
        std::mem::replace(&mut self.pointed_at, seat) != seat
    }

    /// The seat at a place of the canvas.
    pub fn seat_at(&self, x: f32, y: f32) -> Option<usize> {
        if self.detail() == Detail::Sections {
            return None;
        }
        let (x, y) = self.view.to_plan(x, y);
        self.hall.seat_at(x, y, self.hall.radius * 1.15)
    }

    /// The section nearest to a place of the canvas.
    pub fn section_at(&self, x: f32, y: f32) -> Option<usize> {
        let (x, y) = self.view.to_plan(x, y);
        let seat = self.hall.seat_at(x, y, self.hall.row_step * 1.5)?;
        Some(self.hall.row_of(seat).section)
    }

    /// Where a seat is on the canvas.
    pub fn on_screen(&self, seat: usize) -> (f32, f32) {
        self.view.to_screen(self.hall.x[seat], self.hall.y[seat])
    }

    /// How large the canvas is.
    pub fn size(&self) -> Size {
        self.size
    }
}
