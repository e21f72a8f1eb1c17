//! The colours of a plan, adapted to the page: they get enough contrast to the background, in the light and the dark
//! theme.
//!
//! Contrast is defined by WCAG 2.2 (relative luminance of sRGB).

use ui::js::pow;

/// A colour in sRGB, with 8 bits for each channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
}

/// The minimum contrast of a graphical object to its surroundings, 3.0 by WCAG 2.2 (1.4.11), with a small reserve.
pub const SIGN_CONTRAST: f32 = 3.1;

impl Colour {
    pub const BLACK: Self = Self { red: 0, green: 0, blue: 0 };
    pub const WHITE: Self = Self { red: 255, green: 255, blue: 255 };

    /// Reads a colour of the form `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        let [_, red, green, blue] = value.to_be_bytes();
        Some(Self { red, green, blue })
    }

    /// The colour in the form `#rrggbb`.
    pub fn css(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }

    fn luminance(self) -> f32 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { pow((part + 0.055) / 1.055, 2.4) }
        };
        #[allow(clippy::cast_possible_truncation, reason = "a part of one")]
        let luminance = |red, green, blue| (0.2126 * red + 0.7152 * green + 0.0722 * blue) as f32;
        luminance(linear(self.red), linear(self.green), linear(self.blue))
    }

    /// The contrast ratio between two colours, 1 to 21.
    pub fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The colour between this one (`part` 0) and another (`part` 1).
    pub fn mixed(self, other: Self, part: f32) -> Self {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between two bytes"
        )]
        let mix =
            |a: u8, b: u8| (f32::from(a) + (f32::from(b) - f32::from(a)) * part).round() as u8;
        Self {
            red: mix(self.red, other.red),
            green: mix(self.green, other.green),
            blue: mix(self.blue, other.blue),
        }
    }

    /// A colour of the same hue, moved away from the background until it has at least this contrast to it.
    pub fn seen_on(self, paper: Self, contrast: f32) -> Self {
        let away = if paper.luminance() > 0.18 { Self::BLACK } else { Self::WHITE };
        (0..=20_u8)
            .map(|step| self.mixed(away, f32::from(step) / 20.0))
            .find(|colour| colour.contrast(paper) >= contrast)
            .unwrap_or(away)
    }

    /// Black or white: the colour in which text on this colour is easier to read.
    pub fn ink(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) {
            Self::WHITE
        } else {
            Self::BLACK
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((Colour::BLACK.contrast(Colour::WHITE) - 21.0).abs() < 0.01);
        let grey = Colour::parse("#767676").expect("a colour");
        assert!((grey.contrast(Colour::WHITE) - 4.54).abs() < 0.01);
        assert_eq!(Colour::parse("red"), None);
        assert_eq!(Colour::parse("#12345é"), None);
    }

    #[test]
    fn every_category_is_seen_on_both_papers() {
        let papers = ["#ffffff", "#f7f8fa", "#15181e", "#000000"];
        let colours = ["#E87722", "#1D3557", "#2A9D8F", "#F4A300", "#6C3483", "#ffffff", "#000000"];
        for paper in papers.map(|paper| Colour::parse(paper).expect("a colour")) {
            for colour in colours.map(|colour| Colour::parse(colour).expect("a colour")) {
                let seen = colour.seen_on(paper, SIGN_CONTRAST);
                assert!(seen.contrast(paper) >= SIGN_CONTRAST, "{} on {}", seen.css(), paper.css());
                assert!(seen.contrast(seen.ink()) >= 4.5, "a number on {}", seen.css());
            }
        }
    }
}
