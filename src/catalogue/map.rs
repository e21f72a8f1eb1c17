//! Builds the layout of a hall for the wire, from the plan and from the ids and sections of the event's seats.
//!
//! Coordinates become absolute integers in tenths of the plan's unit. When the seats of a row have no consecutive
//! ids, because a plan was replaced, the row is sent in several pieces; the first piece has the row's label.

use std::collections::HashMap;

use holdfast_contract::{
    seat_map::{MapArea, MapCategory, MapRow, MapSeat, MapSection, MapText, SeatMap},
    words::{self, AreaShape},
};
use holdfast_domain::{
    ids::{EventId, SectionId},
    plan::{Area, LabelAt, NumberedSeat, Plan, Position, Row, Shape, Zone},
};
use holdfast_entity::sections;

use super::{seat_kinds, store::seats::PlacedSeat};

/// The colour of a category without a readable colour.
const PLAIN: &str = "#888888";
/// The text size if the plan gives none, in the plan's unit.
const TEXT_SIZE: f64 = 16.0;

/// The layout of the event's hall. `placed` maps the guid of a seat in the plan to its id and section in the
/// event.
pub fn build(
    event: EventId,
    plan_version: i32,
    plan: &Plan,
    sections: &[sections::Model],
    placed: &HashMap<String, PlacedSeat>,
) -> SeatMap {
    SeatMap {
        event_id: event.0,
        plan_version,
        name: plan.name.clone(),
        width: tenths(plan.size.width.value()),
        height: tenths(plan.size.height.value()),
        categories: categories(plan),
        areas: plan.zones.iter().flat_map(areas).collect(),
        sections: map_sections(plan, sections, placed),
    }
}

/// The plan's categories, plus a category without a name if some seats have no category. Offers for every category
/// set the price of such seats.
fn categories(plan: &Plan) -> Vec<MapCategory> {
    let known = plan.categories.iter().map(|category| MapCategory {
        name: category.name.clone(),
        color: color(category.color.as_deref()).unwrap_or_else(|| PLAIN.to_owned()),
    });
    let none = plan.numbered().any(|seat| seat.category.is_empty());
    let none = none.then(|| MapCategory { name: String::new(), color: PLAIN.to_owned() });
    known.chain(none).collect()
}

fn map_sections(
    plan: &Plan,
    sections: &[sections::Model],
    placed: &HashMap<String, PlacedSeat>,
) -> Vec<MapSection> {
    let mut found: Vec<MapSection> = Vec::new();
    let mut put = |piece: Option<Piece>| {
        let Some(piece) = piece else { return };
        let zone = &plan.zones[piece.zone];
        let row = map_row(&zone.rows[piece.row], &piece);
        match found.iter_mut().find(|known| known.id == piece.section.0) {
            Some(known) => known.rows.push(row),
            None => {
                let known = sections.iter().find(|known| known.id == piece.section);
                let name = known.map_or_else(|| zone.title(piece.zone), |known| known.name.clone());
                found.push(MapSection { id: piece.section.0, name, rows: vec![row] });
            }
        }
    };
    let categories: HashMap<&str, usize> =
        plan.categories.iter().map(|known| known.name.as_str()).chain([""]).zip(0..).collect();
    let mut piece: Option<Piece> = None;
    for (seat, radius) in plan.numbered().zip(plan.radii()) {
        let Some(stands) = placed.get(seat.guid) else { continue };
        let category = categories.get(seat.category).copied().unwrap_or(0);
        let on_map = MapSeat { radius: tenths(radius), ..map_seat(&seat, stands, category) };
        match &mut piece {
            Some(piece) if piece.goes_on(&seat, stands) => piece.seats.push(on_map),
            Some(_) | None => {
                let first = piece.as_ref().is_none_or(|last| !last.is_of_row(&seat));
                let next = Piece {
                    zone: seat.zone,
                    row: seat.row,
                    section: stands.section,
                    first,
                    seats: vec![on_map],
                };
                put(piece.replace(next));
            }
        }
    }
    put(piece);
    found
}

/// Seats of one row and one section with consecutive ids.
struct Piece {
    zone: usize,
    row: usize,
    section: SectionId,
    /// Whether this piece is the first of its row.
    first: bool,
    seats: Vec<MapSeat>,
}

impl Piece {
    fn is_of_row(&self, seat: &NumberedSeat<'_>) -> bool {
        (self.zone, self.row) == (seat.zone, seat.row)
    }

    fn goes_on(&self, seat: &NumberedSeat<'_>, stands: &PlacedSeat) -> bool {
        self.is_of_row(seat)
            && self.section == stands.section
            && self.seats.last().is_some_and(|last| last.seat_id + 1 == stands.id.0)
    }
}

fn map_seat(seat: &NumberedSeat<'_>, stands: &PlacedSeat, category: usize) -> MapSeat {
    MapSeat {
        seat_id: stands.id.0,
        guid: seat.guid.to_owned(),
        label: seat.number.to_owned(),
        x: tenths(seat.x),
        y: tenths(seat.y),
        category,
        radius: 0,
        kind: seat_kinds::shown(stands.kind),
    }
}

fn map_row(row: &Row, piece: &Piece) -> MapRow {
    let label_at = match row.row_number_position.value() {
        Some(_) if !piece.first => words::LabelAt::None,
        Some(LabelAt::Start) => words::LabelAt::Start,
        Some(LabelAt::End) => words::LabelAt::End,
        Some(LabelAt::Both) => words::LabelAt::Both,
        None => words::LabelAt::None,
    };
    MapRow::encode(row.row_number.clone(), label_at.as_str().to_owned(), &piece.seats)
}

fn areas(zone: &Zone) -> impl Iterator<Item = MapArea> + '_ {
    zone.areas.iter().flatten().filter_map(|area| map_area(zone, area))
}

/// An area on the wire; `None` when it has no shape that can be drawn.
fn map_area(zone: &Zone, area: &Area) -> Option<MapArea> {
    let (shape, width, height) = match area.shape? {
        Shape::Rectangle => {
            let size = area.rectangle.as_ref()?;
            (AreaShape::Rectangle, size.width.value(), size.height.value())
        }
        Shape::Circle => {
            let radius = area.circle.as_ref()?.radius.value();
            (AreaShape::Circle, radius, radius)
        }
        Shape::Ellipse => {
            let radius = &area.ellipse.as_ref()?.radius;
            (AreaShape::Ellipse, radius.x.value(), radius.y.value())
        }
        Shape::Polygon => (AreaShape::Polygon, 0.0, 0.0),
        Shape::Text => (AreaShape::Text, 0.0, 0.0),
    };
    let points = match area.shape? {
        Shape::Polygon => area.polygon.as_ref()?.points.iter().flat_map(place).collect(),
        Shape::Rectangle | Shape::Circle | Shape::Ellipse | Shape::Text => Vec::new(),
    };
    let origin = Position::default();
    let at = area.position.as_ref().unwrap_or(&origin);
    Some(MapArea {
        shape: shape.as_str().to_owned(),
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

/// Converts `#rgb`, `#rrggbb` or `#rrggbbaa` to `#rrggbb`.
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
    use holdfast_contract::catalogue::SeatKind as ShownKind;
    use holdfast_domain::{ids::SeatId, inventory::SeatKind};
    use uuid::Uuid;

    use super::*;

    const ERFURT: &[u8] = include_bytes!("plans/riethsporthalle-erfurt.json");
    const ARENA: &[u8] = include_bytes!("plans/arena-20000.json");

    fn laid(plan: &Plan, id: impl Fn(i32) -> i32) -> HashMap<String, PlacedSeat> {
        plan.numbered()
            .map(|seat| {
                let placed = PlacedSeat {
                    id: SeatId(id(seat.id.0)),
                    section: SectionId(Uuid::from_u128(seat.zone as u128)),
                    kind: if seat.id.0 == 3 { SeatKind::Wheelchair } else { SeatKind::Standard },
                };
                (seat.guid.to_owned(), placed)
            })
            .collect()
    }

    fn built(file: &[u8], id: impl Fn(i32) -> i32) -> (Plan, SeatMap) {
        let plan = Plan::parse(file).expect("a good plan");
        let map = build(EventId(Uuid::nil()), 1, &plan, &[], &laid(&plan, id));
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
        assert_eq!(seats[2].kind, ShownKind::Wheelchair);
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
