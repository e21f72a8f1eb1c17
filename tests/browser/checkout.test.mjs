// Paying: a declined card, then a good one; the second step; one attempt with one key, also after a reload.

import assert from 'node:assert/strict';

import {
  SPORTS_HALL, THEATRE, acceptTerms, checkoutIsOpen, choose, emailOf, guestHeaders, hallIsOpen,
  hold, holdSeats, isConfirmed, openRow, pay, reservationId, seatIsFree, seatSays, secondsLeft,
  suite, watchConfirms, giveBack,
} from './helpers.mjs';

const MINUTE_MS = 60_000;

const { scenario, api, advance, event, row, seatStatus } = suite();

async function heldIn(visitor, name, count) {
  const seats = (await row(THEATRE, 'Stalls', name)).slice(0, count);
  const page = await visitor(`/events/${THEATRE}`);
  await holdSeats(page, 'Stalls', name, seats);
  return { page, seats, confirms: watchConfirms(page) };
}

async function reservationOf(page) {
  const { body } = await api('GET', `/reservations/${reservationId(page)}`, undefined,
    await guestHeaders(page));
  return body;
}

scenario('a_declined_card_keeps_the_seats_and_another_card_buys_them', async ({ visitor }) => {
  const { page, seats, confirms } = await heldIn(visitor, 'A', 2);
  await pay(page, 'pm_card_chargeDeclined');
  const message = page.getByTestId('pay-message');
  await message.waitFor();
  assert.match(await message.textContent(), /declined\. Nothing was charged .* still held/);
  assert.equal((await reservationOf(page)).status, 'active');
  assert.ok(await secondsLeft(page) > 0);
  assert.equal(await page.locator('#email').inputValue(), emailOf(page));

  await page.getByTestId('method-pm_card_visa').click();
  await page.getByTestId('pay-button').click();
  const reference = await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), seats.length);
  for (const seat of seats) {
    const place = page.getByTestId('ticket').filter({ hasText: `Stalls · A · ${seat.label}` });
    assert.equal(await place.count(), 1);
    assert.match(await place.textContent(), new RegExp(reference));
    assert.equal(await seatStatus(THEATRE, seat.seat_id), 'sold');
  }
  assert.equal(await page.getByTestId('countdown').count(), 0);
  // A final refusal ends the attempt: the other card is sent with another key.
  assert.equal(confirms.length, 2);
  assert.notEqual(confirms[0].key, confirms[1].key);
});

scenario('a_confirmation_is_still_there_after_a_reload', async ({ visitor }) => {
  const { page } = await heldIn(visitor, 'B', 1);
  await pay(page);
  const reference = await isConfirmed(page);
  await page.reload();
  assert.equal(await isConfirmed(page), reference);
  assert.equal(await page.getByTestId('ticket').count(), 1);
});

scenario('a_booking_is_shown_to_nobody_else', async ({ visitor }) => {
  const { page } = await heldIn(visitor, 'C', 1);
  await pay(page);
  const reference = await isConfirmed(page);
  const stranger = await visitor(`/bookings/${reference}`);
  await stranger.getByRole('heading', { level: 1, name: 'Sign in to see this' }).waitFor();
  assert.equal(await stranger.getByTestId('ticket').count(), 0);
});

scenario('a_second_step_that_succeeds_buys', async ({ visitor }) => {
  const { page, seats, confirms } = await heldIn(visitor, 'D', 1);
  await pay(page, 'pm_card_authenticationRequired');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  // The focus is in the dialog, and Escape does not close it without a choice.
  assert.ok(await dialog.evaluate((it) => it.contains(document.activeElement)));
  await page.keyboard.press('Escape');
  await page.getByTestId('second-step-approve').click();
  await isConfirmed(page);
  assert.equal(await seatStatus(THEATRE, seats[0].seat_id), 'sold');
  assert.equal(confirms.length, 1);
});

scenario('a_second_step_that_fails_keeps_the_seats', async ({ visitor }) => {
  const { page } = await heldIn(visitor, 'E', 1);
  await pay(page, 'pm_card_authenticationRequired');
  await page.getByTestId('second-step-refuse').click();
  const message = page.getByTestId('pay-message');
  await message.waitFor();
  assert.match(await message.textContent(), /Nothing was charged/);
  assert.equal((await reservationOf(page)).status, 'active');
  await page.getByTestId('method-pm_card_visa').click();
  await page.getByTestId('pay-button').click();
  await isConfirmed(page);
});

scenario('a_reload_before_the_answer_goes_on_with_the_same_attempt', async ({ visitor }) => {
  const { page, seats, confirms } = await heldIn(visitor, 'F', 2);
  // The server processes the request, but its response never reaches the page.
  let arrived;
  const done = new Promise((resolve) => { arrived = resolve; });
  let swallowed = false;
  // The route stays: removing it would let the swallowed request continue, and its response would arrive after all.
  await page.route(/\/bookings\/confirm$/, async (route) => {
    if (swallowed) return route.continue();
    swallowed = true;
    await route.fetch();
    arrived();
  });
  await pay(page);
  await done;
  await page.reload();
  await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), seats.length);
  assert.ok(confirms.length >= 2);
  for (const again of confirms.slice(1)) {
    assert.deepEqual(again, confirms[0]);
  }
});

scenario('a_reload_at_the_second_step_asks_for_it_again', async ({ visitor }) => {
  const { page, confirms } = await heldIn(visitor, 'G', 1);
  await pay(page, 'pm_card_authenticationRequired');
  await page.getByTestId('second-step-approve').waitFor();
  await page.reload();
  await page.getByTestId('second-step-approve').click();
  await isConfirmed(page);
  assert.equal(new Set(confirms.map(({ key }) => key)).size, 1);
});

scenario('a_hold_that_was_paid_elsewhere_leads_to_its_booking', async ({ visitor }) => {
  const { page, seats } = await heldIn(visitor, 'Q', 2);
  // As if the page was reloaded between the final response and the navigation to the tickets.
  const { status, body } = await api('POST', '/bookings/confirm', {
    reservation_ids: [reservationId(page)],
    payment: { method: 'pm_card_visa' },
    email: emailOf(page),
  }, { ...await guestHeaders(page), 'Idempotency-Key': crypto.randomUUID() });
  assert.equal(status, 201, JSON.stringify(body));
  await page.reload();
  assert.equal(await isConfirmed(page), body.reference);
  assert.equal(await page.getByTestId('ticket').count(), seats.length);
  assert.equal(await page.getByTestId('hold-ended').count(), 0);
});

scenario('an_attempt_that_never_arrived_ends_with_its_hold', async ({ visitor }) => {
  const { page, confirms } = await heldIn(visitor, 'P', 1);
  // No request arrives before the hold has ended: the page asks again by itself, and would pay in time.
  let away = true;
  const refused = new Promise((resolve) => {
    page.route(/\/bookings\/confirm$/, async (route) => {
      if (!away) return route.continue();
      await route.abort();
      resolve();
    });
  });
  await pay(page);
  await refused;
  await advance(11 * MINUTE_MS);
  away = false;
  await page.reload();
  await page.getByTestId('hold-ended').waitFor();
  assert.ok(confirms.length >= 2);
  assert.equal(new Set(confirms.map(({ key }) => key)).size, 1);
  const attempts = await page.evaluate(() =>
    Object.keys(localStorage).filter((name) => name.startsWith('holdfast.attempt.')));
  assert.deepEqual(attempts, []);
});

scenario('a_lost_answer_is_asked_for_again_under_the_same_key', async ({ visitor }) => {
  const { page, confirms } = await heldIn(visitor, 'H', 1);
  const confirmPath = /\/bookings\/confirm$/;
  let lost = 0;
  await page.route(confirmPath, async (route) => {
    await route.fetch();
    lost += 1;
    await route.abort();
  }, { times: 1 });
  await pay(page);
  await isConfirmed(page);
  assert.equal(lost, 1);
  assert.equal(confirms.length, 2);
  assert.deepEqual(confirms[1], confirms[0]);
});

scenario('a_slow_bank_is_waited_for', async ({ visitor }) => {
  const { page, confirms } = await heldIn(visitor, 'J', 1);
  await pay(page, 'pm_sim_slow');
  await page.getByText('Paying…').waitFor();
  assert.ok(await page.getByTestId('pay-button').isDisabled());
  assert.ok(await page.getByTestId('cancel-button').isDisabled());
  await page.waitForURL(/\/bookings\/HF-/, { timeout: 40_000 });
  await isConfirmed(page);
  assert.equal(new Set(confirms.map(({ key }) => key)).size, 1);
});

scenario('an_address_that_is_none_is_complained_of_at_its_field', async ({ visitor }) => {
  const { page, confirms } = await heldIn(visitor, 'K', 1);
  await page.locator('#email').fill('ada@example');
  await acceptTerms(page);
  await page.getByTestId('pay-button').click();
  await page.getByText('Enter an address such as name@example.org.').waitFor();
  assert.equal(await page.locator('#email').getAttribute('aria-invalid'), 'true');
  assert.ok(await page.locator('#email').evaluate((it) => it === document.activeElement));
  assert.equal(confirms.length, 0);
  await page.locator('#email').fill(emailOf(page));
  await page.getByTestId('pay-button').click();
  await isConfirmed(page);
});

scenario('more_time_is_given_and_shown', async ({ visitor }) => {
  const { page } = await heldIn(visitor, 'L', 1);
  await advance(4 * MINUTE_MS);
  await page.reload();
  await checkoutIsOpen(page);
  assert.ok(await secondsLeft(page) <= 360);
  await page.getByTestId('extend-button').click();
  await page.waitForFunction(() =>
    /^(9|10):/.test(document.querySelector('[data-testid="countdown"] [role="timer"]').textContent));
});

scenario('seats_given_back_are_free_at_once', async ({ visitor }) => {
  const seats = (await row(THEATRE, 'Stalls', 'M')).slice(0, 2);
  const viewer = await visitor(`/events/${THEATRE}`);
  await hallIsOpen(viewer);
  await openRow(viewer, 'Stalls', 'M');
  const page = await visitor(`/events/${THEATRE}`);
  await holdSeats(page, 'Stalls', 'M', seats);
  await seatSays(viewer, seats[0], 'Held');
  await giveBack(page);
  await page.getByText('Your seats are free again').waitFor();
  for (const seat of seats) {
    assert.equal(await seatStatus(THEATRE, seat.seat_id), 'available');
    await seatIsFree(viewer, seat);
  }
  assert.equal(await page.getByTestId('countdown').count(), 0);
  await page.waitForURL(`**/events/${THEATRE}`);
});

scenario('standing_places_and_seats_are_held_and_bought_together', async ({ visitor }) => {
  const { id } = await event(SPORTS_HALL);
  const standing = async () => (await api('GET', `/events/${id}/sections`)).body.items
    .find(({ kind }) => kind === 'general').counts;
  const before = await standing();
  const [seat] = await row(SPORTS_HALL, 'Block A', '1');

  const page = await visitor(`/events/${SPORTS_HALL}`);
  await hallIsOpen(page);
  const stepper = page.getByRole('group', { name: 'Stehplatz', exact: true });
  assert.ok(await stepper.getByTestId('ga-minus').isDisabled());
  for (let places = 1; places <= 3; places += 1) {
    await stepper.getByTestId('ga-plus').click();
    await stepper.getByText(String(places), { exact: true }).waitFor();
  }
  await stepper.getByTestId('ga-minus').click();
  await stepper.getByText('2', { exact: true }).waitFor();
  await openRow(page, 'Block A', '1');
  await choose(page, [seat]);
  const total = seat.price.amount + 2 * 1200;
  const price = `€${(total / 100).toFixed(2)}`;
  await page.locator('.hold-bar').getByText(price).waitFor();
  await hold(page);

  await page.getByText(/^2 × .*Stehplatz/).waitFor();
  await page.getByText(price, { exact: true }).waitFor();
  assert.equal((await standing()).available, before.available - 2);
  await pay(page);
  await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), 3);
  assert.equal((await standing()).sold, before.sold + 2);
});

scenario('one_buyer_chooses_no_more_than_the_order_may_have', async ({ visitor }) => {
  const { max_per_order: limit } = await event(THEATRE);
  const seats = (await row(THEATRE, 'Stalls', 'N')).slice(0, limit + 1);
  const page = await visitor(`/events/${THEATRE}`);
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'N');
  await choose(page, seats.slice(0, limit));
  await page.getByTestId(`seat-${seats[limit].seat_id}`).click();
  await page.getByText(`At most ${limit} places per buyer.`).waitFor();
  assert.match(await page.getByTestId('hold-button').textContent(), new RegExp(`Hold ${limit} places`));
});

scenario('a_place_that_is_given_back_leaves_the_rest_in_every_tab', async ({ visitor }) => {
  const { page, seats } = await heldIn(visitor, 'M', 3);
  const [hall, checkout] = [await page.context().newPage(), await page.context().newPage()];
  await hall.goto(new URL(`/events/${THEATRE}`, page.url()).href);
  await hall.getByText('You hold 3 places.').waitFor();
  await checkout.goto(page.url());
  await checkoutIsOpen(checkout);
  const cross = (seat) => page.getByRole('button', { name: `Give back Stalls · M · ${seat.label}` });

  await cross(seats[1]).click();
  assert.match(await page.getByTestId('consequence').textContent(),
    new RegExp(`Stalls · M · ${seats[1].label} is free for others at once. You keep the rest.`));
  await page.getByTestId('question-keep').click();
  assert.equal(await page.locator('.item').count(), 3);
  await cross(seats[1]).click();
  await page.getByTestId('question-confirm').click();
  await cross(seats[1]).waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.id), 'seats-title');
  assert.equal(await seatStatus(THEATRE, seats[1].seat_id), 'available');
  await hall.getByText('You hold 2 places.').waitFor();
  await checkout.waitForFunction(() => document.querySelectorAll('.item').length === 2);

  // A second tab gives the next one back. The last one has no button of its own: that is "Give seats back".
  await checkout.getByTestId('release-button').first().click();
  await checkout.getByTestId('question-confirm').click();
  await page.waitForFunction(() => document.querySelectorAll('.item').length === 1);
  assert.equal(await page.getByTestId('release-button').count(), 0);
  const price = `€${(seats[2].price.amount / 100).toFixed(2)}`;
  assert.equal(await page.locator('.total').textContent(), price);
  assert.match(await page.getByTestId('pay-button').textContent(), new RegExp(`Pay ${price}`));
  await Promise.all([hall.close(), checkout.close()]);
  await pay(page);
  await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), 1);
  assert.equal(await seatStatus(THEATRE, seats[2].seat_id), 'sold');
});

scenario('one_of_several_places_for_people_is_given_back', async ({ visitor }) => {
  const page = await visitor(`/events/${SPORTS_HALL}`);
  await hallIsOpen(page);
  const stepper = page.getByRole('group', { name: 'Stehplatz', exact: true });
  for (let places = 1; places <= 3; places += 1) {
    await stepper.getByTestId('ga-plus').click();
    await stepper.getByText(String(places), { exact: true }).waitFor();
  }
  await hold(page);
  await page.getByText(/^3 × /).waitFor();
  await page.getByTestId('release-button').click();
  await page.getByTestId('question-confirm').click();
  await page.getByText(/^2 × /).waitFor();
  await pay(page);
  await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), 2);
});
