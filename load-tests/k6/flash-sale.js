// A flash sale: hundreds of visitors within seconds, a few dozen seats. Each seat goes to one of them; some who win a
// seat give it back, and another gets it.
//
//   load-tests/run.sh flash-sale      settings: SEATS, BUYERS

import { check } from 'k6';
import {
  NOTHING_WRONG, SHORT, STATISTICS, api, buy, compareBooks, createEvent, eventually, freeSeats, hold, inventory, newGuest,
  release, seatsOf,
} from './holdfast.js';

const SEATS = Number(__ENV.SEATS || (SHORT ? 10 : 50));
const BUYERS = Number(__ENV.BUYERS || (SHORT ? 60 : 3000));
const SECONDS = SHORT ? 3 : 10;
const TRIES_MAX = 3;
const CHANGED_MIND = 0.2;

export const options = {
  scenarios: {
    rush: {
      executor: 'constant-arrival-rate', exec: 'visitor', rate: Math.ceil(BUYERS / SECONDS), timeUnit: '1s',
      duration: `${SECONDS}s`, preAllocatedVUs: Math.ceil(BUYERS / SECONDS), maxVUs: BUYERS, gracefulStop: '60s',
    },
  },
  thresholds: {
    ...NOTHING_WRONG,
    bookings_confirmed: ['count>0'],
    ...(SHORT ? {} : { http_req_duration: ['p(99)<2000'] }),
  },
  summaryTrendStats: STATISTICS,
};

export function setup() {
  return createEvent({ name: 'Flash sale', rows: 1, seatsPerRow: SEATS });
}

export function visitor(sale) {
  const buyer = newGuest();
  const seats = seatsOf(sale);
  check(api('GET', `/events/${sale.id}/seats?state=only`, { discard: true }), {
    'the seats are shown': (it) => it.status === 200,
  });
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const reservation = hold(sale.id, buyer, [seats[Math.floor(Math.random() * seats.length)]]);
    if (reservation === null) continue;
    if (Math.random() < CHANGED_MIND) release(reservation, buyer);
    else buy(reservation, buyer);
    return;
  }
}

// What was given back at the end and found nobody is sold now, so that the end is known: every seat is sold once.
export function teardown(sale) {
  eventually(() => inventory(sale), (it) => it.held === 0, 5);
  for (const seat of freeSeats(sale)) {
    const buyer = newGuest();
    const reservation = hold(sale.id, buyer, [seat]);
    if (reservation !== null) buy(reservation, buyer);
  }
  check(compareBooks(sale), {
    'every seat is sold': (it) => it.sold === SEATS,
    'nothing is held or free at the end': (it) => it.held === 0 && it.available === 0,
  });
}
