//! The canvas and everything it needs for one frame. Draws only when woken.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::{GetUntracked, RwSignal, Set, request_animation_frame, window};
use web_sys::{CanvasRenderingContext2d as Context, HtmlCanvasElement};

use super::{
    geometry::Bounds,
    live::Live,
    minimap::Minimap,
    model::Hall,
    overlay::SectionLabel,
    paint::Brush,
    palette::Palette,
    tiles::{Tiles, context_of},
    view::{Detail, Size, View, choosing_scale, limits},
};
use crate::browser::monotonic_ms;

/// How long one frame may spend on painting squares.
const PAINT_BUDGET_MS: f64 = 7.0;
/// A zoom is at rest when nothing changed for this long.
const REST_MS: f64 = 90.0;
/// How long a guided move takes.
const GLIDE_MS: f64 = 180.0;
/// Free space around the hall.
const PADDING: f32 = 16.0;
/// Nearer than the whole hall by this factor, the minimap is shown.
const MINIMAP_FROM: f32 = 1.15;

struct Glide {
    from: View,
    to: View,
    since: f64,
}

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

/// A stage and the frame that may be on its way.
#[derive(Clone)]
pub struct Handle {
    stage: Rc<RefCell<Stage>>,
    pending: Rc<Cell<bool>>,
    /// Whether one is near enough for the minimap to help.
    near: RwSignal<bool>,
}

impl Handle {
    /// Takes a canvas over.
    pub fn new(
        canvas: HtmlCanvasElement,
        minimap: HtmlCanvasElement,
        hall: Rc<Hall>,
        live: Rc<RefCell<Live>>,
        near: RwSignal<bool>,
    ) -> Option<Self> {
        let context = context_of(&canvas)?;
        let palette = Palette::read(&hall.categories);
        let view = View { scale: 1.0, x: 0.0, y: 0.0 };
        let stage = Stage {
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
        };
        Some(Self { stage: Rc::new(RefCell::new(stage)), pending: Rc::default(), near })
    }

    /// Changes something and draws a frame after it.
    pub fn update<T>(&self, change: impl FnOnce(&mut Stage) -> T) -> T {
        let result = change(&mut self.stage.borrow_mut());
        self.wake();
        result
    }

    /// Looks without changing.
    pub fn look<T>(&self, look: impl FnOnce(&Stage) -> T) -> T {
        look(&self.stage.borrow())
    }

    fn wake(&self) {
        if self.pending.replace(true) {
            return;
        }
        let handle = self.clone();
        request_animation_frame(move || {
            handle.pending.set(false);
            if handle.stage.borrow_mut().frame() {
                handle.wake();
            }
            let is_near = handle.look(Stage::is_near);
            if handle.near.try_get_untracked().is_some_and(|near| near != is_near) {
                handle.near.set(is_near);
            }
        });
    }
}

impl Stage {
    /// Follows the size of the page. Answers whether this is the first size.
    pub fn resize(&mut self, width: f32, height: f32) {
        let ratio = window().device_pixel_ratio().clamp(1.0, 3.0);
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
        self.fit = View::fitting(&self.hall.bounds, size, PADDING);
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

    /// Moves by pixels.
    pub fn pan(&mut self, dx: f32, dy: f32) {
        self.glide = None;
        self.view = self.view.panned(dx, dy).kept_near(&self.hall.bounds, self.size);
    }

    /// Nearer or farther at once, about a place of the canvas.
    pub fn zoom(&mut self, factor: f32, x: f32, y: f32) {
        self.glide = None;
        self.zoomed_at = monotonic_ms();
        self.view = self.zoomed_view(factor, x, y);
    }

    /// Nearer or farther in a short glide, about the seat nearest to the middle: not into the pitch.
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

    /// The whole hall.
    pub fn fit(&mut self) {
        self.glide_to(self.fit);
    }

    /// A section, as large as it goes.
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

    /// Near enough to choose seats, with a place of the canvas in the middle.
    pub fn approach(&mut self, x: f32, y: f32) {
        let (x, y) = self.view.to_plan(x, y);
        self.glide_to(self.near_view(x, y));
    }

    /// Makes sure that a seat is seen, without coming nearer.
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

    /// The looker clicked on the minimap, at parts of its width and height.
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

    /// Draws. Answers whether another frame is needed.
    fn frame(&mut self) -> bool {
        if self.size.width < 1.0 {
            return false;
        }
        let now = monotonic_ms();
        let gliding = self.glide_on(now);
        let resting = !gliding && now - self.zoomed_at > REST_MS;
        if resting || self.tiles.scale() == 0.0 {
            self.tiles.settle(self.view.scale);
        }
        let live = self.live.borrow();
        let (hall, palette) = (&*self.hall, &self.palette);
        let context = &self.context;
        let ratio = self.device_ratio;
        let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        context.set_fill_style_str(&palette.paper);
        context.fill_rect(0.0, 0.0, self.size.width.into(), self.size.height.into());
        let paint = |context: &Context, area: &Bounds, scale: f32| {
            Brush { context, hall, live: &live, palette }.still(area, scale);
        };
        let may_go_on = || monotonic_ms() - now < PAINT_BUDGET_MS;
        let missing = self.tiles.draw(context, self.view, self.size, &paint, &may_go_on);
        let zoom = f64::from(self.view.scale) * ratio;
        let (x, y) = (f64::from(self.view.x) * ratio, f64::from(self.view.y) * ratio);
        let _ = context.set_transform(zoom, 0.0, 0.0, zoom, x, y);
        let pen = Brush { context, hall, live: &live, palette };
        pen.mine(&self.mine);
        if let Some(seat) = self.pointed_at {
            pen.pointed_at(seat);
        }
        let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        if Detail::at(hall.radius * self.view.scale) == Detail::Sections {
            pen.section_labels(&self.labels, self.view, self.size);
        }
        if self.view.scale > self.fit.scale * MINIMAP_FROM {
            self.minimap.draw(hall, &live, palette, self.view.visible(self.size));
        }
        gliding || !resting || missing
    }

    /// Moves along the glide; answers whether it goes on.
    fn glide_on(&mut self, now: f64) -> bool {
        let Some(glide) = &self.glide else { return false };
        #[allow(clippy::cast_possible_truncation, reason = "a part of one")]
        let part = ((now - glide.since) / GLIDE_MS).clamp(0.0, 1.0) as f32;
        // Ease out: quick at first, slow at the end.
        let eased = 1.0 - (1.0 - part).powi(3);
        let along = |from: f32, to: f32| from + (to - from) * eased;
        let (from, to) = (glide.from, glide.to);
        // The scale goes geometrically and the middle linearly, else the way would look bent.
        let scale = from.scale * (to.scale / from.scale).powf(eased);
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
