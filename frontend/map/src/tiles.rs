//! The still hall as tiles: square pictures that are painted once and then moved.
//!
//! A pan only moves tiles. A zoom stretches them until it has ended; then sharp tiles are painted, a few in each frame.
//! A seat that changes makes only its own tile outdated.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d as Context, HtmlCanvasElement};

use super::{
    geometry::Bounds,
    view::{CanvasSize, View},
};

/// The side of a tile, in CSS pixels.
const SIDE: f32 = 256.0;
/// How many bytes the canvases of a map may take together: the canvas on the page, the minimap and the tiles. A phone's
/// browser ends a page that takes a few hundred megabytes.
const MAX_BYTES: f64 = 96.0 * 1024.0 * 1024.0;
/// The maximum number of bytes of the minimap and its picture together.
const MINIMAP_BYTES: f64 = 1024.0 * 1024.0;
const BYTES_PER_PIXEL: f64 = 4.0;
/// The part of [`MAX_BYTES`] that is used. The rest is a reserve, because the sides of canvases are rounded to whole
/// pixels.
const ROUNDING: f64 = 0.995;
/// The fewest canvas pixels for each CSS pixel.
const MIN_RATIO: f64 = 0.5;
/// How many tiles beyond the visible edge are painted in advance.
const AHEAD: i32 = 1;

/// The column and row of a tile.
type TilePosition = (i32, i32);

struct Tile {
    canvas: HtmlCanvasElement,
    stale: bool,
}

/// The tiles of one scale. There are a few dozen, and searching a short list needs less code than hashing a place.
#[derive(Default)]
struct Layer {
    scale: f32,
    tiles: Vec<(TilePosition, Tile)>,
}

impl Layer {
    fn has(&self, place: TilePosition) -> bool {
        self.tiles.iter().any(|(it, _)| *it == place)
    }

    fn get(&self, place: TilePosition) -> Option<&Tile> {
        self.tiles.iter().find(|(it, _)| *it == place).map(|(_, tile)| tile)
    }

    /// Takes out the canvas of the first tile whose place is wanted.
    fn take(&mut self, wanted: impl Fn(TilePosition) -> bool) -> Option<HtmlCanvasElement> {
        let at = self.tiles.iter().position(|(place, _)| wanted(*place))?;
        Some(self.tiles.swap_remove(at).1.canvas)
    }
}

/// The tiles at the scale where the last zoom ended, and the tiles of the scale before it.
#[derive(Default)]
pub struct Tiles {
    current: Layer,
    before: Option<Layer>,
    spare: Vec<HtmlCanvasElement>,
    device_ratio: f64,
    /// How many tiles there may be.
    max: usize,
}

/// How many canvas pixels each CSS pixel of a map of this size gets: the wanted number, or fewer if the map and the
/// tiles that cover it would exceed [`MAX_BYTES`].
pub fn affordable_ratio(wanted: f64, size: CanvasSize) -> f64 {
    let tiles = |length: f32| f64::from((length / SIDE).ceil() + 1.0) * f64::from(SIDE);
    let area = f64::from(size.width) * f64::from(size.height);
    let pixels = area + tiles(size.width) * tiles(size.height);
    let affordable = ((MAX_BYTES - MINIMAP_BYTES) / (BYTES_PER_PIXEL * pixels)).sqrt() * ROUNDING;
    wanted.min(affordable).max(MIN_RATIO)
}

/// How many tiles fit into [`MAX_BYTES`] beside a map of this size.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred")]
fn most_tiles(device_ratio: f64, size: CanvasSize) -> usize {
    let bytes = |width: f32, height: f32| {
        f64::from(width) * f64::from(height) * device_ratio.powi(2) * BYTES_PER_PIXEL
    };
    let left = MAX_BYTES - MINIMAP_BYTES - bytes(size.width, size.height);
    (left / bytes(SIDE, SIDE)).max(1.0) as usize
}

impl Tiles {
    /// Discards all tiles, because the colours or the screen changed.
    pub fn clear(&mut self, device_ratio: f64) {
        let max = self.max;
        *self = Self::default();
        (self.device_ratio, self.max) = (device_ratio, max);
    }

    /// Bounds the number of tiles for a map of this size.
    pub fn bound(&mut self, size: CanvasSize) {
        self.max = most_tiles(self.device_ratio, size);
    }

    /// Begins a layer of tiles that are sharp at this scale. The visible tiles of the previous layer stay until the
    /// new layer is complete.
    pub fn settle(&mut self, scale: f32, seen: &Bounds) {
        #[allow(clippy::float_cmp, reason = "the same number or not")]
        if self.current.scale == scale {
            return;
        }
        let mut left = std::mem::replace(&mut self.current, Layer { scale, tiles: Vec::new() });
        let visible: Vec<_> = places(seen, left.scale, 0).collect();
        while let Some(hidden) = left.take(|place| !visible.contains(&place)) {
            self.spare.push(hidden);
        }
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
        self.spare.extend(layer.tiles.into_iter().map(|(_, tile)| tile.canvas));
    }

    fn count(&self) -> usize {
        let before = self.before.as_ref().map_or(0, |layer| layer.tiles.len());
        self.current.tiles.len() + before + self.spare.len()
    }

    /// A canvas for one more tile: an unused canvas, a new canvas while the limit allows it, or else the canvas of
    /// the tile that is needed least. `None` if all tiles are needed.
    fn canvas(&mut self, needed: &[TilePosition]) -> Option<HtmlCanvasElement> {
        if self.count() > self.max {
            self.spare.drain(..).for_each(|canvas| free(&canvas));
        }
        if let Some(canvas) = self.spare.pop() {
            return Some(canvas);
        }
        if self.count() < self.max {
            return new_canvas(self.device_ratio);
        }
        if let Some(before) = &mut self.before {
            let stretch = self.current.scale / before.scale;
            let is_covered = |place| {
                let (left, top) = corner(place);
                let (x, y) = ((left + SIDE / 2.0) * stretch, (top + SIDE / 2.0) * stretch);
                self.current.has((column(x), column(y)))
            };
            let least = before.take(is_covered).or_else(|| before.take(|_| true));
            if least.is_some() {
                return least;
            }
        }
        self.current.take(|place| !needed.contains(&place))
    }

    /// Marks the tiles around a point of the plan as outdated.
    pub fn spoil(&mut self, x: f32, y: f32, reach: f32) {
        let area = Bounds { left: x, top: y, right: x, bottom: y }.grown(reach);
        for place in places(&area, self.current.scale, 0) {
            for (_, tile) in self.current.tiles.iter_mut().filter(|(it, _)| *it == place) {
                tile.stale = true;
            }
        }
        self.before = None;
    }

    /// Marks all tiles as outdated.
    pub fn spoil_all(&mut self) {
        self.current.tiles.iter_mut().for_each(|(_, tile)| tile.stale = true);
        self.before = None;
    }

    /// Paints missing tiles while `may_go_on` returns true, then draws all tiles on the canvas. Returns whether tiles
    /// are still missing.
    pub fn draw(
        &mut self,
        context: &Context,
        view: View,
        size: CanvasSize,
        paint: &dyn Fn(&Context, &Bounds, f32),
        may_go_on: &dyn Fn() -> bool,
    ) -> bool {
        let seen = view.visible(size);
        let scale = self.current.scale;
        let mut missing = false;
        for ahead in [0, AHEAD] {
            let needed: Vec<_> = places(&seen, scale, ahead).collect();
            for place in &needed {
                let sharp = self.current.get(*place).is_some_and(|tile| !tile.stale);
                if !sharp && may_go_on() {
                    self.paint(*place, &needed, paint);
                } else if !sharp {
                    missing = true;
                }
            }
        }
        let complete = places(&seen, scale, 0).all(|place| self.current.has(place));
        if complete {
            if let Some(old) = self.before.take() {
                self.reuse(old);
            }
        } else if let Some(before) = &self.before {
            put(context, before, view, &seen, self.device_ratio);
        }
        put(context, &self.current, view, &seen, self.device_ratio);
        missing
    }

    fn paint(
        &mut self,
        place: TilePosition,
        needed: &[TilePosition],
        paint: &dyn Fn(&Context, &Bounds, f32),
    ) {
        let scale = self.current.scale;
        let own = self.current.take(|it| it == place);
        let Some(canvas) = own.or_else(|| self.canvas(needed)) else { return };
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
        self.current.tiles.push((place, Tile { canvas, stale: false }));
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        let layers = [Some(&self.current), self.before.as_ref()].into_iter().flatten();
        let tiles = layers.flat_map(|layer| layer.tiles.iter().map(|(_, tile)| &tile.canvas));
        tiles.chain(&self.spare).for_each(free);
    }
}

/// Gives the memory of a canvas back at once. The browser itself does so only when it collects garbage.
fn free(canvas: &HtmlCanvasElement) {
    canvas.set_width(0);
    canvas.set_height(0);
}

/// The upper left corner of a tile, in pixels at the tile's own scale.
#[allow(clippy::cast_precision_loss, reason = "a few hundred squares")]
fn corner((column, row): TilePosition) -> (f32, f32) {
    (column as f32 * SIDE, row as f32 * SIDE)
}

/// The column, or row, of the tile that contains this pixel.
#[allow(clippy::cast_possible_truncation, reason = "a few hundred squares")]
fn column(pixel: f32) -> i32 {
    (pixel / SIDE).floor() as i32
}

/// The tiles that cover a part of the plan, and `beyond` more on each side.
fn places(area: &Bounds, scale: f32, beyond: i32) -> impl Iterator<Item = TilePosition> + use<> {
    let columns = column(area.left * scale) - beyond..=column(area.right * scale) + beyond;
    let rows = column(area.top * scale) - beyond..=column(area.bottom * scale) + beyond;
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
        let Some(tile) = layer.get(place) else { continue };
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
    fn the_canvases_of_every_window_stay_within_their_bytes() {
        for (width, height, wanted, least) in [
            (390.0, 490.0, 3.0, 3.0),
            (920.0, 744.0, 1.0, 1.0),
            (920.0, 744.0, 3.0, 3.0),
            (2200.0, 1300.0, 2.0, 1.5),
            (3480.0, 2000.0, 3.0, 1.0),
        ] {
            let size = CanvasSize { width, height };
            let ratio = affordable_ratio(wanted, size);
            assert!((least..=wanted).contains(&ratio), "{size:?} gets {ratio}");
            let seen =
                Bounds { left: 200.0, top: 200.0, right: 200.0 + width, bottom: 200.0 + height };
            let visible = places(&seen, 1.0, 0).count();
            assert!(most_tiles(ratio, size) >= visible, "{size:?} needs {visible} tiles");
        }
    }

    #[test]
    fn squares_cover_what_is_seen_and_no_more() {
        let seen = Bounds { left: 10.0, top: -5.0, right: 600.0, bottom: 200.0 };
        let covered: Vec<_> = places(&seen, 1.0, 0).collect();
        assert_eq!(covered, [(0, -1), (1, -1), (2, -1), (0, 0), (1, 0), (2, 0)]);
        assert_eq!(places(&seen, 1.0, 1).count(), 5 * 4);
        assert_eq!(places(&seen, 0.1, 0).count(), 2);
    }
}
