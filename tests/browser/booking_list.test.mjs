// The list of bookings: its tabs and its search, whose addresses keep what is shown.

import assert from 'node:assert/strict';

import { accessibilityFaults, assertAccessible } from './harness.mjs';
import { PHONE, THEATRE, bearerOf, enterAs, overflow, suite } from './helpers.mjs';

const EMAIL = 'ada.parts@example.org';

// Ada has a booking ahead, and a declined one.
let ahead;
const { scenario, url, advance } = suite({}, async ({ api, row, newAccount, holdByApi }) => {
  await newAccount(EMAIL);
  const bearer = await bearerOf(api, EMAIL);
  const seats = await row(THEATRE, 'Stalls', 'A');
  const pays = async (seat, method) => {
    const reservation = await holdByApi(THEATRE, [seat], bearer);
    return api('POST', '/bookings/confirm', { reservation_ids: [reservation.id], payment: { method } },
      { ...bearer, 'Idempotency-Key': crypto.randomUUID() });
  };
  const paid = await pays(seats[0], 'pm_card_visa');
  assert.equal(paid.status, 201, JSON.stringify(paid.body));
  ahead = paid.body.reference;
  assert.equal((await pays(seats[1], 'pm_card_chargeDeclined')).status, 402);
});

const asAda = (visitor, path, options = {}) =>
  visitor(path, { ...options, prepare: (page) => enterAs(page, url(), EMAIL) });

const current = (page) => page.locator('.tabs [aria-current="page"]').textContent();
const rows = (page) => page.getByTestId('booking-row');
const search = (page) => new URL(page.url()).search;

scenario('a_tab_is_in_the_address_so_that_back_and_reload_keep_it', async ({ visitor }) => {
  const page = await asAda(visitor, '/bookings');
  await rows(page).getByText(ahead).waitFor();
  assert.equal(await current(page), 'Upcoming');
  assert.equal(await rows(page).count(), 1);
  await page.getByRole('status').getByText('1 booking in the list').waitFor({ state: 'attached' });

  await page.getByTestId('tab-cancelled').focus();
  await page.keyboard.press('Enter');
  await rows(page).getByText('Not booked').waitFor();
  assert.deepEqual([search(page), await current(page)], ['?when=cancelled', 'Cancelled']);
  assert.ok(await page.getByTestId('tab-cancelled').evaluate((it) => it === document.activeElement),
    'the focus stays on the tab');

  await page.getByTestId('tab-past').click();
  await page.getByTestId('none-past').getByText('Bookings move here when their events are over.').waitFor();
  await page.getByRole('status').getByText('No past bookings').waitFor({ state: 'attached' });
  assert.equal(search(page), '?when=past');
  await page.reload();
  await page.getByTestId('none-past').waitFor();
  assert.equal(await current(page), 'Past');

  await page.goBack();
  await rows(page).getByText('Not booked').waitFor();
  assert.deepEqual([search(page), await current(page)], ['?when=cancelled', 'Cancelled']);
  await page.goBack();
  await rows(page).getByText(ahead).waitFor();
  assert.deepEqual([search(page), await current(page)], ['', 'Upcoming']);
});

scenario('a_booking_is_found_by_a_part_of_its_reference_on_a_phone', async ({ visitor }) => {
  const page = await asAda(visitor, '/bookings?when=past', PHONE);
  await page.getByTestId('none-past').waitFor();
  const field = page.getByRole('searchbox', { name: 'Reference, or a part of it' });
  await field.fill(` ${ahead.slice(3, 9).toLowerCase()} `);
  await field.press('Enter');
  await rows(page).getByText(ahead).waitFor();
  assert.equal(await rows(page).count(), 1);
  assert.equal(await page.locator('.tabs [aria-current]').count(), 0, 'a search looks into all parts');
  assert.equal(await overflow(page), 0);
  await page.reload();
  await rows(page).getByText(ahead).waitFor();
  assert.equal((await field.inputValue()).trim(), ahead.slice(3, 9).toLowerCase());

  // The letter U is in no reference.
  await field.fill('UUUUUU');
  await page.getByTestId('search-bookings').click();
  await page.getByTestId('none-named').waitFor();
  await field.fill('7%');
  await page.getByTestId('search-bookings').click();
  await page.getByText('A reference consists of letters and digits').waitFor();
  assert.equal(await page.getByTestId('more-bookings').count(), 0, 'another try does not help');
  const alerts = await page.getByRole('alert').allTextContents();
  assert.equal(alerts.filter((text) => text.trim() !== '').length, 1, 'it is told once');
  assert.equal(await field.getAttribute('aria-invalid'), 'true');
  assertAccessible(await accessibilityFaults(page));
  await field.fill('');
  await field.press('Enter');
  await rows(page).getByText(ahead).waitFor();
  assert.deepEqual([search(page), await current(page)], ['?reference=', 'Upcoming']);
  assert.equal(await field.getAttribute('aria-invalid'), 'false');
});

scenario('a_visitor_without_bookings_and_without_a_session_is_asked_to_sign_in', async ({ visitor }) => {
  const page = await visitor('/bookings?when=past');
  await page.getByRole('heading', { level: 1, name: 'Sign in to see your bookings' }).waitFor();
  assert.equal(await page.locator('.tabs').count(), 0);
});

scenario('a_booking_moves_to_the_past_when_its_event_is_over', async ({ visitor }) => {
  await advance(365 * 24 * 3_600_000);
  const page = await asAda(visitor, '/bookings');
  await page.getByTestId('none-upcoming').waitFor();
  await page.getByTestId('tab-past').click();
  await rows(page).getByText(ahead).waitFor();
  assert.equal(await rows(page).count(), 1);
});
