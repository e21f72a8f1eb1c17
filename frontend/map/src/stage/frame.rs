//! Draws one frame: the still hall from its tiles, and the changing parts above it.

use web_sys::CanvasRenderingContext2d as Context;

use super::{MINIMAP_FROM, MapStage};
use crate::{geometry::Bounds, paint::Brush, view::Detail};
use ui::browser::monotonic_ms;

/// How long one frame may spend on painting tiles.
const PAINT_BUDGET_MS: f64 = 7.0;
/// A zoom has ended when nothing changed for this long.
const REST_MS: f64 = 90.0;

impl MapStage {
    /// Draws a frame. Returns whether another frame is needed.
    pub(super) fn frame(&mut self) -> bool {
        if self.size.width < 1.0 {
            return false;
        }
        let now = monotonic_ms();
        let gliding = self.glide_on(now);
        let resting = !gliding && now - self.zoomed_at > REST_MS;
        if resting || self.tiles.scale() == 0.0 {
            self.tiles.settle(self.view.scale, &self.view.visible(self.size));
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
}
