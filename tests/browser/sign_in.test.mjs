// Signing in during the checkout, in a dialog or by way of the account's pages: nothing is lost, and what the guest held
// is the user's, as far as the limit of one buyer allows.

import assert from 'node:assert/strict';

import {
  DEMO_PASSWORD, THEATRE, acceptTerms, bearerOf, checkoutIsOpen, fillRegistration, giveBack,
  holdSeats, isConfirmed, overflow, reservationId, secondsLeft, sessionEnds, suite,
} from './helpers.mjs';

const CUSTOMER = 'customer@demo.test';

const { scenario, activate, api, event, holdByApi, newAccount, row, seatStatus } = suite({}, undefined, { byMail: true });

// A guest at the checkout who has typed an address, chosen a payment method and opened the sign-in dialog.
async function guestAtCheckout(visitor, name, options = {}) {
  const seats = (await row(THEATRE, 'Stalls', name)).slice(0, 2);
  const page = await visitor(`/events/${THEATRE}`, options);
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

async function signInHere(page, email) {
  await page.locator('#sign-in-email').fill(email);
  await page.locator('#sign-in-password').fill(DEMO_PASSWORD);
  await page.getByTestId('login-button').click();
  await dialog(page).waitFor({ state: 'detached' });
}

const guestToken = (page) => page.evaluate(() => localStorage.getItem('holdfast.guest'));

// The statuses of the page's requests about reservations and bookings.
function watchAnswers(page) {
  const statuses = [];
  page.on('response', (response) => {
    if (/\/api\/v1\/(reservations|bookings)/.test(response.url())) statuses.push(response.status());
  });
  return statuses;
}

async function bearerOfNew(email) {
  await newAccount(email);
  return bearerOf(api, email);
}

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
  assert.equal(await guestToken(page), null);
  assert.equal(await page.getByTestId('kept-note').count(), 0);

  // The reservation is the user's now, also after a reload.
  const answers = watchAnswers(page);
  await page.reload();
  await checkoutIsOpen(page);
  await page.getByTestId('method-pm_card_visa').click();
  await acceptTerms(page);
  await page.getByTestId('pay-button').click();
  const reference = await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), seats.length);
  assert.ok(answers.length > 0 && answers.every((status) => status < 300), String(answers));
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
  await signInHere(page, CUSTOMER);
  await giveBack(page);
  await page.getByTestId('hold-ended').waitFor();
  assert.equal(await seatStatus(THEATRE, seats[0].seat_id), 'available');
});

scenario('registering_at_checkout_leads_back_to_it_and_pays_as_the_user', async ({ visitor }) => {
  const { page, seats } = await guestAtCheckout(visitor, 'P');
  await page.keyboard.press('Escape');
  const address = page.url();
  await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'Create account' }).click();
  await page.waitForURL(/\/register\?next=/);
  await fillRegistration(page, 'grace.checkout@example.org', { name: 'Grace' });
  await page.getByTestId('register-button').click();
  await activate(page, 'grace.checkout@example.org');
  await page.waitForURL(address);
  await page.getByText('Booked for grace.checkout@example.org').waitFor();
  assert.ok(await secondsLeft(page) > 0);
  assert.equal(await guestToken(page), null);
  assert.equal(await page.evaluate(() => sessionStorage.getItem('holdfast.email')),
    'typed@example.org');
  const answers = watchAnswers(page);
  await page.getByTestId('method-pm_card_visa').click();
  await acceptTerms(page);
  await page.getByTestId('pay-button').click();
  await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), seats.length);
  assert.ok(answers.every((status) => status < 300), String(answers));
});

// For each row of a guest, the row in which the account holds places.
const OWN_ROWS = { A: 'D', B: 'E', C: 'F', G: 'H' };

// A guest whose two places the account cannot take, because it holds all but one place that a buyer may have.
async function beyondTheLimit(visitor, name, email, options) {
  const { max_per_user: limit } = await event(THEATRE);
  const bearer = await bearerOfNew(email);
  await holdByApi(THEATRE, (await row(THEATRE, 'Stalls', OWN_ROWS[name])).slice(0, limit - 1), bearer);
  const guest = await guestAtCheckout(visitor, name, options);
  await signInHere(guest.page, email);
  return { ...guest, bearer, limit };
}

const note = (page) => page.getByTestId('kept-note');

scenario('places_beyond_the_limit_stay_with_the_browser_and_can_be_paid_for', async ({ visitor }) => {
  const email = 'ada.limit@example.org';
  const { page, seats, bearer, limit } = await beyondTheLimit(visitor, 'A', email);
  const said = (words) => note(page).getByText(words).waitFor();
  await said(`At most ${limit} places per buyer. The places beyond that stay with this browser`);
  assert.ok(await guestToken(page));
  const id = reservationId(page);
  assert.equal((await api('GET', `/reservations/${id}`, undefined, bearer)).status, 404);
  await page.getByTestId('language').click();
  await said(`${limit} places par acheteur. Les places en trop restent liées à ce navigateur`);
  await page.getByTestId('language').click();
  // The note and the time that is left are still there after a reload.
  await page.reload();
  await checkoutIsOpen(page);
  await said('stay with this browser');
  assert.ok(await secondsLeft(page) > 0);
  await page.getByTestId('method-pm_card_visa').click();
  await acceptTerms(page);
  await page.getByTestId('pay-button').click();
  await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), seats.length);
  await note(page).waitFor({ state: 'detached' });
  assert.equal(await seatStatus(THEATRE, seats[0].seat_id), 'sold');
});

scenario('places_beyond_the_limit_can_be_given_back', async ({ visitor }) => {
  const { page, seats } = await beyondTheLimit(visitor, 'B', 'ada.back@example.org');
  await note(page).waitFor();
  await giveBack(page);
  await page.getByTestId('hold-ended').waitFor();
  await note(page).waitFor({ state: 'detached' });
  assert.equal(await seatStatus(THEATRE, seats[0].seat_id), 'available');
});

scenario('signing_out_forgets_what_stayed_with_the_browser', async ({ visitor }) => {
  const { page } = await beyondTheLimit(visitor, 'G', 'ada.leaves@example.org');
  await note(page).waitFor();
  assert.ok(await guestToken(page));
  await page.getByTestId('sign-out').click();
  await page.getByTestId('signed-in').waitFor({ state: 'detached' });
  await note(page).waitFor({ state: 'detached' });
  assert.equal(await guestToken(page), null);
});

scenario('the_note_about_kept_places_covers_nothing', async ({ visitor }) => {
  const { page } = await beyondTheLimit(visitor, 'C', 'ada.note@example.org');
  for (const [width, height] of [[390, 844], [1280, 800]]) {
    await page.setViewportSize({ width, height });
    await page.goto(new URL(`/events/${THEATRE}`, page.url()).href);
    await note(page).waitFor();
    await page.getByTestId('hold-button').waitFor();
    assert.equal(await overflow(page), 0);
    const at = async (it) => it.evaluate((element) => element.getBoundingClientRect().toJSON());
    const [told, main, button] = [await at(note(page)), await at(page.locator('main')),
      await at(page.getByTestId('hold-button'))];
    assert.ok(told.bottom <= main.top, `${told.bottom} is not above ${main.top}`);
    assert.ok(button.bottom <= height, `${button.bottom} is below ${height}`);
  }
});

scenario('a_session_that_ends_at_the_checkout_ends_no_hold', async ({ visitor }) => {
  const { page, seats } = await guestAtCheckout(visitor, 'N');
  const bearer = await bearerOfNew('expires@example.org');
  assert.ok(bearer);
  await signInHere(page, 'expires@example.org');
  await sessionEnds(page);
  await acceptTerms(page);
  await page.getByTestId('pay-button').click();
  await page.getByTestId('pay-message').waitFor();
  assert.equal(await page.getByTestId('hold-ended').count(), 0);
  assert.equal(await seatStatus(THEATRE, seats[0].seat_id), 'held');
  await page.getByTestId('sign-in-here').click();
  await signInHere(page, 'expires@example.org');
  await page.getByTestId('pay-button').click();
  await isConfirmed(page);
  assert.equal(await seatStatus(THEATRE, seats[0].seat_id), 'sold');
});

scenario('a_sign_in_dialog_that_is_closed_before_the_answer_breaks_nothing', async ({ visitor }) => {
  const { page } = await guestAtCheckout(visitor, 'L');
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  let answer;
  const held = new Promise((resolve) => { answer = resolve; });
  await page.route(/\/auth\/login$/, async (route) => {
    await held;
    await route.continue();
  });
  await page.locator('#sign-in-email').fill(CUSTOMER);
  await page.locator('#sign-in-password').fill(DEMO_PASSWORD);
  await page.getByTestId('login-button').click();
  await page.keyboard.press('Escape');
  await dialog(page).waitFor({ state: 'detached' });
  answer();
  await page.getByTestId('sign-in-here').waitFor({ state: 'detached' });
  assert.deepEqual(errors, []);
  await giveBack(page);
  await page.getByText('Your seats are free again').waitFor();
});

scenario('what_moved_and_what_stayed_are_paid_for_apart', async ({ visitor }) => {
  const { max_per_user: limit } = await event(THEATRE);
  const seats = await row(THEATRE, 'Stalls', 'M');
  const bearer = await bearerOfNew('apart@example.org');
  await holdByApi(THEATRE, seats.slice(0, limit - 2), bearer);
  const page = await visitor(`/events/${THEATRE}`);
  await holdSeats(page, 'Stalls', 'M', seats.slice(limit - 2, limit));
  await checkoutIsOpen(page);
  await page.goto(new URL(`/events/${THEATRE}`, page.url()).href);
  await holdSeats(page, 'Stalls', 'M', seats.slice(limit, limit + 2));
  await checkoutIsOpen(page);
  assert.equal(reservationId(page).split(',').length, 2);
  await page.getByTestId('sign-in-here').click();
  await signInHere(page, 'apart@example.org');
  await page.waitForFunction(() => document.querySelectorAll('.item').length === 2);
  await acceptTerms(page);
  await page.getByTestId('pay-button').click();
  await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), 2);
  await page.getByTestId('kept-note').getByRole('link').click();
  await checkoutIsOpen(page);
  await acceptTerms(page);
  await page.getByTestId('pay-button').click();
  await isConfirmed(page);
  assert.equal(await page.getByTestId('ticket').count(), 2);
});

scenario('who_guesses_is_refused_and_a_known_browser_is_not', async ({ visitor }) => {
  const email = 'guessed@example.org';
  await newAccount(email);
  const known = await visitor('/login');
  const signIn = async (page, password) => {
    await page.locator('#email').fill(email);
    await page.locator('#password').fill(password);
    await page.getByTestId('login-button').click();
  };
  await signIn(known, DEMO_PASSWORD);
  await known.getByTestId('signed-in').waitFor();
  await known.getByTestId('sign-out').click();
  for (let guesses = 0; guesses < 10; guesses += 1) {
    const { status } = await api('POST', '/auth/login', { email, password: 'Wrong-pass-1' });
    assert.equal(status, 401);
  }
  const strange = await visitor('/login', { locale: 'fr-FR', viewport: { width: 390, height: 844 } });
  await signIn(strange, DEMO_PASSWORD);
  await strange.getByText('Trop de mots de passe erronés ont été essayés.').waitFor();
  assert.equal(await overflow(strange), 0);
  await strange.getByTestId('forgot-link').waitFor();
  await known.goto(new URL('/login', known.url()).href);
  await signIn(known, DEMO_PASSWORD);
  await known.getByTestId('signed-in').waitFor();
});
