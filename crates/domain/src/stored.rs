//! How the database stores the domain's ids, words and currencies. This module implements SeaORM's value types for
//! them, so that the columns of an entity have the domain's types. It is the only module that names SeaORM; it needs
//! the feature `stored` and no database driver.
//!
//! An unknown stored word or currency is an error: either a newer program wrote it, or the row is damaged. This module
//! is the only place that raises this error. It never guesses a value, because a guess could sell a seat twice.

use sea_orm::{
    ColIdx, DbErr, QueryResult, TryFromU64, TryGetError, TryGetable, Value,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr, postgres_array::NotU8},
};
use uuid::Uuid;

use crate::{
    access::{AccountStatus, MembershipRole, OrganizationStatus, Role},
    actor,
    booking::{BookingState, PaymentState, TicketState},
    checkout::PaymentStatus,
    event,
    ids::{
        ApiKeyId, BookingId, BuyerKind, EventId, GateDeviceId, GuestId, InvitationId, ItemId,
        LineId, LinkId, MessageId, OfferId, OrganizationId, ReservationId, SagaId, SaleId, SeatId,
        SectionId, SessionId, TicketId, UserId,
    },
    inventory::{SeatKind, SeatState, SectionKind},
    ledger, legal,
    link::{LinkPurpose, TryKind},
    message,
    money::Currency,
    refund,
    reservation::{ItemKind, ItemState, ReservationState},
    saga,
    session::SessionLength,
    webhook,
};

/// Implements SeaORM's value traits for `$type`. The column stores a `$raw`: `$write` converts to it, and `$read`
/// converts back or refuses the stored value.
macro_rules! stored {
    ($type:ty, $raw:ty, $write:expr, $read:expr) => {
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                let write: fn($type) -> $raw = $write;
                write(value).into()
            }
        }

        impl TryGetable for $type {
            fn try_get_by<I: ColIdx>(row: &QueryResult, column: I) -> Result<Self, TryGetError> {
                let read: fn($raw) -> Result<$type, DbErr> = $read;
                read(<$raw>::try_get_by(row, column)?).map_err(TryGetError::DbErr)
            }
        }

        impl ValueType for $type {
            fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
                let read: fn($raw) -> Result<$type, DbErr> = $read;
                read(<$raw as ValueType>::try_from(value)?).map_err(|_| ValueTypeErr)
            }

            fn type_name() -> String {
                stringify!($type).to_owned()
            }

            fn array_type() -> ArrayType {
                <$raw as ValueType>::array_type()
            }

            fn column_type() -> ColumnType {
                <$raw as ValueType>::column_type()
            }
        }

        impl Nullable for $type {
            fn null() -> Value {
                <$raw as Nullable>::null()
            }
        }

        impl NotU8 for $type {}
    };
}

/// Implements the value traits for ids. The column stores the wrapped UUID or integer. An id may also be a primary key.
macro_rules! ids {
    ($raw:ty: $($id:ident),+ $(,)?) => {$(
        stored!($id, $raw, |id| id.0, |raw| Ok($id(raw)));

        impl TryFromU64 for $id {
            fn try_from_u64(key: u64) -> Result<Self, DbErr> {
                <$raw as TryFromU64>::try_from_u64(key).map($id)
            }
        }
    )+};
}

ids! { Uuid:
    ApiKeyId, BookingId, EventId, GateDeviceId, GuestId, InvitationId, ItemId, LineId, LinkId, MessageId, OfferId,
    OrganizationId, ReservationId, SagaId, SaleId, SectionId, SessionId, TicketId, UserId,
}
ids! { i32: SeatId }

/// Implements the value traits for enums with stored words. The column stores the word as text.
macro_rules! stored_words {
    ($($word:ty: $what:literal,)+) => {$(
        stored!($word, String, |word| word.as_str().to_owned(), |text| {
            <$word>::parse(&text)
                .ok_or_else(|| DbErr::Type(format!(concat!("{} is no ", $what), text)))
        });
    )+};
}

stored_words! {
    AccountStatus: "status of an account",
    BookingState: "state of a booking",
    BuyerKind: "kind of a buyer",
    ItemKind: "kind of an item",
    ItemState: "state of an item",
    LinkPurpose: "purpose of a link",
    MembershipRole: "role of a member",
    OrganizationStatus: "status of an organization",
    PaymentState: "state of a payment",
    PaymentStatus: "status of a payment",
    ReservationState: "state of a reservation",
    Role: "role",
    SeatKind: "kind of a seat",
    SeatState: "state of a seat",
    SectionKind: "kind of a section",
    SessionLength: "length of a session",
    TicketState: "state of a ticket",
    TryKind: "kind of a try",
    actor::Kind: "kind of an actor",
    event::Status: "status of an event",
    ledger::Account: "account of the ledger",
    ledger::Kind: "kind of a posting",
    legal::Kind: "kind of a document",
    legal::SubjectKind: "kind of an acceptance",
    message::Kind: "kind of a message",
    message::Status: "status of a message",
    refund::RefundMethod: "method of a refund",
    refund::Reason: "reason of a refund",
    refund::Status: "status of a refund",
    saga::Status: "status of a saga",
    webhook::Status: "status of a webhook",
}

/// A part of a primary key must have this trait, whether the store makes the key or not.
impl TryFromU64 for TryKind {
    fn try_from_u64(_: u64) -> Result<Self, DbErr> {
        Err(DbErr::ConvertFromU64("a kind of a try"))
    }
}

stored!(Currency, String, |currency| currency.as_str().to_owned(), |code| {
    Currency::of_code(&code).map_err(|error| DbErr::Type(format!("{code}: {error}")))
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_value_is_read_back_and_an_unknown_word_is_refused() {
        for state in SeatState::ALL {
            assert_eq!(<SeatState as ValueType>::try_from(state.into()).ok(), Some(state));
        }
        assert!(<SeatState as ValueType>::try_from(Value::from("melted")).is_err());
        assert!(<Currency as ValueType>::try_from(Value::from("euro")).is_err());
        let id = EventId(Uuid::from_u128(7));
        assert_eq!(<EventId as ValueType>::try_from(id.into()).ok(), Some(id));
        assert_eq!(Value::from(None::<SeatId>), Value::Int(None));
    }
}
