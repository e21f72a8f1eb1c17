//! The colours of the canvas, read from the style sheet.

use holdfast_contract::seat_map::MapCategory;
use leptos::prelude::{document, window};

use super::colour::{Colour, SIGN_CONTRAST};

/// How far the colour of an area is moved towards the background, 0 to 1.
const AREA_QUIET: f32 = 0.72;

/// The colours of a price category.
#[derive(Debug, Clone)]
pub struct CategoryColour {
    /// The colour of a free seat.
    pub fill: String,
    /// The colour of the seat's number.
    pub ink: String,
    /// The paler colour of the section's shape when the map is zoomed out.
    pub shape: String,
}

/// All colours that the canvas uses, as CSS colours.
#[derive(Debug, Clone)]
pub struct Palette {
    /// The background of the map.
    pub paper: String,
    /// The background of section labels and of the minimap.
    pub raised: String,
    /// The border of section labels.
    pub line: String,
    /// The colour of text, and of the ring around the seat under the pointer.
    pub ink: String,
    /// The colour of less important text, and of the signs of seats that cannot be bought.
    pub soft: String,
    /// The colour of the seats that the visitor has chosen or holds.
    pub accent: String,
    /// The tick on the visitor's own seats.
    pub on_accent: String,
    /// The border of areas such as stage and pitch.
    pub area_line: String,
    /// The shape of a section without free seats when the map is zoomed out.
    pub gone: String,
    /// The colours of each price category.
    pub categories: Vec<CategoryColour>,
    behind: Colour,
}

impl Palette {
    /// Reads the `--map-…` colours of the style sheet, which have the form `#rrggbb`.
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

    /// Whether the text is lighter than the background.
    pub fn is_dark(&self) -> bool {
        self.behind.contrast(Colour::WHITE) > self.behind.contrast(Colour::BLACK)
    }

    /// The colour of an area such as stage or pitch: the plan's colour, quieter than any seat. `None` if the plan has
    /// no colour.
    pub fn area(&self, color: &str) -> Option<String> {
        Some(Colour::parse(color)?.mixed(self.behind, AREA_QUIET).css())
    }

    /// The colours of the category with this index. The first category's colours for an unknown index.
    pub fn category(&self, index: u8) -> Option<&CategoryColour> {
        self.categories.get(usize::from(index)).or_else(|| self.categories.first())
    }
}
