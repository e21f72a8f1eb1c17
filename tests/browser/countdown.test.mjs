// The remaining time from hold to payment, and what happens when it runs out.

import assert from 'node:assert/strict';

import {
  THEATRE, checkoutIsOpen, choose, emailOf, hallIsOpen, hold, holdSeats, openRow, pay, seatIsFree,
  secondsLeft, suite, watchConfirms,
} from './helpers.mjs';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOLD_MS = 10 * MINUTE_MS;

const { scenario, advance, row, seatStatus } = suite({ EXPIRY_PASS_SECONDS: '1' });

const hall = `/events/${THEATRE}`;
const phase = (page, name) => page.locator(`[data-testid="countdown"].${name}`).waitFor();

scenario('the_countdown_changes_at_three_minutes_and_at_one_and_then_ends', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'A');
  const page = await visitor(hall, { alone: true });
  await holdSeats(page, 'Stalls', 'A', [seat]);
  // The fake clock starts only on this page: the handles of its timers are too large for the hall's page to clear.
  await page.clock.install();
  await page.reload();
  await checkoutIsOpen(page);
  // Moves both clocks: the browser's and the database's.
  const forward = async (milliseconds) => {
    await advance(milliseconds);
    await page.clock.fastForward(milliseconds);
  };
  await phase(page, 'calm');
  assert.ok(await secondsLeft(page) > 540);
  await forward(5 * MINUTE_MS);
  await page.getByText('5 minutes left for your seats.').waitFor({ state: 'attached' });
  await phase(page, 'calm');
  await forward(2 * MINUTE_MS);
  await page.getByText('3 minutes left for your seats.').waitFor({ state: 'attached' });
  await phase(page, 'soon');
  await forward(2 * MINUTE_MS);
  await page.getByText('1 minute left for your seats.').waitFor({ state: 'attached' });
  await phase(page, 'last');
  await forward(MINUTE_MS);
  const ended = page.getByTestId('hold-ended');
  await ended.waitFor();
  assert.match(await ended.textContent(), /Your hold has ended.*Nothing was charged/s);
  assert.equal(await page.getByTestId('countdown').count(), 0);
  assert.equal(await seatStatus(THEATRE, seat.seat_id), 'available');
  // The page returns by itself after three seconds.
  await page.waitForURL(`**${hall}`);
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'A');
  await seatIsFree(page, seat);
});

scenario('a_hold_that_lapses_while_one_looks_ends_with_a_message_and_a_way_back',
  async ({ visitor }) => {
    const [seat] = await row(THEATRE, 'Stalls', 'B');
    const page = await visitor(hall);
    await holdSeats(page, 'Stalls', 'B', [seat]);
    await page.locator('#email').fill(emailOf(page));
    await page.getByTestId('method-pm_sim_slow').click();
    // The page is reloaded a few seconds before the end of the hold. It asks the server for the remaining time.
    await advance(HOLD_MS - 8 * SECOND_MS);
    await page.reload();
    await checkoutIsOpen(page);
    await phase(page, 'last');
    assert.equal(await page.locator('#email').inputValue(), emailOf(page));
    assert.ok(await page.locator('input[value="pm_sim_slow"]').isChecked());
    await page.getByTestId('hold-ended').waitFor();
    await page.getByRole('link', { name: 'Back to the hall' }).click();
    await page.waitForURL(`**${hall}`);
    await hallIsOpen(page);
    // The typed text and the choices are still there at the next try.
    await openRow(page, 'Stalls', 'B');
    await choose(page, [seat]);
    await hold(page);
    await checkoutIsOpen(page);
    assert.equal(await page.locator('#email').inputValue(), emailOf(page));
    assert.ok(await page.locator('input[value="pm_sim_slow"]').isChecked());
  });

scenario('paying_after_the_time_ran_out_says_so_and_charges_nothing', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'C');
  const page = await visitor(hall);
  await holdSeats(page, 'Stalls', 'C', [seat]);
  // The page has read its reservation. Otherwise it would show at once that the hold has ended.
  await checkoutIsOpen(page);
  const confirms = watchConfirms(page);
  // The page's clock is still before the end of the hold; the server's clock is past it.
  await advance(HOLD_MS + 1);
  await pay(page);
  await page.getByTestId('hold-ended').waitFor();
  assert.equal(confirms.length, 1);
  assert.equal(await seatStatus(THEATRE, seat.seat_id), 'available');
});

scenario('the_countdown_goes_with_the_visitor_and_leads_back_to_checkout', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'D');
  const page = await visitor(hall);
  await holdSeats(page, 'Stalls', 'D', [seat]);
  const checkout = page.url();
  await page.getByRole('link', { name: 'Holdfast' }).click();
  await page.getByTestId('event-card').first().waitFor();
  assert.ok(await secondsLeft(page) > 0);
  // Also in a page that is loaded anew.
  await page.goto(new URL(hall, checkout).href);
  await hallIsOpen(page);
  await page.getByText('You hold 1 place.').waitFor();
  await page.getByTestId('countdown').click();
  await checkoutIsOpen(page);
  assert.equal(page.url(), checkout);
});

scenario('an_old_checkout_address_says_that_the_hold_has_ended', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'E');
  const page = await visitor(hall);
  await holdSeats(page, 'Stalls', 'E', [seat]);
  await advance(HOLD_MS + 1);
  await page.reload();
  await page.getByTestId('hold-ended').waitFor();
});
