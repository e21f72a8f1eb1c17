"""Holds a seat and buys it through the Python client that scripts/clients.sh has generated.

    buy.py ADDRESS_OF_THE_API

A customer signs in and buys. A guest is declined once, then buys and cancels. Every answer must have the type that
the document names.
"""

import sys
import uuid

from holdfast_client import AuthenticatedClient, Client
from holdfast_client.api.auth import post_auth_login
from holdfast_client.api.bookings import get_bookings_id, post_bookings_confirm, post_bookings_id_cancel
from holdfast_client.api.events import get_events
from holdfast_client.api.reservations import get_reservations_id, post_events_event_id_reservations
from holdfast_client.api.seats import get_events_id_sections_section_id_seats
from holdfast_client.api.sections import get_events_id_sections
from holdfast_client.models import (
    Booking, BookingStatus, ConfirmRequest, Credentials, EventPage, HoldRequest, PaymentChoice, Problem, Reservation,
    ReservationStatus, SeatPage, SeatPick, SeatStatus, SectionKind, SectionPage, Session,
)

EVENT = "theatre-premiere"
SEATS_LIMIT = 100


def expect(kind, answer):
    assert isinstance(answer, kind), f"{answer} is no {kind.__name__}"
    return answer


def is_same(left, right):
    assert left == right, f"{left} is not {right}"


def seats_of(client, event):
    sections = expect(SectionPage, get_events_id_sections.sync(event.id, client=client)).items
    section = next(section for section in sections if section.kind == SectionKind.SEATED)
    page = get_events_id_sections_section_id_seats.sync(event.id, section.id, client=client, limit=SEATS_LIMIT)
    return expect(SeatPage, page).items


def hold(client, event):
    """Holds the first free seat."""
    seat = next(seat for seat in seats_of(client, event) if seat.status == SeatStatus.AVAILABLE)
    reservation = expect(Reservation, post_events_event_id_reservations.sync(
        str(event.id), client=client, body=HoldRequest(seats=[SeatPick(seat_id=seat.seat_id)]),
        idempotency_key=str(uuid.uuid4())))
    is_same(reservation.status, ReservationStatus.ACTIVE)
    is_same(reservation.total.amount, seat.price.amount)
    return seat, reservation


def confirm(client, reservation, method, **more):
    body = ConfirmRequest(reservation_ids=[reservation.id], payment=PaymentChoice(method=method), **more)
    return post_bookings_confirm.sync(client=client, body=body, idempotency_key=str(uuid.uuid4()))


def is_bought(client, event, seat, booking):
    booking = expect(Booking, booking)
    is_same(booking.status, BookingStatus.CONFIRMED)
    is_same([ticket.seat_id for ticket in booking.tickets], [seat.seat_id])
    is_same(next(one for one in seats_of(client, event) if one.seat_id == seat.seat_id).status, SeatStatus.SOLD)
    is_same(expect(Booking, get_bookings_id.sync(booking.id, client=client)), booking)
    return booking


def customer_buys(address, event):
    credentials = Credentials(email="customer@demo.test", password="Demo-pass-1")
    session = expect(Session, post_auth_login.sync(client=Client(base_url=address), body=credentials))
    customer = AuthenticatedClient(base_url=address, token=session.access_token, raise_on_unexpected_status=True)
    seat, reservation = hold(customer, event)
    is_bought(customer, event, seat, confirm(customer, reservation, "pm_card_visa"))


def guest_is_declined_buys_and_cancels(address, event):
    guest = Client(base_url=address, raise_on_unexpected_status=True)
    seat, reservation = hold(guest, event)
    guest = guest.with_headers({"X-Guest-Token": reservation.guest_token})
    email = "guest@example.org"
    problem = expect(Problem, confirm(guest, reservation, "pm_card_chargeDeclined", email=email))
    is_same(problem.status, 402)
    kept = expect(Reservation, get_reservations_id.sync(reservation.id, client=guest))
    is_same(kept.status, ReservationStatus.ACTIVE)
    booking = is_bought(guest, event, seat, confirm(guest, reservation, "pm_card_visa", email=email))
    cancelled = expect(Booking, post_bookings_id_cancel.sync(booking.id, client=guest))
    is_same(cancelled.status, BookingStatus.CANCELLED)


def main(address):
    events = expect(EventPage, get_events.sync(client=Client(base_url=address))).items
    event = next(event for event in events if event.slug == EVENT)
    customer_buys(address, event)
    guest_is_declined_buys_and_cancels(address, event)


if __name__ == "__main__":
    main(sys.argv[1])
