//! Links to bookings: for guests on other devices, and for people with whom a buyer shares a booking.
//!
//! A link is signed and not stored ([`crate::access::link_token`]). It shows its booking. To change the booking, its holder
//! also has the code of a fresh mail to the booking's address, and gets a link for a quarter of an hour that allows what
//! the buyer may do.

pub mod api;
mod code;
mod letters;
mod look_up;
mod mail;
mod share;
mod store;

use std::sync::Arc;

use holdfast_domain::booking::BookingState;
use poem_openapi::OpenApi;

use self::letters::CodeLetters;
use crate::{
    http::{
        limits::{CountedAs, LimitRule, settings::Limit},
        route::post,
    },
    kernel::{
        backlog::Backlog,
        base::Base,
        db::{StoreError, UseCaseError},
        keys::KeyRing,
        passes::Pass,
        settings::WebAddress,
    },
    messages::LetterWriter,
    shop::bookings::letters::BookingLetters,
    slice::{SharedParts, Slice},
};

/// How long a code's row is kept after the code's end, in milliseconds. The row also counts the mails and tries of an hour.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// The slice; cheap to clone.
#[derive(Debug, Clone)]
pub struct BookingLinks {
    pub base: Base,
    pub keys: KeyRing,
    /// The address of the shop.
    pub home: WebAddress,
    /// The look-ups that wait or are worked on.
    pub asked: Backlog,
}

/// Why there is no link, code or mail.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// A field is malformed: the field and the fault.
    #[error("{0}: {1}")]
    Field(&'static str, String),
    #[error("no such booking")]
    NotFound,
    /// The address of the booking was erased.
    #[error("the booking has no address")]
    NoAddress,
    /// There is no mail about a booking with this status.
    #[error("the booking is {}", .0.as_str())]
    Status(BookingState),
    /// The code is wrong, was used or has expired, or codes were tried too often. The error deliberately does not
    /// distinguish these cases.
    #[error("the code does not count")]
    NoProof,
    /// The address of the booking got enough codes within this hour.
    #[error("the address has got enough codes")]
    TooManyMails,
    /// Too many people ask for mails with links.
    #[error("too many people ask for mails")]
    Busy,
    #[error("the database failed")]
    Db(#[from] StoreError),
}

impl UseCaseError for LinkError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Field(..)
            | Self::NotFound
            | Self::NoAddress
            | Self::Status(_)
            | Self::NoProof
            | Self::TooManyMails
            | Self::Busy => None,
        }
    }
}

impl BookingLinks {
    pub fn new(base: Base, keys: KeyRing, home: WebAddress) -> Self {
        Self { base, keys, home, asked: Backlog::default() }
    }

    /// Deletes codes that have been over for a day; returns how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retention_pass(&self) -> Result<u64, StoreError> {
        store::forget(&self.base.db, KEPT_MS).await
    }
}

/// Routes at which somebody could have mails sent, or guess a code.
const LIMITED: &[LimitRule] = &[
    LimitRule { route: post("bookings/lookup"), counted: CountedAs::Strict(Limit::MAILS) },
    LimitRule { route: post("bookings/*/mail"), counted: CountedAs::Strict(Limit::MAILS) },
    LimitRule { route: post("bookings/*/code"), counted: CountedAs::Strict(Limit::MAILS) },
    LimitRule { route: post("bookings/*/code/proof"), counted: CountedAs::Strict(Limit::PROOFS) },
];

impl Slice for BookingLinks {
    const LIMITED: &'static [LimitRule] = LIMITED;

    fn routes(self, shared: SharedParts) -> impl OpenApi + 'static {
        api::LinksApi { access: shared.access, links: self }
    }

    fn writers(&self, home: &WebAddress) -> Vec<Arc<dyn LetterWriter>> {
        let (db, keys) = (self.base.db.clone(), self.keys.clone());
        vec![
            // The letters about bookings contain links, so the slice that has the keys registers them.
            Arc::new(BookingLetters { db: db.clone(), keys: keys.clone(), home: home.clone() }),
            Arc::new(CodeLetters { db, keys }),
        ]
    }

    fn passes(&self, shared: &SharedParts) -> Vec<Pass> {
        vec![Pass::on("booking-code-retention", shared.retention_every, self, |it| async move {
            it.retention_pass().await
        })]
    }
}
