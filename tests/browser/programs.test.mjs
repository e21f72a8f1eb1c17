// The programs behave as one site: the state of one program is known to the others.

import assert from 'node:assert/strict';

import { THEATRE, checkoutIsOpen, holdSeats, secondsLeft, suite } from './helpers.mjs';

const { scenario, row } = suite();

scenario('what_is_held_and_spoken_is_known_in_every_program', async ({ visitor }) => {
  const seats = (await row(THEATRE, 'Stalls', 'A')).slice(0, 1);
  const page = await visitor(`/events/${THEATRE}`);
  await holdSeats(page, 'Stalls', 'A', seats);
  await checkoutIsOpen(page);
  const checkout = page.url();
  await page.getByTestId('language').click();
  await page.getByRole('banner').getByRole('link', { name: 'Se connecter' }).click();
  await page.waitForURL('**/login');
  await page.getByRole('heading', { level: 1, name: 'Se connecter' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'fr');
  assert.ok(await secondsLeft(page) > 0);
  await page.getByTestId('countdown').click();
  await page.waitForURL(checkout);
  await checkoutIsOpen(page);

  await page.goto(new URL('/desk', checkout).href);
  await page.getByRole('heading', { level: 1, name: 'Connectez-vous pour voir votre bureau' }).waitFor();
  assert.ok(await secondsLeft(page) > 0);
  // Back with the browser's own button.
  await page.goBack();
  await checkoutIsOpen(page);
});

scenario('signing_out_in_one_program_is_signing_out_of_all', async ({ visitor }) => {
  const page = await visitor('/login?next=/desk');
  await page.locator('#email').fill('organizer@demo.test');
  await page.locator('#password').fill('Demo-pass-1');
  await page.getByTestId('login-button').click();
  await page.waitForURL('**/desk');
  await page.getByTestId('desk-event').first().waitFor();
  const other = await page.context().newPage();
  await other.goto(new URL('/', page.url()).href);
  await other.getByTestId('signed-in').waitFor();
  await page.getByTestId('sign-out').click();
  await page.getByRole('heading', { level: 1, name: 'Sign in to see your desk' }).waitFor();
  await other.getByTestId('signed-in').waitFor({ state: 'detached' });
  await other.close();
});
