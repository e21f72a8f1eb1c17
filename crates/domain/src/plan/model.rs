//! The parts of a plan, with the members and names of the format.
//!
//! These are plain records. A plan that was read is valid; [`Plan::checked`] checks a plan that was
//! built in memory.

use serde::{Serialize, Serializer};

/// A seating plan as its file describes it. See the module for what a valid plan is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Plan {
    /// The plan's name, 1 to 190 characters.
    pub name: String,
    /// The plan's extent from its origin at the upper left, in the plan's unit.
    pub size: Size,
    /// The price categories. Each seat names one of them.
    pub categories: Vec<Category>,
    /// The zones of the hall. Each zone with seats becomes a section.
    pub zones: Vec<Zone>,
}

/// An extent in the plan's unit.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Size {
    /// The width, from left to right.
    pub width: Number,
    /// The height, from top to bottom.
    pub height: Number,
}

/// A price category. Its seats share a colour, and offers set their price.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Category {
    /// The category's name, unique within the plan.
    pub name: String,
    /// The colour in which the seats of the category are drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
}

/// A zone of the hall.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Zone {
    /// The zone's name for people. The section takes this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The zone's short name. Editors derive the guids of seats from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_id: Option<String>,
    /// The id that the editor gave to the zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// The origin of the zone's coordinates in the plan.
    pub position: Position,
    /// The zone's rows, in the order in which their seats get ids.
    pub rows: Vec<Row>,
    /// The areas drawn beside the seats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub areas: Option<Vec<Area>>,
}

/// A row: its name and its seats from one end to the other.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Row {
    /// The row's number or name.
    pub row_number: String,
    /// The row's name in texts.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub row_label: Nullable<String>,
    /// The name of the row's seats in texts. `%s` stands for the number of the seat.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub seat_label: Nullable<String>,
    /// Where the row's number is drawn.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub row_number_position: Nullable<LabelAt>,
    /// The id that the editor gave to the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// The origin of the row's coordinates, relative to its zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The row's seats, in the order in which they get ids.
    pub seats: Vec<Seat>,
}

/// A seat of a row, as the plan's file describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Seat {
    /// The seat's id in the plan: unique within the plan, and kept when the plan is replaced.
    pub seat_guid: String,
    /// The seat's number or name within its row.
    pub seat_number: String,
    /// The id that the editor gave to the seat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// Where booking in order begins: `<`, `>` or `<>`.
    #[serde(skip_serializing_if = "Nullable::is_absent")]
    pub start_direction: Nullable<String>,
    /// The radius with which the seat is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius: Option<Number>,
    /// The name of the seat's price category.
    pub category: String,
    /// The position relative to the row.
    pub position: Position,
}

/// An area drawn beside the seats, such as the stage, the pitch or a wall.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Area {
    /// The area's shape. It selects one of the measures below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// The id that the editor gave to the area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// The rotation about the area's position, in degrees clockwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Number>,
    /// The fill colour as CSS writes it, usually `#rrggbb`. No fill if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The stroke colour as CSS writes it, usually `#rrggbb`. No stroke if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub border_color: Option<String>,
    /// The position relative to the zone.
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
    /// The text drawn on the area.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Writing>,
}

/// The shape of an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// A polygon, given by its corners.
    Polygon,
    /// A rectangle, given by its width and height.
    Rectangle,
    /// An ellipse, given by its two radii.
    Ellipse,
    /// A circle, given by its radius.
    Circle,
    /// No shape: only the area's text is drawn.
    Text,
}

/// The measures of a circle.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Circle {
    /// The radius in the plan's unit.
    pub radius: Number,
}

/// The measures of an ellipse.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Ellipse {
    /// The horizontal radius (`x`) and the vertical radius (`y`).
    pub radius: Position,
}

/// The corners of a polygon.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Polygon {
    /// The corners, relative to the area.
    pub points: Vec<Position>,
}

/// A text drawn on an area.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Writing {
    /// The text that is drawn.
    pub text: String,
    /// The colour of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The height of the letters in the plan's unit. Default: 16.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Number>,
    /// The centre of the text, relative to the area.
    pub position: Position,
}

/// A position in the plan's unit.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Position {
    /// The horizontal coordinate, growing to the right.
    pub x: Number,
    /// The vertical coordinate, growing downwards.
    pub y: Number,
}

/// Where a row's number is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelAt {
    /// The number stands before the first seat.
    Start,
    /// The number stands after the last seat.
    End,
    /// The number stands before the first seat and after the last seat.
    Both,
}

/// A finite number within bounds, written in the form in which it was read: `1` stays `1` and `1.0`
/// stays `1.0`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Number(pub(super) serde_json::Number);

impl Number {
    /// The number as a float.
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

/// A member that may be absent or null. The two are distinguished, so that writing the plan
/// restores them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Nullable<T> {
    /// The file does not contain the member.
    #[default]
    Absent,
    /// The member is present and null.
    Null,
    /// The member is present and has this value.
    Value(T),
}

impl<T> Nullable<T> {
    /// The value, if the member is present and not null.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// Whether the member is absent.
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
    /// The name of the zone's section: the zone's name, or its short name, or its number from 1.
    pub fn title(&self, index: usize) -> String {
        let given = self.name.as_ref().filter(|name| !name.is_empty());
        given
            .or(self.zone_id.as_ref().filter(|id| !id.is_empty()))
            .cloned()
            .unwrap_or_else(|| format!("Zone {}", index + 1))
    }
}
