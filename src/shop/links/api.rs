//! The HTTP routes of links to bookings.

use holdfast_contract::{
    bookings::{BookingLink, BookingLookup, BookingPass, BookingProof},
    problem::ProblemType,
};
use holdfast_domain::ids::BookingId;
use poem_openapi::{
    OpenApi, Tags,
    param::{Header, Path},
};
use uuid::Uuid;

use super::{BookingLinks, LinkError};
use crate::{
    access::{Access, Act, BookingPermit, MailBooking, ProveBooking, ShareBooking},
    http::{
        auth::Caller,
        body::{Created, Json, NoContent},
        problem::ApiProblem,
    },
};

/// The time after which codes for a booking are mailed again, in seconds.
const CODES_RETRY_AFTER_SECS: u64 = 60 * 60;
/// The time after which a client asks for links again when many people do, in seconds.
const BUSY_RETRY_AFTER_SECS: u64 = 3;

#[derive(Debug, Clone)]
pub struct LinksApi {
    pub access: Access,
    pub links: BookingLinks,
}

#[derive(Tags)]
enum Tag {
    /// Bookings: payment, tickets, cancellation and refunds.
    Bookings,
}

#[OpenApi(prefix_path = "/bookings", tag = "Tag::Bookings")]
impl LinksApi {
    /// Mail links to the bookings of an address.
    ///
    /// The mail goes to the address. The response is the same whether the address has bookings or not.
    #[oai(path = "/lookup", method = "post")]
    async fn look_up(
        &self,
        caller: Caller,
        body: Json<BookingLookup>,
    ) -> Result<NoContent, ApiProblem> {
        self.links.look_up(&body.0, caller.locale)?;
        Ok(NoContent)
    }

    /// Make a link that shows the booking.
    ///
    /// Whoever has the link can read the booking, and can change nothing without a code.
    #[oai(path = "/:id/link", method = "post")]
    async fn share(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        /// The token of a link to the booking.
        #[oai(name = "X-Booking-Link")]
        link: Header<Option<String>>,
    ) -> Result<Created<BookingLink>, ApiProblem> {
        let booking = self.by_link::<ShareBooking>(&caller, link, id).await?;
        Ok(Created(self.links.share(booking).await?))
    }

    /// Send the mail about a confirmed booking once more.
    ///
    /// The mail goes to the booking's address, at most once in each five minutes of the clock.
    #[oai(path = "/:id/mail", method = "post")]
    async fn mail_again(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        /// The token of a link to the booking.
        #[oai(name = "X-Booking-Link")]
        link: Header<Option<String>>,
    ) -> Result<NoContent, ApiProblem> {
        let booking = self.by_link::<MailBooking>(&caller, link, id).await?;
        let links = self.links.clone();
        let again = async move { links.mail_again(booking).await };
        self.links.base.tasks.run(again).await??;
        Ok(NoContent)
    }

    /// Mail a code to the booking's address.
    ///
    /// With the code, the holder of a link may change the booking. The mail comes at most once a minute, and five times an
    /// hour.
    #[oai(path = "/:id/code", method = "post")]
    async fn ask_code(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        /// The token of a link to the booking.
        #[oai(name = "X-Booking-Link")]
        link: Header<Option<String>>,
    ) -> Result<NoContent, ApiProblem> {
        let booking = self.by_link::<ProveBooking>(&caller, link, id).await?;
        let (links, locale) = (self.links.clone(), caller.locale);
        let ask = async move { links.ask_code(booking, locale).await };
        self.links.base.tasks.run(ask).await??;
        Ok(NoContent)
    }

    /// Exchange a code for the right to change the booking.
    ///
    /// Codes of a booking can be tried ten times an hour.
    #[oai(path = "/:id/code/proof", method = "post")]
    async fn prove(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        /// The token of a link to the booking.
        #[oai(name = "X-Booking-Link")]
        link: Header<Option<String>>,
        body: Json<BookingProof>,
    ) -> Result<Json<BookingPass>, ApiProblem> {
        let booking = self.by_link::<ProveBooking>(&caller, link, id).await?;
        let links = self.links.clone();
        let prove = async move { links.prove(booking, body.0.code).await };
        Ok(Json(self.links.base.tasks.run(prove).await??))
    }
}

impl LinksApi {
    /// The booking, if the caller may perform the action `A`, by the tokens of the buyer or by the token of a link.
    async fn by_link<A: Act>(
        &self,
        caller: &Caller,
        link: Header<Option<String>>,
        id: Path<Uuid>,
    ) -> Result<BookingPermit<A>, ApiProblem> {
        self.access.booking_permit::<A>(caller, link.0.as_deref(), BookingId(id.0)).await
    }
}

impl From<LinkError> for ApiProblem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Field(field, message) => Self::field(field, message),
            LinkError::NotFound => Self::not_found("booking"),
            LinkError::NoAddress => Self::new(
                ProblemType::IllegalTransition,
                "The address of the booking was erased, so no mail and no link leads to the booking any more.",
            )
            .with_reasons(vec!["no-address".to_owned()]),
            LinkError::Status(status) => Self::new(
                ProblemType::IllegalTransition,
                format!("The booking is {}. Only a confirmed booking has such a mail.", status.as_str()),
            )
            .with_reasons(vec![status.as_str().to_owned()]),
            LinkError::NoProof => Self::field(
                "code",
                "is wrong, has been used or has expired, or too many codes were tried",
            ),
            LinkError::TooManyMails => Self::new(
                ProblemType::TooManyRequests,
                "The address of the booking got enough codes within this hour.",
            )
            .retry_after(CODES_RETRY_AFTER_SECS),
            LinkError::Busy => {
                Self::new(ProblemType::Unavailable, "Too many people ask for links. Try again.")
                    .retry_after(BUSY_RETRY_AFTER_SECS)
            }
            LinkError::Db(error) => error.into(),
        }
    }
}
