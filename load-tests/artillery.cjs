// The parts that artillery.yml cannot express: choosing a seat, and the expected responses.
'use strict';

const { randomUUID } = require('node:crypto');

const EVENT = process.env.EVENT || 'arena-concert';
const SECTIONS_MAX = 4;
const KNOWN = new Set([200, 201, 202, 409, 429]);

let hall;

// Requested once, no matter how many guests arrive at the same time.
async function loadHall(base) {
  const get = async (path) => {
    const answer = await fetch(`${base}/api/v1${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer.json();
  };
  const event = await get(`/events/${EVENT}`);
  const sections = (await get(`/events/${event.id}/sections`)).items
    .filter((section) => section.kind === 'seated').slice(0, SECTIONS_MAX);
  const seats = [];
  for (const section of sections) {
    const page = await get(`/events/${event.id}/sections/${section.id}/seats?limit=1000`);
    seats.push(...page.items.filter((seat) => seat.status === 'available'));
  }
  if (seats.length === 0) throw new Error(`${EVENT} has no seats left; run on a fresh store`);
  return { event: event.id, seats: seats.map((seat) => seat.seat_id) };
}

async function chooseEvent(context) {
  hall ??= loadHall(process.env.URL);
  context.vars.event = (await hall).event;
  context.vars.attempt = `load-${randomUUID()}`;
}

async function chooseSeat(request) {
  const { seats } = await hall;
  request.json = { seats: [{ seat_id: seats[Math.floor(Math.random() * seats.length)] }] };
}

async function expectKnownStatus(request, response) {
  if (!KNOWN.has(response.statusCode)) {
    throw new Error(`${request.method} ${request.url}: ${response.statusCode}`);
  }
}

async function rememberReservation(request, response, context, events) {
  await expectKnownStatus(request, response);
  if (response.statusCode === 201) {
    const reservation = JSON.parse(response.body);
    context.vars.reservation = reservation.id;
    context.vars.guestToken = reservation.guest_token;
    events.emit('counter', 'holdfast.held', 1);
  } else {
    events.emit('counter', 'holdfast.refused', 1);
  }
}

async function expectConfirmed(request, response, context, events) {
  await expectKnownStatus(request, response);
  if (response.statusCode !== 201) return;
  const booking = JSON.parse(response.body);
  if (booking.status !== 'confirmed' || booking.tickets.length !== 1) {
    throw new Error(`a confirmed booking without its ticket: ${response.body}`);
  }
  events.emit('counter', 'holdfast.confirmed', 1);
}

module.exports = { chooseEvent, chooseSeat, expectKnownStatus, rememberReservation, expectConfirmed };
