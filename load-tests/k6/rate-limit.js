// The limit of holds per buyer, event and minute: one buyer sends 60 holds in a row. The first HOLDS_PER_MINUTE succeed,
// the rest are refused with 429, a time to wait and the limit. A second buyer is not affected. In a full run, the first
// buyer can hold again after the time that the refusal named.
//
//   load-tests/run.sh rate-limit      settings: HOLDS_PER_MINUTE, as the server has it (default 30)

import { check, sleep } from 'k6';
import { Counter } from 'k6/metrics';
import { NOTHING_WRONG, SHORT, STATISTICS, api, createEvent, expect, newGuest, problem, seatsOf, uuid } from './holdfast.js';

const CALLS = 60;
const ALLOWED = Number(__ENV.HOLDS_PER_MINUTE || 30);
const WINDOW_MS = 60_000;

const accepted = new Counter('calls_accepted');
const refusedCalls = new Counter('calls_refused');

export const options = {
  scenarios: { calls: { executor: 'per-vu-iterations', exec: 'calls', vus: 1, iterations: 1, maxDuration: '3m' } },
  thresholds: {
    checks: NOTHING_WRONG.checks,
    http_req_failed: NOTHING_WRONG.http_req_failed,
    calls_accepted: [`count==${Math.min(ALLOWED, CALLS)}`],
    calls_refused: [`count==${Math.max(CALLS - ALLOWED, 0)}`],
  },
  summaryTrendStats: STATISTICS,
};

export function setup() {
  return createEvent({ name: 'Rate limit', rows: 2, seatsPerRow: 50 });
}

function call(sale, buyer, seat) {
  const answer = api('POST', `/events/${sale.id}/reservations`, {
    headers: { ...buyer.headers, 'Idempotency-Key': uuid() },
    body: { seats: [{ seat_id: seat }] },
  });
  if (answer.status === 201 && !buyer.headers['X-Guest-Token']) {
    buyer.headers = { 'X-Guest-Token': answer.json().guest_token };
  }
  return answer;
}

export function calls(sale) {
  const buyer = newGuest();
  const seats = seatsOf(sale);
  const begun = Date.now();
  let wait = 0;
  for (let number = 0; number < CALLS; number += 1) {
    const answer = call(sale, buyer, seats[number]);
    if (answer.status === 201) accepted.add(1);
    else {
      refusedCalls.add(1);
      wait = Number(answer.headers['Retry-After']);
      check(answer, {
        'the refusal is 429 too-many-requests': (it) => it.status === 429 && problem(it) === 'too-many-requests',
        'it names the limit': (it) => it.json().limit === ALLOWED && it.json().remaining === 0,
        'it says when to come again': () => wait >= 1 && wait <= 60,
      });
    }
  }
  check(null, { 'all calls came within a minute': () => Date.now() - begun < WINDOW_MS });
  expect(call(sale, newGuest(), seats[CALLS]), 201);
  // k6 writes its report from three periods on, and the calls may take less.
  sleep(1);
  if (SHORT || wait === 0) return;
  sleep(wait);
  expect(call(sale, buyer, seats[CALLS + 1]), 201);
}
