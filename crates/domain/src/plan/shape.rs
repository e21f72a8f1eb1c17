//! The members of each object of the format, after pretix's `seating-plan.schema.json`.
//!
//! This module is stricter than the schema where a hall needs it (bounds, no empty seat numbers). It is more tolerant
//! in two points: only the lengths of the plan itself must be whole numbers, and, as in pretix, a seat may have the
//! empty category that the editor gives to new seats.

use serde::de::MapAccess;

use super::{
    Area, Category, Circle, Ellipse, LabelAt, MAX_AREAS, MAX_CATEGORIES, MAX_COORDINATE, MAX_LABEL,
    MAX_POINTS, MAX_ROWS, MAX_SEATS, MAX_TEXT, MAX_ZONES, Nullable, Plan, Polygon, Position, Row,
    Seat, Shape, Size, Writing, Zone,
    read::{
        Need::{Optional, Required},
        PlanObject, UnreadMember,
    },
};

/// The limit for objects that are never in a list.
const NO_LIST: (&str, usize) = ("objects", 0);

fn nullable<T>(value: Option<T>) -> Nullable<T> {
    value.map_or(Nullable::Null, Nullable::Value)
}

/// Defines the members and their reading together. A member that is listed but not read would be a
/// bug in this file; the macro makes it impossible.
macro_rules! objects {
    ($($object:ident, $limit:expr, |$self:ident, $from:ident| {
        $($need:ident $name:literal => $read:expr,)*
    })*) => {$(
        impl PlanObject for $object {
            const MEMBERS: &'static [(&'static str, super::read::Need)] = &[$(($name, $need)),*];
            const LIMIT: (&'static str, usize) = $limit;

            fn read<'de, A: MapAccess<'de>>(
                &mut self,
                member: &'static str,
                $from: &mut UnreadMember<'_, A>,
            ) -> Result<(), A::Error> {
                let $self = self;
                match member {
                    $($name => $read,)*
                    other => unreachable!("{other} is no member"),
                }
                Ok(())
            }
        }
    )*};
}

objects! {
    Plan, NO_LIST, |plan, from| {
        Required "name" => plan.name = from.printed_name(MAX_TEXT)?,
        Required "size" => plan.size = from.object::<PlanSize>()?.0,
        Required "categories" => plan.categories = from.list()?,
        Required "zones" => plan.zones = from.list()?,
    }
    PlanSize, NO_LIST, |size, from| {
        Required "width" => size.0.width = from.whole(MAX_COORDINATE)?,
        Required "height" => size.0.height = from.whole(MAX_COORDINATE)?,
    }
    Category, ("categories", MAX_CATEGORIES), |category, from| {
        Required "name" => category.name = from.printed_name(MAX_TEXT)?,
        Optional "color" => category.color = Some(from.text(MAX_TEXT)?),
    }
    Zone, ("zones", MAX_ZONES), |zone, from| {
        Optional "name" => zone.name = Some(from.printed(MAX_TEXT)?),
        Optional "zone_id" => zone.zone_id = Some(from.printed(MAX_TEXT)?),
        Optional "uuid" => zone.uuid = Some(from.text(MAX_TEXT)?),
        Required "position" => zone.position = from.object()?,
        Required "rows" => zone.rows = from.list()?,
        Optional "areas" => zone.areas = Some(from.list()?),
    }
    Row, ("rows", MAX_ROWS), |row, from| {
        Required "row_number" => row.row_number = from.printed(MAX_LABEL)?,
        Optional "row_label" => row.row_label = nullable(from.text_or_null(MAX_TEXT)?),
        Optional "seat_label" => row.seat_label = nullable(from.text_or_null(MAX_TEXT)?),
        Optional "row_number_position" => row.row_number_position = label_at(from)?,
        Optional "uuid" => row.uuid = Some(from.text(MAX_TEXT)?),
        Optional "position" => row.position = Some(from.object()?),
        Required "seats" => row.seats = from.list()?,
    }
    Seat, ("seats", MAX_SEATS), |seat, from| {
        Required "seat_guid" => seat.seat_guid = from.name(MAX_TEXT)?,
        Required "seat_number" => seat.seat_number = from.printed_name(MAX_LABEL)?,
        Optional "uuid" => seat.uuid = Some(from.text(MAX_TEXT)?),
        Optional "start_direction" => {
            seat.start_direction = nullable(from.text_or_null(MAX_LABEL)?);
        },
        Optional "radius" => seat.radius = Some(from.length(MAX_COORDINATE)?),
        Required "position" => seat.position = from.object()?,
        Required "category" => seat.category = from.printed(MAX_TEXT)?,
    }
    Area, ("areas", MAX_AREAS), |area, from| {
        Optional "shape" => area.shape = shape(from)?,
        Optional "uuid" => area.uuid = Some(from.text(MAX_TEXT)?),
        Optional "rotation" => area.rotation = Some(from.number(MAX_COORDINATE)?),
        Optional "color" => area.color = Some(from.text(MAX_TEXT)?),
        Optional "border_color" => area.border_color = Some(from.text(MAX_TEXT)?),
        Optional "position" => area.position = Some(from.object()?),
        Optional "rectangle" => area.rectangle = Some(from.object()?),
        Optional "circle" => area.circle = Some(from.object()?),
        Optional "ellipse" => area.ellipse = Some(from.object()?),
        Optional "polygon" => area.polygon = Some(from.object()?),
        Optional "text" => area.text = Some(from.object()?),
    }
    Size, NO_LIST, |size, from| {
        Required "width" => size.width = from.length(MAX_COORDINATE)?,
        Required "height" => size.height = from.length(MAX_COORDINATE)?,
    }
    Circle, NO_LIST, |circle, from| {
        Required "radius" => circle.radius = from.length(MAX_COORDINATE)?,
    }
    Ellipse, NO_LIST, |ellipse, from| {
        Required "radius" => ellipse.radius = from.object()?,
    }
    Polygon, NO_LIST, |polygon, from| {
        Required "points" => polygon.points = from.list()?,
    }
    Writing, NO_LIST, |writing, from| {
        Required "text" => writing.text = from.text(MAX_TEXT)?,
        Optional "color" => writing.color = Some(from.text(MAX_TEXT)?),
        Optional "size" => writing.size = Some(from.length(MAX_COORDINATE)?),
        Required "position" => writing.position = from.object()?,
    }
    Position, ("points", MAX_POINTS), |position, from| {
        Required "x" => position.x = from.number(MAX_COORDINATE)?,
        Required "y" => position.y = from.number(MAX_COORDINATE)?,
    }
}

/// The size of the plan itself. Its members must be whole numbers.
#[derive(Default)]
struct PlanSize(Size);

fn label_at<'de, A: MapAccess<'de>>(
    from: &mut UnreadMember<'_, A>,
) -> Result<Nullable<LabelAt>, A::Error> {
    let Some(text) = from.text_or_null(MAX_LABEL)? else { return Ok(Nullable::Null) };
    Ok(Nullable::Value(match text.as_str() {
        "start" => LabelAt::Start,
        "end" => LabelAt::End,
        "both" => LabelAt::Both,
        _ => {
            from.cursor.fault("must be start, end, both or null");
            return Ok(Nullable::Null);
        }
    }))
}

fn shape<'de, A: MapAccess<'de>>(
    from: &mut UnreadMember<'_, A>,
) -> Result<Option<Shape>, A::Error> {
    Ok(Some(match from.text(MAX_LABEL)?.as_str() {
        "polygon" => Shape::Polygon,
        "rectangle" => Shape::Rectangle,
        "ellipse" => Shape::Ellipse,
        "circle" => Shape::Circle,
        "text" => Shape::Text,
        _ => {
            from.cursor.fault("must be polygon, rectangle, ellipse, circle or text");
            return Ok(None);
        }
    }))
}
