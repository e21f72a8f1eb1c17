//! The words of the wire whose set is closed in this version, but may grow in a later one.
//!
//! A body carries such a word as a text, so that a client can read the words of a newer server. `parse` gives `None` for
//! a word that this version does not know.

/// Defines an enum of words: its variants with their words, the list `ALL`, `as_str` and `parse`.
macro_rules! wire_words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// Every variant, in the order of the enum.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The variant of a word. `None` for a word that this version does not know.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == word)
            }
        }
    };
}

wire_words! {
    /// A reason why an event cannot sell: of [`Eligibility`](crate::catalogue::Eligibility), and of the problems
    /// `not-on-sale` and `illegal-transition`.
    SaleReason {
        /// The event is not published.
        Draft = "draft",
        /// The sale has not begun.
        SaleNotStarted = "sale_not_started",
        /// The sale has ended.
        SaleEnded = "sale_ended",
        /// The event has begun, and its sale has ended.
        EventStarted = "event_started",
        /// The event was cancelled.
        Cancelled = "cancelled",
        /// The event is over.
        Completed = "completed",
        /// The event has neither a seat nor a place in general admission.
        NoPlaces = "no_places",
        /// The event has no offer.
        NoOffers = "no_offers",
        /// No offer is for any of the event's places.
        NoOfferFits = "no_offer_fits",
        /// An offer is for none of the event's places.
        OfferWithoutPlaces = "offer_without_places",
        /// The offer is not on sale now.
        OfferNotOnSale = "offer_not_on_sale",
        /// No place is available now.
        SoldOut = "sold_out",
        /// The buyer has as many places as one buyer may have.
        LimitReached = "limit_reached",
    }
}

impl SaleReason {
    /// Whether an event with this reason cannot be published.
    pub const fn hinders_publication(self) -> bool {
        match self {
            Self::NoPlaces | Self::NoOffers | Self::NoOfferFits | Self::OfferWithoutPlaces => true,
            Self::Draft
            | Self::SaleNotStarted
            | Self::SaleEnded
            | Self::EventStarted
            | Self::Cancelled
            | Self::Completed
            | Self::OfferNotOnSale
            | Self::SoldOut
            | Self::LimitReached => false,
        }
    }
}

wire_words! {
    /// Why a seat could not be held: the reason of a [`RefusedSeat`](crate::problem::RefusedSeat).
    SeatRefusal {
        /// Another buyer holds the seat.
        Held = "held",
        /// The seat belongs to a booking.
        Sold = "sold",
        /// The organizer has blocked the seat.
        Blocked = "blocked",
        /// The caller already holds the seat.
        Yours = "yours",
        /// The seat changed since the version that the client sent.
        StaleVersion = "stale_version",
        /// Another request is working on the seat at this moment. The client may retry immediately.
        Contended = "contended",
        /// The event has no such seat.
        Unknown = "unknown",
    }
}

wire_words! {
    /// Why a [`Booking`](crate::bookings::Booking) failed or was cancelled.
    BookingFailure {
        /// The gateway or the card's bank declined the payment.
        PaymentDeclined = "payment-declined",
        /// Other buyers have the seats.
        SeatsLost = "seats-lost",
        /// Other buyers have the seats. The payment succeeded late and is being refunded.
        SeatsLostRefunded = "seats-lost-refunded",
        /// The payment took too long.
        PaymentTimeout = "payment-timeout",
        /// The authorized amount could not be captured.
        CaptureRefused = "capture-refused",
        /// The buyer stopped the checkout or cancelled the booking.
        Cancelled = "cancelled",
        /// The organizer cancelled the event.
        EventCancelled = "event-cancelled",
    }
}

wire_words! {
    /// The payment gateway of an installation.
    Gateway {
        /// The built-in gateway, for development and tests.
        Simulated = "simulated",
        /// Stripe.
        Stripe = "stripe",
    }
}

wire_words! {
    /// The shape of a [`MapArea`](crate::seat_map::MapArea).
    AreaShape {
        /// `width` × `height`, from the upper left corner.
        Rectangle = "rectangle",
        /// A circle about its centre.
        Circle = "circle",
        /// An ellipse about its centre.
        Ellipse = "ellipse",
        /// The corners in `points`.
        Polygon = "polygon",
        /// Only a text.
        Text = "text",
    }
}

wire_words! {
    /// Where the name of a [`MapRow`](crate::seat_map::MapRow) is drawn.
    LabelAt {
        /// Before the first seat.
        Start = "start",
        /// After the last seat.
        End = "end",
        /// On both sides.
        Both = "both",
        /// Nowhere.
        None = "none",
    }
}

wire_words! {
    /// The kind of a [`Saga`](crate::operators::Saga).
    SagaKind {
        /// The payment of a booking.
        Checkout = "checkout",
        /// The saga gives the money of a payment back.
        Refund = "refund",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! check {
        ($($name:ident),+) => {$(
            for word in $name::ALL {
                assert_eq!($name::parse(word.as_str()), Some(*word));
            }
            assert_eq!($name::parse("a word of a newer server"), None);
        )+};
    }

    #[test]
    fn every_word_is_read_back_and_no_other() {
        check!(SaleReason, SeatRefusal, BookingFailure, Gateway, AreaShape, LabelAt, SagaKind);
    }
}
