// Holding, paying, giving back and lapsing at the same time, on few seats with holds of a few seconds. The interesting
// buyer pays in the very moment in which his hold lapses: he gets his seats, or a clear refusal, and never both.
//
//   load-tests/run.sh mixed           settings: MIXED_SECONDS, BUYERS (of each kind)

import { check, sleep } from 'k6';
import { Counter } from 'k6/metrics';
import {
  NOTHING_WRONG, SHORT, STATISTICS, buy, compareBooks, confirm, createEvent, eventually, freeSeats, hold, inventory,
  newGuest, problem, release, seatsOf,
} from './holdfast.js';

const HOLD_SECONDS = 2;
const SECONDS = Number(__ENV.MIXED_SECONDS || (SHORT ? 6 : 60));
const BUYERS = Number(__ENV.BUYERS || (SHORT ? 2 : 10));
const ROWS = SHORT ? 10 : 60;
const SEATS_PER_ROW = 50;
// What a payment that comes too late may answer.
const TOO_LATE = ['reservation-expired', 'reservation-not-active'];

const inTime = new Counter('late_payments_in_time');
const tooLate = new Counter('late_payments_too_late');

const kind = (exec, vus) => ({ executor: 'constant-vus', exec, vus, duration: `${SECONDS}s`, gracefulStop: '30s' });

export const options = {
  scenarios: {
    payers: kind('payer', BUYERS),
    changers: kind('changer', BUYERS),
    leavers: kind('leaver', BUYERS),
    latecomers: kind('latecomer', BUYERS * 2),
  },
  teardownTimeout: '180s',
  thresholds: {
    ...NOTHING_WRONG,
    bookings_confirmed: ['count>0'],
    late_payments_too_late: ['count>0'],
    ...(SHORT ? {} : { http_req_duration: ['p(99)<2000'], late_payments_in_time: ['count>0'] }),
  },
  summaryTrendStats: STATISTICS,
};

export function setup() {
  const details = { hold_seconds: HOLD_SECONDS };
  return createEvent({ name: 'Mixed', rows: ROWS, seatsPerRow: SEATS_PER_ROW, details });
}

function holdAny(sale, buyer) {
  const seats = seatsOf(sale);
  const at = Math.floor(Math.random() * (seats.length - 1));
  return hold(sale.id, buyer, seats.slice(at, at + 2));
}

function visit(sale, next) {
  const buyer = newGuest();
  const reservation = holdAny(sale, buyer);
  if (reservation === null) sleep(0.05);
  else next(reservation, buyer);
}

export function payer(sale) {
  visit(sale, (reservation, buyer) => {
    // A node that is so busy that the hold lapses meanwhile may refuse the payment, as for a latecomer.
    pay(reservation, buyer);
    // Otherwise this hall would be sold before the time is over.
    sleep(1);
  });
}

export function changer(sale) {
  visit(sale, (reservation, buyer) => {
    sleep(Math.random() / 2);
    release(reservation, buyer);
  });
}

// Holds and goes away.
export function leaver(sale) {
  visit(sale, () => sleep(0.5));
}

export function latecomer(sale) {
  visit(sale, (reservation, buyer) => {
    sleep(HOLD_SECONDS - 0.25 + Math.random() / 2);
    if (pay(reservation, buyer)) inTime.add(1);
    else tooLate.add(1);
  });
}

function pay(reservation, buyer) {
  const { booking, refusal } = confirm(reservation, buyer);
  if (refusal) {
    const known = check(refusal, { 'a late payment is refused clearly': (it) => TOO_LATE.includes(problem(it)) });
    if (!known) console.error(`a late payment: ${refusal.status} ${refusal.body || refusal.error}`);
  }
  return booking;
}

// What nobody pays for becomes free, and can be sold.
export function teardown(sale) {
  eventually(() => inventory(sale), (it) => it.held === 0, HOLD_SECONDS + 5);
  const counts = compareBooks(sale);
  check(counts, {
    'nothing stays held': (it) => it.held === 0,
    'every seat is sold or free': (it) => it.sold + it.available === it.capacity,
  });
  const [seat] = freeSeats(sale);
  if (seat !== undefined) {
    const buyer = newGuest();
    const reservation = hold(sale.id, buyer, [seat]);
    check(reservation, { 'a seat that became free is held': (it) => it !== null });
    if (reservation !== null) buy(reservation, buyer);
  }
}
