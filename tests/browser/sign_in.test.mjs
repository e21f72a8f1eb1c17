// Signing in during the checkout: in a dialog, without losing anything.

import assert from 'node:assert/strict';

import {
  DEMO_PASSWORD, THEATRE, checkoutIsOpen, holdSeats, isConfirmed, secondsLeft, suite, giveBack,
} from './helpers.mjs';

const CUSTOMER = 'customer@demo.test';

const { scenario, row, seatStatus } = suite();

// A guest at the checkout who has typed an address, chosen a payment method and opened the sign-in dialog.
async function guestAtCheckout(visitor, name) {
  const seats = (await row(THEATRE, 'Stalls', name)).slice(0, 2);
  const page = await visitor(`/events/${THEATRE}`);
  await holdSeats(page, 'Stalls', name, seats);
  await checkoutIsOpen(page);
  await page.locator('#email').fill('typed@example.org');
  await page.getByTestId('method-pm_sim_slow').click();
  await page.evaluate(() => { window.isTheSamePage = true; });
  await page.getByTestId('sign-in-here').click();
  await page.getByRole('dialog', { name: 'Sign in' }).waitFor();
  return { page, seats };
}

const dialog = (page) => page.getByRole('dialog', { name: 'Sign in' });

scenario('signing_in_at_checkout_loses_nothing', async ({ visitor }) => {
  const { page, seats } = await guestAtCheckout(visitor, 'R');
  const address = page.url();
  assert.ok(await dialog(page).evaluate((it) => it.contains(document.activeElement)));
  await page.locator('#sign-in-email').fill(CUSTOMER);
  await page.locator('#sign-in-password').fill('Wrong-1234');
  await page.getByTestId('login-button').click();
  await dialog(page).getByText('The e-mail address or the password is wrong.').waitFor();
  assert.equal(await page.locator('#sign-in-email').inputValue(), CUSTOMER);
  await page.locator('#sign-in-password').fill(DEMO_PASSWORD);
  await page.getByTestId('login-button').click();
  await dialog(page).waitFor({ state: 'detached' });

  await page.getByText(`Booked for ${CUSTOMER}`).waitFor();
  await page.getByTestId('signed-in').waitFor();
  assert.equal(page.url(), address);
  assert.ok(await page.evaluate(() => window.isTheSamePage), 'the page was not loaded again');
  assert.ok(await page.locator('input[value="pm_sim_slow"]').isChecked());
  assert.ok(await secondsLeft(page) > 0);

  // The guest's reservation can still be paid for, also after a reload.
  await page.reload();
  await checkoutIsOpen(page);
  await page.getByTestId('method-pm_card_visa').click();
  await page.getByTestId('pay-button').click();
  const reference = await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), seats.length);
  await page.getByText(CUSTOMER).waitFor();
  assert.equal(await seatStatus(THEATRE, seats[0].seat_id), 'sold');
  await page.reload();
  assert.equal(await isConfirmed(page), reference);
});

scenario('a_dialog_that_is_left_changes_nothing', async ({ visitor }) => {
  const { page } = await guestAtCheckout(visitor, 'S');
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  assert.equal(await page.locator('#email').inputValue(), 'typed@example.org');
  assert.ok(await page.locator('input[value="pm_sim_slow"]').isChecked());
  assert.ok(await page.getByTestId('sign-in-here').evaluate((it) => it === document.activeElement));
  await giveBack(page);
  await page.getByTestId('hold-ended').waitFor();
});

scenario('seats_given_back_after_signing_in_are_free', async ({ visitor }) => {
  const { page, seats } = await guestAtCheckout(visitor, 'Q');
  await page.locator('#sign-in-email').fill(CUSTOMER);
  await page.locator('#sign-in-password').fill(DEMO_PASSWORD);
  await page.getByTestId('login-button').click();
  await dialog(page).waitFor({ state: 'detached' });
  await giveBack(page);
  await page.getByTestId('hold-ended').waitFor();
  assert.equal(await seatStatus(THEATRE, seats[0].seat_id), 'available');
});
