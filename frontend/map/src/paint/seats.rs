//! Draws seats: free seats by category, and the held, sold and blocked seats in one path each. A seat that no offer
//! sells looks like a blocked seat.

use std::f64::consts::{PI, TAU};

use holdfast_contract::catalogue::{SeatKind, SeatStatus};

use super::{Brush, typeface};
use crate::{geometry::Bounds, view::Detail};

impl Brush<'_> {
    pub(super) fn seats(&self, area: &Bounds, scale: f32) {
        let hall = self.hall;
        let mut free: Vec<Vec<usize>> = vec![Vec::new(); hall.categories.len().max(1)];
        let (mut held, mut sold, mut blocked) = (Vec::new(), Vec::new(), Vec::new());
        for seat in hall.grid.within(&area.grown(hall.largest_radius * 1.2)) {
            match self.live.status[seat] {
                SeatStatus::Available if self.live.is_closed(hall, seat) => blocked.push(seat),
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
            self.free(seats, &colour.fill, &colour.ink, scale);
        }
        self.taken(&held, &sold, &blocked);
    }

    fn free(&self, seats: &[usize], fill: &str, ink: &str, scale: f32) {
        let context = self.context;
        context.set_fill_style_str(fill);
        context.begin_path();
        for seat in seats {
            let (x, y, radius) = self.disc(*seat);
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
        self.remarks(seats, fill, ink, scale);
        context.set_fill_style_str(ink);
        context.set_text_align("center");
        context.set_text_baseline("middle");
        let mut font_of = 0.0;
        for seat in seats {
            let has_sign =
                matches!(self.hall.kind[*seat], SeatKind::Wheelchair | SeatKind::Companion);
            if has_sign || !self.is_legible(*seat, scale) {
                continue;
            }
            let (x, y, radius) = self.disc(*seat);
            // Setting a font takes time, and most seats are of one size.
            if radius != font_of {
                context.set_font(&typeface(600, radius * 0.95));
                font_of = radius;
            }
            let label = &self.hall.labels[*seat];
            let _ = context.fill_text_with_max_width(label, x, y + radius * 0.06, radius * 1.7);
        }
    }

    /// Whether the seat is drawn large enough for its number.
    fn is_legible(&self, seat: usize, scale: f32) -> bool {
        Detail::at(self.hall.radii[seat] * scale) == Detail::Numbers
    }

    /// Draws the signs of seats whose kind is not standard.
    fn remarks(&self, seats: &[usize], fill: &str, ink: &str, scale: f32) {
        let context = self.context;
        for seat in seats {
            let (x, y, radius) = self.disc(*seat);
            context.set_line_width(radius * 0.2);
            context.begin_path();
            match self.hall.kind[*seat] {
                SeatKind::Standard | SeatKind::Vip | SeatKind::Premium => continue,
                SeatKind::RestrictedView => {
                    context.set_stroke_style_str(fill);
                    let _ = context.arc(x, y, radius * 0.9, 0.0, TAU);
                    if self.is_legible(*seat, scale) {
                        context.move_to(x - radius * 0.6, y - radius * 0.6);
                        context.line_to(x + radius * 0.6, y - radius * 0.6);
                    }
                }
                SeatKind::Wheelchair => {
                    // The head, back and wheel of the usual wheelchair sign.
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
        let context = self.context;
        context.set_stroke_style_str(&self.palette.soft);
        context.set_fill_style_str(&self.palette.soft);
        context.set_line_cap("round");
        context.set_line_width(f64::from(self.hall.radius) * 0.24);
        context.begin_path();
        for seat in held {
            let (x, y, radius) = self.disc(*seat);
            context.move_to(x + radius * 0.8, y);
            let _ = context.arc(x, y, radius * 0.8, 0.0, TAU);
        }
        for seat in sold {
            let (x, y, radius) = self.disc(*seat);
            let arm = radius * 0.48;
            context.move_to(x - arm, y - arm);
            context.line_to(x + arm, y + arm);
            context.move_to(x + arm, y - arm);
            context.line_to(x - arm, y + arm);
        }
        for seat in blocked {
            let (x, y, radius) = self.disc(*seat);
            context.move_to(x - radius * 0.55, y);
            context.line_to(x + radius * 0.55, y);
        }
        context.stroke();
        context.begin_path();
        for seat in held {
            let (x, y, radius) = self.disc(*seat);
            context.move_to(x + radius * 0.3, y);
            let _ = context.arc(x, y, radius * 0.3, 0.0, TAU);
        }
        context.fill();
    }
}
