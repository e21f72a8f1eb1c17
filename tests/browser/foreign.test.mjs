// Unexpected addresses, input and sessions.

import assert from 'node:assert/strict';

import {
  NEW_PASSWORD, THEATRE, checkoutIsOpen, choose, fillRegistration, hallIsOpen, isSignedIn, openRow,
  seatSays, sessionEnds, suite,
} from './helpers.mjs';

const { scenario, row, activate, newAccount } = suite();

// The server's own responses: a personal page tells nothing about the object that its address names.
const NOWHERE = [
  ['an_unknown_page', '/nowhere/at/all', 404],
  ['an_unknown_page_of_the_desk', '/desk/nowhere', 404],
  ['an_unknown_event', '/events/no-such-event', 404],
  ['an_event_with_a_strange_name', '/events/%3Cscript%3Ealert(1)%3C%2Fscript%3E', 404],
  ['a_checkout_of_nothing', '/checkout/nothing', 200],
  ['an_unknown_reservation', '/checkout/0190a3f0-0000-7000-8000-000000000000', 200],
];
for (const [name, path, status] of NOWHERE) {
  scenario(`${name}_is_told_and_leads_on`, async ({ visitor }) => {
    const page = await visitor(path);
    assert.equal(page.answer.status(), status);
    await page.getByRole('heading', { level: 1, name: 'Nothing is here' }).waitFor();
    await page.getByRole('link', { name: 'All events' }).click();
    await page.getByTestId('event-card').first().waitFor();
  });
}

async function register(page, email) {
  await fillRegistration(page, email);
  await page.locator('#last_name').fill('Lovelace');
  await page.getByTestId('register-button').click();
  await activate(page, email);
}

scenario('a_new_account_is_signed_in_and_its_seats_are_its_own', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'A');
  const page = await visitor('/register');
  await register(page, 'ada@example.org');
  await isSignedIn(page);
  await page.getByTestId('signed-in').getByText('Ada').waitFor();
  await page.goto(new URL(`/events/${THEATRE}`, page.url()).href);
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'A');
  await choose(page, [seat]);
  await page.getByTestId('hold-button').click();
  await checkoutIsOpen(page);
  await page.getByText('Booked for ada@example.org').waitFor();
  assert.equal(await page.locator('#email').count(), 0);
  // The address of a checkout alone gives a stranger access to nothing.
  const stranger = await visitor(new URL(page.url()).pathname);
  await stranger.getByRole('heading', { level: 1 }).waitFor();
  await stranger.getByText('Stalls').waitFor({ state: 'detached' });
  assert.equal(await stranger.getByTestId('pay-button').count(), 0);
});

scenario('a_login_that_is_over_is_told_and_the_selection_stays', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'B');
  const page = await visitor('/register');
  await register(page, 'grace@example.org');
  await isSignedIn(page);
  await page.goto(new URL(`/events/${THEATRE}`, page.url()).href);
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'B');
  await choose(page, [seat]);
  // A session that the server has ended, and a token that it no longer accepts.
  await sessionEnds(page);
  await page.evaluate(() => {
    const { profile } = JSON.parse(localStorage.getItem('holdfast.session'));
    window.holdfastAccess.give(`e30.e30.${'A'.repeat(43)}`, 600, profile.id);
  });
  await page.getByTestId('hold-button').click();
  await page.getByText('Sign in to go on.').waitFor();
  await page.getByTestId('signed-in').waitFor({ state: 'detached' });
  await seatSays(page, seat, 'Selected');
  // The visitor can continue as a guest.
  await page.getByTestId('hold-button').click();
  await checkoutIsOpen(page);
});

scenario('a_session_that_ended_while_away_is_not_shown', async ({ visitor }) => {
  const page = await visitor('/register');
  await register(page, 'alan@example.org');
  await isSignedIn(page);
  await sessionEnds(page);
  await page.reload();
  await page.getByRole('link', { name: 'Sign in' }).waitFor();
  assert.equal(await page.getByTestId('signed-in').count(), 0);
});

scenario('signing_out_forgets_the_session', async ({ visitor }) => {
  const page = await visitor('/register');
  await register(page, 'edsger@example.org');
  await isSignedIn(page);
  await page.getByTestId('sign-out').click();
  await page.getByRole('link', { name: 'Sign in' }).waitFor();
  assert.equal(await page.evaluate(() => localStorage.getItem('holdfast.session')), null);
});

scenario('a_wrong_password_keeps_what_was_typed', async ({ visitor }) => {
  const page = await visitor('/login');
  await page.locator('#email').fill('nobody@example.org');
  await page.locator('#password').fill('Wrong-1234');
  await page.getByTestId('login-button').click();
  await page.getByRole('alert').getByText('The e-mail address or the password is wrong.').waitFor();
  assert.equal(await page.locator('#email').inputValue(), 'nobody@example.org');
  assert.equal(await page.locator('#password').inputValue(), 'Wrong-1234');
});

scenario('a_weak_password_is_complained_of_at_its_field', async ({ visitor }) => {
  const page = await visitor('/register');
  await fillRegistration(page, 'weak@example.org', { password: 'short' });
  await page.getByTestId('register-button').click();
  await page.locator('#password[aria-invalid="true"]').waitFor();
  assert.ok((await page.locator('#password-help').textContent()).trim().length > 0);
});

scenario('signing_in_never_leads_to_another_site', async ({ visitor }) => {
  await newAccount('barbara@example.org', { password: NEW_PASSWORD });
  const page = await visitor(`/login?next=${encodeURIComponent('//example.org/evil')}`);
  const home = new URL('/', page.url()).href;
  await page.locator('#email').fill('barbara@example.org');
  await page.locator('#password').fill(NEW_PASSWORD);
  await page.getByTestId('login-button').click();
  await isSignedIn(page);
  assert.equal(page.url(), home);
});

scenario('a_server_that_does_not_answer_is_told_and_asked_again', async ({ visitor }) => {
  const events = /\/api\/v1\/events\?/;
  const page = await visitor('/', {
    prepare: (it) => it.route(events, (route) => route.abort()),
  });
  await page.getByRole('heading', { level: 1, name: 'This did not load' }).waitFor();
  await page.getByText('No answer from the server.').waitFor();
  await page.unroute(events);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByTestId('event-card').first().waitFor();
});

scenario('a_page_without_storage_still_sells', async ({ visitor }) => {
  const [seat] = await row(THEATRE, 'Stalls', 'C');
  const page = await visitor(`/events/${THEATRE}`, {
    prepare: (it) => it.addInitScript(() => {
      for (const name of ['localStorage', 'sessionStorage']) {
        Object.defineProperty(window, name, {
          get() { throw new DOMException('refused', 'SecurityError'); },
        });
      }
    }),
  });
  await hallIsOpen(page);
  await openRow(page, 'Stalls', 'C');
  await choose(page, [seat]);
  await page.getByTestId('hold-button').click();
  await page.waitForURL(/\/checkout\//);
});
