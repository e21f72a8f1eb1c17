//! A response of the server, parsed strictly as the contract's type.

use holdfast_contract::{
    Health,
    bookings::Booking,
    problem::{Problem, ProblemType, RefusedSeat},
    reservations::Reservation,
    words::SeatRefusal,
};
use reqwest::header::HeaderMap;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

/// A response whose body was read completely.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// Null if the body is not JSON. Used to compare bodies and to test the wire form; other tests [`read`] the body.
    ///
    /// [`read`]: Self::read
    pub body: Value,
}

/// The id of an object of any type.
#[derive(Deserialize)]
struct Identified {
    id: Uuid,
}

impl Answer {
    pub fn new(status: u16, headers: HeaderMap, text: String) -> Self {
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, text, body }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body of a successful response as this type.
    pub fn read<T: DeserializeOwned + Serialize>(&self) -> T {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        self.parse()
    }

    /// The body as exactly this type: serialized again, it must be the same. Therefore a field that the contract does
    /// not have, or a `null` in place of an absent field, fails the test.
    fn parse<T: DeserializeOwned + Serialize>(&self) -> T {
        let read: T = serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text));
        let again = serde_json::to_value(&read).expect("JSON");
        assert_eq!(again, self.body, "not the contract's form");
        read
    }

    /// The id of the object that the body shows.
    pub fn id(&self) -> Uuid {
        let read: Result<Identified, _> = serde_json::from_str(&self.text);
        read.unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text)).id
    }

    pub fn booking(&self) -> Booking {
        self.read()
    }

    pub fn reservation(&self) -> Reservation {
        self.read()
    }

    /// The token of the guest who holds.
    pub fn guest_token(&self) -> String {
        self.reservation().guest_token.expect("the token of a guest")
    }

    /// The secret with which the buyer completes the payment.
    pub fn client_secret(&self) -> String {
        self.booking().next_action.expect("a step for the buyer").client_secret
    }

    pub fn problem(&self) -> Problem {
        assert!(self.status >= 400, "{} {}", self.status, self.text);
        self.parse()
    }

    /// Whether an earlier request with the same key is still in progress.
    pub fn is_in_flight(&self) -> bool {
        is_in_flight(&self.text)
    }

    pub fn assert_problem(&self, status: u16, kind: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.problem().kind, kind, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/problem+json");
    }

    pub fn assert_field(&self, field: &str) {
        let named = self.problem().errors.iter().any(|error| error.field == field);
        assert!(named, "{field} is not named in {}", self.text);
    }

    /// Expects that exactly these seats were refused, each for its reason.
    pub fn assert_refused(&self, seats: &[(i32, SeatRefusal)]) {
        let refused = seats.iter().map(|(seat_id, reason)| RefusedSeat::new(*seat_id, *reason));
        assert_eq!(self.problem().seats, refused.collect::<Vec<_>>(), "{}", self.text);
    }
}

/// Whether a body says that an earlier request with the same key is still in progress.
pub fn is_in_flight(text: &str) -> bool {
    let problem: Result<Problem, _> = serde_json::from_str(text);
    problem.is_ok_and(|problem| problem.problem_type() == Some(ProblemType::IdempotencyInFlight))
}

fn health(body: &str) -> Health {
    Answer::new(200, HeaderMap::new(), body.to_owned()).read()
}

#[test]
#[should_panic(expected = "not the contract's form")]
fn a_field_that_the_contract_does_not_have_is_noticed() {
    health(r#"{ "status": "ok", "version": "1", "uptime": 5 }"#);
}

#[test]
#[should_panic(expected = "not the contract's form")]
fn a_null_in_place_of_an_absent_field_is_noticed() {
    let body = r#"{ "type": "x", "title": "x", "status": 400, "limit": null }"#;
    Answer::new(400, HeaderMap::new(), body.to_owned()).problem();
}
