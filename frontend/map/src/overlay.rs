//! Draws what changes above the still picture of the hall: the visitor's own seats, the seat under the pointer, and the
//! names of sections.

use std::f64::consts::TAU;

use super::{
    labels::{Granted, UnplacedLabel, granted},
    paint::{Brush, typeface},
    view::{CanvasSize, View},
};

/// The label of a section when the map is zoomed out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SectionLabel {
    pub name: String,
    /// The second line: the lowest price and the places left.
    pub detail: String,
}

const NAME_PX: f64 = 13.0;
const DETAIL_PX: f64 = 12.0;
const PAD_X: f64 = 7.0;
const LINE_PX: f64 = 16.0;

impl Brush<'_> {
    /// Draws the seats that the visitor has chosen or holds, in plan units: larger than others, with a ring and a
    /// tick. The ring ends half-way to the next seat, so that the rings of two neighbours do not merge.
    pub fn mine(&self, seats: &[usize]) {
        let context = self.context;
        for seat in seats {
            let (x, y, radius) = self.disc(*seat);
            context.begin_path();
            let _ = context.arc(x, y, radius * 1.08, 0.0, TAU);
            context.set_fill_style_str(&self.palette.paper);
            context.fill();
            context.set_stroke_style_str(&self.palette.accent);
            context.set_line_width(radius * 0.2);
            context.stroke();
            context.begin_path();
            let _ = context.arc(x, y, radius * 0.86, 0.0, TAU);
            context.set_fill_style_str(&self.palette.accent);
            context.fill();
            context.begin_path();
            context.move_to(x - radius * 0.44, y + radius * 0.04);
            context.line_to(x - radius * 0.12, y + radius * 0.36);
            context.line_to(x + radius * 0.48, y - radius * 0.32);
            context.set_stroke_style_str(&self.palette.on_accent);
            context.set_line_width(radius * 0.24);
            context.set_line_cap("round");
            context.set_line_join("round");
            context.stroke();
        }
    }

    /// Draws a ring around the seat under the pointer, in plan units.
    pub fn pointed_at(&self, seat: usize) {
        let context = self.context;
        let (x, y, radius) = self.disc(seat);
        context.begin_path();
        let _ = context.arc(x, y, radius * 1.18, 0.0, TAU);
        context.set_stroke_style_str(&self.palette.ink);
        context.set_line_width(radius * 0.2);
        context.stroke();
    }

    /// Draws the names of sections, in CSS pixels, so that no name covers another.
    pub fn section_labels(&self, labels: &[SectionLabel], view: View, size: CanvasSize) {
        let seen = view.visible(size);
        let context = self.context;
        context.set_text_align("center");
        context.set_text_baseline("middle");
        let mut wishes = Vec::new();
        let mut texts = Vec::new();
        for (section, label) in self.hall.sections.iter().zip(labels) {
            if !section.bounds.meets(&seen) {
                continue;
            }
            let (x, y) = view.to_screen(section.anchor.0, section.anchor.1);
            let name = self.width(&label.name, true) + 2.0 * PAD_X;
            let detail = self.width(&label.detail, false) + 2.0 * PAD_X;
            #[allow(clippy::cast_possible_truncation, reason = "pixels")]
            let small = |width: f64, lines: f64| (width as f32, (lines * LINE_PX + 6.0) as f32);
            let full = small(name.max(detail), 2.0);
            wishes.push(UnplacedLabel { x, y, full, short: small(name, 1.0) }.inside(size));
            texts.push(label);
        }
        for ((wish, label), got) in wishes.iter().zip(texts).zip(granted(&wishes)) {
            self.label(wish, label, got);
        }
    }

    fn width(&self, text: &str, bold: bool) -> f64 {
        self.context.set_font(&font(bold));
        self.context.measure_text(text).map_or(0.0, |metrics| metrics.width())
    }

    fn label(&self, wish: &UnplacedLabel, label: &SectionLabel, got: Granted) {
        let (width, height) = match got {
            Granted::Full => wish.full,
            Granted::Short => wish.short,
            Granted::Nothing => return,
        };
        let context = self.context;
        let (x, y) = (f64::from(wish.x), f64::from(wish.y));
        let (width, height) = (f64::from(width), f64::from(height));
        context.begin_path();
        let (left, top) = (x - width / 2.0, y - height / 2.0);
        let _ = context.round_rect_with_f64(left, top, width, height, 6.0);
        context.set_fill_style_str(&self.palette.raised);
        context.fill();
        context.set_stroke_style_str(&self.palette.line);
        context.set_line_width(1.0);
        context.stroke();
        context.set_fill_style_str(&self.palette.ink);
        context.set_font(&font(true));
        let shift = if got == Granted::Full { LINE_PX / 2.0 } else { 0.0 };
        let _ = context.fill_text(&label.name, x, y - shift + 0.5);
        if got == Granted::Full {
            context.set_font(&font(false));
            context.set_fill_style_str(&self.palette.soft);
            let _ = context.fill_text(&label.detail, x, y + shift);
        }
    }
}

fn font(bold: bool) -> String {
    if bold { typeface(600, NAME_PX) } else { typeface(400, DETAIL_PX) }
}
