//! What a plan consists of, member by member as the format names them.
//!
//! These are plain records: a plan that was read is good, one that was put together in memory is
//! checked by [`Plan::checked`].

use serde::{Serialize, Serializer};

/// A seating plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Plan {
    /// What the plan is called.
    pub name: String,
    /// The plan's extent.
    pub size: Size,
    /// Price categories; a seat names one of them.
    pub categories: Vec<Category>,
    /// The parts of the hall; each zone with seats becomes a section.
    pub zones: Vec<Zone>,
}

/// The plan's extent in its own unit.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Size {
    /// From left to right.
    pub width: Number,
    /// From top to bottom.
    pub height: Number,
}

/// A price category.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Category {
    /// Its name, unique within the plan.
    pub name: String,
    /// The colour in which its seats are drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

/// A part of the hall.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Zone {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A short name, from which editors make seat guids.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_id: Option<String>,
    /// The editor's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Where the zone's own coordinates begin.
    pub position: Position,
    /// Its rows.
    pub rows: Vec<Row>,
    /// What is drawn beside the seats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub areas: Option<Vec<Area>>,
}

/// A row of seats.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Row {
    /// Its number or name.
    pub row_number: String,
    /// How texts call the row.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub row_label: Nullable<String>,
    /// How texts call its seats, `%s` standing for the seat's number.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub seat_label: Nullable<String>,
    /// Where the number is written.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub row_number_position: Nullable<LabelAt>,
    /// The editor's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Where the row's own coordinates begin, relative to its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// Its seats.
    pub seats: Vec<Seat>,
}

/// A seat.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Seat {
    /// What the seat is known by; unique within the plan, and kept when a plan is replaced.
    pub seat_guid: String,
    /// What people call it within its row.
    pub seat_number: String,
    /// The editor's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Where booking in order begins: `<`, `>` or `<>`.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub start_direction: Nullable<String>,
    /// How large it is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius: Option<Number>,
    /// The price category, by name.
    pub category: String,
    /// Where it is, relative to its row.
    pub position: Position,
}

/// Something drawn beside the seats: the stage, the pitch, a wall.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Area {
    /// Which of the shapes below it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// The editor's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Degrees clockwise about its position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Number>,
    /// Fill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Stroke.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub border_color: Option<String>,
    /// Where it is, relative to its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The measures of a rectangle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rectangle: Option<Size>,
    /// The measures of a circle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circle: Option<Circle>,
    /// The measures of an ellipse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ellipse: Option<Ellipse>,
    /// The corners of a polygon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polygon: Option<Polygon>,
    /// What is written on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Writing>,
}

/// The shape of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Corners one by one.
    Polygon,
    /// Width and height.
    Rectangle,
    /// Two radii.
    Ellipse,
    /// One radius.
    Circle,
    /// Writing alone.
    Text,
}

/// The measures of a circle.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Circle {
    /// The radius.
    pub radius: Number,
}

/// The measures of an ellipse.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Ellipse {
    /// The horizontal and the vertical radius.
    pub radius: Position,
}

/// The corners of a polygon.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Polygon {
    /// Relative to the area.
    pub points: Vec<Position>,
}

/// Writing on an area.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Writing {
    /// The words.
    pub text: String,
    /// Their colour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The height of the letters; 16 without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Number>,
    /// The middle of the words, relative to the area.
    pub position: Position,
}

/// A place.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Position {
    /// Rightwards.
    pub x: Number,
    /// Downwards.
    pub y: Number,
}

/// Where a row's number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelAt {
    /// Before its first seat.
    Start,
    /// After its last seat.
    End,
    /// At both ends.
    Both,
}

/// A finite number within bounds, written as it was read: `1` stays `1` and `1.0` stays `1.0`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Number(pub(super) serde_json::Number);

impl Number {
    /// Its value.
    pub fn value(&self) -> f64 {
        self.0.as_f64().unwrap_or(0.0)
    }
}

impl Default for Number {
    fn default() -> Self {
        Self(0.into())
    }
}

impl From<i32> for Number {
    fn from(value: i32) -> Self {
        Self(value.into())
    }
}

/// A member that may be left out or be null; the two are told apart so that both come back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Nullable<T> {
    /// Left out.
    #[default]
    Absent,
    /// There, and null.
    Null,
    /// There.
    Value(T),
}

impl<T> Nullable<T> {
    /// The value, where there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// Whether the member is left out.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

impl Zone {
    /// What the section is called: the name, else the short name, else its number from 1.
    pub fn title(&self, index: usize) -> String {
        let given = self.name.as_ref().filter(|name| !name.is_empty());
        given
            .or(self.zone_id.as_ref().filter(|id| !id.is_empty()))
            .cloned()
            .unwrap_or_else(|| format!("Zone {}", index + 1))
    }
}
