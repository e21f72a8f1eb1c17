//! Draws the still part of the hall: areas, sections from afar, seats by their signs.
//!
//! Everything is in plan units under the context's transform. Seats go in one path a colour: a path for
//! each seat would be ten times slower.

use std::f64::consts::{PI, TAU};

use holdfast_contract::{
    catalogue::{SeatKind, SeatStatus},
    seat_map::MapArea,
};
use web_sys::CanvasRenderingContext2d as Context;

use super::{
    geometry::Bounds,
    live::Live,
    model::{Hall, Row},
    palette::Palette,
    view::Detail,
};

/// The page's typeface as a canvas names it. Sizes are whole numbers: seats are hundreds of plan units
/// large, and the code that writes fractions is not small.
#[allow(clippy::cast_possible_truncation, reason = "sizes are small")]
pub fn typeface(weight: u32, size: f64) -> String {
    format!("{weight} {}px 'Inter Variable', system-ui, sans-serif", size.round() as i64)
}

/// What is needed to draw.
pub struct Brush<'a> {
    /// Where to.
    pub context: &'a Context,
    /// What.
    pub hall: &'a Hall,
    /// In which state.
    pub live: &'a Live,
    /// With which colours.
    pub palette: &'a Palette,
}

impl Brush<'_> {
    /// Draws what lies in `area` as it is seen at this scale.
    pub fn still(&self, area: &Bounds, scale: f32) {
        for shape in &self.hall.areas {
            self.area(shape);
        }
        let detail = Detail::at(self.hall.radius * scale);
        match detail {
            Detail::Sections => self.ribbons(area),
            Detail::Seats | Detail::Numbers => {
                self.seats(area, detail);
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
        match area.shape.as_str() {
            "rectangle" => {
                let _ = context.round_rect_with_f64(0.0, 0.0, width, height, 60.0);
            }
            "polygon" => {
                for (at, point) in area.points.chunks_exact(2).enumerate() {
                    let (x, y) = (point[0].into(), point[1].into());
                    if at == 0 { context.move_to(x, y) } else { context.line_to(x, y) }
                }
                context.close_path();
            }
            "circle" | "ellipse" => {
                let _ = context.ellipse(0.0, 0.0, width, height, 0.0, 0.0, TAU);
            }
            _ => {}
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
            // Plans write for their own scale; here the words fill a good part of what they name.
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
                    gone == sold_out && (gone || usize::from(ribbon.category) == index)
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
            // A line of one point is drawn as a dot by its round ends.
            self.context
                .line_to(f64::from(*x) + if line.len() == 1 { 0.1 } else { 0.0 }, (*y).into());
        }
    }

    fn seats(&self, area: &Bounds, detail: Detail) {
        let hall = self.hall;
        let mut free: Vec<Vec<usize>> = vec![Vec::new(); hall.categories.len().max(1)];
        let (mut held, mut sold, mut blocked) = (Vec::new(), Vec::new(), Vec::new());
        for seat in hall.grid.within(&area.grown(hall.radius * 1.2)) {
            match self.live.status[seat] {
                SeatStatus::Available => {
                    let category = usize::from(hall.category[seat]).min(free.len() - 1);
                    free[category].push(seat);
                }
                SeatStatus::Held => held.push(seat),
                SeatStatus::Sold => sold.push(seat),
                SeatStatus::Blocked => blocked.push(seat),
            }
        }
        for (category, seats) in (0_u8..).zip(&free) {
            let Some(colour) = self.palette.category(category) else { continue };
            self.free(seats, &colour.fill, &colour.ink, detail);
        }
        self.taken(&held, &sold, &blocked);
    }

    fn free(&self, seats: &[usize], fill: &str, ink: &str, detail: Detail) {
        let (context, radius) = (self.context, f64::from(self.hall.radius));
        context.set_fill_style_str(fill);
        context.begin_path();
        for seat in seats {
            let (x, y) = self.place(*seat);
            match self.hall.kind[*seat] {
                SeatKind::Standard | SeatKind::Vip | SeatKind::Premium => {
                    context.move_to(x + radius, y);
                    let _ = context.arc(x, y, radius, 0.0, TAU);
                }
                SeatKind::RestrictedView => {
                    context.move_to(x + radius, y);
                    let _ = context.arc(x, y, radius, 0.0, PI);
                    context.close_path();
                }
                SeatKind::Wheelchair | SeatKind::Companion => {
                    let _ = context.round_rect_with_f64(
                        x - radius,
                        y - radius,
                        2.0 * radius,
                        2.0 * radius,
                        radius * 0.3,
                    );
                }
            }
        }
        context.fill();
        self.remarks(seats, fill, ink, detail);
        if detail == Detail::Numbers {
            context.set_fill_style_str(ink);
            context.set_font(&typeface(600, radius * 0.95));
            context.set_text_align("center");
            context.set_text_baseline("middle");
            for seat in seats {
                if matches!(self.hall.kind[*seat], SeatKind::Wheelchair | SeatKind::Companion) {
                    continue;
                }
                let (x, y) = self.place(*seat);
                let label = &self.hall.labels[*seat];
                let _ = context.fill_text_with_max_width(label, x, y + radius * 0.06, radius * 1.7);
            }
        }
    }

    /// The signs of places that are not like the others.
    fn remarks(&self, seats: &[usize], fill: &str, ink: &str, detail: Detail) {
        let (context, radius) = (self.context, f64::from(self.hall.radius));
        context.set_line_width(radius * 0.2);
        for seat in seats {
            let (x, y) = self.place(*seat);
            context.begin_path();
            match self.hall.kind[*seat] {
                SeatKind::Standard | SeatKind::Vip | SeatKind::Premium => continue,
                SeatKind::RestrictedView => {
                    context.set_stroke_style_str(fill);
                    let _ = context.arc(x, y, radius * 0.9, 0.0, TAU);
                    if detail == Detail::Numbers {
                        context.move_to(x - radius * 0.6, y - radius * 0.6);
                        context.line_to(x + radius * 0.6, y - radius * 0.6);
                    }
                }
                SeatKind::Wheelchair => {
                    // Head, back and wheel of the usual sign.
                    context.set_stroke_style_str(ink);
                    let _ = context.arc(x, y + radius * 0.2, radius * 0.45, -PI * 0.4, PI * 1.1);
                    context.move_to(x - radius * 0.15, y - radius * 0.6);
                    context.line_to(x - radius * 0.1, y + radius * 0.1);
                    context.line_to(x + radius * 0.4, y + radius * 0.1);
                }
                SeatKind::Companion => {
                    context.set_stroke_style_str(ink);
                    context.move_to(x - radius * 0.5, y);
                    context.line_to(x + radius * 0.5, y);
                    context.move_to(x, y - radius * 0.5);
                    context.line_to(x, y + radius * 0.5);
                }
            }
            context.stroke();
        }
    }

    fn taken(&self, held: &[usize], sold: &[usize], blocked: &[usize]) {
        let (context, radius) = (self.context, f64::from(self.hall.radius));
        context.set_stroke_style_str(&self.palette.soft);
        context.set_fill_style_str(&self.palette.soft);
        context.set_line_cap("round");
        context.set_line_width(radius * 0.24);
        context.begin_path();
        for seat in held {
            let (x, y) = self.place(*seat);
            context.move_to(x + radius * 0.8, y);
            let _ = context.arc(x, y, radius * 0.8, 0.0, TAU);
        }
        for seat in sold {
            let (x, y) = self.place(*seat);
            let arm = radius * 0.48;
            context.move_to(x - arm, y - arm);
            context.line_to(x + arm, y + arm);
            context.move_to(x + arm, y - arm);
            context.line_to(x - arm, y + arm);
        }
        for seat in blocked {
            let (x, y) = self.place(*seat);
            context.move_to(x - radius * 0.55, y);
            context.line_to(x + radius * 0.55, y);
        }
        context.stroke();
        context.begin_path();
        for seat in held {
            let (x, y) = self.place(*seat);
            context.move_to(x + radius * 0.3, y);
            let _ = context.arc(x, y, radius * 0.3, 0.0, TAU);
        }
        context.fill();
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

    /// One step beyond the first and the last seat, in the row's own direction.
    fn label_places(&self, row: &Row) -> Vec<(f64, f64)> {
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
        if matches!(row.label_at.as_str(), "start" | "both") {
            beyond(first, first + 1);
        }
        if matches!(row.label_at.as_str(), "end" | "both") {
            beyond(last, last - 1);
        }
        places
    }

    /// Where a seat is.
    pub fn place(&self, seat: usize) -> (f64, f64) {
        (self.hall.x[seat].into(), self.hall.y[seat].into())
    }
}
