// Cancelling a booking: the page shows the amount of the refund first, then the result.

import assert from 'node:assert/strict';

import {
  THEATRE, holdSeats, isConfirmed, pay, suite,
} from './helpers.mjs';

const { scenario, api, row, seatStatus, holdByApi } = suite();

// Responds as the server would for offers whose cancellation refunds only a part, or nothing.
async function saysThatComesBack(page, part) {
  await page.route('**/api/v1/bookings/reference/*', async (route) => {
    const response = await route.fetch();
    const booking = await response.json();
    const lines = booking.lines.map((line) => (
      { ...line, cancellable: true, refundable: { ...line.price, amount: line.price.amount * part } }));
    await route.fulfill({ response, json: { ...booking, cancellable: true, lines } });
  });
}

async function bought(visitor, name, { part = 1, ...options } = {}) {
  const seats = (await row(THEATRE, 'Stalls', name)).slice(0, 2);
  const page = await visitor(`/events/${THEATRE}`, options);
  if (part < 1) await saysThatComesBack(page, part);
  await holdSeats(page, 'Stalls', name, seats);
  await pay(page);
  await isConfirmed(page);
  const price = seats.reduce((sum, seat) => sum + seat.price.amount, 0) / 100;
  return { page, seats, price: `€${price.toFixed(2)}` };
}

const cancelButton = (page) => page.getByTestId('cancel-booking');
const question = (page) => page.getByRole('dialog', { name: 'Cancel this booking?' });

scenario('a_booking_is_given_back_and_says_what_comes_back', async ({ visitor }) => {
  const { page, seats, price } = await bought(visitor, 'A');
  await cancelButton(page).click();
  await question(page).getByText(`${price} comes back to you, the way you paid.`).waitFor();
  assert.ok(await question(page).evaluate((it) => it.contains(document.activeElement)));
  await page.getByTestId('question-confirm').click();

  await page.getByRole('heading', { name: 'Cancelled', level: 1 }).waitFor();
  await page.getByText(`${price} is on its way back`).waitFor();
  assert.equal((await page.getByTestId('booking-refunded').textContent()).trim(), price);
  assert.equal(await question(page).count(), 0);
  assert.equal(await cancelButton(page).count(), 0);
  const over = page.getByTestId('ticket').getByText(/^(Cancelled|Refunded)$/);
  assert.equal(await over.count(), seats.length);
  for (const seat of seats) {
    assert.equal(await seatStatus(THEATRE, seat.seat_id), 'available');
  }
  await page.reload();
  await page.getByText(`${price} is on its way back`).waitFor();
});

scenario('a_part_that_comes_back_is_named_as_a_part', async ({ visitor }) => {
  const { page, price } = await bought(visitor, 'G', { part: 0.5 });
  const half = `€${(Number(price.slice(1)) / 2).toFixed(2)}`;
  await cancelButton(page).click();
  await question(page).getByText(`${half} of ${price} comes back`).waitFor();
});

scenario('where_nothing_comes_back_it_is_said_before', async ({ visitor }) => {
  const { page } = await bought(visitor, 'H', { part: 0 });
  await cancelButton(page).click();
  await question(page).getByText('Nothing of what you paid comes back.').waitFor();
});

scenario('single_lines_are_given_back', async ({ visitor }) => {
  const { page, seats } = await bought(visitor, 'K');
  await cancelButton(page).click();
  const lines = question(page).getByTestId('cancel-line');
  assert.equal(await lines.count(), 2);
  const labels = await question(page).locator('label.check').allTextContents();
  await lines.nth(0).uncheck();
  await lines.nth(1).uncheck();
  await question(page).getByRole('status').getByText('Choose at least one place.').waitFor();
  assert.ok(await page.getByTestId('question-confirm').isDisabled(), 'there is nothing to confirm');
  await lines.nth(1).check();
  // Leaving the question forgets nothing.
  await page.keyboard.press('Escape');
  await question(page).waitFor({ state: 'detached' });
  await cancelButton(page).click();
  assert.deepEqual([await lines.nth(0).isChecked(), await lines.nth(1).isChecked()], [false, true]);
  const price = labels[1].match(/€[\d.]+/)[0];
  await question(page).getByText(`${price} comes back to you, the way you paid.`).waitFor();
  await page.getByTestId('question-confirm').click();
  await question(page).waitFor({ state: 'detached' });
  assert.equal((await page.getByTestId('booking-refunded').textContent()).trim(), price);
  const statuses = await Promise.all(seats.map((seat) => seatStatus(THEATRE, seat.seat_id)));
  assert.deepEqual(statuses.sort(), ['available', 'sold']);
  // What is left is given back without a choice.
  await cancelButton(page).click();
  await question(page).waitFor();
  assert.equal(await lines.count(), 0);
  await page.getByTestId('question-confirm').click();
  await page.getByRole('heading', { name: 'Cancelled', level: 1 }).waitFor();
});

scenario('a_booking_is_kept_when_the_question_is_left', async ({ visitor }) => {
  const { page, seats } = await bought(visitor, 'B');
  await cancelButton(page).click();
  await question(page).waitFor();
  await page.keyboard.press('Escape');
  await question(page).waitFor({ state: 'detached' });
  await cancelButton(page).click();
  await page.getByTestId('question-keep').click();
  await question(page).waitFor({ state: 'detached' });
  assert.equal(await seatStatus(THEATRE, seats[0].seat_id), 'sold');
  await page.reload();
  await isConfirmed(page);
});

scenario('a_question_stays_until_its_answer_has_come', async ({ visitor }) => {
  const { page } = await bought(visitor, 'L');
  let go;
  const held = new Promise((resolve) => { go = resolve; });
  await page.route('**/api/v1/bookings/*/cancel', async (route) => {
    await held;
    return route.continue();
  });
  await cancelButton(page).click();
  await page.getByTestId('question-confirm').click();
  await page.locator('[data-testid="question-confirm"]:disabled').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await question(page).count(), 1);
  go();
  await page.getByRole('heading', { name: 'Cancelled', level: 1 }).waitFor();
});

scenario('a_refused_cancellation_is_told_where_it_was_asked', async ({ visitor }) => {
  const { page, seats } = await bought(visitor, 'C');
  await page.route('**/api/v1/bookings/*/cancel', (route) => route.abort(), { times: 1 });
  await cancelButton(page).click();
  await page.getByTestId('question-confirm').click();
  await question(page).getByRole('alert').getByText(/No answer from the server/).waitFor();
  assert.equal(await seatStatus(THEATRE, seats[0].seat_id), 'sold');
  await page.getByTestId('question-confirm').click();
  await page.getByRole('heading', { name: 'Cancelled', level: 1 }).waitFor();
});

// Opens the page of a booking whose payment waits for the buyer. Returns the page and the seat.
async function underWay(visitor, name, options = {}) {
  const seats = (await row(THEATRE, 'Stalls', name)).slice(0, 1);
  const held = await holdByApi(THEATRE, seats);
  const { status, body } = await api('POST', '/bookings/confirm', {
    reservation_ids: [held.id],
    payment: { method: 'pm_card_authenticationRequired' },
    email: 'stopped@example.org',
  }, { 'X-Guest-Token': held.guest_token, 'Idempotency-Key': crypto.randomUUID() });
  assert.equal(status, 202, JSON.stringify(body));
  const page = await visitor(`/bookings/${body.reference}`, {
    ...options,
    prepare: (it) => it.addInitScript((token) => {
      localStorage.setItem('holdfast.guest', token);
    }, held.guest_token),
  });
  await page.getByRole('heading', { name: 'Payment under way' }).waitFor();
  return { page, seat: seats[0] };
}

scenario('a_payment_under_way_is_stopped', async ({ visitor }) => {
  const { page, seat } = await underWay(visitor, 'D');
  await cancelButton(page).click();
  await question(page).getByText('Nothing is charged.').waitFor();
  await page.getByTestId('question-confirm').click();
  await page.getByRole('heading', { name: 'Cancelled', level: 1 }).waitFor();
  assert.equal(await seatStatus(THEATRE, seat.seat_id), 'available');
});

scenario('the_seats_of_a_payment_under_way_are_promised_for_a_time_and_only_while_that_is_known',
  async ({ visitor }) => {
    const { page } = await underWay(visitor, 'J', { alone: true });
    const told = page.getByTestId('booking-told');
    const timer = told.getByRole('timer');
    await told.getByText('Your seats stay held for').waitFor();
    const first = await timer.textContent();
    assert.match(first, /^1[0-5]:\d\d$/);
    await page.waitForFunction((text) =>
      document.querySelector('[data-testid="booking-told"] [role="timer"]').textContent !== text, first);

    await page.context().setOffline(true);
    await told.getByText(/^No connection\. The result of the payment appears here/).waitFor();
    assert.equal(await timer.textContent(), '');
    await page.context().setOffline(false);
    await told.getByText('Your seats stay held for').waitFor();

    // The server has passed the deadline of the payment and still decides what became of it.
    await page.route(/\/api\/v1\/bookings\/[0-9a-f-]{36}$/, async (route) => {
      const response = await route.fetch();
      const json = { ...await response.json(), payment_expires_in_seconds: 0 };
      await route.fulfill({ response, json });
    });
    await told.getByText('The payment is finishing. Its result appears here.').waitFor();
    assert.equal(await timer.textContent(), '');
  });

scenario('a_payment_that_came_too_late_is_said_to_go_back', async ({ visitor }) => {
  const { page } = await bought(visitor, 'E');
  await page.route('**/api/v1/bookings/reference/*', async (route) => {
    const answer = await route.fetch();
    const booking = await answer.json();
    Object.assign(booking, {
      status: 'failed', failure: 'seats-lost-refunded', tickets: [], cancellable: false,
    });
    await route.fulfill({ response: answer, json: booking });
  });
  await page.reload();
  await page.getByRole('heading', { name: 'Not booked' }).waitFor();
  await page.getByTestId('booking-told').getByText(/on its way back to you\./).waitFor();
  assert.equal(await cancelButton(page).count(), 0);
});

scenario('in_french_the_question_is_french', async ({ visitor }) => {
  const { page } = await bought(visitor, 'F', { locale: 'fr-FR' });
  await cancelButton(page).click();
  await page.getByRole('dialog', { name: 'Annuler cette réservation ?' })
    .getByText(/vous est remboursé par le moyen de paiement utilisé/).waitFor();
  await page.getByTestId('question-confirm').click();
  await page.getByText(/est en cours de remboursement/).waitFor();
});
