// A sell-out: many buyers at once take one to four seats each until the hall is empty. Who finds his seats taken looks
// at the hall again and takes what is left. At the end every seat is sold, none twice, and nobody got fewer than he paid
// for.
//
//   load-tests/run.sh sell-out        settings: ROWS (of 50 seats), BUYERS (at once)

import { check } from 'k6';
import {
  NOTHING_WRONG, SHORT, STATISTICS, buy, compareBooks, createEvent, freeSeats, hold, newGuest, seatsOf, visit,
} from './holdfast.js';

const ROWS = Number(__ENV.ROWS || (SHORT ? 2 : 80));
const SEATS_PER_ROW = SHORT ? 20 : 50;
const BUYERS = Number(__ENV.BUYERS || (SHORT ? 8 : 100));
const SEATS_MAX = 4;
const TRIES_MAX = 50;

export const options = {
  scenarios: {
    storm: {
      executor: 'shared-iterations', exec: 'buyer', vus: BUYERS, iterations: ROWS * SEATS_PER_ROW,
      maxDuration: SHORT ? '2m' : '5m',
    },
  },
  setupTimeout: '120s',
  teardownTimeout: '120s',
  thresholds: {
    ...NOTHING_WRONG,
    bookings_confirmed: ['count>0'],
    ...(SHORT ? {} : { http_req_duration: ['p(99)<2000'] }),
  },
  summaryTrendStats: STATISTICS,
};

export function setup() {
  return createEvent({ name: 'Sell-out', rows: ROWS, seatsPerRow: SEATS_PER_ROW });
}

// Each virtual user remembers that nothing is left, so that the rest of the visits end at once.
let soldOut = false;

export function buyer(sale) {
  if (soldOut) return;
  const me = newGuest();
  const wanted = 1 + Math.floor(Math.random() * SEATS_MAX);
  // The first try is blind, as of somebody whose picture of the hall is old.
  let free = seatsOf(sale);
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const at = (visit() * SEATS_MAX + tries * 13) % free.length;
    const reservation = hold(sale.id, me, free.slice(at, at + wanted), { partial: true });
    if (reservation !== null) {
      buy(reservation, me);
      return;
    }
    free = freeSeats(sale);
    if (free.length === 0) {
      soldOut = true;
      return;
    }
  }
}

export function teardown(sale) {
  check(compareBooks(sale), {
    'every seat is sold': (it) => it.sold === ROWS * SEATS_PER_ROW,
    'nothing is held or free at the end': (it) => it.held === 0 && it.available === 0,
  });
}
