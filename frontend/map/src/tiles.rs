//! The still hall as tiles: square pictures that are painted once and then moved.
//!
//! A pan only moves tiles. A zoom stretches them until it has ended; then sharp tiles are painted, a few in each frame.
//! A seat that changes makes only its own tile outdated.

use std::collections::HashMap;

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d as Context, HtmlCanvasElement};

use super::{
    geometry::Bounds,
    view::{Size, View},
};

/// The side of a tile, in CSS pixels.
const SIDE: f32 = 256.0;
/// The maximum number of kept tiles (256 kB each on a screen with one pixel for each CSS pixel).
const MAX_KEPT: usize = 160;
/// How many tiles beyond the visible edge are painted in advance.
const AHEAD: i32 = 1;

/// The column and row of a tile.
type Place = (i32, i32);

struct Tile {
    canvas: HtmlCanvasElement,
    stale: bool,
}

#[derive(Default)]
struct Layer {
    scale: f32,
    tiles: HashMap<Place, Tile>,
}

/// The tiles at the scale of the last rest, and the tiles of the scale before it.
#[derive(Default)]
pub struct Tiles {
    current: Layer,
    before: Option<Layer>,
    spare: Vec<HtmlCanvasElement>,
    device_ratio: f64,
}

impl Tiles {
    /// Discards all tiles, because the colours or the screen changed.
    pub fn clear(&mut self, device_ratio: f64) {
        *self = Self { device_ratio, ..Self::default() };
    }

    /// Begins a layer of tiles that are sharp at this scale.
    pub fn settle(&mut self, scale: f32) {
        #[allow(clippy::float_cmp, reason = "the same number or not")]
        if self.current.scale == scale {
            return;
        }
        let left = std::mem::replace(&mut self.current, Layer { scale, tiles: HashMap::new() });
        match &self.before {
            // The current layer is not complete yet; the layer before shows more.
            Some(_) if left.tiles.len() < 4 => self.reuse(left),
            _ => {
                if let Some(old) = self.before.replace(left) {
                    self.reuse(old);
                }
            }
        }
    }

    /// The scale at which the current tiles are sharp.
    pub fn scale(&self) -> f32 {
        self.current.scale
    }

    fn reuse(&mut self, layer: Layer) {
        self.spare.extend(layer.tiles.into_values().map(|tile| tile.canvas));
        self.spare.truncate(MAX_KEPT / 4);
    }

    /// Marks the tiles around a point of the plan as outdated.
    pub fn spoil(&mut self, x: f32, y: f32, reach: f32) {
        let area = Bounds { left: x, top: y, right: x, bottom: y }.grown(reach);
        for place in places(&area, self.current.scale, 0) {
            if let Some(tile) = self.current.tiles.get_mut(&place) {
                tile.stale = true;
            }
        }
        self.before = None;
    }

    /// Marks all tiles as outdated.
    pub fn spoil_all(&mut self) {
        self.current.tiles.values_mut().for_each(|tile| tile.stale = true);
        self.before = None;
    }

    /// Paints missing tiles while `may_go_on` returns true, then draws all tiles on the canvas. Returns whether tiles
    /// are still missing.
    pub fn draw(
        &mut self,
        context: &Context,
        view: View,
        size: Size,
        paint: &dyn Fn(&Context, &Bounds, f32),
        may_go_on: &dyn Fn() -> bool,
    ) -> bool {
        let seen = view.visible(size);
        let scale = self.current.scale;
        let mut missing = false;
        for ahead in [0, AHEAD] {
            for place in places(&seen, scale, ahead) {
                let sharp = self.current.tiles.get(&place).is_some_and(|tile| !tile.stale);
                if !sharp && may_go_on() {
                    self.paint(place, paint);
                } else if !sharp {
                    missing = true;
                }
            }
        }
        let complete = places(&seen, scale, 0).all(|place| self.current.tiles.contains_key(&place));
        if complete {
            if let Some(old) = self.before.take() {
                self.reuse(old);
            }
        } else if let Some(before) = &self.before {
            put(context, before, view, &seen, self.device_ratio);
        }
        put(context, &self.current, view, &seen, self.device_ratio);
        self.forget_far(&seen);
        missing
    }

    fn paint(&mut self, place: Place, paint: &dyn Fn(&Context, &Bounds, f32)) {
        let scale = self.current.scale;
        let canvas = match self.current.tiles.remove(&place) {
            Some(tile) => tile.canvas,
            None => match self.spare.pop() {
                Some(canvas) => canvas,
                None => {
                    let Some(canvas) = new_canvas(self.device_ratio) else { return };
                    canvas
                }
            },
        };
        let Some(context) = context_of(&canvas) else { return };
        let zoom = f64::from(scale) * self.device_ratio;
        let (left, top) = corner(place);
        let shift = |edge: f32| -f64::from(edge) * self.device_ratio;
        let _ = context.set_transform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);
        context.clear_rect(0.0, 0.0, canvas.width().into(), canvas.height().into());
        let _ = context.set_transform(zoom, 0.0, 0.0, zoom, shift(left), shift(top));
        let area = Bounds {
            left: left / scale,
            top: top / scale,
            right: (left + SIDE) / scale,
            bottom: (top + SIDE) / scale,
        };
        paint(&context, &area, scale);
        self.current.tiles.insert(place, Tile { canvas, stale: false });
    }

    fn forget_far(&mut self, seen: &Bounds) {
        if self.current.tiles.len() <= MAX_KEPT {
            return;
        }
        let near: Vec<_> = places(seen, self.current.scale, AHEAD + 1).collect();
        self.current.tiles.retain(|place, _| near.contains(place));
    }
}

/// The upper left corner of a tile, in pixels at the tile's own scale.
#[allow(clippy::cast_precision_loss, reason = "a few hundred squares")]
fn corner((column, row): Place) -> (f32, f32) {
    (column as f32 * SIDE, row as f32 * SIDE)
}

/// The tiles that cover a part of the plan, and `beyond` more on each side.
fn places(area: &Bounds, scale: f32, beyond: i32) -> impl Iterator<Item = Place> + use<> {
    #[allow(clippy::cast_possible_truncation, reason = "a few hundred squares")]
    let index = |edge: f32| (edge * scale / SIDE).floor() as i32;
    let columns = index(area.left) - beyond..=index(area.right) + beyond;
    let rows = index(area.top) - beyond..=index(area.bottom) + beyond;
    rows.flat_map(move |row| columns.clone().map(move |column| (column, row)))
}

fn put(context: &Context, layer: &Layer, view: View, seen: &Bounds, device_ratio: f64) {
    if layer.scale <= 0.0 {
        return;
    }
    let stretch = view.scale / layer.scale;
    // Unstretched tiles meet exactly on device pixels. Stretched tiles overlap slightly, so that no gap shows.
    let at_rest = (stretch - 1.0).abs() < 1e-4;
    let snap = |edge: f64| (edge * device_ratio).round() / device_ratio;
    let side = f64::from(SIDE * stretch) + if at_rest { 0.0 } else { 0.6 };
    for place in places(seen, layer.scale, 0) {
        let Some(tile) = layer.tiles.get(&place) else { continue };
        let (left, top) = corner(place);
        let mut x = f64::from(view.x + left * stretch);
        let mut y = f64::from(view.y + top * stretch);
        if at_rest {
            x = snap(f64::from(view.x)) + f64::from(left);
            y = snap(f64::from(view.y)) + f64::from(top);
        }
        let _ = context.draw_image_with_html_canvas_element_and_dw_and_dh(
            &tile.canvas,
            x,
            y,
            side,
            side,
        );
    }
}

fn new_canvas(device_ratio: f64) -> Option<HtmlCanvasElement> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.dyn_into().ok()?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels")]
    let side = (f64::from(SIDE) * device_ratio).round() as u32;
    canvas.set_width(side);
    canvas.set_height(side);
    Some(canvas)
}

pub fn context_of(canvas: &HtmlCanvasElement) -> Option<Context> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_cover_what_is_seen_and_no_more() {
        let seen = Bounds { left: 10.0, top: -5.0, right: 600.0, bottom: 200.0 };
        let covered: Vec<_> = places(&seen, 1.0, 0).collect();
        assert_eq!(covered, [(0, -1), (1, -1), (2, -1), (0, 0), (1, 0), (2, 0)]);
        assert_eq!(places(&seen, 1.0, 1).count(), 5 * 4);
        assert_eq!(places(&seen, 0.1, 0).count(), 2);
    }
}
