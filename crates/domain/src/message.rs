//! Messages to people: their kinds and their progress.

/// The kind of a message. Each kind has its own text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A booking was paid for, or was free.
    BookingConfirmed,
    /// A booking was not paid for. The message names the reason.
    BookingFailed,
    /// Lines of a booking were cancelled, by the buyer or by the organizer.
    BookingCancelled,
    /// The organizer called an event off, so lines of a booking were cancelled.
    EventCancelled,
    /// The organizer changed the time or the place of an event. The tickets stay valid.
    EventMoved,
    /// The organizer returns a part of the price, and the tickets stay valid.
    RefundStarted,
    /// Somebody has registered with the address. The mail has a link and a code that prove it.
    Activation,
    /// Somebody has registered with the address of an account that exists.
    AccountKnown,
    /// An account is active now.
    Welcome,
    /// A user has forgotten the password. The mail has a link and a code.
    PasswordReset,
    /// The password of an account was changed.
    PasswordChanged,
    /// A user wants this address for the account. The mail has a link and a code that prove it.
    EmailChange,
    /// An account has this address now. The mail goes to the new address.
    EmailChanged,
    /// An account has another address now. The mail goes to the former address, with a link that takes the change back.
    EmailReplaced,
    /// An account was erased.
    AccountErased,
    /// Somebody has asked for the bookings of an address. The mail has a link to each.
    BookingLinks,
    /// Somebody who has the link of a booking wants to change the booking. The mail has a code.
    BookingCode,
    /// Somebody has tried so many wrong passwords for an account that sign-ins are refused for a while.
    SignInsRefused,
    /// An organization invites somebody to be a member.
    Invitation,
    /// An administrator has approved the application of an organization, or refused it.
    OrganizationDecided,
}

words! {
    Kind {
        BookingConfirmed = "booking_confirmed",
        BookingFailed = "booking_failed",
        BookingCancelled = "booking_cancelled",
        EventCancelled = "event_cancelled",
        EventMoved = "event_moved",
        RefundStarted = "refund_started",
        Activation = "activation",
        AccountKnown = "account_known",
        Welcome = "welcome",
        PasswordReset = "password_reset",
        PasswordChanged = "password_changed",
        EmailChange = "email_change",
        EmailChanged = "email_changed",
        EmailReplaced = "email_replaced",
        AccountErased = "account_erased",
        BookingLinks = "booking_links",
        BookingCode = "booking_code",
        SignInsRefused = "sign_ins_refused",
        Invitation = "invitation",
        OrganizationDecided = "organization_decided",
    }
}

/// The progress of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// The message waits to be sent, or to be sent again.
    Waiting,
    /// The mail server has accepted the message.
    Sent,
    /// The occasion of the message has passed, so nobody needs the message.
    Unneeded,
    /// The message could not be sent, and is not tried again until an operator asks for it.
    Failed,
}

words! {
    Status { Waiting = "waiting", Sent = "sent", Unneeded = "unneeded", Failed = "failed" }
}
