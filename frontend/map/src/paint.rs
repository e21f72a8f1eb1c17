//! Draws the still part of the hall: areas, sections when the map is zoomed out, otherwise seats.
//!
//! All lengths are in plan units; the context's transform scales them. All seats of one colour are one path: a separate
//! path for each seat would take ten times as long. `seats` draws the seats.

mod seats;

use std::f64::consts::{PI, TAU};

use holdfast_contract::{
    seat_map::MapArea,
    words::{AreaShape, LabelAt},
};
use web_sys::CanvasRenderingContext2d as Context;

use super::{
    geometry::Bounds,
    live::LiveSeats,
    model::{Hall, HallRow},
    palette::Palette,
    view::Detail,
};

/// The page's typeface in the form that a canvas needs. The size is rounded to a whole number: seats are hundreds of
/// plan units large, and the code that formats fractions would enlarge the program.
#[allow(clippy::cast_possible_truncation, reason = "sizes are small")]
pub fn typeface(weight: u32, size: f64) -> String {
    format!("{weight} {}px 'Inter Variable', system-ui, sans-serif", size.round() as i64)
}

/// Everything that is needed to draw.
pub struct Brush<'a> {
    pub context: &'a Context,
    pub hall: &'a Hall,
    pub live: &'a LiveSeats,
    pub palette: &'a Palette,
}

impl Brush<'_> {
    /// Draws everything in `area`, with the detail that fits this scale (CSS pixels for each plan unit).
    pub fn still(&self, area: &Bounds, scale: f32) {
        for shape in &self.hall.areas {
            self.area(shape);
        }
        match Detail::at(self.hall.radius * scale) {
            Detail::Sections => self.ribbons(area),
            Detail::Seats | Detail::Numbers => {
                self.seats(area, scale);
                self.row_labels(area, scale);
            }
        }
    }

    fn area(&self, area: &MapArea) {
        let context = self.context;
        context.save();
        let _ = context.translate(area.x.into(), area.y.into());
        let _ = context.rotate(f64::from(area.rotation) * PI / 180.0);
        context.begin_path();
        let (width, height) = (f64::from(area.width), f64::from(area.height));
        match AreaShape::parse(&area.shape) {
            Some(AreaShape::Rectangle) => {
                let _ = context.round_rect_with_f64(0.0, 0.0, width, height, 60.0);
            }
            Some(AreaShape::Polygon) => {
                for (at, point) in area.points.chunks_exact(2).enumerate() {
                    let (x, y) = (point[0].into(), point[1].into());
                    if at == 0 { context.move_to(x, y) } else { context.line_to(x, y) }
                }
                context.close_path();
            }
            Some(AreaShape::Circle | AreaShape::Ellipse) => {
                let _ = context.ellipse(0.0, 0.0, width, height, 0.0, 0.0, TAU);
            }
            Some(AreaShape::Text) | None => {}
        }
        if let Some(fill) = self.palette.area(&area.color) {
            context.set_fill_style_str(&fill);
            context.fill();
        }
        if !area.border_color.is_empty() {
            context.set_stroke_style_str(&self.palette.area_line);
            context.set_line_width(f64::from(self.hall.radius) * 0.2);
            context.stroke();
        }
        if let Some(text) = &area.text {
            // The text sizes of plans vary. Here the text is made large enough to fill a good part of its area.
            let size = f64::from(text.size).max(height * 0.16).min(height.max(400.0) * 0.5);
            context.set_fill_style_str(&self.palette.ink);
            context.set_font(&typeface(600, size));
            context.set_text_align("center");
            context.set_text_baseline("middle");
            let (x, y) = (text.x.into(), text.y.into());
            let _ = context.fill_text_with_max_width(&text.text, x, y, width.max(size) * 0.9);
        }
        context.restore();
    }

    fn ribbons(&self, area: &Bounds) {
        let context = self.context;
        let width = self.hall.row_step * 1.04;
        context.set_line_width(width.into());
        context.set_line_cap("round");
        context.set_line_join("round");
        let visible = area.grown(width);
        for index in 0..=self.hall.categories.len() {
            let gone = index == self.hall.categories.len();
            context.begin_path();
            for row in self.hall.rows.iter().filter(|row| row.bounds.meets(&visible)) {
                let sold_out = self.live.left.get(row.section).is_some_and(|left| *left == 0);
                let mine = row.ribbons.iter().filter(|ribbon| {
                    let out = sold_out || self.live.closed.has(row.section, ribbon.category);
                    gone == out && (gone || usize::from(ribbon.category) == index)
                });
                for ribbon in mine {
                    self.line(&ribbon.line);
                }
            }
            let colour = self.palette.categories.get(index).map(|colour| colour.shape.as_str());
            context.set_stroke_style_str(colour.unwrap_or(&self.palette.gone));
            context.stroke();
        }
    }

    fn line(&self, line: &[(f32, f32)]) {
        for (at, (x, y)) in line.iter().enumerate() {
            if at == 0 {
                self.context.move_to((*x).into(), (*y).into());
            }
            // A line with only one point is drawn as a dot, by its round ends.
            self.context
                .line_to(f64::from(*x) + if line.len() == 1 { 0.1 } else { 0.0 }, (*y).into());
        }
    }

    fn row_labels(&self, area: &Bounds, scale: f32) {
        let size = self.hall.radius * 1.15;
        if size * scale < 6.5 {
            return;
        }
        let context = self.context;
        context.set_fill_style_str(&self.palette.soft);
        context.set_font(&typeface(600, size.into()));
        context.set_text_align("center");
        context.set_text_baseline("middle");
        let visible = area.grown(self.hall.radius * 5.0);
        for row in self.hall.rows.iter().filter(|row| row.bounds.meets(&visible)) {
            for (x, y) in self.label_places(row) {
                let _ = context.fill_text(&row.label, x, y);
            }
        }
    }

    /// The places of a row's labels: one step beyond the first and the last seat, in the direction of the row.
    fn label_places(&self, row: &HallRow) -> Vec<(f64, f64)> {
        let mut places = Vec::new();
        if row.seats.len() < 2 {
            return places;
        }
        let (first, last) = (row.seats.start, row.seats.end - 1);
        let mut beyond = |end: usize, before: usize| {
            let ((x, y), (bx, by)) = (self.place(end), self.place(before));
            let length = (x - bx).hypot(y - by).max(1.0);
            let step = f64::from(self.hall.radius) * 2.6;
            places.push((x + (x - bx) / length * step, y + (y - by) / length * step));
        };
        if matches!(row.label_at, LabelAt::Start | LabelAt::Both) {
            beyond(first, first + 1);
        }
        if matches!(row.label_at, LabelAt::End | LabelAt::Both) {
            beyond(last, last - 1);
        }
        places
    }

    /// The position and the radius of a seat in plan units.
    pub fn disc(&self, seat: usize) -> (f64, f64, f64) {
        let (x, y) = self.place(seat);
        (x, y, self.hall.radii[seat].into())
    }

    /// The position of a seat in plan units.
    pub fn place(&self, seat: usize) -> (f64, f64) {
        (self.hall.x[seat].into(), self.hall.y[seat].into())
    }
}
