// What every scenario shares: requests that behave as a page does, an event of its own, and a buyer's steps.
//
// A scenario creates its event as an organizer, so that it knows the number of seats and never meets another run's
// bookings. Any response that is not expected fails the run: every step is a `check`, and `checks` must be 1.

import http from 'k6/http';
import { check, fail, sleep } from 'k6';
import exec from 'k6/execution';
import { Counter, Rate } from 'k6/metrics';

export const SHORT = __ENV.SHORT === 'yes';
// Pauses of a person who reads and types, in seconds. They cost nothing but virtual users.
const THINK_SECONDS = Number(__ENV.THINK_SECONDS || (SHORT ? 0 : 1));
const URL = (__ENV.URL || 'http://127.0.0.1:8080').replace(/\/$/, '');
const ORGANIZER = {
  email: __ENV.ORGANIZER_EMAIL || 'organizer@demo.test',
  password: __ENV.ORGANIZER_PASSWORD || 'Demo-pass-1',
};
const CUSTOMER_PASSWORD = 'Load-pass-1';
const TRIES_MAX = 8;
const POLLS_MAX = 30;
const LOOKS_MAX = 300;
const LOOK_SECONDS = 0.1;
const DAY_MS = 24 * 60 * 60 * 1000;

export const held = new Counter('seats_held');
export const lost = new Counter('holds_lost_to_others');
export const confirmed = new Counter('bookings_confirmed');
export const limited = new Counter('requests_limited');
// The share of requests that a busy node refused with 503. They were repeated, as pages do.
export const refused = new Rate('requests_refused');

http.setResponseCallback(http.expectedStatuses(200, 201, 202, 204, 409, 429, 503));

// Thresholds of every scenario. A run under other conditions can have more.
export const NOTHING_WRONG = { checks: ['rate==1'], http_req_failed: ['rate==0'], requests_limited: ['count==0'] };
export const STATISTICS = ['med', 'p(95)', 'p(99)', 'max'];

// Sends a request, and repeats it while the node says that it is too busy: after the time that it names, with the
// same key, so that nothing can happen twice.
//
// `options`: `headers`; `body`, an object; `discard`, to download the response without keeping it.
export function api(method, path, options = {}) {
  const body = options.body === undefined ? null : JSON.stringify(options.body);
  const parameters = {
    headers: { 'Accept-Encoding': 'gzip', ...(body ? { 'Content-Type': 'application/json' } : {}), ...options.headers },
    tags: { name: `${method} ${path.replace(/[0-9a-f-]{36}/g, '{id}').replace(/\?.*/, '')}` },
    responseType: options.discard ? 'none' : 'text',
  };
  for (let tries = 1; ; tries += 1) {
    const answer = http.request(method, `${URL}/api/v1${path}`, body, parameters);
    refused.add(answer.status === 503);
    if (answer.status === 429) limited.add(1);
    if (answer.status !== 503 || tries === TRIES_MAX) return answer;
    sleep(Number(answer.headers['Retry-After'] || 1));
  }
}

// The last part of the problem's type, such as `seats-unavailable`; empty for a response that is no problem.
export function problem(answer) {
  const type = answer.headers['Content-Type'] || '';
  return type.startsWith('application/problem+json') ? answer.json().type.replace('/problems/', '') : '';
}

// Checks the status of a response and returns its body. A failed check names the request.
export function expect(answer, status) {
  const request = `${answer.request.method} ${answer.request.url.replace(URL, '')}`;
  const is = check(answer, { [`${status} is answered`]: (it) => it.status === status });
  if (!is) console.error(`${request}: ${answer.status} ${answer.body || answer.error}`);
  return is && answer.body ? answer.json() : null;
}

export function think() {
  if (THINK_SECONDS > 0) sleep(THINK_SECONDS * (0.5 + Math.random()));
}

export function uuid() {
  const digit = () => Math.floor(Math.random() * 16).toString(16);
  return 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, digit);
}

// The headers of an account. Ends the run if it cannot sign in.
export function signIn(account) {
  const answer = api('POST', '/auth/login', { body: account });
  if (answer.status !== 200) fail(`${account.email} cannot sign in: ${answer.status} ${answer.body}`);
  return { Authorization: `Bearer ${answer.json().access_token}` };
}

export const organizer = () => signIn(ORGANIZER);

// New accounts of customers who sign in during the run.
export function customers(count) {
  const run = uuid();
  const owner = { password: CUSTOMER_PASSWORD, first_name: 'Load', last_name: 'Test' };
  const emails = Array.from({ length: count }, (_, index) => `load-${index}-${run}@load.test`);
  for (const email of emails) expect(api('POST', '/auth/register', { body: { email, ...owner } }), 204);
  for (const email of emails) {
    expect(api('POST', '/auth/activate', { body: { token: activationToken(email), ...owner } }), 200);
  }
  return emails.map((email) => ({ email, password: CUSTOMER_PASSWORD }));
}

// The token of the mail to a new account, which a development server keeps.
function activationToken(email) {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const answer = http.get(`${URL}/api/development/mails?to=${email}`, { tags: { name: 'mails' } });
    if (answer.status !== 200) fail('the server keeps no mails: LOGIN_SHARE must be 0');
    const { items } = answer.json();
    if (items.length > 0) return items[0].links.find((link) => link.includes('/activate#')).split('#')[1];
    sleep(LOOK_SECONDS);
  }
  fail(`no mail to ${email}`);
}

// Creates an event with rows of seats and publishes it. Returns `{ id, slug, rows }`; a row is `[first id, number of
// seats]`, and the ids of its seats follow each other.
export function createEvent({ name, rows, seatsPerRow, details = {} }) {
  const headers = organizer();
  const send = (method, path, body, status = 201) => expect(api(method, path, { headers, body }), status);
  const from = Date.now();
  const event = send('POST', '/events', {
    name: `${name} ${uuid().slice(0, 8)}`, category: 'concert', place: 'Load test', time_zone: 'Europe/Berlin',
    sale_starts_at: new Date(from - DAY_MS).toISOString(), starts_at: new Date(from + 30 * DAY_MS).toISOString(),
    ends_at: new Date(from + 31 * DAY_MS).toISOString(), currency: 'EUR', max_per_user: 1000, ...details,
  });
  if (event === null) fail('the event cannot be created');
  // A section has at most 20,000 seats.
  const rowsPerSection = Math.max(1, Math.floor(20_000 / seatsPerRow));
  for (let made = 0; made < rows; made += rowsPerSection) {
    const size = { rows: Math.min(rowsPerSection, rows - made), seats_per_row: seatsPerRow };
    send('POST', `/events/${event.id}/sections`, { name: `Section ${1 + made / rowsPerSection}`, ...size });
  }
  send('POST', `/events/${event.id}/offers`, { name: 'Standard', price_minor: 4500, refundable: true });
  send('POST', `/events/${event.id}/publish`, {}, 200);
  return withRows(event);
}

function withRows({ id, slug }) {
  const map = expect(api('GET', `/events/${id}/seats`), 200);
  const rows = map.sections.flatMap((section) => section.rows.map((row) => [row.first_seat_id, row.labels.length]));
  return { id, slug, rows };
}

// The event of this run: a new one, or the event that EVENT names.
export function event(wanted) {
  if (!__ENV.EVENT) return createEvent(wanted);
  const found = expect(api('GET', `/events/${__ENV.EVENT}`), 200);
  if (found === null) fail(`there is no event ${__ENV.EVENT}`);
  return withRows(found);
}

export const seatsOf = ({ rows }) => rows.flatMap(([first, count]) => Array.from({ length: count }, (_, at) => first + at));

// A new guest, who has no token yet.
export const newGuest = () => ({ headers: {}, email: `guest-${uuid()}@load.test` });

// Tries to hold the seats. Returns the reservation, or null if another buyer was faster.
export function hold(eventId, buyer, seats, options = {}) {
  const answer = api('POST', `/events/${eventId}/reservations`, {
    headers: { ...buyer.headers, 'Idempotency-Key': uuid() },
    body: { seats: seats.map((seat_id) => ({ seat_id })), ...options },
  });
  if (answer.status !== 201) {
    const known = check(answer, {
      'a refused hold names its seats': (it) => problem(it) === 'seats-unavailable' && it.json().seats.length > 0,
    });
    if (!known) console.error(`a hold: ${answer.status} ${answer.body || answer.error}`);
    lost.add(1);
    return null;
  }
  const reservation = answer.json();
  const ids = reservation.items.map((item) => item.seat_id);
  check(reservation, {
    'only wanted seats are held, each once': () =>
      new Set(ids).size === ids.length && ids.every((id) => seats.includes(id)),
    'all or nothing': () => options.partial || ids.length === seats.length,
  });
  if (reservation.guest_token) buyer.headers = { 'X-Guest-Token': reservation.guest_token };
  held.add(ids.length);
  return reservation;
}

export function release(reservation, buyer) {
  const answer = api('DELETE', `/reservations/${reservation.id}`, { headers: buyer.headers });
  check(answer, { 'seats are given back': (it) => it.status === 200 || it.status === 204 });
}

// Pays for the reservation. Returns the confirmed booking, or the response that refused it.
export function confirm(reservation, buyer) {
  const answer = api('POST', '/bookings/confirm', {
    headers: { ...buyer.headers, 'Idempotency-Key': uuid() },
    body: { reservation_ids: [reservation.id], payment: { method: 'pm_card_visa' }, email: buyer.email },
  });
  if (answer.status !== 201 && answer.status !== 202) return { refusal: answer };
  const booking = settle(answer, buyer);
  check(booking, {
    'booking is confirmed': (it) => it.status === 'confirmed',
    'a ticket for each seat': (it) => it.tickets.length === reservation.items.length,
    'the price held is the price paid': (it) => it.total.amount === reservation.total.amount,
  });
  if (booking.status === 'confirmed') confirmed.add(1);
  return { booking };
}

// A booking whose payment result was not known in time is read again, as a page would do.
function settle(answer, buyer) {
  let booking = answer.json();
  for (let polls = 0; booking.status === 'pending' && polls < POLLS_MAX; polls += 1) {
    sleep(1);
    booking = api('GET', `/bookings/${booking.id}`, { headers: buyer.headers }).json();
  }
  return booking;
}

// Buys these seats or fails the check.
export function buy(reservation, buyer) {
  const { booking, refusal } = confirm(reservation, buyer);
  if (refusal) {
    check(refusal, { 'a held seat can be paid for': () => false });
    console.error(`a payment: ${refusal.status} ${refusal.body || refusal.error}`);
  }
  return booking;
}

// The seats that nobody has now.
export function freeSeats(event) {
  const { seats } = api('GET', `/events/${event.id}/seats?state=only`).json();
  const taken = new Set(seats.map(([id]) => id));
  return seatsOf(event).filter((id) => !taken.has(id));
}

export const inventory = (event) => api('GET', `/events/${event.id}/inventory`).json().counts;

// Waits until the counts, which may be some moments old, agree with what is expected.
export function eventually(look, agrees, seconds) {
  for (let end = Date.now() + 1000 * seconds; ; sleep(0.25)) {
    const seen = look();
    if (agrees(seen) || Date.now() > end) return seen;
  }
}

// Compares the organizer's list of bookings with the inventory: no seat is in two bookings, and every sold seat is in
// one. Returns the number of sold seats.
export function compareBooks(event) {
  const headers = organizer();
  const lines = new Map();
  let twice = 0;
  let after = '';
  do {
    const page = expect(api('GET', `/events/${event.id}/bookings?limit=100${after}`, { headers }), 200);
    for (const booking of page.items.filter((it) => it.status === 'confirmed')) {
      for (const line of booking.lines.filter((it) => it.event_id === event.id && !it.cancelled)) {
        if (lines.has(line.seat_id)) {
          console.error(`seat ${line.seat_id} is in ${lines.get(line.seat_id)} and in ${booking.reference}`);
          twice += 1;
        }
        lines.set(line.seat_id, booking.reference);
      }
    }
    after = page.next ? `&after=${page.next}` : '';
  } while (after);
  const counts = eventually(() => inventory(event), (it) => it.sold === lines.size, 5);
  check(counts, {
    'no seat is sold twice': () => twice === 0,
    'every sold seat is in one booking': (it) => it.sold === lines.size,
  });
  console.log(`sold ${counts.sold} of ${counts.capacity} seats, ${counts.held} held, ${counts.available} available`);
  return counts;
}

// The number of this visit within its scenario, across all virtual users.
export const visit = () => exec.scenario.iterationInTest;
