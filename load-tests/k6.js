// Guests look at an event, hold one or two seats and pay. Sometimes a customer signs in.
//
//   load-tests/run.sh k6 [URL]       EVENT=slug VUS=20 ITERATIONS=400 k6 run load-tests/k6.js
//
// A 409 for a seat that another guest took first is an expected response, not an error. Any other
// status, or a response that contradicts itself, fails the run. Afterwards `holdfast check` verifies in
// the database that no seat was sold twice.

import http from 'k6/http';
import { check, sleep } from 'k6';
import { Counter } from 'k6/metrics';

const URL = __ENV.URL || 'http://127.0.0.1:8080';
const EVENT = __ENV.EVENT || 'arena-concert';
const VUS = Number(__ENV.VUS || 20);
const ITERATIONS = Number(__ENV.ITERATIONS || 400);
const SEATS_TRIED_MAX = 5;
const POLLS_MAX = 10;
const SECTIONS_MAX = 4;

const held = new Counter('seats_held');
const lost = new Counter('seats_lost_to_others');
const confirmed = new Counter('bookings_confirmed');
const limited = new Counter('requests_limited');

http.setResponseCallback(http.expectedStatuses(200, 201, 202, 409, 429));

export const options = {
  scenarios: {
    guests: {
      executor: 'shared-iterations', exec: 'guest', vus: VUS, iterations: ITERATIONS,
      maxDuration: '3m',
    },
    customers: {
      executor: 'shared-iterations', exec: 'customer', vus: 1, iterations: 5, maxDuration: '3m',
    },
  },
  thresholds: {
    checks: ['rate==1'],
    http_req_failed: ['rate==0'],
    bookings_confirmed: ['count>0'],
  },
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
};

function api(method, path, body, headers) {
  const answer = http.request(method, `${URL}/api/v1${path}`, body ? JSON.stringify(body) : null, {
    headers: { 'Content-Type': 'application/json', ...headers },
    tags: { name: `${method} ${path.replace(/[0-9a-f-]{36}/g, '{id}').replace(/\?.*/, '')}` },
  });
  if (answer.status === 429) {
    limited.add(1);
    sleep(Math.min(Number(answer.headers['Retry-After'] || 1), 5));
  }
  return answer;
}

export function setup() {
  const event = api('GET', `/events/${EVENT}`).json();
  const seats = [];
  const seated = api('GET', `/events/${event.id}/sections`).json().items
    .filter((section) => section.kind === 'seated').slice(0, SECTIONS_MAX);
  for (const section of seated) {
    const page = api('GET', `/events/${event.id}/sections/${section.id}/seats?limit=1000`).json();
    for (const seat of page.items) {
      if (seat.status === 'available') seats.push(seat.seat_id);
    }
  }
  if (seats.length < 2) throw new Error(`${EVENT} has no seats left; run on a fresh store`);
  return { event: event.id, seats };
}

export function guest({ event, seats }) {
  check(api('GET', '/events'), { 'events are listed': (r) => r.status === 200 });
  check(api('GET', `/events/${event}/inventory`), { 'inventory is shown': (r) => r.status === 200 });

  const reservation = hold(event, seats);
  if (reservation === null) return;
  const attempt = `load-${__VU}-${__ITER}-${Date.now()}`;
  const answer = api('POST', '/bookings/confirm', {
    reservation_ids: [reservation.id],
    payment: { method: 'pm_card_visa' },
    email: `${attempt}@demo.test`,
  }, { 'Idempotency-Key': attempt, 'X-Guest-Token': reservation.guest_token });
  check(answer, { 'confirm is answered': (r) => [201, 202, 409, 429].includes(r.status) });
  if (answer.status !== 201 && answer.status !== 202) return;
  const booking = settle(answer.json(), reservation.guest_token);
  check(booking, {
    'booking is confirmed': (b) => b.status === 'confirmed',
    'a ticket for each seat': (b) => b.tickets.length === reservation.items.length,
    'the price held is the price paid': (b) => b.total.amount === reservation.total.amount,
  });
  if (booking.status === 'confirmed') confirmed.add(1);
}

// Two random neighbours in the list, or other seats if these are taken.
function hold(event, seats) {
  for (let tried = 0; tried < SEATS_TRIED_MAX; tried += 1) {
    const at = Math.floor(Math.random() * (seats.length - 1));
    const wanted = seats.slice(at, at + 1 + (__ITER % 2));
    const answer = api('POST', `/events/${event}/reservations`, {
      seats: wanted.map((seat_id) => ({ seat_id })),
    });
    if (answer.status === 201) {
      held.add(wanted.length);
      const reservation = answer.json();
      check(reservation, { 'all or nothing': (r) => r.items.length === wanted.length });
      return reservation;
    }
    check(answer, {
      'a refusal names its seats': (r) => r.status === 429 ||
        (r.status === 409 && r.json().seats.length > 0),
    });
    lost.add(1);
  }
  return null;
}

// A booking whose payment result was not known in time is read again, as a page would do.
function settle(booking, token) {
  let now = booking;
  for (let polls = 0; now.status === 'pending' && polls < POLLS_MAX; polls += 1) {
    sleep(1);
    now = api('GET', `/bookings/${booking.id}`, null, { 'X-Guest-Token': token }).json();
  }
  return now;
}

export function customer() {
  const answer = api('POST', '/auth/login', {
    email: 'customer@demo.test', password: 'Demo-pass-1',
  });
  if (answer.status === 429) return;
  const bearer = { Authorization: `Bearer ${answer.json().access_token}` };
  check(api('GET', '/auth/profile', null, bearer), { 'signed in': (r) => r.status === 200 });
  check(api('GET', '/bookings/me', null, bearer), { 'own bookings': (r) => r.status === 200 });
  sleep(1);
}
