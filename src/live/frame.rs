//! Frames: consecutive changes of an event as one message of the stream, encoded once for all viewers.

use std::collections::{BTreeMap, btree_map::Entry};

use bytes::Bytes;
use holdfast_contract::live::{Change, stream_events};

use super::{record::ChangeDraft, store::Numbered};

/// The changes from `first` to `last`, as they are sent. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub first: i64,
    pub last: i64,
    /// Whether the event itself changed, besides its places.
    pub event: bool,
    /// The message of the event stream.
    pub bytes: Bytes,
}

impl Frame {
    /// One frame of these changes, which are sorted and have no gaps. `None` without changes.
    pub fn of(changes: &[Numbered], now_ms: i64) -> Option<Self> {
        let (first, last) = (changes.first()?.seq, changes.last()?.seq);
        let change = merged(changes, first, last, now_ms);
        let data = serde_json::to_string(&change).expect("wire types serialize");
        let bytes = message(stream_events::CHANGE, Some(last), &data);
        Some(Self { first, last, event: change.event, bytes })
    }
}

/// The reaction of a viewer to a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// The frame has something new. A viewer that has seen a part of it takes it whole.
    Whole,
    /// The viewer has seen all of it.
    Nothing,
    /// The viewer has to read changes before it.
    Gap,
}

impl Frame {
    /// The reaction of a viewer whose last change has the number `seen`.
    pub fn after(&self, seen: i64) -> Take {
        if self.last <= seen {
            Take::Nothing
        } else if self.first <= seen + 1 {
            Take::Whole
        } else {
            Take::Gap
        }
    }
}

/// A message of the event stream (WHATWG HTML 9.2.6). `data` has no line break.
pub(super) fn message(name: &str, id: Option<i64>, data: &str) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {name}\ndata: {data}\n\n").into()
}

/// The last state of everything that changed. Two changes of a seat can have their numbers in the wrong order, but not
/// their versions.
fn merged(changes: &[Numbered], first: i64, last: i64, now_ms: i64) -> Change {
    let (mut seats, mut sections) = (BTreeMap::new(), BTreeMap::new());
    let mut event = false;
    for change in changes {
        let draft = read(change);
        for seat in draft.seats {
            newest(&mut seats, seat.0, seat, |it| it.2);
        }
        for section in draft.sections {
            newest(&mut sections, section.section_id, section, |it| it.version);
        }
        event |= draft.event;
    }
    Change {
        first,
        seq: last,
        now: now_ms.div_euclid(1_000),
        seats: seats.into_values().collect(),
        sections: sections.into_values().collect(),
        event,
    }
}

fn newest<K: Ord, T, V: Ord>(all: &mut BTreeMap<K, T>, key: K, one: T, version: fn(&T) -> V) {
    match all.entry(key) {
        Entry::Vacant(free) => {
            free.insert(one);
        }
        Entry::Occupied(mut known) if version(known.get()) <= version(&one) => {
            known.insert(one);
        }
        Entry::Occupied(_) => {}
    }
}

fn read(change: &Numbered) -> ChangeDraft {
    serde_json::from_str(&change.payload).unwrap_or_else(|error| {
        // A change that cannot be read must not be lost. Telling viewers to read the whole event again is always
        // right.
        tracing::error!(error = %error, seq = change.seq, "a change is malformed");
        ChangeDraft::of_event()
    })
}

#[cfg(test)]
mod tests {
    use holdfast_contract::{
        catalogue::SeatStatus::{Available, Held, Sold},
        live::{GeneralState, SeatState},
    };
    use uuid::Uuid;

    use super::*;

    fn numbered(seq: i64, draft: &ChangeDraft) -> Numbered {
        Numbered::new(seq, draft.to_json().expect("it serializes"))
    }

    fn seats(seats: &[SeatState]) -> ChangeDraft {
        ChangeDraft { seats: seats.to_vec(), ..ChangeDraft::default() }
    }

    fn places(of: u128, version: i64, available: i64) -> ChangeDraft {
        let section_id = Uuid::from_u128(of);
        let sections = vec![GeneralState { section_id, version, available }];
        ChangeDraft { sections, ..ChangeDraft::default() }
    }

    fn sent(frame: &Frame) -> Change {
        let text = std::str::from_utf8(&frame.bytes).expect("text");
        let (head, data) = text.split_once("data: ").expect("data");
        assert_eq!(head, format!("id: {}\nevent: change\n", frame.last));
        serde_json::from_str(data.strip_suffix("\n\n").expect("an end")).expect("a change")
    }

    #[test]
    fn the_highest_version_of_a_seat_wins_in_whatever_order_the_changes_are_numbered() {
        let (held, sold) = (SeatState(7, Held, 2, Some(90)), SeatState(7, Sold, 3, None));
        let other = SeatState(3, Available, 8, None);
        for order in [[held, sold], [sold, held]] {
            let changes =
                [numbered(5, &seats(&[order[0], other])), numbered(6, &seats(&[order[1]]))];
            let frame = Frame::of(&changes, 12_999).expect("a frame");
            assert_eq!((frame.first, frame.last), (5, 6));
            let change = sent(&frame);
            assert_eq!((change.first, change.seq, change.now), (5, 6, 12));
            assert_eq!(change.seats, [other, sold]);
            assert!(!change.event);
        }
    }

    #[test]
    fn sections_are_merged_by_version_and_one_change_of_the_event_is_enough() {
        let changes = [
            numbered(1, &places(1, 4, 9)),
            numbered(2, &ChangeDraft::of_event()),
            numbered(3, &places(1, 3, 10)),
            numbered(4, &places(2, 1, 5)),
        ];
        let change = sent(&Frame::of(&changes, 0).expect("a frame"));
        let left: Vec<i64> = change.sections.iter().map(|it| it.available).collect();
        assert_eq!((left, change.event), (vec![9, 5], true));
        assert_eq!(Frame::of(&[], 0), None);
    }

    #[test]
    fn whoever_stands_inside_a_frame_takes_it_whole() {
        let changes: Vec<_> = (5..=7).map(|seq| numbered(seq, &ChangeDraft::of_event())).collect();
        let frame = Frame::of(&changes, 0).expect("a frame");
        let takes: Vec<_> = (3..=8).map(|seen| frame.after(seen)).collect();
        let [whole, nothing, gap] = [Take::Whole, Take::Nothing, Take::Gap];
        assert_eq!(takes, [gap, whole, whole, whole, nothing, nothing]);
    }

    /// The seats as a page has them after these frames.
    fn applied(frames: &[Frame]) -> BTreeMap<i32, SeatState> {
        let mut seats = BTreeMap::new();
        for seat in frames.iter().flat_map(|frame| sent(frame).seats) {
            newest(&mut seats, seat.0, seat, |it| it.2);
        }
        seats
    }

    #[test]
    fn frames_of_any_length_lead_to_the_same_seats_as_single_changes() {
        // 2,000 changes of 50 seats, numbered in an order that has nothing to do with the versions.
        let changes: Vec<Numbered> = (0..2_000)
            .map(|at| {
                let mixed = (at * 1_237) % 2_000;
                let seat =
                    SeatState((mixed % 50) as i32, Held, 1 + (mixed / 50) as i32, Some(mixed));
                numbered(at + 1, &seats(&[seat]))
            })
            .collect();
        let framed = |length: usize| -> Vec<Frame> {
            changes.chunks(length).filter_map(|part| Frame::of(part, 0)).collect()
        };
        let single = applied(&framed(1));
        assert_eq!(single.len(), 50);
        assert!(single.values().all(|seat| seat.2 == 40), "{single:?}");
        for length in [2, 7, 100, 2_000] {
            let frames = framed(length);
            assert!(frames.windows(2).all(|two| two[0].last + 1 == two[1].first));
            assert_eq!(applied(&frames), single, "frames of {length}");
        }
    }

    #[test]
    fn a_change_that_cannot_be_read_makes_viewers_read_the_event() {
        let change = sent(&Frame::of(&[Numbered::new(1, "{".to_owned())], 0).expect("a frame"));
        assert!(change.event);
    }
}
