// A browser that stores nothing: what the page needs stays in memory as long as the page is open.

import assert from 'node:assert/strict';

import {
  DEMO_PASSWORD, THEATRE, checkoutIsOpen, enterAs, holdSeats, isConfirmed, pay, secondsLeft,
  suite,
} from './helpers.mjs';

const { scenario, api, row } = suite();

// The ways in which a browser refuses. The scripts run in the page before its own.
const REFUSALS = {
  throws_when_it_is_read: () => {
    for (const name of ['localStorage', 'sessionStorage']) {
      Object.defineProperty(window, name, {
        get() { throw new DOMException('denied', 'SecurityError'); },
      });
    }
  },
  is_null: () => {
    for (const name of ['localStorage', 'sessionStorage']) {
      Object.defineProperty(window, name, { value: null });
    }
  },
  is_full: () => {
    Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
  },
};
const ROWS = ['A', 'B', 'C'];

scenario('what_a_full_storage_contains_is_read_and_removed', async ({ visitor, url }) => {
  const page = await visitor('/bookings', {
    prepare: async (page) => {
      await page.addInitScript(() => {
        if (!document.cookie.includes('begun')) localStorage.setItem('holdfast.theme', 'dark');
      });
      await enterAs(page, url, 'customer@demo.test');
      await page.addInitScript(REFUSALS.is_full);
    },
  });
  await page.getByTestId('signed-in').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  // A removed entry does not come back with the next page.
  await page.getByTestId('sign-out').click();
  const signIn = page.getByRole('banner').getByRole('link', { name: 'Sign in' });
  await signIn.waitFor();
  await page.reload();
  await signIn.waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
});

for (const [at, [name, refuse]] of Object.entries(REFUSALS).entries()) {
  const prepare = (page) => page.addInitScript(refuse);

  scenario(`seats_are_held_and_paid_for_while_storage_${name}`, async ({ visitor }) => {
    const seats = (await row(THEATRE, 'Stalls', ROWS[at])).slice(0, 2);
    const page = await visitor(`/events/${THEATRE}`, { prepare });
    await holdSeats(page, 'Stalls', ROWS[at], seats);
    await checkoutIsOpen(page);
    assert.ok(await secondsLeft(page) > 0);
    await pay(page);
    await isConfirmed(page);
    assert.equal(await page.getByTestId('ticket').count(), seats.length);
    assert.equal(await page.getByTestId('countdown').count(), 0);
  });

  scenario(`signing_in_at_checkout_works_while_storage_${name}`, async ({ visitor }) => {
    const seats = (await row(THEATRE, 'Stalls', ROWS[at])).slice(2, 4);
    const page = await visitor(`/events/${THEATRE}`, { prepare });
    await holdSeats(page, 'Stalls', ROWS[at], seats);
    await checkoutIsOpen(page);
    await page.getByTestId('sign-in-here').click();
    await page.locator('#sign-in-email').fill('customer@demo.test');
    await page.locator('#sign-in-password').fill(DEMO_PASSWORD);
    await page.getByTestId('login-button').click();
    await page.getByText('Booked for customer@demo.test').waitFor();
    await pay(page);
    await isConfirmed(page);
    assert.equal(await page.getByTestId('ticket').count(), seats.length);
    await page.getByTestId('sign-out').click();
    await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).waitFor();
  });
}
