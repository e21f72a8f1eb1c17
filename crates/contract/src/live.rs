//! Messages about seats and places for clients that keep a live map: the state of every taken seat, and the event
//! stream.
//!
//! A seat travels as an array `[seat_id, status, version, until]`. The state is absolute, so a
//! client may apply the same message twice. A client drops a seat whose version is older than the
//! version it has.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::catalogue::SeatStatus;

/// A seat's state as an array: `[seat_id, status, version, until]`. `until` is `null`, or the
/// second since 1970 (rounded up) at which a held seat becomes free again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatState(pub i32, pub SeatStatus, pub i32, pub Option<i64>);

/// Every seat that is not available: the response of `GET /events/{id}/seats?state=only`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct SeatStates {
    /// The number of the last change that this response includes. The event stream counts the same
    /// numbers.
    pub seq: i64,
    /// The version of the seating plan that the seats belong to.
    pub plan_version: i32,
    /// The server's clock in seconds since 1970. Clients compare `until` with it.
    pub now: i64,
    /// The seats that are not available.
    pub seats: Vec<SeatState>,
}

/// One message of `GET /events/{id}/stream`: one change or several consecutive changes. Its SSE event
/// id is `seq`. Numbers have no gaps within an event. A client that has seen a part of the changes
/// takes the whole message, because states are absolute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The number of the first change.
    pub first: i64,
    /// The number of the last change.
    pub seq: i64,
    /// The server's clock in seconds since 1970.
    pub now: i64,
    /// The seats that changed, with their last state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seats: Vec<SeatState>,
    /// The general-admission sections that changed, with their last state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sections: Vec<GeneralState>,
    /// Whether the event itself (its status, seating plan or prices) changed. If so, the client
    /// must read the event again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub event: bool,
}

/// The longest time without a message on an open stream, in seconds.
pub const SILENCE_SECS: u32 = 15;

/// The state of a general-admission section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneralState {
    /// The id of the section.
    pub section_id: Uuid,
    /// The version of the section. Every change of the section increments it.
    pub version: i64,
    /// How many places are available.
    pub available: i64,
}

/// The SSE event names of the stream.
pub mod stream_events {
    /// A message with this name carries a [`super::Change`].
    pub const CHANGE: &str = "change";
    /// The server's log no longer contains all changes since the client's last `seq`. The client
    /// must read the whole state again.
    pub const RESET: &str = "reset";
    /// Nothing has happened for a while, and the stream is open. A message of some kind comes at least
    /// every [`super::SILENCE_SECS`] seconds.
    pub const HEARTBEAT: &str = "heartbeat";
}

#[cfg(feature = "openapi")]
mod schema {
    use std::borrow::Cow;

    use poem_openapi::{
        registry::{MetaSchema, MetaSchemaRef, Registry},
        types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
    };

    use super::SeatState;

    impl Type for SeatState {
        const IS_REQUIRED: bool = true;
        type RawValueType = Self;
        type RawElementValueType = Self;

        fn name() -> Cow<'static, str> {
            "SeatState".into()
        }

        fn schema_ref() -> MetaSchemaRef {
            MetaSchemaRef::Reference("SeatState".to_owned())
        }

        fn register(registry: &mut Registry) {
            registry.create_schema::<Self, _>("SeatState".to_owned(), |_| {
                let mut schema = MetaSchema::new("array");
                schema.description = Some(
                    "An array `[seat_id, status, version, until]`. `until` is null, or the second since 1970 \
                     at which a held seat becomes free again.",
                );
                schema.items = Some(Box::new(MetaSchemaRef::Inline(Box::new(MetaSchema::ANY))));
                schema.min_items = Some(4);
                schema.max_items = Some(4);
                schema
            });
        }

        fn as_raw_value(&self) -> Option<&Self::RawValueType> {
            Some(self)
        }

        fn raw_element_iter<'a>(
            &'a self,
        ) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
            Box::new(self.as_raw_value().into_iter())
        }
    }

    impl ParseFromJSON for SeatState {
        fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
            serde_json::from_value(value.unwrap_or_default()).map_err(ParseError::custom)
        }
    }

    impl ToJSON for SeatState {
        fn to_json(&self) -> Option<serde_json::Value> {
            serde_json::to_value(self).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_state_is_a_short_array() {
        let held = SeatState(4711, SeatStatus::Held, 3, Some(1_795_000_000));
        let text = serde_json::to_string(&held).expect("serializes");
        assert_eq!(text, r#"[4711,"held",3,1795000000]"#);
        assert_eq!(serde_json::from_str::<SeatState>(&text).expect("parses"), held);
    }
}
