// The visitor's bookings: their list, who sees them, and what is left after signing out.

import assert from 'node:assert/strict';

import {
  PHONE, THEATRE, checkoutIsOpen, enterAs, holdSeats, isConfirmed, overflow, pay,
  signIn, suite, title,
} from './helpers.mjs';

const { scenario, api, newAccount, row, url } = suite();


const signedIn = (visitor, email, path, options = {}) =>
  visitor(path, { ...options, prepare: (page) => enterAs(page, url(), email) });

scenario('the_name_in_the_header_leads_to_the_bookings', async ({ visitor }) => {
  await newAccount('ada.list@example.org');
  const page = await signedIn(visitor, 'ada.list@example.org', `/events/${THEATRE}`);
  await holdSeats(page, 'Stalls', 'A', (await row(THEATRE, 'Stalls', 'A')).slice(0, 2));
  await pay(page);
  const reference = await isConfirmed(page);
  await page.getByTestId('signed-in').click();
  await title(page, 'Your bookings');
  const entry = page.getByTestId('booking-row').filter({ hasText: reference });
  await entry.getByText('Booked', { exact: true }).waitFor();
  await entry.getByRole('link', { name: 'The Tempest: premiere' }).click();
  assert.equal(await isConfirmed(page), reference);

  // After signing out, nobody at this browser sees the booking, and the address says how its owner does.
  await page.getByTestId('sign-out').click();
  await title(page, 'Sign in to see this');
  assert.equal(await page.getByTestId('ticket').count(), 0);
  await page.reload();
  await title(page, 'Sign in to see this');
  await page.locator('main').getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, 'ada.list@example.org');
  assert.equal(await isConfirmed(page), reference);
});

scenario('a_guest_sees_what_this_browser_bought_until_somebody_signs_out', async ({ visitor }) => {
  const page = await visitor(`/events/${THEATRE}`);
  await holdSeats(page, 'Stalls', 'B', (await row(THEATRE, 'Stalls', 'B')).slice(0, 1));
  await pay(page);
  const reference = await isConfirmed(page);
  await page.goto(new URL('/bookings', page.url()).href);
  await page.getByTestId('booking-row').getByText(reference).waitFor();
  // A guest who bought in another browser, too, gets the links by mail.
  await page.getByTestId('find-booking').click();
  await title(page, 'Find your bookings');
  await page.goto(new URL('/login?next=/', page.url()).href);
  await signIn(page, 'customer@demo.test');
  await page.getByTestId('event-card').first().waitFor();
  await page.getByTestId('language').click();
  const left = page.waitForResponse('**/auth/logout');
  await page.getByTestId('sign-out').click();
  await page.getByRole('link', { name: 'Se connecter' }).waitFor();
  await left;
  await page.waitForFunction(() => localStorage.getItem('holdfast.leaving') === null);
  const kept = await page.evaluate(() => Object.keys({ ...localStorage, ...sessionStorage }).sort());
  assert.deepEqual(kept, ['holdfast.language', 'holdfast.theme']);
  await page.goto(new URL(`/bookings/${reference}`, page.url()).href);
  await title(page, 'Connectez-vous pour voir cette page');
});

scenario('a_booking_of_somebody_else_is_not_there', async ({ visitor }) => {
  const page = await signedIn(visitor, 'customer@demo.test', '/bookings/HF-00000000');
  await title(page, 'Nothing is here');
});

scenario('seats_given_back_in_one_tab_are_given_back_in_all', async ({ visitor }) => {
  const page = await visitor(`/events/${THEATRE}`);
  await holdSeats(page, 'Stalls', 'C', (await row(THEATRE, 'Stalls', 'C')).slice(0, 2));
  await checkoutIsOpen(page);
  const [hall, checkout] = [await page.context().newPage(), await page.context().newPage()];
  await hall.goto(new URL(`/events/${THEATRE}`, page.url()).href);
  await hall.getByText('You hold 2 places.').waitFor();
  await checkout.goto(page.url());
  await checkoutIsOpen(checkout);
  await page.getByTestId('cancel-button').click();
  await page.getByTestId('question-keep').click();
  await page.getByTestId('cancel-button').click();
  await page.getByTestId('question-confirm').click();
  await page.getByText('Your seats are free again').waitFor();
  await hall.getByText('You hold 2 places.').waitFor({ state: 'detached' });
  await hall.getByTestId('countdown').waitFor({ state: 'detached' });
  await checkout.getByText('Your seats are free again').waitFor();
  await Promise.all([hall.close(), checkout.close()]);
});

for (const email of ['customer@demo.test', 'organizer@demo.test']) {
  scenario(`the_header_of_${email}_with_a_hold_fits_a_phone`, async ({ visitor }) => {
    const page = await signedIn(visitor, email, `/events/${THEATRE}`, PHONE);
    const name = email.startsWith('customer') ? 'D' : 'E';
    await holdSeats(page, 'Stalls', name, (await row(THEATRE, 'Stalls', name)).slice(0, 1));
    await checkoutIsOpen(page);
    await page.getByTestId('countdown').waitFor();
    assert.equal(await overflow(page), 0);
    await page.setViewportSize({ width: 360, height: 740 });
    assert.equal(await overflow(page), 0);
    const side = await page.locator('header.top').evaluate((it) => it.scrollWidth - it.clientWidth);
    assert.equal(side, 0);
  });
}
