// The parts that sale.yml cannot express: an event of its own, the choice of seats, and the expected responses.
'use strict';

const { randomUUID } = require('node:crypto');

const URL = process.env.URL || 'http://127.0.0.1:8080';
const ORGANIZER = {
  email: process.env.ORGANIZER_EMAIL || 'organizer@demo.test',
  password: process.env.ORGANIZER_PASSWORD || 'Demo-pass-1',
};
const CUSTOMER_PASSWORD = 'Load-pass-1';
const CUSTOMER = { password: CUSTOMER_PASSWORD, first_name: 'Load', last_name: 'Test' };
const LOOKS_MAX = 300;
const LOOK_EVERY_MS = 100;
// The share of visitors who sign in; see k6/sale.js for what it costs.
const LOGIN_SHARE = Number(process.env.LOGIN_SHARE || 0.1);
const DAY_MS = 24 * 60 * 60 * 1000;
// A node that is too busy, and the limit of a buyer.
const OVERLOADED = 503;
const LIMITED = 429;

// Runs once, before the first visitor. What it puts into `vars` is there for every visitor.
async function openSale(context) {
  const { rows, seatsPerRow, accounts } = context.vars;
  const { access_token } = await call('POST', '/auth/login', 200, ORGANIZER);
  const organizer = (path, body, status = 201) => call('POST', path, status, body, access_token);
  const now = Date.now();
  const at = (days) => new Date(now + days * DAY_MS).toISOString();
  const event = await organizer('/events', {
    name: `Sale ${randomUUID().slice(0, 8)}`, category: 'concert', place: 'Load test', time_zone: 'Europe/Berlin',
    sale_starts_at: at(-1), starts_at: at(30), ends_at: at(31), currency: 'EUR', max_per_user: 1000,
  });
  // A section has at most 20,000 seats.
  const most = Math.floor(20_000 / seatsPerRow);
  for (let made = 0; made < rows; made += most) {
    const size = { rows: Math.min(most, rows - made), seats_per_row: seatsPerRow };
    await organizer(`/events/${event.id}/sections`, { name: `Section ${1 + made / most}`, ...size });
  }
  await organizer(`/events/${event.id}/offers`, { name: 'Standard', price_minor: 4500, refundable: true });
  await organizer(`/events/${event.id}/publish`, {}, 200);
  const run = randomUUID();
  const emails = Array.from({ length: LOGIN_SHARE > 0 ? accounts : 0 }, (_, index) => `load-${index}-${run}@load.test`);
  for (const email of emails) {
    await call('POST', '/auth/register', 204, { email, ...CUSTOMER });
  }
  for (const email of emails) {
    await call('POST', '/auth/activate', 200, { token: await activationToken(email), ...CUSTOMER });
  }
  const { sections } = await call('GET', `/events/${event.id}/seats`, 200);
  const first = sections.flatMap((section) => section.rows.map((row) => row.first_seat_id));
  context.vars.sale = { id: event.id, slug: event.slug, rows: first, seatsPerRow };
  context.vars.emails = emails;
}

// The token of the mail to a new account, which a development server keeps.
async function activationToken(email) {
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    const answer = await fetch(`${URL}/api/development/mails?to=${email}`);
    if (!answer.ok) throw new Error('the server keeps no mails: LOGIN_SHARE must be 0');
    const { items } = await answer.json();
    if (items.length > 0) return items[0].links.find((link) => link.includes('/activate#')).split('#')[1];
    await new Promise((resolve) => { setTimeout(resolve, LOOK_EVERY_MS); });
  }
  throw new Error(`no mail to ${email}`);
}

async function call(method, path, status, body, token) {
  const answer = await fetch(`${URL}/api/v1${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
}

async function arrive(context, events) {
  const { emails } = context.vars;
  Object.assign(context.vars, {
    signsIn: emails.length > 0 && Math.random() < LOGIN_SHARE,
    email: emails[Math.floor(Math.random() * emails.length)] ?? `guest-${randomUUID()}@load.test`,
    password: CUSTOMER_PASSWORD,
    identity: {},
    reservation: undefined,
    pending: false,
  });
  // Counters that stay 0 would be unknown to the conditions at the end.
  for (const name of ['confirmed', 'overloaded', 'limited', 'lost']) events.emit('counter', `holdfast.${name}`, 0);
}

// True for a response with one of the statuses. A busy node and a limit are counted; anything else fails the run.
function is(statuses, request, response, context, events) {
  if (statuses.includes(response.statusCode)) return true;
  const counter = { [OVERLOADED]: 'overloaded', [LIMITED]: 'limited' }[response.statusCode];
  if (counter === undefined) {
    throw new Error(`${request.method} ${request.url}: ${response.statusCode} ${response.body}`);
  }
  events.emit('counter', `holdfast.${counter}`, 1);
  return false;
}

async function expectOk(request, response, context, events) {
  is([200], request, response, context, events);
}

async function rememberSession(request, response, context, events) {
  if (is([200], request, response, context, events)) {
    context.vars.identity = { Authorization: `Bearer ${JSON.parse(response.body).access_token}` };
  } else {
    context.vars.signsIn = false;
  }
}

// Two neighbours anywhere in the hall.
async function chooseSeats(request, context) {
  const { rows, seatsPerRow } = context.vars.sale;
  const row = rows[Math.floor(Math.random() * rows.length)];
  const seat = row + Math.floor(Math.random() * (seatsPerRow - 1));
  context.vars.wanted = [seat, seat + 1];
  request.headers = { ...request.headers, ...context.vars.identity, 'Idempotency-Key': randomUUID() };
  request.json = { seats: context.vars.wanted.map((seat_id) => ({ seat_id })) };
}

async function rememberReservation(request, response, context, events) {
  if (!is([201, 409], request, response, context, events)) return;
  const body = JSON.parse(response.body);
  if (response.statusCode === 409) {
    if (body.type !== '/problems/seats-unavailable' || body.seats.length === 0) {
      throw new Error(`a refused hold names no seats: ${response.body}`);
    }
    events.emit('counter', 'holdfast.lost', 1);
    return;
  }
  const held = body.items.map((item) => item.seat_id).sort((a, b) => a - b);
  if (held.join() !== context.vars.wanted.join()) throw new Error(`other seats are held: ${response.body}`);
  context.vars.reservation = body;
  if (body.guest_token) context.vars.identity = { 'X-Guest-Token': body.guest_token };
}

async function identify(request, context) {
  request.headers = { ...request.headers, ...context.vars.identity };
}

async function pay(request, context) {
  await identify(request, context);
  request.headers['Idempotency-Key'] = randomUUID();
  request.json = {
    reservation_ids: [context.vars.reservation.id],
    payment: { method: 'pm_card_visa' },
    email: context.vars.email,
  };
}

async function rememberBooking(request, response, context, events) {
  if (!is([200, 201, 202], request, response, context, events)) return;
  const booking = JSON.parse(response.body);
  const { reservation } = context.vars;
  Object.assign(context.vars, { booking: booking.id, pending: booking.status === 'pending' });
  if (context.vars.pending) return;
  if (booking.status !== 'confirmed' || booking.tickets.length !== reservation.items.length) {
    throw new Error(`a confirmed booking without its tickets: ${response.body}`);
  }
  if (booking.total.amount !== reservation.total.amount) throw new Error(`another price: ${response.body}`);
  events.emit('counter', 'holdfast.confirmed', 1);
}

// A booking whose payment result was not known in time is read again each second, as a page would do. Artillery asks
// after the body of a loop, and expects a callback here.
function waitWhilePending(context, next) {
  setTimeout(next, context.vars.pending ? 1000 : 0, context.vars.pending);
}

module.exports = {
  openSale, arrive, expectOk, rememberSession, chooseSeats, rememberReservation, identify, pay, rememberBooking,
  waitWhilePending,
};
