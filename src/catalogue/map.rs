//! The layout of a hall on the wire, made from the plan and from where its seats stand in the event.
//!
//! Coordinates become absolute and whole (tenths of the plan's unit). A row whose seats have no
//! consecutive ids, because a plan was replaced, travels in several pieces; the first has its label.

use std::collections::HashMap;

use holdfast_contract::{
    catalogue::SeatKind,
    seat_map::{MapArea, MapCategory, MapRow, MapSeat, MapSection, MapText, SeatMap},
};
use holdfast_domain::{
    ids::{EventId, SectionId},
    plan::{Area, LabelAt, NumberedSeat, Plan, Position, Row, Shape, Zone},
};
use holdfast_entity::sections;

use super::{store::seats::PlacedSeat, views::seat_kind};

/// The colour of a category whose own cannot be read.
const PLAIN: &str = "#888888";
/// The height of letters where the plan does not say, in the plan's unit.
const TEXT_SIZE: f64 = 16.0;

/// The layout of this event's hall.
pub fn build(
    event: EventId,
    plan_version: i32,
    plan: &Plan,
    sections: &[sections::Model],
    placed: Vec<PlacedSeat>,
) -> SeatMap {
    let placed: HashMap<String, PlacedSeat> =
        placed.into_iter().map(|seat| (seat.guid.clone(), seat)).collect();
    let categories: HashMap<&str, usize> = plan
        .categories
        .iter()
        .enumerate()
        .map(|(index, category)| (category.name.as_str(), index))
        .collect();
    let mut rows: HashMap<(usize, usize), Vec<(MapSeat, SectionId)>> = HashMap::new();
    for seat in plan.numbered() {
        if let Some(stands) = placed.get(seat.guid) {
            let found = (map_seat(&seat, stands, &categories), stands.section);
            rows.entry((seat.zone, seat.row)).or_default().push(found);
        }
    }
    let mut found: Vec<MapSection> = Vec::new();
    for (zone_at, zone) in plan.zones.iter().enumerate() {
        for (row_at, row) in zone.rows.iter().enumerate() {
            let Some(seats) = rows.remove(&(zone_at, row_at)) else { continue };
            for (section, row) in pieces(row, &seats) {
                match found.iter_mut().find(|known| known.id == section.0) {
                    Some(known) => known.rows.push(row),
                    None => {
                        let name = sections
                            .iter()
                            .find(|known| known.id == section.0)
                            .map_or_else(|| zone.title(zone_at), |known| known.name.clone());
                        found.push(MapSection { id: section.0, name, rows: vec![row] });
                    }
                }
            }
        }
    }
    SeatMap {
        event_id: event.0,
        plan_version,
        name: plan.name.clone(),
        width: tenths(plan.size.width.value()),
        height: tenths(plan.size.height.value()),
        categories: plan
            .categories
            .iter()
            .map(|category| MapCategory {
                name: category.name.clone(),
                color: color(category.color.as_deref()).unwrap_or_else(|| PLAIN.to_owned()),
            })
            .collect(),
        areas: plan.zones.iter().flat_map(areas).collect(),
        sections: found,
    }
}

fn map_seat(
    seat: &NumberedSeat<'_>,
    stands: &PlacedSeat,
    categories: &HashMap<&str, usize>,
) -> MapSeat {
    MapSeat {
        seat_id: stands.id.0,
        guid: seat.guid.to_owned(),
        label: seat.number.to_owned(),
        x: tenths(seat.x),
        y: tenths(seat.y),
        category: categories.get(seat.category).copied().unwrap_or(0),
        kind: seat_kind(&stands.kind).unwrap_or(SeatKind::Standard),
    }
}

/// A row in pieces of consecutive ids within one section.
fn pieces(row: &Row, seats: &[(MapSeat, SectionId)]) -> Vec<(SectionId, MapRow)> {
    let together = |a: &(MapSeat, SectionId), b: &(MapSeat, SectionId)| {
        a.1 == b.1 && a.0.seat_id + 1 == b.0.seat_id
    };
    let label_at = match row.row_number_position.value() {
        Some(LabelAt::Start) => "start",
        Some(LabelAt::End) => "end",
        Some(LabelAt::Both) => "both",
        None => "none",
    };
    seats
        .chunk_by(together)
        .enumerate()
        .map(|(index, piece)| {
            let seats: Vec<MapSeat> = piece.iter().map(|(seat, _)| seat.clone()).collect();
            let label_at = if index == 0 { label_at } else { "none" };
            (piece[0].1, MapRow::encode(row.row_number.clone(), label_at.to_owned(), &seats))
        })
        .collect()
}

fn areas(zone: &Zone) -> impl Iterator<Item = MapArea> + '_ {
    zone.areas.iter().flatten().filter_map(|area| map_area(zone, area))
}

/// An area; nothing where it has no shape that could be drawn.
fn map_area(zone: &Zone, area: &Area) -> Option<MapArea> {
    let (name, width, height) = match area.shape? {
        Shape::Rectangle => {
            let size = area.rectangle.as_ref()?;
            ("rectangle", size.width.value(), size.height.value())
        }
        Shape::Circle => {
            let radius = area.circle.as_ref()?.radius.value();
            ("circle", radius, radius)
        }
        Shape::Ellipse => {
            let radius = &area.ellipse.as_ref()?.radius;
            ("ellipse", radius.x.value(), radius.y.value())
        }
        Shape::Polygon => ("polygon", 0.0, 0.0),
        Shape::Text => ("text", 0.0, 0.0),
    };
    let points = match area.shape? {
        Shape::Polygon => area.polygon.as_ref()?.points.iter().flat_map(place).collect(),
        Shape::Rectangle | Shape::Circle | Shape::Ellipse | Shape::Text => Vec::new(),
    };
    let origin = Position::default();
    let at = area.position.as_ref().unwrap_or(&origin);
    Some(MapArea {
        shape: name.to_owned(),
        x: tenths(zone.position.x.value() + at.x.value()),
        y: tenths(zone.position.y.value() + at.y.value()),
        rotation: area.rotation.as_ref().map_or(0, |degrees| whole(degrees.value())),
        color: color(area.color.as_deref()).unwrap_or_default(),
        border_color: color(area.border_color.as_deref()).unwrap_or_default(),
        width: tenths(width),
        height: tenths(height),
        points,
        text: area.text.as_ref().map(|text| {
            let [x, y] = place(&text.position);
            MapText {
                text: text.text.clone(),
                size: tenths(text.size.as_ref().map_or(TEXT_SIZE, |size| size.value())),
                color: color(text.color.as_deref()).unwrap_or_else(|| PLAIN.to_owned()),
                x,
                y,
            }
        }),
    })
}

fn place(position: &Position) -> [i32; 2] {
    [tenths(position.x.value()), tenths(position.y.value())]
}

fn tenths(value: f64) -> i32 {
    whole(value * 10.0)
}

fn whole(value: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "a plan's numbers are bounded")]
    let whole = value.round() as i32;
    whole
}

/// `#rgb`, `#rrggbb` or `#rrggbbaa` as `#rrggbb`.
fn color(text: Option<&str>) -> Option<String> {
    let digits = text?.strip_prefix('#')?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    match digits.len() {
        3 => Some(digits.chars().flat_map(|digit| [digit, digit]).fold(
            "#".into(),
            |mut all: String, digit| {
                all.push(digit);
                all
            },
        )),
        6 | 8 => Some(format!("#{}", &digits[..6])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use holdfast_domain::ids::SeatId;
    use uuid::Uuid;

    use super::*;

    const ERFURT: &[u8] = include_bytes!("plans/riethsporthalle-erfurt.json");
    const ARENA: &[u8] = include_bytes!("plans/arena-20000.json");

    fn laid(plan: &Plan, id: impl Fn(i32) -> i32) -> Vec<PlacedSeat> {
        plan.numbered()
            .map(|seat| PlacedSeat {
                id: SeatId(id(seat.id.0)),
                guid: seat.guid.to_owned(),
                section: SectionId(Uuid::from_u128(seat.zone as u128)),
                kind: if seat.id.0 == 3 { "wheelchair" } else { "standard" }.to_owned(),
            })
            .collect()
    }

    fn built(file: &[u8], id: impl Fn(i32) -> i32) -> (Plan, SeatMap) {
        let plan = Plan::parse(file).expect("a good plan");
        let map = build(EventId(Uuid::nil()), 1, &plan, &[], laid(&plan, id));
        (plan, map)
    }

    #[test]
    fn every_seat_of_the_plan_is_on_the_map() {
        let (plan, map) = built(ERFURT, |id| id);
        let seats: Vec<MapSeat> =
            map.sections.iter().flat_map(|section| &section.rows).flat_map(MapRow::seats).collect();
        let numbered: Vec<_> = plan.numbered().collect();
        assert_eq!(seats.len(), numbered.len());
        for (on_map, in_plan) in seats.iter().zip(&numbered) {
            assert_eq!(
                (on_map.seat_id, on_map.guid.as_str(), on_map.label.as_str()),
                (in_plan.id.0, in_plan.guid, in_plan.number)
            );
            assert_eq!(map.categories[on_map.category].name, in_plan.category);
            assert!((f64::from(on_map.x) - in_plan.x * 10.0).abs() <= 0.5);
        }
        assert_eq!(seats[2].kind, SeatKind::Wheelchair);
        assert_eq!(map.sections[0].name, "Block D");
        assert_eq!((map.areas[0].shape.as_str(), map.areas[0].width), ("rectangle", 22_000));
    }

    #[test]
    fn a_row_of_scattered_ids_travels_in_pieces() {
        let (plan, map) = built(ERFURT, |id| id * 2);
        let seats: Vec<MapSeat> =
            map.sections.iter().flat_map(|section| &section.rows).flat_map(MapRow::seats).collect();
        assert_eq!(seats.len(), plan.seat_count());
        assert_eq!((seats[1].seat_id, seats[1].guid.as_str()), (4, "D-14-2"));
    }

    #[test]
    fn twenty_thousand_seats_fit_into_a_hundred_kilobytes() {
        let (_, map) = built(ARENA, |id| id);
        let asked = crate::http::tagged::Packed::small(&map);
        let compressed = asked.len() - crate::http::body::bytes(&map).len();
        assert!(compressed <= 100_000, "{compressed} bytes");
    }

    #[test]
    fn colours_have_one_form() {
        for (text, wanted) in [
            ("#E87722", Some("#E87722")),
            ("#ddd", Some("#dddddd")),
            ("#11223344", Some("#112233")),
            ("red", None),
            ("#12", None),
            ("#ééé", None),
        ] {
            assert_eq!(color(Some(text)).as_deref(), wanted, "{text}");
        }
    }
}
