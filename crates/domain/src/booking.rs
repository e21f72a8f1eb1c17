//! The stored states of a booking, of its payment and of its tickets.

/// The state of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BookingState {
    /// The payment is under way.
    Pending,
    /// The booking is paid and its tickets are issued.
    Confirmed,
    /// The payment did not succeed, or it was returned because the seats were lost.
    Failed,
    /// Every line of the booking was cancelled.
    Cancelled,
}

words! { BookingState {
    Pending = "pending",
    Confirmed = "confirmed",
    Failed = "failed",
    Cancelled = "cancelled",
} }

/// The state of a booking's payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentState {
    /// The gateway was asked to prepare the payment.
    Started,
    /// The gateway reserved the amount.
    Authorized,
    /// The gateway took the amount.
    Captured,
    /// The payment was undone before any money was taken.
    Void,
    /// The gateway declined the payment.
    Declined,
}

words! { PaymentState {
    Started = "started",
    Authorized = "authorized",
    Captured = "captured",
    Void = "void",
    Declined = "declined",
} }

/// The state of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketState {
    /// The ticket admits its holder.
    Valid,
    /// The ticket has admitted its holder.
    Used,
    /// The ticket's line was cancelled.
    Cancelled,
    /// The ticket's line was refunded.
    Refunded,
    /// The ticket was transferred to another person.
    Transferred,
}

words! { TicketState {
    Valid = "valid",
    Used = "used",
    Cancelled = "cancelled",
    Refunded = "refunded",
    Transferred = "transferred",
} }
