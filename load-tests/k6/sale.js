// A day of sale: warm-up, sustained load, spike. Visitors arrive whether or not the others are finished. Each one looks
// at the list and the hall, holds one or two seats and pays; some of them sign in first.
//
//   load-tests/run.sh sale            settings: LOGIN_SHARE, CONTENTION, THINK_SECONDS, EVENT; see README.md

import { check } from 'k6';
import exec from 'k6/execution';
import {
  NOTHING_WRONG, SHORT, STATISTICS, api, buy, compareBooks, customers, event, expect, hold, newGuest, signIn, think, visit,
} from './holdfast.js';

// A sign-in computes an Argon2 hash, which takes a core for some 25 ms: two cores answer about 70 sign-ins a second
// and nothing else. More visitors who sign in measure that, and not the sale.
const LOGIN_SHARE = Number(__ENV.LOGIN_SHARE || 0.1);
// The share of visitors who want a seat of the first rows, which others want, too.
const CONTENTION = Number(__ENV.CONTENTION || 0.1);
const TRIES_MAX = 5;
const POPULAR_ROWS = 4;
const ACCOUNTS = SHORT ? 5 : 200;

// Visitors a second, and for how long.
const PHASES = SHORT
  ? { 'warm-up': [2, 2], sustained: [5, 4], spike: [10, 2] }
  : { 'warm-up': [10, 60], sustained: [50, 300], spike: [100, 60] };

// How many visitors came in the phases before.
const BEFORE = {};
Object.entries(PHASES).reduce((sum, [name, [rate, seconds]]) => {
  BEFORE[name] = sum;
  return sum + rate * seconds;
}, 0);

function scenarios() {
  const all = {};
  let start = 0;
  for (const [name, [rate, seconds]] of Object.entries(PHASES)) {
    all[name] = {
      executor: 'constant-arrival-rate', exec: 'visitor', startTime: `${start}s`, rate, duration: `${seconds}s`,
      timeUnit: '1s', preAllocatedVUs: rate * 4, maxVUs: rate * 20, gracefulStop: '30s',
      tags: { phase: name },
    };
    start += seconds;
  }
  return all;
}

// How long people wait is part of the result of a full run. A short run only shows that the script works.
const patience = SHORT ? {} : {
  'http_req_duration{phase:sustained}': ['p(99)<1000'],
  'http_req_duration{phase:spike}': ['p(99)<2000'],
  'http_req_duration{phase:warm-up}': ['p(99)<1000'],
  requests_refused: ['rate<0.01'],
};

export const options = {
  scenarios: scenarios(),
  setupTimeout: '180s',
  teardownTimeout: '300s',
  thresholds: {
    ...NOTHING_WRONG,
    ...patience,
    // Every visitor who should have come came: the load generator kept up.
    dropped_iterations: ['count==0'],
    bookings_confirmed: ['count>0'],
  },
  summaryTrendStats: STATISTICS,
};

export function setup() {
  const size = SHORT ? { rows: 10, seatsPerRow: 20 } : { rows: 400, seatsPerRow: 100 };
  return { sale: event({ name: 'Sale', ...size }), accounts: customers(LOGIN_SHARE > 0 ? ACCOUNTS : 0) };
}

export function visitor({ sale, accounts }) {
  const buyer = newGuest();
  const signedIn = Math.random() < LOGIN_SHARE;
  if (signedIn) buyer.headers = signIn(accounts[Math.floor(Math.random() * accounts.length)]);

  expect(api('GET', '/events'), 200);
  check(api('GET', `/events/${sale.slug}`), { 'the event is shown': (it) => it.status === 200 });
  const look = { discard: true };
  check(api('GET', `/events/${sale.id}/seats`, look), { 'the hall is shown': (it) => it.status === 200 });
  check(api('GET', `/events/${sale.id}/seats?state=only`, look), { 'the seats are shown': (it) => it.status === 200 });
  think();

  const reservation = choose(sale, buyer);
  if (reservation === null) return;
  think();
  if (buy(reservation, buyer) && signedIn) {
    const mine = expect(api('GET', '/bookings/me', { headers: buyer.headers }), 200);
    check(mine, { 'the booking is among my bookings': (it) => it !== null && it.items.length > 0 });
  }
}

// Most visitors find seats of their own; the others compete for the first rows, and look elsewhere when they lose.
function choose(sale, buyer) {
  const pairs = sale.rows.map(([, count]) => Math.floor(count / 2));
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const popular = tries === 0 && Math.random() < CONTENTION;
    const number = BEFORE[exec.scenario.name] + visit() + tries * 7919;
    const [row, pair] = popular
      ? [Math.floor(Math.random() * Math.min(POPULAR_ROWS, sale.rows.length)), 0]
      : place(pairs, number);
    const [first, count] = sale.rows[row];
    const at = popular ? Math.floor(Math.random() * (count - 1)) : pair * 2;
    const reservation = hold(sale.id, buyer, [first + at, first + at + 1].slice(0, 1 + (visit() % 2)));
    if (reservation !== null) return reservation;
  }
  return null;
}

// The row and the pair of neighbours of a visitor's number, from the last row to the first.
function place(pairs, number) {
  const total = pairs.reduce((sum, count) => sum + count, 0);
  let left = number % total;
  for (let row = pairs.length - 1; row >= 0; row -= 1) {
    if (left < pairs[row]) return [row, left];
    left -= pairs[row];
  }
  return [0, 0];
}

export function teardown({ sale }) {
  compareBooks(sale);
}
