//! The colours that the canvas uses now, read from the style sheet.

use holdfast_contract::seat_map::MapCategory;
use leptos::prelude::{document, window};

use super::colour::{Colour, SIGN_CONTRAST};

/// How far the colour of an area goes towards the paper.
const AREA_QUIET: f32 = 0.72;

/// A category's colour and what is read on it.
#[derive(Debug, Clone)]
pub struct CategoryColour {
    /// The disc.
    pub fill: String,
    /// The number on it.
    pub ink: String,
    /// From afar, paler.
    pub shape: String,
}

/// Everything the canvas paints with.
#[derive(Debug, Clone)]
pub struct Palette {
    /// Behind everything.
    pub paper: String,
    /// Labels' background.
    pub raised: String,
    /// Lines around labels.
    pub line: String,
    /// Writing.
    pub ink: String,
    /// Quiet writing and the signs of what cannot be had.
    pub soft: String,
    /// Mine.
    pub accent: String,
    /// On mine.
    pub on_accent: String,
    /// The edge of stage and pitch.
    pub area_line: String,
    /// A section with nothing left, from afar.
    pub gone: String,
    /// By category.
    pub categories: Vec<CategoryColour>,
    behind: Colour,
}

impl Palette {
    /// Reads the style sheet's `--map-…` colours, which are plain `#rrggbb`.
    pub fn read(categories: &[MapCategory]) -> Self {
        let style = document()
            .document_element()
            .and_then(|root| window().get_computed_style(&root).ok().flatten());
        let read = |name: &str, otherwise: &str| {
            style
                .as_ref()
                .and_then(|style| style.get_property_value(name).ok())
                .and_then(|text| Colour::parse(&text))
                .or_else(|| Colour::parse(otherwise))
                .unwrap_or(Colour::BLACK)
        };
        let paper = read("--map-paper", "#ffffff");
        let ink = read("--map-ink", "#000000");
        Self {
            paper: paper.css(),
            raised: read("--map-raised", "#ffffff").css(),
            line: read("--map-line", "#d0d4db").css(),
            ink: ink.css(),
            soft: read("--map-soft", "#5c6470").css(),
            accent: read("--map-accent", "#1f4fd8").css(),
            on_accent: read("--map-on-accent", "#ffffff").css(),
            area_line: read("--map-area-line", "#8a93a0").css(),
            gone: read("--map-gone", "#c9ced6").css(),
            behind: paper,
            categories: categories
                .iter()
                .map(|category| {
                    let fill =
                        Colour::parse(&category.color).unwrap_or(ink).seen_on(paper, SIGN_CONTRAST);
                    CategoryColour {
                        fill: fill.css(),
                        ink: fill.ink().css(),
                        shape: fill.mixed(paper, 0.3).css(),
                    }
                })
                .collect(),
        }
    }

    /// Whether it is written lightly on dark.
    pub fn is_dark(&self) -> bool {
        self.behind.contrast(Colour::WHITE) > self.behind.contrast(Colour::BLACK)
    }

    /// Stage and pitch: the plan's colour, quieter than any seat. None where the plan has none.
    pub fn area(&self, color: &str) -> Option<String> {
        Some(Colour::parse(color)?.mixed(self.behind, AREA_QUIET).css())
    }

    /// A category's colours; the first where the plan names none.
    pub fn category(&self, index: u8) -> Option<&CategoryColour> {
        self.categories.get(usize::from(index)).or_else(|| self.categories.first())
    }
}
