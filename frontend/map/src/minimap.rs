//! The minimap: the whole hall in a corner, with a frame around the visible part.

use web_sys::{CanvasRenderingContext2d as Context, HtmlCanvasElement};

use super::{
    geometry::Bounds,
    live::LiveSeats,
    model::Hall,
    paint::Brush,
    palette::Palette,
    tiles::context_of,
    view::{CanvasSize, View},
};

/// The longer side of the minimap, in CSS pixels.
const SIDE: f32 = 148.0;
/// Canvas pixels for each CSS pixel: sharp enough for dense screens.
const RATIO: f64 = 2.0;

/// The minimap: a picture that is drawn once, and the frame on top of it.
pub struct Minimap {
    canvas: HtmlCanvasElement,
    context: Context,
    picture: Option<HtmlCanvasElement>,
}

impl Minimap {
    pub fn new(canvas: HtmlCanvasElement) -> Option<Self> {
        let context = context_of(&canvas)?;
        Some(Self { canvas, context, picture: None })
    }

    /// Marks the picture as outdated, because the colours changed.
    pub fn spoil(&mut self) {
        self.picture = None;
    }

    /// Draws the minimap with a frame around the visible part `seen`.
    pub fn draw(&mut self, hall: &Hall, live: &LiveSeats, palette: &Palette, seen: Bounds) {
        let longer = hall.bounds.width().max(hall.bounds.height()).max(1.0);
        let scale = SIDE / longer;
        let size =
            CanvasSize { width: hall.bounds.width() * scale, height: hall.bounds.height() * scale };
        let view = View::fitting(&hall.bounds, size, 0.0);
        if self.picture.is_none() {
            self.picture = picture(hall, live, palette, view, size);
            set_size(&self.canvas, size);
        }
        let Some(picture) = &self.picture else { return };
        let context = &self.context;
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let _ = context.set_transform(RATIO, 0.0, 0.0, RATIO, 0.0, 0.0);
        let _ = context
            .draw_image_with_html_canvas_element_and_dw_and_dh(picture, 0.0, 0.0, width, height);
        let (left, top) = view.to_screen(seen.left, seen.top);
        let (right, bottom) = view.to_screen(seen.right, seen.bottom);
        let (left, top) = (left.max(1.0), top.max(1.0));
        let (right, bottom) = (right.min(size.width - 1.0), bottom.min(size.height - 1.0));
        context.set_stroke_style_str(&palette.accent);
        context.set_line_width(2.0);
        context.stroke_rect(
            left.into(),
            top.into(),
            (right - left).max(4.0).into(),
            (bottom - top).max(4.0).into(),
        );
    }
}

fn picture(
    hall: &Hall,
    live: &LiveSeats,
    palette: &Palette,
    view: View,
    size: CanvasSize,
) -> Option<HtmlCanvasElement> {
    use wasm_bindgen::JsCast;
    let canvas: HtmlCanvasElement =
        leptos::prelude::document().create_element("canvas").ok()?.dyn_into().ok()?;
    set_size(&canvas, size);
    let context = context_of(&canvas)?;
    context.set_fill_style_str(&palette.raised);
    context.fill_rect(0.0, 0.0, canvas.width().into(), canvas.height().into());
    let zoom = f64::from(view.scale) * RATIO;
    let shift = |edge: f32| f64::from(edge) * RATIO;
    let _ = context.set_transform(zoom, 0.0, 0.0, zoom, shift(view.x), shift(view.y));
    // At scale 0, sections are drawn as shapes and never as single seats.
    Brush { context: &context, hall, live, palette }.still(&hall.bounds, 0.0);
    Some(canvas)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels")]
fn set_size(canvas: &HtmlCanvasElement, size: CanvasSize) {
    canvas.set_width((f64::from(size.width) * RATIO) as u32);
    canvas.set_height((f64::from(size.height) * RATIO) as u32);
}
